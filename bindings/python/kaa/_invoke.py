"""Calls through kaa_call_invoke(): for what ctypes itself cannot pass.

An Invoker puts each value into a cell of its type and hands C the addresses of
the cells. Variable arguments get a plan for each combination of their types.
"""

from __future__ import annotations

import ctypes
import weakref
from ctypes import (  # type: ignore[attr-defined]
    Array,
    Structure,
    Union,
    _CFuncPtr,
    _Pointer,
    _SimpleCData,
)
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

from kaa import _error, _native
from kaa._convert import Value, shown
from kaa._pointer import Reference, pointer_value
from kaa._types import BASIC, TypeMap

if TYPE_CHECKING:
    from kaa._library import Library


class Plan:
    """A kaa_call_plan. `keep` outlives it: the owner of its types."""

    __slots__ = ("pointer", "_finalizer", "__weakref__")

    def __init__(
        self, function: int, errno: bool, fixed_count: int, keep: object = None
    ) -> None:
        error = _native.Error()
        options = _native.CallOptions(
            ctypes.sizeof(_native.CallOptions),
            _native.CALL_ERRNO if errno else 0,
            fixed_count,
        )
        self.pointer = _native.PlanP()
        status = _native.kaa_call_plan_create(
            function, ctypes.byref(options), ctypes.byref(self.pointer), error
        )
        _error.check(status, error)
        self._finalizer = weakref.finalize(self, _destroy_plan, self.pointer, keep)
        self._finalizer.atexit = False


def _destroy_plan(pointer: Any, keep: object) -> None:
    _native.kaa_call_plan_destroy(pointer)


_invoke_held: Any = None


def _invoke(holds_gil: bool) -> Any:
    global _invoke_held
    if not holds_gil:
        return _native.kaa_call_invoke
    if _invoke_held is None:
        function = _native.held["kaa_call_invoke"]
        function.restype, function.argtypes, _ = _native.PROTOTYPES["kaa_call_invoke"]
        _invoke_held = function
    return _invoke_held


Make = Callable[[Plan, List[Any]], Callable[[List[Any]], Any]]


class Invoker:
    """Calls one function by one plan.

    `storages` has the class of each argument's cell, None where the value itself
    is one.
    """

    __slots__ = ("_plan", "_address", "_storages", "_result", "_invoke", "_pointers")

    def __init__(
        self,
        plan: Plan,
        address: int,
        storages: List[Any],
        result: Value,
        holds_gil: bool,
    ) -> None:
        self._plan = plan
        self._address = address
        self._storages = storages
        self._result = result
        self._invoke = _invoke(holds_gil)
        self._pointers = ctypes.c_void_p * len(storages)

    @staticmethod
    def maker(address: int, result: Value, errno: bool, holds_gil: bool) -> Any:
        """Makes invokers of one function for several plans."""

        def make(plan: Plan, storages: List[Any]) -> Invoker:
            return Invoker(plan, address, storages, result, holds_gil)

        make.errno = errno  # type: ignore[attr-defined]
        return make

    def __call__(self, values: List[Any]) -> Any:
        cells = [
            value if storage is None else storage(value)
            for storage, value in zip(self._storages, values)
        ]
        pointers = self._pointers(*map(ctypes.addressof, cells))
        storage = self._result.storage
        result = None if storage is None else storage()
        place = None if result is None else ctypes.addressof(result)
        status = self._invoke(self._plan.pointer, self._address, place, pointers, None)
        if status != _native.OK:
            _error.check(status, _native.Error(status))
        if result is None or self._result.whole:
            return result
        return result.value


# Variable arguments. -----------------------------------------------------------------

_INT = (_native.INT, -(2**31), 2**31 - 1)
_LLONG = (_native.LLONG, -(2**63), 2**63 - 1)
_ULLONG = (_native.ULLONG, 0, 2**64 - 1)

#: What C's promotions make of a simple ctypes class, by its letter.
_PROMOTED: Dict[str, int] = {
    "b": _native.INT,
    "B": _native.INT,
    "h": _native.INT,
    "H": _native.INT,
    "i": _native.INT,
    "I": _native.UINT,
    "l": _native.LONG,
    "L": _native.ULONG,
    "q": _native.LLONG,
    "Q": _native.ULLONG,
    "f": _native.DOUBLE,
    "d": _native.DOUBLE,
    "g": _native.LDOUBLE,
    "?": _native.INT,
}


class Variadic:
    """The variable arguments of one function: their types, and the plans."""

    __slots__ = ("_library", "_function", "_storages", "_make", "_table", "_callers",
                 "_pointer", "_classes", "__weakref__")

    def __init__(
        self, library: Library, function: int, storages: List[Any], make: Any
    ) -> None:
        self._library = library
        self._function = function
        self._storages = storages
        self._make = make
        self._callers: Dict[Tuple[int, ...], Any] = {}
        self._table = _Table()
        self._pointer = self._table.pointer_to(_native.kaa_ctype_basic(_native.VOID))
        # The cell of each type of argument; None for records.
        self._classes: Dict[int, Any] = {self._pointer: ctypes.c_void_p}

    def promoted(self, value: Any, kept: List[Any]) -> Tuple[int, Any]:
        """The type that a value is passed as, and what its cell holds."""
        if isinstance(value, int):
            for kind, low, high in (_INT, _LLONG, _ULLONG):
                if low <= value <= high:
                    return self._basic(kind), int(value)
            raise OverflowError(
                f"{shown(value)} is out of range for long long"
                f" ({_LLONG[1]} to {_ULLONG[2]})"
            )
        if isinstance(value, float):
            return self._basic(_native.DOUBLE), float(value)
        if value is None:
            return self._pointer, 0
        if isinstance(value, (str, bytes)):
            return self._pointer, self._text(value, kept)
        kept.append(value)
        if isinstance(value, (_Pointer, Reference, _CFuncPtr)):
            return self._pointer, pointer_value(value)
        if isinstance(value, Array):
            return self._pointer, ctypes.addressof(value)
        if isinstance(value, _SimpleCData):
            found = self._simple(value)
        else:
            found = self._record(value)
        if found is None:
            raise TypeError(
                "int, float, str, bytes, None or a ctypes instance expected, not "
                + type(value).__name__
            )
        return found

    def _basic(self, kind: int) -> int:
        ctype: int = _native.kaa_ctype_basic(kind)
        self._classes.setdefault(ctype, BASIC[kind])
        return ctype

    def _text(self, value: Any, kept: List[Any]) -> int:
        if isinstance(value, str):
            if "\0" in value:
                raise ValueError("embedded NUL character")
            try:
                value = value.encode("utf-8", "surrogateescape")
            except UnicodeEncodeError as error:
                raise ValueError(
                    f"character {error.start} is a lone surrogate"
                ) from None
        # A copy: also where bytes may move, and always with a NUL behind.
        buffer = ctypes.create_string_buffer(value)
        kept.append(buffer)
        return ctypes.addressof(buffer)

    def _simple(self, value: Any) -> Optional[Tuple[int, Any]]:
        if isinstance(value, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_wchar_p)):
            return self._pointer, pointer_value(value)
        code = type(value)._type_
        content = value.value
        if code == "c":
            signed = _native.kaa_ctype_is_signed(_native.kaa_ctype_basic(_native.CHAR))
            code, content = "b" if signed else "B", content[0]
            if signed and content > 127:
                content -= 256
        elif isinstance(content, str):
            content = ord(content)
            code = "I" if code in "I" else "i"
        if code not in _PROMOTED:
            return None
        return self._basic(_PROMOTED[code]), content

    def _record(self, value: Any) -> Optional[Tuple[int, Any]]:
        if not isinstance(value, (Structure, Union)):
            return None
        for kind, made in BASIC.items():
            if made is not None and isinstance(value, made):
                return self._basic(kind), value.value  # type: ignore[attr-defined]
        for base in type(value).__mro__:
            owner = getattr(base, "_types_", None)
            if isinstance(owner, TypeMap):
                origin = owner.origin(base)
                if origin is not None:
                    # The class, and so its types, live as long as this.
                    self._table.keep.setdefault(origin, base)
                    self._classes.setdefault(origin, None)
                    return origin, value
        return None

    def caller(self, kinds: Tuple[int, ...]) -> Any:
        """The caller for variable arguments of these types."""
        found = self._callers.get(kinds)
        if found is None:
            with self._library._lock:
                if len(self._callers) > 256:
                    self._callers.clear()
                found = self._callers[kinds] = self._new_caller(kinds)
        return found

    def _new_caller(self, kinds: Tuple[int, ...]) -> Any:
        fixed = len(self._storages)
        native = _native.kaa_ctype_parameters(self._function)
        types = [native[i].type for i in range(fixed)] + list(kinds)
        signature = self._table.function(
            _native.kaa_ctype_target(self._function), types
        )
        keep = self._table, self._library._declarations
        plan = Plan(signature, self._make.errno, fixed, keep)
        storages = self._storages + [self._classes[kind] for kind in kinds]
        return self._make(plan, storages)


class _Table:
    """A kaa_ctype_table for the signatures of single calls."""

    __slots__ = ("_table", "keep", "_finalizer", "__weakref__")

    def __init__(self) -> None:
        error = _native.Error()
        self._table = _native.TableP()
        self.keep: Dict[int, Any] = {}
        _error.check(
            _native.kaa_ctype_table_create(ctypes.byref(self._table), error), error
        )
        self._finalizer = weakref.finalize(self, _destroy_table, self._table)
        self._finalizer.atexit = False

    def pointer_to(self, target: int) -> int:
        """The type of a pointer."""
        error = _native.Error()
        made = ctypes.c_void_p()
        _error.check(
            _native.kaa_ctype_pointer(self._table, target, ctypes.byref(made), error),
            error,
        )
        return int(made.value or 0)

    def function(self, result: int, parameters: List[int]) -> int:
        """The type of a variadic function."""
        error = _native.Error()
        made = ctypes.c_void_p()
        count = len(parameters)
        native = (_native.Parameter * count)(*((None, one) for one in parameters))
        _error.check(
            _native.kaa_ctype_function(
                self._table,
                result,
                native,
                count,
                _native.VARIADIC,
                ctypes.byref(made),
                error,
            ),
            error,
        )
        return int(made.value or 0)


def _destroy_table(table: Any) -> None:
    _native.kaa_ctype_table_destroy(table)
