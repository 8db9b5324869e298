/* cpython/convert.c - making conversions; holding and refusing. */
#include "cpython/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- from a type to a conversion ---- */

static uint8_t
item_of(const kaa_ctype *target)
{
    switch (kaa_ctype_kind_of(target)) {
    case KAA_CTYPE_VOID:
        return ITEM_ANY;
    case KAA_CTYPE_BOOL:
        return ITEM_BOOL;
    case KAA_CTYPE_CHAR:
    case KAA_CTYPE_SCHAR:
    case KAA_CTYPE_UCHAR:
        return ITEM_BYTE;
    case KAA_CTYPE_SHORT:
    case KAA_CTYPE_INT:
    case KAA_CTYPE_LONG:
    case KAA_CTYPE_LLONG:
        return ITEM_SIGNED;
    case KAA_CTYPE_USHORT:
    case KAA_CTYPE_UINT:
    case KAA_CTYPE_ULONG:
    case KAA_CTYPE_ULLONG:
        return ITEM_UNSIGNED;
    case KAA_CTYPE_ENUM:
        return kaa_ctype_is_signed(target) ? ITEM_SIGNED : ITEM_UNSIGNED;
    case KAA_CTYPE_FLOAT:
    case KAA_CTYPE_DOUBLE:
        return ITEM_FLOAT;
    case KAA_CTYPE_CFLOAT:
    case KAA_CTYPE_CDOUBLE:
        return ITEM_COMPLEX;
    default:
        return ITEM_NONE;
    }
}

static int
is_wide_character(kaa_ctype_kind kind)
{
    return kind == KAA_CTYPE_WCHAR || kind == KAA_CTYPE_CHAR16 ||
           kind == KAA_CTYPE_CHAR32;
}

static void
init_pointer(kaa_cpython__conversion *self)
{
    const kaa_ctype *declared = kaa_ctype_target(self->core);
    kaa_ctype_kind kind;

    self->target = kaa_ctype_strip(declared);
    kind = kaa_ctype_kind_of(self->target);
    self->op = CONVERT_POINTER;
    self->item = item_of(self->target);
    self->item_size = (uint32_t)kaa_ctype_size(self->target);
    if (self->item == ITEM_ANY || self->item == ITEM_BYTE)
        self->flags |= CONVERT_BYTES;
    if (!(kaa_ctype_qualifiers(declared) & KAA_CTYPE_CONST))
        self->flags |= CONVERT_WRITABLE;
    else if (kind == KAA_CTYPE_CHAR)
        self->op = CONVERT_TEXT;
    else if (is_wide_character(kind))
        self->op = CONVERT_WIDE_TEXT;
    if (kind == KAA_CTYPE_FUNCTION)
        self->op = CONVERT_FUNCTION;
}

void
kaa_cpython__conversion_init(kaa_cpython__conversion *self,
                             const kaa_ctype *type)
{
    memset(self, 0, sizeof(*self));
    self->type = type;
    self->core = kaa_ctype_strip(type);
    self->size = (uint8_t)kaa_ctype_size(self->core);
    self->is_signed = (uint8_t)kaa_ctype_is_signed(self->core);
    self->op = CONVERT_INTEGER;
    switch (kaa_ctype_kind_of(self->core)) {
    case KAA_CTYPE_VOID:
        self->op = CONVERT_VOID;
        break;
    case KAA_CTYPE_BOOL:
        self->op = CONVERT_BOOL;
        break;
    case KAA_CTYPE_CHAR:
        self->op = CONVERT_CHAR;
        break;
    case KAA_CTYPE_WCHAR:
    case KAA_CTYPE_CHAR16:
    case KAA_CTYPE_CHAR32:
        self->op = CONVERT_WIDE_CHARACTER;
        break;
    case KAA_CTYPE_FLOAT:
        self->op = CONVERT_FLOAT;
        break;
    case KAA_CTYPE_DOUBLE:
        self->op = CONVERT_DOUBLE;
        break;
    case KAA_CTYPE_LDOUBLE:
        self->op = CONVERT_LONG_DOUBLE;
        break;
    case KAA_CTYPE_CFLOAT:
    case KAA_CTYPE_CDOUBLE:
    case KAA_CTYPE_CLDOUBLE:
        self->op = CONVERT_COMPLEX;
        break;
    case KAA_CTYPE_INT128:
    case KAA_CTYPE_UINT128:
        self->op = CONVERT_INT128;
        break;
    case KAA_CTYPE_STRUCT:
    case KAA_CTYPE_UNION:
        self->op = CONVERT_RECORD;
        break;
    case KAA_CTYPE_ENUM:
        self->flags |= CONVERT_ENUM;
        break;
    case KAA_CTYPE_POINTER:
        init_pointer(self);
        break;
    default:
        break; /* the integers; what cannot be passed the plan has refused */
    }
}

static void
drop(PyObject **reference)
{
    PyObject *object = *reference;

    *reference = NULL;
    if (object != NULL)
        PY(Py_DecRef)(object);
}

void
kaa_cpython__conversion_fini(kaa_cpython__conversion *self)
{
    drop(&self->direct_class);
    drop(&self->indirect_class);
    drop(&self->result_class);
    drop(&self->enum_members);
}

/* ---- holding ---- */

static kaa_cpython__hold *
new_hold(kaa_cpython__state *state)
{
    kaa_cpython__holds *chunk = state->holds;

    if (chunk == NULL || chunk->count == HOLDS_PER_CHUNK) {
        chunk = kaa_base__alloc(sizeof(*chunk));
        if (chunk == NULL) {
            PY(PyErr_NoMemory)();
            return NULL;
        }
        chunk->count = 0;
        chunk->next = state->holds;
        state->holds = chunk;
    }
    return &chunk->holds[chunk->count];
}

int
kaa_cpython__hold_object(kaa_cpython__state *state, PyObject *object)
{
    kaa_cpython__hold *hold = new_hold(state);

    if (hold == NULL) {
        PY(Py_DecRef)(object);
        return -1;
    }
    hold->object = object;
    state->holds->count++;
    return 0;
}

/* A buffer of `value`, held until the call ends; NULL with an exception. The
 * view must not move: its shape may point into it. */
host_buffer *
kaa_cpython__hold_buffer(kaa_cpython__state *state, PyObject *value, int flags)
{
    kaa_cpython__hold *hold = new_hold(state);

    if (hold == NULL || PY(PyObject_GetBuffer)(value, &hold->view, flags) != 0)
        return NULL;
    hold->object = NULL;
    state->holds->count++;
    return &hold->view;
}

void
kaa_cpython__release_holds(kaa_cpython__state *state)
{
    while (state->holds != NULL) {
        kaa_cpython__holds *chunk = state->holds;

        state->holds = chunk->next;
        while (chunk->count > 0) {
            kaa_cpython__hold *hold = &chunk->holds[--chunk->count];
            if (hold->object != NULL)
                PY(Py_DecRef)(hold->object);
            else
                PY(PyBuffer_Release)(&hold->view);
        }
        kaa_base__free(chunk);
    }
}

/* ---- refusing ---- */

static void
write_prefix(const kaa_cpython__state *state, char *buffer, size_t size)
{
    if (state->position == 0)
        snprintf(buffer, size, "%s: ", state->subject);
    else if (state->name == NULL)
        snprintf(buffer, size, "%s() argument %u: ", state->subject,
                 (unsigned)state->position);
    else
        snprintf(buffer, size, "%s() argument %u (%s): ", state->subject,
                 (unsigned)state->position, state->name);
}

int
kaa_cpython__refuse(const kaa_cpython__state *state, PyObject *type,
                    const char *format, ...)
{
    char prefix[256], reason[640];
    va_list values;

    write_prefix(state, prefix, sizeof(prefix));
    va_start(values, format);
    vsnprintf(reason, sizeof(reason), format, values);
    va_end(values);
    return kaa_cpython__raise(type, "%s%s", prefix, reason);
}

int
kaa_cpython__refuse_type(const kaa_cpython__state *state, const char *expected,
                         PyObject *value)
{
    char given[128];

    return kaa_cpython__refuse(
        state, PY(PyExc_TypeError), "%s expected, not %s", expected,
        kaa_cpython__type_name(value, given, sizeof(given)));
}

int
kaa_cpython__prefix(const kaa_cpython__state *state)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    PyObject *text;
    const char *reason;

    if (!PY(PyErr_ExceptionMatches)(PY(PyExc_TypeError)) &&
        !PY(PyErr_ExceptionMatches)(PY(PyExc_ValueError)) &&
        !PY(PyErr_ExceptionMatches)(PY(PyExc_OverflowError)))
        return -1;
    PY(PyErr_Fetch)(&type, &value, &traceback);
    text = value != NULL ? PY(PyObject_Str)(value) : NULL;
    reason = text != NULL ? PY(PyUnicode_AsUTF8AndSize)(text, NULL) : NULL;
    if (reason != NULL) {
        kaa_cpython__refuse(state, type, "%s", reason);
        PY(Py_DecRef)(type);
        PY(Py_DecRef)(value);
        if (traceback != NULL)
            PY(Py_DecRef)(traceback);
    } else {
        PY(PyErr_Restore)(type, value, traceback);
    }
    if (text != NULL)
        PY(Py_DecRef)(text);
    return -1;
}

PyObject *
kaa_cpython__hook(const kaa_cpython__state *state, int hook,
                  const kaa_ctype *type, PyObject *value, uint32_t flags)
{
    PyObject *address =
        PY(PyLong_FromUnsignedLongLong)((unsigned long long)(uintptr_t)type);
    PyObject *bits = PY(PyLong_FromLongLong)((long long)flags);
    PyObject *result = NULL;

    if (address != NULL && bits != NULL) {
        if (value == NULL)
            result = PY(PyObject_CallFunctionObjArgs)(
                state->host->hooks[hook], state->library, address, NULL);
        else
            result = PY(PyObject_CallFunctionObjArgs)(
                state->host->hooks[hook], state->library, address, value, bits,
                NULL);
    }
    if (address != NULL)
        PY(Py_DecRef)(address);
    if (bits != NULL)
        PY(Py_DecRef)(bits);
    return result;
}
