/* PyTuple_SetItem() takes the reference that it is given.
 *
 *     >>> thing = [Thing()] * 50
 *     >>> kept = [run(thing[0]) for _ in range(10)]
 *     audit: Thing: 10 references were given up that were not owned
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *tuple = PyTuple_New(1);

    (void)module;
    if (tuple == NULL || PyTuple_SetItem(tuple, 0, argument) < 0)
        return NULL;
    return tuple;
}

EXTENSION(tuple_of_borrowed)
