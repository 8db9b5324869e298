/* decl/constants.c - constant expressions, checked against the compiler: each
 * expression is written once, for it and for kaa. */
#include "decl/common.h"

#include <float.h>
#include <limits.h>
#include <math.h>

struct pair {
    char a;
    struct {
        int b[4];
        double c;
    } d;
};

#define PRELUDE                                                                \
    "struct pair { char a; struct { int b[4]; double c; } d; };"               \
    "enum { FIVE = 5 };"
enum { FIVE = 5 };

/* The constant `X` of "#define X <text>", and of "static const T X = <text>".
 */
static const kaa_decl_item *
define(kaa_test *t, const char *expression)
{
    char text[512];

    snprintf(text, sizeof(text), PRELUDE "\n#define X %s\n", expression);
    return find(t, parse(t, text), "X");
}

static void
check_integer(kaa_test *t, const char *text, uint64_t value,
              kaa_ctype_kind kind)
{
    const kaa_decl_item *item = define(t, text);

    if (item->kind != KAA_DECL_INTEGER || (uint64_t)item->integer != value ||
        kaa_ctype_kind_of(kaa_ctype_strip(item->type)) != kind)
        FAIL("%s is %lld (kind %d), expected %lld (kind %d)", text,
             (long long)item->integer, (int)kaa_ctype_kind_of(item->type),
             (long long)value, (int)kind);
    CHECK_EQ((item->flags & KAA_DECL_UNSIGNED) != 0,
             !kaa_ctype_is_signed(item->type) && value > INT64_MAX);
}

#define INTEGER(expression)                                                    \
    check_integer(t, #expression, (uint64_t)(expression),                      \
                  _Generic(expression, int                                     \
                           : KAA_CTYPE_INT, unsigned                           \
                           : KAA_CTYPE_UINT, long                              \
                           : KAA_CTYPE_LONG, unsigned long                     \
                           : KAA_CTYPE_ULONG, long long                        \
                           : KAA_CTYPE_LLONG, unsigned long long               \
                           : KAA_CTYPE_ULLONG, char                            \
                           : KAA_CTYPE_CHAR, signed char                       \
                           : KAA_CTYPE_SCHAR, unsigned char                    \
                           : KAA_CTYPE_UCHAR, short                            \
                           : KAA_CTYPE_SHORT, unsigned short                   \
                           : KAA_CTYPE_USHORT, _Bool                           \
                           : KAA_CTYPE_BOOL));

/* The compiler's own evaluation overflows where kaa's wraps. */
__attribute__((no_sanitize("undefined"))) static void
check_integers(kaa_test *t){
#include "decl/integers.def"
}

KAA_TEST(integer_expressions_are_the_compilers)
{
    check_integers(t);
}

static void
check_floating(kaa_test *t, const char *text, double value, kaa_ctype_kind kind)
{
    const kaa_decl_item *item = define(t, text);

    if (item->kind != KAA_DECL_FLOATING ||
        memcmp(&item->floating, &value, sizeof(double)) != 0 ||
        kaa_ctype_kind_of(kaa_ctype_strip(item->type)) != kind)
        FAIL("%s is %.17g (kind %d), expected %.17g (kind %d)", text,
             item->floating, (int)kaa_ctype_kind_of(item->type), value,
             (int)kind);
}

#define FLOATING(expression)                                                   \
    check_floating(t, #expression, (double)(expression),                       \
                   _Generic(expression, float                                  \
                            : KAA_CTYPE_FLOAT, double                          \
                            : KAA_CTYPE_DOUBLE, long double                    \
                            : KAA_CTYPE_LDOUBLE));

KAA_TEST(floating_expressions_are_the_compilers){
#include "decl/floatings.def"
}

KAA_TEST(the_least_number_by_minus_one)
{
    /* Undefined in C, a trap on many machines; here it wraps. */
    CHECK_EQ(define(t, "(-9223372036854775807 - 1) / -1")->integer, INT64_MIN);
    CHECK_EQ(define(t, "(-9223372036854775807 - 1) % -1")->integer, 0);
    CHECK_EQ(define(t, "(-2147483647 - 1) / -1")->integer, INT32_MIN);
}

KAA_TEST(not_a_number)
{
    CHECK(isnan(define(t, "(0.0 / 0.0)")->floating));
    CHECK(isnan(define(t, "(__builtin_nanf (\"\"))")->floating));
    CHECK(isinf(define(t, "(__builtin_inff ())")->floating));
    CHECK_EQ(kaa_ctype_kind_of(define(t, "__builtin_huge_vall()")->type),
             KAA_CTYPE_LDOUBLE);
}

KAA_TEST(characters_of_other_types)
{
    CHECK_EQ(define(t, "L'a'")->integer, 'a');
    CHECK_EQ(kaa_ctype_kind_of(define(t, "L'a'")->type), KAA_CTYPE_WCHAR);
    CHECK_EQ(define(t, "u'\\u20ac'")->integer, 0x20ac);
    CHECK_EQ(kaa_ctype_kind_of(define(t, "u'a'")->type), KAA_CTYPE_CHAR16);
    CHECK_EQ(define(t, "U'\xf0\x9f\x98\x80'")->integer, 0x1f600);
    CHECK_EQ(kaa_ctype_kind_of(define(t, "U'a'")->type), KAA_CTYPE_CHAR32);
    CHECK_EQ(define(t, "u8'a'")->integer, 'a');
    CHECK_EQ(define(t, "1'000'000")->integer, 1000000);
}

KAA_TEST(string_constants)
{
    const kaa_decl_item *item =
        define(t, "\"a\\tb\\0c\\x41\\101\" u8\"\\u20ac\"");

    CHECK_EQ(item->kind, KAA_DECL_STRING);
    CHECK_EQ(item->string_length, 10);
    CHECK_EQ(memcmp(item->string, "a\tb\0cAA\xe2\x82\xac", 11), 0);
    CHECK_EQ(kaa_ctype_size(item->type), 11);
    CHECK_EQ(define(t, "(\"x\")")->kind, KAA_DECL_STRING);
    CHECK_EQ(define(t, "((const char *)\"x\")")->kind, KAA_DECL_STRING);
}

KAA_TEST(pointer_constants)
{
    const kaa_decl_item *item = define(t, "((void (*)(void *))-1)");

    CHECK_EQ(item->kind, KAA_DECL_INTEGER);
    CHECK_EQ(item->integer, -1);
    CHECK(item->flags & KAA_DECL_UNSIGNED);
    CHECK_EQ(kaa_ctype_kind_of(item->type), KAA_CTYPE_POINTER);
    CHECK_EQ(define(t, "((void *)0)")->integer, 0);
}

static const struct {
    const char *text;
    const char *name;
    int64_t value;
} statics[] = {
    {"static const int N = 5;", "N", 5},
    {"static const unsigned char N = 300;", "N", 44},
    {"const static long a = -1, N = 2 + 3;", "N", 5},
    {"typedef const int ci; static ci N = 7;", "N", 7},
    {"enum e { A = 4 }; static const enum e N = A;", "N", 4},
    {"static const int M = 3; static const int N = M * 2;", "N", 6},
    {"static const int M = 3; char N[M];", "M", 3},
    {"constexpr int N = 9;", "N", 9},
    {"static const _Bool N = 2;", "N", 1},
    {"static const int N = (int)2.5;", "N", 2},
    {"static const double D = 1; enum { N = (int)(D * 3) };", "N", 3},
};

KAA_TEST(static_constants)
{
    const kaa_decl *decl;

    for (size_t i = 0; i < sizeof(statics) / sizeof(statics[0]); i++) {
        const kaa_decl_item *item =
            find(t, parse(t, statics[i].text), statics[i].name);
        CHECK_EQ(item->kind, KAA_DECL_INTEGER);
        CHECK_EQ(item->integer, statics[i].value);
    }
    decl = parse(t, "static const double D = 1.5; static const float F = 0.1;"
                    "static const char S[] = \"ab\" \"c\";"
                    "static const char *P = \"x\";"
                    "static const int A[] = {1, 2}, *Q = 0;"
                    "const int E = 5; static int V = 5;"
                    "static const struct { int a; } R = {.a = (1, 2)};"
                    "static const int U = unknown(1, 2), W = 3;");
    CHECK(find(t, decl, "D")->floating == 1.5);
    CHECK(find(t, decl, "F")->floating == (double)0.1f);
    CHECK_STR(find(t, decl, "S")->string, "abc");
    CHECK_STR(find(t, decl, "P")->string, "x");
    CHECK_EQ(find(t, decl, "A")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "Q")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "E")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "V")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "R")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "U")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "W")->integer, 3);
}

KAA_TEST(macros_are_expanded_as_tokens)
{
    const kaa_decl *decl =
        parse(t, "#define TWICE ONE * 2\n"
                 "#define ONE 1 + 2 /* a\n comment */ // and another\n"
                 "#define LONG 1 + \\\n  41\n"
                 "#define TYPE unsigned long\n"
                 "#define CAST ((TYPE)-1)\n"
                 "#define API extern __attribute__((noreturn))\n"
                 "#define SELF SELF\n"
                 "enum { SELF = 3 };\n"
                 "#define A B\n#define B A\n"
                 "#define GONE 1\n#undef GONE\n"
                 "#define AGAIN 1\n#define AGAIN 2\n"
                 "#define CALL(x) x\n#define CALLED CALL(1)\n"
                 "#define EMPTY\n#define WORD word\n#define OPEN (\n"
                 "# define SPACED 5\n  #define INDENTED 6\n"
                 "API void f(char [AGAIN]);\n"
                 "extern int errno;\n#define errno (*errno_location())\n"
                 "[[kaa::errno]] int g(void);\n"
                 "#define NOTHING_BEHIND");

    CHECK_EQ(find(t, decl, "TWICE")->integer, 5);
    CHECK_EQ(find(t, decl, "LONG")->integer, 42);
    CHECK_EQ(find(t, decl, "CAST")->integer, -1);
    CHECK_EQ(find(t, decl, "SELF")->flags, KAA_DECL_ENUMERATOR);
    CHECK_EQ(find(t, decl, "AGAIN")->integer, 2);
    CHECK_EQ(find(t, decl, "AGAIN")->flags, KAA_DECL_MACRO);
    CHECK_EQ(find(t, decl, "SPACED")->integer, 5);
    CHECK_EQ(find(t, decl, "INDENTED")->integer, 6);
    CHECK(find(t, decl, "f")->flags & KAA_DECL_NORETURN);
    CHECK_EQ(find(t, decl, "errno")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(find(t, decl, "g")->flags, KAA_DECL_ERRNO);
    static const char *const none[] = {
        "TYPE",   "API",   "A",    "B",    "GONE",          "CALL",
        "CALLED", "EMPTY", "WORD", "OPEN", "NOTHING_BEHIND"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (kaa_decl_find(decl, none[i]) != NULL)
            FAIL("%s is a constant", none[i]);
}

KAA_TEST(macros_of_floating_macros)
{
    const kaa_decl *decl = parse(t, "#define HALF 0.5\n"
                                    "#define USED HALF\n"
                                    "#define TWICE (USED * 2 + HALF)\n"
                                    "#define WHOLE ((int)(TWICE * 2))\n"
                                    "char f[WHOLE];\n");

    CHECK(find(t, decl, "USED")->kind == KAA_DECL_FLOATING);
    CHECK(find(t, decl, "USED")->floating == 0.5);
    CHECK(find(t, decl, "TWICE")->floating == 1.5);
    CHECK_EQ(find(t, decl, "WHOLE")->integer, 3);
    CHECK_EQ(kaa_ctype_size(find(t, decl, "f")->type), 3);
}

KAA_TEST(macros_on_macros_cost_no_more_than_their_length)
{
    enum { COUNT = 300 };
    char text[COUNT * 48];
    size_t length = 0;
    const kaa_decl *decl;

    if (kaa_test_is_fault_run())
        SKIP("the same code as in other tests, and slow here");
    /* A chain deeper than any stack of macros, ... */
    for (int i = 0; i < COUNT; i++)
        length += (size_t)snprintf(
            text + length, sizeof(text) - length,
            i == 0 ? "#define C0 (1)\n" : "#define C%d (C%d + 1)\n", i, i - 1);
    decl = parse(t, text);
    CHECK_EQ(find(t, decl, "C299")->integer, COUNT);
    /* ... and one that would double at each step. */
    length = 0;
    for (int i = 0; i < COUNT; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   i == 0 ? "#define C0 1\n"
                                          : "#define C%d C%d + C%d\n",
                                   i, i - 1, i - 1);
    decl = parse(t, text);
    CHECK_EQ(find(t, decl, "C10")->integer, 1024);
    CHECK_EQ(kaa_decl_find(decl, "C299"), NULL);
}

/* C0 means C1 with something before and behind, and so on to C299, which means
 * `end`. */
static const kaa_decl *
parse_from_its_end(kaa_test *t, const char *before, const char *behind,
                   const char *end, uint32_t flags)
{
    enum { COUNT = 300 };
    char text[COUNT * 32 + 100];
    size_t length = 0;

    for (int i = 0; i < COUNT - 1; i++)
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length,
                             "#define C%d %sC%d%s\n", i, before, i + 1, behind);
    snprintf(text + length, sizeof(text) - length, "#define C299 %s\n", end);
    return parse_as(t, text, flags);
}

KAA_TEST(a_chain_of_macros_may_begin_with_its_end)
{
    const kaa_decl *decl;

    if (kaa_test_is_fault_run())
        SKIP("the same code as in other tests, and slow here");
    decl = parse_from_its_end(t, "", "", "0xFFFFFFFF", 0);
    CHECK_EQ(find(t, decl, "C0")->integer, 0xFFFFFFFF);
    CHECK_EQ(find(t, decl, "C0")->flags, find(t, decl, "C299")->flags);
    CHECK_EQ(kaa_ctype_size(find(t, decl, "C0")->type), 4);
    decl = parse_from_its_end(t, " ", " ", "-2.5", 0);
    CHECK(find(t, decl, "C0")->floating == -2.5);
    decl = parse_from_its_end(t, "", "", "\"a\" \"b\"", 0);
    CHECK_STR(find(t, decl, "C0")->string, "ab");
    CHECK_EQ(find(t, decl, "C0")->string_length, 2);
    decl = parse_from_its_end(t, "(1 + ", ")", "5", 0);
    CHECK_EQ(find(t, decl, "C0")->integer, 304);
    /* Each of them goes round once. */
    decl = parse_from_its_end(t, "", "", "C0", 0);
    CHECK_EQ(kaa_decl_find(decl, "C0"), NULL);
    CHECK_EQ(kaa_decl_find(decl, "C150"), NULL);
    decl = parse(t, "#define A B\n#define B A\nenum { A = 3 };\n"
                    "#define U E\n#define E 8\nenum { V = U };\n"
                    "#define Q (R) + \"R\"[0]\n#define R 1\n#define S Q\n");
    CHECK_EQ(find(t, decl, "A")->integer, 3);
    CHECK_EQ(find(t, decl, "V")->integer, 8);
}

KAA_TEST(the_end_of_a_chain_of_macros_is_named)
{
    const kaa_decl *decl;

    if (kaa_test_is_fault_run())
        SKIP("the same code as in other tests, and slow here");
    decl = parse_from_its_end(t, "", "", "gone", KAA_DECL_TOLERANT);
    for (size_t i = 0; i < kaa_decl_count(decl); i++)
        CHECK_STR(kaa_decl_at(decl, i)->reason,
                  "'gone' is no constant that is known");
    CHECK_EQ(kaa_decl_count(decl), 300);
    decl = parse_from_its_end(t, "-", "", "gone", KAA_DECL_TOLERANT);
    CHECK_STR(kaa_decl_at(decl, 0)->reason,
              "'C64' is a macro within 64 others, which is too deep");
    decl = parse_from_its_end(t, "", "", "gone", 0);
    CHECK_EQ(kaa_decl_count(decl), 0);
}

KAA_TEST(assertions_are_checked)
{
    const kaa_decl *decl =
        parse(t, "_Static_assert(sizeof(int) == 4, \"int\" \" is 4\");"
                 "static_assert(1);"
                 "_Static_assert(sizeof(int) == known_to_the_compiler(1), "
                 "\"x\");"
                 "int a;");

    CHECK_EQ(kaa_decl_count(decl), 1);
}
