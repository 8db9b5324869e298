/* ctype/help.h - types for tests in few words. Each needs `t`, the test, and
 * ends it when something fails. */
#ifndef KAA_TESTS_CTYPE_HELP_H
#define KAA_TESTS_CTYPE_HELP_H

#include "kaa_test.h"

#include <kaa/ctype.h>

#define BASIC(kind) kaa_ctype_basic(KAA_CTYPE_##kind)
#define PLAIN KAA_CTYPE_NOT_A_BIT_FIELD

static void
kaa_test__undo_table(void *table)
{
    kaa_ctype_table_destroy(table);
}

static inline kaa_ctype_table *
new_table(kaa_test *t)
{
    kaa_ctype_table *table = NULL;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, table, table);
    return table;
}

static inline const kaa_ctype *
pointer_to(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *target)
{
    const kaa_ctype *made = NULL;

    CHECK_OK(kaa_ctype_pointer(table, target, &made, &t->err));
    return made;
}

static inline const kaa_ctype *
array_of(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *element,
         uint64_t count)
{
    const kaa_ctype *made = NULL;

    CHECK_OK(kaa_ctype_array(table, element, count, &made, &t->err));
    return made;
}

static inline const kaa_ctype *
qualified(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *type,
          uint32_t qualifiers, uint32_t align)
{
    const kaa_ctype *made = NULL;

    CHECK_OK(
        kaa_ctype_qualified(table, type, qualifiers, align, &made, &t->err));
    return made;
}

static inline const kaa_ctype *
alias(kaa_test *t, kaa_ctype_table *table, const char *name,
      const kaa_ctype *target)
{
    const kaa_ctype *made = NULL;

    CHECK_OK(
        kaa_ctype_typedef(table, name, strlen(name), target, &made, &t->err));
    return made;
}

static inline const kaa_ctype *
record(kaa_test *t, kaa_ctype_table *table, kaa_ctype_kind kind,
       const char *tag)
{
    const kaa_ctype *made = NULL;

    CHECK_OK(kaa_ctype_record(table, kind, tag, tag != NULL ? strlen(tag) : 0,
                              &made, &t->err));
    return made;
}

static inline const kaa_ctype *
function(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *result,
         const kaa_ctype_parameter *parameters, uint32_t count, uint32_t flags)
{
    const kaa_ctype *made = NULL;

    CHECK_OK(kaa_ctype_function(table, result, parameters, count, flags, &made,
                                &t->err));
    return made;
}

#endif /* KAA_TESTS_CTYPE_HELP_H */
