/* cpython/data/pointer.c - what pointers and arrays do: elements, members
 * through a pointer, comparisons. Slices and all that is refused are Python's.
 */
#include "cpython/data/data.h"

typedef kaa_cpython__data data;
typedef kaa_cpython__class class;
typedef kaa_cpython__member field;

/* ---- elements ---- */

static PyObject *
item_by_hook(PyObject *object, const class *self, PyObject *key,
             PyObject *value)
{
    PyObject *const arguments[] = {object, key, value};

    return kaa_cpython__data_hook(
        self, value != NULL ? HOOK_DATA_SET_ITEM : HOOK_DATA_GET_ITEM,
        arguments, value != NULL ? 3 : 2);
}

/* The address of an element; NULL: something is not simple. */
static char *
place_of(const data *body, const class *self, int64_t at)
{
    if (body->length >= 0) {
        if (at < 0 && self->kind == KAA_CTYPE_ARRAY)
            at += body->length;
        if (at < 0 || at >= body->length)
            return NULL;
    }
    if (body->data == NULL || self->element.size == 0)
        return NULL;
    return body->data + at * (int64_t)self->element.size;
}

/* 1: an int, and it is simple. */
static int
index_of(PyObject *key, int64_t *out)
{
    int overflow = 0;

    if (kaa_cpython__type(key) != PY(PyLong_Type))
        return 0;
    if (KAA_LIKELY(kaa_cpython__read_small(key, out)))
        return 1;
    *out = PY(PyLong_AsLongLongAndOverflow)(key, &overflow);
    return overflow == 0 && *out > INT32_MIN && *out < INT64_MAX >> 16;
}

static PyObject *
get_item(PyObject *object, PyObject *key)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    int64_t at;
    char *place;

    if (KAA_LIKELY(index_of(key, &at))) {
        place = place_of(body, self, at);
        if (KAA_LIKELY(place != NULL))
            return kaa_cpython__load_member(object, self, &self->element,
                                            place);
    }
    return item_by_hook(object, self, key, NULL);
}

static int
set_item(PyObject *object, PyObject *key, PyObject *value)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    PyObject *result;

    if (value == NULL)
        return kaa_cpython__raise(PY(PyExc_TypeError),
                                  "elements of C data cannot be deleted");
    result = item_by_hook(object, self, key, value);
    if (result == NULL)
        return -1;
    PY(Py_DecRef)(result);
    return 0;
}

static int
set_item_quickly(PyObject *object, PyObject *key, PyObject *value)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    int64_t at;
    char *place;

    /* What the hook would refuse it refuses with the element's number. */
    if (value != NULL && index_of(key, &at)) {
        place = place_of(body, self, at);
        if (place != NULL &&
            kaa_cpython__try_store(object, self, &self->element, place, value))
            return 0;
        if (PY(PyErr_Occurred)() != NULL)
            return -1;
    }
    return set_item(object, key, value);
}

static PyObject *
item_at(PyObject *object, ssize_t at)
{
    const data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    char *place = at < 0 ? NULL : place_of(body, self, at);
    PyObject *key, *value;

    if (KAA_LIKELY(place != NULL))
        return kaa_cpython__load_member(object, self, &self->element, place);
    key = PY(PyLong_FromLongLong)(at);
    if (key == NULL)
        return NULL;
    if (at < 0 && body->length >= 0) {
        kaa_cpython__raise(PY(PyExc_IndexError), "index %lld is out of range",
                           (long long)at);
        value = NULL;
    } else {
        value = item_by_hook(object, self, key, NULL);
    }
    PY(Py_DecRef)(key);
    return value;
}

static ssize_t
length_of(PyObject *object)
{
    const data *body = kaa_cpython__data_body(object);

    if (body->length >= 0)
        return body->length;
    return kaa_cpython__raise(PY(PyExc_TypeError),
                              "the pointer has no known length");
}

static PyObject *
iterate(PyObject *object)
{
    if (length_of(object) < 0)
        return NULL;
    return PY(PySeqIter_New)(object);
}

PyObject *
kaa_cpython__make_array(class *self, PyObject *type)
{
    PyObject *made = kaa_cpython__alloc_data(self, type);

    if (made != NULL && self->count < 0)
        kaa_cpython__data_body(made)->length = 0;
    return made;
}

static PyObject *
new_array(PyObject *type, PyObject *args, PyObject *kwargs)
{
    class *self = kaa_cpython__class_of(NULL, type);

    (void)args;
    (void)kwargs;
    if (self == NULL) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a class of C data expected");
        return NULL;
    }
    return kaa_cpython__make_array(self, type);
}

/* ---- through a pointer ---- */

/* The class of the records that a pointer points at; NULL where it points at
 * none, or with an exception. */
static class *
target_class(class *self)
{
    const field *element;

    if (self->plain != NULL)
        self = self->plain;
    element = &self->element;
    if (element->op != DATA_INSIDE ||
        kaa_ctype_kind_of(element->core) == KAA_CTYPE_ARRAY)
        return NULL;
    return kaa_cpython__member_class(self, &self->element);
}

/* The member of a name that is perhaps not interned, as those that a program
 * puts together; NULL without an exception. */
static field *
find_by_text(class *target, PyObject *name)
{
    const char *text = PY(PyUnicode_AsUTF8AndSize)(name, NULL);
    PyObject *interned =
        text != NULL ? PY(PyUnicode_InternFromString)(text) : NULL;
    field *found = NULL;

    if (interned == NULL) {
        PY(PyErr_Clear)();
        return NULL;
    }
    found = kaa_cpython__find_member(target, interned);
    PY(Py_DecRef)(interned);
    return found;
}

static int
check_target(PyObject *object, const data *body, const class *self)
{
    if (KAA_UNLIKELY(self->plain != NULL) &&
        kaa_cpython__check_guarded(object) != 0)
        return -1;
    if (KAA_UNLIKELY(body->data == NULL))
        return kaa_cpython__raise_null(self);
    if (KAA_UNLIKELY(body->length == 0))
        return kaa_cpython__raise(PY(PyExc_IndexError),
                                  "the pointer is at the end of what it "
                                  "points at");
    return 0;
}

static PyObject *
get_through(PyObject *object, PyObject *name)
{
    const data *body = kaa_cpython__data_body(object);
    class *target = target_class(body->class_);
    field *found;
    PyObject *value;

    if (KAA_LIKELY(target != NULL)) {
        found = kaa_cpython__find_member(target, name);
        if (KAA_UNLIKELY(found == NULL))
            found = find_by_text(target, name);
        if (KAA_LIKELY(found != NULL)) {
            if (check_target(object, body, body->class_) != 0)
                return NULL;
            return kaa_cpython__load_member(object, target, found, body->data);
        }
    } else if (PY(PyErr_Occurred)() != NULL) {
        return NULL;
    }
    value = PY(PyObject_GenericGetAttr)(object, name);
    if (value == NULL)
        kaa_cpython__suggest(body->class_, name);
    return value;
}

static int
set_through(PyObject *object, PyObject *name, PyObject *value)
{
    const data *body = kaa_cpython__data_body(object);
    class *target = target_class(body->class_);
    field *found;

    if (target != NULL) {
        found = kaa_cpython__find_member(target, name);
        if (found == NULL)
            found = find_by_text(target, name);
        if (found != NULL) {
            if (check_target(object, body, body->class_) != 0)
                return -1;
            return kaa_cpython__store_member(object, target, found, body->data,
                                             value);
        }
    } else if (PY(PyErr_Occurred)() != NULL) {
        return -1;
    }
    if (PY(PyObject_GenericSetAttr)(object, name, value) == 0)
        return 0;
    kaa_cpython__suggest(body->class_, name);
    return -1;
}

/* ---- pointers as values ---- */

/* The address and the owner that the hook finds for what was given. */
static int
point(PyObject *made, const class *self, PyObject *value)
{
    data *body = kaa_cpython__data_body(made);
    PyObject *const arguments[] = {self->layout, value};
    PyObject *answer, *owner;
    unsigned long long word;

    if (self->layout == NULL)
        return kaa_cpython__raise(PY(PyExc_RuntimeError),
                                  "the library is gone");
    answer = kaa_cpython__data_hook(self, HOOK_DATA_POINT, arguments, 2);
    if (answer == NULL)
        return -1;
    word = PY(PyLong_AsUnsignedLongLong)(PY(PyTuple_GetItem)(answer, 0));
    owner = PY(PyTuple_GetItem)(answer, 1);
    if (owner != kaa_cpython__none())
        kaa_cpython__adopt(made, owner);
    body->data = (char *)(uintptr_t)word;
    PY(Py_DecRef)(answer);
    return PY(PyErr_Occurred)() != NULL ? -1 : 0;
}

static PyObject *
new_pointer(PyObject *type, PyObject *args, PyObject *kwargs)
{
    class *self = kaa_cpython__class_of(NULL, type);
    ssize_t count = PY(PyTuple_Size)(args);
    PyObject *made;

    if (self == NULL || count > 1 ||
        (kwargs != NULL && PY(PyDict_Size)(kwargs) != 0)) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a pointer takes one value");
        return NULL;
    }
    made = kaa_cpython_data_view(self->host, type, 0, NULL, -1);
    if (made != NULL && count == 1 &&
        point(made, self, PY(PyTuple_GetItem)(args, 0)) != 0) {
        PY(Py_DecRef)(made);
        return NULL;
    }
    return made;
}

static int
is_not_null(PyObject *object)
{
    return kaa_cpython__data_body(object)->data != NULL;
}

static ssize_t
hash(PyObject *object)
{
    uintptr_t address = (uintptr_t)kaa_cpython__data_body(object)->data;
    ssize_t mixed = (ssize_t)(address >> 4 | address << 60);

    return mixed == -1 ? -2 : mixed;
}

enum { LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL };

static PyObject *
compare(PyObject *a, PyObject *b, int how)
{
    const data *left = kaa_cpython__data_body(a), *right;
    uintptr_t x = (uintptr_t)left->data, y;
    int holds;

    if (!kaa_cpython__is_data_type(left->class_->host, kaa_cpython__type(b)) ||
        kaa_cpython__data_body(b)->class_->kind != KAA_CTYPE_POINTER) {
        PY(Py_IncRef)(PY(_Py_NotImplementedStruct));
        return PY(_Py_NotImplementedStruct);
    }
    right = kaa_cpython__data_body(b);
    y = (uintptr_t)right->data;
    holds = how == LESS         ? x < y
            : how == LESS_EQUAL ? x <= y
            : how == EQUAL      ? x == y
            : how == NOT_EQUAL  ? x != y
            : how == GREATER    ? x > y
                                : x >= y;
    return PY(PyBool_FromLong)(holds);
}

void
kaa_cpython__array_slots(kaa_cpython__slots *slots)
{
    FUNCTION_AS_SLOT(slots, HOST_MP_SUBSCRIPT, get_item);
    FUNCTION_AS_SLOT(slots, HOST_MP_ASS_SUBSCRIPT, set_item_quickly);
    FUNCTION_AS_SLOT(slots, HOST_MP_LENGTH, length_of);
    FUNCTION_AS_SLOT(slots, HOST_SQ_LENGTH, length_of);
    FUNCTION_AS_SLOT(slots, HOST_SQ_ITEM, item_at);
    FUNCTION_AS_SLOT(slots, HOST_TP_ITER, iterate);
    FUNCTION_AS_SLOT(slots, HOST_TP_NEW, new_array);
}

void
kaa_cpython__pointer_slots(kaa_cpython__slots *slots)
{
    FUNCTION_AS_SLOT(slots, HOST_TP_GETATTRO, get_through);
    FUNCTION_AS_SLOT(slots, HOST_TP_SETATTRO, set_through);
    FUNCTION_AS_SLOT(slots, HOST_MP_SUBSCRIPT, get_item);
    FUNCTION_AS_SLOT(slots, HOST_MP_ASS_SUBSCRIPT, set_item_quickly);
    FUNCTION_AS_SLOT(slots, HOST_MP_LENGTH, length_of);
    FUNCTION_AS_SLOT(slots, HOST_SQ_ITEM, item_at);
    FUNCTION_AS_SLOT(slots, HOST_TP_ITER, iterate);
    FUNCTION_AS_SLOT(slots, HOST_TP_NEW, new_pointer);
    FUNCTION_AS_SLOT(slots, HOST_NB_BOOL, is_not_null);
    FUNCTION_AS_SLOT(slots, HOST_TP_HASH, hash);
    FUNCTION_AS_SLOT(slots, HOST_TP_RICHCOMPARE, compare);
}
