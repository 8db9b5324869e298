"""C types as Python sees them: a view of each, and its ctypes class.

`CType` reads a kaa_ctype; `TypeMap` makes, once each, the ctypes class whose
instances have that type's size and layout, and the IntEnum of an enum. Records
are made in `_records`.
"""

from __future__ import annotations

import ctypes
import enum
import weakref

from kaa import _last, _late, _native
from kaa._values.basic import BASIC
from kaa._values.enums import int_enum
from kaa._values.locks import make_lock
from kaa._values.origins import forget, remember

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple, Type
else:
    from kaa._tuple import NamedTuple


class Member(NamedTuple):
    """A member of a record; offsets in bytes, bit positions in bits."""

    name: Optional[str]
    type: "CType"
    offset: int
    bit_position: int
    bit_width: Optional[int]


class Parameter(NamedTuple):
    """A parameter of a function type."""

    name: Optional[str]
    type: "CType"


class CType:
    """A C type. Immutable; equal if it is the same type of the same text.

    `address` is that of the kaa_ctype, `keep` whatever owns it. Libraries give
    them; nobody else can make one.
    """

    __slots__ = ("address", "keep")

    address: int
    keep: object

    def __new__(cls, *args: object, **keywords: object) -> CType:
        raise TypeError("a CType comes from a library, it cannot be made")

    def __init_subclass__(cls, **keywords: Any) -> None:
        raise TypeError("CType is final")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a CType is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a CType is immutable: {name} cannot be deleted")

    def __copy__(self) -> CType:
        return self

    def __deepcopy__(self, memo: object) -> CType:
        return self

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle a CType: it is an address")

    def _view(self, address: Optional[int]) -> Optional[CType]:
        return view_of(address, self.keep) if address else None

    @property
    def kind(self) -> int:
        """Its KAA_CTYPE_ number: typedefs and qualified types as such."""
        return int(_native.kaa_ctype_kind_of(self.address))

    @property
    def kind_name(self) -> str:
        """Its kind as a word."""
        return _native.KIND_NAMES.get(self.kind, "unknown")

    @property
    def size(self) -> int:
        """sizeof; 0 where it is not known."""
        return int(_native.kaa_ctype_size(self.address))

    @property
    def align(self) -> int:
        """_Alignof"""
        return int(_native.kaa_ctype_align(self.address))

    @property
    def name(self) -> Optional[str]:
        """The tag, the typedef's or the basic type's name."""
        return _native.text_or_none(_native.kaa_ctype_name(self.address))

    @property
    def target(self) -> Optional[CType]:
        """What it points at, holds, returns, names or qualifies."""
        return self._view(_native.kaa_ctype_target(self.address))

    @property
    def count(self) -> int:
        """How many elements, parameters, members, or names it has."""
        return int(_native.kaa_ctype_count(self.address))

    @property
    def flags(self) -> int:
        """A function's or record's KAA_CTYPE_ bits."""
        return int(_native.kaa_ctype_flags(self.address))

    @property
    def qualifiers(self) -> int:
        """KAA_CTYPE_CONST and so on."""
        return int(_native.kaa_ctype_qualifiers(self.address))

    @property
    def is_const(self) -> bool:
        """Whether C may not write to it."""
        return bool(self.qualifiers & _native.CONST)

    @property
    def is_complete(self) -> bool:
        """Whether its size is known."""
        return bool(_native.kaa_ctype_is_complete(self.address))

    @property
    def is_signed(self) -> bool:
        """Whether an integer type has negative values."""
        return bool(_native.kaa_ctype_is_signed(self.address))

    @property
    def is_variadic(self) -> bool:
        """Whether a function type ends in `...`."""
        return self.kind == _native.FUNCTION and bool(self.flags & _native.VARIADIC)

    @property
    def members(self) -> Tuple[Member, ...]:
        """The members of a record, laid out."""
        native = _native.kaa_ctype_members(self.address)
        if not native:
            return ()
        return tuple(
            Member(
                _native.text_or_none(one.name),
                view_of(one.type, self.keep),
                one.offset,
                one.bit_position,
                None if one.bit_width == _native.NOT_A_BIT_FIELD else one.bit_width,
            )
            for one in native[: self.count]
        )

    @property
    def parameters(self) -> Tuple[Parameter, ...]:
        """The parameters of a function type."""
        native = _native.kaa_ctype_parameters(self.address)
        if not native:
            return ()
        return tuple(
            Parameter(_native.text_or_none(one.name), view_of(one.type, self.keep))
            for one in native[: self.count]
        )

    @property
    def enumerators(self) -> Tuple[Tuple[str, int], ...]:
        """The names of an enum and their values."""
        native = _native.kaa_ctype_enumerators(self.address)
        if not native:
            return ()
        return tuple(
            (
                one.name.decode("utf-8", "surrogateescape"),
                one.value + 2**64 if one.is_unsigned else one.value,
            )
            for one in native[: self.count]
        )

    @property
    def definition(self) -> str:
        """A record or an enum written out as C."""
        return _native.printed(_native.kaa_ctype_print_definition, self.address)

    def strip(self) -> CType:
        """The type behind typedefs and qualifiers."""
        return view_of(_native.kaa_ctype_strip(self.address), self.keep)

    def declare(self, name: str) -> str:
        """The C declaration of `name` with this type."""
        return _native.printed(_native.kaa_ctype_print, self.address, name.encode())

    def is_same(self, other: CType) -> bool:
        """Whether C takes both for the same type, perhaps of another text."""
        return bool(_native.kaa_ctype_same(self.address, other.address))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CType):
            return self.address == other.address
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.address)

    def __str__(self) -> str:
        return _native.printed(_native.kaa_ctype_print, self.address, None)

    def __repr__(self) -> str:
        return f"<CType {self}>"


def view_of(address: int, keep: object = None) -> CType:
    """The view of the kaa_ctype at an address, which `keep` owns."""
    made = object.__new__(CType)
    object.__setattr__(made, "address", address)
    object.__setattr__(made, "keep", keep)
    return made


def named(address: int) -> Tuple[int, Optional[str]]:
    """The type behind typedefs and qualifiers, and the outermost typedef's name."""
    name = None
    kind = _native.kaa_ctype_kind_of(address)
    while kind in (_native.TYPEDEF, _native.QUALIFIED):
        if kind == _native.TYPEDEF and name is None:
            name = _native.text_or_none(_native.kaa_ctype_name(address))
        address = _native.kaa_ctype_target(address)
        kind = _native.kaa_ctype_kind_of(address)
    return address, name


def type_text(address: int) -> str:
    """A C type as C writes it."""
    return _native.printed(_native.kaa_ctype_print, address, None)


def _opaque_number(name: str, kind: int) -> Any:
    size = _native.kaa_ctype_size(_native.kaa_ctype_basic(kind))
    fields = [("bytes", ctypes.c_ubyte * size)]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


# Kinds with a layout and no value.
_RAW = {
    _native.FLOAT16: "Float16",
    _native.FLOAT128: "Float128",
    _native.VALIST: "VaList",
}


class Data:
    """The classes of C data that a library has. They keep the library as it does
    them."""

    __slots__ = ("classes", "derived", "functions")

    def __init__(self) -> None:
        #: By the address of their stripped types.
        self.classes: Dict[int, Any] = {}
        #: The same for pointers and arrays, by what they are made of.
        self.derived: Dict[Tuple[int, ...], Any] = {}
        #: What stands for declarations of functions found as pointers, by type.
        self.functions: Dict[int, Any] = {}


class TypeMap:
    """The ctypes classes and IntEnums of one library's types.

    Every method takes the address of a kaa_ctype. A class, once made, stays; a
    type has one class. Threads may share a map.
    """

    __slots__ = (
        "module",
        "keep",
        "library",
        "records",
        "_derived",
        "_typedefs",
        "_ready",
        "_classes",
        "_enums",
        "_origins",
        "_cached",
        "_finder",
        "_own",
        "_lock",
        "__weakref__",
    )

    def __init__(
        self, module: str, keep: object = None, library: object = None
    ) -> None:
        self.module = module
        self.keep = keep
        #: Gives the library that has the Data of the types; None where there is
        #: none.
        self.library = None if library is None else weakref.ref(library)
        # What other threads may see; _classes may hold unfinished ones.
        self._ready: Dict[int, Any] = {}
        self._classes: Dict[int, Any] = {}
        self._enums: Dict[int, Optional[Type[enum.IntEnum]]] = {}
        # Record class -> the address of its type.
        self._origins: Dict[Any, int] = {}
        # Keys of ctypes' own caches, and which classes of this map are in them.
        self._cached: List[Tuple[str, Any]] = []
        self._own: Set[Any] = set()
        self._lock = make_lock()
        self.records = _late.records.RecordMaker(self)
        # Gives the library that pickles name, or one like it.
        self._finder: Any = None
        if library is not None:
            # An extension module's functions are pickled by its name alone.
            finder = getattr(library, "_finder", None)
            self._finder = None if finder is None else finder()
            # ctypes keeps each pointer class for ever, and all behind it.
            weakref.finalize(library, forget, self._cached).atexit = False
            _last.maps.add(self)
        self._derived: Any = None
        self._typedefs: Optional[Dict[int, str]] = None

    def ctypes_class(self, address: int) -> Any:
        """The ctypes class of a type; None for void."""
        try:
            return self._ready[address]
        except KeyError:
            with self._lock:
                made = self.make(address)
                self.records.finish()
                # A finaliser that ran meanwhile may have made it too.
                made = self._ready.setdefault(address, made)
            return made

    def home(self) -> Any:
        """The library, or what stands for one."""
        library = self.library() if self.library is not None else None
        if library is None:
            raise RuntimeError(f"the library of the types of {self.module} is gone")
        return library

    @property
    def data(self) -> Data:
        """The classes of C data."""
        data: Data = self.home()._data
        return data

    def data_class(self, address: int) -> Any:
        """The class of a record, array or pointer type."""
        try:
            return self.data.classes[address]
        except KeyError:
            with self._lock:
                return _late.instance.make_class(self, address)

    def derived(self) -> Any:
        """The table of the types that are made while the program runs. Its
        callers hold the lock."""
        if self._derived is None:
            self._derived = _late.derive.Derived(self.keep)
        return self._derived

    def array_class(self, element: int, count: Optional[int] = None) -> Any:
        """The class of arrays of an element; without a count each instance has
        its own."""
        with self._lock:
            return self.data_class(self.derived().array(element, count))

    def pointer_class(self, target: int) -> Any:
        """The class of pointers to a type."""
        with self._lock:
            return self.data_class(self.derived().pointer(target))

    def typedef_of(self, core: int) -> Optional[str]:
        """The first typedef that names a record without a tag."""
        if self._typedefs is None:
            found: Dict[int, str] = {}
            for address in getattr(self.keep, "items", list)():
                item = _native.DeclItem.from_address(address)
                if item.kind == _native.DECL_TYPEDEF and item.type:
                    behind = _native.kaa_ctype_strip(item.type)
                    found.setdefault(behind, item.name.decode("utf-8", "replace"))
            self._typedefs = found
        return self._typedefs.get(core)

    def enum_class(self, address: int) -> Optional[Type[enum.IntEnum]]:
        """The IntEnum of an enum (or of a typedef of one); None for others."""
        try:
            return self._enums[address]
        except KeyError:
            with self._lock:
                return self._make_enum(address)

    def ctype(self, address: int) -> CType:
        """The view of a type that keeps it alive."""
        return view_of(address, self.keep)

    def origin(self, record: Any) -> Optional[int]:
        """The address of the type that a record class of this map stands for."""
        return self._origins.get(record)

    def is_native(self, address: int) -> bool:
        """Whether ctypes itself knows the true layout of a record and of all in
        it, so that it can be trusted to pass one by value."""
        stripped = _native.kaa_ctype_strip(address)
        self.ctypes_class(stripped)
        return self.records.is_native(stripped)

    def add(self, address: int, made: Any) -> None:
        """Takes in a record class, perhaps without its fields yet."""
        self._own.add(made)
        remember(made, self.keep, address)
        self._classes[address] = made
        self._origins[made] = address

    # Under the lock; record classes may come back without their fields.

    def make(self, address: int, hint: Optional[str] = None) -> Any:
        """The class of a type; a record's may lack its fields until finish()."""
        if address in self._classes:
            return self._classes[address]
        kind = _native.kaa_ctype_kind_of(address)
        if kind in (_native.TYPEDEF, _native.QUALIFIED):
            behind, name = named(address)
            made = self.make(behind, name)
            if name and behind in self.records.unnamed:
                self.records.name(behind, made, name)
        elif kind in (_native.STRUCT, _native.UNION):
            return self.records.shell(address, kind, hint)
        elif kind == _native.POINTER_:
            made = self._pointer(_native.kaa_ctype_target(address))
        elif kind == _native.ARRAY:
            made = self._array(address)
        elif kind == _native.ENUM:
            target = _native.kaa_ctype_target(address)
            made = self.make(target) if target else ctypes.c_int
        elif kind == _native.FUNCTION:
            made = self._function(address)
        elif kind in _RAW:
            made = _opaque_number(_RAW[kind], kind)
        else:
            made = BASIC[kind]
        self._classes[address] = made
        return made

    def _pointer(self, target: int) -> Any:
        stripped = _native.kaa_ctype_strip(target)
        kind = _native.kaa_ctype_kind_of(stripped)
        if kind == _native.VOID:
            return ctypes.c_void_p
        if kind == _native.FUNCTION:
            return self.make(stripped)
        if _native.kaa_ctype_qualifiers(target) & _native.CONST:
            if kind == _native.CHAR:
                return ctypes.c_char_p
            if kind == _native.WCHAR:
                return ctypes.c_wchar_p
        pointee = self.make(target)
        made = ctypes.POINTER(pointee)
        if pointee in self._own:
            self._own.add(made)
            self._cached.append(("_pointer_type_cache", weakref.ref(pointee)))
        return made

    def _array(self, address: int) -> Any:
        count = _native.kaa_ctype_count(address)
        element = _native.kaa_ctype_target(address)
        made = self.make(element)
        self.records.complete_within(element)
        return self._array_of(made, 0 if count == _native.UNKNOWN_COUNT else count)

    def _array_of(self, element: Any, count: int) -> Any:
        made = element * count
        if element in self._own:
            self._own.add(made)
        return made

    def _function(self, address: int) -> Any:
        result = self.make(_native.kaa_ctype_target(address))
        count = _native.kaa_ctype_count(address)
        native = _native.kaa_ctype_parameters(address)
        parameters = tuple(self.make(native[i].type) for i in range(count))
        made = ctypes.CFUNCTYPE(result, *parameters)
        if not self._own.isdisjoint((result, *parameters)):
            self._own.add(made)
            self._cached.append(("_c_functype_cache", weakref.ref(made)))
        return made

    def _make_enum(self, address: int) -> Optional[Type[enum.IntEnum]]:
        behind, hint = named(address)
        if behind not in self._enums:
            made: Optional[Type[enum.IntEnum]] = None
            if _native.kaa_ctype_kind_of(behind) == _native.ENUM:
                view = view_of(behind)
                name = view.name or hint
                if not name:
                    # A typedef that comes later may still give it a name.
                    return None
                if view.enumerators:
                    made = int_enum(name, view.enumerators, self.module)
                    made.__doc__ = view.definition
                    if self._finder is not None:
                        attribute = f"enum {view.name}" if view.name else name
                        made._origin_ = self._finder, attribute  # type: ignore
            self._enums[behind] = made
        self._enums[address] = self._enums[behind]
        return self._enums[address]
