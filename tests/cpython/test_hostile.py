"""Hostile objects into every function and type of the test modules and of the
example modules: an exception or a result, never a crash.

Under AddressSanitizer (the preset `dev`) that is what shows a bad access.
KAA_TEST_FUZZ_ROUNDS makes it longer, KAA_TEST_FUZZ_SEED changes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import unittest

import modules

PROGRAM = r"""
import gc, os, random, sys, warnings
import modules

SLOW = sys.implementation.name != "cpython"  # modules run on a runtime of their own
ROUNDS = int(os.environ.get("KAA_TEST_FUZZ_ROUNDS", "400" if SLOW else "4000"))
SEED = int(os.environ.get("KAA_TEST_FUZZ_SEED", "9"))
chance = random.Random(SEED)
module = modules.load(sys.argv[1], without_bridge=True)
warnings.simplefilter("ignore")
if hasattr(gc, "set_threshold"):
    gc.set_threshold(50, 3, 3)

# What runs code, writes, waits or ends by purpose; or keeps what it is given.
LEFT_OUT = {
    "import_name", "print_error", "unraisable", "warn", "function_named", "threads",
    "enter", "raise_memory", "set_attr", "set_attr_text", "generic_set_attr",
    "memory", "polls", "polls_until_told", "module_new",
}
live = []

class Odd(Exception):
    pass

class Hostile:
    # Each operation may raise, lie, change what is around it, or end objects.
    def act(self, *arguments):
        what = chance.randrange(9)
        if what == 0:
            raise Odd("on purpose")
        if what == 1:
            live.clear()
        if what == 2 and live:
            one = chance.choice(live)
            for name in chance.sample(dir(one), 2):
                try:
                    delattr(one, name)
                except BaseException:
                    pass
        if what == 3 and live:
            try:
                chance.choice(live).__init__(*some(2))
            except BaseException:
                pass
        if what == 4:
            gc.collect()
        if what == 5 and live:
            one = chance.choice(live)
            for name in ("add", "append", "connect", "clear"):
                if hasattr(one, name):
                    try:
                        getattr(one, name)(*some(2))
                    except BaseException:
                        pass
        return chance.choice(SIMPLE)
    def __index__(self):
        self.act()
        return chance.choice([0, 1, -1, 5, 2**62, 2**70])
    __int__ = __index__
    def __float__(self):
        self.act()
        return chance.choice([0.0, 1.5, float("nan"), float("inf")])
    def __len__(self):
        self.act()
        return chance.choice([0, 1, 3, 1000])
    def __bool__(self):
        self.act()
        return True
    def __iter__(self):
        self.act()
        return iter([self, 1, Hostile()])
    def __getitem__(self, key):
        self.act()
        if key == 3:
            raise IndexError(key)
        return chance.choice(SIMPLE)
    def __eq__(self, other):
        return self.act()
    def __lt__(self, other):
        return self.act()
    def __hash__(self):
        self.act()
        return chance.choice([0, 1, -1])
    def __repr__(self):
        return chance.choice(["odd", 5, self.act()])
    __str__ = __repr__
    def __call__(self, *arguments, **keywords):
        return self.act()
    def __add__(self, other):
        return self.act()
    __radd__ = __mul__ = __contains__ = __add__
    def __del__(self):
        try:
            self.act()
        except BaseException:
            pass

SIMPLE = [
    None, True, 0, 1, -1, 7, 2**63, -(2**80), 1.5, float("nan"), "", "text", "\ud800",
    "\U0001f40d" * 3, b"", b"bytes", bytearray(b"abc"), (), (1, 2.5), [], [1.0, 2.0, 3.0],
    {}, {"a": 1}, {1, 2}, slice(1, 2), int, object, Odd, Odd("x"), len, range(3),
    memoryview(b"12345678"), '{"a": [1, 2.5, null]}', [[0.0, 1.0], [2.0, 3.0]], (0.5, 0.5),
]

def fresh():
    what = chance.randrange(10)
    if what < 5:
        return chance.choice(SIMPLE)
    if what < 7:
        return Hostile()
    if what == 7:
        return [Hostile(), chance.choice(SIMPLE), Hostile()]
    if what == 8:
        return {chance.choice(["a", 1, None]): Hostile()}
    return chance.choice(live) if live else None

def some(most):
    return [fresh() for _ in range(chance.randrange(most + 1))]

functions, types = [], []
for name in sorted(dir(module)):
    value = getattr(module, name)
    if name.startswith("__") or name in LEFT_OUT:
        continue
    if isinstance(value, type):
        if not issubclass(value, BaseException):
            types.append(value)
    elif callable(value):
        functions.append(value)
BRIDGE = modules.HAS_BRIDGE
for base in list(types) if BRIDGE else []:
    try:
        types.append(type("Derived", (base,), {"__del__": lambda self: live.append(1)}))
    except TypeError:
        pass

OPERATIONS = [
    repr, str, hash, len, iter, next, bool, int, float, list, memoryview, bytes,
    lambda one: one[fresh()], lambda one: one + fresh(), lambda one: fresh() * one,
    lambda one: one == fresh(), lambda one: one < fresh(), lambda one: fresh() in one,
    lambda one: one(*some(3)), lambda one: -one, lambda one: one ** 2,
    lambda one: one.__setitem__(fresh(), fresh()), lambda one: one.__delitem__(fresh()),
    lambda one: [setattr(one, name, fresh()) for name in chance.sample(dir(one), 2)],
    lambda one: [delattr(one, name) for name in chance.sample(dir(one), 2)],
    lambda one: [getattr(one, name) for name in dir(one)],
    lambda one: getattr(one, chance.choice([n for n in dir(one) if n[:1] != "_"]))(*some(4)),
    lambda one: one.__init__(*some(3)), lambda one: one.__reduce__(),
    lambda one: one.__class__.__new__(one.__class__),
]

def make():
    kind = chance.choice(types)
    if BRIDGE and chance.randrange(3) == 0:
        return kind.__new__(kind)  # without its init
    return kind(*some(3))

def step():
    what = chance.randrange(4)
    if what == 0 and types:
        live.append(make())
    elif what == 1 and functions:
        result = chance.choice(functions)(*some(5))
        if chance.randrange(2):
            live.append(result)
    elif live:
        chance.choice(OPERATIONS)(chance.choice(live))
    if len(live) > 30:
        del live[chance.randrange(30)]

sys.unraisablehook = lambda arguments: None
done = refused = 0
for i in range(ROUNDS):
    try:
        step()
        done += 1
    except (Exception, RecursionError):
        refused += 1
live.clear()
gc.collect()
assert done > ROUNDS // 20, (done, refused)
assert refused > ROUNDS // 20, (done, refused)
print("survived", sys.argv[1])
"""


@unittest.skipIf(
    sys.implementation.name == "pypy" and sys.version_info < (3, 11),
    "what __repr__ raises leaves every `try` there: [].index(x) calls it in `except`",
)
class Hostile(unittest.TestCase):
    def attack(self, name: str) -> None:
        modules.load(name, without_bridge=True)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            env={**os.environ, "PYTHONMALLOC": "malloc"}
            if "KAA_TEST_SANITIZE" in os.environ
            else None,
        )
        self.assertEqual(
            (done.returncode, done.stdout), (0, f"survived {name}\n"), done.stderr[-4000:]
        )

    def test_natives(self) -> None:
        self.attack("natives")

    def test_slots(self) -> None:
        self.attack("slots")

    def test_kjson(self) -> None:
        self.attack("kjson")

    def test_kdtree(self) -> None:
        self.attack("kdtree")

    def test_graph(self) -> None:
        self.attack("graph")

    def test_specs(self) -> None:
        self.attack("specs")


if __name__ == "__main__":
    unittest.main()
