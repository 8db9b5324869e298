/* library/elf.h - what a file says of itself: is it a shared library for this
 * process, and what does it need? Survives any bytes. */
#ifndef KAA_LIBRARY_ELF_H
#define KAA_LIBRARY_ELF_H

#include <stdint.h>

#include <kaa/base.h>

#include "base/arena.h"

/* Where bytes come from: memory, or an open file. */
typedef struct kaa_library__source {
    const unsigned char *memory; /* NULL: `file` is used */
    uint64_t size;
    int file;
} kaa_library__source;

typedef enum kaa_library__verdict {
    KAA_LIBRARY__GOOD,
    KAA_LIBRARY__MISSING,       /* there is no such file */
    KAA_LIBRARY__UNREADABLE,    /* `detail` is why */
    KAA_LIBRARY__NOT_ELF,       /* some other sort of file */
    KAA_LIBRARY__SCRIPT,        /* a linker script; `detail` is what it names */
    KAA_LIBRARY__WRONG_MACHINE, /* `detail` is which machine it is for */
    KAA_LIBRARY__NOT_SHARED,    /* an object file or a program */
    KAA_LIBRARY__CORRUPT,       /* cut short, or its tables lie */
    KAA_LIBRARY__NO_MEMORY,
} kaa_library__verdict;

/* All text belongs to the arena it was read with. */
typedef struct kaa_library__elf {
    kaa_library__verdict verdict;
    const char *detail;  /* or NULL */
    const char *soname;  /* or NULL */
    const char *rpath;   /* or NULL */
    const char *runpath; /* or NULL */
    const char **needed;
    uint32_t needed_count;
} kaa_library__elf;

void kaa_library__elf_read(const kaa_library__source *source,
                           kaa_base__arena *arena, kaa_library__elf *out);
/* The same of a file by name. */
void kaa_library__elf_open(const char *path, kaa_base__arena *arena,
                           kaa_library__elf *out);

/* Whether a file may be handed to the loader; else KAA_NO_LIBRARY, which names
 * the file and says why, or KAA_NO_MEMORY. */
kaa_status kaa_library__check_file(const char *path, kaa_error *err);

#endif /* KAA_LIBRARY_ELF_H */
