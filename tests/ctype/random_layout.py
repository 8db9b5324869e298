"""Random records: their layout by kaa against that of the C compilers.

    random_layout.py --driver PATH --built-with GNU|Clang [--gcc gcc] [--clang clang]
                     [--records 3200] [--seed 1] [--emulator COMMAND]

Each record is written twice: as C text, compiled by gcc and by clang into a
program that looks at itself (sizeof, _Alignof, offsetof, and for a bit-field
which bits of a zeroed object change when it is set to all ones), and as a list
for layout_driver, which builds it through kaa's API. All must print the same;
so must layout_driver when it is given the C text, and a program compiled from
the definitions as kaa prints them.

Where gcc and clang differ, kaa follows the compiler it was built with. The
kinds of such records are listed in DIFFERENCES; one of another kind fails the
test, so that the list stays whole.
"""

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, FrozenSet, List, Optional

# Where gcc and clang lay out one and the same record in two ways.
DIFFERENCES = {
    "alias": "a bit-field whose type is a typedef with another alignment: gcc counts units of "
             "that alignment, clang bits of the type; gcc takes one of 8, 16, ... bits that lies "
             "well for no bit-field",
    "pack": "a bit-field with aligned(n) above #pragma pack: gcc takes the smaller of the two, "
            "clang forgets aligned(n)",
    "aligned": "a bit-field with aligned(n) below its type's alignment: gcc looks at the units it "
               "touches behind the rounding, clang before it",
    "atomic array": "an array of _Atomic: gcc gives it the alignment without _Atomic",
    "atomic record": "an _Atomic record whose size is no power of two: clang enlarges it up to "
                     "16 bytes; kaa never does, and is not compared with clang then",
}

# name in C, kaa_ctype_kind
INTEGERS = [
    ("_Bool", 1), ("char", 2), ("signed char", 3), ("unsigned char", 4), ("short", 5),
    ("unsigned short", 6), ("int", 7), ("unsigned int", 8), ("long", 9), ("unsigned long", 10),
    ("long long", 11), ("unsigned long long", 12), ("__int128", 13), ("unsigned __int128", 14),
    ("wchar_t", 15), ("char16_t", 16), ("char32_t", 17),
]
FLOATINGS = [
    ("float", 19), ("double", 20), ("long double", 21), ("__float128", 22),
    ("float _Complex", 23), ("double _Complex", 24), ("long double _Complex", 25),
    ("__builtin_va_list", 26),
]
BITS = {1: 1, 2: 8, 3: 8, 4: 8, 5: 16, 6: 16, 7: 32, 8: 32, 9: 64, 10: 64, 11: 64, 12: 64,
        13: 128, 14: 128, 15: 32, 16: 16, 17: 32}

PRELUDE = """\
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <uchar.h>

#ifndef __SIZEOF_FLOAT128__
#define __float128 _Float128
#endif

static void bits(const char *name, const void *object, size_t size)
{
    const unsigned char *bytes = object;
    size_t low = 0, width = 0;

    for (size_t i = 0; i < size * 8; i++)
        if (bytes[i / 8] >> (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 7 - i % 8 : i % 8) & 1) {
            if (width++ == 0)
                low = i;
            else if (low + width - 1 != i)
                printf(" torn");
        }
    printf(" %s %zu %zu", name, low, width);
}
"""


class Member:
    def __init__(self, name: Optional[str], type: "Type", width: int = -1, align: int = 0,
                 packed: bool = False) -> None:
        self.name, self.type, self.width = name, type, width
        self.align, self.packed = align, packed

    def text(self, indent: str) -> str:
        made = self.type.declare(self.name or "", indent)
        if self.width >= 0:
            made += f" : {self.width}"
        if self.packed:
            made += " __attribute__((packed))"
        if self.align:
            made += f" __attribute__((aligned({self.align})))"
        return f"{indent}{made};\n"


class Type:
    """A C type: its number in the driver's list and how it is declared."""

    number = -1
    # Bits that a bit-field of it may have; 0: it can be no bit-field's type.
    bits = 0
    # Whether it may be an array's element.
    elementary = True
    flexible = False
    is_bool = False
    is_alias = False
    is_atomic = False
    # What it holds by value.
    target: Optional["Type"] = None

    def __init__(self, text: str = "") -> None:
        self.text = text

    def declare(self, name: str, indent: str = "") -> str:
        return f"{self.text} {name}".rstrip()

    def differences(self) -> FrozenSet[str]:
        return self.target.differences() if self.target is not None else frozenset()


class Array(Type):
    def __init__(self, element: Type, count: int) -> None:
        self.element, self.count, self.target = element, count, element
        self.is_atomic = element.is_atomic
        self.elementary = count >= 0
        self.flexible = count < 0

    def declare(self, name: str, indent: str = "") -> str:
        return self.element.declare(f"{name}[{self.count if self.count >= 0 else ''}]", indent)

    def differences(self) -> FrozenSet[str]:
        found = self.element.differences()
        return found | {"atomic array"} if self.is_atomic else found


class Record(Type):
    def __init__(self, word: str, tag: Optional[str], members: List[Member], packed: bool,
                 align: int, pack: int) -> None:
        self.word, self.tag, self.members = word, tag, members
        self.packed, self.align, self.pack = packed, align, pack
        self.flexible = any(m.type.flexible for m in members)
        self.elementary = not self.flexible
        self.found: Optional[FrozenSet[str]] = None

    def declare(self, name: str, indent: str = "") -> str:
        if self.tag is None:
            return f"{self.body(indent)} {name}".rstrip()
        return f"{self.word} {self.tag} {name}".rstrip()

    def body(self, indent: str = "") -> str:
        made = f"{self.word} {self.tag or ''}".rstrip() + " {\n"
        for member in self.members:
            made += member.text(indent + "    ")
        made += indent + "}"
        if self.packed:
            made += " __attribute__((packed))"
        if self.align:
            made += f" __attribute__((aligned({self.align})))"
        return made

    def differences(self) -> FrozenSet[str]:
        """The keys of DIFFERENCES that apply to it or to what it holds."""
        if self.found is None:
            found = set()
            for member in self.members:
                found |= member.type.differences()
                if member.width >= 0 and member.type.is_alias:
                    found.add("alias")
                if member.width > 0 and member.align and not member.packed and not self.packed:
                    found.add("aligned")
                if member.width > 0 and self.pack and member.align > self.pack:
                    found.add("pack")
            self.found = frozenset(found)
        return self.found

    def named(self) -> List[Member]:
        """The members with names, those of anonymous members included."""
        found: List[Member] = []
        for member in self.members:
            if member.name is not None:
                found.append(member)
            elif member.width < 0:
                found += member.type.named()  # type: ignore[attr-defined]
        return found


class AtomicRecord(Type):
    is_atomic = True

    def __init__(self, record: Record) -> None:
        self.text = f"_Atomic {record.word} {record.tag}"
        self.target = record

    def differences(self) -> FrozenSet[str]:
        assert self.target is not None
        return self.target.differences() | {"atomic record"}


class Generator:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: List[str] = []   # for the driver
        self.source: List[str] = []  # declarations in C
        self.names = 0
        self.records: List[Record] = []
        self.enums: List[str] = []
        self.aliases: List[Type] = []
        self.basics: List[Type] = []
        self.tagged_enums: List[Type] = []
        for name, kind in INTEGERS + FLOATINGS:
            basic = Type(name)
            basic.bits = BITS.get(kind, 0)
            basic.is_bool = kind == 1
            self.add(basic, f"basic {kind}")
            self.basics.append(basic)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def add(self, type: Type, line: str) -> Type:
        type.number = len(self.lines)
        self.lines.append(line)
        return type

    def make_enum(self) -> None:
        tag = self.name("e")
        packed = self.chance(0.4)
        edge = self.random.choice([1, 7, 8, 15, 16, 31, 32, 40, 62])
        high = (1 << edge) - self.random.choice([0, 1, 1])
        values = [self.random.randint(0, high), high]
        if self.chance(0.5):
            values.append(-self.random.choice([1, high, high + 1, 128, 129, 32768, 32769, 1 << 31]))
        names = [self.name("E") for _ in values]
        made = Type(f"enum {tag}")
        body = ", ".join(f"{n} = {v}{'LL' if abs(v) > 2**31 - 1 else ''}"
                         for n, v in zip(names, values))
        self.source.append(f"enum {tag} {{ {body} }}"
                           f"{' __attribute__((packed))' if packed else ''};")
        pairs = " ".join(f"{n} {v}" for n, v in zip(names, values))
        self.add(made, f"enum {tag} {int(packed)} {len(values)} {pairs}")
        low, top = min(values + [0]), max(values)
        need = max(top.bit_length() + (low < 0), (-low - 1).bit_length() + 1 if low < 0 else 1)
        made.bits = next(b for b in (8, 16, 32, 64) if b >= need and (packed or b >= 32))
        self.tagged_enums.append(made)
        self.enums.append(tag)

    def make_alias(self) -> None:
        """A typedef with another alignment."""
        target = self.random.choice(self.basics + self.tagged_enums + self.records[-20:])
        if target.flexible:
            return
        align = self.random.choice([1, 2, 4, 8, 16, 32])
        name = self.name("t")
        declared = target.declare(name)
        if target in self.basics:  # the words of a basic type come in any order
            declared = " ".join(reversed(target.text.split())) + " " + name
        self.source.append(f"typedef {declared} __attribute__((aligned({align})));")
        changed = self.add(Type(), f"qualified {target.number} 0 {align}")
        made = Type(name)
        self.add(made, f"typedef {changed.number} {name}")
        made.bits, made.is_bool, made.elementary = target.bits, target.is_bool, False
        made.is_alias, made.target = True, target
        self.aliases.append(made)

    def some_type(self, depth: int) -> Type:
        pick = self.random.random()
        if pick < 0.45:
            return self.random.choice(self.basics)
        if pick < 0.52 and self.tagged_enums:
            return self.random.choice(self.tagged_enums)
        if pick < 0.62 and self.aliases:
            return self.random.choice(self.aliases)
        if pick < 0.70:
            target = self.random.choice(self.basics)
            return self.add(Type(f"{target.text} *"), f"pointer {target.number}")
        if pick < 0.80:
            element = self.some_type(depth + 1)
            count = self.random.choice([0, 1, 2, 3, 5])
            if not element.elementary:
                return element
            return self.add(Array(element, count), f"array {element.number} {count}")
        if pick < 0.84:
            target = self.random.choice(self.basics)
            word, bit = self.random.choice([("const", 1), ("volatile", 2), ("_Atomic", 8)])
            if bit == 8 and target.text == "__builtin_va_list":
                return target
            made = Type(f"{word} {target.text}")
            made.is_atomic = bit == 8
            return self.add(made, f"qualified {target.number} {bit} 0")
        if pick < 0.845 and self.records:
            record = self.random.choice(self.records[-50:])
            if record.flexible:
                return self.basics[6]
            made = AtomicRecord(record)
            return self.add(made, f"qualified {record.number} 8 0")
        if pick < 0.92 and self.records:
            record = self.random.choice(self.records[-50:])
            return record if not record.flexible else self.basics[6]
        if depth < 3:
            return self.record(None, depth + 1)
        return self.random.choice(self.basics)

    def bit_field(self) -> Member:
        sources = self.basics[:17] * 2 + self.tagged_enums[-10:]
        if self.chance(0.2):
            sources = [a for a in self.aliases if a.bits] or sources
        type = self.random.choice(sources)
        width = self.random.randint(1, type.bits)
        if self.chance(0.5):
            width = min(width, self.random.randint(1, 12))
        if self.chance(0.1):
            width = type.bits
        name: Optional[str] = self.name("m")
        if self.chance(0.2):
            name = None
            if self.chance(0.4):
                width = 0
        return Member(name, type, width)

    def member(self, depth: int) -> Member:
        if self.chance(0.5):
            made = self.bit_field()
        elif depth < 3 and self.chance(0.12):
            return Member(None, self.record(None, depth + 1))
        else:
            made = Member(self.name("m"), self.some_type(depth))
        if self.chance(0.1):
            made.align = self.random.choice([1, 2, 4, 8, 16, 64])
        if self.chance(0.1):
            made.packed = True
        return made

    def record(self, tag: Optional[str], depth: int, pack: int = 0) -> Record:
        word = "union" if self.chance(0.2) else "struct"
        count = self.random.choice([0, 1, 2, 3, 4, 5, 6, 8, 12]) if depth == 0 else \
            self.random.randint(1, 4)
        members = [self.member(depth) for _ in range(count)]
        if word == "struct" and depth == 0 and self.chance(0.06) and \
                any(m.name is not None for m in members):
            element = self.random.choice(self.basics)
            array = self.add(Array(element, -1), f"array {element.number} -1")
            members.append(Member(self.name("m"), array))
        open_ended = [r for r in self.records[-200:] if r.flexible]
        if word == "struct" and depth == 0 and open_ended and self.chance(0.03) and \
                not any(m.type.flexible for m in members):
            members.append(Member(self.name("m"), self.random.choice(open_ended)))
        packed = self.chance(0.2)
        align = self.random.choice([1, 2, 4, 8, 16, 32]) if self.chance(0.12) else 0
        made = Record(word, tag, members, packed, align, self.pack)
        parts = " ".join(
            f"{m.name or '-'} {m.type.number} {m.width} {m.align} {int(m.packed)}"
            for m in members)
        self.add(made, f"record {word} {tag or '-'} {int(packed)} {align} {self.pack} "
                       f"{len(members)} {parts}")
        return made

    pack = 0

    def make_record(self) -> None:
        if self.chance(0.15):
            self.make_enum()
        if self.chance(0.2):
            self.make_alias()
        self.pack = self.random.choice([1, 2, 4, 8, 16]) if self.chance(0.2) else 0
        made = self.record(self.name("r"), 0)
        text = made.body() + ";"
        if self.pack:
            text = f"#pragma pack(push, {self.pack})\n{text}\n#pragma pack(pop)"
        self.source.append(text)
        self.records.append(made)
        self.pack = 0


def probes(generator: Generator) -> str:
    """The part of the program that prints what the compiler made."""
    objects, functions = [], []
    for tag in generator.enums:
        functions.append(f'printf("{tag} %zu %d\\n", sizeof(enum {tag}), (enum {tag})-1 < 0);')
    for record in generator.records:
        type = f"{record.word} {record.tag}"
        functions.append(f'printf("{record.tag} %zu %zu", sizeof({type}), _Alignof({type}));')
        for member in record.named():
            if member.width < 0:
                functions.append(f'printf(" {member.name} %zu 0", '
                                 f'offsetof({type}, {member.name}) * 8);')
            else:
                value = 1 if member.type.is_bool else -1
                objects.append(f"static const {type} {member.name} = "
                               f"{{.{member.name} = {value}}};")
                functions.append(f'bits("{member.name}", &{member.name}, sizeof({type}));')
        functions.append("putchar('\\n');")
    # Small functions: a compiler's time grows faster than a function's length.
    made, calls = "\n".join(objects) + "\n", []
    for i in range(0, len(functions), 500):
        made += f"static void f{i}(void)\n{{\n" + "\n".join(functions[i:i + 500]) + "\n}\n"
        calls.append(f"    f{i}();\n")
    return made + "int main(void)\n{\n" + "".join(calls) + "    return 0;\n}\n"


def parse(text: str) -> Dict[str, str]:
    return {line.split(" ", 1)[0]: line for line in text.splitlines()}


def compiled(compiler: str, source: str, folder: str, name: str,
             emulator: List[str]) -> Dict[str, str]:
    path = os.path.join(folder, name)
    with open(path + ".c", "w") as file:
        file.write(source)
    command = [compiler, "-std=gnu11", "-w", "-O0", path + ".c", "-o", path]
    made = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if made.returncode != 0:
        sys.exit(f"{name}: {compiler} refuses the program:\n{made.stderr[:3000]}")
    return parse(subprocess.run([*emulator, path], stdout=subprocess.PIPE, text=True,
                                check=True).stdout)


def driven(driver: List[str], lines: str, *options: str) -> str:
    made = subprocess.run([*driver, *options], input=lines, stdout=subprocess.PIPE, text=True)
    if made.returncode != 0:
        sys.exit(f"the driver failed with {made.returncode}")
    return made.stdout


def compare(generator: Generator, built_with: str, by: Dict[str, Dict[str, str]],
            kaa: Dict[str, Dict[str, str]]) -> bool:
    """Whether kaa and the compiler that built it agree, however kaa got the types, and the two
    compilers do but for DIFFERENCES. Prints the first that do not."""
    text = dict(zip((r.tag for r in generator.records),
                    (s for s in generator.source if "{\n" in s)))
    tagged = {r.tag: r for r in generator.records}
    counts = {key: 0 for key in DIFFERENCES}
    wrong, odd = [], []
    for tag, line in by[built_with].items():
        kinds = tagged[tag].differences() if tag in tagged else frozenset()
        if any(way.get(tag) != line for way in kaa.values()):
            if built_with != "Clang" or "atomic record" not in kinds:
                wrong.append(tag)
        if any(other[tag] != line for other in by.values()):
            for key in kinds:
                counts[key] += 1
            if not kinds:
                odd.append(tag)
    for what, tags in (("wrong", wrong), ("of a new kind of difference", odd)):
        for tag in tags[:10]:
            print(f"{what}: {text.get(tag, tag)}")
            for name, lines in (*kaa.items(), *by.items()):
                print(f"  {name}: {lines.get(tag)}")
    print(f"{len(generator.records)} records, {len(generator.enums)} enums, compared with "
          f"{' and '.join(by)}: {len(wrong)} wrong")
    if len(by) > 1:
        for key, count in counts.items():
            print(f"  in {count} gcc and clang differ: {DIFFERENCES[key]}")
    return not wrong and not odd and all(len(way) == len(by[built_with]) for way in kaa.values())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--built-with", required=True)
    parser.add_argument("--gcc", default="gcc")
    parser.add_argument("--clang", default="clang")
    parser.add_argument("--records", type=int, default=3200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a folder for the programs")
    parser.add_argument("--emulator", default="", help="what runs programs of a cross compiler")
    given = parser.parse_args()
    emulator = shlex.split(given.emulator)
    driver = [*emulator, given.driver]

    generator = Generator(given.seed)
    while len(generator.records) < given.records:
        generator.make_record()
    lines = "\n".join(generator.lines) + "\n"
    source = "\n".join(generator.source) + "\n"
    end = probes(generator)
    folder = given.keep or tempfile.mkdtemp(prefix="kaa-layout-")
    if given.keep:
        with open(os.path.join(folder, "types.txt"), "w") as file:
            file.write(lines)
    compilers = {"GNU": given.gcc, "Clang": given.clang}
    by: Dict[str, Dict[str, str]] = {}
    for name, compiler in compilers.items():
        if shutil.which(compiler) is None:
            print(f"SKIPPED: there is no {compiler}; its layouts are not compared")
            continue
        by[name] = compiled(compiler, PRELUDE + source + end, folder, name, emulator)
    if given.built_with not in by:
        sys.exit("the compiler that built kaa is not here")
    kaa = {
        "through the API": parse(driven(driver, lines)),
        "from C text": parse(driven(driver, source, "--text")),
        "as printed and compiled": compiled(
            compilers[given.built_with],
            PRELUDE + driven(driver, lines, "--definitions") + end, folder, "printed", emulator),
    }
    fine = compare(generator, given.built_with, by, kaa)
    if not given.keep:
        shutil.rmtree(folder)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
