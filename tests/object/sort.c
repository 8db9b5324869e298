/* object/sort.c - sorting lists: against qsort, stable, with keys, with
 * comparisons that fail. */
#include "object/help.h"

/* What is sorted here: numbers compared through an instance, in which their
 * places before sorting are kept. */
typedef struct item {
    int64_t number;
    int64_t place;
    int64_t fails_in; /* comparisons; 0: never */
} item;

static int64_t fails_in; /* of the test that runs */

static kaa_object *
item_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    const item *left = kaa_data(ctx, self), *right = kaa_data(ctx, other);

    if (op != KAA_LT)
        return kaa_not_implemented(ctx);
    if (fails_in > 0 && --fails_in == 0) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no comparison");
        return NULL;
    }
    return kaa_bool(ctx, left->number < right->number);
}

static const kaa_member item_members[] = {
    {"number", KAA_MEMBER_INT64, 0, offsetof(item, number), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec item_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "Item",
    .data_bytes = sizeof(item),
    .members = item_members,
    .compare = item_compare,
};

/* A list of `count` items with numbers below `limit`; in order if it is 0. */
static kaa_object *
make_list(kaa_test *t, kaa_object *type, size_t count, uint64_t limit,
          kaa_test_random *random)
{
    kaa_context *ctx = help.ctx;
    kaa_object *list = NEW(kaa_list_new(ctx, 0));

    for (size_t i = 0; i < count; i++) {
        kaa_object *object = NEW(kaa_instance_new(ctx, type));
        item *own = kaa_data(ctx, object);

        own->place = (int64_t)i;
        own->number =
            limit == 0 ? (int64_t)i : (int64_t)kaa_test_below(random, limit);
        CHECK_ZERO(kaa_list_append(ctx, list, object));
        DROP(object);
    }
    return list;
}

static void
check_sorted(kaa_test *t, kaa_object *list, int is_reversed)
{
    kaa_context *ctx = help.ctx;
    ptrdiff_t count = kaa_list_size(ctx, list);
    const item *before = NULL;

    for (ptrdiff_t i = 0; i < count; i++) {
        kaa_object *object = NEW(kaa_list_get(ctx, list, i));
        const item *now = kaa_data(ctx, object);

        DROP(object);
        if (before != NULL) {
            CHECK(is_reversed ? before->number >= now->number
                              : before->number <= now->number);
            CHECK(before->number != now->number || before->place < now->place);
        }
        before = now;
    }
}

static size_t
most(size_t wanted)
{
    return kaa_test_is_fault_run() || kaa_test_is_collect_run() ? wanted / 20
                                                                : wanted;
}

KAA_TEST(sort_is_stable)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &item_spec, NULL, NULL));
    kaa_test_random random = {5};
    static const uint64_t limits[] = {0, 2, 10, 1000000};

    fails_in = 0;
    for (size_t i = 0; i < 4; i++) {
        kaa_object *list = make_list(t, type, most(2000), limits[i], &random);

        CHECK_ZERO(kaa_list_sort(ctx, list));
        check_sorted(t, list, 0);
        CHECK_ZERO(kaa_list_sort(ctx, list));
        check_sorted(t, list, 0);
    }
}

/* Runs that rise and fall, of all lengths. */
KAA_TEST(sort_uses_runs)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &item_spec, NULL, NULL));
    kaa_test_random random = {9};
    kaa_object *list = make_list(t, type, most(3000), 1000, &random);
    ptrdiff_t count = kaa_list_size(ctx, list);
    int64_t step = 1;

    fails_in = 0;
    for (ptrdiff_t i = 1; i < count; i++) {
        kaa_object *object = NEW(kaa_list_get(ctx, list, i));
        kaa_object *before = NEW(kaa_list_get(ctx, list, i - 1));

        if (kaa_test_below(&random, 60) == 0)
            step = -step;
        ((item *)kaa_data(ctx, object))->number =
            ((item *)kaa_data(ctx, before))->number + step;
        DROP(object);
        DROP(before);
    }
    CHECK_ZERO(kaa_list_sort(ctx, list));
    check_sorted(t, list, 0);
}

KAA_TEST(sort_keeps_all_when_it_fails)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &item_spec, NULL, NULL));
    kaa_test_random random = {13};
    ptrdiff_t count = (ptrdiff_t)most(1000);
    char seen[1000];

    for (int64_t failing = 1; failing < 12000; failing = failing * 2 + 1) {
        kaa_object *list = make_list(t, type, (size_t)count, 100, &random);
        int result;

        fails_in = failing;
        result = kaa_list_sort(ctx, list);
        fails_in = 0;
        if (result == 0) {
            check_sorted(t, list, 0);
            continue;
        }
        CHECK_RAISES(result == -1, KAA_VALUE_ERROR, "no comparison");
        memset(seen, 0, sizeof(seen));
        CHECK_INT(kaa_list_size(ctx, list), count);
        for (ptrdiff_t i = 0; i < count; i++) {
            kaa_object *object = NEW(kaa_list_get(ctx, list, i));
            int64_t place = ((item *)kaa_data(ctx, object))->place;

            CHECK_EQ(seen[place], 0);
            seen[place] = 1;
            CHECK_REF(object, 2);
            DROP(object);
        }
    }
}

static int
compare_numbers(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

KAA_TEST(sort_ints_and_texts)
{
    kaa_context *ctx = fresh(t);
    kaa_object *ints = NEW(kaa_list_new(ctx, 0)), *texts;
    kaa_test_random random = {21};
    int64_t model[1000];
    size_t count = most(1000);

    texts = NEW(kaa_list_new(ctx, 0));
    for (size_t i = 0; i < count; i++) {
        char text[32];

        model[i] = (int64_t)kaa_test_below(&random, 500) - 250;
        snprintf(text, sizeof(text), "%+05d\xc3\xa9", (int)model[i]);
        CHECK_ZERO(kaa_list_append(ctx, ints, kaa_int(ctx, model[i])));
        CHECK_ZERO(kaa_list_take_append(ctx, texts, kaa_text(ctx, text)));
    }
    qsort(model, count, sizeof(model[0]), compare_numbers);
    CHECK_ZERO(kaa_list_sort(ctx, ints));
    CHECK_ZERO(kaa_list_sort(ctx, texts));
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(kaa_list_get(ctx, ints, (ptrdiff_t)i), kaa_int(ctx, model[i]));
    for (size_t i = 1; i < count; i++) {
        kaa_object *one = NEW(kaa_list_get(ctx, texts, (ptrdiff_t)i - 1));
        kaa_object *two = NEW(kaa_list_get(ctx, texts, (ptrdiff_t)i));

        CHECK(strcmp(kaa_str_as_utf8(ctx, one, NULL),
                     kaa_str_as_utf8(ctx, two, NULL)) <= 0);
        DROP(one);
        DROP(two);
    }
    CHECK_ZERO(kaa_list_append(ctx, ints, texts));
    CHECK_RAISES(kaa_list_sort(ctx, ints) == -1, KAA_TYPE_ERROR,
                 "'<' not supported between instances of 'list' and 'int'");
    CHECK_INT(kaa_list_size(ctx, ints), (int64_t)count + 1);
}

static kaa_object *
key_of(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    if (fails_in > 0 && --fails_in == 0) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no key");
        return NULL;
    }
    return kaa_get_attr_text(ctx, argument, "number");
}

KAA_TEST(sort_by_keys)
{
    static const kaa_method method =
        KAA_METHOD_ONE("key_of", key_of, "key_of(item)");
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &item_spec, NULL, NULL));
    kaa_object *key = NEW(kaa_function_new(ctx, &method, NULL, NULL));
    kaa_object *names[2] = {NEW(kaa_text(ctx, "key")),
                            NEW(kaa_text(ctx, "reverse"))};
    kaa_object *kwnames = NEW(kaa_tuple_from_array(ctx, names, 2));
    kaa_object *one_name = NEW(kaa_tuple_from_array(ctx, names, 1));
    kaa_test_random random = {17};
    kaa_object *list = make_list(t, type, most(600), 50, &random);
    kaa_object *args[3] = {list, key, kaa_builtin(ctx, KAA_TRUE)};

    fails_in = 0;
    NEW(kaa_call_method(ctx, "sort", args, 1, kwnames));
    check_sorted(t, list, 1);
    list = make_list(t, type, most(600), 50, &random);
    args[0] = list;
    NEW(kaa_call_method(ctx, "sort", args, 1, one_name));
    check_sorted(t, list, 0);
    fails_in = 10;
    CHECK_RAISES(kaa_call_method(ctx, "sort", args, 1, one_name) == NULL,
                 KAA_VALUE_ERROR, "no key");
    check_sorted(t, list, 0);
}

/* Code of others that appends to the list meanwhile. */
static kaa_object *sorted;

static kaa_object *
append_key(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    if (kaa_list_append(ctx, sorted, argument) != 0)
        return NULL;
    return kaa_incref(ctx, argument);
}

KAA_TEST(sort_notices_changes)
{
    static const kaa_method method =
        KAA_METHOD_ONE("append_key", append_key, "append_key(item)");
    kaa_context *ctx = fresh(t);
    kaa_object *key = NEW(kaa_function_new(ctx, &method, NULL, NULL));
    kaa_object *name = NEW(kaa_text(ctx, "key"));
    kaa_object *kwnames = NEW(kaa_tuple_from_array(ctx, &name, 1));
    kaa_object *list = NEW(kaa_list_new(ctx, 0)), *args[2] = {list, key};

    for (int64_t i = 5; i > 0; i--)
        CHECK_ZERO(kaa_list_append(ctx, list, kaa_int(ctx, i)));
    sorted = list;
    CHECK_RAISES(kaa_call_method(ctx, "sort", args, 1, kwnames) == NULL,
                 KAA_VALUE_ERROR, "list modified during sort");
    CHECK_REPR(list, "[1, 2, 3, 4, 5]");
}
