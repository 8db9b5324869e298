/* Records of threads: more of them than there is room for, and those that end
 * after their recording. */
#include <pthread.h>
#include <semaphore.h>

#include "insight/threads.h"
#include "insight/ticks.h"
#include "kaa_test.h"

#define ALL (kaa_insight__all_threads)
#define LONG_TICKS (UINT64_C(1) << 50)

static sem_t goes_on, has_begun;

/* Is part of the first recording, and ends in the second. */
static void *
end_late(void *user)
{
    kaa_insight__thread *own = kaa_insight__thread_own();

    (void)user;
    if (own != NULL)
        KAA_INSIGHT__SET(own->ticks[KAA_INSIGHT__HELD], LONG_TICKS);
    sem_post(&has_begun);
    sem_wait(&goes_on);
    return own;
}

static void *
hold_once(void *user)
{
    kaa_insight__thread *own = kaa_insight__thread_own();

    (void)user;
    if (own != NULL) {
        KAA_INSIGHT__ADD(own->ticks[KAA_INSIGHT__HELD], 1u);
        KAA_INSIGHT__ADD(own->acquired, 1u);
    }
    return own;
}

/* Threads find memory that is there already. First, since records stay. */
KAA_TEST(a_few_records_are_ready)
{
    pthread_t one;
    void *record;
    uint32_t count;

    CHECK_OK(kaa_insight__threads_start(&t->err));
    kaa_insight__threads_begin(1, 1.0, 1);
    count = atomic_load(&ALL.count);
    CHECK_EQ(count, 4);
    for (uint32_t i = 0; i < count; i++) {
        const kaa_insight__thread *ready = atomic_load(&ALL.records[i]);

        CHECK(ready->spans != NULL);
        CHECK(atomic_load(&ready->end) != 0);
        CHECK(atomic_load(&ready->epoch) != atomic_load(&ALL.epoch));
    }
    CHECK_EQ(pthread_create(&one, NULL, hold_once, NULL), 0);
    CHECK_EQ(pthread_join(one, &record), 0);
    CHECK_EQ(atomic_load(&ALL.count), count);
    CHECK_EQ(atomic_load(&((kaa_insight__thread *)record)->acquired), 1);
    kaa_insight__threads_end();
    kaa_insight__threads_begin(1, 1.0, 1);
    CHECK_EQ(atomic_load(&ALL.count), count);
    kaa_insight__threads_end();
}

KAA_TEST(more_threads_than_records)
{
    const uint32_t count = KAA_INSIGHT__RECORDS_MAX + 50;
    uint64_t acquired = 0, held = 0;
    pthread_t late, one;
    void *record;

    CHECK_OK(kaa_insight__threads_start(&t->err));
    sem_init(&goes_on, 0, 0);
    sem_init(&has_begun, 0, 0);
    kaa_insight__threads_begin(1, 1.0, 0);
    CHECK_EQ(pthread_create(&late, NULL, end_late, NULL), 0);
    sem_wait(&has_begun);
    kaa_insight__threads_begin(1, 1.0, 0);
    sem_post(&goes_on);
    CHECK_EQ(pthread_join(late, NULL), 0);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_EQ(pthread_create(&one, NULL, hold_once, NULL), 0);
        CHECK_EQ(pthread_join(one, &record), 0);
        CHECK(record != NULL);
    }
    for (uint32_t i = 0; i < atomic_load(&ALL.count); i++) {
        kaa_insight__thread *each = atomic_load(&ALL.records[i]);

        if (atomic_load(&each->epoch) == atomic_load(&ALL.epoch)) {
            acquired += atomic_load(&each->acquired);
            held += atomic_load(&each->ticks[KAA_INSIGHT__HELD]);
        }
    }
    CHECK(atomic_load(&ALL.gone_count) > 0);
    CHECK_EQ(acquired + atomic_load(&ALL.gone.acquired), count);
    CHECK_EQ(held + atomic_load(&ALL.gone.ticks[KAA_INSIGHT__HELD]), count);
    CHECK_EQ(atomic_load(&ALL.lost), 0);
    kaa_insight__threads_end();
}
