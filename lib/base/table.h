/* base/table.h - a hash table from byte strings to pointers.
 *
 * Open addressing with linear probing at a load of at most 3/4; no removal.
 * Keys are borrowed: they must live as long as the table. Hash: FNV-1a.
 */
#ifndef KAA_BASE_TABLE_H
#define KAA_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

typedef struct kaa_base__entry {
    const char *key; /* NULL: an empty slot */
    size_t length;
    uint64_t hash;
    void *value;
} kaa_base__entry;

/* Zeroed storage of the caller's is an empty table. */
typedef struct kaa_base__table {
    kaa_base__entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
} kaa_base__table;

/* The value, or NULL. */
void *kaa_base__table_get(const kaa_base__table *table, const char *key,
                          size_t length);
/* Adds or replaces. 0 when memory is short (nothing has changed), else 1. */
int kaa_base__table_set(kaa_base__table *table, const char *key, size_t length,
                        void *value);
void kaa_base__table_fini(kaa_base__table *table);

uint64_t kaa_base__hash(const void *bytes, size_t length);

#endif /* KAA_BASE_TABLE_H */
