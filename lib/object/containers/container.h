/* object/containers/container.h - what the builtin containers share.
 *
 * A *sequence* here is a tuple or a list: both keep an array of items. What a
 * function reads of a list may change whenever code of others runs (comparing,
 * hashing, repr, iterating, an allocation that collects), so such loops ask for
 * the array anew each time, and hold the items that they hand out.
 */
#ifndef KAA_OBJECT_CONTAINER_H
#define KAA_OBJECT_CONTAINER_H

#include <string.h>

#include "base/text.h"
#include "object/core/object.h"

/* A tuple. Of kind PLAIN if none of its items is looked at by the collector. */
typedef struct kaa_object__tuple {
    kaa_object header;
    size_t count;
    kaa_object *items[];
} kaa_object__tuple;

/* A list. `refers` is 0 as long as every item that it has had since it was last
 * empty is a value in its handle: then there is nothing to visit or give up. */
typedef struct kaa_object__list {
    kaa_object header;
    kaa_object **items; /* raw memory of the heap, or NULL */
    size_t count;
    size_t capacity;
    uint32_t refers;
    uint32_t unused;
} kaa_object__list;

#define KAA_OBJECT__COUNT_MAX ((size_t)(PTRDIFF_MAX / 16))

static inline int
kaa_object__has_id(const kaa_object *object, kaa_builtin_id id)
{
    return !kaa_is_tagged(object) && object->type->id == (int32_t)id;
}

static inline kaa_object__tuple *
kaa_object__as_tuple(kaa_object *object)
{
    return (kaa_object__tuple *)(void *)object;
}

static inline kaa_object__list *
kaa_object__as_list(kaa_object *object)
{
    return (kaa_object__list *)(void *)object;
}

static inline int
kaa_object__is_sequence(const kaa_object *object)
{
    return kaa_object__has_id(object, KAA_LIST_TYPE) ||
           kaa_object__has_id(object, KAA_TUPLE_TYPE);
}

/* The items of a tuple or list, as they are now. */
static inline kaa_object *const *
kaa_object__sequence(kaa_object *object, size_t *out_count)
{
    if (object->type->id == (int32_t)KAA_TUPLE_TYPE) {
        *out_count = kaa_object__as_tuple(object)->count;
        return kaa_object__as_tuple(object)->items;
    }
    *out_count = kaa_object__as_list(object)->count;
    return kaa_object__as_list(object)->items;
}

/* kaa_incref() and kaa_decref() of native objects, which are not NULL. */
static inline kaa_object *
kaa_object__take(kaa_object *object)
{
    if (!kaa_is_tagged(object))
        object->word++;
    return object;
}

static inline void
kaa_object__give(kaa_context *ctx, kaa_object *object)
{
    if (!kaa_is_tagged(object) &&
        (--object->word & KAA_OBJECT__COUNT_MASK) == 0)
        kaa_object__dealloc(ctx, object);
}

/* ---- container.c */

/* Whether two objects are equal, one being equal to itself: 1, 0, or -1. May
 * run code of others. */
int kaa_object__equal(kaa_context *ctx, kaa_object *left, kaa_object *right);

/* Whether `object` is being shown further out; then "[...]" stands for it. Else
 * `showing`, on the stack of the caller, remembers it until
 * kaa_object__show_end(). -1: calls are too deep. */
struct kaa_object__showing {
    kaa_object *object;
    struct kaa_object__showing *outer;
};
int kaa_object__show_begin(kaa_context *ctx,
                           struct kaa_object__showing *showing,
                           kaa_object *object);
void kaa_object__show_end(kaa_context *ctx,
                          struct kaa_object__showing *showing);
/* Adds repr(object). 0, or -1. */
int kaa_object__show(kaa_context *ctx, kaa_base__text *text,
                     kaa_object *object);
/* The str of a text, which is freed; NULL if it, or `is_failed`, failed. */
kaa_object *kaa_object__show_text(kaa_context *ctx, kaa_base__text *text,
                                  int is_failed);

/* What to do with an int that ptrdiff_t has no room for. */
typedef enum kaa_object__too_large {
    KAA_OBJECT__INDEX_ERROR,
    KAA_OBJECT__CUT, /* to the least or the greatest */
    KAA_OBJECT__OVERFLOW_ERROR
} kaa_object__too_large;

/* The value of an int, or of what has __index__. 0, or -1. */
int kaa_object__index_of(kaa_context *ctx, kaa_object *key, ptrdiff_t *out,
                         kaa_object__too_large too_large);
/* Whether an object is an int or has __index__. */
static inline int
kaa_object__has_index(kaa_context *ctx, const kaa_object *object)
{
    return kaa_object__borrow_type(ctx, object)->index != NULL;
}
/* The same for the key of a sequence, or TypeError and 0. */
int kaa_object__is_index(kaa_context *ctx, kaa_object *key, const char *name);
/* A bound of a slice within `length`: negative ones count from the end. */
static inline size_t
kaa_object__bound(ptrdiff_t bound, size_t length)
{
    if (bound < 0)
        bound = bound + (ptrdiff_t)length < 0 ? 0 : bound + (ptrdiff_t)length;
    return (size_t)bound > length ? length : (size_t)bound;
}

/* For `create`: at most `max` arguments and no keywords, or TypeError and -1.
 */
int kaa_object__check_args(kaa_context *ctx, const char *name, size_t nargs,
                           size_t min, size_t max, kaa_object *kwnames);

/* The hash of what can change: TypeError. */
int64_t kaa_object__unhashable(kaa_context *ctx, kaa_object *self);

/* Slots of tuples and lists alike. */
void kaa_object__describe_item(kaa_object *const *items, size_t count,
                               size_t number, char *buffer, size_t size);
kaa_object *kaa_object__sequence_compare(kaa_context *ctx, kaa_object *left,
                                         kaa_object *right, int op);
int kaa_object__sequence_contains(kaa_context *ctx, kaa_object *self,
                                  kaa_object *item);
/* The first index from `start` to before `end` whose item equals `item`; -1 if
 * there is none, -2 if comparing failed. */
ptrdiff_t kaa_object__sequence_find(kaa_context *ctx, kaa_object *self,
                                    kaa_object *item, size_t start, size_t end);
/* The methods index() and count(). */
kaa_object *kaa_object__sequence_index(kaa_context *ctx, kaa_object *self,
                                       kaa_object *const *args, size_t nargs);
kaa_object *kaa_object__sequence_count(kaa_context *ctx, kaa_object *self,
                                       kaa_object *item);

/* ---- container_verify.c */

/* What is wrong with a list, dict or set; NULL: nothing is. */
const char *kaa_object__container_verify(kaa_object *object);

/* ---- list.c */

/* Room for `count` items in all. 0, or -1. */
int kaa_object__list_reserve(kaa_context *ctx, kaa_object__list *list,
                             size_t count);
/* Appends where there is room. */
static inline void
kaa_object__list_put(kaa_object__list *list, kaa_object *item)
{
    if (!kaa_is_tagged(item))
        list->refers = 1;
    list->items[list->count++] = item;
}
/* An empty list. */
kaa_object__list *kaa_object__list_make(kaa_context *ctx);

/* ---- tuple.c */

/* A tuple of the items of a tuple or list. */
kaa_object *kaa_object__tuple_of(kaa_context *ctx, kaa_object *sequence,
                                 size_t start, size_t end);

/* ---- slice.c */

/* The parts of a slice as numbers: what is left out depends on the sign of the
 * step. May run code of others. */
int kaa_object__slice_unpack(kaa_context *ctx, kaa_object *slice,
                             ptrdiff_t *out_start, ptrdiff_t *out_stop,
                             ptrdiff_t *out_step);
/* Cuts them to a length; how many items are picked. */
ptrdiff_t kaa_object__slice_adjust(ptrdiff_t length, ptrdiff_t *start,
                                   ptrdiff_t stop, ptrdiff_t step);

/* ---- iterators.c */

/* Iterates by kaa_get_index() until IndexError. */
kaa_object *kaa_object__sequence_iterator_new(kaa_context *ctx,
                                              kaa_object *object);
/* Of a list, tuple, dict or set: an iterator of the internal type `id`. */
kaa_object *kaa_object__iterator_new(kaa_context *ctx,
                                     kaa_object__internal_id id,
                                     kaa_object *container);

/* ---- sort.c */

/* Sorts items in place, stable, by `<`; those with keys[i] in place of
 * items[i], if `keys` is not NULL, along with them. On failure (-1) all are
 * there, in some order. */
int kaa_object__sort(kaa_context *ctx, kaa_object **keys, kaa_object **items,
                     size_t count);

#endif /* KAA_OBJECT_CONTAINER_H */
