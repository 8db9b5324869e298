"""print the folder that find_package(kaa) wants in kaa_DIR"""

from __future__ import annotations

import argparse
import os

from kaa._commands import DONE


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Prints a folder with kaaConfig.cmake, for building modules."


def run(options: argparse.Namespace) -> int:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    print(os.path.join(package, "cmake"))
    return DONE
