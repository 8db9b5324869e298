/* Forgets what was in the module's state.
 *
 *     >>> run([1.5])
 *     >>> run([2.5])
 *     run(): leaked reference: list [1.5], which was in the data and is
 *         overwritten
 */
#include "wrong.h"

typedef struct state {
    kaa_object *last;
} state;

static kaa_object *
run(kaa_context *ctx, kaa_object *self, kaa_object *argument)
{
    state *own = kaa_module_state(ctx, self);

    own->last = kaa_incref(ctx, argument);
    return kaa_none(ctx);
}

static int
traverse(void *data, kaa_visit visit, void *arg)
{
    KAA_VISIT(((state *)data)->last);
    return 0;
}

static void
clear(kaa_context *ctx, void *data)
{
    KAA_CLEAR(ctx, ((state *)data)->last);
}

static const kaa_method methods[] = {KAA_METHOD_ONE("run", run, NULL),
                                     KAA_METHODS_END};

KAA_MODULE(state_overwritten, .methods = methods, .state_bytes = sizeof(state),
           .traverse = traverse, .clear = clear);
