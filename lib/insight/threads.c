/* insight/threads.c - the records of threads: made, kept, used again. */
#include "insight/threads.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "insight/ticks.h"

KAA_INSIGHT__TLS kaa_insight__thread *kaa_insight__own;
kaa_insight__threads kaa_insight__all_threads;

#define ALL (kaa_insight__all_threads)

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int failure;
/* Guards the list of free records. Held for a few instructions, in hooks; as
 * long as the system needs for some pages, when a recording begins. */
static atomic_flag is_busy = ATOMIC_FLAG_INIT;
static kaa_insight__thread *free_records;

#define SPANS_BYTES (KAA_INSIGHT__SPANS_MAX * sizeof(kaa_insight__slot))

/* Records that are ready before threads ask, and how much of their spans. */
#define READY 4u
#define SPANS_READY ((size_t)32768)

/* Eight bytes of a record, whatever they are. */
typedef uint64_t __attribute__((may_alias)) word;

/* Forgets all that is a thread's; see kaa_insight__thread. What the watcher saw
 * is nobody's once `hold` says nothing. */
static void
clear(kaa_insight__thread *own)
{
    const size_t first = offsetof(kaa_insight__thread, since);
    const size_t end = offsetof(kaa_insight__thread, seen) +
                       offsetof(kaa_insight__seen, samples);

    KAA_INSIGHT__SET(own->state, KAA_INSIGHT__HELD);
    for (size_t at = first; at < end; at += sizeof(word))
        __atomic_store_n((word *)(void *)((char *)own + at), 0,
                         __ATOMIC_RELAXED);
}

static void
lock(void)
{
    while (atomic_flag_test_and_set_explicit(&is_busy, memory_order_acquire))
        ;
}

static void
unlock(void)
{
    atomic_flag_clear_explicit(&is_busy, memory_order_release);
}

/* A clock of another thread: Linux makes its number of the thread's, see
 * clock_getcpuclockid(3) and the kernel's include/linux/posix-timers.h. */
uint64_t
kaa_insight__thread_cpu_ns(uint32_t id)
{
    clockid_t clock = (clockid_t)(~id << 3 | 6u);
    struct timespec cpu;

    if (clock_gettime(clock, &cpu) != 0)
        return 0;
    return (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
}

void
kaa_insight__thread_add_call(kaa_insight__thread *own, uint64_t since,
                             uint64_t now, uint32_t stack)
{
    uint32_t call = KAA_INSIGHT__GET(own->seen.off_call);

    kaa_insight__timeline_add(&own->timeline, since, now, KAA_INSIGHT__OFF,
                              stack);
    kaa_insight__timeline_tell_call(&own->timeline, now, call);
    for (uint32_t i = 0; i < KAA_INSIGHT__CALLS_MAX; i++) {
        uint32_t one = KAA_INSIGHT__GET(own->calls[i].call);

        if (one != call && one != 0)
            continue;
        KAA_INSIGHT__SET(own->calls[i].call, call);
        KAA_INSIGHT__ADD(own->calls[i].ticks, now - since);
        return;
    }
}

/* When a record's thread ended; 0: it may still write. */
static uint64_t
end_of(const kaa_insight__thread *one)
{
    return atomic_load_explicit(&one->end, memory_order_acquire);
}

/* The thread ends: what it did last is counted, and it is off for ever. */
static void
thread_ends(void *subject)
{
    kaa_insight__thread *own = subject;
    uint64_t now = kaa_insight__ticks();

    if (KAA_INSIGHT__GET(own->epoch) != KAA_INSIGHT__GET(ALL.epoch)) {
        atomic_store_explicit(&own->end, now, memory_order_release);
        kaa_insight__own = NULL;
        return;
    }
    KAA_INSIGHT__SET(own->cpu_ns,
                     kaa_insight__thread_cpu_ns(KAA_INSIGHT__GET(own->id)));
    kaa_insight__writing(own);
    kaa_insight__thread_change(own, KAA_INSIGHT__OFF, now, 0);
    atomic_store_explicit(&own->end, now, memory_order_release);
    kaa_insight__written(own);
    kaa_insight__own = NULL;
}

static void
start(void)
{
    failure = pthread_key_create(&key, thread_ends);
}

kaa_status
kaa_insight__threads_start(kaa_error *err)
{
    pthread_once(&once, start);
    if (failure == 0)
        return KAA_OK;
    return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                          "no thread key for monitors (errno %d)", failure);
}

static void *
map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory != MAP_FAILED ? memory : NULL;
}

/* Has the system give memory now, not when it is written to. */
static void
populate(void *memory, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    (void)madvise(memory, bytes, MADV_POPULATE_WRITE);
#else
    (void)madvise(memory, bytes, 23); /* Linux 5.14; older ones refuse */
#endif
}

/* Records for the next threads, as if theirs had ended: some, with memory that
 * is there, so that those threads need not wait for the system to give it. */
static void
make_ready(int has_timelines)
{
    unsigned ready = 0, lives = 0;

    for (uint32_t i = 0; i < KAA_INSIGHT__RECORDS_MAX && ready < READY; i++) {
        kaa_insight__thread *record = atomic_load(&ALL.records[i]);

        if (record == NULL) {
            record = map(sizeof(*record));
            if (record == NULL)
                return;
            populate(record, sizeof(*record));
            KAA_INSIGHT__SET(record->end, 1);
            atomic_store(&ALL.records[i], record);
            atomic_store(&ALL.count, i + 1);
        }
        if (end_of(record) != 0)
            ready++;
        else if (lives++ >= READY)
            continue;
        if (record->spans == NULL && has_timelines)
            record->spans = map(SPANS_BYTES);
        if (record->spans != NULL && has_timelines)
            populate(record->spans, SPANS_READY);
    }
}

/* Records of ended threads go to the free list when the next recording begins:
 * their figures are read until then. */
void
kaa_insight__threads_begin(uint64_t grain, double ns_per_tick,
                           int has_timelines)
{
    uint32_t count;

    lock();
    make_ready(has_timelines);
    count = atomic_load(&ALL.count);
    free_records = NULL;
    for (uint32_t i = 0; i < count; i++) {
        kaa_insight__thread *record = atomic_load(&ALL.records[i]);

        if (record != NULL && end_of(record) != 0) {
            KAA_INSIGHT__SET(record->epoch, 0);
            record->next = free_records;
            free_records = record;
        }
    }
    ALL.grain = grain;
    ALL.has_timelines = has_timelines != 0;
    KAA_INSIGHT__SET(ALL.ns_scale, (uint64_t)(ns_per_tick * 1048576.0));
    atomic_store(&ALL.lost, 0);
    atomic_store(&ALL.gone_count, 0);
    clear(&ALL.gone);
    atomic_fetch_add(&ALL.epoch, 1);
    unlock();
}

void
kaa_insight__threads_end(void)
{
    uint32_t count = atomic_load(&ALL.count);

    for (uint32_t i = 0; i < count; i++) {
        kaa_insight__thread *record = atomic_load(&ALL.records[i]);

        if (record != NULL && record->spans != NULL)
            madvise(record->spans, SPANS_BYTES, MADV_DONTNEED);
    }
}

void
kaa_insight__threads_after_fork(void)
{
    uint32_t count = atomic_load(&ALL.count);

    atomic_flag_clear(&is_busy);
    for (uint32_t i = 0; i < count; i++) {
        kaa_insight__thread *record = atomic_load(&ALL.records[i]);

        if (record == NULL)
            continue;
        KAA_INSIGHT__SET(record->epoch, 0);
        if (record != kaa_insight__own)
            KAA_INSIGHT__SET(record->end, 1);
    }
}

/* ---- a thread's first event ---- */

static void
add_figures(kaa_insight__thread *sum, const kaa_insight__thread *one)
{
    for (unsigned i = 0; i < 3; i++)
        KAA_INSIGHT__ADD(sum->ticks[i], KAA_INSIGHT__GET(one->ticks[i]));
    for (unsigned i = 0; i < 2; i++) {
        uint64_t longest = KAA_INSIGHT__GET(one->longest[i]);

        if (longest > KAA_INSIGHT__GET(sum->longest[i]))
            KAA_INSIGHT__SET(sum->longest[i], longest);
        for (unsigned k = 0; k < KAA_INSIGHT__BUCKETS; k++)
            KAA_INSIGHT__ADD(sum->histograms[i][k],
                             KAA_INSIGHT__GET(one->histograms[i][k]));
    }
    KAA_INSIGHT__ADD(sum->acquired, KAA_INSIGHT__GET(one->acquired));
    KAA_INSIGHT__ADD(sum->contended, KAA_INSIGHT__GET(one->contended));
    KAA_INSIGHT__ADD(sum->forced, KAA_INSIGHT__GET(one->forced));
    KAA_INSIGHT__ADD(sum->voluntary, KAA_INSIGHT__GET(one->voluntary));
    KAA_INSIGHT__ADD(sum->cpu_ns, KAA_INSIGHT__GET(one->cpu_ns));
}

/* All records are taken: that of the thread that ended longest ago, whose
 * figures are added to the sum of those that are gone. */
static kaa_insight__thread *
take_ended(void)
{
    kaa_insight__thread *oldest = NULL;

    for (uint32_t i = 0; i < KAA_INSIGHT__RECORDS_MAX; i++) {
        kaa_insight__thread *one = atomic_load(&ALL.records[i]);
        uint64_t end = end_of(one);

        if (end != 0 && (oldest == NULL || end < KAA_INSIGHT__GET(oldest->end)))
            oldest = one;
    }
    /* One that ended late, of an earlier recording, is no part of this one. */
    if (oldest != NULL &&
        KAA_INSIGHT__GET(oldest->epoch) == KAA_INSIGHT__GET(ALL.epoch)) {
        add_figures(&ALL.gone, oldest);
        KAA_INSIGHT__SET(ALL.gone.end, 1);
        atomic_fetch_add(&ALL.gone_count, 1);
    }
    return oldest;
}

/* A record that is free, or a new one; NULL. Under the lock. */
static kaa_insight__thread *
take_record(void)
{
    kaa_insight__thread *record = free_records;
    uint32_t count = atomic_load(&ALL.count);

    if (record != NULL) {
        free_records = record->next;
        return record;
    }
    if (count == KAA_INSIGHT__RECORDS_MAX)
        return take_ended();
    record = map(sizeof(*record));
    if (record == NULL)
        return NULL;
    atomic_store(&ALL.records[count], record);
    atomic_store(&ALL.count, count + 1);
    return record;
}

/* Its spans, while nobody can have them in use: a timeline that is read again
 * and again while it is cleared is read until it stands still. */
static void
reset_timeline(kaa_insight__thread *own)
{
    kaa_insight__timeline *timeline = &own->timeline;

    if (own->spans == NULL && ALL.has_timelines)
        own->spans = map(SPANS_BYTES);
    kaa_insight__sequence_begin(&timeline->moves);
    KAA_INSIGHT__SET(timeline->count, 0);
    KAA_INSIGHT__SET(timeline->spans, ALL.has_timelines ? own->spans : NULL);
    timeline->grain = ALL.grain;
    kaa_insight__sequence_end(&timeline->moves);
}

static void
reset(kaa_insight__thread *own)
{
    uint64_t now, name[2] = {0};

    clear(own);
    reset_timeline(own);
    KAA_INSIGHT__SET(own->serial, atomic_fetch_add(&ALL.serial, 1) + 1);
    KAA_INSIGHT__SET(own->id, (uint32_t)syscall(SYS_gettid));
    prctl(PR_GET_NAME, name);
    for (unsigned i = 0; i < 2; i++)
        KAA_INSIGHT__SET(own->name[i], name[i]);
    /* All this takes a while: it begins when readers can see it. */
    now = kaa_insight__ticks();
    KAA_INSIGHT__SET(own->state, KAA_INSIGHT__OFF);
    KAA_INSIGHT__SET(own->since, now);
    KAA_INSIGHT__SET(own->start, now);
    atomic_store_explicit(&own->epoch, KAA_INSIGHT__GET(ALL.epoch),
                          memory_order_release);
}

kaa_insight__thread *
kaa_insight__thread_begin(void)
{
    kaa_insight__thread *own = kaa_insight__own;

    if (own == NULL) {
        lock();
        own = take_record();
        unlock();
        if (own == NULL || pthread_setspecific(key, own) != 0) {
            atomic_fetch_add(&ALL.lost, 1);
            return NULL;
        }
        kaa_insight__own = own;
    }
    kaa_insight__writing(own);
    reset(own);
    kaa_insight__written(own);
    return own;
}
