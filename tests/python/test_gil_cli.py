"""python -m kaa gil, as a user runs it."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any, Iterator

import kaa.gil
import support
from kaa._insight import gil_attach as _gil_attach
from kaa._insight import gil_remote as _gil_remote
from kaa._insight.gil_data import Recording

AVAILABLE, WHY = kaa.gil.is_available()
PROGRAM = """
import ctypes, sys, threading, time
usleep = ctypes.PyDLL(None).usleep
def hog():
    for _ in range(4):
        usleep(150000)
        time.sleep(0.001)
thread = threading.Thread(target=hog, name="the hog")
thread.start()
print("arguments", sys.argv[1:], __name__)
"""
TARGET = """
import os, threading, time
def compute():
    total = 0
    while True:
        total += 1
def block():
    reader, _ = os.pipe()
    os.read(reader, 1)
for one in (compute, block):
    threading.Thread(target=one, daemon=True).start()
print("ready", flush=True)
time.sleep(60)
"""


def run(*arguments: str, text: str = "") -> Any:
    return support.run_python("-m", "kaa", "gil", *arguments, text=text)


@contextlib.contextmanager
def program(text: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.py")
        with open(path, "w") as file:
            file.write(text)
        yield path


@unittest.skipUnless(AVAILABLE, WHY)
class Run(unittest.TestCase):
    def test_script(self) -> None:
        with program(PROGRAM) as path:
            out = path + ".json"
            done = run("run", "--json", out, path, "a", "-b")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, "arguments ['a', '-b'] __main__\n")
            self.assertIn("the hog", done.stderr)
            self.assertIn("program.py:6", done.stderr)
            with open(out) as file:
                recording = Recording.from_json(file.read())
            again = run("report", out)
        self.assertEqual(again.returncode, 0)
        self.assertIn("program.py:6", again.stdout)
        self.assertEqual(recording.hogs[0].line, 6)
        self.assertEqual(recording.hogs[0].function, "hog")
        self.assertGreaterEqual(recording.hogs[0].held_ns, 3 * 150000000)

    def test_module(self) -> None:
        done = run("run", "-q", "-m", "timeit", "-n", "1", "-r", "1", "pass")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("loop", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_outputs(self) -> None:
        with program(PROGRAM) as path:
            base = path + ".out"
            names = ("html", "svg", "chrome", "gecko", "speedscope", "json")
            options = [x for name in names for x in (f"--{name}", f"{base}.{name}")]
            done = run("run", *options, "-o", base, path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for name in names:
                with open(f"{base}.{name}", encoding="utf-8") as file:
                    text = file.read()
                self.assertIn("hog", text, name)
                if name in ("chrome", "gecko", "speedscope", "json"):
                    json.loads(text)
            with open(base, encoding="utf-8") as file:
                self.assertIn("the hog", file.read())

    def test_exit_codes(self) -> None:
        for text, code, said in (
            ("import sys; sys.exit(3)", 3, ""),
            ("raise SystemExit('why')", 1, "why"),
            ("1 / 0", 1, "ZeroDivisionError"),
        ):
            with program(text) as path:
                done = run("run", "-q", path)
            self.assertEqual(done.returncode, code)
            self.assertIn(said, done.stderr)
            self.assertNotIn("_commands", done.stderr)

    def test_mistakes(self) -> None:
        with program("def") as path:
            self.assertIn("invalid syntax", run("run", path).stderr)
        done = run("run", "/nonexistent/program.py")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/program.py: No such file", done.stderr)
        done = run("run", "-m", "no_such_module_at_all")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no_such_module_at_all", done.stderr)
        done = run("run", "--threshold", "soon", "x.py")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'soon' is no time such as 5ms", done.stderr)
        with program(PROGRAM) as path:
            done = run("run", "-q", "--json", "/nonexistent/x", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/x: No such file", done.stderr)

    def test_duration(self) -> None:
        with program("import time; time.sleep(3)") as path:
            out = path + ".json"
            done = run("run", "-q", "--duration", "50ms", "--json", out, path)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(out) as file:
                recording = Recording.from_json(file.read())
        self.assertGreaterEqual(recording.wall_ns, 50000000)
        self.assertLess(recording.wall_ns, 2900000000)


CHILDREN = """
import multiprocessing, os, signal, subprocess, sys, time
def work(n):
    time.sleep(0.01)
    return n * n
if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(work, [3]))
            pool.close()
            pool.join()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.02)"], check=True)
"""
# Children that end in other ways than by themselves.
ENDED = """
import multiprocessing, os, signal, subprocess, sys, time
def work(n):
    return n * n
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:  # SIGTERM at its end
        print(pool.map(work, [4]))
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"],
        stdout=subprocess.PIPE,
    )
    child.stdout.readline()
    child.terminate()
    print(child.wait() == -signal.SIGTERM)
    for end in (lambda: os._exit(0), lambda: os.kill(os.getpid(), signal.SIGKILL)):
        pid = os.fork()
        if not pid:
            end()
        print(os.waitpid(pid, 0)[1])
"""
# Code that is freed within the hold that ran it; what is said of it may be wrong,
# but nobody may refer to it afterwards.
FREED = """
import time
from kaa import gil
TEXT = "while c() < e: pass"
with gil.monitor() as m:
    for i in range(60):
        kept = [compile(TEXT, "kept", "exec") for k in range(200)]
        del kept[::3]
        exec(compile(TEXT, "gone", "exec"), {"c": time.perf_counter, "e": time.perf_counter() + 0.006})
        time.sleep(0.001)
print(m.recording().wall_ns > 0)
"""


@unittest.skipUnless(AVAILABLE, WHY)
class Children(unittest.TestCase):
    def recorded(self, text: str, printed: str) -> Recording:
        with program(text) as path:
            out = path + ".json"
            # The thread that waits for SIGTERM makes a fork() that of a process
            # with threads.
            done = support.run_python(
                *("-W", "ignore:This process:DeprecationWarning"),
                *("-m", "kaa", "gil", "run", "-q", "--json", out, path),
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, printed)
            with open(out) as file:
                recording = Recording.from_json(file.read())
        pids = [one.pid for one in recording.children]
        self.assertEqual(len(set(pids)), len(pids))
        self.assertNotIn(recording.pid, pids)
        for child in recording.children:
            self.assertEqual(child.mode, "trace")
            for one in child.threads:
                life = one.end_ns - one.start_ns
                self.assertEqual(one.held_ns + one.waited_ns + one.off_ns, life)
        return recording

    @support.threads_after_fork
    def test_are_recorded(self) -> None:
        recording = self.recorded(CHILDREN, "[9]\n[9]\n")
        self.assertEqual(len(recording.children), 3)
        self.assertNotIn("Subprocess", " ".join(recording.notes))

    @support.threads_after_fork
    def test_that_are_ended(self) -> None:
        recording = self.recorded(ENDED, "[16]\nTrue\n0\n9\n")
        self.assertEqual(len(recording.children), 2)
        notes = [one for one in recording.notes if "was killed, left by" in one]
        self.assertEqual(len(notes), 2, recording.notes)

    def test_a_program_that_is_terminated(self) -> None:
        text = """
import os, signal, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(600)
"""
        with program(text) as path:
            out = path + ".json"
            done = run("run", "--json", out, path)
            self.assertEqual(done.returncode, -signal.SIGTERM, done.stderr)
            self.assertIn("MainThread", done.stderr)
            with open(out) as file:
                self.assertEqual(len(Recording.from_json(file.read()).threads), 2)

    def test_code_that_is_gone(self) -> None:
        done = support.run_python("-c", FREED)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "True\n")

    def test_may_be_left_out(self) -> None:
        with program(CHILDREN) as path:
            out = path + ".json"
            done = run("run", "-q", "--no-children", "--json", out, path)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(out) as file:
                self.assertEqual(Recording.from_json(file.read()).children, [])


class Report(unittest.TestCase):
    def test_mistakes(self) -> None:
        done = run("report", "/nonexistent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent: No such file", done.stderr)
        done = run("report", "-", text="{}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("recording lacks", done.stderr)


@unittest.skipUnless(AVAILABLE, WHY)
class Others(unittest.TestCase):
    """Looking at another process."""

    PROGRAM = TARGET

    def setUp(self) -> None:
        self.target = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM],
            stdout=subprocess.PIPE,
            env=support.clean_environment(),
        )
        assert self.target.stdout is not None
        self.addCleanup(self.target.stdout.close)
        self.addCleanup(self.target.wait)
        self.addCleanup(self.target.kill)
        self.assertEqual(self.target.stdout.readline(), b"ready\n")
        try:
            _gil_remote.Remote(self.target.pid).close()
        except _gil_remote.RemoteError as error:
            if "may not be read" in str(error):
                self.skipTest(str(error))
            raise

    def test_dump(self) -> None:
        done = run("dump", str(self.target.pid))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"MainThread: off the GIL, in \w+")
        self.assertRegex(done.stdout, r'off the GIL, in read\n.*line 9, in block')
        self.assertRegex(done.stdout, r"line [56], in compute")

    def test_sample(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.json")
            done = run(
                *("attach", "--sample", "--duration", "1", "--json", out),
                str(self.target.pid),
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(out) as file:
                recording = Recording.from_json(file.read())
        self.assertEqual(recording.mode, "sample")
        self.assertEqual(recording.pid, self.target.pid)
        self.assertIn(recording.hogs[0].line, (5, 6))
        self.assertGreater(recording.hogs[0].held_ns, recording.wall_ns / 3)
        for one in recording.threads:
            life = one.end_ns - one.start_ns
            self.assertEqual(one.held_ns + one.waited_ns + one.off_ns, life)
        blocked = [one for one in recording.threads if "read" in one.off_by]
        self.assertEqual(len(blocked), 1)
        self.assertGreater(blocked[0].off_by["read"], 0.9 * recording.wall_ns)

    def test_live(self) -> None:
        done = run("live", "--duration", "1.2", "--refresh", "0.3", str(self.target.pid))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("MainThread", done.stdout)

    def test_a_process_that_ends(self) -> None:
        remote = _gil_remote.Remote(self.target.pid)
        self.addCleanup(remote.close)
        self.assertGreaterEqual(len(remote.look()), 2)
        self.target.kill()
        self.target.wait()
        with self.assertRaisesRegex(_gil_remote.RemoteError, "has ended"):
            remote.look()


# The main thread has the GIL and waits for a mutex; its owner waits for the GIL.
STUCK = """
import ctypes, threading, time
mutex = ctypes.create_string_buffer(64)
ready = threading.Event()
def other():
    ctypes.CDLL(None).pthread_mutex_lock(mutex)
    ready.set()
    while True:
        time.sleep(0.001)  # line 9
threading.Thread(target=other, daemon=True).start()
ready.wait()
print("ready", flush=True)
ctypes.PyDLL(None).pthread_mutex_lock(mutex)  # line 13
"""


@unittest.skipUnless(AVAILABLE, WHY)
class Deadlocks(Others):
    PROGRAM = STUCK

    def test_dump(self) -> None:
        """The circle is told, with the lines of both threads."""
        pid = self.target.pid

        def dumped() -> str:
            done = run("dump", str(pid))
            self.assertEqual(done.returncode, 0, done.stderr)
            return str(done.stdout) if "DEADLOCK" in done.stdout else ""

        text = support.until(dumped).partition("\n\n")[2].partition("\n\n")[0]
        self.assertRegex(
            text,
            rf"MainThread \({pid}\) waits for a mutex at 0x\w+, which (thread \d+|.*)"
            r' has\n  File "<string>", line 13, in <module>',
        )
        self.assertRegex(
            text,
            rf"waits for the GIL, which MainThread \({pid}\) has\n"
            r'  File "<string>", line 9, in other',
        )

    def test_sample(self) -> None:
        """The report has it, and the page before all else."""

        def sampled() -> Any:
            with tempfile.TemporaryDirectory() as folder:
                out = os.path.join(folder, "out")
                done = run(
                    *("attach", "--sample", "--duration", "0.1", "--json", out),
                    *("--html", out + ".html", str(self.target.pid)),
                )
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(out) as file:
                    recording = Recording.from_json(file.read())
                with open(out + ".html") as file:
                    return recording.deadlocks and (done.stdout, file.read())

        table, page = support.until(sampled)
        self.assertIn("DEADLOCK", table)
        self.assertLess(page.index("DEADLOCK</h2>"), page.index("Advice</h2>"))
        self.assertEqual(page.count("DEADLOCK</h2>"), 1)
        self.assertIn("wait for each other in a circle", table)
        self.assertNotIn("is served late", table)

    def test_live(self) -> None:
        def shown() -> bool:
            done = run(
                *("live", "--duration", "0.5", "--refresh", "0.2"), str(self.target.pid)
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            return "DEADLOCK" in done.stdout

        support.until(shown)


SERVER = """
import http.server, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    def do_GET(self):
        body = str(sum(range(2000))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *unused): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@unittest.skipUnless(AVAILABLE, WHY)
class Attach(unittest.TestCase):
    """kaa is loaded into a server under load; no request may fail."""

    @support.attaches
    def test_server(self) -> None:
        if not shutil.which("gdb"):
            self.skipTest("gdb is not installed")
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdout=subprocess.PIPE,
            env=support.clean_environment(),
        )
        assert server.stdout is not None
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        port = int(server.stdout.readline())
        stop = threading.Event()
        counts, errors = [0, 0], []

        def client(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            while not stop.is_set():
                try:
                    connection.request("GET", "/")
                    if connection.getresponse().read() != b"1999000":
                        raise ValueError("another answer")
                except Exception as error:
                    errors.append(repr(error))
                    return
                counts[number] += 1
                time.sleep(0.002)
            connection.close()

        clients = [threading.Thread(target=client, args=(i,)) for i in range(2)]
        for one in clients:
            one.start()
        try:
            rounds = 100 if os.environ.get("KAA_TEST_LONG") else 3
            for _ in range(rounds):
                try:
                    recording = _gil_attach.trace(server.pid, 0.2)
                except _gil_remote.RemoteError as error:
                    if "may not be read" in str(error) or "ptrace" in str(error):
                        self.skipTest(str(error))
                    raise
                self.assertEqual(recording.mode, "trace")
                self.assertEqual(recording.pid, server.pid)
                for one in recording.threads:
                    life = one.end_ns - one.start_ns
                    self.assertEqual(one.held_ns + one.waited_ns + one.off_ns, life)
        finally:
            stop.set()
            for one in clients:
                one.join()
        self.assertEqual(errors, [])
        self.assertGreater(min(counts), 5)
        self.assertIsNone(server.poll())


@unittest.skipUnless(AVAILABLE, WHY)
class Nobody(unittest.TestCase):
    def test_no_process(self) -> None:
        for action in (["dump"], ["live"], ["attach", "--sample"]):
            done = run(*action, "4194303")
            self.assertEqual(done.returncode, 1)
            self.assertIn("there is no process 4194303", done.stderr)

    def test_no_python(self) -> None:
        with subprocess.Popen(["sleep", "60"]) as other:
            try:
                done = run("dump", str(other.pid))
            finally:
                other.kill()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "runs no CPython|may not be read")

    def test_remote_line_tables(self) -> None:
        """The decoders give the lines that the interpreter gives."""
        version = sys.hexversion >> 16
        find = _gil_remote._line_311 if version >= 0x30B else _gil_remote._line_310
        if version == 0x309:
            find = _gil_remote._line_39
        import ast
        import dis
        import typing

        for function in (ast.parse, ast.dump, typing.get_type_hints, io.open_code, find):
            code = getattr(function, "__code__", None)
            if code is None:
                continue
            table = code.co_linetable if version >= 0x30A else code.co_lnotab
            starts = dict(dis.findlinestarts(code))
            line = None
            for at in range(0, len(code.co_code), 2):
                line = starts.get(at, line) if at in starts else line
                found = find(table, code.co_firstlineno, at)
                if line is not None and found and at in starts:
                    self.assertEqual(found, line, (function, at))


@unittest.skipUnless(AVAILABLE, WHY)
class Lesson(unittest.TestCase):
    def test_lesson(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "page.html")
            done = run("lesson", "--html", page)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(page, done.stdout)
            self.assertTrue(os.path.getsize(page) > 1000)
        for title in ("two threads that compute", "the convoy", "lets go"):
            self.assertIn(title, done.stdout)


if __name__ == "__main__":
    unittest.main()
