/* cpython/host/thread.c - how a callback gets the GIL, whatever thread it is
 * on.
 *
 * In order of frequency: a thread inside one of our calls takes it with the
 * state that the call put aside; another thread of Python's with its own
 * state; a thread that Python never saw gets a state of its own at its first
 * callback and keeps it until it ends, as making one for each callback costs
 * more than the callback; but a subinterpreter cannot end beside such a state,
 * so that one's states end with the callback. Around the end of the interpreter
 * nothing enters: a thread says in `entering` that it is about to, then looks
 * whether it may, and counts there until it gives the GIL back.
 */
#include "cpython/host/thread.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/assert.h"
#include "base/memory.h"

KAA_CPYTHON__TLS kaa_cpython__thread kaa_cpython__own;

/* A foreign thread's state, freed when the thread ends. */
typedef struct foreign {
    kaa_cpython *host;
    PyThreadState *state;
} foreign;

static pthread_key_t foreign_key;
static pthread_once_t foreign_once = PTHREAD_ONCE_INIT;

kaa_cpython__record *
kaa_cpython__begin_nested(kaa_cpython__record *record, kaa_cpython *host)
{
    kaa_cpython__thread *own = &kaa_cpython__own;

    if (own->records != NULL) { /* C called the interpreter by itself */
        kaa_cpython__begin(record, host, 1);
        return record;
    }
    own->common.host = host;
    kaa_cpython__begin_common();
    return &own->common;
}

int
kaa_cpython__raise_kept(kaa_cpython__record *record)
{
    PyObject *raised = record->exception[0];

    record->exception[0] = NULL;
    PY(PyErr_Restore)(raised, record->exception[1], record->exception[2]);
    return -1;
}

/* Whether callbacks may still enter. The thread that closed the bridge goes on
 * to call what else was registered for the interpreter's end; a callback of a
 * call that Python code makes there finds everything still standing. */
static int
is_open(const kaa_cpython *host)
{
    if (!atomic_load(&host->is_closing))
        return 1;
    return pthread_equal(host->closing_thread, pthread_self()) &&
           kaa_cpython__record_of(host) != NULL;
}

/* 1 and counted as entering, or 0: the interpreter is going away. */
static int
begin_entering(kaa_cpython *host)
{
    atomic_fetch_add(&host->entering, 1);
    if (is_open(host) && !kaa_cpython__is_finalizing())
        return 1;
    atomic_fetch_sub(&host->entering, 1);
    return 0;
}

/* 1 with the GIL, and still counted: until it is given back. */
static int
restore(kaa_cpython *host, PyThreadState *state)
{
    if (!begin_entering(host))
        return 0;
    PY(PyEval_RestoreThread)(state);
    return 1;
}

/* The end of a foreign thread: its state goes, if there is still an
 * interpreter to take it from. */
static void
end_foreign(void *pointer)
{
    foreign *own = pointer;

    if (restore(own->host, own->state)) {
        PY(PyThreadState_Clear)(own->state);
        PY(PyThreadState_DeleteCurrent)();
        atomic_fetch_sub(&own->host->entering, 1);
    }
    kaa_base__free(own);
}

static void
make_key(void)
{
    pthread_key_create(&foreign_key, end_foreign);
}

static PyThreadState *
foreign_state(kaa_cpython *host)
{
    foreign *own;

    if (!host->is_main)
        return PY(PyThreadState_New)(host->interpreter);
    pthread_once(&foreign_once, make_key);
    own = pthread_getspecific(foreign_key);
    if (own != NULL)
        return own->state;
    own = kaa_base__alloc(sizeof(*own));
    if (own == NULL)
        return NULL;
    own->host = host;
    own->state = PY(PyThreadState_New)(host->interpreter);
    if (own->state == NULL || pthread_setspecific(foreign_key, own) != 0) {
        kaa_base__free(own);
        return NULL;
    }
    return own->state;
}

/* A call that keeps the GIL calls back into another interpreter. Whether the
 * two have one GIL or two, this thread may not wait for one while it has
 * another. */
static PyThreadState *
give_up(void)
{
    const kaa_cpython__record *newest = kaa_cpython__own.records;

    return newest != NULL && newest->state == NULL ? PY(PyEval_SaveThread)()
                                                   : NULL;
}

/* Nothing was entered after all. */
static int
go_back(PyThreadState *outer)
{
    if (outer != NULL)
        PY(PyEval_RestoreThread)(outer);
    return 0;
}

int
kaa_cpython__enter(kaa_cpython *host, kaa_cpython__entry *entry)
{
    kaa_cpython__record *record = kaa_cpython__record_of(host);
    PyThreadState *state = record != NULL ? record->state : NULL;
    PyThreadState *outer;
    int is_made = 0;

    entry->state = NULL;
    if (KAA_UNLIKELY(
            atomic_load_explicit(&host->is_closing, memory_order_relaxed)) &&
        (!is_open(host) || kaa_cpython__is_finalizing()))
        return 0;
    if (record != NULL && record->held != NULL &&
        kaa_cpython__is_running(record->held))
        return 1;
    if (state == NULL) {
        state = PY(PyGILState_GetThisThreadState)();
        if (state != NULL &&
            PY(PyThreadState_GetInterpreter)(state) != host->interpreter)
            state = NULL;
    }
    if (state != NULL && kaa_cpython__is_running(state)) {
        if (record != NULL)
            record->held = state;
        return 1;
    }
    outer = record == NULL ? give_up() : NULL;
    if (state == NULL) {
        if (!begin_entering(host))
            return go_back(outer);
        state = foreign_state(host);
        if (state == NULL) {
            atomic_fetch_sub(&host->entering, 1);
            return go_back(outer);
        }
        is_made = !host->is_main;
        PY(PyEval_RestoreThread)(state);
    } else if (!restore(host, state)) {
        return go_back(outer);
    }
    entry->outer = outer;
    entry->state = state;
    entry->is_made = is_made;
    entry->host = host;
    return 1;
}

void
kaa_cpython__leave(const kaa_cpython__entry *entry)
{
    if (entry->state == NULL)
        return;
    if (entry->is_made) {
        PY(PyThreadState_Clear)(entry->state);
        PY(PyThreadState_DeleteCurrent)();
    } else {
        PY(PyEval_SaveThread)();
    }
    atomic_fetch_sub(&entry->host->entering, 1);
    if (entry->outer != NULL)
        PY(PyEval_RestoreThread)(entry->outer);
}
