/* kaa/library.h - shared libraries: opening them, finding symbols.
 *
 * Libraries are opened by name ("libz.so.1", "z"), by path (anything with a
 * slash) or as NULL, the program itself with all that it has loaded. Where the
 * loader refuses, kaa looks itself: which file it would have taken, and which
 * file in the tree of its dependencies is missing or not of this machine.
 *
 * Threads: every function may be called by any thread at any time. A library
 * is never unmapped from the process: code of it may still run.
 */
#ifndef KAA_LIBRARY_H
#define KAA_LIBRARY_H

#include <kaa/decl.h>

KAA_BEGIN_DECLS

/** An open library. Opaque. */
typedef struct kaa_library kaa_library;

/** Any C function. Convert to its true type before calling it directly. */
typedef void (*kaa_function)(void);

/** Bits of kaa_library_options::flags. */
enum {
    KAA_LIBRARY_GLOBAL = 1u << 0, /**< Its symbols serve libraries opened later
                                       (RTLD_GLOBAL). */
    KAA_LIBRARY_NOW = 1u << 1,    /**< Resolve everything when opening
                                       (RTLD_NOW): the default. */
    KAA_LIBRARY_LAZY = 1u << 2,   /**< Resolve a function when it is called
                                       (RTLD_LAZY). One that resolves nowhere
                                       then ends the process. */
};

/** Choices for opening. All zero but `size` means the defaults. */
typedef struct kaa_library_options {
    uint32_t size;  /**< sizeof(kaa_library_options) in the caller. */
    uint32_t flags; /**< KAA_LIBRARY_* bits; an unknown bit is refused. */
} kaa_library_options;

/**
 * Opens a library. A bare name without ".so" is tried as it is and as
 * "lib<name>.so", then as the newest "lib<name>.so.<n>" that the loader knows.
 *
 * @param name     NULL: the program itself.
 * @param options  NULL for the defaults.
 *
 * @owns   The caller owns *out_library.
 * @gil    any
 * @fails  KAA_NO_LIBRARY: the message names the file or the dependency that is
 *         missing, or the symbol of it that resolves nowhere;
 *         kaa_library_explain() tells where was looked;
 *         KAA_INVALID_ARGUMENT, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status
kaa_library_open(const char *name, const kaa_library_options *options,
                 kaa_library **out_library, kaa_error *err);

/**
 * Frees the handle; the code stays mapped. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_library_close(kaa_library *library);

/**
 * The file that was opened, as the loader names it; "" for the program itself.
 *
 * @owns   As long as `library` lives.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_library_path(const kaa_library *library);

/**
 * Finds a symbol.
 *
 * @param out_address  Not written on failure. A symbol's value may be NULL.
 *
 * @gil    any
 * @fails  KAA_NO_SYMBOL, with the nearest name the library has, if any is near;
 *         KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_library_symbol(const kaa_library *library,
                                                    const char *name,
                                                    void **out_address,
                                                    kaa_error *err);

/**
 * Finds the symbols of all functions and variables that `decl` declares.
 *
 * @param addresses    kaa_decl_count(decl) places: the address, or NULL for
 *                     items without a symbol and for symbols not found.
 * @param out_missing  Receives how many were not found; never NULL. Items with
 *                     KAA_DECL_STATIC or KAA_DECL_WEAK that are not found do
 *                     not count.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_library_bind(const kaa_library *library,
                                                  const kaa_decl *decl,
                                                  void **addresses,
                                                  size_t *out_missing,
                                                  kaa_error *err);

/**
 * Explains why a library cannot be opened: the names tried, the directories
 * searched in the loader's order, and the tree of dependencies down to what is
 * missing, as text of several lines. Opens nothing, runs nothing.
 *
 * @return the length of the whole text, without the NUL.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_library_explain(const char *name, char *buffer, size_t size);

KAA_END_DECLS

#endif /* KAA_LIBRARY_H */
