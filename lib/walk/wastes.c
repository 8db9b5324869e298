/* walk/wastes.c - memory that holds nothing: strings that are there more
 * than once, and lists and dicts with more room than they use. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "walk/internal.h"

#define ROOM_LEAST 64u /* bytes that are free; less is no waste */

typedef struct text {
    uint64_t hash;
    uint32_t node;  /* the first of these */
    uint32_t count; /* 0: a free entry */
    uint64_t bytes; /* of all but the first */
} text;

/* FNV-1a (Fowler, Noll, Vo), eight bytes at a time. */
static uint64_t
hash_of(const void *characters, size_t bytes)
{
    const unsigned char *at = characters;
    uint64_t hash = 0xcbf29ce484222325u ^ bytes, part;

    for (; bytes >= 8; bytes -= 8, at += 8) {
        memcpy(&part, at, 8);
        hash = (hash ^ part) * 0x100000001b3u;
        hash ^= hash >> 32;
    }
    for (; bytes != 0; bytes--)
        hash = (hash ^ *at++) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static const void *
characters_of(const kaa_walk *walk, uint32_t node, size_t *bytes)
{
    const kaa_walk__kind *kind = &walk->kinds[walk->kind_of[node]];

    if (kind->type != walk->python.str_type)
        return NULL;
    return kaa_walk__characters(&walk->python, kind, walk->objects[node],
                                bytes);
}

static int
is_same(const kaa_walk *walk, uint32_t one, const void *characters,
        size_t bytes)
{
    size_t other = 0;
    const void *at = characters_of(walk, one, &other);

    return at != NULL && other == bytes && memcmp(at, characters, bytes) == 0;
}

static void
add_text(const kaa_walk *walk, text *table, size_t mask, uint32_t node)
{
    size_t bytes = 0;
    const void *characters = characters_of(walk, node, &bytes);
    uint64_t hash;
    size_t i;

    if (characters == NULL || bytes == 0)
        return;
    hash = hash_of(characters, bytes);
    for (i = (size_t)hash & mask; table[i].count != 0; i = (i + 1) & mask) {
        if (table[i].hash != hash ||
            !is_same(walk, table[i].node, characters, bytes))
            continue;
        table[i].count++;
        table[i].bytes += walk->sizes[node];
        return;
    }
    table[i] = (text){hash, node, 1, 0};
}

uint32_t
kaa_walk_duplicates(const kaa_walk *walk, kaa_walk_waste *out,
                    uint32_t capacity, uint64_t *bytes)
{
    size_t strings = 0, size = 1024;
    kaa_walk__largest told = {.capacity = capacity};
    text *table;

    if (walk == NULL || out == NULL || bytes == NULL)
        return 0;
    *bytes = 0;
    for (uint32_t i = 0; i < walk->kinds_count; i++)
        if (walk->kinds[i].type == walk->python.str_type)
            strings = (size_t)walk->kinds[i].count;
    while (size < strings * 2)
        size *= 2;
    table = kaa_base__alloc_zeroed(size * sizeof(text));
    told.entries =
        kaa_base__alloc_array((size_t)capacity + 1, sizeof(kaa_walk__ranked));
    if (table != NULL && told.entries != NULL) {
        for (uint32_t node = 0; node < walk->count; node++)
            add_text(walk, table, size - 1, node);
        for (size_t i = 0; i < size; i++) {
            *bytes += table[i].bytes;
            kaa_walk__largest_add(&told, table[i].bytes, (uint32_t)i);
        }
        kaa_walk__largest_sort(&told);
    }
    for (uint32_t i = 0; i < told.count; i++) {
        const text *one = &table[told.entries[i].number];

        out[i] =
            (kaa_walk_waste){walk->objects[one->node], one->count, one->bytes};
    }
    kaa_base__free(table);
    kaa_base__free(told.entries);
    return told.count;
}

/* The bytes that are free in a list or dict that is not half full. */
static uint64_t
free_room(const kaa_walk *walk, uint32_t node, const void *type)
{
    const kaa_walk__kind *kind = &walk->kinds[walk->kind_of[node]];
    size_t room, used;

    if (kind->type != type ||
        !kaa_walk__room_of(&walk->python, kind, walk->objects[node], &room,
                           &used) ||
        used > room / 2 || room - used < ROOM_LEAST)
        return 0;
    return room - used;
}

uint32_t
kaa_walk_rooms(const kaa_walk *walk, int of_dicts, kaa_walk_waste *out,
               uint32_t capacity, kaa_walk_waste *all)
{
    kaa_walk__largest told = {.capacity = capacity};
    const void *type;

    if (walk == NULL || out == NULL || all == NULL)
        return 0;
    *all = (kaa_walk_waste){0};
    told.entries =
        kaa_base__alloc_array((size_t)capacity + 1, sizeof(kaa_walk__ranked));
    if (told.entries == NULL)
        return 0;
    type = of_dicts ? walk->python.dict_type : walk->python.list_type;
    for (uint32_t node = 0; node < walk->count; node++) {
        uint64_t bytes = free_room(walk, node, type);

        all->bytes += bytes;
        all->count += bytes != 0;
        kaa_walk__largest_add(&told, bytes, node);
    }
    kaa_walk__largest_sort(&told);
    for (uint32_t i = 0; i < told.count; i++)
        out[i] = (kaa_walk_waste){walk->objects[told.entries[i].number], 1,
                                  told.entries[i].value};
    kaa_base__free(told.entries);
    return told.count;
}
