/* gil/queue.c - who is next, and for how long.
 *
 * Two lines, each first in, first out. The urgent one goes first, but only
 * KAA_GIL_OVERTAKES_MAX times in a row while an ordinary thread waits.
 *
 *     holder A    urgent: S      ordinary: B C     S asks, A is interrupted
 *     holder S    urgent:        ordinary: A B C   A is back in front
 *     holder A    urgent:        ordinary: B C     for the rest of its slice
 *
 * Without its old place back, A would lose to B whenever S wakes, and the
 * shares of A and B would depend on S. The slice goes on while S has its turn,
 * so that B does not wait longer for it.
 */
#include "gil/internal.h"

/* An urgent thread is one whose last hold was at most this part of the switch
 * interval. */
#define URGENT_PART 5
/* A slice of which less than this part is left is over. */
#define SLICE_PART 16

static uint64_t
interval(const kaa_gil *gil)
{
    return atomic_load_explicit(&gil->interval_ns, memory_order_relaxed);
}

static kaa_gil__line *
line_of(kaa_gil *gil, const kaa_gil__thread *thread)
{
    return thread->is_urgent ? &gil->urgent : &gil->ordinary;
}

static void
append(kaa_gil__line *line, kaa_gil__thread *thread)
{
    thread->line_next = NULL;
    if (line->last != NULL)
        line->last->line_next = thread;
    else
        line->first = thread;
    line->last = thread;
}

static void
prepend(kaa_gil__line *line, kaa_gil__thread *thread)
{
    thread->line_next = line->first;
    line->first = thread;
    if (line->last == NULL)
        line->last = thread;
}

void
kaa_gil__line_add(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now)
{
    thread->is_urgent =
        !thread->was_forced && thread->hold_last <= interval(gil) / URGENT_PART;
    thread->is_resumed = 0;
    atomic_store_explicit(&thread->line_at, now, memory_order_relaxed);
    /* A holder that nobody waited for has no slice yet. */
    if (kaa_gil__line_next(gil) == NULL && gil->slice_ends_at < now)
        gil->slice_ends_at = now + interval(gil);
    append(line_of(gil, thread), thread);
}

void
kaa_gil__line_return(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now)
{
    thread->is_urgent = 0;
    atomic_store_explicit(&thread->line_at, now, memory_order_relaxed);
    thread->is_resumed =
        gil->slice_ends_at > now + interval(gil) / SLICE_PART &&
        gil->overtakes < KAA_GIL_OVERTAKES_MAX;
    thread->slice_ends_at = gil->slice_ends_at;
    if (thread->is_resumed)
        prepend(&gil->ordinary, thread);
    else
        append(&gil->ordinary, thread);
}

void
kaa_gil__line_remove(kaa_gil *gil, kaa_gil__thread *thread)
{
    kaa_gil__line *line = line_of(gil, thread);
    kaa_gil__thread *before = NULL;

    if (line->first == thread) {
        line->first = thread->line_next;
    } else {
        for (before = line->first; before->line_next != thread;)
            before = before->line_next;
        before->line_next = thread->line_next;
    }
    if (line->last == thread)
        line->last = before;
    thread->line_next = NULL;
}

kaa_gil__thread *
kaa_gil__line_next(const kaa_gil *gil)
{
    kaa_gil__thread *urgent = gil->urgent.first;
    kaa_gil__thread *ordinary = gil->ordinary.first;

    if (urgent == NULL ||
        (ordinary != NULL && gil->overtakes >= KAA_GIL_OVERTAKES_MAX))
        return ordinary;
    return urgent;
}

void
kaa_gil__line_serve(kaa_gil *gil, kaa_gil__thread *thread, uint64_t now)
{
    int overtook = thread->is_urgent || thread->is_resumed;

    kaa_gil__line_remove(gil, thread);
    if (!overtook || gil->ordinary.first == NULL)
        gil->overtakes = 0;
    else
        gil->overtakes++;
    kaa_gil__slice_begin(gil, thread, now);
}

void
kaa_gil__slice_begin(kaa_gil *gil, const kaa_gil__thread *thread, uint64_t now)
{
    uint64_t least = now + gil->short_ns;

    gil->switched_at = now;
    if (!thread->is_resumed)
        gil->slice_ends_at = now + interval(gil);
    else if (thread->slice_ends_at > least)
        gil->slice_ends_at = thread->slice_ends_at;
    else
        gil->slice_ends_at = least;
}

uint64_t
kaa_gil__line_ask_at(const kaa_gil *gil, const kaa_gil__thread *thread)
{
    uint64_t least = gil->short_ns;

    if (!thread->is_urgent)
        return gil->slice_ends_at;
    /* The holder gets as long as the asker last took. */
    if (thread->hold_last > least)
        least = thread->hold_last;
    return gil->switched_at + least < gil->slice_ends_at
               ? gil->switched_at + least
               : gil->slice_ends_at;
}
