/* algorithm.c - see algorithm.h; the names are those of lib/gil/. */
#include "gil/model/algorithm.h"

#include <string.h>

/* One step in the making. */
typedef struct doing {
    settings set;
    verdict *out;
} doing;

/* --- Lines: as lib/gil/queue.c ---------------------------------------------
 */

static uint8_t
next_in_line(const doing *x, const model *m)
{
    if (m->urgent.count == 0 || (m->ordinary.count > 0 && !x->set.no_limit &&
                                 m->overtakes >= x->set.limit))
        return m->ordinary.count > 0 ? m->ordinary.who[0] : NOBODY;
    return m->urgent.who[0];
}

static void
append(queue *line, uint8_t who)
{
    line->who[line->count++] = who;
}

static void
prepend(queue *line, uint8_t who)
{
    memmove(line->who + 1, line->who, line->count);
    line->who[0] = who;
    line->count++;
}

static int
remove_from(queue *line, uint8_t who)
{
    for (uint8_t i = 0; i < line->count; i++)
        if (line->who[i] == who) {
            line->count--;
            memmove(line->who + i, line->who + i + 1, line->count - i);
            line->who[line->count] = 0;
            return 1;
        }
    return 0;
}

static void
serve(model *m, uint8_t who)
{
    int overtook = m->threads[who].is_resumed;

    if (remove_from(&m->urgent, who))
        overtook = 1;
    else
        remove_from(&m->ordinary, who);
    if (!overtook || m->ordinary.count == 0)
        m->overtakes = 0;
    else if (m->overtakes < 200)
        m->overtakes++;
    m->threads[who].over = 0;
}

/* `who` has the lock: the first in each line, if another, was overtaken. */
static void
count_turn(doing *x, model *m, uint8_t who)
{
    const queue *lines[2] = {&m->urgent, &m->ordinary};

    for (int i = 0; i < 2; i++) {
        thread_state *first;

        if (lines[i]->count == 0 || lines[i]->who[0] == who)
            continue;
        first = &m->threads[lines[i]->who[0]];
        if (first->over < 100)
            first->over++;
        if (first->over > x->out->most_overtaken)
            x->out->most_overtaken = first->over;
        if (first->over > x->set.bound)
            x->out->fault = "overtaken too often";
    }
}

/* --- Steps ---------------------------------------------------------------- */

static int
lock_mutex(model *m, uint8_t i)
{
    /* A locked instruction: the thread's own stores are seen first. */
    if (m->mutex != NOBODY || m->threads[i].buffered)
        return 0;
    m->mutex = i;
    return 1;
}

static void
call_first(const doing *x, model *m)
{
    uint8_t first = next_in_line(x, m);

    if (first != NOBODY &&
        (!x->set.no_call || m->threads[first].step == ASLEEP))
        m->threads[first].called = 1;
}

/* A thread in line asks the holder to let go, or sets its alarm. */
static int
look(const doing *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    if (!x->set.computes)
        return choice == 0;
    t->called = t->alarm = 0;
    if (next_in_line(x, m) != i)
        return choice == 0; /* called when it is */
    if (choice == 0)
        m->drop = 1;
    else
        t->alarm = 1;
    return 1;
}

static void
grant(doing *x, model *m, uint8_t who)
{
    uint8_t first;

    serve(m, who);
    m->drop = 0;
    first = next_in_line(x, m);
    /* One that is set may be right, by chance. */
    if (x->set.computes && first != NOBODY && !m->threads[first].alarm)
        call_first(x, m);
    m->contended--;
    m->threads[who].granted = 1;
    m->mutex = NOBODY;
    count_turn(x, m, who);
}

static void
go_in(doing *x, model *m, uint8_t i)
{
    if (m->inside != 0 || m->owner != i)
        x->out->fault = "two inside";
    m->inside++;
    m->threads[i].step = INSIDE;
}

static int
finish_round(model *m, uint8_t i)
{
    m->threads[i].rounds--;
    m->threads[i].step = m->threads[i].rounds > 0 ? ACQUIRE_LOOK : DONE;
    return 1;
}

static int
wait_step(doing *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case WAIT:
        if (t->granted) {
            t->called = t->alarm = 0;
            if (choice == 0)
                go_in(x, m, i);
            else
                t->step = BEGIN; /* not urgent */
            return choice == 0 || x->set.computes;
        }
        t->step = t->called ? LOOK_AGAIN : ASLEEP;
        return choice == 0 && x->set.computes;
    case ASLEEP:
        if (choice == 0 && !t->granted && !t->called)
            return 0;
        t->step = t->granted ? WAIT : LOOK_AGAIN;
        return choice == 0 || t->alarm;
    case LOOK_AGAIN:
        if (m->mutex != NOBODY)
            return 0;
        t->step = WAIT;
        return t->granted ? choice == 0 : look(x, m, i, choice);
    case BEGIN:
        if (choice != 0 || m->mutex != NOBODY)
            return 0;
        if (m->drop)
            call_first(x, m);
        m->drop = 0;
        go_in(x, m, i);
        return 1;
    default:
        return 0;
    }
}

static int
acquire_step(doing *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case ACQUIRE_LOOK:
        t->step = m->contended == 0 ? ACQUIRE_SWAP : SLOW_SWAP;
        return choice == 0;
    case ACQUIRE_SWAP:
        if (choice != 0 || t->buffered)
            return 0;
        t->step = SLOW_SWAP;
        if (m->owner == NOBODY) {
            m->owner = i;
            count_turn(x, m, i);
            go_in(x, m, i);
        }
        return 1;
    case SLOW_SWAP:
        if (choice != 0 || !lock_mutex(m, i))
            return 0;
        t->step = SLOW_LINE;
        if (m->contended == 0 && m->owner == NOBODY) {
            m->owner = i;
            m->mutex = NOBODY;
            go_in(x, m, i);
        }
        return 1;
    case SLOW_LINE:
        t->granted = 0;
        t->is_resumed = 0;
        t->over = 0;
        t->next = 0;
        append(choice == 0 ? &m->ordinary : &m->urgent, i);
        t->step =
            m->contended == 0 && !x->set.no_fence_all ? SLOW_FENCE : SLOW_TAKE;
        m->contended++;
        return choice <= 1;
    case SLOW_FENCE:
        if (m->threads[t->next].buffered) {
            m->threads[t->next].buffered = 0;
            m->owner = NOBODY;
        }
        if (++t->next == x->set.threads)
            t->step = SLOW_TAKE;
        return choice == 0;
    case SLOW_TAKE:
        if (next_in_line(x, m) == i && m->owner == NOBODY) {
            m->owner = i;
            t->step = SLOW_COUNT;
            return choice == 0;
        }
        m->mutex = NOBODY;
        t->step = WAIT;
        return look(x, m, i, choice);
    case SLOW_COUNT:
        grant(x, m, i);
        go_in(x, m, i);
        return choice == 0;
    default:
        return wait_step(x, m, i, choice);
    }
}

static int
hold_step(doing *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case INSIDE:
        if (choice == 1 && (t->yields == 0 || m->contended == 0 ||
                            (x->set.computes && !m->drop)))
            return 0;
        if (choice == 0 && x->set.computes && t->yields != 0 &&
            m->contended != 0)
            return 0;
        if (choice == 1) {
            t->yields--;
            t->step = YIELD_GIVE;
            return 1;
        }
        m->inside--;
        t->step = RELEASE_LOOK;
        return choice == 0;
    case YIELD_GIVE: /* choice: whether some of its slice is left */
        if (!lock_mutex(m, i))
            return 0;
        t->next = next_in_line(x, m);
        if (t->next == NOBODY) {
            m->mutex = NOBODY;
            m->drop = 0;
            t->step = INSIDE;
            return choice == 0;
        }
        m->inside--;
        m->contended++;
        t->granted = 0;
        t->over = 0;
        t->is_resumed = choice == 1;
        if (choice == 1)
            prepend(&m->ordinary, i);
        else
            append(&m->ordinary, i);
        m->owner = t->next;
        t->step = YIELD_GRANT;
        return choice == 0 || (choice == 1 && (m->overtakes < x->set.limit ||
                                               x->set.no_limit));
    case YIELD_GRANT:
        grant(x, m, t->next);
        t->step = WAIT;
        return look(x, m, i, choice);
    default:
        return 0;
    }
}

static int
release_step(doing *x, model *m, uint8_t i, int choice)
{
    thread_state *t = &m->threads[i];

    switch ((int)t->step) {
    case RELEASE_LOOK:
        t->step = m->contended == 0 ? RELEASE_STORE : GIVE;
        return choice == 0;
    case RELEASE_STORE:
        t->buffered = 1;
        t->step = RELEASE_LOOK_AGAIN;
        return choice == 0;
    case RELEASE_LOOK_AGAIN:
        if (m->contended != 0 && !x->set.no_second_look)
            t->step = OVER_SWAP;
        else
            finish_round(m, i);
        return choice == 0;
    case OVER_SWAP:
        if (!lock_mutex(m, i))
            return 0;
        t->next = next_in_line(x, m);
        if (t->next != NOBODY && (m->owner == NOBODY || x->set.no_swap)) {
            m->owner = t->next;
            t->step = OVER_GRANT;
            return choice == 0;
        }
        m->mutex = NOBODY;
        finish_round(m, i);
        return choice == 0;
    case GIVE:
        if (!lock_mutex(m, i))
            return 0;
        t->next = next_in_line(x, m);
        m->owner = t->next; /* or NOBODY */
        t->step = GIVE_GRANT;
        return choice == 0;
    case OVER_GRANT:
    case GIVE_GRANT:
        if (t->next != NOBODY)
            grant(x, m, t->next);
        else
            m->mutex = NOBODY;
        finish_round(m, i);
        return choice == 0;
    default:
        return 0;
    }
}

int
algorithm_step(const settings *set, model *m, uint8_t i, int choice,
               verdict *out)
{
    doing x = {*set, out};
    uint8_t at = m->threads[i].step;

    if (at == DONE)
        return 0;
    if (at <= WAIT)
        return acquire_step(&x, m, i, choice);
    if (at <= YIELD_GRANT)
        return hold_step(&x, m, i, choice);
    return release_step(&x, m, i, choice);
}

int
algorithm_see(model *m, uint8_t i)
{
    if (!m->threads[i].buffered)
        return 0;
    m->threads[i].buffered = 0;
    m->owner = NOBODY;
    return 1;
}

void
algorithm_start(model *m, const settings *set)
{
    memset(m, 0, sizeof(*m));
    m->owner = m->mutex = NOBODY;
    for (int i = 0; i < set->threads; i++) {
        m->threads[i].rounds = set->rounds;
        m->threads[i].yields = set->yields;
    }
    if (set->last_rounds != 0)
        m->threads[set->threads - 1].rounds = set->last_rounds;
}
