"""Native types under CPython: how instances, types and modules end."""

from __future__ import annotations

import gc
import os
import sys
import threading
import types
import unittest
import weakref
from typing import Any, List

import support  # noqa: F401
from module_cases import FREE_THREADED_BUILD, IMMORTAL, NativesCase


class Lives(NativesCase):
    def test_cycles(self) -> None:
        natives = self.natives
        gc.collect()
        _, cleared, destroyed = natives.counts()
        nodes = [natives.Node() for _ in range(10)]
        for i, node in enumerate(nodes):
            self.assertTrue(gc.is_tracked(node))
            node.add(nodes[(i + 1) % 10])
            node.add(node)
        self.assertIn(nodes[1], gc.get_referents(nodes[0]))
        self.assertIn(natives.Node, gc.get_referents(nodes[0]))
        del nodes, node
        gc.collect()
        _, after, gone = natives.counts()
        self.assertGreaterEqual(after, cleared + 1)
        self.assertEqual(gone, destroyed + 10)
        self.assertTrue(gc.is_tracked(natives.Series(1)))  # it holds its type

    def test_hidden_references(self) -> None:
        box = self.natives.Box()
        box.hide(box)
        reference = weakref.ref(box)
        del box
        gc.collect()
        self.assertIsNone(reference())

    def test_chains(self) -> None:
        """A long chain ends without deep recursion, here on a small stack."""

        def run() -> None:
            for kind in (self.natives.Box, self.natives.Crate):
                last = None
                for _ in range(200000):
                    last = kind(last)
                del last
            node = None
            for _ in range(200000):
                new = self.natives.Node()
                if node is not None:
                    new.add([node])
                node = new
            del node, new
            mixed: Any = None
            for i in range(100000):
                mixed = self.natives.Box([mixed] if i % 2 else {"a": mixed})
            del mixed

            class Mine(self.natives.Box):  # type: ignore[misc,name-defined]
                pass

            last = None
            for _ in range(100000):
                last = Mine(last)
            del last

        before = threading.stack_size(512 * 1024)
        try:
            runner = threading.Thread(target=run)
            runner.start()
        finally:
            threading.stack_size(before)
        runner.join()

    def test_finalize(self) -> None:
        natives = self.natives
        gc.collect()
        finalized = natives.counts()[0]
        natives.Final()
        self.assertEqual(natives.counts()[0], finalized + 1)
        one = natives.Final()
        one.add(one)
        del one
        gc.collect()
        self.assertEqual(natives.counts()[0], finalized + 2)
        one = natives.Final()
        one.resurrects = 1
        del one
        gc.collect()
        kept = natives.kept()
        self.assertEqual((natives.counts()[0], len(kept)), (finalized + 3, 1))
        self.assertIsInstance(kept[0], natives.Final)
        kept.clear()
        gc.collect()
        self.assertEqual(natives.counts()[0], finalized + 3)  # once

        class Mine(natives.Final):  # type: ignore[misc,name-defined]
            pass

        Mine()
        self.assertEqual(natives.counts()[0], finalized + 4)
        two = Mine()
        two.me = two
        del two
        gc.collect()
        self.assertEqual(natives.counts()[0], finalized + 5)

    def test_finalize_fails(self) -> None:
        told: List[Any] = []
        before = sys.unraisablehook
        sys.unraisablehook = lambda args: told.append(args.exc_type)
        try:
            one = self.natives.Final()
            one.on_end = lambda: 1 / 0
            try:
                raise KeyError("kept")
            except KeyError as error:
                del one
                self.assertEqual(error.args, ("kept",))
        finally:
            sys.unraisablehook = before
        self.assertEqual(told, [ZeroDivisionError])

    @unittest.skipIf(FREE_THREADED_BUILD, IMMORTAL)
    def test_modules_end(self) -> None:
        """A module that is imported again and dropped leaves nothing."""
        path = self.natives.__file__
        import kaa

        def turn(name: str) -> Any:
            module = kaa.import_module(path, name)
            box = module.Box([1])
            box.me = [box, module]
            reference = weakref.ref(module)
            del sys.modules[name]
            return reference

        for _ in range(5):
            turn("again")
            gc.collect()
        objects = len(gc.get_objects())
        for _ in range(100):
            reference = turn("again")
            gc.collect()
            self.assertIsNone(reference())
        self.assertLess(len(gc.get_objects()) - objects, 50)
        self.assertIs(self.natives.kept(), self.natives.kept())


class Making(NativesCase):
    @unittest.skipIf(FREE_THREADED_BUILD, IMMORTAL)
    def test_made_while_running(self) -> None:
        new = self.natives.new_type
        made = new(0)
        self.assertEqual((made.__name__, made.__doc__), ("Made", "Made."))
        self.assertIsInstance(made(), made)
        derived = new(0, made)
        self.assertIs(derived.__base__, made)
        last = new(8)
        self.assertEqual(last().named(1), (1, None))
        plain = new(5)
        self.assertEqual(plain.__module__, "natives")
        reference = weakref.ref(derived)
        del derived
        gc.collect()
        self.assertIsNone(reference())

    def test_refused(self) -> None:
        natives = self.natives
        new = natives.new_type
        for which in (1, 2, 3, 4, 7):
            self.assertRaises(SystemError, new, which)
        made = new(0)
        self.assertRaises(TypeError, new, 6, made)  # too little data
        for base in (list, 5, type, natives.Cursor, int, bool):
            self.assertRaises(TypeError, new, 0, base)
        self.assertRaises(TypeError, new, 0, ValueError)  # with data
        self.assertIs(new(5, ValueError).__base__, ValueError)

    @unittest.skipIf(FREE_THREADED_BUILD, IMMORTAL)
    def test_no_growth(self) -> None:
        new = self.natives.new_type

        def turns() -> None:
            for i in range(300):
                new(0, new(0))
                new(8)
                new(5, ValueError)
                for which in (1, 3):
                    self.assertRaises(SystemError, new, which)
                if i % 50 == 0:
                    gc.collect()
            gc.collect()

        turns()
        objects, blocks = len(gc.get_objects()), sys.getallocatedblocks()
        turns()
        self.assertLess(len(gc.get_objects()) - objects, 100)
        self.assertLess(sys.getallocatedblocks() - blocks, 500)


class Leaks(NativesCase):
    def once(self) -> None:
        natives = self.natives
        box = natives.Box([1], 2.5, number=3)
        box.item = {}
        box.any = box.twice
        box.twice = 3
        box.named(1, second=2.5)
        box.hide([1])
        box.__reduce__()
        box.of_class()
        for bad in (lambda: box.named(), lambda: setattr(box, "i8", 300)):
            try:
                bad()
            except (TypeError, OverflowError):
                pass
        crate = natives.Crate([2])
        crate.other = [crate]
        number = natives.Number(2**65)
        number + 1, 1 + number, -number, int(number), number == 5
        series = natives.Series(1, 2)
        list(series), series[1], memoryview(series).tolist(), series(1, a=2.5)
        proxy = natives.Proxy(types.SimpleNamespace())
        proxy.x = 2.5
        del proxy.x
        node = natives.Node()
        node.add(node)
        final = natives.Final()
        final.on_end = list
        natives.Failure("x").shout()
        natives.raw(natives.Crate)
        try:
            natives.raise_own(2.5)
        except natives.Error:
            pass

    def test_nothing_is_left(self) -> None:
        for _ in range(100):
            self.once()
        gc.collect()
        blocks, objects = sys.getallocatedblocks(), len(gc.get_objects())
        for _ in range(5000 * int(os.environ.get("KAA_TEST_LONG", "1"))):
            self.once()
        gc.collect()
        if not FREE_THREADED_BUILD:
            self.assertLess(sys.getallocatedblocks() - blocks, 2000)
        self.assertLess(len(gc.get_objects()) - objects, 100)

    def test_threads(self) -> None:
        """On builds without a GIL these run at once."""
        natives = self.natives
        shared = natives.Box([0])
        failed: List[BaseException] = []

        def run() -> None:
            try:
                for i in range(300):
                    self.once()
                    shared.item = [i]
                    self.assertIsInstance(shared.item, list)
                    shared.u64 = i
                    shared.hide(shared.item)
                    shared.twice
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])


if __name__ == "__main__":
    unittest.main()
