"""Where the hooks of libkaa's monitors can be put."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Optional


def why_not(has: str, needs: str) -> Optional[str]:
    """Why no hooks can be put into this interpreter; None if they can. `has` is what
    they hook, `needs` begins a sentence: "the trace needs"."""
    if sys.implementation.name != "cpython":
        return f"{sys.implementation.name} has no {has} of CPython's kind"
    if not sys.platform.startswith("linux"):
        return f"{needs} Linux, not {sys.platform}"
    if ctypes.sizeof(ctypes.c_void_p) != 8 or os.uname().machine != "x86_64":
        return f"{needs} x86-64, not {os.uname().machine}"
    return None
