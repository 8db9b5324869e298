/* cpython/host/host.h - the interpreter as kaa sees it.
 *
 * `PyObject` is opaque here. Functions are reached through one table, py, that
 * is filled by the first attach of the process: PY(PyFloat_FromDouble)(x). What
 * belongs to one interpreter stands in a kaa_cpython.
 */
#ifndef KAA_CPYTHON_HOST_H
#define KAA_CPYTHON_HOST_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <kaa/cpython.h>

#include "base/assert.h"
#include "base/stack.h"

typedef struct host_object PyObject;
typedef struct host_thread_state PyThreadState;
typedef struct host_interpreter PyInterpreterState;

/* Py_buffer: the same eleven fields in every version since 3.0 (documented). */
typedef struct host_buffer {
    void *buf;
    PyObject *obj;
    ssize_t len;
    ssize_t itemsize;
    int readonly;
    int ndim;
    char *format;
    ssize_t *shape;
    ssize_t *strides;
    ssize_t *suboffsets;
    void *internal;
} host_buffer;

/* Py_complex, by value. */
typedef struct host_complex {
    double real;
    double imaginary;
} host_complex;

/* A type's tp_new: class, positional arguments, keywords or NULL. */
typedef PyObject *host_new(PyObject *, PyObject *, PyObject *);

/* What traversing calls for each object that is held. */
typedef int (*host_visit)(PyObject *object, void *user);

/* Request flags of PyObject_GetBuffer. */
enum {
    HOST_BUFFER_SIMPLE = 0,
    HOST_BUFFER_WRITABLE = 0x0001,
    HOST_BUFFER_FORMAT = 0x0004,
    HOST_BUFFER_ND = 0x0008,
    HOST_BUFFER_STRIDES = 0x0018,
};

typedef struct kaa_cpython__functions {
#define HOST_NEEDED(result, name, parameters) result(*name) parameters;
#define HOST_CONTEXT(result, name, parameters) result(*name) parameters;
#define HOST_WANTED(result, name, parameters) result(*name) parameters;
#define HOST_DATA(name) PyObject *name;
#define HOST_POINTER(name) PyObject *name;
#include "cpython/host/host.def"
#undef HOST_NEEDED
#undef HOST_CONTEXT
#undef HOST_WANTED
#undef HOST_DATA
#undef HOST_POINTER
} kaa_cpython__functions;

/* See lib/globals.txt. Written once, before anything else of this folder
 * runs; what contexts need before the first of them is made. */
extern kaa_cpython__functions kaa_cpython__py;
#define PY(name) (kaa_cpython__py.name)

/* Of a text: how many characters, then their hash, then what they are. */
#define TEXT_LENGTH 16u
#define TEXT_STATE 32u

enum { LONG_UNKNOWN, LONG_SIZE_FIELD, LONG_TAG_FIELD };

/* What the probes of the attach found. 0 and LONG_UNKNOWN: call the
 * function. */
typedef struct kaa_cpython__layouts {
    size_t header;        /* object.__basicsize__ */
    size_t type_offset;   /* of an object's type */
    size_t float_offset;  /* of a float's double */
    int long_layout;      /* how a small int is kept */
    int count_is_first;   /* an object's first word is its reference count */
    size_t bytes_offset;  /* of the bytes of a bytes object */
    size_t cdata_offset;  /* of the data pointer in a ctypes instance */
    size_t cdata_size;    /* of the number of its bytes; both or none */
    size_t byref_offset;  /* of the pointer in a byref() */
    size_t getset_offset; /* of tp_getset in a type */
    size_t byref_object;  /* of the instance it refers to */
    /* Texts whose bits of text_mask are text_bits are ASCII, one byte each,
     * from text_offset on; a mask of 0 with bits of 1 finds none. */
    size_t text_offset;
    uint32_t text_mask;
    uint32_t text_bits;
} kaa_cpython__layouts;
extern kaa_cpython__layouts kaa_cpython__layout;

/* Names of the slow paths; see kaa_cpython_options::hooks. */
enum {
    HOOK_CLASS_OF,
    HOOK_ENUM_OF,
    HOOK_POINTER,
    HOOK_RECORD,
    HOOK_FUNCTION,
    HOOK_VARIADIC,
    HOOK_ADDRESSOF,
    HOOK_SIZEOF,
    HOOK_UNSUPPORTED, /* the exception class */
    HOOK_ERROR_CLASS,
    HOOK_DATA_LOAD,
    HOOK_DATA_STORE,
    HOOK_DATA_INIT,
    HOOK_DATA_POINT,
    HOOK_DATA_NO_MEMBER,
    HOOK_DATA_NULL,
    HOOK_DATA_GET_ITEM,
    HOOK_DATA_SET_ITEM,
    HOOK_SYMBOL,
    HOOK_TYPED, /* the last: a host may lack it */
    HOOK_COUNT
};

#define HOST_LOCKS 64

struct kaa_cpython {
    PyInterpreterState *interpreter;
    PyObject *function_type; /* of bound functions */
    PyObject *data_type;     /* that all C data have in common */
    PyObject *owned_type;    /* of what is freed by a function of C's */
    struct kaa_cpython__class *classes; /* see cpython/data/tracked.c */
    pthread_mutex_t lending;   /* held while lists of borrowers change */
    PyObject *_Atomic pointed; /* a dict: what pointers in C's memory were set
                                  from; see cpython/data/kept.c */
    uint64_t pointing[HOST_LOCKS]; /* the PyMutexes of such dicts */
    PyObject *callback_type;       /* of what keeps a closure alive */
    PyObject *cdata;
    PyObject *byref_type;
    PyObject *pointer_base;
    PyObject *function_pointer_base;
    PyObject *hooks[HOOK_COUNT];
    kaa_ctype_table *types;                       /* of void_pointer */
    const kaa_ctype *void_pointer;                /* void * */
    PyObject *no_arguments;                       /* the empty tuple */
    struct kaa_cpython__context *_Atomic context; /* NULL until asked for */
    void *handle; /* in which the interpreter's functions are found */
    uint32_t version;
    int is_main; /* the main interpreter, not a subinterpreter */
    int is_free_threaded;
    _Atomic int is_closing;
    pthread_t closing_thread; /* with is_closing: which one closed it */
    _Atomic int entering;     /* threads on their way in, or inside */
    void *specs;              /* what the types' slots point at */
    void *holder_definition;  /* a PyModuleDef: see cpython/data/class.c */
};

static inline PyObject *
kaa_cpython__none(void)
{
    return PY(_Py_NoneStruct);
}

static inline PyObject *
kaa_cpython__new_none(void)
{
    PY(Py_IncRef)(PY(_Py_NoneStruct));
    return PY(_Py_NoneStruct);
}

/* The type, borrowed: the object keeps it alive. */
static inline PyObject *
kaa_cpython__type(PyObject *object)
{
    PyObject *type;

    if (kaa_cpython__layout.type_offset != 0)
        return *(PyObject **)(void *)((char *)object +
                                      kaa_cpython__layout.type_offset);
    type = PY(PyObject_Type)(object);
    PY(Py_DecRef)(type);
    return type;
}

/* Where the data of a ctypes instance stand; NULL with an exception. */
void *kaa_cpython__cdata(kaa_cpython *host, PyObject *instance);
/* The same, and how many bytes they have: of the instance itself, whatever its
 * class says. -1 with an exception. */
int kaa_cpython__cdata_extent(kaa_cpython *host, PyObject *instance,
                              char **out_data, ssize_t *out_bytes);

/* The state that this thread runs with; NULL: none. */
static inline PyThreadState *
kaa_cpython__running_state(void)
{
    if (PY(PyThreadState_GetUnchecked) != NULL)
        return PY(PyThreadState_GetUnchecked)();
    return PY(_PyThreadState_UncheckedGet)();
}

/* Whether this thread's state `state` is the one that runs (has the GIL). */
static inline int
kaa_cpython__is_running(PyThreadState *state)
{
    return kaa_cpython__running_state() == state;
}

int kaa_cpython__is_finalizing(void);

/* Finds the functions that contexts need. */
kaa_status kaa_cpython__find_more(const kaa_cpython *host, kaa_error *err);

/* Finds the functions and layouts, once a process. Any thread with the GIL. */
kaa_status kaa_cpython__prepare_process(const kaa_cpython_options *options,
                                        kaa_error *err);

/* Before a module's own code that may come back to where it is run: counted by
 * the host, and with a look at the stack, since the host's count may go beyond
 * what a stack has room for. 0: kaa_cpython__leave_recursive() must follow; -1
 * with RecursionError. `where` ends its message. */
static inline int kaa_cpython__enter_recursive(const char *where);

static inline void
kaa_cpython__leave_recursive(void)
{
    PY(Py_LeaveRecursiveCall)();
}

/* Raises RecursionError; -1. */
int kaa_cpython__stack_used_up(const char *where);

/* The look at the stack alone, where the host counts: 0, or -1. */
static inline int
kaa_cpython__check_stack(const char *where)
{
    return kaa_base__stack_is_low() ? kaa_cpython__stack_used_up(where) : 0;
}

static inline int
kaa_cpython__enter_recursive(const char *where)
{
    if (kaa_cpython__check_stack(where) != 0)
        return -1;
    return PY(Py_EnterRecursiveCall)(where) != 0 ? -1 : 0;
}

/* For what runs often and may come back to itself through C alone (the host
 * counts its own code): the stack says when to stop. Where it does not, on a
 * stack that is not the thread's own, the host counts. -1 with RecursionError,
 * or what kaa_cpython__leave_slot() wants afterwards. */
int kaa_cpython__enter_doubtful(const char *where);

static inline int
kaa_cpython__enter_slot(const char *where)
{
    return KAA_UNLIKELY(kaa_base__stack_is_doubtful())
               ? kaa_cpython__enter_doubtful(where)
               : 0;
}

static inline void
kaa_cpython__leave_slot(int is_counted)
{
    if (KAA_UNLIKELY(is_counted > 0))
        PY(Py_LeaveRecursiveCall)();
}

/* Raises `type` with a formatted message; returns -1. */
int kaa_cpython__raise(PyObject *type, const char *format, ...)
    KAA_PRINTF(2, 3);
/* What kaa refused as the exception of its status, `name` and `what` in front
 * of the message; -1. */
int kaa_cpython__raise_error(const kaa_cpython *host, const char *name,
                             const char *what, const kaa_error *err);
/* type(value).__name__ into a buffer of the caller's; returns the buffer. */
const char *kaa_cpython__type_name(PyObject *value, char *buffer, size_t size);

#endif /* KAA_CPYTHON_HOST_H */
