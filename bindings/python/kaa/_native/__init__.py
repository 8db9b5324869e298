"""The C functions and structures of libkaa, as ctypes sees them.

The only module that loads libkaa. Functions are made from PROTOTYPES at their
first use (module ``__getattr__``), so that importing stays cheap. Types and
items travel as plain addresses (int), because there are thousands of them and
they are only ever read; everything that has an owner is a POINTER to a
Structure of its own, so that one cannot be passed for another.

Short functions that cannot block are called with the interpreter's lock held
(HELD): dropping it would cost more than they do.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
    py_object,
)

from kaa._native import insight as _native_insight
from kaa._native import walk as _native_walk

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

VERSION = (0, 1)

OK = 0
LIMIT = 8


class Error(Structure):
    """kaa_error"""

    _fields_ = [
        ("status", c_int32),
        ("argument", c_uint32),
        ("line", c_uint32),
        ("column", c_uint32),
        ("message", c_char * 240),
    ]


class Member(Structure):
    """kaa_ctype_member"""

    _fields_ = [
        ("name", c_char_p),
        ("type", c_void_p),
        ("offset", c_uint64),
        ("bit_position", c_uint64),
        ("bit_width", c_uint32),
        ("align", c_uint32),
        ("flags", c_uint32),
        ("scope", c_uint32),
    ]


class Parameter(Structure):
    """kaa_ctype_parameter"""

    _fields_ = [("name", c_char_p), ("type", c_void_p)]


class Enumerator(Structure):
    """kaa_ctype_enumerator"""

    _fields_ = [
        ("name", c_char_p),
        ("value", c_int64),
        ("is_unsigned", c_int32),
        ("reserved", c_int32),
    ]


class RecordOptions(Structure):
    """kaa_ctype_record_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("align", c_uint32),
        ("pack", c_uint32),
    ]


class EnumOptions(Structure):
    """kaa_ctype_enum_options"""

    _fields_ = [("size", c_uint32), ("flags", c_uint32), ("underlying", c_void_p)]


class PreprocessOptions(Structure):
    """kaa_preprocess_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("name", c_char_p),
        ("include_dirs", POINTER(c_char_p)),
        ("system_dirs", POINTER(c_char_p)),
        ("defines", POINTER(c_char_p)),
        ("undefines", POINTER(c_char_p)),
        ("include_dir_count", c_uint32),
        ("system_dir_count", c_uint32),
        ("define_count", c_uint32),
        ("undefine_count", c_uint32),
        ("predefined", c_char_p),
    ]


class DeclOptions(Structure):
    """kaa_decl_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("preprocess", POINTER(PreprocessOptions)),
        ("only", POINTER(c_char_p)),
        ("only_count", c_uint32),
        ("reserved", c_uint32),
    ]


class DeclParameter(Structure):
    """kaa_decl_parameter"""

    _fields_ = [
        ("flags", c_uint32),
        ("scope", c_uint32),
        ("length_of", c_uint32),
        ("length_times", c_uint32),
        ("length_factor", c_uint64),
        ("length_plus", c_uint64),
        ("least", c_uint64),
        ("free_function", c_char_p),
        ("borrow_from", c_uint32),
        ("reserved", c_uint32),
    ]


class DeclItem(Structure):
    """kaa_decl_item"""

    _fields_ = [
        ("size", c_uint32),
        ("kind", c_uint32),
        ("flags", c_uint32),
        ("line", c_uint32),
        ("column", c_uint32),
        ("source_line", c_uint32),
        ("source_file", c_char_p),
        ("name", c_char_p),
        ("symbol", c_char_p),
        ("type", c_void_p),
        ("parameters", POINTER(DeclParameter)),
        ("free_function", c_char_p),
        ("integer", c_int64),
        ("floating", c_double),
        ("string", c_void_p),
        ("string_length", c_size_t),
        ("reason", c_char_p),
        ("borrow_from", c_uint32),
        ("format", c_uint16),
        ("format_of", c_uint16),
    ]


class Wanted(Structure):
    """kaa_decl_wanted"""

    _fields_ = [
        ("type", c_void_p),
        ("least", c_uint64),
        ("directive", c_char * 24),
    ]


class Fault(Structure):
    """kaa_convert_fault"""

    _fields_ = [
        ("size", c_uint32),
        ("code", c_uint32),
        ("type", c_void_p),
        ("given", c_char_p),
        ("value", c_char_p),
        ("number", c_uint64),
    ]


class Int128(Structure):
    """kaa_convert_int128"""

    _fields_ = [("low", c_uint64), ("high", c_uint64)]


class LibraryOptions(Structure):
    """kaa_library_options"""

    _fields_ = [("size", c_uint32), ("flags", c_uint32)]


class CallOptions(Structure):
    """kaa_call_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("fixed_count", c_uint32),
        ("reserved", c_uint32),
    ]


class Operand(Structure):
    """kaa_call_operand"""

    _fields_ = [("data", c_void_p), ("stride", c_int64)]


ClosureCallback = CFUNCTYPE(None, c_void_p, POINTER(c_void_p), c_void_p)
ClosureRetired = CFUNCTYPE(None, c_void_p)


class ClosureOptions(Structure):
    """kaa_closure_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("error_value", c_void_p),
        ("retired", ClosureRetired),
    ]


class CpythonOptions(Structure):
    """kaa_cpython_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("handle", c_void_p),
        ("header_size", c_uint64),
        ("version", c_uint32),
        ("free_threaded", c_uint32),
        ("function_base", py_object),
        ("cdata", py_object),
        ("byref_type", py_object),
        ("pointer_base", py_object),
        ("function_pointer_base", py_object),
        ("hooks", py_object),
        ("sample", py_object),
        ("sample_byref", py_object),
        ("sample_address", c_uint64),
        ("sample_size", c_uint64),
    ]


class Cpython(Structure):
    """kaa_cpython: opaque"""


class Table(Structure):
    """kaa_ctype_table: opaque"""


class Preprocessed(Structure):
    """kaa_preprocess_result: opaque"""


class Decl(Structure):
    """kaa_decl: opaque"""


class Library(Structure):
    """kaa_library: opaque"""


class Plan(Structure):
    """kaa_call_plan: opaque"""


class Map(Structure):
    """kaa_call_map: opaque"""


class Closure(Structure):
    """kaa_closure: opaque"""


TableP = POINTER(Table)
DeclP = POINTER(Decl)
PreprocessedP = POINTER(Preprocessed)
LibraryP = POINTER(Library)
PlanP = POINTER(Plan)
MapP = POINTER(Map)
ClosureP = POINTER(Closure)
CpythonP = POINTER(Cpython)
ErrorP = POINTER(Error)

# kaa_ctype_kind
VOID, BOOL, CHAR, SCHAR, UCHAR, SHORT, USHORT, INT, UINT = range(9)
LONG, ULONG, LLONG, ULLONG, INT128, UINT128 = range(9, 15)
WCHAR, CHAR16, CHAR32 = range(15, 18)
FLOAT16, FLOAT, DOUBLE, LDOUBLE, FLOAT128 = range(18, 23)
CFLOAT, CDOUBLE, CLDOUBLE, VALIST = range(23, 27)
POINTER_, ARRAY, STRUCT, UNION, ENUM, FUNCTION, TYPEDEF, QUALIFIED = range(32, 40)
KIND_NAMES: Dict[int, str] = {
    VOID: "void",
    BOOL: "bool",
    CHAR: "char",
    SCHAR: "schar",
    UCHAR: "uchar",
    SHORT: "short",
    USHORT: "ushort",
    INT: "int",
    UINT: "uint",
    LONG: "long",
    ULONG: "ulong",
    LLONG: "llong",
    ULLONG: "ullong",
    INT128: "int128",
    UINT128: "uint128",
    WCHAR: "wchar",
    CHAR16: "char16",
    CHAR32: "char32",
    FLOAT16: "float16",
    FLOAT: "float",
    DOUBLE: "double",
    LDOUBLE: "ldouble",
    FLOAT128: "float128",
    CFLOAT: "cfloat",
    CDOUBLE: "cdouble",
    CLDOUBLE: "cldouble",
    VALIST: "valist",
    POINTER_: "pointer",
    ARRAY: "array",
    STRUCT: "struct",
    UNION: "union",
    ENUM: "enum",
    FUNCTION: "function",
    TYPEDEF: "typedef",
    QUALIFIED: "qualified",
}

# Bits of kaa_ctype_qualifiers() and of a type's flags.
CONST, VOLATILE, RESTRICT, ATOMIC = 1, 2, 4, 8
VARIADIC, UNPROTOTYPED = 1, 2
PACKED, FLEXIBLE = 1, 2
UNKNOWN_COUNT = 2**64 - 1
NOT_A_BIT_FIELD = 2**32 - 1

# kaa_decl_options::flags, kaa_decl_kind, kaa_decl_item::flags.
PREPROCESS_DEFINITIONS = 8
DECL_TOLERANT = 1
DECL_FUNCTION, DECL_VARIABLE, DECL_TYPEDEF, DECL_RECORD, DECL_ENUM = range(5)
DECL_INTEGER, DECL_FLOATING, DECL_STRING, DECL_SKIPPED = range(5, 9)
DECL_MACRO_FUNCTION = 9
DECL_HOLD_GIL = 1 << 0
DECL_ERRNO = 1 << 1
DECL_NULLABLE = 1 << 2
DECL_CONST = 1 << 3
DECL_PURE = 1 << 4
DECL_NORETURN = 1 << 5
DECL_DEPRECATED = 1 << 6
DECL_STATIC = 1 << 7
DECL_RETURNS_NONNULL = 1 << 8
DECL_UNSIGNED = 1 << 9
DECL_MACRO = 1 << 10
DECL_ENUMERATOR = 1 << 11
DECL_WEAK = 1 << 12
DECL_HIDDEN = 1 << 13

# kaa_decl_parameter::flags, kaa_decl_format_kind and kaa_decl_scope.
DECL_BORROW, DECL_SENTINEL = 1 << 14, 1 << 15
PARAMETER_OUT, PARAMETER_NULLABLE, PARAMETER_NONNULL, PARAMETER_LENGTH = 1, 2, 4, 8
PARAMETER_TIMES, PARAMETER_BORROW = 16, 32
FORMAT_NONE = 0
SCOPE_LIBRARY, SCOPE_CALL, SCOPE_ASYNC, SCOPE_FOREVER = range(4)
#: As long as what has the pointer: a record, an array. Not one of libkaa's.
SCOPE_RECORD = 255

LIBRARY_GLOBAL, LIBRARY_NOW, LIBRARY_LAZY = 1, 2, 4
CALL_LIBFFI, CALL_ERRNO = 1, 2
CPYTHON_NO_LAYOUT = 1

# The interpreter's lock during the call: kept, or dropped.
HELD, FREE = True, False

# Addresses: kaa_ctype *, kaa_decl_item *, kaa_function, buffers.
_A = c_void_p
_AP = POINTER(c_void_p)

# In the order of the headers. name: (result, parameters, lock)
PROTOTYPES: Dict[str, Tuple[Any, Tuple[Any, ...], bool]] = {
    # base.h
    "kaa_status_name": (c_char_p, (c_int32,), HELD),
    "kaa_status_text": (c_char_p, (c_int32,), HELD),
    "kaa_status_python": (c_char_p, (c_int32,), HELD),
    "kaa_version_number": (c_uint32, (), HELD),
    # checked.h
    "kaa_checked_calls": (c_size_t, (_A, c_size_t), HELD),
    "kaa_checked_count": (c_size_t, (), HELD),
    "kaa_checked_failures": (c_size_t, (_A, c_size_t), HELD),
    "kaa_checked_fault_count": (c_size_t, (), HELD),
    "kaa_checked_get": (c_int, (c_size_t, _A, ErrorP), HELD),
    "kaa_checked_holdings": (c_int, (_A, c_size_t, _A, ErrorP), HELD),
    "kaa_checked_place": (None, (_A, c_char_p, c_size_t), HELD),
    "kaa_checked_select": (c_int, (c_char_p, ErrorP), HELD),
    "kaa_checked_uses": (c_size_t, (_A, c_size_t), HELD),
    # ctype.h
    "kaa_ctype_table_create": (c_int, (POINTER(TableP), ErrorP), HELD),
    "kaa_ctype_table_destroy": (None, (TableP,), HELD),
    "kaa_ctype_basic": (_A, (c_int,), HELD),
    "kaa_ctype_basic_pointer": (_A, (c_int, c_int), HELD),
    "kaa_ctype_well_known": (_A, (c_char_p, c_size_t), HELD),
    "kaa_ctype_pointer": (c_int, (TableP, _A, _AP, ErrorP), HELD),
    "kaa_ctype_array": (c_int, (TableP, _A, c_uint64, _AP, ErrorP), HELD),
    "kaa_ctype_qualified": (
        c_int,
        (TableP, _A, c_uint32, c_uint32, _AP, ErrorP),
        HELD,
    ),
    "kaa_ctype_typedef": (c_int, (TableP, c_char_p, c_size_t, _A, _AP, ErrorP), HELD),
    "kaa_ctype_function": (
        c_int,
        (TableP, _A, POINTER(Parameter), c_uint32, c_uint32, _AP, ErrorP),
        HELD,
    ),
    "kaa_ctype_record": (
        c_int,
        (TableP, c_int, c_char_p, c_size_t, _AP, ErrorP),
        HELD,
    ),
    "kaa_ctype_record_define": (
        c_int,
        (TableP, _A, POINTER(Member), c_uint32, POINTER(RecordOptions), ErrorP),
        HELD,
    ),
    "kaa_ctype_enum": (c_int, (TableP, c_char_p, c_size_t, _AP, ErrorP), HELD),
    "kaa_ctype_enum_define": (
        c_int,
        (TableP, _A, POINTER(Enumerator), c_uint32, POINTER(EnumOptions), ErrorP),
        HELD,
    ),
    "kaa_ctype_kind_of": (c_int, (_A,), HELD),
    "kaa_ctype_strip": (_A, (_A,), HELD),
    "kaa_ctype_qualifiers": (c_uint32, (_A,), HELD),
    "kaa_ctype_is_complete": (c_int, (_A,), HELD),
    "kaa_ctype_is_signed": (c_int, (_A,), HELD),
    "kaa_ctype_has_pointers": (c_int, (_A,), HELD),
    "kaa_ctype_size": (c_uint64, (_A,), HELD),
    "kaa_ctype_align": (c_uint32, (_A,), HELD),
    "kaa_ctype_name": (c_char_p, (_A,), HELD),
    "kaa_ctype_target": (_A, (_A,), HELD),
    "kaa_ctype_count": (c_uint64, (_A,), HELD),
    "kaa_ctype_flags": (c_uint32, (_A,), HELD),
    "kaa_ctype_members": (POINTER(Member), (_A,), HELD),
    "kaa_ctype_parameters": (POINTER(Parameter), (_A,), HELD),
    "kaa_ctype_enumerators": (POINTER(Enumerator), (_A,), HELD),
    "kaa_ctype_same": (c_int, (_A, _A), HELD),
    "kaa_ctype_print": (c_size_t, (_A, c_char_p, _A, c_size_t), HELD),
    "kaa_ctype_print_definition": (c_size_t, (_A, _A, c_size_t), HELD),
    # preprocess.h
    "kaa_preprocess_run": (
        c_int,
        (
            c_char_p,
            c_size_t,
            POINTER(PreprocessOptions),
            POINTER(PreprocessedP),
            ErrorP,
        ),
        FREE,
    ),
    "kaa_preprocess_text": (c_char_p, (PreprocessedP, POINTER(c_size_t)), HELD),
    "kaa_preprocess_file": (c_char_p, (PreprocessedP, c_size_t), HELD),
    "kaa_preprocess_destroy": (None, (PreprocessedP,), HELD),
    "kaa_preprocess_predefined": (c_char_p, (), HELD),
    "kaa_preprocess_system_dir": (c_char_p, (c_size_t,), HELD),
    # decl.h
    "kaa_decl_parse": (
        c_int,
        (
            TableP,
            c_char_p,
            c_size_t,
            POINTER(DeclOptions),
            POINTER(DeclP),
            ErrorP,
        ),
        FREE,
    ),
    "kaa_decl_parse_type": (
        c_int,
        (TableP, DeclP, c_char_p, c_size_t, _AP, ErrorP),
        FREE,
    ),
    "kaa_decl_destroy": (None, (DeclP,), HELD),
    "kaa_decl_count": (c_size_t, (DeclP,), HELD),
    "kaa_decl_at": (_A, (DeclP, c_size_t), HELD),
    "kaa_decl_format": (
        c_size_t,
        (c_void_p, c_char_p, c_size_t, POINTER(Wanted), c_size_t, POINTER(c_int)),
        HELD,
    ),
    "kaa_decl_find": (_A, (DeclP, c_char_p), HELD),
    "kaa_decl_source": (PreprocessedP, (DeclP,), HELD),
    "kaa_decl_print": (c_size_t, (_A, _A, c_size_t), HELD),
    # convert.h
    "kaa_convert_print_fault": (c_size_t, (POINTER(Fault), _A, c_size_t), HELD),
    "kaa_convert_fault_exception": (c_char_p, (c_uint32,), HELD),
    "kaa_convert_format_fits": (c_int, (_A, c_char_p, c_int64), HELD),
    "kaa_convert_format": (c_char_p, (_A,), HELD),
    "kaa_convert_says_failure": (c_int, (_A, _A), HELD),
    "kaa_convert_bind": (
        c_int,
        (
            _A,
            c_size_t,
            POINTER(c_char_p),
            c_size_t,
            POINTER(c_int32),
            c_char_p,
            c_size_t,
        ),
        HELD,
    ),
    "kaa_convert_fill_length": (
        c_int,
        (_A, c_uint32, POINTER(c_int64), POINTER(c_int64), c_char_p, c_size_t),
        HELD,
    ),
    "kaa_convert_check_lengths": (
        c_int,
        (_A, POINTER(c_int64), POINTER(Int128), c_char_p, c_size_t),
        HELD,
    ),
    "kaa_convert_nearest": (c_size_t, (c_char_p, POINTER(c_char_p), c_size_t), HELD),
    "kaa_convert_check": (c_int, (_A, c_char_p, c_size_t), HELD),
    "kaa_convert_print_count": (c_size_t, (_A, c_size_t, _A, c_size_t), HELD),
    # library.h
    "kaa_library_open": (
        c_int,
        (c_char_p, POINTER(LibraryOptions), POINTER(LibraryP), ErrorP),
        FREE,
    ),
    "kaa_library_close": (None, (LibraryP,), HELD),
    "kaa_library_path": (c_char_p, (LibraryP,), HELD),
    "kaa_library_symbol": (c_int, (LibraryP, c_char_p, _AP, ErrorP), FREE),
    "kaa_library_bind": (
        c_int,
        (LibraryP, DeclP, _AP, POINTER(c_size_t), ErrorP),
        FREE,
    ),
    "kaa_library_explain": (c_size_t, (c_char_p, _A, c_size_t), FREE),
    # call.h
    "kaa_call_plan_create": (
        c_int,
        (_A, POINTER(CallOptions), POINTER(PlanP), ErrorP),
        HELD,
    ),
    "kaa_call_plan_destroy": (None, (PlanP,), HELD),
    "kaa_call_plan_is_direct": (c_int, (PlanP,), HELD),
    "kaa_call_invoke": (c_int, (PlanP, _A, _A, _AP, ErrorP), FREE),
    "kaa_call_errno": (c_int, (), HELD),
    "kaa_call_map_start": (
        c_int,
        (
            PlanP,
            _A,
            POINTER(Operand),
            POINTER(Operand),
            c_uint64,
            c_uint32,
            POINTER(MapP),
            ErrorP,
        ),
        FREE,
    ),
    "kaa_call_map_wait": (c_int, (MapP, c_uint64, POINTER(c_uint64)), FREE),
    "kaa_call_map_cancel": (None, (MapP,), HELD),
    "kaa_call_map_finish": (c_uint64, (MapP,), FREE),
    "kaa_call_map_run": (
        c_int,
        (PlanP, _A, POINTER(Operand), POINTER(Operand), c_uint64, ErrorP),
        FREE,
    ),
    # closure.h
    "kaa_closure_create": (
        c_int,
        (
            _A,
            ClosureCallback,
            c_void_p,
            POINTER(ClosureOptions),
            POINTER(ClosureP),
            ErrorP,
        ),
        HELD,
    ),
    "kaa_closure_pointer": (_A, (ClosureP,), HELD),
    "kaa_closure_retire": (None, (ClosureP,), HELD),
    "kaa_closure_destroy": (None, (ClosureP,), HELD),
    # cpython.h
    "kaa_cpython_attach": (
        c_int,
        (POINTER(CpythonOptions), POINTER(CpythonP), ErrorP),
        HELD,
    ),
    "kaa_cpython_function": (
        py_object,
        (CpythonP, py_object, _A, _A, c_uint32, _A),
        HELD,
    ),
    "kaa_cpython_bind": (
        c_int,
        (CpythonP, py_object, py_object, DeclP, _AP, c_size_t, c_size_t),
        HELD,
    ),
    "kaa_cpython_builtin": (py_object, (CpythonP, py_object, c_char_p), HELD),
    "kaa_cpython_callback": (
        py_object,
        (CpythonP, py_object, _A, py_object, c_uint32),
        HELD,
    ),
    "kaa_cpython_context": (_A, (CpythonP,), HELD),
    "kaa_cpython_module_create": (py_object, (CpythonP, c_char_p, py_object), HELD),
    "kaa_cpython_module_exec": (c_int, (CpythonP, py_object), HELD),
    "kaa_cpython_data_class": (py_object, (CpythonP, _A), HELD),
    "kaa_cpython_data_copy": (
        c_int,
        (CpythonP, py_object, c_uint64, py_object, c_uint64, c_uint64),
        HELD,
    ),
    "kaa_cpython_data_get": (py_object, (CpythonP, py_object, c_uint32), HELD),
    "kaa_cpython_data_get_pointer": (py_object, (CpythonP, py_object, c_uint64), HELD),
    "kaa_cpython_data_layout": (py_object, (CpythonP, py_object), HELD),
    "kaa_cpython_data_new": (py_object, (CpythonP, py_object), HELD),
    "kaa_cpython_data_release": (c_int, (CpythonP, py_object), HELD),
    "kaa_cpython_data_set_pointer": (
        c_int,
        (CpythonP, py_object, c_uint64, c_uint64, py_object),
        HELD,
    ),
    "kaa_cpython_data_track": (c_int, (CpythonP, py_object), HELD),
    "kaa_cpython_data_view": (
        py_object,
        (CpythonP, py_object, c_uint64, py_object, c_int64),
        HELD,
    ),
    "kaa_cpython_layouts": (c_uint32, (CpythonP,), HELD),
    "kaa_cpython_after_fork": (None, (CpythonP,), HELD),
    "kaa_cpython_close": (None, (CpythonP,), FREE),
    # insight.h
    **_native_insight.prototypes(ErrorP),
    # walk.h
    **_native_walk.prototypes(ErrorP),
}


def _candidates() -> List[str]:
    """Where libkaa may be, best first."""
    chosen = os.environ.get("KAA_LIBRARY")
    if chosen:
        return [chosen]
    beside: List[str] = []
    # More than one folder where the package is installed editable.
    for here in sys.modules["kaa"].__path__:
        try:
            # Not with glob, which takes longer to import than this module.
            names = sorted(os.listdir(here))
        except OSError:
            beside += _from_archive(here)
            continue
        beside += [os.path.join(here, one) for one in names if one[:9] == "libkaa.so"]
    return beside + ["libkaa.so.%d.%d" % VERSION]


def _from_archive(here: str) -> List[str]:
    """A copy of the libkaa in a zip file, which no loader opens there. It is this
    user's alone, and goes when the process ends."""
    name = "libkaa.so.%d.%d" % VERSION
    loader = getattr(sys.modules["kaa"], "__loader__", None)
    try:
        data = loader.get_data(os.path.join(here, name))  # type: ignore[union-attr]
    except (AttributeError, OSError):
        return []
    import atexit
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="kaa-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return [path]


def _holding(path: str, free: ctypes.CDLL) -> ctypes.CDLL:
    """The same library, for calls that keep the interpreter's lock."""
    if hasattr(ctypes, "PyDLL"):
        return ctypes.PyDLL(path, handle=free._handle)
    return free  # PyPy: a call drops no lock that could be kept


def _open() -> Tuple[str, ctypes.CDLL, ctypes.CDLL]:
    reasons = []
    for path in _candidates():
        try:
            free = ctypes.CDLL(path)
        except OSError as error:
            reasons.append(f"{path}: {error}")
            continue
        try:
            number = int(free.kaa_version_number())
        except AttributeError:
            raise ImportError(f"{path} is not libkaa", name="kaa", path=path) from None
        if (number // 1000000, number // 1000 % 1000) != VERSION:
            raise ImportError(
                f"{path} is libkaa {format_version(number)}, but this package needs"
                " %d.%d" % VERSION,
                name="kaa",
                path=path,
            )
        return path, free, _holding(path, free)
    raise ImportError(
        "libkaa cannot be loaded; KAA_LIBRARY may give its path\n  "
        + "\n  ".join(reasons),
        name="kaa",
    )


def format_version(number: int) -> str:
    """The version that kaa_version_number() gives, as text."""
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


path, free, held = _open()


def make(name: str) -> Any:
    """A new ctypes function for one of PROTOTYPES."""
    result, parameters, lock = PROTOTYPES[name]
    function = (held if lock else free)[name]
    function.restype = result
    function.argtypes = parameters
    return function


def __getattr__(name: str) -> Any:
    if name not in PROTOTYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function = globals()[name] = make(name)
    return function


def buffer_of(data: bytes) -> Any:
    """A copy with a NUL behind it. As ctypes.create_string_buffer(), which asks
    `sys` for an audit: that is gone when the last finalisers run."""
    return (ctypes.c_char * (len(data) + 1)).from_buffer_copy(data + b"\0")


def printed(function: Any, *arguments: Any) -> str:
    """Calls a function of the kind `size_t print(..., char *buffer, size)`."""
    size = 256
    while True:
        buffer = (ctypes.c_char * size)()
        length = function(*arguments, buffer, size)
        if length < size:
            break
        size = length + 1  # it may have grown by then
    return buffer.value.decode("utf-8", "surrogateescape")


def text_or_none(value: Optional[bytes]) -> Optional[str]:
    """A C name as text."""
    return None if value is None else value.decode("utf-8", "surrogateescape")
