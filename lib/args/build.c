/* args/build.c - values from C values, by a format.
 *
 * Items of a group wait on a stack until the group ends, then one call makes
 * the tuple or list of them. After a failure the walk goes on to the end,
 * making nothing: references given by N must still be given up.
 */
#include <limits.h>
#include <string.h>

#include "args/internal.h"

typedef kaa_object *(*maker)(kaa_context *ctx, void *value);

typedef struct builder {
    kaa_context *ctx;
    va_list values;
    int has_failed;
    uint32_t top;
    kaa_object *stack[KAA_ARGS__UNITS_MAX + 1];
} builder;

static kaa_object *
build_text(builder *self, const kaa_args__unit *unit)
{
    const char *text = va_arg(self->values, const char *);
    int is_sized = unit->op == OP_TEXT_SIZED || unit->op == OP_NULL_SIZED ||
                   unit->op == OP_BYTES_SIZED;
    size_t size = is_sized ? va_arg(self->values, size_t) : 0;

    if (self->has_failed)
        return NULL;
    if (text == NULL)
        return kaa_none(self->ctx);
    if (!is_sized)
        size = strlen(text);
    if (unit->op == OP_BYTES || unit->op == OP_BYTES_SIZED)
        return kaa_bytes_from_data(self->ctx, text, size);
    return kaa_str_from_utf8(self->ctx, text, size);
}

static kaa_object *
build_unsigned(builder *self, uint64_t value)
{
    if (self->has_failed)
        return NULL;
    if (value <= INT64_MAX)
        return kaa_int(self->ctx, (int64_t)value);
    return kaa_int_from_uint64(self->ctx, value);
}

static kaa_object *
build_code_point(builder *self, int value)
{
    if (self->has_failed)
        return NULL;
    if (value < 0 || value > 0x10ffff) {
        kaa_raise(self->ctx, kaa_builtin(self->ctx, KAA_VALUE_ERROR),
                  "character is not in range (0 to 0x10ffff)");
        return NULL;
    }
    return kaa_str_format(self->ctx, "%c", value);
}

static kaa_object *
build_real(builder *self, const kaa_args__unit *unit)
{
    const double *parts;
    double value;

    if (unit->op == OP_COMPLEX) {
        parts = va_arg(self->values, const double *);
        return self->has_failed
                   ? NULL
                   : kaa_complex_from_doubles(self->ctx, parts[0], parts[1]);
    }
    value = va_arg(self->values, double);
    return self->has_failed ? NULL : kaa_float_from_double(self->ctx, value);
}

static kaa_object *
build_number(builder *self, const kaa_args__unit *unit)
{
    int64_t value;
    char byte;

    switch (unit->op) {
    case OP_TRUTH:
        value = va_arg(self->values, int);
        return self->has_failed ? NULL : kaa_bool(self->ctx, value != 0);
    case OP_CHAR:
        byte = (char)va_arg(self->values, int);
        return self->has_failed ? NULL
                                : kaa_bytes_from_data(self->ctx, &byte, 1);
    case OP_CODE_POINT:
        return build_code_point(self, va_arg(self->values, int));
    case OP_FLOAT:
    case OP_DOUBLE:
    case OP_COMPLEX:
        return build_real(self, unit);
    case OP_INT_MASK:
        return build_unsigned(self, va_arg(self->values, unsigned));
    case OP_LONG_MASK:
        return build_unsigned(self, va_arg(self->values, unsigned long));
    case OP_LONG_LONG_MASK:
        return build_unsigned(self, va_arg(self->values, unsigned long long));
    case OP_LONG:
        value = va_arg(self->values, long);
        break;
    case OP_LONG_LONG:
        value = va_arg(self->values, long long);
        break;
    case OP_SIZE:
        value = va_arg(self->values, ptrdiff_t);
        break;
    default: /* b B h H i: all are passed as int */
        value = va_arg(self->values, int);
    }
    return self->has_failed ? NULL : kaa_int(self->ctx, value);
}

static kaa_object *
build_object(builder *self, const kaa_args__unit *unit)
{
    kaa_context *ctx = self->ctx;
    kaa_object *object;

    if (unit->op == OP_CONVERTER) {
        maker make = va_arg(self->values, maker);
        void *value = va_arg(self->values, void *);

        object = NULL;
        if (!self->has_failed && kaa_enter_call(ctx, " in a converter") == 0) {
            object = make(ctx, value);
            kaa_leave_call(ctx);
        }
    } else {
        object = va_arg(self->values, kaa_object *);
        if (self->has_failed) {
            if (unit->op == OP_TAKEN)
                kaa_decref(ctx, object);
            return NULL;
        }
        if (unit->op == OP_OBJECT)
            kaa_incref(ctx, object);
    }
    if (object == NULL && !self->has_failed && !kaa_error_occurred(ctx))
        kaa_raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR),
                  "NULL object passed to kaa_build");
    return object;
}

static kaa_object *
build_leaf(builder *self, const kaa_args__unit *unit)
{
    switch (unit->op) {
    case OP_TEXT:
    case OP_TEXT_NULL:
    case OP_TEXT_SIZED:
    case OP_NULL_SIZED:
    case OP_BYTES:
    case OP_BYTES_SIZED:
        return build_text(self, unit);
    case OP_OBJECT:
    case OP_TAKEN:
    case OP_CONVERTER:
        return build_object(self, unit);
    default:
        return build_number(self, unit);
    }
}

static kaa_object *
take_dict(kaa_context *ctx, kaa_object *const *items, uint32_t count)
{
    kaa_object *dict = kaa_dict_new(ctx);

    for (uint32_t i = 0; i < count; i += 2) {
        if (dict != NULL &&
            kaa_dict_set(ctx, dict, items[i], items[i + 1]) != 0)
            KAA_CLEAR(ctx, dict);
    }
    for (uint32_t i = 0; i < count; i++)
        kaa_decref(ctx, items[i]);
    return dict;
}

static kaa_object *build_group(builder *self, uint8_t op,
                               const kaa_args__unit *unit, uint8_t items);

/* Puts the items on the stack; a failure leaves has_failed. */
static void
build_items(builder *self, const kaa_args__unit *unit, uint8_t items)
{
    for (uint8_t i = 0; i < items; i++) {
        kaa_object *item =
            unit->op >= OP_TUPLE
                ? build_group(self, unit->op, unit + 1, unit->items)
                : build_leaf(self, unit);

        if (item == NULL)
            self->has_failed = 1;
        else
            self->stack[self->top++] = item;
        unit += 1u + unit->span;
    }
}

static kaa_object *
build_group(builder *self, uint8_t op, const kaa_args__unit *unit,
            uint8_t items)
{
    kaa_context *ctx = self->ctx;
    uint32_t from = self->top;

    build_items(self, unit, items);
    if (self->has_failed) {
        while (self->top > from)
            kaa_decref(ctx, self->stack[--self->top]);
        return NULL;
    }
    self->top = from;
    if (op == OP_TUPLE)
        return kaa_tuple_take_array(ctx, self->stack + from, items);
    if (op == OP_LIST)
        return kaa_list_take_array(ctx, self->stack + from, items);
    return take_dict(ctx, self->stack + from, items);
}

kaa_object *
kaa_args__build_v(kaa_context *ctx, const char *format, va_list values)
{
    const kaa_args__plan *plan = kaa_args__find(KAA_ARGS__BUILD, format);
    kaa_args__room room;
    builder self;
    kaa_object *result;

    if (KAA_UNLIKELY(plan == NULL)) {
        plan = kaa_args__compile(ctx, KAA_ARGS__BUILD, format, &room);
        if (plan == NULL)
            return NULL;
    }
    if (plan->items == 0)
        return kaa_none(ctx);
    self.ctx = ctx;
    self.has_failed = 0;
    self.top = 0;
    va_copy(self.values, values);
    if (plan->items > 1) {
        result = build_group(&self, OP_TUPLE, plan->units, plan->items);
    } else {
        build_items(&self, plan->units, 1);
        result = self.has_failed ? NULL : self.stack[0];
    }
    va_end(self.values);
    return result;
}
