/* What every object can be asked, and how operands find each other. */
#include "object/shapes.h"

/* ---- A type whose slots answer by a script */

typedef struct script {
    int64_t hash;
    ptrdiff_t length;
    int wrong; /* slots give what they must not */
} script;

static script *
script_of(kaa_context *ctx, kaa_object *self)
{
    return kaa_data(ctx, self);
}

static kaa_object *
script_repr(kaa_context *ctx, kaa_object *self)
{
    return script_of(ctx, self)->wrong ? kaa_int(ctx, 3)
                                       : kaa_text(ctx, "scripted");
}

static int64_t
script_hash(kaa_context *ctx, kaa_object *self)
{
    script *own = script_of(ctx, self);

    return own->wrong
               ? kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no hash")
               : own->hash;
}

static ptrdiff_t
script_length(kaa_context *ctx, kaa_object *self)
{
    return script_of(ctx, self)->length;
}

static kaa_object *
script_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    int64_t index;

    if (kaa_int_as_int64(ctx, key, &index) != 0)
        return NULL;
    if (index < 0 || index >= script_of(ctx, self)->length) {
        kaa_raise(ctx, kaa_builtin(ctx, KAA_INDEX_ERROR), "beyond");
        return NULL;
    }
    return kaa_int(ctx, index * index);
}

static kaa_object *
script_number(kaa_context *ctx, kaa_object *self)
{
    return script_of(ctx, self)->wrong ? kaa_text(ctx, "x") : kaa_int(ctx, 12);
}

static kaa_object *
script_iter(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_none(ctx);
}

static const kaa_type_spec script_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Script",
    .data_bytes = sizeof(script),
    .repr = script_repr,
    .hash = script_hash,
    .length = script_length,
    .get_item = script_get_item,
    .index = script_number,
};

KAA_TEST(slots_are_asked_and_checked)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &script_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    script *own = kaa_data(ctx, self);

    CHECK_REPR(self, "scripted");
    CHECK_TEXT(kaa_str(ctx, self), "scripted");
    own->hash = -1;
    CHECK_INT(kaa_hash(ctx, self), -2);
    own->hash = 77;
    CHECK_INT(kaa_hash(ctx, self), 77);
    CHECK_ZERO(kaa_truth(ctx, self));
    own->length = 5;
    CHECK_TRUE(kaa_truth(ctx, self));
    CHECK_INT(kaa_length(ctx, self), 5);
    CHECK(NEW(kaa_index(ctx, self)) == kaa_int(ctx, 12));
    CHECK(NEW(kaa_to_int(ctx, self)) == kaa_int(ctx, 12));
    CHECK_REPR(NEW(kaa_to_float(ctx, self)), "12.0");
    CHECK(NEW(kaa_get_index(ctx, self, 3)) == kaa_int(ctx, 9));
    CHECK(NEW(kaa_get_index(ctx, self, -1)) == kaa_int(ctx, 16));
    CHECK_RAISES(kaa_get_index(ctx, self, -6) == NULL, KAA_INDEX_ERROR,
                 "beyond");
    own->length = -1;
    CHECK_RAISES(kaa_length(ctx, self) < 0, KAA_VALUE_ERROR,
                 "__len__() should return >= 0");
    CHECK_RAISES(kaa_truth(ctx, self) < 0, KAA_VALUE_ERROR, NULL);
    own->wrong = 1;
    CHECK_RAISES(kaa_repr(ctx, self) == NULL, KAA_TYPE_ERROR,
                 "__repr__ returned non-string (type int)");
    CHECK_RAISES(kaa_hash(ctx, self) == -1, KAA_VALUE_ERROR, "no hash");
    CHECK_RAISES(kaa_index(ctx, self) == NULL, KAA_TYPE_ERROR,
                 "__index__ returned non-int (type str)");
}

KAA_TEST(sequences_are_iterated_by_index)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &script_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    kaa_object *list;

    ((script *)kaa_data(ctx, self))->length = 4;
    list = NEW(kaa_to_list(ctx, self));
    CHECK_REPR(list, "[0, 1, 4, 9]");
    CHECK_TRUE(kaa_contains(ctx, self, kaa_int(ctx, 4)));
    CHECK_ZERO(kaa_contains(ctx, self, kaa_int(ctx, 5)));
}

KAA_TEST(what_types_lack)
{
    kaa_context *ctx = fresh(t);
    kaa_type_spec spec = node_spec;
    kaa_object *none = kaa_builtin(ctx, KAA_NONE), *item = NULL, *self;

    spec.iter = script_iter;
    self =
        NEW(kaa_instance_new(ctx, NEW(kaa_type_new(ctx, &spec, NULL, NULL))));
    CHECK_RAISES(kaa_length(ctx, none) < 0, KAA_TYPE_ERROR,
                 "object of type 'NoneType' has no len()");
    CHECK_RAISES(kaa_get_item(ctx, none, none) == NULL, KAA_TYPE_ERROR,
                 "'NoneType' object is not subscriptable");
    CHECK_RAISES(kaa_get_item(ctx, kaa_builtin(ctx, KAA_INT_TYPE), none) ==
                     NULL,
                 KAA_TYPE_ERROR, "type 'int' is not subscriptable");
    CHECK_RAISES(kaa_set_item(ctx, none, none, none) < 0, KAA_TYPE_ERROR,
                 "'NoneType' object does not support item assignment");
    CHECK_RAISES(kaa_set_item(ctx, none, none, NULL) < 0, KAA_TYPE_ERROR,
                 "'NoneType' object does not support item deletion");
    CHECK_RAISES(kaa_set_item(ctx, NEW(kaa_tuple_from_array(ctx, NULL, 0)),
                              kaa_int(ctx, 0), NULL) < 0,
                 KAA_TYPE_ERROR,
                 "'tuple' object doesn't support item deletion");
    CHECK_RAISES(kaa_get_index(ctx, none, 0) == NULL, KAA_TYPE_ERROR,
                 "'NoneType' object does not support indexing");
    CHECK_RAISES(kaa_get_index(ctx, NEW(kaa_dict_new(ctx)), 0) == NULL,
                 KAA_TYPE_ERROR, "'dict' is not a sequence");
    CHECK_RAISES(kaa_iter(ctx, none) == NULL, KAA_TYPE_ERROR,
                 "'NoneType' object is not iterable");
    CHECK_RAISES(kaa_iter(ctx, self) == NULL, KAA_TYPE_ERROR,
                 "iter() returned non-iterator of type 'NoneType'");
    CHECK_RAISES(kaa_next(ctx, none, &item) < 0, KAA_TYPE_ERROR,
                 "'NoneType' object is not an iterator");
    CHECK_RAISES(kaa_contains(ctx, none, none) < 0, KAA_TYPE_ERROR,
                 "argument of type 'NoneType' is not iterable");
    CHECK_RAISES(kaa_index(ctx, none) == NULL, KAA_TYPE_ERROR,
                 "'NoneType' object cannot be interpreted as an integer");
    CHECK_RAISES(kaa_to_int(ctx, none) == NULL, KAA_TYPE_ERROR,
                 "int() argument must be a string, a bytes-like object or a "
                 "real number, not 'NoneType'");
    CHECK_RAISES(kaa_to_float(ctx, none) == NULL, KAA_TYPE_ERROR,
                 "float() argument must be a string or a real number, not "
                 "'NoneType'");
    CHECK_RAISES(kaa_unary(ctx, none, KAA_NEGATIVE) == NULL, KAA_TYPE_ERROR,
                 "bad operand type for unary -: 'NoneType'");
    CHECK_RAISES(kaa_unary(ctx, none, KAA_ABSOLUTE) == NULL, KAA_TYPE_ERROR,
                 "bad operand type for abs(): 'NoneType'");
    CHECK_RAISES(kaa_unary(ctx, none, 77) == NULL, KAA_SYSTEM_ERROR,
                 "77 is no operator");
    CHECK_RAISES(kaa_binary(ctx, none, self, KAA_ADD) == NULL, KAA_TYPE_ERROR,
                 "unsupported operand type(s) for +: 'NoneType' and "
                 "'shapes.Node'");
    CHECK_RAISES(kaa_inplace(ctx, self, none, KAA_POWER) == NULL,
                 KAA_TYPE_ERROR,
                 "unsupported operand type(s) for ** or pow(): 'shapes.Node' "
                 "and 'NoneType'");
    CHECK_RAISES(kaa_inplace(ctx, self, none, KAA_XOR) == NULL, KAA_TYPE_ERROR,
                 "for ^=: ");
    CHECK_RAISES(kaa_binary(ctx, none, none, -1) == NULL, KAA_SYSTEM_ERROR,
                 "-1 is no operator");
    CHECK_RAISES(kaa_compare(ctx, none, none, 6) == NULL, KAA_SYSTEM_ERROR,
                 "6 is no comparison");
    CHECK_RAISES(kaa_compare(ctx, none, self, KAA_GE) == NULL, KAA_TYPE_ERROR,
                 "'>=' not supported between instances of 'NoneType' and "
                 "'shapes.Node'");
}

KAA_TEST(truth)
{
    kaa_context *ctx = fresh(t);

    CHECK_ZERO(kaa_truth(ctx, kaa_builtin(ctx, KAA_NONE)));
    CHECK_ZERO(kaa_truth(ctx, kaa_builtin(ctx, KAA_FALSE)));
    CHECK_TRUE(kaa_truth(ctx, kaa_builtin(ctx, KAA_TRUE)));
    CHECK_TRUE(kaa_truth(ctx, kaa_builtin(ctx, KAA_ELLIPSIS)));
    CHECK_ZERO(kaa_truth(ctx, kaa_int(ctx, 0)));
    CHECK_TRUE(kaa_truth(ctx, kaa_int(ctx, -1)));
    CHECK_TRUE(kaa_truth(ctx, kaa_builtin(ctx, KAA_INT_TYPE)));
    CHECK_ZERO(kaa_truth(ctx, NEW(kaa_list_new(ctx, 0))));
}

/* ---- Who is asked first */

static int asked_count;
static const char *asked[8];

static kaa_object *
ask(kaa_context *ctx, const char *who, int answers)
{
    if (asked_count < 8)
        asked[asked_count++] = who;
    return answers ? kaa_text(ctx, who) : kaa_not_implemented(ctx);
}

#define ASKED(who, answers)                                                    \
    static kaa_object *who##_binary(kaa_context *ctx, kaa_object *left,        \
                                    kaa_object *right, int op)                 \
    {                                                                          \
        (void)left;                                                            \
        (void)right;                                                           \
        (void)op;                                                              \
        return ask(ctx, #who, answers);                                        \
    }                                                                          \
    static kaa_object *who##_compare(kaa_context *ctx, kaa_object *left,       \
                                     kaa_object *right, int op)                \
    {                                                                          \
        (void)left;                                                            \
        (void)right;                                                           \
        return ask(ctx, op == KAA_LT ? #who " <" : #who " other", answers);    \
    }                                                                          \
    static const kaa_type_spec who##_spec = {                                  \
        .size = sizeof(kaa_type_spec),                                         \
        .name = #who,                                                          \
        .binary = who##_binary,                                                \
        .compare = who##_compare,                                              \
    };
ASKED(base, 0)
ASKED(derived, 0)
ASKED(other, 1)

static void
check_asked(kaa_test *t, const char *first, const char *second,
            const char *third)
{
    const char *expected[3];

    expected[0] = first;
    expected[1] = second;
    expected[2] = third;
    for (int i = 0; i < 3; i++) {
        if (expected[i] == NULL) {
            CHECK_EQ(asked_count, i);
            break;
        }
        CHECK(i < asked_count);
        CHECK_STR(asked[i], expected[i]);
    }
    asked_count = 0;
}

KAA_TEST(operands_are_asked_in_order)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base_type = NEW(kaa_type_new(ctx, &base_spec, NULL, NULL));
    kaa_object *derived_type =
        NEW(kaa_type_new(ctx, &derived_spec, NULL, base_type));
    kaa_object *other_type = NEW(kaa_type_new(ctx, &other_spec, NULL, NULL));
    kaa_object *base = NEW(kaa_instance_new(ctx, base_type));
    kaa_object *derived = NEW(kaa_instance_new(ctx, derived_type));
    kaa_object *other = NEW(kaa_instance_new(ctx, other_type));

    asked_count = 0;
    CHECK_TEXT(kaa_binary(ctx, base, other, KAA_ADD), "other");
    check_asked(t, "base", "other", NULL);
    CHECK_RAISES(kaa_binary(ctx, base, derived, KAA_ADD) == NULL,
                 KAA_TYPE_ERROR, "for +: 'base' and 'derived'");
    check_asked(t, "derived", "base", NULL);
    CHECK_RAISES(kaa_binary(ctx, derived, base, KAA_ADD) == NULL,
                 KAA_TYPE_ERROR, NULL);
    check_asked(t, "derived", "base", NULL);
    CHECK_RAISES(kaa_binary(ctx, base, base, KAA_ADD) == NULL, KAA_TYPE_ERROR,
                 NULL);
    check_asked(t, "base", NULL, NULL);
    CHECK_TEXT(kaa_inplace(ctx, base, other, KAA_ADD), "other");
    check_asked(t, "base", "other", NULL);
    CHECK_TEXT(kaa_compare(ctx, base, other, KAA_GT), "other <");
    check_asked(t, "base other", "other <", NULL);
    CHECK_RAISES(kaa_compare(ctx, base, derived, KAA_GT) == NULL,
                 KAA_TYPE_ERROR, "'>' not supported");
    check_asked(t, "derived <", "base other", NULL);
    CHECK_ZERO(kaa_compare_truth(ctx, base, derived, KAA_EQ));
    check_asked(t, "derived other", "base other", NULL);
    CHECK_TRUE(kaa_compare_truth(ctx, base, base, KAA_EQ));
    check_asked(t, NULL, NULL, NULL);
}

/* ---- Iterators of one's own */

typedef struct countdown {
    int left;
    int ends_by_exception;
} countdown;

static kaa_object *
countdown_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
countdown_next(kaa_context *ctx, kaa_object *self)
{
    countdown *own = kaa_data(ctx, self);

    if (own->left > 0)
        return kaa_int(ctx, own->left--);
    if (own->ends_by_exception)
        kaa_raise(ctx,
                  kaa_builtin(ctx, own->ends_by_exception == 1
                                       ? KAA_STOP_ITERATION
                                       : KAA_VALUE_ERROR),
                  "done");
    return NULL;
}

static const kaa_type_spec countdown_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Countdown",
    .data_bytes = sizeof(countdown),
    .iter = countdown_iter,
    .next = countdown_next,
};

KAA_TEST(iterators_end)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &countdown_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_instance_new(ctx, type)), *item = NULL;
    countdown *own = kaa_data(ctx, self);

    own->left = 2;
    CHECK(NEW(kaa_iter(ctx, self)) == self);
    CHECK_TRUE(kaa_next(ctx, self, &item));
    CHECK(item == kaa_int(ctx, 2));
    CHECK_TRUE(kaa_contains(ctx, self, kaa_int(ctx, 1)));
    CHECK_ZERO(kaa_next(ctx, self, &item));
    own->ends_by_exception = 1;
    CHECK_ZERO(kaa_next(ctx, self, &item));
    own->ends_by_exception = 2;
    CHECK_RAISES(kaa_next(ctx, self, &item) < 0, KAA_VALUE_ERROR, "done");
    CHECK_RAISES(kaa_contains(ctx, self, self) < 0, KAA_VALUE_ERROR, "done");
}

/* ---- Depth */

static kaa_object *
deep_repr(kaa_context *ctx, kaa_object *self)
{
    return kaa_repr(ctx, self);
}

static kaa_object *
deep_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    return kaa_compare(ctx, self, other, op);
}

static kaa_object *
deep_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return kaa_binary(ctx, left, right, op);
}

static int64_t
deep_hash(kaa_context *ctx, kaa_object *self)
{
    return kaa_hash(ctx, self);
}

static int
deep_truth(kaa_context *ctx, kaa_object *self)
{
    return kaa_truth(ctx, self);
}

static ptrdiff_t
deep_length(kaa_context *ctx, kaa_object *self)
{
    return kaa_length(ctx, self);
}

static kaa_object *
deep_next(kaa_context *ctx, kaa_object *self)
{
    kaa_object *item = NULL;

    return kaa_next(ctx, self, &item) > 0 ? item : NULL;
}

static kaa_object *
deep_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    return kaa_get_item(ctx, self, key);
}

static int
deep_contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    return kaa_contains(ctx, self, item);
}

static kaa_object *
deep_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    return kaa_get_attr(ctx, self, name);
}

static int
deep_set_attr(kaa_context *ctx, kaa_object *self, kaa_object *name,
              kaa_object *value)
{
    return kaa_set_attr(ctx, self, name, value);
}

static kaa_object *
deep_number(kaa_context *ctx, kaa_object *self)
{
    return kaa_index(ctx, self);
}

static kaa_object *
well_get(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_get_attr_text(ctx, self, "well");
}

static int
well_set(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    (void)user;
    return kaa_set_attr_text(ctx, self, "well", value);
}

static const kaa_property well_properties[] = {
    {"well", well_get, well_set, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const kaa_type_spec well_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Well",
    .properties = well_properties,
};

static const kaa_type_spec deep_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Deep",
    .hash = deep_hash,
    .truth = deep_truth,
    .length = deep_length,
    .next = deep_next,
    .get_item = deep_get_item,
    .contains = deep_contains,
    .get_attr = deep_get_attr,
    .set_attr = deep_set_attr,
    .index = deep_number,
    .repr = deep_repr,
    .compare = deep_compare,
    .binary = deep_binary,
};

KAA_TEST(no_protocol_recurses_without_end)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &deep_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_instance_new(ctx, type));
    kaa_object *other = NEW(kaa_instance_new(ctx, type)), *item = NULL;

    CHECK_RAISES(kaa_repr(ctx, self) == NULL, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_str(ctx, self) == NULL, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_compare(ctx, self, other, KAA_EQ) == NULL,
                 KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_binary(ctx, self, other, KAA_ADD) == NULL,
                 KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_hash(ctx, self) == -1, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_truth(ctx, self) < 0, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_length(ctx, self) < 0, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_next(ctx, self, &item) < 0, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_get_item(ctx, self, self) == NULL, KAA_RECURSION_ERROR,
                 NULL);
    CHECK_RAISES(kaa_contains(ctx, self, other) < 0, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_index(ctx, self) == NULL, KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_get_attr_text(ctx, self, "x") == NULL, KAA_RECURSION_ERROR,
                 NULL);
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "x", self) < 0,
                 KAA_RECURSION_ERROR, NULL);
    other = NEW(
        kaa_instance_new(ctx, NEW(kaa_type_new(ctx, &well_spec, NULL, NULL))));
    CHECK_RAISES(kaa_get_attr_text(ctx, other, "well") == NULL,
                 KAA_RECURSION_ERROR, NULL);
    CHECK_RAISES(kaa_set_attr_text(ctx, other, "well", self) < 0,
                 KAA_RECURSION_ERROR, NULL);
    CHECK_EQ(kaa_object__context_of(ctx)->depth, 0);
}
