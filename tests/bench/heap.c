/* bench/heap.c - the private heap beside other allocators, in one process.
 *
 *     bench_heap [--json] [--quick]
 *
 * Peers are opened by dlopen, each called through a function pointer, kaa too.
 * Rounds are interleaved and the least time counts. Ratios are kaa's time by
 * the peer's: below 1 kaa is faster. Memory is measured in children, one peer
 * each. A peer that is not installed is named and left out.
 *
 * "calls only" is a library whose two functions do nothing. With small blocks
 * it needs 0.65 to 0.8 of mimalloc's time for a batch (2.4 to 2.9 ns of 3.4 to
 * 3.7, on an EPYC of family 26): most of a batch's time there is calling
 * through pointers and touching the blocks. How fast such calls go differs by a
 * quarter from process to process, with where the loader puts the libraries, so
 * that single runs of those rows may miss the goal.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef RTLD_DEEPBIND /* not every C library has it */
#define RTLD_DEEPBIND 0
#endif

#include <kaa/heap.h>

#define BATCH 10000u
#define WORKING 100000u
#define MILLION 1000000u
#define SIZES 4096u
#define ORDER (1u << 20)
#define PEERS_MAX 8
#define ROWS_MAX 32

typedef struct peer {
    const char *name;
    void *(*alloc)(size_t size);
    void (*free)(void *block);
    void *(*kaa_alloc)(kaa_heap *heap, size_t size, kaa_heap_kind kind);
    void (*kaa_free)(kaa_heap *heap, void *block);
    kaa_heap *heap;
    void *(*heap_new)(void); /* whole heaps, where it has them */
    void *(*heap_alloc)(void *heap, size_t size);
    void (*heap_destroy)(void *heap);
} peer;

typedef struct row {
    char name[48];
    double least[PEERS_MAX]; /* 0: not measured */
    double target;           /* ratio to `against`; 0: none */
    const char *against;     /* a peer, or "best" */
} row;

static peer peers[PEERS_MAX];
static int peer_count;
static row rows[ROWS_MAX];
static int row_count;
static void **slots; /* MILLION */
static uint32_t *order;
static uint16_t *sizes;
static int is_quick, is_json;

#define WORK(name) name##_malloc
#define ALLOC(size) p->alloc(size)
#define FREE(block) p->free(block)
#include "heap_work.h"
#undef WORK
#undef ALLOC
#undef FREE
#define WORK(name) name##_kaa
#define ALLOC(size) p->kaa_alloc(p->heap, (size), KAA_HEAP_RAW)
#define FREE(block) p->kaa_free(p->heap, block)
#include "heap_work.h"

#define RUN(p, work, ...)                                                      \
    ((p)->kaa_alloc != NULL ? work##_kaa((p), __VA_ARGS__)                     \
                            : work##_malloc((p), __VA_ARGS__))

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

/* ---- peers */

/* A symbol as a function; dlsym gives an object pointer. */
static void
find(void *library, const char *name, void *out_function)
{
    void *symbol = dlsym(library, name);

    memcpy(out_function, &symbol, sizeof(symbol));
}

static void
say_missing(const char *name, const char *why)
{
    fprintf(stderr, "bench_heap: no %s: %s\n", name, why);
}

static void
add_library(const char *name, const char *file, const char *alloc,
            const char *free_name)
{
    peer *p = &peers[peer_count];
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

    if (library == NULL) {
        say_missing(name, dlerror());
        return;
    }
    find(library, alloc, &p->alloc);
    find(library, free_name, &p->free);
    if (p->alloc == NULL || p->free == NULL) {
        say_missing(name, "its functions are missing");
        return;
    }
    p->name = name;
    find(library, "mi_heap_new", &p->heap_new);
    find(library, "mi_heap_malloc", &p->heap_alloc);
    find(library, "mi_heap_destroy", &p->heap_destroy);
    peer_count++;
}

static int
run_line(const char *command, char *line, size_t size)
{
    FILE *pipe = popen(command, "r");
    int is_read = pipe != NULL && fgets(line, (int)size, pipe) != NULL;

    if (pipe != NULL)
        pclose(pipe);
    if (is_read)
        line[strcspn(line, "\n")] = '\0';
    return is_read;
}

/* The allocator of CPython's objects. Its interpreter must be running, so its
 * own idea of home is passed on. KAA_BENCH_PYTHON names another one. */
static void
add_python(void)
{
    static char name[32] = "CPython";
    const char *python = getenv("KAA_BENCH_PYTHON");
    char command[1024], home[512], file[512], version[32];
    void (*initialize)(int) = NULL;
    void *library;

    snprintf(command, sizeof(command),
             "%s -c 'import sys,sysconfig as s;print(sys.base_prefix);'",
             python != NULL ? python : "python3");
    if (!run_line(command, home, sizeof(home))) {
        say_missing(name, "no python3");
        return;
    }
    snprintf(command, sizeof(command),
             "%s -c 'import sysconfig as s;g=s.get_config_var;"
             "print(g(\"LIBDIR\")+\"/\"+g(\"INSTSONAME\"))'",
             python != NULL ? python : "python3");
    if (!run_line(command, file, sizeof(file))) {
        say_missing(name, "no libpython");
        return;
    }
    snprintf(command, sizeof(command),
             "%s -c 'import sys;print(\"CPython %%d.%%d\" %% "
             "sys.version_info[:2])'",
             python != NULL ? python : "python3");
    if (run_line(command, version, sizeof(version)))
        memcpy(name, version, sizeof(name));
    library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        say_missing(name, dlerror());
        return;
    }
    find(library, "Py_InitializeEx", &initialize);
    if (initialize == NULL)
        return;
    setenv("PYTHONHOME", home, 1);
    initialize(0);
    add_library(name, file, "PyObject_Malloc", "PyObject_Free");
}

static void *
kaa_new(void)
{
    kaa_heap *heap = NULL;
    kaa_error err;

    if (kaa_heap_create(NULL, &heap, &err) != KAA_OK) {
        fprintf(stderr, "bench_heap: %s\n", err.message);
        exit(1);
    }
    return heap;
}

static void *
kaa_alloc_raw(void *heap, size_t size)
{
    return kaa_heap_alloc(heap, size, KAA_HEAP_RAW);
}

static void
kaa_destroy(void *heap)
{
    kaa_heap_destroy(heap);
}

static void
add_kaa(const char *name)
{
    peer *p = &peers[peer_count++];

    p->name = name;
    p->kaa_alloc = kaa_heap_alloc;
    p->kaa_free = kaa_heap_free;
    p->heap = kaa_new();
    p->heap_new = kaa_new;
    p->heap_alloc = kaa_alloc_raw;
    p->heap_destroy = kaa_destroy;
}

#ifdef KAA_BENCH_BARE
/* The same heap compiled without what statistics need, from a library of its
 * own: what do they cost? */
static void
add_bare(void)
{
    peer *p = &peers[peer_count];
    kaa_status (*create)(const kaa_heap_options *, kaa_heap **, kaa_error *) =
        NULL;
    void *library =
        dlopen(KAA_BENCH_BARE, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

    if (library == NULL) {
        say_missing("kaa without statistics", dlerror());
        return;
    }
    find(library, "kaa_heap_create", &create);
    find(library, "kaa_heap_alloc", &p->kaa_alloc);
    find(library, "kaa_heap_free", &p->kaa_free);
    if (create == NULL || create(NULL, &p->heap, NULL) != KAA_OK)
        return;
    p->name = "kaa bare";
    peer_count++;
}
#endif

#ifdef KAA_BENCH_NOTHING
static void
add_nothing(void)
{
    peer *p = &peers[peer_count];
    void *library = dlopen(KAA_BENCH_NOTHING, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        say_missing("calls only", dlerror());
        return;
    }
    find(library, "nothing_alloc", &p->kaa_alloc);
    find(library, "nothing_free", &p->kaa_free);
    if (p->kaa_alloc == NULL || p->kaa_free == NULL)
        return;
    p->name = "calls only";
    peer_count++;
}
#endif

/* ---- rows */

static row *
add_row(const char *name, const char *against, double target)
{
    row *r = &rows[row_count++];

    snprintf(r->name, sizeof(r->name), "%s", name);
    r->against = against;
    r->target = target;
    return r;
}

static void
note(row *r, int which, double ns)
{
    if (r->least[which] == 0 || ns < r->least[which])
        r->least[which] = ns;
}

static void
bench_small(int rounds)
{
    static const uint16_t wanted[] = {16, 48, 64, 128, 256, 512};
    int first = row_count;
    char name[48];

    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof(name), "pair, %d B", wanted[i]);
        add_row(name, "mimalloc", 0.8);
        snprintf(name, sizeof(name), "batch of 10,000, %d B", wanted[i]);
        add_row(name, "mimalloc", 0.8);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < 6; i++)
            for (int k = 0; k < peer_count; k++) {
                /* Begin with another peer each round. */
                int which = (k + round) % peer_count;
                const peer *p = &peers[which];
                double start;

                RUN(p, pair, wanted[i], 1000);
                start = now_ns();
                RUN(p, pair, wanted[i], 100000);
                note(&rows[first + 2 * i], which, (now_ns() - start) / 1e5);
                RUN(p, batch, wanted[i], BATCH);
                start = now_ns();
                RUN(p, batch, wanted[i], 10 * BATCH);
                note(&rows[first + 2 * i + 1], which,
                     (now_ns() - start) / (10.0 * BATCH));
            }
}

static void
bench_replace(int rounds)
{
    static const uint16_t wanted[] = {16, 48, 512, 0};
    int first = row_count;
    char name[48];

    for (int i = 0; i < 4; i++) {
        if (wanted[i] != 0)
            snprintf(name, sizeof(name), "replace in 100,000, %d B", wanted[i]);
        else
            snprintf(name, sizeof(name), "replace in 100,000, 16-512 B");
        add_row(name, "best", 1.0);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < peer_count; k++) {
                int which = (k + round) % peer_count;
                const peer *p = &peers[which];
                double start;

                RUN(p, fill, wanted[i], WORKING);
                RUN(p, replace, wanted[i], 2 * WORKING);
                start = now_ns();
                RUN(p, replace, wanted[i], 5 * WORKING);
                note(&rows[first + i], which, (now_ns() - start) / 5e5);
                RUN(p, empty, WORKING);
            }
}

static void
bench_whole(int rounds)
{
    row *fresh = add_row("fill a new heap, 1,000,000 of 48 B", "mimalloc", 0);
    row *destroy = add_row("destroy it, us in all (limit 100)", "mimalloc", 0);
    row *nothing = add_row("an empty heap made and destroyed", "mimalloc", 0);

    for (int round = 0; round < rounds; round++)
        for (int which = 0; which < peer_count; which++) {
            const peer *p = &peers[which];
            double start;
            void *heap;

            if (p->heap_new == NULL || p->heap_destroy == NULL)
                continue;
            heap = p->heap_new();
            start = now_ns();
            for (uint32_t i = 0; i < MILLION; i++)
                *(volatile char *)p->heap_alloc(heap, 48) = 1;
            note(fresh, which, (now_ns() - start) / MILLION);
            start = now_ns();
            p->heap_destroy(heap);
            note(destroy, which, (now_ns() - start) / 1000);
            p->heap_destroy(p->heap_new());
            start = now_ns();
            for (int i = 0; i < 100; i++)
                p->heap_destroy(p->heap_new());
            note(nothing, which, (now_ns() - start) / 100);
        }
}

#include "heap_memory.h"

/* ---- output */

static int
is_allocator(const peer *p)
{
    return strncmp(p->name, "kaa", 3) != 0 && strcmp(p->name, "calls only");
}

/* Kaa is peer 0; "best" is the least of the others. */
static double
ratio(const row *r, const char *against)
{
    double best = 0;

    for (int i = 1; i < peer_count; i++) {
        int is_wanted = strcmp(against, "best") == 0
                            ? is_allocator(&peers[i])
                            : strcmp(peers[i].name, against) == 0;

        if (is_wanted && r->least[i] != 0 && (best == 0 || r->least[i] < best))
            best = r->least[i];
    }
    return best != 0 ? r->least[0] / best : 0;
}

static void
print_table(const memory *kept)
{
    printf("%-36s", "ns a malloc and free");
    for (int i = 0; i < peer_count; i++)
        printf(" %12s", peers[i].name);
    printf("  kaa by\n");
    for (int k = 0; k < row_count; k++) {
        const row *r = &rows[k];
        double by = ratio(r, r->against);

        printf("%-36s", r->name);
        for (int i = 0; i < peer_count; i++)
            if (r->least[i] != 0)
                printf(" %12.1f", r->least[i]);
            else
                printf(" %12s", "-");
        if (by != 0)
            printf("  %s %.2f", r->against, by);
        if (by != 0 && r->target != 0)
            printf(" (goal %.1f%s)", r->target,
                   by <= r->target ? "" : " MISSED");
        putchar('\n');
    }
    for (int what = 0; what < 5; what++) {
        static const char *const names[] = {
            "RSS a live byte, 1,000,000 of 48 B",
            "MiB kept 1.1 s after all freed", "the same, a second time",
            "the same, in random order", "the same, 200,000 of 16-512 B"};

        printf("%-36s", names[what]);
        for (int i = 0; i < peer_count; i++)
            printf(" %12.3f", what == 0   ? kept[i].per_live
                              : what == 1 ? kept[i].kept / 1048576
                              : what == 2 ? kept[i].kept_twice / 1048576
                              : what == 3 ? kept[i].kept_random / 1048576
                                          : kept[i].kept_mixed / 1048576);
        printf("  limit %s\n", what == 0 ? "1.02" : "2");
    }
}

static void
print_json(const memory *kept)
{
    printf("{\"bench\": \"heap\", \"rows\": [");
    for (int k = 0; k < row_count; k++) {
        const row *r = &rows[k];

        printf("%s{\"name\": \"%s\", \"against\": \"%s\", \"ratio\": %.3f, "
               "\"goal\": %.2f, \"least\": {",
               k ? ", " : "", r->name, r->against, ratio(r, r->against),
               r->target);
        for (int i = 0, any = 0; i < peer_count; i++)
            if (r->least[i] != 0)
                printf("%s\"%s\": %.2f", any++ ? ", " : "", peers[i].name,
                       r->least[i]);
        printf("}}");
    }
    printf("], \"memory\": {");
    for (int i = 0; i < peer_count; i++)
        printf("%s\"%s\": {\"rss_per_live_byte\": %.4f, \"bytes_kept\": %.0f, "
               "\"bytes_kept_twice\": %.0f, \"bytes_kept_random\": %.0f, "
               "\"bytes_kept_mixed\": %.0f}",
               i ? ", " : "", peers[i].name, kept[i].per_live, kept[i].kept,
               kept[i].kept_twice, kept[i].kept_random, kept[i].kept_mixed);
    printf("}}\n");
}

/* jemalloc wants more thread-local memory than the loader keeps for dlopen, and
 * says how much only at start. */
static void
start_again_with_room(char **argv)
{
    if (getenv("GLIBC_TUNABLES") == NULL) {
        setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=65536", 1);
        execv("/proc/self/exe", argv);
    }
}

int
main(int argc, char **argv)
{
    memory kept[PEERS_MAX] = {{0, 0, 0, 0, 0}};
    uint64_t state = 12345;
    int rounds;

    start_again_with_room(argv);
    for (int i = 1; i < argc; i++) {
        is_json |= strcmp(argv[i], "--json") == 0;
        is_quick |= strcmp(argv[i], "--quick") == 0;
    }
    slots = malloc(MILLION * sizeof(*slots));
    order = malloc(ORDER * sizeof(*order));
    sizes = malloc(SIZES * sizeof(*sizes));
    if (slots == NULL || order == NULL || sizes == NULL)
        return 1;
    for (uint32_t i = 0; i < ORDER; i++)
        order[i] = (uint32_t)(next_random(&state) % WORKING);
    for (uint32_t i = 0; i < SIZES; i++)
        sizes[i] = (uint16_t)(16 + next_random(&state) % 497);
    add_kaa("kaa");
#ifdef KAA_BENCH_BARE
    add_bare();
#endif
#ifdef KAA_BENCH_NOTHING
    add_nothing();
#endif
    peers[peer_count++] =
        (peer){.name = "glibc", .alloc = malloc, .free = free};
    add_library("mimalloc", "libmimalloc.so.2", "mi_malloc", "mi_free");
    add_library("jemalloc", "libjemalloc.so.2", "malloc", "free");
    add_python();
    rounds = is_quick ? 2 : 30;
    bench_memory(kept);
    bench_small(rounds);
    bench_replace(is_quick ? 1 : rounds / 5);
    bench_whole(is_quick ? 1 : rounds / 3);
    if (is_json)
        print_json(kept);
    else
        print_table(kept);
    return 0;
}
