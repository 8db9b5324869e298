/* insight/knock.c - how long it takes to get the GIL, by asking for it.
 *
 * Needs no hooks and no layout: a thread of kaa's own asks again and again. So
 * it works wherever CPython does, but it says only that the GIL is busy, not
 * who waits: one thread that computes makes it as busy as two that fight. Each
 * knock at a busy GIL costs a switch.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <kaa/insight.h>

#include "base/clock.h"
#include "base/error.h"

typedef int ensure_function(void);
typedef void release_function(int);

static pthread_mutex_t control = PTHREAD_MUTEX_INITIALIZER;
static pthread_t knocker;
static int is_knocking;
static _Atomic int is_over;
static _Atomic uint64_t count, waited, longest, started;
static uint64_t interval;
static ensure_function *ensure;
static release_function *release;

static void
pause_ns(uint64_t ns)
{
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000u),
                            .tv_nsec = (long)(ns % 1000000000u)};

    nanosleep(&time, NULL);
}

static void *
knock(void *user)
{
    (void)user;
    while (!atomic_load(&is_over)) {
        uint64_t before = kaa_base__now_ns(), ns;
        int state = ensure();

        ns = kaa_base__now_ns() - before;
        release(state);
        atomic_fetch_add(&count, 1);
        atomic_fetch_add(&waited, ns);
        if (ns > atomic_load(&longest))
            atomic_store(&longest, ns);
        pause_ns(interval);
    }
    return NULL;
}

static kaa_status
find(const kaa_insight_options *options, kaa_error *err)
{
    void *handle = options->handle != NULL ? options->handle : RTLD_DEFAULT;
    void *found[2] = {dlsym(handle, "PyGILState_Ensure"),
                      dlsym(handle, "PyGILState_Release")};

    if (found[0] == NULL || found[1] == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "this interpreter has no PyGILState_Ensure");
    memcpy(&ensure, &found[0], sizeof(found[0]));
    memcpy(&release, &found[1], sizeof(found[1]));
    return KAA_OK;
}

kaa_status
kaa_insight_knock_start(const kaa_insight_options *options, kaa_error *err)
{
    kaa_status status;
    int failed = 0;

    if (options == NULL || options->size < sizeof(*options))
        return kaa_base__fail(err, KAA_INVALID_ARGUMENT, 0,
                              "options are NULL, or their size is not set");
    pthread_mutex_lock(&control);
    status = is_knocking ? kaa_base__fail(err, KAA_MISUSE, KAA_NO_ARGUMENT,
                                          "somebody is knocking already")
                         : find(options, err);
    if (status == KAA_OK) {
        interval = options->interval_ns != 0 ? options->interval_ns : 1000000;
        atomic_store(&is_over, 0);
        atomic_store(&count, 0);
        atomic_store(&waited, 0);
        atomic_store(&longest, 0);
        atomic_store(&started, kaa_base__now_ns());
        failed = pthread_create(&knocker, NULL, knock, NULL);
        is_knocking = failed == 0;
    }
    pthread_mutex_unlock(&control);
    if (failed != 0)
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "no thread to knock (errno %d)", failed);
    return status;
}

void
kaa_insight_knock_read(kaa_insight_knock *out)
{
    if (out == NULL)
        return;
    out->count = atomic_load(&count);
    out->waited_ns = atomic_load(&waited);
    out->waited_ns_max = atomic_load(&longest);
    out->wall_ns = kaa_base__now_ns() - atomic_load(&started);
}

void
kaa_insight_knock_stop(void)
{
    pthread_mutex_lock(&control);
    if (is_knocking) {
        atomic_store(&is_over, 1);
        pthread_join(knocker, NULL);
        is_knocking = 0;
    }
    pthread_mutex_unlock(&control);
}
