/* tests/library/files.c - files that are no libraries, and damaged ones: every
 * byte pattern gets a verdict, none a crash. */
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kaa/library.h>

#include "kaa_test.h"
#include "library/internal.h"

DEFERRABLE(free, void)
DEFERRABLE(kaa_base__arena_fini, kaa_base__arena)

typedef struct contents {
    unsigned char *bytes;
    size_t size;
} contents;

static contents
read_file(kaa_test *t, const char *path)
{
    contents c = {malloc(1 << 20), 0};
    FILE *file = fopen(path, "rb");

    CHECK(c.bytes != NULL && file != NULL);
    DEFER(t, free, c.bytes);
    c.size = fread(c.bytes, 1, 1 << 20, file);
    fclose(file);
    CHECK(c.size > 1000);
    return c;
}

static kaa_base__arena *
new_arena(kaa_test *t)
{
    static kaa_base__arena arena;

    memset(&arena, 0, sizeof(arena));
    DEFER(t, kaa_base__arena_fini, &arena);
    return &arena;
}

static kaa_library__elf
read_bytes(kaa_base__arena *arena, const void *bytes, size_t size)
{
    kaa_library__source source = {.memory = bytes, .size = size};
    kaa_library__elf elf;

    kaa_library__elf_read(&source, arena, &elf);
    return elf;
}

KAA_TEST(a_library_is_read)
{
    contents c = read_file(t, CHAIN_GONE);
    kaa_library__elf elf = read_bytes(new_arena(t), c.bytes, c.size);

    CHECK_MEMORY(elf.verdict == KAA_LIBRARY__NO_MEMORY ? NULL : &elf);
    CHECK_EQ(elf.verdict, KAA_LIBRARY__GOOD);
    CHECK_STR(elf.soname, "libkaa_gone.so.7");
    for (uint32_t i = 0; i < elf.needed_count; i++)
        CHECK_HAS(elf.needed[i], ".so");
}

/* A file that is mapped elsewhere than it stands: two segments, and the table
 * of strings begins the second where the first one ends. */
static void
map_in_two(kaa_test *t, contents *c)
{
    ElfW(Ehdr) *header = (void *)c->bytes;
    ElfW(Phdr) *parts = (void *)(c->bytes + header->e_phoff);
    ElfW(Dyn) *entry = NULL;
    const ElfW(Addr) address = 0x123000;
    ElfW(Off) texts = 0;
    int loaded = 0;

    for (int i = 0; i < header->e_phnum; i++)
        if (parts[i].p_type == PT_DYNAMIC)
            entry = (void *)(c->bytes + parts[i].p_offset);
    CHECK(entry != NULL);
    for (; entry->d_tag != DT_STRTAB; entry++)
        CHECK(entry->d_tag != DT_NULL);
    texts = entry->d_un.d_ptr; /* in the first segment, which is at 0 */
    entry->d_un.d_ptr = address;
    for (int i = 0; i < header->e_phnum; i++) {
        if (parts[i].p_type != PT_LOAD)
            continue;
        parts[i].p_type = loaded < 2 ? PT_LOAD : PT_NULL;
        parts[i].p_vaddr = loaded == 0 ? address - 0x100 : address;
        parts[i].p_offset = loaded == 0 ? 0 : texts;
        parts[i].p_filesz = loaded == 0 ? 0x100 : c->size - texts;
        loaded++;
    }
    CHECK(loaded >= 2);
}

KAA_TEST(addresses_lead_into_their_segment)
{
    contents c = read_file(t, CHAIN_GONE);
    kaa_library__elf elf;

    map_in_two(t, &c);
    elf = read_bytes(new_arena(t), c.bytes, c.size);
    CHECK_MEMORY(elf.verdict == KAA_LIBRARY__NO_MEMORY ? NULL : &elf);
    CHECK_EQ(elf.verdict, KAA_LIBRARY__GOOD);
    CHECK_STR(elf.soname, "libkaa_gone.so.7");
}

/* One verdict by content. */
static void
expect(kaa_test *t, const void *bytes, size_t size,
       kaa_library__verdict verdict, const char *detail)
{
    kaa_base__arena arena = {.chunks = NULL};
    kaa_library__elf elf = read_bytes(&arena, bytes, size);
    char got[200] = "";

    if (elf.detail != NULL)
        snprintf(got, sizeof(got), "%s", elf.detail);
    kaa_base__arena_fini(&arena);
    CHECK_MEMORY(elf.verdict == KAA_LIBRARY__NO_MEMORY ? NULL : &elf);
    CHECK_EQ(elf.verdict, verdict);
    if (detail != NULL)
        CHECK_HAS(got, detail);
}

KAA_TEST(other_files_are_recognised)
{
    static const char script[] = "/* GNU ld script, a.so */\n"
                                 "OUTPUT_FORMAT(elf64-x86-64)\n"
                                 "GROUP ( /lib/libq.so.6 AS_NEEDED ( b.so ) )";
    contents c = read_file(t, CHAIN_GONE);
    ElfW(Ehdr) header;

    expect(t, "", 0, KAA_LIBRARY__NOT_ELF, "empty");
    expect(t, "hello", 5, KAA_LIBRARY__NOT_ELF, NULL);
    expect(t, script, sizeof(script) - 1, KAA_LIBRARY__SCRIPT,
           "/lib/libq.so.6");
    expect(t, "INPUT(/* x.so", 13, KAA_LIBRARY__SCRIPT, NULL);
    expect(t, c.bytes, 40, KAA_LIBRARY__CORRUPT, NULL);
    memcpy(&header, c.bytes, sizeof(header));
    header.e_type = ET_REL;
    memcpy(c.bytes, &header, sizeof(header));
    expect(t, c.bytes, c.size, KAA_LIBRARY__NOT_SHARED, "object file");
    header.e_machine = EM_RISCV;
    memcpy(c.bytes, &header, sizeof(header));
    expect(t, c.bytes, c.size, KAA_LIBRARY__WRONG_MACHINE, "RISC-V, 64-bit");
    header.e_machine = EM_386;
    header.e_ident[EI_CLASS] = ELFCLASS32;
    memcpy(c.bytes, &header, sizeof(header));
    expect(t, c.bytes, c.size, KAA_LIBRARY__WRONG_MACHINE, "i386, 32-bit");
}

KAA_TEST(messages_say_what_the_file_is)
{
    char path[] = "/tmp/kaa_test_XXXXXX";
    int file = mkstemp(path);
    kaa_library *library = NULL;
    kaa_status status;

    CHECK(file >= 0);
    CHECK(write(file, "not a library", 13) == 13);
    close(file);
    status = kaa_library_open(path, NULL, &library, &t->err);
    unlink(path);
    CHECK_STATUS(status, KAA_NO_LIBRARY);
    CHECK_HAS(t->err.message, ": is not a shared library");
}

/* Some bytes changed, or the end cut off: whatever it then is, it is read
 * within its bounds (a read beyond ends the process) and gets a verdict. */
KAA_TEST(damaged_libraries_get_a_verdict)
{
    enum { ROUNDS = 20000 };
    contents c = read_file(t, CHAIN_GONE);
    unsigned char *bytes = malloc(c.size), *end;
    kaa_test_random random = {20240301};
    uint32_t verdicts[KAA_LIBRARY__NO_MEMORY + 1] = {0};

    if (kaa_test_is_fault_run()) {
        free(bytes);
        return;
    }
    CHECK(bytes != NULL);
    DEFER(t, free, bytes);
    end = kaa_test_memory_end(t, c.size);
    for (int round = 0; round < ROUNDS; round++) {
        kaa_base__arena arena = {.chunks = NULL};
        size_t size = c.size;
        uint64_t changes = kaa_test_below(&random, 8);
        kaa_library__elf elf;

        memcpy(bytes, c.bytes, c.size);
        for (uint64_t i = 0; i < changes; i++) {
            /* Mostly in the headers, where it matters. */
            uint64_t room = kaa_test_below(&random, 3) ? 1024 : c.size;
            uint64_t at = kaa_test_below(&random, room);
            static const unsigned char edges[] = {0, 1, 0x7F, 0x80, 0xFF};

            bytes[at] = kaa_test_below(&random, 2)
                            ? edges[kaa_test_below(&random, 5)]
                            : (unsigned char)kaa_test_next(&random);
        }
        if (kaa_test_below(&random, 4) == 0)
            size = kaa_test_below(&random, c.size + 1);
        memcpy(end - size, bytes, size);
        elf = read_bytes(&arena, end - size, size);
        verdicts[elf.verdict]++;
        kaa_base__arena_fini(&arena);
    }
    CHECK_EQ(verdicts[KAA_LIBRARY__NO_MEMORY], 0);
    CHECK(verdicts[KAA_LIBRARY__GOOD] > 100);
    CHECK(verdicts[KAA_LIBRARY__CORRUPT] > 100);
    CHECK(verdicts[KAA_LIBRARY__NOT_ELF] > 10);
}

/* A cache of two entries, as glibc writes it. */
static size_t
make_cache(unsigned char *out)
{
    static const char text[] = "libz.so.1\0/lib/libz.so.1\0libz.so.12\0/l/z12";
    uint32_t flags = 0;
    uint32_t entries[2][6];
    uint32_t count = 2, start = 48 + 48;

#if defined(__x86_64__)
    flags = 0x0303;
#elif defined(__aarch64__)
    flags = 0x0a03;
#elif defined(__i386__)
    flags = 3;
#elif defined(__s390x__)
    flags = 0x0403;
#elif defined(__powerpc64__)
    flags = 0x0503;
#endif
    memset(out, 0, 48);
    memcpy(out, "glibc-ld.so.cache1.1", 20);
    memcpy(out + 20, &count, 4);
    memset(entries, 0, sizeof(entries));
    entries[0][0] = entries[1][0] = flags;
    entries[0][1] = start;
    entries[0][2] = start + 10;
    entries[1][1] = start + 25;
    entries[1][2] = start + 36;
    memcpy(out + 48, entries, sizeof(entries));
    memcpy(out + start, text, sizeof(text));
    return start + sizeof(text);
}

KAA_TEST(the_loaders_cache_is_read)
{
    unsigned char bytes[256];
    size_t size = make_cache(bytes);
    kaa_library__cache cache;

    kaa_library__cache_read(&cache, bytes, size);
    CHECK_STR(kaa_library__cache_find(&cache, "libz.so.1"), "/lib/libz.so.1");
    CHECK(kaa_library__cache_find(&cache, "libz.so") == NULL);
    CHECK_STR(kaa_library__cache_newest(&cache, "libz.so."), "libz.so.12");
    CHECK(kaa_library__cache_newest(&cache, "liby.so.") == NULL);
}

/* As older systems have it: the old format in front, its end at a multiple
 * of 8. */
KAA_TEST(the_old_cache_in_front_is_passed_over)
{
    for (uint32_t entries = 0; entries < 4; entries++) {
        _Alignas(8) unsigned char bytes[512] = "ld.so-1.7.0";
        size_t before = (16 + entries * 12 + 7) / 8 * 8;
        size_t size = before + make_cache(bytes + before);
        kaa_library__cache cache;

        memcpy(bytes + 12, &entries, sizeof(entries));
        kaa_library__cache_read(&cache, bytes, size);
        CHECK_STR(kaa_library__cache_find(&cache, "libz.so.12"), "/l/z12");
        CHECK_STR(kaa_library__cache_newest(&cache, "libz.so."), "libz.so.12");
        entries += 1000; /* more than there are */
        memcpy(bytes + 12, &entries, sizeof(entries));
        kaa_library__cache_read(&cache, bytes, size);
        CHECK(kaa_library__cache_find(&cache, "libz.so.1") == NULL);
        entries -= 1000;
    }
}

KAA_TEST(a_damaged_cache_is_survived)
{
    unsigned char good[256], bytes[256];
    size_t full = make_cache(good);
    kaa_test_random random = {77};

    for (int round = 0; round < 20000; round++) {
        size_t size =
            kaa_test_below(&random, 3) ? full : kaa_test_below(&random, full);
        unsigned char *exact = malloc(size + 1);
        kaa_library__cache cache;

        CHECK(exact != NULL);
        memcpy(bytes, good, full);
        for (int i = 0; i < 3; i++)
            bytes[kaa_test_below(&random, full)] =
                (unsigned char)kaa_test_next(&random);
        memcpy(exact, bytes, size);
        kaa_library__cache_read(&cache, exact, size);
        kaa_library__cache_find(&cache, "libz.so.1");
        kaa_library__cache_newest(&cache, "libz.so.");
        free(exact);
    }
}
