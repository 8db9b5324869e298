/* gil.c - kaa's lock beside CPython's, in one process.
 *
 *     bench_gil [--json] [--rounds N] [LIBPYTHON.so ...]
 *
 * Without arguments the CPythons are those of KAA_TEST_PYTHONS, or python3, as
 * far as they come with a shared library; each is measured in a child process,
 * since a process can start only one. Rounds are interleaved and the minimum
 * counts; where threads share or take turns, the median does.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kaa/gil.h>

#define PAIRS 200000
#define RUN_NS 600000000u
#define SLEEP_NS 1000000
#define ROUNDS_MAX 99

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
die(const char *what)
{
    fprintf(stderr, "bench_gil: %s\n", what);
    exit(1);
}

/* --- CPython, by name only ------------------------------------------------ */

typedef struct python {
    void *library;
    void (*initialize)(int);
    void *(*save)(void);
    void (*restore)(void *);
    int (*ensure)(void);
    void (*let_go)(int);
    int (*run)(const char *, void *);
    const char *(*version)(void);
} python;

static void *
symbol(const python *py, const char *name)
{
    void *address = dlsym(py->library, name);

    if (address == NULL)
        die(dlerror());
    return address;
}

static int
open_python(python *py, const char *path)
{
    py->library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (py->library == NULL) {
        fprintf(stderr, "bench_gil: skipped: %s\n", dlerror());
        return 0;
    }
    *(void **)&py->initialize = symbol(py, "Py_InitializeEx");
    *(void **)&py->save = symbol(py, "PyEval_SaveThread");
    *(void **)&py->restore = symbol(py, "PyEval_RestoreThread");
    *(void **)&py->ensure = symbol(py, "PyGILState_Ensure");
    *(void **)&py->let_go = symbol(py, "PyGILState_Release");
    *(void **)&py->run = symbol(py, "PyRun_SimpleStringFlags");
    *(void **)&py->version = symbol(py, "Py_GetVersion");
    py->initialize(0);
    return 1;
}

/* --- Uncontended pairs ---------------------------------------------------- */

static double
kaa_pairs(kaa_gil_thread *thread)
{
    uint64_t start = now_ns();

    for (int i = 0; i < PAIRS; i++) {
        KAA_BEGIN_ALLOW_THREADS(thread)
        KAA_END_ALLOW_THREADS(thread)
    }
    return (double)(now_ns() - start) / PAIRS;
}

static double
python_pairs(const python *py)
{
    uint64_t start = now_ns();

    for (int i = 0; i < PAIRS; i++)
        py->restore(py->save());
    return (double)(now_ns() - start) / PAIRS;
}

static double
checkpoints(kaa_gil_thread *thread)
{
    uint64_t start = now_ns();

    for (int i = 0; i < PAIRS; i++)
        if (kaa_checkpoint(thread) != 0)
            die("a checkpoint failed");
    return (double)(now_ns() - start) / PAIRS;
}

static kaa_gil *
make_gil(uint32_t flags)
{
    kaa_gil_options options = {.size = sizeof(options), .flags = flags};
    kaa_gil *gil;
    kaa_error err;

    if (kaa_gil_create(&options, &gil, &err) != KAA_OK)
        die(err.message);
    return gil;
}

static kaa_gil_thread *
enter(kaa_gil *gil, const char *name)
{
    kaa_gil_thread *thread;
    kaa_error err;

    if (kaa_gil_attach(gil, name, &thread, &err) != KAA_OK ||
        kaa_gil_acquire(thread, &err) != KAA_OK)
        die(err.message);
    return thread;
}

static void
leave(kaa_gil_thread *thread)
{
    kaa_gil_release(thread, NULL);
    kaa_gil_detach(thread);
}

enum {
    PAIR_KAA,
    PAIR_NONE,
    PAIR_ALL,
    PAIR_FENCE,
    PAIR_PYTHON,
    PAIR_CHECK,
    PAIR_COUNT
};
static const char *const pair_names[] = {
    "kaa",     "kaa, no holds timed", "kaa, every hold timed", "kaa, fence",
    "CPython", "kaa_checkpoint"};

static void
measure_pairs(const python *py, int rounds, double best[PAIR_COUNT])
{
    static const uint32_t flags[] = {0, KAA_GIL_TIME_NONE, KAA_GIL_TIME_ALL,
                                     KAA_GIL_FENCE};
    kaa_gil *gils[4];
    kaa_gil_thread *threads[4];

    for (int i = 0; i < 4; i++) {
        gils[i] = make_gil(flags[i]);
        threads[i] = enter(gils[i], "bench");
    }
    for (int i = 0; i < PAIR_COUNT; i++)
        best[i] = 1e18;
    for (int round = 0; round < rounds * 10; round++)
        for (int i = 0; i < PAIR_COUNT; i++) {
            double ns = i == PAIR_PYTHON  ? python_pairs(py)
                        : i == PAIR_CHECK ? checkpoints(threads[0])
                                          : kaa_pairs(threads[i]);

            if (ns < best[i])
                best[i] = ns;
        }
    for (int i = 0; i < 4; i++) {
        leave(threads[i]);
        kaa_gil_destroy(gils[i]);
    }
}

/* --- Threads that compute, and one that sleeps ---------------------------- */

typedef struct bench_run {
    const python *py; /* NULL: kaa */
    kaa_gil *gil;
    uint64_t end_at;
    uint64_t work[4]; /* steps of each computing thread */
    uint64_t turns;   /* of the sleeping one */
    uint64_t late_ns; /* beyond the sleep, in sum */
} bench_run;

/* About a microsecond, so that a loop of these with checkpoints is like an
 * interpreter's. */
static void
compute_step(void)
{
    volatile uint32_t value = 1;

    for (int i = 0; i < 300; i++)
        value = value * 1664525u + 1013904223u;
}

typedef struct bench_worker {
    bench_run *run;
    int index;
} bench_worker;

static void *
kaa_compute(void *user)
{
    bench_worker *worker = user;
    kaa_gil_thread *thread = enter(worker->run->gil, "compute");
    uint64_t steps = 0;

    while (now_ns() < worker->run->end_at) {
        compute_step();
        kaa_checkpoint(thread);
        steps++;
    }
    worker->run->work[worker->index] = steps;
    leave(thread);
    return NULL;
}

static void
sleep_once(void)
{
    nanosleep(&(struct timespec){0, SLEEP_NS}, NULL);
}

static void *
kaa_sleep(void *user)
{
    bench_worker *worker = user;
    kaa_gil_thread *thread = enter(worker->run->gil, "sleep");
    uint64_t turns = 0, slept_at;

    while ((slept_at = now_ns()) < worker->run->end_at) {
        KAA_BEGIN_ALLOW_THREADS(thread)
        sleep_once();
        KAA_END_ALLOW_THREADS(thread)
        worker->run->late_ns += now_ns() - slept_at - SLEEP_NS;
        turns++;
    }
    worker->run->turns = turns;
    leave(thread);
    return NULL;
}

/* The same pair without any lock: as many turns as the machine allows. */
static void *
free_compute(void *user)
{
    bench_worker *worker = user;

    while (now_ns() < worker->run->end_at)
        compute_step();
    return NULL;
}

static void *
free_sleep(void *user)
{
    bench_worker *worker = user;

    while (now_ns() < worker->run->end_at) {
        sleep_once();
        worker->run->turns++;
    }
    return NULL;
}

static double
free_turns(void)
{
    bench_run run = {.end_at = now_ns() + RUN_NS};
    bench_worker worker = {&run, 0};
    pthread_t threads[2];

    if (pthread_create(&threads[0], NULL, free_compute, &worker) != 0 ||
        pthread_create(&threads[1], NULL, free_sleep, &worker) != 0)
        die("no thread");
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return (double)run.turns * 1e9 / RUN_NS;
}

/* The loop's steps come back by a pointer, since ctypes may be missing. */
static void *
python_compute(void *user)
{
    bench_worker *worker = user;
    char code[400];
    int state = worker->run->py->ensure();
    char path[64] = "/tmp/kaa-bench-XXXXXX";
    int file = mkstemp(path);
    FILE *steps;

    if (file < 0)
        die("no temporary file");
    snprintf(code, sizeof(code),
             "def kaa_bench():\n"
             "    from time import monotonic_ns as now\n"
             "    n = 0\n"
             "    while now() < %llu:\n"
             "        n += 1\n"
             "    open('%s', 'w').write(str(n))\n"
             "kaa_bench()\n",
             (unsigned long long)worker->run->end_at, path);
    if (worker->run->py->run(code, NULL) != 0)
        die("the Python loop failed");
    worker->run->py->let_go(state);
    steps = fdopen(file, "r");
    if (steps == NULL ||
        fscanf(steps, "%llu",
               (unsigned long long *)&worker->run->work[worker->index]) != 1)
        die("the Python loop left no count");
    fclose(steps);
    unlink(path);
    return NULL;
}

static void *
python_sleep(void *user)
{
    bench_worker *worker = user;
    const python *py = worker->run->py;
    int state = py->ensure();
    uint64_t turns = 0, slept_at;

    while ((slept_at = now_ns()) < worker->run->end_at) {
        void *saved = py->save();

        sleep_once();
        py->restore(saved);
        worker->run->late_ns += now_ns() - slept_at - SLEEP_NS;
        turns++;
    }
    worker->run->turns = turns;
    py->let_go(state);
    return NULL;
}

/* Lets `computing` threads and `sleeping` threads go for RUN_NS. */
static void
go(bench_run *run, const python *py, int computing, int sleeping)
{
    pthread_t threads[8];
    bench_worker workers[8];
    int count = computing + sleeping;

    memset(run, 0, sizeof(*run));
    run->py = py;
    if (py == NULL)
        run->gil = make_gil(0);
    run->end_at = now_ns() + RUN_NS;
    for (int i = 0; i < count; i++) {
        void *(*body)(void *) =
            i < computing ? (py != NULL ? python_compute : kaa_compute)
                          : (py != NULL ? python_sleep : kaa_sleep);

        workers[i] = (bench_worker){run, i};
        if (pthread_create(&threads[i], NULL, body, &workers[i]) != 0)
            die("no thread");
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    if (py == NULL)
        kaa_gil_destroy(run->gil);
}

static int
compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double
median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return values[count / 2];
}

typedef struct results {
    double pairs[PAIR_COUNT];
    double share[2];  /* kaa, CPython: the larger share of two, of 0.5 */
    double share3[2]; /* two that compute beside one that sleeps */
    double turns[2];  /* per second */
    double late_us[2];
    double kept[2]; /* work of the computing thread, of its work alone */
    double turns_ratio;
    double turns_free; /* without a lock */
} results;

static double
larger_share(const bench_run *run)
{
    double a = (double)run->work[0], b = (double)run->work[1];

    return (a > b ? a : b) / (a + b);
}

static void
measure_threads(const python *py, int rounds, results *out)
{
    double share[2][ROUNDS_MAX], share3[2][ROUNDS_MAX], turns[2][ROUNDS_MAX];
    double late[2][ROUNDS_MAX], kept[2][ROUNDS_MAX], ratio[ROUNDS_MAX];
    double no_lock[ROUNDS_MAX];
    bench_run run;

    for (int round = 0; round < rounds; round++) {
        for (int which = 0; which < 2; which++) {
            const python *host = which == 0 ? NULL : py;
            double alone;

            go(&run, host, 2, 0);
            share[which][round] = larger_share(&run);
            go(&run, host, 2, 1);
            share3[which][round] = larger_share(&run);
            go(&run, host, 1, 0);
            alone = (double)run.work[0];
            go(&run, host, 1, 1);
            kept[which][round] = (double)run.work[0] / alone;
            turns[which][round] = (double)run.turns * 1e9 / RUN_NS;
            late[which][round] =
                (double)run.late_ns / (double)run.turns / 1000.0;
        }
        ratio[round] = turns[0][round] / turns[1][round];
        no_lock[round] = free_turns();
    }
    for (int which = 0; which < 2; which++) {
        out->share[which] = median(share[which], rounds);
        out->share3[which] = median(share3[which], rounds);
        out->turns[which] = median(turns[which], rounds);
        out->late_us[which] = median(late[which], rounds);
        out->kept[which] = median(kept[which], rounds);
    }
    out->turns_ratio = median(ratio, rounds);
    out->turns_free = median(no_lock, rounds);
}

/* --- Output --------------------------------------------------------------- */

static void
print_text(const python *py, const results *r)
{
    printf("CPython %.20s\n", py->version());
    printf("  uncontended release and acquire, ns (ratio to CPython's)\n");
    for (int i = 0; i < PAIR_COUNT; i++)
        printf("    %-24s %6.1f   %.2f\n", pair_names[i], r->pairs[i],
               r->pairs[i] / r->pairs[PAIR_PYTHON]);
    printf("  statistics: %.2f of the time without\n",
           r->pairs[PAIR_KAA] / r->pairs[PAIR_NONE]);
    printf("  %-44s %8s %8s\n", "", "kaa", "CPython");
    printf("  %-44s %8.4f %8.4f\n", "larger share of two that compute",
           r->share[0], r->share[1]);
    printf("  %-44s %8.4f %8.4f\n", "the same beside one that sleeps 1 ms",
           r->share3[0], r->share3[1]);
    printf("  %-44s %8.0f %8.0f   %.1f times\n",
           "turns/s, sleeps 1 ms beside one that computes", r->turns[0],
           r->turns[1], r->turns_ratio);
    printf("  %-44s %8.0f\n", "  as many as there would be without a lock",
           r->turns_free);
    printf("  %-44s %8.0f %8.0f\n", "  late beyond its sleep, us",
           r->late_us[0], r->late_us[1]);
    printf("  %-44s %8.3f %8.3f\n", "  work of the other, of its work alone",
           r->kept[0], r->kept[1]);
}

static void
print_json(const python *py, const results *r)
{
    printf("{\"bench\": \"gil\", \"python\": \"%.8s\"", py->version());
    printf(", \"pair_ns\": {");
    for (int i = 0; i < PAIR_COUNT; i++)
        printf("%s\"%s\": %.2f", i > 0 ? ", " : "", pair_names[i], r->pairs[i]);
    printf("}, \"pair_ratio\": %.3f, \"statistics_ratio\": %.3f",
           r->pairs[PAIR_KAA] / r->pairs[PAIR_PYTHON],
           r->pairs[PAIR_KAA] / r->pairs[PAIR_NONE]);
    printf(", \"larger_share\": [%.4f, %.4f], \"larger_share_beside_sleeper\": "
           "[%.4f, %.4f]",
           r->share[0], r->share[1], r->share3[0], r->share3[1]);
    printf(", \"sleeper_turns_per_s\": [%.1f, %.1f], \"sleeper_ratio\": %.2f",
           r->turns[0], r->turns[1], r->turns_ratio);
    printf(
        ", \"sleeper_late_us\": [%.1f, %.1f], \"work_kept\": [%.4f, %.4f]}\n",
        r->late_us[0], r->late_us[1], r->kept[0], r->kept[1]);
}

static void
bench(const char *path, int rounds, int is_json)
{
    python py = {0};
    results r;
    void *saved;

    if (!open_python(&py, path))
        return;
    measure_pairs(&py, rounds, r.pairs);
    saved = py.save();
    measure_threads(&py, rounds, &r);
    py.restore(saved);
    if (is_json)
        print_json(&py, &r);
    else
        print_text(&py, &r);
    fflush(stdout);
}

static void
bench_in_child(const char *path, int rounds, int is_json)
{
    pid_t child = fork();

    if (child == 0) {
        bench(path, rounds, is_json);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

/* The shared library of an interpreter, asked of itself. */
static int
find_library(const char *interpreter, char *path, size_t size)
{
    char command[1200];
    FILE *answer;

    snprintf(command, sizeof(command),
             "'%s' -c \"import sysconfig as s, os; v = s.get_config_var; "
             "print(os.path.join(v('LIBDIR') or '', v('INSTSONAME') or ''))\" "
             "2>/dev/null",
             interpreter);
    answer = popen(command, "r");
    if (answer == NULL)
        return 0;
    path[0] = '\0';
    if (fgets(path, (int)size, answer) != NULL)
        path[strcspn(path, "\n")] = '\0';
    pclose(answer);
    return strstr(path, ".so") != NULL && access(path, R_OK) == 0;
}

int
main(int argc, char **argv)
{
    int rounds = 5, is_json = 0, count = 0;
    char path[1024], *list, *interpreter;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            is_json = 1;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
        else
            count++;
    }
    if (rounds < 1 || rounds > ROUNDS_MAX)
        die("--rounds takes 1 to 99");
    for (int i = 1; i < argc && count > 0; i++) {
        if (strcmp(argv[i], "--rounds") == 0)
            i++;
        else if (argv[i][0] != '-')
            bench_in_child(argv[i], rounds, is_json);
    }
    if (count > 0)
        return 0;
    list =
        strdup(getenv("KAA_TEST_PYTHONS") != NULL ? getenv("KAA_TEST_PYTHONS")
                                                  : "python3");
    for (interpreter = strtok(list, " :;,"); interpreter != NULL;
         interpreter = strtok(NULL, " :;,")) {
        if (find_library(interpreter, path, sizeof(path)))
            bench_in_child(path, rounds, is_json);
        else
            fprintf(stderr, "bench_gil: skipped: %s has no shared library\n",
                    interpreter);
    }
    free(list);
    return 0;
}
