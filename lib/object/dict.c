/* object/dict.c - dicts: looking up, setting, removing, growing.
 *
 * How a dict lies in memory stands in dict.h; its type, operators and methods
 * are in dict_type.c.
 *
 * Comparing keys may run code of others, which may change the dict. So a search
 * notes `changes` before each such comparison, and begins again when it is
 * another one after it. Ints in handles and str are compared here, with nothing
 * run; so are the keys of nearly all dicts.
 */
#include "object/dict.h"

#include "object/int.h"
#include "object/str.h"

#define CAPACITY_MAX (UINT32_C(1) << 31)

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

int
kaa_object__word_equals(kaa_context *ctx, uint64_t word, kaa_object *key,
                        uint32_t hash)
{
    kaa_object *other = kaa_object__word_key(word);
    int equal;

    if (word == KAA_OBJECT__GONE)
        return 0;
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

/* The slot of a key into *out: 1; 0 if there is none, and then *out is the free
 * one where it would go, if there are slots at all; -1. */
static int
find(kaa_context *ctx, kaa_object__dict *dict, kaa_object *key, uint32_t hash,
     uint32_t *out)
{
    uint64_t wanted = kaa_object__word(key, hash);
    /* Whether it may be equal to an int in its handle. */
    int like_int = !kaa_object__is_int_tag(key) && !kaa_object__is_str(key);
    uint32_t capacity, at;

again:
    capacity = dict->capacity;
    if (capacity == 0)
        return 0;
    at = kaa_object__home(hash, capacity);
    for (;;) {
        uint64_t word = dict->slots[at].key;

        if (word == wanted || word == KAA_OBJECT__EMPTY) {
            *out = at;
            return word == wanted;
        }
        if ((word & 1) ? like_int : word >> 48 == (hash & 0xFFFF)) {
            uint32_t changes = dict->changes;
            int equal = kaa_object__word_equals(ctx, word, key, hash);

            if (equal < 0)
                return -1;
            if (dict->changes != changes)
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

/* The same for a text, which is compared with the keys that are str: 2 if there
 * is another key with the same hash, so that only find() can tell. */
static int
find_text(const kaa_object__dict *dict, const char *text, size_t size,
          uint64_t full_hash, uint32_t hash, uint32_t *out)
{
    uint32_t capacity = dict->capacity, at;

    if (capacity == 0)
        return 0;
    at = kaa_object__home(hash, capacity);
    for (;;) {
        uint64_t word = dict->slots[at].key;

        if (word == KAA_OBJECT__EMPTY)
            return 0;
        if (word >> 48 == (hash & 0xFFFF) && (word & 3) == 0) {
            kaa_object *key = kaa_object__word_key(word);

            if (!kaa_object__is_str(key))
                return 2;
            if (kaa_object__str_of(key)->hash == full_hash &&
                kaa_object__str_size(key) == size &&
                memcmp(kaa_object__str_text(key), text, size) == 0) {
                *out = at;
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

/* Slots for `count` keys: 4, 8, ... and from 65,536 on also half as many again,
 * since a large dict half of whose slots are empty costs memory. 0: too many.
 */
static uint32_t
capacity_for(size_t count)
{
    uint32_t capacity = 4;

    while (limit_of(capacity) < count) {
        if (capacity >= 65536 && limit_of(capacity / 2 * 3) >= count)
            return capacity / 2 * 3;
        if (capacity >= CAPACITY_MAX)
            return 0;
        capacity *= 2;
    }
    return capacity;
}

/* The same where nothing says that more keys will come: just enough. */
static uint32_t
just_for(size_t count)
{
    uint32_t capacity = capacity_for(count);

    if (count >= 65536 || capacity <= 4)
        return capacity;
    capacity = (uint32_t)count + (uint32_t)count / 3;
    while (limit_of(capacity) < count)
        capacity++;
    return capacity;
}

/* Puts all entries into `fresh`, which is empty and large enough. */
static void
refill(const kaa_object__dict *from, kaa_object__dict *fresh)
{
    const kaa_object__order *order = kaa_object__dict_order(from);
    kaa_object__order *fresh_order = kaa_object__dict_order(fresh);

    for (uint32_t i = 0; i < from->used; i++) {
        const kaa_object__slot *slot = &from->slots[order[i].slot];
        uint32_t at = kaa_object__home(order[i].hash, fresh->capacity);

        if (i + 8 < from->used) {
            __builtin_prefetch(&from->slots[order[i + 8].slot]);
            __builtin_prefetch(&fresh->slots[kaa_object__home(order[i + 8].hash,
                                                              fresh->capacity)],
                               1);
        }
        if (slot->key == KAA_OBJECT__GONE)
            continue;
        while (fresh->slots[at].key != KAA_OBJECT__EMPTY)
            if (++at == fresh->capacity)
                at = 0;
        fresh->slots[at] = *slot;
        fresh_order[fresh->used].hash = order[i].hash;
        fresh_order[fresh->used].slot = at;
        fresh->used++;
    }
    KAA_ASSERT(fresh->used == from->count);
    fresh->count = fresh->used;
}

/* Gives `out`, whose header is left alone, so many empty slots. */
static int
make_room(kaa_context *ctx, kaa_object__dict *out, uint32_t capacity)
{
    size_t slots = (size_t)capacity * sizeof(kaa_object__slot);

    if (capacity == 0)
        return kaa_object__raise_memory(ctx);
    out->slots = kaa_object__memory(ctx, slots + limit_of(capacity) *
                                                     sizeof(kaa_object__order));
    if (out->slots == NULL)
        return -1;
    memset(out->slots, 0, slots);
    out->capacity = capacity;
    out->limit = limit_of(capacity);
    out->count = out->used = 0;
    return 0;
}

static int
rebuild(kaa_context *ctx, kaa_object__dict *dict, uint32_t capacity)
{
    kaa_object__dict fresh = *dict;

    if (make_room(ctx, &fresh, capacity) != 0)
        return -1;
    if (dict->slots != NULL) {
        refill(dict, &fresh);
        kaa_object__memory_free(ctx, dict->slots);
    }
    *dict = fresh;
    dict->changes++;
    return 0;
}

/* For one key more: twice as many, or where many have gone room for those that
 * are there; so each rebuilding is paid for by as many insertions. */
static int
grow(kaa_context *ctx, kaa_object__dict *dict)
{
    size_t count = dict->count;

    if (count < 65536)
        return rebuild(ctx, dict,
                       capacity_for(count < 3 ? 3 : count + count / 2 + 1));
    return rebuild(ctx, dict, capacity_for(count + count / 4));
}

int
kaa_object__dict_reserve(kaa_context *ctx, kaa_object *dict, size_t count)
{
    kaa_object__dict *self = kaa_object__as_dict(dict);

    return count <= self->limit ? 0 : rebuild(ctx, self, just_for(count));
}

/* Puts a key that is not there into a slot, `at` if it is still the right one.
 * Takes references. */
static int
insert(kaa_context *ctx, kaa_object__dict *dict, kaa_object *key, uint32_t hash,
       kaa_object *value, uint32_t at)
{
    if (KAA_UNLIKELY(dict->used == dict->limit)) {
        if (grow(ctx, dict) != 0)
            return -1;
        at = kaa_object__home(hash, dict->capacity);
        while (dict->slots[at].key != KAA_OBJECT__EMPTY)
            if (++at == dict->capacity)
                at = 0;
    }
    KAA_ASSERT(kaa_is_tagged(key) || (uintptr_t)key >> 48 == 0);
    KAA_ASSERT(dict->slots[at].key == KAA_OBJECT__EMPTY);
    dict->slots[at].key = kaa_object__word(kaa_object__take(key), hash);
    dict->slots[at].value = kaa_object__take(value);
    kaa_object__dict_order(dict)[dict->used].hash = hash;
    kaa_object__dict_order(dict)[dict->used].slot = at;
    dict->used++;
    dict->count++;
    dict->changes++;
    return 0;
}

static void
replace(kaa_context *ctx, kaa_object__dict *dict, uint32_t at,
        kaa_object *value)
{
    kaa_object *old = dict->slots[at].value;

    dict->slots[at].value = kaa_object__take(value);
    kaa_object__give(ctx, old);
}

/* ---- With the hash at hand */

int
kaa_object__dict_look(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                      uint32_t hash, kaa_object **out_value)
{
    uint32_t at = 0;
    int found = find(ctx, kaa_object__as_dict(dict), key, hash, &at);

    if (found == 1 && out_value != NULL)
        *out_value =
            kaa_object__take(kaa_object__as_dict(dict)->slots[at].value);
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

ptrdiff_t
kaa_object__dict_size(kaa_context *ctx, kaa_object *dict)
{
    if (check(ctx, dict, "dict_size") != 0)
        return -1;
    return (ptrdiff_t)kaa_object__as_dict(dict)->count;
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
        *out = kaa_object__take(self->slots[at].value);
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
    kaa_object__slot gone;
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
    gone = self->slots[at];
    self->slots[at].key = KAA_OBJECT__GONE;
    self->slots[at].value = NULL;
    self->count--;
    self->changes++;
    kaa_object__give(ctx, kaa_object__word_key(gone.key));
    if (out != NULL)
        *out = gone.value;
    else
        kaa_object__give(ctx, gone.value);
    return 1;
}

/* What is dead at the end of the order goes with it, its slots only when the
 * dict is built anew: so `limit` counts down, for as many. */
int
kaa_object__dict_take_last(kaa_object__dict *dict, kaa_object__slot *out)
{
    kaa_object__order *order = kaa_object__dict_order(dict);

    while (dict->used > 0) {
        kaa_object__slot *slot = &dict->slots[order[--dict->used].slot];

        dict->limit--;
        if (slot->key == KAA_OBJECT__GONE)
            continue;
        *out = *slot;
        slot->key = KAA_OBJECT__GONE;
        slot->value = NULL;
        dict->count--;
        dict->changes++;
        return 1;
    }
    return 0;
}

int
kaa_object__dict_next(kaa_context *ctx, kaa_object *dict, size_t *position,
                      kaa_object **out_key, kaa_object **out_value)
{
    if (check(ctx, dict, "dict_next") != 0)
        return -1;
    if (!kaa_object__dict_step(kaa_object__as_dict(dict), position, out_key,
                               out_value))
        return 0;
    if (out_key != NULL)
        kaa_object__take(*out_key);
    if (out_value != NULL)
        kaa_object__take(*out_value);
    return 1;
}

void
kaa_object__dict_empty(kaa_context *ctx, kaa_object *self)
{
    kaa_object__dict *dict = kaa_object__as_dict(self);
    kaa_object__slot *slots = dict->slots;
    uint32_t capacity = dict->capacity;

    dict->slots = NULL;
    dict->capacity = dict->limit = dict->count = dict->used = 0;
    dict->changes++;
    for (uint32_t i = 0; i < capacity; i++) {
        uint64_t word = slots[i].key;

        if (word != KAA_OBJECT__EMPTY && word != KAA_OBJECT__GONE) {
            kaa_object__give(ctx, kaa_object__word_key(word));
            kaa_object__give(ctx, slots[i].value);
        }
    }
    if (slots != NULL)
        kaa_object__memory_free(ctx, slots);
}

int
kaa_object__dict_clear(kaa_context *ctx, kaa_object *dict)
{
    if (check(ctx, dict, "dict_clear") != 0)
        return -1;
    kaa_object__dict_empty(ctx, dict);
    return 0;
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
    if (make_room(ctx, copy, just_for(self->count)) != 0) {
        kaa_object__discard(ctx, object);
        return NULL;
    }
    refill(self, copy);
    for (uint32_t i = 0; i < copy->used; i++) {
        kaa_object__slot *slot =
            &copy->slots[kaa_object__dict_order(copy)[i].slot];

        kaa_object__take(kaa_object__word_key(slot->key));
        kaa_object__take(slot->value);
    }
    return object;
}
