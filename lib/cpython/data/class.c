/* cpython/data/class.c - making a type of a C type.
 *
 * A type made by PyType_FromModuleAndSpec() keeps its module, which Python code
 * cannot take away. So each has a module object of its own, and the state of
 * that keeps the class, which keeps the library, what Python knows of the
 * layout, and the types of members: in a module's dict Python code would find
 * them, and might delete them. Instances count too: the collector may empty a
 * module before the last of them has gone.
 */
#include <limits.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "cpython/data/data.h"

typedef kaa_cpython__class class;
typedef kaa_cpython__member field;

#define INLINE_MAX 4096

/* ---- classes ---- */

static void
xdecref(PyObject *object)
{
    if (object != NULL)
        PY(Py_DecRef)(object);
}

void
kaa_cpython__class_release(class *self)
{
    class *twin;
    size_t before;

    if (self->plain != NULL)
        self = self->plain;
    if (self->has_free_list) { /* with the GIL: nobody else counts */
        before = atomic_load_explicit(&self->uses, memory_order_relaxed);
        atomic_store_explicit(&self->uses, before - 1, memory_order_relaxed);
    } else {
        before = atomic_fetch_sub(&self->uses, 1);
    }
    if (KAA_LIKELY(before != 1))
        return;
    for (uint32_t i = 0; i < self->member_count; i++) {
        xdecref(self->members[i].name);
        xdecref(self->members[i].names);
    }
    xdecref(self->element.names);
    twin = self->twin;
    if (twin != NULL) {
        kaa_base__free(twin->members);
        kaa_base__free(twin->table);
        kaa_base__free(twin);
    }
    kaa_cpython__forget_all(self);
    kaa_base__free(self->members);
    kaa_base__free(self->table);
    if (self->getsets != NULL)
        kaa_base__free((char *)self->getsets -
                       offsetof(kaa_cpython__attributes, getsets));
    kaa_base__free(self->shape);
    kaa_base__free(self->format);
    kaa_base__free(self->doc);
    kaa_base__free(self->name);
    kaa_base__free(self);
}

/* Does something to each member of a class and its twin, and their elements. */
static int
each_member(class *self, int (*act)(field *, host_visit, void *),
            host_visit visit, void *user)
{
    int stop = 0;

    for (class *one = self; stop == 0 && one != NULL; one = one->twin) {
        stop = act(&one->element, visit, user);
        for (uint32_t i = 0; stop == 0 && i < one->member_count; i++)
            stop = act(&one->members[i], visit, user);
    }
    return stop;
}

static int
visit_member(field *member, host_visit visit, void *user)
{
    const class *found =
        atomic_load_explicit(&member->class_, memory_order_acquire);

    return found != NULL ? visit(found->type, user) : 0;
}

static int
forget_member(field *member, host_visit visit, void *user)
{
    class *found = atomic_exchange(&member->class_, NULL);

    (void)visit;
    (void)user;
    if (found != NULL) {
        PY(Py_DecRef)(found->type);
        kaa_cpython__class_release(found);
    }
    return 0;
}

/* The type goes: instances that remain are garbage too, and make no more. */
static void
end_class(class *self)
{
    PyObject *library = self->library, *layout = self->layout;

    kaa_cpython__unlist_class(self);
    while (self->free_count > 0)
        kaa_cpython__delete_data(self->free_objects[--self->free_count], self);
    self->has_free_list = 0;
    for (class *one = self; one != NULL; one = one->twin) {
        one->library = NULL;
        one->layout = NULL;
    }
    each_member(self, forget_member, NULL, NULL);
    xdecref(library);
    xdecref(layout);
}

/* All is shared with the plain one but how members are read. */
class *
kaa_cpython__twin_of(class *self)
{
    class *made = atomic_load_explicit(&self->twin, memory_order_acquire);
    class *none = NULL;

    if (KAA_LIKELY(made != NULL))
        return made;
    made = kaa_base__alloc_zeroed(sizeof(*made));
    if (made != NULL) {
        made->host = self->host;
        made->type = self->type;
        made->library = self->library;
        made->layout = self->layout;
        made->core = self->core;
        made->kind = self->kind;
        made->flags = self->flags;
        made->size = self->size;
        made->align = self->align;
        made->count = self->count;
        made->name = self->name;
        made->doc = self->doc;
        made->format = self->format;
        made->shape = self->shape;
        made->dimensions = self->dimensions;
        made->plain = self;
    }
    if (made == NULL || kaa_cpython__fill_guarded(made) != 0) {
        if (made != NULL)
            kaa_base__free(made->members);
        kaa_base__free(made);
        PY(PyErr_NoMemory)();
        return NULL;
    }
    if (atomic_compare_exchange_strong(&self->twin, &none, made))
        return made;
    kaa_base__free(made->members);
    kaa_base__free(made->table);
    kaa_base__free(made);
    return none;
}

static char *
copy_text(const char *text)
{
    char *copy = kaa_base__alloc(strlen(text) + 1);

    if (copy != NULL)
        memcpy(copy, text, strlen(text) + 1);
    return copy;
}

static int
fill_class(class *self, const kaa_cpython_data_options *options)
{
    const kaa_ctype *core = kaa_ctype_strip(options->type);

    self->core = core;
    self->kind = kaa_ctype_kind_of(core);
    self->size = (size_t)kaa_ctype_size(core);
    self->align = kaa_ctype_align(core);
    self->count = -1;
    atomic_init(&self->uses, 1);
    if (self->kind == KAA_CTYPE_ARRAY &&
        kaa_ctype_count(core) != KAA_CTYPE_UNKNOWN_COUNT)
        self->count = (ssize_t)kaa_ctype_count(core);
    if (self->kind == KAA_CTYPE_ARRAY || self->kind == KAA_CTYPE_POINTER) {
        kaa_cpython__init_element(&self->element, kaa_ctype_target(core));
        self->element.number = -1;
    }
    if (kaa_ctype_has_pointers(core))
        self->flags |= CLASS_HOLDS;
    if (self->size <= INLINE_MAX && self->align <= 16)
        self->flags |= CLASS_IS_INLINE;
    self->has_free_list =
        !self->host->is_free_threaded && kaa_cpython__layout.count_is_first;
    self->name = copy_text(options->name);
    self->doc = copy_text(options->doc);
    if (options->format != NULL)
        self->format = copy_text(options->format);
    if (self->name == NULL || self->doc == NULL ||
        (options->format != NULL && self->format == NULL))
        return -1;
    return kaa_cpython__fill_members(self);
}

/* The lengths that a buffer's shape has. */
static int
fill_shape(class *self, const kaa_cpython_data_options *options)
{
    self->dimensions = (int)options->dimensions;
    if (options->dimensions == 0)
        return 0;
    self->shape =
        kaa_base__alloc_array(options->dimensions, sizeof(*self->shape));
    if (self->shape == NULL)
        return -1;
    for (uint32_t i = 0; i < options->dimensions; i++)
        self->shape[i] = (ssize_t)options->shape[i];
    return 0;
}

/* ---- types ---- */

typedef struct holder_state {
    class *self; /* NULL: not filled */
} holder_state;

static int
traverse_holder(PyObject *holder, host_visit visit, void *user)
{
    const holder_state *state = PY(PyModule_GetState)(holder);
    class *self = state != NULL ? state->self : NULL;
    int stop = 0;

    if (self == NULL)
        return 0;
    if (self->library != NULL)
        stop = visit(self->library, user);
    if (stop == 0 && self->layout != NULL)
        stop = visit(self->layout, user);
    return stop != 0 ? stop : each_member(self, visit_member, visit, user);
}

static int
clear_holder(PyObject *holder)
{
    const holder_state *state = PY(PyModule_GetState)(holder);

    if (state != NULL && state->self != NULL)
        end_class(state->self);
    return 0;
}

static void
free_holder(void *holder)
{
    holder_state *state = PY(PyModule_GetState)(holder);
    class *self = state != NULL ? state->self : NULL;

    if (self == NULL)
        return;
    state->self = NULL;
    end_class(self);
    kaa_cpython__class_release(self);
}

int
kaa_cpython__make_holder_definition(kaa_cpython *host)
{
    void *made = kaa_base__alloc_zeroed(kaa_cpython__module_def_base() +
                                        sizeof(host_module_def));

    if (made == NULL)
        return -1;
    *kaa_cpython__behind_base(made) =
        (host_module_def){.name = "kaa.data",
                          .state_bytes = sizeof(holder_state),
                          .traverse = traverse_holder,
                          .clear = clear_holder,
                          .free = free_holder};
    host->holder_definition = made;
    return 0;
}

/* It takes the class, which it ends if it cannot be made. */
static PyObject *
make_holder(class *self)
{
    PyObject *holder =
        PY(PyModule_Create2)(self->host->holder_definition, HOST_API_VERSION);
    holder_state *state = holder != NULL ? PY(PyModule_GetState)(holder) : NULL;

    if (state == NULL) {
        self->library = self->layout = NULL; /* borrowed yet */
        kaa_cpython__class_release(self);
        xdecref(holder);
        return NULL;
    }
    PY(Py_IncRef)(self->library);
    PY(Py_IncRef)(self->layout);
    state->self = self;
    return holder;
}

/* Behind a type's header: its length (a word), its name, two sizes, what ends
 * instances, then where they keep their vectorcall. */
#define VECTORCALL_BEHIND_HEADER 40

/* Where types keep tp_vectorcall, as in cpython/context/creating.c; 0: not
 * certain. `type` has none yet. */
static size_t
vectorcall_at(const kaa_cpython *host, PyObject *type)
{
    size_t at = kaa_cpython__layout.header + VECTORCALL_BEHIND_HEADER;
    PyObject *meta = kaa_cpython__type(type);
    size_t known = 0, offset = 0;
    void *there = NULL;

    if (kaa_cpython__layout.type_offset == 0)
        return 0;
    memcpy(&known, (char *)host->function_type + at, sizeof(known));
    memcpy(&offset, (char *)meta + at, sizeof(offset));
    if (known != kaa_cpython__layout.header || offset < 312 || offset > 800 ||
        offset % sizeof(void *) != 0)
        return 0;
    memcpy(&there, (char *)type + offset, sizeof(there));
    return there == NULL ? offset : 0;
}

static void
set_vectorcall(const kaa_cpython *host, PyObject *type)
{
    PyObject *(*call)(PyObject *, PyObject *const *, size_t, PyObject *) =
        kaa_cpython__record_call;
    size_t offset = vectorcall_at(host, type);

    if (offset != 0)
        memcpy((char *)type + offset, &call, sizeof(call));
}

static PyObject *
make_type(class *self, PyObject *holder, PyObject *base)
{
    size_t inline_at =
        (kaa_cpython__layout.header + sizeof(kaa_cpython__data) + 15) & ~15ul;
    size_t inside = self->flags & CLASS_IS_INLINE ? self->size : 0;
    size_t bytes = inline_at + ((inside + 15) & ~(size_t)15);
    kaa_cpython__slots slots = {.count = 0};
    host_type_spec spec = {
        self->name, (int)bytes, 0,
        HOST_FLAGS_DEFAULT | HOST_FLAGS_GC | HOST_FLAGS_BASETYPE, slots.slots};
    PyObject *bases = PY(PyTuple_New)(2), *type;

    if (bases == NULL)
        return NULL;
    PY(Py_IncRef)(base);
    PY(PyTuple_SetItem)(bases, 0, base);
    PY(Py_IncRef)(self->host->data_type);
    PY(PyTuple_SetItem)(bases, 1, self->host->data_type);
    FUNCTION_AS_SLOT(&slots, HOST_TP_DEALLOC, kaa_cpython__dealloc_data);
    FUNCTION_AS_SLOT(&slots, HOST_TP_TRAVERSE, kaa_cpython__traverse_data);
    FUNCTION_AS_SLOT(&slots, HOST_TP_CLEAR, kaa_cpython__clear_data);
    FUNCTION_AS_SLOT(&slots, HOST_TP_ALLOC, kaa_cpython__refuse_alloc);
    kaa_cpython__add_slot(&slots, HOST_TP_DOC, self->doc);
    if (self->kind == KAA_CTYPE_POINTER)
        kaa_cpython__pointer_slots(&slots);
    else if (self->kind == KAA_CTYPE_ARRAY)
        kaa_cpython__array_slots(&slots);
    else
        kaa_cpython__record_slots(&slots);
    if (self->format != NULL)
        kaa_cpython__buffer_slots(&slots);
    kaa_cpython__add_slot(&slots, HOST_TP_GETSET, self->getsets);
    type = PY(PyType_FromModuleAndSpec)(holder, &spec, bases);
    PY(Py_DecRef)(bases);
    return type;
}

void *
kaa_cpython_data_class(kaa_cpython *host, const kaa_cpython_data_options *given)
{
    kaa_cpython_data_options all = {.size = sizeof(all)}, *options = &all;
    class *self;
    PyObject *holder, *type;
    kaa_error err = {0};

    if (kaa_base__read_options(&all, sizeof(all), given, &err) != KAA_OK) {
        kaa_cpython__raise_error(host, "", "", &err);
        return NULL;
    }
    self = kaa_base__alloc_zeroed(sizeof(*self));
    if (self == NULL) {
        PY(PyErr_NoMemory)();
        return NULL;
    }
    self->host = host;
    self->library = options->library;
    self->layout = options->layout;
    if (fill_class(self, options) != 0 || fill_shape(self, options) != 0) {
        kaa_cpython__class_release(self);
        if (PY(PyErr_Occurred)() == NULL)
            PY(PyErr_NoMemory)();
        return NULL;
    }
    holder = make_holder(self);
    if (holder == NULL)
        return NULL;
    type = make_type(self, holder, options->base);
    if (type != NULL) {
        self->type = type;
        if (self->kind == KAA_CTYPE_STRUCT || self->kind == KAA_CTYPE_UNION)
            set_vectorcall(host, type);
        self->flags |= CLASS_IS_READY;
        kaa_cpython__list_class(self);
    }
    PY(Py_DecRef)(holder);
    return type;
}

/* ---- finding them ---- */

#define HOST_TP_BASE 48

/* The class of a type made here, not of one derived from it. */
static class *
own_class(PyObject *type)
{
    PyObject *holder = PY(PyType_GetModule)(type);
    void *definition =
        holder != NULL && kaa_cpython__type(holder) == PY(PyModule_Type)
            ? PY(PyModule_GetDef)(holder)
            : NULL;
    const holder_state *state =
        definition != NULL && kaa_cpython__behind_base(definition)->traverse ==
                                  traverse_holder
            ? PY(PyModule_GetState)(holder)
            : NULL;
    class *found = state != NULL ? state->self : NULL;

    PY(PyErr_Clear)();
    return found != NULL && found->type == type ? found : NULL;
}

class *
kaa_cpython__class_of(const kaa_cpython *host, PyObject *type)
{
    class *found = NULL;

    if (host != NULL && !kaa_cpython__is_data_type(host, type))
        return NULL;
    while (type != NULL && found == NULL) {
        found = own_class(type);
        if (found == NULL)
            type = PY(PyType_GetSlot)(type, HOST_TP_BASE);
    }
    PY(PyErr_Clear)();
    return found;
}

class *
kaa_cpython__class_for(kaa_cpython *host, PyObject *library,
                       const kaa_ctype *type, PyObject **out_type)
{
    PyObject *address =
        PY(PyLong_FromUnsignedLongLong)((unsigned long long)(uintptr_t)type);
    PyObject *made;
    class *found;

    if (address == NULL)
        return NULL;
    made = PY(PyObject_CallFunctionObjArgs)(host->hooks[HOOK_CLASS_OF], library,
                                            address, NULL);
    PY(Py_DecRef)(address);
    if (made == NULL)
        return NULL;
    found = kaa_cpython__class_of(host, made);
    if (found == NULL) {
        kaa_cpython__raise(PY(PyExc_SystemError),
                           "the class of a C type is not the bridge's");
        PY(Py_DecRef)(made);
        return NULL;
    }
    *out_type = made;
    return found;
}

class *
kaa_cpython__member_class(class *self, field *member)
{
    class *found = atomic_load_explicit(&member->class_, memory_order_acquire);
    class *none = NULL;
    PyObject *type = NULL;

    if (KAA_LIKELY(found != NULL))
        return found;
    if (self->library == NULL) {
        kaa_cpython__raise(PY(PyExc_RuntimeError), "the library is gone");
        return NULL;
    }
    found =
        kaa_cpython__class_for(self->host, self->library, member->type, &type);
    if (found == NULL)
        return NULL;
    /* The member keeps the type, and the class, which the collector may take
     * from the type. */
    kaa_cpython__class_retain(found);
    if (atomic_compare_exchange_strong(&member->class_, &none, found))
        return found;
    kaa_cpython__class_release(found);
    PY(Py_DecRef)(type);
    return none;
}

void *
kaa_cpython_data_layout(kaa_cpython *host, void *type)
{
    class *found = kaa_cpython__class_of(host, type);
    PyObject *layout = found != NULL ? found->layout : NULL;

    if (layout == NULL)
        layout = kaa_cpython__none();
    PY(Py_IncRef)(layout);
    return layout;
}
