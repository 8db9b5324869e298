/* bench/calls_values.h - how calls_reference.c reads arguments: by documented
 * functions or, with LEAN, by what Python.h inlines. */
#ifndef CALLS_VALUES_H
#define CALLS_VALUES_H

#include <Python.h>

#if defined(LEAN) && PY_VERSION_HEX < 0x030B0000
#include <longintrepr.h>
#endif

static int
takes(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, %zd given", name,
                 wanted, given);
    return 0;
}

#ifdef LEAN
/* Whether a value is a small int, and which. */
static inline int
is_small(PyObject *value, long *out)
{
    if (!PyLong_CheckExact(value))
        return 0;
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact((PyLongObject *)value))
        return 0;
    *out = (long)PyUnstable_Long_CompactValue((PyLongObject *)value);
#else
    if ((size_t)(Py_SIZE(value) + 1) > 2)
        return 0;
    *out = (long)Py_SIZE(value) * (long)((PyLongObject *)value)->ob_digit[0];
#endif
    return 1;
}
#endif

static inline int
as_double(PyObject *value, double *out)
{
#ifdef LEAN
    if (PyFloat_CheckExact(value)) {
        *out = PyFloat_AS_DOUBLE(value);
        return 1;
    }
#endif
    *out = PyFloat_AsDouble(value);
    return *out != -1.0 || !PyErr_Occurred();
}

static inline int
as_int(PyObject *value, long low, long high, long *out)
{
#ifdef LEAN
    if (!is_small(value, out))
#endif
    {
        *out = PyLong_AsLong(value);
        if (*out == -1 && PyErr_Occurred())
            return 0;
    }
    if (*out < low || *out > high) {
        PyErr_SetString(PyExc_OverflowError, "out of range");
        return 0;
    }
    return 1;
}

static inline int
as_size(PyObject *value, size_t *out)
{
#ifdef LEAN
    long number;

    if (is_small(value, &number) && number >= 0) {
        *out = (size_t)number;
        return 1;
    }
#endif
    *out = PyLong_AsSize_t(value);
    return *out != (size_t)-1 || !PyErr_Occurred();
}

/* UTF-8 without a NUL inside; NULL with an exception. */
static inline const char *
as_text(PyObject *value)
{
    const char *text;
    Py_ssize_t length;

#ifdef LEAN
    if (PyUnicode_CheckExact(value) && PyUnicode_IS_COMPACT_ASCII(value)) {
        text = PyUnicode_DATA(value);
        length = PyUnicode_GET_LENGTH(value);
    } else
#endif
        text = PyUnicode_AsUTF8AndSize(value, &length);
    if (text != NULL && strlen(text) != (size_t)length) {
        PyErr_SetString(PyExc_ValueError, "embedded null character");
        return NULL;
    }
    return text;
}

#endif /* CALLS_VALUES_H */
