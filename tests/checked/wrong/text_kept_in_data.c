/* An instance keeps the text of an argument, without the str.
 *
 *     >>> Box("".join(["na", "me"]))
 *     Box.init(): borrowed pointer kept: str 'name', which the module does not
 *         hold
 */
#include "wrong.h"

typedef struct named {
    const char *name;
} named;

static int
named_init(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
           size_t nargs, kaa_object *kwnames)
{
    named *data = kaa_data(ctx, self);

    (void)kwnames;
    if (!kaa_parse_args(ctx, args, nargs, "s:Box", &data->name))
        return -1;
    return 0;
}

WRONG_TYPE(text_kept_in_data, .data_bytes = sizeof(named), .init = named_init);
