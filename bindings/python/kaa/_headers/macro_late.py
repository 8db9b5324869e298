"""Macros of which each call is preprocessed by itself.

A macro that pastes its parameters or makes strings of them (`INT64_C(x)`), or takes
any number of arguments, has no one body. What a call is expanded to is found by
libkaa's preprocessor, behind the header, and kept for the next call of that form.
"""

from __future__ import annotations

import ctypes
import re

from kaa import _error, _native
from kaa._headers.macro_parser import Parser, Scope
from kaa._headers.macro_values import NotExpression, Value, from_python

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from kaa._headers.macro_parser import Node

_CALL, _MARK = "<call>", b"__kaa_call__"
_PLACE = "__kaa_argument_"
_FORMS_MOST = 256
# A parameter pasted in front of a name, of which the 1 makes a "number".
_IS_NAME = re.compile(r"1\w*[A-Za-z_]\w*$")


class _Trial(Parser):
    """Whether a call with 1s can be an expression: names with a 1 in them, which
    pasting may have made, may be any."""

    def primary(self) -> Node:
        at = self.at
        try:
            return super().primary()
        except NotExpression:
            if at >= len(self.tokens) or not _IS_NAME.match(self.tokens[at][1]):
                raise
        return self._any()

    @staticmethod
    def _any() -> Node:
        return lambda env: Value(_native.INT, 1)

    def name(self, name: str) -> Node:
        try:
            return super().name(name)
        except NotExpression:
            if "1" not in name:
                raise
        return self._any()


class LateMacro:
    """A macro that is expanded call by call.

    An argument for a parameter that is pasted or made a string is text that the
    macro sees as it would stand in C, or a number. Others are values.
    """

    def __init__(self, library: Any, name: str, item: Any) -> None:
        raw = ctypes.string_at(item.string, item.string_length)
        head, _, trial = raw.decode("utf-8", "surrogateescape")[1:].partition(")")
        listed = [one.strip() for one in head.split(",")] if head.strip() else []
        _Trial(trial, Scope(library, ())).whole()
        self.__name__ = self.__qualname__ = name
        self.parameters = tuple(one.rstrip("#") for one in listed)
        self.__doc__ = f"#define {name}({', '.join(self.parameters)})"
        self._library = library
        self._is_text = tuple(one.endswith("#") for one in listed)
        self._is_variadic = bool(listed) and self.parameters[-1] == "..."
        self._forms: Dict[Tuple[Any, ...], Node] = {}

    def __call__(self, *arguments: Any) -> Any:
        self._check_count(len(arguments))
        form: List[Any] = []
        values: List[Value] = []
        for number, argument in enumerate(arguments):
            if self._is_text[min(number, len(self._is_text) - 1)]:
                form.append(self._text(number, argument))
            else:
                form.append(None)
                values.append(from_python(argument))
        key = tuple(form)
        node = self._forms.get(key)
        if node is None:
            node = self._compile(form)
            if len(self._forms) >= _FORMS_MOST:
                self._forms.clear()
            self._forms[key] = node
        return node(values).value

    def _check_count(self, given: int) -> None:
        wanted = len(self.parameters)
        if given == wanted or (self._is_variadic and given >= wanted - 1):
            return
        least = f"at least {wanted - 1}" if self._is_variadic else str(wanted)
        raise TypeError(
            f"{self.__name__}() takes {least} arguments"
            f" ({', '.join(self.parameters)}), not {given}"
        )

    def _text(self, number: int, argument: Any) -> str:
        """What stands for an argument in the text of a call."""
        if isinstance(argument, (int, float)):
            return repr(+argument)  # True is 1
        name = self.parameters[min(number, len(self.parameters) - 1)]
        where = f"{self.__name__}() argument {number + 1} ({name})"
        if not isinstance(argument, str):
            raise TypeError(
                f"{where}: the macro pastes it or makes a string of it: str or a"
                f" number expected, not {type(argument).__name__}"
            )
        if not _is_one_argument(argument):
            raise ValueError(f"{where}: {argument!r} is not one argument of a macro")
        return argument

    def _compile(self, form: List[Any]) -> Node:
        places: List[str] = []
        for number, text in enumerate(form):
            if text is None:
                form[number] = f"{_PLACE}{len(places)}"
                places.append(form[number])
        call = f"{self.__name__}({', '.join(form)})"
        body = _expand(self._library, call)
        try:
            return Parser(body, Scope(self._library, tuple(places))).whole()
        except NotExpression as error:
            shown = re.sub(_PLACE + r"\d+", "...", f"{call} is {body!r}")
            raise _error.UnusableError(f"{shown}: {error}") from None

    def __repr__(self) -> str:
        return f"<kaa macro {self.__name__}({', '.join(self.parameters)})>"


def _is_one_argument(text: str) -> bool:
    """No comma of its own, no bracket that ends the call, one line."""
    depth, quote, at = 0, "", 0
    while at < len(text):
        one = text[at]
        at += 1
        if one in "\n\r\0":
            return False
        if quote:
            at += one == "\\"
            quote = "" if one == quote else quote
        elif one in "\"'":
            quote = one
        elif one in "([{":
            depth += 1
        elif one in ")]}":
            depth -= 1
        if depth < 0 or (one == "," and depth == 0 and not quote):
            return False
        if not quote and text.startswith(("//", "/*"), at - 1):
            return False
    return depth == 0 and not quote and text != "" and not text.endswith("\\")


def _preprocess(library: Any, text: bytes, flags: int = 0) -> bytes:
    options, _keep = library._options.header.preprocess_options()
    options.flags = flags
    result, error = _native.PreprocessedP(), _native.Error()
    _error.check(
        _native.kaa_preprocess_run(
            text, len(text), ctypes.byref(options), ctypes.byref(result), error
        ),
        error,
    )
    try:
        made: bytes = _native.kaa_preprocess_text(result, None)
        return made
    finally:
        _native.kaa_preprocess_destroy(result)


def _expand(library: Any, call: str) -> str:
    """What the preprocessor makes of a call behind the library's header."""
    text = library._declarations.text + f'# 1 "{_CALL}"\n'.encode() + _MARK + b"\n"
    text += call.encode("utf-8", "surrogateescape") + b"\n"
    made = _preprocess(library, text)
    lines = made.rpartition(_MARK)[2].decode("utf-8", "surrogateescape").split("\n")
    return " ".join(line for line in lines if not line.startswith("# ")).strip()


def definitions(library: Any) -> Dict[str, str]:
    """All macros of a loaded header as they were written: "(a, b) a ## b" by name."""
    made = _preprocess(
        library, library._declarations.text, _native.PREPROCESS_DEFINITIONS
    ).decode("utf-8", "surrogateescape")
    return dict(re.findall(r"^#define (\w+)(.*)$", made, re.M))


__all__ = ["LateMacro", "definitions"]
