/* kaa/gc.h - the cycle collector of a native runtime.
 *
 * Reference counts free what nobody refers to. What refers to itself in a
 * circle they cannot free; the collector finds it: objects whose references all
 * come from among themselves.
 *
 *     young   containers made since the last collection; often, at once
 *     full    all of them; in slices between which the program runs
 *
 * There is no write barrier: C code may move references in its data as it
 * likes. The tables of the collector lie beside the pages of the heap, and a
 * collection writes to no object that lives, so memory shared after fork()
 * stays shared.
 *
 * When it runs: in allocations of containers and in kaa_poll(), never when a
 * reference is given up, never within itself. Its pace comes from the heap's
 * own counters: a young collection when so many containers more are live than
 * after the last one, a full one when what is live has grown by half.
 *
 * All functions are for native contexts; of others they ask KAA_UNSUPPORTED, or
 * 0. The GIL is held throughout. Times are nanoseconds.
 */
#ifndef KAA_GC_H
#define KAA_GC_H

#include <kaa/context.h>

KAA_BEGIN_DECLS

/** Which collection. */
typedef enum kaa_gc_generation {
    KAA_GC_YOUNG = 0,
    KAA_GC_FULL = 1
} kaa_gc_generation;

/** What one collection did. */
typedef struct kaa_gc_collection {
    uint32_t size;         /**< sizeof(kaa_gc_collection) in the caller. */
    uint32_t generation;   /**< A kaa_gc_generation. */
    uint64_t objects;      /**< Looked at. */
    uint64_t candidates;   /**< Looked at twice. */
    uint64_t collected;    /**< Freed. */
    uint64_t bytes_freed;  /**< Of their blocks. */
    uint64_t finalized;    /**< Finalisers run. */
    uint64_t resurrected;  /**< Brought back to life by them. */
    uint64_t slices;       /**< In how many pieces. */
    uint64_t pause_ns;     /**< In all. */
    uint64_t pause_ns_max; /**< The longest piece. */
} kaa_gc_collection;

/** What the collector did so far. */
typedef struct kaa_gc_statistics {
    uint32_t size; /**< sizeof(kaa_gc_statistics) in the caller. */
    uint32_t reserved;
    uint64_t collections[2]; /**< By kaa_gc_generation. */
    uint64_t collected;
    uint64_t bytes_freed;
    uint64_t finalized;
    uint64_t resurrected;
    uint64_t slices;
    uint64_t pause_ns;
    uint64_t pause_ns_max;
    uint64_t tracked;       /**< Containers live now. */
    uint64_t frozen;        /**< Of those, not looked at. */
    uint64_t table_bytes;   /**< The collector's own memory. */
    int64_t external_bytes; /**< By kaa_add_external(). */
} kaa_gc_statistics;

/** Its pace. 0 for a member leaves the default. */
typedef struct kaa_gc_thresholds {
    uint32_t size;           /**< sizeof(kaa_gc_thresholds) in the caller. */
    uint32_t growth_percent; /**< A full collection begins when so much more is
                                  live than after the last one; default 50. */
    uint64_t young_objects;  /**< Containers more, default 8,192. */
    uint64_t slice_ns;       /**< About how long a slice may take; default
                                  200,000. */
    uint64_t external_bytes; /**< As much growth of external memory begins a
                                full collection too; default 64 MiB. */
} kaa_gc_thresholds;

/**
 * Collects now, to the end; a full collection that is under way is finished
 * first. Does nothing within another collection.
 *
 * @param out  NULL, or receives what it did; `size` is the caller's.
 *
 * @gil    held
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED, KAA_MISUSE within a
 * collection, KAA_NO_MEMORY for the tables: nothing has been freed then
 * @since  0.1
 */
KAA_API kaa_status kaa_gc_collect(kaa_context *ctx, int32_t generation,
                                  kaa_gc_collection *out, kaa_error *err);

/**
 * Turns collections by themselves on or off.
 *
 * @return whether they were on.
 * @gil    held
 * @since  0.1
 */
KAA_API int kaa_gc_enable(kaa_context *ctx, int on);

/**
 * Says whether collections by themselves are on.
 *
 * @gil    held
 * @since  0.1
 */
KAA_API int kaa_gc_is_enabled(kaa_context *ctx);

/**
 * Holds collections off until as many kaa_gc_release() calls; nests.
 *
 * @gil    held
 * @since  0.1
 */
KAA_API void kaa_gc_hold(kaa_context *ctx);

/**
 * Undoes one kaa_gc_hold().
 *
 * @gil    held
 * @since  0.1
 */
KAA_API void kaa_gc_release(kaa_context *ctx);

/**
 * Changes the pace.
 *
 * @gil    held
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED
 * @since  0.1
 */
KAA_API kaa_status kaa_gc_set_thresholds(kaa_context *ctx,
                                         const kaa_gc_thresholds *thresholds,
                                         kaa_error *err);

/**
 * Leaves all containers that live now out of further collections; unreachable
 * cycles among them stay. By pages: no object is written to.
 *
 * @gil    held
 * @since  0.1
 */
KAA_API void kaa_gc_freeze(kaa_context *ctx);

/**
 * Undoes kaa_gc_freeze().
 *
 * @gil    held
 * @since  0.1
 */
KAA_API void kaa_gc_unfreeze(kaa_context *ctx);

/** Told before (`is_end` 0: the figures so far) and after each collection. It
 * may use objects, but starts no collection. */
typedef void (*kaa_gc_callback)(kaa_context *ctx, int is_end,
                                const kaa_gc_collection *collection,
                                void *user);

/**
 * Adds a callback; or, `callback` and `user` being those of one there, removes
 * it if `is_added` is 0.
 *
 * @owns   `user` is borrowed until removed.
 * @gil    held
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED, KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API kaa_status kaa_gc_set_callback(kaa_context *ctx,
                                       kaa_gc_callback callback, void *user,
                                       int is_added, kaa_error *err);

/**
 * Reads the figures.
 *
 * @param out  `size` is the caller's; as much is written.
 *
 * @gil    held
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED
 * @since  0.1
 */
KAA_API kaa_status kaa_gc_read_statistics(kaa_context *ctx,
                                          kaa_gc_statistics *out,
                                          kaa_error *err);

/**
 * Finds a shortest cycle that goes through an object, and tells it in one line:
 * "graph.Node --edges--> list --[0]--> graph.Node".
 *
 * @param object  NULL: any object of a cycle that is garbage now.
 *
 * @return the length of the whole text, 0 if there is none; as much as fits is
 *         written, NUL-terminated.
 * @gil    held
 * @since  0.1
 */
KAA_API size_t kaa_gc_cycle_text(kaa_context *ctx, kaa_object *object,
                                 char *buffer, size_t size);

/**
 * Calls `visit` for each object that holds a reference to `object`, with how it
 * holds it ("edges", "[3]"), until it returns something other than 0.
 *
 * @return what `visit` returned last, or 0.
 * @gil    held; `visit` may make no object
 * @since  0.1
 */
KAA_API int kaa_gc_each_referrer(kaa_context *ctx, kaa_object *object,
                                 int (*visit)(kaa_object *referrer,
                                              const char *how, void *user),
                                 void *user);

/**
 * Calls `visit` for each object of the heap, with the name of its type and the
 * bytes of its block, until it returns something other than 0.
 *
 * @return what `visit` returned last, or 0.
 * @gil    held; `visit` may make no object
 * @since  0.1
 */
KAA_API int kaa_gc_each_object(kaa_context *ctx,
                               int (*visit)(kaa_object *object,
                                            const char *type, size_t bytes,
                                            void *user),
                               void *user);

KAA_END_DECLS

#endif /* KAA_GC_H */
