/* Holds a reference, and has nothing that gives it up.
 *
 *     >>> Box("held")
 *     Box.destroy(): leaked reference: str 'held', which the data held at their
 *         end
 */
#include "wrong.h"

WRONG_TYPE(no_destroy, .data_bytes = sizeof(box), .init = box_init);
