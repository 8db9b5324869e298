/* decl/records.c - struct, union and enum: what is laid out. */
#include "decl/common.h"

#include <stddef.h>

KAA_TEST(members_of_every_kind)
{
    const kaa_decl *decl =
        parse(t, "struct s { int a, *b, c[3]; unsigned d : 3, : 0, e : 5;"
                 " const char *f; int (*g)(int); struct { int h; union { int "
                 "i; float j; }; } k; enum { L } m; char n[]; };");
    const kaa_ctype *type = find(t, decl, "struct s")->type;
    struct s {
        int a, *b, c[3];
        unsigned d : 3, : 0, e : 5;
        const char *f;
        int (*g)(int);
        struct {
            int h;
            union {
                int i;
                float j;
            };
        } k;
        enum { L } m;
        char n[];
    };
    const kaa_ctype_member *members = kaa_ctype_members(type);

    CHECK_EQ(kaa_ctype_size(type), sizeof(struct s));
    CHECK_EQ(kaa_ctype_count(type), 11);
    CHECK_EQ(members[2].offset, offsetof(struct s, c));
    CHECK_EQ(members[3].bit_width, 3);
    CHECK_EQ(members[4].name, NULL);
    CHECK_EQ(members[5].bit_position % 8, 0);
    CHECK_EQ(members[7].offset, offsetof(struct s, g));
    CHECK_EQ(members[8].offset, offsetof(struct s, k));
    CHECK_EQ(members[10].offset, offsetof(struct s, n));
    CHECK_EQ(kaa_ctype_flags(type), KAA_CTYPE_FLEXIBLE);
    CHECK_EQ(find(t, decl, "L")->kind, KAA_DECL_INTEGER);
}

/* Alignments that each machine has its own of. */
struct extended {
    long double a;
    char b;
};
struct largest {
    char a;
} __attribute__((aligned));

static const struct {
    const char *text;
    const char *name;
    uint32_t size;
    uint32_t align;
} layouts[] = {
    {"struct s { char a; int b; } __attribute__((packed));", "s", 5, 1},
    {"struct __attribute__((__packed__)) s { char a; int b; };", "s", 5, 1},
    {"struct s { char a; int b __attribute__((packed)); };", "s", 5, 1},
    {"struct s { char a; __attribute__((aligned(16))) char b; };", "s", 32, 16},
    {"struct s { char a; char b __attribute__((aligned(4))), c; };", "s", 8, 4},
    {"struct s { char a; } __attribute__((aligned(64)));", "s", 64, 64},
    {"struct s { char a; } __attribute__((aligned));", "s",
     sizeof(struct largest), _Alignof(struct largest)},
    {"struct s { char a; _Alignas(8) char b; };", "s", 16, 8},
    {"struct s { char a; _Alignas(double) char b; };", "s", 16, 8},
    {"#pragma pack(1)\nstruct s { char a; int b; };", "s", 5, 1},
    {"#pragma pack(push, 2)\nstruct s { char a; int b; };\n#pragma pack(pop)\n"
     "struct u { char a; int b; };",
     "s", 6, 2},
    {"#pragma pack(push, 2)\nstruct s { char a; int b; };\n#pragma pack(pop)\n"
     "struct u { char a; int b; };",
     "u", 8, 4},
    {"#pragma pack(push, x, 1)\n#pragma pack(push, 2)\n#pragma pack(pop, x)\n"
     "struct s { char a; int b; };",
     "s", 8, 4},
    {"#pragma pack(2)\n#pragma pack(push)\n#pragma pack(1)\n#pragma pack(pop)\n"
     "struct s { char a; int b; };",
     "s", 6, 2},
    {"#pragma pack(1)\n#pragma pack()\nstruct s { char a; int b; };", "s", 8,
     4},
    {"_Pragma(\"pack(1)\") struct s { char a; int b; };", "s", 5, 1},
    {"struct s { _Pragma(\"pack(push, 1)\") int a; char b; _Pragma(\"pack(pop)"
     "\") };",
     "s", 8, 4},
    {"struct s { long double a; char b; };", "s", sizeof(struct extended),
     _Alignof(struct extended)},
    {"struct s {};", "s", 0, 1},
    {"union u { int a; char b[9]; };", "u", 12, 4},
    {"typedef int T __attribute__((aligned(16))); struct s { char a; T b; };",
     "s", 32, 16},
    {"struct s { int a : 3; int : 0; char b; };", "s", 8, 4},
    {"struct in { int a; }; struct s { struct in a[3]; };", "s", 12, 4},
    {"enum { N = 3 }; struct s { char a[N * 2 + 1]; };", "s", 7, 1},
    {"#define N (3)\nstruct s { char a[N][2]; };", "s", 6, 1},
    {"struct s { char a[sizeof(struct in { int b; })]; };", "s", 4, 1},
    {"enum e { A, B } __attribute__((packed)); struct s { enum e a; };", "s", 1,
     1},
    {"enum e : short { A }; struct s { enum e a; };", "s", 2, 2},
    {"struct s { enum { A } a : 2; enum e : char { B } b; };", "s", 4, 4},
    {"struct s { int a; _Static_assert(1, \"\"); ; int b; };", "s", 8, 4},
    {"struct s { __extension__ union { int a; char b; }; };", "s", 4, 4},
    {"struct s { int a; struct u { int b; }; };", "s", 4, 4},
    {"struct s { const struct { int a; }; volatile int b; };", "s", 8, 4},
};

KAA_TEST(layouts_with_attributes_and_pragmas)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        const kaa_decl *decl = parse(t, layouts[i].text);
        const kaa_ctype *type = find(t, decl, layouts[i].name)->type;

        if (kaa_ctype_size(type) != layouts[i].size ||
            kaa_ctype_align(type) != layouts[i].align)
            FAIL("%s\n  size %u, align %u; expected %u, %u", layouts[i].text,
                 (unsigned)kaa_ctype_size(type),
                 (unsigned)kaa_ctype_align(type), layouts[i].size,
                 layouts[i].align);
    }
}

KAA_TEST(an_incomplete_record_is_completed_in_place)
{
    const kaa_decl *decl =
        parse(t, "struct s *f(void);\nstruct s { struct s *next; };\n"
                 "struct never;");
    const kaa_decl_item *item = find(t, decl, "s");
    const kaa_ctype *result = kaa_ctype_target(find(t, decl, "f")->type);

    CHECK(kaa_ctype_is_complete(item->type));
    CHECK(kaa_ctype_target(result) == item->type);
    CHECK_EQ(item->line, 2);
    CHECK(!kaa_ctype_is_complete(find(t, decl, "struct never")->type));
    CHECK_EQ(kaa_decl_count(decl), 3);
}

KAA_TEST(defined_twice_alike)
{
    const kaa_decl *decl =
        parse(t, "struct s { int a; struct s *b; }; struct s { int a; struct s "
                 "*b; }; enum e { A = 1 }; enum e { A = 1 };");

    CHECK_EQ(kaa_decl_count(decl), 3);
}

/* The compiler's own, for its answers. */
__extension__ enum wide { P = 1, Q = 0x100000000 };

KAA_TEST(enumerators)
{
    const kaa_decl *decl =
        parse(t, "enum e { A, B = 7, C [[deprecated]], D __attribute__((x)) = "
                 "-1, E, F = 'a', G = B << 2, };"
                 "enum big { H = 0x7fffffff, I, J = 0xffffffff, K };"
                 "enum wide { P = 1, Q = 0x100000000 };"
                 "enum neg { L = -1, M = 1u << 31 };"
                 "enum huge { N = 0x7fffffffffffffff, O };"
                 "enum last { R = 0x7fffffffffffffff, S = R > -1 };");

    CHECK_EQ(find(t, decl, "A")->integer, 0);
    CHECK_EQ(find(t, decl, "C")->integer, 8);
    CHECK_EQ(find(t, decl, "E")->integer, 0);
    CHECK_EQ(find(t, decl, "F")->integer, 'a');
    CHECK_EQ(find(t, decl, "G")->integer, 28);
    CHECK_EQ(find(t, decl, "G")->flags, KAA_DECL_ENUMERATOR);
    CHECK_EQ(kaa_ctype_kind_of(find(t, decl, "G")->type), KAA_CTYPE_INT);
    CHECK_EQ(find(t, decl, "I")->integer, 0x80000000);
    CHECK_EQ(find(t, decl, "K")->integer, 0x100000000);
    CHECK_EQ(kaa_ctype_size(find(t, decl, "enum big")->type), 8);
    /* C23: one wide enumerator makes all of them as wide. */
    CHECK_EQ(kaa_ctype_size(find(t, decl, "H")->type), 8);
    CHECK_EQ(kaa_ctype_size(find(t, decl, "I")->type), 8);
    CHECK_EQ(kaa_ctype_size(find(t, decl, "P")->type), sizeof(enum wide));
#if defined(__GNUC__) && __GNUC__ >= 13 && !defined(__clang__)
    CHECK_EQ(kaa_ctype_size(find(t, decl, "P")->type), sizeof(P));
#endif
    CHECK_EQ(kaa_ctype_size(find(t, decl, "enum neg")->type), 8);
    CHECK(kaa_ctype_is_signed(find(t, decl, "enum neg")->type));
    CHECK_EQ((uint64_t)find(t, decl, "O")->integer, (uint64_t)1 << 63);
    CHECK(find(t, decl, "O")->flags & KAA_DECL_UNSIGNED);
    /* The largest long is no unsigned one, among the enumerators too. */
    CHECK_EQ(find(t, decl, "S")->integer, 1);
}

KAA_TEST(an_enum_is_used_before_it_is_defined)
{
    const kaa_decl *decl =
        parse(t, "enum e; enum e *f(enum e *); enum e { A };");

    CHECK(kaa_ctype_is_complete(find(t, decl, "enum e")->type));
}
