/* heap_and_lock.c - a private heap that several threads share under one lock,
 * without objects, collector or Python.
 *
 * Two threads push nodes on a list. The lock protects the list and the heap
 * that the nodes come from; a thread lets go of it while it waits. The list is
 * then taken apart by a third thread that never takes the lock: such a thread
 * may do nothing with a heap but give blocks back.
 *
 * Prints:
 *   20000 nodes of 24 bytes live
 *   the lock was taken at least 3 times
 *   0 nodes live after all were given back
 *   a debug heap noticed: double free
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include <kaa/gil.h>
#include <kaa/heap.h>

#define NODES 10000

typedef struct node {
    struct node *next;
    long numbers[2];
} node;

static kaa_gil *gil;
static kaa_heap *heap; /* guarded by gil, as is the list */
static node *list;

static void *
push(void *name)
{
    kaa_gil_entry entry;

    if (kaa_gil_enter(gil, name, &entry, NULL) != KAA_OK)
        return NULL;
    for (int i = 0; i < NODES; i++) {
        node *made = kaa_heap_alloc(heap, sizeof(*made), KAA_HEAP_RAW);

        if (made == NULL)
            break;
        made->next = list;
        list = made;
        kaa_checkpoint(entry.thread); /* the other thread's turn? */
    }
    KAA_BEGIN_ALLOW_THREADS(entry.thread)
    nanosleep(&(struct timespec){0, 1000000}, NULL);
    KAA_END_ALLOW_THREADS(entry.thread)
    kaa_gil_leave(&entry);
    return NULL;
}

static void *
give_back(void *nodes)
{
    node *next, *at = nodes;

    for (; at != NULL; at = next) {
        next = at->next;
        kaa_heap_free_remote(heap, at);
    }
    return NULL;
}

static void
notice(const kaa_heap_misuse *misuse, void *user)
{
    (void)user;
    if (misuse->what == KAA_HEAP_DOUBLE_FREE)
        puts("a debug heap noticed: double free");
}

/* What goes wrong in a debug heap is named, with size, serial and site. */
static int
misuse_a_heap(void)
{
    kaa_heap_options options = {
        .size = sizeof(options), .flags = KAA_HEAP_DEBUG, .misuse = notice};
    kaa_heap *debug = NULL;
    void *block;

    if (kaa_heap_create(&options, &debug, NULL) != KAA_OK)
        return 1;
    block = kaa_heap_alloc_at(debug, 100, KAA_HEAP_RAW, KAA_HEAP_SITE);
    kaa_heap_free(debug, block);
    kaa_heap_free(debug, block);
    kaa_heap_destroy(debug);
    return 0;
}

int
main(void)
{
    static char names[2][6] = {"one", "two"};
    kaa_gil_statistics taken = {.size = sizeof(taken)};
    kaa_heap_statistics held = {.size = sizeof(held)};
    kaa_gil_entry entry;
    kaa_error err = {0};
    pthread_t ids[3];

    if (kaa_gil_create(NULL, &gil, &err) != KAA_OK ||
        kaa_heap_create(NULL, &heap, &err) != KAA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (pthread_create(&ids[i], NULL, push, names[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);

    if (kaa_gil_enter(gil, "main", &entry, &err) != KAA_OK ||
        kaa_heap_read_statistics(heap, &held, &err) != KAA_OK)
        return 1;
    printf("%llu nodes of %zu bytes live\n",
           (unsigned long long)held.total.blocks_live, sizeof(node));
    kaa_gil_read_statistics(gil, &taken, NULL);
    if (taken.acquisitions >= 3)
        puts("the lock was taken at least 3 times");

    if (pthread_create(&ids[2], NULL, give_back, list) != 0)
        return 1;
    pthread_join(ids[2], NULL);
    kaa_heap_collect_remote(heap);
    if (kaa_heap_read_statistics(heap, &held, &err) != KAA_OK)
        return 1;
    printf("%llu nodes live after all were given back\n",
           (unsigned long long)held.total.blocks_live);
    kaa_gil_leave(&entry);
    kaa_heap_destroy(heap);
    kaa_gil_destroy(gil);
    return misuse_a_heap();
}
