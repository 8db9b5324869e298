/* Keeps the text of an argument, without the str.
 *
 *     >>> run("".join(["ke", "pt"]))
 *     run(): borrowed pointer kept: str 'kept', which the module does not hold
 */
#include "wrong.h"

static const char *volatile kept;

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    (void)self;
    kept = kaa_str_as_utf8(ctx, argument, NULL); /* here */
    if (kept == NULL)
        return NULL;
    return kaa_int(ctx, (int64_t)strlen(kept));
}

WRONG_ONE(text_kept_in_variable, run);
