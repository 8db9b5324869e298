/* What was made is forgotten where the next call fails.
 *
 *     >>> for _ in range(100): run("no number")
 *     audit: str: 100 objects that nothing refers to
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *text = PyUnicode_FromFormat("the number %U", argument), *pair;
    PyObject *number = PyNumber_Float(argument);

    (void)module;
    if (text == NULL || number == NULL) {
        PyErr_Clear();
        Py_XDECREF(number); /* and not text */
        Py_RETURN_NONE;
    }
    pair = PyTuple_Pack(2, text, number);
    Py_DECREF(text);
    Py_DECREF(number);
    return pair;
}

EXTENSION(error_path_leaked)
