/* bench/cdata_reference.c - what one would write by hand for the records of
 * cdata.py: types with members, getters and vectorcall. Only benches may
 * include Python.h. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* Py_NewRef(), which 3.9 lacks. */
static inline PyObject *
new_reference(PyObject *object)
{
    Py_INCREF(object);
    return object;
}

typedef struct {
    PyObject_HEAD double x, y;
} point;

static PyObject *
point_call(PyObject *type, PyObject *const *args, size_t flagged,
           PyObject *names)
{
    Py_ssize_t count = PyVectorcall_NARGS(flagged);
    point *made;
    double *at;

    if (names != NULL || count > 2) {
        PyErr_SetString(PyExc_TypeError, "point() takes two numbers");
        return NULL;
    }
    made = (point *)((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, 0);
    if (made == NULL)
        return NULL;
    at = &made->x;
    for (Py_ssize_t i = 0; i < count; i++) {
        at[i] = PyFloat_CheckExact(args[i]) ? PyFloat_AS_DOUBLE(args[i])
                                            : PyFloat_AsDouble(args[i]);
        if (at[i] == -1.0 && PyErr_Occurred()) {
            Py_DECREF(made);
            return NULL;
        }
    }
    return (PyObject *)made;
}

static PyMemberDef point_members[] = {
    {"x", T_DOUBLE, offsetof(point, x), 0, NULL},
    {"y", T_DOUBLE, offsetof(point, y), 0, NULL},
    {0}};
static PyTypeObject point_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reference.point",
    .tp_basicsize = sizeof(point),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_members = point_members,
    .tp_new = PyType_GenericNew,
    .tp_vectorcall = point_call,
};

/* A record with other members. */
typedef struct {
    PyObject_HEAD int number, color;
    _Bool ok;
    const char *text;
    point *at;
} mixed;

static PyObject *colors[4]; /* members of an IntEnum, by value */

static PyObject *
get_color(mixed *self, void *unused)
{
    (void)unused;
    if ((unsigned)self->color < 4 && colors[self->color] != NULL)
        return new_reference(colors[self->color]);
    return PyLong_FromLong(self->color);
}

static PyObject *
get_ok(mixed *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(self->ok);
}

static PyObject *
get_text(mixed *self, void *unused)
{
    (void)unused;
    return PyUnicode_DecodeUTF8(self->text, (Py_ssize_t)strlen(self->text),
                                NULL);
}

static PyObject *
get_number(mixed *self, void *unused)
{
    (void)unused;
    return PyLong_FromLong(self->number);
}

/* A nested record: a view that keeps its owner. */
typedef struct {
    PyObject_HEAD double *at;
    PyObject *owner;
} view;

static PyObject *
view_get(view *self, void *which)
{
    return PyFloat_FromDouble(self->at[(size_t)which]);
}

static void
view_dealloc(view *self)
{
    Py_DECREF(self->owner);
    PyObject_Free(self);
}

static PyGetSetDef view_getset[] = {
    {"x", (getter)view_get, NULL, NULL, (void *)0},
    {"y", (getter)view_get, NULL, NULL, (void *)1},
    {0}};
static PyTypeObject view_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reference.view",
    .tp_basicsize = sizeof(view),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = (destructor)view_dealloc,
    .tp_getset = view_getset,
};

static PyObject *
get_at(mixed *self, void *unused)
{
    view *made = PyObject_New(view, &view_type);

    (void)unused;
    if (made == NULL)
        return NULL;
    made->at = &self->at->x;
    made->owner = new_reference((PyObject *)self);
    return (PyObject *)made;
}

static void
mixed_dealloc(mixed *self)
{
    Py_XDECREF(self->at);
    PyObject_Free(self);
}

static PyGetSetDef mixed_getset[] = {
    {"number", (getter)get_number, NULL, NULL, NULL},
    {"color", (getter)get_color, NULL, NULL, NULL},
    {"ok", (getter)get_ok, NULL, NULL, NULL},
    {"text", (getter)get_text, NULL, NULL, NULL},
    {"at", (getter)get_at, NULL, NULL, NULL},
    {0}};
static PyTypeObject mixed_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reference.mixed",
    .tp_basicsize = sizeof(mixed),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = (destructor)mixed_dealloc,
    .tp_getset = mixed_getset,
};

static PyObject *
make_mixed(PyObject *module, PyObject *names)
{
    mixed *made = PyObject_New(mixed, &mixed_type);

    (void)module;
    if (made == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < 4 && i < PySequence_Size(names); i++)
        colors[i] = PySequence_GetItem(names, i);
    made->number = 123456;
    made->color = 1;
    made->ok = 1;
    made->text = "a text";
    made->at = (point *)PyType_GenericNew(&point_type, NULL, NULL);
    return (PyObject *)made;
}

static double
norm(const double *at)
{
    return at[0] * at[0] + at[1] * at[1];
}

static PyObject *
by_pointer(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 1 || Py_TYPE(args[0]) != &point_type) {
        PyErr_SetString(PyExc_TypeError, "a point expected");
        return NULL;
    }
    return PyFloat_FromDouble(norm(&((point *)args[0])->x));
}

static PyObject *
swapped(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    point *made;

    (void)module;
    if (count != 1 || Py_TYPE(args[0]) != &point_type) {
        PyErr_SetString(PyExc_TypeError, "a point expected");
        return NULL;
    }
    made = (point *)point_type.tp_alloc(&point_type, 0);
    if (made == NULL)
        return NULL;
    made->x = ((point *)args[0])->y;
    made->y = ((point *)args[0])->x;
    return (PyObject *)made;
}

static PyMethodDef methods[] = {
    {"make_mixed", make_mixed, METH_O, NULL},
    {"by_pointer", (PyCFunction)(void (*)(void))by_pointer, METH_FASTCALL,
     NULL},
    {"swapped", (PyCFunction)(void (*)(void))swapped, METH_FASTCALL, NULL},
    {0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "cdata_reference",
                                        NULL,
                                        -1,
                                        methods,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

PyMODINIT_FUNC
PyInit_cdata_reference(void)
{
    PyObject *module = PyModule_Create(&definition);

    if (module == NULL || PyType_Ready(&point_type) != 0 ||
        PyType_Ready(&mixed_type) != 0 || PyType_Ready(&view_type) != 0 ||
        PyModule_AddObject(module, "point", (PyObject *)&point_type) != 0)
        return NULL;
#ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    return module;
}
