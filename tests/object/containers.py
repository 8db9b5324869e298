"""Random operations on containers: kaa's native ones against this Python's.

    containers.py --driver PATH [--cases 20000] [--seed 1]

containers_driver keeps variables and does with them what each line asks for;
the same is done here. Results must be the same, failures of the same type.
"""

import argparse
import operator
import os
import random
import subprocess
import sys

BINARY = {
    0: operator.add,
    1: operator.sub,
    2: operator.mul,
    11: operator.and_,
    12: operator.or_,
    13: operator.xor,
}
INPLACE = {
    0: operator.iadd,
    1: operator.isub,
    2: operator.imul,
    11: operator.iand,
    12: operator.ior,
    13: operator.ixor,
}
COMPARE = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
TYPES = {
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": set,
    "frozenset": frozenset,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "row": lambda *items: list(items),
}
METHODS = {
    list: ["append", "extend", "insert", "pop", "remove", "index", "count", "sort",
           "reverse", "clear", "copy"],
    dict: ["get", "keys", "values", "items", "pop", "setdefault", "update", "clear",
           "copy", "popitem"],
    set: ["add", "discard", "remove", "union", "intersection", "difference",
          "symmetric_difference", "issubset", "issuperset", "isdisjoint", "clear",
          "copy", "update"],
    frozenset: ["union", "intersection", "difference", "symmetric_difference",
                "issubset", "issuperset", "isdisjoint", "copy"],
    tuple: ["index", "count"],
    bytearray: ["append", "extend", "pop", "clear", "copy"],
    memoryview: ["tobytes", "tolist", "toreadonly", "release"],
}
UNORDERED = ("new list", "new tuple", "new dict", "new bytearray", "call extend", "call update",
             "inp 0", "inp 12")
VARIABLES = 16
DEPTH_MAX = 6
SIZE_MAX = 300


def show(value, depth=0):
    """As the driver prints it."""
    if depth > DEPTH_MAX:
        return "~"
    if isinstance(value, list):
        return "[" + "".join(show(item, depth + 1) + " " for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(show(item, depth + 1) + " " for item in value) + ")"
    if isinstance(value, dict):
        pairs = (show(k, depth + 1) + ":" + show(v, depth + 1) + " " for k, v in value.items())
        return "<" + "".join(pairs) + ">"
    if isinstance(value, (set, frozenset)):
        texts = sorted((show(item, depth + 1) for item in value), key=str.encode)
        return "{" + "".join(text + " " for text in texts) + "}"
    if isinstance(value, memoryview):
        return "memory"
    if isinstance(value, slice):
        return "slice" + show((value.start, value.stop, value.step), depth)
    return repr(value)


def size(value, depth=0):
    """How much show() would print, roughly."""
    if depth > DEPTH_MAX:
        return 1
    if isinstance(value, (list, tuple, set, frozenset)):
        return 1 + sum(size(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return 1 + sum(size(k, depth + 1) + size(v, depth + 1) for k, v in value.items())
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    if isinstance(value, slice):
        return size((value.start, value.stop, value.step), depth)
    return 1


def is_byte(word):
    """Whether the word of an operand is that of an int from 0 to 255."""
    return word[:2] == "i:" and 0 <= int(word[2:]) <= 255


class Cases:
    """Lines for the driver, and what Python makes of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.variables = [None] * VARIABLES
        self.lines = []
        self.wanted = []

    def operand(self):
        """A word and its value."""
        choice = self.random.randrange(10)
        if choice < 4:
            number = self.random.randrange(VARIABLES)
            return "$%d" % number, self.variables[number]
        if choice < 7:
            value = self.random.choice([0, 1, 2, 3, -1, -2, 5, 255, 256, 10**20, -(10**20)])
            return "i:%d" % value, value
        if choice == 7:
            value = self.random.choice(["", "a", "b", "é", "key", "keys"])
            return "s:" + value.encode().hex(), value
        if choice == 8:
            value = self.random.choice([b"", b"a", b"abc", b"\x00\xff"])
            return "b:" + value.hex(), value
        return self.random.choice(
            [("T", True), ("F", False), ("N", None), ("d:1.0", 1.0), ("d:2.5", 2.5)]
        )

    def operands(self, count):
        words, values = [], []
        for _ in range(count):
            word, value = self.operand()
            words.append(word)
            values.append(value)
        return words, values

    def choose(self):
        """An operation as text, and what does it here."""
        kind = self.random.choice(
            "new new row slice call call call call get get set del bin inp cmp has len hash show".split()
        )
        if kind == "new":
            name = self.random.choice(list(TYPES))
            words, values = self.operands(self.random.choice([0, 1, 1, 1]) if name != "row" else 2)
            return ["new", name] + words, lambda: TYPES[name](*values)
        if kind == "row":
            words, values = self.operands(self.random.randrange(6))
            return ["new", "row"] + words, lambda: list(values)
        if kind == "slice":
            words, values = self.operands(3)
            return ["slice"] + words, lambda: slice(*values)
        if kind == "call":
            number = self.random.randrange(VARIABLES)
            target = self.variables[number]
            names = METHODS.get(type(target), ["append"])
            name = self.random.choice(names)
            words, values = self.operands(self.random.choice([0, 1, 1, 2, 3]))
            # keys(), values() and items() are lists here, as kaa's are.
            views = name in ("keys", "values", "items")
            return (["call", name, "$%d" % number] + words,
                    lambda: list(getattr(target, name)(*values)) if views
                    else getattr(target, name)(*values))
        if kind in ("bin", "inp"):
            table = BINARY if kind == "bin" else INPLACE
            op = self.random.choice(list(table))
            words, values = self.operands(2)
            return [kind, str(op)] + words, lambda: table[op](*values)
        if kind == "cmp":
            op = self.random.randrange(6)
            words, values = self.operands(2)
            return [kind, str(op)] + words, lambda: COMPARE[op](*values)
        count = {"get": 2, "set": 3, "del": 2, "has": 2}.get(kind, 1)
        words, values = self.operands(count)
        functions = {
            "get": operator.getitem,
            "set": operator.setitem,
            "del": operator.delitem,
            "has": operator.contains,
            "len": len,
            "hash": lambda value: (hash(value), None)[1],
            "show": lambda value: value,
        }
        return [kind] + words, lambda: functions[kind](*values)

    def is_bounded(self, words):
        """Whether the operation makes nothing huge."""
        huge = any(word in ("i:%d" % 10**20, "i:%d" % -(10**20)) for word in words)
        large = any(word in ("i:255", "i:256") for word in words)
        operation = " ".join(words[:2])
        return not (
            (huge or large) and operation in ("bin 2", "inp 2", "new bytearray", "new bytes")
        )

    def add(self):
        words, work = self.choose()
        target = self.random.randrange(VARIABLES)
        if not self.is_bounded(words):
            return
        used = [self.variables[int(word[1:])] for word in words if word[0] == "$"]
        # The order of a set is nobody's business.
        if any(len(value) > 1 for value in used if isinstance(value, (set, frozenset))) and (
            " ".join(words[:2]) in UNORDERED or words[0] == "set"
        ):
            return
        # bytes and the like have a test of their own; what cannot be assigned to
        # is told apart from an index that is too large in another order.
        if words[0] in ("get", "set", "del", "has"):
            target_word = words[1]
            owner = self.variables[int(target_word[1:])] if target_word[0] == "$" else None
            if not isinstance(owner, (list, tuple, dict, set, frozenset, bytearray, memoryview)):
                return
            if words[0] in ("set", "del") and not isinstance(owner, (list, dict, bytearray)):
                return
        # Slices have hashes from Python 3.12 on: they are indices here, no keys.
        if words[0] in ("get", "set", "del") and isinstance(owner, dict) and any(
            isinstance(value, slice) for value in used
        ):
            return
        if any(isinstance(value, slice) for value in used) and words[0] not in (
            "get", "set", "del", "show", "len"
        ):
            return
        if words[0] == "set" and words[3][0] == "$" and isinstance(used[-1], slice):
            return
        # Before 3.10 a bytearray looked at the index first, then at the item.
        if words[0] == "set" and isinstance(owner, bytearray) and not is_byte(words[3]):
            return
        # A bytearray cannot be added to itself there.
        if words[:2] == ["inp", "0"] and words[2] == words[3]:
            return
        # tobytes() takes an order there.
        if words[0] == "call" and isinstance(used[0], memoryview) and len(words) > 3:
            return
        try:
            result = work()
            answer = "= " + show(result)
        except Exception as error:  # pylint: disable=broad-except
            result = None
            answer = "! " + type(error).__name__
            if isinstance(error, RecursionError):
                raise
        else:
            self.variables[target] = result
        if type(result) not in ALLOWED:
            self.variables[target] = None
            answer = None
        self.lines.append("%d %s" % (target, " ".join(words)))
        self.wanted.append(answer)
        if answer is None:
            self.lines.append("%d show N" % target)
            self.wanted.append("= None")
        # What has grown large is let go.
        for number, value in enumerate(self.variables):
            if size(value) > SIZE_MAX:
                self.variables[number] = None
                self.lines.append("%d show N" % number)
                self.wanted.append("= None")


ALLOWED = (list, tuple, dict, set, frozenset, bytearray, memoryview, slice, int, float, str,
           bytes, bool, type(None))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    cases = Cases(arguments.seed)
    long = int(os.environ.get("KAA_TEST_LONG", "1"))
    for _ in range(arguments.cases * long):
        cases.add()
    done = subprocess.run(
        [arguments.driver],
        input="\n".join(cases.lines) + "\n",
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    answers = done.stdout.split("\n")[:-1]
    failures = 0
    for number, (line, wanted) in enumerate(zip(cases.lines, cases.wanted)):
        given = answers[number] if number < len(answers) else "nothing"
        if wanted is not None and given != wanted:
            print("line %d: %s\n  kaa    %s\n  Python %s" % (number + 1, line, given, wanted))
            failures += 1
            if failures == 10 or given == "nothing":
                break
    if done.returncode != 0:
        print("the driver ended with %d" % done.returncode)
        failures += 1
    failed = sum(1 for answer in cases.wanted if answer is not None and answer[0] == "!")
    print("%d operations, %d of which raise; %d differ" % (len(cases.lines), failed, failures))
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
