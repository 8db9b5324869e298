/* gil/verify.c - the lock checks its own structure. */
#include "gil/internal.h"

#include "base/error.h"

static const char *
check_line(const kaa_gil *gil, const kaa_gil__line *line, uint32_t is_urgent,
           uint32_t *count)
{
    const kaa_gil__thread *last = NULL;

    for (const kaa_gil__thread *thread = line->first; thread != NULL;
         thread = thread->line_next) {
        if (++*count > gil->thread_count)
            return "more threads in line than attached";
        if (thread->gil != gil)
            return "a thread of another lock in line";
        if (thread->is_urgent != is_urgent)
            return "a thread in the wrong line";
        if (!kaa_gil__waits(thread))
            return "a thread in line that does not wait";
        if (atomic_load(&gil->owner) == thread)
            return "the holder stands in line";
        last = thread;
    }
    return line->last == last ? NULL : "a line's end is not its last thread";
}

static const char *
check_threads(const kaa_gil *gil)
{
    const kaa_gil__thread *owner = atomic_load(&gil->owner);
    const kaa_gil__thread *last = NULL;
    uint32_t count = 0;
    int found = owner == NULL;

    for (const kaa_gil__thread *thread = gil->threads; thread != NULL;
         thread = thread->gil_next) {
        if (++count > gil->thread_count)
            return "more threads listed than attached";
        if (thread->gil_previous != last)
            return "the list of threads is broken";
        found |= thread == owner;
        last = thread;
    }
    if (count != gil->thread_count || last != gil->threads_last)
        return "the list of threads is cut";
    return found ? NULL : "the holder is not attached";
}

kaa_status
kaa_gil_verify(kaa_gil *gil, kaa_error *err)
{
    const char *fault;
    uint32_t count = 0, contended;

    if (gil == NULL)
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "gil may not be NULL");
    pthread_mutex_lock(&gil->mutex);
    contended = atomic_load(&gil->contended) & ~KAA_GIL__CHECKED;
    fault = check_line(gil, &gil->urgent, 1, &count);
    if (fault == NULL)
        fault = check_line(gil, &gil->ordinary, 0, &count);
    if (fault == NULL && count != contended)
        fault = "the count of waiting threads is wrong";
    if (fault == NULL)
        fault = check_threads(gil);
    pthread_mutex_unlock(&gil->mutex);
    if (fault == NULL)
        return KAA_OK;
    return kaa_base__fail(err, KAA_CORRUPT, KAA_NO_ARGUMENT, "lock \"%s\": %s",
                          gil->name, fault);
}
