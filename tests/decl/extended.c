/* decl/extended.c - _BitInt, SIMD vectors, decimal numbers, auto, nullptr,
 * _Generic. What the compiler of this test has is compared with it. */
#include "decl/common.h"

#include <stddef.h>

static const kaa_ctype *
type_of(kaa_test *t, const char *text, const char *name)
{
    return find(t, parse(t, text), name)->type;
}

KAA_TEST(vectors_are_laid_out_as_the_compilers)
{
    typedef float v4 __attribute__((vector_size(16)));
    typedef v4 v4u __attribute__((aligned(1)));
    struct s {
        char a;
        v4 v[2];
        char b;
        v4u u;
    };
    const kaa_ctype *type = type_of(
        t,
        "typedef float v4 __attribute__((__vector_size__(16), __may_alias__));"
        "typedef v4 v4u __attribute__((aligned(1)));"
        "struct s { char a; v4 v[2]; char b; v4u u; };",
        "struct s");
    const kaa_ctype_member *members = kaa_ctype_members(type);

    CHECK_EQ(kaa_ctype_size(type), sizeof(struct s));
    CHECK_EQ(kaa_ctype_align(type), _Alignof(struct s));
    CHECK_EQ(members[1].offset, offsetof(struct s, v));
    CHECK_EQ(members[2].offset, offsetof(struct s, b));
    CHECK_EQ(members[3].offset, offsetof(struct s, u));
    CHECK_EQ(kaa_ctype_flags(type), KAA_CTYPE_BY_ADDRESS);
    type = type_of(t, "__attribute__((vector_size(8))) long long v;", "v");
    CHECK_EQ(kaa_ctype_size(type), 8);
    type =
        type_of(t, "const double __attribute__((ext_vector_type(4))) v;", "v");
    CHECK_EQ(kaa_ctype_align(type), 32);
    CHECK_EQ(kaa_ctype_qualifiers(type), KAA_CTYPE_CONST);
}

KAA_TEST(a_vector_prints_as_it_is_written)
{
    const kaa_decl *decl =
        parse(t, "typedef int v __attribute__((vector_size(16)));"
                 "v *f(const v *, int __attribute__((vector_size(16))) *);");
    const kaa_ctype *function = kaa_ctype_strip(find(t, decl, "f")->type);
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(function);

    CHECK_STR(printed(t, find(t, decl, "v")),
              "typedef int __attribute__((vector_size(16))) v;");
    /* One type, however often it is written. */
    CHECK_EQ(kaa_ctype_strip(kaa_ctype_target(parameters[0].type)),
             kaa_ctype_strip(kaa_ctype_target(parameters[1].type)));
}

static const struct {
    const char *type;
    uint32_t size;
    uint32_t align;
} bits[] = {
    {"unsigned _BitInt(1)", 1, 1},  {"_BitInt(2)", 1, 1},
    {"_BitInt(8)", 1, 1},           {"_BitInt(9)", 2, 2},
    {"_BitInt(17)", 4, 4},          {"signed _BitInt(32)", 4, 4},
    {"_BitInt(33) unsigned", 8, 8}, {"_BitInt(64)", 8, 8},
    {"_BitInt(65)", 16, 8},         {"unsigned _BitInt(128)", 16, 8},
    {"_BitInt(4 * 4 + 1)", 4, 4},
};

KAA_TEST(bit_ints_have_the_layout_of_the_abi)
{
    char text[80];

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        const kaa_ctype *type;

        snprintf(text, sizeof(text), "%s x;", bits[i].type);
        type = type_of(t, text, "x");
        CHECK_EQ(kaa_ctype_size(type), bits[i].size);
        CHECK_EQ(kaa_ctype_align(type), bits[i].align);
    }
    CHECK_STR(
        printed(t,
                find(t, parse(t, "_BitInt(17) f(unsigned _BitInt(3));"), "f")),
        "_BitInt(17) f(unsigned _BitInt(3));");
}

KAA_TEST(bit_ints_without_padding_are_integers)
{
    CHECK_EQ(
        kaa_ctype_kind_of(kaa_ctype_strip(type_of(t, "_BitInt(32) x;", "x"))),
        KAA_CTYPE_INT);
    CHECK_EQ(kaa_ctype_kind_of(
                 kaa_ctype_strip(type_of(t, "unsigned _BitInt(8) x;", "x"))),
             KAA_CTYPE_UCHAR);
}

KAA_TEST(decimal_numbers_have_their_layout)
{
    const kaa_ctype *type = type_of(
        t, "struct s { char a; _Decimal32 b; _Decimal64 c; _Decimal128 d; };",
        "struct s");

    CHECK_EQ(kaa_ctype_size(type), 32);
    CHECK_EQ(kaa_ctype_align(type), 16);
    CHECK_EQ(kaa_ctype_members(type)[1].offset, 4);
    CHECK_EQ(kaa_ctype_flags(type), KAA_CTYPE_BY_ADDRESS);
}

static const struct {
    const char *text;
    const char *name;
    int64_t value;
    kaa_ctype_kind kind;
} values[] = {
    {"static const auto N = 42u;", "N", 42, KAA_CTYPE_UINT},
    {"constexpr auto N = 1ll << 40;", "N", (int64_t)1 << 40, KAA_CTYPE_LLONG},
    {"enum { N = _Generic(1.0f, int: 1, float: 2, default: 3) };", "N", 2,
     KAA_CTYPE_INT},
    {"enum { N = _Generic(1ul, int: 1, default: 3, float: 2) };", "N", 3,
     KAA_CTYPE_INT},
    {"enum { N = _Generic(\"a\", const char *: 1, char *: 2) };", "N", 2,
     KAA_CTYPE_INT},
    {"extern const int i; enum { N = _Generic(i, long: x(,), int: 2) };", "N",
     2, KAA_CTYPE_INT},
    {"int f(void); enum { N = _Generic(f, int (*)(void): 7) };", "N", 7,
     KAA_CTYPE_INT},
    {"#define N _Generic((char)1, char: _Generic(1, int: 8), int: 9)\n", "N", 8,
     KAA_CTYPE_INT},
    {"enum { N = _Generic(1ul, default: 1 / 0, unsigned long: 4) };", "N", 4,
     KAA_CTYPE_INT},
    {"enum { N = _Generic(1ul, unsigned long: 4, default: 1 / 0) };", "N", 4,
     KAA_CTYPE_INT},
    {"enum { N = _Generic(1, default: none(1), long: 2 / 0, int: 5) };", "N", 5,
     KAA_CTYPE_INT},
    {"enum { N = _Generic(1, default: _Generic(2, default: 6, long: 1 / 0),"
     " long: 7) + 1 };",
     "N", 7, KAA_CTYPE_INT},
    {"#define ZERO 0\n#define WRONG 1 / ZERO, char: none\n"
     "#define N _Generic(1ul, default: WRONG, unsigned long: ZERO + 8)\n",
     "N", 8, KAA_CTYPE_INT},
    {"#define ZERO 0\n#define FIRST default: ZERO + 9, char: 1 / ZERO,\n"
     "#define N (_Generic(1ul, FIRST int: none) + ZERO)\n",
     "N", 9, KAA_CTYPE_INT},
    {"#define N nullptr\n", "N", 0, KAA_CTYPE_POINTER},
    {"constexpr auto N = nullptr;", "N", 0, KAA_CTYPE_POINTER},
    {"typedef int t; constexpr typeof_unqual(const t) N = 3;", "N", 3,
     KAA_CTYPE_INT},
};

KAA_TEST(constants_of_c23)
{
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const kaa_decl_item *item =
            find(t, parse(t, values[i].text), values[i].name);

        CHECK_EQ(item->kind, KAA_DECL_INTEGER);
        CHECK_EQ(item->integer, values[i].value);
        CHECK_EQ(kaa_ctype_kind_of(kaa_ctype_strip(item->type)),
                 values[i].kind);
    }
}

KAA_TEST(auto_takes_its_type_from_the_value)
{
    const kaa_decl *decl =
        parse(t, "static const auto d = 1.5; constexpr auto s = \"text\";"
                 "auto v = 5l; auto register int old;");

    CHECK_EQ(find(t, decl, "d")->kind, KAA_DECL_FLOATING);
    CHECK_EQ(find(t, decl, "s")->kind, KAA_DECL_STRING);
    CHECK_EQ(find(t, decl, "v")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(kaa_ctype_kind_of(find(t, decl, "v")->type), KAA_CTYPE_LONG);
    CHECK_EQ(kaa_ctype_kind_of(find(t, decl, "old")->type), KAA_CTYPE_INT);
}

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {"_BitInt(1) x;", "2 bits at least"},
    {"unsigned _BitInt(0) x;", "1 bits at least"},
    {"_BitInt(129) x;", "more than 128 bits"},
    {"_BitInt x;", "expected '('"},
    {"_BitInt(17) int x;", "are no type"},
    {"_BitInt(1.5) x;", "integer constant"},
    {"typedef struct s v __attribute__((vector_size(16)));", "of this type"},
    {"typedef int *v __attribute__((vector_size(16)));", "of this type"},
    {"typedef int v __attribute__((vector_size(12)));", "of this size"},
    {"typedef int v __attribute__((vector_size(0)));", "of this size"},
    {"auto x;", "no constant"},
    {"auto *x = 5;", "a plain name"},
    {"enum { N = _Generic(1, long: 2) };", "no association"},
    {"enum { N = _Generic(1, default: 1 / 0, long: 2) };", "zero"},
    {"enum { N = _Generic(1, default: none, long: 2) };", "none"},
    {"enum { N = _Generic(1, default: 1 2, long: 2) };", "expected"},
    {"enum { N = _Generic(1) };", "expected ','"},
    {"enum { N = _Generic(1, int: 2 };", "expected ')'"},
    {"enum { N = _Generic(1, long: (2 };", "expected"},
};

KAA_TEST(what_cannot_be_is_refused)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        kaa_ctype_table *types = new_table(t);
        kaa_decl *decl = NULL;
        kaa_status status = parse_bytes(
            types, refused[i].text, strlen(refused[i].text), 0, &decl, &t->err);

        CHECK_MEMORY(status != KAA_NO_MEMORY ? types : NULL);
        DEFER(t, kaa_decl_destroy, decl);
        if (status == KAA_OK ||
            strstr(t->err.message, refused[i].message) == NULL)
            FAIL("%s: %s", refused[i].text, t->err.message);
    }
}
