/* Uses its context on a thread that it has made.
 *
 *     >>> run()
 *     outside of a call: context of another thread: a context is used by its
 *         thread alone
 */
#include <pthread.h>

#include "wrong.h"

static void *
work(void *ctx)
{
    kaa_object *volatile text = kaa_text(ctx, "elsewhere"); /* here */

    return text;
}

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    void *result = NULL;
    pthread_t thread;

    (void)self;
    if (pthread_create(&thread, NULL, work, ctx) != 0)
        return kaa_none(ctx);
    pthread_join(thread, &result);
    return kaa_bool(ctx, result != NULL);
}

WRONG_NOARGS(context_of_another_thread, run);
