/* cpython/data/instance.c - instances: their memory, what they keep, their end.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "cpython/data/data.h"

typedef kaa_cpython__data data;
typedef kaa_cpython__class class;

static size_t
inline_offset(void)
{
    size_t end = kaa_cpython__layout.header + sizeof(data);

    return (end + 15) & ~(size_t)15;
}

/* ---- making ---- */

static void
fill(PyObject *object, class *self)
{
    data *body = kaa_cpython__data_body(object);

    body->data = NULL;
    body->owner = NULL;
    atomic_init(&body->kept, NULL);
    body->class_ = self;
    body->weak_references = NULL;
    body->length = self->count;
    body->flags = 0;
    kaa_cpython__class_retain(self);
}

static inline PyObject *
set_up(PyObject *object, class *self)
{
    fill(object, self);
    if (KAA_UNLIKELY(kaa_cpython__data_body(object)->place == DATA_UNKNOWN))
        kaa_cpython__join(object, self);
    return object;
}

static __attribute__((noinline)) PyObject *
take_new(class *self)
{
    PyObject *object = PY(_PyObject_GC_New)(self->type);

    if (object == NULL)
        return NULL;
    kaa_cpython__data_body(object)->place = DATA_UNKNOWN;
    return set_up(object, self);
}

/* An object whose fields are set, without memory. */
static inline PyObject *
take(class *self)
{
    const uint64_t one = 1;
    PyObject *object;

    if (KAA_UNLIKELY(self->free_count == 0))
        return take_new(self);
    object = self->free_objects[--self->free_count];
    memcpy(object, &one, sizeof(one));
    kaa_cpython__retain(self->type);
    return set_up(object, self);
}

/* All zero, what is small without a call; there is room for whole 16 bytes. */
static inline void
clear(char *bytes, size_t size)
{
    if (KAA_UNLIKELY(size > 64)) {
        memset(bytes, 0, size);
        return;
    }
    for (size_t at = 0; at < size; at += 16)
        memset(bytes + at, 0, 16);
}

static __attribute__((noinline)) int
give_block(PyObject *object, class *self)
{
    data *body = kaa_cpython__data_body(object);
    void *block = NULL;

    if (kaa_base__fault_due() ||
        posix_memalign(&block, self->align < 16 ? 16 : self->align,
                       self->size != 0 ? self->size : 1) != 0) {
        PY(PyErr_NoMemory)();
        return -1;
    }
    memset(block, 0, self->size);
    body->data = block;
    body->flags |= DATA_HAS_BLOCK;
    return 0;
}

/* Memory of its own; 0, or -1 with an exception. */
static inline int
give_memory(PyObject *object, class *self)
{
    data *body = kaa_cpython__data_body(object);

    if (KAA_UNLIKELY(!(self->flags & CLASS_IS_INLINE)))
        return give_block(object, self);
    body->data = (char *)object + inline_offset();
    body->flags |= DATA_HAS_INLINE;
    clear(body->data, self->size);
    return 0;
}

PyObject *
kaa_cpython__new_data(class *self)
{
    PyObject *object = take(self);

    if (KAA_LIKELY(object != NULL) && give_memory(object, self) != 0) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    return object;
}

PyObject *
kaa_cpython__new_words(class *self, uint64_t first, uint64_t second)
{
    PyObject *object = take(self);
    data *body;

    if (KAA_UNLIKELY(object == NULL))
        return NULL;
    body = kaa_cpython__data_body(object);
    body->data = (char *)object + inline_offset();
    body->flags |= DATA_HAS_INLINE;
    memcpy(body->data, &first, sizeof(first));
    memcpy(body->data + sizeof(first), &second, sizeof(second));
    return object;
}

PyObject *
kaa_cpython__alloc_data(class *self, PyObject *type)
{
    PyObject *object;

    if (type == self->type)
        return kaa_cpython__new_data(self);
    object = PY(PyType_GenericAlloc)(type, 0);
    if (object == NULL)
        return NULL;
    fill(object, self);
    kaa_cpython__data_body(object)->place = DATA_UNKNOWN;
    kaa_cpython__data_body(object)->flags = DATA_IS_TRACKED;
    if (give_memory(object, self) != 0) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    return object;
}

/* Whether an instance that has its bytes could lead to what holds it. */
static int
owner_leads_back(PyObject *object, const data *body)
{
    return (body->class_->flags & CLASS_HOLDS) != 0 || body->owner != NULL ||
           (body->flags & DATA_IS_TRACKED) != 0 ||
           kaa_cpython__type(object) != body->class_->type;
}

int
kaa_cpython__may_lead_back(const kaa_cpython *host, PyObject *object)
{
    PyObject *type = kaa_cpython__type(object);

    if (type == PY(PyUnicode_Type) || type == PY(PyBytes_Type))
        return 0;
    return !kaa_cpython__is_data_type(host, type) ||
           owner_leads_back(object, kaa_cpython__data_body(object));
}

PyObject *
kaa_cpython__new_view(class *self, void *address, PyObject *owner,
                      ssize_t length)
{
    PyObject *object = take(self);
    data *body;

    if (KAA_UNLIKELY(object == NULL))
        return NULL;
    body = kaa_cpython__data_body(object);
    body->data = address;
    body->length = length;
    if (owner != NULL && KAA_UNLIKELY(kaa_cpython__adopt(object, owner) != 0)) {
        PY(Py_DecRef)(object);
        return NULL;
    }
    return object;
}

int
kaa_cpython__adopt(PyObject *object, PyObject *owner)
{
    data *body = kaa_cpython__data_body(object);
    class *self = body->class_, *twin;

    if (KAA_UNLIKELY(kaa_cpython__is_owned(self->host, owner))) {
        twin = kaa_cpython__twin_of(self);
        if (twin == NULL)
            return -1;
        body->class_ = twin;
    }
    kaa_cpython__retain(owner);
    body->owner = owner;
    if (kaa_cpython__may_lead_back(self->host, owner))
        kaa_cpython__track(object);
    return 0;
}

PyObject *
kaa_cpython__new_inside(class *self, void *address, PyObject *object,
                        ssize_t length)
{
    const data *from = kaa_cpython__data_body(object);
    PyObject *owner = kaa_cpython__below(object), *made;
    data *body;

    if (KAA_UNLIKELY(from->class_->plain != NULL)) /* it may be released */
        return kaa_cpython__new_view(self, address, owner, length);
    made = take(self);
    if (KAA_UNLIKELY(made == NULL))
        return NULL;
    body = kaa_cpython__data_body(made);
    body->data = address;
    body->length = length;
    if (owner == NULL)
        return made;
    kaa_cpython__retain(owner);
    body->owner = owner;
    /* A view with this owner was asked already, when it was made. */
    if (owner == object ? owner_leads_back(object, from)
                        : (from->flags & DATA_IS_TRACKED) != 0)
        kaa_cpython__track(made);
    return made;
}

/* ---- what is kept alive ---- */

PyObject *
kaa_cpython__below(PyObject *object)
{
    const data *body = kaa_cpython__data_body(object);

    return body->flags & (DATA_HAS_INLINE | DATA_HAS_BLOCK) ? object
                                                            : body->owner;
}

PyObject *
kaa_cpython__root(PyObject *object)
{
    const data *body = kaa_cpython__data_body(object);

    if (body->flags & (DATA_HAS_INLINE | DATA_HAS_BLOCK))
        return object;
    if (body->owner == NULL || body->owner == body->class_->library ||
        body->class_->plain != NULL)
        return NULL;
    if (kaa_cpython__is_data_type(body->class_->host,
                                  kaa_cpython__type(body->owner)))
        return body->owner;
    return object;
}

/* ---- the end ---- */

/* A chain of records, each kept by the one before, ends one by one: what comes
 * to its end this deep within other ends waits. */
#define DEPTH_MAX 50

static _Thread_local uint32_t depth;
static _Thread_local PyObject *waiting;

static void
finish(PyObject *object)
{
    data *body = kaa_cpython__data_body(object);
    class *self = body->class_;
    PyObject *type = kaa_cpython__type(object);
    PyObject *owner = body->owner, *kept = atomic_exchange(&body->kept, NULL);
    int is_own = type == self->type;

    body->owner = NULL;
    if (owner != NULL)
        PY(Py_DecRef)(owner);
    if (kept != NULL)
        PY(Py_DecRef)(kept);
    if (body->flags & DATA_HAS_BLOCK)
        free(body->data);
    if (is_own && self->has_free_list && self->free_count < DATA_FREE_MAX)
        self->free_objects[self->free_count++] = object;
    else
        kaa_cpython__delete_data(object, self);
    kaa_cpython__class_release(self);
    PY(Py_DecRef)(type);
}

/* What is common: nothing but a place on the list of free objects. 1: done. */
static inline int
put_aside(PyObject *object, data *body)
{
    class *self = body->class_;
    PyObject *owner = body->owner, *type;

    if (!self->has_free_list || self->free_count >= DATA_FREE_MAX ||
        body->flags & DATA_HAS_BLOCK)
        return 0;
    /* Where counts are known to stand, so are types. */
    memcpy(&type, (char *)object + kaa_cpython__layout.type_offset,
           sizeof(type));
    if (type != self->type)
        return 0;
    if (owner != NULL) { /* its end may go deep, if this is the last of it */
        uint64_t count;

        memcpy(&count, owner, sizeof(count));
        if (count < 2)
            return 0;
        kaa_cpython__let_go(owner);
    }
    if (body->flags & DATA_IS_TRACKED)
        PY(PyObject_GC_UnTrack)(object);
    self->free_objects[self->free_count++] = object;
    atomic_store_explicit(
        &self->uses,
        atomic_load_explicit(&self->uses, memory_order_relaxed) - 1,
        memory_order_relaxed);
    kaa_cpython__let_go(self->type);
    return 1;
}

/* Apart, so that what is common saves no registers for it. */
static __attribute__((noinline)) void
end_slowly(PyObject *object, data *body)
{
    if (body->flags & DATA_IS_TRACKED)
        PY(PyObject_GC_UnTrack)(object);
    body->flags |= DATA_IS_ENDING;
    if (body->weak_references != NULL)
        PY(PyObject_ClearWeakRefs)(object);
    if (body->owner == NULL && body->kept == NULL) {
        finish(object);
        return;
    }
    if (depth >= DEPTH_MAX) {
        body->weak_references = waiting;
        waiting = object;
        return;
    }
    depth++;
    finish(object);
    depth--;
    while (depth == 0 && waiting != NULL) {
        PyObject *next = waiting;

        body = kaa_cpython__data_body(next);
        waiting = body->weak_references;
        body->weak_references = NULL;
        depth++;
        finish(next);
        depth--;
    }
}

void
kaa_cpython__dealloc_data(PyObject *object)
{
    data *body = kaa_cpython__data_body(object);

    if (KAA_UNLIKELY(body->weak_references != NULL || body->kept != NULL) ||
        !put_aside(object, body))
        end_slowly(object, body);
}

int
kaa_cpython__traverse_data(PyObject *object, host_visit visit, void *user)
{
    const data *body = kaa_cpython__data_body(object);
    PyObject *kept = body->kept;
    int stop = visit(kaa_cpython__type(object), user);

    if (stop == 0 && body->owner != NULL)
        stop = visit(body->owner, user);
    if (stop == 0 && kept != NULL)
        stop = visit(kept, user);
    return stop;
}

/* The owner stays: the bytes may still be looked at. */
int
kaa_cpython__clear_data(PyObject *object)
{
    PyObject *kept =
        atomic_exchange(&kaa_cpython__data_body(object)->kept, NULL);

    if (kept != NULL)
        PY(Py_DecRef)(kept);
    return 0;
}

/* ---- the type that all have in common ---- */

static PyObject *
refuse_new(PyObject *type, PyObject *args, PyObject *kwargs)
{
    (void)type;
    (void)args;
    (void)kwargs;
    kaa_cpython__raise(PY(PyExc_TypeError),
                       "C data is made by the classes of a library's types");
    return NULL;
}

static const host_getset no_attributes[1] = {{0}};

/* Where a type keeps its tp_getset, by which calls of it find the class. */
#define GETSET_BEHIND_HEADER 232

static void
probe_getset(PyObject *type)
{
    size_t at = kaa_cpython__layout.header + GETSET_BEHIND_HEADER;
    const void *found;

    if (kaa_cpython__layout.type_offset == 0)
        return;
    memcpy(&found, (char *)type + at, sizeof(found));
    if (found == no_attributes &&
        PY(PyType_GetSlot)(type, HOST_TP_GETSET) == found)
        kaa_cpython__layout.getset_offset = at;
}

/* Before 3.10 a type that a spec makes cannot be closed: its __new__ may be
 * replaced, and object.__new__() then makes instances of derived classes that
 * nobody has filled. Without the flag of heap types it is closed as built-in
 * types are. It lives for ever, and the collector may not see it any more. */
#define FLAGS_BEHIND_HEADER 152

static void
close_old_type(PyObject *type)
{
    size_t at = kaa_cpython__layout.header + FLAGS_BEHIND_HEADER;
    PyObject *const samples[] = {PY(PyBaseObject_Type), PY(PyUnicode_Type),
                                 PY(PyModule_Type), type};
    unsigned long flags = 0;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        memcpy(&flags, (char *)samples[i] + at, sizeof(flags));
        if (flags != PY(PyType_GetFlags)(samples[i]))
            return;
    }
    PY(PyObject_GC_UnTrack)(type);
    flags &= ~(unsigned long)HOST_FLAGS_HEAPTYPE;
    memcpy((char *)type + at, &flags, sizeof(flags));
}

PyObject *
kaa_cpython__make_data_type(kaa_cpython *host)
{
    host_member members[] = {{"__weaklistoffset__", HOST_MEMBER_SSIZE,
                              (ssize_t)(kaa_cpython__layout.header +
                                        offsetof(data, weak_references)),
                              HOST_MEMBER_READONLY, NULL},
                             {0}};
    kaa_cpython__slots slots = {.count = 0};
    host_type_spec spec = {
        "kaa.Data", (int)(kaa_cpython__layout.header + sizeof(data)), 0,
        kaa_cpython__sealed(host) | HOST_FLAGS_GC | HOST_FLAGS_BASETYPE,
        slots.slots};
    PyObject *bases = PY(PyTuple_New)(1), *type;

    if (bases == NULL)
        return NULL;
    PY(Py_IncRef)(PY(PyBaseObject_Type));
    PY(PyTuple_SetItem)(bases, 0, PY(PyBaseObject_Type));
    FUNCTION_AS_SLOT(&slots, HOST_TP_DEALLOC, kaa_cpython__dealloc_data);
    FUNCTION_AS_SLOT(&slots, HOST_TP_TRAVERSE, kaa_cpython__traverse_data);
    FUNCTION_AS_SLOT(&slots, HOST_TP_CLEAR, kaa_cpython__clear_data);
    FUNCTION_AS_SLOT(&slots, HOST_TP_NEW, refuse_new);
    FUNCTION_AS_SLOT(&slots, HOST_TP_ALLOC, kaa_cpython__refuse_alloc);
    kaa_cpython__add_slot(&slots, HOST_TP_MEMBERS, members);
    kaa_cpython__add_slot(&slots, HOST_TP_GETSET,
                          (void *)(uintptr_t)no_attributes);
    type = PY(PyType_FromSpecWithBases)(&spec, bases);
    PY(Py_DecRef)(bases);
    if (type != NULL)
        probe_getset(type);
    if (type != NULL && host->version < 0x030a)
        close_old_type(type);
    return type;
}

/* ---- what Python asks: kaa/cpython.h ---- */

void *
kaa_cpython_data_get(kaa_cpython *host, void *object, uint32_t what)
{
    const data *body;
    PyObject *found;

    if (kaa_cpython__is_owned(host, object) && what == KAA_CPYTHON_DATA_KEPT)
        return kaa_cpython__copy_kept(host, object);
    if (!kaa_cpython__is_data_type(host, kaa_cpython__type(object))) {
        kaa_cpython__raise(PY(PyExc_TypeError),
                           "an instance of C data expected");
        return NULL;
    }
    body = kaa_cpython__data_body(object);
    switch (what) {
    case KAA_CPYTHON_DATA_ADDRESS:
        if (kaa_cpython__check_guarded(object) != 0)
            return NULL;
        return PY(PyLong_FromUnsignedLongLong)(
            (unsigned long long)(uintptr_t)body->data);
    case KAA_CPYTHON_DATA_IS_OWNED:
        return PY(PyLong_FromLongLong)(body->class_->plain == NULL    ? 0
                                       : kaa_cpython__is_gone(object) ? 2
                                                                      : 1);
    case KAA_CPYTHON_DATA_LENGTH:
        return PY(PyLong_FromLongLong)(body->length);
    case KAA_CPYTHON_DATA_HAS_MEMORY:
        return PY(PyBool_FromLong)(
            (body->flags & (DATA_HAS_INLINE | DATA_HAS_BLOCK)) != 0);
    case KAA_CPYTHON_DATA_OWNER:
        found = body->owner;
        break;
    case KAA_CPYTHON_DATA_LAYOUT:
        found = body->class_->layout;
        break;
    default:
        return kaa_cpython__copy_kept(host, object);
    }
    if (found == NULL)
        found = kaa_cpython__none();
    PY(Py_IncRef)(found);
    return found;
}

void *
kaa_cpython_data_new(kaa_cpython *host, void *type)
{
    class *self = kaa_cpython__class_of(host, type);

    if (self == NULL) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a class of C data expected");
        return NULL;
    }
    if (self->kind == KAA_CTYPE_POINTER)
        return kaa_cpython_data_view(host, type, 0, NULL, -1);
    if (self->kind == KAA_CTYPE_ARRAY)
        return kaa_cpython__make_array(self, type);
    return kaa_cpython__make_record(self, type);
}

void *
kaa_cpython_data_view(kaa_cpython *host, void *type, uint64_t address,
                      void *owner, int64_t length)
{
    class *self = kaa_cpython__class_of(host, type);
    PyObject *made;
    data *body;

    if (self == NULL) {
        kaa_cpython__raise(PY(PyExc_TypeError), "a class of C data expected");
        return NULL;
    }
    if (owner == kaa_cpython__none())
        owner = NULL;
    if (type == self->type)
        return kaa_cpython__new_view(self, (void *)(uintptr_t)address, owner,
                                     (ssize_t)length);
    made = PY(PyType_GenericAlloc)(type, 0); /* of a derived class */
    if (made == NULL)
        return NULL;
    fill(made, self);
    body = kaa_cpython__data_body(made);
    body->place = DATA_UNKNOWN;
    body->flags = DATA_IS_TRACKED;
    body->data = (char *)(uintptr_t)address;
    body->length = (ssize_t)length;
    if (owner != NULL && kaa_cpython__adopt(made, owner) != 0) {
        PY(Py_DecRef)(made);
        return NULL;
    }
    return made;
}
