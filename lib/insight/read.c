/* insight/read.c - telling what a trace recorded: copies, in nanoseconds. */
#include <string.h>

#include "insight/trace.h"

#define TRACE (kaa_insight__tracing)
#define THREADS (kaa_insight__all_threads)
#define GET KAA_INSIGHT__GET
/* A record that its thread writes all the time is copied as it is. */
#define TRIES_MAX 100u

static uint64_t
ns(uint64_t ticks)
{
    return kaa_insight__scale_ns(&TRACE.scale, ticks);
}

/* When, counted from the start of the trace. */
static uint64_t
at(uint64_t ticks)
{
    return ticks > TRACE.scale.start_ticks ? ns(ticks - TRACE.scale.start_ticks)
                                           : 0;
}

/* What is copied of a record at one moment. */
typedef struct figures {
    uint32_t state;
    uint64_t since, start, end;
    uint64_t ticks[3];
    uint64_t acquired, contended, forced, voluntary;
    uint32_t spans;
    kaa_insight__span last; /* of them */
} figures;

static void
copy_last_span(const kaa_insight__timeline *timeline, figures *out)
{
    const kaa_insight__slot *spans = GET(timeline->spans);
    uint32_t count = GET(timeline->count);

    out->spans = spans != NULL ? count : 0;
    if (out->spans != 0)
        out->last = kaa_insight__slot_load(&spans[count - 1]);
}

/* 0: the record is being written by a thread that does not run. */
static int
copy_figures(const kaa_insight__thread *record, figures *out)
{
    for (uint32_t i = 0; i < TRIES_MAX; i++) {
        uint32_t before = kaa_insight__sequence_read(&record->sequence);

        out->state = GET(record->state);
        out->since = GET(record->since);
        out->start = GET(record->start);
        out->end = GET(record->end);
        for (unsigned k = 0; k < 3; k++)
            out->ticks[k] = GET(record->ticks[k]);
        out->acquired = GET(record->acquired);
        out->contended = GET(record->contended);
        out->forced = GET(record->forced);
        out->voluntary = GET(record->voluntary);
        copy_last_span(&record->timeline, out);
        if (kaa_insight__sequence_held(&record->sequence, before))
            return 1;
    }
    return 0;
}

/* Adds the spell that is on at `moment`. Without the GIL a thread can only have
 * gone from off to waiting meanwhile: what was counted as off too much goes. */
static uint64_t
add_running(figures *now, uint64_t moment)
{
    if (now->end != 0 && now->end <= moment)
        return 0;
    if (now->end != 0) { /* it ended after the moment, off */
        now->since = now->end;
        now->end = 0;
    }
    if (moment >= now->since) {
        now->ticks[now->state] += moment - now->since;
        return moment - now->since;
    }
    if (now->ticks[KAA_INSIGHT__OFF] >= now->since - moment)
        now->ticks[KAA_INSIGHT__OFF] -= now->since - moment;
    return 0;
}

static void
tell_convoys(const kaa_insight__thread *record, kaa_insight_thread *out)
{
    for (unsigned i = 0; i < KAA_INSIGHT__CONVOYS; i++) {
        const kaa_insight__convoy *one = &record->convoys[i];

        out->convoys[i].holder = GET(one->holder);
        out->convoys[i].holder_stack = GET(one->holder_stack);
        out->convoys[i].waiter_stack = GET(one->waiter_stack);
        out->convoys[i].count = GET(one->count);
        out->convoys[i].waited_ns = ns(GET(one->ticks));
    }
}

/* The times off by system call; with the spell that lasts, if the watcher has
 * seen it. */
static void
tell_calls(const kaa_insight__thread *record, const figures *now,
           uint64_t running, kaa_insight_thread *out)
{
    uint32_t call = 0;

    if (now->end == 0 && now->state == KAA_INSIGHT__OFF &&
        GET(record->seen.off) == now->since)
        call = GET(record->seen.off_call);
    for (unsigned i = 0; i < KAA_INSIGHT__CALLS_MAX; i++) {
        uint64_t ticks = GET(record->calls[i].ticks);

        out->calls[i].call = GET(record->calls[i].call);
        if (call != 0 &&
            (out->calls[i].call == call || out->calls[i].call == 0)) {
            out->calls[i].call = call;
            ticks += running;
            call = 0;
        }
        out->calls[i].ns = ns(ticks);
    }
}

static int
tell_thread(kaa_insight__thread *record, uint64_t moment,
            kaa_insight_thread *out, int take)
{
    figures now;
    uint64_t running;

    memset(out, 0, sizeof(*out));
    out->serial = GET(record->serial);
    if (!copy_figures(record, &now))
        return 0;
    out->id = GET(record->id);
    out->state = now.state;
    out->gil = GET(record->gil);
    running = add_running(&now, moment);
    out->is_ended = now.end != 0;
    out->start_ns = at(now.start);
    out->end_ns = at(now.end != 0 ? now.end : moment);
    for (unsigned i = 0; i < 3; i++)
        out->ns[i] = ns(now.ticks[i]);
    out->acquired = now.acquired;
    out->contended = now.contended;
    out->forced = now.forced;
    out->voluntary = now.voluntary;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t longest = GET(record->longest[i]);

        if (now.state == i && running > longest)
            longest = running;
        out->ns_max[i] = ns(longest);
        if (take)
            KAA_INSIGHT__SET(record->longest[i], 0);
        for (unsigned k = 0; k < KAA_INSIGHT__BUCKETS; k++)
            out->histograms[i][k] = GET(record->histograms[i][k]);
    }
    out->cpu_ns = GET(record->cpu_ns);
    if (now.end == 0)
        out->cpu_ns = kaa_insight__thread_cpu_ns(out->id);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t part = GET(record->name[i]);

        memcpy(out->name + i * sizeof(part), &part, sizeof(part));
    }
    out->spans = GET(record->timeline.spans) != NULL
                     ? GET(record->timeline.count) + 1
                     : 0;
    tell_calls(record, &now, running, out);
    tell_convoys(record, out);
    /* The record of a thread that ended may have become another's meanwhile. */
    KAA_INSIGHT__FENCE(memory_order_acquire);
    return GET(record->serial) == out->serial;
}

/* The records of this recording, in the order of their making. */
static kaa_insight__thread *
next_record(uint32_t *place)
{
    uint32_t count = atomic_load(&THREADS.count);
    uint32_t epoch = atomic_load(&THREADS.epoch);

    while (*place < count) {
        kaa_insight__thread *record = atomic_load(&THREADS.records[*place]);

        ++*place;
        if (record != NULL && GET(record->epoch) == epoch)
            return record;
    }
    return NULL;
}

uint32_t
kaa_insight_trace_threads(kaa_insight_thread *out, uint32_t capacity, int take)
{
    uint32_t place = 0, count = 0;
    uint64_t moment = kaa_insight__ticks();
    kaa_insight__thread *record;

    if (!atomic_load(&TRACE.is_on))
        return 0;
    while ((record = next_record(&place)) != NULL) {
        if (out != NULL && count < capacity &&
            !tell_thread(record, moment, &out[count], take))
            continue; /* it has only just begun */
        count++;
    }
    if (atomic_load(&THREADS.gone_count) != 0) {
        if (out != NULL && count < capacity) {
            /* Of many lives: its end is their length. */
            tell_thread(&THREADS.gone, moment, &out[count], take);
            out[count].end_ns =
                out[count].ns[0] + out[count].ns[1] + out[count].ns[2];
        }
        count++;
    }
    return count;
}

static void
tell_span(const kaa_insight__span *span, kaa_insight_span *out)
{
    out->start_ns = at(span->start);
    out->end_ns = at(span->end);
    out->held_ns = ns(span->held);
    out->waited_ns = ns(span->waited);
    out->state = span->state;
    out->stack = span->stack;
    out->call = span->call;
    out->reserved = 0;
}

/* The spans; the last one may be growing. 0: there are none, or they did not
 * stand still. */
static uint32_t
copy_spans(const kaa_insight__thread *record, kaa_insight_span *out,
           uint32_t capacity)
{
    const kaa_insight__timeline *timeline = &record->timeline;

    for (uint32_t i = 0; i < TRIES_MAX; i++) {
        uint32_t before = kaa_insight__sequence_read(&timeline->moves);
        const kaa_insight__slot *spans = GET(timeline->spans);
        uint32_t count =
            atomic_load_explicit(&timeline->count, memory_order_acquire);

        if (spans == NULL)
            return 0;
        for (uint32_t k = 0; k < count && k < capacity; k++) {
            const kaa_insight__span one = kaa_insight__slot_load(&spans[k]);

            tell_span(&one, &out[k]);
        }
        if (kaa_insight__sequence_held(&timeline->moves, before))
            return count;
    }
    return 0;
}

uint32_t
kaa_insight_trace_spans(uint32_t serial, kaa_insight_span *out,
                        uint32_t capacity)
{
    const kaa_insight__thread *record = NULL;
    kaa_insight__span running;
    uint32_t place = 0, count, tries = 0;
    int is_whole;
    figures now;

    if (!atomic_load(&TRACE.is_on))
        return 0;
    do
        record = next_record(&place);
    while (record != NULL && GET(record->serial) != serial);
    if (record == NULL || GET(record->timeline.spans) == NULL)
        return 0;
    /* What the thread has done between the two looks is in neither. */
    do {
        count = copy_spans(record, out, capacity);
        is_whole = copy_figures(record, &now) && now.spans == count;
    } while (!is_whole && ++tries < TRIES_MAX);
    if (!is_whole)
        return count;
    if (count != 0 && count <= capacity)
        tell_span(&now.last, &out[count - 1]);
    if (now.end != 0)
        return count;
    running = (kaa_insight__span){.start = now.since,
                                  .end = kaa_insight__ticks(),
                                  .state = (uint16_t)now.state};
    if (count < capacity)
        tell_span(&running, &out[count]);
    return count + 1;
}

static void
tell_tally(kaa_insight__tally *tally, kaa_insight_tally *out, int take)
{
    out->count = GET(tally->count);
    out->ns = ns(GET(tally->ticks));
    out->ns_max = ns(GET(tally->ticks_max));
    if (take)
        KAA_INSIGHT__SET(tally->ticks_max, 0);
    out->others_ns = ns(GET(tally->others));
    out->address = GET(tally->address) > 1 ? GET(tally->address) : 0;
    out->call = GET(tally->call);
    out->reserved = 0;
    for (unsigned i = 0; i < KAA_INSIGHT__THREADS_MAX; i++)
        out->threads[i] = GET(tally->threads[i]);
}

uint32_t
kaa_insight_trace_stacks(kaa_insight_stack *out, uint32_t capacity, int take)
{
    uint32_t count = 0;

    if (!atomic_load(&TRACE.is_on))
        return 0;
    for (uint32_t i = 0; i < KAA_INSIGHT__STACKS_MAX; i++) {
        kaa_insight__stack *entry = &TRACE.stacks.entries[i];

        if (i != 0 && entry->hash == 0)
            continue;
        if (out != NULL && count < capacity) {
            out[count].number = i;
            out[count].frames = entry->count;
            for (unsigned k = 0; k < 3; k++)
                tell_tally(&entry->tallies[k], &out[count].tallies[k], take);
        }
        count++;
    }
    return count;
}

uint32_t
kaa_insight_trace_frames(uint32_t number, kaa_insight_frame *out,
                         uint32_t capacity)
{
    const kaa_insight__stack *entry;

    if (!TRACE.stacks.is_open || number >= KAA_INSIGHT__STACKS_MAX)
        return 0;
    entry = &TRACE.stacks.entries[number];
    for (uint32_t i = 0; i < entry->count && i < capacity; i++) {
        const kaa_insight__place *place =
            &TRACE.stacks.places[entry->first + i];
        int instruction = place->instruction < 0 ? 0 : (int)place->instruction;
        int line = TRACE.interpreter.code_line(place->code, instruction);

        out[i].code = place->code;
        out[i].instruction = (int32_t)place->instruction;
        out[i].line = line > 0 ? line : 0;
    }
    return entry->count;
}
