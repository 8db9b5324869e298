/* gil/registry.c - every lock of the process, and who the calling thread is.
 *
 * Locks are listed for the sake of fork(); the calling thread is found by a
 * pthread key, whose destructor is how a thread's end is noticed.
 */
#include "gil/internal.h"

#include "base/error.h"
#include "base/memory.h"

/* See lib/globals.txt. */
static struct {
    pthread_once_t once;
    pthread_mutex_t mutex;
    pthread_key_t key;
    int failure; /* of starting: an errno */
    kaa_gil *gils;
    uint64_t count; /* of all locks there were */
} registry = {.once = PTHREAD_ONCE_INIT, .mutex = PTHREAD_MUTEX_INITIALIZER};

static void
thread_ends(void *person)
{
    kaa_gil__thread_end(person);
}

static void
before_fork(void)
{
    pthread_mutex_lock(&registry.mutex);
    for (kaa_gil *gil = registry.gils; gil != NULL; gil = gil->next)
        pthread_mutex_lock(&gil->mutex);
}

static void
after_fork_parent(void)
{
    for (kaa_gil *gil = registry.gils; gil != NULL; gil = gil->next)
        pthread_mutex_unlock(&gil->mutex);
    pthread_mutex_unlock(&registry.mutex);
}

static void
after_fork_child(void)
{
    kaa_gil__person *survivor = kaa_gil__person_get();
    kaa_gil *next;

    for (kaa_gil *gil = registry.gils; gil != NULL; gil = next) {
        next = gil->next;
        pthread_mutex_unlock(&gil->mutex);
        kaa_gil__after_fork(gil, survivor);
    }
    pthread_mutex_unlock(&registry.mutex);
}

static void
start(void)
{
    registry.failure = pthread_key_create(&registry.key, thread_ends);
    if (registry.failure != 0)
        return;
    registry.failure =
        pthread_atfork(before_fork, after_fork_parent, after_fork_child);
    if (registry.failure != 0)
        pthread_key_delete(registry.key);
}

kaa_status
kaa_gil__registry_start(kaa_error *err)
{
    pthread_once(&registry.once, start);
    if (registry.failure == 0)
        return KAA_OK;
    return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                          "no thread key or fork handlers for locks (errno %d)",
                          registry.failure);
}

void
kaa_gil__registry_lock(void)
{
    pthread_mutex_lock(&registry.mutex);
}

void
kaa_gil__registry_unlock(void)
{
    pthread_mutex_unlock(&registry.mutex);
}

void
kaa_gil__registry_add(kaa_gil *gil)
{
    gil->previous = NULL;
    gil->next = registry.gils;
    if (gil->next != NULL)
        gil->next->previous = gil;
    registry.gils = gil;
    gil->number = ++registry.count;
}

void
kaa_gil__registry_note_order(kaa_gil__thread *thread)
{
    kaa_gil__note_order(thread, registry.gils);
}

void
kaa_gil__registry_remove(kaa_gil *gil)
{
    if (gil->next != NULL)
        gil->next->previous = gil->previous;
    if (gil->previous != NULL)
        gil->previous->next = gil->next;
    else
        registry.gils = gil->next;
}

kaa_gil *
kaa_gil__registry_first(uint64_t *out_made)
{
    *out_made = registry.count;
    return registry.gils;
}

kaa_gil__person *
kaa_gil__person_get(void)
{
    return pthread_getspecific(registry.key);
}

kaa_status
kaa_gil__person_set(kaa_gil__person *person, kaa_error *err)
{
    if (pthread_setspecific(registry.key, person) == 0)
        return KAA_OK;
    return kaa_base__fail_memory(err, "a thread's place");
}

void
kaa_gil__person_free(kaa_gil__person *person)
{
    if (kaa_gil__person_get() == person)
        pthread_setspecific(registry.key, NULL);
    kaa_base__free(person);
}
