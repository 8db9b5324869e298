/* base/table.c - strings to pointers. */
#include "base/table.h"

#include <string.h>

#include "base/memory.h"

#define CAPACITY_MIN 16u

uint64_t
kaa_base__hash(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

/* The slot that holds the key, or the empty one where it would go. */
static kaa_base__entry *
find(const kaa_base__table *table, const char *key, size_t length,
     uint64_t hash)
{
    size_t mask = table->capacity - 1;
    size_t at = (size_t)hash & mask;

    for (;;) {
        kaa_base__entry *entry = &table->entries[at];
        if (entry->key == NULL)
            return entry;
        if (entry->hash == hash && entry->length == length &&
            memcmp(entry->key, key, length) == 0)
            return entry;
        at = (at + 1) & mask;
    }
}

void *
kaa_base__table_get(const kaa_base__table *table, const char *key,
                    size_t length)
{
    if (table->count == 0)
        return NULL;
    return find(table, key, length, kaa_base__hash(key, length))->value;
}

static int
grow(kaa_base__table *table)
{
    kaa_base__table larger = {0};

    larger.capacity = table->capacity != 0 ? table->capacity * 2 : CAPACITY_MIN;
    if (larger.capacity > SIZE_MAX / sizeof(kaa_base__entry))
        return 0;
    larger.entries =
        kaa_base__alloc_zeroed(larger.capacity * sizeof(kaa_base__entry));
    if (larger.entries == NULL)
        return 0;
    for (size_t i = 0; i < table->capacity; i++) {
        const kaa_base__entry *old = &table->entries[i];
        if (old->key != NULL)
            *find(&larger, old->key, old->length, old->hash) = *old;
    }
    larger.count = table->count;
    kaa_base__free(table->entries);
    *table = larger;
    return 1;
}

int
kaa_base__table_set(kaa_base__table *table, const char *key, size_t length,
                    void *value)
{
    uint64_t hash = kaa_base__hash(key, length);
    kaa_base__entry *entry;

    if (table->count >= table->capacity / 4 * 3 && !grow(table))
        return 0;
    entry = find(table, key, length, hash);
    if (entry->key == NULL) {
        entry->key = key;
        entry->length = length;
        entry->hash = hash;
        table->count++;
    }
    entry->value = value;
    return 1;
}

void
kaa_base__table_fini(kaa_base__table *table)
{
    kaa_base__free(table->entries);
    memset(table, 0, sizeof(*table));
}
