/* kaa/base.h - what every header of kaa shares: status, error, annotations.
 *
 * A function that can fail returns a kaa_status and describes the failure in a
 * kaa_error that the caller owns:
 *
 *     kaa_error err = {0};
 *     if (kaa_library_open("libz.so.1", NULL, &library, &err) != KAA_OK)
 *         fputs(err.message, stderr);
 *
 * `err` may always be NULL. On failure nothing but `*err` is written; on
 * success `*err` is not touched. Errors never allocate, jump or print.
 *
 * Every declaration says, in this order: `@owns` who frees what, `@gil` whether
 * a runtime's lock must be `held`, must be `free`, or `any`, `@fails` with
 * which statuses, `@since` the first release. "Threads" in a header's opening
 * essay says which calls may run at once. Sizes are bytes and times are
 * nanoseconds where the name does not say otherwise.
 */
#ifndef KAA_BASE_H
#define KAA_BASE_H

#include <stddef.h>
#include <stdint.h>

#include <kaa/version.h>

#ifdef __cplusplus
#define KAA_BEGIN_DECLS extern "C" {
#define KAA_END_DECLS }
#else
#define KAA_BEGIN_DECLS
#define KAA_END_DECLS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define KAA_API __attribute__((visibility("default")))
#define KAA_NODISCARD __attribute__((warn_unused_result))
#define KAA_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define KAA_API
#define KAA_NODISCARD
#define KAA_PRINTF(text, first)
#endif

KAA_BEGIN_DECLS

/** Whether and why a call failed. An int32_t in every public structure. */
typedef enum kaa_status {
#define KAA_STATUS(name, number, text, python) KAA_##name = (number),
#include <kaa/status.def>
#undef KAA_STATUS
} kaa_status;

/** kaa_error::argument where no argument is at fault. */
#define KAA_NO_ARGUMENT UINT32_MAX

/** What failed, and why. 256 bytes, the caller's. */
typedef struct kaa_error {
    int32_t status;    /**< A kaa_status. */
    uint32_t argument; /**< The argument at fault, from 0; KAA_NO_ARGUMENT. */
    uint32_t line;     /**< In a text: the line, from 1; 0 if not in a text. */
    uint32_t column;   /**< In a text: the byte in the line, from 1; or 0. */
    char message[240]; /**< NUL-terminated UTF-8, cut where it is too long. */
} kaa_error;

/**
 * Names a status as the header does: "KAA_NO_MEMORY".
 *
 * @owns   A string constant; "KAA_UNKNOWN" for a number that is no status.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_status_name(int32_t status);

/**
 * Says in a few words what a status means: "out of memory".
 *
 * @owns   A string constant.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_status_text(int32_t status);

/**
 * Names the Python built-in exception that a status resembles: "MemoryError".
 *
 * @owns   A string constant; "" for KAA_OK.
 * @gil    any
 * @since  0.1
 */
KAA_API const char *kaa_status_python(int32_t status);

/**
 * Gives the version of the library that is running, as
 * major * 1000000 + minor * 1000 + patch.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_version_number(void);

KAA_END_DECLS

#endif /* KAA_BASE_H */
