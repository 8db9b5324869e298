/* preprocess/preprocess.c - the preprocessor on small texts: what C's standard
 * and the manuals of the compilers say. Token for token beside a compiler, on
 * real headers, is compare.py's part. */
#include <kaa/preprocess.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kaa_test.h"

DEFERRABLE(kaa_preprocess_destroy, kaa_preprocess_result)

static kaa_status
preprocess(const char *text, size_t length, uint32_t flags,
           kaa_preprocess_result **out, kaa_error *err)
{
    kaa_preprocess_options options = {.size = sizeof(options), .flags = flags};
    /* Exactly the text's bytes, so that a sanitizer sees each read beyond. */
    char *copy = malloc(length != 0 ? length : 1);
    kaa_status status;

    if (copy == NULL)
        abort();
    if (length != 0)
        memcpy(copy, text, length);
    status = kaa_preprocess_run(copy, length, &options, out, err);
    free(copy);
    return status;
}

/* The tokens' text, blanks and lines of markers taken out. */
static void
squeeze(const char *text, char *to, size_t size)
{
    size_t used = 0;

    while (*text != '\0' && used + 2 < size) {
        if (*text == '#' && text[1] == ' ' &&
            (text[2] >= '0' && text[2] <= '9'))
            text += strcspn(text, "\n");
        else if (*text == ' ' || *text == '\n' || *text == '\t')
            text++;
        else
            to[used++] = *text++;
    }
    to[used] = '\0';
}

struct expansion {
    const char *text;
    const char *expected; /* without blanks */
};

static void
check(kaa_test *t, const struct expansion *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kaa_preprocess_result *result = NULL;
        char squeezed[2048];

        CHECK_STATUS(preprocess(cases[i].text, strlen(cases[i].text), 0,
                                &result, &t->err),
                     KAA_OK);
        DEFER(t, kaa_preprocess_destroy, result);
        squeeze(kaa_preprocess_text(result, NULL), squeezed, sizeof(squeezed));
        CHECK_STR(squeezed, cases[i].expected);
    }
}

#define CHECK_EXPANSIONS(cases)                                                \
    check(t, cases, sizeof(cases) / sizeof((cases)[0]))

/* The examples of C11 6.10.3.5, the text's and the results', and their like. */
KAA_TEST(macros_expand_as_the_standard_says)
{
    static const struct expansion cases[] = {
        {"#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n"
         "#define g f\n#define z z[0]\n#define h g(~\n#define m(a) a(w)\n"
         "#define w 0,1\n#define t(a) a\n#define p() int\n#define q(x) x\n"
         "#define r(x,y) x ## y\n#define str(x) # x\n"
         "f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);\n"
         "g(x+(3,4)-w) | h 5) & m\n (f)^m(m);\n"
         "p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };\n"
         "char c[2][6] = { str(hello), str() };\n",
         "f(2*(y+1))+f(2*(f(2*(z[0]))))%f(2*(0))+t(1);"
         "f(2*(2+(3,4)-0,1))|f(2*(~5))&f(2*(0,1))^m(0,1);"
         "inti[]={1,23,4,5,};charc[2][6]={\"hello\",\"\"};"},
        {"#define str(s) # s\n#define xstr(s) str(s)\n"
         "#define INCFILE(n) vers ## n\n#define glue(a, b) a ## b\n"
         "#define xglue(a, b) glue(a, b)\n#define HIGHLOW \"hello\"\n"
         "#define LOW LOW \", world\"\n"
         "xstr(INCFILE(2).h) glue(HIGH, LOW); xglue(HIGH, LOW)",
         "\"vers2.h\"\"hello\";\"hello\"\",world\""},
        {"#define hash_hash # ## #\n#define mkstr(a) # a\n"
         "#define in_between(a) mkstr(a)\n#define join(c, d) in_between(c "
         "hash_hash d)\n"
         "char p[] = join(x, y);",
         "charp[]=\"x##y\";"},
        {"#define t(x,y,z) x ## y ## z\nint j[] = { t(1,2,3), t(,4,5), "
         "t(6,,7), "
         "t(8,9,), t(10,,), t(,11,), t(,,12), t(,,) };",
         "intj[]={123,45,67,89,10,11,12,};"},
        {"#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)", "2*9*g"},
        {"#define NIL(x) x\n#define G_0(a) NIL(G_1)(a)\n"
         "#define G_1(a) NIL(G_0)(a)\nG_0(42)",
         "G_0(42)"},
        {"#define str(x) #x\nstr( a  \"b\\n\" '\\0' @ \\ c )",
         "\"a\\\"b\\\\n\\\"'\\\\0'@\\c\""},
        {"#define foo foo bar\nfoo", "foobar"},
        {"#define c(a, b) a ## b\nc(/,*) c(/,/) c(/,) c(,/) c(/,=)", "/*///"
                                                                     "//="},
        {"#define EMPTY\n#define f(x) [x]\nf EMPTY (1) f\n(2) EMPTY",
         "f(1)[2]"},
    };

    CHECK_EXPANSIONS(cases);
}

KAA_TEST(variadic_macros_and_va_opt)
{
    static const struct expansion cases[] = {
        {"#define e(f, ...) p(f, ## __VA_ARGS__)\ne(1) e(1,) e(1,2,3)",
         "p(1)p(1,)p(1,2,3)"},
        {"#define e(f, a...) p(f, ##a)\ne(1) e(1,2)", "p(1)p(1,2)"},
        {"#define F(...) f(0 __VA_OPT__(,) __VA_ARGS__)\nF(a,b) F() F(EMPTY)",
         "f(0,a,b)f(0)f(0,EMPTY)"},
        {"#define G(X, ...) f(0, X __VA_OPT__(,) __VA_ARGS__)\nG(a, b) G(a,) "
         "G(a)",
         "f(0,a,b)f(0,a)f(0,a)"},
        {"#define H(X, ...) a __VA_OPT__(X ## __VA_ARGS__ b)\nH(x,y) H(x)",
         "axyba"},
        {"#define S(...) #__VA_ARGS__\nS() S(a, \"b\") S( x )",
         "\"\"\"a,\\\"b\\\"\"\"x\""},
        {"#define SO(X, ...) #__VA_OPT__(X ## X __VA_ARGS__)\nSO(a, b) SO(a)",
         "\"aab\"\"\""},
    };

    CHECK_EXPANSIONS(cases);
}

KAA_TEST(conditions)
{
    static const struct expansion cases[] = {
        {"#if 1 + 2 * 3 == 7 && !0\na\n#else\nb\n#endif", "a"},
        {"#if -1 > 0u\na\n#endif\n#if 1 ? -1 : 0u > 0\nb\n#endif", "ab"},
        {"#if (2 || 1 / 0) && !(0 && 1 % 0)\na\n#endif", "a"},
        {"#if 'a' == 97 && '\\0' == 0 && '\\x41' == 'A' && 0x10 == "
         "020\na\n#endif",
         "a"},
        {"#if 0b101 == 5 && 1'000 == 1000 && 0xffffffffffffffff > 0\na\n#endif",
         "a"},
        {"#if nothing\na\n#elif defined nothing || defined(__LINE__)\nb\n#elif "
         "1 / "
         "0\nc\n#endif",
         "b"},
        {"#if 0\n#if 1\na\n#else\nb\n#endif\n#error no\n#foo\ndon't\n"
         "/*\n#endif\n*/\n"
         "#else\nc\n#endif",
         "c"},
        {"#ifndef x\n#define x\n#elifdef x\na\n#endif\n#ifdef y\n#elifndef "
         "y\nb\n"
         "#endif",
         "b"},
        {"#if -9223372036854775807 - 1 < 0 && 18446744073709551615u == -1\na\n"
         "#endif",
         "a"},
        {"#if 1 << 63 < 0 && (-8 >> 1) == -4 && -7 / 2 == -3 && -7 % 2 == "
         "-1\na\n"
         "#endif",
         "a"},
        {"#define D defined(x)\n#if !D\na\n#endif", "a"},
        {"#if __has_include(<stddef.h>) && !__has_include(\"no/such.h\")\na\n"
         "#endif",
         "a"},
        {"#define H <stddef.h>\n#if __has_include(H)\na\n#endif", "a"},
        {"#ifdef __has_attribute\n#if __has_attribute(__aligned__) && "
         "!__has_attribute(no_such)\na\n#endif\n#else\na\n#endif",
         "a"},
    };

    CHECK_EXPANSIONS(cases);
}

KAA_TEST(lines_comments_and_pragmas)
{
    static const struct expansion cases[] = {
        {"a/* b\n*/c // d \\\n e\nf", "acf"},
        {"in\\\nt x\\\n\\\ny; \"a\\\nb\" <\\\n<=", "intxy;\"ab\"<<="},
        {"/\\\n* c *\\\n/ a /\\\n/ b", "a"},
        {"a\\ \nb", "ab"},
        {"#pragma pack(1)\nx", "#pragmapack(1)x"},
        {"a _Pragma(\"pack(push, \\\"x\\\")\") b", "a#pragmapack(push,\"x\")b"},
        {"#line 7 \"z.h\"\n__LINE__ __FILE__", "7\"z.h\""},
        {"__COUNTER__ __COUNTER__ __INCLUDE_LEVEL__", "010"},
        {"%:define x(a) %:a\nx(b)", "\"b\""},
        {"#define x 1\n#pragma push_macro(\"x\")\n#undef x\n#define x 2\nx\n"
         "#pragma pop_macro(\"x\")\nx",
         "21"},
        {"#define f(a, b) [a b]\nf(1,\n#define y 2\ny)", "[12]"},
        {"#define f(a) [a]\nf\n#if 1\n(1)\n#endif", "f(1)"},
        {"\xef\xbb\xbf"
         "a",
         "a"},
        {"#\n# /* nothing */\n#warning w\n#ident \"x\"\na", "a"},
    };

    CHECK_EXPANSIONS(cases);
}

struct refusal {
    const char *text;
    kaa_status status;
    const char *message; /* its beginning */
};

KAA_TEST(refusals_name_file_and_line)
{
    static const struct refusal cases[] = {
        {"\n#include <no/such.h>", KAA_SYNTAX,
         "<text>:2: no header has the name 'no/such.h'"},
        {"#if 1\n", KAA_SYNTAX, "<text>:1: this condition has no #endif"},
        {"#endif", KAA_SYNTAX, "<text>:1: #endif without #if"},
        {"#if 1\n#else\n#else\n#endif", KAA_SYNTAX,
         "<text>:3: #else behind the #else of line 1"},
        {"#if\n#endif", KAA_SYNTAX, "<text>:1: no value in a condition"},
        {"#if 1 +\n#endif", KAA_SYNTAX, "<text>:1: expected a value"},
        {"#if 1 / 0\n#endif", KAA_SYNTAX, "<text>:1: division by zero"},
        {"#if f(1)\n#endif", KAA_SYNTAX,
         "<text>:1: a call of what is no macro"},
        {"#error no luck", KAA_SYNTAX, "<text>:1: #error no luck"},
        {"#embed <x>", KAA_UNSUPPORTED, "<text>:1: #embed is not supported"},
        {"#define f(a,a)", KAA_SYNTAX, "<text>:1: the parameters of macro 'f'"},
        {"#define f(a", KAA_SYNTAX, "<text>:1: the parameters of macro 'f'"},
        {"#define f(a) #b", KAA_SYNTAX, "<text>:1: # is not followed"},
        {"#define f ## a", KAA_SYNTAX, "<text>:1: ## begins"},
        {"#define f a ##", KAA_SYNTAX, "<text>:1: ## ends"},
        {"#define f(a) a\n\nf(1", KAA_SYNTAX,
         "<text>:3: the call of macro 'f' has no ')'"},
        {"#define f(a) a\nf(1,2)", KAA_SYNTAX,
         "<text>:2: macro 'f' takes 1 arguments, not 2"},
        {"a /* b", KAA_SYNTAX, "<text>:1: a comment has no end"},
        {"#foo", KAA_SYNTAX, "<text>:1: '#foo' is no directive"},
        {"#line x", KAA_SYNTAX, "<text>:1: expected a line number"},
        {"#line 9 \"a.h\"\n#error e", KAA_SYNTAX, "a.h:9: #error e"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kaa_preprocess_result *result = NULL;

        CHECK_STATUS(preprocess(cases[i].text, strlen(cases[i].text), 0,
                                &result, &t->err),
                     cases[i].status);
        if (strncmp(t->err.message, cases[i].message,
                    strlen(cases[i].message)) != 0)
            FAIL("%s", t->err.message);
        CHECK(result == NULL);
    }
}

KAA_TEST(files_include_each_other)
{
    char folder[] = "/tmp/kaa-preprocess-XXXXXX";
    char path[128];
    char text[256];
    kaa_preprocess_result *result = NULL;
    static const struct {
        const char *name;
        const char *text;
    } files[] = {
        {"guarded.h", "#ifndef G\n#define G\nguarded\n#endif\n"},
        {"once.h", "#pragma once\nonce\n"},
        {"cycle.h", "#include \"cycle.h\"\n"},
    };
    kaa_status status;
    char squeezed[256];

    CHECK(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        FILE *file;
        snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        file = fopen(path, "w");
        CHECK(file != NULL);
        fputs(files[i].text, file);
        fclose(file);
    }
    snprintf(text, sizeof(text),
             "#include \"%s/guarded.h\"\n#include \"%s/guarded.h\"\n"
             "#include \"%s/once.h\"\n#include \"%s/once.h\"\nend",
             folder, folder, folder, folder);
    status = preprocess(text, strlen(text), 0, &result, &t->err);
    if (status == KAA_OK) {
        squeeze(kaa_preprocess_text(result, NULL), squeezed, sizeof(squeezed));
        CHECK_STR(squeezed, "guardedonceend");
        CHECK_HAS(kaa_preprocess_text(result, NULL), "/once.h\"\n");
        CHECK(strstr(kaa_preprocess_file(result, 1), "once.h") != NULL);
        CHECK(kaa_preprocess_file(result, 2) == NULL);
    }
    kaa_preprocess_destroy(result);
    result = NULL;
    if (status == KAA_OK) {
        snprintf(text, sizeof(text), "#include \"%s/cycle.h\"\n", folder);
        status = preprocess(text, strlen(text), 0, &result, &t->err);
        CHECK(status == KAA_LIMIT || status == KAA_NO_MEMORY);
        CHECK(result == NULL);
        status = status == KAA_LIMIT ? KAA_OK : status;
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        unlink(path);
    }
    rmdir(folder);
    CHECK_STATUS(status, KAA_OK);
}

/* A folder of the test's own, and one file in it. */
static void
write_file(kaa_test *t, const char *folder, const char *text)
{
    char path[160];
    FILE *file;

    CHECK(mkdir(folder, 0700) == 0);
    snprintf(path, sizeof(path), "%s/next.h", folder);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void
remove_folders(char *folder)
{
    static const char *const parts[] = {"a/next.h", "b/next.h", "a", "b", "."};
    char path[160];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, parts[i]);
        if (unlink(path) != 0)
            rmdir(path);
    }
    rmdir(folder);
}

DEFERRABLE(remove_folders, char)

KAA_TEST(include_next_goes_on_behind_its_own_folder)
{
    static char folder[40], first[48], second[48];
    const char *dirs[] = {first, second};
    kaa_preprocess_options options = {
        .size = sizeof(options), .include_dirs = dirs, .include_dir_count = 2};
    static const char text[] = "#include <next.h>\nend";
    kaa_preprocess_result *result = NULL;
    char squeezed[64];

    strcpy(folder, "/tmp/kaa-preprocess-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    DEFER(t, remove_folders, folder);
    snprintf(first, sizeof(first), "%s/a", folder);
    snprintf(second, sizeof(second), "%s/b", folder);
    write_file(t, first, "first\n#include_next <next.h>\nlast\n");
    write_file(t, second, "second\n");
    CHECK_OK(
        kaa_preprocess_run(text, strlen(text), &options, &result, &t->err));
    DEFER(t, kaa_preprocess_destroy, result);
    squeeze(kaa_preprocess_text(result, NULL), squeezed, sizeof(squeezed));
    CHECK_STR(squeezed, "firstsecondlastend");
}

/* Behind the text: the macros, expanded, parameters as they are. */
KAA_TEST(macros_are_listed_expanded)
{
    static const char text[] =
        "#define A (B + 1)\n#define B 2\n#define GUARD\n"
        "#define f(x) (x * A)\n#define g(x, ...) #x\n#define h(a) a##b\n"
        "#define many(...) __VA_ARGS__\n#define open(x) f(x\n"
        "#define gone 1\n#undef gone\n";
    kaa_preprocess_result *result = NULL;
    const char *out;

    CHECK_STATUS(
        preprocess(text, strlen(text), KAA_PREPROCESS_MACROS, &result, &t->err),
        KAA_OK);
    DEFER(t, kaa_preprocess_destroy, result);
    out = kaa_preprocess_text(result, NULL);
    CHECK(strstr(out, "#define A (2 + 1)\n") != NULL);
    CHECK(strstr(out, "#define B 2\n") != NULL);
    CHECK(strstr(out, "#define f(x) (x * (2 + 1))\n") != NULL);
    /* Each call by itself: the body is that for 1s. */
    CHECK(strstr(out, "#define h(a#) @~a parameter is pasted or made a string@"
                      " 1b\n") != NULL);
    CHECK(strstr(out, "#define g(x#,...) @~") != NULL);
    CHECK(strstr(out, "#define many(...) @~it takes any number of arguments@"
                      " 1\n") != NULL);
    CHECK(strstr(out, "#define open(x) @ the body means nothing") != NULL);
    CHECK(strstr(out, "GUARD") == NULL);
    CHECK(strstr(out, "gone") == NULL);
}

/* Behind the text: the macros as they were written, which is a text again. */
KAA_TEST(definitions_are_listed_as_written)
{
    static const char text[] =
        "#define A (B + 1)\n#define B  2\n#define GUARD\n#define E()\n"
        "#define g(x, ...) #x /**/ __VA_ARGS__\n#define h(a,b)  a##b c ## a\n"
        "#define many(first, rest...) f(first, ## rest)\n"
        "#define B2 # ## B\n#define gone 1\n#undef gone\n";
    static const char expected[] =
        "#define A (B + 1)\n#define B 2\n#define GUARD\n#define E()\n"
        "#define g(x,...) #x __VA_ARGS__\n#define h(a,b) a ## b c ## a\n"
        "#define many(first,rest...) f(first, ## rest)\n"
        "#define B2 # ## B\n";
    kaa_preprocess_result *result = NULL;
    kaa_preprocess_result *again = NULL;
    const char *out;
    size_t length;

    CHECK_STATUS(preprocess(text, strlen(text), KAA_PREPROCESS_DEFINITIONS,
                            &result, &t->err),
                 KAA_OK);
    DEFER(t, kaa_preprocess_destroy, result);
    out = strstr(kaa_preprocess_text(result, &length), "#define");
    CHECK(out != NULL);
    CHECK_STR(out, expected);
    CHECK_STATUS(preprocess(out, strlen(out), KAA_PREPROCESS_DEFINITIONS,
                            &again, &t->err),
                 KAA_OK);
    DEFER(t, kaa_preprocess_destroy, again);
    out = strstr(kaa_preprocess_text(again, NULL), "#define");
    CHECK_STR(out, expected);
}

KAA_TEST(options_are_checked)
{
    kaa_preprocess_options options = {.size = sizeof(options),
                                      .flags = 1u << 9};
    const char *defines[] = {"A=1\n#define B 2"};
    kaa_preprocess_result *result = NULL;

    CHECK_STATUS(kaa_preprocess_run("", 0, &options, &result, &t->err),
                 KAA_INVALID_ARGUMENT);
    options.flags = 0;
    options.define_count = 1;
    CHECK_STATUS(kaa_preprocess_run("", 0, &options, &result, &t->err),
                 KAA_INVALID_ARGUMENT);
    options.defines = defines;
    CHECK_STATUS(kaa_preprocess_run("", 0, &options, &result, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_preprocess_run(NULL, 1, NULL, &result, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK(kaa_preprocess_file(NULL, 0) == NULL);
    CHECK(kaa_preprocess_system_dir(1000) == NULL);
    CHECK(strstr(kaa_preprocess_predefined(), "#define __") != NULL);
}
