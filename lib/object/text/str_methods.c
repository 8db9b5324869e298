/* object/text/str_methods.c - the methods of str: join, split, strip,
 * startswith, endswith, find, rfind, index, count, replace, encode; as
 * CPython's, arguments by position alone but for encode(). No case mapping:
 * that takes tables.
 */
#include "object/numbers/int.h"
#include "object/numbers/number.h"
#include "object/text/text.h"
#include "object/text/utf8.h"
#include "object/text/writer.h"

static int
expect_str(kaa_context *ctx, const char *method, kaa_object *object)
{
    if (kaa_object__is_str(object))
        return 0;
    return kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                                  "%s() argument must be str, not %s", method,
                                  kaa_object__borrow_type(ctx, object)->name);
}

/* What str.isspace() says of one character. */
static int
is_space(uint32_t point)
{
    return (point >= 9 && point <= 13) || (point >= 0x1C && point <= 0x20) ||
           point == 0x85 || point == 0xA0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || point == 0x205F ||
           point == 0x3000;
}

/* ---- join */

/* The size and count of all items, and of what stands between them. */
static int
measure(kaa_context *ctx, kaa_object *separator, kaa_object *items,
        size_t *out_size, size_t *out_count)
{
    ptrdiff_t number = kaa_object__tuple_size(ctx, items);
    size_t between = (size_t)number - 1;
    size_t size, count;

    if (__builtin_mul_overflow(kaa_object__str_size(separator), between, &size))
        return kaa_object__raise_memory(ctx);
    count = kaa_object__str_count(separator) * between;
    for (ptrdiff_t i = 0; i < number; i++) {
        kaa_object *item = kaa_object__tuple_get_borrowed(ctx, items, i);

        if (!kaa_object__is_str(item))
            return kaa_object__raise_text(
                ctx, KAA_TYPE_ERROR,
                "sequence item %td: expected str instance, %s found", i,
                kaa_object__borrow_type(ctx, item)->name);
        if (__builtin_add_overflow(size, kaa_object__str_size(item), &size))
            return kaa_object__raise_memory(ctx);
        count += kaa_object__str_count(item);
    }
    *out_size = size;
    *out_count = count;
    return 0;
}

static kaa_object *
join_items(kaa_context *ctx, kaa_object *separator, kaa_object *items)
{
    ptrdiff_t number = kaa_object__tuple_size(ctx, items);
    size_t size = 0, count = 0, gap = kaa_object__str_size(separator);
    kaa_object *result;
    char *out;

    if (number == 0)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_str);
    if (measure(ctx, separator, items, &size, &count) < 0)
        return NULL;
    if (number == 1)
        return kaa_object__tuple_get(ctx, items, 0);
    if (size == 0)
        return kaa_incref(ctx, kaa_object__runtime_of(ctx)->empty_str);
    result = kaa_object__str_alloc(ctx, size, count);
    if (result == NULL)
        return NULL;
    out = kaa_object__str_fill(result);
    for (ptrdiff_t i = 0; i < number; i++) {
        kaa_object *item = kaa_object__tuple_get_borrowed(ctx, items, i);

        if (i > 0) {
            memcpy(out, kaa_object__str_text(separator), gap);
            out += gap;
        }
        memcpy(out, kaa_object__str_text(item), kaa_object__str_size(item));
        out += kaa_object__str_size(item);
    }
    return result;
}

kaa_object *
kaa_object__str_join(kaa_context *ctx, kaa_object *separator, kaa_object *items)
{
    kaa_object *tuple, *result;

    if (expect_str(ctx, "join", separator) < 0)
        return NULL;
    tuple = kaa_object__to_tuple(ctx, items);
    if (tuple == NULL)
        return NULL;
    result = join_items(ctx, separator, tuple);
    kaa_decref(ctx, tuple);
    return result;
}

static kaa_object *
method_join(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs)
{
    if (kaa_object__check_count(ctx, "join", nargs, 1, 1, NULL) < 0)
        return NULL;
    return kaa_object__str_join(ctx, self, args[0]);
}

/* ---- split and strip */

/* Where the first character at or after `at` is (or is not) white space. */
static size_t
skip(const char *text, size_t size, size_t at, int spaces)
{
    while (at < size && is_space(kaa_object__utf8_decode(text + at)) == spaces)
        at += kaa_object__utf8_width(text[at]);
    return at;
}

static int
append(kaa_context *ctx, kaa_object *list, const char *text, size_t size)
{
    return kaa_object__list_take_append(
        ctx, list, kaa_object__str_trusted(ctx, text, size));
}

static int
split_spaces(kaa_context *ctx, kaa_object *list, kaa_object *self, int64_t most)
{
    const char *text = kaa_object__str_text(self);
    size_t size = kaa_object__str_size(self);
    size_t at = skip(text, size, 0, 1);

    for (; at < size; most--) {
        size_t end = most == 0 ? size : skip(text, size, at, 0);

        if (append(ctx, list, text + at, end - at) < 0)
            return -1;
        at = most == 0 ? size : skip(text, size, end, 1);
    }
    return 0;
}

static int
split_at(kaa_context *ctx, kaa_object *list, kaa_object *self,
         kaa_object *separator, int64_t most)
{
    const char *text = kaa_object__str_text(self);
    size_t size = kaa_object__str_size(self), at = 0;
    size_t gap = kaa_object__str_size(separator);

    for (; most != 0; most--) {
        ptrdiff_t found = kaa_object__find_bytes(
            text, size, kaa_object__str_text(separator), gap, at);

        if (found < 0)
            break;
        if (append(ctx, list, text + at, (size_t)found - at) < 0)
            return -1;
        at = (size_t)found + gap;
    }
    return append(ctx, list, text + at, size - at);
}

static kaa_object *
method_split(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    int64_t most = -1;
    kaa_object *list;
    int status;

    if (kaa_object__check_count(ctx, "split", nargs, 0, 2, NULL) < 0)
        return NULL;
    if (nargs > 1 && kaa_object__int_as_int64(ctx, args[1], &most) < 0)
        return NULL;
    if (nargs > 0 && !kaa_is_none(ctx, args[0])) {
        if (expect_str(ctx, "split", args[0]) < 0)
            return NULL;
        if (kaa_object__str_size(args[0]) == 0) {
            kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "empty separator");
            return NULL;
        }
    }
    list = kaa_object__list_new(ctx, 0);
    if (list == NULL)
        return NULL;
    status = nargs > 0 && !kaa_is_none(ctx, args[0])
                 ? split_at(ctx, list, self, args[0], most)
                 : split_spaces(ctx, list, self, most);
    if (status < 0)
        KAA_CLEAR(ctx, list);
    return list;
}

/* Whether a character is to go: white space, or one of `set`. */
static int
is_stripped(const char *at, kaa_object *set)
{
    if (set == NULL)
        return is_space(kaa_object__utf8_decode(at));
    return kaa_object__find_bytes(kaa_object__str_text(set),
                                  kaa_object__str_size(set), at,
                                  kaa_object__utf8_width(*at), 0) >= 0;
}

static kaa_object *
strip(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
      int left, int right)
{
    const char *text = kaa_object__str_text(self);
    size_t from = 0, to = kaa_object__str_size(self), size = to;
    kaa_object *set = NULL;

    if (kaa_object__check_count(ctx, "strip", nargs, 0, 1, NULL) < 0)
        return NULL;
    if (nargs > 0 && !kaa_is_none(ctx, args[0])) {
        if (expect_str(ctx, "strip", args[0]) < 0)
            return NULL;
        set = args[0];
    }
    while (left && from < to && is_stripped(text + from, set))
        from += kaa_object__utf8_width(text[from]);
    while (right && to > from) {
        size_t last = to - 1;

        while (kaa_object__utf8_is_inner(text[last]))
            last--;
        if (!is_stripped(text + last, set))
            break;
        to = last;
    }
    if (to - from == size)
        return kaa_incref(ctx, self);
    return kaa_object__str_trusted(ctx, text + from, to - from);
}

static kaa_object *
method_strip(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    return strip(ctx, self, args, nargs, 1, 1);
}

static kaa_object *
method_lstrip(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs)
{
    return strip(ctx, self, args, nargs, 1, 0);
}

static kaa_object *
method_rstrip(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs)
{
    return strip(ctx, self, args, nargs, 0, 1);
}

/* ---- Searching */

/* The arguments (sub, start, end): a range of bytes. Where start is beyond the
 * end, out_from is above out_to. */
static int
search_range(kaa_context *ctx, const char *method, kaa_object *self,
             kaa_object *const *args, size_t nargs, size_t *out_from,
             size_t *out_to)
{
    size_t start, end;

    if (kaa_object__check_count(ctx, method, nargs, 1, 3, NULL) < 0 ||
        kaa_object__text_range(ctx, args + 1, nargs - 1,
                               kaa_object__str_count(self), &start, &end) < 0)
        return -1;
    *out_to = kaa_object__str_offset(self, end);
    *out_from = start > end ? *out_to + 1 : kaa_object__str_offset(self, start);
    return 0;
}

/* The index of the character found; -1: none, -2: failed. */
static ptrdiff_t
find(kaa_context *ctx, const char *method, kaa_object *self,
     kaa_object *const *args, size_t nargs, int last)
{
    const char *text = kaa_object__str_text(self);
    size_t from, to;
    ptrdiff_t found;

    if (search_range(ctx, method, self, args, nargs, &from, &to) < 0 ||
        expect_str(ctx, method, args[0]) < 0)
        return -2;
    if (from > to)
        return -1;
    found = last ? kaa_object__find_bytes_last(text + from, to - from,
                                               kaa_object__str_text(args[0]),
                                               kaa_object__str_size(args[0]))
                 : kaa_object__find_bytes(text + from, to - from,
                                          kaa_object__str_text(args[0]),
                                          kaa_object__str_size(args[0]), 0);
    if (found < 0)
        return -1;
    if (kaa_object__str_is_ascii(self))
        return (ptrdiff_t)from + found;
    return (ptrdiff_t)kaa_object__utf8_count(text, from + (size_t)found);
}

static kaa_object *
method_find(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs)
{
    ptrdiff_t found = find(ctx, "find", self, args, nargs, 0);

    return found == -2 ? NULL : kaa_object__int_small(ctx, found);
}

static kaa_object *
method_rfind(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    ptrdiff_t found = find(ctx, "rfind", self, args, nargs, 1);

    return found == -2 ? NULL : kaa_object__int_small(ctx, found);
}

static kaa_object *
method_index(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    ptrdiff_t found = find(ctx, "index", self, args, nargs, 0);

    if (found == -1)
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR, "substring not found");
    return found < 0 ? NULL : kaa_object__int_small(ctx, found);
}

static kaa_object *
method_count(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs)
{
    size_t from, to, part;
    int64_t count = 0;
    ptrdiff_t found;

    if (search_range(ctx, "count", self, args, nargs, &from, &to) < 0 ||
        expect_str(ctx, "count", args[0]) < 0)
        return NULL;
    if (from > to)
        return kaa_object__int_small(ctx, 0);
    part = kaa_object__str_size(args[0]);
    if (part == 0)
        return kaa_object__int_small(
            ctx, (int64_t)kaa_object__utf8_count(
                     kaa_object__str_text(self) + from, to - from) +
                     1);
    while ((found = kaa_object__find_bytes(kaa_object__str_text(self), to,
                                           kaa_object__str_text(args[0]), part,
                                           from)) >= 0) {
        count++;
        from = (size_t)found + part;
    }
    return kaa_object__int_small(ctx, count);
}

/* One prefix or suffix, or a tuple of them. */
static kaa_object *
match_end(kaa_context *ctx, const char *method, kaa_object *self,
          kaa_object *const *args, size_t nargs, int at_end)
{
    size_t from, to;
    int is_tuple, found = 0;
    ptrdiff_t number = 1;

    if (search_range(ctx, method, self, args, nargs, &from, &to) < 0)
        return NULL;
    is_tuple = kaa_object__is(ctx, args[0], KAA_TUPLE_TYPE);
    if (is_tuple)
        number = kaa_object__tuple_size(ctx, args[0]);
    for (ptrdiff_t i = 0; i < number && !found; i++) {
        kaa_object *part = is_tuple
                               ? kaa_object__tuple_get_borrowed(ctx, args[0], i)
                               : args[0];
        size_t size;

        if (!kaa_object__is_str(part)) {
            kaa_object__raise_text(
                ctx, KAA_TYPE_ERROR,
                is_tuple ? "tuple for %s must only contain str, not %s"
                         : "%s first arg must be str or a tuple of str, not "
                           "%s",
                method, kaa_object__borrow_type(ctx, part)->name);
            return NULL;
        }
        size = kaa_object__str_size(part);
        found = from <= to && size <= to - from &&
                memcmp(kaa_object__str_text(self) + (at_end ? to - size : from),
                       kaa_object__str_text(part), size) == 0;
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

/* ---- replace, encode */

/* `old` is empty: between all characters. */
static void
replace_gaps(kaa_object__writer *writer, kaa_object *self, kaa_object *with,
             int64_t most)
{
    const char *text = kaa_object__str_text(self);
    size_t size = kaa_object__str_size(self), at = 0;

    for (; most != 0; most--) {
        kaa_object__write_str(writer, with);
        if (at >= size)
            break;
        kaa_object__write(writer, text + at, kaa_object__utf8_width(text[at]));
        at += kaa_object__utf8_width(text[at]);
    }
    kaa_object__write(writer, text + at, size - at);
}

static kaa_object *
method_replace(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
               size_t nargs)
{
    kaa_object__writer writer = {.ctx = ctx};
    const char *text = kaa_object__str_text(self), *old;
    size_t size = kaa_object__str_size(self), old_size, at = 0;
    int64_t most = -1;
    ptrdiff_t found;

    if (kaa_object__check_count(ctx, "replace", nargs, 2, 3, NULL) < 0 ||
        expect_str(ctx, "replace", args[0]) < 0 ||
        expect_str(ctx, "replace", args[1]) < 0 ||
        (nargs > 2 && kaa_object__int_as_int64(ctx, args[2], &most) < 0))
        return NULL;
    old = kaa_object__str_text(args[0]);
    old_size = kaa_object__str_size(args[0]);
    if (old_size == 0) {
        replace_gaps(&writer, self, args[1], most);
        return kaa_object__writer_finish(&writer);
    }
    for (; most != 0; most--) {
        found = kaa_object__find_bytes(text, size, old, old_size, at);
        if (found < 0)
            break;
        kaa_object__write(&writer, text + at, (size_t)found - at);
        kaa_object__write_str(&writer, args[1]);
        at = (size_t)found + old_size;
    }
    if (at == 0)
        return kaa_incref(ctx, self);
    kaa_object__write(&writer, text + at, size - at);
    return kaa_object__writer_finish(&writer);
}

static kaa_object *
method_encode(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    const char *encoding, *errors;

    if (kaa_object__codec_names(ctx, "encode", args, nargs, 0, kwnames,
                                &encoding, &errors) < 0)
        return NULL;
    return kaa_object__encode(ctx, self, encoding, errors);
}

const kaa_method kaa_object__str_methods[] = {
    KAA_METHOD("join", method_join,
               "join($self, iterable, /)\n--\n\nThe items with the str "
               "between them."),
    KAA_METHOD("split", method_split,
               "split($self, sep=None, maxsplit=-1, /)\n--\n\nThe parts "
               "between separators, or between white space."),
    KAA_METHOD("strip", method_strip,
               "strip($self, chars=None, /)\n--\n\nWithout white space, or "
               "those characters, at both ends."),
    KAA_METHOD("lstrip", method_lstrip,
               "lstrip($self, chars=None, /)\n--\n\nWithout it at the start."),
    KAA_METHOD("rstrip", method_rstrip,
               "rstrip($self, chars=None, /)\n--\n\nWithout it at the end."),
    KAA_METHOD("find", method_find,
               "find($self, sub, start=None, end=None, /)\n--\n\nThe first "
               "index of a part, or -1."),
    KAA_METHOD("rfind", method_rfind,
               "rfind($self, sub, start=None, end=None, /)\n--\n\nThe last "
               "index of a part, or -1."),
    KAA_METHOD("index", method_index,
               "index($self, sub, start=None, end=None, /)\n--\n\nThe first "
               "index of a part."),
    KAA_METHOD("count", method_count,
               "count($self, sub, start=None, end=None, /)\n--\n\nHow often a "
               "part is in it."),
    KAA_METHOD("startswith", method_startswith,
               "startswith($self, prefix, start=None, end=None, /)\n--\n\n"
               "Whether it begins with one of them."),
    KAA_METHOD("endswith", method_endswith,
               "endswith($self, suffix, start=None, end=None, /)\n--\n\n"
               "Whether it ends with one of them."),
    KAA_METHOD("replace", method_replace,
               "replace($self, old, new, count=-1, /)\n--\n\nWith a part "
               "replaced by another."),
    KAA_METHOD_KEYWORDS("encode", method_encode,
                        "encode($self, encoding='utf-8', errors='strict')\n"
                        "--\n\nThe bytes of it."),
    KAA_METHODS_END,
};
