/* cpython/data/data.h - records, pointers and arrays of C as objects of types
 * of kaa's own.
 *
 * All of them begin alike. An instance has its bytes itself (inline, or in a
 * block of its own), or it is a view of bytes that `owner` keeps:
 *
 *     header | data owner kept class weak length flags | inline bytes
 *              |__________________________________________^
 *
 * `data` of a pointer is what it points at; it stands right behind the header,
 * where a ctypes instance has its data too, so that calls read both alike.
 *
 * A class says how the bytes are read and written, one member at a time. What
 * is common is done here; the rest is written once, in Python, and serves
 * interpreters without the bridge too: kaa_cpython_options::hooks, data_*.
 *
 * What a pointer within the bytes was set from is kept alive by the instance
 * that has the bytes: a dict from addresses to objects, made when first needed.
 * An instance joins the collector once it holds what could be part of a cycle,
 * or once its library does: see tracked.c.
 */
#ifndef KAA_CPYTHON_DATA_H
#define KAA_CPYTHON_DATA_H

#include <stdatomic.h>
#include <string.h>

#include "base/assert.h"
#include "cpython/host/host.h"
#include "cpython/host/type.h"

/* How a value is read and written. */
enum {
    DATA_OTHER, /* by the hooks */
    DATA_INTEGER,
    DATA_DOUBLE,
    DATA_FLOAT,
    DATA_BOOL,
    DATA_CHAR,
    DATA_ENUM,
    DATA_TEXT,    /* const char * */
    DATA_ADDRESS, /* void * */
    DATA_POINTER, /* an instance of the pointer's class */
    DATA_INSIDE,  /* a record or an array: a view */
    DATA_BITS,    /* a bit-field */
    DATA_GUARDED, /* as the class's `plain` has it, if the memory is there */
};

struct kaa_cpython__class;

/* A member, or the element of an array, or the target of a pointer. */
typedef struct kaa_cpython__member {
    PyObject *name; /* interned; NULL: an element */
    uint32_t offset;
    uint32_t size;
    uint8_t op;
    uint8_t is_signed;
    uint8_t unused; /* bits of a 64-bit word that an integer leaves */
    uint8_t shift;  /* of a bit-field, in the bytes at its offset */
    int32_t number; /* among the members that Python knows; -1: an element */
    const kaa_ctype *type;
    const kaa_ctype *core;
    /* Of what is read, once that was asked; its type is kept. */
    struct kaa_cpython__class *_Atomic class_;
    PyObject *_Atomic names; /* enums: a tuple, from `first` */
    int64_t first;
} kaa_cpython__member;

typedef struct kaa_cpython__slot {
    PyObject *name;
    kaa_cpython__member *member;
} kaa_cpython__slot;

#define DATA_FREE_MAX 64

enum {
    CLASS_HOLDS = 1u << 0,     /* its instances may keep objects alive */
    CLASS_IS_INLINE = 1u << 1, /* instances with memory have it in them */
    CLASS_IS_READY = 1u << 2,
    CLASS_TRACKS = 1u << 3, /* its instances are tracked from the beginning */
};

typedef struct kaa_cpython__class {
    kaa_cpython *host;
    PyObject *type;    /* borrowed */
    PyObject *library; /* kept until the type's module ends, then NULL */
    PyObject *layout;  /* the same: what Python knows of the class */
    const kaa_ctype *core;
    kaa_ctype_kind kind;
    uint32_t flags;
    size_t size;
    size_t align;
    ssize_t count; /* elements of an array; -1: known to instances alone */
    kaa_cpython__member *members;
    uint32_t member_count;
    uint32_t mask; /* of the table */
    kaa_cpython__slot *table;
    kaa_cpython__member element;
    PyObject *free_objects[DATA_FREE_MAX];
    uint32_t free_count;
    uint32_t has_free_list;
    PyObject **known; /* instances and free objects, while !CLASS_TRACKS */
    uint32_t known_count;
    uint32_t known_room;
    struct kaa_cpython__class *next;     /* in the host's list of classes */
    struct kaa_cpython__class **pointer; /* to this one; NULL: not listed */
    /* One for the type, one for each instance. */
    atomic_size_t uses;
    char *name;
    char *doc;
    char *format;
    ssize_t *shape; /* then the strides */
    int dimensions;
    host_getset *getsets;
    /* Of data whose owner is a kaa_cpython__owned: made when first needed, and
     * as long-lived as this one. A twin's `plain` is this one. */
    struct kaa_cpython__class *_Atomic twin;
    struct kaa_cpython__class *plain; /* NULL: it is no twin */
} kaa_cpython__class;

/* A type's tp_getset, which leads to its class. */
typedef struct kaa_cpython__attributes {
    kaa_cpython__class *class_;
    host_getset getsets[];
} kaa_cpython__attributes;

enum {
    DATA_HAS_INLINE = 1u << 0,
    DATA_HAS_BLOCK = 1u << 1,
    DATA_IS_TRACKED = 1u << 2,
    DATA_IS_ENDING = 1u << 3,
};

#define DATA_UNKNOWN UINT32_MAX

typedef struct kaa_cpython__data {
    char *data;
    PyObject *owner; /* keeps the bytes; NULL: they are its own, or C's */
    PyObject *_Atomic kept; /* a dict; NULL: nothing */
    kaa_cpython__class *class_;
    PyObject *weak_references;
    ssize_t
        length; /* of an array, or of what a pointer points at; -1: unknown */
    uint32_t flags;
    uint32_t place; /* in what its class knows; DATA_UNKNOWN: it does not */
} kaa_cpython__data;

/* What is freed by a function of C's: see owned.c. */
typedef struct kaa_cpython__owned {
    kaa_cpython *host;
    PyObject *library;
    PyObject *base;         /* what has to live longer, or NULL */
    PyObject *_Atomic kept; /* as of data: what its pointers were set from */
    const char *name;       /* of the function; the library's */
    kaa_function free_function;
    void *address;
    _Atomic int is_released;
    int32_t exports; /* buffers of it that are in use; with the lock */
    /* Those that borrow from it, in a list; with the lock. */
    struct kaa_cpython__owned *first;
    struct kaa_cpython__owned *next;
    struct kaa_cpython__owned **place; /* of the pointer to this one */
    PyObject *waiting;
} kaa_cpython__owned;

static inline kaa_cpython__data *
kaa_cpython__data_body(PyObject *object)
{
    return (kaa_cpython__data *)(void *)((char *)object +
                                         kaa_cpython__layout.header);
}

/* A reference more, or less, to an object that has others. */
static inline void
kaa_cpython__retain(PyObject *object)
{
    uint64_t count;

    if (KAA_LIKELY(kaa_cpython__layout.count_is_first)) {
        memcpy(&count, object, sizeof(count));
        /* Counts so small are neither immortal nor marked. */
        if (KAA_LIKELY(count < (uint64_t)1 << 30)) {
            count++;
            memcpy(object, &count, sizeof(count));
            return;
        }
    }
    PY(Py_IncRef)(object);
}

static inline void
kaa_cpython__let_go(PyObject *object)
{
    uint64_t count;

    if (KAA_LIKELY(kaa_cpython__layout.count_is_first)) {
        memcpy(&count, object, sizeof(count));
        if (KAA_LIKELY(count - 2 < (uint64_t)1 << 30)) {
            count--;
            memcpy(object, &count, sizeof(count));
            return;
        }
    }
    PY(Py_DecRef)(object);
}

/* 1 and the value of a small int, where it is kept as a probe found. */
static inline int
kaa_cpython__read_small(PyObject *value, int64_t *out)
{
    const char *at = (const char *)value + kaa_cpython__layout.header;
    int64_t word;
    uint32_t digit;

    if (kaa_cpython__layout.long_layout == LONG_UNKNOWN)
        return 0;
    memcpy(&word, at, sizeof(word));
    memcpy(&digit, at + 8, sizeof(digit)); /* a zero has none, but room */
    if (kaa_cpython__layout.long_layout == LONG_TAG_FIELD) {
        *out = (1 - (word & 3)) * (int64_t)digit;
        return (uint64_t)word < 16;
    }
    *out = word * (int64_t)digit;
    return (uint64_t)(word + 1) <= 2;
}

/* Whether a type is one of kaa's, or derived from one. */
static inline int
kaa_cpython__is_data_type(const kaa_cpython *host, PyObject *type)
{
    return PY(PyType_IsSubtype)(type, host->data_type);
}

/* The member of an interned name; NULL if there is none, or the name is not
 * interned. */
static inline kaa_cpython__member *
kaa_cpython__find_member(const kaa_cpython__class *self, const PyObject *name)
{
    uintptr_t hash = (uintptr_t)name;
    uint32_t at = (uint32_t)((hash >> 4) ^ (hash >> 10)) & self->mask;

    while (self->table[at].name != name) {
        if (self->table[at].name == NULL)
            return NULL;
        at = (at + 1) & self->mask;
    }
    return self->table[at].member;
}

/* ---- class.c ---- */

/* The class of a type that was made here, not of one derived from it. */
static inline kaa_cpython__class *
kaa_cpython__class_of_own(PyObject *type)
{
    char *getsets;

    if (KAA_LIKELY(kaa_cpython__layout.getset_offset != 0))
        memcpy(&getsets, (char *)type + kaa_cpython__layout.getset_offset,
               sizeof(getsets));
    else
        getsets = PY(PyType_GetSlot)(type, HOST_TP_GETSET);

    return ((kaa_cpython__attributes *)(void *)(getsets -
                                                offsetof(
                                                    kaa_cpython__attributes,
                                                    getsets)))
        ->class_;
}

/* What makes the modules that keep classes. 0, or -1 without memory. */
int kaa_cpython__make_holder_definition(kaa_cpython *host);
/* The class of a type; NULL without an exception if it is none of kaa's. (A
 * host makes it quick for others' types; NULL: the type is one of kaa's.) */
kaa_cpython__class *kaa_cpython__class_of(const kaa_cpython *host,
                                          PyObject *type);
/* The class of the values of a record, array or pointer type of a library's, by
 * the hook class_of. NULL with an exception. The type keeps its class. */
kaa_cpython__class *kaa_cpython__class_for(kaa_cpython *host, PyObject *library,
                                           const kaa_ctype *type,
                                           PyObject **out_type);
/* The class of what a member is read as, resolved once. NULL with an
 * exception. */
kaa_cpython__class *kaa_cpython__member_class(kaa_cpython__class *self,
                                              kaa_cpython__member *member);
/* One user more. */
static inline void
kaa_cpython__class_retain(kaa_cpython__class *self)
{
    if (self->has_free_list) /* with the GIL: nobody else counts */
        atomic_store_explicit(
            &self->uses,
            atomic_load_explicit(&self->uses, memory_order_relaxed) + 1,
            memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&self->uses, 1, memory_order_relaxed);
}
/* One user less: the last frees it. */
void kaa_cpython__class_release(kaa_cpython__class *self);
/* The class of data whose memory may be released; NULL with an exception. */
kaa_cpython__class *kaa_cpython__twin_of(kaa_cpython__class *self);

/* ---- members.c ---- */

void kaa_cpython__init_element(kaa_cpython__member *self,
                               const kaa_ctype *type);
/* The members of a record, their table and their attributes. 0, or -1 where
 * memory ran out. */
int kaa_cpython__fill_members(kaa_cpython__class *self);
/* Those of a twin, from those of its `plain`. */
int kaa_cpython__fill_guarded(kaa_cpython__class *self);

/* ---- instance.c ---- */

PyObject *kaa_cpython__make_data_type(kaa_cpython *host);
/* An instance of the class itself, all zero. */
PyObject *kaa_cpython__new_data(kaa_cpython__class *self);
/* The same with its first 16 bytes, of a class that is inline and has no more.
 */
PyObject *kaa_cpython__new_words(kaa_cpython__class *self, uint64_t first,
                                 uint64_t second);
/* One for bytes that are elsewhere; `owner` is borrowed, or NULL. */
PyObject *kaa_cpython__new_view(kaa_cpython__class *self, void *address,
                                PyObject *owner, ssize_t length);
/* One for bytes inside of another instance, kept by what keeps those. */
PyObject *kaa_cpython__new_inside(kaa_cpython__class *self, void *address,
                                  PyObject *object, ssize_t length);
/* One of a class, or of one derived from it, all zero; for tp_new. */
PyObject *kaa_cpython__alloc_data(kaa_cpython__class *self, PyObject *type);
/* Gives a view its owner, which is borrowed: 0, or -1 with an exception. */
int kaa_cpython__adopt(PyObject *object, PyObject *owner);
/* The owner, borrowed, of what is inside of an instance; NULL: C's memory. */
PyObject *kaa_cpython__below(PyObject *object);
/* Which instance remembers for the bytes of `object`; NULL: none does. */
PyObject *kaa_cpython__root(PyObject *object);
/* Whether an object that is held could lead back to the holder. */
int kaa_cpython__may_lead_back(const kaa_cpython *host, PyObject *object);
void kaa_cpython__dealloc_data(PyObject *object);
int kaa_cpython__traverse_data(PyObject *object, host_visit visit, void *user);
int kaa_cpython__clear_data(PyObject *object);

/* ---- kept.c ---- */

/* The pointer at an address within the bytes of `object`, and a new reference
 * to what it was set from, or NULL: not known. 0, or -1 with an exception. */
int kaa_cpython__read_pointer(PyObject *object, const char *at,
                              void **out_address, PyObject **out_kept);
/* A text of ASCII that such a pointer points at, copied while it is there: its
 * length; -1: none, or a longer one, or of other characters. */
#define DATA_TEXT_SHORT 64
ssize_t kaa_cpython__read_short_text(PyObject *object, const char *at,
                                     char text[DATA_TEXT_SHORT]);
/* Writes it, and remembers what it was set from; `kept` is borrowed, or NULL.
 * 0, or -1 with an exception, and nothing is written. `root` is an instance, an
 * owned, or NULL: the bytes are C's. */
int kaa_cpython__write_pointer(kaa_cpython *host, PyObject *root, char *at,
                               const void *address, PyObject *kept);
/* All that is remembered for an instance or an owned: a new dict. */
void *kaa_cpython__copy_kept(kaa_cpython *host, PyObject *root);

/* ---- tracked.c ---- */

/* The collector sees an instance from now on; not of two threads at a time. */
void kaa_cpython__track(PyObject *object);
/* What was just made, at no place: its class knows it, or it is tracked. */
void kaa_cpython__join_slowly(PyObject *object, kaa_cpython__class *self);

static inline void
kaa_cpython__join(PyObject *object, kaa_cpython__class *self)
{
    if (KAA_LIKELY(self->known_count < self->known_room)) {
        kaa_cpython__data_body(object)->place = self->known_count;
        self->known[self->known_count++] = object;
        return;
    }
    if (self->flags & CLASS_TRACKS)
        kaa_cpython__track(object);
    else
        kaa_cpython__join_slowly(object, self);
}

/* Frees the memory of an object that has ended; it leaves its place. */
void kaa_cpython__delete_data(PyObject *object, kaa_cpython__class *self);
void kaa_cpython__forget_all(kaa_cpython__class *self);
/* Has a new class hear of what its library keeps, until it ends. */
void kaa_cpython__list_class(kaa_cpython__class *self);
void kaa_cpython__unlist_class(kaa_cpython__class *self);

/* ---- owned.c ---- */

PyObject *kaa_cpython__make_owned_type(kaa_cpython *host);
/* What frees `address` when nothing refers to it any more; NULL with an
 * exception, and it has been freed. `name` of the function is the library's. */
PyObject *kaa_cpython__new_owned(kaa_cpython *host, PyObject *library,
                                 void *address, kaa_function free_function,
                                 const char *name);
int kaa_cpython__is_owned(const kaa_cpython *host, PyObject *object);
/* `base` has to live as long; if it is owned too, it is freed later. */
void kaa_cpython__lend(PyObject *owned, PyObject *base);
/* Frees at once; what a callback raises is reported to the host's hook. */
void kaa_cpython__free_now(kaa_cpython *host, kaa_function function,
                           void *address, PyObject *subject);
/* Ends an owned and those that borrow from it. 1; 0: it had ended before; -1
 * with an exception. Without `calls_free` its own function is called by
 * somebody else. */
int kaa_cpython__release_owned(PyObject *owned, int calls_free);
/* Whether the memory of data has been released; then -1 with ValueError. */
int kaa_cpython__is_gone(PyObject *object);
int kaa_cpython__check_guarded(PyObject *object);
/* One buffer more or less shows guarded data. */
void kaa_cpython__count_export(PyObject *object, int by);
/* The owned, borrowed, that a call of a library's function with this pointer
 * ends; NULL: it ends none. */
PyObject *kaa_cpython__given_up(const kaa_cpython *host, PyObject *value,
                                PyObject *library, const char *function);
/* The place of an owned's `kept`. */
PyObject *_Atomic *kaa_cpython__kept_by_owned(PyObject *object);

/* ---- value.c ---- */

PyObject *kaa_cpython__load_slowly(PyObject *object, kaa_cpython__class *class_,
                                   kaa_cpython__member *member, char *base);
int kaa_cpython__store_slowly(PyObject *object, kaa_cpython__class *class_,
                              kaa_cpython__member *member, char *base,
                              PyObject *value);

/* The value of a member, or element, of the record that begins at `base`: a new
 * reference, or NULL with an exception. */
static inline PyObject *
kaa_cpython__load_member(PyObject *object, kaa_cpython__class *class_,
                         kaa_cpython__member *member, char *base)
{
    if (member->op == DATA_DOUBLE) {
        double real;

        memcpy(&real, base + member->offset, sizeof(real));
        return PY(PyFloat_FromDouble)(real);
    }
    if (member->op == DATA_INTEGER && member->size == 4 && member->is_signed) {
        int32_t number;

        memcpy(&number, base + member->offset, sizeof(number));
        return PY(PyLong_FromLongLong)(number);
    }
    return kaa_cpython__load_slowly(object, class_, member, base);
}

/* 0, or -1 with an exception, and nothing is written. */
static inline int
kaa_cpython__store_member(PyObject *object, kaa_cpython__class *class_,
                          kaa_cpython__member *member, char *base,
                          PyObject *value)
{
    if (member->op == DATA_DOUBLE && value != NULL &&
        kaa_cpython__layout.float_offset != 0 &&
        kaa_cpython__type(value) == PY(PyFloat_Type)) {
        memcpy(base + member->offset,
               (char *)value + kaa_cpython__layout.float_offset,
               sizeof(double));
        return 0;
    }
    return kaa_cpython__store_slowly(object, class_, member, base, value);
}

/* The same where that is simple: 1. Else 0; an exception may be pending. */
int kaa_cpython__try_store(PyObject *object, kaa_cpython__class *class_,
                           kaa_cpython__member *member, char *base,
                           PyObject *value);
/* data_load() or, with a value, data_store(). NULL with an exception. */
PyObject *kaa_cpython__ask(PyObject *object, const kaa_cpython__class *class_,
                           const kaa_cpython__member *member, const char *base,
                           PyObject *value);
/* Calls a hook with up to five arguments; NULL ends them. */
PyObject *kaa_cpython__data_hook(const kaa_cpython__class *self, int hook,
                                 PyObject *const *arguments, int count);
/* Calls data_null: -1. */
int kaa_cpython__raise_null(const kaa_cpython__class *self);
/* An AttributeError that is pending gets the members' names. */
void kaa_cpython__suggest(const kaa_cpython__class *self, PyObject *name);

/* ---- record.c, pointer.c: the slots ---- */

typedef struct kaa_cpython__slots {
    host_type_slot slots[24];
    int count;
} kaa_cpython__slots;

static inline void
kaa_cpython__add_slot(kaa_cpython__slots *slots, int slot, void *value)
{
    slots->slots[slots->count].slot = slot;
    slots->slots[slots->count++].value = value;
}

void kaa_cpython__record_slots(kaa_cpython__slots *slots);
void kaa_cpython__array_slots(kaa_cpython__slots *slots);
void kaa_cpython__pointer_slots(kaa_cpython__slots *slots);
void kaa_cpython__buffer_slots(kaa_cpython__slots *slots);
/* What tp_new of records and arrays makes. */
PyObject *kaa_cpython__make_record(kaa_cpython__class *self, PyObject *type);
PyObject *kaa_cpython__make_array(kaa_cpython__class *self, PyObject *type);
PyObject *kaa_cpython__record_call(PyObject *type, PyObject *const *args,
                                   size_t flagged_count, PyObject *names);
PyObject *kaa_cpython__get_member(PyObject *object, void *closure);
int kaa_cpython__set_member(PyObject *object, PyObject *value, void *closure);

#define FUNCTION_AS_SLOT(slots, slot, function)                                \
    do {                                                                       \
        __typeof__(&(function)) function_ = (function);                        \
        void *as_pointer_;                                                     \
        memcpy(&as_pointer_, &function_, sizeof(as_pointer_));                 \
        kaa_cpython__add_slot(slots, slot, as_pointer_);                       \
    } while (0)

#endif /* KAA_CPYTHON_DATA_H */
