/* bench/heap_nothing.c - an allocator that does nothing, for bench/heap.c: what
 * of each figure is the calling of a library?
 */
#include <stddef.h>

void *nothing_alloc(void *heap, size_t size, int kind);
void nothing_free(void *heap, void *block);

void *
nothing_alloc(void *heap, size_t size, int kind)
{
    static char block[16];

    (void)heap, (void)size, (void)kind;
    return block;
}

void
nothing_free(void *heap, void *block)
{
    (void)heap, (void)block;
}
