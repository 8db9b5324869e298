"""Importing extension modules: as any other."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import types
import unittest
from typing import Any, List

import kaa
import modules
import support


@unittest.skipUnless(support.BRIDGE, "only the interpreter's own objects")
class Case(unittest.TestCase):
    folder: str

    @classmethod
    def setUpClass(cls) -> None:
        import kaa.importer

        kaa.importer.install()
        cls.file = modules.path_of("slots")

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = os.path.realpath(temporary.name)
        path, before = list(sys.path), dict(sys.modules)
        sys.path.insert(0, self.folder)

        def restore() -> None:
            sys.path[:] = path
            for name in set(sys.modules) - set(before):
                if name.startswith(("ext", "pack")):
                    del sys.modules[name]

        self.addCleanup(restore)

    def place(self, *parts: str) -> str:
        target = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(self.file, target)
        importlib.invalidate_caches()
        return target

    def write(self, text: str, *parts: str) -> None:
        target = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        importlib.invalidate_caches()


class Finding(Case):
    def test_on_the_path(self) -> None:
        target = self.place("ext_one.kaa.so")
        module = importlib.import_module("ext_one")
        self.assertIs(type(module), types.ModuleType)
        self.assertEqual((module.__name__, module.__file__), ("ext_one", target))
        self.assertEqual(module.__package__, "")
        self.assertEqual(module.__doc__, "Each slot.")
        spec = module.__spec__
        assert spec is not None
        self.assertEqual((spec.name, spec.origin, spec.parent), ("ext_one", target, ""))
        self.assertTrue(spec.has_location)
        self.assertIsNone(spec.submodule_search_locations)
        self.assertIsInstance(module.__loader__, kaa.importer.Loader)
        self.assertIs(spec.loader, module.__loader__)
        self.assertIn("ext_one", repr(module))
        self.assertIs(sys.modules["ext_one"], module)
        self.assertEqual(inspect.getfile(module), target)
        self.assertIs(importlib.import_module("ext_one"), module)
        self.assertEqual(module.length.__module__, "ext_one")
        found = importlib.util.find_spec("ext_one")
        self.assertIs(found, spec)

    def test_in_a_package(self) -> None:
        self.write("value = 5\n", "pack", "__init__.py")
        self.write("some data", "pack", "data.txt")
        target = self.place("pack", "inner", "ext_two.kaa.so")
        self.write("from .ext_two import length\n", "pack", "inner", "__init__.py")
        inner = importlib.import_module("pack.inner")
        module = sys.modules["pack.inner.ext_two"]
        self.assertIs(inner.ext_two, module)
        self.assertIs(inner.length, module.length)
        self.assertEqual((module.__file__, module.__package__), (target, "pack.inner"))
        self.assertEqual(module.__name__, "pack.inner.ext_two")
        if sys.version_info >= (3, 9):
            from importlib import resources

            self.assertEqual(
                (resources.files("pack") / "data.txt").read_text(), "some data"
            )
            self.assertTrue((resources.files(inner) / "ext_two.kaa.so").is_file())

    def test_before_python_in_one_directory(self) -> None:
        self.place("ext_three.kaa.so")
        self.write("is_python = True\n", "ext_three.py")
        self.assertFalse(hasattr(importlib.import_module("ext_three"), "is_python"))

    def test_behind_a_package_in_one_directory(self) -> None:
        self.place("ext_three.kaa.so")
        self.write("is_python = True\n", "ext_three", "__init__.py")
        self.assertTrue(importlib.import_module("ext_three").is_python)

    def test_the_order_of_the_path(self) -> None:
        sys.path.insert(1, os.path.join(self.folder, "later"))
        self.place("ext_first.kaa.so")
        self.write("is_python = True\n", "later", "ext_first.py")
        self.write("is_python = True\n", "ext_last.py")
        self.place("later", "ext_last.kaa.so")
        self.write("", "later", "ext_only.txt")
        self.place("later", "ext_only.kaa.so")
        self.assertFalse(hasattr(importlib.import_module("ext_first"), "is_python"))
        self.assertTrue(importlib.import_module("ext_last").is_python)
        self.assertIn("later", importlib.import_module("ext_only").__file__ or "")

    def test_the_order_of_a_packages_path(self) -> None:
        self.write(
            "import os\n__path__.append(os.path.join(__path__[0], 'later'))\n",
            *("pack", "__init__.py"),
        )
        self.place("pack", "ext_first.kaa.so")
        self.write("is_python = True\n", "pack", "later", "ext_first.py")
        module = importlib.import_module("pack.ext_first")
        self.assertFalse(hasattr(module, "is_python"))

    def test_finders_made_before(self) -> None:
        self.place("ext_cached.kaa.so")
        text = """
            import sys
            sys.path.insert(0, sys.argv[1])
            try:
                import ext_cached
            except ImportError:
                pass
            import kaa.importer
            import ext_cached
            print(ext_cached.__name__)
        """
        done = support.run_python("-c", textwrap.dedent(text), self.folder)
        self.assertEqual((done.stdout, done.stderr), ("ext_cached\n", ""))

    def test_not_there(self) -> None:
        with self.assertRaises(ModuleNotFoundError) as caught:
            importlib.import_module("ext_four")
        self.assertEqual(caught.exception.name, "ext_four")
        self.place("ext_four.kaa.so")
        importlib.import_module("ext_four")
        os.makedirs(os.path.join(self.folder, "ext_folder"))
        namespace = importlib.import_module("ext_folder")
        self.assertIsNone(getattr(namespace, "__file__", None))

    def test_the_current_directory(self) -> None:
        self.place("ext_here.kaa.so")
        before = os.getcwd()
        sys.path[:] = ["" if entry == self.folder else entry for entry in sys.path]
        os.chdir(self.folder)
        try:
            module = importlib.import_module("ext_here")
        finally:
            os.chdir(before)
        self.assertEqual(os.path.dirname(os.path.abspath(module.__file__ or "")), self.folder)

    def test_reload(self) -> None:
        self.place("ext_five.kaa.so")
        module = importlib.import_module("ext_five")
        module.extra = 1  # type: ignore[attr-defined]
        length = module.length
        self.assertIs(importlib.reload(module), module)
        self.assertIs(module.length, length)
        self.assertEqual(module.extra, 1)  # type: ignore[attr-defined]
        del sys.modules["ext_five"]
        again = importlib.import_module("ext_five")
        self.assertIsNot(again, module)

    def test_uninstall(self) -> None:
        self.place("ext_six.kaa.so")
        kaa.importer.uninstall()
        try:
            self.assertRaises(ModuleNotFoundError, importlib.import_module, "ext_six")
        finally:
            kaa.importer.install()
            kaa.importer.install()
        importlib.import_module("ext_six")
        self.assertEqual(sys.path_hooks.count(kaa.importer._hook), 1)

    def test_broken(self) -> None:
        self.write("no library", "ext_bad.kaa.so")
        with self.assertRaises(ImportError) as caught:
            importlib.import_module("ext_bad")
        self.assertEqual(caught.exception.name, "ext_bad")
        self.assertIn("ext_bad.kaa.so", str(caught.exception))
        self.assertNotIn("ext_bad", sys.modules)


class InPackages(unittest.TestCase):
    """What a module of a package makes pickles, wherever it runs."""

    def test_exceptions(self) -> None:
        natives = modules.path_of("natives")
        text = """
            import sys, pickle, subprocess
            sys.path.insert(0, sys.argv[1])
            import kaa.importer
            from pack.inner import natives
            print(natives.Error.__module__, natives.Error.__qualname__)
            try:
                natives.raise_own(5)
            except natives.Error as error:
                data = pickle.dumps(error)
            code = (
                "import sys, kaa.importer, pickle;"
                f"sys.path.insert(0, {sys.argv[1]!r});"
                f"print(repr(pickle.loads({data!r})))"
            )
            print(subprocess.check_output([sys.executable, "-c", code]).decode().strip())
        """
        with tempfile.TemporaryDirectory() as folder:
            inner = os.path.join(folder, "pack", "inner")
            os.makedirs(inner)
            for package in (os.path.dirname(inner), inner):
                with open(os.path.join(package, "__init__.py"), "w"):
                    pass
            shutil.copy(natives, inner)
            done = support.run_python("-c", textwrap.dedent(text), folder)
        self.assertEqual(done.stderr, "")
        self.assertEqual(
            done.stdout.split("\n"), ["pack.inner.natives Error", "Error(5)", ""]
        )


class ByPath(Case):
    def test_load(self) -> None:
        target = self.place("ext_seven.kaa.so")
        module = kaa.import_module(target)
        self.assertEqual((module.__name__, module.__file__), ("ext_seven", target))
        self.assertIs(kaa.import_module(target), module)
        self.assertIs(kaa.import_module(os.fsencode(target)), module)
        other = kaa.import_module(target, "ext_other")
        self.assertEqual((other.__name__, other.__file__), ("ext_other", target))
        self.assertIsNot(other, module)
        self.assertEqual(other.length([1]), 1)

    def test_refused(self) -> None:
        for name in ("none.kaa.so", "no/such/folder.kaa.so"):
            with self.assertRaises(ImportError) as caught:
                kaa.import_module(os.path.join(self.folder, name))
            self.assertIn(os.path.basename(name), str(caught.exception))
        with self.assertRaises(ImportError):
            kaa.import_module("libc.so.6")
        for kind in ("magic", "symbol", "minor", "size_short", "size_beyond"):
            path = os.path.join(modules.FOLDER, f"broken_{kind}.kaa.so")
            if os.path.exists(path):
                with self.assertRaises(ImportError) as refused:
                    kaa.import_module(path)
                self.assertIn(f"broken_{kind}", str(refused.exception))
        for number in range(1, 6):
            path = os.path.join(modules.FOLDER, f"failing_{number}.kaa.so")
            if os.path.exists(path):
                for _ in range(3):
                    with self.assertRaises(Exception) as failed:
                        kaa.import_module(path)
                    self.assertNotIsInstance(failed.exception, AssertionError)
                self.assertNotIn(f"failing_{number}", sys.modules)

    def test_without_the_finder(self) -> None:
        text = """
            import sys, kaa
            kaa.import_module(sys.argv[1])
            assert "kaa.importer" not in sys.modules
            import slots
        """
        done = support.run_python("-c", textwrap.dedent(text), self.file)
        self.assertEqual(done.returncode, 0, done.stderr)


class Interpreters(Case):
    def run_in(self, texts: List[str]) -> subprocess.CompletedProcess:
        text = f"""
            import sys
            try:
                import _xxsubinterpreters as interpreters
            except ImportError:
                import _interpreters as interpreters
            import kaa
            FILE = {self.file!r}
            NATIVES = {os.path.join(modules.FOLDER, "natives.kaa.so")!r}
            slots = kaa.import_module(FILE)
            ids = []
            for _ in range(3):
                try:
                    one = interpreters.create(isolated=False)
                except TypeError:
                    try:
                        one = interpreters.create("legacy")
                    except TypeError:
                        one = interpreters.create()
                ids.append(one)
            def run(one, text):
                failed = interpreters.run_string(one, text)
                if failed is not None:
                    raise SystemExit(str(failed))
            path = "import sys; sys.path[:] = %r; FILE = %r; NATIVES = %r\\n" % (
                sys.path, FILE, NATIVES)
        """
        program = textwrap.dedent(text)
        for part in texts:
            program += textwrap.dedent(part)
        return support.run_python("-c", program)

    def test_subinterpreters(self) -> None:
        done = self.run_in(
            [
                """
                work = path + '''
                import gc, weakref
                import kaa
                slots = kaa.import_module(FILE)
                assert slots.length([1, 2]) == 2
                assert slots.module_find(1) is slots
                assert slots.builtin(0) is None
                natives = kaa.import_module(NATIVES)
                box = natives.Box([1], number=2)
                assert box.twice == 4.0 and box.module() is natives
                box.item = box
                ref = weakref.ref(box)
                del box
                gc.collect()
                assert ref() is None
                try:
                    natives.raise_own(1)
                except natives.Error as error:
                    assert natives.Failure(1).shout() == "1!"
                assert slots.enter(list) == []
                '''.replace("\\n                ", "\\n")
                for one in ids:
                    run(one, work)
                assert slots.length([1, 2, 3]) == 3
                for one in ids:
                    run(one, "assert slots.length([1]) == 1; natives.Box()")
                    interpreters.destroy(one)
                assert slots.length([1]) == 1
                assert kaa.import_module(NATIVES).Box(number=1).twice == 2
                print("done")
                """
            ]
        )
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"), done.stderr)

    def test_a_callback_of_a_subinterpreter(self) -> None:
        """Called by the main one's threads: the subinterpreter ends all the same."""
        done = self.run_in(
            [
                """
                import os, threading
                LIBRARY = os.environ["KAA_TEST_SAMPLES"]
                TEXT = "void keep(int (*function)(int)); int call_kept(int value);"
                main = kaa.load(LIBRARY, TEXT)
                work = path + "import kaa; library = kaa.load(%r, %r);" % (LIBRARY, TEXT)
                work += "library.keep(lambda value: 3 * value)"
                for one in ids:
                    run(one, work)
                    got = [main.call_kept(5), main.call_kept(6)]
                    thread = threading.Thread(target=lambda: got.append(main.call_kept(7)))
                    thread.start()
                    thread.join()
                    run(one, "assert library.call_kept(1) == 3")
                    assert got == [15, 18, 21], got
                    interpreters.destroy(one)
                    assert main.call_kept(5) == 0
                print("done")
                """
            ]
        )
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
