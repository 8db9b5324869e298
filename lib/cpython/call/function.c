/* cpython/call/function.c - the type of bound functions, and making them. */
#include "cpython/call/function.h"

#include <stdatomic.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cpython/host/type.h"

/* ---- making one ---- */

/* A conversion for each [[kaa::out]], and how what is put there is freed. */
static int
init_outs(kaa_cpython__function *self)
{
    const kaa_decl_parameter *notes = self->item->parameters;

    self->outs = kaa_base__alloc_zeroed(self->count * sizeof(*self->outs));
    self->frees = kaa_base__alloc_zeroed(self->count * sizeof(*self->frees));
    if (self->outs == NULL || self->frees == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    for (uint32_t i = 0; i < self->count; i++) {
        if (!(self->arguments[i].shape.flags & CONVERT_OUT))
            continue;
        kaa_cpython__conversion_init(
            &self->outs[i], kaa_ctype_target(self->arguments[i].shape.core));
        if (notes[i].flags & KAA_DECL_PARAMETER_NULLABLE)
            self->outs[i].shape.flags |= CONVERT_NULLABLE;
        if (notes[i].free_function == NULL)
            continue;
        self->frees[i] = kaa_cpython__find_free(self, notes[i].free_function);
        if (self->frees[i] == NULL ||
            kaa_cpython__init_freed(self, &self->outs[i]) != 0)
            return -1;
    }
    return 0;
}

static int
init_arguments(kaa_cpython__function *self)
{
    const kaa_decl_parameter *notes = self->item->parameters;
    char refusal[300];

    self->arguments = kaa_base__alloc_zeroed(
        (self->count != 0 ? self->count : 1u) * sizeof(*self->arguments));
    if (self->arguments == NULL) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    if (kaa_convert__check_notes(self->item, refusal, sizeof(refusal)) != 0)
        return kaa_cpython__raise(self->host->hooks[HOOK_UNSUPPORTED], "%s",
                                  refusal);
    for (uint32_t i = 0; i < self->count; i++) {
        kaa_convert__shape *shape = &self->arguments[i].shape;

        kaa_cpython__conversion_init(&self->arguments[i],
                                     self->parameters[i].type);
        kaa_convert__annotate(shape, notes, self->count, i);
        if (shape->flags & (CONVERT_OUT | CONVERT_MEASURED))
            self->flags |= FUNCTION_IS_SPECIAL;
        if (shape->flags & CONVERT_MEASURED)
            self->flags |= FUNCTION_MEASURES;
        if (shape->flags & CONVERT_OUT)
            self->visible--;
    }
    return self->visible == self->count ? 0 : init_outs(self);
}

static int
init_result(kaa_cpython__function *self, const kaa_ctype *type)
{
    kaa_cpython__conversion_init(&self->result, type);
    if (self->item->flags & KAA_DECL_NULLABLE)
        self->result.shape.flags |= CONVERT_NULLABLE;
    if (self->item->flags & KAA_DECL_BORROW)
        self->flags |= FUNCTION_BORROWS | FUNCTION_IS_SPECIAL;
    if (self->free_function == NULL)
        return 0;
    self->flags |= FUNCTION_FREES;
    return kaa_cpython__init_freed(self, &self->result);
}

static int
init_plan(kaa_cpython__function *self, const kaa_ctype *type)
{
    kaa_call_options options = {.size = sizeof(options)};
    kaa_error err = {0};

    if (kaa_ctype_flags(type) & KAA_CTYPE_VARIADIC) {
        self->flags |= FUNCTION_IS_SPECIAL | FUNCTION_VARIADIC;
        options.fixed_count = self->count;
    }
    if (self->flags & FUNCTION_ERRNO)
        options.flags |= KAA_CALL_ERRNO;
    if (kaa_call_plan_create(type, &options, &self->plan, &err) != KAA_OK) {
        return kaa_cpython__raise_error(self->host, self->item->name,
                                        "() cannot be called: ", &err);
    }
    return 0;
}

static int
init(kaa_cpython__function *self, uint32_t flags)
{
    const kaa_ctype *type = kaa_ctype_strip(self->item->type);

    flags |= self->item->flags;
    if (flags & (KAA_DECL_CONST | KAA_DECL_PURE))
        self->flags |= FUNCTION_IS_CLOSED | FUNCTION_HOLDS_GIL;
    if (flags & KAA_DECL_HOLD_GIL)
        self->flags |= FUNCTION_HOLDS_GIL;
    if (flags & KAA_DECL_ERRNO)
        self->flags |= FUNCTION_ERRNO;
    self->parameters = kaa_ctype_parameters(type);
    self->count = (uint32_t)kaa_ctype_count(type);
    self->visible = self->count;
    if (init_plan(self, type) != 0 || init_arguments(self) != 0 ||
        init_result(self, kaa_ctype_target(type)) != 0)
        return -1;
    self->vectorcall = kaa_cpython__call;
    return kaa_cpython__init_quick(self);
}

void *
kaa_cpython_function(kaa_cpython *host, void *library,
                     const kaa_decl_item *item, kaa_function address,
                     uint32_t flags, kaa_function free_function)
{
    kaa_cpython__function *self;
    PyObject *object;

    if (item == NULL || item->type == NULL || address == NULL ||
        kaa_ctype_kind_of(kaa_ctype_strip(item->type)) != KAA_CTYPE_FUNCTION) {
        kaa_cpython__raise(PY(PyExc_ValueError),
                           "a function and its address are expected");
        return NULL;
    }
    object = PY(PyType_GenericAlloc)(host->function_type, 0);
    if (object == NULL)
        return NULL;
    self = kaa_cpython__function_body(object);
    self->host = host;
    self->item = item;
    self->target = address;
    self->free_function = free_function;
    self->item_address = (uint64_t)(uintptr_t)item;
    self->address = (uint64_t)(uintptr_t)address;
    PY(Py_IncRef)(library);
    self->library = library;
    if (init(self, flags) != 0) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    return object;
}

/* ---- the type ---- */

static void
drop_conversions(kaa_cpython__conversion *conversions, uint32_t count)
{
    if (conversions == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        kaa_cpython__conversion_fini(&conversions[i]);
}

static void
dealloc(PyObject *object)
{
    kaa_cpython__function *self = kaa_cpython__function_body(object);
    PyObject *type = kaa_cpython__type(object);

    PY(PyObject_GC_UnTrack)(object);
    if (self->weak_references != NULL)
        PY(PyObject_ClearWeakRefs)(object);
    drop_conversions(self->arguments, self->count);
    drop_conversions(self->outs, self->count);
    kaa_cpython__conversion_fini(&self->result);
    kaa_base__free(self->arguments);
    kaa_base__free(self->outs);
    kaa_base__free(self->frees);
    kaa_base__free(self->quick);
    kaa_base__free(atomic_load(&self->builtin));
    kaa_cpython__free_variadic(self->variadics);
    kaa_call_plan_destroy(self->plan);
    if (self->library != NULL)
        PY(Py_DecRef)(self->library);
    if (self->lock != NULL)
        PY(Py_DecRef)(self->lock);
    PY(PyObject_GC_Del)(object);
    PY(Py_DecRef)(type);
}

static int
traverse(PyObject *object, host_visit visit, void *user)
{
    const kaa_cpython__function *self = kaa_cpython__function_body(object);
    int stop = visit(kaa_cpython__type(object), user);

    if (stop == 0 && self->library != NULL)
        stop = visit(self->library, user);
    for (uint32_t i = 0; stop == 0 && i < self->count; i++) {
        if (self->arguments != NULL)
            stop =
                kaa_cpython__visit_conversion(&self->arguments[i], visit, user);
        if (stop == 0 && self->outs != NULL)
            stop = kaa_cpython__visit_conversion(&self->outs[i], visit, user);
    }
    return stop != 0
               ? stop
               : kaa_cpython__visit_conversion(&self->result, visit, user);
}

/* No tp_clear: what a function holds it needs for its next call; the library's
 * dict, which holds the function, breaks the cycle. */

static PyObject *
get(PyObject *self, PyObject *instance, PyObject *owner)
{
    (void)instance;
    (void)owner;
    PY(Py_IncRef)(self); /* as a class attribute it binds nothing */
    return self;
}

static PyObject *
refuse_new(PyObject *type, PyObject *args, PyObject *kwargs)
{
    (void)type;
    (void)args;
    (void)kwargs;
    kaa_cpython__raise(PY(PyExc_TypeError),
                       "functions are made by kaa.load() alone");
    return NULL;
}

#define MEMBER_AT(field)                                                       \
    ((ssize_t)(kaa_cpython__layout.header +                                    \
               offsetof(kaa_cpython__function, field)))

size_t
kaa_cpython__vectorcall_offset(void)
{
    return (size_t)MEMBER_AT(vectorcall);
}

PyObject *
kaa_cpython__make_function_type(kaa_cpython *host, PyObject *base)
{
    host_member members[] = {
        {"__vectorcalloffset__", HOST_MEMBER_SSIZE, MEMBER_AT(vectorcall),
         HOST_MEMBER_READONLY, NULL},
        {"__weaklistoffset__", HOST_MEMBER_SSIZE, MEMBER_AT(weak_references),
         HOST_MEMBER_READONLY, NULL},
        {"_item", HOST_MEMBER_ULONGLONG, MEMBER_AT(item_address),
         HOST_MEMBER_READONLY, NULL},
        {"address", HOST_MEMBER_ULONGLONG, MEMBER_AT(address),
         HOST_MEMBER_READONLY, NULL},
        {"_library", HOST_MEMBER_OBJECT, MEMBER_AT(library),
         HOST_MEMBER_READONLY, NULL},
        {0}};
    host_type_slot slots[] = {
        {HOST_TP_DEALLOC, NULL},    {HOST_TP_TRAVERSE, NULL},
        {HOST_TP_DESCR_GET, NULL},  {HOST_TP_NEW, NULL},
        {HOST_TP_CALL, NULL},       {HOST_TP_ALLOC, NULL},
        {HOST_TP_MEMBERS, members}, {0}};
    host_type_spec spec = {
        "kaa.BoundFunction",
        (int)(kaa_cpython__layout.header + sizeof(kaa_cpython__function)), 0,
        HOST_FLAGS_DEFAULT | HOST_FLAGS_GC | HOST_FLAGS_VECTORCALL, slots};
    void (*dealloc_)(PyObject *) = dealloc;
    int (*traverse_)(PyObject *, host_visit, void *) = traverse;
    PyObject *(*get_)(PyObject *, PyObject *, PyObject *) = get;
    PyObject *(*new_)(PyObject *, PyObject *, PyObject *) = refuse_new;
    PyObject *(*alloc_)(PyObject *, ssize_t) = kaa_cpython__refuse_alloc;
    PyObject *bases = PY(PyTuple_New)(1), *type;

    (void)host;
    if (bases == NULL)
        return NULL;
    PY(Py_IncRef)(base);
    PY(PyTuple_SetItem)(bases, 0, base);
    memcpy(&slots[0].value, &dealloc_, sizeof(void *));
    memcpy(&slots[1].value, &traverse_, sizeof(void *));
    memcpy(&slots[2].value, &get_, sizeof(void *));
    memcpy(&slots[3].value, &new_, sizeof(void *));
    memcpy(&slots[4].value, &PY(PyVectorcall_Call), sizeof(void *));
    memcpy(&slots[5].value, &alloc_, sizeof(void *));
    type = PY(PyType_FromSpecWithBases)(&spec, bases);
    PY(Py_DecRef)(bases);
    return type;
}
