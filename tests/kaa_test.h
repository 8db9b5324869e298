/* kaa_test.h - the whole test framework.
 *
 *     KAA_TEST(table_grows)
 *     {
 *         kaa_ctype_table *table = NULL;
 *
 *         CHECK_OK(kaa_ctype_table_create(&table, &t->err));
 *         DEFER(t, kaa_ctype_table_destroy, table);
 *         CHECK_EQ(1 + 1, 2);
 *     }
 *
 * A test registers itself and gets `t`. What it makes it hands to DEFER, which
 * undoes it (last first) when the test ends, however it ends; a block of kaa's
 * bookkeeping that is live after that fails the test. The test function has
 * returned by then: what is deferred is heap memory or static, never a local.
 *
 * With --fault each test runs again and again, its n-th allocation failing for
 * n = 1, 2, ... until none fails. There CHECK_STATUS and CHECK_OK take
 * KAA_NO_MEMORY for an answer (as does CHECK_MEMORY for what returns NULL), end
 * the test, and the leak check decides. No test is written twice.
 *
 * A thread that a test makes checks as the test does, with KAA_TEST_HERE(t) at
 * its beginning. A failure there ends the process, after its message.
 *
 * A mutex that is unlocked must be locked: else the process ends (glibc,
 * without sanitizers).
 *
 * With --collect each runtime that object/help.h makes collects garbage at
 * every allocation.
 */
#ifndef KAA_TEST_H
#define KAA_TEST_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <kaa/base.h>

#define KAA_TEST_DEFERRED_MAX 512

typedef struct kaa_test kaa_test;
struct kaa_test {
    const char *name;
    void (*run)(kaa_test *t);
    kaa_test *next;
    kaa_error err; /* for the calls of the test */
    jmp_buf end;
    uint32_t deferred_count;
    uint32_t failed_late; /* something deferred was not content */
    void *runtime;        /* object/help.h */
    void *held;           /* object/help.h */
    struct {
        void (*undo)(void *);
        void *subject;
    } deferred[KAA_TEST_DEFERRED_MAX];
};

#define KAA_TEST(test_name)                                                    \
    static void test_##test_name(kaa_test *t);                                 \
    static kaa_test entry_##test_name = {.name = #test_name,                   \
                                         .run = test_##test_name};             \
    __attribute__((constructor)) static void register_##test_name(void)        \
    {                                                                          \
        kaa_test__register(&entry_##test_name);                                \
    }                                                                          \
    static void test_##test_name(kaa_test *t)

/* The test that runs, for the checks of a thread that it made. */
#define KAA_TEST_HERE(t) kaa_test *const t = kaa_test_current()
kaa_test *kaa_test_current(void);

/* Calls undo(subject) when the test ends. */
#define DEFER(t, undo, subject)                                                \
    do {                                                                       \
        static void (*const kaa_undo)(void *) = kaa_test__undo_##undo;         \
        kaa_test__defer((t), kaa_undo, (subject));                             \
    } while (0)

/* Makes `undo`, a function of one pointer, usable with DEFER in this file. */
#define DEFERRABLE(undo, type)                                                 \
    static void kaa_test__undo_##undo(void *subject)                           \
    {                                                                          \
        undo((type *)subject);                                                 \
    }

#define CHECK(condition)                                                       \
    ((condition) ? (void)0                                                     \
                 : kaa_test__fail(t, __FILE__, __LINE__, "%s", #condition))

/* Integers and pointers; both values are printed. */
#define CHECK_EQ(actual, expected)                                             \
    kaa_test__equal(t, __FILE__, __LINE__, #actual, (int64_t)(actual),         \
                    (int64_t)(expected))

#define CHECK_STR(actual, expected)                                            \
    kaa_test__equal_text(t, __FILE__, __LINE__, #actual, (actual), (expected))

/* That `text` holds `part`. */
#define CHECK_HAS(text, part)                                                  \
    kaa_test__has(t, __FILE__, __LINE__, #text, (text), (part))

#define CHECK_STATUS(call, expected)                                           \
    kaa_test__status(t, __FILE__, __LINE__, #call, (call), (expected))
#define CHECK_OK(call) CHECK_STATUS(call, KAA_OK)

/* A pointer that is NULL only for want of memory. */
#define CHECK_MEMORY(pointer)                                                  \
    kaa_test__memory(t, __FILE__, __LINE__, #pointer, (pointer))

#define FAIL(...) kaa_test__fail(t, __FILE__, __LINE__, __VA_ARGS__)
/* Ends the test as skipped, with a reason that is printed. */
#define SKIP(...) kaa_test__skip(t, __VA_ARGS__)

void kaa_test__register(kaa_test *entry);
void kaa_test__defer(kaa_test *t, void (*undo)(void *), void *subject);
_Noreturn void kaa_test__fail(kaa_test *t, const char *file, int line,
                              const char *format, ...) KAA_PRINTF(4, 5);
_Noreturn void kaa_test__skip(kaa_test *t, const char *format, ...)
    KAA_PRINTF(2, 3);
void kaa_test__equal(kaa_test *t, const char *file, int line, const char *what,
                     int64_t actual, int64_t expected);
void kaa_test__equal_text(kaa_test *t, const char *file, int line,
                          const char *what, const char *actual,
                          const char *expected);
void kaa_test__has(kaa_test *t, const char *file, int line, const char *what,
                   const char *text, const char *part);
void kaa_test__status(kaa_test *t, const char *file, int line, const char *what,
                      kaa_status actual, kaa_status expected);
void kaa_test__memory(kaa_test *t, const char *file, int line, const char *what,
                      const void *pointer);
/* Whether tests run with failing allocations. */
int kaa_test_is_fault_run(void);

/* Whether tests run with a collection at every allocation: --collect. */
int kaa_test_is_collect_run(void);
/* Ends the test as one whose failing allocation was met. */
_Noreturn void kaa_test__no_memory(kaa_test *t);
/* Fails the test from what is deferred, which goes on. */
void kaa_test__fail_late(kaa_test *t, const char *format, ...) KAA_PRINTF(2, 3);

/* The end of `size` bytes of memory that a page follows which nobody may read
 * or write; the process keeps them. */
unsigned char *kaa_test_memory_end(kaa_test *t, size_t size);

/* A small generator with a fixed seed (xorshift64*, Vigna 2016), so that every
 * run and every machine tests the same. */
typedef struct kaa_test_random {
    uint64_t state; /* not 0 */
} kaa_test_random;
uint64_t kaa_test_next(kaa_test_random *random);
/* 0 to limit - 1; limit is above 0. */
uint64_t kaa_test_below(kaa_test_random *random, uint64_t limit);

#endif /* KAA_TEST_H */
