/* library/nearest.c - "no symbol 'compres'; nearest: 'compress'".
 *
 * The names are those of the dynamic symbol table as the loader has it in
 * memory. How many there are stands nowhere: DT_HASH has the number, else the
 * chains of DT_GNU_HASH are followed to their end.
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "library/internal.h"

#define FOUND_MAX 3u

typedef struct nearest {
    const char *wanted;
    uint32_t count;
    const char *found[FOUND_MAX]; /* nearest first */
    uint32_t distance[FOUND_MAX];
} nearest;

static void
offer(nearest *n, const char *name)
{
    uint32_t limit = kaa_base__edits_allowed(n->wanted, name);
    uint32_t distance = kaa_base__distance(n->wanted, name, limit);
    uint32_t at = n->count;

    /* Distance 0: it is there, but in an old version that nobody links to. */
    if (distance > limit || distance == 0 || *name == '\0')
        return;
    for (uint32_t i = 0; i < n->count; i++)
        if (strcmp(n->found[i], name) == 0)
            return;
    while (at > 0 && n->distance[at - 1] > distance)
        at--;
    if (at == FOUND_MAX)
        return;
    if (n->count < FOUND_MAX)
        n->count++;
    for (uint32_t i = n->count - 1; i > at; i--) {
        n->found[i] = n->found[i - 1];
        n->distance[i] = n->distance[i - 1];
    }
    n->found[at] = name;
    n->distance[at] = distance;
}

/* A word of DT_HASH. */
#if defined(__s390x__) || defined(__alpha__)
typedef uint64_t hash_word;
#else
typedef uint32_t hash_word;
#endif

/* What the dynamic section of a loaded library points at. */
typedef struct tables {
    const ElfW(Sym) * symbols;
    const char *text;
    const hash_word *hash;
    const uint32_t *gnu_hash;
    size_t text_size;
} tables;

/* glibc has relocated these pointers in most libraries, musl in none. */
static const void *
pointer_of(const struct link_map *map, uint64_t address)
{
    if (address < map->l_addr)
        address += map->l_addr;
    return (const void *)(uintptr_t)address;
}

static void
read_tables(const struct link_map *map, tables *out)
{
    memset(out, 0, sizeof(*out));
    for (const ElfW(Dyn) *d = map->l_ld; d != NULL && d->d_tag != DT_NULL;
         d++) {
        if (d->d_tag == DT_SYMTAB)
            out->symbols = pointer_of(map, d->d_un.d_ptr);
        else if (d->d_tag == DT_STRTAB)
            out->text = pointer_of(map, d->d_un.d_ptr);
        else if (d->d_tag == DT_STRSZ)
            out->text_size = d->d_un.d_val;
        else if (d->d_tag == DT_HASH)
            out->hash = pointer_of(map, d->d_un.d_ptr);
        else if (d->d_tag == DT_GNU_HASH)
            out->gnu_hash = pointer_of(map, d->d_un.d_ptr);
    }
}

static uint32_t
count_symbols(const tables *t)
{
    const uint32_t *buckets, *chains;
    uint32_t last = 0;

    if (t->gnu_hash == NULL)
        return t->hash != NULL ? (uint32_t)t->hash[1] : 0;
    buckets = t->gnu_hash + 4 + t->gnu_hash[2] * (sizeof(ElfW(Addr)) / 4);
    chains = buckets + t->gnu_hash[0];
    for (uint32_t i = 0; i < t->gnu_hash[0]; i++)
        if (buckets[i] > last)
            last = buckets[i];
    if (last < t->gnu_hash[1])
        return t->gnu_hash[1]; /* nothing is exported */
    while ((chains[last - t->gnu_hash[1]] & 1) == 0)
        last++;
    return last + 1;
}

static void
look_through(nearest *n, const struct link_map *map)
{
    tables t;
    uint32_t count;

    read_tables(map, &t);
    if (t.symbols == NULL || t.text == NULL)
        return;
    count = count_symbols(&t);
    for (uint32_t i = 1; i < count; i++) {
        const ElfW(Sym) *symbol = &t.symbols[i];

        if (symbol->st_shndx != SHN_UNDEF && symbol->st_name < t.text_size)
            offer(n, t.text + symbol->st_name);
    }
}

/* Functions that a header declares and a C library links into each program:
 * what the shared library has for them. Of glibc, the first ones before 2.33.
 */
static const struct {
    const char *name, *instead, *how;
} linked_in[] = {
#if defined(__x86_64__)
#define WITH_VERSION "the same after an int of 1"
#else
#define WITH_VERSION "the same after an int of 0"
#endif
    {"stat", "__xstat", WITH_VERSION},
    {"fstat", "__fxstat", WITH_VERSION},
    {"lstat", "__lxstat", WITH_VERSION},
    {"fstatat", "__fxstatat", WITH_VERSION},
    {"stat64", "__xstat64", WITH_VERSION},
    {"fstat64", "__fxstat64", WITH_VERSION},
    {"lstat64", "__lxstat64", WITH_VERSION},
    {"fstatat64", "__fxstatat64", WITH_VERSION},
    {"mknod", "__xmknod", "(int version, path, mode, dev_t *)"},
    {"mknodat", "__xmknodat", "(int version, fd, path, mode, dev_t *)"},
    {"atexit", "__cxa_atexit", "(void (*)(void *), void *, void *)"},
    {"at_quick_exit", "__cxa_at_quick_exit", "(void (*)(void *), void *)"},
    {"pthread_atfork", "__register_atfork", "(prepare, parent, child, void *)"},
};

/* ", ... declare '__xstat' ..." into an empty buffer, or nothing. */
static void
say_instead(const kaa_library *library, const char *name, char *out,
            size_t size)
{
    for (size_t i = 0; i < sizeof(linked_in) / sizeof(linked_in[0]); i++)
        if (strcmp(linked_in[i].name, name) == 0 &&
            dlsym(library->handle, linked_in[i].instead) != NULL)
            snprintf(out, size,
                     ", which is linked into programs alone; declare '%s': %s",
                     linked_in[i].instead, linked_in[i].how);
}

kaa_status
kaa_library__no_symbol(const kaa_library *library, const char *name,
                       kaa_error *err)
{
    nearest n = {.wanted = name};
    struct link_map *map = NULL;
    const char *slash = strrchr(library->path, '/');
    const char *where = *library->path == '\0' ? "the program"
                        : slash != NULL        ? slash + 1
                                               : library->path;
    char list[160] = "";
    size_t used = 0;

    say_instead(library, name, list, sizeof(list));
    if (*list != '\0')
        return kaa_base__fail(err, KAA_NO_SYMBOL, KAA_NO_ARGUMENT,
                              "no symbol '%.40s' in %.40s%s", name, where,
                              list);
    if (dlinfo(library->handle, RTLD_DI_LINKMAP, &map) == 0)
        for (; map != NULL; map = *library->path == '\0' ? map->l_next : NULL)
            look_through(&n, map);
    for (uint32_t i = 0; i < n.count && used < sizeof(list) - 1; i++) {
        int written = snprintf(list + used, sizeof(list) - used, "%s'%s'",
                               i == 0 ? "; nearest: " : ", ", n.found[i]);

        if (written < 0 || (size_t)written >= sizeof(list) - used) {
            list[used] = '\0';
            break;
        }
        used += (size_t)written;
    }
    return kaa_base__fail(err, KAA_NO_SYMBOL, KAA_NO_ARGUMENT,
                          "no symbol '%.120s' in %.60s%s", name, where, list);
}
