"""Modules without the bridge: conversions, proxies and their lifetimes. Under
every interpreter, on the native runtime in the process."""
import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import unittest

import support
from kaa._modules import plain_module as _plain_module
from kaa._modules import runtime as _runtime

SAMPLE = os.environ["KAA_TEST_SAMPLE"]
sample = _plain_module.load(os.fsencode(SAMPLE))


def settle():
    for _ in range(3):
        gc.collect()


class Conversions(unittest.TestCase):
    def test_there_and_back(self):
        values = [None, True, False, 0, -1, 2**62, -(2**63), 2**200, -(2**64)]
        values += [0.5, float("inf"), 1 - 2.5j, "", "h\u00e9\U0001f40d", "a\0b", b"\0x"]
        values += [(), (1, ("a", [b"x", {"k": {1, 2}}])), [], {1: [2]}]
        values += [set(), frozenset([1, "x"]), bytearray(b"ab"), Ellipsis]
        for value in values:
            back = sample.first(value)
            self.assertEqual(back, value)
            self.assertIs(type(back), type(value))
        self.assertTrue(sample.first(float("nan")) != sample.first(float("nan")))

    def test_values_are_copies(self):
        value = [[1], 2]
        back = sample.first(value)
        self.assertIsNot(back, value)
        self.assertIsNot(back[0], value[0])

    def test_a_list_that_holds_itself_comes_back_so(self):
        made = sample.made()
        self.assertIs(made[0], sample)
        self.assertEqual(made[1], 7)

    def test_other_objects_are_kept(self):
        thing = object()
        self.assertIs(sample.first(thing), thing)
        before = len(_plain_module._objects)
        self.assertIs(sample.first(thing), thing)
        self.assertEqual(len(_plain_module._objects), before)

    def test_lone_surrogates_are_refused(self):
        with self.assertRaises(UnicodeEncodeError):
            sample.first("\ud800")


class Functions(unittest.TestCase):
    def test_typed(self):
        self.assertEqual(sample.tiny(-128), -128)
        self.assertEqual(sample.wide(2**64 - 1), 2**64 - 1)
        self.assertEqual(sample.divide(17, b=5), (3, 2))
        self.assertEqual(sample.skip("hello", 2), "llo")
        with self.assertRaisesRegex(OverflowError, "128 is out of range for int8_t"):
            sample.tiny(128)
        with self.assertRaises(FileNotFoundError) as caught:
            sample.fail_with(2)
        self.assertEqual(caught.exception.errno, 2)

    def test_unknown_attribute(self):
        with self.assertRaisesRegex(AttributeError, "nothing"):
            sample.nothing
        self.assertIn("divide", dir(sample))


class Types(unittest.TestCase):
    def test_instances(self):
        counter = sample.Counter(5)
        self.assertIsInstance(counter, sample.Counter)
        self.assertEqual(sample.Counter.__name__, "Counter")
        self.assertEqual(counter.add("x"), 6)
        self.assertEqual((counter.count, counter.last), (6, "x"))
        counter.last = [1, 2]
        self.assertEqual(counter.last, [1, 2])
        with self.assertRaises(AttributeError):
            counter.count = 1
        self.assertIn("add", dir(counter))
        self.assertIn("Counter object", repr(counter))
        self.assertEqual(sample.Counter(start=3).count, 3)
        with self.assertRaises(TypeError):
            sample.Counter("x")

    def test_identity(self):
        counter = sample.Counter()
        holder = sample.Counter()
        holder.add(counter)
        self.assertIs(holder.last, counter)
        self.assertEqual(counter, holder.last)
        self.assertEqual(len({counter, holder.last, holder}), 2)

    def test_copies(self):
        """Without a __reduce__ nobody can tell what an object has."""
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with self.assertRaisesRegex(TypeError, "cannot pickle 'Counter'"):
                copied(sample.Counter())
        empty = object.__new__(sample.Counter)
        for use in (repr, lambda one: one.count, lambda one: one.add(1)):
            with self.assertRaisesRegex(TypeError, "stands for no object"):
                use(empty)

    def test_types_cannot_be_derived_from(self):
        with self.assertRaisesRegex(TypeError, "Counter cannot be derived from"):

            class Derived(sample.Counter):
                pass

    def test_lifetimes(self):
        """A proxy holds one reference, and gives it up."""
        holder = sample.Counter()
        holder.add(sample.Counter())
        with _runtime.attached() as ctx:
            for _ in range(100):
                inner = holder.last
                handle = inner._handle
                del inner
                settle() if _ == 0 else None
            settle()
            refcount = _runtime.SLOTS.setdefault(
                "refcount", (3, _runtime.c_size_t, (_runtime.c_void_p,))
            )
            self.assertEqual(refcount[0], 3)
            self.assertEqual(ctx.call("refcount", handle), 1)

    def test_cycles_of_the_native_collector(self):
        first, second = sample.Counter(), sample.Counter()
        first.add(second)
        second.add(first)
        del first, second
        settle()
        _runtime.SLOTS.setdefault("collect", (157, _runtime.c_ssize_t, ()))
        with _runtime.attached() as ctx:
            self.assertGreaterEqual(ctx.call("collect"), 2)


class Threads(unittest.TestCase):
    def test_many(self):
        failures = []

        def work(n):
            try:
                for i in range(200):
                    counter = sample.Counter(i)
                    counter.add([n, i])
                    assert counter.last == [n, i]
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Finalisers(unittest.TestCase):
    """A finaliser, or a signal's handler, runs on whatever thread is at work, in
    the middle of what that does: nothing may wait for that thread."""

    def within(self, action):
        """Runs it on a thread of its own, which must end."""
        failures = []

        def run():
            try:
                action()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(30)
        self.assertFalse(thread.is_alive(), "it waits for itself")
        self.assertEqual(failures, [])

    def test_everywhere_on_the_way_in(self):
        """Before each line of attached(), somebody else's proxy ends and a
        module is used."""
        seen = []

        def trace(frame, event, argument):
            if frame.f_code.co_filename != _runtime.__file__:
                return None
            sys.settrace(None)
            seen.append(frame.f_lineno)
            counter = sample.Counter(1)
            del counter
            sys.settrace(trace)
            return trace

        def action():
            sys.settrace(trace)
            try:
                sample.Counter(2)
            finally:
                sys.settrace(None)

        self.within(action)
        self.assertGreater(len(set(seen)), 5)

    def test_the_first_use_from_within_the_first_use(self):
        program = """
import os, sys
from kaa._modules import plain_module as _plain_module, runtime as _runtime
create, depth = _runtime._create, []
def create_too(*arguments):
    if not depth:
        depth.append(1)
        with _runtime.attached():  # as a signal's handler would
            pass
    return create(*arguments)
_runtime._create = create_too
sample = _plain_module.load(os.fsencode(sys.argv[1]))
print(sample.Counter(3).add([4, 5]) is None or True, len(_runtime._runtimes))
"""
        process = subprocess.Popen(
            [sys.executable, "-c", program, SAMPLE],
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        try:
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        self.assertEqual(output, "True 1\n")


class Callables(unittest.TestCase):
    def test_called_by_native_code(self):
        """A Python function given to a module comes back as one that can be
        called, arguments and exceptions and all."""

        def twice(x, *, by=2):
            if x is None:
                raise KeyError("nothing")
            return [x] * by

        function = sample.first(twice)
        self.assertEqual(function(3), [3, 3])
        self.assertEqual(function("a", by=3), ["a"] * 3)
        with self.assertRaisesRegex(KeyError, "nothing"):
            function(None)
        before = len(_plain_module._objects)
        del function
        settle()
        self.assertLess(len(_plain_module._objects), before)


class Tables(unittest.TestCase):
    def test_numbers_are_those_of_the_header(self):
        with open(os.path.join(support.ROOT, "include/kaa/api.def")) as file:
            text = file.read()
        import re

        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        names = re.findall(
            r"KAA_(?:BARE_)?SLOT\(\s*[^,()]+?,\s*(\w+)\s*,|KAA_VOID_SLOT\(\s*(\w+)", text
        )
        order = [a or b for a, b in names]
        for name, (number, _, parameters) in _runtime.SLOTS.items():
            self.assertEqual(order[number], name)
        with open(os.path.join(support.ROOT, "include/kaa/builtin.def")) as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
        found = re.findall(r"KAA_(?:CONSTANT|TYPE|EXCEPTION)\((\w+),", text)
        self.assertEqual(found, _runtime.BUILTINS)


if __name__ == "__main__":
    unittest.main()
