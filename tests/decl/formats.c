/* decl/formats.c - format strings, and what attributes and the C standard say
 * of parameters. tests/python/test_formats.py asks a compiler about the same.
 */
#include "decl/common.h"

#define WANTED_MAX 8

typedef struct asked {
    size_t count;
    int is_whole;
    kaa_decl_wanted wanted[WANTED_MAX];
} asked;

static asked
ask(uint16_t kind, const char *format)
{
    const kaa_decl_item item = {.format = kind};
    asked found;

    found.count = kaa_decl_format(&item, format, strlen(format), found.wanted,
                                  WANTED_MAX, &found.is_whole);
    return found;
}

/* "int, const char *": what a format asks for. */
static const char *
types_of(uint16_t kind, const char *format)
{
    static char text[512];
    asked found = ask(kind, format);
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < found.count && i < WANTED_MAX; i++) {
        char one[64] = "?";

        if (found.wanted[i].type != NULL)
            kaa_ctype_print(found.wanted[i].type, NULL, one, sizeof(one));
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
                               i != 0 ? ", " : "", one);
    }
    if (!found.is_whole)
        snprintf(text + at, sizeof(text) - at, " ...");
    return text;
}

#define PRINTED(format) types_of(KAA_DECL_FORMAT_PRINTF, format)
#define SCANNED(format) types_of(KAA_DECL_FORMAT_SCANF, format)

KAA_TEST(printed)
{
    (void)t;
    CHECK_STR(PRINTED("no directive, 100%%"), "");
    CHECK_STR(PRINTED("%d %i %u %x %c"), "int, int, unsigned int, "
                                         "unsigned int, int");
    CHECK_STR(PRINTED("%hhd %hu %ld %lu %lld %llx"),
              "int, int, long, unsigned long, long long, unsigned long long");
    CHECK_STR(PRINTED("%jd %zu %td %w32d %w64u"),
              "long, unsigned long, long, int, unsigned long");
    CHECK_STR(PRINTED("%f %e %G %a %Lf %lf"),
              "double, double, double, double, long double, double");
    CHECK_STR(PRINTED("%s %ls %p %n %hn"), "const char *, const wchar_t *, "
                                           "const void *, int *, short *");
    CHECK_STR(PRINTED("%-+ #0*.*ld|%.3s|%.*f"),
              "int, int, long, const char *, int, double");
    CHECK_STR(PRINTED("%2$s %1$d"), "int, const char *");
    CHECK_STR(PRINTED("%3$*1$d"), "int, ?, int");
    CHECK_STR(PRINTED("%m %% %5%"), "");
}

/* What is not known ends the reading: there may be more behind it. */
KAA_TEST(unknown)
{
    asked found;

    (void)t;
    CHECK_STR(PRINTED("%d %q %s"), "int ...");
    CHECK_STR(PRINTED("%d %y %s"), "int ...");
    CHECK_STR(PRINTED("%wf32d"), " ...");
    CHECK_STR(PRINTED("%w33d"), " ...");
    CHECK_STR(PRINTED("%d %"), "int ...");
    CHECK_STR(PRINTED("%-08"), " ...");
    CHECK_STR(PRINTED("%99999999999999999999$d"), " ...");
    CHECK_STR(SCANNED("%["), " ...");
    CHECK_STR(SCANNED("%d %k"), "int * ...");
    found = ask(KAA_DECL_FORMAT_PRINTF, "%4096$d");
    CHECK_EQ(found.count, 4096);
    CHECK_EQ(found.wanted[WANTED_MAX - 1].type, NULL);
    CHECK_EQ(ask(KAA_DECL_FORMAT_PRINTF, "%4097$d").is_whole, 0);
}

KAA_TEST(scanned)
{
    asked found;

    (void)t;
    CHECK_STR(SCANNED("%d%u%ld%hhx%hn"),
              "int *, unsigned int *, long *, unsigned char *, short *");
    CHECK_STR(SCANNED("%f %lf %Le"), "float *, double *, long double *");
    CHECK_STR(SCANNED("%*d %31s %c %4c %[^]abc]%*[x]"),
              "char *, char *, char *, char *");
    CHECK_STR(SCANNED("%ls %p %ms %m[a-z]"),
              "wchar_t *, void *, void *, void *");
    found = ask(KAA_DECL_FORMAT_SCANF, "%31s%s%c%4c%7[a]%d%p");
    CHECK_EQ(found.wanted[0].least, 32);
    CHECK_EQ(found.wanted[1].least, 1);
    CHECK_EQ(found.wanted[2].least, 1);
    CHECK_EQ(found.wanted[3].least, 4);
    CHECK_EQ(found.wanted[4].least, 8);
    CHECK_EQ(found.wanted[5].least, 1);
    CHECK_EQ(found.wanted[6].least, sizeof(void *));
}

KAA_TEST(directives)
{
    asked found = ask(KAA_DECL_FORMAT_PRINTF,
                      "%-5ld, %*d and %00000000000000000000000000000d");

    (void)t;
    CHECK_EQ(found.count, 4);
    CHECK_STR(found.wanted[0].directive, "%-5ld");
    CHECK_STR(found.wanted[1].directive, "%*d");
    CHECK_STR(found.wanted[2].directive, "%*d");
    CHECK_EQ(strlen(found.wanted[3].directive), 23);
}

/* A NUL ends a format, and so does the length that is given. */
KAA_TEST(ends)
{
    const kaa_decl_item item = {.format = KAA_DECL_FORMAT_PRINTF};

    (void)t;
    CHECK_EQ(kaa_decl_format(&item, "%d\0%d", 5, NULL, 0, NULL), 1);
    CHECK_EQ(kaa_decl_format(&item, "%d%d", 2, NULL, 0, NULL), 1);
    CHECK_EQ(kaa_decl_format(&item, NULL, 0, NULL, 0, NULL), 0);
}

KAA_TEST(formats_of_functions)
{
    const kaa_decl *decl = parse(
        t, "int log_(int level, const char *text, ...)"
           "    __attribute__((__format__(__printf__, 2, 3)));\n"
           "[[gnu::format(scanf, 1, 2)]] int take(const char *text, ...);\n"
           "int list(const char *text, void *values)"
           "    __attribute__((format(printf, 1, 0)));\n"
           "int odd(const char *text, ...)"
           "    __attribute__((format(strftime, 1, 2)));\n"
           "int later(const char *text, int n, ...)"
           "    __attribute__((format(printf, 1, 2)));\n"
           "int wide(const wchar_t *text, ...)"
           "    __attribute__((format(printf, 1, 2)));\n"
           "int printf(const char *restrict, ...);\n"
           "int sscanf(const char *, const char *, ...);\n"
           "int fprintf(int);\n"
           "int other(const char *, ...) __asm__(\"printf\");\n");

    CHECK_EQ(find(t, decl, "log_")->format, KAA_DECL_FORMAT_PRINTF);
    CHECK_EQ(find(t, decl, "log_")->format_of, 1);
    CHECK_EQ(find(t, decl, "take")->format, KAA_DECL_FORMAT_SCANF);
    CHECK_EQ(find(t, decl, "list")->format, KAA_DECL_FORMAT_NONE);
    CHECK_EQ(find(t, decl, "odd")->format, KAA_DECL_FORMAT_NONE);
    CHECK_EQ(find(t, decl, "later")->format, KAA_DECL_FORMAT_NONE);
    CHECK_EQ(find(t, decl, "wide")->format, KAA_DECL_FORMAT_NONE);
    CHECK_EQ(find(t, decl, "printf")->format, KAA_DECL_FORMAT_PRINTF);
    CHECK_EQ(find(t, decl, "printf")->format_of, 0);
    CHECK_EQ(find(t, decl, "sscanf")->format, KAA_DECL_FORMAT_SCANF);
    CHECK_EQ(find(t, decl, "sscanf")->format_of, 1);
    CHECK_EQ(find(t, decl, "fprintf")->format, KAA_DECL_FORMAT_NONE);
    CHECK_EQ(find(t, decl, "other")->format, KAA_DECL_FORMAT_NONE);
}

KAA_TEST(sentinels)
{
    const kaa_decl *decl = parse(
        t, "char *join(const char *, ...) __attribute__((__sentinel__));\n"
           "char *other(const char *, ...) __attribute__((sentinel(1)));\n"
           "int execl(const char *, const char *, ...);\n"
           "int execlp(const char *, const char *);\n");

    CHECK_EQ(find(t, decl, "join")->flags, KAA_DECL_SENTINEL);
    CHECK_EQ(find(t, decl, "other")->flags, 0);
    CHECK_EQ(find(t, decl, "execl")->flags, KAA_DECL_SENTINEL);
    CHECK_EQ(find(t, decl, "execlp")->flags, 0);
}

KAA_TEST(lengths_of_functions)
{
    const kaa_decl *decl = parse(
        t, "long get(int, void *p, unsigned long n)"
           "    __attribute__((access(write_only, 2, 3)));\n"
           "long hint(void *p, unsigned long n)"
           "    __attribute__((access(none, 1, 2), access(read_only, 1)));\n"
           "long odd(void *p, double n)"
           "    __attribute__((access(read_only, 1, 2),"
           "                   access(read_only, 9, 8)));\n"
           "void *memcpy(void *, const void *, unsigned long);\n"
           "unsigned long fread(void *p, unsigned long size,"
           "                    unsigned long n, void *file);\n"
           "int memset(int, int, int);\n"
           "void *memmove(void *[[kaa::length(32)]] a, const void *b,"
           "              unsigned long n);\n");
    const kaa_decl_parameter *get = find(t, decl, "get")->parameters;
    const kaa_decl_parameter *copy = find(t, decl, "memcpy")->parameters;
    const kaa_decl_parameter *read = find(t, decl, "fread")->parameters;

    CHECK_EQ(get[1].flags, KAA_DECL_PARAMETER_LENGTH);
    CHECK_EQ(get[1].length_of, 2);
    CHECK_EQ(get[1].length_factor, 1);
    CHECK_EQ(get[1].length_plus, 0);
    CHECK_EQ(find(t, decl, "hint")->parameters[0].flags, 0);
    CHECK_EQ(find(t, decl, "odd")->parameters[0].flags, 0);
    CHECK_EQ(copy[0].flags, KAA_DECL_PARAMETER_LENGTH);
    CHECK_EQ(copy[1].flags, KAA_DECL_PARAMETER_LENGTH);
    CHECK_EQ(copy[1].length_of, 2);
    CHECK_EQ(read[0].flags,
             KAA_DECL_PARAMETER_LENGTH | KAA_DECL_PARAMETER_TIMES);
    CHECK_EQ(read[0].length_of, 1);
    CHECK_EQ(read[0].length_times, 2);
    CHECK_EQ(find(t, decl, "memset")->parameters[0].flags, 0);
}

/* What is read is printed so that it is read again alike. */
KAA_TEST(uses_come_back)
{
    static const char *const texts[] = {
        "int f(const char *, ...) __attribute__((format(printf, 1, 2)));",
        "[[gnu::sentinel]] int f(const char *, ...);",
        "int f(int, const char *, ...) __attribute__((format(scanf, 2, 3)));",
        ("long f(void *, unsigned long) "
         "__attribute__((access(read_write, 1, 2)));"),
        "long f([[kaa::length(n)]] void *, unsigned long n);",
        "int printf(const char *, ...) __attribute__((format(printf, 1, 2)));",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const kaa_decl *decl = parse(t, texts[i]);

        CHECK_STR(printed(t, kaa_decl_at(decl, 0)), texts[i]);
    }
}

/* A later declaration adds to an earlier one, as a text beside a header does.
 */
KAA_TEST(later_declarations)
{
    const kaa_decl *decl = parse(
        t, "long get(int, void *p, unsigned long n)"
           "    __attribute__((access(write_only, 2, 3)));\n"
           "long get(int, void *p [[kaa::nullable]], unsigned long n);\n"
           "int say(const char *, ...) __attribute__((format(printf, 1, 2)));\n"
           "int say(const char *, ...);\n"
           "long put(int *p, int n) __attribute__((access(read_only, 1, 2)));\n"
           "long put([[kaa::out]] int *p, int n);\n");

    CHECK_EQ(find(t, decl, "get")->parameters[1].flags,
             KAA_DECL_PARAMETER_LENGTH | KAA_DECL_PARAMETER_NULLABLE);
    CHECK_EQ(find(t, decl, "say")->format, KAA_DECL_FORMAT_PRINTF);
    CHECK_EQ(find(t, decl, "put")->parameters[0].flags, KAA_DECL_PARAMETER_OUT);
}

KAA_TEST(broken_attributes)
{
    static const char *const texts[] = {
        "int f(const char *, ...) __attribute__((format(printf, 1, 2));",
        "int f(const char *, ...) __attribute__((format(printf 1, 2)));",
        "int f(const char *, ...) __attribute__((format()));",
        "int f(const char *, ...) __attribute__((format(printf, x, 2)));",
        "int f(void *, int) __attribute__((access(read_only, 1, 2));",
        "int f(void *, int) __attribute__((access()));",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        kaa_decl *decl = NULL;

        CHECK_STATUS(parse_bytes(new_table(t), texts[i], strlen(texts[i]), 0,
                                 &decl, &t->err),
                     KAA_SYNTAX);
        CHECK_EQ(decl, NULL);
    }
}
