/* cpython/context/on_numbers.c - the slots of int, float and complex. */
#include <stdlib.h>
#include <string.h>

#include "cpython/context/context.h"

/* ---- int */

/* The int itself or what its __index__ gives, as a new reference; NULL with
 * TypeError. */
static PyObject *
as_index(PyObject *object)
{
    if (is_kind_of(object, PY(PyLong_Type)))
        return new_ref(object);
    return PY(PyNumber_Index)(object);
}

/* The value of an exact small int, where its layout is known. */
static inline int
read_small(PyObject *object, int64_t *out)
{
    int layout = kaa_cpython__layout.long_layout;
    const char *at = (const char *)object + kaa_cpython__layout.header;
    int64_t word;
    uint32_t digit;

    if (layout == LONG_UNKNOWN || kaa_cpython__type(object) != PY(PyLong_Type))
        return 0;
    memcpy(&word, at, sizeof(word));
    memcpy(&digit, at + 8, sizeof(digit));
    if (layout == LONG_SIZE_FIELD) {
        if (word < -1 || word > 1)
            return 0;
        *out = word == 0 ? 0 : word * (int64_t)digit;
        return 1;
    }
    if ((uint64_t)word >= 16)
        return 0;
    *out = (1 - (word & 3)) * (int64_t)digit;
    return 1;
}

kaa_object *
kaa_cpython__slot_int_from_int64(kaa_context *ctx, int64_t value)
{
    (void)ctx;
    return as_kaa(PY(PyLong_FromLongLong)(value));
}

kaa_object *
kaa_cpython__slot_int_from_uint64(kaa_context *ctx, uint64_t value)
{
    (void)ctx;
    return as_kaa(PY(PyLong_FromUnsignedLongLong)(value));
}

kaa_object *
kaa_cpython__slot_int_from_bytes(kaa_context *ctx, const void *bytes,
                                 size_t size, int is_big_endian, int is_signed)
{
    (void)ctx;
    return as_kaa(
        PY(_PyLong_FromByteArray)(bytes, size, !is_big_endian, is_signed != 0));
}

kaa_object *
kaa_cpython__slot_int_from_text(kaa_context *ctx, const char *text, size_t size,
                                int base)
{
    PyObject *str, *value;

    (void)ctx;
    if (base != 0 && (base < 2 || base > 36)) {
        kaa_cpython__raise(PY(PyExc_ValueError),
                           "int() base must be >= 2 and <= 36, or 0");
        return NULL;
    }
    str = PY(PyUnicode_DecodeUTF8)(text, (ssize_t)size, "replace");
    if (str == NULL)
        return NULL;
    value = PY(PyLong_FromUnicodeObject)(str, base);
    PY(Py_DecRef)(str);
    return as_kaa(value);
}

int
kaa_cpython__slot_int_as_int64(kaa_context *ctx, kaa_object *object,
                               int64_t *out)
{
    PyObject *index;
    long long value;

    (void)ctx;
    if (read_small(as_host(object), out))
        return 0;
    index = as_index(as_host(object));
    if (index == NULL)
        return -1;
    value = PY(PyLong_AsLongLong)(index);
    PY(Py_DecRef)(index);
    if (value == -1 && PY(PyErr_Occurred)() != NULL)
        return -1;
    *out = value;
    return 0;
}

int
kaa_cpython__slot_int_as_uint64(kaa_context *ctx, kaa_object *object,
                                uint64_t *out)
{
    PyObject *index;
    unsigned long long value;
    int64_t small;

    (void)ctx;
    if (read_small(as_host(object), &small) && small >= 0) {
        *out = (uint64_t)small;
        return 0;
    }
    index = as_index(as_host(object));
    if (index == NULL)
        return -1;
    value = PY(PyLong_AsUnsignedLongLong)(index);
    PY(Py_DecRef)(index);
    if (value == (unsigned long long)-1 && PY(PyErr_Occurred)() != NULL)
        return -1;
    *out = value;
    return 0;
}

int
kaa_cpython__slot_int_as_uint64_mask(kaa_context *ctx, kaa_object *object,
                                     uint64_t *out)
{
    PyObject *index = as_index(as_host(object));
    unsigned long long value;

    (void)ctx;
    if (index == NULL)
        return -1;
    value = PY(PyLong_AsUnsignedLongLongMask)(index);
    PY(Py_DecRef)(index);
    if (value == (unsigned long long)-1 && PY(PyErr_Occurred)() != NULL)
        return -1;
    *out = value;
    return 0;
}

static int
must_be_int(PyObject *object)
{
    return must_be(object, PY(PyLong_Type), "an int");
}

/* The host's function has had one argument more since 3.13 (which asks for
 * exceptions); an older one does not look at it. It may write before it finds
 * that the bytes are too few, so it is given others. */
int
kaa_cpython__slot_int_as_bytes(kaa_context *ctx, kaa_object *object,
                               void *bytes, size_t size, int is_big_endian,
                               int is_signed)
{
    unsigned char few[64], *room = few;
    int result;

    (void)ctx;
    if (!must_be_int(as_host(object)))
        return -1;
    if (size > sizeof(few)) {
        room = PY(PyMem_Malloc)(size);
        if (room == NULL) {
            PY(PyErr_NoMemory)();
            return -1;
        }
    }
    result = PY(_PyLong_AsByteArray)(as_host(object), room, size,
                                     !is_big_endian, is_signed != 0, 1);
    if (result == 0 && size != 0)
        memcpy(bytes, room, size);
    if (room != few)
        PY(PyMem_Free)(room);
    return result != 0 ? -1 : 0;
}

kaa_object *
kaa_cpython__slot_int_as_text(kaa_context *ctx, kaa_object *object, int base)
{
    PyObject *text, *bare;
    const char *digits;
    char first[1];
    ssize_t length, skip;

    (void)ctx;
    if (!must_be_int(as_host(object)))
        return NULL;
    if (base != 2 && base != 8 && base != 10 && base != 16) {
        kaa_cpython__raise(PY(PyExc_ValueError),
                           "the base must be 2, 8, 10 or 16, not %d", base);
        return NULL;
    }
    text = PY(PyNumber_ToBase)(as_host(object), base);
    if (text == NULL || base == 10)
        return as_kaa(text);
    /* "-0xff": what stands between is left out. */
    digits = PY(PyUnicode_AsUTF8AndSize)(text, &length);
    if (digits == NULL) {
        PY(Py_DecRef)(text);
        return NULL;
    }
    first[0] = digits[0];
    skip = first[0] == '-' ? 3 : 2;
    bare = PY(PyUnicode_Substring)(text, skip, length);
    PY(Py_DecRef)(text);
    if (bare != NULL && first[0] == '-') {
        PyObject *minus = PY(PyUnicode_DecodeUTF8)("-", 1, NULL), *whole;

        whole = minus != NULL ? PY(PyNumber_Add)(minus, bare) : NULL;
        xdecref(minus);
        PY(Py_DecRef)(bare);
        bare = whole;
    }
    return as_kaa(bare);
}

int
kaa_cpython__slot_int_sign(kaa_context *ctx, kaa_object *object, int *out)
{
    long long value;
    int overflow;

    (void)ctx;
    if (!must_be_int(as_host(object)))
        return -1;
    value = PY(PyLong_AsLongLongAndOverflow)(as_host(object), &overflow);
    if (value == -1 && overflow == 0 && PY(PyErr_Occurred)() != NULL)
        return -1;
    *out = overflow != 0 ? overflow : (value > 0) - (value < 0);
    return 0;
}

ptrdiff_t
kaa_cpython__slot_int_bit_length(kaa_context *ctx, kaa_object *object)
{
    PyObject *argument = as_host(object), *length;
    unsigned long long magnitude;
    long long value;
    int overflow;
    ptrdiff_t bits = 0;

    if (!must_be_int(argument))
        return -1;
    value = PY(PyLong_AsLongLongAndOverflow)(argument, &overflow);
    if (overflow == 0) {
        if (value == -1 && PY(PyErr_Occurred)() != NULL)
            return -1;
        magnitude = value < 0 ? 0 - (unsigned long long)value
                              : (unsigned long long)value;
        for (; magnitude != 0; magnitude >>= 1)
            bits++;
        return bits;
    }
    length = PY(PyObject_CallFunctionObjArgs)(own_of(ctx)->bit_length, argument,
                                              NULL);
    if (length == NULL)
        return -1;
    value = PY(PyLong_AsLongLong)(length);
    PY(Py_DecRef)(length);
    return (ptrdiff_t)value;
}

/* ---- float, complex */

kaa_object *
kaa_cpython__slot_float_from_double(kaa_context *ctx, double value)
{
    (void)ctx;
    return as_kaa(PY(PyFloat_FromDouble)(value));
}

int
kaa_cpython__slot_float_as_double(kaa_context *ctx, kaa_object *object,
                                  double *out)
{
    double value;

    (void)ctx;
    if (kaa_cpython__layout.float_offset != 0 &&
        is_exactly(as_host(object), PY(PyFloat_Type))) {
        memcpy(out, (char *)object + kaa_cpython__layout.float_offset,
               sizeof(*out));
        return 0;
    }
    value = PY(PyFloat_AsDouble)(as_host(object));
    if (value == -1.0 && PY(PyErr_Occurred)() != NULL)
        return -1;
    *out = value;
    return 0;
}

kaa_object *
kaa_cpython__slot_complex_from_doubles(kaa_context *ctx, double real,
                                       double imaginary)
{
    (void)ctx;
    return as_kaa(PY(PyComplex_FromDoubles)(real, imaginary));
}

int
kaa_cpython__slot_complex_as_doubles(kaa_context *ctx, kaa_object *object,
                                     double *out_real, double *out_imaginary)
{
    host_complex value = PY(PyComplex_AsCComplex)(as_host(object));

    (void)ctx;
    if (value.real == -1.0 && PY(PyErr_Occurred)() != NULL)
        return -1;
    *out_real = value.real;
    *out_imaginary = value.imaginary;
    return 0;
}
