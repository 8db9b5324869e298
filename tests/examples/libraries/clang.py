"""libclang: a C file parsed, its diagnostics counted."""
import os
import tempfile

import kaa

c = kaa.load("libclang-14.so.1", header="clang-c/Index.h", include_dirs=["/usr/lib/llvm-14/include"])

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.c")
    with open(path, "w") as file:
        file.write("int x = ;\nint y;\n")
    index = c.clang_createIndex(0, 0)
    unit = c.clang_parseTranslationUnit(index, path, None, 0, None, 0, c.CXTranslationUnit_None)
    assert c.clang_getNumDiagnostics(unit) == 1
    c.clang_disposeTranslationUnit(unit)
    c.clang_disposeIndex(index)
print("libclang: CINDEX", c.CINDEX_VERSION_MAJOR, c.CINDEX_VERSION_MINOR)
