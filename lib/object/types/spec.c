/* object/types/spec.c - types from specs, and their instances.
 *
 *     kaa_object__own_type   | offset of each reference that an instance owns |
 *     instance               header | data | dict
 *
 * What an instance owns is known by offsets, its own type's and those of all
 * bases, each once; beyond them the traverse, clear and destroy of each spec on
 * the way to the base are called, the derived type's first. The other slots
 * are inherited: they were copied when the type was made.
 */
#include <stdio.h>
#include <string.h>

#include "object/types/type.h"

#define DATA_OFFSET sizeof(kaa_object)
/* Far above any sensible instance; keeps sums from overflowing. */
#define DATA_BYTES_MAX ((size_t)1 << 24)
#define MEMBERS_MAX 10000u

static void *
data_of(kaa_object *self)
{
    return (char *)self + DATA_OFFSET;
}

static kaa_object **
reference_at(kaa_object *self, uint32_t offset)
{
    return (kaa_object **)(void *)((char *)self + offset);
}

static kaa_object__own_type *
own_type_of(kaa_object *self)
{
    return (kaa_object__own_type *)(void *)kaa_object__type_of_dead(self);
}

/* ---- Instances, for the collector and at their end */

static int
instance_traverse(kaa_object *self, kaa_visit visit, void *arg)
{
    kaa_object__own_type *own = own_type_of(self);
    const kaa_object__type *type;
    uint32_t i;

    KAA_VISIT(&own->type.header);
    for (i = 0; i < own->reference_count; i++)
        KAA_VISIT(*reference_at(self, own->references[i]));
    if (!own->has_visit)
        return 0;
    for (type = &own->type; type != NULL && type->spec != NULL;
         type = type->base) {
        if (type->spec->traverse != NULL) {
            int visited = type->spec->traverse(data_of(self), visit, arg);

            if (visited != 0)
                return visited;
        }
    }
    return 0;
}

/* From the first to the last, and in that order they die: so that a tree goes
 * in the order in which it was most likely made. */
static void
clear_references(kaa_context *ctx, kaa_object *self,
                 const kaa_object__own_type *own)
{
    for (uint32_t i = 0; i < own->reference_count; i++)
        KAA_CLEAR(ctx, *reference_at(self, own->references[i]));
}

static void
instance_clear(kaa_context *ctx, kaa_object *self)
{
    kaa_object__own_type *own = own_type_of(self);
    const kaa_object__type *type;

    for (type = &own->type;
         own->has_visit && type != NULL && type->spec != NULL;
         type = type->base)
        if (type->spec->clear != NULL)
            type->spec->clear(ctx, data_of(self));
    clear_references(ctx, self, own);
}

static void
instance_release(kaa_context *ctx, kaa_object *self)
{
    kaa_object__own_type *own = own_type_of(self);
    const kaa_object__type *type;

    for (type = &own->type;
         own->has_destroy && type != NULL && type->spec != NULL;
         type = type->base)
        if (type->spec->destroy != NULL)
            type->spec->destroy(ctx, data_of(self));
        else if (type->spec->clear != NULL)
            type->spec->clear(ctx, data_of(self));
    clear_references(ctx, self, own);
}

static const kaa_member *
member_at(const kaa_object__type *type, uint32_t offset)
{
    const kaa_member *member;

    for (; type != NULL && type->spec != NULL; type = type->base)
        for (member = type->spec->members;
             member != NULL && member->name != NULL; member++)
            if (member->kind == KAA_MEMBER_OBJECT &&
                member->offset + DATA_OFFSET == offset)
                return member;
    return NULL;
}

/* In the order of instance_traverse(). */
static void
instance_describe(kaa_object *self, size_t number, char *buffer, size_t size)
{
    kaa_object__own_type *own = own_type_of(self);
    const kaa_member *member;
    uint32_t i;

    if (number-- == 0) {
        snprintf(buffer, size, "__class__");
        return;
    }
    for (i = 0; i < own->reference_count; i++) {
        if (*reference_at(self, own->references[i]) == NULL || number-- != 0)
            continue;
        member = member_at(&own->type, own->references[i]);
        snprintf(buffer, size, "%s",
                 member != NULL ? member->name : "__dict__");
        return;
    }
    snprintf(buffer, size, "#%zu", number);
}

kaa_object *
kaa_object__instance_new(kaa_context *ctx, kaa_object *type)
{
    kaa_object__type *own = (kaa_object__type *)(void *)type;

    if (KAA_UNLIKELY(
            kaa_is_tagged(type) ||
            type->type != kaa_object__builtin(ctx, KAA_TYPE_TYPE) ||
            (own->flags & (KAA_OBJECT__SPEC | KAA_OBJECT__EXCEPTION)) == 0)) {
        kaa_object__raise_type(ctx, "instance_new()", "a type of one's own",
                               type);
        return NULL;
    }
    /* Each holds its type, which may hold it: all are the collector's. */
    return kaa_object__new_zeroed(ctx, own, own->block_bytes,
                                  KAA_HEAP_OBJECT_TRACKED);
}

void *
kaa_object__instance_data(kaa_context *ctx, kaa_object *instance)
{
    (void)ctx;
    return data_of(instance);
}

static kaa_object *
instance_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
                size_t nargs, kaa_object *kwnames)
{
    kaa_object__type *own = (kaa_object__type *)(void *)type;
    kaa_object *self;

    if (own->init == NULL && (nargs != 0 || kwnames != NULL)) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR, "%s() takes no arguments",
                               kaa_object__short_name(own));
        return NULL;
    }
    self = kaa_object__instance_new(ctx, type);
    if (self != NULL && own->init != NULL &&
        own->init(ctx, self, args, nargs, kwnames) != 0) {
        if (!kaa_object__has_error(ctx))
            kaa_object__raise_text(
                ctx, KAA_SYSTEM_ERROR,
                "init of type '%s' failed without setting an exception",
                own->name);
        KAA_CLEAR(ctx, self);
    }
    return self;
}

/* ---- Checks */

static int
check_members(kaa_context *ctx, const kaa_type_spec *spec, size_t data_bytes)
{
    const kaa_member *member = spec->members;
    size_t count = 0;

    for (; member != NULL && member->name != NULL; member++, count++) {
        size_t bytes = kaa_object__member_bytes(member->kind);

        if (bytes == 0 || count == MEMBERS_MAX)
            return kaa_object__raise_text(ctx, KAA_SYSTEM_ERROR,
                                          "type '%s': member '%s' has no kind",
                                          spec->name, member->name);
        if (member->offset > data_bytes ||
            data_bytes - member->offset < bytes || member->offset % bytes != 0)
            return kaa_object__raise_text(
                ctx, KAA_SYSTEM_ERROR,
                "type '%s': member '%s' does not lie in the data", spec->name,
                member->name);
    }
    return 0;
}

static int
check_base(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *object)
{
    kaa_object__type *base = kaa_object__as_type(ctx, object);

    if (base == NULL)
        return kaa_object__raise_type(ctx, "the base of a type", "a type",
                                      object);
    if ((base->flags & KAA_OBJECT__NO_SUBTYPES) != 0 ||
        ((base->flags & (KAA_OBJECT__SPEC | KAA_OBJECT__EXCEPTION)) == 0 &&
         base->base != NULL))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR, "type '%s' is not an acceptable base type",
            base->name);
    if ((base->flags & KAA_OBJECT__EXCEPTION) != 0 &&
        (spec->data_bytes != 0 || spec->members != NULL ||
         spec->traverse != NULL || spec->clear != NULL ||
         spec->destroy != NULL))
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "type '%s': an exception type has no data of its own", spec->name);
    if (spec->data_bytes != 0 && spec->data_bytes < base->data_bytes)
        return kaa_object__raise_text(
            ctx, KAA_TYPE_ERROR,
            "type '%s': its data of %zu bytes do not hold the %u of '%s'",
            spec->name, spec->data_bytes, base->data_bytes, base->name);
    return check_members(
        ctx, spec, spec->data_bytes != 0 ? spec->data_bytes : base->data_bytes);
}

#define ALL_FLAGS                                                              \
    (KAA_TYPE_NO_SUBTYPES | KAA_TYPE_DICT | KAA_TYPE_NO_INSTANCES |            \
     KAA_TYPE_NO_WEAKREFS)

static int
check_spec(kaa_context *ctx, const kaa_type_spec *spec)
{
    const unsigned char *bytes = (const void *)spec;
    size_t i;

    if (spec == NULL || spec->size < sizeof(*spec) || spec->name == NULL)
        return kaa_object__raise_text(
            ctx, KAA_SYSTEM_ERROR, "a type's spec lacks its size or its name");
    for (i = sizeof(*spec); i < spec->size; i++)
        if (bytes[i] != 0)
            return kaa_object__raise_text(
                ctx, KAA_SYSTEM_ERROR, "type '%s' needs a newer version of kaa",
                spec->name);
    if ((spec->flags & ~(uint32_t)ALL_FLAGS) != 0 ||
        spec->data_bytes > DATA_BYTES_MAX)
        return kaa_object__raise_text(
            ctx, KAA_SYSTEM_ERROR,
            "type '%s' has unknown flags or too much data", spec->name);
    return 0;
}

/* ---- Making a type */

/* All that is inherited: everything from the first slot on. */
static void
inherit(kaa_object__type *type, const kaa_object__type *base)
{
    size_t first = offsetof(kaa_object__type, traverse);

    memcpy((char *)type + first, (const char *)base + first,
           sizeof(*type) - first);
    type->id = base->id;
    type->block_bytes = base->block_bytes;
    type->data_bytes = base->data_bytes;
    type->dict_offset = base->dict_offset;
    type->depth = base->depth + 1;
    type->flags =
        base->flags & (KAA_OBJECT__EXCEPTION | KAA_OBJECT__HAS_DICT |
                       KAA_OBJECT__NO_WEAKREFS | KAA_OBJECT__NEEDS_CALL);
}

static void
override(kaa_object__type *type, const kaa_type_spec *spec)
{
    /* Equality without a hash of its own: not hashable. */
    if (spec->compare != NULL || spec->hash != NULL)
        type->hash = spec->hash;
#define SLOT(name)                                                             \
    if (spec->name != NULL)                                                    \
        type->name = spec->name;
    SLOT(finalize)
    SLOT(init)
    SLOT(repr)
    SLOT(str)
    SLOT(compare)
    SLOT(truth)
    SLOT(call)
    SLOT(get_attr)
    SLOT(set_attr)
    SLOT(iter)
    SLOT(next)
    SLOT(length)
    SLOT(get_item)
    SLOT(set_item)
    SLOT(contains)
    SLOT(binary)
    SLOT(inplace)
    SLOT(unary)
    SLOT(to_int)
    SLOT(to_float)
    SLOT(index)
    SLOT(get_buffer)
    SLOT(release_buffer)
#undef SLOT
    /* Whoever replaces an operator replaces its in-place form. */
    if (spec->binary != NULL && spec->inplace == NULL)
        type->inplace = NULL;
}

static void
add_reference(kaa_object__own_type *own, uint32_t offset)
{
    uint32_t i;

    for (i = 0; i < own->reference_count; i++)
        if (own->references[i] == offset)
            return;
    own->references[own->reference_count++] = offset;
}

/* Where instances keep what; `base` is NULL for exceptions, whose instances are
 * the base's. */
static void
lay_out(kaa_object__own_type *own, const kaa_type_spec *spec)
{
    kaa_object__type *type = &own->type;
    const kaa_object__type *base = type->base;
    const kaa_member *member = spec->members;
    uint32_t i;

    if ((base->flags & KAA_OBJECT__SPEC) != 0 &&
        (base->flags & KAA_OBJECT__EXCEPTION) == 0) {
        const kaa_object__own_type *parent =
            (const kaa_object__own_type *)(const void *)base;

        own->has_destroy = parent->has_destroy;
        own->has_visit = parent->has_visit;
        for (i = 0; i < parent->reference_count; i++)
            if (parent->references[i] != base->dict_offset)
                add_reference(own, parent->references[i]);
    }
    if (spec->data_bytes != 0)
        type->data_bytes = (uint32_t)spec->data_bytes;
    for (; member != NULL && member->name != NULL; member++)
        if (member->kind == KAA_MEMBER_OBJECT)
            add_reference(own, (uint32_t)(member->offset + DATA_OFFSET));
    own->has_destroy |= spec->destroy != NULL || spec->clear != NULL;
    own->has_visit |= spec->traverse != NULL || spec->clear != NULL;
    type->block_bytes =
        (uint32_t)((DATA_OFFSET + type->data_bytes + 7) & ~(size_t)7);
    if ((type->flags & KAA_OBJECT__HAS_DICT) != 0) {
        type->dict_offset = type->block_bytes;
        type->block_bytes += (uint32_t)sizeof(kaa_object *);
        add_reference(own, type->dict_offset);
    }
}

/* The slots that know what instances consist of. */
static void
set_life(kaa_object__own_type *own, const kaa_type_spec *spec)
{
    kaa_object__type *type = &own->type;

    if (spec->finalize != NULL)
        type->flags |= KAA_OBJECT__NEEDS_CALL;
    if ((type->flags & KAA_OBJECT__EXCEPTION) != 0)
        return; /* the builtin type's */
    lay_out(own, spec);
    if (own->has_destroy)
        type->flags |= KAA_OBJECT__NEEDS_CALL;
    type->create = instance_create;
    type->traverse = instance_traverse;
    type->clear = instance_clear;
    type->describe_reference = instance_describe;
    type->release = NULL;
    if (own->reference_count != 0 || own->has_destroy)
        type->release = instance_release;
    if (own->reference_count != 0 && !own->has_destroy)
        type->flags |= KAA_OBJECT__LISTED;
}

static size_t
count_references(const kaa_type_spec *spec, const kaa_object__type *base)
{
    const kaa_member *member = spec->members;
    size_t count = 1; /* the dict */

    for (; member != NULL && member->name != NULL; member++)
        count += member->kind == KAA_MEMBER_OBJECT;
    if ((base->flags & (KAA_OBJECT__SPEC | KAA_OBJECT__EXCEPTION)) ==
        KAA_OBJECT__SPEC)
        count +=
            ((const kaa_object__own_type *)(const void *)base)->reference_count;
    return count;
}

/* `text` NULL, or what holds the name and doc of a type without a spec of its
 * module's. */
static kaa_object__own_type *
make(kaa_context *ctx, const kaa_type_spec *spec, kaa_object *module,
     kaa_object__type *base, size_t more_bytes)
{
    size_t bytes = sizeof(kaa_object__own_type) +
                   count_references(spec, base) * sizeof(uint32_t) + more_bytes;
    uint32_t serial = kaa_object__type_serial(ctx);
    kaa_object__own_type *own;

    if (serial == 0)
        return NULL;
    own = (kaa_object__own_type *)(void *)kaa_object__new_zeroed(
        ctx, kaa_object__builtin(ctx, KAA_TYPE_TYPE), bytes,
        KAA_HEAP_OBJECT_TRACKED);
    if (own == NULL)
        return NULL;
    inherit(&own->type, base);
    own->type.name = spec->name;
    own->type.doc = spec->doc;
    own->type.serial = serial;
    own->type.spec = spec;
    own->type.base = (kaa_object__type *)(void *)kaa_incref(ctx, &base->header);
    own->type.module = kaa_incref(ctx, module);
    own->type.flags |= KAA_OBJECT__SPEC;
    if ((spec->flags & KAA_TYPE_NO_SUBTYPES) != 0)
        own->type.flags |= KAA_OBJECT__NO_SUBTYPES;
    if ((spec->flags & KAA_TYPE_DICT) != 0)
        own->type.flags |= KAA_OBJECT__HAS_DICT;
    if ((spec->flags & KAA_TYPE_NO_INSTANCES) != 0)
        own->type.flags |= KAA_OBJECT__NO_INSTANCES;
    if ((spec->flags & KAA_TYPE_NO_WEAKREFS) != 0)
        own->type.flags |= KAA_OBJECT__NO_WEAKREFS;
    override(&own->type, spec);
    set_life(own, spec);
    return own;
}

kaa_object *
kaa_object__type_new(kaa_context *ctx, const kaa_type_spec *spec,
                     kaa_object *module, kaa_object *base)
{
    kaa_object__own_type *own;

    if (base == NULL)
        base = kaa_builtin(ctx, KAA_OBJECT_TYPE);
    if (check_spec(ctx, spec) != 0 || check_base(ctx, spec, base) != 0)
        return NULL;
    own = make(ctx, spec, module, (kaa_object__type *)(void *)base, 0);
    if (own == NULL)
        return NULL;
    if (kaa_object__type_fill(ctx, &own->type, spec->methods, spec->members,
                              spec->properties) != 0) {
        kaa_decref(ctx, &own->type.header);
        return NULL;
    }
    return &own->type.header;
}

kaa_object *
kaa_object__type_module(kaa_context *ctx, kaa_object *object)
{
    kaa_object__type *type = kaa_object__as_type(ctx, object);
    const kaa_object__type *each;

    if (type == NULL) {
        kaa_object__raise_type(ctx, "type_module()", "a type", object);
        return NULL;
    }
    for (each = type; each != NULL; each = each->base)
        if (each->module != NULL)
            return kaa_incref(ctx, each->module);
    kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                           "type '%s' was made without a module", type->name);
    return NULL;
}

/* The spec of an exception type, with the texts it points to, stands behind the
 * type. */
kaa_object *
kaa_object__exception_new_type(kaa_context *ctx, const char *name,
                               const char *doc, kaa_object *base)
{
    kaa_type_spec spec = {.size = sizeof(spec), .name = name, .doc = doc};
    size_t name_bytes = strlen(name) + 1;
    size_t doc_bytes = doc != NULL ? strlen(doc) + 1 : 0;
    kaa_object__own_type *own;
    kaa_type_spec *kept;
    char *text;

    if (base == NULL)
        base = kaa_builtin(ctx, KAA_EXCEPTION);
    if (check_base(ctx, &spec, base) != 0)
        return NULL;
    if ((((kaa_object__type *)(void *)base)->flags & KAA_OBJECT__EXCEPTION) ==
        0) {
        kaa_object__raise_type(ctx, "the base of an exception type",
                               "an exception type", base);
        return NULL;
    }
    own = make(ctx, &spec, NULL, (kaa_object__type *)(void *)base,
               sizeof(uint32_t) + sizeof(spec) + name_bytes + doc_bytes);
    if (own == NULL)
        return NULL;
    /* No references of its own: the array is this, aligned. */
    kept = (kaa_type_spec *)(void *)&own->references[2];
    text = (char *)(kept + 1);
    memcpy(text, name, name_bytes);
    if (doc != NULL)
        memcpy(text + name_bytes, doc, doc_bytes);
    spec.name = text;
    spec.doc = doc != NULL ? text + name_bytes : NULL;
    *kept = spec;
    own->type.spec = kept;
    own->type.name = spec.name;
    own->type.doc = spec.doc;
    if (kaa_object__type_fill(ctx, &own->type, NULL, NULL, NULL) != 0) {
        kaa_decref(ctx, &own->type.header);
        return NULL;
    }
    return &own->type.header;
}
