/* base/os/elf.c - loaded objects and their symbols, as the loader maps them.
 *
 * glibc tells a symbol's size by dladdr1(); other C libraries have no such
 * call, but all of them have dl_iterate_phdr(), so the tables are read here. */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/error.h"
#include "base/os/os.h"

typedef struct search {
    uintptr_t address;
    struct dl_phdr_info info;
} search;

typedef struct symbols {
    const ElfW(Sym) * table;
    size_t count;
} symbols;

int
kaa_base__holds(const struct dl_phdr_info *object, const void *address)
{
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type == PT_LOAD &&
            (uintptr_t)address - (object->dlpi_addr + part->p_vaddr) <
                part->p_memsz)
            return 1;
    }
    return 0;
}

static int
look_at(struct dl_phdr_info *info, size_t size, void *user)
{
    search *wanted = user;

    (void)size;
    if (!kaa_base__holds(info, (const void *)wanted->address))
        return 0;
    wanted->info = *info;
    return 1;
}

/* A pointer of the dynamic section; some loaders relocate it, some do not. */
static const void *
pointer_of(const search *in, uintptr_t value)
{
    uintptr_t base = in->info.dlpi_addr;

    return (const void *)(value < base ? value + base : value);
}

/* How many symbols a GNU hash table reaches. */
static size_t
count_hashed(const uint32_t *table)
{
    uint32_t buckets = table[0], first = table[1], words = table[2], last = 0;
    const uint32_t *bucket =
        table + 4 + words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *chain = bucket + buckets;

    for (uint32_t i = 0; i < buckets; i++)
        if (bucket[i] > last)
            last = bucket[i];
    if (last < first)
        return first;
    while ((chain[last - first] & 1) == 0)
        last++;
    return (size_t)last + 1;
}

static symbols
symbols_of(const search *in)
{
    symbols found = {NULL, 0};
    const ElfW(Dyn) *entry = NULL;

    for (int i = 0; i < in->info.dlpi_phnum; i++)
        if (in->info.dlpi_phdr[i].p_type == PT_DYNAMIC)
            entry = (const void *)(in->info.dlpi_addr +
                                   in->info.dlpi_phdr[i].p_vaddr);
    for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            found.table = pointer_of(in, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_HASH)
            found.count =
                ((const uint32_t *)pointer_of(in, entry->d_un.d_ptr))[1];
        else if (entry->d_tag == DT_GNU_HASH && found.count == 0)
            found.count = count_hashed(pointer_of(in, entry->d_un.d_ptr));
    }
    if (found.table == NULL)
        found.count = 0;
    return found;
}

size_t
kaa_base__symbol_bytes(const void *start)
{
    search wanted = {.address = (uintptr_t)start};
    symbols all;

    if (start == NULL || dl_iterate_phdr(look_at, &wanted) == 0)
        return 0;
    all = symbols_of(&wanted);
    for (size_t i = 0; i < all.count; i++)
        if (all.table[i].st_shndx != SHN_UNDEF &&
            wanted.info.dlpi_addr + all.table[i].st_value == wanted.address &&
            all.table[i].st_size != 0)
            return all.table[i].st_size;
    return 0;
}

uintptr_t
kaa_base__load_bias(const void *address, int *out_found)
{
    search wanted = {.address = (uintptr_t)address};

    *out_found = dl_iterate_phdr(look_at, &wanted) != 0;
    return *out_found ? wanted.info.dlpi_addr : 0;
}

/* Other C libraries have no dladdr1(); in them a handle is the record. */
const void *
kaa_base__loaded_object(const void *address)
{
    Dl_info info;
#if defined(__GLIBC__)
    struct link_map *map = NULL;

    return dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) ? map : NULL;
#else
    void *handle;

    if (dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return NULL;
    handle = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (handle != NULL)
        dlclose(handle);
    return handle;
#endif
}

kaa_status
kaa_base__find_function(void *handle, const char *name, void *out,
                        kaa_error *err)
{
    void *address = dlsym(handle != NULL ? handle : RTLD_DEFAULT, name);

    if (address == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "this interpreter has no %s", name);
    memcpy(out, &address, sizeof(address));
    return KAA_OK;
}
