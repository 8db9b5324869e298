/* checked/ledger.c - balances by address: open addressing, linear probing. The
 * first few of a call stand one behind the other in storage of its own, which
 * so need not be cleared first, nor looked through whole at the end.
 *
 * An entry whose balance is 0 stays, since it tells of what was released, until
 * the table is made anew; longer where the end of the call is to settle what it
 * tells of.
 */
#include <string.h>

#include "base/memory.h"
#include "checked/checked.h"

enum { LEAST = 64 };

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
    kaa_checked__entry few[LEDGER_FEW];
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

    for (size_t i = 0; i < ledger->capacity; i++)
        used += (size_t)is_used(&ledger->entries[i]);
    if (used <= LEDGER_FEW && ledger->capacity == LEAST) {
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

/* NULL: it is not there; ledger->last is where it was found. */
static kaa_checked__entry *
look_up(kaa_checked__ledger *ledger, uintptr_t key)
{
    size_t at = ledger->last;

    if (ledger->capacity == 0)
        return NULL;
    /* What came is often what goes next. */
    if (ledger->entries[at].key == key && key != 0)
        return &ledger->entries[at];
    if (ledger->entries == ledger->storage) {
        for (at = 0; ledger->entries[at].key != key; at++)
            if (at + 1 == ledger->count)
                return NULL;
    } else {
        at = place_of(ledger, key);
        if (ledger->entries[at].key == 0)
            return NULL;
    }
    ledger->last = at;
    return &ledger->entries[at];
}

/* Room for one more, not yet filled; NULL: memory is short. */
static kaa_checked__entry *
add_entry(kaa_checked__ledger *ledger, uintptr_t key)
{
    if (ledger->capacity == 0 && ledger->storage != NULL)
        ledger->entries = ledger->storage;
    if (ledger->entries == ledger->storage && ledger->storage != NULL &&
        ledger->count < LEDGER_FEW) {
        ledger->capacity = ++ledger->count;
        ledger->last = ledger->count - 1;
        return &ledger->entries[ledger->last];
    }
    if ((ledger->count + 1) * 4 > ledger->capacity * 3 && !make_room(ledger))
        return NULL;
    ledger->count++;
    ledger->last = place_of(ledger, key);
    return &ledger->entries[ledger->last];
}

kaa_checked__entry *
kaa_checked__entry_of(kaa_checked__ledger *ledger, const void *key, int add)
{
    kaa_checked__entry *entry = look_up(ledger, (uintptr_t)key);

    if (entry != NULL || !add)
        return entry;
    entry = add_entry(ledger, (uintptr_t)key);
    if (entry == NULL)
        return NULL;
    memset(entry, 0, sizeof(*entry));
    entry->key = (uintptr_t)key;
    entry->slot = SLOT_NONE;
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
