/* closure/aarch64.c - compiled function pointers, AArch64 (AAPCS64).
 *
 * Trampoline i puts i into w9 (which a caller never passes anything in) and
 * branches to the common part. That saves the argument registers as a
 * kaa_closure__frame on the stack, calls kaa_closure__enter(frame, i), and
 * loads all registers that a result may come in:
 *
 *     higher   arguments on the stack      304
 *              x29, x30                    288  <- x29
 *              x8                          272
 *              q0 .. q3 of the result      208
 *              x0, x1 of the result        192
 *              q0 .. q7                     64
 *     lower    x0 .. x7                      0  <- sp, 16-byte aligned
 *
 * `hint #34` is bti c, which branch-target identification wants at the target
 * of a pointer; elsewhere it does nothing. The .cfi lines let debuggers,
 * profilers and C++ exceptions pass through.
 */
#include "closure/internal.h"

#if KAA_CALL__AAPCS

_Static_assert(offsetof(kaa_closure__frame, vectors) == 64 &&
                   offsetof(kaa_closure__frame, out.in.integers) == 192 &&
                   offsetof(kaa_closure__frame, out.in.vectors) == 208 &&
                   offsetof(kaa_closure__frame, memory) == 272 &&
                   offsetof(kaa_closure__frame, saved) == 288 &&
                   sizeof(kaa_closure__frame) == 304,
               "the assembly below has these offsets");

/* Bytes of joined arguments: all vector registers, and 16 for any other. */
#define JOINED(count) (16 * (KAA_CALL__VECTORS + (count)))

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

__asm__(
    ".pushsection .text\n"
    ".p2align 4\n"
    ".hidden kaa_closure__enter\n"
    ".type kaa_closure__common, @function\n"
    "kaa_closure__common:\n"
    ".cfi_startproc\n"
    "    sub sp, sp, #304\n"
    ".cfi_def_cfa_offset 304\n"
    "    stp x29, x30, [sp, #288]\n"
    ".cfi_offset x29, -16\n"
    ".cfi_offset x30, -8\n"
    "    add x29, sp, #288\n"
    "    stp x0, x1, [sp]\n"
    "    stp x2, x3, [sp, #16]\n"
    "    stp x4, x5, [sp, #32]\n"
    "    stp x6, x7, [sp, #48]\n"
    "    stp q0, q1, [sp, #64]\n"
    "    stp q2, q3, [sp, #96]\n"
    "    stp q4, q5, [sp, #128]\n"
    "    stp q6, q7, [sp, #160]\n"
    "    str x8, [sp, #272]\n"
    "    mov x0, sp\n"
    "    mov w1, w9\n"
    "    bl kaa_closure__enter\n"
    "    ldp x0, x1, [sp, #192]\n"
    "    ldp q0, q1, [sp, #208]\n"
    "    ldp q2, q3, [sp, #240]\n"
    "    ldp x29, x30, [sp, #288]\n"
    "    add sp, sp, #304\n"
    ".cfi_def_cfa_offset 0\n"
    ".cfi_restore x29\n"
    ".cfi_restore x30\n"
    "    ret\n"
    ".cfi_endproc\n"
    ".size kaa_closure__common, . - kaa_closure__common\n"
    ".p2align 4\n"
    ".globl kaa_closure__trampolines\n"
    ".hidden kaa_closure__trampolines\n"
    ".type kaa_closure__trampolines, @function\n"
    "kaa_closure__trampolines:\n"
    ".cfi_startproc\n"
    ".set kaa_closure__index, 0\n"
    ".rept " TEXT(
        KAA_CLOSURE__SLOTS) "\n"
                            "    hint #34\n"
                            "    mov w9, #kaa_closure__index\n"
                            "    b kaa_closure__common\n"
                            ".p2align 4\n"
                            ".set kaa_closure__index, kaa_closure__index + 1\n"
                            ".endr\n"
                            ".cfi_endproc\n"
                            ".size kaa_closure__trampolines, . - "
                            "kaa_closure__trampolines\n"
                            ".popsection\n");

/* A member of a homogeneous aggregate stands in each vector register; what
 * travels by reference stands elsewhere; what aligned(16) on a whole record
 * asks for is not known to registers and stack. */
int
kaa_closure__is_split(const kaa_call_plan *plan, uint32_t i)
{
    const kaa_call__place *place = &plan->places[i];
    const kaa_ctype *type = kaa_ctype_parameters(plan->signature)[i].type;

    return place->size[0] != 0 && (place->load == KAA_CALL__LOAD_SPREAD ||
                                   place->load == KAA_CALL__LOAD_REFERENCE ||
                                   kaa_ctype_align(type) > 8);
}

static uint32_t
offset_of_address(const kaa_call__place *place)
{
    const kaa_call__place address = {.offset = {place->offset[1], 0}};

    return kaa_closure__offset_of(&address);
}

/* Gives arguments the form that their types have in memory. */
static void
answer_with(kaa_closure *closure, void *result, kaa_closure__frame *frame,
            void **arguments, unsigned char *joined)
{
    const kaa_call_plan *plan = closure->plan;
    unsigned char *base = (unsigned char *)frame;
    uint32_t used = 0;

    for (uint32_t i = 0; i < plan->argument_count; i++) {
        const kaa_call__place *place = &plan->places[i];
        unsigned char *from = base + closure->offsets[i];

        arguments[i] = from;
        if (!kaa_closure__is_split(plan, i))
            continue;
        if (place->load == KAA_CALL__LOAD_REFERENCE) {
            memcpy(&arguments[i], base + offset_of_address(place),
                   sizeof(void *));
            continue;
        }
        if (place->load == KAA_CALL__LOAD_BYTES && (uintptr_t)from % 16 == 0)
            continue;
        KAA_ASSERT(used + place->size[0] <= JOINED(closure->argument_count));
        arguments[i] = joined + used;
        if (place->load == KAA_CALL__LOAD_SPREAD)
            for (uint32_t at = 0; at < place->size[0]; at += place->size[1])
                memcpy(joined + used + at,
                       from + at / place->size[1] * 8 * KAA_CALL__VECTOR_WORDS,
                       place->size[1]);
        else
            memcpy(joined + used, from, place->size[0]);
        used += (place->size[0] + 15) & ~15u;
    }
    kaa_closure__answer(closure, result, arguments);
}

__attribute__((noinline)) static void
answer_few(kaa_closure *closure, void *result, kaa_closure__frame *frame)
{
    void *arguments[KAA_CLOSURE__FEW];
    _Alignas(16) unsigned char joined[JOINED(KAA_CLOSURE__FEW)];

    answer_with(closure, result, frame, arguments, joined);
}

__attribute__((noinline)) static void
answer_many(kaa_closure *closure, void *result, kaa_closure__frame *frame)
{
    void *arguments[KAA_CLOSURE__DIRECT_MAX];
    _Alignas(16) unsigned char joined[JOINED(KAA_CLOSURE__DIRECT_MAX)];

    answer_with(closure, result, frame, arguments, joined);
}

__attribute__((noinline)) uint32_t
kaa_closure__answer_any(kaa_closure *closure, kaa_closure__frame *frame)
{
    const kaa_call_plan *plan = closure->plan;
    void *arguments[KAA_CLOSURE__FEW];
    _Alignas(16) unsigned char bytes[64] = {0}; /* four long doubles */
    void *result = bytes;
    uint32_t piece = plan->result_piece;

    if (plan->result_how == KAA_CALL__RESULT_MEMORY) {
        result = frame->memory;
        memset(result, 0, closure->result_size);
    }
    if (closure->argument_count > KAA_CLOSURE__FEW) {
        answer_many(closure, result, frame);
    } else if (closure->has_split) {
        answer_few(closure, result, frame);
    } else {
        for (uint32_t i = 0; i < closure->argument_count; i++)
            arguments[i] = (unsigned char *)frame + closure->offsets[i];
        kaa_closure__answer(closure, result, arguments);
    }
    memcpy(frame->out.in.integers, bytes, sizeof(frame->out.in.integers));
    if (plan->result_how == KAA_CALL__RESULT_I)
        frame->out.in.integers[0] =
            kaa_call__widen(plan, frame->out.in.integers[0]);
    if (piece != 0)
        for (uint32_t i = 0; i * piece < closure->result_size; i++)
            memcpy(frame->out.in.vectors[i], bytes + i * piece, piece);
    return 0;
}

#endif
