"""lib/libkaa-gdb.py on a program that stops with objects of many kinds.

    gdb.py GDB LIBKAA_GDB PROGRAM
"""

import subprocess
import sys

WANTED = [
    "is_int = 42",
    "is_none = None",
    "is_text = <str 'a text', 2 references>",
    "is_real = <float 2.5, 1 references>",
    "is_list = <list 2 items, 1 references>",
    "[0] <str 'a text', 2 references>",
    "[1] 7",
    "#0 look at",
    "object = <list 2 items, 1 references>",
    "pending: <ValueError",
    "args = <str 'wrong', ",
]


def main(tool, script, program):
    commands = ["set confirm off", f"source {script}", "break look", "run"]
    commands += ["up", "info locals", "kaa-object is_list", "kaa-bt"]
    arguments = [tool, "-batch", "-nx"]
    for command in commands:
        arguments += ["-ex", command]
    done = subprocess.run(
        [*arguments, program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=120,
    )
    if "ptrace: Operation not permitted" in done.stdout:
        print("skipped: this system lets nobody trace")
        sys.exit(77)
    missing = [text for text in WANTED if text not in done.stdout]
    if missing:
        print(done.stdout)
        sys.exit(f"gdb did not print {missing}")


if __name__ == "__main__":
    main(*sys.argv[1:])
