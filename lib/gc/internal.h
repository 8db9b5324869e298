/* gc/internal.h - what the files of the collector share.
 *
 * A collection looks at a set: some pages of tracked blocks, each with a table
 * beside it that has one word a block.
 *
 *     page     | object | free | object | object | ...
 *     table    |   0    | OUT  |   2    |   0    | ...
 *
 *     OUT      not of the set: free, dead, frozen, younger than the set, or
 *              known to live and its references followed
 *     0        nobody outside the set is known to hold it
 *     other    it lives; its references are still to be followed
 *
 * Judging a set takes two passes in the order of addresses. Counting adds to
 * each entry the object's count and takes off one for each reference found in
 * the set; what is left are references from outside. Marking follows the
 * references of whatever is not 0. Entries that are 0 after that are garbage:
 * all references to them come from one another. That holds for any set, so
 * young ones, full ones and a handful of candidates are judged alike, and no
 * object is written to.
 *
 * A full collection counts and marks in slices between which the program runs.
 * It goes by what may have changed since, so what it leaves at 0 are
 * candidates: all that was garbage when it began, and what the program moved
 * about. They are judged as a set of their own, at once. What keeps the tables
 * right meanwhile is kaa_runtime.forget: a block that is freed becomes OUT, and
 * OUT it remains when it is used again.
 */
#ifndef KAA_GC_INTERNAL_H
#define KAA_GC_INTERNAL_H

#include <kaa/gc.h>

#include "gc/gc.h"
#include "heap/internal.h"
#include "object/core/object.h"

#define KAA_GC__OUT UINT32_C(0x80000000)

/* kaa_heap__arena.marks */
#define KAA_GC__IN_YOUNG 1u
#define KAA_GC__IN_FULL 2u
#define KAA_GC__FROZEN 4u /* frozen, and nothing allocated in it since */

#define KAA_GC__RING 16u /* entries between finding one and using it */
#define KAA_GC__KNOWN 256u

/* Tables come from chunks, which are all freed with the set. */
typedef struct kaa_gc__chunk {
    struct kaa_gc__chunk *next;
    size_t used, capacity; /* of words */
    uint32_t words[];
} kaa_gc__chunk;

typedef struct kaa_gc__page {
    kaa_heap__arena *arena; /* NULL: a very large block that was freed since */
    uint32_t *table;
    uint32_t index;      /* of the page in its arena */
    uint32_t candidates; /* upper bound of its entries that are 0 */
    uint8_t was_touched, had_marks;
} kaa_gc__page;

/* Where the references of a type's instances are. */
typedef enum kaa_gc__shape {
    KAA_GC__NONE,
    KAA_GC__BY_CALL,
    KAA_GC__OFFSETS,
    KAA_GC__TUPLE,
    KAA_GC__LIST
} kaa_gc__shape;

typedef struct kaa_gc__set {
    kaa_heap *heap;
    kaa_gc__page *pages; /* in the order of addresses */
    size_t count, capacity;
    kaa_gc__chunk *chunks;
    size_t table_bytes;
    uint8_t mark;     /* KAA_GC__IN_YOUNG or _IN_FULL */
    uint32_t front;   /* from the start of a block to its object */
    const char *here; /* marking: objects up to here have had their turn */
    /* Marking: objects before `here` whose references are to be followed. When
     * it cannot grow the scan is done once more. */
    kaa_object **stack;
    size_t stack_count, stack_capacity;
    size_t stack_max; /* tests: no room for more; 0: no limit */
    int has_overflowed;
    int ignores_frozen; /* looks at frozen objects too, until it ends */
    uint64_t visited;   /* objects whose references were followed */
    /* The page of the object that is looked at, to find what is near without
     * ado. */
    uintptr_t near_base;
    uint32_t *near_table;
    uint32_t near_reciprocal;
    kaa_heap__arena *known[KAA_GC__KNOWN]; /* by address: arenas of the heap */
    /* The type of the object seen last, how its references are found, and how
     * many of its instances have been counted for it. */
    const kaa_object__type *type;
    kaa_gc__shape shape;
    uint32_t type_references;
    /* In slices: a long list or tuple that is under way, from which item on,
     * and where in the page to go on counting then. */
    int is_sliced;
    kaa_object *long_object;
    size_t long_at;
    uint32_t entry_at;
    /* Entries are looked at some turns after they are found, by when the cache
     * has them. */
    uint64_t ring_at, ring_out; /* turns so far, and when it was emptied */
    uint32_t *ring[KAA_GC__RING];
    kaa_object *ring_objects[KAA_GC__RING];
    uint32_t nothing; /* OUT: what the ring begins with */
} kaa_gc__set;

typedef enum kaa_gc__phase {
    KAA_GC__IDLE,
    KAA_GC__ADDING,   /* pages to the set */
    KAA_GC__COUNTING, /* pages of the set */
    KAA_GC__MARKING,
    KAA_GC__GATHERING, /* pages with candidates */
    KAA_GC__JUDGING    /* at once */
} kaa_gc__phase;

typedef struct kaa_gc__listener {
    kaa_gc_callback callback;
    void *user;
} kaa_gc__listener;

/* The bits of an arena's blocks that were frozen. */
typedef struct kaa_gc__frozen {
    struct kaa_gc__frozen *next;
    uint64_t bits[KAA_HEAP__PAGES][KAA_HEAP__BITS_WORDS];
} kaa_gc__frozen;

typedef struct kaa_gc {
    struct kaa_gc *next_abandoned;
    kaa_runtime *runtime;
    kaa_gc__set young, full;

    /* The full collection that is under way. */
    kaa_gc__phase phase;
    kaa_heap__arena **arenas; /* of the heap, in the order of addresses */
    size_t arena_count;
    size_t arena_at;  /* adding: the arena */
    uint32_t page_at; /* and the page in it */
    size_t at;        /* counting, marking, gathering: the page of the set */
    uint64_t start_live;
    kaa_gc_collection collection; /* of it */

    uint32_t is_running; /* a collection, or a part of one */
    uint32_t is_enabled;
    uint32_t held;
    kaa_gc_thresholds pace;
    uint64_t young_base; /* containers live after the last young collection */
    uint64_t full_base;
    int64_t external_base;
    int64_t debt;      /* objects that slices should have looked at by now */
    uint32_t quantum;  /* allocations between slices */
    uint32_t step_max; /* tests: at most so many objects a slice; 0: no limit */
    kaa_gc_statistics sum;

    kaa_gc__listener *listeners;
    size_t listener_count, listener_capacity;
    kaa_gc__frozen *frozen;
    uint64_t frozen_count;
} kaa_gc;

static inline kaa_gc *
kaa_gc__of(kaa_context *ctx)
{
    return kaa_object__runtime_of(ctx)->gc;
}

/* ---- set.c */

void kaa_gc__set_init(kaa_gc__set *set, kaa_heap *heap, uint8_t mark);
/* Adds the page of tracked blocks `index`; -1 when memory is short. */
int kaa_gc__set_add(kaa_gc__set *set, kaa_heap__arena *arena, uint32_t index);
/* Takes the cached free blocks out of it, after adding pages. */
void kaa_gc__set_drop_hot(kaa_gc__set *set);
/* Leaves the pages alone. `is_void`: as if it had never been. */
void kaa_gc__set_end(kaa_gc__set *set, int is_void);
/* All memory of an ended set. */
void kaa_gc__set_fini(kaa_gc__set *set);
/* Adds the pages with something allocated since the last collection that are in
 * no other set; or all pages. */
int kaa_gc__set_add_touched(kaa_gc *gc, kaa_gc__set *set);
int kaa_gc__set_add_all(kaa_gc *gc, kaa_gc__set *set);
/* Whether a page is one that a collection looks at. */
int kaa_gc__is_of_interest(const kaa_heap__arena *arena, uint32_t index);
/* gc->arenas; -1 when memory is short. */
int kaa_gc__list_arenas(kaa_gc *gc);
/* Containers that live now. */
uint64_t kaa_gc__live(const kaa_heap *heap);
int kaa_gc__know(kaa_gc__set *set, kaa_heap__arena *arena);
/* A member of the set whose page is still the one that was added. */
static inline int
kaa_gc__is_there(const kaa_gc__page *member)
{
    return member->arena != NULL &&
           member->arena->pages[member->index].beside == member->table;
}

/* Whether a handle that is not tagged lies in the page that is near. */
static inline int
kaa_gc__is_near(const kaa_gc__set *set, const kaa_object *object)
{
    return (uintptr_t)object - set->near_base < KAA_HEAP__PAGE_BYTES;
}

static inline uint32_t *
kaa_gc__near_entry(const kaa_gc__set *set, const kaa_object *object)
{
    return set->near_table + (((uint64_t)((uintptr_t)object - set->near_base) *
                               set->near_reciprocal) >>
                              32);
}

/* The entry of any handle; NULL outside the set's pages. */
static inline uint32_t *
kaa_gc__entry(kaa_gc__set *set, const kaa_object *object)
{
    kaa_heap__arena *arena = kaa_heap__arena_of(object);
    uint32_t index = kaa_heap__page_index(object);
    const kaa_heap__page *page;

    if (kaa_is_tagged(object))
        return NULL;
    if (kaa_gc__is_near(set, object))
        return kaa_gc__near_entry(set, object);
    if (KAA_UNLIKELY(set->known[(uintptr_t)arena / KAA_HEAP__ARENA_BYTES %
                                KAA_GC__KNOWN] != arena) &&
        !kaa_gc__know(set, arena))
        return NULL;
    if (!(arena->marks[index] & set->mark))
        return NULL;
    page = &arena->pages[index];
    return (uint32_t *)page->beside +
           kaa_heap__block_index(page, (uint32_t)((uintptr_t)object &
                                                  (KAA_HEAP__PAGE_BYTES - 1)));
}

static inline kaa_object *
kaa_gc__object_at(const kaa_gc__set *set, const kaa_gc__page *member,
                  uint32_t number)
{
    return (kaa_object *)(void *)(kaa_heap__page_base(member->arena,
                                                      member->index) +
                                  (size_t)number *
                                      member->arena->pages[member->index].size +
                                  set->front);
}

static inline uint32_t
kaa_gc__capacity(const kaa_gc__page *member)
{
    return member->arena->pages[member->index].capacity;
}

/* ---- trace.c */

/* Counts one page: all its entries but OUT. 0: there is a long object to be
 * counted before the rest. */
int kaa_gc__count_page(kaa_gc__set *set, kaa_gc__page *member);
/* A part of the long object; how much work that was. */
int64_t kaa_gc__count_long(kaa_gc__set *set);
int64_t kaa_gc__mark_long(kaa_gc__set *set);
/* Lets the last entries out of the ring of a counting pass. */
void kaa_gc__count_flush(kaa_gc__set *set);
/* Scans the page, and what lies before it and is reached. Stops early when
 * *budget objects were visited, or there is a long object to be followed first
 * (then 0 is returned). */
int kaa_gc__mark_page(kaa_gc__set *set, kaa_gc__page *member, int64_t *budget);
/* Lets the last entries out of the ring; before the program runs again. */
void kaa_gc__mark_flush(kaa_gc__set *set);
/* The end of a scan: 0 if it must begin anew, or the budget is used up (then
 * *budget is not above 0). */
int kaa_gc__mark_end(kaa_gc__set *set, int64_t *budget);
/* Entries that are 0 in the page. */
uint32_t kaa_gc__zeros(const kaa_gc__page *member);
/* Judges what is not OUT in pages with candidates; how many entries are 0 then.
 */
uint64_t kaa_gc__judge(kaa_gc__set *set);

/* ---- garbage.c */

/* Ends the garbage of a judged set. */
void kaa_gc__dispose(kaa_context *ctx, kaa_gc__set *set,
                     kaa_gc_collection *collection);

/* ---- collector.c */

/* 0; -1 when memory is short, and nothing has happened. */
int kaa_gc__collect_now(kaa_context *ctx, int generation,
                        kaa_gc_collection *collection);
/* Begins a full collection; one slice of it, of about so many objects; drops
 * it. */
int kaa_gc__full_begin(kaa_context *ctx);
void kaa_gc__full_slice(kaa_context *ctx, int64_t budget);
void kaa_gc__full_drop(kaa_gc *gc);
/* Sets kaa_runtime.forget as needed. */
void kaa_gc__watch_frees(kaa_gc *gc);

/* ---- pace.c */

/* kaa_runtime.collect */
void kaa_gc__asked(kaa_context *ctx);
/* After a collection. */
void kaa_gc__set_bases(kaa_gc *gc, int generation);
/* Fills in zeros of *pace. */
void kaa_gc__default_pace(kaa_gc_thresholds *pace);

/* ---- control.c */

void kaa_gc__tell(kaa_context *ctx, int is_end, kaa_gc_collection *collection);

#endif /* KAA_GC_INTERNAL_H */
