"""The layouts pin everything: each public structure, member and enumerator, each
builtin object and each slot of the table.

    pinned.py include/kaa layout.c ...

What they say is checked by the compiler; that it says it of everything, by
this.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "style"))
import source  # noqa: E402

STRUCT = re.compile(
    r"^(?:typedef\s+)?struct\s+(\w+)\s*\{(.*?)\n\}\s*(?:\w+\s*)?;", re.DOTALL | re.MULTILINE
)
BUILTIN = re.compile(r"^KAA_(?:CONSTANT|TYPE|EXCEPTION)\((\w+),", re.MULTILINE)
SLOT = re.compile(
    r"^KAA_(?:SLOT\([^,]+,|BARE_SLOT\([^,]+,|VOID_SLOT\()\s*(\w+),", re.MULTILINE
)
ENUM = re.compile(r"\benum\b[^{;()]*\{(.*?)\}", re.DOTALL)
# `name;`, `name[n];`, `(*name)(...);`
MEMBER = re.compile(r"(?:\(\*(\w+)\)\s*\([^;]*\)|\b(\w+)(?:\[\w+\])*)\s*;")


def public(include):
    """What must be pinned: ("SIZE", struct), ("MEMBER", struct, member),
    ("VALUE", enumerator)."""
    found = []
    for path in source.c_files(include):
        text = source.without_comments(path.read_text())
        for name in re.findall(r"^KAA_STATUS\((\w+),", text, re.MULTILINE):
            found.append(("VALUE", f"KAA_{name}"))
        found += [("VALUE", f"KAA_{name}") for name in BUILTIN.findall(text)]
        found += [("MEMBER", "kaa_api", name) for name in SLOT.findall(text)]
        text = re.sub(r"^[ \t]*#(?:\\\n|.)*$", "", text, flags=re.MULTILINE)
        for match in STRUCT.finditer(text):
            found.append(("SIZE", match.group(1)))
            for pair in MEMBER.findall(match.group(2)):
                found.append(("MEMBER", match.group(1), pair[0] or pair[1]))
        for body in ENUM.findall(text):
            for name in re.findall(r"\b(KAA_\w+)\b\s*(?=[=,}]|$)", body):
                found.append(("VALUE", name))
    return found


def pinned(text):
    """What layout.c pins, in the same form."""
    text = source.without_comments(text)
    calls = re.findall(r"\b(SIZE|MEMBER|VALUE)\(([^()]*?),\s*[^,()]+\)", text)
    return {(kind, *re.split(r"\s*,\s*", names)) for kind, names in calls}


def home(wanted):
    """Where a line is missing; the table's needs two."""
    if wanted[:2] == ("MEMBER", "kaa_api"):
        return "tests/abi/layout_objects.c, at the place above + 8, and 8 to SIZE(kaa_api)"
    return "the file of tests/abi/layout*.c that has its header's"


def check(include, layout_text):
    wanted, found = public(include), pinned(layout_text)
    findings = [
        f"no layout has {w[0]}({', '.join(w[1:])}, ...): add it to {home(w)}" for w in wanted
    ]
    return [f for f, w in zip(findings, wanted) if w not in found]


if __name__ == "__main__":
    texts = [pathlib.Path(path).read_text() for path in sys.argv[2:]]
    source.report(check(sys.argv[1], "\n".join(texts)))
