/* gil/wait.c - a thread's sleep in line.
 *
 * Where a thread can sleep on a word, a waiter sleeps on its own, and nobody
 * else is ever woken. Elsewhere it sleeps on a condition of its own under the
 * lock's mutex.
 *
 * The releasing thread pays no fence: it stores `owner` and loads `contended`,
 * and the processor may do these in the other order. A thread that gets in line
 * makes up for that with kaa_base__fence_all(), which has every running thread
 * of the process pass a fence. Either the releaser's load comes after it, and
 * sees the line, or its store came before it, and the waiter sees the lock
 * free.
 */
#include "gil/internal.h"

#if KAA_BASE__WORD_WAITS
void
kaa_gil__sleep(kaa_gil__thread *thread, uint64_t deadline)
{
    kaa_base__wait(&thread->state, KAA_GIL__WAITING, deadline);
}

void
kaa_gil__wake(kaa_gil__thread *thread)
{
    kaa_base__wake(&thread->state);
}
#else
void
kaa_gil__sleep(kaa_gil__thread *thread, uint64_t deadline)
{
    pthread_mutex_t *mutex = &thread->gil->mutex;

    pthread_mutex_lock(mutex);
    if (atomic_load(&thread->state) == KAA_GIL__WAITING)
        kaa_base__condition_wait(&thread->cond, mutex, deadline);
    pthread_mutex_unlock(mutex);
}

void
kaa_gil__wake(kaa_gil__thread *thread)
{
    pthread_cond_signal(&thread->cond);
}
#endif
