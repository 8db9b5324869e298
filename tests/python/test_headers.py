"""Real headers of the system: every name gives an object, every class has the
compiler's size."""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
import unittest
from typing import Any, Dict, List

import kaa
import support
from kaa import _native

HEADERS = """stdio.h stdlib.h string.h math.h time.h signal.h pthread.h locale.h
    wchar.h sys/stat.h sys/socket.h netinet/in.h dirent.h termios.h zlib.h
    sqlite3.h ffi.h""".split()


STDLIB = """
#include_next <stdlib.h>
#ifndef __once_flag_defined
#define __once_flag_defined 1
typedef struct { int __data; } __once_flag;
#define __ONCE_FLAG_INIT { 0 }
typedef __once_flag once_flag;
#define ONCE_FLAG_INIT __ONCE_FLAG_INIT
#endif
extern void call_once (once_flag *__flag, void (*__func)(void))
     __attribute__ ((__nonnull__ (1, 2)));
"""


def preprocess(header: str) -> bytes:
    assert support.COMPILER is not None
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all.c")
        with open(path, "w") as file:
            file.write(f"#include <{header}>\n")
        done = subprocess.run(
            # The mode that compile_and_run() uses: headers differ by it.
            [support.COMPILER, "-std=gnu11", "-E", "-dD", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=support.clean_environment(),
        )
    return done.stdout if done.returncode == 0 else b""


@unittest.skipIf(support.COMPILER is None, "no C compiler")
class Headers(unittest.TestCase):
    def test_all_names(self) -> None:
        texts = {one: preprocess(one) for one in HEADERS}
        headers = [one for one in HEADERS if texts[one]]
        self.assertIn("stdio.h", headers)
        lines: List[str] = []
        sizes: Dict[str, int] = {}
        for header in headers:
            library = kaa.load(None, texts[header], tolerant=True, missing="ignore")
            for address in library._declarations.items():
                item = _native.DeclItem.from_address(address)
                self.look(library, item, sizes)
        for name in sizes:
            lines.append(f'printf("{name}=%zu\\n", sizeof({name}));')
        source = "#include <stdio.h>\n"
        source += "".join(f"#include <{one}>\n" for one in headers)
        printed = support.compile_and_run(
            source + "int main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n"
        )
        true = dict(line.rsplit("=", 1) for line in printed.splitlines())
        self.assertEqual({k: str(v) for k, v in sizes.items()}, true)
        self.assertGreater(len(sizes), 100)

    def test_call_once_of_stdlib(self) -> None:
        """glibc 2.43 declares it in stdlib.h, in the compiler's C23 alone."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "stdlib.h"), "w") as file:
                file.write(STDLIB)
            library = kaa.load(None, header="stdlib.h", include_dirs=[folder])
        flag = library.once_flag()
        calls: List[int] = []
        for _ in range(2):
            library.call_once(flag, lambda: calls.append(1))
        self.assertEqual(calls, [1])
        self.assertEqual(library.abs(-3), 3)
        with self.assertRaisesRegex(TypeError, "None"):
            library.call_once(None, print)

    def look(self, library: Any, item: Any, sizes: Dict[str, int]) -> None:
        """Asks for the name; takes down the size of a type."""
        if item.kind == _native.DECL_SKIPPED:
            return
        name = item.name.decode()
        try:
            value = getattr(library, name)
        except AttributeError:
            # A function or variable of a library that is not loaded here.
            self.assertIn(item.kind, (_native.DECL_FUNCTION, _native.DECL_VARIABLE))
            return
        except kaa.UnsupportedError:
            self.assertEqual(item.kind, _native.DECL_FUNCTION)
            return
        if item.kind == _native.DECL_FUNCTION:
            self.assertTrue(callable(value))
            self.assertTrue(str(value.__signature__))
            self.assertEqual(len(value.argtypes), len(value._parameters))
        view = library._types.ctype(item.type)
        if item.kind == _native.DECL_TYPEDEF and view.is_complete and view.size:
            sizes[name] = ctypes.sizeof(library._types.ctypes_class(item.type))
        elif item.kind == _native.DECL_RECORD and view.is_complete and view.size:
            word = "struct" if view.kind == _native.STRUCT else "union"
            made = library._types.ctypes_class(item.type)
            self.assertTrue(repr(made()))
            sizes[f"{word} {view.name}"] = ctypes.sizeof(made)


if __name__ == "__main__":
    unittest.main()
