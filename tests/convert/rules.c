/* convert/rules.c - which argument goes where, which buffer fits, what refusals
 * say. Whole calls, by every path, are in tests/python/test_faults.py. */
#include "convert/convert.h"

#include "decl/common.h"

static const char text[] =
    "enum color { RED };\n"
    "int two(int a, int b);\n"
    "int none(void);\n"
    "int more(const char *format, ...);\n"
    "int bare(int, int);\n"
    "int out(int whole, int *rest [[kaa::out]], long last);\n"
    "int sum(const int *p [[kaa::length(n)]], int n, int flags);\n"
    "int big(char *a [[kaa::length(n)]], short *b [[kaa::length(n)]],"
    "        __int128 n);\n"
    "int bad(void *p [[kaa::out]]);\n";

/* The places that arguments got, as "0 -1 1"; or what was refused. */
static const char *
bound(kaa_test *t, const char *name, size_t positional, const char *a,
      const char *b)
{
    static char said[640];
    const char *names[2] = {a, b};
    int32_t from[8];
    size_t named = (a != NULL ? 1u : 0u) + (b != NULL ? 1u : 0u), length = 0;
    const kaa_decl_item *item = find(t, parse(t, text), name);

    if (kaa_convert_bind(item, positional, names, named, from, said,
                         sizeof(said)) != KAA_OK)
        return said;
    said[0] = '\0';
    for (uint32_t i = 0; i < kaa_ctype_count(item->type); i++)
        length += (size_t)snprintf(said + length, sizeof(said) - length, "%s%d",
                                   i > 0 ? " " : "", (int)from[i]);
    return said;
}

KAA_TEST(arguments_go_to_parameters)
{
    CHECK_STR(bound(t, "two", 2, NULL, NULL), "0 1");
    CHECK_STR(bound(t, "two", 1, "b", NULL), "0 1");
    CHECK_STR(bound(t, "two", 0, "b", "a"), "1 0");
    CHECK_STR(bound(t, "none", 0, NULL, NULL), "");
    CHECK_STR(bound(t, "more", 3, NULL, NULL), "0");
    CHECK_STR(bound(t, "out", 2, NULL, NULL), "0 -1 1");
    CHECK_STR(bound(t, "out", 1, "last", NULL), "0 -1 1");
    CHECK_STR(bound(t, "sum", 3, NULL, NULL), "0 1 2");
    CHECK_STR(bound(t, "sum", 1, "flags", NULL), "0 -1 1");
}

KAA_TEST(arguments_are_refused)
{
    char cut[12];

    CHECK_STR(bound(t, "two", 3, NULL, NULL),
              "two() takes 2 arguments (int a, int b), 3 given");
    CHECK_STR(bound(t, "two", 1, "a", NULL),
              "two() argument 1 (a) is given twice");
    CHECK_STR(bound(t, "two", 0, "b", "b"),
              "two() argument 2 (b) is given twice");
    CHECK_STR(bound(t, "two", 1, "c", NULL),
              "two() has no parameter 'c'; its parameters are a, b");
    CHECK_STR(bound(t, "bare", 1, "a", NULL),
              "bare() has no parameter 'a'; it has none with a name");
    CHECK_STR(bound(t, "two", 0, "b", NULL), "two() misses argument 1 (a)");
    CHECK_STR(bound(t, "none", 1, NULL, NULL),
              "none() takes no arguments, 1 given");
    CHECK_STR(bound(t, "more", 0, NULL, NULL),
              "more() takes at least 1 argument (const char *format, ...), 0 "
              "given");
    CHECK_STR(bound(t, "out", 3, NULL, NULL),
              "out() takes 2 arguments (int whole, long last), 3 given");
    CHECK_STR(bound(t, "out", 2, "rest", NULL),
              "out() has no parameter 'rest'; its parameters are whole, last");
    CHECK_EQ(kaa_convert_print_count(find(t, parse(t, text), "two"), 3, cut,
                                     sizeof(cut)),
             strlen("two() takes 2 arguments (int a, int b), 3 given"));
    CHECK_STR(cut, "two() takes");
    CHECK_STATUS(kaa_convert_bind(NULL, 0, NULL, 0, NULL, cut, sizeof(cut)),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(lengths_are_settled)
{
    const kaa_decl *decl = parse(t, text);
    const kaa_decl_item *sum = find(t, decl, "sum");
    const kaa_decl_item *big = find(t, decl, "big");
    const int64_t four[] = {4, -1, -1}, none[] = {-1, -1, -1},
                  second[] = {-1, 7, -1}, both[] = {3, 2, -1};
    kaa_convert_int128 values[3] = {{4, 0}, {4, 0}, {4, 0}};
    char said[640];
    int64_t fill = 0;

    CHECK_OK(kaa_convert_check_lengths(sum, four, values, said, 640));
    CHECK_OK(kaa_convert_fill_length(sum, 1, four, &fill, said, 640));
    CHECK_EQ(fill, 4);
    CHECK_OK(kaa_convert_fill_length(big, 2, second, &fill, said, 640));
    CHECK_EQ(fill, 7);
    CHECK_STATUS(kaa_convert_fill_length(sum, 1, none, &fill, said, 640),
                 KAA_INVALID_ARGUMENT);
    CHECK_STR(said, "sum() argument 2 (n): has to be given: the length of "
                    "argument 1 is not known");
    values[1] = (kaa_convert_int128){UINT64_MAX, UINT64_MAX}; /* of None */
    CHECK_OK(kaa_convert_check_lengths(sum, none, values, said, 640));
    values[2] = (kaa_convert_int128){3, 0};
    CHECK_STATUS(kaa_convert_check_lengths(big, both, values, said, 640),
                 KAA_LIMIT);
    CHECK_STR(said,
              "big() argument 2 (b): has 2 elements, but argument 3 says 3");
    values[2] = (kaa_convert_int128){UINT64_MAX, UINT64_MAX};
    CHECK_STATUS(kaa_convert_check_lengths(big, both, values, said, 640),
                 KAA_LIMIT);
    CHECK_HAS(said, "argument 3 says -1");
    values[2] = (kaa_convert_int128){0, UINT64_C(1) << 63};
    CHECK_STATUS(kaa_convert_check_lengths(big, both, values, said, 640),
                 KAA_LIMIT);
    CHECK_HAS(said, "says -170141183460469231731687303715884105728");
    CHECK_STATUS(kaa_convert_check(find(t, decl, "bad"), said, 640),
                 KAA_UNSUPPORTED);
    CHECK_HAS(said, "bad() parameter 1: void * cannot be an out parameter");
    CHECK_OK(kaa_convert_check(big, said, 640));
}

/* What is said of the annotations of f(); "" if they can be kept. */
static const char *
unkept(kaa_test *t, const char *declarations)
{
    static char said[300];

    said[0] = '\0';
    if (kaa_convert_check(find(t, parse(t, declarations), "f"), said,
                          sizeof(said)) == KAA_OK)
        CHECK_STR(said, "");
    return said;
}

KAA_TEST(annotations_are_kept_or_refused)
{
    static const char length[] =
        "f() parameter 1: a length is an integer that is passed in, of a "
        "pointer";
    static const char owner[] =
        "f() parameter 1: kaa::free and kaa::borrow need a pointer that is put "
        "there";

    CHECK_STR(unkept(t, "int f(int *p [[kaa::length(n)]], _Bool n);"), "");
    CHECK_STR(unkept(t, "int f(int *p [[kaa::length(n)]], char n);"), length);
    CHECK_STR(unkept(t, "int f(int *p [[kaa::length(n)]], wchar_t n);"),
              length);
    CHECK_STR(unkept(t, "int f(int *p [[kaa::length(n * m)]], int n,"
                        "      char m);"),
              length);
    CHECK_STR(unkept(t, "int f(char **p [[kaa::out]] [[kaa::free(free)]]);"),
              "");
    CHECK_STR(
        unkept(t, "int f(char **p [[kaa::out]] [[kaa::borrow(q)]], void *q);"),
        "");
    CHECK_STR(unkept(t, "int f(long *p [[kaa::out]]);"), "");
    CHECK_STR(unkept(t, "int f(long *p [[kaa::out]] [[kaa::free(free)]]);"),
              owner);
    CHECK_STR(
        unkept(t, "int f(long *p [[kaa::out]] [[kaa::borrow(q)]], void *q);"),
        owner);
}

KAA_TEST(lengths_are_expressions)
{
    const kaa_decl *decl = parse(
        t,
        "enum { SIZE = 3 };"
        "void twice(int *a [[kaa::length(n * 2 + SIZE)]], long n);"
        "void area(char *a [[kaa::length(4 * w * h)]], int w, int h);"
        "void fixed(char *a [[kaa::length(SIZE * (2 + 2))]], char b[static 2],"
        "           char c[static n], int n);");
    const kaa_decl_item *twice = find(t, decl, "twice");
    const kaa_decl_item *area = find(t, decl, "area");
    const kaa_decl_item *fixed = find(t, decl, "fixed");
    const int64_t nine[] = {9, -1, -1, -1}, twelve[] = {12, 1, 5, -1};
    kaa_convert_int128 values[4] = {{0, 0}, {3, 0}, {0, 0}, {5, 0}};
    char said[640];
    int64_t fill = 0;

    CHECK_OK(kaa_convert_fill_length(twice, 1, nine, &fill, said, 640));
    CHECK_EQ(fill, 3);
    CHECK_OK(kaa_convert_check_lengths(twice, nine, values, said, 640));
    values[1].low = 4;
    CHECK_STATUS(kaa_convert_check_lengths(twice, nine, values, said, 640),
                 KAA_LIMIT);
    CHECK_STR(said, "twice() argument 1 (a): has 9 elements, but argument 2 "
                    "says 4: 11 are needed");
    values[1].low = UINT64_MAX;
    CHECK_STATUS(kaa_convert_check_lengths(twice, nine, values, said, 640),
                 KAA_LIMIT);
    CHECK_HAS(said, "has 9 elements, but argument 2 says 18446744073709551615");
    values[1].low = 2;
    values[2].low = 2;
    CHECK_STATUS(kaa_convert_check_lengths(area, nine, values, said, 640),
                 KAA_LIMIT);
    CHECK_STR(said,
              "area() argument 1 (a): has 9 elements, but arguments 2 and "
              "3 say 2 and 2: 16 are needed");
    CHECK_EQ(fixed->parameters[0].least, 12);
    CHECK_STATUS(kaa_convert_check_lengths(fixed, twelve, values, said, 640),
                 KAA_LIMIT);
    CHECK_STR(said, "fixed() argument 2 (b): has 1 element, but 2 are needed");
    CHECK_EQ(fixed->parameters[1].flags, KAA_DECL_PARAMETER_NONNULL);
    CHECK_EQ(fixed->parameters[2].length_of, 3);
}

static int
fits(kaa_ctype_kind kind, const char *format, int64_t bytes)
{
    return kaa_convert_format_fits(kaa_ctype_basic(kind), format, bytes);
}

KAA_TEST(formats_fit)
{
    CHECK_EQ(fits(KAA_CTYPE_INT, "i", 4), 1);
    CHECK_EQ(fits(KAA_CTYPE_INT, "@i", 4), 1);
    CHECK_EQ(fits(KAA_CTYPE_INT, "=l", 4), 1);
    CHECK_EQ(fits(KAA_CTYPE_INT, "I", 4), 0);
    CHECK_EQ(fits(KAA_CTYPE_INT, "l", 8), 0);
    CHECK_EQ(fits(KAA_CTYPE_INT, "ii", 4), 0);
    CHECK_EQ(fits(KAA_CTYPE_INT, "", 4), 0);
    CHECK_EQ(fits(KAA_CTYPE_INT, NULL, 1), 0);
    CHECK_EQ(fits(KAA_CTYPE_INT, "\xff", 4), 0);
    CHECK_EQ(fits(KAA_CTYPE_ULLONG, "N", 8), 1);
    CHECK_EQ(fits(KAA_CTYPE_FLOAT, "f", 4), 1);
    CHECK_EQ(fits(KAA_CTYPE_DOUBLE, "d", 8), 1);
    CHECK_EQ(fits(KAA_CTYPE_DOUBLE, "q", 8), 0);
    CHECK_EQ(fits(KAA_CTYPE_CDOUBLE, "Zd", 16), 1);
    CHECK_EQ(fits(KAA_CTYPE_CDOUBLE, "D", 16), 1);
    CHECK_EQ(fits(KAA_CTYPE_CDOUBLE, "Z", 16), 0);
    CHECK_EQ(fits(KAA_CTYPE_CDOUBLE, "Zdd", 16), 0);
    CHECK_EQ(fits(KAA_CTYPE_BOOL, "?", 1), 1);
    CHECK_EQ(fits(KAA_CTYPE_BOOL, "B", 1), 0);
    CHECK_EQ(fits(KAA_CTYPE_CHAR, NULL, 1), 1);
    CHECK_EQ(fits(KAA_CTYPE_CHAR, "h", 2), 0);
    CHECK_EQ(fits(KAA_CTYPE_WCHAR, "w", (int64_t)sizeof(int)), 1);
    CHECK_EQ(fits(KAA_CTYPE_CHAR16, "H", 2), 1);
    CHECK_EQ(fits(KAA_CTYPE_VOID, "anything", 3), 1);
    CHECK_EQ(fits(KAA_CTYPE_INT128, "16s", 16), 0);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    CHECK_EQ(fits(KAA_CTYPE_INT, "<i", 4), 1);
    CHECK_EQ(fits(KAA_CTYPE_INT, ">i", 4), 0);
    CHECK_EQ(fits(KAA_CTYPE_INT, "!i", 4), 0);
    CHECK_EQ(fits(KAA_CTYPE_BOOL, ">?", 1), 1);
#endif
    CHECK_STR(kaa_convert_format(kaa_ctype_basic(KAA_CTYPE_USHORT)), "H");
    CHECK_EQ(kaa_convert_format(kaa_ctype_basic(KAA_CTYPE_INT128)), NULL);
}

KAA_TEST(words_are_loaded_and_stored)
{
    static const kaa_ctype_kind kinds[] = {
        KAA_CTYPE_SCHAR, KAA_CTYPE_UCHAR, KAA_CTYPE_SHORT, KAA_CTYPE_USHORT,
        KAA_CTYPE_INT,   KAA_CTYPE_UINT,  KAA_CTYPE_LLONG, KAA_CTYPE_ULLONG};
    static const int64_t values[] = {
        0,     1,      -1,    127,   128,        -128,      -129,      255, 256,
        32767, -32769, 65535, 65536, 2147483647, INT32_MIN, INT64_MIN, -5};

    (void)t;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        kaa_convert__shape shape;

        kaa_convert__shape_of(&shape, kaa_ctype_basic(kinds[k]));
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            uint64_t storage = UINT64_MAX;
            int64_t again;

            kaa_convert__store_word(&shape, &storage, (uint64_t)values[i]);
            again = (int64_t)kaa_convert__load_word(&shape, &storage);
            /* It comes back if, and only if, it fits. */
            CHECK_EQ(again == values[i] && (shape.is_signed || values[i] >= 0),
                     kaa_convert__fits(&shape, values[i]));
        }
    }
}

KAA_TEST(results_say_failure)
{
    const int32_t minus = -1, zero = 0;
    const double nan = 0.0 / 0.0, one = 1.0;
    const char *null = NULL;
    const uintptr_t nowhere = UINTPTR_MAX, somewhere = 16;
    const kaa_ctype *pointer = find(t, parse(t, "void *p;"), "p")->type;

    CHECK_EQ(kaa_convert_says_failure(pointer, &null), 1);
    CHECK_EQ(kaa_convert_says_failure(pointer, &nowhere), 1);
    CHECK_EQ(kaa_convert_says_failure(pointer, &somewhere), 0);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_INT), &minus),
             1);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_UINT), &minus),
             1);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_INT), &zero),
             0);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_DOUBLE), &nan),
             1);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_DOUBLE), &one),
             0);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_VOID), null),
             1);
    CHECK_EQ(kaa_convert_says_failure(kaa_ctype_basic(KAA_CTYPE_BOOL), &zero),
             0);
}

KAA_TEST(refusals_have_words)
{
    kaa_convert_fault fault = {.size = sizeof(fault)};
    char said[200];

    (void)t;
    for (fault.code = KAA_CONVERT_TYPE; fault.code <= KAA_CONVERT_SENTINEL;
         fault.code++) {
        CHECK_EQ(kaa_convert_print_fault(&fault, said, sizeof(said)) > 0, 1);
        CHECK_EQ(strchr(said, '{'), NULL);
        CHECK_HAS(kaa_convert_fault_exception(fault.code), "Error");
    }
    CHECK_EQ(kaa_convert_print_fault(&fault, said, sizeof(said)), 0);
    CHECK_STR(said, "");
    CHECK_STR(kaa_convert_fault_exception(KAA_CONVERT_TYPE), "TypeError");
    CHECK_STR(kaa_convert_fault_exception(KAA_CONVERT_RANGE), "OverflowError");
    CHECK_STR(kaa_convert_fault_exception(KAA_CONVERT_NUL), "ValueError");
    CHECK_STR(kaa_convert_fault_exception(9999), "TypeError");
    fault.code = KAA_CONVERT_RANGE;
    fault.type = kaa_ctype_basic(KAA_CTYPE_UCHAR);
    fault.value = "256";
    CHECK_EQ(kaa_convert_print_fault(&fault, said, 10), 48);
    CHECK_STR(said, "256 is ou");
    CHECK_EQ(kaa_convert_print_fault(&fault, NULL, 0), 48);
}

/* What is said of a value that the first parameter of f() does not take. */
static const char *
refused_for(kaa_test *t, const char *declarations, const char *given)
{
    static char said[300];
    const kaa_decl_item *item = find(t, parse(t, declarations), "f");
    const kaa_convert_fault fault = {
        .size = sizeof(fault),
        .code = KAA_CONVERT_TYPE,
        .type = kaa_ctype_parameters(item->type)[0].type,
        .given = given};

    kaa_convert_print_fault(&fault, said, sizeof(said));
    return said;
}

static const char *
refused(kaa_test *t, const char *declarations)
{
    return refused_for(t, declarations, "str");
}

/* The range of a basic type, as refusals say it. */
static const char *
range_of(kaa_ctype_kind kind)
{
    static char said[200];
    const kaa_convert_fault fault = {.size = sizeof(fault),
                                     .code = KAA_CONVERT_RANGE,
                                     .type = kaa_ctype_basic(kind),
                                     .value = "X"};
    char *found;

    kaa_convert_print_fault(&fault, said, sizeof(said));
    found = strchr(said, '(');
    return found != NULL ? found : "";
}

KAA_TEST(refusals_say_the_range)
{
    (void)t;
    CHECK_STR(range_of(KAA_CTYPE_SCHAR), "(-128 to 127)");
    CHECK_STR(range_of(KAA_CTYPE_USHORT), "(0 to 65535)");
    CHECK_STR(range_of(KAA_CTYPE_LLONG),
              "(-9223372036854775808 to 9223372036854775807)");
    CHECK_STR(range_of(KAA_CTYPE_ULLONG), "(0 to 18446744073709551615)");
    CHECK_STR(range_of(KAA_CTYPE_BOOL), "(0 to 1)");
    CHECK_HAS(range_of(KAA_CTYPE_INT128), "(-170141183460469231731");
    CHECK_HAS(range_of(KAA_CTYPE_UINT128), "(0 to 340282366920938463463");
    CHECK_STR(range_of(KAA_CTYPE_FLOAT), "");
}

KAA_TEST(refusals_say_what_is_taken)
{
    CHECK_STR(refused(t, "void f(long a);"), "int expected, not str");
    CHECK_STR(refused(t, "struct s { int a; }; void f(struct s a);"),
              "struct s expected, not str");
    CHECK_STR(refused(t, "void f(int (*a)(void));"),
              "a callable expected, not str");
    CHECK_STR(refused(t, "void f(const short *a);"),
              "'const short *' needs a C-contiguous buffer of format 'h', not "
              "str");
    CHECK_STR(refused(t, "void f(const char *a);"),
              "'const char *' needs str, bytes or a C-contiguous buffer of "
              "bytes, not str");
    CHECK_STR(refused(t, "void f(char *a);"),
              "'char *' needs a writable C-contiguous buffer of bytes, not "
              "str; declare it const char * if the function does not write");
    CHECK_STR(refused(t, "void f(const char16_t *a);"),
              "'const char16_t *' needs str or a C-contiguous buffer of format "
              "'H', not str");
    CHECK_STR(refused_for(t, "void f(char *a);", "int"),
              "'char *' needs a writable C-contiguous buffer of bytes, not "
              "int");
    CHECK_STR(refused(t, "void f(void *a);"),
              "'void *' needs a writable C-contiguous buffer, a pointer or an "
              "address, not str");
    CHECK_STR(refused(t, "struct s { int a; }; void f(const struct s *a);"),
              "'const struct s *' needs an instance, array or pointer of const "
              "struct s, not str");
}

KAA_TEST(places_are_named)
{
    char said[60];

    (void)t;
    kaa_convert__print_place("f", 0, "x", said, sizeof(said));
    CHECK_STR(said, "f() result: ");
    kaa_convert__print_place("f", 1, NULL, said, sizeof(said));
    CHECK_STR(said, "f() argument 1: ");
    kaa_convert__print_place("f", 2, "x", said, sizeof(said));
    CHECK_STR(said, "f() argument 2 (x): ");
}

KAA_TEST(owners_are_asked_for)
{
    const kaa_decl *decl = parse(
        t, "int none(int a, int b);\n"
           "[[kaa::free(free)]] char *owned(int a);\n"
           "int last(int a, char **b [[kaa::out]] [[kaa::free(free)]]);\n");

    CHECK_EQ(kaa_convert__says_owner(find(t, decl, "none")), 0);
    CHECK_EQ(kaa_convert__says_owner(find(t, decl, "owned")), 1);
    CHECK_EQ(kaa_convert__says_owner(find(t, decl, "last")), 1);
}

KAA_TEST(enums_have_the_format_of_their_integers)
{
    const kaa_decl *decl =
        parse(t, "enum small { A }; enum below { B = -1 };"
                 "enum wide { C = 0x100000000 }; enum later;");
    kaa_convert__shape shape;

    CHECK_STR(kaa_convert_format(find(t, decl, "enum small")->type), "I");
    CHECK_STR(kaa_convert_format(find(t, decl, "enum below")->type), "i");
    CHECK_STR(kaa_convert_format(find(t, decl, "enum wide")->type), "L");
    kaa_convert__shape_of(&shape, find(t, decl, "enum below")->type);
    CHECK_EQ(shape.flags, CONVERT_ENUM);
}

KAA_TEST(annotations_add_up)
{
    kaa_convert__shape shape = {.flags = CONVERT_WRITABLE};
    kaa_decl_parameter notes[1] = {
        {.flags = KAA_DECL_PARAMETER_OUT | KAA_DECL_PARAMETER_NULLABLE,
         .length_of = KAA_NO_ARGUMENT,
         .length_times = KAA_NO_ARGUMENT}};

    (void)t;
    kaa_convert__annotate(&shape, notes, 1, 0);
    CHECK_EQ(shape.flags, CONVERT_WRITABLE | CONVERT_OUT | CONVERT_NULLABLE);
}

/* Whether a value that is given tells how long a parameter's memory is. */
KAA_TEST(lengths_are_known_as_such)
{
    const kaa_decl *decl =
        parse(t, "void f(int a, char *b [[kaa::length(4 * w * h)]], int w,"
                 "       int h, char *c [[kaa::length(n)]], int n);");
    const kaa_decl_item *f = find(t, decl, "f");
    static const uint32_t expected[] = {0,
                                        CONVERT_LENGTH,
                                        CONVERT_IS_LENGTH,
                                        CONVERT_IS_LENGTH,
                                        CONVERT_LENGTH,
                                        CONVERT_IS_LENGTH};

    for (uint32_t i = 0; i < 6; i++) {
        kaa_convert__shape shape = {.flags = 0};

        kaa_convert__annotate(&shape, f->parameters, 6, i);
        CHECK_EQ(shape.flags, expected[i]);
    }
}
