/* bench/modules_kaa.c - the module of bench/modules.py, as kaa has it. What
 * ends in _parsed takes its arguments by a format, the rest by hand. */
#include <kaa/module.h>

#include <math.h>

static int
takes(kaa_context *ctx, const char *name, size_t given, size_t wanted)
{
    if (given == wanted)
        return 1;
    kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                     "%s() takes %zu arguments, %zu given", name, wanted,
                     given);
    return 0;
}

static kaa_object *
empty(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_none(ctx);
}

static kaa_object *
text_length(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    size_t size;

    (void)self;
    if (kaa_str_as_utf8(ctx, argument, &size) == NULL)
        return NULL;
    return kaa_int(ctx, (int64_t)size);
}

static kaa_object *
text_length_parsed(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                   size_t nargs)
{
    const char *text;
    ptrdiff_t size;

    (void)self;
    if (!kaa_parse_args(ctx, args, nargs, "s#:text_length", &text, &size))
        return NULL;
    return kaa_int(ctx, size);
}

static kaa_object *
add(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs)
{
    int64_t a, b;

    (void)self;
    if (!takes(ctx, "add", nargs, 2) ||
        kaa_int_as_int64(ctx, args[0], &a) < 0 ||
        kaa_int_as_int64(ctx, args[1], &b) < 0)
        return NULL;
    return kaa_int(ctx, (int64_t)((uint64_t)a + (uint64_t)b));
}

static kaa_object *
add_parsed(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    int a, b;

    (void)self;
    if (!kaa_parse_args(ctx, args, nargs, "ii:add", &a, &b))
        return NULL;
    return kaa_int(ctx, (int64_t)a + b);
}

static kaa_object *
numbers(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    int64_t count;
    kaa_object *list;

    (void)self;
    if (kaa_int_as_int64(ctx, argument, &count) < 0 || count < 0)
        return NULL;
    list = kaa_list_new(ctx, (size_t)count);
    for (int64_t i = 0; list != NULL && i < count; i++)
        if (kaa_list_take_append(ctx, list, kaa_int(ctx, i)) < 0)
            KAA_CLEAR(ctx, list);
    return list;
}

/* The same from an array of references, which is one call for the list. */
static kaa_object *
numbers_array(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *items[1000];
    int64_t count;

    (void)self;
    if (kaa_int_as_int64(ctx, argument, &count) < 0 || count < 0 ||
        count > 1000)
        return NULL;
    for (int64_t i = 0; i < count; i++)
        items[i] = kaa_int(ctx, i);
    return kaa_list_take_array(ctx, items, (size_t)count);
}

typedef struct point {
    double x, y;
} point;

static int
point_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    point *data = kaa_data(ctx, self);

    (void)kwnames;
    if (!takes(ctx, "Point", nargs, 2) ||
        kaa_float_as_double(ctx, args[0], &data->x) < 0 ||
        kaa_float_as_double(ctx, args[1], &data->y) < 0)
        return -1;
    return 0;
}

static int
point_init_parsed(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                  size_t nargs, kaa_object *kwnames)
{
    static const char *const names[] = {"x", "y", NULL};
    point *data = kaa_data(ctx, self);

    return kaa_parse_keywords(ctx, args, nargs, kwnames, "dd:Point", names,
                              &data->x, &data->y)
               ? 0
               : -1;
}

static kaa_object *
point_norm(kaa_context *ctx, kaa_object *self)
{
    const point *data = kaa_data(ctx, self);

    return kaa_float_from_double(ctx,
                                 sqrt(data->x * data->x + data->y * data->y));
}

static kaa_object *
point_length(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return point_norm(ctx, self);
}

static const kaa_method point_methods[] = {
    KAA_METHOD_NOARGS("norm", point_norm, NULL),
    KAA_METHODS_END,
};

static const kaa_member point_members[] = {
    {"x", KAA_MEMBER_DOUBLE, 0, offsetof(point, x), NULL},
    {"y", KAA_MEMBER_DOUBLE, 0, offsetof(point, y), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_property point_properties[] = {
    {"length", point_length, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define POINT(spec, spec_name, spec_init)                                      \
    static const kaa_type_spec spec = {                                        \
        .size = sizeof(kaa_type_spec),                                         \
        .name = spec_name,                                                     \
        .data_bytes = sizeof(point),                                           \
        .methods = point_methods,                                              \
        .members = point_members,                                              \
        .properties = point_properties,                                        \
        .init = spec_init,                                                     \
    }

POINT(point_spec, "modules_kaa.Point", point_init);
POINT(parsed_spec, "modules_kaa.Point_parsed", point_init_parsed);

/* What the slots of a type cost: each does next to nothing. */
static int64_t
bag_length(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return 3;
}

static kaa_object *
bag_get_item(kaa_context *ctx, kaa_object *self, kaa_object *key)
{
    (void)self;
    return kaa_incref(ctx, key);
}

static int64_t
bag_hash(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return 5;
}

static kaa_object *
bag_iter(kaa_context *ctx, kaa_object *self)
{
    return kaa_incref(ctx, self);
}

static kaa_object *
bag_next(kaa_context *ctx, kaa_object *self)
{
    int64_t *left = kaa_data(ctx, self);

    if (*left == 0) {
        *left = 1000;
        return NULL;
    }
    --*left;
    return kaa_none(ctx);
}

static kaa_object *
bag_binary(kaa_context *ctx, kaa_object *left, kaa_object *right, int op)
{
    (void)right;
    return op == KAA_ADD ? kaa_incref(ctx, left) : kaa_not_implemented(ctx);
}

static kaa_object *
bag_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    (void)self;
    (void)other;
    return kaa_bool(ctx, op == KAA_EQ);
}

static const kaa_type_spec bag_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "modules_kaa.Bag",
    .data_bytes = sizeof(int64_t),
    .length = bag_length,
    .get_item = bag_get_item,
    .hash = bag_hash,
    .iter = bag_iter,
    .next = bag_next,
    .binary = bag_binary,
    .compare = bag_compare,
};

static const kaa_type_spec *const types[] = {&point_spec, &parsed_spec,
                                             &bag_spec, NULL};

/* Visible, so that kaa.load() finds it as well. */
KAA_API double weigh(double x, double y);

double
weigh(double x, double y)
{
    return x + 2 * y;
}

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("empty", empty, NULL),
    KAA_METHOD_ONE("text_length", text_length, NULL),
    KAA_METHOD("text_length_parsed", text_length_parsed, NULL),
    KAA_METHOD("add", add, NULL),
    KAA_METHOD("add_parsed", add_parsed, NULL),
    KAA_METHOD_ONE("numbers", numbers, NULL),
    KAA_METHOD_ONE("numbers_array", numbers_array, NULL),
    KAA_FUNCTION("[[kaa::hold_gil]] double weigh(double x, double y)", weigh,
                 NULL),
    KAA_METHODS_END,
};

KAA_MODULE(modules_kaa, .methods = methods, .types = types);
