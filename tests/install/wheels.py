"""Runs the wheels where their users do: in old and new systems, on AArch64, and
with musl.

    wheels.py SOURCE BUILD [PLACE ...]

BUILD is the folder that bindings/python/wheels.py wrote to. A PLACE is a Debian
suite (bullseye, bookworm, forky), whose root holds Python, pip and the C library's
headers and nothing else, or aarch64, or musl, or here. Prints a line for each; exits with 1 where one failed,
and with 77 where none could be tried.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List

SKIPPED = 77

# The README's first example, an exception, a callback, a record, a module's tools.
PROGRAM = r"""
import array, os, sys
import kaa
LIBZ, LIBM = "libz.so.1", "libm.so.6"
if "musl" in getattr(sys.implementation, "_multiarch", ""):  # whose libm is libc
    LIBZ, LIBM = sys.base_prefix + "/lib/libz.so.1", None
z = kaa.load(LIBZ, '''
    unsigned long compressBound(unsigned long length);
    const char *zlibVersion(void);
''')
assert z.compressBound(1000) == 1013, z.compressBound(1000)
try:
    z.compressBound("a lot")
except TypeError as error:
    assert "compressBound() argument 1" in str(error), error
else:
    raise AssertionError("a str was taken")
c = kaa.load(None, '''
    typedef struct { int quot; int rem; } div_t;
    div_t div(int a, int b);
    void qsort(void *items, size_t count, size_t size,
               int (*compare [[kaa::scope(call)]])(const int *, const int *));
    int printf(const char *format, ...);
''')
assert (c.div(7, 2).quot, c.div(7, 2).rem) == (3, 1)
items = array.array("i", [3, 1, 2])
c.qsort(items, 3, 4, lambda a, b: a[0] - b[0])
assert list(items) == [1, 2, 3], items
m = kaa.load(LIBM, "double pow(double x, double y);")
assert list(m.pow.map(array.array("d", [1, 2]), 2.0)) == [1.0, 4.0]
assert kaa.load(None, header="stddef.h").size_t is not None  # kaa's own
if os.path.exists("/usr/include/stdlib.h"):
    h = kaa.load(None, header="stdlib.h")
    assert (h.abs(-3), h.EXIT_FAILURE) == (3, 1)
    assert kaa.load(None, header="limits.h").PATH_MAX == 4096
    headers = "headers"
else:
    headers = "no headers"
print("kaa", kaa.__version__, "on", sys.version.split()[0] + ",", headers)
"""

# A C program that loads the wheel's libkaa.
MUSL = r"""
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
    void *library = dlopen(argv[1], RTLD_NOW);
    unsigned (*number)(void);
    if (library == NULL) { puts(dlerror()); return 1; }
    number = (unsigned (*)(void))dlsym(library, "kaa_version_number");
    printf("libkaa %u\n", number());
    return 0;
}
"""


class Missing(Exception):
    """What is not to be had here."""


def run(command: List[object], **options: object) -> str:
    words = [str(one) for one in command]
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)[:200]}\n{done.stdout[-3000:]}")
    return done.stdout


def wheel(build: Path, tag: str) -> Path:
    found = list((build / "wheels").glob(f"*{tag}.whl"))
    if not found:
        raise Missing(f"no wheel {tag} was built")
    return found[0]


def roots() -> Path:
    base = os.environ.get("KAA_ROOTS")
    if not base:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        base = f"{cache}/kaa/roots"
    return Path(base)


def debian_root(suite: str) -> Path:
    """A root with Python, pip and headers, made once by debootstrap."""
    root = roots() / suite
    if (root / "usr/include/stdlib.h").exists() and (root / "usr/bin/python3").exists():
        return root
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise Missing("debootstrap is missing, or this is not root")
    root.parent.mkdir(parents=True, exist_ok=True)
    scripts = Path("/usr/share/debootstrap/scripts")
    script = [] if (scripts / suite).exists() else [scripts / "sid"]
    run(
        ["debootstrap", "--variant=minbase"]
        + ["--include=python3,python3-pip,python3-venv,zlib1g,libc6-dev", suite, root]
        + ["http://deb.debian.org/debian", *script]
    )
    return root


def use_by_pip(python: str, folder: str, name: str) -> str:
    """A shell script: pip install, the example, a new project's files, pip uninstall."""
    pip = f"{folder}/venv/bin/python -m pip"
    return f"""set -e
        cd {folder}; {python} -m venv venv
        find venv -type f | grep -v __pycache__ | sort > before
        {pip} install -q --no-index {folder}/{name} 2>&1
        venv/bin/python program.py
        KAA_HOST=none venv/bin/python program.py > /dev/null
        venv/bin/python -m kaa new sky > /dev/null; test -f sky/pyproject.toml
        {pip} uninstall -q -y kaa > said 2>&1 || {{ cat said; exit 1; }}
        find venv -type f | grep -v __pycache__ | sort > after
        cmp before after"""


def in_root(suite: str, build: Path, source: Path) -> str:
    """What a user does, in a root that has Python and pip."""
    root = debian_root(suite)
    place = Path(tempfile.mkdtemp(prefix="kaa-", dir=root / "tmp"))
    inside = f"/tmp/{place.name}"
    try:
        name = shutil.copy(wheel(build, "manylinux_2_17_x86_64"), place)
        (place / "program.py").write_text(PROGRAM)
        script = use_by_pip("python3", inside, Path(name).name)
        return run(
            ["chroot", root, "/bin/sh", "-c", script],
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/tmp"},
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)


def cache() -> Path:
    """Where tests/pythons puts what it fetches."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(os.environ.get("KAA_PYTHONS") or f"{base}/kaa/pythons")


def on_aarch64(build: Path, source: Path) -> str:
    """That processor's Python, under qemu-user."""
    fetch = [sys.executable, "-B", source / "tests/pythons"]
    done = subprocess.run(
        [str(one) for one in fetch + ["--processor", "arm64", "3.14"]],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Missing(done.stderr.strip())
    return unpacked(f"{cache()}/bin-arm64/python3.14", wheel(build, "manylinux_2_17_aarch64"))


def here(build: Path, source: Path) -> str:
    """The Python that runs this, with this system's headers."""
    return unpacked(sys.executable, wheel(build, f"manylinux_2_17_{platform.machine()}"))


def unpacked(python: str, file: Path) -> str:
    """The program, with a wheel's files on sys.path."""
    with tempfile.TemporaryDirectory() as folder:
        run([sys.executable, "-m", "zipfile", "-e", file, folder])
        program = Path(folder) / "program.py"
        program.write_text(PROGRAM)
        said = run([python, program], env={**os.environ, "PYTHONPATH": folder})
        environment = {**os.environ, "PYTHONPATH": folder, "KAA_HOST": "none"}
        run([python, program], env=environment)
        return said


def with_musl(build: Path, source: Path) -> str:
    """musl's wheel, loaded by a program of musl's."""
    if not shutil.which("musl-gcc"):
        raise Missing("musl-gcc is missing: apt-get install musl-tools")
    with tempfile.TemporaryDirectory() as folder:
        file = wheel(build, "musllinux_1_2_x86_64")
        run([sys.executable, "-m", "zipfile", "-e", file, folder])
        (library,) = Path(folder).glob("kaa/libkaa.so.*")
        program = Path(folder) / "program.c"
        program.write_text(MUSL)
        run(["musl-gcc", "-w", program, "-o", program.with_suffix("")])
        said = run([program.with_suffix(""), library])
    python = cache() / "bin-musl" / "python3.13"
    if not python.exists():
        return f"{said.strip()}; no Python with musl: tests/pythons musl makes one"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(file, folder)
        (Path(folder) / "program.py").write_text(PROGRAM)
        return run(["sh", "-c", use_by_pip(str(python), folder, file.name)])


PLACES: Dict[str, Callable[[Path, Path], str]] = {
    "bullseye": lambda build, source: in_root("bullseye", build, source),
    "bookworm": lambda build, source: in_root("bookworm", build, source),
    "forky": lambda build, source: in_root("forky", build, source),
    "aarch64": on_aarch64,
    "musl": with_musl,
    "here": here,
}


def main() -> int:
    source, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    tried = failed = 0
    for name in sys.argv[3:] or PLACES:
        try:
            said = PLACES[name](build, source)
        except Missing as error:
            print(f"{name}: skipped: {error}")
            continue
        except RuntimeError as error:
            failed += 1
            said = f"FAILED\n{error}"
        tried += 1
        print(f"{name}: {said.strip().splitlines()[-1] if not failed else said}")
    if failed:
        return 1
    return 0 if tried else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
