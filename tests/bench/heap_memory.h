/* bench/heap_memory.h - heap.c's measuring of memory, in children.
 *
 * Included by heap.c where its peers and workloads are known.
 */

/* Anonymous memory alone: program text that a child touches first is not the
 * allocator's, and /proc/self/statm counts in lumps of many pages. */
static double
rss_bytes(void)
{
    char line[128];
    long kib = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Anonymous: %ld", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return (double)kib * 1024;
}

typedef struct memory {
    double per_live;    /* RSS a live byte, 1,000,000 of 48 */
    double kept;        /* bytes, 1.1 s after all were freed */
    double kept_twice;  /* the same after a second time, which had to wait */
    double kept_random; /* freed in random order */
    double kept_mixed;  /* 200,000 of 16 to 512, in random order */
} memory;

static void
shuffle(uint32_t count)
{
    uint64_t state = 99;

    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(next_random(&state) % (i + 1));
        void *swap = slots[i];

        slots[i] = slots[j];
        slots[j] = swap;
    }
}

static void
measure_memory(const peer *p, memory *out)
{
    const struct timespec while_later = {1, 100000000};
    double before;

    memset(slots, 0, MILLION * sizeof(*slots));
    RUN(p, pair, 48, 10);
    before = rss_bytes();
    for (int time = 0; time < 4; time++) {
        uint32_t count = time == 3 ? MILLION / 5 : MILLION;
        double *kept = time == 0   ? &out->kept
                       : time == 1 ? &out->kept_twice
                       : time == 2 ? &out->kept_random
                                   : &out->kept_mixed;

        RUN(p, fill, time == 3 ? 0 : 48, count);
        if (time == 0)
            out->per_live = (rss_bytes() - before) / (48.0 * MILLION);
        if (time >= 2)
            shuffle(count);
        RUN(p, empty, count);
        nanosleep(&while_later, NULL);
        RUN(p, pair, 48, 2000); /* the program lives on */
        *kept = rss_bytes() - before;
    }
}

static void
bench_memory(memory *out)
{
    memory *shared =
        mmap(NULL, sizeof(*shared) * PEERS_MAX, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED)
        return;
    for (int which = 0; which < peer_count; which++) {
        pid_t child = fork();

        if (child == 0) {
            measure_memory(&peers[which], &shared[which]);
            _exit(0);
        }
        if (child > 0)
            waitpid(child, NULL, 0);
    }
    memcpy(out, shared, sizeof(*shared) * PEERS_MAX);
    munmap(shared, sizeof(*shared) * PEERS_MAX);
}
