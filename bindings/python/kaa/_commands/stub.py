"""write what type checkers read (.pyi)"""

from __future__ import annotations

import argparse
import os
import sys

from kaa._commands import DONE, add_header_options, complain, load_header, place


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Prints the stub of an extension module, given by its file or"
        " its name, of a file with C declarations, as kaa.load() takes them, or of"
        " a header (--header)."
    )
    parser.add_argument(
        "source", metavar="MODULE|DECLS", help="NAME.kaa.so, NAME, FILE.h; - for stdin"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file")
    parser.add_argument(
        "--tolerant", action="store_true", help="skip declarations not understood"
    )
    parser.add_argument(
        "--header",
        action="store_true",
        help="the source is a header, looked up as a compiler does",
    )
    parser.add_argument("--library", help="whose symbols count (with --header)")
    add_header_options(parser)


def _is_declarations(source: str) -> bool:
    return source == "-" or (os.path.isfile(source) and not source.endswith(".so"))


def _text(options: argparse.Namespace) -> str:
    from importlib import import_module

    from kaa._headers import stub as _stub

    source = options.source
    if options.header:
        from kaa._headers import bind as _bind

        options.header = [source]
        return _bind.stub_of(load_header(options))
    if _is_declarations(source):
        if source == "-":
            return _stub.of_declarations(sys.stdin.buffer.read(), options.tolerant)
        with open(source, "rb") as file:
            return _stub.of_declarations(file.read(), options.tolerant)
    if source.endswith(".so") or os.sep in source:
        from kaa._modules.loader import import_module as load

        return _stub.of_module(load(source))
    import kaa.importer  # noqa: F401

    return _stub.of_module(import_module(source))


def run(options: argparse.Namespace) -> int:
    from kaa import _error

    try:
        text = _text(options)
        if options.output is not None:
            with open(options.output, "w", encoding="utf-8") as file:
                file.write(text)
            return DONE
    except _error.Error as error:
        return complain(str(error) if options.header else place(options.source, error))
    except (OSError, ValueError) as error:
        return complain(str(error))
    except ImportError as error:
        return complain(str(error))
    sys.stdout.write(text)
    return DONE
