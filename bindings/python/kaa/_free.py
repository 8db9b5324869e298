"""[[kaa::free(function)]]: what a result points at is copied, then freed."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Callable, Optional

from kaa import _error, _native
from kaa._instance import address_of, new
from kaa._pointer import TEXT_READERS
from kaa._types import type_text

if TYPE_CHECKING:
    from kaa._library import Library


def freeing(library: Library, shape: Any, name: bytes) -> Callable[[Any], Any]:
    """Copies what a result points at, then has it freed."""
    text = name.decode("utf-8", "surrogateescape")
    read = _copier(library, shape, text)
    free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(find_function(library, text))

    def give(address: Optional[int]) -> Any:
        if not address:
            return None
        try:
            return read(address)
        finally:
            free(address)

    return give


def _copier(library: Library, shape: Any, free: str) -> Callable[[int], Any]:
    pointer = _native.kaa_ctype_strip(shape.result.ctype)
    if shape.result.kind == _native.POINTER_:
        target = _native.kaa_ctype_target(pointer)
        kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(target))
        reader = TEXT_READERS.get(kind)
        if reader is not None:
            return reader
        if kind in (_native.STRUCT, _native.UNION) and _native.kaa_ctype_is_complete(
            target
        ):
            types, size = library._types, _native.kaa_ctype_size(target)

            def copy(address: int) -> Any:
                made = new(types.data_class(target))
                ctypes.memmove(address_of(made), address, size)
                return made

            return copy
    raise _error.UnsupportedError(
        f"{shape.name}() has [[kaa::free({free})]], but a result of type"
        f" {type_text(shape.result.ctype)} cannot be copied: it must point at"
        " characters or at a complete record"
    )


def find_function(library: Library, name: str) -> int:
    """The address of a function: one that is declared, else a symbol of the
    library, else of the program."""
    item = library._declarations.find(name)
    if item is not None:
        if _native.DeclItem.from_address(item).kind == _native.DECL_FUNCTION:
            declared = library._symbol(item)
            if declared is not None:
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
