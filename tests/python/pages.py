"""Running the code blocks of a page of the guide, in the order of the page.

Each page has a folder of its own and one namespace for all its Python. What stands
behind the fence's language says what a block is:

    python              run; `print(x)   # text` must print that text, where
                        "such as ..." accepts any and a text that ends in "..."
                        accepts more
    python file=app.py  written to that file (likewise c file=x.c, any language)
    python raises=Name  run; must raise that exception
    c                   with main(): built against libkaa and run; with KAA_MODULE():
                        built as NAME.kaa.so; other C is compiled
    c fragment          shown only
    sh                  run with bash, where `python` is this interpreter
    text, pycon, ...    shown only

A line `<!-- needs: name ... -->` skips the blocks behind it, up to the next such line,
where a name is missing: a library (libz.so.1), a file's path, a program (cc), a module (numpy), or
`bridge`, or `watchpoints` (kaa.watch() works); `<!-- needs: -->` ends that.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
from typing import Any, Dict, Iterator, List, Tuple

import support

FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$|^<!-- needs:(.*?)-->$", re.M | re.S)
PRINT = re.compile(r"(print\(.*\)) +# (.*)$")


def can_watch() -> bool:
    import kaa

    try:
        kaa.watch([]).start().stop()
    except kaa.UnsupportedError:
        return False
    return True


def is_here(name: str) -> bool:
    """Whether this machine has what a page needs."""
    if name == "bridge":
        return support.BRIDGE
    if name == "watchpoints":
        return can_watch()
    if name == "cc":
        return support.COMPILER is not None
    if ".so" in name:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True
    if name.startswith("/"):
        return os.path.exists(name)
    if shutil.which(name):
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def blocks(text: str) -> Iterator[Tuple[int, str, List[str], str, List[str]]]:
    """(line, language, words behind it, code, what it needs that is missing)."""
    missing: List[str] = []
    for match in FENCE.finditer(text):
        if match.group(4) is not None:
            missing = [name for name in match.group(4).split() if not is_here(name)]
            continue
        line = text.count("\n", 0, match.start()) + 2
        yield line, match.group(1), match.group(2).split(), match.group(3), missing


class Page:
    """One page while it is run, in an empty folder."""

    def __init__(self, path: str, folder: str) -> None:
        self.path, self.folder = path, folder
        self.namespace: Dict[str, Any] = {"__name__": "__main__", "__file__": path}
        self.ran = 0
        self.skipped: List[str] = []

    def run(self) -> None:
        with open(self.path) as file:
            text = file.read()
        for line, language, words, code, missing in blocks(text):
            if missing:
                self.skipped += missing
                continue
            named = [word[5:] for word in words if word.startswith("file=")]
            if named:
                path = os.path.join(self.folder, named[0])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w") as file:
                    file.write(code)
                if language != "c":
                    continue
            runner = getattr(self, f"run_{language}", None)
            if runner is not None and "fragment" not in words:
                runner(line, words, code)
                self.ran += 1

    def run_python(self, line: int, words: List[str], code: str) -> None:
        expected = [word[7:] for word in words if word.startswith("raises=")]
        try:
            self._run_lines(line, code)
        except AssertionError:
            raise
        except Exception as error:
            names = [kind.__name__ for kind in type(error).__mro__]
            if not expected or expected[0] not in names:
                raise AssertionError(f"{self.path}:{line}: {error!r}") from error
        else:
            if expected:
                raise AssertionError(f"{self.path}:{line}: did not raise {expected[0]}")

    def _run_lines(self, line: int, code: str) -> None:
        pending = ""
        for number, text in enumerate(code.splitlines(), line):
            shown = PRINT.match(text)
            if shown is None:
                pending += text + "\n"
                continue
            self._execute(pending, number - pending.count("\n"))
            pending = ""
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                self._execute(shown.group(1), number)
            self._compare(number, output.getvalue().rstrip("\n"), shown.group(2))
        self._execute(pending, line)

    def _execute(self, code: str, line: int) -> None:
        exec(compile("\n" * (line - 1) + code, self.path, "exec"), self.namespace)

    def _compare(self, line: int, printed: str, wanted: str) -> None:
        if wanted.startswith("such as "):
            right = bool(printed)
        elif wanted.endswith("..."):
            right = printed.startswith(wanted[:-3])
        else:
            right = printed == wanted
        if not right:
            raise AssertionError(f"{self.path}:{line}: printed {printed!r}, not {wanted!r}")

    def run_sh(self, line: int, words: List[str], code: str) -> None:
        tools = os.path.join(self.folder, ".tools")
        os.makedirs(tools, exist_ok=True)
        for name in ("python", "python3"):
            path = os.path.join(tools, name)
            with open(path, "w") as file:
                file.write(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            os.chmod(path, 0o755)
        path = support.path_without_make(tools)
        self._run(line, ["bash", "-euc", code], PATH=path)

    def run_c(self, line: int, words: List[str], code: str) -> None:
        if support.COMPILER is None:
            self.skipped.append("cc")
            return
        library = os.environ["KAA_LIBRARY"]
        include = "-I" + os.path.join(support.ROOT, "include")
        source = os.path.join(self.folder, f"block{line}.c")
        with open(source, "w") as file:
            file.write(code)
        compile_c = [support.COMPILER, "-std=gnu11", "-Wall", include, source]
        module = re.search(r"\bKAA_MODULE\((\w+)", code)
        if module:
            target = os.path.join(self.folder, module.group(1) + ".kaa.so")
            self._run(line, [*compile_c, "-shared", "-fPIC", "-o", target, "-lm"])
        elif re.search(r"\bmain\(", code):
            program = os.path.join(self.folder, f"block{line}")
            where = os.path.dirname(library)
            link = [library, f"-Wl,-rpath,{where}", "-o", program, "-lm", "-pthread"]
            self._run(line, [*compile_c, *link])
            self._run(line, [program])
        else:
            self._run(line, [*compile_c, "-fsyntax-only"])

    def _run(self, line: int, command: List[str], **variables: str) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**support.clean_environment(), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
            timeout=240,
        )
        if done.returncode:
            raise AssertionError(f"{self.path}:{line}: {' '.join(command)}\n{done.stdout}")


def main(path: str, folder: str) -> None:
    """Runs one page; says what was run, and exits with 1 where a block is wrong."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    page = Page(path, folder)
    try:
        page.run()
    except AssertionError as error:
        sys.exit(str(error))
    print(page.ran, *sorted(set(page.skipped)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
