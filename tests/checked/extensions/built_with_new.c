/* "O" takes a reference of its own; "N" would not.
 *
 *     >>> for _ in range(100): run(1.5)
 *     audit: list: 100 objects that nothing refers to
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    (void)module;
    return Py_BuildValue("(iO)", 1, Py_BuildValue("[O]", argument));
}

EXTENSION(built_with_new)
