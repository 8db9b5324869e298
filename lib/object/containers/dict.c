/* object/containers/dict.c - dicts: looking up, setting, removing, growing.
 *
 * How a dict lies in memory stands in dict.h; its type, operators and methods
 * are in dict_type.c.
 *
 * Comparing keys may run code of others, which may change the dict. So a search
 * notes `changes` before each such comparison, and begins again when it is
 * another one after it. Ints in handles and str are compared here, with nothing
 * run; so are the keys of nearly all dicts.
 */
#include "object/containers/dict.h"

#include "object/numbers/int.h"
#include "object/text/str.h"

#define CAPACITY_MAX (UINT32_C(1) << 30)
/* Up to so many places entries and index lie in one block. */
#define SMALL_MAX 64u

/* ---- Hashes and comparisons */

int
kaa_object__key_hash(kaa_context *ctx, kaa_object *key, uint32_t *out)
{
    int64_t hash;

    if (kaa_object__is_str(key))
        hash = (int64_t)kaa_object__str_hash(ctx, key);
    else if (kaa_object__is_int_tag(key))
        hash = kaa_object__hash_int(key);
    else
        hash = kaa_object__hash(ctx, key);
    if (KAA_UNLIKELY(hash == -1))
        return -1;
    *out = kaa_object__spread(ctx, hash);
    return 0;
}

/* Whether a key met in a search, of the same hash, is equal: 1, 0, or -1. */
static int
is_same(kaa_context *ctx, kaa_object *met, kaa_object *key)
{
    int equal;

    if (kaa_object__is_str(met) && kaa_object__is_str(key))
        return kaa_object__str_same(met, key);
    kaa_object__take(met);
    equal = kaa_object__equal(ctx, met, key);
    kaa_object__give(ctx, met);
    return equal;
}

/* The bits of a hash that stand in the index. */
static inline uint32_t
tag_of(uint32_t hash, uint32_t bits)
{
    return hash & (UINT32_MAX >> bits);
}

/* The number of a key's entry into *out: 1; 0 if there is none, and then *out
 * is the empty place of the index where it would go, if there is one; -1. */
static int
find(kaa_context *ctx, kaa_object__dict *dict, kaa_object *key, uint32_t hash,
     uint32_t *out)
{
    int is_str = kaa_object__is_str(key);
    uint32_t at, bits, tag;

again:
    if (dict->capacity == 0)
        return 0;
    bits = dict->bits;
    tag = tag_of(hash, bits);
    at = kaa_object__home(hash, dict->capacity);
    for (;; at = at + 1 == dict->capacity ? 0 : at + 1) {
        uint32_t place = dict->index[at], number, changes;
        kaa_object *met;
        int equal;

        if (place == 0) {
            *out = at;
            return 0;
        }
        if (place >> bits != tag)
            continue;
        number = (place & ((1u << bits) - 1)) - 1;
        met = dict->entries[number].key;
        if (met == key) {
            *out = number;
            return 1;
        }
        /* The hash of a str is asked for where its text is. */
        if (met == NULL || ((!is_str || !kaa_object__is_str(met)) &&
                            kaa_object__dict_hashes(dict)[number] != hash))
            continue;
        changes = dict->changes;
        equal = is_same(ctx, met, key);
        if (equal < 0)
            return -1;
        if (dict->changes != changes)
            goto again;
        if (equal) {
            *out = number;
            return 1;
        }
    }
}

/* The same for a text, which is compared with the keys that are str: 2 if there
 * is another key with the same hash, so that only find() can tell. */
static int
find_text(const kaa_object__dict *dict, const char *text, size_t size,
          uint64_t full_hash, uint32_t hash, uint32_t *out)
{
    uint32_t capacity = dict->capacity, bits = dict->bits, at, tag;

    if (capacity == 0)
        return 0;
    tag = tag_of(hash, bits);
    at = kaa_object__home(hash, capacity);
    for (;;) {
        uint32_t place = dict->index[at];

        if (place == 0) {
            *out = at;
            return 0;
        }
        if (place >> bits == tag) {
            uint32_t number = (place & ((1u << bits) - 1)) - 1;
            kaa_object *key = dict->entries[number].key;

            if (key != NULL && !kaa_object__is_str(key)) {
                if (kaa_object__dict_hashes(dict)[number] == hash)
                    return 2;
            } else if (key != NULL &&
                       kaa_object__str_of(key)->hash == full_hash &&
                       kaa_object__str_size(key) == size &&
                       memcmp(kaa_object__str_text(key), text, size) == 0) {
                *out = number;
                return 1;
            }
        }
        if (++at == capacity)
            at = 0;
    }
}

/* ---- Growing */

static uint32_t
limit_of(uint32_t capacity)
{
    return capacity - capacity / 4;
}

/* Places for `count` keys: 4, 8, ... and from 4,096 on also half as many again.
 * 0: too many. */
static uint32_t
capacity_for(size_t count)
{
    uint32_t capacity = 4;

    while (limit_of(capacity) < count) {
        if (capacity >= 4096 && limit_of(capacity / 2 * 3) >= count)
            return capacity / 2 * 3;
        if (capacity >= CAPACITY_MAX)
            return 0;
        capacity *= 2;
    }
    return capacity;
}

static size_t
index_bytes(uint32_t capacity)
{
    return ((size_t)capacity + limit_of(capacity)) * sizeof(uint32_t);
}

static size_t
entries_bytes(uint32_t capacity)
{
    return limit_of(capacity) * sizeof(kaa_object__dict_entry);
}

static int
is_small(const kaa_object__dict *dict)
{
    return dict->capacity <= SMALL_MAX;
}

static void
free_parts(kaa_context *ctx, const kaa_object__dict *dict)
{
    if (dict->capacity == 0)
        return;
    if (!is_small(dict))
        kaa_object__memory_free(ctx, dict->index);
    kaa_object__memory_free(ctx, dict->entries);
}

/* Gives `out`, whose header is left alone, places for `count` keys, all empty.
 * Its entries are to be moved, in place if it has any already. */
static int
make_room(kaa_context *ctx, kaa_object__dict *out, size_t count)
{
    kaa_object__dict old = *out;
    uint32_t capacity = capacity_for(count);
    size_t bytes;

    if (capacity == 0)
        return kaa_object__raise_memory(ctx);
    out->capacity = capacity;
    out->limit = limit_of(capacity);
    out->bits = 32u - (uint32_t)__builtin_clz(out->limit);
    bytes = entries_bytes(capacity);
    if (is_small(out)) {
        out->entries = kaa_object__memory(ctx, bytes + index_bytes(capacity));
        if (out->entries == NULL)
            return -1;
        out->index = (uint32_t *)(void *)(out->entries + out->limit);
    } else {
        out->index = kaa_object__memory(ctx, index_bytes(capacity));
        if (out->index == NULL)
            return -1;
        out->entries = is_small(&old) || out->limit < old.used
                           ? kaa_object__memory(ctx, bytes)
                           : kaa_object__memory_resize(ctx, old.entries, bytes);
        if (out->entries == NULL) {
            kaa_object__memory_free(ctx, out->index);
            return -1;
        }
    }
    memset(out->index, 0, capacity * sizeof(uint32_t));
    out->count = out->used = 0;
    return 0;
}

/* The empty place for a hash. */
static inline uint32_t
empty_place(const kaa_object__dict *dict, uint32_t hash)
{
    uint32_t at = kaa_object__home(hash, dict->capacity);

    while (dict->index[at] != 0)
        if (++at == dict->capacity)
            at = 0;
    return at;
}

/* Puts the `used` entries into `fresh`, which is empty and large enough; they
 * may be its own array. */
static void
refill(kaa_object__dict *fresh, const kaa_object__dict_entry *entries,
       const uint32_t *hashes, uint32_t used)
{
    uint32_t *fresh_hashes = kaa_object__dict_hashes(fresh), count = 0;

    for (uint32_t i = 0; i < used; i++) {
        if (i + 8 < used)
            __builtin_prefetch(
                &fresh->index[kaa_object__home(hashes[i + 8], fresh->capacity)],
                1);
        if (entries[i].key == NULL)
            continue;
        fresh->entries[count] = entries[i];
        fresh_hashes[count] = hashes[i];
        count++;
        fresh->index[empty_place(fresh, hashes[i])] =
            count | tag_of(hashes[i], fresh->bits) << fresh->bits;
    }
    fresh->count = fresh->used = count;
}

static int
rebuild(kaa_context *ctx, kaa_object__dict *dict, size_t count)
{
    kaa_object__dict fresh = *dict;
    int is_moved;

    if (make_room(ctx, &fresh, count) != 0)
        return -1;
    /* Else the heap has the old block no more. */
    is_moved = is_small(dict) || is_small(&fresh) || fresh.limit < dict->used;
    if (dict->capacity != 0)
        refill(&fresh, is_moved ? dict->entries : fresh.entries,
               kaa_object__dict_hashes(dict), dict->used);
    KAA_ASSERT(fresh.count == dict->count);
    if (is_moved)
        free_parts(ctx, dict);
    else
        kaa_object__memory_free(ctx, dict->index);
    *dict = fresh;
    dict->changes++;
    return 0;
}

/* For one key more: half as many again or more, or where many have gone room
 * for those that are there; so each rebuilding is paid for by insertions. */
static int
grow(kaa_context *ctx, kaa_object__dict *dict)
{
    size_t count = dict->count;

    return rebuild(ctx, dict, count < 3 ? 3 : count + count / 4 + 1);
}

int
kaa_object__dict_reserve(kaa_context *ctx, kaa_object *dict, size_t count)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);

    return count <= self->limit ? 0 : rebuild(ctx, self, count);
}

/* Adds a key that is not there, `at` being its place if it is still empty.
 * Takes references. */
static int
insert(kaa_context *ctx, kaa_object__dict *dict, kaa_object *key, uint32_t hash,
       kaa_object *value, uint32_t at)
{
    if (KAA_UNLIKELY(dict->used == dict->limit)) {
        if (grow(ctx, dict) != 0)
            return -1;
        at = empty_place(dict, hash);
    }
    KAA_ASSERT(dict->index[at] == 0);
    dict->entries[dict->used].key = kaa_object__take(key);
    dict->entries[dict->used].value = kaa_object__take(value);
    kaa_object__dict_hashes(dict)[dict->used] = hash;
    dict->used++;
    dict->index[at] = dict->used | tag_of(hash, dict->bits) << dict->bits;
    dict->count++;
    dict->changes++;
    return 0;
}

static void
replace(kaa_context *ctx, kaa_object__dict *dict, uint32_t number,
        kaa_object *value)
{
    kaa_object *old = dict->entries[number].value;

    dict->entries[number].value = kaa_object__take(value);
    kaa_object__give(ctx, old);
}

/* ---- With a known hash */

int
kaa_object__dict_look(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                      uint32_t hash, kaa_object **out_value)
{
    uint32_t at = 0;
    int found = find(ctx, kaa_object__as_dict(dict), key, hash, &at);

    if (found == 1 && out_value != NULL)
        *out_value =
            kaa_object__take(kaa_object__as_dict(dict)->entries[at].value);
    return found;
}

int
kaa_object__dict_put(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                     uint32_t hash, kaa_object *value)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);
    uint32_t at = 0;
    int found = find(ctx, self, key, hash, &at);

    if (found == 0)
        return insert(ctx, self, key, hash, value, at);
    if (found == 1)
        replace(ctx, self, at, value);
    return found < 0 ? -1 : 0;
}

/* ---- Slots of kaa/api.def */

static int
check(kaa_context *ctx, kaa_object *object, const char *what)
{
    if (KAA_LIKELY(kaa_object__has_id(object, KAA_DICT_TYPE)))
        return 0;
    return kaa_object__raise_type(ctx, what, "dict", object);
}

kaa_object *
kaa_object__dict_new(kaa_context *ctx)
{
    return kaa_object__new_zeroed(ctx, kaa_object__builtin(ctx, KAA_DICT_TYPE),
                                  sizeof(kaa_object__dict),
                                  KAA_HEAP_OBJECT_TRACKED);
}

kaa_object *
kaa_object__dict_take_array(kaa_context *ctx, kaa_object *const *items,
                            size_t count)
{
    kaa_object *dict = kaa_object__dict_new(ctx);
    size_t done = 0;

    if (dict != NULL && kaa_object__dict_reserve(ctx, dict, count) != 0)
        KAA_CLEAR(ctx, dict);
    for (; dict != NULL && done < count * 2; done += 2) {
        uint32_t hash = 0;

        if (items[done] == NULL || items[done + 1] == NULL) {
            if (!kaa_object__error_occurred(ctx))
                kaa_object__raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                                  "an item is NULL, and nothing is pending");
            KAA_CLEAR(ctx, dict);
        } else if (kaa_object__key_hash(ctx, items[done], &hash) != 0 ||
                   kaa_object__dict_put(ctx, dict, items[done], hash,
                                        items[done + 1]) != 0) {
            KAA_CLEAR(ctx, dict);
        }
    }
    for (size_t i = 0; i < count * 2; i++)
        kaa_decref(ctx, items[i]);
    return dict;
}

int
kaa_object__dict_find(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                      kaa_object **out)
{
    uint32_t hash;

    if (check(ctx, dict, "dict_find") != 0 ||
        kaa_object__key_hash(ctx, key, &hash) != 0)
        return -1;
    return kaa_object__dict_look(ctx, dict, key, hash, out);
}

int
kaa_object__dict_find_text(kaa_context *ctx, kaa_object *dict, const char *text,
                           size_t size, kaa_object **out)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);
    uint64_t full_hash;
    uint32_t at = 0;
    kaa_object *key;
    int found;

    if (check(ctx, dict, "dict_find_text") != 0)
        return -1;
    full_hash = kaa_object__hash_text(ctx, text, size);
    found = find_text(self, text, size, full_hash,
                      kaa_object__spread(ctx, (int64_t)full_hash), &at);
    if (KAA_LIKELY(found == 1 && out != NULL))
        *out = kaa_object__take(self->entries[at].value);
    if (KAA_LIKELY(found != 2))
        return found;
    key = kaa_object__str_from_utf8(ctx, text, size);
    if (key == NULL)
        return -1;
    found = kaa_object__dict_find(ctx, dict, key, out);
    kaa_object__give(ctx, key);
    return found;
}

int
kaa_object__dict_set(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                     kaa_object *value)
{
    uint32_t hash;

    if (check(ctx, dict, "dict_set") != 0 ||
        kaa_object__key_hash(ctx, key, &hash) != 0)
        return -1;
    return kaa_object__dict_put(ctx, dict, key, hash, value);
}

int
kaa_object__dict_set_text(kaa_context *ctx, kaa_object *dict, const char *text,
                          size_t size, kaa_object *value)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);
    uint64_t full_hash;
    uint32_t at = 0;
    kaa_object *key;
    int result;

    if (check(ctx, dict, "dict_set_text") != 0)
        return -1;
    full_hash = kaa_object__hash_text(ctx, text, size);
    if (find_text(self, text, size, full_hash,
                  kaa_object__spread(ctx, (int64_t)full_hash), &at) == 1) {
        replace(ctx, self, at, value);
        return 0;
    }
    key = kaa_object__str_from_utf8(ctx, text, size);
    if (key == NULL)
        return -1;
    result = kaa_object__dict_set(ctx, dict, key, value);
    kaa_object__give(ctx, key);
    return result;
}

int
kaa_object__dict_remove(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                        kaa_object **out)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);
    kaa_object__dict_entry gone;
    uint32_t hash, at = 0;
    int found;

    if (check(ctx, dict, "dict_remove") != 0)
        return -1;
    if (self->count == 0 && kaa_object__is_str(key))
        return 0;
    if (kaa_object__key_hash(ctx, key, &hash) != 0)
        return -1;
    found = find(ctx, self, key, hash, &at);
    if (found != 1)
        return found;
    gone = self->entries[at];
    self->entries[at].key = self->entries[at].value = NULL;
    self->count--;
    self->changes++;
    kaa_object__give(ctx, gone.key);
    if (out != NULL)
        *out = gone.value;
    else
        kaa_object__give(ctx, gone.value);
    return 1;
}

/* What is dead at the end goes with it. Its places in the index stay taken
 * until that is made anew: so `limit` counts down, for as many. */
int
kaa_object__dict_take_last(kaa_object__dict *dict, kaa_object__dict_entry *out)
{
    while (dict->used > 0) {
        kaa_object__dict_entry *entry = &dict->entries[--dict->used];

        dict->limit--;
        if (entry->key == NULL)
            continue;
        *out = *entry;
        entry->key = entry->value = NULL;
        dict->count--;
        dict->changes++;
        return 1;
    }
    return 0;
}

void
kaa_object__dict_empty(kaa_context *ctx, kaa_object *self)
{
    kaa_object__dict *dict = kaa_object__as_dict(self), old = *dict;

    dict->entries = NULL;
    dict->index = NULL;
    dict->capacity = dict->limit = dict->count = dict->used = 0;
    dict->changes++;
    for (uint32_t i = 0; i < old.used; i++) {
        if (old.entries[i].key != NULL) {
            kaa_object__give(ctx, old.entries[i].key);
            kaa_object__give(ctx, old.entries[i].value);
        }
    }
    free_parts(ctx, &old);
}

kaa_object *
kaa_object__dict_copy(kaa_context *ctx, kaa_object *dict)
{
    kaa_object__dict *self = kaa_object__as_dict(dict), *copy;
    kaa_object *object;

    if (check(ctx, dict, "dict_copy") != 0)
        return NULL;
    object = kaa_object__dict_new(ctx);
    if (object == NULL || self->count == 0)
        return object;
    copy = kaa_object__as_dict(object);
    if (make_room(ctx, copy, self->count) != 0) {
        kaa_object__discard(ctx, object);
        return NULL;
    }
    refill(copy, self->entries, kaa_object__dict_hashes(self), self->used);
    for (uint32_t i = 0; i < copy->used; i++) {
        kaa_object__take(copy->entries[i].key);
        kaa_object__take(copy->entries[i].value);
    }
    return object;
}
