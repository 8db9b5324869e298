/* module/typed_call.c - calling a typed function: arguments to their places, C,
 * and the results. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "args/args.h"
#include "module/typed.h"

static int
refuse_count(const kaa_module__typed *self, kaa_context *ctx, size_t given)
{
    char count[48];

    if (self->required != self->visible)
        snprintf(count, sizeof(count), "%u to %u", (unsigned)self->required,
                 (unsigned)self->visible);
    else if (self->visible == 0)
        snprintf(count, sizeof(count), "no");
    else
        snprintf(count, sizeof(count), "%u", (unsigned)self->visible);
    (void)kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                           "%s() takes %s argument%s, %zu given", self->name,
                           count, self->visible == 1 ? "" : "s", given);
    return -1;
}

static int
place_keyword(kaa_module__call *call, kaa_object *keyword, kaa_object *value)
{
    const kaa_module__typed *self = call->self;
    const char *names[KAA_MODULE__PARAMETERS_MAX];
    kaa_context *ctx = call->ctx;
    const char *text = kaa_str_as_utf8(ctx, keyword, NULL);
    size_t count = 0;

    if (text == NULL)
        kaa_error_clear(ctx);
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_module__parameter *one = &self->parameters[i];

        if (one->name == NULL || (one->flags & TYPED_OUT))
            continue;
        names[count++] = one->name;
        if (text == NULL || strcmp(text, one->name) != 0)
            continue;
        if (call->values[i] != NULL) {
            return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                                    "%s() argument %u (%s) is given twice",
                                    self->name, (unsigned)i + 1, one->name);
        }
        call->values[i] = value;
        return 0;
    }
    return kaa_args__unknown_keyword(ctx, self->name, keyword, names, count);
}

/* Fills call->values; lengths that were left out stay NULL. */
static int
place_arguments(kaa_module__call *call, kaa_object *const *args, size_t nargs,
                kaa_object *kwnames)
{
    const kaa_module__typed *self = call->self;
    kaa_context *ctx = call->ctx;
    ptrdiff_t named = kwnames != NULL ? kaa_tuple_size(ctx, kwnames) : 0;
    size_t next = 0;

    if (named < 0)
        return -1;
    if (nargs > self->visible || (named == 0 && nargs < self->required))
        return refuse_count(self, ctx, nargs + (size_t)named);
    for (uint32_t i = 0; i < self->count; i++) {
        int is_out = (self->parameters[i].flags & TYPED_OUT) != 0;

        call->values[i] = !is_out && next < nargs ? args[next++] : NULL;
    }
    for (ptrdiff_t i = 0; i < named; i++) {
        kaa_object *keyword = kaa_tuple_get_borrowed(ctx, kwnames, i);

        if (keyword == NULL ||
            place_keyword(call, keyword, args[nargs + (size_t)i]) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_module__parameter *one = &self->parameters[i];

        if (call->values[i] != NULL ||
            (one->flags & (TYPED_OUT | TYPED_IS_LENGTH)))
            continue;
        if (named == 0)
            return refuse_count(self, ctx, nargs);
        return kaa_raise_format(ctx, kaa_builtin(ctx, KAA_TYPE_ERROR),
                                "%s() misses argument %u%s%s%s", self->name,
                                (unsigned)i + 1, one->name != NULL ? " (" : "",
                                one->name != NULL ? one->name : "",
                                one->name != NULL ? ")" : "");
    }
    return 0;
}

/* Lengths: those left out are the shortest of their buffers, and none may be
 * longer than its buffer. */
static int
settle_lengths(kaa_module__call *call)
{
    const kaa_module__typed *self = call->self;

    for (uint32_t i = 0; i < self->count; i++) {
        const kaa_module__parameter *one = &self->parameters[i];
        const kaa_module__parameter *length;
        kaa_module__value *place;
        size_t has = call->lengths[i];
        uint64_t wanted = 0;

        if (!(one->flags & TYPED_LENGTH))
            continue;
        length = &self->parameters[one->length_of];
        place = &call->storage[one->length_of];
        wanted = kaa_module__load_word(length, place);
        call->position = i;
        if (call->values[one->length_of] != NULL) {
            if (length->is_signed && (int64_t)wanted < 0)
                wanted = 0; /* C's affair */
            if (wanted > has)
                return kaa_module__refuse(
                    call, KAA_VALUE_ERROR,
                    "has %zu elements, but argument %u says %llu", has,
                    (unsigned)one->length_of + 1, (unsigned long long)wanted);
            continue;
        }
        if (has > (UINT64_MAX >> (64u - 8u * length->size + length->is_signed)))
            return kaa_module__refuse(
                call, KAA_OVERFLOW_ERROR,
                "%zu elements are too many for the length", has);
        if (call->lengths[one->length_of] == 0 || has < wanted) {
            kaa_module__store_word(place, length->size, has);
            call->lengths[one->length_of] = 1; /* is settled */
        }
    }
    return 0;
}

/* Whether a result says failure; see the package's documentation. */
static int
has_failed(const kaa_module__parameter *result, const kaa_module__value *value)
{
    uint64_t word = 0;

    switch (result->op) {
    case TYPED_VOID:
        return 1;
    case TYPED_INTEGER:
        word = kaa_module__load_word(result, value);
        if (result->is_signed)
            return (int64_t)word < 0;
        return word == UINT64_MAX >> (64u - 8u * result->size);
    case TYPED_TEXT:
    case TYPED_POINTER:
        return value->word == 0 || value->word == UINT64_MAX;
    case TYPED_DOUBLE:
        return !isfinite(value->real);
    case TYPED_FLOAT:
        return !isfinite(value->single);
    default:
        return 0;
    }
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
    if (self->result.op != TYPED_VOID)
        items[count++] = kaa_module__from_c(ctx, &self->result, result);
    for (uint32_t i = 0; i < self->count; i++) {
        if (!(self->parameters[i].flags & TYPED_OUT))
            continue;
        if (count > 0 && items[count - 1] == NULL)
            break;
        items[count++] =
            kaa_module__from_c(ctx, &self->parameters[i], &call->storage[i]);
    }
    if (count == 1 && self->outs == 1 && self->result.op == TYPED_VOID)
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
        if (self->parameters[i].flags & TYPED_OUT) {
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
    if (code != 0 && has_failed(&self->result, &result)) {
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
        call.lengths[i] = 0;
        call.storage[i].word = 0;
        call.position = i;
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
