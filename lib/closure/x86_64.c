/* closure/x86_64.c - compiled function pointers, System V x86-64.
 *
 * Trampoline i puts i into r11 (which a caller never passes anything in) and
 * jumps to the common part. That saves the argument registers as a
 * kaa_closure__frame on the stack, calls kaa_closure__enter(frame, i), and
 * loads all four registers that a result may come in, or as many long doubles
 * as that has returned (1: real, 2: complex), onto the x87 stack:
 *
 *     higher   arguments on the stack      160
 *              return address              152
 *              the caller's rbp            144  <- rbp
 *              xmm0, xmm1 of the result    128     or: imaginary part
 *              rax, rdx of the result      112     or: long double
 *              xmm0 .. xmm7                 48
 *     lower    rdi rsi rdx rcx r8 r9         0  <- rsp, 16-byte aligned
 *
 * The offsets are those of kaa_closure__frame. endbr64 is what indirect-branch
 * tracking wants at the target of a pointer; elsewhere it does nothing. The
 * .cfi lines let debuggers, profilers and C++ exceptions pass through.
 */
#include "closure/internal.h"

#if KAA_CALL__SYSV

_Static_assert(offsetof(kaa_closure__frame, vectors) == 48 &&
                   offsetof(kaa_closure__frame, out.in.integers) == 112 &&
                   offsetof(kaa_closure__frame, out.in.vectors) == 128 &&
                   offsetof(kaa_closure__frame, saved) == 144 &&
                   sizeof(kaa_closure__frame) == 160,
               "the assembly below has these offsets");

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

__asm__(
    ".text\n"
    ".p2align 4\n"
    ".hidden kaa_closure__enter\n"
    ".type kaa_closure__common, @function\n"
    "kaa_closure__common:\n"
    ".cfi_startproc\n"
    "    pushq %rbp\n"
    ".cfi_def_cfa_offset 16\n"
    ".cfi_offset %rbp, -16\n"
    "    movq %rsp, %rbp\n"
    ".cfi_def_cfa_register %rbp\n"
    "    subq $144, %rsp\n"
    "    movq %rdi, 0(%rsp)\n"
    "    movq %rsi, 8(%rsp)\n"
    "    movq %rdx, 16(%rsp)\n"
    "    movq %rcx, 24(%rsp)\n"
    "    movq %r8, 32(%rsp)\n"
    "    movq %r9, 40(%rsp)\n"
    "    movsd %xmm0, 48(%rsp)\n"
    "    movsd %xmm1, 56(%rsp)\n"
    "    movsd %xmm2, 64(%rsp)\n"
    "    movsd %xmm3, 72(%rsp)\n"
    "    movsd %xmm4, 80(%rsp)\n"
    "    movsd %xmm5, 88(%rsp)\n"
    "    movsd %xmm6, 96(%rsp)\n"
    "    movsd %xmm7, 104(%rsp)\n"
    "    movq %rsp, %rdi\n"
    "    movl %r11d, %esi\n"
    "    call kaa_closure__enter\n"
    "    testl %eax, %eax\n"
    "    jne 1f\n"
    "    movq 112(%rsp), %rax\n"
    "    movq 120(%rsp), %rdx\n"
    "    movsd 128(%rsp), %xmm0\n"
    "    movsd 136(%rsp), %xmm1\n"
    "    leave\n"
    ".cfi_remember_state\n"
    ".cfi_def_cfa %rsp, 8\n"
    "    ret\n"
    ".cfi_restore_state\n"
    "1:  cmpl $1, %eax\n"
    "    je 2f\n"
    "    fldt 128(%rsp)\n"
    "2:  fldt 112(%rsp)\n"
    "    leave\n"
    ".cfi_def_cfa %rsp, 8\n"
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
                            "    endbr64\n"
                            "    movl $kaa_closure__index, %r11d\n"
                            "    jmp kaa_closure__common\n"
                            ".p2align 4\n"
                            ".set kaa_closure__index, kaa_closure__index + 1\n"
                            ".endr\n"
                            ".cfi_endproc\n"
                            ".size kaa_closure__trampolines, . - "
                            "kaa_closure__trampolines\n");

/* Whether an argument cannot be pointed at where it stands: its halves are in
 * registers of two sorts, or its type wants more alignment than one has. */
int
kaa_closure__is_split(const kaa_call_plan *plan, uint32_t i)
{
    const kaa_call__place *place = &plan->places[i];
    const kaa_ctype *type = kaa_ctype_parameters(plan->signature)[i].type;

    if (place->size[0] == 0 || place->offset[0] >= sizeof(kaa_call__frame))
        return 0;
    return (place->size[1] > 0 && place->offset[1] != place->offset[0] + 8) ||
           (kaa_ctype_align(type) > 8 && kaa_ctype_size(type) > 8);
}

/* Gives arguments that came in registers the form that their type has in
 * memory: halves together, and aligned. */
__attribute__((noinline)) static void
answer_split(kaa_closure *closure, void *result, kaa_closure__frame *frame)
{
    const kaa_call_plan *plan = closure->plan;
    unsigned char *base = (unsigned char *)frame;
    void *arguments[KAA_CLOSURE__DIRECT_MAX];
    /* Each takes a register at least. */
    _Alignas(16) uint64_t joined[KAA_CALL__INTEGERS + KAA_CALL__VECTORS][2];
    uint32_t count = 0;

    for (uint32_t i = 0; i < plan->argument_count; i++) {
        const kaa_call__place *place = &plan->places[i];

        if (!kaa_closure__is_split(plan, i)) {
            arguments[i] = base + closure->offsets[i];
            continue;
        }
        KAA_ASSERT(count < KAA_CALL__INTEGERS + KAA_CALL__VECTORS);
        memcpy(&joined[count][0], base + place->offset[0], 8);
        joined[count][1] = 0;
        if (place->size[1] > 0)
            memcpy(&joined[count][1], base + place->offset[1], 8);
        arguments[i] = joined[count++];
    }
    kaa_closure__answer(closure, result, arguments);
}

/* Spreads a result of up to 16 bytes over the registers that it comes in. */
static void
leave(const kaa_call_plan *plan, const uint64_t words[2],
      kaa_closure__frame *frame)
{
    uint32_t integers = 0, vectors = 0;
    uint8_t how = plan->result_how;

    if (KAA_LIKELY(how == KAA_CALL__RESULT_I)) {
        frame->out.in.integers[0] = kaa_call__widen(plan, words[0]);
        return;
    }
    if (how == KAA_CALL__RESULT_D || how == KAA_CALL__RESULT_DD ||
        how == KAA_CALL__RESULT_DI)
        frame->out.in.vectors[vectors++] = words[0];
    else
        frame->out.in.integers[integers++] = words[0];
    if (how == KAA_CALL__RESULT_DD || how == KAA_CALL__RESULT_ID)
        frame->out.in.vectors[vectors] = words[1];
    else if (how == KAA_CALL__RESULT_II || how == KAA_CALL__RESULT_DI)
        frame->out.in.integers[integers] = words[1];
}

/* Any closure but a plain one. */
__attribute__((noinline)) uint32_t
kaa_closure__answer_any(kaa_closure *closure, kaa_closure__frame *frame)
{
    void *arguments[KAA_CLOSURE__DIRECT_MAX];
    _Alignas(16) uint64_t words[2] = {0, 0};
    void *result = words;
    uint8_t how = closure->plan->result_how;

    if (how == KAA_CALL__RESULT_MEMORY) {
        frame->out.in.integers[0] = frame->integers[0];
        memcpy(&result, &frame->integers[0], sizeof(result));
        memset(result, 0, closure->result_size);
    } else if (how == KAA_CALL__RESULT_X87 || how == KAA_CALL__RESULT_X87_2) {
        result = frame->out.x87;
    }
    if (KAA_UNLIKELY(closure->has_split)) {
        answer_split(closure, result, frame);
    } else {
        for (uint32_t i = 0; i < closure->argument_count; i++)
            arguments[i] = (unsigned char *)frame + closure->offsets[i];
        kaa_closure__answer(closure, result, arguments);
    }
    if (how == KAA_CALL__RESULT_X87)
        return 1;
    if (how == KAA_CALL__RESULT_X87_2)
        return 2;
    if (how != KAA_CALL__RESULT_MEMORY)
        leave(closure->plan, words, frame);
    return 0;
}

#endif
