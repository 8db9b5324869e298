"""Installs kaa into an empty prefix, moves that, and uses it from there.

Once through find_package and once through pkg-config, as C and (where there is
a C++ compiler) as C++11, with a shared or a static libkaa. What was installed
must be complete and must name neither the build nor the prefix it came from.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(*command, fails=False, env=None):
    """Runs a command that succeeds, or must fail; returns its output, or ends
    the test with it."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    )
    if (done.returncode != 0) != fails:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}")
    return done.stdout


def install(options, prefix):
    """Installs the build that runs this test, or one of the other kind."""
    if options.build.name.startswith("install-"):
        shared = "ON" if options.kind == "shared" else "OFF"
        arguments = ["-S", options.source, "-B", options.build]
        arguments += ["-G", options.generator, f"-DCMAKE_C_COMPILER={options.cc}"]
        arguments += ["-DCMAKE_BUILD_TYPE=Debug", "-DBUILD_TESTING=OFF"]
        arguments += ["-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
        run(options.cmake, *arguments, f"-DBUILD_SHARED_LIBS={shared}")
        # Another compiler's warnings must not keep anybody from installing.
        commands = (options.build / "compile_commands.json").read_text()
        if "-Wconversion" not in commands or "-Werror" in commands:
            sys.exit("warnings are errors for who installs")
        run(options.cmake, "--build", options.build)
    run(options.cmake, "--install", options.build, "--prefix", prefix)


def check_contents(options, first, prefix):
    """Everything is there, and no text in it names where it was made."""
    wanted = {path.name for path in (options.source / "include/kaa").iterdir()}
    found = {path.name for path in (prefix / "include/kaa").iterdir()}
    if wanted != found:
        sys.exit(f"installed headers differ: {sorted(wanted ^ found)}")
    named = re.compile(
        "|".join(re.escape(str(p)) for p in (first, options.source, options.build))
    )
    for path in prefix.rglob("*"):
        if path.suffix in (".cmake", ".pc", ".h", ".def"):
            text = path.read_text()
            if named.search(text):
                sys.exit(f"{path} names {named.search(text).group()}")


def check_outcome(options, output):
    """Prints 'kaa <version>: ...'."""
    major, minor, patch = map(int, options.version.split("."))
    number = major * 1000000 + minor * 1000 + patch
    if not output.startswith(f"kaa {number}: "):
        sys.exit(f"the consumer said {output!r}")


def use_cmake(options, prefix, work):
    major, minor, _ = options.version.split(".")
    common = [
        options.cmake,
        "-S",
        HERE / "consumer",
        "-G",
        options.generator,
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_C_COMPILER={options.cc}",
        f"-DCMAKE_CXX_COMPILER={options.cxx}",
    ]
    build = work / "cmake"
    run(*common, "-B", build, f"-DWANTED={major}.{minor}")
    run(options.cmake, "--build", build)
    for program in ("consumer_c", "consumer_cxx") if options.cxx else ("consumer_c",):
        check_outcome(options, run(build / program))
    loaded = run(build / "consumer_load", build / "consumer_module.kaa.so")
    if loaded != "42\n":
        sys.exit(f"the consumer's module said {loaded!r}")
    # Another minor version is another ABI, before 1.0.
    refused = f"{major}.{int(minor) + 1}"
    said = run(*common, "-B", work / "refused", f"-DWANTED={refused}", fails=True)
    if "kaa" not in said or refused not in said:
        sys.exit(f"version {refused} was refused for another reason:\n{said}")


def use_pkg_config(options, prefix, work):
    library_dir = next(prefix.rglob("kaa.pc")).parent.parent
    env = dict(os.environ)
    path = [str(library_dir / "pkgconfig")]
    if env.get("PKG_CONFIG_PATH"):
        path.append(env["PKG_CONFIG_PATH"])
    env["PKG_CONFIG_PATH"] = ":".join(path)
    env["LD_LIBRARY_PATH"] = str(library_dir)
    ask = [options.pkg_config, "--cflags", "--libs", "kaa"]
    asked = [run(*ask, env=env).split()]
    if options.kind == "static":  # with --static or without
        asked.append(run(*ask, "--static", env=env).split())
    if run(options.pkg_config, "--modversion", "kaa", env=env).strip() != (
        options.version
    ):
        sys.exit("pkg-config gives another version")
    compilers = [(options.cc, "-std=c11", "main.c")]
    if options.cxx:
        compilers.append((options.cxx, "-std=c++11", "main.cc"))
    for flags in asked:
        for compiler, standard, source in compilers:
            program = work / f"pkg-config{standard}"
            run(compiler, standard, HERE / "consumer" / source, "-o", program, *flags)
            check_outcome(options, run(program, env=env))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("shared", "static"), required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    for name in ("--cmake", "--generator", "--cc", "--pkg-config", "--version"):
        parser.add_argument(name, required=True)
    parser.add_argument("--cxx", default="")
    options = parser.parse_args()
    if not options.cxx or options.cxx.endswith("-NOTFOUND"):
        options.cxx = ""
    with tempfile.TemporaryDirectory(prefix="kaa-install-") as name:
        work = pathlib.Path(name)
        first, prefix = work / "first", work / "moved"
        install(options, first)
        first.rename(prefix)
        suffix = ".so" if options.kind == "shared" else ".a"
        if not list(prefix.rglob(f"libkaa{suffix}")):
            sys.exit(f"no libkaa{suffix} was installed")
        check_contents(options, first, prefix)
        use_cmake(options, prefix, work)
        use_pkg_config(options, prefix, work)


if __name__ == "__main__":
    main()
