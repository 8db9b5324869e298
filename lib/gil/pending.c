/* gil/pending.c - calls from anywhere, signal handlers included, that the
 * holder runs at its next checkpoint.
 *
 * A ring. Slot i carries `turn`, which says whose it is, so that no lock is
 * needed; positions count on and on:
 *
 *     turn == position                    free: the adder of `position` fills
 * it turn == position + 1                full: the runner of `position` may go
 *     turn == position + PENDING_MAX      free again, for the next round
 *
 * A handler that interrupts an adder between claiming and filling takes the
 * next slot; the runner stops before the one that is not full yet, and is
 * asked again once it is.
 */
#include "gil/internal.h"

#include "base/error.h"

_Static_assert((KAA_GIL_PENDING_MAX & (KAA_GIL_PENDING_MAX - 1)) == 0,
               "positions wrap around");

void
kaa_gil__pending_start(kaa_gil *gil)
{
    for (uint32_t i = 0; i < KAA_GIL_PENDING_MAX; i++)
        atomic_init(&gil->pending[i].turn, i);
}

static int
do_nothing(void *user)
{
    (void)user;
    return 0;
}

void
kaa_gil__pending_after_fork(kaa_gil *gil)
{
    uint32_t in = atomic_load(&gil->pending_in);
    uint32_t out = gil->pending_out;

    /* Claimed, and never to be filled. */
    for (uint32_t position = out; position != in; position++) {
        kaa_gil__pending *slot = &gil->pending[position % KAA_GIL_PENDING_MAX];

        if (atomic_load(&slot->turn) == position) {
            slot->call = do_nothing;
            atomic_store(&slot->turn, position + 1);
        }
    }
    /* Taken by a thread that is not here to give it back. */
    for (uint32_t position = in; position != out + KAA_GIL_PENDING_MAX;
         position++)
        atomic_store(&gil->pending[position % KAA_GIL_PENDING_MAX].turn,
                     position);
}

kaa_status
kaa_gil_add_pending(kaa_gil *gil, kaa_gil_call call, void *user)
{
    uint32_t position;
    kaa_gil__pending *slot;

    if (gil == NULL || call == NULL)
        return KAA_INVALID_ARGUMENT;
    position = atomic_load_explicit(&gil->pending_in, memory_order_relaxed);
    for (;;) {
        uint32_t ahead;

        slot = &gil->pending[position % KAA_GIL_PENDING_MAX];
        ahead =
            atomic_load_explicit(&slot->turn, memory_order_acquire) - position;
        if (ahead == 0) {
            if (atomic_compare_exchange_weak(&gil->pending_in, &position,
                                             position + 1))
                break;
        } else if ((int32_t)ahead < 0) {
            return KAA_LIMIT;
        } else {
            position =
                atomic_load_explicit(&gil->pending_in, memory_order_relaxed);
        }
    }
    slot->call = call;
    slot->user = user;
    atomic_store_explicit(&slot->turn, position + 1, memory_order_release);
    atomic_fetch_or(&gil->requests, KAA_GIL__PENDING);
    return KAA_OK;
}

int
kaa_gil__pending_run(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;
    kaa_gil__thread *nobody = NULL;
    int answer = 0;

    /* Not from within a pending call, and not beside one that let go of the
     * lock: that one goes on with the rest. */
    if (!atomic_compare_exchange_strong(&gil->pending_by, &nobody, thread))
        return 0;
    /* Cleared before looking: what comes later sets it again. */
    atomic_fetch_and(&gil->requests, ~(uint32_t)KAA_GIL__PENDING);
    /* Not more than one round, for calls that add themselves again. */
    for (uint32_t i = 0; i < KAA_GIL_PENDING_MAX && answer == 0; i++) {
        uint32_t position = gil->pending_out;
        kaa_gil__pending *slot = &gil->pending[position % KAA_GIL_PENDING_MAX];
        kaa_gil__pending due;

        if (atomic_load_explicit(&slot->turn, memory_order_acquire) !=
            position + 1)
            break;
        due.call = slot->call;
        due.user = slot->user;
        gil->pending_out = position + 1;
        atomic_store_explicit(&slot->turn, position + KAA_GIL_PENDING_MAX,
                              memory_order_release);
        kaa_gil__add(&thread->pending_calls, 1);
        answer = due.call(due.user);
    }
    if (atomic_load_explicit(
            &gil->pending[gil->pending_out % KAA_GIL_PENDING_MAX].turn,
            memory_order_acquire) == gil->pending_out + 1)
        atomic_fetch_or(&gil->requests, KAA_GIL__PENDING);
    atomic_store(&gil->pending_by, NULL);
    return answer;
}
