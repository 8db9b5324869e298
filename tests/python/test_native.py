"""The table of C functions, the structures and the constants are libkaa's."""

from __future__ import annotations

import ctypes
import os
import re
import unittest
from typing import Any, Dict, List

import support
from kaa import _error, _native
from kaa._native import insight as _native_insight
from kaa._native import walk as _native_walk
from kaa._values.basic import BASIC
from kaa._values.variable import _NO_VALUES

HEADERS = (
    "base",
    "ctype",
    "preprocess",
    "decl",
    "convert",
    "library",
    "call",
    "closure",
    "cpython",
    "checked",
    "insight",
    "walk",
)

STRUCTURES: Dict[str, Any] = {
    "kaa_error": _native.Error,
    "kaa_ctype_member": _native.Member,
    "kaa_ctype_parameter": _native.Parameter,
    "kaa_ctype_enumerator": _native.Enumerator,
    "kaa_ctype_record_options": _native.RecordOptions,
    "kaa_ctype_enum_options": _native.EnumOptions,
    "kaa_preprocess_options": _native.PreprocessOptions,
    "kaa_decl_options": _native.DeclOptions,
    "kaa_decl_parameter": _native.DeclParameter,
    "kaa_decl_item": _native.DeclItem,
    "kaa_convert_fault": _native.Fault,
    "kaa_convert_int128": _native.Int128,
    "kaa_library_options": _native.LibraryOptions,
    "kaa_call_options": _native.CallOptions,
    "kaa_call_operand": _native.Operand,
    "kaa_closure_options": _native.ClosureOptions,
    "kaa_cpython_options": _native.CpythonOptions,
    "kaa_insight_options": _native_insight.InsightOptions,
    "kaa_insight_trace": _native_insight.InsightTrace,
    "kaa_insight_convoy": _native_insight.InsightConvoy,
    "kaa_insight_call": _native_insight.InsightCall,
    "kaa_insight_thread": _native_insight.InsightThread,
    "kaa_insight_span": _native_insight.InsightSpan,
    "kaa_insight_tally": _native_insight.InsightTally,
    "kaa_insight_stack": _native_insight.InsightStack,
    "kaa_insight_frame": _native_insight.InsightFrame,
    "kaa_insight_knock": _native_insight.InsightKnock,
    "kaa_insight_park": _native_insight.InsightPark,
    "kaa_insight_alarm": _native_insight.InsightAlarm,
    "kaa_insight_refcount_options": _native_insight.RefcountOptions,
    "kaa_insight_refcount": _native_insight.Refcount,
    "kaa_insight_change": _native_insight.RefcountChange,
    "kaa_insight_refcount_site": _native_insight.RefcountSite,
    "kaa_insight_heap_options": _native_insight.HeapOptions,
    "kaa_insight_heap": _native_insight.Heap,
    "kaa_insight_heap_site": _native_insight.HeapSite,
    "kaa_insight_heap_block": _native_insight.HeapBlock,
    "kaa_insight_heap_point": _native_insight.HeapPoint,
    "kaa_walk_link": _native_walk.WalkLink,
    "kaa_walk_options": _native_walk.WalkOptions,
    "kaa_walk_sums": _native_walk.WalkSums,
    "kaa_walk_type": _native_walk.WalkType,
    "kaa_walk_retainer": _native_walk.WalkRetainer,
    "kaa_walk_path": _native_walk.WalkPath,
    "kaa_walk_cycle": _native_walk.WalkCycle,
    "kaa_walk_waste": _native_walk.WalkWaste,
}


def read(*parts: str) -> str:
    with open(os.path.join(support.ROOT, *parts)) as file:
        return file.read()


def names_in_map() -> List[str]:
    """The symbols that lib/kaa.map exports for the headers of the call path."""
    text = read("lib", "kaa.map")
    found: List[str] = []
    for section in re.split(r"/\*\s*", text)[1:]:
        title, _, body = section.partition("*/")
        if title.strip()[:-2] in HEADERS:
            found += re.findall(r"\b(kaa_\w+);", body)
    return found


class Prototypes(unittest.TestCase):
    def test_table_is_the_map(self) -> None:
        self.assertEqual(sorted(_native.PROTOTYPES), sorted(names_in_map()))

    def test_parameters_are_as_many_as_in_the_headers(self) -> None:
        text = "".join(read("include", "kaa", f"{one}.h") for one in HEADERS)
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        declared = dict(
            re.findall(r"^KAA_API[^;]*?\b(kaa_\w+)\(([^;]*)\);", text, flags=re.M)
        )
        self.assertEqual(sorted(declared), sorted(_native.PROTOTYPES))
        for name, parameters in declared.items():
            count = 0 if parameters.strip() == "void" else parameters.count(",") + 1
            self.assertEqual(len(_native.PROTOTYPES[name][1]), count, name)

    def test_every_function_is_there(self) -> None:
        for name in _native.PROTOTYPES:
            self.assertIsNotNone(getattr(_native, name), name)

    def test_unknown_name(self) -> None:
        with self.assertRaises(AttributeError):
            _native.kaa_no_such_function

    def test_handles_cannot_be_mixed_up(self) -> None:
        for wrong in (5, _native.TableP(), "x"):
            with self.assertRaises(ctypes.ArgumentError):
                _native.kaa_decl_count(wrong)


class Layout(unittest.TestCase):
    @unittest.skipIf(support.COMPILER is None, "no C compiler")
    def test_structures_and_constants(self) -> None:
        lines = []
        expected = {}
        for name, kind in STRUCTURES.items():
            lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
            expected[name] = ctypes.sizeof(kind)
            for field, _ in kind._fields_:
                lines.append(
                    f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));'
                )
                expected[f"{name}.{field}"] = getattr(kind, field).offset
        for prefix, text in CONSTANTS.items():
            for name in text.split():
                lines.append(f'printf("{name} %llu\\n", (unsigned long long){name});')
                expected[name] = python_constant(prefix, name)
        printed = support.compile_and_run(
            "".join(f"#include <kaa/{one}.h>\n" for one in HEADERS)
            + "#include <stdio.h>\n#include <stddef.h>\n"
            "int main(void) {\n" + "\n".join(lines) + "\nreturn 0; }\n",
            ["-I", os.path.join(support.ROOT, "include")],
        )
        true = {
            name: int(value) for name, value in map(str.split, printed.splitlines())
        }
        self.assertEqual(expected, true)


# Prefix of the names in C that Python leaves out: the names.
CONSTANTS = {
    "KAA_CTYPE_": """KAA_CTYPE_VOID KAA_CTYPE_BOOL KAA_CTYPE_CHAR KAA_CTYPE_SCHAR
        KAA_CTYPE_UCHAR KAA_CTYPE_SHORT KAA_CTYPE_USHORT KAA_CTYPE_INT
        KAA_CTYPE_UINT KAA_CTYPE_LONG KAA_CTYPE_ULONG KAA_CTYPE_LLONG
        KAA_CTYPE_ULLONG KAA_CTYPE_INT128 KAA_CTYPE_UINT128 KAA_CTYPE_WCHAR
        KAA_CTYPE_CHAR16 KAA_CTYPE_CHAR32 KAA_CTYPE_FLOAT16 KAA_CTYPE_FLOAT
        KAA_CTYPE_DOUBLE KAA_CTYPE_LDOUBLE KAA_CTYPE_FLOAT128 KAA_CTYPE_CFLOAT
        KAA_CTYPE_CDOUBLE KAA_CTYPE_CLDOUBLE KAA_CTYPE_VALIST KAA_CTYPE_POINTER
        KAA_CTYPE_ARRAY KAA_CTYPE_STRUCT KAA_CTYPE_UNION KAA_CTYPE_ENUM
        KAA_CTYPE_FUNCTION KAA_CTYPE_TYPEDEF KAA_CTYPE_QUALIFIED
        KAA_CTYPE_CONST KAA_CTYPE_VOLATILE KAA_CTYPE_RESTRICT KAA_CTYPE_ATOMIC
        KAA_CTYPE_VARIADIC KAA_CTYPE_UNPROTOTYPED KAA_CTYPE_PACKED
        KAA_CTYPE_FLEXIBLE KAA_CTYPE_UNKNOWN_COUNT KAA_CTYPE_NOT_A_BIT_FIELD""",
    "KAA_": """KAA_DECL_TOLERANT KAA_DECL_FUNCTION KAA_DECL_VARIABLE
        KAA_DECL_TYPEDEF KAA_DECL_RECORD KAA_DECL_ENUM KAA_DECL_INTEGER
        KAA_DECL_FLOATING KAA_DECL_STRING KAA_DECL_SKIPPED KAA_DECL_HOLD_GIL
        KAA_DECL_ERRNO KAA_DECL_NULLABLE KAA_DECL_CONST KAA_DECL_PURE
        KAA_DECL_NORETURN KAA_DECL_DEPRECATED KAA_DECL_STATIC
        KAA_DECL_RETURNS_NONNULL KAA_DECL_UNSIGNED KAA_DECL_MACRO
        KAA_DECL_ENUMERATOR KAA_DECL_WEAK KAA_LIBRARY_GLOBAL KAA_LIBRARY_NOW
        KAA_LIBRARY_LAZY
        KAA_CALL_LIBFFI KAA_CALL_ERRNO""",
    "KAA_DECL_": """KAA_DECL_PARAMETER_OUT KAA_DECL_PARAMETER_NULLABLE
        KAA_DECL_PARAMETER_NONNULL KAA_DECL_PARAMETER_LENGTH
        KAA_DECL_SCOPE_LIBRARY KAA_DECL_SCOPE_CALL KAA_DECL_SCOPE_ASYNC
        KAA_DECL_SCOPE_FOREVER""",
}


def python_constant(prefix: str, name: str) -> int:
    short = name[len(prefix) :]
    # POINTER is ctypes' own.
    value: int = getattr(_native, "POINTER_" if short == "POINTER" else short)
    return value


class Kinds(unittest.TestCase):
    """A C type that the header has and a table of Python's lacks is told of here."""

    def test_every_kind_is_known(self) -> None:
        text = read("include", "kaa", "ctype.h")
        body = text.partition("enum kaa_ctype_kind {")[2].partition("} kaa_ctype_kind;")[0]
        found = re.findall(r"^ *KAA_CTYPE_(\w+) = (\d+)", body, re.M)
        kinds = {int(number): name for name, number in found}
        names = {kind: name.upper() for kind, name in _native.KIND_NAMES.items()}
        self.assertEqual(kinds, names)
        for kind, name in kinds.items():
            self.assertEqual(python_constant("", name), kind)

    def test_every_basic_kind_has_values_or_none(self) -> None:
        basic = {kind for kind in _native.KIND_NAMES if kind < _native.POINTER_}
        self.assertEqual(basic - set(BASIC), set(_NO_VALUES))


class Statuses(unittest.TestCase):
    def test_one_exception_a_status(self) -> None:
        text = read("include", "kaa", "status.def")
        found = re.findall(r'^KAA_STATUS\(\w+, (\d+), "[^"]*", "(\w*)"\)', text, re.M)
        self.assertGreater(len(found), 5)
        for number, builtin in found:
            status = int(number)
            self.assertEqual(_native.kaa_status_python(status).decode(), builtin)
            if status != _native.OK:
                kind = _error.BY_STATUS[status]
                self.assertTrue(issubclass(kind, _error.Error))
                self.assertIn(builtin, [base.__name__ for base in kind.__mro__])
        self.assertEqual(len(_error.BY_STATUS), len(found) - 1)

    def test_exceptions_pickle(self) -> None:
        import pickle

        for kind in _error.BY_STATUS.values():
            again = pickle.loads(pickle.dumps(kind("said")))
            self.assertIs(type(again), kind)
            self.assertEqual(str(again), "said")
        symbol = _error.SymbolError("gone", ["a", "b"])
        self.assertEqual(pickle.loads(pickle.dumps(symbol)).missing, ["a", "b"])

    def test_check(self) -> None:
        _error.check(_native.OK, _native.Error())
        with self.assertRaisesRegex(MemoryError, "out of memory"):
            _error.check(2, _native.Error())


class Finding(unittest.TestCase):
    def test_wrong_path(self) -> None:
        done = support.run_python(
            "-c", "import kaa; kaa.load", KAA_LIBRARY="/nonexistent/libkaa.so"
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("KAA_LIBRARY may give its path", done.stderr)
        self.assertIn("/nonexistent/libkaa.so", done.stderr)

    def test_another_library(self) -> None:
        done = support.run_python("-c", "import kaa; kaa.load", KAA_LIBRARY="libm.so.6")
        self.assertIn("libm.so.6 is not libkaa", done.stderr)

    def test_import_brings_nothing_along(self) -> None:
        done = support.run_python(
            "-c",
            "import sys; before = set(sys.modules); import kaa;"
            "print(sorted(set(sys.modules) - before - {'kaa', '__future__'}));"
            "print(dir(kaa))",
        )
        loaded, names = done.stdout.splitlines()
        for module in ("ctypes", "inspect", "enum", "re", "kaa._native"):
            self.assertNotIn(f"'{module}'", loaded)
        self.assertIn("'load'", names)
        self.assertNotIn("TYPE_CHECKING", names)

    def test_load_brings_what_calls_need(self) -> None:
        """All of it, as calls import nothing, and not the other backend's."""
        done = support.run_python(
            "-c",
            "import sys, kaa; f = kaa.load(None, 'int abs(int a);').abs;"
            "before = set(sys.modules);"
            "[f(-1) for _ in range(9)];"
            "from kaa import _backend;"
            "print(bool(_backend.bridge()), sorted(set(sys.modules) - before), *before)",
        )
        is_bridged, new, *names = done.stdout.split()
        self.assertEqual(new, "[]")
        others = {"kaa._backend.plain_quick", "kaa._calls.formats"}
        others.add("kaa._backend.instance_plain")
        found = others.intersection(names)
        self.assertEqual(found, set() if is_bridged == "True" else others)

    def test_version(self) -> None:
        import kaa

        text = read("include", "kaa", "version.h")
        numbers = re.findall(r"KAA_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text)
        self.assertEqual(kaa.__version__, ".".join(numbers))
        with self.assertRaises(AttributeError):
            kaa.no_such_name  # type: ignore[attr-defined]
        for name in kaa.__all__:
            self.assertTrue(callable(getattr(kaa, name)), name)


if __name__ == "__main__":
    unittest.main()
