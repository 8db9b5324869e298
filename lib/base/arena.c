/* base/arena.c - chunks of doubling size, freed together. */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK_MIN 2048u
#define CHUNK_MAX ((size_t)256 * 1024)
#define ALIGNMENT 16u

struct kaa_base__chunk {
    kaa_base__chunk *older;
    size_t bytes; /* of the payload */
};

_Static_assert(sizeof(kaa_base__chunk) % ALIGNMENT == 0,
               "the payload follows the header");

static int
grow(kaa_base__arena *arena, size_t bytes)
{
    size_t size = arena->chunks != NULL ? arena->chunks->bytes * 2 : CHUNK_MIN;
    kaa_base__chunk *chunk;

    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (size < bytes)
        size = bytes;
    if (size > SIZE_MAX - sizeof(*chunk))
        return 0;
    chunk = kaa_base__alloc(sizeof(*chunk) + size);
    if (chunk == NULL)
        return 0;
    chunk->older = arena->chunks;
    chunk->bytes = size;
    arena->chunks = chunk;
    arena->next = (char *)(chunk + 1);
    arena->end = arena->next + size;
    return 1;
}

void *
kaa_base__arena_alloc(kaa_base__arena *arena, size_t bytes)
{
    void *block;

    if (bytes > SIZE_MAX - (ALIGNMENT - 1))
        return NULL;
    if (bytes == 0)
        bytes = 1; /* every block has an address of its own */
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if ((size_t)(arena->end - arena->next) < bytes && !grow(arena, bytes))
        return NULL;
    block = arena->next;
    arena->next += bytes;
    memset(block, 0, bytes);
    return block;
}

char *
kaa_base__arena_text(kaa_base__arena *arena, const char *text, size_t length)
{
    char *copy =
        length < SIZE_MAX ? kaa_base__arena_alloc(arena, length + 1) : NULL;

    if (copy != NULL && length != 0)
        memcpy(copy, text, length);
    return copy;
}

void
kaa_base__arena_fini(kaa_base__arena *arena)
{
    kaa_base__chunk *chunk = arena->chunks;

    while (chunk != NULL) {
        kaa_base__chunk *older = chunk->older;
        kaa_base__free(chunk);
        chunk = older;
    }
    memset(arena, 0, sizeof(*arena));
}
