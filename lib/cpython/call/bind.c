/* cpython/call/bind.c - many functions of a library in one call.
 *
 * A library makes each function at its first use. Made one by one, most of the
 * time goes into coming here; a program that has asked for several functions
 * most likely asks for their neighbours next.
 */
#include "cpython/host/host.h"

/* Whether a function is made as it is declared, without what Python must look
 * up first. */
static int
is_simple(const kaa_decl_item *item, const void *address)
{
    return item != NULL && item->kind == KAA_DECL_FUNCTION && address != NULL &&
           item->free_function == NULL && item->type != NULL;
}

/* Puts one function under its name, unless the name is taken: 0, or -1 with an
 * exception pending. */
static int
add(kaa_cpython *host, PyObject *library, PyObject *names,
    const kaa_decl_item *item, void *address)
{
    PyObject *name = PY(PyUnicode_InternFromString)(item->name);
    PyObject *function = NULL;
    int failed = -1;

    if (name == NULL)
        return -1;
    if (PY(PyDict_GetItemWithError)(names, name) != NULL) {
        PY(Py_DecRef)(name);
        return 0;
    }
    if (PY(PyErr_Occurred)() == NULL)
        function = kaa_cpython_function(
            host, library, item, (kaa_function)(uintptr_t)address, 0, NULL);
    if (function != NULL) {
        /* Making it may have run Python code, which may have added it. */
        if (PY(PyDict_GetItemWithError)(names, name) != NULL)
            failed = 0;
        else if (PY(PyErr_Occurred)() == NULL)
            failed = PY(PyDict_SetItem)(names, name, function);
        PY(Py_DecRef)(function);
    }
    PY(Py_DecRef)(name);
    return failed;
}

int
kaa_cpython_bind(kaa_cpython *host, void *library, void *names,
                 const kaa_decl *decl, void *const *addresses, size_t first,
                 size_t count)
{
    size_t end = kaa_decl_count(decl);

    if (first < end && count < end - first)
        end = first + count;
    for (size_t i = first; i < end; i++) {
        const kaa_decl_item *item = kaa_decl_at(decl, i);

        if (!is_simple(item, addresses[i]) ||
            add(host, library, names, item, addresses[i]) == 0)
            continue;
        /* What cannot be made says why when it is asked for by name. */
        if (!PY(PyErr_ExceptionMatches)(PY(PyExc_Exception)))
            return -1;
        PY(PyErr_Clear)();
    }
    return 0;
}
