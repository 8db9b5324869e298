"""Exceptions: one a status of libkaa, each also a built-in it resembles."""

from __future__ import annotations


from kaa import _native

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Type


class Error(Exception):
    """What kaa raises when libkaa refuses."""

    status: int = 0


class InvalidArgumentError(Error, ValueError):
    """An argument that libkaa cannot take."""

    status = 1


class NoMemoryError(Error, MemoryError):
    """Memory is exhausted."""

    status = 2


class UnsupportedError(Error, NotImplementedError):
    """Valid, but beyond what kaa or this machine can do."""

    status = 3


class UnusableError(UnsupportedError, AttributeError):
    """The attribute of a library that is declared, but beyond what kaa can do."""


class DeclarationError(Error, ValueError):
    """A declaration that is not understood.

    `line` and `column` count from 1, in bytes; `text` is that line.
    """

    status = 4
    line: int = 0
    column: int = 0
    text: str = ""


class LibraryError(Error, OSError):
    """A library that cannot be loaded. `explanation` says where was looked."""

    status = 5
    explanation: str = ""


class SymbolError(Error, AttributeError):
    """Names that a library lacks: `missing`."""

    status = 6

    def __init__(self, message: str = "", missing: Optional[List[str]] = None) -> None:
        super().__init__(message)
        self.missing: List[str] = list(missing or ())


class OperatingSystemError(Error, OSError):
    """The operating system refused."""

    status = 7


class LimitError(Error, OverflowError):
    """A limit of kaa's is reached."""

    status = 8


class MisuseError(Error, RuntimeError):
    """A call that is not allowed in this state."""

    status = 9


class DeadlockError(Error, RuntimeError):
    """Waiting would never end."""

    status = 10


class CancelledError(Error, RuntimeError):
    """Work that was cancelled."""

    status = 11


class CorruptError(Error, RuntimeError):
    """Memory that somebody has overwritten."""

    status = 12


BY_STATUS: Dict[int, Type[Error]] = {
    kind.status: kind for kind in Error.__subclasses__()
}


def make(status: int, message: str) -> Error:
    """The exception for a status, not yet raised."""
    kind = BY_STATUS.get(status, Error)
    return kind(message)


def from_native(error: Any) -> Error:
    """The exception for a filled kaa_error."""
    message = error.message.decode("utf-8", "replace")
    if not message:
        message = _native.kaa_status_text(error.status).decode()
    made = make(error.status, message)
    if isinstance(made, DeclarationError):
        made.line = error.line
        made.column = error.column
    return made


def check(status: int, error: Any) -> None:
    """Raises what `error` tells, unless `status` is KAA_OK."""
    if status != _native.OK:
        error.status = status
        raise from_native(error)
