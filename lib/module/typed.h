/* module/typed.h - a plain C function that converts by its declaration, as what
 * calls of it read. */
#ifndef KAA_MODULE_TYPED_H
#define KAA_MODULE_TYPED_H

#include <kaa/call.h>

#include "module/module.h"

#define KAA_MODULE__PARAMETERS_MAX 64u

typedef enum kaa_module__op {
    TYPED_VOID,
    TYPED_INTEGER, /* up to 64 bits; enums too */
    TYPED_BOOL,
    TYPED_CHAR,
    TYPED_FLOAT,
    TYPED_DOUBLE,
    TYPED_TEXT,    /* const char * */
    TYPED_POINTER, /* to void and numbers */
} kaa_module__op;

enum {
    TYPED_WRITABLE = 1u << 0,  /* the pointer's target is not const */
    TYPED_BYTES = 1u << 1,     /* the target is void or of one byte */
    TYPED_ADDRESS = 1u << 2,   /* void *: an int is an address */
    TYPED_OUT = 1u << 3,       /* [[kaa::out]] */
    TYPED_LENGTH = 1u << 4,    /* [[kaa::length(n)]] */
    TYPED_IS_LENGTH = 1u << 5, /* some other parameter's n */
    TYPED_NONNULL = 1u << 6,
};

typedef struct kaa_module__parameter {
    uint8_t op;
    uint8_t size; /* of a number, in bytes */
    uint8_t is_signed;
    uint8_t item; /* pointers: of the target: 'i', 'u', 'f', '?', or 'v' for
                     any; an [[kaa::out]]'s own op */
    uint32_t item_size;
    uint32_t flags;
    uint32_t length_of;
    const kaa_ctype *type;
    const char *name; /* or NULL */
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
    const char *name;
    char *doc; /* with the signature; or NULL */
    uint32_t flags;
    uint32_t count;
    uint32_t visible;  /* without [[kaa::out]] */
    uint32_t required; /* and without lengths that can be filled in */
    uint32_t outs;
    uint32_t reserved;
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
    size_t lengths[KAA_MODULE__PARAMETERS_MAX]; /* pointers: elements */
    kaa_buffer buffers[KAA_MODULE__PARAMETERS_MAX];
} kaa_module__call;

/* typed_values.c: the value of the argument at call->position into its storage;
 * 0, or -1. */
int kaa_module__to_c(kaa_module__call *call, kaa_object *value);
/* A C value, as wide as its type, as an object. */
kaa_object *kaa_module__from_c(kaa_context *ctx,
                               const kaa_module__parameter *how,
                               const kaa_module__value *value);
/* An integer of the type's width, widened to 64 bits; and the other way. */
uint64_t kaa_module__load_word(const kaa_module__parameter *how,
                               const kaa_module__value *value);
void kaa_module__store_word(kaa_module__value *out, uint8_t size,
                            uint64_t word);
/* "f() argument 2 (y): <reason>"; -1. */
int kaa_module__refuse(const kaa_module__call *call, kaa_builtin_id type,
                       const char *format, ...) KAA_PRINTF(3, 4);

/* typed_call.c: the KAA_KEYWORDS function; `self` is the capsule. */
kaa_object *kaa_module__call_typed(kaa_context *ctx, kaa_object *self,
                                   kaa_object *const *args, size_t nargs,
                                   kaa_object *kwnames);

#define KAA_MODULE__TYPED_NAME "kaa.typed"

#endif /* KAA_MODULE_TYPED_H */
