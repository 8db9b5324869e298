/* cpython/context/on_text.c - the slots of str and bytes. */
#include <string.h>

#include "cpython/context/context.h"

static int
must_be_str(PyObject *object)
{
    return must_be(object, PY(PyUnicode_Type), "a str");
}

static int
fits(size_t size)
{
    if (size <= PTRDIFF_MAX)
        return 1;
    PY(PyErr_NoMemory)();
    return 0;
}

kaa_object *
kaa_cpython__slot_str_from_utf8(kaa_context *ctx, const char *text, size_t size)
{
    (void)ctx;
    if (!fits(size))
        return NULL;
    return as_kaa(PY(PyUnicode_DecodeUTF8)(text, (ssize_t)size, NULL));
}

kaa_object *
kaa_cpython__slot_str_intern(kaa_context *ctx, const char *text)
{
    (void)ctx;
    return as_kaa(PY(PyUnicode_InternFromString)(text));
}

kaa_object *
kaa_cpython__slot_str_format_v(kaa_context *ctx, const char *format,
                               va_list values)
{
    return kaa_args__str_format_v(ctx, format, values);
}

const char *
kaa_cpython__slot_str_as_utf8(kaa_context *ctx, kaa_object *str,
                              size_t *out_size)
{
    size_t ascii_size;
    const char *text = ascii_text(as_host(str), &ascii_size);
    ssize_t size;

    (void)ctx;
    if (text != NULL) {
        if (out_size != NULL)
            *out_size = ascii_size;
        return text;
    }
    if (!must_be_str(as_host(str)))
        return NULL;
    text = PY(PyUnicode_AsUTF8AndSize)(as_host(str), &size);
    if (text != NULL && out_size != NULL)
        *out_size = (size_t)size;
    return text;
}

ptrdiff_t
kaa_cpython__slot_str_length(kaa_context *ctx, kaa_object *str)
{
    (void)ctx;
    if (!must_be_str(as_host(str)))
        return -1;
    return PY(PyUnicode_GetLength)(as_host(str));
}

int
kaa_cpython__slot_str_equals(kaa_context *ctx, kaa_object *str,
                             const char *text, size_t size)
{
    size_t ascii_size;
    const char *own = ascii_text(as_host(str), &ascii_size);
    ssize_t own_size;

    (void)ctx;
    if (own != NULL)
        return ascii_size == size && memcmp(own, text, size) == 0;
    if (!is_kind_of(as_host(str), PY(PyUnicode_Type)))
        return 0;
    own = PY(PyUnicode_AsUTF8AndSize)(as_host(str), &own_size);
    if (own != NULL)
        return (size_t)own_size == size &&
               (size == 0 || memcmp(own, text, size) == 0);
    PY(PyErr_Clear)(); /* lone surrogates, which UTF-8 has not */
    return 0;
}

kaa_object *
kaa_cpython__slot_str_substring(kaa_context *ctx, kaa_object *str,
                                ptrdiff_t start, ptrdiff_t end)
{
    (void)ctx;
    if (!must_be_str(as_host(str)))
        return NULL;
    return as_kaa(PY(PyUnicode_Substring)(as_host(str), start > 0 ? start : 0,
                                          end > 0 ? end : 0));
}

kaa_object *
kaa_cpython__slot_str_join(kaa_context *ctx, kaa_object *separator,
                           kaa_object *items)
{
    (void)ctx;
    if (!must_be_str(as_host(separator)))
        return NULL;
    return as_kaa(PY(PyUnicode_Join)(as_host(separator), as_host(items)));
}

ptrdiff_t
kaa_cpython__slot_str_code_point(kaa_context *ctx, kaa_object *str,
                                 ptrdiff_t index)
{
    (void)ctx;
    if (!must_be_str(as_host(str)))
        return -1;
    if (index < 0 || index >= PY(PyUnicode_GetLength)(as_host(str))) {
        kaa_cpython__raise(PY(PyExc_IndexError), "string index out of range");
        return -1;
    }
    return (ptrdiff_t)PY(PyUnicode_ReadChar)(as_host(str), index);
}

kaa_object *
kaa_cpython__slot_bytes_from_data(kaa_context *ctx, const void *data,
                                  size_t size)
{
    PyObject *bytes;

    (void)ctx;
    if (!fits(size))
        return NULL;
    bytes = PY(PyBytes_FromStringAndSize)(data, (ssize_t)size);
    if (bytes != NULL && data == NULL && size != 0)
        memset(PY(PyBytes_AsString)(bytes), 0, size);
    return as_kaa(bytes);
}

char *
kaa_cpython__slot_bytes_as_data(kaa_context *ctx, kaa_object *bytes,
                                size_t *out_size)
{
    PyObject *object = as_host(bytes);

    (void)ctx;
    if (!must_be(object, PY(PyBytes_Type), "a bytes object"))
        return NULL;
    if (out_size != NULL)
        *out_size = (size_t)PY(PyBytes_Size)(object);
    return PY(PyBytes_AsString)(object);
}
