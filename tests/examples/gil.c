/* gil.c - the lock alone: four threads, one counter, and who held it.
 *
 * Threads that compute call kaa_checkpoint() now and then, so that the others
 * have their turns; a thread that may block lets go of the lock meanwhile.
 *
 * Prints:
 *   4 threads counted to 400000
 *   each acquisition was followed by a release
 *   acquiring twice: KAA_MISUSE
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <kaa/gil.h>

static kaa_gil *gil;
static long counter; /* guarded by gil */

static void *
count(void *user)
{
    kaa_gil_entry entry;

    (void)user;
    if (kaa_gil_enter(gil, "counter", &entry, NULL) != KAA_OK)
        return NULL;
    for (int i = 0; i < 100000; i++) {
        counter++;
        kaa_checkpoint(entry.thread);
    }
    KAA_BEGIN_ALLOW_THREADS(entry.thread)
    nanosleep(&(struct timespec){0, 1000000}, NULL); /* read(), accept(), ... */
    KAA_END_ALLOW_THREADS(entry.thread)
    kaa_gil_leave(&entry);
    return NULL;
}

int
main(void)
{
    kaa_gil_options options = {.size = sizeof(options), .name = "example"};
    kaa_gil_statistics figures = {.size = sizeof(figures)};
    kaa_gil_thread *thread;
    kaa_error err = {0};
    pthread_t ids[4];

    if (kaa_gil_create(&options, &gil, &err) != KAA_OK ||
        kaa_gil_attach(gil, "main", &thread, &err) != KAA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (int i = 0; i < 4; i++)
        if (pthread_create(&ids[i], NULL, count, NULL) != 0)
            return 1;
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    kaa_gil_read_statistics(gil, &figures, NULL);
    printf("4 threads counted to %ld\n", counter);
    if (figures.acquisitions == figures.voluntary + figures.forced)
        puts("each acquisition was followed by a release");

    if (kaa_gil_acquire(thread, &err) != KAA_OK)
        return 1;
    printf("acquiring twice: %s\n",
           kaa_status_name((int32_t)kaa_gil_acquire(thread, &err)));
    kaa_gil_release(thread, NULL);
    kaa_gil_detach(thread);
    kaa_gil_destroy(gil);
    return 0;
}
