/* PyDict_SetItemString() takes a reference of its own.
 *
 *     >>> for _ in range(100): run("text")
 *     audit: bytes: 100 objects that nothing refers to
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *dict = PyDict_New(), *value = PyUnicode_AsUTF8String(argument);

    (void)module;
    if (dict == NULL || value == NULL ||
        PyDict_SetItemString(dict, "value", value) < 0)
        return NULL;
    return dict;
}

EXTENSION(dict_value_leaked)
