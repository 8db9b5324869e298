/* The end of an instance forgets what it holds.
 *
 *     >>> for _ in range(100): run(Thing())
 *     audit: Thing: 100 objects that nothing refers to
 */
#include "extension.h"

typedef struct box {
    PyObject_HEAD PyObject *item;
} box;

static void
box_dealloc(PyObject *self)
{
    PyTypeObject *its = Py_TYPE(self);

    PyObject_Free(self);
    Py_DECREF(its);
}

static PyType_Slot slots[] = {{Py_tp_dealloc, box_dealloc}, {0, NULL}};
static PyType_Spec spec = {"member_not_released.Box", sizeof(box), 0,
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
    }
    return made;
}

EXTENSION(member_not_released)
