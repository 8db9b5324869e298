"""What every bound function shares: how it describes itself.

The callable part is a subclass's: the bridge's heap type, or PlainFunction.
"""

from __future__ import annotations

import keyword
from types import BuiltinFunctionType

from kaa import _late, _native
from kaa._modules.typed import Owner

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union
    import inspect

    from kaa._library import Library
else:
    from kaa._tuple import NamedTuple

_INTEGERS = frozenset(range(_native.SCHAR, _native.UINT128 + 1))
_FLOATS = frozenset((_native.FLOAT, _native.DOUBLE, _native.LDOUBLE))
_COMPLEXES = frozenset((_native.CFLOAT, _native.CDOUBLE, _native.CLDOUBLE))
_WIDE_CHARACTERS = frozenset((_native.WCHAR, _native.CHAR16, _native.CHAR32))


class _Shown(str):
    """An annotation that signatures show without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class _FromData:
    """The default of a parameter that is filled in from another's length."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"len({self._name})"


class _Doc:
    """__doc__: the declaration for a function, unless the module that has it says
    more; the usual text for the class."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __get__(self, function: Any, owner: Any = None) -> str:
        if function is None:
            return self._text
        owner = function._library
        if isinstance(owner, Owner):
            doc = owner.split_doc(function.__name__)[1]
            if doc is not None:
                return doc
        return f"{function.declaration}\n"


class _Module(str):
    """__module__ of a class whose instances may be functions of a module's own."""

    __slots__ = ()

    def __get__(self, function: Any, owner: Any = None) -> str:
        library = getattr(function, "_library", None)
        return library.module if isinstance(library, Owner) else str(self)


#: What each has that kaa has made.
_GIVEN = ("_item", "_library", "address", "__name__")
#: What kaa's own subclasses of Function show.
KEY = object()


class Function:
    """A C function, bound to its declaration."""

    __slots__ = ()

    # What subclasses give.
    _item: int
    _library: Library  # an Owner where a module's table has it
    address: int
    __call__: Callable[..., Any]

    def __init_subclass__(cls, key: object = None, **keywords: Any) -> None:
        # What a subclass gives would be believed, addresses of C's among it.
        if key is not KEY:
            raise TypeError("kaa.Function is final")
        super().__init_subclass__(**keywords)
        adopt(cls)

    def _read(self) -> Any:
        return _native.DeclItem.from_address(self._item)

    @property
    def _parameters(self) -> List[Tuple[Optional[str], int, Any]]:
        """Name, type, annotations of each parameter."""
        item = self._read()
        count = _native.kaa_ctype_count(_function_type(item))
        native = _native.kaa_ctype_parameters(_function_type(item))
        return [
            (_native.text_or_none(native[i].name), native[i].type, item.parameters[i])
            for i in range(count)
        ]

    @property
    def __name__(self) -> str:
        name: str = self._read().name.decode("utf-8", "surrogateescape")
        return name

    def __getattr__(self, name: str) -> Any:
        if name in _GIVEN:  # that nobody made, by way of object.__new__()
            raise AttributeError(f"the function was not made by kaa: no {name}")
        # A class cannot have __qualname__ as a property.
        if name == "__qualname__":
            return self.__name__
        if name == "__text_signature__":
            return text_signature(self)
        if name == self.__name__ and not isinstance(self._library, Owner):
            # Where the pickle of a builtin finds it.
            found = getattr(self._library, name)
            if getattr(found, "__self__", None) is self:
                return found
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}"
        )

    @property
    def declaration(self) -> str:
        """The C declaration."""
        return _native.printed(_native.kaa_decl_print, self._item)

    @property
    def argtypes(self) -> Tuple[Any, ...]:
        """The ctypes classes of the parameters."""
        types = self._library._types
        return tuple(types.ctypes_class(one) for _, one, _ in self._parameters)

    @property
    def restype(self) -> Any:
        """The ctypes class of the result; None for void."""
        result = _native.kaa_ctype_target(_function_type(self._read()))
        return self._library._types.ctypes_class(result)

    @property
    def __signature__(self) -> inspect.Signature:
        return _signature(self)

    def map(
        self,
        *arrays: Any,
        out: Any = None,
        threads: Optional[int] = None,
        progress: Optional[Callable[[int, int], object]] = None,
    ) -> Any:
        """Calls the function for the elements of whole buffers.

        Numbers serve every element. The results come as an array.array, or go
        to `out`. The work is done without the interpreter's lock, on `threads`
        threads; `progress(done, total)` is called a few times a second.
        """
        return _late.map.map_function(
            self, *arrays, out=out, threads=threads, progress=progress
        )

    def __get__(self, instance: Any, owner: Any = None) -> Function:
        # As a class attribute it stays what it is: no argument is bound.
        return self

    def __reduce__(self) -> Union[str, Tuple[Any, ...]]:
        if isinstance(self._library, Owner):
            return self.__name__  # found in its module, as builtins are
        if self._library._declarations.find(self.__name__) is None:
            raise TypeError("cannot pickle a function that was found as a pointer")
        if getattr(self._library, self.__name__) is not self:
            return bound_in, (self._library, self.__name__)
        return getattr, (self._library, self.__name__)

    def __repr__(self) -> str:
        return (
            f"<kaa function {self.__name__} in {self._library._label}:"
            f" {self.declaration.rstrip(';')}>"
        )


def adopt(kind: Any) -> None:
    """Makes `__doc__` of a subclass's instances the declaration.

    Every class has a __doc__ of its own that hides the base's, so each subclass
    needs this once; class statements do it by themselves.
    """
    text = kind.__dict__.get("__doc__")
    if not isinstance(text, _Doc):
        kind.__doc__ = _Doc(text or "A C function, bound to its declaration.")


adopt(Function)


def bound(value: Any) -> Any:
    """The bound function of a builtin made here; any other value as it is."""
    if type(value) is BuiltinFunctionType and isinstance(value.__self__, Function):
        return value.__self__
    return value


def bound_in(library: Library, name: str) -> Function:
    """For pickles: the bound function behind a library's builtin."""
    found: Function = bound(getattr(library, name))
    return found


def adopt_bound(kind: Any) -> None:
    """The same for the bridge's class, whose instances may be a module's."""
    adopt(kind)
    if not isinstance(kind.__dict__["__module__"], _Module):
        kind.__module__ = _Module(kind.__module__)


def _function_type(item: Any) -> int:
    """The function type of a function's item, behind a typedef of it."""
    stripped: int = _native.kaa_ctype_strip(item.type)
    return stripped


def _kind(address: int) -> int:
    kind: int = _native.kaa_ctype_kind_of(_native.kaa_ctype_strip(address))
    return kind


def annotation(library: Library, address: int, is_result: bool) -> Any:
    """What a parameter takes, or a result gives, as a reader wants to see it."""
    kind = _kind(address)
    if kind == _native.VOID:
        return None
    if kind == _native.BOOL:
        return bool
    if kind == _native.CHAR:
        return bytes
    if kind in _WIDE_CHARACTERS:
        return str
    if kind in _INTEGERS:
        return int
    if kind in _FLOATS:
        return float
    if kind in _COMPLEXES:
        return complex
    if kind == _native.ENUM:
        return library._types.enum_class(address) or int
    if kind in (_native.STRUCT, _native.UNION):
        return library._types.data_class(address)
    if kind == _native.POINTER_:
        target = _native.kaa_ctype_target(_native.kaa_ctype_strip(address))
        is_const = _native.kaa_ctype_qualifiers(target) & _native.CONST
        if _kind(target) == _native.CHAR and is_const:
            return _Shown("str | None" if is_result else "str | bytes | None")
        if _kind(target) == _native.WCHAR and is_const:
            return _Shown("str | None")
        if _kind(target) == _native.VOID and is_result:
            return _Shown("int | None")
    return _Shown(_native.printed(_native.kaa_ctype_print, address, None))


class _Place(NamedTuple):
    """A parameter as Python sees it."""

    name: str
    ctype: int
    by_position: bool  # alone
    told: Optional[str]  # whose length fills it in where it is left out


def _places(function: Function) -> List[_Place]:
    parameters = function._parameters
    # Which parameter may be left out, because which other one tells it.
    told: Dict[int, str] = {}
    for i, (name, _, notes) in enumerate(parameters):
        if notes.flags & _native.PARAMETER_LENGTH:
            told.setdefault(notes.length_of, name or f"arg{i}")
    shown = [
        i
        for i, (_, _, notes) in enumerate(parameters)
        if not notes.flags & _native.PARAMETER_OUT
    ]
    # Python wants parameters without a name first, and defaults last.
    unnamed = max((i for i in shown if parameters[i][0] is None), default=-1)
    required = max((i for i in shown if i not in told), default=-1)
    made = []
    for i in shown:
        name, address, _ = parameters[i]
        if name is None:
            name = f"arg{i}"
        elif keyword.iskeyword(name):
            name += "_"
        left_out = told.get(i) if i > required else None
        made.append(_Place(name, address, i <= unnamed, left_out))
    return made


def _is_variadic(function: Function) -> bool:
    flags: int = _native.kaa_ctype_flags(_function_type(function._read()))
    return bool(flags & _native.VARIADIC)


def _signature(function: Function) -> inspect.Signature:
    from inspect import Parameter, Signature

    library = function._library
    made = [
        Parameter(
            one.name,
            (
                Parameter.POSITIONAL_ONLY
                if one.by_position
                else Parameter.POSITIONAL_OR_KEYWORD
            ),
            default=Parameter.empty if one.told is None else _FromData(one.told),
            annotation=annotation(library, one.ctype, False),
        )
        for one in _places(function)
    ]
    if _is_variadic(function):
        made.append(Parameter("args", Parameter.VAR_POSITIONAL))
    outs = [
        annotation(library, _native.kaa_ctype_target(_native.kaa_ctype_strip(one)), True)
        for _, one, notes in function._parameters
        if notes.flags & _native.PARAMETER_OUT
    ]
    function_type = _function_type(function._read())
    result = annotation(library, _native.kaa_ctype_target(function_type), True)
    return Signature(made, return_annotation=_with_outs(result, outs))


def text_signature(function: Function) -> str:
    """The parameters in the form of __text_signature__."""
    if isinstance(function._library, Owner):
        given = function._library.split_doc(function.__name__)[0]
        if given is not None:
            return given
    places = _places(function)
    shown = [one.name if one.told is None else f"{one.name}=None" for one in places]
    by_position = sum(one.by_position for one in places)
    if by_position:
        shown.insert(by_position, "/")
    if _is_variadic(function):
        shown.append("*args")
    return f"({', '.join(shown)})"


def _with_outs(result: Any, outs: List[Any]) -> Any:
    if not outs:
        return result
    values = outs if result is None else [result] + outs
    if len(values) == 1:
        return values[0]
    inside = ", ".join(
        one.__name__ if isinstance(one, type) else repr(one) for one in values
    )
    return _Shown(f"tuple[{inside}]")
