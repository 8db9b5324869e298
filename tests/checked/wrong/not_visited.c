/* Its traverse visits nothing.
 *
 *     >>> Box([1.5])
 *     Box.init(): not visited by traverse: list [1.5], which the data hold
 */
#include "wrong.h"

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    (void)data;
    (void)visit;
    (void)arg;
    return 0;
}

WRONG_TYPE(not_visited, .data_bytes = sizeof(box), .init = box_init,
           .traverse = traverse, .clear = box_clear);
