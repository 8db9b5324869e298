"""Loading kaa into a running process: to trace it for a while, or profile its memory.

CPython 3.14 and later run a script in another process of the same version, at a
safe point (sys.remote_exec, PEP 768); the target's own interpreter is started to ask
for that, so any version may attach. Older ones, and those whose main thread is
blocked, are entered by gdb, in a thread that is blocked without the GIL: to the
interpreter that is a callback like any other. In a free-threaded build that is a thread
in a system call that the interpreter makes detached alone, not in a futex.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from typing import Any, Iterator, List

from kaa import _native
from kaa._insight.gil_data import Recording
from kaa._insight.gil_remote import Remote, RemoteError
from kaa._own import HERE

# How long the target may take to come to a safe point and to write its file.
PATIENCE = 10.0
# Calls in which a thread stands still, the best first; a futex may be a lock of the
# C library's own.
_STILL = (
    "clock_nanosleep", "nanosleep", "poll", "ppoll", "select", "pselect6",
    "epoll_wait", "epoll_pwait", "accept", "accept4", "recvfrom", "recvmsg", "read",
    "wait4", "waitid", "pause", "futex",
)  # fmt: skip

_SCRIPT = """
import sys
sys.path.insert(0, {parent!r})
try:
    import os
    os.environ.setdefault("KAA_LIBRARY", {library!r})
    from kaa._insight import {module}
    {module}.{function}({path!r}, *{arguments!r})
finally:
    sys.path.remove({parent!r})
"""


def _command(pid: int, command: List[str], what: str) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RemoteError(f"{what} did not come back from process {pid}") from None
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip().splitlines()
        raise RemoteError(f"{what} failed for process {pid}: {' '.join(said[-1:])}")


def _by_interpreter(pid: int, script: str) -> None:
    program = os.readlink(f"/proc/{pid}/exe")
    code = "import sys; sys.remote_exec(int(sys.argv[1]), sys.argv[2])"
    _command(pid, [program, "-I", "-c", code, str(pid), script], "sys.remote_exec()")


def _still_thread(pid: int, remote: Remote, otherwise: str) -> int:
    """A thread that is blocked without the GIL, now or soon."""
    calls = [one for one in _STILL if remote.has_gil or one != "futex"]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = remote.look(with_frames=False)
        for call in calls:
            for one in seen:
                if one.state == "off" and one.call == call:
                    return one.id
        time.sleep(0.01)
    raise RemoteError(
        f"no thread of process {pid} is blocked without the GIL, which is where gdb"
        f" could enter it safely: try again{otherwise}"
    )


def _by_gdb(pid: int, script: str, remote: Remote, otherwise: str) -> None:
    gdb = shutil.which("gdb")
    if gdb is None:
        raise RemoteError(
            f"process {pid} is Python {remote.python}, which can be entered by gdb alone,"
            f" and gdb is not installed{otherwise}"
        )
    thread = _still_thread(pid, remote, otherwise)
    text = f'exec(open(\\"{script}\\").read(), {{}})'
    commands = [
        "set confirm off",
        "set pagination off",
        "set unwindonsignal on",
        f"python [t.switch() for t in gdb.selected_inferior().threads()"
        f" if t.ptid[1] == {thread}]",
        "set $state = ((int (*)(void)) PyGILState_Ensure)()",
        f'call ((int (*)(const char *)) PyRun_SimpleString)("{text}")',
        "call ((void (*)(int)) PyGILState_Release)($state)",
        "detach",
    ]
    options = [x for one in commands for x in ("-ex", one)]
    _command(pid, [gdb, "-q", "-nx", "-batch", "-p", str(pid), *options], "gdb")


def _will_run(pid: int, remote: Remote) -> bool:
    """Whether the main thread runs Python code soon, as sys.remote_exec() needs; or
    there is no gdb, so that nothing else can be tried."""
    main = [one for one in remote.look(with_frames=False) if one.id == pid]
    is_blocked = bool(main) and main[0].state == "off" and main[0].call in _STILL
    return not is_blocked or shutil.which("gdb") is None


def wait(pid: int, path: str, seconds: float, otherwise: str = "") -> str:
    """The text of the file, once it is there."""
    end = time.monotonic() + seconds + PATIENCE
    while not os.path.exists(path):
        if not os.path.exists(f"/proc/{pid}"):
            raise RemoteError(f"process {pid} has ended")
        if time.monotonic() > end:
            raise RemoteError(
                f"process {pid} did not answer: its main thread may be in C code all the"
                f" time{otherwise}"
            )
        time.sleep(0.05)
    with open(path, encoding="utf-8") as file:
        return file.read()


@contextlib.contextmanager
def entered(
    pid: int, module: str, function: str, *arguments: Any, otherwise: str = "", needs_gil: bool = False
) -> Iterator[str]:
    """Has the process call a function of a module of kaa's, with the path of a file and
    the arguments; gives that path, which is gone at the end. `otherwise` is what the
    words of a failure tell to do instead; needs_gil: RemoteError where there is none."""
    remote = Remote(pid, needs_gil)
    folder = tempfile.mkdtemp(prefix="kaa-attach-")
    try:
        owner: Any = os.stat(f"/proc/{pid}")
        if owner.st_uid != os.getuid():
            os.chown(folder, owner.st_uid, owner.st_gid)
        path = os.path.join(folder, "report.json")
        script = os.path.join(folder, "script.py")
        with open(script, "w", encoding="utf-8") as file:
            file.write(
                _SCRIPT.format(
                    parent=os.path.dirname(HERE),
                    library=os.path.abspath(_native.path),
                    module=module,
                    function=function,
                    path=path,
                    arguments=arguments,
                )
            )
        os.chmod(script, 0o644)
        if remote.layout["version"] >= 0x30E and _will_run(pid, remote):
            _by_interpreter(pid, script)
        else:
            _by_gdb(pid, script, remote, otherwise)
        yield path
    finally:
        remote.close()
        shutil.rmtree(folder, ignore_errors=True)


_SAMPLE = "; look with --sample, which touches nothing"


def trace(pid: int, seconds: float) -> Recording:
    """An exact recording of another process. RemoteError says why there is none."""
    from kaa._insight.gil_sample import program_of

    with entered(
        pid, "gil_attached", "begin", seconds, otherwise=_SAMPLE, needs_gil=True
    ) as path:
        text = wait(pid, path, seconds, _SAMPLE)
    try:
        recording = Recording.from_json(text)
    except ValueError:
        raise RemoteError(f"process {pid} could not be traced: {text[:200]}") from None
    recording.program = program_of(pid)
    return recording
