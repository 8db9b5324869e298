/* args/convert.c - one argument to what its unit stores: text, bytes, buffers,
 * objects, groups. numbers.c has the numbers. */
#include <string.h>

#include "args/internal.h"

static int
convert_text(kaa_args__walk *walk, const kaa_args__unit *unit,
             kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    const char *text = NULL;
    size_t size = 0;

    if (unit->op != OP_TEXT_NULL || !kaa_is_none(ctx, object)) {
        text = kaa_str_as_utf8(ctx, object, &size);
        if (text == NULL || memchr(text, 0, size) != NULL)
            return kaa_args__refuse_text(walk, unit, object, text);
    }
    *va_arg(walk->out, const char **) = text;
    return 0;
}

static int
convert_sized(kaa_args__walk *walk, const kaa_args__unit *unit,
              kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    const char *data = NULL;
    size_t size = 0;

    if (kaa_check(ctx, object, KAA_BYTES_TYPE)) {
        data = kaa_bytes_as_data(ctx, object, &size);
        if (data == NULL)
            return -1;
    } else if (unit->op == OP_BYTES_SIZED) {
        return kaa_args__refuse_type(walk, "bytes", object);
    } else if (unit->op != OP_NULL_SIZED || !kaa_is_none(ctx, object)) {
        data = kaa_str_as_utf8(ctx, object, &size);
        if (data == NULL)
            return kaa_args__refuse_text(walk, unit, object, NULL);
    }
    *va_arg(walk->out, const char **) = data;
    *va_arg(walk->out, size_t *) = size;
    return 0;
}

static int
convert_bytes(kaa_args__walk *walk, kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    const char *data;
    size_t size = 0;

    if (!kaa_check(ctx, object, KAA_BYTES_TYPE))
        return kaa_args__refuse_type(walk, "bytes", object);
    data = kaa_bytes_as_data(ctx, object, &size);
    if (data == NULL)
        return -1;
    if (memchr(data, 0, size) != NULL)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                         "embedded null byte");
    *va_arg(walk->out, const char **) = data;
    return 0;
}

/* A str's own UTF-8, lent as a buffer. */
static int
lend_text(kaa_context *ctx, kaa_object *str, kaa_buffer *buffer)
{
    size_t size = 0;
    const char *text = kaa_str_as_utf8(ctx, str, &size);

    if (text == NULL)
        return -1;
    memset(buffer, 0, sizeof(*buffer));
    memcpy(&buffer->data, &text, sizeof(text)); /* is_readonly guards it */
    buffer->owner = kaa_incref(ctx, str);
    buffer->bytes = (ptrdiff_t)size;
    buffer->item_bytes = 1;
    buffer->is_readonly = 1;
    buffer->dimensions = 1;
    return 0;
}

static int
convert_buffer(kaa_args__walk *walk, const kaa_args__unit *unit,
               kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    int is_writable = unit->op == OP_WRITABLE;
    int takes_text = unit->op == OP_TEXT_BUFFER || unit->op == OP_NULL_BUFFER;
    kaa_buffer lent;

    memset(&lent, 0, sizeof(lent));
    if (takes_text && kaa_check(ctx, object, KAA_STR_TYPE)) {
        if (lend_text(ctx, object, &lent) != 0)
            return -1;
    } else if (unit->op != OP_NULL_BUFFER || !kaa_is_none(ctx, object)) {
        int request = is_writable ? KAA_BUFFER_WRITABLE : KAA_BUFFER_SIMPLE;

        if (kaa_buffer_get(ctx, object, &lent, request) != 0) {
            if (!kaa_error_matches(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR)) &&
                !(is_writable &&
                  kaa_error_matches(ctx, kaa_builtin(ctx, KAA_BUFFER_ERROR))))
                return -1;
            kaa_error_clear(ctx);
            return kaa_args__refuse_type(walk,
                                         is_writable
                                             ? "read-write bytes-like object"
                                             : "bytes-like object",
                                         object);
        }
    }
    walk->held[walk->held_count].out = va_arg(walk->out, kaa_buffer *);
    walk->held[walk->held_count].converter = NULL;
    memcpy(walk->held[walk->held_count++].out, &lent, sizeof(lent));
    return 0;
}

static int
convert_instance(kaa_args__walk *walk, kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    kaa_object *type = va_arg(walk->out, kaa_object *);
    /* Its data may be looked at next: no object's word is good enough. */
    int is_one = kaa_is_made_of(ctx, object, type);
    kaa_object *name;
    const char *text = NULL;

    if (is_one < 0)
        return -1;
    if (is_one) {
        *va_arg(walk->out, kaa_object **) = object;
        return 0;
    }
    name = kaa_get_attr_text(ctx, type, "__name__");
    if (name != NULL)
        text = kaa_str_as_utf8(ctx, name, NULL);
    if (text == NULL)
        kaa_error_clear(ctx);
    kaa_args__refuse_type(walk, text != NULL ? text : "of another type",
                          object);
    kaa_decref(ctx, name);
    return -1;
}

static int
convert_by_function(kaa_args__walk *walk, kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    kaa_args__converter converter = va_arg(walk->out, kaa_args__converter);
    void *out = va_arg(walk->out, void *);
    int result;

    if (kaa_enter_call(ctx, " in a converter") != 0)
        return -1;
    result = converter(ctx, object, out);
    kaa_leave_call(ctx);
    if (result == 0) {
        if (kaa_error_occurred(ctx))
            return -1;
        return kaa_args__refuse(walk, KAA_TYPE_ERROR,
                                " is refused by its converter");
    }
    if (result == KAA_CLEANUP_SUPPORTED) {
        walk->held[walk->held_count].out = out;
        walk->held[walk->held_count++].converter = converter;
    }
    return 0;
}

static int
convert_items(kaa_args__walk *walk, const kaa_args__unit *group,
              kaa_object *object, int is_tuple)
{
    kaa_context *ctx = walk->ctx;
    const kaa_args__unit *unit = group + 1;
    uint32_t depth = walk->depth++;
    int result = 0;

    for (uint8_t i = 0; i < group->items && result == 0; i++) {
        kaa_object *item = is_tuple ? kaa_tuple_get(ctx, object, i)
                                    : kaa_list_get(ctx, object, i);

        if (item == NULL)
            return -1;
        walk->item[depth] = i;
        result = kaa_args__convert(walk, unit, item);
        kaa_decref(ctx, item); /* a tuple keeps it; see `borrows` */
        unit += 1u + unit->span;
    }
    walk->depth = depth;
    return result;
}

/* Items of a list may go while the next ones are converted: lists only serve
 * where nothing of the items is kept. */
static int
convert_group(kaa_args__walk *walk, const kaa_args__unit *group,
              kaa_object *object)
{
    kaa_context *ctx = walk->ctx;
    int is_tuple = kaa_check(ctx, object, KAA_TUPLE_TYPE);
    ptrdiff_t size;

    if (!is_tuple &&
        (group->borrows || !kaa_check(ctx, object, KAA_LIST_TYPE))) {
        char wanted[32] = "0-item tuple or list";
        unsigned items = group->items;

        if (walk->plan->message == NULL) {
            char *at = wanted;

            if (items >= 100)
                *at++ = (char)('0' + items / 100);
            if (items >= 10)
                *at++ = (char)('0' + items / 10 % 10);
            *at++ = (char)('0' + items % 10);
            strcpy(at, group->borrows ? "-item tuple" : "-item tuple or list");
        }
        return kaa_args__refuse_type(walk, wanted, object);
    }
    size = is_tuple ? kaa_tuple_size(ctx, object) : kaa_list_size(ctx, object);
    if (size < 0)
        return -1;
    if (size != group->items)
        return kaa_args__refuse(walk, KAA_TYPE_ERROR,
                                " must be sequence of length %u, not %zd",
                                (unsigned)group->items, size);
    return convert_items(walk, group, object, is_tuple);
}

int
kaa_args__convert(kaa_args__walk *walk, const kaa_args__unit *unit,
                  kaa_object *object)
{
    kaa_context *ctx = walk->ctx;

    switch (unit->op) {
    case OP_TEXT:
    case OP_TEXT_NULL:
        return convert_text(walk, unit, object);
    case OP_TEXT_SIZED:
    case OP_NULL_SIZED:
    case OP_BYTES_SIZED:
        return convert_sized(walk, unit, object);
    case OP_BYTES:
        return convert_bytes(walk, object);
    case OP_TEXT_BUFFER:
    case OP_NULL_BUFFER:
    case OP_BUFFER:
    case OP_WRITABLE:
        return convert_buffer(walk, unit, object);
    case OP_BYTES_OBJECT:
        if (!kaa_check(ctx, object, KAA_BYTES_TYPE))
            return kaa_args__refuse_type(walk, "bytes", object);
        *va_arg(walk->out, kaa_object **) = object;
        return 0;
    case OP_STR_OBJECT:
        if (!kaa_check(ctx, object, KAA_STR_TYPE))
            return kaa_args__refuse_type(walk, "str", object);
        *va_arg(walk->out, kaa_object **) = object;
        return 0;
    case OP_OBJECT:
        *va_arg(walk->out, kaa_object **) = object;
        return 0;
    case OP_INSTANCE:
        return convert_instance(walk, object);
    case OP_CONVERTER:
        return convert_by_function(walk, object);
    case OP_TUPLE:
        return convert_group(walk, unit, object);
    default:
        return kaa_args__convert_number(walk, unit, object);
    }
}

void
kaa_args__skip(kaa_args__walk *walk, const kaa_args__unit *unit)
{
    for (unsigned i = 0; i <= unit->span; i++) {
        switch (unit[i].op) {
        case OP_TUPLE:
            break;
        case OP_CONVERTER:
            (void)va_arg(walk->out, kaa_args__converter);
            (void)va_arg(walk->out, void *);
            break;
        case OP_INSTANCE:
            (void)va_arg(walk->out, kaa_object *);
            (void)va_arg(walk->out, kaa_object **);
            break;
        case OP_TEXT_SIZED:
        case OP_NULL_SIZED:
        case OP_BYTES_SIZED:
            (void)va_arg(walk->out, const char **);
            (void)va_arg(walk->out, size_t *);
            break;
        default:
            (void)va_arg(walk->out, void *);
        }
    }
}

void
kaa_args__undo(kaa_args__walk *walk)
{
    kaa_context *ctx = walk->ctx;
    kaa_object *error;

    if (walk->held_count == 0)
        return;
    error = kaa_error_take(ctx);
    while (walk->held_count > 0) {
        kaa_args__held *held = &walk->held[--walk->held_count];

        if (held->converter != NULL)
            (void)held->converter(ctx, NULL, held->out);
        else
            kaa_buffer_release(ctx, held->out);
    }
    if (error != NULL)
        kaa_raise_exception(ctx, error);
    kaa_decref(ctx, error);
}
