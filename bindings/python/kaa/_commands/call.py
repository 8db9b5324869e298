"""call one function and print its result"""

from __future__ import annotations

import argparse
import ast
from typing import Any, Optional

from kaa._commands import DONE, complain, place


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Calls the last function that DECL declares. Arguments are"
        " Python literals (2, 1.5, 'text', b'bytes', None); all else is text."
    )
    parser.epilog = "Options of `call` stand before LIB; all after DECL are arguments."
    parser.add_argument("--errno", action="store_true", help="report errno on failure")
    parser.add_argument(
        "library", metavar="LIB", help="name or path; - for the program itself"
    )
    parser.add_argument(
        "declaration", metavar="DECL", help="C text, such as 'int abs(int);'"
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


def run(options: argparse.Namespace) -> int:
    from kaa import _error, _library

    text = options.declaration.strip()
    if not text.endswith((";", "}")):
        text += ";"
    name = None if options.library == "-" else options.library
    try:
        library = _library.load(name, text, missing="ignore")
        function = _last_function(library)
        if function is None:
            return complain("DECL declares no function")
        if options.errno:
            library = _library.load(name, text, missing="ignore", errno=[function])
        target = getattr(library, function)
        result = target(*map(_literal, options.arguments))
    except _error.DeclarationError as error:
        return complain(place("DECL", error))
    except Exception as error:
        return complain(f"{type(error).__name__}: {error}")
    if result is not None:
        print(result if isinstance(result, str) else repr(result))
    return DONE
