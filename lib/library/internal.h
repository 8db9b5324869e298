/* library/internal.h - what the files of library/ share. */
#ifndef KAA_LIBRARY_INTERNAL_H
#define KAA_LIBRARY_INTERNAL_H

#include <kaa/library.h>

#include "base/arena.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "library/elf.h"

struct kaa_library {
    void *handle; /* dlopen's; never closed: code of it may still run */
    char *path;   /* as the loader names it; "" for the program */
};

/* cache.c: /etc/ld.so.cache, which says where the loader finds a soname. */
typedef struct kaa_library__cache {
    const char *bytes; /* NULL: there is none, or it is not understood */
    size_t size;
    size_t start; /* where offsets count from */
    uint32_t count;
} kaa_library__cache;

/* Checks `size` bytes and remembers them. */
void kaa_library__cache_read(kaa_library__cache *cache, const void *bytes,
                             size_t size);
/* Reads the system's. 0: no memory. */
int kaa_library__cache_load(kaa_library__cache *cache, kaa_base__arena *arena);
/* The path of a soname, or NULL. Points into the cache. */
const char *kaa_library__cache_find(const kaa_library__cache *cache,
                                    const char *name);
/* The soname "<prefix><number>" with the highest number ("libz.so." and 1), or
 * NULL. */
const char *kaa_library__cache_newest(const kaa_library__cache *cache,
                                      const char *prefix);
/* Compares versions: runs of digits by value, all else by byte. */
int kaa_library__compare_versions(const char *a, const char *b);

/* search.c: which file the loader takes for a name. */
typedef struct kaa_library__node {
    const char *name;  /* as it was asked for */
    const char *path;  /* the file; NULL: not found */
    const char *where; /* how it was found: "RUNPATH", "cache", ... */
    struct kaa_library__node *parent; /* who needs it; NULL: nobody */
    struct kaa_library__node *next;   /* in the order they were met */
    kaa_library__elf elf;
} kaa_library__node;

typedef struct kaa_library__search {
    kaa_base__arena arena;
    kaa_library__cache cache;
    kaa_library__node program; /* its RPATH counts for dlopen() .. */
    kaa_library__node self;    /* .. and the RUNPATH of who calls it: us */
    kaa_base__text *searched;  /* NULL, or: receives every place, by line */
    kaa_library__node *first;  /* of the tree */
    kaa_library__node *last;
    uint32_t count;
    int failed; /* no memory */
} kaa_library__search;

/* 0: no memory; fini in either case. */
int kaa_library__search_init(kaa_library__search *search);
void kaa_library__search_fini(kaa_library__search *search);
/* Finds the file of one name, needed by `parent` (NULL: by nobody); NULL when
 * memory is short. */
kaa_library__node *kaa_library__search_add(kaa_library__search *search,
                                           const char *name,
                                           kaa_library__node *parent);
/* Adds all that is needed, by whomever, to the end. */
void kaa_library__search_walk(kaa_library__search *search);

/* Those that the loader reads last; NULL ends them. */
extern const char *const kaa_library__default_directories[];

/* names.c: what to try for a name. */
#define KAA_LIBRARY__CANDIDATES 4
typedef struct kaa_library__names {
    const char *of[KAA_LIBRARY__CANDIDATES];
    uint32_t count;
} kaa_library__names;
/* The texts live in the search's arena. 0: no memory. */
int kaa_library__names_of(kaa_library__search *search, const char *name,
                          kaa_library__names *out);

/* explain.c: KAA_NO_LIBRARY with the reason. `said` is what dlopen() said of
 * the first name, or NULL. */
kaa_status kaa_library__diagnose(kaa_library__search *search,
                                 const kaa_library__names *names,
                                 const char *said, kaa_error *err);

/* nearest.c: KAA_NO_SYMBOL with names that are near. */
kaa_status kaa_library__no_symbol(const kaa_library *library, const char *name,
                                  kaa_error *err);

#endif /* KAA_LIBRARY_INTERNAL_H */
