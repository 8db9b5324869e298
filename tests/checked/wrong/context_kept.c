/* Keeps the context for the end of a capsule, which has none.
 *
 *     >>> capsule = run()
 *     >>> del capsule
 *     outside of a call: context used outside of a call: a context may not be
 *         kept
 */
#include "wrong.h"

static kaa_context *kept;

static void
destroy(void *pointer)
{
    kaa_object *text = kaa_text(kept, pointer); /* here */

    if (text != NULL)
        kaa_decref(kept, text);
}

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    static char text[] = "later";

    (void)self;
    kept = ctx;
    return kaa_capsule_new(ctx, text, NULL, destroy);
}

WRONG_NOARGS(context_kept, run);
