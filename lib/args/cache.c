/* args/cache.c - formats met before.
 *
 * A table of pointers to plans, by the format's address: a few neighbouring
 * places are looked at. Plans are laid into a static pool one after the other
 * and stay for ever; when pool or neighbourhood are full, a format is taken
 * apart anew each time, which only costs time. No lock: a place is written
 * once, when its plan is complete.
 */
#include <string.h>

#include "args/internal.h"

#define POOL_BYTES ((size_t)128 * 1024)

_Atomic(const kaa_args__plan *)
    kaa_args__places[KAA_ARGS__PLACES + KAA_ARGS__NEIGHBOURS];
static _Alignas(16) unsigned char pool[POOL_BYTES];
static atomic_size_t pool_used;

static void *
take_room(size_t bytes)
{
    size_t used = atomic_load_explicit(&pool_used, memory_order_relaxed);

    bytes = (bytes + 15) & ~(size_t)15;
    do {
        if (bytes > POOL_BYTES - used)
            return NULL;
    } while (!atomic_compare_exchange_weak(&pool_used, &used, used + bytes));
    return pool + used;
}

void
kaa_args__remember(const kaa_args__plan *plan)
{
    size_t place = kaa_args__place_of(plan->format);
    size_t bytes = sizeof(*plan) + plan->count * sizeof(plan->units[0]);
    size_t length = strlen(plan->text) + 1;
    const kaa_args__plan *none = NULL;
    kaa_args__plan *copy;
    char *text;

    while (atomic_load_explicit(&kaa_args__places[place],
                                memory_order_relaxed) != NULL)
        if (++place == kaa_args__place_of(plan->format) + KAA_ARGS__NEIGHBOURS)
            return;
    if (length > POOL_BYTES / 16)
        return;
    copy = take_room(bytes + length);
    if (copy == NULL)
        return;
    text = (char *)copy + bytes;
    memcpy(copy, plan, bytes);
    memcpy(text, plan->text, length);
    copy->text = text;
    if (plan->name != NULL)
        copy->name = text + (plan->name - plan->text);
    if (plan->message != NULL)
        copy->message = text + (plan->message - plan->text);
    /* Another thread may have taken the place: then this one is lost. */
    atomic_compare_exchange_strong_explicit(&kaa_args__places[place], &none,
                                            copy, memory_order_release,
                                            memory_order_relaxed);
}
