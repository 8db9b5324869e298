"""The options of load(): checked, and in one value."""

from __future__ import annotations


TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Collection, FrozenSet, Optional, Union


class Options(tuple):  # type: ignore[type-arg]
    """The options of load(), in one hashable, picklable value."""

    __slots__ = ()

    hold_gil: FrozenSet[str] = property(lambda self: self[0])  # type: ignore[assignment]
    errno: FrozenSet[str] = property(lambda self: self[1])  # type: ignore[assignment]
    missing: str = property(lambda self: self[2])  # type: ignore[assignment]
    tolerant: bool = property(lambda self: self[3])  # type: ignore[assignment]
    flags: int = property(lambda self: self[4])  # type: ignore[assignment]
    header: Any = property(lambda self: self[5])
    #: Names, or True: all.
    builtins: Any = property(lambda self: self[6])

    @staticmethod
    def make(
        hold_gil: Collection[str],
        errno: Collection[str],
        missing: Optional[str],
        tolerant: bool,
        flags: int,
        header: Any,
        builtins: Union[bool, Collection[str]],
    ) -> Options:
        if missing not in ("error", "ignore", None):
            raise ValueError(f"missing is 'error' or 'ignore', not {missing!r}")
        return Options(
            (
                _names("hold_gil", hold_gil),
                _names("errno", errno),
                missing or ("error" if header is None else "ignore"),
                tolerant,
                flags,
                header,
                _names_or_all("builtins", builtins),
            )
        )

    def is_builtin(self, name: str) -> bool:
        """Whether a function is handed out as a builtin."""
        return self.builtins is True or name in self.builtins


def _names(option: str, given: Collection[str]) -> FrozenSet[str]:
    """What was given as a list of names."""
    if isinstance(given, str):
        raise TypeError(f"{option}: a list of names expected, not one str")
    made = frozenset(given)
    for name in made:
        if not isinstance(name, str):
            raise TypeError(f"{option}: names expected, not {type(name).__name__}")
    return made


def _names_or_all(
    option: str, given: Union[bool, Collection[str]]
) -> Union[bool, FrozenSet[str]]:
    """The same, or True for all."""
    if isinstance(given, bool):
        return given or frozenset()
    return _names(option, given)
