/* decl/common.h - parsing within a test. */
#ifndef KAA_TEST_DECL_COMMON_H
#define KAA_TEST_DECL_COMMON_H

#include <kaa/decl.h>

#include <stdio.h>
#include <stdlib.h>

#include "kaa_test.h"

DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)
DEFERRABLE(kaa_decl_destroy, kaa_decl)

static inline kaa_ctype_table *
new_table(kaa_test *t)
{
    kaa_ctype_table *types = NULL;

    CHECK_OK(kaa_ctype_table_create(&types, &t->err));
    DEFER(t, kaa_ctype_table_destroy, types);
    return types;
}

/* A copy of exactly the text's bytes, without a NUL, so that a sanitizer sees
 * each read beyond them. */
static inline kaa_status
parse_bytes(kaa_ctype_table *types, const char *text, size_t length,
            uint32_t flags, kaa_decl **out_decl, kaa_error *err)
{
    kaa_decl_options options = {.size = sizeof(options), .flags = flags};
    char *copy = malloc(length != 0 ? length : 1);
    kaa_status status;

    if (copy == NULL)
        abort();
    if (length != 0)
        memcpy(copy, text, length);
    status = kaa_decl_parse(types, copy, length, &options, out_decl, err);
    free(copy);
    return status;
}

static inline kaa_decl *
parse_as(kaa_test *t, const char *text, uint32_t flags)
{
    kaa_ctype_table *types = new_table(t);
    kaa_decl *decl = NULL;

    CHECK_OK(parse_bytes(types, text, strlen(text), flags, &decl, &t->err));
    DEFER(t, kaa_decl_destroy, decl);
    return decl;
}

static inline kaa_decl *
parse(kaa_test *t, const char *text)
{
    return parse_as(t, text, 0);
}

static inline const kaa_decl_item *
find(kaa_test *t, const kaa_decl *decl, const char *name)
{
    const kaa_decl_item *item = kaa_decl_find(decl, name);

    if (item == NULL)
        FAIL("no item has the name '%s'", name);
    return item;
}

/* An item's text; valid until the next call. */
static inline const char *
printed(kaa_test *t, const kaa_decl_item *item)
{
    static char text[4096];
    size_t length = kaa_decl_print(item, text, sizeof(text));

    /* Printing needs memory; without it, it prints nothing. */
    CHECK_MEMORY(length != 0 ? text : NULL);
    CHECK(length < sizeof(text));
    return text;
}

/* A text, the name to look at, and how kaa prints what it understood. */
struct printed_case {
    const char *text;
    const char *name;
    const char *expected;
};

static inline void
check_printed(kaa_test *t, const struct printed_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const kaa_decl *decl = parse(t, cases[i].text);
        CHECK_STR(printed(t, find(t, decl, cases[i].name)), cases[i].expected);
    }
}

#define CHECK_PRINTED(cases)                                                   \
    check_printed(t, cases, sizeof(cases) / sizeof((cases)[0]))

#endif /* KAA_TEST_DECL_COMMON_H */
