/* cpython/context/creating.c - calling a native type without a tuple of its
 * arguments.
 *
 * The host calls a type through its tp_vectorcall, if that is set;
 * PyType_FromSpec can set it since 3.14 only, but the field has been there
 * since 3.8. Where it is, the host says itself: it is the __vectorcalloffset__
 * of `type`. That, and the few other fields used here, are believed after a
 * comparison with types whose fields are known.
 */
#include <string.h>

#include "cpython/call/function.h"
#include "cpython/context/native_type.h"

/* Of a PyTypeObject with a header of 16 bytes. */
enum {
    AT_VECTORCALL_OFFSET = 56,
    AT_CALL = 128,
    AT_INIT = 296,
    AT_NEW = 312,
};

static void *
field_at(PyObject *type, size_t offset)
{
    void *value;

    memcpy(&value, (char *)type + offset, sizeof(value));
    return value;
}

/* Somebody gave the class another __init__ or __new__: the long way. */
static PyObject *
call_usually(PyObject *type, PyObject *const *args, size_t nargs,
             PyObject *kwnames)
{
    typedef PyObject *ternary(PyObject *, PyObject *, PyObject *);
    ssize_t count = kwnames != NULL ? PY(PyTuple_Size)(kwnames) : 0;
    PyObject *tuple = PY(PyTuple_New)((ssize_t)nargs), *kwargs = NULL, *result;
    void *slot = field_at(kaa_cpython__type(type), AT_CALL);
    ternary *call;

    memcpy(&call, &slot, sizeof(call));
    if (tuple == NULL)
        return NULL;
    for (size_t i = 0; i < nargs; i++)
        PY(PyTuple_SetItem)(tuple, (ssize_t)i, new_ref(args[i]));
    if (count > 0)
        kwargs = PY(PyDict_New)();
    result = NULL;
    if (count == 0 || kwargs != NULL) {
        ssize_t i = 0;

        while (i < count &&
               PY(PyDict_SetItem)(kwargs, PY(PyTuple_GetItem)(kwnames, i),
                                  args[nargs + (size_t)i]) == 0)
            i++;
        if (i == count)
            result = call(type, tuple, kwargs);
    }
    xdecref(kwargs);
    PY(Py_DecRef)(tuple);
    return result;
}

static PyObject *
create(kaa_cpython__type_record *record, PyObject *type, PyObject *const *args,
       size_t nargs, PyObject *kwnames)
{
    PyObject *self;
    int entered;

    nargs &= SIZE_MAX >> 1; /* the highest bit says something else */
    if (field_at(type, AT_INIT) != record->usual_init ||
        field_at(type, AT_NEW) != record->usual_new)
        return call_usually(type, args, nargs, kwnames);
    self = PY(PyType_GenericAlloc)(type, 0);
    if (self == NULL)
        return NULL;
    entered = kaa_cpython__enter_slot(" while making an instance");
    if (KAA_LIKELY(entered >= 0)) {
        int result = record->init(record->ctx, as_kaa(self),
                                  (kaa_object *const *)(const void *)args,
                                  nargs, as_kaa(kwnames));

        kaa_cpython__leave_slot(entered);
        if (result == 0)
            return self;
    }
    PY(Py_DecRef)(self);
    return NULL;
}

/* Where types keep their tp_vectorcall; 0 if that is not certain. The type of
 * bound functions has known slots. */
static size_t
find_vectorcall(const kaa_cpython *host, PyObject *type)
{
    PyObject *known = host->function_type, *meta = kaa_cpython__type(type);
    size_t offset = (size_t)(uintptr_t)field_at(meta, AT_VECTORCALL_OFFSET);
    void *vectorcall;

    memcpy(&vectorcall, &PY(PyVectorcall_Call), sizeof(vectorcall));
    if (kaa_cpython__layout.type_offset != 8 ||
        field_at(known, AT_VECTORCALL_OFFSET) !=
            (void *)(uintptr_t)kaa_cpython__vectorcall_offset() ||
        field_at(known, AT_CALL) != vectorcall ||
        field_at(known, AT_NEW) != PY(PyType_GetSlot)(known, HOST_TP_NEW))
        return 0;
    if (offset < AT_NEW || offset > 800 || offset % sizeof(void *) != 0 ||
        field_at(type, offset) != NULL)
        return 0;
    return offset;
}

void
kaa_cpython__speed_up(kaa_cpython__type_record *record)
{
    const kaa_cpython *host = own_of(record->ctx)->host;
    PyObject *type = record->type;
    size_t offset;

    if (record->init == NULL || record->is_exception || record->lock != NULL ||
        (record->spec.flags & KAA_TYPE_NO_INSTANCES) != 0 ||
        kaa_cpython__layout.type_offset == 0)
        return;
    offset = find_vectorcall(host, type);
    record->usual_init = PY(PyType_GetSlot)(type, HOST_TP_INIT);
    record->usual_new = PY(PyType_GetSlot)(type, HOST_TP_NEW);
    if (offset == 0 || field_at(type, AT_INIT) != record->usual_init ||
        field_at(type, AT_NEW) != record->usual_new)
        return;
    if (record->vectorcall == NULL)
        record->vectorcall = kaa_cpython__thunk_new(
            own_of(record->ctx)->host, KAA_CPYTHON__ANY(create), record);
    if (record->vectorcall == NULL)
        PY(PyErr_Clear)(); /* the long way will do */
    else
        memcpy((char *)type + offset, &record->vectorcall, sizeof(void *));
}
