/* kaa/object.h - the vocabulary of objects: what C code that makes types,
 * functions and buffers says, whatever context it runs on.
 *
 * A `kaa_object *` is a handle, not always an address: small ints, None and the
 * bools may be coded in the pointer itself. Nothing may be read through it;
 * what C code keeps in an object of its own type it reaches by kaa_data().
 *
 * The structures here are the ABI of extension modules. Those that may grow
 * begin with their size and grow at their end; the others never change.
 */
#ifndef KAA_OBJECT_H
#define KAA_OBJECT_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** A handle of an object. Opaque. */
typedef struct kaa_object kaa_object;

/** One thread's view of a runtime; see kaa/context.h. */
typedef struct kaa_context kaa_context;

/** What every context has, for kaa_builtin(): KAA_NONE, KAA_LIST_TYPE,
 * KAA_VALUE_ERROR, ... */
typedef enum kaa_builtin_id {
#define KAA_CONSTANT(name, text) KAA_##name,
#define KAA_TYPE(name, text) KAA_##name,
#define KAA_EXCEPTION(name, text, base) KAA_##name,
#include <kaa/builtin.def>
#undef KAA_CONSTANT
#undef KAA_TYPE
#undef KAA_EXCEPTION
    KAA_BUILTIN_COUNT
} kaa_builtin_id;

/** Comparisons, numbered as CPython does. */
typedef enum kaa_comparison {
    KAA_LT = 0,
    KAA_LE = 1,
    KAA_EQ = 2,
    KAA_NE = 3,
    KAA_GT = 4,
    KAA_GE = 5
} kaa_comparison;

/** Operators of two operands. KAA_POWER has no third one. */
typedef enum kaa_operator {
    KAA_ADD = 0,
    KAA_SUBTRACT = 1,
    KAA_MULTIPLY = 2,
    KAA_MATRIX_MULTIPLY = 3,
    KAA_TRUE_DIVIDE = 4,
    KAA_FLOOR_DIVIDE = 5,
    KAA_REMAINDER = 6,
    KAA_DIVMOD = 7,
    KAA_POWER = 8,
    KAA_LSHIFT = 9,
    KAA_RSHIFT = 10,
    KAA_AND = 11,
    KAA_OR = 12,
    KAA_XOR = 13
} kaa_operator;

#define KAA_OPERATOR_COUNT 14

/** Operators of one operand. */
typedef enum kaa_unary_operator {
    KAA_NEGATIVE = 0,
    KAA_POSITIVE = 1,
    KAA_ABSOLUTE = 2,
    KAA_INVERT = 3
} kaa_unary_operator;

/** Calls with keywords: `kwnames` is a tuple of str, or NULL; the values follow
 * the `nargs` positional arguments. All arguments are borrowed. */
typedef kaa_object *(*kaa_noargs_function)(kaa_context *ctx, kaa_object *self);
typedef kaa_object *(*kaa_one_function)(kaa_context *ctx, kaa_object *self,
                                        kaa_object *argument);
typedef kaa_object *(*kaa_varargs_function)(kaa_context *ctx, kaa_object *self,
                                            kaa_object *const *args,
                                            size_t nargs);
typedef kaa_object *(*kaa_keywords_function)(kaa_context *ctx, kaa_object *self,
                                             kaa_object *const *args,
                                             size_t nargs, kaa_object *kwnames);

/** kaa_method::flags. One of the first five, and what else applies. */
enum {
    KAA_NOARGS = 1u << 0,   /**< kaa_noargs_function */
    KAA_ONE = 1u << 1,      /**< kaa_one_function */
    KAA_VARARGS = 1u << 2,  /**< kaa_varargs_function */
    KAA_KEYWORDS = 1u << 3, /**< kaa_keywords_function */
    KAA_TYPED = 1u << 4,    /**< Any C function; `declaration` says which. In
                                 the table of a module alone: in a type's it is
                                 a TypeError, as it has no place for self. */
    KAA_STATIC = 1u << 8,   /**< In a type: no self (NULL). */
    KAA_CLASS = 1u << 9,    /**< In a type: self is the type. */
};

/** A function of a module or a method of a type. The table ends with an entry
 * whose name is NULL; it lives as long as what was made of it. `doc` may begin
 * with "name(parameters)\n--\n\n", which becomes the text signature. */
typedef struct kaa_method {
    const char *name;
    kaa_varargs_function function; /**< Others: through the macros below. */
    uint32_t flags;
    uint32_t reserved;
    const char *doc;         /**< May be NULL. */
    const char *declaration; /**< KAA_TYPED: its C declaration. */
} kaa_method;

#define KAA_ANY_FUNCTION(function)                                             \
    ((kaa_varargs_function)(void (*)(void))(function))
/** Entries of a table of methods. */
#define KAA_METHOD_NOARGS(name, function, doc)                                 \
    {                                                                          \
        (name), KAA_ANY_FUNCTION(function), KAA_NOARGS, 0, (doc), NULL         \
    }
#define KAA_METHOD_ONE(name, function, doc)                                    \
    {                                                                          \
        (name), KAA_ANY_FUNCTION(function), KAA_ONE, 0, (doc), NULL            \
    }
#define KAA_METHOD(name, function, doc)                                        \
    {                                                                          \
        (name), (function), KAA_VARARGS, 0, (doc), NULL                        \
    }
#define KAA_METHOD_KEYWORDS(name, function, doc)                               \
    {                                                                          \
        (name), KAA_ANY_FUNCTION(function), KAA_KEYWORDS, 0, (doc), NULL       \
    }
/** A plain C function of a module, which converts by its declaration; see
 * kaa/decl.h. The declared name is the function's.
 *
 * What every context converts: numbers, enums, text, `void *`, pointers to
 * numbers with [[kaa::length]], [[kaa::out]], [[kaa::errno]]. Under CPython it
 * is converted and called as kaa.load() does it, so that records, callbacks and
 * `...` work there too; elsewhere such a declaration is an ImportError. */
#define KAA_FUNCTION(declaration, function, doc)                               \
    {                                                                          \
        "", KAA_ANY_FUNCTION(function), KAA_TYPED, 0, (doc), (declaration)     \
    }
#define KAA_METHODS_END                                                        \
    {                                                                          \
        NULL, NULL, 0, 0, NULL, NULL                                           \
    }

/** What a kaa_member is in C. Numbers never change. */
typedef enum kaa_member_kind {
    KAA_MEMBER_BOOL = 1, /**< _Bool */
    KAA_MEMBER_INT8 = 2,
    KAA_MEMBER_UINT8 = 3,
    KAA_MEMBER_INT16 = 4,
    KAA_MEMBER_UINT16 = 5,
    KAA_MEMBER_INT32 = 6,
    KAA_MEMBER_UINT32 = 7,
    KAA_MEMBER_INT64 = 8,
    KAA_MEMBER_UINT64 = 9,
    KAA_MEMBER_FLOAT = 10,
    KAA_MEMBER_DOUBLE = 11,
    KAA_MEMBER_TEXT = 12,  /**< const char *, UTF-8, read-only; NULL is None. */
    KAA_MEMBER_OBJECT = 13 /**< kaa_object *, owned by the instance; NULL is
                                None. Visited and given up without the type's
                                doing: see kaa_type_spec::traverse. */
} kaa_member_kind;

/** kaa_member::flags. */
enum {
    KAA_READONLY = 1u << 0, /**< Cannot be assigned. */
    KAA_HIDDEN = 1u << 1,   /**< No attribute: for the collector alone. */
};

/** A field of an instance's data that is an attribute. A table ends with an
 * entry whose name is NULL. */
typedef struct kaa_member {
    const char *name;
    uint32_t kind;   /**< A kaa_member_kind. */
    uint32_t flags;  /**< KAA_READONLY, KAA_HIDDEN */
    size_t offset;   /**< In the data: offsetof(struct point, x). */
    const char *doc; /**< May be NULL. */
} kaa_member;

/** An attribute that is computed. A table ends with an entry whose name is
 * NULL. */
typedef struct kaa_property {
    const char *name;
    kaa_object *(*get)(kaa_context *ctx, kaa_object *self, void *user);
    /** `value` NULL: delete. Returns 0, or -1. NULL: read-only. */
    int (*set)(kaa_context *ctx, kaa_object *self, kaa_object *value,
               void *user);
    const char *doc; /**< May be NULL. */
    void *user;
} kaa_property;

/** Called by a type's traverse for each reference; not 0 ends the walk. */
typedef int (*kaa_visit)(kaa_object *object, void *arg);

/** In a traverse function with parameters `visit` and `arg`. */
#define KAA_VISIT(object)                                                      \
    do {                                                                       \
        if ((object) != NULL) {                                                \
            int kaa_visited = visit((object), arg);                            \
            if (kaa_visited != 0)                                              \
                return kaa_visited;                                            \
        }                                                                      \
    } while (0)

/** kaa_buffer requests, with the values of PyBUF_*. */
enum {
    KAA_BUFFER_SIMPLE = 0,
    KAA_BUFFER_WRITABLE = 0x0001,
    KAA_BUFFER_FORMAT = 0x0004,
    KAA_BUFFER_ND = 0x0008,
    KAA_BUFFER_STRIDES = 0x0018,
    KAA_BUFFER_C_CONTIGUOUS = 0x0038,
    KAA_BUFFER_F_CONTIGUOUS = 0x0058,
    KAA_BUFFER_ANY_CONTIGUOUS = 0x0098,
    KAA_BUFFER_INDIRECT = 0x0118,
};

/** Memory that an object lends, until kaa_buffer_release(). The layout is that
 * of Py_buffer. Sizes and strides are bytes, shapes are items. */
typedef struct kaa_buffer {
    void *data;
    kaa_object *owner; /**< Held; NULL once released. */
    ptrdiff_t bytes;
    ptrdiff_t item_bytes;
    int32_t is_readonly;
    int32_t dimensions;
    char *format; /**< As the struct module has it; NULL: "B". */
    ptrdiff_t *shape;
    ptrdiff_t *strides;
    ptrdiff_t *suboffsets;
    void *internal; /**< The owner's. */
} kaa_buffer;

/** kaa_type_spec::flags. */
enum {
    KAA_TYPE_NO_SUBTYPES = 1u << 0,  /**< Cannot be subclassed. */
    KAA_TYPE_DICT = 1u << 1,         /**< Instances take any attribute. */
    KAA_TYPE_NO_INSTANCES = 1u << 2, /**< Cannot be called; instances come from
                                          kaa_instance_new() alone. */
    KAA_TYPE_NO_WEAKREFS = 1u << 3,  /**< Cannot be referenced weakly. */
};

/** A type. All members but size, name and data_bytes may be left 0. The spec
 * and its tables live as long as the runtime.
 *
 * Instances begin with `data_bytes` of zeros, where C code keeps what it likes;
 * kaa_data() finds them. A derived type's data begin with those of its base, as
 * a struct whose first member is the base's.
 *
 * References in the data that are declared as KAA_MEMBER_OBJECT (KAA_HIDDEN
 * ones too) are visited, cleared and given up without further ado. A type that
 * keeps references elsewhere visits those in `traverse`, gives up in `clear`
 * what may be part of a cycle, and in `destroy` all of them: setting them to
 * NULL first, or with KAA_CLEAR(); without `destroy`, `clear` is called at the
 * end. The collector knows that each instance holds its type. Slots not given
 * are inherited from the base; a name that has a slot ("__len__") may not stand
 * in `methods`, `members` or `properties`.
 *
 * Slots return what the operation of the same name in kaa/context.h returns;
 * where they are asked for an operation that they do not know with these
 * operands they return kaa_not_implemented(). */
typedef struct kaa_type_spec {
    uint32_t size;    /**< sizeof(kaa_type_spec) in the caller. */
    uint32_t flags;   /**< KAA_TYPE_* bits. */
    const char *name; /**< "module.Name" or "Name". */
    const char *doc;
    size_t data_bytes;
    const kaa_method *methods;
    const kaa_member *members;
    const kaa_property *properties;

    /** References in the data. No object may be used: the collector looks. */
    int (*traverse)(void *data, kaa_visit visit, void *arg);
    /** Gives up references that may be part of a cycle. May be called more than
     * once, and on data whose `init` failed or never ran. */
    void (*clear)(kaa_context *ctx, void *data);
    /** Called once, before the instance is destroyed, in cycles too; may
     * resurrect it. A pending error is kept from it. */
    void (*finalize)(kaa_context *ctx, kaa_object *self);
    /** The end of the data: frees what C code owns. Must not fail. */
    void (*destroy)(kaa_context *ctx, void *data);

    /** After creation; NULL: takes no arguments. 0, or -1. */
    int (*init)(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
                size_t nargs, kaa_object *kwnames);

    kaa_object *(*repr)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*str)(kaa_context *ctx, kaa_object *self);
    /** -1 is an error only while one is pending. */
    int64_t (*hash)(kaa_context *ctx, kaa_object *self);
    /** `op` is a kaa_comparison. */
    kaa_object *(*compare)(kaa_context *ctx, kaa_object *self,
                           kaa_object *other, int op);
    int (*truth)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*call)(kaa_context *ctx, kaa_object *self,
                        kaa_object *const *args, size_t nargs,
                        kaa_object *kwnames);

    /** Instead of the usual look-up, which is kaa_generic_get_attr(). */
    kaa_object *(*get_attr)(kaa_context *ctx, kaa_object *self,
                            kaa_object *name);
    /** `value` NULL: delete. See kaa_generic_set_attr(). */
    int (*set_attr)(kaa_context *ctx, kaa_object *self, kaa_object *name,
                    kaa_object *value);

    kaa_object *(*iter)(kaa_context *ctx, kaa_object *self);
    /** NULL without an error: the end. */
    kaa_object *(*next)(kaa_context *ctx, kaa_object *self);

    ptrdiff_t (*length)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*get_item)(kaa_context *ctx, kaa_object *self,
                            kaa_object *key);
    /** `value` NULL: delete. */
    int (*set_item)(kaa_context *ctx, kaa_object *self, kaa_object *key,
                    kaa_object *value);
    int (*contains)(kaa_context *ctx, kaa_object *self, kaa_object *item);

    /** `op` is a kaa_operator. Either operand may be of this type. */
    kaa_object *(*binary)(kaa_context *ctx, kaa_object *left, kaa_object *right,
                          int op);
    /** `left op= right`; the result replaces left. NULL: as `binary`. */
    kaa_object *(*inplace)(kaa_context *ctx, kaa_object *left,
                           kaa_object *right, int op);
    /** `op` is a kaa_unary_operator. */
    kaa_object *(*unary)(kaa_context *ctx, kaa_object *self, int op);
    kaa_object *(*to_int)(kaa_context *ctx, kaa_object *self);
    kaa_object *(*to_float)(kaa_context *ctx, kaa_object *self);
    /** The same as an int without loss, for indices. */
    kaa_object *(*index)(kaa_context *ctx, kaa_object *self);

    /** Fills *buffer but for `owner`, which the caller sets. 0, or -1. */
    int (*get_buffer)(kaa_context *ctx, kaa_object *self, kaa_buffer *buffer,
                      int request);
    /** NULL: nothing is to be done. */
    void (*release_buffer)(kaa_context *ctx, kaa_object *self,
                           kaa_buffer *buffer);
} kaa_type_spec;

KAA_END_DECLS

#endif /* KAA_OBJECT_H */
