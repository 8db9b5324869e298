/* kaa/cpython.h - the bridge into a running CPython.
 *
 * Meant for kaa's Python package, which loads libkaa with ctypes and hands it a
 * handle of the interpreter; C programs have no use for it. Nothing of kaa is
 * compiled against CPython: the functions are looked up when the bridge is
 * attached, layouts of objects are believed only after a probe, and where a
 * probe fails the documented function is called instead.
 *
 * Objects of the interpreter are `void *` here. Every function but
 * kaa_cpython_close() must be called with the interpreter's own GIL held (as
 * ctypes.PyDLL does) and, as CPython's functions do, returns a new reference or
 * leaves a Python exception pending and returns NULL.
 */
#ifndef KAA_CPYTHON_H
#define KAA_CPYTHON_H

#include <kaa/call.h>
#include <kaa/closure.h>
#include <kaa/context.h>

KAA_BEGIN_DECLS

/** One interpreter, as kaa sees it. Opaque; lives as long as the process. */
typedef struct kaa_cpython kaa_cpython;

/** Bits of kaa_cpython_options::flags. */
enum {
    KAA_CPYTHON_NO_LAYOUT = 1u << 0, /**< Believe no layout: only documented
                                          functions (for tests). */
};

/** What kaa needs to know of the interpreter. References are borrowed during
 * the call; kaa takes its own. */
typedef struct kaa_cpython_options {
    uint32_t size;  /**< sizeof(kaa_cpython_options) in the caller. */
    uint32_t flags; /**< KAA_CPYTHON_* bits; an unknown bit is refused. */
    void *handle;   /**< dlopen handle in which the interpreter's functions are
                         found; NULL: the program itself. */
    uint64_t header_size;   /**< object.__basicsize__ */
    uint32_t version;       /**< sys.hexversion >> 16: 0x030b for 3.11. */
    uint32_t free_threaded; /**< 1: a build without GIL: no field is read. */
    void *function_base;    /**< A class with empty __slots__, the base of
                                 bound functions. */
    void *cdata;            /**< ctypes' common base class, _CData. */
    void *byref_type;       /**< type(ctypes.byref(...)) */
    void *pointer_base;     /**< ctypes._Pointer */
    void *function_pointer_base; /**< ctypes._CFuncPtr */
    void *hooks;  /**< An object with the slow paths, methods written in Python:
                       class_of(library, ctype), enum_of(library, ctype),
                       pointer(library, ctype, value, flags),
                       record(library, ctype, value),
                       function(library, ctype, value),
                       variadic(library, ctype, value, flags),
                       addressof(instance), sizeof(instance),
                       error_class(status); the
                       exception class unsupported; and, if it is there,
                       typed(keep, item, address, module, doc), which makes a
                       typed function of an extension module. For C data:
                       data_load(data, layout, number, base),
                       data_store(data, layout, number, base, value),
                       data_init(data, args, keywords),
                       data_point(layout, value), which gives (address, owner),
                       data_no_member(layout, name) and data_null(layout),
                       which raise, data_get_item(data, key) and
                       data_set_item(data, key, value). symbol(library, name)
                       gives the address of a function that [[kaa::free]] at a
                       parameter names. */
    void *sample; /**< A ctypes instance, to probe layouts with. */
    void *sample_byref;      /**< ctypes.byref(sample) */
    uint64_t sample_address; /**< ctypes.addressof(sample) */
    uint64_t sample_size;    /**< ctypes.sizeof(sample), no common number */
} kaa_cpython_options;

/**
 * Attaches to the interpreter that the calling thread runs.
 *
 * @owns   The host lives as long as the process.
 * @gil    any; the interpreter's own is held
 * @fails  KAA_UNSUPPORTED when the interpreter lacks a function that is needed
 *         (the message names it), KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_cpython_attach(
    const kaa_cpython_options *options, kaa_cpython **out_host, kaa_error *err);

/**
 * Makes a callable of the interpreter's from a C function.
 *
 * @param library  The Python object that owns `item`, its types and its code;
 *                 the function keeps it alive.
 * @param flags    KAA_DECL_HOLD_GIL and KAA_DECL_ERRNO add to the item's own.
 * @param free_function  The address of what [[kaa::free]] names, or NULL.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_function(kaa_cpython *host, void *library,
                                   const kaa_decl_item *item,
                                   kaa_function address, uint32_t flags,
                                   kaa_function free_function);

/**
 * Makes the functions among `count` items from `first` on, and puts each into
 * a dict under its name, unless the name is there already. Left out are items
 * without an address, with [[kaa::free]], or that cannot be called.
 *
 * @param names      The dict, not shared with threads that run without the
 *                   interpreter's lock.
 * @param addresses  What kaa_library_bind() gave for `decl`.
 *
 * @return 0; -1 with an exception pending that is no Exception (Ctrl-C).
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API int kaa_cpython_bind(kaa_cpython *host, void *library, void *names,
                             const kaa_decl *decl, void *const *addresses,
                             size_t first, size_t count);

/**
 * Makes a builtin (builtin_function_or_method) of a function that
 * kaa_cpython_function() made, which is its __self__.
 *
 * @param doc  Its text: the signature, "\n--\n\n", and what it does. Copied at
 *             the first call for a function; later ones are not looked at.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_builtin(kaa_cpython *host, void *function,
                                  const char *doc);

/**
 * Makes a C function pointer from a Python callable: an object with the
 * attribute `address` that keeps the pointer alive.
 *
 * @param signature  A function type of `library`.
 * @param scope      How long C may call it, a KAA_DECL_SCOPE_ number, whether
 * the object is kept or not; KAA_DECL_SCOPE_CALL: as long as the object. Of
 * KAA_DECL_SCOPE_LIBRARY there is one for a callable.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_callback(kaa_cpython *host, void *library,
                                   const kaa_ctype *signature, void *callable,
                                   uint32_t scope);

/** What kaa_cpython_data_class() makes a type of. References are borrowed
 * during the call; the type takes its own. */
typedef struct kaa_cpython_data_options {
    uint32_t size;         /**< sizeof(kaa_cpython_data_options) */
    uint32_t dimensions;   /**< Of an array's buffers; 0 for a record. */
    const kaa_ctype *type; /**< A record, array or pointer type of `library`. */
    void *library;         /**< The Python object that owns the type. */
    void *layout;          /**< What Python knows of it; handed to the hooks. */
    void *base;            /**< A class with empty __slots__: a base. */
    const char *name;      /**< "module.name" */
    const char *doc;       /**< Its __doc__. */
    const char *format;    /**< Of its buffers (PEP 3118); NULL: it has none. */
    const int64_t *shape; /**< The lengths of an array, `dimensions` of them. */
} kaa_cpython_data_options;

/** What kaa_cpython_data_get() tells. */
enum {
    KAA_CPYTHON_DATA_ADDRESS,    /**< Of the bytes; what a pointer points at. */
    KAA_CPYTHON_DATA_OWNER,      /**< What keeps the bytes, or None. */
    KAA_CPYTHON_DATA_LENGTH,     /**< Elements; -1: not known. */
    KAA_CPYTHON_DATA_HAS_MEMORY, /**< Whether the bytes are its own: a bool. */
    KAA_CPYTHON_DATA_KEPT,       /**< What its pointers were set from: a new
                                      dict by address. */
    KAA_CPYTHON_DATA_LAYOUT,     /**< The layout that it was made with. */
    KAA_CPYTHON_DATA_IS_OWNED,   /**< Whether its memory is freed by a function
                                      of C's: an int, 0: no, 1: yes, 2: it has
                                      been. */
};

/**
 * Makes the type whose instances are C data: records, pointers or arrays.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_data_class(kaa_cpython *host,
                                     const kaa_cpython_data_options *options);

/**
 * Tells the layout of a type made by kaa_cpython_data_class(), or derived from
 * one; None for others.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_data_layout(kaa_cpython *host, void *type);

/**
 * Tells something (KAA_CPYTHON_DATA_*) of an instance.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_data_get(kaa_cpython *host, void *instance,
                                   uint32_t what);

/**
 * Makes an instance with memory of its own, all zero, whatever Python code has
 * made of its class's `__new__`.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_data_new(kaa_cpython *host, void *type);

/**
 * Makes an instance for bytes that are somewhere else.
 *
 * @param address  Of the bytes; for a pointer what it points at.
 * @param owner    What keeps them; None: nobody, they are C's.
 * @param length   Elements of an array, or behind a pointer; -1: not known.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_data_view(kaa_cpython *host, void *type,
                                    uint64_t address, void *owner,
                                    int64_t length);

/**
 * Writes a pointer in an instance's bytes, and has the instance keep an object
 * as long as the pointer stands: both as one, whatever other threads do. What
 * was kept before is let go afterwards.
 *
 * @param instance  What keeps for these bytes; None: they are C's, and the host
 *                  keeps.
 * @param at        Where the pointer is.
 * @param address   What is written there.
 * @param object    None: nothing is kept.
 *
 * @return 0; -1 with an exception pending, and nothing is written.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API int kaa_cpython_data_set_pointer(kaa_cpython *host, void *instance,
                                         uint64_t at, uint64_t address,
                                         void *object);

/**
 * Reads a pointer, and what kaa_cpython_data_set_pointer() kept for it, as one.
 *
 * @return (address, object), where the object is None if nothing is kept: a new
 *         reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_data_get_pointer(kaa_cpython *host, void *instance,
                                           uint64_t at);

/**
 * Copies bytes, which may overlap, and with them what is kept for the pointers
 * in them, as one.
 *
 * @param instance  What keeps for the bytes at `to`, as above.
 * @param source    The same for those at `from`; None: nothing is known of
 * them.
 * @param size      In bytes.
 *
 * @return 0; -1 with an exception pending, and nothing is copied.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API int kaa_cpython_data_copy(kaa_cpython *host, void *instance,
                                  uint64_t to, void *source, uint64_t from,
                                  uint64_t size);

/**
 * Frees what an instance's memory belongs to, if [[kaa::free]] says how, and
 * before it what was borrowed from it and is freed too. From then on uses of
 * that memory are refused.
 *
 * @return 1; 0: it had been freed before; 2: nothing is to be freed; -1 with an
 *         exception pending: a buffer shows the memory, or a callback raised.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API int kaa_cpython_data_release(kaa_cpython *host, void *instance);

/**
 * Says that a library keeps what could lead back to its data, like a callback.
 * Until then the interpreter's collector need not see them, from then on it
 * sees all. Callbacks that libkaa makes for arguments say it themselves.
 * Classes that are made later look whether the library's `_closures` has
 * anything.
 *
 * @param library  The Python object that owns the types of the data.
 *
 * @return 1; 0: there was nothing to be done.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API int kaa_cpython_data_track(kaa_cpython *host, void *library);

/**
 * The context of the interpreter: the same each time, for all its threads.
 *
 * @return NULL with an exception pending.
 * @owns   Borrowed; lives as long as the host.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API kaa_context *kaa_cpython_context(kaa_cpython *host);

/**
 * Makes the module of an extension module's file: empty, with its state. The
 * two steps are those of an importer's loader.
 *
 * @param path  Of the file.
 * @param spec  The importlib.machinery.ModuleSpec, whose name the module gets.
 *
 * @return a new reference; NULL with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void *kaa_cpython_module_create(kaa_cpython *host, const char *path,
                                        void *spec);

/**
 * Fills a module that kaa_cpython_module_create() made: methods, constants,
 * types, and then what its definition has for `exec`.
 *
 * @return 0; -1 with an exception pending.
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API int kaa_cpython_module_exec(kaa_cpython *host, void *module);

/**
 * Tells which layouts were believed: bits 0 object type, 1 float, 2 int,
 * 3 bytes, 4 ctypes data pointer, 5 byref, 6 ASCII text.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_cpython_layouts(const kaa_cpython *host);

/**
 * Makes the locks of the bridge free in a child of fork(): threads that held
 * one are not there. For os.register_at_fork(after_in_child=...).
 *
 * @gil    any; the interpreter's own is held
 * @since  0.1
 */
KAA_API void kaa_cpython_after_fork(kaa_cpython *host);

/**
 * Ends all callbacks into the interpreter: from now on they return their error
 * value and touch nothing, but for those in calls that this same thread still
 * makes from Python. For the interpreter's atexit. Waits (at most a
 * second) for callbacks that are about to enter, or are running on other
 * threads.
 *
 * @gil    any; the interpreter's own is not held
 * @since  0.1
 */
KAA_API void kaa_cpython_close(kaa_cpython *host);

KAA_END_DECLS

#endif /* KAA_CPYTHON_H */
