"""kaa's own headers, read by kaa; and kaa called through kaa."""

from __future__ import annotations

import ctypes
import os
import re
import unittest
from typing import Any, List

import kaa
import support
from kaa import _native
from kaa._native import insight
from kaa._values import fault

INCLUDE = os.path.join(support.ROOT, "include")
HEADERS = sorted(f"kaa/{n}" for n in os.listdir(os.path.join(INCLUDE, "kaa")) if n.endswith(".h"))

# What is written through a `**` is a result.
OUT = """
kaa_status kaa_heap_create(const kaa_heap_options *options,
                           kaa_heap **out_heap [[kaa::out]], kaa_error *err);
kaa_status kaa_ctype_table_create(kaa_ctype_table **out_table [[kaa::out]], kaa_error *err);
kaa_status kaa_decl_parse(kaa_ctype_table *types, const char *text, size_t bytes,
                          const kaa_decl_options *options, kaa_decl **out_decl [[kaa::out]],
                          kaa_error *err);
kaa_status kaa_call_plan_create(const kaa_ctype *signature, const kaa_call_options *options,
                                kaa_call_plan **out_plan [[kaa::out]], kaa_error *err);
"""


def exported() -> List[str]:
    """The names of lib/kaa.map."""
    with open(os.path.join(support.ROOT, "lib", "kaa.map")) as file:
        return re.findall(r"^\s+(kaa_\w+);", file.read(), re.MULTILINE)


class Own(unittest.TestCase):
    library: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.library = kaa.load(_native.path, OUT, header=HEADERS, include_dirs=[INCLUDE])

    def test_every_function_is_bound(self) -> None:
        names = exported()
        self.assertGreater(len(names), 150)
        for name in names:
            self.assertTrue(callable(getattr(self.library, name)), name)

    def test_records_have_the_bindings_sizes(self) -> None:
        """_native.py writes the layouts once more, for ctypes."""
        pairs = {
            "kaa_error": _native.Error,
            "kaa_decl_item": _native.DeclItem,
            "kaa_decl_options": _native.DeclOptions,
            "kaa_preprocess_options": _native.PreprocessOptions,
            "kaa_library_options": _native.LibraryOptions,
            "kaa_call_options": _native.CallOptions,
            "kaa_closure_options": _native.ClosureOptions,
            "kaa_cpython_options": _native.CpythonOptions,
        }
        for name, theirs in pairs.items():
            ours = getattr(self.library, name)
            self.assertEqual(kaa.sizeof(ours), ctypes.sizeof(theirs), name)
            for field in theirs._fields_:
                offset = getattr(theirs, field[0]).offset
                self.assertEqual(kaa.offsetof(ours, field[0]), offset, (name, field[0]))

    def test_constants_and_texts(self) -> None:
        own = self.library
        self.assertEqual(own.kaa_version_number(), _native.kaa_version_number())
        self.assertEqual(own.kaa_status_name(own.KAA_NO_MEMORY), "KAA_NO_MEMORY")

    def test_numbers_are_the_bindings(self) -> None:
        """kaa._native and kaa._values.fault write the numbers once more: each is that of
        the header, under one of its names."""
        own = self.library
        prefixes = ("KAA_", "KAA_CTYPE_", "KAA_DECL_", "KAA_CONVERT_", "KAA_INSIGHT_")
        compared, unknown = 0, []
        for module in (_native, insight, fault):
            for name, value in list(vars(module).items()):
                if type(value) is not int or not name.isupper() or name.startswith("_"):
                    continue
                names = [p + name.rstrip("_") for p in prefixes]
                found = [getattr(own, n) for n in names if hasattr(own, n)]
                if module is fault:
                    found = [getattr(own, "KAA_CONVERT_" + name)]
                if name == "SCOPE_RECORD":  # none of libkaa's, and apart from those
                    self.assertGreater(value, own.KAA_DECL_SCOPE_FOREVER)
                elif value in found:
                    compared += 1
                else:
                    unknown.append((name, value, found))
        self.assertEqual(unknown, [])
        self.assertGreater(compared, 60)

    def test_a_heap(self) -> None:
        own = self.library
        status, heap = own.kaa_heap_create(None, None)
        self.assertEqual(status, own.KAA_OK)
        blocks = [own.kaa_heap_alloc(heap, 100, own.KAA_HEAP_RAW) for _ in range(50)]
        own.kaa_heap_verify(heap, None)
        for block in blocks:
            own.kaa_heap_free(heap, block)
        own.kaa_heap_destroy(heap)

    def test_an_error(self) -> None:
        own = self.library
        err = own.kaa_error()
        _, types = own.kaa_ctype_table_create(err)
        text = b"int f(nothing *);"
        status, decl = own.kaa_decl_parse(types, text, len(text), None, err)
        self.assertEqual((status, bool(decl)), (own.KAA_SYNTAX, False))
        self.assertEqual((err.status, err.line, err.column), (own.KAA_SYNTAX, 1, 7))
        self.assertIn("unknown type name 'nothing'", kaa.text(err.message))
        own.kaa_ctype_table_destroy(types)

    def test_a_call_by_a_call(self) -> None:
        own = self.library
        _, types = own.kaa_ctype_table_create(None)
        text = b"long labs(long number);"
        status, decl = own.kaa_decl_parse(types, text, len(text), None, None)
        self.assertEqual(status, own.KAA_OK)
        signature = own.kaa_decl_find(decl, "labs").type
        status, plan = own.kaa_call_plan_create(signature, None, None)
        self.assertEqual(status, own.KAA_OK)
        labs = kaa.load(None, "void labs(void);").labs  # a kaa_function
        result, number = kaa.new("long"), kaa.new("long", -41)
        arguments = kaa.new("void *[1]", [number])
        status = own.kaa_call_invoke(plan, labs, result, arguments, None)
        self.assertEqual((status, result[0]), (own.KAA_OK, 41))
        own.kaa_call_plan_destroy(plan)
        own.kaa_decl_destroy(decl)
        own.kaa_ctype_table_destroy(types)


if __name__ == "__main__":
    unittest.main()
