"""The modules of calls, for each other: those that cannot be imported at the top.

An import within a function fails when the interpreter ends (its machinery is gone
before the last finalisers run), and may wait for ever in a child of fork(). So a
function asks here: a module is imported when it is first asked for, and kaa.load()
asks for all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaa import _cast as cast
    from kaa import _cdata as cdata
    from kaa import _closure as closure
    from kaa import _convert as convert
    from kaa import _declarations as declarations
    from kaa import _derive as derive
    from kaa import _error as error
    from kaa import _fault as fault
    from kaa import _found as found
    from kaa import _free as free
    from kaa import _function as function
    from kaa import _headers as headers
    from kaa import _host as host
    from kaa import _instance as instance
    from kaa import _instance_host as instance_host
    from kaa import _instance_plain as instance_plain
    from kaa import _invoke as invoke
    from kaa import _library as library
    from kaa import _map as map
    from kaa import _named as named
    from kaa import _origins as origins
    from kaa import _plain as plain
    from kaa import _pointer as pointer
    from kaa import _pointers as pointers
    from kaa import _record as record
    from kaa import _records as records
    from kaa import _shapes as shapes
    from kaa import _types as types
    from kaa import _variable as variable

#: What calls need on every interpreter; not `headers`, which brings much, nor
#: what is for an interpreter with the bridge, or without.
_NEEDED = (
    "cast cdata closure convert declarations derive error fault found free function"
    " instance invoke library map named origins plain pointer pointers record records"
    " shapes types variable"
)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    module = globals()[name] = import_module(f"kaa._{name}")
    return module


def import_all() -> None:
    for name in _NEEDED.split():
        __getattr__(name)
