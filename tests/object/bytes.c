/* object/bytes.c - bytes. python_values.py compares with Python. */
#include "object/help.h"

static kaa_object *
data(kaa_test *t, const char *text)
{
    return NEW(kaa_bytes_from_data(help.ctx, text, strlen(text)));
}

KAA_TEST(bytes_hold_anything)
{
    kaa_context *ctx = fresh(t);
    kaa_object *bytes = NEW(kaa_bytes_from_data(ctx, "a\0\xff'", 4));
    size_t size = 0;
    char *text = kaa_bytes_as_data(ctx, bytes, &size);

    CHECK_EQ(size, 4);
    CHECK(memcmp(text, "a\0\xff'", 5) == 0);
    CHECK_REPR(bytes, "b\"a\\x00\\xff'\"");
    CHECK_TEXT(kaa_str(ctx, bytes), "b\"a\\x00\\xff'\"");
    CHECK_EQ(data(t, ""), NEW(kaa_bytes_from_data(ctx, NULL, 0)));
    CHECK_REPR(NEW(kaa_bytes_from_data(ctx, NULL, 3)), "b'\\x00\\x00\\x00'");
    CHECK_RAISES(kaa_bytes_as_data(ctx, kaa_int(ctx, 1), NULL) == NULL,
                 KAA_TYPE_ERROR, "expected bytes, int found");
}

KAA_TEST(bytes_are_a_sequence_of_ints)
{
    kaa_context *ctx = fresh(t);
    kaa_object *bytes = data(t, "ab\xff"
                                "d");

    CHECK_INT(kaa_length(ctx, bytes), 4);
    CHECK_EQ(NEW(kaa_get_index(ctx, bytes, -2)), kaa_int(ctx, 255));
    CHECK_REPR(NEW(kaa_to_list(ctx, bytes)), "[97, 98, 255, 100]");
    CHECK_REPR(
        NEW(kaa_get_item(
            ctx, bytes, NEW(kaa_slice_new(ctx, NULL, NULL, kaa_int(ctx, -1))))),
        "b'd\\xffba'");
    CHECK_TRUE(kaa_contains(ctx, bytes, kaa_int(ctx, 255)));
    CHECK_TRUE(kaa_contains(ctx, bytes, data(t, "b\xff")));
    CHECK_ZERO(kaa_contains(ctx, bytes, data(t, "ba")));
    CHECK_RAISES(kaa_contains(ctx, bytes, kaa_int(ctx, 256)) < 0,
                 KAA_VALUE_ERROR, "byte must be in range(0, 256)");
    CHECK_RAISES(kaa_get_index(ctx, bytes, 4) == NULL, KAA_INDEX_ERROR,
                 "index out of range");
    CHECK_REPR(NEW(kaa_binary(ctx, bytes, bytes, KAA_ADD)),
               "b'ab\\xffdab\\xffd'");
    CHECK_REPR(
        NEW(kaa_binary(ctx, data(t, "ab"), kaa_int(ctx, 3), KAA_MULTIPLY)),
        "b'ababab'");
    CHECK_TRUE(kaa_compare_truth(ctx, data(t, "ab"), bytes, KAA_LT));
}

KAA_TEST(bytes_lend_their_memory)
{
    kaa_context *ctx = fresh(t);
    kaa_object *bytes = data(t, "memory");
    kaa_buffer buffer = {0};

    CHECK_ZERO(kaa_buffer_get(ctx, bytes, &buffer,
                              KAA_BUFFER_FORMAT | KAA_BUFFER_STRIDES));
    CHECK_EQ(buffer.bytes, 6);
    CHECK_EQ(buffer.data, kaa_bytes_as_data(ctx, bytes, NULL));
    CHECK_STR(buffer.format, "B");
    CHECK_EQ(buffer.shape[0], 6);
    CHECK_EQ(buffer.strides[0], 1);
    CHECK_EQ(buffer.is_readonly, 1);
    kaa_buffer_release(ctx, &buffer);
    CHECK_RAISES(kaa_buffer_get(ctx, bytes, &buffer, KAA_BUFFER_WRITABLE) < 0,
                 KAA_BUFFER_ERROR, "not writable");
}

KAA_TEST(bytes_have_methods)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[3] = {data(t, "\xc3\xa9\xff"), NEW(kaa_text(ctx, "utf8")),
                           NEW(kaa_text(ctx, "ignore"))};

    CHECK_REPR(NEW(kaa_call_method(ctx, "decode", args, 3, NULL)),
               "'\xc3\xa9'");
    CHECK_RAISES(kaa_call_method(ctx, "decode", args, 1, NULL) == NULL,
                 KAA_UNICODE_DECODE_ERROR, "byte 0xff in position 2");
    CHECK_REPR(NEW(kaa_call_method(ctx, "hex", args, 1, NULL)), "'c3a9ff'");
    args[1] = data(t, "\xff");
    CHECK_EQ(NEW(kaa_call_method(ctx, "find", args, 2, NULL)), kaa_int(ctx, 2));
    CHECK_EQ(NEW(kaa_call_method(ctx, "endswith", args, 2, NULL)),
             kaa_bool(ctx, 1));
    CHECK_EQ(NEW(kaa_call_method(ctx, "startswith", args, 2, NULL)),
             kaa_bool(ctx, 0));
}

KAA_TEST(bytes_type_is_called)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = kaa_builtin(ctx, KAA_BYTES_TYPE);
    kaa_object *argument = NEW(kaa_list_new(ctx, 0)), *text;

    CHECK_ZERO(kaa_list_append(ctx, argument, kaa_int(ctx, 1)));
    CHECK_ZERO(kaa_list_append(ctx, argument, kaa_int(ctx, 255)));
    CHECK_REPR(NEW(kaa_call(ctx, type, &argument, 1, NULL)), "b'\\x01\\xff'");
    CHECK_ZERO(kaa_list_append(ctx, argument, kaa_int(ctx, 256)));
    CHECK_RAISES(kaa_call(ctx, type, &argument, 1, NULL) == NULL,
                 KAA_VALUE_ERROR, "bytes must be in range(0, 256)");
    argument = kaa_int(ctx, 2);
    CHECK_REPR(NEW(kaa_call(ctx, type, &argument, 1, NULL)), "b'\\x00\\x00'");
    argument = kaa_int(ctx, -2);
    CHECK_RAISES(kaa_call(ctx, type, &argument, 1, NULL) == NULL,
                 KAA_VALUE_ERROR, "negative count");
    text = NEW(kaa_text(ctx, "x"));
    CHECK_RAISES(kaa_call(ctx, type, &text, 1, NULL) == NULL, KAA_TYPE_ERROR,
                 "string argument without an encoding");
    CHECK_REPR(NEW(kaa_call(ctx, type, NULL, 0, NULL)), "b''");
}
