/* object/containers/view_methods.c - methods, comparing and attributes of
 * memoryviews. */
#include "object/containers/memoryview.h"
#include "object/text/str.h"

/* ---- Methods */

static kaa_object *
method_release(kaa_context *ctx, kaa_object *self)
{
    if (kaa_object__view_release(ctx, (kaa_object__view *)(void *)self) != 0)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
method_enter(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__view_of(ctx, self) == NULL ? NULL
                                                  : kaa_object__take(self);
}

static kaa_object *
method_exit(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs)
{
    (void)args;
    (void)nargs;
    return method_release(ctx, self);
}

static kaa_object *
method_tobytes(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);
    kaa_object *bytes;

    if (view == NULL)
        return NULL;
    bytes = kaa_object__bytes_from_data(ctx, NULL, (size_t)view->buffer.bytes);
    if (bytes != NULL && view->buffer.bytes != 0)
        kaa_object__buffer_copy_out(&view->buffer, kaa_object__str_fill(bytes));
    return bytes;
}

/* The items of one dimension; the view is held by an export of its own, so that
 * nothing can release it meanwhile. */
static kaa_object *
list_dimension(kaa_context *ctx, kaa_object__view *view, int32_t dimension,
               char *data)
{
    kaa_buffer part = view->buffer;
    char code = kaa_object__format_code(part.format);
    kaa_object *list;

    if (dimension == view->buffer.dimensions)
        return kaa_object__item_load(ctx, code, part.format, data);
    list = kaa_object__list_new(ctx, (size_t)part.shape[dimension]);
    part.strides += dimension;
    part.suboffsets =
        part.suboffsets == NULL ? NULL : part.suboffsets + dimension;
    for (ptrdiff_t i = 0; list != NULL && i < part.shape[dimension]; i++) {
        if (kaa_object__list_take_append(
                ctx, list,
                list_dimension(ctx, view, dimension + 1,
                               kaa_object__buffer_item(&part, data, i))) != 0) {
            kaa_object__give(ctx, list);
            return NULL;
        }
    }
    return list;
}

static kaa_object *
method_tolist(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);
    kaa_object *list;

    if (view == NULL)
        return NULL;
    view->exports++;
    list = list_dimension(ctx, view, 0, view->buffer.data);
    view->exports--;
    return list;
}

static kaa_object *
method_toreadonly(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    if (view == NULL)
        return NULL;
    view = kaa_object__view_like(ctx, view->managed, &view->buffer);
    if (view == NULL)
        return NULL;
    view->buffer.is_readonly = 1;
    return &view->header;
}

/* Between bytes and one native type, in one dimension. */
static kaa_object *
method_cast(kaa_context *ctx, kaa_object *self, kaa_object *format)
{
    /* Formats outlive all views. */
    static const char formats[][2] = {"c", "b", "B", "?", "h", "H",
                                      "i", "I", "l", "L", "q", "Q",
                                      "n", "N", "P", "f", "d"};
    kaa_object__view *view = kaa_object__view_of(ctx, self), *result;
    const char *text = kaa_object__str_as_utf8(ctx, format, NULL);
    char code = 0, old;
    const char *fault = NULL;
    kaa_buffer flat;

    if (view == NULL || text == NULL)
        return NULL;
    code = kaa_object__format_code(text);
    old = kaa_object__format_code(view->buffer.format);
    flat = view->buffer;
    flat.item_bytes = (ptrdiff_t)kaa_object__format_bytes(code);
    if (code == 0 || old == 0)
        fault = "memoryview: format must be a native single character format "
                "prefixed with an optional '@'";
    else if (!kaa_object__buffer_is_contiguous(&view->buffer, 'C'))
        fault = "memoryview: casts are restricted to C-contiguous views";
    else if (kaa_object__format_bytes(code) != 1 &&
             kaa_object__format_bytes(old) != 1)
        fault = "memoryview: cannot cast between two non-byte formats";
    else if (flat.bytes % flat.item_bytes != 0)
        fault = "memoryview: length is not a multiple of itemsize";
    if (fault != NULL) {
        kaa_object__raise_text(
            ctx, code == 0 || old == 0 ? KAA_VALUE_ERROR : KAA_TYPE_ERROR, "%s",
            fault);
        return NULL;
    }
    flat.dimensions = 1;
    flat.shape = flat.strides = flat.suboffsets = NULL;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (formats[i][0] == code)
            flat.format = (char *)(uintptr_t)formats[i];
    result = kaa_object__view_like(ctx, view->managed, &flat);
    return result == NULL ? NULL : &result->header;
}

const kaa_method kaa_object__view_methods[] = {
    KAA_METHOD_NOARGS("release", method_release,
                      "release()\n--\n\nGives the memory back."),
    KAA_METHOD_NOARGS("tobytes", method_tobytes,
                      "tobytes()\n--\n\nThe items as bytes."),
    KAA_METHOD_NOARGS("tolist", method_tolist,
                      "tolist()\n--\n\nThe items as a list (of lists)."),
    KAA_METHOD_NOARGS("toreadonly", method_toreadonly,
                      "toreadonly()\n--\n\nA view that cannot be written to."),
    KAA_METHOD_ONE("cast", method_cast,
                   "cast(format, /)\n--\n\n"
                   "The same memory as items of another format."),
    KAA_METHOD_NOARGS("__enter__", method_enter, NULL),
    KAA_METHOD("__exit__", method_exit, NULL),
    KAA_METHODS_END,
};

/* ---- Comparing */

static int
is_same_shape(const kaa_buffer *a, const kaa_buffer *b)
{
    if (a->dimensions != b->dimensions)
        return 0;
    for (int32_t i = 0; i < a->dimensions; i++)
        if (a->shape[i] != b->shape[i])
            return 0;
    return 1;
}

/* Whether all items are equal, as objects. */
static int
is_equal(kaa_context *ctx, kaa_object *left, kaa_object *right)
{
    const kaa_buffer *a = &((kaa_object__view *)(void *)left)->buffer;
    const kaa_buffer *b = &((kaa_object__view *)(void *)right)->buffer;
    char code_a = kaa_object__format_code(a->format);
    char code_b = kaa_object__format_code(b->format);
    size_t count, a_bytes = (size_t)a->item_bytes,
                  b_bytes = (size_t)b->item_bytes;
    char *items;
    int result = 1;

    if (!is_same_shape(a, b) || code_a == 0 || code_b == 0)
        return 0;
    items = kaa_object__memory(ctx, (size_t)a->bytes + (size_t)b->bytes + 1);
    if (items == NULL)
        return -1;
    kaa_object__buffer_copy_out(a, items);
    kaa_object__buffer_copy_out(b, items + a->bytes);
    count = (size_t)a->bytes / a_bytes;
    for (size_t i = 0; i < count && result == 1; i++) {
        const char *x = items + i * a_bytes,
                   *y = items + a->bytes + i * b_bytes;
        kaa_object *one, *two;

        if (code_a == code_b && code_a != 'f' && code_a != 'd') {
            result = memcmp(x, y, a_bytes) == 0;
            continue;
        }
        one = kaa_object__item_load(ctx, code_a, NULL, x);
        two = one == NULL ? NULL : kaa_object__item_load(ctx, code_b, NULL, y);
        /* By ==: a NaN is not equal to itself, though it were one object. */
        result =
            two == NULL ? -1 : kaa_object__compare_truth(ctx, one, two, KAA_EQ);
        if (one != NULL)
            kaa_object__give(ctx, one);
        if (two != NULL)
            kaa_object__give(ctx, two);
    }
    kaa_object__memory_free(ctx, items);
    return result;
}

kaa_object *
kaa_object__view_compare(kaa_context *ctx, kaa_object *left, kaa_object *right,
                         int op)
{
    kaa_object *other;
    int equal;

    if ((op != KAA_EQ && op != KAA_NE) ||
        !kaa_object__has_id(left, KAA_MEMORYVIEW_TYPE) ||
        !kaa_object__has_buffer(ctx, right))
        return kaa_not_implemented(ctx);
    if (((kaa_object__view *)(void *)left)->managed == NULL ||
        (kaa_object__has_id(right, KAA_MEMORYVIEW_TYPE) &&
         ((kaa_object__view *)(void *)right)->managed == NULL))
        return kaa_object__truth_value((left == right) == (op == KAA_EQ));
    other = kaa_object__memoryview_new(ctx, right);
    if (other == NULL)
        return NULL;
    equal = is_equal(ctx, left, other);
    kaa_object__give(ctx, other);
    return equal < 0 ? NULL : kaa_object__truth_value(equal == (op == KAA_EQ));
}

static int
exporter_has_hash(kaa_context *ctx, kaa_object__view *view)
{
    kaa_object *exporter = kaa_object__view_exporter(ctx, view);
    int64_t hash;

    if (exporter == NULL)
        return 1;
    hash = kaa_object__hash(ctx, exporter);
    kaa_object__give(ctx, exporter);
    return hash != -1;
}

int64_t
kaa_object__view_hash(kaa_context *ctx, kaa_object *self)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);
    char code;
    char *copy;

    if (view == NULL)
        return -1;
    if (!view->buffer.is_readonly)
        return kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                                      "cannot hash writable memoryview object");
    code = kaa_object__format_code(view->buffer.format);
    if (code != 'B' && code != 'b' && code != 'c')
        return kaa_object__raise_text(
            ctx, KAA_VALUE_ERROR,
            "memoryview: hashing is restricted to formats 'B', 'b' or 'c'");
    if (view->hash != 0)
        return (int64_t)view->hash;
    /* A read-only view of what may change has no hash, as that has none. */
    if (!exporter_has_hash(ctx, view) ||
        (view = kaa_object__view_of(ctx, self)) == NULL)
        return -1;
    copy = kaa_object__memory(ctx, (size_t)view->buffer.bytes + 1);
    if (copy == NULL)
        return -1;
    kaa_object__buffer_copy_out(&view->buffer, copy);
    view->hash = kaa_object__hash_text(ctx, copy, (size_t)view->buffer.bytes);
    kaa_object__memory_free(ctx, copy);
    return (int64_t)view->hash;
}

/* ---- Attributes */

static kaa_object *
get_obj(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    (void)user;
    return view == NULL ? NULL : kaa_object__view_exporter(ctx, view);
}

static kaa_object *
get_format(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    (void)user;
    if (view == NULL)
        return NULL;
    return kaa_text(ctx,
                    view->buffer.format != NULL ? view->buffer.format : "B");
}

/* `user` is the offset of a ptrdiff_t in the view. */
static kaa_object *
get_number(kaa_context *ctx, kaa_object *self, void *user)
{
    ptrdiff_t value;

    if (kaa_object__view_of(ctx, self) == NULL)
        return NULL;
    memcpy(&value, (const char *)self + (uintptr_t)user, sizeof(value));
    return kaa_int(ctx, value);
}

static kaa_object *
get_ndim(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    (void)user;
    return view == NULL ? NULL : kaa_int(ctx, view->buffer.dimensions);
}

static kaa_object *
get_readonly(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    (void)user;
    return view == NULL ? NULL
                        : kaa_object__truth_value(view->buffer.is_readonly);
}

/* A tuple of sizes; `user` is not NULL for strides. */
static kaa_object *
get_sizes(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);
    kaa_object *items[KAA_OBJECT__DIMENSIONS_MAX];

    if (view == NULL)
        return NULL;
    for (int32_t i = 0; i < view->buffer.dimensions; i++)
        items[i] = kaa_int(ctx, user != NULL ? view->buffer.strides[i]
                                             : view->buffer.shape[i]);
    return kaa_object__tuple_take_array(ctx, items,
                                        (size_t)view->buffer.dimensions);
}

/* `user` points to the order. */
static kaa_object *
get_contiguous(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__view *view = kaa_object__view_of(ctx, self);

    if (view == NULL)
        return NULL;
    return kaa_object__truth_value(
        kaa_object__buffer_is_contiguous(&view->buffer, *(const char *)user));
}

#define OFFSET(member)                                                         \
    (void *)(uintptr_t)offsetof(kaa_object__view, buffer.member)

static const char orders[] = "CFA";
#define ORDER(number) (void *)(uintptr_t)(orders + (number))

const kaa_property kaa_object__view_properties[] = {
    {"obj", get_obj, NULL, "The object whose memory it is.", NULL},
    {"format", get_format, NULL, "Of an item, as struct has it.", NULL},
    {"nbytes", get_number, NULL, "The size of all items.", OFFSET(bytes)},
    {"itemsize", get_number, NULL, "The size of one.", OFFSET(item_bytes)},
    {"ndim", get_ndim, NULL, "How many dimensions.", NULL},
    {"readonly", get_readonly, NULL, "Whether it can be read only.", NULL},
    {"shape", get_sizes, NULL, "Items in each dimension.", NULL},
    {"strides", get_sizes, NULL, "Bytes from one to the next.", ORDER(0)},
    {"c_contiguous", get_contiguous, NULL, NULL, ORDER(0)},
    {"f_contiguous", get_contiguous, NULL, NULL, ORDER(1)},
    {"contiguous", get_contiguous, NULL, NULL, ORDER(2)},
    {NULL, NULL, NULL, NULL, NULL},
};
