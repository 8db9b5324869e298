/* insight/ticks.c - choosing and measuring the clock of hooks. */
#include "insight/ticks.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

int kaa_insight__counter_is_used;

/* The kernel watches the counter and leaves it when it misbehaves. */
#define CLOCK_SOURCE                                                           \
    "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* Long enough that the two readings of a pair, some 50 ns apart, are exact to
 * one part in 10,000. */
#define MEASURE_NS 2000000u

void
kaa_insight__ticks_start(void)
{
#if defined(__x86_64__)
    char name[16] = "";
    FILE *file = fopen(CLOCK_SOURCE, "re");

    if (file == NULL)
        return;
    if (fgets(name, sizeof(name), file) != NULL)
        kaa_insight__counter_is_used = strcmp(name, "tsc\n") == 0;
    fclose(file);
#endif
}

/* Both clocks at one moment: the pair that was read closest together. */
static void
read_both(uint64_t *out_ticks, uint64_t *out_ns)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < 5; i++) {
        uint64_t before = kaa_insight__ticks();
        uint64_t ns = kaa_base__now_ns();
        uint64_t after = kaa_insight__ticks();

        if (after - before < best) {
            best = after - before;
            *out_ticks = before + best / 2;
            *out_ns = ns;
        }
    }
}

/* Both clocks when the process first needed them: the longer ago, the better
 * the scale that is measured from there. */
static uint64_t first_ticks, first_ns;

void
kaa_insight__scale_start(kaa_insight__scale *scale)
{
    read_both(&scale->start_ticks, &scale->start_ns);
    scale->ns_per_tick = 1.0;
    if (!kaa_insight__counter_is_used)
        return;
    if (first_ticks == 0) {
        first_ticks = scale->start_ticks;
        first_ns = scale->start_ns;
    }
    while (scale->start_ns - first_ns < MEASURE_NS)
        read_both(&scale->start_ticks, &scale->start_ns);
    scale->ns_per_tick = (double)(scale->start_ns - first_ns) /
                         (double)(scale->start_ticks - first_ticks);
}

uint64_t
kaa_insight__scale_ticks(const kaa_insight__scale *scale, uint64_t ns)
{
    return (uint64_t)((double)ns / scale->ns_per_tick);
}
