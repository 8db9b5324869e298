/* objects_python.c - CPython's C API, found by dlopen, for bench_objects.
 *
 * Instances are of types made by PyType_FromSpec, written as CPython's
 * documentation has it, with the header of its objects (16 bytes).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "objects.h"

typedef struct host_object {
    intptr_t count;
    void *type;
} host_object;

typedef struct pair {
    host_object header;
    void *slots[2];
} pair;

typedef struct slot {
    int number;
    void *function;
} slot;

typedef struct spec {
    const char *name;
    int bytes;
    int item_bytes;
    unsigned flags;
    slot *slots;
} spec;

/* Numbers of slots and flags, of CPython's stable ABI. */
#define TP_CLEAR 51
#define TP_DEALLOC 52
#define TP_TRAVERSE 71
#define FLAGS_DEFAULT (1u << 18)
#define FLAGS_HAVE_GC (1u << 14)

static struct {
    void (*Initialize)(int);
    void *(*List_New)(ptrdiff_t);
    int (*List_Append)(void *, void *);
    void *(*Long_FromLong)(long);
    long (*Long_AsLong)(void *);
    void *(*Unicode_FromStringAndSize)(const char *, ptrdiff_t);
    void *(*Dict_New)(void);
    int (*Dict_SetItem)(void *, void *, void *);
    void *(*Dict_GetItemString)(void *, const char *);
    void *(*Type_FromSpec)(spec *);
    void *(*Type_GenericAlloc)(void *, ptrdiff_t);
    void (*GC_UnTrack)(void *);
    void (*GC_Del)(void *);
    void (*IncRef)(void *);
    void (*DecRef)(void *);
    ptrdiff_t (*GC_Disable)(void);
} py;

static void *list, *dict, *root, *types[2];

/* As the inline Py_INCREF and Py_DECREF of an extension do. */
static void
take(void *object)
{
    py.IncRef(object);
}

static void
give(void *object)
{
    if (object != NULL)
        py.DecRef(object);
}

/* --- The type of pairs ---------------------------------------------------- */

typedef int (*visit_function)(void *, void *);

static int
pair_traverse(void *self, visit_function visit, void *arg)
{
    pair *own = self;

    for (int i = 0; i < 2; i++) {
        int result = own->slots[i] == NULL ? 0 : visit(own->slots[i], arg);

        if (result != 0)
            return result;
    }
    return visit(own->header.type, arg);
}

static int
pair_clear(void *self)
{
    pair *own = self;

    for (int i = 0; i < 2; i++) {
        void *old = own->slots[i];

        own->slots[i] = NULL;
        give(old);
    }
    return 0;
}

static void
pair_dealloc(void *self)
{
    void *type = ((host_object *)self)->type;

    py.GC_UnTrack(self);
    pair_clear(self);
    py.GC_Del(self);
    give(type);
}

static int
single_traverse(void *self, visit_function visit, void *arg)
{
    pair *own = self;
    int result = own->slots[0] == NULL ? 0 : visit(own->slots[0], arg);

    return result != 0 ? result : visit(own->header.type, arg);
}

static int
single_clear(void *self)
{
    pair *own = self;
    void *old = own->slots[0];

    own->slots[0] = NULL;
    give(old);
    return 0;
}

static void
single_dealloc(void *self)
{
    void *type = ((host_object *)self)->type;

    py.GC_UnTrack(self);
    single_clear(self);
    py.GC_Del(self);
    give(type);
}

/* --- Work ----------------------------------------------------------------- */

static void
list_build(void)
{
    list = py.List_New(0);
    for (uint32_t i = 0; i < MILLION; i++) {
        void *item = py.Long_FromLong((long)i);

        if (py.List_Append(list, item) != 0)
            die("PyList_Append");
        give(item);
    }
}

static void
list_drop(void)
{
    give(list);
}

static void
dict_build(void)
{
    dict = py.Dict_New();
    for (uint32_t i = 0; i < MILLION; i++) {
        void *key = py.Unicode_FromStringAndSize(keys[i], key_sizes[i]);
        void *value = py.Long_FromLong((long)i);

        if (py.Dict_SetItem(dict, key, value) != 0)
            die("PyDict_SetItem");
        give(key);
        give(value);
    }
}

static uint64_t
dict_find(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MILLION; i++)
        sum += (uint64_t)py.Long_AsLong(
            py.Dict_GetItemString(dict, keys[order[i]]));
    return sum;
}

static void
dict_drop(void)
{
    give(dict);
}

static void *
make_tree(int depth)
{
    pair *node = py.Type_GenericAlloc(types[0], 0);

    if (depth > 0) {
        node->slots[0] = make_tree(depth - 1);
        node->slots[1] = make_tree(depth - 1);
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
    void *last = NULL;

    for (uint32_t i = 0; i < MILLION; i++) {
        pair *node = py.Type_GenericAlloc(types[1], 0);

        node->slots[0] = last;
        last = node;
    }
    root = last;
}

static void
root_drop(void)
{
    give(root);
}

/* --- Starting ------------------------------------------------------------- */

static void
find(void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL)
        die(name);
    memcpy(out, &symbol, sizeof(symbol));
}

static void *
function(void (*pointer)(void))
{
    void *result;

    memcpy(&result, &pointer, sizeof(result));
    return result;
}

#define FUNCTION(name) function((void (*)(void))name)

int
start_python(const char *path, side *out)
{
    static slot pair_slots[] = {{0, NULL}, {0, NULL}, {0, NULL}, {0, NULL}};
    static slot single_slots[] = {{0, NULL}, {0, NULL}, {0, NULL}, {0, NULL}};
    static spec pair_spec = {"bench.Pair", sizeof(pair), 0,
                             FLAGS_DEFAULT | FLAGS_HAVE_GC, pair_slots};
    static spec single_spec = {"bench.Single", sizeof(pair) - sizeof(void *), 0,
                               FLAGS_DEFAULT | FLAGS_HAVE_GC, single_slots};
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);

    if (library == NULL) {
        fprintf(stderr, "bench_objects: no CPython: %s\n", dlerror());
        return 0;
    }
    find(library, "Py_InitializeEx", &py.Initialize);
    find(library, "PyList_New", &py.List_New);
    find(library, "PyList_Append", &py.List_Append);
    find(library, "PyLong_FromLong", &py.Long_FromLong);
    find(library, "PyLong_AsLong", &py.Long_AsLong);
    find(library, "PyUnicode_FromStringAndSize", &py.Unicode_FromStringAndSize);
    find(library, "PyDict_New", &py.Dict_New);
    find(library, "PyDict_SetItem", &py.Dict_SetItem);
    find(library, "PyDict_GetItemString", &py.Dict_GetItemString);
    find(library, "PyType_FromSpec", &py.Type_FromSpec);
    find(library, "PyType_GenericAlloc", &py.Type_GenericAlloc);
    find(library, "PyObject_GC_UnTrack", &py.GC_UnTrack);
    find(library, "PyObject_GC_Del", &py.GC_Del);
    find(library, "Py_IncRef", &py.IncRef);
    find(library, "Py_DecRef", &py.DecRef);
    find(library, "PyGC_Disable", &py.GC_Disable);
    py.Initialize(0);
    py.GC_Disable();
    pair_slots[0] = (slot){TP_TRAVERSE, FUNCTION(pair_traverse)};
    pair_slots[1] = (slot){TP_CLEAR, FUNCTION(pair_clear)};
    pair_slots[2] = (slot){TP_DEALLOC, FUNCTION(pair_dealloc)};
    single_slots[0] = (slot){TP_TRAVERSE, FUNCTION(single_traverse)};
    single_slots[1] = (slot){TP_CLEAR, FUNCTION(single_clear)};
    single_slots[2] = (slot){TP_DEALLOC, FUNCTION(single_dealloc)};
    types[0] = py.Type_FromSpec(&pair_spec);
    types[1] = py.Type_FromSpec(&single_spec);
    if (types[0] == NULL || types[1] == NULL)
        die("PyType_FromSpec");
    take(types[0]);
    *out = (side){"CPython", list_build, list_drop, dict_build,  dict_find,
                  dict_drop, tree_build, root_drop, chain_build, root_drop};
    return 1;
}
