/* PyList_Append() takes a reference of its own.
 *
 *     >>> for _ in range(100): run(1.5)
 *     audit: float: 100 objects that nothing refers to
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *list = PyList_New(0);

    (void)module;
    if (list == NULL ||
        PyList_Append(list, PyFloat_FromDouble(PyFloat_AsDouble(argument))) < 0)
        return NULL;
    return list;
}

EXTENSION(append_leaked)
