"""The pytest plugin and the magics, each in a process of its own.

What counts here is what they do with what was measured: how marks are read, which
test fails and with which words. The measuring modules are those of kaa where it
has them; `Measured` puts modules with known results in their place.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tempfile
import unittest

import support


def can_import(name: str) -> bool:
    """Whether this Python has it, with what it needs itself."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


# Modules with known results, installed before kaa's own are asked for.
MEASURED = """
import sys, types
sys.path.insert(0, {samples!r})
import check_samples, heap_samples, views_samples
from kaa._insight.check_data import RefsReport

def module(name, **names):
    made = types.ModuleType(name)
    vars(made).update(names)
    sys.modules[name] = made

class Monitor:
    def __init__(self, threshold=0.0001):
        self.threshold = threshold
    def __enter__(self):
        return self
    def __exit__(self, *about):
        pass
    def recording(self):
        made = views_samples.recording(2, 400 * views_samples.MS, 40)
        made.threads[1].name = "worker-1\\x1b[31m"
        made.threads[1].held_max_ns = 84 * views_samples.MS
        for hog in made.hogs:
            hog.held_max_ns, hog.threads = 84 * views_samples.MS, [4001]
            hog.file, hog.line = "app.py", 41
        return made
    def report(self):
        made = heap_samples.report()
        made.peak_bytes = 20_000_000
        return made

def check(function, rounds):
    for _ in range(rounds):
        function()
    return check_samples.refs() if CALLS and CALLS[0] == "leaks" else RefsReport("f")

CALLS = []
TAKEN = []
def take():
    return TAKEN.pop() if TAKEN else None
module("kaa.gil", monitor=Monitor, is_available=lambda: (True, ""))
module("kaa.heap", profile=lambda exact=False: Monitor())
module("kaa.refs", check=check)
module("kaa.check", start=TAKEN.clear, take=take)
sys.modules["kaa.check"].start = lambda modules: CALLS.append(modules)
"""


class Done(unittest.TestCase):
    """Runs a program beside files, and holds its output."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name: str, text: str) -> None:
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def measured(self) -> str:
        here = os.path.dirname(os.path.abspath(__file__))
        return MEASURED.format(samples=here)

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            cwd=self.folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TERM": "dumb"},
        )
        self.code = done.returncode
        return done.stdout


@unittest.skipUnless(can_import("pytest"), "needs pytest")
class Pytest(Done):
    def pytest(self, test: str, *options: str, conftest: str = "") -> str:
        self.write("conftest.py", conftest or self.measured())
        self.write("test_it.py", "import pytest\n" + test)
        return self.python(
            "-m", "pytest", "-p", "kaa.pytest_plugin", "-p", "no:cacheprovider",
            "-q", *options
        )  # fmt: skip

    def test_a_hold_that_is_too_long(self) -> None:
        said = self.pytest(
            "@pytest.mark.gil_hold_max(0.05)\ndef test_long(): pass\n"
            "@pytest.mark.gil_hold_max(seconds=0.1)\ndef test_short(): pass\n"
            "def test_other(): pass\n"
        )
        self.assertIn("1 failed, 2 passed", said)
        self.assertIn("gil_hold_max: held for 84.0 ms, allowed are 50.0 ms: worker-1", said)
        self.assertIn("worker-1\\x1b[31m in list.sort at app.py:41", said)
        self.assertIn("Hogs: lines that held the GIL", said)
        self.assertNotIn("\x1b[31m", said)

    def test_the_longest_holds(self) -> None:
        said = self.pytest("def test_a(): pass\ndef test_b(): pass\n", "--kaa-gil=1")
        self.assertIn("1 longest holds of the GIL", said)
        self.assertEqual(len(re.findall(r"84\.0 ms  test_it.py::test_", said)), 1)
        self.assertIn("2 passed", said)

    def test_memory(self) -> None:
        said = self.pytest(
            "@pytest.mark.kaa_memory_max('19 MB')\ndef test_much(): pass\n"
            "@pytest.mark.kaa_memory_max('20 MiB')\ndef test_enough(): pass\n"
            "@pytest.mark.kaa_memory_max(20_000_000)\ndef test_just(): pass\n"
        )
        self.assertIn("1 failed, 2 passed", said)
        self.assertIn("kaa_memory_max: 19.1 MiB at the peak, allowed are 18.1 MiB", said)
        self.assertIn("Lines by live bytes", said)

    def test_leaks(self) -> None:
        said = self.pytest(
            "import conftest\nran = []\n"
            "@pytest.fixture\ndef three(): return 3\n"
            "@pytest.mark.kaa_leaks\ndef test_clean(three): ran.append(three)\n"
            "@pytest.mark.kaa_leaks(loops=6)\ndef test_leaks(three):\n"
            "    conftest.CALLS[:] = ['leaks']\n"
            "def test_loops(): assert ran == [3] * 10\n"
        )
        self.assertIn("1 failed, 2 passed", said)
        self.assertIn("kaa_leaks: +2 objects a round of list, made at parse.c:41", said)

    def test_mistakes(self) -> None:
        said = self.pytest(
            "import conftest, check_samples\n"
            "def test_wrong(): conftest.TAKEN.append(check_samples.report())\n"
            "def test_right(): assert conftest.CALLS == [['parse', 'other']]\n",
            "--kaa-check=parse, other",
        )
        self.assertIn("1 failed, 1 passed", said)
        self.assertIn("--kaa-check: leaked reference in parse_0(): parse_0() returned", said)
        self.assertIn("(and 2 more)", said)

    def test_a_test_that_fails_by_itself_says_why(self) -> None:
        said = self.pytest(
            "@pytest.mark.gil_hold_max(0.05)\ndef test_it(): assert 1 == 2\n"
        )
        self.assertIn("assert 1 == 2", said)
        self.assertIn("1 failed", said)

    def test_the_fixture(self) -> None:
        said = self.pytest(
            "def test_it(kaa_gil):\n    assert kaa_gil.recording().threads\n"
        )
        self.assertIn("1 passed", said)

    def test_wrong_marks_stop_the_run(self) -> None:
        for mark, wanted in (
            ("gil_hold_max", "takes one argument, seconds"),
            ("gil_hold_max('1')", "wanted seconds above 0, not '1'"),
            ("gil_hold_max(-1)", "wanted seconds above 0, not -1"),
            ("gil_hold_max(1, 2)", "takes one argument, seconds"),
            ("kaa_memory_max('10 apples')", "wanted a size such as '10 MB', not '10 apples'"),
            ("kaa_memory_max(size=0)", "wanted a size such as '10 MB', not 0"),
            ("kaa_leaks(loops=1)", "wanted loops of 6 or more, not 1"),
            ("kaa_leaks(rounds=3)", "takes one argument, loops"),
        ):
            said = self.pytest(f"@pytest.mark.{mark}\ndef test_it(): pass\n")
            self.assertEqual(self.code, 4, said)
            self.assertIn(wanted, said)
            self.assertIn("test_it.py::test_it", said)
            self.assertNotIn("Traceback", said)

    def test_what_cannot_be_checked_stops_the_run(self) -> None:
        without = "import sys\nsys.modules[{!r}] = None\n"
        for mark, name in (
            ("gil_hold_max(1)", "kaa.gil"),
            ("kaa_memory_max(1)", "kaa.heap"),
            ("kaa_leaks", "kaa.refs"),
        ):
            said = self.pytest(
                f"@pytest.mark.{mark}\ndef test_it(): pass\n",
                conftest=without.format(name),
            )
            self.assertEqual(self.code, 4, said)
            self.assertIn(f"needs {name}, which this kaa does not have", said)
        said = self.pytest("", "--kaa-check=m", conftest=without.format("kaa.check"))
        self.assertEqual(self.code, 4, said)
        self.assertIn("--kaa-check needs kaa.check, which this kaa does not", said)
        refused = self.measured() + (
            "sys.modules['kaa.gil'].is_available = lambda: (False, 'no symbols')\n"
        )
        said = self.pytest(
            "@pytest.mark.gil_hold_max(1)\ndef test_it(): pass\n", conftest=refused
        )
        self.assertEqual(self.code, 4, said)
        self.assertIn("gil_hold_max cannot be checked here: no symbols", said)

    def test_it_costs_nothing_unused(self) -> None:
        said = self.pytest(
            "import sys\ndef test_it():\n"
            "    loaded = [n for n in sys.modules if n.startswith('kaa')]\n"
            "    assert loaded == ['kaa', 'kaa.pytest_plugin']\n",
            conftest="pass",
        )
        self.assertIn("1 passed", said)
        self.assertIn("gil_hold_max(seconds)", self.pytest("", "--markers"))


@unittest.skipUnless(can_import("IPython"), "needs IPython")
class Magics(Done):
    def ipython(self, *cells: str) -> str:
        lines = [
            "from IPython.core.interactiveshell import InteractiveShell",
            self.measured(),
            "shell = InteractiveShell()",
            *(f"shell.run_cell({cell!r})" for cell in ("%load_ext kaa", *cells)),
        ]
        self.write("program.py", "\n".join(lines))
        return self.python("program.py")

    def test_gil(self) -> None:
        said = self.ipython("%%gil -n 1 -o r --html x.html\nprint('ran', 1 + 1)",
                            "print(type(r).__name__)", "%gil   print( 'a  b' )")  # fmt: skip
        self.assertIn("ran 2", said)
        self.assertIn("a  b", said)
        self.assertIn("Hogs: lines that held the GIL", said)
        self.assertIn("and 1 more thread", said)
        self.assertIn("written to x.html", said)
        self.assertIn("Recording", said)
        with open(os.path.join(self.folder, "x.html")) as file:
            self.assertIn("GIL of app.py --serve", file.read())

    def test_heap(self) -> None:
        said = self.ipython("%%heap\nx = 3", "print(x)")
        self.assertIn("Lines by live bytes", said)
        self.assertTrue(said.endswith("3\n"), said)

    def test_errors(self) -> None:
        said = self.ipython("%gil", "%%gil what\n1", "%gil -n x 1", "%%gil\n1/0",
                            "%gil --html /none/x.html 1", "%heap --speed 1")  # fmt: skip
        for wanted in (
            "%gil needs code behind it", "what is 'what'?", "wanted a number of rows",
            "ZeroDivisionError", "/none/x.html: No such file", "option --speed not",
        ):  # fmt: skip
            self.assertIn(wanted, said)
        self.assertIn("GIL of", said)  # after the error of the cell, too


if __name__ == "__main__":
    unittest.main()
