/* PyTuple_GetItem() lends what it gives.
 *
 *     >>> kept = (Thing(),) * 50
 *     >>> for _ in range(10): run(kept)
 *     audit: Thing: 10 references were given up that were not owned
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *item = PyTuple_GetItem(argument, 0);
    int truth;

    (void)module;
    if (item == NULL)
        return NULL;
    truth = PyObject_IsTrue(item);
    Py_DECREF(item);
    return PyBool_FromLong(truth);
}

EXTENSION(item_released)
