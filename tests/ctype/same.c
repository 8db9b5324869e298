/* ctype/same.c - comparing types of two tables. */
#include "ctype/help.h"

#include <stdio.h>
#include <stdlib.h>

static void
kaa_test__undo_free(void *block)
{
    free(block);
}

#define MEMBER(name_, type_)                                                   \
    {                                                                          \
        .name = (name_), .type = (type_), .bit_width = PLAIN                   \
    }

static const kaa_ctype *
struct_of(kaa_test *t, kaa_ctype_table *table, const char *tag,
          const kaa_ctype_member *members, uint32_t count)
{
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, tag);

    CHECK_OK(
        kaa_ctype_record_define(table, made, members, count, NULL, &t->err));
    return made;
}

KAA_TEST(derived_types_are_compared_by_parts)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);
    const kaa_ctype *c1 = qualified(t, one, BASIC(CHAR), KAA_CTYPE_CONST, 0);
    const kaa_ctype *c2 = qualified(t, two, BASIC(CHAR), KAA_CTYPE_CONST, 0);
    const kaa_ctype *p1 = pointer_to(t, one, c1);
    const kaa_ctype *p2 = pointer_to(t, two, c2);

    CHECK_EQ(kaa_ctype_same(c1, c2), 1);
    CHECK_EQ(kaa_ctype_same(p1, p2), 1);
    CHECK_EQ(kaa_ctype_same(p1, pointer_to(t, two, BASIC(CHAR))), 0);
    CHECK_EQ(kaa_ctype_same(p1, alias(t, two, "text", p2)), 1);
    CHECK_EQ(kaa_ctype_same(c1, BASIC(CHAR)), 0);
    CHECK_EQ(kaa_ctype_same(BASIC(INT), BASIC(LONG)), 0);
    CHECK_EQ(kaa_ctype_same(BASIC(LONG), BASIC(LLONG)), 0);
    CHECK_EQ(kaa_ctype_same(BASIC(INT), BASIC(INT)), 1);
    CHECK_EQ(kaa_ctype_same(array_of(t, one, p1, 3), array_of(t, two, p2, 3)),
             1);
    CHECK_EQ(kaa_ctype_same(array_of(t, one, p1, 3), array_of(t, two, p2, 4)),
             0);
    CHECK_EQ(kaa_ctype_same(array_of(t, one, p1, 1), p2), 0);
    CHECK_EQ(kaa_ctype_same(NULL, p1), 0);
    CHECK_EQ(kaa_ctype_same(p1, NULL), 0);
    CHECK_EQ(kaa_ctype_same(NULL, NULL), 0);
}

KAA_TEST(functions_are_the_same_to_a_caller)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);
    const kaa_ctype *c = qualified(t, two, BASIC(INT), KAA_CTYPE_CONST, 0);
    const kaa_ctype_parameter xs[] = {{"x", BASIC(INT)}, {"y", BASIC(CHAR)}};
    const kaa_ctype_parameter others[] = {{"a", c}, {NULL, BASIC(CHAR)}};
    const kaa_ctype *f = function(t, one, BASIC(INT), xs, 2, 0);

    CHECK_EQ(kaa_ctype_same(f, function(t, two, c, others, 2, 0)), 1);
    CHECK_EQ(kaa_ctype_same(f, function(t, two, c, others, 1, 0)), 0);
    CHECK_EQ(kaa_ctype_same(f, function(t, two, BASIC(LONG), others, 2, 0)), 0);
    CHECK_EQ(
        kaa_ctype_same(f, function(t, two, c, others, 2, KAA_CTYPE_VARIADIC)),
        0);
    CHECK_EQ(kaa_ctype_same(
                 function(t, one, BASIC(INT), NULL, 0, 0),
                 function(t, two, BASIC(INT), NULL, 0, KAA_CTYPE_UNPROTOTYPED)),
             0);
    /* Behind a pointer, qualifiers count. */
    const kaa_ctype_parameter p = {"p", pointer_to(t, two, c)};
    const kaa_ctype_parameter q = {"p", pointer_to(t, one, BASIC(INT))};
    CHECK_EQ(kaa_ctype_same(function(t, one, BASIC(INT), &p, 1, 0),
                            function(t, two, BASIC(INT), &q, 1, 0)),
             0);
}

/* struct node { struct node *next; TYPE value; }; */
static const kaa_ctype *
node(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *value)
{
    const kaa_ctype *made = record(t, table, KAA_CTYPE_STRUCT, "node");
    kaa_ctype_member members[] = {MEMBER("next", pointer_to(t, table, made)),
                                  MEMBER("value", value)};

    CHECK_OK(kaa_ctype_record_define(table, made, members, 2, NULL, &t->err));
    return made;
}

KAA_TEST(records_that_point_at_themselves)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);
    const kaa_ctype *a = node(t, one, BASIC(LONG));

    CHECK_EQ(kaa_ctype_same(a, node(t, two, BASIC(LONG))), 1);
    CHECK_EQ(kaa_ctype_same(a, node(t, two, BASIC(ULONG))), 0);
    CHECK_EQ(kaa_ctype_same(a, node(t, two, BASIC(INT))), 0);
    CHECK_EQ(kaa_ctype_same(a, record(t, two, KAA_CTYPE_STRUCT, "node")), 1);
    CHECK_EQ(kaa_ctype_same(a, record(t, two, KAA_CTYPE_UNION, "node")), 0);
    CHECK_EQ(kaa_ctype_same(a, record(t, two, KAA_CTYPE_STRUCT, "other")), 0);
}

KAA_TEST(records_by_tag_and_layout)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);
    kaa_ctype_member m[] = {MEMBER("x", BASIC(INT)), MEMBER("y", BASIC(INT))};
    const kaa_ctype *tagged = struct_of(t, one, "s", m, 2);
    const kaa_ctype *bare = struct_of(t, one, NULL, m, 2);

    CHECK_EQ(kaa_ctype_same(tagged, struct_of(t, two, "s", m, 2)), 1);
    CHECK_EQ(kaa_ctype_same(bare, struct_of(t, two, NULL, m, 2)), 1);
    CHECK_EQ(kaa_ctype_same(tagged, struct_of(t, two, "r", m, 2)), 0);
    CHECK_EQ(kaa_ctype_same(tagged, bare), 0);
    CHECK_EQ(kaa_ctype_same(tagged, struct_of(t, two, "s", m, 1)), 0);
    m[1].name = "z";
    CHECK_EQ(kaa_ctype_same(tagged, struct_of(t, two, "s", m, 2)), 0);
    m[1].name = "y";
    m[1].type = BASIC(UINT);
    CHECK_EQ(kaa_ctype_same(tagged, struct_of(t, two, "s", m, 2)), 0);
    m[1].type = BASIC(INT);
    m[1].bit_width = 32;
    CHECK_EQ(kaa_ctype_same(tagged, struct_of(t, two, "s", m, 2)), 0);
    /* Two that are incomplete and without tags are only themselves. */
    CHECK_EQ(kaa_ctype_same(record(t, one, KAA_CTYPE_UNION, NULL),
                            record(t, two, KAA_CTYPE_UNION, NULL)),
             0);
}

static const kaa_ctype *
enum_of(kaa_test *t, kaa_ctype_table *table, const char *tag, const char *name,
        int64_t value)
{
    kaa_ctype_enumerator part = {.name = name, .value = value};
    const kaa_ctype *made = NULL;

    CHECK_OK(kaa_ctype_enum(table, tag, tag != NULL ? strlen(tag) : 0, &made,
                            &t->err));
    if (name != NULL)
        CHECK_OK(kaa_ctype_enum_define(table, made, &part, 1, NULL, &t->err));
    return made;
}

KAA_TEST(enums_by_tag_and_values)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);
    const kaa_ctype *e = enum_of(t, one, "e", "A", 1);

    CHECK_EQ(kaa_ctype_same(e, enum_of(t, two, "e", "A", 1)), 1);
    CHECK_EQ(kaa_ctype_same(e, enum_of(t, two, "e", NULL, 0)), 1);
    CHECK_EQ(kaa_ctype_same(e, enum_of(t, two, "e", "A", 2)), 0);
    CHECK_EQ(kaa_ctype_same(e, enum_of(t, two, "e", "A", -1)), 0);
    CHECK_EQ(kaa_ctype_same(e, enum_of(t, two, "e", "B", 1)), 0);
    CHECK_EQ(kaa_ctype_same(e, enum_of(t, two, "f", "A", 1)), 0);
    CHECK_EQ(kaa_ctype_same(e, kaa_ctype_target(e)), 0);
    CHECK_EQ(kaa_ctype_same(enum_of(t, one, NULL, "A", 1),
                            enum_of(t, two, NULL, "A", 1)),
             1);
    CHECK_EQ(kaa_ctype_same(enum_of(t, one, NULL, NULL, 1),
                            enum_of(t, two, NULL, NULL, 1)),
             0);
}

/* struct s0 { LAST *a, *b; }; struct s1 { struct s0 *a, *b; }; ... */
static const kaa_ctype *
lattice(kaa_test *t, kaa_ctype_table *table, const kaa_ctype *last, int depth)
{
    const kaa_ctype *made = last;

    for (int i = 0; i < depth; i++) {
        char tag[16];
        const kaa_ctype *p = pointer_to(t, table, made);
        kaa_ctype_member m[] = {MEMBER("a", p), MEMBER("b", p)};

        snprintf(tag, sizeof(tag), "s%d", i);
        made = struct_of(t, table, tag, m, 2);
    }
    return made;
}

KAA_TEST(shared_parts_are_compared_once)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);
    const kaa_ctype *a = lattice(t, one, BASIC(INT), 100);

    /* 2^100 paths: it ends because each pair is walked once. */
    CHECK_EQ(kaa_ctype_same(a, lattice(t, two, BASIC(INT), 100)), 1);
    CHECK_EQ(kaa_ctype_same(a, lattice(t, two, BASIC(UINT), 100)), 0);
}

/* int (*(*...)(A, A))(A, A): the part stands three times at every level. */
static const kaa_ctype *
thicket(kaa_test *t, kaa_ctype_table *table, int depth)
{
    const kaa_ctype *made = BASIC(INT);

    for (int i = 0; i < depth; i++) {
        const kaa_ctype_parameter both[] = {{"a", made}, {"b", made}};

        made = pointer_to(t, table, function(t, table, made, both, 2, 0));
    }
    return made;
}

KAA_TEST(shared_functions_are_compared_once)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);

    CHECK_EQ(kaa_ctype_same(thicket(t, one, 60), thicket(t, two, 60)), 1);
    CHECK_EQ(kaa_ctype_same(thicket(t, one, 60), thicket(t, two, 61)), 0);
}

KAA_TEST(a_graph_beyond_the_list_is_compared_from_outside)
{
    kaa_ctype_table *one = new_table(t), *two = new_table(t);

    CHECK_EQ(kaa_ctype_same(lattice(t, one, BASIC(INT), 400),
                            lattice(t, two, BASIC(INT), 400)),
             1);
}

KAA_TEST(printing_a_thicket_ends)
{
    kaa_ctype_table *table = new_table(t);
    size_t size = kaa_test_is_fault_run() ? 100 : (size_t)1 << 20;
    char *buffer = malloc(size);
    const kaa_ctype *type;

    CHECK(buffer != NULL);
    DEFER(t, free, buffer);
    type = thicket(t, table, 40); /* 3^40 words */
    size_t length = kaa_ctype_print(type, "x", buffer, size);
    CHECK(length > 1000);
    CHECK(length < (size_t)4 << 20);
    CHECK_EQ(buffer[size - 1], '\0');
}
