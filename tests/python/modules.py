"""The example modules, for their tests: the same files for every Python."""

from __future__ import annotations

import os
import unittest
from typing import Any

import kaa

FOLDER = os.environ.get("KAA_TEST_MODULES", "")


def load(name: str) -> Any:
    """The module; skips the test where it is not built or cannot run yet."""
    path = os.path.join(FOLDER, f"{name}.kaa.so")
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{name}.kaa.so is not built")
    try:
        return kaa.import_module(path)
    except ImportError as error:
        if "the bridge needs CPython" in str(error):
            raise unittest.SkipTest(str(error))
        raise
