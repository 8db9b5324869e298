/* cpython/call/convert.h - one Python value to one C value and back.
 *
 * A conversion is made once from a C type. to_c() writes a C value as a place
 * of a call's frame wants it, from_c() reads one from storage of its type. Both
 * are strict: what does not fit exactly is refused with the reason.
 *
 * Nothing in a conversion changes after it is made, but for the classes of
 * Python that it learns: each is set once, or replaced, under the GIL; free-
 * threaded builds learn none.
 */
#ifndef KAA_CPYTHON_CONVERT_H
#define KAA_CPYTHON_CONVERT_H

#include "call/plan.h"
#include "convert/convert.h"
#include "cpython/host/host.h"
#include "ctype/internal.h"

/* What becomes of a pointer whose target is freed. */
enum { FREED_NOT, FREED_AT_ONCE /* it is copied */, FREED_LATER };

/* A shape, and the classes that its values had. */
typedef struct kaa_cpython__conversion {
    kaa_convert__shape shape;
    uint32_t direct_source;              /* how direct_class was taken */
    uint32_t is_freed;                   /* FREED_*: [[kaa::free]] */
    struct kaa_cpython__class *own_data; /* with own_class: its class */
    PyObject *own_class; /* of C data: its data pointer is passed, or copied */
    PyObject *direct_class;   /* pointers: an instance's data are pointed at;
                                 records: copied */
    PyObject *indirect_class; /* pointers: an instance holds the address */
    PyObject *byref_class;    /* pointers: byref() of an instance of it fits */
    PyObject *buffer_class; /* pointers: an instance has a buffer that fitted */
    PyObject *result_class; /* what a result is an instance of */
    struct kaa_cpython__class
        *_Atomic data_class; /* of C data; NULL: not yet */
    PyObject *data_type;     /* its type, kept; for the collector too */
    PyObject *enum_members;  /* value -> member, or None */
} kaa_cpython__conversion;

/* Where a pointer's address comes from. */
typedef enum kaa_cpython__source {
    SOURCE_FIXED,   /* it stays: text, a number, what `object` keeps */
    SOURCE_DATA,    /* a ctypes instance's own memory, one target */
    SOURCE_ITEMS,   /* the same, an array of targets */
    SOURCE_POINTED, /* what a ctypes instance points at */
    SOURCE_BYREF,   /* `address`, which must be within the instance */
} kaa_cpython__source;

/* What one call holds on to until it ends: a buffer, or an object. The address
 * of a ctypes instance is borrowed: user code may move its memory at any time,
 * so the address is read again when all of it has run. */
typedef struct kaa_cpython__hold {
    PyObject *object; /* NULL: it is the view */
    uint32_t position;
    uint32_t source; /* a kaa_cpython__source */
    union {
        host_buffer view;
        struct {
            const kaa_cpython__conversion *wanted;
            const char *name; /* the parameter's, or NULL */
            void *place;      /* where the address goes */
            char *address;    /* SOURCE_BYREF */
            ssize_t bytes;    /* behind the address; -1: only C knows */
        } borrowed;
    } of;
} kaa_cpython__hold;

#define HOLDS_PER_CHUNK 3

typedef struct kaa_cpython__holds {
    kaa_cpython__hold holds[HOLDS_PER_CHUNK];
    struct kaa_cpython__holds *next;
    uint32_t count;
    uint32_t is_allocated; /* the first one may be a caller's variable */
} kaa_cpython__holds;

/* The surroundings of a conversion: for messages, and for what must live on. */
typedef struct kaa_cpython__state {
    kaa_cpython *host;
    PyObject *library;
    kaa_cpython__holds *holds; /* newest chunk; NULL: nothing held yet */
    const char *where;     /* in place of what follows: "record p, member x" */
    const char *subject;   /* the function's name */
    PyObject *callable;    /* in place of it: whose result this is */
    const char *name;      /* the parameter's, or NULL */
    uint32_t position;     /* from 1; 0: a callback's result */
    uint32_t has_lent;     /* callbacks among the holds outlive the call */
    uint32_t has_borrowed; /* addresses among them are to be settled */
    PyObject *gives_up;    /* an owned, borrowed, that the call itself ends */
} kaa_cpython__state;

void kaa_cpython__conversion_init(kaa_cpython__conversion *self,
                                  const kaa_ctype *type);
void kaa_cpython__conversion_fini(kaa_cpython__conversion *self);
/* For the collector: what a conversion, or holds, own. */
int kaa_cpython__visit_conversion(const kaa_cpython__conversion *self,
                                  host_visit visit, void *user);
int kaa_cpython__visit_holds(const kaa_cpython__holds *chunk, host_visit visit,
                             void *user);

/* Writes `value` at `place` (at least 8 bytes, or the type's size if larger).
 * 0, or -1 with an exception. */
int kaa_cpython__to_c(kaa_cpython__state *state, kaa_cpython__conversion *self,
                      PyObject *value, void *place);
int kaa_cpython__number_to_c(kaa_cpython__state *state,
                             kaa_cpython__conversion *self, PyObject *value,
                             void *place);
int kaa_cpython__pointer_to_c(kaa_cpython__state *state,
                              kaa_cpython__conversion *self, PyObject *value,
                              void *place);
/* 1 if `value` is a ctypes instance of a class met before, and large enough:
 * its address stands at `place`. By layouts alone. */
int kaa_cpython__known_instance(kaa_cpython *host,
                                const kaa_cpython__conversion *self,
                                PyObject *value, void *place);
int kaa_cpython__function_to_c(kaa_cpython__state *state,
                               kaa_cpython__conversion *self, PyObject *value,
                               void *place);

/* own.c: 1: `value` is C data that fits a pointer, and its address stands at
 * `place`. What has a length to be checked is left to the slow path. */
int kaa_cpython__take_data(kaa_cpython__state *state,
                           kaa_cpython__conversion *self, PyObject *value,
                           void *place);
/* Whether a value is C data of a record's very type. */
int kaa_cpython__is_own_record(const kaa_cpython__state *state,
                               kaa_cpython__conversion *self, PyObject *value);

/* The C value in `storage`, as wide as its type, as an object: a new reference,
 * or NULL with an exception. */
PyObject *kaa_cpython__from_c(kaa_cpython *host, PyObject *library,
                              kaa_cpython__conversion *self,
                              const void *storage);
/* An integer (or pointer) that has been widened to 64 bits. */
PyObject *kaa_cpython__from_word(kaa_cpython *host, PyObject *library,
                                 kaa_cpython__conversion *self, uint64_t word);
/* A new instance of a pointer's class. */
PyObject *kaa_cpython__new_pointer(kaa_cpython *host, PyObject *library,
                                   kaa_cpython__conversion *self, void *address,
                                   PyObject *owner);
/* A new instance of a record's class, with a copy of `size` bytes. */
PyObject *kaa_cpython__new_record(kaa_cpython *host, PyObject *library,
                                  kaa_cpython__conversion *self,
                                  const void *bytes, size_t size);

/* A buffer of `value` that is held until the call ends; NULL with an
 * exception. */
kaa_cpython__hold *kaa_cpython__hold_buffer(kaa_cpython__state *state,
                                            PyObject *value, int flags);
/* Ends the newest hold. */
void kaa_cpython__release_last(kaa_cpython__state *state);
/* Keeps `object` until the call ends (the reference is taken over, even on
 * failure); NULL with an exception. */
kaa_cpython__hold *kaa_cpython__hold_object(kaa_cpython__state *state,
                                            PyObject *object);
void kaa_cpython__release_holds(kaa_cpython__state *state);

/* pointers.c: keeps a ctypes instance and writes its address at `place`, with
 * no user code run. For a byref() the instance is what it refers to, `address`
 * its pointer. 0, or -1 with an exception: the instance is too small. */
int kaa_cpython__borrow(kaa_cpython__state *state,
                        const kaa_cpython__conversion *self, PyObject *instance,
                        kaa_cpython__source source, char *address, void *place);
/* The same for an instance that Python has found to fit; `word` is what a
 * byref() points at. */
int kaa_cpython__take_instance(kaa_cpython__state *state,
                               kaa_cpython__conversion *self, PyObject *value,
                               kaa_cpython__source source, uint64_t word,
                               void *place);
/* Whether a value is a number, which some have in a buffer too (a NumPy
 * scalar): that is no memory to point at. */
int kaa_cpython__is_number(PyObject *value);
/* Reads all borrowed addresses again, into their places: the last thing before
 * C is called. */
int kaa_cpython__settle(kaa_cpython__state *state);
/* The bytes behind the pointer that argument `position` became; -1: not
 * known. */
ssize_t kaa_cpython__bytes_held(const kaa_cpython__state *state,
                                uint32_t position);

/* Raises what is refused, the place in front: "pow() argument 2 (y): ..."; -1.
 * Of `fault` the members but size, given and value. */
int kaa_cpython__refuse(const kaa_cpython__state *state,
                        const kaa_convert_fault *fault);
/* The same for a value, whose type's name is what was given; or its digits. */
int kaa_cpython__refuse_value(const kaa_cpython__state *state,
                              kaa_convert_code code, const kaa_ctype *type,
                              PyObject *value);
/* numbers.c: the digits of an int, or how large it is; the repr of anything
 * else. */
void kaa_cpython__print_number(PyObject *value, char *buffer, size_t size);
/* Puts the place in front of the pending exception; -1. */
int kaa_cpython__prefix(const kaa_cpython__state *state);
/* The exception class of a kaa_convert_code, borrowed. */
PyObject *kaa_cpython__fault_class(uint32_t code);

/* Calls a hook with the library, the address of a ctype and more. */
PyObject *kaa_cpython__hook(const kaa_cpython__state *state, int hook,
                            const kaa_ctype *type, PyObject *value,
                            uint32_t flags);

static inline int
kaa_cpython__buffer_flags(const kaa_cpython__conversion *self)
{
    int flags = self->shape.flags & CONVERT_WRITABLE ? HOST_BUFFER_WRITABLE : 0;

    if (!(self->shape.flags & CONVERT_BYTES))
        flags |= HOST_BUFFER_ND | HOST_BUFFER_FORMAT;
    return flags;
}

/* Whether the elements of a buffer are those that the pointer wants. */
static inline int
kaa_cpython__view_fits(const kaa_cpython__conversion *self,
                       const host_buffer *view)
{
    return kaa_convert__items_fit(&self->shape, view->format, view->itemsize);
}

static inline double
kaa_cpython__read_float(PyObject *value)
{
    double number;

    __builtin_memcpy(&number, (char *)value + kaa_cpython__layout.float_offset,
                     sizeof(number));
    return number;
}

#endif /* KAA_CPYTHON_CONVERT_H */
