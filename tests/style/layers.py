"""Holds every #include to the layers that lib/CMakeLists.txt declares.

    layers.py layers.txt lib include/kaa

A folder includes its own headers, those of the folders its MAY_INCLUDE names,
and their public headers; the headers of VOCABULARY are everybody's. MAY_INCLUDE
names only folders declared above, so the graph has no cycle. Folders may be
nested: a file belongs to the deepest declared folder around it. A public header
may include what its folder may. libffi belongs to call and closure.
"""
import pathlib
import re
import sys

import source

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)
ALWAYS = {"base", "version", "status"}  # public headers below every folder
# Public headers that only declare: what objects are called, the table that every
# context fills, what a module file says of itself. Every folder may see them.
VOCABULARY = {"object", "builtin", "context", "slots", "api", "module"}
# Types of this header are used from this folder on; its functions are further up.
DECLARED_FOR = {"runtime": "object"}
# Headers whose folder has another name.
FOLDER_OF = {"cpython": "cpython/host"}
USES_LIBFFI = {"call", "closure"}


def read_layers(text):
    """{folder: those it may include}, and what is wrong with the list."""
    layers, findings = {}, []
    for line in text.splitlines():
        if not line.strip():
            continue
        name, _, below = line.partition(":")
        for other in below.split():
            if other not in layers:
                findings.append(
                    f"layers: {name} may include {other}, which is not above it"
                )
        layers[name] = set(below.split())
    return layers, findings


def folder_of(path, layers):
    """The deepest declared folder around a file, `path` being relative to lib/;
    where none is, the folder that it is in."""
    parents = [parent.as_posix() for parent in pathlib.PurePosixPath(path).parents]
    return next((p for p in parents if p in layers), parents[0])


def may_not(folder, other):
    return f"{folder} may not include {other}: see its MAY_INCLUDE in lib/CMakeLists.txt"


def judge(folder, name, bracket, included, layers):
    """Why file `name` of a folder may not include it; None if it may."""
    allowed = layers[folder] | {folder}
    if included in ("ffi.h", "ffitarget.h") and folder not in USES_LIBFFI:
        return "libffi belongs to call and closure"
    if included == "Python.h":
        return "nothing is compiled against CPython"
    if included.startswith("kaa/"):
        other = included[len("kaa/") :].partition(".")[0]
        other = FOLDER_OF.get(other, DECLARED_FOR.get(other, other))
        if other not in allowed | ALWAYS | VOCABULARY:
            return may_not(folder, other)
        return None if bracket == "<" else "public headers stand in <>"
    if bracket == "<":
        return None
    if "/" not in included:
        return 'private headers are named "folder/file.h"'
    other = folder_of(included, layers)
    if other not in allowed:
        return may_not(folder, other)
    return None


def check_file(path, folder, layers):
    text = source.without_comments(path.read_text())
    for match in INCLUDE.finditer(text):
        why = judge(folder, path.name, *match.groups(), layers)
        if why:
            line = source.line_of(text, match.start())
            yield f"{path}:{line}: {match.group().strip()}: {why}"


def check(layers_text, lib, include):
    layers, findings = read_layers(layers_text)
    undeclared = set()
    for path in source.c_files(lib):
        folder = folder_of(path.relative_to(lib).as_posix(), layers)
        if folder in layers:
            findings += check_file(path, folder, layers)
        elif folder not in undeclared:
            undeclared.add(folder)
            where = pathlib.Path(lib) / folder
            findings.append(f"{where}: no kaa_subsystem() declares it")
    for path in source.c_files(include):
        if path.stem in ("kaa", "version", "status"):
            continue
        folder = FOLDER_OF.get(path.stem, DECLARED_FOR.get(path.stem, path.stem))
        if path.stem in VOCABULARY:
            findings += check_file(path, "base", layers)
        elif folder not in layers:
            findings.append(f"{path}: lib/{folder} is not declared")
        else:
            findings += check_file(path, folder, layers)
    return findings


if __name__ == "__main__":
    source.report(check(pathlib.Path(sys.argv[1]).read_text(), *sys.argv[2:4]))
