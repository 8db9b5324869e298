/* Writes to the text of a str.
 *
 *     >>> run("".join(["gh", "i"]))
 *     run(): written to what may not change: str 'Xhi', which others have too
 */
#include "wrong.h"

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *str)
{
    const char *text = kaa_str_as_utf8(ctx, str, NULL); /* here */
    char *writable;

    (void)self;
    if (text == NULL)
        return NULL;
    memcpy(&writable, &text, sizeof(text));
    writable[0] = 'X';
    return kaa_none(ctx);
}

WRONG_ONE(text_written, run);
