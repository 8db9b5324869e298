/* A thread comes in, and ends without leaving.
 *
 *     >>> run()
 *     a thread(): thread not left: kaa_thread_leave() is missing
 */
#include <pthread.h>

#include "wrong.h"

static const kaa_api *api;

static void *
work(void *handle)
{
    kaa_context *ctx = kaa_thread_enter(api, handle);

    return ctx;
}

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *handle = kaa_runtime_handle(ctx), *begun;
    pthread_t thread;

    (void)self;
    api = ctx->api;
    if (pthread_create(&thread, NULL, work, handle) != 0)
        return kaa_none(ctx);
    begun = kaa_begin_allow_threads(ctx);
    pthread_join(thread, NULL);
    kaa_end_allow_threads(ctx, begun);
    return kaa_none(ctx);
}

WRONG_NOARGS(thread_not_left, run);
