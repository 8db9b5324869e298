"""f.map(...): a C function over whole buffers, on native threads.

Every operand becomes an address and a stride, a single value one with stride 0;
libkaa's threads do the rest without the interpreter's lock, while this thread
waits in pieces short enough for Ctrl-C and progress reports.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from array import array
from operator import index

from kaa import _error, _native
from kaa._backend.plain import (
    Parameter,
    Shape,
    count_refusal,
    release,
    run_in_frame,
    shape_of,
)
from kaa._calls import map_numpy as _map_numpy
from kaa._calls.function import Function
from kaa._calls.invoke import Plan
from kaa._calls.operands import is_array, is_number, is_records
from kaa._values.convert import Value, is_refusal, prefixed
from kaa._values.instance import address_of, length_of
from kaa._values.pointer import Held, Pointee, fits, is_contiguous, view_address
from kaa._values.pointers import pointer_from
from kaa._values.types import TypeMap, type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union
else:
    from kaa._tuple import NamedTuple

#: Below this, starting a thread costs more than the work, if it is not slow.
_FEW = 64
_PIECE_NS = 50_000_000
_REPORT_NS = 200_000_000
_COPIES = sys.implementation.name != "cpython"

#: Typecodes of arrays for results, by size and sign.
_CODES: Dict[Tuple[int, bool], str] = {
    (array(code).itemsize, code.islower()): code for code in "bBhHiIqQ"
}


class Operand(NamedTuple):
    """Elements in memory; `length` is None for one value that serves all."""

    address: int
    stride: int
    length: Optional[int]
    keep: Any


def _elements(types: TypeMap, ctype: int, value: Any, writable: bool) -> Operand:
    """A buffer whose elements are of a C type; TypeError says why not."""
    element = Pointee(types, ctype, ctype)
    kind = type(value)  # isinstance() believes a __class__ that lies
    if issubclass(kind, ctypes.Array) and fits(types, ctype, kind._type_):
        size = element.size or 1
        count = ctypes.sizeof(value) // size  # its own, whatever __len__() says
        return Operand(ctypes.addressof(value), size, count, value)
    name = type(value).__name__
    if is_array(value):
        size = _native.kaa_ctype_size(ctype)
        if pointer_from(ctype, value) is None:
            raise TypeError(name)
        return Operand(address_of(value), size, length_of(value), value)
    try:
        view = memoryview(value)
    except (TypeError, BufferError):
        raise TypeError(name) from None
    wrong = ""
    if element.kind == _native.VOID or not element.format_fits(view):
        wrong = f"{name} of format {view.format!r}"
    elif writable and view.readonly:
        wrong = f"a read-only {name}"
    elif is_contiguous(view):
        address, keep = view_address(view)
        size = view.itemsize or 1
        return Operand(address, size, view.nbytes // size, (keep, view))
    elif view.ndim != 1 or (writable and _COPIES):
        wrong = f"a {name} that is not contiguous"
    if wrong:
        view.release()
        raise TypeError(wrong)
    address, keep = view_address(view)
    stride = view.itemsize if _COPIES else (view.strides or (0,))[0]
    return Operand(address, stride, len(view), (keep, view))


def _single(value: Value, given: Any, kept: List[Any]) -> Operand:
    taken = value.take(given, kept)
    cell = taken if value.whole else value.storage(taken)
    return Operand(ctypes.addressof(cell), 0, None, cell)


def _operand(
    shape: Shape, types: TypeMap, parameter: Parameter, given: Any, kept: List[Any]
) -> Operand:
    value = parameter.value
    prefix = f"{shape.name}() argument {parameter.label}: "
    scalar = value.kind != _native.POINTER_ and not value.whole
    try:
        if not scalar and not (value.whole and is_records(given)):
            return _single(value, given, kept)
        if not is_number(given):
            try:
                return _elements(types, value.ctype, given, False)
            except TypeError as error:
                raise TypeError(_wanted(types, value) + f", not {error}") from None
        try:
            return _single(value, given, kept)
        except TypeError:
            name = type(given).__name__
            raise TypeError(_wanted(types, value) + f", not {name}") from None
    except Exception as error:
        if not is_refusal(error):
            raise
        raise prefixed(prefix, error) from None


def _format(types: TypeMap, ctype: int) -> str:
    """The buffer that holds values of a type, for messages."""
    code = _native.kaa_convert_format(ctype)
    if code in (b"c", b"b", b"B"):
        return " of bytes"
    return f" of format '{code.decode()}'" if code else ""


def _wanted(types: TypeMap, value: Value) -> str:
    what = "a record" if value.whole else "a number"
    return f"'{type_text(value.ctype)}' needs {what} or a buffer" + _format(
        types, value.ctype
    )


def _counted(shape: Shape, operands: List[Operand]) -> int:
    """How many elements: the same for every buffer."""
    first: Optional[Tuple[Parameter, int]] = None
    for parameter, operand in zip(shape.parameters, operands):
        if operand.length is None:
            continue
        if first is None:
            first = parameter, operand.length
        elif operand.length != first[1]:
            raise ValueError(
                f"{shape.name}() argument {parameter.label}: {operand.length} elements,"
                f" but argument {first[0].label} has {first[1]}"
            )
    if first is None:
        raise TypeError(f"{shape.name}() map needs at least one buffer to map")
    return first[1]


def _result(shape: Shape, types: TypeMap, out: Any, count: int) -> Tuple[Any, Operand]:
    """Where results go: what is given back, and its memory."""
    value = shape.result
    if value.storage is None:
        if out is not None:
            raise TypeError(f"{shape.name}() out: the function returns nothing")
        return None, Operand(0, 0, None, None)
    if out is None:
        made = _new_array(shape, count)
        address, _ = made.buffer_info()
        return made, Operand(address, made.itemsize, count, made)
    try:
        operand = _elements(types, value.ctype, out, True)
    except TypeError as error:
        raise TypeError(
            f"{shape.name}() out: '{type_text(value.ctype)}' needs a writable buffer"
            f"{_format(types, value.ctype)}, not {error}"
        ) from None
    if operand.length != count:
        raise ValueError(
            f"{shape.name}() out: {operand.length} elements for {count} results"
        )
    return out, operand


def _new_array(shape: Shape, count: int) -> Any:
    value = shape.result
    size = ctypes.sizeof(value.storage)
    code: Optional[str] = None
    if value.kind == _native.FLOAT:
        code = "f"
    elif value.kind == _native.DOUBLE:
        code = "d"
    elif not value.whole and value.plain and value.kind != _native.POINTER_:
        signed = _native.kaa_ctype_is_signed(_native.kaa_ctype_strip(value.ctype))
        code = _CODES.get((size, bool(signed)))
    if code is None:
        raise TypeError(
            f"{shape.name}() out: no array can hold {type_text(value.ctype)}; give out="
        )
    return array(code, bytes(size * count))


def _thread_count(shape: Shape, flags: int, threads: Any) -> int:
    if threads is None:
        # One that reads its arguments alone may surely run many times at once.
        return (os.cpu_count() or 1) if flags & _native.DECL_CONST else 1
    if not hasattr(type(threads), "__index__"):
        raise TypeError(
            f"{shape.name}() threads: int expected, not {type(threads).__name__}"
        )
    number = index(threads)
    if number < 1:
        raise ValueError(f"{shape.name}() threads: 1 or more expected, not {number}")
    return min(number, 256)


class _Job:
    """One map on its way."""

    __slots__ = ("_map", "_count", "_progress", "_reported")

    def __init__(self, started: Any, count: int, progress: Any) -> None:
        self._map = started
        self._count = count
        self._progress = progress
        self._reported = time.monotonic_ns()

    def wait(self) -> None:
        done = ctypes.c_uint64()
        ended = False
        try:
            while not ended:
                ended = bool(
                    _native.kaa_call_map_wait(self._map, _PIECE_NS, ctypes.byref(done))
                )
                self._report(done.value, ended)
        finally:
            # Ends the threads before the buffers go, whatever was raised.
            if not ended:
                _native.kaa_call_map_cancel(self._map)
            _native.kaa_call_map_finish(self._map)

    def _report(self, done: int, ended: bool) -> None:
        now = time.monotonic_ns()
        if self._progress is not None and (ended or now - self._reported > _REPORT_NS):
            self._reported = now
            self._progress(self._count if ended else done, self._count)


def _run(
    plan: Plan,
    address: int,
    operands: List[Operand],
    result: Operand,
    count: int,
    threads: int,
    progress: Optional[Callable[[int, int], object]],
) -> None:
    native = (_native.Operand * max(len(operands), 1))()
    for cell, one in zip(native, operands):
        cell.data, cell.stride = one.address, one.stride
    place = _native.Operand(result.address, result.stride)
    error = _native.Error()
    arguments = plan.pointer, address, native, ctypes.byref(place), count
    if count <= _FEW and threads == 1 and progress is None:
        status = _native.kaa_call_map_run(*arguments, error)
        _error.check(status, error)
        return
    started = _native.MapP()
    status = _native.kaa_call_map_start(
        *arguments, threads, ctypes.byref(started), error
    )
    _error.check(status, error)
    _Job(started, count, progress).wait()


def _spread(shape: Shape, types: TypeMap, arrays: Any, out: Any) -> Any:
    """How arrays of NumPy's are mapped; None where there are none."""
    if "numpy" not in sys.modules:
        return None
    return _map_numpy.spread(shape, types, arrays, out)


def _reporter(
    shape: Shape, progress: Union[Callable[[int, int], object], bool, None]
) -> Optional[Callable[[int, int], object]]:
    if progress is None or progress is False:
        return None
    if callable(progress):
        return progress
    raise TypeError(
        f"{shape.name}() progress: a callable or True expected, not "
        + type(progress).__name__
    )


def _read_again(one: Operand) -> Operand:
    """Where an operand's elements are now."""
    if one.length is None or not isinstance(one.keep, ctypes.Array):
        return one
    return one._replace(
        address=ctypes.addressof(one.keep),
        length=ctypes.sizeof(one.keep) // one.stride,
    )


def map_function(
    function: Function,
    *arrays: Any,
    out: Any = None,
    threads: Optional[int] = None,
    progress: Union[Callable[[int, int], object], bool, None] = None,
) -> Any:
    """Calls a function for the elements of whole buffers.

    Buffers have one number an element and are equally long; a number serves all
    elements. Buffers of one dimension may be strided. Results go to `out`, a
    buffer of the result's type, or to a new array.array.

    Where NumPy's arrays are among the arguments, all are broadcast together as
    NumPy does it, and the result is a NumPy array of that shape.

    `progress(done, total)` is called a few times a second; with True a bar on
    stderr shows it (by tqdm, where that is installed).

    The function runs without the interpreter's lock, on this thread and, with
    `threads` above 1, on others too: it must then be safe to run several times
    at once. Without `threads` that is done for functions declared const only.
    """
    library = function._library
    item = _native.DeclItem.from_address(function._item)
    signature = _native.kaa_ctype_strip(item.type)
    shape = shape_of(library, item, signature)
    if shape.variadic or shape.outs:
        what = "takes variable arguments" if shape.variadic else "has out parameters"
        raise TypeError(f"{shape.name}() {what}, so it cannot be mapped")
    if len(arrays) != len(shape.parameters):
        raise count_refusal(shape, len(arrays))
    if progress is True:
        from kaa._calls.progress import bar

        with bar(shape.name) as shown:
            return map_function(
                function, *arrays, out=out, threads=threads, progress=shown
            )
    report = _reporter(shape, progress)
    count_threads = _thread_count(shape, item.flags, threads)
    kept: List[Any] = []
    types = library._types
    spread = _spread(shape, types, arrays, out)
    if spread is not None:
        arrays, out = spread.arrays, spread.out
    operands: List[Operand] = []
    result = Operand(0, 0, None, None)
    try:
        for parameter, given in zip(shape.parameters, arrays):
            operands.append(_operand(shape, types, parameter, given, kept))
        # Converting the later ones may have moved the memory of ctypes arrays.
        operands[:] = map(_read_again, operands)
        for held in kept:
            if type(held) is Held:
                operands[held.place].keep.value = held.read()
        count = _counted(shape, operands)
        given_back, result = _result(shape, types, out, count)
        plan = Plan(signature, False, 0, library._declarations)
        run_in_frame(
            lambda: _run(
                plan, function.address, operands, result, count, count_threads, report
            )
        )
        return given_back if spread is None else spread.finish()
    finally:
        release(kept)
        for operand in operands + [result]:
            if isinstance(operand.keep, tuple):
                release(list(operand.keep))
