/* cpython/context/on_threads.c - the slots of threads, memory and the
 * collector. */
#include "base/clock.h"
#include "base/memory.h"

#include "cpython/context/context.h"
#include "cpython/host/thread.h"

/* ---- threads */

/* As a call out of Python stands in a record, so that kaa_thread_enter() takes
 * the GIL with the same state. Without memory for one, the state itself with
 * its lowest bit set is what is handed out. */
void *
kaa_cpython__slot_begin_allow_threads(kaa_context *ctx)
{
    kaa_cpython__record *record = kaa_base__alloc(sizeof(*record));

    if (record == NULL)
        return (char *)(void *)PY(PyEval_SaveThread)() + 1;
    kaa_cpython__begin(record, own_of(ctx)->host, 0);
    return record;
}

void
kaa_cpython__slot_end_allow_threads(kaa_context *ctx, void *begun)
{
    (void)ctx;
    if ((uintptr_t)begun & 1u) {
        PY(PyEval_RestoreThread)((PyThreadState *)(void *)((char *)begun - 1));
        return;
    }
    kaa_cpython__end(begun);
    kaa_base__free(begun);
}

/* How often the GIL is offered: as often as the host would itself. */
#define OFFER_NS 5000000u
/* Only one in as many polls does anything: signals come seldom, and since 3.12
 * looking for them may collect garbage. */
#define POLLS 32u

int
kaa_cpython__slot_poll(kaa_context *ctx)
{
    kaa_cpython__context *own = own_of(ctx);
    uint32_t polls = atomic_load_explicit(&own->polls, memory_order_relaxed);
    uint64_t now, last;

    atomic_store_explicit(&own->polls, polls + 1, memory_order_relaxed);
    if (polls % POLLS != 0)
        return 0;
    now = kaa_base__now_ns();
    last = atomic_load_explicit(&own->polled_ns, memory_order_relaxed);
    if (now - last >= OFFER_NS) {
        atomic_store_explicit(&own->polled_ns, now, memory_order_relaxed);
        PY(PyEval_RestoreThread)(PY(PyEval_SaveThread)());
    }
    return PY(PyErr_CheckSignals)();
}

void *
kaa_cpython__slot_runtime_handle(kaa_context *ctx)
{
    return ctx;
}

/* This thread's entries that are not left yet, the newest first. */
typedef struct entered {
    struct entered *outer;
    const kaa_cpython *host;
    kaa_cpython__entry entry;
} entered;

static KAA_CPYTHON__TLS entered *entries;

/* Whether this thread has the GIL by an entry of its own. Its state need not be
 * the one that the host would find for the thread: in a thread that runs
 * several interpreters that is another's. */
static int
has_entered(const kaa_cpython *host)
{
    const entered *one;

    for (one = entries; one != NULL; one = one->outer)
        if (one->host == host && one->entry.state != NULL &&
            kaa_cpython__is_running(one->entry.state))
            return 1;
    return 0;
}

kaa_context *
kaa_cpython__slot_thread_enter(void *runtime)
{
    kaa_cpython__context *own = runtime;
    entered *made = kaa_base__alloc_zeroed(sizeof(*made));

    if (made == NULL)
        return NULL;
    made->host = own->host;
    if (!has_entered(own->host) &&
        !kaa_cpython__enter(own->host, &made->entry)) {
        kaa_base__free(made);
        return NULL;
    }
    made->outer = entries;
    entries = made;
    return &own->open;
}

void
kaa_cpython__slot_thread_leave(kaa_context *ctx)
{
    entered *made = entries;

    (void)ctx;
    if (made == NULL)
        return;
    entries = made->outer;
    kaa_cpython__leave(&made->entry);
    kaa_base__free(made);
}

/* ---- memory */

void *
kaa_cpython__slot_mem_alloc(kaa_context *ctx, size_t size)
{
    void *block = PY(PyMem_Malloc)(size);

    (void)ctx;
    if (block == NULL)
        PY(PyErr_NoMemory)();
    return block;
}

void *
kaa_cpython__slot_mem_resize(kaa_context *ctx, void *block, size_t size)
{
    void *resized = PY(PyMem_Realloc)(block, size);

    (void)ctx;
    if (resized == NULL)
        PY(PyErr_NoMemory)();
    return resized;
}

void
kaa_cpython__slot_mem_free(kaa_context *ctx, void *block)
{
    (void)ctx;
    PY(PyMem_Free)(block);
}

/* The host's collector counts objects, not bytes. */
void
kaa_cpython__slot_add_external(kaa_context *ctx, ptrdiff_t bytes)
{
    (void)ctx;
    (void)bytes;
}

ptrdiff_t
kaa_cpython__slot_collect(kaa_context *ctx)
{
    (void)ctx;
    return PY(PyGC_Collect)();
}
