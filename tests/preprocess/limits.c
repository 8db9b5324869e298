/* preprocess/limits.c - texts that would never end. Each takes a second or so,
 * so they are not run with each allocation failing. */
#include <kaa/preprocess.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kaa_test.h"

static void
free_text(char *text)
{
    free(text);
}

DEFERRABLE(free_text, char)
DEFERRABLE(kaa_preprocess_destroy, kaa_preprocess_result)

/* What would take for ever, or all memory, is refused. */
KAA_TEST(what_never_ends_is_refused)
{
    kaa_preprocess_result *result = NULL;
    size_t size = 4000000;
    char *text = calloc(1, size);
    size_t used = 0;

    CHECK_MEMORY(text);
    DEFER(t, free_text, text);
    used += (size_t)snprintf(text, size, "#define a0 x x\n");
    for (int i = 1; i < 64; i++)
        used += (size_t)snprintf(text + used, size - used,
                                 "#define a%d a%d a%d\n", i, i - 1, i - 1);
    snprintf(text + used, size - used, "a63");
    CHECK_STATUS(kaa_preprocess_run(text, strlen(text), NULL, &result, &t->err),
                 KAA_LIMIT);

    used = 0;
    for (int i = 0; i < 20000; i++)
        used += (size_t)snprintf(text + used, size - used, "#if 1\n");
    CHECK_STATUS(kaa_preprocess_run(text, used, NULL, &result, &t->err),
                 KAA_SYNTAX);

    used = (size_t)snprintf(text, size, "#define f(x) x\n");
    for (int i = 0; i < 10000; i++)
        used += (size_t)snprintf(text + used, size - used, "f(");
    memset(text + used, ')', 10000);
    CHECK_STATUS(kaa_preprocess_run(text, used + 10000, NULL, &result, &t->err),
                 KAA_LIMIT);
    CHECK_HAS(t->err.message, "<text>:2: calls of macros nested more than");

    used = (size_t)snprintf(text, size, "#define a0 x\n");
    for (int i = 1; i <= 100000; i++)
        used += (size_t)snprintf(text + used, size - used,
                                 "#define a%d a%d x\n", i, i - 1);
    used += (size_t)snprintf(text + used, size - used, "\na100000");
    CHECK_STATUS(kaa_preprocess_run(text, used, NULL, &result, &t->err),
                 KAA_LIMIT);
    CHECK_HAS(t->err.message, "<text>:100003: macros nested more than");

    used = (size_t)snprintf(text, size, "#if ");
    memset(text + used, '(', 100000);
    CHECK_STATUS(
        kaa_preprocess_run(text, used + 100000, NULL, &result, &t->err),
        KAA_LIMIT);
    CHECK(result == NULL);
}

/* Adds `count` lines to a text of at most `size` bytes. */
static size_t
repeat(char *text, size_t used, size_t size, const char *line, size_t count)
{
    size_t length = strlen(line);

    for (size_t i = 0; i < count && used + length < size; i++) {
        memcpy(text + used, line, length);
        used += length;
    }
    text[used] = '\0';
    return used;
}

static void
run_to(kaa_test *t, const char *text, size_t length, uint32_t flags,
       kaa_status wanted)
{
    kaa_preprocess_options options = {.size = sizeof(options), .flags = flags};
    kaa_preprocess_result *result = NULL;

    CHECK_STATUS(kaa_preprocess_run(text, length, &options, &result, &t->err),
                 wanted);
    if (wanted != KAA_OK)
        CHECK(t->err.message[0] != '\0');
    kaa_preprocess_destroy(result);
}

#define MILLION ((size_t)1000000)

/* A million conditionals in a row are read; nested, they are refused. */
KAA_TEST(a_million_conditionals)
{
    size_t size = 40 * MILLION;
    char *text = calloc(1, size);
    size_t used;

    CHECK_MEMORY(text);
    DEFER(t, free_text, text);
    used = repeat(text, 0, size, "#if 0\na\n#elif 1\nb\n#else\nc\n#endif\n",
                  MILLION);
    run_to(t, text, used, 0, KAA_OK);
    used = repeat(text, 0, size, "#if 0\n", 1);
    used = repeat(text, used, size, "#elif 0\n", MILLION);
    used = repeat(text, used, size, "#endif\n", 1);
    run_to(t, text, used, 0, KAA_OK);
    for (int is_skipped = 0; is_skipped < 2; is_skipped++) {
        used = repeat(text, 0, size, is_skipped ? "#if 0\n" : "#if 1\n", 1);
        used = repeat(text, used, size, "#if 1\n", MILLION);
        used = repeat(text, used, size, "#endif\n", MILLION + 1);
        run_to(t, text, used, 0, KAA_LIMIT);
    }
}

/* One macro with a million of something. */
KAA_TEST(giant_macros)
{
    size_t size = 40 * MILLION;
    char *text = calloc(1, size);
    size_t used;

    CHECK_MEMORY(text);
    DEFER(t, free_text, text);
    used = repeat(text, 0, size, "#define a ", 1);
    used = repeat(text, used, size, "b ", MILLION);
    used = repeat(text, used, size, "\na a\n", 1);
    run_to(t, text, used, KAA_PREPROCESS_MACROS, KAA_OK);
    used = repeat(text, 0, size, "#define a ", 1);
    used = repeat(text, used, size, "b ", 5 * MILLION);
    run_to(t, text, used, 0, KAA_LIMIT);
    used = repeat(text, 0, size, "#define f(x) #x\nf(", 1);
    used = repeat(text, used, size, "b ", MILLION);
    used = repeat(text, used, size, ")\n", 1);
    run_to(t, text, used, 0, KAA_OK);
    used = repeat(text, 0, size, "#if 1", 1);
    used = repeat(text, used, size, "+1", MILLION);
    used = repeat(text, used, size, "\n#endif\n", 1);
    run_to(t, text, used, 0, KAA_OK);
    used = repeat(text, 0, size, "#define f(x) x x x x x x x x\n", 1);
    used = repeat(text, used, size, "f(", 30);
    used = repeat(text, used, size, "y", 1);
    used = repeat(text, used, size, ")", 30);
    run_to(t, text, used, 0, KAA_LIMIT);
}

/* Many macros, each of which expands to another's long body: the listing of
 * them has a bound, and what is above it says so. */
KAA_TEST(many_macros_of_one_body)
{
    kaa_preprocess_options options = {.size = sizeof(options),
                                      .flags = KAA_PREPROCESS_MACROS};
    kaa_preprocess_result *result = NULL;
    size_t size = MILLION;
    char *text = calloc(1, size);
    size_t used;
    size_t length;

    CHECK_MEMORY(text);
    DEFER(t, free_text, text);
    used = repeat(text, 0, size, "#define b ", 1);
    used = repeat(text, used, size, "longer ", 8000);
    used = repeat(text, used, size, "\n", 1);
    for (int i = 0; i < 3000; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "#define m%d b\n", i);
    CHECK_OK(kaa_preprocess_run(text, used, &options, &result, &t->err));
    DEFER(t, kaa_preprocess_destroy, result);
    CHECK(strstr(kaa_preprocess_text(result, &length),
                 " @ the macros expand to too much") != NULL);
    CHECK(length < 100 * MILLION);
}

/* A file that includes itself. */
KAA_TEST(includes_without_end)
{
    char path[] = "/tmp/kaa-limits-XXXXXX";
    int file = mkstemp(path);
    char text[80];
    int length;

    CHECK(file >= 0);
    length = snprintf(text, sizeof(text), "#include \"%s\"\n", path);
    CHECK_EQ(write(file, text, (size_t)length), length);
    close(file);
    run_to(t, text, (size_t)length, 0, KAA_LIMIT);
    unlink(path);
    CHECK(strstr(t->err.message, "200") != NULL);
}
