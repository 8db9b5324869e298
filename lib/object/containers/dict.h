/* object/containers/dict.h - how a dict lies in memory, and a walk over it.
 *
 *     entries[limit]     key and value, in the order of insertion
 *     index[capacity]    by hash: open addressing, linear; 0: empty, else the
 *                        number of an entry plus 1, and above it as many bits
 *                        of the hash as there is room for
 *     hashes[limit]      of the entries, to grow by
 *
 * A search so reads an entry only where it is most likely the one, and the
 * index is so small that caches hold that of a dict of a million keys. To grow
 * is to make the index anew; entries stay where they are if the heap has room
 * behind them. Small dicts have all in one block, others two.
 *
 * A removed key leaves a dead entry (key NULL), which its place in the index
 * still leads to; both go when the index is made anew.
 */
#ifndef KAA_OBJECT_DICT_H
#define KAA_OBJECT_DICT_H

#include "object/containers/container.h"

typedef struct kaa_object__dict_entry {
    kaa_object *key; /* NULL: dead */
    kaa_object *value;
} kaa_object__dict_entry;

typedef struct kaa_object__dict {
    kaa_object header;
    kaa_object__dict_entry *entries; /* NULL if capacity is 0 */
    uint32_t *index;                 /* and hashes */
    uint32_t count;                  /* keys */
    uint32_t used;                   /* entries, dead ones too */
    uint32_t capacity;               /* of the index */
    uint32_t limit;                  /* of used; less than capacity */
    uint32_t changes;                /* of keys: grows with each */
    uint32_t bits;                   /* of an index that are the number */
} kaa_object__dict;

static inline kaa_object__dict *
kaa_object__as_dict(kaa_object *object)
{
    return (kaa_object__dict *)(void *)object;
}

static inline uint32_t *
kaa_object__dict_hashes(const kaa_object__dict *dict)
{
    return dict->index + dict->capacity;
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

/* The entry at *position or after it, borrowed; 0 at the end. */
static inline int
kaa_object__dict_step(const kaa_object__dict *dict, size_t *position,
                      kaa_object **out_key, kaa_object **out_value)
{
    while (*position < dict->used) {
        const kaa_object__dict_entry *entry = &dict->entries[*position];

        ++*position;
        if (entry->key != NULL) {
            if (out_key != NULL)
                *out_key = entry->key;
            if (out_value != NULL)
                *out_value = entry->value;
            return 1;
        }
    }
    return 0;
}

/* ---- dict.c */

/* The hash of a key, spread; 0, or -1 where it has none. May run code of
 * others. */
int kaa_object__key_hash(kaa_context *ctx, kaa_object *key, uint32_t *out);
/* Find, set, remove, with a known hash. */
int kaa_object__dict_look(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                          uint32_t hash, kaa_object **out_value);
int kaa_object__dict_put(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                         uint32_t hash, kaa_object *value);
/* Takes the last entry out: its references become the caller's. 0 if there is
 * none. */
int kaa_object__dict_take_last(kaa_object__dict *dict,
                               kaa_object__dict_entry *out);
/* dict.update(other, **named), and dict(other, **named), as `name` says. */
int kaa_object__dict_update_any(kaa_context *ctx, kaa_object *self,
                                const char *name, kaa_object *const *args,
                                size_t nargs, kaa_object *kwnames);
/* The dict's `clear`. */
void kaa_object__dict_empty(kaa_context *ctx, kaa_object *self);
/* Room for `count` keys in all. */
int kaa_object__dict_reserve(kaa_context *ctx, kaa_object *dict, size_t count);

#endif /* KAA_OBJECT_DICT_H */
