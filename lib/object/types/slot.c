/* object/types/slot.c - slots of types as attributes: __init__, __len__,
 * __getitem__,
 * ..., for C code that asks whether they are there, or calls those of a base.
 *
 * A type's dict has one for each slot that is not its base's. It runs the slot
 * of the very type that it was found in, whatever the object's type has.
 * Operators (__add__, ...) have none: a slot `binary` does not tell which of
 * them it knows.
 */
#include <stdio.h>
#include <string.h>

#include "object/types/type.h"

typedef kaa_object *slot_wrap(kaa_context *ctx, const kaa_object__type *type,
                              kaa_object *self, kaa_object *const *args,
                              size_t nargs, kaa_object *kwnames, int op);

typedef struct kaa_object__slot {
    const char *name;
    size_t offset;  /* of the slot in kaa_object__type */
    slot_wrap *run; /* the slot may be NULL if `object_has` */
    int arguments;  /* -1: any, and keywords */
    int op;         /* a kaa_comparison */
    int object_has; /* type `object` has it in any case */
} kaa_object__slot;

typedef struct kaa_object__bound_slot {
    kaa_object header;
    kaa_object *descriptor;
    kaa_object *self;
} kaa_object__bound_slot;

/* ---- What each does */

#define WRAP(name)                                                             \
    static kaa_object *wrap_##name(                                            \
        kaa_context *ctx, const kaa_object__type *type, kaa_object *self,      \
        kaa_object *const *args, size_t nargs, kaa_object *kwnames, int op)
#define UNUSED ((void)args, (void)nargs, (void)kwnames, (void)op)

WRAP(init)
{
    (void)op;
    if (type->init == NULL) {
        if (nargs == 0 || (type->flags & KAA_OBJECT__EXCEPTION) != 0 ||
            kaa_object__borrow_type(ctx, self)->init != NULL)
            return kaa_none(ctx);
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "%s() takes no arguments",
                               kaa_object__short_name(type));
        return NULL;
    }
    return type->init(ctx, self, args, nargs, kwnames) == 0 ? kaa_none(ctx)
                                                            : NULL;
}

WRAP(repr)
{
    UNUSED;
    return type->repr != NULL ? type->repr(ctx, self)
                              : kaa_object__default_repr(ctx, self);
}

WRAP(str)
{
    UNUSED;
    return type->str != NULL ? type->str(ctx, self)
                             : kaa_object__repr(ctx, self);
}

WRAP(hash)
{
    int64_t hash = type->hash != NULL ? type->hash(ctx, self)
                                      : kaa_object__identity_hash(self);

    UNUSED;
    if (hash == -1 && kaa_object__has_error(ctx))
        return NULL;
    return kaa_int(ctx, hash != -1 ? hash : -2);
}

WRAP(compare)
{
    (void)nargs;
    (void)kwnames;
    if (type->compare != NULL)
        return type->compare(ctx, self, args[0], op);
    if (self != args[0])
        return kaa_not_implemented(ctx);
    return kaa_object__truth_value(op == KAA_EQ);
}

WRAP(truth)
{
    int truth = type->truth(ctx, self);

    UNUSED;
    return truth >= 0 ? kaa_object__truth_value(truth) : NULL;
}

WRAP(call)
{
    (void)op;
    return type->call(ctx, self, args, nargs, kwnames);
}

WRAP(iter)
{
    UNUSED;
    return type->iter(ctx, self);
}

WRAP(next)
{
    kaa_object *item = type->next(ctx, self);

    UNUSED;
    if (item == NULL && !kaa_object__has_error(ctx))
        kaa_object__raise_object(ctx, kaa_builtin(ctx, KAA_STOP_ITERATION),
                                 NULL);
    return item;
}

WRAP(length)
{
    ptrdiff_t length = type->length(ctx, self);

    UNUSED;
    return length >= 0 ? kaa_int(ctx, length) : NULL;
}

WRAP(get_item)
{
    (void)nargs;
    (void)kwnames;
    (void)op;
    return type->get_item(ctx, self, args[0]);
}

WRAP(set_item)
{
    (void)kwnames;
    (void)op;
    return type->set_item(ctx, self, args[0], nargs == 2 ? args[1] : NULL) == 0
               ? kaa_none(ctx)
               : NULL;
}

WRAP(contains)
{
    int found = type->contains(ctx, self, args[0]);

    (void)nargs;
    (void)kwnames;
    (void)op;
    return found >= 0 ? kaa_object__truth_value(found) : NULL;
}

WRAP(to_int)
{
    UNUSED;
    return type->to_int(ctx, self);
}

WRAP(to_float)
{
    UNUSED;
    return type->to_float(ctx, self);
}

WRAP(index)
{
    UNUSED;
    return type->index(ctx, self);
}

#define SLOT(name, slot, arguments, op, object_has)                            \
    {                                                                          \
        name, offsetof(kaa_object__type, slot), wrap_##slot, arguments, op,    \
            object_has                                                         \
    }
static const kaa_object__slot slots[] = {
    SLOT("__init__", init, -1, 0, 1),
    SLOT("__repr__", repr, 0, 0, 1),
    SLOT("__str__", str, 0, 0, 1),
    SLOT("__hash__", hash, 0, 0, 1),
    SLOT("__eq__", compare, 1, KAA_EQ, 1),
    SLOT("__ne__", compare, 1, KAA_NE, 1),
    SLOT("__lt__", compare, 1, KAA_LT, 0),
    SLOT("__le__", compare, 1, KAA_LE, 0),
    SLOT("__gt__", compare, 1, KAA_GT, 0),
    SLOT("__ge__", compare, 1, KAA_GE, 0),
    SLOT("__bool__", truth, 0, 0, 0),
    SLOT("__call__", call, -1, 0, 0),
    SLOT("__iter__", iter, 0, 0, 0),
    SLOT("__next__", next, 0, 0, 0),
    SLOT("__len__", length, 0, 0, 0),
    SLOT("__getitem__", get_item, 1, 0, 0),
    SLOT("__setitem__", set_item, 2, 0, 0),
    SLOT("__delitem__", set_item, 1, 0, 0),
    SLOT("__contains__", contains, 1, 0, 0),
    SLOT("__int__", to_int, 0, 0, 0),
    SLOT("__float__", to_float, 0, 0, 0),
    SLOT("__index__", index, 0, 0, 0),
};
#undef SLOT

/* All slots are pointers to functions, of one size. */
static int
is_same(const kaa_object__type *type, const kaa_object__type *base,
        const kaa_object__slot *slot)
{
    static const kaa_object__type nothing;
    const char *other = (const char *)(base != NULL ? base : &nothing);

    return memcmp((const char *)type + slot->offset, other + slot->offset,
                  sizeof(void (*)(void))) == 0;
}

static int
is_null(const kaa_object__type *type, const kaa_object__slot *slot)
{
    return is_same(type, NULL, slot);
}

int
kaa_object__type_fill_slots(kaa_context *ctx, kaa_object__type *type,
                            kaa_object *dict)
{
    size_t i;

    for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        const kaa_object__slot *slot = &slots[i];

        if (type->base == NULL
                ? is_null(type, slot) && !slot->object_has
                : is_null(type, slot) || is_same(type, type->base, slot))
            continue;
        if (kaa_object__type_add(
                ctx, type, dict, slot->name,
                kaa_object__descriptor_new(ctx, KAA_OBJECT__INTERNAL_SLOT, slot,
                                           type)) != 0)
            return -1;
    }
    return 0;
}

/* ---- As objects */

static const kaa_object__slot *
slot_of(kaa_object *descriptor)
{
    return ((kaa_object__descriptor *)(void *)descriptor)->of;
}

static kaa_object *
run(kaa_context *ctx, kaa_object *descriptor, kaa_object *self,
    kaa_object *const *args, size_t nargs, kaa_object *kwnames)
{
    const kaa_object__descriptor *own = (void *)descriptor;
    const kaa_object__slot *slot = own->of;
    const kaa_object__type *type = kaa_object__borrow_type(ctx, self);

    if (slot->arguments >= 0) {
        if (kaa_object__refuse_keywords(ctx, slot->name, kwnames) != 0)
            return NULL;
        if (nargs != (size_t)slot->arguments) {
            kaa_object__raise_text(
                ctx, KAA_TYPE_ERROR, "expected %d argument%s, got %zu",
                slot->arguments, slot->arguments == 1 ? "" : "s", nargs);
            return NULL;
        }
    }
    while (type != NULL && type->serial != own->serial)
        type = type->base;
    if (type == NULL) {
        kaa_object__descriptor_refuse(ctx, own, slot->name, self);
        return NULL;
    }
    return slot->run(ctx, type, self, args, nargs, kwnames, slot->op);
}

static kaa_object *
slot_bind(kaa_context *ctx, kaa_object *self, kaa_object *instance)
{
    kaa_object__bound_slot *bound;

    if (instance == NULL)
        return kaa_incref(ctx, self);
    bound = (void *)kaa_object__new(
        ctx, kaa_object__internal(ctx, KAA_OBJECT__INTERNAL_BOUND_SLOT),
        sizeof(*bound),
        kaa_object__is_tracked(instance) ? KAA_HEAP_OBJECT_TRACKED
                                         : KAA_HEAP_OBJECT_PLAIN);
    if (bound == NULL)
        return NULL;
    bound->descriptor = kaa_incref(ctx, self);
    bound->self = kaa_incref(ctx, instance);
    return &bound->header;
}

static kaa_object *
slot_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    if (nargs == 0) {
        kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "descriptor '%s' of '%s' object needs an argument",
            slot_of(self)->name,
            ((kaa_object__descriptor *)(void *)self)->owner);
        return NULL;
    }
    return run(ctx, self, args[0], args + 1, nargs - 1, kwnames);
}

static kaa_object *
slot_repr(kaa_context *ctx, kaa_object *self)
{
    char text[300];

    snprintf(text, sizeof(text), "<slot wrapper '%s' of '%.200s' objects>",
             slot_of(self)->name,
             ((kaa_object__descriptor *)(void *)self)->owner);
    return kaa_object__message(ctx, text, strlen(text));
}

const kaa_object__type kaa_object__template_slot = {
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .repr = slot_repr,
    .call = slot_call,
    .bind = slot_bind,
};

static int
bound_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    KAA_VISIT(((kaa_object__bound_slot *)(void *)self)->descriptor);
    KAA_VISIT(((kaa_object__bound_slot *)(void *)self)->self);
    return 0;
}

static void
bound_clear(kaa_context *ctx, kaa_object *self)
{
    KAA_CLEAR(ctx, ((kaa_object__bound_slot *)(void *)self)->self);
    KAA_CLEAR(ctx, ((kaa_object__bound_slot *)(void *)self)->descriptor);
}

static kaa_object *
bound_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    kaa_object__bound_slot *bound = (void *)self;

    return run(ctx, bound->descriptor, bound->self, args, nargs, kwnames);
}

static kaa_object *
bound_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object__bound_slot *bound = (void *)self;
    char text[300];

    snprintf(text, sizeof(text), "<method-wrapper '%s' of %.200s object at %p>",
             slot_of(bound->descriptor)->name,
             kaa_object__borrow_type(ctx, bound->self)->name,
             (void *)bound->self);
    return kaa_object__message(ctx, text, strlen(text));
}

const kaa_object__type kaa_object__template_bound_slot = {
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .block_bytes = sizeof(kaa_object__bound_slot),
    .traverse = bound_traverse,
    .clear = bound_clear,
    .release = bound_clear,
    .repr = bound_repr,
    .call = bound_call,
};
