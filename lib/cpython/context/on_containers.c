/* cpython/context/on_containers.c - the slots of tuple, list, set, frozenset,
 * slice, capsule and weakref. */
#include <string.h>

#include "base/assert.h"

#include "cpython/context/context.h"

static void
index_error(const char *message)
{
    kaa_cpython__raise(PY(PyExc_IndexError), "%s", message);
}

/* How many items, of which each is a new reference or NULL; those from `from`
 * on are given up. */
static void
drop_items(kaa_object *const *items, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++)
        xdecref(as_host(items[i]));
}

static int
has_null(kaa_object *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (KAA_UNLIKELY(items[i] == NULL))
            return 1;
    return 0;
}

/* An item of an array was NULL: there should be a reason. */
static void
need_reason(void)
{
    if (PY(PyErr_Occurred)() == NULL)
        kaa_cpython__raise(PY(PyExc_SystemError),
                           "an item is NULL, and no exception is pending");
}

/* ---- tuple */

static int
must_be_tuple(PyObject *object)
{
    return must_be(object, PY(PyTuple_Type), "a tuple");
}

/* Takes the references over; there is no NULL among them. */
static PyObject *
make_tuple(kaa_object *const *items, size_t count)
{
    PyObject *tuple = count <= PTRDIFF_MAX ? PY(PyTuple_New)((ssize_t)count)
                                           : PY(PyErr_NoMemory)();

    if (tuple == NULL) {
        drop_items(items, 0, count);
        return NULL;
    }
    if (kaa_cpython__sequence.tuple_items != 0) {
        if (count != 0)
            memcpy(tuple_items(tuple), items, count * sizeof(*items));
        return tuple;
    }
    for (size_t i = 0; i < count; i++)
        PY(PyTuple_SetItem)(tuple, (ssize_t)i, as_host(items[i]));
    return tuple;
}

kaa_object *
kaa_cpython__slot_tuple_from_array(kaa_context *ctx, kaa_object *const *items,
                                   size_t count)
{
    if (has_null(items, count)) {
        need_reason();
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        kaa_incref(ctx, items[i]);
    return as_kaa(make_tuple(items, count));
}

kaa_object *
kaa_cpython__slot_tuple_take_array(kaa_context *ctx, kaa_object *const *items,
                                   size_t count)
{
    (void)ctx;
    if (has_null(items, count)) {
        need_reason();
        drop_items(items, 0, count);
        return NULL;
    }
    return as_kaa(make_tuple(items, count));
}

ptrdiff_t
kaa_cpython__slot_tuple_size(kaa_context *ctx, kaa_object *tuple)
{
    (void)ctx;
    if (!must_be_tuple(as_host(tuple)))
        return -1;
    return PY(PyTuple_Size)(as_host(tuple));
}

kaa_object *
kaa_cpython__slot_tuple_get(kaa_context *ctx, kaa_object *tuple,
                            ptrdiff_t index)
{
    return kaa_incref(ctx,
                      kaa_cpython__slot_tuple_get_borrowed(ctx, tuple, index));
}

kaa_object *
kaa_cpython__slot_tuple_get_borrowed(kaa_context *ctx, kaa_object *tuple,
                                     ptrdiff_t index)
{
    (void)ctx;
    if (!must_be_tuple(as_host(tuple)))
        return NULL;
    return as_kaa(PY(PyTuple_GetItem)(as_host(tuple), index));
}

/* ---- list */

static int
must_be_list(PyObject *object)
{
    return must_be(object, PY(PyList_Type), "a list");
}

/* With a known layout: room for `capacity` items, none of them used. */
kaa_object *
kaa_cpython__slot_list_new(kaa_context *ctx, size_t capacity)
{
    PyObject *list;

    (void)ctx;
    if (capacity > PTRDIFF_MAX / sizeof(void *))
        return as_kaa(PY(PyErr_NoMemory)());
    if (kaa_cpython__sequence.allocated == 0)
        capacity = 0;
    list = PY(PyList_New)((ssize_t)capacity);
    if (list != NULL && capacity != 0)
        *size_field(list) = 0;
    return as_kaa(list);
}

static PyObject *
make_list(kaa_object *const *items, size_t count)
{
    PyObject *list = count <= PTRDIFF_MAX ? PY(PyList_New)((ssize_t)count)
                                          : PY(PyErr_NoMemory)();

    if (list == NULL) {
        drop_items(items, 0, count);
        return NULL;
    }
    if (kaa_cpython__sequence.list_items != 0) {
        if (count != 0)
            memcpy(list_items(list), items, count * sizeof(*items));
        return list;
    }
    for (size_t i = 0; i < count; i++)
        PY(PyList_SetItem)(list, (ssize_t)i, as_host(items[i]));
    return list;
}

kaa_object *
kaa_cpython__slot_list_from_array(kaa_context *ctx, kaa_object *const *items,
                                  size_t count)
{
    if (has_null(items, count)) {
        need_reason();
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        kaa_incref(ctx, items[i]);
    return as_kaa(make_list(items, count));
}

kaa_object *
kaa_cpython__slot_list_take_array(kaa_context *ctx, kaa_object *const *items,
                                  size_t count)
{
    (void)ctx;
    if (has_null(items, count)) {
        need_reason();
        drop_items(items, 0, count);
        return NULL;
    }
    return as_kaa(make_list(items, count));
}

ptrdiff_t
kaa_cpython__slot_list_size(kaa_context *ctx, kaa_object *list)
{
    (void)ctx;
    if (!must_be_list(as_host(list)))
        return -1;
    return PY(PyList_Size)(as_host(list));
}

kaa_object *
kaa_cpython__slot_list_get(kaa_context *ctx, kaa_object *list, ptrdiff_t index)
{
    if (!must_be_list(as_host(list)))
        return NULL;
    if (PY(PyList_GetItemRef) != NULL)
        return as_kaa(PY(PyList_GetItemRef)(as_host(list), index));
    return kaa_incref(ctx, as_kaa(PY(PyList_GetItem)(as_host(list), index)));
}

int
kaa_cpython__slot_list_set(kaa_context *ctx, kaa_object *list, ptrdiff_t index,
                           kaa_object *item)
{
    if (!must_be_list(as_host(list)))
        return -1;
    /* Takes the reference also where it fails. */
    return PY(PyList_SetItem)(as_host(list), index,
                              as_host(kaa_incref(ctx, item)));
}

/* Where there is room and the layout is known, without a call. */
static inline int
append_here(PyObject *list, PyObject *item)
{
    size_t allocated = kaa_cpython__sequence.allocated;
    ssize_t *size;

    if (allocated == 0 || !is_exactly(list, PY(PyList_Type)))
        return 0;
    size = size_field(list);
    if (*size >= *(ssize_t *)(void *)((char *)list + allocated))
        return 0;
    list_items(list)[(*size)++] = item;
    return 1;
}

int
kaa_cpython__slot_list_append(kaa_context *ctx, kaa_object *list,
                              kaa_object *item)
{
    if (append_here(as_host(list), as_host(item))) {
        kaa_incref(ctx, item);
        return 0;
    }
    if (!must_be_list(as_host(list)))
        return -1;
    return PY(PyList_Append)(as_host(list), as_host(item));
}

int
kaa_cpython__slot_list_take_append(kaa_context *ctx, kaa_object *list,
                                   kaa_object *item)
{
    int result;

    if (KAA_UNLIKELY(item == NULL)) {
        need_reason();
        return -1;
    }
    if (append_here(as_host(list), as_host(item)))
        return 0;
    result = must_be_list(as_host(list))
                 ? PY(PyList_Append)(as_host(list), as_host(item))
                 : -1;
    kaa_decref(ctx, item);
    return result;
}

int
kaa_cpython__slot_list_insert(kaa_context *ctx, kaa_object *list,
                              ptrdiff_t index, kaa_object *item)
{
    (void)ctx;
    if (!must_be_list(as_host(list)))
        return -1;
    return PY(PyList_Insert)(as_host(list), index > 0 ? index : 0,
                             as_host(item));
}

int
kaa_cpython__slot_list_extend(kaa_context *ctx, kaa_object *list,
                              kaa_object *items)
{
    PyObject *none;

    if (!must_be_list(as_host(list)))
        return -1;
    none = PY(PyObject_CallFunctionObjArgs)(
        own_of(ctx)->list_extend, as_host(list), as_host(items), NULL);
    if (none == NULL)
        return -1;
    PY(Py_DecRef)(none);
    return 0;
}

kaa_object *
kaa_cpython__slot_list_pop(kaa_context *ctx, kaa_object *list, ptrdiff_t index)
{
    PyObject *at, *item;

    if (!must_be_list(as_host(list)))
        return NULL;
    if (index < -1) {
        index_error("pop index out of range");
        return NULL;
    }
    at = PY(PyLong_FromLongLong)(index);
    if (at == NULL)
        return NULL;
    item = PY(PyObject_CallFunctionObjArgs)(own_of(ctx)->list_pop,
                                            as_host(list), at, NULL);
    PY(Py_DecRef)(at);
    return as_kaa(item);
}

kaa_object *
kaa_cpython__slot_list_slice(kaa_context *ctx, kaa_object *list,
                             ptrdiff_t start, ptrdiff_t end)
{
    (void)ctx;
    if (!must_be_list(as_host(list)))
        return NULL;
    return as_kaa(PY(PyList_GetSlice)(as_host(list), start > 0 ? start : 0,
                                      end > 0 ? end : 0));
}

int
kaa_cpython__slot_list_set_slice(kaa_context *ctx, kaa_object *list,
                                 ptrdiff_t start, ptrdiff_t end,
                                 kaa_object *items)
{
    (void)ctx;
    if (!must_be_list(as_host(list)))
        return -1;
    return PY(PyList_SetSlice)(as_host(list), start > 0 ? start : 0,
                               end > 0 ? end : 0, as_host(items));
}

int
kaa_cpython__slot_list_sort(kaa_context *ctx, kaa_object *list)
{
    (void)ctx;
    if (!must_be_list(as_host(list)))
        return -1;
    return PY(PyList_Sort)(as_host(list));
}

int
kaa_cpython__slot_list_reverse(kaa_context *ctx, kaa_object *list)
{
    (void)ctx;
    if (!must_be_list(as_host(list)))
        return -1;
    return PY(PyList_Reverse)(as_host(list));
}

/* ---- set, frozenset */

static int
must_be_any_set(PyObject *object)
{
    return is_kind_of(object, PY(PySet_Type)) ||
           must_be(object, PY(PyFrozenSet_Type), "a set or frozenset");
}

static int
must_be_set(PyObject *object)
{
    return must_be(object, PY(PySet_Type), "a set");
}

kaa_object *
kaa_cpython__slot_set_new(kaa_context *ctx, kaa_object *items)
{
    (void)ctx;
    return as_kaa(PY(PySet_New)(as_host(items)));
}

kaa_object *
kaa_cpython__slot_frozenset_new(kaa_context *ctx, kaa_object *items)
{
    (void)ctx;
    return as_kaa(PY(PyFrozenSet_New)(as_host(items)));
}

ptrdiff_t
kaa_cpython__slot_set_size(kaa_context *ctx, kaa_object *set)
{
    (void)ctx;
    return must_be_any_set(as_host(set)) ? PY(PySet_Size)(as_host(set)) : -1;
}

int
kaa_cpython__slot_set_contains(kaa_context *ctx, kaa_object *set,
                               kaa_object *item)
{
    (void)ctx;
    return must_be_any_set(as_host(set))
               ? PY(PySet_Contains)(as_host(set), as_host(item))
               : -1;
}

int
kaa_cpython__slot_set_add(kaa_context *ctx, kaa_object *set, kaa_object *item)
{
    (void)ctx;
    return must_be_set(as_host(set))
               ? PY(PySet_Add)(as_host(set), as_host(item))
               : -1;
}

int
kaa_cpython__slot_set_discard(kaa_context *ctx, kaa_object *set,
                              kaa_object *item)
{
    (void)ctx;
    return must_be_set(as_host(set))
               ? PY(PySet_Discard)(as_host(set), as_host(item))
               : -1;
}

kaa_object *
kaa_cpython__slot_set_pop(kaa_context *ctx, kaa_object *set)
{
    (void)ctx;
    return must_be_set(as_host(set)) ? as_kaa(PY(PySet_Pop)(as_host(set)))
                                     : NULL;
}

/* ---- slice */

kaa_object *
kaa_cpython__slot_slice_new(kaa_context *ctx, kaa_object *start,
                            kaa_object *stop, kaa_object *step)
{
    (void)ctx;
    return as_kaa(
        PY(PySlice_New)(as_host(start), as_host(stop), as_host(step)));
}

int
kaa_cpython__slot_slice_resolve(kaa_context *ctx, kaa_object *slice,
                                ptrdiff_t length, ptrdiff_t *out_start,
                                ptrdiff_t *out_step, ptrdiff_t *out_count)
{
    ssize_t start, stop, step, count;

    (void)ctx;
    if (!must_be(as_host(slice), PY(PySlice_Type), "a slice"))
        return -1;
    if (PY(PySlice_Unpack)(as_host(slice), &start, &stop, &step) != 0)
        return -1;
    count = PY(PySlice_AdjustIndices)(length, &start, &stop, step);
    *out_start = start;
    *out_step = step;
    *out_count = count;
    return 0;
}

/* ---- capsule */

/* The context of a kaa capsule is the function that ends its pointer. */
static void
end_capsule(PyObject *capsule)
{
    void *context = PY(PyCapsule_GetContext)(capsule);
    void (*destroy)(void *);

    memcpy(&destroy, &context, sizeof(destroy));
    destroy(PY(PyCapsule_GetPointer)(capsule, PY(PyCapsule_GetName)(capsule)));
}

kaa_object *
kaa_cpython__slot_capsule_new(kaa_context *ctx, void *pointer, const char *name,
                              void (*destroy)(void *pointer))
{
    PyObject *capsule;
    void *context;

    (void)ctx;
    capsule =
        PY(PyCapsule_New)(pointer, name, destroy != NULL ? end_capsule : NULL);
    if (capsule == NULL || destroy == NULL)
        return as_kaa(capsule);
    memcpy(&context, &destroy, sizeof(context));
    PY(PyCapsule_SetContext)(capsule, context); /* cannot fail on a capsule */
    return as_kaa(capsule);
}

void *
kaa_cpython__slot_capsule_get(kaa_context *ctx, kaa_object *capsule,
                              const char *name)
{
    (void)ctx;
    if (!must_be(as_host(capsule), PY(PyCapsule_Type), "a capsule"))
        return NULL;
    return PY(PyCapsule_GetPointer)(as_host(capsule), name);
}

/* ---- weak reference */

kaa_object *
kaa_cpython__slot_weakref_new(kaa_context *ctx, kaa_object *object,
                              kaa_object *callback)
{
    (void)ctx;
    return as_kaa(PY(PyWeakref_NewRef)(as_host(object), as_host(callback)));
}

int
kaa_cpython__slot_weakref_get(kaa_context *ctx, kaa_object *weakref,
                              kaa_object **out)
{
    PyObject *found;

    if (!must_be(as_host(weakref), PY(_PyWeakref_RefType), "a weak reference"))
        return -1;
    if (PY(PyWeakref_GetRef) != NULL) {
        int result = PY(PyWeakref_GetRef)(as_host(weakref), &found);

        if (result == 1)
            *out = as_kaa(found);
        return result;
    }
    found = PY(PyWeakref_GetObject)(as_host(weakref));
    if (found == NULL)
        return -1;
    if (kaa_is_none(ctx, as_kaa(found)))
        return 0;
    *out = kaa_incref(ctx, as_kaa(found));
    return 1;
}
