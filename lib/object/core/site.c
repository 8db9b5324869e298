/* object/core/site.c - who made an object: for runtimes that keep that in mind.
 *
 * A table from the object's address to a return address on the stack of its
 * making: the first, from the inside, that lies in another file than this code
 * does. Only the report of leaks asks what function that is. Where kaa is
 * linked statically, all of the program is that file, and only what it has
 * loaded has sites.
 */
#include "object/core/site.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/os/os.h"

#define FRAMES_MAX 32
#define CAPACITY_LEAST 256u

typedef struct site {
    const kaa_object *object; /* NULL: free */
    const void *address;
} site;

typedef struct kaa_object__sites {
    const void *own_file; /* where this library is mapped */
    size_t count, capacity;
    site *sites; /* linear probing, at most half full */
} table;

static size_t
home_of(const table *all, const kaa_object *object)
{
    uint64_t bits = (uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(bits >> 32) & (all->capacity - 1);
}

static site *
probe(const table *all, const kaa_object *object)
{
    size_t at = home_of(all, object);

    while (all->sites[at].object != NULL && all->sites[at].object != object)
        at = (at + 1) & (all->capacity - 1);
    return &all->sites[at];
}

static const void *
file_of(const void *address)
{
    Dl_info info;

    return dladdr(address, &info) != 0 ? info.dli_fbase : NULL;
}

static int
reserve(table *all)
{
    table larger = *all;

    if ((all->count + 1) * 2 <= all->capacity)
        return 1;
    larger.capacity = all->capacity != 0 ? all->capacity * 2 : CAPACITY_LEAST;
    larger.sites = kaa_base__alloc_zeroed(larger.capacity * sizeof(site));
    if (larger.sites == NULL)
        return 0;
    for (size_t i = 0; i < all->capacity; i++)
        if (all->sites[i].object != NULL)
            *probe(&larger, all->sites[i].object) = all->sites[i];
    kaa_base__free(all->sites);
    *all = larger;
    return 1;
}

static table *
table_of(kaa_runtime *runtime)
{
    table *all = runtime->sites;

    if (all == NULL) {
        all = kaa_base__alloc_zeroed(sizeof(*all));
        if (all == NULL)
            return NULL;
        all->own_file = file_of((const void *)(uintptr_t)table_of);
        runtime->sites = all;
    }
    return reserve(all) ? all : NULL;
}

static const void *
find_site(const table *all)
{
    void *frames[FRAMES_MAX];
    int count = kaa_base__backtrace(frames, FRAMES_MAX), i = 0;

    /* A sanitizer may stand between this and the C library. */
    while (i < count && file_of(frames[i]) != all->own_file)
        i++;
    for (; i < count; i++)
        if (file_of(frames[i]) != all->own_file)
            return frames[i];
    return NULL;
}

void
kaa_object__site_note(kaa_runtime *runtime, const kaa_object *object)
{
    table *all = table_of(runtime);
    const void *address = all != NULL ? find_site(all) : NULL;
    site *entry;

    if (address == NULL)
        return;
    entry = probe(all, object);
    all->count += entry->object == NULL;
    entry->object = object;
    entry->address = address;
}

void
kaa_object__site_forget(kaa_runtime *runtime, const kaa_object *object)
{
    table *all = runtime->sites;
    size_t mask, hole;

    if (all == NULL || all->capacity == 0)
        return;
    mask = all->capacity - 1;
    hole = (size_t)(probe(all, object) - all->sites);
    if (all->sites[hole].object == NULL)
        return;
    all->count--;
    for (size_t i = (hole + 1) & mask; all->sites[i].object != NULL;
         i = (i + 1) & mask) {
        size_t home = home_of(all, all->sites[i].object);

        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        all->sites[hole] = all->sites[i];
        hole = i;
    }
    all->sites[hole].object = NULL;
}

const void *
kaa_object__site_of(const kaa_runtime *runtime, const kaa_object *object)
{
    const table *all = runtime->sites;
    const site *entry;

    if (all == NULL || all->capacity == 0)
        return NULL;
    entry = probe(all, object);
    return entry->object != NULL ? entry->address : NULL;
}

void
kaa_object__site_text(const void *address, char *buffer, size_t size)
{
    const char *file, *slash;
    size_t offset;
    Dl_info info;

    if (size > 0)
        buffer[0] = '\0';
    if (address == NULL || dladdr(address, &info) == 0 ||
        info.dli_fname == NULL)
        return;
    file = info.dli_fname;
    slash = strrchr(file, '/');
    file = slash != NULL ? slash + 1 : file;
    offset = (size_t)((uintptr_t)address - (uintptr_t)info.dli_fbase);
    if (info.dli_sname != NULL)
        snprintf(buffer, size, "%s+0x%zx (%s)", file, offset, info.dli_sname);
    else
        snprintf(buffer, size, "%s+0x%zx", file, offset);
}

void
kaa_object__sites_stop(kaa_runtime *runtime)
{
    table *all = runtime->sites;

    runtime->sites = NULL;
    if (all == NULL)
        return;
    kaa_base__free(all->sites);
    kaa_base__free(all);
}
