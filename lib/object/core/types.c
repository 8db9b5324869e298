/* object/core/types.c - the types that a runtime begins with.
 *
 * They stand in one block, each at its kaa_builtin_id, what has none behind
 * them. They are copied from their templates and live as long as the runtime;
 * their dicts are filled when first looked into: a runtime is made in
 * microseconds.
 */
#include <string.h>

#include "object/types/type.h"

typedef struct kaa_object__entry {
    const kaa_object__type *template;
    const char *name;
    int32_t index;
    int32_t base;
} kaa_object__entry;

/* What stands in `types` and how: the templates, in the order of the tables. */
static const char *const names[] = {
#define KAA_CONSTANT(name, text) text,
#define KAA_TYPE(name, text) text,
#define KAA_EXCEPTION(name, text, base) text,
#include <kaa/builtin.def>
#undef KAA_CONSTANT
#undef KAA_TYPE
#undef KAA_EXCEPTION
};

static const kaa_object__entry plain_entries[] = {
#define BUILTIN(id, template)                                                  \
    {&kaa_object__template_##template, NULL, KAA_##id, KAA_OBJECT_TYPE},
#define INTERNAL(id, template, name)                                           \
    {&kaa_object__template_##template, name, KAA_OBJECT__INTERNAL_##id,        \
     KAA_OBJECT_TYPE},
#include "object/core/types.def"
#undef BUILTIN
#undef INTERNAL
};

static const kaa_object__entry exception_entries[] = {
#define KAA_CONSTANT(name, text)
#define KAA_TYPE(name, text)
#define KAA_EXCEPTION(name, text, base)                                        \
    {&kaa_object__template_exception, text, KAA_##name, KAA_##base},
#include <kaa/builtin.def>
#undef KAA_CONSTANT
#undef KAA_TYPE
#undef KAA_EXCEPTION
};

static void
place(kaa_runtime *runtime, const kaa_object__entry *entry)
{
    kaa_object__type *types = runtime->types;
    kaa_object__type *type = &types[entry->index];

    *type = *entry->template;
    type->header.word = KAA_OBJECT__IMMORTAL_WORD;
    type->header.type = &types[KAA_TYPE_TYPE];
    type->name = entry->name != NULL ? entry->name : names[entry->index];
    type->base = &types[entry->base];
    type->flags |= KAA_OBJECT__BUILTIN;
    type->id = entry->index < (int32_t)KAA_BUILTIN_COUNT ? entry->index
                                                         : KAA_OBJECT_TYPE;
    type->serial = (uint32_t)entry->index + 1;
    type->depth = 1;
    if (entry->index < (int32_t)KAA_BUILTIN_COUNT)
        runtime->builtins[entry->index] = &type->header;
}

/* Exceptions come after their bases in the table. */
static void
complete(kaa_runtime *runtime)
{
    kaa_object__type *types = runtime->types;
    size_t i;

    types[KAA_OBJECT_TYPE].base = NULL;
    types[KAA_OBJECT_TYPE].depth = 0;
    types[KAA_BOOL_TYPE].base = &types[KAA_INT_TYPE];
    types[KAA_BOOL_TYPE].depth = 2;
    for (i = 0; i < sizeof(exception_entries) / sizeof(exception_entries[0]);
         i++) {
        kaa_object__type *type = &types[exception_entries[i].index];

        type->depth = type->base->depth + 1;
        if (i != 0)
            type->properties = NULL; /* BaseException has them */
    }
    types[KAA_OS_ERROR].properties = kaa_object__os_error_properties;
    types[KAA_STOP_ITERATION].properties =
        kaa_object__stop_iteration_properties;
    types[KAA_SYSTEM_EXIT].properties = kaa_object__system_exit_properties;
}

int
kaa_object__types_start(kaa_context *ctx)
{
    kaa_runtime *runtime = kaa_object__runtime_of(ctx);
    size_t bytes = KAA_OBJECT__TYPE_COUNT * sizeof(kaa_object__type), i;

    /* Without an exception to raise yet: a NULL is told by the result. */
    runtime->types = kaa_heap_alloc(runtime->heap, bytes, KAA_HEAP_RAW);
    if (runtime->types == NULL)
        return -1;
    memset(runtime->types, 0, KAA_OBJECT_TYPE * sizeof(kaa_object__type));
    runtime->type_count = KAA_OBJECT__TYPE_COUNT;
    for (i = 0; i < sizeof(plain_entries) / sizeof(plain_entries[0]); i++)
        place(runtime, &plain_entries[i]);
    for (i = 0; i < sizeof(exception_entries) / sizeof(exception_entries[0]);
         i++)
        place(runtime, &exception_entries[i]);
    complete(runtime);
    for (i = 0; i < KAA_OBJECT_TYPE; i++)
        runtime->builtins[i] = kaa_object__constant((kaa_builtin_id)i);
    ctx->builtins = runtime->builtins;
    ctx->builtin_count = KAA_BUILTIN_COUNT;
    return 0;
}

kaa_object__type *
kaa_object__type_of_constant(kaa_context *ctx, const kaa_object *object)
{
    kaa_object__type *types = kaa_object__runtime_of(ctx)->types;

    switch ((uintptr_t)object >> 2) {
    case KAA_NONE:
        return &types[KAA_OBJECT__INTERNAL_NONE];
    case KAA_FALSE:
    case KAA_TRUE:
        return &types[KAA_BOOL_TYPE];
    case KAA_ELLIPSIS:
        return &types[KAA_OBJECT__INTERNAL_ELLIPSIS];
    default:
        return &types[KAA_OBJECT__INTERNAL_NOT_IMPLEMENTED];
    }
}

/* ---- object, and the constants */

static kaa_object *
object_create(kaa_context *ctx, kaa_object *type, kaa_object *const *args,
              size_t nargs, kaa_object *kwnames)
{
    (void)args;
    if (nargs != 0 || kwnames != NULL) {
        kaa_object__raise_text(ctx, KAA_TYPE_ERROR,
                               "object() takes no arguments");
        return NULL;
    }
    return kaa_object__new(ctx, (kaa_object__type *)(void *)type,
                           sizeof(kaa_object), KAA_HEAP_OBJECT_PLAIN);
}

static kaa_object *
get_class(kaa_context *ctx, kaa_object *self, void *user)
{
    (void)user;
    return kaa_object__type_of(ctx, self);
}

static kaa_object *
get_dict(kaa_context *ctx, kaa_object *self, void *user)
{
    kaa_object__type *type = kaa_object__borrow_type(ctx, self);
    kaa_object **place_of_dict = kaa_object__dict_place(type, self);

    (void)user;
    if (place_of_dict == NULL) {
        kaa_object__raise_text(ctx, KAA_ATTRIBUTE_ERROR,
                               "'%s' object has no attribute '__dict__'",
                               type->name);
        return NULL;
    }
    if (*place_of_dict == NULL)
        *place_of_dict = kaa_object__dict_new(ctx);
    return kaa_incref(ctx, *place_of_dict);
}

static const kaa_property object_properties[] = {
    {"__class__", get_class, NULL, "The object's type.", NULL},
    {"__dict__", get_dict, NULL, "The object's attributes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const kaa_object__type kaa_object__template_object = {
    .doc = "The base of all types.",
    .block_bytes = sizeof(kaa_object),
    .create = object_create,
    .properties = object_properties,
};

static kaa_object *
constant_repr(kaa_context *ctx, kaa_object *self)
{
    return kaa_object__str_intern(ctx, names[(uintptr_t)self >> 2]);
}

static int
none_truth(kaa_context *ctx, kaa_object *self)
{
    (void)ctx;
    (void)self;
    return 0;
}

const kaa_object__type kaa_object__template_none = {
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_WEAKREFS,
    .repr = constant_repr,
    .truth = none_truth,
};

const kaa_object__type kaa_object__template_not_implemented = {
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_WEAKREFS,
    .repr = constant_repr,
};

const kaa_object__type kaa_object__template_ellipsis = {
    .flags = KAA_OBJECT__NO_SUBTYPES | KAA_OBJECT__NO_WEAKREFS,
    .repr = constant_repr,
};
