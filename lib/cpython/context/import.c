/* cpython/context/import.c - extension modules as modules of the host.
 *
 * A module is one of types.ModuleType with a PyModuleDef, as the host's own
 * extension modules are, so the host keeps its state, and its collector looks
 * into it. The PyModuleDef is made once a definition and interpreter; behind
 * it stands what kaa knows of the two.
 */
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"
#include "module/module.h"

#include "cpython/context/context.h"
#include "cpython/host/thread.h"

typedef struct host_module {
    host_module_def host;
    kaa_cpython__module_record *record;
    host_type_slot own_slots[3];
} host_module;

enum { SLOT_INTERPRETERS = 3, SLOT_GIL = 4 };
#define OWN_GIL_SUPPORTED ((void *)2)
#define GIL_NOT_USED ((void *)1)

static host_module *
behind_base(void *definition)
{
    return (host_module *)(void *)kaa_cpython__behind_base(definition);
}

/* ---- state */

static int traverse_state(PyObject *module, host_visit visit, void *user);

kaa_cpython__module_record *
kaa_cpython__record_of_module(PyObject *module)
{
    void *definition;
    host_module *found;

    if (!is_kind_of(module, PY(PyModule_Type)))
        return NULL;
    definition = PY(PyModule_GetDef)(module);
    if (definition == NULL)
        return NULL;
    found = behind_base(definition);
    return found->host.traverse == traverse_state ? found->record : NULL;
}

PyObject *
kaa_cpython__lock_of(kaa_context *ctx, PyObject *module)
{
    kaa_cpython__module_record *record =
        module != NULL ? kaa_cpython__record_of_module(module) : NULL;

    return record != NULL ? record->lock : own_of(ctx)->lock;
}

typedef struct visitor {
    host_visit visit;
    void *user;
} visitor;

static int
traverse_state(PyObject *module, host_visit visit, void *user)
{
    kaa_cpython__module_record *record = kaa_cpython__record_of_module(module);
    void *state = PY(PyModule_GetState)(module);
    kaa_visit visit_object;

    if (record == NULL || record->whole.traverse == NULL || state == NULL)
        return 0;
    memcpy(&visit_object, &visit, sizeof(visit)); /* the same function */
    return record->whole.traverse(state, visit_object, user);
}

static int
clear_state(PyObject *module)
{
    kaa_cpython__module_record *record = kaa_cpython__record_of_module(module);
    void *state = PY(PyModule_GetState)(module);

    if (record != NULL && record->whole.clear != NULL && state != NULL)
        record->whole.clear(&record->ctx->open, state);
    return 0;
}

static void
free_state(void *object)
{
    PyObject *module = object;
    kaa_cpython__module_record *record = kaa_cpython__record_of_module(module);
    void *state = PY(PyModule_GetState)(module);

    if (record == NULL || state == NULL)
        return;
    if (record->whole.clear != NULL)
        record->whole.clear(&record->ctx->open, state);
    if (record->whole.destroy != NULL)
        record->whole.destroy(&record->ctx->open, state);
}

/* ---- records */

static void
fill_definition(kaa_cpython__module_record *record)
{
    host_module *made = behind_base(record->host_definition);
    uint32_t version = record->ctx->host->version;
    int count = 0;

    made->host.name = record->whole.name;
    made->host.state_bytes = (ssize_t)record->whole.state_bytes;
    made->host.traverse = traverse_state;
    made->host.clear = clear_state;
    made->host.free = free_state;
    made->record = record;
    made->host.slots = made->own_slots;
    if (version >= 0x030c)
        made->own_slots[count++] =
            (host_type_slot){SLOT_INTERPRETERS, OWN_GIL_SUPPORTED};
    if (version >= 0x030d)
        made->own_slots[count++] = (host_type_slot){SLOT_GIL, GIL_NOT_USED};
}

static void
free_record(kaa_cpython__module_record *record)
{
    xdecref(record->lock);
    kaa_base__free(record->host_definition);
    kaa_base__free(record);
}

static kaa_cpython__module_record *
find_record(kaa_cpython__context *own, const kaa_module_def *definition)
{
    kaa_cpython__module_record *record = own->modules;

    while (record != NULL && record->definition != definition)
        record = record->next;
    return record;
}

static kaa_cpython__module_record *
make_record(kaa_cpython__context *own, const kaa_module_def *definition)
{
    kaa_cpython__module_record *record =
        kaa_base__alloc_zeroed(sizeof(*record));

    if (record == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    record->ctx = own;
    record->definition = definition;
    kaa_module__read(definition, &record->whole);
    record->host_definition = kaa_base__alloc_zeroed(
        kaa_cpython__module_def_base() + sizeof(host_module));
    if (record->host_definition == NULL) {
        PY(PyErr_NoMemory)();
        free_record(record);
        return NULL;
    }
    fill_definition(record);
    if (own->host->is_free_threaded &&
        !(record->whole.flags & KAA_MODULE_NO_GIL)) {
        record->lock =
            PY(PyObject_CallObject)(own->builtins[KAA_OBJECT_TYPE], NULL);
        if (record->lock == NULL) {
            free_record(record);
            return NULL;
        }
    }
    if (PY(PyModuleDef_Init)(record->host_definition) == NULL) {
        free_record(record);
        return NULL;
    }
    record->next = own->modules;
    own->modules = record;
    return record;
}

/* Must stay the only one that adds; on free-threaded builds two threads may
 * import at once. */
static kaa_cpython__module_record *
record_for(kaa_cpython__context *own, const kaa_module_def *definition)
{
    kaa_cpython__section section;
    kaa_cpython__module_record *record;

    begin_section(&section, own->lock);
    record = find_record(own, definition);
    if (record == NULL)
        record = make_record(own, definition);
    end_section(&section);
    return record;
}

/* ---- modules of a record */

/* Whether the module of a weak reference lives; a new reference in *out. */
static int
lives(kaa_context *ctx, PyObject *weak, kaa_object **out)
{
    if (kaa_cpython__slot_weakref_get(ctx, as_kaa(weak), out) == 1)
        return 1;
    PY(PyErr_Clear)();
    return 0;
}

/* Drops what is gone, and `module`, if that is not NULL. */
static void
forget(kaa_cpython__module_record *record, PyObject *module)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->made_count; i++) {
        kaa_cpython__made made = record->made[i];
        kaa_object *found = NULL;
        int stays = lives(&record->ctx->open, made.weak, &found) &&
                    as_host(found) != module;

        if (found != NULL)
            kaa_decref(&record->ctx->open, found);
        if (stays)
            record->made[kept++] = made;
        else
            PY(Py_DecRef)(made.weak);
    }
    record->made_count = kept;
}

static void
mark_filled(kaa_cpython__module_record *record, PyObject *module)
{
    for (size_t i = 0; i < record->made_count; i++) {
        kaa_object *found = NULL;

        if (!lives(&record->ctx->open, record->made[i].weak, &found))
            continue;
        if (as_host(found) == module)
            record->made[i].is_filled = 1;
        kaa_decref(&record->ctx->open, found);
    }
}

static int
remember(kaa_cpython__module_record *record, PyObject *module)
{
    PyObject *weak = PY(PyWeakref_NewRef)(module, NULL);
    kaa_cpython__made *more;

    if (weak == NULL)
        return -1;
    forget(record, NULL);
    more = kaa_base__realloc_array(record->made, record->made_count + 1,
                                   sizeof(*more));
    if (more == NULL) {
        PY(Py_DecRef)(weak);
        PY(PyErr_NoMemory)();
        return -1;
    }
    record->made = more;
    record->made[record->made_count++] = (kaa_cpython__made){weak, 0};
    return 0;
}

/* ---- import */

static PyObject *
new_module(kaa_cpython__module_record *record, PyObject *spec)
{
    PyObject *module = PY(PyModule_FromDefAndSpec2)(record->host_definition,
                                                    spec, HOST_API_VERSION);
    kaa_cpython__section section;
    int result;

    if (module == NULL)
        return NULL;
    /* Makes the state, and nothing else. */
    result = PY(PyModule_ExecDef)(module, record->host_definition);
    if (result == 0) {
        begin_section(&section, record->ctx->lock);
        result = remember(record, module);
        end_section(&section);
    }
    if (result == 0)
        return module;
    PY(Py_DecRef)(module);
    return NULL;
}

void *
kaa_cpython_module_create(kaa_cpython *host, const char *path, void *spec)
{
    kaa_context *ctx = kaa_cpython_context(host);
    const kaa_module_def *definition = NULL;
    kaa_cpython__module_record *record;
    kaa_error err = {0};

    if (ctx == NULL)
        return NULL;
    if (kaa_checked__open(path, NULL, &definition, &err) != KAA_OK) {
        kaa_module__raise(ctx, &err);
        return NULL;
    }
    record = record_for(own_of(ctx), definition);
    return record != NULL ? new_module(record, spec) : NULL;
}

/* What this thread is filling: see module_find. */
typedef struct filling {
    struct filling *outer;
    PyObject *module;
} filling;

static KAA_CPYTHON__TLS filling *fillings;

PyObject *
kaa_cpython__module_in_work(void)
{
    return fillings != NULL ? fillings->module : NULL;
}

static int
fill(kaa_cpython__module_record *record, PyObject *module)
{
    const kaa_module__maker maker = {.new_typed = kaa_cpython__new_typed};
    filling own = {fillings, module};
    kaa_cpython__section section;
    int result;

    fillings = &own;
    begin_section(&section, record->lock);
    result = kaa_module__fill(&record->ctx->open, &maker, record->definition,
                              as_kaa(module));
    end_section(&section);
    fillings = own.outer;
    return result;
}

int
kaa_cpython_module_exec(kaa_cpython *host, void *module)
{
    kaa_context *ctx = kaa_cpython_context(host);
    kaa_cpython__module_record *record;
    kaa_cpython__section section;
    int result;

    if (ctx == NULL)
        return -1;
    record = kaa_cpython__record_of_module(module);
    if (record == NULL) {
        kaa_cpython__raise(PY(PyExc_TypeError), "this is no module of kaa's");
        return -1;
    }
    result = fill(record, module);
    if (result == 0) {
        begin_section(&section, record->ctx->lock);
        mark_filled(record, module);
        end_section(&section);
    } else {
        PyObject *pending[3];

        PY(PyErr_Fetch)(&pending[0], &pending[1], &pending[2]);
        begin_section(&section, record->ctx->lock);
        forget(record, module);
        end_section(&section);
        PY(PyErr_Restore)(pending[0], pending[1], pending[2]);
    }
    return result;
}

/* ---- slots */

kaa_object *
kaa_cpython__slot_module_new(kaa_context *ctx, const char *name)
{
    (void)ctx;
    return as_kaa(PY(PyModule_New)(name));
}

void *
kaa_cpython__slot_module_state(kaa_context *ctx, kaa_object *module)
{
    kaa_cpython__module_record *record =
        kaa_cpython__record_of_module(as_host(module));

    (void)ctx;
    if (record == NULL) {
        must_be(as_host(module), PY(PyModule_Type), "a module");
        return NULL;
    }
    if (record->whole.state_bytes == 0)
        return NULL;
    return PY(PyModule_GetState)(as_host(module));
}

static kaa_object *
find_made(kaa_context *ctx, const kaa_cpython__module_record *record,
          int is_filled)
{
    kaa_object *module = NULL;

    for (size_t i = record->made_count; i > 0; i--)
        if (record->made[i - 1].is_filled >= is_filled &&
            lives(ctx, record->made[i - 1].weak, &module))
            return module;
    return NULL;
}

/* The one that this thread is filling; or the one made last that lives, but
 * one that another thread is filling has no state to use yet. */
kaa_object *
kaa_cpython__slot_module_find(kaa_context *ctx,
                              const kaa_module_def *definition)
{
    kaa_cpython__section section;
    kaa_cpython__module_record *record;
    kaa_object *module = NULL;

    begin_section(&section, own_of(ctx)->lock);
    record = find_record(own_of(ctx), definition);
    for (const filling *own = fillings; own != NULL && module == NULL;
         own = own->outer)
        if (kaa_cpython__record_of_module(own->module) == record)
            module = as_kaa(new_ref(own->module));
    if (module == NULL && record != NULL)
        module = find_made(ctx, record, 1);
    if (module == NULL && record != NULL)
        module = find_made(ctx, record, 0);
    end_section(&section);
    if (module == NULL)
        kaa_cpython__raise(PY(PyExc_ImportError),
                           "module %s is not imported here", definition->name);
    return module;
}

/* A path goes to kaa's own importer, which is written in Python. */
kaa_object *
kaa_cpython__slot_import(kaa_context *ctx, const char *name)
{
    PyObject *kaa, *path, *import, *module = NULL;

    (void)ctx;
    if (strchr(name, '/') == NULL)
        return as_kaa(PY(PyImport_ImportModule)(name));
    kaa = PY(PyImport_ImportModule)("kaa.importer");
    if (kaa == NULL)
        return NULL;
    import = PY(PyObject_GetAttrString)(kaa, "import_module");
    path = PY(PyUnicode_DecodeFSDefault)(name);
    if (import != NULL && path != NULL)
        module = PY(PyObject_CallFunctionObjArgs)(import, path, NULL);
    xdecref(import);
    xdecref(path);
    PY(Py_DecRef)(kaa);
    return as_kaa(module);
}
