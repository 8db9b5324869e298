/* object/dict.c - dicts: order, growth, keys that are equal, keys that meddle.
 */
#include "object/help.h"

#include "object/containers/dict.h"
#include "object/containers/set.h"

static kaa_object *
text(kaa_test *t, const char *value)
{
    return NEW(kaa_text(help.ctx, value));
}

static int
set_number(kaa_context *ctx, kaa_object *dict, int64_t key, int64_t value)
{
    return kaa_dict_set(ctx, dict, kaa_int(ctx, key), kaa_int(ctx, value));
}

KAA_TEST(dict_keeps_the_order)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx)), *value;

    CHECK_REPR(dict, "{}");
    CHECK_ZERO(kaa_dict_set_text(ctx, dict, "b", 1, kaa_int(ctx, 1)));
    CHECK_ZERO(kaa_dict_set_text(ctx, dict, "a", 1, kaa_int(ctx, 2)));
    CHECK_ZERO(set_number(ctx, dict, 7, 3));
    CHECK_ZERO(kaa_dict_set_text(ctx, dict, "b", 1, text(t, "x")));
    CHECK_REPR(dict, "{'b': 'x', 'a': 2, 7: 3}");
    CHECK_TRUE(kaa_dict_find_text(ctx, dict, "a", 1, &value));
    CHECK_EQ(value, kaa_int(ctx, 2));
    CHECK_ZERO(kaa_dict_find_text(ctx, dict, "c", 1, &value));
    CHECK_TRUE(kaa_dict_remove(ctx, dict, text(t, "b"), NULL));
    CHECK_ZERO(kaa_dict_remove(ctx, dict, text(t, "b"), NULL));
    CHECK_ZERO(kaa_dict_set(ctx, dict, text(t, "b"), dict));
    CHECK_REPR(dict, "{'a': 2, 7: 3, 'b': {...}}");
    CHECK_REPR(NEW(kaa_dict_keys(ctx, dict)), "['a', 7, 'b']");
    CHECK_ZERO(kaa_dict_clear(ctx, dict));
    CHECK_REPR(dict, "{}");
}

KAA_TEST(dict_finds_equal_numbers)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx));
    kaa_object *one = NEW(kaa_float_from_double(ctx, 1.0));
    kaa_object *big =
        NEW(kaa_int_from_text(ctx, "123456789012345678901", 21, 10));
    kaa_object *same =
        NEW(kaa_int_from_text(ctx, "123456789012345678901", 21, 10));

    CHECK_ZERO(set_number(ctx, dict, 1, 10));
    CHECK_TRUE(kaa_dict_find(ctx, dict, one, NULL));
    CHECK_TRUE(kaa_dict_find(ctx, dict, kaa_builtin(ctx, KAA_TRUE), NULL));
    CHECK_ZERO(kaa_dict_set(ctx, dict, kaa_builtin(ctx, KAA_TRUE), one));
    CHECK_REPR(dict, "{1: 1.0}");
    CHECK_ZERO(kaa_dict_set(ctx, dict, big, one));
    CHECK_TRUE(kaa_dict_find(ctx, dict, same, NULL));
    CHECK_ZERO(kaa_dict_set(ctx, dict, kaa_builtin(ctx, KAA_NONE), one));
    CHECK_ZERO(kaa_dict_set(ctx, dict, kaa_builtin(ctx, KAA_FALSE), one));
    CHECK_TRUE(kaa_dict_find(ctx, dict, kaa_int(ctx, 0), NULL));
    CHECK_TRUE(kaa_dict_find(ctx, dict, kaa_builtin(ctx, KAA_NONE), NULL));
    CHECK_INT(kaa_dict_size(ctx, dict), 4);
    CHECK_RAISES(kaa_dict_find(ctx, dict, dict, NULL) == -1, KAA_TYPE_ERROR,
                 "unhashable type: 'dict'");
    CHECK_RAISES(kaa_get_item(ctx, dict, text(t, "k")) == NULL, KAA_KEY_ERROR,
                 "'k'");
}

KAA_TEST(dict_walks)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx)), *key, *value, *iterator, *other;
    size_t position = 0;
    int64_t expected = 0;

    for (int64_t i = 0; i < 100; i++)
        CHECK_ZERO(set_number(ctx, dict, i * 4096, i));
    for (int64_t i = 1; i < 100; i += 2)
        CHECK_TRUE(kaa_dict_remove(ctx, dict, kaa_int(ctx, i * 4096), NULL));
    while (kaa_dict_next(ctx, dict, &position, &key, &value)) {
        CHECK_EQ(key, kaa_int(ctx, expected * 4096));
        CHECK_EQ(value, kaa_int(ctx, expected));
        expected += 2;
    }
    CHECK_EQ(expected, 100);
    other = NEW(kaa_dict_copy(ctx, dict));
    CHECK_TRUE(kaa_compare_truth(ctx, dict, other, KAA_EQ));
    CHECK_ZERO(set_number(ctx, other, 4096, 1));
    CHECK_TRUE(kaa_compare_truth(ctx, dict, other, KAA_NE));
    CHECK_ZERO(kaa_dict_update(ctx, dict, other));
    CHECK_TRUE(kaa_compare_truth(ctx, dict, other, KAA_EQ));
    iterator = NEW(kaa_iter(ctx, dict));
    CHECK_TRUE(kaa_next(ctx, iterator, &key));
    CHECK_ZERO(set_number(ctx, dict, -1, -1));
    CHECK_RAISES(kaa_next(ctx, iterator, &key) == -1, KAA_RUNTIME_ERROR,
                 "dictionary changed size during iteration");
}

KAA_TEST(dict_lists_what_it_has)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx));

    CHECK_REPR(NEW(kaa_dict_items(ctx, dict)), "[]");
    for (int64_t i = 0; i < 4; i++)
        CHECK_ZERO(kaa_dict_set(ctx, dict, kaa_int(ctx, i), dict));
    CHECK_TRUE(kaa_dict_remove(ctx, dict, kaa_int(ctx, 1), NULL));
    CHECK_REPR(NEW(kaa_dict_keys(ctx, dict)), "[0, 2, 3]");
    CHECK_INT(kaa_length(ctx, NEW(kaa_dict_values(ctx, dict))), 3);
    CHECK_REPR(NEW(kaa_dict_items(ctx, dict)),
               "[(0, {0: {...}, 2: {...}, 3: {...}}), "
               "(2, {0: {...}, 2: {...}, 3: {...}}), "
               "(3, {0: {...}, 2: {...}, 3: {...}})]");
    CHECK_ZERO(kaa_dict_clear(ctx, dict));
}

/* Adding and removing leaves no more behind than was ever there. */
KAA_TEST(dict_stays_as_small_as_it_is)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx)), *pair;
    int rounds = kaa_test_is_fault_run() ? 100 : 5000;

    for (int64_t i = 0; i < rounds; i++) {
        CHECK_ZERO(set_number(ctx, dict, i, i));
        if (i >= 10)
            CHECK_TRUE(kaa_dict_remove(ctx, dict, kaa_int(ctx, i - 10), NULL));
    }
    CHECK_INT(kaa_dict_size(ctx, dict), 10);
    CHECK(((kaa_object__dict *)(void *)dict)->capacity <= 64);
    for (int64_t i = 0; i < rounds; i++) {
        CHECK_ZERO(set_number(ctx, dict, -1, i));
        pair = kaa_call_method(ctx, "popitem", &dict, 1, NULL);
        CHECK_INT(kaa_length(ctx, NEW(pair)), 2);
        DROP(pair);
    }
    CHECK(((kaa_object__dict *)(void *)dict)->capacity <= 64);
}

/* ---- Keys that change the dict while they are compared */

typedef struct key {
    kaa_object *dict;
    int64_t hash;
    int32_t action; /* 1: clear, 2: grow, 3: raise */
    int32_t number;
} key;

static int64_t
key_hash(kaa_context *ctx, kaa_object *self)
{
    return ((key *)kaa_data(ctx, self))->hash;
}

static kaa_object *
key_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    key *own = kaa_data(ctx, self);
    kaa_object *type = kaa_type_of(ctx, self);
    int32_t action = own->action;
    int is_key = kaa_is_instance(ctx, other, type);

    kaa_decref(ctx, type);
    if (op != KAA_EQ || !is_key)
        return kaa_not_implemented(ctx);
    own->action = 0;
    if (action == 1 && kaa_dict_clear(ctx, own->dict) != 0)
        return NULL;
    for (int64_t i = 0; action == 2 && i < 50; i++)
        if (set_number(ctx, own->dict, i, i) != 0)
            return NULL;
    if (action == 3) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no comparison");
        return NULL;
    }
    return kaa_bool(ctx, own->number == ((key *)kaa_data(ctx, other))->number);
}

static const kaa_member key_members[] = {
    {"dict", KAA_MEMBER_OBJECT, 0, offsetof(key, dict), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec key_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "Key",
    .data_bytes = sizeof(key),
    .members = key_members,
    .hash = key_hash,
    .compare = key_compare,
};

static kaa_object *
make_key(kaa_test *t, kaa_object *type, kaa_object *dict, int32_t number,
         int32_t action)
{
    kaa_object *object = NEW(kaa_instance_new(help.ctx, type));
    key *own = kaa_data(help.ctx, object);

    own->dict = kaa_incref(help.ctx, dict);
    own->hash = 5;
    own->action = action;
    own->number = number;
    return object;
}

KAA_TEST(dict_survives_keys_that_meddle)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &key_spec, NULL, NULL));
    kaa_object *dict = NEW(kaa_dict_new(ctx)), *one, *found;
    key *own;

    one = make_key(t, type, dict, 1, 0);
    CHECK_ZERO(kaa_dict_set(ctx, dict, one, kaa_int(ctx, 1)));
    CHECK_ZERO(kaa_dict_set(ctx, dict, make_key(t, type, dict, 2, 0),
                            kaa_int(ctx, 2)));
    CHECK_INT(kaa_dict_size(ctx, dict), 2);
    own = kaa_data(ctx, one); /* which every search meets first */
    own->action = 2;
    CHECK_TRUE(kaa_dict_find(ctx, dict, make_key(t, type, dict, 2, 0), &found));
    CHECK_EQ(found, kaa_int(ctx, 2));
    CHECK_INT(kaa_dict_size(ctx, dict), 52);
    own->action = 3;
    CHECK_RAISES(kaa_dict_set(ctx, dict, make_key(t, type, dict, 9, 0), dict) ==
                     -1,
                 KAA_VALUE_ERROR, "no comparison");
    own->action = 1;
    CHECK_ZERO(kaa_dict_find(ctx, dict, make_key(t, type, dict, 2, 0), &found));
    CHECK_INT(kaa_dict_size(ctx, dict), 0);
    CHECK_ZERO(kaa_dict_set(ctx, dict, one, dict));
    own->action = 1;
    CHECK_ZERO(kaa_dict_set(ctx, dict, make_key(t, type, dict, 3, 0), one));
    CHECK_INT(kaa_dict_size(ctx, dict), 1);
    CHECK_ZERO(kaa_dict_clear(ctx, dict));
    CHECK_ZERO(kaa_dict_find_text(ctx, dict, "x", 1, NULL));
}

/* An update must not go on with a dict that is another by now. */
KAA_TEST(dict_update_notices_that_the_other_changes)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &key_spec, NULL, NULL));

    for (int32_t action = 1; action <= 2; action++) {
        kaa_object *dict = NEW(kaa_dict_new(ctx)),
                   *from = NEW(kaa_dict_new(ctx));
        kaa_object *meddler = make_key(t, type, from, 1, 0);

        CHECK_ZERO(kaa_dict_set(ctx, dict, meddler, kaa_int(ctx, 1)));
        CHECK_ZERO(kaa_dict_set(ctx, from, make_key(t, type, dict, 2, 0),
                                kaa_int(ctx, 2)));
        CHECK_ZERO(kaa_dict_set(ctx, from, make_key(t, type, dict, 3, 0),
                                kaa_int(ctx, 3)));
        ((key *)kaa_data(ctx, meddler))->action = action;
        CHECK_RAISES(kaa_dict_update(ctx, dict, from) == -1, KAA_RUNTIME_ERROR,
                     "dict mutated during update");
        CHECK_ZERO(kaa_dict_clear(ctx, dict));
        CHECK_ZERO(kaa_dict_clear(ctx, from));
        CHECK_ZERO(kaa_dict_update(ctx, dict, from));
    }
}

/* ---- Random operations against an array of keys in order */

#define MODEL_MAX 300

KAA_TEST(dict_does_as_a_model)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx)), *found_key, *value;
    kaa_test_random random = {11};
    int64_t keys[MODEL_MAX], values[MODEL_MAX];
    size_t count = 0;
    int rounds =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 200 : 20000;

    for (int i = 0; i < rounds; i++) {
        int64_t number = (int64_t)kaa_test_below(&random, 250);
        char name[32];
        size_t at = 0, position = 0;
        /* Half of the keys are str, and some collide. */
        kaa_object *key_object = kaa_int(ctx, number << 40);

        if (number % 2 == 0) {
            snprintf(name, sizeof(name), "key %d", (int)number);
            key_object = text(t, name);
        }
        while (at < count && keys[at] != number)
            at++;
        if (kaa_test_below(&random, 3) != 0) {
            CHECK_ZERO(kaa_dict_set(ctx, dict, key_object, kaa_int(ctx, i)));
            if (at == count)
                keys[count++] = number;
            values[at] = i;
        } else {
            CHECK_INT(kaa_dict_remove(ctx, dict, key_object, &value),
                      at < count);
            if (at < count) {
                CHECK_EQ(value, kaa_int(ctx, values[at]));
                count--;
                memmove(&keys[at], &keys[at + 1],
                        (count - at) * sizeof(keys[0]));
                memmove(&values[at], &values[at + 1],
                        (count - at) * sizeof(values[0]));
            }
        }
        if (number % 2 == 0)
            DROP(key_object);
        CHECK_INT(kaa_dict_size(ctx, dict), (int64_t)count);
        for (size_t k = 0; i % 32 == 0 && kaa_dict_next(ctx, dict, &position,
                                                        &found_key, &value);
             k++) {
            CHECK_EQ(value, kaa_int(ctx, values[k]));
            CHECK_EQ(((uintptr_t)found_key & 1) != 0, keys[k] % 2 != 0);
            kaa_decref(ctx, found_key);
        }
    }
}

KAA_TEST(made_of_an_array)
{
    kaa_context *ctx = fresh(t);
    kaa_object *items[6];
    kaa_object *dict;

    for (int i = 0; i < 6; i++)
        items[i] = kaa_incref(ctx, kaa_builtin(ctx, KAA_NONE));
    dict = NEW(kaa_dict_take_array(ctx, items, 3));
    CHECK_REPR(dict, "{None: None}");
    for (int i = 0; i < 6; i++)
        items[i] = kaa_int(ctx, i % 4);
    dict = NEW(kaa_dict_take_array(ctx, items, 3));
    CHECK_REPR(dict, "{0: 1, 2: 3}");
    dict = NEW(kaa_dict_take_array(ctx, NULL, 0));
    CHECK_REPR(dict, "{}");
    items[0] = kaa_int(ctx, 1);
    items[1] = kaa_str_from_utf8(ctx, "held", 4);
    items[2] = items[3] = NULL;
    if (items[1] == NULL)
        help_failed(t, __FILE__, __LINE__, "a str");
    CHECK_RAISES(kaa_dict_take_array(ctx, items, 2) == NULL, KAA_SYSTEM_ERROR,
                 "NULL");
    items[1] = kaa_int(ctx, 1);
    items[0] = kaa_dict_new(ctx);
    CHECK_RAISES(kaa_dict_take_array(ctx, items, 1) == NULL, KAA_TYPE_ERROR,
                 "unhashable");
}

KAA_TEST(dict_and_set_that_are_broken_are_noticed)
{
    kaa_context *ctx = fresh(t);
    kaa_object *dict = NEW(kaa_dict_new(ctx)), *set;
    kaa_object__dict *own = kaa_object__as_dict(dict);
    kaa_object__set *items;
    kaa_object__list *list =
        (kaa_object__list *)(void *)NEW(kaa_list_new(ctx, 4));
    uint64_t word;

    for (int64_t i = 0; i < 10; i++)
        CHECK_ZERO(set_number(ctx, dict, i, i));
    CHECK_OK(kaa_runtime_verify(ctx, &t->err));
    kaa_object__dict_hashes(own)[3] ^= 0x80000001;
    CHECK_STATUS(kaa_runtime_verify(ctx, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "a key that is not found");
    kaa_object__dict_hashes(own)[3] ^= 0x80000001;
    own->count--;
    CHECK_STATUS(kaa_runtime_verify(ctx, &t->err), KAA_CORRUPT);
    own->count++;
    CHECK_OK(kaa_runtime_verify(ctx, &t->err));
    set = NEW(kaa_set_new(ctx, dict));
    items = kaa_object__as_set(set);
    word = items->words[0];
    items->words[0] = word == 0 ? (uint64_t)(uintptr_t)kaa_int(ctx, 99) : 0;
    CHECK_STATUS(kaa_runtime_verify(ctx, &t->err), KAA_CORRUPT);
    items->words[0] = word;
    CHECK_ZERO(kaa_list_append(ctx, &list->header, dict));
    list->refers = 0;
    CHECK_STATUS(kaa_runtime_verify(ctx, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "that it does not visit");
    list->refers = 1;
}

KAA_TEST(dict_pop_names_the_key)
{
    kaa_context *ctx = fresh(t);
    kaa_object *name = NEW(kaa_text(ctx, "key")),
               *dict = NEW(kaa_dict_new(ctx));
    kaa_object *args[] = {dict, name, NEW(kaa_int(ctx, 5))};

    CHECK_RAISES(kaa_call_method(ctx, "pop", args, 2, NULL) == NULL,
                 KAA_KEY_ERROR, "'key'");
    CHECK_ZERO(kaa_dict_set(ctx, dict, args[2], args[2]));
    CHECK_RAISES(kaa_call_method(ctx, "pop", args, 2, NULL) == NULL,
                 KAA_KEY_ERROR, "'key'");
    CHECK_REPR(NEW(kaa_call_method(ctx, "pop", args, 3, NULL)), "5");
    args[1] = args[2];
    CHECK_REPR(NEW(kaa_call_method(ctx, "pop", args, 2, NULL)), "5");
    CHECK_EQ(kaa_dict_size(ctx, dict), 0);
}
