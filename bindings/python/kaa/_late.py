"""The modules of calls, for each other: those that cannot be imported at the top.

An import within a function fails when the interpreter ends (its machinery is gone
before the last finalisers run), and may wait for ever in a child of fork(). So a
function asks here: a module is imported when it is first asked for, and kaa.load()
asks for all. What is not in _PLACES is no module of calls.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

    from kaa import _error, _library
    from kaa._backend import free as free
    from kaa._backend import host as host
    from kaa._backend import instance_host as instance_host
    from kaa._backend import instance_plain as instance_plain
    from kaa._backend import plain as plain
    from kaa._backend import plain_quick as plain_quick
    from kaa._calls import closure as closure
    from kaa._calls import formats as formats
    from kaa._calls import found as found
    from kaa._calls import function as function
    from kaa._calls import invoke as invoke
    from kaa._calls import map as map
    from kaa._headers import declarations as declarations
    from kaa._headers import load
    from kaa._values import cast as cast
    from kaa._values import cdata as cdata
    from kaa._values import convert as convert
    from kaa._values import derive as derive
    from kaa._values import fault as fault
    from kaa._values import instance as instance
    from kaa._values import named as named
    from kaa._values import origins as origins
    from kaa._values import pointer as pointer
    from kaa._values import pointers as pointers
    from kaa._values import record as record
    from kaa._values import records as records
    from kaa._values import shapes as shapes
    from kaa._values import types as types
    from kaa._values import variable as variable

    # A checker takes these for exported if they are assigned, not if imported as such.
    error, headers, library = _error, load, _library

#: What calls need on every interpreter.
_NEEDED = {
    "cast": "kaa._values.cast",
    "cdata": "kaa._values.cdata",
    "closure": "kaa._calls.closure",
    "convert": "kaa._values.convert",
    "declarations": "kaa._headers.declarations",
    "derive": "kaa._values.derive",
    "error": "kaa._error",
    "fault": "kaa._values.fault",
    "found": "kaa._calls.found",
    "free": "kaa._backend.free",
    "function": "kaa._calls.function",
    "instance": "kaa._values.instance",
    "invoke": "kaa._calls.invoke",
    "library": "kaa._library",
    "map": "kaa._calls.map",
    "named": "kaa._values.named",
    "origins": "kaa._values.origins",
    "pointer": "kaa._values.pointer",
    "pointers": "kaa._values.pointers",
    "record": "kaa._values.record",
    "records": "kaa._values.records",
    "shapes": "kaa._values.shapes",
    "types": "kaa._values.types",
    "variable": "kaa._values.variable",
}

#: And with the bridge.
_BRIDGED = {
    "host": "kaa._backend.host",
    "instance_host": "kaa._backend.instance_host",
}
#: And without it.
_PLAIN = {
    "formats": "kaa._calls.formats",
    "instance_plain": "kaa._backend.instance_plain",
    "plain": "kaa._backend.plain",
    "plain_quick": "kaa._backend.plain_quick",
}
#: Headers bring much.
_PLACES = {**_NEEDED, **_BRIDGED, **_PLAIN, "headers": "kaa._headers.load"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = globals()[name] = import_module(_PLACES[name])
    return module


def import_all(is_bridged: bool) -> None:
    for name in (*_NEEDED, *(_BRIDGED if is_bridged else _PLAIN)):
        __getattr__(name)
