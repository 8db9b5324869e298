/* wrong.h - what the modules of this folder share.
 *
 * Each is one mistake. The comment at its head shows a call and what the
 * checked context says of it, which tests/cpython/test_wrong_modules.py
 * compares word by word; `here` marks the line that is named. A line that
 * begins with [cpython] or [native] is said in that context alone. */
#ifndef KAA_TEST_WRONG_H
#define KAA_TEST_WRONG_H

#include <string.h>

#include <kaa/module.h>

#define WRONG_NOARGS(name, function)                                           \
    static const kaa_method methods[] = {                                      \
        KAA_METHOD_NOARGS("run", function, NULL), KAA_METHODS_END};            \
    KAA_MODULE(name, .methods = methods)

#define WRONG_ONE(name, function)                                              \
    static const kaa_method methods[] = {                                      \
        KAA_METHOD_ONE("run", function, NULL), KAA_METHODS_END};               \
    KAA_MODULE(name, .methods = methods)

#define WRONG_TYPE(module_name, ...)                                           \
    static const kaa_type_spec spec = {.size = sizeof(kaa_type_spec),          \
                                       .name = #module_name ".Box",            \
                                       __VA_ARGS__};                           \
    static const kaa_type_spec *const types[] = {&spec, NULL};                 \
    KAA_MODULE(module_name, .types = types)

/* ---- A type that is right, for those that are wrong in one function */

typedef struct box {
    kaa_object *item;
} box;

static inline int
box_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    box *data = kaa_data(ctx, self);
    kaa_object *before = data->item;

    (void)kwnames;
    if (nargs != 1)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "one item");
    data->item = kaa_incref(ctx, args[0]);
    kaa_decref(ctx, before);
    return 0;
}

static inline int
box_traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((box *)data)->item);
    return 0;
}

static inline void
box_clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((box *)data)->item);
}

#define BOX                                                                    \
    .data_bytes = sizeof(box), .init = box_init, .traverse = box_traverse,     \
    .clear = box_clear

#endif /* KAA_TEST_WRONG_H */
