/* extension.h - what the wrong extensions share: a module with one function,
 * run(). Each is one mistake; tests/python/test_wrong_extensions.py compiles it
 * and reads the comment at its head: steps of Python, and what is said then.
 */
#ifndef EXTENSION_H
#define EXTENSION_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *run(PyObject *module, PyObject *argument);

static PyMethodDef methods[] = {
    {"run", run, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "extension",
    NULL,
    -1,
    methods,
    NULL,
    NULL,
    NULL,
    NULL,
};

#define EXTENSION(name)                                                        \
    PyMODINIT_FUNC PyInit_##name(void)                                         \
    {                                                                          \
        return PyModule_Create(&definition);                                   \
    }

#endif
