"""Runs one module of the tests, and notes what came of it.

    run.py MODULE [OPTION ...]

MODULE stands here or in ../cpython. As `python -m unittest MODULE OPTION ...`: the
same output, and 5 where every test was skipped. With KAA_TEST_RESULTS, the name of a
file, it writes there as JSON what ran, failed and was skipped with which reason;
table.py reads that.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import sysconfig
import unittest

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [_HERE, os.path.join(os.path.dirname(_HERE), "cpython")]


def interpreter() -> dict:
    """What is to be known of this Python."""
    return {
        "implementation": sys.implementation.name,
        "version": ".".join(map(str, sys.version_info[:3])),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "pypy": ".".join(map(str, getattr(sys, "pypy_version_info", ())[:3])),
        "libc": " ".join(platform.libc_ver()),
        "compiler": platform.python_compiler(),
        "host": os.environ.get("KAA_HOST", ""),
        "mode": mode(),
    }


def mode() -> str:
    """How this Python was started, where that is not the usual way."""
    if sys.flags.dev_mode:
        return "`-X dev`, debug allocators"
    if "PYTHON_GIL" in os.environ:
        return f"`-X gil={os.environ['PYTHON_GIL']}`"
    return ""


def main() -> None:
    module = sys.argv[1]
    path = os.environ.get("KAA_TEST_RESULTS")
    if path:
        # Empty until the tests have ended: a process that dies shows so.
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()
    program = unittest.main(module=module, argv=["run.py", *sys.argv[2:]], exit=False)
    result = program.result
    if path:
        noted = {
            "python": interpreter(),
            "module": module,
            "ran": result.testsRun,
            "failed": [str(test) for test, _ in result.failures + result.errors]
            + [str(test) for test in result.unexpectedSuccesses],
            "skipped": [[str(test), reason] for test, reason in result.skipped],
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(noted, file, indent=1)
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == len(result.skipped):
        sys.exit(5)


if __name__ == "__main__":
    main()
