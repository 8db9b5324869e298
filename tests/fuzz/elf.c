/* tests/fuzz/elf.c - any bytes as a shared library that does not open.
 *
 * kaa_library_explain() reads the file and all that it says it needs; it opens
 * none of it for running.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <kaa/library.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[1 << 16];
    char path[64];
    int file = memfd_create("kaa_fuzz", MFD_CLOEXEC);

    if (file < 0)
        return 0;
    if (write(file, data, size) == (ssize_t)size) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
        (void)kaa_library_explain(path, text, sizeof(text));
    }
    close(file);
    return 0;
}
