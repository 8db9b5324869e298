"""The two ways to the interpreter, and which of them is taken.

The bridge (host, instance_host): libkaa makes the interpreter's own objects. Without
it (plain, instance_plain, owned, free): ctypes, and Python's own classes. What of the
package differs by that asks here; the choice is made once a process.
"""

from __future__ import annotations

import os
import sys

from kaa import _late

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

_bridge: Any = False  # not asked for yet


def bridge() -> Any:
    """The module of the bridge; None where there is none: no CPython, one that libkaa
    cannot be attached to, ``KAA_HOST=none``."""
    global _bridge
    if _bridge is False:
        found = None
        if os.environ.get("KAA_HOST") != "none":
            try:
                found = _late.host
            except ImportError:
                pass
        _bridge = found
    return _bridge


def has_gil() -> bool:
    """Whether this interpreter runs with a GIL."""
    is_enabled: Any = getattr(sys, "_is_gil_enabled", None)
    return is_enabled is None or bool(is_enabled())


def functions() -> Any:
    """The module whose bind() makes functions."""
    return bridge() or _late.plain


def instances() -> Any:
    """The module whose functions make instances of C data and look into them."""
    return _late.instance_host if bridge() else _late.instance_plain
