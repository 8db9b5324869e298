/* base/base.c - the tests of lib/base. */
#include "kaa_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/os/os.h"
#include "base/table.h"
#include "base/text.h"

DEFERRABLE(kaa_base__arena_fini, kaa_base__arena)
DEFERRABLE(kaa_base__table_fini, kaa_base__table)
DEFERRABLE(kaa_base__text_fini, kaa_base__text)

static void *
check_there(void *what)
{
    KAA_TEST_HERE(t);

    if (strcmp(what, "equal") == 0)
        CHECK_EQ(1, 2);
    if (strcmp(what, "status") == 0)
        CHECK_OK(KAA_SYSTEM);
    if (strcmp(what, "skip") == 0)
        SKIP("no");
    CHECK(strcmp(what, "condition") != 0);
    return what;
}

/* How a test ends whose thread checks something: as the process's status. */
static int
ending_of(char *what)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        pthread_t thread;
        void *got = NULL;

        if (freopen("/dev/null", "w", stderr) == NULL ||
            pthread_create(&thread, NULL, check_there, what) != 0)
            _exit(90);
        pthread_join(thread, &got);
        _exit(got == (void *)what ? 0 : 91);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 92;
    return WEXITSTATUS(status);
}

KAA_TEST(threads_of_a_test_check_too)
{
    static char kinds[][10] = {"equal", "status", "skip", "condition"};
    static char fine[] = "fine";

    CHECK_EQ(ending_of(fine), 0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        CHECK_EQ(ending_of(kinds[i]), 1);
}

KAA_TEST(statuses_have_names)
{
    CHECK_STR(kaa_status_name(KAA_OK), "KAA_OK");
    CHECK_STR(kaa_status_name(KAA_NO_MEMORY), "KAA_NO_MEMORY");
    CHECK_STR(kaa_status_text(KAA_DEADLOCK), "deadlock");
    CHECK_STR(kaa_status_python(KAA_NO_LIBRARY), "OSError");
    CHECK_STR(kaa_status_name(9999), "KAA_UNKNOWN");
    CHECK_STR(kaa_status_name(-1), "KAA_UNKNOWN");
}

KAA_TEST(hashes_are_those_of_fnv)
{
    /* The test values of Fowler, Noll and Vo, their halves folded together. */
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {{"", 0xcbf29ce484222325},
                 {"a", 0xaf63dc4c8601ec8c},
                 {"foobar", 0x85944171f73967e8}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CHECK_EQ(kaa_base__hash(known[i].text, strlen(known[i].text)),
                 known[i].hash ^ known[i].hash >> 32);
}

KAA_TEST(version_is_the_headers)
{
    CHECK_EQ(kaa_version_number(), KAA_VERSION_MAJOR * 1000000 +
                                       KAA_VERSION_MINOR * 1000 +
                                       KAA_VERSION_PATCH);
}

KAA_TEST(a_long_message_is_cut_between_characters)
{
    kaa_error err;
    char wide[300];

    /* 1 + 2 * 149 bytes: the cut at 239 falls inside an e-acute. */
    wide[0] = 'x';
    wide[1] = '\0';
    for (int i = 0; i < 149; i++)
        strcat(wide, "\xc3\xa9");
    CHECK_EQ(kaa_base__fail(&err, KAA_SYSTEM, 3, "%s", wide), KAA_SYSTEM);
    CHECK_EQ(err.status, KAA_SYSTEM);
    CHECK_EQ(err.argument, 3);
    CHECK_EQ(strlen(err.message), 239);
    kaa_base__fail(&err, KAA_SYSTEM, 3, "%s", wide + 1);
    CHECK_EQ(strlen(err.message), 238);
    CHECK_EQ(kaa_base__fail(NULL, KAA_SYSTEM, 0, "unheard"), KAA_SYSTEM);
}

typedef struct options {
    uint32_t size;
    uint32_t first;
    uint32_t second;
} options;

KAA_TEST(options_grow_at_their_end)
{
    struct {
        options known;
        uint32_t later;
    } longer = {{16, 7, 8}, 0};
    options own = {sizeof(own), 1, 2};
    uint32_t shorter[2] = {8, 5};

    CHECK_OK(kaa_base__read_options(&own, sizeof(own), NULL, &t->err));
    CHECK_EQ(own.first, 1);
    CHECK_OK(kaa_base__read_options(&own, sizeof(own), shorter, &t->err));
    CHECK_EQ(own.size, sizeof(own));
    CHECK_EQ(own.first, 5);
    CHECK_EQ(own.second, 2);
    CHECK_OK(kaa_base__read_options(&own, sizeof(own), &longer, &t->err));
    CHECK_EQ(own.second, 8);
    longer.later = 1;
    CHECK_STATUS(kaa_base__read_options(&own, sizeof(own), &longer, &t->err),
                 KAA_UNSUPPORTED);
    shorter[0] = 0;
    CHECK_STATUS(kaa_base__read_options(&own, sizeof(own), shorter, &t->err),
                 KAA_INVALID_ARGUMENT);
}

KAA_TEST(arena_blocks_are_zeroed_aligned_and_apart)
{
    static kaa_base__arena arena;
    char *before = NULL;

    DEFER(t, kaa_base__arena_fini, &arena);
    for (size_t i = 0; i < 2000; i++) {
        char *block = kaa_base__arena_alloc(&arena, i);
        CHECK_MEMORY(block);
        CHECK_EQ((uintptr_t)block % 16, 0);
        for (size_t j = 0; j < i; j++)
            CHECK_EQ(block[j], 0);
        memset(block, 0xFF, i);
        if (before != NULL && i > 1)
            CHECK_EQ(before[0], (char)0xFF);
        before = i > 0 ? block : NULL;
    }
    CHECK_EQ((uintptr_t)kaa_base__arena_alloc(&arena, SIZE_MAX), 0);
    char *text = kaa_base__arena_text(&arena, "hello world", 5);
    CHECK_MEMORY(text);
    CHECK_STR(text, "hello");
}

KAA_TEST(arena_blocks_take_no_more_than_they_need)
{
    enum { LONGEST = 70 };
    static kaa_base__arena arena;
    static char letters[LONGEST];
    char *texts[LONGEST], *first, *second;

    DEFER(t, kaa_base__arena_fini, &arena);
    first = kaa_base__arena_alloc(&arena, 16);
    CHECK_MEMORY(first);
    second = kaa_base__arena_alloc(&arena, 1);
    CHECK_MEMORY(second);
    CHECK_EQ(second - first, 16);
    /* Nor less: none has its end in another. */
    memset(letters, 'x', sizeof(letters));
    for (size_t i = 0; i < LONGEST; i++) {
        texts[i] = kaa_base__arena_text(&arena, letters, i);
        CHECK_MEMORY(texts[i]);
    }
    for (size_t i = 0; i < LONGEST; i++)
        CHECK_EQ(strlen(texts[i]), i);
}

KAA_TEST(table_finds_what_was_set)
{
    static char keys[1000][8];
    static kaa_base__table table;

    DEFER(t, kaa_base__table_fini, &table);
    CHECK_EQ((uintptr_t)kaa_base__table_get(&table, "x", 1), 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        if (!kaa_base__table_set(&table, keys[i], strlen(keys[i]), keys[i]))
            CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    }
    CHECK_EQ(table.count, 1000);
    for (int i = 0; i < 1000; i++)
        CHECK_STR(kaa_base__table_get(&table, keys[i], strlen(keys[i])),
                  keys[i]);
    CHECK(kaa_base__table_set(&table, "k1", 2, keys[0]));
    CHECK_STR(kaa_base__table_get(&table, "k1", 2), "k0");
    CHECK_EQ(table.count, 1000);
    CHECK_EQ((uintptr_t)kaa_base__table_get(&table, "k1000", 5), 0);
}

KAA_TEST(text_grows)
{
    static kaa_base__text text;
    char buffer[4];

    DEFER(t, kaa_base__text_fini, &text);
    for (int i = 0; i < 100; i++)
        kaa_base__text_printf(&text, "%d,", i);
    kaa_base__text_puts(&text, "end");
    if (text.failed)
        CHECK_STATUS(KAA_NO_MEMORY, KAA_OK);
    CHECK_EQ(text.length, 10 * 2 + 90 * 3 + 3);
    CHECK_EQ(strlen(text.bytes), text.length);
    CHECK_EQ(kaa_base__copy_out("hello", 5, buffer, sizeof(buffer)), 5);
    CHECK_STR(buffer, "hel");
    CHECK_EQ(kaa_base__copy_out("hello", 5, NULL, 0), 5);
}

KAA_TEST(memory_refuses_what_overflows)
{
    CHECK_EQ((uintptr_t)kaa_base__alloc_array(SIZE_MAX / 2, 3), 0);
    CHECK_EQ((uintptr_t)kaa_base__realloc_array(NULL, SIZE_MAX / 2, 3), 0);
}

KAA_TEST(a_block_of_nothing_is_a_block)
{
    void *blocks[4] = {kaa_base__alloc(0), kaa_base__alloc_zeroed(0),
                       kaa_base__alloc_array(SIZE_MAX, 0),
                       kaa_base__realloc_array(NULL, SIZE_MAX, 0)};
    int count = 0;

    for (size_t i = 0; i < 4; i++) {
        count += blocks[i] != NULL;
        kaa_base__free(blocks[i]);
    }
    if (!kaa_test_is_fault_run())
        CHECK_EQ(count, 4);
}

KAA_TEST(memory_is_read_only_where_some_is)
{
    char here[4] = "abc", read[4] = "";
    uintptr_t end = (uintptr_t)kaa_test_memory_end(t, 8);

    if (!kaa_base__peek(getpid(), (uintptr_t)here, read, sizeof(read))) {
        CHECK_EQ(errno, ENOSYS); /* which no Linux of today's gives */
        SKIP("qemu-user has no process_vm_readv()");
    }
    CHECK_STR(read, "abc");
    CHECK(kaa_base__peek(getpid(), end - 4, read, sizeof(read)));
    CHECK(!kaa_base__peek(getpid(), end - 3, read, sizeof(read)));
    CHECK(!kaa_base__peek(getpid(), end, read, 1));
    CHECK(!kaa_base__peek(getpid(), 0, read, 0));
    CHECK(!kaa_base__peek(getpid(), 0, read, sizeof(read)));
}

/* ---- Stacks */

static void *
small_stack(void *user)
{
    uintptr_t top = 0;
    size_t bytes = 0;

    if (kaa_base__stack_bounds(&top, &bytes))
        *(size_t *)user = (uintptr_t)&top < top ? bytes : SIZE_MAX;
    return NULL;
}

/* The main thread's may grow up to its limit, how far it has grown or not;
 * another thread's has the size it was made with. */
KAA_TEST(stacks_are_as_large_as_they_may_become)
{
    enum { SMALL = 256 << 10 };
    struct rlimit limit;
    pthread_attr_t attributes;
    pthread_t id;
    uintptr_t top = 0, here = (uintptr_t)&limit;
    size_t bytes = 0;

    CHECK_EQ(getrlimit(RLIMIT_STACK, &limit), 0);
    CHECK(kaa_base__stack_bounds(&top, &bytes));
    CHECK(here < top && top - here < bytes);
    if (limit.rlim_cur < SIZE_MAX / 8) {
        CHECK(bytes > limit.rlim_cur / 2);
        CHECK(bytes < limit.rlim_cur * 2);
    } else {
        CHECK(bytes > (size_t)64 << 20);
    }
    bytes = 0;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, SMALL), 0);
    CHECK_EQ(pthread_create(&id, &attributes, small_stack, &bytes), 0);
    pthread_attr_destroy(&attributes);
    pthread_join(id, NULL);
    CHECK(bytes >= SMALL / 2 && bytes <= 2 * SMALL);
}
