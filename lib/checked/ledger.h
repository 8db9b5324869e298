/* checked/ledger.h - what is noted of references: for checked.h. */
#ifndef KAA_CHECKED_LEDGER_H
#define KAA_CHECKED_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include <kaa/module.h>

typedef enum kaa_checked__slot {
#define KAA_SLOT(result, name, parameters, arguments) SLOT_##name,
#define KAA_VOID_SLOT(name, parameters, arguments) SLOT_##name,
#define KAA_BARE_SLOT(result, name, parameters) SLOT_##name,
#include <kaa/api.def>
#undef KAA_SLOT
#undef KAA_VOID_SLOT
#undef KAA_BARE_SLOT
    SLOT_NONE
} kaa_checked__slot;

_Static_assert(SLOT_NONE <= UINT8_MAX, "kaa_checked__entry.slot is a byte");

/* ---- ledger.c: what is owned, by address */

enum { LEDGER_FEW = 12 };

typedef struct kaa_checked__entry {
    uintptr_t key;    /* 0: empty */
    int64_t balance;  /* references owned; bytes of a block */
    uint16_t moved;   /* of a frame: references taken over from data */
    uint16_t kept;    /* the same from the module's `kept` */
    uint16_t stack;   /* that took the last one, by its number; 0: none */
    uint8_t what;     /* not of a frame: what the entry is, with a balance */
    uint8_t slot;     /* that gave the last one */
    const void *site; /* its caller */
} kaa_checked__entry;

typedef struct kaa_checked__ledger {
    kaa_checked__entry *entries;
    size_t capacity;             /* entries to be looked at: a power of two, or
                                    in `storage` the count */
    size_t count;                /* with those whose balance is 0 */
    size_t last;                 /* where the last look-up ended */
    kaa_checked__entry *storage; /* of LEDGER_FEW, for the first entries, not
                                    to be freed; may be NULL */
} kaa_checked__ledger;

/* NULL: there is none, or with `add`, memory is short. */
kaa_checked__entry *kaa_checked__entry_of(kaa_checked__ledger *ledger,
                                          const void *key, int add);
void kaa_checked__ledger_fini(kaa_checked__ledger *ledger);

/* Calls that took references: see stacks.c. */
typedef struct kaa_checked__stacks {
    kaa_checked__ledger places;  /* that have leaked: stacks still to note */
    kaa_checked__ledger numbers; /* by hash */
    const void **calls;          /* of each, ended by NULL */
    size_t count, capacity;
} kaa_checked__stacks;

#endif /* KAA_CHECKED_LEDGER_H */
