"""The examples of the package's README run."""

from __future__ import annotations

import os
import re
import unittest
from typing import Any, Dict

import support


class Readme(unittest.TestCase):
    def test_examples(self) -> None:
        path = os.path.join(support.ROOT, "bindings", "python", "README.md")
        with open(path) as file:
            examples = re.findall(r"```python\n(.*?)```", file.read(), re.S)
        self.assertGreater(len(examples), 2)
        names: Dict[str, Any] = {"print": lambda *values: None}
        for example in examples:
            exec(compile(example, path, "exec"), names)


if __name__ == "__main__":
    unittest.main()
