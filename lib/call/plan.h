/* call/plan.h - what a plan knows, for the rooms that convert values.
 *
 * A converter writes each argument at its place in a frame, kaa_call__run()
 * calls, and the result is read from the frame:
 *
 *     kaa_call__frame (16-byte aligned)              plan->frame_size bytes
 *     +-------------+------------+--------+---------------+------------------+
 *     | integers[6] | vectors[8] | result | result_memory | memory           |
 *     +-------------+------------+--------+---------------+------------------+
 *       rdi, rsi..    xmm0..       16       the caller's    what goes on the
 *       (8: x0..)     (d0.. q7)    bytes    own storage     stack, by reference
 *                                                           or to libffi
 *
 * How a value is stored at its place:
 * - An integer of up to 64 bits (bool, characters, enums, pointers too): one
 *   full uint64_t, sign- or zero-extended as its type says.
 * - float: its 4 bytes, and zero in the 4 after them. double: 8 bytes.
 * - Everything else: its bytes; those from 0 to size[0] at offset[0], the next
 *   size[1] at offset[1]. size[1] is 0 where one piece holds the value, size[0]
 *   is 0 where nothing is passed (an empty struct).
 * - AArch64: kaa_call__store() alone writes places with a load of SPREAD or
 *   REFERENCE. The callee owns the second, so it is stored before each call.
 * Every place is at least 8 bytes wide, so a uint64_t may always be written.
 * What is in no place need not be set, not even to zero.
 *
 * How a result is read:
 * - void: nothing. An integer of up to 64 bits: result.words[0], extended to 64
 *   bits as its type says; a bool is 0 or 1.
 * - float: result.floats[0]; double: result.doubles[0]
 * - Everything else: up to 16 bytes in result.bytes; larger ones
 *   (plan->result_in_memory) in result_memory, which whoever runs the plan has
 *   pointed at storage of the result's size and alignment.
 */
#ifndef KAA_CALL_PLAN_H
#define KAA_CALL_PLAN_H

#include <string.h>

#include <kaa/call.h>

/* Where kaa fills registers itself. Elsewhere libffi does it all. */
#if defined(__x86_64__) && !defined(_WIN32) && defined(__LP64__)
#define KAA_CALL__SYSV 1
#else
#define KAA_CALL__SYSV 0
#endif
#if defined(__aarch64__) && !defined(_WIN32) && !defined(__APPLE__) &&         \
    defined(__LP64__) && defined(__AARCH64EL__)
#define KAA_CALL__AAPCS 1
#else
#define KAA_CALL__AAPCS 0
#endif
#define KAA_CALL__DIRECT (KAA_CALL__SYSV || KAA_CALL__AAPCS)

#define KAA_CALL__INTEGERS (KAA_CALL__AAPCS ? 8 : 6)
#define KAA_CALL__VECTORS 8
/* AArch64 passes long double in one. */
#define KAA_CALL__VECTOR_WORDS (KAA_CALL__AAPCS ? 2 : 1)

/* The values of one call; its memory part follows. */
typedef struct kaa_call__frame {
    _Alignas(16) uint64_t integers[KAA_CALL__INTEGERS];
    /* x86-64: the low half of each register */
    uint64_t vectors[KAA_CALL__VECTORS * KAA_CALL__VECTOR_WORDS];
    union {
        uint64_t words[2];
        int64_t signed_words[2];
        void *pointers[2];
        double doubles[2];
        float floats[4];
        unsigned char bytes[16];
        _Alignas(16) long double extended;
    } result;
    void *result_memory; /* only with plan->result_in_memory; else not read */
} kaa_call__frame;

/* How a value of a type is loaded from its own storage into a place. */
enum {
    KAA_CALL__LOAD_BYTES, /* as it is, in one or two pieces */
    KAA_CALL__LOAD_U8,
    KAA_CALL__LOAD_S8,
    KAA_CALL__LOAD_U16,
    KAA_CALL__LOAD_S16,
    KAA_CALL__LOAD_U32,
    KAA_CALL__LOAD_S32,
    KAA_CALL__LOAD_64, /* integers of 64 bits, pointers, double */
    KAA_CALL__LOAD_FLOAT,
    KAA_CALL__LOAD_NOTHING, /* nothing is passed */
    /* AArch64 alone, and only kaa_call__store() knows how: */
    KAA_CALL__LOAD_SPREAD,    /* size[0] bytes, size[1] in a vector register */
    KAA_CALL__LOAD_REFERENCE, /* the bytes as they are, their address, for the
                                 register or the stack, at offset[1] */
};

/* Where one argument stands. */
typedef struct kaa_call__place {
    uint32_t offset[2]; /* bytes from the frame's start */
    uint32_t size[2];   /* bytes of the value there; see above */
    uint32_t load;      /* KAA_CALL__LOAD_* */
} kaa_call__place;

/* What may be called without kaa_call__run(): the result's register, then the
 * arguments'. I is an integer register (of a result: or none), D a vector
 * register, so D_D is double(double) and float(float) alike. The arguments
 * stand in integers[0], [1], .. and vectors[0], [1], .. in their order. A plan
 * that needs anything else (errno, stack, `...`) has ANY, one of libffi LIBFFI:
 * both must be run by kaa_call__run(). After a call with an I_ shape the result
 * has to pass kaa_call__widen(). */
enum {
    KAA_CALL__SHAPE_LIBFFI,
    KAA_CALL__SHAPE_ANY,
    KAA_CALL__SHAPE_I_,
    KAA_CALL__SHAPE_I_I,
    KAA_CALL__SHAPE_I_II,
    KAA_CALL__SHAPE_I_III,
    KAA_CALL__SHAPE_I_IIII,
    KAA_CALL__SHAPE_I_IIIII,
    KAA_CALL__SHAPE_I_IIIIII,
    KAA_CALL__SHAPE_I_D,
    KAA_CALL__SHAPE_I_DD,
    KAA_CALL__SHAPE_D_,
    KAA_CALL__SHAPE_D_D,
    KAA_CALL__SHAPE_D_DD,
    KAA_CALL__SHAPE_D_DDD,
    KAA_CALL__SHAPE_D_DDDD,
    KAA_CALL__SHAPE_D_I,
    KAA_CALL__SHAPE_D_II,
    KAA_CALL__SHAPE_COUNT
};

typedef void kaa_call__caller(const kaa_call_plan *plan, kaa_function target,
                              kaa_call__frame *frame);

/* Immutable once kaa_call_plan_create() has returned it. One block, but for
 * what libffi needs. */
struct kaa_call_plan {
    kaa_call__caller *caller;
    uint64_t result_mask; /* integers: the bits that the ABI defines */
    uint64_t result_sign; /* signed and narrow: the sign bit among them */
    const kaa_ctype *signature;
    uint32_t argument_count;
    uint32_t frame_size; /* sizeof(kaa_call__frame) + the memory part */
    uint32_t flags;      /* KAA_CALL_* */
    uint32_t result_align;
    uint64_t result_size;
    uint8_t is_direct;
    uint8_t shape;            /* KAA_CALL__SHAPE_* */
    uint8_t result_in_memory; /* result_size > 16 */
    uint8_t result_is_bool;
    uint8_t result_load;  /* KAA_CALL__LOAD_*: how wide a scalar result is */
    uint8_t result_how;   /* is_direct: KAA_CALL__RESULT_* */
    uint8_t result_piece; /* KAA_CALL__RESULT_VECTORS: bytes of each */
    uint8_t reserved;
    uint16_t stack_words;      /* is_direct: how many are in use */
    kaa_call__caller *inner;   /* with KAA_CALL_ERRNO: whom `caller` wraps */
    struct kaa_call__ffi *ffi; /* what libffi needs; NULL if is_direct */
    kaa_call__place places[];  /* argument_count of them */
};

/* Extends an integer result to 64 bits: the ABI leaves what is above the type's
 * width undefined. Gives 0 for void. */
static inline uint64_t
kaa_call__widen(const kaa_call_plan *plan, uint64_t raw)
{
    uint64_t value = raw & plan->result_mask;

    if (plan->result_is_bool)
        return value != 0;
    return (value ^ plan->result_sign) - plan->result_sign;
}

/* Calls. Never fails. The frame's result is written, and perhaps what the plan
 * keeps in the frame for itself: the hidden argument of a result in memory, the
 * table of pointers for libffi. The arguments stay, so a frame can be run again
 * after changing some of them; but for what travels by reference. */
static inline void
kaa_call__run(const kaa_call_plan *plan, kaa_function target,
              kaa_call__frame *frame)
{
    plan->caller(plan, target, frame);
}

/* Stores the argument that stands at `value`, as wide as its type, at its
 * place. */
void kaa_call__store(const kaa_call__place *place, kaa_call__frame *frame,
                     const void *value);

/* Copies the result out of a frame to storage as wide as its type; not for
 * results that are in memory already. */
void kaa_call__fetch(const kaa_call_plan *plan, const kaa_call__frame *frame,
                     void *result);

/* This thread's kept errno (KAA_CALL_ERRNO). */
int *kaa_call__errno_place(void);

#endif /* KAA_CALL_PLAN_H */
