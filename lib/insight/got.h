/* insight/got.h - putting a function of ours in front of one that a loaded
 * object calls through its global offset table.
 *
 * Nothing is preloaded and no code is changed: the pointers through which one
 * object (the interpreter) reaches functions of others (the C library) are
 * replaced, and put back. Whoever else replaced one before is called on; who
 * did it after us keeps working, and our function then stays in the chain.
 */
#ifndef KAA_INSIGHT_GOT_H
#define KAA_INSIGHT_GOT_H

#include <stdint.h>

#include <kaa/base.h>

#define KAA_INSIGHT__GOT_PLACES_MAX 8

typedef struct kaa_insight__patch {
    const char *name; /* of the function, as the object asks for it */
    void *hook;       /* ours */
    void *real;       /* what the hook calls on; written by got_find() */
    struct {
        void **place;
        void *before; /* what stood there */
    } places[KAA_INSIGHT__GOT_PLACES_MAX];
    uint32_t places_count; /* 0: not installed, or the object never calls it */
    uint32_t is_foreign;   /* another tool's hook stands there */
    uint32_t is_left;      /* and calls ours, which could not be removed */
} kaa_insight__patch;

/* The load address of the object that `address` lies in; 0 if in none. */
uintptr_t kaa_insight__got_object(const void *address);

/* Finds the places of `count` patches in the object, what stands there and what
 * hooks go on to; changes nothing. A patch that has no places is one that the
 * object does not import. fails: KAA_UNSUPPORTED (no such table, another
 * processor), KAA_LIMIT, KAA_NO_SYMBOL */
KAA_NODISCARD kaa_status kaa_insight__got_find(uintptr_t object,
                                               kaa_insight__patch *patches,
                                               uint32_t count, kaa_error *err);

/* Puts the hooks in; all or none. fails: KAA_SYSTEM (memory protection) */
KAA_NODISCARD kaa_status kaa_insight__got_write(kaa_insight__patch *patches,
                                                uint32_t count, kaa_error *err);

/* Puts back what stood there. Returns the number of places that hold neither
 * our hook nor what stood there before: another tool came after us. Those are
 * left alone, so the hook may still be called, and goes on to `real`. */
uint32_t kaa_insight__got_remove(kaa_insight__patch *patches, uint32_t count);

/* ---- in all objects ---- */

/* A function that is replaced wherever it is imported. */
typedef struct kaa_insight__import {
    const char *name;
    void *hook;
    void *real; /* what calls by that name come to */
    /* Its address as the program sees it, where that is another one: a stub of
     * a program that is loaded at a fixed address; else NULL. */
    void *address;
} kaa_insight__import;

typedef struct kaa_insight__imports {
    kaa_insight__import *entries;
    uint32_t count;
    /* How many of them, the first, are replaced in an object that one of
     * `apart` lies in; in all others it is all. */
    uint32_t count_apart;
    const void *apart;
    const void *never[2]; /* objects that these lie in are left alone */
    uint32_t foreign;     /* out: places where neither hook nor real stands */
    uint32_t failed;      /* out: places that could not be written */
    uint64_t loads;       /* out: how many objects the loader has loaded yet */
} kaa_insight__imports;

/* Puts the hooks into all loaded objects, the loader's own excepted, or takes
 * them out. What is another tool's is left alone. Keeps no list: an object that
 * was unloaded is of no concern. Waits for the loader. */
void kaa_insight__got_write_all(kaa_insight__imports *imports, int are_in);

/* How many objects the loader has loaded up to now, those that have gone
 * included. Waits for the loader. */
uint64_t kaa_insight__got_loads(void);

/* The code of the object that `address` lies in. 0: it lies in none. */
int kaa_insight__got_code(const void *address, uintptr_t *out_first,
                          uintptr_t *out_end);

#endif /* KAA_INSIGHT_GOT_H */
