/* bench/kjson.c - the module kjson on the native context, beside CPython's json
 * and Jansson, in one process.
 *
 *     bench_kjson [--json] [--quick]
 *
 * A document of 10 MB is read into objects and dropped, and written again.
 * CPython is a libpython opened by dlopen: that of `python3`, or the file in
 * KAA_BENCH_LIBPYTHON. Rounds are interleaved and the least time counts; memory
 * is what a child's resident set has grown by when the document is read, one
 * peer each. A peer that is not here is named and left out.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kaa/context.h>
#include <kaa/runtime.h>

#define PEERS 3

/* What each peer does. A value is its own kind of pointer. */
typedef struct peer {
    const char *name;
    int (*open)(void); /* 0: not here */
    void *(*text)(const char *text, size_t size);
    void *(*load)(void *text);
    void *(*dump)(void *value); /* may be NULL */
    void (*drop)(void *value);
    double load_ns, drop_ns, dump_ns, bytes;
    int is_here;
    void *document;
} peer;

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- The document */

typedef struct writer {
    char *text;
    size_t size;
    uint64_t random;
} writer;

static uint64_t
below(writer *w, uint64_t limit)
{
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (w->random * UINT64_C(2685821657736338717) >> 11) % limit;
}

static double
between(writer *w, double low, double high)
{
    return low + (high - low) * (double)below(w, 1u << 30) / (1u << 30);
}

#define PUT(w, ...)                                                            \
    ((w)->size += (size_t)sprintf((w)->text + (w)->size, __VA_ARGS__))

/* A record, as an interface might send it; below 2,000 bytes. */
static void
put_record(writer *w, unsigned number)
{
    static const char *const words[] = {"alpha", "gamma delta", "\xc3\x89ole",
                                        "a sentence of some words", "x\\ny"};

    PUT(w, "{\"id\": %u, \"name\": \"user%u\", ", number,
        (unsigned)below(w, 1000000));
    PUT(w, "\"email\": \"user%u@example.org\", \"active\": %s, ",
        (unsigned)below(w, 1000000), below(w, 2) ? "true" : "false");
    PUT(w, "\"score\": %.16g, \"ratio\": %.3f, \"tags\": [", between(w, 1, 100),
        between(w, 0, 1));
    for (uint64_t i = below(w, 5), n = i; i > 0; i--)
        PUT(w, "%s\"%s\"", i == n ? "" : ", ", words[below(w, 5)]);
    PUT(w,
        "], \"address\": {\"street\": \"%u Main Street\", \"city\": \"%s\", ",
        (unsigned)below(w, 999), words[below(w, 5)]);
    PUT(w, "\"location\": [%.6f, %.6f]}, \"parent\": null, \"history\": [",
        between(w, -180, 180), between(w, -90, 90));
    for (uint64_t i = below(w, 8), n = i; i > 0; i--)
        PUT(w, "%s%u", i == n ? "" : ", ", (unsigned)below(w, 1000000000));
    PUT(w, "]}");
}

static void
write_document(writer *w, size_t wanted)
{
    unsigned count = 0;

    w->text = malloc(wanted + 4096);
    w->random = 8259;
    if (w->text == NULL)
        abort();
    PUT(w, "[");
    while (w->size < wanted) {
        if (count != 0)
            PUT(w, ", ");
        put_record(w, count++);
    }
    PUT(w, "]");
}

/* ---- kaa */

static kaa_context *ctx;
static kaa_object *kaa_loads, *kaa_dumps;

static int
open_kaa(void)
{
    kaa_runtime *runtime = NULL;
    kaa_object *module;
    kaa_error err = {0};

    if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
        kaa_runtime_attach(runtime, "bench", &ctx, &err) != KAA_OK) {
        fprintf(stderr, "bench_kjson: %s\n", err.message);
        exit(1);
    }
    module = kaa_import(ctx, KAA_BENCH_MODULES "/kjson.kaa.so");
    if (module == NULL) {
        kaa_error_print(ctx);
        exit(1);
    }
    kaa_loads = kaa_get_attr_text(ctx, module, "loads");
    kaa_dumps = kaa_get_attr_text(ctx, module, "dumps");
    return kaa_loads != NULL && kaa_dumps != NULL;
}

static void *
text_kaa(const char *text, size_t size)
{
    return kaa_str_from_utf8(ctx, text, size);
}

static void *
load_kaa(void *text)
{
    kaa_object *argument = text;

    return kaa_call(ctx, kaa_loads, &argument, 1, NULL);
}

static void *
dump_kaa(void *value)
{
    kaa_object *argument = value;

    return kaa_call(ctx, kaa_dumps, &argument, 1, NULL);
}

static void
drop_kaa(void *value)
{
    kaa_decref(ctx, value);
}

/* ---- CPython */

static struct {
    void (*initialize)(int);
    void *(*import)(const char *);
    void *(*get)(void *, const char *);
    void *(*call)(void *, ...);
    void *(*str)(const char *, ptrdiff_t);
    void (*decref)(void *);
    void *loads, *dumps;
} python;

/* A symbol as a function; dlsym gives an object pointer. */
static int
find(void *library, const char *name, void *out_function)
{
    void *symbol = dlsym(library, name);

    memcpy(out_function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

/* Where python3 has its library. */
static void *
open_libpython(void)
{
    static const char command[] =
        "python3 -c \"import sysconfig as s; print(s.get_config_var('LIBDIR') "
        "+ '/' + s.get_config_var('INSTSONAME'))\" 2>/dev/null";
    const char *given = getenv("KAA_BENCH_LIBPYTHON");
    char path[4096] = "";
    FILE *pipe;

    if (given != NULL)
        return dlopen(given, RTLD_NOW | RTLD_GLOBAL);
    pipe = popen(command, "r");
    if (pipe == NULL)
        return NULL;
    if (fgets(path, sizeof(path), pipe) != NULL)
        path[strcspn(path, "\n")] = '\0';
    pclose(pipe);
    return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
}

static int
open_python(void)
{
    void *library = open_libpython();
    void *module;

    if (library == NULL ||
        !find(library, "Py_InitializeEx", &python.initialize) ||
        !find(library, "PyImport_ImportModule", &python.import) ||
        !find(library, "PyObject_GetAttrString", &python.get) ||
        !find(library, "PyObject_CallFunctionObjArgs", &python.call) ||
        !find(library, "PyUnicode_FromStringAndSize", &python.str) ||
        !find(library, "Py_DecRef", &python.decref))
        return 0;
    python.initialize(0);
    module = python.import("json");
    if (module == NULL)
        return 0;
    python.loads = python.get(module, "loads");
    python.dumps = python.get(module, "dumps");
    return python.loads != NULL && python.dumps != NULL;
}

static void *
text_python(const char *text, size_t size)
{
    return python.str(text, (ptrdiff_t)size);
}

static void *
load_python(void *text)
{
    return python.call(python.loads, text, (void *)NULL);
}

static void *
dump_python(void *value)
{
    return python.call(python.dumps, value, (void *)NULL);
}

static void
drop_python(void *value)
{
    python.decref(value);
}

/* ---- Jansson */

/* The beginning of its json_t, whose count its header's inlines change. */
typedef struct jansson_value {
    int type;
    volatile size_t refcount;
} jansson_value;

static struct {
    void *(*load)(const char *, size_t, size_t, void *);
    char *(*dump)(const void *, size_t);
    void (*delete)(void *);
    size_t size;
} jansson;

static int
open_jansson(void)
{
    void *library = dlopen("libjansson.so.4", RTLD_NOW);

    return library != NULL && find(library, "json_loadb", &jansson.load) &&
           find(library, "json_dumps", &jansson.dump) &&
           find(library, "json_delete", &jansson.delete);
}

static void *
text_jansson(const char *text, size_t size)
{
    jansson.size = size;
    return strdup(text);
}

static void *
load_jansson(void *text)
{
    return jansson.load(text, jansson.size, 0, NULL);
}

static void
drop_jansson(void *value)
{
    jansson_value *root = value;

    if (--root->refcount == 0)
        jansson.delete(root);
}

/* ---- Measuring */

static peer peers[PEERS] = {
    {.name = "kaa",
     .open = open_kaa,
     .text = text_kaa,
     .load = load_kaa,
     .dump = dump_kaa,
     .drop = drop_kaa},
    {.name = "CPython's json",
     .open = open_python,
     .text = text_python,
     .load = load_python,
     .dump = dump_python,
     .drop = drop_python},
    {.name = "Jansson",
     .open = open_jansson,
     .text = text_jansson,
     .load = load_jansson,
     .drop = drop_jansson},
};

static double
resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0, resident = 0;

    if (file != NULL && fscanf(file, "%lu %lu", &pages, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* What a document costs in memory, in a child. */
static double
measure_memory(peer *p, const writer *w)
{
    double bytes = 0;
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0)
        return 0;
    child = fork();
    if (child == 0) {
        void *text = p->open() ? p->text(w->text, w->size) : NULL;

        if (text != NULL) {
            p->drop == drop_jansson ? (void)0
                                    : p->drop(p->load(p->text("1", 1)));
            bytes = -resident_bytes();
            if (p->load(text) != NULL)
                bytes += resident_bytes();
        }
        _exit(write(ends[1], &bytes, sizeof(bytes)) != sizeof(bytes));
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &bytes, sizeof(bytes)) != sizeof(bytes))
        bytes = 0;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return bytes;
}

static void
keep_least(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

static void
measure_round(peer *p)
{
    double start = now_ns();
    void *value = p->load(p->document);
    double loaded = now_ns();

    if (value == NULL) {
        fprintf(stderr, "bench_kjson: %s failed\n", p->name);
        exit(1);
    }
    keep_least(&p->load_ns, loaded - start);
    if (p->dump != NULL) {
        void *text;

        start = now_ns();
        text = p->dump(value);
        keep_least(&p->dump_ns, now_ns() - start);
        p->drop(text);
    }
    start = now_ns();
    p->drop(value);
    keep_least(&p->drop_ns, now_ns() - start);
}

static void
print_row(const char *title, double scale, size_t offset)
{
    double base = 0;

    printf("%-22s", title);
    for (int i = 0; i < PEERS; i++) {
        double value;

        memcpy(&value, (const char *)&peers[i] + offset, sizeof(value));
        if (i == 0)
            base = value;
        if (value == 0)
            printf("%20s", "-");
        else
            printf("%12.2f (%4.2f)", value / scale, base / value);
    }
    printf("\n");
}

static void
print_table(size_t size)
{
    printf("%.1f MB, (kaa's share of it)", (double)size / 1e6);
    printf("\n%-22s", "");
    for (int i = 0; i < PEERS; i++)
        printf("%20s", peers[i].name);
    printf("\n");
    print_row("load, ms", 1e6, offsetof(peer, load_ns));
    print_row("drop, ms", 1e6, offsetof(peer, drop_ns));
    print_row("dump, ms", 1e6, offsetof(peer, dump_ns));
    print_row("memory, bytes a byte", (double)size, offsetof(peer, bytes));
}

static void
print_json(size_t size)
{
    printf("{\"bytes\": %zu, \"peers\": {", size);
    for (int i = 0; i < PEERS; i++)
        if (peers[i].is_here)
            printf("%s\"%s\": {\"load_ns\": %.0f, \"drop_ns\": %.0f, "
                   "\"dump_ns\": %.0f, \"memory_bytes\": %.0f}",
                   i == 0 ? "" : ", ", peers[i].name, peers[i].load_ns,
                   peers[i].drop_ns, peers[i].dump_ns, peers[i].bytes);
    printf("}}\n");
}

int
main(int argc, char **argv)
{
    writer w = {NULL, 0, 0};
    int is_json = 0, rounds = 15;

    for (int i = 1; i < argc; i++) {
        is_json |= strcmp(argv[i], "--json") == 0;
        if (strcmp(argv[i], "--quick") == 0)
            rounds = 3;
    }
    write_document(&w, 10000000);
    for (int i = 0; i < PEERS; i++)
        peers[i].bytes = measure_memory(&peers[i], &w);
    for (int i = 0; i < PEERS; i++) {
        peers[i].is_here = peers[i].open();
        if (peers[i].is_here)
            peers[i].document = peers[i].text(w.text, w.size);
        else
            fprintf(stderr, "bench_kjson: no %s here\n", peers[i].name);
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < PEERS; i++)
            if (peers[i].is_here)
                measure_round(&peers[i]);
    if (is_json)
        print_json(w.size);
    else
        print_table(w.size);
    return 0;
}
