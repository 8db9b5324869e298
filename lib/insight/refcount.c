/* insight/refcount.c - every change of one object's reference count: which C
 * function made it, called from which line of Python.
 *
 * The words that hold the count are watched by the processor (breakpoint.h). A
 * thread that has written to one gets SIGTRAP, whose handler reads the new
 * count, unwinds the thread's C stack up to the evaluation loop and reads its
 * Python frames. What it finds goes to memory that was reserved before.
 *
 * Where the count is (CPython's Include/object.h, little-endian): up to 3.11
 * the first 8 bytes; from 3.12 on the low 4 of them, as what is above is no
 * part of it; without a GIL (3.13 and later) 4 bytes at 12, of the thread that
 * owns the object, and 8 at 16, of all others, in units of 4.
 */
#include "insight/refcount.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "insight/unwind.h"

enum {
    UNWOUND_MAX = 40,
    OWNED_AT = 12,
    SHARED_AT = 16,
    SHARED_SHIFT = 2,
    SPINS_MAX = 1000
};

#define PYTHON (kaa_insight__counts.interpreter)

kaa_insight__watch kaa_insight__watches[KAA_INSIGHT__WATCHES_MAX];
kaa_insight__counting kaa_insight__counts;
static struct sigaction before; /* what handled SIGTRAP */
static struct sigaction first;  /* the same when the first watch began */
static int has_first;
static _Thread_local int is_passing;
static _Thread_local int is_noting;

/* ---- The count */

int64_t
kaa_insight__watch_count(const kaa_insight__watch *one)
{
    int64_t wide;
    uint32_t owned;

    if (one->is_split) {
        memcpy(&owned, one->object + OWNED_AT, sizeof(owned));
        memcpy(&wide, one->object + SHARED_AT, sizeof(wide));
        return (int64_t)owned + (wide >> SHARED_SHIFT);
    }
    memcpy(&wide, one->object, sizeof(wide));
    return one->version >= 0x030c ? (int64_t)(uint32_t)wide : wide;
}

/* From 3.12 on objects may be immortal: the sign bit of 32 is set, or, without
 * a GIL, all bits of the owner's count. */
int
kaa_insight__watch_is_immortal(const kaa_insight__watch *one)
{
    uint32_t owned;
    uint64_t count;

    if (one->version < 0x030c)
        return 0;
    memcpy(&owned, one->object + OWNED_AT, sizeof(owned));
    memcpy(&count, one->object, sizeof(count));
    return one->is_split ? owned == UINT32_MAX : (int32_t)(uint32_t)count < 0;
}

uint32_t
kaa_insight__watch_words(const kaa_insight__watch *one,
                         kaa_insight__word_place *out)
{
    uintptr_t object = (uintptr_t)one->object;

    out[0].address = object + (one->is_split ? OWNED_AT : 0);
    out[0].bytes = one->is_split ? 4 : 8;
    out[1].address = object + SHARED_AT;
    out[1].bytes = 8;
    return one->is_split ? 2 : 1;
}

static int
is_of_count(const kaa_insight__watch *one, uintptr_t address)
{
    kaa_insight__word_place words[KAA_INSIGHT__COUNT_WORDS];
    uint32_t count = kaa_insight__watch_words(one, words);

    return address == words[0].address ||
           (count == 2 && address == words[1].address);
}

/* ---- Noting a change, in the handler */

void
kaa_insight__watch_lock(kaa_insight__watch *one)
{
    for (unsigned spins = 0;
         atomic_flag_test_and_set_explicit(&one->is_busy, memory_order_acquire);
         spins++)
        if (spins % SPINS_MAX == SPINS_MAX - 1)
            sched_yield();
}

void
kaa_insight__watch_unlock(kaa_insight__watch *one)
{
    atomic_flag_clear_explicit(&one->is_busy, memory_order_release);
}

/* Whether a C frame lies beyond the evaluation loop whose frame is at `entry`,
 * where that is an address of this stack. */
static int
is_beyond(const kaa_insight__c_frame *frame, uintptr_t entry)
{
    return entry > (uintptr_t)frame && frame->place != NULL &&
           (uintptr_t)frame->place > entry;
}

/* The C stack from the instruction that was interrupted on, up to the
 * evaluation loop that called. */
static uint32_t
read_c_frames(uintptr_t interrupted, uintptr_t entry,
              kaa_insight__place *places)
{
    kaa_insight__c_frame frames[UNWOUND_MAX];
    uint32_t count = kaa_insight__unwind(frames, UNWOUND_MAX), at = 0, made = 0;

    while (at < count && frames[at].address != interrupted)
        at++;
    if (at == count) { /* the unwinder did not get so far */
        places[0].code = (void *)interrupted;
        places[0].instruction = KAA_INSIGHT__PLACE_C;
        return 1;
    }
    for (; at < count && made < KAA_INSIGHT__CHANGE_C_FRAMES; at++) {
        uintptr_t address = frames[at].address;

        if (made != 0 && is_beyond(&frames[at], entry))
            break;
        places[made].code = (void *)address;
        places[made++].instruction = KAA_INSIGHT__PLACE_C;
        if (address > kaa_insight__counts.loop &&
            address <= kaa_insight__counts.loop_end)
            break;
    }
    return made;
}

/* Those that stand at live code: a frame may be half made or half gone. */
static uint32_t
read_python_frames(const void *state, kaa_insight__place *places)
{
    uint32_t count = kaa_insight__frames_read(
        &PYTHON.frames, state, places, KAA_INSIGHT__CHANGE_PYTHON_FRAMES);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        if (kaa_insight__is_code(&PYTHON, places[i].code))
            places[kept++] = places[i];
    return kept;
}

/* The thread state, if this thread may run Python code; NULL, and *out_unheld:
 * it surely may not. Up to 3.11 the interpreter tells that of the thread that
 * may, whichever it is, and a subinterpreter's cannot be told from another
 * thread's. */
static const void *
held_state(int *out_unheld)
{
    void *state = kaa_insight__counts.current_state(), *own = state;

    if (PYTHON.version < 0x030c)
        own = PYTHON.this_thread_state();
    *out_unheld = state == NULL || own == NULL;
    return state == own ? state : NULL;
}

static void
note(kaa_insight__watch *one, uintptr_t interrupted, int is_late)
{
    kaa_insight__place places[KAA_INSIGHT__CHANGE_FRAMES];
    int unheld;
    const void *state = held_state(&unheld);
    kaa_insight_change *change;
    int64_t count = kaa_insight__watch_count(one), by = count - one->last;
    uint32_t site, frames;

    one->late += (uint64_t)is_late;
    if (by == 0)
        return;
    frames =
        is_late
            ? 0
            : read_c_frames(interrupted,
                            kaa_insight__frames_entry(&PYTHON.frames, state),
                            places);
    if (state != NULL && !is_late)
        frames += read_python_frames(state, places + frames);
    site = kaa_insight__sites_find(&one->sites, &PYTHON, places, frames, 1);
    one->gains[site].up += by > 0 ? (uint64_t)by : 0;
    one->gains[site].down += by < 0 ? (uint64_t)-by : 0;
    change = &one->changes[one->seen++ % one->capacity];
    change->at_ns = kaa_base__now_ns() - one->started_ns;
    change->count = count;
    change->by = (int32_t)by;
    change->site = site;
    change->thread = (uint32_t)syscall(SYS_gettid);
    change->flags = (unheld ? KAA_INSIGHT_CHANGE_UNHELD : 0u) |
                    (is_late ? KAA_INSIGHT_CHANGE_LATE : 0u);
    /* To refer to a code object may have changed it: kaa's own is no change. */
    one->last = kaa_insight__watch_count(one);
}

/* A signal that is none of ours does what it would have done. A handler that
 * was installed over this one, and calls it, is followed by the first. */
static void
pass_on(int number, siginfo_t *info, void *context)
{
    const struct sigaction *to = is_passing ? &first : &before;
    int was_passing = is_passing;

    is_passing = 1;
    if ((to->sa_flags & SA_SIGINFO) != 0) {
        to->sa_sigaction(number, info, context);
    } else if (to->sa_handler == SIG_DFL) {
        sigaction(number, to, NULL);
        raise(number);
    } else if (to->sa_handler != SIG_IGN) {
        to->sa_handler(number);
    }
    is_passing = was_passing;
}

#if defined(__linux__) && defined(__x86_64__)
static uintptr_t
instruction_of(const void *context)
{
    const ucontext_t *registers = context;

    return (uintptr_t)registers->uc_mcontext.gregs[REG_RIP];
}

/* siginfo_t::si_perf_flags, which C libraries lack: bit 0 is set where the
 * signal was blocked when the write happened (TRAP_PERF_FLAG_ASYNC). */
static int
is_late(const siginfo_t *info)
{
    uint32_t flags;

    memcpy(&flags, (const char *)info + 36, sizeof(flags));
    return (int)(flags & 1);
}
#else /* breakpoint.c opens none */
static uintptr_t
instruction_of(const void *context)
{
    (void)context;
    return 0;
}

static int
is_late(const siginfo_t *info)
{
    (void)info;
    return 0;
}
#endif

static void
on_trap(int number, siginfo_t *info, void *context)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    int saved = errno;

    if (info->si_code != KAA_INSIGHT__TRAP_PERF) {
        pass_on(number, info, context);
        return;
    }
    if (is_noting) /* what the handler itself did */
        return;
    is_noting = 1;
    for (unsigned i = 0; i < KAA_INSIGHT__WATCHES_MAX; i++) {
        kaa_insight__watch *one = &kaa_insight__watches[i];

        kaa_insight__watch_lock(one);
        if (one->is_on && is_of_count(one, address))
            note(one, instruction_of(context), is_late(info));
        kaa_insight__watch_unlock(one);
    }
    is_noting = 0;
    errno = saved;
}

/* It stays: a signal may come late, and its default would end the process. */
kaa_status
kaa_insight__watch_signals(kaa_error *err)
{
    struct sigaction now, wanted;

    memset(&wanted, 0, sizeof(wanted));
    wanted.sa_sigaction = on_trap;
    wanted.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    sigemptyset(&wanted.sa_mask);
    if (sigaction(SIGTRAP, NULL, &now) != 0)
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "sigaction(SIGTRAP): errno %d", errno);
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_trap)
        return KAA_OK;
    before = now;
    if (!has_first)
        first = now;
    has_first = 1;
    if (sigaction(SIGTRAP, &wanted, NULL) != 0)
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "sigaction(SIGTRAP): errno %d", errno);
    return KAA_OK;
}

void
kaa_insight__watch_signals_after_fork(void)
{
    is_noting = is_passing = 0;
}
