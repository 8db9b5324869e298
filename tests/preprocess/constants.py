"""Constants of real headers: kaa's beside the compiler's.

    constants.py [--compiler cc] [HEADER ...]       (kaa can be imported)

For each object-like macro of a header the compiler says whether it is a constant,
of arithmetic type or a string; kaa has to have it, with that value.
"""

from __future__ import annotations

import argparse
import functools
import math
import os
import re
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Tuple

import kaa

MISSING_MOST = 0.002

HEADERS: List[Tuple[str, List[str]]] = [
    *[(h, []) for h in (
        "stdint.h", "limits.h", "float.h", "errno.h", "signal.h", "fcntl.h", "stdio.h",
        "math.h", "elf.h", "sys/stat.h", "sys/socket.h", "netinet/in.h", "termios.h",
        "sys/ioctl.h", "sys/mman.h", "pthread.h", "inttypes.h", "time.h", "wchar.h",
        "linux/fs.h", "linux/videodev2.h", "linux/input.h", "linux/perf_event.h",
        "linux/if_link.h", "linux/kvm.h", "linux/bpf.h", "linux/fuse.h", "drm/drm.h",
        "zlib.h", "sqlite3.h", "curl/curl.h", "SDL2/SDL.h", "git2.h", "openssl/ssl.h",
        "openssl/evp.h", "png.h", "uv.h", "fftw3.h", "zstd.h", "archive.h", "sodium.h",
        "gsl/gsl_math.h", "gsl/gsl_sf.h", "jpeglib.h",
    )],
    ("lua.h", ["lua5.4"]), ("lauxlib.h", ["lua5.4"]), ("glib.h", ["glib-2.0"]),
    ("libxml/parser.h", ["libxml-2.0"]), ("libxml/tree.h", ["libxml-2.0"]),
]


def flags_of(packages: List[str]) -> List[str]:
    if not packages:
        return []
    run = subprocess.run(
        ["pkg-config", "--cflags", *packages], capture_output=True, text=True
    )
    return run.stdout.split()


@functools.lru_cache(None)
def no_limit(compiler: str) -> str:
    """The option that has the compiler name every error, not the first twenty."""
    asked = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return "-ferror-limit=0" if "clang" in asked.stdout else "-fmax-errors=0"


def run(compiler: str, text: str, flags: List[str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [compiler, "-std=gnu17", "-w", no_limit(compiler), *flags, *arguments, "-x", "c", "-"],
        input=text, capture_output=True, text=True,
    )


def macros_of(compiler: str, include: str, flags: List[str]) -> List[str]:
    """The object-like macros with a body that the header defines."""
    def defined(text: str) -> Dict[str, str]:
        out = run(compiler, text, flags, "-dM", "-E").stdout
        return dict(re.findall(r"^#define (\w+)[ \t]+(\S.*)$", out, re.M))
    before = defined("#if __has_include(<immintrin.h>)\n#include <immintrin.h>\n#endif\n")
    return [n for n, body in defined(include).items() if n not in before]


def failing(errors: str) -> set:
    return {int(n) for n in re.findall(r"<stdin>:(\d+):(?:\d+:)? (?:error|note)", errors)}


def constants_of(compiler: str, include: str, names: List[str], flags: List[str]) -> Tuple[List[str], List[str]]:
    """Those that are integer constants for the compiler, and those that are strings."""
    one = "#define kaa_one(x) kaa_two(x)\n#define kaa_two(x) 0 + x * 0\n"
    text = include + one + "".join(
        f"void kaa_{i}(void) {{ enum {{ k = (int)(kaa_one({n})) }}; }}\n"
        for i, n in enumerate(names)
    )
    bad = failing(run(compiler, text, flags, "-fsyntax-only").stderr)
    first = (include + one).count("\n") + 1
    integers = [n for i, n in enumerate(names) if first + i not in bad]
    rest = [n for n in names if n not in set(integers)]
    first = include.count("\n") + 1
    text = include + "".join(f'static const char kaa_s{i}[] = "" {n} "";\n' for i, n in enumerate(rest))
    bad = failing(run(compiler, text, flags, "-fsyntax-only").stderr)
    strings = [n for i, n in enumerate(rest) if first + i not in bad]
    return integers, strings


def literal(value: Any) -> str:
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, float):
        return value.hex()
    if value == -(2**63):
        return "(-9223372036854775807LL - 1)"
    return f"{value}ULL" if value > 2**63 - 1 else f"{value}LL"


PLACE = re.compile(r"'__(LINE|FILE)__' is no constant")


def check(compiler: str, header: str, packages: List[str]) -> Tuple[int, List[str], List[str]]:
    """The number of constants, those that are missing, those that are wrong."""
    flags = flags_of(packages)
    include = f"#include <stddef.h>\n#include <stdio.h>\n#include <{header}>\n"
    library = kaa.load(
        None, header=["stddef.h", "stdio.h", header], only="*", package=packages or None
    )
    names = macros_of(compiler, include, flags)
    integers, strings = constants_of(compiler, include, names, flags)
    missing, lines, checked, known = [], [], [], set(integers)
    for name in integers + strings:
        try:
            value = getattr(library, name)
        except AttributeError as error:
            if "an empty macro" not in str(error):
                # What tells where it stands is another value in each place.
                if not PLACE.search(str(error)):
                    missing.append(f"{name}: {error}")
            continue
        if isinstance(value, float) and not math.isfinite(value) or "LINE" in name or "FILE" in name or name in ("errno", "h_errno"):
            continue
        if isinstance(value, float) and name in known:
            # clang takes a comparison of floating numbers for constant only here.
            lines.append(
                f'_Static_assert(__builtin_constant_p({name})'
                f' ? (double)({name}) == {literal(value)} : 0, "");'
            )
            checked.append(name)
        elif isinstance(value, int) and name in known:
            lines.append(f'_Static_assert(({name}) == {literal(value)}, "");')
            checked.append(name)
        elif isinstance(value, str) and name not in known and "LOC" not in name:
            raw = value.encode("utf-8", "surrogateescape")
            lines.append(f'_Static_assert(sizeof("" {name} "") == {len(raw) + 1}, "");')
            checked.append(name)
    errors = failing(run(compiler, include + "\n".join(lines) + "\n", flags, "-fsyntax-only").stderr)
    first = include.count("\n") + 1
    wrong = [n for i, n in enumerate(checked) if first + i in errors]
    return len(integers) + len(strings), missing, wrong


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("headers", nargs="*")
    options = parser.parse_args()
    chosen = [(h, p) for h, p in HEADERS if not options.headers or h in options.headers]
    chosen += [(h, []) for h in options.headers if h not in dict(HEADERS)]
    failures = found = total = 0
    for header, packages in chosen:
        if run(options.compiler, f"#include <{header}>\n", flags_of(packages), "-E").returncode:
            print(f"{header}: not installed")
            continue
        try:
            count, missing, wrong = check(options.compiler, header, packages)
        except kaa.Error as error:
            print(f"{header}: {error}")
            failures += 1
            continue
        found += 1
        total += count
        bad = len(missing) > MISSING_MOST * count or wrong
        failures += bool(bad)
        print(f"{header}: {count} constants, {len(missing)} missing, {len(wrong)} wrong")
        for one in missing[:8]:
            print("    missing", one[:150])
        for one in wrong[:8]:
            print("    WRONG", one)
    print(f"{found} headers, {total} constants, {failures} failures")
    return 77 if not found else failures != 0


if __name__ == "__main__":
    sys.exit(main())
