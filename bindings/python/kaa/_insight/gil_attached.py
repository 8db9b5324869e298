"""What runs in a process that kaa was loaded into: a trace for a while, to a file."""

from __future__ import annotations

import os
import threading
import time


def _record(path: str, seconds: float) -> None:
    from kaa import gil

    try:
        with gil.monitor() as monitor:
            time.sleep(seconds)
        text = monitor.json()
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".part", path)


def begin(path: str, seconds: float) -> None:
    """Starts recording on a thread of its own, and returns at once."""
    threading.Thread(
        target=_record, args=(path, seconds), name="kaa-attached", daemon=True
    ).start()
