/* tests/module/typed.c - typed methods: every kind of argument and result. */
#include <math.h>
#include <string.h>

#include "module/module.h"
#include "object/help.h"

static kaa_object *
call(kaa_test *t, kaa_object *module, const char *name, kaa_object *const *args,
     size_t nargs, kaa_object *kwnames)
{
    kaa_context *ctx = help.ctx;
    kaa_object *function = NEW(kaa_get_attr_text(ctx, module, name));

    return kaa_call(ctx, function, args, nargs, kwnames);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARGS(...) ((kaa_object *[]){__VA_ARGS__})
#define CALL(name, ...)                                                        \
    call(t, module, (name), ARGS(__VA_ARGS__), COUNT(ARGS(__VA_ARGS__)), NULL)
#define GIVES(expected, name, ...)                                             \
    CHECK_REPR(NEW(CALL(name, __VA_ARGS__)), expected)
#define REFUSES(type, part, name, ...)                                         \
    CHECK_RAISES(CALL(name, __VA_ARGS__) == NULL, (type), (part))
#define INT(value) NEW(kaa_int(ctx, (value)))
#define FLOAT(value) NEW(kaa_float_from_double(ctx, (value)))
#define TEXT(value) NEW(kaa_text(ctx, (value)))
#define BYTES(value, size) NEW(kaa_bytes_from_data(ctx, (value), (size)))
#define NONE kaa_builtin(ctx, KAA_NONE)

KAA_TEST(numbers)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));

    GIVES("-128", "tiny", INT(-128));
    REFUSES(KAA_OVERFLOW_ERROR,
            "tiny() argument 1 (value): 128 is out of range for int8_t (-128 "
            "to 127)",
            "tiny", INT(128));
    REFUSES(KAA_TYPE_ERROR,
            "tiny() argument 1 (value): int expected, not float", "tiny",
            FLOAT(1.0));
    REFUSES(KAA_TYPE_ERROR, "int expected, not None", "tiny", NONE);
    GIVES("18446744073709551615", "wide",
          NEW(kaa_int_from_uint64(ctx, UINT64_MAX)));
    REFUSES(KAA_OVERFLOW_ERROR,
            "wide() argument 1 (value): -1 is out of range for uint64_t (0 to "
            "18446744073709551615)",
            "wide", INT(-1));
    REFUSES(KAA_OVERFLOW_ERROR, "1000000000000000000000 is out of range",
            "wide",
            NEW(kaa_int_from_text(ctx, "1000000000000000000000", 22, 10)));
    GIVES("True", "negate", INT(0));
    GIVES("False", "negate", kaa_builtin(ctx, KAA_TRUE));
    REFUSES(KAA_OVERFLOW_ERROR, "2 is out of range for _Bool (0 to 1)",
            "negate", INT(2));
    GIVES("b'b'", "next_char", BYTES("a", 1));
    REFUSES(KAA_VALUE_ERROR, "bytes of length 1 expected, not 2", "next_char",
            BYTES("ab", 2));
    GIVES("0.25", "half", FLOAT(0.5));
    GIVES("1.5", "half", INT(3));
    REFUSES(KAA_OVERFLOW_ERROR, "is out of range for float", "half",
            FLOAT(1e300));
    GIVES("inf", "half", FLOAT(HUGE_VAL));
    REFUSES(KAA_TYPE_ERROR,
            "half() argument 1 (value): float expected, not str", "half",
            TEXT("x"));
    GIVES("5", "paint", INT(5));
    GIVES("21.75", "six", FLOAT(1.5), INT(2), FLOAT(3.25), INT(4), FLOAT(5.0),
          INT(6));
}

KAA_TEST(texts_and_pointers)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));
    const double numbers[] = {1.5, 2.5};
    kaa_object *array = BYTES(numbers, sizeof(numbers));

    GIVES("'llo'", "skip", TEXT("hello"), INT(2));
    GIVES("'b'", "skip", BYTES("ab", 2), INT(1));
    GIVES("None", "skip", NONE, INT(1));
    REFUSES(KAA_VALUE_ERROR, "embedded NUL character", "skip",
            NEW(kaa_str_from_utf8(ctx, "a\0b", 3)), INT(1));
    REFUSES(KAA_TYPE_ERROR,
            "skip() argument 1 (text): 'const char *' needs str, bytes or a "
            "C-contiguous buffer of bytes, not int",
            "skip", INT(1), INT(1));
    REFUSES(KAA_TYPE_ERROR,
            "sum() argument 1 (items): 'const double *' needs a C-contiguous "
            "buffer of format 'd', not bytes",
            "sum", array, INT(1));
    GIVES("305419896", "same_address", INT(0x12345678));
    GIVES("None", "same_address", NONE);
    REFUSES(KAA_TYPE_ERROR,
            "'unsigned char *' needs a writable C-contiguous buffer of bytes, "
            "not bytes",
            "fill", array, INT(1), INT(1));
    CHECK_REF(array, 1);
}

KAA_TEST(out_and_errno)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));

    GIVES("(3, 2)", "divide", INT(17), INT(5));
    GIVES("(2.0, 0.5)", "split", FLOAT(2.5));
    GIVES("0", "fail_with", INT(0));
    REFUSES(KAA_FILE_NOT_FOUND_ERROR, "[Errno 2]", "fail_with", INT(2));
}

KAA_TEST(counts_and_keywords)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));
    kaa_object *names = NEW(kaa_build(ctx, "(ss)", "b", "a"));
    kaa_object *one = NEW(kaa_build(ctx, "(s)", "b"));
    kaa_object *wrong = NEW(kaa_build(ctx, "(s)", "remainder"));

    CHECK_REPR(NEW(call(t, module, "divide", ARGS(INT(5), INT(17)), 0, names)),
               "(3, 2)");
    CHECK_RAISES(call(t, module, "divide", ARGS(INT(5)), 0, one) == NULL,
                 KAA_TYPE_ERROR, "divide() misses argument 1 (a)");
    CHECK_RAISES(call(t, module, "divide", ARGS(INT(5), INT(6)), 1, wrong) ==
                     NULL,
                 KAA_TYPE_ERROR,
                 "divide() has no parameter 'remainder'; its parameters are a, "
                 "b");
    CHECK_RAISES(
        call(t, module, "divide", ARGS(INT(5), INT(6), INT(7)), 2, one) == NULL,
        KAA_TYPE_ERROR, "divide() argument 2 (b) is given twice");
    REFUSES(KAA_TYPE_ERROR,
            "divide() takes 2 arguments (int a, int b), 1 given", "divide",
            INT(1));
    REFUSES(KAA_TYPE_ERROR,
            "divide() takes 2 arguments (int a, int b), 3 given", "divide",
            INT(1), INT(2), INT(3));
    REFUSES(KAA_TYPE_ERROR,
            "sum() takes 1 to 2 arguments (const double *items, size_t "
            "count), 3 given",
            "sum", NONE, INT(1), INT(2));
}

/* An object that lends two doubles as what it is told. */
typedef struct lender {
    double numbers[2];
    char *format;
    ptrdiff_t item_bytes, count;
} lender;

static int
lend(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer, int request)
{
    lender *own = kaa_data(ctx, self);

    own->count = (ptrdiff_t)sizeof(own->numbers) / own->item_bytes;
    buffer->data = own->numbers;
    buffer->bytes = (ptrdiff_t)sizeof(own->numbers);
    buffer->item_bytes = own->item_bytes;
    buffer->dimensions = 1;
    buffer->format = request & KAA_BUFFER_FORMAT ? own->format : NULL;
    if (request & KAA_BUFFER_ND)
        buffer->shape = &own->count;
    return 0;
}

static const kaa_type_spec lender_spec = {.size = sizeof(kaa_type_spec),
                                          .name = "typed.Lender",
                                          .data_bytes = sizeof(lender),
                                          .get_buffer = lend};

/* A length is filled in, or held to the buffer. */
KAA_TEST(lengths)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));
    kaa_object *bytes = BYTES("abcd", 4);
    kaa_object *array = NEW(
        kaa_call(ctx, kaa_builtin(ctx, KAA_BYTEARRAY_TYPE), &bytes, 1, NULL));
    kaa_object *value = NEW(kaa_build(ctx, "(s)", "value"));

    NEW(CALL("fill", array, INT(2), INT('x')));
    CHECK_REPR(array, "bytearray(b'xxcd')");
    NEW(call(t, module, "fill", ARGS(array, INT('y')), 1, value));
    CHECK_REPR(array, "bytearray(b'yyyy')");
    REFUSES(KAA_VALUE_ERROR,
            "fill() argument 1 (bytes): has 4 elements, but argument 2 says 5",
            "fill", array, INT(5), INT('z'));
    GIVES("0.0", "sum", NONE);
    CHECK_REF(array, 1);
}

/* Buffers of the items' own format, with and without a prefix; for pointers to
 * bytes any of single bytes, and of no other. */
KAA_TEST(buffers_of_other_formats)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_import(ctx, SAMPLE));
    lender *own;
    kaa_object *type = NEW(kaa_type_new(ctx, &lender_spec, NULL, NULL));
    kaa_object *lent = NEW(kaa_instance_new(ctx, type));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    static char good[][3] = {"d", "@d", "=d", "<d"};
    static char bad[][3] = {"", "q", "dd", ">d", "!d", "B", "@"};
#else
    static char good[][3] = {"d", "@d", "=d", ">d", "!d"};
    static char bad[][3] = {"", "q", "dd", "<d", "B", "@"};
#endif
    static char single[] = "c";

    own = kaa_data(ctx, lent);
    own->numbers[0] = 1.5;
    own->numbers[1] = 2.25;
    own->item_bytes = 8;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        own->format = good[i];
        GIVES("3.75", "sum", lent);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        own->format = bad[i];
        REFUSES(KAA_TYPE_ERROR,
                "needs a C-contiguous buffer of format 'd', not", "sum", lent);
    }
    own->format = good[0];
    own->item_bytes = 4;
    REFUSES(KAA_TYPE_ERROR, "not Lender of format 'd'", "sum", lent);
    REFUSES(KAA_TYPE_ERROR, "not Lender of format 'd'", "fill", lent, INT(1),
            INT(1));
    own->format = single;
    own->item_bytes = 1;
    NEW(CALL("fill", lent, INT(16), INT(0)));
    CHECK(own->numbers[0] == 0 && own->numbers[1] == 0);
    own->format = NULL;
    NEW(CALL("fill", lent, INT(16), INT(1)));
    REFUSES(KAA_TYPE_ERROR, "not Lender of format 'B'", "sum", lent);
}

static int64_t
count_of(const void *items, int16_t count)
{
    return items != NULL ? count : -1;
}

static int64_t
size_of(const char *text, size_t size)
{
    return text != NULL ? (int64_t)size : -1;
}

static int64_t
add_pair(const unsigned char *pair)
{
    return pair[0] + pair[1];
}

static void *
sure(void *address)
{
    return address;
}

static const kaa_method measured_methods[] = {
    KAA_FUNCTION("int64_t count_of(const double *items [[kaa::length(count)]],"
                 " int16_t count)",
                 count_of, NULL),
    KAA_FUNCTION("int64_t size_of(const char *text [[kaa::length(size)]],"
                 " size_t size)",
                 size_of, NULL),
    KAA_FUNCTION("int64_t add_pair(const unsigned char *pair"
                 " [[kaa::length(2)]])",
                 add_pair, NULL),
    KAA_FUNCTION("void *sure(void *address) __attribute__((nonnull))", sure,
                 NULL),
};

/* Lengths of a signed type, of texts, and without a parameter that says them.
 */
KAA_TEST(measured_arguments)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_module_new(ctx, "m"));
    kaa_object *lent = NEW(kaa_instance_new(
        ctx, NEW(kaa_type_new(ctx, &lender_spec, NULL, NULL))));
    lender *own = kaa_data(ctx, lent);
    static const char *const names[] = {"count_of", "size_of", "add_pair",
                                        "sure"};
    static char format[] = "d";
    char text[512];

    for (size_t i = 0; i < COUNT(measured_methods); i++) {
        kaa_object *made =
            NEW(kaa_module__new_typed(ctx, &measured_methods[i], module));

        CHECK_ZERO(kaa_set_attr_text(ctx, module, names[i], made));
    }
    own->numbers[0] = 1.5;
    own->numbers[1] = 2.25;
    own->format = format;
    own->item_bytes = 8;
    GIVES("2", "count_of", lent, INT(2));
    GIVES("1", "count_of", lent, INT(1));
    REFUSES(KAA_VALUE_ERROR, "has 2 elements, but argument 2 says 3",
            "count_of", lent, INT(3));
    REFUSES(KAA_VALUE_ERROR, "says -1", "count_of", lent, INT(-1));
    GIVES("5", "size_of", TEXT("hello"), INT(5));
    GIVES("5", "size_of", TEXT("hello"));
    REFUSES(KAA_VALUE_ERROR, "size_of() argument 1 (text): has 5 ", "size_of",
            TEXT("hello"), INT(6));
    GIVES("3", "add_pair", BYTES("\1\2", 2));
    REFUSES(KAA_VALUE_ERROR, "has 1 element,", "add_pair", BYTES("\1", 1));
    CHECK(CALL("count_of", BYTES("12345678", 8), INT(1)) == NULL);
    kaa_runtime_error_text(ctx, text, sizeof(text));
    CHECK(strstr(text, "not bytes of") == NULL);
    kaa_error_clear(ctx);
    GIVES("305419896", "sure", INT(0x12345678));
    REFUSES(KAA_VALUE_ERROR, "a NULL pointer, but the parameter is declared",
            "sure", INT(0));
}

static void
target(void)
{
}

/* What cannot be had is refused when the function is made. */
KAA_TEST(declarations_that_are_refused)
{
    static const struct {
        const char *declaration, *told;
    } cases[] = {
        {"long double f(void)", "of f(): a result of type 'long double'"},
        {"int *f(void)", "a result of type 'int *' cannot be converted"},
        {"void f(long double x)",
         "the declaration of f(): parameter 1 of type 'long double' cannot"},
        {"struct p { int x; }; void f(int a, struct p b)",
         "parameter 2 of type 'struct p'"},
        {"void f(struct q *x)", "parameter 1 of type 'struct q *'"},
        {"void f(int (*callback)(void))", "parameter 1 of type"},
        {"void f(double _Complex x)", "parameter 1 of type"},
        {"int f(const char *format, ...)", "`...` is for kaa.load() alone"},
        {"[[kaa::free(g)]] const char *f(void)", "[[kaa::free]]"},
        {"void f([[kaa::out]] char **x)", NULL},
        {"int x", "needs the declaration of one function, not 'int x;'"},
        {"int f(void); int g(void)", "needs the declaration of one function"},
        {"", "needs the declaration of one function"},
        {"int f(", NULL},
    };
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_module_new(ctx, "m"));

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const kaa_method method =
            KAA_FUNCTION(cases[i].declaration, target, NULL);

        CHECK_RAISES(kaa_module__new_typed(ctx, &method, module) == NULL,
                     KAA_IMPORT_ERROR, cases[i].told);
    }
}

KAA_TEST(types_refuse_them)
{
    static const kaa_method plain[] = {
        KAA_FUNCTION("double half(double x)", target, NULL), KAA_METHODS_END};
    static const kaa_method fixed[] = {{"", KAA_ANY_FUNCTION(target),
                                        KAA_TYPED | KAA_STATIC, 0, NULL,
                                        "double half(double x)"},
                                       KAA_METHODS_END};
    static const kaa_type_spec specs[] = {
        {.size = sizeof(kaa_type_spec), .name = "m.Bad", .methods = plain},
        {.size = sizeof(kaa_type_spec), .name = "m.Bad", .methods = fixed},
    };
    kaa_context *ctx = fresh(t);

    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        CHECK_RAISES(kaa_type_new(ctx, &specs[i], NULL, NULL) == NULL,
                     KAA_TYPE_ERROR, "can only stand in the table of a module");
}

/* What stands in a table by a name that has a slot is never called. */
KAA_TEST(names_of_slots_are_refused_in_each_table)
{
    static const kaa_method methods[] = {
        KAA_METHOD_NOARGS("__len__", target, NULL), KAA_METHODS_END};
    static const kaa_member members[] = {{.name = "__len__"}, {.name = NULL}};
    static const kaa_property properties[] = {{.name = "__len__"},
                                              {.name = NULL}};
    static const kaa_type_spec specs[] = {
        {.size = sizeof(kaa_type_spec), .name = "m.Bad", .methods = methods},
        {.size = sizeof(kaa_type_spec), .name = "m.Bad", .members = members},
        {.size = sizeof(kaa_type_spec),
         .name = "m.Bad",
         .properties = properties},
    };
    static const char *const parts[] = {
        "the method '__len__' would not be called; use the slot 'length'",
        "the member '__len__' would not be called; use the slot 'length'",
        "the property '__len__' would not be called; use the slot 'length'"};
    kaa_context *ctx = fresh(t);

    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        CHECK_RAISES(kaa_type_new(ctx, &specs[i], NULL, NULL) == NULL,
                     KAA_SYSTEM_ERROR, parts[i]);
}

KAA_TEST(functions_outlive_their_module)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_module_new(ctx, "m"));
    kaa_object *sample = NEW(kaa_import(ctx, SAMPLE));
    kaa_object *function = NEW(kaa_get_attr_text(ctx, sample, "tiny"));
    kaa_object *argument = INT(3);

    DROP(sample);
    DROP(module);
    CHECK_REPR(NEW(kaa_call(ctx, function, &argument, 1, NULL)), "3");
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__name__"), "tiny");
}
