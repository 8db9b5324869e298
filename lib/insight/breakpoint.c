/* insight/breakpoint.c - see breakpoint.h. */
#include "insight/breakpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

/* AArch64's processors stop in front of the write, and others have no such
 * registers, or were not tried. */
#if defined(__linux__) && defined(__x86_64__)
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* struct perf_event_attr of Linux 5.13, which older headers do not have whole:
 * 8 bytes more than PERF_ATTR_SIZE_VER6, and three bits more. */
#define ATTR_BYTES 128u
#define FLAGS_AT 40u
enum {
    INHERIT = 1,
    EXCLUDE_KERNEL = 5,
    EXCLUDE_HYPERVISOR = 6,
    INHERIT_THREAD = 35,
    REMOVE_ON_EXEC = 36,
    SIGTRAP_IS_SENT = 37
};

static const uint64_t flags =
    UINT64_C(1) << INHERIT | UINT64_C(1) << EXCLUDE_KERNEL |
    UINT64_C(1) << EXCLUDE_HYPERVISOR | UINT64_C(1) << INHERIT_THREAD |
    UINT64_C(1) << REMOVE_ON_EXEC | UINT64_C(1) << SIGTRAP_IS_SENT;

/* A file of the event, or -1 and errno. */
static int
open_event(uintptr_t address, size_t bytes, int thread)
{
    union {
        struct perf_event_attr named;
        unsigned char all[ATTR_BYTES];
    } attr;

    memset(&attr, 0, sizeof(attr));
    attr.named.type = PERF_TYPE_BREAKPOINT;
    attr.named.size = ATTR_BYTES;
    attr.named.bp_type = HW_BREAKPOINT_W;
    attr.named.bp_addr = address;
    attr.named.bp_len = bytes == 4 ? HW_BREAKPOINT_LEN_4 : HW_BREAKPOINT_LEN_8;
    attr.named.sample_period = 1;
    memcpy(attr.all + FLAGS_AT, &flags, sizeof(flags));
    return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1,
                        PERF_FLAG_FD_CLOEXEC);
}

static void
end_event(int file)
{
    /* A child after fork() may have the file open: closing it is not enough. */
    (void)ioctl(file, PERF_EVENT_IOC_DISABLE, 0);
}

/* The number in /proc/sys/kernel/perf_event_paranoid; -1 where there is none.
 */
static int
read_paranoid(void)
{
    FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
    char text[16];
    int number = -1;

    if (file == NULL)
        return -1;
    if (fgets(text, sizeof(text), file) != NULL)
        number = (int)strtol(text, NULL, 10);
    fclose(file);
    return number;
}

static kaa_status
refuse(int error, kaa_error *err)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return kaa_base__fail(
            err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
            "no hardware watchpoint: the system refuses (perf_event_open: "
            "errno %d, kernel.perf_event_paranoid %d). Set it to 2 (sysctl -w "
            "kernel.perf_event_paranoid=2), or run with CAP_PERFMON; a "
            "container must allow the call",
            error, read_paranoid());
    case ENOSPC:
    case EBUSY:
        return kaa_base__fail(
            err, KAA_LIMIT, KAA_NO_ARGUMENT,
            "all hardware watchpoints are in use: the processor has 4, for "
            "this, debuggers and perf; end another watch first");
    case EINVAL:
    case E2BIG:
    case ENOSYS:
        return kaa_base__fail(
            err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
            "hardware watchpoints that tell the thread that wrote need Linux "
            "5.13 or later with perf events (perf_event_open: errno %d)",
            error);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return kaa_base__fail(err, KAA_SYSTEM, KAA_NO_ARGUMENT,
                              "a hardware watchpoint takes a file for each "
                              "thread, and one cannot be opened (errno %d)",
                              error);
    default:
        return kaa_base__fail(
            err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
            "this machine has no hardware watchpoints (perf_event_open: errno "
            "%d); a virtual machine may be set up without debug registers",
            error);
    }
}
#else
static int
open_event(uintptr_t address, size_t bytes, int thread)
{
    (void)address;
    (void)bytes;
    (void)thread;
    errno = ENOSYS;
    return -1;
}

static void
end_event(int file)
{
    (void)file;
}

static kaa_status
refuse(int error, kaa_error *err)
{
    (void)error;
    return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                          "hardware watchpoints are used on Linux on x86-64 "
                          "alone");
}
#endif

static kaa_status
add_thread(kaa_insight__breakpoint *out, uintptr_t address, size_t bytes,
           int thread, kaa_error *err)
{
    int file;

    if (out->count == out->capacity) {
        uint32_t capacity = out->capacity != 0 ? 2 * out->capacity : 16;
        int *files =
            kaa_base__realloc_array(out->files, capacity, sizeof(*files));

        if (files == NULL)
            return kaa_base__fail_memory(err, "a hardware watchpoint");
        out->files = files;
        out->capacity = capacity;
    }
    file = open_event(address, bytes, thread);
    if (file < 0)
        return errno == ESRCH ? KAA_OK : refuse(errno, err); /* has ended */
    out->files[out->count++] = file;
    return KAA_OK;
}

/* A thread that begins meanwhile has the event of the one that began it, which
 * is there already: the caller holds what keeps others from beginning any. */
kaa_status
kaa_insight__breakpoint_open(kaa_insight__breakpoint *out, uintptr_t address,
                             size_t bytes, kaa_error *err)
{
    kaa_insight__breakpoint made = {0};
    kaa_status status = KAA_OK;
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;

    if (tasks == NULL)
        return kaa_base__fail(err, KAA_UNSUPPORTED, KAA_NO_ARGUMENT,
                              "hardware watchpoints need /proc/self/task, "
                              "which tells of this process's threads");
    while (status == KAA_OK && (entry = readdir(tasks)) != NULL) {
        int thread = (int)strtol(entry->d_name, NULL, 10);

        if (thread > 0)
            status = add_thread(&made, address, bytes, thread, err);
    }
    closedir(tasks);
    if (status != KAA_OK)
        kaa_insight__breakpoint_close(&made, 0);
    else
        *out = made;
    return status;
}

void
kaa_insight__breakpoint_close(kaa_insight__breakpoint *breakpoint, int is_child)
{
    for (uint32_t i = 0; i < breakpoint->count; i++) {
        if (!is_child)
            end_event(breakpoint->files[i]);
        close(breakpoint->files[i]);
    }
    kaa_base__free(breakpoint->files);
    memset(breakpoint, 0, sizeof(*breakpoint));
}
