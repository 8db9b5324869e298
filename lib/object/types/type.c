/* object/types/type.c - type objects: what they are as objects, and the look-up
 * of attributes in them.
 *
 * A look-up walks from a type to its bases, a dict each. What it found, or that
 * there is nothing, is kept in a small table by the type's serial and the
 * name's address, for names that live as long as the runtime. Changing any type
 * empties the table: that is rare.
 */
#include <stdio.h>
#include <string.h>

#include "object/text/str.h"
#include "object/types/type.h"

#define CACHE_SLOTS 256u
#define NAME_SLOTS 128u

typedef struct kaa_object__found {
    kaa_object *name;  /* an immortal str */
    kaa_object *value; /* borrowed from the type; NULL: there is none */
    uint64_t serial;   /* 0: an empty slot */
} kaa_object__found;

/* The interned str of a text in C code, by the text's address; whether the text
 * is still the same is looked at each time. */
typedef struct kaa_object__known_name {
    const char *text;
    kaa_object *name; /* an immortal str, or NULL */
} kaa_object__known_name;

typedef struct kaa_object__lookup {
    uint32_t last_serial;
    uint32_t is_clean; /* nothing in the table */
    kaa_object__known_name names[NAME_SLOTS];
    kaa_object__found found[CACHE_SLOTS];
} kaa_object__lookup;

static kaa_object__lookup *
lookup_of(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object__lookup *lookup = runtime->lookup;

    if (KAA_UNLIKELY(lookup == NULL)) {
        lookup = kaa_object__memory(ctx, sizeof(*lookup));
        if (lookup == NULL)
            return NULL;
        memset(lookup, 0, sizeof(*lookup));
        lookup->last_serial = KAA_OBJECT__TYPE_COUNT;
        lookup->is_clean = 1;
        runtime->lookup = lookup;
    }
    return lookup;
}

uint32_t
kaa_object__type_serial(kaa_context *ctx)
{
    kaa_object__lookup *lookup = lookup_of(ctx);

    if (lookup == NULL)
        return 0;
    if (lookup->last_serial == UINT32_MAX) {
        kaa_object__raise_text(ctx, KAA_RUNTIME_ERROR, "too many types");
        return 0;
    }
    return ++lookup->last_serial;
}

void
kaa_object__type_changed(kaa_context *ctx)
{
    kaa_object__lookup *lookup = kaa_object__runtime_of(ctx)->lookup;

    if (lookup == NULL || lookup->is_clean)
        return;
    memset(lookup->found, 0, sizeof(lookup->found));
    lookup->is_clean = 1;
}

static int
fill_builtin(kaa_context *ctx, kaa_object__type *type)
{
    if (kaa_object__type_fill(ctx, type, type->methods, NULL,
                              type->properties) == 0)
        return 0;
    return -1;
}

static int
find_in_bases(kaa_context *ctx, kaa_object__type *type, kaa_object *name,
              kaa_object **out)
{
    int found = 0;

    for (; type != NULL && found == 0; type = type->base) {
        if (type->dict == NULL) {
            if ((type->flags & KAA_OBJECT__BUILTIN) == 0)
                continue;
            if (fill_builtin(ctx, type) != 0)
                return -1;
        }
        found = kaa_object__dict_find(ctx, type->dict, name, out);
    }
    if (found > 0)
        kaa_decref(ctx, *out); /* the type keeps it */
    return found;
}

int
kaa_object__type_find(kaa_context *ctx, kaa_object__type *type,
                      kaa_object *name, kaa_object **out)
{
    kaa_object__lookup *lookup = kaa_object__runtime_of(ctx)->lookup;
    kaa_object__found *slot;
    kaa_object *value = NULL;
    int found;

    if (KAA_UNLIKELY(lookup == NULL && (lookup = lookup_of(ctx)) == NULL))
        return -1;
    slot = &lookup->found[(((uintptr_t)name >> 4) ^
                           ((uintptr_t)type->serial * 37u)) %
                          CACHE_SLOTS];
    if (KAA_LIKELY(slot->name == name && slot->serial == type->serial)) {
        *out = slot->value;
        return slot->value != NULL;
    }
    found = find_in_bases(ctx, type, name, &value);
    if (found < 0)
        return -1;
    if ((name->word & KAA_OBJECT__IMMORTAL) != 0) {
        slot->name = name;
        slot->serial = type->serial;
        slot->value = value;
        lookup->is_clean = 0;
    }
    if (found)
        *out = value;
    return found;
}

kaa_object *
kaa_object__name(kaa_context *ctx, const char *text)
{
    kaa_object__lookup *lookup = kaa_object__runtime_of(ctx)->lookup;
    kaa_object__known_name *slot;
    kaa_object *name;

    if (KAA_UNLIKELY(lookup == NULL && (lookup = lookup_of(ctx)) == NULL))
        return NULL;
    slot =
        &lookup->names[((uintptr_t)text ^ (uintptr_t)text >> 7) % NAME_SLOTS];
    if (KAA_LIKELY(slot->text == text && slot->name != NULL) &&
        strcmp(kaa_object__str_text(slot->name), text) == 0)
        return kaa_incref(ctx, slot->name);
    name = kaa_object__str_name(ctx, text, strlen(text));
    if (name != NULL && (name->word & KAA_OBJECT__IMMORTAL) != 0) {
        slot->text = text;
        slot->name = name;
    }
    return name;
}

int
kaa_object__has_serial(kaa_context *ctx, const kaa_object *object,
                       uint32_t serial)
{
    const kaa_object__type *type = kaa_object__borrow_type(ctx, object);

    for (; type != NULL; type = type->base)
        if (type->serial == serial)
            return 1;
    return 0;
}

/* ---- Filling */

int
kaa_object__type_add(kaa_context *ctx, kaa_object__type *type, kaa_object *dict,
                     const char *text, kaa_object *object)
{
    kaa_object *name = NULL;
    int result = -1;

    if (object != NULL)
        name = kaa_object__str_intern(ctx, text);
    if (name != NULL) {
        if ((type->flags & KAA_OBJECT__BUILTIN) != 0) {
            kaa_object__make_immortal(object);
            kaa_object__make_immortal(name);
        }
        result = kaa_object__dict_set(ctx, dict, name, object);
    }
    kaa_decref(ctx, name);
    kaa_decref(ctx, object);
    return result;
}

static kaa_object *
method_object(kaa_context *ctx, kaa_object__type *type,
              const kaa_method *method)
{
    if ((method->flags & KAA_TYPED) != 0) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "type '%s' has a typed function, which can only "
                               "stand in the table of a module: %.200s",
                               type->name,
                               method->declaration != NULL ? method->declaration
                                                           : "no declaration");
        return NULL;
    }
    if ((method->flags & KAA_STATIC) != 0)
        return kaa_object__function_new(ctx, method, NULL, NULL);
    return kaa_object__descriptor_new(
        ctx, KAA_OBJECT__INTERNAL_METHOD_DESCRIPTOR, method, type);
}

int
kaa_object__type_fill(kaa_context *ctx, kaa_object__type *type,
                      const kaa_method *methods, const kaa_member *members,
                      const kaa_property *properties)
{
    kaa_object *dict = kaa_object__dict_new(ctx);
    int failed = dict == NULL;

    /* A plain value: instances may have a __doc__ of their own. */
    if (!failed)
        failed = kaa_object__type_add(ctx, type, dict, "__doc__",
                                      kaa_object__doc_text(ctx, type->doc));
    if (!failed)
        failed = kaa_object__type_fill_slots(ctx, type, dict);
    for (; !failed && methods != NULL && methods->name != NULL; methods++)
        failed = kaa_object__type_add(ctx, type, dict, methods->name,
                                      method_object(ctx, type, methods));
    for (; !failed && members != NULL && members->name != NULL; members++) {
        if ((members->flags & KAA_HIDDEN) == 0)
            failed = kaa_object__type_add(
                ctx, type, dict, members->name,
                kaa_object__descriptor_new(ctx, KAA_OBJECT__INTERNAL_MEMBER,
                                           members, type));
    }
    for (; !failed && properties != NULL && properties->name != NULL;
         properties++)
        failed = kaa_object__type_add(
            ctx, type, dict, properties->name,
            kaa_object__descriptor_new(ctx, KAA_OBJECT__INTERNAL_PROPERTY,
                                       properties, type));
    if (failed) {
        kaa_decref(ctx, dict);
        return -1;
    }
    if ((type->flags & KAA_OBJECT__BUILTIN) != 0)
        kaa_object__make_immortal(dict);
    type->dict = dict;
    kaa_object__type_changed(ctx);
    return 0;
}

const char *
kaa_object__short_name(const kaa_object__type *type)
{
    const char *dot = strrchr(type->name, '.');

    return dot != NULL ? dot + 1 : type->name;
}

/* ---- Types as objects */

static int
type_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;

    if (type->base != NULL)
        KAA_VISIT(&type->base->header);
    KAA_VISIT(type->module);
    KAA_VISIT(type->dict);
    return 0;
}

static void
type_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;

    kaa_object__type_changed(ctx);
    KAA_CLEAR(ctx, type->dict);
    KAA_CLEAR(ctx, type->module);
}

static void
type_release(kaa_context *ctx, kaa_object *self)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;
    kaa_object__type *base = type->base;

    type_clear(ctx, self);
    type->base = NULL;
    if (base != NULL)
        kaa_decref(ctx, &base->header);
}

static void
type_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    static const char *const words[] = {"base", "module", "dict"};
    kaa_object__type *type = (kaa_object__type *)(void *)self;
    const void *held[3];
    size_t i;

    held[0] = type->base;
    held[1] = type->module;
    held[2] = type->dict;
    for (i = 0; i < 3; i++) {
        if (held[i] != NULL && number-- == 0) {
            snprintf(buffer, size, "%s", words[i]);
            return;
        }
    }
    snprintf(buffer, size, "?");
}

static kaa_object *
type_repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;
    char text[256];

    snprintf(text, sizeof(text), "<class '%.200s'>", type->name);
    return kaa_object__message(ctx, text, strlen(text));
}

static kaa_object *
type_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;

    if (type == kaa_object__builtin(ctx, KAA_TYPE_TYPE)) {
        if (nargs == 1 && kwnames == NULL)
            return kaa_object__type_of(ctx, args[0]);
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "type() takes 1 argument");
        return NULL;
    }
    if (type->create == NULL || (type->flags & KAA_OBJECT__NO_INSTANCES) != 0) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "cannot create '%s' instances", type->name);
        return NULL;
    }
    return type->create(ctx, self, args, nargs, kwnames);
}

static int
find_bound(kaa_context *ctx, kaa_object *self, kaa_object *name,
           kaa_object **out)
{
    kaa_object *value = NULL;
    int found;

    found = kaa_object__type_find(ctx, (kaa_object__type *)(void *)self, name,
                                  &value);
    if (found <= 0)
        return found;
    if (!kaa_is_tagged(value)) {
        kaa_object__type *type = value->type;

        if (type ==
            kaa_object__internal(ctx, KAA_OBJECT__INTERNAL_METHOD_DESCRIPTOR)) {
            kaa_object__descriptor *descriptor = (void *)value;
            const kaa_method *method = descriptor->of;

            if ((method->flags & KAA_CLASS) != 0) {
                *out = kaa_object__method_bind(ctx, descriptor, self);
                return *out != NULL ? 1 : -1;
            }
        } else if (type->bind != NULL) {
            *out = type->bind(ctx, value, NULL);
            return *out != NULL ? 1 : -1;
        }
    }
    *out = kaa_incref(ctx, value);
    return 1;
}

/* First what types have (__name__, ...), then what this one has. */
static kaa_object *
type_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    kaa_object *meta = NULL, *value = NULL;
    int found;

    /* What `type` has lives as long as the runtime: borrowing is safe. */
    found = kaa_object__type_find(ctx, kaa_object__builtin(ctx, KAA_TYPE_TYPE),
                                  name, &meta);
    if (found > 0 && !kaa_is_tagged(meta) && meta->type->assign != NULL)
        return meta->type->bind(ctx, meta, self);
    if (found >= 0)
        found = find_bound(ctx, self, name, &value);
    if (found > 0)
        return value;
    if (found == 0 && meta != NULL) {
        if (!kaa_is_tagged(meta) && meta->type->bind != NULL)
            return meta->type->bind(ctx, meta, self);
        return kaa_incref(ctx, meta);
    }
    if (found == 0)
        kaa_object__raise_text(
            ctx, KAA_ATTRIBUTE_ERROR, "type object '%s' has no attribute '%s'",
            kaa_object__short_name((kaa_object__type *)(void *)self),
            kaa_object__text_of(ctx, name));
    return NULL;
}

static int
type_set_attr(kaa_context *ctx, kaa_object *self, kaa_object *name,
              kaa_object *value)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;
    kaa_object *meta = NULL;
    const char *text = kaa_object__text_of(ctx, name);
    int result;

    if ((type->flags & KAA_OBJECT__BUILTIN) != 0)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "cannot set '%s' attribute of immutable type '%s'", text,
            type->name);
    result = kaa_object__type_find(ctx, type->header.type, name, &meta);
    if (result < 0)
        return -1;
    if (result > 0 && !kaa_is_tagged(meta) && meta->type->assign != NULL)
        return meta->type->assign(ctx, meta, self, value);
    if (type->dict == NULL && (type->dict = kaa_object__dict_new(ctx)) == NULL)
        return -1;
    kaa_object__type_changed(ctx);
    if (value != NULL) {
        ((kaa_object__own_type *)(void *)type)->is_changed = 1;
        kaa_object__runtime_of(ctx)->types_changed = 1;
        return kaa_object__dict_set(ctx, type->dict, name, value);
    }
    result = kaa_object__dict_remove(ctx, type->dict, name, NULL);
    if (result == 0)
        kaa_object__raise_text(ctx, KAA_ATTRIBUTE_ERROR,
                               "type object '%s' has no attribute '%s'",
                               kaa_object__short_name(type), text);
    return result == 1 ? 0 : -1;
}

static kaa_object *
get_name(kaa_context *ctx, kaa_object *self, void *user)
{
    const char *text = kaa_object__short_name((kaa_object__type *)(void *)self);

    (void)user;
    return kaa_object__message(ctx, text, strlen(text));
}

static kaa_object *
get_module(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;
    const char *dot = strrchr(type->name, '.');

    (void)user;
    if (dot != NULL)
        return kaa_object__message(ctx, type->name, (size_t)(dot - type->name));
    if (type->module != NULL)
        return kaa_object__get_attr_text(ctx, type->module, "__name__");
    return kaa_object__message(ctx, "builtins", 8);
}

static kaa_object *
get_doc(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__doc_text(ctx, ((kaa_object__type *)(void *)self)->doc);
}

static kaa_object *
get_signature(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__doc_signature(ctx,
                                     ((kaa_object__type *)(void *)self)->doc);
}

static kaa_object *
get_base(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__type *base = ((kaa_object__type *)(void *)self)->base;

    (void)user;
    return base != NULL ? kaa_incref(ctx, &base->header) : kaa_none(ctx);
}

static kaa_object *
get_bases(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__type *base = ((kaa_object__type *)(void *)self)->base;
    kaa_object *items[1];

    (void)user;
    items[0] = (kaa_object *)base;
    return kaa_object__tuple_from_array(ctx, items, base != NULL);
}

static kaa_object *
get_mro(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;
    kaa_object *list = kaa_object__list_new(ctx, type->depth + 1), *tuple;

    (void)user;
    for (; list != NULL && type != NULL; type = type->base)
        if (kaa_object__list_append(ctx, list, &type->header) != 0)
            KAA_CLEAR(ctx, list);
    if (list == NULL)
        return NULL;
    tuple = kaa_object__to_tuple(ctx, list);
    kaa_decref(ctx, list);
    return tuple;
}

static kaa_object *
get_dict(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__type *type = (kaa_object__type *)(void *)self;

    (void)user;
    if (type->dict == NULL && (type->flags & KAA_OBJECT__BUILTIN) != 0 &&
        fill_builtin(ctx, type) != 0)
        return NULL;
    return type->dict != NULL ? kaa_object__dict_copy(ctx, type->dict)
                              : kaa_object__dict_new(ctx);
}

static const kaa_property type_properties[] = {
    {"__name__", get_name, NULL, NULL, NULL},
    {"__qualname__", get_name, NULL, NULL, NULL},
    {"__module__", get_module, NULL, NULL, NULL},
    {"__doc__", get_doc, NULL, NULL, NULL},
    {"__text_signature__", get_signature, NULL, NULL, NULL},
    {"__base__", get_base, NULL, NULL, NULL},
    {"__bases__", get_bases, NULL, NULL, NULL},
    {"__mro__", get_mro, NULL, NULL, NULL},
    {"__dict__", get_dict, NULL, "A copy of the attributes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_type = {
    .doc = "The type of an object.",
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .properties = type_properties,
    .traverse = type_traverse,
    .clear = type_clear,
    .release = type_release,
    .describe_reference = type_describe,
    .repr = type_repr,
    .call = type_call,
    .get_attr = type_get_attr,
    .set_attr = type_set_attr,
};
