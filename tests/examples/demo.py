"""kaa on real input: libc, libm, zlib and SQLite of this machine, from Python.

    demo.py [--quick]

Each section declares a library in C, uses it, checks what came out, and times the
same work through ctypes with argtypes set. Times are the least of a few rounds
that take turns. The exit code is 1 if a check fails; a library that is missing
is skipped. --quick does less of everything.
"""

from __future__ import annotations

import array
import ctypes
import math
import pathlib
import platform
import random
import sys
import threading
import time
import zlib
from typing import Any, Callable, List

import kaa

QUICK = "--quick" in sys.argv[1:]
README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
Work = Callable[[], Any]


def size(full: int, quick: int) -> int:
    return quick if QUICK else full


def check(is_right: bool, what: str) -> None:
    if not is_right:
        raise AssertionError(what)


def race(*works: Work) -> List[float]:
    """Seconds of each, the least of rounds in which they take turns."""
    best = [math.inf] * len(works)
    until = time.perf_counter() + size(600, 30) / 1000
    rounds = 0
    while rounds < 3 or (rounds < 100 and time.perf_counter() < until):
        rounds += 1
        for i, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def shown(seconds: float) -> str:
    for unit, factor in (("ns", 1e9), ("us", 1e6)):
        if seconds * factor < 1000:
            return f"{seconds * factor:6.1f} {unit}"
    return f"{seconds * 1e3:6.1f} ms"


def row(what: str, ours: float, theirs: float) -> None:
    print(f"    {what:<46} {shown(ours)}  {shown(theirs)}  {theirs / ours:6.1f}x")


def versus(what: str, count: int, ours: Work, theirs: Work) -> None:
    """A row: the time of one of `count` through kaa and through ctypes."""
    first, second = race(ours, theirs)
    row(what, first / count, second / count)


def bound(library: ctypes.CDLL, name: str, result: Any, *parameters: Any) -> Any:
    function = library[name]
    function.restype = result
    function.argtypes = parameters
    return function


# libc --------------------------------------------------------------------------


def say_hello() -> None:
    c = kaa.load(
        "libc.so.6",
        """
        int printf(const char *format, ...);
        int snprintf(char *to, size_t size, const char *format, ...);
        int fflush(void *stream);
        """,
    )
    printf = c.printf
    # C and Python each have a buffer in front of the same stdout.
    sys.stdout.flush()
    printed = printf("Hello from C!\n")
    c.fflush(None)
    check(printed == len("Hello from C!\n"), f"printf returned {printed}")

    text = bytearray(64)
    length = c.snprintf(text, len(text), "%s is %d and %.3f", "seven", 7, 7.0)
    check(text[:length] == b"seven is 7 and 7.000", f"snprintf wrote {bytes(text)}")

    old = bound(ctypes.CDLL("libc.so.6"), "snprintf", ctypes.c_int, ctypes.c_char_p,
                ctypes.c_size_t, ctypes.c_char_p)  # fmt: skip
    room = ctypes.create_string_buffer(64)
    snprintf, turns = c.snprintf, range(size(2_000, 500))

    def ours() -> None:
        for i in turns:
            snprintf(text, 64, "%d of %s", i, "many")

    def theirs() -> None:
        for i in turns:
            old(room, 64, b"%d of %s", ctypes.c_int(i), b"many")

    versus('snprintf(to, 64, "%d of %s", i, "many")', len(turns), ours, theirs)


QSORT = """
void qsort(void *items, size_t count, size_t size,
           int (*compare [[kaa::scope(call)]])(const int *, const int *));
"""


def sort_with_python() -> None:
    c = kaa.load("libc.so.6", QSORT)
    numbers = random.Random(2).sample(range(1_000_000), size(10_000, 500))
    calls = 0

    def compare(a: Any, b: Any) -> int:
        nonlocal calls
        calls += 1
        return a[0] - b[0]

    items = array.array("i", numbers)
    c.qsort(items, len(items), items.itemsize, compare)
    check(items.tolist() == sorted(numbers), "qsort's order is not Python's")
    print(f"    {len(numbers)} numbers in order, after {calls} calls of a Python function")

    kind = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)
    old = bound(ctypes.CDLL("libc.so.6"), "qsort", None, ctypes.c_void_p,
                ctypes.c_size_t, ctypes.c_size_t, kind)  # fmt: skip
    qsort, count, width = c.qsort, len(numbers), items.itemsize

    def ours() -> None:
        qsort(array.array("i", numbers), count, width, lambda a, b: a[0] - b[0])

    def theirs() -> None:
        copy = array.array("i", numbers)
        old(copy.buffer_info()[0], count, width, kind(lambda a, b: a[0] - b[0]))

    versus("a comparison in Python, reading two ints", calls, ours, theirs)
    bare, old_bare = (lambda a, b: 0), kind(lambda a, b: 0)
    calls = 0

    def counted(a: Any, b: Any) -> int:
        nonlocal calls
        calls += 1
        return 0

    copy = array.array("i", numbers)
    qsort(copy, count, width, counted)
    holding = kaa.load("libc.so.6", QSORT, hold_gil=["qsort"]).qsort
    for what, function in (("", qsort), (", GIL held", holding)):
        versus(
            "the same, not reading them" + what,
            calls,
            lambda f=function: f(copy, count, width, bare),  # type: ignore[misc]
            lambda: old(copy.buffer_info()[0], count, width, old_bare),
        )


# zlib --------------------------------------------------------------------------

ZLIB = """
typedef struct z_stream_s {
    const unsigned char *next_in;  unsigned avail_in;  unsigned long total_in;
    unsigned char *next_out;       unsigned avail_out; unsigned long total_out;
    const char *msg;  void *state;
    void *(*zalloc)(void *, unsigned, unsigned);  void (*zfree)(void *, void *);
    void *opaque;  int data_type;  unsigned long adler, reserved;
} z_stream;
#define Z_OK 0
#define Z_STREAM_END 1
#define Z_NO_FLUSH 0
#define Z_FINISH 4
const char *zlibVersion(void);
unsigned long compressBound(unsigned long length);
int compress(unsigned char *to, unsigned long *to_length,
             const unsigned char *from [[kaa::length(length)]], unsigned long length);
int uncompress(unsigned char *to, unsigned long *to_length,
               const unsigned char *from [[kaa::length(length)]], unsigned long length);
int deflateInit_(z_stream *stream, int level, const char *version, int size);
int deflate(z_stream *stream, int flush);
int deflateEnd(z_stream *stream);
unsigned long crc32(unsigned long sum, const unsigned char *from, unsigned length);
"""


def deflated(z: Any, data: bytes) -> bytes:
    """The data through a z_stream, a piece at a time."""
    stream = z.z_stream()
    version = z.zlibVersion()
    status = z.deflateInit_(stream, 9, version, kaa.sizeof(z.z_stream))
    check(status == z.Z_OK, f"deflateInit: {status}")
    made, room = b"", (ctypes.c_ubyte * 1024)()
    for start in range(0, len(data), 4096):
        piece = (ctypes.c_ubyte * len(data[start : start + 4096]))(*data[start : start + 4096])
        stream.next_in, stream.avail_in = piece, len(piece)
        flush = z.Z_FINISH if start + 4096 >= len(data) else z.Z_NO_FLUSH
        stream.avail_out = 0
        while stream.avail_out == 0:
            stream.next_out, stream.avail_out = room, len(room)
            status = z.deflate(stream, flush)
            made += bytes(room)[: len(room) - stream.avail_out]
    check(status == z.Z_STREAM_END and stream.total_in == len(data), "deflate stopped")
    check(z.deflateEnd(stream) == z.Z_OK, "deflateEnd failed")
    return made


def compress_a_file() -> None:
    z = kaa.load("libz.so.1", ZLIB)
    data = README.read_bytes()
    room, length = bytearray(z.compressBound(len(data))), ctypes.c_ulong(0)
    length.value = len(room)
    check(z.compress(room, length, data) == z.Z_OK, "compress failed")
    small = bytes(room[: length.value])
    check(zlib.decompress(small) == data, "Python's zlib reads something else")
    back, length = bytearray(len(data)), ctypes.c_ulong(len(data))
    check(z.uncompress(back, length, zlib.compress(data)) == z.Z_OK, "uncompress failed")
    check(back == data, "uncompress made something else of Python's zlib's")
    check(zlib.decompress(deflated(z, data)) == data, "the stream is something else")
    print(f"    {README.name}: {len(data)} bytes, {len(small)} compressed; a z_stream too;"
          f" zlib {z.zlibVersion()}")  # fmt: skip

    lib = ctypes.CDLL("libz.so.1")
    byte_p, long_p = ctypes.c_void_p, ctypes.POINTER(ctypes.c_ulong)
    old = bound(lib, "compress", ctypes.c_int, byte_p, long_p, ctypes.c_char_p,
                ctypes.c_ulong)  # fmt: skip
    full, there = len(room), (ctypes.c_char * len(room)).from_buffer(room)

    def ours() -> None:
        length.value = full
        z.compress(room, length, data)

    def theirs() -> None:
        length.value = full
        old(there, length, data, len(data))

    versus("compress it: the work is zlib's", 1, ours, theirs)

    lines = data.splitlines()
    crc32 = z.crc32
    old_crc32 = bound(lib, "crc32", ctypes.c_ulong, ctypes.c_ulong, ctypes.c_char_p,
                      ctypes.c_uint)  # fmt: skip
    sums = [crc32(0, line, len(line)) for line in lines]
    check(sums == [zlib.crc32(line) for line in lines], "crc32 is another")
    versus(
        "crc32 of each line: short calls",
        len(lines),
        lambda: [crc32(0, line, len(line)) for line in lines],
        lambda: [old_crc32(0, line, len(line)) for line in lines],
    )


# SQLite ------------------------------------------------------------------------

SQLITE = """
typedef struct sqlite3 sqlite3;
enum { SQLITE_OK = 0, SQLITE_ABORT = 4 };
const char *sqlite3_libversion(void);
int sqlite3_open(const char *file, sqlite3 **database [[kaa::out]]);
int sqlite3_close(sqlite3 *database);
const char *sqlite3_errmsg(sqlite3 *database);
int sqlite3_exec(sqlite3 *database, const char *sql,
                 int (*each_row [[kaa::scope(call)]])(void *, int count,
                                                     const char **values,
                                                     const char **names),
                 void *user, char **message);
"""  # sqlite3.h has `char **values`: const says that they are text, not single chars


def query_a_database() -> None:
    s = kaa.load("libsqlite3.so.0", SQLITE)
    count = size(20_000, 500)
    status, database = s.sqlite3_open(":memory:")
    check(status == s.SQLITE_OK, "sqlite3_open failed")

    def execute(sql: str, each_row: Any = None) -> int:
        done: int = s.sqlite3_exec(database, sql, each_row, None, None)
        return done

    made = execute(
        "CREATE TABLE word (id INTEGER, text TEXT);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO word SELECT i, 'word ' || (i * i) FROM n;" % count
    )
    check(made == s.SQLITE_OK, s.sqlite3_errmsg(database))
    rows = []

    def each_row(user: Any, columns: int, values: Any, names: Any) -> int:
        rows.append((int(values[0]), values[1]))
        return 0

    query = "SELECT id, text FROM word ORDER BY id"
    check(execute(query, each_row) == s.SQLITE_OK, s.sqlite3_errmsg(database))
    check(rows == [(i, f"word {i * i}") for i in range(1, count + 1)], "other rows")

    def fails(*row: Any) -> int:
        raise KeyError("raised in a callback")

    try:
        execute(query, fails)
        check(False, "an exception in a callback got lost")
    except KeyError:
        pass
    check(execute("SELEC") != s.SQLITE_OK, "SQLite took nonsense")
    check("syntax error" in s.sqlite3_errmsg(database), "no message")
    print(f"    {len(rows)} rows through a Python callback; SQLite {s.sqlite3_libversion()}")

    text_pp = ctypes.POINTER(ctypes.c_char_p)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, text_pp, text_pp)
    old = bound(ctypes.CDLL("libsqlite3.so.0"), "sqlite3_exec", ctypes.c_int, ctypes.c_void_p,
                ctypes.c_char_p, kind, ctypes.c_void_p, text_pp)  # fmt: skip
    run = s.sqlite3_exec
    reading = lambda user, columns, values, names: values[1] is None  # noqa: E731
    versus(
        "a row, reading one column",
        count,
        lambda: run(database, query, reading, None, None),
        lambda: old(database, query.encode(), kind(reading), None, None),
    )
    bare = lambda user, columns, values, names: 0  # noqa: E731
    versus(
        "a row, reading nothing",
        count,
        lambda: run(database, query, bare, None, None),
        lambda: old(database, query.encode(), kind(bare), None, None),
    )
    check(s.sqlite3_close(database) == s.SQLITE_OK, "sqlite3_close failed")


# libm, and the GIL -----------------------------------------------------------------


def call_and_map_libm() -> None:
    text = "double sin(double x); double pow(double x, double y);"
    m = kaa.load("libm.so.6", text)
    held = kaa.load("libm.so.6", text, hold_gil=["sin", "pow"])
    lib, double = ctypes.CDLL("libm.so.6"), ctypes.c_double
    old_pow = bound(lib, "pow", double, double, double)
    old_sin = bound(lib, "sin", double, double)
    check(m.pow(2, 10) == held.pow(2, 10) == 1024.0, "pow(2, 10) is not 1024")

    turns = range(size(2_000, 500))
    for what, function in (("releasing the GIL", m.pow), ("[[kaa::hold_gil]]", held.pow)):
        versus(
            f"pow(1.5, 2.5), {what}",
            len(turns),
            lambda f=function: [f(1.5, 2.5) for _ in turns],  # type: ignore[misc]
            lambda: [old_pow(1.5, 2.5) for _ in turns],
        )

    xs = array.array("d", [i / 1000 for i in range(size(1_000_000, 5_000))])
    ys = array.array("d", bytes(8 * len(xs)))
    want = array.array("d", map(math.sin, xs))
    check(m.sin.map(xs) == want, "sin.map() is not math.sin()")
    check(m.sin.map(xs, threads=2) == want, "sin.map() on two threads is not math.sin()")
    sin = held.sin
    by_ctypes = min(race(lambda: array.array("d", [old_sin(x) for x in xs])))
    works = (
        lambda: m.sin.map(xs, out=ys, threads=2),
        lambda: m.sin.map(xs, out=ys, threads=1),
        lambda: array.array("d", [sin(x) for x in xs]),
    )
    names = ("map on two threads", "map on one thread", "calls, GIL held")
    for name, seconds in zip(names, race(*works)):
        row(f"sin of {len(xs)}: {name}", seconds, by_ctypes)


def rate(call: Work) -> float:
    """Calls a second on this thread while another one runs Python code."""
    stop = False
    turns = 0

    def busy() -> None:
        nonlocal turns
        while not stop:
            turns += 1

    other = threading.Thread(target=busy)
    other.start()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < size(250, 20) / 1000:
        call()
        count += 1
    seconds = time.perf_counter() - start
    stop = True
    other.join()
    return count / seconds


def show_the_convoy() -> None:
    text = "unsigned long crc32(unsigned long sum, const void *from, unsigned length);"
    free = kaa.load("libz.so.1", text).crc32
    held = kaa.load("libz.so.1", text, hold_gil=["crc32"]).crc32
    data = bytes(65536)
    while min(race(lambda: free(0, data, len(data)))) < 50e-6 and len(data) < 1 << 22:
        data += bytes(len(data) // 4)
    alone = min(race(lambda: free(0, data, len(data))))
    check(free(0, data, len(data)) == zlib.crc32(data), "crc32 is another")
    old = bound(ctypes.CDLL("libz.so.1"), "crc32", ctypes.c_ulong, ctypes.c_ulong,
                ctypes.c_char_p, ctypes.c_uint)  # fmt: skip
    print(f"    a call of {shown(alone).strip()} beside a thread that runs Python code:")
    names = ("ctypes, releasing", "kaa, releasing", "kaa, [[kaa::hold_gil]]")
    best = [0.0] * 3
    for _ in range(3):
        for i, function in enumerate((old, free, held)):
            call = lambda f=function: f(0, data, len(data))  # noqa: E731
            best[i] = max(best[i], rate(call))
    for name, each in zip(names, best):
        print(f"    {name:<46} {each:9.0f} calls a second")
    print("    Who has released the GIL waits for it, up to the switch interval of 5 ms.")


SECTIONS = (
    ("printf", say_hello),
    ("qsort with a Python comparison", sort_with_python),
    ("zlib on a real file", compress_a_file),
    ("SQLite with a callback a row", query_a_database),
    ("libm, one by one and mapped", call_and_map_libm),
    ("the convoy: when to hold the GIL", show_the_convoy),
)


def main() -> int:
    start = time.perf_counter()
    failed = 0
    title = f"kaa {kaa.__version__} on {platform.python_implementation()} " + (
        platform.python_version()
    )
    print(f"{title:<53}{'kaa':>7}{'ctypes':>11}{'ratio':>9}")
    for name, section in SECTIONS:
        print(f"\n{name}")
        try:
            section()
        except kaa.LibraryError as error:
            print(f"  skipped: {error}")
        except Exception as error:
            failed += 1
            print(f"  FAILED: {type(error).__name__}: {error}")
        else:
            print("  ok")
    print(f"\n{time.perf_counter() - start:.1f} seconds, {failed} sections failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
