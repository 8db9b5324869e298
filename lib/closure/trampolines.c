/* closure/trampolines.c - compiled function pointers, System V x86-64.
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
 * The offsets are those of kaa_closure__frame; direct.c asserts it. endbr64 is
 * what indirect-branch tracking wants at the target of a pointer; elsewhere it
 * does nothing. The .cfi lines let debuggers, profilers and C++ exceptions pass
 * through.
 */
#include "closure/internal.h"

#if KAA_CALL__SYSV

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

#else

/* An empty translation unit is no C. */
typedef int kaa_closure__no_trampolines;

#endif
