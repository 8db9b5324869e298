/* kaa/heap.h - a private heap: memory for one runtime, or for any C program.
 *
 *     kaa_heap *heap = NULL;
 *     kaa_error err = {0};
 *
 *     if (kaa_heap_create(NULL, &heap, &err) != KAA_OK)
 *         return fail(err.message);
 *     char *text = kaa_heap_alloc(heap, 100, KAA_HEAP_RAW);
 *     kaa_heap_free(heap, text);
 *     kaa_heap_destroy(heap);         // and every block that is still live
 *
 * A heap reserves arenas of 64 MiB, uses them by pages of 64 KiB, and cuts a
 * page into blocks of one size class and one kind:
 *
 *     arena  | header | page | page | page | ... never touched, no memory yet
 * ... page            | block | block | block | ...   48 bytes, tracked objects
 *
 * The header says, outside the pages, which blocks are free, so a free block is
 * never written to. The blocks freed last wait in an array per class and kind
 * and are handed out first. Blocks above 32 KiB take whole pages.
 *
 * Owner. One thread at a time uses a heap: whoever holds the lock that protects
 * it (a runtime's GIL, a mutex of yours, or no lock where one thread does it
 * all). "owner" below is that thread; the library takes no lock and needs no
 * atomic operation. Threads that do not hold the lock may give blocks back with
 * kaa_heap_free_remote(), and nothing else. A process may have any number of
 * heaps. After fork() the child may go on using, and destroy, every heap that
 * the forking thread owned at the time.
 *
 * Giving back. Memory goes back to the system late and in bulk: when nearly all
 * of a heap has been freed, and otherwise when it was not needed for half a
 * second. There is no thread in the background, so it happens inside calls that
 * allocate and free (in bulk for at most one per cent of the time), or at once
 * in kaa_heap_trim(). The arenas of a destroyed heap are kept for the next one:
 * at most 64 MiB of memory, freed by the first heap that is made or destroyed,
 * or gives something back, more than a second later, or by kaa_heap_trim(NULL).
 * Free blocks in the arrays keep their pages in use: up to 16,384 of a class
 * and 16 MiB of a heap, as long as all of them are needed now and then.
 *
 * Debugging. A heap made with KAA_HEAP_DEBUG puts guards around each block,
 * fills fresh blocks with 0xCD and freed ones with 0xDD, keeps freed blocks
 * back for a while, and remembers a serial number and a site for each. Misuse
 * is told to a handler; see kaa_heap_misuse. In builds with AddressSanitizer,
 * and under Valgrind, every heap tells the tool what is a block and what not.
 *
 * Sizes are bytes. Blocks are aligned to 16 bytes. A size of 0 gives a block.
 */
#ifndef KAA_HEAP_H
#define KAA_HEAP_H

#include <kaa/base.h>

KAA_BEGIN_DECLS

/** A heap. Opaque. */
typedef struct kaa_heap kaa_heap;

/** What a block is for. Blocks of different kinds never share a page. */
typedef enum kaa_heap_kind {
    KAA_HEAP_OBJECT_TRACKED = 0, /**< An object a collector must look at. */
    KAA_HEAP_OBJECT_PLAIN = 1,   /**< An object that holds no references. */
    KAA_HEAP_RAW = 2             /**< Any other memory. */
} kaa_heap_kind;

#define KAA_HEAP_KIND_COUNT 3

/** kaa_heap_options::flags. */
#define KAA_HEAP_DEBUG 1u      /**< Check for misuse. Slow. */
#define KAA_HEAP_HUGE_PAGES 2u /**< Ask for pages of 2 MiB. See options. */
#define KAA_HEAP_REPORT_LEAKS                                                  \
    4u /**< With KAA_HEAP_DEBUG: each block that is                            \
            live when the heap is destroyed is told to                         \
            the handler. */

/** What was done wrong. kaa_heap_misuse::what. */
typedef enum kaa_heap_misuse_kind {
    KAA_HEAP_DOUBLE_FREE = 1,
    KAA_HEAP_OVERRUN = 2,         /**< Written behind the block. */
    KAA_HEAP_UNDERRUN = 3,        /**< Written before the block. */
    KAA_HEAP_USE_AFTER_FREE = 4,  /**< Written after it was freed. */
    KAA_HEAP_FOREIGN_POINTER = 5, /**< Not the start of a block of this heap. */
    KAA_HEAP_LEAK = 6             /**< Live when the heap was destroyed. */
} kaa_heap_misuse_kind;

/** A report of misuse. Valid during the call of the handler. A debug heap finds
 * overruns and underruns when the block is freed or resized, writes after free
 * when the block leaves the quarantine, and all of them in kaa_heap_verify().
 * Heaps without KAA_HEAP_DEBUG notice some double frees, knowing no more than
 * the size. */
typedef struct kaa_heap_misuse {
    uint32_t size;         /**< sizeof(kaa_heap_misuse) in the library. */
    int32_t what;          /**< A kaa_heap_misuse_kind. */
    const void *block;     /**< The pointer concerned. */
    uint64_t block_size;   /**< As it was asked for; 0 if unknown. */
    uint64_t serial;       /**< Which allocation of the heap, from 1; or 0. */
    const char *site;      /**< Where it was allocated; NULL if unknown. */
    const char *site_free; /**< Where it was freed first; NULL if unknown. */
    const char *message;   /**< All of this in one line of text. */
} kaa_heap_misuse;

/** Called on misuse, on the thread that met it. It may not use the heap. When
 * it returns, the wrong operation is not done and the heap stays sound. */
typedef void (*kaa_heap_misuse_handler)(const kaa_heap_misuse *misuse,
                                        void *user);

/** Choices for a heap. All zero but `size` means the defaults.
 *
 * Huge pages make large, long-lived heaps faster, but the kernel may spend
 * seconds making them, and they are given back only 2 MiB at a time; where the
 * system has none the flag does nothing. */
typedef struct kaa_heap_options {
    uint32_t size;        /**< sizeof(kaa_heap_options) in the caller. */
    uint32_t flags;       /**< KAA_HEAP_DEBUG | ... */
    uint64_t bytes_limit; /**< No more than this in pages at a time, rounded up
                               to a page; 0: no limit. */
    uint64_t quarantine_bytes; /**< Debug heaps: how much freed memory is kept
                                    back; 0: 1 MiB. */
    uint64_t fail_nth; /**< Debug heaps: the n-th allocation fails; 0: none. */
    kaa_heap_misuse_handler misuse; /**< NULL: print one line to stderr and,
                                         but for leaks, abort. */
    void *user;                     /**< For the handler. */
} kaa_heap_options;

/** The figures of one class or kind, or of all. A block counts as many bytes as
 * its class gives it (48 for 33 to 48), in a debug heap with its guards. */
typedef struct kaa_heap_count {
    uint64_t blocks_live;
    uint64_t blocks_peak;
    uint64_t bytes_live;
    uint64_t bytes_peak;
} kaa_heap_count;

/** The figures of a heap. They come from the bookkeeping of the pages: keeping
 * them costs an allocation nothing. All are exact, but for the peaks of `total`
 * and `kinds`: those count as live the free blocks that waited to be handed out
 * (at most 512 of a class, 128 KiB) or, in a debug heap, stood in quarantine.
 * The peaks of a class are exact. */
typedef struct kaa_heap_statistics {
    uint32_t size; /**< sizeof(kaa_heap_statistics) in the caller. */
    uint32_t fragmentation_permille; /**< bytes_idle of bytes_in_pages. */
    kaa_heap_count total;
    kaa_heap_count kinds[KAA_HEAP_KIND_COUNT];
    uint64_t arenas;         /**< Live, those of very large blocks too. */
    uint64_t bytes_reserved; /**< Address space of the arenas. */
    uint64_t pages;          /**< 64 KiB pages in use. */
    uint64_t pages_peak;
    uint64_t bytes_in_pages;   /**< pages * 64 KiB. */
    uint64_t bytes_idle;       /**< Of those, not in live blocks. */
    uint64_t bytes_kept;       /**< In free pages not given back yet. */
    uint64_t bytes_given_back; /**< To the system, since the heap was made. */
    uint64_t purges;           /**< How often something was given back. */
    uint64_t quarantine_bytes; /**< Debug heaps: freed and kept back. */
    uint64_t allocations;      /**< Debug heaps: the last serial number. */
} kaa_heap_statistics;

/** The figures of one size class of one kind. */
typedef struct kaa_heap_class_statistics {
    uint32_t size; /**< sizeof(kaa_heap_class_statistics) in the caller. */
    uint32_t block_size; /**< Bytes; 0 for blocks of whole pages. */
    kaa_heap_count count;
    uint64_t pages;
    uint64_t blocks_free; /**< In those pages. */
} kaa_heap_class_statistics;

/** Text for a call's site: "file.c:12". */
#define KAA_HEAP_SITE_TEXT(line) #line
#define KAA_HEAP_SITE_LINE(line) KAA_HEAP_SITE_TEXT(line)
#define KAA_HEAP_SITE __FILE__ ":" KAA_HEAP_SITE_LINE(__LINE__)

/**
 * Makes a heap.
 *
 * @owns   The caller owns *out_heap; what `options->user` points at is
 *         borrowed and must live as long.
 * @gil    any
 * @fails  KAA_INVALID_ARGUMENT, KAA_UNSUPPORTED for options of a newer kaa,
 *         KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_heap_create(
    const kaa_heap_options *options, kaa_heap **out_heap, kaa_error *err);

/**
 * Ends a heap and all its blocks, in time that depends on its pages, not on its
 * blocks. NULL is allowed.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API void kaa_heap_destroy(kaa_heap *heap);

/**
 * Gives a block of at least `size` bytes, whose content is undefined.
 *
 * @owns   The caller, until kaa_heap_free(). NULL when memory is short, the
 *         heap's limit is reached, or `kind` is none.
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API KAA_NODISCARD void *kaa_heap_alloc(kaa_heap *heap, size_t size,
                                           kaa_heap_kind kind);

/**
 * The same with a site, for the reports of debug heaps.
 *
 * @param site  Where the call stands: KAA_HEAP_SITE.
 *
 * @owns   As kaa_heap_alloc(); `site` is borrowed as long as the heap lives.
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API KAA_NODISCARD void *kaa_heap_alloc_at(kaa_heap *heap, size_t size,
                                              kaa_heap_kind kind,
                                              const char *site);

/**
 * Gives a block of zeros.
 *
 * @owns   As kaa_heap_alloc_at(); `site` may be NULL.
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API KAA_NODISCARD void *kaa_heap_alloc_zeroed(kaa_heap *heap, size_t size,
                                                  kaa_heap_kind kind,
                                                  const char *site);

/**
 * Gives a block whose address is a multiple of `alignment`.
 *
 * @param alignment  A power of two up to 32 MiB; else the result is NULL.
 *
 * @owns   As kaa_heap_alloc_at(); `site` may be NULL.
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API KAA_NODISCARD void *kaa_heap_alloc_aligned(kaa_heap *heap, size_t size,
                                                   size_t alignment,
                                                   kaa_heap_kind kind,
                                                   const char *site);

/**
 * Makes a block larger or smaller, moving it where it must. NULL for `block`
 * allocates. The alignment that an aligned block had is not kept.
 *
 * @param kind  That of the block.
 *
 * @owns   The result replaces `block`. On NULL `block` is as it was.
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API KAA_NODISCARD void *kaa_heap_realloc(kaa_heap *heap, void *block,
                                             size_t size, kaa_heap_kind kind,
                                             const char *site);

/**
 * Takes a block back. NULL is allowed.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API void kaa_heap_free(kaa_heap *heap, void *block);

/**
 * The same with a site, which a later report of a double free names.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API void kaa_heap_free_at(kaa_heap *heap, void *block, const char *site);

/**
 * Takes a block back from a thread that is not the owner. The block waits in a
 * list of the heap until the owner next runs out of blocks, asks for figures,
 * verifies, walks, trims or calls kaa_heap_collect_remote().
 *
 * The heap must not be destroyed before the call has returned. NULL is allowed.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API void kaa_heap_free_remote(kaa_heap *heap, void *block);

/**
 * Frees what other threads gave back.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API void kaa_heap_collect_remote(kaa_heap *heap);

/**
 * How many bytes the caller may use of a live block: what it asked for, or
 * more; in a debug heap exactly what it asked for.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API size_t kaa_heap_block_size(kaa_heap *heap, const void *block);

/**
 * The kind of a live block.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API kaa_heap_kind kaa_heap_block_kind(kaa_heap *heap, const void *block);

/**
 * Whether any pointer at all points into a block of this heap, live or free.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API int kaa_heap_owns(kaa_heap *heap, const void *pointer);

/**
 * Gives all free memory back to the system now, that of destroyed heaps too.
 * NULL for `heap`: only the latter.
 *
 * @gil    held: the owner; any if `heap` is NULL
 * @since  0.1
 */
KAA_API void kaa_heap_trim(kaa_heap *heap);

/**
 * Fills in the figures of a heap.
 *
 * @param out_stats  Its `size` says how much the caller knows.
 *
 * @gil    held: the owner
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 * @cost   In the number of classes.
 */
KAA_API kaa_status kaa_heap_read_statistics(kaa_heap *heap,
                                            kaa_heap_statistics *out_stats,
                                            kaa_error *err);

/**
 * The number of size classes; the last one is that of blocks of whole pages.
 *
 * @gil    any
 * @since  0.1
 */
KAA_API uint32_t kaa_heap_class_count(void);

/**
 * Fills in the figures of one class (0 to kaa_heap_class_count() - 1).
 *
 * @gil    held: the owner
 * @fails  KAA_INVALID_ARGUMENT
 * @since  0.1
 */
KAA_API kaa_status kaa_heap_read_class_statistics(
    kaa_heap *heap, kaa_heap_kind kind, uint32_t index,
    kaa_heap_class_statistics *out_stats, kaa_error *err);

/**
 * Checks all bookkeeping of the heap, and in a debug heap every guard and fill.
 * The handler is not called; the first fault found is told in `err`.
 *
 * @gil    held: the owner
 * @fails  KAA_CORRUPT
 * @since  0.1
 * @cost   In pages and, in a debug heap, bytes.
 */
KAA_API KAA_NODISCARD kaa_status kaa_heap_verify(kaa_heap *heap,
                                                 kaa_error *err);

/** A live block, for a visitor. */
typedef struct kaa_heap_block {
    uint32_t size; /**< sizeof(kaa_heap_block) in the library. */
    int32_t kind;  /**< A kaa_heap_kind. */
    void *block;
    uint64_t block_size; /**< As kaa_heap_block_size(). */
    uint64_t serial;     /**< Debug heaps: which allocation, from 1; else 0. */
    const char *site;    /**< Debug heaps: where, if it was said; else NULL. */
} kaa_heap_block;

/** Sees one live block; not 0 ends the walk. It may not use the heap. */
typedef int (*kaa_heap_visitor)(const kaa_heap_block *block, void *user);

/**
 * Shows every live block of some kinds to `visit`, in no special order.
 *
 * @param kinds  Bits: 1u << KAA_HEAP_OBJECT_TRACKED | ...; 0 for all kinds.
 *
 * @return  0, or what `visit` returned to end the walk.
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API int kaa_heap_walk(kaa_heap *heap, uint32_t kinds,
                          kaa_heap_visitor visit, void *user);

/**
 * Makes the n-th allocation of a debug heap from now fail, and only that one; 0
 * for none. Other heaps do not listen.
 *
 * @gil    held: the owner
 * @since  0.1
 */
KAA_API void kaa_heap_fail_nth(kaa_heap *heap, uint64_t nth);

KAA_END_DECLS

#endif /* KAA_HEAP_H */
