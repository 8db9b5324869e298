/* object/core/refs.c - counting references, for those who cannot do it inline.
 */
#include "object/core/object.h"

void
kaa_object__incref(kaa_context *ctx, kaa_object *object)
{
    (void)kaa_incref(ctx, object);
}

void
kaa_object__decref(kaa_context *ctx, kaa_object *object)
{
    kaa_decref(ctx, object);
}

size_t
kaa_object__refcount(kaa_context *ctx, kaa_object *object)
{
    (void)ctx;
    if (object == NULL || kaa_is_tagged(object) ||
        (object->word & KAA_OBJECT__IMMORTAL) != 0)
        return SIZE_MAX;
    return (size_t)(object->word & KAA_OBJECT__COUNT_MASK);
}
