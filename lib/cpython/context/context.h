/* cpython/context/context.h - the cpython context: the table of kaa/api.def
 * over the host's own functions.
 *
 *     kaa_object *  is the host's PyObject *, bit for bit
 *     kaa_context   one an interpreter: the host keeps pending exceptions by
 *                   thread, so all its threads share it, and nothing in it
 *                   changes but under the context's own lock
 *
 * Every slot is kaa_cpython__slot_<name>(). Where the host's function trusts
 * its caller about a type, the slot looks first: a wrong object is a TypeError,
 * as in every context.
 *
 *     context.c        making one; the table
 *     layout.c         where lists, tuples and strs keep what they have
 *     on_errors.c      exceptions
 *     on_numbers.c     int, float, complex
 *     on_text.c        str, bytes
 *     on_containers.c  tuple, list, set, slice, capsule, weakref
 *     on_dict.c        dict
 *     on_objects.c     types, what every object can, calls, arguments
 *     on_threads.c     threads, memory, the collector
 *     method.c         functions and methods; thunk.c, what the host calls
 *     typed.c          typed functions
 *     import.c         modules
 *     native_type.c    types from specs; slot.c, field.c, instance.c and
 *                      creating.c their parts
 */
#ifndef KAA_CPYTHON_CONTEXT_H
#define KAA_CPYTHON_CONTEXT_H

#include <stdatomic.h>
#include <string.h>

#include <kaa/context.h>
#include <kaa/module.h>

#include "args/args.h"
#include "cpython/context/thunk.h"
#include "cpython/host/host.h"
#include "cpython/host/type.h"

#define KAA_CPYTHON__BUCKETS 64u
#define KAA_CPYTHON__SHARED_MAX 1000u

typedef struct kaa_cpython__context {
    kaa_context open; /* what modules see */
    kaa_cpython *host;
    PyObject *builtins[KAA_BUILTIN_COUNT];
    PyObject *lock;        /* of free-threaded builds: what functions that are
                              not their own module's lock; else NULL */
    PyObject *holder_type; /* see method.c */
    PyObject *list_extend; /* list.extend, ... */
    PyObject *list_pop;
    PyObject *bit_length;   /* int.bit_length */
    PyObject *missing;      /* stands for what is not there */
    PyObject *get_refcount; /* sys.getrefcount */
    struct kaa_cpython__module_record *modules; /* each has its own next */
    struct kaa_cpython__type_record *types;     /* by spec */
    struct kaa_cpython__shared_method *shared[KAA_CPYTHON__BUCKETS];
    size_t shared_count;
    _Atomic uint64_t polled_ns; /* when the GIL was last offered */
    _Atomic uint32_t polls;
} kaa_cpython__context;

/* The names of the rest of this folder for both sides of a handle. */
static inline PyObject *
as_host(const kaa_object *object)
{
    return (PyObject *)(uintptr_t)object;
}

static inline kaa_object *
as_kaa(PyObject *object)
{
    return (kaa_object *)object;
}

static inline kaa_cpython__context *
own_of(kaa_context *ctx)
{
    return (kaa_cpython__context *)ctx;
}

static inline PyObject *
new_ref(PyObject *object)
{
    PY(Py_IncRef)(object);
    return object;
}

static inline void
xdecref(PyObject *object)
{
    if (object != NULL)
        PY(Py_DecRef)(object);
}

static inline int
is_exactly(PyObject *object, PyObject *type)
{
    return kaa_cpython__type(object) == type;
}

static inline int
is_kind_of(PyObject *object, PyObject *type)
{
    PyObject *own = kaa_cpython__type(object);

    return own == type || PY(PyType_IsSubtype)(own, type);
}

/* Raises TypeError: "a list is expected, not int". Returns 0. */
int kaa_cpython__wrong_type(PyObject *object, const char *wanted);

/* Whether the object is of a type; else TypeError is pending. */
static inline int
must_be(PyObject *object, PyObject *type, const char *wanted)
{
    return is_kind_of(object, type) || kaa_cpython__wrong_type(object, wanted);
}

/* sys.getrefcount(), where the count cannot be read; SIZE_MAX if it fails. */
size_t kaa_cpython__ask_refcount(kaa_cpython__context *own, PyObject *object);

/* ---- layout.c: where lists and tuples keep their items */

typedef struct kaa_cpython__sequences {
    size_t tuple_items; /* offset of the first item; 0: unknown */
    size_t list_items;  /* of the pointer to them; 0: unknown */
    size_t size;        /* of the number of items, in both */
    size_t allocated;   /* of how many fit; 0: unknown */
    size_t ascii_text;  /* of the text of a str that is ASCII; 0: unknown */
    uint32_t ascii_mask, ascii_bits; /* which strs those are */
} kaa_cpython__sequences;
extern kaa_cpython__sequences kaa_cpython__sequence;

/* Needs kaa_cpython__find_more() and layouts that were believed. */
void kaa_cpython__probe_sequences(void);
/* How references may be counted inline; KAA_COUNT_CALL where unsure. */
uint32_t kaa_cpython__probe_counting(const kaa_cpython *host);

/* Of a str with a header of 16 bytes. */
enum { AT_STR_LENGTH = 16, AT_STR_STATE = 32 };

/* The text of a str that is ASCII, where that can be seen; else NULL. */
static inline const char *
ascii_text(PyObject *str, size_t *out_size)
{
    uint32_t state;

    if (kaa_cpython__sequence.ascii_text == 0 ||
        !is_exactly(str, PY(PyUnicode_Type)))
        return NULL;
    memcpy(&state, (char *)str + AT_STR_STATE, sizeof(state));
    if ((state & kaa_cpython__sequence.ascii_mask) !=
        kaa_cpython__sequence.ascii_bits)
        return NULL;
    memcpy(out_size, (char *)str + AT_STR_LENGTH, sizeof(*out_size));
    return (char *)str + kaa_cpython__sequence.ascii_text;
}

static inline PyObject **
tuple_items(PyObject *tuple)
{
    return (PyObject **)(void *)((char *)tuple +
                                 kaa_cpython__sequence.tuple_items);
}

static inline PyObject **
list_items(PyObject *list)
{
    return *(PyObject ***)(void *)((char *)list +
                                   kaa_cpython__sequence.list_items);
}

static inline ssize_t *
size_field(PyObject *object)
{
    return (ssize_t *)(void *)((char *)object + kaa_cpython__sequence.size);
}

/* ---- locks: on free-threaded builds, what the GIL is elsewhere. A critical
 * section of the host's: given up whenever the thread blocks. */

typedef struct kaa_cpython__section {
    uintptr_t words[8]; /* the host needs 2 */
    PyObject *lock;     /* NULL: nothing was begun */
    int entered;        /* slot.c: for kaa_cpython__leave_slot() */
} kaa_cpython__section;

/* Where the newest critical section of a thread is found, and its mutex. */
typedef struct kaa_cpython__sections {
    size_t newest; /* offset in a thread state; 0: unknown */
    size_t mutex;  /* in a lock */
    size_t word;   /* of the section, that has the mutex's address */
} kaa_cpython__sections;
extern kaa_cpython__sections kaa_cpython__section_layout;

/* Needs what kaa_cpython__probe_sequences() needs. */
void kaa_cpython__probe_sections(const kaa_cpython *host);

/* Whether the newest critical section of this thread is one of the lock that is
 * not suspended. The host before 3.14 does not look: it would wait for itself,
 * which makes it give up what it has, at the cost of two system calls. */
static inline int
is_in_section(PyObject *lock)
{
    const kaa_cpython__sections *layout = &kaa_cpython__section_layout;
    uintptr_t newest, mutex;

    if (layout->newest == 0)
        return 0;
    memcpy(&newest, (char *)kaa_cpython__running_state() + layout->newest,
           sizeof(newest));
    if (newest == 0 || newest % 4 != 0) /* suspended, or one of two locks */
        return 0;
    memcpy(&mutex, (char *)newest + layout->word, sizeof(mutex));
    return mutex == (uintptr_t)lock + layout->mutex;
}

static inline void
begin_section(kaa_cpython__section *section, PyObject *lock)
{
    section->lock = NULL;
    if (lock == NULL || is_in_section(lock))
        return;
    section->lock = lock;
    PY(PyCriticalSection_Begin)(section->words, lock);
}

static inline void
end_section(kaa_cpython__section *section)
{
    if (section->lock != NULL)
        PY(PyCriticalSection_End)(section->words);
}

/* ---- import.c, method.c, type.c */

/* A module that was made and may be gone. */
typedef struct kaa_cpython__made {
    PyObject *weak; /* a weak reference to it */
    int is_filled;  /* its exec is done */
} kaa_cpython__made;

/* What this interpreter knows of a definition: made by its first import, and
 * never freed, as the file stays mapped. */
typedef struct kaa_cpython__module_record {
    struct kaa_cpython__module_record *next;
    kaa_cpython__context *ctx;
    const kaa_module_def *definition;
    kaa_module_def whole;    /* what kaa_module__read() makes of it */
    void *host_definition;   /* PyModuleDef */
    kaa_cpython__made *made; /* its modules, oldest first */
    size_t made_count;
    PyObject *lock; /* NULL: functions need none */
    struct kaa_cpython__function_record *functions;
} kaa_cpython__module_record;

/* The record of a module that kaa made; NULL for any other object. */
kaa_cpython__module_record *kaa_cpython__record_of_module(PyObject *module);
/* The module that this thread is filling, borrowed; NULL: none. */
PyObject *kaa_cpython__module_in_work(void);
/* What functions and types of a module lock; NULL: nothing. */
PyObject *kaa_cpython__lock_of(kaa_context *ctx, PyObject *module);

/* What a locked or compared function is called with: see method.c. */
typedef struct kaa_cpython__bound {
    kaa_context *ctx;
    PyObject *lock;
    kaa_cpython__any function;
    intptr_t failed; /* what a slot returns that fails */
    int op;
} kaa_cpython__bound;

/* Fills a PyMethodDef for a method that lives as long as the process, its
 * thunk and its doc included; `bound` is storage that lives as long. `self`
 * ("$self", "$type", NULL) is put into a signature that lacks it. 0, or -1. */
int kaa_cpython__fill_method(kaa_context *ctx, const kaa_method *method,
                             const char *self, PyObject *lock,
                             kaa_cpython__bound *bound, host_method *out);
PyObject *kaa_cpython__make_holder_type(kaa_cpython__context *own);
/* A thunk of `function` that is called with the lock held, if there is one.
 * `bound` lives as long. */
void *kaa_cpython__lock_thunk(kaa_context *ctx, PyObject *lock,
                              kaa_cpython__any function,
                              kaa_cpython__bound *bound);
/* The same for a slot, whose function may come back to the slot: with a look at
 * the stack, and `failed` as the result where little is left. */
void *kaa_cpython__slot_thunk(kaa_context *ctx, PyObject *lock,
                              kaa_cpython__any function, intptr_t failed,
                              kaa_cpython__bound *bound);
extern const char kaa_cpython__in_slot[]; /* where a recursion was, in words */
/* typed.c: the function of a KAA_TYPED method; see kaa_module__maker. */
kaa_object *kaa_cpython__new_typed(kaa_context *ctx, const kaa_method *method,
                                   kaa_object *module, void *user);

/* Where instances of native types keep their data. */
static inline size_t
kaa_cpython__data_offset(void)
{
    return kaa_cpython__layout.header + 2 * sizeof(void *);
}

/* Arguments of the kind that tp_init and tp_call take, as an array: positional
 * ones and then the values of kwnames. */
typedef struct kaa_cpython__arguments {
    kaa_object *const *args;
    size_t nargs;
    kaa_object *kwnames; /* owned; NULL: none */
    kaa_object **owned;  /* the array, if it is not the tuple's own */
    kaa_object *few[8];
} kaa_cpython__arguments;

int kaa_cpython__arguments_init(kaa_cpython__arguments *arguments,
                                PyObject *args, PyObject *kwargs);
void kaa_cpython__arguments_fini(kaa_cpython__arguments *arguments);

/* The slots. */
#define KAA_SLOT(result, name, parameters, arguments)                          \
    result kaa_cpython__slot_##name parameters;
#define KAA_VOID_SLOT(name, parameters, arguments)                             \
    void kaa_cpython__slot_##name parameters;
#define KAA_BARE_SLOT(result, name, parameters)                                \
    result kaa_cpython__slot_##name parameters;
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT

#endif /* KAA_CPYTHON_CONTEXT_H */
