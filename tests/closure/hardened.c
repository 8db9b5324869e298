/* tests/closure/hardened.c - closures where the system refuses executable
 * memory, as SELinux, PaX or a sandbox do. Children refuse it to themselves by
 * a seccomp filter, in two degrees:
 *
 *   no W^X     nothing writable becomes executable; files may be mapped so
 *   nothing    no mapping is executable at all
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "closure/internal.h"
#include "kaa_test.h"

#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define CAN_FILTER 1
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#else
#define CAN_FILTER 0
#endif

/* What a child reports by its exit status. */
enum {
    WORKED = 0,
    WRONG_RESULT = 10,
    WRONG_MESSAGE = 11,
    NO_FILTER = 12, /* the kernel does not let us */
    NOT_REFUSED = 13,
    FAILED_WITH = 20, /* + the status */
};

static void
twice(void *result, void *const *arguments, void *user)
{
    int value = *(const int *)arguments[0] * 2;

    (void)user;
    memcpy(result, &value, sizeof(value));
}

#if CAN_FILTER

#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
#define LOAD(what)                                                             \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))

/* Denies executable mappings: all, or those that are writable or anonymous.
 * mprotect() to executable and memfd_create() are denied in both cases. */
static int
refuse(int everything)
{
    const uint32_t anonymous = everything ? 0xFFFFFFFFu : MAP_ANONYMOUS;
    const uint32_t writable = everything ? 0xFFFFFFFFu : PROT_WRITE;
    struct sock_filter code[] = {
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 5, 0),
        ALLOW,
        DENY,
        /* 6: mprotect */
        LOAD(args[2]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 6),
        DENY,
        /* 9: mmap */
        LOAD(args[2]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 3),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, writable, 3, 0),
        LOAD(args[3]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, anonymous, 1, 0),
        ALLOW,
        DENY,
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int
is_refused(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED;
}

static int
child(const kaa_ctype *type, int everything, int way)
{
    kaa_closure *closure = NULL;
    kaa_error err = {0};
    kaa_status status;
    int (*function)(int);

    if (!refuse(everything))
        return NO_FILTER;
    if (!is_refused())
        return NOT_REFUSED;
    status = kaa_closure__create(type, twice, NULL, NULL, way, &closure, &err);
    if (status == KAA_SYSTEM &&
        strstr(err.message, "executable memory") == NULL)
        return WRONG_MESSAGE;
    if (status != KAA_OK)
        return FAILED_WITH + (int)status;
    function = (int (*)(int))kaa_closure_pointer(closure);
    return function(21) == 42 ? WORKED : WRONG_RESULT;
}

DEFERRABLE(kaa_ctype_table_destroy, kaa_ctype_table)

#endif

/* The exit status of a child that has refused itself executable memory. */
static int
run_child(kaa_test *t, int everything, int way)
{
#if CAN_FILTER
    kaa_ctype_parameter parameter = {NULL, kaa_ctype_basic(KAA_CTYPE_INT)};
    kaa_ctype_table *table = NULL;
    const kaa_ctype *type = NULL;
    int status = 0;
    pid_t pid;

    CHECK_OK(kaa_ctype_table_create(&table, &t->err));
    DEFER(t, kaa_ctype_table_destroy, table);
    CHECK_OK(kaa_ctype_function(table, kaa_ctype_basic(KAA_CTYPE_INT),
                                &parameter, 1, 0, &type, &t->err));
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(child(type, everything, way));
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_FILTER)
        SKIP("the kernel gives no seccomp filter");
    return WEXITSTATUS(status);
#else
    (void)everything;
    (void)way;
    (void)twice;
    SKIP("needs Linux on x86-64, and no address sanitizer");
#endif
}

KAA_TEST(closures_work_where_nothing_becomes_executable)
{
    CHECK_EQ(run_child(t, 0, KAA_CLOSURE__ANY), WORKED);
    CHECK_EQ(run_child(t, 1, KAA_CLOSURE__ANY), WORKED);
}

KAA_TEST(libffi_maps_its_own_trampolines)
{
    int status = run_child(t, 0, KAA_CLOSURE__LIBFFI_ONLY);

    if (status == FAILED_WITH + KAA_SYSTEM)
        SKIP("this libffi has no static trampolines; the error is clear");
    CHECK_EQ(status, WORKED);
}

KAA_TEST(where_nothing_works_the_error_is_clear)
{
    CHECK_EQ(run_child(t, 1, KAA_CLOSURE__LIBFFI_ONLY),
             FAILED_WITH + KAA_SYSTEM);
}
