/* Its clear sets the reference to NULL, and does not give it up.
 *
 *     >>> Box([1.5])
 *     Box.clear(): leaked reference: list [1.5], which the data held at their
 *         end
 */
#include "wrong.h"

static void
clear(kaa_context *ctx, void *data)
{
    (void)ctx;
    ((box *)data)->item = NULL;
}

WRONG_TYPE(clear_forgets, .data_bytes = sizeof(box), .init = box_init,
           .traverse = box_traverse, .clear = clear);
