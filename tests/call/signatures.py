"""Writes a C file of functions with many kinds of signatures.

    signatures.py OUTPUT [COUNT [SEED]]

For each signature the file has a function that hashes its arguments and makes
its result from the hash, and a caller that the compiler has typed; for each
type, how to fill and hash a value, and how to build the kaa_ctype. Comparing
the compiler's own calls with kaa's is the business of the tests. The seed is
fixed: every machine tests the same.
"""

import random
import sys

BASIC = [  # kind, C type, class of value
    ("BOOL", "_Bool", "bool"),
    ("CHAR", "char", "int"),
    ("SCHAR", "signed char", "int"),
    ("UCHAR", "unsigned char", "int"),
    ("SHORT", "short", "int"),
    ("USHORT", "unsigned short", "int"),
    ("INT", "int", "int"),
    ("UINT", "unsigned int", "int"),
    ("LONG", "long", "int"),
    ("ULONG", "unsigned long", "int"),
    ("LLONG", "long long", "int"),
    ("ULLONG", "unsigned long long", "int"),
    ("WCHAR", "wchar_t", "int"),
    ("FLOAT", "float", "float"),
    ("DOUBLE", "double", "float"),
    ("LDOUBLE", "long double", "ldouble"),
    ("INT128", "__int128", "int128"),
    ("UINT128", "unsigned __int128", "int128"),
    ("CFLOAT", "float _Complex", "complex"),
    ("CDOUBLE", "double _Complex", "complex"),
    ("CLDOUBLE", "long double _Complex", "complex"),
]
# What C's promotions leave as it is.
UNPROMOTED = {"_Bool", "char", "signed char", "unsigned char", "short",
              "unsigned short", "float"}
BIT_FIELD_BITS = {"_Bool": 1, "signed char": 8, "unsigned char": 8, "short": 16,
                  "unsigned short": 16, "int": 32, "unsigned int": 32,
                  "long": 64, "unsigned long": 64}
WEIGHTS = {"ldouble": 0.4, "int128": 0.4, "complex": 0.4, "float": 3}


class Type:
    """One C type: its spelling and the code that handles it."""

    def __init__(self, index, spelling, value, build, fill, hash_, size=0):
        self.index, self.spelling, self.value = index, spelling, value
        self.build, self.fill, self.hash, self.size = build, fill, hash_, size


def scalar_code(value, spelling):
    """How to fill and hash `v`, a value (not a pointer) of a scalar type."""
    if value == "bool":
        return "next(s) & 1", "h = mix(h, {v})"
    if value == "int":
        return f"({spelling})next(s)", "h = mix(h, (uint64_t){v})"
    if value == "pointer":
        return "(void *)(uintptr_t)next(s)", "h = mix(h, (uint64_t)(uintptr_t){v})"
    if value == "int128":
        wide = f"({spelling})next(s)"
        return (f"(({wide}) << 63) ^ ({wide})",
                "h = mix(mix(h, (uint64_t){v}), (uint64_t)({v} >> 64))")
    if value == "float":
        return (f"({spelling})(int32_t)(next(s) >> 44) / 8",
                "h = mix(h, (uint64_t)(int64_t)({v} * 8))")
    if value == "ldouble":
        return ("(long double)(int64_t)next(s)",
                "h = mix(h, (uint64_t)(int64_t){v})")
    if value == "complex":
        return (f"({spelling})((double)(next(s) >> 44) + "
                "(double)(next(s) >> 44) * 1.0i)",
                "h = mix(mix(h, (uint64_t)__real__({v})), "
                "(uint64_t)__imag__({v}))")
    raise ValueError(value)


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.out = []
        self.types = []
        self.records = []

    def emit(self, text):
        self.out.append(text)

    def add(self, spelling, value, build, fill, hash_, size=0):
        made = Type(len(self.types), spelling, value, build, fill, hash_, size)
        self.types.append(made)
        return made

    def add_scalars(self):
        for kind, spelling, value in BASIC:
            fill, hash_ = scalar_code(value, spelling)
            self.add(spelling, value,
                     f"types[{len(self.types)}] = "
                     f"kaa_ctype_basic(KAA_CTYPE_{kind});", fill, hash_)
        fill, hash_ = scalar_code("pointer", "void *")
        self.add("void *", "pointer",
                 f"types[{len(self.types)}] = signature_pointer(t, table);",
                 fill, hash_)
        for name, low, high in (("enum_signed", -3, 70000),
                                ("enum_unsigned", 0, 4000000000),
                                ("enum_long", -1, 1 << 40)):
            spelling = "enum " + name
            self.emit(f"{spelling} {{ {name}_low = {low}, "
                      f"{name}_high = {high} }};")
            fill, hash_ = scalar_code("int", spelling)
            # An enum's value is always one that it names, for clang's sake.
            fill = f"(next(s) & 1) ? {name}_low : {name}_high"
            self.add(spelling, "int",
                     f"types[{len(self.types)}] = signature_enum(t, table, "
                     f'"{name}", {low}, {high}L);', fill, hash_)

    def pick_scalar(self):
        return self.random.choices(
            self.types[:len(BASIC) + 4],
            [WEIGHTS.get(x.value, 1) for x in self.types[:len(BASIC) + 4]])[0]

    def bit_field(self, i):
        spelling, bits = self.random.choice(sorted(BIT_FIELD_BITS.items()))
        type_ = next(x for x in self.types if x.spelling == spelling)
        width = self.random.randint(1, bits)
        fill = f"v->m{i} = ({spelling})next(s);"
        if spelling == "_Bool":
            fill = f"v->m{i} = next(s) & 1;"
        return (f"{spelling} m{i} : {width};", type_, str(width), fill,
                f"h = mix(h, (uint64_t)v->m{i});", None)

    def member(self, i, allow_bits):
        roll = self.random.random()
        if allow_bits and roll < 0.6:
            return self.bit_field(i)
        none = "KAA_CTYPE_NOT_A_BIT_FIELD"
        small = [r for r in self.records if r.size <= 16]
        if roll > 0.85 and small:
            type_ = self.random.choice(small)
            return (f"{type_.spelling} m{i};", type_, none,
                    f"{{ {type_.spelling} x; {type_.fill}(&x, s); "
                    f"v->m{i} = x; }}",
                    f"{{ {type_.spelling} x = v->m{i}; "
                    f"h = mix(h, {type_.hash}(&x)); }}", None)
        type_ = self.pick_scalar()
        if roll > 0.75:
            count = self.random.randint(1, 4)
            return (f"{type_.spelling} m{i}[{count}];", type_, none,
                    f"for (int i = 0; i < {count}; i++) "
                    f"v->m{i}[i] = {type_.fill};",
                    f"for (int i = 0; i < {count}; i++) "
                    f"{type_.hash.format(v=f'v->m{i}[i]')};", count)
        aligned = ""
        if self.random.random() < 0.05:
            aligned, none = "__attribute__((aligned(16))) ", f"{none}, .align = 16"
        return (f"{type_.spelling} {aligned}m{i};", type_, none,
                f"v->m{i} = {type_.fill};",
                type_.hash.format(v=f"v->m{i}") + ";", None)

    def add_exact(self, *spellings):
        """A struct of just these members, for write_all_ways() alone."""
        members = []
        for i, spelling in enumerate(spellings):
            type_ = self.named(spelling)
            members.append((f"{spelling} m{i};", type_,
                            "KAA_CTYPE_NOT_A_BIT_FIELD",
                            f"v->m{i} = {type_.fill};",
                            type_.hash.format(v=f"v->m{i}") + ";", None))
        self.add_record(members, exact=True)
        return self.records.pop()

    def named(self, spelling):
        return next(x for x in self.types if x.spelling == spelling)

    def add_record(self, forced=None, exact=False):
        r = self.random
        index, name = len(self.types), f"r{len(self.types)}"
        kind = "union" if r.random() < 0.2 else "struct"
        allow_bits = r.random() < 0.3
        members = forced if forced is not None else [
            self.member(i, allow_bits)
            for i in range(r.choice((1, 1, 2, 2, 2, 3, 3, 4, 5)))]
        if forced is not None:
            kind = "struct"
        packed = not exact and r.random() < 0.15
        align = r.choice((8, 16)) if not exact and r.random() < 0.08 else 0
        attributes = (["packed"] if packed else []) + (
            [f"aligned({align})"] if align else [])
        attribute = (f"__attribute__(({', '.join(attributes)})) "
                     if attributes else "")
        spelling = f"{kind} {name}"
        self.emit(f"{kind} {attribute}{name} {{ "
                  + " ".join(m[0] for m in members) + " };")
        active = members if kind == "struct" else (
            [r.choice(members)] if members else [])
        self.emit(f"static void fill_{name}({spelling} *v, uint64_t *s)\n{{\n"
                  "    (void)s;\n    memset(v, 0, sizeof(*v));\n    "
                  + "\n    ".join(m[3] for m in active) + "\n}")
        self.emit(f"static uint64_t hash_{name}(const {spelling} *v)\n{{\n"
                  "    uint64_t h = 1;\n    (void)v;\n    "
                  + "\n    ".join(m[4] for m in active) + "\n    return h;\n}")
        rows = ", ".join(
            f'{{.name = "m{i}", .type = '
            + (f"signature_array(t, table, types[{m[1].index}], {m[5]})"
               if m[5] else f"types[{m[1].index}]")
            + f", .bit_width = {m[2]}}}" for i, m in enumerate(members))
        build = (f"{{ kaa_ctype_member m[] = {{ {rows or '{.name = NULL}'} }}; "
                 f"types[{index}] = signature_record(t, table, "
                 f"KAA_CTYPE_{kind.upper()}, \"{name}\", m, {len(members)}, "
                 f"{int(packed)}, {align}); }}")
        made = self.add(spelling, "record", build, f"fill_{name}",
                        f"hash_{name}", self.guess_size(members, kind))
        self.records.append(made)

    def guess_size(self, members, kind):
        """An upper bound, so that nesting stays small."""
        sizes = []
        for text, type_, _, _, _, count in members:
            one = type_.size or {"int128": 16, "ldouble": 16,
                                 "complex": 16}.get(type_.value, 8)
            sizes.append(one * (count or 1))
        return max(sizes, default=0) if kind == "union" else sum(sizes)

    def pick(self, variable=False):
        while True:
            if self.records and self.random.random() < 0.35:
                type_ = self.random.choice(self.records)
            else:
                type_ = self.pick_scalar()
            if not variable or (type_.spelling not in UNPROMOTED
                                and type_.size_known):
                return type_

    def copy_fill_hash(self, type_):
        """The two functions of the table of types, for any type."""
        i = type_.index
        if type_.value == "record":
            fill = f"{type_.fill}(value, s);"
            hash_ = f"return {type_.hash}(value);"
        else:
            fill = f"*({type_.spelling} *)value = {type_.fill};"
            hash_ = (f"uint64_t h = 1; "
                     f"{type_.hash.format(v=f'(*(const {type_.spelling} *)value)')};"
                     f" return h;")
        self.emit(f"static void fill_{i}(void *value, uint64_t *s) {{ {fill} }}")
        self.emit(f"static uint64_t hash_{i}(const void *value) {{ {hash_} }}")

    def signature(self, number):
        r = self.random
        variadic = r.random() < 0.12
        count = r.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15))
        style = r.random()
        arguments = []
        fixed = max(1, min(count, r.randint(1, 3))) if variadic else count
        if variadic and count == 0:
            count = 1
        for i in range(count):
            if style < 0.15:
                arguments.append(self.named("double"))
            elif style < 0.25 and not variadic:
                arguments.append(r.choice([x for x in self.types[:13]]))
            else:
                arguments.append(self.pick(variadic and i >= fixed))
        result = None if r.random() < 0.1 else self.pick()
        self.write_function(number, result, arguments,
                            fixed if variadic else None)

    def write_all_ways(self, exact):
        """Each way of getting a result with little, more and much on the
        stack, variadic or not."""
        integer, floating = self.named("long"), self.named("double")
        large, extended = exact[2], self.named("long double")
        results = [*exact, integer, floating, extended, self.named("__int128"),
                   self.named("double _Complex"),
                   self.named("long double _Complex")]
        for result in results:
            for stack in ([], [large], [large, extended, large],
                          [large, extended] * 4, [integer] * 6, [integer] * 14,
                          [large] * 4 + [integer] * 18):
                for fixed in (None, 1):
                    arguments = [integer] * 4 + [floating] * 4 + stack
                    self.random.shuffle(arguments)
                    self.write_function(len(self.cases), result,
                                        [integer] + arguments, fixed)

    def write_function(self, number, result, arguments, fixed):
        out = result.spelling if result else "void"
        named = arguments if fixed is None else arguments[:fixed]
        parameters = ", ".join(f"{a.spelling} a{i}"
                               for i, a in enumerate(named)) or "void"
        types = ", ".join(a.spelling for a in named) or "void"
        if fixed is not None:
            parameters += ", ..."
            types += ", ..."
        body = []
        if fixed is not None:
            body.append(f"va_list list; va_start(list, a{fixed - 1});")
            body += [f"{a.spelling} a{i} = va_arg(list, {a.spelling});"
                     for i, a in enumerate(arguments) if i >= fixed]
            body.append("va_end(list);")
        body.append("uint64_t h = 17;")
        body += [f"h = mix(h, hash_{a.index}(&a{i}));"
                 for i, a in enumerate(arguments)]
        body.append("signature_digest = h;")
        if result:
            body.append(f"{out} result; fill_{result.index}(&result, &h); "
                        "return result;")
        self.emit(f"static {out} f{number}({parameters})\n{{\n    "
                  + "\n    ".join(body) + "\n}")
        passed = ", ".join(f"*({a.spelling} *)a[{i}]"
                           for i, a in enumerate(arguments))
        call = f"(({out} (*)({types}))function)({passed})"
        if result:
            call = f"*({out} *)result = {call}"
        self.emit(f"static void call{number}(kaa_function function, "
                  "void *result, void *const *a)\n{\n    (void)result; "
                  f"(void)a;\n    {call};\n}}")
        indices = ", ".join(str(a.index) for a in arguments) or "0"
        self.emit(f"static const uint16_t types{number}[] = {{ {indices} }};")
        text = f"{out} f{number}({types})"
        return_index = result.index if result else -1
        self.cases.append(
            f'{{ "{text}", {return_index}, {len(arguments)}, '
            f"{fixed or 0}, types{number}, (kaa_function)f{number}, "
            f"call{number} }}")

    def generate(self, count, records=90):
        self.cases = []
        self.emit(PROLOGUE)
        self.add_scalars()
        self.add_record(forced=[])
        for _ in range(records):
            self.add_record()
        exact = [self.add_exact("long", "double"),
                 self.add_exact("double", "long"),
                 self.add_exact("int", "double", "long")]
        exact += [self.add_exact(*[spelling] * count)
                  for spelling in ("float", "double", "long double")
                  for count in (1, 2, 3, 4, 5)]
        # Floating numbers alone, which AArch64 passes in a way of their own.
        self.records += exact[3:]
        for type_ in self.types:
            type_.size_known = type_.value != "record" or type_.size > 0
            self.copy_fill_hash(type_)
        for number in range(count):
            self.signature(number)
        self.write_all_ways(exact)
        self.emit("static void build(kaa_test *t, kaa_ctype_table *table, "
                  "const kaa_ctype **types)\n{\n    "
                  + "\n    ".join(x.build for x in self.types) + "\n}")
        rows = ",\n    ".join(
            f'{{ "{x.spelling}", sizeof({x.spelling}), '
            f"_Alignof({x.spelling}), fill_{x.index}, hash_{x.index} }}"
            for x in self.types)
        self.emit(f"static const signature_type table_of_types[] = {{\n"
                  f"    {rows}\n}};")
        cases = ",\n    ".join(self.cases)
        self.emit(f"static const signature_case table_of_cases[] = {{\n"
                  f"    {cases}\n}};")
        self.emit("const signature_set SIGNATURE_SET = {\n"
                  "    SIGNATURE_COMPILER, table_of_types, "
                  f"{len(self.types)}, table_of_cases, {len(self.cases)}, "
                  "build };")
        return "\n".join(self.out) + "\n"


PROLOGUE = """\
/* Written by tests/call/signatures.py. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <wchar.h>

#include "call/signatures.h"

static inline uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 29);
}

static inline uint64_t next(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *s ^ (*s >> 31);
}
"""


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write(Generator(seed).generate(count))


if __name__ == "__main__":
    main()
