/* object/types/capsule.c - a pointer of C code's as an object. */
#include <string.h>

#include "object/types/capsule.h"

static void
release(kaa_context *ctx, kaa_object *self)
{
    kaa_object__capsule *capsule = (kaa_object__capsule *)(void *)self;
    void (*destroy)(void *pointer) = capsule->destroy;

    if (destroy == NULL)
        return;
    kaa_object__runtime_of(ctx)->calls--;
    capsule->destroy = NULL;
    destroy(capsule->pointer);
}

static kaa_object *
repr(kaa_context *ctx, kaa_object *self)
{
    const kaa_object__capsule *capsule = (kaa_object__capsule *)(void *)self;

    if (capsule->name == NULL)
        return kaa_str_format(ctx, "<capsule object NULL at %p>", (void *)self);
    return kaa_str_format(ctx, "<capsule object \"%s\" at %p>", capsule->name,
                          (void *)self);
}

const kaa_object__type kaa_object__template_capsule = {
    .doc = "A pointer of C code's, with a name that says what it is.",
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_INSTANCES |
             KAA_OBJECT__NO_WEAKREFS,
    .block_bytes = sizeof(kaa_object__capsule),
    .release = release,
    .repr = repr,
};

kaa_object *
kaa_object__capsule_new(kaa_context *ctx, void *pointer, const char *name,
                        void (*destroy)(void *pointer))
{
    kaa_object__capsule *capsule;
    kaa_object *self;

    if (pointer == NULL) {
        kaa_object__raise_text(ctx, KAA_VALUE_ERROR,
                               "a capsule's pointer may not be NULL");
        return NULL;
    }
    self = kaa_object__new(ctx, kaa_object__builtin(ctx, KAA_CAPSULE_TYPE),
                           sizeof(*capsule), KAA_HEAP_OBJECT_PLAIN);
    if (self == NULL)
        return NULL;
    capsule = (kaa_object__capsule *)(void *)self;
    capsule->pointer = pointer;
    capsule->name = name;
    capsule->destroy = destroy;
    if (destroy != NULL)
        kaa_object__runtime_of(ctx)->calls++;
    return self;
}

void *
kaa_object__capsule_get(kaa_context *ctx, kaa_object *object, const char *name)
{
    const kaa_object__capsule *capsule;

    if (!kaa_object__is(ctx, object, KAA_CAPSULE_TYPE)) {
        kaa_object__raise_type(ctx, "a pointer", "a capsule", object);
        return NULL;
    }
    capsule = (const kaa_object__capsule *)(const void *)object;
    if (name == capsule->name || (name != NULL && capsule->name != NULL &&
                                  strcmp(name, capsule->name) == 0))
        return capsule->pointer;
    kaa_object__raise_text(
        ctx, KAA_VALUE_ERROR, "a capsule named \"%s\" was wanted, not \"%s\"",
        name != NULL ? name : "", capsule->name != NULL ? capsule->name : "");
    return NULL;
}
