/* What is kept in a static variable only grows.
 *
 *     >>> run(Thing())
 *     refs: Thing
 */
#include "extension.h"

static PyObject *seen;

static PyObject *
run(PyObject *module, PyObject *argument)
{
    (void)module;
    if (seen == NULL)
        seen = PyList_New(0);
    if (seen == NULL || PyList_Append(seen, argument) < 0)
        return NULL;
    return PyLong_FromSsize_t(PyList_Size(seen));
}

EXTENSION(cache_grows)
