/* kaa/runtime.h - a runtime of kaa's own: objects without a Python.
 *
 *     kaa_runtime *runtime = NULL;
 *     kaa_context *ctx = NULL;
 *     kaa_error err = {0};
 *
 *     if (kaa_runtime_create(NULL, &runtime, &err) != KAA_OK ||
 *         kaa_runtime_attach(runtime, "main", &ctx, &err) != KAA_OK)
 *         return fail(err.message);
 *     ... kaa_list_new(ctx, 0) ...         // see kaa/context.h
 *     kaa_runtime_detach(ctx);
 *     kaa_runtime_destroy(runtime, NULL, NULL);
 *
 *     runtime   heap | objects | collector | GIL      as many as you like
 *     context   one for each thread that is attached to it
 *
 * Runtimes share nothing: they run in parallel, and an object of one must never
 * be used in another. In a runtime one thread at a time holds the GIL, from
 * kaa_runtime_attach() to kaa_runtime_detach(), but for
 * kaa_begin_allow_threads(), and for the turns that kaa_poll() and allocations
 * let others have.
 *
 * An object ends when its last reference is given up, on the spot, however deep
 * it is: nothing recurses. References that form a cycle are found by the
 * collector: kaa/gc.h. An object that ends: its weak references are cleared and
 * called back, after its finaliser has run (once; it may bring the object back
 * to life), then its data are destroyed, then its memory is freed.
 *
 * Fork: in the child the thread that forked goes on, the GIL held if it was;
 * runtimes in which other threads held the GIL may only be destroyed.
 */
#ifndef KAA_RUNTIME_H
#define KAA_RUNTIME_H

#include <kaa/context.h>
#include <kaa/gil.h>
#include <kaa/heap.h>

KAA_BEGIN_DECLS

/** A runtime. Opaque. */
typedef struct kaa_runtime kaa_runtime;

/** kaa_runtime_options::flags. */
enum {
    KAA_RUNTIME_DEBUG = 1u << 0, /**< A debug heap and a debug lock. Slow. */
    KAA_RUNTIME_SITES = 1u << 1, /**< Remember for each object who made it, for
                                      the report of leaks. Slow. */
    KAA_RUNTIME_COLLECT_ALWAYS = 1u << 2, /**< A full collection at every
                                               allocation. Very slow. */
    KAA_RUNTIME_NO_COLLECTOR = 1u << 3,   /**< Begin with the collector off. */
    KAA_RUNTIME_HUGE_PAGES = 1u << 4,     /**< See KAA_HEAP_HUGE_PAGES. */
};

/** Choices for a runtime. All zero but `size` means the defaults. */
typedef struct kaa_runtime_options {
    uint32_t size;        /**< sizeof(kaa_runtime_options) in the caller. */
    uint32_t flags;       /**< KAA_RUNTIME_* bits; an unknown bit is refused. */
    const char *name;     /**< For messages; copied. NULL: "runtime". */
    uint64_t bytes_limit; /**< Of the heap; then MemoryError. 0: no limit. */
    uint64_t interval_ns; /**< The GIL's switch interval; 0: 5 ms. */
    uint64_t hash_seed;   /**< Of str and bytes; 0: a random one. */
    uint32_t depth_limit; /**< Calls within calls, before RecursionError; 0:
                               1000. */
    uint32_t reserved;    /**< Zero. */
    /** Is told of exceptions that nobody can be given; the text is one message
     * with traceback. NULL: stderr. */
    void (*unraisable)(const char *text, void *user);
    /** Is told of misuse that a debug runtime finds. NULL: one line on stderr,
     * and abort(). */
    void (*misuse)(const char *text, void *user);
    void *user;        /**< For both. */
    const char *check; /**< The modules that are imported checked, as
                            KAA_CHECK has them: see kaa/checked.h. Copied. NULL:
                            those of KAA_CHECK alone. */
} kaa_runtime_options;

/** One kind of what was left, of one type from one site. */
typedef struct kaa_runtime_leak {
    uint32_t size; /**< sizeof(kaa_runtime_leak) in the library. */
    uint32_t reserved;
    const char *type;    /**< The name of the type. */
    const char *site;    /**< "module.so+0x12a4 (function)"; NULL if unknown. */
    uint64_t objects;    /**< How many. */
    uint64_t bytes;      /**< Of their blocks. */
    uint64_t held;       /**< How many of them C code still holds: with more
                              references than were found inside the heap. */
    uint64_t references; /**< How many references those are, beyond what was
                              found. */
    const char *example; /**< The repr of one of those held, without running
                              code of its own; or NULL. */
} kaa_runtime_leak;

/** What kaa_runtime_destroy() tells. */
typedef struct kaa_runtime_report {
    uint32_t size; /**< sizeof(kaa_runtime_report) in the caller. */
    uint32_t reserved;
    /** Called for each kind, those held first, most objects first; the leak is
     * valid during the call. NULL: only the sums are wanted. */
    void (*leak)(const kaa_runtime_leak *leak, void *user);
    void *user;
    uint64_t objects;    /**< Filled in: objects left, builtin ones aside. */
    uint64_t bytes;      /**< Filled in. */
    uint64_t held;       /**< Filled in: objects that C code still holds. */
    uint64_t references; /**< Filled in: the references it holds. */
} kaa_runtime_report;

/**
 * Makes a runtime. No thread is attached to it.
 *
 * @param options  NULL for the defaults.
 *
 * @owns   The caller owns *out_runtime.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED, KAA_NO_MEMORY, KAA_SYSTEM
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_runtime_create(const kaa_runtime_options *options,
                   kaa_runtime **out_runtime, kaa_error *err);

/**
 * Ends a runtime and all its objects. Modules are told first, garbage is
 * collected and finalisers run; what is left then, because C code holds it, is
 * reported, its data destroyed, and its memory taken back. Without a report and
 * without objects that need a call at their end, this takes time by pages, not
 * by objects. No other thread may be attached; the caller may be, once. NULL is
 * allowed.
 *
 * @param report  NULL, or what to tell, and where.
 *
 * @gil    any
 * @fails  KAA_MISUSE if other threads are attached, or the caller more than
 * once, or from within a call or the runtime's own end; KAA_UNSUPPORTED for a
 * report of another size: nothing has changed. KAA_NO_MEMORY for the last
 * collection or the report: all the same the runtime has ended
 * @since  0.1
 */
KAA_API kaa_status kaa_runtime_destroy(kaa_runtime *runtime,
                                       kaa_runtime_report *report,
                                       kaa_error *err);

/**
 * Attaches the calling thread and takes the GIL. May be repeated: the same
 * context comes back, and as many detachments are needed.
 *
 * @param name  Of the thread, for messages; copied. NULL: "thread".
 *
 * @owns   *out_ctx lives until the last kaa_runtime_detach().
 * @gil    any; held on return
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY, KAA_DEADLOCK; KAA_MISUSE while
 * the runtime is being destroyed
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_runtime_attach(kaa_runtime *runtime,
                                                    const char *name,
                                                    kaa_context **out_ctx,
                                                    kaa_error *err);

/**
 * Undoes one kaa_runtime_attach(). The last one lets the GIL go; an exception
 * that is still pending is told to `unraisable`. NULL is allowed.
 *
 * @gil    held
 * @since  0.1
 */
KAA_API void kaa_runtime_detach(kaa_context *ctx);

/**
 * Closes a runtime: from now on it refuses threads that are not attached
 * (kaa_runtime_attach() fails, kaa_thread_enter() gives NULL), and what is here
 * waited for is that no other thread is attached. Then kaa_runtime_destroy()
 * can be called while threads still try to come in. The runtime stays closed.
 *
 * @param timeout_ns  How long to wait, in nanoseconds; UINT64_MAX: for ever.
 *
 * @gil    any; let go while waiting, if it is held
 * @fails  KAA_MISUSE: threads are still attached when the time is over;
 *         KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_runtime_close(kaa_runtime *runtime,
                                                   uint64_t timeout_ns,
                                                   kaa_error *err);

/**
 * The runtime of a native context; NULL for one of a Python.
 *
 * @owns   Borrowed.
 * @gil    any
 * @since  0.1
 */
KAA_API kaa_runtime *kaa_runtime_of(kaa_context *ctx);

/**
 * Adds a directory to those in which an import looks for NAME.kaa.so: first in
 * these, in the order they were added, then in those that KAA_PATH in the
 * environment names, separated by colons. A name with a slash is the file's
 * path. A runtime has one module of a name; importing it again gives the same
 * one. Names have no dots: there are no packages here.
 *
 * @param path  Copied.
 *
 * @gil    held
 * @fails  KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_runtime_add_path(kaa_context *ctx,
                                                      const char *path,
                                                      kaa_error *err);

/**
 * The runtime's heap, for its figures; see kaa/heap.h.
 *
 * @owns   Borrowed.
 * @gil    any
 * @since  0.1
 */
KAA_API kaa_heap *kaa_runtime_heap(kaa_runtime *runtime);

/**
 * The runtime's GIL, for its figures; see kaa/gil.h.
 *
 * @owns   Borrowed.
 * @gil    any
 * @since  0.1
 */
KAA_API kaa_gil *kaa_runtime_gil(kaa_runtime *runtime);

/**
 * The pending exception as "Type: message", cut to fit; "" if there is none.
 * The exception stays pending. For programs that only want to print it.
 *
 * @return the length of the whole text.
 * @gil    held
 * @since  0.1
 */
KAA_API size_t kaa_runtime_error_text(kaa_context *ctx, char *buffer,
                                      size_t size);

/**
 * Checks the runtime's own structures: heap, lock, reference counts that are
 * lower than the references found, dicts and sets.
 *
 * @gil    held
 * @fails  KAA_CORRUPT, saying what is wrong
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_runtime_verify(kaa_context *ctx,
                                                    kaa_error *err);

KAA_END_DECLS

#endif /* KAA_RUNTIME_H */
