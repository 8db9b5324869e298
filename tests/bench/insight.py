"""What tracing the GIL costs: the same program with and without it.

    insight.py [--json] [--rounds N] [--only NAME]

`cycle` is one PyEval_SaveThread and PyEval_RestoreThread, called by a loop in C:
nanoseconds bare, traced, and after the trace. The others are threaded programs,
processor time as a ratio to bare: a web server under load, a thread pool over zlib
and hashlib, a thread that chats through a pipe, sqlite, numpy (where installed), an
asyncio loop with executors. Each round runs bare, traced and bare after removal in
turn, in one process; the least of the rounds counts.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import hashlib
import http.client
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List

import kaa.gil

CYCLE = """
double cycle(void *(*save)(void), void (*restore)(void *), long n, double (*now)(void))
{ double t = now(); for (long i = 0; i < n; i++) restore(save()); return now() - t; }
#include <time.h>
double now(void)
{ struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
"""


def _cycle(folder: str) -> Callable[[], float]:
    """A function that gives the ns of one release and acquisition."""
    source, target = os.path.join(folder, "cycle.c"), os.path.join(folder, "cycle.so")
    with open(source, "w") as file:
        file.write(CYCLE)
    cc = os.environ.get("CC", "cc")
    subprocess.run([cc, "-O2", "-shared", "-fPIC", source, "-o", target], check=True)
    library = ctypes.PyDLL(target)  # the loop itself keeps the GIL
    library.cycle.restype = ctypes.c_double
    api = ctypes.pythonapi
    count = 20000
    return lambda: library.cycle(
        api.PyEval_SaveThread, api.PyEval_RestoreThread, ctypes.c_long(count), library.now
    ) / count


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: no waiting for acknowledgements

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "items": list(range(200))}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused: Any) -> None:
        pass


def web_server() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def client() -> None:
        connection = http.client.HTTPConnection(*server.server_address[:2])
        for i in range(150):
            connection.request("GET", f"/{i}")
            connection.getresponse().read()
        connection.close()

    clients = [threading.Thread(target=client) for _ in range(3)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    server.shutdown()
    thread.join()
    server.server_close()


_DATA = bytes(range(256)) * 400


def pool() -> None:
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(lambda i: zlib.compress(_DATA, 1), range(60)))
        list(executor.map(lambda i: hashlib.sha256(_DATA).digest(), range(200)))


def pipe() -> None:
    def chat() -> None:
        reader, writer = os.pipe()
        for _ in range(20000):
            os.write(writer, b"x")
            os.read(reader, 1)
        os.close(reader)
        os.close(writer)

    thread = threading.Thread(target=chat)
    thread.start()
    thread.join()


def sqlite() -> None:
    def work() -> None:
        base = sqlite3.connect(":memory:")
        base.execute("create table t (a integer, b text)")
        base.executemany("insert into t values (?, ?)", ((i, str(i)) for i in range(3000)))
        for i in range(200):
            base.execute("select count(*), max(b) from t where a > ?", (i,)).fetchone()
        base.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def numpy() -> None:
    import numpy as np

    def work() -> None:
        a = np.arange(20000.0)
        for _ in range(400):
            a = np.sqrt(a * a + 1.0)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def asyncio_loop() -> None:
    def part(i: int) -> int:
        return sum(range(500)) + i

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(3) as executor:
            for _ in range(20):
                calls = [loop.run_in_executor(executor, part, i) for i in range(20)]
                await asyncio.gather(*calls)
                await asyncio.sleep(0)

    asyncio.run(main())


PROGRAMS = [web_server, pool, pipe, sqlite, numpy, asyncio_loop]


def _cpu(function: Callable[[], None]) -> float:
    before = time.process_time()
    function()
    return time.process_time() - before


def measure(function: Callable[[], float], rounds: int) -> Dict[str, float]:
    """The least of each way, taken in turn."""
    found: Dict[str, List[float]] = {"bare": [], "traced": [], "after": []}
    function()
    for i in range(rounds):
        steps = ["bare", "traced", "after"]
        for step in steps if i % 2 else ["after", "traced", "bare"]:
            if step == "traced":
                monitor = kaa.gil.monitor().start()
                found[step].append(function())
                monitor.stop()
            else:
                found[step].append(function())
    return {step: min(values) for step, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--only", metavar="NAME")
    options = parser.parse_args()
    available, why = kaa.gil.is_available()
    if not available:
        print(f"skipped: {why}")
        return
    rows: Dict[str, Dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if options.only in (None, "cycle"):
            rows["cycle"] = measure(_cycle(folder), options.rounds)
    for program in PROGRAMS:
        name = program.__name__
        if options.only not in (None, name):
            continue
        try:
            rows[name] = measure(lambda: _cpu(program), options.rounds)
        except ImportError as error:
            print(f"{name}: skipped: {error}", file=sys.stderr)
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "rows": rows}))
        return
    print(f"Python {sys.version.split()[0]}, least of {options.rounds} rounds")
    for name, row in rows.items():
        bare = row["bare"]
        if name == "cycle":
            print(
                f"  cycle         bare {bare:.1f} ns, traced +{row['traced'] - bare:.1f}"
                f" ns, after removal +{row['after'] - bare:.1f} ns"
            )
        else:
            print(
                f"  {name:13} traced {row['traced'] / bare:.3f}, after removal"
                f" {row['after'] / bare:.3f}  (bare {bare * 1000:.0f} ms)"
            )


if __name__ == "__main__":
    main()
