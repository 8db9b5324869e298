/* object/types/type.h - types from inside: look-up of attributes, descriptors,
 * functions and what instances consist of.
 *
 *     instance    header | data of data_bytes | dict, if the type has them
 *
 * Types hold their base, module and dict. What stands in a type's dict does not
 * hold the type, so that types end without the collector: a descriptor knows
 * its type by the serial, which is never given twice in a runtime.
 */
#ifndef KAA_OBJECT_TYPE_H
#define KAA_OBJECT_TYPE_H

#include "object/core/object.h"

/* A type made by kaa_type_new(). Members stand in one block with it. */
typedef struct kaa_object__own_type {
    kaa_object__type type;
    uint32_t reference_count; /* offsets in an instance of what it owns: */
    uint32_t has_destroy;     /* in one of the specs */
    uint32_t has_visit;       /* traverse or clear in one of the specs */
    uint32_t is_changed;      /* attributes were set; see module.c */
    uint32_t references[];    /* members that are objects, and the dict */
} kaa_object__own_type;

/* What a type's dict holds for a method, a member, a property. */
typedef struct kaa_object__descriptor {
    kaa_object header;
    const void *of;    /* kaa_method, kaa_member or kaa_property */
    const char *owner; /* the type's name; lives as long as the runtime */
    uint32_t serial;   /* of the type */
    uint32_t flags;
} kaa_object__descriptor;

/* A function, or a method bound to its object. */
typedef struct kaa_object__function {
    kaa_object header;
    const kaa_method *method;
    kaa_object *self;   /* NULL: none */
    kaa_object *module; /* its name, or NULL */
    const char *owner;  /* of a bound method: the type's name */
} kaa_object__function;

/* What the attributes of a type, or its bases, have under a name: 1, *out
 * borrowed from the type; 0; -1. */
int kaa_object__type_find(kaa_context *ctx, kaa_object__type *type,
                          kaa_object *name, kaa_object **out);
/* Forgets what was found before: a type has changed. */
void kaa_object__type_changed(kaa_context *ctx);
/* A serial for a new type. */
uint32_t kaa_object__type_serial(kaa_context *ctx);
/* Puts methods, members and properties into a type's dict, each NULL or a
 * table. 0, or -1. */
int kaa_object__type_fill(kaa_context *ctx, kaa_object__type *type,
                          const kaa_method *methods, const kaa_member *members,
                          const kaa_property *properties);
/* Puts an object into a type's dict under its name, and takes over the
 * reference to it; NULL fails with what is pending. 0, or -1. */
int kaa_object__type_add(kaa_context *ctx, kaa_object__type *type,
                         kaa_object *dict, const char *name,
                         kaa_object *object);
/* slot.c: adds __init__, __len__, ...: the slots that are not the base's. */
int kaa_object__type_fill_slots(kaa_context *ctx, kaa_object__type *type,
                                kaa_object *dict);
/* What an object is without a slot of its type's: protocol.c. */
kaa_object *kaa_object__default_repr(kaa_context *ctx, kaa_object *object);
int64_t kaa_object__identity_hash(const kaa_object *object);
/* The name without its module. */
const char *kaa_object__short_name(const kaa_object__type *type);
/* The type that an object is, or NULL. */
static inline kaa_object__type *
kaa_object__as_type(kaa_context *ctx, kaa_object *object)
{
    if (kaa_is_tagged(object) ||
        object->type != kaa_object__builtin(ctx, KAA_TYPE_TYPE))
        return NULL;
    return (kaa_object__type *)(void *)object;
}

/* Whether a type is another or derived from it. */
static inline int
kaa_object__derives(const kaa_object__type *type, const kaa_object__type *of)
{
    for (; type != NULL; type = type->base)
        if (type == of)
            return 1;
    return 0;
}

/* The type of an object that may be marked as dead. */
static inline kaa_object__type *
kaa_object__type_of_dead(const kaa_object *object)
{
    return (kaa_object__type *)((uintptr_t)object->type & ~(uintptr_t)1);
}

/* Whether the serial is that of the object's type or of one of its bases. */
int kaa_object__has_serial(kaa_context *ctx, const kaa_object *object,
                           uint32_t serial);

/* Where an object keeps its attribute dict; NULL if it has none. */
static inline kaa_object **
kaa_object__dict_place(const kaa_object__type *type, kaa_object *object)
{
    if (type->dict_offset == 0 || kaa_is_tagged(object))
        return NULL;
    return (kaa_object **)(void *)((char *)object + type->dict_offset);
}

/* Makes an object live as long as the runtime, uncounted by any report. */
static inline void
kaa_object__make_immortal(kaa_object *object)
{
    if (!kaa_is_tagged(object))
        object->word |= KAA_OBJECT__IMMORTAL_WORD;
}

/* descriptor.c, member.c */
kaa_object *kaa_object__descriptor_new(kaa_context *ctx,
                                       kaa_object__internal_id id,
                                       const void *of,
                                       const kaa_object__type *type);
kaa_object *kaa_object__member_get(kaa_context *ctx, const kaa_member *member,
                                   kaa_object *instance);
int kaa_object__member_set(kaa_context *ctx, const kaa_member *member,
                           kaa_object *instance, kaa_object *value);
size_t kaa_object__member_bytes(uint32_t kind);
/* -1 with TypeError: the descriptor is not for such an object. */
int kaa_object__descriptor_refuse(kaa_context *ctx,
                                  const kaa_object__descriptor *descriptor,
                                  const char *name, kaa_object *object);
/* The method of a descriptor, bound to an object (or type, if it is for
 * those). */
kaa_object *kaa_object__method_bind(kaa_context *ctx,
                                    const kaa_object__descriptor *descriptor,
                                    kaa_object *object);

/* function.c: runs a method. `callable` is what to name in errors: a function
 * or descriptor. */
kaa_object *kaa_object__invoke(kaa_context *ctx, const kaa_method *method,
                               kaa_object *callable, kaa_object *self,
                               kaa_object *const *args, size_t nargs,
                               kaa_object *kwnames);
/* -1 with TypeError: keywords were given and there are none. */
int kaa_object__refuse_keywords(kaa_context *ctx, const char *name,
                                kaa_object *kwnames);
/* Parts of a doc that begins with "name(...)\n--\n\n". */
kaa_object *kaa_object__doc_text(kaa_context *ctx, const char *doc);
kaa_object *kaa_object__doc_signature(kaa_context *ctx, const char *doc);

/* call.c: what a call came to: the result, if it and the pending exception
 * agree. `callable` is borrowed. */
kaa_object *kaa_object__check_result(kaa_context *ctx, kaa_object *callable,
                                     kaa_object *result);

/* A str for a name in C code, as a new reference: the interned one if there is
 * one. */
kaa_object *kaa_object__name(kaa_context *ctx, const char *text);
/* attribute.c */
/* AttributeError: "'T' object has no attribute 'name'"; -1. */
int kaa_object__no_attribute(kaa_context *ctx, kaa_object *object,
                             kaa_object *name);
/* What generic_get_attr does, but 0 where there is no such attribute. */
int kaa_object__find_generic(kaa_context *ctx, kaa_object *object,
                             kaa_object *name, kaa_object **out);

/* The text of a str for a message; "?" for what is none. */
const char *kaa_object__text_of(kaa_context *ctx, kaa_object *str);
/* A str of text for a message: what is not UTF-8 is replaced. */
kaa_object *kaa_object__message(kaa_context *ctx, const char *text,
                                size_t size);

/* properties of builtin types, by types.c */
extern const kaa_property kaa_object__os_error_properties[];
extern const kaa_property kaa_object__stop_iteration_properties[];
extern const kaa_property kaa_object__system_exit_properties[];

#endif /* KAA_OBJECT_TYPE_H */
