/* PyObject_GetAttrString() gives a new reference.
 *
 *     >>> thing = Thing()
 *     >>> for _ in range(100): run(thing)
 *     audit: method: 100 objects that nothing refers to
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    PyObject *method = PyObject_GetAttrString(argument, "method");

    (void)module;
    return method != NULL ? PyObject_CallNoArgs(method) : NULL;
}

EXTENSION(attribute_leaked)
