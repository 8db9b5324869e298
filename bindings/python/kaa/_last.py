"""Calls at the very end of the interpreter.

CPython ends by setting all globals of all modules to None. A finaliser that runs
after that (of an object that `sys` holds, say) may still call a bound function:
to close a handle. So the modules that a call needs are taken out of what is
cleared: in `sys.modules` an object with the same attributes stands for each.

The types of a library refer to it weakly, and the collector clears such
references before the finalisers of a cycle run: now they refer to it as others do.
"""

from __future__ import annotations

import atexit
import sys
from functools import partial
from types import ModuleType
from weakref import WeakSet

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

#: What kaa's modules use of the standard library in a call.
_USED = frozenset(
    ("ctypes", "ctypes._endian", "weakref", "_weakrefset", "enum", "types", "os")
)


class _Kept:
    """A module's attributes, in the module's own dict."""

    def __init__(self, module: ModuleType) -> None:
        self.__dict__ = module.__dict__

    def __getattr__(self, name: str) -> Any:
        lazily = self.__dict__.get("__getattr__")
        if lazily is None:
            raise AttributeError(name)
        return lazily(name)


#: The maps of types that have a library.
maps: WeakSet[Any] = WeakSet()


def _itself(library: Any) -> Any:
    return library


def _keep() -> None:
    _keep_libraries()
    for name, module in list(sys.modules.items()):
        if type(module) is ModuleType and (
            name == "kaa" or name.startswith("kaa.") or name in _USED
        ):
            sys.modules[name] = _Kept(module)  # type: ignore[assignment]


def _keep_libraries() -> None:
    kept = list(maps)
    for one in kept:
        one.library = partial(_itself, one.library())
    if not kept:
        return
    import kaa

    for name in kaa.__all__:  # which the package else imports when it is asked
        if kaa._HOMES.get(name, "kaa._error") in sys.modules:
            getattr(kaa, name)


if sys.implementation.name == "cpython":
    atexit.register(_keep)
