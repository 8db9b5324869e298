"""[[kaa::free(function)]] and [[kaa::borrow(parameter)]], without the bridge.

Text, and a record without pointers, is copied and freed at once. Of all else the
result is a pointer with an owner that frees it: _owned.
"""

from __future__ import annotations

import ctypes

from kaa import _error, _late, _native
from kaa._backend import owned as _owned
from kaa._values.instance import (
    address_of,
    below,
    is_data,
    layout_in,
    new,
    owner_of,
    view,
)
from kaa._values.pointer import TEXT_READERS, Held

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    from kaa._library import Library
    from kaa._values.convert import Value


class Giver:
    """Makes results that are freed, or keep an argument."""

    __slots__ = ("_library", "_pointer", "_copy", "_name", "_plain", "_call")

    def __init__(
        self, library: Library, pointer: int, plain: Callable[[Any], Any]
    ) -> None:
        self._library = library
        self._pointer = _native.kaa_ctype_strip(pointer)
        self._plain = plain
        self._copy: Optional[Callable[[int], Any]] = None
        self._name = ""
        self._call: Any = None

    def free_by(self, function: str, name: bytes) -> None:
        """Has them freed by a function; `function` is whose they are."""
        text = name.decode("utf-8", "surrogateescape")
        target = _native.kaa_ctype_target(self._pointer)
        kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
        if kind == _native.FUNCTION:
            raise _error.UnsupportedError(
                f"{function}(): kaa::free wants a pointer to data"
            )
        self._copy = _copier(self._library, target, kind)
        address = find_function(self._library, text)
        self._call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        self._name = text

    def free(self, address: Optional[int]) -> None:
        """Frees what nobody gets."""
        if address and self._call is not None:
            call = self._call
            _late.plain.run_in_frame(lambda: call(address))

    def give(self, address: Optional[int], lender: Any) -> Any:
        """The result; `lender` is what keeps the argument, or None."""
        if self._call is None:
            return self._borrowed(address, lender)
        if not address:
            return None
        if self._copy is not None:
            try:
                return self._copy(address)
            finally:
                self.free(address)
        owned = _owned.new(self._library, address, self.free, self._name)
        if lender is not None:
            _owned.lend(owned, lender)
        return view(self._class(), address, owned, -1)

    def _borrowed(self, address: Optional[int], lender: Any) -> Any:
        made = self._plain(address)
        if address and (is_data(made) or isinstance(made, int)):
            return view(self._class(), address, lender, -1)
        return made

    def _class(self) -> Any:
        return self._library._types.data_class(self._pointer)


def _copier(library: Library, target: int, kind: int) -> Optional[Callable[[int], Any]]:
    reader = TEXT_READERS.get(kind)
    if reader is not None:
        return reader
    if (
        kind not in (_native.STRUCT, _native.UNION)
        or not _native.kaa_ctype_is_complete(target)
        or _native.kaa_ctype_has_pointers(target)
    ):
        return None
    types, size = library._types, _native.kaa_ctype_size(target)

    def copy(address: int) -> Any:
        made = new(types.data_class(target))
        ctypes.memmove(address_of(made), address, size)
        return made

    return copy


def giver_of(
    library: Library,
    function: str,
    pointer: int,
    value: Value,
    free: Optional[bytes],
    borrow: Optional[int],
) -> Optional[Giver]:
    """What makes results of a pointer type; None where nothing is said of them."""
    if free is None and borrow is None:
        return None
    made = Giver(library, pointer, value.give)
    if free is not None:
        made.free_by(function, free)
    return made


def no_lender(place: Optional[int]) -> None:
    """Of a call whose results keep no argument."""
    return None


def lender_of(value: Any, held: Any) -> Any:
    """What keeps the memory of an argument; `held` is what the call held of it."""
    if value is None:
        return None
    if is_data(value):
        return below(value)
    if type(held) is Held and held.found.keep is not None:
        keep = held.found.keep
        return memoryview(value) if isinstance(keep, memoryview) else keep
    return value


def give_up(library: Library, name: str, value: Any) -> None:
    """Before a call of a function with a pointer: if it frees what that owns, it is
    freed by nobody else."""
    if not is_data(value) or layout_in(value).kind != _native.POINTER_:
        return
    owner = owner_of(value)
    if type(owner) is _owned.Owned and _owned.is_freed_by(
        owner, library, name, address_of(value)
    ):
        _owned.release(owner, False)


def _pointed_function(library: Library, name: str, item: int, place: int) -> int:
    """What a variable that is a function pointer points at now: xmlFree."""
    core = _native.kaa_ctype_strip(_native.DeclItem.from_address(item).type)
    if _native.kaa_ctype_kind_of(core) == _native.POINTER_:
        target = _native.kaa_ctype_strip(_native.kaa_ctype_target(core))
        if _native.kaa_ctype_kind_of(target) == _native.FUNCTION:
            found = ctypes.c_void_p.from_address(place).value
            if found:
                return found
    raise _error.UnsupportedError(
        f"[[kaa::free({name})]]: {name} is a variable of {library._label} and points at"
        " no function"
    )


def find_function(library: Library, name: str) -> int:
    """The address of a function: one that is declared, else a symbol of the
    library, else of the program."""
    item = library._declarations.find(name)
    if item is not None:
        kind = _native.DeclItem.from_address(item).kind
        declared = library._symbol(item)
        if kind == _native.DECL_VARIABLE and declared is not None:
            return _pointed_function(library, name, item, declared)
        if kind == _native.DECL_FUNCTION and declared is not None:
            return declared
    address = ctypes.c_void_p()
    raw = name.encode("utf-8", "surrogateescape")
    status = _native.kaa_library_symbol(
        library._native, raw, ctypes.byref(address), None
    )
    if status != _native.OK:
        program = _native.LibraryP()
        error = _native.Error()
        _error.check(
            _native.kaa_library_open(None, None, ctypes.byref(program), error), error
        )
        status = _native.kaa_library_symbol(program, raw, ctypes.byref(address), None)
        _native.kaa_library_close(program)
    if status != _native.OK or not address.value:
        raise _error.SymbolError(
            f"there is no function {name} in {library._label} or the program, but"
            f" [[kaa::free({name})]] names it",
            [name],
        )
    return int(address.value)
