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
#define MEASURE_NS 1000000u

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

void
kaa_insight__scale_start(kaa_insight__scale *scale)
{
    read_both(&scale->start_ticks, &scale->start_ns);
    scale->ns_per_tick = kaa_insight__counter_is_used ? 0.0 : 1.0;
    while (scale->ns_per_tick == 0.0) {
        if (kaa_base__now_ns() - scale->start_ns >= MEASURE_NS)
            kaa_insight__scale_update(scale);
    }
}

uint64_t
kaa_insight__scale_update(kaa_insight__scale *scale)
{
    uint64_t ticks, ns;

    if (!kaa_insight__counter_is_used)
        return kaa_insight__ticks();
    read_both(&ticks, &ns);
    if (ns - scale->start_ns >= MEASURE_NS)
        scale->ns_per_tick = (double)(ns - scale->start_ns) /
                             (double)(ticks - scale->start_ticks);
    return ticks;
}

uint64_t
kaa_insight__scale_ticks(const kaa_insight__scale *scale, uint64_t ns)
{
    return (uint64_t)((double)ns / scale->ns_per_tick);
}
