/* checked/objects.c - slots that make what the ledger must know more of:
 * functions, types, modules; text and items that are lent; pairs of calls.
 */
#include "checked/look.h"

/* ---- Functions, types, modules */

static kaa_object *
wrap_function_new(kaa_context *ctx, const kaa_method *method, kaa_object *self,
                  kaa_object *module)
{
    ENTER(function_new, NULL, self, module);
    if (method != NULL)
        method = kaa_checked__wrap_method(own_of(ctx)->module, method);
    if (method == NULL) {
        kaa_raise_memory(inner);
        return NULL;
    }
    return gained(ctx, inner->api->function_new(inner, method, self, module),
                  SLOT_function_new, SITE);
}

static kaa_object *
wrap_type_new(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *module,
              kaa_object *base)
{
    ENTER(type_new, NULL, module, base);
    kaa_checked__spec *wrapped = NULL;
    kaa_object *result;

    if (spec != NULL && kaa_checked__can_wrap(spec)) {
        wrapped = kaa_checked__wrap_spec(own_of(ctx)->module, spec);
        if (wrapped == NULL) {
            kaa_raise_memory(inner);
            return NULL;
        }
        spec = &wrapped->spec;
    }
    result = inner->api->type_new(inner, spec, module, base);
    if (result != NULL && wrapped != NULL)
        kaa_checked__know_type(own_of(ctx), wrapped, result, base);
    return gained(ctx, result, SLOT_type_new, SITE);
}

static void *
see_module_state(kaa_context *ctx, kaa_object *module)
{
    ENTER(module_state, NULL, module);
    kaa_checked__module *own = own_of(ctx)->module;
    void *state = inner->api->module_state(inner, module);

    pthread_mutex_lock(&own->lock);
    if (state != NULL &&
        !kaa_checked__add_region(own, state, own->definition.state_bytes))
        kaa_checked__miss(own, own_of(ctx)->frame);
    pthread_mutex_unlock(&own->lock);
    kaa_checked__see_data(own_of(ctx), state, own->definition.state_bytes,
                          &own->state, module);
    return state;
}

/* A module knows its own definition, the inner context the checked one. */
static kaa_object *
find_module_find(kaa_context *ctx, const kaa_module_def *definition)
{
    ENTER(module_find, NULL, definition);
    const kaa_checked__module *own = own_of(ctx)->module;

    if (definition == own->original)
        definition = &own->definition;
    return gained(ctx, inner->api->module_find(inner, definition),
                  SLOT_module_find, SITE);
}

/* A pointer that a capsule keeps is the module's. */
static kaa_object *
see_capsule_new(kaa_context *ctx, void *pointer, const char *name,
                void (*destroy)(void *))
{
    ENTER(capsule_new, NULL, pointer);
    kaa_checked__module *own = own_of(ctx)->module;
    kaa_object *result = inner->api->capsule_new(inner, pointer, name, destroy);

    pthread_mutex_lock(&own->lock);
    if (result != NULL && !kaa_checked__add_region(own, pointer, 256))
        kaa_checked__miss(own, own_of(ctx)->frame);
    pthread_mutex_unlock(&own->lock);
    return gained(ctx, result, SLOT_capsule_new, SITE);
}

/* ---- What is lent as long as its owner lives */

static const char *
lend_str_as_utf8(kaa_context *ctx, kaa_object *str, size_t *out_size)
{
    ENTER(str_as_utf8, NULL, str);
    size_t size = 0;
    const char *text = inner->api->str_as_utf8(inner, str, &size);

    note(ctx, SLOT_str_as_utf8, 0, text == NULL, NULL, SITE);
    if (text != NULL && out_size != NULL)
        *out_size = size;
    if (text != NULL)
        kaa_checked__lend(own_of(ctx), text, size + 1, str, 0, SLOT_str_as_utf8,
                          SITE);
    return text;
}

/* They may be written by who alone has them. */
static char *
lend_bytes_as_data(kaa_context *ctx, kaa_object *bytes, size_t *out_size)
{
    ENTER(bytes_as_data, NULL, bytes);
    size_t size = 0;
    char *data = inner->api->bytes_as_data(inner, bytes, &size);
    size_t count = inner->api->refcount(inner, bytes);

    note(ctx, SLOT_bytes_as_data, 0, data == NULL, NULL, SITE);
    if (data != NULL && out_size != NULL)
        *out_size = size;
    if (data != NULL)
        kaa_checked__lend(own_of(ctx), data, size + 1, bytes,
                          count <= 1 + kaa_checked__held(own_of(ctx), bytes),
                          SLOT_bytes_as_data, SITE);
    return data;
}

static kaa_object *
lend_tuple_get_borrowed(kaa_context *ctx, kaa_object *tuple, ptrdiff_t index)
{
    ENTER(tuple_get_borrowed, NULL, tuple);
    kaa_object *item = inner->api->tuple_get_borrowed(inner, tuple, index);

    note(ctx, SLOT_tuple_get_borrowed, 0, item == NULL, NULL, SITE);
    kaa_checked__lend(own_of(ctx), item, 0, tuple, 1, SLOT_tuple_get_borrowed,
                      SITE);
    return item;
}

/* ---- Pairs */

static int
pair_enter_call(kaa_context *ctx, const char *where)
{
    ENTER(enter_call, -1, where);
    int result = failing(ctx, inner->api->enter_call(inner, where));

    if (own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->calls += result == 0;
    return result;
}

static void
pair_leave_call(kaa_context *ctx)
{
    ENTER(leave_call, , ctx);
    kaa_checked__frame *frame = own_of(ctx)->frame;

    if (frame != NULL && frame->calls == 0 && frame->outer == NULL) {
        kaa_checked__tell(own_of(ctx), "call not entered", SLOT_leave_call,
                          NULL, SITE, ": kaa_enter_call() is missing");
        return;
    }
    if (frame != NULL)
        frame->calls--;
    inner->api->leave_call(inner);
}

static int
pair_repr_enter(kaa_context *ctx, kaa_object *object)
{
    ENTER(repr_enter, -1, object);
    int result = failing(ctx, inner->api->repr_enter(inner, object));

    if (own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->reprs += result == 0;
    return result;
}

static void
pair_repr_leave(kaa_context *ctx, kaa_object *object)
{
    ENTER(repr_leave, , object);
    if (own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->reprs--;
    inner->api->repr_leave(inner, object);
}

void
kaa_checked__fill_objects(kaa_api *table)
{
    table->function_new = wrap_function_new;
    table->type_new = wrap_type_new;
    table->module_state = see_module_state;
    table->module_find = find_module_find;
    table->capsule_new = see_capsule_new;
    table->str_as_utf8 = lend_str_as_utf8;
    table->bytes_as_data = lend_bytes_as_data;
    table->tuple_get_borrowed = lend_tuple_get_borrowed;
    table->enter_call = pair_enter_call;
    table->leave_call = pair_leave_call;
    table->repr_enter = pair_repr_enter;
    table->repr_leave = pair_repr_leave;
}
