/* module/typed.h - a plain C function that converts by its declaration, as what
 * calls of it read. */
#ifndef KAA_MODULE_TYPED_H
#define KAA_MODULE_TYPED_H

#include <kaa/call.h>

#include "convert/convert.h"
#include "module/module.h"

#define KAA_MODULE__PARAMETERS_MAX 64u

typedef struct kaa_module__parameter {
    kaa_convert__shape shape; /* of an [[kaa::out]]: of what it points at */
    const char *name;         /* or NULL */
} kaa_module__parameter;

enum {
    TYPED_HOLDS_GIL = 1u << 0,
    TYPED_ERRNO = 1u << 1,
};

/* One typed function; the capsule that is its `self` owns it. */
typedef struct kaa_module__typed {
    kaa_method method; /* what the function object was made of */
    kaa_ctype_table *types;
    kaa_decl *decl;
    kaa_call_plan *plan;
    kaa_function target;
    const kaa_decl_item *item;
    char *doc; /* with the signature; or NULL */
    uint32_t flags;
    uint32_t count;
    uint32_t outs;
    kaa_module__parameter result;
    kaa_module__parameter parameters[];
} kaa_module__typed;

typedef union kaa_module__value {
    int64_t integer;
    uint64_t word;
    float single;
    double real;
    void *pointer;
    unsigned char bytes[16];
} kaa_module__value;

/* One call on its way. */
typedef struct kaa_module__call {
    kaa_context *ctx;
    const kaa_module__typed *self;
    uint32_t position;     /* of the parameter, from 0 */
    uint32_t buffer_count; /* to be released */
    kaa_object *values[KAA_MODULE__PARAMETERS_MAX];
    kaa_module__value storage[KAA_MODULE__PARAMETERS_MAX];
    int64_t elements[KAA_MODULE__PARAMETERS_MAX]; /* of pointers; -1: unknown */
    kaa_buffer buffers[KAA_MODULE__PARAMETERS_MAX];
} kaa_module__call;

/* typed_values.c: the value of the argument at call->position into its storage;
 * 0, or -1. */
int kaa_module__to_c(kaa_module__call *call, kaa_object *value);
/* A C value, as wide as its type, as an object. */
kaa_object *kaa_module__from_c(kaa_context *ctx,
                               const kaa_module__parameter *how,
                               const kaa_module__value *value);
/* Raises what is refused, the place in front; -1. */
int kaa_module__refuse(const kaa_module__call *call,
                       const kaa_convert_fault *fault);

/* typed_call.c: the KAA_KEYWORDS function; `self` is the capsule. */
kaa_object *kaa_module__call_typed(kaa_context *ctx, kaa_object *self,
                                   kaa_object *const *args, size_t nargs,
                                   kaa_object *kwnames);

#define KAA_MODULE__TYPED_NAME "kaa.typed"

#endif /* KAA_MODULE_TYPED_H */
