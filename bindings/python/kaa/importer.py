"""Importing extension modules: files NAME.kaa.so.

    >>> import kaa.importer     # from here on `import` finds them

They are found where modules are: in the directories of ``sys.path`` and of a
package's ``__path__``, in that order. Within a directory they have the place of
extension modules: behind a package of that name and the interpreter's own
extension modules, before NAME.py. Their ``__spec__``, ``__file__``,
``__loader__`` and resources are those of any extension module; reloading gives
the module as it is.

`kaa.import_module()` loads one file by its path, whatever is on ``sys.path``.
"""

from __future__ import annotations

import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)

from kaa._modules.loader import Loader, import_module

__all__ = ["Loader", "SUFFIX", "import_module", "install", "uninstall"]

SUFFIX = ".kaa.so"

# The finder of directories that the interpreter has, with one suffix more.
_hook = FileFinder.path_hook(
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (Loader, [SUFFIX]),
    (SourceFileLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)


def _place() -> int:
    """In front of the interpreter's own hook for directories, so that what others
    put before that goes on to be asked first."""
    for place, hook in enumerate(sys.path_hooks):
        if getattr(hook, "__name__", "") == _hook.__name__:
            return place
    return len(sys.path_hooks)


def _forget() -> None:
    """Drops the finders of directories that were made with other hooks."""
    for entry, finder in list(sys.path_importer_cache.items()):
        if type(finder) is FileFinder:
            sys.path_importer_cache.pop(entry, None)


def install() -> None:
    """Makes `import` find extension modules; importing this module has done it."""
    if _hook not in sys.path_hooks:
        sys.path_hooks.insert(_place(), _hook)
        _forget()


def uninstall() -> None:
    """Undoes install(). What was imported stays."""
    if _hook in sys.path_hooks:
        sys.path_hooks.remove(_hook)
        _forget()


install()
