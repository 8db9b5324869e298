"""Extension modules: their loader, and loading one by its path."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Literal, Optional, Set, Union
from weakref import WeakSet

from kaa import _backend, _native

# Without a bridge modules run on the native runtime.
_bridge = _backend.bridge()
_host = _bridge.handle() if _bridge else None

_executed: WeakSet[ModuleType] = WeakSet()
_checked_files: Set[str] = set()


class Loader(importlib.machinery.ExtensionFileLoader):
    """Makes a module of a file NAME.kaa.so."""

    def __repr__(self) -> str:
        return f"<kaa.importer.Loader {self.path!r}>"

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The empty module."""
        if "\0" in self.path:  # C would take the part before it for the path
            raise ValueError("embedded null character in a module's path")
        try:
            if _host is None:
                from kaa._modules import plain_module as _plain_module

                return _plain_module.load(os.fsencode(self.path), spec.name)
            module: ModuleType = _native.kaa_cpython_module_create(
                _host, os.fsencode(self.path), spec
            )
        except ImportError as error:
            error.name = spec.name
            error.path = self.path
            raise
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Fills it; once, so that reloading gives the module as it is."""
        if _host is None or module in _executed:
            return
        _native.kaa_cpython_module_exec(_host, module)
        _executed.add(module)


def _check(file: str, checked: Union[Literal[True], str]) -> None:
    """Has the module of a file checked from its next import on."""
    from kaa._modules import checked as _checked

    _checked.select(file, "report" if checked is True else checked)
    _checked_files.add(file)


def import_module(
    path: Union[str, bytes, os.PathLike[str]],
    name: Optional[str] = None,
    *,
    checked: Union[bool, str] = False,
) -> ModuleType:
    """Loads the extension module of a file, whatever is on ``sys.path``.

    It is called as the file is, or `name`, and put into ``sys.modules``; a module
    that is there already, from the same file, is given as it is. With `checked`
    True, its mistakes with references are told on stderr, call by call, and
    `kaa.mistakes()` lists them; "raise" makes such a call fail with SystemError,
    "abort" ends the process, and "fault" makes each place of the module that makes a
    call which may fail see it fail once, in a child. "trace" checks nothing, but counts and
    times calls: `python -m kaa check --trace`. "stacks" notes of each reference by which
    calls of the module it was taken, for the backtraces of leaks. A module that was loaded
    unchecked is a ValueError.
    """
    file = os.path.abspath(os.fsdecode(path))
    if name is None:
        name = os.path.basename(file).split(".", 1)[0]
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == file:
        if checked and file not in _checked_files:
            raise ValueError(f"{file}: loaded already, and not checked")
        return loaded
    if checked:
        _check(file, checked)
    loader = Loader(name, file)
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None  # with a loader there always is one
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        if sys.modules.get(name) is module:
            if loaded is None:
                del sys.modules[name]
            else:
                sys.modules[name] = loaded
        raise
    return module
