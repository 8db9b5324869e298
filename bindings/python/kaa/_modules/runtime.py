"""A native runtime in this process, for interpreters that have no bridge.

The slots of its contexts' table (kaa/api.def) as ctypes functions: handles of
objects are plain ints here. Only those that `_plain_module` needs are named.
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_size_t,
    c_ssize_t,
    c_uint32,
    c_void_p,
)
from typing import Any, Dict, Iterator, Tuple

from kaa import _native
from kaa._error import check

_H = c_void_p  # a handle
_HP = POINTER(c_void_p)

# kaa_builtin_id, in its order.
BUILTINS = """NONE FALSE TRUE NOT_IMPLEMENTED ELLIPSIS OBJECT_TYPE TYPE_TYPE
    BOOL_TYPE INT_TYPE FLOAT_TYPE COMPLEX_TYPE STR_TYPE BYTES_TYPE BYTEARRAY_TYPE
    TUPLE_TYPE LIST_TYPE DICT_TYPE SET_TYPE FROZENSET_TYPE SLICE_TYPE FUNCTION_TYPE
    MODULE_TYPE CAPSULE_TYPE WEAKREF_TYPE MEMORYVIEW_TYPE BASE_EXCEPTION EXCEPTION
    KEYBOARD_INTERRUPT SYSTEM_EXIT ARITHMETIC_ERROR OVERFLOW_ERROR
    ZERO_DIVISION_ERROR ASSERTION_ERROR ATTRIBUTE_ERROR BUFFER_ERROR EOF_ERROR
    IMPORT_ERROR MODULE_NOT_FOUND_ERROR LOOKUP_ERROR INDEX_ERROR KEY_ERROR
    MEMORY_ERROR NAME_ERROR OS_ERROR FILE_EXISTS_ERROR FILE_NOT_FOUND_ERROR
    INTERRUPTED_ERROR PERMISSION_ERROR TIMEOUT_ERROR REFERENCE_ERROR RUNTIME_ERROR
    NOT_IMPLEMENTED_ERROR RECURSION_ERROR STOP_ITERATION SYSTEM_ERROR TYPE_ERROR
    VALUE_ERROR UNICODE_ERROR UNICODE_DECODE_ERROR UNICODE_ENCODE_ERROR WARNING
    DEPRECATION_WARNING RUNTIME_WARNING USER_WARNING RESOURCE_WARNING""".split()

# name: (its number in the table, result, parameters behind the context)
SLOTS: Dict[str, Tuple[int, Any, Tuple[Any, ...]]] = {
    "incref": (0, None, (_H,)),
    "decref": (1, None, (_H,)),
    "error_clear": (6, None, ()),
    "error_take": (7, _H, ()),
    "raise_exception": (8, c_int, (_H,)),
    "raise_object": (9, c_int, (_H, _H)),
    "exception_cause": (18, _H, (_H,)),
    "type_of": (22, _H, (_H,)),
    "is_subtype": (26, c_int, (_H, _H)),
    "int_from_int64": (28, _H, (c_int64,)),
    "int_from_text": (31, _H, (c_char_p, c_size_t, c_int)),
    "int_as_text": (36, _H, (_H, c_int)),
    "float_from_double": (39, _H, (c_double,)),
    "float_as_double": (40, c_int, (_H, POINTER(c_double))),
    "complex_from_doubles": (41, _H, (c_double, c_double)),
    "complex_as_doubles": (42, c_int, (_H, POINTER(c_double), POINTER(c_double))),
    "str_from_utf8": (43, _H, (c_char_p, c_size_t)),
    "str_as_utf8": (46, c_void_p, (_H, POINTER(c_size_t))),
    "str_length": (47, c_ssize_t, (_H,)),
    "str_code_point": (51, c_ssize_t, (_H, c_ssize_t)),
    "bytes_from_data": (52, _H, (c_char_p, c_size_t)),
    "bytes_as_data": (53, c_void_p, (_H, POINTER(c_size_t))),
    "tuple_from_array": (54, _H, (_HP, c_size_t)),
    "tuple_size": (56, c_ssize_t, (_H,)),
    "tuple_get": (57, _H, (_H, c_ssize_t)),
    "list_from_array": (60, _H, (_HP, c_size_t)),
    "list_size": (62, c_ssize_t, (_H,)),
    "list_get": (63, _H, (_H, c_ssize_t)),
    "dict_new": (74, _H, ()),
    "dict_set": (78, c_int, (_H, _H, _H)),
    "dict_next": (81, c_int, (_H, POINTER(c_size_t), _HP, _HP)),
    "set_new": (88, _H, (_H,)),
    "frozenset_new": (89, _H, (_H,)),
    "function_new": (97, _H, (c_void_p, _H, _H)),
    "capsule_new": (98, _H, (c_void_p, c_char_p, c_void_p)),
    "capsule_get": (99, c_void_p, (_H, c_char_p)),
    "get_attr_text": (107, _H, (_H, c_char_p)),
    "find_attr": (108, c_int, (_H, c_char_p, _HP)),
    "set_attr_text": (110, c_int, (_H, c_char_p, _H)),
    "get_item": (113, _H, (_H, _H)),
    "set_item": (114, c_int, (_H, _H, _H)),
    "length": (116, c_ssize_t, (_H,)),
    "contains": (117, c_int, (_H, _H)),
    "iter": (118, _H, (_H,)),
    "next": (119, c_int, (_H, _HP)),
    "call": (120, _H, (_H, _HP, c_size_t, _H)),
    "compare": (123, _H, (_H, _H, c_int)),
    "hash": (125, c_int64, (_H,)),
    "repr": (126, _H, (_H,)),
    "str": (127, _H, (_H,)),
    "truth": (128, c_int, (_H,)),
    "binary": (129, _H, (_H, _H, c_int)),
    "inplace": (130, _H, (_H, _H, c_int)),
    "unary": (131, _H, (_H, c_int)),
    "to_int": (132, _H, (_H,)),
    "to_float": (133, _H, (_H,)),
    "index": (134, _H, (_H,)),
    "to_list": (135, _H, (_H,)),
    "import": (146, _H, (c_char_p,)),
}


class _Context(Structure):
    """kaa_context"""

    _fields_ = [
        ("api", c_void_p),
        ("builtins", POINTER(c_void_p)),
        ("requests", c_void_p),
        ("data_offset", c_size_t),
        ("builtin_count", c_uint32),
        ("counting", c_uint32),
        ("flags", c_uint32),
        ("reserved", c_uint32),
    ]


class Context:
    """This thread's view of the runtime; ctx.call("repr", handle) is a slot."""

    __slots__ = ("address",)
    _functions: Dict[str, Any] = {}

    def __init__(self, address: int) -> None:
        self.address = address

    def call(self, name: str, *arguments: Any) -> Any:
        function = self._functions.get(name)
        if function is None:
            number, result, parameters = SLOTS[name]
            api = _Context.from_address(self.address).api
            place = c_void_p.from_address(api + 8 * (1 + number))
            prototype = CFUNCTYPE(result, c_void_p, *parameters)
            function = self._functions[name] = prototype(place.value)  # type: ignore[arg-type] # None is refused
        return function(self.address, *arguments)

    def builtin(self, name: str) -> int:
        """A borrowed handle."""
        handle = _Context.from_address(self.address).builtins[BUILTINS.index(name)]
        return int(handle or 0)

    def drop(self, handle: int) -> None:
        self.call("decref", handle)


# The address of the runtime, once it is made. No lock: a finaliser or a signal
# handler may come here on a thread that is already here.
_runtimes: Dict[str, int] = {}


def _function(name: str, result: Any, *parameters: Any) -> Any:
    function = _native.free[name]
    function.restype, function.argtypes = result, parameters
    return function


_create = _function(
    "kaa_runtime_create", c_int, c_void_p, POINTER(c_void_p), _native.ErrorP
)
_attach = _function(
    "kaa_runtime_attach",
    c_int,
    c_void_p,
    c_char_p,
    POINTER(c_void_p),
    _native.ErrorP,
)
_detach = _function("kaa_runtime_detach", None, c_void_p)
_destroy = _function("kaa_runtime_destroy", c_int, c_void_p, c_void_p, _native.ErrorP)


def _make_runtime() -> int:
    """The one runtime: the first that was made, if several threads came at once."""
    error, made = _native.Error(), c_void_p()
    check(_create(None, byref(made), error), error)
    assert made.value is not None
    first = _runtimes.setdefault("python", made.value)
    if first != made.value:
        check(_destroy(made, None, error), error)
    return first


@contextmanager
def attached() -> Iterator[Context]:
    """Attaches this thread while the block runs; may be nested. The runtime is
    made at the first use and lives as long as the process."""
    error, address = _native.Error(), c_void_p()
    runtime = _runtimes.get("python") or _make_runtime()
    check(_attach(runtime, b"python", byref(address), error), error)
    assert address.value is not None
    try:
        yield Context(address.value)
    finally:
        _detach(address)


def text_of(ctx: Context, handle: int) -> str:
    """A str's characters; lone surrogates as well."""
    size = c_size_t()
    data = ctx.call("str_as_utf8", handle, byref(size))
    if data:
        return ctypes.string_at(data, size.value).decode()
    ctx.call("error_clear")
    count = ctx.call("str_length", handle)
    return "".join(chr(ctx.call("str_code_point", handle, i)) for i in range(count))
