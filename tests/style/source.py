"""What the checks share: reading C text, reading object files, reporting."""
import pathlib
import re
import subprocess
import sys

SKIPPED = 77  # CTest's SKIP_RETURN_CODE

_TOKEN = re.compile(
    r"""
    //[^\n]* | /\*.*?\*/                    # a comment
  | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'   # a literal
    """,
    re.VERBOSE | re.DOTALL,
)


def without_comments(text, literals=False):
    """The text with comments blanked (literals too, if asked), lines kept."""

    def blank(match):
        found = match.group()
        if found[0] == "/":
            return re.sub(r"[^\n]", " ", found)
        if literals:
            return found[0] + " " * (len(found) - 2) + found[-1]
        return found

    return _TOKEN.sub(blank, text)


def c_files(*roots):
    """All .c, .h and .def files below the directories, sorted."""
    found = []
    for root in roots:
        for suffix in ("*.c", "*.h", "*.def"):
            found += pathlib.Path(root).rglob(suffix)
    return sorted(found)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def tracked(root):
    """The files git knows, as paths relative to root; None if it is no clone."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    names = listed.decode().split("\0")[:-1]
    return [name for name in names if (pathlib.Path(root) / name).is_file()]


DECLARATION = re.compile(r"^KAA_API\b([^;{]*?)\b(kaa_\w+)\s*\(([^;]*);", re.MULTILINE)


def declared(include):
    """Public functions: {name: (header's file name, line, declaration)}."""
    found = {}
    for path in sorted(pathlib.Path(include).glob("*.h")):
        text = without_comments(path.read_text())
        for match in DECLARATION.finditer(text):
            if path.name == "base.h" and match.group(1).startswith(" __attribute__"):
                continue  # the definition of KAA_API
            found[match.group(2)] = (
                path.name,
                line_of(text, match.start()),
                match.group(),
            )
    return found


def symbols(objects):
    """What the object files define: (object's path, name, class letter,
    section), by `nm`."""
    if not objects:
        return []
    listed = subprocess.run(
        ["nm", "--defined-only", "--format=sysv", *map(str, objects)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # "no symbols", where a machine needs none
        text=True,
    ).stdout
    found = []
    path = str(objects[0])
    for line in listed.splitlines():
        fields = [field.strip() for field in line.split("|")]
        head = re.match(r"(?:Symbols|.*[Ss]ymbols) from (.*\.o)[:\]]*$", line)
        if head:
            path = head.group(1)
        elif len(fields) == 7 and fields[0] != "Name":
            found.append((path, fields[0], fields[2], fields[6]))
    return found


def source_of(path):
    """`base/memory.c` for `.../CMakeFiles/kaa_base.dir/./base/memory.c.o`."""
    match = re.match(r".*/kaa_\w+\.dir/(?:\./)?(.+)\.o$", path)
    return match.group(1) if match else path


def read_list(name, text, line, form):
    """The groups of each line of a list, as a set of tuples, and what is wrong
    with it; `form` says how a line looks. Empty lines and comments are none."""
    found, findings = set(), []
    for number, given in enumerate(text.splitlines(), 1):
        if not given.strip() or given.startswith("#"):
            continue
        match = line.match(given)
        if not match:
            findings.append(f"{name}:{number}: not '{form}'")
            continue
        if match.groups() in found:
            findings.append(f"{name}:{number}: stands twice")
        found.add(match.groups())
    return found, findings


def report(findings):
    """Prints the findings and exits: 1 if there are any."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
