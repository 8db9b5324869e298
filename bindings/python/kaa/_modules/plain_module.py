"""Extension modules where there is no bridge: on a native runtime in the process.

Simple values are converted both ways: None, bool, int, float, complex, str,
bytes, bytearray, and tuples, lists, dicts and sets of them, as copies. All else
that a module gives is a proxy, which holds a reference to the object: instances
of native types have a class for that type, with which isinstance() works;
exceptions are exceptions, of classes that derive from the built-in ones.
A module can call the callables that it is given; other objects of Python it can
keep and give back. Native types cannot be derived from.
"""

from __future__ import annotations

import builtins
import weakref
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    addressof,
    byref,
    c_char_p,
    c_double,
    c_size_t,
    c_uint32,
    c_void_p,
    cast,
    string_at,
)
from itertools import count
from types import ModuleType
from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence

from kaa._modules.runtime import BUILTINS, Context, attached, text_of

_FORWARDED = ("__enter__", "__exit__", "__reduce__", "__copy__", "__deepcopy__")
_TYPES = {
    "OBJECT_TYPE": object,
    "TYPE_TYPE": type,
    "BOOL_TYPE": bool,
    "INT_TYPE": int,
    "FLOAT_TYPE": float,
    "COMPLEX_TYPE": complex,
    "STR_TYPE": str,
    "BYTES_TYPE": bytes,
    "BYTEARRAY_TYPE": bytearray,
    "TUPLE_TYPE": tuple,
    "LIST_TYPE": list,
    "DICT_TYPE": dict,
    "SET_TYPE": set,
    "FROZENSET_TYPE": frozenset,
}

# Handles of types <-> their classes; types are never given up.
_classes: Dict[int, type] = {}
_handles: Dict[type, int] = {}
_proxies: "weakref.WeakValueDictionary[int, NativeObject]" = (
    weakref.WeakValueDictionary()
)


def _camel(name: str) -> str:
    """KEY_ERROR: KeyError."""
    special = {"OS_ERROR": "OSError", "EOF_ERROR": "EOFError"}
    return special.get(name) or "".join(p.capitalize() for p in name.split("_"))


def _learn_builtins(ctx: Context) -> None:
    for name in BUILTINS[5:]:
        python: Any = _TYPES.get(name)
        if python is None and not name.endswith("_TYPE"):
            python = getattr(builtins, _camel(name))
        if python is not None:
            handle = ctx.builtin(name)
            _classes[handle] = python
            _handles.setdefault(python, handle)


# ---- to Python


def _items(ctx: Context, handle: int, kind: str, memo: Dict[int, Any]) -> List[Any]:
    size = ctx.call(kind + "_size", handle)
    return [_give(ctx, ctx.call(kind + "_get", handle, i), memo) for i in range(size)]


def _to_list(ctx: Context, handle: int, memo: Dict[int, Any]) -> Any:
    made: List[Any] = []
    memo[handle] = made
    made.extend(_items(ctx, handle, "list", memo))
    return made


def _to_dict(ctx: Context, handle: int, memo: Dict[int, Any]) -> Any:
    made: Dict[Any, Any] = {}
    memo[handle] = made
    position, key, value = c_size_t(), c_void_p(), c_void_p()
    arguments = handle, byref(position), byref(key), byref(value)
    while ctx.call("dict_next", *arguments) > 0:
        taken = value.value
        name = _give(ctx, key.value, memo)
        made[name] = _give(ctx, taken, memo)
    return made


def _to_set(ctx: Context, handle: int, memo: Dict[int, Any], kind: Any = set) -> Any:
    return kind(_give(ctx, ctx.call("to_list", handle), memo))


def _to_int(ctx: Context, handle: int, memo: Dict[int, Any]) -> int:
    text = _give(ctx, ctx.call("int_as_text", handle, 16), memo)
    return int(text, 16)


def _to_float(ctx: Context, handle: int, memo: Dict[int, Any]) -> float:
    value = c_double()
    if ctx.call("float_as_double", handle, byref(value)) != 0:
        _fail(ctx)
    return value.value


def _to_complex(ctx: Context, handle: int, memo: Dict[int, Any]) -> complex:
    real, imaginary = c_double(), c_double()
    if ctx.call("complex_as_doubles", handle, byref(real), byref(imaginary)) != 0:
        _fail(ctx)
    return complex(real.value, imaginary.value)


def _to_bytes(ctx: Context, handle: int, memo: Dict[int, Any]) -> bytes:
    size = c_size_t()
    data = ctx.call("bytes_as_data", handle, byref(size))
    return string_at(data, size.value)


def _to_bytearray(ctx: Context, handle: int, memo: Dict[int, Any]) -> bytearray:
    return bytearray(_give(ctx, ctx.call("to_list", handle), memo))


_GIVERS: Dict[type, Callable[[Context, int, Dict[int, Any]], Any]] = {
    int: _to_int,
    float: _to_float,
    complex: _to_complex,
    str: lambda ctx, handle, memo: text_of(ctx, handle),
    bytes: _to_bytes,
    bytearray: _to_bytearray,
    tuple: lambda ctx, handle, memo: tuple(_items(ctx, handle, "tuple", memo)),
    list: _to_list,
    dict: _to_dict,
    set: _to_set,
    frozenset: lambda ctx, handle, memo: _to_set(ctx, handle, memo, frozenset),
}


def _convert(ctx: Context, handle: int, memo: Dict[int, Any]) -> Any:
    """The Python value of a borrowed handle."""
    if handle & 1:  # a small int, in the handle itself
        return (handle - (1 << 64 if handle >= 1 << 63 else 0)) >> 1
    for name, value in (
        ("NONE", None),
        ("TRUE", True),
        ("FALSE", False),
        ("ELLIPSIS", Ellipsis),
        ("NOT_IMPLEMENTED", NotImplemented),
    ):
        if handle == ctx.builtin(name):
            return value
    if handle in memo:
        return memo[handle]
    type_handle = ctx.call("type_of", handle)
    try:
        giver = _GIVERS.get(_classes.get(type_handle, object))
        if giver is not None:
            return giver(ctx, handle, memo)
        if type_handle == ctx.builtin("TYPE_TYPE"):
            return _class_of(ctx, handle)
        if type_handle == ctx.builtin("MODULE_TYPE"):
            return _module_of(ctx, handle)
        if type_handle == ctx.builtin("CAPSULE_TYPE"):
            kept = _object_of(ctx, handle)
            if kept is not None:
                return kept
        found = _class_of(ctx, type_handle)
    finally:
        ctx.drop(type_handle)
    if issubclass(found, BaseException):
        return _exception_of(ctx, handle, found)
    return _proxy_of(ctx, handle, found)


def _give(
    ctx: Context, handle: Optional[int], memo: Optional[Dict[int, Any]] = None
) -> Any:
    """The Python value of a new reference, which is given up; NULL raises."""
    if not handle:
        _fail(ctx)
    try:
        return _convert(ctx, handle, {} if memo is None else memo)
    finally:
        ctx.drop(handle)


def _exception_of(ctx: Context, handle: int, cls: Any) -> BaseException:
    arguments = _give(ctx, ctx.call("get_attr_text", handle, b"args"))
    try:
        made: BaseException = cls(*arguments)
    except TypeError:
        made = cls.__new__(cls)
        made.args = arguments
    cause = ctx.call("exception_cause", handle)
    if cause:
        made.__cause__ = _give(ctx, cause)
    return made


def _fail(ctx: Context) -> NoReturn:
    """Raises what is pending."""
    handle = ctx.call("error_take")
    if not handle:
        raise SystemError("a call failed without setting an exception")
    raise _give(ctx, handle)


# ---- classes and proxies


def _text_attribute(ctx: Context, handle: int, name: bytes) -> Optional[str]:
    place = c_void_p()
    if ctx.call("find_attr", handle, name, byref(place)) <= 0:
        ctx.call("error_clear")
        return None
    value = _give(ctx, place.value)
    return value if isinstance(value, str) else None


def _base_of(ctx: Context, handle: int) -> type:
    """The class of the nearest type that this one derives from."""
    best: Any = NativeObject
    best_handle = ctx.builtin("OBJECT_TYPE")
    for other, cls in list(_classes.items()):
        if other != handle and ctx.call("is_subtype", handle, other) == 1:
            if ctx.call("is_subtype", other, best_handle) == 1:
                best, best_handle = cls, other
    return NativeObject if best is object else best


#: The modules of packages, by the last part of their names.
_full_names: Dict[str, str] = {}


def _class_of(ctx: Context, handle: int) -> type:
    """The class for a type; it keeps the type."""
    if not _classes:
        _learn_builtins(ctx)
    found = _classes.get(handle)
    if found is not None:
        return found
    base = _base_of(ctx, handle)
    module = _text_attribute(ctx, handle, b"__module__") or "builtins"
    body: Dict[str, Any] = {
        "__doc__": _text_attribute(ctx, handle, b"__doc__"),
        "__module__": _full_names.get(module, module),
    }
    if issubclass(base, NativeObject):
        body["__slots__"] = ()
        for name in _FORWARDED:
            place = c_void_p()
            if ctx.call("find_attr", handle, name.encode(), byref(place)) > 0:
                ctx.drop(place.value or 0)
                body[name] = _forward(name)
            ctx.call("error_clear")
    name = _text_attribute(ctx, handle, b"__name__") or "object"
    if issubclass(base, NativeObject):
        made: Any = type.__new__(_NativeType, name, (base,), body)
    else:
        made = type(name, (base,), body)
    ctx.call("incref", handle)
    _classes[handle] = made
    _handles[made] = handle
    return made  # type: ignore[no-any-return]


def _forward(name: str) -> Any:
    def method(self: NativeObject, *arguments: Any) -> Any:
        return self.__getattr__(name)(*arguments)

    method.__name__ = name
    return method


def _drop_later(handle: int) -> None:
    with attached() as ctx:
        ctx.drop(handle)


def _proxy_of(ctx: Context, handle: int, cls: type) -> NativeObject:
    made = _proxies.get(handle)
    if made is None:
        made = object.__new__(cls)
        object.__setattr__(made, "_handle", handle)
        ctx.call("incref", handle)
        weakref.finalize(made, _drop_later, handle).atexit = False
        _proxies[handle] = made
    return made


def _call(handle: int, arguments: Sequence[Any], keywords: Dict[str, Any]) -> Any:
    with attached() as ctx:
        taken: List[int] = []
        try:
            for value in [*arguments, *keywords.values()]:
                taken.append(_take(ctx, value))
            array = (c_void_p * len(taken))(*taken)
            names = None
            if keywords:
                names = _take(ctx, tuple(keywords))
                taken.append(names)
            return _give(ctx, ctx.call("call", handle, array, len(arguments), names))
        finally:
            for one in taken:
                ctx.drop(one)


def _get(handle: int, name: str) -> Any:
    with attached() as ctx:
        return _give(ctx, ctx.call("get_attr_text", handle, name.encode()))


def _set(handle: int, name: str, value: Any, deletes: bool = False) -> None:
    with attached() as ctx:
        taken = None if deletes else _take(ctx, value)
        try:
            if ctx.call("set_attr_text", handle, name.encode(), taken) != 0:
                _fail(ctx)
        finally:
            if taken is not None:
                ctx.drop(taken)


class _NativeType(type):
    """Types of a module; `type.__new__` makes them."""

    def __new__(cls, name: str, bases: Any, body: Any) -> Any:
        for base in bases:
            raise TypeError(
                f"{base.__name__} cannot be derived from without the bridge"
            )
        return type.__new__(cls, name, bases, body)

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        return _call(_handles[cls], arguments, keywords)

    def __getattr__(cls, name: str) -> Any:
        handle = _handles.get(cls)
        if handle is None:
            raise AttributeError(name)
        return _get(handle, name)


def _slot(name: str) -> Any:
    """A method that is the slot of one operand."""

    def method(self: NativeObject) -> Any:
        with attached() as ctx:
            return _give(ctx, ctx.call(name, self._handle))

    return method


def _operation(name: str, op: int, reflected: bool = False) -> Any:
    def method(self: NativeObject, other: Any) -> Any:
        with attached() as ctx:
            try:
                taken = _take(ctx, other)
            except TypeError:
                return NotImplemented
            try:
                left, right = self._handle, taken
                if reflected:
                    left, right = right, left
                return _give(ctx, ctx.call(name, left, right, op))
            finally:
                ctx.drop(taken)

    return method


def _unary(op: int) -> Any:
    def method(self: NativeObject) -> Any:
        with attached() as ctx:
            return _give(ctx, ctx.call("unary", self._handle, op))

    return method


class NativeObject(metaclass=_NativeType):
    """An object of the native runtime."""

    __slots__ = ("_handle", "__weakref__")
    _handle: int

    def __getattr__(self, name: str) -> Any:
        if name == "_handle":  # of one that object.__new__() made
            raise TypeError(f"{type(self).__name__} stands for no object")
        return _get(self._handle, name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Without a __reduce__ of its own an object's data cannot be told."""
        try:
            reduce = _get(self._handle, "__reduce__")
        except AttributeError:
            raise TypeError(f"cannot pickle {type(self).__name__!r} object") from None
        return reduce()

    def __setattr__(self, name: str, value: Any) -> None:
        _set(self._handle, name, value)

    def __delattr__(self, name: str) -> None:
        _set(self._handle, name, None, True)

    def __dir__(self) -> List[str]:
        names = set(object.__dir__(self))
        for cls in type(self).__mro__:
            handle = _handles.get(cls)
            if handle is not None and cls is not object:
                try:
                    names.update(_get(handle, "__dict__"))
                except AttributeError:
                    pass
        return sorted(names)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return _call(self._handle, arguments, keywords)

    def _answer(self, name: str, *operands: Any) -> int:
        """A slot that returns a number, -1 on failure."""
        with attached() as ctx:
            taken = [_take(ctx, value) for value in operands]
            try:
                result = ctx.call(name, self._handle, *taken)
                if result == -1:
                    _fail(ctx)
                return int(result)
            finally:
                for one in taken:
                    ctx.drop(one)

    def __len__(self) -> int:
        return self._answer("length")

    def __bool__(self) -> bool:
        return self._answer("truth") != 0

    def __hash__(self) -> int:
        return self._answer("hash")

    def __contains__(self, item: Any) -> bool:
        return self._answer("contains", item) != 0

    def __setitem__(self, key: Any, value: Any) -> None:
        self._answer("set_item", key, value)

    def __delitem__(self, key: Any) -> None:
        with attached() as ctx:
            taken = _take(ctx, key)
            try:
                if ctx.call("set_item", self._handle, taken, None) != 0:
                    _fail(ctx)
            finally:
                ctx.drop(taken)

    def __getitem__(self, key: Any) -> Any:
        with attached() as ctx:
            taken = _take(ctx, key)
            try:
                return _give(ctx, ctx.call("get_item", self._handle, taken))
            finally:
                ctx.drop(taken)

    def __next__(self) -> Any:
        with attached() as ctx:
            place = c_void_p()
            result = ctx.call("next", self._handle, byref(place))
            if result < 0:
                _fail(ctx)
            if result == 0:
                raise StopIteration
            return _give(ctx, place.value)

    __repr__, __str__, __iter__ = _slot("repr"), _slot("str"), _slot("iter")
    __int__, __float__ = _slot("to_int"), _slot("to_float")
    __index__ = _slot("index")
    __neg__, __pos__, __abs__, __invert__ = map(_unary, range(4))
    __lt__, __le__ = _operation("compare", 0), _operation("compare", 1)
    __eq__, __ne__ = _operation("compare", 2), _operation("compare", 3)
    __gt__, __ge__ = _operation("compare", 4), _operation("compare", 5)
    for _op, _name in enumerate(
        "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or"
        " xor".split()
    ):
        locals()[f"__{_name}__"] = _operation("binary", _op)
        locals()[f"__r{_name}__"] = _operation("binary", _op, True)
        if _name != "divmod":
            locals()[f"__i{_name}__"] = _operation("inplace", _op)
    del _op, _name


class PlainModule(ModuleType):
    """A module of the native runtime."""

    def __getattr__(self, name: str) -> Any:
        handle = self.__dict__.get("__kaa_handle__")
        if handle is None or (name.startswith("__") and name != "__doc__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return _get(handle, name)

    def __dir__(self) -> List[str]:
        names = {n for n in self.__dict__ if n != "__kaa_handle__"}
        return sorted(names.union(_get(self.__kaa_handle__, "__dict__")))


def _module_of(ctx: Context, handle: int) -> ModuleType:
    made = _modules.get(handle)
    if made is None:
        made = PlainModule(_text_attribute(ctx, handle, b"__name__") or "module")
        made.__doc__ = _text_attribute(ctx, handle, b"__doc__")
        made.__dict__["__kaa_handle__"] = handle
        ctx.call("incref", handle)
        _modules[handle] = made
    return made


_modules: Dict[int, PlainModule] = {}


# ---- to the module


class _Method(Structure):
    """kaa_method"""

    _fields_ = [
        ("name", c_char_p),
        ("function", c_void_p),
        ("flags", c_uint32),
        ("reserved", c_uint32),
        ("doc", c_char_p),
        ("declaration", c_char_p),
    ]


_NAME = b"kaa.python_object"  # of capsules that stand for a Python object
_objects: Dict[int, Any] = {}
_keys = count(1)
_Called = CFUNCTYPE(
    c_void_p, c_void_p, c_void_p, POINTER(c_void_p), c_size_t, c_void_p
)
_Ended = CFUNCTYPE(None, c_void_p)


def _called(
    address: int, capsule: int, array: Any, nargs: int, names: Optional[int]
) -> Optional[int]:
    ctx = Context(address)
    try:
        function = _objects[ctx.call("capsule_get", capsule, _NAME)]
        keys = _convert(ctx, names, {}) if names else ()
        values = [_convert(ctx, array[i], {}) for i in range(nargs + len(keys))]
        return _take(ctx, function(*values[:nargs], **dict(zip(keys, values[nargs:]))))
    except BaseException as error:
        _raise(ctx, error)
        return None


def _ended(key: int) -> None:
    _objects.pop(key, None)


_called_pointer, _ended_pointer = _Called(_called), _Ended(_ended)
_method = _Method(b"callable", cast(_called_pointer, c_void_p), 1 << 3, 0, None, None)


def _raise(ctx: Context, error: BaseException) -> None:
    """Makes a Python exception pending."""
    for cls in type(error).__mro__:
        handle = _handles.get(cls)
        if handle is None:
            continue
        try:
            text = _take(ctx, str(error.args[0]) if error.args else "")
        except UnicodeEncodeError:
            text = _take(ctx, ascii(error))
        ctx.call("raise_object", handle, text)
        ctx.drop(text)
        return


def _array(ctx: Context, kind: str, values: Sequence[Any]) -> int:
    taken: List[int] = []
    try:
        for value in values:
            taken.append(_take(ctx, value))
        array = (c_void_p * len(taken))(*taken)
        return _made(ctx, ctx.call(kind + "_from_array", array, len(taken)))
    finally:
        for one in taken:
            ctx.drop(one)


def _made(ctx: Context, handle: Optional[int]) -> int:
    if not handle:
        _fail(ctx)
    return handle


def _take_dict(ctx: Context, value: Dict[Any, Any]) -> int:
    made = _made(ctx, ctx.call("dict_new"))
    try:
        for key, item in value.items():
            pair: List[int] = []
            try:
                pair.append(_take(ctx, key))
                pair.append(_take(ctx, item))
                if ctx.call("dict_set", made, *pair) != 0:
                    _fail(ctx)
            finally:
                for one in pair:
                    ctx.drop(one)
    except BaseException:
        ctx.drop(made)
        raise
    return made


def _take_set(ctx: Context, value: Any) -> int:
    items = _array(ctx, "list", list(value))
    name = "set_new" if isinstance(value, set) else "frozenset_new"
    try:
        return _made(ctx, ctx.call(name, items))
    finally:
        ctx.drop(items)


def _take_int(ctx: Context, value: int) -> int:
    if -(2**63) <= value < 2**63:
        return _made(ctx, ctx.call("int_from_int64", value))
    text = format(value, "x").encode()
    return _made(ctx, ctx.call("int_from_text", text, len(text), 16))


def _take_bytearray(ctx: Context, value: bytearray) -> int:
    data = _take(ctx, bytes(value))
    try:
        array = (c_void_p * 1)(data)
        cls = ctx.builtin("BYTEARRAY_TYPE")
        return _made(ctx, ctx.call("call", cls, array, 1, None))
    finally:
        ctx.drop(data)


def _capsule(ctx: Context, value: Any) -> int:
    key = next(_keys)
    _objects[key] = value
    capsule = ctx.call("capsule_new", key, _NAME, cast(_ended_pointer, c_void_p))
    if not capsule:
        del _objects[key]
        _fail(ctx)
    return int(capsule)


def _take_object(ctx: Context, value: Any) -> int:
    """What a module may keep and give back, and nothing else; the items of a
    buffer, copied."""
    try:
        view = memoryview(value)
    except TypeError:
        return _capsule(ctx, value)
    if view.format in ("B", "b", "c"):
        return _take(ctx, view.tobytes())
    return _capsule(ctx, value)


def _object_of(ctx: Context, handle: int) -> Any:
    """The Python object that a capsule of _capsule() is; None if it is another."""
    key = ctx.call("capsule_get", handle, _NAME)
    if not key:
        ctx.call("error_clear")
    return _objects.get(key) if key else None


def _take_callable(ctx: Context, value: Any) -> int:
    capsule = _capsule(ctx, value)
    try:
        return _made(ctx, ctx.call("function_new", addressof(_method), capsule, None))
    finally:
        ctx.drop(capsule)


def _constant(ctx: Context, name: str) -> int:
    handle = ctx.builtin(name)
    ctx.call("incref", handle)
    return handle


def _take_text(ctx: Context, value: str) -> int:
    data = value.encode()
    return _made(ctx, ctx.call("str_from_utf8", data, len(data)))


_TAKERS: Dict[type, Callable[[Context, Any], int]] = {
    type(None): lambda ctx, value: _constant(ctx, "NONE"),
    bool: lambda ctx, value: _constant(ctx, "TRUE" if value else "FALSE"),
    type(Ellipsis): lambda ctx, value: _constant(ctx, "ELLIPSIS"),
    type(NotImplemented): lambda ctx, value: _constant(ctx, "NOT_IMPLEMENTED"),
    int: _take_int,
    float: lambda ctx, value: _made(ctx, ctx.call("float_from_double", value)),
    complex: lambda ctx, value: _made(
        ctx, ctx.call("complex_from_doubles", value.real, value.imag)
    ),
    str: _take_text,
    bytes: lambda ctx, value: _made(
        ctx, ctx.call("bytes_from_data", value, len(value))
    ),
    bytearray: _take_bytearray,
    tuple: lambda ctx, value: _array(ctx, "tuple", value),
    list: lambda ctx, value: _array(ctx, "list", value),
    dict: _take_dict,
    set: _take_set,
    frozenset: _take_set,
}


def _take(ctx: Context, value: Any) -> int:
    """A new reference to what a Python value is natively."""
    if not _classes:
        _learn_builtins(ctx)
    if isinstance(value, NativeObject):
        ctx.call("incref", value._handle)
        return value._handle
    if isinstance(value, PlainModule):
        ctx.call("incref", value.__kaa_handle__)
        return int(value.__kaa_handle__)
    if isinstance(value, type) and value in _handles:
        ctx.call("incref", _handles[value])
        return _handles[value]
    for cls in type(value).__mro__:
        taker = _TAKERS.get(cls)
        if taker is not None:
            return taker(ctx, value)
    if callable(value):
        return _take_callable(ctx, value)
    return _take_object(ctx, value)


def load(path: bytes, name: str = "") -> ModuleType:
    """Imports the module of a file natively; `name` is what Python calls it."""
    with attached() as ctx:
        if not _classes:
            _learn_builtins(ctx)
        # The native runtime has no packages: there it is the last part alone.
        if "." in name:
            _full_names[name.rpartition(".")[2]] = name
        module: ModuleType = _give(ctx, ctx.call("import", path))
        return module
