/* gc/set.c - the pages that a collection looks at, and their tables. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "gc/internal.h"

/* Words of a chunk: the tables of a young collection fit in one. */
#define CHUNK_WORDS ((size_t)65536)
/* An ended set keeps no more than this. */
#define STACK_KEPT 4096u
#define PAGES_KEPT 256u

void
kaa_gc__set_init(kaa_gc__set *set, kaa_heap *heap, uint8_t mark)
{
    memset(set, 0, sizeof(*set));
    set->heap = heap;
    set->mark = mark;
    set->front = heap->checked & KAA_HEAP__CHECK_DEBUG
                     ? (uint32_t)KAA_HEAP__ALIGNMENT
                     : 0;
    set->near_base = UINTPTR_MAX - KAA_HEAP__PAGE_BYTES;
    set->nothing = KAA_GC__OUT;
    for (uint32_t i = 0; i < KAA_GC__RING; i++)
        set->ring[i] = &set->nothing;
}

int
kaa_gc__know(kaa_gc__set *set, kaa_heap__arena *arena)
{
    if (!kaa_heap__is_arena(arena) || arena->heap != set->heap)
        return 0;
    set->known[(uintptr_t)arena / KAA_HEAP__ARENA_BYTES % KAA_GC__KNOWN] =
        arena;
    return 1;
}

static uint32_t *
table_new(kaa_gc__set *set, size_t words)
{
    kaa_gc__chunk *chunk = set->chunks;

    if (chunk == NULL || chunk->capacity - chunk->used < words) {
        size_t capacity = words > CHUNK_WORDS ? words : CHUNK_WORDS;

        chunk = kaa_base__alloc(sizeof(*chunk) + capacity * sizeof(uint32_t));
        if (chunk == NULL)
            return NULL;
        chunk->used = 0;
        chunk->capacity = capacity;
        chunk->next = set->chunks;
        set->chunks = chunk;
        set->table_bytes += sizeof(*chunk) + capacity * sizeof(uint32_t);
    }
    chunk->used += words;
    return chunk->words + chunk->used - words;
}

static void
fill_table(const kaa_gc__set *set, const kaa_heap__arena *arena, uint32_t index,
           uint32_t *table)
{
    const kaa_heap__page *page = &arena->pages[index];
    const uint64_t *frozen = arena->frozen != NULL && !set->ignores_frozen
                                 ? arena->frozen[index]
                                 : NULL;

    memset(table, 0, page->capacity * sizeof(*table));
    for (uint32_t i = 0; i * 64 < page->capacity; i++) {
        uint64_t out = page->size != 0 ? arena->bits[index][i] : 0;

        if (frozen != NULL)
            out |= frozen[i];
        for (; out != 0; out &= out - 1)
            table[i * 64 + (uint32_t)__builtin_ctzll(out)] = KAA_GC__OUT;
    }
    if (set->heap->checked & KAA_HEAP__CHECK_DEBUG)
        for (uint32_t i = 0; i < page->capacity; i++)
            if (page->records[i].state != KAA_HEAP__LIVE)
                table[i] = KAA_GC__OUT;
}

static int
make_room(kaa_gc__set *set)
{
    size_t capacity = set->capacity != 0 ? set->capacity * 2 : 64;
    kaa_gc__page *pages;

    if (set->count < set->capacity)
        return 0;
    pages =
        kaa_base__realloc_array(set->pages, capacity, sizeof(set->pages[0]));
    if (pages == NULL)
        return -1;
    set->pages = pages;
    set->capacity = capacity;
    return 0;
}

int
kaa_gc__set_add(kaa_gc__set *set, kaa_heap__arena *arena, uint32_t index)
{
    kaa_heap__page *page = &arena->pages[index];
    uint32_t *table;

    if (make_room(set) != 0)
        return -1;
    table = table_new(set, page->capacity);
    if (table == NULL)
        return -1;
    fill_table(set, arena, index, table);
    set->pages[set->count++] =
        (kaa_gc__page){.arena = arena,
                       .table = table,
                       .index = index,
                       .candidates = page->capacity,
                       .was_touched = arena->touched[index],
                       .had_marks = arena->marks[index]};
    page->beside = table;
    arena->marks[index] =
        (uint8_t)((arena->marks[index] & ~KAA_GC__FROZEN) | set->mark);
    arena->touched[index] = 0;
    return 0;
}

void
kaa_gc__set_drop_hot(kaa_gc__set *set)
{
    kaa_heap *heap = set->heap;

    for (uint64_t bits = heap->bins_used[KAA_HEAP_OBJECT_TRACKED]; bits != 0;
         bits &= bits - 1) {
        const kaa_heap__bin *bin = &heap->bins[KAA_HEAP_OBJECT_TRACKED << 6 |
                                               (uint32_t)__builtin_ctzll(bits)];

        for (void **at = bin->cache; at < bin->top; at++) {
            uint32_t *entry = kaa_gc__entry(set, *at);

            if (entry != NULL)
                *entry = KAA_GC__OUT;
        }
    }
}

void
kaa_gc__set_end(kaa_gc__set *set, int is_void)
{
    for (size_t i = 0; i < set->count; i++) {
        kaa_gc__page *member = &set->pages[i];

        if (!kaa_gc__is_there(member))
            continue;
        member->arena->pages[member->index].beside = NULL;
        member->arena->marks[member->index] &= (uint8_t)~set->mark;
        if (is_void) {
            member->arena->touched[member->index] |= member->was_touched;
            member->arena->marks[member->index] |=
                (uint8_t)(member->had_marks & KAA_GC__FROZEN);
        }
    }
    set->count = 0;
    while (set->chunks != NULL &&
           (set->chunks->next != NULL || set->chunks->capacity > CHUNK_WORDS)) {
        kaa_gc__chunk *chunk = set->chunks;

        set->chunks = chunk->next;
        set->table_bytes -= sizeof(*chunk) + chunk->capacity * sizeof(uint32_t);
        kaa_base__free(chunk);
    }
    if (set->chunks != NULL)
        set->chunks->used = 0;
    set->stack_count = 0;
    if (set->stack_capacity > STACK_KEPT) {
        kaa_base__free(set->stack);
        set->stack = NULL;
        set->stack_capacity = 0;
    }
    if (set->capacity > PAGES_KEPT) {
        kaa_base__free(set->pages);
        set->pages = NULL;
        set->capacity = 0;
    }
    set->has_overflowed = set->ignores_frozen = 0;
    set->visited = 0;
    set->near_base = UINTPTR_MAX - KAA_HEAP__PAGE_BYTES;
    set->entry_at = 0;
    set->long_object = NULL;
    memset(set->known, 0, sizeof(set->known));
}

void
kaa_gc__set_fini(kaa_gc__set *set)
{
    kaa_base__free(set->chunks); /* at most one */
    kaa_base__free(set->stack);
    kaa_base__free(set->pages);
}

int
kaa_gc__is_of_interest(const kaa_heap__arena *arena, uint32_t index)
{
    uint32_t code = arena->codes[index];

    if (code == KAA_HEAP__LARGE)
        code = arena->pages[index].code;
    else if (!KAA_HEAP__IS_BLOCKS(code))
        return 0;
    return KAA_HEAP__KIND(code) == KAA_HEAP_OBJECT_TRACKED;
}

static int
by_address(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t) * (kaa_heap__arena *const *)left;
    uintptr_t b = (uintptr_t) * (kaa_heap__arena *const *)right;

    return a < b ? -1 : a > b;
}

int
kaa_gc__list_arenas(kaa_gc *gc)
{
    kaa_heap *heap = gc->runtime->heap;
    size_t count = 0;
    kaa_heap__arena **arenas;

    arenas = kaa_base__realloc_array(gc->arenas, heap->arenas_count,
                                     sizeof(*arenas));
    if (arenas == NULL)
        return -1;
    gc->arenas = arenas;
    for (kaa_heap__arena *at = heap->arenas; at != NULL; at = at->next)
        arenas[count++] = at;
    for (kaa_heap__arena *at = heap->own; at != NULL; at = at->next)
        arenas[count++] = at;
    KAA_ASSERT(count == heap->arenas_count);
    qsort(arenas, count, sizeof(*arenas), by_address);
    gc->arena_count = count;
    return 0;
}

static int
add_arena(kaa_gc__set *set, kaa_heap__arena *arena, int is_all)
{
    for (uint32_t i = 0; i < KAA_HEAP__PAGES; i++) {
        uint64_t touched;

        if (!is_all && i % 8 == 0) {
            memcpy(&touched, arena->touched + i, sizeof(touched));
            if (touched == 0) {
                i += 7;
                continue;
            }
        }
        if ((!is_all && !arena->touched[i]) ||
            !kaa_gc__is_of_interest(arena, i) ||
            arena->marks[i] & KAA_GC__IN_FULL ||
            (arena->marks[i] & KAA_GC__FROZEN && !arena->touched[i] &&
             !set->ignores_frozen))
            continue;
        if (kaa_gc__set_add(set, arena, i) != 0)
            return -1;
    }
    return 0;
}

static int
add_arenas(kaa_gc *gc, kaa_gc__set *set, int is_all)
{
    if (kaa_gc__list_arenas(gc) != 0)
        return -1;
    for (size_t i = 0; i < gc->arena_count; i++)
        if (add_arena(set, gc->arenas[i], is_all) != 0)
            return -1;
    kaa_gc__set_drop_hot(set);
    return 0;
}

int
kaa_gc__set_add_touched(kaa_gc *gc, kaa_gc__set *set)
{
    return add_arenas(gc, set, 0);
}

int
kaa_gc__set_add_all(kaa_gc *gc, kaa_gc__set *set)
{
    return add_arenas(gc, set, 1);
}

uint64_t
kaa_gc__live(const kaa_heap *heap)
{
    uint64_t live = heap->large[KAA_HEAP_OBJECT_TRACKED].blocks_live -
                    heap->large_held[KAA_HEAP_OBJECT_TRACKED].blocks_live;

    for (uint64_t bits = heap->bins_used[KAA_HEAP_OBJECT_TRACKED]; bits != 0;
         bits &= bits - 1) {
        const kaa_heap__bin *bin =
            &heap->bins[KAA_HEAP_OBJECT_TRACKED << 6 | __builtin_ctzll(bits)];

        live += bin->used - kaa_heap__cached(bin) - bin->held;
    }
    return live;
}
