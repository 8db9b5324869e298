"""Bound functions without a bridge: ctypes does the call.

What ctypes can pass it passes; what it cannot, or not everywhere alike (128-bit
integers, complex numbers, long double, records by value, variable arguments),
goes through kaa_call_invoke(), which is itself called by ctypes.
"""

from __future__ import annotations

import ctypes
import os

from kaa import _error, _late, _native
from kaa._backend import owned as _owned
from kaa._backend.free import Giver, give_up, giver_of, lender_of, no_lender
from kaa._backend.plain_call import (
    SLOW,
    ctypes_caller,
    ctypes_function,
    never,
    raise_kept,
    says_failure,
)
from kaa._calls.closure import Closure, here
from kaa._calls.function import KEY, Function
from kaa._calls.invoke import Invoker, Plan, Target, Variadic
from kaa._values.convert import Value, as_it_is, is_refusal, prefixed, value_of
from kaa._values.pointer import FIXED, Held

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NamedTuple
    from typing import Optional, Tuple

    from kaa._calls.closure import Frame
    from kaa._calls.formats import Format
    from kaa._values.convert import Take
    from kaa._library import Library

    #: Calls C with what the arguments were converted to.
    Caller = Callable[[List[Any]], Any]
else:
    from kaa._tuple import NamedTuple

_MISSING: Any = object()


class Parameter(NamedTuple):
    """A parameter as Python sees it."""

    #: Among C's parameters, from 0.
    place: int
    name: Optional[str]
    value: Value
    #: "1 (x)": for messages.
    label: str
    #: Whether it is the element count of another, or a part of it.
    is_length: bool
    #: Whether its elements are counted.
    is_measured: bool
    #: Whether None will do, however many are needed.
    is_optional: bool


class Out(NamedTuple):
    """A parameter that is a result."""

    place: int
    value: Value
    #: Makes what is freed, or keeps an argument: the parameter `borrow`.
    giver: Optional[Giver]
    borrow: Optional[int]


class Shape(NamedTuple):
    """All that a call needs to know."""

    name: str
    parameters: Tuple[Parameter, ...]
    outs: Tuple[Out, ...]
    places: int
    variadic: bool
    result: Value
    #: The address of the declaration.
    item: int


# Bytes of arguments that deserve a look.
_LARGE = 1 << 16


def shape_of(library: Library, item: Any, function: int) -> Shape:
    name = item.name.decode("utf-8", "surrogateescape")
    count = _native.kaa_ctype_count(function)
    native = _native.kaa_ctype_parameters(function)
    notes = [item.parameters[i] for i in range(count)]
    address = ctypes.addressof(item)
    reason = _Reason()
    if _native.kaa_convert_check(address, reason, _REFUSAL) != _native.OK:
        raise _error.UnsupportedError(_text(reason))
    lengths = {one.length_of for one in notes if one.flags & _native.PARAMETER_LENGTH}
    lengths |= {
        one.length_times for one in notes if one.flags & _native.PARAMETER_TIMES
    }
    parameters: List[Parameter] = []
    outs: List[Out] = []
    for i, note in enumerate(notes):
        flags = note.flags
        nullable = bool(flags & _native.PARAMETER_NULLABLE)
        if flags & _native.PARAMETER_OUT:
            pointer = _native.kaa_ctype_strip(native[i].type)
            target = _native.kaa_ctype_target(pointer)
            made = value_of(library._types, target, nullable=nullable)
            borrow = note.borrow_from if flags & _native.PARAMETER_BORROW else None
            giver = giver_of(library, name, target, made, note.free_function, borrow)
            outs.append(Out(i, made, giver, borrow))
            continue
        value = value_of(
            library._types,
            native[i].type,
            library=library,
            scope=note.scope,
            nonnull=bool(flags & _native.PARAMETER_NONNULL) and not nullable,
            place=i,
        )
        name_ = _native.text_or_none(native[i].name)
        label = f"{i + 1} ({name_})" if name_ else str(i + 1)
        is_length = bool(flags & _native.PARAMETER_LENGTH)
        parameters.append(
            Parameter(
                i,
                name_,
                value,
                label,
                i in lengths,
                is_length or note.least > 0,
                nullable and not is_length,
            )
        )
    result = value_of(
        library._types,
        _native.kaa_ctype_target(function),
        nullable=bool(item.flags & _native.DECL_NULLABLE),
    )
    variadic = bool(_native.kaa_ctype_flags(function) & _native.VARIADIC)
    return Shape(name, tuple(parameters), tuple(outs), count, variadic, result, address)


# From what was given to one value a parameter. ----------------------------------


_REFUSAL = 640
#: Kept, as are those of _array(): a class made for each call is garbage that only
#: a collection finds.
_Reason = ctypes.c_char * _REFUSAL
_arrays: Dict[Tuple[Any, int], Any] = {}


def _array(kind: Any, count: int) -> Any:
    """The class of an array of so many."""
    key = kind, count
    found = _arrays.get(key)
    if found is None:
        found = _arrays[key] = kind * count
    return found


def _text(reason: Any) -> str:
    return str(reason.value.decode("utf-8", "surrogateescape"))


def count_refusal(shape: Shape, given: int) -> TypeError:
    """What is said where the number of arguments is wrong."""
    return TypeError(
        _native.printed(_native.kaa_convert_print_count, shape.item, given)
    )


def _bound(shape: Shape, args: Any, keywords: Dict[str, Any]) -> Tuple[Any, ...]:
    """One value a parameter; _MISSING for a count that is to be filled in."""
    source = _array(ctypes.c_int32, shape.places)()
    names = _array(ctypes.c_char_p, len(keywords))(
        *[one.encode("utf-8", "replace") for one in keywords]
    )
    reason = _Reason()
    status = _native.kaa_convert_bind(
        shape.item, len(args), names, len(keywords), source, reason, _REFUSAL
    )
    if status != _native.OK:
        raise TypeError(_text(reason))
    given = (*args, *keywords.values())
    places = [source[one.place] for one in shape.parameters]
    return tuple(given[at] if at >= 0 else _MISSING for at in places)


def taken(shape: Shape, parameter: Parameter, given: Any, kept: List[Any]) -> Any:
    """An argument, converted."""
    try:
        return parameter.value.take(given, kept)
    except Exception as error:
        if not is_refusal(error):
            raise
        where = f"{shape.name}() argument {parameter.label}: "
        raise prefixed(where, error) from None


def settle(library: Library, shape: Shape, values: List[Any], kept: List[Any]) -> None:
    """Reads borrowed addresses again, when no user code is left to run that may
    move what they are of."""
    for one in kept:
        if type(one) is not Held:
            continue
        if one.found.source == FIXED:
            if _owned.were_made:
                give_up(library, shape.name, one.found.keep)
            continue
        try:
            address = one.read()
        except ValueError as error:
            at = [p.label for p in shape.parameters if p.place == one.place]
            label = at[0] if at else "..."
            raise prefixed(f"{shape.name}() argument {label}: ", error) from None
        values[one.place] = address


def _settle_lengths(
    shape: Shape, args: Any, values: List[Any], kept: List[Any]
) -> None:
    """Fills in and checks counts of elements."""
    elements = _array(ctypes.c_int64, shape.places)(*[-1] * shape.places)
    lengths = _array(_native.Int128, shape.places)()
    fill = ctypes.c_int64()
    reason = _Reason()
    for one in kept:
        if type(one) is Held and one.bytes >= 0 and one.place < shape.places:
            elements[one.place] = one.bytes // one.item
    for parameter, given in zip(shape.parameters, args):
        if given is None and parameter.is_optional:
            elements[parameter.place] = -1
    for parameter, given in zip(shape.parameters, args):
        place = parameter.place
        if given is _MISSING:
            status = _native.kaa_convert_fill_length(
                shape.item, place, elements, fill, reason, _REFUSAL
            )
            if status != _native.OK:
                raise TypeError(_text(reason))
            values[place] = taken(shape, parameter, fill.value, kept)
        if parameter.is_length:
            count = values[place]
            lengths[place] = _native.Int128(count & _WORD, count >> 64 & _WORD)
    status = _native.kaa_convert_check_lengths(
        shape.item, elements, lengths, reason, _REFUSAL
    )
    if status != _native.OK:
        raise ValueError(_text(reason))


_WORD = 2**64 - 1


# Calling. --------------------------------------------------------------------------


def run_in_frame(
    call: Callable[[], Any], drop: Optional[Callable[[Any], Any]] = None
) -> Any:
    """Runs a call of C; raises what a callback in it raised, when `drop` has got
    the result that nobody will see."""
    outer = here.frame
    frame: Frame = []
    here.frame = frame
    try:
        raw = call()
    finally:
        here.frame = outer
    if frame:
        if drop is not None:
            drop(raw)
        raise_kept(frame)
    return raw


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


def _refuse_huge(function: int, library: Library) -> None:
    """Has a plan refuse records that are too large to be passed, before ctypes
    makes classes of them: what that takes doubles with a struct of two structs."""
    parameters = _native.kaa_ctype_parameters(function)
    count = _native.kaa_ctype_count(function)
    sizes = (_native.kaa_ctype_size(parameters[i].type) for i in range(count))
    given = _native.kaa_ctype_size(_native.kaa_ctype_target(function))
    if sum(sizes) + given > _LARGE:
        Plan(function, False, 0, library._declarations)


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
        "_giver",
        "_borrow",
        "_variadic",
        "_format",
        "_takes",
        "_is_straight",
        "_quick",
        "__weakref__",
    )

    _shape: Shape
    _call: Caller
    _errno: Optional[Callable[[], int]]
    _give: Callable[[Any], Any]
    _giver: Optional[Giver]
    _borrow: Optional[int]
    _variadic: Optional[Variadic]
    _format: Optional[Format]
    _takes: Tuple[Take, ...]
    _is_straight: bool
    _quick: Callable[..., Any]

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
        _refuse_huge(function, library)
        shape = shape_of(library, native, function)
        give(self, "_shape", shape)
        holds_gil = shape.name in library._hold_gil or bool(
            native.flags
            & (_native.DECL_HOLD_GIL | _native.DECL_CONST | _native.DECL_PURE)
        )
        errno = shape.name in library._errno or bool(native.flags & _native.DECL_ERRNO)
        give(self, "_errno", None)
        give(self, "_give", shape.result.give)
        borrows = native.flags & _native.DECL_BORROW
        give(self, "_borrow", native.borrow_from if borrows else None)
        free, borrow = native.free_function, self._borrow
        pointer, value = shape.result.ctype, shape.result
        giver = giver_of(library, shape.name, pointer, value, free, borrow)
        give(self, "_giver", giver)
        give(self, "_variadic", None)
        has_format = native.format != _native.FORMAT_NONE
        label = shape.parameters[native.format_of].label if has_format else ""
        has_format |= bool(native.flags & _native.DECL_SENTINEL)
        form = _late.formats.Format if has_format else None
        give(self, "_format", form and form(library, native, label))
        # Where nothing is filled in or added, arguments go straight through.
        takes = tuple(parameter.value.take for parameter in shape.parameters)
        give(self, "_takes", takes)
        has_lengths = any(one.is_measured for one in shape.parameters)
        special = shape.outs or has_lengths or giver or has_format
        give(self, "_is_straight", not special)
        quick = never
        if self._is_straight and not shape.variadic:
            closed = native.flags & (_native.DECL_CONST | _native.DECL_PURE)
            how = _late.plain_quick.How(address, errno, holds_gil, not closed)
            quick = _late.plain_quick.warming(self, how)
        give(self, "_quick", quick)
        values: List[Any] = [parameter.value for parameter in shape.parameters]
        if (
            shape.result.plain
            and all(value.plain for value in values)
            and not shape.variadic
            and not (errno and holds_gil)
        ):
            caller = ctypes_function(shape, address, errno, holds_gil)
            give(self, "_call", ctypes_caller(caller, shape.places, errno))
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
        try:
            if not keywords:
                answer = self._quick(*args)
                if answer is not SLOW:
                    return answer
            return self._call_slowly(args, keywords)
        except ctypes.ArgumentError as error:
            # What ctypes makes of a recursion that ends while it takes an argument;
            # it may end again while ctypes asks for the name of what was raised.
            said = str(error)
            if "RecursionError" not in said and said.partition(": ")[2] != "???":
                raise
            text = "maximum recursion depth exceeded in a call of C"
            raise RecursionError(text) from None

    def _call_slowly(self, args: Tuple[Any, ...], keywords: Dict[str, Any]) -> Any:
        shape = self._shape
        extra: Tuple[Any, ...] = ()
        count = len(self._takes)
        kept: List[Any] = []
        if keywords or len(args) != count:
            if shape.variadic:
                extra, args = args[count:], args[:count]
            if keywords or len(args) != count:
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
            settle(self._library, self._shape, values, kept)
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
        return self._answer(raw, [], no_lender)

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
        if self._variadic is not None and (extra or self._format):
            call = self._with_extra(extra, args, values, kept)
        settle(self._library, shape, values, kept)
        if not self._is_straight:
            _settle_lengths(shape, args, values, kept)
        cells_left = list(zip(shape.outs, cells))
        try:
            drop = None if self._giver is None else self._giver.free
            raw = run_in_frame(lambda: call(values), drop)

            def lender(place: Optional[int]) -> Any:
                return _lender(shape, args, kept, place)

            return self._answer(raw, cells_left, lender)
        finally:
            for out, cell in cells_left:  # that nobody gets
                if out.giver is not None:
                    out.giver.free(cell.value)

    def _with_extra(
        self,
        extra: Tuple[Any, ...],
        args: Tuple[Any, ...],
        values: List[Any],
        kept: List[Any],
    ) -> Caller:
        assert self._variadic is not None
        name, first = self._shape.name, len(self._shape.parameters) + 1
        place = self._format.place if self._format else None
        text = None if place is None else args[place]
        made = _late.formats.promoted(
            name, self._format, values, extra, first, text, kept
        )
        return self._variadic.caller(made)

    def _answer(
        self, raw: Any, cells: List[Tuple[Out, Any]], lender: Callable[..., Any]
    ) -> Any:
        """The result, and what is in the outs: each goes from the list."""
        shape = self._shape
        if self._errno is not None:
            number = self._errno()
            if number and says_failure(shape.result, raw):
                raise OSError(number, f"{shape.name}(): {os.strerror(number)}")
        outs: List[Any] = []
        try:
            if self._giver is None:
                result = self._give(raw)
            else:
                result = self._giver.give(raw, lender(self._borrow))
            while cells:
                out, cell = cells.pop(0)
                if out.giver is None:
                    outs.append(out.value.give(cell if out.value.whole else cell.value))
                else:
                    outs.append(out.giver.give(cell.value, lender(out.borrow)))
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


def _lender(shape: Shape, args: Any, kept: List[Any], place: Optional[int]) -> Any:
    """What keeps the memory of an argument, by its parameter's place."""
    for parameter, given in zip(shape.parameters, args):
        if parameter.place == place:
            held = [one for one in kept if type(one) is Held and one.place == place]
            return lender_of(given, held[0] if held else None)
    return None


def bind(library: Library, item: int, address: int) -> Function:
    """The callable of a function's declaration at an address."""
    try:
        return PlainFunction._make(library, item, address)
    except _error.UnsupportedError as error:
        name = _native.DeclItem.from_address(item).name.decode("utf-8", "replace")
        if str(error).startswith(name):
            raise
        raise _error.UnsupportedError(f"{name}(): {error}") from None


def bind_more(library: Library, first: int, count: int) -> None:
    """Nothing: ctypes makes functions one by one."""


def builtin(function: PlainFunction) -> PlainFunction:
    """The function itself: ctypes makes no builtins."""
    return function


def track(library: Library) -> None:
    """Nothing: what a library keeps, the collector sees in its __dict__."""
