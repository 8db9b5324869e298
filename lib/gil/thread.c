/* gil/thread.c - threads come and go: attached, detached, ended, forked away.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "gil/internal.h"

#include <string.h>

static kaa_gil__thread *
find(const kaa_gil__person *person, const kaa_gil *gil)
{
    kaa_gil__thread *thread = person != NULL ? person->threads : NULL;

    while (thread != NULL && thread->gil != gil)
        thread = thread->person_next;
    return thread;
}

static kaa_gil__thread *
take_spare(kaa_gil *gil)
{
    kaa_gil__thread *thread;

    pthread_mutex_lock(&gil->mutex);
    thread = gil->spare;
    if (thread != NULL)
        gil->spare = thread->gil_next;
    pthread_mutex_unlock(&gil->mutex);
    return thread;
}

/* The mutex is held, or the process has one thread. */
static void
put_spare(kaa_gil__thread *thread)
{
    thread->gil_next = thread->gil->spare;
    thread->gil->spare = thread;
}

static kaa_gil__thread *
alloc_thread(kaa_gil *gil)
{
    kaa_gil__thread *thread = take_spare(gil);

    if (thread != NULL)
        return thread;
    thread = kaa_base__alloc_zeroed(sizeof(*thread));
#if !KAA_BASE__WORD_WAITS
    if (thread != NULL && kaa_base__condition_init(&thread->cond) != 0) {
        kaa_base__free(thread);
        return NULL;
    }
#endif
    return thread;
}

/* Fields one by one: a spare's `state` may still be looked at by a waker, and
 * its condition lives on. */
static void
start_thread(kaa_gil__thread *thread, kaa_gil *gil, kaa_gil__person *person,
             const char *name)
{
    _Atomic uint64_t *const figures[] = {
        &thread->acquisitions,  &thread->contended, &thread->forced,
        &thread->pending_calls, &thread->held_ns,   &thread->held_ns_max,
        &thread->unsure_ns,     &thread->waited_ns, &thread->waited_ns_max};

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        atomic_store_explicit(figures[i], 0, memory_order_relaxed);
    thread->handle.requests = (const uint32_t *)(uintptr_t)&gil->requests;
    thread->gil = gil;
    thread->person = person;
    thread->person_next = person->threads;
    person->threads = thread;
    thread->attached_count = 1;
    thread->was_forced = 0;
    thread->hold_last = 0;
    atomic_store_explicit(&thread->state, KAA_GIL__IDLE, memory_order_relaxed);
    if (name == NULL)
        name = "thread";
    kaa_base__copy_out(name, strlen(name), thread->name, sizeof(thread->name));
    atomic_store_explicit(&thread->line_at, 0, memory_order_relaxed);
    thread->attached_at = kaa_base__now_ns();
    kaa_gil__timing_start(thread, thread->attached_at);
}

/* Makes the thread known to its lock. */
static void
link_thread(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;

    pthread_mutex_lock(&gil->mutex);
    thread->gil_next = NULL;
    thread->gil_previous = gil->threads_last;
    if (gil->threads_last != NULL)
        gil->threads_last->gil_next = thread;
    else
        gil->threads = thread;
    gil->threads_last = thread;
    gil->thread_count++;
    thread->number = ++gil->attachments;
    pthread_mutex_unlock(&gil->mutex);
}

/* The mutex is held, or the process has one thread. */
static void
unlink_thread(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;

    kaa_gil__add_figures(&gil->gone, thread);
    if (thread->gil_next != NULL)
        thread->gil_next->gil_previous = thread->gil_previous;
    else
        gil->threads_last = thread->gil_previous;
    if (thread->gil_previous != NULL)
        thread->gil_previous->gil_next = thread->gil_next;
    else
        gil->threads = thread->gil_next;
    gil->thread_count--;
    if (atomic_load(&gil->pending_by) == thread)
        atomic_store(&gil->pending_by, NULL);
}

/* Takes the thread from its person, who goes with the last one. */
static void
leave_person(kaa_gil__thread *thread)
{
    kaa_gil__thread **link = &thread->person->threads;

    while (*link != thread)
        link = &(*link)->person_next;
    *link = thread->person_next;
    if (thread->person->threads == NULL)
        kaa_gil__person_free(thread->person);
    thread->person = NULL;
}

/* Takes the thread from its lock, and frees the lock if that was the last
 * who needed it. */
static void
remove_thread(kaa_gil__thread *thread)
{
    kaa_gil *gil = thread->gil;
    int is_last;

    kaa_gil__registry_lock();
    pthread_mutex_lock(&gil->mutex);
    unlink_thread(thread);
    leave_person(thread);
    put_spare(thread);
    is_last = gil->thread_count == 0 && !gil->is_open;
    if (is_last)
        kaa_gil__registry_remove(gil);
    pthread_mutex_unlock(&gil->mutex);
    kaa_gil__registry_unlock();
    if (is_last)
        kaa_gil__free(gil);
}

kaa_status
kaa_gil_attach(kaa_gil *gil, const char *name, kaa_gil_thread **out_thread,
               kaa_error *err)
{
    kaa_gil__person *person;
    kaa_gil__thread *thread;
    kaa_status status;

    if (gil == NULL || out_thread == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, gil == NULL ? 0 : 2,
                              "gil and out_thread may not be NULL");
    person = kaa_gil__person_get();
    thread = find(person, gil);
    if (thread != NULL) {
        thread->attached_count++;
        *out_thread = &thread->handle;
        return KAA_OK;
    }
    thread = alloc_thread(gil);
    if (thread == NULL)
        return kaa_base__fail_memory(err, "a thread's attachment");
    if (person == NULL) {
        person = kaa_base__alloc_zeroed(sizeof(*person));
        status = person == NULL
                     ? kaa_base__fail_memory(err, "a thread's attachment")
                     : kaa_gil__person_set(person, err);
        if (status != KAA_OK) {
            kaa_base__free(person);
            pthread_mutex_lock(&gil->mutex);
            thread->gil = gil;
            put_spare(thread);
            pthread_mutex_unlock(&gil->mutex);
            return status;
        }
    }
    start_thread(thread, gil, person, name);
    link_thread(thread);
    kaa_gil__verify_now(gil);
    *out_thread = &thread->handle;
    return KAA_OK;
}

void
kaa_gil_detach(kaa_gil_thread *handle)
{
    kaa_gil__thread *thread = (kaa_gil__thread *)handle;

    if (handle == NULL)
        return;
    /* Checked in every lock: the lists are the thread's own. */
    if (kaa_gil__check_person(thread, "detaches from", NULL) != KAA_OK)
        return;
    if (--thread->attached_count > 0)
        return;
    if (kaa_gil__is_owner(thread)) {
        kaa_gil__misuse(thread->gil, NULL,
                        "thread \"%s\" detaches from \"%s\" while it holds it",
                        thread->name, thread->gil->name);
        kaa_gil__abandon(thread);
    }
    remove_thread(thread);
}

void
kaa_gil__thread_end(kaa_gil__person *person)
{
    kaa_gil__thread *thread = person->threads, *next;

    /* The person goes with its last attachment. */
    for (; thread != NULL; thread = next) {
        next = thread->person_next;
        if (kaa_gil__is_owner(thread)) {
            kaa_gil__misuse(thread->gil, NULL,
                            "thread \"%s\" ended while it held \"%s\"",
                            thread->name, thread->gil->name);
            kaa_gil__abandon(thread);
        }
        remove_thread(thread);
    }
}

void
kaa_gil__after_fork(kaa_gil *gil, kaa_gil__person *survivor)
{
    kaa_gil__thread *owner = atomic_load(&gil->owner);
    kaa_gil__thread *thread, *next;

    gil->urgent = gil->ordinary = (kaa_gil__line){0};
    gil->overtakes = 0;
    atomic_fetch_and(&gil->contended, KAA_GIL__CHECKED);
    atomic_fetch_and(&gil->requests, ~(uint32_t)KAA_GIL__DROP);
    if (owner != NULL && owner->person != survivor)
        atomic_store(&gil->owner, NULL);
    if (!gil->is_fenced && !kaa_base__fence_all_start())
        gil->polls = 1;
    kaa_gil__pending_after_fork(gil);
    for (thread = gil->threads; thread != NULL; thread = next) {
        next = thread->gil_next;
        if (thread->person == survivor)
            continue;
        unlink_thread(thread);
        leave_person(thread);
        put_spare(thread);
    }
    if (gil->thread_count == 0 && !gil->is_open) {
        kaa_gil__registry_remove(gil);
        kaa_gil__free(gil);
    }
}

kaa_status
kaa_gil_enter(kaa_gil *gil, const char *name, kaa_gil_entry *out_entry,
              kaa_error *err)
{
    kaa_gil_entry entry = {0};
    kaa_status status;

    if (out_entry == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 2,
                              "out_entry may not be NULL");
    status = kaa_gil_attach(gil, name, &entry.thread, err);
    if (status != KAA_OK)
        return status;
    if (!kaa_gil_is_held(entry.thread)) {
        status = kaa_gil_acquire(entry.thread, err);
        if (status != KAA_OK) {
            kaa_gil_detach(entry.thread);
            return status;
        }
        entry.acquired = 1;
    }
    *out_entry = entry;
    return KAA_OK;
}

void
kaa_gil_leave(const kaa_gil_entry *entry)
{
    if (entry == NULL || entry->thread == NULL)
        return;
    if (entry->acquired)
        (void)kaa_gil_release(entry->thread, NULL);
    kaa_gil_detach(entry->thread);
}

const char *
kaa_gil_thread_name(const kaa_gil_thread *handle)
{
    return handle != NULL ? ((const kaa_gil__thread *)handle)->name : "";
}
