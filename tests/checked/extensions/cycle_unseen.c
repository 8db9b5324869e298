/* An instance that the collector does not know is in a cycle.
 *
 *     >>> run([])
 *     refs: builtins.list
 */
#include "extension.h"

typedef struct box {
    PyObject_HEAD PyObject *item;
} box;

static void
box_dealloc(PyObject *self)
{
    PyTypeObject *its = Py_TYPE(self);

    Py_XDECREF(((box *)self)->item);
    PyObject_Free(self);
    Py_DECREF(its);
}

static PyType_Slot slots[] = {{Py_tp_dealloc, box_dealloc}, {0, NULL}};
static PyType_Spec spec = {"cycle_unseen.Box", sizeof(box), 0,
                           Py_TPFLAGS_DEFAULT, slots};
static PyObject *type;

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *made;

    (void)module;
    if (type == NULL)
        type = PyType_FromSpec(&spec);
    made = type != NULL ? PyObject_CallNoArgs(type) : NULL;
    if (made != NULL) {
        Py_INCREF(argument);
        ((box *)made)->item = argument;
        if (PyList_Append(argument, made) < 0)
            return NULL;
    }
    return made;
}

EXTENSION(cycle_unseen)
