/* python/race.c - a data race, for a test that ThreadSanitizer reports it. */
#include <pthread.h>

void race_prepare(void);
int race_bump(void);

static pthread_barrier_t both;
static int counter;

void
race_prepare(void)
{
    pthread_barrier_init(&both, NULL, 2);
}

/* Behind the barrier nothing orders the two threads' accesses. */
int
race_bump(void)
{
    pthread_barrier_wait(&both);
    return ++counter;
}
