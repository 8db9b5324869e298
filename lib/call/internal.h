/* call/internal.h - what the files of call/ share; closure/ uses the libffi
 * part too. */
#ifndef KAA_CALL_INTERNAL_H
#define KAA_CALL_INTERNAL_H

#include <ffi.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/memory.h"
#include "call/plan.h"

#if KAA_CALL__SYSV
/* Classes of the System V x86-64 ABI, section 3.2.3. SSEUP never occurs: what
 * would have it (__float128, vectors) is refused. */
enum {
    KAA_CALL__CLASS_NONE,
    KAA_CALL__CLASS_INTEGER,
    KAA_CALL__CLASS_SSE,
    KAA_CALL__CLASS_X87,
    KAA_CALL__CLASS_X87UP,
    KAA_CALL__CLASS_MEMORY,
};

/* The class of each eightbyte; MEMORY stands in both or in neither. */
typedef struct kaa_call__classes {
    uint8_t of[2];
} kaa_call__classes;

/* Classifies a complete type that is not void. `number` is the argument's, for
 * the error. KAA_UNSUPPORTED where compilers disagree or kaa cannot tell. */
kaa_status kaa_call__classify(const kaa_ctype *type, uint32_t number,
                              kaa_call__classes *out, kaa_error *err);
#endif

/* How a value of a type is loaded: KAA_CALL__LOAD_*. */
uint32_t kaa_call__load_of(const kaa_ctype *type);

/* KAA_UNSUPPORTED if a value of `type` cannot be passed by anything. */
kaa_status kaa_call__check_type(const kaa_ctype *type, uint32_t number,
                                kaa_error *err);

/* The type as libffi knows it; records become ones that travel alike. What has
 * to be made is made in `arena`. */
kaa_status kaa_call__ffi_type(kaa_base__arena *arena, const kaa_ctype *type,
                              uint32_t number, ffi_type **out, kaa_error *err);

/* In kaa_call__ffi::numbers: the bytes from 8 on of an argument that libffi
 * gets in two. Only for calls. */
#define KAA_CALL__SECOND_HALF (1u << 31)

/* libffi's view of a signature. Arguments of size 0 are not in the cif. */
typedef struct kaa_call__ffi {
    ffi_cif cif;
    kaa_base__arena arena;
    ffi_type **types;         /* cif.arg_types, cif.nargs of them */
    uint32_t *numbers;        /* which argument each of them is, perhaps with
                                 KAA_CALL__SECOND_HALF */
    uint32_t pointers_offset; /* plans: where in a frame the pointers stand */
} kaa_call__ffi;

/* For a call or a closure. `fixed_count` of UINT32_MAX: not variadic. */
kaa_status kaa_call__ffi_create(const kaa_ctype *signature, int is_call,
                                uint32_t fixed_count, kaa_call__ffi **out,
                                kaa_error *err);
void kaa_call__ffi_destroy(kaa_call__ffi *ffi); /* NULL is allowed */

/* Chooses registers. Leaves plan->is_direct 0 where the call does not fit into
 * what kaa does itself. */
kaa_status kaa_call__place_direct(kaa_call_plan *plan, int is_variadic,
                                  kaa_error *err);

/* What a processor's file gives out, and how much of it is gone. */
typedef struct kaa_call__registers {
    uint32_t integers;
    uint32_t vectors;
    uint32_t stack;   /* words */
    uint32_t is_wide; /* a vector register takes more than 8 bytes */
} kaa_call__registers;

/* Of the processor's own file: KAA_CALL__RESULT_*, or KAA_CALL__RESULT_COUNT
 * where kaa does not call such a function itself; the registers and words of
 * one argument that has a size, or 0 in *fits. */
kaa_status kaa_call__place_result(const kaa_ctype *type, kaa_call_plan *plan,
                                  kaa_call__registers *r, uint32_t *how,
                                  kaa_error *err);
kaa_status kaa_call__place_argument(const kaa_ctype *type, uint32_t number,
                                    kaa_call__registers *r,
                                    kaa_call__place *place, int *fits,
                                    kaa_error *err);
/* For those: a register's place, from the frame's start. */
uint32_t kaa_call__integer_offset(uint32_t index);
uint32_t kaa_call__vector_offset(uint32_t index);
/* Words on the stack; 0 if kaa's callers do not have as many. */
int kaa_call__take_stack(kaa_call__registers *r, kaa_call__place *place,
                         uint64_t size, uint32_t align);

#if KAA_CALL__AAPCS
/* kaa_call__store() of KAA_CALL__LOAD_SPREAD and KAA_CALL__LOAD_REFERENCE. */
void kaa_call__store_otherwise(const kaa_call__place *place,
                               kaa_call__frame *frame, const void *value);
#endif

/* Callers of direct plans: what comes back, how many words go on the stack. */
enum {
    KAA_CALL__RESULT_I, /* an integer register; nothing */
    KAA_CALL__RESULT_D,
    KAA_CALL__RESULT_II,
#if KAA_CALL__AAPCS
    KAA_CALL__RESULT_VECTORS, /* plan->result_piece bytes from each of them */
    KAA_CALL__RESULT_MEMORY,  /* the callee writes where x8 says */
#else
    KAA_CALL__RESULT_DD,
    KAA_CALL__RESULT_ID,
    KAA_CALL__RESULT_DI,
    KAA_CALL__RESULT_MEMORY, /* the callee writes where integers[0] says */
    KAA_CALL__RESULT_X87,    /* long double */
    KAA_CALL__RESULT_X87_2,  /* long double _Complex */
#endif
    KAA_CALL__RESULT_COUNT
};
#if KAA_CALL__SYSV
/* What comes back in two registers. */
typedef struct kaa_call__pair_ii {
    uint64_t a, b;
} kaa_call__pair_ii;
typedef struct kaa_call__pair_dd {
    double a, b;
} kaa_call__pair_dd;
typedef struct kaa_call__pair_id {
    uint64_t a;
    double b;
} kaa_call__pair_id;
typedef struct kaa_call__pair_di {
    double a;
    uint64_t b;
} kaa_call__pair_di;
#endif
/* Words; on AArch64 as many as there may be. */
#define KAA_CALL__STACK_MAX (KAA_CALL__AAPCS ? 8000u : 40u)
/* Bytes: whoever runs a plan may want its frame on the stack. */
#define KAA_CALL__FRAME_MAX (1u << 20)

/* The number of words that a caller for `words` on the stack reads. */
uint32_t kaa_call__stack_words(uint32_t words);
kaa_call__caller *kaa_call__caller_any(uint32_t result, uint32_t stack_words,
                                       int is_variadic);
/* NULL for shapes without one. */
kaa_call__caller *kaa_call__caller_of_shape(uint32_t shape);
void kaa_call__caller_libffi(const kaa_call_plan *plan, kaa_function target,
                             kaa_call__frame *frame);
void kaa_call__caller_errno(const kaa_call_plan *plan, kaa_function target,
                            kaa_call__frame *frame);

#endif /* KAA_CALL_INTERNAL_H */
