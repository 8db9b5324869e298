/* object/shapes.h - a few types for tests of types: a point with numbers, a
 * node with references, a type that counts what becomes of its instances. */
#ifndef KAA_TEST_OBJECT_SHAPES_H
#define KAA_TEST_OBJECT_SHAPES_H

#include <stddef.h>

#include "object/help.h"

typedef struct point {
    double x, y;
} point;

__attribute__((unused)) static int
point_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    point *data = kaa_data(ctx, self);

    if (nargs != 2 || kwnames != NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                         "Point() takes x and y");
    if (kaa_float_as_double(ctx, args[0], &data->x) != 0)
        return -1;
    return kaa_float_as_double(ctx, args[1], &data->y);
}

__attribute__((unused)) static kaa_object *
point_sum(kaa_context *ctx, kaa_object *self)
{
    point *data = kaa_data(ctx, self);

    return kaa_float_from_double(ctx, data->x + data->y);
}

__attribute__((unused)) static kaa_object *
point_scale(kaa_context *ctx, kaa_object *self, kaa_object *factor)
{
    point *data = kaa_data(ctx, self);
    double number;

    if (kaa_float_as_double(ctx, factor, &number) != 0)
        return NULL;
    data->x *= number;
    data->y *= number;
    return kaa_none(ctx);
}

__attribute__((unused)) static kaa_object *
point_unit(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
           size_t nargs)
{
    kaa_object *self = kaa_instance_new(ctx, type);

    (void)args;
    if (self != NULL)
        ((point *)kaa_data(ctx, self))->x = (double)nargs;
    return self;
}

__attribute__((unused)) static kaa_object *
point_pair(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs)
{
    if (self != NULL)
        return NULL;
    return kaa_tuple_from_array(ctx, args, nargs);
}

__attribute__((unused)) static kaa_object *
point_names(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    (void)self;
    (void)args;
    (void)nargs;
    return kwnames != NULL ? kaa_incref(ctx, kwnames) : kaa_none(ctx);
}

__attribute__((unused)) static kaa_object *
point_get_length(kaa_context *ctx, kaa_object *self, void *user)
{
    point *data = kaa_data(ctx, self);

    (void)user;
    return kaa_float_from_double(ctx, data->x * data->x + data->y * data->y);
}

__attribute__((unused)) static int
point_set_length(kaa_context *ctx, kaa_object *self, kaa_object *value,
                 void *user)
{
    point *data = kaa_data(ctx, self);

    (void)user;
    if (value == NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                         "cannot delete length");
    data->y = 0;
    return kaa_float_as_double(ctx, value, &data->x);
}

__attribute__((unused)) static kaa_object *
point_compare(kaa_context *ctx, kaa_object *self, kaa_object *other, int op)
{
    kaa_object *type = kaa_type_of(ctx, self);
    int is_point = kaa_is_instance(ctx, other, type);
    point *left, *right;

    kaa_decref(ctx, type);
    if (is_point <= 0 || (op != KAA_EQ && op != KAA_NE))
        return is_point < 0 ? NULL : kaa_not_implemented(ctx);
    left = kaa_data(ctx, self);
    right = kaa_data(ctx, other);
    return kaa_bool(ctx, !(left->x < right->x || left->x > right->x ||
                           left->y < right->y || left->y > right->y) ==
                             (op == KAA_EQ));
}

__attribute__((unused)) static const kaa_method point_methods[] = {
    KAA_METHOD_NOARGS("sum", point_sum, "sum()\n--\n\nx plus y."),
    KAA_METHOD_ONE("scale", point_scale, "Multiply both."),
    {"unit", point_unit, KAA_VARARGS | KAA_CLASS, 0, NULL, NULL},
    {"pair", point_pair, KAA_VARARGS | KAA_STATIC, 0, NULL, NULL},
    KAA_METHOD_KEYWORDS("names", point_names, NULL),
    KAA_METHODS_END,
};

__attribute__((unused)) static const kaa_member point_members[] = {
    {"x", KAA_MEMBER_DOUBLE, 0, offsetof(point, x), "Across."},
    {"y", KAA_MEMBER_DOUBLE, KAA_READONLY, offsetof(point, y), NULL},
    {NULL, 0, 0, 0, NULL},
};

__attribute__((unused)) static const kaa_property point_properties[] = {
    {"length", point_get_length, point_set_length, "Squared.", NULL},
    {"area", point_get_length, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

__attribute__((unused)) static const kaa_type_spec point_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "shapes.Point",
    .doc = "Point(x, y)\n--\n\nA point.",
    .data_bytes = sizeof(point),
    .methods = point_methods,
    .members = point_members,
    .properties = point_properties,
    .init = point_init,
    .compare = point_compare,
};

/* ---- A node */

typedef struct node {
    kaa_object *left, *right;
} node;

__attribute__((unused)) static const kaa_member node_members[] = {
    {"left", KAA_MEMBER_OBJECT, 0, offsetof(node, left), NULL},
    {"right", KAA_MEMBER_OBJECT, 0, offsetof(node, right), NULL},
    {NULL, 0, 0, 0, NULL},
};

__attribute__((unused)) static const kaa_type_spec node_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "shapes.Node",
    .data_bytes = sizeof(node),
    .members = node_members,
};

/* A node that takes any attribute. */
__attribute__((unused)) static const kaa_type_spec open_spec = {
    .size = sizeof(kaa_type_spec),
    .flags = KAA_TYPE_DICT,
    .name = "shapes.Open",
    .data_bytes = sizeof(node),
    .members = node_members,
};

__attribute__((unused)) static kaa_object *
new_point(kaa_context *ctx, kaa_object *type, int x, int y)
{
    kaa_object *args[2];

    args[0] = kaa_int(ctx, x);
    args[1] = kaa_int(ctx, y);
    return kaa_call(ctx, type, args, 2, NULL);
}

#endif /* KAA_TEST_OBJECT_SHAPES_H */
