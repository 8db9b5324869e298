/* runtime.c - runtimes and native instances, beside CPython's in one process.
 *
 *     bench_runtime [--json] [--rounds N] [LIBPYTHON.so]
 *
 * CPython is libpython3.11.so.1.0 or what is named; without one, kaa is
 * measured alone. Instances are of a native type with one or two references:
 * made through the table of a context here, with PyObject_GC_New there, which
 * frees deep structures by its trashcan. Rounds are interleaved, the minimum
 * counts.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#define MILLION 1000000u
#define EMPTY 2000u
#define DEPTH 19 /* a tree of 2^20 - 1 nodes */

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
    fprintf(stderr, "bench_runtime: %s\n", what);
    exit(1);
}

/* What one side can do; `link` gives the reference away. */
typedef struct side {
    void *(*make)(void *user);
    void (*link)(void *user, void *from, int which, void *to);
    void (*drop)(void *user, void *node);
} side;

/* --- kaa */

typedef struct pair {
    kaa_object *slots[2];
} pair;

typedef struct world {
    kaa_runtime *runtime;
    kaa_context *ctx;
    kaa_object *type;
} world;

static const kaa_member kaa_members[] = {
    {"left", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[0]), NULL},
    {"right", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[1]), NULL},
    {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec kaa_spec = {.size = sizeof(kaa_spec),
                                       .name = "Node",
                                       .data_bytes = sizeof(pair),
                                       .members = kaa_members};

static void *
kaa_make(void *user)
{
    world *own = user;

    return kaa_instance_new(own->ctx, own->type);
}

static void
kaa_link(void *user, void *from, int which, void *to)
{
    world *own = user;
    pair *data = kaa_data(own->ctx, from);

    data->slots[which] = to;
}

static void
kaa_drop(void *user, void *node)
{
    kaa_decref(((world *)user)->ctx, node);
}

static const side kaa_side = {kaa_make, kaa_link, kaa_drop};

static void
start_world(world *own)
{
    if (kaa_runtime_create(NULL, &own->runtime, NULL) != KAA_OK ||
        kaa_runtime_attach(own->runtime, NULL, &own->ctx, NULL) != KAA_OK)
        die("no runtime");
    own->type = kaa_type_new(own->ctx, &kaa_spec, NULL, NULL);
    if (own->type == NULL)
        die("no type");
}

static void
end_world(world *own)
{
    kaa_runtime_detach(own->ctx);
    kaa_runtime_destroy(own->runtime, NULL, NULL);
}

/* --- CPython, by name only */

typedef struct py_node {
    intptr_t count; /* of builds with a GIL */
    void *type;
    void *slots[2];
} py_node;

static struct {
    void *library;
    void *(*gc_new)(void *type);
    void (*gc_track)(void *);
    void (*gc_untrack)(void *);
    void (*gc_del)(void *);
    void (*dec_ref)(void *);
    int (*trash_begin)(void *state, void *object);
    void (*trash_end)(void *state);
    void *(*state)(void);
    void *(*from_spec)(void *);
    void (*dealloc)(void *);
    const char *(*version)(void);
    void *type;
} py;

typedef int (*py_visit)(void *, void *);

static int
py_traverse(void *self, py_visit visit, void *arg)
{
    py_node *node = self;

    for (int i = 0; i < 2; i++)
        if (node->slots[i] != NULL) {
            int answer = visit(node->slots[i], arg);

            if (answer != 0)
                return answer;
        }
    return visit(node->type, arg);
}

/* Py_DECREF() as a macro has it. */
static void
py_give_up(void *object)
{
    if (object != NULL && --*(intptr_t *)object == 0)
        py.dealloc(object);
}

static void
py_dealloc(void *self)
{
    py_node *node = self;
    void *type = node->type, *state = py.state();

    py.gc_untrack(self);
    if (py.trash_begin(state, self))
        return;
    py_give_up(node->slots[0]);
    py_give_up(node->slots[1]);
    py.gc_del(self);
    py.dec_ref(type);
    py.trash_end(state);
}

static void *
py_make(void *user)
{
    py_node *node = py.gc_new(py.type);

    (void)user;
    if (node == NULL)
        die("no Python object");
    node->slots[0] = node->slots[1] = NULL;
    py.gc_track(node);
    return node;
}

static void
py_link(void *user, void *from, int which, void *to)
{
    (void)user;
    ((py_node *)from)->slots[which] = to;
}

static void
py_drop(void *user, void *node)
{
    (void)user;
    py_give_up(node);
}

static const side py_side = {py_make, py_link, py_drop};

static void *
symbol(const char *name)
{
    void *address = dlsym(py.library, name);

    if (address == NULL)
        die(dlerror());
    return address;
}

static int
start_python(const char *path)
{
    static struct {
        int slot;
        void *function;
    } slots[3];
    static struct {
        const char *name;
        int basic, item;
        unsigned flags;
        void *slots;
    } spec = {"bench.Node", sizeof(py_node), 0, (1u << 14) /* HAVE_GC */,
              slots};

    py.library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (py.library == NULL || dlsym(py.library, "_PyTrash_begin") == NULL) {
        fprintf(stderr, "bench_runtime: without CPython\n");
        return 0;
    }
    ((void (*)(int))(uintptr_t)symbol("Py_InitializeEx"))(0);
    *(void **)&py.gc_new = symbol("_PyObject_GC_New");
    *(void **)&py.gc_track = symbol("PyObject_GC_Track");
    *(void **)&py.gc_untrack = symbol("PyObject_GC_UnTrack");
    *(void **)&py.gc_del = symbol("PyObject_GC_Del");
    *(void **)&py.dec_ref = symbol("Py_DecRef");
    *(void **)&py.trash_begin = symbol("_PyTrash_begin");
    *(void **)&py.trash_end = symbol("_PyTrash_end");
    *(void **)&py.state = symbol("PyThreadState_Get");
    *(void **)&py.from_spec = symbol("PyType_FromSpec");
    *(void **)&py.dealloc = symbol("_Py_Dealloc");
    *(void **)&py.version = symbol("Py_GetVersion");
    slots[0].slot = 71; /* Py_tp_traverse */
    *(int (**)(void *, py_visit, void *)) & slots[0].function = py_traverse;
    slots[1].slot = 52; /* Py_tp_dealloc */
    *(void (**)(void *)) & slots[1].function = py_dealloc;
    py.type = py.from_spec(&spec);
    if (py.type == NULL)
        die("no Python type");
    return 1;
}

/* --- Rows */

enum row {
    PAIRS,
    CHAIN_BUILD,
    CHAIN_DROP,
    TREE_BUILD,
    TREE_DROP,
    EMPTY_RUNTIME,
    DESTROY,
    SCALING,
    ROWS
};

static const struct {
    const char *name, *unit;
    double goal;
    int is_ratio; /* the goal is a share of CPython's, else absolute */
} rows[ROWS] = {
    {"instance: make and drop, one at a time", "ns", 0.5, 1},
    {"chain of 1,000,000 instances: build", "ns", 0.5, 1},
    {"chain of 1,000,000 instances: drop", "ns", 0.5, 1},
    {"tree of 1,048,575 instances: build", "ns", 0.5, 1},
    {"tree of 1,048,575 instances: drop", "ns", 0.5, 1},
    {"empty runtime: make and destroy", "us", 50, 0},
    {"destroy a runtime with 1,000,000 objects", "ns", 5, 0},
    {"two threads on two runtimes, times one", "x", 1.9, 0},
};

static double best[2][ROWS];

static void
note(int which, enum row row, double value)
{
    int is_better =
        row == SCALING ? value > best[which][row] : value < best[which][row];

    if (best[which][row] == 0 || is_better)
        best[which][row] = value;
}

static void *
chain(const side *s, void *user, uint32_t length)
{
    void *first = s->make(user);

    for (uint32_t i = 1; i < length; i++) {
        void *node = s->make(user);

        s->link(user, node, 0, first);
        first = node;
    }
    return first;
}

static void *
tree(const side *s, void *user, int depth)
{
    void *node = s->make(user);

    if (depth > 0) {
        s->link(user, node, 0, tree(s, user, depth - 1));
        s->link(user, node, 1, tree(s, user, depth - 1));
    }
    return node;
}

static void
bench_instances(const side *s, void *user, int which)
{
    uint64_t start = now_ns();
    void *top;

    for (uint32_t i = 0; i < MILLION; i++)
        s->drop(user, s->make(user));
    note(which, PAIRS, (double)(now_ns() - start) / MILLION);
    start = now_ns();
    top = chain(s, user, MILLION);
    note(which, CHAIN_BUILD, (double)(now_ns() - start) / MILLION);
    start = now_ns();
    s->drop(user, top);
    note(which, CHAIN_DROP, (double)(now_ns() - start) / MILLION);
    start = now_ns();
    top = tree(s, user, DEPTH);
    note(which, TREE_BUILD, (double)(now_ns() - start) / (2u << DEPTH));
    start = now_ns();
    s->drop(user, top);
    note(which, TREE_DROP, (double)(now_ns() - start) / (2u << DEPTH));
}

static void
bench_runtimes(void)
{
    world full;
    uint64_t start = now_ns();

    for (uint32_t i = 0; i < EMPTY; i++) {
        kaa_runtime *runtime;

        if (kaa_runtime_create(NULL, &runtime, NULL) != KAA_OK)
            die("no runtime");
        kaa_runtime_destroy(runtime, NULL, NULL);
    }
    note(0, EMPTY_RUNTIME, (double)(now_ns() - start) / EMPTY / 1000);
    start_world(&full);
    if (chain(&kaa_side, &full, MILLION) == NULL)
        die("no chain");
    start = now_ns();
    end_world(&full);
    note(0, DESTROY, (double)(now_ns() - start) / MILLION);
}

static void *
work(void *unused)
{
    world own;

    (void)unused;
    start_world(&own);
    for (int i = 0; i < 40; i++)
        kaa_drop(&own, chain(&kaa_side, &own, 100000));
    end_world(&own);
    return NULL;
}

static void
bench_scaling(void)
{
    uint64_t start = now_ns(), one, two;
    pthread_t other;

    work(NULL);
    one = now_ns() - start;
    start = now_ns();
    if (pthread_create(&other, NULL, work, NULL) != 0)
        die("no thread");
    work(NULL);
    pthread_join(other, NULL);
    two = now_ns() - start;
    note(0, SCALING, 2.0 * (double)one / (double)two);
}

static void
print_rows(int as_json, int has_python)
{
    if (as_json) {
        for (int i = 0; i < ROWS; i++)
            printf("%s\"%s\": {\"kaa\": %.3f, \"cpython\": %.3f}%s",
                   i == 0 ? "{" : ", ", rows[i].name, best[0][i], best[1][i],
                   i == ROWS - 1 ? "}\n" : "");
        return;
    }
    printf("%-44s %10s %10s %7s %6s\n", "", "kaa", has_python ? "CPython" : "",
           "ratio", "goal");
    for (int i = 0; i < ROWS; i++) {
        printf("%-44s %7.2f %s", rows[i].name, best[0][i], rows[i].unit);
        if (best[1][i] != 0)
            printf(" %7.2f %s %7.2f", best[1][i], rows[i].unit,
                   best[0][i] / best[1][i]);
        else
            printf(" %10s %7s", "", "");
        printf(" %6g\n", rows[i].goal);
    }
}

int
main(int argc, char **argv)
{
    const char *path = "libpython3.11.so.1.0";
    int as_json = 0, rounds = 5, has_python;
    world own;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            as_json = 1;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
        else
            path = argv[i];
    }
    has_python = start_python(path);
    start_world(&own);
    for (int i = 0; i < rounds; i++) {
        bench_instances(&kaa_side, &own, 0);
        if (has_python)
            bench_instances(&py_side, NULL, 1);
        bench_runtimes();
        bench_scaling();
    }
    end_world(&own);
    print_rows(as_json, has_python);
    return 0;
}
