"""Every code block of the guide runs, and prints what it says there."""

from __future__ import annotations

import os
import tempfile
import unittest

import support

FOLDERS = [
    os.path.join(support.ROOT, "bindings", "python", "docs"),
    os.path.join(support.ROOT, "include", "docs"),
]
RUNNER = os.path.join(support.ROOT, "tests", "python", "pages.py")


class Guide(unittest.TestCase):
    def check(self, path: str) -> None:
        with tempfile.TemporaryDirectory(prefix="kaa-page-") as folder:
            done = support.run_python(RUNNER, path, folder)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_wrong_page_is_noticed(self) -> None:
        wrong = ["print(1)   # 2", "1/0", "raise ValueError", "import nosuchmodule"]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "page.md")
            for code in wrong:
                with open(path, "w") as file:
                    file.write(f"# Page\n\n```python\n{code}\n```\n")
                done = support.run_python(RUNNER, path, folder)
                self.assertEqual(done.returncode, 1, code)
                self.assertIn("page.md:4", done.stderr)


def add(folder: str, name: str) -> None:
    path = os.path.join(folder, name)
    stem = name[: -len(".md")].replace("-", "_")
    kind = "c_" if folder == FOLDERS[1] else ""
    setattr(Guide, f"test_{kind}{stem}", lambda self: self.check(path))


for _folder in FOLDERS:
    for _name in sorted(os.listdir(_folder)) if os.path.isdir(_folder) else []:
        if _name.endswith(".md"):
            add(_folder, _name)


if __name__ == "__main__":
    unittest.main()
