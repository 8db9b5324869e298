/* cpython/call/callback.c - C function pointers from Python callables.
 *
 * A callback is an object of the interpreter's that owns a closure and the
 * callable behind it. How it ends depends on its scope:
 *
 *     call      C is done with the pointer: the closure is destroyed
 *     library   with the library; C may still have the pointer: it is retired,
 *     forever   never                               which costs its few bytes
 *     async     after its first call, which still runs in it: retired
 */
#include "cpython/call/callback.h"

#include <string.h>

#include "base/memory.h"
#include "cpython/call/called.h"
#include "cpython/call/function.h"
#include "cpython/host/type.h"

typedef kaa_cpython__callback callback;

/* ---- making and ending ---- */

static void
end(callback *self)
{
    kaa_closure *closure = self->closure;
    PyObject *callable = self->callable, *library = self->library;

    self->closure = NULL;
    self->callable = NULL;
    self->library = NULL;
    kaa_cpython__state holds = {.host = self->host, .holds = self->kept};

    self->kept = NULL;
    if (self->target != NULL)
        self->target->object = NULL;
    if (closure != NULL && self->scope != KAA_DECL_SCOPE_CALL) {
        kaa_closure_retire(closure);
    } else {
        kaa_closure_destroy(closure);
        kaa_base__free(self->target);
    }
    self->target = NULL;
    kaa_cpython__release_holds(&holds);
    if (self->arguments != NULL)
        for (uint32_t i = 0; i <= self->count; i++)
            kaa_cpython__conversion_fini(&self->arguments[i]);
    kaa_base__free(self->arguments);
    self->arguments = NULL;
    if (callable != NULL)
        PY(Py_DecRef)(callable);
    if (library != NULL)
        PY(Py_DecRef)(library);
}

static int
init(PyObject *object, callback *self, const kaa_ctype *signature)
{
    const kaa_ctype_parameter *parameters = kaa_ctype_parameters(signature);
    kaa_closure_callback called;
    kaa_error err = {0};

    self->count = (uint32_t)kaa_ctype_count(signature);
    self->arguments =
        kaa_base__alloc_array(self->count + 1u, sizeof(*self->arguments));
    self->target = kaa_base__alloc(sizeof(*self->target));
    if (self->arguments == NULL || self->target == NULL) {
        kaa_base__free(self->arguments);
        self->arguments = NULL;
        PY(PyErr_NoMemory)();
        return -1;
    }
    memset(self->target, 0, sizeof(*self->target));
    self->target->host = self->host;
    if (self->host->is_free_threaded)
        self->target->shared = object;
    else
        self->target->object = object;
    for (uint32_t i = 0; i < self->count; i++)
        kaa_cpython__conversion_init(&self->arguments[i], parameters[i].type);
    kaa_cpython__conversion_init(&self->arguments[self->count],
                                 kaa_ctype_target(signature));
    called = kaa_cpython__init_called(self);
    if (kaa_closure_create(signature, called, self->target, NULL,
                           &self->closure, &err) != KAA_OK)
        return kaa_cpython__raise_error(self->host, "", "", &err);
    self->address = (uint64_t)(uintptr_t)kaa_closure_pointer(self->closure);
    return 0;
}

static PyObject *
make(kaa_cpython *host, PyObject *library, const kaa_ctype *signature,
     PyObject *callable, uint32_t scope)
{
    PyObject *object = PY(PyType_GenericAlloc)(host->callback_type, 0);
    callback *self;

    if (object == NULL)
        return NULL;
    self = kaa_cpython__callback_body(object);
    self->host = host;
    self->scope = scope;
    PY(Py_IncRef)(callable);
    self->callable = callable;
    PY(Py_IncRef)(library);
    self->library = library;
    self->signature = signature;
    if (init(object, self, signature) != 0) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    return object;
}

/* What makes two callables one, by addresses: bound methods are made anew each
 * time that they are looked up. */
static void
identify(PyObject *callable, const void *parts[2])
{
    PyObject *self, *function;

    parts[0] = callable;
    parts[1] = NULL;
    if (kaa_cpython__type(callable) != PY(PyMethod_Type))
        return;
    self = PY(PyObject_GetAttrString)(callable, "__self__");
    function = PY(PyObject_GetAttrString)(callable, "__func__");
    if (self != NULL && function != NULL) {
        parts[0] = self;
        parts[1] = function;
    }
    if (self != NULL)
        PY(Py_DecRef)(self);
    if (function != NULL)
        PY(Py_DecRef)(function);
    PY(PyErr_Clear)();
}

/* (callable, signature) as a key. The callback in the dict keeps the callable
 * alive, so its address is not used again. */
static PyObject *
make_key(PyObject *callable, const kaa_ctype *signature)
{
    PyObject *key = PY(PyTuple_New)(3);
    const void *parts[3] = {NULL, NULL, signature};

    identify(callable, parts);
    for (int i = 0; key != NULL && i < 3; i++) {
        PyObject *part = PY(PyLong_FromUnsignedLongLong)(
            (unsigned long long)(uintptr_t)parts[i]);
        if (part == NULL) {
            PY(Py_DecRef)(key);
            return NULL;
        }
        PY(PyTuple_SetItem)(key, i, part);
    }
    return key;
}

/* Python code can reach the library's dict: what is found there may be
 * anything. */
static int
is_callback_of(const kaa_cpython *host, PyObject *object,
               const kaa_ctype *signature)
{
    const callback *found;

    if (object == NULL || kaa_cpython__type(object) != host->callback_type)
        return 0;
    found = kaa_cpython__callback_body(object);
    return found->closure != NULL && found->signature == signature;
}

static PyObject *
kept_by_library(kaa_cpython__state *state, const kaa_ctype *signature,
                PyObject *callable)
{
    PyObject *closures =
        PY(PyObject_GetAttrString)(state->library, "_closures");
    PyObject *key = closures != NULL ? make_key(callable, signature) : NULL;
    PyObject *object = NULL;

    if (key != NULL) {
        object = PY(PyDict_GetItemWithError)(closures, key);
        if (is_callback_of(state->host, object, signature)) {
            PY(Py_IncRef)(object);
        } else if (PY(PyErr_Occurred)() == NULL) {
            object = make(state->host, state->library, signature, callable,
                          KAA_DECL_SCOPE_LIBRARY);
            if (object != NULL &&
                PY(PyDict_SetItem)(closures, key, object) != 0) {
                PY(Py_DecRef)(object);
                object = NULL;
            }
            if (PY(PyDict_Size)(closures) == 1) /* the first */
                kaa_cpython_data_track(state->host, state->library);
        }
    }
    if (key != NULL)
        PY(Py_DecRef)(key);
    if (closures != NULL)
        PY(Py_DecRef)(closures);
    return object;
}

/* From now on only its one call, or nothing, gives it back. */
static void
lend(PyObject *object)
{
    PY(Py_IncRef)(object);
    kaa_cpython__callback_body(object)->was_lent = 1;
}

void *
kaa_cpython_callback(kaa_cpython *host, void *library,
                     const kaa_ctype *signature, void *callable, uint32_t scope)
{
    kaa_cpython__state state = {.host = host, .library = library};
    const kaa_ctype *stripped = kaa_ctype_strip(signature);
    PyObject *object;

    if (!PY(PyCallable_Check)(callable)) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a callable is expected");
        return NULL;
    }
    if (scope == KAA_DECL_SCOPE_CALL)
        return make(host, library, stripped, callable, KAA_DECL_SCOPE_LIBRARY);
    if (scope != KAA_DECL_SCOPE_LIBRARY) {
        object = make(host, library, stripped, callable, scope);
        if (object != NULL)
            lend(object);
        return object;
    }
    object = kept_by_library(&state, stripped, callable);
    if (object != NULL && host->is_free_threaded)
        PY(Py_IncRef)(object); /* as in kaa_cpython__callback_for() */
    return object;
}

PyObject *
kaa_cpython__callback_for(kaa_cpython__state *state,
                          const kaa_cpython__conversion *self,
                          PyObject *callable, kaa_function *out_pointer)
{
    PyObject *object;

    if (self->shape.scope == KAA_DECL_SCOPE_LIBRARY)
        object = kept_by_library(state, self->shape.target, callable);
    else
        object = make(state->host, state->library, self->shape.target, callable,
                      self->shape.scope);
    if (object == NULL)
        return NULL;
    if (self->shape.scope == KAA_DECL_SCOPE_ASYNC ||
        self->shape.scope == KAA_DECL_SCOPE_FOREVER)
        state->has_lent = 1;
    /* Without a GIL a callback that C may still call cannot be ended: it might
     * be entered at the same time. */
    if (self->shape.scope == KAA_DECL_SCOPE_LIBRARY &&
        state->host->is_free_threaded)
        PY(Py_IncRef)(object);
    *out_pointer =
        kaa_closure_pointer(kaa_cpython__callback_body(object)->closure);
    return object;
}

void
kaa_cpython__lend_callbacks(const kaa_cpython__state *state)
{
    for (const kaa_cpython__holds *chunk = state->holds; chunk != NULL;
         chunk = chunk->next)
        for (uint32_t i = 0; i < chunk->count; i++) {
            PyObject *object = chunk->holds[i].object;
            callback *self;

            if (object == NULL ||
                kaa_cpython__type(object) != state->host->callback_type)
                continue;
            self = kaa_cpython__callback_body(object);
            if (self->was_lent || (self->scope != KAA_DECL_SCOPE_ASYNC &&
                                   self->scope != KAA_DECL_SCOPE_FOREVER))
                continue;
            lend(object);
        }
}

/* ---- being called, and ending, at once ---- */

PyObject *
kaa_cpython__begin_use(kaa_cpython__target *self)
{
    PyObject *object = self->object;

    if (!self->host->is_free_threaded) {
        if (object != NULL)
            PY(Py_IncRef)(object);
        return object;
    }
    /* The object's own count may be zero already, but what it holds is there.
     */
    PY(PyMutex_Lock)(&self->lock);
    object = self->shared;
    if (object != NULL) {
        PY(Py_IncRef)(kaa_cpython__callback_body(object)->callable);
        PY(Py_IncRef)(kaa_cpython__callback_body(object)->library);
        self->uses++;
    }
    PY(PyMutex_Unlock)(&self->lock);
    return object;
}

static void
finish(PyObject *object)
{
    PyObject *type = kaa_cpython__type(object);

    end(kaa_cpython__callback_body(object));
    PY(PyObject_GC_Del)(object);
    PY(Py_DecRef)(type);
}

void
kaa_cpython__end_use(kaa_cpython__target *self, PyObject *object)
{
    const callback *used = kaa_cpython__callback_body(object);
    PyObject *callable, *library;
    int is_last;

    if (!self->host->is_free_threaded) {
        PY(Py_DecRef)(object);
        return;
    }
    callable = used->callable;
    library = used->library;
    PY(PyMutex_Lock)(&self->lock);
    self->uses--;
    is_last = self->uses == 0 && self->has_gone;
    PY(PyMutex_Unlock)(&self->lock);
    if (is_last)
        finish(object);
    PY(Py_DecRef)(callable);
    PY(Py_DecRef)(library);
}

/* No call begins any more; whether some run. With `goes` the last of those
 * frees the object. */
static int
is_in_use(const callback *self, int goes)
{
    kaa_cpython__target *target = self->target;
    int found;

    if (target == NULL || !self->host->is_free_threaded)
        return 0;
    PY(PyMutex_Lock)(&target->lock);
    target->shared = NULL;
    found = target->uses != 0;
    target->has_gone = found && goes;
    PY(PyMutex_Unlock)(&target->lock);
    return found;
}

/* ---- the type ---- */

static void
dealloc(PyObject *object)
{
    PY(PyObject_GC_UnTrack)(object);
    if (!is_in_use(kaa_cpython__callback_body(object), 1))
        finish(object);
}

static int
traverse(PyObject *object, host_visit visit, void *user)
{
    const callback *self = kaa_cpython__callback_body(object);
    int stop = visit(kaa_cpython__type(object), user);

    if (stop == 0 && self->callable != NULL)
        stop = visit(self->callable, user);
    if (stop == 0 && self->library != NULL)
        stop = visit(self->library, user);
    for (uint32_t i = 0; stop == 0 && self->arguments != NULL; i++) {
        stop = kaa_cpython__visit_conversion(&self->arguments[i], visit, user);
        if (i == self->count)
            break;
    }
    return stop != 0 ? stop : kaa_cpython__visit_holds(self->kept, visit, user);
}

static int
clear(PyObject *object)
{
    callback *self = kaa_cpython__callback_body(object);

    if (!is_in_use(self, 0)) /* else the collector comes again */
        end(self);
    return 0;
}

static PyObject *
refuse_new(PyObject *type, PyObject *args, PyObject *kwargs)
{
    (void)type;
    (void)args;
    (void)kwargs;
    kaa_cpython__raise(PY(PyExc_TypeError),
                       "kaa.Callback objects are made by calls alone");
    return NULL;
}

PyObject *
kaa_cpython__make_callback_type(kaa_cpython *host)
{
    host_member members[] = {
        {"address", HOST_MEMBER_ULONGLONG,
         (ssize_t)(kaa_cpython__layout.header + offsetof(callback, address)),
         HOST_MEMBER_READONLY, NULL},
        {0}};
    host_type_slot slots[] = {{HOST_TP_DEALLOC, NULL},
                              {HOST_TP_TRAVERSE, NULL},
                              {HOST_TP_CLEAR, NULL},
                              {HOST_TP_NEW, NULL},
                              {HOST_TP_ALLOC, NULL},
                              {HOST_TP_MEMBERS, members},
                              {0}};
    host_type_spec spec = {"kaa.Callback",
                           (int)(kaa_cpython__layout.header + sizeof(callback)),
                           0, kaa_cpython__sealed(host) | HOST_FLAGS_GC, slots};
    void (*dealloc_)(PyObject *) = dealloc;
    int (*traverse_)(PyObject *, host_visit, void *) = traverse;
    int (*clear_)(PyObject *) = clear;
    PyObject *(*new_)(PyObject *, PyObject *, PyObject *) = refuse_new;
    PyObject *(*alloc_)(PyObject *, ssize_t) = kaa_cpython__refuse_alloc;

    memcpy(&slots[0].value, &dealloc_, sizeof(void *));
    memcpy(&slots[1].value, &traverse_, sizeof(void *));
    memcpy(&slots[2].value, &clear_, sizeof(void *));
    memcpy(&slots[3].value, &new_, sizeof(void *));
    memcpy(&slots[4].value, &alloc_, sizeof(void *));
    return PY(PyType_FromSpecWithBases)(&spec, NULL);
}
