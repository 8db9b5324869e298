"""The programs in README.md run, and print what it says there.

    readme.py README.md INCLUDE LIBRARY CC   the C programs, and the module
    readme.py README.md                      the Python ones

In Python, a comment behind a print() is what it prints; one that begins with
"such as" is an example, and one with the name of an exception is what is raised.
"""
import contextlib
import io
import pathlib
import re
import subprocess
import sys
import tempfile


def blocks(text, language):
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, text, re.DOTALL | re.MULTILINE)


def c_programs(text, include, library, cc):
    """Builds modules first: a program may import them from where it runs."""
    where = pathlib.Path(library).resolve().parent
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{include}"]
    codes = blocks(text, "c")
    modules = [one for one in codes if "KAA_MODULE(" in one]
    programs = [one for one in codes if "int main(" in one]
    if len(modules) != 1 or len(programs) != 1:
        sys.exit(f"{len(modules)} modules and {len(programs)} programs found")
    with tempfile.TemporaryDirectory(prefix="kaa-readme-") as folder:
        c, out = pathlib.Path(folder, "readme.c"), pathlib.Path(folder, "readme")
        for code in modules:
            name = re.search(r"KAA_MODULE\((\w+)", code).group(1)
            c.write_text(code)
            shared = ["-shared", "-fPIC", "-o", f"{folder}/{name}.kaa.so", "-lm"]
            subprocess.run([cc, *flags, str(c), *shared], check=True)
        for code in programs:
            wanted = re.search(r"printf\([^;]*\);\s*/\* (.*?) \*/", code).group(1)
            c.write_text(code)
            linked = ["-o", str(out), str(library), f"-Wl,-rpath,{where}"]
            subprocess.run([cc, *flags, str(c), *linked], check=True)
            done = subprocess.run(
                [str(out)], stdout=subprocess.PIPE, text=True, cwd=folder
            )
            if done.returncode != 0 or done.stdout.strip() != wanted:
                sys.exit(f"it printed {done.stdout!r} ({done.returncode}), not {wanted!r}")


def says(line, namespace):
    """What a print() line prints, or the exception it raises."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(line, namespace)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return printed.getvalue().strip()


def python_programs(text):
    namespace = {}
    checked = 0
    for block in blocks(text, "python"):
        code = ""
        for line in block.splitlines():
            shown = re.match(r"(print\(.*\)) +# (.*)$", line)
            if not shown:
                code += line + "\n"
                continue
            exec(code, namespace)
            code = ""
            printed, wanted = says(shown.group(1), namespace), shown.group(2)
            checked += 1
            if wanted.startswith("such as "):
                is_right = printed and "Error: " not in printed
            elif wanted.endswith("..."):
                is_right = printed.startswith(wanted[: -len("...")])
            else:
                is_right = printed == wanted
            if not is_right:
                sys.exit(f"{line}\nit printed {printed!r}")
        exec(code, namespace)
    if not checked:
        sys.exit("no print() with a comment was found")


def main(readme, *arguments):
    text = pathlib.Path(readme).read_text()
    if arguments:
        c_programs(text, *arguments)
    else:
        python_programs(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
