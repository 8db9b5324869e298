/* decl/errors.c - what a strict parse refuses, and how it says so. */
#include "decl/common.h"

static const struct {
    const char *text;
    uint32_t line;
    uint32_t column;
    const char *message; /* its first line */
} errors[] = {
    {"double pow(double x, double y) int", 1, 32,
     "expected ';' or '{' before 'int'"},
    {"int f(int a", 1, 12, "expected ',' or ')' at the end"},
    {"int f(int a;", 1, 12, "expected ',' or ')' before ';'"},
    {"int", 1, 4, "expected a name at the end"},
    {"int;", 1, 4, "expected a name before ';'"},
    {"int 3;", 1, 5, "expected a name before '3'"},
    {"int a b;", 1, 7, "expected ',' or ';' before 'b'"},
    {"int a = ;", 1, 9, "expected a value before ';'"},
    {"int \"text\";", 1, 5, "expected a name before \"text\""},
    {"= 5;", 1, 1, "expected a type before '='"},
    {"}", 1, 1, "this '}' closes nothing"},
    {"extern \"C\" { int a;", 1, 20, "expected '}' at the end"},
    {"foo(int);", 1, 1,
     "unknown type name 'foo': declare it first, with 'typedef'"},
    {"int f(foo *a);", 1, 7,
     "unknown type name 'foo': declare it first, with 'typedef'"},
    {"int f(foo);", 1, 7,
     "unknown type name 'foo': declare it first, with 'typedef'"},
    {"int f(foo, int);", 1, 7,
     "unknown type name 'foo': declare it first, with 'typedef'"},
    {"typedef int uLongf; uLong f(void);", 1, 21,
     "unknown type name 'uLong'; did you mean 'uLongf'?"},
    {"struct point; point f(void);", 1, 15,
     "unknown type name 'point'; did you mean 'struct point'?"},
    {"union u; u *a;", 1, 10, "unknown type name 'u'; did you mean 'union u'?"},
    {"#define OF(x) x\nint f OF((int));", 2, 7,
     "expected ',' or ';' before 'OF', a macro with arguments: preprocess the "
     "text first"},
    {"#define T(x) x\nT(int) f(void);", 2, 1,
     "'T' is a macro with arguments: preprocess the text first"},
    {"int long char a;", 1, 1, "these words together are no type"},
    {"signed unsigned a;", 1, 1, "these words together are no type"},
    {"int int a;", 1, 5, "'int' does not go with the type before it"},
    {"long long long a;", 1, 11, "'long' does not go with the type before it"},
    {"struct s int a;", 1, 10, "'int' does not go with the type before it"},
    {"void a;", 1, 6, "a variable of type void"},
    {"void f(void, int);", 1, 12, "a parameter of type void"},
    {"int f(void a);", 1, 12, "a parameter of type void"},
    {"int f(static int a);", 1, 18,
     "a parameter is no typedef, extern or static"},
    {"int f(int a, ..., int b);", 1, 17, "expected ',' or ')' before ','"},
    {"struct;", 1, 7, "expected a tag or '{' before ';'"},
    {"struct s { int a };", 1, 18, "expected ';' before '}'"},
    {"struct s { int; };", 1, 15, "expected a member's name before ';'"},
    {"struct s { int a;", 1, 18, "expected '}' at the end"},
    {"struct s { static int a; };", 1, 12, "'static' has no meaning here"},
    {"struct s { struct s a; };", 1, 21, NULL},
    {"struct s { int a : -1; };", 1, 20, "a bit-field's width is negative"},
    {"struct s { int a : 99999; };", 1, 20, "a bit-field's width is too large"},
    {"struct s { int a; char a; };", 1, 24, NULL},
    {"struct s {\n  int a;\n  char a;\n};", 3, 8, NULL},
    {"struct s { int a; }; struct s { int b; };", 1, 29,
     "'struct s' is defined differently above"},
    {"struct s { int a; }; union s *f(void);", 1, 28,
     "'s' is 'struct s', not 'union'"},
    {"enum {};", 1, 7, "expected an enumerator's name or '}' before '}'"},
    {"enum { A B };", 1, 10, "expected ',' or '}' before 'B'"},
    {"enum { A, A };", 1, 11, "'A' is declared differently on line 1"},
    {"enum { A = __builtin_offsetof(struct { int a; }, b) };", 1, 50,
     "no member has the name 'b'"},
    {"enum { A = __builtin_offsetof(struct {}, a) };", 1, 42,
     "no member has the name 'a'"},
    {"enum { A = 1.5 };", 1, 12,
     "an enumerator's value is an integer constant"},
    {"enum { A = 0xffffffffffffffff, B };", 1, 34,
     "an enumerator's value is too large"},
    {"int f(int);\nint f(long);", 2, 5,
     "'f' is declared differently on line 1"},
    {"int a;\nint a(void);", 2, 5, "'a' is declared differently on line 1"},
    {"typedef int a;\ntypedef long a;", 2, 14,
     "'a' is declared differently on line 1"},
    {"int a[-1];", 1, 7, "an array's length is negative"},
    {"int a[1.5];", 1, 7, "an array's length is an integer constant"},
    {"int a[n];", 1, 7, "'n' is no constant that is known"},
    {"int a[3", 1, 8, "expected ']' at the end"},
    {"int a[1 / 0];", 1, 9, "division by zero"},
    {"int a[1 % 0];", 1, 9, "division by zero"},
    {"int a[1 << 32];", 1, 9,
     "a shift by less than 0 or by all of the type's bits"},
    {"int a[1 << -1];", 1, 9,
     "a shift by less than 0 or by all of the type's bits"},
    {"int a[(int)1e10];", 1, 7, "the value does not fit the type"},
    {"int a[08];", 1, 7, "no such digit in base 8"},
    {"int a[1foo];", 1, 7, "no number ends in 'foo'"},
    {"int a[0x];", 1, 7, "a number without digits"},
    {"int a[18446744073709551616];", 1, 7, "a number above 64 bits"},
    {"int a[(int)1.0q];", 1, 12, "no floating number that kaa has ends in 'q'"},
    {"int a[sizeof(struct s)];", 1, 7, "the size of an incomplete type"},
    {"int a[''];", 1, 7, "an empty character"},
    {"int a['\\q'];", 1, 7, "no escape that C has"},
    {"int a['a];", 1, 7, "a character has no closing '"},
    {"int a[f(1)];", 1, 7, "a call is no constant"},
    {"int a[1 +];", 1, 10, "expected a constant before ']'"},
    {"int a[1 ? 2];", 1, 12, "expected ':' before ']'"},
    {"_Static_assert(1 == 2, \"one is \" \"two\");", 1, 1,
     "static assertion failed: one is two"},
    {"_Static_assert(0);", 1, 1, "static assertion failed"},
    {"int a __asm__();", 1, 15, "expected a string before ')'"},
    {"int a __asm__(\"\");", 1, 15, "a symbol's name is not empty"},
    {"int a __asm__(\"a\\0b\");", 1, 15, "a symbol's name is not empty"},
    {"int a __attribute__((x);", 1, 24, "expected '))' before ';'"},
    {"int a __attribute__(x);", 1, 21, "expected '((' before 'x'"},
    {"int a __attribute__((aligned(3)));", 1, 30,
     "an alignment is a power of 2"},
    {"#if 1\nint a;\n#endif", 1, 1,
     "#if on line 1 needs a preprocessor: give the output of cc -E"},
    {"int a;\n  #include <stdio.h>", 2, 3,
     "#include needs a preprocessor: give the output of cc -E"},
    {"#error no", 1, 1, "#error"},
    {"#wrong", 1, 1, "unknown directive"},
    {"#define 3", 1, 9, "expected a name behind #define"},
    {"#undef", 1, 1, "expected a name behind #undef"},
    {"#pragma pack(3)", 1, 1,
     "expected #pragma pack(n), pack(push, n) or pack(pop), n being 1, 2, 4, 8 "
     "or 16"},
    {"#pragma pack(pop)", 1, 1, "#pragma pack(pop) without its push"},
    {"#line x", 1, 1, "expected a line number"},
    {"int a; /* no end", 1, 8, "a comment has no end"},
    {"int f(void) { /* no end", 1, 15, "a comment has no end"},
    {"int f(void) { {", 1, 13, "this '{' has no end"},
    {"char *s = \"no end\nint b;", 1, 11, "a string has no closing '\"'"},
    {"int a @ b;", 1, 7, "a byte that is no part of C"},
    {"int a \x01 b;", 1, 7, "a byte that is no part of C"},
    {"int (*f)(void);\nint f(void);", 2, 5,
     "'f' is declared differently on line 1"},
    {"int f(void)(void);", 1, 5, NULL},
    {"int f(void)[3];", 1, 5, NULL},
    {"int a[3](void);", 1, 5, NULL},
    {"int typedef f(void) {}", 1, 21, "expected ';' or '{' before '{'"},
    {"wchar_t a[L\"x\"];", 1, 11, "a string of wide characters"},
};

KAA_TEST(errors_say_where_and_what)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        kaa_ctype_table *types = new_table(t);
        kaa_decl *decl = NULL;
        kaa_status status = parse_bytes(
            types, errors[i].text, strlen(errors[i].text), 0, &decl, &t->err);
        char *line_end;

        kaa_decl_destroy(decl);
        if (status == KAA_OK)
            FAIL("understood: %s", errors[i].text);
        CHECK_STATUS(status, KAA_SYNTAX);
        line_end = strchr(t->err.message, '\n');
        CHECK(line_end != NULL);
        *line_end = '\0';
        if (errors[i].message != NULL)
            CHECK_STR(t->err.message, errors[i].message);
        if (t->err.line != errors[i].line || t->err.column != errors[i].column)
            FAIL("%s\n  at %u:%u (%s), expected %u:%u", errors[i].text,
                 t->err.line, t->err.column, t->err.message, errors[i].line,
                 errors[i].column);
        CHECK_EQ(t->err.argument, KAA_NO_ARGUMENT);
    }
}

static const struct {
    const char *text;
    const char *message;
} unsupported[] = {
    {"_Complex int f(void);", "kaa does not have this type"},
    {"_Complex _Float128 f(void);", "kaa does not have this type"},
    {"typedef struct s v4 __attribute__((vector_size(16)));",
     "kaa does not have a SIMD vector of this type"},
    {"int __attribute__((ms_abi)) f(int);",
     "kaa does not have the calling convention ms_abi"},
    {"struct s { int a; } __attribute__((ms_struct));",
     "kaa does not have the layout ms_struct"},
    {"void (^block)(void);", "kaa does not have a block pointer"},
    {"typedef int *p __attribute__((mode(SI)));", "this mode for this type"},
};

KAA_TEST(what_kaa_lacks_is_unsupported)
{
    for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        kaa_ctype_table *types = new_table(t);
        kaa_decl *decl = NULL;
        kaa_status status =
            parse_bytes(types, unsupported[i].text, strlen(unsupported[i].text),
                        0, &decl, &t->err);

        kaa_decl_destroy(decl);
        CHECK_STATUS(status, KAA_UNSUPPORTED);
        *strchr(t->err.message, '\n') = '\0';
        CHECK_STR(t->err.message, unsupported[i].message);
    }
}

static void
check_message(kaa_test *t, const char *text, size_t length,
              const char *expected)
{
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;

    CHECK_STATUS(parse_bytes(types, text, length, 0, &decl, &t->err),
                 KAA_SYNTAX);
    CHECK_STR(t->err.message, expected);
}

#define CHECK_MESSAGE(text, expected)                                          \
    check_message(t, text, sizeof(text) - 1, expected)

KAA_TEST(the_caret_stands_under_the_token)
{
    CHECK_MESSAGE("int a;\nint b c;\nint d;", "expected ',' or ';' before 'c'\n"
                                              "  int b c;\n"
                                              "        ^");
    CHECK_MESSAGE("\tint\tb\tc;", "expected ',' or ';' before 'c'\n"
                                  "  \tint\tb\tc;\n"
                                  "  \t   \t \t^");
    CHECK_MESSAGE("int a", "expected ',' or ';' at the end\n"
                           "  int a\n"
                           "       ^");
    CHECK_MESSAGE("int a\r\n", "expected ',' or ';' at the end\n"
                               "  \n"
                               "  ^");
    /* A macro's error points at its use. */
    CHECK_MESSAGE("#define BAD 1 / 0\nint a[BAD];", "division by zero\n"
                                                    "  int a[BAD];\n"
                                                    "        ^");
}

KAA_TEST(the_window_is_narrow_and_clean)
{
    /* UTF-8 before the token counts by characters, ... */
    CHECK_MESSAGE("int \xc3\xa4\xe2\x82\xac b;",
                  "expected ',' or ';' before 'b'\n"
                  "  int \xc3\xa4\xe2\x82\xac b;\n"
                  "         ^");
    /* ... is not cut in the middle, ... */
    CHECK_MESSAGE("int \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac b;",
                  "expected ',' or ';' before 'b'\n"
                  "  \xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
                  "\xe2\x82\xac b;\n"
                  "                ^");
    /* ... and what is no UTF-8, or a control character, becomes '?'. */
    CHECK_MESSAGE("int \xff\x01 b;", "a byte that is no part of C\n"
                                     "  int ?? b;\n"
                                     "       ^");
    CHECK_MESSAGE(
        "int a; int bcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxy "
        "cdefghijklmnopqrstuvwxyzcdefghijklmnopqrstuvwxyz;",
        "expected ',' or ';' before "
        "'cdefghijklmnopqrstuvwxyzcdefghij...'\n"
        "  lmnopqrstuvwxyzbcdefghijklmnopqrstuvwxy "
        "cdefghijklmnopqrstuv\n"
        "                                          ^");
}

KAA_TEST(a_long_message_leaves_room_for_the_caret)
{
    char text[3000];
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;
    size_t length;

    memset(text, 'x', sizeof(text));
    memcpy(text, "struct ", 7);
    memcpy(text + 1000, " { int a; }; struct ", 20);
    memcpy(text + 1020, text + 7, 993);
    memcpy(text + 2013, " { int b; };", 13);
    length = 2025;
    CHECK_STATUS(parse_bytes(types, text, length, 0, &decl, &t->err),
                 KAA_SYNTAX);
    CHECK(strlen(t->err.message) < sizeof(t->err.message));
    CHECK_EQ(t->err.message[strlen(t->err.message) - 1], '^');
    CHECK_EQ(t->err.column, 1021);
}

/* A text of `count` times `part`, between two others. */
static char *
repeat(const char *before, const char *part, size_t count, const char *after)
{
    size_t length = strlen(part);
    char *text = malloc(strlen(before) + count * length + strlen(after) + 1);
    char *at = text;

    if (text == NULL)
        abort();
    at += sprintf(at, "%s", before);
    for (size_t i = 0; i < count; i++, at += length)
        memcpy(at, part, length);
    strcpy(at, after);
    return text;
}

static const struct {
    const char *before;
    const char *part;
    const char *after;
} deep[] = {
    {"int ", "(", "a;"},
    {"int ", "*", "a;"},
    {"int a", "[1]", ";"},
    {"int a", "(int (", ";"},
    {"int a(", "int (*)(", ";"},
    {"", "struct { ", ""},
    {"", "struct { union { int a; ", ""},
    {"enum { A = ", "(", "1"},
    {"enum { A = ", "- ", "1"},
    {"enum { A = ", "!~", "1"},
    {"enum { A = ", "1 ? 1 : ", "1"},
    {"enum { A = ", "1 ? ", "1"},
    {"enum { A = ", "(int)", "1"},
    {"enum { A = ", "sizeof ", "1"},
    {"enum { A = ", "sizeof(", "1"},
    {"enum { A = ", "sizeof(enum { A = ", "1"},
    {"", "typeof(", "1"},
    {"", "_Atomic(", "int"},
    {"", "_Alignas(struct { ", "int"},
    {"int a[", "sizeof(int[", "1"},
    {"enum { A = ", "__builtin_offsetof(struct { int a[", "1"},
};

KAA_TEST(deep_nesting_is_a_limit)
{
    if (kaa_test_is_fault_run())
        SKIP("many allocations, of the same places as in other tests");
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        char *text =
            repeat(deep[i].before, deep[i].part, 100000, deep[i].after);
        kaa_ctype_table *types = new_table(t);
        kaa_decl *decl = NULL;
        kaa_status status =
            parse_bytes(types, text, strlen(text), 0, &decl, &t->err);

        free(text);
        if (status != KAA_LIMIT)
            FAIL("%s: %s", deep[i].part, t->err.message);
    }
}

/* Where a condition stands: the text around it, and the line it is on. */
static const struct {
    const char *before;
    const char *after;
    uint32_t line;
} condition_places[] = {
    {"", "\nint a;", 1},
    {"int a;\n\n  ", "", 3},
    {"struct s {\n int a;\n", "\n};", 3},
    {"enum e { A,\n", "\nB };", 2},
    {"int f(int a,\n", "\nlong b);", 2},
    {"int a =\n", "\n 5;", 2},
    {"int a[] = { 1,\n", "\n 5 };", 2},
    {"static inline int f(void)\n{\n", "\nreturn 1; }", 3},
    {"unknown f(int);\n", "\nint b;", 2},
    {"struct s { unknown a;\n", "\nint b; };", 2},
    {"_Static_assert(sizeof(\n", "\nint) == 4);", 2},
    {"#define A 1 \\\n  2\n", "\nint b;", 3},
};

KAA_TEST(conditions_end_even_a_tolerant_parse)
{
    static const char *const words[] = {"if X",   "ifdef X",   "ifndef X",
                                        "elif X", "elifdef X", "elifndef X",
                                        "else",   "endif"};
    char text[256], expected[128];

    for (size_t i = 0;
         i < 2 * sizeof(condition_places) / sizeof(condition_places[0]); i++) {
        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            kaa_ctype_table *types = new_table(t);
            kaa_decl *decl = NULL;

            snprintf(text, sizeof(text), "%s# %s%s",
                     condition_places[i / 2].before, words[j],
                     condition_places[i / 2].after);
            snprintf(expected, sizeof(expected),
                     "#%.*s on line %u needs a preprocessor",
                     (int)strcspn(words[j], " "), words[j],
                     (unsigned)condition_places[i / 2].line);
            CHECK_STATUS(parse_bytes(types, text, strlen(text),
                                     i % 2 ? KAA_DECL_TOLERANT : 0, &decl,
                                     &t->err),
                         KAA_SYNTAX);
            /* A strict parse of a text at fault before may say that. */
            if (i % 2 == 0 && strstr(text, "unknown") != NULL)
                continue;
            CHECK_HAS(t->err.message, expected);
            CHECK_HAS(t->err.message, "\n  ");
            CHECK_EQ(t->err.line, condition_places[i / 2].line);
        }
    }
}

KAA_TEST(arguments_are_checked)
{
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;
    const kaa_ctype *type = NULL;
    kaa_decl_options unknown = {.size = sizeof(unknown), .flags = 1u << 31};
    kaa_decl_options unsized = {0};

    CHECK_STATUS(kaa_decl_parse(NULL, "", 0, NULL, &decl, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_decl_parse(types, NULL, 1, NULL, &decl, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_decl_parse(types, "", 0, NULL, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_decl_parse(types, "", 0, &unknown, &decl, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_decl_parse(types, "", 0, &unsized, &decl, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_decl_parse(types, "", SIZE_MAX, NULL, &decl, &t->err),
                 KAA_LIMIT);
    CHECK_STATUS(kaa_decl_parse(types, "int 3", 5, NULL, &decl, NULL),
                 KAA_SYNTAX);
    CHECK_STATUS(kaa_decl_parse_type(types, NULL, "int a", 5, &type, &t->err),
                 KAA_SYNTAX);
    CHECK_STR(t->err.message, "expected the end of the type before 'a'\n"
                              "  int a\n"
                              "      ^");
    CHECK_STATUS(kaa_decl_parse_type(types, NULL, "", 0, &type, &t->err),
                 KAA_SYNTAX);
    CHECK_EQ(decl, NULL);
    CHECK_EQ(type, NULL);
    CHECK_OK(kaa_decl_parse(types, NULL, 0, NULL, &decl, &t->err));
    DEFER(t, kaa_decl_destroy, decl);
}
