/* insight/symbols.c - the C function at an address.
 *
 * The loader knows exported functions only. Static ones stand in the symbol
 * table of the file, unless it was stripped: it is mapped, searched and let go.
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <kaa/insight.h>

#include "base/os/os.h"

typedef struct file {
    const unsigned char *bytes;
    size_t size;
} file;

static int
open_file(const char *path, file *out)
{
    out->bytes = kaa_base__map_file(path, 1, &out->size);
    return out->bytes != NULL;
}

/* `count` things of `size` bytes at `offset`, or NULL: they do not fit. */
static const void *
in_file(const file *in, uint64_t offset, uint64_t count, uint64_t size)
{
    if (offset > in->size || (count != 0 && size > (in->size - offset) / count))
        return NULL;
    return in->bytes + offset;
}

/* The name of the function in a symbol table that `address` lies in; it points
 * into the file. */
static const char *
find_in_table(const file *in, const ElfW(Shdr) * sections, uint32_t count,
              const ElfW(Shdr) * table, uint64_t address)
{
    const ElfW(Shdr) * texts;
    const ElfW(Sym) * symbols;
    const char *names;
    uint64_t symbols_count = table->sh_size / sizeof(ElfW(Sym));

    if (table->sh_link >= count)
        return NULL;
    texts = &sections[table->sh_link];
    symbols = in_file(in, table->sh_offset, symbols_count, sizeof(ElfW(Sym)));
    names = in_file(in, texts->sh_offset, texts->sh_size, 1);
    if (symbols == NULL || names == NULL || texts->sh_size == 0)
        return NULL;
    for (uint64_t i = 0; i < symbols_count; i++) {
        const ElfW(Sym) *one = &symbols[i];
        const char *name;

        if (ELF64_ST_TYPE(one->st_info) != STT_FUNC ||
            address < one->st_value ||
            address - one->st_value >= one->st_size ||
            one->st_name >= texts->sh_size)
            continue;
        name = names + one->st_name;
        if (memchr(name, 0, texts->sh_size - one->st_name) != NULL)
            return name;
    }
    return NULL;
}

static const char *
find_in_file(const file *in, uint64_t address)
{
    const ElfW(Ehdr) *header = in_file(in, 0, 1, sizeof(ElfW(Ehdr)));
    const ElfW(Shdr) * sections;
    const char *found = NULL;

    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_shentsize != sizeof(ElfW(Shdr)))
        return NULL;
    sections =
        in_file(in, header->e_shoff, header->e_shnum, sizeof(ElfW(Shdr)));
    for (uint32_t i = 0; sections != NULL && i < header->e_shnum; i++)
        if (found == NULL && sections[i].sh_type == SHT_SYMTAB)
            found = find_in_table(in, sections, header->e_shnum, &sections[i],
                                  address);
    return found;
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

size_t
kaa_insight_symbol(uint64_t address, char *buffer, size_t size)
{
    const void *place = (const void *)(uintptr_t)address;
    Dl_info info;
    file opened;
    uint64_t offset;
    const char *name = NULL, *path;
    int length;

    if (size != 0)
        buffer[0] = '\0';
    if (address == 0 || dladdr(place, &info) == 0)
        return 0;
    if (info.dli_sname != NULL && address - (uintptr_t)info.dli_saddr <
                                      kaa_base__symbol_bytes(info.dli_saddr))
        return (size_t)snprintf(buffer, size, "%s", info.dli_sname);
    offset = address - (uintptr_t)info.dli_fbase;
    path = info.dli_fname != NULL ? info.dli_fname : "";
    if (open_file(path, &opened) || open_file("/proc/self/exe", &opened)) {
        const ElfW(Ehdr) *header = (const void *)opened.bytes;
        uint64_t wanted = offset;

        if (opened.size >= sizeof(*header) && header->e_type == ET_EXEC)
            wanted = address; /* a program at a fixed address */
        name = find_in_file(&opened, wanted);
        length = name != NULL
                     ? snprintf(buffer, size, "%s", name)
                     : snprintf(buffer, size, "%s+0x%llx", base_name(path),
                                (unsigned long long)offset);
        kaa_base__unmap((void *)(uintptr_t)opened.bytes, opened.size);
    } else {
        length = snprintf(buffer, size, "%s+0x%llx", base_name(path),
                          (unsigned long long)offset);
    }
    return length > 0 ? (size_t)length : 0;
}
