"""Random values and operations: kaa's native objects against this Python's.

    python_values.py --driver PATH [--cases 1500] [--seed 1]

values_driver does with kaa's ints, floats, strs, ... what each line asks for;
the same is done here. Results must have the same repr, failures the same type.
"""

import argparse
import math
import operator
import os
import random
import struct
import subprocess
import sys
import unicodedata
import warnings

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

BINARY = [operator.add, operator.sub, operator.mul, operator.matmul, operator.truediv,
          operator.floordiv, operator.mod, divmod, operator.pow, operator.lshift,
          operator.rshift, operator.and_, operator.or_, operator.xor]
UNARY = [operator.neg, operator.pos, operator.abs, operator.invert]
COMPARE = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
TYPES = [bool, int, float, complex, str, bytes]
POWER, LSHIFT, RSHIFT = 8, 9, 10
MODULO = 6

CHARACTERS = ["a", "b", "ab", " ", "\n", "\t", "'", '"', "\\", "\x00", "\x7f", "\x85", "\xa0", "é",
              "ß", "\u0e01", "\u2003", "\u200b", "\ufeff", "\u4e2d", "\U0001f600", "\U0010ffff"]


def word(value):
    """A value as values_driver reads it."""
    if value is None or isinstance(value, bool):
        return str(value)[0]
    if isinstance(value, int):
        return "i:%d" % value
    if isinstance(value, float):
        return "f:" + struct.pack(">d", value).hex()
    if isinstance(value, complex):
        return "c:%s,%s" % (word(value.real)[2:], word(value.imag)[2:])
    if isinstance(value, str):
        return "s:" + value.encode().hex()
    if isinstance(value, bytes):
        return "b:" + value.hex()
    raise TypeError(value)


class Cases:
    """Questions, and the answers Python gives."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.wanted = []

    def add(self, name, words, function, *values):
        self.lines.append("\t".join([name] + words))
        try:
            self.wanted.append("= " + repr(function(*values)))
        except Exception as error:
            self.wanted.append("! " + type(error).__name__)

    # ---- Values

    def int(self):
        kind = self.random.randrange(8)
        if kind == 0:
            return self.random.randrange(-3, 4)
        if kind == 1:
            return self.random.randrange(-1000, 1000)
        edge = self.random.choice([30, 31, 32, 52, 53, 54, 61, 62, 63, 64, 65, 126, 127, 128, 192])
        if kind < 5:
            return self.random.choice([-1, 1]) * (1 << edge) + self.random.randrange(-2, 3)
        bits = self.random.choice([40, 64, 100, 200, 700, 1030, 3000])
        value = self.random.getrandbits(self.random.randrange(1, bits + 1))
        if self.random.random() < 0.3:  # long runs of ones and zeros
            value = ((1 << bits) - 1) ^ (value << self.random.randrange(bits))
        return self.random.choice([-1, 1]) * value

    def float(self):
        kind = self.random.randrange(9)
        if kind == 0:
            return self.random.choice([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 0.5, 1e16,
                                       1e22, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308])
        if kind == 1:
            return float(self.random.randrange(-100, 100))
        if kind == 2:
            return math.ldexp(1.0, self.random.randrange(-1074, 1024))
        if kind == 3:
            return self.random.choice([-1, 1]) * round(self.random.random() * 1000, 3)
        if kind == 4:
            return float(self.random.randrange(1 << 53)) * 2.0 ** self.random.randrange(0, 80)
        if kind == 5:
            return self.random.uniform(-1, 1) * 10.0 ** self.random.randrange(-20, 20)
        return struct.unpack(">d", struct.pack(">Q", self.random.getrandbits(64)))[0]

    def complex(self):
        return complex(self.float(), self.float())

    def str(self):
        if self.random.random() < 0.1:
            return "".join(self.random.choices(CHARACTERS, k=self.random.randrange(200, 900)))
        return "".join(self.random.choices(CHARACTERS, k=self.random.randrange(12)))

    def bytes(self):
        return bytes(self.random.choices(b"ab'\"\\\n\x00\x80\xff ", k=self.random.randrange(12)))

    def value(self):
        return self.random.choice([self.int, self.int, self.float, self.float, self.complex, self.str,
                                   self.bytes, lambda: self.random.choice([True, False, None])])()

    # ---- Questions

    def binary(self):
        op = self.random.randrange(len(BINARY))
        left, right = self.value(), self.value()
        if self.random.random() < 0.6:
            left, right = self.int(), self.int()
        if op in (POWER, LSHIFT, RSHIFT) or isinstance(left, (str, bytes)):
            right = self.random.choice([right, self.random.randrange(-3, 70)])
            if isinstance(right, int) and abs(right) > 300:
                right %= 300
        elif isinstance(right, (str, bytes)) and isinstance(left, int):
            left %= 50
        if op == MODULO and isinstance(left, (str, bytes)):
            return  # no formatting by %
        if op == POWER and (isinstance(left, complex) or isinstance(right, complex)
                            or isinstance(left, float) and left < 0):
            return  # libm's last digit
        self.add("binary", ["w:%d" % op, word(left), word(right)], BINARY[op], left, right)

    def unary(self):
        op, value = self.random.randrange(4), self.value()
        if op == 3 and isinstance(value, bool) and sys.version_info >= (3, 16):
            return
        self.add("unary", ["w:%d" % op, word(value)], UNARY[op], value)

    def compare(self):
        op, left, right = self.random.randrange(6), self.value(), self.value()
        if self.random.random() < 0.4:
            left = self.int()
            try:
                right = float(left + self.random.randrange(-2, 3))
            except OverflowError:
                pass
            if self.random.random() < 0.5:
                left, right = right, left
        elif self.random.random() < 0.2:
            right = left
        self.add("compare", ["w:%d" % op, word(left), word(right)], COMPARE[op], left, right)

    def plain(self):
        value = self.value()
        self.add("repr", [word(value)], lambda: value)
        self.add("truth", [word(value)], bool, value)
        number = self.random.choice([self.int, self.float, self.complex])()
        if number == number:
            self.add("hash", [word(number)], hash, number)

    def ints(self):
        value, size = self.int(), self.random.randrange(0, 26)
        big, signed = self.random.randrange(2), self.random.randrange(2)
        order = "big" if big else "little"
        if self.random.random() < 0.4:
            value = self.random.choice([-1, 1]) * (1 << max(0, 8 * size - self.random.randrange(2)))
            value += self.random.randrange(-1, 2)
        if size == 0 and value == -1:
            value = 1  # b'' for Python, though it does not read back
        self.add("tobytes", [word(value), str(size), str(big), str(signed)],
                 lambda: value.to_bytes(size, order, signed=bool(signed)))
        data = self.bytes() + self.bytes()
        self.add("frombytes", [word(data), str(big), str(signed)],
                 lambda: int.from_bytes(data, order, signed=bool(signed)))
        base = self.random.choice([2, 8, 10, 16])
        self.add("text", [word(value), str(base)],
                 lambda: format(value, {2: "b", 8: "o", 10: "d", 16: "x"}[base]))
        self.add("method", ["w:bit_length", word(value)], value.bit_length)
        self.add("type", ["w:2", word(value)], float, value)

    def parse(self):
        base = self.random.choice([0, 2, 3, 8, 10, 16, 36, 37, 10, 10])
        digits = self.random.choice(["01", "0123456789", "0123456789abcXYZ_", "_0 1x", "7"])
        text = "".join(self.random.choices(digits, k=self.random.choice([0, 1, 3, 8, 13, 40, 120])))
        text = self.random.choice(["", "", "-", "+", " ", "- "]) + self.random.choice(
            ["", "", "0x", "0b", "0O", "0_", "00"]) + text + self.random.choice(["", "", " ", "\n", "_", "\0"])
        self.add("type", ["w:1", word(text), word(base)], int, text, base)
        self.add("type", ["w:1", word(text)], int, text)
        self.add("type", ["w:1", word(text.encode())], int, text.encode())
        number = self.float()
        text = self.random.choice([
            repr(number), "%.17g" % number, "%.25g" % number, "%.30e" % number,
            "%d.%de%d" % (self.int(), abs(self.int()), self.random.randrange(-330, 330)),
            "".join(self.random.choices("0123456789_.eE+- ", k=self.random.randrange(8))),
            "inf", "-Infinity", "nAn", "1_000.5_0e1_0", "1e400", "-1e-400", ".5", "5.", ".", "1__0", "1e",
            self.halfway(), self.halfway()])
        self.add("type", ["w:2", word(text)], float, text)
        if "_" not in text and " " not in text:
            text = self.random.choice(["", "("]) + text + self.random.choice(["", "j", "+1j", "-j", "+2.5J)"])
            self.add("type", ["w:3", word(text)], complex, text)

    def halfway(self):
        """The text of what lies between two doubles, or just beside it."""
        number = abs(self.float())
        if not math.isfinite(number) or number == 0 or number > 1e308:
            number = 1.5
        one, two = number.as_integer_ratio()
        following = struct.unpack(">d", struct.pack(">Q", 1 + struct.unpack(
            ">Q", struct.pack(">d", number))[0]))[0]
        three, four = following.as_integer_ratio()
        top, bottom = one * four + three * two, 2 * two * four  # bottom is a power of two
        bits = bottom.bit_length() - 1
        text = str(top * 5 ** bits).rjust(bits + 1, "0")
        text = text[:len(text) - bits] + "." + text[len(text) - bits:]
        return text + self.random.choice(["", "0", "00000001", "0" * 100 + "1"])

    def texts(self):
        text, part = self.str(), self.random.choice(CHARACTERS[:12] + [""])
        if self.random.random() < 0.2:
            part = text[self.random.randrange(5):self.random.randrange(9)]
        start, end, step = (self.random.choice([None, self.random.randrange(-14, 14)]) for _ in range(3))
        self.add("len", [word(text)], len, text)
        self.add("list", [word(text)], list, text)
        self.add("in", [word(text), word(part)], operator.contains, text, part)
        index = self.random.choice([self.random.randrange(-12, 12), self.random.randrange(900), 1 << 70])
        self.add("item", [word(text), word(index)], operator.getitem, text, index)
        if step != 0:
            self.add("slice", [word(text), word(start), word(end), word(step)],
                     lambda: text[start:end:step])
        for name in ("find", "rfind", "index", "count", "startswith", "endswith"):
            method = getattr(text, name)
            self.add("method", ["w:" + name, word(text), word(part)], method, part)
            self.add("method", ["w:" + name, word(text), word(part), word(start), word(end)],
                     method, part, start, end)
        for name in ("strip", "lstrip", "rstrip", "split"):
            method = getattr(text, name)
            self.add("method", ["w:" + name, word(text)], method)
            self.add("method", ["w:" + name, word(text), word(part)], method, part)
        count = self.random.randrange(-1, 4)
        self.add("method", ["w:split", word(text), "N", word(count)], text.split, None, count)
        self.add("method", ["w:split", word(text), word(part), word(count)], text.split, part, count)
        self.add("method", ["w:replace", word(text), word(part), word("é!")], text.replace, part, "é!")
        self.add("method", ["w:replace", word(text), word(part), word("x"), word(count)],
                 text.replace, part, "x", count)
        self.add("method", ["w:join", word(part), word(text)], part.join, text)
        for encoding in ("utf-8", "ascii", "latin_1", "klingon"):
            errors = self.random.choice(["strict", "ignore", "replace"])
            self.add("method", ["w:encode", word(text), word(encoding), word(errors)],
                     text.encode, encoding, errors)

    def datas(self):
        data, part = self.bytes(), self.random.choice([b"", b"a", b"ab", b"\x80", b"\xff'"])
        start, end, step = (self.random.choice([None, self.random.randrange(-14, 14)]) for _ in range(3))
        index = self.random.randrange(-12, 12)
        self.add("len", [word(data)], len, data)
        self.add("list", [word(data)], list, data)
        self.add("in", [word(data), word(part)], operator.contains, data, part)
        self.add("in", [word(data), word(index)], operator.contains, data, index)
        self.add("item", [word(data), word(index)], operator.getitem, data, index)
        if step != 0:
            self.add("slice", [word(data), word(start), word(end), word(step)],
                     lambda: data[start:end:step])
        self.add("method", ["w:find", word(data), word(part)], data.find, part)
        self.add("method", ["w:find", word(data), word(part), word(start), word(end)],
                 data.find, part, start, end)
        self.add("method", ["w:startswith", word(data), word(part)], data.startswith, part)
        self.add("method", ["w:endswith", word(data), word(part)], data.endswith, part)
        self.add("method", ["w:hex", word(data)], data.hex)
        pieces = [b"\xe4\xb8\xad", b"\xc3\xa9", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90",
                  b"\xe0\x80", b"\xff", b"\x80", b"\xe4\xb8", b"\xf0\x9f\x98", b"a", b"bcdefghijk"]
        coded = b"".join(self.random.choices(pieces, k=self.random.randrange(5)))
        self.add("decode", [word(coded)], coded.decode)
        for encoding in ("utf8", "ASCII", "latin-1"):
            for errors in ("strict", "ignore", "replace"):
                self.add("method", ["w:decode", word(coded), word(encoding), word(errors)],
                         coded.decode, encoding, errors)

    def large(self):
        """Ints long enough for every way of multiplying."""
        sizes = [self.random.randrange(1, 40000) for _ in range(2)]
        left, right = (self.random.getrandbits(bits) - (1 << bits - 1) for bits in sizes)
        for op in (0, 1, 2, 5, 6, 7, 11, 13):
            self.add("binary", ["w:%d" % op, word(left), word(right)], BINARY[op], left, right)
        product = left * right
        self.add("binary", ["w:5", word(product), word(left)], operator.floordiv, product, left)
        self.add("hash", [word(product)], hash, product)
        self.add("text", [word(left), "16"], lambda: format(left, "x"))
        self.add("repr", [word(product)], lambda: product)
        power = 10 ** (self.random.choice([1, 19, 152]) * self.random.randrange(1, 60))
        power += self.random.randrange(-1, 2)
        self.add("text", [word(power), "10"], lambda: "%d" % power)
        power *= left
        self.add("text", [word(power), "10"], lambda: "%d" % power)

    def characters(self):
        """How each character prints that this Python knows."""
        for point in range(0x110000):
            character = chr(point)
            if unicodedata.category(character) in ("Cn", "Cs"):
                continue
            if self.random.random() < 0.2 or point < 0x3000:
                self.add("repr", [word(character)], lambda: character)


# Where CPython's own releases differ.
def same(line, got, wanted):
    if got.startswith("! ") and wanted.startswith("! "):
        return got[2:].split(":")[0] == wanted[2:]
    if got == wanted:
        return True
    # 3.14 divides and multiplies complex numbers by floats by parts.
    words = line.split("\t")
    return (words[0] == "binary" and sys.version_info >= (3, 14)
            and any(w.startswith("c:") for w in words)
            and any(not w.startswith(("c:", "w:")) for w in words[1:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if sys.implementation.name != "cpython":
        print("the answers wanted are CPython's")
        return 77
    warnings.simplefilter("ignore")  # ~True
    total = arguments.cases * int(os.environ.get("KAA_TEST_LONG", "1"))
    cases = Cases(arguments.seed)
    for number in range(total):
        cases.binary()
        cases.unary()
        cases.compare()
        cases.plain()
        cases.ints()
        cases.parse()
        if number % 10 == 0:
            cases.texts()
            cases.datas()
        if number % 100 == 0:
            cases.large()
    cases.characters()
    done = subprocess.run([arguments.driver], input="\n".join(cases.lines).encode() + b"\n",
                          stdout=subprocess.PIPE)
    got = done.stdout.decode().split("\n")
    wrong = 0
    for line, answer, wanted in zip(cases.lines, got, cases.wanted):
        if not same(line, answer, wanted):
            wrong += 1
            if wrong <= 20:
                print("%s\n    kaa    %s\n    Python %s" % (line[:300], answer[:300], wanted[:300]))
    if done.returncode != 0 or len(got) != len(cases.lines) + 1:
        print("the driver ended with %d after %d of %d answers: %s"
              % (done.returncode, len(got), len(cases.lines), got[-3:]))
        return 1
    print("%d of %d answers are wrong" % (wrong, len(cases.lines)))
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
