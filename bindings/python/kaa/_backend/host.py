"""The bridge: bound functions that libkaa makes of the interpreter's own objects.

Importing attaches libkaa to the running CPython, or raises ImportError; the
package falls back on plain ctypes then. What libkaa leaves to Python, its slow
paths, are the hooks here.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
from functools import partial

from kaa import _late, _native
from kaa._backend import has_gil
from kaa._calls.found import function_at
from kaa._calls.function import Function, adopt_bound, text_signature
from kaa._error import BY_STATUS, Error, UnsupportedError
from kaa._modules.typed import Owner
from kaa._values import convert as _convert
from kaa._values import instance as _instance
from kaa._values.instance import Layout, has_class
from kaa._values.pointer import DATA, FIXED, find_pointer

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Optional, Tuple, Union

    from kaa._library import Library

if sys.implementation.name != "cpython":
    raise ImportError("the bridge needs CPython")


class _Hooks:
    """The slow paths: see kaa_cpython_options in kaa/cpython.h.

    Types travel as addresses. A refusal is an exception that gives the reason
    alone; libkaa puts function and argument in front.
    """

    __slots__ = ()

    unsupported = UnsupportedError

    @staticmethod
    def error_class(status: int) -> Any:
        return BY_STATUS.get(status, Error)

    @staticmethod
    def class_of(library: Library, ctype: int) -> Any:
        """What makes results: the class of C data, or what finds a function."""
        types = library._types
        if has_class(ctype):
            return types.data_class(ctype)
        return partial(function_at, types, ctype)

    @staticmethod
    def data_load(data: Any, layout: Layout, number: int, base: int) -> Any:
        """A member's value, or an element's (-1)."""
        if number < 0:
            return _instance.element(layout).load(data, base)
        return _instance.load_member(data, layout.members[number], base)

    @staticmethod
    def data_store(
        data: Any, layout: Layout, number: int, base: int, value: Any
    ) -> None:
        """Sets a member, or an element."""
        if number < 0:
            _instance.element(layout).store(data, base, value)
        else:
            member = layout.members[number]
            _instance.store_member(data, layout.name, member, base, value)

    @staticmethod
    def data_init(data: Any, args: Any, keywords: Any) -> None:
        _late.record.init_record(data, args, keywords or {})

    @staticmethod
    def data_point(layout: Layout, value: Any) -> Any:
        """The address and the owner of a new pointer."""
        return _late.cdata.pointer_to(layout, value)

    @staticmethod
    def data_no_member(layout: Layout, name: str) -> None:
        raise _instance.no_member(layout, name)

    @staticmethod
    def data_get_item(data: Any, key: Any) -> Any:
        return _late.pointers.get_item(data, key)

    @staticmethod
    def data_set_item(data: Any, key: Any, value: Any) -> None:
        _late.pointers.set_item(data, key, value)

    @staticmethod
    def data_null(layout: Layout) -> None:
        raise _late.pointers.null_error(layout)

    @staticmethod
    def symbol(library: Library, name: str) -> int:
        """The address of a function that [[kaa::free]] names."""
        return _convert.symbol_address(library, name)

    @staticmethod
    def enum_of(library: Library, ctype: int) -> Any:
        """The members by value; None for an enum that has no class."""
        enum_class = library._types.enum_class(ctype)
        return None if enum_class is None else enum_class._value2member_map_

    @staticmethod
    def pointer(library: Library, ctype: int, value: Any, flags: int) -> Any:
        return find_pointer(library._types, ctype, value, bool(flags & 1))

    @staticmethod
    def record(library: Library, ctype: int, value: Any, flags: int) -> Any:
        if _instance.is_data(value):
            found = _instance.record_address(
                library._types, _native.kaa_ctype_strip(ctype), value
            )
            return FIXED, found, -1, value
        return DATA, 0, -1, _convert.value_of(library._types, ctype).take(value, [])

    @staticmethod
    def function(library: Library, ctype: int, value: Any, flags: int) -> Any:
        return _convert.find_function_pointer(library, ctype, value, flags >> 8)

    @staticmethod
    def variadic(library: Library, ctype: int, value: Any, flags: int) -> Any:
        return _convert.variadic_instance(library._types, value)

    @staticmethod
    def typed(
        keep: object, item: int, address: int, module: str, doc: Optional[str]
    ) -> Function:
        """A function of an extension module; `keep` owns its declaration."""
        try:
            return bind(Owner(keep, module, doc), item, address)
        except MemoryError:
            raise
        except Error as error:
            raise ImportError(f"the declaration of {error}") from None

    addressof = staticmethod(ctypes.addressof)
    sizeof = staticmethod(ctypes.sizeof)


def _attach() -> Any:
    sample = ctypes.c_longlong(0x0123456789ABCDEF)
    ctypes.resize(sample, 4711)  # a size that nothing else has
    byref = ctypes.byref(sample)
    version = sys.hexversion >> 16
    options = _native.CpythonOptions(
        ctypes.sizeof(_native.CpythonOptions),
        _native.CPYTHON_NO_LAYOUT if os.environ.get("KAA_HOST") == "no-layout" else 0,
        ctypes.pythonapi._handle,
        object.__basicsize__,
        version,
        # Free-threaded: sysconfig would say it too, but reads a large file.
        1 if "t" in getattr(sys, "abiflags", "") else 0,
        Function,
        ctypes.Structure.__mro__[1],
        type(byref),
        ctypes._Pointer,
        ctypes._CFuncPtr,  # type: ignore[attr-defined]
        _Hooks,
        ctypes.py_object(sample),  # itself, not its value
        ctypes.py_object(byref),
        ctypes.addressof(sample),
        ctypes.sizeof(sample),
    )
    host = _native.CpythonP()
    error = _native.Error()
    status = _native.kaa_cpython_attach(
        ctypes.byref(options), ctypes.byref(host), error
    )
    if status != _native.OK:
        raise ImportError(f"no bridge: {error.message.decode('utf-8', 'replace')}")
    return host


_host = _attach()
# While the interpreter goes, callbacks of threads that go on must not enter it.
atexit.register(_native.kaa_cpython_close, _host)
os.register_at_fork(after_in_child=partial(_native.kaa_cpython_after_fork, _host))

_make = _native.kaa_cpython_function
_adopted = False


def bind(library: Union[Library, Owner], item: int, address: int) -> Function:
    """A callable for a declared function at an address."""
    global _adopted
    flags = 0
    release: Optional[int] = None
    if library._hold_gil or library._errno:
        name = _native.DeclItem.from_address(item).name.decode()
        if name in library._hold_gil:
            flags |= _native.DECL_HOLD_GIL
        if name in library._errno:
            flags |= _native.DECL_ERRNO
    declared = _native.DeclItem.from_address(item).free_function
    if declared is not None:
        assert not isinstance(library, Owner)  # a module's cannot declare it
        release = _convert.symbol_address(library, declared.decode())
    function: Function = _make(_host, library, item, address, flags, release)
    if not _adopted:
        adopt_bound(type(function))
        _adopted = True
    return function


def handle() -> Any:
    """The bridge, for what calls libkaa with it."""
    return _host


def callback(library: Any, function: int, value: Any, scope: int) -> Any:
    """An object with the `address` of a C function that calls `value`. With
    SCOPE_CALL, C gets zero when the object is gone."""
    return _native.kaa_cpython_callback(_host, library, function, value, scope)


def track(library: Any) -> None:
    """The library keeps what could lead back to its data."""
    _native.kaa_cpython_data_track(_host, library)


def builtin(function: Function) -> Any:
    """A builtin of the interpreter's that calls a bound function."""
    text = f"{function.__name__}{text_signature(function)}\n--\n\n{function.__doc__}"
    raw = text.encode("utf-8", "replace")
    return _native.kaa_cpython_builtin(_host, function, raw)


def bind_more(library: Library, first: int, count: int) -> None:
    """Makes the functions among the items from `first` on, all at once: where there is
    a GIL, for other threads ask for them meanwhile."""
    if has_gil():
        _native.kaa_cpython_bind(
            _host,
            library,
            library.__dict__,
            library._declarations.decl,
            library._addresses,
            first,
            count,
        )


def layouts() -> Tuple[str, ...]:
    """The layouts of the interpreter's objects that passed their probe."""
    names = ("type", "float", "int", "bytes", "ctypes", "byref", "text")
    bits = _native.kaa_cpython_layouts(_host)
    return tuple(name for i, name in enumerate(names) if bits >> i & 1)
