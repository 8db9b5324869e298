"""How many small faults the tests of a folder notice.

    mutate.py [--seed N] [--sample N] [--python PYTHON] ROOT WORK [FOLDER ...]

Copies the tree of ROOT to WORK and builds it. Then, in each function of
lib/FOLDER that has a place for it, makes one small change (which one, the seed
says), compiles it and runs the folder's tests until one fails: tests/FOLDER, plain
and with failing allocations, or what TESTS says. A change that no test notices
survives: it is listed, and each folder's score is the part that was noticed. A
change that does not compile counts for nothing, nor does one whose object code is
the same: of another machine, say. One that hangs is noticed: that uses two minutes
of the processor's time, or none for half a minute. --sample takes so many
functions of a folder, the same ones for the same seed. WORK/log.txt has a line a
change: which test noticed it.

The tests run once unchanged, which says how long each takes. Those run first that
are likely for their time: by their names, and by what they have noticed so far in
the changed file and in its folder. Of a Python file the first failing test ends it.
One Python serves: what another version alone does survives.

Other changes that alter nothing stand in equivalent.txt beside this file, one a
line:

    FOLDER/FILE.c FUNCTION: OLD -> NEW    # why

The idea is that of DeMillo, Lipton and Sayward, "Hints on Test Data Selection"
(1978).
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "style"))
import source  # noqa: E402

# The names of the tests of a folder that others test too: what stands below all
# and asks the system, and what the package's tests reach alone.
PYTHON = r"python/[\d.]+t?/(checked/)?test_"
TESTS = {
    "base": "(base|gil|heap|library|insight|walk)/",
    "checked": f"checked/|{PYTHON}(checked|wrong_modules|kjson|natives|slots)",
    "module": f"module/|{PYTHON}(specs|typed|natives|slots|importer)",
    "native": "(native|module)/",
    "object": "(object|native)/",
    "insight": f"insight/|{PYTHON}(gil|heap|refs|watch)",
    "walk": f"walk/|{PYTHON}(objects|refs|heap)",
    "cpython": f"{PYTHON}(?!docs|new|package|views|gil|heap|refs|objects)",
}
# Labels of tests.
LABELS = ["plain", "check", "python", "collect", "fault"]
PASSED = (0, 77, 5)  # 77, 5: skipped, says a check, says unittest
CPU_SECONDS = 120  # of one process, at most: more is a hang, and so is
CPU_TIMES = 10  # as often as long as it takes unchanged, and
CPU_LEAST = 15
WAIT_SECONDS = 30  # in which a test that does not hang does something
NO_CODE = object()

# What a token may be changed to.
TOKENS = {
    "==": ["!="],
    "!=": ["=="],
    "<": ["<=", ">="],
    "<=": ["<", ">"],
    ">": [">=", "<="],
    ">=": [">", "<"],
    "&&": ["||"],
    "||": ["&&"],
    "+": ["-"],
    "-": ["+"],
    "++": ["--"],
    "--": ["++"],
    "+=": ["-="],
    "-=": ["+="],
    "|=": ["="],
    "&=": ["|="],
    "<<": [">>"],
    ">>": ["<<"],
    "0": ["1"],
    "1": ["0", "2"],
    "break": [""],
    "continue": ["break"],
}
_PLACE = re.compile(
    r"(?<=[\w)\] ])(==|!=|<=|>=|&&|\|\||<<|>>|\+=|-=|\|=|&=|\+\+|--|(?<= )[<>+-](?= ))"
    r"|\b(break|continue)\b(?=;)|(?<![\w.\"'])([01])(?![\w.])"
)
# A whole statement that is a call, or an assignment: it may be left out.
_STATEMENT = re.compile(
    r"^[ ]{4,}(?!return\b|else\b|case\b|goto\b|static\b|const\b)"
    r"([\w>.\[\]*()&-]+(?:\([^;{}]*\)| [|&+-]?= [^;{}]*));$",
    re.MULTILINE,
)
_CONDITION = re.compile(r"\b(if|while) (\()")
_FUNCTION = re.compile(r"^(\w+)\(([^;{}]*)\)\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
# What only a build with checks has, and declarations.
_LEFT_ALONE = re.compile(r"^\s*#|KAA_ASSERT|KAA_UNLIKELY|static const|_Static_assert|sizeof")


class Change:
    """One change to one function."""

    def __init__(self, path, function, start, end, new, text):
        self.path, self.function = path, function
        self.start, self.end, self.new = start, end, new
        self.line = source.line_of(text, start)
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        self.old_line = " ".join(text[first:last].split())
        self.new_line = " ".join((text[first:start] + new + text[end:last]).split())

    def __str__(self):
        return f"{self.path} {self.function}: {self.old_line} -> {self.new_line}"


def places(text, start, end):
    """The changes that text[start:end], a function's body, has a place for."""
    found = []
    for match in _PLACE.finditer(text, start, end):
        for new in TOKENS[match.group()]:
            found.append((match.start(), match.end(), new))
    for match in _STATEMENT.finditer(text, start, end):
        found.append((match.start(1), match.end(1), ""))
    for match in _CONDITION.finditer(text, start, end):
        found.append((match.start(2), match.end(2), "(!"))
    kept = []
    for at, behind, new in found:
        first, last = text.rfind("\n", 0, at) + 1, text.find("\n", behind)
        if new == "(!":  # of a condition that is one operand
            inside = re.match(r"\(([\w>.-]+(\([\w, >.&-]*\))?)\)", text[at:last])
            if inside is None:
                continue
        if not _LEFT_ALONE.search(text, first, last):
            kept.append((at, behind, new))
    return kept


def changes_of(root, folder, seed, sample):
    """At most one a function, of all files of a folder or of so many functions."""
    chosen = []
    for path in sorted((root / "lib" / folder).rglob("*.c")):
        original = path.read_text()
        text = source.without_comments(original, literals=True)
        assert len(text) == len(original)
        for match in _FUNCTION.finditer(text):
            possible = places(text, match.start(3), match.end(3))
            if possible:
                name = path.relative_to(root / "lib").as_posix()
                chance = random.Random(f"{seed}/{name}/{match.group(1)}")
                rank = chance.random()
                start, end, new = chance.choice(possible)
                change = Change(name, match.group(1), start, end, new, original)
                chosen.append((rank, change))
    taken = sorted(chosen, key=lambda one: one[0])[: sample or None]
    return [change for _, change in chosen if change in [one for _, one in taken]]


def ticks_of(session):
    """The processor's time that the processes of a session have used by now."""
    ticks = 0
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[3]) == session:
            ticks += sum(map(int, fields[11:15]))
    return ticks


class Test:
    """A test of CTest's, and the targets that it needs."""

    def __init__(self, told, build, targets):
        properties = {one["name"]: one["value"] for one in told.get("properties", [])}
        self.name, self.command = told["name"], told["command"]
        if any(one.endswith("/run.py") for one in self.command):
            self.command = [*self.command, "--failfast"]
        labels = properties.get("LABELS", [])
        self.label = next((one for one in LABELS if one in labels), None)
        if "headers" in labels:  # of the machine, by its compilers: minutes
            self.label = None
        self.folder = properties.get("WORKING_DIRECTORY", build)
        changed = dict(one.split("=", 1) for one in properties.get("ENVIRONMENT", []))
        self.environment = {**os.environ, **changed}
        named = [one for one in [*self.command, *changed.values()] if one.startswith(build)]
        named = [os.path.relpath(one, build) for one in named]
        self.targets = [
            one
            for one in targets
            if any(one == name or one.startswith(name + "/") for name in named)
        ]
        self.seconds = None  # that it takes unchanged

    def measure(self):
        """Whether it passes, at the second try at the latest; notes its time."""
        begun = time.monotonic()
        passes = self.run() in PASSED
        self.seconds = time.monotonic() - begun
        return passes or self.run() in PASSED

    def run(self):
        """What it returns, or None if it hangs: a busy machine hangs no test."""

        most = CPU_SECONDS
        if self.seconds is not None:
            most = min(most, CPU_LEAST + int(CPU_TIMES * self.seconds))

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))

        process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=self.environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=limit,
        )
        used = None
        try:
            while True:
                try:
                    result = process.wait(WAIT_SECONDS)
                    return None if result == -signal.SIGXCPU else result
                except subprocess.TimeoutExpired:
                    before, used = used, ticks_of(process.pid)
                    if used == before:
                        return None
        finally:  # what it started ends with it
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


class Tree:
    """The copy that is changed and built."""

    def __init__(self, root, work, python):
        self.path, self.build, self.commands = work / "tree", work / "build", {}
        self.measured = {}  # name: a test that passes, or None
        names = source.tracked(root)
        if names is None:
            raise SystemExit("mutate: a clone of the repository is needed")
        names = set(names)
        for old in self.path.rglob("*"):
            if old.is_file() and old.relative_to(self.path).as_posix() not in names:
                old.unlink()  # of a run before
        for name in names:
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            old = target.read_bytes() if target.is_file() else None
            if old != (root / name).read_bytes():
                shutil.copy(root / name, target)
        cache = self.build / "CMakeCache.txt"
        if cache.is_file() and f"KAA_TEST_PYTHONS:UNINITIALIZED={python}\n" in cache.read_text():
            return  # Ninja sees what else has changed
        subprocess.run(
            ["cmake", "-S", self.path, "-B", self.build, "-G", "Ninja"]
            + ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -g0"]
            + ["-DKAA_CHECKS=2", "-DKAA_WERROR=OFF", f"-DKAA_TEST_PYTHONS={python}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def tests(self, folder):
        """The tests of a folder that pass unchanged, built and measured."""
        everything = self.output("ninja", "-C", self.build, "-t", "targets", "all")
        targets = [line.rpartition(": ")[0] for line in everything.splitlines()]
        targets = [one for one in targets if re.fullmatch(r"tests/.*|lib/[^/]+", one)]
        wanted = re.compile(TESTS.get(folder.partition("/")[0], f"{folder}/"))
        programs = {re.sub("^tests/test_([a-z]+)_", r"\1/", one): one for one in targets}
        # CTest tells no commands of programs that are not there.
        self.make([one for name, one in programs.items() if wanted.match(name)])
        listed = self.output("ctest", "--test-dir", self.build, "--show-only=json-v1")
        found = []
        for told in json.loads(listed)["tests"]:
            if "command" in told and wanted.match(told["name"]):
                test = Test(told, str(self.build), targets)
                if test.label:
                    found.append(test)
        if not self.make({one for test in found for one in test.targets}):
            raise SystemExit(f"mutate: the tests of {folder} do not build")
        for test in found:
            if test.name not in self.measured:
                passes = test.measure()
                self.measured[test.name] = test if passes else None
                if not passes:
                    print(f"left out, fails unchanged: {test.name}", flush=True)
        return [one for one in map(self.measured.get, (one.name for one in found)) if one]

    def output(self, *command):
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def make(self, targets):
        """Builds targets; whether that went well."""
        done = subprocess.run(
            ["ninja", "-C", self.build, "-j1", *sorted(targets)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return done.returncode == 0

    def command(self, target):
        """What Ninja runs for one target: asking it to would cost more."""
        if target not in self.commands:
            listed = self.output("ninja", "-C", self.build, "-t", "commands", "-s", target)
            self.commands[target] = listed.splitlines()[-1]
        return self.commands[target]

    def run(self, target):
        """Builds one target, whose parts are built; whether that went well."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        done = subprocess.run(self.command(target), shell=True, cwd=self.build, **quiet)
        return done.returncode == 0

    def objects(self, path):
        """The object files of a file of lib/, as targets: {target: code}."""
        found = (self.build / "lib").rglob(f"{path}.o")
        return {one.relative_to(self.build).as_posix(): one.read_bytes() for one in found}

    def notices(self, change, tests):
        """The first test that fails, twice, or hangs with a change; None if there
        is none. NO_CODE: it alters no object."""
        path = self.path / "lib" / change.path
        original, code = path.read_text(), self.objects(change.path)

        def compile(text):
            path.write_text(text)
            return all([self.run(one) for one in code])

        changed = original[: change.start] + change.new + original[change.end :]
        linked = set()
        try:
            if not compile(changed) or self.objects(change.path) == code:
                return NO_CODE
            for test in tests:
                if self.fails(test, code, linked):
                    return test
        finally:
            compile(original)
        return None

    def fails(self, test, objects, linked):
        """Whether a test fails twice, or hangs; what is skipped does not fail. Links
        what it needs, once a change."""
        for target in test.targets:
            if target in linked:
                continue
            linked.add(target)
            parts = self.command(target).split()
            if any(one in parts for one in objects) and not self.run(target):
                return True
        done = test.run()
        return done is None or done not in PASSED and test.run() not in PASSED


def equivalent_changes():
    """The changes that are known to alter nothing."""
    listed = pathlib.Path(__file__).with_name("equivalent.txt").read_text()
    return {line.partition("    #")[0].strip() for line in listed.splitlines()}


def in_order(tests, path, caught):
    """The tests that are likely to notice a change to path first, for their time."""
    stem = path.rpartition("/")[2][: -len(".c")]
    words = {stem, *path.split("/")[:-1], *stem.split("_")}
    in_file = sum(number for (file, _), number in caught.items() if file == path)
    in_all = sum(caught.values())

    def promise(test):
        named = len(words & set(re.split("[/_]", test.name))) * 0.1
        here = caught[path, test.name] / (in_file + 1)
        around = sum(n for (_, name), n in caught.items() if name == test.name)
        return (0.01 + named + here + around / (in_all + 5)) / (test.seconds + 0.2)

    return sorted(tests, key=promise, reverse=True)


def run_folder(tree, folder, seed, sample, log):
    """(noticed, survivors, equivalent ones, those of no code) of one folder."""
    tests = tree.tests(folder)
    known = equivalent_changes()
    noticed, survivors, equivalent, idle = 0, [], 0, 0
    caught = collections.Counter()  # (path, test): that often
    for change in changes_of(tree.path, folder, seed, sample) if tests else []:
        if str(change) in known:
            equivalent += 1
            continue
        begun = time.monotonic()
        test = tree.notices(change, in_order(tests, change.path, caught))
        if test is NO_CODE:
            idle += 1
            by = "no code"
        elif test is None:
            survivors.append(change)
            by = "survives"
            print(f"survives: lib/{change.path}:{change.line}: {change}", flush=True)
        else:
            noticed += 1
            by = test.name
            caught[change.path, by] += 1
        print(f"{time.monotonic() - begun:.0f} s, {by}: {change}", file=log, flush=True)
    return noticed, survivors, equivalent, idle


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0, help="changes a folder")
    parser.add_argument("--python", default=sys.executable, help="for Python tests")
    parser.add_argument("folders", nargs="*")
    given = parser.parse_args()
    tree = Tree(given.root.resolve(), given.work.resolve(), given.python)
    folders = given.folders or sorted(
        one.name for one in (tree.path / "lib").iterdir() if one.is_dir()
    )
    rows = []
    log = open(given.work / "log.txt", "a")
    for folder in folders:
        noticed, survivors, *others = run_folder(
            tree, folder, given.seed, given.sample, log
        )
        total = noticed + len(survivors)
        if total:
            rows.append((folder, noticed, total, 100 * noticed / total, *others))
            print(f"{folder}: {noticed} of {total} noticed", flush=True)
    print("\nfolder           noticed   of  score  equivalent  no code")
    for row in rows:
        print("{:15} {:8} {:4} {:4.0f} % {:11} {:8}".format(*row))


if __name__ == "__main__":
    main()
