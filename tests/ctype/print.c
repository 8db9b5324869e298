/* ctype/print.c - types as C text. random_layout.py compiles what is printed
 * here for thousands of records. */
#include "ctype/help.h"

#include <stdio.h>

#define MEMBER(name_, type_)                                                   \
    {                                                                          \
        .name = (name_), .type = (type_), .bit_width = PLAIN                   \
    }

static void
prints(kaa_test *t, const kaa_ctype *type, const char *name,
       const char *expected)
{
    char text[600];

    CHECK_EQ(kaa_ctype_print(type, name, text, sizeof(text)), strlen(expected));
    CHECK_STR(text, expected);
}

static void
defines(kaa_test *t, const kaa_ctype *type, const char *expected)
{
    char text[1200];

    kaa_ctype_print_definition(type, text, sizeof(text));
    CHECK_STR(text, expected);
    CHECK_EQ(kaa_ctype_print_definition(type, NULL, 0), strlen(expected));
}

KAA_TEST(simple_declarations)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *c = qualified(t, table, BASIC(CHAR), KAA_CTYPE_CONST, 0);
    const kaa_ctype *p = pointer_to(t, table, c);

    prints(t, BASIC(INT), NULL, "int");
    prints(t, BASIC(INT), "", "int");
    prints(t, BASIC(ULLONG), "x", "unsigned long long x");
    prints(t, p, NULL, "const char *");
    prints(t, p, "text", "const char *text");
    prints(t, pointer_to(t, table, p), "list", "const char **list");
    prints(t, qualified(t, table, p, KAA_CTYPE_CONST, 0), "text",
           "const char *const text");
    prints(t,
           pointer_to(t, table,
                      qualified(t, table, p,
                                KAA_CTYPE_RESTRICT | KAA_CTYPE_VOLATILE, 0)),
           NULL, "const char *volatile restrict *");
    prints(t, qualified(t, table, BASIC(INT), KAA_CTYPE_ATOMIC, 0), "n",
           "_Atomic int n");
    prints(t, qualified(t, table, BASIC(INT), 0, 16), "n",
           "__attribute__((aligned(16))) int n");
    prints(t, alias(t, table, "T", p), "x", "T x");
    prints(t, qualified(t, table, alias(t, table, "T", p), KAA_CTYPE_CONST, 0),
           "x", "const T x");
    prints(t, BASIC(VALIST), "v", "__builtin_va_list v");
}

KAA_TEST(arrays_and_functions)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *text = pointer_to(
        t, table, qualified(t, table, BASIC(CHAR), KAA_CTYPE_CONST, 0));
    const kaa_ctype_parameter parameters[] = {{"text", text},
                                              {NULL, BASIC(DOUBLE)}};
    const kaa_ctype *f =
        function(t, table, BASIC(INT), parameters, 2, KAA_CTYPE_VARIADIC);
    const kaa_ctype *fp = pointer_to(t, table, f);
    const kaa_ctype *a = array_of(t, table, BASIC(INT), 3);

    prints(t, a, NULL, "int[3]");
    prints(t, array_of(t, table, a, 2), "m", "int m[2][3]");
    prints(t, array_of(t, table, text, KAA_CTYPE_UNKNOWN_COUNT), "v",
           "const char *v[]");
    prints(t, pointer_to(t, table, a), "p", "int (*p)[3]");
    prints(t, pointer_to(t, table, a), NULL, "int (*)[3]");
    prints(t, f, "f", "int f(const char *text, double, ...)");
    prints(t, f, NULL, "int (const char *text, double, ...)");
    prints(t, fp, "fp", "int (*fp)(const char *text, double, ...)");
    prints(t, qualified(t, table, fp, KAA_CTYPE_CONST, 0), "fp",
           "int (*const fp)(const char *text, double, ...)");
    prints(t, array_of(t, table, fp, 4), "v",
           "int (*v[4])(const char *text, double, ...)");
    prints(t, function(t, table, BASIC(VOID), NULL, 0, 0), "f", "void f(void)");
    prints(t, function(t, table, text, NULL, 0, KAA_CTYPE_UNPROTOTYPED), "f",
           "const char *f()");
    prints(t, function(t, table, text, NULL, 0, KAA_CTYPE_VARIADIC), "f",
           "const char *f(...)");
    prints(t, function(t, table, fp, NULL, 0, 0), "f",
           "int (*f(void))(const char *text, double, ...)");
}

KAA_TEST(signal_is_printed)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype_parameter number = {NULL, BASIC(INT)};
    const kaa_ctype *handler =
        pointer_to(t, table, function(t, table, BASIC(VOID), &number, 1, 0));
    const kaa_ctype_parameter both[] = {{"sig", BASIC(INT)}, {"func", handler}};

    prints(t, function(t, table, handler, both, 2, 0), "signal",
           "void (*signal(int sig, void (*func)(int)))(int)");
}

KAA_TEST(records_and_enums_by_tag)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *e = NULL;

    CHECK_OK(kaa_ctype_enum(table, "e", 1, &e, &t->err));
    prints(t, record(t, table, KAA_CTYPE_STRUCT, "s"), "x", "struct s x");
    prints(t, record(t, table, KAA_CTYPE_UNION, NULL), "x", "union {...} x");
    prints(t, pointer_to(t, table, e), NULL, "enum e *");
    defines(t, e, "enum e");
    defines(t, record(t, table, KAA_CTYPE_STRUCT, "s"), "struct s");
    defines(t, BASIC(INT), "int");
    defines(t, pointer_to(t, table, BASIC(INT)), "int *");
}

KAA_TEST(definitions)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *in = record(t, table, KAA_CTYPE_UNION, NULL);
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "s");
    kaa_ctype_record_options options = {.size = sizeof(options),
                                        .flags = KAA_CTYPE_PACKED,
                                        .align = 8,
                                        .pack = 2};
    kaa_ctype_member inner[] = {MEMBER("d", BASIC(DOUBLE))};

    CHECK_OK(kaa_ctype_record_define(table, in, inner, 1, NULL, &t->err));
    kaa_ctype_member members[] = {
        {.name = "bits", .type = BASIC(UINT), .bit_width = 3},
        {.type = BASIC(INT), .bit_width = 0},
        MEMBER(NULL, in),
        {.name = "x",
         .type = BASIC(INT),
         .bit_width = PLAIN,
         .align = 4,
         .flags = KAA_CTYPE_PACKED},
        MEMBER("more",
               array_of(t, table, BASIC(CHAR), KAA_CTYPE_UNKNOWN_COUNT))};
    CHECK_OK(
        kaa_ctype_record_define(table, made, members, 5, &options, &t->err));
    defines(t, made,
            "#pragma pack(push, 2)\n"
            "struct s {\n"
            "    unsigned int bits : 3;\n"
            "    int : 0;\n"
            "    #pragma pack(push, 0)\n"
            "    union {\n"
            "        double d;\n"
            "    };\n"
            "    #pragma pack(pop)\n"
            "    int x __attribute__((packed)) __attribute__((aligned(4)));\n"
            "    char more[];\n"
            "} __attribute__((packed)) __attribute__((aligned(8)));\n"
            "#pragma pack(pop)");
    defines(t, in, "union {\n    double d;\n};");
}

/* Whose elements are laid out otherwise than the record around them. */
KAA_TEST(an_array_of_records_of_another_packing)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *in = record(t, table, KAA_CTYPE_UNION, NULL);
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "s");
    kaa_ctype_record_options options = {.size = sizeof(options), .pack = 2};
    kaa_ctype_member inner[] = {MEMBER("d", BASIC(DOUBLE))};

    CHECK_OK(kaa_ctype_record_define(table, in, inner, 1, NULL, &t->err));
    kaa_ctype_member members[] = {MEMBER("a", array_of(t, table, in, 3))};
    CHECK_OK(
        kaa_ctype_record_define(table, made, members, 1, &options, &t->err));
    defines(t, made,
            "#pragma pack(push, 2)\n"
            "struct s {\n"
            "    #pragma pack(push, 0)\n"
            "    union {\n"
            "        double d;\n"
            "    } a[3];\n"
            "    #pragma pack(pop)\n"
            "};\n"
            "#pragma pack(pop)");
}

KAA_TEST(definitions_of_enums)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *e = NULL, *fixed = NULL;
    kaa_ctype_enumerator low[] = {{.name = "LOW", .value = INT64_MIN},
                                  {.name = "NEXT", .value = -1}};
    kaa_ctype_enumerator top[] = {
        {.name = "TOP", .value = -1, .is_unsigned = 1}};
    kaa_ctype_enum_options options = {.size = sizeof(options),
                                      .underlying = BASIC(ULONG)};

    CHECK_OK(kaa_ctype_enum(table, "e", 1, &e, &t->err));
    CHECK_OK(kaa_ctype_enum_define(table, e, low, 2, NULL, &t->err));
    defines(t, e,
            "enum e {\n"
            "    LOW = -9223372036854775807 - 1,\n"
            "    NEXT = -1,\n"
            "};");
    CHECK_OK(kaa_ctype_enum(table, NULL, 0, &fixed, &t->err));
    CHECK_OK(kaa_ctype_enum_define(table, fixed, top, 1, &options, &t->err));
    defines(t, fixed,
            "enum : unsigned long {\n"
            "    TOP = 18446744073709551615u,\n"
            "};");
}

KAA_TEST(a_record_without_tag_may_hold_its_own_pointer)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, NULL);
    kaa_ctype_member m = MEMBER("self", pointer_to(t, table, made));
    char text[100];

    CHECK_OK(kaa_ctype_record_define(table, made, &m, 1, NULL, &t->err));
    kaa_ctype_print_definition(made, text, sizeof(text));
    CHECK_HAS(text, "struct {\n    struct {\n        struct {");
    prints(t, made, "x", "struct {...} x");
}

KAA_TEST(text_is_cut_to_the_buffer)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *p = pointer_to(t, table, BASIC(UCHAR));
    const char *whole = "unsigned char *x";
    char text[32];

    for (size_t size = 0; size <= strlen(whole) + 2; size++) {
        memset(text, '#', sizeof(text));
        CHECK_EQ(kaa_ctype_print(p, "x", text, size), strlen(whole));
        if (size > 0) {
            size_t fits = size <= strlen(whole) ? size - 1 : strlen(whole);
            CHECK_EQ(memcmp(text, whole, fits), 0);
            CHECK_EQ(text[fits], '\0');
        }
        CHECK_EQ(text[size], '#');
    }
    CHECK_EQ(kaa_ctype_print(p, "x", NULL, 10), strlen(whole));
}
