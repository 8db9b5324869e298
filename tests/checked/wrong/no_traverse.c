/* Holds a container, and has no traverse.
 *
 *     >>> Box([1.5])
 *     Box.init(): not visited by traverse: list [1.5], which the data hold: the
 *         type has none
 */
#include "wrong.h"

WRONG_TYPE(no_traverse, .data_bytes = sizeof(box), .init = box_init,
           .destroy = box_clear);
