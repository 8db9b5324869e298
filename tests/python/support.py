"""What the tests share: the compiler, and where things are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from typing import List, Optional

ROOT = os.environ.get(
    "KAA_TEST_ROOT",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
)
# Whether libkaa runs on the interpreter's own objects here.
BRIDGE = (
    sys.implementation.name == "cpython" and os.environ.get("KAA_HOST") != "none"
)
COMPILER: Optional[str] = shutil.which(os.environ.get("KAA_TEST_CC", "cc"))


def clean_environment() -> dict:
    """The environment for programs that must not load a sanitizer's runtime."""
    return {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}


def compile_and_run(source: str, flags: List[str] = []) -> str:
    """The output of a C program."""
    assert COMPILER is not None
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.c")
        with open(path, "w") as file:
            file.write(source)
        program = os.path.join(folder, "program")
        subprocess.run(
            [COMPILER, "-std=gnu11", "-w", *flags, path, "-o", program],
            check=True,
            env=clean_environment(),
        )
        done = subprocess.run(
            [program], check=True, stdout=subprocess.PIPE, env=clean_environment()
        )
    return done.stdout.decode()


def compile_library(folder: str, name: str, source: str, *flags: str) -> str:
    """The path of a shared library made of a C text."""
    assert COMPILER is not None
    path = os.path.join(folder, name)
    with open(path + ".c", "w") as file:
        file.write(source)
    subprocess.run(
        [COMPILER, "-std=gnu11", "-w", "-shared", "-fPIC", path + ".c"]
        + ["-o", path, *flags],
        check=True,
        env=clean_environment(),
    )
    return path


def run_python(
    *arguments: str, text: str = "", **variables: str
) -> subprocess.CompletedProcess:
    """A fresh interpreter of this kind; its output as text."""
    return subprocess.run(
        [sys.executable, *arguments],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env={**os.environ, **variables},
    )
