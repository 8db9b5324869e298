"""Modules built in the past, and the smallest example: one file that every
CPython loads, and C as well (tests/abi/module.c, tests/examples/run_module.c)."""
import os
import pathlib
import platform
import unittest

import kaa
import support

ROOT = pathlib.Path(os.environ["KAA_TEST_ROOT"])
FROZEN = ROOT / "tests/abi/module_0_1/frozen.kaa.so"
IS_X86_64_LINUX = (platform.system(), platform.machine()) == ("Linux", "x86_64")


class Frozen(unittest.TestCase):
    @unittest.skipUnless(IS_X86_64_LINUX, "the binary is for x86-64 Linux")
    def test_the_first_one(self):
        module = kaa.import_module(FROZEN)
        for _ in range(3):
            self.assertEqual(module.check(), "all is well")
        self.assertEqual(module.scale(1.5, 4), 6.0)
        box = module.Box(3, item="x")
        self.assertEqual((box.number, box.item, box.twice), (3, "x", 6))
        self.assertEqual(list(box), [0, 1, 2])
        self.assertTrue(issubclass(module.Error, ValueError))


class Example(unittest.TestCase):
    def setUp(self):
        self.module = kaa.import_module(os.environ["KAA_TEST_EXAMPLEMODULE"])

    def test_functions(self):
        module = self.module
        before = module.calls()
        self.assertIsNone(module.example_func("kaa"))
        self.assertEqual(module.calls(), before + 1)
        self.assertEqual(module.hypot3(2, 3, z=6.0), 7.0)
        self.assertEqual(module.repeat("ab", count=3), ["ab"] * 3)
        self.assertEqual(module.repeat(None), [None, None])

    def test_what_else_it_has(self):
        module = self.module
        self.assertEqual((module.answer, module.half), (42, 0.5))
        self.assertEqual(module.greeting, "hello")
        self.assertEqual(module.__name__, "examplemodule")
        self.assertIn("every Python and C", module.__doc__)

    def test_refusals(self):
        module = self.module
        for call, error, text in (
            (lambda: module.example_func(1), TypeError, "must be str, not int"),
            (lambda: module.example_func(""), module.Error, "nothing to print"),
            (lambda: module.example_func("a\0b"), ValueError, "embedded null"),
            (lambda: module.repeat(), TypeError, "missing required argument 'item'"),
            (lambda: module.repeat(1, conut=3), TypeError, "Did you mean 'count'?"),
            (lambda: module.repeat(1, 2**80), OverflowError, "out of range"),
            (lambda: module.hypot3(1, 2), TypeError, "hypot3"),
            (lambda: module.hypot3(1, 2, "x"), TypeError, "float expected, not str"),
        ):
            with self.assertRaisesRegex(error, text.replace("?", "[?]")):
                call()


if __name__ == "__main__":
    unittest.main()
