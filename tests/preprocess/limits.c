/* preprocess/limits.c - texts that would never end. Each takes a second or so,
 * so they are not run with each allocation failing. */
#include <kaa/preprocess.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kaa_test.h"

static void
free_text(char *text)
{
    free(text);
}

DEFERRABLE(free_text, char)

/* What would take for ever, or all memory, is refused. */
KAA_TEST(what_never_ends_is_refused)
{
    kaa_preprocess_result *result = NULL;
    size_t size = 600000;
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

    used = (size_t)snprintf(text, size, "#if ");
    memset(text + used, '(', 100000);
    CHECK_STATUS(
        kaa_preprocess_run(text, used + 100000, NULL, &result, &t->err),
        KAA_LIMIT);
    CHECK(result == NULL);
}
