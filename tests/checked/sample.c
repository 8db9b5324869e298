/* For ledger.c: a module that does right things and wrong ones. Each function
 * also does right where memory is short. */
#include <stddef.h>
#include <string.h>

#include <kaa/module.h>

/* What a function has lost, inverted, so that nobody takes it for a reference:
 * the test gives it up. */
KAA_API uintptr_t sample_hidden;
/* Where build_here() and build_there() call. */
KAA_API int sample_lines[2];

static kaa_object *stored;
static const char *stored_text;

typedef struct box {
    kaa_object *item;
} box;

static int
box_traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((box *)data)->item);
    return 0;
}

static void
box_clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((box *)data)->item);
}

static kaa_object *
box_keep(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    box *data = kaa_data(ctx, self);
    kaa_object *before = data->item;

    data->item = kaa_incref(ctx, item);
    kaa_decref(ctx, before);
    return kaa_none(ctx);
}

static kaa_object *
box_steal(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    box *data = kaa_data(ctx, self);

    data->item = item; /* wrong */
    return kaa_none(ctx);
}

/* More than the notes of a call have room for. */
static kaa_object *
make_many(kaa_context *ctx)
{
    for (int i = 0; i < 100; i++) {
        kaa_object *list = kaa_list_new(ctx, 0);

        if (list == NULL)
            return NULL;
        kaa_decref(ctx, list);
    }
    return kaa_none(ctx);
}

/* Gives its item up, and has many others come and go before it returns. */
static kaa_object *
box_empty(kaa_context *ctx, kaa_object *self)
{
    box *data = kaa_data(ctx, self);

    KAA_CLEAR(ctx, data->item);
    return make_many(ctx);
}

/* The same, and gives it up once more. */
static kaa_object *
box_empty_twice(kaa_context *ctx, kaa_object *self)
{
    kaa_object *item = ((box *)kaa_data(ctx, self))->item;
    kaa_object *result = box_empty(ctx, self);

    kaa_decref(ctx, item); /* wrong */
    return result;
}

static const kaa_method box_methods[] = {
    KAA_METHOD_ONE("keep", box_keep, NULL),
    KAA_METHOD_NOARGS("empty", box_empty, NULL),
    KAA_METHOD_NOARGS("empty_twice", box_empty_twice, NULL),
    KAA_METHOD_ONE("steal", box_steal, NULL), KAA_METHODS_END};
static const kaa_type_spec box_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "sample.Box",
    .data_bytes = sizeof(box),
    .traverse = box_traverse,
    .clear = box_clear,
    .methods = box_methods,
};
static kaa_object *
slip_is_empty(kaa_context *ctx, kaa_object *self)
{
    const box *data = kaa_data(ctx, self);

    return kaa_bool(ctx, data->item == NULL);
}

/* Its item is a member, which the host writes. */
static const kaa_member slip_members[] = {
    {"item", KAA_MEMBER_OBJECT, 0, offsetof(box, item), NULL},
    {NULL, 0, 0, 0, NULL}};
static const kaa_method slip_methods[] = {
    KAA_METHOD_NOARGS("is_empty", slip_is_empty, NULL), KAA_METHODS_END};
static const kaa_type_spec slip_spec = {
    .size = sizeof(kaa_type_spec),
    .name = "sample.Slip",
    .data_bytes = sizeof(box),
    .traverse = box_traverse,
    .clear = box_clear,
    .methods = slip_methods,
    .members = slip_members,
};
static const kaa_type_spec *const types[] = {&box_spec, &slip_spec, NULL};

/* ---- Right */

static int
use_text(kaa_context *ctx, kaa_object *list)
{
    kaa_object *text = kaa_text(ctx, "a text");
    size_t size = 0;
    const char *utf8 = text != NULL ? kaa_str_as_utf8(ctx, text, &size) : NULL;
    int result = -1;

    if (utf8 != NULL && size == strlen("a text"))
        result = kaa_list_append(ctx, list, text);
    kaa_decref(ctx, text);
    return result;
}

static int
use_buffer(kaa_context *ctx)
{
    kaa_object *bytes = kaa_bytes_from_data(ctx, "bytes", 5);
    kaa_buffer buffer;
    int result = -1;

    if (bytes != NULL &&
        kaa_buffer_get(ctx, bytes, &buffer, KAA_BUFFER_SIMPLE) == 0) {
        result = 0;
        kaa_buffer_release(ctx, &buffer);
    }
    kaa_decref(ctx, bytes);
    return result;
}

static int
use_block(kaa_context *ctx)
{
    char *block = kaa_mem_alloc(ctx, 10), *more = NULL;

    if (block != NULL)
        more = kaa_mem_resize(ctx, block, 200);
    if (more != NULL)
        memset(more, 1, 200);
    kaa_mem_free(ctx, more != NULL ? more : block);
    return more != NULL ? 0 : -1;
}

static int
use_dict(kaa_context *ctx, kaa_object *item)
{
    kaa_object *dict = kaa_build(ctx, "{s:O,s:[d]}", "item", item, "list", 2.5);
    kaa_object *found = NULL;
    int result = -1;

    if (dict != NULL)
        result = kaa_dict_find_text(ctx, dict, "item", 4, &found);
    kaa_decref(ctx, found);
    kaa_decref(ctx, dict);
    return result == 1 ? 0 : -1;
}

static kaa_object *
right(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL || use_text(ctx, list) != 0 || use_buffer(ctx) != 0 ||
        use_block(ctx) != 0 || use_dict(ctx, item) != 0 ||
        kaa_list_append(ctx, list, item) != 0) {
        kaa_decref(ctx, list);
        return NULL;
    }
    return list;
}

static kaa_object *
store(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    kaa_object *before = stored;

    (void)self;
    stored = kaa_incref(ctx, item);
    kaa_decref(ctx, before);
    return kaa_none(ctx);
}

static kaa_object *
drop(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    KAA_CLEAR(ctx, stored);
    return kaa_none(ctx);
}

/* Looks at more instances than a call's notes have room for, and stores. */
static kaa_object *
store_many(kaa_context *ctx, kaa_object *self, kaa_object *boxes)
{
    ptrdiff_t count = kaa_list_size(ctx, boxes);

    for (ptrdiff_t i = 0; i < count; i++) {
        kaa_object *one = kaa_list_get(ctx, boxes, i);
        const box *data;

        if (one == NULL)
            return NULL;
        data = kaa_data(ctx, one);
        if (data->item != NULL)
            count = 0;
        kaa_decref(ctx, one);
    }
    return store(ctx, self, boxes);
}

/* ---- Wrong */

static kaa_object *
leak(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL)
        return NULL;
    sample_hidden = ~(uintptr_t)list;
    list = NULL;
    return kaa_none(ctx);
}

__attribute__((noinline)) static int
lose_list(kaa_context *ctx)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    sample_hidden = list != NULL ? ~(uintptr_t)list : 0;
    return list != NULL;
}

/* What a function leaks that it calls. */
static kaa_object *
leak_deep(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return lose_list(ctx) ? kaa_none(ctx) : NULL;
}

static kaa_object *
release_twice(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);

    (void)self;
    if (list == NULL)
        return NULL;
    kaa_decref(ctx, list);
    kaa_decref(ctx, list);
    return kaa_none(ctx);
}

static kaa_object *
release_given(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    (void)self;
    kaa_decref(ctx, item);
    return kaa_none(ctx);
}

static kaa_object *
return_given(kaa_context *ctx, kaa_object *self, kaa_object *item)
{
    (void)ctx;
    (void)self;
    return item;
}

static kaa_object *
use_late(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    ptrdiff_t size;

    (void)self;
    if (list == NULL)
        return NULL;
    kaa_decref(ctx, list);
    size = kaa_list_size(ctx, list);
    return kaa_int(ctx, size);
}

static kaa_object *
keep_text(kaa_context *ctx, kaa_object *self, kaa_object *text)
{
    (void)self;
    stored_text = kaa_str_as_utf8(ctx, text, NULL);
    return stored_text != NULL ? kaa_none(ctx) : NULL;
}

static kaa_object *
leak_block(kaa_context *ctx, kaa_object *self)
{
    void *block = kaa_mem_alloc(ctx, 100);

    (void)self;
    if (block == NULL)
        return NULL;
    sample_hidden = ~(uintptr_t)block;
    return kaa_none(ctx);
}

static kaa_object *
overrun(kaa_context *ctx, kaa_object *self)
{
    char *volatile block = kaa_mem_alloc(ctx, 16);

    (void)self;
    if (block == NULL)
        return NULL;
    block[16] = 1;
    kaa_mem_free(ctx, block);
    return kaa_none(ctx);
}

static kaa_object *
return_nothing(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return NULL;
}

static kaa_object *
return_pending(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), "not looked at");
    return kaa_none(ctx);
}

static kaa_object *
enter_only(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_enter_call(ctx, " here") == 0 ? kaa_none(ctx) : NULL;
}

static kaa_object *
keep_lock_away(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    (void)kaa_begin_allow_threads(ctx);
    return kaa_none(ctx);
}

/* Does not look whether there is a list. */
static kaa_object *
careless(kaa_context *ctx, kaa_object *self)
{
    kaa_object *list = kaa_list_new(ctx, 0);
    ptrdiff_t size = kaa_list_size(ctx, list);

    (void)self;
    kaa_decref(ctx, list);
    return size >= 0 ? kaa_none(ctx) : NULL;
}

/* The same mistake from two places, through a function of kaa's headers. */
static kaa_object *
build_here(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    sample_lines[0] = __LINE__ + 1;
    kaa_object *list = kaa_build(ctx, "[i]", 70000);

    if (list == NULL)
        return NULL;
    kaa_decref(ctx, list);
    kaa_decref(ctx, list);
    return kaa_none(ctx);
}

static volatile int given;

__attribute__((noinline)) static int
give_again(kaa_context *ctx, kaa_object *list)
{
    kaa_decref(ctx, list);
    return ++given; /* not by a jump, which leaves no frame */
}

static kaa_object *
build_there(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    sample_lines[1] = __LINE__ + 1;
    kaa_object *list = kaa_build(ctx, "[ii]", 70000, 1);

    if (list == NULL)
        return NULL;
    kaa_decref(ctx, list);
    return give_again(ctx, list) ? kaa_none(ctx) : NULL;
}

static const kaa_method methods[] = {
    KAA_METHOD_ONE("right", right, NULL),
    KAA_METHOD_ONE("store", store, NULL),
    KAA_METHOD_NOARGS("drop", drop, NULL),
    KAA_METHOD_ONE("store_many", store_many, NULL),
    KAA_METHOD_NOARGS("leak", leak, NULL),
    KAA_METHOD_NOARGS("leak_deep", leak_deep, NULL),
    KAA_METHOD_NOARGS("release_twice", release_twice, NULL),
    KAA_METHOD_ONE("release_given", release_given, NULL),
    KAA_METHOD_ONE("return_given", return_given, NULL),
    KAA_METHOD_NOARGS("use_late", use_late, NULL),
    KAA_METHOD_ONE("keep_text", keep_text, NULL),
    KAA_METHOD_NOARGS("leak_block", leak_block, NULL),
    KAA_METHOD_NOARGS("overrun", overrun, NULL),
    KAA_METHOD_NOARGS("return_nothing", return_nothing, NULL),
    KAA_METHOD_NOARGS("return_pending", return_pending, NULL),
    KAA_METHOD_NOARGS("enter_only", enter_only, NULL),
    KAA_METHOD_NOARGS("keep_lock_away", keep_lock_away, NULL),
    KAA_METHOD_NOARGS("careless", careless, NULL),
    KAA_METHOD_NOARGS("build_here", build_here, NULL),
    KAA_METHOD_NOARGS("build_there", build_there, NULL),
    KAA_METHODS_END};

static int
exec(kaa_context *ctx, kaa_object *module)
{
    box *state = kaa_module_state(ctx, module);

    stored = NULL; /* of a runtime that is gone */
    stored_text = NULL;
    sample_hidden = 0;
    state->item = kaa_list_new(ctx, 0);
    return state->item != NULL ? 0 : -1;
}

KAA_MODULE(sample, .methods = methods, .types = types, .exec = exec,
           .state_bytes = sizeof(box), .traverse = box_traverse,
           .clear = box_clear);
