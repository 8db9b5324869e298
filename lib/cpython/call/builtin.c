/* cpython/call/builtin.c - a bound function as a builtin of the interpreter's.
 *
 * CPython 3.11 to 3.13 have instructions of their own for calls of builtins,
 * and a general way for all other objects that costs more than most C functions
 * do. A builtin is called with the arguments of a vectorcall, so its C function
 * is the one that the bound function is called by, and its self is the bound
 * function.
 */
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "cpython/call/function.h"
#include "cpython/host/type.h"

/* What a builtin refers to without keeping it alive: the function does. */
struct kaa_cpython__builtin {
    host_method definition;
    char doc[];
};
typedef struct kaa_cpython__builtin builtin;

static builtin *
make(const kaa_cpython__function *self, const char *doc)
{
    size_t bytes = strlen(doc) + 1;
    builtin *made = kaa_base__alloc(sizeof(*made) + bytes);

    if (made == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    memcpy(made->doc, doc, bytes);
    made->definition.name = self->item->name;
    memcpy(&made->definition.function, &self->vectorcall, sizeof(void *));
    made->definition.flags = HOST_METH_FASTCALL | HOST_METH_KEYWORDS;
    made->definition.doc = made->doc;
    return made;
}

void *
kaa_cpython_builtin(kaa_cpython *host, void *function, const char *doc)
{
    kaa_cpython__function *self;
    builtin *found, *none = NULL;

    if (kaa_cpython__type(function) != host->function_type || doc == NULL) {
        kaa_cpython__raise(PY(PyExc_TypeError),
                           "a bound function and its text are expected");
        return NULL;
    }
    self = kaa_cpython__function_body(function);
    found = atomic_load(&self->builtin);
    if (found == NULL) {
        found = make(self, doc);
        if (found == NULL)
            return NULL;
        if (!atomic_compare_exchange_strong(&self->builtin, &none, found)) {
            kaa_base__free(found);
            found = none;
        }
    }
    return PY(PyCMethod_New)(&found->definition, function, NULL, NULL);
}

PyObject *
kaa_cpython__bound_of(const kaa_cpython *host, PyObject *object)
{
    PyObject *self;

    if (kaa_cpython__type(object) != PY(PyCFunction_Type))
        return object;
    self = PY(PyCFunction_GetSelf)(object);
    if (self == NULL) {
        PY(PyErr_Clear)(); /* a static method's */
        return object;
    }
    return kaa_cpython__type(self) == host->function_type ? self : object;
}
