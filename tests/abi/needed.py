"""What libkaa.so asks of the machine: libffi, the C library, nothing else.

    needed.py libkaa.so MAJOR.MINOR

And that its soname is the one promised, its stack is not executable (one file
of assembly without a note would make every program's so), and that no code is
relocated in place.
"""
import re
import subprocess
import sys

ALLOWED = re.compile(
    r"lib(ffi|c|m|dl|pthread|rt|gcc_s)\.so|ld-linux|libc\.musl-|ld-musl-"
)


def read(library):
    """`readelf`'s dynamic section and program headers, as text."""
    return subprocess.run(
        ["readelf", "--dynamic", "--program-headers", "--wide", str(library)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    ).stdout


def judge(text, version):
    for name in re.findall(r"\(NEEDED\).*?\[(.*?)\]", text):
        if not ALLOWED.match(name):
            yield f"it needs {name}"
    sonames = re.findall(r"\(SONAME\).*?\[(.*?)\]", text)
    if sonames != [f"libkaa.so.{version}"]:
        yield f"its soname is {sonames}, wanted libkaa.so.{version}"
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", text)
    if not stack or "E" in stack.group(1):
        yield "its stack is executable"
    if "(TEXTREL)" in text:
        yield "it has relocations in code"
    if re.search(r"\((RPATH|RUNPATH)\)", text):
        yield "it searches directories of its own"


def main(library, version):
    findings = list(judge(read(library), version))
    for finding in findings:
        print(f"{library}: {finding}")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main(*sys.argv[1:])
