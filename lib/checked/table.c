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
#include "checked/look.h"

/* Where the lock has been let go it is taken back for good. */
static void
tell_unlocked(kaa_checked__context *own, kaa_checked__slot slot,
              const void *site)
{
    own->inner->api->end_allow_threads(own->inner, own->frame->begun);
    own->frame->is_let_go = 0;
    own->frame->is_taken_back = 1;
    kaa_checked__tell(own, "used without the lock", slot, NULL, site,
                      ": between kaa_begin_allow_threads() and its end");
}

kaa_context *
kaa_checked__enter(kaa_context *ctx, kaa_checked__slot slot, const void *site)
{
    kaa_checked__context *own = own_of(ctx);
    kaa_checked__frame *frame = own->frame;

    if (own->self != kaa_checked__self()) {
        kaa_checked__tell(own, "context of another thread", slot, NULL, site,
                          ": a context is used by its thread alone");
        return NULL;
    }
    if (own->is_telling)
        return own->inner;
    if (frame == NULL) {
        kaa_checked__tell(own, "context used outside of a call", slot, NULL,
                          site, ": a context may not be kept");
        return NULL;
    }
    if (frame->is_let_go)
        tell_unlocked(own, slot, site);
    frame->has_called |= kaa_checked__is_calling(slot);
    return own->inner;
}

#define KAA_SLOT(result, name, parameters, arguments)                          \
    static result check_##name parameters                                      \
    {                                                                          \
        kaa_context *checked_ctx = ctx;                                        \
        result checked_result;                                                 \
        kaa_checked__look look = {                                             \
            own_of(ctx), own_of(ctx)->frame, SLOT_##name, 0, NULL, SITE};      \
                                                                               \
        ctx = enter(ctx, SLOT_##name, look.site);                              \
        if (ctx == NULL || !ALL_SEEN arguments ||                              \
            kaa_checked__is_failing(&look)) {                                  \
            memset(&checked_result, IS_NUMBER(checked_result) ? 0xff : 0,      \
                   sizeof(checked_result));                                    \
            return checked_result;                                             \
        }                                                                      \
        checked_result = ctx->api->name arguments;                             \
        note(checked_ctx, SLOT_##name, IS_OBJECT(checked_result),              \
             IS_NUMBER(checked_result) ? (intptr_t)checked_result < 0          \
                                       : (intptr_t)checked_result == 0,        \
             &checked_result, look.site);                                      \
        return checked_result;                                                 \
    }
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    static void check_##name parameters                                        \
    {                                                                          \
        kaa_checked__look look = {                                             \
            own_of(ctx), own_of(ctx)->frame, SLOT_##name, 0, NULL, SITE};      \
                                                                               \
        ctx = enter(ctx, SLOT_##name, look.site);                              \
        if (ctx != NULL && ALL_SEEN arguments)                                 \
            ctx->api->name arguments;                                          \
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
    ENTER(incref, , object);
    kaa_incref(inner, object);
    kaa_checked__gain(own_of(ctx), object, SLOT_incref, SITE);
}

/* One that is not the function's stays. */
static void
check_decref(kaa_context *ctx, kaa_object *object)
{
    kaa_context *inner = enter(ctx, SLOT_decref, SITE);

    if (inner != NULL &&
        kaa_checked__lose(own_of(ctx), object, SLOT_decref, SITE))
        kaa_checked__release(own_of(ctx), object);
}

/* Never called: its context counts by calls. */
static void
check_dealloc(kaa_context *ctx, kaa_object *object)
{
    ENTER(dealloc, , object);
    inner->api->dealloc(inner, object);
}

/* Without those that only the ledger holds. */
static size_t
count_refcount(kaa_context *ctx, kaa_object *object)
{
    ENTER(refcount, SIZE_MAX, object);
    size_t count = inner->api->refcount(inner, object);
    size_t held = kaa_checked__held(own_of(ctx), object);

    return count == SIZE_MAX || held >= count ? count : count - held;
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

#define TAKING(name, count_of)                                                 \
    static kaa_object *take_##name(kaa_context *ctx, kaa_object *const *items, \
                                   size_t count)                               \
    {                                                                          \
        ENTER(name, NULL, items, count);                                       \
        take(ctx, SLOT_##name, items, count_of, SITE);                         \
        return gained(ctx, inner->api->name(inner, items, count), SLOT_##name, \
                      SITE);                                                   \
    }
TAKING(tuple_take_array, count)
TAKING(list_take_array, count)
TAKING(dict_take_array, 2 * count)

static int
take_list_take_append(kaa_context *ctx, kaa_object *list, kaa_object *item)
{
    ENTER(list_take_append, -1, list);
    take(ctx, SLOT_list_take_append, &item, 1, SITE);
    int result = inner->api->list_take_append(inner, list, item);

    note(ctx, SLOT_list_take_append, 0, result < 0, NULL, SITE);
    return result;
}

/* ---- References through `out` */

static int
came(kaa_context *ctx, kaa_checked__slot slot, int result, kaa_object **out,
     const void *site)
{
    note(ctx, slot, 0, result < 0, NULL, site);
    if (result == 1 && out != NULL)
        kaa_checked__gain(own_of(ctx), *out, slot, site);
    return result;
}

#define COMES(name, parameters, call, ...)                                     \
    static int out_##name parameters                                           \
    {                                                                          \
        ENTER(name, -1, __VA_ARGS__);                                          \
        return came(ctx, SLOT_##name, inner->api->name call, out, SITE);       \
    }
COMES(dict_find,
      (kaa_context * ctx, kaa_object *dict, kaa_object *key, kaa_object **out),
      (inner, dict, key, out), dict, key)
COMES(dict_find_text,
      (kaa_context * ctx, kaa_object *dict, const char *key, size_t size,
       kaa_object **out),
      (inner, dict, key, size, out), dict, key)
COMES(dict_remove,
      (kaa_context * ctx, kaa_object *dict, kaa_object *key, kaa_object **out),
      (inner, dict, key, out), dict, key)
COMES(weakref_get, (kaa_context * ctx, kaa_object *weakref, kaa_object **out),
      (inner, weakref, out), weakref)
COMES(find_attr,
      (kaa_context * ctx, kaa_object *object, const char *name,
       kaa_object **out),
      (inner, object, name, out), object, name)
COMES(next, (kaa_context * ctx, kaa_object *iterator, kaa_object **out),
      (inner, iterator, out), iterator)

static int
out_dict_next(kaa_context *ctx, kaa_object *dict, size_t *position,
              kaa_object **out_key, kaa_object **out_value)
{
    ENTER(dict_next, -1, dict);
    int result =
        inner->api->dict_next(inner, dict, position, out_key, out_value);

    came(ctx, SLOT_dict_next, result, out_key, SITE);
    return came(ctx, SLOT_dict_next, result, out_value, SITE);
}

/* ---- Slots with an inline form */

static kaa_object *
check_int_from_int64(kaa_context *ctx, int64_t value)
{
    ENTER(int_from_int64, NULL, value);
    return gained(ctx, inner->api->int_from_int64(inner, value),
                  SLOT_int_from_int64, SITE);
}

static int
check_int_as_int64(kaa_context *ctx, kaa_object *object, int64_t *out)
{
    ENTER(int_as_int64, -1, object);
    return failing(ctx, inner->api->int_as_int64(inner, object, out));
}

static int
check_raise_format_v(kaa_context *ctx, kaa_object *type, const char *format,
                     va_list values)
{
    ENTER(raise_format_v, -1, type, format);
    return failing(ctx,
                   inner->api->raise_format_v(inner, type, format, values));
}

static kaa_object *
check_str_format_v(kaa_context *ctx, const char *format, va_list values)
{
    ENTER(str_format_v, NULL, format);
    return gained(ctx, inner->api->str_format_v(inner, format, values),
                  SLOT_str_format_v, SITE);
}

static void *
check_instance_data(kaa_context *ctx, kaa_object *instance)
{
    ENTER(instance_data, NULL, instance);
    void *data = kaa_data(inner, instance);
    const kaa_checked__spec *spec =
        kaa_checked__spec_of(own_of(ctx)->module, data);

    if (spec != NULL)
        kaa_checked__see_data(own_of(ctx), data, spec->before.data_bytes, spec,
                              instance);
    else
        kaa_checked__see_data(own_of(ctx), data,
                              own_of(ctx)->module->data_bytes_max, NULL, NULL);
    return data;
}

/* What the slots with formats call counts as called by who called them. */
static const void *
come_within(const kaa_context *inner, kaa_context *ctx, const void *site)
{
    const void *outer = own_of(ctx)->within;

    (void)inner;
    own_of(ctx)->within = kaa_checked__caller(own_of(ctx), site);
    return outer;
}

static int
check_parse_args_v(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                   const char *format, va_list out)
{
    ENTER(parse_args_v, 0, args, nargs);
    const void *outer = come_within(inner, ctx, SITE);
    int result = kaa_args__parse_args_v(ctx, args, nargs, format, out);

    own_of(ctx)->within = outer;
    return result;
}

static int
check_parse_keywords_v(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                       kaa_object *kwnames, const char *format,
                       const char *const *names, va_list out)
{
    ENTER(parse_keywords_v, 0, args, nargs);
    const void *outer = come_within(inner, ctx, SITE);
    int result = kaa_args__parse_keywords_v(ctx, args, nargs, kwnames, format,
                                            names, out);

    own_of(ctx)->within = outer;
    return result;
}

static kaa_object *
check_build_v(kaa_context *ctx, const char *format, va_list values)
{
    ENTER(build_v, NULL, format);
    const void *outer = come_within(inner, ctx, SITE);
    kaa_object *result = kaa_args__build_v(ctx, format, values);

    own_of(ctx)->within = outer;
    return result;
}

static int
check_poll(kaa_context *ctx)
{
    ENTER(poll, -1, ctx);
    return failing(ctx, kaa_poll(inner));
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
    table.refcount = count_refcount;
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
    kaa_checked__fill_objects(&table);
    kaa_checked__fill_lent(&table);
}

const kaa_api *
kaa_checked__table(void)
{
    pthread_once(&once, fill);
    return &table;
}
