/* call/callers.c - the calls themselves.
 *
 * A few shapes are typed as the function is. All other calls of x86-64 go by
 * this way (AArch64's stand in aarch64.c): registers are filled by calling the
 * target as a function that takes all of them: a callee that wants fewer does
 * not look at the others, and the caller removes what it put on the stack. So
 * one function per way of getting the result does for every signature; words
 * for the stack come after arguments that use up all registers, and so land
 * there in order.
 *
 * A float travels as the low half of a double whose other half does not matter.
 * Through a variadic type the compiler also sets `al`, which System V wants for
 * `...`: the eight vector registers, which is always a true upper bound.
 */
#include "call/internal.h"

#if KAA_CALL__DIRECT

static inline double
vector(const kaa_call__frame *frame, uint32_t index)
{
    double value;

    memcpy(&value, &frame->vectors[(size_t)index * KAA_CALL__VECTOR_WORDS],
           sizeof(value));
    return value;
}

#define U uint64_t
#define F double
#define U6 U, U, U, U, U, U
#define I(n) frame->integers[n]
#define V(n) vector(frame, n)

/* Storing what came back. */
#define KEEP_I(value) frame->result.words[0] = kaa_call__widen(plan, value)
#define KEEP_D(value) frame->result.doubles[0] = (value)

#if KAA_CALL__SYSV

#define F8 F, F, F, F, F, F, F, F
#define S0
#define S4 , U, U, U, U
#define S12 S4 S4 S4
#define S40 S12 S12 S12 S4

#define W(n) words[n]
#define INTEGERS I(0), I(1), I(2), I(3), I(4), I(5)
#define VECTORS V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7)
#define W0
#define W4 , W(0), W(1), W(2), W(3)
#define W12 W4, W(4), W(5), W(6), W(7), W(8), W(9), W(10), W(11)
#define W40                                                                    \
    W12, W(12), W(13), W(14), W(15), W(16), W(17), W(18), W(19), W(20), W(21), \
        W(22), W(23), W(24), W(25), W(26), W(27), W(28), W(29), W(30), W(31),  \
        W(32), W(33), W(34), W(35), W(36), W(37), W(38), W(39)

#define KEEP_BYTES(value) memcpy(frame->result.bytes, &(value), sizeof(value))
#define KEEP_X87(value) frame->result.extended = (value)
#define KEEP_X87_2(value) memcpy(frame->result_memory, &(value), sizeof(value))

#define CALLER(name, type, keep, prototype, stack)                             \
    static void name(const kaa_call_plan *plan, kaa_function target,           \
                     kaa_call__frame *frame)                                   \
    {                                                                          \
        const uint64_t *words = (const uint64_t *)(frame + 1);                 \
        type got;                                                              \
                                                                               \
        (void)words;                                                           \
        (void)plan;                                                            \
        got = ((type(*) prototype)target)(INTEGERS, VECTORS stack);            \
        keep(got);                                                             \
    }

/* The hidden argument: a result of at most 16 bytes still belongs into the
 * frame. */
#define CALLER_MEMORY(name, prototype, stack)                                  \
    static void name(const kaa_call_plan *plan, kaa_function target,           \
                     kaa_call__frame *frame)                                   \
    {                                                                          \
        const uint64_t *words = (const uint64_t *)(frame + 1);                 \
        void *memory = plan->result_in_memory ? frame->result_memory           \
                                              : frame->result.bytes;           \
                                                                               \
        (void)words;                                                           \
        frame->integers[0] = (uint64_t)(uintptr_t)memory;                      \
        ((void(*) prototype)target)(INTEGERS, VECTORS stack);                  \
    }

#define ALL(how, type, keep)                                                   \
    CALLER(how##_0, type, keep, (U6, F8 S0), W0)                               \
    CALLER(how##_4, type, keep, (U6, F8 S4), W4)                               \
    CALLER(how##_12, type, keep, (U6, F8 S12), W12)                            \
    CALLER(how##_40, type, keep, (U6, F8 S40), W40)                            \
    CALLER(how##_v0, type, keep, (U, ...), W0)                                 \
    CALLER(how##_v4, type, keep, (U, ...), W4)                                 \
    CALLER(how##_v12, type, keep, (U, ...), W12)                               \
    CALLER(how##_v40, type, keep, (U, ...), W40)

#define ROW(how)                                                               \
    {                                                                          \
        {how##_0, how##_4, how##_12, how##_40},                                \
        {                                                                      \
            how##_v0, how##_v4, how##_v12, how##_v40                           \
        }                                                                      \
    }

ALL(any_i, uint64_t, KEEP_I)
ALL(any_d, double, KEEP_D)
ALL(any_ii, kaa_call__pair_ii, KEEP_BYTES)
ALL(any_dd, kaa_call__pair_dd, KEEP_BYTES)
ALL(any_id, kaa_call__pair_id, KEEP_BYTES)
ALL(any_di, kaa_call__pair_di, KEEP_BYTES)
ALL(any_x87, long double, KEEP_X87)
__extension__ typedef long double _Complex complex_extended;
ALL(any_x87_2, complex_extended, KEEP_X87_2)
CALLER_MEMORY(any_memory_0, (U6, F8 S0), W0)
CALLER_MEMORY(any_memory_4, (U6, F8 S4), W4)
CALLER_MEMORY(any_memory_12, (U6, F8 S12), W12)
CALLER_MEMORY(any_memory_40, (U6, F8 S40), W40)
CALLER_MEMORY(any_memory_v0, (U, ...), W0)
CALLER_MEMORY(any_memory_v4, (U, ...), W4)
CALLER_MEMORY(any_memory_v12, (U, ...), W12)
CALLER_MEMORY(any_memory_v40, (U, ...), W40)

static kaa_call__caller *const any[KAA_CALL__RESULT_COUNT][2][4] = {
    [KAA_CALL__RESULT_I] = ROW(any_i),
    [KAA_CALL__RESULT_D] = ROW(any_d),
    [KAA_CALL__RESULT_II] = ROW(any_ii),
    [KAA_CALL__RESULT_DD] = ROW(any_dd),
    [KAA_CALL__RESULT_ID] = ROW(any_id),
    [KAA_CALL__RESULT_DI] = ROW(any_di),
    [KAA_CALL__RESULT_MEMORY] = ROW(any_memory),
    [KAA_CALL__RESULT_X87] = ROW(any_x87),
    [KAA_CALL__RESULT_X87_2] = ROW(any_x87_2),
};

static uint32_t
tier(uint32_t words)
{
    return words == 0 ? 0 : words <= 4 ? 1 : words <= 12 ? 2 : 3;
}

uint32_t
kaa_call__stack_words(uint32_t words)
{
    static const uint32_t of_tier[] = {0, 4, 12, KAA_CALL__STACK_MAX};

    return of_tier[tier(words)];
}

kaa_call__caller *
kaa_call__caller_any(uint32_t result, uint32_t stack_words, int is_variadic)
{
    return any[result][is_variadic != 0][tier(stack_words)];
}

#endif /* KAA_CALL__SYSV */

/* ---- both processors */

/* The common shapes: nothing is loaded that is not wanted. */
#define SHAPE(name, type, keep, prototype, ...)                                \
    static void name(const kaa_call_plan *plan, kaa_function target,           \
                     kaa_call__frame *frame)                                   \
    {                                                                          \
        (void)plan;                                                            \
        keep(((type(*) prototype)target)(__VA_ARGS__));                        \
    }

SHAPE(i_, U, KEEP_I, (void), )
SHAPE(i_i, U, KEEP_I, (U), I(0))
SHAPE(i_ii, U, KEEP_I, (U, U), I(0), I(1))
SHAPE(i_iii, U, KEEP_I, (U, U, U), I(0), I(1), I(2))
SHAPE(i_iiii, U, KEEP_I, (U, U, U, U), I(0), I(1), I(2), I(3))
SHAPE(i_iiiii, U, KEEP_I, (U, U, U, U, U), I(0), I(1), I(2), I(3), I(4))
SHAPE(i_iiiiii, U, KEEP_I, (U6), I(0), I(1), I(2), I(3), I(4), I(5))
SHAPE(i_d, U, KEEP_I, (F), V(0))
SHAPE(i_dd, U, KEEP_I, (F, F), V(0), V(1))
SHAPE(d_, F, KEEP_D, (void), )
SHAPE(d_d, F, KEEP_D, (F), V(0))
SHAPE(d_dd, F, KEEP_D, (F, F), V(0), V(1))
SHAPE(d_ddd, F, KEEP_D, (F, F, F), V(0), V(1), V(2))
SHAPE(d_dddd, F, KEEP_D, (F, F, F, F), V(0), V(1), V(2), V(3))
SHAPE(d_i, F, KEEP_D, (U), I(0))
SHAPE(d_ii, F, KEEP_D, (U, U), I(0), I(1))

static kaa_call__caller *const shapes[KAA_CALL__SHAPE_COUNT] = {
    [KAA_CALL__SHAPE_I_] = i_,
    [KAA_CALL__SHAPE_I_I] = i_i,
    [KAA_CALL__SHAPE_I_II] = i_ii,
    [KAA_CALL__SHAPE_I_III] = i_iii,
    [KAA_CALL__SHAPE_I_IIII] = i_iiii,
    [KAA_CALL__SHAPE_I_IIIII] = i_iiiii,
    [KAA_CALL__SHAPE_I_IIIIII] = i_iiiiii,
    [KAA_CALL__SHAPE_I_D] = i_d,
    [KAA_CALL__SHAPE_I_DD] = i_dd,
    [KAA_CALL__SHAPE_D_] = d_,
    [KAA_CALL__SHAPE_D_D] = d_d,
    [KAA_CALL__SHAPE_D_DD] = d_dd,
    [KAA_CALL__SHAPE_D_DDD] = d_ddd,
    [KAA_CALL__SHAPE_D_DDDD] = d_dddd,
    [KAA_CALL__SHAPE_D_I] = d_i,
    [KAA_CALL__SHAPE_D_II] = d_ii,
};

kaa_call__caller *
kaa_call__caller_of_shape(uint32_t shape)
{
    return shapes[shape];
}

#endif

void
kaa_call__caller_libffi(const kaa_call_plan *plan, kaa_function target,
                        kaa_call__frame *frame)
{
    kaa_call__ffi *ffi = plan->ffi;
    unsigned char *base = (unsigned char *)frame;
    void **pointers = (void **)(void *)(base + ffi->pointers_offset);
    void *result =
        plan->result_in_memory ? frame->result_memory : frame->result.bytes;

    for (uint32_t i = 0; i < ffi->cif.nargs; i++) {
        uint32_t number = ffi->numbers[i];
        const kaa_call__place *place =
            &plan->places[number & ~KAA_CALL__SECOND_HALF];

        pointers[i] =
            base + place->offset[0] + (number & KAA_CALL__SECOND_HALF ? 8 : 0);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        if (place->load != KAA_CALL__LOAD_BYTES &&
            place->load != KAA_CALL__LOAD_FLOAT)
            pointers[i] = base + place->offset[0] + 8 - place->size[0];
#endif
    }
    ffi_call(&ffi->cif, target, plan->result_size > 0 ? result : NULL,
             pointers);
    if (plan->result_load >= KAA_CALL__LOAD_U8 &&
        plan->result_load <= KAA_CALL__LOAD_64 && plan->result_mask != 0)
        frame->result.words[0] = kaa_call__widen(plan, frame->result.words[0]);
}
