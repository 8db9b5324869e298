/* heap/tools.h - telling AddressSanitizer and Valgrind what is a block.
 *
 * Both see only that an arena is mapped. AddressSanitizer is told in builds
 * that have it; Valgrind at run time, by the instruction sequences that its
 * manual defines for the purpose and that do nothing elsewhere.
 */
#ifndef KAA_HEAP_TOOLS_H
#define KAA_HEAP_TOOLS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define KAA_HEAP__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KAA_HEAP__ASAN 1
#endif
#endif
#ifndef KAA_HEAP__ASAN
#define KAA_HEAP__ASAN 0
#endif

#if KAA_HEAP__ASAN
void __asan_poison_memory_region(void const volatile *start, size_t bytes);
void __asan_unpoison_memory_region(void const volatile *start, size_t bytes);
#define KAA_HEAP__POISON(start, bytes)                                         \
    __asan_poison_memory_region((start), (bytes))
#define KAA_HEAP__UNPOISON(start, bytes)                                       \
    __asan_unpoison_memory_region((start), (bytes))
#else
#define KAA_HEAP__POISON(start, bytes) ((void)(start), (void)(bytes))
#define KAA_HEAP__UNPOISON(start, bytes) ((void)(start), (void)(bytes))
#endif

enum kaa_heap__valgrind_request {
    KAA_HEAP__VG_RUNNING = 0x1001,
    KAA_HEAP__VG_POOL_CREATE = 0x1303,  /* pool, red zone, zeroed */
    KAA_HEAP__VG_POOL_DESTROY = 0x1304, /* pool */
    KAA_HEAP__VG_POOL_ALLOC = 0x1305,   /* pool, block, bytes */
    KAA_HEAP__VG_POOL_FREE = 0x1306,    /* pool, block */
    KAA_HEAP__VG_POOL_CHANGE = 0x1309,  /* pool, old, new, bytes */
    KAA_HEAP__VG_NOACCESS = 0x4d430000, /* start, bytes ('M' 'C' 0 0) */
    KAA_HEAP__VG_UNDEFINED = 0x4d430001,
    KAA_HEAP__VG_DEFINED = 0x4d430002
};

/* 0 when not under Valgrind. */
static inline uintptr_t
kaa_heap__valgrind(enum kaa_heap__valgrind_request request, uintptr_t first,
                   uintptr_t second, uintptr_t third, uintptr_t fourth)
{
    uintptr_t answer = 0;
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__ILP32__)
    volatile uintptr_t words[6] = {
        (uintptr_t)request, first, second, third, fourth, 0};

    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "=d"(answer)
                     : "a"(words), "0"((uintptr_t)0)
                     : "cc", "memory");
#elif defined(__aarch64__) && defined(__GNUC__)
    volatile uintptr_t words[6] = {
        (uintptr_t)request, first, second, third, fourth, 0};

    __asm__ volatile("mov x3, #0\n\tmov x4, %1\n\t"
                     "ror x12, x12, #3\n\tror x12, x12, #13\n\t"
                     "ror x12, x12, #51\n\tror x12, x12, #61\n\t"
                     "orr x10, x10, x10\n\t"
                     "mov %0, x3"
                     : "=r"(answer)
                     : "r"(words)
                     : "cc", "memory", "x3", "x4");
#else
    (void)request, (void)first, (void)second, (void)third, (void)fourth;
#endif
    return answer;
}

#endif /* KAA_HEAP_TOOLS_H */
