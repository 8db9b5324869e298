/* args/parse.c - taking positional arguments apart. */
#include <string.h>

#include "args/internal.h"

static int
refuse_count(kaa_context *ctx, const kaa_args__plan *plan, size_t given)
{
    int is_few = given < plan->minimum;
    size_t wanted = is_few ? plan->minimum : plan->maximum;
    const char *how = is_few ? "at least" : "at most";

    if (plan->message != NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), plan->message);
    if (plan->minimum == plan->maximum)
        how = "exactly";
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                            "%.150s%s takes %s %zu argument%s (%zu given)",
                            plan->name != NULL ? plan->name : "function",
                            plan->name != NULL ? "()" : "", how, wanted,
                            wanted == 1 ? "" : "s", given);
}

static int
run(kaa_context *ctx, const kaa_args__plan *plan, kaa_object *const *args,
    size_t nargs, va_list out)
{
    const kaa_args__unit *unit = plan->units;
    kaa_args__walk walk;
    int result = 1;

    if (KAA_UNLIKELY(nargs < plan->minimum || nargs > plan->maximum)) {
        refuse_count(ctx, plan, nargs);
        return 0;
    }
    walk.ctx = ctx;
    walk.plan = plan;
    walk.names = NULL;
    walk.depth = 0;
    walk.held_count = 0;
    va_copy(walk.out, out);
    for (uint32_t i = 0; i < nargs; i++) {
        walk.position = i;
        if (kaa_args__convert(&walk, unit, args[i]) != 0) {
            kaa_args__undo(&walk);
            result = 0;
            break;
        }
        unit += 1u + unit->span;
    }
    va_end(walk.out);
    return result;
}

/* What refusals need to know of the argument at `i`. */
static void
tell_place(kaa_args__walk *walk, kaa_context *ctx, const kaa_args__plan *plan,
           size_t i)
{
    walk->ctx = ctx;
    walk->plan = plan;
    walk->names = NULL;
    walk->position = (uint32_t)i;
    walk->depth = walk->held_count = 0;
}

static __attribute__((noinline, cold)) int
refuse_quick(kaa_context *ctx, const kaa_args__plan *plan, size_t i,
             kaa_object *object, const char *text)
{
    kaa_args__walk walk;

    tell_place(&walk, ctx, plan, i);
    if (plan->units[i].op == OP_TEXT)
        kaa_args__refuse_text(&walk, &plan->units[i], object, text);
    else
        kaa_args__refuse_int(&walk, &plan->units[i], object);
    return 0;
}

static __attribute__((noinline, cold)) int
refuse_quick_range(kaa_context *ctx, const kaa_args__plan *plan, size_t i,
                   int64_t value)
{
    kaa_args__walk walk;

    tell_place(&walk, ctx, plan, i);
    kaa_args__refuse_range(&walk, &plan->units[i], value);
    return 0;
}

/* Whether there is a NUL among the bytes; most texts are short. */
static inline int
has_nul(const char *text, size_t size)
{
    if (size > 24)
        return memchr(text, 0, size) != NULL;
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0')
            return 1;
    return 0;
}

/* Plans of the units that are met all day, in one loop. */
static int
run_quick(kaa_context *ctx, const kaa_args__plan *plan, kaa_object *const *args,
          size_t nargs, va_list out)
{
    const char *text;
    int64_t value;
    size_t size;

    for (size_t i = 0; i < nargs; i++) {
        kaa_object *object = args[i];

        switch (plan->units[i].op) {
        case OP_TEXT:
            text = ctx->api->str_as_utf8(ctx, object, &size);
            if (KAA_UNLIKELY(text == NULL || has_nul(text, size)))
                return refuse_quick(ctx, plan, i, object, text);
            *va_arg(out, const char **) = text;
            break;
        case OP_INT:
            if (KAA_UNLIKELY(kaa_int_as_int64(ctx, object, &value) != 0))
                return refuse_quick(ctx, plan, i, object, NULL);
            if (KAA_UNLIKELY((int)value != value))
                return refuse_quick_range(ctx, plan, i, value);
            *va_arg(out, int *) = (int)value;
            break;
        default:
            *va_arg(out, kaa_object **) = object;
        }
    }
    return 1;
}

/* A format that was not met before, or not kept. */
static __attribute__((noinline)) int
run_new(kaa_context *ctx, kaa_object *const *args, size_t nargs,
        const char *format, va_list out)
{
    kaa_args__room room;
    const kaa_args__plan *plan =
        kaa_args__compile(ctx, KAA_ARGS__POSITIONAL, format, &room);

    return plan != NULL ? run(ctx, plan, args, nargs, out) : 0;
}

int
kaa_args__parse_args_v(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                       const char *format, va_list out)
{
    const kaa_args__plan *plan = kaa_args__find(KAA_ARGS__POSITIONAL, format);

    if (KAA_UNLIKELY(plan == NULL))
        return run_new(ctx, args, nargs, format, out);
    if (KAA_LIKELY(plan->is_quick && nargs >= plan->minimum &&
                   nargs <= plan->maximum))
        return run_quick(ctx, plan, args, nargs, out);
    return run(ctx, plan, args, nargs, out);
}
