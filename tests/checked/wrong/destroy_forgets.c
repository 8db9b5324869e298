/* Its destroy gives nothing up.
 *
 *     >>> Box([1.5])
 *     Box.destroy(): leaked reference: list [1.5], which the data held at their
 *         end
 */
#include "wrong.h"

static void
destroy(kaa_context *ctx, void *data)
{
    (void)ctx;
    ((box *)data)->item = NULL;
}

WRONG_TYPE(destroy_forgets, .data_bytes = sizeof(box), .init = box_init,
           .traverse = box_traverse, .destroy = destroy);
