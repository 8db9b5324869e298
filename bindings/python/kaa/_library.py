"""Libraries: a shared library seen through its C declarations.

Loading parses the text, opens the library and finds all symbols, each in one
call of libkaa. Nothing is made for a name until it is asked for; then it stays
in the instance's __dict__, so that the next access is an ordinary attribute's.
Variables alone are never kept: each access reads C's memory.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections import deque
from itertools import count, repeat
from operator import methodcaller

from kaa import _backend, _error, _late, _native
from kaa._headers.declarations import Declarations
from kaa._headers.text import read_text
from kaa._options import Options
from kaa._values.locks import make_lock
from kaa._values.owner import keeper
from kaa._values.types import Data, TypeMap

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import (
        Any,
        Callable,
        Collection,
        Deque,
        Dict,
        FrozenSet,
        List,
        NoReturn,
        Optional,
        Tuple,
        Union,
    )

    from kaa._headers.text import Text

# The more functions of a library were asked for one by one, the more of their
# neighbours come along.
_MOST_AT_ONCE = 64

_is_ready = False


def _import_all() -> None:
    """Imports what calls need at some time. A child of fork() may not import what
    another thread was importing: it would wait for that for ever. The last
    finalisers cannot import."""
    global _is_ready
    if not _is_ready:
        _late.import_all(bool(_backend.bridge()))
        _is_ready = True


_item_at = _native.DeclItem.from_address
_FUNCTION = _native.DECL_FUNCTION
_NEEDS_NO_SYMBOL = _native.DECL_STATIC | _native.DECL_WEAK | _native.DECL_HIDDEN


class Library:
    """A loaded library. Its attributes are what was declared.

    Functions, constants, IntEnum classes, record classes, the types that typedefs
    name, and variables, which can be assigned to.
    """

    # Everything else is in __dict__: the attributes themselves.
    __slots__ = (
        "_name",
        "_label",
        "_path",
        "_options",
        "_declarations",
        "_types",
        "_data",
        "_native",
        "_addresses",
        "_hold_gil",
        "_errno",
        "_closures",
        "_asked",
        "_reasons",
        "_left_out",
        "_names",
        "_lock",
        "_token",
        "__dict__",
        "__weakref__",
    )

    def __init_subclass__(cls, **keywords: Any) -> None:
        raise TypeError("kaa.Library is final")

    _name: Optional[str]
    _label: str
    _path: str
    _types: TypeMap
    _hold_gil: FrozenSet[str]
    _errno: FrozenSet[str]
    _closures: Dict[Any, Any]
    _reasons: Optional[Dict[str, str]]
    _left_out: Optional[Tuple[Any, ...]]
    _names: Optional[FrozenSet[str]]
    _token: Optional[bytes]

    def __init__(self, name: Optional[str], text: bytes, options: Options) -> None:
        give = object.__setattr__
        try:
            object.__getattribute__(self, "_name")
        except AttributeError:
            pass
        else:
            raise TypeError("a library is loaded once: its __init__ cannot be called")
        give(self, "_name", name)
        give(self, "_options", options)
        _import_all()
        if options.header is None:
            declarations = Declarations(text, options.tolerant)
        else:
            declarations = _late.headers.declarations(text, options.header)
        give(self, "_declarations", declarations)
        native, path = _open(name, options)
        give(self, "_native", native)
        give(self, "_path", path)
        give(self, "_label", os.path.basename(name or path) or "the program")
        give(self, "_types", TypeMap(self._label, declarations, self))
        give(self, "_data", Data())
        give(self, "_hold_gil", options.hold_gil)
        give(self, "_errno", options.errno)
        give(self, "_closures", {})
        # How many functions were asked for; 0 for ever if each needs a look.
        one_by_one = bool(options.hold_gil or options.errno or options.builtins)
        give(self, "_asked", repeat(0) if one_by_one else count())
        give(self, "_reasons", None)
        give(self, "_left_out", None)
        give(self, "_names", None)
        give(self, "_lock", make_lock())
        give(self, "_token", None)
        give(self, "_addresses", self._find_symbols(options.missing))
        for option in ("hold_gil", "errno", "builtins"):
            chosen = getattr(options, option)
            self._check_names(option, () if chosen is True else chosen)
        if b"kaa" in text:
            self._check_annotations()

    def _find_symbols(self, missing: str) -> Any:
        declarations = self._declarations
        addresses = (ctypes.c_void_p * max(declarations.count, 1))()
        count = ctypes.c_size_t()
        error = _native.Error()
        _error.check(
            _native.kaa_library_bind(
                self._native, declarations.decl, addresses, ctypes.byref(count), error
            ),
            error,
        )
        if count.value and missing == "error":
            raise self._missing(addresses)
        return addresses

    def _missing(self, addresses: Any) -> _error.SymbolError:
        names: List[str] = []
        for number, address in enumerate(self._declarations.items()):
            item = _native.DeclItem.from_address(address)
            if (
                addresses[number] is None
                and item.kind in (_native.DECL_FUNCTION, _native.DECL_VARIABLE)
                and not item.flags & _NEEDS_NO_SYMBOL
            ):
                name = item.symbol.decode("utf-8", "surrogateescape")
                if name not in names:
                    names.append(name)
        if len(names) == 1:
            return _error.SymbolError(self._no_symbol(names[0]), names)
        return _error.SymbolError(
            f"{self._label} lacks {len(names)} of the symbols declared: "
            + ", ".join(names),
            names,
        )

    def _no_symbol(self, name: str) -> str:
        """What libkaa says of a symbol that is not there."""
        error = _native.Error()
        address = ctypes.c_void_p()
        raw = name.encode("utf-8", "surrogateescape")
        _native.kaa_library_symbol(self._native, raw, ctypes.byref(address), error)
        return error.message.decode("utf-8", "replace") or f"{name} is missing"

    def _check_names(self, option: str, names: Collection[str]) -> None:
        for name in names:
            item = self._declarations.find(name)
            if (
                item is None
                or _native.DeclItem.from_address(item).kind != _native.DECL_FUNCTION
            ):
                raise ValueError(f"{option}: no function {name!r} is declared")

    def _check_annotations(self) -> None:
        """Binds the functions whose annotations may ask for what cannot be done,
        so that the load is refused rather than a later access."""
        for number, address in enumerate(self._declarations.items()):
            item = _item_at(address)
            if (
                item.kind == _FUNCTION
                and self._addresses[number] is not None
                and _asks_more(item)
            ):
                getattr(self, item.name.decode("utf-8", "surrogateescape"))

    def _symbol(self, item: int) -> Optional[int]:
        """The address of a function or variable; None if it is missing."""
        address: Optional[int] = self._addresses[self._declarations.number(item)]
        return address

    def __getattr__(self, name: str) -> Any:
        if name in _OWN_NAMES:
            # Only where __init__ has not come so far.
            raise AttributeError(name)
        address = self._declarations.find(name)
        if address is None:
            self._unknown(name)
        item = _item_at(address)
        kind = item.kind
        if self._options.header is not None and (
            item.flags
            & (_native.DECL_HIDDEN | _native.DECL_STATIC | _native.DECL_MACRO)
        ):
            found, value, keep = _late.headers.special(self, name, address, item)
            if found:
                return self.__dict__.setdefault(name, value) if keep else value
        value = self._read_item(name, address, item)
        if kind == _native.DECL_VARIABLE:
            return value
        # The first of two threads wins, so that all see one object.
        return self.__dict__.setdefault(name, value)

    def _read_item(self, name: str, address: int, item: Any) -> Any:
        """The object that stands for a function, constant or type; a variable's
        value."""
        kind = item.kind
        if kind == _FUNCTION:
            number = self._declarations.number(address)
            symbol = self._addresses[number]
            if symbol is None:
                return self._absent(name, item)
            backend = _backend.functions()
            try:
                value = backend.bind(self, address, symbol)
            except _error.UnsupportedError as error:
                raise _error.UnusableError(f"{error}{self._why(item)}") from None
            if self._options.is_builtin(name):
                return backend.builtin(value)
            asked = next(self._asked)
            if asked and not item.flags & _native.DECL_HIDDEN:
                backend.bind_more(self, number + 1, min(asked, _MOST_AT_ONCE))
            return value
        if kind == _native.DECL_VARIABLE:
            variable = self._variable(name, address)
            return None if variable is None else variable.read()
        try:
            return self._value(item)
        except _error.UnsupportedError as error:
            raise _error.UnusableError(str(error)) from None

    def _value(self, item: Any) -> Any:
        kind = item.kind
        if kind == _native.DECL_INTEGER:
            if self._options.header is not None:
                return _late.headers.constant(self, item, self._integer(item))
            return self._integer(item)
        if kind == _native.DECL_FLOATING:
            return item.floating
        if kind == _native.DECL_STRING:
            raw = ctypes.string_at(item.string, item.string_length)
            return raw.decode("utf-8", "surrogateescape")
        return self._class(item.type)

    def _class(self, ctype: int) -> Any:
        """What stands for a type that has a name."""
        enum_class = self._types.enum_class(ctype)
        if enum_class is not None:
            return enum_class
        if _late.instance.has_class(ctype):
            return self._types.data_class(ctype)
        return _late.named.new_class(self, ctype)

    def _integer(self, item: Any) -> int:
        value: int = item.integer
        if item.flags & _native.DECL_UNSIGNED and value < 0:
            value += 2**64
        return value

    def _variable(self, name: str, item: int) -> Any:
        native = _item_at(item)
        symbol = self._symbol(item)
        if symbol is None:
            return self._absent(name, native)
        try:
            return _late.variable.Variable(self, name, native.type, symbol)
        except _error.UnsupportedError as error:
            raise _error.UnusableError(f"{name}: {error}") from None

    def _absent(self, name: str, item: Any) -> None:
        """What is said of a symbol that is not there: nothing, if C can do without."""
        if not item.flags & _native.DECL_WEAK:
            raise AttributeError(self._no_symbol(name))

    def _skipped(self) -> Dict[str, str]:
        """Why declarations were skipped, by what they seem to declare."""
        if self._reasons is None:
            made: Dict[str, str] = {}
            for address in self._declarations.items() if self._options.tolerant else ():
                item = _item_at(address)
                if item.kind == _native.DECL_SKIPPED:
                    name = item.name.decode("utf-8", "surrogateescape")
                    made.setdefault(name, item.reason.decode("utf-8", "replace"))
            object.__setattr__(self, "_reasons", made)
        return self._reasons or {}

    def _why(self, item: Any) -> str:
        """Why definitions that a function's type needs were skipped."""
        function = _native.kaa_ctype_strip(item.type)
        parameters = _native.kaa_ctype_parameters(function)
        count = _native.kaa_ctype_count(function)
        types = [_native.kaa_ctype_target(function)]
        types += [parameters[i].type for i in range(count)]
        return "".join({_late.pointers.why_incomplete(self, one): 0 for one in types})

    def _unknown(self, name: str) -> NoReturn:
        hint = ""
        for one in self._unusable():
            if one.name == name:
                raise AttributeError(f"{self._label} has no {one}")
        if not (name.startswith("__") and name.endswith("__")):
            reason = self._skipped().get(name)
            if reason is not None:
                raise AttributeError(f"the declaration of {name} was skipped: {reason}")
            near = _late.fault.nearest(name, dir(self))
            if near is not None:
                hint = f"; did you mean {near}?"
        raise AttributeError(f"{self._label} declares no {name!r}{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        item = self._declarations.find(name)
        if item is None:
            self._unknown(name)
        if _native.DeclItem.from_address(item).kind == _native.DECL_VARIABLE:
            variable = self._variable(name, item)
            if variable is None:
                raise AttributeError(f"{self._no_symbol(name)}: it is weak, and absent")
            variable.write(value)
        else:
            self.__dict__[name] = value
            # What is not its own may lead back to its data.
            self._closures[name] = None
            _backend.functions().track(self)

    def __dir__(self) -> List[str]:
        return sorted(self._declared().union(self.__dict__))

    def _declared(self) -> FrozenSet[str]:
        """The names that were declared and can be used; found out once."""
        if self._names is None:
            names = set()
            for address in self._declarations.items():
                item = _native.DeclItem.from_address(address)
                if (
                    item.kind != _native.DECL_SKIPPED
                    and not item.flags & _native.DECL_HIDDEN
                ):
                    names.add(item.name.decode("utf-8", "surrogateescape"))
            names.difference_update(one.name for one in self._unusable())
            names.discard("")
            object.__setattr__(self, "_names", frozenset(names))
        return self._names  # type: ignore[return-value]

    def _unusable(self) -> Tuple[Any, ...]:
        """What of a header is left out; found out once, by a look at all of it."""
        if self._left_out is None:
            left: Tuple[Any, ...] = ()
            if self._options.header is not None:
                left = tuple(_late.headers.skipped(self))
            object.__setattr__(self, "_left_out", left)
        return self._left_out  # type: ignore[return-value]

    @property
    def skipped(self) -> List[Any]:
        """What of the header is left out: a list of (name, file, line, reason)."""
        return list(self._unusable())

    def __repr__(self) -> str:
        count = self._declarations.count
        return f"<kaa library {self._label}: {count} declarations>"

    def _finder(self) -> Callable[[], Library]:
        """What gives the library, or an equal one, without keeping it alive."""
        text = self._declarations.text
        return _Finder(weakref.ref(self), self._name, text, tuple(self._options))

    def __reduce__(self) -> Tuple[Any, ...]:
        with _loading:
            if self._token is None:
                token = os.urandom(16)
                object.__setattr__(self, "_token", token)
                _pickled[token] = self
        options = tuple(self._options)
        return _again, (self._token, self._name, self._declarations.text, options)


_OWN_NAMES = frozenset(Library.__slots__)


class _Finder:
    """Gives a library, or an equal one where it is gone."""

    __slots__ = ("_seen", "_given")

    def __init__(self, seen: Callable[[], Any], *given: Any) -> None:
        self._seen = seen
        self._given = given

    def __call__(self) -> Library:
        found: Optional[Library] = self._seen()
        if found is None:
            found = _again(os.urandom(16), *self._given)
        return found

    def __reduce__(self) -> Tuple[Any, ...]:
        # For those who pickle an enum's class by what is in it, as cloudpickle.
        return methodcaller("_finder"), (self(),)


# The libraries that were pickled here or elsewhere, by what their pickles carry:
# unpickling gives the same object again. The last few stay, since workers drop
# a function after each call.
_pickled: weakref.WeakValueDictionary[bytes, Library] = weakref.WeakValueDictionary()
_recent: Deque[Library] = deque(maxlen=8)
_loading = make_lock()


def _again(
    token: bytes, name: Optional[str], text: bytes, options: Tuple[Any, ...]
) -> Library:
    """The library of a pickle: the one that it came from, or a new one."""
    with _loading:
        library = _pickled.get(token)
        if library is None:
            made = Library(name, text, Options(options))
            # A finaliser that ran meanwhile may have made it too.
            library = _pickled.setdefault(token, made)
            object.__setattr__(library, "_token", token)
            _recent.append(library)
        return library


def _asks_more(item: Any) -> bool:
    """Whether a function has annotations that not every type can follow. Lengths,
    which the C library's functions have by themselves, are looked at here."""
    if item.free_function is not None:
        return True
    count = _native.kaa_ctype_count(_native.kaa_ctype_strip(item.type))
    flags = 0
    for i in range(count):
        flags |= item.parameters[i].flags
    if flags & _native.PARAMETER_OUT:
        return True
    if flags & _native.PARAMETER_LENGTH:
        address = ctypes.addressof(item)
        return bool(_native.kaa_convert_check(address, None, 0) != _native.OK)
    return False


def _open(name: Optional[str], options: Options) -> Tuple[Any, str]:
    native = _native.LibraryP()
    error = _native.Error()
    raw = None if name is None else os.fsencode(name)
    if raw is not None and b"\0" in raw:
        raise ValueError(f"{name!r} is no name of a library: it holds a NUL")
    chosen = _native.LibraryOptions(
        ctypes.sizeof(_native.LibraryOptions), options.flags
    )
    status = _native.kaa_library_open(
        raw, ctypes.byref(chosen), ctypes.byref(native), error
    )
    if status != _native.OK:
        error.status = status
        made = _error.from_native(error)
        if isinstance(made, _error.LibraryError):
            made.explanation = _native.printed(_native.kaa_library_explain, raw)
        raise made
    path = _native.kaa_library_path(native)
    # The address alone: cast() would keep `native` alive.
    address = ctypes.cast(native, ctypes.c_void_p).value
    native._keeper = keeper(_close, address)  # type: ignore[attr-defined]
    return native, os.fsdecode(path or b"")


def _close(address: Optional[int]) -> None:
    _native.kaa_library_close(ctypes.cast(address or 0, _native.LibraryP))


def _read_header(header: Any, text: bytes, choice: Any) -> Tuple[bytes, Any]:
    """The text that includes it, and how it is to be read."""
    if header is not None:
        return _late.headers.text_of(header, text), _late.headers.Choice.make(*choice)
    if choice[0] is not None or any(choice[1:]):
        raise ValueError(
            "only, defines, undefines, include_dirs and package need a header"
        )
    return text, None


def load(
    name: Union[str, os.PathLike[str], None],
    declarations: Text = "",
    *,
    hold_gil: Collection[str] = (),
    errno: Collection[str] = (),
    builtins: Union[bool, Collection[str]] = False,
    missing: Optional[str] = None,
    tolerant: bool = False,
    lazy: bool = False,
    global_symbols: bool = False,
    header: Any = None,
    only: Union[str, Collection[str], None] = None,
    defines: Any = (),
    undefines: Collection[str] = (),
    include_dirs: Collection[Any] = (),
    package: Union[str, Collection[str], None] = None,
) -> Library:
    """Loads a shared library and binds what `declarations` declare.

    `name` is that of a library ("libz.so.1", "z"), a path, or None: the program
    itself with all that it has loaded. `declarations` is C text, or the path
    (os.PathLike) of a file with such text, plain or preprocessed.

    hold_gil  names of functions to be called without releasing the GIL:
              short ones that neither block nor call back into Python
    errno     names of functions whose failure raises OSError with errno
    builtins  names of functions, or True for all, to be handed out as builtins,
              which CPython 3.11 to 3.13 call quicker than other objects; what
              else a function can do, its __self__ can
    missing   "error": a name that the library lacks raises SymbolError here;
              "ignore": it raises AttributeError when it is used. The first is
              the default without `header`, the second with it
    tolerant  skip declarations that are not understood
    lazy      resolve what the library itself calls when it is called, not now
              (RTLD_LAZY); a function that resolves nowhere then ends the process
    global_symbols
              the library's symbols serve libraries that are loaded later
              (RTLD_GLOBAL)

    header    a header, or several, read as a C compiler does: a name to look up
              ("sqlite3.h"), a path (os.PathLike, or it begins with / or .), or
              the text itself. `skipped` tells what is no attribute, and why.
              `declarations` overlay it: they add annotations and replace types
    only      names that are kept: a pattern ("sqlite3_*"), several, or None for
              what the header and those of its folder declare
    defines, undefines, include_dirs, package
              macros (a dict, or a list of "NAME=body"), names, folders that come
              first; packages of pkg-config, which have folders and macros

    A function or variable declared `__attribute__((weak))` that the library lacks
    is None.
    """
    if name is not None:
        name = os.fsdecode(name)
    text = read_text(declarations)
    choice = (only, defines, undefines, include_dirs, package)
    text, chosen = _read_header(header, text, choice)
    flags = _native.LIBRARY_LAZY if lazy else _native.LIBRARY_NOW
    if global_symbols:
        flags |= _native.LIBRARY_GLOBAL
    options = Options.make(
        hold_gil, errno, missing, bool(tolerant), flags, chosen, builtins
    )
    return Library(name, text, options)
