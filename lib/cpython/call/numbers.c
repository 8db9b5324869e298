/* cpython/call/numbers.c - Python numbers and characters to C ones. */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cpython/call/convert.h"

/* ---- integers ---- */

/* What nobody would read is not printed in full. */
#define BITS_PRINTED_MAX 512

static long long
bit_length(PyObject *value)
{
    PyObject *method = PY(PyObject_GetAttrString)(value, "bit_length");
    PyObject *bits =
        method != NULL ? PY(PyObject_CallObject)(method, NULL) : NULL;
    int overflow;
    long long count =
        bits != NULL ? PY(PyLong_AsLongLongAndOverflow)(bits, &overflow) : -1;

    if (method != NULL)
        PY(Py_DecRef)(method);
    if (bits != NULL)
        PY(Py_DecRef)(bits);
    PY(PyErr_Clear)();
    return count;
}

void
kaa_cpython__print_number(PyObject *value, char *buffer, size_t size)
{
    PyObject *type = kaa_cpython__type(value), *text;
    const char *bytes;
    long long bits =
        PY(PyType_IsSubtype)(type, PY(PyLong_Type)) ? bit_length(value) : 0;

    if (bits > BITS_PRINTED_MAX) {
        snprintf(buffer, size, "an int of %lld bits", bits);
        return;
    }
    if (bits > 0 && bits < 64) { /* an enum's member has another repr */
        int overflow;
        long long number = PY(PyLong_AsLongLongAndOverflow)(value, &overflow);

        snprintf(buffer, size, "%lld", number);
        return;
    }
    text = PY(PyObject_Repr)(value);
    bytes = text != NULL ? PY(PyUnicode_AsUTF8AndSize)(text, NULL) : NULL;
    snprintf(buffer, size, "%s", bytes != NULL ? bytes : "?");
    if (bytes == NULL)
        PY(PyErr_Clear)();
    if (text != NULL)
        PY(Py_DecRef)(text);
}

static int
refuse(const kaa_cpython__state *state, const kaa_cpython__conversion *self,
       kaa_convert_code code, PyObject *value)
{
    return kaa_cpython__refuse_value(state, code, self->shape.type, value);
}

static int
refuse_with(const kaa_cpython__state *state,
            const kaa_cpython__conversion *self, kaa_convert_code code,
            uint64_t number)
{
    const kaa_convert_fault fault = {
        .code = code, .type = self->shape.type, .number = number};

    return kaa_cpython__refuse(state, &fault);
}

/* An int from anything with __index__: a new reference. */
static PyObject *
as_int(const kaa_cpython__state *state, const kaa_cpython__conversion *self,
       PyObject *value)
{
    if (!PY(PyIndex_Check)(value)) {
        refuse(state, self, KAA_CONVERT_TYPE, value);
        return NULL;
    }
    return PY(PyNumber_Index)(value);
}

static int
integer(kaa_cpython__state *state, const kaa_cpython__conversion *self,
        PyObject *value, void *place)
{
    PyObject *index = as_int(state, self, value);
    int overflow = 0, fits = 0;
    int64_t number;

    if (index == NULL)
        return -1;
    number = PY(PyLong_AsLongLongAndOverflow)(index, &overflow);
    if (overflow == 0) {
        fits = kaa_convert__fits(&self->shape, number);
    } else if (overflow > 0 && !self->shape.is_signed &&
               self->shape.size == 8) {
        uint64_t wide = PY(PyLong_AsUnsignedLongLong)(index);

        fits = wide != UINT64_MAX || PY(PyErr_Occurred)() == NULL;
        if (!fits)
            PY(PyErr_Clear)();
        memcpy(&number, &wide, sizeof(number));
    }
    if (!fits)
        refuse(state, self, KAA_CONVERT_RANGE, index);
    PY(Py_DecRef)(index);
    if (!fits)
        return -1;
    memcpy(place, &number, sizeof(number));
    return 0;
}

/* high = value >> 64, low = value & (2^64 - 1): stable functions alone. */
static int
int128(kaa_cpython__state *state, const kaa_cpython__conversion *self,
       PyObject *value, void *place)
{
    PyObject *index = as_int(state, self, value);
    PyObject *shift = index != NULL ? PY(PyLong_FromLongLong)(64) : NULL;
    PyObject *high = shift != NULL ? PY(PyNumber_Rshift)(index, shift) : NULL;
    uint64_t words[2] = {0, 0};
    int fits = 0;

    if (high != NULL) {
        int overflow = 0;
        int64_t top = PY(PyLong_AsLongLongAndOverflow)(high, &overflow);

        words[0] = PY(PyLong_AsUnsignedLongLongMask)(index);
        words[1] = (uint64_t)top;
        fits = overflow == 0 && (self->shape.is_signed || top >= 0);
        if (overflow > 0 && !self->shape.is_signed) {
            words[1] = PY(PyLong_AsUnsignedLongLong)(high);
            fits = words[1] != UINT64_MAX || PY(PyErr_Occurred)() == NULL;
            if (!fits)
                PY(PyErr_Clear)();
        }
        if (!fits)
            refuse(state, self, KAA_CONVERT_RANGE, index);
    }
    if (high != NULL)
        PY(Py_DecRef)(high);
    if (shift != NULL)
        PY(Py_DecRef)(shift);
    if (index != NULL)
        PY(Py_DecRef)(index);
    if (!fits)
        return -1;
    memcpy(place, words, sizeof(words));
    return 0;
}

/* ---- floating ---- */

/* Not to be asked while an exception is pending: a look-up may lose it. */
static int
has_attribute(PyObject *value, const char *name)
{
    PyObject *found =
        PY(PyObject_GetAttrString)(kaa_cpython__type(value), name);

    if (found == NULL) {
        PY(PyErr_Clear)();
        return 0;
    }
    PY(Py_DecRef)(found);
    return 1;
}

/* What its own __float__ raised passes as it is; what has none is no number. */
static int
refuse_no_float(const kaa_cpython__state *state,
                const kaa_cpython__conversion *self, PyObject *value)
{
    PyObject *raised[3] = {NULL, NULL, NULL};
    int is_number;

    PY(PyErr_Fetch)(&raised[0], &raised[1], &raised[2]);
    /* A complex has a __float__ before 3.10, to say that it has none. */
    is_number =
        (has_attribute(value, "__float__") ||
         has_attribute(value, "__index__")) &&
        !PY(PyType_IsSubtype)(kaa_cpython__type(value), PY(PyComplex_Type));
    if (is_number) {
        PY(PyErr_Restore)(raised[0], raised[1], raised[2]);
        return -1;
    }
    for (int i = 0; i < 3; i++)
        if (raised[i] != NULL)
            PY(Py_DecRef)(raised[i]);
    return refuse(state, self, KAA_CONVERT_TYPE, value);
}

static int
as_double(kaa_cpython__state *state, const kaa_cpython__conversion *self,
          PyObject *value, double *out)
{
    double number;

    if (kaa_cpython__layout.float_offset != 0 &&
        kaa_cpython__type(value) == PY(PyFloat_Type)) {
        *out = kaa_cpython__read_float(value);
        return 0;
    }
    number = PY(PyFloat_AsDouble)(value);
    if (number == -1.0 && PY(PyErr_Occurred)() != NULL) {
        if (PY(PyErr_ExceptionMatches)(PY(PyExc_OverflowError))) {
            PyObject *index;

            PY(PyErr_Clear)();
            index = PY(PyIndex_Check)(value) ? PY(PyNumber_Index)(value) : NULL;
            if (index == NULL)
                PY(PyErr_Clear)();
            refuse(state, self, KAA_CONVERT_RANGE,
                   index != NULL ? index : value);
            if (index != NULL)
                PY(Py_DecRef)(index);
            return -1;
        }
        return refuse_no_float(state, self, value);
    }
    *out = number;
    return 0;
}

static int
refuse_float(const kaa_cpython__state *state,
             const kaa_cpython__conversion *self, double number)
{
    PyObject *object = PY(PyFloat_FromDouble)(number);

    if (object == NULL)
        return -1;
    refuse(state, self, KAA_CONVERT_RANGE, object);
    PY(Py_DecRef)(object);
    return -1;
}

static int
floating(kaa_cpython__state *state, const kaa_cpython__conversion *self,
         PyObject *value, void *place)
{
    struct {
        float low;
        uint32_t high;
    } narrow;
    double number = 0.0;

    if (as_double(state, self, value, &number) != 0)
        return -1;
    if (self->shape.op == CONVERT_DOUBLE) {
        memcpy(place, &number, sizeof(number));
        return 0;
    }
    if (self->shape.op == CONVERT_LONG_DOUBLE) {
        long double wide = (long double)number;
        memcpy(place, &wide, sizeof(wide));
        return 0;
    }
    narrow.low = (float)number;
    narrow.high = 0;
    if (isinf(narrow.low) && !isinf(number))
        return refuse_float(state, self, number);
    memcpy(place, &narrow, sizeof(narrow));
    return 0;
}

static int
as_complex(kaa_cpython__state *state, const kaa_cpython__conversion *self,
           PyObject *value, double parts[2])
{
    PyObject *made;

    if (!PY(PyType_IsSubtype)(kaa_cpython__type(value), PY(PyComplex_Type)) &&
        !has_attribute(value, "__complex__")) {
        parts[1] = 0.0;
        if (has_attribute(value, "__float__") ||
            has_attribute(value, "__index__"))
            return as_double(state, self, value, &parts[0]);
        return refuse(state, self, KAA_CONVERT_TYPE, value);
    }
    made = PY(PyObject_CallFunctionObjArgs)(PY(PyComplex_Type), value, NULL);
    if (made == NULL)
        return -1;
    parts[0] = PY(PyComplex_RealAsDouble)(made);
    parts[1] = PY(PyComplex_ImagAsDouble)(made);
    PY(Py_DecRef)(made);
    return 0;
}

static int
complex_number(kaa_cpython__state *state, const kaa_cpython__conversion *self,
               PyObject *value, void *place)
{
    double parts[2] = {0.0, 0.0};

    if (as_complex(state, self, value, parts) != 0)
        return -1;
    if (kaa_ctype_kind_of(self->shape.core) == KAA_CTYPE_CFLOAT) {
        float narrow[2] = {(float)parts[0], (float)parts[1]};

        for (int i = 0; i < 2; i++)
            if (isinf(narrow[i]) && !isinf(parts[i]))
                return refuse_float(state, self, parts[i]);
        memcpy(place, narrow, sizeof(narrow));
    } else if (kaa_ctype_kind_of(self->shape.core) == KAA_CTYPE_CDOUBLE) {
        memcpy(place, parts, sizeof(parts));
    } else {
        long double wide[2] = {(long double)parts[0], (long double)parts[1]};
        memcpy(place, wide, sizeof(wide));
    }
    return 0;
}

/* ---- characters ---- */

static int
character(kaa_cpython__state *state, const kaa_cpython__conversion *self,
          PyObject *value, void *place)
{
    PyObject *type = kaa_cpython__type(value);
    ssize_t length;
    const char *bytes;
    int64_t code;

    if (PY(PyType_IsSubtype)(type, PY(PyBytes_Type))) {
        length = PY(PyBytes_Size)(value);
        bytes = PY(PyBytes_AsString)(value);
    } else if (PY(PyType_IsSubtype)(type, PY(PyByteArray_Type))) {
        length = PY(PyByteArray_Size)(value);
        bytes = PY(PyByteArray_AsString)(value);
    } else {
        return refuse(state, self, KAA_CONVERT_TYPE, value);
    }
    if (length != 1)
        return refuse_with(state, self, KAA_CONVERT_COUNT_ONE,
                           (uint64_t)length);
    code = self->shape.is_signed ? (int64_t)(signed char)bytes[0]
                                 : (int64_t)(unsigned char)bytes[0];
    memcpy(place, &code, sizeof(code));
    return 0;
}

static int
wide_character(kaa_cpython__state *state, const kaa_cpython__conversion *self,
               PyObject *value, void *place)
{
    ssize_t length;
    uint32_t code;
    uint64_t word;

    if (!PY(PyType_IsSubtype)(kaa_cpython__type(value), PY(PyUnicode_Type)))
        return refuse(state, self, KAA_CONVERT_TYPE, value);
    length = PY(PyUnicode_GetLength)(value);
    if (length != 1)
        return refuse_with(state, self, KAA_CONVERT_COUNT_ONE,
                           (uint64_t)length);
    code = PY(PyUnicode_ReadChar)(value, 0);
    if (self->shape.size == 2 && code > 0xFFFF)
        return refuse_with(state, self, KAA_CONVERT_CODE_POINT, code);
    word = code;
    memcpy(place, &word, sizeof(word));
    return 0;
}

int
kaa_cpython__number_to_c(kaa_cpython__state *state,
                         kaa_cpython__conversion *self, PyObject *value,
                         void *place)
{
    switch (self->shape.op) {
    case CONVERT_DOUBLE:
    case CONVERT_FLOAT:
    case CONVERT_LONG_DOUBLE:
        return floating(state, self, value, place);
    case CONVERT_CHAR:
        return character(state, self, value, place);
    case CONVERT_WIDE_CHARACTER:
        return wide_character(state, self, value, place);
    case CONVERT_INT128:
        return int128(state, self, value, place);
    case CONVERT_COMPLEX:
        return complex_number(state, self, value, place);
    default:
        return integer(state, self, value, place);
    }
}
