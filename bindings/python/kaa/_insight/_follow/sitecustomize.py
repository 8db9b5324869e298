"""Records a subprocess of a program that `python -m kaa gil run` records.

This folder stands first on PYTHONPATH of such a program, so that every Python that
it starts imports this file. The sitecustomize that would have been found otherwise
is imported afterwards.
"""

import os
import sys


def _next() -> None:
    """The sitecustomize that this one hides."""
    import importlib.machinery
    import importlib.util

    here = os.path.dirname(os.path.abspath(__file__))
    paths = [one for one in sys.path if os.path.abspath(one) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _is_helper() -> bool:
    """Whether this is a process of multiprocessing's that runs none of the program:
    its resource tracker, which ends after the program."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return b"multiprocessing.resource_tracker import" in file.read()
    except OSError:
        return False


def _follow() -> None:
    folder = os.environ.get("KAA_GIL_FOLLOW")
    parent = os.environ.get("KAA_GIL_FOLLOW_PATH", "")
    if not folder or not os.path.isdir(folder) or _is_helper():
        return
    sys.path.append(parent)
    try:
        from kaa._insight import gil_follow as _gil_follow

        _gil_follow.begin(folder)
    finally:
        sys.path.remove(parent)


try:
    _follow()
except Exception as error:
    print(f"kaa: this process is not recorded: {error}", file=sys.stderr)
_next()
