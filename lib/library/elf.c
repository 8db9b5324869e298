/* library/elf.c - reading ELF files that may be anything.
 *
 * Only the headers, the dynamic section and single strings are read, each after
 * a check against the file's size; sizes and counts that a file claims are
 * bounded before they are believed.
 *
 *     ELF header --> program headers --> PT_DYNAMIC --> DT_NEEDED, DT_RUNPATH..
 *                                    \-> PT_LOAD: where DT_STRTAB's address
 *                                        is in the file
 */
#include "library/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADERS_MAX 512u
#define DYNAMIC_MAX 8192u /* entries */
#define NEEDED_MAX 1024u
#define TEXT_MAX 4096u /* bytes of one string */

#if UINTPTR_MAX > UINT32_MAX
#define OWN_CLASS ELFCLASS64
#else
#define OWN_CLASS ELFCLASS32
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER ELFDATA2LSB
#else
#define OWN_ORDER ELFDATA2MSB
#endif

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__i386__)
#define OWN_MACHINE EM_386
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#elif defined(__arm__)
#define OWN_MACHINE EM_ARM
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OWN_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OWN_MACHINE EM_S390
#else
#define OWN_MACHINE EM_NONE /* not checked */
#endif

static const struct {
    uint16_t number;
    const char *name;
} machines[] = {
    {EM_386, "i386"},        {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},
    {EM_AARCH64, "AArch64"}, {EM_RISCV, "RISC-V"},  {EM_PPC, "PowerPC"},
    {EM_PPC64, "PowerPC64"}, {EM_S390, "s390"},     {EM_MIPS, "MIPS"},
    {EM_SPARCV9, "SPARC"},   {EM_68K, "m68k"},      {EM_IA_64, "IA-64"},
};

typedef struct reader {
    const kaa_library__source *source;
    kaa_base__arena *arena;
    kaa_library__elf *out;
    ElfW(Phdr) headers[HEADERS_MAX];
    uint32_t header_count;
    uint64_t text_offset; /* of the string table in the file */
    uint64_t text_size;
    uint32_t needed_room; /* the file may change while it is read */
} reader;

/* Reads exactly `size` bytes: 1, or 0. */
static int
read_at(const kaa_library__source *source, uint64_t offset, void *out,
        size_t size)
{
    size_t have = 0;

    if (offset > source->size || size > source->size - offset)
        return 0;
    if (source->memory != NULL) {
        memcpy(out, source->memory + offset, size);
        return 1;
    }
    while (have < size) {
        ssize_t got = pread(source->file, (char *)out + have, size - have,
                            (off_t)(offset + have));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        have += (size_t)got;
    }
    return 1;
}

static void
judge(reader *r, kaa_library__verdict verdict, const char *detail)
{
    r->out->verdict = verdict;
    r->out->detail = NULL;
    if (detail != NULL) {
        r->out->detail = kaa_base__arena_text(r->arena, detail, strlen(detail));
        if (r->out->detail == NULL)
            r->out->verdict = KAA_LIBRARY__NO_MEMORY;
    }
}

static int
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' ||
           c == ')' || c == ',';
}

/* The first shared library that a linker script's text names, or NULL. The
 * text ends in NUL and is changed. */
static const char *
script_target(char *text)
{
    char *end;

    for (char *at = text; *at != '\0'; at = end) {
        while (is_space(*at))
            at++;
        if (at[0] == '/' && at[1] == '*') {
            end = strstr(at, "*/");
            if (end == NULL)
                return NULL;
            end += 2;
            continue;
        }
        for (end = at; *end != '\0' && !is_space(*end);)
            end++;
        if (end == at)
            break;
        if (*end != '\0')
            *end++ = '\0';
        if (strstr(at, ".so") != NULL)
            return at;
    }
    return NULL;
}

/* What is not ELF: text that a linker understands, or anything. */
static void
judge_other(reader *r)
{
    char text[TEXT_MAX + 1];
    size_t size =
        r->source->size < TEXT_MAX ? (size_t)r->source->size : TEXT_MAX;
    const char *target;

    if (!read_at(r->source, 0, text, size))
        size = 0;
    text[size] = '\0';
    if (memchr(text, '\0', size) == NULL &&
        (strstr(text, "GROUP") != NULL || strstr(text, "INPUT") != NULL)) {
        target = script_target(text);
        judge(r, KAA_LIBRARY__SCRIPT, target);
    } else {
        judge(r, KAA_LIBRARY__NOT_ELF,
              r->source->size == 0 ? "the file is empty" : NULL);
    }
}

static void
judge_machine(reader *r, uint16_t machine, int class)
{
    const char *name = "another machine";
    char text[80];

    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
        if (machines[i].number == machine)
            name = machines[i].name;
    snprintf(text, sizeof(text), "%s, %s-bit", name,
             class == ELFCLASS64 ? "64" : "32");
    judge(r, KAA_LIBRARY__WRONG_MACHINE, text);
}

/* The file's header, then its program headers: 1 if it is of our sort. */
static int
read_headers(reader *r)
{
    unsigned char ident[EI_NIDENT + 4];
    ElfW(Ehdr) header;

    if (!read_at(r->source, 0, ident, sizeof(ident)) ||
        memcmp(ident, ELFMAG, SELFMAG) != 0) {
        judge_other(r);
        return 0;
    }
    if (ident[EI_CLASS] != OWN_CLASS || ident[EI_DATA] != OWN_ORDER) {
        /* e_machine stands at the same place in both classes. */
        unsigned low = ident[EI_NIDENT + 2], high = ident[EI_NIDENT + 3];
        uint16_t machine =
            (uint16_t)(ident[EI_DATA] == ELFDATA2LSB ? low | high << 8
                                                     : high | low << 8);

        judge_machine(r, machine, ident[EI_CLASS]);
        return 0;
    }
    if (!read_at(r->source, 0, &header, sizeof(header)))
        return 0;
    if (OWN_MACHINE != EM_NONE && header.e_machine != OWN_MACHINE) {
        judge_machine(r, header.e_machine, ident[EI_CLASS]);
        return 0;
    }
    if (header.e_type != ET_DYN) {
        judge(r, KAA_LIBRARY__NOT_SHARED,
              header.e_type == ET_REL    ? "an object file"
              : header.e_type == ET_EXEC ? "a program"
                                         : NULL);
        return 0;
    }
    if (header.e_phentsize != sizeof(ElfW(Phdr)) ||
        header.e_phnum > HEADERS_MAX)
        return 0;
    r->header_count = header.e_phnum;
    return read_at(r->source, header.e_phoff, r->headers,
                   header.e_phnum * sizeof(ElfW(Phdr)));
}

static const ElfW(Phdr) * find_header(const reader *r, uint32_t type)
{
    for (uint32_t i = 0; i < r->header_count; i++)
        if (r->headers[i].p_type == type)
            return &r->headers[i];
    return NULL;
}

/* Where an address is in the file: 1, or 0 if nowhere. */
static int
offset_of_address(const reader *r, uint64_t address, uint64_t *out)
{
    for (uint32_t i = 0; i < r->header_count; i++) {
        const ElfW(Phdr) *h = &r->headers[i];

        if (h->p_type == PT_LOAD && address >= h->p_vaddr &&
            address - h->p_vaddr < h->p_filesz) {
            *out = address - h->p_vaddr + h->p_offset;
            return 1;
        }
    }
    return 0;
}

/* A string of the string table; NULL if it lies outside or has no end. */
static const char *
read_text(reader *r, uint64_t index)
{
    char text[TEXT_MAX];
    const char *copy;
    uint64_t size;

    if (index >= r->text_size)
        return NULL;
    size = r->text_size - index;
    if (size > sizeof(text))
        size = sizeof(text);
    if (r->text_offset > r->source->size ||
        index > r->source->size - r->text_offset)
        return NULL;
    if (size > r->source->size - r->text_offset - index)
        size = r->source->size - r->text_offset - index;
    if (!read_at(r->source, r->text_offset + index, text, (size_t)size) ||
        memchr(text, '\0', (size_t)size) == NULL)
        return NULL;
    copy = kaa_base__arena_text(r->arena, text, strlen(text));
    if (copy == NULL)
        judge(r, KAA_LIBRARY__NO_MEMORY, NULL);
    return copy;
}

/* The n-th dynamic entry: 1, or 0 at the end. */
static int
read_dynamic(const reader *r, const ElfW(Phdr) * where, uint32_t n,
             ElfW(Dyn) * out)
{
    uint64_t at = (uint64_t)n * sizeof(*out);

    return n < DYNAMIC_MAX && at + sizeof(*out) <= where->p_filesz &&
           where->p_offset <= UINT64_MAX - at &&
           read_at(r->source, where->p_offset + at, out, sizeof(*out)) &&
           out->d_tag != DT_NULL;
}

/* Keeps one entry that is text: 1, or 0 if the file lies about it. */
static int
keep(reader *r, const ElfW(Dyn) * entry)
{
    const char *text;

    if (entry->d_tag != DT_NEEDED && entry->d_tag != DT_SONAME &&
        entry->d_tag != DT_RPATH && entry->d_tag != DT_RUNPATH)
        return 1;
    text = read_text(r, entry->d_un.d_val);
    if (text == NULL)
        return 0;
    if (entry->d_tag == DT_NEEDED && r->out->needed_count < r->needed_room)
        r->out->needed[r->out->needed_count++] = text;
    else if (entry->d_tag == DT_SONAME)
        r->out->soname = text;
    else if (entry->d_tag == DT_RPATH)
        r->out->rpath = text;
    else if (entry->d_tag == DT_RUNPATH)
        r->out->runpath = text;
    return 1;
}

/* Whether the file has all that would be mapped: the loader maps more than
 * there is without a word, and reading that ends the process. */
static int
is_whole(const reader *r)
{
    for (uint32_t i = 0; i < r->header_count; i++) {
        const ElfW(Phdr) *h = &r->headers[i];

        if (h->p_type == PT_LOAD &&
            (h->p_offset > r->source->size ||
             h->p_filesz > r->source->size - h->p_offset))
            return 0;
    }
    return 1;
}

static void
read_dependencies(reader *r)
{
    const ElfW(Phdr) *where = find_header(r, PT_DYNAMIC);
    uint64_t address = 0;
    uint32_t needed = 0;
    ElfW(Dyn) entry;

    if (where == NULL || !is_whole(r))
        return;
    for (uint32_t i = 0; read_dynamic(r, where, i, &entry); i++) {
        needed += entry.d_tag == DT_NEEDED;
        if (entry.d_tag == DT_STRTAB)
            address = entry.d_un.d_ptr;
        else if (entry.d_tag == DT_STRSZ)
            r->text_size = entry.d_un.d_val;
    }
    if (!offset_of_address(r, address, &r->text_offset))
        return;
    r->needed_room = needed < NEEDED_MAX ? needed : NEEDED_MAX;
    r->out->needed = kaa_base__arena_alloc(
        r->arena, (r->needed_room + 1) * sizeof(*r->out->needed));
    if (r->out->needed == NULL) {
        judge(r, KAA_LIBRARY__NO_MEMORY, NULL);
        return;
    }
    for (uint32_t i = 0; read_dynamic(r, where, i, &entry); i++)
        if (!keep(r, &entry))
            return;
    judge(r, KAA_LIBRARY__GOOD, NULL);
}

void
kaa_library__elf_read(const kaa_library__source *source, kaa_base__arena *arena,
                      kaa_library__elf *out)
{
    reader r = {.source = source, .arena = arena, .out = out};

    memset(out, 0, sizeof(*out));
    out->verdict = KAA_LIBRARY__CORRUPT;
    if (read_headers(&r))
        read_dependencies(&r);
}

void
kaa_library__elf_open(const char *path, kaa_base__arena *arena,
                      kaa_library__elf *out)
{
    kaa_library__source source = {.memory = NULL};
    struct stat status = {0};
    const char *why = NULL;

    memset(out, 0, sizeof(*out));
    /* Not to hang on a pipe that has the name of a library. */
    source.file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (source.file < 0 || fstat(source.file, &status) != 0)
        why = strerror(errno);
    if (source.file < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        out->verdict = KAA_LIBRARY__MISSING;
        return;
    }
    if (why == NULL && S_ISDIR(status.st_mode))
        why = "it is a directory";
    else if (why == NULL && !S_ISREG(status.st_mode))
        why = "it is not a regular file";
    if (why != NULL) {
        out->verdict = KAA_LIBRARY__UNREADABLE;
        out->detail = kaa_base__arena_text(arena, why, strlen(why));
        if (out->detail == NULL)
            out->verdict = KAA_LIBRARY__NO_MEMORY;
    } else {
        source.size = (uint64_t)status.st_size;
        kaa_library__elf_read(&source, arena, out);
    }
    if (source.file >= 0)
        close(source.file);
}
