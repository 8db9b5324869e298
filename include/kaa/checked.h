/* kaa/checked.h - the checked context: an extension's reference mistakes.
 *
 *     KAA_CHECK=module[:report|raise|abort|fault|trace|stacks][,...]   in the
 * environment kaa_runtime_options::check                          of a runtime
 *     kaa_checked_select("module:raise", &err)            in a program
 *
 * A module that is chosen when it is imported is called through a table of its
 * own, which keeps a ledger of the references that each call takes and gives.
 * It is the same file; modules that are not chosen run as ever. What is found
 * is told at once and kept for kaa_checked_get(): a result or a released object
 * that the function does not own, a reference that it leaks, an object, a text
 * or a buffer that is used or kept after its time, NULL for an object, NULL
 * without an exception, a result with one pending, data that `traverse` and
 * `destroy` do not know of, buffers, memory and threads that are not given
 * back. An object that is given up dies when the call ends, a little later than
 * without checks.
 *
 * Not seen: references of handles that are values themselves, which in a
 * runtime of kaa's own are small ints, None and the bools; a reference that is
 * leaked while the same object is still reachable from the module's data.
 */
#ifndef KAA_CHECKED_H
#define KAA_CHECKED_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** What happens when a mistake is found. */
enum {
    KAA_CHECKED_REPORT = 0, /**< A line on stderr; the program goes on. */
    KAA_CHECKED_RAISE = 1,  /**< The same, and the call fails: SystemError. */
    KAA_CHECKED_ABORT = 2,  /**< The same, and abort(). */
    KAA_CHECKED_FAULT = 3,  /**< As the first; and each place of the module that
                                 makes a call that may fail sees it fail once,
                                 in a process of its own (fork()), which ends
                                 with the outermost call of the module. */
    KAA_CHECKED_TRACE = 4,  /**< Nothing is checked: each call is counted and
                                 timed, see kaa_checked_uses(). */
    KAA_CHECKED_STACKS = 5, /**< As the first; and of each reference it is noted
                                 by which calls it was taken, which costs some
                                 microseconds each. */
};

/** One mistake; the texts live as long as the process. */
typedef struct kaa_checked_mistake {
    uint32_t size;        /**< sizeof(kaa_checked_mistake) in the caller. */
    uint32_t reserved;    /**< Zero. */
    uint64_t count;       /**< How often it was made. */
    const char *module;   /**< The module's name. */
    const char *kind;     /**< "leaked reference", "released twice", ...; "not
                              recorded" where memory was short: it is told once
                              a module, and what its calls did is not known in
                              full. */
    const char *function; /**< "function" or "Type.method". */
    const char *slot;     /**< Of the table; "" for none. */
    const char *type;     /**< Of the object; "" for none. */
    const char *repr;     /**< Of the object, cut; "" for none. */
    const char *where;    /**< "module.c:41", "function+0x12" or
                              "module.kaa.so+0x12f4"; "" where unknown. */
    const char *text;     /**< A sentence: what was done, what is right. */
    const char *made_at; /**< As `where`: who gave the module its last reference
                             to the object; "" where unknown, or no other place
                             than that. */
    const char *called_from; /**< "app.py:12 (function)": the line of Python
                                  that called the module when it was first seen;
                                  "" outside of CPython, or where there is
                                  none. */
    const char *backtrace;   /**< Lines such as "module.c:41 (helper)": `where`,
                                  and who called it within the module, when the
                                  mistake was first seen. What is seen at the
                                  end of a call has the first line alone; but a
                                  leak has the calls that took the reference,
                                  with KAA_CHECKED_STACKS and KAA_CHECKED_FAULT
                                  at once, else when the place leaks again. ""
                                  where no symbols are known. */
} kaa_checked_mistake;

/**
 * Chooses modules that are imported from now on: names or paths of files,
 * separated by commas, each with ":report", ":raise", ":abort", ":fault",
 * ":trace" or ":stacks", or without.
 *
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT for NULL, an empty name or another mode;
 *         KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_checked_select(const char *choice,
                                                    kaa_error *err);

/**
 * How many different mistakes were found in this process.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_checked_count(void);

/**
 * How many calls were made to fail in this process: KAA_CHECKED_FAULT.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_checked_fault_count(void);

/** One call that was made to fail, and what came of it. */
typedef struct kaa_checked_failure {
    const char *module;
    const char *function;  /**< That made the call: the innermost one. */
    const char *slot;      /**< Of the table: what failed, by MemoryError. */
    const void *site;      /**< Where, for kaa_checked_place(). */
    const char *outcome;   /**< Of the outermost call of the module: "raised" an
                                exception, "returned" without one; "mistakes"
                                were told, whatever it did; the process
                                "crashed" or was "stopped" after 20 s; "not
                                known": it ended otherwise, or memory was
                                short. */
    const char *exception; /**< The type of the one that was raised, cut; "". */
    uint64_t mistakes;     /**< How many were told in that process. */
} kaa_checked_failure;

/**
 * The calls that were made to fail in this process, in that order:
 * KAA_CHECKED_FAULT.
 *
 * @return how many there are; at most `capacity` are written.
 * @owns   The texts are borrowed; they live as long as the process.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_checked_failures(kaa_checked_failure *out, size_t capacity);

/**
 * A mistake, in the order they were found.
 *
 * @owns   The texts are borrowed; they live as long as the process.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT for an index or a size that is not there
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_checked_get(size_t index,
                                                 kaa_checked_mistake *out,
                                                 kaa_error *err);

/** References that a checked module holds between its calls: one of a piece of
    data, or all those of one object that it keeps elsewhere. */
typedef struct kaa_checked_holding {
    const char *module;
    const char *holder; /**< The type whose instance's data have it, "module
                             state", "static data"; "" where it is in other
                             memory. */
    const char *slot;   /**< Of the table: what gave it; "" where unknown. */
    const void *site; /**< Who called that, for kaa_checked_place(); or NULL. */
    const void *object; /**< What is held: good as long as the GIL is held, and
                             the module's functions are not called. */
    uint64_t count;     /**< How many references. */
} kaa_checked_holding;

/**
 * Who holds what, in all checked modules: data of instances are known once a
 * function of the module has seen them.
 *
 * @param out        at most `capacity` are written there; NULL: none
 * @param out_count  how many there are
 * @owns   Names are borrowed, and live as long as the process.
 * @gil    held
 * @fails  KAA_INVALID_ARGUMENT where `out_count` is NULL; KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_checked_holdings(kaa_checked_holding *out,
                                                      size_t capacity,
                                                      size_t *out_count,
                                                      kaa_error *err);

/**
 * The place in a module's code that an address stands for, where a call returns
 * to: "module.c:41", "function+0x12" or "module.kaa.so+0x12f4"; "" where none
 * is known. At most `size` bytes are written, with the 0 at their end.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_checked_place(const void *site, char *out, size_t size);

/** Calls of one slot by one function of a traced module. */
typedef struct kaa_checked_use {
    const char *module;
    const char *function;
    const char *slot; /**< "": the function itself. */
    uint64_t calls;
    uint64_t total_ns; /**< Of all of them; see kaa_checked_uses(). */
    uint64_t max_ns;   /**< The longest that was timed. */
    uint64_t failures; /**< Calls that returned NULL, or below 0. */
} kaa_checked_use;

/**
 * What the modules that were chosen with ":trace" have called so far, and how
 * long that took. Not seen is what kaa's headers do inline: counting of
 * references, data of instances, ints that are small.
 *
 * Counts are exact. Times are as long as kaa_checked_calls() has room for each
 * call; after that a call is not timed where the one timed before it took less
 * than about a microsecond, but for one in 16 on average, which stands for the
 * others.
 *
 * @return how many there are; at most `capacity` are written.
 * @owns   The texts are borrowed; they live as long as the process.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_checked_uses(kaa_checked_use *out, size_t capacity);

/** One call of a traced module. */
typedef struct kaa_checked_call {
    const char *module;
    const char *function;
    const char *slot;  /**< "": the function itself. */
    uint64_t start_ns; /**< Since the first module was traced. */
    uint64_t end_ns;
    uint64_t thread; /**< A number of the thread's own. */
    uint32_t failed; /**< 1: it returned NULL, or below 0. */
    uint32_t reserved;
} kaa_checked_call;

/**
 * The first 131,072 calls of each traced module, in the order that they ended;
 * nearly so where threads run at the same time.
 *
 * @return how many there are; at most `capacity` are written.
 * @owns   The texts are borrowed; they live as long as the process.
 * @gil    any
 * @since  0.1
 */
KAA_API size_t kaa_checked_calls(kaa_checked_call *out, size_t capacity);

KAA_END_DECLS

#endif /* KAA_CHECKED_H */
