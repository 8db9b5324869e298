/* call/invoke.c - a call from values in memory to a result in memory. */
#include "call/internal.h"

/* Frames up to this size stand on the stack; larger ones are allocated. */
#define SMALL_FRAME 2048u

static kaa_status
check(const kaa_call_plan *plan, kaa_function target, const void *result,
      void *const *arguments, kaa_error *err)
{
    const char *fault = NULL;

    if (plan == NULL || target == NULL)
        fault = "plan and target may not be NULL";
    else if (result == NULL && plan->result_size > 0)
        fault = "result may not be NULL: the function returns something";
    else if (arguments == NULL && plan->argument_count > 0)
        fault = "arguments may not be NULL: the function takes some";
    if (fault != NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, KAA_NO_ARGUMENT, "%s",
                              fault);
    for (uint32_t i = 0; i < plan->argument_count; i++)
        if (arguments[i] == NULL &&
            plan->places[i].load != KAA_CALL__LOAD_NOTHING)
            return kaa_base__fail(err, KAA_INVALID_ARGUMENT, i,
                                  "argument %u: no storage is given (NULL)", i);
    return KAA_OK;
}

static void
run(const kaa_call_plan *plan, kaa_function target, kaa_call__frame *frame,
    void *result, void *const *arguments)
{
    for (uint32_t i = 0; i < plan->argument_count; i++)
        kaa_call__store(&plan->places[i], frame, arguments[i]);
    frame->result_memory = result;
    kaa_call__run(plan, target, frame);
    if (!plan->result_in_memory)
        kaa_call__fetch(plan, frame, result);
}

kaa_status
kaa_call_invoke(const kaa_call_plan *plan, kaa_function target, void *result,
                void *const *arguments, kaa_error *err)
{
    kaa_status status = check(plan, target, result, arguments, err);

    if (status != KAA_OK)
        return status;
    if (plan->frame_size <= SMALL_FRAME) {
        union {
            kaa_call__frame frame;
            unsigned char bytes[SMALL_FRAME];
        } small;

        run(plan, target, &small.frame, result, arguments);
    } else {
        /* malloc aligns to 16, as a frame wants. */
        kaa_call__frame *frame = kaa_base__alloc(plan->frame_size);

        if (frame == NULL)
            return kaa_base__fail_memory(err, "the arguments of a call");
        run(plan, target, frame, result, arguments);
        kaa_base__free(frame);
    }
    return KAA_OK;
}
