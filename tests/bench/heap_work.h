/* bench/heap_work.h - the workloads of heap.c, once for each way of calling.
 *
 * Included twice: WORK(name) names the functions, ALLOC(size) and FREE(block)
 * call through the pointers of `const peer *p`. So kaa, which takes a heap and
 * a kind, is called as directly as malloc is, each through one pointer.
 */

/* Allocates and frees one block, `count` times. */
static void
WORK(pair)(const peer *p, size_t size, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char *block = ALLOC(size);

        *(volatile char *)block = 1;
        FREE(block);
    }
}

/* `many` blocks, then all freed in the same order, until `count` are done. */
static void
WORK(batch)(const peer *p, size_t size, uint32_t count)
{
    for (uint32_t done = 0; done < count; done += BATCH) {
        for (uint32_t i = 0; i < BATCH; i++) {
            char *block = ALLOC(size);

            *(volatile char *)block = 1;
            slots[i] = block;
        }
        for (uint32_t i = 0; i < BATCH; i++)
            FREE(slots[i]);
    }
}

static void
WORK(fill)(const peer *p, size_t size, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char *block = ALLOC(size != 0 ? size : sizes[i & (SIZES - 1)]);

        *(volatile char *)block = 1;
        slots[i] = block;
    }
}

static void
WORK(empty)(const peer *p, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        FREE(slots[i]);
}

/* Frees and allocates anew in random places of WORKING slots. size 0: mixed. */
static void
WORK(replace)(const peer *p, size_t size, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t where = order[i & (ORDER - 1)];
        char *block;

        FREE(slots[where]);
        block = ALLOC(size != 0 ? size : sizes[i & (SIZES - 1)]);
        *(volatile char *)block = 1;
        slots[where] = block;
    }
}
