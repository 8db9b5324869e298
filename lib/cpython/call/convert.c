/* cpython/call/convert.c - making conversions; holding and refusing. */
#include "cpython/call/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- from a type to a conversion ---- */

void
kaa_cpython__conversion_init(kaa_cpython__conversion *self,
                             const kaa_ctype *type)
{
    memset(self, 0, sizeof(*self));
    kaa_convert__shape_of(&self->shape, type);
}

static void
clear(PyObject **reference)
{
    PyObject *object = *reference;

    *reference = NULL;
    if (object != NULL)
        PY(Py_DecRef)(object);
}

void
kaa_cpython__conversion_fini(kaa_cpython__conversion *self)
{
    clear(&self->own_class);
    clear(&self->direct_class);
    clear(&self->indirect_class);
    clear(&self->byref_class);
    clear(&self->buffer_class);
    self->data_class = NULL;
    clear(&self->data_type);
    clear(&self->result_class);
    clear(&self->enum_members);
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
    else
        kaa_convert__print_place(state->subject, state->position, state->name,
                                 buffer, size);
}

static int
raise_at(const kaa_cpython__state *state, PyObject *type, const char *reason)
{
    char prefix[256];

    write_prefix(state, prefix, sizeof(prefix));
    return kaa_cpython__raise(type, "%s%s", prefix, reason);
}

PyObject *
kaa_cpython__fault_class(uint32_t code)
{
    switch (*kaa_convert_fault_exception(code)) {
    case 'O':
        return PY(PyExc_OverflowError);
    case 'V':
        return PY(PyExc_ValueError);
    default:
        return PY(PyExc_TypeError);
    }
}

int
kaa_cpython__refuse(const kaa_cpython__state *state,
                    const kaa_convert_fault *fault)
{
    char reason[640];

    kaa_convert_print_fault(fault, reason, sizeof(reason));
    return raise_at(state, kaa_cpython__fault_class(fault->code), reason);
}

int
kaa_cpython__refuse_value(const kaa_cpython__state *state,
                          kaa_convert_code code, const kaa_ctype *type,
                          PyObject *value)
{
    kaa_convert_fault fault = {.code = code, .type = type};
    char text[192] = "";

    if (code == KAA_CONVERT_RANGE)
        kaa_cpython__print_number(value, text, sizeof(text));
    else if (value != NULL)
        kaa_cpython__type_name(value, text, sizeof(text));
    fault.given = fault.value = text;
    return kaa_cpython__refuse(state, &fault);
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
        raise_at(state, type, reason);
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
