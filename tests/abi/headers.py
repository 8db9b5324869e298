"""Each public header compiles alone, as C11 and as C++11, without a warning.

    headers.py include COMPILER...

C compilers and C++ compilers are told apart by their names; compilers that are
not on this machine are passed over, but there must be one.
"""
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "style"))
import source  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror"]


def language(compiler):
    name = pathlib.Path(compiler).name
    if "++" in name:
        return ["-x", "c++", "-std=c++11", *WARNINGS]
    return ["-x", "c", "-std=c11", "-Wstrict-prototypes", *WARNINGS]


def compile_alone(compiler, include, header):
    """The compiler's complaint about one header, "" if it has none."""
    done = subprocess.run(
        [compiler, *language(compiler), "-fsyntax-only", "-I", str(include), "-"],
        input=2 * f"#include <kaa/{header}>\n" + "extern int something;\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout if done.returncode else ""


def main(include, compilers):
    found = sorted({c for c in compilers if shutil.which(c)})
    if not found:
        sys.exit("no compiler found")
    findings = []
    for compiler in found:
        for path in sorted(pathlib.Path(include, "kaa").glob("*.h")):
            complaint = compile_alone(compiler, include, path.name)
            if complaint:
                findings.append(f"{compiler}, {path.name}:\n{complaint}")
    source.report(findings)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
