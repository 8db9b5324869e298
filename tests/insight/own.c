/* The same figures of kaa's own locks. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <kaa/gil.h>
#include <kaa/insight.h>

#include "kaa_test.h"

DEFERRABLE(kaa_gil_destroy, kaa_gil)

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
