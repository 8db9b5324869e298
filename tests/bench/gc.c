/* gc.c - kaa's cycle collector beside CPython's, in one process.
 *
 *     bench_gc [--json] [--rounds N] [LIBPYTHON.so]
 *
 * CPython is libpython3.11.so.1.0 or what is named; without one, kaa is
 * measured alone. Both sides do the same with the same shape of objects:
 * instances of a native type with two references, made through the table of a
 * context here and with PyObject_GC_New there. Rounds are interleaved and the
 * minimum counts; of waits the least of the rounds' longest.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <kaa/gc.h>
#include <kaa/runtime.h>

#define MILLION 1000000u
#define CHURN 3000000u
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
    fprintf(stderr, "bench_gc: %s\n", what);
    exit(1);
}

/* What one side can do. A `node` is a reference. */
typedef struct side {
    const char *name;
    void *(*make)(void);
    void (*link)(void *from, int which, void *to); /* takes a reference */
    void (*drop)(void *node);
    size_t (*collect)(void);
    void (*automatic)(int on);
    uint64_t (*held)(void); /* bytes that live nodes have, or 0 */
    /* Of a ring: CPython's deallocation of instances recurses, and would end
     * the process; that of lists does not. */
    void *(*make_ring)(void);
    void (*link_ring)(void *from, int which, void *to);
} side;

static void *nodes[MILLION];
static uint32_t order[MILLION];

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* --- kaa ------------------------------------------------------------------ */

typedef struct pair {
    kaa_object *slots[2];
} pair;

static kaa_runtime *runtime;
static kaa_context *ctx;
static kaa_object *kaa_type;

static const kaa_member kaa_members[] = {
    {"left", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[0]), NULL},
    {"right", KAA_MEMBER_OBJECT, 0, offsetof(pair, slots[1]), NULL},
    {NULL, 0, 0, 0, NULL}};
static const kaa_type_spec kaa_spec = {.size = sizeof(kaa_spec),
                                       .name = "Node",
                                       .data_bytes = sizeof(pair),
                                       .members = kaa_members};

static void *
kaa_make(void)
{
    return kaa_instance_new(ctx, kaa_type);
}

static void
kaa_link(void *from, int which, void *to)
{
    pair *data = kaa_data(ctx, from);

    data->slots[which] = kaa_incref(ctx, to);
}

static void
kaa_drop(void *node)
{
    kaa_decref(ctx, node);
}

static size_t
kaa_collect_all(void)
{
    return (size_t)kaa_collect(ctx);
}

static void
kaa_automatic(int on)
{
    (void)kaa_gc_enable(ctx, on);
}

static uint64_t
kaa_held(void)
{
    kaa_heap_statistics stats = {.size = sizeof(stats)};

    if (kaa_heap_read_statistics(kaa_runtime_heap(runtime), &stats, NULL) !=
        KAA_OK)
        return 0;
    return stats.bytes_in_pages;
}

static void
start_kaa(void)
{
    if (kaa_runtime_create(NULL, &runtime, NULL) != KAA_OK ||
        kaa_runtime_attach(runtime, NULL, &ctx, NULL) != KAA_OK)
        die("no runtime");
    kaa_type = kaa_type_new(ctx, &kaa_spec, NULL, NULL);
    if (kaa_type == NULL)
        die("no type");
}

/* --- CPython, by name only ------------------------------------------------ */

typedef struct py_object py_object;
typedef struct py_node {
    intptr_t count; /* of builds with a GIL */
    void *type;
    py_object *slots[2];
} py_node;

static struct {
    void *library;
    void *(*gc_new)(void *type);
    void (*gc_track)(void *);
    void (*gc_untrack)(void *);
    void (*gc_del)(void *);
    void (*dec_ref)(void *);
    void (*inc_ref)(void *);
    void *(*list_new)(ptrdiff_t);
    int (*list_set)(void *, ptrdiff_t, void *);
    ptrdiff_t (*gc_collect)(void);
    int (*gc_enable)(void);
    int (*gc_disable)(void);
    void *(*from_spec)(void *);
    const char *(*version)(void);
    void *type;
} py;

typedef int (*py_visit)(void *, void *);

static int
py_traverse(void *self, py_visit visit, void *arg)
{
    py_node *node = self;
    int answer;

    for (int i = 0; i < 2; i++)
        if (node->slots[i] != NULL) {
            answer = visit(node->slots[i], arg);
            if (answer != 0)
                return answer;
        }
    return visit(node->type, arg);
}

static int
py_clear(void *self)
{
    py_node *node = self;

    for (int i = 0; i < 2; i++) {
        void *old = node->slots[i];

        node->slots[i] = NULL;
        if (old != NULL)
            py.dec_ref(old);
    }
    return 0;
}

static void
py_dealloc(void *self)
{
    void *type = ((py_node *)self)->type;

    py.gc_untrack(self);
    py_clear(self);
    py.gc_del(self);
    py.dec_ref(type);
}

static void *
py_make(void)
{
    py_node *node = py.gc_new(py.type);

    if (node == NULL)
        die("no Python object");
    node->slots[0] = node->slots[1] = NULL;
    py.gc_track(node);
    return node;
}

static void
py_link(void *from, int which, void *to)
{
    ++*(intptr_t *)to; /* Py_INCREF() as a macro does it */
    ((py_node *)from)->slots[which] = to;
}

static void *
py_make_ring(void)
{
    void *list = py.list_new(2);

    if (list == NULL)
        die("no Python list");
    return list;
}

static void
py_link_ring(void *from, int which, void *to)
{
    py.inc_ref(to);
    py.list_set(from, which, to);
}

static void
py_drop(void *node)
{
    py.dec_ref(node);
}

/* It does nothing while the collector is off. */
static size_t
py_collect(void)
{
    int was_on = py.gc_enable();
    size_t collected = (size_t)py.gc_collect();

    if (!was_on)
        py.gc_disable();
    return collected;
}

static void
py_automatic(int on)
{
    if (on)
        py.gc_enable();
    else
        py.gc_disable();
}

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
    } slots[4];
    static struct {
        const char *name;
        int basic, item;
        unsigned flags;
        void *slots;
    } spec = {"bench.Node", sizeof(py_node), 0, (1u << 14) /* HAVE_GC */,
              slots};

    py.library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (py.library == NULL) {
        fprintf(stderr, "bench_gc: without CPython: %s\n", dlerror());
        return 0;
    }
    ((void (*)(int))(uintptr_t)symbol("Py_InitializeEx"))(0);
    *(void **)&py.gc_new = symbol("_PyObject_GC_New");
    *(void **)&py.gc_track = symbol("PyObject_GC_Track");
    *(void **)&py.gc_untrack = symbol("PyObject_GC_UnTrack");
    *(void **)&py.gc_del = symbol("PyObject_GC_Del");
    *(void **)&py.dec_ref = symbol("Py_DecRef");
    *(void **)&py.inc_ref = symbol("Py_IncRef");
    *(void **)&py.list_new = symbol("PyList_New");
    *(void **)&py.list_set = symbol("PyList_SetItem");
    *(void **)&py.gc_collect = symbol("PyGC_Collect");
    *(void **)&py.gc_enable = symbol("PyGC_Enable");
    *(void **)&py.gc_disable = symbol("PyGC_Disable");
    *(void **)&py.from_spec = symbol("PyType_FromSpec");
    *(void **)&py.version = symbol("Py_GetVersion");
    slots[0].slot = 71; /* Py_tp_traverse */
    *(int (**)(void *, py_visit, void *)) & slots[0].function = py_traverse;
    slots[1].slot = 51; /* Py_tp_clear */
    *(int (**)(void *)) & slots[1].function = py_clear;
    slots[2].slot = 52; /* Py_tp_dealloc */
    *(void (**)(void *)) & slots[2].function = py_dealloc;
    py.type = py.from_spec(&spec);
    if (py.type == NULL)
        die("no Python type");
    return 1;
}

/* --- The rows ------------------------------------------------------------- */

enum row {
    LIVE_NEAR,
    LIVE_RANDOM,
    GARBAGE_PAIRS,
    COLLECT_PAIRS,
    GARBAGE_RING,
    COLLECT_RING,
    GROWTH,
    GROWTH_WAIT,
    CHURN_TIME,
    CHURN_WAIT,
    ROWS
};

static const struct {
    const char *name, *unit;
    double goal; /* of CPython's */
} rows[ROWS] = {
    {"full collection, 1,000,000 live, near", "ns", 0.5},
    {"full collection, 1,000,000 live, random", "ns", 0.4},
    {"garbage in pairs: make and collect", "ns", 0.4},
    {"  of that, the collection", "ns", 0.4},
    {"garbage in one ring: make and collect", "ns", 0.4},
    {"  of that, the collection", "ns", 0.4},
    {"growing to 1,000,000 live, collector on", "ns", 0.4},
    {"  its longest wait", "us", 0},
    {"churn of cycles beside 1,000,000 live", "ns", 0.7},
    {"  its longest wait", "us", 0},
};

static double least[2][ROWS];
static double churn_held; /* kaa's, bytes beyond what lives */

static void
note(int which, enum row row, double value)
{
    if (least[which][row] == 0 || value < least[which][row])
        least[which][row] = value;
}

static void
build(const side *s, int is_random)
{
    for (uint32_t i = 0; i < MILLION; i++)
        nodes[i] = s->make();
    for (uint32_t i = 0; i < MILLION; i++) {
        s->link(nodes[i], 0, nodes[is_random ? order[i] : (i + 1) % MILLION]);
        s->link(nodes[i], 1,
                nodes[is_random ? order[(i + 7) % MILLION]
                                : (i + MILLION - 1) % MILLION]);
    }
}

/* Held by their links alone; freed by the collector. The last first: CPython
 * cannot free a long chain from its end. */
static void
let_all_go(const side *s)
{
    for (uint32_t i = MILLION; i-- > 0;)
        s->drop(nodes[i]);
    s->collect();
}

static void
bench_live(const side *s, int which, int is_random)
{
    uint64_t start;

    build(s, is_random);
    s->collect();
    start = now_ns();
    s->collect();
    note(which, is_random ? LIVE_RANDOM : LIVE_NEAR,
         (double)(now_ns() - start) / MILLION);
    let_all_go(s);
}

static void
bench_garbage(const side *s, int which)
{
    uint64_t start = now_ns(), middle;
    void *first, *last;

    for (uint32_t i = 0; i < MILLION; i += 2) {
        void *a = s->make(), *b = s->make();

        s->link(a, 0, b);
        s->link(b, 0, a);
        s->drop(a);
        s->drop(b);
    }
    middle = now_ns();
    if (s->collect() < MILLION)
        die(which == 0 ? "kaa left pairs" : "CPython left pairs");
    note(which, GARBAGE_PAIRS, (double)(now_ns() - start) / MILLION);
    note(which, COLLECT_PAIRS, (double)(now_ns() - middle) / MILLION);
    start = now_ns();
    first = last = s->make_ring();
    for (uint32_t i = 1; i < MILLION; i++) {
        void *node = s->make_ring();

        s->link_ring(node, 0, last);
        if (last != first)
            s->drop(last);
        last = node;
    }
    s->link_ring(first, 0, last);
    s->drop(last);
    s->drop(first);
    middle = now_ns();
    if (s->collect() < MILLION)
        die(which == 0 ? "kaa left the ring" : "CPython left the ring");
    note(which, GARBAGE_RING, (double)(now_ns() - start) / MILLION);
    note(which, COLLECT_RING, (double)(now_ns() - middle) / MILLION);
}

static void
bench_growth(const side *s, int which)
{
    uint64_t start, longest = 0, before, after, held, most = 0;

    s->automatic(1);
    start = before = now_ns();
    for (uint32_t i = 0; i < MILLION; i++) {
        nodes[i] = s->make();
        if (i != 0)
            s->link(nodes[i], 0, nodes[i - 1]);
        if (i % 16 != 0)
            continue; /* the clock takes longer than an object */
        after = now_ns();
        if (after - before > longest)
            longest = after - before;
        before = after;
    }
    note(which, GROWTH, (double)(now_ns() - start) / MILLION);
    note(which, GROWTH_WAIT, (double)longest / 1000);
    held = s->held();
    longest = 0;
    start = before = now_ns();
    for (uint32_t i = 0; i < CHURN; i += 2) {
        void *a = s->make(), *b = s->make();

        s->link(a, 0, b);
        s->link(b, 0, a);
        s->drop(a);
        s->drop(b);
        if (i % 16 != 0)
            continue;
        after = now_ns();
        if (after - before > longest)
            longest = after - before;
        before = after;
        if (which == 0 && i % 1024 == 0) {
            uint64_t now = s->held();

            most = now > most ? now : most;
            before = now_ns();
        }
    }
    note(which, CHURN_TIME, (double)(now_ns() - start) / CHURN);
    note(which, CHURN_WAIT, (double)longest / 1000);
    if (which == 0 && most - held > (uint64_t)churn_held)
        churn_held = (double)(most - held);
    s->automatic(0);
    let_all_go(s);
}

static uint64_t
py_held(void)
{
    return 0;
}

/* --- Output --------------------------------------------------------------- */

static void
print(int is_json, int has_python)
{
    if (is_json)
        printf("{\"bench\": \"gc\", \"python\": \"%.8s\", \"rows\": [",
               has_python ? py.version() : "");
    else
        printf("%-44s %10s %10s  ratio\n", "each object", "kaa",
               has_python ? "CPython" : "-");
    for (int i = 0; i < ROWS; i++) {
        double ratio = has_python ? least[0][i] / least[1][i] : 0;

        if (is_json)
            printf("%s{\"name\": \"%s\", \"unit\": \"%s\", \"kaa\": %.2f, "
                   "\"python\": %.2f, \"ratio\": %.3f, \"goal\": %.2f}",
                   i ? ", " : "", rows[i].name, rows[i].unit, least[0][i],
                   least[1][i], ratio, rows[i].goal);
        else
            printf("%-44s %7.1f %s %7.1f %s  %.2f%s\n", rows[i].name,
                   least[0][i], rows[i].unit, least[1][i], rows[i].unit, ratio,
                   rows[i].goal == 0      ? ""
                   : ratio > rows[i].goal ? " MISSED"
                                          : "");
    }
    if (is_json)
        printf("], \"growth_wait_goal_us\": 1000, \"churn_held_bytes\": %.0f, "
               "\"churn_held_goal\": 8388608}\n",
               churn_held);
    else
        printf("%-44s %7.2f MiB (goal 8)\n", "churn: most held beside the live",
               churn_held / 1048576);
}

int
main(int argc, char **argv)
{
    static side sides[2] = {
        {"kaa", kaa_make, kaa_link, kaa_drop, kaa_collect_all, kaa_automatic,
         kaa_held, kaa_make, kaa_link},
        {"CPython", py_make, py_link, py_drop, py_collect, py_automatic,
         py_held, py_make_ring, py_link_ring}};
    const char *path = "libpython3.11.so.1.0";
    uint64_t state = 88172645463325252u;
    int is_json = 0, rounds = 5, count;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            is_json = 1;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
        else
            path = argv[i];
    }
    if (rounds < 1 || rounds > ROUNDS_MAX)
        die("--rounds 1 to 99");
    for (uint32_t i = 0; i < MILLION; i++)
        order[i] = (uint32_t)(next_random(&state) % MILLION);
    start_kaa();
    count = 1 + start_python(path);
    for (int i = 0; i < count; i++)
        sides[i].automatic(0);
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            bench_live(&sides[i], i, 0);
            bench_live(&sides[i], i, 1);
            bench_garbage(&sides[i], i);
            bench_growth(&sides[i], i);
        }
    print(is_json, count == 2);
    kaa_decref(ctx, kaa_type);
    kaa_runtime_detach(ctx);
    return kaa_runtime_destroy(runtime, NULL, NULL) != KAA_OK;
}
