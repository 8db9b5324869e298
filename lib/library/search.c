/* library/search.c - which file the loader would take.
 *
 * For a name without a slash glibc's order, which is musl's but for the cache:
 *
 *     RPATH of who needs it, of who needs that, .. of the program
 *         (only of those without a RUNPATH, and only if the first has none)
 *     LD_LIBRARY_PATH
 *     RUNPATH of who needs it
 *     the cache
 *     the default directories
 *
 * A library that the process has loaded under that name is taken first. A file
 * for another machine is passed over, as the loader does, but remembered: if
 * nothing better turns up, it is what went wrong.
 */
#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os/os.h"
#include "library/internal.h"

/* A tree with more is no longer read by anybody, nor walked to its end. */
#define NODES_MAX 2000u
#define CHAIN_MAX 100

#if defined(__x86_64__)
#define TRIPLE "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLE "aarch64-linux-gnu"
#elif defined(__s390x__)
#define TRIPLE "s390x-linux-gnu"
#elif defined(__riscv) && __riscv_xlen == 64
#define TRIPLE "riscv64-linux-gnu"
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define TRIPLE "powerpc64le-linux-gnu"
#elif defined(__loongarch64)
#define TRIPLE "loongarch64-linux-gnu"
#endif

const char *const kaa_library__default_directories[] = {
#if defined(TRIPLE)
    "/lib/" TRIPLE, "/usr/lib/" TRIPLE,
#endif
    "/lib64",       "/usr/lib64",       "/lib",
    "/usr/lib",     "/usr/local/lib",   NULL,
};

static void
note(kaa_library__search *search, const char *path, const char *where,
     const char *what)
{
    if (search->searched != NULL)
        kaa_base__text_printf(search->searched, "    %s (%s)%s\n", path, where,
                              what);
}

/* Looks at one file: 1 if the search ends with it. */
static int
try_path(kaa_library__search *search, kaa_library__node *node, const char *path,
         const char *where)
{
    kaa_library__elf elf;
    const char *kept;

    kaa_library__elf_open(path, &search->arena, &elf);
    if (elf.verdict == KAA_LIBRARY__MISSING) {
        note(search, path, where, "");
        return 0;
    }
    if (elf.verdict == KAA_LIBRARY__WRONG_MACHINE && node->path != NULL)
        return 0; /* one such is remembered */
    kept = kaa_base__arena_text(&search->arena, path, strlen(path));
    if (kept == NULL || elf.verdict == KAA_LIBRARY__NO_MEMORY) {
        search->failed = 1;
        return 1;
    }
    note(search, path, where,
         elf.verdict == KAA_LIBRARY__WRONG_MACHINE
             ? ": for another machine, passed over"
             : ": taken");
    node->path = kept;
    node->where = where;
    node->elf = elf;
    return elf.verdict != KAA_LIBRARY__WRONG_MACHINE;
}

static int
try_directory(kaa_library__search *search, kaa_library__node *node,
              const char *directory, size_t length, const char *where)
{
    char path[PATH_MAX];
    int written;

    written = snprintf(path, sizeof(path), "%.*s%s%s", (int)length, directory,
                       length == 0 || directory[length - 1] == '/' ? "" : "/",
                       node->name);
    if (written < 0 || (size_t)written >= sizeof(path))
        return 0;
    return try_path(search, node, path, where);
}

/* Puts the directory of `owner` in the place of $ORIGIN. */
static size_t
expand(const char *item, size_t length, const char *owner, char *out,
       size_t size)
{
    static const char *const spellings[] = {"$ORIGIN", "${ORIGIN}"};
    const char *slash = owner != NULL ? strrchr(owner, '/') : NULL;
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < size;) {
        size_t taken = 0;

        for (size_t s = 0; s < 2 && slash != NULL; s++) {
            size_t n = strlen(spellings[s]);

            if (length - i >= n && memcmp(item + i, spellings[s], n) == 0)
                taken = n;
        }
        if (taken > 0) {
            size_t n = (size_t)(slash - owner);

            if (n > size - 1 - used)
                n = size - 1 - used;
            memcpy(out + used, owner, n);
            used += n;
            i += taken;
        } else {
            out[used++] = item[i++];
        }
    }
    return used;
}

/* A list of directories between colons; an empty one is the current. */
static int
try_list(kaa_library__search *search, kaa_library__node *node, const char *list,
         const char *separators, const char *owner, const char *where)
{
    char directory[PATH_MAX];

    if (list == NULL || *list == '\0')
        return 0;
    for (const char *at = list;; at++) {
        size_t length = strcspn(at, separators);
        size_t used = expand(at, length, owner, directory, sizeof(directory));

        if (try_directory(search, node, directory, used, where))
            return 1;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

static int
try_rpaths(kaa_library__search *search, kaa_library__node *node)
{
    const kaa_library__node *owner =
        node->parent != NULL ? node->parent : &search->self;

    if (owner->elf.runpath != NULL)
        return 0;
    for (int i = 0; owner != NULL && i < CHAIN_MAX; i++) {
        if (owner->elf.runpath == NULL &&
            try_list(search, node, owner->elf.rpath, ":", owner->path, "RPATH"))
            return 1;
        owner = owner->parent;
    }
    return search->program.elf.runpath == NULL &&
           try_list(search, node, search->program.elf.rpath, ":",
                    search->program.path, "RPATH of the program");
}

typedef struct loaded {
    const char *name;
    char path[PATH_MAX];
} loaded;

/* Whether a file is the C library that goes by this name. musl's is one file,
 * which the loader takes for all names that a C library's parts have. */
static int
is_own_library(const char *file, const char *name)
{
#if defined(__linux__) && !defined(__GLIBC__)
    static const char *const parts[] = {"libc.",  "libm.",  "libpthread.",
                                        "librt.", "libdl.", "libutil."};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strncmp(name, parts[i], strlen(parts[i])) == 0)
            return strncmp(file, "ld-musl-", 8) == 0 ||
                   strcmp(file, "libc.so") == 0;
#endif
    return strcmp(file, name) == 0;
}

/* dl_iterate_phdr: is a library of this file name loaded? */
static int
compare_loaded(struct dl_phdr_info *info, size_t size, void *user)
{
    loaded *l = user;
    const char *slash = strrchr(info->dlpi_name, '/');

    (void)size;
    if (slash == NULL || !is_own_library(slash + 1, l->name) ||
        strlen(info->dlpi_name) >= sizeof(l->path))
        return 0;
    memcpy(l->path, info->dlpi_name, strlen(info->dlpi_name) + 1);
    return 1;
}

static int
try_loaded(kaa_library__search *search, kaa_library__node *node)
{
    loaded l = {.name = node->name};

    return dl_iterate_phdr(compare_loaded, &l) != 0 &&
           try_path(search, node, l.path, "already loaded");
}

static void
find(kaa_library__search *search, kaa_library__node *node)
{
    const kaa_library__node *owner =
        node->parent != NULL ? node->parent : &search->self;
    const char *cached;

    if (strchr(node->name, '/') != NULL) {
        char path[PATH_MAX];
        size_t length = expand(node->name, strlen(node->name), owner->path,
                               path, sizeof(path));

        path[length] = '\0';
        try_path(search, node, path, "path");
        return;
    }
    if (*node->name == '\0' || try_loaded(search, node) ||
        try_rpaths(search, node) ||
        try_list(search, node, kaa_base__trusted_variable("LD_LIBRARY_PATH"),
                 ":;", NULL, "LD_LIBRARY_PATH") ||
        try_list(search, node, owner->elf.runpath, ":", owner->path, "RUNPATH"))
        return;
    cached = kaa_library__cache_find(&search->cache, node->name);
    if (cached != NULL && try_path(search, node, cached, "cache"))
        return;
    for (const char *const *path = kaa_library__default_directories;
         *path != NULL; path++)
        if (try_directory(search, node, *path, strlen(*path), "default"))
            return;
}

kaa_library__node *
kaa_library__search_add(kaa_library__search *search, const char *name,
                        kaa_library__node *parent)
{
    kaa_library__node *node =
        kaa_base__arena_alloc(&search->arena, sizeof(*node));

    if (node != NULL)
        node->name = kaa_base__arena_text(&search->arena, name, strlen(name));
    if (node == NULL || node->name == NULL) {
        search->failed = 1;
        return NULL;
    }
    node->parent = parent;
    node->elf.verdict = KAA_LIBRARY__MISSING;
    find(search, node);
    if (search->last != NULL)
        search->last->next = node;
    else
        search->first = node;
    search->last = node;
    search->count++;
    return search->failed ? NULL : node;
}

static int
is_known(const kaa_library__search *search, const char *name)
{
    for (const kaa_library__node *n = search->first; n != NULL; n = n->next)
        if (strcmp(n->name, name) == 0)
            return 1;
    return 0;
}

void
kaa_library__search_walk(kaa_library__search *search)
{
    for (kaa_library__node *n = search->first; n != NULL; n = n->next)
        for (uint32_t i = 0; i < n->elf.needed_count; i++) {
            if (is_known(search, n->elf.needed[i]))
                continue;
            if (search->count >= NODES_MAX ||
                kaa_library__search_add(search, n->elf.needed[i], n) == NULL)
                return;
        }
}

static void
read_owner(kaa_library__search *search, kaa_library__node *node,
           const char *path)
{
    node->path = kaa_base__arena_text(&search->arena, path, strlen(path));
    kaa_library__elf_open(path, &search->arena, &node->elf);
    if (node->path == NULL || node->elf.verdict == KAA_LIBRARY__NO_MEMORY)
        search->failed = 1;
}

int
kaa_library__search_init(kaa_library__search *search)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    Dl_info info;

    memset(search, 0, sizeof(*search));
    if (length > 0) {
        path[length] = '\0';
        read_owner(search, &search->program, path);
    }
    /* Linked statically, kaa is the program. */
    search->self = search->program;
    if (dladdr(kaa_library__default_directories, &info) != 0 &&
        info.dli_fname != NULL && strstr(info.dli_fname, ".so") != NULL)
        read_owner(search, &search->self, info.dli_fname);
    if (!kaa_library__cache_load(&search->cache, &search->arena))
        search->failed = 1;
    return !search->failed;
}

void
kaa_library__search_fini(kaa_library__search *search)
{
    kaa_base__arena_fini(&search->arena);
}
