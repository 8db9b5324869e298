"""Names say who may use them.

    names.py objects.txt lib include/kaa tests

Functions and data that cross files are kaa_<folder>__x unless a public header
declares them; types do not end in _t (POSIX owns that); macros of public
headers begin with KAA_; code says Py in the folders of SAYS_PY alone (comments
and texts may refer to CPython's functions by name). No function, of the tests
neither, has a name that C23 or a newer C library declares in a header of old.
"""
import pathlib
import re
import sys

import source

# What is the interpreter's bridge, and what looks at a live interpreter.
SAYS_PY = {"cpython", "insight", "walk"}
PY = re.compile(r"\b_?Py[A-Z_]\w*|\bPy\b")
TYPEDEF_T = re.compile(r"\btypedef\b[^;{]*?(?:\{.*?\})?[^;{}]*?\b(\w+_t)\s*;", re.DOTALL)
# In stdlib.h, string.h, time.h: glibc 2.43 has call_once() in the first.
TAKEN = re.compile(
    r"^(call_once|free_sized|free_aligned_sized|memalignment|strfrom[dfl]|strtofp?|memccpy"
    r"|memset_explicit|strdup|strndup|strlcpy|strlcat|gmtime_r|localtime_r|timegm"
    r"|timespec_getres|stdc_\w+)\(",
    re.MULTILINE,
)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)


def check_symbols(objects, public):
    """Yields what objects of lib/ define under names that are not theirs."""
    for path, name, letter, _ in source.symbols(objects):
        folder, slash, _ = source.source_of(path).partition("/")
        if not slash or not letter.isupper() or letter in "NU":
            continue
        if name.startswith(("__asan", "__odr_asan", "__start_", "__stop_")):
            continue
        if name not in public and not name.startswith(f"kaa_{folder}__"):
            yield (
                f"{source.source_of(path)}: {name} is neither public nor"
                f" kaa_{folder}__..."
            )


def check_taken(path, text):
    """Yields what a source defines under a name that is a C library's."""
    for match in TAKEN.finditer(source.without_comments(text)):
        line = source.line_of(text, match.start(1))
        yield f"{path}:{line}: {match.group(1)} belongs to newer C libraries"


def check_text(path, text, folder, is_public):
    """Yields what a source or header may not say. `folder` is its room."""
    bare = source.without_comments(text)
    for match in TYPEDEF_T.finditer(bare):
        line = source.line_of(text, match.start(1))
        yield f"{path}:{line}: {match.group(1)}: _t belongs to POSIX"
    if folder not in SAYS_PY:
        for match in PY.finditer(source.without_comments(text, literals=True)):
            line = source.line_of(text, match.start())
            yield f"{path}:{line}: only lib/cpython, lib/insight and lib/walk say {match.group()}"
    if is_public:
        for match in MACRO.finditer(bare):
            if not match.group(1).startswith("KAA_"):
                line = source.line_of(text, match.start())
                yield f"{path}:{line}: public macro {match.group(1)} lacks KAA_"


def check(objects, lib, include, tests):
    findings = list(check_symbols(objects, source.declared(include)))
    for path in source.c_files(lib):
        if path.parent.name == "headers":
            continue  # C's own headers, with C's own names
        folder = path.relative_to(lib).parts[0]
        findings += check_text(path, path.read_text(), folder, False)
    for path in source.c_files(include):
        findings += check_text(path, path.read_text(), path.stem, True)
    for path in source.c_files(lib, tests):
        findings += check_taken(path, path.read_text())
    return findings


if __name__ == "__main__":
    source.report(
        check(pathlib.Path(sys.argv[1]).read_text().split(), *sys.argv[2:5])
    )
