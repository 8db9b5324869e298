"""Headers: what `kaa.load(library, header=...)` does beyond `kaa.load()`.

The header is an #include in a small text, which libkaa preprocesses and parses.
What comes of it is kept for the next load of the same text with the same choice,
as long as no file that was read has changed.
"""

from __future__ import annotations

import ctypes
import os
from collections import OrderedDict

from kaa import _error, _late, _native
from kaa._headers.declarations import Declarations

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Collection, List, NamedTuple, Optional, Tuple, Union

    Names = Tuple[str, ...]
    _State = Tuple[Tuple[str, int, int, int], ...]
else:
    from kaa._tuple import NamedTuple

#: What the overlay is called in errors, and a header that is given as text.
OVERLAY, TEXT = "<declarations>", "<header>"


class Skipped(NamedTuple):
    """A declaration of a header that is no attribute of the library."""

    name: str
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.file}:{self.line}: {self.reason}"


class Choice(NamedTuple):
    """How a header is read: hashable, and can be pickled."""

    only: Optional[Names]
    defines: Names
    undefines: Names
    include_dirs: Names

    @classmethod
    def make(
        cls,
        only: Union[str, Collection[str], None],
        defines: Any,
        undefines: Collection[str],
        include_dirs: Collection[Any],
        package: Union[str, Collection[str], None],
    ) -> Choice:
        folders = [os.fspath(folder) for folder in _several("include_dirs", include_dirs)]
        macros = _macros(defines)
        if package is not None:
            found, defined = pkg_config(package)
            folders += found
            macros = tuple(defined) + macros
        patterns = None
        if only is not None:
            patterns = _texts("only", (only,) if isinstance(only, str) else only)
        return cls(
            patterns,
            macros,
            _texts("undefines", _several("undefines", undefines)),
            _texts("include_dirs", folders),
        )

    def preprocess_options(self) -> Tuple[Any, Any]:
        """The structure for libkaa, and what has to live as long."""
        folders = _strings(self.include_dirs)
        defines = _strings(self.defines)
        undefines = _strings(self.undefines)
        made = _native.PreprocessOptions(
            size=ctypes.sizeof(_native.PreprocessOptions),
            name=OVERLAY.encode(),
            include_dirs=folders,
            include_dir_count=len(self.include_dirs),
            defines=defines,
            define_count=len(self.defines),
            undefines=undefines,
            undefine_count=len(self.undefines),
        )
        return made, (folders, defines, undefines)

    def reach(self, library: Any, name: str) -> Any:
        """An attribute that a macro needs, whether `only` keeps it or not."""
        return _reach(library, name)


def _several(option: str, items: Any) -> Any:
    if isinstance(items, (str, bytes, os.PathLike)):
        raise TypeError(f"{option}: a list expected, not one {type(items).__name__}")
    return items


def _texts(option: str, items: Collection[Any]) -> Names:
    made = tuple(items)
    for item in made:
        if not isinstance(item, str):
            raise TypeError(f"{option}: str expected, not {type(item).__name__}")
        if "\0" in item or "\n" in item:
            raise ValueError(f"{option}: {item!r} has a NUL or a newline in it")
    return made


def _macros(defines: Any) -> Names:
    made: List[str] = []
    if isinstance(defines, dict):
        for name, value in defines.items():
            if value is None or value is True:
                value = 1
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise TypeError(
                    f"defines[{name!r}]: str, int, True or None expected, not"
                    f" {value!r}"
                )
            made.append(f"{name}={value}")
    else:
        made += _several("defines", defines)
    for one in _texts("defines", made):
        name = one.partition("=")[0].partition("(")[0]
        if not name.isidentifier():
            raise ValueError(f"defines: {one!r}: NAME or NAME=value expected")
    return tuple(made)


def pkg_config(package: Union[str, Collection[str]]) -> Tuple[List[str], List[str]]:
    """The folders and macros that pkg-config tells of packages."""
    import shlex
    import subprocess

    names = [package] if isinstance(package, str) else list(package)
    program = os.environ.get("PKG_CONFIG", "pkg-config")
    try:
        run = subprocess.run(
            [program, "--cflags", "--", *names], capture_output=True, text=True
        )
    except OSError as error:
        raise _error.OperatingSystemError(
            f"package={package!r}: {program} cannot be run: {error.strerror}"
        ) from None
    if run.returncode != 0:
        detail = run.stderr.strip().splitlines()
        raise ValueError(
            f"package={package!r}: {detail[-1] if detail else 'pkg-config failed'}"
        )
    words = shlex.split(run.stdout)
    return (
        [word[2:] for word in words if word.startswith("-I")],
        [word[2:] for word in words if word.startswith("-D")],
    )


def _include(header: Any) -> str:
    """The line, or lines, that stand for one header."""
    if isinstance(header, os.PathLike):
        return _include_path(os.fsdecode(header))
    if isinstance(header, bytes):
        header = header.decode("utf-8", "surrogateescape")
    if not isinstance(header, str):
        raise TypeError(
            f"header: str, bytes or os.PathLike expected, not {type(header).__name__}"
        )
    if "\n" in header or ";" in header or header.lstrip().startswith("#"):
        return f'# 1 "{TEXT}"\n{header}\n'
    if not header or "\0" in header or ">" in header:
        raise ValueError(f"{header!r} is no name of a header")
    if header.startswith((os.sep, "." + os.sep, ".." + os.sep)):
        return _include_path(header)
    return f"#include <{header}>\n"


def _include_path(path: str) -> str:
    path = os.path.abspath(path)
    if '"' in path or "\n" in path or "\0" in path:
        raise ValueError(f"{path!r} cannot be the path of a header")
    if os.path.isdir(path):
        raise IsADirectoryError(21, "a folder, not a header", path)
    if not os.path.isfile(path):
        raise FileNotFoundError(2, "no such header", path)
    return f'#include "{path}"\n'


def text_of(header: Any, overlay: bytes) -> bytes:
    """The text that is preprocessed: the headers, and the overlay behind them."""
    several = header if isinstance(header, (list, tuple)) else [header]
    if not several:
        raise ValueError("header: a list without a header")
    lines = "".join(f'# 1 "{TEXT}"\n{_include(one)}' for one in several)
    text = lines.encode("utf-8", "surrogateescape")
    return text + f'# 1 "{OVERLAY}"\n'.encode() + overlay + b"\n"


def _strings(items: Names) -> Any:
    raw = [item.encode("utf-8", "surrogateescape") for item in items]
    return (ctypes.c_char_p * max(len(raw), 1))(*raw)


def _parse(text: bytes, choice: Choice) -> Declarations:
    preprocess, keep = choice.preprocess_options()
    only = _strings(choice.only or ())
    options = _native.DeclOptions(
        size=ctypes.sizeof(_native.DeclOptions),
        preprocess=ctypes.pointer(preprocess),
        only=only,
        only_count=len(choice.only or ()),
    )
    try:
        return Declarations(text, True, options, (preprocess, keep))
    except _error.DeclarationError as error:
        _explain(error, choice)
        raise


def _explain(error: _error.DeclarationError, choice: Choice) -> None:
    """Where a header that is not found was looked for."""
    message = str(error)
    if message.startswith(TEXT) and "no header has the name" in message:
        message = message.split(": ", 1)[1]
        folders = [*choice.include_dirs, *system_dirs()]
        message += ", in " + ", ".join(folders)
        name = message.split("'")[1]
        error.args = (message + _hint(name, folders),)


def _hint(name: str, folders: List[str]) -> str:
    """Where else such a header stands, or what its name is likely to be."""
    from glob import escape, glob

    for folder in folders:
        for found in sorted(glob(os.path.join(escape(folder), "*", escape(name)))):
            below = found[: -len(name) - 1]
            return (
                f"; {below} has one: include_dirs=[{below!r}], or the package=... that"
                " names this folder"
            )
    from kaa._values.fault import nearest

    parent, base = os.path.split(name)
    near: List[str] = []
    for folder in folders:
        try:
            near += os.listdir(os.path.join(folder, parent))
        except OSError:
            pass
    likely = nearest(base, [one for one in near if one.endswith(".h")])
    return f"; did you mean {os.path.join(parent, likely)}?" if likely else ""


def system_dirs() -> List[str]:
    """The folders in which headers are looked up by default."""
    folders: List[str] = []
    while True:
        folder = _native.kaa_preprocess_system_dir(len(folders))
        if folder is None:
            return folders
        folders.append(os.fsdecode(folder))


# ---- what was read before

_KEPT_MOST = 32
_kept: OrderedDict[Any, Tuple[Declarations, _State]] = OrderedDict()


def _state_of(path: str) -> Tuple[str, int, int, int]:
    about = os.stat(path)
    return path, about.st_mtime_ns, about.st_size, about.st_ino


def files(declarations: Declarations) -> List[str]:
    """The files that were read, kaa's own left out."""
    source = _native.kaa_decl_source(declarations.decl)
    found: List[str] = []
    number = 0
    while source:
        name = _native.kaa_preprocess_file(source, number)
        if name is None:
            break
        number += 1
        if not name.startswith(b"<"):
            found.append(os.fsdecode(name))
    return found


def declarations(text: bytes, choice: Choice) -> Declarations:
    """What a text declares: parsed, or as it was parsed before."""
    key = (text, choice)
    try:
        made, state = _kept[key]
        if all(_state_of(one[0]) == one for one in state):
            _kept.move_to_end(key)
            return made
    except (KeyError, OSError):
        pass
    made = _parse(text, choice)
    try:
        _kept[key] = made, tuple(map(_state_of, files(made)))
    except OSError:
        return made  # a file that has gone already
    while len(_kept) > _KEPT_MOST:
        _kept.popitem(last=False)
    return made


# ---- attributes


def _place(item: Any) -> Tuple[str, int]:
    file = item.source_file or b""
    return file.decode("utf-8", "surrogateescape"), item.source_line


def special(
    library: Any, name: str, address: int, item: Any
) -> Tuple[bool, Any, bool]:
    """An attribute that only a header has: whether it is one, its value, and
    whether that stays the same."""
    if item.flags & _native.DECL_HIDDEN:
        if library._options.header.only is not None:
            file, line = _place(item)
            raise AttributeError(
                f"{name} is left out by only={library._options.header.only!r}:"
                f" {file}:{line} declares it"
            )
        _bind_hidden(library, address, item)
    found, value = _made(library, name, address, item)
    if found and changes(value):
        return True, value.value(), False
    return found, value, True


def _made(library: Any, name: str, address: int, item: Any) -> Tuple[bool, Any]:
    """What is no symbol of the library's: macros with parameters, functions that
    are static in the header."""
    from kaa._headers import macro as _macro

    is_macro = item.kind == _native.DECL_MACRO_FUNCTION
    if not is_macro and not _is_static_function(library, address, item):
        return False, None
    try:
        if is_late(item):
            from kaa._headers.macro_late import LateMacro

            return True, LateMacro(library, name, item)
        if is_macro and item.reason is not None:
            return True, _macro.of_body(library, name, item)
        make = _macro.of_macro if is_macro else _macro.of_static
        return True, make(library, name, item)
    except _macro.NotExpression as error:
        raise _error.UnusableError(
            f"{Skipped(name, *_place(item), str(error))}"
        ) from None


def is_late(item: Any) -> bool:
    """Whether each call of a macro is preprocessed by itself."""
    return (
        item.kind == _native.DECL_MACRO_FUNCTION
        and item.reason is not None
        and ctypes.string_at(item.string, 1) == b"("
    )


def _is_static_function(library: Any, address: int, item: Any) -> bool:
    return (
        item.kind == _native.DECL_FUNCTION
        and bool(item.flags & _native.DECL_STATIC)
        and library._addresses[library._declarations.number(address)] is None
    )


def constant(library: Any, item: Any, value: int) -> Any:
    """An integer constant; one cast to a pointer is what its type takes."""
    ctype = _native.kaa_ctype_strip(item.type)
    if _native.kaa_ctype_kind_of(ctype) != _native.POINTER_:
        return value
    target = _native.kaa_ctype_strip(_native.kaa_ctype_target(ctype))
    if _native.kaa_ctype_kind_of(target) == _native.VOID:
        return value
    return _late.cast.cast_to(library._types, item.type, value)


def changes(value: Any) -> bool:
    """Whether an attribute is evaluated each time, as a variable is."""
    from kaa._headers import macro as _macro

    return isinstance(value, _macro.Expression)


def _reach(library: Any, name: str) -> Any:
    address = library._declarations.find(name)
    if address is None:
        return getattr(library, name)
    item = _native.DeclItem.from_address(address)
    if not item.flags & _native.DECL_HIDDEN:
        return getattr(library, name)
    _bind_hidden(library, address, item)
    found, value = _made(library, name, address, item)
    if found and changes(value):
        return value.value()
    return value if found else library._read_item(name, address, item)


def _bind_hidden(library: Any, address: int, item: Any) -> None:
    """Finds the symbol of what is declared elsewhere, now that it is asked for."""
    number = library._declarations.number(address)
    if item.symbol is None or library._addresses[number] is not None:
        return
    found = ctypes.c_void_p()
    error = _native.Error()
    status = _native.kaa_library_symbol(
        library._native, item.symbol, ctypes.byref(found), error
    )
    if status == _native.OK:
        library._addresses[number] = found


def skipped(library: Any) -> List[Skipped]:
    """What of the header is no attribute of the library."""
    made: List[Skipped] = []
    for number, address in enumerate(library._declarations.items()):
        item = _native.DeclItem.from_address(address)
        if item.flags & _native.DECL_HIDDEN:
            continue
        reason = _why(library, number, address, item)
        if reason is not None:
            name = item.name.decode("utf-8", "surrogateescape")
            made.append(Skipped(name, *_place(item), reason))
    return made


def _why(library: Any, number: int, address: int, item: Any) -> Optional[str]:
    """Why an item cannot be used; None if it can."""
    if item.kind == _native.DECL_SKIPPED:
        reason: str = item.reason.decode("utf-8", "replace")
        return reason
    if item.kind == _native.DECL_MACRO_FUNCTION or _is_static_function(
        library, address, item
    ):
        name = item.name.decode("utf-8", "surrogateescape")
        try:
            _made(library, name, address, item)
        except _error.UnusableError as error:
            return str(error).split(": ", 2)[-1]
        except AttributeError as error:
            return str(error)  # it is another name of what is not there
        return None
    if (
        item.kind in (_native.DECL_FUNCTION, _native.DECL_VARIABLE)
        and library._addresses[number] is None
        and not item.flags & _native.DECL_WEAK
    ):
        return f"{library._label} has no such symbol"
    return None
