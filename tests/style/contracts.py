"""Holds public declarations to the contract that their comments give.

    contracts.py include/kaa

A header opens with an essay and guards itself. Each KAA_API function stands
behind a doc comment whose first sentence ends in a full stop, with @gil and
@since, and @fails if it returns a kaa_status; tags in the order of ORDER. @gil
begins with held, free or any; @fails names statuses that exist; a reference to
a function names one that exists.
"""
import pathlib
import re
import sys

import source

ORDER = ["param", "return", "owns", "gil", "fails", "since", "cost"]
TAG = re.compile(r"@(\w+)[ \t]*(.*)")


def names_of(include):
    """Every KAA_NAME that the headers define: statuses, constants, macros."""
    found = set()
    for path in source.c_files(include):
        bare = source.without_comments(path.read_text())
        found |= set(re.findall(r"\bKAA_\w+", bare))
        if path.suffix == ".def":
            found |= {f"KAA_{name}" for name in re.findall(r"KAA_STATUS\((\w+),", bare)}
    return found


def inline_functions(include):
    found = set()
    for path in pathlib.Path(include).glob("*.h"):
        bare = source.without_comments(path.read_text())
        found |= set(re.findall(r"^static inline [^;{]*?\b(kaa_\w+)\(", bare, re.MULTILINE))
    return found


def comment_before(text, position):
    """The doc comment that ends right before a position, or None."""
    before = text[:position].rstrip()
    if not before.endswith("*/"):
        return None
    start = before.rfind("/*")
    comment = before[start:]
    if not comment.startswith("/**") or comment.startswith("/**<"):
        return None
    lines = comment[3:-2].splitlines()
    return "\n".join(re.sub(r"^\s*\* ?", "", line) for line in lines).strip()


def tags_of(comment):
    """[(tag, its text with the lines that follow)]."""
    found = []
    for line in comment.splitlines():
        match = TAG.match(line.strip())
        if match:
            found.append([match.group(1), match.group(2)])
        elif found:
            found[-1][1] += " " + line.strip()
    return [(tag, text.strip()) for tag, text in found]


def judge(declaration, comment, known_names, known_functions):
    """Yields what is wrong with one function's comment."""
    if comment is None:
        yield "has no doc comment"
        return
    tags = tags_of(comment)
    names = [tag for tag, _ in tags]
    prose = re.split(r"^\s*@", comment, maxsplit=1, flags=re.MULTILINE)[0].strip()
    if not re.match(r"[A-Za-z_].*?[.:]", prose, re.DOTALL):
        yield "does not begin with a sentence"
    for tag in names:
        if tag not in ORDER:
            yield f"@{tag} is not a tag of kaa's"
    ranks = [ORDER.index(tag) for tag in names if tag in ORDER]
    if ranks != sorted(ranks):
        yield f"tags stand as {' '.join(names)}, wanted {' '.join(ORDER)}"
    for tag in set(names) - {"param"}:
        if names.count(tag) > 1:
            yield f"@{tag} stands twice"
    for tag in ("gil", "since"):
        if tag not in names:
            yield f"lacks @{tag}"
    returns_status = re.match(r"KAA_API\s+(KAA_NODISCARD\s+)?kaa_status\s", declaration)
    if returns_status and "fails" not in names:
        yield "returns a kaa_status and lacks @fails"
    yield from judge_texts(dict(tags), known_names)
    for name in re.findall(r"\b(kaa_\w+)\(\)", comment):
        if name not in known_functions:
            yield f"refers to {name}(), which is not declared"


def judge_texts(tags, known_names):
    if "gil" in tags and not re.match(r"(held|free|any)\b", tags["gil"]):
        yield "@gil is none of held, free, any"
    if "since" in tags and not re.fullmatch(r"\d+\.\d+", tags["since"]):
        yield "@since is no release"
    for name in re.findall(r"\bKAA_\w+", tags.get("fails", "")):
        if name not in known_names:
            yield f"@fails names {name}, which no header defines"
    if "fails" in tags and not re.search(r"\bKAA_|\b[Aa]s kaa_", tags["fails"]):
        yield "@fails names no status"


SLOT = re.compile(r"^KAA_(?:VOID_|BARE_)?SLOT\((?!result|name)", re.MULTILINE)


def check_slots(path, text):
    """Each slot of the table has a comment of its own before it."""
    for match in SLOT.finditer(text):
        before = text[: match.start()].rstrip()
        comment = before[before.rfind("/*") :]
        if not before.endswith("*/") or comment.startswith("/* ---"):
            line = source.line_of(text, match.start())
            yield f"{path}:{line}: slot without a comment"


def check_all(path, text):
    """kaa.h includes every other public header but cpython.h, which programs have
    no use for; base.h includes version.h."""
    for other in sorted(path.parent.glob("*.h")):
        if other.stem not in ("kaa", "version", "cpython"):
            if f"#include <kaa/{other.name}>\n" not in text:
                yield f"{path}: does not include {other.name}"


def check(include):
    known_names = names_of(include)
    functions = source.declared(include)
    known_functions = set(functions) | inline_functions(include)
    findings = []
    table = pathlib.Path(include) / "api.def"
    if table.exists():
        findings += check_slots(table, table.read_text())
    for path in sorted(pathlib.Path(include).glob("*.h")):
        text = path.read_text()
        guard = f"KAA_{path.stem.upper()}_H"
        if not text.startswith(f"/* kaa/{path.name} - "):
            findings.append(f"{path}:1: does not open with '/* kaa/{path.name} - '")
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            findings.append(f"{path}:1: is not guarded by {guard}")
        if path.name == "kaa.h":
            findings += check_all(path, text)
        bare = source.without_comments(text)
        for match in source.DECLARATION.finditer(bare):
            name = match.group(2)
            if functions.get(name, ("",))[0] != path.name:
                continue
            comment = comment_before(text, match.start())
            line = source.line_of(text, match.start())
            for why in judge(match.group(), comment, known_names, known_functions):
                findings.append(f"{path}:{line}: {name} {why}")
            stem = {"base": "(status|version|base)"}.get(path.stem, path.stem)
            if not re.match(rf"kaa_{stem}_", name):
                findings.append(f"{path}:{line}: {name} does not begin kaa_{path.stem}_")
    return findings


if __name__ == "__main__":
    source.report(check(sys.argv[1]))
