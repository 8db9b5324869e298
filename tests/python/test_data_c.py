"""C data that compiled C reads and writes, and the memory that it takes."""

from __future__ import annotations

import gc
import os
import random
import tempfile
import unittest
from typing import Any, Tuple

import kaa
import support
from test_data import Case, load


@unittest.skipIf(support.COMPILER is None, "no C compiler")
class AgainstTheCompiler(Case):
    """Random records, written here and read by C, and the other way."""

    KINDS: Tuple[Tuple[str, Any], ...] = (
        ("signed char", lambda r: r.randrange(-128, 128)),
        ("unsigned char", lambda r: r.randrange(256)),
        ("short", lambda r: r.randrange(-(2**15), 2**15)),
        ("unsigned", lambda r: r.randrange(2**32)),
        ("long long", lambda r: r.randrange(-(2**63), 2**63)),
        ("unsigned long long", lambda r: r.randrange(2**64)),
        ("float", lambda r: r.randrange(-1000, 1000) / 8),
        ("double", lambda r: r.uniform(-1e9, 1e9)),
        ("_Bool", lambda r: r.random() < 0.5),
    )

    def test_random_records(self) -> None:
        r = random.Random(20)
        records = []
        for number in range(40):
            members = [
                (f"m{i}", *r.choice(self.KINDS)) for i in range(r.randrange(1, 9))
            ]
            packed = " __attribute__((packed))" if r.random() < 0.2 else ""
            body = " ".join(f"{kind} {name};" for name, kind, _ in members)
            records.append((f"struct r{number} {{ {body} }}{packed};", members))
        functions = []
        for number, (_, members) in enumerate(records):
            functions.append(
                f"int same{number}(const struct r{number} *a, struct r{number} b)"
                "{ return "
                + " && ".join(f"a->{name} == b.{name}" for name, _, _ in members)
                + "; }"
                f"struct r{number} turn{number}(struct r{number} a) {{ return a; }}"
            )
        source = "\n".join(one for one, _ in records) + "\n" + "\n".join(functions)
        with tempfile.TemporaryDirectory() as folder:
            path = support.compile_library(folder, "librecords.so", source)
            text = "\n".join(one for one, _ in records) + "".join(
                f"int same{n}(const struct r{n} *a, struct r{n} b);"
                f"struct r{n} turn{n}(struct r{n} a);"
                for n in range(len(records))
            )
            lib = kaa.load(path, text)
            for number, (_, members) in enumerate(records):
                kind = getattr(lib, f"r{number}")
                for _ in range(10):
                    values = [make(r) for _, _, make in members]
                    one, two = kind(*values), kind()
                    for (name, _, _), value in zip(members, values):
                        setattr(two, name, value)
                    about = f"{records[number][0]} {values}"
                    self.assertEqual(getattr(lib, f"same{number}")(one, two), 1, about)
                    turned = getattr(lib, f"turn{number}")(one)
                    read = [getattr(turned, name) for name, _, _ in members]
                    self.assertEqual(read, values, about)
                    self.assertEqual(turned, one)


@unittest.skipUnless(support.COMPILER, "no C compiler")
class FromC(Case):
    def test_a_struct_of_callbacks(self) -> None:
        source = """
        struct ops { int (*add)(int, int); const char *(*name)(void *user); void *user; };
        int run(const struct ops *ops) { return ops->add(20, 22); }
        const char *ask(const struct ops *ops) { return ops->name(ops->user); }
        struct ops builtin;
        static int plus(int a, int b) { return a + b; }
        struct ops *standard(void) { builtin.add = plus; return &builtin; }
        """
        with tempfile.TemporaryDirectory() as folder:
            path = support.compile_library(folder, "libops.so", source)
            lib = kaa.load(
                path,
                "struct ops { int (*add)(int, int); const char *(*name)(void *user);"
                " void *user; }; int run(const struct ops *ops);"
                "const char *ask(const struct ops *ops); struct ops *standard(void);"
                "extern struct ops builtin;",
            )
            handle = kaa.handle("kept")
            ops = lib.ops(lambda a, b: a + b, lambda user: kaa.object(user), handle)
            gc.collect()
            self.assertEqual((lib.run(ops), lib.ask(ops)), (42, "kept"))

            def fails(a: int, b: int) -> int:
                raise KeyError(a)

            ops.add = fails
            with self.assertRaises(KeyError):
                lib.run(ops)
            self.assertEqual(lib.standard().add(1, 2), 3)
            lib.builtin.add = lambda a, b: a * b
            gc.collect()
            self.assertEqual(lib.run(kaa.addressof(lib.builtin)), 440)
            kaa.release(handle)


class Leaks(Case):
    def test_memory_stays(self) -> None:
        try:
            import resource
        except ImportError:
            self.skipTest("no resource module")
        lib = load()
        shared = lib.node(name="x")

        def use(rounds: int) -> None:
            for i in range(rounds):
                one = lib.node(shared, i % 100, "text")
                one.next.value
                one.name = None
                lib.all(at=(1, 2)).at.x
                kaa.addressof(one)[0].value

        use(3000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        use(20_000)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if "KAA_TEST_SANITIZE" not in os.environ:
            self.assertLess(grown, 8000)


if __name__ == "__main__":
    unittest.main()
