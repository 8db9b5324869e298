/* kaa/preprocess.h - the C preprocessor: from a header to text for kaa_decl.
 *
 *     kaa_preprocess_run("#include <zlib.h>", 17, NULL, &result, &err);
 *     text = kaa_preprocess_text(result, &length);
 *
 * Conditionals, #include (and #include_next, #import, #pragma once), macros
 * with # and ##, __VA_ARGS__ and __VA_OPT__, _Pragma, #line, #error: C11's
 * translation phases 1 to 4, with what C23 and GNU add. The result is what
 * `cc -E` prints, token for token: line markers say where each line comes from.
 *
 * No compiler is needed. The predefined macros and the folders of headers are
 * those of the compiler that built kaa, recorded then (in a wheel the folders
 * that its systems have); the headers that a compiler brings itself (stddef.h,
 * stdarg.h, limits.h, ...) are in the library, under names that begin with
 * "<kaa>/".
 *
 * Any bytes may be given: nesting, the size of the result and the work that
 * macros ask for are bounded.
 *
 * Threads: any; a result is immutable.
 */
#ifndef KAA_PREPROCESS_H
#define KAA_PREPROCESS_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** Preprocessed text. Opaque, immutable. */
typedef struct kaa_preprocess_result kaa_preprocess_result;

/** Bits of kaa_preprocess_options::flags. */
enum {
    KAA_PREPROCESS_MACROS = 1u << 0, /**< Behind the text, one #define a macro
                  of the headers, its body expanded as at the end of the text.
                  Of one with parameters these stand for themselves. */
    KAA_PREPROCESS_NO_PREDEFINED = 1u << 1,  /**< Only __FILE__ and the like. */
    KAA_PREPROCESS_NO_OWN_HEADERS = 1u << 2, /**< No "<kaa>/stddef.h". */
    KAA_PREPROCESS_DEFINITIONS = 1u << 3,    /**< Behind the text, one #define a
                     macro of the headers, its body as it was written. */
};

/** Choices. All zero but `size` means the defaults. */
typedef struct kaa_preprocess_options {
    uint32_t size;    /**< sizeof(kaa_preprocess_options). */
    uint32_t flags;   /**< KAA_PREPROCESS_* bits. */
    const char *name; /**< What the text is called; "<text>". Relative
           #include "..." is looked up in its folder. */
    const char *const *include_dirs; /**< Searched first, in this order. */
    const char *const *system_dirs;  /**< NULL: those that were recorded. */
    const char *const *defines;   /**< "NAME", "NAME=body", "NAME(x)=body". */
    const char *const *undefines; /**< Names, after all defines. */
    uint32_t include_dir_count;
    uint32_t system_dir_count;
    uint32_t define_count;
    uint32_t undefine_count;
    const char *predefined; /**< #define lines in place of those recorded. */
} kaa_preprocess_options;

/**
 * Preprocesses `text`.
 *
 * @param text     `length` bytes, need not end in NUL, may hold any bytes.
 * @param options  NULL for the defaults.
 *
 * @owns   The caller owns *out; `text` and the options are not kept.
 * @gil    any
 * @fails  KAA_SYNTAX with the line, and in the message "file:line: ", for what
 *         a preprocessor refuses: a header that is not found, #error, a bad
 *         #if, an #endif too many, an invocation without its ')';
 *         KAA_UNSUPPORTED for #embed; KAA_LIMIT where includes, conditions or
 *         macros nest too deep or expand to too much; KAA_SYSTEM for a file
 *         that cannot be read; KAA_INVALID_ARGUMENT, KAA_NO_MEMORY.
 * @since  0.2
 */
KAA_API KAA_NODISCARD kaa_status kaa_preprocess_run(
    const char *text, size_t length, const kaa_preprocess_options *options,
    kaa_preprocess_result **out, kaa_error *err);

/**
 * The text, NUL-terminated.
 *
 * @owns   As long as `result` lives.
 * @gil    any
 * @since  0.2
 */
KAA_API const char *kaa_preprocess_text(const kaa_preprocess_result *result,
                                        size_t *out_length);

/**
 * The file at a place, from 0, in the order in which they were first read;
 * NULL beyond the last. kaa's own headers have names that begin with "<kaa>/".
 *
 * @owns   As long as `result` lives.
 * @gil    any
 * @since  0.2
 */
KAA_API const char *kaa_preprocess_file(const kaa_preprocess_result *result,
                                        size_t index);

/**
 * Frees a result. NULL is allowed.
 *
 * @gil    any
 * @since  0.2
 */
KAA_API void kaa_preprocess_destroy(kaa_preprocess_result *result);

/**
 * The predefined macros that were recorded, as #define lines.
 *
 * @owns   A constant.
 * @gil    any
 * @since  0.2
 */
KAA_API const char *kaa_preprocess_predefined(void);

/**
 * The folder at a place, from 0, in which headers are looked up by default;
 * NULL beyond the last.
 *
 * @owns   A constant.
 * @gil    any
 * @since  0.2
 */
KAA_API const char *kaa_preprocess_system_dir(size_t index);

KAA_END_DECLS

#endif /* KAA_PREPROCESS_H */
