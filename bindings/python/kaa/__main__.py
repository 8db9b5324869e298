"""The command line: what kaa understands of a header, one call of C, modules.

python -m kaa decl header.h --tolerant
python -m kaa call libm.so.6 'double pow(double x, double y);' 2 10
python -m kaa new NAME
python -m kaa stub NAME.kaa.so > NAME.pyi
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from typing import TYPE_CHECKING, Any, List, Optional

if TYPE_CHECKING:
    from kaa._error import Error

# Exit codes: done; the input or the call failed; the command line is wrong.
DONE, FAILED, USAGE = 0, 1, 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kaa", description="C from Python, on the command line."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    decl = commands.add_parser(
        "decl",
        help="print what is understood of a header",
        description="Prints every declaration of a preprocessed header, one a line:"
        " what `cc -E` gives, or plain text without #include.",
    )
    decl.add_argument("file", metavar="FILE", help="C text; - for standard input")
    decl.add_argument(
        "--tolerant",
        action="store_true",
        help="skip what is not understood, and say why",
    )
    call = commands.add_parser(
        "call",
        help="call one function and print its result",
        description="Calls the last function that DECL declares. Arguments are"
        " Python literals (2, 1.5, 'text', b'bytes', None); all else is text.",
        epilog="Options of `call` stand before LIB; all after DECL are arguments.",
    )
    call.add_argument("--errno", action="store_true", help="report errno on failure")
    call.add_argument(
        "library", metavar="LIB", help="name or path; - for the program itself"
    )
    call.add_argument(
        "declaration", metavar="DECL", help="C text, such as 'int abs(int);'"
    )
    call.add_argument("arguments", metavar="ARG", nargs=argparse.REMAINDER)
    new = commands.add_parser(
        "new",
        help="write a project that makes an extension module",
        description="Writes a folder with a C file, CMakeLists.txt, a test, and a"
        " pyproject.toml that makes one wheel for every Python.",
    )
    new.add_argument("name", metavar="NAME", help="of the package")
    new.add_argument("--folder", help="where; NAME by default")
    stub = commands.add_parser(
        "stub",
        help="write what type checkers read (.pyi)",
        description="Prints the stub of an extension module, given by its file or"
        " its name, or of a file with C declarations, as kaa.load() takes them.",
    )
    stub.add_argument(
        "source", metavar="MODULE|DECLS", help="NAME.kaa.so, NAME, FILE.h; - for stdin"
    )
    stub.add_argument("-o", "--output", metavar="FILE", help="write to a file")
    stub.add_argument(
        "--tolerant", action="store_true", help="skip declarations not understood"
    )
    commands.add_parser(
        "cmake",
        help="print the folder that find_package(kaa) wants in kaa_DIR",
        description="Prints a folder with kaaConfig.cmake, for building modules.",
    )
    return parser


def _complain(text: str) -> int:
    print(f"kaa: {text}", file=sys.stderr)
    return FAILED


def _place(name: str, error: Error) -> str:
    line, column = getattr(error, "line", 0), getattr(error, "column", 0)
    where = f"{name}:{line}:{column}: " if line else f"{name}: "
    return where + str(error)


def _decl(options: argparse.Namespace) -> int:
    from kaa import _error, _library, _native

    name = options.file
    try:
        if name == "-":
            name, text = "<stdin>", sys.stdin.buffer.read()
        else:
            with open(name, "rb") as file:
                text = file.read()
    except OSError as error:
        return _complain(f"{name}: {error.strerror}")
    try:
        declarations = _library.Declarations(text, options.tolerant)
    except _error.Error as error:
        return _complain(_place(name, error))
    skipped = 0
    for address in declarations.items():
        item = _native.DeclItem.from_address(address)
        print(_native.printed(_native.kaa_decl_print, address))
        skipped += item.kind == _native.DECL_SKIPPED
    print(f"{declarations.count} declarations, {skipped} skipped", file=sys.stderr)
    return DONE


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


def _call(options: argparse.Namespace) -> int:
    from kaa import _error, _library

    text = options.declaration.strip()
    if not text.endswith((";", "}")):
        text += ";"
    name = None if options.library == "-" else options.library
    try:
        library = _library.load(name, text, missing="ignore")
        function = _last_function(library)
        if function is None:
            return _complain("DECL declares no function")
        if options.errno:
            library = _library.load(name, text, missing="ignore", errno=[function])
        target = getattr(library, function)
        result = target(*map(_literal, options.arguments))
    except _error.DeclarationError as error:
        return _complain(_place("DECL", error))
    except Exception as error:
        return _complain(f"{type(error).__name__}: {error}")
    if result is not None:
        print(result if isinstance(result, str) else repr(result))
    return DONE


def _new(options: argparse.Namespace) -> int:
    from kaa import _new

    folder = options.folder or options.name
    try:
        _new.write_project(options.name, folder)
    except ValueError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{folder}: {error.strerror}")
    print(f"{folder}: cmake -S . -B build && cmake --build build")
    return DONE


def _is_declarations(source: str) -> bool:
    return source == "-" or (os.path.isfile(source) and not source.endswith(".so"))


def _stub_text(options: argparse.Namespace) -> str:
    from importlib import import_module

    from kaa import _stub

    source = options.source
    if _is_declarations(source):
        if source == "-":
            return _stub.of_declarations(sys.stdin.buffer.read(), options.tolerant)
        with open(source, "rb") as file:
            return _stub.of_declarations(file.read(), options.tolerant)
    if source.endswith(".so") or os.sep in source:
        from kaa._modules import import_module as load

        return _stub.of_module(load(source))
    import kaa.importer  # noqa: F401

    return _stub.of_module(import_module(source))


def _stub(options: argparse.Namespace) -> int:
    from kaa import _error

    try:
        text = _stub_text(options)
        if options.output is not None:
            with open(options.output, "w", encoding="utf-8") as file:
                file.write(text)
            return DONE
    except _error.Error as error:
        return _complain(_place(options.source, error))
    except OSError as error:
        return _complain(str(error))
    except ImportError as error:
        return _complain(str(error))
    sys.stdout.write(text)
    return DONE


def _cmake(options: argparse.Namespace) -> int:
    print(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cmake"))
    return DONE


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs a command; gives the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        code: int = globals()["_" + options.command](options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has seen enough; nothing more may be written at exit.
        sys.stdout = None
        return DONE


if __name__ == "__main__":
    sys.exit(main())
