/* object/set.c - sets, frozensets, slices and tuples. */
#include "object/help.h"

#include "object/containers/set.h"

static kaa_object *
text(kaa_test *t, const char *value)
{
    return NEW(kaa_text(help.ctx, value));
}

/* A set of the ints from `start` to before `end`. */
static kaa_object *
range(kaa_test *t, int64_t start, int64_t end)
{
    kaa_object *set = NEW(kaa_set_new(help.ctx, NULL));

    for (int64_t i = start; i < end; i++)
        CHECK_ZERO(kaa_set_add(help.ctx, set, kaa_int(help.ctx, i)));
    return set;
}

KAA_TEST(set_adds_and_removes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *set = range(t, 0, 100), *item;

    CHECK_ZERO(kaa_set_add(ctx, set, kaa_int(ctx, 5)));
    CHECK_INT(kaa_set_size(ctx, set), 100);
    CHECK_TRUE(kaa_set_contains(ctx, set, kaa_int(ctx, 99)));
    CHECK_ZERO(kaa_set_contains(ctx, set, text(t, "99")));
    CHECK_TRUE(
        kaa_set_contains(ctx, set, NEW(kaa_float_from_double(ctx, 7.0))));
    CHECK_TRUE(kaa_set_contains(ctx, set, kaa_builtin(ctx, KAA_TRUE)));
    CHECK_TRUE(kaa_set_discard(ctx, set, kaa_int(ctx, 5)));
    CHECK_ZERO(kaa_set_discard(ctx, set, kaa_int(ctx, 5)));
    for (int i = 99; i > 0; i--) {
        item = NEW(kaa_set_pop(ctx, set));
        CHECK_ZERO(kaa_set_contains(ctx, set, item));
        CHECK_INT(kaa_set_size(ctx, set), i - 1);
    }
    CHECK_RAISES(kaa_set_pop(ctx, set) == NULL, KAA_KEY_ERROR,
                 "pop from an empty set");
    CHECK_REPR(set, "set()");
    CHECK_RAISES(kaa_set_add(ctx, set, set) == -1, KAA_TYPE_ERROR,
                 "unhashable type: 'set'");
}

KAA_TEST(set_operators)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = range(t, 0, 6), *two = range(t, 4, 8), *both;
    static const struct {
        int op;
        int64_t size;
    } cases[] = {{KAA_OR, 8}, {KAA_AND, 2}, {KAA_SUBTRACT, 4}, {KAA_XOR, 6}};

    for (size_t i = 0; i < 4; i++) {
        both = NEW(kaa_binary(ctx, one, two, cases[i].op));
        CHECK_INT(kaa_set_size(ctx, both), cases[i].size);
        CHECK_EQ(kaa_set_contains(ctx, both, kaa_int(ctx, 5)), i < 2);
        both = NEW(kaa_inplace(ctx, range(t, 0, 6), two, cases[i].op));
        CHECK_INT(kaa_set_size(ctx, both), cases[i].size);
    }
    CHECK_ZERO(kaa_compare_truth(ctx, one, two, KAA_LE));
    CHECK_TRUE(kaa_compare_truth(ctx, range(t, 4, 6), two, KAA_LT));
    CHECK_TRUE(kaa_compare_truth(ctx, two, range(t, 4, 6), KAA_GE));
    CHECK_TRUE(kaa_compare_truth(ctx, two, range(t, 4, 8), KAA_EQ));
    CHECK_TRUE(kaa_compare_truth(ctx, two, one, KAA_NE));
    CHECK_RAISES(kaa_binary(ctx, one, text(t, "x"), KAA_OR) == NULL,
                 KAA_TYPE_ERROR, "unsupported operand type(s) for |");
}

KAA_TEST(set_frozen)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = NEW(kaa_frozenset_new(ctx, range(t, 0, 40)));
    kaa_object *two = NEW(kaa_frozenset_new(ctx, range(t, 0, 39)));
    kaa_object *same, *outer;
    int64_t hash = kaa_hash(ctx, one);

    CHECK(hash != -1 && hash != kaa_hash(ctx, two));
    same = NEW(kaa_binary(
        ctx, two, NEW(kaa_frozenset_new(ctx, range(t, 39, 40))), KAA_OR));
    CHECK_EQ(kaa_hash(ctx, same), hash);
    CHECK_TRUE(kaa_compare_truth(ctx, same, one, KAA_EQ));
    CHECK_EQ(NEW(kaa_frozenset_new(ctx, one)), one);
    outer = NEW(kaa_set_new(ctx, NULL));
    CHECK_ZERO(kaa_set_add(ctx, outer, one));
    CHECK_TRUE(kaa_set_contains(ctx, outer, same));
    CHECK_RAISES(kaa_set_add(ctx, one, two) == -1, KAA_TYPE_ERROR, "set");
    CHECK_REPR(NEW(kaa_frozenset_new(ctx, NULL)), "frozenset()");
    CHECK_REPR(NEW(kaa_frozenset_new(ctx, range(t, 3, 4))), "frozenset({3})");
}

KAA_TEST(set_notices_changes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *set = range(t, 0, 5), *iterator = NEW(kaa_iter(ctx, set));
    kaa_object *item;

    CHECK_TRUE(kaa_next(ctx, iterator, &item));
    CHECK_ZERO(kaa_set_add(ctx, set, kaa_int(ctx, 77)));
    CHECK_RAISES(kaa_next(ctx, iterator, &item) == -1, KAA_RUNTIME_ERROR,
                 "Set changed size during iteration");
    CHECK_RAISES(kaa_next(ctx, iterator, &item) == -1, KAA_RUNTIME_ERROR, NULL);
}

KAA_TEST(set_does_as_bits)
{
    kaa_context *ctx = fresh(t);
    kaa_object *set = NEW(kaa_set_new(ctx, NULL));
    kaa_test_random random = {3};
    uint8_t model[500] = {0};
    int64_t count = 0;
    int rounds =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 300 : 30000;

    for (int i = 0; i < rounds; i++) {
        /* By turns it grows and shrinks. */
        int is_adding = kaa_test_below(&random, 10) < (i / 1000 % 2 ? 3 : 7);
        int64_t number = (int64_t)kaa_test_below(&random, 500);
        kaa_object *item = kaa_int(ctx, number * 64);

        if (is_adding) {
            CHECK_ZERO(kaa_set_add(ctx, set, item));
            count += !model[number];
            model[number] = 1;
        } else if (number == 0 && count > 0) {
            int64_t value;

            CHECK_ZERO(kaa_int_as_int64(ctx, kaa_set_pop(ctx, set), &value));
            CHECK_EQ(model[value / 64], 1);
            model[value / 64] = 0;
            count--;
        } else {
            CHECK_INT(kaa_set_discard(ctx, set, item), model[number]);
            count -= model[number];
            model[number] = 0;
        }
        CHECK_INT(kaa_set_size(ctx, set), count);
        for (int64_t k = 0; i % 100 == 0 && k < 500; k++)
            CHECK_INT(kaa_set_contains(ctx, set, kaa_int(ctx, k * 64)),
                      model[k]);
    }
}

/* ---- Tuples, slices */

KAA_TEST(tuple_makes_and_gets)
{
    kaa_context *ctx = fresh(t);
    kaa_object *items[3] = {kaa_int(ctx, 1), text(t, "two"), NULL};
    kaa_object *tuple, *whole, *part;

    items[2] = NEW(kaa_list_new(ctx, 0));
    tuple = NEW(kaa_tuple_from_array(ctx, items, 2));
    CHECK_EQ(kaa_object__kind(tuple), KAA_HEAP_OBJECT_PLAIN);
    whole = NEW(kaa_tuple_from_array(ctx, items, 3));
    CHECK_EQ(kaa_object__kind(whole), KAA_HEAP_OBJECT_TRACKED);
    CHECK_INT(kaa_tuple_size(ctx, whole), 3);
    CHECK_EQ(kaa_tuple_get_borrowed(ctx, whole, 1), items[1]);
    CHECK_RAISES(kaa_tuple_get(ctx, whole, 3) == NULL, KAA_INDEX_ERROR,
                 "tuple index out of range");
    CHECK_REPR(whole, "(1, 'two', [])");
    CHECK_REPR(NEW(kaa_tuple_from_array(ctx, NULL, 0)), "()");
    part = NEW(kaa_tuple_from_array(ctx, &whole, 1));
    CHECK_REPR(part, "((1, 'two', []),)");
    CHECK_RAISES(kaa_hash(ctx, part) == -1, KAA_TYPE_ERROR, "unhashable");
    CHECK(kaa_hash(ctx, tuple) != -1);
    CHECK_EQ(NEW(kaa_to_tuple(ctx, tuple)), tuple);
    CHECK_REPR(NEW(kaa_to_tuple(ctx, NEW(kaa_to_list(ctx, whole)))),
               "(1, 'two', [])");
    CHECK_REPR(NEW(kaa_binary(ctx, tuple, part, KAA_ADD)),
               "(1, 'two', (1, 'two', []))");
    CHECK_REPR(NEW(kaa_binary(ctx, kaa_int(ctx, 2), tuple, KAA_MULTIPLY)),
               "(1, 'two', 1, 'two')");
    CHECK_ZERO(kaa_list_append(ctx, items[2], whole)); /* a cycle */
    CHECK_REPR(whole, "(1, 'two', [(...)])");
    CHECK_ZERO(kaa_list_set_slice(ctx, items[2], 0, 1, NULL));
}

KAA_TEST(tuple_takes_arrays)
{
    kaa_context *ctx = fresh(t);
    kaa_object *item = text(t, "item"), *items[2];

    items[0] = kaa_incref(ctx, item);
    items[1] = NULL;
    CHECK_RAISES(kaa_tuple_take_array(ctx, items, 2) == NULL, KAA_SYSTEM_ERROR,
                 "NULL");
    CHECK_REF(item, 1);
    items[0] = kaa_incref(ctx, item);
    items[1] = kaa_incref(ctx, item);
    CHECK_REPR(NEW(kaa_tuple_take_array(ctx, items, 2)), "('item', 'item')");
    CHECK_REF(item, 3);
}

KAA_TEST(slice_resolves)
{
    kaa_context *ctx = fresh(t);
    static const struct {
        int64_t start, stop, step; /* 100: None */
        int64_t length, first, count;
    } cases[] = {
        {100, 100, 100, 10, 0, 10}, {2, 100, 100, 10, 2, 8},
        {-3, 100, 100, 10, 7, 3},   {100, -3, 100, 10, 0, 7},
        {100, 100, -1, 10, 9, 10},  {100, 100, 3, 10, 0, 4},
        {8, 2, -4, 10, 8, 2},       {20, 30, 100, 10, 10, 0},
        {-20, 3, 100, 10, 0, 3},    {5, 2, 100, 10, 5, 0},
        {100, 100, -2, 0, -1, 0},   {-1, -20, -1, 3, 2, 3},
    };
    kaa_object *slice;
    ptrdiff_t start, step, count;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int64_t *parts = &cases[i].start;
        kaa_object *objects[3];

        for (int k = 0; k < 3; k++)
            objects[k] = parts[k] == 100 ? NULL : kaa_int(ctx, parts[k]);
        slice = NEW(kaa_slice_new(ctx, objects[0], objects[1], objects[2]));
        CHECK_ZERO(kaa_slice_resolve(ctx, slice, (ptrdiff_t)cases[i].length,
                                     &start, &step, &count));
        CHECK_EQ(start, cases[i].first);
        CHECK_EQ(count, cases[i].count);
    }
    CHECK_REPR(NEW(kaa_slice_new(ctx, NULL, kaa_int(ctx, 3), NULL)),
               "slice(None, 3, None)");
    slice = NEW(kaa_slice_new(ctx, NULL, NULL, kaa_int(ctx, 0)));
    CHECK_RAISES(kaa_slice_resolve(ctx, slice, 5, &start, &step, &count) == -1,
                 KAA_VALUE_ERROR, "slice step cannot be zero");
    slice = NEW(kaa_slice_new(ctx, text(t, "a"), NULL, NULL));
    CHECK_RAISES(kaa_slice_resolve(ctx, slice, 5, &start, &step, &count) == -1,
                 KAA_TYPE_ERROR, "slice indices must be integers");
}

KAA_TEST(set_update_takes_many)
{
    kaa_context *ctx = fresh(t);
    kaa_object *set = NEW(kaa_set_new(ctx, NULL));
    kaa_object *args[] = {set, NEW(kaa_build(ctx, "[i]", 1)),
                          NEW(kaa_build(ctx, "[ii]", 2, 3)),
                          NEW(kaa_build(ctx, "[i]", 4))};

    NEW(kaa_call_method(ctx, "update", args, 1, NULL));
    CHECK_EQ(kaa_set_size(ctx, set), 0);
    NEW(kaa_call_method(ctx, "update", args, 4, NULL));
    CHECK_EQ(kaa_set_size(ctx, set), 4);
    for (int i = 1; i <= 4; i++)
        CHECK_EQ(kaa_set_contains(ctx, set, NEW(kaa_int(ctx, i))), 1);
}
