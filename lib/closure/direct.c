/* closure/direct.c - closures on trampolines that are code of libkaa.
 *
 * No memory becomes executable at run time, so this works wherever libkaa could
 * be loaded at all. Slots are given out in a ring: one that was freed is the
 * last to be used again, so that a pointer called after its closure's end finds
 * an empty slot for long, and returns zero.
 */
#include <pthread.h>

#include "closure/internal.h"

#if KAA_CALL__DIRECT

_Static_assert(offsetof(kaa_closure__frame, vectors) ==
                   offsetof(kaa_call__frame, vectors),
               "places are offsets into either frame");

#define SLOTS KAA_CLOSURE__SLOTS

/* In a loop: keeps it one argument at a time. */
#define NO_VECTORS __asm__ volatile("")

/* The closure of each trampoline; NULL: free. */
static kaa_closure *_Atomic slots[SLOTS];

/* Free slots: those from `fresh` on were never used; freed ones wait in a
 * ring, `ring_count` of them from `ring_first`. Under `lock`. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint16_t ring[SLOTS];
static uint32_t ring_first, ring_count, fresh;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void
give_lock(void)
{
    pthread_mutex_unlock(&lock);
}

/* A child of fork() finds the lock free, and the slots whole. */
static void
start(void)
{
    (void)pthread_atfork(take_lock, give_lock, give_lock);
}

static uint32_t
take_slot(void)
{
    uint32_t slot = KAA_CLOSURE__NO_SLOT;

    pthread_once(&once, start);
    take_lock();
    if (fresh < SLOTS) {
        slot = fresh++;
    } else if (ring_count > 0) {
        slot = ring[ring_first];
        ring_first = (ring_first + 1) % SLOTS;
        ring_count--;
    }
    give_lock();
    return slot;
}

static void
give_slot(uint32_t slot)
{
    take_lock();
    KAA_ASSERT(ring_count < SLOTS);
    ring[(ring_first + ring_count) % SLOTS] = (uint16_t)slot;
    ring_count++;
    give_lock();
}

/* Where an argument stands, from the closure's frame. An argument without a
 * size stands anywhere. */
uint32_t
kaa_closure__offset_of(const kaa_call__place *place)
{
    if (place->offset[0] < sizeof(kaa_call__frame))
        return place->offset[0];
    return place->offset[0] - (uint32_t)sizeof(kaa_call__frame) +
           (uint32_t)sizeof(kaa_closure__frame);
}

int
kaa_closure__direct_prepare(kaa_closure *closure)
{
    const kaa_call_plan *plan = closure->plan;

    if (!plan->is_direct || plan->argument_count > KAA_CLOSURE__DIRECT_MAX)
        return 0;
    for (uint32_t i = 0; i < plan->argument_count; i++) {
        const kaa_call__place *place = &plan->places[i];

        closure->offsets[i] = kaa_closure__offset_of(place);
        if (kaa_closure__is_split(plan, i))
            closure->has_split = 1;
    }
    closure->is_plain = !closure->has_split &&
                        plan->argument_count <= KAA_CLOSURE__FEW &&
                        plan->result_how == KAA_CALL__RESULT_I;
    return 1;
}

int
kaa_closure__direct_init(kaa_closure *closure)
{
    const unsigned char *code;

    closure->slot = take_slot();
    if (closure->slot == KAA_CLOSURE__NO_SLOT)
        return 0;
    code = kaa_closure__trampolines + (size_t)closure->slot * 16;
    memcpy(&closure->pointer, &code, sizeof(code));
    atomic_store_explicit(&slots[closure->slot], closure, memory_order_release);
    return 1;
}

void
kaa_closure__direct_fini(kaa_closure *closure)
{
    atomic_store_explicit(&slots[closure->slot], NULL, memory_order_release);
    give_slot(closure->slot);
}

__attribute__((used)) uint32_t
kaa_closure__enter(kaa_closure__frame *frame, uint32_t slot)
{
    kaa_closure *closure =
        atomic_load_explicit(&slots[slot], memory_order_acquire);
    void *arguments[KAA_CLOSURE__FEW];
    uint64_t words[2] = {0, 0}; /* a result of up to 8 bytes, and its zeros */
    uint32_t count;

    memset(&frame->out, 0, sizeof(frame->out));
    if (KAA_UNLIKELY(closure == NULL))
        return 0;
    if (!closure->is_plain)
        return kaa_closure__answer_any(closure, frame);
    count = closure->argument_count;
    for (uint32_t i = 0; i < count; i++) {
        /* Most have few: not worth a loop over vectors. */
        NO_VECTORS;
        arguments[i] = (unsigned char *)frame + closure->offsets[i];
    }
    kaa_closure__answer(closure, words, arguments);
    frame->out.in.integers[0] = kaa_call__widen(closure->plan, words[0]);
    return 0;
}

#else

int
kaa_closure__direct_prepare(kaa_closure *closure)
{
    (void)closure;
    return 0;
}

int
kaa_closure__direct_init(kaa_closure *closure)
{
    (void)closure;
    return 0;
}

void
kaa_closure__direct_fini(kaa_closure *closure)
{
    (void)closure;
}

#endif
