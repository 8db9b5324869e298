/* wrong.c - a mistake a function, for the checked context: each breaks one rule
 * of ownership. Without checks some of them end the process. */
#include <stdlib.h>
#include <string.h>

#include <kaa/module.h>

static kaa_object *kept; /* a cache, which is none of the mistakes */

/* ---- References */

static kaa_object *
none_borrowed(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_builtin(ctx, KAA_NONE);
}

static kaa_object *
type_borrowed(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_builtin(ctx, KAA_LIST_TYPE);
}

static kaa_object *
argument_borrowed(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)ctx;
    (void)self;
    return argument;
}

static kaa_object *
item_borrowed(kaa_context *ctx, kaa_object *self, kaa_object *tuple)
{
    (void)self;
    return kaa_tuple_get_borrowed(ctx, tuple, 0);
}

static kaa_object *
item_released(kaa_context *ctx, kaa_object *self, kaa_object *tuple)
{
    kaa_object *item = kaa_tuple_get_borrowed(ctx, tuple, 0);
    kaa_object *text;

    (void)self;
    if (item == NULL)
        return NULL;
    text = kaa_repr(ctx, item);
    kaa_decref(ctx, item);
    return text;
}

static kaa_object *
argument_released(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kaa_decref(ctx, argument);
    return kaa_none(ctx);
}

static kaa_object *
released_twice(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL)
        return NULL;
    kaa_incref(ctx, list); /* so that it can still be named */
    kaa_decref(ctx, list);
    kaa_list_append(ctx, list, list);
    kaa_decref(ctx, list);
    kaa_decref(ctx, list);
    return kaa_none(ctx);
}

static kaa_object *
returned_after_release(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kaa_incref(ctx, argument);
    kaa_decref(ctx, argument);
    return argument;
}

static kaa_object *
taken_without_reference(kaa_context *ctx, kaa_object *self,
                        kaa_object *argument)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL || kaa_list_take_append(ctx, list, argument) != 0) {
        kaa_decref(ctx, list);
        return NULL;
    }
    return list;
}

static kaa_object *
new_leaked(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kaa_text(ctx, "a text that nobody has") == NULL)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
extra_leaked(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kaa_incref(ctx, argument);
    return kaa_incref(ctx, argument);
}

static kaa_object *
append_leaked(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    kaa_object *item = kaa_float_from_double(ctx, 2.5);

    (void)self;
    if (list == NULL || item == NULL || kaa_list_append(ctx, list, item) != 0) {
        kaa_decref(ctx, list);
        kaa_decref(ctx, item);
        return NULL;
    }
    return list; /* the item's own reference is forgotten */
}

static kaa_object *
item_leaked(kaa_context *ctx, kaa_object *self, kaa_object *list)
{
    (void)self;
    if (kaa_list_get(ctx, list, 0) == NULL)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
found_leaked(kaa_context *ctx, kaa_object *self, kaa_object *dict)
{
    kaa_object *value = NULL;

    (void)self;
    if (kaa_dict_find_text(ctx, dict, "key", 3, &value) < 0)
        return NULL;
    return kaa_none(ctx);
}

/* What a function leaks that it calls. */
__attribute__((noinline)) static int
lose_text(kaa_context *ctx)
{
    return kaa_text(ctx, "lost further down") != NULL;
}

static kaa_object *
deep_leaked(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return lose_text(ctx) ? kaa_none(ctx) : NULL;
}

static kaa_object *
error_path_leaked(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    int64_t number;

    (void)self;
    if (list == NULL)
        return NULL;
    if (kaa_int_as_int64(ctx, argument, &number) != 0)
        return NULL; /* the list is forgotten */
    return list;
}

static kaa_object *
error_leaked(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "taken and forgotten");
    if (kaa_error_take(ctx) == NULL)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
built_leaked(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kaa_build(ctx, "(dd)", 1.0, 2.0) == NULL)
        return NULL;
    return kaa_none(ctx);
}

/* ---- Results */

static kaa_object *
null_without_error(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return NULL;
}

static kaa_object *
value_with_error(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "not looked at");
    return kaa_none(ctx);
}

/* ---- What is lent */

static kaa_object *
buffer_kept(kaa_context *ctx, kaa_object *self, kaa_object *object)
{
    kaa_buffer buffer;

    (void)self;
    if (kaa_buffer_get(ctx, object, &buffer, KAA_BUFFER_SIMPLE) != 0)
        return NULL;
    return kaa_int(ctx, buffer.bytes);
}

static kaa_object *
memory_leaked(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kaa_mem_alloc(ctx, 100) == NULL)
        return NULL;
    return kaa_none(ctx);
}

static kaa_object *
memory_freed_twice(kaa_context *ctx, kaa_object *self)
{
    void *block = kaa_mem_alloc(ctx, 100);

    (void)self;
    kaa_mem_free(ctx, block);
    kaa_mem_free(ctx, block);
    return kaa_none(ctx);
}

static kaa_object *
threads_not_stopped(kaa_context *ctx, kaa_object *self)
{
    kaa_object *none = kaa_none(ctx);

    (void)self;
    (void)kaa_begin_allow_threads(ctx);
    return none;
}

static kaa_object *
threads_not_begun(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_end_allow_threads(ctx, NULL);
    return kaa_none(ctx);
}

/* ---- A type */

typedef struct box {
    kaa_object *item;
} box;

static int
box_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
         size_t nargs, kaa_object *kwnames)
{
    box *data = kaa_data(ctx, self);

    (void)kwnames;
    if (nargs != 1)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), "one item");
    data->item = kaa_incref(ctx, args[0]);
    return 0;
}

static kaa_object *
box_get(kaa_context *ctx, kaa_object *self)
{
    return ((box *)kaa_data(ctx, self))->item;
}

static kaa_object *
box_swap(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    box *data = kaa_data(ctx, self);
    kaa_object *before = data->item;

    data->item = kaa_incref(ctx, item);
    return before;
}

static kaa_object *
box_set(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    box *data = kaa_data(ctx, self);

    data->item = kaa_incref(ctx, item); /* the one before is forgotten */
    kaa_incref(ctx, item);
    return kaa_none(ctx);
}

static const kaa_method box_methods[] = {
    KAA_METHOD_NOARGS("get", box_get, "Wrong: borrowed."),
    KAA_METHOD_ONE("swap", box_swap, "Right."),
    KAA_METHOD_ONE("set", box_set, "Wrong: one too many."),
    KAA_METHODS_END,
};

static const kaa_member box_members[] = {
    {"item", KAA_MEMBER_OBJECT, 0, offsetof(box, item), NULL},
    {NULL, 0, 0, 0, NULL},
};

static const kaa_type_spec box_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "wrong.Box",
    .data_bytes = sizeof(box),
    .methods = box_methods,
    .members = box_members,
    .init = box_init,
};

static const kaa_type_spec *const types[] = {&box_spec, NULL};

/* ---- Wrong where a call fails */

static kaa_object *
only_on_error(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    kaa_object *text;

    (void)self;
    if (list == NULL)
        return NULL;
    text = kaa_text(ctx, "in the list");
    if (text == NULL)
        return NULL; /* the list is forgotten */
    if (kaa_list_append(ctx, list, text) != 0) {
        kaa_decref(ctx, text);
        kaa_decref(ctx, list);
        return NULL;
    }
    kaa_decref(ctx, text);
    return list;
}

static kaa_object *
crash_on_error(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL)
        abort();
    return list;
}

/* ---- Right */

static kaa_object *
cached(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    if (kept == NULL)
        kept = kaa_text(ctx, "kept on purpose");
    return kaa_incref(ctx, kept);
}

static kaa_object *
forget_cached(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    KAA_CLEAR(ctx, kept);
    return kaa_none(ctx);
}

static const kaa_method methods[] = {
#define NOARGS(name) KAA_METHOD_NOARGS(#name, name, NULL)
#define ONE(name) KAA_METHOD_ONE(#name, name, NULL)
    NOARGS(none_borrowed),
    NOARGS(type_borrowed),
    ONE(argument_borrowed),
    ONE(item_borrowed),
    ONE(item_released),
    ONE(argument_released),
    NOARGS(released_twice),
    ONE(returned_after_release),
    ONE(taken_without_reference),
    NOARGS(new_leaked),
    ONE(extra_leaked),
    NOARGS(append_leaked),
    ONE(item_leaked),
    ONE(found_leaked),
    ONE(error_path_leaked),
    NOARGS(deep_leaked),
    NOARGS(error_leaked),
    NOARGS(built_leaked),
    NOARGS(null_without_error),
    NOARGS(value_with_error),
    ONE(buffer_kept),
    NOARGS(memory_leaked),
    NOARGS(memory_freed_twice),
    NOARGS(threads_not_stopped),
    NOARGS(threads_not_begun),
    NOARGS(only_on_error),
    NOARGS(crash_on_error),
    NOARGS(cached),
    NOARGS(forget_cached),
    KAA_METHODS_END,
};

KAA_MODULE(wrong, .doc = "A mistake a function.", .methods = methods,
           .types = types);
