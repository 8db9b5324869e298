/* Its traverse visits one reference twice, so that the collector takes it for
 * garbage.
 *
 *     >>> Box([1.5])
 *     Box.init(): visited without a reference: traverse visits an object more
 *         often than the data hold it
 */
#include "wrong.h"

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((box *)data)->item);
    KAA_VISIT(((box *)data)->item);
    return 0;
}

WRONG_TYPE(visited_twice, .data_bytes = sizeof(box), .init = box_init,
           .traverse = traverse, .clear = box_clear);
