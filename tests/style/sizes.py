"""Functions to 70 lines, files to 600, but for what sizes.txt allows.

    sizes.py ROOT sizes.txt FOLDER...

C and Python alike. A line of sizes.txt is "path LINES - reason" for a file,
"path:function LINES - reason" for a function; one that allows more than is
needed by a tenth, or something that has shrunk below the limit, is a finding
too: the list only ever describes what is there.
"""
import ast
import pathlib
import re
import sys

import source

FUNCTION_MAX = 70
FILE_MAX = 600
ALLOWED = re.compile(r"^(\S+) (\d+) - \S.*$")
# .clang-format puts a function's name, or the macro that stands for it, at the
# start of a line, and its braces there as well.
HEAD = re.compile(r"^([A-Za-z_]\w*)\(")
TEST = re.compile(r"^KAA_TEST\((\w+)\)")


def c_functions(text):
    """Yields (name, first line, number of lines)."""
    lines = source.without_comments(text, literals=True).split("\n")
    head, is_open = None, False
    for number, line in enumerate(lines, 1):
        match = TEST.match(line) or HEAD.match(line)
        if match and not is_open:
            head = (match.group(1), number)
        elif line.startswith("{") and head:
            is_open = True
        elif line.startswith("}") and is_open:
            yield head[0], head[1], number - head[1] + 1
            head, is_open = None, False
        if line.rstrip().endswith(";") and not is_open:
            head = None  # it was a declaration


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def measure(root, folders):
    """{"path" or "path:function": (lines, limit)} for everything."""
    found = {}
    for folder in folders:
        for path in sorted((pathlib.Path(root) / folder).rglob("*")):
            if path.suffix not in (".c", ".h", ".def", ".py", ".cc"):
                continue
            if {"build", "dist", "corpus"} & set(path.parts[len(root.parts) :]):
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text()
            found[name] = (text.count("\n"), FILE_MAX)
            split = python_functions if path.suffix == ".py" else c_functions
            for function, _, lines in split(text):
                key = f"{name}:{function}"
                found[key] = max(found.get(key, (0, 0)), (lines, FUNCTION_MAX))
    return found


def check(found, allowed_text):
    findings, allowed = [], {}
    for number, line in enumerate(allowed_text.splitlines(), 1):
        match = ALLOWED.match(line)
        if match:
            allowed[match.group(1)] = int(match.group(2))
        elif line.strip() and not line.startswith("#"):
            findings.append(f"sizes.txt:{number}: not 'path[:function] LINES - reason'")
    for key, (lines, limit) in found.items():
        if lines > max(limit, allowed.get(key, 0)):
            findings.append(
                f"{key} has {lines} lines, more than {limit}: split it, or say in"
                " tests/style/sizes.txt why not"
            )
    for key, most in allowed.items():
        lines, limit = found.get(key, (0, 0))
        if lines <= limit:
            findings.append(f"sizes.txt: {key} needs no exception ({lines} lines)")
        elif most > lines * 1.1:
            findings.append(f"sizes.txt: {key} has {lines} lines, {most} are allowed")
    return findings


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    measured = measure(root, sys.argv[3:])
    longest = sorted(measured.items(), key=lambda item: -item[1][0] / item[1][1])
    for key, (lines, limit) in longest[:10]:
        print(f"{lines:5} of {limit}: {key}")
    source.report(check(measured, pathlib.Path(sys.argv[2]).read_text()))
