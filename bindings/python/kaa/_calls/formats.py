"""What the format string of a call asks for: printf(), scanf() and their kind."""

from __future__ import annotations

import ctypes

from kaa import _native
from kaa._calls.invoke import Promoted, any_pointer
from kaa._values.convert import is_refusal, prefixed, value_of
from kaa._values.fault import FORMAT, LEAST, SENTINEL, TYPE, refusal
from kaa._values.pointer import Held

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from kaa._library import Library
    from kaa._values.convert import Value


class Format:
    """What a function's variable arguments have to be: the format's parameter,
    from 0, if there is one, and whether None ends them. `label` is what is said
    of the parameter in messages."""

    __slots__ = ("place", "has_sentinel", "_item", "_label", "_library", "_values")

    def __init__(self, library: Library, item: Any, label: str) -> None:
        has_format = item.format != _native.FORMAT_NONE
        self.place: Optional[int] = item.format_of if has_format else None
        self.has_sentinel = bool(item.flags & _native.DECL_SENTINEL)
        self._item = ctypes.addressof(item)
        self._label = label
        self._library = library
        self._values: Dict[Tuple[int, int], Value] = {}

    def wanted(self, format: Any, given: int) -> ctypes.Array[_native.Wanted]:
        """What the first `given` arguments have to be: those of one that is no
        str or bytes are not known."""
        text = b""
        if issubclass(type(format), str):
            text = str.encode(format, "utf-8", "surrogateescape")
        elif issubclass(type(format), bytes):
            text = bytes(format)
        found = (_native.Wanted * given)()
        count: int = _native.kaa_decl_format(
            self._item, text, len(text), found, given, None
        )
        if count > given:
            error = refusal(FORMAT, value=str(given), number=count)
            raise prefixed(f"argument {self._label}: ", error)
        return found

    def take(
        self, wanted: _native.Wanted, given: Any, kept: List[Any], place: int
    ) -> Promoted:
        """An argument, converted as a parameter of that type would be."""
        kind = _native.kaa_ctype_kind_of(wanted.type)
        is_pointer = kind == _native.POINTER_
        needs_one = is_pointer and wanted.type != _any_constant()
        if needs_one and given is None:
            raise refusal(TYPE, wanted.type, given="NoneType")
        key = wanted.type, place
        value = self._values.get(key)
        if value is None:
            value = self._values[key] = value_of(
                self._library._types,
                wanted.type,
                library=self._library,
                nonnull=needs_one,
                place=place,
            )
        taken = value.take(given, kept)
        if wanted.least:
            held = [one for one in kept if type(one) is Held and one.place == place]
            count = held[0].bytes // held[0].item if held else -1
            if 0 <= count < wanted.least:
                raise refusal(LEAST, value=str(count), number=wanted.least)
        storage = None if value.whole else value.storage
        return Promoted(any_pointer() if is_pointer else wanted.type, storage, taken)


_constant: Optional[int] = None


def _any_constant() -> int:
    """The type const void *."""
    global _constant
    if _constant is None:
        _constant = int(_native.kaa_ctype_basic_pointer(_native.VOID, 1))
    return _constant


def check_sentinel(extra: Tuple[Any, ...], made: List[Promoted]) -> None:
    """The last argument has to be a null pointer."""
    if not made or made[-1].ctype != any_pointer() or made[-1].value:
        given = type(extra[-1]).__name__ if extra else "nothing"
        raise refusal(SENTINEL, given=given)


def promoted(
    name: str,
    format: Optional[Format],
    values: List[Any],
    extra: Tuple[Any, ...],
    first: int,
    text: Any,
    kept: List[Any],
) -> List[Promoted]:
    """The variable arguments of a call of `name`, put behind its `values`; the
    first is argument `first`. `text` is the format."""
    wanted: Optional[ctypes.Array[_native.Wanted]] = None
    made: List[Promoted] = []
    label = ""
    try:
        if format is not None and format.place is not None:
            wanted = format.wanted(text, len(extra))
        for i, given in enumerate(extra):
            asked = wanted[i] if wanted is not None else None
            label = f"argument {first + i}: "
            if format is None or asked is None or not asked.type:
                one = Promoted.of(given, kept)
                if one.found is not None and one.storage is not None:
                    kept.append(Held(len(values), one.found, 0, one.ctype))
            else:
                directive = asked.directive.decode("utf-8", "replace")
                label = f"argument {first + i} ({directive}): "
                one = format.take(asked, given, kept, len(values))
            made.append(one)
            values.append(one.value)
        if format is not None and format.has_sentinel:
            label = f"argument {first + max(len(extra) - 1, 0)}: "
            check_sentinel(extra, made)
    except Exception as error:
        if not is_refusal(error):
            raise
        raise prefixed(f"{name}() {label}", error) from None
    return made
