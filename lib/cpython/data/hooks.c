/* cpython/data/hooks.c - asking Python for what is rare. */
#include <string.h>

#include "cpython/data/data.h"

typedef kaa_cpython__class class;
typedef kaa_cpython__member field;

/* ---- the hooks ---- */

PyObject *
kaa_cpython__data_hook(const class *self, int hook, PyObject *const *arguments,
                       int count)
{
    PyObject *five[5] = {NULL, NULL, NULL, NULL, NULL};

    for (int i = 0; i < count; i++)
        five[i] = arguments[i];
    return PY(PyObject_CallFunctionObjArgs)(self->host->hooks[hook], five[0],
                                            five[1], five[2], five[3], five[4],
                                            NULL);
}

static PyObject *
layout_of(const class *self)
{
    if (self->layout == NULL)
        kaa_cpython__raise(PY(PyExc_RuntimeError), "the library is gone");
    return self->layout;
}

/* data_load() or, with a value, data_store(). */
PyObject *
kaa_cpython__ask(PyObject *object, const class *self, const field *member,
                 const char *base, PyObject *value)
{
    PyObject *layout = layout_of(self);
    PyObject *number, *address, *result = NULL;

    if (layout == NULL)
        return NULL;
    number = PY(PyLong_FromLongLong)(member->number);
    address =
        PY(PyLong_FromUnsignedLongLong)((unsigned long long)(uintptr_t)base);
    if (number != NULL && address != NULL) {
        PyObject *const arguments[] = {object, layout, number, address, value};

        result = kaa_cpython__data_hook(
            self, value != NULL ? HOOK_DATA_STORE : HOOK_DATA_LOAD, arguments,
            value != NULL ? 5 : 4);
    }
    if (number != NULL)
        PY(Py_DecRef)(number);
    if (address != NULL)
        PY(Py_DecRef)(address);
    return result;
}

int
kaa_cpython__raise_null(const class *self)
{
    PyObject *layout = layout_of(self);
    PyObject *result =
        layout != NULL
            ? kaa_cpython__data_hook(self, HOOK_DATA_NULL, &layout, 1)
            : NULL;

    if (result != NULL)
        PY(Py_DecRef)(result);
    return -1;
}

void
kaa_cpython__suggest(const class *self, PyObject *name)
{
    PyObject *arguments[2], *result, *raised[3];
    const char *text;

    if (!PY(PyErr_ExceptionMatches)(PY(PyExc_AttributeError)) ||
        self->layout == NULL)
        return;
    PY(PyErr_Fetch)(&raised[0], &raised[1], &raised[2]);
    text = PY(PyUnicode_AsUTF8AndSize)(name, NULL);
    if (text == NULL || memcmp(text, "_", 1) == 0) {
        PY(PyErr_Clear)();
        PY(PyErr_Restore)(raised[0], raised[1], raised[2]);
        return;
    }
    for (int i = 0; i < 3; i++)
        if (raised[i] != NULL)
            PY(Py_DecRef)(raised[i]);
    arguments[0] = self->layout;
    arguments[1] = name;
    result = kaa_cpython__data_hook(self, HOOK_DATA_NO_MEMBER, arguments, 2);
    if (result != NULL)
        PY(Py_DecRef)(result);
}
