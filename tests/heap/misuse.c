/* heap/misuse.c - debug heaps name every misuse, in a child that dies of it.
 *
 * Each misuse is tried twice: with the default handler, which prints a line and
 * aborts, in a child; and with a handler that takes the report, after which the
 * heap must still be sound. Under AddressSanitizer a wrong write is the tool's
 * to report: there the child must die too, with the tool's message.
 */
#include "kaa_test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kaa/heap.h>

#include "base/memory.h"
#include "heap/tools.h"

typedef void (*misuse)(kaa_heap *heap);

static int
is_under_valgrind(void)
{
    return kaa_heap__valgrind(KAA_HEAP__VG_RUNNING, 0, 0, 0, 0) != 0;
}

static char *volatile stale; /* keeps the compiler from knowing */

static void
double_free(kaa_heap *heap)
{
    void *block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");

    kaa_heap_free_at(heap, block, "freed.c:2");
    kaa_heap_free_at(heap, block, "freed.c:3");
}

/* So late that the quarantine has let it go. */
static void
late_double_free(kaa_heap *heap)
{
    void *keep = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "kept.c:1");
    void *block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");
    void *large;

    kaa_heap_free_at(heap, block, "freed.c:2");
    for (int i = 0; i < 20; i++) {
        large = kaa_heap_alloc(heap, 100000, KAA_HEAP_RAW);
        kaa_heap_free(heap, large);
    }
    kaa_heap_free(heap, block);
    kaa_heap_free(heap, keep);
}

static void
large_double_free(kaa_heap *heap)
{
    void *block = kaa_heap_alloc_at(heap, 400000, KAA_HEAP_RAW, "made.c:1");

    kaa_heap_free_at(heap, block, "freed.c:2");
    kaa_heap_free(heap, block);
}

static void
remote_double_free(kaa_heap *heap)
{
    void *block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");

    kaa_heap_free_remote(heap, block);
    kaa_heap_free_remote(heap, block);
}

static void
remote_then_own_free(kaa_heap *heap)
{
    void *block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");

    kaa_heap_free_remote(heap, block);
    kaa_heap_free(heap, block);
}

static void
overrun(kaa_heap *heap)
{
    stale = kaa_heap_alloc_at(heap, 41, KAA_HEAP_RAW, "made.c:1");
    stale[41] = 0;
    kaa_heap_free_at(heap, stale, "freed.c:2");
}

/* Beyond the 16 bytes of the guard, in the slack of the class. */
static void
far_overrun(kaa_heap *heap)
{
    stale = kaa_heap_alloc_at(heap, 1025, KAA_HEAP_RAW, "made.c:1");
    stale[1025 + 150] = 0;
    kaa_heap_free(heap, stale);
}

static void
overrun_seen_by_realloc(kaa_heap *heap)
{
    stale = kaa_heap_alloc_at(heap, 10, KAA_HEAP_RAW, "made.c:1");
    stale[10] = 0;
    stale = kaa_heap_realloc(heap, stale, 500, KAA_HEAP_RAW, NULL);
}

static void
underrun(kaa_heap *heap)
{
    stale = kaa_heap_alloc_at(heap, 40, KAA_HEAP_OBJECT_TRACKED, "made.c:1");
    stale[-1] = 0;
    kaa_heap_free(heap, stale);
}

static void
aligned_underrun(kaa_heap *heap)
{
    stale = kaa_heap_alloc_aligned(heap, 40, 4096, KAA_HEAP_RAW, "made.c:1");
    stale[-4096] = 0;
    kaa_heap_free(heap, stale);
}

static void
use_after_free(kaa_heap *heap)
{
    stale = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");
    kaa_heap_free_at(heap, stale, "freed.c:2");
    stale[39] = 0;
    kaa_heap_destroy(heap);
}

static void
foreign_pointer(kaa_heap *heap)
{
    static char mine[64];

    kaa_heap_free(heap, mine);
}

static void
inner_pointer(kaa_heap *heap)
{
    char *block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");

    kaa_heap_free(heap, block + 8);
}

static void
other_heaps_pointer(kaa_heap *heap)
{
    kaa_heap *other = NULL;
    kaa_error err;

    if (kaa_heap_create(NULL, &other, &err) != KAA_OK)
        abort();
    kaa_heap_free(heap, kaa_heap_alloc(other, 40, KAA_HEAP_RAW));
}

static void
wild_pointer(kaa_heap *heap)
{
    kaa_heap_free(heap, (void *)(uintptr_t)0x123456789abc);
}

static void
realloc_of_freed(kaa_heap *heap)
{
    void *block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");

    kaa_heap_free_at(heap, block, "freed.c:2");
    if (kaa_heap_realloc(heap, block, 80, KAA_HEAP_RAW, NULL) != NULL)
        abort();
}

static void
leak(kaa_heap *heap)
{
    if (kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1") == NULL)
        return;
    kaa_heap_destroy(heap);
    abort(); /* a leak does not: this is to end as the others do */
}

typedef struct trial {
    const char *name;
    misuse run;
    int what;
    int is_write; /* AddressSanitizer sees it first */
    int destroys;
    const char *parts[4]; /* of the line */
} trial;

#define MADE "40 bytes, serial 1, allocated at made.c:1"
static const trial trials[] = {
    {"double_free",
     double_free,
     KAA_HEAP_DOUBLE_FREE,
     0,
     0,
     {"kaa heap: double free, 0x", MADE ", freed at freed.c:2)"}},
    {"late_double_free",
     late_double_free,
     KAA_HEAP_DOUBLE_FREE,
     0,
     0,
     {"double free", "40 bytes, serial 2, allocated at made.c:1",
      "freed at freed.c:2)"}},
    {"large_double_free",
     large_double_free,
     KAA_HEAP_DOUBLE_FREE,
     0,
     0,
     {"double free", "400000 bytes, serial 1, allocated at made.c:1",
      "freed at freed.c:2)"}},
    {"remote_double_free",
     remote_double_free,
     KAA_HEAP_DOUBLE_FREE,
     0,
     0,
     {"double free", MADE}},
    {"remote_then_own_free",
     remote_then_own_free,
     KAA_HEAP_DOUBLE_FREE,
     0,
     0,
     {"double free", MADE}},
    {"overrun",
     overrun,
     KAA_HEAP_OVERRUN,
     1,
     0,
     {"kaa heap: overrun: written behind the block, 0x",
      "41 bytes, serial 1, allocated at made.c:1, freed at freed.c:2)"}},
    {"far_overrun",
     far_overrun,
     KAA_HEAP_OVERRUN,
     1,
     0,
     {"overrun", "1025 bytes, serial 1, allocated at made.c:1"}},
    {"overrun_seen_by_realloc",
     overrun_seen_by_realloc,
     KAA_HEAP_OVERRUN,
     1,
     0,
     {"overrun", "10 bytes, serial 1, allocated at made.c:1"}},
    {"underrun",
     underrun,
     KAA_HEAP_UNDERRUN,
     1,
     0,
     {"kaa heap: underrun: written before the block, 0x", MADE}},
    {"aligned_underrun",
     aligned_underrun,
     KAA_HEAP_UNDERRUN,
     1,
     0,
     {"underrun", MADE}},
    {"use_after_free",
     use_after_free,
     KAA_HEAP_USE_AFTER_FREE,
     1,
     1,
     {"kaa heap: use after free: written to after it was freed, 0x",
      MADE ", freed at freed.c:2)"}},
    {"foreign_pointer",
     foreign_pointer,
     KAA_HEAP_FOREIGN_POINTER,
     0,
     0,
     {"kaa heap: foreign pointer: not the start of a block of this heap, 0x"}},
    {"inner_pointer",
     inner_pointer,
     KAA_HEAP_FOREIGN_POINTER,
     0,
     0,
     {"foreign pointer", "(8 bytes from 0x", MADE}},
    {"other_heaps_pointer",
     other_heaps_pointer,
     KAA_HEAP_FOREIGN_POINTER,
     0,
     0,
     {"foreign pointer"}},
    {"wild_pointer",
     wild_pointer,
     KAA_HEAP_FOREIGN_POINTER,
     0,
     0,
     {"foreign pointer", "0x123456789abc"}},
    {"realloc_of_freed",
     realloc_of_freed,
     KAA_HEAP_USE_AFTER_FREE,
     0,
     0,
     {"use after free", MADE ", freed at freed.c:2)"}},
    {"leak",
     leak,
     KAA_HEAP_LEAK,
     0,
     1,
     {"kaa heap: leak: live when its heap was destroyed, 0x", MADE}},
};
#define TRIALS ((int)(sizeof(trials) / sizeof(trials[0])))

static void
run_child(const trial *trying, int output)
{
    kaa_heap_options options = {.size = sizeof(options),
                                .flags =
                                    KAA_HEAP_DEBUG | KAA_HEAP_REPORT_LEAKS};
    kaa_heap *heap = NULL;
    kaa_error err;

    dup2(output, STDERR_FILENO);
    kaa_base__fault_set(0); /* the faults are the parent's to meet */
    if (kaa_heap_create(&options, &heap, &err) == KAA_OK)
        trying->run(heap);
    _exit(0); /* unnoticed */
}

static void
try_in_child(kaa_test *t, const trial *trying)
{
    static char output[1 << 16];
    size_t length = 0;
    ssize_t got;
    int ends[2], how = 0;
    pid_t child;

    fflush(NULL);
    if (pipe(ends) != 0)
        FAIL("pipe: %d", errno);
    child = fork();
    if (child < 0)
        FAIL("fork: %d", errno);
    if (child == 0) {
        close(ends[0]);
        run_child(trying, ends[1]);
    }
    close(ends[1]);
    do {
        got = read(ends[0], output + length, sizeof(output) - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    close(ends[0]);
    output[length] = '\0';
    if (waitpid(child, &how, 0) != child)
        FAIL("waitpid: %d", errno);
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0)
        FAIL("%s went unnoticed: %s", trying->name, output);
    if (KAA_HEAP__ASAN && trying->is_write) {
        CHECK_HAS(output, "use-after-poison");
        return;
    }
    CHECK(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
    for (int i = 0; i < 4 && trying->parts[i] != NULL; i++)
        CHECK_HAS(output, trying->parts[i]);
}

KAA_TEST(every_misuse_kills_with_its_name)
{
    if (kaa_test_is_fault_run())
        SKIP("children meet no faults");
    for (int i = 0; i < TRIALS; i++)
        try_in_child(t, &trials[i]);
}

typedef struct heard {
    int what;
    int count;
    uint64_t size;
    uint64_t serial;
    char site[256];
} heard;

static void
listen(const kaa_heap_misuse *told, void *user)
{
    heard *ears = user;

    ears->count++;
    ears->what = told->what;
    ears->size = told->block_size;
    ears->serial = told->serial;
    snprintf(ears->site, sizeof(ears->site), "%s",
             told->site != NULL ? told->site : "");
}

KAA_TEST(a_handler_is_told_and_the_heap_goes_on)
{
    if (kaa_test_is_fault_run())
        SKIP("the trials have no way to end early");
    if (is_under_valgrind())
        SKIP("Valgrind reports the misuse itself");
    for (int i = 0; i < TRIALS; i++) {
        heard ears = {0, 0, 0, 0, ""};
        kaa_heap_options options = {.size = sizeof(options),
                                    .flags = KAA_HEAP_DEBUG,
                                    .misuse = listen,
                                    .user = &ears};
        kaa_heap *heap = NULL;

        if (trials[i].destroys || (KAA_HEAP__ASAN && trials[i].is_write) ||
            trials[i].run == other_heaps_pointer)
            continue;
        CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
        trials[i].run(heap);
        if (ears.count != 1 || ears.what != trials[i].what)
            FAIL("%s: told %d times of %d", trials[i].name, ears.count,
                 ears.what);
        CHECK_OK(kaa_heap_verify(heap, &t->err));
        kaa_heap_destroy(heap);
        CHECK_EQ(ears.count, 1);
    }
}

KAA_TEST(a_report_has_size_serial_and_site)
{
    static heard ears;
    kaa_heap_options options = {.size = sizeof(options),
                                .flags = KAA_HEAP_DEBUG | KAA_HEAP_REPORT_LEAKS,
                                .misuse = listen,
                                .user = &ears};
    kaa_heap *heap = NULL;
    void *block;

    memset(&ears, 0, sizeof(ears));
    CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
    kaa_heap_free(heap, kaa_heap_alloc(heap, 7, KAA_HEAP_RAW));
    block = kaa_heap_alloc_at(heap, 77, KAA_HEAP_RAW, KAA_HEAP_SITE);
    kaa_heap_destroy(heap);
    if (block == NULL)
        CHECK_MEMORY(NULL);
    CHECK_EQ(ears.count, 1);
    CHECK_EQ(ears.what, KAA_HEAP_LEAK);
    CHECK_EQ(ears.size, 77);
    CHECK_HAS(ears.site, "misuse.c:");
}

/* What verify says of damage that no free has met yet. */
KAA_TEST(verify_finds_damage_before_the_free)
{
    static heard ears;
    kaa_heap_options options = {.size = sizeof(options),
                                .flags = KAA_HEAP_DEBUG,
                                .misuse = listen,
                                .user = &ears};
    kaa_heap *heap = NULL;
    char *block, *gone;
    char was;

    if (KAA_HEAP__ASAN || is_under_valgrind())
        SKIP("the tool forbids the damage");
    CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
    block = kaa_heap_alloc_at(heap, 40, KAA_HEAP_RAW, "made.c:1");
    gone = kaa_heap_alloc_at(heap, 30, KAA_HEAP_RAW, "gone.c:1");
    if (block != NULL && gone != NULL) {
        CHECK_EQ((unsigned char)block[39], 0xCD);
        was = block[40];
        block[40] = 1;
        CHECK_EQ(kaa_heap_verify(heap, &t->err), KAA_CORRUPT);
        CHECK_HAS(t->err.message, "overrun");
        CHECK_HAS(t->err.message, "made.c:1");
        block[40] = was;
        kaa_heap_free_at(heap, gone, "bye.c:1");
        gone[29] = 1;
        CHECK_EQ(kaa_heap_verify(heap, &t->err), KAA_CORRUPT);
        CHECK_HAS(t->err.message, "use after free");
        CHECK_HAS(t->err.message, "gone.c:1");
        gone[29] = (char)0xDD;
        CHECK_OK(kaa_heap_verify(heap, &t->err));
    }
    kaa_heap_destroy(heap);
    CHECK_MEMORY(block);
    CHECK_MEMORY(gone);
}

KAA_TEST(heaps_without_debug_notice_some_double_frees)
{
    static heard ears;
    kaa_heap_options options = {
        .size = sizeof(options), .misuse = listen, .user = &ears};
    kaa_heap *heap = NULL;
    void *blocks[2];

    memset(&ears, 0, sizeof(ears));
    CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
    blocks[0] = kaa_heap_alloc(heap, 40000, KAA_HEAP_RAW);
    blocks[1] = kaa_heap_alloc(heap, 100, KAA_HEAP_RAW);
    if (blocks[0] != NULL && blocks[1] != NULL) {
        kaa_heap_free(heap, blocks[0]);
        kaa_heap_free(heap, blocks[0]);
        CHECK_EQ(ears.count, 1);
        CHECK_EQ(ears.what, KAA_HEAP_DOUBLE_FREE);
        CHECK_OK(kaa_heap_verify(heap, &t->err));
    }
    kaa_heap_destroy(heap);
    CHECK_MEMORY(blocks[0]);
    CHECK_MEMORY(blocks[1]);
}

DEFERRABLE(kaa_heap_destroy, kaa_heap)

KAA_TEST(the_nth_allocation_of_a_debug_heap_fails)
{
    kaa_heap_options options = {
        .size = sizeof(options), .flags = KAA_HEAP_DEBUG, .fail_nth = 3};
    kaa_heap *heap = NULL;
    void *block;

    CHECK_OK(kaa_heap_create(&options, &heap, &t->err));
    DEFER(t, kaa_heap_destroy, heap);
    for (int i = 1; i <= 2; i++)
        CHECK_MEMORY(kaa_heap_alloc(heap, 10, KAA_HEAP_RAW));
    CHECK_EQ((uintptr_t)kaa_heap_alloc(heap, 10, KAA_HEAP_RAW), 0);
    block = kaa_heap_alloc(heap, 10, KAA_HEAP_RAW);
    CHECK_MEMORY(block);
    kaa_heap_fail_nth(heap, 1);
    CHECK_EQ((uintptr_t)kaa_heap_realloc(heap, block, 20, KAA_HEAP_RAW, NULL),
             0);
    if (!is_under_valgrind()) /* which takes it for undefined */
        CHECK_EQ(*(unsigned char *)block, 0xCD);
    CHECK_OK(kaa_heap_verify(heap, &t->err));
}
