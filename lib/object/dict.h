/* object/dict.h - how a dict lies in memory, and a walk over it.
 *
 *     slots[capacity]   key and value, found by hash: open addressing, linear
 *     order[limit]      hash and number of the slot, in the order of insertion
 *
 * Both lie in one block. A slot's key is a word: an int in its handle as it is,
 * anything else with 16 bits of its hash above its 48 bits of address. So a
 * search reads a key only where it is most likely the one: a slot, a key, that
 * is two misses of the cache in a large dict. It costs a walk in order one
 * jump an entry, which can be prefetched. The hash in `order` serves to grow.
 *
 * A removed key leaves a dead slot, which its entry of `order` still names;
 * both go when the dict is built anew, which happens when `order` is full.
 */
#ifndef KAA_OBJECT_DICT_H
#define KAA_OBJECT_DICT_H

#include "object/container.h"

#define KAA_OBJECT__EMPTY UINT64_C(0)
/* Like a handle of a constant that there is not. */
#define KAA_OBJECT__GONE (~UINT64_C(1))
#define KAA_OBJECT__ADDRESS ((UINT64_C(1) << 48) - 1)

typedef struct kaa_object__slot {
    uint64_t key;
    kaa_object *value;
} kaa_object__slot;

typedef struct kaa_object__order {
    uint32_t hash;
    uint32_t slot;
} kaa_object__order;

typedef struct kaa_object__dict {
    kaa_object header;
    kaa_object__slot *slots; /* NULL if capacity is 0 */
    uint32_t count;          /* keys */
    uint32_t used;           /* entries of order, dead ones too */
    uint32_t capacity;       /* slots */
    uint32_t limit;          /* of used; less than capacity */
    uint32_t changes;        /* of keys: grows with each */
    uint32_t unused;
} kaa_object__dict;

static inline kaa_object__dict *
kaa_object__as_dict(kaa_object *object)
{
    return (kaa_object__dict *)(void *)object;
}

static inline kaa_object__order *
kaa_object__dict_order(const kaa_object__dict *dict)
{
    return (kaa_object__order *)(void *)(dict->slots + dict->capacity);
}

/* The bits of a hash that dicts and sets use. The multiplication brings what
 * tells ints apart to the top, where places are taken from; the key is there to
 * make it hard to choose ints that collide. */
static inline uint32_t
kaa_object__spread(kaa_context *ctx, int64_t hash)
{
    uint64_t mixed =
        (uint64_t)hash ^ (kaa_object__runtime_of(ctx)->hash_key[0] >> 8);

    return (uint32_t)(mixed * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

/* Where the search for a hash begins. */
static inline uint32_t
kaa_object__home(uint32_t hash, uint32_t capacity)
{
    return (uint32_t)((uint64_t)hash * capacity >> 32);
}

static inline uint64_t
kaa_object__word(const kaa_object *key, uint32_t hash)
{
    if (kaa_object__is_int_tag(key))
        return (uint64_t)(uintptr_t)key;
    return (uint64_t)(uintptr_t)key | (uint64_t)hash << 48;
}

static inline kaa_object *
kaa_object__word_key(uint64_t word)
{
    return (kaa_object *)(uintptr_t)((word & 1) ? word
                                                : word & KAA_OBJECT__ADDRESS);
}

/* The entry at *position or after it, borrowed; 0 at the end. */
static inline int
kaa_object__dict_step(const kaa_object__dict *dict, size_t *position,
                      kaa_object **out_key, kaa_object **out_value)
{
    const kaa_object__order *order = kaa_object__dict_order(dict);

    while (*position < dict->used) {
        const kaa_object__slot *slot = &dict->slots[order[*position].slot];

        if (*position + 8 < dict->used)
            __builtin_prefetch(&dict->slots[order[*position + 8].slot]);
        ++*position;
        if (slot->key != KAA_OBJECT__GONE) {
            if (out_key != NULL)
                *out_key = kaa_object__word_key(slot->key);
            if (out_value != NULL)
                *out_value = slot->value;
            return 1;
        }
    }
    return 0;
}

/* ---- dict.c */

/* The hash of a key, spread; 0, or -1 where it has none. May run code of
 * others. */
int kaa_object__key_hash(kaa_context *ctx, kaa_object *key, uint32_t *out);
/* Whether the key of a word, met in a search for `key`, is equal: 1, 0, or -1.
 * May run code of others. */
int kaa_object__word_equals(kaa_context *ctx, uint64_t word, kaa_object *key,
                            uint32_t hash);
/* Find, set, remove, with the hash at hand. */
int kaa_object__dict_look(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                          uint32_t hash, kaa_object **out_value);
int kaa_object__dict_put(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                         uint32_t hash, kaa_object *value);
/* Takes the last entry out: its references become the caller's. 0 if there is
 * none. */
int kaa_object__dict_take_last(kaa_object__dict *dict, kaa_object__slot *out);
/* The dict's `clear`. */
void kaa_object__dict_empty(kaa_context *ctx, kaa_object *self);
/* Room for `count` keys in all. */
int kaa_object__dict_reserve(kaa_context *ctx, kaa_object *dict, size_t count);

#endif /* KAA_OBJECT_DICT_H */
