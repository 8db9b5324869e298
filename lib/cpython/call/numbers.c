/* cpython/call/numbers.c - Python numbers and characters to C ones. */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cpython/call/convert.h"

/* ---- integers ---- */

/* What nobody would read is not printed in full. */
#define BITS_PRINTED_MAX 512
#define NUMBER_TEXT 192

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

/* The digits of an int, or how large it is; the repr of anything else. */
static void
print_number(PyObject *value, char *buffer, size_t size)
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
refuse_range(const kaa_cpython__state *state,
             const kaa_cpython__conversion *self, PyObject *value)
{
    unsigned bits = 8u * self->size;
    char number[NUMBER_TEXT], type[128];

    print_number(value, number, sizeof(number));
    kaa_ctype_print(self->type, NULL, type, sizeof(type));
    if (self->op == CONVERT_BOOL)
        return kaa_cpython__refuse(state, PY(PyExc_OverflowError),
                                   "%s is out of range for %s (0 to 1)", number,
                                   type);
    if (self->op == CONVERT_INT128)
        return kaa_cpython__refuse(
            state, PY(PyExc_OverflowError), "%s is out of range for %s (%s)",
            number, type,
            self->is_signed ? "-170141183460469231731687303715884105728 to "
                              "170141183460469231731687303715884105727"
                            : "0 to 340282366920938463463374607431768211455");
    if (self->is_signed)
        return kaa_cpython__refuse(state, PY(PyExc_OverflowError),
                                   "%s is out of range for %s (%lld to %lld)",
                                   number, type,
                                   (long long)(INT64_MIN >> (64u - bits)),
                                   (long long)(INT64_MAX >> (64u - bits)));
    return kaa_cpython__refuse(
        state, PY(PyExc_OverflowError), "%s is out of range for %s (0 to %llu)",
        number, type, (unsigned long long)(UINT64_MAX >> (64u - bits)));
}

/* An int from anything with __index__: a new reference. */
static PyObject *
as_int(const kaa_cpython__state *state, const char *expected, PyObject *value)
{
    if (!PY(PyIndex_Check)(value)) {
        kaa_cpython__refuse_type(state, expected, value);
        return NULL;
    }
    return PY(PyNumber_Index)(value);
}

static int
integer(kaa_cpython__state *state, const kaa_cpython__conversion *self,
        PyObject *value, void *place)
{
    PyObject *index =
        as_int(state, self->op == CONVERT_BOOL ? "bool" : "int", value);
    int overflow = 0, fits = 0;
    int64_t number;

    if (index == NULL)
        return -1;
    number = PY(PyLong_AsLongLongAndOverflow)(index, &overflow);
    if (overflow == 0) {
        fits = kaa_cpython__fits(self, number);
    } else if (overflow > 0 && !self->is_signed && self->size == 8) {
        uint64_t wide = PY(PyLong_AsUnsignedLongLong)(index);

        fits = wide != UINT64_MAX || PY(PyErr_Occurred)() == NULL;
        if (!fits)
            PY(PyErr_Clear)();
        memcpy(&number, &wide, sizeof(number));
    }
    if (self->op == CONVERT_BOOL)
        fits = overflow == 0 && (number == 0 || number == 1);
    if (!fits)
        refuse_range(state, self, index);
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
    PyObject *index = as_int(state, "int", value);
    PyObject *shift = index != NULL ? PY(PyLong_FromLongLong)(64) : NULL;
    PyObject *high = shift != NULL ? PY(PyNumber_Rshift)(index, shift) : NULL;
    uint64_t words[2] = {0, 0};
    int fits = 0;

    if (high != NULL) {
        int overflow = 0;
        int64_t top = PY(PyLong_AsLongLongAndOverflow)(high, &overflow);

        words[0] = PY(PyLong_AsUnsignedLongLongMask)(index);
        words[1] = (uint64_t)top;
        fits = overflow == 0 && (self->is_signed || top >= 0);
        if (overflow > 0 && !self->is_signed) {
            words[1] = PY(PyLong_AsUnsignedLongLong)(high);
            fits = words[1] != UINT64_MAX || PY(PyErr_Occurred)() == NULL;
            if (!fits)
                PY(PyErr_Clear)();
        }
        if (!fits)
            refuse_range(state, self, index);
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

static int
refuse_number(const kaa_cpython__state *state,
              const kaa_cpython__conversion *self, PyObject *value)
{
    char number[NUMBER_TEXT], type[128];

    print_number(value, number, sizeof(number));
    kaa_ctype_print(self->type, NULL, type, sizeof(type));
    return kaa_cpython__refuse(state, PY(PyExc_OverflowError),
                               "%s is out of range for %s", number, type);
}

/* What its own __float__ raised passes as it is; what has none is no number. */
static int
refuse_no_float(const kaa_cpython__state *state, PyObject *value)
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
    return kaa_cpython__refuse_type(state, "float", value);
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
            refuse_number(state, self, index != NULL ? index : value);
            if (index != NULL)
                PY(Py_DecRef)(index);
            return -1;
        }
        return refuse_no_float(state, value);
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
    refuse_number(state, self, object);
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
    if (self->op == CONVERT_DOUBLE) {
        memcpy(place, &number, sizeof(number));
        return 0;
    }
    if (self->op == CONVERT_LONG_DOUBLE) {
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
        return kaa_cpython__refuse_type(state, "complex", value);
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
    if (kaa_ctype_kind_of(self->core) == KAA_CTYPE_CFLOAT) {
        float narrow[2] = {(float)parts[0], (float)parts[1]};

        for (int i = 0; i < 2; i++)
            if (isinf(narrow[i]) && !isinf(parts[i]))
                return refuse_float(state, self, parts[i]);
        memcpy(place, narrow, sizeof(narrow));
    } else if (kaa_ctype_kind_of(self->core) == KAA_CTYPE_CDOUBLE) {
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
        return kaa_cpython__refuse_type(state, "bytes of length 1", value);
    }
    if (length != 1)
        return kaa_cpython__refuse(state, PY(PyExc_ValueError),
                                   "bytes of length 1 expected, not %lld",
                                   (long long)length);
    code = self->is_signed ? (int64_t)(signed char)bytes[0]
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
        return kaa_cpython__refuse_type(state, "str of length 1", value);
    length = PY(PyUnicode_GetLength)(value);
    if (length != 1)
        return kaa_cpython__refuse(state, PY(PyExc_ValueError),
                                   "str of length 1 expected, not %lld",
                                   (long long)length);
    code = PY(PyUnicode_ReadChar)(value, 0);
    if (self->size == 2 && code > 0xFFFF) {
        char type[128];

        kaa_ctype_print(self->type, NULL, type, sizeof(type));
        return kaa_cpython__refuse(state, PY(PyExc_OverflowError),
                                   "U+%04X is out of range for %s",
                                   (unsigned)code, type);
    }
    word = code;
    memcpy(place, &word, sizeof(word));
    return 0;
}

int
kaa_cpython__number_to_c(kaa_cpython__state *state,
                         kaa_cpython__conversion *self, PyObject *value,
                         void *place)
{
    switch (self->op) {
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
