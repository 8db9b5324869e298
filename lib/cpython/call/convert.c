/* cpython/call/convert.c - making conversions; holding and refusing. */
#include "cpython/call/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- from a type to a conversion ---- */

#define KINDS (KAA_CTYPE_QUALIFIED + 1)

/* By kind: what a value of it needs. The integers need CONVERT_INTEGER; types
 * that are not here are refused by the plan. */
static const uint8_t ops[KINDS] = {
    [KAA_CTYPE_VOID] = CONVERT_VOID,
    [KAA_CTYPE_BOOL] = CONVERT_BOOL,
    [KAA_CTYPE_CHAR] = CONVERT_CHAR,
    [KAA_CTYPE_SCHAR] = CONVERT_INTEGER,
    [KAA_CTYPE_UCHAR] = CONVERT_INTEGER,
    [KAA_CTYPE_SHORT] = CONVERT_INTEGER,
    [KAA_CTYPE_USHORT] = CONVERT_INTEGER,
    [KAA_CTYPE_INT] = CONVERT_INTEGER,
    [KAA_CTYPE_UINT] = CONVERT_INTEGER,
    [KAA_CTYPE_LONG] = CONVERT_INTEGER,
    [KAA_CTYPE_ULONG] = CONVERT_INTEGER,
    [KAA_CTYPE_LLONG] = CONVERT_INTEGER,
    [KAA_CTYPE_ULLONG] = CONVERT_INTEGER,
    [KAA_CTYPE_ENUM] = CONVERT_INTEGER,
    [KAA_CTYPE_INT128] = CONVERT_INT128,
    [KAA_CTYPE_UINT128] = CONVERT_INT128,
    [KAA_CTYPE_WCHAR] = CONVERT_WIDE_CHARACTER,
    [KAA_CTYPE_CHAR16] = CONVERT_WIDE_CHARACTER,
    [KAA_CTYPE_CHAR32] = CONVERT_WIDE_CHARACTER,
    [KAA_CTYPE_FLOAT] = CONVERT_FLOAT,
    [KAA_CTYPE_DOUBLE] = CONVERT_DOUBLE,
    [KAA_CTYPE_LDOUBLE] = CONVERT_LONG_DOUBLE,
    [KAA_CTYPE_CFLOAT] = CONVERT_COMPLEX,
    [KAA_CTYPE_CDOUBLE] = CONVERT_COMPLEX,
    [KAA_CTYPE_CLDOUBLE] = CONVERT_COMPLEX,
    [KAA_CTYPE_POINTER] = CONVERT_POINTER,
    [KAA_CTYPE_STRUCT] = CONVERT_RECORD,
    [KAA_CTYPE_UNION] = CONVERT_RECORD,
};

/* By kind: what a buffer of it looks like; 0 where no buffer fits. */
static const uint8_t items[KINDS] = {
    [KAA_CTYPE_VOID] = ITEM_ANY,        [KAA_CTYPE_BOOL] = ITEM_BOOL,
    [KAA_CTYPE_CHAR] = ITEM_BYTE,       [KAA_CTYPE_SCHAR] = ITEM_BYTE,
    [KAA_CTYPE_UCHAR] = ITEM_BYTE,      [KAA_CTYPE_SHORT] = ITEM_SIGNED,
    [KAA_CTYPE_USHORT] = ITEM_UNSIGNED, [KAA_CTYPE_INT] = ITEM_SIGNED,
    [KAA_CTYPE_UINT] = ITEM_UNSIGNED,   [KAA_CTYPE_LONG] = ITEM_SIGNED,
    [KAA_CTYPE_ULONG] = ITEM_UNSIGNED,  [KAA_CTYPE_LLONG] = ITEM_SIGNED,
    [KAA_CTYPE_ULLONG] = ITEM_UNSIGNED, [KAA_CTYPE_ENUM] = ITEM_SIGNED,
    [KAA_CTYPE_FLOAT] = ITEM_FLOAT,     [KAA_CTYPE_DOUBLE] = ITEM_FLOAT,
    [KAA_CTYPE_CFLOAT] = ITEM_COMPLEX,  [KAA_CTYPE_CDOUBLE] = ITEM_COMPLEX,
};

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
    self->item = items[kind];
    if (kind == KAA_CTYPE_ENUM && kaa_ctype_target(self->target) != NULL)
        self->item = items[kaa_ctype_kind_of(
            kaa_ctype_strip(kaa_ctype_target(self->target)))];
    else if (kind == KAA_CTYPE_ENUM && !kaa_ctype_is_signed(self->target))
        self->item = ITEM_UNSIGNED;
    self->item_size = kaa_ctype_size(self->target);
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
    kaa_ctype_kind kind;

    memset(self, 0, sizeof(*self));
    self->type = type;
    self->core = kaa_ctype_strip(type);
    self->size = (uint8_t)kaa_ctype_size(self->core);
    self->is_signed = (uint8_t)kaa_ctype_is_signed(self->core);
    kind = kaa_ctype_kind_of(self->core);
    self->op = ops[kind];
    if (kind == KAA_CTYPE_ENUM)
        self->flags |= CONVERT_ENUM;
    else if (kind == KAA_CTYPE_POINTER)
        init_pointer(self);
    else if (self->op == CONVERT_RECORD)
        self->item_size = kaa_ctype_size(self->core);
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
    drop(&self->own_class);
    drop(&self->direct_class);
    drop(&self->indirect_class);
    drop(&self->byref_class);
    drop(&self->buffer_class);
    self->data_class = NULL;
    drop(&self->data_type);
    drop(&self->result_class);
    drop(&self->enum_members);
}

int
kaa_cpython__visit_conversion(const kaa_cpython__conversion *conversion,
                              host_visit visit, void *user)
{
    PyObject *const held[] = {
        conversion->direct_class, conversion->indirect_class,
        conversion->buffer_class, conversion->result_class,
        conversion->enum_members, conversion->byref_class,
        conversion->data_type,    conversion->own_class};
    int stop = 0;

    for (int i = 0; i < 8 && stop == 0; i++)
        if (held[i] != NULL)
            stop = visit(held[i], user);
    return stop;
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
        chunk->is_allocated = 1;
        chunk->next = state->holds;
        state->holds = chunk;
    }
    return &chunk->holds[chunk->count];
}

kaa_cpython__hold *
kaa_cpython__hold_object(kaa_cpython__state *state, PyObject *object)
{
    kaa_cpython__hold *hold = new_hold(state);

    if (hold == NULL) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    hold->object = object;
    hold->position = state->position;
    hold->source = SOURCE_FIXED;
    hold->of.borrowed.bytes = -1;
    state->holds->count++;
    return hold;
}

/* The view must not move: its shape may point into it. */
kaa_cpython__hold *
kaa_cpython__hold_buffer(kaa_cpython__state *state, PyObject *value, int flags)
{
    kaa_cpython__hold *hold = new_hold(state);

    if (hold == NULL ||
        PY(PyObject_GetBuffer)(value, &hold->of.view, flags) != 0)
        return NULL;
    hold->object = NULL;
    hold->position = state->position;
    hold->source = SOURCE_FIXED;
    state->holds->count++;
    return hold;
}

static void
end(kaa_cpython__hold *hold)
{
    if (hold->object != NULL)
        PY(Py_DecRef)(hold->object);
    else
        PY(PyBuffer_Release)(&hold->of.view);
}

void
kaa_cpython__release_last(kaa_cpython__state *state)
{
    end(&state->holds->holds[--state->holds->count]);
}

ssize_t
kaa_cpython__bytes_held(const kaa_cpython__state *state, uint32_t position)
{
    for (const kaa_cpython__holds *chunk = state->holds; chunk != NULL;
         chunk = chunk->next)
        for (uint32_t i = 0; i < chunk->count; i++) {
            const kaa_cpython__hold *hold = &chunk->holds[i];

            if (hold->position == position)
                return hold->object != NULL ? hold->of.borrowed.bytes
                                            : hold->of.view.len;
        }
    return -1;
}

void
kaa_cpython__release_holds(kaa_cpython__state *state)
{
    while (state->holds != NULL) {
        kaa_cpython__holds *chunk = state->holds;

        state->holds = chunk->next;
        while (chunk->count > 0)
            end(&chunk->holds[--chunk->count]);
        if (chunk->is_allocated)
            kaa_base__free(chunk);
    }
}

int
kaa_cpython__visit_holds(const kaa_cpython__holds *chunk, host_visit visit,
                         void *user)
{
    int stop = 0;

    for (; chunk != NULL; chunk = chunk->next)
        for (uint32_t i = 0; stop == 0 && i < chunk->count; i++) {
            const kaa_cpython__hold *hold = &chunk->holds[i];
            PyObject *held =
                hold->object != NULL ? hold->object : hold->of.view.obj;

            if (held != NULL)
                stop = visit(held, user);
        }
    return stop;
}

/* ---- refusing ---- */

static void
write_callback_prefix(PyObject *callable, char *buffer, size_t size)
{
    PyObject *name = PY(PyObject_GetAttrString)(callable, "__name__");
    const char *text =
        name != NULL ? PY(PyUnicode_AsUTF8AndSize)(name, NULL) : NULL;
    char type[128];

    if (text == NULL) {
        PY(PyErr_Clear)();
        text = kaa_cpython__type_name(callable, type, sizeof(type));
    }
    snprintf(buffer, size, "callback %s() result: ", text);
    if (name != NULL)
        PY(Py_DecRef)(name);
}

static void
write_prefix(const kaa_cpython__state *state, char *buffer, size_t size)
{
    if (state->where != NULL)
        snprintf(buffer, size, "%s: ", state->where);
    else if (state->subject == NULL)
        write_callback_prefix(state->callable, buffer, size);
    else if (state->position == 0)
        snprintf(buffer, size, "%s() result: ", state->subject);
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

    PY(PyErr_Fetch)(&type, &value, &traceback);
    if (type != PY(PyExc_TypeError) && type != PY(PyExc_ValueError) &&
        type != PY(PyExc_OverflowError)) {
        PY(PyErr_Restore)(type, value, traceback);
        return -1;
    }
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
            result = PY(PyObject_CallFunctionObjArgs)(state->host->hooks[hook],
                                                      state->library, address,
                                                      value, bits, NULL);
    }
    if (address != NULL)
        PY(Py_DecRef)(address);
    if (bits != NULL)
        PY(Py_DecRef)(bits);
    return result;
}
