"""The example module kjson: RFC 8259 case by case, and beside Python's json.

The cases (json_cases.py) are written from the RFC's grammar. The corpus is generated, with a
fixed seed: values through every option, and texts with something changed at
random, about which both must be of one mind, and of one word.
"""

from __future__ import annotations

import array
import io
import itertools
import json
import math
import os
import random
import re
import sys
import unittest
from typing import Any, Callable, List

import modules
from json_cases import INVALID, VALID

LONG = int(os.environ.get("KAA_TEST_LONG", "1"))
# Another word for these since 3.13; kjson has the newer one.
TRAILING = "Illegal trailing comma"
# And for a text that ends with one of these since 3.14.
CUT_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}$")


def outcome(function: Callable[..., Any], *args: Any, **options: Any) -> str:
    """A result or an error as a text that tells values and types apart."""
    try:
        return "= " + repr(function(*args, **options))
    except RecursionError:
        return "RecursionError"
    except UnicodeError as error:
        return type(error).__name__
    except (ValueError, TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        return f"{kind.__name__}: {error}"


class Case(unittest.TestCase):
    kjson: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.kjson = modules.load("kjson")

    def same(self, name: str, *args: Any, **options: Any) -> None:
        """kjson does what json does."""
        ours = outcome(getattr(self.kjson, name), *args, **options)
        theirs = outcome(getattr(json, name), *args, **options)
        if TRAILING in ours and sys.version_info < (3, 13):
            self.assertTrue(theirs.startswith("ValueError: "), args)
            return
        if "Unterminated" in ours and CUT_ESCAPE.search(str(args[0])):
            return
        if ours != theirs:
            self.fail(f"{name}{args!r} {options!r}:\n  kjson {ours}\n  json  {theirs}")


class Loads(Case):
    def test_valid(self) -> None:
        for text, value in VALID:
            if len(text) > 4300 and hasattr(sys, "set_int_max_str_digits"):
                continue
            with self.subTest(text=text[:50]):
                loaded = self.kjson.loads(text)
                self.assertEqual(repr(loaded), repr(value))
                self.assertEqual(repr(self.kjson.loads(text.encode())), repr(value))
                self.same("loads", text)

    def test_invalid(self) -> None:
        for text in INVALID:
            with self.subTest(text=text):
                with self.assertRaises(self.kjson.JSONError):
                    self.kjson.loads(text)
                with self.assertRaises(self.kjson.JSONError):
                    self.kjson.loads(text.encode() if text[:1] != "\ufeff" else b"")
                self.same("loads", text)

    def test_in_other_surroundings(self) -> None:
        for text, value in VALID:
            self.assertEqual(self.kjson.loads(f"[{text}]"), [value])
            self.assertEqual(self.kjson.loads(f'{{"k":{text}}}'), {"k": value})
        for text in INVALID:
            self.same("loads", f"[{text}]")
            self.same("loads", f'{{"k":{text}}}')

    def test_error_tells_the_place(self) -> None:
        with self.assertRaises(ValueError) as caught:
            self.kjson.loads('{\n  "\u00e9\U0001f600": nope}')
        self.assertIsInstance(caught.exception, self.kjson.JSONError)
        self.assertEqual(
            str(caught.exception), "Expecting value: line 2 column 9 (char 10)"
        )

    def test_bytes(self) -> None:
        text = '{"\u00e9": "\U0001f600"}'
        value = {"\u00e9": "\U0001f600"}
        encoded = text.encode()
        for document in (
            encoded,
            bytearray(encoded),
            memoryview(encoded),
            memoryview(b"xx" + encoded)[2:],
            array.array("B", encoded),
            b"\xef\xbb\xbf" + encoded,
        ):
            self.assertEqual(self.kjson.loads(document), value)

    def test_bytes_that_are_not_utf8(self) -> None:
        for wrong in (
            b"\x80",
            b"\xc3",
            b"\xc0\x80",
            b"\xe0\x80\x80",
            b"\xf0\x80\x80\x80",
            b"\xf4\x90\x80\x80",
            b"\xff",
            b"\xe2\x82",
        ):
            for around in (b'"%s"', b'"\\n%s"', b'{"%s":1}', b"%s", b'["ab", %s]'):
                with self.assertRaises(self.kjson.JSONError):
                    self.kjson.loads(around % wrong)
        with self.assertRaisesRegex(ValueError, r"Invalid UTF-8: .*\(char 7\)"):
            self.kjson.loads(b'["\xc3\xa9", "\xff"]')

    def test_other_types(self) -> None:
        for wrong in (None, 1, [], {}, object()):
            with self.assertRaisesRegex(TypeError, "the JSON object must be str"):
                self.kjson.loads(wrong)
        with self.assertRaises(TypeError):
            self.kjson.loads()
        with self.assertRaises(TypeError):
            self.kjson.loads("1", True)
        with self.assertRaises(TypeError):
            self.kjson.loads("1", nonsense=True)

    def test_not_numbers(self) -> None:
        self.assertTrue(math.isnan(self.kjson.loads("NaN")))
        self.assertEqual(self.kjson.loads("[Infinity,-Infinity]"), [math.inf, -math.inf])
        for text in ("NaN", "Infinity", "-Infinity"):
            with self.assertRaises(ValueError):
                self.kjson.loads(text, allow_nan=False)

    def test_lone_surrogates_are_as_in_json(self) -> None:
        for text in (
            '"\\ud800"',
            '"\\udc00"',
            '"\\udc00\\ud800"',
            '"\\ud800\\ud800\\udc00"',
            '"\\ud800x"',
            '"\\ud800\\n"',
            '"\\ud800\\u0041"',
            '["\ud800", "a\udfffb"]',
            '{"\\ud800":1}',
        ):
            self.same("loads", text)

    def test_depth(self) -> None:
        depth = 100000
        value = self.kjson.loads("[" * depth + "]" * depth)
        for _ in range(depth - 1):
            (value,) = value
        self.assertEqual(value, [])
        value = self.kjson.loads('{"a":' * depth + "0" + "}" * depth)
        for _ in range(depth):
            value = value["a"]
        self.assertEqual(value, 0)
        with self.assertRaisesRegex(ValueError, r"Expecting value: .*\(char 100000\)"):
            self.kjson.loads("[" * depth)

    def test_keys_are_shared(self) -> None:
        one, two = self.kjson.loads('[{"a key":1},{"a key":2}]')
        self.assertIs(next(iter(one)), next(iter(two)))

    def test_files(self) -> None:
        self.assertEqual(self.kjson.load(io.StringIO("[1]")), [1])
        self.assertEqual(self.kjson.load(io.BytesIO(b"[1]")), [1])
        out = io.StringIO()
        self.assertIsNone(self.kjson.dump({"a": 1}, out, indent=1))
        self.assertEqual(out.getvalue(), '{\n "a": 1\n}')


class Text(str):
    pass


class Whole(int):
    def __repr__(self) -> str:
        return "not this"


class Real(float):
    def __repr__(self) -> str:
        return "not this"


class Items(list):  # type: ignore[type-arg]
    pass


class Reversed(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        return [(key, self[key]) for key in reversed(list(self))]


VALUES: List[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**62,
    2**63,
    -(2**63),
    -(2**200),
    10**300,
    0.0,
    -0.0,
    0.1,
    1e16,
    1e22,
    1.5e-7,
    5e-324,
    1.7976931348623157e308,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "plain",
    'a"b\\c/d\b\f\n\r\t\x00\x1f\x7f',
    "\u00e9\u2028\uffff\U0001f600",
    "x" * 7 + "\n" + "y" * 9 + '"',
    "\ud800",
    "a\udfffb\u00e9",
    [],
    (),
    {},
    [[]],
    [1, [2, (3, {"a": []})]],
    {"a": 1, "b": {"c": None}},
    {1: 1, 2.5: 2, True: 3, False: 4, None: 5, "x": 6, 10**30: 7},
    {math.inf: 1},
    {"b": 1, "a": 2, "c": {"z": 1, "y": 2}},
    Text("text"),
    Whole(7),
    Whole(10**40),
    Real(0.5),
    Items([1, 2]),
    Reversed(a=1, b=2),
    {Text("k"): 1, Whole(3): 2},
    {(1, 2): 3},
    {"a": object},
    {b"a": 1},
    b"bytes",
    object,
    {1, 2},
    1j,
]


class Dumps(Case):
    def test_values(self) -> None:
        for value, ensure_ascii, allow_nan, indent, skipkeys in itertools.product(
            VALUES, (True, False), (True, False), (None, 0, 2, "--"), (True, False)
        ):
            options = dict(ensure_ascii=ensure_ascii, indent=indent, skipkeys=skipkeys)
            if not allow_nan and outcome(json.dumps, value, allow_nan=False)[0] != "=":
                with self.assertRaises((ValueError, TypeError)):
                    self.kjson.dumps(value, allow_nan=False)
                continue
            ours = outcome(self.kjson.dumps, value, allow_nan=allow_nan, **options)
            theirs = outcome(json.dumps, value, allow_nan=allow_nan, **options)
            if not ensure_ascii and any(c in repr(value) for c in ("\\ud800", "\\udfff")):
                continue  # only as escapes: the result is UTF-8
            if skipkeys and indent is not None and value in ({(1, 2): 3}, {b"a": 1}):
                continue  # Python's leaves an empty line where nothing is left
            if theirs.startswith("="):
                self.assertEqual(ours, theirs, (value, options))
            else:
                self.assertEqual(
                    ours.split(":")[0], theirs.split(":")[0], (value, options)
                )

    def test_lone_surrogates(self) -> None:
        self.assertEqual(self.kjson.dumps("a\ud800\n\u00e9"), json.dumps("a\ud800\n\u00e9"))
        with self.assertRaises(UnicodeEncodeError):
            self.kjson.dumps("a\ud800", ensure_ascii=False)

    def test_sorted(self) -> None:
        for value in ({"b": 1, "a": {"d": 1, "c": 2}}, {3: 1, 1: 2}, {2: 1, "a": 2}):
            ours = outcome(self.kjson.dumps, value, sort_keys=True)
            theirs = outcome(json.dumps, value, sort_keys=True)
            self.assertEqual(ours, theirs)

    def test_separators(self) -> None:
        value = {"a": [1, 2], "b": {}}
        for separators in ((",", ":"), (" ,\u00e9", " = ")):
            for indent in (None, 1):
                self.same("dumps", value, separators=separators, indent=indent)
        for wrong in ((), (",",), (",", 1), 5, ",:"):
            with self.assertRaises(TypeError):
                self.kjson.dumps(value, separators=wrong)
        with self.assertRaises(TypeError):
            self.kjson.dumps(value, indent=1.5)

    def test_default(self) -> None:
        self.same("dumps", [{1, 2}, 1j], default=str)
        self.same("dumps", {"a": {3}}, default=list, indent=2)
        self.same("dumps", [b"", b"x"], default=lambda value: [value.decode()], indent=1)
        with self.assertRaises(ZeroDivisionError):
            self.kjson.dumps(object(), default=lambda value: 1 // 0)
        with self.assertRaises(RecursionError):
            self.kjson.dumps(object(), default=lambda value: object())
        with self.assertRaisesRegex(ValueError, "Circular reference"):
            self.kjson.dumps(object(), default=lambda value: value)

    def test_circles(self) -> None:
        items: List[Any] = [1]
        items.append(items)
        table: Any = {"a": 1}
        table["b"] = [table]
        for value in (items, table, [items], {"x": table}):
            with self.assertRaisesRegex(ValueError, "Circular reference detected"):
                self.kjson.dumps(value)
        shared = [1]
        self.assertEqual(self.kjson.dumps([shared, shared]), "[[1], [1]]")

    def test_depth(self) -> None:
        depth = 100000
        value: Any = []
        for _ in range(depth - 1):
            value = [value]
        self.assertEqual(self.kjson.dumps(value), "[" * depth + "]" * depth)
        value = 1
        for _ in range(1000):
            value = {"a": [value, (2,)]}
        text = self.kjson.dumps(value)
        self.assertEqual(self.kjson.dumps(self.kjson.loads(text)), text)

    def test_changing_while_it_is_written(self) -> None:
        items: List[Any] = [1, object(), 2]

        def shorten(value: Any) -> int:
            del items[:]
            return 0

        self.assertEqual(self.kjson.dumps(items, default=shorten), "[1, 0]")
        table: Any = {"a": object(), "b": 1}

        def add(value: Any) -> int:
            table["c"] = 1
            return 0

        with self.assertRaisesRegex(RuntimeError, "changed size"):
            self.kjson.dumps(table, default=add)


WORDS = ["", "a", "key", "\u00e9", "\U0001f600x", 'q"\\', "\x00\x1f", "long " * 9, "\u2028"]


def make_value(source: random.Random, depth: int) -> Any:
    kind = source.randrange(10 if depth > 0 else 7)
    if kind == 0:
        return source.choice([None, True, False])
    if kind == 1:
        return source.randrange(-100, 100)
    if kind == 2:
        return source.randrange(-(2**70), 2**70) >> source.randrange(70)
    if kind == 3:
        return source.uniform(-1000, 1000)
    if kind == 4:
        return source.randrange(1, 2**53) * 10.0 ** source.randrange(-320, 300)
    if kind in (5, 6):
        return source.choice(WORDS) + source.choice(WORDS)
    size = source.randrange(5)
    if kind == 7:
        return {
            source.choice(WORDS) + str(i % 3): make_value(source, depth - 1)
            for i in range(size)
        }
    return [make_value(source, depth - 1) for _ in range(size)]


def spoil(source: random.Random, text: str) -> str:
    for _ in range(source.randrange(1, 3)):
        place = source.randrange(len(text) + 1)
        kind = source.randrange(3)
        new = source.choice('[]{},:"\\ue+-.0123456789 \n\tntfIN/\0\x1f\u00e9\U0001f600')
        if kind == 0:
            text = text[:place] + new + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + 1 :]
        else:
            text = text[:place] + new + text[place + 1 :]
    return text


class Corpus(Case):
    def test_values(self) -> None:
        source = random.Random(8259)
        for _ in range(600 * LONG):
            value = make_value(source, 5)
            options = {
                "ensure_ascii": source.random() < 0.5,
                "indent": source.choice([None, None, 0, 1, 3, "\t"]),
                "sort_keys": source.random() < 0.3,
            }
            text = json.dumps(value, **options)
            self.assertEqual(self.kjson.dumps(value, **options), text)
            self.assertEqual(repr(self.kjson.loads(text)), repr(json.loads(text)))
            encoded = text.encode()
            self.assertEqual(repr(self.kjson.loads(encoded)), repr(json.loads(text)))

    def test_spoilt_texts(self) -> None:
        source = random.Random(4627)
        for _ in range(4000 * LONG):
            value = make_value(source, 3)
            text = json.dumps(
                value, ensure_ascii=source.random() < 0.5, indent=source.choice([None, 1])
            )
            self.same("loads", spoil(source, text))

    def test_numbers(self) -> None:
        """Decimal texts near the middle of two doubles, and anywhere else."""
        source = random.Random(754)
        for _ in range(4000 * LONG):
            digits = source.randrange(1, 25)
            text = str(source.randrange(1, 10)) + "".join(
                source.choice("0123456789") for _ in range(digits)
            )
            if source.random() < 0.7:
                place = source.randrange(1, len(text))
                text = text[:place] + "." + text[place:]
            if source.random() < 0.7:
                text += "e%d" % source.randrange(-345, 310)
            if source.random() < 0.3:
                text = "-" + text
            self.same("loads", text)


class Leaks(Case):
    def test_nothing_grows(self) -> None:
        text = '{"a": [1, 2.5, "x\\n\u00e9", 12345678901234567890], "b": {"c": null}}'
        value = json.loads(text)

        def work() -> None:
            self.kjson.loads(text)
            self.kjson.loads(bytearray(text.encode()), allow_nan=False)
            self.kjson.dumps(value, sort_keys=True, indent=2)
            self.kjson.dumps([{1}], default=list)
            for wrong in ('{"a": [1, {"b": tru', '"\\ud800\\x"', b'["\xff"]'):
                outcome(self.kjson.loads, wrong)
            outcome(self.kjson.dumps, [1, {"a": (2, 1j)}])

        self.assertLess(modules.growth(work, 10000 * LONG), 100)


class Anywhere(unittest.TestCase):
    """What holds without the bridge too, where values are converted."""

    def test_values(self) -> None:
        kjson = modules.load("kjson", without_bridge=True)
        for text, value in VALID:
            self.assertEqual(repr(kjson.loads(text)), repr(value), text[:50])
        for value in (None, True, 1, -(2**70), 0.5, "\u00e9\n", [1, [2]], {"a": {"b": []}}):
            self.assertEqual(kjson.dumps(value), json.dumps(value))
        for text in INVALID:
            with self.assertRaises(ValueError):
                kjson.loads(text)


if __name__ == "__main__":
    unittest.main()
