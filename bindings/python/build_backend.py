"""The build is scikit-build-core's. This file adds what it cannot know.

libkaa's sources are two folders up, and a source distribution may hold nothing
from outside its folder. So build_sdist() makes one tree of both, with libkaa in
the folder native/, and points pyproject.toml there. And a wheel's build ends
with one line where there is no C compiler.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any, Dict, Optional

from scikit_build_core import build as _build
from scikit_build_core.build import (
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

HERE = os.path.dirname(os.path.abspath(__file__))
#: As pyproject.toml names libkaa's folder, and as a source distribution does.
OUTSIDE, PACKED = '"../..', '"native'
SOURCES = ("CMakeLists.txt", "LICENSE", "include", "lib")
COMPILERS = ("cc", "gcc", "clang")


def _check_compiler() -> None:
    """Ends with one line where there is no C compiler."""
    command = os.environ.get("CC", "").split()
    if not any(shutil.which(one) for one in (command[:1] or COMPILERS)):
        wanted = " ".join(command) or "a C compiler"
        raise SystemExit(
            f"kaa is built from C: {wanted} is missing (Debian: apt-get install gcc;"
            " Fedora: dnf install gcc; Alpine: apk add gcc musl-dev)"
        )


def build_wheel(
    directory: str,
    settings: Optional[Dict[str, Any]] = None,
    metadata: Optional[str] = None,
) -> str:
    _check_compiler()
    return _build.build_wheel(directory, settings, metadata)


def build_editable(
    directory: str,
    settings: Optional[Dict[str, Any]] = None,
    metadata: Optional[str] = None,
) -> str:
    _check_compiler()
    return _build.build_editable(directory, settings, metadata)


def _copy(source: str, target: str) -> None:
    """A file, or a folder with what belongs to it."""
    if os.path.isdir(source):
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.so*", "docs")
        shutil.copytree(source, target, ignore=ignored)
    else:
        shutil.copy(source, target)


def _pack(folder: str) -> None:
    """The tree of a source distribution."""
    for name in ("kaa", "README.md", "CONVERSIONS.md", "LICENSE", "build_backend.py"):
        _copy(os.path.join(HERE, name), os.path.join(folder, name))
    with open(os.path.join(HERE, "pyproject.toml"), encoding="utf-8") as file:
        project = file.read()
    native = os.path.join(HERE, "native")
    if OUTSIDE in project:
        native = os.path.dirname(os.path.dirname(HERE))
    with open(os.path.join(folder, "pyproject.toml"), "w", encoding="utf-8") as file:
        file.write(project.replace(OUTSIDE, PACKED))
    os.mkdir(os.path.join(folder, "native"))
    for name in SOURCES:
        _copy(os.path.join(native, name), os.path.join(folder, "native", name))


def build_sdist(directory: str, settings: Optional[Dict[str, Any]] = None) -> str:
    """One tree, from which a wheel can be built without a checkout."""
    directory, before = os.path.abspath(directory), os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        _pack(folder)
        try:
            os.chdir(folder)
            return _build.build_sdist(directory, settings)
        finally:
            os.chdir(before)
