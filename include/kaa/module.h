/* kaa/module.h - all that an extension module includes.
 *
 *     #include <kaa/module.h>
 *
 *     static kaa_object *
 *     greet(kaa_context *ctx, kaa_object *self, kaa_object *const *args,
 *           size_t nargs)
 *     {
 *         const char *name;
 *
 *         (void)self;
 *         if (!kaa_parse_args(ctx, args, nargs, "s:greet", &name))
 *             return NULL;
 *         return kaa_str_format(ctx, "Hello, %s", name);
 *     }
 *
 *     static const kaa_method methods[] = {
 *         {"greet", greet, KAA_VARARGS, 0, "greet(name)\n--\n\nA greeting.",
 *          NULL},
 *         KAA_FUNCTION("double hypot3(double x, double y, double z)", hypot3,
 *                      "The length of a vector."),
 *         KAA_METHODS_END,
 *     };
 *
 *     KAA_MODULE(example, .doc = "An example.", .methods = methods);
 *
 * It is built as a plain shared library, example.kaa.so, that links nothing.
 * `import kaa.importer` makes it importable in every CPython from 3.9 on; C
 * programs get it by kaa_import(). A module file exports one symbol, the
 * definition below; nothing in it is called before magic, ABI and sizes are
 * checked.
 *
 * A definition may be used in several runtimes or interpreters at once: what a
 * module keeps it keeps in its state (`state_bytes`), not in variables.
 */
#ifndef KAA_MODULE_H
#define KAA_MODULE_H

#include <kaa/context.h>

KAA_BEGIN_DECLS

/** kaa_module_def::magic: "kaa module" in 8 bytes. */
#define KAA_MODULE_MAGIC UINT64_C(0x006d2061616b0d0a)

/** The ABI of this header: a file is refused if it is of another major one. */
#define KAA_MODULE_ABI_MAJOR 0u
/** Grows with the table of a context and the structures of kaa/object.h. */
#define KAA_MODULE_ABI_MINOR 1u

/** A constant of a module. A table ends with an entry whose name is NULL. */
typedef struct kaa_constant {
    const char *name;
    int64_t integer;
    double number;    /**< Used if kind is 'd'. */
    const char *text; /**< Used if kind is 's'. */
    uint32_t kind;    /**< 'i', 'd' or 's'. */
    uint32_t reserved;
} kaa_constant;

/** Entries of a table of constants. */
#define KAA_CONSTANT_INT(name, value)                                          \
    {                                                                          \
        (name), (value), 0.0, NULL, 'i', 0                                     \
    }
#define KAA_CONSTANT_DOUBLE(name, value)                                       \
    {                                                                          \
        (name), 0, (value), NULL, 'd', 0                                       \
    }
#define KAA_CONSTANT_TEXT(name, value)                                         \
    {                                                                          \
        (name), 0, 0.0, (value), 's', 0                                        \
    }
#define KAA_CONSTANTS_END                                                      \
    {                                                                          \
        NULL, 0, 0.0, NULL, 0, 0                                               \
    }

/** kaa_module_def::flags. */
enum {
    KAA_MODULE_NO_GIL = 1u << 0, /**< Free-threaded Pythons need not lock: the
                                      module is safe on threads at once. */
};

/** What a module is. Made by KAA_MODULE(). */
typedef struct kaa_module_def {
    uint64_t magic;                /**< KAA_MODULE_MAGIC */
    uint32_t size;                 /**< sizeof(kaa_module_def) in the module. */
    uint32_t abi_major;            /**< KAA_MODULE_ABI_MAJOR */
    uint32_t abi_minor;            /**< The table must be at least so new. */
    uint32_t flags;                /**< KAA_MODULE_* bits. */
    size_t api_bytes;              /**< sizeof(kaa_api) in the module. */
    size_t spec_bytes;             /**< sizeof(kaa_type_spec) in the module. */
    const char *name;              /**< The last part of the module's name. */
    const char *doc;               /**< May be NULL. */
    const kaa_method *methods;     /**< May be NULL. */
    const kaa_constant *constants; /**< May be NULL. */
    /** Ends with NULL; may be NULL. Each becomes an attribute, by the last part
     * of its name. Types with a base are made in `exec`: kaa_type_new(). */
    const kaa_type_spec *const *types;
    size_t state_bytes; /**< Of zeros; see kaa_module_state(). */
    /** Fills the module. May be NULL. 0, or -1: the import fails. */
    int (*exec)(kaa_context *ctx, kaa_object *module);
    /** References in the state. */
    int (*traverse)(void *state, kaa_visit visit, void *arg);
    /** Gives up the references in the state; may be called more than once. */
    void (*clear)(kaa_context *ctx, void *state);
    /** The end of the state. */
    void (*destroy)(kaa_context *ctx, void *state);
} kaa_module_def;

/** The name of the one symbol. */
#define KAA_MODULE_SYMBOL "kaa_module_definition"

#ifdef __cplusplus
#define KAA_MODULE_EXPORT extern "C" KAA_API
#else
#define KAA_MODULE_EXPORT extern KAA_API
#endif

/**
 * Defines the module of a file: KAA_MODULE(name, .methods = methods, ...).
 *
 * C++ has such initialisers only since C++20, and in the members' order, so
 * there the members are set by a function, in any order:
 *
 *     KAA_MODULE(name, [](kaa_module_def &module) {
 *         module.doc = "An example.";
 *         module.methods = methods;
 *     })
 *
 * and kaa_type_spec likewise by kaa_make_type_spec().
 */
#ifdef __cplusplus
#define KAA_MODULE(module_name, ...)                                           \
    KAA_MODULE_EXPORT const kaa_module_def kaa_module_definition;              \
    const kaa_module_def kaa_module_definition =                               \
        kaa_make_module_def(#module_name, __VA_ARGS__);
#else
#define KAA_MODULE(module_name, ...)                                           \
    KAA_MODULE_EXPORT const kaa_module_def kaa_module_definition;              \
    const kaa_module_def kaa_module_definition = {                             \
        .magic = KAA_MODULE_MAGIC,                                             \
        .size = sizeof(kaa_module_def),                                        \
        .abi_major = KAA_MODULE_ABI_MAJOR,                                     \
        .abi_minor = KAA_MODULE_ABI_MINOR,                                     \
        .api_bytes = sizeof(kaa_api),                                          \
        .spec_bytes = sizeof(kaa_type_spec),                                   \
        .name = #module_name,                                                  \
        __VA_ARGS__}
#endif

/** What a converter of `O&` returns for success if it is to be called again
 * with NULL for the object where a later argument fails: to undo what it did.
 */
#define KAA_CLEANUP_SUPPORTED 0x20000

/**
 * Takes positional arguments apart by a format, into the variables that follow;
 * 1, or 0 with an exception pending. The units are those of PyArg_ParseTuple:
 * s z y s# z# y# p b B h H i I l k L K n c C f d D S U O O! O& s* z* y* w*
 * (items) | : ; -- what each stores stands in lib/args/README.md.
 */
static inline int
kaa_parse_args(kaa_context *ctx, kaa_object *const *args, size_t nargs,
               const char *format, ...)
{
    va_list out;
    int result;

    va_start(out, format);
    result = ctx->api->parse_args_v(ctx, args, nargs, format, out);
    va_end(out);
    return result;
}

/**
 * The same with keywords: `names` has a name for each unit and ends with NULL;
 * "" is a positional-only one. Units after `$` are keyword-only.
 */
static inline int
kaa_parse_keywords(kaa_context *ctx, kaa_object *const *args, size_t nargs,
                   kaa_object *kwnames, const char *format,
                   const char *const *names, ...)
{
    va_list out;
    int result;

    va_start(out, names);
    result = ctx->api->parse_keywords_v(ctx, args, nargs, kwnames, format,
                                        names, out);
    va_end(out);
    return result;
}

/**
 * Builds an object from C values, by a format as that of Py_BuildValue; "" is
 * None, several units are a tuple. A NULL object for O or N makes it fail with
 * what is pending; N takes the reference over, also on failure.
 */
static inline kaa_object *
kaa_build(kaa_context *ctx, const char *format, ...)
{
    va_list values;
    kaa_object *result;

    va_start(values, format);
    result = ctx->api->build_v(ctx, format, values);
    va_end(values);
    return result;
}

KAA_END_DECLS

#ifdef __cplusplus
/** What KAA_MODULE() defines: `fill` is called with the rest left 0. */
template <class Fill>
inline kaa_module_def
kaa_make_module_def(const char *name, Fill fill)
{
    kaa_module_def made = kaa_module_def();

    made.magic = KAA_MODULE_MAGIC;
    made.size = sizeof(kaa_module_def);
    made.abi_major = KAA_MODULE_ABI_MAJOR;
    made.abi_minor = KAA_MODULE_ABI_MINOR;
    made.api_bytes = sizeof(kaa_api);
    made.spec_bytes = sizeof(kaa_type_spec);
    made.name = name;
    fill(made);
    return made;
}

/** A type's spec, filled by `fill` but for its size and name. */
template <class Fill>
inline kaa_type_spec
kaa_make_type_spec(const char *name, Fill fill)
{
    kaa_type_spec made = kaa_type_spec();

    made.size = sizeof(kaa_type_spec);
    made.name = name;
    fill(made);
    return made;
}
#endif

#endif /* KAA_MODULE_H */
