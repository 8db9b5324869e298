/* Reads the text of a str that it gave up.
 *
 *     >>> run(4.5)
 *     run(): borrowed pointer used: str '4.5', whose last reference was given
 *         up before
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    kaa_object *str = kaa_str(ctx, argument);
    const char *text = str != NULL ? kaa_str_as_utf8(ctx, str, NULL) : NULL;
    kaa_object *result;

    (void)self;
    kaa_decref(ctx, str);
    if (text == NULL)
        return NULL;
    result = kaa_bytes_from_data(ctx, text, 3); /* here */
    return result;
}

WRONG_ONE(text_of_dead_str, run);
