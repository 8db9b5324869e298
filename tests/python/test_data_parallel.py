"""Functions, records, enums and arrays in other processes: multiprocessing, joblib, a
local Dask cluster."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import unittest
from typing import Any, Tuple

import kaa
import support

try:
    import cloudpickle
except ImportError:
    cloudpickle = None
try:
    import joblib
except ImportError:
    joblib = None
try:
    import dask.array
    import distributed
except ImportError:
    dask = None  # type: ignore
try:
    import numpy
except ImportError:
    numpy = None  # type: ignore

DECLARED = """
double fabs(double x); double hypot(double x, double y);
struct point { double x, y; };
enum level { LOW, HIGH = 9 };
"""

lib = kaa.load("libm.so.6", DECLARED)


def turned(point: Any) -> Any:
    """A record there and another one back."""
    return lib.point(point.y, -point.x)


def described(value: Any) -> Tuple[str, str]:
    return type(value).__name__, repr(value)


class Point(lib.point):  # type: ignore
    """One with a method and an attribute of its own."""

    def length(self) -> float:
        return float(lib.hypot(self.x, self.y))


def length_of(point: Any) -> Tuple[float, str]:
    return point.length(), point.note


VALUES = (
    lib.point(1, 2),
    lib.HIGH,
    lib.level.LOW,
    lib.level,
    kaa.new("int[3]", [1, 2, 3]),
    kaa.new("point[2]", [(1, 2), (3, 4)], library=lib),
    kaa.new("double[2][2]", [[1, 2], [3, 4]]),
)


#: What a notebook has: pickled by what is in it, with the classes that it names.
NOTEBOOK = """
class Mine(Point):
    def sum(self):
        return self.x + self.y

def look(given, kind=Point):
    own = type(lib.point(1, 2))
    made = Mine(3, 4)
    assert kind is own is Point is type(given) and Union is lib.number
    assert isinstance(made, Point) and made.sum() == 7
    assert Array is type(kaa.new("point[2]", library=lib)), Array
    assert Pointer is type(lib.node().next), Pointer
    given.x += 1
    made.y = 9
    return given.x, lib.hypot(made.x, 4), Union(d=2.5).d, Array([given] * 2)[1].x
"""
CHILD = """
import pickle, sys
data = sys.stdin.buffer.read()
for _ in range(3):
    look, given = pickle.loads(data)
    print(look(given))
import cloudpickle
look, given = pickle.loads(cloudpickle.dumps((look, given)))
print(look(given))
"""


class Classes(unittest.TestCase):
    @unittest.skipIf(cloudpickle is None, "cloudpickle is not installed")
    def test_by_what_is_in_them(self) -> None:
        """cloudpickle takes classes apart that are in no module; in another process
        they are the library's again."""
        own = kaa.load(
            "libm.so.6",
            DECLARED
            + "union number { int i; double d; };"
            + "struct node { struct node *next; const char *name; };",
        )
        space = {
            "__name__": "__main__",
            "kaa": kaa,
            "lib": own,
            "Point": own.point,
            "Union": own.number,
            "Array": type(kaa.new("point[2]", library=own)),
            "Pointer": type(own.node().next),
        }
        exec(NOTEBOOK, space)
        look: Any = space["look"]
        given = own.point(1, 2)
        data = cloudpickle.dumps((look, given))
        self.assertEqual(look(given), (2.0, 5.0, 2.5, 2.0))
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=data,
            stdout=subprocess.PIPE,
            check=True,
            env=support.clean_environment(),
        )
        wanted = ["(2.0, 5.0, 2.5, 2.0)"] * 3 + ["(3.0, 5.0, 2.5, 3.0)"]
        self.assertEqual(done.stdout.decode().splitlines(), wanted)

    def test_shown(self) -> None:
        self.assertEqual(repr(lib.point), "<class 'libm.so.6.point'>")


class Processes(unittest.TestCase):
    def check(self, call: Any) -> None:
        """`call(function, values)` gives what the function makes of each."""
        self.assertEqual(call(lib.fabs, [-1.0, 2.0]), [1.0, 2.0])
        points = call(turned, [lib.point(1, 2), lib.point(3, 4)])
        self.assertEqual(points, [lib.point(2, -1), lib.point(4, -3)])
        self.assertEqual(type(points[0]).__name__, "point")
        here = [described(one) for one in VALUES]
        self.assertEqual(call(described, list(VALUES)), here)
        point = Point(3, 4)
        point.note = "kept"
        self.assertEqual(call(length_of, [point]), [(5.0, "kept")])
        with self.assertRaisesRegex(TypeError, r"fabs\(\) argument 1 \(x\)"):
            call(lib.fabs, ["x"])
        with self.assertRaises((TypeError, pickle.PicklingError)):
            call(described, [kaa.addressof(lib.point())])

    def test_multiprocessing(self) -> None:
        methods = ["spawn"] if sys.platform != "linux" else ["spawn", "fork"]
        for method in methods:
            with multiprocessing.get_context(method).Pool(2) as pool:
                self.check(pool.map)

    @unittest.skipIf(joblib is None, "joblib is not installed")
    def test_joblib(self) -> None:
        with joblib.Parallel(n_jobs=2) as parallel:

            def call(function: Any, values: Any) -> Any:
                return parallel(joblib.delayed(function)(one) for one in values)

            self.check(call)

    @unittest.skipIf(dask is None, "dask and distributed are not installed")
    def test_dask(self) -> None:
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster, distributed.Client(cluster) as client:

            def call(function: Any, values: Any) -> Any:
                return client.gather([client.submit(function, one) for one in values])

            self.check(call)
            blocks = dask.array.arange(-1000.0, 1000.0, chunks=250).reshape(40, 50)
            made = blocks.map_blocks(lib.fabs.map, dtype=float).compute()
            self.assertTrue((made == abs(numpy.arange(-1000.0, 1000).reshape(40, 50))).all())


if __name__ == "__main__":
    unittest.main()
