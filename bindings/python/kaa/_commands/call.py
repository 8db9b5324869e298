"""call one function and print its result"""

from __future__ import annotations

import argparse
import ast
from typing import Any, Optional

from kaa._commands import DONE, add_header_options, complain, load_header, place


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Calls the last function that DECL declares; with --header, the function,"
        " or the macro with parameters, of that name. Arguments are"
        " Python literals (2, 1.5, 'text', b'bytes', None); all else is text."
    )
    parser.epilog = "Options of `call` stand before LIB; all after DECL are arguments."
    parser.add_argument("--errno", action="store_true", help="report errno on failure")
    parser.add_argument(
        "--header",
        action="append",
        metavar="HEADER",
        help="DECL is a name that this header declares; may be given again",
    )
    add_header_options(parser)
    parser.add_argument(
        "library", metavar="LIB", help="name or path; - for the program itself"
    )
    parser.add_argument(
        "declaration",
        metavar="DECL",
        help="C text, such as 'int abs(int);'; a name with --header",
    )
    parser.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _last_function(library: Any) -> Optional[str]:
    from kaa import _native

    for address in reversed(library._declarations.items()):
        item = _native.DeclItem.from_address(address)
        if item.kind == _native.DECL_FUNCTION:
            name: str = item.name.decode("utf-8", "surrogateescape")
            return name
    return None


def _of_header(options: argparse.Namespace) -> Any:
    """What the header declares by the name that DECL is."""
    name = options.declaration.strip()
    errno = [name] if options.errno else []
    return getattr(load_header(options, errno=errno), name)


def _of_text(options: argparse.Namespace) -> Any:
    """The last function that DECL declares; None if it declares none."""
    from kaa import _library

    text = options.declaration.strip()
    if not text.endswith((";", "}")):
        text += ";"
    library = _library.load(options.library, text, missing="ignore")
    name = _last_function(library)
    if name is None:
        return None
    if options.errno:
        library = _library.load(options.library, text, missing="ignore", errno=[name])
    return getattr(library, name)


def run(options: argparse.Namespace) -> int:
    from kaa import _error

    if options.library == "-":
        options.library = None
    try:
        target = _of_header(options) if options.header else _of_text(options)
        if target is None:
            return complain("DECL declares no function")
        if not callable(target):
            return complain(f"{options.declaration} is no function: {target!r}")
        result = target(*map(_literal, options.arguments))
    except _error.DeclarationError as error:
        return complain(str(error) if options.header else place("DECL", error))
    except Exception as error:
        return complain(f"{type(error).__name__}: {error}")
    if result is not None:
        print(result if isinstance(result, str) else repr(result))
    return DONE
