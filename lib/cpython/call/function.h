/* cpython/call/function.h - a bound function: what its calls read. */
#ifndef KAA_CPYTHON_FUNCTION_H
#define KAA_CPYTHON_FUNCTION_H

#include "cpython/call/convert.h"
#include "cpython/host/thread.h"

typedef PyObject *(*host_vectorcall)(PyObject *self, PyObject *const *args,
                                     size_t flagged_count, PyObject *names);

/* Bits of kaa_cpython__function::flags. */
enum {
    FUNCTION_HOLDS_GIL = 1u << 0,
    FUNCTION_IS_CLOSED = 1u << 1, /* const or pure: it cannot call back */
    FUNCTION_ERRNO = 1u << 2,
    FUNCTION_IS_SPECIAL = 1u << 3, /* out, length or variadic */
    FUNCTION_VARIADIC = 1u << 4,
    FUNCTION_FREES = 1u << 5,
    FUNCTION_MEASURES = 1u << 6,      /* elements of arguments are counted */
    FUNCTION_TAKES_BUFFERS = 1u << 7, /* learned: an argument was one */
    FUNCTION_BORROWS = 1u << 8,       /* the result keeps an argument */
};

/* What is simplest and most common, each decided by one look. A small int has
 * 30 bits: it fits whatever is wider, if it may be negative. */
enum {
    QUICK_CHECKED, /* an integer that may not fit */
    QUICK_SIGNED,  /* one of 32 bits or more */
    QUICK_OTHER = QUICK_CHECKED,
    QUICK_INT,   /* results: an int */
    QUICK_LONG,  /* one of 64 bits */
    QUICK_ULONG, /* the same, unsigned */
    QUICK_NONE,  /* nothing */
};

/* What the quick path needs of an argument, in 8 bytes. */
typedef struct kaa_cpython__quick {
    uint8_t op;     /* a kaa_convert__op */
    uint8_t unused; /* bits of a 64-bit word that the integer leaves */
    uint8_t is_signed;
    uint8_t sort;    /* QUICK_*: of an integer, or of the result */
    uint32_t offset; /* of the place in the frame */
} kaa_cpython__quick;

/* Follows the header of the interpreter's object. Immutable, but for what its
 * conversions learn. */
typedef struct kaa_cpython__function {
    host_vectorcall vectorcall;
    kaa_cpython *host;
    PyObject *library;
    const kaa_decl_item *item;
    kaa_function target;
    kaa_call_plan *plan;                /* of the fixed arguments */
    kaa_cpython__conversion *arguments; /* count of them */
    kaa_cpython__quick *quick;          /* count of them; NULL: not so simple */
    kaa_cpython__conversion *outs;      /* of [[kaa::out]]; NULL: none */
    const kaa_ctype_parameter *parameters;
    uint32_t count;
    uint32_t visible; /* without [[kaa::out]] */
    uint32_t flags;
    uint32_t reserved;
    kaa_function free_function;
    kaa_function *frees; /* of outs; NULL: none is freed */
    PyObject *weak_references;
    struct kaa_cpython__variadic *_Atomic variadics; /* see variadic.c */
    uint64_t item_address; /* of its kaa_decl_item: `_item` in Python */
    uint64_t address;
    kaa_cpython__conversion result;
    PyObject *lock;           /* held while it is called; NULL: none */
    host_vectorcall unlocked; /* with a lock: what does the call */
    struct kaa_cpython__builtin *_Atomic builtin; /* see builtin.c */
} kaa_cpython__function;

#define HOST_ARGUMENTS_OFFSET ((size_t)1 << (sizeof(size_t) * 8 - 1))

/* A frame on the C stack, for plans that fit. */
#define FRAME_ON_STACK 512
typedef union kaa_cpython__frame {
    kaa_call__frame frame;
    _Alignas(16) unsigned char bytes[FRAME_ON_STACK];
} kaa_cpython__frame;

static inline kaa_cpython__function *
kaa_cpython__function_body(PyObject *self)
{
    return (kaa_cpython__function *)(void *)((char *)self +
                                             kaa_cpython__layout.header);
}

/* The vectorcall of bound functions. */
PyObject *kaa_cpython__call(PyObject *object, PyObject *const *args,
                            size_t flagged_count, PyObject *names);
/* Gives a function that allows it `quick` and a quicker vectorcall, which
 * leaves to the first what it finds not to be simple. 0, or -1 with an
 * exception. */
int kaa_cpython__init_quick(kaa_cpython__function *self);

/* The general path: keywords, defaults, out, length, `...`. */
PyObject *kaa_cpython__call_special(const kaa_cpython__function *self,
                                    PyObject *const *args, size_t given,
                                    PyObject *names);

/* typed.c: from now on `function` is called with `lock` held. Before anybody
 * can have called it. */
void kaa_cpython__lock_function(PyObject *function, PyObject *lock);

/* builtin.c: the bound function that an object is, or is a builtin of; else the
 * object itself. Borrowed. */
PyObject *kaa_cpython__bound_of(const kaa_cpython *host, PyObject *object);

/* Variable arguments of a quick call: their kinds are a byte each of a word. */
#define KAA_CPYTHON__EXTRAS_QUICK 8
/* variadic.c: the plan for variable arguments of basic types and `void *`, by
 * their kinds, the last one lowest; NULL: there was no such call yet, or it is
 * not quick. */
const kaa_call_plan *
kaa_cpython__variadic_plan(const kaa_cpython__function *self, uint64_t kinds);
/* quick.c: whether a call by a plan for variable arguments is as simple as one
 * of the fixed ones, which stand where they do without the others. */
int kaa_cpython__is_quick_variadic(const kaa_cpython__function *self,
                                   const kaa_call_plan *plan);
void kaa_cpython__free_variadic(struct kaa_cpython__variadic *first);

/* Converts one argument and stores it at its place. */
int kaa_cpython__store_argument(kaa_cpython__state *state,
                                kaa_cpython__conversion *conversion,
                                const kaa_call__place *place,
                                kaa_call__frame *frame, PyObject *value);

/* Calls, with or without the GIL; raises what a callback raised: -1. */
int kaa_cpython__run(const kaa_cpython__function *self,
                     const kaa_call_plan *plan, kaa_call__frame *frame);

/* The same, when the arguments may have callbacks among them. */
int kaa_cpython__run_with(const kaa_cpython__function *self,
                          const kaa_cpython__state *state,
                          const kaa_call_plan *plan, kaa_call__frame *frame);

/* The result in the frame as an object; checks errno, frees. */
PyObject *kaa_cpython__result(const kaa_cpython__function *self,
                              const kaa_call_plan *plan,
                              const kaa_call__frame *frame);

/* make_result() for what is no number, from a word that has been widened. */
PyObject *kaa_cpython__word_result(const kaa_cpython__function *self,
                                   uint64_t word);
/* freed.c: how a result, or an out, that is freed is made. 0, or -1 with an
 * exception where that cannot be done. */
int kaa_cpython__init_freed(const kaa_cpython__function *self,
                            kaa_cpython__conversion *conversion);
/* The address of the function that an out is freed with; NULL with an
 * exception. */
kaa_function kaa_cpython__find_free(const kaa_cpython__function *self,
                                    const char *name);
/* A pointer to what is freed, `name` of the function, or the copy of it; NULL
 * with an exception, and it has been freed. */
PyObject *kaa_cpython__give_freed(const kaa_cpython__function *self,
                                  kaa_cpython__conversion *conversion,
                                  void *address, kaa_function function,
                                  const char *name);
/* Has what a call gave keep an argument, `lender` or NULL. Takes over the
 * reference to `given`, which may be NULL. */
PyObject *kaa_cpython__give_borrowed(const kaa_cpython__function *self,
                                     PyObject *given, PyObject *lender);
/* What keeps the memory of an argument: a new reference, or NULL; with an
 * exception perhaps. */
PyObject *kaa_cpython__lender_of(const kaa_cpython__state *state,
                                 PyObject *value, uint32_t position);
/* Raises OSError; NULL. */
PyObject *kaa_cpython__raise_errno(const kaa_cpython__function *self, int code);

/* A frame for a plan: `local` if it fits, else memory, which release_frame()
 * frees. NULL with an exception. Storage for a large result comes with it. */
kaa_call__frame *kaa_cpython__new_frame(const kaa_call_plan *plan,
                                        kaa_cpython__frame *local);
void kaa_cpython__release_frame(kaa_call__frame *frame,
                                const kaa_cpython__frame *local);

/* The types of bound functions and of callbacks, made at attach. */
PyObject *kaa_cpython__make_function_type(kaa_cpython *host, PyObject *base);
PyObject *kaa_cpython__make_callback_type(kaa_cpython *host);
/* Where bound functions keep what the host calls. */
size_t kaa_cpython__vectorcall_offset(void);

#endif /* KAA_CPYTHON_FUNCTION_H */
