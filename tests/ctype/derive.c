/* ctype/derive.c - pointers, arrays, qualified types, typedefs, functions. */
#include "ctype/help.h"

#include <stdio.h>

KAA_TEST(derived_types_are_interned)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *p = pointer_to(t, table, BASIC(INT));
    const kaa_ctype *c = qualified(t, table, BASIC(CHAR), KAA_CTYPE_CONST, 0);
    kaa_ctype_parameter parameter = {"x", p};
    const kaa_ctype *f = function(t, table, BASIC(INT), &parameter, 1, 0);

    CHECK_EQ(pointer_to(t, table, BASIC(INT)), p);
    CHECK(pointer_to(t, table, BASIC(UINT)) != p);
    CHECK_EQ(qualified(t, table, BASIC(CHAR), KAA_CTYPE_CONST, 0), c);
    CHECK(qualified(t, table, BASIC(CHAR), KAA_CTYPE_CONST, 2) != c);
    CHECK_EQ(array_of(t, table, p, 3), array_of(t, table, p, 3));
    CHECK(array_of(t, table, p, 3) != array_of(t, table, p, 4));
    CHECK_EQ(alias(t, table, "T", p), alias(t, table, "T", p));
    CHECK(alias(t, table, "T", p) != alias(t, table, "U", p));
    CHECK_EQ(function(t, table, BASIC(INT), &parameter, 1, 0), f);
    CHECK(function(t, table, BASIC(INT), &parameter, 1, KAA_CTYPE_VARIADIC) !=
          f);
    parameter.name = "y"; /* names are kept apart: somebody prints them */
    CHECK(function(t, table, BASIC(INT), &parameter, 1, 0) != f);
}

KAA_TEST(interning_holds_while_the_table_grows)
{
    kaa_ctype_table *table = new_table(t);
    uint64_t count = kaa_test_is_fault_run() ? 70 : 5000;
    const kaa_ctype *first = array_of(t, table, BASIC(CHAR), 1);

    for (uint64_t i = 1; i <= count; i++)
        CHECK_EQ(kaa_ctype_size(array_of(t, table, BASIC(CHAR), i)), i);
    for (uint64_t i = 1; i <= count; i++)
        CHECK_EQ(kaa_ctype_count(array_of(t, table, BASIC(CHAR), i)), i);
    CHECK_EQ(array_of(t, table, BASIC(CHAR), 1), first);
}

KAA_TEST(pointers)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *p = pointer_to(t, table, BASIC(VOID));

    CHECK_EQ(kaa_ctype_kind_of(p), KAA_CTYPE_POINTER);
    CHECK_EQ(kaa_ctype_target(p), BASIC(VOID));
    CHECK_EQ(kaa_ctype_size(p), sizeof(void *));
    CHECK_EQ(kaa_ctype_align(p), _Alignof(void *));
    CHECK_EQ(kaa_ctype_is_complete(p), 1);
    CHECK_EQ(kaa_ctype_count(p), 0);
    CHECK_EQ(kaa_ctype_name(p), NULL);
    CHECK_EQ(kaa_ctype_strip(p), p);
}

KAA_TEST(arrays)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *a = array_of(t, table, BASIC(SHORT), 5);
    const kaa_ctype *open = array_of(t, table, a, KAA_CTYPE_UNKNOWN_COUNT);
    const kaa_ctype *c = qualified(t, table, a, KAA_CTYPE_CONST, 0);

    CHECK_EQ(kaa_ctype_size(a), 10);
    CHECK_EQ(kaa_ctype_align(a), _Alignof(short));
    CHECK_EQ(kaa_ctype_count(a), 5);
    CHECK_EQ(kaa_ctype_size(open), 0);
    CHECK_EQ(kaa_ctype_is_complete(open), 0);
    CHECK_EQ((int64_t)kaa_ctype_count(open), -1);
    CHECK_EQ(kaa_ctype_size(array_of(t, table, BASIC(INT), 0)), 0);

    /* The elements are qualified, behind typedefs as well. */
    CHECK_EQ(kaa_ctype_qualifiers(c), KAA_CTYPE_CONST);
    CHECK_EQ(kaa_ctype_kind_of(c), KAA_CTYPE_ARRAY);
    CHECK_EQ(kaa_ctype_qualifiers(kaa_ctype_target(c)), KAA_CTYPE_CONST);
    const kaa_ctype *named =
        qualified(t, table, alias(t, table, "A", a), KAA_CTYPE_CONST, 0);
    CHECK_EQ(kaa_ctype_kind_of(named), KAA_CTYPE_QUALIFIED);
    CHECK_EQ(kaa_ctype_strip(named), c);
    CHECK_EQ(kaa_ctype_qualifiers(named), KAA_CTYPE_CONST);
}

KAA_TEST(arrays_that_cannot_be)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *out = NULL;
    const kaa_ctype *open =
        array_of(t, table, BASIC(INT), KAA_CTYPE_UNKNOWN_COUNT);
    const kaa_ctype *f = function(t, table, BASIC(INT), NULL, 0, 0);
    const kaa_ctype *wide = qualified(t, table, BASIC(INT), 0, 8);
    uint64_t most = (uint64_t)PTRDIFF_MAX / 4;

    CHECK_STATUS(kaa_ctype_array(table, BASIC(VOID), 1, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_array(table, open, 1, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_array(table, f, 1, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_HAS(t->err.message, "functions");
    CHECK_STATUS(kaa_ctype_array(table, wide, 2, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_HAS(t->err.message, "alignment");
    CHECK_STATUS(
        kaa_ctype_array(table, record(t, table, KAA_CTYPE_STRUCT, "incomplete"),
                        1, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_array(table, BASIC(INT), most + 1, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_array(table, BASIC(INT), UINT64_MAX - 1, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_EQ(out, NULL);
    CHECK_EQ(kaa_ctype_size(array_of(t, table, BASIC(INT), most)), most * 4);
    CHECK_STATUS(kaa_ctype_array(NULL, BASIC(INT), 1, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_array(table, NULL, 1, &out, NULL),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_array(table, BASIC(INT), 1, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(qualifiers_add_up)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *c = qualified(t, table, BASIC(INT), KAA_CTYPE_CONST, 0);
    const kaa_ctype *cv = qualified(t, table, c, KAA_CTYPE_VOLATILE, 0);
    const kaa_ctype *named = alias(t, table, "cint", c);
    const kaa_ctype *p = pointer_to(t, table, c);

    CHECK_EQ(kaa_ctype_qualifiers(cv), KAA_CTYPE_CONST | KAA_CTYPE_VOLATILE);
    CHECK_EQ(kaa_ctype_target(cv), BASIC(INT));
    CHECK_EQ(cv, qualified(t, table, BASIC(INT),
                           KAA_CTYPE_VOLATILE | KAA_CTYPE_CONST, 0));
    CHECK_EQ(qualified(t, table, c, 0, 0), c);
    CHECK_EQ(qualified(t, table, c, KAA_CTYPE_CONST, 0), c);
    CHECK_EQ(qualified(t, table, BASIC(INT), 0, 0), BASIC(INT));
    CHECK_EQ(kaa_ctype_qualifiers(named), KAA_CTYPE_CONST);
    CHECK_EQ(kaa_ctype_strip(named), BASIC(INT));
    CHECK_EQ(qualified(t, table, named, KAA_CTYPE_CONST, 0), named);
    CHECK_EQ(kaa_ctype_qualifiers(p), 0);
    CHECK_EQ(
        kaa_ctype_qualifiers(qualified(t, table, p, KAA_CTYPE_RESTRICT, 0)),
        KAA_CTYPE_RESTRICT);
    CHECK_EQ(kaa_ctype_size(cv), sizeof(int));
    CHECK_EQ(kaa_ctype_is_signed(named), 1);
}

KAA_TEST(qualifiers_that_do_not_fit)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *out = NULL;
    const kaa_ctype *a = array_of(t, table, BASIC(INT), 2);
    const kaa_ctype *f = function(t, table, BASIC(INT), NULL, 0, 0);

    CHECK_STATUS(kaa_ctype_qualified(table, BASIC(INT), 16, 0, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_qualified(table, BASIC(INT), KAA_CTYPE_RESTRICT, 0,
                                     &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_qualified(table, a, KAA_CTYPE_ATOMIC, 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_qualified(table, a, KAA_CTYPE_RESTRICT, 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_qualified(table, BASIC(INT), 0, 3, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_qualified(table, BASIC(INT), 0, 1u << 29, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_qualified(table, NULL, 0, 0, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_EQ(out, NULL);
    /* C leaves a qualified function undefined; compilers pass over it. */
    CHECK_EQ(qualified(t, table, f, KAA_CTYPE_CONST, 0), f);
}

KAA_TEST(an_alignment_stays_with_the_name)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *wide = qualified(t, table, BASIC(INT), 0, 32);
    const kaa_ctype *named = alias(t, table, "wide", wide);
    const kaa_ctype *c = qualified(t, table, named, KAA_CTYPE_CONST, 0);
    const kaa_ctype *less = qualified(t, table, named, 0, 1);

    CHECK_EQ(kaa_ctype_align(wide), 32);
    CHECK_EQ(kaa_ctype_size(wide), sizeof(int));
    CHECK_EQ(kaa_ctype_align(named), 32);
    CHECK_EQ(kaa_ctype_align(c), 32);
    CHECK_EQ(kaa_ctype_align(less), 1);
    CHECK_EQ(kaa_ctype_align(kaa_ctype_strip(less)), _Alignof(int));
    CHECK_EQ(qualified(t, table, named, 0, 32), named);
}

KAA_TEST(atomic_types)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *a =
        qualified(t, table, BASIC(CFLOAT), KAA_CTYPE_ATOMIC, 0);
    _Static_assert(_Alignof(_Atomic float _Complex) == 8, "both compilers");

    CHECK_EQ(kaa_ctype_align(a), 8);
    CHECK_EQ(kaa_ctype_align(BASIC(CFLOAT)), 4);
    CHECK_EQ(kaa_ctype_align(alias(t, table, "acf", a)), 8);
    CHECK_EQ(kaa_ctype_align(
                 qualified(t, table, BASIC(CLDOUBLE), KAA_CTYPE_ATOMIC, 0)),
             kaa_ctype_align(BASIC(CLDOUBLE)));
}

KAA_TEST(typedefs)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *r = record(t, table, KAA_CTYPE_STRUCT, "s");
    const kaa_ctype *named = alias(t, table, "s_t", r);
    const kaa_ctype *out = NULL;
    kaa_ctype_member m = {.name = "x", .type = BASIC(LONG), .bit_width = PLAIN};

    CHECK_EQ(kaa_ctype_kind_of(named), KAA_CTYPE_TYPEDEF);
    CHECK_STR(kaa_ctype_name(named), "s_t");
    CHECK_EQ(kaa_ctype_target(named), r);
    CHECK_EQ(kaa_ctype_is_complete(named), 0);
    CHECK_EQ(kaa_ctype_align(named), 1);
    CHECK_OK(kaa_ctype_record_define(table, r, &m, 1, NULL, &t->err));
    CHECK_EQ(kaa_ctype_is_complete(named), 1); /* completed behind its name */
    CHECK_EQ(kaa_ctype_size(named), sizeof(long));
    CHECK_EQ(kaa_ctype_align(named), _Alignof(long));
    CHECK_EQ(kaa_ctype_members(named), NULL);
    CHECK_STR(kaa_ctype_members(kaa_ctype_strip(named))->name, "x");

    /* A name is its first bytes, and is copied. */
    char text[] = "abcdef";
    CHECK_OK(kaa_ctype_typedef(table, text, 3, r, &out, &t->err));
    text[0] = 'z';
    CHECK_STR(kaa_ctype_name(out), "abc");
    CHECK_STATUS(kaa_ctype_typedef(table, "", 0, r, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_typedef(table, NULL, 1, r, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_typedef(table, "x", 1, NULL, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(functions)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *a = qualified(
        t, table, alias(t, table, "A", array_of(t, table, BASIC(INT), 3)),
        KAA_CTYPE_CONST, 0);
    const kaa_ctype *g =
        function(t, table, BASIC(VOID), NULL, 0, KAA_CTYPE_UNPROTOTYPED);
    const kaa_ctype_parameter parameters[] = {
        {"a", a}, {"g", g}, {NULL, BASIC(VALIST)}, {"", BASIC(DOUBLE)}};
    const kaa_ctype *f =
        function(t, table, BASIC(VOID), parameters, 4, KAA_CTYPE_VARIADIC);
    const kaa_ctype_parameter *own = kaa_ctype_parameters(f);

    CHECK_EQ(kaa_ctype_kind_of(f), KAA_CTYPE_FUNCTION);
    CHECK_EQ(kaa_ctype_count(f), 4);
    CHECK_EQ(kaa_ctype_flags(f), KAA_CTYPE_VARIADIC);
    CHECK_EQ(kaa_ctype_flags(g), KAA_CTYPE_UNPROTOTYPED);
    CHECK_EQ(kaa_ctype_target(f), BASIC(VOID));
    CHECK_EQ(kaa_ctype_size(f), 0);
    CHECK_EQ(kaa_ctype_align(f), 1);
    CHECK_EQ(kaa_ctype_is_complete(f), 0);
    CHECK_STR(own[0].name, "a");
    CHECK_EQ(own[0].type,
             pointer_to(t, table,
                        qualified(t, table, BASIC(INT), KAA_CTYPE_CONST, 0)));
    CHECK_EQ(own[1].type, pointer_to(t, table, g));
    CHECK_EQ(own[2].type, BASIC(VALIST));
    CHECK_EQ(own[2].name, NULL);
    CHECK_EQ(own[3].name, NULL);
}

KAA_TEST(functions_that_cannot_be)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *out = NULL;
    const kaa_ctype *f = function(t, table, BASIC(INT), NULL, 0, 0);
    const kaa_ctype *a = array_of(t, table, BASIC(INT), 3);
    kaa_ctype_parameter parameters[2] = {{"x", BASIC(INT)}, {"y", BASIC(VOID)}};

    CHECK_STATUS(kaa_ctype_function(table, f, NULL, 0, 0, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_function(table, a, NULL, 0, 0, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_function(table, BASIC(INT), NULL, 1, 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_function(table, BASIC(INT), NULL, 0, 4, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_function(table, BASIC(INT), parameters, 1,
                                    KAA_CTYPE_UNPROTOTYPED, &out, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(
        kaa_ctype_function(table, BASIC(INT), parameters, 2, 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 1);
    CHECK_HAS(t->err.message, "void");
    parameters[1].type = NULL;
    CHECK_STATUS(
        kaa_ctype_function(table, BASIC(INT), parameters, 2, 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_EQ(t->err.argument, 1);
    CHECK_STATUS(kaa_ctype_function(table, BASIC(INT), parameters, UINT32_MAX,
                                    0, &out, &t->err),
                 KAA_LIMIT);
    CHECK_STATUS(
        kaa_ctype_function(NULL, BASIC(INT), NULL, 0, 0, &out, &t->err),
        KAA_INVALID_ARGUMENT);
    CHECK_EQ(out, NULL);
}

KAA_TEST(functions_of_many_parameters)
{
    kaa_ctype_table *table = new_table(t);
    kaa_ctype_parameter parameters[40];
    char names[40][8];

    for (uint32_t i = 0; i < 40; i++) {
        snprintf(names[i], sizeof(names[i]), "p%u", i);
        parameters[i] = (kaa_ctype_parameter){
            names[i], kaa_ctype_basic((kaa_ctype_kind)(i % 26 + 1))};
    }
    const kaa_ctype *f = function(t, table, BASIC(INT), parameters, 40, 0);
    CHECK_EQ(kaa_ctype_count(f), 40);
    CHECK_STR(kaa_ctype_parameters(f)[39].name, "p39");
    CHECK_EQ(kaa_ctype_parameters(f)[38].type, BASIC(INT128));
    CHECK_EQ(function(t, table, BASIC(INT), parameters, 40, 0), f);
}

KAA_TEST(nesting_has_an_end)
{
    kaa_ctype_table *table = new_table(t);
    const kaa_ctype *type = BASIC(INT), *next = NULL;
    kaa_status status = KAA_OK;
    int depth = 0;

    while ((status = kaa_ctype_pointer(table, type, &next, &t->err)) ==
           KAA_OK) {
        type = next;
        CHECK(++depth < 100000);
    }
    CHECK_STATUS(status, KAA_LIMIT);
    CHECK(depth >= 100);
    CHECK_STATUS(kaa_ctype_typedef(table, "t", 1, type, &next, &t->err),
                 KAA_LIMIT);
    CHECK_STATUS(kaa_ctype_array(table, type, 1, &next, &t->err), KAA_LIMIT);
    CHECK_STATUS(kaa_ctype_function(table, type, NULL, 0, 0, &next, &t->err),
                 KAA_LIMIT);
}

KAA_TEST(types_may_have_parts_in_another_table)
{
    kaa_ctype_table *older = new_table(t), *newer = new_table(t);
    const kaa_ctype *r = record(t, older, KAA_CTYPE_STRUCT, "s");
    const kaa_ctype *p = pointer_to(t, newer, r);

    CHECK_EQ(kaa_ctype_target(p), r);
    CHECK_EQ(kaa_ctype_same(p, pointer_to(t, older, r)), 1);
    CHECK_STATUS(kaa_ctype_record_define(newer, r, NULL, 0, NULL, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_ctype_table_create(NULL, &t->err), KAA_INVALID_ARGUMENT);
}
