"""The tests' own help: what fails in a thread fails a test."""

from __future__ import annotations

import os
import re
import signal
import threading
import unittest

import support


class Threads(unittest.TestCase):
    def test_an_exception_in_a_thread_fails_a_test(self) -> None:
        class Inner(unittest.TestCase):
            def test_fails(self) -> None:
                thread = threading.Thread(target=lambda: 1 / 0)
                thread.start()
                thread.join()

            def test_passes(self) -> None:
                thread = threading.Thread(target=lambda: None)
                thread.start()
                thread.join()

        report, support._report = support._report, lambda args: None
        try:
            result = unittest.TestResult()
            for name in ("test_fails", "test_passes", "test_fails"):
                Inner(name).run(result)
        finally:
            support._report = report
        support._raised.clear()  # they were not this test's
        self.assertEqual(len(result.failures), 2)
        self.assertIn("ZeroDivisionError", result.failures[0][1])

    def test_every_test_with_threads_has_it(self) -> None:
        folder = os.path.dirname(os.path.abspath(__file__))
        for name in sorted(os.listdir(folder)):
            if name.startswith("test_") and name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = file.read()
                if re.search(r"\b(threading\.|SIGINT)", text):
                    self.assertRegex(text, r"(?m)^(import|from) support\b", name)

    def test_an_ignored_signal_is_not_inherited(self) -> None:
        text = (
            "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
            "import os, sys; os.execv(sys.executable, [sys.executable, '-c', "
            "'import signal, support; print(signal.getsignal(signal.SIGINT)"
            " is signal.default_int_handler)'])"
        )
        here = os.path.dirname(os.path.abspath(__file__))
        path = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
        done = support.run_python("-c", text, PYTHONPATH=path)
        self.assertEqual((done.stdout, done.stderr), ("True\n", ""))


if __name__ == "__main__":
    unittest.main()
