"""write a project that makes an extension module"""

from __future__ import annotations

import argparse

from kaa._commands import DONE, complain


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes a folder with a C or C++ file, CMakeLists.txt, a test, and a"
        " pyproject.toml that makes one wheel for every Python."
    )
    parser.add_argument("name", metavar="NAME", help="of the package")
    parser.add_argument("--folder", help="where; NAME by default")
    parser.add_argument(
        "--vendor", action="store_true", help="its wheel brings kaa, and needs none"
    )
    parser.add_argument("--cxx", action="store_true", help="its module is C++11, not C")


def run(options: argparse.Namespace) -> int:
    from kaa._modules import new as _new

    folder = options.folder or options.name
    try:
        _new.write_project(options.name, folder, options.vendor, options.cxx)
    except ValueError as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{folder}: {error.strerror}")
    print(f"{folder}: cmake -S . -B build && cmake --build build")
    return DONE
