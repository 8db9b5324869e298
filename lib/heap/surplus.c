/* heap/surplus.c - cached free blocks beyond those of `cache`.
 *
 * A program that frees thousands of blocks of a class, and then wants as many,
 * would have them marked in their pages and found there again, one by one. So
 * an array of a bin that runs full grows, into memory of its own, and the
 * oldest blocks in it are surplus:
 *
 *     array   | surplus | cached | room |
 *           cache     floor   top     limit
 *
 * `floor` and `limit` stay within cache_max of each other and move by half of
 * it, so that this costs one step in some hundred allocations or frees. Surplus
 * blocks are out of their pages, but do not count as taken in the figures of
 * the heap.
 *
 * They keep their pages in use, so their number is bounded, and all go back to
 * their pages when the heap needs room, when it is trimmed, when none of them
 * was wanted for an epoch, and soon after most of the heap was freed; see
 * purge.c.
 */
#include "heap/internal.h"

#include "base/memory.h"

#define EXTENDED_MAX 16384u                   /* blocks in the longer array */
#define SURPLUS_BYTES_MAX ((uint64_t)1 << 24) /* of a heap */
#define CACHE_LEAST 256u /* classes of fewer are not worth it */

/* Declares surplus as many of the cached blocks as leave half of cache_max. */
static void
set_surplus(kaa_heap *heap, kaa_heap__bin *bin, uint32_t surplus)
{
    uint64_t size = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].size;
    kaa_heap_count *kind = &heap->taken_kinds[KAA_HEAP__KIND(bin->code)];

    if (surplus > bin->surplus) {
        uint64_t more = surplus - bin->surplus;

        kaa_heap__count_sub(kind, more, more * size);
        kaa_heap__count_sub(&heap->taken, more, more * size);
        heap->surplus_bytes += more * size;
    } else {
        uint64_t fewer = bin->surplus - surplus;

        kaa_heap__count_add(kind, fewer, fewer * size);
        kaa_heap__count_add(&heap->taken, fewer, fewer * size);
        heap->surplus_bytes -= fewer * size;
        if (heap->surplus_bytes < heap->pace.surplus_min)
            heap->pace.surplus_min = heap->surplus_bytes;
    }
    bin->surplus = surplus;
}

static int
grow(kaa_heap__bin *bin)
{
    uint32_t count = kaa_heap__cached(bin);
    void **extended = kaa_base__alloc(EXTENDED_MAX * sizeof(*extended));

    if (extended == NULL)
        return 0;
    memcpy(extended, bin->cache, count * sizeof(*extended));
    bin->cache = bin->extended = extended;
    bin->top = extended + count;
    return 1;
}

int
kaa_heap__add_surplus(kaa_heap *heap, kaa_heap__bin *bin)
{
    const kaa_heap__class *class =
        &kaa_heap__classes[KAA_HEAP__CLASS(bin->code)];
    uint32_t count = kaa_heap__cached(bin), step = class->cache_max / 2;

    if (class->cache_max < CACHE_LEAST || count < class->cache_max ||
        count + step > EXTENDED_MAX ||
        heap->surplus_bytes + (uint64_t)count * class->size > SURPLUS_BYTES_MAX)
        return 0;
    if (bin->extended == NULL && !grow(bin))
        return 0;
    set_surplus(heap, bin, count - step);
    bin->limit = bin->cache + count + step;
    return 1;
}

void
kaa_heap__use_surplus(kaa_heap *heap, kaa_heap__bin *bin, uint32_t blocks)
{
    set_surplus(heap, bin, blocks < bin->surplus ? bin->surplus - blocks : 0);
}

void
kaa_heap__extended_free(kaa_heap *heap, kaa_heap__bin *bin)
{
    KAA_ASSERT(bin->top == bin->cache && bin->surplus == 0);
    if (bin->extended == NULL)
        return;
    bin->limit =
        bin->limit == bin->cache
            ? heap->cache[bin->code]
            : heap->cache[bin->code] +
                  kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].cache_max;
    bin->top = bin->cache = heap->cache[bin->code];
    kaa_base__free(bin->extended);
    bin->extended = NULL;
}
