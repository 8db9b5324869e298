"""The library, its map and its headers name the same functions.

    exports.py [--static] libkaa.so lib/kaa.map include/kaa

A function is exported if and only if a header declares it KAA_API, and under
the node of the release that the map names. Data is never exported. Of a static
library only the definitions are compared: it has no map.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "style"))
import source  # noqa: E402


def exported(library, dynamic):
    """{symbol without version: (class letter, version)}."""
    command = ["nm", "--defined-only", "--extern-only", "--format=posix"]
    if dynamic:
        command.insert(1, "--dynamic")
    listed = subprocess.run(
        command + [str(library)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    found = {}
    for line in listed.splitlines():
        fields = line.split()
        if len(fields) < 2 or line.endswith(":"):
            continue
        name, _, version = fields[0].replace("@@", "@").partition("@")
        if fields[1] != "A":  # the node's own name
            found[name] = (fields[1], version)
    return found


def mapped(text):
    """{symbol: node}; what a node keeps local is not in it."""
    text = source.without_comments(text)
    found = {}
    for node, body in re.findall(r"([\w.]+)\s*\{(.*?)\}", text, re.DOTALL):
        globals_, _, _ = body.partition("local:")
        for name in re.findall(r"([^\s;:]+)\s*;", globals_):
            found[name] = node
    return found


def compare(in_library, in_map, in_headers):
    """Yields every disagreement between the three."""
    for name in sorted(set(in_library) | set(in_map) | set(in_headers)):
        letter, version = in_library.get(name, ("", ""))
        if name not in in_headers:
            where = "kaa.map" if name in in_map else "the library"
            yield f"{name} is in {where}, and no header declares it KAA_API"
        if name not in in_map:
            yield f"{name} is not in kaa.map"
        if name not in in_library:
            yield f"{name} is not exported by the library"
        elif letter != "T":
            yield f"{name} is exported as {letter}: only functions may be"
        elif version != in_map.get(name, version):
            yield f"{name} has version {version}, not {in_map[name]}"


def main(arguments):
    static = "--static" in arguments
    library, map_file, include = [a for a in arguments if a != "--static"]
    headers = source.declared(include)
    in_map = mapped(pathlib.Path(map_file).read_text())
    in_library = exported(library, dynamic=not static)
    if static:
        in_library = {n: (c, in_map.get(n, "")) for n, (c, _) in in_library.items()}
        in_library = {n: v for n, v in in_library.items() if n in headers}
    source.report(list(compare(in_library, in_map, headers)))


if __name__ == "__main__":
    main(sys.argv[1:])
