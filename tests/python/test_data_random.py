"""Random records: nested, packed, aligned, with arrays, bit-fields and enums, written
and read in every way, and compared with what compiled C reads and writes."""

from __future__ import annotations

import copy
import ctypes
import pickle
import random
import tempfile
import unittest
from typing import Any, Iterator, List, NamedTuple, Tuple

import kaa
import samples
import support

INTEGERS = (
    ("signed char", -(2**7), 2**7),
    ("unsigned char", 0, 2**8),
    ("short", -(2**15), 2**15),
    ("unsigned short", 0, 2**16),
    ("int", -(2**31), 2**31),
    ("unsigned", 0, 2**32),
    ("long long", -(2**63), 2**63),
    ("unsigned long long", 0, 2**64),
    ("_Bool", 0, 2),
)
#: Beyond what C converts from long long without a thought.
COUNT = 24


class Leaf(NamedTuple):
    """One number within a record: the way to it, and its bounds; a real has none."""

    path: Tuple[Any, ...]
    low: int
    high: int

    def spelled(self) -> str:
        return "".join(
            f"[{one}]" if isinstance(one, int) else f".{one}" for one in self.path
        )[1:]


class Maker:
    """Makes the texts of records."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.text = "enum shade { DARK = -3, LIGHT = 9 };\n"
        self.records: List[Tuple[str, List[Leaf]]] = []

    def add(self, number: int) -> None:
        r = self.random
        lines, leaves = [], []
        for i in range(r.randrange(1, 8)):
            name = f"m{i}"
            line, found = self.member(name)
            lines.append(line)
            leaves += [one._replace(path=(*base, *one.path)) for base, one in found]
        words = ""
        if r.random() < 0.2:
            words = " __attribute__((packed))"
        elif r.random() < 0.2:
            words = f" __attribute__((aligned({r.choice((16, 32, 64))})))"
        tag = f"r{number}"
        self.text += f"struct {tag} {{ {' '.join(lines)} }}{words};\n"
        self.records.append((tag, leaves))

    def member(self, name: str) -> Tuple[str, List[Tuple[Tuple[Any, ...], Leaf]]]:
        r = self.random
        kind = r.random()
        if kind < 0.15 and self.records:
            tag, leaves = r.choice(self.records)
            if len(leaves) < 30:
                return f"struct {tag} {name};", [((name,), one) for one in leaves]
        if kind < 0.25 and self.records:
            tag, leaves = r.choice(self.records)
            if len(leaves) < 12:
                found = [((name, i), one) for i in range(2) for one in leaves]
                return f"struct {tag} {name}[2];", found
        if kind < 0.4:
            ctype, low, high = r.choice(INTEGERS[:8])
            count = r.randrange(1, 4)
            return f"{ctype} {name}[{count}];", [
                ((name, i), Leaf((), low, high)) for i in range(count)
            ]
        if kind < 0.55:
            ctype, _, _ = r.choice((INTEGERS[4], INTEGERS[5]))
            width = r.randrange(1, 33)
            low, high = 0, 2**width
            if ctype == "int":
                low, high = -(2 ** (width - 1)), 2 ** (width - 1)
            return f"{ctype} {name} : {width};", [((name,), Leaf((), low, high))]
        if kind < 0.7:
            ctype = r.choice(("float", "double"))
            return f"{ctype} {name};", [((name,), Leaf((), 0, 0))]
        if kind < 0.76:
            return f"enum shade {name};", [((name,), Leaf((), -(2**31), 2**31))]
        ctype, low, high = r.choice(INTEGERS)
        return f"{ctype} {name};", [((name,), Leaf((), low, high))]

    def functions(self) -> Tuple[str, str]:
        """The C source, and the declarations."""
        source, declared = self.text, self.text
        for tag, leaves in self.records:
            gets = "".join(
                f"n[{i}].{'i' if one.high else 'd'} = s->{one.spelled()};"
                for i, one in enumerate(leaves)
            )
            sets = "".join(
                f"s->{one.spelled()} = n[{i}].{'i' if one.high else 'd'};"
                for i, one in enumerate(leaves)
            )
            heads = (
                (f"void get_{tag}(const struct {tag} *s, union number *n)", gets),
                (f"void set_{tag}(struct {tag} *s, const union number *n)", sets),
                (f"struct {tag} turn_{tag}(struct {tag} s)", "return s;"),
                (
                    f"struct {tag} ask_{tag}(struct {tag} (*f)(struct {tag} s), struct {tag} s)",
                    "return f(s);",
                ),
                (
                    f"int look_{tag}(int (*f)(struct {tag} *s), struct {tag} *s)",
                    "return f(s);",
                ),
                (f"unsigned long size_{tag}(void)", f"return sizeof(struct {tag});"),
            )
            for head, body in heads:
                source += f"{head} {{ {body} }}\n"
                declared += f"{head.replace('(*f)', '(*f [[kaa::scope(call)]])')};\n"
        return source, declared


def read(record: Any, path: Tuple[Any, ...]) -> Any:
    for one in path:
        record = record[one] if isinstance(one, int) else getattr(record, one)
    return record


def write(record: Any, path: Tuple[Any, ...], value: Any) -> None:
    inner = read(record, path[:-1])
    if isinstance(path[-1], int):
        inner[path[-1]] = value
    else:
        setattr(inner, path[-1], value)


class RandomRecords(samples.Case):
    @classmethod
    def setUpClass(cls) -> None:
        if support.COMPILER is None:
            raise unittest.SkipTest("no C compiler")
        maker = Maker(7)
        maker.text = "union number { long long i; double d; };\n" + maker.text
        for number in range(COUNT):
            maker.add(number)
        cls.records = maker.records
        source, declared = maker.functions()
        cls.folder = tempfile.TemporaryDirectory()
        path = support.compile_library(cls.folder.name, "librandom.so", source, "-Wno-psabi")
        cls.lib = kaa.load(path, declared)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lib = None
        cls.folder.cleanup()

    def values(self, r: random.Random, leaves: List[Leaf]) -> List[Any]:
        return [
            r.choice((one.low, one.high - 1, r.randrange(one.low, one.high)))
            if one.high
            else r.randrange(-1000, 1000) / 8
            for one in leaves
        ]

    def in_c(self, tag: str, leaves: List[Leaf], record: Any) -> List[Any]:
        """The values as C reads them."""
        numbers = kaa.new(f"number[{max(len(leaves), 1)}]", library=self.lib)
        getattr(self.lib, f"get_{tag}")(record, numbers)
        found = []
        for i, one in enumerate(leaves):
            value = numbers[i].i if one.high else numbers[i].d
            if one.high == 2**64:
                value %= 2**64
            found.append(value)
        return found

    def from_c(self, tag: str, leaves: List[Leaf], values: List[Any]) -> Any:
        """A record that C has written."""
        numbers = kaa.new(f"number[{max(len(leaves), 1)}]", library=self.lib)
        for i, (one, value) in enumerate(zip(leaves, values)):
            if one.high:
                numbers[i].i = value - 2**64 if value >= 2**63 else value
            else:
                numbers[i].d = value
        made = getattr(self.lib, tag)()
        getattr(self.lib, f"set_{tag}")(made, numbers)
        return made

    def nested(self, leaves: List[Leaf], values: List[Any]) -> Any:
        """Dicts and lists with the values."""
        whole: Any = {}
        for leaf, value in zip(leaves, values):
            place = whole
            for one in leaf.path[:-1]:
                place = place.setdefault(one, {})
            place[leaf.path[-1]] = value

        def listed(part: Any) -> Any:
            if not isinstance(part, dict):
                return part
            if part and all(isinstance(one, int) for one in part):
                return [listed(part[i]) for i in sorted(part)]
            return {name: listed(one) for name, one in part.items()}

        return listed(whole)

    def written(
        self, tag: str, leaves: List[Leaf], values: List[Any]
    ) -> Iterator[Tuple[str, Any]]:
        """The record, written in each way."""
        kind = getattr(self.lib, tag)
        made = kind()
        for leaf, value in zip(leaves, values):
            write(made, leaf.path, value)
        yield "attributes", made
        nested = self.nested(leaves, values)
        yield "keywords", kind(**nested)
        yield "positions", kind(*nested.values())
        yield "new", kaa.new(kind, nested)
        pointer = kaa.new(f"{tag}", library=self.lib)
        pointer = kaa.addressof(pointer)
        for leaf, value in zip(leaves, values):
            write(pointer, leaf.path, value)
        yield "a pointer", pointer[0]
        array = kaa.new(f"{tag}[3]", library=self.lib)
        array[1] = nested
        yield "an array", array[1]
        memory = bytearray(kaa.sizeof(kind) + 128)
        at = -int(kaa.addressof(kaa.from_buffer("char[]", memory))) % 64
        placed = kaa.from_buffer(kind, memory, at)
        for leaf, value in zip(leaves, values):
            write(placed, leaf.path, value)
        yield "a buffer", placed

    def carried(self, tag: str, made: Any) -> Iterator[Tuple[str, Any]]:
        """The record, through each way that it may go."""
        lib = self.lib
        if kaa.alignof(made) <= 16:  # of others no copy is made on the stack
            yield "by value", getattr(lib, f"turn_{tag}")(made)
            yield "a callback", getattr(lib, f"ask_{tag}")(lambda one: one, made)
        seen: List[Any] = []
        getattr(lib, f"look_{tag}")(lambda one: seen.append(copy.copy(one[0])) or 0, made)
        yield "a callback by pointer", seen[0]
        yield "a copy", copy.deepcopy(made)
        yield "a pickle", pickle.loads(pickle.dumps(made))
        yield "ctypes", kaa.cast(f"{tag} *", made.ctypes, library=lib)[0]
        twin = getattr(lib, tag)()
        kaa.view(twin)[:] = kaa.view(made)
        yield "bytes", twin
        if support.BRIDGE:
            yield "its buffer", kaa.from_buffer(
                getattr(lib, tag), memoryview(made).cast("B")
            )

    def test_every_way(self) -> None:
        r = random.Random(3)
        for tag, leaves in self.records:
            kind = getattr(self.lib, tag)
            self.assertEqual(kaa.sizeof(kind), getattr(self.lib, f"size_{tag}")())
            for _ in range(3):
                values = self.values(r, leaves)
                about = f"{tag} {values}\n{kind.__doc__}"
                by_c = self.from_c(tag, leaves, values)
                found = [read(by_c, one.path) for one in leaves]
                self.assertEqual(found, values, about)
                for way, made in self.written(tag, leaves, values):
                    with self.subTest(about, way=way):
                        self.assertEqual(self.in_c(tag, leaves, made), values)
                        self.assertEqual(made, by_c)
                for way, made in self.carried(tag, by_c):
                    with self.subTest(about, way=way):
                        found = [read(made, one.path) for one in leaves]
                        self.assertEqual(found, values)
                        self.assertEqual(self.in_c(tag, leaves, made), values)
                self.assertEqual(kaa.asdict(by_c), self.nested(leaves, values))

    def test_out_of_range_changes_nothing(self) -> None:
        r = random.Random(4)
        for tag, leaves in self.records:
            values = self.values(r, leaves)
            made = self.from_c(tag, leaves, values)
            for leaf in leaves:
                if not leaf.high:
                    continue
                for wrong in (leaf.low - 1, leaf.high):
                    with self.assertRaises(OverflowError):
                        write(made, leaf.path, wrong)
            self.assertEqual(self.in_c(tag, leaves, made), values)


if __name__ == "__main__":
    samples.main()
