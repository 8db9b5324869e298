"""Names of Linux's system calls, x86-64: those in which threads block or stay long.

The numbers are the kernel's (arch/x86/entry/syscalls/syscall_64.tbl).
"""

from __future__ import annotations

from typing import Optional

RUNNING = 0xFFFF

_NAMES = {
    0: "read", 1: "write", 2: "open", 3: "close", 4: "stat", 5: "fstat", 6: "lstat",
    7: "poll", 8: "lseek", 9: "mmap", 10: "mprotect", 11: "munmap", 12: "brk",
    16: "ioctl", 17: "pread64", 18: "pwrite64", 19: "readv", 20: "writev",
    21: "access", 23: "select", 24: "sched_yield", 26: "msync", 28: "madvise",
    34: "pause", 35: "nanosleep", 40: "sendfile", 41: "socket", 42: "connect",
    43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg",
    48: "shutdown", 56: "clone", 57: "fork", 58: "vfork", 59: "execve", 61: "wait4",
    65: "semop", 69: "msgsnd", 70: "msgrcv", 72: "fcntl", 73: "flock", 74: "fsync",
    75: "fdatasync", 76: "truncate", 77: "ftruncate", 78: "getdents", 82: "rename",
    83: "mkdir", 87: "unlink", 89: "readlink", 128: "rt_sigtimedwait",
    130: "rt_sigsuspend", 162: "sync", 202: "futex", 208: "io_getevents",
    217: "getdents64", 220: "semtimedop", 230: "clock_nanosleep", 232: "epoll_wait",
    242: "mq_timedsend", 243: "mq_timedreceive", 247: "waitid", 257: "openat",
    262: "newfstatat", 263: "unlinkat", 270: "pselect6", 271: "ppoll", 275: "splice",
    277: "sync_file_range", 281: "epoll_pwait", 285: "fallocate", 288: "accept4",
    295: "preadv", 296: "pwritev", 299: "recvmmsg", 307: "sendmmsg",
    318: "getrandom", 326: "copy_file_range", 332: "statx", 426: "io_uring_enter",
    435: "clone3", 441: "epoll_pwait2", 449: "futex_waitv", 454: "futex_wake",
    455: "futex_wait",
}  # fmt: skip


def name(call: int) -> Optional[str]:
    """What kaa_insight_call::call says; None for 0."""
    if not call:
        return None
    if call == RUNNING:
        return "(running)"
    return _NAMES.get(call - 1, f"system call {call - 1}")
