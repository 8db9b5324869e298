/* A module made with the installed package: headers alone, nothing linked. */
#include <kaa/module.h>

static kaa_object *
answer(kaa_context *ctx, kaa_object *self)
{
    (void)self;
    return kaa_int(ctx, 42);
}

static const kaa_method methods[] = {
    KAA_METHOD_NOARGS("answer", answer, NULL),
    KAA_METHODS_END,
};

KAA_MODULE(consumer_module, .methods = methods);
