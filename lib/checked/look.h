/* checked/look.h - what a slot of the checked table does before and after the
 * inner one: for table.c, objects.c.
 *
 * Each parameter of a slot is looked at by its type. */
#ifndef KAA_CHECKED_LOOK_H
#define KAA_CHECKED_LOOK_H

#include <string.h>

#include "checked/checked.h"

/* Where the slot returns to; its frame is noted for kaa_checked__caller(). */
#define SITE                                                                   \
    (own_of(ctx)->at = __builtin_frame_address(0), __builtin_return_address(0))

static inline kaa_checked__context *
own_of(kaa_context *ctx)
{
    return (kaa_checked__context *)ctx;
}

/* kaa_checked__enter(), where there is nothing to be told. */
static inline kaa_context *
enter(kaa_context *ctx, kaa_checked__slot slot, const void *site)
{
    kaa_checked__context *own = own_of(ctx);
    kaa_checked__frame *frame = own->frame;

    if (own->self != kaa_checked__self() || own->is_telling || frame == NULL ||
        frame->is_let_go)
        return kaa_checked__enter(ctx, slot, site);
    frame->has_called |= kaa_checked__is_calling(slot);
    return own->inner;
}

static inline int
see_object(kaa_checked__look *look, kaa_object *object)
{
    look->index++;
    if (look->frame == NULL)
        return 1;
    if (object == NULL)
        return kaa_checked__see_null(look);
    if (kaa_checked__is_masked(look->frame, object))
        kaa_checked__see_use(look, object);
    return 1;
}

static inline int
see_items(kaa_checked__look *look, kaa_object *const *items)
{
    look->items = items;
    return 1;
}

/* A size right behind items is how many they are. NULL among them fails. */
static inline int
see_size(kaa_checked__look *look, size_t count)
{
    kaa_object *const *items = look->items;

    look->items = NULL;
    if (items == NULL || look->frame == NULL)
        return 1;
    for (size_t i = 0; i < count; i++) {
        if (items[i] == NULL)
            return look->slot == SLOT_tuple_take_array ||
                   look->slot == SLOT_list_take_array ||
                   kaa_checked__see_null(look);
        if (kaa_checked__is_masked(look->frame, items[i]))
            kaa_checked__see_use(look, items[i]);
    }
    return 1;
}

static inline int
see_text(kaa_checked__look *look, const void *text)
{
    if (look->frame != NULL && look->frame->lent_count != 0 && text != NULL)
        kaa_checked__see_text(look, text);
    return 1;
}

/* When all of them have been looked at. */
static inline int
see_call(const kaa_checked__look *look)
{
    if (look->frame != NULL && look->frame->may_be_pending)
        kaa_checked__see_pending(look->own, look->slot, look->site);
    return 1;
}

/* What an argument is if it is of a type, else NULL or 0. (All branches of a
 * _Generic are compiled, so that each is given what fits it.) */
#define IF_OBJECT(x) _Generic((x), kaa_object * : (x), default : NULL)
#define IF_ITEMS(x) _Generic((x), kaa_object *const * : (x), default : NULL)
#define IF_SIZE(x) _Generic((x), size_t : (x), default : 0)
#define IF_TEXT(x)                                                             \
    _Generic((x), const char * : (x), const void * : (x), default : NULL)
#define SEEN(x)                                                                \
    _Generic((x), kaa_object *                                                 \
             : see_object(&look, IF_OBJECT(x)), kaa_object *const *            \
             : see_items(&look, IF_ITEMS(x)), size_t                           \
             : see_size(&look, IF_SIZE(x)), const char *                       \
             : see_text(&look, IF_TEXT(x)), const void *                       \
             : see_text(&look, IF_TEXT(x)), default                            \
             : 1)
#define SEEN1(a) SEEN(a)
#define SEEN2(a, b) (SEEN(a) && SEEN(b))
#define SEEN3(a, b, c) (SEEN2(a, b) && SEEN(c))
#define SEEN4(a, b, c, d) (SEEN3(a, b, c) && SEEN(d))
#define SEEN5(a, b, c, d, e) (SEEN4(a, b, c, d) && SEEN(e))
#define SEEN6(a, b, c, d, e, f) (SEEN5(a, b, c, d, e) && SEEN(f))
#define SEEN7(a, b, c, d, e, f, g) (SEEN6(a, b, c, d, e, f) && SEEN(g))
#define SEEN_OF(a, b, c, d, e, f, g, chosen, ...) chosen
#define ALL_SEEN(...)                                                          \
    (SEEN_OF(__VA_ARGS__, SEEN7, SEEN6, SEEN5, SEEN4, SEEN3, SEEN2, SEEN1,     \
             0)(__VA_ARGS__) &&                                                \
     see_call(&look))

/* Declares `inner` and returns `failure` where the call may not be made. */
#define ENTER(name, failure, ...)                                              \
    kaa_context *inner = enter(ctx, SLOT_##name, SITE);                        \
    kaa_checked__look look = {                                                 \
        own_of(ctx), own_of(ctx)->frame, SLOT_##name, 0, NULL, SITE};          \
                                                                               \
    if (inner == NULL || !ALL_SEEN(__VA_ARGS__) ||                             \
        kaa_checked__is_failing(&look))                                        \
    return failure

static inline int
is_object_slot(kaa_checked__slot slot)
{
    return slot != SLOT_tuple_get_borrowed;
}

#define IS_OBJECT(x) _Generic((x), kaa_object * : 1, default : 0)
#define IS_NUMBER(x)                                                           \
    _Generic((x), int : 1, long : 1, unsigned long : 1, default : 0)

/* What came of a call: a reference, a failure. */
static inline void
note(kaa_context *ctx, kaa_checked__slot slot, int is_object, int is_failure,
     const void *result, const void *site)
{
    kaa_object *object;

    if (is_failure && own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->may_be_pending = 1;
    if (is_failure || !is_object)
        return;
    memcpy(&object, result, sizeof(object));
    if (is_object_slot(slot))
        kaa_checked__gain(own_of(ctx), object, slot, site);
}

static inline kaa_object *
gained(kaa_context *ctx, kaa_object *result, kaa_checked__slot slot,
       const void *site)
{
    note(ctx, slot, 1, result == NULL, &result, site);
    return result;
}

static inline int
failing(kaa_context *ctx, int result)
{
    if (result < 0 && own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->may_be_pending = 1;
    return result;
}

#endif /* KAA_CHECKED_LOOK_H */
