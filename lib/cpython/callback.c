/* cpython/callback.c - C function pointers from Python callables.
 *
 * A callback is an object of the interpreter's that owns a closure and the
 * callable behind it. How it ends depends on its scope:
 *
 *     call      C is done with the pointer: the closure is destroyed
 *     library   with the library; C may still have the pointer: it is retired,
 *     forever   never                               which costs its few bytes
 *     async     after its first call, which still runs in it: retired
 */
#include "cpython/callback.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "cpython/thread.h"
#include "cpython/type.h"

#define ARGUMENTS_ON_STACK 16

/* What the closure is given: it outlives the object, as C may call on. */
typedef struct target {
    kaa_cpython *host;
    PyObject *object; /* borrowed; NULL once the object has gone. Read and
                         written with the GIL. */
} target;

typedef struct callback {
    kaa_cpython *host;
    kaa_closure *closure;
    target *target;
    PyObject *callable;
    PyObject *library; /* owner of the types */
    uint64_t address;
    uint32_t scope;
    uint32_t count;
    atomic_uint was_called;
    uint32_t was_lent;
    kaa_cpython__conversion *arguments; /* count, then the result's */
    kaa_cpython__holds *_Atomic kept;   /* what the last result points into */
} callback;

static callback *
body(PyObject *object)
{
    return (callback *)(void *)((char *)object + kaa_cpython__layout.header);
}

/* ---- being called ---- */

/* A callback that raised: the call that led here raises it when it is done. */
static void
keep_exception(const callback *self)
{
    kaa_cpython__record *record = kaa_cpython__record_of(self->host);

    if (record != NULL && record->exception[0] == NULL)
        PY(PyErr_Fetch)
    (&record->exception[0], &record->exception[1], &record->exception[2]);
    else PY(PyErr_WriteUnraisable)(self->callable);
}

static PyObject *
call_with_tuple(PyObject *callable, PyObject **arguments, uint32_t count)
{
    PyObject *tuple = PY(PyTuple_New)((ssize_t)count);
    PyObject *result;

    if (tuple == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        PY(Py_IncRef)(arguments[i]);
        PY(PyTuple_SetItem)(tuple, (ssize_t)i, arguments[i]);
    }
    result = PY(PyObject_CallObject)(callable, tuple);
    PY(Py_DecRef)(tuple);
    return result;
}

/* arguments[-1] is free for the callee, as vectorcall allows it to ask. */
static PyObject *
call_python(PyObject *callable, PyObject **arguments, uint32_t count)
{
    size_t flagged = (size_t)count | (size_t)1 << (sizeof(size_t) * 8 - 1);

    if (PY(PyObject_Vectorcall) != NULL)
        return PY(PyObject_Vectorcall)(callable, arguments, flagged, NULL);
    if (PY(_PyFunction_Vectorcall) != NULL &&
        kaa_cpython__type(callable) == PY(PyFunction_Type))
        return PY(_PyFunction_Vectorcall)(callable, arguments, flagged, NULL);
    return call_with_tuple(callable, arguments, count);
}

/* A small int, None for void: 1 if the result was that simple. */
static int
write_quickly(const kaa_cpython__conversion *conversion, PyObject *value,
              void *result)
{
    int64_t number;
    int32_t narrow;

    if (conversion->op == CONVERT_VOID)
        return 1;
    if (conversion->op != CONVERT_INTEGER ||
        !kaa_cpython__read_small(value, &number) ||
        !kaa_cpython__fits(conversion, number))
        return 0;
    if (conversion->size == sizeof(narrow)) {
        narrow = (int32_t)number;
        memcpy(result, &narrow, sizeof(narrow));
        return 1;
    }
    if (conversion->size != sizeof(number))
        return 0;
    memcpy(result, &number, sizeof(number));
    return 1;
}

static int
write_result(callback *self, PyObject *value, void *result)
{
    kaa_cpython__conversion *conversion = &self->arguments[self->count];
    kaa_cpython__state state = {.host = self->host,
                                .library = self->library,
                                .callable = self->callable};
    uint64_t wide[2] = {0, 0};
    void *place = wide;
    int failed;

    if (write_quickly(conversion, value, result))
        return 0;
    if (conversion->op == CONVERT_RECORD ||
        kaa_ctype_size(conversion->core) > sizeof(wide))
        place = result;
    if (conversion->op == CONVERT_TEXT || conversion->op == CONVERT_POINTER) {
        PY(Py_IncRef)(value);
        if (kaa_cpython__hold_object(&state, value) != 0)
            return -1;
    }
    failed = kaa_cpython__to_c(&state, conversion, value, place);
    if (!failed && place == wide)
        memcpy(result, wide, (size_t)kaa_ctype_size(conversion->core));
    /* A pointer into what the callable returned is good until it returns
     * again; a record was copied. */
    if (!failed && conversion->op != CONVERT_RECORD) {
        state.holds = atomic_exchange(&self->kept, state.holds);
    }
    kaa_cpython__release_holds(&state);
    return failed;
}

static void
run(callback *self, void *result, void *const *storage)
{
    PyObject *on_stack[1 + ARGUMENTS_ON_STACK];
    PyObject **arguments = on_stack;
    PyObject *value = NULL;
    uint32_t made = 0;

    if (self->count > ARGUMENTS_ON_STACK)
        arguments = kaa_base__alloc_array(self->count + 1u, sizeof(*arguments));
    if (arguments == NULL) {
        PY(PyErr_NoMemory)();
        keep_exception(self);
        return;
    }
    arguments[0] = NULL;
    while (made < self->count) {
        PyObject *argument = kaa_cpython__from_c(
            self->host, self->library, &self->arguments[made], storage[made]);
        if (argument == NULL)
            break;
        arguments[1 + made++] = argument;
    }
    if (made == self->count)
        value = call_python(self->callable, arguments + 1, made);
    if (value == NULL || write_result(self, value, result) != 0)
        keep_exception(self);
    if (value != NULL)
        PY(Py_DecRef)(value);
    while (made > 0)
        PY(Py_DecRef)(arguments[made--]);
    if (arguments != on_stack)
        kaa_base__free(arguments);
}

static void
called(void *result, void *const *storage, void *user)
{
    const target *to = user;
    const kaa_cpython__record *record;
    kaa_cpython__entry entry;
    PyObject *object;

    if (!kaa_cpython__enter(to->host, &entry))
        return;
    object = to->object;
    record = kaa_cpython__record_of(to->host);
    /* After the first exception of a call nothing more of it is run. */
    if (object != NULL && body(object)->callable != NULL &&
        (record == NULL || record->exception[0] == NULL)) {
        callback *self = body(object);

        PY(Py_IncRef)(object); /* it may be dropped while it runs */
        run(self, result, storage);
        if (self->scope == KAA_DECL_SCOPE_ASYNC && self->was_lent &&
            atomic_exchange(&self->was_called, 1) == 0)
            PY(Py_DecRef)(object);
        PY(Py_DecRef)(object);
    }
    kaa_cpython__leave(&entry);
}

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
    self->target->host = self->host;
    self->target->object = object;
    for (uint32_t i = 0; i < self->count; i++)
        kaa_cpython__conversion_init(&self->arguments[i], parameters[i].type);
    kaa_cpython__conversion_init(&self->arguments[self->count],
                                 kaa_ctype_target(signature));
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
    self = body(object);
    self->host = host;
    self->scope = scope;
    PY(Py_IncRef)(callable);
    self->callable = callable;
    PY(Py_IncRef)(library);
    self->library = library;
    if (init(object, self, signature) != 0) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    return object;
}

void *
kaa_cpython_callback(kaa_cpython *host, void *library,
                     const kaa_ctype *signature, void *callable)
{
    if (!PY(PyCallable_Check)(callable)) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a callable is expected");
        return NULL;
    }
    return make(host, library, kaa_ctype_strip(signature), callable,
                KAA_DECL_SCOPE_LIBRARY);
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
        if (object != NULL) {
            PY(Py_IncRef)(object);
        } else if (PY(PyErr_Occurred)() == NULL) {
            object = make(state->host, state->library, signature, callable,
                          KAA_DECL_SCOPE_LIBRARY);
            if (object != NULL &&
                PY(PyDict_SetItem)(closures, key, object) != 0) {
                PY(Py_DecRef)(object);
                object = NULL;
            }
        }
    }
    if (key != NULL)
        PY(Py_DecRef)(key);
    if (closures != NULL)
        PY(Py_DecRef)(closures);
    return object;
}

PyObject *
kaa_cpython__callback_for(kaa_cpython__state *state,
                          const kaa_cpython__conversion *self,
                          PyObject *callable, kaa_function *out_pointer)
{
    PyObject *object;

    if (self->scope == KAA_DECL_SCOPE_LIBRARY)
        object = kept_by_library(state, self->target, callable);
    else
        object = make(state->host, state->library, self->target, callable,
                      self->scope);
    if (object == NULL)
        return NULL;
    if (self->scope == KAA_DECL_SCOPE_ASYNC ||
        self->scope == KAA_DECL_SCOPE_FOREVER)
        state->has_lent = 1;
    /* Without a GIL a callback that C may still call cannot be ended: it might
     * be entered at the same time. */
    if (self->scope == KAA_DECL_SCOPE_LIBRARY && state->host->is_free_threaded)
        PY(Py_IncRef)(object);
    *out_pointer = kaa_closure_pointer(body(object)->closure);
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
            self = body(object);
            if (self->was_lent || (self->scope != KAA_DECL_SCOPE_ASYNC &&
                                   self->scope != KAA_DECL_SCOPE_FOREVER))
                continue;
            /* The one call of an async callback, or nothing, gives it back. */
            PY(Py_IncRef)(object);
            self->was_lent = 1;
        }
}

/* ---- the type ---- */

static void
dealloc(PyObject *object)
{
    PyObject *type = kaa_cpython__type(object);

    PY(PyObject_GC_UnTrack)(object);
    end(body(object));
    PY(PyObject_GC_Del)(object);
    PY(Py_DecRef)(type);
}

static int
traverse(PyObject *object, host_visit visit, void *user)
{
    const callback *self = body(object);
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
    end(body(object));
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
    host_type_slot slots[] = {
        {HOST_TP_DEALLOC, NULL},    {HOST_TP_TRAVERSE, NULL},
        {HOST_TP_CLEAR, NULL},      {HOST_TP_NEW, NULL},
        {HOST_TP_MEMBERS, members}, {0}};
    host_type_spec spec = {"kaa.Callback",
                           (int)(kaa_cpython__layout.header + sizeof(callback)),
                           0, HOST_FLAGS_DEFAULT | HOST_FLAGS_GC, slots};
    void (*dealloc_)(PyObject *) = dealloc;
    int (*traverse_)(PyObject *, host_visit, void *) = traverse;
    int (*clear_)(PyObject *) = clear;
    PyObject *(*new_)(PyObject *, PyObject *, PyObject *) = refuse_new;

    (void)host;
    memcpy(&slots[0].value, &dealloc_, sizeof(void *));
    memcpy(&slots[1].value, &traverse_, sizeof(void *));
    memcpy(&slots[2].value, &clear_, sizeof(void *));
    memcpy(&slots[3].value, &new_, sizeof(void *));
    return PY(PyType_FromSpecWithBases)(&spec, NULL);
}
