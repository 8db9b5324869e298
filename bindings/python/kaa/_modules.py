"""What kaa.importer does with libkaa, on the bridge."""

from __future__ import annotations

import os
from importlib.machinery import ModuleSpec
from types import ModuleType
from weakref import WeakSet

from kaa import _native
from kaa._host import _host

_executed: "WeakSet[ModuleType]" = WeakSet()


def create(path: str, spec: ModuleSpec) -> ModuleType:
    """The empty module of a file."""
    try:
        module: ModuleType = _native.kaa_cpython_module_create(
            _host, os.fsencode(path), spec
        )
    except ImportError as error:
        error.name = spec.name
        error.path = path
        raise
    return module


def execute(module: ModuleType) -> None:
    """Fills it; once, so that reloading gives the module as it is."""
    if module in _executed:
        return
    _native.kaa_cpython_module_exec(_host, module)
    _executed.add(module)
