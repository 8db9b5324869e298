"""The bodies of macros, compiled to closures.

They are evaluated with C's types: integers wrap as their type does, operands are
promoted and balanced, functions and variables are the library's own. What is no
expression over parameters, constants, functions, variables and members is refused
when it is compiled, with the reason.
"""

from __future__ import annotations

import ctypes
import re
from _thread import allocate_lock

from kaa import _native
from kaa._headers.macro_builtins import PLACES, call_builtin, is_builtin, size_of
from kaa._headers.macro_values import (
    FLOATS,
    OBJECT,
    NotExpression,
    Value,
    as_number,
    bytes_of,
    convert,
    cut,
    element,
    field,
    from_python,
    is_true,
    literal,
    of_type,
    operate,
    pointer_to,
    promoted,
    result_of,
)

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, List, NamedTuple, Optional, Tuple

    Env = List[Value]
    Node = Callable[[Env], Value]
else:
    from kaa._tuple import NamedTuple

TOKEN = re.compile(
    r"""\s*(?:(?P<string>(?:u8)?"(?:\\.|[^"\\])*")|(?P<char>[LuU]?'(?:\\.|[^'\\])+')
    |(?P<number>\.?\d(?:[eEpP][+-]|[\w.'])*)|(?P<name>[A-Za-z_$][\w$]*)
    |(?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[-+*/%&|^<>=!]=|&&|\|\||\S))""",
    re.VERBOSE,
)
TYPE_WORDS = frozenset(
    "void char short int long float double signed unsigned const volatile struct"
    " union enum _Bool bool _Complex __int128 __const __signed__ _Atomic"
    " __extension__".split()
)
STATEMENTS = TYPE_WORDS | frozenset(
    "do if else for while switch case return goto break continue static extern typedef"
    " inline __inline__ auto register asm __asm__ __attribute__ _Static_assert".split()
)
LEVELS = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6,
    "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8,
    "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
ASSIGNMENTS = frozenset("= += -= *= /= %= &= |= ^= <<= >>= ++ --".split())
# Words of C23 that older headers may use as names.
C23_CONSTANTS = {
    "true": Value(_native.INT, 1),
    "false": Value(_native.INT, 0),
    "nullptr": Value(OBJECT, None),
}
_DEPTH_MOST = 100
_parsing = allocate_lock()


class Scope(NamedTuple):
    """Where names are looked up."""

    library: Any
    parameters: Tuple[str, ...]

    def item(self, name: str) -> Any:
        address = self.library._declarations.find(name)
        return None if address is None else _native.DeclItem.from_address(address)

    def is_type(self, name: str) -> bool:
        if name in TYPE_WORDS:
            return True
        if name in self.parameters:
            return False
        item = self.item(name)
        if item is not None:
            return bool(item.kind == _native.DECL_TYPEDEF)
        raw = name.encode("utf-8", "surrogateescape")
        return bool(_native.kaa_ctype_well_known(raw, len(raw)))

    def parse_type(self, text: str) -> int:
        declarations = self.library._declarations
        raw, error = text.encode("utf-8", "surrogateescape"), _native.Error()
        found = ctypes.c_void_p()
        with _parsing:
            status = _native.kaa_decl_parse_type(
                declarations.table, declarations.decl, raw, len(raw),
                ctypes.byref(found), error,
            )  # fmt: skip
        if status != _native.OK or not found.value:
            raise NotExpression(f"no type: {text}")
        return found.value

    def reach(self, name: str, item: Any) -> Any:
        """An attribute of the library, those that `only` leaves out too."""
        return self.library._options.header.reach(self.library, name)


def _constant(value: Value) -> Node:
    return lambda env: value


class Parser:
    """Recursive descent over the tokens of one body."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.tokens: List[Tuple[str, str]] = []
        for match in TOKEN.finditer(text):
            self.tokens.append((str(match.lastgroup), match.group(match.lastgroup or 0)))
        self.scope = scope
        self.at = 0
        self.depth = 0
        self.is_size = False  # in what C does not evaluate: nothing is called

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at][1] if at < len(self.tokens) else ""

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise NotExpression(f"expected {wanted} before {self.peek() or 'the end'}")
        self.at += 1

    def whole(self) -> Node:
        if not self.tokens:
            raise NotExpression("an empty body")
        node = self.conditional()
        if self.at != len(self.tokens):
            token = self.peek()
            if token == ",":
                raise NotExpression("a list of values")
            if token in ASSIGNMENTS:
                raise NotExpression(f"it assigns ({token})")
            raise NotExpression(f"no expression: {token!r} follows")
        return node

    def comma(self) -> Node:
        node = self.conditional()
        while self.peek() == ",":
            self.at += 1
            node = self._both(node, self.conditional())
        return node

    @staticmethod
    def _both(first: Node, second: Node) -> Node:
        def run(env: Env) -> Value:
            first(env)
            return second(env)

        return run

    def conditional(self) -> Node:
        self.depth += 1
        if self.depth > _DEPTH_MOST:
            raise NotExpression("nested too deep")
        node = self.binary(1)
        if self.peek() == "?":
            self.at += 1
            yes = self.comma() if self.peek() != ":" else node
            self.take(":")
            node = self._choose(node, yes, self.conditional())
        self.depth -= 1
        return node

    @staticmethod
    def _choose(test: Node, yes: Node, no: Node) -> Node:
        return lambda env: yes(env) if is_true(test(env)) else no(env)

    def binary(self, lowest: int) -> Node:
        node = self.unary()
        while True:
            sign = self.peek()
            level = LEVELS.get(sign, 0)
            if level < lowest or level == 0:
                return node
            self.at += 1
            node = self._operation(sign, node, self.binary(level + 1))

    @staticmethod
    def _operation(sign: str, left: Node, right: Node) -> Node:
        if sign == "&&":
            return lambda env: Value(
                _native.INT, int(is_true(left(env)) and is_true(right(env)))
            )
        if sign == "||":
            return lambda env: Value(
                _native.INT, int(is_true(left(env)) or is_true(right(env)))
            )
        return lambda env: operate(sign, left(env), right(env))

    def unary(self) -> Node:
        token = self.peek()
        if token in ("+", "-", "~", "!"):
            self.at += 1
            return self._prefixed(token, self.unary())
        if token in ("*", "&"):
            self.at += 1
            operand = self.unary()
            if token == "*":
                return lambda env: element(operand(env), 0)
            return lambda env: pointer_to(operand(env))
        if token in ("sizeof", "_Alignof", "__alignof__", "alignof"):
            self.at += 1
            return self.size(token == "sizeof")
        if token == "__extension__":
            self.at += 1
            return self.unary()
        if token == "(" and self.scope.is_type(self.peek(1)):
            return self.cast()
        if token in ASSIGNMENTS:
            raise NotExpression(f"it assigns ({token})")
        return self.postfix(self.primary())

    @staticmethod
    def _prefixed(sign: str, operand: Node) -> Node:
        def run(env: Env) -> Value:
            value = operand(env)
            if sign == "!":
                return Value(_native.INT, int(not is_true(value)))
            plain = as_number(value)
            kind = promoted(value.kind)
            if sign == "~":
                return Value(kind, cut(kind, ~plain))
            if sign == "-":
                plain = -plain
            return Value(kind, plain if kind in FLOATS else cut(kind, plain))

        return run

    def type_name(self) -> int:
        """Behind '(' of a type in parentheses, to behind its ')'."""
        start, depth = self.at, 0
        while self.at < len(self.tokens):
            token = self.peek()
            depth += (token == "(") - (token == ")")
            if depth < 0:
                break
            self.at += 1
        text = " ".join(token for _, token in self.tokens[start : self.at])
        self.take(")")
        return self.scope.parse_type(text)

    def size(self, is_size: bool) -> Node:
        if self.peek() != "(" or not self.scope.is_type(self.peek(1)):
            if not is_size:
                raise NotExpression("the alignment of a value")
            was_size, self.is_size = self.is_size, True
            operand = self.unary()
            self.is_size = was_size
            return lambda env: size_of(operand(env))
        self.at += 1
        ctype = self.type_name()
        read = _native.kaa_ctype_size if is_size else _native.kaa_ctype_align
        return _constant(Value(_native.ULONG, read(ctype)))

    def cast(self) -> Node:
        self.at += 1
        ctype = self.type_name()
        if self.peek() == "{":
            raise NotExpression("a compound literal")
        operand = self.unary()
        library = self.scope.library
        return lambda env: convert(library, ctype, operand(env))

    def primary(self) -> Node:
        if self.at >= len(self.tokens):
            raise NotExpression("expected a value before the end")
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return _constant(literal(token))
        if kind == "char":
            if token[0] != "'":
                raise NotExpression("a wide character")
            raw = bytes_of(token[1:-1])
            value = int.from_bytes(raw, "big")
            return _constant(
                Value(_native.INT, cut(_native.CHAR if len(raw) == 1 else _native.INT, value))
            )
        if kind == "string":
            return self.string(token)
        if token == "(":
            if self.peek() == "{":
                raise NotExpression("statements in an expression")
            node = self.comma()
            if self.peek() in ASSIGNMENTS:
                raise NotExpression(f"it assigns ({self.peek()})")
            self.take(")")
            return node
        if kind == "name":
            return self.joined(self.name(token)) if self._is_joined() else self.name(token)
        if token == "{":
            raise NotExpression("values in braces")
        raise NotExpression(f"no expression: {token!r}")

    def string(self, token: str) -> Node:
        raw = b""
        while True:
            raw += bytes_of(token[token.index('"') + 1 : -1])
            if self.at >= len(self.tokens) or self.tokens[self.at][0] != "string":
                break
            token = self.peek()
            self.at += 1
        node = _constant(Value(OBJECT, raw.decode("utf-8", "surrogateescape")))
        return self.joined(node) if self._is_joined() else node

    def _is_joined(self) -> bool:
        """Whether a string, or a parameter that has to be one, follows."""
        if self.at >= len(self.tokens):
            return False
        kind, token = self.tokens[self.at]
        return kind == "string" or (kind == "name" and token in self.scope.parameters)

    def joined(self, first: Node) -> Node:
        """Strings side by side are one, as in `"" s`."""
        second = self.primary()

        def run(env: Env) -> Value:
            parts = [first(env).value, second(env).value]
            for part in parts:
                if not isinstance(part, str):
                    raise TypeError(f"text expected, not {type(part).__name__}")
            return Value(OBJECT, "".join(parts))

        return run

    def name(self, name: str) -> Node:
        scope = self.scope
        if name in scope.parameters:
            number = scope.parameters.index(name)
            return lambda env: env[number]
        if name == "_Generic":
            return self.generic()
        if name in STATEMENTS:
            raise NotExpression("it is a statement or a declaration")
        if name in PLACES:
            return PLACES[name]
        if is_builtin(name):
            self.take("(")
            operand = self.conditional()
            self.take(")")
            return lambda env: call_builtin(name, operand(env))
        if name in ("__builtin_expect", "__builtin_constant_p", "__builtin_offsetof"):
            return self.builtin(name)
        item = scope.item(name)
        if item is None and name in C23_CONSTANTS:
            return _constant(C23_CONSTANTS[name])
        if item is None or item.kind == _native.DECL_MACRO_FUNCTION:
            raise NotExpression(f"'{name}' is no name that is known")
        if item.kind in (_native.DECL_INTEGER, _native.DECL_FLOATING):
            return _constant(of_type(item.type, scope.reach(name, item)))
        if item.kind == _native.DECL_STRING:
            return _constant(Value(OBJECT, scope.reach(name, item)))
        if item.kind == _native.DECL_VARIABLE:
            ctype = item.type
            return lambda env: of_type(ctype, scope.reach(name, item))
        if item.kind == _native.DECL_FUNCTION:
            ctype = item.type
            return lambda env: Value(OBJECT, scope.reach(name, item), ctype)
        raise NotExpression(f"'{name}' is a type")

    def builtin(self, name: str) -> Node:
        self.take("(")
        if name == "__builtin_offsetof":
            raise NotExpression("an offset with a parameter")
        node = self.conditional()
        if name == "__builtin_expect":
            self.take(",")
            self.conditional()
        else:
            node = _constant(Value(_native.INT, 0))
        self.take(")")
        return node

    def generic(self) -> Node:
        self.take("(")
        was_size, self.is_size = self.is_size, True
        control = self.conditional()
        self.is_size = was_size
        choices: List[Tuple[Optional[int], Node]] = []
        fallback: Optional[Node] = None
        while self.peek() == ",":
            self.at += 1
            text = " ".join(self.skip(":,)"))
            self.take(":")
            if text == "default":
                fallback = self.association()
            else:
                choices.append((self.known_type(text), self.association()))
        self.take(")")

        def run(env: Env) -> Value:
            value = control(env)
            own = value.type
            if value.kind != OBJECT:
                own = _native.kaa_ctype_basic(value.kind)
            for ctype, node in choices:
                if ctype is not None and own and _native.kaa_ctype_same(ctype, own):
                    return node(env)
            if fallback is not None:
                return fallback(env)
            raise TypeError("no association of _Generic has the argument's type")

        return run

    def skip(self, ends: str) -> List[str]:
        """The tokens up to one of the ends that is in no brackets."""
        start, depth = self.at, 0
        while self.peek() and (depth > 0 or self.peek() not in ends):
            depth += (self.peek() in "([{") - (self.peek() in ")]}")
            self.at += 1
        return [token for _, token in self.tokens[start : self.at]]

    def known_type(self, text: str) -> Optional[int]:
        """The type, or None: no value has a type that kaa does not know."""
        try:
            return self.scope.parse_type(text)
        except NotExpression:
            return None

    def association(self) -> Node:
        """One expression of _Generic. What is wrong in it matters where it is chosen."""
        start, depth = self.at, self.depth
        try:
            return self.conditional()
        except NotExpression as reason:
            why = str(reason)
        self.at, self.depth = start, depth
        self.skip(",)")

        def run(env: Env) -> Value:
            raise TypeError(f"what _Generic chooses is no expression: {why}")

        return run

    def postfix(self, node: Node) -> Node:
        while True:
            token = self.peek()
            if token == "(":
                self.at += 1
                node = self.call(node)
            elif token == "[":
                self.at += 1
                index = self.comma()
                self.take("]")
                node = self._indexed(node, index)
            elif token in (".", "->"):
                member = self.peek(1)
                self.at += 2
                node = self._member(node, member, token == "->")
            elif token in ASSIGNMENTS:
                raise NotExpression(f"it assigns ({token})")
            else:
                return node

    @staticmethod
    def _indexed(node: Node, index: Node) -> Node:
        return lambda env: element(node(env), as_number(index(env)))

    @staticmethod
    def _member(node: Node, member: str, is_pointer: bool) -> Node:
        def run(env: Env) -> Value:
            value = node(env)
            record = element(value, 0).value if is_pointer else value.value
            return field(record, member)

        return run

    def call(self, function: Node) -> Node:
        is_idle = self.is_size
        arguments: List[Node] = []
        while self.peek() != ")":
            arguments.append(self.conditional())
            if self.peek() != ")":
                self.take(",")
        self.take(")")

        def run(env: Env) -> Value:
            called = function(env)
            if is_idle:
                return result_of(called)
            result = called.value(*[argument(env).value for argument in arguments])
            ctype = called.type
            if ctype:
                ctype = _native.kaa_ctype_strip(ctype)
                return of_type(_native.kaa_ctype_target(ctype), result)
            return from_python(result)

        return run
