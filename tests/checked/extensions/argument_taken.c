/* A reference to the argument is taken, and nobody keeps it.
 *
 *     >>> thing = Thing()
 *     >>> for _ in range(100): run(thing)
 *     audit: Thing: 100 references were taken and are held by nobody
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    (void)module;
    Py_INCREF(argument);
    return PyLong_FromLong((long)PyObject_IsTrue(argument));
}

EXTENSION(argument_taken)
