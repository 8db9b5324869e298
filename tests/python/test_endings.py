"""The interpreter's end: calls of the last finalisers, and callbacks that run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest

import support

LAST = r'''
import os, sys, kaa
lib = kaa.load("libc.so.6", """
typedef struct FILE FILE;
typedef struct { int quot; int rem; } div_t;
FILE *fopen(const char *path, const char *mode);
int fputs(const char *text, FILE *file);
int fileno(FILE *file);
int fclose(FILE *file);
div_t div(int a, int b);
size_t strlen(const char *text);
int printf(const char *format, ...);
long strtol(const char *text, char **end [[kaa::out]], int base);
int snprintf(char *to, size_t size, const char *format, ...);
char *strchr(const char *text, int c);
int atoi(const char *text);
struct place { int x, y; const char *name; };
#define PLACE 7
""")
if sys.version_info >= (3, 14):
    lib.div  # ctypes, which passes it without the bridge, imports to lay out a struct
class Owner:
    def __init__(self):
        self.file = lib.fopen(sys.argv[1], "w")
        if sys.argv[2] == "used":
            self.run()
    def run(self, write=os.write, error=BaseException, repr=repr, lib=lib, kaa=kaa):
        said = []
        try:
            said.append(lib.fputs("the end\n", self.file))
            said.append(lib.fileno(self.file) > 2)
            said.append(lib.strlen("four"))
            said.append(lib.div(7, 2).rem)
            said.append(lib.strtol("12", 10)[0])
            said.append(lib.snprintf(bytearray(20), 20, "%d %s", 5, "x"))
            said.append(lib.atoi(lib.strchr("x=3", ord("3"))))
            said.append([bool(one) for one in kaa.new("const int *[3]")] + list(kaa.new("int[3]", [3, 1, 2])))
            place = kaa.new("place", {"x": lib.PLACE}, library=lib)
            place.name = "n"
            said.append((place.x, place.name, kaa.sizeof(place)))
            for wrong in (lambda: place.z, lambda: lib.strlen(5), lambda: lib.nothing):
                try:
                    wrong()
                except (TypeError, AttributeError) as refused:
                    said.append(str(refused))
        except error as raised:
            said.append(repr(raised))
        write(1, repr(said).encode())
    def __del__(self):
        self.run()
        self.file = self.lib.fclose(self.file)
Owner.lib = lib
'''
SAID = repr(
    [1, True, 4, 1, 12, 3, 3, [False, False, False, 3, 1, 2], (7, "n", 16)]
    + ["place has no member 'z'"]
    + [
        "strlen() argument 1 (text): 'const char *' needs str, bytes or a C-contiguous"
        " buffer of bytes, not int"
    ]
    + ["libc.so.6 declares no 'nothing'"]
)
# Who holds it: the later, the fewer modules are still whole. Garbage of `sys` is
# later still: when the builtins are gone, no Python code can run.
HOLDERS = {
    "a global": "kept = Owner()",
    "sys": "sys.last = Owner()",
    "builtins": "import builtins; builtins.last = Owner()",
}
RETURN = """
#include <pthread.h>
#include <unistd.h>
static void *run(void *function)
{
    int answer = ((int (*)(void))function)();
    char said = answer == 7 ? '7' : answer == 0 ? '0' : '?';
    return write(1, &said, 1) == 1 ? NULL : NULL;
}
void on_thread(int (*function)(void))
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, (void *)function);
    pthread_detach(thread);
}
"""
BUSY = """
import sys, threading, time, kaa
lib = kaa.load(sys.argv[1], "void on_thread(int (*function)(void));")
started = threading.Event()
def callback():
    started.set()
    time.sleep(0.3)
    return 7
lib.on_thread(callback)
started.wait()
"""


class Last(unittest.TestCase):
    @unittest.skipUnless(sys.implementation.name == "cpython", "PyPy ends without finalisers")
    def test_finalisers_can_call(self) -> None:
        for used in ("used", "unused"):
            for where, text in HOLDERS.items():
                with self.subTest(where, used=used), tempfile.TemporaryDirectory() as at:
                    path = os.path.join(at, "file")
                    done = support.run_python("-c", LAST + text, path, used)
                    times = 2 if used == "used" else 1
                    self.assertEqual((done.stdout, done.stderr), (SAID * times, ""))
                    with open(path) as file:
                        self.assertEqual(file.read(), "the end\n" * times)

    @unittest.skipUnless(sys.implementation.name == "cpython", "PyPy ends without finalisers")
    def test_a_record_that_is_first_used_at_the_end(self) -> None:
        """ctypes cannot lay it out any more from 3.14 on, and that is said."""
        text = (
            "import os, sys, kaa\n"
            "lib = kaa.load(None, 'typedef struct { int quot, rem; } div_t;"
            " div_t div(int a, int b);')\n"
            "class Owner:\n"
            "    def __del__(self, lib=lib, write=os.write, repr=repr, error=Exception):\n"
            "        try:\n"
            "            said = lib.div(7, 2).rem\n"
            "        except error as raised:\n"
            "            said = raised\n"
            "        write(1, repr(said).encode())\n"
            "sys.last = Owner()\n"
        )
        done = support.run_python("-c", text)
        if support.BRIDGE or sys.version_info < (3, 14):
            self.assertEqual((done.stdout, done.stderr), ("1", ""))
        else:
            self.assertRegex(done.stdout, r"^RuntimeError\(.div_t is first used when")

    def test_handlers_of_the_end_that_come_later(self) -> None:
        """atexit runs the first registered last: that may import kaa anew."""
        text = (
            "import atexit, sys\n"
            "def late():\n"
            "    import kaa\n"
            "    from kaa import load\n"
            "    import kaa._library, ctypes\n"
            "    print(load('libm.so.6', 'double floor(double);').floor(2.5))\n"
            "    print(kaa.__version__ == version, kaa.Library is kept, ctypes.sizeof(ctypes.c_int))\n"
            "atexit.register(late)\n"
            "import kaa\n"
            "version, kept = kaa.__version__, kaa.Library\n"
        )
        done = support.run_python("-c", text)
        self.assertEqual((done.stdout, done.stderr), ("2.0\nTrue True 4\n", ""))


@unittest.skipUnless(support.BRIDGE, "no bridge")
@unittest.skipUnless(support.COMPILER, "no C compiler")
class Busy(unittest.TestCase):
    def test_a_callback_that_runs_returns_to_c(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "source.c")
            library = os.path.join(folder, "libbusy.so")
            with open(source, "w") as file:
                file.write(RETURN)
            subprocess.run(
                [str(support.COMPILER), "-shared", "-fPIC", "-pthread", source]
                + ["-o", library],
                check=True,
                env=support.clean_environment(),
            )
            done = support.run_python("-c", BUSY, library)
        self.assertEqual((done.stdout, done.stderr), ("7", ""))


if __name__ == "__main__":
    unittest.main()
