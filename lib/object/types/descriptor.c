/* object/types/descriptor.c - what stands in the dict of a type for a method, a
 * member, a property. A descriptor does not hold its type: see type.h. */
#include <stdio.h>
#include <string.h>

#include "object/types/type.h"

kaa_object *
kaa_object__descriptor_new(kaa_context *ctx, kaa_object__internal_id id,
                           const void *of, const kaa_object__type *type)
{
    kaa_object__descriptor *self =
        (void *)kaa_object__new(ctx, kaa_object__internal(ctx, id),
                                sizeof(*self), KAA_HEAP_OBJECT_PLAIN);

    if (self == NULL)
        return NULL;
    self->of = of;
    self->owner = type->name;
    self->serial = type->serial;
    self->flags = 0;
    return &self->header;
}

int
kaa_object__descriptor_refuse(kaa_context *ctx,
                              const kaa_object__descriptor *descriptor,
                              const char *name, kaa_object *object)
{
    return kaa_object__raise_text(
        ctx, KAA_TYPE_ERROR,
        "descriptor '%s' for '%s' objects doesn't apply to a '%s' object", name,
        descriptor->owner, kaa_object__borrow_type(ctx, object)->name);
}

static kaa_object *
describe(kaa_context *ctx, const char *kind, const char *name,
         const kaa_object__descriptor *descriptor)
{
    char text[512];

    snprintf(text, sizeof(text), "<%s '%.200s' of '%.200s' objects>", kind,
             name, descriptor->owner);
    return kaa_object__message(ctx, text, strlen(text));
}

static kaa_object *
text_or_none(kaa_context *ctx, const char *text)
{
    return text != NULL ? kaa_object__message(ctx, text, strlen(text))
                        : kaa_none(ctx);
}

/* ---- Methods */

static const kaa_method *
method_of(kaa_object *self)
{
    return ((kaa_object__descriptor *)(void *)self)->of;
}

kaa_object *
kaa_object__method_bind(kaa_context *ctx,
                        const kaa_object__descriptor *descriptor,
                        kaa_object *object)
{
    /* Read before anything is allocated, which may end the descriptor. */
    const char *owner = descriptor->owner;
    kaa_object *bound =
        kaa_object__function_new(ctx, descriptor->of, object, NULL);

    if (bound != NULL)
        ((kaa_object__function *)(void *)bound)->owner = owner;
    return bound;
}

static kaa_object *
method_bind(kaa_context *ctx, kaa_object *self, kaa_object *instance)
{
    kaa_object__descriptor *descriptor = (void *)self;

    if (instance == NULL)
        return kaa_incref(ctx, self);
    if (!kaa_object__has_serial(ctx, instance, descriptor->serial)) {
        kaa_object__descriptor_refuse(ctx, descriptor, method_of(self)->name,
                                      instance);
        return NULL;
    }
    if ((method_of(self)->flags & KAA_CLASS) != 0)
        instance = &kaa_object__borrow_type(ctx, instance)->header;
    return kaa_object__method_bind(ctx, descriptor, instance);
}

/* As T.method(instance, ...). */
static kaa_object *
method_call(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
            size_t nargs, kaa_object *kwnames)
{
    kaa_object__descriptor *descriptor = (void *)self;
    const kaa_method *method = descriptor->of;

    if (nargs == 0) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "unbound method %s.%s() needs an argument",
                               descriptor->owner, method->name);
        return NULL;
    }
    if ((method->flags & KAA_CLASS) != 0) {
        kaa_object__type *type = kaa_object__as_type(ctx, args[0]);

        for (; type != NULL; type = type->base)
            if (type->serial == descriptor->serial)
                return kaa_object__invoke(ctx, method, self, args[0], args + 1,
                                          nargs - 1, kwnames);
    } else if (kaa_object__has_serial(ctx, args[0], descriptor->serial)) {
        return kaa_object__invoke(ctx, method, self, args[0], args + 1,
                                  nargs - 1, kwnames);
    }
    kaa_object__descriptor_refuse(ctx, descriptor, method->name, args[0]);
    return NULL;
}

static kaa_object *
method_repr(kaa_context *ctx, kaa_object *self)
{
    return describe(ctx, "method", method_of(self)->name, (void *)self);
}

static kaa_object *
method_name(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return text_or_none(ctx, method_of(self)->name);
}

static kaa_object *
method_doc(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__doc_text(ctx, method_of(self)->doc);
}

static kaa_object *
method_signature(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__doc_signature(ctx, method_of(self)->doc);
}

static const kaa_property method_properties[] = {
    {"__name__", method_name, NULL, NULL, NULL},
    {"__doc__", method_doc, NULL, NULL, NULL},
    {"__text_signature__", method_signature, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_method_descriptor = {
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .properties = method_properties,
    .repr = method_repr,
    .call = method_call,
    .bind = method_bind,
};

/* ---- Members */

static const kaa_member *
member_of(kaa_object *self)
{
    return ((kaa_object__descriptor *)(void *)self)->of;
}

static kaa_object *
member_bind(kaa_context *ctx, kaa_object *self, kaa_object *instance)
{
    kaa_object__descriptor *descriptor = (void *)self;

    if (instance == NULL)
        return kaa_incref(ctx, self);
    if (!kaa_object__has_serial(ctx, instance, descriptor->serial)) {
        kaa_object__descriptor_refuse(ctx, descriptor, member_of(self)->name,
                                      instance);
        return NULL;
    }
    return kaa_object__member_get(ctx, descriptor->of, instance);
}

static int
member_assign(kaa_context *ctx, kaa_object *self, kaa_object *instance,
              kaa_object *value)
{
    kaa_object__descriptor *descriptor = (void *)self;

    if (!kaa_object__has_serial(ctx, instance, descriptor->serial))
        return kaa_object__descriptor_refuse(ctx, descriptor,
                                             member_of(self)->name, instance);
    return kaa_object__member_set(ctx, descriptor->of, instance, value);
}

static kaa_object *
member_repr(kaa_context *ctx, kaa_object *self)
{
    return describe(ctx, "member", member_of(self)->name, (void *)self);
}

static kaa_object *
member_name(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return text_or_none(ctx, member_of(self)->name);
}

static kaa_object *
member_doc(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return text_or_none(ctx, member_of(self)->doc);
}

static const kaa_property member_properties[] = {
    {"__name__", member_name, NULL, NULL, NULL},
    {"__doc__", member_doc, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_member = {
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .properties = member_properties,
    .repr = member_repr,
    .bind = member_bind,
    .assign = member_assign,
};

/* ---- Properties */

static const kaa_property *
property_of(kaa_object *self)
{
    return ((kaa_object__descriptor *)(void *)self)->of;
}

static kaa_object *
property_bind(kaa_context *ctx, kaa_object *self, kaa_object *instance)
{
    const kaa_property *property = property_of(self);
    kaa_object__descriptor *descriptor = (void *)self;
    kaa_object *value;

    if (instance == NULL)
        return kaa_incref(ctx, self);
    if (!kaa_object__has_serial(ctx, instance, descriptor->serial)) {
        kaa_object__descriptor_refuse(ctx, descriptor, property->name,
                                      instance);
        return NULL;
    }
    if (property->get == NULL) {
        kaa_object__raise_text(ctx, KAA_ATTRIBUTE_ERROR,
                               "attribute '%s' of '%s' objects is not readable",
                               property->name, descriptor->owner);
        return NULL;
    }
    if (kaa_object__begin_call(ctx) != 0)
        return NULL;
    value = kaa_object__check_result(
        ctx, self, property->get(ctx, instance, property->user));
    kaa_object__end_call(ctx);
    return value;
}

static int
property_assign(kaa_context *ctx, kaa_object *self, kaa_object *instance,
                kaa_object *value)
{
    const kaa_property *property = property_of(self);
    kaa_object__descriptor *descriptor = (void *)self;
    int result;

    if (!kaa_object__has_serial(ctx, instance, descriptor->serial))
        return kaa_object__descriptor_refuse(ctx, descriptor, property->name,
                                             instance);
    if (property->set == NULL)
        return kaa_object__raise_text(
            ctx, KAA_ATTRIBUTE_ERROR,
            "attribute '%s' of '%s' objects is not writable", property->name,
            descriptor->owner);
    if (kaa_object__begin_call(ctx) != 0)
        return -1;
    result = property->set(ctx, instance, value, property->user);
    kaa_object__end_call(ctx);
    return result;
}

static kaa_object *
property_repr(kaa_context *ctx, kaa_object *self)
{
    return describe(ctx, "attribute", property_of(self)->name, (void *)self);
}

static kaa_object *
property_name(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return text_or_none(ctx, property_of(self)->name);
}

static kaa_object *
property_doc(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return text_or_none(ctx, property_of(self)->doc);
}

static const kaa_property property_properties[] = {
    {"__name__", property_name, NULL, NULL, NULL},
    {"__doc__", property_doc, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_property = {
    .flags = KAA_OBJECT__NO_SUBTYPES,
    .properties = property_properties,
    .repr = property_repr,
    .bind = property_bind,
    .assign = property_assign,
};
