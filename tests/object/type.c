/* Types: from specs, derived, refused, and as objects. */
#include "object/shapes.h"

KAA_TEST(types_describe_themselves)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *base, *mro;

    CHECK_REPR(type, "<class 'shapes.Point'>");
    CHECK_REPR(kaa_builtin(ctx, KAA_INT_TYPE), "<class 'int'>");
    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__name__"), "Point");
    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__module__"), "shapes");
    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__doc__"), "A point.");
    CHECK_TEXT(kaa_get_attr_text(ctx, type, "__text_signature__"), "(x, y)");
    CHECK_TEXT(
        kaa_get_attr_text(ctx, kaa_builtin(ctx, KAA_LIST_TYPE), "__module__"),
        "builtins");
    base = NEW(kaa_get_attr_text(ctx, type, "__base__"));
    CHECK(base == kaa_builtin(ctx, KAA_OBJECT_TYPE));
    base = NEW(kaa_get_attr_text(ctx, type, "__class__"));
    CHECK(base == kaa_builtin(ctx, KAA_TYPE_TYPE));
    mro =
        NEW(kaa_get_attr_text(ctx, kaa_builtin(ctx, KAA_BOOL_TYPE), "__mro__"));
    CHECK_REPR(mro, "(<class 'bool'>, <class 'int'>, <class 'object'>)");
    base = NEW(kaa_get_attr_text(ctx, type, "__bases__"));
    CHECK_REPR(base, "(<class 'object'>,)");
    CHECK_RAISES(kaa_get_attr_text(ctx, type, "nothing") == NULL,
                 KAA_ATTRIBUTE_ERROR,
                 "type object 'Point' has no attribute 'nothing'");
}

KAA_TEST(builtin_types_stand_where_they_should)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = kaa_int(ctx, 1);

    CHECK(kaa_check(ctx, kaa_builtin(ctx, KAA_TRUE), KAA_BOOL_TYPE));
    CHECK(kaa_check(ctx, kaa_builtin(ctx, KAA_TRUE), KAA_INT_TYPE));
    CHECK(!kaa_check_exact(ctx, kaa_builtin(ctx, KAA_TRUE), KAA_INT_TYPE));
    CHECK(kaa_check_exact(ctx, one, KAA_INT_TYPE));
    CHECK(!kaa_check(ctx, one, KAA_STR_TYPE));
    CHECK(kaa_check(ctx, one, KAA_OBJECT_TYPE));
    CHECK_TRUE(kaa_is_subtype(ctx, kaa_builtin(ctx, KAA_KEY_ERROR),
                              kaa_builtin(ctx, KAA_LOOKUP_ERROR)));
    CHECK_ZERO(kaa_is_subtype(ctx, kaa_builtin(ctx, KAA_LOOKUP_ERROR),
                              kaa_builtin(ctx, KAA_KEY_ERROR)));
    CHECK_REPR(kaa_builtin(ctx, KAA_NONE), "None");
    CHECK_REPR(kaa_builtin(ctx, KAA_ELLIPSIS), "Ellipsis");
    CHECK_REPR(kaa_builtin(ctx, KAA_NOT_IMPLEMENTED), "NotImplemented");
    CHECK_REPR(NEW(kaa_type_of(ctx, kaa_builtin(ctx, KAA_NONE))),
               "<class 'NoneType'>");
    CHECK_REPR(NEW(kaa_type_of(ctx, kaa_builtin(ctx, KAA_ELLIPSIS))),
               "<class 'ellipsis'>");
    for (int id = KAA_OBJECT_TYPE; id < KAA_BUILTIN_COUNT; id++) {
        kaa_object *type = kaa_builtin(ctx, (kaa_builtin_id)id);

        CHECK(kaa_check_exact(ctx, type, KAA_TYPE_TYPE));
        CHECK_TRUE(
            kaa_is_subtype(ctx, type, kaa_builtin(ctx, KAA_OBJECT_TYPE)));
    }
}

KAA_TEST(instance_and_subtype_questions)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *self = NEW(new_point(ctx, type, 3, 4));
    kaa_object *pair[2], *tuple, *nested;

    pair[0] = kaa_builtin(ctx, KAA_INT_TYPE);
    pair[1] = type;
    tuple = NEW(kaa_tuple_from_array(ctx, pair, 2));
    pair[0] = kaa_builtin(ctx, KAA_STR_TYPE);
    pair[1] = tuple;
    nested = NEW(kaa_tuple_from_array(ctx, pair, 2));
    CHECK_TRUE(kaa_is_instance(ctx, self, type));
    CHECK_TRUE(kaa_is_instance(ctx, self, tuple));
    CHECK_TRUE(kaa_is_instance(ctx, self, nested));
    CHECK_ZERO(kaa_is_instance(ctx, self, kaa_builtin(ctx, KAA_INT_TYPE)));
    CHECK_RAISES(kaa_is_instance(ctx, self, self) < 0, KAA_TYPE_ERROR,
                 "isinstance() arg 2 must be a type");
    CHECK_RAISES(kaa_is_subtype(ctx, self, type) < 0, KAA_TYPE_ERROR,
                 "issubclass() arg 1 must be a type");
}

/* ---- Derived types */

typedef struct point3 {
    point plane;
    double z;
} point3;

static const kaa_member point3_members[] = {
    {"z", KAA_MEMBER_DOUBLE, 0, offsetof(point3, z), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec point3_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_DICT,
    .name = "shapes.Point3",
    .data_bytes = sizeof(point3),
    .members = point3_members,
};

static const kaa_type_spec named_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "Named",
};

KAA_TEST(a_derived_type_has_what_its_base_has)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &point3_spec, NULL, base));
    kaa_object *last = NEW(kaa_type_new(ctx, &named_spec, NULL, type));
    kaa_object *self = NEW(new_point(ctx, last, 3, 4));

    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "x")), "3.0");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "z")), "0.0");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "z", kaa_int(ctx, 7)));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "color", kaa_int(ctx, 9)));
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "color")), "9");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "z")), "7.0");
    CHECK_REPR(NEW(kaa_call_method(ctx, "sum", &self, 1, NULL)), "7.0");
    CHECK_TRUE(kaa_is_instance(ctx, self, base));
    CHECK_TRUE(kaa_is_subtype(ctx, last, type));
    CHECK_TEXT(kaa_get_attr_text(ctx, last, "__module__"), "builtins");
    CHECK(((point3 *)kaa_data(ctx, self))->z > 6.9);
}

KAA_TEST(equality_without_a_hash_is_not_hashable)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *derived = NEW(kaa_type_new(ctx, &named_spec, NULL, type));
    kaa_object *plain = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    kaa_object *self = NEW(new_point(ctx, type, 1, 2));
    kaa_object *other = NEW(new_point(ctx, derived, 1, 2));
    kaa_object *leaf = NEW(kaa_call(ctx, plain, NULL, 0, NULL));

    CHECK_TRUE(kaa_compare_truth(ctx, self, other, KAA_EQ));
    CHECK_RAISES(kaa_hash(ctx, self) == -1, KAA_TYPE_ERROR,
                 "unhashable type: 'shapes.Point'");
    CHECK_RAISES(kaa_hash(ctx, other) == -1, KAA_TYPE_ERROR,
                 "unhashable type: 'Named'");
    CHECK_INT(kaa_hash(ctx, leaf), kaa_hash(ctx, leaf));
    CHECK_RAISES(kaa_compare(ctx, self, other, KAA_LT) == NULL, KAA_TYPE_ERROR,
                 "'<' not supported between instances of 'shapes.Point' and "
                 "'Named'");
}

/* ---- What is refused */

KAA_TEST(bad_specs_are_refused)
{
    kaa_context *ctx = fresh(t);
    kaa_member outside[] = {{"far", KAA_MEMBER_INT32, 0, 14, NULL},
                            {NULL, 0, 0, 0, NULL}};
    kaa_type_spec spec = point_spec;
    struct {
        kaa_type_spec spec;
        uint64_t more;
    } longer = {point_spec, 0};

    CHECK_RAISES(kaa_type_new(ctx, NULL, NULL, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "lacks its size");
    spec.size = 8;
    CHECK_RAISES(kaa_type_new(ctx, &spec, NULL, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "lacks its size");
    spec = point_spec;
    spec.flags = 1u << 30;
    CHECK_RAISES(kaa_type_new(ctx, &spec, NULL, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "unknown flags");
    spec = point_spec;
    spec.members = outside;
    CHECK_RAISES(kaa_type_new(ctx, &spec, NULL, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "member 'far' does not lie in the data");
    outside[0].offset = 1;
    CHECK_RAISES(kaa_type_new(ctx, &spec, NULL, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "member 'far' does not lie in the data");
    outside[0].kind = 99;
    CHECK_RAISES(kaa_type_new(ctx, &spec, NULL, NULL) == NULL, KAA_SYSTEM_ERROR,
                 "member 'far' has no kind");
    longer.spec.size = sizeof(longer);
    NEW(kaa_type_new(ctx, &longer.spec, NULL, NULL));
    longer.more = 1;
    CHECK_RAISES(kaa_type_new(ctx, &longer.spec, NULL, NULL) == NULL,
                 KAA_SYSTEM_ERROR, "newer version");
}

KAA_TEST(bad_bases_are_refused)
{
    kaa_context *ctx = fresh(t);
    kaa_type_spec closed = node_spec, small = named_spec;
    kaa_object *type, *base = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));

    closed.flags = KAA_TYPE_NO_SUBTYPES;
    type = NEW(kaa_type_new(ctx, &closed, NULL, NULL));
    CHECK_RAISES(kaa_type_new(ctx, &named_spec, NULL, type) == NULL,
                 KAA_TYPE_ERROR,
                 "type 'shapes.Node' is not an acceptable base type");
    CHECK_RAISES(kaa_type_new(ctx, &named_spec, NULL,
                              kaa_builtin(ctx, KAA_INT_TYPE)) == NULL,
                 KAA_TYPE_ERROR, "type 'int' is not an acceptable base type");
    CHECK_RAISES(kaa_type_new(ctx, &named_spec, NULL, kaa_int(ctx, 3)) == NULL,
                 KAA_TYPE_ERROR, "must be a type, not int");
    small.data_bytes = 8;
    CHECK_RAISES(kaa_type_new(ctx, &small, NULL, base) == NULL, KAA_TYPE_ERROR,
                 "do not hold the 16 of 'shapes.Point'");
    CHECK_RAISES(kaa_type_new(ctx, &point_spec, NULL,
                              kaa_builtin(ctx, KAA_VALUE_ERROR)) == NULL,
                 KAA_TYPE_ERROR, "an exception type has no data of its own");
}

KAA_TEST(instances_are_made_where_that_is_allowed)
{
    kaa_context *ctx = fresh(t);
    kaa_type_spec spec = node_spec;
    kaa_object *type, *one = kaa_int(ctx, 1), *made;

    spec.flags = KAA_TYPE_NO_INSTANCES;
    type = NEW(kaa_type_new(ctx, &spec, NULL, NULL));
    CHECK_RAISES(kaa_call(ctx, type, NULL, 0, NULL) == NULL, KAA_TYPE_ERROR,
                 "cannot create 'shapes.Node' instances");
    NEW(kaa_instance_new(ctx, type));
    type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    CHECK_RAISES(kaa_call(ctx, type, &one, 1, NULL) == NULL, KAA_TYPE_ERROR,
                 "Node() takes no arguments");
    CHECK_RAISES(kaa_instance_new(ctx, one) == NULL, KAA_TYPE_ERROR,
                 "must be a type of one's own, not int");
    CHECK_RAISES(kaa_instance_new(ctx, kaa_builtin(ctx, KAA_LIST_TYPE)) == NULL,
                 KAA_TYPE_ERROR, NULL);
    made = NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_TYPE_TYPE), &one, 1, NULL));
    CHECK(made == kaa_builtin(ctx, KAA_INT_TYPE));
    NEW(kaa_call(ctx, kaa_builtin(ctx, KAA_OBJECT_TYPE), NULL, 0, NULL));
    CHECK_RAISES(
        kaa_call(ctx, kaa_builtin(ctx, KAA_OBJECT_TYPE), &one, 1, NULL) == NULL,
        KAA_TYPE_ERROR, "object() takes no arguments");
}

/* ---- Attributes of types */

KAA_TEST(attributes_of_types_change_for_their_instances)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &named_spec, NULL, base));
    kaa_object *self = NEW(new_point(ctx, type, 1, 2));

    for (int i = 0; i < 3; i++) {
        CHECK_RAISES(kaa_get_attr_text(ctx, self, "kind") == NULL,
                     KAA_ATTRIBUTE_ERROR,
                     "'Named' object has no attribute 'kind'");
        CHECK_ZERO(kaa_set_attr_text(ctx, base, "kind", kaa_int(ctx, i)));
        CHECK(NEW(kaa_get_attr_text(ctx, self, "kind")) == kaa_int(ctx, i));
        CHECK_ZERO(kaa_set_attr_text(ctx, type, "kind", kaa_int(ctx, 50)));
        CHECK(NEW(kaa_get_attr_text(ctx, self, "kind")) == kaa_int(ctx, 50));
        CHECK(NEW(kaa_get_attr_text(ctx, base, "kind")) == kaa_int(ctx, i));
        CHECK_ZERO(kaa_set_attr_text(ctx, type, "kind", NULL));
        CHECK(NEW(kaa_get_attr_text(ctx, self, "kind")) == kaa_int(ctx, i));
        CHECK_ZERO(kaa_set_attr_text(ctx, base, "kind", NULL));
    }
    CHECK_RAISES(kaa_set_attr_text(ctx, type, "kind", NULL) < 0,
                 KAA_ATTRIBUTE_ERROR,
                 "type object 'Named' has no attribute 'kind'");
    CHECK_RAISES(kaa_set_attr_text(ctx, type, "__name__", self) < 0,
                 KAA_ATTRIBUTE_ERROR, "'__name__' of 'type' objects is not");
    CHECK_RAISES(kaa_set_attr_text(ctx, kaa_builtin(ctx, KAA_INT_TYPE), "kind",
                                   self) < 0,
                 KAA_TYPE_ERROR,
                 "cannot set 'kind' attribute of immutable type 'int'");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "kind", self) < 0,
                 KAA_ATTRIBUTE_ERROR, "'Named' object has no attribute 'kind'");
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "sum", self) < 0,
                 KAA_ATTRIBUTE_ERROR,
                 "'Named' object attribute 'sum' is read-only");
}

KAA_TEST(methods_of_types)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &named_spec, NULL, base));
    kaa_object *self = NEW(new_point(ctx, type, 1, 2)), *method, *made,
               *args[2];

    /* of the class, by type and by instance */
    args[0] = type;
    args[1] = self;
    made = NEW(kaa_call_method(ctx, "unit", args, 2, NULL));
    CHECK_TRUE(kaa_is_instance(ctx, made, type));
    args[0] = self;
    made = NEW(kaa_call_method(ctx, "unit", args, 2, NULL));
    CHECK_TRUE(kaa_is_instance(ctx, made, type));
    method = NEW(kaa_get_attr_text(ctx, self, "unit"));
    made = NEW(kaa_call(ctx, method, NULL, 0, NULL));
    CHECK_TRUE(kaa_is_instance(ctx, made, type));
    /* static */
    args[0] = type;
    args[1] = kaa_int(ctx, 5);
    CHECK_REPR(NEW(kaa_call_method(ctx, "pair", args, 2, NULL)), "(5,)");
    args[0] = self;
    CHECK_REPR(NEW(kaa_call_method(ctx, "pair", args, 2, NULL)), "(5,)");
    /* unbound */
    method = NEW(kaa_get_attr_text(ctx, type, "sum"));
    CHECK_REPR(method, "<method 'sum' of 'shapes.Point' objects>");
    CHECK_REPR(NEW(kaa_call(ctx, method, &self, 1, NULL)), "3.0");
    CHECK_RAISES(kaa_call(ctx, method, NULL, 0, NULL) == NULL, KAA_TYPE_ERROR,
                 "unbound method shapes.Point.sum() needs an argument");
    args[0] = kaa_int(ctx, 5);
    CHECK_RAISES(kaa_call(ctx, method, args, 1, NULL) == NULL, KAA_TYPE_ERROR,
                 "descriptor 'sum' for 'shapes.Point' objects doesn't apply to "
                 "a 'int' object");
    CHECK_TEXT(kaa_get_attr_text(ctx, method, "__doc__"), "x plus y.");
    CHECK_TEXT(kaa_get_attr_text(ctx, method, "__text_signature__"), "()");
}

KAA_TEST(a_method_outlives_its_type)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *sum = NEW(kaa_get_attr_text(ctx, type, "sum"));
    kaa_object *x = NEW(kaa_get_attr_text(ctx, type, "x"));
    kaa_object *again, *self;

    DROP(type);
    again = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    self = NEW(new_point(ctx, again, 1, 2));
    CHECK_RAISES(kaa_call(ctx, sum, &self, 1, NULL) == NULL, KAA_TYPE_ERROR,
                 "doesn't apply to a 'shapes.Point' object");
    CHECK_REPR(x, "<member 'x' of 'shapes.Point' objects>");
}

KAA_TEST(types_know_their_module)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_module_new(ctx, "shapes"));
    kaa_object *base = NEW(kaa_type_new(ctx, &point_spec, module, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &named_spec, NULL, base));
    kaa_object *own = NEW(kaa_type_new(ctx, &named_spec, module, NULL));

    CHECK(NEW(kaa_type_module(ctx, type)) == module);
    CHECK_TEXT(kaa_get_attr_text(ctx, own, "__module__"), "shapes");
    CHECK_RAISES(kaa_type_module(ctx, kaa_builtin(ctx, KAA_INT_TYPE)) == NULL,
                 KAA_TYPE_ERROR, "type 'int' was made without a module");
    CHECK_RAISES(kaa_type_module(ctx, module) == NULL, KAA_TYPE_ERROR,
                 "must be a type, not module");
}

/* More than the table of look-ups holds. */
KAA_TEST(many_types_and_names)
{
    kaa_context *ctx = fresh(t);
    kaa_object *types[40];
    char name[16];

    for (int i = 0; i < 40; i++) {
        types[i] = NEW(kaa_type_new(ctx, &named_spec, NULL, NULL));
        for (int k = 0; k < 10; k++) {
            snprintf(name, sizeof(name), "name_%d", k);
            CHECK_ZERO(kaa_set_attr_text(ctx, types[i], name,
                                         kaa_int(ctx, i * 100 + k)));
        }
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 40; i++) {
            for (int k = 0; k < 10; k++) {
                snprintf(name, sizeof(name), "name_%d", k);
                CHECK_EQ(kaa_get_attr_text(ctx, types[i], name) ==
                             kaa_int(ctx, i * 100 + k),
                         1);
            }
        }
    }
}

KAA_TEST(types_in_cycles)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &open_spec, NULL, NULL));
    kaa_object *derived = NEW(kaa_type_new(ctx, &named_spec, NULL, type));
    kaa_object *self = NEW(kaa_call(ctx, derived, NULL, 0, NULL));

    CHECK_ZERO(kaa_set_attr_text(ctx, type, "me", type));
    CHECK_ZERO(kaa_set_attr_text(ctx, type, "derived", derived));
    CHECK_ZERO(kaa_set_attr_text(ctx, type, "instance", self));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "type", type));
}

/* Instances without references are not looked at by the collector, and hold
 * their type all the same. */
KAA_TEST(types_that_hold_plain_instances)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));

    CHECK_ZERO(kaa_set_attr_text(ctx, type, "ORIGIN",
                                 NEW(new_point(ctx, type, 0, 0))));
}
