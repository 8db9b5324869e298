/* A buffer has a reference to what it was asked of.
 *
 *     >>> data = bytearray(10)
 *     >>> for _ in range(100): run(data)
 *     audit: bytearray: 100 references were taken and are held by nobody
 */
#include "extension.h"

static PyObject *
run(PyObject *module, PyObject *argument)
{
    Py_buffer buffer;

    (void)module;
    if (PyObject_GetBuffer(argument, &buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    return PyLong_FromSsize_t(buffer.len);
}

EXTENSION(buffer_not_released)
