/* object/containers/container.c - what the builtin containers share: equality,
 * showing what may contain itself, indices, and the operations of tuples and
 * lists that do not care which they are. */
#include "object/containers/container.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/memory.h"
#include "object/text/str.h"

int
kaa_object__equal(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    if (left == right)
        return 1;
    if (kaa_object__is_int_tag(left) && kaa_object__is_int_tag(right))
        return 0;
    if (kaa_object__has_id(left, KAA_STR_TYPE) &&
        kaa_object__has_id(right, KAA_STR_TYPE))
        return kaa_object__str_same(left, right);
    return kaa_object__compare_truth(ctx, left, right, KAA_EQ);
}

/* ---- repr */

int
kaa_object__show_begin(kaa_context *ctx, struct kaa_object__showing *showing,
                       kaa_object *object)
{
    kaa_object__context *own = kaa_object__context_of(ctx);
    struct kaa_object__showing *outer;

    for (outer = own->showing; outer != NULL; outer = outer->outer)
        if (outer->object == object)
            return 1;
    if (kaa_object__begin_call(ctx) != 0)
        return -1;
    showing->object = object;
    showing->outer = own->showing;
    own->showing = showing;
    return 0;
}

void
kaa_object__show_end(kaa_context *ctx, struct kaa_object__showing *showing)
{
    kaa_object__context_of(ctx)->showing = showing->outer;
    kaa_object__end_call(ctx);
}

int
kaa_object__repr_enter(kaa_context *ctx, kaa_object *object)
{
    struct kaa_object__showing *showing = kaa_base__alloc(sizeof(*showing));
    int result;

    if (showing == NULL)
        return kaa_object__raise_memory(ctx);
    result = kaa_object__show_begin(ctx, showing, object);
    if (result != 0)
        kaa_base__free(showing);
    return result;
}

/* Containers that show themselves have come back by now, so the newest is what
 * repr_enter() made. */
void
kaa_object__repr_leave(kaa_context *ctx, kaa_object *object)
{
    struct kaa_object__showing *showing = kaa_object__context_of(ctx)->showing;

    KAA_ASSERT(showing != NULL && showing->object == object);
    (void)object;
    kaa_object__show_end(ctx, showing);
    kaa_base__free(showing);
}

int
kaa_object__show(kaa_context *ctx, kaa_base__text *text, kaa_object *object)
{
    kaa_object *shown = kaa_object__repr(ctx, object);
    const char *bytes;
    size_t size;

    if (shown == NULL)
        return -1;
    bytes = kaa_object__str_as_utf8(ctx, shown, &size);
    if (bytes != NULL)
        kaa_base__text_add(text, bytes, size);
    kaa_object__give(ctx, shown);
    return bytes == NULL ? -1 : 0;
}

kaa_object *
kaa_object__show_text(kaa_context *ctx, kaa_base__text *text, int is_failed)
{
    kaa_object *result = NULL;

    if (!is_failed && text->failed)
        kaa_object__raise_memory(ctx);
    else if (!is_failed)
        result = kaa_object__str_from_utf8(ctx, text->bytes, text->length);
    kaa_base__text_fini(text);
    return result;
}

/* ---- Arguments */

int
kaa_object__index_of(kaa_context *ctx, kaa_object *key, ptrdiff_t *out,
                     kaa_object__too_large too_large)
{
    kaa_object *number;
    int64_t value = 0;
    int sign = 0;

    if (KAA_LIKELY(kaa_object__is_int_tag(key))) {
        *out = (ptrdiff_t)kaa_object__tagged_int(key);
        return 0;
    }
    number = kaa_object__index(ctx, key);
    if (number == NULL)
        return -1;
    if (kaa_object__is_int_tag(number)) {
        *out = (ptrdiff_t)kaa_object__tagged_int(number);
        return 0;
    }
    if (kaa_object__int_as_int64(ctx, number, &value) != 0) {
        if (!kaa_object__error_matches(ctx,
                                       kaa_builtin(ctx, KAA_OVERFLOW_ERROR))) {
            kaa_object__give(ctx, number);
            return -1;
        }
        kaa_object__error_clear(ctx);
        if (too_large != KAA_OBJECT__CUT) {
            kaa_object__give(ctx, number);
            return kaa_object__raise_text(
                ctx,
                too_large == KAA_OBJECT__INDEX_ERROR ? KAA_INDEX_ERROR
                                                     : KAA_OVERFLOW_ERROR,
                "cannot fit '%s' into an index-sized integer",
                kaa_object__borrow_type(ctx, key)->name);
        }
        if (kaa_object__int_sign(ctx, number, &sign) != 0) {
            kaa_object__give(ctx, number);
            return -1;
        }
        value = sign < 0 ? PTRDIFF_MIN : PTRDIFF_MAX;
    }
    kaa_object__give(ctx, number);
    *out = (ptrdiff_t)value;
    return 0;
}

int
kaa_object__is_index(kaa_context *ctx, kaa_object *key, const char *name)
{
    if (KAA_LIKELY(kaa_object__has_index(ctx, key)))
        return 1;
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           "%s indices must be integers or slices, not %s",
                           name, kaa_object__borrow_type(ctx, key)->name);
    return 0;
}

int
kaa_object__check_args(kaa_context *ctx, const char *name, size_t nargs,
                       size_t min, size_t max, kaa_object *kwnames)
{
    if (kwnames != NULL && kaa_object__as_tuple(kwnames)->count != 0)
        return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                      "%s takes no keyword arguments", name);
    if (nargs < min)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "%s expected at least %zu argument%s, got %zu",
            name, min, min == 1 ? "" : "s", nargs);
    if (nargs > max)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "%s expected at most %zu argument%s, got %zu",
            name, max, max == 1 ? "" : "s", nargs);
    return 0;
}

int64_t
kaa_object__unhashable(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "unhashable type: '%s'",
                                  self->type->name);
}

/* ---- Tuples and lists alike */

/* Values in handles are not visited, so they do not count. */
void
kaa_object__describe_item(kaa_object *const *items, size_t count, size_t number,
                          char *buffer, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (!kaa_is_tagged(items[i]) && number-- == 0) {
            snprintf(buffer, size, "[%zu]", i);
            return;
        }
    }
    snprintf(buffer, size, "#%zu", number);
}

/* Item `index`, held, if it is there still. */
static kaa_object *
item_at(kaa_object *sequence, size_t index)
{
    size_t count;
    kaa_object *const *items = kaa_object__sequence(sequence, &count);

    return index < count ? kaa_object__take(items[index]) : NULL;
}

/* The comparison of two sequences, or what kaa_object__compare() gives for the
 * first items that differ. */
static kaa_object *
compare_items(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    size_t left_count, right_count;
    kaa_object *result, *left_item, *right_item;

    for (size_t i = 0;; i++) {
        int equal;

        left_item = item_at(left, i);
        right_item = left_item == NULL ? NULL : item_at(right, i);
        if (right_item == NULL) {
            if (left_item != NULL)
                kaa_object__give(ctx, left_item);
            break;
        }
        equal = kaa_object__equal(ctx, left_item, right_item);
        if (equal == 0 && op != KAA_EQ && op != KAA_NE)
            result = kaa_object__compare(ctx, left_item, right_item, op);
        else
            result = equal < 0 ? NULL : kaa_object__truth_value(op == KAA_NE);
        kaa_object__give(ctx, left_item);
        kaa_object__give(ctx, right_item);
        if (equal != 1)
            return result;
    }
    kaa_object__sequence(left, &left_count);
    kaa_object__sequence(right, &right_count);
    switch ((kaa_comparison)op) {
    case KAA_LT:
        return kaa_object__truth_value(left_count < right_count);
    case KAA_LE:
        return kaa_object__truth_value(left_count <= right_count);
    case KAA_EQ:
        return kaa_object__truth_value(left_count == right_count);
    case KAA_NE:
        return kaa_object__truth_value(left_count != right_count);
    case KAA_GT:
        return kaa_object__truth_value(left_count > right_count);
    case KAA_GE:
    default:
        return kaa_object__truth_value(left_count >= right_count);
    }
}

kaa_object *
kaa_object__sequence_compare(kaa_context *ctx, kaa_object *left,
                             kaa_object *right, int op)
{
    size_t left_count, right_count;
    kaa_object *result;

    if (kaa_is_tagged(left) || kaa_is_tagged(right) ||
        left->type != right->type)
        return kaa_not_implemented(ctx);
    kaa_object__sequence(left, &left_count);
    kaa_object__sequence(right, &right_count);
    if (left_count != right_count && (op == KAA_EQ || op == KAA_NE))
        return kaa_object__truth_value(op == KAA_NE);
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    result = compare_items(ctx, left, right, op);
    kaa_object__end_call(ctx);
    return result;
}

ptrdiff_t
kaa_object__sequence_find(kaa_context *ctx, kaa_object *self, kaa_object *item,
                          size_t start, size_t end)
{
    for (size_t i = start; i < end; i++) {
        kaa_object *held = item_at(self, i);
        int equal;

        if (held == NULL)
            break;
        equal = kaa_object__equal(ctx, held, item);
        kaa_object__give(ctx, held);
        if (equal != 0)
            return equal < 0 ? -2 : (ptrdiff_t)i;
    }
    return -1;
}

int
kaa_object__sequence_contains(kaa_context *ctx, kaa_object *self,
                              kaa_object *item)
{
    ptrdiff_t index = kaa_object__sequence_find(ctx, self, item, 0, SIZE_MAX);

    return index == -2 ? -1 : index >= 0;
}

kaa_object *
kaa_object__sequence_index(kaa_context *ctx, kaa_object *self,
                           kaa_object *const *args, size_t nargs)
{
    ptrdiff_t start = 0, end = PTRDIFF_MAX, index;
    size_t count;
    const char *name = self->type->name;

    if (kaa_object__check_args(ctx, "index", nargs, 1, 3, NULL) != 0)
        return NULL;
    if (nargs > 1 &&
        kaa_object__index_of(ctx, args[1], &start, KAA_OBJECT__CUT) != 0)
        return NULL;
    if (nargs > 2 &&
        kaa_object__index_of(ctx, args[2], &end, KAA_OBJECT__CUT) != 0)
        return NULL;
    kaa_object__sequence(self, &count);
    index = kaa_object__sequence_find(ctx, self, args[0],
                                      kaa_object__bound(start, count),
                                      kaa_object__bound(end, count));
    if (index >= 0)
        return kaa_int(ctx, index);
    if (index == -1)
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "%s.index(x): x not in %s",
                               name, name);
    return NULL;
}

kaa_object *
kaa_object__sequence_count(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    ptrdiff_t index = -1;
    int64_t count = 0;

    while ((index = kaa_object__sequence_find(
                ctx, self, item, (size_t)(index + 1), SIZE_MAX)) >= 0)
        count++;
    return index == -2 ? NULL : kaa_int(ctx, count);
}
