"""Runs one example; skipped (77) where its library or header is not installed.

    run.py EXAMPLE.py
"""
import runpy
import sys

import kaa

try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except kaa.LibraryError as error:
    print("skipped:", error)
    sys.exit(77)
except kaa.DeclarationError as error:
    if "no header has the name" not in str(error):
        raise
    print("skipped:", error)
    sys.exit(77)
except (ValueError, kaa.Error) as error:
    if "package=" not in str(error):
        raise
    print("skipped:", error)
    sys.exit(77)
