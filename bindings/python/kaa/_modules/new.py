"""``python -m kaa new NAME``: a small project that builds.

A package NAME whose work is done by an extension module, ``NAME/_NAME.kaa.so``,
which one C or C++ file makes; a test; and a pyproject.toml that makes one wheel for
every Python of a platform.
"""

from __future__ import annotations

import keyword
import os
from typing import Dict

_CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(@NAME@ LANGUAGES @LANGUAGE@)
@STANDARD@
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# kaa: an installed one, or the Python package.
find_package(kaa CONFIG QUIET)
if(NOT kaa_FOUND)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(COMMAND ${Python3_EXECUTABLE} -m kaa cmake
                  OUTPUT_VARIABLE kaa_DIR OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${Python3_EXECUTABLE} has no kaa: `pip install kaa` there,"
                        " or give another one as -DPython3_EXECUTABLE=PATH")
  endif()
  find_package(kaa CONFIG REQUIRED)
endif()

kaa_add_module(_@NAME@ src/@NAME@@SUFFIX@)
target_link_libraries(_@NAME@ PRIVATE m)
if(SKBUILD)
  # A wheel is being built.
  install(TARGETS _@NAME@ LIBRARY DESTINATION .)
@VENDOR@else()
  # Into the package: so the tests find it where an installed one has it.
  set_target_properties(_@NAME@ PROPERTIES
                        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_SOURCE_DIR}/@NAME@)
endif()

enable_testing()
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_test(NAME @NAME@
           COMMAND ${Python3_EXECUTABLE} -m unittest discover -s tests
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(@NAME@ PROPERTIES ENVIRONMENT_MODIFICATION
    "PYTHONPATH=path_list_prepend:${PROJECT_SOURCE_DIR}")
endif()
"""

_SOURCE = """\
/* @NAME@ - the part in @LANGUAGE_NAME@ of the package @NAME@. */
#include @MATH@

#include <kaa/module.h>

/* A function that converts its arguments itself. */
static kaa_object *
greet(kaa_context *ctx, kaa_object *self, kaa_object *const *args, size_t nargs,
      kaa_object *kwnames)
{
    static const char *const names[] = {"name", "times", NULL};
    const char *name;
    int times = 1;

    (void)self;
    if (!kaa_parse_keywords(ctx, args, nargs, kwnames, "s|i:greet", names,
                            &name, &times))
        return NULL;
    if (times < 1) {
        kaa_raise_format(ctx, kaa_builtin(ctx, KAA_VALUE_ERROR),
                         "times must be 1 or more, not %d", times);
        return NULL;
    }
    return kaa_str_format(ctx, "Hello, %s%s", name, times > 1 ? "!" : "");
}

/* A plain C function: its declaration below says how it converts. */
static double
hypot3(double x, double y, double z)
{
    return @SQRT@(x * x + y * y + z * z);
}

static const kaa_method methods[] = {
    KAA_METHOD_KEYWORDS("greet", greet,
                        "greet(name, times=1)\\n--\\n\\nA greeting."),
    KAA_FUNCTION("[[kaa::hold_gil]] double hypot3(double x, double y, double z)",
                 hypot3, "The length of a vector."),
    KAA_METHODS_END,
};

@MODULE@
"""

#: What a project's files say of its language.
_C = {
    "LANGUAGE": "C",
    "LANGUAGE_NAME": "C",
    "STANDARD": "set(CMAKE_C_STANDARD 11)",
    "SUFFIX": ".c",
    "MATH": "<math.h>",
    "SQRT": "sqrt",
    "MODULE": 'KAA_MODULE(_@NAME@, .doc = "The part in C of @NAME@.", .methods = methods);',
}
_CXX = {
    "LANGUAGE": "CXX",
    "LANGUAGE_NAME": "C++",
    "STANDARD": "set(CMAKE_CXX_STANDARD 11)",
    "SUFFIX": ".cc",
    "MATH": "<cmath>",
    "SQRT": "std::sqrt",
    "MODULE": """\
KAA_MODULE(_@NAME@, [](kaa_module_def &module) {
    module.doc = "The part in C++ of @NAME@.";
    module.methods = methods;
})""",
}

_PACKAGE = '''\
"""@NAME@"""

import kaa.importer  # finds _@NAME@.kaa.so

from @NAME@._@NAME@ import greet, hypot3

__all__ = ["greet", "hypot3"]
'''

_TEST = '''\
"""Tests of @NAME@."""

import unittest

import @NAME@


class Functions(unittest.TestCase):
    def test_greet(self):
        self.assertEqual(@NAME@.greet("kaa"), "Hello, kaa")
        with self.assertRaises(ValueError):
            @NAME@.greet("kaa", times=0)
        with self.assertRaises(TypeError):
            @NAME@.greet(1)

    def test_hypot3(self):
        self.assertEqual(@NAME@.hypot3(2, 3, 6), 7.0)


if __name__ == "__main__":
    unittest.main()
'''

_PYPROJECT = """\
[build-system]
requires = ["scikit-build-core>=0.10", "kaa"]
build-backend = "scikit_build_core.build"

[project]
name = "@NAME@"
version = "0.1.0"
description = "A package with a part in @LANGUAGE_NAME@"
readme = "README.md"
requires-python = ">=3.9"
dependencies = [@DEPENDENCIES@]

[tool.scikit-build]
# Not compiled against Python: one wheel for every one of a platform.
wheel.py-api = "py3"
wheel.packages = ["@NAME@"]
wheel.install-dir = "@NAME@"
"""

#: In the CMake file of a project that brings kaa itself.
_VENDOR = """\
  # kaa itself, for who has none: the package that the module was built with.
  install(DIRECTORY ${kaa_package}/ DESTINATION _vendor/kaa
          PATTERN __pycache__ EXCLUDE)
"""

_VENDORED_PACKAGE = '''\
"""@NAME@"""

import os
import sys

try:
    import kaa.importer  # finds _@NAME@.kaa.so
except ImportError:  # no kaa is installed: the one that came with this package
    sys.path.append(os.path.join(os.path.dirname(__file__), "_vendor"))
    import kaa.importer

from @NAME@._@NAME@ import greet, hypot3

__all__ = ["greet", "hypot3"]
'''

_README = """\
# @NAME@

    cmake -S . -B build && cmake --build build && ctest --test-dir build

builds the module and tests it; `pip wheel .` makes one wheel that serves every
Python from 3.9 on. The file in src/ includes `<kaa/module.h>` and links nothing; C
programs can load `@NAME@/_@NAME@.kaa.so` as well, with `kaa_import()`.
"""

_FILES: Dict[str, str] = {
    "CMakeLists.txt": _CMAKE,
    "README.md": _README,
    "pyproject.toml": _PYPROJECT,
    ".gitignore": "build/\n*.kaa.so\n*.egg-info/\n__pycache__/\n",
    "src/@NAME@@SUFFIX@": _SOURCE,
    "@NAME@/__init__.py": _PACKAGE,
    "tests/test_@NAME@.py": _TEST,
}


def check_name(name: str) -> None:
    """Raises ValueError for what cannot be a module of Python and of C."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no name of a module: letters, digits and _")


def write_project(name: str, folder: str, vendor: bool = False, cxx: bool = False) -> None:
    """Writes the project's files into a new folder. Its wheel depends on kaa, or
    brings it (`vendor`); its module is written in C, or in C++11 (`cxx`)."""
    check_name(name)
    os.mkdir(folder)
    files = dict(_FILES)
    if vendor:
        files["@NAME@/__init__.py"] = _VENDORED_PACKAGE
    words = {
        "VENDOR": _VENDOR if vendor else "",
        "DEPENDENCIES": "" if vendor else '"kaa"',
        **(_CXX if cxx else _C),
    }
    for path, text in files.items():
        place = os.path.join(folder, *_filled(path, name, words).split("/"))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(_filled(text, name, words))


def _filled(text: str, name: str, words: Dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text.replace("@NAME@", name)
