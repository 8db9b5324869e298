/* The same figures of kaa's own locks and heaps. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <kaa/gil.h>
#include <kaa/heap.h>
#include <kaa/insight.h>

#include "kaa_test.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)
DEFERRABLE(kaa_heap_destroy, kaa_heap)

static void
pause_ms(long ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000};

    nanosleep(&time, NULL);
}

static void *
hold(void *user)
{
    kaa_gil_entry entry;

    if (kaa_gil_enter(user, "hold\"er", &entry, NULL) == KAA_OK) {
        pause_ms(20);
        kaa_gil_leave(&entry);
        return user;
    }
    return NULL;
}

KAA_TEST(json_of_a_lock)
{
    kaa_gil *gil = NULL;
    kaa_gil_entry entry;
    pthread_t other;
    char text[2048], *again;
    size_t length;
    void *result;

    CHECK_OK(kaa_gil_create(NULL, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    CHECK_OK(kaa_gil_enter(gil, "main", &entry, &t->err));
    CHECK_EQ(pthread_create(&other, NULL, hold, gil), 0);
    pause_ms(5);
    length = kaa_insight_gil_json(gil, text, sizeof(text));
    CHECK(length < sizeof(text));
    CHECK_EQ(strlen(text), length);
    CHECK_HAS(text, "{\"wall_ns\": ");
    CHECK_HAS(text, "\"mode\": \"kaa\"");
    CHECK_HAS(text, "{\"name\": \"main\", ");
    kaa_gil_leave(&entry);
    CHECK_EQ(pthread_join(other, &result), 0);
    if (result == NULL)
        kaa_test__no_memory(t);
    /* What does not fit is cut, and its length told. */
    length = kaa_insight_gil_json(gil, NULL, 0);
    again = malloc(length + 1);
    CHECK(again != NULL);
    CHECK_EQ(kaa_insight_gil_json(gil, again, 10), length);
    CHECK_EQ(strlen(again), 9);
    free(again);
    CHECK_EQ(kaa_insight_gil_json(NULL, text, sizeof(text)), 0);
}

typedef struct crossing {
    kaa_gil *first, *second;
    pthread_barrier_t *both;
    int is_out_of_memory;
} crossing;

/* Takes one lock, and then the other one, as another thread does in the other
 * order: one of the two is refused. */
static void *
cross(void *user)
{
    crossing *own = user;
    kaa_gil_thread *held = NULL, *wanted = NULL;

    if (kaa_gil_attach(own->first, "crosses", &held, NULL) != KAA_OK ||
        kaa_gil_attach(own->second, "crosses", &wanted, NULL) != KAA_OK ||
        kaa_gil_acquire(held, NULL) != KAA_OK)
        own->is_out_of_memory = 1;
    pthread_barrier_wait(own->both);
    if (!own->is_out_of_memory) {
        if (kaa_gil_acquire(wanted, NULL) == KAA_OK)
            (void)kaa_gil_release(wanted, NULL);
        (void)kaa_gil_release(held, NULL);
    }
    kaa_gil_detach(held);
    kaa_gil_detach(wanted);
    return NULL;
}

KAA_TEST(json_tells_of_a_circle)
{
    kaa_gil *one = NULL, *two = NULL;
    pthread_barrier_t both;
    crossing forth, back;
    pthread_t other;
    char text[2048], more[2048];

    CHECK_OK(kaa_gil_create(NULL, &one, &t->err));
    DEFER(t, kaa_gil_destroy, one);
    CHECK_OK(kaa_gil_create(NULL, &two, &t->err));
    DEFER(t, kaa_gil_destroy, two);
    kaa_insight_gil_json(one, text, sizeof(text));
    CHECK_HAS(text, "\"deadlocks\": [], ");
    pthread_barrier_init(&both, NULL, 2);
    forth = (crossing){one, two, &both, 0};
    back = (crossing){two, one, &both, 0};
    CHECK_EQ(pthread_create(&other, NULL, cross, &forth), 0);
    cross(&back);
    pthread_join(other, NULL);
    pthread_barrier_destroy(&both);
    if (forth.is_out_of_memory || back.is_out_of_memory)
        kaa_test__no_memory(t);
    kaa_insight_gil_json(one, text, sizeof(text));
    kaa_insight_gil_json(two, more, sizeof(more));
    CHECK(strstr(text,
                 "\"deadlocks\": [\"deadlock: \\\"crosses\\\" waits for ") !=
              NULL ||
          strstr(more,
                 "\"deadlocks\": [\"deadlock: \\\"crosses\\\" waits for ") !=
              NULL);
}

/* One after the other by one thread: nothing waits, and it is told. */
static kaa_status
take_both(kaa_gil *first, kaa_gil *second, kaa_error *err)
{
    kaa_gil_thread *outer = NULL, *inner = NULL;
    kaa_status status = kaa_gil_attach(first, "orderly", &outer, err);

    if (status == KAA_OK)
        status = kaa_gil_attach(second, "orderly", &inner, err);
    if (status == KAA_OK)
        status = kaa_gil_acquire(outer, err);
    if (status == KAA_OK) {
        status = kaa_gil_acquire(inner, err);
        if (status == KAA_OK)
            (void)kaa_gil_release(inner, NULL);
        (void)kaa_gil_release(outer, NULL);
    }
    kaa_gil_detach(inner);
    kaa_gil_detach(outer);
    return status;
}

KAA_TEST(json_tells_of_two_orders)
{
    kaa_gil_options options = {.size = sizeof(options), .flags = KAA_GIL_DEBUG};
    static const char *const names[] = {"first", "second", "third"};
    kaa_gil *locks[3] = {NULL, NULL, NULL};
    char text[2048];

    for (size_t i = 0; i < 3; i++) {
        options.name = names[i];
        CHECK_OK(kaa_gil_create(&options, &locks[i], &t->err));
        DEFER(t, kaa_gil_destroy, locks[i]);
    }
    for (int again = 0; again < 2; again++) {
        CHECK_OK(take_both(locks[0], locks[1], &t->err));
        CHECK_OK(take_both(locks[1], locks[2], &t->err));
        CHECK_OK(take_both(locks[0], locks[2], &t->err));
    }
    for (size_t i = 0; i < 3; i++) {
        kaa_insight_gil_json(locks[i], text, sizeof(text));
        CHECK_HAS(text, "\"deadlocks\": [], ");
    }
    CHECK_OK(take_both(locks[2], locks[0], &t->err)); /* by way of the second */
    kaa_insight_gil_json(locks[0], text, sizeof(text));
    CHECK_HAS(text, "\"deadlocks\": [\"lock order: \\\"orderly\\\" takes "
                    "\\\"first\\\" while it holds \\\"third\\\"");
    kaa_insight_gil_json(locks[2], text, sizeof(text));
    CHECK_HAS(text, "lock order: ");
    kaa_insight_gil_json(locks[1], text, sizeof(text));
    CHECK_HAS(text, "\"deadlocks\": [], ");
}

static unsigned long long
figure_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* A figure of a thread in the JSON of all locks. */
static unsigned long long
figure_of(const char *thread, const char *name)
{
    char *text;
    const char *at;
    unsigned long long found = 0;
    size_t length = kaa_insight_gils_json(NULL, 0) + 1000;

    text = malloc(length);
    if (text == NULL)
        return 0;
    if (kaa_insight_gils_json(text, length) < length) {
        at = strstr(text, thread);
        found = at != NULL ? figure_after(at, name) : 0;
    }
    free(text);
    return found;
}

KAA_TEST(json_of_all_locks_has_what_is_on)
{
    kaa_gil_options options = {.size = sizeof(options), .name = "jam"};
    kaa_gil *gil = NULL, *none = NULL;
    kaa_gil_entry entry, untimed;
    pthread_t other;
    unsigned long long acquired, held, waited = 0;
    char text[16];
    void *result;

    CHECK_OK(kaa_gil_create(&options, &gil, &t->err));
    DEFER(t, kaa_gil_destroy, gil);
    options.flags = KAA_GIL_TIME_NONE;
    options.name = "untimed";
    CHECK_OK(kaa_gil_create(&options, &none, &t->err));
    DEFER(t, kaa_gil_destroy, none);
    CHECK_OK(kaa_gil_enter(none, "elsewhere", &untimed, &t->err));
    acquired = figure_of("\"elsewhere\"", "\"acquired\": ");
    held = figure_of("\"elsewhere\"", "\"held_ns\": ");
    kaa_gil_leave(&untimed);
    CHECK_EQ(acquired, 1);
    CHECK_EQ(held, 0);
    CHECK_OK(kaa_gil_enter(gil, "main", &entry, &t->err));
    CHECK_EQ(pthread_create(&other, NULL, hold, gil), 0);
    for (int i = 0; waited == 0 && i < 200; i++) {
        pause_ms(1);
        waited = figure_of("{\"name\": \"hold\\\"er\", ", "\"waited_ns\": ");
    }
    held = figure_of("{\"name\": \"main\", ", "\"held_ns\": ");
    CHECK_EQ(figure_of("\"name\": \"untimed\"", "\"is_timed\": "), 0);
    CHECK_EQ(figure_of("\"name\": \"jam\"", "\"is_timed\": "), 1);
    kaa_gil_leave(&entry);
    CHECK_EQ(pthread_join(other, &result), 0);
    if (result == NULL)
        kaa_test__no_memory(t);
    CHECK(held > 0);
    CHECK(waited > 0);
    /* They have gone: their sum is without a name. */
    CHECK_EQ(figure_of("{\"name\": \"main\", ", "\"held_ns\": "), 0);
    CHECK(figure_of("\"name\": \"jam\"",
                    "{\"name\": \"\", \"number\": 0, "
                    "\"start_ns\": 0, \"held_ns\": ") >= held);
    CHECK(kaa_insight_gils_json(text, sizeof(text)) > sizeof(text));
    CHECK_EQ(strlen(text), sizeof(text) - 1);
}

KAA_TEST(json_of_a_heap)
{
    kaa_heap *heap = NULL;
    kaa_heap_statistics all = {.size = sizeof(all)};
    char text[8192];
    size_t length;

    CHECK_OK(kaa_heap_create(NULL, &heap, &t->err));
    DEFER(t, kaa_heap_destroy, heap);
    for (int i = 0; i < 100; i++)
        CHECK_MEMORY(kaa_heap_alloc(heap, 40, KAA_HEAP_OBJECT_TRACKED));
    CHECK_MEMORY(kaa_heap_alloc(heap, 1000000, KAA_HEAP_RAW));
    CHECK_OK(kaa_heap_read_statistics(heap, &all, &t->err));
    length = kaa_insight_heap_json(heap, text, sizeof(text));
    CHECK(length < sizeof(text));
    CHECK_EQ(strlen(text), length);
    CHECK_EQ(figure_after(text, "\"live_bytes\": "), all.total.bytes_live);
    CHECK_EQ(figure_after(text, "\"rss_bytes\": "),
             all.bytes_in_pages + all.bytes_kept);
    CHECK_EQ(figure_after(text, "\"tracked objects\", \"group\": \"objects\", "
                                "\"bytes\": "),
             100 * 48);
    CHECK_HAS(text, "{\"type\": \"tracked objects of 48 bytes\", \"count\": "
                    "100, \"bytes\": 4800}");
    CHECK_HAS(text, "\"other memory of whole pages\", \"count\": 1");
    CHECK_EQ(kaa_insight_heap_json(heap, NULL, 0), length);
    CHECK_EQ(kaa_insight_heap_json(NULL, text, sizeof(text)), 0);
}
