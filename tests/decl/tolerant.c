/* decl/tolerant.c - what a tolerant parse skips, and that it goes on behind
 * it; and that what kaa prints parses again to the same. */
#include "decl/common.h"

static const struct {
    const char *text;
    const char *name;   /* of the skipped item */
    const char *reason; /* NULL: any */
} skipped[] = {
    {"int f(foo); int last;", "f",
     "unknown type name 'foo': declare it first, with 'typedef'"},
    {"foo f(int); int last;", "f",
     "unknown type name 'foo': declare it first, with 'typedef'"},
    {"_Complex int f(int); int last;", "f", "kaa does not have this type"},
    {"struct { int a : 99; } x; int last;", "x", NULL},
    {"struct s { foo a; int b; } x; int last;", "s", NULL},
    {"static inline foo f(void) { return 0; } int last;", "f", NULL},
    {"int f(foo, int) { struct { int a; } b; return 0; } int last;", "f", NULL},
    {"int f(foo *a) __attribute__((x)) { return 0; } int last;", "f", NULL},
    {"int f(int (int; int last;", "f", NULL},
    {"int a[] = {1, @}; int last;", NULL, NULL},
    {"int a = ; int last;", "a", NULL},
    {"} int last;", "", "this '}' closes nothing"},
    {") int; int last;", "", NULL},
    {"int f(int); long f(int); int last;", "f", NULL},
    {"extern \"C\" { foo a; } int last;", "a", NULL},
    {"extern \"C\" { foo a } int last;", "a", NULL},
    {"#include <x.h>\nint last;", "", NULL},
    {"#define F(x) x\nint last;", "F", "a macro with arguments"},
    {"#define E\nint last;", "E", "an empty macro"},
    {"#define U unknown\nint last;", "U",
     "'unknown' is no constant that is known"},
    {"#define O (1\nint last;", "O", "expected ')' at the end"},
    {"#pragma pack(5)\nint last;", "", NULL},
    {"int last; /* no end", "", "a comment has no end"},
    {"int \x80(int); \xff; int last;", "\xff", NULL},
    {"static const int x = \"no end\n; int last;", "x", NULL},
    {"_Static_assert(0, \"no\"); int last;", "", "static assertion failed: no"},
    {"int a, b[foo], c; int last;", "b", NULL},
    {"[[kaa::wrong]] int f(void); int last;", "f", NULL},
    {"foo(int a) int a; { } int last;", "foo", NULL},
};

KAA_TEST(a_tolerant_parse_goes_on)
{
    for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
        const kaa_decl *decl = parse_as(t, skipped[i].text, KAA_DECL_TOLERANT);
        const kaa_decl_item *item = NULL;

        if (kaa_decl_find(decl, "last") == NULL)
            FAIL("lost: %s", skipped[i].text);
        if (skipped[i].name == NULL)
            continue;
        for (size_t j = 0; j < kaa_decl_count(decl) && item == NULL; j++)
            if (kaa_decl_at(decl, j)->kind == KAA_DECL_SKIPPED)
                item = kaa_decl_at(decl, j);
        if (item == NULL)
            FAIL("nothing skipped: %s", skipped[i].text);
        CHECK_STR(item->name, skipped[i].name);
        CHECK(item->reason != NULL && item->reason[0] != '\0');
        CHECK_EQ(strchr(item->reason, '\n'), NULL);
        if (skipped[i].reason != NULL)
            CHECK_STR(item->reason, skipped[i].reason);
        CHECK_EQ(item->type, NULL);
        CHECK_HAS(printed(t, item), item->reason);
    }
}

KAA_TEST(what_comes_before_a_skipped_declarator_stays)
{
    const kaa_decl *decl =
        parse_as(t, "int a, *b, c[foo], d;", KAA_DECL_TOLERANT);

    CHECK_EQ(kaa_decl_count(decl), 3);
    CHECK_EQ(find(t, decl, "b")->kind, KAA_DECL_VARIABLE);
    CHECK_EQ(kaa_decl_at(decl, 2)->kind, KAA_DECL_SKIPPED);
    CHECK_EQ(kaa_decl_find(decl, "c"), NULL);
}

KAA_TEST(directives_have_their_effect_once)
{
    /* The parser comes by each pragma twice: when it fails, when it skips. */
    const kaa_decl *decl =
        parse_as(t,
                 "#pragma pack(push, 2)\n"
                 "foo f(int a,\n#pragma pack(push, 1)\n#define N 3\nint b);\n"
                 "struct s { char a; int b; };\n"
                 "#pragma pack(pop)\n"
                 "struct u { char a; int b[N]; };\n",
                 KAA_DECL_TOLERANT);

    CHECK_EQ(kaa_ctype_size(find(t, decl, "struct s")->type), 5);
    CHECK_EQ(kaa_ctype_size(find(t, decl, "struct u")->type), 14);
    CHECK_EQ(kaa_decl_count(decl), 4);
}

static const char *const round_trips[] = {
    "[[kaa::hold_gil]] [[kaa::errno]] double pow(double x, double y);",
    "[[kaa::nullable]] [[kaa::free(free)]] char *strdup(const char *);",
    "void f([[kaa::out]] int *a, [[kaa::length(n)]] const float *c, unsigned n,"
    " [[kaa::scope(call)]] int (*d)(void *), [[kaa::nullable]] char *e);",
    "int g(char *a, const char *b, ...) __asm__(\"__g\") "
    "__attribute__((nonnull(1)));",
    "int (*(*h(int (*)(void), char (*)[3]))[4])(char);",
    "static inline long i(void) { return 1; }",
    "[[gnu::weak]] int w(int); extern int x __attribute__((__weak__));",
    "typedef struct { int a; struct { char b : 3, : 2; }; union { int c; float "
    "d[2]; } e; } T;",
    "typedef struct { int a; } *const *P, Q[3];",
    "typedef enum { A = -1, B = 5 } E;",
    "enum big { C = 0x7fffffffffffffff, D } x[3];",
    "struct s; struct s *j(struct s **);",
    "struct packed { char a; int b; } __attribute__((packed, aligned(4)));",
    "#pragma pack(2)\nstruct pack2 { char a; int b; };\n#pragma pack()\n",
    "struct fields { unsigned a : 3, : 0, b : 5; _Bool c : 1; char d[]; };",
    "struct al { char a; char b __attribute__((aligned(8))); };",
    "enum tiny { F } __attribute__((packed)); enum tiny k;",
    "enum fixed : unsigned char { G = 200 };",
    "typedef int over __attribute__((aligned(32)));",
    "extern const volatile int *const l[2][3];",
    "_Atomic int m; _Thread_local char n;",
    "wchar_t o(size_t, va_list, time_t);",
    "#define I1 5\n#define I2 -5\n#define I3 5u\n#define I4 "
    "0xffffffffffffffff\n"
    "#define I5 (-9223372036854775807 - 1)\n#define I6 ((short)3)\n"
    "#define I7 ((void *)-1)\n#define I8 1ll\n#define I9 (-2147483647 - 1)\n",
    "#define F1 1.5\n#define F2 0.1f\n#define F3 -1e300\n#define F4 1L * 0.5L\n"
    "#define F5 (1 / 0.0)\n#define F6 1e-320\n#define F7 16777216.0f\n"
    "#define F8 -1.0f / 0\n",
    "#define S1 \"a\\\"b\\\\\\n\\0\\xff\\?\"\n",
    "static const int N = -3; static const unsigned long M = -1;"
    "static const double O = 2.5; static const char R[] = \"x\";"
    "static const long L = -9223372036854775807 - 1;",
};

/* Everything of `decl`, printed, one item a line. */
static char *
print_all(kaa_test *t, const kaa_decl *decl)
{
    static char text[16384];
    size_t used = 0;

    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        size_t length = kaa_decl_print(kaa_decl_at(decl, i), text + used,
                                       sizeof(text) - used);
        CHECK_MEMORY(length != 0 ? text : NULL);
        CHECK(used + length + 2 < sizeof(text));
        used += length;
        text[used++] = '\n';
    }
    text[used] = '\0';
    return text;
}

static void
check_same(kaa_test *t, const kaa_decl *a, const kaa_decl *b)
{
    CHECK_EQ(kaa_decl_count(a), kaa_decl_count(b));
    for (size_t i = 0; i < kaa_decl_count(a); i++) {
        const kaa_decl_item *x = kaa_decl_at(a, i);
        const kaa_decl_item *y = find(t, b, x->name);

        CHECK_EQ(x->kind, y->kind);
        CHECK_EQ(x->flags, y->flags);
        CHECK_EQ(x->integer, y->integer);
        CHECK_EQ(memcmp(&x->floating, &y->floating, sizeof(double)), 0);
        CHECK_EQ(x->string_length, y->string_length);
        CHECK(x->string_length == 0 ||
              memcmp(x->string, y->string, x->string_length) == 0);
        CHECK_STR(x->free_function, y->free_function);
        CHECK_STR(x->symbol, y->symbol);
        if (!kaa_ctype_same(x->type, y->type))
            FAIL("%s comes back as another type", x->name);
        CHECK_EQ(kaa_ctype_size(x->type), kaa_ctype_size(y->type));
        CHECK_EQ(kaa_ctype_align(x->type), kaa_ctype_align(y->type));
        for (uint64_t j = 0; x->parameters != NULL &&
                             j < kaa_ctype_count(kaa_ctype_strip(x->type));
             j++)
            CHECK_EQ(memcmp(&x->parameters[j], &y->parameters[j],
                            sizeof(x->parameters[j])),
                     0);
    }
}

KAA_TEST(what_is_printed_parses_to_the_same)
{
    for (size_t i = 0; i < sizeof(round_trips) / sizeof(round_trips[0]); i++) {
        const kaa_decl *decl = parse(t, round_trips[i]);
        const kaa_decl *again = parse(t, print_all(t, decl));

        check_same(t, decl, again);
    }
}

KAA_TEST(printing_is_cut_where_there_is_no_room)
{
    const kaa_decl *decl = parse(t, "int f(int);");
    char text[8];
    size_t length = kaa_decl_print(find(t, decl, "f"), text, sizeof(text));

    CHECK_MEMORY(length != 0 ? text : NULL);
    CHECK_EQ(length, 11);
    CHECK_STR(text, "int f(i");
    CHECK_EQ(kaa_decl_print(NULL, text, sizeof(text)), 0);
    CHECK_STR(text, "");
}

KAA_TEST(a_skipped_items_comment_stays_closed)
{
    const kaa_decl *decl = parse_as(t,
                                    "int f(\"*/ int g;\");\n"
                                    "_Static_assert(0, \"*/*/\");",
                                    KAA_DECL_TOLERANT);
    const char *text;

    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        text = printed(t, kaa_decl_at(decl, i));
        CHECK(strstr(text, "*/") == text + strlen(text) - 2);
    }
}
