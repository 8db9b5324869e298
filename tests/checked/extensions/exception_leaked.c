/* PyErr_Fetch() gives the exception away, and nobody takes it.
 *
 *     >>> for _ in range(100): run("no number")
 *     audit: ValueError: 100 objects that nothing refers to
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *number = PyNumber_Long(argument);

    (void)module;
    if (number == NULL) {
        PyObject *type, *value, *traceback;

        PyErr_Fetch(&type, &value, &traceback);
        PyErr_NormalizeException(&type, &value, &traceback);
        Py_XDECREF(type);
        Py_XDECREF(traceback);
        Py_RETURN_NONE;
    }
    return number;
}

EXTENSION(exception_leaked)
