"""Pointers, texts and callables in C data that threads share, set, read and copied
at once; without a GIL they really are."""

from __future__ import annotations

import copy
import ctypes
import faulthandler
import os
import signal
import sys
import threading
import unittest
import warnings
from typing import Any, List

import kaa
import samples
import support  # noqa: F401 - fails a test whose thread raises
from test_data_lives import DECLARED, Memory


class Threads(samples.Case):
    def setUp(self) -> None:
        self.lib = kaa.load(None, DECLARED, missing="ignore")

    def in_threads(self, rounds: int, write: Any, read: Any) -> None:
        """Four threads that write and four that read, all at once."""
        begin = threading.Barrier(8)
        wrong: List[Any] = []

        def run(which: int) -> None:
            try:
                begin.wait()
                for i in range(rounds):
                    if which % 2:
                        write(which, i)
                    elif not read(i):
                        wrong.append(f"what round {i} read")
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=run, args=(one,)) for one in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(wrong[:3], [])

    def check_threads(self, holder: Any, array: Any) -> None:
        """Members of every kind that keeps something are set, read and copied; what
        is read is whole, and from one of those that were set."""
        lib = self.lib

        def write(which: int, i: int) -> None:
            one = holder.root if i % 2 else holder.many[i % 3]
            one.name = f"text of {which}, {i}" * 3 if i % 5 else None
            one.where = lib.point(which, which)
            one.call = (lambda k: lambda n: n + k)(i)
            one.next = lib.node(at=(which, which), name="next" * 9) if i % 3 else None
            one.user = Memory(b"user")
            one.two[i % 2] = lib.node(name="two" * 9)
            holder.names[i % 2] = f"text of {which}"
            array[i % 2] = lib.node(name="text of an element")
            if i % 7 == 0:
                holder.root = lib.node(name="text of a node" * 3, where=lib.point(3, 3))
                holder.many[i % 3] = holder.root
                holder.many = [holder.root, lib.node()]
            if i % 11 == 0:
                holder.root = copy.copy(holder.many[1])

        def is_text(text: Any) -> bool:
            return text is None or text.startswith("text of ")

        def is_even(point: Any) -> bool:
            return not point or point.x == point.y

        def read(i: int) -> bool:
            one = holder.root if i % 2 else holder.many[i % 3]
            if i % 5 == 0:
                one = copy.copy(one)
            following, two, element = one.next, one.two[i % 2], array[i % 2]
            call = one.call
            return (
                all(map(is_text, (one.name, holder.names[0], holder.names[1])))
                and is_even(one.where)
                and (not following or following.name == "next" * 9)
                and (not following or is_even(following.at))
                and (not two or two.name == "two" * 9)
                and (not element or element.name == "text of an element")
                and (call is None or not callable(call) or type(call(1)) is int)
            )

        self.in_threads(2500, write, read)

    def test_threads(self) -> None:
        """Of one instance that is shared; that is 20,000 rounds."""
        self.check_threads(self.lib.tree(), kaa.new("node *[2]", library=self.lib))

    def test_threads_through_pointers(self) -> None:
        """All reach the memory by a pointer of their own."""
        tree = self.lib.tree()
        array = kaa.new("node *[2]", library=self.lib)
        self.check_threads(kaa.addressof(tree), array)

    def test_threads_in_memory_of_c(self) -> None:
        """Memory that no instance owns."""
        lib = self.lib
        memory = ctypes.create_string_buffer(kaa.sizeof(lib.tree))
        pointer = kaa.cast("struct tree *", ctypes.addressof(memory), library=lib)
        tree = pointer[0]
        tree.root.name = "text of the first"

        def write(which: int, i: int) -> None:
            tree.root.name = f"text of {which}, {i}" * 3
            tree.root.where = lib.point(which, which)

        def read(i: int) -> bool:
            where = tree.root.where
            return tree.root.name.startswith("text of ") and (
                not where or where.x == where.y
            )

        self.in_threads(2500, write, read)
        ctypes.memset(memory, 0, len(memory))


@unittest.skipIf(sys.implementation.name == "pypy", "forks its own thread's locks alone")
class Forks(unittest.TestCase):
    def test_children_find_no_lock_held(self) -> None:
        lib = kaa.load(
            None,
            "struct text { const char *a, *b; }; struct pair { struct text x, y; };"
            " struct held { int (*f)(int); };",
        )
        shared = [lib.pair() for _ in range(50)]
        ended = threading.Event()

        def write(first: int) -> None:
            for i in range(first, 10**9):
                if ended.is_set():
                    return
                one, other = shared[i % 50], shared[i * 7 % 50]
                one.x = other.y
                other.y.a = f"text {i}"
                lib.held(lambda value: value)

        threads = [threading.Thread(target=write, args=(one,)) for one in range(4)]
        for thread in threads:
            thread.start()
        try:
            stuck = sum(self.child(lib, shared) for _ in range(10))
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        # Without a GIL the interpreter's own locks may be held as well, rarely: each
        # dict has one, which dict.get() takes on CPython 3.13.
        free = not getattr(sys, "_is_gil_enabled", lambda: True)()
        self.assertLessEqual(stuck, 1 if free else 0)

    def child(self, lib: Any, shared: List[Any]) -> bool:
        """Whether a child comes to no end."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # threads and forks
            pid = os.fork()
        if pid == 0:
            faulthandler.register(signal.SIGALRM, chain=True)  # says where
            signal.alarm(60)
            for i, one in enumerate(shared):
                one.x = shared[i - 1].y
                shared[i - 1].y.a = "text of the child"
                one.y = shared[i - 1].x
                held = lib.held(lambda value: value + i)
                if held.f(1) != i + 1:
                    os._exit(1)
            os._exit(0)
        return os.waitpid(pid, 0)[1] != 0


if __name__ == "__main__":
    samples.main()
