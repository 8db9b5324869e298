/* gc/pace.c - when a collection runs by itself.
 *
 *     live                      full: half more than after the last one
 *      |          ____________/
 *      |     ____/  young: 8,192 more than after the last one
 *      |____/
 *
 * A full collection in slices looks at so many objects for each container that
 * is allocated meanwhile that it has ended before as many again have come.
 */
#include "gc/internal.h"

#define YOUNG_OBJECTS 8192u
#define GROWTH_PERCENT 50u
#define SLICE_NS 200000u
#define EXTERNAL_BYTES (UINT64_C(64) << 20)
/* Allocations of containers between two slices. */
#define QUANTUM 1024
/* A small heap may grow by so many young collections before a full one. */
#define YOUNG_ONES 4u
/* Slices of a collection that external memory began. */
#define EXTERNAL_SLICES 16

void
kaa_gc__default_pace(kaa_gc_thresholds *pace)
{
    pace->size = sizeof(*pace);
    if (pace->growth_percent == 0)
        pace->growth_percent = GROWTH_PERCENT;
    if (pace->young_objects == 0)
        pace->young_objects = YOUNG_OBJECTS;
    if (pace->slice_ns == 0)
        pace->slice_ns = SLICE_NS;
    if (pace->external_bytes == 0)
        pace->external_bytes = EXTERNAL_BYTES;
}

/* How much more may live until, or while, a full collection goes on. */
static uint64_t
allowance(const kaa_gc *gc)
{
    uint64_t growth = gc->full_base / 100 * gc->pace.growth_percent;
    uint64_t least = gc->pace.young_objects * YOUNG_ONES;

    return growth > least ? growth : least;
}

static int64_t
saturated_sum(int64_t base, uint64_t more)
{
    return more > (uint64_t)(INT64_MAX - base) ? INT64_MAX
                                               : base + (int64_t)more;
}

void
kaa_gc__set_bases(kaa_gc *gc, int generation)
{
    uint64_t live = kaa_gc__live(gc->runtime->heap);

    gc->young_base = live;
    if (generation == KAA_GC_FULL) {
        gc->full_base = live;
        gc->external_base = gc->runtime->external_bytes;
        gc->runtime->external_due =
            saturated_sum(gc->external_base < 0 ? 0 : gc->external_base,
                          gc->pace.external_bytes);
    }
    gc->runtime->until_collect = (int64_t)gc->pace.young_objects;
}

static int
is_external_due(const kaa_gc *gc)
{
    return gc->runtime->external_bytes > gc->runtime->external_due;
}

static void
full_step(kaa_context *ctx, uint64_t live)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    uint64_t room = allowance(gc);
    /* Each object twice, and something for pages and references. */
    uint64_t work = (gc->start_live + QUANTUM) * 5 / 2;
    uint64_t budget = work * (gc->quantum + 1) / room + 256;

    if (is_external_due(gc))
        budget = work / EXTERNAL_SLICES + 256;
    if (gc->step_max != 0 && budget > gc->step_max)
        budget = gc->step_max;
    else if (live > gc->start_live + room)
        budget = INT64_MAX; /* it could not keep pace */
    if (gc->debt > 0 && budget < INT64_MAX - (uint64_t)gc->debt)
        budget += (uint64_t)gc->debt;
    kaa_gc__full_slice(ctx, (int64_t)budget);
}

static void
set_next(kaa_gc *gc, uint64_t live)
{
    uint64_t due = gc->young_base + gc->pace.young_objects;
    uint64_t left = live < due ? due - live : 1;

    if (gc->phase != KAA_GC__IDLE) {
        uint64_t most = is_external_due(gc) ? 16 : QUANTUM;

        if (gc->step_max != 0)
            most = 1;
        if (left > most)
            left = most;
    }
    gc->quantum = left < QUANTUM ? (uint32_t)left : QUANTUM;
    gc->runtime->until_collect = left < INT64_MAX ? (int64_t)left : INT64_MAX;
}

void
kaa_gc__asked(kaa_context *ctx)
{
    kaa_gc *gc = kaa_gc__of(ctx);
    kaa_gc_collection collection;
    uint64_t live;

    gc->runtime->until_collect = QUANTUM;
    if (gc->is_running || gc->held != 0 || !gc->is_enabled ||
        gc->runtime->releasing != 0)
        return;
    live = kaa_gc__live(gc->runtime->heap);
    /* What was freed by counting makes room for garbage. */
    if (live < gc->young_base)
        gc->young_base = live;
    if (live < gc->full_base)
        gc->full_base = live;
    if (live >= gc->young_base + gc->pace.young_objects) {
        (void)kaa_gc__collect_now(ctx, KAA_GC_YOUNG, &collection);
        live = kaa_gc__live(gc->runtime->heap);
    }
    if (gc->phase != KAA_GC__IDLE)
        full_step(ctx, live);
    else if (live >= gc->full_base + allowance(gc) || is_external_due(gc))
        (void)kaa_gc__full_begin(ctx);
    set_next(gc, live);
}
