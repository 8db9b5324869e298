/* closure/direct.c - closures on trampolines that are code of libkaa.
 *
 * No memory becomes executable at run time, so this works wherever libkaa could
 * be loaded at all. Slots are given out in a ring: one that was freed is the
 * last to be used again, so that a pointer called after its closure's end finds
 * an empty slot for long, and returns zero.
 */
#include <pthread.h>

#include "closure/internal.h"

#if KAA_CALL__SYSV

_Static_assert(offsetof(kaa_closure__frame, vectors) == 48 &&
                   offsetof(kaa_closure__frame, out.in.integers) == 112 &&
                   offsetof(kaa_closure__frame, out.in.vectors) == 128 &&
                   offsetof(kaa_closure__frame, saved) == 144 &&
                   sizeof(kaa_closure__frame) == 160,
               "the assembly in trampolines.c has these offsets");
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

static uint32_t
take_slot(void)
{
    uint32_t slot = KAA_CLOSURE__NO_SLOT;

    pthread_mutex_lock(&lock);
    if (fresh < SLOTS) {
        slot = fresh++;
    } else if (ring_count > 0) {
        slot = ring[ring_first];
        ring_first = (ring_first + 1) % SLOTS;
        ring_count--;
    }
    pthread_mutex_unlock(&lock);
    return slot;
}

static void
give_slot(uint32_t slot)
{
    pthread_mutex_lock(&lock);
    KAA_ASSERT(ring_count < SLOTS);
    ring[(ring_first + ring_count) % SLOTS] = (uint16_t)slot;
    ring_count++;
    pthread_mutex_unlock(&lock);
}

/* Where an argument stands, from the closure's frame. An argument without a
 * size stands anywhere. */
static uint32_t
offset_of(const kaa_call__place *place)
{
    if (place->offset[0] < sizeof(kaa_call__frame))
        return place->offset[0];
    return place->offset[0] - (uint32_t)sizeof(kaa_call__frame) +
           (uint32_t)sizeof(kaa_closure__frame);
}

/* Whether an argument cannot be pointed at where it stands: its halves are in
 * registers of two sorts, or its type wants more alignment than one has. */
static int
is_split(const kaa_call_plan *plan, uint32_t i)
{
    const kaa_call__place *place = &plan->places[i];
    const kaa_ctype *type = kaa_ctype_parameters(plan->signature)[i].type;

    if (place->size[0] == 0 || place->offset[0] >= sizeof(kaa_call__frame))
        return 0;
    return (place->size[1] > 0 && place->offset[1] != place->offset[0] + 8) ||
           (kaa_ctype_align(type) > 8 && kaa_ctype_size(type) > 8);
}

int
kaa_closure__direct_init(kaa_closure *closure)
{
    const kaa_call_plan *plan = closure->plan;
    const unsigned char *code;

    if (!plan->is_direct || plan->argument_count > KAA_CLOSURE__DIRECT_MAX)
        return 0;
    for (uint32_t i = 0; i < plan->argument_count; i++) {
        const kaa_call__place *place = &plan->places[i];

        closure->offsets[i] = offset_of(place);
        if (is_split(plan, i))
            closure->has_split = 1;
    }
    closure->is_plain =
        !closure->has_split && plan->result_how == KAA_CALL__RESULT_I;
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

/* Gives arguments that came in registers the form that their type has in
 * memory: halves together, and aligned. */
__attribute__((noinline)) static void
answer_split(kaa_closure *closure, void *result, kaa_closure__frame *frame)
{
    const kaa_call_plan *plan = closure->plan;
    unsigned char *base = (unsigned char *)frame;
    void *arguments[KAA_CLOSURE__DIRECT_MAX];
    /* Each takes a register at least. */
    _Alignas(16) uint64_t joined[KAA_CALL__INTEGERS + KAA_CALL__VECTORS][2];
    uint32_t count = 0;

    for (uint32_t i = 0; i < plan->argument_count; i++) {
        const kaa_call__place *place = &plan->places[i];

        if (!is_split(plan, i)) {
            arguments[i] = base + closure->offsets[i];
            continue;
        }
        KAA_ASSERT(count < KAA_CALL__INTEGERS + KAA_CALL__VECTORS);
        memcpy(&joined[count][0], base + place->offset[0], 8);
        joined[count][1] = 0;
        if (place->size[1] > 0)
            memcpy(&joined[count][1], base + place->offset[1], 8);
        arguments[i] = joined[count++];
    }
    kaa_closure__answer(closure, result, arguments);
}

/* Spreads a result of up to 16 bytes over the registers that it comes in. */
static void
leave(const kaa_call_plan *plan, const uint64_t words[2],
      kaa_closure__frame *frame)
{
    uint32_t integers = 0, vectors = 0;
    uint8_t how = plan->result_how;

    if (KAA_LIKELY(how == KAA_CALL__RESULT_I)) {
        frame->out.in.integers[0] = kaa_call__widen(plan, words[0]);
        return;
    }
    if (how == KAA_CALL__RESULT_D || how == KAA_CALL__RESULT_DD ||
        how == KAA_CALL__RESULT_DI)
        frame->out.in.vectors[vectors++] = words[0];
    else
        frame->out.in.integers[integers++] = words[0];
    if (how == KAA_CALL__RESULT_DD || how == KAA_CALL__RESULT_ID)
        frame->out.in.vectors[vectors] = words[1];
    else if (how == KAA_CALL__RESULT_II || how == KAA_CALL__RESULT_DI)
        frame->out.in.integers[integers] = words[1];
}

/* Any closure but a plain one. */
__attribute__((noinline)) static uint32_t
answer_any(kaa_closure *closure, kaa_closure__frame *frame)
{
    void *arguments[KAA_CLOSURE__DIRECT_MAX];
    _Alignas(16) uint64_t words[2] = {0, 0};
    void *result = words;
    uint8_t how = closure->plan->result_how;

    if (how == KAA_CALL__RESULT_MEMORY) {
        frame->out.in.integers[0] = frame->integers[0];
        memcpy(&result, &frame->integers[0], sizeof(result));
        memset(result, 0, closure->result_size);
    } else if (how == KAA_CALL__RESULT_X87 || how == KAA_CALL__RESULT_X87_2) {
        result = frame->out.x87;
    }
    if (KAA_UNLIKELY(closure->has_split)) {
        answer_split(closure, result, frame);
    } else {
        for (uint32_t i = 0; i < closure->argument_count; i++)
            arguments[i] = (unsigned char *)frame + closure->offsets[i];
        kaa_closure__answer(closure, result, arguments);
    }
    if (how == KAA_CALL__RESULT_X87)
        return 1;
    if (how == KAA_CALL__RESULT_X87_2)
        return 2;
    if (how != KAA_CALL__RESULT_MEMORY)
        leave(closure->plan, words, frame);
    return 0;
}

__attribute__((used)) uint32_t
kaa_closure__enter(kaa_closure__frame *frame, uint32_t slot)
{
    kaa_closure *closure =
        atomic_load_explicit(&slots[slot], memory_order_acquire);
    void *arguments[KAA_CLOSURE__DIRECT_MAX];
    uint64_t words[2] = {0, 0}; /* a result of up to 8 bytes, and its zeros */
    uint32_t count;

    memset(&frame->out, 0, sizeof(frame->out));
    if (KAA_UNLIKELY(closure == NULL))
        return 0;
    if (!closure->is_plain)
        return answer_any(closure, frame);
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
