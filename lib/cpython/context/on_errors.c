/* cpython/context/on_errors.c - the slots of exceptions. The host keeps the
 * pending one with the thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#include "cpython/context/native_type.h"

int
kaa_cpython__wrong_type(PyObject *object, const char *wanted)
{
    char name[128];

    kaa_cpython__raise(PY(PyExc_TypeError), "%s is expected, not %s", wanted,
                       kaa_cpython__type_name(object, name, sizeof(name)));
    return 0;
}

int
kaa_cpython__slot_error_occurred(kaa_context *ctx)
{
    (void)ctx;
    return PY(PyErr_Occurred)() != NULL;
}

int
kaa_cpython__slot_error_matches(kaa_context *ctx, kaa_object *type)
{
    (void)ctx;
    return PY(PyErr_Occurred)() != NULL &&
           PY(PyErr_ExceptionMatches)(as_host(type));
}

void
kaa_cpython__slot_error_clear(kaa_context *ctx)
{
    (void)ctx;
    PY(PyErr_Clear)();
}

kaa_object *
kaa_cpython__slot_error_take(kaa_context *ctx)
{
    PyObject *type, *value, *traceback;

    (void)ctx;
    if (PY(PyErr_GetRaisedException) != NULL)
        return as_kaa(PY(PyErr_GetRaisedException)());
    PY(PyErr_Fetch)(&type, &value, &traceback);
    if (type == NULL)
        return NULL;
    PY(PyErr_NormalizeException)(&type, &value, &traceback);
    if (traceback != NULL && value != NULL)
        PY(PyException_SetTraceback)(value, traceback);
    xdecref(type);
    xdecref(traceback);
    return as_kaa(value);
}

static int
is_exception(PyObject *object)
{
    return is_kind_of(object, PY(PyExc_BaseException));
}

int
kaa_cpython__slot_raise_exception(kaa_context *ctx, kaa_object *exception)
{
    PyObject *value = as_host(exception);

    (void)ctx;
    if (!is_exception(value))
        kaa_cpython__wrong_type(value, "an exception");
    else
        PY(PyErr_SetObject)(kaa_cpython__type(value), value);
    return -1;
}

/* Whether `type` is an exception type; else TypeError is pending. The host
 * would say SystemError. */
static int
is_exception_type(kaa_context *ctx, PyObject *type)
{
    if (type != NULL && /* a state that was cleared has none */
        is_kind_of(type, as_host(kaa_builtin(ctx, KAA_TYPE_TYPE))) &&
        PY(PyType_IsSubtype)(type, PY(PyExc_BaseException)))
        return 1;
    kaa_cpython__raise(PY(PyExc_TypeError),
                       "exceptions must derive from BaseException");
    return 0;
}

int
kaa_cpython__slot_raise_object(kaa_context *ctx, kaa_object *type,
                               kaa_object *value)
{
    if (is_exception_type(ctx, as_host(type)))
        PY(PyErr_SetObject)(as_host(type), as_host(value));
    return -1;
}

int
kaa_cpython__slot_raise(kaa_context *ctx, kaa_object *type, const char *text)
{
    PyObject *value;

    if (!is_exception_type(ctx, as_host(type)))
        return -1;
    value = PY(PyUnicode_DecodeUTF8)(text, (ssize_t)strlen(text), "replace");
    if (value != NULL) {
        PY(PyErr_SetObject)(as_host(type), value);
        PY(Py_DecRef)(value);
    }
    return -1;
}

int
kaa_cpython__slot_raise_format_v(kaa_context *ctx, kaa_object *type,
                                 const char *format, va_list values)
{
    return kaa_args__raise_format_v(ctx, type, format, values);
}

int
kaa_cpython__slot_raise_errno(kaa_context *ctx, int number,
                              const char *filename)
{
    (void)ctx;
    errno = number;
    PY(PyErr_SetFromErrnoWithFilename)(PY(PyExc_OSError), filename);
    return -1;
}

int
kaa_cpython__slot_raise_memory(kaa_context *ctx)
{
    (void)ctx;
    PY(PyErr_NoMemory)();
    return -1;
}

void
kaa_cpython__slot_error_unraisable(kaa_context *ctx, kaa_object *where)
{
    (void)ctx;
    if (PY(PyErr_Occurred)() != NULL)
        PY(PyErr_WriteUnraisable)(as_host(where));
}

/* Not PyErr_Print(): that ends the process on SystemExit. */
void
kaa_cpython__slot_error_print(kaa_context *ctx)
{
    kaa_object *taken = kaa_cpython__slot_error_take(ctx);
    PyObject *value = as_host(taken), *traceback;

    if (value == NULL)
        return;
    traceback = PY(PyException_GetTraceback)(value);
    PY(PyErr_Display)(kaa_cpython__type(value), value, traceback);
    PY(PyErr_Clear)();
    xdecref(traceback);
    xdecref(value);
}

void
kaa_cpython__slot_error_add_frame(kaa_context *ctx, const char *function,
                                  const char *file, int line)
{
    (void)ctx;
    if (PY(_PyTraceback_Add) != NULL && PY(PyErr_Occurred)() != NULL)
        PY(_PyTraceback_Add)(function, file, line);
}

kaa_object *
kaa_cpython__slot_exception_new_type(kaa_context *ctx, const char *name,
                                     const char *doc, kaa_object *base)
{
    PyObject *made;
    char *dotted;

    if (base == NULL)
        base = as_kaa(PY(PyExc_Exception));
    if (!is_exception_type(ctx, as_host(base)))
        return NULL;
    dotted = kaa_cpython__full_name(name, NULL);
    if (dotted == NULL)
        return NULL;
    made = PY(PyErr_NewExceptionWithDoc)(dotted, doc, as_host(base), NULL);
    kaa_base__free(dotted);
    return as_kaa(made);
}

kaa_object *
kaa_cpython__slot_exception_cause(kaa_context *ctx, kaa_object *exception)
{
    PyObject *cause;

    if (!is_exception(as_host(exception))) {
        kaa_cpython__wrong_type(as_host(exception), "an exception");
        return NULL;
    }
    cause = PY(PyException_GetCause)(as_host(exception));
    return cause != NULL ? as_kaa(cause) : kaa_none(ctx);
}

int
kaa_cpython__slot_exception_set_cause(kaa_context *ctx, kaa_object *exception,
                                      kaa_object *cause)
{
    PyObject *given = as_host(cause);

    if (!is_exception(as_host(exception))) {
        kaa_cpython__wrong_type(as_host(exception), "an exception");
        return -1;
    }
    if (kaa_is_none(ctx, cause)) {
        given = NULL;
    } else if (!is_exception(given)) {
        kaa_cpython__wrong_type(given, "an exception or None");
        return -1;
    }
    PY(PyException_SetCause)
    (as_host(exception), given != NULL ? new_ref(given) : NULL);
    return 0;
}

kaa_object *
kaa_cpython__slot_exception_traceback(kaa_context *ctx, kaa_object *exception)
{
    PyObject *traceback;

    if (!is_exception(as_host(exception))) {
        kaa_cpython__wrong_type(as_host(exception), "an exception");
        return NULL;
    }
    traceback = PY(PyException_GetTraceback)(as_host(exception));
    return traceback != NULL ? as_kaa(traceback) : kaa_none(ctx);
}

int
kaa_cpython__slot_warn(kaa_context *ctx, kaa_object *category, const char *text)
{
    (void)ctx;
    return PY(PyErr_WarnEx)(as_host(category), text, 1) != 0 ? -1 : 0;
}
