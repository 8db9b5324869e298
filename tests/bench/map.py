"""What map costs: beside a C loop over the same function pointer.

    map.py [--json] [--rounds N] [--count N]

The loop in C is compiled here; it goes over the same arrays, on one thread, and
so does map on one thread and on two. NumPy's ufunc, where it is installed, and
a comprehension of calls of the same function are shown beside them. Times are
nanoseconds an element, the least of rounds in which the candidates take turns.
"""

from __future__ import annotations

import argparse
import array
import ctypes
import importlib.util
import os
import subprocess
import tempfile
import time
from typing import Any, Callable, Dict, List, Tuple

import compare

import kaa

LOOPS = """
#include <stddef.h>
void loop_d(double (*f)(double), const double *x, double *out, size_t n)
{ for (size_t i = 0; i < n; i++) out[i] = f(x[i]); }
void loop_dd(double (*f)(double, double), const double *x, const double *y, double *out, size_t n)
{ for (size_t i = 0; i < n; i++) out[i] = f(x[i], y[i]); }
double half(double x) { return x * 0.5; }
"""
DECLARATIONS = """
[[kaa::hold_gil]] double half(double x);
[[kaa::hold_gil]] double sin(double x);
[[kaa::hold_gil]] double pow(double x, double y);
"""


def build(directory: str) -> str:
    source, library = (os.path.join(directory, "map" + end) for end in (".c", ".so"))
    with open(source, "w") as file:
        file.write(LOOPS)
    compiler = (os.environ.get("CC") or "cc").split()
    command = compiler + ["-O2", "-shared", "-fPIC", source, "-o", library]
    # The loop's library needs libm, so that one load finds all three.
    subprocess.run(command + ["-Wl,--no-as-needed", "-lm"], check=True)
    return library


def c_loop(library: str, address: int, buffers: List[Any]) -> Callable[[], Any]:
    """The loop in C, called once over whole arrays."""
    loop = ctypes.CDLL(library)["loop_" + "d" * (len(buffers) - 1)]
    loop.restype = None
    places = [ctypes.c_void_p(one.buffer_info()[0]) for one in buffers]
    given = [ctypes.c_void_p(address), *places, ctypes.c_size_t(len(buffers[0]))]

    def run(kept: List[Any] = buffers) -> None:
        loop(*given)

    return run


def timed(work: Callable[[], Any], elements: int) -> compare.Timed:
    def run(count: int) -> Any:
        start = time.perf_counter_ns()
        work()
        return (time.perf_counter_ns() - start) * count / elements

    return run


def candidates_for(library: str, name: str, inputs: List[Any]) -> Dict[str, compare.Timed]:
    function = getattr(kaa.load(library, DECLARATIONS), name)
    count = len(inputs[0])
    out, expected = (array.array("d", bytes(8 * count)) for _ in range(2))
    plain = c_loop(library, function.address, [*inputs, expected])
    plain()
    for threads in (1, 2):
        if function.map(*inputs, threads=threads) != expected:
            raise SystemExit(f"{name}: map is not the loop")
    works = {
        "C loop": plain,
        "map": lambda: function.map(*inputs, out=out, threads=1),
        "map, 2 threads": lambda: function.map(*inputs, out=out, threads=2),
        "calls": lambda: [function(*each) for each in zip(*inputs)]
        if len(inputs) > 1
        else [function(each) for each in inputs[0]],
    }
    if importlib.util.find_spec("numpy"):
        import numpy

        ufunc = {"sin": numpy.sin, "pow": numpy.power}.get(name)
        arrays = [numpy.frombuffer(one) for one in inputs]
        place = numpy.frombuffer(out)
        if ufunc is not None:
            works["numpy"] = lambda: ufunc(*arrays, out=place)
        else:
            works["numpy"] = lambda: numpy.multiply(arrays[0], 0.5, out=place)
    return {key: timed(work, count) for key, work in works.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--count", type=int, default=1_000_000)
    options = parser.parse_args()
    xs = array.array("d", [i / 1000 for i in range(options.count)])
    ys = array.array("d", [1 + i % 7 / 8 for i in range(options.count)])
    rows: List[Tuple[str, Dict[str, float]]] = []
    with tempfile.TemporaryDirectory(prefix="kaa-bench-") as directory:
        library = build(directory)
        for name, inputs in (("half", [xs]), ("sin", [xs]), ("pow", [xs, ys])):
            candidates = candidates_for(library, name, inputs)
            row = compare.race(candidates, 1, options.rounds)
            rows.append((f"{name} over {options.count} doubles", row))
    columns = ("C loop", "map", "map, 2 threads", "calls", "numpy")
    faster = ", ".join(
        f"{title.split()[0]} {row['map'] / row['map, 2 threads']:.2f}" for title, row in rows
    )
    compare.report(
        {"unit": "ns", "rows": dict(rows)},
        compare.table(rows, columns, "C loop", "ns an element")
        + f"\nTwo threads are faster than one by: {faster} times.",
    )


if __name__ == "__main__":
    main()
