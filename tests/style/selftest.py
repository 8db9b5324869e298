"""Feeds every check something broken and expects to be told; and something
sound, on which it must be silent.

    selftest.py CC MYPY
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "abi"), str(HERE.parent / "python")]
import contracts  # noqa: E402
import exports  # noqa: E402
import format as format_  # noqa: E402
import globals as globals_  # noqa: E402
import headers  # noqa: E402
import layers  # noqa: E402
import listed  # noqa: E402
import names  # noqa: E402
import needed  # noqa: E402
import pinned  # noqa: E402
import python_imports  # noqa: E402
import python_types  # noqa: E402
import sizes  # noqa: E402
import source  # noqa: E402
import systems  # noqa: E402
import tables  # noqa: E402
import tracked  # noqa: E402

CC = "cc"
MYPY = "mypy"

SOUND = """\
/* kaa/thing.h - things. */
#ifndef KAA_THING_H
#define KAA_THING_H

/**
 * Makes a thing.
 *
 * @param out_thing  Receives it.
 *
 * @owns   The caller.
 * @gil    any
 * @fails  KAA_NO_MEMORY
 * @since  0.1
 */
KAA_API KAA_NODISCARD kaa_status kaa_thing_create(kaa_thing **out_thing,
                                                  kaa_error *err);

#endif /* KAA_THING_H */
"""
STATUS = 'KAA_STATUS(NO_MEMORY, 2, "out of memory", "MemoryError")\n'


class Folder(unittest.TestCase):
    """A test with a folder of its own to write samples to."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kaa-style-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def told(self, findings, part):
        """There is one finding, and it says `part`."""
        findings = list(findings)
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(part, findings[0])

    def compile(self, name, text):
        """An object file as the build would call it."""
        path = self.write(name, text)
        out = self.root / "CMakeFiles" / "kaa_x.dir" / f"{name}.o"
        out.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([CC, "-fPIC", "-c", str(path), "-o", str(out)], check=True)
        return str(out)


class Systems(Folder):
    def test_only_where_listed(self):
        (self.root / "base/os").mkdir(parents=True)
        (self.root / "base/os/memory.c").write_text("#include <sys/mman.h>\n")
        (self.root / "base/text.c").write_text("#include <string.h>\n/* <poll.h> */\n")
        (self.root / "heap.c").write_text("#  include <sys/mman.h>\n#include <poll.h>\n")
        self.assertEqual(
            systems.check("", self.root),
            ["lib/heap.c: includes poll.h, sys/mman.h, and is not in lib/os.txt"],
        )
        self.assertEqual(systems.check("# why\n\nheap.c - pages\n", self.root), [])
        self.assertEqual(
            systems.check("heap.c - pages\nheap.c - pages\ntext.c\ngone/ - x\n", self.root),
            [
                "os.txt:2: stands twice",
                "os.txt:3: not 'folder/[file.c] - what it needs'",
                "lib/os.txt: gone/ includes nothing of a system's",
            ],
        )


class Tables(Folder):
    """The tables of Pythons, made from results and then looked at."""

    EMPTY = "text\n\n<!-- table: pythons -->\n\n<!-- table: end -->\n"

    def results(self, place, version, **more):
        python = {"version": version, "pypy": "", "free_threaded": False, "host": "", "mode": ""}
        told = {"python": {**python, "libc": "glibc 2", **more}, "module": "test_a", "ran": 3}
        told.update(failed=[], skipped=[["b", "no c"]])
        self.write(f"build/python-results/{place}/test_a.json", json.dumps(told))
        return f"{place}/test_a.json\n"

    def make(self):
        command = [sys.executable, "-B", str(HERE.parent / "tables.py")]
        done = subprocess.run(
            [*command, str(self.root), str(self.root / "build"), "pythons"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    def test_made_and_checked(self):
        self.write("tests/python/CMakeLists.txt", "foreach(name python3 python3.9 pypy3)\n")
        for name in (tables.README, tables.PAGE):
            self.write(name, self.EMPTY)
        self.assertEqual(list(tables.findings(self.root)), [])
        expected = self.results("3.9.1", "3.9.1") + self.results("3.9.1/plain", "3.9.1", host="none")
        self.write("build/python-expected.txt", expected + "pypy3.9.1/test_a.json\n")
        status, said = self.make()
        self.assertEqual(status, 1)
        self.assertIn("1 of 3 modules did not run: pypy3.9.1/test_a.json", said)
        self.results("pypy3.9.1", "3.9.1", pypy="7.1.0")
        self.assertEqual(self.make()[0], 0)
        row = "| CPython 3.9.1 | glibc 2 | 1 | 2 | 1 |"
        self.assertEqual((self.root / "README.md").read_text().count(row), 1)
        page = (self.root / tables.PAGE).read_text()
        self.assertIn("| CPython 3.9.1, `KAA_HOST=none` |", page)
        self.assertIn("| no c | 3 | 3.9.1, 3.9.1/plain, pypy3.9.1 |", page)
        self.assertEqual(
            list(tables.findings(self.root)),
            ["README.md: the table of Pythons has no row of a free-threaded CPython"],
        )
        self.write(tables.PAGE, page.replace(row, ""))
        self.assertIn(f"{tables.PAGE}: the table lacks the README's row {row}",
                      list(tables.findings(self.root)))  # fmt: skip
        self.assertEqual(self.make()[0], 0)  # a second time, over the first
        self.assertEqual((self.root / tables.PAGE).read_text(), page)


class Source(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_kept(self):
        text = 'a /* "b\n */ c "/* d */" // e\n'
        bare = source.without_comments(text)
        self.assertEqual(bare.count("\n"), text.count("\n"))
        self.assertNotIn("b", bare)
        self.assertNotIn("e", bare)
        self.assertIn('"/* d */"', bare)
        self.assertNotIn("d", source.without_comments(text, literals=True))


class Layers(Folder):
    LIST = "base: \nctype: base\ncall: ctype base\n"

    def check(self, name, include):
        self.write(name, f"{include}\n")
        (self.root / "include").mkdir(exist_ok=True)
        (self.root / "lib").mkdir(exist_ok=True)
        return layers.check(self.LIST, self.root / "lib", self.root / "include")

    def test_what_is_allowed_is_allowed(self):
        sound = '#include "call/internal.h"\n#include "base/text.h"\n'
        sound += '#include <ffi.h>\n#include <kaa/ctype.h>\n// #include "gc/gc.h"'
        self.assertEqual(self.check("lib/call/plan.c", sound), [])

    def test_a_folder_above(self):
        found = self.check("lib/base/text.c", '#include "call/plan.h"')
        self.told(found, "base may not include call")

    def test_a_public_header_above(self):
        found = self.check("lib/ctype/print.c", "#include <kaa/call.h>")
        self.told(found, "ctype may not include call")
        found = self.check("include/ctype.h", "#include <kaa/call.h>")
        self.assertEqual(len(found), 2)

    def test_libffi_python_and_bare_names(self):
        found = self.check("lib/ctype/a.c", "#include <ffi.h>")
        self.told(found, "libffi")
        found = self.check("lib/ctype/a.c", "#include <Python.h>")
        self.told(found, "CPython")
        self.told(self.check("lib/ctype/a.c", '#include "a.h"'), "folder/file.h")

    def test_a_folder_that_is_not_declared(self):
        self.told(self.check("lib/gc/gc.c", ""), "kaa_subsystem")

    def test_nested_folders(self):
        self.LIST += "host: base\nhost/call: host base\nhost/data: host base\n"
        sound = '#include "host/host.h"\n#include "host/call/plan.h"'
        self.assertEqual(self.check("lib/host/call/deep/plan.c", sound), [])
        found = self.check("lib/host/call/x.c", '#include "host/data/deep/x.h"')
        self.told(found, "host/call may not include host/data")
        self.write("lib/host/call/x.c", "")
        found = self.check("lib/host/host.c", '#include "host/call/plan.h"')
        self.told(found, "host may not include host/call")

    def test_a_cycle(self):
        _, findings = layers.read_layers("base: call\ncall: base\n")
        self.told(findings, "not above")


class Contracts(Folder):
    def check(self, old, new):
        self.assertIn(old, SOUND)
        self.write("status.def", STATUS)
        self.write("thing.h", SOUND.replace(old, new))
        return contracts.check(self.root)

    def test_a_sound_header(self):
        self.assertEqual(self.check("", ""), [])

    def test_what_is_missing(self):
        self.told(self.check(" * @gil    any\n", ""), "lacks @gil")
        self.told(self.check(" * @since  0.1\n", ""), "lacks @since")
        self.told(self.check(" * @fails  KAA_NO_MEMORY\n", ""), "lacks @fails")
        self.told(self.check("Makes a thing.", ""), "sentence")
        self.told(self.check("/**\n", "/*\n"), "no doc comment")
        self.told(self.check("#define KAA_THING_H", "#define OTHER"), "guarded")
        self.told(self.check("/* kaa/thing.h - ", "/* "), "open with")

    def test_what_is_wrong(self):
        swapped = " * @fails  KAA_NO_MEMORY\n * @since  0.1\n"
        other = " * @since  0.1\n * @fails  KAA_NO_MEMORY\n"
        self.told(self.check(swapped, other), "tags stand as")
        self.told(self.check("KAA_NO_MEMORY", "KAA_NO_LUCK"), "KAA_NO_LUCK")
        self.told(self.check("KAA_NO_MEMORY", "when it likes"), "names no status")
        self.told(self.check("@gil    any", "@gil    some"), "none of held")
        self.told(self.check("@since  0.1", "@since  soon"), "no release")
        self.told(self.check("@owns", "@own"), "not a tag")
        self.told(self.check("Makes", "As kaa_gone() makes"), "kaa_gone")
        found = self.check("kaa_thing_create", "kaa_create")
        self.told(found, "does not begin kaa_thing_")

    def test_kaa_h_is_all_of_it(self):
        self.check("", "")
        text = "/* kaa/kaa.h - all. */\n#ifndef KAA_KAA_H\n#define KAA_KAA_H\n"
        self.write("kaa.h", text + "#include <kaa/thing.h>\n#endif\n")
        self.assertEqual(contracts.check(self.root), [])
        self.write("kaa.h", text + "#endif\n")
        self.told(contracts.check(self.root), "does not include thing.h")


class Exports(Folder):
    def test_agreement_and_each_disagreement(self):
        sound = {"kaa_a": ("T", "KAA_0.1")}, {"kaa_a": "KAA_0.1"}, {"kaa_a": ()}
        self.assertEqual(list(exports.compare(*sound)), [])
        for lacking, part in enumerate(["exported", "kaa.map", "declares"]):
            sample = list(sound)
            sample[lacking] = {}
            self.told(exports.compare(*sample), part)
        data = {"kaa_a": ("D", "KAA_0.1")}, *sound[1:]
        self.told(exports.compare(*data), "only functions")
        late = {"kaa_a": ("T", "KAA_0.2")}, *sound[1:]
        self.told(exports.compare(*late), "version")

    def test_the_map_is_read(self):
        text = "K_0.1 { global: /* no; */ a; b; local: *; }; K_0.2 { c; };"
        wanted = {"a": "K_0.1", "b": "K_0.1", "c": "K_0.2"}
        self.assertEqual(exports.mapped(text), wanted)

    def test_a_library_is_read(self):
        c = self.write("x.c", "int kaa_x(void) { return 1; }\nint kaa_data = 2;\n")
        map_ = self.write("x.map", "KAA_0.1 { kaa_x; kaa_data; };\n")
        out = self.root / "libx.so"
        command = [CC, "-shared", "-fPIC", f"-Wl,--version-script={map_}"]
        subprocess.run([*command, str(c), "-o", str(out)], check=True)
        self.assertEqual(
            exports.exported(out, dynamic=True),
            {"kaa_x": ("T", "KAA_0.1"), "kaa_data": ("D", "KAA_0.1")},
        )


class Globals(Folder):
    CODE = """
    static const char *const table[] = {"a", "b"};
    static int counter;
    static _Thread_local int mine = 3;
    const char *kaa_x(int i)
    {
        static int calls;
        return table[(i + calls++ + counter++ + mine++) % 2];
    }
    """
    LIST = "x/a.c counter - why\nx/a.c mine - why\nx/a.c calls - why\n"

    def test_the_objects_and_the_list_agree(self):
        found = [self.compile("x/a.c", self.CODE)]
        self.assertEqual(globals_.check(self.LIST, found), [])
        short = self.LIST.replace("x/a.c mine - why\n", "")
        self.told(globals_.check(short, found), "mine is mutable")
        long = self.LIST + "x/a.c table - why\n"
        self.told(globals_.check(long, found), "no mutable table")
        self.told(globals_.check(self.LIST + "x/a.c z\n", found), "globals.txt:4")
        twice = self.LIST + "x/a.c mine - why\n"
        self.told(globals_.check(twice, found), "twice")


class Sizes(Folder):
    def measure(self, lines):
        body = "    f();\n" * lines
        self.write("lib/a.c", f"void f(void);\n\nstatic void\ng(int a)\n{{\n{body}}}\n")
        inner = "    g()\n" * lines
        self.write("tests/a.py", f"def f():\n{inner}")
        return sizes.measure(self.root, ["lib", "tests"])

    def test_limits(self):
        self.assertEqual(sizes.check(self.measure(60), ""), [])
        found = sizes.check(self.measure(70), "")
        self.assertEqual(len(found), 2)
        self.assertIn("lib/a.c:g has 73 lines", found[0])
        self.assertEqual(len(sizes.check(self.measure(600), "")), 4)

    def test_exceptions(self):
        found = self.measure(70)
        allowed = "lib/a.c:g 73 - a table\ntests/a.py:f 71 - another\n"
        self.assertEqual(sizes.check(found, allowed), [])
        self.told(sizes.check(found, allowed + "lib/a.c 900 - none\n"), "needs no")
        generous = allowed.replace("73", "99")
        self.told(sizes.check(found, generous), "99 are allowed")
        self.told(sizes.check(found, allowed + "x\n"), "sizes.txt:3")

    def test_declarations_and_tables_are_no_functions(self):
        text = "f(int a,\n  int b);\nstatic int t[] = {\n    1,\n};\n"
        self.assertEqual(list(sizes.c_functions(text)), [])
        text = "KAA_TEST(x)\n{\n    if (a) {\n    }\n}\n"
        self.assertEqual(list(sizes.c_functions(text)), [("x", 1, 5)])


class Names(Folder):
    def test_symbols(self):
        code = "int kaa_x__y(void) { return 1; }\nint kaa_p(void) { return 1; }\n"
        found = [self.compile("x/a.c", code)]
        self.told(names.check_symbols(found, {}), "kaa_p")
        self.assertEqual(list(names.check_symbols(found, {"kaa_p"})), [])

    def test_objects_in_a_checkout_of_any_name(self):
        for root in ("/kaa", "/srv/kaa/lib", "/kaa_x.dir"):
            path = f"{root}/build/lib/CMakeFiles/kaa_base.dir/./base/os/memory.c.o"
            self.assertEqual(source.source_of(path), "base/os/memory.c")

    def test_text(self):
        def check(text, folder="heap", public=False):
            return list(names.check_text("a.c", text, folder, public))

        self.told(check("typedef struct a {\n    int b;\n} a_t;"), "POSIX")
        self.told(check("typedef int a_t;"), "POSIX")
        self.assertEqual(check("typedef struct a {\n    size_t b;\n} a;"), [])
        self.assertEqual(check("typedef uint8_t a;\nsize_t c;\n"), [])
        self.told(check("PyObject *x;"), "PyObject")
        self.assertEqual(check("/* a PyObject */"), [])
        self.assertEqual(check("PyObject *o;", folder="cpython"), [])
        self.told(check("#define MAX 1\n", public=True), "MAX")
        self.assertEqual(check("#define KAA_MAX 1\n", public=True), [])

    def test_names_of_newer_libraries(self):
        def check(text):
            return list(names.check_taken("a.c", text))

        self.told(check("static int\ncall_once(trial *own)\n{\n}\n"), "a.c:2: call_once")
        self.assertEqual(check("static int\ncall_slot(void)\n{\n    call_once(a);\n}\n"), [])
        self.assertEqual(check("/*\ncall_once() */\n"), [])


class Headers(Folder):
    def test_a_header_that_does_not_stand_alone(self):
        self.write("kaa/a.h", "#include <stddef.h>\nextern size_t a;\n")
        self.assertEqual(headers.compile_alone(CC, self.root, "a.h"), "")
        self.write("kaa/a.h", "extern size_t a;\n")
        self.assertIn("size_t", headers.compile_alone(CC, self.root, "a.h"))


class Format(Folder):
    def test_a_file_that_is_not_formatted(self):
        tool = format_.find("clang-format")
        if isinstance(tool, int):
            self.skipTest("no clang-format of the version wanted")
        style = (HERE.parent.parent / ".clang-format").read_text()
        self.write(".clang-format", style)
        sound = self.write("a.c", "int\nf(void)\n{\n    return 1;\n}\n")
        self.assertEqual(format_.complaint(tool, [sound]), [])
        broken = self.write("b.c", "int f(void) { return 1; }\n")
        self.told(format_.complaint(tool, [sound, broken]), "b.c")


class PythonTypes(Folder):
    def test_what_is_of_another_type(self):
        tool = python_types.find(MYPY)
        if isinstance(tool, int):
            self.skipTest("no mypy of the versions wanted")
        for path in ("a", "b"):
            self.write(f"{path}/pyproject.toml", "[tool.mypy]\nstrict = true\n")
            self.write(f"{path}/kaa/__init__.py", "def f(one: int) -> int:\n    return one\n")
        self.assertEqual(self.complaints(tool, "a"), [])
        self.write("b/kaa/c.py", "from kaa import f\n\nvalue: str = f(1)\n")
        self.told(self.complaints(tool, "b"), "kaa/c.py:3: error: ")
        self.write("b/kaa/c.py", "def g(one):\n    return one\n")
        self.told(self.complaints(tool, "b"), "missing a type annotation")

    def complaints(self, tool, folder):
        oldest = python_types.PYTHONS[0]
        return python_types.complaints(tool, self.root / folder, self.root / "cache", oldest)

    def test_versions(self):
        self.assertEqual(python_types.version("mypy 2.4.1 (compiled: yes)"), (2, 4))
        self.assertLess(python_types.version("mypy 1.0.1"), python_types.OLDEST)
        self.assertEqual(python_types.version("none"), (0, 0))


class Listed(Folder):
    def test_what_is_forgotten(self):
        self.write("lib/x/a.c", "")
        built = ["/b/CMakeFiles/kaa_x.dir/./x/a.c.o"]
        self.assertEqual(list(listed.check_lib(self.root / "lib", built)), [])
        self.told(listed.check_lib(self.root / "lib", []), "x/a.c")
        self.write("tests/CMakeLists.txt", "")
        self.write("tests/x/CMakeLists.txt", "kaa_test(x/one)\n")
        self.write("tests/x/one.c", "")
        self.assertEqual(list(listed.check_tests(self.root / "tests")), [])
        self.write("tests/x/test_on.py", "")
        self.told(listed.check_tests(self.root / "tests"), "test_on.py")
        self.write("tests/x/CMakeLists.txt", "x/one\nfile(GLOB x ${y}/test_*.py)\n")
        self.assertEqual(list(listed.check_tests(self.root / "tests")), [])


class Needed(Folder):
    def judge(self, *flags):
        c = self.write("x.c", "#include <math.h>\ndouble f(double x);\n")
        self.write("x.c", c.read_text() + "double f(double x) { return sin(x); }\n")
        out = self.root / "libkaa.so"
        command = [CC, "-shared", "-fPIC", str(c), "-o", str(out), "-lm", *flags]
        subprocess.run(command, check=True)
        return list(needed.judge(needed.read(out), "0.1"))

    def test_what_a_library_asks_for(self):
        name = "-Wl,-soname,libkaa.so.0.1"
        self.assertEqual(self.judge(name), [])
        self.told(self.judge("-Wl,-soname,libkaa.so.0"), "soname")
        self.told(self.judge(name, "-Wl,-z,execstack"), "executable")
        self.told(self.judge(name, "-Wl,-rpath,/x"), "directories")
        other = self.write("y.c", "int y(void) { return 1; }\n")
        command = [CC, "-shared", "-fPIC", str(other), "-Wl,-soname,libother.so.1"]
        subprocess.run([*command, "-o", str(self.root / "libother.so")], check=True)
        flags = [name, "-Wl,--no-as-needed", f"-L{self.root}", "-lother"]
        self.told(self.judge(*flags), "libother.so.1")


class Pinned(Folder):
    HEADER = """
    typedef struct kaa_a {
        int32_t b, /* c; */
        char d[8];
        void (*e)(void *user, int f);
    } kaa_a;
    enum { KAA_F = 1u << 0, KAA_G /* h */
    };
    """
    PINS = "SIZE(kaa_a, 1);MEMBER(kaa_a, b, 0);MEMBER(kaa_a,\n d, 4);"
    PINS += "MEMBER(kaa_a, e, 8);VALUE(KAA_F, 1);VALUE(KAA_G, 2);VALUE(KAA_OK, 0);"

    def test_what_is_left_out(self):
        self.write("a.h", self.HEADER.replace("b,", "b;").replace("    ", ""))
        self.write("status.def", 'KAA_STATUS(OK, 0, "", "")\n')
        self.assertEqual(pinned.check(self.root, self.PINS), [])
        for pin in self.PINS.split(";")[:-1]:
            found = pinned.check(self.root, self.PINS.replace(pin, ""))
            self.told(found, "no layout has " + pin[:6])


class PythonImports(unittest.TestCase):
    def circle(self, **texts):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "kaa"
            (root / "rooms").mkdir(parents=True)
            for name, text in {"__init__": "", "rooms/__init__": "", **texts}.items():
                (root / f"{name}.py").write_text(text)
            return python_imports.circle_in(python_imports.graph_of(root))

    def test_circles(self):
        below = "def f():\n    from kaa import b\n"
        self.assertEqual(
            self.circle(a=below, b="from kaa.c import x", c="import kaa.a"),
            ["kaa.a", "kaa.b", "kaa.c", "kaa.a"],
        )
        self.assertEqual(
            self.circle(**{"rooms/a": "from kaa import b", "b": "from kaa.rooms import a"}),
            ["kaa.b", "kaa.rooms.a", "kaa.b"],
        )

    def test_what_is_none(self):
        for_checkers = "if TYPE_CHECKING:\n    from kaa import b\n"
        self.assertEqual(self.circle(a=for_checkers, b="from kaa import a"), [])
        self.assertEqual(self.circle(a="from kaa import b", b="import os"), [])


class Tracked(unittest.TestCase):
    def test_the_top_level(self):
        sound = [f"{name}/x" for name in tracked.TOP] + [".gitignore"]
        self.assertEqual(list(tracked.check_top(sound)), [])
        self.assertIn("notes", list(tracked.check_top([*sound, "notes.md"]))[0])
        gone = [name for name in sound if not name.startswith("lib")]
        self.assertEqual(list(tracked.check_top(gone)), ["lib: is missing"])

    def test_texts(self):
        def check(text):
            return list(tracked.check_text("a.c", text, ["/some/checkout"]))

        self.assertEqual(check(b"/usr/lib and /dev/null, /roots\n"), [])
        self.assertEqual(check(b"\0" b"/some/checkout"), [])
        for bad in (b"/some/checkout/x\n", b"/ho" b"me/someone/x\n", b"/ro" b"ot/x\n"):
            self.assertIn("one machine", check(bad)[0])
        self.assertIn("white space", check(b"a \n")[0])
        self.assertIn("newline", check(b"a")[0])
        self.assertIn("too large", check(b"a" * 500_000 + b"\n")[0])

    def test_paths_in_documents(self):
        def check(text):
            return list(tracked.check_paths(HERE.parents[1], "README.md", text))

        sound = "`lib/base/`, `tests/style/*.py`, `lib/CMakeLists.txt --x`, `gc/none.c`"
        self.assertEqual(check(sound), [])
        self.assertIn("README.md:2: names lib/none.c", check("\n`lib/none.c`")[0])


if __name__ == "__main__":
    CC, MYPY = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
