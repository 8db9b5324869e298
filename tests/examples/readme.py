"""The C program in README.md compiles, runs, and prints what it says there.

    readme.py README.md INCLUDE LIBRARY CC
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main(readme, include, library, cc):
    text = pathlib.Path(readme).read_text()
    block = re.search(r"^```c\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    code = block.group(1)
    wanted = re.search(r"printf\(.*?\);\s*/\* (.*?) \*/", code).group(1)
    with tempfile.TemporaryDirectory(prefix="kaa-readme-") as folder:
        c, out = pathlib.Path(folder, "readme.c"), pathlib.Path(folder, "readme")
        c.write_text(code)
        where = pathlib.Path(library).parent
        command = [cc, "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{include}"]
        command += [str(c), "-o", str(out), str(library), f"-Wl,-rpath,{where}"]
        subprocess.run(command, check=True)
        done = subprocess.run([str(out)], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0 or done.stdout.strip() != wanted:
        sys.exit(f"it printed {done.stdout!r} ({done.returncode}), not {wanted!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
