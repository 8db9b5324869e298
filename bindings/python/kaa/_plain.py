"""Bound functions without a bridge: ctypes does the call.

What ctypes can pass it passes; what it cannot, or not everywhere alike (128-bit
integers, complex numbers, long double, records by value, variable arguments),
goes through kaa_call_invoke(), which is itself called by ctypes.
"""

from __future__ import annotations

import ctypes
import os
from math import isfinite
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    NoReturn,
    Optional,
    Sequence,
    Tuple,
)

from kaa import _error, _native
from kaa._closure import Closure, Frame, here
from kaa._convert import Take, Value, as_it_is, is_refusal, prefixed, value_of
from kaa._free import freeing
from kaa._function import KEY, Function
from kaa._invoke import Invoker, Plan, Promoted, Target, Variadic
from kaa._pointer import FIXED, Held, pointee_of
from kaa._types import type_text

if TYPE_CHECKING:
    from kaa._library import Library

#: Calls C with what the arguments were converted to.
Caller = Callable[[List[Any]], Any]

_MISSING: Any = object()


class Parameter(NamedTuple):
    """A parameter as Python sees it."""

    #: Among C's parameters, from 0.
    place: int
    name: Optional[str]
    value: Value
    #: "1 (x)": for messages.
    label: str
    #: The parameters (of Python's) whose element count this one is.
    counts: Tuple[int, ...]
    #: The parameter (of Python's) that holds this one's element count.
    counted_by: Optional[int]


class Out(NamedTuple):
    """A parameter that is a result."""

    place: int
    value: Value


class Shape(NamedTuple):
    """All that a call needs to know."""

    name: str
    parameters: Tuple[Parameter, ...]
    outs: Tuple[Out, ...]
    places: int
    names: Dict[str, int]
    #: Fewer positional arguments than this are too few.
    required: int
    variadic: bool
    result: Value
    has_lengths: bool
    text: str


def shape_of(library: Library, item: Any, function: int) -> Shape:
    name = item.name.decode("utf-8", "surrogateescape")
    count = _native.kaa_ctype_count(function)
    native = _native.kaa_ctype_parameters(function)
    notes = [item.parameters[i] for i in range(count)]
    visible = [i for i in range(count) if not notes[i].flags & _native.PARAMETER_OUT]
    at_place = {place: at for at, place in enumerate(visible)}
    counts: Dict[int, List[int]] = {}
    for i in visible:
        if notes[i].flags & _native.PARAMETER_LENGTH and notes[i].length_of in at_place:
            counts.setdefault(at_place[notes[i].length_of], []).append(at_place[i])
    parameters: List[Parameter] = []
    for at, i in enumerate(visible):
        label = _native.text_or_none(native[i].name)
        flags = notes[i].flags
        value = value_of(
            library._types,
            native[i].type,
            library=library,
            scope=notes[i].scope,
            nonnull=bool(flags & _native.PARAMETER_NONNULL)
            and not flags & _native.PARAMETER_NULLABLE,
            place=i,
        )
        counted_by = None
        if flags & _native.PARAMETER_LENGTH:
            counted_by = at_place.get(notes[i].length_of)
        parameters.append(
            Parameter(
                i,
                label,
                value,
                f"{i + 1} ({label})" if label else str(i + 1),
                tuple(counts.get(at, ())),
                counted_by,
            )
        )
    outs = tuple(
        _out(library, name, native[i].type, notes[i].flags, i)
        for i in range(count)
        if notes[i].flags & _native.PARAMETER_OUT
    )
    names = {one.name: at for at, one in enumerate(parameters) if one.name}
    variadic = bool(_native.kaa_ctype_flags(function) & _native.VARIADIC)
    result = value_of(
        library._types,
        _native.kaa_ctype_target(function),
        nullable=bool(item.flags & _native.DECL_NULLABLE),
    )
    shown = [
        _native.printed(
            _native.kaa_ctype_print,
            native[i].type,
            (_native.text_or_none(native[i].name) or "").encode() or None,
        )
        for i in visible
    ]
    return Shape(
        name,
        tuple(parameters),
        outs,
        count,
        names,
        sum(1 for one in parameters if not one.counts),
        variadic,
        result,
        any(one.counts for one in parameters),
        ", ".join(shown + ["..."] if variadic else shown),
    )


def _out(library: Library, name: str, ctype: int, flags: int, place: int) -> Out:
    pointer = _native.kaa_ctype_strip(ctype)
    target = None
    if _native.kaa_ctype_kind_of(pointer) == _native.POINTER_:
        target = _native.kaa_ctype_target(pointer)
    if target is None or not _native.kaa_ctype_size(target):
        raise _error.UnsupportedError(
            f"{name}() parameter {place + 1}: {type_text(ctype)} cannot be an out"
            " parameter: nothing can be put there"
        )
    if flags & _native.PARAMETER_LENGTH:
        # There is room for one alone; C would write beyond it.
        raise _error.UnsupportedError(
            f"{name}() parameter {place + 1}: an out parameter holds one value, so it"
            " can have no length"
        )
    nullable = bool(flags & _native.PARAMETER_NULLABLE)
    return Out(place, value_of(library._types, target, nullable=nullable))


# From what was given to one value a parameter. ----------------------------------


def count_refusal(shape: Shape, given: int) -> TypeError:
    """What is said where the number of arguments is wrong."""
    most = len(shape.parameters)
    if shape.variadic:
        count = f"at least {shape.required}"
        number = shape.required
    elif shape.required != most:
        count, number = f"{shape.required} to {most}", most
    else:
        count, number = str(most) if most else "no", most
    word = "argument" if number == 1 else "arguments"
    listed = f" ({shape.text})" if shape.text else ""
    return TypeError(f"{shape.name}() takes {count} {word}{listed}, {given} given")


def _bound(shape: Shape, args: Any, keywords: Dict[str, Any]) -> Tuple[Any, ...]:
    """One value a parameter; _MISSING for a count that is to be filled in."""
    parameters = shape.parameters
    given = len(args)
    if given > len(parameters) or (not keywords and given < shape.required):
        raise count_refusal(shape, given)
    values: List[Any] = list(args) + [_MISSING] * (len(parameters) - given)
    for name, value in keywords.items():
        at = shape.names.get(name)
        if at is None:
            known = [one.name for one in parameters if one.name]
            listed = f"its parameters are {', '.join(known)}"
            raise TypeError(
                f"{shape.name}() has no parameter {name!r}; "
                + (listed if known else "it has none with a name")
            )
        if values[at] is not _MISSING:
            raise TypeError(
                f"{shape.name}() argument {parameters[at].label} is given twice"
            )
        values[at] = value
    for parameter, value in zip(parameters, values):
        if value is _MISSING and not parameter.counts:
            if not keywords:
                raise count_refusal(shape, given)
            raise TypeError(f"{shape.name}() misses argument {parameter.label}")
    return tuple(values)


def taken(shape: Shape, parameter: Parameter, given: Any, kept: List[Any]) -> Any:
    """An argument, converted."""
    try:
        return parameter.value.take(given, kept)
    except Exception as error:
        if not is_refusal(error):
            raise
        where = f"{shape.name}() argument {parameter.label}: "
        raise prefixed(where, error) from None


def settle(shape: Shape, values: List[Any], kept: List[Any]) -> None:
    """Reads borrowed addresses again, when no user code is left to run that may
    move what they are of."""
    for one in kept:
        if type(one) is not Held or one.found.source == FIXED:
            continue
        try:
            address = one.read()
        except ValueError as error:
            at = [p.label for p in shape.parameters if p.place == one.place]
            label = at[0] if at else "..."
            raise prefixed(f"{shape.name}() argument {label}: ", error) from None
        values[one.place] = address


def _settle_lengths(
    library: Library, shape: Shape, args: Any, values: List[Any], kept: List[Any]
) -> None:
    """Fills in and checks counts of elements."""
    parameters = shape.parameters
    held = {one.place: one.bytes for one in kept if type(one) is Held}
    for parameter, given in zip(parameters, args):
        if not parameter.counts:
            continue
        extents = []
        for at in parameter.counts:
            count = held.get(parameters[at].place, -1)
            size = pointee_of(library._types, parameters[at].value.ctype).size or 1
            extents.append(None if count < 0 else count // size)
        if given is _MISSING:
            known = [one for one in extents if one is not None]
            if not known:
                place = parameters[parameter.counts[0]].place
                raise TypeError(
                    f"{shape.name}() argument {parameter.label}: has to be given: the"
                    f" length of argument {place + 1} is not known"
                )
            values[parameter.place] = taken(shape, parameter, known[0], kept)
        length = values[parameter.place]
        for at, most in zip(parameter.counts, extents):
            if most is not None and not 0 <= length <= most:
                raise ValueError(
                    f"{shape.name}() argument {parameters[at].label}: has {most}"
                    f" elements, but argument {parameter.place + 1} says {length}"
                )


# Calling. --------------------------------------------------------------------------


def _ctypes_caller(shape: Shape, address: int, errno: bool, holds_gil: bool) -> Caller:
    """A caller for what ctypes passes as C does."""
    prototype: Any = ctypes.CFUNCTYPE
    if holds_gil and hasattr(ctypes, "PyDLL"):
        prototype = ctypes.PYFUNCTYPE
    types: List[Any] = [None] * shape.places
    for parameter in shape.parameters:
        types[parameter.place] = parameter.value.storage
    for out in shape.outs:
        types[out.place] = ctypes.c_void_p
    options = {"use_errno": True} if errno else {}
    function = prototype(shape.result.storage, *types, **options)(address)
    if not errno:
        if len(types) == 1:
            return lambda values: function(values[0])
        return lambda values: function(*values)

    def call(values: List[Any]) -> Any:
        ctypes.set_errno(0)
        return function(*values)

    return call


def says_failure(value: Value, raw: Any) -> bool:
    """Whether a result is one that tells of a failure, where errno is asked for."""
    kind = value.kind
    if kind == _native.VOID:
        return True
    if kind == _native.POINTER_:
        return raw in (None, 0, 2 ** (8 * ctypes.sizeof(ctypes.c_void_p)) - 1)
    if kind in (_native.FLOAT, _native.DOUBLE, _native.LDOUBLE):
        return not isfinite(raw)
    if value.whole or kind in (_native.BOOL, _native.CHAR) or isinstance(raw, complex):
        return False
    if _native.kaa_ctype_is_signed(_native.kaa_ctype_strip(value.ctype)):
        return bool(raw < 0)
    return bool(raw == 2 ** (8 * ctypes.sizeof(value.storage)) - 1)


def run_in_frame(call: Callable[[], Any]) -> Any:
    """Runs a call of C; raises what a callback in it raised."""
    outer = here.frame
    frame: Frame = []
    here.frame = frame
    try:
        raw = call()
    finally:
        here.frame = outer
    if frame:
        raise_kept(frame)
    return raw


def raise_kept(frame: Frame) -> NoReturn:
    """Raises the exception of a callback."""
    try:
        raise frame[0]
    finally:
        # The frame must not keep the exception alive, nor it the frame.
        frame.clear()


def release(kept: List[Any]) -> None:
    """Ends what was lent to C for one call."""
    for one in kept:
        if type(one) is Held:
            one = one.found.keep
        if isinstance(one, Closure):
            if one.scope == _native.SCOPE_CALL:
                one.close()
        elif isinstance(one, memoryview):
            one.release()


class PlainFunction(Function, key=KEY):
    """A C function that ctypes calls."""

    __slots__ = (
        "_item",
        "_library",
        "address",
        "_shape",
        "_call",
        "_errno",
        "_give",
        "_variadic",
        "_takes",
        "_is_straight",
        "__weakref__",
    )

    _shape: Shape
    _call: Caller
    _errno: Optional[Callable[[], int]]
    _give: Callable[[Any], Any]
    _variadic: Optional[Variadic]
    _takes: Tuple[Take, ...]
    _is_straight: bool

    def __new__(cls, *args: object, **keywords: object) -> PlainFunction:
        raise TypeError("functions are made by kaa.load()")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of a kaa function cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} of a kaa function cannot be deleted")

    @staticmethod
    def _make(library: Library, item: int, address: int) -> PlainFunction:
        self = object.__new__(PlainFunction)
        give = object.__setattr__
        give(self, "_item", item)
        give(self, "_library", library)
        give(self, "address", address)
        native = _native.DeclItem.from_address(item)
        function = _native.kaa_ctype_strip(native.type)
        shape = shape_of(library, native, function)
        give(self, "_shape", shape)
        holds_gil = shape.name in library._hold_gil or bool(
            native.flags
            & (_native.DECL_HOLD_GIL | _native.DECL_CONST | _native.DECL_PURE)
        )
        errno = shape.name in library._errno or bool(native.flags & _native.DECL_ERRNO)
        give(self, "_errno", None)
        give(self, "_give", shape.result.give)
        if native.free_function is not None:
            give(self, "_give", freeing(library, shape, native.free_function))
        give(self, "_variadic", None)
        # Where nothing is filled in or added, arguments go straight through.
        takes = tuple(parameter.value.take for parameter in shape.parameters)
        give(self, "_takes", takes)
        give(self, "_is_straight", not (shape.outs or shape.has_lengths))
        values: List[Any] = [parameter.value for parameter in shape.parameters]
        if (
            shape.result.plain
            and all(value.plain for value in values)
            and not shape.variadic
            and not (errno and holds_gil)
        ):
            give(self, "_call", _ctypes_caller(shape, address, errno, holds_gil))
            if errno:
                give(self, "_errno", ctypes.get_errno)
            return self
        if errno:
            give(self, "_errno", _native.kaa_call_errno)
        storages: List[Any] = [ctypes.c_void_p] * shape.places
        for parameter in shape.parameters:
            value = parameter.value
            storages[parameter.place] = None if value.whole else value.storage
        target = Target(address, shape.result, errno, holds_gil)
        if shape.variadic:
            variadic = Variadic(library, function, storages, target)
            give(self, "_variadic", variadic)
            give(self, "_call", variadic.caller(()))
        else:
            plan = Plan(function, errno, 0, library._declarations)
            give(self, "_call", Invoker(plan, target, storages))
        return self

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        shape = self._shape
        extra: Tuple[Any, ...] = ()
        count = len(self._takes)
        kept: List[Any] = []
        if keywords or len(args) != count:
            if shape.variadic:
                extra, args = args[count:], args[:count]
            args = _bound(shape, args, keywords)
        elif self._is_straight:
            try:
                return self._call_straight(args, kept)
            finally:
                if kept:
                    release(kept)
        try:
            return self._convert_and_call(args, extra, kept)
        finally:
            release(kept)

    def _call_straight(self, args: Tuple[Any, ...], kept: List[Any]) -> Any:
        values: List[Any] = []
        try:
            for take, given in zip(self._takes, args):
                values.append(take(given, kept))
        except Exception as error:
            if not is_refusal(error):
                raise
            label = self._shape.parameters[len(values)].label
            where = f"{self._shape.name}() argument {label}: "
            raise prefixed(where, error) from None
        if kept:
            settle(self._shape, values, kept)
        outer = here.frame
        frame: Frame = []
        here.frame = frame
        try:
            raw = self._call(values)
        finally:
            here.frame = outer
        if frame:
            raise_kept(frame)
        if self._errno is None and self._give is as_it_is:
            return raw
        return self._answer(raw, ())

    def _convert_and_call(
        self, args: Tuple[Any, ...], extra: Tuple[Any, ...], kept: List[Any]
    ) -> Any:
        shape = self._shape
        values: List[Any] = [None] * shape.places
        for parameter, given in zip(shape.parameters, args):
            if given is not _MISSING:
                values[parameter.place] = taken(shape, parameter, given, kept)
        cells = [out.value.storage() for out in shape.outs]
        for out, cell in zip(shape.outs, cells):
            values[out.place] = ctypes.addressof(cell)
        call = self._call
        if extra and self._variadic is not None:
            call = self._with_extra(extra, values, kept)
        settle(shape, values, kept)
        if shape.has_lengths:
            _settle_lengths(self._library, shape, args, values, kept)
        raw = run_in_frame(lambda: call(values))
        return self._answer(raw, cells)

    def _with_extra(
        self, extra: Tuple[Any, ...], values: List[Any], kept: List[Any]
    ) -> Caller:
        assert self._variadic is not None
        kinds: List[Promoted] = []
        for at, given in enumerate(extra, len(self._shape.parameters) + 1):
            try:
                promoted = Promoted.of(given, kept)
            except Exception as error:
                if not is_refusal(error):
                    raise
                raise prefixed(f"{self._shape.name}() argument {at}: ", error) from None
            kinds.append(promoted)
            if promoted.found is not None and promoted.storage is not None:
                kept.append(Held(len(values), promoted.found, 0, promoted.ctype))
            values.append(promoted.value)
        return self._variadic.caller(kinds)

    def _answer(self, raw: Any, cells: Sequence[Any]) -> Any:
        shape = self._shape
        if self._errno is not None and says_failure(shape.result, raw):
            number = self._errno()
            if number:
                raise OSError(number, f"{shape.name}(): {os.strerror(number)}")
        try:
            result = self._give(raw)
            outs = [
                out.value.give(cell if out.value.whole else cell.value)
                for out, cell in zip(shape.outs, cells)
            ]
        except (TypeError, ValueError, OverflowError) as error:
            where = f"{shape.name}() result: "
            if not is_refusal(error):  # such as text that is no UTF-32
                raise ValueError(f"{where}{error}") from None
            raise prefixed(where, error) from None
        if not outs:
            return result
        if shape.result.storage is not None:
            return (result, *outs)
        return outs[0] if len(outs) == 1 else tuple(outs)


def bind(library: Library, item: int, address: int) -> Function:
    """The callable of a function's declaration at an address."""
    try:
        return PlainFunction._make(library, item, address)
    except _error.UnsupportedError as error:
        name = _native.DeclItem.from_address(item).name.decode("utf-8", "replace")
        if str(error).startswith(name):
            raise
        raise _error.UnsupportedError(f"{name}(): {error}") from None
