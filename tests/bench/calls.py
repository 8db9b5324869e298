"""What a call costs: kaa beside hand-written extensions, ctypes, cffi and others.

    calls.py [--json] [--rounds N] [--build DIRECTORY] [--base COLUMN]

Everything runs in one process, interleaved; the table gives nanoseconds and, more
telling, the ratio to --base. Two extensions with METH_FASTCALL are compiled here
from calls_reference.c: `reference` calls documented functions for all conversions,
`lean` (the usual base) checks the same things, but reads small ints, floats and
texts by what Python.h inlines. Peers are used where they are installed; nanobind's
and Cython's modules are compiled here too (--build keeps what was built). `kaa` has
the functions as they are handed out, `kaa builtin` those of builtins=True.

What is not the same in all columns:

- the GIL: ctypes and cffi release it in every row, all others only in the rows
  that say so;
- records: each column has its own: extensions have types that hold the record, kaa the
  classes of its library, ctypes and cffi theirs;
- bytes: nanobind's and Cython's functions take bytes alone, those of the references
  and kaa any buffer. bytearray: all take any writable buffer but ctypes and cffi,
  which are given an instance made from it beforehand;
- const char *: kaa and the references refuse a NUL inside; the others do not look;
- an int array: nanobind crashes on a ctypes array (which gives no strides), so its
  row is with array.array; byref() is only for kaa and ctypes, and the references
  are given the c_int itself;
- variable arguments: kaa, ctypes and cffi take any, the others have the one list of
  types that is called compiled in;
- callbacks: the references, nanobind and Cython have one static slot for the
  callable and one function pointer for all, kaa, ctypes and cffi a closure for
  each callable. kaa is handed the plain function and looks its closure up, ctypes
  and cffi are handed a closure made beforehand.
"""

from __future__ import annotations

import array
import ctypes
import os
import sys
import tempfile
from typing import Any, Dict, List, Tuple

import compare
import peers

import kaa

POINT = "typedef struct point { double x, y; } point;"
BOX = "typedef struct box { int left, top, right, bottom; double weight; } box;"
HELD = {
    "answer": "int answer(void);",
    "next_int": "int next_int(int a);",
    "add_doubles": "double add_doubles(double a, double b);",
    "add_ints": "int add_ints(int a, int b);",
    "text_length": "size_t text_length(const char *text);",
    "checksum": "long checksum(const void *data, size_t length);",
    "fill": "long fill(void *data, size_t length);",
    "sum_doubles": "double sum_doubles(const double *values, size_t count);",
    "set_ints": "int set_ints(int *values);",
    "mixed8": "double mixed8(int a, double b, long c, float d, unsigned char e,"
    " double f, short g, uint64_t h);",
    "norm_by_pointer": "double norm_by_pointer(const point *p);",
    "distance": "double distance(const point *a, const point *b);",
    "add_point": "void add_point(point *to, const point *what);",
    "norm_by_value": "double norm_by_value(point p);",
    "weigh_by_value": "double weigh_by_value(box b);",
    "make_point": "point make_point(double x, double y);",
    "greeting": "const char *greeting(int which);",
    "count_variable": "int count_variable(const char *format, ...);",
    "checked": "[[kaa::errno]] int checked(int code);",
    "repeat": "long repeat(int (*callback)(int, int), int times);",
    "repeat_points": "long repeat_points("
    "int (*order)(const point *, const point *), int times);",
}
RELEASED = {
    "add_doubles_released": "double add_doubles_released(double a, double b);",
    "repeat_released": "long repeat_released(int (*callback)(int, int), int times);",
}
TEXT = "\n".join([POINT, BOX, *HELD.values(), *RELEASED.values()])
COLUMNS = [
    "lean",
    "reference",
    "kaa",
    "kaa builtin",
    "nanobind",
    "Cython",
    "ctypes",
    "cffi ABI",
]
#: Whose records are types in an extension.
EXTENSIONS = ("lean", "reference", "nanobind", "Cython")
TIMES = 100  # callbacks in one call of repeat()
NO = object()  # instead of arguments: this column has nothing in this row


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
POINTS = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(CPoint), ctypes.POINTER(CPoint)
)
CTYPES: Dict[str, Tuple[Any, List[Any]]] = {
    "answer": (ctypes.c_int, []),
    "next_int": (ctypes.c_int, [ctypes.c_int]),
    "add_doubles": (ctypes.c_double, [ctypes.c_double] * 2),
    "add_ints": (ctypes.c_int, [ctypes.c_int] * 2),
    "text_length": (ctypes.c_size_t, [ctypes.c_char_p]),
    "checksum": (ctypes.c_long, [ctypes.c_char_p, ctypes.c_size_t]),
    "fill": (ctypes.c_long, [ctypes.c_void_p, ctypes.c_size_t]),
    "sum_doubles": (
        ctypes.c_double,
        [ctypes.POINTER(ctypes.c_double), ctypes.c_size_t],
    ),
    "set_ints": (ctypes.c_int, [ctypes.POINTER(ctypes.c_int)]),
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
    "distance": (ctypes.c_double, [ctypes.POINTER(CPoint)] * 2),
    "add_point": (None, [ctypes.POINTER(CPoint)] * 2),
    "norm_by_value": (ctypes.c_double, [CPoint]),
    "weigh_by_value": (ctypes.c_double, [CBox]),
    "make_point": (CPoint, [ctypes.c_double] * 2),
    "greeting": (ctypes.c_char_p, [ctypes.c_int]),
    "count_variable": (ctypes.c_int, [ctypes.c_char_p]),
    "checked": (ctypes.c_int, [ctypes.c_int]),
    "repeat": (ctypes.c_long, [CALLBACK, ctypes.c_int]),
    "repeat_points": (ctypes.c_long, [POINTS, ctypes.c_int]),
    "repeat_released": (ctypes.c_long, [CALLBACK, ctypes.c_int]),
    "add_doubles_released": (ctypes.c_double, [ctypes.c_double] * 2),
}


def ctypes_functions(target: str) -> Any:
    """The target through ctypes with argtypes set, as it is meant to be used:
    CDLL, which drops the GIL."""
    library = ctypes.CDLL(target, use_errno=True)
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
    ffi.cdef(TEXT.replace("[[kaa::errno]] ", ""))
    return ffi, ffi.dlopen(target)


def per_callback(timed: compare.Timed) -> compare.Timed:
    """From calls of repeat() to the callbacks in them."""
    return lambda count: timed(max(count // TIMES, 10)) * count // (
        max(count // TIMES, 10) // 10 * 10 * TIMES
    )


class Bench:
    """All candidates of all rows."""

    def __init__(self, target: str, modules: Dict[str, Any]) -> None:
        self.functions: Dict[str, Any] = dict(modules)
        self.functions["kaa"] = kaa.load(target, TEXT, hold_gil=list(HELD))
        self.functions["kaa builtin"] = kaa.load(
            target, TEXT, hold_gil=list(HELD), builtins=True
        )
        self.functions["ctypes"] = ctypes_functions(target)
        ctypes_checked(self.functions["ctypes"].checked)
        self.ffi, library = cffi_library(target)
        if self.ffi is not None:
            self.functions["cffi ABI"] = library
        self.rows: List[Tuple[str, Dict[str, compare.Timed]]] = []

    def add(self, title: str, name: str, *args: Any, **others: Any) -> None:
        """A row. `others` are a column's own arguments in place of `args`, or NO;
        `cffi` is short for its column."""
        callbacks = "callback" in title
        row: Dict[str, compare.Timed] = {}
        if "cffi" in others:
            others["cffi ABI"] = others.pop("cffi")
        for column in COLUMNS:
            own = others.get(column, args)
            if column not in self.functions or own is NO:
                continue
            function = getattr(self.functions[column], name)
            timed = compare.calls(function, own)
            row[column] = per_callback(timed) if callbacks else timed
        self.rows.append((title, row))

    def fill(self) -> None:
        self.add("int f(void)", "answer")
        self.add("int f(int)", "next_int", 3)
        self.add("int f(int, int)", "add_ints", 3, 4)
        self.add("double f(double, double)", "add_doubles", 1.5, 2.5)
        self.add("the same, GIL released", "add_doubles_released", 1.5, 2.5)
        self.add("8 mixed arguments", "mixed8", 1, 2.0, 3, 4.0, 5, 6.0, 7, 8)
        self._add_text()
        self._add_buffers()
        self._add_numpy()
        self._add_records()
        self.add("errno checked", "checked", 0, cffi=NO)
        self._add_callbacks()

    def _add_text(self) -> None:
        word = (b"hello",)
        self.add("f(const char *) of str", "text_length", "hello", ctypes=word, cffi=word)
        given = (ctypes.c_char_p(b"text"), ctypes.c_double(3.0))
        in_cffi: Any = NO
        if self.ffi is not None:
            in_cffi = (
                b"%d %s %g",
                self.ffi.cast("int", 7),
                self.ffi.new("char[]", b"text"),
                self.ffi.cast("double", 3.0),
            )
        self.add(
            "f(const char *, ...) of 3 more",
            "count_variable",
            "%d %s %g",
            7,
            "text",
            3.0,
            ctypes=(b"%d %s %g", 7, *given),
            cffi=in_cffi,
        )
        # ctypes gives bytes, cffi a pointer
        self.add("const char * result", "greeting", 1, cffi=NO)

    def _add_buffers(self) -> None:
        data, text = bytearray(1000), b"x" * 1000
        numbers = array.array("d", [1.0] * 100)
        ints, cell = (ctypes.c_int * 4)(), ctypes.c_int()
        writable = (ctypes.c_char * 1000).from_buffer(data)
        doubles = (ctypes.c_double * 100).from_buffer(numbers)
        in_cffi: Dict[str, Any] = {"bytes": NO, "doubles": NO, "ints": NO}
        if self.ffi is not None:
            in_cffi["bytes"] = (self.ffi.from_buffer(data), 9)
            in_cffi["doubles"] = (self.ffi.from_buffer("double[]", numbers), 9)
            in_cffi["ints"] = (self.ffi.new("int[4]"),)
        self.add("f(const void *, size_t) of bytes", "checksum", text, 9)
        self.add(
            "f(void *, size_t) of bytearray",
            "fill",
            data,
            9,
            ctypes=(writable, 9),
            cffi=in_cffi["bytes"],
        )
        self.add(
            "f(const double *, size_t) of array",
            "sum_doubles",
            numbers,
            9,
            ctypes=(doubles, 9),
            cffi=in_cffi["doubles"],
        )
        self.add(
            "f(int *) of a ctypes array",
            "set_ints",
            ints,
            nanobind=(array.array("i", [0] * 4),),
            cffi=in_cffi["ints"],
        )
        reference = ctypes.byref(cell)
        self.add(
            "f(int *) of byref()",
            "set_ints",
            cell,
            **{"kaa": (reference,), "kaa builtin": (reference,)},
            ctypes=(reference,),
            nanobind=NO,
            Cython=NO,
            cffi=NO,
        )

    def _add_numpy(self) -> None:
        try:
            import numpy
        except ImportError:
            return
        values = numpy.ones(100)
        pointer = values.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        self.add(
            "f(const double *, size_t) of NumPy",
            "sum_doubles",
            values,
            9,
            ctypes=(pointer, 9),
            cffi=NO,
        )

    def _record(self, name: str, by_value: bool, *fields: Any) -> Dict[str, Any]:
        """The arguments of each column for one record."""
        made: Dict[str, Any] = {}
        for column, functions in self.functions.items():
            if column in EXTENSIONS:
                made[column] = (getattr(functions, name.capitalize())(*fields),)
            elif column.startswith("kaa"):
                made[column] = (getattr(functions, name)(*fields),)
        made["ctypes"] = ({"point": CPoint, "box": CBox}[name](*fields),)
        if self.ffi is not None:
            own = self.ffi.new(f"{name} *", fields)
            made["cffi"] = (own[0] if by_value else own,)
        return made

    def _add_records(self) -> None:
        for title, name, record, fields in (
            ("struct by pointer", "norm_by_pointer", "point", (1.0, 2.0)),
            ("struct of 16 bytes by value", "norm_by_value", "point", (1.0, 2.0)),
            ("struct of 24 bytes by value", "weigh_by_value", "box", (1, 2, 3, 4, 5)),
        ):
            self.add(title, name, **self._record(record, "value" in title, *fields))
        self.add("struct returned", "make_point", 1.0, 2.0)
        two = self._record("point", False, 1.0, 2.0)
        pairs = {column: own * 2 for column, own in two.items()}
        self.add("two structs by pointer", "distance", **pairs)
        row = {}
        for column, functions in self.functions.items():
            if column == "cffi ABI":
                make = self.ffi.typeof("point *")
                statement = "p = n(c, (a, b)); q = n(c, (b, a)); f(p, q); p.x"
            else:
                make = getattr(functions, "Point", None) or getattr(
                    functions, "point", CPoint
                )
                statement = "p = c(a, b); q = c(b, a); f(p, q); p.x"
            row[column] = compare.statement(
                statement,
                f=functions.add_point,
                c=make,
                n=getattr(self.ffi, "new", None),
                a=1.5,
                b=2.5,
            )
        self.rows.append(("make two, call, read", row))

    def _add_callbacks(self) -> None:
        def plain(a: int, b: int) -> int:
            return b

        def plain_one(a: Any, b: Any) -> int:
            return 1

        closures: Dict[str, Any] = {"ctypes": (CALLBACK(plain), TIMES)}
        if self.ffi is not None:
            closures["cffi"] = (self.ffi.callback("int(int, int)", plain), TIMES)
        self.add("a callback, int (*)(int, int)", "repeat", plain, TIMES, **closures)
        self.add("a callback, GIL released", "repeat_released", plain, TIMES, **closures)
        if self.ffi is not None:
            closures["cffi"] = (
                self.ffi.callback("int(const point *, const point *)", plain_one),
                TIMES,
            )
        closures["ctypes"] = (POINTS(plain_one), TIMES)
        self.add(
            "a callback of two const point *", "repeat_points", plain_one, TIMES, **closures
        )


def option(name: str, default: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        directory = os.path.abspath(option("--build", temporary))
        os.makedirs(directory, exist_ok=True)
        target, modules, missing = peers.build(directory)
        bench = Bench(target, modules)
        bench.fill()
        rounds = int(option("--rounds", "40"))
        rows = [
            (title, compare.race(row, 10000, rounds)) for title, row in bench.rows
        ]
    if bench.ffi is None:
        missing["cffi"] = "not installed"
    base = option("--base", "lean")
    if base not in COLUMNS:
        sys.exit(f"--base: one of {', '.join(COLUMNS)} expected, not {base}")
    if base not in bench.functions:
        base = "kaa"
    version = sys.version.split()[0]
    text = f"CPython {version}\n" + compare.table(rows, COLUMNS, base)
    for peer, reason in missing.items():
        text += f"\n{peer} is not here: {reason}"
    compare.report(
        {"python": version, "base": base, "rows": dict(rows), "missing": missing}, text
    )


if __name__ == "__main__":
    main()
