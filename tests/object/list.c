/* object/list.c - lists: growing and shrinking, slices, what changes them while
 * they are worked on. */
#include <kaa/gc.h>

#include "object/help.h"

#include "object/containers/container.h"

/* A list of the ints from 0 to before count. */
static kaa_object *
range(kaa_test *t, int64_t count)
{
    kaa_object *list = NEW(kaa_list_new(help.ctx, 0));

    for (int64_t i = 0; i < count; i++)
        CHECK_ZERO(kaa_list_take_append(help.ctx, list, kaa_int(help.ctx, i)));
    return list;
}

static kaa_object *
text(kaa_test *t, const char *value)
{
    return NEW(kaa_text(help.ctx, value));
}

KAA_TEST(list_appends_and_gets)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = range(t, 1000);

    CHECK_INT(kaa_list_size(ctx, list), 1000);
    for (int64_t i = 0; i < 1000; i++)
        CHECK_EQ(NEW(kaa_list_get(ctx, list, i)), kaa_int(ctx, i));
    CHECK_RAISES(kaa_list_get(ctx, list, 1000) == NULL, KAA_INDEX_ERROR,
                 "list index out of range");
    CHECK_RAISES(kaa_list_get(ctx, list, -1) == NULL, KAA_INDEX_ERROR, NULL);
    CHECK_RAISES(kaa_list_append(ctx, kaa_int(ctx, 1), list) == -1,
                 KAA_TYPE_ERROR, "list");
}

KAA_TEST(list_pops_inserts_and_reverses)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    CHECK_RAISES(kaa_list_pop(ctx, list, -1) == NULL, KAA_INDEX_ERROR,
                 "pop from empty list");
    for (int64_t i = 0; i < 10; i++)
        CHECK_ZERO(kaa_list_insert(ctx, list, 0, kaa_int(ctx, i)));
    CHECK_EQ(NEW(kaa_list_pop(ctx, list, -1)), kaa_int(ctx, 0));
    CHECK_EQ(NEW(kaa_list_pop(ctx, list, 0)), kaa_int(ctx, 9));
    CHECK_RAISES(kaa_list_pop(ctx, list, 8) == NULL, KAA_INDEX_ERROR,
                 "pop index out of range");
    CHECK_ZERO(kaa_list_reverse(ctx, list));
    for (int64_t i = 0; i < 8; i++)
        CHECK_EQ(NEW(kaa_list_get(ctx, list, i)), kaa_int(ctx, i + 1));
    CHECK_ZERO(kaa_list_insert(ctx, list, -1, text(t, "x")));
    CHECK_ZERO(kaa_list_insert(ctx, list, 100, text(t, "y")));
    CHECK_REPR(list, "[1, 2, 3, 4, 5, 6, 7, 'x', 8, 'y']");
}

KAA_TEST(list_gives_memory_back)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = range(t, 2000);
    size_t capacity = ((kaa_object__list *)(void *)list)->capacity;

    while (kaa_list_size(ctx, list) > 10)
        kaa_decref(ctx, NEW(kaa_incref(ctx, kaa_list_pop(ctx, list, -1))));
    CHECK(((kaa_object__list *)(void *)list)->capacity < capacity / 8);
    CHECK_REPR(list, "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
}

KAA_TEST(list_holds_itself)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    CHECK_ZERO(kaa_list_append(ctx, list, list));
    CHECK_REF(list, 2);
    CHECK_REPR(list, "[[...]]");
    CHECK_ZERO(kaa_list_set_slice(ctx, list, 0, 1, NULL));
    CHECK_REF(list, 1);
}

/* A slice that a list holds, and whose part is the list. */
KAA_TEST(slices_may_be_part_of_a_cycle)
{
    kaa_context *ctx = fresh(t);

    for (int part = 0; part < 3; part++) {
        kaa_object *list = NEW(kaa_list_new(ctx, 0));
        kaa_object *set = NEW(kaa_set_new(ctx, NULL));
        kaa_object *weak = NEW(kaa_weakref_new(ctx, set, NULL));
        kaa_object *slice = NEW(kaa_slice_new(ctx, part == 0 ? list : NULL,
                                              part == 1 ? list : NULL,
                                              part == 2 ? list : NULL));
        kaa_object *found = NULL;

        CHECK_ZERO(kaa_list_append(ctx, list, slice));
        CHECK_ZERO(kaa_list_append(ctx, list, set));
        DROP(slice);
        DROP(set);
        DROP(list);
        CHECK_OK(kaa_gc_collect(ctx, KAA_GC_FULL, NULL, &t->err));
        CHECK_ZERO(kaa_weakref_get(ctx, weak, &found));
        DROP(weak);
    }
}

KAA_TEST(list_slices)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = range(t, 6);
    kaa_object *pair[2] = {text(t, "a"), text(t, "b")};
    kaa_object *tuple = NEW(kaa_tuple_from_array(ctx, pair, 2));

    CHECK_REPR(NEW(kaa_list_slice(ctx, list, 2, 4)), "[2, 3]");
    CHECK_REPR(NEW(kaa_list_slice(ctx, list, -5, 99)), "[0, 1, 2, 3, 4, 5]");
    CHECK_REPR(NEW(kaa_list_slice(ctx, list, 4, 2)), "[]");
    CHECK_ZERO(kaa_list_set_slice(ctx, list, 1, 3, tuple));
    CHECK_REPR(list, "[0, 'a', 'b', 3, 4, 5]");
    CHECK_ZERO(kaa_list_set_slice(ctx, list, 2, 2, list));
    CHECK_REPR(list, "[0, 'a', 0, 'a', 'b', 3, 4, 5, 'b', 3, 4, 5]");
    CHECK_ZERO(kaa_list_set_slice(ctx, list, 1, 11, NULL));
    CHECK_REPR(list, "[0, 5]");
    CHECK_RAISES(kaa_list_set_slice(ctx, list, 0, 1, kaa_int(ctx, 1)) == -1,
                 KAA_TYPE_ERROR, "not iterable");
    CHECK_REPR(list, "[0, 5]");
}

KAA_TEST(list_takes_arrays)
{
    kaa_context *ctx = fresh(t);
    kaa_object *item = text(t, "item"), *items[3];

    items[0] = kaa_incref(ctx, item);
    items[1] = kaa_int(ctx, 1);
    items[2] = kaa_incref(ctx, item);
    CHECK_REPR(NEW(kaa_list_take_array(ctx, items, 3)), "['item', 1, 'item']");
    CHECK_REF(item, 3);
    items[0] = kaa_incref(ctx, item);
    items[1] = NULL;
    items[2] = kaa_incref(ctx, item);
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no item");
    CHECK_RAISES(kaa_list_take_array(ctx, items, 3) == NULL, KAA_VALUE_ERROR,
                 "no item");
    CHECK_REF(item, 3);
    CHECK_RAISES(kaa_list_take_append(ctx, item, kaa_incref(ctx, item)) == -1,
                 KAA_TYPE_ERROR, NULL);
    CHECK_REF(item, 3);
}

KAA_TEST(list_extends_itself)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = range(t, 3);
    kaa_object *iterator;
    kaa_object *item;

    CHECK_ZERO(kaa_list_extend(ctx, list, list));
    CHECK_REPR(list, "[0, 1, 2, 0, 1, 2]");
    iterator = NEW(kaa_iter(ctx, list));
    CHECK_TRUE(kaa_next(ctx, iterator, &item));
    CHECK_EQ(item, kaa_int(ctx, 0));
    CHECK_ZERO(kaa_list_set_slice(ctx, list, 1, 6, NULL));
    CHECK_ZERO(kaa_next(ctx, iterator, &item));
    CHECK_ZERO(kaa_list_extend(ctx, list, list)); /* it stays at the end */
    CHECK_ZERO(kaa_next(ctx, iterator, &item));
}

KAA_TEST(list_compares_by_items)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = range(t, 3), *two = range(t, 4), *nan;

    CHECK_TRUE(kaa_compare_truth(ctx, one, two, KAA_LT));
    CHECK_ZERO(kaa_compare_truth(ctx, one, two, KAA_EQ));
    CHECK_TRUE(kaa_compare_truth(ctx, one, two, KAA_NE));
    CHECK_ZERO(kaa_compare_truth(ctx, one, two, KAA_GE));
    CHECK_ZERO(kaa_list_set(ctx, one, 1, kaa_int(ctx, 7)));
    CHECK_TRUE(kaa_compare_truth(ctx, one, two, KAA_GT));
    nan = NEW(kaa_float_from_double(ctx, strtod("nan", NULL)));
    CHECK_ZERO(kaa_list_append(ctx, one, nan));
    CHECK_TRUE(kaa_contains(ctx, one, nan)); /* identity comes first */
    CHECK_RAISES(kaa_compare(ctx, one, NEW(kaa_to_tuple(ctx, one)), KAA_LT) ==
                     NULL,
                 KAA_TYPE_ERROR,
                 "'<' not supported between instances of 'list' and 'tuple'");
    CHECK_RAISES(kaa_hash(ctx, one) == -1, KAA_TYPE_ERROR,
                 "unhashable type: 'list'");
}

/* Nested so deep that comparing, repr and hash must give up. */
KAA_TEST(list_depth_is_bounded)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = NULL, *two = NULL, *tuple = NULL;

    for (int i = 0; i < 1500; i++) {
        kaa_object *outer = kaa_list_from_array(ctx, &one, one != NULL);
        kaa_object *other = kaa_list_from_array(ctx, &two, two != NULL);
        kaa_object *third = kaa_tuple_from_array(ctx, &tuple, tuple != NULL);

        kaa_decref(ctx, one);
        kaa_decref(ctx, two);
        kaa_decref(ctx, tuple);
        one = outer;
        two = other;
        tuple = third;
        if (one == NULL || two == NULL || tuple == NULL)
            break;
    }
    if (one != NULL && two != NULL && tuple != NULL) {
        NEW(one);
        NEW(two);
        NEW(tuple);
        CHECK_RAISES(kaa_compare(ctx, one, two, KAA_EQ) == NULL,
                     KAA_RECURSION_ERROR, NULL);
        CHECK_RAISES(kaa_repr(ctx, one) == NULL, KAA_RECURSION_ERROR, NULL);
        CHECK_RAISES(kaa_hash(ctx, tuple) == -1, KAA_RECURSION_ERROR, NULL);
    } else {
        kaa_decref(ctx, one);
        kaa_decref(ctx, two);
        kaa_decref(ctx, tuple);
        help_failed(t, __FILE__, __LINE__, "nesting");
    }
}

/* ---- Code of others that changes a list at work */

typedef struct meddler {
    kaa_object *list; /* to be emptied by == */
} meddler;

static kaa_object *
meddle(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    meddler *own = kaa_data(ctx, self);

    (void)other;
    if (own->list != NULL &&
        kaa_list_set_slice(ctx, own->list, 0, PTRDIFF_MAX, NULL) != 0)
        return NULL;
    return kaa_bool(ctx, op == KAA_NE);
}

static const kaa_member meddler_members[] = {
    {"list", KAA_MEMBER_OBJECT, 0, offsetof(meddler, list), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec meddler_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "Meddler",
    .data_bytes = sizeof(meddler),
    .members = meddler_members,
    .compare = meddle,
};

KAA_TEST(list_is_emptied_while_searched)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &meddler_spec, NULL, NULL));
    kaa_object *one = NEW(kaa_instance_new(ctx, type));
    kaa_object *list = range(t, 5), *other = range(t, 6);

    CHECK_ZERO(kaa_list_append(ctx, list, text(t, "last")));
    ((meddler *)kaa_data(ctx, one))->list = kaa_incref(ctx, list);
    CHECK_ZERO(kaa_contains(ctx, list, one));
    CHECK_INT(kaa_list_size(ctx, list), 0);
    CHECK_ZERO(kaa_list_extend(ctx, list, other));
    CHECK_ZERO(kaa_list_set(ctx, other, 2, one));
    CHECK_ZERO(kaa_compare_truth(ctx, list, other, KAA_EQ));
    CHECK_INT(kaa_list_size(ctx, list), 0);
}

KAA_TEST(list_is_changed_while_sorted)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &meddler_spec, NULL, NULL));
    kaa_object *one = NEW(kaa_instance_new(ctx, type));
    kaa_object *list = range(t, 5);

    CHECK_ZERO(kaa_list_append(ctx, list, one));
    ((meddler *)kaa_data(ctx, one))->list = kaa_incref(ctx, list);
    /* It is empty meanwhile, so that emptying it changes nothing. */
    CHECK_ZERO(kaa_list_sort(ctx, list));
    CHECK_INT(kaa_list_size(ctx, list), 6);
}

/* ---- Random operations against an array */

KAA_TEST(list_does_as_an_array)
{
    kaa_context *ctx = fresh(t);
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    kaa_test_random random = {7};
    int64_t model[400];
    size_t count = 0;
    int rounds =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 300 : 20000;

    for (int i = 0; i < rounds; i++) {
        uint64_t what = kaa_test_below(&random, 10);
        size_t at = (size_t)kaa_test_below(&random, count + 1);
        int64_t value = (int64_t)kaa_test_below(&random, 1000);
        kaa_object *item = kaa_int(ctx, value);

        if (what < 5 && count < 400) {
            CHECK_ZERO(kaa_list_insert(ctx, list, (ptrdiff_t)at, item));
            memmove(&model[at + 1], &model[at],
                    (count++ - at) * sizeof(model[0]));
            model[at] = value;
        } else if (what < 7 && at < count) {
            CHECK_EQ(kaa_list_pop(ctx, list, (ptrdiff_t)at),
                     kaa_int(ctx, model[at]));
            memmove(&model[at], &model[at + 1],
                    (--count - at) * sizeof(model[0]));
        } else if (what < 9 && at < count) {
            CHECK_ZERO(kaa_list_set(ctx, list, (ptrdiff_t)at, item));
            model[at] = value;
        } else if (value < 20) {
            CHECK_ZERO(kaa_list_set_slice(ctx, list, (ptrdiff_t)at, PTRDIFF_MAX,
                                          NULL));
            count = at;
        }
        CHECK_INT(kaa_list_size(ctx, list), (int64_t)count);
        if (i % 16 == 0)
            for (size_t k = 0; k < count; k++)
                CHECK_EQ(kaa_list_get(ctx, list, (ptrdiff_t)k),
                         kaa_int(ctx, model[k]));
    }
}
