/* cpython/data/record.c - what records do: attributes, calls of their classes,
 * buffers. */
#include "base/memory.h"
#include "cpython/data/data.h"

typedef kaa_cpython__data data;
typedef kaa_cpython__class class;
typedef kaa_cpython__member field;

#define HOST_ARGUMENTS_OFFSET ((size_t)1 << (sizeof(size_t) * 8 - 1))

/* ---- attributes ---- */

static PyObject *
get_attribute(PyObject *object, PyObject *name)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    field *found = kaa_cpython__find_member(self, name);
    PyObject *value;

    if (KAA_LIKELY(found != NULL))
        return kaa_cpython__load_member(object, self, found, body->data);
    value = PY(PyObject_GenericGetAttr)(object, name);
    if (value == NULL)
        kaa_cpython__suggest(self, name);
    return value;
}

static int
set_attribute(PyObject *object, PyObject *name, PyObject *value)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    field *found = kaa_cpython__find_member(self, name);

    if (KAA_LIKELY(found != NULL))
        return kaa_cpython__store_member(object, self, found, body->data,
                                         value);
    if (PY(PyObject_GenericSetAttr)(object, name, value) == 0)
        return 0;
    kaa_cpython__suggest(self, name);
    return -1;
}

/* A class that was assigned to __class__ has members that are not those of the
 * data. */
static int
check_member(const class *self, const field *found)
{
    if (self->plain != NULL)
        self = self->plain;
    if (KAA_LIKELY(found >= self->members &&
                   found < self->members + self->member_count))
        return 0;
    return kaa_cpython__raise(PY(PyExc_TypeError),
                              "the member is not one of what the data are");
}

PyObject *
kaa_cpython__get_member(PyObject *object, void *closure)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;

    if (check_member(self, closure) != 0 ||
        kaa_cpython__check_guarded(object) != 0)
        return NULL;
    return kaa_cpython__load_member(
        object, self->plain != NULL ? self->plain : self, closure, body->data);
}

int
kaa_cpython__set_member(PyObject *object, PyObject *value, void *closure)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;

    if (check_member(self, closure) != 0 ||
        kaa_cpython__check_guarded(object) != 0)
        return -1;
    return kaa_cpython__store_member(object,
                                     self->plain != NULL ? self->plain : self,
                                     closure, body->data, value);
}

/* ---- making ---- */

static PyObject *
refuse_incomplete(const class *self)
{
    kaa_cpython__raise_null(self); /* which says what is wrong */
    return NULL;
}

PyObject *
kaa_cpython__make_record(class *self, PyObject *type)
{
    if (self->size == 0 && !kaa_ctype_is_complete(self->core))
        return refuse_incomplete(self);
    return kaa_cpython__alloc_data(self, type);
}

static PyObject *
new_record(PyObject *type, PyObject *args, PyObject *kwargs)
{
    class *self = kaa_cpython__class_of(NULL, type);

    (void)args;
    (void)kwargs;
    if (self == NULL) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a class of C data expected");
        return NULL;
    }
    return kaa_cpython__make_record(self, type);
}

/* All else than few values in the order of the members. */
static int
init_by_hook(PyObject *object, const class *self, PyObject *args,
             PyObject *kwargs)
{
    PyObject *const arguments[] = {
        object, args, kwargs != NULL ? kwargs : kaa_cpython__none()};
    PyObject *result =
        kaa_cpython__data_hook(self, HOOK_DATA_INIT, arguments, 3);

    if (result == NULL)
        return -1;
    PY(Py_DecRef)(result);
    return 0;
}

static int
init_record(PyObject *object, PyObject *args, PyObject *kwargs)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    size_t count = (size_t)PY(PyTuple_Size)(args);

    if (kaa_cpython__check_guarded(object) != 0)
        return -1;
    if (count > self->member_count ||
        (kwargs != NULL && PY(PyDict_Size)(kwargs) != 0))
        return init_by_hook(object, self, args, kwargs);
    for (size_t i = 0; i < count; i++)
        if (kaa_cpython__store_member(
                object, self, &self->members[i], body->data,
                PY(PyTuple_GetItem)(args, (ssize_t)i)) != 0)
            return -1;
    return 0;
}

/* The class was called with what needs to be looked at: as a tuple and a dict.
 */
static int
init_slowly(PyObject *object, const class *self, PyObject *const *args,
            size_t count, PyObject *names)
{
    ssize_t named = names != NULL ? PY(PyTuple_Size)(names) : 0;
    PyObject *tuple = PY(PyTuple_New)((ssize_t)count);
    PyObject *kwargs = tuple != NULL ? PY(PyDict_New)() : NULL;
    int failed = kwargs == NULL ? -1 : 0;

    for (size_t i = 0; !failed && i < count; i++) {
        PY(Py_IncRef)(args[i]);
        failed = PY(PyTuple_SetItem)(tuple, (ssize_t)i, args[i]);
    }
    for (ssize_t i = 0; !failed && i < named; i++)
        failed = PY(PyDict_SetItem)(kwargs, PY(PyTuple_GetItem)(names, i),
                                    args[count + (size_t)i]);
    if (!failed)
        failed = init_by_hook(object, self, tuple, kwargs);
    if (tuple != NULL)
        PY(Py_DecRef)(tuple);
    if (kwargs != NULL)
        PY(Py_DecRef)(kwargs);
    return failed;
}

/* Keywords that name members after those that were given by position. */
static int
init_named(PyObject *object, class *self, PyObject *const *args, size_t count,
           PyObject *names)
{
    char *base = kaa_cpython__data_body(object)->data;
    ssize_t named = PY(PyTuple_Size)(names);

    for (ssize_t i = 0; i < named; i++) {
        const field *found =
            kaa_cpython__find_member(self, PY(PyTuple_GetItem)(names, i));

        if (found == NULL || (size_t)found->number < count)
            return init_slowly(object, self, args, count, names);
    }
    for (ssize_t i = 0; i < named; i++) {
        field *found =
            kaa_cpython__find_member(self, PY(PyTuple_GetItem)(names, i));

        if (kaa_cpython__store_member(object, self, found, base,
                                      args[count + (size_t)i]) != 0)
            return -1;
    }
    return 0;
}

PyObject *
kaa_cpython__record_call(PyObject *type, PyObject *const *args,
                         size_t flagged_count, PyObject *names)
{
    size_t count = flagged_count & ~HOST_ARGUMENTS_OFFSET;
    class *self = kaa_cpython__class_of_own(type);
    PyObject *object;
    char *base;
    int failed = 0;

    if (KAA_UNLIKELY(self->size == 0) && !kaa_ctype_is_complete(self->core))
        return refuse_incomplete(self);
    object = kaa_cpython__new_data(self);
    if (KAA_UNLIKELY(object == NULL))
        return NULL;
    base = kaa_cpython__data_body(object)->data;
    if (KAA_UNLIKELY(count > self->member_count)) {
        failed = init_slowly(object, self, args, count, names);
    } else {
        for (size_t i = 0; i < count; i++) {
            failed = kaa_cpython__store_member(object, self, &self->members[i],
                                               base, args[i]);
            if (KAA_UNLIKELY(failed))
                break;
        }
        if (!failed && names != NULL)
            failed = init_named(object, self, args, count, names);
    }
    if (KAA_LIKELY(!failed))
        return object;
    PY(Py_DecRef)(object);
    return NULL;
}

/* ---- buffers ---- */

static int
get_buffer(PyObject *object, host_buffer *view, int flags)
{
    const data *body = kaa_cpython__data_body(object);
    const class *self = body->class_;
    uint32_t count = (uint32_t)self->dimensions;
    ssize_t itemsize = (ssize_t)self->size, *shape = NULL;

    if (kaa_cpython__check_guarded(object) != 0)
        return -1;
    if (count != 0) {
        ssize_t stride, elements = body->length < 0 ? 0 : body->length;

        shape = kaa_base__alloc_array((size_t)2 * count, sizeof(*shape));
        if (shape == NULL) {
            PY(PyErr_NoMemory)();
            return -1;
        }
        itemsize = (ssize_t)self->element.size;
        for (uint32_t i = 1; i < count; i++)
            itemsize /= self->shape[i] != 0 ? self->shape[i] : 1;
        stride = itemsize;
        for (uint32_t i = count; i-- > 0;) {
            shape[i] = i == 0 ? elements : self->shape[i];
            shape[count + i] = stride;
            stride *= shape[i];
        }
    }
    view->buf = body->data;
    view->len =
        count != 0
            ? body->length < 0 ? 0 : body->length * (ssize_t)self->element.size
            : (ssize_t)self->size;
    PY(Py_IncRef)(object);
    view->obj = object;
    view->itemsize = itemsize;
    view->readonly = 0;
    view->format = flags & HOST_BUFFER_FORMAT ? self->format : NULL;
    view->ndim = self->dimensions;
    view->shape = flags & HOST_BUFFER_ND ? shape : NULL;
    view->strides =
        shape != NULL && (flags & HOST_BUFFER_STRIDES) == HOST_BUFFER_STRIDES
            ? shape + count
            : NULL;
    view->suboffsets = NULL;
    view->internal = shape;
    if (self->plain != NULL)
        kaa_cpython__count_export(object, 1);
    return 0;
}

static void
release_buffer(PyObject *object, host_buffer *view)
{
    if (kaa_cpython__data_body(object)->class_->plain != NULL)
        kaa_cpython__count_export(object, -1);
    kaa_base__free(view->internal);
    view->internal = NULL;
}

void
kaa_cpython__buffer_slots(kaa_cpython__slots *slots)
{
    FUNCTION_AS_SLOT(slots, HOST_BF_GETBUFFER, get_buffer);
    FUNCTION_AS_SLOT(slots, HOST_BF_RELEASEBUFFER, release_buffer);
}

void
kaa_cpython__record_slots(kaa_cpython__slots *slots)
{
    FUNCTION_AS_SLOT(slots, HOST_TP_GETATTRO, get_attribute);
    FUNCTION_AS_SLOT(slots, HOST_TP_SETATTRO, set_attribute);
    FUNCTION_AS_SLOT(slots, HOST_TP_NEW, new_record);
    FUNCTION_AS_SLOT(slots, HOST_TP_INIT, init_record);
}
