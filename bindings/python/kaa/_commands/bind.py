"""write a module that needs no header any more"""

from __future__ import annotations

import argparse
import os
import sys

from kaa._commands import DONE, add_header_options, complain, load_header


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes what a header declares as a Python module: declarations, constants"
        " and macros, pruned to what is needed; and its .pyi beside it."
    )
    parser.add_argument("header", nargs="+", metavar="HEADER")
    parser.add_argument("--library", help="name or path; the program itself without")
    parser.add_argument("-o", "--output", metavar="FILE.py", help="standard output without")
    add_header_options(parser)


def run(options: argparse.Namespace) -> int:
    from kaa import _error
    from kaa._headers import bind as _bind

    try:
        library = load_header(options)
        text = _bind.module_of(library, options.library, " ".join(options.header))
        if options.output is None:
            sys.stdout.write(text)
            return DONE
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
        stub = os.path.splitext(options.output)[0] + ".pyi"
        with open(stub, "w", encoding="utf-8") as file:
            file.write(_bind.stub_of(library))
    except (_error.Error, ValueError, OSError) as error:
        return complain(str(error))
    left_out = len(library.skipped)
    print(f"{options.output}, {stub}: {left_out} declarations left out", file=sys.stderr)
    return DONE
