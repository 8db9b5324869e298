"""Types that are made while the program runs: pointers to what was declared, and
arrays of it."""

from __future__ import annotations

import ctypes

from kaa import _error, _native
from kaa._values.owner import keeper

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Optional


def _free(table: Any, keep: object) -> None:
    _native.kaa_ctype_table_destroy(table)


class Derived:
    """A table of such types. One thread at a time may add to it. `keep` outlives
    it: the owner of the types that were declared."""

    __slots__ = ("_table", "_keeper")

    def __init__(self, keep: object) -> None:
        error = _native.Error()
        self._table = _native.TableP()
        _error.check(
            _native.kaa_ctype_table_create(ctypes.byref(self._table), error), error
        )
        self._keeper = keeper(_free, self._table, keep)

    def pointer(self, target: int) -> int:
        """The type "pointer to target"."""
        made = ctypes.c_void_p()
        error = _native.Error()
        status = _native.kaa_ctype_pointer(
            self._table, target, ctypes.byref(made), error
        )
        _error.check(status, error)
        return made.value or 0

    def const(self, ctype: int) -> int:
        """The same type, const."""
        made = ctypes.c_void_p()
        error = _native.Error()
        status = _native.kaa_ctype_qualified(
            self._table, ctype, _native.CONST, 0, ctypes.byref(made), error
        )
        _error.check(status, error)
        return made.value or 0

    def array(self, element: int, count: Optional[int]) -> int:
        """The type "array of count elements"; None: of an unknown number."""
        made = ctypes.c_void_p()
        error = _native.Error()
        number = _native.UNKNOWN_COUNT if count is None else count
        status = _native.kaa_ctype_array(
            self._table, element, number, ctypes.byref(made), error
        )
        _error.check(status, error)
        return made.value or 0
