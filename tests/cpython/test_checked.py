"""The checked context: each mistake of modules/wrong.c is named, in the context that
this interpreter has; a process for the modes that end or fail calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Dict, List, Tuple

import kaa
import support
from kaa._insight.check_data import Mistake

WRONG = os.path.join(os.environ.get("KAA_TEST_MODULES", ""), "wrong.kaa.so")

RETURNED = "returned without a reference"
RELEASED = "released without a reference"
LEAKED = "leaked reference"

# function: arguments, kind, slot, type, repr
CASES: Dict[str, Tuple[Tuple[Any, ...], str, str, str, str]] = {
    "type_borrowed": ((), RETURNED, "", "type", "<class 'list'>"),
    "argument_borrowed": (([1.5],), RETURNED, "", "list", "[1.5]"),
    "item_borrowed": (((2.5,),), RETURNED, "", "float", "2.5"),
    "item_released": (((3.5,),), RELEASED, "decref", "float", "3.5"),
    "argument_released": (([9.5],), RELEASED, "decref", "list", "[9.5]"),
    "released_twice": ((), "released twice", "decref", "list", "[[...]]"),
    "returned_after_release": (([3.5],), RETURNED, "", "list", "[3.5]"),
    "taken_without_reference": (
        ([4.5],),
        RELEASED,
        "list_take_append",
        "list",
        "[4.5]",
    ),
    "new_leaked": ((), LEAKED, "str_from_utf8", "str", "'a text that nobody has'"),
    "extra_leaked": (([5.5],), LEAKED, "incref", "list", "[5.5]"),
    "append_leaked": ((), LEAKED, "float_from_double", "float", "2.5"),
    "item_leaked": (([6.5],), LEAKED, "list_get", "float", "6.5"),
    "found_leaked": (({"key": 7.5},), LEAKED, "dict_find_text", "float", "7.5"),
    "error_path_leaked": (("no int",), LEAKED, "list_new", "list", "[]"),
    "error_leaked": (
        (),
        LEAKED,
        "error_take",
        "ValueError",
        "ValueError('taken and forgotten')",
    ),
    "built_leaked": ((), LEAKED, "tuple_take_array", "tuple", "(1.0, 2.0)"),
    "null_without_error": ((), "failed without an exception", "", "", ""),
    "value_with_error": ((), "result with an exception", "", "", ""),
    "buffer_kept": (
        (b"abc",),
        "buffer not released",
        "buffer_get",
        "bytes",
        "b'abc'",
    ),
    "memory_leaked": ((), "leaked memory", "mem_alloc", "", ""),
    "memory_freed_twice": ((), "freed memory that is not there", "mem_free", "", ""),
    "threads_not_stopped": (
        (),
        "threads not stopped",
        "begin_allow_threads",
        "",
        "",
    ),
    "threads_not_begun": ((), "threads not begun", "end_allow_threads", "", ""),
}


class quiet:
    """Keeps what C writes to stderr out of the tests' output."""

    def __enter__(self) -> None:
        sys.stderr.flush()
        self.saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)

    def __exit__(self, *_: object) -> None:
        os.dup2(self.saved, 2)
        os.close(self.saved)


def run(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KAA_TEST_WRONG": WRONG, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=120,
    )


class Wrong(unittest.TestCase):
    wrong: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.wrong = kaa.import_module(WRONG, checked=True)

    def found(self, function: str, *args: Any) -> List[Mistake]:
        before = len(kaa.mistakes())
        with quiet():
            try:
                getattr(self.wrong, function)(*args)
            except (TypeError, ValueError, SystemError):
                pass
        return kaa.mistakes()[before:]

    def called(self, function: str) -> List[str]:
        """The module's calls, the innermost first, that led to the mistakes of one."""
        return [
            frame.function
            for one in kaa.mistakes()
            if one.function == function
            for frame in one.native
        ]

    def test_each_mistake_is_named(self) -> None:
        for function, (args, kind, slot, type_, text) in CASES.items():
            with self.subTest(function):
                found = self.found(function, *args)
                self.assertEqual([one.function for one in found], [function])
                one = found[0]
                self.assertEqual(
                    (one.kind, one.slot, one.type, one.repr), (kind, slot, type_, text)
                )
                self.assertIn(kind, one.text)
                if slot and "buffer" not in slot and "begin" not in slot:
                    self.assertRegex(one.where, r"^wrong\.c:\d+$|^libkaa\.so.*\+0x")

    def test_none(self) -> None:
        """None has no count in a runtime of kaa's own, where this is no mistake."""
        found = self.found("none_borrowed")
        self.assertEqual([one.kind for one in found], [RETURNED] if support.BRIDGE else [])

    def test_what_is_right_is_not_named(self) -> None:
        before = len(kaa.mistakes())
        for _ in range(3):
            self.assertEqual(self.wrong.cached(), "kept on purpose")
            self.wrong.forget_cached()
        self.assertEqual(kaa.mistakes()[before:], [])

    def test_the_calls_that_led_to_it(self) -> None:
        """Of a mistake that is seen while they run, and of a leak that is seen again."""
        for function, more in (("released_twice", []), ("deep_leaked", ["lose_text"])):
            self.found(function)
            first = self.called(function)
            self.found(function)
            self.assertEqual(self.called(function), [*more, function])
            self.assertEqual(first[:1], (more or [function])[:1])
        told = {one.function: one for one in kaa.mistakes()}
        innermost = told["deep_leaked"].native[0]
        self.assertEqual(innermost.file, "wrong.c")
        self.assertEqual(f"wrong.c:{innermost.line}", told["deep_leaked"].where)

    @unittest.skipUnless(support.BRIDGE, "attributes are set by Python")
    def test_instances(self) -> None:
        """What Python put into a member may be moved out, once."""
        before = len(kaa.mistakes())
        box = self.wrong.Box([1.25])
        self.assertEqual(box.swap([2.5]), [1.25])
        box.item = [4.5]
        self.assertEqual(box.swap([5.5]), [4.5])
        self.assertEqual(kaa.mistakes()[before:], [])
        with quiet():
            self.assertEqual(box.get(), [5.5])
            box.set([3.5])
        del box
        self.assertEqual(
            [(one.kind, one.function, one.repr) for one in kaa.mistakes()[before:]],
            [(RETURNED, "Box.get", "[5.5]"), (LEAKED, "Box.set", "[3.5]")],
        )

    def test_one_mistake_made_often_is_one(self) -> None:
        for _ in range(3):
            self.found("extra_leaked", ["often"])
        counts = [one.count for one in kaa.mistakes() if one.function == "extra_leaked"]
        self.assertEqual(len(counts), 1)
        self.assertGreaterEqual(counts[0], 3)

    def test_the_module_is_given_as_it_is(self) -> None:
        self.assertIs(kaa.import_module(WRONG, checked=True), self.wrong)

    def test_a_wrong_mode_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "'fault', 'trace' or 'stacks'"):
            kaa.import_module(WRONG, "other", checked="loudly")


IMPORT = "import kaa, os; wrong = kaa.import_module(os.environ['KAA_TEST_WRONG']{}); "


class Modes(unittest.TestCase):
    def test_report(self) -> None:
        code = IMPORT.format("") + "wrong.new_leaked(); wrong.new_leaked()"
        done = run(code, KAA_CHECK="other,wrong")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(
            done.stderr,
            r"^kaa: checked module 'wrong': new_leaked\(\): leaked reference: str "
            r"'a text that nobody has', which is not returned, stored or given up "
            r"\(by kaa_str_from_utf8\(\)\) \[wrong\.c:\d+\]\n$",
        )

    def test_raise(self) -> None:
        for how, environment in (
            (", checked='raise'", {}),
            ("", {"KAA_CHECK": "wrong:raise"}),
        ):
            done = run(IMPORT.format(how) + "wrong.new_leaked()", **environment)
            self.assertEqual(done.returncode, 1)
            self.assertIn("SystemError: new_leaked(): leaked reference: str", done.stderr)

    def test_abort(self) -> None:
        done = run(IMPORT.format("") + "wrong.new_leaked()", KAA_CHECK="wrong:abort")
        self.assertEqual(done.returncode, -6)
        self.assertIn("new_leaked(): leaked reference", done.stderr)

    def test_unchecked(self) -> None:
        done = run(IMPORT.format("") + "wrong.new_leaked(); print(kaa.mistakes())")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "[]\n", ""))

    def test_too_late(self) -> None:
        code = IMPORT.format("") + "kaa.import_module(wrong.__file__, checked=True)"
        done = run(code)
        self.assertIn("loaded already, and not checked", done.stderr)

    def test_a_wrong_choice_is_refused(self) -> None:
        for wrong in ("wrong:loudly", ":raise", "other,wrong:", "wrong:report:raise,:"):
            done = run(IMPORT.format(""), KAA_CHECK=wrong)
            self.assertEqual(done.returncode, 1, wrong)
            self.assertIn(f'KAA_CHECK="{wrong}": a module, or a module and', done.stderr)

    def test_option_of_a_runtime(self) -> None:
        done = run(OPTION, KAA_HOST="none")
        self.assertEqual(done.stdout, "['new_leaked']\n", done.stderr)


# No file can be opened in the call: nothing is made to fail then.
NO_FILES = """
import os, resource, wrong
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
lowest = os.dup(0)
os.close(lowest)
resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
text = wrong.cached()
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(text)
"""


class Command(unittest.TestCase):
    """python -m kaa check"""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def check(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "kaa", "check", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=120,
        )

    def script(self, text: str) -> str:
        path = os.path.join(self.folder, "script.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_script_with_mistakes(self) -> None:
        path = self.script("import sys, wrong\nwrong.new_leaked()\nprint(sys.argv[1:])")
        out = os.path.join(self.folder, "out.json")
        page = os.path.join(self.folder, "out.html")
        done = self.check("-q", WRONG, "--json", out, f"--html={page}", path, "-m", "b")
        self.assertEqual((done.returncode, done.stdout), (1, "['-m', 'b']\n"), done.stderr)
        with open(out, encoding="utf-8") as file:
            data = json.load(file)
        self.assertEqual(data["module"], "wrong")
        one = data["mistakes"][0]
        self.assertEqual(
            [one[key] for key in ("kind", "function", "slot", "type", "repr")],
            [LEAKED, "new_leaked", "str_from_utf8", "str", "'a text that nobody has'"],
        )
        self.assertRegex(one["where"], r"^wrong\.c:\d+$")
        with open(page, encoding="utf-8") as file:
            self.assertIn("new_leaked", file.read())

    def test_who_holds_what(self) -> None:
        path = self.script("import wrong\nwrong.cached()")
        out = os.path.join(self.folder, "out.json")
        done = self.check(WRONG, "--json", out, path)
        self.assertIn("Who holds what", done.stderr)
        with open(out, encoding="utf-8") as file:
            held = json.load(file)["holders"]
        self.assertEqual([one["holder"] for one in held], ["static data"])
        one = held[0]
        is_here = "cpython context" in done.stderr
        self.assertEqual((one["type"], one["count"]), ("str" if is_here else "", 1))
        self.assertEqual((one["file"], one["function"]), ("wrong.c", "incref"))

    def test_fault(self) -> None:
        """Each error path is gone once; what the program prints is as ever."""
        path = self.script("import wrong\nprint(wrong.cached(), wrong.cached())")
        done = self.check("--fault", WRONG, path)
        self.assertEqual(done.stdout, "kept on purpose kept on purpose\n", done.stderr)
        self.assertIn("1 calls of wrong were made to fail", done.stderr)
        path = self.script(NO_FILES)
        done = self.check("--fault", WRONG, path)
        self.assertEqual(done.stdout, "kept on purpose\n", done.stderr)
        path = self.script("import wrong\nwrong.only_on_error()")
        out = os.path.join(self.folder, "out.json")
        done = self.check("--fault", WRONG, "--json", out, path)
        with open(out, encoding="utf-8") as file:
            failures = json.load(file)["failures"]
        self.assertEqual(
            [
                [one[key] for key in ("function", "slot", "outcome", "exception", "mistakes")]
                for one in failures
            ],
            [
                ["only_on_error", "list_new", "raised", "MemoryError", 0],
                ["only_on_error", "str_from_utf8", "mistakes", "MemoryError", 1],
                ["only_on_error", "list_append", "raised", "MemoryError", 0],
            ],
        )
        for one in failures:
            self.assertRegex(one["where"], r"^wrong\.c:\d+$")
        self.assertIn("Calls made to fail: 1 mistakes, 2 raised", done.stderr)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(
            done.stderr,
            r"only_on_error\(\): leaked reference: list \[\], which is not returned, stored "
            r"or given up, where kaa_str_from_utf8\(\) failed \[wrong\.c:\d+\]",
        )
        self.assertIn("C only_on_error (wrong.c:", done.stderr)
        path = self.script("import wrong\nwrong.crash_on_error()")
        done = self.check("--fault", WRONG, path)
        self.assertIn("Calls made to fail: 1 crashed", done.stderr)
        self.assertIn("crash_on_error(): crashed where a call had failed: the process ended by signal 6", done.stderr)

    def test_stacks(self) -> None:
        """A leak has its calls, which else the second at the same place has."""
        path = self.script("import wrong\nwrong.deep_leaked()")
        for flags, said in (((), "C lose_text (wrong"), (("--stacks",), "C deep_leaked (wrong")):
            done = self.check(*flags, WRONG, path)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(said, done.stderr)
            self.assertEqual("C deep_leaked" in done.stderr, flags != ())
        done = self.check("--stacks", "--trace", WRONG, path)
        self.assertIn("--trace and --stacks cannot be had together", done.stderr)

    def test_trace(self) -> None:
        """Calls are counted by function and slot, and nothing is checked."""
        text = "import wrong\nfor _ in range(5): wrong.append_leaked()\nwrong.cached()"
        out, log, page = (os.path.join(self.folder, one) for one in ("a", "b.jsonl", "c"))
        done = self.check("--trace", WRONG, "--json", out, "--calls", log, "--chrome", page,
                          self.script(text))  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Only traced: nothing was checked.", done.stderr)
        with open(out, encoding="utf-8") as file:
            data = json.load(file)
        self.assertEqual((data["calls"], data["mistakes"]), (6, []))
        uses = {(one["function"], one["slot"]): one for one in data["uses"]}
        for slot in ("", "list_append"):
            one = uses["append_leaked", slot]
            self.assertEqual((one["calls"], one["failures"]), (5, 0))
            self.assertLessEqual(one["max_ns"], one["total_ns"])
        self.assertLessEqual(
            uses["append_leaked", "list_append"]["total_ns"],
            uses["append_leaked", ""]["total_ns"],
        )
        with open(log, encoding="utf-8") as file:
            calls = [json.loads(line) for line in file]
        self.assertEqual(len(calls), sum(one["calls"] for one in data["uses"]))
        whole = [one for one in calls if (one["function"], one["slot"]) == ("append_leaked", "")]
        inner = [one for one in calls if one["slot"] == "list_append"]
        for outer, one in zip(whole, inner):
            self.assertLessEqual(outer["start_ns"], one["start_ns"])
            self.assertLessEqual(one["end_ns"], outer["end_ns"])
        with open(page, encoding="utf-8") as file:
            self.assertIn("list_append", file.read())
        for wrong, said in (
            (("--trace", "--fault"), "cannot be had together"),
            (("--chrome", page), "--chrome and --calls need --trace"),
        ):
            done = self.check(*wrong, WRONG, self.script(text))
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)

    def test_without_mistakes(self) -> None:
        path = self.script("import wrong\nwrong.cached()\nraise SystemExit(3)")
        done = self.check(WRONG, path)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("No mistakes.", done.stderr)
        self.assertEqual(self.check(WRONG).returncode, 0)

    def test_a_module_that_is_run(self) -> None:
        code = "import wrong; wrong.type_borrowed()"
        done = self.check(WRONG, "-m", "timeit", "-n1", "-r1", code)
        self.assertEqual(done.returncode, 1)
        self.assertIn("returned without a reference", done.stderr)

    def test_what_was_not_imported_was_not_checked(self) -> None:
        done = self.check(WRONG, self.script("pass"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("did not import wrong, so nothing was checked", done.stderr)

    def test_wrong_arguments(self) -> None:
        for arguments, said in (
            (("nowhere.kaa.so",), "nowhere.kaa.so: there is no such file"),
            ((WRONG, "--faults"), "--faults is no option of check"),
            ((WRONG, "-m"), "the name of a module was expected"),
            ((WRONG, "nowhere.py"), "nowhere.py: No such file"),
        ):
            done = self.check(*arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertIn(said, done.stderr)


class InTests(unittest.TestCase):
    """kaa.check: tests that fail for the mistakes of the modules they use."""

    TESTS = """
import unittest, kaa.check
class Tests(kaa.check.Checked, unittest.TestCase):
    checked_modules = ("wrong",)
    def test_right(self):
        import wrong
        self.assertEqual(wrong.cached(), "kept on purpose")
    def test_wrong(self):
        import wrong
        self.assertEqual(wrong.append_leaked(), [2.5])
    def test_wrong_again(self):
        self.test_wrong()
unittest.main()
"""

    def python(self, code: str) -> "subprocess.CompletedProcess[str]":
        path = f"{os.path.dirname(WRONG)}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        return run(code, PYTHONPATH=path)

    def test_unittest(self) -> None:
        done = self.python(self.TESTS)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("FAILED (failures=2)", done.stderr)
        self.assertIn("append_leaked(): leaked reference: float 2.5", done.stderr)

    def test_start_and_take(self) -> None:
        done = self.python(
            "import kaa.check; kaa.check.start(['wrong']); import wrong\n"
            "wrong.new_leaked(); print([one.kind for one in kaa.check.take().mistakes])\n"
            "print(kaa.check.take())\n"
            "wrong.new_leaked(); print(len(kaa.check.take().mistakes))\n"
        )
        self.assertEqual(done.stdout, "['leaked reference']\nNone\n1\n", done.stderr)
        done = self.python(
            "import kaa.importer, kaa.check, wrong; kaa.check.start(['wrong'])"
        )
        self.assertIn("wrong has been imported already, and is not checked", done.stderr)


# A C program's way: kaa_runtime_options::check.
OPTION = """
import os, kaa
from ctypes import c_void_p, byref, Structure, c_uint32, c_uint64, c_char_p, sizeof
from kaa import _native
from kaa._modules import runtime as _runtime
class Options(Structure):
    _fields_ = [("size", c_uint32), ("flags", c_uint32), ("name", c_char_p)]
    _fields_ += [(n, c_uint64) for n in ("limit", "interval", "seed")]
    _fields_ += [("depth", c_uint32), ("reserved", c_uint32)]
    _fields_ += [("unraisable", c_void_p), ("misuse", c_void_p), ("user", c_void_p)]
    _fields_ += [("check", c_char_p)]
for check in (None, b"none,wrong"):
    options = Options(size=sizeof(Options), check=check)
    error, runtime, ctx = _native.Error(), c_void_p(), c_void_p()
    assert _runtime._create(byref(options), byref(runtime), error) == 0
    assert _runtime._attach(runtime, b"test", byref(ctx), error) == 0
    own = _runtime.Context(ctx.value)
    path = os.environ["KAA_TEST_WRONG"].encode()
    module = own.call("import", path)
    function = own.call("get_attr_text", module, b"new_leaked")
    own.call("decref", own.call("call", function, None, 0, None))
    own.call("decref", function)
    own.call("decref", module)
    _runtime._detach(ctx)
    assert _runtime._destroy(runtime, None, error) == 0
print([one.function for one in kaa.mistakes()])
"""

if __name__ == "__main__":
    unittest.main()
