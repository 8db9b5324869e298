"""Runs an example and compares its output with what its head says it prints.

    run.py PROGRAM SOURCE

The expected lines stand in the first comment, after a line that ends in
"prints:" (or "Prints:"), up to the comment's end.
"""
import difflib
import pathlib
import re
import subprocess
import sys


def expected(text):
    match = re.search(r"^ \*.*[Pp]rints:\n(.*?)^ \*/", text, re.DOTALL | re.MULTILINE)
    if not match:
        sys.exit("the example does not say what it prints")
    lines = [line[len(" *   ") :] for line in match.group(1).splitlines()]
    return lines[1:] if lines and not lines[0] else lines


def main(program, source):
    wanted = expected(pathlib.Path(source).read_text())
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True, timeout=300)
    printed = done.stdout.splitlines()
    for line in difflib.unified_diff(wanted, printed, "wanted", "printed", lineterm=""):
        print(line)
    sys.exit(done.returncode or printed != wanted)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
