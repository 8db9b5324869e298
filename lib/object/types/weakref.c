/* object/types/weakref.c - references that do not keep what they refer to.
 *
 * Objects have no room for them; a table of the runtime leads from an object's
 * address to its weak references, and a bit in its word says that it is there:
 *
 *     table   address -> w3 <-> w2 <-> w1     the newest first, but one without
 *                                             a callback, which all who want
 *                                             one share, before all others
 *
 * The table is open addressing with linear probing, at most two thirds full;
 * an entry that goes is filled up from behind, so none is ever "deleted".
 */
#include <string.h>

#include "object/core/object.h"

typedef struct weakref {
    kaa_object header;
    kaa_object *object;              /* not held; NULL: gone */
    kaa_object *callback;            /* held, or NULL */
    struct weakref *next, *previous; /* of the object; next: of a list of
                                      * callbacks to be made, too */
    int64_t hash;                    /* of the object; -1: not known */
} weakref;

typedef struct kaa_object__weakrefs {
    size_t count, capacity; /* a power of two */
    weakref **entries;      /* the first weak reference of each object */
} table;

#define CAPACITY_LEAST 16u

static weakref *
weakref_of(kaa_object *object)
{
    return (weakref *)(void *)object;
}

/* ---- The table */

static size_t
slot_of(const table *all, const kaa_object *object)
{
    uint64_t bits = (uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(bits >> 32) & (all->capacity - 1);
}

/* Where the object's entry is, or would be. */
static size_t
probe(const table *all, const kaa_object *object)
{
    size_t slot = slot_of(all, object);

    while (all->entries[slot] != NULL && all->entries[slot]->object != object)
        slot = (slot + 1) & (all->capacity - 1);
    return slot;
}

static int
resize(kaa_context *ctx, table *all, size_t capacity)
{
    table fresh = {.count = all->count, .capacity = capacity};

    fresh.entries = kaa_object__memory(ctx, capacity * sizeof(weakref *));
    if (fresh.entries == NULL)
        return -1;
    memset((void *)fresh.entries, 0, capacity * sizeof(weakref *));
    for (size_t i = 0; i < all->capacity; i++) {
        weakref *first = all->entries[i];

        if (first != NULL)
            fresh.entries[probe(&fresh, first->object)] = first;
    }
    kaa_object__memory_free(ctx, (void *)all->entries);
    *all = fresh;
    return 0;
}

/* Room for one entry more. */
static int
reserve(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    table *all = runtime->weakrefs;

    if (all == NULL) {
        all = kaa_object__memory(ctx, sizeof(*all));
        if (all == NULL)
            return -1;
        memset(all, 0, sizeof(*all));
        runtime->weakrefs = all;
    }
    if ((all->count + 1) * 3 <= all->capacity * 2)
        return 0;
    return resize(ctx, all,
                  all->capacity != 0 ? all->capacity * 2 : CAPACITY_LEAST);
}

static void
remove_entry(table *all, size_t hole)
{
    size_t mask = all->capacity - 1;

    all->count--;
    for (size_t i = (hole + 1) & mask; all->entries[i] != NULL;
         i = (i + 1) & mask) {
        size_t home = slot_of(all, all->entries[i]->object);

        /* What may not stand before its home stays. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        all->entries[hole] = all->entries[i];
        hole = i;
    }
    all->entries[hole] = NULL;
}

static weakref **
entry_of(kaa_runtime *runtime, const kaa_object *object)
{
    table *all = runtime->weakrefs;

    return &all->entries[probe(all, object)];
}

static void
link_new(kaa_runtime *runtime, weakref *self)
{
    table *all = runtime->weakrefs;
    weakref **entry = entry_of(runtime, self->object);
    weakref *first = *entry;

    if (first == NULL) {
        all->count++;
        self->object->word |= KAA_OBJECT__WEAK;
        *entry = self;
    } else if (first->callback == NULL) { /* which stays first */
        self->previous = first;
        self->next = first->next;
        first->next = self;
        if (self->next != NULL)
            self->next->previous = self;
    } else {
        self->next = first;
        first->previous = self;
        *entry = self;
    }
}

/* Takes a weak reference whose object lives from its list. */
static void
unlink_one(kaa_runtime *runtime, weakref *self)
{
    if (self->next != NULL)
        self->next->previous = self->previous;
    if (self->previous != NULL) {
        self->previous->next = self->next;
    } else if (self->next != NULL) {
        *entry_of(runtime, self->object) = self->next;
    } else {
        table *all = runtime->weakrefs;

        remove_entry(all, probe(all, self->object));
        self->object->word &= ~KAA_OBJECT__WEAK;
    }
    self->object = NULL;
    self->next = self->previous = NULL;
}

/* Takes all of an object's from the table; the first one. */
static weakref *
take_all(kaa_runtime *runtime, kaa_object *object)
{
    table *all = runtime->weakrefs;
    size_t slot = probe(all, object);
    weakref *first = all->entries[slot];

    KAA_ASSERT(first != NULL);
    remove_entry(all, slot);
    object->word &= ~KAA_OBJECT__WEAK;
    for (weakref *each = first; each != NULL; each = each->next)
        each->object = NULL;
    return first;
}

/* ---- An object ends */

/* The reference is the caller's now. */
static kaa_object *
drop_callback(kaa_context *ctx, weakref *self)
{
    kaa_object *callback = self->callback;

    self->callback = NULL;
    if (callback != NULL)
        kaa_object__runtime_of(ctx)->calls--;
    return callback;
}

static void
call_back(kaa_context *ctx, weakref *self)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    kaa_object *callback = drop_callback(ctx, self), *pending = own->pending;
    kaa_object *args[1] = {&self->header};
    kaa_object *result;

    if (callback == NULL)
        return;
    own->pending = NULL;
    result = kaa_object__call(ctx, callback, args, 1, NULL);
    if (result == NULL)
        kaa_object__error_unraisable(ctx, callback);
    kaa_decref(ctx, result);
    kaa_decref(ctx, callback);
    own->pending = pending;
}

/* Moves those of a chain that have a callback, and live, to the front of *list,
 * a reference taken to each: in the end it is in reverse. */
static void
pick(kaa_context *ctx, weakref *first, kaa_object **list)
{
    weakref *next;

    for (weakref *each = first; each != NULL; each = next) {
        next = each->next;
        each->next = each->previous = NULL;
        if (each->callback == NULL || kaa_object__is_dead(&each->header))
            continue;
        each->next = *list != NULL ? weakref_of(*list) : NULL;
        *list = kaa_incref(ctx, &each->header);
    }
}

void
kaa_object__weakrefs_call(kaa_context *ctx, kaa_object *list)
{
    weakref *reversed = NULL;

    for (weakref *each = weakref_of(list), *next; each != NULL; each = next) {
        next = each->next;
        each->next = reversed;
        reversed = each;
    }
    while (reversed != NULL) {
        weakref *each = reversed;

        reversed = each->next;
        each->next = NULL;
        call_back(ctx, each);
        kaa_decref(ctx, &each->header);
    }
}

void
kaa_object__weakrefs_clear(kaa_context *ctx, kaa_object *object)
{
    kaa_object *list = NULL;

    if ((object->word & KAA_OBJECT__WEAK) == 0)
        return;
    pick(ctx, take_all(kaa_object__runtime_of(ctx), object), &list);
    kaa_object__weakrefs_call(ctx, list);
}

int
kaa_object__weakrefs_detach(kaa_context *ctx, kaa_object *object,
                            int (*is_garbage)(kaa_object *weakref, void *user),
                            void *user, kaa_object **list)
{
    weakref *next;

    if ((object->word & KAA_OBJECT__WEAK) == 0)
        return 0;
    for (weakref *each = take_all(kaa_object__runtime_of(ctx), object);
         each != NULL; each = next) {
        next = each->next;
        each->next = each->previous = NULL;
        if (is_garbage == NULL || !is_garbage(&each->header, user))
            pick(ctx, each, list);
    }
    return 0;
}

void
kaa_object__weakrefs_stop(kaa_context *ctx)
{
    kaa_object__runtime_of(ctx)->weakrefs = NULL; /* the heap has it */
}

/* ---- Weak references as objects */

static int
can_be_weak(const kaa_object *object)
{
    const kaa_object__type *type;

    if (kaa_is_tagged(object))
        return 0;
    type = object->type;
    if ((type->flags & KAA_OBJECT__NO_WEAKREFS) != 0)
        return 0;
    if ((type->flags & KAA_OBJECT__SPEC) != 0)
        return 1;
    if ((type->flags & KAA_OBJECT__EXCEPTION) != 0)
        return (type->flags & KAA_OBJECT__BUILTIN) == 0;
    switch (type->id) {
    case KAA_TYPE_TYPE:
    case KAA_SET_TYPE:
    case KAA_FROZENSET_TYPE:
    case KAA_FUNCTION_TYPE:
    case KAA_MODULE_TYPE:
    case KAA_MEMORYVIEW_TYPE:
        return 1;
    default:
        return 0;
    }
}

static int
traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    KAA_VISIT(weakref_of(self)->callback);
    return 0;
}

/* The collector has seen that nobody will call back. */
static void
clear(kaa_context *ctx, kaa_object *self)
{
    weakref *own = weakref_of(self);

    if (own->object != NULL)
        unlink_one(kaa_object__runtime_of(ctx), own);
    kaa_decref(ctx, drop_callback(ctx, own));
}

static kaa_object *
call(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
     kaa_object *kwnames)
{
    kaa_object *object = NULL;

    (void)args;
    if (nargs != 0 || kwnames != NULL) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "a weak reference takes no arguments");
        return NULL;
    }
    if (kaa_object__weakref_get(ctx, self, &object) == 0)
        return kaa_none(ctx);
    return object;
}

static kaa_object *
create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
       size_t nargs, kaa_object *kwnames)
{
    (void)type;
    if (nargs < 1 || nargs > 2 || kwnames != NULL) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "weakref() takes an object and a callback");
        return NULL;
    }
    return kaa_object__weakref_new(
        ctx, args[0],
        nargs == 2 && !kaa_is_none(ctx, args[1]) ? args[1] : NULL);
}

static int64_t
hash(kaa_context *ctx, kaa_object *self)
{
    weakref *own = weakref_of(self);
    kaa_object *object = NULL;

    if (own->hash != -1)
        return own->hash;
    if (kaa_object__weakref_get(ctx, self, &object) != 1)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "weak object has gone away");
    own->hash = kaa_object__hash(ctx, object);
    kaa_decref(ctx, object);
    return own->hash;
}

static kaa_object *
compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    kaa_object *left = NULL, *right = NULL, *result;

    if ((op != KAA_EQ && op != KAA_NE) ||
        !kaa_object__is(ctx, other, KAA_WEAKREF_TYPE))
        return kaa_not_implemented(ctx);
    if (kaa_object__weakref_get(ctx, self, &left) == 1 &&
        kaa_object__weakref_get(ctx, other, &right) == 1)
        result = kaa_object__compare(ctx, left, right, op);
    else
        result = kaa_bool(ctx, (self == other) == (op == KAA_EQ));
    kaa_decref(ctx, left);
    kaa_decref(ctx, right);
    return result;
}

static kaa_object *
repr(kaa_context *ctx, kaa_object *self)
{
    kaa_object *object = NULL, *result;

    if (kaa_object__weakref_get(ctx, self, &object) != 1)
        return kaa_str_format(ctx, "<weakref at %p; dead>", (void *)self);
    result = kaa_str_format(ctx, "<weakref at %p; to '%T' at %p>", (void *)self,
                            object, (void *)object);
    kaa_decref(ctx, object);
    return result;
}

const kaa_object__type kaa_object__template_weakref = {
    .doc = "weakref(object, callback=None)\n--\n\n"
           "A reference that does not keep its object; called, it gives the "
           "object, or None.",
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_WEAKREFS,
    .block_bytes = sizeof(weakref),
    .traverse = traverse,
    .clear = clear,
    .release = clear,
    .create = create,
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .call = call,
};

kaa_object *
kaa_object__weakref_new(kaa_context *ctx, kaa_object *object,
                        kaa_object *callback)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    kaa_object *self;
    weakref *own;

    if (!can_be_weak(object)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "cannot create weak reference to '%s' object",
                               kaa_object__borrow_type(ctx, object)->name);
        return NULL;
    }
    if (callback == NULL && (object->word & KAA_OBJECT__WEAK) != 0) {
        own = *entry_of(runtime, object);
        if (own->callback == NULL && !kaa_object__is_dead(&own->header) &&
            (own->header.word & KAA_OBJECT__COUNT_MASK) != 0)
            return kaa_incref(ctx, &own->header);
    }
    self = kaa_object__new(
        ctx, kaa_object__builtin(ctx, KAA_WEAKREF_TYPE), sizeof(weakref),
        callback != NULL ? KAA_HEAP_OBJECT_TRACKED : KAA_HEAP_OBJECT_PLAIN);
    if (self == NULL)
        return NULL;
    own = weakref_of(self);
    own->object = object;
    own->callback = kaa_incref(ctx, callback);
    if (callback != NULL)
        runtime->calls++;
    own->next = own->previous = NULL;
    own->hash = -1;
    /* Not before: the allocation may have collected, and callbacks may have
     * made weak references. */
    if (reserve(ctx) != 0) {
        own->object = NULL;
        kaa_decref(ctx, self);
        return NULL;
    }
    link_new(runtime, own);
    return self;
}

int
kaa_object__weakref_get(kaa_context *ctx, kaa_object *object, kaa_object **out)
{
    kaa_object *target;

    if (!kaa_object__is(ctx, object, KAA_WEAKREF_TYPE))
        return kaa_object__raise_type(ctx, "an object", "a weakref", object);
    target = weakref_of(object)->object;
    if (target == NULL || kaa_object__is_dead(target))
        return 0;
    *out = kaa_incref(ctx, target);
    return 1;
}
