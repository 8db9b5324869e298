/* cpython/host/type.h - the structures of PyType_FromSpec, as the stable ABI
 * has them (PEP 384), and the slot numbers that kaa uses. */
#ifndef KAA_CPYTHON_TYPE_H
#define KAA_CPYTHON_TYPE_H

#include "cpython/host/host.h"

typedef struct host_type_slot {
    int slot;
    void *value;
} host_type_slot;

typedef struct host_type_spec {
    const char *name;
    int basicsize;
    int itemsize;
    unsigned int flags;
    host_type_slot *slots;
} host_type_spec;

typedef struct host_getset {
    const char *name;
    PyObject *(*get)(PyObject *, void *);
    int (*set)(PyObject *, PyObject *, void *);
    const char *doc;
    void *closure;
} host_getset;

/* PyMethodDef. */
typedef struct host_method {
    const char *name;
    void *function;
    int flags;
    const char *doc;
} host_method;

typedef struct host_member {
    const char *name;
    int type;
    ssize_t offset;
    int flags;
    const char *doc;
} host_member;

enum {
    HOST_BF_GETBUFFER = 1,
    HOST_BF_RELEASEBUFFER = 2,
    HOST_MP_ASS_SUBSCRIPT = 3,
    HOST_MP_LENGTH = 4,
    HOST_MP_SUBSCRIPT = 5,
    HOST_NB_ABSOLUTE = 6,
    HOST_NB_ADD = 7,
    HOST_NB_AND = 8,
    HOST_NB_BOOL = 9,
    HOST_NB_DIVMOD = 10,
    HOST_NB_FLOAT = 11,
    HOST_NB_FLOOR_DIVIDE = 12,
    HOST_NB_INDEX = 13,
    HOST_NB_INPLACE_ADD = 14,
    HOST_NB_INPLACE_AND = 15,
    HOST_NB_INPLACE_FLOOR_DIVIDE = 16,
    HOST_NB_INPLACE_LSHIFT = 17,
    HOST_NB_INPLACE_MULTIPLY = 18,
    HOST_NB_INPLACE_OR = 19,
    HOST_NB_INPLACE_POWER = 20,
    HOST_NB_INPLACE_REMAINDER = 21,
    HOST_NB_INPLACE_RSHIFT = 22,
    HOST_NB_INPLACE_SUBTRACT = 23,
    HOST_NB_INPLACE_TRUE_DIVIDE = 24,
    HOST_NB_INPLACE_XOR = 25,
    HOST_NB_INT = 26,
    HOST_NB_INVERT = 27,
    HOST_NB_LSHIFT = 28,
    HOST_NB_MULTIPLY = 29,
    HOST_NB_NEGATIVE = 30,
    HOST_NB_OR = 31,
    HOST_NB_POSITIVE = 32,
    HOST_NB_POWER = 33,
    HOST_NB_REMAINDER = 34,
    HOST_NB_RSHIFT = 35,
    HOST_NB_SUBTRACT = 36,
    HOST_NB_TRUE_DIVIDE = 37,
    HOST_NB_XOR = 38,
    HOST_SQ_CONTAINS = 41,
    HOST_SQ_ITEM = 44,
    HOST_SQ_LENGTH = 45,
    HOST_TP_ALLOC = 47,
    HOST_TP_CALL = 50,
    HOST_TP_CLEAR = 51,
    HOST_TP_DEALLOC = 52,
    HOST_TP_DESCR_GET = 54,
    HOST_TP_DOC = 56,
    HOST_TP_GETATTRO = 58,
    HOST_TP_HASH = 59,
    HOST_TP_INIT = 60,
    HOST_TP_ITER = 62,
    HOST_TP_ITERNEXT = 63,
    HOST_TP_METHODS = 64,
    HOST_TP_NEW = 65,
    HOST_TP_REPR = 66,
    HOST_TP_RICHCOMPARE = 67,
    HOST_TP_SETATTRO = 69,
    HOST_TP_STR = 70,
    HOST_TP_TRAVERSE = 71,
    HOST_TP_MEMBERS = 72,
    HOST_TP_GETSET = 73,
    HOST_TP_FREE = 74,
    HOST_NB_MATRIX_MULTIPLY = 75,
    HOST_NB_INPLACE_MATRIX_MULTIPLY = 76,
    HOST_TP_FINALIZE = 80,
};

/* PyMethodDef::ml_flags */
enum {
    HOST_METH_KEYWORDS = 0x0002,
    HOST_METH_NOARGS = 0x0004,
    HOST_METH_O = 0x0008,
    HOST_METH_CLASS = 0x0010,
    HOST_METH_STATIC = 0x0020,
    HOST_METH_FASTCALL = 0x0080,
    HOST_METH_METHOD = 0x0200,
};

/* PYTHON_API_VERSION, the same since 2.7. */
#define HOST_API_VERSION 1013

enum {
    HOST_MEMBER_SHORT = 0,
    HOST_MEMBER_INT = 1,
    HOST_MEMBER_FLOAT = 3,
    HOST_MEMBER_DOUBLE = 4,
    HOST_MEMBER_STRING = 5,
    HOST_MEMBER_OBJECT = 6,
    HOST_MEMBER_BYTE = 8,
    HOST_MEMBER_UBYTE = 9,
    HOST_MEMBER_USHORT = 10,
    HOST_MEMBER_UINT = 11,
    HOST_MEMBER_BOOL = 14,
    HOST_MEMBER_LONGLONG = 17,
    HOST_MEMBER_ULONGLONG = 18,
    HOST_MEMBER_SSIZE = 19,
    HOST_MEMBER_READONLY = 1,
};

/* PyModuleDef behind PyModuleDef_Base, which is the header of an object and
 * three words more. */
typedef struct host_module_def {
    const char *name;
    const char *doc;
    ssize_t state_bytes;
    host_method *methods;
    host_type_slot *slots; /* PyModuleDef_Slot has the same two members */
    int (*traverse)(PyObject *, host_visit, void *);
    int (*clear)(PyObject *);
    void (*free)(void *);
} host_module_def;

static inline size_t
kaa_cpython__module_def_base(void)
{
    return kaa_cpython__layout.header + 3 * sizeof(void *);
}

static inline host_module_def *
kaa_cpython__behind_base(void *definition)
{
    return (host_module_def *)(void *)((char *)definition +
                                       kaa_cpython__module_def_base());
}

#define HOST_FLAGS_IMMUTABLE (1u << 8) /* since 3.10 */
#define HOST_FLAGS_VECTORCALL (1u << 11)
#define HOST_FLAGS_HEAPTYPE (1u << 9)
#define HOST_FLAGS_BASETYPE (1u << 10)
#define HOST_FLAGS_GC (1u << 14)
#define HOST_FLAGS_DEFAULT (1u << 18)
#define HOST_FLAGS_EXCEPTION (1u << 30) /* derived from BaseException */

/* tp_alloc of types whose instances kaa alone makes, by other ways: for those
 * who put a tp_new of their own on the type and call that of object. */
PyObject *kaa_cpython__refuse_alloc(PyObject *type, ssize_t count);

/* Flags of a type whose attributes Python code may not replace, where the host
 * has that. */
static inline unsigned int
kaa_cpython__sealed(const kaa_cpython *host)
{
    return host->version >= 0x030a ? HOST_FLAGS_DEFAULT | HOST_FLAGS_IMMUTABLE
                                   : HOST_FLAGS_DEFAULT;
}

#endif /* KAA_CPYTHON_TYPE_H */
