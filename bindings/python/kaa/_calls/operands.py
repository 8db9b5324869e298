"""What an operand of a map is: one number, an array of them, of records."""

from __future__ import annotations

import ctypes

from kaa import _native
from kaa._values.instance import is_data, layout_in

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any


def is_number(value: Any) -> bool:
    """Whether a value is one number rather than a buffer of them."""
    if isinstance(value, (int, float, complex, str)) or value is None:
        return True
    try:
        with memoryview(value) as view:
            return view.ndim == 0
    except (TypeError, ValueError, BufferError):
        return not is_records(value)


def is_records(value: Any) -> bool:
    """Whether a value is an array of records."""
    if isinstance(value, ctypes.Array) or is_array(value):
        return True
    try:
        with memoryview(value) as view:
            return view.format.lstrip("@=^<>").startswith("T{") and view.ndim > 0
    except (TypeError, ValueError, BufferError):
        return False


def is_array(value: Any) -> bool:
    """Whether a value is an array of C data."""
    return is_data(value) and layout_in(value).kind == _native.ARRAY
