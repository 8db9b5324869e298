"""Call C from Python, from its declarations, at the cost of an extension.

    >>> import kaa
    >>> libm = kaa.load("libm.so.6", "double pow(double x, double y);")
    >>> libm.pow(2, 10)
    1024.0

Names are resolved at their first use, so that importing kaa costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own would cost as much as all the rest

if TYPE_CHECKING:
    from typing import Any, List

    from kaa._calls.builtin import declaration
    from kaa._calls.builtin import map_ as map
    from kaa._calls.function import Function
    from kaa._error import (
        CancelledError,
        CorruptError,
        DeadlockError,
        DeclarationError,
        Error,
        InvalidArgumentError,
        LibraryError,
        LimitError,
        MisuseError,
        NoMemoryError,
        OperatingSystemError,
        SymbolError,
        UnsupportedError,
    )
    from kaa._library import Library, load
    from kaa._modules.checked import mistakes
    from kaa._modules.loader import import_module
    from kaa._values.cast import cast
    from kaa._values.cdata import (
        addressof,
        alignof,
        asdict,
    )
    from kaa._values.cdata import bytes_ as bytes
    from kaa._values.cdata import from_buffer, handle, new
    from kaa._values.cdata import object_ as object
    from kaa._values.cdata import offsetof, release, sizeof, text
    from kaa._values.cdata import view_ as view
    from kaa._values.named import FunctionPointer, Number
    from kaa._values.pointers import Array, NullPointerError, Pointer
    from kaa._values.record import Record
    from kaa._values.types import CType
    from kaa.refs import audit, watch

    __version__: str

__all__ = [
    "CType",
    "CancelledError",
    "CorruptError",
    "DeadlockError",
    "DeclarationError",
    "Error",
    "Function",
    "InvalidArgumentError",
    "Library",
    "LibraryError",
    "LimitError",
    "MisuseError",
    "NoMemoryError",
    "OperatingSystemError",
    "SymbolError",
    "UnsupportedError",
    "Array",
    "FunctionPointer",
    "NullPointerError",
    "Number",
    "Pointer",
    "Record",
    "addressof",
    "alignof",
    "asdict",
    "audit",
    "bytes",
    "cast",
    "declaration",
    "from_buffer",
    "handle",
    "import_module",
    "load",
    "map",
    "mistakes",
    "new",
    "object",
    "offsetof",
    "release",
    "sizeof",
    "text",
    "view",
    "watch",
]

# Modules that are attributes at their first use: `import kaa; kaa.gil.monitor()`.
_SUBMODULES = ("bound", "check", "gil", "heap", "objects", "refs")

_HOMES = {
    "CType": "kaa._values.types",
    "cast": "kaa._values.cast",
    "declaration": "kaa._calls.builtin",
    "map": "kaa._calls.builtin",
    "Function": "kaa._calls.function",
    "Library": "kaa._library",
    "import_module": "kaa._modules.loader",
    "load": "kaa._library",
    "mistakes": "kaa._modules.checked",
    "Array": "kaa._values.pointers",
    "FunctionPointer": "kaa._values.named",
    "Number": "kaa._values.named",
    "NullPointerError": "kaa._values.pointers",
    "Pointer": "kaa._values.pointers",
    "Record": "kaa._values.record",
    "audit": "kaa.refs",
    "watch": "kaa.refs",
    **dict.fromkeys(
        ("addressof", "alignof", "asdict", "bytes", "from_buffer")
        + ("handle", "new", "object", "offsetof", "release", "sizeof", "text", "view"),
        "kaa._values.cdata",
    ),
}
# What would hide a built-in in its own module.
_OTHERWISE = {"bytes": "bytes_", "map": "map_", "object": "object_", "view": "view_"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from kaa import _native

        value: Any = _native.format_version(_native.kaa_version_number())
    elif name in __all__:
        from importlib import import_module

        home = import_module(_HOMES.get(name, "kaa._error"))
        value = getattr(home, _OTHERWISE.get(name, name))
    elif name in _SUBMODULES:
        from importlib import import_module

        value = import_module(f"kaa.{name}")
    else:
        raise AttributeError(f"module 'kaa' has no attribute {name!r}")
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext kaa` calls: brings the magics %%gil and %%heap."""
    from kaa import _ipython

    _ipython.load(shell)


def __dir__() -> List[str]:
    names = {*globals(), *__all__, *_SUBMODULES, "__version__"}
    return sorted(names - {"TYPE_CHECKING"})
