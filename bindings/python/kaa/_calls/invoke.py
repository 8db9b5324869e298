"""Calls through kaa_call_invoke(): for what ctypes itself cannot pass.

An Invoker puts each value into a cell of its type and hands C the addresses of
the cells. Variable arguments get a plan for each combination of their types.
"""

from __future__ import annotations

import ctypes
from ctypes import (  # type: ignore[attr-defined]
    Array,
    Structure,
    Union,
    _CFuncPtr,
    _Pointer,
    _SimpleCData,
)
from operator import index

from kaa import _error, _native
from kaa._values.basic import BASIC
from kaa._values.convert import Value
from kaa._values.fault import NUL, SURROGATE, VARIABLE, VARIABLE_INT, refusal
from kaa._values.instance import RECORDS, address_of, is_data, layout_in
from kaa._values.locks import make_lock
from kaa._values.origins import origin_of
from kaa._values.owner import keeper
from kaa._values.pointer import (
    BYREF,
    DATA,
    FIXED,
    ITEMS,
    POINTED,
    Found,
    Reference,
    is_number,
    pointer_value,
    read_borrowed,
)

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

    from kaa._library import Library
else:
    from kaa._tuple import NamedTuple


class Plan:
    """A kaa_call_plan. `keep` outlives it: the owner of its types."""

    __slots__ = ("pointer", "_keeper")

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
        self._keeper = keeper(_destroy_plan, self.pointer, keep)


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


class Target(NamedTuple):
    """What is called, and how: the same for every plan of one function."""

    address: int
    result: Value
    errno: bool
    holds_gil: bool


class Invoker:
    """Calls one function by one plan.

    `storages` has the class of each argument's cell, None where the value itself
    is one.
    """

    __slots__ = ("_plan", "_address", "_storages", "_result", "_invoke", "_pointers")

    def __init__(self, plan: Plan, target: Target, storages: List[Any]) -> None:
        self._plan = plan
        self._address = target.address
        self._storages = storages
        self._result = target.result
        self._invoke = _invoke(target.holds_gil)
        self._pointers = ctypes.c_void_p * len(storages)

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


class Promoted(NamedTuple):
    """A variable argument: the type that C's promotions give it, the class of
    its cell (None: the value is one), and the value."""

    ctype: int
    storage: Any
    value: Any
    #: What keeps the type alive, if it is not libkaa's own.
    owner: Any = None
    #: Where it stands, if it is a ctypes instance's own memory.
    found: Optional[Found] = None

    @staticmethod
    def of(value: Any, kept: List[Any]) -> Promoted:
        """How a Python value is passed; what must outlive the call goes into
        the list."""
        kind = type(value)  # isinstance() believes a __class__ that lies
        if is_data(value):
            kept.append(value)
            return _data(value)
        if issubclass(kind, _Instances):
            kept.append(value)
            instance = _of_instance(kind, value)
            if instance is not None:
                return instance
        elif issubclass(kind, float):
            return _basic(_native.DOUBLE, float.__float__(value))
        elif value is None:
            return _address(0)
        elif issubclass(kind, (str, bytes)):
            return _address(_text(value, kept))
        elif is_number(kind):
            return _integer(int(index(value)))
        raise refusal(VARIABLE, given=kind.__name__)


def _integer(value: int) -> Promoted:
    for kind, low, high in (
        (_native.INT, -(2**31), 2**31 - 1),
        (_native.LLONG, -(2**63), 2**63 - 1),
        (_native.ULLONG, 0, 2**64 - 1),
    ):
        if low <= value <= high:
            return _basic(kind, value)
    raise refusal(VARIABLE_INT)


_Instances = (Structure, Union, Array, _Pointer, _SimpleCData, _CFuncPtr, Reference)


def _of_instance(kind: Any, value: Any) -> Optional[Promoted]:
    if kind is Reference:
        return _borrowed(BYREF, pointer_value(value), value)
    if issubclass(kind, (_Pointer, _CFuncPtr)):
        return _borrowed(POINTED, 0, value)
    if issubclass(kind, Array):
        return _borrowed(ITEMS, 0, value)
    if issubclass(kind, _SimpleCData):
        return _simple(value)
    return _record(value)


def _borrowed(source: int, address: int, value: Any) -> Promoted:
    found = Found(source, address, -1, value)
    pointer = any_pointer()
    now, _ = read_borrowed(found, 0, pointer)
    return Promoted(pointer, ctypes.c_void_p, now, None, found)


def _basic(kind: int, value: Any) -> Promoted:
    return Promoted(_native.kaa_ctype_basic(kind), BASIC[kind], value)


def _address(address: int) -> Promoted:
    return Promoted(any_pointer(), ctypes.c_void_p, address)


_pointer: Optional[int] = None


def any_pointer() -> int:
    """The type void *."""
    global _pointer
    if _pointer is None:
        _pointer = int(_native.kaa_ctype_basic_pointer(_native.VOID, 0))
    return _pointer


def _text(value: Any, kept: List[Any]) -> int:
    if isinstance(value, str):
        if "\0" in value:
            raise refusal(NUL)
        try:
            value = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise refusal(SURROGATE, number=error.start) from None
    # A copy: also where bytes may move, and always with a NUL behind.
    buffer = _native.buffer_of(value)
    kept.append(buffer)
    return ctypes.addressof(buffer)


def _data(value: Any) -> Promoted:
    """A record is passed by value; an array decays to a pointer."""
    layout = layout_in(value)
    if layout.kind not in RECORDS:
        return _address(address_of(value))
    kind = layout.types.ctypes_class(layout.ctype)
    cell = kind.from_address(address_of(value))
    found = Found(FIXED, address_of(value), layout.size, value)
    return Promoted(layout.ctype, None, cell, layout.types.keep, found)


def _simple(value: Any) -> Optional[Promoted]:
    kind = type(value)
    if issubclass(kind, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_wchar_p)):
        return _borrowed(POINTED, 0, value)
    code = kind._type_
    content = value.value
    if code == "c":
        signed = _native.kaa_ctype_is_signed(_native.kaa_ctype_basic(_native.CHAR))
        code, content = "b", content[0]
        if signed and content > 127:
            content -= 256
    elif isinstance(content, str):
        content = ord(content)
        code = "I" if code == "I" else "i"
    return _basic(_PROMOTED[code], content) if code in _PROMOTED else None


def _record(value: Any) -> Optional[Promoted]:
    for kind, made in BASIC.items():
        if made is not None and issubclass(type(value), made):
            return _basic(kind, value.value)
    for base in type(value).__mro__:
        known = origin_of(base)
        if known is not None:
            keep, origin = known
            found = Found(DATA, 0, -1, value)
            read_borrowed(found, _native.kaa_ctype_size(origin), origin)
            return Promoted(origin, None, value, keep, found)
    return None


# A table of types is changed by one thread at a time.
_planning = make_lock()


class Variadic:
    """The plans of one function for the variable arguments it was given."""

    __slots__ = ("_library", "_function", "_storages", "_target", "_table", "_callers")

    def __init__(
        self, library: Library, function: int, storages: List[Any], target: Target
    ) -> None:
        self._library = library
        self._function = function
        self._storages = storages
        self._target = target
        self._callers: Dict[Tuple[int, ...], Invoker] = {}
        self._table = _Table(library._declarations)

    def caller(self, extra: Sequence[Promoted]) -> Invoker:
        """The caller for variable arguments of these types."""
        key = tuple(one.ctype for one in extra)
        found = self._callers.get(key)
        if found is None:
            with _planning:
                if len(self._callers) > 256:
                    self._callers.clear()
                found = self._callers[key] = self._new_caller(extra)
        return found

    def _new_caller(self, extra: Sequence[Promoted]) -> Invoker:
        fixed = len(self._storages)
        native = _native.kaa_ctype_parameters(self._function)
        types = [native[i].type for i in range(fixed)]
        for one in extra:
            types.append(one.ctype)
            if one.owner is not None:
                self._table.owners.add(one.owner)
        signature = self._table.function(
            _native.kaa_ctype_target(self._function), types
        )
        plan = Plan(signature, self._target.errno, fixed, self._table)
        storages = self._storages + [one.storage for one in extra]
        return Invoker(plan, self._target, storages)


class _Table:
    """A kaa_ctype_table for the signatures of single calls. `owners` outlive it:
    those of the types in them."""

    __slots__ = ("_table", "owners", "_keeper")

    def __init__(self, *owners: object) -> None:
        error = _native.Error()
        self._table = _native.TableP()
        self.owners: Set[object] = set(owners)
        _error.check(
            _native.kaa_ctype_table_create(ctypes.byref(self._table), error), error
        )
        self._keeper = keeper(_destroy_table, self._table, self.owners)

    def function(self, result: int, parameters: List[int]) -> int:
        """The type of a variadic function."""
        error = _native.Error()
        made = ctypes.c_void_p()
        count = len(parameters)
        native = (_native.Parameter * count)()
        for place, parameter in zip(native, parameters):
            place.type = parameter
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


def _destroy_table(table: Any, owners: object) -> None:
    _native.kaa_ctype_table_destroy(table)
