"""The face of the table: include/kaa/slots.h and the reference page, from api.def.

    slots.py INCLUDE TESTS      exits with 1 where one of the two is stale, or no
                                test calls a slot natively and in CPython
    slots.py --write INCLUDE    writes both (and formats the header, if
                                clang-format is there)

api.def is the one source of the table's order and of each slot's words. A macro
cannot show them where they are wanted: on hover, at "go to definition", in grep,
in a compiler's message. So slots.h spells each function out, under a comment with
what it does, what it returns and who owns that; docs/reference.md has the same for
reading. White space does not count in the comparison.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

HEADER = '''/* kaa/slots.h - the slots of the table as functions: kaa_list_append(ctx, ...).
 *
 * Written by tests/abi/slots.py from kaa/api.def; change that, then run
 * `slots.py --write include`. kaa/context.h includes this header, so nobody else
 * needs to.
 *
 * Each function is one indirect call through the context's table. The GIL is held
 * around each. Objects that are parameters are borrowed, and results are new
 * references, but where the comment says otherwise. What failed has left an
 * exception pending in the context and has changed nothing else; any function
 * may raise MemoryError, and TypeError for an object of a wrong type.
 */
#ifndef KAA_SLOTS_H
#define KAA_SLOTS_H

#include <kaa/context.h>

KAA_BEGIN_DECLS

/* In debug builds too: so who calls a slot is who wanted it, for debuggers and
 * reports. */
#if defined(__GNUC__) || defined(__clang__)
#define KAA_SLOT_INLINE static inline __attribute__((always_inline))
#else
#define KAA_SLOT_INLINE static inline
#endif
'''

FOOTER = '''
#undef KAA_SLOT_INLINE

KAA_END_DECLS

#endif /* KAA_SLOTS_H */
'''

PAGE = '''# Objects: the reference

Written by `tests/abi/slots.py` from `include/kaa/api.def`; change that, then run `slots.py --write include`.

Each function is a slot of the context's table. The GIL is held around each. Objects that are parameters are borrowed,
and results are new references, but where the text says otherwise. What failed has left an exception pending in the
context and has changed nothing else; any function may raise MemoryError, and TypeError for an object of a wrong type.
'''

# What a slot whose int is an answer says of itself.
QUESTION = re.compile(r"\bWhether\b|^As bool|^The truth|: 1\b|^As is|^As `item")


class Slot:
    """One entry of the table: its name, result, parameters, words."""

    def __init__(self, section, kind, rest, comment):
        self.section, self.is_inline = section, kind != "BARE_"
        parts = split(rest)
        self.result = "void" if kind == "VOID_" else parts.pop(0)
        self.name = parts.pop(0)
        self.parameters = parts.pop(0).strip()[1:-1].replace("* ctx", "*ctx")
        self.arguments = parts.pop(0).strip() if parts else None
        self.text = " ".join(re.sub(r"^[ \t]*\*", "", comment, flags=re.M).split())

    def returns(self):
        """What a caller gets, by the rules at the head of api.def."""
        text, result = self.text, self.result
        certain = re.search("Cannot fail|not fail|NULL if there is none", text)
        failing = "" if certain else "; {} with an exception pending"
        if result == "void" or re.search("Returns -1|-1 when it failed", text):
            return None
        if result.endswith("*"):
            if "borrowed" in text:
                kind = "Borrowed"
            else:
                kind = "A new reference" if "kaa_object" in result else "A pointer"
            return kind + failing.format("NULL")
        if result == "int":
            if QUESTION.search(text):
                return "1 or 0" + failing.format("-1")
            return "0" + failing.format("-1")
        return "The number" + failing.format("-1") if result == "ptrdiff_t" else None


def split(text):
    """Splits at the commas that no parenthesis holds."""
    parts, depth, start = [], 0, 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(" ".join(text[start:position].split()))
            start = position + 1
    parts.append(" ".join(text[start:].split()))
    return parts


def balanced(text, start):
    """Where the parenthesis that opens at `start` closes."""
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] == "(") - (text[position] == ")")
        if depth == 0:
            return position
    raise ValueError("a parenthesis that does not close")


def read(table):
    """The slots in their order."""
    slots, section, comment = [], None, None
    token = re.compile(r"/\*.*?\*/|KAA_(VOID_|BARE_|)SLOT\(", re.DOTALL)
    position = table.index("*/") + 2  # behind the essay at the head
    while True:
        match = token.search(table, position)
        if not match:
            return slots
        position = match.end()
        found = match.group()
        if found.startswith("/* ----"):
            section = found[7:-2].strip().partition(";")[0]
        elif found.startswith("/*"):
            comment = found[2:-2]
        else:
            position = balanced(table, match.end() - 1)
            rest = table[match.end() : position]
            slots.append(Slot(section, match.group(1), rest, comment))


def comment_of(slot):
    paragraphs = [slot.text]
    returns = slot.returns()
    if returns:
        paragraphs.append(f"@return {returns}.")
    lines = []
    for paragraph in paragraphs:
        lines += textwrap.wrap(paragraph, 74, break_long_words=False) + [""]
    if len(lines) == 2 and len(lines[0]) <= 72:
        return f"/** {lines[0]} */"
    body = "\n".join(f" * {line}".rstrip() for line in lines[:-1])
    return f"/**\n{body}\n */"


def header_of(slots):
    parts, section = [HEADER], None
    for slot in slots:
        if slot.section != section:
            section = slot.section
            parts.append(f"\n/* ---- {section} */\n")
        if not slot.is_inline:
            continue
        call = f"ctx->api->{slot.name}{slot.arguments};"
        parts.append(
            f"\n{comment_of(slot)}\nKAA_SLOT_INLINE {slot.result}\n"
            f"kaa_{slot.name}({slot.parameters})\n{{\n"
            f"    {'' if slot.result == 'void' else 'return '}{call}\n}}\n"
        )
    return "".join(parts) + FOOTER


def by_hand(include):
    """{name: (declaration, words)} of the functions that stand spelt out."""
    found = {}
    pattern = re.compile(
        r"/\*\*((?:[^*]|\*(?!/))*)\*/\s*static inline ([^;{]*?\b(kaa_\w+)\([^{]*?\))\s*\{"
    )
    for name in ("context.h", "module.h"):
        for match in pattern.finditer((include / name).read_text()):
            words = " ".join(re.sub(r"^[ \t]*\*", "", match.group(1), flags=re.M).split())
            found[match.group(3)] = (" ".join(match.group(2).split()), words)
    return found


def page_of(slots, spelt):
    parts, section = [PAGE], None
    for slot in slots:
        if slot.section != section:
            section = slot.section
            parts.append(f"\n## {section}\n")
        declaration, text = f"{slot.result} kaa_{slot.name}({slot.parameters})", slot.text
        see = re.match(r"See (kaa_\w+)\(\)", text)
        name = see.group(1) if see else f"kaa_{slot.name}"
        if not slot.is_inline and name in spelt:
            declaration, text = spelt[name]
        declaration = declaration.replace("* kaa_", "*kaa_")
        returns = slot.returns() if slot.is_inline else None
        parts.append(f"\n### {name}\n\n```\n{declaration};\n```\n\n{text}\n")
        if returns:
            parts.append(f"\nReturns: {returns[0].lower()}{returns[1:]}.\n")
    return "".join(parts)


# Slots that inline functions and macros of other names call.
SPELT = {
    "dealloc": "kaa_decref",
    "int_from_int64": "kaa_int",
    "instance_data": "kaa_data",
    "error_add_frame": "KAA_TRACE",
}


def untested(slots, tests):
    """Slots that no C test calls, a line each: natively, and as a module that
    every Python runs."""
    bridge = tests / "cpython" / "modules"
    files = sorted(tests.rglob("*.c"))
    text = {
        "tests/native/api.c": "".join(f.read_text() for f in files if bridge not in f.parents),
        "tests/cpython/modules/slots.c": "".join(
            f.read_text() for f in files if bridge in f.parents
        ),
    }
    for place, calls in text.items():
        names = set(re.findall(r"\bkaa_\w+|\bKAA_TRACE\b", calls))
        for slot in slots:
            name = SPELT.get(slot.name, "kaa_" + re.sub("_v$", "", slot.name))
            if name not in names:
                yield f"no test calls {name}(): add it to {place}"


def bare(text):
    """Without what a formatter may move: white space, and stars of comments."""
    return re.sub(r"[\s*]+", "", text)


def main(arguments):
    write = arguments[:1] == ["--write"]
    include = pathlib.Path(arguments[1 if write else 0])
    slots = read((include / "kaa" / "api.def").read_text())
    header = include / "kaa" / "slots.h"
    page = include / "docs" / "reference.md"
    wanted = {header: header_of(slots), page: page_of(slots, by_hand(include / "kaa"))}
    stale = []
    for path, text in wanted.items():
        if write:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.is_file() or bare(path.read_text()) != bare(text):
            stale.append(path)
    formatter = shutil.which("clang-format-14") or shutil.which("clang-format")
    if write and formatter:
        subprocess.run([formatter, "-i", str(header)], check=True)
    for path in stale:
        print(f"{path} is stale: run python3 tests/abi/slots.py --write include")
    missing = [] if write else list(untested(slots, pathlib.Path(arguments[1])))
    for finding in missing:
        print(finding)
    return 1 if stale or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
