"""The build: scikit-build-core, told where libkaa's sources are.

In a checkout they are two folders up, where a pyproject.toml may not point; in a
source distribution they are the folder native/ beside this file. So this file
gives scikit-build-core the place, the version of version.h, and, for a source
distribution, one tree with all of it. Everything else is scikit-build-core's.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import Any, Dict, List, Mapping, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("CMakeLists.txt", "LICENSE", "include", "lib")
COMPILERS = ("cc", "gcc", "clang")


def native() -> str:
    """The folder of libkaa's CMakeLists.txt."""
    packed = os.path.join(HERE, "native")
    return packed if os.path.isdir(packed) else os.path.dirname(os.path.dirname(HERE))


def dynamic_metadata(
    field: str, settings: Mapping[str, Any], project: Optional[Mapping[str, Any]] = None
) -> str:
    """The version in version.h, the only place with one."""
    with open(os.path.join(native(), "include", "kaa", "version.h")) as file:
        found = dict(re.findall(r"KAA_VERSION_(\w+) (\d+)", file.read()))
    return ".".join(found[part] for part in ("MAJOR", "MINOR", "PATCH"))


def _settings(given: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """The user's settings, and where the sources are."""
    return {"cmake.source-dir": os.path.relpath(native(), HERE), **(given or {})}


def _check_compiler() -> None:
    """Ends with one line where there is no C compiler."""
    command = os.environ.get("CC", "").split()
    if not any(shutil.which(one) for one in (command[:1] or COMPILERS)):
        wanted = " ".join(command) or "a C compiler"
        raise SystemExit(
            f"kaa is built from C: {wanted} is missing (Debian: apt-get install gcc,"
            " Fedora: dnf install gcc, Alpine: apk add gcc musl-dev)"
        )


def get_requires_for_build_wheel(settings: Optional[Dict[str, Any]] = None) -> List[str]:
    from scikit_build_core import build

    return build.get_requires_for_build_wheel(_settings(settings))


def get_requires_for_build_editable(
    settings: Optional[Dict[str, Any]] = None,
) -> List[str]:
    from scikit_build_core import build

    return build.get_requires_for_build_editable(_settings(settings))


def get_requires_for_build_sdist(settings: Optional[Dict[str, Any]] = None) -> List[str]:
    return []


def build_wheel(
    directory: str,
    settings: Optional[Dict[str, Any]] = None,
    metadata: Optional[str] = None,
) -> str:
    from scikit_build_core import build

    _check_compiler()
    return build.build_wheel(directory, _settings(settings), metadata)


def build_editable(
    directory: str,
    settings: Optional[Dict[str, Any]] = None,
    metadata: Optional[str] = None,
) -> str:
    from scikit_build_core import build

    _check_compiler()
    return build.build_editable(directory, _settings(settings), metadata)


def prepare_metadata_for_build_wheel(
    directory: str, settings: Optional[Dict[str, Any]] = None
) -> str:
    from scikit_build_core import build

    return build.prepare_metadata_for_build_wheel(directory, _settings(settings))


def prepare_metadata_for_build_editable(
    directory: str, settings: Optional[Dict[str, Any]] = None
) -> str:
    from scikit_build_core import build

    return build.prepare_metadata_for_build_editable(directory, _settings(settings))


def _copy(source: str, target: str) -> None:
    """A file, or a folder with what belongs to it."""
    if os.path.isdir(source):
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.so*", "*.egg-info")
        shutil.copytree(source, target, ignore=ignored)
    else:
        shutil.copy(source, target)


def build_sdist(directory: str, settings: Optional[Dict[str, Any]] = None) -> str:
    """One tree, from which a wheel can be built without a checkout."""
    from scikit_build_core import build

    directory, before = os.path.abspath(directory), os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(HERE):
            if name not in ("native", "build", "dist", "LICENSE", "__pycache__"):
                _copy(os.path.join(HERE, name), os.path.join(folder, name))
        packed = os.path.join(folder, "native")
        os.mkdir(packed)
        for name in SOURCES:
            _copy(os.path.join(native(), name), os.path.join(packed, name))
        _copy(os.path.join(native(), "LICENSE"), os.path.join(folder, "LICENSE"))
        try:
            os.chdir(folder)
            return build.build_sdist(directory, settings)
        finally:
            os.chdir(before)
