/* bench/calls_reference.c - what one would write by hand: a METH_FASTCALL
 * extension over calls_target.c. Only benches may include Python.h.
 *
 * It is compiled twice. As it stands it calls documented functions for all
 * conversions. With LEAN it checks the same things, but reads small ints,
 * floats and ASCII texts by what Python.h inlines, and looks at types by
 * address: as fast as an extension can be that is compiled for one version.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <errno.h>

#include "calls_target.h"
#include "calls_values.h"

#ifdef LEAN
#define MODULE_NAME "calls_lean"
#define MODULE_INIT PyInit_calls_lean
#else
#define MODULE_NAME "calls_reference"
#define MODULE_INIT PyInit_calls_reference
#endif

static PyObject *
ref_answer(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    (void)args;
    if (!takes("answer", count, 0))
        return NULL;
    return PyLong_FromLong(answer());
}

static PyObject *
ref_next_int(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long a;

    (void)self;
    if (!takes("next_int", count, 1) ||
        !as_int(args[0], INT32_MIN, INT32_MAX, &a))
        return NULL;
    return PyLong_FromLong(next_int((int)a));
}

static PyObject *
ref_add_doubles(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    double a, b;

    (void)self;
    if (!takes("add_doubles", count, 2) || !as_double(args[0], &a) ||
        !as_double(args[1], &b))
        return NULL;
    return PyFloat_FromDouble(add_doubles(a, b));
}

static PyObject *
ref_add_doubles_released(PyObject *self, PyObject *const *args,
                         Py_ssize_t count)
{
    double a, b, sum;

    (void)self;
    if (!takes("add_doubles", count, 2) || !as_double(args[0], &a) ||
        !as_double(args[1], &b))
        return NULL;
    Py_BEGIN_ALLOW_THREADS sum = add_doubles_released(a, b);
    Py_END_ALLOW_THREADS return PyFloat_FromDouble(sum);
}

static PyObject *
ref_add_ints(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long a, b;

    (void)self;
    if (!takes("add_ints", count, 2) ||
        !as_int(args[0], INT32_MIN, INT32_MAX, &a) ||
        !as_int(args[1], INT32_MIN, INT32_MAX, &b))
        return NULL;
    return PyLong_FromLong(add_ints((int)a, (int)b));
}

static PyObject *
ref_text_length(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    const char *text;

    (void)self;
    if (!takes("text_length", count, 1))
        return NULL;
    text = as_text(args[0]);
    if (text == NULL)
        return NULL;
    return PyLong_FromSize_t(text_length(text));
}

static PyObject *
call_buffer(PyObject *const *args, Py_ssize_t count, int flags,
            long (*function)(void *, size_t))
{
    Py_buffer view;
    size_t length;
    long result;

    if (!takes("buffer", count, 2))
        return NULL;
    if (!as_size(args[1], &length))
        return NULL;
    if (PyObject_GetBuffer(args[0], &view, flags) != 0)
        return NULL;
    result = function(view.buf, length);
    PyBuffer_Release(&view);
    return PyLong_FromLong(result);
}

static long
call_checksum(void *data, size_t length)
{
    return checksum(data, length);
}

static PyObject *
ref_checksum(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
#ifdef LEAN
    if (count == 2 && PyBytes_CheckExact(args[0])) {
        size_t length;

        if (!as_size(args[1], &length))
            return NULL;
        return PyLong_FromLong(checksum(PyBytes_AS_STRING(args[0]), length));
    }
#endif
    return call_buffer(args, count, PyBUF_SIMPLE, call_checksum);
}

static PyObject *
ref_fill(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    return call_buffer(args, count, PyBUF_WRITABLE, fill);
}

static PyObject *
ref_sum_doubles(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer view;
    size_t length;
    double sum;

    (void)self;
    if (!takes("sum_doubles", count, 2))
        return NULL;
    if (!as_size(args[1], &length))
        return NULL;
    if (PyObject_GetBuffer(args[0], &view, PyBUF_ND | PyBUF_FORMAT) != 0)
        return NULL;
    if (view.itemsize != 8 || strcmp(view.format, "d") != 0) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_TypeError, "doubles expected");
        return NULL;
    }
    sum = sum_doubles(view.buf, length);
    PyBuffer_Release(&view);
    return PyFloat_FromDouble(sum);
}

static PyObject *
ref_set_ints(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer view;
    int result;

    (void)self;
    if (!takes("set_ints", count, 1) ||
        PyObject_GetBuffer(args[0], &view,
                           PyBUF_WRITABLE | PyBUF_ND | PyBUF_FORMAT) != 0)
        return NULL;
    if (view.itemsize != 4 ||
        (strcmp(view.format, "<i") != 0 && strcmp(view.format, "i") != 0)) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_TypeError, "ints expected");
        return NULL;
    }
    result = set_ints(view.buf);
    PyBuffer_Release(&view);
    return PyLong_FromLong(result);
}

static PyObject *
ref_mixed8(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long a, c, e, g;
    double b, d, f;
    size_t h;

    (void)self;
    if (!takes("mixed8", count, 8) ||
        !as_int(args[0], INT32_MIN, INT32_MAX, &a) || !as_double(args[1], &b) ||
        !as_int(args[2], LONG_MIN, LONG_MAX, &c) || !as_double(args[3], &d) ||
        !as_int(args[4], 0, 255, &e) || !as_double(args[5], &f) ||
        !as_int(args[6], INT16_MIN, INT16_MAX, &g) || !as_size(args[7], &h))
        return NULL;
    return PyFloat_FromDouble(
        mixed8((int)a, b, c, (float)d, (unsigned char)e, f, (short)g, h));
}

/* A native type around each record, as a hand-written extension has. */
typedef struct point_object {
    PyObject_HEAD point value;
} point_object;

typedef struct box_object {
    PyObject_HEAD box value;
} box_object;

/* A point that is C's. */
typedef struct view_object {
    PyObject_HEAD const point *at;
} view_object;

/* Its constructor, as quick as one can be. */
static PyObject *
point_call(PyObject *type, PyObject *const *args, size_t flagged,
           PyObject *names)
{
    point_object *made;
    double x, y;

    if (names != NULL || PyVectorcall_NARGS(flagged) != 2) {
        PyErr_SetString(PyExc_TypeError, "Point() takes two numbers");
        return NULL;
    }
    if (!as_double(args[0], &x) || !as_double(args[1], &y))
        return NULL;
    made = (point_object *)((PyTypeObject *)type)
               ->tp_alloc((PyTypeObject *)type, 0);
    if (made != NULL)
        made->value = (point){x, y};
    return (PyObject *)made;
}

static int
box_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    box *b = &((box_object *)self)->value;

    (void)kwargs;
    return PyArg_ParseTuple(args, "iiiid", &b->left, &b->top, &b->right,
                            &b->bottom, &b->weight)
               ? 0
               : -1;
}

static PyMemberDef point_members[] = {
    {"x", T_DOUBLE, offsetof(point_object, value.x), 0, NULL},
    {"y", T_DOUBLE, offsetof(point_object, value.y), 0, NULL},
    {0}};

static PyTypeObject point_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reference.Point",
    .tp_basicsize = sizeof(point_object),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_members = point_members,
    .tp_new = PyType_GenericNew,
    .tp_vectorcall = point_call,
};

static PyObject *
view_get(PyObject *self, void *which)
{
    const point *at = ((view_object *)self)->at;

    return PyFloat_FromDouble(which == NULL ? at->x : at->y);
}

static PyGetSetDef view_getset[] = {{"x", view_get, NULL, NULL, NULL},
                                    {"y", view_get, NULL, NULL, (void *)1},
                                    {0}};

static PyTypeObject view_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reference.PointView",
    .tp_basicsize = sizeof(view_object),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_getset = view_getset,
};

static PyTypeObject box_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "reference.Box",
    .tp_basicsize = sizeof(box_object),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = box_init,
};

static inline int
is_of(PyObject *value, PyTypeObject *type)
{
#ifdef LEAN
    if (Py_TYPE(value) == type)
        return 1;
#endif
    if (PyObject_TypeCheck(value, type))
        return 1;
    PyErr_SetString(PyExc_TypeError, "record expected");
    return 0;
}

static PyObject *
ref_norm_by_pointer(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (!takes("norm", count, 1) || !is_of(args[0], &point_type))
        return NULL;
    return PyFloat_FromDouble(
        norm_by_pointer(&((point_object *)args[0])->value));
}

static PyObject *
ref_distance(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (!takes("distance", count, 2) || !is_of(args[0], &point_type) ||
        !is_of(args[1], &point_type))
        return NULL;
    return PyFloat_FromDouble(distance(&((point_object *)args[0])->value,
                                       &((point_object *)args[1])->value));
}

static PyObject *
ref_add_point(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (!takes("add_point", count, 2) || !is_of(args[0], &point_type) ||
        !is_of(args[1], &point_type))
        return NULL;
    add_point(&((point_object *)args[0])->value,
              &((point_object *)args[1])->value);
    Py_RETURN_NONE;
}

static PyObject *
ref_norm_by_value(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (!takes("norm", count, 1) || !is_of(args[0], &point_type))
        return NULL;
    return PyFloat_FromDouble(norm_by_value(((point_object *)args[0])->value));
}

static PyObject *
ref_weigh_by_value(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (!takes("weigh", count, 1) || !is_of(args[0], &box_type))
        return NULL;
    return PyFloat_FromDouble(weigh_by_value(((box_object *)args[0])->value));
}

static PyObject *
ref_make_point(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    double x, y;
    PyObject *made;

    (void)self;
    if (!takes("make_point", count, 2) || !as_double(args[0], &x) ||
        !as_double(args[1], &y))
        return NULL;
    made = point_type.tp_alloc(&point_type, 0);
    if (made != NULL)
        ((point_object *)made)->value = make_point(x, y);
    return made;
}

static PyObject *
ref_greeting(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long which;
    const char *text;

    (void)self;
    if (!takes("greeting", count, 1) ||
        !as_int(args[0], INT32_MIN, INT32_MAX, &which))
        return NULL;
    text = greeting((int)which);
    if (text == NULL)
        Py_RETURN_NONE;
    return PyUnicode_FromString(text);
}

static PyObject *
ref_count_variable(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    const char *format, *text;
    long number;
    double real;

    (void)self;
    if (!takes("count_variable", count, 4))
        return NULL;
    format = as_text(args[0]);
    if (format == NULL || !as_int(args[1], INT32_MIN, INT32_MAX, &number))
        return NULL;
    text = as_text(args[2]);
    if (text == NULL || !as_double(args[3], &real))
        return NULL;
    return PyLong_FromLong(count_variable(format, (int)number, text, real));
}

static PyObject *
ref_checked(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long code;
    int result;

    (void)self;
    if (!takes("checked", count, 1) ||
        !as_int(args[0], INT32_MIN, INT32_MAX, &code))
        return NULL;
    errno = 0;
    result = checked((int)code);
    if (result < 0 && errno != 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    return PyLong_FromLong(result);
}

static PyObject *repeated; /* the callable; the GIL protects it */
static int has_raised;     /* so nothing more of this call is run */

/* Takes over both arguments; after an exception nothing more is called. */
static inline int
call_with(PyObject *first, PyObject *second)
{
    PyObject *args[3] = {NULL, first, second}, *result = NULL;
    long number = 0;

    if (first != NULL && second != NULL && !has_raised)
        result = PyObject_Vectorcall(repeated, args + 1,
                                     2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_XDECREF(first);
    Py_XDECREF(second);
    if (result == NULL || !as_int(result, INT32_MIN, INT32_MAX, &number)) {
        has_raised = 1;
        number = 0;
    }
    Py_XDECREF(result);
    return (int)number;
}

static int
call_repeated(int a, int b)
{
    return call_with(PyLong_FromLong(a), PyLong_FromLong(b));
}

static PyObject *
view_of(const point *at)
{
    view_object *made = PyObject_New(view_object, &view_type);

    if (made != NULL)
        made->at = at;
    return (PyObject *)made;
}

static int
call_points(const point *a, const point *b)
{
    return call_with(view_of(a), view_of(b));
}

static int
call_repeated_with_gil(int a, int b)
{
    PyGILState_STATE state = PyGILState_Ensure();
    int result = call_repeated(a, b);

    PyGILState_Release(state);
    return result;
}

static PyObject *
ref_repeat(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long times, sum;

    (void)self;
    if (!takes("repeat", count, 2) ||
        !as_int(args[1], INT32_MIN, INT32_MAX, &times))
        return NULL;
    repeated = args[0];
    has_raised = 0;
    sum = repeat(call_repeated, (int)times);
    if (has_raised)
        return NULL;
    return PyLong_FromLong(sum);
}

static PyObject *
ref_repeat_points(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long times, sum;

    (void)self;
    if (!takes("repeat_points", count, 2) ||
        !as_int(args[1], INT32_MIN, INT32_MAX, &times))
        return NULL;
    repeated = args[0];
    has_raised = 0;
    sum = repeat_points(call_points, (int)times);
    if (has_raised)
        return NULL;
    return PyLong_FromLong(sum);
}

static PyObject *
ref_repeat_released(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    long times, sum;

    (void)self;
    if (!takes("repeat", count, 2) ||
        !as_int(args[1], INT32_MIN, INT32_MAX, &times))
        return NULL;
    repeated = args[0];
    has_raised = 0;
    Py_BEGIN_ALLOW_THREADS sum =
        repeat_released(call_repeated_with_gil, (int)times);
    Py_END_ALLOW_THREADS if (has_raised) return NULL;
    return PyLong_FromLong(sum);
}

#define METHOD(name)                                                           \
    {                                                                          \
#name, (PyCFunction)(void (*)(void))ref_##name, METH_FASTCALL, NULL    \
    }

static PyMethodDef methods[] = {
    METHOD(answer),          METHOD(next_int),
    METHOD(add_doubles),     METHOD(add_doubles_released),
    METHOD(add_ints),        METHOD(text_length),
    METHOD(checksum),        METHOD(fill),
    METHOD(sum_doubles),     METHOD(set_ints),
    METHOD(mixed8),          METHOD(norm_by_pointer),
    METHOD(distance),        METHOD(add_point),
    METHOD(norm_by_value),   METHOD(weigh_by_value),
    METHOD(make_point),      METHOD(greeting),
    METHOD(count_variable),  METHOD(checked),
    METHOD(repeat),          METHOD(repeat_points),
    METHOD(repeat_released), {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        MODULE_NAME,
                                        NULL,
                                        -1,
                                        methods,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

PyMODINIT_FUNC
MODULE_INIT(void)
{
    PyObject *module;

    if (PyType_Ready(&point_type) != 0 || PyType_Ready(&box_type) != 0 ||
        PyType_Ready(&view_type) != 0)
        return NULL;
    module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
    Py_INCREF(&point_type);
    Py_INCREF(&box_type);
    PyModule_AddObject(module, "Point", (PyObject *)&point_type);
    PyModule_AddObject(module, "Box", (PyObject *)&box_type);
    return module;
}
