/* Its truth is a count.
 *
 *     >>> bool(Box(1.5))
 *     Box.truth(): result out of range: 7, and 0, 1 or -1 was expected
 */
#include "wrong.h"

static int
truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return 7;
}

WRONG_TYPE(truth_out_of_range, BOX, .truth = truth);
