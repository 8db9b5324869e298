/* object/containers/set.h - how a set or frozenset lies in memory, and a walk
 * over it.
 *
 *     words[capacity]    items by hash: open addressing, linear
 *     hashes[capacity]   their hashes, to grow and to remove by
 *
 * One block. An item is a word: an int in its handle as it is, anything else
 * with 16 bits of its hash above its 48 bits of address. So a search reads an
 * item only where it is most likely the one. A removed item leaves nothing
 * behind: those after it that a search would then miss move up.
 */
#ifndef KAA_OBJECT_SET_H
#define KAA_OBJECT_SET_H

#include "object/containers/dict.h"

#define KAA_OBJECT__EMPTY UINT64_C(0)
#define KAA_OBJECT__ADDRESS ((UINT64_C(1) << 48) - 1)

typedef struct kaa_object__set {
    kaa_object header;
    uint64_t *words; /* NULL if capacity is 0 */
    uint32_t count;
    uint32_t capacity;
    uint32_t changes; /* of items: grows with each */
    uint32_t finger;  /* where pop() looks next */
    uint64_t hash;    /* of a frozenset; 0: not known yet */
} kaa_object__set;

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

static inline kaa_object__set *
kaa_object__as_set(kaa_object *object)
{
    return (kaa_object__set *)(void *)object;
}

static inline int
kaa_object__is_set(const kaa_object *object)
{
    return kaa_object__has_id(object, KAA_SET_TYPE) ||
           kaa_object__has_id(object, KAA_FROZENSET_TYPE);
}

static inline uint32_t *
kaa_object__set_hashes(const kaa_object__set *set)
{
    return (uint32_t *)(void *)(set->words + set->capacity);
}

/* The item at *position or after it, borrowed; 0 at the end. *position is one
 * more than its place. */
static inline int
kaa_object__set_step(const kaa_object__set *set, size_t *position,
                     kaa_object **out)
{
    while (*position < set->capacity) {
        uint64_t word = set->words[(*position)++];

        if (word != KAA_OBJECT__EMPTY) {
            *out = kaa_object__word_key(word);
            return 1;
        }
    }
    return 0;
}

/* ---- set.c; `self` is a set or frozenset, even if that cannot change for
 * others: new ones are filled so */

/* An empty one. */
kaa_object *kaa_object__set_make(kaa_context *ctx, kaa_builtin_id id);
/* Whether an item with that hash is there. */
int kaa_object__set_look(kaa_context *ctx, kaa_object *self, kaa_object *item,
                         uint32_t hash);
/* Adds it: 1 if it was not there. */
int kaa_object__set_put(kaa_context *ctx, kaa_object *self, kaa_object *item,
                        uint32_t hash);
/* Removes it: 1 if it was there. */
int kaa_object__set_take_out(kaa_context *ctx, kaa_object *self,
                             kaa_object *item, uint32_t hash);
/* Adds the items of an iterable. What came before an error stays. */
int kaa_object__set_extend(kaa_context *ctx, kaa_object *self,
                           kaa_object *items);
/* A copy, as set or frozenset. */
kaa_object *kaa_object__set_copy(kaa_context *ctx, kaa_object *self,
                                 kaa_builtin_id id);
/* The set's `clear`. */
void kaa_object__set_empty(kaa_context *ctx, kaa_object *self);

#endif /* KAA_OBJECT_SET_H */
