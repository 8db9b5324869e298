/* gil/deadlock.c - circles of threads that wait for each other.
 *
 * A circle takes threads that hold one lock and wait for another, and the last
 * of them closes it when it gets in line. So only such a thread searches, and
 * while it does it holds the registry, as all of them do when they get in line:
 * the last one sees the others.
 *
 *     waiter --waits for--> lock --owner--> holder --person--> waits_as --> ...
 *
 * Following an arrow is safe: a holder cannot detach without the registry, and
 * a thread with `waits_as` cannot go on without it.
 */
#include "gil/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int
kaa_gil__holds_another(const kaa_gil__thread *thread)
{
    const kaa_gil__thread *other;

    for (other = thread->person->threads; other != NULL;
         other = other->person_next)
        if (other != thread && kaa_gil__is_owner(other))
            return 1;
    return 0;
}

typedef struct circle_text {
    char text[KAA_GIL__CIRCLE_MAX];
    size_t length;
} circle_text;

static void
tell(circle_text *circle, const kaa_gil__thread *waiter,
     const kaa_gil__thread *holder)
{
    int length;

    if (circle->length >= sizeof(circle->text))
        return;
    length = snprintf(circle->text + circle->length,
                      sizeof(circle->text) - circle->length,
                      "%s\"%s\" waits for \"%s\", which \"%s\" holds",
                      circle->length == 0 ? "deadlock: " : "; ", waiter->name,
                      waiter->gil->name, holder->name);
    if (length > 0)
        circle->length += (size_t)length;
}

/* Whom `waiter` waits for, if that one waits as well; the mutex of waiter's
 * lock is held. */
static kaa_gil__thread *
follow(const kaa_gil__thread *waiter, kaa_gil__thread **out_holder)
{
    kaa_gil__thread *holder =
        atomic_load_explicit(&waiter->gil->owner, memory_order_acquire);

    *out_holder = holder;
    if (!kaa_gil__waits(waiter) || holder == NULL || holder == waiter)
        return NULL;
    return holder->person->waits_as;
}

static void
refuse_other(kaa_gil__thread *victim, const circle_text *circle)
{
    kaa_gil *gil = victim->gil;

    kaa_base__fail(victim->err, KAA_DEADLOCK, KAA_NO_ARGUMENT, "%s",
                   circle->text);
    pthread_mutex_lock(&gil->mutex);
    KAA_ASSERT(kaa_gil__waits(victim));
    kaa_gil__refuse(victim);
    pthread_mutex_unlock(&gil->mutex);
}

int
kaa_gil__find_circle(kaa_gil__thread *thread, kaa_gil__thread **out_victim,
                     kaa_error *err)
{
    circle_text circle = {.text = "", .length = 0};
    kaa_gil__thread *waiter = thread, *holder, *next, *victim = NULL;
    kaa_gil *locked = NULL; /* besides the thread's */

    for (;;) {
        next = follow(waiter, &holder);
        if (next == NULL || (next != thread && next->gil == thread->gil)) {
            if (locked != NULL)
                pthread_mutex_unlock(&locked->mutex);
            return 0;
        }
        tell(&circle, waiter, holder);
        if (victim == NULL && !waiter->is_required)
            victim = waiter;
        if (next == thread)
            break;
        if (next->gil != locked)
            pthread_mutex_lock(&next->gil->mutex);
        if (locked != NULL && locked != next->gil)
            pthread_mutex_unlock(&locked->mutex);
        locked = next->gil;
        waiter = next;
    }
    if (locked != NULL)
        pthread_mutex_unlock(&locked->mutex);
    if (victim == NULL) {
        kaa_base__stop_here();
        fprintf(stderr, "kaa: %s\n", circle.text);
        fflush(stderr);
        abort();
    }
    memcpy(thread->gil->circle, circle.text, sizeof(circle.text));
    memcpy(victim->gil->circle, circle.text, sizeof(circle.text));
    if (victim == thread)
        kaa_base__fail(err, KAA_DEADLOCK, KAA_NO_ARGUMENT, "%s", circle.text);
    else
        refuse_other(victim, &circle);
    *out_victim = victim;
    return 1;
}
