/* checked/result.c - what a module's function gave back, and whether it fits.
 *
 * Hosts do not agree on what becomes of a wrong one, so it is made right here:
 * it fails where a failure was meant, and is the nearest allowed one else.
 */
#include <stdio.h>

#include "checked/checked.h"

static int
is_object(kaa_checked__kind kind)
{
    return kind <= RETURNS_NEXT;
}

static int
is_failure(kaa_checked__kind kind, intptr_t result)
{
    if (kind == RETURNS_HASH)
        return result == -1;
    return is_object(kind) ? result == 0 : result < 0;
}

/* NULL or below 0, with SystemError pending. */
static intptr_t
fail(kaa_checked__context *own, kaa_checked__kind kind, intptr_t result)
{
    kaa_context *ctx = own->inner;

    if (is_object(kind))
        kaa_decref(ctx, (kaa_object *)result);
    if (!kaa_error_occurred(ctx))
        kaa_raise(ctx, kaa_builtin(ctx, KAA_SYSTEM_ERROR), own->frame->text);
    return is_object(kind) ? 0 : -1;
}

/* The type that a slot's result must have. */
static intptr_t
judge_type(kaa_checked__context *own, kaa_checked__kind kind, intptr_t result)
{
    int wanted = kind == RETURNS_STR          ? KAA_STR_TYPE
                 : kind == RETURNS_INT_OBJECT ? KAA_INT_TYPE
                                              : KAA_FLOAT_TYPE;
    const char *more = kind == RETURNS_STR          ? ": a str was expected"
                       : kind == RETURNS_INT_OBJECT ? ": an int was expected"
                                                    : ": a float was expected";

    if (kaa_check(own->inner, (kaa_object *)result, wanted))
        return result;
    kaa_checked__tell(own, "result of a wrong type", SLOT_NONE,
                      (kaa_object *)result, NULL, more);
    return fail(own, kind, result);
}

static intptr_t
judge_number(kaa_checked__context *own, kaa_checked__kind kind, intptr_t result)
{
    intptr_t most = kind == RETURNS_STATUS  ? 0
                    : kind == RETURNS_TRUTH ? 1
                                            : INTPTR_MAX;
    char more[64];

    if (result >= -1 && result <= most)
        return result;
    snprintf(more, sizeof(more), ": %lld, and %s was expected",
             (long long)result,
             kind == RETURNS_STATUS  ? "0 or -1"
             : kind == RETURNS_TRUTH ? "0, 1 or -1"
                                     : "a size or -1");
    kaa_checked__tell(own, "result out of range", SLOT_NONE, NULL, NULL, more);
    return result < 0 ? -1 : most;
}

/* A buffer that says of itself what cannot be. */
static intptr_t
judge_buffer(kaa_checked__context *own, const intptr_t *given)
{
    const kaa_buffer *buffer = (const kaa_buffer *)given[2];
    const char *more = NULL;

    if (buffer == NULL)
        return 0;
    if (buffer->bytes < 0)
        more = ": its bytes are below 0";
    else if (buffer->data == NULL && buffer->bytes != 0)
        more = ": its data are NULL";
    else if (buffer->item_bytes <= 0)
        more = ": its item_bytes are not above 0";
    else if (buffer->dimensions < 0)
        more = ": its dimensions are below 0";
    else if ((given[3] & KAA_BUFFER_WRITABLE) != 0 && buffer->is_readonly)
        more = ": it is read-only, and a writable one was asked for";
    if (more == NULL)
        return 0;
    kaa_checked__tell(own, "a buffer that cannot be", SLOT_NONE, NULL, NULL,
                      more);
    return fail(own, RETURNS_STATUS, 0);
}

intptr_t
kaa_checked__judge_result(kaa_checked__context *own,
                          const kaa_checked__thunk *thunk,
                          const intptr_t *given, intptr_t result)
{
    kaa_checked__kind kind = thunk->kind;
    kaa_context *ctx = own->inner;
    int is_pending = kaa_error_occurred(ctx);

    if (kind > RETURNS_HASH)
        return result;
    if (is_failure(kind, result) && !is_pending && kind != RETURNS_NEXT &&
        kind != RETURNS_HASH) {
        kaa_checked__tell(
            own, "failed without an exception", SLOT_NONE, NULL, NULL,
            is_object(kind) ? ": NULL, and nothing was raised"
                            : ": below 0, and nothing was raised");
        return fail(own, kind, 0);
    }
    if (!is_failure(kind, result) && is_pending) {
        kaa_checked__tell(own, "result with an exception", SLOT_NONE, NULL,
                          NULL,
                          ": an exception is pending, and the result says that "
                          "there is none");
        return fail(own, kind, result);
    }
    if (is_object(kind))
        return result != 0 && kind != RETURNS_OBJECT && kind != RETURNS_NEXT &&
                       (kaa_object *)result !=
                           kaa_builtin(ctx, KAA_NOT_IMPLEMENTED)
                   ? judge_type(own, kind, result)
                   : result;
    if (result == 0 && thunk->takes == TAKES_NONE && given != NULL &&
        thunk->spec != NULL && thunk->is_buffer)
        return judge_buffer(own, given);
    return kind == RETURNS_HASH ? result : judge_number(own, kind, result);
}
