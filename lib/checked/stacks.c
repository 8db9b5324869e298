/* checked/stacks.c - by which calls a reference was taken that is leaked.
 *
 * A leak is seen when its call has ended, and what called the place by then is
 * gone. To note that for each reference costs some microseconds each, so it is
 * done where it is asked for (KAA_CHECKED_STACKS), where speed is none of it
 * (KAA_CHECKED_FAULT), and else at places that have leaked: the second leak of
 * a place tells what the first could not.
 *
 * Stacks that are equal are kept once, and have a number; 0 is none.
 */
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"

enum { DEPTH = 16, NOTES_MAX = 1000 };

/* One that is equal, or a new one; 0: memory is short. The lock is held. */
static uint16_t
number_of(kaa_checked__stacks *self, const void *const *calls)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    kaa_checked__entry *entry;
    const void **all;

    for (int i = 0; i < DEPTH; i++) {
        hash = (hash ^ (uintptr_t)calls[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    entry =
        kaa_checked__entry_of(&self->numbers, (void *)(uintptr_t)(hash | 1), 1);
    if (entry == NULL || entry->balance != 0)
        return entry != NULL ? (uint16_t)entry->balance : 0;
    if (self->count == UINT16_MAX)
        return 0;
    if (self->count == self->capacity) {
        size_t capacity = self->capacity != 0 ? 2 * self->capacity : 16;

        all = kaa_base__realloc_array((void *)self->calls, capacity,
                                      DEPTH * sizeof(*all));
        if (all == NULL)
            return 0;
        self->calls = all;
        self->capacity = capacity;
    }
    memcpy((void *)(self->calls + self->count * DEPTH), calls,
           DEPTH * sizeof(*all));
    entry->balance = (int64_t)++self->count;
    return (uint16_t)self->count;
}

/* Whether the next reference that is taken there is one to note. */
static int
is_wanted(kaa_checked__module *module, const void *site)
{
    kaa_checked__entry *place;
    int result;

    pthread_mutex_lock(&module->lock);
    place = kaa_checked__entry_of(&module->stacks.places, site, 0);
    result = place != NULL && place->balance > 0;
    if (result && --place->balance == 0)
        place->balance = -1; /* it leaks rarely: no more of it */
    pthread_mutex_unlock(&module->lock);
    return result;
}

uint16_t
kaa_checked__note_stack(kaa_checked__module *module, const void *site)
{
    const void *calls[DEPTH] = {NULL};
    uint16_t number;

    if (module->mode != KAA_CHECKED_STACKS &&
        module->mode != KAA_CHECKED_FAULT && !is_wanted(module, site))
        return 0;
    if (kaa_checked__calls_from(module, site, calls, DEPTH) == 0)
        return 0;
    pthread_mutex_lock(&module->lock);
    number = number_of(&module->stacks, calls);
    pthread_mutex_unlock(&module->lock);
    return number;
}

void
kaa_checked__want_stack(kaa_checked__module *module, const void *site,
                        uint32_t number)
{
    kaa_checked__entry *place;

    if (site == NULL)
        return;
    pthread_mutex_lock(&module->lock);
    place = kaa_checked__entry_of(&module->stacks.places, site, 1);
    if (place != NULL && number != 0)
        place->balance = -1;
    else if (place != NULL && place->balance == 0)
        place->balance = NOTES_MAX;
    atomic_store_explicit(&module->is_noting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&module->lock);
}

size_t
kaa_checked__stack_of(kaa_checked__module *module, uint32_t number,
                      const void **out, size_t max)
{
    const void *calls[DEPTH] = {NULL};
    size_t count = 0;

    pthread_mutex_lock(&module->lock);
    if (number != 0 && number <= module->stacks.count)
        memcpy((void *)calls, module->stacks.calls + (number - 1) * DEPTH,
               sizeof(calls));
    pthread_mutex_unlock(&module->lock);
    while (count < max && count < DEPTH && calls[count] != NULL) {
        out[count] = calls[count];
        count++;
    }
    return count;
}

void
kaa_checked__free_stacks(kaa_checked__stacks *self)
{
    kaa_checked__ledger_fini(&self->places);
    kaa_checked__ledger_fini(&self->numbers);
    kaa_base__free((void *)self->calls);
}
