/* cpython/context/context.c - making the context of an interpreter. */
#include "cpython/context/context.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static const kaa_api table = {
    .size = sizeof(kaa_api),
#define KAA_SLOT(result, name, parameters, arguments)                          \
    .name = kaa_cpython__slot_##name,
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    .name = kaa_cpython__slot_##name,
#define KAA_BARE_SLOT(result, name, parameters)                                \
    .name = kaa_cpython__slot_##name,
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
};

/* What the builtins module does not have under its name. */
static PyObject *
unlisted(int id)
{
    switch (id) {
    case KAA_FUNCTION_TYPE:
        return PY(PyCFunction_Type);
    case KAA_MODULE_TYPE:
        return PY(PyModule_Type);
    case KAA_CAPSULE_TYPE:
        return PY(PyCapsule_Type);
    case KAA_WEAKREF_TYPE:
        return PY(_PyWeakref_RefType);
    default:
        return NULL;
    }
}

static int
find_builtins(kaa_cpython__context *own)
{
    static const char *const names[KAA_BUILTIN_COUNT] = {
#define KAA_CONSTANT(name, text) [KAA_##name] = text,
#define KAA_TYPE(name, text) [KAA_##name] = text,
#define KAA_EXCEPTION(name, text, base) [KAA_##name] = text,
#include <kaa/builtin.def>
#undef KAA_CONSTANT
#undef KAA_TYPE
#undef KAA_EXCEPTION
    };
    PyObject *module = PY(PyImport_ImportModule)("builtins");

    if (module == NULL)
        return -1;
    for (int id = 0; id < KAA_BUILTIN_COUNT; id++) {
        PyObject *found = unlisted(id);

        if (found != NULL)
            PY(Py_IncRef)(found);
        else
            found = PY(PyObject_GetAttrString)(module, names[id]);
        if (found == NULL)
            break;
        own->builtins[id] = found;
    }
    PY(Py_DecRef)(module);
    return own->builtins[KAA_BUILTIN_COUNT - 1] != NULL ? 0 : -1;
}

static int
find_methods(kaa_cpython__context *own)
{
    PyObject *object_type = own->builtins[KAA_OBJECT_TYPE];

    own->list_extend = PY(PyObject_GetAttrString)(PY(PyList_Type), "extend");
    own->list_pop = PY(PyObject_GetAttrString)(PY(PyList_Type), "pop");
    own->bit_length = PY(PyObject_GetAttrString)(PY(PyLong_Type), "bit_length");
    own->missing = PY(PyObject_CallObject)(object_type, NULL);
    own->get_refcount = PY(PySys_GetObject)("getrefcount");
    if (own->get_refcount != NULL)
        PY(Py_IncRef)(own->get_refcount);
    if (own->host->is_free_threaded)
        own->lock = PY(PyObject_CallObject)(object_type, NULL);
    return own->list_extend != NULL && own->list_pop != NULL &&
                   own->bit_length != NULL && own->missing != NULL &&
                   (!own->host->is_free_threaded || own->lock != NULL)
               ? 0
               : -1;
}

static void
destroy(kaa_cpython__context *own)
{
    for (int id = 0; id < KAA_BUILTIN_COUNT; id++)
        xdecref(own->builtins[id]);
    xdecref(own->list_extend);
    xdecref(own->list_pop);
    xdecref(own->bit_length);
    xdecref(own->missing);
    xdecref(own->get_refcount);
    xdecref(own->lock);
    xdecref(own->holder_type);
    kaa_base__free(own);
}

static kaa_cpython__context *
create(kaa_cpython *host)
{
    kaa_cpython__context *own;
    kaa_error err = {0};

    if (kaa_cpython__find_more(host, &err) != KAA_OK) {
        kaa_cpython__raise_error(host, "kaa: ", "", &err);
        return NULL;
    }
    if (host->is_free_threaded && PY(PyCriticalSection_Begin) == NULL) {
        kaa_cpython__raise(PY(PyExc_ImportError),
                           "this interpreter has no critical sections");
        return NULL;
    }
    own = kaa_base__alloc_zeroed(sizeof(*own));
    if (own == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    own->host = host;
    kaa_cpython__probe_sequences();
    kaa_cpython__probe_sections(host);
    own->open.api = &table;
    own->open.builtins = (kaa_object *const *)(const void *)own->builtins;
    own->open.builtin_count = KAA_BUILTIN_COUNT;
    own->open.counting = kaa_cpython__probe_counting(host);
    own->open.data_offset = kaa_cpython__data_offset();
    if (find_builtins(own) != 0 || find_methods(own) != 0 ||
        (own->holder_type = kaa_cpython__make_holder_type(own)) == NULL) {
        destroy(own);
        return NULL;
    }
    return own;
}

kaa_context *
kaa_cpython_context(kaa_cpython *host)
{
    kaa_cpython__context *own = atomic_load(&host->context), *none = NULL;

    if (own != NULL)
        return &own->open;
    own = create(host);
    if (own == NULL)
        return NULL;
    if (!atomic_compare_exchange_strong(&host->context, &none, own)) {
        destroy(own); /* another thread was quicker */
        own = none;
    }
    return &own->open;
}

size_t
kaa_cpython__ask_refcount(kaa_cpython__context *own, PyObject *object)
{
    PyObject *raised[3] = {NULL, NULL, NULL}, *answer;
    long long count = -1;

    if (own->get_refcount == NULL)
        return SIZE_MAX;
    /* The caller may have raised something, with which nothing is called. */
    PY(PyErr_Fetch)(&raised[0], &raised[1], &raised[2]);
    answer = PY(PyObject_CallFunctionObjArgs)(own->get_refcount, object, NULL);
    if (answer == NULL) {
        PY(PyErr_Clear)();
    } else {
        count = PY(PyLong_AsLongLong)(answer);
        PY(Py_DecRef)(answer);
    }
    PY(PyErr_Restore)(raised[0], raised[1], raised[2]);
    return count > 0 ? (size_t)count : SIZE_MAX;
}
