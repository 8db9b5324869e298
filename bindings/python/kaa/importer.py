"""Importing extension modules: files NAME.kaa.so.

    >>> import kaa.importer     # from here on `import` finds them

They are found where modules are: in the directories of ``sys.path`` and of a
package's ``__path__``, after what the interpreter itself finds there. Their
``__spec__``, ``__file__``, ``__loader__`` and resources are those of any
extension module; reloading gives the module as it is.

`kaa.import_module()` loads one file by its path, whatever is on ``sys.path``.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import FileFinder, ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence

from kaa._modules import Loader, import_module

__all__ = ["Loader", "SUFFIX", "import_module", "install", "uninstall"]

SUFFIX = ".kaa.so"


class _Finder:
    """The entry of sys.meta_path."""

    __slots__ = ("_hook", "_finders")

    def __init__(self) -> None:
        self._hook: Callable[[str], Any] = FileFinder.path_hook((Loader, [SUFFIX]))
        self._finders: Dict[str, Any] = {}

    def _finder(self, entry: str) -> Any:
        if entry == "":
            try:
                entry = os.getcwd()
            except OSError:
                return None
        try:
            return self._finders[entry]
        except KeyError:
            try:
                found = self._hook(entry)
            except ImportError:  # no directory
                found = None
            self._finders[entry] = found
            return found

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        for entry in sys.path if path is None else path:
            if not isinstance(entry, str):
                continue
            finder = self._finder(entry)
            if finder is None:
                continue
            spec: Optional[ModuleSpec] = finder.find_spec(fullname, target)
            # FileFinder knows directories without __init__ too; those are not ours.
            if spec is not None and spec.loader is not None:
                return spec
        return None

    def invalidate_caches(self) -> None:
        for entry, finder in list(self._finders.items()):
            if finder is None:
                del self._finders[entry]
            else:
                finder.invalidate_caches()


_finder = _Finder()


def install() -> None:
    """Makes `import` find extension modules; importing this module has done it."""
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)


def uninstall() -> None:
    """Undoes install(). What was imported stays."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


install()
