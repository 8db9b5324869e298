"""What another process does at this moment: each thread's stack, and deadlocks."""

from __future__ import annotations

import sys
from typing import Any

from kaa._insight import gil_deadlock as _gil_deadlock
from kaa._insight.gil_remote import Remote


def dump(pid: int, file: Any = None) -> None:
    """Prints the stack of each thread and what it does."""
    out = file or sys.stdout
    remote = Remote(pid)
    try:
        seen = remote.look()
        print(f"process {pid}, Python {remote.python}", file=out)
        for report in _gil_deadlock.find(remote):
            print(f"\nDEADLOCK\n{report}", file=out)
        for one in seen:
            what = {"held": "has the GIL", "waiting": "waits for the GIL"}.get(
                one.state, "off the GIL"
            )
            inside = f", in {one.call}" if one.call else ""
            print(f"\nthread {one.id} {remote.name(one.id)}: {what}{inside}", file=out)
            for frame in one.frames:
                print(
                    f'  File "{frame.file}", line {frame.line}, in {frame.function}',
                    file=out,
                )
    finally:
        remote.close()
