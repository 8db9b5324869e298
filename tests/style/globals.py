"""Every mutable global stands in lib/globals.txt with its reason.

    globals.py lib/globals.txt objects.txt

Read from the object files, since a regular expression does not find what a
macro makes. Constant tables with addresses in them (.data.rel.ro) are no state.
"""
import pathlib
import re
import sys

import source

MUTABLE = re.compile(r"^(\.tbss|\.tdata|\.bss|\.data|\*COM\*|COMMON)(?!\.rel\.ro)")
LINE = re.compile(r"^(\S+\.c) (\w+) - \S.*$")


def plain_name(symbol):
    """The C name: gcc calls a static in a function x.0, clang function.x."""
    return re.sub(r"(\.\d+)+$", "", symbol).rpartition(".")[2]


def mutable(objects):
    """{(file, name)} of what the objects can write to."""
    return {
        (source.source_of(path), plain_name(name))
        for path, name, _, section in source.symbols(objects)
        if MUTABLE.match(section) and not name.startswith(("__asan", ".L", "__san"))
    }


def check(text, objects):
    listed, findings = source.read_list(
        "globals.txt", text, LINE, "folder/file.c name - reason"
    )
    found = mutable(objects)
    for file, name in sorted(found - listed):
        findings.append(f"lib/{file}: {name} is mutable and not in lib/globals.txt")
    for file, name in sorted(listed - found):
        findings.append(f"lib/globals.txt: {file} has no mutable {name}")
    return findings


if __name__ == "__main__":
    source.report(
        check(
            pathlib.Path(sys.argv[1]).read_text(),
            pathlib.Path(sys.argv[2]).read_text().split(),
        )
    )
