/* cpython/call/value.c - C values in memory: see value.h. */
#include "cpython/call/value.h"

#include <string.h>

#include "base/memory.h"

int
kaa_cpython__has_value(const kaa_cpython__conversion *self)
{
    switch ((int)kaa_ctype_kind_of(self->shape.core)) {
    case KAA_CTYPE_ARRAY:
    case KAA_CTYPE_FUNCTION:
    case KAA_CTYPE_FLOAT16:
    case KAA_CTYPE_FLOAT128:
    case KAA_CTYPE_VALIST:
        return 0;
    default:
        return self->shape.op != CONVERT_VOID &&
               kaa_ctype_size(self->shape.core) != 0;
    }
}

/* What a pointer is taken from lives on with the other holds. */
static int
hold_value(kaa_cpython__state *state, const kaa_cpython__conversion *self,
           PyObject *value)
{
    if (self->shape.op != CONVERT_TEXT && self->shape.op != CONVERT_POINTER &&
        self->shape.op != CONVERT_WIDE_TEXT)
        return 0;
    if (value == kaa_cpython__none())
        return 0;
    PY(Py_IncRef)(value);
    return kaa_cpython__hold_object(state, value) != NULL ? 0 : -1;
}

int
kaa_cpython__store_value(kaa_cpython__state *state,
                         kaa_cpython__conversion *self, PyObject *value,
                         void *address)
{
    _Alignas(16) unsigned char on_stack[128];
    size_t size = (size_t)kaa_ctype_size(self->shape.core);
    void *storage = on_stack;
    int failed;

    if (size > sizeof(on_stack))
        storage = kaa_base__alloc(size);
    if (storage == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    failed = hold_value(state, self, value);
    if (!failed)
        failed = kaa_cpython__to_c(state, self, value, storage);
    if (!failed)
        memcpy(address, storage, size);
    else
        kaa_cpython__release_holds(state);
    if (storage != on_stack)
        kaa_base__free(storage);
    return failed;
}
