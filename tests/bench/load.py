"""What loading costs: 500 prototypes through kaa, cffi and ctypes; importing.

    load.py [--json] [--rounds N] [--count N]

The library is generated and compiled here; its prototypes are of all sorts and
sizes. Each round loads it anew, so nothing is remembered from one to the next;
that is why the text differs in each round by a comment (cffi remembers texts).
Imports are timed in processes of their own. All figures are the least of all
rounds, in which the candidates take turns.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, Sequence, Tuple

import compare

import kaa

# C's name, and what ctypes calls it.
TYPES: Sequence[Tuple[str, Any]] = (
    ("int", ctypes.c_int),
    ("unsigned int", ctypes.c_uint),
    ("long", ctypes.c_long),
    ("unsigned long", ctypes.c_ulong),
    ("short", ctypes.c_short),
    ("unsigned char", ctypes.c_ubyte),
    ("float", ctypes.c_float),
    ("double", ctypes.c_double),
    ("const char *", ctypes.c_char_p),
    ("void *", ctypes.c_void_p),
    ("double *", ctypes.POINTER(ctypes.c_double)),
)
Prototype = Tuple[str, int, List[int]]


def prototypes(count: int) -> List[Prototype]:
    """Names, with the numbers of the types of result and parameters."""
    choose = random.Random(500)
    kinds = range(len(TYPES))
    return [
        (
            f"generated_function_{i}",
            choose.choice(kinds),
            [choose.choice(kinds) for _ in range(choose.randrange(7))],
        )
        for i in range(count)
    ]


def text_of(all_: Sequence[Prototype], end: str) -> str:
    """The prototypes in C, each followed by `end`: a semicolon or a body."""
    lines = []
    for name, result, parameters in all_:
        inside = ", ".join(f"{TYPES[one][0]} a{i}" for i, one in enumerate(parameters))
        lines.append(f"{TYPES[result][0]} {name}({inside or 'void'}){end}\n")
    return "".join(lines)


def build(directory: str, all_: Sequence[Prototype]) -> str:
    source, library = (os.path.join(directory, "load" + end) for end in (".c", ".so"))
    with open(source, "w") as file:
        file.write(text_of(all_, " { return 0; }"))
    compiler = (os.environ.get("CC") or "cc").split()
    flags = ["-shared", "-fPIC", "-w", source, "-o", library]
    subprocess.run(compiler + flags, check=True)
    return library


def loaders(library: str, all_: Sequence[Prototype]) -> Dict[str, Callable[[int, bool], Any]]:
    """Each loads the library; when asked, it touches all functions."""
    text, names = text_of(all_, ";"), [one[0] for one in all_]
    types = [(name, TYPES[r][1], [TYPES[p][1] for p in ps]) for name, r, ps in all_]

    def by_kaa(round_: int, touch: bool) -> Any:
        loaded = kaa.load(library, text + f"/* {round_} */")
        return [getattr(loaded, name) for name in names] if touch else loaded

    def by_ctypes(round_: int, touch: bool) -> Any:
        loaded = ctypes.CDLL(library)
        if not touch:
            return loaded
        functions = []
        for name, result, parameters in types:
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, parameters
            functions.append(function)
        return functions

    made = {"kaa": by_kaa, "ctypes": by_ctypes}
    if importlib.util.find_spec("cffi"):
        import cffi

        def by_cffi(round_: int, touch: bool) -> Any:
            ffi = cffi.FFI()
            ffi.cdef(text + f"/* {round_} */")
            loaded = ffi.dlopen(library)
            return [getattr(loaded, name) for name in names] if touch else (ffi, loaded)

        made["cffi"] = by_cffi
    return made


def timed(load: Callable[[int, bool], Any], touch: bool) -> compare.Timed:
    def once() -> int:
        run.round += 1  # type: ignore[attr-defined]
        start = time.perf_counter_ns()
        kept = load(run.round, touch)  # type: ignore[attr-defined]
        taken = time.perf_counter_ns() - start
        del kept
        gc.collect()  # outside the time: none pays for another's garbage
        return taken

    def run(count: int) -> int:
        # Twice, so that none pays for caches that the one before has filled.
        return min(once(), once()) * count

    run.round = 0  # type: ignore[attr-defined]
    return run


# Imports. Each process times itself, from where Python is up. -----------------------

LIBM = "libm.so.6"
IMPORTS = {
    "import": {"kaa": "import kaa", "ctypes": "import ctypes"},
    "import + first load": {
        "kaa": f"import kaa; kaa.load('{LIBM}', 'double pow(double, double);')",
        "ctypes": f"import ctypes; ctypes.CDLL('{LIBM}')",
    },
    "import + first load + call": {
        "kaa": f"import kaa; kaa.load('{LIBM}', 'double pow(double, double);').pow(2, 3)",
        "ctypes": "import ctypes; f = ctypes.CDLL('%s').pow; f.restype = ctypes.c_double;"
        " f.argtypes = [ctypes.c_double] * 2; f(2, 3)" % LIBM,
    },
}


def importing(statement: str) -> compare.Timed:
    code = (
        "from time import perf_counter_ns as now; start = now(); %s; print(now() - start)"
        % statement
    )
    environment = dict(os.environ)
    # Compiled once, as an installed package is; the warm-up does it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = CACHE.name

    def run(count: int) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE
        )
        return int(done.stdout) * count

    return run


if importlib.util.find_spec("cffi"):
    CFFI = "import cffi; f = cffi.FFI(); f.cdef('double pow(double, double);')"
    IMPORTS["import"]["cffi"] = "import cffi"
    IMPORTS["import + first load"]["cffi"] = f"{CFFI}; f.dlopen('{LIBM}')"
    IMPORTS["import + first load + call"]["cffi"] = f"{CFFI}; f.dlopen('{LIBM}').pow(2, 3)"

CACHE = tempfile.TemporaryDirectory(prefix="kaa-bench-pycache-")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    rows: List[Tuple[str, Dict[str, float]]] = []
    with tempfile.TemporaryDirectory(prefix="kaa-bench-") as directory:
        all_ = prototypes(options.count)
        made = loaders(build(directory, all_), all_)
        for title, touch in (("load", False), ("load, touch each", True)):
            candidates = {name: timed(load, touch) for name, load in made.items()}
            row = compare.race(candidates, 1, options.rounds)
            rows.append((f"{title}: {options.count} prototypes", row))
    for title, statements in IMPORTS.items():
        candidates = {name: importing(one) for name, one in statements.items()}
        rows.append((title, compare.race(candidates, 1, options.rounds)))
    CACHE.cleanup()
    in_us = [(title, {k: v / 1000 for k, v in row.items()}) for title, row in rows]
    compare.report(
        {"unit": "ns", "rows": dict(rows)},
        compare.table(in_us, ("kaa", "ctypes", "cffi"), "kaa", "us")
        + "\nload alone binds all symbols in kaa; ctypes opens the file and looks none up.",
    )


if __name__ == "__main__":
    main()
