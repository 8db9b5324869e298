"""All objects of this process, by type and size, and who keeps one alive.

    walk = kaa.objects.walk()
    for one in walk.types[:10]:
        print(one.type, one.count, one.bytes)

    for one in walk.retainers[:10]:
        print(one.type, one.text, one.retained_bytes)

    for step in kaa.objects.paths_to(thing)[0]:
        print(step.edge, step.type, step.text)
    kaa.objects.retained_by(thing)

The look is taken by a copy of the process, made by fork(): the program pauses for
that alone (Walk.pause_ns) and goes on. The collector is not run, nothing is
allocated in the program but the answer. Seen is what the collector tracks and all
that is referred to from there, strings and numbers too. Needs CPython and os.fork().
"""

from __future__ import annotations

import os
from typing import Any, Callable, List, Optional, Set, Tuple

from kaa._error import OperatingSystemError, UnsupportedError
from kaa._insight.heap_data import (
    CycleGroup,
    Footprint,
    HeapReport,
    Retainer,
    Step,
    TypeUse,
    Walk,
    Waste,
)
from kaa._own import is_own

__all__ = [
    "CycleGroup",
    "Footprint",
    "Retainer",
    "Step",
    "TypeUse",
    "Walk",
    "Waste",
    "is_available",
    "paths_to",
    "report",
    "retained_by",
    "walk",
]

_SECONDS = 600  # after which a copy that hangs is ended


def _in_copy(look: Callable[[], Any]) -> Any:
    """What look() returns in a forked child, and the pause in nanoseconds. What it
    returns goes through JSON."""
    import json
    import time
    import warnings

    reason = why_not()
    if reason is not None:
        raise UnsupportedError(reason)
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            # Other threads do not exist in the child, which does not need them.
            warnings.simplefilter("ignore", DeprecationWarning)
            start = time.monotonic_ns()
            child = os.fork()
        if child == 0:
            _answer(look, writing)
        pause = time.monotonic_ns() - start
    except OSError as error:
        os.close(reading)
        os.close(writing)
        raise OperatingSystemError(f"the process cannot be copied: {error}") from None
    os.close(writing)
    with open(reading, "rb") as file:
        text = file.read()
    status = os.waitpid(child, 0)[1]
    if status != 0 or not text:
        raise OperatingSystemError(
            f"the copy of the process that looks at the objects {_ending(status)};"
            " the process itself goes on"
        )
    answer = json.loads(text)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["answer"], pause


def _ending(status: int) -> str:
    """How the copy ended."""
    import signal

    if not os.WIFSIGNALED(status):
        return f"ended with exit code {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGALRM:
        return f"took more than {_SECONDS} s and was ended"
    return f"died of {signal.Signals(number).name}"


def _answer(look: Callable[[], Any], writing: int) -> None:
    """The child's life."""
    import gc
    import json
    import signal

    code = 1
    try:
        gc.disable()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS)
        try:
            made = {"answer": look()}
        except BaseException as error:
            made = {"error": f"{type(error).__name__}: {error}"}
        with open(writing, "wb", closefd=False) as file:
            file.write(json.dumps(made).encode("ascii"))
        code = 0
    finally:
        os._exit(code)


def why_not() -> Optional[str]:
    """Why objects cannot be walked here; None if they can."""
    import sys

    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} has no objects of CPython's kind"
    if not hasattr(os, "fork"):
        return "a walk needs os.fork(), which this system lacks"
    if sys.maxsize < 2**32:
        return "walks need a 64-bit interpreter"
    return None


def is_available() -> Tuple[bool, str]:
    """Whether objects can be walked here, and why not."""
    reason = why_not()
    return reason is None, reason or ""


def _own_frames() -> Set[int]:
    """The ids of the frames of kaa's own that run now, the caller's included."""
    import sys

    own, frame = set(), sys._getframe(1)
    while frame is not None and is_own(frame.f_code.co_filename):
        own.add(id(frame))
        frame = frame.f_back  # type: ignore[assignment]
    return own


def walk(retained: bool = True) -> Walk:
    """Counts all objects and adds up their sizes (sys.getsizeof), by type, the largest
    first. With `retained` also what each keeps alive alone: the biggest retainers, the
    footprints of modules and types, cycles with the edge to break, and wastes; that
    takes the copy about three times as long. kaa.OperatingSystemError if there can be
    no copy of the process, or if it dies; kaa.UnsupportedError where there are no
    walks."""
    from kaa._insight import object_walk as _object_walk

    def look() -> Any:
        return _object_walk.look(_own_frames(), retained)

    found, pause = _in_copy(look)
    made = Walk(objects=found["objects"], bytes=found["bytes"], pause_ns=pause)
    made.references = found["references"]
    made.garbage_objects = found["garbage_objects"]
    made.garbage_bytes = found["garbage_bytes"]
    made.types = [TypeUse(*row) for row in found["types"]]
    made.retainers = [Retainer(**one) for one in found.get("retainers", ())]
    made.modules = [Footprint(*row) for row in found.get("modules", ())]
    made.wastes = [Waste(**one) for one in found.get("wastes", ())]
    for one in found.get("cycles", ()):
        one["members"] = [Step(*step) for step in one["members"]]
        made.cycles.append(CycleGroup(**one))
    return made


def report(retained: bool = True) -> HeapReport:
    """A walk as a report, for tables and pages."""
    import platform
    import sys

    return HeapReport(
        mode="walk",
        python=platform.python_version(),
        pid=os.getpid(),
        program=" ".join(sys.argv),
        walk=walk(retained),
    )


def paths_to(thing: Any, most: int = 3) -> List[List[Step]]:
    """Who keeps an object alive: up to `most` paths to it, the shortest first, each from
    a root (sys.modules, or the frame of a running function) to the object. Step.edge is
    how the step before refers to it. Empty: only C code, or a garbage cycle, does."""
    from kaa._insight import object_walk as _object_walk

    _check_most(most)

    def look() -> Any:
        looking = _object_walk.Looking(_own_frames())
        looking.retain()
        return looking.paths(thing, most)

    found, _ = _in_copy(look)
    return [[Step(*step) for step in path] for path in found]


def _check_most(most: Any) -> None:
    if isinstance(most, bool) or not isinstance(most, int):
        raise TypeError(f"most must be an int, not {type(most).__name__}")
    if not 1 <= most <= 1000:
        raise ValueError(f"most must be 1 to 1000, not {most}")


def retained_by(thing: Any) -> int:
    """The bytes that would be free if this object went: its own, and those of all that
    nothing else keeps. What only the caller's variables refer to besides does count as
    kept by them."""
    from kaa._insight import object_walk as _object_walk

    def look() -> Any:
        looking = _object_walk.Looking(_own_frames())
        looking.retain()
        found = looking.retained(thing)
        return found.retained_bytes if found is not None else 0

    return int(_in_copy(look)[0])
