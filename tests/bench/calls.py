"""What a call costs: kaa beside a hand-written extension, ctypes, cffi and others.

    calls.py [--json] [--rounds N]

Everything runs in one process, interleaved; the table gives nanoseconds and, more
telling, the ratio to the reference, a METH_FASTCALL extension that is compiled
here from calls_reference.c. Peers are used where they are installed.
"""

from __future__ import annotations

import array
import ctypes
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tempfile
from typing import Any, Dict, List, Optional, Tuple

import compare

import kaa

HERE = os.path.dirname(os.path.abspath(__file__))
POINT = "typedef struct point { double x, y; } point;"
BOX = "typedef struct box { int left, top, right, bottom; double weight; } box;"
HELD = {
    "add_doubles": "double add_doubles(double a, double b);",
    "add_ints": "int add_ints(int a, int b);",
    "text_length": "size_t text_length(const char *text);",
    "checksum": "long checksum(const void *data, size_t length);",
    "fill": "long fill(void *data, size_t length);",
    "sum_doubles": "double sum_doubles(const double *values, size_t count);",
    "mixed8": "double mixed8(int a, double b, long c, float d, unsigned char e,"
    " double f, short g, uint64_t h);",
    "norm_by_pointer": "double norm_by_pointer(const point *p);",
    "norm_by_value": "double norm_by_value(point p);",
    "weigh_by_value": "double weigh_by_value(box b);",
    "make_point": "point make_point(double x, double y);",
    "greeting": "const char *greeting(int which);",
    "checked": "[[kaa::errno]] int checked(int code);",
    "repeat": "long repeat(int (*callback)(int, int), int times);",
}
RELEASED = "double add_doubles_released(double a, double b);"
TIMES = 100  # callbacks in one call of repeat()


def build(directory: str) -> Tuple[str, Optional[Any]]:
    """The target library, and the reference module if Python.h is at hand."""
    compiler = (os.environ.get("CC") or "cc").split()
    target = os.path.join(directory, "libcalls_target.so")
    common = [*compiler, "-O2", "-shared", "-fPIC"]
    subprocess.run(
        [*common, os.path.join(HERE, "calls_target.c"), "-o", target], check=True
    )
    include = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(include, "Python.h")):
        return target, None
    path = os.path.join(directory, "calls_reference.so")
    subprocess.run(
        [
            *common,
            f"-I{include}",
            os.path.join(HERE, "calls_reference.c"),
            target,
            f"-Wl,-rpath,{directory}",
            "-o",
            path,
        ],
        check=True,
    )
    spec = importlib.util.spec_from_file_location("calls_reference", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return target, module


class CPoint(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double)]


class CBox(ctypes.Structure):
    _fields_ = [
        ("left", ctypes.c_int),
        ("top", ctypes.c_int),
        ("right", ctypes.c_int),
        ("bottom", ctypes.c_int),
        ("weight", ctypes.c_double),
    ]


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)
CTYPES = {
    "add_doubles": (ctypes.c_double, [ctypes.c_double] * 2),
    "add_ints": (ctypes.c_int, [ctypes.c_int] * 2),
    "text_length": (ctypes.c_size_t, [ctypes.c_char_p]),
    "checksum": (ctypes.c_long, [ctypes.c_char_p, ctypes.c_size_t]),
    "fill": (ctypes.c_long, [ctypes.c_void_p, ctypes.c_size_t]),
    "sum_doubles": (
        ctypes.c_double,
        [ctypes.POINTER(ctypes.c_double), ctypes.c_size_t],
    ),
    "mixed8": (
        ctypes.c_double,
        [
            ctypes.c_int,
            ctypes.c_double,
            ctypes.c_long,
            ctypes.c_float,
            ctypes.c_ubyte,
            ctypes.c_double,
            ctypes.c_short,
            ctypes.c_uint64,
        ],
    ),
    "norm_by_pointer": (ctypes.c_double, [ctypes.POINTER(CPoint)]),
    "norm_by_value": (ctypes.c_double, [CPoint]),
    "weigh_by_value": (ctypes.c_double, [CBox]),
    "make_point": (CPoint, [ctypes.c_double] * 2),
    "greeting": (ctypes.c_char_p, [ctypes.c_int]),
    "checked": (ctypes.c_int, [ctypes.c_int]),
    "repeat": (ctypes.c_long, [CALLBACK, ctypes.c_int]),
    "add_doubles_released": (ctypes.c_double, [ctypes.c_double] * 2),
}


def ctypes_functions(target: str, holding: bool) -> Any:
    """The target through ctypes with argtypes set, as it is meant to be used."""
    library = (ctypes.PyDLL if holding else ctypes.CDLL)(target, use_errno=True)
    for name, (result, parameters) in CTYPES.items():
        function = library[name]
        function.restype = result
        function.argtypes = parameters
        setattr(library, name, function)
    return library


def ctypes_checked(function: Any) -> Any:
    """checked() with errno looked at, as kaa and the reference do."""

    def errcheck(result: int, function: Any, arguments: Any) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result

    function.errcheck = errcheck
    return function


def cffi_library(target: str) -> Tuple[Any, Any]:
    try:
        import cffi
    except ImportError:
        return None, None
    ffi = cffi.FFI()
    text = "\n".join([POINT, BOX, *HELD.values(), RELEASED])
    ffi.cdef(text.replace("[[kaa::errno]] ", ""))
    return ffi, ffi.dlopen(target)


def per_callback(timed: compare.Timed) -> compare.Timed:
    """From calls of repeat() to the callbacks in them."""
    return lambda count: timed(max(count // TIMES, 10)) * count // (
        max(count // TIMES, 10) // 10 * 10 * TIMES
    )


class Bench:
    """All candidates of all rows."""

    def __init__(self, target: str, reference: Optional[Any]) -> None:
        self.reference = reference
        self.kaa = kaa.load(
            target, "\n".join([POINT, BOX, *HELD.values(), RELEASED]), hold_gil=list(HELD)
        )
        # As users write it: CDLL, which drops the GIL.
        self.ctypes = ctypes_functions(target, False)
        ctypes_checked(self.ctypes.checked)
        self.ffi, self.cffi = cffi_library(target)
        self.rows: List[Tuple[str, Dict[str, compare.Timed]]] = []

    def add(
        self,
        title: str,
        name: str,
        args: Tuple[Any, ...],
        ctypes_args: Optional[Tuple[Any, ...]] = None,
        cffi_args: Optional[Tuple[Any, ...]] = None,
        reference_args: Optional[Tuple[Any, ...]] = None,
        callbacks: bool = False,
    ) -> None:
        row: Dict[str, compare.Timed] = {}
        if self.reference is not None:
            row["reference"] = compare.calls(
                getattr(self.reference, name), reference_args or args
            )
        row["kaa"] = compare.calls(getattr(self.kaa, name), args)
        row["ctypes"] = compare.calls(getattr(self.ctypes, name), ctypes_args or args)
        if self.cffi is not None and cffi_args is not None:
            row["cffi ABI"] = compare.calls(getattr(self.cffi, name), cffi_args)
        if callbacks:
            row = {key: per_callback(timed) for key, timed in row.items()}
        self.rows.append((title, row))

    def fill(self) -> None:
        data, text = bytearray(1000), b"x" * 1000
        numbers = array.array("d", [1.0] * 100)
        writable = (ctypes.c_char * 1000).from_buffer(data)
        doubles = (ctypes.c_double * 100).from_buffer(numbers)
        point, box = self.kaa.point(1, 2), self.kaa.box(1, 2, 3, 4, 5)
        own = self.reference
        cast = None if self.ffi is None else self.ffi
        mixed = (1, 2.0, 3, 4.0, 5, 6.0, 7, 8)
        self.add("double f(double, double)", "add_doubles", (1.5, 2.5), None, (1.5, 2.5))
        self.add(
            "the same, GIL released", "add_doubles_released", (1.5, 2.5), None, (1.5, 2.5)
        )
        self.add("int f(int, int)", "add_ints", (3, 4), None, (3, 4))
        self.add("f(const char *) of str", "text_length", ("hello",), (b"hello",), (b"hello",))
        self.add("f(const void *, size_t) of bytes", "checksum", (text, 9), None, (text, 9))
        self.add(
            "f(void *, size_t) of bytearray",
            "fill",
            (data, 9),
            (writable, 9),
            cast and (cast.from_buffer(data), 9),
        )
        self.add(
            "f(const double *, size_t) of array",
            "sum_doubles",
            (numbers, 9),
            (doubles, 9),
            cast and (cast.from_buffer("double[]", numbers), 9),
        )
        self._add_numpy()
        self.add("8 mixed arguments", "mixed8", mixed, None, mixed)
        for title, name, record, peer in (
            ("struct by pointer", "norm_by_pointer", point, CPoint(1, 2)),
            ("struct of 16 bytes by value", "norm_by_value", point, CPoint(1, 2)),
            ("struct of 24 bytes by value", "weigh_by_value", box, CBox(1, 2, 3, 4, 5)),
        ):
            made = own and (own.Box(1, 2, 3, 4, 5) if "24" in title else own.Point(1, 2))
            other = None
            if cast:
                other = cast.new("point *", [1, 2])
                if "24" in title:
                    other = cast.new("box *", [1, 2, 3, 4, 5])
                if "value" in title:
                    other = other[0]
            self.add(title, name, (record,), (peer,), other and (other,), made and (made,))
        self.add("struct returned", "make_point", (1.0, 2.0), None, (1.0, 2.0))
        self.add("const char * result", "greeting", (1,), None, None)
        self.add("errno checked", "checked", (0,), None, None)

        def plain(a: int, b: int) -> int:
            return b

        self.add(
            "a callback, int (*)(int, int)",
            "repeat",
            (plain, TIMES),
            (CALLBACK(plain), TIMES),
            cast and (cast.callback("int(int, int)", plain), TIMES),
            callbacks=True,
        )

    def _add_numpy(self) -> None:
        try:
            import numpy
        except ImportError:
            return
        values = numpy.ones(100)
        pointer = values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        self.add(
            "f(const double *, size_t) of NumPy", "sum_doubles", (values, 9), (pointer, 9)
        )


def main() -> None:
    rounds = 40
    if "--rounds" in sys.argv:
        rounds = int(sys.argv[sys.argv.index("--rounds") + 1])
    with tempfile.TemporaryDirectory() as directory:
        target, reference = build(directory)
        bench = Bench(target, reference)
        bench.fill()
        rows = [
            (title, compare.race(row, 10000, rounds)) for title, row in bench.rows
        ]
    columns = ["reference", "kaa", "ctypes", "cffi ABI"]
    base = "reference" if reference is not None else "kaa"
    compare.report(
        {"python": sys.version.split()[0], "base": base, "rows": dict(rows)},
        f"CPython {sys.version.split()[0]}\n" + compare.table(rows, columns, base),
    )


if __name__ == "__main__":
    main()
