"""SIGTERM in a program that is recorded: what was recorded is written first.

Python calls a handler between two instructions of the main thread. A signal that
comes between the last of them and a system call that blocks would wait for the end
of that call, and a process that should have ended would go on. So a thread that only
waits for the signal sends it again until it was handled, and ends the process
itself if that takes too long.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import signal
import threading
import time
from typing import Any, Callable, List, Set, Tuple

Handler = Callable[[int, Any], None]

_AGAIN_S = 0.05
_GIVE_UP_S = 10.0

_pipe: Tuple[int, ...] = ()  # what wakes the thread
_ours: List[Handler] = []  # handlers that this module put in
ids: Set[int] = set()  # native ids of the threads that wait: no part of the program


def catch(handler: Handler) -> None:
    """Lets the handler see SIGTERM, unless the program has one of its own. Does
    nothing on another thread than the main one. The handler must end() the process,
    or raise."""
    global _pipe
    if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return
    try:
        signal.signal(signal.SIGTERM, handler)
        _pipe = os.pipe()
        os.set_blocking(_pipe[1], False)
        signal.set_wakeup_fd(_pipe[1], warn_on_full_buffer=False)
    except (ValueError, OSError):
        return
    _ours[:] = [handler]
    is_begun = _thread.allocate_lock()
    is_begun.acquire()
    main = threading.get_ident()  # signal.signal() refuses others
    _thread.start_new_thread(_insist, (_pipe[0], main, is_begun.release))
    is_begun.acquire()  # its id is known


def _after_fork() -> None:
    """In a child: the signal is as it was, and the pipe is the parent's."""
    global _pipe
    if _ours and signal.getsignal(signal.SIGTERM) in _ours:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _pipe:
        before = signal.set_wakeup_fd(-1)
        if before not in (-1, _pipe[1]):
            signal.set_wakeup_fd(before)  # somebody else's
    for fd in _pipe:
        os.close(fd)
    _pipe = ()
    _ours.clear()
    ids.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def end() -> None:
    """Ends this process by SIGTERM, whatever handles it; on any thread."""
    # signal.signal() is for the main thread alone.
    ctypes.CDLL(None).signal(int(signal.SIGTERM), ctypes.c_void_p(0))
    os.kill(os.getpid(), signal.SIGTERM)


def _insist(fd: int, main: int, begun: Callable[[], None]) -> None:
    ids.add(threading.get_native_id())
    begun()
    try:
        while signal.SIGTERM not in os.read(fd, 1):
            continue
    except OSError:
        return
    until = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < until:
        time.sleep(_AGAIN_S)
        if signal.getsignal(signal.SIGTERM) not in _ours:
            return
        signal.pthread_kill(main, signal.SIGTERM)
    end()
