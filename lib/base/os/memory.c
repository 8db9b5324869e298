/* base/os/memory.c - memory by mmap(2), and that of processes, by
 * process_vm_readv(2): an address that is not mapped is an answer, no crash. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/os/os.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

void *
kaa_base__map(size_t bytes, size_t align)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    size_t more = bytes + align;
    size_t before;
    char *start;

    if (more < bytes)
        return NULL;
    start = mmap(NULL, more, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    before = (size_t)(-(uintptr_t)start & (align - 1));
    if (before != 0)
        munmap(start, before);
    munmap(start + before + bytes, align - before);
    return start + before;
}

void *
kaa_base__map_file(const char *path, size_t least, size_t *out_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    void *start = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &info) == 0 && info.st_size > 0 &&
        (size_t)info.st_size >= least)
        start = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (start == MAP_FAILED)
        return NULL;
    *out_bytes = (size_t)info.st_size;
    return start;
}

void
kaa_base__unmap(void *start, size_t bytes)
{
    munmap(start, bytes);
}

void
kaa_base__purge(void *start, size_t bytes)
{
    madvise(start, bytes, MADV_DONTNEED);
}

void
kaa_base__want_huge_pages(void *start, size_t bytes, int are_wanted)
{
#ifdef MADV_HUGEPAGE
    madvise(start, bytes, are_wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
    (void)start;
    (void)bytes;
    (void)are_wanted;
#endif
}

int
kaa_base__executable_fault(void)
{
    long page = sysconf(_SC_PAGESIZE);
    size_t bytes = page > 0 ? (size_t)page : 4096;
    void *probe = mmap(NULL, bytes, PROT_READ | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (probe == MAP_FAILED)
        return errno;
    munmap(probe, bytes);
    return 0;
}

int
kaa_base__peek(int process, uintptr_t address, void *out, size_t size)
{
    struct iovec here = {.iov_base = out, .iov_len = size};
    struct iovec there = {.iov_base = (void *)address, .iov_len = size};

    return address != 0 &&
           process_vm_readv(process, &here, 1, &there, 1, 0) == (ssize_t)size;
}
