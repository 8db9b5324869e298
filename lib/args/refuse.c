/* args/refuse.c - what is said of an argument that does not fit. */
#include <stdio.h>
#include <string.h>

#include "args/internal.h"

int
kaa_args__type_name(kaa_context *ctx, kaa_object *object, char *buffer,
                    size_t size)
{
    kaa_object *type = NULL, *name = NULL;
    const char *text = NULL;
    int result = 0;

    if (!kaa_is_none(ctx, object)) {
        type = kaa_type_of(ctx, object);
        if (type != NULL)
            name = kaa_get_attr_text(ctx, type, "__name__");
        if (name != NULL)
            text = kaa_str_as_utf8(ctx, name, NULL);
        if (text == NULL &&
            kaa_error_matches(ctx, kaa_builtin(ctx, KAA_MEMORY_ERROR)))
            result = -1;
        else if (text == NULL)
            kaa_error_clear(ctx);
    } else {
        text = "None";
    }
    snprintf(buffer, size, "%s", text != NULL ? text : "object");
    kaa_decref(ctx, name);
    kaa_decref(ctx, type);
    return result;
}

/* "f() argument 2, item 1", or "f() argument 'x'". */
static void
write_place(const kaa_args__walk *walk, char *buffer, size_t size)
{
    const kaa_args__plan *plan = walk->plan;
    int length;

    if (walk->names != NULL && *walk->names[walk->position] != '\0')
        length = snprintf(buffer, size, "%.150s%sargument '%.100s'",
                          plan->name != NULL ? plan->name : "",
                          plan->name != NULL ? "() " : "",
                          walk->names[walk->position]);
    else
        length = snprintf(buffer, size, "%.150s%sargument %u",
                          plan->name != NULL ? plan->name : "",
                          plan->name != NULL ? "() " : "",
                          (unsigned)walk->position + 1);
    for (uint32_t i = 0; i < walk->depth && (size_t)length < size - 16; i++)
        length += snprintf(buffer + length, size - (size_t)length, ", item %u",
                           walk->item[i] + 1u);
}

int
kaa_args__refuse_type(kaa_args__walk *walk, const char *wanted,
                      kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    char place[600], type[120];

    if (walk->plan->message != NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                         walk->plan->message);
    write_place(walk, place, sizeof(place));
    if (kaa_args__type_name(ctx, object, type, sizeof(type)) != 0)
        return -1;
    return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                            "%s must be %s, not %s", place, wanted, type);
}

int
kaa_args__refuse(kaa_args__walk *walk, kaa_builtin_id type, const char *format,
                 ...)
{
    kaa_context *ctx = walk->ctx;
    char place[600], reason[200];
    va_list values;

    va_start(values, format);
    vsnprintf(reason, sizeof(reason), format, values);
    va_end(values);
    if (walk->plan->message != NULL && type == KAA_TYPE_ERROR)
        return kaa_raise(ctx, kaa_builtin(ctx, type), walk->plan->message);
    write_place(walk, place, sizeof(place));
    return kaa_raise_format(ctx, kaa_builtin(ctx, type), "%s%s", place, reason);
}

int
kaa_args__is_no_number(kaa_context *ctx, kaa_object *object)
{
    static const kaa_builtin_id types[] = {
        KAA_STR_TYPE,  KAA_BYTES_TYPE, KAA_BYTEARRAY_TYPE, KAA_TUPLE_TYPE,
        KAA_LIST_TYPE, KAA_DICT_TYPE,  KAA_SET_TYPE};

    if (kaa_is_none(ctx, object))
        return 1;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (kaa_check_exact(ctx, object, (int)types[i]))
            return 1;
    return 0;
}

int
kaa_args__refuse_text(kaa_args__walk *walk, const kaa_args__unit *unit,
                      kaa_object *object, const char *text)
{
    kaa_context *ctx = walk->ctx;

    if (text != NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                         "embedded null character");
    if (kaa_check(ctx, object, KAA_STR_TYPE))
        return -1; /* memory, or a lone surrogate */
    kaa_error_clear(ctx);
    switch (unit->op) {
    case OP_TEXT_NULL:
        return kaa_args__refuse_type(walk, "str or None", object);
    case OP_TEXT_SIZED:
        return kaa_args__refuse_type(walk, "str or bytes", object);
    case OP_NULL_SIZED:
        return kaa_args__refuse_type(walk, "str, bytes or None", object);
    default:
        return kaa_args__refuse_type(walk, "str", object);
    }
}
