/* Starting a trace where there is no interpreter, and asking for nonsense. */
#include <kaa/insight.h>

#include "kaa_test.h"

static kaa_insight_options
options(void)
{
    kaa_insight_options made = {.size = sizeof(made), .version = 0x030c};

    return made;
}

KAA_TEST(no_interpreter)
{
    kaa_insight_options chosen = options();
    kaa_insight_trace trace = {.size = sizeof(trace)};

    CHECK_STATUS(kaa_insight_trace_start(&chosen, &t->err), KAA_UNSUPPORTED);
    CHECK_HAS(t->err.message, "this interpreter has no PyEval_SaveThread");
    CHECK_OK(kaa_insight_trace_read(&trace, &t->err));
    CHECK_EQ(trace.users, 0);
    CHECK_EQ(kaa_insight_trace_stop(), 0);
}

KAA_TEST(bad_options)
{
    kaa_insight_options chosen = options();

    CHECK_STATUS(kaa_insight_trace_start(NULL, &t->err), KAA_INVALID_ARGUMENT);
    chosen.version = 0x0308;
    CHECK_STATUS(kaa_insight_trace_start(&chosen, &t->err), KAA_UNSUPPORTED);
    CHECK_HAS(t->err.message, "0x308");
    chosen = options();
    chosen.flags = 1u << 31;
    CHECK_STATUS(kaa_insight_trace_start(&chosen, &t->err), KAA_UNSUPPORTED);
    chosen = options();
    chosen.reserved = 1;
    CHECK_STATUS(kaa_insight_trace_start(&chosen, &t->err), KAA_UNSUPPORTED);
}

KAA_TEST(nothing_is_read_without_a_trace)
{
    kaa_insight_thread thread;
    kaa_insight_stack stack;
    kaa_insight_span span;
    kaa_insight_frame frame;
    kaa_insight_alarm alarm;
    kaa_insight_trace none = {.size = 0};

    CHECK_EQ(kaa_insight_trace_threads(&thread, 1, 1), 0);
    CHECK_EQ(kaa_insight_trace_stacks(&stack, 1, 1), 0);
    CHECK_EQ(kaa_insight_trace_spans(1, &span, 1), 0);
    CHECK_EQ(kaa_insight_trace_frames(1, &frame, 1), 0);
    CHECK_EQ(kaa_insight_trace_alarm(1000, &alarm), 0);
    CHECK_EQ(kaa_insight_trace_alarm(1000, NULL), 0);
    CHECK_STATUS(kaa_insight_trace_read(NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_insight_trace_read(&none, &t->err), KAA_INVALID_ARGUMENT);
}
