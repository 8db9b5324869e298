"""race.py LIBRARY - two threads at once in a function that races."""

from __future__ import annotations

import sys
import threading

import kaa

library = kaa.load(sys.argv[1], "void race_prepare(void); int race_bump(void);")
library.race_prepare()
threads = [threading.Thread(target=library.race_bump) for _ in "ab"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
