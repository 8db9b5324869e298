"""What the tests share: the library of sample functions, and a test case that
compares whole error texts."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import unittest
from typing import Any, Callable, Optional, Type

import kaa

_path: Optional[str] = os.environ.get("KAA_TEST_SAMPLES")


def path() -> str:
    """The compiled samples.c; made here where the build has not made it."""
    global _path
    if not _path:
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            raise unittest.SkipTest("KAA_TEST_SAMPLES is not set and there is no cc")
        folder = tempfile.mkdtemp(prefix="kaa-samples-")
        atexit.register(shutil.rmtree, folder, True)
        _path = os.path.join(folder, "samples.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples.c")
        command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC"]
        subprocess.check_call(command + ["-o", _path, source, "-lpthread"])
    return _path


def load(declarations: str, **options: Any) -> Any:
    return kaa.load(path(), declarations, **options)


class Case(unittest.TestCase):
    """A test case; `declarations` are loaded once as `self.lib`."""

    declarations = ""
    lib: Any = None

    @classmethod
    def setUpClass(cls) -> None:
        if cls.declarations:
            cls.lib = load(cls.declarations)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lib = None

    def refuses(
        self,
        error: Type[BaseException],
        text: str,
        function: Callable[..., Any],
        *arguments: Any,
        **keywords: Any,
    ) -> BaseException:
        """Calls the function, which must raise exactly `error` with `text`."""
        with self.assertRaises(error) as caught:
            function(*arguments, **keywords)
        self.assertIs(type(caught.exception), error)
        self.assertEqual(str(caught.exception), text)
        return caught.exception

    def refuses_like(
        self,
        error: Type[BaseException],
        pattern: str,
        function: Callable[..., Any],
        *arguments: Any,
        **keywords: Any,
    ) -> BaseException:
        """The same, with a pattern for the text."""
        with self.assertRaises(error) as caught:
            function(*arguments, **keywords)
        self.assertRegex(str(caught.exception), pattern)
        return caught.exception


def main() -> None:
    unittest.main()
