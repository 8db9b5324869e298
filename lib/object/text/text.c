/* object/text/text.c - what str and bytes do alike. */
#include "object/text/text.h"

#include "object/numbers/int.h"

ptrdiff_t
kaa_object__find_bytes(const char *text, size_t size, const char *part,
                       size_t part_size, size_t from)
{
    const char *found;

    if (from > size || part_size > size - from)
        return -1;
    if (part_size == 0)
        return (ptrdiff_t)from;
    found = memmem(text + from, size - from, part, part_size);
    return found == NULL ? -1 : found - text;
}

ptrdiff_t
kaa_object__find_bytes_last(const char *text, size_t size, const char *part,
                            size_t part_size)
{
    if (part_size > size)
        return -1;
    for (size_t at = size - part_size + 1; at-- > 0;)
        if (part_size == 0 || memcmp(text + at, part, part_size) == 0)
            return (ptrdiff_t)at;
    return -1;
}

/* A fresh object of the same type, of `size` bytes and `count` characters. */
static kaa_object *
alloc_like(kaa_context *ctx, kaa_object *model, size_t size, size_t count)
{
    if (size == 0)
        return kaa_incref(ctx, kaa_object__is_str(model)
                                   ? kaa_object__runtime_of(ctx)->empty_str
                                   : kaa_object__runtime_of(ctx)->empty_bytes);
    return kaa_object__is_str(model) ? kaa_object__str_alloc(ctx, size, count)
                                     : kaa_object__bytes_alloc(ctx, size);
}

static size_t
count_of(const kaa_object *object)
{
    return kaa_object__is_str(object) ? kaa_object__str_count(object)
                                      : kaa_object__str_size(object);
}

kaa_object *
kaa_object__text_concat(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    size_t a = kaa_object__str_size(left), b = kaa_object__str_size(right);
    kaa_object *result;

    if (b == 0)
        return kaa_incref(ctx, left);
    if (a == 0)
        return kaa_incref(ctx, right);
    result = alloc_like(ctx, left, a + b, count_of(left) + count_of(right));
    if (result == NULL)
        return NULL;
    memcpy(kaa_object__str_fill(result), kaa_object__str_text(left), a);
    memcpy(kaa_object__str_fill(result) + a, kaa_object__str_text(right), b);
    return result;
}

static kaa_object *
repeat(kaa_context *ctx, kaa_object *text, kaa_object *times)
{
    size_t size = kaa_object__str_size(text), total;
    int64_t wanted;
    kaa_object *result;
    char *out;

    if (kaa_object__int_as_int64(ctx, times, &wanted) < 0) {
        if (!kaa_object__error_matches(ctx, ctx->builtins[KAA_OVERFLOW_ERROR]))
            return NULL;
        kaa_object__error_clear(ctx);
        kaa_object__raise_text(ctx, KAA_OVERFLOW_ERROR,
                               "cannot fit 'int' into an index-sized integer");
        return NULL;
    }
    if (wanted < 0)
        wanted = 0;
    if (wanted == 1)
        return kaa_incref(ctx, text);
    if (__builtin_mul_overflow(size, (size_t)wanted, &total) ||
        total > PTRDIFF_MAX / 2) {
        kaa_object__raise_memory(ctx);
        return NULL;
    }
    result = alloc_like(ctx, text, total, count_of(text) * (size_t)wanted);
    if (result == NULL || total == 0)
        return result;
    out = kaa_object__str_fill(result);
    memcpy(out, kaa_object__str_text(text), size);
    for (size_t done = size; done < total;) {
        size_t step = done < total - done ? done : total - done;

        memcpy(out + done, out, step);
        done += step;
    }
    return result;
}

kaa_object *
kaa_object__text_binary(kaa_context *ctx, kaa_object *left, kaa_object *right,
                        int op)
{
    int left_is_text = kaa_object__is_str(left) || kaa_object__is_bytes(left);
    int right_is_text =
        kaa_object__is_str(right) || kaa_object__is_bytes(right);

    if (op == KAA_ADD && left_is_text && right_is_text &&
        left->type == right->type)
        return kaa_object__text_concat(ctx, left, right);
    if (op == KAA_MULTIPLY && left_is_text && !right_is_text &&
        kaa_object__borrow_type(ctx, right)->index != NULL)
        return repeat(ctx, left, right);
    if (op == KAA_MULTIPLY && right_is_text && !left_is_text &&
        kaa_object__borrow_type(ctx, left)->index != NULL)
        return repeat(ctx, right, left);
    return kaa_not_implemented(ctx);
}

kaa_object *
kaa_object__text_compare(kaa_context *ctx, kaa_object *self, kaa_object *other,
                         int op)
{
    size_t a = kaa_object__str_size(self), b;
    int order;

    if (kaa_is_tagged(other) || other->type != self->type)
        return kaa_not_implemented(ctx);
    if (op == KAA_EQ || op == KAA_NE)
        return kaa_object__truth_value(kaa_object__str_same(self, other) ==
                                       (op == KAA_EQ));
    /* UTF-8 is in the order of code points. */
    b = kaa_object__str_size(other);
    order = memcmp(kaa_object__str_text(self), kaa_object__str_text(other),
                   a < b ? a : b);
    if (order == 0)
        order = (a > b) - (a < b);
    return kaa_object__truth_value(op == KAA_LT   ? order < 0
                                   : op == KAA_LE ? order <= 0
                                   : op == KAA_GT ? order > 0
                                                  : order >= 0);
}

int64_t
kaa_object__text_hash(kaa_context *ctx, kaa_object *self)
{
    return (int64_t)kaa_object__str_hash(ctx, self);
}

int
kaa_object__text_truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    return kaa_object__str_size(self) != 0;
}

/* ---- Iterators */

kaa_object *
kaa_object__text_iter(kaa_context *ctx, kaa_object *text,
                      kaa_object__internal_id type)
{
    kaa_object *object = kaa_object__new(
        ctx, kaa_object__internal(ctx, type), sizeof(kaa_object__text_iterator),
        KAA_HEAP_OBJECT_PLAIN); /* can be in no cycle */
    kaa_object__text_iterator *self =
        (kaa_object__text_iterator *)(void *)object;

    if (object == NULL)
        return NULL;
    self->text = kaa_incref(ctx, text);
    self->at = 0;
    return object;
}

int
kaa_object__text_iterator_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    KAA_VISIT(((kaa_object__text_iterator *)(void *)self)->text);
    return 0;
}

void
kaa_object__text_iterator_release(kaa_context *ctx, kaa_object *self)
{
    KAA_CLEAR(ctx, ((kaa_object__text_iterator *)(void *)self)->text);
}

kaa_object *
kaa_object__iter_itself(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

/* ---- Indices */

int
kaa_object__text_index(kaa_context *ctx, kaa_object *key, size_t length,
                       const char *what, size_t *out)
{
    int64_t index;

    if (kaa_object__int_as_int64(ctx, key, &index) < 0) {
        if (!kaa_object__error_matches(ctx, ctx->builtins[KAA_OVERFLOW_ERROR]))
            return -1;
        kaa_object__error_clear(ctx);
        return kaa_object__raise_text(
            ctx, KAA_INDEX_ERROR,
            "cannot fit 'int' into an index-sized integer");
    }
    if (index < 0)
        index += (int64_t)length;
    if (index < 0 || (uint64_t)index >= length)
        return kaa_object__raise_text(ctx, KAA_INDEX_ERROR, "%s out of range",
                                      what);
    *out = (size_t)index;
    return 0;
}

/* One end of a range; what is too large is cut. */
static int
range_end(kaa_context *ctx, kaa_object *object, size_t length, size_t *out)
{
    int64_t index;

    if (kaa_is_none(ctx, object))
        return 0;
    if (kaa_object__int_as_int64(ctx, object, &index) < 0) {
        int sign;

        if (!kaa_object__is_int(object))
            return -1;
        kaa_object__error_clear(ctx);
        if (kaa_object__int_sign(ctx, object, &sign) < 0)
            return -1;
        index = sign < 0 ? INT64_MIN : INT64_MAX;
    }
    if (index < 0)
        index = index < -(int64_t)length ? 0 : index + (int64_t)length;
    /* A start beyond the end finds nothing, not even nothing. */
    *out = (uint64_t)index > length ? length + 1 : (size_t)index;
    return 0;
}

int
kaa_object__text_range(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                       size_t length, size_t *out_start, size_t *out_end)
{
    *out_start = 0;
    *out_end = length;
    if (nargs > 0 && range_end(ctx, args[0], length, out_start) < 0)
        return -1;
    if (nargs > 1 && range_end(ctx, args[1], length, out_end) < 0)
        return -1;
    if (*out_end > length)
        *out_end = length;
    return 0;
}
