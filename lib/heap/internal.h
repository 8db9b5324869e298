/* heap/internal.h - the bookkeeping of a heap.
 *
 * An arena is 64 MiB of address space aligned to 64 MiB (a very large block has
 * an arena of its own, of a multiple of that). Its first pages hold the
 * bookkeeping of the others, so that a block's page costs a mask and a shift,
 * and a page holds nothing but blocks:
 *
 *     arena   | codes free dirty ... | page[1024] | bits[1024] | first page ...
 *     page    size class, how many blocks are taken, its neighbours in a list
 *     bits    one bit a block: 1 is free
 *
 * `codes` has one byte a page: kind << 6 | class, or what else the page is. It
 * is also the number of the page's bin. A bin holds the blocks freed last in
 * `cache`, and the list of its pages that have free blocks. Freeing is
 *
 *     *bins[arena->codes[page]].top++ = block
 *
 * and reads neither the block nor the page. The kibibyte of codes stays in the
 * first-level cache where page headers, 64 KiB apart, would fight for one set
 * of it.
 *
 * Zeroed memory is an empty bin, so that a fresh heap touches none.
 */
#ifndef KAA_HEAP_INTERNAL_H
#define KAA_HEAP_INTERNAL_H

#include <stdatomic.h>
#include <string.h>

#include <kaa/heap.h>

#include "base/assert.h"
#include "base/error.h"
#include "heap/tools.h"

#define KAA_HEAP__PAGE_SHIFT 16
#define KAA_HEAP__PAGE_BYTES ((size_t)1 << KAA_HEAP__PAGE_SHIFT)
#define KAA_HEAP__ARENA_BYTES ((size_t)1 << 26)
#define KAA_HEAP__PAGES 1024u /* an arena */
#define KAA_HEAP__PAGE_WORDS (KAA_HEAP__PAGES / 64)
#define KAA_HEAP__BITS_WORDS 64u /* 4096 blocks of 16 bytes fill a page */
#define KAA_HEAP__CACHE_MAX 512u
#define KAA_HEAP__ALIGNMENT ((size_t)16)
#define KAA_HEAP__ALIGNMENT_MAX (KAA_HEAP__ARENA_BYTES / 2)

#define KAA_HEAP__CLASSES 56u
#define KAA_HEAP__SMALL_MAX ((size_t)512)   /* classes 16 bytes apart */
#define KAA_HEAP__BLOCK_MAX ((size_t)32768) /* above: whole pages */
#define KAA_HEAP__LARGE_MAX (KAA_HEAP__ARENA_BYTES / 2) /* above: own arena */
#define KAA_HEAP__BINS 256u

/* Codes that are no bin of blocks. */
#define KAA_HEAP__FREE 0xC0  /* a free page */
#define KAA_HEAP__LARGE 0xC1 /* the first page of a large block */
#define KAA_HEAP__REST 0xC2  /* its other pages */
#define KAA_HEAP__BOOKS 0xC3 /* the arena's own */
#define KAA_HEAP__IS_BLOCKS(code) ((code) < KAA_HEAP__FREE)
#define KAA_HEAP__KIND(code) ((code) >> 6)
#define KAA_HEAP__CLASS(code) ((code)&63u)

/* bin.floor of a bin whose every allocation shall look at the clock. */
#define KAA_HEAP__ARMED ((void **)UINTPTR_MAX)

/* heap.checked */
#define KAA_HEAP__CHECK_DEBUG 1u
#define KAA_HEAP__CHECK_VALGRIND 2u

typedef struct kaa_heap__class {
    uint32_t size;
    uint32_t reciprocal; /* 2^32 / size, rounded up */
    uint32_t capacity;   /* blocks a page */
    uint32_t cache_max;
} kaa_heap__class;

extern const kaa_heap__class kaa_heap__classes[KAA_HEAP__CLASSES];

/* What a debug heap knows of a block; survives the block. */
typedef struct kaa_heap__record {
    char *user; /* what the caller has; NULL: never used */
    size_t size;
    uint64_t serial;
    const char *site;
    const char *site_free;
    struct kaa_heap__record *next; /* in the quarantine */
    uint32_t front;                /* guard bytes before user */
    uint8_t state;
    atomic_uchar queued; /* in the remote list */
    uint8_t unused[2];
} kaa_heap__record;

typedef struct kaa_heap__page {
    struct kaa_heap__page *next, *previous; /* in bin.pages, if listed */
    uint32_t used;                          /* blocks taken out of it */
    uint32_t capacity;
    uint32_t size; /* of a block; 0: large */
    uint32_t reciprocal;
    uint32_t hint; /* no free block in the words of bits before */
    uint8_t code;  /* kind << 6 | class; class 63: large */
    uint8_t listed;
    uint16_t back; /* REST: the page index of the block's first page */
    uint32_t run;  /* LARGE: how many pages */
    uint32_t unused;
    kaa_heap__record *records; /* debug heaps; one a block */
    void *beside; /* of the layers above (a collector); NULL in a fresh page */
} kaa_heap__page;

typedef struct kaa_heap__arena {
    uint8_t codes[KAA_HEAP__PAGES];
    uint64_t free[KAA_HEAP__PAGE_WORDS];  /* 1: the page is free */
    uint64_t dirty[KAA_HEAP__PAGE_WORDS]; /* 1: free, and has memory */
    kaa_heap *heap;
    struct kaa_heap__arena *next, *previous; /* of the heap */
    size_t bytes;                            /* reserved */
    uint64_t cached_at;                      /* in the cache: since when */
    uint32_t free_count;                     /* pages */
    uint32_t dirty_count;
    uint32_t huge_pages;
    /* For a collector above, as kaa_heap__page.beside: whether something was
     * allocated in the page since it last asked; which set of its own the page
     * is in; which blocks it shall never look at, or NULL. The first two are 0
     * in a fresh page. */
    uint8_t touched[KAA_HEAP__PAGES];
    uint8_t marks[KAA_HEAP__PAGES];
    uint64_t (*frozen)[KAA_HEAP__BITS_WORDS];
    _Alignas(64) kaa_heap__page pages[KAA_HEAP__PAGES];
    uint64_t bits[KAA_HEAP__PAGES][KAA_HEAP__BITS_WORDS];
} kaa_heap__arena;

/* What a fresh block or a free one needs comes first. All zero: not set up. */
typedef struct kaa_heap__bin {
    void **top;            /* the cached blocks are cache[0] to top[-1] */
    void **floor;          /* pops at or below it are new peaks, or find none */
    void **limit;          /* of top */
    void **cache;          /* of kaa_heap.cache, or `extended` */
    kaa_heap__page *pages; /* that have free blocks */
    uint64_t used;         /* blocks out of pages: live, cached and held */
    uint64_t peak;         /* of live blocks */
    uint64_t held;         /* debug heaps: in quarantine */
    void **extended;       /* owned, or NULL; see surplus.c */
    uint32_t pages_count;
    uint32_t surplus; /* the oldest of the cached ones */
    uint8_t code;
    uint8_t ramp; /* refills since it was sampled first */
    uint8_t unused[46];
} kaa_heap__bin;

typedef struct kaa_heap__debug {
    kaa_heap__record *quarantine_head, *quarantine_tail;
    uint64_t quarantine_bytes, quarantine_max;
    uint64_t serial;
    uint64_t fail_in; /* allocations until the one that fails; 0: none */
} kaa_heap__debug;

/* Decides when memory goes back. See purge.c. */
typedef struct kaa_heap__pace {
    uint64_t epoch_start; /* ns */
    uint64_t due;         /* ns: no purge in bulk before */
    uint64_t dirty_min;   /* pages, in this epoch */
    uint64_t used_peak;   /* pages, since the last purge in bulk */
    uint64_t last;        /* pages, of the last purge in bulk */
    uint64_t surplus_min; /* bytes, in this epoch */
    uint32_t events;      /* of pages, until the clock is read */
    uint32_t ticks;       /* allocations of sampled bins, until it is */
    uint8_t sampled;      /* whether bins may be sampled */
    uint8_t close_wanted; /* of all bins, by whoever frees, when it is done */
    uint8_t closed;       /* and not grown much since */
    uint8_t flush_wanted; /* as close_wanted, but bins stay open */
} kaa_heap__pace;

/* Lives in its first arena, behind the bookkeeping. Every arena has that place,
 * and keeps it zeroed while no heap lives there. */
struct kaa_heap {
    uint32_t checked;
    uint32_t flags;
    uint32_t pinned;         /* not 0: arenas of 64 MiB are not unmapped */
    kaa_heap__arena *arenas; /* of 64 MiB, oldest first: the home arena */
    kaa_heap__arena *arenas_last;
    kaa_heap__arena *own; /* of very large blocks */
    uint64_t pages_used, pages_peak, pages_limit, dirty;
    uint64_t bytes_reserved, given_back, purges, arenas_count;
    kaa_heap_count large[KAA_HEAP_KIND_COUNT];      /* taken */
    kaa_heap_count large_held[KAA_HEAP_KIND_COUNT]; /* in quarantine */
    uint64_t surplus_bytes;
    /* Taken out of pages and not surplus: free ones in the cache among them. */
    kaa_heap_count taken_kinds[KAA_HEAP_KIND_COUNT];
    kaa_heap_count taken;
    kaa_heap__pace pace;
    kaa_heap__debug debug;
    kaa_heap_misuse_handler misuse;
    void *user;
    uint64_t bins_used[KAA_HEAP__BINS / 64];
    _Alignas(64) _Atomic(void *) remote; /* freed by others, linked by word 0 */
    _Alignas(64) kaa_heap__bin bins[KAA_HEAP__BINS];
    /* Odd in lines of the cache, so that bins do not fight for the same. */
    void *cache[KAA_HEAP__BINS][KAA_HEAP__CACHE_MAX + 8];
};

#define KAA_HEAP__HEADER_PAGES                                                 \
    ((sizeof(kaa_heap__arena) + KAA_HEAP__PAGE_BYTES - 1) /                    \
     KAA_HEAP__PAGE_BYTES)
/* The first page that holds blocks. */
#define KAA_HEAP__FIRST                                                        \
    ((uint32_t)(KAA_HEAP__HEADER_PAGES +                                       \
                (sizeof(kaa_heap) + KAA_HEAP__PAGE_BYTES - 1) /                \
                    KAA_HEAP__PAGE_BYTES))
#define KAA_HEAP__PAGES_FREE_MAX (KAA_HEAP__PAGES - KAA_HEAP__FIRST)
#define KAA_HEAP__CODE_LARGE(kind) ((uint8_t)((kind) << 6 | 63))

_Static_assert(sizeof(kaa_heap__page) == 64, "one line of the cache");
_Static_assert(sizeof(kaa_heap__bin) == 128, "found by a shift");
_Static_assert(KAA_HEAP__FIRST < 32, "the bookkeeping is small");

static inline kaa_heap__arena *
kaa_heap__arena_of(const void *pointer)
{
    return (kaa_heap__arena *)((uintptr_t)pointer &
                               ~(uintptr_t)(KAA_HEAP__ARENA_BYTES - 1));
}

static inline uint32_t
kaa_heap__page_index(const void *pointer)
{
    return (uint32_t)((uintptr_t)pointer >> KAA_HEAP__PAGE_SHIFT) &
           (KAA_HEAP__PAGES - 1);
}

static inline char *
kaa_heap__page_base(const kaa_heap__arena *arena, uint32_t index)
{
    return (char *)((uintptr_t)arena + index * KAA_HEAP__PAGE_BYTES);
}

static inline uint32_t
kaa_heap__index_in(const kaa_heap__arena *arena, const kaa_heap__page *page)
{
    return (uint32_t)(page - arena->pages);
}

static inline uint32_t
kaa_heap__cached(const kaa_heap__bin *bin)
{
    return (uint32_t)(bin->top - bin->cache);
}

/* Which block of its page an offset lies in. */
static inline uint32_t
kaa_heap__block_index(const kaa_heap__page *page, uint32_t offset)
{
    return (uint32_t)(((uint64_t)offset * page->reciprocal) >> 32);
}

/* The class of blocks of `size` bytes; size is 0 to KAA_HEAP__BLOCK_MAX. */
static inline uint32_t
kaa_heap__class_of(size_t size)
{
    size_t last = size - (size != 0);
    uint32_t top;

    if (KAA_LIKELY(last < KAA_HEAP__SMALL_MAX))
        return (uint32_t)(last >> 4);
    top = 63u - (uint32_t)__builtin_clzll(last);
    return 32u + (top - 9u) * 4u + (uint32_t)((last >> (top - 2)) & 3u);
}

/* Says that a block was allocated; only of kinds that a collector looks at. */
static inline void
kaa_heap__touch(const void *block)
{
    kaa_heap__arena_of(block)->touched[kaa_heap__page_index(block)] = 1;
}

/* A block of the cached ones, or NULL: then kaa_heap_alloc() knows more. `size`
 * is above 0. */
static inline void *
kaa_heap__alloc_quick(kaa_heap *heap, size_t size, kaa_heap_kind kind)
{
    kaa_heap__bin *bin;
    void **top;

    if (KAA_UNLIKELY(size > KAA_HEAP__SMALL_MAX))
        return NULL;
    bin = &heap->bins[(uint32_t)kind << 6 | (uint32_t)((size - 1) >> 4)];
    top = bin->top;
    if (KAA_UNLIKELY(top <= bin->floor))
        return NULL;
    bin->top = top - 1;
    KAA_HEAP__UNPOISON(top[-1], size);
    return top[-1];
}

/* Takes a block back if there is room in the cache; else 0: kaa_heap_free()
 * knows more. */
static inline int
kaa_heap__free_quick(kaa_heap *heap, void *block)
{
    uint32_t code =
        kaa_heap__arena_of(block)->codes[kaa_heap__page_index(block)];
    kaa_heap__bin *bin = &heap->bins[code];
    void **top = bin->top;

    if (KAA_UNLIKELY(top >= bin->limit) || heap->checked)
        return 0;
#if KAA_HEAP__ASAN
    KAA_HEAP__POISON(block, kaa_heap__classes[KAA_HEAP__CLASS(code)].size);
#endif
    *top = block;
    bin->top = top + 1;
    return 1;
}

/* ---- cache.c: arenas from the system, and those kept for the next heap */

/* The header of a fresh or formerly used arena of `bytes` reserved: no page is
 * free yet; NULL when memory is short. */
kaa_heap__arena *kaa_heap__arena_get(size_t bytes, int huge_pages,
                                     uint64_t now);
/* For an arena of 64 MiB all of whose pages are free. */
void kaa_heap__arena_keep(kaa_heap__arena *arena, uint64_t now);
void kaa_heap__arena_unmap(kaa_heap__arena *arena);
/* Frees what destroyed heaps left for longer than a second; or all of it. */
void kaa_heap__cache_trim(uint64_t now, int all);
/* Whether an arena begins at the 64 MiB that hold `pointer`. Any thread. */
int kaa_heap__is_arena(const void *pointer);

/* ---- arena.c: pages */

/* Adds an arena of 64 MiB to the heap, or takes it out. */
void kaa_heap__arena_add(kaa_heap *heap, kaa_heap__arena *arena);
void kaa_heap__arena_remove(kaa_heap *heap, kaa_heap__arena *arena);
/* `run` free pages in a row, the first at a multiple of `step`; NULL when
 * memory is short or the limit is reached. Their codes are left to the caller.
 */
kaa_heap__page *kaa_heap__pages_take(kaa_heap *heap, uint32_t run,
                                     uint32_t step, int *out_dirty);
/* Takes the `run` pages from `index` on if all are free; else returns 0. */
int kaa_heap__pages_extend(kaa_heap *heap, kaa_heap__arena *arena,
                           uint32_t index, uint32_t run);
void kaa_heap__pages_give(kaa_heap *heap, kaa_heap__page *first, uint32_t run);
/* Whether `run` more pages stay within the heap's limit, if need be after
 * giving up the cached free blocks. */
int kaa_heap__is_allowed(kaa_heap *heap, uint64_t run);
void kaa_heap__count_pages_taken(kaa_heap *heap, uint64_t run);
/* All that is free or in use becomes free and dirty, for the cache. */
void kaa_heap__arena_abandon(kaa_heap__arena *arena);

/* ---- purge.c: giving back */

void kaa_heap__pace_page_taken(kaa_heap *heap);
void kaa_heap__pace_page_freed(kaa_heap *heap);
/* Something happened that happens once in many allocations. */
void kaa_heap__pace_event(kaa_heap *heap);
/* Blocks have become surplus. */
void kaa_heap__pace_surplus(kaa_heap *heap);
/* An allocation of a sampled bin; ends the sampling when there is nothing to
 * watch. */
void kaa_heap__pace_sampled(kaa_heap *heap, kaa_heap__bin *bin);
/* Gives back about `pages` of the free pages that have memory. */
void kaa_heap__purge(kaa_heap *heap, uint64_t pages);

/* ---- bin.c: blocks */

void *kaa_heap__bin_alloc(kaa_heap *heap, uint32_t code);
void kaa_heap__bin_free(kaa_heap *heap, kaa_heap__bin *bin, void *block);
/* One block past `cache`, for checked heaps. */
void *kaa_heap__bin_take_one(kaa_heap *heap, uint32_t code);
void kaa_heap__bin_put_one(kaa_heap *heap, void *block);
/* Adds blocks of `bytes` in all to those taken; or takes them off. */
void kaa_heap__count_add(kaa_heap_count *count, uint64_t blocks,
                         uint64_t bytes);
void kaa_heap__count_sub(kaa_heap_count *count, uint64_t blocks,
                         uint64_t bytes);
/* All blocks of `cache` back to their pages. */
void kaa_heap__bin_flush(kaa_heap *heap, kaa_heap__bin *bin);
void kaa_heap__flush_all(kaa_heap *heap);
/* The same; bins remain open to what is freed next. */
void kaa_heap__flush_open(kaa_heap *heap);

/* ---- surplus.c: more cached blocks than the cache has room for */

/* Makes room in an array that has run full; 0 if it may not grow. The caller
 * sets floor anew. */
int kaa_heap__add_surplus(kaa_heap *heap, kaa_heap__bin *bin);
/* Up to `blocks` of the surplus ones count as taken again. */
void kaa_heap__use_surplus(kaa_heap *heap, kaa_heap__bin *bin, uint32_t blocks);
/* Goes back to the short array; nothing may be cached. */
void kaa_heap__extended_free(kaa_heap *heap, kaa_heap__bin *bin);

/* ---- large.c: blocks of whole pages */

void *kaa_heap__large_alloc(kaa_heap *heap, size_t size, size_t alignment,
                            kaa_heap_kind kind, int *out_zeroed);
void kaa_heap__large_free(kaa_heap *heap, void *block);
/* 0 if the block cannot be made so long where it is. */
int kaa_heap__large_resize(kaa_heap *heap, void *block, size_t size);

/* ---- heap.c */

/* The first class of `size` whose blocks lie at multiples of `alignment`, both
 * up to KAA_HEAP__BLOCK_MAX. */
uint32_t kaa_heap__class_aligned(size_t size, size_t alignment);
/* The page of any pointer: the first one of a large block, a free one that held
 * blocks; NULL where there is none. Sets *out_number to the block in it. */
kaa_heap__page *kaa_heap__find(const kaa_heap *heap, const void *pointer,
                               uint32_t *out_number);
/* 0 for a free page. */
int kaa_heap__is_in_use(const kaa_heap__page *page);
/* The start of a block. */
char *kaa_heap__block_at(const kaa_heap__page *page, uint32_t number);
/* What the class or the pages give the block. */
size_t kaa_heap__bytes_of(const kaa_heap__page *page);

/* ---- verify.c */

/* Turns the bits of the free blocks in the cache: marks them free, and back. */
void kaa_heap__turn_hot(kaa_heap *heap);

/* ---- debug.c: checked heaps */

#define KAA_HEAP__NEVER 0
#define KAA_HEAP__LIVE 1
#define KAA_HEAP__QUARANTINED 2
#define KAA_HEAP__FREED 3

void *kaa_heap__checked_alloc(kaa_heap *heap, size_t size, size_t alignment,
                              kaa_heap_kind kind, const char *site);
void kaa_heap__checked_free(kaa_heap *heap, void *block, const char *site);
/* NULL, after a report, if the block is not a live one. */
kaa_heap__record *kaa_heap__debug_live(kaa_heap *heap, const void *block);
/* The record of a block that may go on the remote list; else NULL, after a
 * report. Any thread. */
kaa_heap__record *kaa_heap__debug_queue(kaa_heap *heap, void *block);
void kaa_heap__debug_fini(kaa_heap *heap);
/* What is wrong around or in the block of a record; 0 if nothing is. */
kaa_heap_misuse_kind kaa_heap__debug_check(const kaa_heap *heap,
                                           const kaa_heap__page *page,
                                           uint32_t number);
void kaa_heap__records_free(kaa_heap__page *page);

/* ---- misuse.c */

void kaa_heap__report(kaa_heap *heap, kaa_heap_misuse_kind what,
                      const void *block, const kaa_heap__record *record,
                      uint64_t known_size);
/* The same as a line of text. */
void kaa_heap__describe(char *buffer, size_t size, kaa_heap_misuse_kind what,
                        const void *block, const kaa_heap__record *record,
                        uint64_t known_size);

#endif /* KAA_HEAP_INTERNAL_H */
