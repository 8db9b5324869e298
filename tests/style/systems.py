"""What depends on the operating system stands in lib/base/os, or in lib/os.txt
with what a port has to provide there.

    systems.py lib/os.txt lib

A file depends on it if it includes a header that is neither C11's nor one of
PORTABLE. POSIX threads are taken for granted: Windows has them as a library.
"""
import pathlib
import re
import sys

import source

INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.MULTILINE)
C11 = """assert complex ctype errno fenv float inttypes iso646 limits locale math
setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
stdnoreturn string tgmath threads time uchar wchar wctype"""
PORTABLE = {f"{name}.h" for name in C11.split()} | {"pthread.h", "ffi.h"}
# The folder itself, and the headers that kaa's preprocessor gives to C code.
SKIPPED = ("base/os/", "preprocess/headers/")
LINE = re.compile(r"^(\S+(?:\.[ch]|/)) - \S.*$")


def depends(text):
    """The headers of the operating system that a file includes, sorted."""
    found = INCLUDE.findall(source.without_comments(text))
    return sorted({n for n in found if n not in PORTABLE and not n.startswith("kaa/")})


def check(text, root):
    form = "folder/[file.c] - what it needs"
    found, findings = source.read_list("os.txt", text, LINE, form)
    listed = {one for one, in found}
    used = {}
    for path in source.c_files(root):
        name = path.relative_to(root).as_posix()
        headers = depends(path.read_text())
        if headers and not name.startswith(SKIPPED):
            used[name] = headers
    for name in sorted(used):
        if not any(name == one or name.startswith(one) for one in listed):
            first = ", ".join(used[name])
            findings.append(f"lib/{name}: includes {first}, and is not in lib/os.txt")
    for one in sorted(listed):
        if not any(name == one or name.startswith(one) for name in used):
            findings.append(f"lib/os.txt: {one} includes nothing of a system's")
    return findings


if __name__ == "__main__":
    source.report(
        check(pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2]))
    )
