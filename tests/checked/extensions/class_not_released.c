/* Instances of a heap type own a reference to it, from Python 3.8 on.
 *
 *     >>> for _ in range(100): run(None)
 *     audit: type: 100 references were taken and are held by nobody
 */
#include "extension.h"

typedef struct box {
    PyObject_HEAD
} box;

static void
box_dealloc(PyObject *self)
{
    PyObject_Free(self);
}

static PyType_Slot slots[] = {{Py_tp_dealloc, box_dealloc}, {0, NULL}};
static PyType_Spec spec = {"class_not_released.Box", sizeof(box), 0,
                           Py_TPFLAGS_DEFAULT, slots};
static PyObject *type;

static PyObject *
run(PyObject *module, PyObject *argument)
{
    (void)module;
    (void)argument;
    if (type == NULL)
        type = PyType_FromSpec(&spec);
    return type != NULL ? PyObject_CallNoArgs(type) : NULL;
}

EXTENSION(class_not_released)
