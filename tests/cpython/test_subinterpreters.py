"""Subinterpreters: each has a bridge of its own, and may be called from elsewhere."""

from __future__ import annotations

import sys
import unittest

from support import BRIDGE, Programs


@unittest.skipUnless(BRIDGE, "no bridge")
class Interpreters(Programs):
    def test_subinterpreters(self) -> None:
        inside = self.prelude + (
            "print(lib.apply(lambda v: v + 1, lib.add(1, 2)))\n"
            "print(lib.apply_on_thread(lambda v: v * 2, 4))\n"
            "lib.keep(lambda v: v)\n"
        )
        inside = "try:\n    import _ctypes\nexcept ImportError:\n    print('none')\n" + (
            "else:\n    exec(" + repr(inside) + ")\n"
        )
        text = (
            "try:\n    import _interpreters as some\n"
            "except ImportError:\n    import _xxsubinterpreters as some\n"
            f"{self.prelude}"
            "for _ in range(2):\n"
            "    one = some.create()\n"
            f"    problem = some.run_string(one, {inside!r})\n"
            "    if problem: print(problem)\n"
            "    some.destroy(one)\n"
            "    if lib.call_kept(3) not in (0, -1): print('called')\n"
            "    print(lib.apply(lambda v: v + 1, 1))\n"
        )
        found = self.run_text(text)
        self.assertIn(found, ["4\n8\n2\n" * 2, "none\n2\n" * 2])

    def test_subinterpreters_called_from_elsewhere(self) -> None:
        """A subinterpreter can end after other threads, of the main interpreter
        and of C, called back into it and went on, or are idle."""
        inside = self.prelude + "lib.keep(lambda v: v + 100)\n"
        # ctypes is not for interpreters with a GIL of their own, the default there.
        create = "isolated=False" if sys.version_info[:2] == (3, 12) else ""
        text = (
            "import threading\n"
            "try:\n    import _interpreters as some\n"
            "except ImportError:\n    import _xxsubinterpreters as some\n"
            f"{self.prelude}"
            "for _ in range(3):\n"
            f"    one = some.create({create})\n"
            f"    problem = some.run_string(one, {inside!r})\n"
            "    if problem: print(problem)\n"
            "    seen, go, end = [], threading.Event(), threading.Event()\n"
            "    def other():\n"
            "        seen.append(lib.call_kept(3))\n"
            "        go.set()\n"
            "        end.wait()\n"
            "    thread = threading.Thread(target=other)\n"
            "    thread.start()\n"
            "    go.wait()\n"
            "    seen += [lib.call_kept(3), lib.call_kept(4)]\n"
            "    some.destroy(one)\n"
            "    end.set()\n"
            "    thread.join()\n"
            "    print(*seen)\n"
            "    print(lib.apply(lambda v: v + 1, 1))\n"
        )
        found = self.run_text(text)
        self.assertEqual(found, "103 103 104\n2\n" * 3)

    def test_a_call_with_the_gil_into_another_interpreter(self) -> None:
        """It gives the GIL up for the callback, of an interpreter with the same one
        or its own, for which it waited for ever."""
        inside = self.prelude + "lib.keep(lambda v: v + 100)\n"
        create = "isolated=False" if sys.version_info[:2] == (3, 12) else ""
        text = (
            "import threading\n"
            "try:\n    import _interpreters as some\n"
            "except ImportError:\n    import _xxsubinterpreters as some\n"
            f"{self.prelude}"
            f"one = some.create({create})\n"
            f"problem = some.run_string(one, {inside!r})\n"
            "if problem: print(problem)\n"
            "holding = load('[[kaa::hold_gil]] int call_kept(int value);')\n"
            "print([holding.call_kept(n) for n in range(3)])\n"
            "print(sum(holding.call_kept(n) for n in range(300)))\n"
            "some.destroy(one)\n"
        )
        self.assertEqual(self.run_text(text), "[100, 101, 102]\n74850\n")


if __name__ == "__main__":
    unittest.main()
