"""Token for token: kaa's preprocessor beside the compiler's, over real headers.

    compare.py libkaa.so [--compiler cc] [--all] [HEADER ...]

Every header of the installed development packages is preprocessed by both, with
the same predefined macros and the same folders; the tokens have to be the same,
and a header that the compiler refuses has to be refused. Without --all only
PER_PACKAGE headers of a package are compared.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, Optional, Tuple

PER_PACKAGE = 6

TOKEN = re.compile(
    r"""(?:u8|[LuU])?"(?:\\.|[^"\\\n])*" | (?:u8|[LuU])?'(?:\\.|[^'\\\n])*'
    | [A-Za-z_$\x80-\U0010ffff][\w$]* | \.?\d(?:[eEpP][+-]|[\w.]|'(?=\w))*
    | %:%: | \.\.\. | <<= | >>= | -> | \+\+ | -- | << | >> | [<>=!]= | && | \|\|
    | [-+*/%&|^]= | \#\# | :: | <: | :> | <% | %> | %: | \S""",
    re.VERBOSE,
)
# Pragmas that the compiler acts upon itself, so that they are not printed.
OWN_PRAGMA = re.compile(
    r"once\b|(push|pop)_macro\b|(GCC|clang)\s+(system_header|poison|warning|error)\b"
)

# Extra folders, as pkg-config would name them, by a part of the path.
PACKAGES = {
    "glib": "glib-2.0 gio-2.0 gio-unix-2.0 gmodule-2.0",
    "libxml2": "libxml-2.0",
    "SDL2": "sdl2",
    "lua5.4": "lua5.4",
    "llvm-14": "",
    "libpng": "libpng",
}


# What a compiler can be asked in a condition. It is asked itself which of these it
# knows: gcc about half of them.
ASKED = {
    "__has_include": "<stdio.h> <no/such.h>",
    "__has_attribute": "packed no_such __packed__",
    "__has_c_attribute": "deprecated no_such",
    "__has_cpp_attribute": "deprecated no_such",
    "__has_builtin": "__builtin_expect no_such",
    "__has_feature": "c_static_assert no_such",
    "__has_extension": "c_generic_selections no_such",
    "__has_warning": '"-Wno-such-thing"',
    "__has_declspec_attribute": "uuid align no_such",
    "__is_identifier": "int while __attribute__ no_such linux",
    "__is_target_arch": "x86_64 aarch64 no_such",
    "__is_target_vendor": "pc unknown apple",
    "__is_target_os": "linux windows no_such",
    "__is_target_environment": "gnu msvc",
    "__building_module": "no_such _Builtin_intrinsics",
}


class Options(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("include_dirs", ctypes.POINTER(ctypes.c_char_p)),
        ("system_dirs", ctypes.POINTER(ctypes.c_char_p)),
        ("defines", ctypes.POINTER(ctypes.c_char_p)),
        ("undefines", ctypes.POINTER(ctypes.c_char_p)),
        ("include_dir_count", ctypes.c_uint32),
        ("system_dir_count", ctypes.c_uint32),
        ("define_count", ctypes.c_uint32),
        ("undefine_count", ctypes.c_uint32),
        ("predefined", ctypes.c_char_p),
    ]


class Error(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int32),
        ("argument", ctypes.c_uint32),
        ("line", ctypes.c_uint32),
        ("column", ctypes.c_uint32),
        ("message", ctypes.c_char * 240),
    ]


def strings(items: List[str]) -> "ctypes.Array[ctypes.c_char_p]":
    return (ctypes.c_char_p * (len(items) or 1))(*[i.encode() for i in items])


class Kaa:
    def __init__(self, path: str, compiler: str, standard: str) -> None:
        self.lib = ctypes.CDLL(path)
        self.lib.kaa_preprocess_text.restype = ctypes.c_void_p
        run = subprocess.run(
            [compiler, standard, "-dM", "-v", "-E", "-x", "c", os.devnull],
            capture_output=True, text=True, check=True,
        )
        self.predefined = run.stdout
        found = re.search(r"<\.\.\.> search starts here:\n(.*?)\nEnd", run.stderr, re.S)
        assert found is not None
        self.dirs = [os.path.normpath(d.strip()) for d in found.group(1).split("\n")]

    def preprocess(self, text: str, dirs: List[str]) -> Tuple[Optional[str], str]:
        """The text, or None; and the error's message."""
        include, system = strings(dirs), strings(self.dirs)
        options = Options(
            size=ctypes.sizeof(Options), flags=4, name=b"in.c",
            include_dirs=include, include_dir_count=len(dirs),
            system_dirs=system, system_dir_count=len(self.dirs),
            predefined=self.predefined.encode(),
        )
        result, error = ctypes.c_void_p(), Error()
        raw = text.encode()
        status = self.lib.kaa_preprocess_run(
            raw, ctypes.c_size_t(len(raw)), ctypes.byref(options),
            ctypes.byref(result), ctypes.byref(error),
        )
        if status:
            return None, error.message.decode("utf-8", "replace")
        out = ctypes.string_at(self.lib.kaa_preprocess_text(result, None))
        self.lib.kaa_preprocess_destroy(result)
        return out.decode("utf-8", "replace"), ""


def tokens(text: str) -> List[str]:
    lines = []
    for line in text.split("\n"):
        if line.lstrip().startswith("#"):
            rest = line.lstrip()[1:].lstrip()
            if not rest.startswith("pragma") or OWN_PRAGMA.match(rest[6:].lstrip()):
                continue
        lines.append(line)
    return TOKEN.findall("\n".join(lines))


def difference(a: List[str], b: List[str]) -> str:
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            start = max(0, i - 6)
            return (
                f"token {i}: kaa {' '.join(a[start:i + 6])!r},"
                f" compiler {' '.join(b[start:i + 6])!r}"
            )
    return f"{len(a)} tokens, the compiler has {len(b)}: ...{(a if len(a) > len(b) else b)[min(len(a), len(b)):][:8]}"


def installed() -> Dict[str, List[str]]:
    """Headers of the development packages, by package."""
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Package}\n"],
        capture_output=True, text=True,
    ).stdout
    names = [
        line[3:].strip() for line in listed.split("\n") if line.startswith("ii")
    ]
    packages: Dict[str, List[str]] = {}
    for name in names:
        if not (name.endswith("-dev") or name in ("linux-libc-dev",)):
            continue
        if re.match(r"libstdc|libgcc-|llvm|libboost|libc\+\+|python", name):
            continue
        files = subprocess.run(["dpkg", "-L", name], capture_output=True, text=True)
        headers = [
            f for f in files.stdout.split("\n")
            if f.endswith(".h") and f.startswith("/usr/include") and os.path.isfile(f)
        ]
        if headers:
            packages[name] = sorted(headers)
    return packages


def folders(header: str) -> List[str]:
    for part, packages in PACKAGES.items():
        if part in header and packages:
            run = subprocess.run(
                ["pkg-config", "--cflags-only-I", *packages.split()],
                capture_output=True, text=True,
            )
            return [word[2:] for word in run.stdout.split()]
    return []


def compare(
    kaa: Kaa, compiler: str, standard: str, header: str, text: str = ""
) -> Tuple[str, str]:
    """"same", "refused" (by both), or "WRONG" with the difference."""
    dirs = folders(header)
    text = text or f'#include "{header}"\n'
    ours, message = kaa.preprocess(text, dirs)
    run = subprocess.run(
        [compiler, standard, "-E", "-x", "c", "-", *[f"-I{d}" for d in dirs]],
        input=text.encode(), capture_output=True,
    )
    theirs = run.stdout.decode("utf-8", "replace")
    if run.returncode != 0:
        return ("refused", message) if ours is None else ("WRONG", "the compiler refuses it: " + run.stderr.decode()[:300])
    if ours is None:
        return "WRONG", message
    a, b = tokens(ours), tokens(theirs)
    return ("same", str(len(a))) if a == b else ("WRONG", difference(a, b))


def questions() -> str:
    """A text that says which questions the compiler knows, and its answers."""
    text = []
    for macro, words in ASKED.items():
        text.append(f"#ifdef {macro}\nknown {macro[2:]}")
        for word in words.split():
            text.append(f'#if {macro}({word})\n"{macro} says yes to " {word}\n#endif')
        text.append("#endif")
    return "\n".join(text) + "\n"


QUESTIONS = questions()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--standard", default="-std=gnu11")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("headers", nargs="*")
    options = parser.parse_args()
    try:
        kaa = Kaa(options.library, options.compiler, options.standard)
    except OSError as error:
        print(f"skipped: {error}")
        return 77
    packages = {"given": options.headers} if options.headers else installed()
    chosen: List[str] = []
    for headers in packages.values():
        step = max(1, len(headers) // PER_PACKAGE)
        chosen += headers if options.all or options.headers else headers[::step]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(
            lambda h: compare(kaa, options.compiler, options.standard, h), chosen
        ))
    chosen.append("what a compiler can be asked")
    results.append(compare(kaa, options.compiler, options.standard, "", QUESTIONS))
    counts: Dict[str, int] = {}
    total = 0
    for header, (verdict, detail) in zip(chosen, results):
        counts[verdict] = counts.get(verdict, 0) + 1
        total += int(detail) if verdict == "same" else 0
        if verdict == "WRONG":
            print(f"{header}: {detail}")
    print(
        f"{options.compiler}: {len(packages)} packages, {len(chosen)} headers:"
        f" {counts}, {total} tokens"
    )
    return 1 if counts.get("WRONG") or not counts.get("same") else 0


if __name__ == "__main__":
    sys.exit(main())
