/* Makes a str and forgets it.
 *
 *     >>> run()
 *     run(): leaked reference: str 'a text that nobody has', which is not
 *         returned, stored or given up
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self)
{
    kaa_object *text = kaa_text(ctx, "a text that nobody has"); /* here */

    (void)self;
    if (text == NULL)
        return NULL;
    return kaa_none(ctx);
}

WRONG_NOARGS(new_leaked, run);
