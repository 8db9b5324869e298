"""Locks that a child of fork() can take.

Another thread may hold one at a fork; in the child that thread is gone, and the lock
would be held for ever.
"""

from __future__ import annotations

import os
import weakref
from _thread import RLock

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

_all: weakref.WeakSet[Any] = weakref.WeakSet()


def make_lock() -> Any:
    """A lock that the thread which holds it may take again."""
    made = RLock()
    if hasattr(made, "_at_fork_reinit"):  # not on PyPy, where threads fork alone
        _all.add(made)
    return made


def _renew() -> None:
    for one in list(_all):
        if not one._is_owned():  # who forked may be within
            one._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
