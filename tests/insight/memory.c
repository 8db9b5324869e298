/* Reading memory that may be gone. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kaa/insight.h>

#include "base/os/os.h"
#include "kaa_test.h"

/* An emulator has no such call, nor has a process that may not look. */
static int
may_read(void)
{
    char from = 1, to = 0;

    return kaa_base__peek(getpid(), (uintptr_t)&from, &to, 1) ||
           (errno != ENOSYS && errno != EPERM);
}

KAA_TEST(own_memory_is_read)
{
    uint64_t from = 0x0123456789abcdef, to = 0;

    if (!may_read())
        SKIP("this process may read none");
    CHECK(kaa_base__peek(getpid(), (uintptr_t)&from, &to, sizeof(to)));
    CHECK_EQ(to, from);
}

KAA_TEST(memory_that_is_gone_is_an_answer)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char buffer[16];

    CHECK(pages != MAP_FAILED);
    if (!may_read())
        SKIP("this process may read none");
    munmap(pages + size, size);
    CHECK(kaa_base__peek(getpid(), (uintptr_t)pages, buffer, 16));
    CHECK(!kaa_base__peek(getpid(), (uintptr_t)(pages + size), buffer, 16));
    CHECK(!kaa_base__peek(getpid(), (uintptr_t)(pages + size - 8), buffer, 16));
    CHECK(!kaa_base__peek(getpid(), 0, buffer, 16));
    CHECK(!kaa_base__peek(getpid(), UINTPTR_MAX - 4, buffer, 16));
    munmap(pages, size);
}

KAA_TEST(another_process)
{
    static const char text[] = "in parent and child";
    char buffer[sizeof(text)];
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        pause();
        _exit(0);
    }
    int is_read = kaa_insight_peek((uint32_t)child, (uint64_t)(uintptr_t)text,
                                   buffer, sizeof(buffer));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (!is_read)
        SKIP("this process may not read its children");
    CHECK_STR(buffer, text);
    CHECK(!kaa_insight_peek((uint32_t)child, (uint64_t)(uintptr_t)text, buffer,
                            sizeof(buffer)));
}

KAA_TEST(frames_of_no_thread_state)
{
    kaa_insight_frame frames[4];
    uint64_t nothing[64] = {0};

    CHECK_EQ(kaa_insight_peek_frames((uint32_t)getpid(), 0, 0x030c, frames, 4),
             0);
    CHECK_EQ(kaa_insight_peek_frames((uint32_t)getpid(),
                                     (uint64_t)(uintptr_t)nothing, 0x030c,
                                     frames, 4),
             0);
    CHECK_EQ(kaa_insight_peek_frames((uint32_t)getpid(), 0, 0x0206, frames, 4),
             0);
    CHECK_EQ(kaa_insight_peek_frames((uint32_t)getpid(), 0, 0x030c, NULL, 4),
             0);
}
