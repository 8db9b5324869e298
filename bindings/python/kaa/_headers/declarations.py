"""Declarations: parsed C text, with the types in it."""

from __future__ import annotations

import ctypes

from kaa import _error, _native
from kaa._values.owner import keeper

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, List, Optional


class Declarations:
    """Parsed C text with the types in it; frees both."""

    __slots__ = (
        "text",
        "decl",
        "table",
        "count",
        "_keeper",
        "_pointer",
        "_first",
        "_stride",
        "__weakref__",
    )

    def __init__(
        self, text: bytes, tolerant: bool, options: Any = None, keep: object = None
    ) -> None:
        """`options`: a filled DeclOptions; `keep` is what it points at."""
        error = _native.Error()
        self.text = text
        self.table = _native.TableP()
        self.decl = _native.DeclP()
        _error.check(
            _native.kaa_ctype_table_create(ctypes.byref(self.table), error), error
        )
        if options is None:
            options = _native.DeclOptions(ctypes.sizeof(_native.DeclOptions))
        options.flags = _native.DECL_TOLERANT if tolerant else 0
        status = _native.kaa_decl_parse(
            self.table,
            text,
            len(text),
            ctypes.byref(options),
            ctypes.byref(self.decl),
            error,
        )
        self._keeper = keeper(_free, self.decl, self.table)
        if status != _native.OK:
            error.status = status
            raise self._explain(_error.from_native(error))
        self.count = _native.kaa_decl_count(self.decl)
        address = ctypes.cast(self.decl, ctypes.c_void_p).value
        self._pointer = ctypes.c_void_p(address)
        self._find_stride()

    def _explain(self, error: _error.Error) -> _error.Error:
        if isinstance(error, _error.DeclarationError) and error.line:
            lines = self.text.split(b"\n")
            if error.line <= len(lines):
                line = lines[error.line - 1].rstrip(b"\r")
                error.text = line.decode("utf-8", "surrogateescape")
        return error

    def _find_stride(self) -> None:
        """Items most likely stand in one array: then an address gives the number,
        without another call. A stride of 0 says that they do not."""
        at, count = _native.kaa_decl_at, self.count
        self._first = at(self.decl, 0) or 0
        self._stride = at(self.decl, 1) - self._first if count > 1 else 1
        if self._stride * (count - 1) != (at(self.decl, count - 1) or 0) - self._first:
            self._stride = 0

    def number(self, item: int) -> int:
        """The place of an item among all."""
        if self._stride:
            number, rest = divmod(item - self._first, self._stride)
            if rest == 0 and 0 <= number < self.count:
                return number
        return self.items().index(item)

    def items(self) -> List[int]:
        """The addresses of all items, in the order of the text."""
        return [_native.kaa_decl_at(self.decl, i) for i in range(self.count)]

    def find(self, name: str) -> Optional[int]:
        """The address of the item of that name."""
        if "\0" in name:
            return None
        try:
            raw = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
        found: Optional[int] = _find_item(self._pointer, raw)
        return found


# One call an attribute: without argtypes it takes a third of the time.
_find_item = _native.make("kaa_decl_find")
_find_item.argtypes = None


def _free(decl: Any, table: Any) -> None:
    _native.kaa_decl_destroy(decl)
    _native.kaa_ctype_table_destroy(table)
