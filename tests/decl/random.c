/* decl/random.c - real declarations, damaged at random (the seed is fixed):
 * the parser says something sensible of every one of them, in linear time. */
#include "decl/common.h"

static const char sample[] =
    "# 1 \"zlib.h\"\n"
    "typedef unsigned char Byte; typedef Byte *Bytef; typedef void *voidpf;\n"
    "typedef voidpf (*alloc_func)(voidpf opaque, unsigned items, unsigned n);\n"
    "struct internal_state;\n"
    "typedef struct z_stream_s { const Bytef *next_in; unsigned avail_in : 5;\n"
    "  unsigned long total_in; struct { int a; union { char b; double c; }; }\n"
    "  x[3]; struct internal_state *state; alloc_func zalloc; char tail[]; }\n"
    "  __attribute__((packed, aligned(8))) z_stream;\n"
    "#pragma pack(push, 2)\n"
    "enum flush { NONE, PARTIAL = 1 << 3, SYNC = (PARTIAL | 5) ? 2 : 3 / 0 };\n"
    "#pragma pack(pop)\n"
    "#define VERSION \"1.2.\" PATCH\n#define PATCH \"13\\n\"\n"
    "#define LEVEL ((int)(sizeof(z_stream) * 2 - 1.5e1))\n"
    "[[kaa::errno]] extern int deflate(z_stream *strm [[kaa::out]], int f)\n"
    "  __asm__(\"\" \"__deflate\") __attribute__((nonnull(1)));\n"
    "void qsort(void *base [[kaa::length(n)]], size_t n, size_t size,\n"
    "  int (*compare [[kaa::scope(call)]])(const void *, const void *));\n"
    "static inline int f(int a) { if (a) { return '}'; } return \"}\"[0]; }\n"
    "static const double PI = 3.14159; extern char *names[LEVEL][PARTIAL];\n"
    "_Static_assert(sizeof(int) == 4, \"int\");\n";

static const char *const insertions[] = {
    "(",         ")",       "{",    "}",
    "[",         "]",       ";",    ",",
    "*",         "::",      "=",    "#define",
    "\n#define", "\n#if 1", "\"",   "'",
    "/*",        "*/",      "//",   "struct",
    "enum",      "typedef", "...",  "0x",
    "kaa::",     "[[",      "]]",   "__attribute__((",
    "sizeof(",   "\\\n",    "\xff", "\n",
};

/* One change: a byte, a piece cut out, put twice, or something put in. */
static size_t
damage(kaa_test_random *random, char *text, size_t length, size_t room)
{
    size_t at = kaa_test_below(random, length);
    size_t piece = 1 + kaa_test_below(random, 40);
    const char *insertion = insertions[kaa_test_below(
        random, sizeof(insertions) / sizeof(insertions[0]))];

    if (piece > length - at)
        piece = length - at;
    switch (kaa_test_below(random, 4)) {
    case 0:
        text[at] = (char)kaa_test_next(random);
        return length;
    case 1:
        memmove(text + at, text + at + piece, length - at - piece);
        return length - piece > 0 ? length - piece : 1;
    case 2:
        if (length + piece > room)
            return length;
        memmove(text + at + piece, text + at, length - at);
        return length + piece;
    default:
        piece = strlen(insertion);
        if (length + piece > room)
            return length;
        memmove(text + at + piece, text + at, length - at);
        memcpy(text + at, insertion, piece);
        return length + piece;
    }
}

static void
check_items(kaa_test *t, const kaa_decl *decl)
{
    for (size_t i = 0; i < kaa_decl_count(decl); i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        CHECK((item->type == NULL) == (item->kind == KAA_DECL_SKIPPED));
        CHECK((item->reason != NULL) == (item->kind == KAA_DECL_SKIPPED));
        CHECK(item->name != NULL && item->line != 0 && item->column != 0);
        CHECK(item->kind == KAA_DECL_SKIPPED ||
              kaa_decl_find(decl, item->name) != NULL);
        CHECK_MEMORY(kaa_decl_print(item, NULL, 0) != 0 ? decl : NULL);
    }
}

static void
check_damaged(kaa_test *t, const char *text, size_t length, uint32_t flags)
{
    kaa_ctype_table *types = NULL;
    kaa_decl *decl = NULL;
    kaa_status status;

    CHECK_OK(kaa_ctype_table_create(&types, &t->err));
    memset(&t->err, 0, sizeof(t->err));
    status = parse_bytes(types, text, length, flags, &decl, &t->err);
    if (status == KAA_OK) {
        check_items(t, decl);
        CHECK_EQ(t->err.message[0], '\0');
    } else {
        /* A tolerant parse fails at conditions alone. */
        if (flags != 0)
            CHECK_HAS(t->err.message, "needs a preprocessor");
        CHECK(status == KAA_SYNTAX || status == KAA_UNSUPPORTED ||
              status == KAA_LIMIT);
        CHECK(t->err.line != 0 && t->err.column != 0);
        CHECK(strlen(t->err.message) != 0);
        CHECK_EQ(decl, NULL);
    }
    kaa_decl_destroy(decl);
    kaa_ctype_table_destroy(types);
}

KAA_TEST(the_sample_is_understood)
{
    parse(t, sample);
}

KAA_TEST(damaged_text)
{
    enum { ROUNDS = 6000, ROOM = 4096 };
    kaa_test_random random = {.state = 20260501};
    char text[ROOM];

    for (int round = 0; round < ROUNDS; round++) {
        size_t length = sizeof(sample) - 1;

        memcpy(text, sample, length);
        for (uint64_t i = 1 + kaa_test_below(&random, 6); i > 0; i--)
            length = damage(&random, text, length, ROOM);
        check_damaged(t, text, length, round % 2 ? KAA_DECL_TOLERANT : 0);
    }
}

KAA_TEST(text_cut_off_at_every_byte)
{
    for (size_t length = 0; length < sizeof(sample); length++) {
        check_damaged(t, sample, length, 0);
        check_damaged(t, sample, length, KAA_DECL_TOLERANT);
    }
}

/* Traps for anything that is not linear: each text is a megabyte of one thing.
 * A quadratic step somewhere would take minutes here, and the test's time limit
 * tells. */
static const char *const traps[] = {
    "foo;",
    "int a[",
    "int (",
    "}",
    "{",
    "struct s {",
    "\n#if 1\n",
    "\n#undef A",
    "\n#define A B\n#define B A\n",
    "int a;",
    "/*",
    "\"",
    "'",
    "\\\n",
    "#",
    "\n#",
    "[[",
    "__attribute__((",
    "enum { A };",
    "int f(int a",
    "struct s { int a; };",
    "typedef int T;",
    "= {",
    "@",
    "extern \"C\" {",
    "asm(",
    "static const int x = (((",
    "\xe2\x82\xac",
    "\n# 1 \"f\"\n",
    "\n#pragma pack(push)\n",
    "int a, ",
    "f(a) int b; ",
    "_Static_assert(",
    "_Static_assert(q(1));",
    "\n#define X X +\nint a[X];",
};

KAA_TEST(long_texts_of_one_thing)
{
    enum { SIZE = 1 << 19 };
    char *text;

    if (kaa_test_is_fault_run())
        SKIP("long, and of the same places as in other tests");
    text = malloc(SIZE);
    CHECK(text != NULL);
    for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
        size_t length = strlen(traps[i]);

        for (size_t at = 0; at < SIZE; at++)
            text[at] = traps[i][at % length];
        check_damaged(t, text, SIZE, KAA_DECL_TOLERANT);
        check_damaged(t, text, SIZE, 0);
    }
    free(text);
}
