/* bench/modules_reference.c - bench/modules_kaa.c as one writes it with
 * Python.h. Only benches may include that. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <structmember.h>

static int
takes(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, %zd given", name,
                 wanted, given);
    return 0;
}

static PyObject *
empty(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    Py_RETURN_NONE;
}

static PyObject *
text_length(PyObject *self, PyObject *argument)
{
    Py_ssize_t size;

    (void)self;
    if (PyUnicode_AsUTF8AndSize(argument, &size) == NULL)
        return NULL;
    return PyLong_FromSsize_t(size);
}

static PyObject *
text_length_parsed(PyObject *self, PyObject *args)
{
    const char *text;
    Py_ssize_t size;

    (void)self;
    if (!PyArg_ParseTuple(args, "s#:text_length", &text, &size))
        return NULL;
    return PyLong_FromSsize_t(size);
}

static PyObject *
add(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long long a, b;

    (void)self;
    if (!takes("add", count, 2))
        return NULL;
    a = PyLong_AsLongLong(args[0]);
    if (a == -1 && PyErr_Occurred())
        return NULL;
    b = PyLong_AsLongLong(args[1]);
    if (b == -1 && PyErr_Occurred())
        return NULL;
    return PyLong_FromLongLong(
        (long long)((unsigned long long)a + (unsigned long long)b));
}

static PyObject *
add_parsed(PyObject *self, PyObject *args)
{
    int a, b;

    (void)self;
    if (!PyArg_ParseTuple(args, "ii:add", &a, &b))
        return NULL;
    return PyLong_FromLongLong((long long)a + b);
}

static PyObject *
numbers(PyObject *self, PyObject *argument)
{
    Py_ssize_t count = PyLong_AsSsize_t(argument);
    PyObject *list;

    (void)self;
    if (count < 0)
        return NULL;
    list = PyList_New(0);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *item = PyLong_FromSsize_t(i);

        if (item == NULL || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *
numbers_array(PyObject *self, PyObject *argument)
{
    Py_ssize_t count = PyLong_AsSsize_t(argument);
    PyObject *list;

    (void)self;
    if (count < 0)
        return NULL;
    list = PyList_New(count);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *item = PyLong_FromSsize_t(i);

        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, item);
    }
    return list;
}

typedef struct {
    PyObject_HEAD double x, y;
} point;

static int
point_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    point *data = (point *)self;

    (void)kwargs;
    if (!takes("Point", PyTuple_GET_SIZE(args), 2))
        return -1;
    data->x = PyFloat_AsDouble(PyTuple_GET_ITEM(args, 0));
    if (data->x == -1.0 && PyErr_Occurred())
        return -1;
    data->y = PyFloat_AsDouble(PyTuple_GET_ITEM(args, 1));
    return data->y == -1.0 && PyErr_Occurred() ? -1 : 0;
}

static int
point_init_parsed(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"x", "y", NULL};
    point *data = (point *)self;

    return PyArg_ParseTupleAndKeywords(args, kwargs, "dd:Point", names,
                                       &data->x, &data->y)
               ? 0
               : -1;
}

static void
point_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *
point_norm(PyObject *self, PyObject *unused)
{
    const point *data = (const point *)self;

    (void)unused;
    return PyFloat_FromDouble(sqrt(data->x * data->x + data->y * data->y));
}

static PyObject *
point_length(PyObject *self, void *user)
{
    (void)user;
    return point_norm(self, NULL);
}

static PyMethodDef point_methods[] = {
    {"norm", point_norm, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef point_members[] = {
    {"x", T_DOUBLE, offsetof(point, x), 0, NULL},
    {"y", T_DOUBLE, offsetof(point, y), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef point_properties[] = {
    {"length", point_length, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define POINT(spec, spec_name, init)                                           \
    static PyType_Slot spec##_slots[] = {                                      \
        {Py_tp_new, (void *)PyType_GenericNew},                                \
        {Py_tp_init, (void *)init},                                            \
        {Py_tp_dealloc, (void *)point_dealloc},                                \
        {Py_tp_methods, point_methods},                                        \
        {Py_tp_members, point_members},                                        \
        {Py_tp_getset, point_properties},                                      \
        {0, NULL},                                                             \
    };                                                                         \
    static PyType_Spec spec = {spec_name, sizeof(point), 0,                    \
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,       \
                               spec##_slots}

POINT(point_spec, "modules_reference.Point", point_init);
POINT(parsed_spec, "modules_reference.Point_parsed", point_init_parsed);

typedef struct {
    PyObject_HEAD int64_t left;
} bag;

static Py_ssize_t
bag_length(PyObject *self)
{
    (void)self;
    return 3;
}

static PyObject *
bag_get_item(PyObject *self, PyObject *key)
{
    (void)self;
    Py_INCREF(key);
    return key;
}

static Py_hash_t
bag_hash(PyObject *self)
{
    (void)self;
    return 5;
}

static PyObject *
bag_iter(PyObject *self)
{
    Py_INCREF(self);
    return self;
}

static PyObject *
bag_next(PyObject *self)
{
    bag *data = (bag *)self;

    if (data->left == 0) {
        data->left = 1000;
        return NULL;
    }
    data->left--;
    Py_RETURN_NONE;
}

static PyObject *
bag_add(PyObject *left, PyObject *right)
{
    (void)right;
    Py_INCREF(left);
    return left;
}

static PyObject *
bag_compare(PyObject *self, PyObject *other, int op)
{
    (void)self;
    (void)other;
    return PyBool_FromLong(op == Py_EQ);
}

static PyType_Slot bag_slots[] = {
    {Py_tp_new, (void *)PyType_GenericNew},
    {Py_tp_dealloc, (void *)point_dealloc},
    {Py_mp_length, (void *)bag_length},
    {Py_mp_subscript, (void *)bag_get_item},
    {Py_tp_hash, (void *)bag_hash},
    {Py_tp_iter, (void *)bag_iter},
    {Py_tp_iternext, (void *)bag_next},
    {Py_nb_add, (void *)bag_add},
    {Py_tp_richcompare, (void *)bag_compare},
    {0, NULL},
};

static PyType_Spec bag_spec = {"modules_reference.Bag", sizeof(bag), 0,
                               Py_TPFLAGS_DEFAULT, bag_slots};

static PyObject *
weigh(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    double x, y;

    (void)self;
    if (!takes("weigh", nargs, 2))
        return NULL;
    x = PyFloat_AsDouble(args[0]);
    if (x == -1.0 && PyErr_Occurred())
        return NULL;
    y = PyFloat_AsDouble(args[1]);
    if (y == -1.0 && PyErr_Occurred())
        return NULL;
    return PyFloat_FromDouble(x + 2 * y);
}

static PyMethodDef methods[] = {
    {"empty", empty, METH_NOARGS, NULL},
    {"text_length", text_length, METH_O, NULL},
    {"text_length_parsed", text_length_parsed, METH_VARARGS, NULL},
    {"add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, NULL},
    {"add_parsed", add_parsed, METH_VARARGS, NULL},
    {"numbers", numbers, METH_O, NULL},
    {"numbers_array", numbers_array, METH_O, NULL},
    {"weigh", (PyCFunction)(void (*)(void))weigh, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static int
fill(PyObject *module)
{
    PyType_Spec *specs[] = {&point_spec, &parsed_spec, &bag_spec};
    const char *names[] = {"Point", "Point_parsed", "Bag"};

    for (int i = 0; i < 3; i++) {
        PyObject *type = PyType_FromSpec(specs[i]);

        if (type == NULL || PyObject_SetAttrString(module, names[i], type) < 0)
            return -1;
        Py_DECREF(type);
    }
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)fill},
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "modules_reference",
                                        NULL,
                                        0,
                                        methods,
                                        slots,
                                        NULL,
                                        NULL,
                                        NULL};

PyMODINIT_FUNC PyInit_modules_reference(void);
PyMODINIT_FUNC
PyInit_modules_reference(void)
{
    return PyModuleDef_Init(&definition);
}
