/* Its destroy gives one reference up twice.
 *
 *     >>> item = [1.5]
 *     >>> Box(item)
 *     Box.destroy(): released twice: list [1.5], whose reference was given up
 *         before
 */
#include "wrong.h"

static void
destroy(kaa_context *ctx, void *data)
{
    kaa_decref(ctx, ((box *)data)->item);
    kaa_decref(ctx, ((box *)data)->item); /* here */
}

WRONG_TYPE(destroy_gives_twice, .data_bytes = sizeof(box), .init = box_init,
           .traverse = box_traverse, .destroy = destroy);
