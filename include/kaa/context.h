/* kaa/context.h - objects, through a context.
 *
 * C code that uses objects is handed a context and calls through its table:
 *
 *     kaa_object *list = kaa_list_new(ctx, 0);
 *
 *     if (list == NULL || kaa_list_take_append(ctx, list, kaa_int(ctx, 42)))
 *         goto failed;                 // an exception is pending in ctx
 *
 *     kaa_list_append(ctx, ...) --> ctx->api->list_append(ctx, ...)
 *                                         |
 *             native    objects of kaa's own: kaa/runtime.h
 *             cpython   the running interpreter's own objects, not converted
 *
 * A context is one thread's view of one runtime; the pending exception belongs
 * to it. It is used by its thread alone, the runtime's GIL held.
 *
 * The functions are those of kaa/slots.h, which tells what each does, what it
 * returns and who owns it; here stand the table, and what is more than a call.
 * Nothing here needs libkaa to be linked: a module that includes kaa/module.h
 * runs on whatever loads it. The table only grows at its end; `size` tells how
 * far it goes, and KAA_API_HAS(ctx, slot) whether a slot is there.
 */
#ifndef KAA_CONTEXT_H
#define KAA_CONTEXT_H

#include <stdarg.h>

#include <kaa/object.h>

KAA_BEGIN_DECLS

struct kaa_module_def;

/** The table of a context. */
typedef struct kaa_api {
    size_t size; /**< Bytes of the whole table. */
#define KAA_SLOT(result, name, parameters, arguments) result(*name) parameters;
#define KAA_VOID_SLOT(name, parameters, arguments) void(*name) parameters;
#define KAA_BARE_SLOT(result, name, parameters) result(*name) parameters;
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
} kaa_api;

/** kaa_context::counting: how kaa_incref() and kaa_decref() may count without a
 * call. A number that a module does not know means: by a call. */
enum {
    KAA_COUNT_CALL = 0, /**< By a call. */
    KAA_COUNT_WORD = 1, /**< A 64-bit word at the start of the object: plus and
                             minus 1; its low 48 bits 0: kaa_api::dealloc. */
    KAA_COUNT_HALF = 2, /**< The low 32 bits of that word; not where they are
                             negative; the word 0: kaa_api::dealloc. */
};

/** kaa_context::flags. */
enum {
    KAA_TAGGED_INTS = 1u << 0, /**< kaa_int() may make a small int without a
                                    call: the value times 2, plus 1. */
};

/** The part of a context that is public; it is made by the library alone. */
struct kaa_context {
    const kaa_api *api;
    kaa_object *const *builtins; /**< By kaa_builtin_id; borrowed. */
    const uint32_t *requests;    /**< Not 0: kaa_poll() has something to do. */
    size_t data_offset;          /**< Where instances keep their data; 0: see
                                      kaa_api::instance_data. */
    uint32_t builtin_count;
    uint32_t counting; /**< KAA_COUNT_* */
    uint32_t flags;    /**< KAA_TAGGED_INTS */
    uint32_t reserved;
};

/** Whether a context's table has a slot, for modules that can do without. */
#define KAA_API_HAS(ctx, slot)                                                 \
    ((ctx)->api->size >= offsetof(kaa_api, slot) + sizeof((ctx)->api->slot))

KAA_END_DECLS

#include <kaa/slots.h>

KAA_BEGIN_DECLS

/** Whether a handle is a value itself, without memory or count. */
static inline int
kaa_is_tagged(const kaa_object *object)
{
    return ((uintptr_t)object & 3u) != 0;
}

/** Takes a reference to an object, or to none if it is NULL; returns it. */
static inline kaa_object *
kaa_incref(kaa_context *ctx, kaa_object *object)
{
    if (object == NULL || kaa_is_tagged(object))
        return object;
    if (ctx->counting == KAA_COUNT_WORD) {
        ++*(uint64_t *)(void *)object;
    } else if (ctx->counting == KAA_COUNT_HALF) {
        uint32_t *half = (uint32_t *)(void *)object;

        if ((int32_t)*half >= 0)
            ++*half;
    } else {
        ctx->api->incref(ctx, object);
    }
    return object;
}

/** Gives a reference up, which may end the object. NULL is allowed. */
static inline void
kaa_decref(kaa_context *ctx, kaa_object *object)
{
    if (object == NULL || kaa_is_tagged(object))
        return;
    if (ctx->counting == KAA_COUNT_WORD) {
        if ((--*(uint64_t *)(void *)object << 16) == 0)
            ctx->api->dealloc(ctx, object);
    } else if (ctx->counting == KAA_COUNT_HALF) {
        uint32_t *half = (uint32_t *)(void *)object;

        if ((int32_t)*half >= 0 && --*half == 0)
            ctx->api->dealloc(ctx, object);
    } else {
        ctx->api->decref(ctx, object);
    }
}

/** Sets a variable to NULL and then gives its reference up, in the order that
 * is right for a type's clear and destroy. */
#define KAA_CLEAR(ctx, variable)                                               \
    do {                                                                       \
        kaa_object *kaa_cleared = (variable);                                  \
        (variable) = NULL;                                                     \
        kaa_decref((ctx), kaa_cleared);                                        \
    } while (0)

/** A builtin object, borrowed; it lives as long as the runtime. */
static inline kaa_object *
kaa_builtin(const kaa_context *ctx, kaa_builtin_id id)
{
    return ctx->builtins[id];
}

/** None, as a new reference. */
static inline kaa_object *
kaa_none(kaa_context *ctx)
{
    return kaa_incref(ctx, ctx->builtins[KAA_NONE]);
}

/** What a slot returns that does not know the operation. */
static inline kaa_object *
kaa_not_implemented(kaa_context *ctx)
{
    return kaa_incref(ctx, ctx->builtins[KAA_NOT_IMPLEMENTED]);
}

/** True or False, as a new reference. */
static inline kaa_object *
kaa_bool(kaa_context *ctx, int value)
{
    return kaa_incref(ctx, ctx->builtins[value ? KAA_TRUE : KAA_FALSE]);
}

/** Whether an object is None. */
static inline int
kaa_is_none(const kaa_context *ctx, const kaa_object *object)
{
    return object == ctx->builtins[KAA_NONE];
}

/** An int, as a new reference. */
static inline kaa_object *
kaa_int(kaa_context *ctx, int64_t value)
{
    if ((ctx->flags & KAA_TAGGED_INTS) != 0 && value >= INT64_MIN / 2 &&
        value <= INT64_MAX / 2)
        return (kaa_object *)(uintptr_t)((uint64_t)value * 2 + 1);
    return ctx->api->int_from_int64(ctx, value);
}

/** The value of an int into *out; 0, or -1: OverflowError, TypeError. */
static inline int
kaa_int_as_int64(kaa_context *ctx, kaa_object *object, int64_t *out)
{
    if (((uintptr_t)object & 1u) != 0) {
        int64_t twice = (int64_t)(uintptr_t)object;

        *out = (twice - 1) / 2;
        return 0;
    }
    return ctx->api->int_as_int64(ctx, object, out);
}

/** A str of a NUL-terminated UTF-8 text. */
static inline kaa_object *
kaa_text(kaa_context *ctx, const char *text)
{
    const char *end = text;

    while (*end != '\0')
        end++;
    return ctx->api->str_from_utf8(ctx, text, (size_t)(end - text));
}

/** Whether the object's own type is `type` or derived from it; -1 with an
 * exception if it cannot be told. What to ask before kaa_data() of an argument:
 * kaa_is_instance() believes what an object says of itself (`__class__`), as
 * isinstance() does. */
static inline int
kaa_is_made_of(kaa_context *ctx, kaa_object *object, kaa_object *type)
{
    kaa_object *own = ctx->api->type_of(ctx, object);
    int result = own != NULL ? ctx->api->is_subtype(ctx, own, type) : -1;

    if (own != NULL)
        kaa_decref(ctx, own);
    return result;
}

/** The data of an instance of a type that kaa_type_new() made, or of one
 * derived from it. The object is not checked: methods are only called with
 * instances of their type; for other objects there is kaa_is_made_of(). */
static inline void *
kaa_data(kaa_context *ctx, kaa_object *instance)
{
    if (ctx->data_offset != 0)
        return (char *)instance + ctx->data_offset;
    return ctx->api->instance_data(ctx, instance);
}

/**
 * Makes `type(message)` pending; the message is made as by kaa_str_format().
 * Returns -1.
 */
static inline int
kaa_raise_format(kaa_context *ctx, kaa_object *type, const char *format, ...)
{
    va_list values;
    int result;

    va_start(values, format);
    result = ctx->api->raise_format_v(ctx, type, format, values);
    va_end(values);
    return result;
}

/**
 * Makes a str from a format: %% %c (int, a code point) %d %i %u %x, with hh h l
 * ll j z t, %p, %s (UTF-8; cut to a precision in bytes; what is not UTF-8 is
 * replaced), %g %f %e (double), %U (a str), %S (any object, as str()), %R (as
 * repr()), %T (the name of its type). Flags 0 and -, width and precision as
 * printf has them, but no `*`. Fails: ValueError for another format.
 */
static inline kaa_object *
kaa_str_format(kaa_context *ctx, const char *format, ...)
{
    va_list values;
    kaa_object *result;

    va_start(values, format);
    result = ctx->api->str_format_v(ctx, format, values);
    va_end(values);
    return result;
}

/** Adds the place where it stands to the traceback of the pending exception. */
#define KAA_TRACE(ctx) kaa_error_add_frame((ctx), __func__, __FILE__, __LINE__)

/**
 * The place in a long loop where other threads may have their turn, signals are
 * seen and garbage may be collected: call it every few microseconds. 0; -1 when
 * an exception is pending (Ctrl-C).
 */
static inline int
kaa_poll(kaa_context *ctx)
{
#if defined(__GNUC__) || defined(__clang__)
    if (ctx->requests != NULL &&
        __atomic_load_n(ctx->requests, __ATOMIC_RELAXED) == 0)
        return 0;
#endif
    return ctx->api->poll(ctx);
}

/**
 * On a thread that C made: attaches it to the runtime and takes the GIL, if it
 * has not got it. `api` and `runtime` are ctx->api and kaa_runtime_handle(ctx)
 * of a thread that handed them over. NULL when memory is short or the runtime
 * ends.
 */
static inline kaa_context *
kaa_thread_enter(const kaa_api *api, void *runtime)
{
    return api->thread_enter(runtime);
}

/** Statements that run without the GIL, and use no object. */
#define KAA_ALLOW_THREADS_BEGIN(ctx)                                           \
    {                                                                          \
        void *kaa_begun = kaa_begin_allow_threads(ctx);
/** Ends what KAA_ALLOW_THREADS_BEGIN() began, in the same block. */
#define KAA_ALLOW_THREADS_END(ctx)                                             \
    kaa_end_allow_threads((ctx), kaa_begun);                                   \
    }

KAA_END_DECLS

#endif /* KAA_CONTEXT_H */
