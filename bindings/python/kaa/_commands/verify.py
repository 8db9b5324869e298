"""compare what kaa understands of a header with the compiler"""

from __future__ import annotations

import argparse
import os

from kaa._commands import DONE, FAILED, add_header_options, complain, load_header


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Asks a C compiler for the sizes, alignments and offsets of the header's"
        " types and the values of its constants, and prints where kaa differs."
    )
    parser.add_argument("header", nargs="+", metavar="HEADER")
    parser.add_argument("--library", help="name or path; the program itself without")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"))
    add_header_options(parser)


def run(options: argparse.Namespace) -> int:
    from kaa import _error
    from kaa._headers import bind as _bind

    try:
        library = load_header(options)
        count, wrong = _bind.verify(
            library, options.header, library._options.header, options.compiler
        )
    except (_error.Error, ValueError, OSError) as error:
        return complain(str(error))
    for what in wrong:
        print(f"{options.compiler} denies: {what}")
    print(f"{count} facts, {len(wrong)} of them wrong")
    return FAILED if wrong else DONE
