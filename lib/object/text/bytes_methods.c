/* object/text/bytes_methods.c - the methods of bytes: decode, hex, find,
 * startswith, endswith. */
#include "object/numbers/number.h"
#include "object/text/text.h"
#include "object/text/writer.h"

static int
expect_bytes(kaa_context *ctx, kaa_object *object)
{
    if (kaa_object__is_bytes(object))
        return 0;
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                  "a bytes-like object is required, not '%s'",
                                  kaa_object__borrow_type(ctx, object)->name);
}

static kaa_object *
method_decode(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    const char *encoding, *errors;

    if (kaa_object__codec_names(ctx, "decode", args, nargs, 0, kwnames,
                                &encoding, &errors) < 0)
        return NULL;
    return kaa_object__decode(ctx, kaa_object__str_text(self),
                              kaa_object__str_size(self), encoding, errors);
}

static kaa_object *
method_hex(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    size_t size = kaa_object__str_size(self);
    kaa_object *result;

    (void)args;
    if (kaa_object__check_count(ctx, "hex", nargs, 0, 0, NULL) < 0)
        return NULL;
    if (size == 0)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_str);
    result = kaa_object__str_alloc(ctx, size * 2, size * 2);
    for (size_t i = 0; result != NULL && i < size; i++) {
        unsigned char byte = (unsigned char)kaa_object__str_text(self)[i];

        kaa_object__str_fill(result)[2 * i] = "0123456789abcdef"[byte >> 4];
        kaa_object__str_fill(result)[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    return result;
}

static kaa_object *
method_find(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs)
{
    size_t start, end;
    ptrdiff_t found = -1;

    if (kaa_object__check_count(ctx, "find", nargs, 1, 3, NULL) < 0 ||
        expect_bytes(ctx, args[0]) < 0 ||
        kaa_object__text_range(ctx, args + 1, nargs - 1,
                               kaa_object__str_size(self), &start, &end) < 0)
        return NULL;
    if (start <= end)
        found = kaa_object__find_bytes(kaa_object__str_text(self), end,
                                       kaa_object__str_text(args[0]),
                                       kaa_object__str_size(args[0]), start);
    return kaa_object__int_small(ctx, found);
}

/* One prefix or suffix, or a tuple of them. */
static kaa_object *
match_end(kaa_context *ctx, const char *method, kaa_object *self,
          kaa_object *const *args, size_t nargs, int at_end)
{
    size_t size = kaa_object__str_size(self);
    ptrdiff_t number = 1;
    int is_tuple, found = 0;

    if (kaa_object__check_count(ctx, method, nargs, 1, 1, NULL) < 0)
        return NULL;
    is_tuple = kaa_object__is(ctx, args[0], KAA_TUPLE_TYPE);
    if (is_tuple)
        number = kaa_object__tuple_size(ctx, args[0]);
    for (ptrdiff_t i = 0; i < number && !found; i++) {
        kaa_object *part = is_tuple
                               ? kaa_object__tuple_get_borrowed(ctx, args[0], i)
                               : args[0];
        size_t part_size;

        if (expect_bytes(ctx, part) < 0)
            return NULL;
        part_size = kaa_object__str_size(part);
        found =
            part_size <= size &&
            memcmp(kaa_object__str_text(self) + (at_end ? size - part_size : 0),
                   kaa_object__str_text(part), part_size) == 0;
    }
    return kaa_object__truth_value(found);
}

static kaa_object *
method_startswith(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                  size_t nargs)
{
    return match_end(ctx, "startswith", self, args, nargs, 0);
}

static kaa_object *
method_endswith(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                size_t nargs)
{
    return match_end(ctx, "endswith", self, args, nargs, 1);
}

const kaa_method kaa_object__bytes_methods[] = {
    KAA_METHOD_KEYWORDS("decode", method_decode,
                        "decode($self, encoding='utf-8', errors='strict')\n"
                        "--\n\nThe text that the bytes are."),
    KAA_METHOD("hex", method_hex,
               "hex($self)\n--\n\nTwo hexadecimal digits for each byte."),
    KAA_METHOD("find", method_find,
               "find($self, sub, start=None, end=None, /)\n--\n\nThe first "
               "index of a part, or -1."),
    KAA_METHOD("startswith", method_startswith,
               "startswith($self, prefix, /)\n--\n\nWhether it begins with one "
               "of them."),
    KAA_METHOD("endswith", method_endswith,
               "endswith($self, suffix, /)\n--\n\nWhether it ends with one of "
               "them."),
    KAA_METHODS_END,
};
