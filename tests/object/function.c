/* Functions, methods and calls. */
#include "object/shapes.h"

static kaa_object *
no_args(kaa_context *ctx, kaa_object *self)
{
    return self != NULL ? kaa_incref(ctx, self) : kaa_none(ctx);
}

static kaa_object *
one_arg(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    return kaa_incref(ctx, argument);
}

static kaa_object *
args_tuple(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    (void)self;
    return kaa_tuple_from_array(ctx, args, nargs);
}

static kaa_object *
keywords(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    ptrdiff_t i, count = kwnames != NULL ? kaa_tuple_size(ctx, kwnames) : 0;
    kaa_object *dict = kaa_dict_new(ctx);

    (void)self;
    for (i = 0; dict != NULL && i < count; i++)
        if (kaa_dict_set(ctx, dict, kaa_tuple_get_borrowed(ctx, kwnames, i),
                         args[nargs + (size_t)i]) != 0)
            KAA_CLEAR(ctx, dict);
    return dict;
}

static kaa_object *
fails(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no");
    KAA_TRACE(ctx);
    return NULL;
}

static kaa_object *
fails_silently(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return NULL;
}

static kaa_object *
fails_and_returns(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no");
    return kaa_list_new(ctx, 0);
}

/* Calls its argument with itself. */
static kaa_object *
recurse(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    return kaa_call(ctx, argument, &argument, 1, NULL);
}

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("no_args", no_args, "no_args()\n--\n\nNothing."),
    KAA_METHOD_ONE("one_arg", one_arg, "Without a signature."),
    KAA_METHOD("args", args_tuple, NULL),
    KAA_METHOD_KEYWORDS("keywords", keywords, NULL),
    KAA_METHOD_NOARGS("fails", fails, NULL),
    KAA_METHOD_NOARGS("fails_silently", fails_silently, NULL),
    KAA_METHOD_NOARGS("fails_and_returns", fails_and_returns, NULL),
    KAA_METHOD_ONE("recurse", recurse, NULL),
    KAA_FUNCTION("double half(double x)", fails, NULL),
    {"odd", args_tuple, 0, 0, NULL, NULL},
};

enum {
    NO_ARGS,
    ONE_ARG,
    ARGS,
    KEYWORDS,
    FAILS,
    FAILS_SILENTLY,
    FAILS_AND_RETURNS,
    RECURSE,
    TYPED,
    ODD
};

static kaa_object *
make(kaa_context *ctx, int which)
{
    return kaa_function_new(ctx, &methods[which], NULL, NULL);
}

KAA_TEST(each_kind_is_called)
{
    kaa_context *ctx = fresh(t);
    kaa_object *args[2], *names, *name;

    args[0] = kaa_int(ctx, 1);
    args[1] = kaa_int(ctx, 2);
    name = NEW(kaa_text(ctx, "key"));
    names = NEW(kaa_tuple_from_array(ctx, &name, 1));
    CHECK(NEW(kaa_call(ctx, NEW(make(ctx, NO_ARGS)), NULL, 0, NULL)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK(NEW(kaa_call(ctx, NEW(make(ctx, ONE_ARG)), args, 1, NULL)) ==
          args[0]);
    CHECK_REPR(NEW(kaa_call(ctx, NEW(make(ctx, ARGS)), args, 2, NULL)),
               "(1, 2)");
    CHECK_REPR(NEW(kaa_call(ctx, NEW(make(ctx, KEYWORDS)), args, 1, names)),
               "{'key': 2}");
    CHECK_REPR(NEW(kaa_call(ctx, NEW(make(ctx, KEYWORDS)), args, 2, NULL)),
               "{}");
    CHECK_RAISES(kaa_call(ctx, NEW(make(ctx, NO_ARGS)), args, 2, NULL) == NULL,
                 KAA_TYPE_ERROR, "no_args() takes no arguments (2 given)");
    CHECK_RAISES(kaa_call(ctx, NEW(make(ctx, ONE_ARG)), args, 2, NULL) == NULL,
                 KAA_TYPE_ERROR,
                 "one_arg() takes exactly one argument (2 given)");
    CHECK_RAISES(kaa_call(ctx, NEW(make(ctx, ONE_ARG)), args, 0, NULL) == NULL,
                 KAA_TYPE_ERROR,
                 "one_arg() takes exactly one argument (0 given)");
    CHECK_RAISES(kaa_call(ctx, NEW(make(ctx, ARGS)), args, 1, names) == NULL,
                 KAA_TYPE_ERROR, "args() takes no keyword arguments");
    CHECK_RAISES(make(ctx, TYPED) == NULL, KAA_SYSTEM_ERROR,
                 "double half(double x)");
    CHECK_RAISES(make(ctx, ODD) == NULL, KAA_SYSTEM_ERROR,
                 "method odd: its flags say no kind, or several");
    CHECK_RAISES(kaa_call(ctx, args[0], NULL, 0, NULL) == NULL, KAA_TYPE_ERROR,
                 "'int' object is not callable");
}

KAA_TEST(functions_describe_themselves)
{
    kaa_context *ctx = fresh(t);
    kaa_object *module = NEW(kaa_text(ctx, "tools"));
    kaa_object *list = NEW(kaa_list_new(ctx, 0));
    kaa_object *function =
        NEW(kaa_function_new(ctx, &methods[NO_ARGS], list, module));

    CHECK_REPR(function, "<built-in function no_args>");
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__name__"), "no_args");
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__qualname__"), "no_args");
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__module__"), "tools");
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__doc__"), "Nothing.");
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__text_signature__"), "()");
    CHECK(NEW(kaa_get_attr_text(ctx, function, "__self__")) == list);
    CHECK(NEW(kaa_call(ctx, function, NULL, 0, NULL)) == list);
    CHECK_RAISES(kaa_call(ctx, function, &list, 1, NULL) == NULL,
                 KAA_TYPE_ERROR,
                 "tools.no_args() takes no arguments (1 given)");
    function = NEW(make(ctx, ONE_ARG));
    CHECK_TEXT(kaa_get_attr_text(ctx, function, "__doc__"),
               "Without a signature.");
    CHECK_REPR(NEW(kaa_get_attr_text(ctx, function, "__text_signature__")),
               "None");
    CHECK_TRUE(kaa_is_callable(ctx, function));
    CHECK_TRUE(kaa_is_callable(ctx, kaa_builtin(ctx, KAA_INT_TYPE)));
    CHECK_ZERO(kaa_is_callable(ctx, module));
    /* a function that holds itself */
    CHECK_ZERO(kaa_list_append(
        ctx, list, NEW(kaa_function_new(ctx, &methods[NO_ARGS], list, NULL))));
}

KAA_TEST(results_and_exceptions_must_agree)
{
    kaa_context *ctx = fresh(t);
    kaa_object *function = NEW(make(ctx, FAILS_SILENTLY)), *error, *frames;

    CHECK_RAISES(
        kaa_call(ctx, function, NULL, 0, NULL) == NULL, KAA_SYSTEM_ERROR,
        "<built-in function fails_silently> returned NULL without setting an "
        "exception");
    function = NEW(make(ctx, FAILS_AND_RETURNS));
    CHECK(kaa_call(ctx, function, NULL, 0, NULL) == NULL);
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR)))
        CHECK_ZERO(-1);
    error = NEW(kaa_error_take(ctx));
    if (!kaa_base__fault_happened()) {
        CHECK_TEXT(kaa_str(ctx, error),
                   "<built-in function fails_and_returns> returned a result "
                   "with an exception set");
        CHECK_REPR(NEW(kaa_exception_cause(ctx, error)), "ValueError('no')");
    }
    function = NEW(make(ctx, FAILS));
    CHECK(kaa_call(ctx, function, NULL, 0, NULL) == NULL);
    if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR)))
        CHECK_ZERO(-1);
    error = NEW(kaa_error_take(ctx));
    frames = NEW(kaa_exception_traceback(ctx, error));
    CHECK_INT(kaa_tuple_size(ctx, frames), 2);
    CHECK_REPR(NEW(kaa_tuple_get(ctx, frames, 1)), "('fails', None, 0)");
}

KAA_TEST(calls_within_calls_end)
{
    kaa_context *ctx = fresh(t);
    kaa_object *function = NEW(make(ctx, RECURSE));

    CHECK_RAISES(kaa_call(ctx, function, &function, 1, NULL) == NULL,
                 KAA_RECURSION_ERROR, "calls within calls");
    /* and the depth is as it was */
    CHECK_RAISES(kaa_call(ctx, function, &function, 1, NULL) == NULL,
                 KAA_RECURSION_ERROR, "calls within calls");
    CHECK_EQ(kaa_object__context_of(ctx)->depth, 0);
    CHECK_REF(function, 1);
}

KAA_TEST(calls_with_tuple_and_dict)
{
    kaa_context *ctx = fresh(t);
    kaa_object *items[12], *args, *kwargs = NEW(kaa_dict_new(ctx));
    kaa_object *function = NEW(make(ctx, ARGS));

    for (int i = 0; i < 12; i++)
        items[i] = kaa_int(ctx, i);
    args = NEW(kaa_tuple_from_array(ctx, items, 12));
    CHECK_REPR(NEW(kaa_call_dict(ctx, function, args, NULL)),
               "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)");
    CHECK_REPR(NEW(kaa_call_dict(ctx, function, args, kwargs)),
               "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)");
    CHECK_ZERO(kaa_dict_set_text(ctx, kwargs, "a", 1, kaa_int(ctx, 1)));
    CHECK_RAISES(kaa_call_dict(ctx, function, args, kwargs) == NULL,
                 KAA_TYPE_ERROR, "args() takes no keyword arguments");
    function = NEW(make(ctx, KEYWORDS));
    CHECK_ZERO(kaa_dict_set_text(ctx, kwargs, "b", 1, function));
    CHECK_ZERO(kaa_dict_set_text(ctx, kwargs, "b", 1, kaa_int(ctx, 2)));
    CHECK_REPR(NEW(kaa_call_dict(ctx, function, args, kwargs)),
               "{'a': 1, 'b': 2}");
    args = NEW(kaa_tuple_from_array(ctx, NULL, 0));
    CHECK_REPR(NEW(kaa_call_dict(ctx, function, args, kwargs)),
               "{'a': 1, 'b': 2}");
    CHECK_ZERO(kaa_dict_set(ctx, kwargs, kaa_int(ctx, 3), args));
    CHECK_RAISES(kaa_call_dict(ctx, function, args, kwargs) == NULL,
                 KAA_TYPE_ERROR, "keywords must be strings");
    CHECK_RAISES(kaa_call_dict(ctx, function, kwargs, NULL) == NULL,
                 KAA_TYPE_ERROR, NULL);
    CHECK_RAISES(kaa_call_dict(ctx, function, args, args) == NULL,
                 KAA_TYPE_ERROR, NULL);
}

KAA_TEST(methods_are_called)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &point_spec, NULL, NULL));
    kaa_object *args[2], *method, *other;

    args[0] = NEW(new_point(ctx, type, 3, 4));
    args[1] = kaa_int(ctx, 2);
    CHECK_REPR(NEW(kaa_call_method(ctx, "sum", args, 1, NULL)), "7.0");
    CHECK(NEW(kaa_call_method(ctx, "scale", args, 2, NULL)) ==
          kaa_builtin(ctx, KAA_NONE));
    method = NEW(kaa_get_attr_text(ctx, args[0], "sum"));
    CHECK_REPR(NEW(kaa_call(ctx, method, NULL, 0, NULL)), "14.0");
    CHECK_TEXT(kaa_get_attr_text(ctx, method, "__qualname__"), "Point.sum");
    CHECK(NEW(kaa_get_attr_text(ctx, method, "__self__")) == args[0]);
    other = NEW(kaa_get_attr_text(ctx, args[0], "sum"));
    CHECK_TRUE(kaa_compare_truth(ctx, method, other, KAA_EQ));
    CHECK_INT(kaa_hash(ctx, method), kaa_hash(ctx, other));
    other = NEW(kaa_get_attr_text(ctx, args[0], "scale"));
    CHECK_ZERO(kaa_compare_truth(ctx, method, other, KAA_EQ));
    CHECK_RAISES(kaa_call_method(ctx, "sum", args, 2, NULL) == NULL,
                 KAA_TYPE_ERROR, "Point.sum() takes no arguments (1 given)");
    CHECK_RAISES(kaa_call_method(ctx, "scale", args, 1, NULL) == NULL,
                 KAA_TYPE_ERROR,
                 "Point.scale() takes exactly one argument (0 given)");
    CHECK_RAISES(kaa_call_method(ctx, "nothing", args, 1, NULL) == NULL,
                 KAA_ATTRIBUTE_ERROR,
                 "'shapes.Point' object has no attribute 'nothing'");
    CHECK_RAISES(kaa_call_method(ctx, "x", args, 1, NULL) == NULL,
                 KAA_TYPE_ERROR, "'float' object is not callable");
    CHECK_RAISES(kaa_call_method(ctx, "x", args, 0, NULL) == NULL,
                 KAA_SYSTEM_ERROR, "call_method(x) needs the object");
}

/* What an instance has under the name of a method is called in its place. */
KAA_TEST(an_instance_may_hide_a_method)
{
    kaa_context *ctx = fresh(t);
    kaa_type_spec spec = point_spec;
    kaa_object *type, *self, *function = NEW(make(ctx, NO_ARGS));

    spec.flags = KAA_TYPE_DICT;
    type = NEW(kaa_type_new(ctx, &spec, NULL, NULL));
    self = NEW(new_point(ctx, type, 3, 4));
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "other", function));
    CHECK_REPR(NEW(kaa_call_method(ctx, "sum", &self, 1, NULL)), "7.0");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "sum", function));
    CHECK(NEW(kaa_call_method(ctx, "sum", &self, 1, NULL)) ==
          kaa_builtin(ctx, KAA_NONE));
    CHECK(NEW(kaa_get_attr_text(ctx, self, "sum")) == function);
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "sum", NULL));
    CHECK_REPR(NEW(kaa_call_method(ctx, "sum", &self, 1, NULL)), "7.0");
    /* a method of another type is bound to nothing here */
    CHECK_ZERO(kaa_set_attr_text(
        ctx, type, "append",
        NEW(kaa_get_attr_text(ctx, kaa_builtin(ctx, KAA_LIST_TYPE),
                              "append"))));
    CHECK_RAISES(kaa_call_method(ctx, "append", &self, 1, NULL) == NULL,
                 KAA_TYPE_ERROR, "doesn't apply to a 'shapes.Point' object");
}

/* ---- Instances that can be called, attributes looked up by code */

static kaa_object *
counter_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
             size_t nargs, kaa_object *kwnames)
{
    (void)self;
    (void)args;
    (void)kwnames;
    return kaa_int(ctx, (int64_t)nargs);
}

static kaa_object *
counter_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    if (kaa_str_equals(ctx, name, "magic", 5))
        return kaa_incref(ctx, self);
    return kaa_generic_get_attr(ctx, self, name);
}

static int
counter_set_attr(kaa_context *ctx, kaa_object *self, kaa_object *name,
                 kaa_object *value)
{
    if (kaa_str_equals(ctx, name, "magic", 5))
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no magic");
    return kaa_generic_set_attr(ctx, self, name, value);
}

static const kaa_type_spec counter_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_DICT,
    .name = "test.Counter",
    .call = counter_call,
    .get_attr = counter_get_attr,
    .set_attr = counter_set_attr,
};

KAA_TEST(types_with_a_look_up_of_their_own)
{
    kaa_context *ctx = fresh(t);
    kaa_object *type = NEW(kaa_type_new(ctx, &counter_spec, NULL, NULL));
    kaa_object *self = NEW(kaa_call(ctx, type, NULL, 0, NULL)), *args[2];
    kaa_object *found = NULL;

    args[0] = self;
    args[1] = self;
    CHECK(NEW(kaa_call(ctx, self, args, 2, NULL)) == kaa_int(ctx, 2));
    CHECK(NEW(kaa_get_attr_text(ctx, self, "magic")) == self);
    CHECK(NEW(kaa_call_method(ctx, "magic", args, 2, NULL)) == kaa_int(ctx, 1));
    CHECK_TRUE(kaa_find_attr(ctx, self, "magic", &found));
    kaa_decref(ctx, found);
    CHECK_ZERO(kaa_find_attr(ctx, self, "other", &found));
    CHECK_RAISES(kaa_get_attr_text(ctx, self, "other") == NULL,
                 KAA_ATTRIBUTE_ERROR, NULL);
    CHECK_RAISES(kaa_set_attr_text(ctx, self, "magic", self) < 0,
                 KAA_VALUE_ERROR, "no magic");
    CHECK_ZERO(kaa_set_attr_text(ctx, self, "other", kaa_int(ctx, 1)));
    CHECK(NEW(kaa_get_attr_text(ctx, self, "other")) == kaa_int(ctx, 1));
}

KAA_TEST(attributes_that_all_objects_have)
{
    kaa_context *ctx = fresh(t);
    kaa_object *one = kaa_int(ctx, 1);

    CHECK(NEW(kaa_get_attr_text(ctx, one, "__class__")) ==
          kaa_builtin(ctx, KAA_INT_TYPE));
    CHECK_RAISES(kaa_get_attr_text(ctx, one, "__dict__") == NULL,
                 KAA_ATTRIBUTE_ERROR, "'int' object has no attribute");
    CHECK_RAISES(kaa_set_attr_text(ctx, one, "x", one) < 0, KAA_ATTRIBUTE_ERROR,
                 "'int' object has no attribute 'x'");
    CHECK_RAISES(kaa_set_attr_text(ctx, one, "__class__", one) < 0,
                 KAA_ATTRIBUTE_ERROR, NULL);
}
