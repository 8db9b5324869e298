"""The modules of tests/checked/wrong, each one mistake: what the checked context says of
it must be what the comment at the module's head shows, word by word, in the context that
this interpreter has, for a build with and one without information for debuggers."""

from __future__ import annotations

import gc
import os
import re
import unittest
from typing import Any, Dict, List, Tuple

import kaa
import support
from test_checked import quiet

# One build a process: a runtime of kaa's own has one module of a name.
BUILD = os.environ.get("KAA_TEST_WRONG_BUILD", "debug")
BUILT = os.path.join(os.environ.get("KAA_TEST_MODULES", ""), "wrong")
SOURCES = os.path.join(os.environ.get("KAA_TEST_ROOT", ""), "tests", "checked", "wrong")
CONTEXT = "cpython" if support.BRIDGE else "native"


class Example:
    """The head of a source: steps of Python, and what is said of each."""

    def __init__(self, name: str) -> None:
        with open(os.path.join(SOURCES, f"{name}.c"), encoding="utf-8") as file:
            text = file.read()
        self.lines = [
            number
            for number, line in enumerate(text.splitlines(), 1)
            if line.endswith("/* here */")
        ]
        head = text.split("*/", 1)[0]
        shown = re.findall(r"^ \*     (.*)$", head, re.MULTILINE)
        self.steps: List[Tuple[str, List[str]]] = []
        for line in shown:
            if line.startswith(">>> "):
                self.steps.append((line[4:], []))
            elif line.startswith("    "):  # goes on
                self.steps[-1][1][-1] += " " + line.strip()
            else:
                self.steps[-1][1].append(line)

    def expected(self, said: List[str]) -> List[str]:
        found = []
        for line in said:
            match = re.match(r"\[(\w+)\] (.*)", line)
            if match is None:
                found.append(line)
            elif match[1] == CONTEXT:
                found.append(match[2])
        return found


NAMES = sorted(
    name[:-2] for name in os.listdir(SOURCES) if name.endswith(".c")
) if os.path.isdir(SOURCES) else []


@unittest.skipUnless(NAMES and os.path.isdir(BUILT), "the modules were not built")
class WrongModules(unittest.TestCase):
    maxDiff = None

    def new_mistakes(self, step: str, space: Dict[str, Any]) -> List[Any]:
        """Those that were made, new or again."""
        before = [one.count for one in kaa.mistakes()]
        with quiet():
            try:
                exec(step, space)
            except NameError:
                raise
            except Exception:  # which one is the host's to say
                pass
            gc.collect()
        after = kaa.mistakes()
        before += [0] * (len(after) - len(before))
        return [one for one, count in zip(after, before) if one.count > count]

    def check(self, name: str, build: str) -> None:
        path = os.path.join(BUILT, build, f"{name}.kaa.so")
        example = Example(name)
        space: Dict[str, Any] = {}
        if example.steps[0][0] != "import_module()":
            module = kaa.import_module(path, checked=True)
            for attribute in ("run", "Box"):
                if hasattr(module, attribute):
                    space[attribute] = getattr(module, attribute)
        space["import_module"] = lambda: kaa.import_module(path, checked=True)
        for step, said in example.steps:
            found = self.new_mistakes(step, space)
            self.assertEqual([one.text for one in found], example.expected(said))
            for one in found:
                self.check_place(one, name, build, example.lines)
                self.check_caller(one, step)

    def check_caller(self, one: Any, step: str) -> None:
        """The line of Python that called, which is exec()'s here."""
        if CONTEXT == "native":
            self.assertEqual(one.python, [])
        elif one.function == "run" and step == "run()":
            self.assertEqual(one.python, [("<string>", 1, "<module>")])

    def check_place(self, one: Any, name: str, build: str, lines: List[int]) -> None:
        """A slot that the module called is named with its line, and so is the one that
        an object came from which was given up too often or used too late."""
        if name in ("released_twice", "used_after_release"):
            self.assertRegex(
                one.made_at,
                rf"^{name}\.c:\d+$" if build == "debug" else r"^[\w.]+\+0x[0-9a-f]+$",
            )
            self.assertNotEqual(one.made_at, one.where)
        if not one.where or one.where.startswith("libkaa"):
            return
        if build == "debug" and lines:
            self.assertRegex(one.where, rf"^{name}\.c:\d+$")
        if build == "release":
            self.assertRegex(one.where, r"^[\w.]+\+0x[0-9a-f]+$")

    def test_there_are_enough(self) -> None:
        self.assertGreaterEqual(len(NAMES), 60)

    @unittest.skipIf(BUILD == "release", "this is it")
    def test_release(self) -> None:
        """The same without information for debuggers, in another process."""
        done = support.run_module("test_wrong_modules", KAA_TEST_WRONG_BUILD="release")
        self.assertEqual(done.returncode, 0, done.stderr)


def _add(name: str) -> None:
    def test(self: WrongModules) -> None:
        self.check(name, BUILD)

    setattr(WrongModules, f"test_{name}", test)


for _name in NAMES:
    _add(_name)

if __name__ == "__main__":
    unittest.main()
