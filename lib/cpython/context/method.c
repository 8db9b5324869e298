/* cpython/context/method.c - kaa's functions as the host's builtins.
 *
 * Functions and methods whose table lives as long as the process, those of
 * modules and types, get a thunk each: the host calls C through it with the
 * context in front. They are as quick as builtins written for the host, and are
 * such: `__self__` is the module.
 *
 * kaa_function_new() takes a method that may go away with the function. Equal
 * methods (same C function, name, flags and doc) share a definition that stays;
 * programs have few of those. Past a limit, a builtin is called with a holder
 * in place of its defining class (METH_METHOD), which the host hands through
 * without a look: the holder has the definition, and goes when the builtin
 * goes. Such builtins are slower and show no doc.
 */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#include "cpython/context/context.h"
#include "module/module.h"

/* ---- locks */

static void *
call_locked(kaa_cpython__bound *bound, void *a, void *b, void *c, void *d)
{
    typedef void *five(kaa_context *, void *, void *, void *, void *);
    kaa_cpython__section section;
    void *result;

    begin_section(&section, bound->lock);
    result = ((five *)bound->function)(bound->ctx, a, b, c, d);
    end_section(&section);
    return result;
}

void *
kaa_cpython__lock_thunk(kaa_context *ctx, PyObject *lock,
                        kaa_cpython__any function, kaa_cpython__bound *bound)
{
    bound->ctx = ctx;
    bound->lock = lock;
    bound->function = function;
    if (lock == NULL)
        return kaa_cpython__thunk_new(own_of(ctx)->host, function, ctx);
    return kaa_cpython__thunk_new(own_of(ctx)->host,
                                  KAA_CPYTHON__ANY(call_locked), bound);
}

/* ---- slots, which may come back to themselves */

const char kaa_cpython__in_slot[] = " in a method of a native type";

static void *
call_slowly(kaa_cpython__bound *bound, void *a, void *b, void *c, void *d)
{
    int entered = kaa_cpython__enter_slot(kaa_cpython__in_slot);
    void *result = (void *)bound->failed;

    if (entered >= 0) {
        result = call_locked(bound, a, b, c, d);
        kaa_cpython__leave_slot(entered);
    }
    return result;
}

/* Little more than a look at the stack. It is no jump to the function: what
 * only jumps, here, in the host and in the function, would go round for ever on
 * a stack that does not grow. */
static void *
call_slot(kaa_cpython__bound *bound, void *a, void *b, void *c, void *d)
{
    typedef void *five(kaa_context *, void *, void *, void *, void *);
    void *result;

    if (KAA_UNLIKELY(kaa_base__stack_is_doubtful()))
        return call_slowly(bound, a, b, c, d);
    result = ((five *)bound->function)(bound->ctx, a, b, c, d);
#if defined(__GNUC__)
    __asm__ volatile("" : "+r"(result));
#endif
    return result;
}

void *
kaa_cpython__slot_thunk(kaa_context *ctx, PyObject *lock,
                        kaa_cpython__any function, intptr_t failed,
                        kaa_cpython__bound *bound)
{
    bound->ctx = ctx;
    bound->lock = lock;
    bound->function = function;
    bound->failed = failed;
    return kaa_cpython__thunk_new(own_of(ctx)->host,
                                  lock != NULL ? KAA_CPYTHON__ANY(call_slowly)
                                               : KAA_CPYTHON__ANY(call_slot),
                                  bound);
}

/* ---- methods that stay */

/* A doc in whose signature `self` stands first, as the host's own have it;
 * `doc` itself if it has none, or has it already. NULL: no memory. */
static const char *
doc_with_self(const char *name, const char *doc, const char *self)
{
    size_t length = strlen(name), at = length + 1, bytes;
    char *made;

    if (self == NULL || doc == NULL || strncmp(doc, name, length) != 0 ||
        doc[length] != '(' || doc[at] == '$' ||
        strstr(doc, ")\n--\n\n") == NULL)
        return doc;
    bytes = strlen(doc) + strlen(self) + 3;
    made = kaa_base__alloc(bytes);
    if (made == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    snprintf(made, bytes, "%.*s%s%s%s", (int)at, doc, self,
             doc[at] == ')' ? "" : ", ", doc + at);
    return made;
}

static int
flags_of(const kaa_method *method)
{
    int flags = HOST_METH_FASTCALL;

    if (method->flags & KAA_NOARGS)
        flags = HOST_METH_NOARGS;
    else if (method->flags & KAA_ONE)
        flags = HOST_METH_O;
    else if (method->flags & KAA_KEYWORDS)
        flags = HOST_METH_FASTCALL | HOST_METH_KEYWORDS;
    if (method->flags & KAA_CLASS)
        flags |= HOST_METH_CLASS;
    if (method->flags & KAA_STATIC)
        flags |= HOST_METH_STATIC;
    return flags;
}

int
kaa_cpython__fill_method(kaa_context *ctx, const kaa_method *method,
                         const char *self, PyObject *lock,
                         kaa_cpython__bound *bound, host_method *out)
{
    const char *doc;

    doc = doc_with_self(method->name, method->doc, self);
    if (doc == NULL && method->doc != NULL)
        return -1;
    out->name = method->name;
    out->flags = flags_of(method);
    out->doc = doc;
    out->function = kaa_cpython__lock_thunk(
        ctx, lock, KAA_CPYTHON__ANY(method->function), bound);
    return out->function != NULL ? 0 : -1;
}

/* ---- functions of modules */

typedef struct kaa_cpython__function_record {
    host_method definition;
    kaa_cpython__bound bound;
} function_record;

static size_t
count_methods(const kaa_method *methods)
{
    size_t count = 0;

    while (methods[count].name != NULL)
        count++;
    return count;
}

/* The definition of a method of a module's own table; NULL with no exception
 * if the method is not there. */
static host_method *
find_own(kaa_context *ctx, kaa_cpython__module_record *record,
         const kaa_method *method)
{
    const kaa_method *methods = record->whole.methods;
    size_t count, at;
    function_record *function;

    if (methods == NULL || method < methods)
        return NULL;
    count = count_methods(methods);
    at = (size_t)(method - methods);
    if (at >= count)
        return NULL;
    if (record->functions == NULL) {
        record->functions =
            kaa_base__alloc_zeroed(count * sizeof(function_record));
        if (record->functions == NULL) {
            PY(PyErr_NoMemory)();
            return NULL;
        }
    }
    function = &record->functions[at];
    if (function->definition.function == NULL &&
        kaa_cpython__fill_method(ctx, method, NULL, record->lock,
                                 &function->bound, &function->definition) != 0)
        return NULL;
    return &function->definition;
}

/* ---- definitions that equal methods share */

typedef struct kaa_cpython__shared_method {
    struct kaa_cpython__shared_method *next;
    host_method definition;
    kaa_cpython__bound bound; /* function, lock */
    uint32_t flags;
} shared_method;

static int
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* NULL if there are too many, or memory is short. */
static host_method *
share(kaa_context *ctx, const kaa_method *method, PyObject *lock)
{
    kaa_cpython__context *own = own_of(ctx);
    uintptr_t at = (uintptr_t)method->function;
    shared_method **bucket =
        &own->shared[(at >> 4 ^ at >> 12) % KAA_CPYTHON__BUCKETS];
    shared_method *found = *bucket;
    kaa_method copy = *method;

    for (; found != NULL; found = found->next)
        if (found->bound.function == KAA_CPYTHON__ANY(method->function) &&
            found->bound.lock == lock && found->flags == method->flags &&
            same_text(found->definition.name, method->name) &&
            same_text(found->definition.doc, method->doc))
            return &found->definition;
    if (own->shared_count >= KAA_CPYTHON__SHARED_MAX)
        return NULL;
    found = kaa_base__alloc_zeroed(sizeof(*found));
    copy.name = kaa_base__copy_text(method->name, strlen(method->name));
    copy.doc = method->doc != NULL
                   ? kaa_base__copy_text(method->doc, strlen(method->doc))
                   : NULL;
    if (found == NULL || copy.name == NULL ||
        (copy.doc == NULL && method->doc != NULL) ||
        kaa_cpython__fill_method(ctx, &copy, NULL, lock, &found->bound,
                                 &found->definition) != 0) {
        PY(PyErr_Clear)();
        kaa_base__free((void *)(uintptr_t)copy.name);
        kaa_base__free((void *)(uintptr_t)copy.doc);
        kaa_base__free(found);
        return NULL;
    }
    found->bound.lock = lock; /* of a module, or the context's: they stay */
    found->bound.function = KAA_CPYTHON__ANY(method->function);
    found->flags = method->flags;
    found->next = *bucket;
    *bucket = found;
    own->shared_count++;
    return &found->definition;
}

/* ---- functions that go */

typedef struct holder {
    host_method definition;
    kaa_cpython__bound bound;
    kaa_method method;
} holder;

static holder *
holder_of(PyObject *object)
{
    return (holder *)(void *)((char *)object + kaa_cpython__layout.header);
}

static PyObject *
refuse(const char *name, const char *why, size_t given)
{
    char text[64];

    snprintf(text, sizeof(text), " (%zu given)", given);
    kaa_cpython__raise(PY(PyExc_TypeError), "%s() %s%s", name, why,
                       given != SIZE_MAX ? text : "");
    return NULL;
}

/* The kinds of functions as the host has them, with the host's words. */
static kaa_object *
call_kind(const holder *own, kaa_object *self, kaa_object *const *args,
          size_t nargs, kaa_object *kwnames)
{
    kaa_context *ctx = own->bound.ctx;
    const kaa_method *method = &own->method;
    kaa_cpython__any function = KAA_CPYTHON__ANY(method->function);

    if (method->flags & KAA_KEYWORDS)
        return ((kaa_keywords_function)function)(ctx, self, args, nargs,
                                                 kwnames);
    if (kwnames != NULL && PY(PyTuple_Size)(as_host(kwnames)) != 0)
        return as_kaa(
            refuse(method->name, "takes no keyword arguments", SIZE_MAX));
    if (method->flags & KAA_NOARGS) {
        if (nargs != 0)
            return as_kaa(refuse(method->name, "takes no arguments", nargs));
        return ((kaa_noargs_function)function)(ctx, self);
    }
    if (method->flags & KAA_ONE) {
        if (nargs != 1)
            return as_kaa(
                refuse(method->name, "takes exactly one argument", nargs));
        return ((kaa_one_function)function)(ctx, self, args[0]);
    }
    return method->function(ctx, self, args, nargs);
}

static PyObject *
call_holder(PyObject *self, PyObject *holder_object, PyObject *const *args,
            ssize_t nargs, PyObject *kwnames)
{
    const holder *own = holder_of(holder_object);
    kaa_cpython__section section;
    kaa_object *result;

    begin_section(&section, own->bound.lock);
    result =
        call_kind(own, as_kaa(self), (kaa_object *const *)(const void *)args,
                  (size_t)nargs, as_kaa(kwnames));
    end_section(&section);
    return as_host(result);
}

static void
dealloc_holder(PyObject *object)
{
    PyObject *type = kaa_cpython__type(object);

    xdecref(holder_of(object)->bound.lock);
    PY(PyObject_Free)(object);
    PY(Py_DecRef)(type);
}

PyObject *
kaa_cpython__make_holder_type(kaa_cpython__context *own)
{
    void (*dealloc)(PyObject *) = dealloc_holder;
    PyObject *(*alloc)(PyObject *, ssize_t) = kaa_cpython__refuse_alloc;
    host_type_slot slots[] = {
        {HOST_TP_DEALLOC, NULL}, {HOST_TP_ALLOC, NULL}, {0}};
    host_type_spec spec = {"kaa._FunctionHolder",
                           (int)(kaa_cpython__layout.header + sizeof(holder)),
                           0, kaa_cpython__sealed(own->host), slots};

    memcpy(&slots[0].value, &dealloc, sizeof(void *));
    memcpy(&slots[1].value, &alloc, sizeof(void *));
    return PY(PyType_FromSpecWithBases)(&spec, NULL);
}

static PyObject *
new_held(kaa_context *ctx, const kaa_method *method, PyObject *self,
         PyObject *module, PyObject *lock)
{
    PyObject *(*call)(PyObject *, PyObject *, PyObject *const *, ssize_t,
                      PyObject *) = call_holder;
    PyObject *object = PY(PyType_GenericAlloc)(own_of(ctx)->holder_type, 0);
    PyObject *function;
    holder *made;

    if (object == NULL)
        return NULL;
    made = holder_of(object);
    made->method = *method;
    made->bound.ctx = ctx;
    made->bound.lock = lock != NULL ? new_ref(lock) : NULL;
    made->definition.name = method->name;
    made->definition.doc = method->doc;
    memcpy(&made->definition.function, &call, sizeof(call));
    made->definition.flags =
        HOST_METH_METHOD | HOST_METH_FASTCALL | HOST_METH_KEYWORDS;
    function = PY(PyCMethod_New)(&made->definition, self, module, object);
    PY(Py_DecRef)(object);
    return function;
}

/* The definition that stays, or NULL; -1 with an exception in *out_failed. */
static host_method *
find_definition(kaa_context *ctx, kaa_cpython__module_record *record,
                const kaa_method *method, PyObject *lock, int *out_failed)
{
    kaa_cpython__section section;
    host_method *found = NULL;

    *out_failed = 0;
    begin_section(&section, own_of(ctx)->lock);
    if (record != NULL) {
        found = find_own(ctx, record, method);
        *out_failed = found == NULL && PY(PyErr_Occurred)() != NULL;
    }
    if (found == NULL && !*out_failed)
        found = share(ctx, method, lock);
    end_section(&section);
    return found;
}

kaa_object *
kaa_cpython__slot_function_new(kaa_context *ctx, const kaa_method *method,
                               kaa_object *self, kaa_object *module)
{
    kaa_cpython__module_record *record =
        self != NULL ? kaa_cpython__record_of_module(as_host(self)) : NULL;
    PyObject *lock = record != NULL ? record->lock : own_of(ctx)->lock;
    host_method *definition;
    int failed;

    if (kaa_module__check_method(ctx, method) != 0)
        return NULL;
    if (method->flags & KAA_TYPED) {
        kaa_cpython__raise(PY(PyExc_SystemError),
                           "a typed function can only stand in the table of a "
                           "module: %.200s",
                           method->declaration != NULL ? method->declaration
                                                       : "no declaration");
        return NULL;
    }
    definition = find_definition(ctx, record, method, lock, &failed);
    if (definition != NULL)
        return as_kaa(PY(PyCMethod_New)(definition, as_host(self),
                                        as_host(module), NULL));
    return failed ? NULL
                  : as_kaa(new_held(ctx, method, as_host(self), as_host(module),
                                    lock));
}

/* ---- tuple and dict to array */

int
kaa_cpython__arguments_init(kaa_cpython__arguments *out, PyObject *args,
                            PyObject *kwargs)
{
    ssize_t nargs = PY(PyTuple_Size)(args), count = 0, position = 0;
    PyObject *key, *value;
    size_t at;

    out->nargs = (size_t)nargs;
    out->kwnames = NULL;
    out->owned = NULL;
    if (kwargs != NULL)
        count = PY(PyDict_Size)(kwargs);
    if (count == 0 && kaa_cpython__sequence.tuple_items != 0) {
        out->args = (kaa_object *const *)(void *)tuple_items(args);
        return 0;
    }
    if ((size_t)(nargs + count) > sizeof(out->few) / sizeof(out->few[0])) {
        out->owned =
            kaa_base__alloc_array((size_t)(nargs + count), sizeof(*out->owned));
        if (out->owned == NULL) {
            PY(PyErr_NoMemory)();
            return -1;
        }
    }
    kaa_object **items = out->owned != NULL ? out->owned : out->few;

    out->args = items;
    for (ssize_t i = 0; i < nargs; i++)
        items[i] = as_kaa(PY(PyTuple_GetItem)(args, i));
    if (count == 0)
        return 0;
    /* The dict is the caller's own; borrowed values live as long as it. */
    out->kwnames = as_kaa(PY(PyTuple_New)(count));
    if (out->kwnames == NULL) {
        kaa_cpython__arguments_fini(out);
        return -1;
    }
    for (at = 0;
         at < (size_t)count && PY(PyDict_Next)(kwargs, &position, &key, &value);
         at++) {
        PY(PyTuple_SetItem)
        (as_host(out->kwnames), (ssize_t)at, new_ref(key));
        items[(size_t)nargs + at] = as_kaa(value);
    }
    return 0;
}

void
kaa_cpython__arguments_fini(kaa_cpython__arguments *arguments)
{
    if (arguments->kwnames != NULL)
        PY(Py_DecRef)(as_host(arguments->kwnames));
    kaa_base__free(arguments->owned);
}
