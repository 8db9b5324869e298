"""Builds the wheel: libkaa by CMake into the package, tagged py3-none-<platform>.

The sources of libkaa are two folders up; so the wheel is built in a checkout.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
from typing import Tuple

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def version() -> str:
    """The version in version.h, the only place with one."""
    with open(os.path.join(ROOT, "include", "kaa", "version.h")) as file:
        found = dict(re.findall(r"KAA_VERSION_(\w+) (\d+)", file.read()))
    return ".".join(found[part] for part in ("MAJOR", "MINOR", "PATCH"))


class BuildWithLibrary(build_py):
    """Puts libkaa.so beside the Python files."""

    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):
            target = os.path.join(HERE, "kaa")
        else:
            target = os.path.join(self.build_lib, "kaa")
        build = self.get_finalized_command("build")
        folder = os.path.join(os.path.abspath(build.build_temp), "cmake")
        cmake = os.environ.get("CMAKE", "cmake")
        subprocess.check_call(
            [cmake, "-S", ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release"]
            + ["-DBUILD_TESTING=OFF", "-DBUILD_SHARED_LIBS=ON", "-DKAA_SANITIZE="]
        )
        subprocess.check_call([cmake, "--build", folder, "--target", "kaa"])
        (library,) = {
            os.path.realpath(one)
            for one in glob.glob(os.path.join(folder, "lib", "libkaa.so*"))
        }
        os.makedirs(target, exist_ok=True)
        # Under its soname: a process that has it loaded once finds it again.
        soname = "libkaa.so." + ".".join(version().split(".")[:2])
        shutil.copyfile(library, os.path.join(target, soname))
        if target != os.path.join(HERE, "kaa"):
            # What building extension modules needs; see cmake/kaaConfig.cmake.
            headers = os.path.join(target, "include", "kaa")
            shutil.copytree(
                os.path.join(ROOT, "include", "kaa"), headers, dirs_exist_ok=True
            )
            shutil.copyfile(
                os.path.join(ROOT, "lib", "kaaModule.cmake"),
                os.path.join(target, "cmake", "kaaModule.cmake"),
            )


class WheelForEveryPython(bdist_wheel):
    """No module is compiled against Python, so one wheel fits all."""

    def get_tag(self) -> Tuple[str, str, str]:
        platform = super().get_tag()[2]
        return "py3", "none", platform


class HasNative(Distribution):
    """A distribution of one platform."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    version=version(),
    distclass=HasNative,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": WheelForEveryPython},
)
