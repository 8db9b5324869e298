"""CMake refuses to build kaa for 32-bit systems: at once, and saying what is needed.

    narrow.py CMAKE GENERATOR COMPILER SOURCE

The compiler at hand makes 32-bit code with an option (no 32-bit C library is
needed: CMake links nothing here). Exits with 77 where it has no such option.
"""

import pathlib
import subprocess
import sys
import tempfile

OPTIONS = ("-m32", "-m31", "-mabi=ilp32")


def makes_narrow_code(compiler, option, work):
    """Whether a compiler's pointers have 4 bytes with an option."""
    test = work / "test.c"
    test.write_text("char narrow[sizeof(void *) == 4 ? 1 : -1];\n")
    command = [compiler, option, "-c", test, "-o", work / "test.o"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0


def main(cmake, generator, compiler, source):
    with tempfile.TemporaryDirectory(prefix="kaa-narrow-") as folder:
        work = pathlib.Path(folder)
        for option in OPTIONS:
            if makes_narrow_code(compiler, option, work):
                break
        else:
            print(f"skipped: {compiler} has none of {', '.join(OPTIONS)}")
            return 77
        done = subprocess.run(
            [cmake, "-S", source, "-B", work / "build", "-G", generator]
            + [f"-DCMAKE_C_COMPILER={compiler}", f"-DCMAKE_C_FLAGS={option}"]
            + ["-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    said = " ".join(done.stdout.split())
    wanted = "kaa needs a 64-bit system: pointers have 4 bytes here"
    # The one error of all: not what else is missing for 32 bits.
    if done.returncode == 0 or wanted not in said or said.count("CMake Error") != 1:
        print(f"CMake, with {option}: {done.returncode}\n{done.stdout}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
