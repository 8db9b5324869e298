"""print what is understood of a header"""

from __future__ import annotations

import argparse
import sys

from kaa._commands import DONE, add_header_options, complain, load_header, place


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
    parser.add_argument(
        "--header",
        action="store_true",
        help="FILE is a header to be preprocessed, looked up as a compiler does",
    )
    parser.add_argument("--library", help="whose symbols are looked for (with --header)")
    add_header_options(parser)


def run(options: argparse.Namespace) -> int:
    from kaa import _error, _native
    from kaa._headers.declarations import Declarations

    if options.header:
        return _header(options)
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
        declarations = Declarations(text, options.tolerant)
    except _error.Error as error:
        return complain(place(name, error))
    skipped = 0
    for address in declarations.items():
        item = _native.DeclItem.from_address(address)
        print(_native.printed(_native.kaa_decl_print, address))
        skipped += item.kind == _native.DECL_SKIPPED
    print(f"{declarations.count} declarations, {skipped} skipped", file=sys.stderr)
    return DONE


def _header(options: argparse.Namespace) -> int:
    """What was understood, what was skipped and why, and how many of each."""
    from kaa import _error, _native
    from kaa._headers import bind as _bind

    options.header = [options.file]
    try:
        library = load_header(options)
        skipped = library.skipped
    except (_error.Error, ValueError, OSError) as error:
        return complain(str(error))
    if options.library is None:  # nobody asked for symbols
        skipped = [one for one in skipped if "no such symbol" not in one.reason]
    left_out = {one.name for one in skipped}
    counts = {}  # type: ignore[var-annotated]
    for address in library._declarations.items():
        item = _native.DeclItem.from_address(address)
        name = item.name.decode("utf-8", "surrogateescape")
        text = _bind._printed(address, item)
        if item.flags & _native.DECL_HIDDEN or name in left_out or not text:
            continue
        print(text)
        kind = _KINDS[item.kind]
        counts[kind] = counts.get(kind, 0) + 1
    for one in skipped:
        print(f"/* skipped: {one} */")
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    print(f"{told}; {len(skipped)} skipped", file=sys.stderr)
    return DONE


_KINDS = [
    "functions",
    "variables",
    "typedefs",
    "records",
    "enums",
    "constants",
    "constants",
    "constants",
    "skipped",
    "macros",
]
