"""Builds what calls.py compares with: the target and the extensions over it.

Each extension is one compiler run; no build system is between. What cannot be
built here is left out, with the reason. All are compiled alike, -O3 as the
tools' own build systems do.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from typing import Any, Dict, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
OPTIMISED = ["-O3", "-DNDEBUG", "-fwrapv", "-fno-strict-aliasing"]
# nanobind's CMake sets these too, and -Os for the bindings; -O3 is quicker.
NANOBIND = [
    "-std=c++17",
    "-fvisibility=hidden",
    "-fno-stack-protector",
    "-ffunction-sections",
    "-fdata-sections",
]


class Missing(Exception):
    """Why a peer is not here."""


def run(command: List[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        errors = [line for line in lines if "error" in line] or lines[-1:]
        raise Missing(f"{command[0]} failed: {' '.join(errors[:1])}")


def compiler(variable: str, default: str) -> List[str]:
    command = (os.environ.get(variable) or default).split()
    if shutil.which(command[0]) is None:
        raise Missing(f"no compiler {command[0]}")
    return command


def build_target(directory: str) -> str:
    target = os.path.join(directory, "libcalls_target.so")
    source = os.path.join(HERE, "calls_target.c")
    subprocess.run(
        [*compiler("CC", "cc"), "-O2", "-shared", "-fPIC", source, "-o", target],
        check=True,
    )
    return target


def compile_module(
    command: List[str], name: str, target: str, sources: List[str], flags: List[str]
) -> Any:
    """Compiles an extension beside the target, which it is linked to if it is
    there, and imports it."""
    directory = os.path.dirname(target)
    linked = [target, f"-Wl,-rpath,{directory}"] if os.path.exists(target) else []
    include = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(include, "Python.h")):
        raise Missing("no Python.h")
    path = os.path.join(directory, f"{name}.{sys.implementation.cache_tag}.so")
    if not os.path.exists(path):
        run(
            [
                *command,
                *OPTIMISED,
                *flags,
                "-shared",
                "-fPIC",
                f"-I{include}",
                f"-I{HERE}",
                *sources,
                *linked,
                "-lm",
                "-o",
                path,
            ]
        )
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def build_reference(target: str) -> Any:
    source = os.path.join(HERE, "calls_reference.c")
    return compile_module(compiler("CC", "cc"), "calls_reference", target, [source], [])


def build_lean(target: str) -> Any:
    source = os.path.join(HERE, "calls_reference.c")
    return compile_module(
        compiler("CC", "cc"), "calls_lean", target, [source], ["-DLEAN"]
    )


def build_cython(target: str) -> Any:
    if importlib.util.find_spec("Cython") is None:
        raise Missing("not installed")
    source = os.path.join(HERE, "calls_cython.pyx")
    made = os.path.join(
        os.path.dirname(target), f"calls_cython.{sys.implementation.cache_tag}.c"
    )
    run([sys.executable, "-m", "cython", "--module-name", "calls_cython", source, "-o", made])
    return compile_module(compiler("CC", "cc"), "calls_cython", target, [made], [])


def build_nanobind(target: str) -> Any:
    try:
        import nanobind
    except ImportError:
        raise Missing("not installed") from None
    own = nanobind.source_dir()
    include = nanobind.include_dir()
    robin_map = os.path.join(os.path.dirname(include), "ext", "robin_map", "include")
    command = [*compiler("CXX", "c++"), *NANOBIND, f"-I{include}"]
    core = os.path.join(
        os.path.dirname(target), f"nanobind.{sys.implementation.cache_tag}.o"
    )
    if not os.path.exists(core):
        run(
            [
                *command,
                *OPTIMISED,
                "-fPIC",
                "-c",
                "-DNB_BUILD",
                "-DNB_COMPACT_ASSERTIONS",
                f"-I{robin_map}",
                f"-I{sysconfig.get_path('include')}",
                os.path.join(own, "nb_combined.cpp"),
                "-o",
                core,
            ]
        )
    source = os.path.join(HERE, "calls_nanobind.cpp")
    flags = [*command[1:], "-Wl,--gc-sections"]
    return compile_module(command[:1], "calls_nanobind", target, [source, core], flags)


def build(directory: str) -> Tuple[str, Dict[str, Any], Dict[str, str]]:
    """The target library, the modules by their column, and what is missing."""
    target = build_target(directory)
    modules: Dict[str, Any] = {}
    missing: Dict[str, str] = {}
    for name, builder in (
        ("reference", build_reference),
        ("lean", build_lean),
        ("nanobind", build_nanobind),
        ("Cython", build_cython),
    ):
        try:
            modules[name] = builder(target)
        except (Missing, ImportError) as error:
            missing[name] = str(error)
    return target, modules, missing
