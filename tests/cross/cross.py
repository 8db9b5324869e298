"""Builds libkaa with its C tests for another platform, and runs them.

    cross.py SOURCE BUILD aarch64|s390x|musl [--configure] [--tests PATTERN]

Another processor's tests run under qemu-user, against the libffi and the C
library of the root that tests/pythons makes for it; the Python of that root gets
the Python tests' names (python/3.14.6/test_x). musl's run as they are. The build
is an ordinary one, in BUILD/cross; --configure stops before it, for `cmake
--build BUILD/cross` and `ctest --test-dir BUILD/cross -R ...` by hand.

Exits with 77, and says why, where a tool is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional
from xml.etree import ElementTree

SKIPPED = 77
# All but checks of the sources, Python's tests and benches.
LABELS = "^(plain|fault|collect)$"


class Missing(Exception):
    """What is not to be had here."""


class Target(NamedTuple):
    """A platform: its compiler, where that is packaged, its root and emulator."""

    compiler: str
    package: str
    debian: str  # Debian's name of the processor; "": this one
    triple: str


TARGETS: Dict[str, Target] = {
    "aarch64": Target(
        "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "arm64", "aarch64-linux-gnu"
    ),
    "s390x": Target(
        "s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu", "s390x", "s390x-linux-gnu"
    ),
    "musl": Target("musl-gcc", "musl-tools", "", ""),
}


def run(command: List[object], **options: object) -> str:
    """A command's output; ends the program if it fails."""
    words = [str(one) for one in command]
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode == SKIPPED:
        raise Missing(done.stdout.strip())
    if done.returncode:
        raise SystemExit(f"{' '.join(words)[:300]} failed:\n{done.stdout[-6000:]}")
    return done.stdout


def write_pc(prefix: Path) -> None:
    """libffi.pc, so that no other platform's libffi is found."""
    folder = prefix / "lib" / "pkgconfig"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "libffi.pc").write_text(
        "Name: libffi\nDescription: libffi\nVersion: 3.4\n"
        f"Libs: -L{prefix}/lib -lffi\nCflags: -I{prefix}/include\n"
    )


def pythons() -> Path:
    """Where tests/pythons puts what it fetches."""
    given = os.environ.get("KAA_PYTHONS")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(given or f"{base}/kaa/pythons")


def foreign(source: Path, build: Path, name: str, target: Target) -> List[str]:
    """What CMake is told for another processor."""
    emulator = shutil.which(f"qemu-{name}-static") or shutil.which(f"qemu-{name}")
    if not emulator:
        raise Missing("qemu-user is missing: apt-get install qemu-user-static")
    script = source / "tests" / "pythons"
    run([sys.executable, "-B", script, "--processor", target.debian, "3.14"])
    cache = pythons()
    root = cache / f"debian-{target.debian}"
    prefix = build / "libffi"
    write_pc(prefix)
    (prefix / "include").mkdir(exist_ok=True)
    for header in (root / "usr" / "include" / target.triple).glob("ffi*.h"):
        shutil.copy(header, prefix / "include")
    library = prefix / "lib" / "libffi.so"
    library.unlink(missing_ok=True)
    library.symlink_to(root / "usr" / "lib" / target.triple / "libffi.so")
    # The root's libraries want a newer libc than the cross compiler's, which is
    # no matter to a program that runs in that root.
    loose = "-Wl,--allow-shlib-undefined"
    return [
        "-DCMAKE_SYSTEM_NAME=Linux",
        f"-DCMAKE_SYSTEM_PROCESSOR={name}",
        f"-DCMAKE_CROSSCOMPILING_EMULATOR={emulator};-L;{root}",
        f"-DCMAKE_EXE_LINKER_FLAGS={loose}",
        f"-DCMAKE_SHARED_LINKER_FLAGS={loose}",
        f"-DKAA_TEST_PYTHONS={cache}/bin-{target.debian}/python3.14",
    ]


def with_musl(source: Path, build: Path, compiler: str) -> List[str]:
    """What CMake is told for musl; builds libffi first."""
    # The kernel's headers come from this system: musl brings none.
    triple = run(["cc", "-dumpmachine"]).strip()
    kernel = build / "kernel"
    kernel.mkdir(exist_ok=True)
    for name, place in (
        ("linux", "/usr/include/linux"),
        ("asm", f"/usr/include/{triple}/asm"),
        ("asm-generic", "/usr/include/asm-generic"),
    ):
        if not Path(place).exists():
            raise Missing(f"{place} is missing: apt-get install linux-libc-dev")
        if not (kernel / name).is_symlink():
            (kernel / name).symlink_to(place)
    prefix = build / "libffi"
    if not (prefix / "lib" / "libffi.a").exists():
        for tool in ("autoreconf", "libtoolize", "make", "apt-get"):
            if not shutil.which(tool):
                raise Missing(
                    f"{tool} is missing: apt-get install autoconf automake libtool"
                    " make (libffi's sources come by apt-get)"
                )
        sources, work = build / "libffi-source", build / "libffi-build"
        script = source / "tests" / "pythons"
        run([sys.executable, "-B", script, "--source", "libffi", sources])
        if not (sources / "configure").exists():
            run(["autoreconf", "-i"], cwd=sources)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        run(
            [sources / "configure", f"--prefix={prefix}", f"CC={compiler}"]
            + [f"CFLAGS=-O2 -isystem {kernel}", "--disable-shared", "--with-pic"]
            + ["--disable-docs", "--disable-multi-os-directory"],
            cwd=work,
        )
        run(["make", "install"], cwd=work)
    write_pc(prefix)
    return [f"-DCMAKE_C_FLAGS=-isystem {kernel}", "-DKAA_TEST_PYTHONS=none"]


def configure(options: argparse.Namespace) -> None:
    """BUILD/cross, configured."""
    target = TARGETS[options.target]
    compiler = shutil.which(target.compiler)
    if not compiler:
        raise Missing(f"{target.compiler} is missing: apt-get install {target.package}")
    if target.debian:
        told = foreign(options.source, options.build, options.target, target)
    else:
        told = with_musl(options.source, options.build, compiler)
    run(
        [options.cmake, "--fresh", "-S", options.source, "-B", options.build / "cross"]
        + ["-G", options.generator, "-DCMAKE_BUILD_TYPE=RelWithDebInfo"]
        + [
            "-DKAA_CHECKS=1",
            "-DKAA_WERROR=ON",
            f"-DCMAKE_C_COMPILER={compiler}",
            *told,
        ],
        env={
            **os.environ,
            "PKG_CONFIG_LIBDIR": str(options.build / "libffi" / "lib" / "pkgconfig"),
        },
    )


def describe(options: argparse.Namespace) -> None:
    """What tests/tables.py has to know of the platform."""
    target = TARGETS[options.target]
    machine = "x86_64, musl" if options.target == "musl" else f"{options.target}, glibc"
    compiler = run([target.compiler, "-dumpfullversion"]).strip()
    told = {"platform": f"Linux {machine}", "compiler": f"GNU {compiler}"}
    told["platform"] += ", emulated" if target.debian else ""
    told["library"] = str(options.build / "cross" / "lib" / "libkaa.so")
    python = pythons() / f"bin-{target.debian}" / "python3.14"
    told["python"] = str(python) if target.debian else ""
    (options.build / "platform.json").write_text(json.dumps(told))


def counts(results: Path) -> str:
    """How many tests did what, as a JUnit file has it."""
    suite = ElementTree.parse(results).getroot()
    failed, skipped = int(suite.get("failures", 0)), int(suite.get("skipped", 0))
    passed = int(suite.get("tests", 0)) - failed - skipped
    return f"{passed} tests passed, {failed} failed, {skipped} skipped"


def test(options: argparse.Namespace) -> int:
    """Runs CTest, which shows what fails, and says how many did what."""
    # The table of platforms is made from the results of a whole run.
    results = options.build / ("ctest-some.xml" if options.tests else "ctest.xml")
    chosen = ["-R", options.tests] if options.tests else ["-L", LABELS]
    command = [str(Path(options.cmake).with_name("ctest")), "--test-dir"]
    command += [str(options.build / "cross"), "--output-on-failure"]
    command += ["-j", str(os.cpu_count()), "--output-junit", str(results), *chosen]
    results.unlink(missing_ok=True)
    with open(options.build / "tests.log", "w+", errors="replace") as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT)
        if done.returncode:
            log.seek(0)
            print(log.read()[-20000:])
    if results.exists():
        print(f"{options.target}: {counts(results)}")
    return 1 if done.returncode else 0


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=lambda name: Path(name).resolve())
    parser.add_argument("build", type=lambda name: Path(name).resolve())
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--cmake", default=shutil.which("cmake") or "cmake")
    parser.add_argument("--generator", default="Ninja")
    parser.add_argument("--configure", action="store_true", help="do no more")
    parser.add_argument("--tests", metavar="PATTERN", help="those of CTest's names")
    options = parser.parse_args(arguments)
    options.build.mkdir(parents=True, exist_ok=True)
    try:
        configure(options)
    except Missing as error:
        print(f"skipped: {error}")
        return SKIPPED
    if options.configure:
        return 0
    run([options.cmake, "--build", options.build / "cross"])
    describe(options)
    return test(options)


if __name__ == "__main__":
    sys.exit(main())
