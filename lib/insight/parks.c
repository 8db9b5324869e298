/* insight/parks.c - where threads of a free-threaded interpreter wait for each
 * other.
 *
 * Without a GIL a thread that has to wait parks: on a semaphore of its own
 * (Python/parking_lot.c), whatever it waits for. So the interpreter's calls of
 * sem_wait() and sem_clockwait() are all there is to see; who called says what
 * was waited for: a critical section, a stop of the world, a lock, an event.
 * The C stack is kept as addresses and named when it is told.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "insight/got.h"
#include "insight/trace.h"
#include "insight/unwind.h"

#define TRACE (kaa_insight__tracing)
#define PARKS_MAX 1024u /* a power of two */
#define FRAMES_MAX 14u

typedef struct park {
    _Atomic uint64_t hash; /* 0: free */
    _Atomic uint64_t count, ticks, ticks_max;
    uint64_t addresses[KAA_INSIGHT_PARK_FRAMES];
    uint32_t thread, stack;
} park;

typedef int wait_function(sem_t *);
typedef int timed_function(sem_t *, const struct timespec *);
typedef int clock_function(sem_t *, clockid_t, const struct timespec *);

enum { WAIT, TIMED, CLOCK, PATCHES };
static kaa_insight__patch patches[PATCHES] = {
    [WAIT] = {.name = "sem_wait"},
    [TIMED] = {.name = "sem_timedwait"},
    [CLOCK] = {.name = "sem_clockwait"}};
static wait_function *real_wait;
static timed_function *real_timed;
static clock_function *real_clock;
static park parks[PARKS_MAX];
static _Atomic int is_on;
static uint32_t users;
static pthread_mutex_t control = PTHREAD_MUTEX_INITIALIZER;

static uint64_t
hash_of(const uint64_t *addresses, uint32_t thread, uint32_t stack)
{
    uint64_t hash = thread * 0x100000001u + stack;

    for (uint32_t i = 0; i < KAA_INSIGHT_PARK_FRAMES; i++) {
        hash = (hash ^ addresses[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash | 1;
}

/* The entry of a place, or NULL: there is no room. */
static park *
find(const uint64_t *addresses, uint32_t thread, uint32_t stack)
{
    uint64_t hash = hash_of(addresses, thread, stack);

    for (uint32_t i = 0; i < PARKS_MAX; i++) {
        park *one = &parks[(hash + i) % PARKS_MAX];
        uint64_t found = atomic_load(&one->hash);

        if (found == hash)
            return one;
        if (found == 0 &&
            atomic_compare_exchange_strong(&one->hash, &found, hash)) {
            memcpy(one->addresses, addresses, sizeof(one->addresses));
            one->thread = thread;
            one->stack = stack;
            return one;
        }
        if (found == hash)
            return one;
    }
    return NULL;
}

static void
note(uint64_t ticks)
{
    kaa_insight__c_frame frames[FRAMES_MAX];
    uint64_t addresses[KAA_INSIGHT_PARK_FRAMES] = {0}, most;
    uint32_t count, stack;
    park *one;

    if (ticks < atomic_load(&TRACE.threshold))
        return;
    count = kaa_insight__unwind(frames, FRAMES_MAX);
    for (uint32_t i = 0; i < KAA_INSIGHT_PARK_FRAMES && i + 3 < count; i++)
        addresses[i] = frames[i + 3].address;
    stack = kaa_insight__stacks_find(&TRACE.stacks, &TRACE.interpreter,
                                     TRACE.interpreter.this_thread_state());
    one = find(addresses, (uint32_t)syscall(SYS_gettid), stack);
    if (one == NULL)
        return;
    atomic_fetch_add(&one->count, 1);
    atomic_fetch_add(&one->ticks, ticks);
    most = atomic_load(&one->ticks_max);
    while (ticks > most &&
           !atomic_compare_exchange_weak(&one->ticks_max, &most, ticks))
        continue;
}

/* errno is the wait's, whatever the look at it did. */
#define TIMED_CALL(call)                                                       \
    do {                                                                       \
        uint64_t before = kaa_insight__ticks();                                \
        int result = (call), kept = errno;                                     \
                                                                               \
        if (atomic_load_explicit(&is_on, memory_order_relaxed))                \
            note(kaa_insight__ticks() - before);                               \
        errno = kept;                                                          \
        return result;                                                         \
    } while (0)

static int
on_wait(sem_t *semaphore)
{
    TIMED_CALL(real_wait(semaphore));
}

static int
on_timed(sem_t *semaphore, const struct timespec *until)
{
    TIMED_CALL(real_timed(semaphore, until));
}

static int
on_clock(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
    TIMED_CALL(real_clock(semaphore, clock, until));
}

static kaa_status
install(const void *anchor, kaa_error *err)
{
    wait_function *wait_hook = on_wait;
    timed_function *timed_hook = on_timed;
    clock_function *clock_hook = on_clock;
    kaa_status status;

    memcpy(&patches[WAIT].hook, &wait_hook, sizeof(void *));
    memcpy(&patches[TIMED].hook, &timed_hook, sizeof(void *));
    memcpy(&patches[CLOCK].hook, &clock_hook, sizeof(void *));
    status = kaa_insight__got_find(kaa_insight__got_object(anchor), patches,
                                   PATCHES, err);
    if (status != KAA_OK)
        return status;
    memcpy(&real_wait, &patches[WAIT].real, sizeof(void *));
    memcpy(&real_timed, &patches[TIMED].real, sizeof(void *));
    memcpy(&real_clock, &patches[CLOCK].real, sizeof(void *));
    if (real_wait == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "this interpreter does not wait by sem_wait()");
    return kaa_insight__got_write(patches, PATCHES, err);
}

static kaa_status
begin(const kaa_insight_options *options, kaa_error *err)
{
    const void *anchor = NULL;
    kaa_status status = kaa_insight__interpreter_open(
        options->handle, options->version, &TRACE.interpreter, err);

    if (status != KAA_OK)
        return status;
    kaa_insight__ticks_start();
    kaa_insight__unwind_start();
    kaa_insight__scale_start(&TRACE.scale);
    atomic_store(&TRACE.threshold,
                 kaa_insight__scale_ticks(&TRACE.scale, options->threshold_ns));
    memset(parks, 0, sizeof(parks));
    status = kaa_insight__stacks_init(&TRACE.stacks, err);
    memcpy(&anchor, &TRACE.interpreter.save_thread, sizeof(anchor));
    if (status == KAA_OK) {
        status = install(anchor, err);
        if (status != KAA_OK)
            kaa_insight__stacks_fini(&TRACE.stacks);
    }
    if (status != KAA_OK)
        return status;
    atomic_store(&is_on, 1);
    return KAA_OK;
}

kaa_status
kaa_insight_parks_start(const kaa_insight_options *options, kaa_error *err)
{
    kaa_insight_options chosen = {.size = sizeof(chosen)};
    kaa_status status;

    if (options == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options may not be NULL");
    status = kaa_base__read_options(&chosen, sizeof(chosen), options, err);
    if (status != KAA_OK)
        return status;
    if (chosen.flags != 0 || chosen.reserved != 0 || chosen.version < 0x030d)
        return kaa_base__fail(err, KAA_UNSUPPORTED, 0,
                              "options ask for what there is not: parks are "
                              "those of CPython 3.13 and later");
    if (atomic_load(&TRACE.is_on))
        return kaa_base__fail(err, KAA_MISUSE, KAA_NO_ARGUMENT,
                              "the GIL is being traced");
    if (chosen.threshold_ns == 0)
        chosen.threshold_ns = 1000;
    pthread_mutex_lock(&control);
    if (users == 0)
        status = begin(&chosen, err);
    if (status == KAA_OK)
        users++;
    pthread_mutex_unlock(&control);
    return status;
}

/* The table stays for the next start: a thread may be about to write to it. */
int
kaa_insight_parks_stop(void)
{
    int goes_on;

    pthread_mutex_lock(&control);
    if (users == 1) {
        atomic_store(&is_on, 0);
        kaa_insight__got_remove(patches, PATCHES);
        kaa_insight__stacks_clear(&TRACE.stacks, &TRACE.interpreter);
    }
    if (users != 0)
        users--;
    goes_on = users != 0;
    pthread_mutex_unlock(&control);
    return goes_on;
}

uint32_t
kaa_insight_parks_read(kaa_insight_park *out, uint32_t capacity)
{
    uint32_t count = 0;

    if (!atomic_load(&is_on))
        return 0;
    for (uint32_t i = 0; i < PARKS_MAX; i++) {
        const park *one = &parks[i];

        if (atomic_load(&one->count) == 0)
            continue;
        if (out != NULL && count < capacity) {
            out[count] = (kaa_insight_park){
                .count = atomic_load(&one->count),
                .ns = kaa_insight__scale_ns(&TRACE.scale,
                                            atomic_load(&one->ticks)),
                .ns_max = kaa_insight__scale_ns(&TRACE.scale,
                                                atomic_load(&one->ticks_max)),
                .thread = one->thread,
                .stack = one->stack};
            memcpy(out[count].addresses, one->addresses,
                   sizeof(out[count].addresses));
        }
        count++;
    }
    return count;
}
