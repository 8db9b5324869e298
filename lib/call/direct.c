/* call/direct.c - placing arguments in registers and on the stack.
 *
 * Which of them a value takes is the business of the processor's own file,
 * x86_64.c or aarch64.c. The stack is words of 8 bytes; a value aligned to 16
 * begins at an even one.
 */
#include "call/internal.h"

#if KAA_CALL__DIRECT

uint32_t
kaa_call__integer_offset(uint32_t index)
{
    return (uint32_t)offsetof(kaa_call__frame, integers) + 8 * index;
}

uint32_t
kaa_call__vector_offset(uint32_t index)
{
    return (uint32_t)offsetof(kaa_call__frame, vectors) +
           8 * KAA_CALL__VECTOR_WORDS * index;
}

/* Words on the stack; 0 if kaa's callers do not have as many. */
int
kaa_call__take_stack(kaa_call__registers *r, kaa_call__place *place,
                     uint64_t size, uint32_t align)
{
    uint32_t first = align >= 16 ? (r->stack + 1) & ~1u : r->stack;

    if (size > 8ull * KAA_CALL__STACK_MAX ||
        first + (size + 7) / 8 > KAA_CALL__STACK_MAX)
        return 0;
    r->stack = first + (uint32_t)((size + 7) / 8);
    place->offset[0] = (uint32_t)sizeof(kaa_call__frame) + 8 * first;
    place->size[0] = (uint32_t)size;
    return 1;
}

/* A shape that callers may inline, or ANY. */
static uint8_t
shape_of(uint32_t result, const kaa_call__registers *r)
{
    if (r->stack > 0 || r->is_wide || (r->integers > 0 && r->vectors > 0))
        return KAA_CALL__SHAPE_ANY;
    if (result == KAA_CALL__RESULT_I && r->vectors == 0 && r->integers <= 6)
        return (uint8_t)(KAA_CALL__SHAPE_I_ + r->integers);
    if (result == KAA_CALL__RESULT_I && r->integers == 0 && r->vectors <= 2)
        return (uint8_t)(KAA_CALL__SHAPE_I_D + r->vectors - 1);
    if (result != KAA_CALL__RESULT_D)
        return KAA_CALL__SHAPE_ANY;
    if (r->integers == 0 && r->vectors <= 4)
        return (uint8_t)(KAA_CALL__SHAPE_D_ + r->vectors);
    if (r->vectors == 0 && r->integers > 0 && r->integers <= 2)
        return (uint8_t)(KAA_CALL__SHAPE_D_I + r->integers - 1);
    return KAA_CALL__SHAPE_ANY;
}

/* Values that travel by reference stand behind the stack's words. */
static int
place_references(kaa_call_plan *plan, uint64_t at)
{
    for (uint32_t i = 0; i < plan->argument_count; i++) {
        kaa_call__place *place = &plan->places[i];

        if (place->load != KAA_CALL__LOAD_REFERENCE)
            continue;
        at = (at + 15) / 16 * 16;
        place->offset[0] = (uint32_t)at;
        at += ((uint64_t)place->size[0] + 7) / 8 * 8;
        if (at > KAA_CALL__FRAME_MAX)
            return 0;
    }
    plan->frame_size = (uint32_t)at;
    return 1;
}

static kaa_status
place_arguments(kaa_call_plan *plan, kaa_call__registers *r, int *fits,
                kaa_error *err)
{
    const kaa_ctype_parameter *parameters =
        kaa_ctype_parameters(plan->signature);
    kaa_status status = KAA_OK;

    *fits = 1;
    for (uint32_t i = 0; *fits && i < plan->argument_count; i++) {
        const kaa_ctype *type = kaa_ctype_strip(parameters[i].type);

        if (kaa_ctype_size(type) > 0)
            status = kaa_call__place_argument(type, i, r, &plan->places[i],
                                              fits, err);
        if (status != KAA_OK)
            return status;
    }
    return KAA_OK;
}

kaa_status
kaa_call__place_direct(kaa_call_plan *plan, int is_variadic, kaa_error *err)
{
    kaa_call__registers r = {0, 0, 0, 0};
    uint32_t how = KAA_CALL__RESULT_COUNT;
    int fits = 0;
    kaa_status status = kaa_call__place_result(
        kaa_ctype_strip(kaa_ctype_target(plan->signature)), plan, &r, &how,
        err);

    if (status == KAA_OK && how != KAA_CALL__RESULT_COUNT)
        status = place_arguments(plan, &r, &fits, err);
    if (status != KAA_OK || !fits ||
        !place_references(plan, sizeof(kaa_call__frame) +
                                    (size_t)8 * kaa_call__stack_words(r.stack)))
        return status;

    plan->is_direct = 1;
    plan->result_how = (uint8_t)how;
    plan->stack_words = (uint16_t)r.stack;
    plan->shape = is_variadic ? KAA_CALL__SHAPE_ANY : shape_of(how, &r);
    plan->caller = kaa_call__caller_of_shape(plan->shape);
    if (plan->caller == NULL)
        plan->caller = kaa_call__caller_any(how, r.stack, is_variadic);
    KAA_ASSERT(plan->caller != NULL);
    return KAA_OK;
}

#else /* no calling convention of kaa's own */

kaa_status
kaa_call__place_direct(kaa_call_plan *plan, int is_variadic, kaa_error *err)
{
    (void)plan;
    (void)is_variadic;
    (void)err;
    return KAA_OK;
}

#endif
