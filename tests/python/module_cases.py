"""What the tests of slots and of native types share."""

from __future__ import annotations

import functools
import operator
import sys
import sysconfig
import unittest
import warnings
from typing import Any, Callable, Tuple

import modules
import support

LT, LE, EQ, NE, GT, GE = range(6)
COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
BINARY = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.matmul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    divmod,
    operator.pow,
    operator.lshift,
    operator.rshift,
    operator.and_,
    operator.or_,
    operator.xor,
]
UNARY = [operator.neg, operator.pos, operator.abs, operator.invert]
FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()
# Whatever `-X gil` says: the collector of a free-threaded 3.13.
FREE_THREADED_BUILD = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
IMMORTAL = "once a thread has been started, classes and modules do not end"


def outcome(function: Callable[..., Any], *args: Any) -> Tuple[Any, Any]:
    """What a call gives, or the type of what it raises."""
    try:
        value = function(*args)
    except Exception as error:
        return type(error), None
    return type(value), value


def warnings_ignored(test: Any) -> Any:
    @functools.wraps(test)
    def run(self: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test(self)

    return run


@unittest.skipUnless(support.BRIDGE, "only the interpreter's own objects")
class SlotsCase(unittest.TestCase):
    slots: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.slots = modules.load("slots")

    def same(self, ours: Callable[..., Any], theirs: Callable[..., Any], *args: Any) -> None:
        self.assertEqual(outcome(ours, *args), outcome(theirs, *args), args)


@unittest.skipUnless(support.BRIDGE, "only the interpreter's own objects")
class NativesCase(unittest.TestCase):
    natives: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.natives = modules.load("natives")


class Index:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __index__(self) -> Any:
        return self.value


class Raises:
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError(name)

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError

    def __repr__(self) -> str:
        raise ZeroDivisionError

    __bool__ = __len__ = __iter__ = __index__ = __float__ = __int__ = __hash__
