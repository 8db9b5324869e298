/* PySequence_GetItem() gives a new reference.
 *
 *     >>> text = [Thing() for _ in range(20)]
 *     >>> for _ in range(10): run(text)
 *     audit: Thing: 10 references were taken and are held by nobody
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    Py_ssize_t count = PySequence_Size(argument);
    long truths = 0;

    (void)module;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(argument, i);

        if (item == NULL)
            return NULL;
        truths += PyObject_IsTrue(item);
    }
    return PyLong_FromLong(truths);
}

EXTENSION(items_leaked)
