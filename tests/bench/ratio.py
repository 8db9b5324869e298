"""How long a call of kaa's takes beside one of ctypes', as one number.

    ratio.py [ROUNDS]

`int abs(int)` a thousand times by each, in turns; the least of all rounds.
"""

import ctypes
import sys
import time

import kaa


def least(functions, rounds):
    """The shortest time of each."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            for _ in range(1000):
                function(-3)
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def main():
    theirs = ctypes.CDLL(None).abs
    theirs.argtypes, theirs.restype = [ctypes.c_int], ctypes.c_int
    ours = kaa.load(None, "int abs(int number);").abs
    kaas, others = least([ours, theirs], int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    print(f"{kaas / others:.3f}")


if __name__ == "__main__":
    main()
