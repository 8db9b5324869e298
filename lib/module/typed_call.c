/* module/typed_call.c - calling a typed function: arguments to their places, C,
 * and the results. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "args/args.h"
#include "module/typed.h"

/* Fills call->values; lengths that were left out stay NULL. */
static int
place_arguments(kaa_module__call *call, kaa_object *const *args, size_t nargs,
                kaa_object *kwnames)
{
    const kaa_module__typed *self = call->self;
    kaa_context *ctx = call->ctx;
    ptrdiff_t named = kwnames != NULL ? kaa_tuple_size(ctx, kwnames) : 0;
    const char *names[KAA_MODULE__PARAMETERS_MAX];
    int32_t from[KAA_MODULE__PARAMETERS_MAX];
    char refusal[640];

    if (named < 0)
        return -1;
    if (named > (ptrdiff_t)KAA_MODULE__PARAMETERS_MAX) {
        kaa_convert_print_count(self->item, nargs + (size_t)named, refusal,
                                sizeof(refusal));
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), refusal);
    }
    for (ptrdiff_t i = 0; i < named; i++) {
        kaa_object *keyword = kaa_tuple_get_borrowed(ctx, kwnames, i);

        names[i] = keyword != NULL ? kaa_str_as_utf8(ctx, keyword, NULL) : NULL;
        if (names[i] == NULL) {
            kaa_error_clear(ctx);
            names[i] = "?"; /* lone surrogates: nothing is named so */
        }
    }
    if (kaa_convert_bind(self->item, nargs, names, (size_t)named, from, refusal,
                         sizeof(refusal)) != KAA_OK)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), refusal);
    for (uint32_t i = 0; i < self->count; i++)
        call->values[i] = from[i] >= 0 ? args[from[i]] : NULL;
    return 0;
}

/* The length that C gets, as wide as any. */
static kaa_convert_int128
read_length(const kaa_convert__shape *shape, const kaa_module__value *value)
{
    uint64_t word = kaa_convert__load_word(shape, value);

    return (kaa_convert_int128){
        word, shape->is_signed && (int64_t)word < 0 ? UINT64_MAX : 0};
}

/* A length that was left out. */
static int
fill_length(kaa_module__call *call, uint32_t length)
{
    kaa_context *ctx = call->ctx;
    kaa_object *number;
    char refusal[640];
    int64_t fill = 0;
    int failed;

    if (kaa_convert_fill_length(call->self->item, length, call->elements, &fill,
                                refusal, sizeof(refusal)) != KAA_OK)
        return kaa_raise(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR), refusal);
    number = kaa_int(ctx, fill);
    if (number == NULL)
        return -1;
    call->position = length;
    failed = kaa_module__to_c(call, number); /* it may not fit */
    kaa_decref(ctx, number);
    return failed;
}

static int
settle_lengths(kaa_module__call *call)
{
    const kaa_module__typed *self = call->self;
    kaa_convert_int128 values[KAA_MODULE__PARAMETERS_MAX];
    kaa_context *ctx = call->ctx;
    char refusal[640];
    int is_measured = 0;

    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_convert__shape *shape = &self->parameters[i].shape;

        is_measured |= (shape->flags & CONVERT_MEASURED) != 0;
        if (!(shape->flags & CONVERT_IS_LENGTH))
            continue;
        /* NOLINTNEXTLINE(clang-analyzer-core.*): by place_arguments() */
        if (call->values[i] == NULL && fill_length(call, i) != 0)
            return -1;
        values[i] = read_length(shape, &call->storage[i]);
    }
    if (!is_measured ||
        kaa_convert_check_lengths(self->item, call->elements, values, refusal,
                                  sizeof(refusal)) == KAA_OK)
        return 0;
    return kaa_raise(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR), refusal);
}

/* The result, and behind it what the function wrote. */
static kaa_object *
make_result(kaa_module__call *call, const kaa_module__value *result)
{
    const kaa_module__typed *self = call->self;
    kaa_context *ctx = call->ctx;
    kaa_object *items[KAA_MODULE__PARAMETERS_MAX + 1];
    size_t count = 0;

    if (self->outs == 0)
        return kaa_module__from_c(ctx, &self->result, result);
    if (self->result.shape.op != CONVERT_VOID)
        items[count++] = kaa_module__from_c(ctx, &self->result, result);
    for (uint32_t i = 0; i < self->count; i++) {
        if (!(self->parameters[i].shape.flags & CONVERT_OUT))
            continue;
        if (count > 0 && items[count - 1] == NULL)
            break;
        items[count++] =
            kaa_module__from_c(ctx, &self->parameters[i], &call->storage[i]);
    }
    if (count == 1 && self->outs == 1 && self->result.shape.op == CONVERT_VOID)
        return items[0];
    return kaa_tuple_take_array(ctx, items, count);
}

static kaa_object *
invoke(kaa_module__call *call)
{
    const kaa_module__typed *self = call->self;
    kaa_context *ctx = call->ctx;
    void *pointers[KAA_MODULE__PARAMETERS_MAX];
    void *addresses[KAA_MODULE__PARAMETERS_MAX];
    kaa_module__value result = {.word = 0};
    kaa_error err = {0};
    kaa_status status;
    void *begun = NULL;
    int code = 0;

    for (uint32_t i = 0; i < self->count; i++) {
        pointers[i] = &call->storage[i];
        if (self->parameters[i].shape.flags & CONVERT_OUT) {
            addresses[i] = &call->storage[i];
            pointers[i] = &addresses[i];
        }
    }
    if (!(self->flags & TYPED_HOLDS_GIL))
        begun = kaa_begin_allow_threads(ctx);
    status = kaa_call_invoke(self->plan, self->target, &result, pointers, &err);
    if (self->flags & TYPED_ERRNO)
        code = kaa_call_errno();
    if (!(self->flags & TYPED_HOLDS_GIL))
        kaa_end_allow_threads(ctx, begun);
    if (status != KAA_OK) {
        if (err.status == KAA_NO_MEMORY)
            kaa_raise_memory(ctx);
        else
            kaa_raise_format(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), "%s",
                             err.message);
        return NULL;
    }
    if (code != 0 &&
        kaa_convert_says_failure(self->result.shape.type, &result)) {
        kaa_raise_errno(ctx, code, NULL);
        return NULL;
    }
    return make_result(call, &result);
}

/* A pending exception is kept from what releasing may run. */
static void
release_buffers(kaa_module__call *call)
{
    kaa_context *ctx = call->ctx;
    kaa_object *error;

    if (call->buffer_count == 0)
        return;
    error = kaa_error_take(ctx);
    while (call->buffer_count > 0)
        kaa_buffer_release(ctx, &call->buffers[--call->buffer_count]);
    if (error != NULL)
        kaa_raise_exception(ctx, error);
    kaa_decref(ctx, error);
}

kaa_object *
kaa_module__call_typed(kaa_context *ctx, kaa_object *self,
                       kaa_object *const *args, size_t nargs,
                       kaa_object *kwnames)
{
    kaa_object *result = NULL;
    kaa_module__call call;

    call.ctx = ctx;
    call.self = kaa_capsule_get(ctx, self, KAA_MODULE__TYPED_NAME);
    call.position = call.buffer_count = 0;
    if (call.self == NULL || place_arguments(&call, args, nargs, kwnames) != 0)
        return NULL;
    for (uint32_t i = 0; i < call.self->count; i++) {
        call.elements[i] = -1;
        call.storage[i].word = 0;
        call.position = i;
        /* NOLINTNEXTLINE(clang-analyzer-core.*): by place_arguments() */
        if (call.values[i] != NULL &&
            kaa_module__to_c(&call, call.values[i]) != 0)
            goto done;
    }
    if (settle_lengths(&call) == 0)
        result = invoke(&call);
done:
    release_buffers(&call);
    return result;
}
