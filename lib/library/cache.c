/* library/cache.c - reading /etc/ld.so.cache.
 *
 * glibc's "new" format, alone or behind the old one:
 *
 *     "glibc-ld.so.cache" "1.1"  20 bytes   <- offsets count from here
 *     uint32 count, text bytes   ...
 *     at 48: entries of 24 bytes: int32 flags, uint32 name, uint32 path,
 *            uint32 os version, uint64 hardware
 *     text
 *
 * The file is another program's: every offset is checked. musl has none.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library/internal.h"

#define MAGIC "glibc-ld.so.cache1.1"
#define OLD_MAGIC "ld.so-1.7.0"
#define HEADER 48u
#define ENTRY 24u
#define OLD_HEADER 16u
#define OLD_ENTRY 12u
#define SIZE_MOST (64u << 20)

/* Flags of an entry: glibc 2's libraries, and the machine. */
#if defined(__x86_64__) && defined(__LP64__)
#define WANTED 0x0303
#elif defined(__aarch64__)
#define WANTED 0x0a03
#elif defined(__i386__)
#define WANTED 0x0003
#elif defined(__s390x__)
#define WANTED 0x0403
#elif defined(__powerpc64__)
#define WANTED 0x0503
#else
#define WANTED 0 /* any */
#endif

static uint32_t
number(const kaa_library__cache *cache, size_t at)
{
    uint32_t value;

    memcpy(&value, cache->bytes + at, sizeof(value));
    return value;
}

void
kaa_library__cache_read(kaa_library__cache *cache, const void *bytes,
                        size_t size)
{
    size_t start = 0;

    memset(cache, 0, sizeof(*cache));
    cache->bytes = bytes;
    cache->size = size;
    if (size >= OLD_HEADER &&
        memcmp(bytes, OLD_MAGIC, sizeof(OLD_MAGIC) - 1) == 0) {
        uint64_t end = OLD_HEADER + (uint64_t)number(cache, 12) * OLD_ENTRY;

        end = (end + 7) & ~(uint64_t)7;
        start = end < size ? (size_t)end : size;
    }
    if (size - start < HEADER ||
        memcmp(cache->bytes + start, MAGIC, sizeof(MAGIC) - 1) != 0) {
        cache->bytes = NULL;
        return;
    }
    cache->start = start;
    cache->count = number(cache, start + 20);
    if (cache->count > (size - start - HEADER) / ENTRY)
        cache->bytes = NULL;
}

int
kaa_library__cache_load(kaa_library__cache *cache, kaa_base__arena *arena)
{
    int file = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
    struct stat status;
    char *bytes = NULL;
    ssize_t got;

    memset(cache, 0, sizeof(*cache));
    if (file < 0)
        return 1;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size <= 0 || status.st_size > (off_t)SIZE_MOST) {
        close(file);
        return 1;
    }
    bytes = kaa_base__arena_alloc(arena, (size_t)status.st_size);
    got = bytes != NULL ? read(file, bytes, (size_t)status.st_size) : 0;
    close(file);
    if (got > 0)
        kaa_library__cache_read(cache, bytes, (size_t)got);
    return bytes != NULL;
}

/* A text of the cache; NULL if it lies outside or has no end. */
static const char *
text_at(const kaa_library__cache *cache, uint32_t offset)
{
    size_t room = cache->size - cache->start;
    const char *text = cache->bytes + cache->start;

    if (offset >= room || memchr(text + offset, '\0', room - offset) == NULL)
        return NULL;
    return text + offset;
}

/* The name and path of an entry for this machine: 1, or 0. */
static int
entry_at(const kaa_library__cache *cache, uint32_t i, const char **name,
         const char **path)
{
    size_t at = cache->start + HEADER + (size_t)i * ENTRY;

    if (WANTED != 0 && number(cache, at) != WANTED)
        return 0;
    *name = text_at(cache, number(cache, at + 4));
    *path = text_at(cache, number(cache, at + 8));
    return *name != NULL && *path != NULL;
}

const char *
kaa_library__cache_find(const kaa_library__cache *cache, const char *name)
{
    const char *found, *path;

    if (cache->bytes == NULL)
        return NULL;
    for (uint32_t i = 0; i < cache->count; i++)
        if (entry_at(cache, i, &found, &path) && strcmp(found, name) == 0)
            return path;
    return NULL;
}

int
kaa_library__compare_versions(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            size_t length_a, length_b;
            int order;

            a += strspn(a, "0");
            b += strspn(b, "0");
            length_a = strspn(a, "0123456789");
            length_b = strspn(b, "0123456789");
            if (length_a != length_b)
                return length_a < length_b ? -1 : 1;
            order = memcmp(a, b, length_a);
            if (order != 0)
                return order < 0 ? -1 : 1;
            a += length_a;
            b += length_b;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

const char *
kaa_library__cache_newest(const kaa_library__cache *cache, const char *prefix)
{
    size_t length = strlen(prefix);
    const char *newest = NULL, *name, *path;

    if (cache->bytes == NULL)
        return NULL;
    for (uint32_t i = 0; i < cache->count; i++) {
        if (!entry_at(cache, i, &name, &path) ||
            strncmp(name, prefix, length) != 0 || name[length] < '0' ||
            name[length] > '9')
            continue;
        if (newest == NULL ||
            kaa_library__compare_versions(name + length, newest + length) > 0)
            newest = name;
    }
    return newest;
}
