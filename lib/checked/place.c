/* checked/place.c - the line of source that an address came from.
 *
 * The file that holds the address is mapped. What it has of lines is told
 * (lines.c), else the function by its symbol table, else the place in the file.
 */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "base/os/os.h"
#include "checked/checked.h"
#include "checked/lines.h"

enum {
    FRAME_MAX = 1 << 16,
    STACK_MAX = 16,
    CALLS_MAX = 48,
    WRAPPER_WORDS = 256
};
/* What is known of a place that calls. */
enum { OWN = 1, WRAPPER = 2 };

/* ---- Files */

static int
open_image(const char *path, kaa_checked__image *out)
{
    memset(out, 0, sizeof(*out));
    out->bytes = kaa_base__map_file(path, sizeof(ElfW(Ehdr)) + 1, &out->size);
    return out->bytes != NULL;
}

static kaa_checked__span
section_bytes(const kaa_checked__image *file, const ElfW(Shdr) * section)
{
    kaa_checked__span out = {NULL, NULL};

    if (section->sh_type != SHT_NOBITS &&
        (section->sh_flags & SHF_COMPRESSED) == 0 &&
        section->sh_offset <= file->size &&
        section->sh_size <= file->size - section->sh_offset) {
        out.at = file->bytes + section->sh_offset;
        out.end = out.at + section->sh_size;
    }
    return out;
}

/* The section headers, `count` of them; NULL: none that can be read. */
static const ElfW(Shdr) *
    find_sections(const kaa_checked__image *file, size_t *out_count)
{
    const ElfW(Ehdr) *header = (const void *)file->bytes;
    size_t bytes = header->e_shnum * sizeof(ElfW(Shdr));

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_shentsize != sizeof(ElfW(Shdr)) || header->e_shoff % 8 != 0 ||
        header->e_shoff > file->size || bytes > file->size - header->e_shoff)
        return NULL;
    *out_count = header->e_shnum;
    return (const void *)(file->bytes + header->e_shoff);
}

static void
find_spans(kaa_checked__image *file, const ElfW(Shdr) * sections, size_t count)
{
    const ElfW(Ehdr) *header = (const void *)file->bytes;
    kaa_checked__span names;

    if (header->e_shstrndx >= count)
        return;
    names = section_bytes(file, &sections[header->e_shstrndx]);
    for (size_t i = 0; names.at != NULL && i < count; i++) {
        const char *name = kaa_checked__text_at(names, sections[i].sh_name);

        if (strcmp(name, ".debug_line") == 0)
            file->lines = section_bytes(file, &sections[i]);
        else if (strcmp(name, ".debug_str") == 0)
            file->strings = section_bytes(file, &sections[i]);
        else if (strcmp(name, ".debug_line_str") == 0)
            file->line_strings = section_bytes(file, &sections[i]);
    }
}

/* "function+0x12" */
static int
find_function(const kaa_checked__image *file, const ElfW(Shdr) * sections,
              size_t count, uint64_t wanted, char *out, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        const ElfW(Sym) * symbols;
        kaa_checked__span table, names;

        if ((sections[i].sh_type != SHT_SYMTAB &&
             sections[i].sh_type != SHT_DYNSYM) ||
            sections[i].sh_link >= count || sections[i].sh_offset % 8 != 0)
            continue;
        table = section_bytes(file, &sections[i]);
        names = section_bytes(file, &sections[sections[i].sh_link]);
        symbols = (const void *)table.at;
        for (size_t j = 0;
             j < (size_t)(table.end - table.at) / sizeof(*symbols); j++)
            if (ELF64_ST_TYPE(symbols[j].st_info) == STT_FUNC &&
                symbols[j].st_value <= wanted &&
                wanted - symbols[j].st_value < symbols[j].st_size) {
                snprintf(out, size, "%.100s+0x%zx",
                         kaa_checked__text_at(names, symbols[j].st_name),
                         (size_t)(wanted + 1 - symbols[j].st_value));
                return 1;
            }
    }
    return 0;
}

const char *
kaa_checked__last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* 1: of a line or a function; 0: of the file alone; -1: nothing. */
static int
look_up(const void *address, int lines_too, char *out, size_t size)
{
    uintptr_t bias;
    const ElfW(Shdr) * sections;
    uint64_t wanted;
    size_t count = 0;
    Dl_info info;
    kaa_checked__image file;
    int found = 0;

    if (address == NULL || dladdr(address, &info) == 0 ||
        info.dli_fname == NULL)
        return -1;
    bias = kaa_base__load_bias(address, &found);
    if (!found)
        return -1;
    found = 0;
    /* The call itself stands in front of where it returns to. */
    wanted = (uint64_t)((uintptr_t)address - bias) - 1;
    if (open_image(info.dli_fname, &file)) {
        sections = find_sections(&file, &count);
        if (sections != NULL && lines_too)
            find_spans(&file, sections, count);
        if (sections != NULL)
            found = (lines_too &&
                     kaa_checked__find_line(&file, wanted, out, size)) ||
                    find_function(&file, sections, count, wanted, out, size);
        kaa_base__unmap((void *)(uintptr_t)file.bytes, file.size);
    }
    if (!found)
        snprintf(out, size, "%s+0x%zx", kaa_checked__last_part(info.dli_fname),
                 (size_t)((uintptr_t)address - (uintptr_t)info.dli_fbase));
    return found;
}

void
kaa_checked__place(const void *address, char *out, size_t size)
{
    (void)look_up(address, 1, out, size);
}

static int
is_code(const kaa_checked__module *module, uintptr_t address)
{
    return address > module->first && address < module->last;
}

/* One call, without what stands behind a function's name; 0: it is one of a
 * function of kaa's headers, or does not fit. */
static size_t
tell_call(const void *address, char *out, size_t size)
{
    char place[160] = "", function[120] = "";
    int is_known = look_up(address, 0, function, sizeof(function)) > 0, made;

    if (!is_known || strncmp(function, "kaa_", 4) == 0)
        return 0;
    function[strcspn(function, "+")] = '\0';
    kaa_checked__place(address, place, sizeof(place));
    made = snprintf(out, size, "%s (%s)\n", place, function);
    return made > 0 && (size_t)made < size ? (size_t)made : 0;
}

size_t
kaa_checked__calls_from(const kaa_checked__module *module, const void *caller,
                        const void **out, size_t max)
{
    void *stack[CALLS_MAX];
    int count = caller != NULL ? kaa_base__backtrace(stack, CALLS_MAX) : 0;
    size_t found = 0;
    int i = 0;

    while (i < count && stack[i] != caller)
        i++;
    for (; i < count && found < max && is_code(module, (uintptr_t)stack[i]);
         i++)
        out[found++] = stack[i];
    return found;
}

void
kaa_checked__tell_calls(const void *const *calls, size_t count, char *out,
                        size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < count; i++)
        length += tell_call(calls[i], out + length, size - length);
    out[length != 0 ? length - 1 : 0] = '\0';
}

/* Through frames that have no pointers: slowly, by the file's unwind tables. */
static const void *
unwind_to(const kaa_checked__module *module, const void *site)
{
    void *stack[STACK_MAX];
    int count = kaa_base__backtrace(stack, STACK_MAX);

    for (int i = 0; i + 1 < count; i++)
        if (stack[i] == site && is_code(module, (uintptr_t)stack[i + 1]))
            return stack[i + 1];
    return site;
}

/* How many words above a slot's frame an address stands, where that is one
 * place alone; else 0. The functions of kaa's headers have frames of one size,
 * so there it stands each time that their call is come through. The kernel
 * reads them, since not all of them have been written. */
static uint32_t
words_to(const uintptr_t *frame, const void *address)
{
    uintptr_t words[WRAPPER_WORDS];
    size_t count =
        kaa_checked__read(frame, words, sizeof(words)) / sizeof(words[0]);
    uint32_t found = 0;

    for (uint32_t i = 2; i < count; i++) {
        if (words[i] != (uintptr_t)address)
            continue;
        if (found != 0)
            return 0;
        found = i;
    }
    return found;
}

/* Where compilers do not optimise, the functions of kaa's headers are functions
 * of the module's file, and are called through frames that begin with the
 * caller's and the return address. Those with a variable number of arguments
 * always are; there the way is looked up once. */
const void *
kaa_checked__caller(kaa_checked__context *own, const void *site)
{
    size_t at = ((uintptr_t)site * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
                KAA_CHECKED__SITES;
    kaa_checked__entry *known;
    const uintptr_t *frame = own->at, *outer;
    const void *caller;

    if (own->within != NULL)
        return own->within;
    if (site == NULL || own->own_sites[at] == site)
        return site;
    /* A slot that is called last may return for the function. */
    if (!is_code(own->module, (uintptr_t)site))
        return own->frame != NULL && own->frame->thunk != NULL
                   ? (const char *)(uintptr_t)own->frame->thunk->function + 1
                   : site;
    known = kaa_checked__entry_of(&own->sites, site, 1);
    if (known != NULL && known->balance == 0) {
        char name[64] = "";

        known->balance = look_up(site, 0, name, sizeof(name)) > 0 &&
                                 strncmp(name, "kaa_", 4) == 0
                             ? WRAPPER
                             : OWN;
    }
    if (known != NULL && known->balance == OWN)
        own->own_sites[at] = site;
    if (known == NULL || known->balance != WRAPPER || frame == NULL)
        return site;
    if (known->what != 0 && frame[1] == (uintptr_t)site &&
        is_code(own->module, frame[known->what]))
        return (const void *)frame[known->what];
    outer = (const uintptr_t *)frame[0];
    if ((uintptr_t)outer % 8 == 0 && outer > frame &&
        (uintptr_t)outer - (uintptr_t)frame <= FRAME_MAX &&
        is_code(own->module, outer[1]))
        return (const void *)outer[1];
    caller = unwind_to(own->module, site);
    if (caller != site && frame[1] == (uintptr_t)site)
        known->what = (uint8_t)words_to(frame, caller);
    return caller;
}
