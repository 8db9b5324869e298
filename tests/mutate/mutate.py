"""How many small faults the tests of a folder notice.

    mutate.py [--seed N] [--limit N] ROOT WORK [FOLDER ...]

Copies the tree of ROOT to WORK and builds it. Then, in each function of
lib/FOLDER that has a place for it, makes one small change (which one, the seed
says), builds what it reaches and runs the folder's C tests: tests/FOLDER, plain
and with failing allocations. A change that no test notices survives: it is
listed, and each folder's score is the part that was noticed. A changed program
that does not compile counts for nothing, nor does one whose object code is the
same: of another machine, say. One that hangs is noticed. Other changes that alter
nothing stand in equivalent.txt beside this file, one a line:

    FOLDER/FILE.c FUNCTION: OLD -> NEW    # why

The idea is that of DeMillo, Lipton and Sayward, "Hints on Test Data Selection"
(1978).
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "style"))
import source  # noqa: E402

SECONDS = 60  # for one test; more is a hang

# Rooms whose files others test too: what stands below all, and asks the system.
ALSO = {"base": ["gil", "heap", "library", "insight"]}

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


def changes_of(root, folder, chance):
    """At most one a function, of all files of a folder."""
    chosen = []
    for path in sorted((root / "lib" / folder).rglob("*.c")):
        original = path.read_text()
        text = source.without_comments(original, literals=True)
        assert len(text) == len(original)
        for match in _FUNCTION.finditer(text):
            possible = places(text, match.start(3), match.end(3))
            if possible:
                start, end, new = chance.choice(possible)
                name = str(path.relative_to(root / "lib"))
                chosen.append(Change(name, match.group(1), start, end, new, original))
    return chosen


class Tree:
    """The copy that is changed and built."""

    def __init__(self, root, work):
        self.root, self.path, self.build = root, work / "tree", work / "build"
        names = source.tracked(root)
        if names is None:
            raise SystemExit("mutate: a clone of the repository is needed")
        for name in names:
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            old = target.read_bytes() if target.is_file() else None
            if old != (root / name).read_bytes():
                shutil.copy(root / name, target)
        subprocess.run(
            ["cmake", "-S", self.path, "-B", self.build, "-G", "Ninja"]
            + ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O1 -g0"]
            + ["-DKAA_CHECKS=2", "-DKAA_WERROR=OFF", "-DKAA_TEST_PYTHONS=none"],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def targets(self, folder):
        """The programs of a folder's tests, as targets of the build."""
        listed = subprocess.run(
            ["ninja", "-C", self.build, "-t", "targets", "all"],
            check=True,
            stdout=subprocess.PIPE,
        )
        return sorted(set(re.findall(rf"^(tests/test_{folder}_\w+):", listed.stdout.decode(), re.M)))

    def tests(self, folder):
        """The commands of a folder's tests, which are built, plain ones first."""
        listed = subprocess.run(
            ["ctest", "--test-dir", self.build, "--show-only=json-v1"],
            check=True,
            stdout=subprocess.PIPE,
        )
        found = []
        for test in json.loads(listed.stdout)["tests"]:
            labels = [
                value
                for one in test.get("properties", [])
                if one["name"] == "LABELS"
                for value in one["value"]
            ]
            if test["name"].startswith(folder + "/") and "command" in test:
                if "plain" in labels or "fault" in labels:
                    found.append(("fault" in labels, test["command"]))
        return [command for _, command in sorted(found, key=lambda one: one[0])]

    def make(self, targets):
        """Builds targets; whether that went well."""
        done = subprocess.run(
            ["ninja", "-C", self.build, *targets],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return done.returncode == 0

    def code(self, path):
        """The object code of a file of lib/."""
        return [one.read_bytes() for one in (self.build / "lib").rglob(f"{path}.o")]

    def notices(self, commands):
        """The first test that fails, or None."""
        for command in commands:
            try:
                done = subprocess.run(
                    command,
                    cwd=self.build,
                    timeout=SECONDS,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except subprocess.TimeoutExpired:
                return command
            if done.returncode != 0:
                return command
        return None


def equivalent_changes():
    """The changes that are known to alter nothing."""
    listed = pathlib.Path(__file__).with_name("equivalent.txt").read_text()
    return {line.partition("    #")[0].strip() for line in listed.splitlines()}


def run_folder(tree, folder, seed, limit):
    """(noticed, survivors) of one folder."""
    folders = [folder, *ALSO.get(folder, [])]
    targets = [target for one in folders for target in tree.targets(one)]
    if not targets:
        return 0, []
    if not tree.make(targets):
        raise SystemExit(f"mutate: the tests of {folder} do not build")
    commands = [command for one in folders for command in tree.tests(one)]
    failed = tree.notices(commands)
    if failed is not None:
        raise SystemExit(f"mutate: unchanged, this fails: {' '.join(failed)}")
    changes = changes_of(tree.path, folder, random.Random(f"{seed}/{folder}"))
    if limit and len(changes) > limit:
        changes = random.Random(seed).sample(changes, limit)
    known = equivalent_changes()
    noticed, survivors = 0, []
    for change in changes:
        if str(change) in known:
            continue
        path = tree.path / "lib" / change.path
        original = path.read_text()
        if not tree.make(targets):
            raise SystemExit("mutate: what was changed back does not build")
        code = tree.code(change.path)
        path.write_text(
            original[: change.start] + change.new + original[change.end :]
        )
        try:
            if not tree.make(targets) or tree.code(change.path) == code:
                continue
            if tree.notices(commands) is None:
                survivors.append(change)
                print(f"survives: lib/{change.path}:{change.line}: {change}", flush=True)
            else:
                noticed += 1
        finally:
            path.write_text(original)
            os.utime(path, (time.time() + 1, time.time() + 1))
    return noticed, survivors


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=0, help="changes a folder")
    parser.add_argument("folders", nargs="*")
    given = parser.parse_args()
    tree = Tree(given.root.resolve(), given.work.resolve())
    folders = given.folders or sorted(
        one.name
        for one in (tree.path / "lib").iterdir()
        if one.is_dir() and (tree.path / "tests" / one.name).is_dir()
    )
    rows = []
    for folder in folders:
        noticed, survivors = run_folder(tree, folder, given.seed, given.limit)
        total = noticed + len(survivors)
        if total:
            rows.append((folder, noticed, total))
            print(f"{folder}: {noticed} of {total} noticed", flush=True)
    print("\nfolder      noticed   of  score")
    for folder, noticed, total in rows:
        print(f"{folder:10} {noticed:8} {total:4} {100 * noticed / total:5.0f} %")


if __name__ == "__main__":
    main()
