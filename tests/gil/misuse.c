/* misuse.c - what a lock says to callers that use it wrongly. */
#include "kaa_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gil/internal.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)
DEFERRABLE(kaa_gil_detach, kaa_gil_thread)

static char last_report[256];

static void
keep_report(const char *message, void *user)
{
    ++*(int *)user;
    snprintf(last_report, sizeof(last_report), "%s", message);
}

static int reports;

#define REPORTING                                                              \
    &(kaa_gil_options)                                                         \
    {                                                                          \
        .size = sizeof(kaa_gil_options), .flags = KAA_GIL_DEBUG,               \
        .name = "lock", .report = keep_report, .user = &reports                \
    }

KAA_TEST(options_are_checked)
{
    kaa_gil *gil = NULL;
    kaa_gil_options options = {.size = sizeof(options)};

    options.flags = 1u << 30;
    CHECK_STATUS(kaa_gil_create(&options, &gil, &t->err), KAA_UNSUPPORTED);
    options.flags = KAA_GIL_TIME_ALL | KAA_GIL_TIME_NONE;
    CHECK_STATUS(kaa_gil_create(&options, &gil, &t->err), KAA_INVALID_ARGUMENT);
    options.flags = 0;
    options.interval_ns = UINT64_MAX;
    CHECK_STATUS(kaa_gil_create(&options, &gil, &t->err), KAA_INVALID_ARGUMENT);
    options.size = 2;
    CHECK_STATUS(kaa_gil_create(&options, &gil, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_create(NULL, NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK(gil == NULL);
}

KAA_TEST(nothing_is_allowed_for_null)
{
    kaa_gil_thread *thread = NULL;
    kaa_gil_statistics figures = {.size = sizeof(figures)};

    kaa_gil_destroy(NULL);
    kaa_gil_detach(NULL);
    kaa_gil_leave(NULL);
    CHECK_EQ(kaa_gil_is_held(NULL), 0);
    CHECK_EQ(kaa_gil_checkpoint(NULL), 0);
    CHECK_STATUS(kaa_gil_attach(NULL, "x", &thread, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_acquire(NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_release(NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_check(NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_enter(NULL, "x", NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_verify(NULL, &t->err), KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_read_statistics(NULL, &figures, &t->err),
                 KAA_INVALID_ARGUMENT);
    CHECK_STATUS(kaa_gil_read_thread_statistics(NULL, &figures, &t->err),
                 KAA_INVALID_ARGUMENT);
    KAA_BEGIN_ALLOW_THREADS(NULL)
    KAA_END_ALLOW_THREADS(NULL)
}

static void
start(kaa_test *t, const kaa_gil_options *options, kaa_gil **gil,
      kaa_gil_thread **thread)
{
    reports = 0;
    last_report[0] = '\0';
    CHECK_OK(kaa_gil_create(options, gil, &t->err));
    DEFER(t, kaa_gil_destroy, *gil);
    CHECK_OK(kaa_gil_attach(*gil, "main", thread, &t->err));
    DEFER(t, kaa_gil_detach, *thread);
}

KAA_TEST(acquiring_twice_is_named)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;

    for (int debug = 0; debug < 2; debug++) {
        start(t, debug ? REPORTING : NULL, &gil, &thread);
        CHECK_OK(kaa_gil_acquire(thread, &t->err));
        CHECK_STATUS(kaa_gil_acquire(thread, &t->err), KAA_MISUSE);
        CHECK_HAS(t->err.message, debug ? "thread \"main\" acquires \"lock\" "
                                          "twice"
                                        : "acquires \"gil\" twice");
        CHECK_EQ(reports, debug);
        CHECK_OK(kaa_gil_release(thread, &t->err));
    }
}

KAA_TEST(releasing_what_is_not_held_is_named)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;

    for (int debug = 0; debug < 2; debug++) {
        start(t, debug ? REPORTING : NULL, &gil, &thread);
        CHECK_STATUS(kaa_gil_release(thread, &t->err), KAA_MISUSE);
        CHECK_HAS(t->err.message, "which it does not hold");
        CHECK_EQ(reports, debug);
        KAA_BEGIN_ALLOW_THREADS(thread)
        KAA_END_ALLOW_THREADS(thread)
        CHECK(!kaa_gil_is_held(thread));
        CHECK_EQ(reports, 2 * debug);
    }
}

KAA_TEST(use_without_the_lock_is_named)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;

    start(t, REPORTING, &gil, &thread);
    CHECK_STATUS(kaa_gil_check(thread, &t->err), KAA_MISUSE);
    CHECK_HAS(t->err.message, "\"main\" goes on without \"lock\"");
    CHECK_EQ(reports, 1);
    CHECK_EQ(kaa_checkpoint(thread), 0);
    CHECK_EQ(reports, 2);
    CHECK_HAS(last_report, "goes on without \"lock\"");
}

typedef struct theft {
    kaa_gil *gil;
    kaa_gil_thread *thread;
    kaa_status acquired, released, checked, attached;
} theft;

static void *
steal(void *user)
{
    theft *stolen = user;
    kaa_gil_thread *own = NULL;

    stolen->acquired = kaa_gil_acquire(stolen->thread, NULL);
    stolen->released = kaa_gil_release(stolen->thread, NULL);
    kaa_gil_detach(stolen->thread);
    stolen->attached = kaa_gil_attach(stolen->gil, "thief", &own, NULL);
    if (stolen->attached == KAA_OK) {
        stolen->checked = kaa_gil_check(stolen->thread, NULL);
        kaa_gil_detach(own);
    }
    return NULL;
}

KAA_TEST(a_strangers_use_is_named)
{
    static theft stolen;
    pthread_t id;

    memset(&stolen, 0, sizeof(stolen));
    start(t, REPORTING, &stolen.gil, &stolen.thread);
    CHECK_OK(kaa_gil_acquire(stolen.thread, &t->err));
    CHECK_EQ(pthread_create(&id, NULL, steal, &stolen), 0);
    pthread_join(id, NULL);
    CHECK_EQ(stolen.acquired, KAA_MISUSE);
    CHECK_EQ(stolen.released, KAA_MISUSE);
    CHECK(kaa_gil_is_held(stolen.thread));
    if (stolen.attached != KAA_OK)
        CHECK_STATUS(stolen.attached, KAA_OK);
    CHECK_EQ(stolen.checked, KAA_MISUSE);
    CHECK_EQ(reports, 4);
    CHECK_STR(last_report,
              "another thread (\"thief\") uses \"lock\" as thread \"main\"");
    CHECK_OK(kaa_gil_release(stolen.thread, &t->err));
}

KAA_TEST(detaching_while_holding_is_named)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL, *again = NULL;

    reports = 0;
    CHECK_OK(kaa_gil_create(REPORTING, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    CHECK_OK(kaa_gil_attach(gil, "main", &thread, &t->err));
    CHECK_OK(kaa_gil_attach(gil, "ignored", &again, &t->err));
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    kaa_gil_detach(again);
    CHECK_EQ(reports, 0);
    CHECK(kaa_gil_is_held(thread));
    kaa_gil_detach(thread);
    CHECK_EQ(reports, 1);
    CHECK_HAS(last_report, "detaches from \"lock\" while it holds it");
    CHECK_OK(kaa_gil_attach(gil, "main", &thread, &t->err));
    DEFER(t, kaa_gil_detach, thread);
    CHECK_OK(kaa_gil_acquire(thread, &t->err));
    CHECK_OK(kaa_gil_release(thread, &t->err));
}

/* Runs `act` in a child and returns what it wrote to stderr before it ended,
 * which must be by abort(). */
static void
run_child(kaa_test *t, void (*act)(void), char *text, size_t size)
{
    int ends[2], status = 0;
    size_t length = 0;
    ssize_t got;
    pid_t child;

    CHECK_EQ(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        signal(SIGABRT, SIG_DFL);
        act();
        _exit(0);
    }
    close(ends[1]);
    while (length + 1 < size &&
           (got = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
}

static kaa_gil *child_gil;
static kaa_gil_thread *child_thread;

static void
begin_child(void)
{
    kaa_gil_options options = {
        .size = sizeof(options), .flags = KAA_GIL_DEBUG, .name = "lock"};

    if (kaa_gil_create(&options, &child_gil, NULL) != KAA_OK ||
        kaa_gil_attach(child_gil, "main", &child_thread, NULL) != KAA_OK ||
        kaa_gil_acquire(child_thread, NULL) != KAA_OK)
        _exit(1);
}

static void
acquire_twice(void)
{
    begin_child();
    (void)!kaa_gil_acquire(child_thread, NULL);
}

static void
release_twice(void)
{
    begin_child();
    kaa_gil_release(child_thread, NULL);
    kaa_gil_release(child_thread, NULL);
}

static void
go_on_without(void)
{
    begin_child();
    kaa_gil_release(child_thread, NULL);
    kaa_checkpoint(child_thread);
}

static void
detach_holding(void)
{
    begin_child();
    kaa_gil_detach(child_thread);
}

static void *
hold_and_end(void *user)
{
    kaa_gil_thread *thread;

    (void)user;
    if (kaa_gil_attach(child_gil, "mortal", &thread, NULL) == KAA_OK)
        (void)!kaa_gil_acquire(thread, NULL);
    return NULL;
}

static void
end_holding(void)
{
    pthread_t id;

    begin_child();
    kaa_gil_release(child_thread, NULL);
    pthread_create(&id, NULL, hold_and_end, NULL);
    pthread_join(id, NULL);
}

/* Two threads that both take back what they had let go. */
static kaa_gil *circle_gils[2];
static pthread_barrier_t circle_barrier;

static void *
close_circle(void *user)
{
    int which = user != NULL;
    kaa_gil_thread *near, *far;

    if (kaa_gil_attach(circle_gils[which], which ? "two" : "one", &near,
                       NULL) != KAA_OK ||
        kaa_gil_attach(circle_gils[!which], which ? "two" : "one", &far,
                       NULL) != KAA_OK ||
        kaa_gil_acquire(near, NULL) != KAA_OK)
        _exit(1);
    pthread_barrier_wait(&circle_barrier);
    kaa_gil_end_allow_threads(far, 1);
    return NULL;
}

static void
circle_without_way_out(void)
{
    pthread_t ids[2];

    pthread_barrier_init(&circle_barrier, NULL, 2);
    for (int i = 0; i < 2; i++) {
        kaa_gil_options options = {.size = sizeof(options),
                                   .name = i ? "B" : "A"};

        if (kaa_gil_create(&options, &circle_gils[i], NULL) != KAA_OK)
            _exit(1);
    }
    for (intptr_t i = 0; i < 2; i++)
        pthread_create(&ids[i], NULL, close_circle, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
}

KAA_TEST(a_circle_that_nobody_can_leave_aborts)
{
    char text[1024];

    if (kaa_test_is_fault_run())
        SKIP("children do not count allocations");
    run_child(t, circle_without_way_out, text, sizeof(text));
    CHECK_HAS(text, "kaa: deadlock: ");
    CHECK_HAS(text, "\"one\" waits for \"B\", which \"two\" holds");
    CHECK_HAS(text, "\"two\" waits for \"A\", which \"one\" holds");
}

KAA_TEST(a_debug_lock_without_a_report_aborts)
{
    static const struct {
        void (*act)(void);
        const char *message;
    } cases[] = {
        {acquire_twice, "kaa: misuse: thread \"main\" acquires \"lock\" twice: "
                        "it holds it already\n"},
        {release_twice, "kaa: misuse: thread \"main\" releases \"lock\", which "
                        "it does not hold\n"},
        {go_on_without, "kaa: misuse: thread \"main\" goes on without "
                        "\"lock\": it does not hold it\n"},
        {detach_holding, "kaa: misuse: thread \"main\" detaches from \"lock\" "
                         "while it holds it\n"},
        {end_holding, "kaa: misuse: thread \"mortal\" ended while it held "
                      "\"lock\"\n"},
    };
    char text[1024];

    if (kaa_test_is_fault_run())
        SKIP("children do not count allocations");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_child(t, cases[i].act, text, sizeof(text));
        /* An emulator has something to say about an abort, too. */
        if (strstr(text, "qemu: ") != NULL)
            *strstr(text, "qemu: ") = '\0';
        CHECK_STR(text, cases[i].message);
    }
}

/* Breaks a lock in every way that verify knows, and mends it again. */
KAA_TEST(verify_sees_what_is_broken)
{
    kaa_gil *gil = NULL;
    kaa_gil_thread *thread = NULL;
    kaa_gil__thread *own;
    kaa_gil__thread stranger;

    start(t, NULL, &gil, &thread);
    own = (kaa_gil__thread *)thread;
    memset(&stranger, 0, sizeof(stranger));
    CHECK_OK(kaa_gil_verify(gil, &t->err));

    atomic_store(&gil->contended, 1);
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "lock \"gil\": the count of waiting threads");
    gil->ordinary.first = own;
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "does not wait");
    atomic_store(&own->state, KAA_GIL__WAITING);
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "a line's end");
    gil->ordinary.last = own;
    CHECK_OK(kaa_gil_verify(gil, &t->err));
    own->is_urgent = 1;
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "wrong line");
    own->is_urgent = 0;
    own->line_next = own;
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "more threads in line");
    own->line_next = NULL;
    atomic_store(&gil->owner, own);
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "the holder stands in line");
    gil->ordinary.first = gil->ordinary.last = NULL;
    atomic_store(&gil->contended, 0);
    atomic_store(&own->state, KAA_GIL__IDLE);
    CHECK_OK(kaa_gil_verify(gil, &t->err));
    atomic_store(&gil->owner, &stranger);
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "the holder is not attached");
    atomic_store(&gil->owner, NULL);
    gil->thread_count = 2;
    CHECK_STATUS(kaa_gil_verify(gil, &t->err), KAA_CORRUPT);
    CHECK_HAS(t->err.message, "is cut");
    gil->thread_count = 1;
    CHECK_OK(kaa_gil_verify(gil, &t->err));
}
