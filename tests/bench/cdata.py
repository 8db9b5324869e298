"""What C data costs: kaa's records beside hand-written types and other libraries.

    cdata.py [--json] [--rounds N]

All runs in one process, interleaved; a row's figure is the fastest of its rounds.
The table gives nanoseconds of the reference (types of Python.h with members,
getters and vectorcall, compiled here from cdata_reference.c) and the ratio of the
others to it; rows without a reference give nanoseconds, the ratio to ctypes or to
cffi stands beside them. cffi is used where it is installed, in its ABI mode and in
its API mode, which is compiled here.

Not the same in all columns: the reference and a class with __slots__ have no
memory that C could be given; ctypes checks no ranges.
"""

from __future__ import annotations

import ctypes
import enum
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import repeat
from typing import Any, Callable, Dict, List, Optional, Tuple

import peers

import kaa

HERE = os.path.dirname(os.path.abspath(__file__))
NODES, POINTS = 100_000, 1000
TYPES = """
typedef struct point { double x, y; } point;
typedef struct node { struct node *next; int value; double weight; } node;
"""
FUNCTIONS = """
double norm_pointer(const point *at);
double norm_value(point at);
point swapped(point at);
node *chain(size_t count);
point *plane(void);
"""
MIXED = """
enum color { RED, GREEN, BLUE };
struct mixed { int number; enum color color; _Bool ok; const char *text; point at; };
"""

Row = Tuple[str, str, Dict[str, Any]]


class Color(enum.IntEnum):
    RED = 0
    GREEN = 1
    BLUE = 2


class CPoint(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double)]


class CNode(ctypes.Structure):
    pass


CNode._fields_ = [
    ("next", ctypes.POINTER(CNode)),
    ("value", ctypes.c_int),
    ("weight", ctypes.c_double),
]


class CMixed(ctypes.Structure):
    _fields_ = [
        ("number", ctypes.c_int),
        ("color", ctypes.c_int),
        ("ok", ctypes.c_bool),
        ("text", ctypes.c_char_p),
        ("at", CPoint),
    ]


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x: float = 0.0, y: float = 0.0) -> None:
        self.x = x
        self.y = y


def loop(statement: str, names: Dict[str, Any]) -> Callable[[int], None]:
    space = dict(names, repeat=repeat)
    exec(f"def run(n):\n for _ in repeat(None, n):\n  {statement}", space)
    run: Callable[[int], None] = space["run"]
    return run


class Bench:
    def __init__(self, directory: str) -> None:
        target = os.path.join(directory, "libcdata_target.so")
        source = os.path.join(HERE, "cdata_target.c")
        subprocess.run(
            [*peers.compiler("CC", "cc"), "-O2", "-shared", "-fPIC", source]
            + ["-o", target],
            check=True,
        )
        self.runs: Dict[Tuple[str, str], Tuple[Callable[[int], None], int]] = {}
        self.missing: Dict[str, str] = {}
        hold = ["norm_pointer", "norm_value", "swapped"]
        self.kaa = kaa.load(target, TYPES + FUNCTIONS + MIXED, hold_gil=hold)
        self.ctypes = self._ctypes(target)
        try:
            self.reference = peers.compile_module(
                peers.compiler("CC", "cc"),
                "cdata_reference",
                target,
                [os.path.join(HERE, "cdata_reference.c")],
                [],
            )
        except peers.Missing as why:
            self.reference = None
            self.missing["reference"] = str(why)
        self.cffi = self._cffi(directory, target)

    def _ctypes(self, target: str) -> Any:
        # PyPy has no PyDLL.
        library = getattr(ctypes, "PyDLL", ctypes.CDLL)(target)
        library.norm_pointer.restype = library.norm_value.restype = ctypes.c_double
        library.norm_pointer.argtypes = [ctypes.POINTER(CPoint)]
        library.norm_value.argtypes = library.swapped.argtypes = [CPoint]
        library.swapped.restype = CPoint
        library.chain.restype = ctypes.POINTER(CNode)
        library.chain.argtypes = [ctypes.c_size_t]
        library.plane.restype = ctypes.POINTER(CPoint)
        return library

    def _cffi(self, directory: str, target: str) -> Any:
        try:
            import cffi
        except ImportError:
            self.missing["cffi"] = "not installed"
            return None
        builder = cffi.FFI()
        builder.cdef(TYPES + FUNCTIONS)
        builder.set_source(
            "cdata_cffi",
            TYPES + FUNCTIONS,
            extra_link_args=[target, f"-Wl,-rpath,{directory}"],
            extra_compile_args=["-O3"],
        )
        try:
            builder.compile(tmpdir=directory)
        except Exception as error:
            self.missing["cffi"] = f"cannot be compiled: {error}"
            return None
        sys.path.insert(0, directory)
        import cdata_cffi

        return cdata_cffi

    def add(
        self, row: str, who: str, statement: str, count: int = 1, **names: Any
    ) -> None:
        self.runs[row, who] = loop(statement, names), count

    def records(self) -> None:
        makers = {"kaa": self.kaa.point, "ctypes": CPoint, "slots": Slots}
        if self.reference is not None:
            makers["reference"] = self.reference.point
        if self.cffi is not None:
            ffi = self.cffi.ffi
            pointer = ffi.typeof("point *")
            makers["cffi"] = lambda *given: ffi.new(pointer, given)
            new = ffi.new
            self.add("create", "cffi", "new(t)", new=new, t=pointer)
            self.add(
                "create, set 2, read 2",
                "cffi",
                "o = new(t); o.x = a; o.y = b; o.x; o.y",
                new=new,
                t=pointer,
                a=1.5,
                b=2.5,
            )
        for who, make in makers.items():
            one = make(1.5, 2.5)
            for row, statement in (
                ("create, set 2, read 2", "o = c(); o.x = a; o.y = b; o.x; o.y"),
                ("create", "c()"),
                ("c(a, b)", "c(a, b)"),
                ("read 2", "p.x; p.y"),
                ("set 2", "p.x = a; p.y = b"),
            ):
                if (row, who) not in self.runs:
                    self.add(row, who, statement, c=make, p=one, a=1.5, b=2.5)

    def members(self) -> None:
        mixed = {
            "kaa": self.kaa.mixed(123456, 1, True, "a text", (1, 2)),
            "ctypes": CMixed(123456, 1, True, b"a text", CPoint(1, 2)),
        }
        if self.reference is not None:
            mixed["reference"] = self.reference.make_mixed(list(Color))
        for who, one in mixed.items():
            for name in ("number", "color", "ok", "text", "at", "at.x"):
                self.add(f"m.{name}", who, f"m.{name}", m=one)

    def calls(self) -> None:
        library = self.kaa
        p, c = library.point(1.5, 2.5), CPoint(1.5, 2.5)
        self.add("f(const point *)", "kaa", "f(p)", f=library.norm_pointer, p=p)
        self.add("f(point)", "kaa", "f(p)", f=library.norm_value, p=p)
        self.add("point f(point)", "kaa", "f(p)", f=library.swapped, p=p)
        names = {"f": self.ctypes.norm_pointer, "p": c}
        self.add("f(const point *)", "ctypes", "f(p)", **names)
        self.add("f(point)", "ctypes", "f(p)", f=self.ctypes.norm_value, p=c)
        self.add("point f(point)", "ctypes", "f(p)", f=self.ctypes.swapped, p=c)
        make = "q = c(a, b); f(q); q.x"
        self.add(
            "make, call, read", "kaa", make, c=library.point, f=library.norm_pointer,
            a=1.5, b=2.5,
        )
        self.add(
            "make, call, read", "ctypes", make, c=CPoint, f=self.ctypes.norm_pointer,
            a=1.5, b=2.5,
        )
        if self.reference is not None:
            own = self.reference
            q = own.point(1.5, 2.5)
            self.add("f(const point *)", "reference", "f(p)", f=own.by_pointer, p=q)
            self.add("f(point)", "reference", "f(p)", f=own.by_pointer, p=q)
            self.add("point f(point)", "reference", "f(p)", f=own.swapped, p=q)
            self.add(
                "make, call, read", "reference", make, c=own.point, f=own.by_pointer,
                a=1.5, b=2.5,
            )

    def walks(self) -> None:
        walk = "p = head\n  while p: p.value; p.weight; p = p.next"
        self.add("a node of a list", "kaa", walk, NODES, head=self.kaa.chain(NODES))
        self.add(
            "a node of a list", "ctypes",
            "p = head\n  while p: q = p.contents; q.value; q.weight; p = q.next",
            NODES, head=self.ctypes.chain(NODES),
        )
        item = f"for i in range({POINTS}): a[i].x"
        self.add("a[i].x", "kaa", item, POINTS, a=self.kaa.plane())
        self.add("a[i].x", "ctypes", item, POINTS, a=self.ctypes.plane())
        if self.cffi is not None:
            lib, ffi = self.cffi.lib, self.cffi.ffi
            self.add(
                "a node of a list", "cffi",
                "p = head\n  while p != null: p.value; p.weight; p = p.next",
                NODES, head=lib.chain(NODES), null=ffi.NULL,
            )
            self.add("a[i].x", "cffi", item, POINTS, a=lib.plane())

    def methods(self) -> None:
        class Point(self.kaa.point):  # type: ignore[name-defined,misc]
            def one(self) -> int:
                return 1

        class Plain(Slots):
            __slots__ = ()

            def one(self) -> int:
                return 1

        self.add("p.method()", "kaa", "p.one()", p=Point(1, 2))
        self.add("p.method()", "slots", "p.one()", p=Plain(1, 2))

    def measure(self, rounds: int) -> Dict[str, Dict[str, float]]:
        best: Dict[Tuple[str, str], float] = {}
        gc.disable()
        for _ in range(rounds):
            for key, (run, count) in self.runs.items():
                times = max(1, 3000 // count)
                start = time.thread_time_ns()
                run(times)
                took = (time.thread_time_ns() - start) / times / count
                best[key] = min(best.get(key, took), took)
        gc.enable()
        table: Dict[str, Dict[str, float]] = {}
        for (row, who), nanoseconds in best.items():
            table.setdefault(row, {})[who] = nanoseconds
        return table


COLUMNS = ("reference", "kaa", "ctypes", "cffi", "slots")


def shown(row: Dict[str, float], who: str) -> str:
    if who not in row:
        return "-"
    base: Optional[float] = row.get("reference")
    if who == "reference" or base is None:
        return f"{row[who]:.1f} ns"
    return f"{row[who] / base:.2f}"


def main() -> None:
    rounds = 60
    if "--rounds" in sys.argv:
        rounds = int(sys.argv[sys.argv.index("--rounds") + 1])
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(directory)
        for part in (bench.records, bench.members, bench.calls, bench.walks):
            part()
        bench.methods()
        table = bench.measure(rounds)
    if "--json" in sys.argv:
        print(json.dumps({"python": sys.version.split()[0], "ns": table}, indent=1))
        return
    print(f"CPython {sys.version.split()[0]}; ratios to the reference")
    print("".join(f"{one:>22}" if not i else f"{one:>11}" for i, one in
                  enumerate(("",) + COLUMNS)))
    for name, row in table.items():
        cells: List[str] = [shown(row, who) for who in COLUMNS]
        print(f"{name:>22}" + "".join(f"{cell:>11}" for cell in cells))
    for peer, why in bench.missing.items():
        print(f"{peer}: {why}")


if __name__ == "__main__":
    main()
