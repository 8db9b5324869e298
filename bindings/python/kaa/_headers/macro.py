"""Macros with parameters, and static inline functions, as callables.

libkaa's preprocessor has expanded the body; kaa._headers.macro_parser compiles it.
"""

from __future__ import annotations

import ctypes

from kaa import _native
from kaa._headers.macro_builtins import PLACES, Place
from kaa._headers.macro_parser import Parser, Scope
from kaa._headers.macro_values import (
    FLOATS,
    OBJECT,
    NotExpression,
    Value,
    convert,
    from_python,
    is_integer,
    to,
)

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, List, Optional, Tuple

    from kaa._headers.macro_parser import Node


class MacroFunction:
    """A macro with parameters, or a static inline function of a header."""

    def __init__(
        self,
        library: Any,
        name: str,
        text: str,
        parameters: Tuple[str, ...],
        types: Optional[List[int]] = None,
        result: int = 0,
    ) -> None:
        self.__name__ = self.__qualname__ = name
        self.__doc__ = text
        self._library = library
        self._types, self._result = types, result
        self.parameters = parameters

    def compile(self, body: str) -> "MacroFunction":
        """Raises NotExpression where the body is none."""
        parser = Parser(body, Scope(self._library, self.parameters))
        self._run = parser.whole()
        return self

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if named:
            given = list(arguments)
            for name in self.parameters[len(given) :]:
                if name in named:
                    given.append(named.pop(name))
            if named:
                raise TypeError(
                    f"{self.__name__}() has no parameter {next(iter(named))!r}"
                )
            arguments = tuple(given)
        if len(arguments) != len(self.parameters):
            raise TypeError(
                f"{self.__name__}() takes {len(self.parameters)} arguments"
                f" ({', '.join(self.parameters)}), not {len(arguments)}"
            )
        env = [self._argument(i, value) for i, value in enumerate(arguments)]
        value = self._run(env)
        if self._result:
            value = convert(self._library, self._result, value)
        if isinstance(value.value, Place):
            return value.value.decode("utf-8", "surrogateescape")
        return value.value

    def _argument(self, number: int, value: Any) -> Value:
        made = from_python(value)
        if self._types is None:
            return made
        ctype = self._types[number]
        kind = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(ctype))
        if kind in FLOATS or is_integer(kind):
            if made.kind == OBJECT or (made.kind in FLOATS and is_integer(kind)):
                raise TypeError(
                    f"{self.__name__}() argument {number + 1}"
                    f" ({self.parameters[number]}): a number expected, not"
                    f" {type(value).__name__}"
                )
            converted = to(kind, made)
            if is_integer(kind) and converted.value != made.value:
                raise OverflowError(
                    f"{self.__name__}() argument {number + 1}"
                    f" ({self.parameters[number]}): {value} is out of range"
                )
            return converted._replace(type=ctype)
        return Value(OBJECT, value, ctype)

    def __repr__(self) -> str:
        return f"<kaa macro {self.__name__}({', '.join(self.parameters)})>"


def of_macro(library: Any, name: str, item: Any) -> MacroFunction:
    """The callable of a KAA_DECL_MACRO_FUNCTION item."""
    text = ctypes.string_at(item.string, item.string_length).decode("utf-8", "replace")
    head, _, body = text[1:].partition(")")
    parameters = tuple(p.strip() for p in head.split(",")) if head.strip() else ()
    made = MacroFunction(library, name, f"#define {name}{text}", parameters)
    return made.compile(body)


def of_static(library: Any, name: str, item: Any) -> MacroFunction:
    """The callable of a static function that is one return."""
    if not item.string:
        raise NotExpression("a static function that is more than one return")
    body = ctypes.string_at(item.string, item.string_length).decode("utf-8", "replace")
    ctype = _native.kaa_ctype_strip(item.type)
    count = _native.kaa_ctype_count(ctype)
    listed = _native.kaa_ctype_parameters(ctype)
    types = [listed[i].type for i in range(count)]
    names = tuple(
        listed[i].name.decode() if listed[i].name else f"argument{i}" for i in range(count)
    )
    address = library._declarations.find(name)
    text = _native.printed(_native.kaa_decl_print, address)
    made = MacroFunction(
        library, name, text, names, types, _native.kaa_ctype_target(ctype)
    )
    return made.compile(body)


class Expression:
    """A macro without parameters whose value is found anew at each access."""

    def __init__(self, run: Node) -> None:
        self._run = run

    def value(self) -> Any:
        return self._run([]).value


def of_body(library: Any, name: str, item: Any) -> Any:
    """What a macro without parameters is that is no constant: a function by
    another name, a type, or an Expression."""
    body = ctypes.string_at(item.string, item.string_length).decode("utf-8", "replace")
    scope = Scope(library, ())
    words = body.split()
    if len(words) == 1 and words[0] != name:
        other = scope.item(words[0])
        if other is not None and other.kind in (
            _native.DECL_FUNCTION,
            _native.DECL_MACRO_FUNCTION,
        ):
            return scope.reach(words[0], other)
    if words and scope.is_type(words[0]):
        try:
            ctype = scope.parse_type(body)
        except NotExpression:
            pass
        else:
            return library._class(ctype)
    try:
        if PLACES.keys() & set(words):
            raise NotExpression("it tells where it stands")
        return Expression(Parser(body, scope).whole())
    except NotExpression:
        if body.lstrip().startswith("{"):
            raise
        raise NotExpression(item.reason.decode("utf-8", "replace")) from None


__all__ = ["Expression", "MacroFunction", "NotExpression", "of_body", "of_macro", "of_static"]
