/* cpython/call/freed.c - who owns what a call gives: [[kaa::free(f)]],
 * [[kaa::borrow(parameter)]].
 *
 * Text, and a record without pointers, is copied and freed at once. Of all else
 * the result is a pointer with an owner that frees it: cpython/data/owned.c.
 */
#include <string.h>

#include "cpython/call/function.h"
#include "cpython/data/data.h"

typedef kaa_cpython__function function;
typedef kaa_cpython__conversion conversion;

int
kaa_cpython__init_freed(const function *self, conversion *out)
{
    const kaa_ctype *target = out->shape.target;
    kaa_ctype_kind kind =
        target != NULL ? kaa_ctype_kind_of(target) : KAA_CTYPE_FUNCTION;

    out->is_freed = FREED_AT_ONCE;
    if (out->shape.op == CONVERT_TEXT || out->shape.op == CONVERT_WIDE_TEXT)
        return 0;
    if (out->shape.op != CONVERT_POINTER || kind == KAA_CTYPE_FUNCTION)
        return kaa_cpython__raise(self->host->hooks[HOOK_UNSUPPORTED],
                                  "%s(): kaa::free wants a pointer to data",
                                  self->item->name);
    if (kind == KAA_CTYPE_CHAR) {
        out->shape.op = CONVERT_TEXT;
    } else if (kind == KAA_CTYPE_WCHAR || kind == KAA_CTYPE_CHAR16 ||
               kind == KAA_CTYPE_CHAR32) {
        out->shape.op = CONVERT_WIDE_TEXT;
    } else if ((kind == KAA_CTYPE_STRUCT || kind == KAA_CTYPE_UNION) &&
               kaa_ctype_is_complete(target) &&
               !kaa_ctype_has_pointers(target)) {
        kaa_cpython__conversion_init(out, target);
        out->is_freed = FREED_AT_ONCE;
    } else {
        out->is_freed = FREED_LATER;
    }
    return 0;
}

kaa_function
kaa_cpython__find_free(const function *self, const char *name)
{
    PyObject *text =
        PY(PyUnicode_DecodeUTF8)(name, (ssize_t)strlen(name), "replace");
    PyObject *address = NULL;
    unsigned long long word = 0;
    kaa_function found = NULL;

    if (text != NULL) {
        address = PY(PyObject_CallFunctionObjArgs)(
            self->host->hooks[HOOK_SYMBOL], self->library, text, NULL);
        PY(Py_DecRef)(text);
    }
    if (address == NULL)
        return NULL;
    word = PY(PyLong_AsUnsignedLongLong)(address);
    PY(Py_DecRef)(address);
    if (PY(PyErr_Occurred)() == NULL)
        memcpy(&found, &word, sizeof(found));
    return found;
}

PyObject *
kaa_cpython__give_freed(const function *self, conversion *shape, void *address,
                        kaa_function free_function, const char *name)
{
    PyObject *made, *owner;

    if (address == NULL)
        return kaa_cpython__new_none();
    if (shape->is_freed == FREED_LATER) {
        owner = kaa_cpython__new_owned(self->host, self->library, address,
                                       free_function, name);
        if (owner == NULL)
            return NULL;
        made = kaa_cpython__new_pointer(self->host, self->library, shape,
                                        address, owner);
        PY(Py_DecRef)(owner);
        return made;
    }
    made = shape->shape.op == CONVERT_RECORD
               ? kaa_cpython__from_c(self->host, self->library, shape, address)
               : kaa_cpython__from_word(self->host, self->library, shape,
                                        (uint64_t)(uintptr_t)address);
    kaa_cpython__free_now(self->host, free_function, address, self->library);
    return made;
}

PyObject *
kaa_cpython__give_borrowed(const function *self, PyObject *given,
                           PyObject *lender)
{
    PyObject *owner;

    if (given == NULL || lender == NULL ||
        !kaa_cpython__is_data_type(self->host, kaa_cpython__type(given)))
        return given;
    owner = kaa_cpython__data_body(given)->owner;
    if (kaa_cpython__is_owned(self->host, owner)) {
        kaa_cpython__lend(owner, lender);
    } else if (owner == NULL && kaa_cpython__adopt(given, lender) != 0) {
        PY(Py_DecRef)(given);
        given = NULL;
    }
    return given;
}

/* What a call holds for an argument that is no object of kaa's. */
static PyObject *
held_for(const kaa_cpython__state *state, uint32_t position)
{
    for (const kaa_cpython__holds *chunk = state->holds; chunk != NULL;
         chunk = chunk->next)
        for (uint32_t i = 0; i < chunk->count; i++)
            if (chunk->holds[i].position == position &&
                chunk->holds[i].object != NULL)
                return chunk->holds[i].object;
    return NULL;
}

PyObject *
kaa_cpython__lender_of(const kaa_cpython__state *state, PyObject *value,
                       uint32_t position)
{
    PyObject *type = kaa_cpython__type(value), *lender;

    if (value == kaa_cpython__none())
        return NULL;
    if (kaa_cpython__is_data_type(state->host, type)) {
        lender = kaa_cpython__below(value);
    } else {
        lender = held_for(state, position);
        /* A buffer stays where it is as long as a view of it is there. */
        if (lender == NULL) {
            PyObject *view = PY(PyMemoryView_FromObject)(value);

            if (view != NULL)
                return view;
            PY(PyErr_Clear)();
            lender = value;
        }
    }
    if (lender != NULL)
        PY(Py_IncRef)(lender);
    return lender;
}
