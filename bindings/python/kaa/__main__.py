"""The command line: python -m kaa COMMAND ...; see kaa/_commands.

python -m kaa decl header.h --tolerant
python -m kaa call libm.so.6 'double pow(double x, double y);' 2 10
python -m kaa new NAME
python -m kaa stub NAME.kaa.so > NAME.pyi
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Any, List, Optional

from kaa._commands import DONE, NAMES, USAGE


def _command(name: str) -> Any:
    return import_module(f"kaa._commands.{name}")


class _Version(argparse.Action):
    """--version: kaa's, Python's, and which library and bridge there are."""

    def __call__(self, parser: argparse.ArgumentParser, *unused: Any) -> None:
        from kaa import __version__, _backend, _native

        bridge = "with the bridge" if _backend.bridge() else "without the bridge"
        print(f"kaa {__version__} ({_native.path})")
        print(f"{sys.implementation.name} {sys.version.split()[0]}, {bridge}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kaa", description="C from Python, on the command line."
    )
    parser.add_argument(
        "--version", nargs=0, action=_Version, help="print the versions, and exit"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in NAMES:
        command = _command(name)
        summary = command.__doc__.strip().splitlines()[0]
        command.configure(commands.add_parser(name, help=summary))
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs a command; gives the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        code: int = _command(options.command).run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has seen enough; nothing more may be written at exit.
        sys.stdout = None
        return DONE


if __name__ == "__main__":
    sys.exit(main())
