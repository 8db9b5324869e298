/* gil/order.c - in which order threads take several debug locks.
 *
 * Two threads that take two locks in different orders may come to wait for each
 * other, and mostly do not: a test then sees no deadlock. So each debug lock
 * keeps which others were held when it was taken. If this lock is taken while
 * another one is held, and that one was once taken (by way of others, too)
 * while this one was held, the two orders are told: kaa_insight_gil_json().
 */
#include "gil/internal.h"

#include <stdio.h>
#include <string.h>

/* Whether `lock` was taken while the lock of that number was held. */
static int
was_taken_with(const kaa_gil *lock, uint64_t number)
{
    for (uint32_t i = 0; i < lock->taken_count; i++)
        if (lock->taken_with[i] == number)
            return 1;
    return 0;
}

/* Whether `later` was taken while `first` was held, by way of others, too. Each
 * round adds those that were held when one of the last was taken. */
static int
came_after(const kaa_gil *later, kaa_gil *first, kaa_gil *all)
{
    int has_grown = 1;

    for (kaa_gil *one = all; one != NULL; one = one->next)
        one->is_before = one == later;
    while (has_grown && !first->is_before) {
        has_grown = 0;
        for (kaa_gil *one = all; one != NULL; one = one->next)
            for (kaa_gil *by = all; by != NULL && !one->is_before;
                 by = by->next)
                if (by->is_before && was_taken_with(by, one->number))
                    has_grown = one->is_before = 1;
    }
    return first->is_before;
}

static void
tell(kaa_gil__thread *thread, kaa_gil *held)
{
    kaa_gil *lock = thread->gil;

    snprintf(lock->order, sizeof(lock->order),
             "lock order: \"%s\" takes \"%s\" while it holds \"%s\", which was "
             "taken while \"%s\" was held: a deadlock may come",
             thread->name, lock->name, held->name, lock->name);
    memcpy(held->order, lock->order, sizeof(held->order));
}

void
kaa_gil__note_order(kaa_gil__thread *thread, kaa_gil *all)
{
    kaa_gil *lock = thread->gil;

    for (const kaa_gil__thread *other = thread->person->threads; other != NULL;
         other = other->person_next) {
        kaa_gil *held = other->gil;

        if (other == thread || !kaa_gil__is_owner(other) ||
            (held->flags & KAA_GIL_DEBUG) == 0 ||
            was_taken_with(lock, held->number))
            continue;
        if (came_after(held, lock, all))
            tell(thread, held);
        if (lock->taken_count < KAA_GIL__ORDER_MAX)
            lock->taken_with[lock->taken_count++] = held->number;
    }
}
