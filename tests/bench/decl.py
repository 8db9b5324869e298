"""Parsing declarations: kaa_decl_parse() beside cffi's cdef().

    python3 decl.py PATH-OF-LIBKAA [--json]

Both get the same text in one process, in turns; the least of many rounds
counts. kaa's time includes making and freeing the table of types and the call
through ctypes. Texts: 500 prototypes as one writes them, zlib.h as the
preprocessor leaves it (with what cffi does not take removed first), and larger
preprocessed headers for kaa alone, as megabytes a second.
"""
import ctypes
import json
import re
import subprocess
import sys
import time

ROUNDS_KAA = 60
ROUNDS_CFFI = 5


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("flags", ctypes.c_uint32)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("argument", ctypes.c_uint32),
                ("line", ctypes.c_uint32), ("column", ctypes.c_uint32),
                ("message", ctypes.c_char * 240)]


class Kaa:
    def __init__(self, path):
        self.library = library = ctypes.CDLL(path)
        library.kaa_decl_parse.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
            ctypes.POINTER(Options), ctypes.POINTER(ctypes.c_void_p),
            ctypes.POINTER(Error)]
        library.kaa_decl_count.argtypes = [ctypes.c_void_p]
        library.kaa_decl_count.restype = ctypes.c_size_t
        library.kaa_decl_destroy.argtypes = [ctypes.c_void_p]
        library.kaa_ctype_table_create.argtypes = [
            ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(Error)]
        library.kaa_ctype_table_destroy.argtypes = [ctypes.c_void_p]

    def parse(self, text):
        """Parses and frees; returns how many items there were."""
        library = self.library
        types, decl, error = ctypes.c_void_p(), ctypes.c_void_p(), Error()
        options = Options(ctypes.sizeof(Options), 1)
        if library.kaa_ctype_table_create(ctypes.byref(types), error):
            raise RuntimeError(error.message.decode())
        if library.kaa_decl_parse(types, text, len(text), options,
                                  ctypes.byref(decl), error):
            raise RuntimeError(error.message.decode())
        count = library.kaa_decl_count(decl)
        library.kaa_decl_destroy(decl)
        library.kaa_ctype_table_destroy(types)
        return count


def prototypes(count):
    results = ["int", "double", "unsigned long", "const char *", "void *"]
    parameters = ["int a", "double b, double c", "const char *text, size_t n",
                  "void *buffer, unsigned count, int flags", "void"]
    return "\n".join(
        "%s sample_function_%d(%s);"
        % (results[i % 5], i, parameters[i // 5 % 5]) for i in range(count))


def preprocessed(header, files=None):
    """The header's text, or None if it or the compiler is missing.

    With `files`, only what stands in files of these names.
    """
    try:
        done = subprocess.run(
            ["cc", "-E", "-D_GNU_SOURCE", "-x", "c", "-"],
            input="#include <%s>\n" % header, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    if done.returncode != 0:
        return None
    if files is None:
        return done.stdout
    lines, is_wanted = [], False
    for line in done.stdout.splitlines():
        marker = re.match(r'# \d+ "(?:.*/)?([^/"]*)"', line)
        if marker is not None:
            is_wanted = marker.group(1) in files
        elif is_wanted and line.strip():
            lines.append(line)
    return "\n".join(lines)


def plain(text):
    """Without what cffi refuses: GNU words and function bodies."""
    text = re.sub(r"__asm__\s*\(.*?\)", "", text)
    while True:
        shorter = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "",
                         text)
        if shorter == text:
            break
        text = shorter
    return re.sub(r"__extension__|__restrict\b|__inline\b|_Noreturn", "", text)


def time_of(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(kaa, ffi_class, text):
    """(kaa's best time, cffi's best time), rounds interleaved."""
    data = text.encode()
    best_kaa = best_cffi = None
    for i in range(ROUNDS_KAA):
        taken = time_of(lambda: kaa.parse(data))
        best_kaa = taken if best_kaa is None else min(best_kaa, taken)
        if ffi_class is not None and i % (ROUNDS_KAA // ROUNDS_CFFI) == 0:
            ffi = ffi_class()
            taken = time_of(lambda: ffi.cdef(text, override=True))
            best_cffi = taken if best_cffi is None else min(best_cffi, taken)
    return best_kaa, best_cffi


def main():
    arguments = [a for a in sys.argv[1:] if a != "--json"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    kaa = Kaa(arguments[0])
    try:
        from cffi import FFI
    except ImportError:
        FFI = None
    rows = []
    texts = [("500 prototypes", prototypes(500), FFI)]
    header = preprocessed("zlib.h", ("zlib.h", "zconf.h"))
    if header is not None:
        types = "typedef long off_t; typedef long off64_t; typedef char *va_list;"
        texts.append(("zlib.h, preprocessed", types + plain(header), FFI))
    for name in ("math.h", "sqlite3.h", "openssl/ssl.h", "curl/curl.h"):
        header = preprocessed(name)
        if header is not None:
            texts.append((name + ", preprocessed", header, None))
    for name, text, ffi_class in texts:
        taken, cffi = compare(kaa, ffi_class, text)
        rows.append({"text": name, "bytes": len(text),
                     "items": kaa.parse(text.encode()),
                     "megabytes_per_second": len(text) / taken / 1e6,
                     "cffi_ratio": cffi / taken if cffi else None})
    if "--json" in sys.argv:
        print(json.dumps({"bench": "decl", "rows": rows}))
        return
    if FFI is None:
        print("cffi is not installed: kaa alone")
    for row in rows:
        ratio = row["cffi_ratio"]
        print("%-30s %8d bytes %6d items %7.1f MB/s  %s"
              % (row["text"], row["bytes"], row["items"],
                 row["megabytes_per_second"],
                 "%.0f times cffi's speed" % ratio if ratio else ""))


main()
