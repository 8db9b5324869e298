/* checked/table.c - the table of a checked context: each slot calls the inner
 * one and enters what came and went.
 *
 * The slots are made from kaa/api.def; those that take references, give them
 * through `out`, or mean more than a call stand below. Slots with formats run
 * over this table, not the inner one, so that converters of the module are
 * called with its own context.
 */
#include <string.h>

#include "args/args.h"
#include "base/memory.h"
#include "checked/checked.h"

#define SITE __builtin_return_address(0)

static kaa_checked__context *
own_of(kaa_context *ctx)
{
    return (kaa_checked__context *)ctx;
}

kaa_context *
kaa_checked__enter(kaa_context *ctx, kaa_checked__slot slot, const void *site)
{
    kaa_checked__context *own = own_of(ctx);

    if (own->is_telling)
        return own->inner;
    if (!pthread_equal(own->thread, pthread_self()))
        kaa_checked__tell(own, "context of another thread", slot, NULL, site,
                          ": a context is used by its thread alone");
    else if (own->frame == NULL)
        kaa_checked__tell(own, "context used outside of a call", slot, NULL,
                          site, ": a context may not be kept");
    else if (own->frame->is_let_go)
        kaa_checked__tell(own, "used without the lock", slot, NULL, site,
                          ": between kaa_begin_allow_threads() and its end");
    return own->inner;
}

static void
note(kaa_context *ctx, kaa_checked__slot slot, int is_object,
     const void *result, const void *site)
{
    kaa_object *object;

    if (!is_object || slot == SLOT_tuple_get_borrowed)
        return;
    memcpy(&object, result, sizeof(object));
    kaa_checked__gain(own_of(ctx), object, slot, site);
}

#define KAA_SLOT(result, name, parameters, arguments)                          \
    static result check_##name parameters                                      \
    {                                                                          \
        kaa_context *checked_ctx = ctx;                                        \
        result checked_result;                                                 \
                                                                               \
        ctx = kaa_checked__enter(ctx, SLOT_##name, SITE);                      \
        checked_result = ctx->api->name arguments;                             \
        note(checked_ctx, SLOT_##name,                                         \
             _Generic(checked_result, kaa_object * : 1, default : 0),          \
             &checked_result, SITE);                                           \
        return checked_result;                                                 \
    }
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    static void check_##name parameters                                        \
    {                                                                          \
        ctx = kaa_checked__enter(ctx, SLOT_##name, SITE);                      \
        ctx->api->name arguments;                                              \
    }
#define KAA_BARE_SLOT(result, name, parameters)                                \
    static result check_##name parameters;
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT

/* ---- Counting */

static void
check_incref(kaa_context *ctx, kaa_object *object)
{
    kaa_incref(kaa_checked__enter(ctx, SLOT_incref, SITE), object);
    kaa_checked__gain(own_of(ctx), object, SLOT_incref, SITE);
}

/* One that is not the function's stays. */
static void
check_decref(kaa_context *ctx, kaa_object *object)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_decref, SITE);

    if (kaa_checked__lose(own_of(ctx), object, SLOT_decref, SITE))
        kaa_decref(inner, object);
}

/* Never called: its context counts by calls. */
static void
check_dealloc(kaa_context *ctx, kaa_object *object)
{
    ctx = kaa_checked__enter(ctx, SLOT_dealloc, SITE);
    ctx->api->dealloc(ctx, object);
}

/* Before a slot that takes references over. */
static void
take(kaa_context *ctx, kaa_checked__slot slot, kaa_object *const *items,
     size_t count, const void *site)
{
    kaa_checked__context *own = own_of(ctx);

    for (size_t i = 0; i < count; i++)
        if (items[i] != NULL && !kaa_checked__lose(own, items[i], slot, site))
            kaa_incref(own->inner, items[i]);
}

#define TAKING(name)                                                           \
    static kaa_object *take_##name(kaa_context *ctx, kaa_object *const *items, \
                                   size_t count)                               \
    {                                                                          \
        kaa_context *inner = kaa_checked__enter(ctx, SLOT_##name, SITE);       \
        kaa_object *result;                                                    \
                                                                               \
        take(ctx, SLOT_##name, items, count, SITE);                            \
        result = inner->api->name(inner, items, count);                        \
        kaa_checked__gain(own_of(ctx), result, SLOT_##name, SITE);             \
        return result;                                                         \
    }
TAKING(tuple_take_array)
TAKING(list_take_array)

static kaa_object *
take_dict_take_array(kaa_context *ctx, kaa_object *const *items, size_t count)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_dict_take_array, SITE);
    kaa_object *result;

    take(ctx, SLOT_dict_take_array, items, 2 * count, SITE);
    result = inner->api->dict_take_array(inner, items, count);
    kaa_checked__gain(own_of(ctx), result, SLOT_dict_take_array, SITE);
    return result;
}

static int
take_list_take_append(kaa_context *ctx, kaa_object *list, kaa_object *item)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_list_take_append, SITE);

    take(ctx, SLOT_list_take_append, &item, 1, SITE);
    return inner->api->list_take_append(inner, list, item);
}

/* ---- References through `out` */

static int
came(kaa_context *ctx, kaa_checked__slot slot, int result, kaa_object **out,
     const void *site)
{
    if (result == 1 && out != NULL)
        kaa_checked__gain(own_of(ctx), *out, slot, site);
    return result;
}

static int
out_dict_find(kaa_context *ctx, kaa_object *dict, kaa_object *key,
              kaa_object **out)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_dict_find, SITE);

    return came(ctx, SLOT_dict_find,
                inner->api->dict_find(inner, dict, key, out), out, SITE);
}

static int
out_dict_find_text(kaa_context *ctx, kaa_object *dict, const char *key,
                   size_t size, kaa_object **out)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_dict_find_text, SITE);

    return came(ctx, SLOT_dict_find_text,
                inner->api->dict_find_text(inner, dict, key, size, out), out,
                SITE);
}

static int
out_dict_remove(kaa_context *ctx, kaa_object *dict, kaa_object *key,
                kaa_object **out)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_dict_remove, SITE);

    return came(ctx, SLOT_dict_remove,
                inner->api->dict_remove(inner, dict, key, out), out, SITE);
}

static int
out_dict_next(kaa_context *ctx, kaa_object *dict, size_t *position,
              kaa_object **out_key, kaa_object **out_value)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_dict_next, SITE);
    int result =
        inner->api->dict_next(inner, dict, position, out_key, out_value);

    came(ctx, SLOT_dict_next, result, out_key, SITE);
    return came(ctx, SLOT_dict_next, result, out_value, SITE);
}

static int
out_weakref_get(kaa_context *ctx, kaa_object *weakref, kaa_object **out)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_weakref_get, SITE);

    return came(ctx, SLOT_weakref_get,
                inner->api->weakref_get(inner, weakref, out), out, SITE);
}

static int
out_find_attr(kaa_context *ctx, kaa_object *object, const char *name,
              kaa_object **out)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_find_attr, SITE);

    return came(ctx, SLOT_find_attr,
                inner->api->find_attr(inner, object, name, out), out, SITE);
}

static int
out_next(kaa_context *ctx, kaa_object *iterator, kaa_object **out)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_next, SITE);

    return came(ctx, SLOT_next, inner->api->next(inner, iterator, out), out,
                SITE);
}

/* ---- Slots with an inline form */

static kaa_object *
check_int_from_int64(kaa_context *ctx, int64_t value)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_int_from_int64, SITE);
    kaa_object *result = inner->api->int_from_int64(inner, value);

    kaa_checked__gain(own_of(ctx), result, SLOT_int_from_int64, SITE);
    return result;
}

static int
check_int_as_int64(kaa_context *ctx, kaa_object *object, int64_t *out)
{
    ctx = kaa_checked__enter(ctx, SLOT_int_as_int64, SITE);
    return ctx->api->int_as_int64(ctx, object, out);
}

static int
check_raise_format_v(kaa_context *ctx, kaa_object *type, const char *format,
                     va_list values)
{
    ctx = kaa_checked__enter(ctx, SLOT_raise_format_v, SITE);
    return ctx->api->raise_format_v(ctx, type, format, values);
}

static kaa_object *
check_str_format_v(kaa_context *ctx, const char *format, va_list values)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_str_format_v, SITE);
    kaa_object *result = inner->api->str_format_v(inner, format, values);

    kaa_checked__gain(own_of(ctx), result, SLOT_str_format_v, SITE);
    return result;
}

static void *
check_instance_data(kaa_context *ctx, kaa_object *instance)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_instance_data, SITE);
    void *data = kaa_data(inner, instance);

    kaa_checked__see_data(own_of(ctx), data,
                          own_of(ctx)->module->data_bytes_max, 0);
    return data;
}

static int
check_parse_args_v(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                   const char *format, va_list out)
{
    (void)kaa_checked__enter(ctx, SLOT_parse_args_v, SITE);
    return kaa_args__parse_args_v(ctx, args, nargs, format, out);
}

static int
check_parse_keywords_v(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                       kaa_object *kwnames, const char *format,
                       const char *const *names, va_list out)
{
    (void)kaa_checked__enter(ctx, SLOT_parse_keywords_v, SITE);
    return kaa_args__parse_keywords_v(ctx, args, nargs, kwnames, format, names,
                                      out);
}

static kaa_object *
check_build_v(kaa_context *ctx, const char *format, va_list values)
{
    (void)kaa_checked__enter(ctx, SLOT_build_v, SITE);
    return kaa_args__build_v(ctx, format, values);
}

static int
check_poll(kaa_context *ctx)
{
    ctx = kaa_checked__enter(ctx, SLOT_poll, SITE);
    return kaa_poll(ctx);
}

/* ---- Functions, types, modules */

static kaa_object *
wrap_function_new(kaa_context *ctx, const kaa_method *method, kaa_object *self,
                  kaa_object *module)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_function_new, SITE);
    kaa_object *result;

    if (method != NULL)
        method = kaa_checked__wrap_method(own_of(ctx)->module, method);
    if (method == NULL) {
        kaa_raise_memory(inner);
        return NULL;
    }
    result = inner->api->function_new(inner, method, self, module);
    kaa_checked__gain(own_of(ctx), result, SLOT_function_new, SITE);
    return result;
}

static kaa_object *
wrap_type_new(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *module,
              kaa_object *base)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_type_new, SITE);
    const kaa_type_spec *wrapped = spec;
    kaa_object *result;

    if (spec != NULL)
        wrapped = kaa_checked__wrap_spec(own_of(ctx)->module, spec);
    if (spec != NULL && wrapped == NULL) {
        kaa_raise_memory(inner);
        return NULL;
    }
    result = inner->api->type_new(inner, wrapped, module, base);
    kaa_checked__gain(own_of(ctx), result, SLOT_type_new, SITE);
    return result;
}

static void *
see_module_state(kaa_context *ctx, kaa_object *module)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_module_state, SITE);
    kaa_checked__module *own = own_of(ctx)->module;
    void *state = inner->api->module_state(inner, module);

    pthread_mutex_lock(&own->lock);
    if (state != NULL &&
        !kaa_checked__add_region(own, state, own->definition.state_bytes) &&
        own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->is_blind = 1;
    pthread_mutex_unlock(&own->lock);
    return state;
}

/* A module knows its own definition, the inner context the checked one. */
static kaa_object *
find_module_find(kaa_context *ctx, const kaa_module_def *definition)
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_module_find, SITE);
    const kaa_checked__module *own = own_of(ctx)->module;
    kaa_object *result;

    if (definition == own->original)
        definition = &own->definition;
    result = inner->api->module_find(inner, definition);
    kaa_checked__gain(own_of(ctx), result, SLOT_module_find, SITE);
    return result;
}

/* A pointer that a capsule keeps is the module's. */
static kaa_object *
see_capsule_new(kaa_context *ctx, void *pointer, const char *name,
                void (*destroy)(void *))
{
    kaa_context *inner = kaa_checked__enter(ctx, SLOT_capsule_new, SITE);
    kaa_checked__module *own = own_of(ctx)->module;
    kaa_object *result = inner->api->capsule_new(inner, pointer, name, destroy);

    pthread_mutex_lock(&own->lock);
    if (!kaa_checked__add_region(own, pointer, 256) &&
        own_of(ctx)->frame != NULL)
        own_of(ctx)->frame->is_blind = 1;
    pthread_mutex_unlock(&own->lock);
    kaa_checked__gain(own_of(ctx), result, SLOT_capsule_new, SITE);
    return result;
}

/* ---- The table */

static kaa_context *
check_thread_enter(void *runtime)
{
    return kaa_checked__thread_enter(runtime);
}

static const kaa_api made = {
    .size = sizeof(kaa_api),
#define KAA_SLOT(result, name, parameters, arguments) .name = check_##name,
#define KAA_VOID_SLOT(name, parameters, arguments) .name = check_##name,
#define KAA_BARE_SLOT(result, name, parameters) .name = check_##name,
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
};
static kaa_api table;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fill(void)
{
    table = made;
    table.tuple_take_array = take_tuple_take_array;
    table.list_take_array = take_list_take_array;
    table.dict_take_array = take_dict_take_array;
    table.list_take_append = take_list_take_append;
    table.dict_find = out_dict_find;
    table.dict_find_text = out_dict_find_text;
    table.dict_remove = out_dict_remove;
    table.dict_next = out_dict_next;
    table.weakref_get = out_weakref_get;
    table.find_attr = out_find_attr;
    table.next = out_next;
    table.function_new = wrap_function_new;
    table.type_new = wrap_type_new;
    table.module_state = see_module_state;
    table.module_find = find_module_find;
    table.capsule_new = see_capsule_new;
    kaa_checked__fill_lent(&table);
}

const kaa_api *
kaa_checked__table(void)
{
    pthread_once(&once, fill);
    return &table;
}
