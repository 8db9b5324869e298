/* object/containers/set.c - sets and frozensets: looking up, adding, removing.
 *
 * How a set lies in memory stands in set.h; types, operators and methods are in
 * set_type.c. What is said of comparing keys at the head of dict.c holds here.
 */
#include "object/containers/set.h"

#include "object/numbers/int.h"
#include "object/text/str.h"

#define CAPACITY_MIN 8u
#define CAPACITY_MAX (UINT32_C(1) << 31)
#define ENTRY (sizeof(uint64_t) + sizeof(uint32_t))

kaa_object *
kaa_object__set_make(kaa_context *ctx, kaa_builtin_id id)
{
    return kaa_object__new_zeroed(ctx, kaa_object__builtin(ctx, id),
                                  sizeof(kaa_object__set),
                                  KAA_HEAP_OBJECT_TRACKED);
}

/* Whether the item of a word, met in a search for `key`, is equal: 1, 0, or -1.
 * May run code of others. */
static int
word_equals(kaa_context *ctx, uint64_t word, kaa_object *key, uint32_t hash)
{
    kaa_object *other = kaa_object__word_key(word);
    int equal;

    if (kaa_object__is_int_tag(other)) {
        /* The word of an int has no hash in it. */
        if (kaa_object__is_int_tag(key) || kaa_object__is_str(key) ||
            kaa_object__spread(ctx, kaa_object__hash_int(other)) != hash)
            return 0;
    } else if ((word >> 48) != (hash & 0xFFFF)) {
        return 0;
    }
    if (kaa_object__is_str(other) && kaa_object__is_str(key))
        return kaa_object__str_same(other, key);
    kaa_object__take(other);
    equal = kaa_object__equal(ctx, other, key);
    kaa_object__give(ctx, other);
    return equal;
}

/* The place of an item into *out: 1; 0 if there is none, and then *out is the
 * free one where it would go, if there are places at all; -1. */
static int
find(kaa_context *ctx, kaa_object__set *set, kaa_object *item, uint32_t hash,
     uint32_t *out)
{
    uint64_t wanted = kaa_object__word(item, hash);
    int like_int = !kaa_object__is_int_tag(item) && !kaa_object__is_str(item);
    uint32_t capacity, at;

again:
    capacity = set->capacity;
    if (capacity == 0)
        return 0;
    at = kaa_object__home(hash, capacity);
    for (;;) {
        uint64_t word = set->words[at];

        if (word == wanted || word == KAA_OBJECT__EMPTY) {
            *out = at;
            return word == wanted;
        }
        if ((word & 1) ? like_int : word >> 48 == (hash & 0xFFFF)) {
            uint32_t changes = set->changes;
            int equal = word_equals(ctx, word, item, hash);

            if (equal < 0)
                return -1;
            if (set->changes != changes)
                goto again;
            if (equal) {
                *out = at;
                return 1;
            }
        }
        if (++at == capacity)
            at = 0;
    }
}

static uint32_t
free_place(const kaa_object__set *set, uint32_t hash)
{
    uint32_t at = kaa_object__home(hash, set->capacity);

    while (set->words[at] != KAA_OBJECT__EMPTY)
        if (++at == set->capacity)
            at = 0;
    return at;
}

/* Room for `count` items, at most two thirds of the places being taken. */
static int
reserve(kaa_context *ctx, kaa_object__set *set, size_t count)
{
    kaa_object__set fresh = *set;
    const uint32_t *hashes;
    uint32_t capacity = CAPACITY_MIN;

    while ((size_t)capacity / 3 * 2 < count) {
        if (capacity >= CAPACITY_MAX)
            return kaa_object__raise_memory(ctx);
        capacity *= 2;
    }
    fresh.words = kaa_object__memory(ctx, capacity * ENTRY);
    if (fresh.words == NULL)
        return -1;
    memset(fresh.words, 0, capacity * sizeof(uint64_t));
    fresh.capacity = capacity;
    fresh.finger = 0;
    if (set->words != NULL) {
        hashes = kaa_object__set_hashes(set);
        for (uint32_t i = 0; i < set->capacity; i++) {
            if (set->words[i] != KAA_OBJECT__EMPTY) {
                uint32_t at = free_place(&fresh, hashes[i]);

                fresh.words[at] = set->words[i];
                kaa_object__set_hashes(&fresh)[at] = hashes[i];
            }
        }
        kaa_object__memory_free(ctx, set->words);
    }
    *set = fresh;
    set->changes++;
    return 0;
}

int
kaa_object__set_look(kaa_context *ctx, kaa_object *self, kaa_object *item,
                     uint32_t hash)
{
    uint32_t at;

    return find(ctx, kaa_object__as_set(self), item, hash, &at);
}

int
kaa_object__set_put(kaa_context *ctx, kaa_object *self, kaa_object *item,
                    uint32_t hash)
{
    kaa_object__set *set = kaa_object__as_set(self);
    uint32_t at = 0;
    int found = find(ctx, set, item, hash, &at);

    if (found != 0)
        return found < 0 ? -1 : 0;
    if (set->count >= set->capacity / 3 * 2) {
        if (reserve(ctx, set, set->count + set->count / 2 + 1) != 0)
            return -1;
        at = free_place(set, hash);
    }
    KAA_ASSERT(kaa_is_tagged(item) || (uintptr_t)item >> 48 == 0);
    set->words[at] = kaa_object__word(kaa_object__take(item), hash);
    kaa_object__set_hashes(set)[at] = hash;
    set->count++;
    set->changes++;
    return 1;
}

/* Empties a place and closes the gap: of the items after it, up to the next
 * empty place, those move up whose search begins at or before the gap. */
static void
close_gap(kaa_object__set *set, uint32_t gap)
{
    uint32_t *hashes = kaa_object__set_hashes(set);
    uint32_t capacity = set->capacity, at = gap;

    for (;;) {
        uint32_t home, from_home, from_gap;

        if (++at == capacity)
            at = 0;
        if (set->words[at] == KAA_OBJECT__EMPTY)
            break;
        home = kaa_object__home(hashes[at], capacity);
        from_home = at >= home ? at - home : at + capacity - home;
        from_gap = at >= gap ? at - gap : at + capacity - gap;
        if (from_home >= from_gap) {
            set->words[gap] = set->words[at];
            hashes[gap] = hashes[at];
            gap = at;
        }
    }
    set->words[gap] = KAA_OBJECT__EMPTY;
}

/* The item of a place, whose reference becomes the caller's. */
static kaa_object *
take_out_at(kaa_context *ctx, kaa_object__set *set, uint32_t at)
{
    kaa_object *item = kaa_object__word_key(set->words[at]);

    close_gap(set, at);
    set->count--;
    set->changes++;
    if (set->capacity > 64 && set->count < set->capacity / 8) {
        /* Smaller, so that pop() finds something soon. Not needed, though. */
        kaa_object__context *own = kaa_object__context_of(ctx);
        kaa_object *pending = own->pending;

        own->pending = NULL;
        if (reserve(ctx, set, (size_t)set->count * 2) != 0)
            kaa_object__error_clear(ctx);
        own->pending = pending;
    }
    return item;
}

int
kaa_object__set_take_out(kaa_context *ctx, kaa_object *self, kaa_object *item,
                         uint32_t hash)
{
    kaa_object__set *set = kaa_object__as_set(self);
    uint32_t at = 0;
    int found = find(ctx, set, item, hash, &at);

    if (found == 1)
        kaa_object__give(ctx, take_out_at(ctx, set, at));
    return found;
}

static int
extend_by_set(kaa_context *ctx, kaa_object *self, kaa_object__set *other)
{
    for (uint32_t i = 0; i < other->capacity; i++) {
        uint64_t word = other->words[i];
        kaa_object *item = kaa_object__word_key(word);
        int added;

        if (word == KAA_OBJECT__EMPTY)
            continue;
        kaa_object__take(item);
        added = kaa_object__set_put(ctx, self, item,
                                    kaa_object__set_hashes(other)[i]);
        kaa_object__give(ctx, item);
        if (added < 0)
            return -1;
    }
    return 0;
}

int
kaa_object__set_extend(kaa_context *ctx, kaa_object *self, kaa_object *items)
{
    kaa_object *iterator, *item;
    uint32_t hash;
    int found;

    if (kaa_object__is_set(items))
        return items == self
                   ? 0
                   : extend_by_set(ctx, self, kaa_object__as_set(items));
    iterator = kaa_object__iter(ctx, items);
    if (iterator == NULL)
        return -1;
    while ((found = kaa_object__next(ctx, iterator, &item)) == 1) {
        int added = kaa_object__key_hash(ctx, item, &hash) != 0
                        ? -1
                        : kaa_object__set_put(ctx, self, item, hash);

        kaa_object__give(ctx, item);
        if (added < 0) {
            found = -1;
            break;
        }
    }
    kaa_object__give(ctx, iterator);
    return found;
}

kaa_object *
kaa_object__set_copy(kaa_context *ctx, kaa_object *self, kaa_builtin_id id)
{
    kaa_object *copy = kaa_object__set_make(ctx, id);
    const kaa_object__set *from = kaa_object__as_set(self);
    kaa_object__set *to;

    if (copy == NULL || from->count == 0)
        return copy;
    to = kaa_object__as_set(copy);
    to->words = kaa_object__memory(ctx, from->capacity * ENTRY);
    if (to->words == NULL) {
        kaa_object__discard(ctx, copy);
        return NULL;
    }
    memcpy(to->words, from->words, from->capacity * ENTRY);
    to->capacity = from->capacity;
    to->count = from->count;
    for (uint32_t i = 0; i < to->capacity; i++)
        if (to->words[i] != KAA_OBJECT__EMPTY)
            kaa_object__take(kaa_object__word_key(to->words[i]));
    return copy;
}

void
kaa_object__set_empty(kaa_context *ctx, kaa_object *self)
{
    kaa_object__set *set = kaa_object__as_set(self);
    uint64_t *words = set->words;
    uint32_t capacity = set->capacity;

    set->words = NULL;
    set->capacity = set->count = set->finger = 0;
    set->changes++;
    for (uint32_t i = 0; i < capacity; i++)
        if (words[i] != KAA_OBJECT__EMPTY)
            kaa_object__give(ctx, kaa_object__word_key(words[i]));
    if (words != NULL)
        kaa_object__memory_free(ctx, words);
}

/* ---- Slots of kaa/api.def */

static int
check(kaa_context *ctx, kaa_object *object, const char *what, int may_be_frozen)
{
    if (kaa_object__has_id(object, KAA_SET_TYPE) ||
        (may_be_frozen && kaa_object__has_id(object, KAA_FROZENSET_TYPE)))
        return 0;
    return kaa_object__raise_type(ctx, what, "set", object);
}

static kaa_object *
make_of(kaa_context *ctx, kaa_builtin_id id, kaa_object *items)
{
    kaa_object *set;

    if (items != NULL && kaa_object__is_set(items))
        return kaa_object__set_copy(ctx, items, id);
    set = kaa_object__set_make(ctx, id);
    if (set != NULL && items != NULL &&
        kaa_object__set_extend(ctx, set, items) != 0) {
        kaa_object__give(ctx, set);
        return NULL;
    }
    return set;
}

kaa_object *
kaa_object__set_new(kaa_context *ctx, kaa_object *items)
{
    return make_of(ctx, KAA_SET_TYPE, items);
}

kaa_object *
kaa_object__frozenset_new(kaa_context *ctx, kaa_object *items)
{
    if (items != NULL && kaa_object__has_id(items, KAA_FROZENSET_TYPE))
        return kaa_object__take(items);
    return make_of(ctx, KAA_FROZENSET_TYPE, items);
}

ptrdiff_t
kaa_object__set_size(kaa_context *ctx, kaa_object *set)
{
    if (check(ctx, set, "set_size", 1) != 0)
        return -1;
    return (ptrdiff_t)kaa_object__as_set(set)->count;
}

int
kaa_object__set_contains(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    uint32_t hash;

    if (check(ctx, set, "set_contains", 1) != 0 ||
        kaa_object__key_hash(ctx, item, &hash) != 0)
        return -1;
    return kaa_object__set_look(ctx, set, item, hash);
}

int
kaa_object__set_add(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    uint32_t hash;

    if (check(ctx, set, "set_add", 0) != 0 ||
        kaa_object__key_hash(ctx, item, &hash) != 0)
        return -1;
    return kaa_object__set_put(ctx, set, item, hash) < 0 ? -1 : 0;
}

int
kaa_object__set_discard(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    uint32_t hash;

    if (check(ctx, set, "set_discard", 0) != 0 ||
        kaa_object__key_hash(ctx, item, &hash) != 0)
        return -1;
    return kaa_object__set_take_out(ctx, set, item, hash);
}

kaa_object *
kaa_object__set_pop(kaa_context *ctx, kaa_object *set)
{
    kaa_object__set *self = kaa_object__as_set(set);

    if (check(ctx, set, "set_pop", 0) != 0)
        return NULL;
    if (self->count == 0) {
        kaa_object__raise_text(ctx, KAA_KEY_ERROR, "pop from an empty set");
        return NULL;
    }
    if (self->finger >= self->capacity)
        self->finger = 0;
    while (self->words[self->finger] == KAA_OBJECT__EMPTY)
        if (++self->finger == self->capacity)
            self->finger = 0;
    return take_out_at(ctx, self, self->finger);
}
