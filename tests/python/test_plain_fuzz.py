"""Random Python objects into random functions: an exception or a result, never
a crash. The functions are those of the samples that take any valid argument;
KAA_TEST_FUZZ_ROUNDS makes it longer, KAA_TEST_FUZZ_SEED changes it."""

from __future__ import annotations

import array
import ctypes
import decimal
import fractions
import gc
import inspect
import os
import random
import threading
import types
from typing import Any, Callable, Dict, List

import support  # noqa: F401
from samples import Case, main

ROUNDS = int(os.environ.get("KAA_TEST_FUZZ_ROUNDS", "6000"))
SEED = int(os.environ.get("KAA_TEST_FUZZ_SEED", "20"))

#: What a call may raise: refusals, and what the odd objects below raise.
ALLOWED = (
    TypeError,
    ValueError,
    OverflowError,
    ZeroDivisionError,
    OSError,
    BufferError,
)

DECLARATIONS = """
struct point { int x, y; };
struct real2 { double x, y; };
struct huge { long items[8]; };
struct bits { unsigned a : 3; unsigned b : 13; int c : 16; };
union number { int i; double d; };
struct linked { int value; struct linked *next; };
enum color { RED, GREEN = 5, BLUE };
_Bool same_bool(_Bool value);
char same_char(char value);
int8_t same_int8(int8_t value);
uint16_t same_uint16(uint16_t value);
int same_int(int value);
uint64_t same_uint64(uint64_t value);
__int128 same_int128(__int128 value);
unsigned __int128 same_uint128(unsigned __int128 value);
wchar_t same_wchar(wchar_t value);
char16_t same_char16(char16_t value);
float same_float(float value);
double same_double(double value);
long double same_ldouble(long double value);
double _Complex same_cdouble(double _Complex value);
enum color same_color(enum color value);
struct point same_point(struct point value);
struct real2 same_real2(struct real2 value);
struct huge same_huge(struct huge value);
struct bits same_bits(struct bits value);
union number same_number(union number value);
int add(int a, int b);
long many_integers(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f,
    long g, unsigned long h, long long i, _Bool j);
double many_doubles(double a, float b, double c, float d, double e, float f, double g, float h,
    double i, float j);
long sum_short(const short *items [[kaa::length(count)]], size_t count);
double sum_double(const double *items [[kaa::length(count)]], size_t count);
void fill_int(int *items [[kaa::length(count)]], size_t count, int value);
void fill_uchar(unsigned char *items [[kaa::length(count)]], size_t count, unsigned char value);
uintptr_t address_of(const void *data);
int *same_int_pointer(int *value);
void half_of(double *result [[kaa::out]], double value);
int apply(int (*function [[kaa::scope(call)]])(int), int value);
double apply_double(double (*function [[kaa::scope(call)]])(double), double value);
struct point apply_point(struct point (*function [[kaa::scope(call)]])(struct point),
    struct point value);
[[kaa::errno]] double fail_double(int error, double result);
int linked_sum(const struct linked *list);
"""


class Strange:
    """Has every protocol, and each of them misbehaves."""

    def __init__(self, generator: Any) -> None:
        # As a callback the class itself is called, with whatever C gives.
        known = isinstance(generator, random.Random)
        self.generator = generator if known else random.Random(SEED)

    def odd(self) -> Any:
        choice = self.generator.randrange(6)
        if choice == 0:
            raise ZeroDivisionError("strange")
        return [None, 5, 2.5, "x", 10**30][choice - 1]

    def __index__(self) -> Any:
        return self.odd()

    def __float__(self) -> Any:
        return self.odd()

    def __complex__(self) -> Any:
        return self.odd()

    def __len__(self) -> int:
        return self.odd()

    def __bool__(self) -> bool:
        raise ZeroDivisionError("strange")

    def __hash__(self) -> int:
        raise ZeroDivisionError("strange")

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError("strange")

    def __call__(self, *arguments: Any) -> Any:
        return self.odd()


class Fuzz(Case):
    declarations = DECLARATIONS
    maxDiff = None

    def makers(self, rng: random.Random) -> List[Callable[[], Any]]:
        lib = self.lib

        def integer() -> int:
            bits = rng.choice(
                (1, 7, 8, 15, 16, 31, 32, 63, 64, 65, 127, 128, 129, 5000)
            )
            return rng.choice((1, -1)) * (2**bits + rng.randrange(-2, 3))

        def item() -> int:
            return rng.randrange(-3, 100)

        def number() -> Any:
            value = lib.number()
            value.d = rng.random()
            return value

        return [
            integer,
            item,
            item,
            item,
            lambda: rng.choice((True, False, None, Ellipsis, NotImplemented)),
            lambda: rng.choice(
                (0.0, -1.5, 1e308, 1e39, float("nan"), float("inf"), 0.1)
            ),
            lambda: complex(rng.random(), rng.random()),
            lambda: rng.choice(("", "a", "\0", "\ud800", "\U0001f600", "text" * 20)),
            lambda: bytes(rng.randrange(0, 9)),
            lambda: bytearray(rng.randrange(0, 40)),
            lambda: memoryview(bytearray(32))[:: rng.choice((1, 2, -1))],
            lambda: array.array(rng.choice("bBhHiIlLqQfd"), [1] * rng.randrange(5)),
            lambda: Strange(rng),
            lambda: object(),
            lambda: [1, 2],
            lambda: (1, 2),
            lambda: {"a": 1},
            lambda: decimal.Decimal("1.5"),
            lambda: fractions.Fraction(7, 2),
            lambda: types.SimpleNamespace(_as_parameter_=5),
            lambda: rng.choice((int, float, Strange, ctypes.c_int, type)),
            lambda: rng.choice(
                (abs, len, lambda value: value, lambda: 1, lambda value: "x")
            ),
            lambda: ctypes.c_int(item()),
            lambda: ctypes.c_double(1.5),
            lambda: ctypes.c_char_p(b"text"),
            lambda: (ctypes.c_int * 3)(1, 2, 3),
            lambda: (ctypes.c_double * 2)(1, 2),
            lambda: ctypes.byref(ctypes.c_int(5)),
            lambda: ctypes.pointer(ctypes.c_int(5)),
            lambda: ctypes.POINTER(ctypes.c_double)(),
            lambda: lib.point(1, 2),
            lambda: lib.real2(1, 2),
            lambda: lib.huge(),
            lambda: lib.bits(1, 2, 3),
            number,
            lambda: lib.linked(4, None),
            lambda: rng.choice((lib.GREEN, lib.color.RED)),
            lambda: rng.choice(
                (lib.add, lib.same_int, lib.same_double, lib, lib.point)
            ),
        ]

    def names(self) -> Dict[str, List[str]]:
        found: Dict[str, List[str]] = {}
        for line in DECLARATIONS.replace("\n    ", " ").splitlines():
            if "(" not in line:
                continue
            name = line.split("(")[0].split()[-1].lstrip("*")
            if line.startswith("[["):
                name = line.split("]]")[1].split("(")[0].split()[-1]
            parameters = list(inspect_names(getattr(self.lib, name)))
            found[name] = parameters
        return found

    def test_random_calls(self) -> None:
        rng = random.Random(SEED)
        makers = self.makers(rng)
        names = self.names()
        self.assertEqual(len(names), DECLARATIONS.count(");"))
        results = refusals = 0
        for _ in range(ROUNDS):
            name = rng.choice(sorted(names))
            parameters = names[name]
            count = len(parameters)
            if rng.random() < 0.1:
                count = rng.randrange(count + 3)
            values = [rng.choice(makers)() for _ in range(count)]
            keywords = {}
            while values and rng.random() < 0.3 and len(values) <= len(parameters):
                at = len(values) - 1
                key = (
                    parameters[at]
                    if rng.random() < 0.8
                    else rng.choice(("zz", "value"))
                )
                keywords[key] = values.pop()
            if unbounded(name, list(values) + list(keywords.values())):
                continue
            try:
                getattr(self.lib, name)(*values, **keywords)
            except ALLOWED as error:
                refusals += 1
                self.assertTrue(str(error))
            else:
                results += 1
        self.assertGreater(results, ROUNDS // 100)
        self.assertGreater(refusals, ROUNDS // 4)
        gc.collect()

    def test_random_calls_on_threads(self) -> None:
        failures: List[BaseException] = []

        def work(seed: int) -> None:
            rng = random.Random(seed)
            makers = self.makers(rng)
            for _ in range(ROUNDS // 10):
                name = rng.choice(chosen)
                values = [rng.choice(makers)() for _ in names[name]]
                if unbounded(name, values):
                    continue
                try:
                    getattr(self.lib, name)(*values)
                except ALLOWED:
                    pass
                except BaseException as error:
                    failures.append(error)
                    return

        names = self.names()
        chosen = sorted(names)
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


def unbounded(name: str, values: List[Any]) -> bool:
    """Whether C would go through a pointer whose extent nobody knows: that
    may well crash, and rightly."""
    pointers = (
        type(ctypes.pointer(ctypes.c_int())).__mro__[1],
        type(ctypes.byref(ctypes.c_int())),
        ctypes.c_char_p,
    )
    return name.startswith(("sum_", "fill_")) and any(
        isinstance(value, pointers) for value in values
    )


def inspect_names(function: Any) -> List[str]:
    return list(inspect.signature(function).parameters)


if __name__ == "__main__":
    main()
