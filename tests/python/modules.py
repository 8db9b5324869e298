"""The example modules, for their tests: the same files for every Python."""

from __future__ import annotations

import gc
import os
import sys
import unittest
from typing import Any, Callable

import kaa

FOLDER = os.environ.get("KAA_TEST_MODULES", "")


HAS_BRIDGE = (
    sys.implementation.name == "cpython" and os.environ.get("KAA_HOST") != "none"
)


def path_of(name: str) -> str:
    """The file of a module; AssertionError if nothing built it."""
    path = os.path.join(FOLDER, f"{name}.kaa.so")
    if not FOLDER:
        raise unittest.SkipTest("KAA_TEST_MODULES is not set: CTest sets it")
    assert os.path.exists(path), f"{path} is not built"
    return path


def load(name: str, without_bridge: bool = False) -> Any:
    """The module; skips the test where it would run on objects of its own, unless that
    is what the test is about. CTest has built it: where it is missing, a test fails."""
    path = path_of(name)
    if not HAS_BRIDGE and not without_bridge:
        raise unittest.SkipTest("it takes Python's own objects")
    return kaa.import_module(path)


def growth(action: Callable[[], Any], count: int) -> int:
    """How many blocks of Python's memory more there are after so many calls: the
    least of three times, since an interpreter fills caches of its own at any time,
    and what leaks does so each time."""
    for _ in range(count // 10):
        action()
    return min(_growth(action, count) for _ in range(3))


def _growth(action: Callable[[], Any], count: int) -> int:
    _collect()
    before = sys.getallocatedblocks()
    for _ in range(count):
        action()
    _collect()
    return sys.getallocatedblocks() - before


def _collect() -> None:
    """Without a GIL an interpreter frees late: some things at the next collection."""
    for _ in range(4):
        gc.collect()
