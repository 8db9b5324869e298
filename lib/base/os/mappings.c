/* base/os/mappings.c - the memory that this process has written to, as
 * /proc/self/maps and /proc/self/pagemap tell (proc(5); the entries of the
 * latter: Linux's Documentation/admin-guide/mm/pagemap.rst); and memory that
 * the C library keeps for later. */
#include <fcntl.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os/os.h"

#define TEXT_FIRST ((size_t)1 << 20)
#define TEXT_MAX ((size_t)1 << 28)
#define ENTRIES 1024u                    /* of the page map, read at once */
#define MAPPING_MAX ((uintptr_t)1 << 40) /* larger: address space only */
#define IS_IN_MEMORY ((uint64_t)1 << 63)
#define IS_SWAPPED ((uint64_t)1 << 62)

typedef struct reader {
    int pages; /* /proc/self/pagemap */
    uintptr_t page;
    kaa_base__look *look;
    void *user;
} reader;

/* The whole file, with a NUL; NULL if it cannot be read. */
static char *
read_maps(size_t *capacity)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    size_t length = 0;
    ssize_t got = -1;

    for (*capacity = TEXT_FIRST; fd >= 0 && *capacity <= TEXT_MAX;
         *capacity *= 2) {
        text = kaa_base__map(*capacity, 4096);
        length = 0;
        if (text == NULL || lseek(fd, 0, SEEK_SET) != 0)
            break;
        while ((got = read(fd, text + length, *capacity - length - 1)) > 0)
            length += (size_t)got;
        if (length + 1 < *capacity)
            break;
        kaa_base__unmap(text, *capacity);
        text = NULL;
    }
    if (fd >= 0)
        close(fd);
    if (text != NULL && (got < 0 || length == 0)) {
        kaa_base__unmap(text, *capacity);
        text = NULL;
    }
    if (text != NULL)
        text[length] = '\0';
    return text;
}

/* Pages that guard a stack look like such that were swapped out: the kernel is
 * asked, which refuses those. */
static int
is_there(uint64_t entry, uintptr_t page)
{
    char byte;

    if ((entry & IS_IN_MEMORY) != 0)
        return 1;
    return (entry & IS_SWAPPED) != 0 &&
           kaa_base__peek(getpid(), page, &byte, 1);
}

/* Hands on the stretches of a mapping whose pages are there. */
static int
look_at(const reader *in, uintptr_t start, uintptr_t end, int is_anonymous)
{
    uint64_t entries[ENTRIES];
    uintptr_t at = start, from = 0; /* 0: no stretch is open */

    while (at < end) {
        size_t count = (end - at) / in->page;
        off_t place = (off_t)(at / in->page * sizeof(entries[0]));
        ssize_t got;

        if (count > ENTRIES)
            count = ENTRIES;
        got = pread(in->pages, entries, count * sizeof(entries[0]), place);
        if (got != (ssize_t)(count * sizeof(entries[0])))
            return 0;
        for (size_t i = 0; i < count; i++, at += in->page) {
            if (is_there(entries[i], at)) {
                from = from != 0 ? from : at;
            } else if (from != 0) {
                in->look(from, at, is_anonymous, in->user);
                from = 0;
            }
        }
    }
    if (from != 0)
        in->look(from, end, is_anonymous, in->user);
    return 1;
}

/* "start-end rw-p offset device inode path" */
static int
look_at_line(const reader *in, const char *line)
{
    char *rest;
    uintptr_t start = (uintptr_t)strtoull(line, &rest, 16), end;
    unsigned long long inode;

    if (*rest != '-')
        return 0;
    end = (uintptr_t)strtoull(rest + 1, &rest, 16);
    if (strncmp(rest, " rw", 3) != 0 || rest[4] != 'p')
        return 1;
    if (end - start > MAPPING_MAX || end < start)
        return 1;
    strtoull(rest + 6, &rest, 16); /* the offset */
    while (*rest == ' ')
        rest++;
    rest += strcspn(rest, " \n"); /* the device */
    inode = strtoull(rest, NULL, 10);
    return look_at(in, start, end, inode == 0);
}

/* Whether the page map is this program's: under an emulator of processors it is
 * the emulator's, which has other things at our addresses or none. */
static int
is_ours(const reader *in)
{
    uint64_t entry = 0;
    off_t place = (off_t)((uintptr_t)&entry / in->page * sizeof(entry));

    return pread(in->pages, &entry, sizeof(entry), place) == sizeof(entry) &&
           (entry & (IS_IN_MEMORY | IS_SWAPPED)) != 0;
}

int
kaa_base__each_written(kaa_base__look *look, void *user)
{
    reader in = {.look = look, .user = user};
    size_t capacity;
    char *text = read_maps(&capacity);
    int is_right = text != NULL;

    in.page = (uintptr_t)sysconf(_SC_PAGESIZE);
    in.pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    is_right = is_right && in.pages >= 0 && is_ours(&in);
    for (const char *line = text; is_right && *line != '\0';) {
        is_right = look_at_line(&in, line);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (in.pages >= 0)
        close(in.pages);
    if (text != NULL)
        kaa_base__unmap(text, capacity);
    return is_right;
}

#if defined(__GLIBC__)

#define WIPED_FIRST ((size_t)1 << 26)
#define WIPED_LEAST ((size_t)1 << 9)
#define IS_MAPPED                                                              \
    ((size_t)2) /* in the word in front of a block of malloc()                 \
                 */

static void
wipe(char *block, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = ((uintptr_t)block + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)block + bytes) & ~(page - 1);

    if (end > start &&
        madvise((void *)start, end - start, MADV_DONTNEED) == 0) {
        memset(block, 0, start - (uintptr_t)block);
        memset((void *)end, 0, (uintptr_t)block + bytes - end);
    } else {
        memset(block, 0, bytes);
    }
}

void
kaa_base__wipe_free_memory(void)
{
    size_t bytes = WIPED_FIRST;

    /* What does not fit into memory that is free comes from the system. */
    mallopt(M_MMAP_THRESHOLD, (int)WIPED_LEAST);
    while (bytes >= WIPED_LEAST) {
        char *volatile made = malloc(bytes); /* what is in front is looked at */
        char *block = made;
        size_t head = IS_MAPPED;

        if (block != NULL)
            memcpy(&head, block - sizeof(head), sizeof(head));
        if ((head & IS_MAPPED) == 0) {
            wipe(block, bytes); /* and keep it */
            continue;
        }
        free(block);
        bytes -= bytes / 8;
    }
}

#else

void
kaa_base__wipe_free_memory(void)
{
}

#endif
