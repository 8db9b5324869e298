/* args/parse.c - taking positional arguments apart. */
#include <string.h>

#include "args/internal.h"

/* The units that are met all day, without a call; the rest by convert.c. */
static inline int
convert(kaa_args__walk *walk, const kaa_args__unit *unit, kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    const char *text;
    int64_t value;
    size_t size;

    switch (unit->op) {
    case OP_TEXT:
        text = ctx->api->str_as_utf8(ctx, object, &size);
        if (KAA_UNLIKELY(text == NULL || memchr(text, 0, size) != NULL))
            return kaa_args__refuse_text(walk, unit, object, text);
        *va_arg(walk->out, const char **) = text;
        return 0;
    case OP_INT:
        if (KAA_UNLIKELY(kaa_int_as_int64(ctx, object, &value) != 0))
            return kaa_args__refuse_int(walk, unit, object);
        if (KAA_UNLIKELY((int)value != value))
            return kaa_args__refuse_range(walk, unit, value);
        *va_arg(walk->out, int *) = (int)value;
        return 0;
    case OP_OBJECT:
        *va_arg(walk->out, kaa_object **) = object;
        return 0;
    default:
        return kaa_args__convert(walk, unit, object);
    }
}

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
        if (KAA_UNLIKELY(convert(&walk, unit, args[i]) != 0)) {
            kaa_args__undo(&walk);
            result = 0;
            break;
        }
        unit += 1u + unit->span;
    }
    va_end(walk.out);
    return result;
}

int
kaa_args__parse_args_v(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                       const char *format, va_list out)
{
    const kaa_args__plan *plan = kaa_args__find(KAA_ARGS__POSITIONAL, format);
    kaa_args__room room;

    if (KAA_UNLIKELY(plan == NULL)) {
        plan = kaa_args__compile(ctx, KAA_ARGS__POSITIONAL, format, &room);
        if (plan == NULL)
            return 0;
    }
    return run(ctx, plan, args, nargs, out);
}
