/* Slots as attributes: __init__, __len__, ... */
#include "object/shapes.h"

static int
has(kaa_context *ctx, kaa_object *object, const char *name)
{
    return kaa_find_attr(ctx, object, name, NULL);
}

KAA_TEST(builtin_objects_have_what_their_types_do)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[3], *method, *item = NULL;

    args[0] = NEW(kaa_list_new(ctx, 0));
    args[1] = kaa_int(ctx, 0);
    args[2] = kaa_int(ctx, 7);
    CHECK_ZERO(kaa_list_append(ctx, args[0], kaa_int(ctx, 5)));
    CHECK_TRUE(has(ctx, args[0], "__iter__"));
    CHECK_ZERO(has(ctx, args[0], "__next__"));
    CHECK_ZERO(has(ctx, args[0], "__call__"));
    CHECK_TRUE(has(ctx, kaa_builtin(ctx, KAA_INT_TYPE), "__call__"));
    CHECK_TRUE(has(ctx, args[1], "__index__"));
    CHECK_ZERO(has(ctx, args[1], "__len__"));
    CHECK(NEW(kaa_call_method(ctx, "__len__", args, 1, NULL)) ==
          kaa_int(ctx, 1));
    CHECK(NEW(kaa_call_method(ctx, "__getitem__", args, 2, NULL)) ==
          kaa_int(ctx, 5));
    CHECK(NEW(kaa_call_method(ctx, "__setitem__", args, 3, NULL)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK_REPR(args[0], "[7]");
    CHECK_TEXT(kaa_call_method(ctx, "__repr__", args, 1, NULL), "[7]");
    CHECK_TEXT(kaa_call_method(ctx, "__str__", args, 1, NULL), "[7]");
    CHECK(NEW(kaa_call_method(ctx, "__contains__", args, 2, NULL)) ==
          kaa_builtin(ctx, KAA_FALSE));
    CHECK(NEW(kaa_call_method(ctx, "__delitem__", args, 2, NULL)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK_REPR(args[0], "[]");
    item = NEW(kaa_call_method(ctx, "__iter__", args, 1, NULL));
    CHECK_RAISES(kaa_call_method(ctx, "__next__", &item, 1, NULL) == NULL,
                 KAA_STOP_ITERATION, NULL);
    CHECK_RAISES(kaa_call_method(ctx, "__len__", args, 2, NULL) == NULL,
                 KAA_TYPE_ERROR, "expected 0 arguments, got 1");
    CHECK_RAISES(kaa_call_method(ctx, "__getitem__", args, 1, NULL) == NULL,
                 KAA_TYPE_ERROR, "expected 1 argument, got 0");
    method =
        NEW(kaa_get_attr_text(ctx, kaa_builtin(ctx, KAA_LIST_TYPE), "__len__"));
    CHECK_REPR(method, "<slot wrapper '__len__' of 'list' objects>");
    CHECK_RAISES(kaa_call(ctx, method, &args[1], 1, NULL) == NULL,
                 KAA_TYPE_ERROR,
                 "descriptor '__len__' for 'list' objects doesn't apply to a "
                 "'int' object");
    CHECK_RAISES(kaa_call(ctx, method, NULL, 0, NULL) == NULL, KAA_TYPE_ERROR,
                 "descriptor '__len__' of 'list' object needs an argument");
}

/* ---- A derived type that calls its base */

static int
derived_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs, kaa_object *kwnames)
{
    kaa_object *type = kaa_type_of(ctx, self), *base = NULL, *init = NULL;
    kaa_object *all[4], *result = NULL;

    (void)kwnames;
    all[0] = self;
    for (size_t i = 0; i < nargs && i < 3; i++)
        all[i + 1] = args[i];
    base = kaa_get_attr_text(ctx, type, "__base__");
    if (base != NULL)
        init = kaa_get_attr_text(ctx, base, "__init__");
    if (init != NULL)
        result = kaa_call(ctx, init, all, nargs + 1, NULL);
    kaa_decref(ctx, result);
    kaa_decref(ctx, init);
    kaa_decref(ctx, base);
    kaa_decref(ctx, type);
    return result != NULL ? 0 : -1;
}

static const kaa_type_spec derived_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "test.Derived",
    .init = derived_init,
};

KAA_TEST(a_derived_type_calls_its_base)
{
    kaa_context *ctx = fresh(t);
    kaa_object *base = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *type = NEW(kaa_type_new(ctx, &derived_spec, NULL, base));
    kaa_object *self = NEW(new_point(ctx, type, 3, 4)), *other, *method;

    CHECK_REPR(NEW(kaa_get_attr_text(ctx, self, "x")), "3.0");
    CHECK_RAISES(kaa_call(ctx, type, NULL, 0, NULL) == NULL, KAA_TYPE_ERROR,
                 "Point() takes x and y");
    type = NEW(kaa_type_new(ctx, &derived_spec, NULL, NULL));
    NEW(kaa_call(ctx, type, NULL, 0, NULL)); /* object has one too */
    type = NEW(kaa_type_new(ctx, &derived_spec, NULL,
                            kaa_builtin(ctx, KAA_VALUE_ERROR)));
    CHECK_REPR(NEW(kaa_call(ctx, type, &base, 1, NULL)),
               "Derived(<class 'shapes.Point'>)");
    other = NEW(new_point(ctx, base, 3, 4));
    method = NEW(kaa_get_attr_text(ctx, other, "__eq__"));
    CHECK(NEW(kaa_call(ctx, method, &self, 1, NULL)) ==
          kaa_builtin(ctx, KAA_TRUE));
    CHECK(NEW(kaa_call(ctx, method, &base, 1, NULL)) ==
          kaa_builtin(ctx, KAA_NOT_IMPLEMENTED));
}

KAA_TEST(object_has_the_plain_ones)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &node_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_instance_new(ctx, type)), *args[2], *hash;

    args[0] = self;
    args[1] = self;
    CHECK(NEW(kaa_call_method(ctx, "__eq__", args, 2, NULL)) ==
          kaa_builtin(ctx, KAA_TRUE));
    args[1] = type;
    CHECK(NEW(kaa_call_method(ctx, "__ne__", args, 2, NULL)) ==
          kaa_builtin(ctx, KAA_NOT_IMPLEMENTED));
    hash = NEW(kaa_call_method(ctx, "__hash__", args, 1, NULL));
    CHECK(hash == kaa_int(ctx, kaa_hash(ctx, self)));
    CHECK_ZERO(has(ctx, self, "__lt__"));
    CHECK_ZERO(has(ctx, self, "__getitem__"));
    CHECK(NEW(kaa_call_method(ctx, "__init__", args, 1, NULL)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK_RAISES(kaa_call_method(ctx, "__init__", args, 2, NULL) == NULL,
                 KAA_TYPE_ERROR, "takes no arguments");
    /* a cycle through a bound slot */
    CHECK_ZERO(kaa_set_attr_text(
        ctx, self, "left", NEW(kaa_get_attr_text(ctx, self, "__repr__"))));
}
