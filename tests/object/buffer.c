/* object/buffer.c - memory that objects lend: bytes, bytearrays, memoryviews,
 * and a native type with an array of two dimensions. */
#include "object/help.h"

/* A buffer that is released when the test ends, however it does. */
static void
give_back(kaa_buffer *buffer)
{
    kaa_buffer_release(help.ctx, buffer);
}
DEFERRABLE(give_back, kaa_buffer)
#define BUFFER(name)                                                           \
    static kaa_buffer name;                                                    \
    memset(&(name), 0, sizeof(name));                                          \
    DEFER(t, give_back, &(name))

static kaa_object *
call0(kaa_test *t, const char *name, kaa_object *self)
{
    return NEW(kaa_call_method(help.ctx, name, &self, 1, NULL));
}

static kaa_object *
call1(kaa_test *t, const char *name, kaa_object *self, kaa_object *argument)
{
    kaa_object *args[2] = {self, argument};

    return NEW(kaa_call_method(help.ctx, name, args, 2, NULL));
}

static kaa_object *
make_bytearray(kaa_test *t, const char *data, size_t size)
{
    kaa_context *ctx = help.ctx;
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, data, size));

    return NEW(
        kaa_call(ctx, kaa_builtin(ctx, KAA_BYTEARRAY_TYPE), &bytes, 1, NULL));
}

KAA_TEST(buffer_of_bytes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "hello", 5));
    BUFFER(buffer);

    CHECK_ZERO(kaa_buffer_get(ctx, bytes, &buffer, KAA_BUFFER_SIMPLE));
    CHECK_EQ(buffer.bytes, 5);
    CHECK_EQ(memcmp(buffer.data, "hello", 5), 0);
    CHECK_EQ(buffer.is_readonly, 1);
    CHECK_EQ(buffer.shape, NULL);
    CHECK_REF(bytes, 2);
    kaa_buffer_release(ctx, &buffer);
    kaa_buffer_release(ctx, &buffer);
    CHECK_REF(bytes, 1);
    CHECK_RAISES(kaa_buffer_get(ctx, bytes, &buffer, KAA_BUFFER_WRITABLE) == -1,
                 KAA_BUFFER_ERROR, "not writable");
    CHECK_EQ(buffer.owner, NULL);
    CHECK_RAISES(kaa_buffer_get(ctx, kaa_int(ctx, 1), &buffer, 0) == -1,
                 KAA_TYPE_ERROR, "a bytes-like object is required, not 'int'");
    CHECK_REF(bytes, 1);
}

KAA_TEST(buffer_keeps_a_bytearray_in_place)
{
    kaa_context *ctx = fresh(t);
    kaa_object *array = make_bytearray(t, "abc", 3);
    kaa_object *args[2] = {array, kaa_int(ctx, 'd')};
    BUFFER(buffer);

    NEW(kaa_call_method(ctx, "append", args, 2, NULL));
    CHECK_ZERO(kaa_buffer_get(ctx, array, &buffer,
                              KAA_BUFFER_WRITABLE | KAA_BUFFER_ND));
    CHECK_EQ(buffer.shape[0], 4);
    ((char *)buffer.data)[0] = 'X';
    CHECK_RAISES(kaa_call_method(ctx, "append", args, 2, NULL) == NULL,
                 KAA_BUFFER_ERROR,
                 "Existing exports of data: object cannot be re-sized");
    CHECK_RAISES(kaa_call_method(ctx, "clear", args, 1, NULL) == NULL,
                 KAA_BUFFER_ERROR, NULL);
    CHECK_ZERO(kaa_set_item(ctx, array, kaa_int(ctx, 1), kaa_int(ctx, 'Y')));
    kaa_buffer_release(ctx, &buffer);
    NEW(kaa_call_method(ctx, "append", args, 2, NULL));
    CHECK_REPR(array, "bytearray(b'XYcdd')");
    CHECK_RAISES(kaa_set_item(ctx, array, kaa_int(ctx, 0), kaa_int(ctx, 256)) ==
                     -1,
                 KAA_VALUE_ERROR, "byte must be in range(0, 256)");
    CHECK_REPR(NEW(kaa_inplace(ctx, array, array, KAA_ADD)),
               "bytearray(b'XYcddXYcdd')");
    CHECK_RAISES(kaa_call_method(ctx, "append", args, 1, NULL) == NULL,
                 KAA_TYPE_ERROR, NULL);
    NEW(kaa_call_method(ctx, "clear", args, 1, NULL));
    CHECK_REPR(array, "bytearray(b'')");
}

KAA_TEST(buffer_seen_by_views)
{
    kaa_context *ctx = fresh(t);
    kaa_object *array = make_bytearray(t, "0123456789", 10);
    kaa_object *view = NEW(kaa_memoryview_new(ctx, array)), *slice, *part;
    BUFFER(buffer);

    CHECK_INT(kaa_length(ctx, view), 10);
    CHECK_EQ(NEW(kaa_get_item(ctx, view, kaa_int(ctx, -1))), kaa_int(ctx, '9'));
    slice = NEW(kaa_slice_new(ctx, kaa_int(ctx, 8), NULL, kaa_int(ctx, -3)));
    part = NEW(kaa_get_item(ctx, view, slice));
    CHECK_REPR(call0(t, "tobytes", part), "b'852'");
    CHECK_REPR(call0(t, "tolist", part), "[56, 53, 50]");
    CHECK_ZERO(kaa_set_item(ctx, part, kaa_int(ctx, 1), kaa_int(ctx, '!')));
    CHECK_RAISES(kaa_buffer_get(ctx, part, &buffer, KAA_BUFFER_SIMPLE) == -1,
                 KAA_BUFFER_ERROR, "not C-contiguous");
    CHECK_ZERO(kaa_buffer_get(ctx, part, &buffer, KAA_BUFFER_STRIDES));
    CHECK_EQ(buffer.strides[0], -3);
    CHECK_RAISES(kaa_call_method(ctx, "release", &part, 1, NULL) == NULL,
                 KAA_BUFFER_ERROR, "memoryview has 1 exported buffer");
    kaa_buffer_release(ctx, &buffer);
    call0(t, "release", view);
    CHECK_RAISES(kaa_length(ctx, view) == -1, KAA_VALUE_ERROR,
                 "operation forbidden on released memoryview object");
    CHECK_RAISES(kaa_call_method(ctx, "clear", &array, 1, NULL) == NULL,
                 KAA_BUFFER_ERROR, NULL); /* the part is a view still */
    call0(t, "release", part);
    CHECK_REPR(array, "bytearray(b'01234!6789')");
    call0(t, "clear", array);
}

KAA_TEST(buffer_cast_and_compared)
{
    kaa_context *ctx = fresh(t);
    static const uint32_t numbers[] = {1, 70000, 3};
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, numbers, sizeof(numbers)));
    kaa_object *view = NEW(kaa_memoryview_new(ctx, bytes)), *cast;
    kaa_object *array, *frozen;

    CHECK_TRUE(kaa_compare_truth(ctx, view, bytes, KAA_EQ));
    CHECK_INT(kaa_hash(ctx, view), kaa_hash(ctx, bytes));
    array = make_bytearray(t, "ab", 2);
    frozen = call0(t, "toreadonly", NEW(kaa_memoryview_new(ctx, array)));
    CHECK_RAISES(kaa_hash(ctx, frozen) == -1, KAA_TYPE_ERROR,
                 "unhashable type: 'bytearray'");
    cast = call1(t, "cast", view, NEW(kaa_text(ctx, "I")));
    CHECK_REPR(call0(t, "tolist", cast), "[1, 70000, 3]");
    CHECK_ZERO(kaa_compare_truth(ctx, cast, bytes, KAA_EQ));
    CHECK_RAISES(kaa_hash(ctx, cast) == -1, KAA_VALUE_ERROR, "restricted");
    CHECK_RAISES(kaa_set_item(ctx, cast, kaa_int(ctx, 0), kaa_int(ctx, 0)) ==
                     -1,
                 KAA_TYPE_ERROR, "cannot modify read-only memory");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, cast, "shape")), "(3,)");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, cast, "format")), "'I'");
    CHECK_EQ(NEW(kaa_get_attr_text(ctx, cast, "nbytes")), kaa_int(ctx, 12));
    CHECK_EQ(NEW(kaa_get_attr_text(ctx, cast, "obj")), bytes);
}

/* ---- A native type: 2 rows of 3 doubles, which counts what it lends */

typedef struct matrix {
    double items[2][3];
    ptrdiff_t shape[2], strides[2];
    int32_t lent;
} matrix;

static int
matrix_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                  int request)
{
    static char format[] = "d";
    matrix *own = kaa_data(ctx, self);

    (void)request; /* kaa looks whether it fits */
    own->shape[0] = 2;
    own->shape[1] = 3;
    own->strides[0] = sizeof(own->items[0]);
    own->strides[1] = sizeof(double);
    own->lent++;
    buffer->data = own->items;
    buffer->bytes = sizeof(own->items);
    buffer->item_bytes = sizeof(double);
    buffer->is_readonly = 0;
    buffer->dimensions = 2;
    buffer->format = format;
    buffer->shape = own->shape;
    buffer->strides = own->strides;
    return 0;
}

static void
matrix_release_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer)
{
    (void)buffer;
    ((matrix *)kaa_data(ctx, self))->lent--;
}

static const kaa_type_spec matrix_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "Matrix",
    .data_bytes = sizeof(matrix),
    .get_buffer = matrix_get_buffer,
    .release_buffer = matrix_release_buffer,
};

KAA_TEST(buffer_of_a_native_type)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &matrix_spec, NULL, NULL));
    kaa_object *object = NEW(kaa_instance_new(ctx, type));
    matrix *own = kaa_data(ctx, object);
    kaa_object *view = NEW(kaa_memoryview_new(ctx, object)), *place[2], *key;
    BUFFER(buffer);

    for (int i = 0; i < 6; i++)
        own->items[i / 3][i % 3] = i + 0.5;
    CHECK_REPR(call0(t, "tolist", view), "[[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]");
    place[0] = kaa_int(ctx, 1);
    place[1] = kaa_int(ctx, -1);
    key = NEW(kaa_tuple_from_array(ctx, place, 2));
    CHECK_REPR(NEW(kaa_get_item(ctx, view, key)), "5.5");
    CHECK_ZERO(kaa_set_item(ctx, view, key, kaa_int(ctx, 9)));
    CHECK(own->items[1][2] == 9.0);
    CHECK_RAISES(kaa_get_item(ctx, view, kaa_int(ctx, 0)) == NULL,
                 KAA_NOT_IMPLEMENTED_ERROR, "sub-views");
    CHECK_REPR(call0(t, "tolist",
                     NEW(kaa_get_item(ctx, view,
                                      NEW(kaa_slice_new(ctx, kaa_int(ctx, 1),
                                                        NULL, NULL))))),
               "[[3.5, 4.5, 9.0]]");
    CHECK_RAISES(
        kaa_buffer_get(ctx, object, &buffer, KAA_BUFFER_F_CONTIGUOUS) == -1,
        KAA_BUFFER_ERROR, "not Fortran contiguous");
    CHECK_EQ(own->lent, 1); /* to the view */
    CHECK_ZERO(kaa_buffer_get(ctx, view, &buffer, KAA_BUFFER_C_CONTIGUOUS));
    CHECK_EQ(buffer.bytes, 48);
    kaa_buffer_release(ctx, &buffer);
}
