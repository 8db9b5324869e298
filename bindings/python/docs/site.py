"""The guide as a site: site.py ROOT BUILD_FOLDER.

Gathers the pages of bindings/python/docs and include/docs, the README and the record
of changes into one folder and runs Sphinx over them. Sphinx, its Markdown parser and
its theme are installed into a virtual environment of the build folder where this
Python has not got them.
"""

from __future__ import annotations

import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import venv

NEEDED = {"sphinx": "sphinx>=7", "myst_parser": "myst-parser>=3", "furo": "furo"}

# Title of a part, and its pages in the order of reading; pages that are not
# named here come last.
PARTS = [
    ("Python", "python", ["calling", "data", "callbacks", "headers", "gil", "memory", "reports", "packaging", "tested"]),
    ("C", "c", ["modules", "runtime", "calling", "debugging", "reference"]),
]

CONFIGURATION = """
project = "kaa"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "kaa"
myst_heading_anchors = 3
# Fences say what tests do with a block; sites show it.
suppress_warnings = ["misc.highlighting_failure", "myst.xref_missing"]
"""


def python_with_sphinx(build: pathlib.Path) -> str:
    """A Python that has what is needed."""
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return sys.executable
    folder = build / "venv"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "-q", *NEEDED.values()]
        if subprocess.run(command).returncode:
            shutil.rmtree(folder)
            sys.exit("the guide needs " + ", ".join(NEEDED.values()))
    return str(python)


def without_fence_words(text: str) -> str:
    """Pages as readers see them: fences keep their language alone."""
    text = re.sub(r"^```(\w+) [^\n]*$", r"```\1", text, flags=re.M)
    return re.sub(r"^<!-- needs:.*?-->\n", "", text, flags=re.M)


def gather(root: pathlib.Path, source: pathlib.Path) -> None:
    shutil.rmtree(source, ignore_errors=True)
    parts = []
    folders = [root / "bindings" / "python" / "docs", root / "include" / "docs"]
    for (title, name, order), folder in zip(PARTS, folders):
        target = source / name
        target.mkdir(parents=True)
        pages = {path.stem: path for path in folder.glob("*.md")}
        ordered = [stem for stem in order if stem in pages]
        ordered += sorted(set(pages) - set(order))
        for stem in ordered:
            (target / f"{stem}.md").write_text(without_fence_words(pages[stem].read_text()))
        listed = "\n".join(f"{name}/{stem}" for stem in ordered)
        parts.append(f"```{{toctree}}\n:caption: {title}\n{listed}\n```\n")
    changes = (root / "include" / "CHANGES.md").read_text()
    (source / "changes.md").write_text(changes)
    readme = (root / "README.md").read_text()
    index = readme + "\n" + "\n".join(parts) + "\n```{toctree}\n:hidden:\nchanges\n```\n"
    (source / "index.md").write_text(index)
    (source / "conf.py").write_text(CONFIGURATION)


def main(root: str, build: str) -> None:
    folder = pathlib.Path(build)
    folder.mkdir(parents=True, exist_ok=True)
    gather(pathlib.Path(root), folder / "source")
    command = [python_with_sphinx(folder), "-m", "sphinx", "-q", "-b", "html"]
    command += [str(folder / "source"), str(folder / "site")]
    if subprocess.run(command).returncode:
        sys.exit(1)
    print(folder / "site" / "index.html")


if __name__ == "__main__":
    main(*sys.argv[1:])
