/* kaa_test.c - runs the tests that registered themselves.
 *
 *     test_x [--fault | --collect] [--list] [NAME...]
 */
#include "kaa_test.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

enum outcome { PASSED = 1, FAILED, SKIPPED, NO_MEMORY };

/* More allocations than any test makes: a run that gets here never ends. */
#define FAULT_MAX 2000000u

static kaa_test *tests;
static int fault_run;
static int collect_run;
static kaa_test *running;
static _Thread_local int is_own_thread; /* of the tests */

void
kaa_test__register(kaa_test *entry)
{
    kaa_test **end = &tests;

    while (*end != NULL)
        end = &(*end)->next;
    *end = entry;
}

int
kaa_test_is_fault_run(void)
{
    return fault_run;
}

int
kaa_test_is_collect_run(void)
{
    return collect_run;
}

kaa_test *
kaa_test_current(void)
{
    return running;
}

/* Ends the test; on a thread that the test made, which cannot go back to where
 * the test began, a failure ends the process at once, so that nobody waits for
 * what the thread will not do. */
static _Noreturn void
end_test(kaa_test *t, enum outcome outcome)
{
    if (is_own_thread)
        longjmp(t->end, (int)outcome);
    if (outcome == NO_MEMORY)
        pthread_exit(NULL);
    fprintf(stderr, "%s: %s on a thread\n", t->name,
            outcome == SKIPPED ? "skipped" : "failed");
    fflush(NULL);
    _exit(1);
}

void
kaa_test__defer(kaa_test *t, void (*undo)(void *), void *subject)
{
    if (t->deferred_count == KAA_TEST_DEFERRED_MAX)
        kaa_test__fail(t, __FILE__, __LINE__, "too many DEFERs");
    t->deferred[t->deferred_count].undo = undo;
    t->deferred[t->deferred_count].subject = subject;
    t->deferred_count++;
}

_Noreturn void
kaa_test__fail(kaa_test *t, const char *file, int line, const char *format, ...)
{
    va_list values;

    fprintf(stderr, "%s:%d: %s: ", file, line, t->name);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    end_test(t, FAILED);
}

void
kaa_test__fail_late(kaa_test *t, const char *format, ...)
{
    va_list values;

    fprintf(stderr, "%s: ", t->name);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    t->failed_late = 1;
}

_Noreturn void
kaa_test__no_memory(kaa_test *t)
{
    end_test(t, NO_MEMORY);
}

_Noreturn void
kaa_test__skip(kaa_test *t, const char *format, ...)
{
    va_list values;

    printf("%s: skipped: ", t->name);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
    end_test(t, SKIPPED);
}

void
kaa_test__equal(kaa_test *t, const char *file, int line, const char *what,
                int64_t actual, int64_t expected)
{
    if (actual != expected)
        kaa_test__fail(t, file, line, "%s is %lld (0x%llx), expected %lld",
                       what, (long long)actual, (unsigned long long)actual,
                       (long long)expected);
}

void
kaa_test__equal_text(kaa_test *t, const char *file, int line, const char *what,
                     const char *actual, const char *expected)
{
    if (actual == expected)
        return;
    if (actual == NULL || expected == NULL || strcmp(actual, expected) != 0)
        kaa_test__fail(t, file, line, "%s is\n  \"%s\", expected\n  \"%s\"",
                       what, actual != NULL ? actual : "(null)",
                       expected != NULL ? expected : "(null)");
}

void
kaa_test__has(kaa_test *t, const char *file, int line, const char *what,
              const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL)
        kaa_test__fail(t, file, line, "%s is\n  \"%s\", which lacks\n  \"%s\"",
                       what, text != NULL ? text : "(null)", part);
}

void
kaa_test__status(kaa_test *t, const char *file, int line, const char *what,
                 kaa_status actual, kaa_status expected)
{
    if (actual == expected)
        return;
    if (actual == KAA_NO_MEMORY && kaa_base__fault_happened())
        end_test(t, NO_MEMORY);
    kaa_test__fail(t, file, line, "%s is %s (%s), expected %s", what,
                   kaa_status_name((int32_t)actual),
                   actual != KAA_OK ? t->err.message : "",
                   kaa_status_name((int32_t)expected));
}

void
kaa_test__memory(kaa_test *t, const char *file, int line, const char *what,
                 const void *pointer)
{
    if (pointer != NULL)
        return;
    if (kaa_base__fault_happened())
        end_test(t, NO_MEMORY);
    kaa_test__fail(t, file, line, "%s is NULL", what);
}

unsigned char *
kaa_test_memory_end(kaa_test *t, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    unsigned char *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(start != MAP_FAILED);
    CHECK_EQ(mprotect(start + room, page, PROT_NONE), 0);
    return start + room;
}

uint64_t
kaa_test_next(kaa_test_random *random)
{
    uint64_t x = random->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * 2685821657736338717u;
}

uint64_t
kaa_test_below(kaa_test_random *random, uint64_t limit)
{
    return (kaa_test_next(random) >> 11) % limit;
}

static enum outcome
run_once(kaa_test *t)
{
    uint64_t live = kaa_base__blocks_live();
    int outcome;

    t->deferred_count = 0;
    t->failed_late = 0;
    memset(&t->err, 0, sizeof(t->err));
    is_own_thread = 1;
    running = t;
    outcome = setjmp(t->end);
    if (outcome == 0) {
        t->run(t);
        /* NO_MEMORY: it survived the fault; fine, on to the next. */
        outcome = kaa_base__fault_happened() ? NO_MEMORY : PASSED;
    }
    kaa_base__fault_set(0); /* what frees must not fail in its turn */
    while (t->deferred_count > 0) {
        t->deferred_count--;
        t->deferred[t->deferred_count].undo(
            t->deferred[t->deferred_count].subject);
    }
    if (t->failed_late)
        outcome = FAILED;
    if (outcome != FAILED && kaa_base__blocks_live() != live) {
        fprintf(stderr, "%s: %lld blocks leaked\n", t->name,
                (long long)(kaa_base__blocks_live() - live));
        outcome = FAILED;
    }
    return (enum outcome)outcome;
}

static enum outcome
run_with_faults(kaa_test *t)
{
    for (uint64_t nth = 1; nth < FAULT_MAX; nth++) {
        enum outcome outcome;

        kaa_base__fault_set(nth);
        outcome = run_once(t);
        if (outcome == FAILED)
            fprintf(stderr, "%s: with allocation %llu failing\n", t->name,
                    (unsigned long long)nth);
        if (outcome != NO_MEMORY)
            return outcome;
    }
    fprintf(stderr, "%s: allocations without end\n", t->name);
    return FAILED;
}

static int
is_wanted(const kaa_test *t, char **names, int count)
{
    int any = 0;

    for (int i = 0; i < count; i++) {
        if (names[i][0] == '-')
            continue;
        any = 1;
        if (strcmp(names[i], t->name) == 0)
            return 1;
    }
    return !any;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)
/* Stands in front of the C library's, for all in the process. */
int
pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    static _Atomic(void *) found;
    static const char fault[] = "a mutex is unlocked that is not locked\n";
    int (*unlock)(pthread_mutex_t *);

    if (mutex->__data.__lock == 0) {
        (void)!write(STDERR_FILENO, fault, sizeof(fault) - 1);
        abort();
    }
    if (atomic_load(&found) == NULL)
        atomic_store(&found, dlsym(RTLD_NEXT, "pthread_mutex_unlock"));
    *(void **)&unlock = atomic_load(&found);
    return unlock(mutex);
}
#endif

int
main(int argc, char **argv)
{
    int counts[NO_MEMORY + 1] = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fault") == 0) {
            fault_run = 1;
        } else if (strcmp(argv[i], "--collect") == 0) {
            collect_run = 1;
        } else if (strcmp(argv[i], "--list") == 0) {
            for (kaa_test *t = tests; t != NULL; t = t->next)
                puts(t->name);
            return 0;
        }
    }
    for (kaa_test *t = tests; t != NULL; t = t->next) {
        if (!is_wanted(t, argv + 1, argc - 1))
            continue;
        enum outcome outcome = fault_run ? run_with_faults(t) : run_once(t);
        counts[outcome]++;
        if (outcome == FAILED)
            fprintf(stderr, "FAILED %s\n", t->name);
    }
    printf("%d passed, %d failed, %d skipped\n", counts[PASSED], counts[FAILED],
           counts[SKIPPED]);
    if (counts[PASSED] + counts[FAILED] + counts[SKIPPED] == 0) {
        fputs("no test of that name\n", stderr);
        return 1;
    }
    return counts[FAILED] != 0;
}
