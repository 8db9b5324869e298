/* heap/park.c - free blocks at hand beyond those of `hot`.
 *
 * A program that frees thousands of blocks of a class, and then wants as many,
 * would have them marked in their pages and found there again, one by one. So
 * an array of a bin that runs full grows, into memory of its own, and the
 * oldest blocks in it are parked:
 *
 *     array   | parked | at hand | room |
 *             hot    floor      top   limit
 *
 * `floor` and `limit` stay within hot_max of each other and move by half of it,
 * so that this costs one step in some hundred allocations or frees. Parked
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

#define SHELF 16384u                         /* blocks in the longer array */
#define PARKED_BYTES_MAX ((uint64_t)1 << 24) /* of a heap */
#define HOT_LEAST 256u /* classes of fewer are not worth it */

/* Parks as many of the blocks at hand as leave half of hot_max. */
static void
set_parked(kaa_heap *heap, kaa_heap__bin *bin, uint32_t parked)
{
    uint64_t size = kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].size;
    kaa_heap_count *kind = &heap->taken_kinds[KAA_HEAP__KIND(bin->code)];

    if (parked > bin->parked) {
        uint64_t more = parked - bin->parked;

        kaa_heap__count_sub(kind, more, more * size);
        kaa_heap__count_sub(&heap->taken, more, more * size);
        heap->parked_bytes += more * size;
    } else {
        uint64_t fewer = bin->parked - parked;

        kaa_heap__count_add(kind, fewer, fewer * size);
        kaa_heap__count_add(&heap->taken, fewer, fewer * size);
        heap->parked_bytes -= fewer * size;
        if (heap->parked_bytes < heap->pace.parked_min)
            heap->pace.parked_min = heap->parked_bytes;
    }
    bin->parked = parked;
}

static int
grow(kaa_heap__bin *bin)
{
    uint32_t count = kaa_heap__at_hand(bin);
    void **shelf = kaa_base__alloc(SHELF * sizeof(*shelf));

    if (shelf == NULL)
        return 0;
    memcpy(shelf, bin->hot, count * sizeof(*shelf));
    bin->hot = bin->shelf = shelf;
    bin->top = shelf + count;
    return 1;
}

int
kaa_heap__park(kaa_heap *heap, kaa_heap__bin *bin)
{
    const kaa_heap__class *class =
        &kaa_heap__classes[KAA_HEAP__CLASS(bin->code)];
    uint32_t count = kaa_heap__at_hand(bin), step = class->hot_max / 2;

    if (class->hot_max < HOT_LEAST || count < class->hot_max ||
        count + step > SHELF ||
        heap->parked_bytes + (uint64_t)count * class->size > PARKED_BYTES_MAX)
        return 0;
    if (bin->shelf == NULL && !grow(bin))
        return 0;
    set_parked(heap, bin, count - step);
    bin->limit = bin->hot + count + step;
    return 1;
}

void
kaa_heap__unpark(kaa_heap *heap, kaa_heap__bin *bin, uint32_t blocks)
{
    set_parked(heap, bin, blocks < bin->parked ? bin->parked - blocks : 0);
}

void
kaa_heap__shelf_free(kaa_heap *heap, kaa_heap__bin *bin)
{
    KAA_ASSERT(bin->top == bin->hot && bin->parked == 0);
    if (bin->shelf == NULL)
        return;
    bin->limit =
        bin->limit == bin->hot
            ? heap->hot[bin->code]
            : heap->hot[bin->code] +
                  kaa_heap__classes[KAA_HEAP__CLASS(bin->code)].hot_max;
    bin->top = bin->hot = heap->hot[bin->code];
    kaa_base__free(bin->shelf);
    bin->shelf = NULL;
}
