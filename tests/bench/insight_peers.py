"""What tools see of one scripted program whose holds and waits are known.

    insight_peers.py [--seconds N]

The program: a thread holds the GIL for 30 ms, again and again, in one C call at one
line; a second one wants it every millisecond; a third is blocked in a read. Beside
kaa: py-spy, gilknocker (where installed), and Tachyon (profiling.sampling of CPython
3.15, by the interpreter that runs this). One line a tool, with what it said.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any, Dict, List

PROGRAM = """
import ctypes, os, sys, threading, time
usleep = ctypes.PyDLL(None).usleep
end = time.monotonic() + float(sys.argv[1])
truth = {"held": 0.0, "waited": 0.0}
def hog():
    while time.monotonic() < end:
        before = time.monotonic()
        usleep(30000)  # line 8
        truth["held"] += time.monotonic() - before
        time.sleep(0.001)
def waiter():
    while time.monotonic() < end:
        before = time.monotonic()
        time.sleep(0.001)  # line 14
        truth["waited"] += time.monotonic() - before - 0.00106
def reader():
    os.read(os.pipe()[0], 1)
threading.Thread(target=reader, daemon=True, name="reader").start()
threads = [threading.Thread(target=f, name=f.__name__) for f in (hog, waiter)]
for t in threads: t.start()
if len(sys.argv) > 2:
    import gilknocker
    knocker = gilknocker.KnockKnock(1000)
    knocker.start()
for t in threads: t.join()
if len(sys.argv) > 2:
    print("metric", knocker.contention_metric)
    knocker.stop()
print("truth", truth["held"], truth["waited"])
"""


def _output(command: List[str], **more: Any) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **more
    )
    return done.stdout.decode("utf-8", "replace")


def _start(path: str, seconds: float) -> Any:
    return subprocess.Popen(
        [sys.executable, path, str(seconds)], stdout=subprocess.DEVNULL
    )


def _of_kaa(text: str) -> str:
    made: Dict[str, Any] = json.loads(text)
    threads = {one["name"]: one for one in made["threads"]}
    hog = made["hogs"][0]
    victim = made["victims"][0]
    held = sum(one["held_ns"] for one in threads.values()) / 1e9
    waited = max(one["waited_ns"] for one in threads.values()) / 1e9
    return (
        f"held {held:.2f} s, longest {hog['held_max_ns'] / 1e6:.0f} ms, at line"
        f" {hog['line']} ({hog['c_function']}); waited {waited:.2f} s at line"
        f" {victim['line']}, longest {victim['waited_max_ns'] / 1e6:.0f} ms"
    )


def kaa_trace(path: str, seconds: float) -> str:
    out = path + ".json"
    said = _output([sys.executable, "-m", "kaa", "gil", "run", "-q", "--json", out, path,
                    str(seconds)])  # fmt: skip
    with open(out) as file:
        text = _of_kaa(file.read())
    return f"{text}; {_truth(said)}"


def _truth(said: str) -> str:
    found = re.search(r"truth (\S+) (\S+)", said)
    if not found:
        return said[-200:]
    held, waited = float(found.group(1)), float(found.group(2))
    return f"the program itself: holds and their end {held:.2f} s, waits {waited:.2f} s"


def kaa_sample(path: str, seconds: float) -> str:
    out = path + ".json"
    with _start(path, seconds + 6) as target:
        _output([sys.executable, "-m", "kaa", "gil", "attach", "--sample", "-q", "--json",
                 out, "--duration", str(seconds), str(target.pid)])  # fmt: skip
    with open(out) as file:
        return _of_kaa(file.read())


def py_spy(path: str, seconds: float) -> str:
    tool = shutil.which("py-spy")
    if tool is None:
        return "not installed"
    out = path + ".raw"
    with _start(path, seconds + 6) as target:
        said = _output([tool, "record", "--gil", "-r", "200", "-f", "raw", "-o", out, "-d",
                        str(int(seconds)), "-p", str(target.pid)])  # fmt: skip
    if not os.path.exists(out):
        return said.strip().splitlines()[-1]
    counts: Dict[str, int] = {}
    with open(out) as file:
        for line in file:
            stack, _, count = line.rpartition(" ")
            leaf = stack.split(";")[-1]
            counts[leaf] = counts.get(leaf, 0) + int(count)
    most = sorted(counts.items(), key=lambda one: -one[1])[:2]
    shown = [f"{os.path.basename(a)}: {n} samples" for a, n in most]
    return f"holder only: {', '.join(shown)}; nothing of waits or lengths"


def gilknocker(path: str, seconds: float) -> str:
    said = _output([sys.executable, path, str(seconds), "knock"])
    found = re.search(r"metric (\S+)", said)
    if not found:
        return said.strip().splitlines()[-1]
    return f"contention metric {float(found.group(1)):.2f}; no threads, no lines"


def tachyon(path: str, seconds: float) -> str:
    if sys.version_info < (3, 15):
        return "needs 3.15 on both sides"
    with _start(path, seconds + 6) as target:
        said = _output([sys.executable, "-m", "profiling.sampling", "attach", "--mode",
                        "gil", "-d", str(int(seconds)), "--collapsed", "-a", "-o",
                        path + ".txt", str(target.pid)])  # fmt: skip
    if not os.path.exists(path + ".txt"):
        return said.strip().splitlines()[-1] if said.strip() else "no output"
    with open(path + ".txt") as file:
        lines = sorted(file, key=lambda one: -int(one.rpartition(" ")[2]))
    return "holder only: " + "; ".join(
        one.rpartition(";")[2].strip() + " samples" for one in lines[:2]
    )


TOOLS = (kaa_trace, kaa_sample, py_spy, gilknocker, tachyon)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {options.seconds} s")
    with tempfile.TemporaryDirectory() as folder:
        for tool in TOOLS:
            path = os.path.join(folder, f"program_{tool.__name__}.py")
            with open(path, "w") as file:
                file.write(PROGRAM)
            try:
                said = tool(path, options.seconds)
            except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
                said = f"{type(error).__name__}: {error}"
            print(f"| {tool.__name__} | {said} |")


if __name__ == "__main__":
    main()
