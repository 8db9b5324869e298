/* cpython/modules/recursive.c - a type whose every slot asks itself what it was
 * asked, and functions that recurse by themselves; for test_recursion.py. */
#include <kaa/module.h>

static kaa_object *
loop_repr(kaa_context *ctx, kaa_object *self)
{
    return kaa_str_format(ctx, "<%R>", self);
}

static kaa_object *
loop_str(kaa_context *ctx, kaa_object *self)
{
    return kaa_str_format(ctx, "<%S>", self);
}

static int64_t
loop_hash(kaa_context *ctx, kaa_object *self)
{
    return kaa_hash(ctx, self);
}

static kaa_object *
loop_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    return kaa_compare(ctx, self, other, op);
}

static int
loop_truth(kaa_context *ctx, kaa_object *self)
{
    int is_true;

    return kaa_parse_args(ctx, &self, 1, "p", &is_true) ? is_true : -1;
}

static int
loop_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    kaa_object *type, *made;

    if (nargs == 0)
        return 0;
    type = kaa_type_of(ctx, self);
    made = kaa_call(ctx, type, args, nargs, kwnames);
    kaa_decref(ctx, type);
    kaa_decref(ctx, made);
    return made != NULL ? 0 : -1;
}

static kaa_object *
loop_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    return kaa_call(ctx, self, args, nargs, kwnames);
}

static kaa_object *
loop_get_attr(kaa_context *ctx, kaa_object *self, kaa_object *name)
{
    if (!kaa_str_equals(ctx, name, "endless", 7))
        return kaa_generic_get_attr(ctx, self, name);
    return kaa_get_attr(ctx, self, name);
}

static int
loop_set_attr(kaa_context *ctx, kaa_object *self, kaa_object *name,
              kaa_object *value)
{
    return kaa_set_attr(ctx, self, name, value);
}

static kaa_object *
loop_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_iter(ctx, self);
}

static kaa_object *
loop_next(kaa_context *ctx, kaa_object *self)
{
    kaa_object *item = NULL;

    return kaa_next(ctx, self, &item) > 0 ? item : NULL;
}

static ptrdiff_t
loop_length(kaa_context *ctx, kaa_object *self)
{
    return kaa_length(ctx, self);
}

static kaa_object *
loop_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    return kaa_get_item(ctx, self, key);
}

static int
loop_set_item(kaa_context *ctx, kaa_object *self, kaa_object *key,
              kaa_object *value)
{
    return kaa_set_item(ctx, self, key, value);
}

static int
loop_contains(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    return kaa_contains(ctx, self, item);
}

static kaa_object *
loop_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    return kaa_binary(ctx, left, right, op);
}

static kaa_object *
loop_unary(kaa_context *ctx, kaa_object *self, int op)
{
    return kaa_unary(ctx, self, op);
}

static kaa_object *
loop_to_int(kaa_context *ctx, kaa_object *self)
{
    return kaa_to_int(ctx, self);
}

static kaa_object *
loop_to_float(kaa_context *ctx, kaa_object *self)
{
    double value;

    return kaa_float_as_double(ctx, self, &value) == 0
               ? kaa_float_from_double(ctx, value)
               : NULL;
}

static kaa_object *
loop_index(kaa_context *ctx, kaa_object *self)
{
    int64_t value;

    return kaa_int_as_int64(ctx, self, &value) == 0 ? kaa_int(ctx, value)
                                                    : NULL;
}

static int
loop_get_buffer(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                int request)
{
    return kaa_buffer_get(ctx, self, buffer, request);
}

static kaa_object *
loop_get(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_get_attr_text(ctx, self, "property");
}

static int
loop_set(kaa_context *ctx, kaa_object *self, kaa_object *value, void *user)
{
    kaa_object *name = kaa_str_intern(ctx, "property");
    int result = name != NULL ? kaa_set_attr(ctx, self, name, value) : -1;

    (void)user;
    kaa_decref(ctx, name);
    return result;
}

static int
convert(kaa_context *ctx, kaa_object *object, void *out)
{
    return kaa_parse_args(ctx, &object, 1, "O&:f", convert, out);
}

static kaa_object *
loop_converted(kaa_context *ctx, kaa_object *self)
{
    return convert(ctx, self, NULL) ? kaa_none(ctx) : NULL;
}

static kaa_object *
build(kaa_context *ctx, void *value)
{
    return kaa_build(ctx, "O&", build, value);
}

static kaa_object *
loop_built(kaa_context *ctx, kaa_object *self)
{
    return build(ctx, self);
}

static kaa_object *
loop_raised(kaa_context *ctx, kaa_object *self)
{
    kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "%R", self);
    return NULL;
}

static const kaa_method loop_methods[] = {
    KAA_METHOD_NOARGS("converted", loop_converted, NULL),
    KAA_METHOD_NOARGS("built", loop_built, NULL),
    KAA_METHOD_NOARGS("raised", loop_raised, NULL),
    KAA_METHODS_END,
};

static const kaa_property loop_properties[] = {
    {"property", loop_get, loop_set, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const kaa_type_spec loop_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "recursive.Loop",
    .methods = loop_methods,
    .properties = loop_properties,
    .init = loop_init,
    .repr = loop_repr,
    .str = loop_str,
    .hash = loop_hash,
    .compare = loop_compare,
    .truth = loop_truth,
    .call = loop_call,
    .get_attr = loop_get_attr,
    .iter = loop_iter,
    .next = loop_next,
    .length = loop_length,
    .get_item = loop_get_item,
    .set_item = loop_set_item,
    .contains = loop_contains,
    .binary = loop_binary,
    .unary = loop_unary,
    .to_int = loop_to_int,
    .to_float = loop_to_float,
    .index = loop_index,
    .get_buffer = loop_get_buffer,
};

static const kaa_type_spec setter_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "recursive.Setter",
    .set_attr = loop_set_attr,
};

/* ---- Pair: may contain itself, and shows so */

typedef struct pair {
    kaa_object *held;
} pair;

static int
pair_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    (void)self;
    (void)args;
    (void)kwnames;
    if (nargs == 0)
        return 0;
    return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "no arguments");
}

static kaa_object *
pair_repr(kaa_context *ctx, kaa_object *self)
{
    const pair *own = kaa_data(ctx, self);
    int within = kaa_repr_enter(ctx, self);
    kaa_object *text;

    if (within != 0)
        return within > 0 ? kaa_text(ctx, "Pair(...)") : NULL;
    text = kaa_str_format(ctx, "Pair(%R)", own->held);
    kaa_repr_leave(ctx, self);
    return text;
}

static const kaa_member pair_members[] = {
    {"held", KAA_MEMBER_OBJECT, 0, offsetof(pair, held), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec pair_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "recursive.Pair",
    .data_bytes = sizeof(pair),
    .members = pair_members,
    .init = pair_init,
    .repr = pair_repr,
};

/* ---- a parser of brackets */

/* What is left after the brackets that match; NULL: it failed. */
static const char *
parse(kaa_context *ctx, const char *text)
{
    if (kaa_enter_call(ctx, " while reading brackets") != 0)
        return NULL;
    while (text != NULL && *text == '[') {
        text = parse(ctx, text + 1);
        if (text == NULL)
            break;
        if (*text != ']') {
            kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "no ]");
            text = NULL;
            break;
        }
        text++;
    }
    kaa_leave_call(ctx);
    return text;
}

static kaa_object *
parse_text(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    const char *text = kaa_str_as_utf8(ctx, argument, NULL);

    (void)self;
    if (text == NULL || parse(ctx, text) == NULL)
        return NULL;
    return kaa_none(ctx);
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("parse", parse_text, NULL),
    KAA_METHODS_END,
};

static const kaa_type_spec *const types[] = {&loop_spec, &setter_spec,
                                             &pair_spec, NULL};

KAA_MODULE(recursive, .methods = methods, .types = types);
