"""The text of declarations, as it is given."""

from __future__ import annotations

import os

from kaa import _error

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Union

    Text = Union[str, bytes, "os.PathLike[Any]"]


def _surrogate(text: str, at: int) -> _error.DeclarationError:
    """The refusal of a character that no text can have."""
    start = text.rfind("\n", 0, at) + 1
    before = text[start:at].encode("utf-8", "surrogateescape")
    line = text[start:].partition("\n")[0]
    shown = "".join(c if c.isprintable() or c == "\t" else "?" for c in line)
    made = _error.DeclarationError(
        f"a lone surrogate, U+{ord(text[at]):04X}, is no character\n"
        f"  {shown}\n  {' ' * (at - start)}^"
    )
    made.line = text.count("\n", 0, at) + 1
    made.column = len(before) + 1
    made.text = line
    return made


def read_text(declarations: Text) -> bytes:
    """The bytes of declarations, from wherever they are."""
    if isinstance(declarations, str):
        try:
            return declarations.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise _surrogate(declarations, error.start) from None
    if isinstance(declarations, (bytes, bytearray, memoryview)):
        return bytes(declarations)
    if not isinstance(declarations, os.PathLike):
        raise TypeError(
            "declarations: str, bytes, or os.PathLike expected, not"
            f" {type(declarations).__name__}"
        )
    with open(declarations, "rb") as file:
        return file.read()
