"""print what is understood of a header"""

from __future__ import annotations

import argparse
import sys

from kaa._commands import DONE, complain, place


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Prints every declaration of a preprocessed header, one a line:"
        " what `cc -E` gives, or plain text without #include."
    )
    parser.add_argument("file", metavar="FILE", help="C text; - for standard input")
    parser.add_argument(
        "--tolerant",
        action="store_true",
        help="skip what is not understood, and say why",
    )


def run(options: argparse.Namespace) -> int:
    from kaa import _error, _library, _native

    name = options.file
    try:
        if name == "-":
            name, text = "<stdin>", sys.stdin.buffer.read()
        else:
            with open(name, "rb") as file:
                text = file.read()
    except OSError as error:
        return complain(f"{name}: {error.strerror}")
    try:
        declarations = _library.Declarations(text, options.tolerant)
    except _error.Error as error:
        return complain(place(name, error))
    skipped = 0
    for address in declarations.items():
        item = _native.DeclItem.from_address(address)
        print(_native.printed(_native.kaa_decl_print, address))
        skipped += item.kind == _native.DECL_SKIPPED
    print(f"{declarations.count} declarations, {skipped} skipped", file=sys.stderr)
    return DONE
