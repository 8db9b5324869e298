/* checked/ledger.c - balances by address: open addressing, linear probing.
 *
 * An entry whose balance is 0 stays, since it tells of what was released, until
 * the table is made anew; longer where the end of the call is to settle what it
 * tells of.
 */
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"

enum { FEW = 12, LEAST = 64 };

static size_t
place_of(const kaa_checked__ledger *ledger, uintptr_t key)
{
    size_t at = (size_t)((key >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    at &= ledger->capacity - 1;
    while (ledger->entries[at].key != 0 && ledger->entries[at].key != key)
        at = (at + 1) & (ledger->capacity - 1);
    return at;
}

static int
is_used(const kaa_checked__entry *entry)
{
    return entry->key != 0 &&
           (entry->balance != 0 || entry->kept != 0 || entry->moved != 0);
}

/* Where few entries stand for something, the table is made anew in its place.
 */
static void
clear_away(kaa_checked__ledger *ledger)
{
    kaa_checked__entry few[FEW];
    size_t used = 0;

    for (size_t i = 0; i < ledger->capacity; i++)
        if (is_used(&ledger->entries[i]))
            few[used++] = ledger->entries[i];
    memset(ledger->entries, 0, ledger->capacity * sizeof(few[0]));
    for (size_t i = 0; i < used; i++)
        ledger->entries[place_of(ledger, few[i].key)] = few[i];
    ledger->count = used;
    ledger->last = 0;
}

static int
make_room(kaa_checked__ledger *ledger)
{
    kaa_checked__ledger fresh = {.storage = ledger->storage};
    size_t used = 0;

    if (ledger->capacity == 0 && ledger->storage != NULL) {
        ledger->entries = ledger->storage;
        ledger->capacity = LEDGER_FEW;
        memset(ledger->entries, 0, LEDGER_FEW * sizeof(*ledger->entries));
        return 1;
    }
    for (size_t i = 0; i < ledger->capacity; i++)
        used += (size_t)is_used(&ledger->entries[i]);
    if (used <= FEW && ledger->capacity == LEAST) {
        clear_away(ledger);
        return 1;
    }
    fresh.capacity = LEAST;
    while (fresh.capacity < 4 * (used + 1))
        fresh.capacity *= 2;
    fresh.entries =
        kaa_base__alloc_zeroed(fresh.capacity * sizeof(*fresh.entries));
    if (fresh.entries == NULL)
        return 0;
    for (size_t i = 0; i < ledger->capacity; i++) {
        const kaa_checked__entry *entry = &ledger->entries[i];

        if (!is_used(entry))
            continue;
        fresh.entries[place_of(&fresh, entry->key)] = *entry;
        fresh.count++;
    }
    kaa_checked__ledger_fini(ledger);
    *ledger = fresh;
    return 1;
}

kaa_checked__entry *
kaa_checked__entry_of(kaa_checked__ledger *ledger, const void *key, int add)
{
    kaa_checked__entry *entry;

    if (ledger->capacity != 0) {
        /* What came is often what goes next. */
        entry = &ledger->entries[ledger->last];
        if (entry->key == (uintptr_t)key && key != NULL)
            return entry;
        ledger->last = place_of(ledger, (uintptr_t)key);
        entry = &ledger->entries[ledger->last];
        if (entry->key != 0)
            return entry;
    }
    if (!add)
        return NULL;
    if ((ledger->count + 1) * 4 > ledger->capacity * 3 && !make_room(ledger))
        return NULL;
    entry = &ledger->entries[place_of(ledger, (uintptr_t)key)];
    memset(entry, 0, sizeof(*entry));
    entry->key = (uintptr_t)key;
    entry->slot = SLOT_NONE;
    ledger->count++;
    return entry;
}

void
kaa_checked__ledger_fini(kaa_checked__ledger *ledger)
{
    if (ledger->entries != ledger->storage)
        kaa_base__free(ledger->entries);
    ledger->entries = NULL;
    ledger->capacity = ledger->count = ledger->last = 0;
}
