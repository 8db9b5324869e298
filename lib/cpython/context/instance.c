/* cpython/context/instance.c - the lives of instances of native types: making,
 * the collector, the end.
 *
 * The end of a chain of instances would recurse as deep as the chain is long.
 * Beyond a few dozen ends within ends on one thread an instance is put on a
 * list, through the word of its weak references, which are gone by then, and
 * whoever is outermost goes on with the list.
 */
#include <string.h>

#include "cpython/context/native_type.h"
#include "cpython/host/thread.h"

#define DEPTH_MAX 40

static KAA_CPYTHON__TLS int depth;
static KAA_CPYTHON__TLS PyObject *waiting; /* linked at weak_offset() */

/* ---- the collector */

static int
traverse(kaa_cpython__type_record *record, PyObject *self, host_visit visit,
         void *user)
{
    int stop = visit(kaa_cpython__type(self), user);
    const kaa_cpython__type_record *level;
    kaa_visit visit_object;
    PyObject *held;

    for (size_t i = 0; stop == 0 && i < record->count; i++) {
        held = *object_at(self, record->references[i]);
        if (held != NULL)
            stop = visit(held, user);
    }
    if (stop == 0 && record->has_dict) {
        held = *object_at(self, dict_offset());
        if (held != NULL)
            stop = visit(held, user);
    }
    if (!record->is_lively)
        return stop;
    memcpy(&visit_object, &visit, sizeof(visit)); /* the same function */
    for (level = record; stop == 0 && level != NULL; level = level->base)
        if (level->spec.traverse != NULL)
            stop = level->spec.traverse(data_of(self), visit_object, user);
    return stop;
}

static void
clear_place(PyObject *self, size_t offset)
{
    PyObject **place = object_at(self, offset);
    PyObject *held = *place;

    *place = NULL;
    xdecref(held);
}

static void
clear_references(const kaa_cpython__type_record *record, PyObject *self)
{
    for (size_t i = 0; i < record->count; i++)
        clear_place(self, record->references[i]);
    if (record->has_dict)
        clear_place(self, dict_offset());
}

/* Every instance is the collector's, as it holds its type, which may hold it.
 */
static int
traverse_plain(kaa_cpython__type_record *record, PyObject *self,
               host_visit visit, void *user)
{
    (void)record;
    return visit(kaa_cpython__type(self), user);
}

static int
clear(kaa_cpython__type_record *record, PyObject *self)
{
    const kaa_cpython__type_record *level;
    kaa_cpython__section section;

    begin_section(&section, record->lock);
    for (level = record; record->is_lively && level != NULL;
         level = level->base)
        if (level->spec.clear != NULL)
            level->spec.clear(record->ctx, data_of(self));
    clear_references(record, self);
    end_section(&section);
    return 0;
}

/* ---- the end */

/* Gives up what the instance has, and its memory. */
static void
end(kaa_cpython__type_record *record, PyObject *self)
{
    PyObject *type = kaa_cpython__type(self);
    const kaa_cpython__type_record *level;
    kaa_cpython__section section;

    if (record->is_lively) {
        begin_section(&section, record->lock);
        for (level = record; level != NULL; level = level->base) {
            if (level->spec.destroy != NULL)
                level->spec.destroy(record->ctx, data_of(self));
            else if (level->spec.clear != NULL)
                level->spec.clear(record->ctx, data_of(self));
        }
        end_section(&section);
    }
    clear_references(record, self);
    if (type == record->type) {
        PY(PyObject_GC_Del)(self);
    } else {
        void *slot = PY(PyType_GetSlot)(type, HOST_TP_FREE);
        void (*release)(void *);

        memcpy(&release, &slot, sizeof(release));
        release(self);
    }
    PY(Py_DecRef)(type);
}

/* The record of an instance that waits, which dealloc put there. The host's
 * dealloc of a class derived in Python, which called ours, does not look at the
 * instance any more. */
static kaa_cpython__type_record *
record_of_waiting(PyObject *self)
{
    return *(kaa_cpython__type_record **)(void *)object_at(self, dict_offset());
}

static void
put_off(kaa_cpython__type_record *record, PyObject *self)
{
    clear_place(self, dict_offset());
    *object_at(self, weak_offset()) = waiting;
    memcpy(object_at(self, dict_offset()), &record, sizeof(record));
    waiting = self;
}

/* Whether the type is one of the record's own. The record may serve another
 * type by now: weak references to a type are cleared before the finalisers of
 * its cycle run, which may import anew, and keep the type. */
static int
is_own_type(const kaa_cpython__type_record *record, PyObject *type)
{
    return type == record->type ||
           PY(PyType_GetSlot)(type, HOST_TP_DEALLOC) == record->dealloc;
}

static void
dealloc(kaa_cpython__type_record *record, PyObject *self)
{
    /* For classes derived in Python the host has done it. */
    if (record->has_finalize && is_own_type(record, kaa_cpython__type(self)) &&
        PY(PyObject_CallFinalizerFromDealloc)(self) != 0)
        return;
    PY(PyObject_GC_UnTrack)(self);
    if (record->has_weakrefs && *object_at(self, weak_offset()) != NULL)
        PY(PyObject_ClearWeakRefs)(self);
    if (depth > DEPTH_MAX) {
        put_off(record, self);
        return;
    }
    depth++;
    end(record, self);
    depth--;
    while (depth == 0 && waiting != NULL) {
        PyObject *next = waiting;

        waiting = *object_at(next, weak_offset());
        record = record_of_waiting(next);
        *object_at(next, dict_offset()) = NULL;
        *object_at(next, weak_offset()) = NULL;
        depth++;
        end(record, next);
        depth--;
    }
}

/* The same for instances that have nothing but their data and their type. */
static void
dealloc_plain(kaa_cpython__type_record *record, PyObject *self)
{
    PyObject *type = kaa_cpython__type(self);

    if (type != record->type) {
        dealloc(record, self);
        return;
    }
    PY(PyObject_GC_UnTrack)(self);
    if (*object_at(self, weak_offset()) != NULL)
        PY(PyObject_ClearWeakRefs)(self);
    PY(PyObject_GC_Del)(self);
    PY(Py_DecRef)(type);
}

/* A pending exception is kept from it, and its own goes to the host's hook. */
static void
finalize(kaa_cpython__type_record *record, PyObject *self)
{
    PyObject *pending[3];
    kaa_cpython__section section;

    PY(PyErr_Fetch)(&pending[0], &pending[1], &pending[2]);
    begin_section(&section, record->lock);
    record->spec.finalize(record->ctx, as_kaa(self));
    end_section(&section);
    if (PY(PyErr_Occurred)() != NULL)
        PY(PyErr_WriteUnraisable)(self);
    PY(PyErr_Restore)(pending[0], pending[1], pending[2]);
}

static int
add(kaa_cpython__type_record *record, int slot, kaa_cpython__any function)
{
    return kaa_cpython__add_slot(
        record, slot,
        kaa_cpython__thunk_new(own_of(record->ctx)->host, function, record));
}

int
kaa_cpython__fill_life(kaa_cpython__type_record *record)
{
    if (record->spec.finalize != NULL &&
        add(record, HOST_TP_FINALIZE, KAA_CPYTHON__ANY(finalize)) != 0)
        return -1;
    if (record->is_exception)
        return 0; /* no data: the host's own do */
    if (record->is_plain)
        return add(record, HOST_TP_DEALLOC, KAA_CPYTHON__ANY(dealloc_plain)) !=
                       0
                   ? -1
                   : add(record, HOST_TP_TRAVERSE,
                         KAA_CPYTHON__ANY(traverse_plain));
    if (add(record, HOST_TP_DEALLOC, KAA_CPYTHON__ANY(dealloc)) != 0)
        return -1;
    record->dealloc = record->slots[record->slot_count - 1].value;
    return add(record, HOST_TP_TRAVERSE, KAA_CPYTHON__ANY(traverse)) != 0
               ? -1
               : add(record, HOST_TP_CLEAR, KAA_CPYTHON__ANY(clear));
}

/* The host's own rule for protocols 0 and 1 looks at the __dict__ alone and
 * takes object for the base, which would lose C's data without a word. Its rule
 * for protocol 2 asks __reduce__ and __getstate__, refuses what has data that
 * nobody tells, and makes what every protocol can write. */
static PyObject *
reduce_ex(PyObject *self, PyObject *protocol)
{
    long long number = PY(PyLong_AsLongLong)(protocol);
    PyObject *reduce, *raised, *result = NULL;

    if (number == -1 && PY(PyErr_Occurred)() != NULL)
        return NULL;
    reduce = PY(PyObject_GetAttrString)(PY(PyBaseObject_Type), "__reduce_ex__");
    raised = PY(PyLong_FromLongLong)(number < 2 ? 2 : number);
    if (reduce != NULL && raised != NULL)
        result = PY(PyObject_CallFunctionObjArgs)(reduce, self, raised, NULL);
    xdecref(reduce);
    xdecref(raised);
    return result;
}

void
kaa_cpython__fill_reduce(host_method *out)
{
    PyObject *(*function)(PyObject *, PyObject *) = reduce_ex;

    out->name = "__reduce_ex__";
    memcpy(&out->function, &function, sizeof(function));
    out->flags = HOST_METH_O;
    out->doc = NULL;
}
