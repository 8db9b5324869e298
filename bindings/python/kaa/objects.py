"""All objects of this process, by type and size, and who keeps one alive.

    walk = kaa.objects.walk()
    for one in walk.types[:10]:
        print(one.type, one.count, one.bytes)

    for step in kaa.objects.paths_to(thing)[0]:
        print(step.edge, step.type, step.text)

The look is taken by a copy of the process, made by fork(): the program pauses for
that alone (Walk.pause_ns) and goes on. The collector is not run, nothing is
allocated in the program but the answer. Seen is what the collector tracks and all
that is referred to from there. Needs os.fork().
"""

from __future__ import annotations

import os
from types import FrameType
from typing import Any, Callable, Dict, List, Set

from kaa._error import OperatingSystemError, UnsupportedError
from kaa._heap_data import HeapReport, Step, TypeUse, Walk

__all__ = ["Step", "TypeUse", "Walk", "paths_to", "report", "walk"]

_SECONDS = 600  # after which a copy that hangs is ended


def _in_copy(look: Callable[[], Any]) -> Any:
    """What look() returns in a forked child, and the pause in nanoseconds. What it
    returns goes through JSON."""
    import json
    import time
    import warnings

    if not hasattr(os, "fork"):
        raise UnsupportedError("a walk needs os.fork(), which this system lacks")
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
        raise OperatingSystemError(f"the copy of the process failed (status {status})")
    answer = json.loads(text)
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["answer"], pause


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


def _name(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    name = str(type.__dict__["__qualname__"].__get__(kind))
    return name if module == "builtins" else f"{module}.{name}"


def _everything() -> List[Any]:
    """All objects that can be seen, each once."""
    import gc

    found = gc.get_objects()
    hidden = {id(found)}
    seen = {id(one) for one in found} | hidden
    start = 0
    while start < len(found):
        some = found[start : start + 1000]
        start += len(some)
        for one in gc.get_referents(*some):
            if id(one) not in seen:
                seen.add(id(one))
                found.append(one)
    return found


def _size(one: Any) -> int:
    import sys

    try:
        return sys.getsizeof(one)
    except Exception:  # a __sizeof__ of the program's
        return type(one).__basicsize__


def _look() -> List[List[Any]]:
    kinds: Dict[type, List[int]] = {}
    for one in _everything():
        kind = type(one)
        if kind in kinds:
            sums = kinds[kind]
        else:
            sums = kinds[kind] = [0, 0]
        sums[0] += 1
        sums[1] += _size(one)
    return [[_name(kind), *sums] for kind, sums in kinds.items()]


def walk() -> Walk:
    """Counts all objects and adds up their sizes (sys.getsizeof), by type, the largest
    first. kaa.OperatingSystemError if there can be no copy of the process."""
    rows, pause = _in_copy(_look)
    types = [TypeUse(*row) for row in rows]
    types.sort(key=lambda one: -one.bytes)
    return Walk(
        objects=sum(one.count for one in types),
        bytes=sum(one.bytes for one in types),
        pause_ns=pause,
        types=types,
    )


def report() -> HeapReport:
    """A walk as a report, for tables and pages."""
    import platform
    import sys

    return HeapReport(
        mode="walk",
        python=platform.python_version(),
        pid=os.getpid(),
        program=" ".join(sys.argv),
        walk=walk(),
    )


# ---- paths ----


def _text(one: Any) -> str:
    """Says which object it is, without calling the program's code."""
    kind = type(one)
    if kind in (int, float, bool, type(None)):
        return repr(one)
    if kind in (str, bytes):
        return repr(one[:40]) + ("..." if len(one) > 40 else "")
    if kind in (list, tuple, dict, set, frozenset):
        return f"{len(one)} items"
    if isinstance(one, type):
        return _name(one)
    if kind is FrameType:
        return f"{one.f_code.co_name}, {one.f_code.co_filename}:{one.f_lineno}"
    name = getattr(one, "__name__", "") if kind.__module__ == "builtins" else ""
    return name if type(name) is str else ""


def _edge(parent: Any, child: Any) -> str:
    """How the parent refers to the child, where that is easily told."""
    if type(parent) is FrameType:
        names = [name for name, value in parent.f_locals.items() if value is child]
        return names[0] if names else "globals"
    if type(parent) is dict:
        for key, value in parent.items():
            if value is child:
                return f"[{_text(key) or _name(type(key))}]"
            if key is child:
                return "a key"
    elif type(parent) in (list, tuple):
        for i, value in enumerate(parent):
            if value is child:
                return f"[{i}]"
    try:
        fields = object.__getattribute__(parent, "__dict__")
    except Exception:
        return ""
    if fields is child:
        return "__dict__"
    if type(fields) is dict:
        for key, value in fields.items():
            if value is child and type(key) is str:
                return f".{key}"
    return ""


def _referents(one: Any) -> List[Any]:
    import gc

    if type(one) is FrameType:  # the collector sees no variables of running ones
        return [*one.f_locals.values(), one.f_globals]
    return gc.get_referents(one)


def _find(wanted: Any, own: Set[int], most: int) -> List[List[List[str]]]:
    """Shortest paths from modules and frames to an object, by one breadth-first walk."""
    import sys

    own = {*own, id(sys._getframe())}
    roots: List[Any] = [sys.modules]
    for frame in sys._current_frames().values():
        while frame is not None:
            if id(frame) not in own:
                roots.append(frame)
            frame = frame.f_back  # type: ignore
    parents: Dict[int, Any] = {id(root): None for root in roots}
    hidden = {id(roots), id(parents)} | own
    queue, paths, told = roots, [], set()
    while queue and len(paths) < most:
        following: List[Any] = []
        hidden.update((id(queue), id(following)))
        for parent in queue:
            for one in _referents(parent):
                if one is wanted:
                    if len(paths) < most and id(parent) not in told:
                        told.add(id(parent))
                        paths.append(_path(parents, parent, wanted))
                elif id(one) not in parents and id(one) not in hidden:
                    parents[id(one)] = parent
                    following.append(one)
        queue = following
    return paths


def _path(parents: Dict[int, Any], last: Any, wanted: Any) -> List[List[str]]:
    chain = [wanted, last]
    while parents[id(chain[-1])] is not None:
        chain.append(parents[id(chain[-1])])
    chain.reverse()
    steps = [[_name(type(chain[0])), _text(chain[0]), "root"]]
    for parent, child in zip(chain, chain[1:]):
        steps.append([_name(type(child)), _text(child), _edge(parent, child)])
    return steps


def paths_to(thing: Any, most: int = 3) -> List[List[Step]]:
    """Who keeps an object alive: up to `most` paths to it, the shortest first, each from
    a root (sys.modules, or the frame of a running function) to the object. Step.edge is
    how the step before refers to it. Empty: only C code, or a garbage cycle, does."""
    import sys

    if not isinstance(most, int) or most < 1:
        raise ValueError(f"most must be an int of 1 or more, not {most!r}")
    here = sys._getframe()

    def look() -> Any:
        own = {id(here)}
        frame: Any = sys._getframe()
        while frame is not here:
            own.add(id(frame))
            frame = frame.f_back
        return _find(thing, own, most)

    found, _ = _in_copy(look)
    return [[Step(*step) for step in path] for path in found]
