/* objects.c - kaa's objects beside those of others, in one process.
 *
 *     bench_objects [--json] [--rounds N] [LIBPYTHON.so]
 *
 * Peers are opened by dlopen: CPython (libpython3.11.so.1.0 or what is named),
 * GLib, Jansson, Lua; one that is not installed is named and left out. kaa is
 * used as a module uses it, through the table of its context. Rounds are
 * interleaved and the least time counts; memory is the growth of the resident
 * set, at its peak, in a process of its own for each peer and work. Collectors
 * are off: they have a bench of their own.
 *
 * All runs in a thread with much stack, since CPython's deallocation of a long
 * chain recurses.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#include "objects.h"

#define SIDES_MAX 6
#define STACK_BYTES ((size_t)1 << 31)

char keys[MILLION][16];
uint32_t key_sizes[MILLION];
uint32_t order[MILLION];

static side sides[SIDES_MAX];
static int side_count;

typedef enum phase {
    LIST_COLD,
    LIST_WARM,
    LIST_DROP,
    DICT_BUILD,
    DICT_FIND,
    DICT_DROP,
    TREE_BUILD,
    TREE_DROP,
    CHAIN_BUILD,
    CHAIN_DROP,
    PHASES
} phase;

static const struct {
    const char *name;
    double goal; /* of the ratio to CPython; 0: none */
} rows[] = {
    {"list of ints: build, fresh memory", 0.2},
    {"list of ints: build again", 0.2},
    {"list of ints: drop", 0.2},
    {"dict of str: build", 0.5},
    {"dict of str: find by text, at random", 0.5},
    {"dict of str: drop", 0},
    {"tree of instances: build", 0.5},
    {"tree of instances: drop", 0.5},
    {"chain of instances: build", 0.5},
    {"chain of instances: drop", 0.5},
};

static const char *const works[] = {"list", "dict", "tree", "chain"};
#define WORKS 4

static double least[SIDES_MAX][PHASES];
static double memory[SIDES_MAX][WORKS];

void
die(const char *what)
{
    fprintf(stderr, "bench_objects: %s\n", what);
    exit(1);
}

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* --- kaa ------------------------------------------------------------------ */

typedef struct pair {
    kaa_object *slots[2];
} pair;

static kaa_runtime *runtime;
static kaa_context *ctx;
static kaa_object *list, *dict, *root, *types[2];

static const kaa_member members[] = {
    {"left", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[0]), NULL},
    {"right", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[1]), NULL},
    {NULL, 0, 0, 0, NULL}};
static const kaa_member single_members[] = {
    {"next", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[0]), NULL},
    {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec specs[] = {{.size = sizeof(kaa_type_spec),
                                       .name = "Pair",
                                       .data_bytes = sizeof(pair),
                                       .members = members},
                                      {.size = sizeof(kaa_type_spec),
                                       .name = "Single",
                                       .data_bytes = sizeof(kaa_object *),
                                       .members = single_members}};

static void
list_build(void)
{
    list = kaa_list_new(ctx, 0);
    for (uint32_t i = 0; i < MILLION; i++)
        if (kaa_list_append(ctx, list, kaa_int(ctx, i)) != 0)
            die("kaa_list_append");
}

static void
list_drop(void)
{
    kaa_decref(ctx, list);
}

static void
dict_build(void)
{
    dict = kaa_dict_new(ctx);
    for (uint32_t i = 0; i < MILLION; i++)
        if (kaa_dict_set_text(ctx, dict, keys[i], key_sizes[i],
                              kaa_int(ctx, i)) != 0)
            die("kaa_dict_set_text");
}

static uint64_t
dict_find(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MILLION; i++) {
        const char *key = keys[order[i]];
        kaa_object *value;
        int64_t number = 0;

        if (kaa_dict_find_text(ctx, dict, key, strlen(key), &value) != 1 ||
            kaa_int_as_int64(ctx, value, &number) != 0)
            die("kaa_dict_find_text");
        kaa_decref(ctx, value);
        sum += (uint64_t)number;
    }
    return sum;
}

static void
dict_drop(void)
{
    kaa_decref(ctx, dict);
}

static kaa_object *
make_tree(int depth)
{
    kaa_object *node = kaa_instance_new(ctx, types[0]);
    pair *data = kaa_data(ctx, node);

    if (depth > 0) {
        data->slots[0] = make_tree(depth - 1);
        data->slots[1] = make_tree(depth - 1);
    }
    return node;
}

static void
tree_build(void)
{
    root = make_tree(TREE_DEPTH);
}

static void
chain_build(void)
{
    kaa_object *last = NULL;

    for (uint32_t i = 0; i < MILLION; i++) {
        kaa_object *node = kaa_instance_new(ctx, types[1]);

        ((pair *)kaa_data(ctx, node))->slots[0] = last;
        last = node;
    }
    root = last;
}

static void
root_drop(void)
{
    kaa_decref(ctx, root);
}

static void
make_runtime(void)
{
    kaa_error err = {0};

    if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "bench", &ctx, &err) != KAA_OK)
        die(err.message);
    kaa_gc_enable(ctx, 0);
    for (int i = 0; i < 2; i++) {
        types[i] = kaa_type_new(ctx, &specs[i], NULL, NULL);
        if (types[i] == NULL)
            die("kaa_type_new");
    }
}

static void
end_runtime(void)
{
    for (int i = 0; i < 2; i++)
        kaa_decref(ctx, types[i]);
    kaa_runtime_detach(ctx);
    if (kaa_runtime_destroy(runtime, NULL, NULL) != KAA_OK)
        die("kaa_runtime_destroy");
}

static void
start_kaa(side *out)
{
    make_runtime();
    *out = (side){"kaa",     list_build, list_drop, dict_build,  dict_find,
                  dict_drop, tree_build, root_drop, chain_build, root_drop};
}

/* --- Time ----------------------------------------------------------------- */

static void
note(int who, phase what, double start, uint32_t count)
{
    double each = (now_ns() - start) / count;

    if (least[who][what] == 0 || each < least[who][what])
        least[who][what] = each;
}

static void
run(int who, phase what, void (*work)(void), uint32_t count)
{
    double start = now_ns();

    work();
    note(who, what, start, count);
}

static void
round_of(int who, int round)
{
    const side *s = &sides[who];
    double start;

    if (s->list_build != NULL) {
        run(who, round == 0 ? LIST_COLD : LIST_WARM, s->list_build, MILLION);
        run(who, LIST_DROP, s->list_drop, MILLION);
    }
    if (s->dict_build != NULL) {
        run(who, DICT_BUILD, s->dict_build, MILLION);
        start = now_ns();
        if (s->dict_find() == 0)
            die("nothing was found");
        note(who, DICT_FIND, start, MILLION);
        run(who, DICT_DROP, s->dict_drop, MILLION);
    }
    /* Twice: the heap may have given memory back while others ran. */
    for (int i = 0; i < 2 && s->tree_build != NULL; i++) {
        run(who, TREE_BUILD, s->tree_build, TREE_NODES);
        run(who, TREE_DROP, s->tree_drop, TREE_NODES);
        run(who, CHAIN_BUILD, s->chain_build, MILLION);
        run(who, CHAIN_DROP, s->chain_drop, MILLION);
    }
}

/* --- Memory --------------------------------------------------------------- */

static long
read_status(const char *field)
{
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");
    long kibibytes = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kibibytes = strtol(line + strlen(field), NULL, 10);
    if (file != NULL)
        fclose(file);
    return kibibytes;
}

/* Growth of the resident set at its peak, in bytes for each element. */
static double
peak_of(void (*build)(void), uint32_t count)
{
    int file = open("/proc/self/clear_refs", O_WRONLY);
    long before = read_status("VmRSS:");

    if (file < 0 || write(file, "5", 1) != 1)
        return 0;
    close(file);
    build();
    return (double)(read_status("VmHWM:") - before) * 1024.0 / count;
}

static void
print_memory(const side *s, const char *work)
{
    void (*build)(void) = strcmp(work, "list") == 0   ? s->list_build
                          : strcmp(work, "dict") == 0 ? s->dict_build
                          : strcmp(work, "tree") == 0 ? s->tree_build
                                                      : s->chain_build;

    if (build != NULL)
        printf("%.2f\n",
               peak_of(build, build == s->tree_build ? TREE_NODES : MILLION));
    fflush(stdout);
    _exit(0);
}

static void
measure_memory(const char *program, const char *python, int who)
{
    for (int i = 0; i < WORKS; i++) {
        char command[4096], line[64];
        FILE *pipe;

        snprintf(command, sizeof(command), "'%s' --memory %s %s '%s'", program,
                 sides[who].name, works[i], python);
        pipe = popen(command, "r");
        if (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL)
            memory[who][i] = strtod(line, NULL);
        if (pipe != NULL)
            pclose(pipe);
    }
}

/* --- Runtimes ------------------------------------------------------------- */

static double empty_us, end_ns, scale;

static void
bench_runtimes(void)
{
    for (int i = 0; i < 200; i++) {
        kaa_runtime *fresh = NULL;
        double start = now_ns(), took;

        if (kaa_runtime_create(NULL, &fresh, NULL) != KAA_OK)
            die("kaa_runtime_create");
        kaa_runtime_destroy(fresh, NULL, NULL);
        took = (now_ns() - start) / 1000;
        if (empty_us == 0 || took < empty_us)
            empty_us = took;
    }
    for (int i = 0; i < 5; i++) {
        kaa_runtime *kept = runtime;
        kaa_context *kept_ctx = ctx;
        kaa_object *kept_types[2] = {types[0], types[1]};
        double start, took;

        kaa_runtime_detach(ctx);
        make_runtime();
        tree_build();
        start = now_ns();
        end_runtime(); /* the tree is still held */
        took = (now_ns() - start) / TREE_NODES;
        if (end_ns == 0 || took < end_ns)
            end_ns = took;
        runtime = kept;
        if (kaa_runtime_attach(runtime, "bench", &ctx, NULL) != KAA_OK)
            die("kaa_runtime_attach");
        (void)kept_ctx;
        types[0] = kept_types[0];
        types[1] = kept_types[1];
    }
}

/* A runtime of its own, in which lists of lists are made and dropped. */
static void *
run_alone(void *user)
{
    kaa_runtime *own = NULL;
    kaa_context *own_ctx = NULL;

    (void)user;
    if (kaa_runtime_create(NULL, &own, NULL) != KAA_OK ||
        kaa_runtime_attach(own, "alone", &own_ctx, NULL) != KAA_OK)
        die("kaa_runtime_create");
    for (int i = 0; i < 3000; i++) {
        kaa_object *outer = kaa_list_new(own_ctx, 0);

        for (int j = 0; j < 1000; j++)
            if (kaa_list_take_append(own_ctx, outer,
                                     kaa_list_new(own_ctx, 0)) != 0)
                die("kaa_list_take_append");
        kaa_decref(own_ctx, outer);
    }
    kaa_runtime_detach(own_ctx);
    kaa_runtime_destroy(own, NULL, NULL);
    return NULL;
}

static double
run_threads(int count)
{
    pthread_t threads[2];
    double start = now_ns();

    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, run_alone, NULL) != 0)
            die("pthread_create");
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return now_ns() - start;
}

static void
bench_threads(void)
{
    double one = 0, two = 0;

    for (int i = 0; i < 5; i++) {
        double took = run_threads(1);

        if (one == 0 || took < one)
            one = took;
        took = run_threads(2);
        if (two == 0 || took < two)
            two = took;
    }
    scale = 2 * one / two;
}

/* --- Results -------------------------------------------------------------- */

static void
print_row(const char *name, const double *values, size_t step, const char *unit,
          double goal, int is_json, int is_first)
{
    int python = side_count > 1 && strcmp(sides[1].name, "CPython") == 0;
    double ratio = python && values[step] > 0 ? values[0] / values[step] : 0;

    if (is_json)
        printf("%s{\"name\": \"%s\", \"unit\": \"%s\"", is_first ? "" : ", ",
               name, unit);
    else
        printf("%-40s", name);
    for (int i = 0; i < side_count; i++) {
        if (is_json)
            printf(", \"%s\": %.2f", sides[i].name, values[(size_t)i * step]);
        else
            printf(" %9.1f", values[(size_t)i * step]);
    }
    if (is_json)
        printf(", \"ratio\": %.3f, \"goal\": %.2f}", ratio, goal);
    else
        printf("  %-5s %.2f%s\n", unit, ratio,
               goal == 0      ? ""
               : ratio > goal ? " MISSED"
                              : "");
}

static void
print(int is_json)
{
    if (is_json) {
        printf("{\"bench\": \"objects\", \"rows\": [");
    } else {
        printf("%-40s", "each element");
        for (int i = 0; i < side_count; i++)
            printf(" %9s", sides[i].name);
        printf("  unit  ratio to CPython\n");
    }
    for (int i = 0; i < PHASES; i++)
        print_row(rows[i].name, &least[0][i], PHASES, "ns", rows[i].goal,
                  is_json, i == 0);
    for (int i = 0; i < WORKS; i++) {
        char name[64];

        snprintf(name, sizeof(name), "%s: peak", works[i]);
        print_row(name, &memory[0][i], WORKS, "bytes", 2.0 / 3, is_json, 0);
    }
    if (is_json)
        printf("], \"empty_runtime_us\": %.2f, \"runtime_end_ns\": %.2f, "
               "\"two_threads\": %.2f}\n",
               empty_us, end_ns, scale);
    else
        printf("an empty runtime made and ended: %.1f us (goal 50)\n"
               "a runtime with a million instances ended: %.2f ns each "
               "(goal 5)\n"
               "two threads on two runtimes: %.2f times one (goal 1.9)\n",
               empty_us, end_ns, scale);
}

typedef struct arguments {
    int count;
    char **values;
} arguments;

static void *
bench_main(void *user)
{
    arguments *given = user;
    const char *python = "libpython3.11.so.1.0", *who = NULL, *work = NULL;
    int is_json = 0, rounds = 5;
    uint64_t state = 88172645463325252u;

    for (int i = 1; i < given->count; i++) {
        if (strcmp(given->values[i], "--json") == 0) {
            is_json = 1;
        } else if (strcmp(given->values[i], "--rounds") == 0 &&
                   i + 1 < given->count) {
            rounds = atoi(given->values[++i]);
        } else if (strcmp(given->values[i], "--memory") == 0 &&
                   i + 2 < given->count) {
            who = given->values[++i];
            work = given->values[++i];
        } else {
            python = given->values[i];
        }
    }
    for (uint32_t i = 0; i < MILLION; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order[i] = (uint32_t)(state % MILLION);
        key_sizes[i] = (uint32_t)snprintf(keys[i], sizeof(keys[i]), "key%u", i);
    }
    start_kaa(&sides[side_count++]);
    side_count += start_python(python, &sides[side_count]);
    side_count += start_glib(&sides[side_count]);
    side_count += start_jansson(&sides[side_count]);
    side_count += start_lua(&sides[side_count]);
    for (int i = 0; i < side_count && who != NULL; i++)
        if (strcmp(sides[i].name, who) == 0)
            print_memory(&sides[i], work);
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < side_count; i++)
            round_of(i, round);
    for (int i = 0; i < side_count; i++)
        measure_memory(given->values[0], python, i);
    bench_runtimes();
    bench_threads();
    print(is_json);
    end_runtime();
    return NULL;
}

int
main(int argc, char **argv)
{
    arguments given = {argc, argv};
    pthread_attr_t attributes;
    pthread_t thread = {0};

    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, bench_main, &given) != 0)
        die("no thread with so much stack");
    pthread_join(thread, NULL);
    return 0;
}
