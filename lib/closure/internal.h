/* closure/internal.h - a closure, and the ways of making its pointer.
 *
 *     trampoline i (code of libkaa) --> slots[i] --> kaa_closure   direct.c
 *     trampoline of libffi's        ---------------> kaa_closure   libffi.c
 *
 * The first is quick and needs no executable memory at run time, but there are
 * only so many, and they serve what call/ places itself. Their assembly, and
 * how values come and go, stands in the processor's own file, x86_64.c or
 * aarch64.c. On AArch64, where libffi cannot pass all that kaa can, libffi's
 * trampolines serve the same signatures once the first are used up: libffi
 * saves the registers, and kaa finds the arguments in them (borrowed.c).
 */
#ifndef KAA_CLOSURE_INTERNAL_H
#define KAA_CLOSURE_INTERNAL_H

#include <stdatomic.h>

#include <kaa/closure.h>

#include "call/internal.h"

/* Of a signature. libffi.c has a table of as many pointers on its stack. */
#define KAA_CLOSURE__ARGUMENTS_MAX 1000u
/* Of a signature that direct.c serves. */
#define KAA_CLOSURE__DIRECT_MAX                                                \
    (KAA_CALL__AAPCS ? KAA_CLOSURE__ARGUMENTS_MAX : KAA_CLOSURE__FEW)
/* Arguments that most have no more of. */
#define KAA_CLOSURE__FEW 64u

#define KAA_CLOSURE__NO_SLOT UINT32_MAX

struct kaa_closure {
    kaa_closure_callback callback;
    void *user;
    atomic_int is_retired;
    uint32_t argument_count;
    kaa_call_plan *plan; /* how values of the signature travel */
    void (*retired_hook)(void *user);
    kaa_function pointer;
    unsigned char *error_value; /* inside this block, result_size bytes */
    size_t result_size;
    /* direct.c */
    uint32_t slot; /* or KAA_CLOSURE__NO_SLOT */
    int has_split; /* some argument cannot be pointed at where it stands */
    int is_plain;  /* few, none is split, and the result is an integer */
    /* libffi.c, borrowed.c */
    ffi_closure *writable;
    kaa_call__ffi *ffi;
    uint32_t offsets[]; /* of arguments from a kaa_closure__frame */
};

/* Which way to take; tests choose, everybody else takes ANY. */
enum {
    KAA_CLOSURE__ANY,
    KAA_CLOSURE__DIRECT_ONLY,
    KAA_CLOSURE__BORROWED_ONLY,
    KAA_CLOSURE__LIBFFI_ONLY
};

kaa_status kaa_closure__create(const kaa_ctype *signature,
                               kaa_closure_callback callback, void *user,
                               const kaa_closure_options *options, int way,
                               kaa_closure **out_closure, kaa_error *err);

/* Where arguments stand in a kaa_closure__frame: 1, or 0 where kaa does not
 * place them itself. */
int kaa_closure__direct_prepare(kaa_closure *closure);
/* After that, takes a slot: 1, or 0 where there is none left. */
int kaa_closure__direct_init(kaa_closure *closure);
void kaa_closure__direct_fini(kaa_closure *closure);

/* After kaa_closure__direct_prepare(). */
kaa_status kaa_closure__borrowed_init(kaa_closure *closure, kaa_error *err);
/* A trampoline of libffi's for closure->ffi; its end is that of the next. */
kaa_status kaa_closure__trampoline_init(
    kaa_closure *closure,
    void (*enter)(ffi_cif *cif, void *result, void **arguments, void *user),
    kaa_error *err);
kaa_status kaa_closure__libffi_init(kaa_closure *closure, kaa_error *err);
void kaa_closure__libffi_fini(kaa_closure *closure);

/* Calls the callback, or gives the error value. */
static inline void
kaa_closure__answer(kaa_closure *closure, void *result, void *const *arguments)
{
    if (KAA_UNLIKELY(
            atomic_load_explicit(&closure->is_retired, memory_order_acquire))) {
        if (closure->retired_hook != NULL)
            closure->retired_hook(closure->user);
        memcpy(result, closure->error_value, closure->result_size);
    } else {
        closure->callback(result, arguments, closure->user);
    }
}

#if KAA_CALL__DIRECT
/* What a trampoline leaves for kaa_closure__enter(), laid out by the assembly
 * in the processor's file. The first two members stand as in kaa_call__frame,
 * so that offsets of places hold for both. */
typedef struct kaa_closure__frame {
    uint64_t integers[KAA_CALL__INTEGERS];
    uint64_t vectors[KAA_CALL__VECTORS * KAA_CALL__VECTOR_WORDS];
    union {
#if KAA_CALL__SYSV
        struct {
            uint64_t integers[2]; /* rax, rdx */
            uint64_t vectors[2];  /* xmm0, xmm1 */
        } in;
        unsigned char x87[32]; /* one or two long doubles */
#else
        struct {
            uint64_t integers[2];   /* x0, x1 */
            uint64_t vectors[4][2]; /* q0 .. q3 */
        } in;
#endif
    } out;
#if KAA_CALL__AAPCS
    void *memory; /* x8: where a result in memory belongs */
    uint64_t unused;
#endif
    uint64_t saved[2]; /* the caller's rbp or x29, the return address */
    /* what the caller put on the stack follows */
} kaa_closure__frame;

/* The number of trampolines: 16 bytes of code and 16 of data each. */
#define KAA_CLOSURE__SLOTS 2048

/* The code of trampoline 0; the others follow, 16 bytes each. */
extern const unsigned char kaa_closure__trampolines[];

/* x86-64: returns how many long doubles the result is: 0, 1 or 2. */
uint32_t kaa_closure__enter(kaa_closure__frame *frame, uint32_t slot);

/* Where an argument stands, from the closure's frame. An argument without a
 * size stands anywhere. */
uint32_t kaa_closure__offset_of(const kaa_call__place *place);

/* Of the processor's file: whether an argument cannot be pointed at where it
 * stands, and any closure but a plain one. */
int kaa_closure__is_split(const kaa_call_plan *plan, uint32_t i);
uint32_t kaa_closure__answer_any(kaa_closure *closure,
                                 kaa_closure__frame *frame);
#endif

#endif /* KAA_CLOSURE_INTERNAL_H */
