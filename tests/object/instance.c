/* Instances: their fields, their life and end. */
#include "object/shapes.h"

/* ---- Members of every kind */

typedef struct fields {
    kaa_object *object;
    const char *text;
    double real;
    int64_t i64;
    uint64_t u64;
    float single;
    int32_t i32;
    uint32_t u32;
    int16_t i16;
    uint16_t u16;
    int8_t i8;
    uint8_t u8;
    _Bool flag;
} fields;

#define FIELD(name, kind)                                                      \
    {                                                                          \
#name, kind, 0, offsetof(fields, name), NULL                           \
    }
static const kaa_member field_members[] = {
    FIELD(object, KAA_MEMBER_OBJECT),
    FIELD(text, KAA_MEMBER_TEXT),
    FIELD(real, KAA_MEMBER_DOUBLE),
    FIELD(i64, KAA_MEMBER_INT64),
    FIELD(u64, KAA_MEMBER_UINT64),
    FIELD(single, KAA_MEMBER_FLOAT),
    FIELD(i32, KAA_MEMBER_INT32),
    FIELD(u32, KAA_MEMBER_UINT32),
    FIELD(i16, KAA_MEMBER_INT16),
    FIELD(u16, KAA_MEMBER_UINT16),
    FIELD(i8, KAA_MEMBER_INT8),
    FIELD(u8, KAA_MEMBER_UINT8),
    FIELD(flag, KAA_MEMBER_BOOL),
    {"fixed", KAA_MEMBER_INT8, KAA_READONLY, offsetof(fields, i8), NULL},
    {"hidden", KAA_MEMBER_OBJECT, KAA_HIDDEN, offsetof(fields, object), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec fields_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Fields",
    .data_bytes = sizeof(fields),
    .members = field_members,
};

KAA_TEST(whole_numbers_are_range_checked)
{
    static const struct {
        const char *name;
        const char *c_name;
        int bits;
        int is_signed;
    } kinds[] = {
        {"i8", "int8_t", 8, 1},    {"u8", "uint8_t", 8, 0},
        {"i16", "int16_t", 16, 1}, {"u16", "uint16_t", 16, 0},
        {"i32", "int32_t", 32, 1}, {"u32", "uint32_t", 32, 0},
        {"i64", "int64_t", 64, 1}, {"u64", "uint64_t", 64, 0},
    };
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &fields_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    kaa_object *one = kaa_int(ctx, 1);

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        kaa_object *limit, *most, *least, *under;
        kaa_object *bits = kaa_int(ctx, kinds[i].bits - kinds[i].is_signed);
        char words[64];

        snprintf(words, sizeof(words), "'%s': value does not fit in %s",
                 kinds[i].name, kinds[i].c_name);
        limit = NEW(kaa_binary(ctx, one, bits, KAA_LSHIFT));
        most = NEW(kaa_binary(ctx, limit, one, KAA_SUBTRACT));
        least = kinds[i].is_signed ? NEW(kaa_unary(ctx, limit, KAA_NEGATIVE))
                                   : kaa_int(ctx, 0);
        under = NEW(kaa_binary(ctx, least, one, KAA_SUBTRACT));
        CHECK_ZERO(kaa_set_attr_text(ctx, self, kinds[i].name, most));
        CHECK_TRUE(kaa_compare_truth(
            ctx, NEW(kaa_get_attr_text(ctx, self, kinds[i].name)), most,
            KAA_EQ));
        CHECK_ZERO(kaa_set_attr_text(ctx, self, kinds[i].name, least));
        CHECK_RAISES(kaa_set_attr_text(ctx, self, kinds[i].name, limit) < 0,
                     KAA_OVERFLOW_ERROR, words);
        CHECK_RAISES(kaa_set_attr_text(ctx, self, kinds[i].name, under) < 0,
                     KAA_OVERFLOW_ERROR, words);
        CHECK_TRUE(kaa_compare_truth(
            ctx, NEW(kaa_get_attr_text(ctx, self, kinds[i].name)), least,
            KAA_EQ));
        CHECK_RAISES(kaa_set_attr_text(ctx, self, kinds[i].name, type) < 0,
                     KAA_TYPE_ERROR, NULL);
        CHECK_RAISES(kaa_set_attr_text(ctx, self, kinds[i].name,
                                       NEW(kaa_float_from_double(ctx, 2.0))) <
                         0,
                     KAA_TYPE_ERROR, "must be an integer, not float");
        CHECK_RAISES(kaa_set_attr_text(ctx, self, kinds[i].name, NULL) < 0,
                     KAA_TYPE_ERROR, "can't delete numeric attribute");
    }
}

KAA_TEST(other_members)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &fields_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    kaa_object *half = NEW(kaa_float_from_double(ctx, 0.5));
    fields *data = kaa_data(ctx, self);

    CHECK(NEW(kaa_get_attr_text(ctx, self, "text")) ==
          kaa_builtin(ctx, KAA_NONE));
    data->text = "grün";
    CHECK_TEXT(kaa_get_attr_text(ctx, self, "text"), "grün");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "text", half) < 0,
                 KAA_ATTRIBUTE_ERROR, "readonly attribute");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "real", half));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "real")), "0.5");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "single", kaa_int(ctx, 3)));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "single")), "3.0");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "real", type) < 0, KAA_TYPE_ERROR,
                 NULL);
    CHECK_ZERO(
        kaa_set_attr_text(ctx, self, "flag", kaa_builtin(ctx, KAA_TRUE)));
    CHECK(NEW(kaa_get_attr_text(ctx, self, "flag")) ==
          kaa_builtin(ctx, KAA_TRUE));
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "flag", kaa_int(ctx, 0)) < 0,
                 KAA_TYPE_ERROR, "attribute 'flag' must be bool, not int");
    CHECK(data->flag);
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "fixed", kaa_int(ctx, 0)) < 0,
                 KAA_ATTRIBUTE_ERROR, "readonly attribute");
    CHECK_RAISES(kaa_get_attr_text(ctx, self, "hidden") == NULL,
                 KAA_ATTRIBUTE_ERROR,
                 "'test.Fields' object has no attribute 'hidden'");
    CHECK(NEW(kaa_get_attr_text(ctx, self, "object")) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "object", half));
    CHECK_REF(half, 2);
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "object", type));
    CHECK_REF(half, 1);
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "object", NULL));
    CHECK(data->object == NULL);
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "object", half));
}

KAA_TEST(properties)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *self = NEW(new_point(ctx, type, 3, 4)), *property;

    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "length")), "25.0");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "length", kaa_int(ctx, 2)));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "length")), "4.0");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "length", NULL) < 0,
                 KAA_TYPE_ERROR, "cannot delete length");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "area", type) < 0,
                 KAA_ATTRIBUTE_ERROR,
                 "attribute 'area' of 'shapes.Point' objects is not writable");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "y", type) < 0,
                 KAA_ATTRIBUTE_ERROR, "readonly attribute");
    property = NEW(kaa_get_attr_text(ctx, type, "length"));
    CHECK_REPR(property, "<attribute 'length' of 'shapes.Point' objects>");
    CHECK_TEXT(kaa_get_attr_text(ctx, property, "__doc__"), "Squared.");
    CHECK_TEXT(kaa_get_attr_text(ctx, property, "__name__"), "length");
}

static kaa_object *
fleeting_get(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object *type = kaa_type_of(ctx, self);
    int failed = kaa_set_attr_text(ctx, type, "fleeting", NULL);

    (void)user;
    kaa_decref(ctx, type);
    if (failed)
        return NULL;
    kaa_error_clear(ctx);
    return NULL; /* and no exception: told with the property's repr */
}

static int
fleeting_set(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    kaa_object *type = kaa_type_of(ctx, self);
    int result = kaa_set_attr_text(ctx, type, "fleeting", NULL);

    (void)value;
    (void)user;
    kaa_decref(ctx, type);
    return result;
}

KAA_TEST(a_property_may_take_itself_away)
{
    static const kaa_property properties[] = {
        {"fleeting", fleeting_get, fleeting_set, NULL, NULL},
        {NULL, NULL, NULL, NULL, NULL},
    };
    kaa_context *ctx = fresh(t);
    kaa_type_spec spec = node_spec;
    kaa_object *type, *self;

    spec.properties = properties;
    type = NEW(kaa_type_new(ctx, &spec, NULL, NULL));
    self = NEW(kaa_instance_new(ctx, type));
    CHECK_RAISES(kaa_get_attr_text(ctx, self, "fleeting") == NULL,
                 KAA_SYSTEM_ERROR,
                 "<attribute 'fleeting' of 'shapes.Node' objects> returned "
                 "NULL without setting an exception");
    CHECK_RAISES(kaa_get_attr_text(ctx, self, "fleeting") == NULL,
                 KAA_ATTRIBUTE_ERROR, NULL);
    type = NEW(kaa_type_new(ctx, &spec, NULL, NULL));
    self = NEW(kaa_instance_new(ctx, type));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "fleeting", type));
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "fleeting", type) < 0,
                 KAA_ATTRIBUTE_ERROR, NULL);
}

/* ---- Attributes of any name */

KAA_TEST(instances_with_a_dict)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &open_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL)), *value = NULL;

    CHECK_RAISES(kaa_get_attr_text(ctx, self, "name") == NULL,
                 KAA_ATTRIBUTE_ERROR,
                 "'shapes.Open' object has no attribute 'name'");
    CHECK_ZERO(kaa_find_attr(ctx, self, "name", &value));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "name", kaa_int(ctx, 3)));
    CHECK_TRUE(kaa_find_attr(ctx, self, "name", &value));
    CHECK(value == kaa_int(ctx, 3));
    CHECK_TRUE(kaa_find_attr(ctx, self, "name", NULL));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "__dict__")), "{'name': 3}");
    /* members stand before the dict, and not in it */
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "left", kaa_int(ctx, 4)));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "__dict__")), "{'name': 3}");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "name", NULL));
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "name", NULL) < 0,
                 KAA_ATTRIBUTE_ERROR, "no attribute 'name'");
    CHECK_RAISES(kaa_get_attr(ctx, self, kaa_int(ctx, 1)) == NULL,
                 KAA_TYPE_ERROR, "attribute name must be string, not 'int'");
    CHECK_RAISES(kaa_set_attr(ctx, self, kaa_int(ctx, 1), self) < 0,
                 KAA_TYPE_ERROR, "attribute name must be string, not 'int'");
    /* a cycle through the dict, and one through a member */
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "me", self));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "right", self));
}

/* ---- The end of instances */

typedef struct witness {
    int *log;
    kaa_object *held;
} witness;

static int
witness_traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((witness *)data)->held);
    return 0;
}

static void
witness_clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((witness *)data)->held);
}

static void
witness_destroy(kaa_context *ctx, void *data)
{
    witness *own = data;

    if (own->log != NULL)
        *own->log = *own->log * 10 + 1;
    witness_clear(ctx, data);
}

static const kaa_type_spec witness_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Witness",
    .data_bytes = sizeof(witness),
    .traverse = witness_traverse,
    .clear = witness_clear,
    .destroy = witness_destroy,
};

static void
derived_destroy(kaa_context *ctx, void *data)
{
    witness *own = data;

    (void)ctx;
    if (own->log != NULL)
        *own->log = *own->log * 10 + 2;
}

static kaa_object *kept;

static void
derived_finalize(kaa_context *ctx, kaa_object *self)
{
    witness *own = kaa_data(ctx, self);

    if (own->log != NULL)
        *own->log = *own->log * 10 + 3;
    if (own->held == kaa_builtin(ctx, KAA_ELLIPSIS))
        kept = kaa_incref(ctx, self);
}

static const kaa_type_spec derived_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_DICT,
    .name = "test.Derived",
    .finalize = derived_finalize,
    .destroy = derived_destroy,
};

KAA_TEST(the_end_goes_from_the_derived_type_to_the_base)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &witness_spec, NULL, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &derived_spec, NULL, base));
    kaa_object *self = NEW(kaa_instance_new(ctx, type));
    kaa_object *held = NEW(kaa_list_new(ctx, 0));
    int log = 0;

    ((witness *)kaa_data(ctx, self))->log = &log;
    ((witness *)kaa_data(ctx, self))->held = kaa_incref(ctx, held);
    if (kaa_set_attr_text(ctx, self, "extra", held) != 0) {
        ((witness *)kaa_data(ctx, self))->log = NULL;
        CHECK_ZERO(-1);
    }
    CHECK_REF(held, 3);
    DROP(self);
    CHECK_EQ(log, 321);
    CHECK_REF(held, 1);
    CHECK_REF(type, 1);
}

KAA_TEST(an_instance_may_be_resurrected_once)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &witness_spec, NULL, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &derived_spec, NULL, base));
    kaa_object *self = NEW(kaa_instance_new(ctx, type));
    int log = 0;

    kept = NULL;
    ((witness *)kaa_data(ctx, self))->log = &log;
    ((witness *)kaa_data(ctx, self))->held =
        kaa_incref(ctx, kaa_builtin(ctx, KAA_ELLIPSIS));
    DROP(self);
    CHECK_EQ(log, 3);
    CHECK(kept == self);
    CHECK_REF(self, 1);
    CHECK(((witness *)kaa_data(ctx, self))->log == &log);
    kaa_decref(ctx, kept);
    CHECK_EQ(log, 321);
}

KAA_TEST(an_init_that_fails_leaves_nothing)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *args[2];

    args[0] = kaa_int(ctx, 1);
    args[1] = type;
    CHECK_RAISES(kaa_call(ctx, type, args, 2, NULL) == NULL, KAA_TYPE_ERROR,
                 NULL);
    CHECK_RAISES(kaa_call(ctx, type, args, 1, NULL) == NULL, KAA_TYPE_ERROR,
                 "Point() takes x and y");
    CHECK_REF(type, 1);
}

static int
silent_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    (void)ctx;
    (void)self;
    (void)args;
    (void)nargs;
    (void)kwnames;
    return -1;
}

KAA_TEST(an_init_that_fails_in_silence)
{
    kaa_context *ctx = fresh(t);
    kaa_type_spec spec = node_spec;
    kaa_object *type;

    spec.init = silent_init;
    type = NEW(kaa_type_new(ctx, &spec, NULL, NULL));
    CHECK_RAISES(kaa_call(ctx, type, NULL, 0, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "failed without setting an exception");
}

KAA_TEST(a_long_chain_and_a_tree)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    int count =
        kaa_test_is_fault_run() || kaa_test_is_collect_run() ? 20 : 100000;
    kaa_object *first = NEW(kaa_instance_new(ctx, type)), *last = first;

    for (int i = 0; i < count; i++) {
        kaa_object *next = kaa_instance_new(ctx, type);

        if (next == NULL)
            CHECK_ZERO(-1);
        ((node *)kaa_data(ctx, last))->left = next;
        if (i % 2 == 0)
            ((node *)kaa_data(ctx, last))->right = kaa_incref(ctx, type);
        last = next;
    }
    DROP(first);
    CHECK_REF(type, 1);
}

/* What an instance holds under the same field twice is held once. */
KAA_TEST(fields_may_be_declared_twice)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &fields_spec, NULL, NULL));
    kaa_type_spec spec = fields_spec;
    kaa_object *type, *self, *list = NEW(kaa_list_new(ctx, 0));

    spec.flags = KAA_TYPE_DICT;
    type = NEW(kaa_type_new(ctx, &spec, NULL, base));
    self = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "object", list));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "other", list));
    CHECK_REF(list, 3);
    DROP(self);
    CHECK_REF(list, 1);
}

KAA_TEST(references_have_names)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &open_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL));
    kaa_object__type *own = (kaa_object__type *)(void *)type;
    char text[32];

    CHECK_ZERO(kaa_set_attr_text(ctx, self, "right", kaa_int(ctx, 1)));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "other", kaa_int(ctx, 1)));
    own->describe_reference(self, 0, text, sizeof(text));
    CHECK_STR(text, "__class__");
    own->describe_reference(self, 1, text, sizeof(text));
    CHECK_STR(text, "right");
    own->describe_reference(self, 2, text, sizeof(text));
    CHECK_STR(text, "__dict__");
}
