"""What stands for the library of an extension module's typed functions.

A bound function asks its library for the ctypes classes of its types, keeps its
callbacks there, and is described by it. Each KAA_FUNCTION() has a declaration of
its own, and so an owner of its own.
"""

from __future__ import annotations

from kaa import _late
from kaa._values.locks import make_lock

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, FrozenSet, Optional, Tuple

    from kaa._values.types import TypeMap

_making = make_lock()
_END = ")\n--\n\n"


class Owner:
    """Owns the declaration of one typed function, and what is made of its types."""

    __slots__ = (
        "module",
        "doc",
        "_declarations",
        "_map",
        "_data",
        "_closures",
        "__weakref__",
    )

    # What load() can be told besides the declaration.
    _hold_gil: FrozenSet[str] = frozenset()
    _errno: FrozenSet[str] = frozenset()

    def __init__(self, keep: object, module: str, doc: Optional[str]) -> None:
        #: The module's name.
        self.module = module
        #: As the module's file has it, perhaps with a signature in front.
        self.doc = doc
        self._declarations = keep
        self._map: Optional[TypeMap] = None
        self._closures: Dict[Any, Any] = {}

    @property
    def _label(self) -> str:
        return self.module

    @property
    def _types(self) -> TypeMap:
        if self._map is None:
            with _making:
                if self._map is None:
                    made = _late.types.TypeMap(self.module, self._declarations, self)
                    # A finaliser that ran meanwhile may have made one too.
                    if self._map is None:
                        self._data = _late.types.Data()
                        self._map = made
        return self._map

    def split_doc(self, name: str) -> Tuple[Optional[str], Optional[str]]:
        """The signature in front of the doc, "(x, y)", and the doc behind it."""
        doc = self.doc
        if doc is not None and doc.startswith(name + "("):
            signature, end, rest = doc[len(name) :].partition(_END)
            if end:
                return signature + ")", rest or None
        return None, doc or None
