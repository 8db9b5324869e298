/* call/loop.h - calling one function for many elements on one thread. */
#ifndef KAA_CALL_LOOP_H
#define KAA_CALL_LOOP_H

#include "call/internal.h"

typedef struct kaa_call__loop kaa_call__loop;

/* Calls for the elements [begin, end). */
typedef void kaa_call__body(const kaa_call__loop *loop, uint64_t begin,
                            uint64_t end, kaa_call__frame *frame);

/* Immutable while it runs, so threads share it; each brings a frame of its own
 * of plan->frame_size bytes (NULL if needs_frame is 0). */
struct kaa_call__loop {
    kaa_call__body *body;
    const kaa_call_plan *plan;
    kaa_function target;
    kaa_call_operand *operands; /* plan->argument_count, then the result */
    int needs_frame;
};

/* Checks the arguments of kaa_call_map_start() and chooses a body; `operands`
 * are copied. */
kaa_status kaa_call__loop_init(kaa_call__loop *loop, const kaa_call_plan *plan,
                               kaa_function target,
                               const kaa_call_operand *operands,
                               const kaa_call_operand *result, uint64_t count,
                               kaa_error *err);
void kaa_call__loop_fini(kaa_call__loop *loop);

#endif /* KAA_CALL_LOOP_H */
