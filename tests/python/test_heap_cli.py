"""`python -m kaa heap attach|live|dump`, `heap run --objects` and `python -m kaa objects`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import Any

import kaa.heap
import kaa.objects
import support
from kaa._insight.heap_data import HeapReport

AVAILABLE, WHY = kaa.heap.is_available()
# Each block is followed: without a GIL by samples.
EVERY_BLOCK = ["--exact"] if kaa.heap.is_available(exact=True)[0] else ["--every", "1"]

TARGET = """
import sys, time
class Node:
    pass
kept = []
for i in range(300):
    one = Node()
    one.child = Node()
    one.child.parent = one
    kept.append(one)
print("ready", flush=True)
while True:
    kept.append(bytearray(20000))
    time.sleep(0.05)
"""


def kaa_command(*arguments: str) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "kaa", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=300,
        check=False,
    )


@support.attaches
@unittest.skipUnless(AVAILABLE, WHY)
class Others(unittest.TestCase):
    """Looking at another process."""

    def setUp(self) -> None:
        if sys.version_info < (3, 14) and not shutil.which("gdb"):
            self.skipTest("gdb is not installed")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        script = os.path.join(self.folder, "target.py")
        with open(script, "w") as file:
            file.write(TARGET)
        self.target = subprocess.Popen(
            [sys.executable, script],
            stdout=subprocess.PIPE,
            env=support.clean_environment(),
        )
        assert self.target.stdout is not None
        self.addCleanup(self.target.stdout.close)
        self.addCleanup(self.target.wait)
        self.addCleanup(self.target.kill)
        self.assertEqual(self.target.stdout.readline(), b"ready\n")

    def report_of(self, *arguments: str) -> HeapReport:
        path = os.path.join(self.folder, "out.json")
        done = kaa_command(*arguments, "-q", "--json", path, str(self.target.pid))
        if done.returncode and ("ptrace" in done.stderr or "may not be read" in done.stderr):
            self.skipTest(done.stderr)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertIsNone(self.target.poll())
        with open(path) as file:
            report = HeapReport.from_json(file.read())
        self.assertEqual(report.pid, self.target.pid)
        return report

    def test_attach(self) -> None:
        for _ in range(2):  # it leaves nothing behind that is in the way
            report = self.report_of("heap", "attach", *EVERY_BLOCK, "--duration", "1")
            self.assertEqual(report.mode == "exact", EVERY_BLOCK == ["--exact"])
            first = report.sites[0]
            self.assertEqual((os.path.basename(first.file), first.line), ("target.py", 13))
            self.assertGreaterEqual(first.live_bytes, 20_000, report.sites[:3])
            assert report.account is not None
            self.assertGreater(report.account.rss_bytes, 1_000_000)

    def test_objects_and_dump(self) -> None:
        report = self.report_of("objects")
        assert report.walk is not None
        nodes = [one for one in report.walk.types if one.type == "__main__.Node"]
        self.assertEqual([one.count for one in nodes], [600])
        cycles = [one for one in report.walk.cycles if "__main__.Node.parent" in one.text]
        self.assertEqual([one.count for one in cycles][:1], [cycles[0].count])
        self.assertIn("300 of the same types", cycles[0].text)
        path = os.path.join(self.folder, "out.json")
        page = os.path.join(self.folder, "out.html")
        done = kaa_command("objects", "--html", page, path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("__main__.Node", done.stdout)
        self.assertGreater(os.path.getsize(page), 10_000)
        dumped = self.report_of("heap", "dump")
        assert dumped.walk is not None and dumped.account is not None
        self.assertIn("__main__.Node", [one.type for one in dumped.walk.types])
        counted = self.report_of("objects", "--count")
        assert counted.walk is not None
        self.assertEqual(counted.walk.retainers, [])

    def test_live(self) -> None:
        done = kaa_command(
            "heap", "live", *EVERY_BLOCK, "--refresh", "0.2", "--duration", "1.5",
            str(self.target.pid),
        )  # fmt: skip
        if done.returncode and ("ptrace" in done.stderr or "may not be read" in done.stderr):
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("target.py:13", done.stdout)
        self.assertIsNone(self.target.poll())
        # The profile ends by itself when nobody reads any more.
        for _ in range(100):
            again = kaa_command("heap", "attach", "-q", "--duration", "0.1", str(self.target.pid))
            if again.returncode == 0:
                break
            self.assertRegex(again.stderr, "running already|no thread of process")
        self.assertEqual(again.returncode, 0, again.stderr)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    @unittest.skipUnless(AVAILABLE, WHY)
    def test_run_with_objects(self) -> None:
        script = os.path.join(self.folder, "app.py")
        with open(script, "w") as file:
            file.write("class Node: pass\nkept = [Node() for _ in range(77)]\n")
        path = os.path.join(self.folder, "out.json")
        done = kaa_command("heap", "run", "-q", "--objects", "--json", path, script)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(path) as file:
            report = HeapReport.from_json(file.read())
        assert report.walk is not None
        found = {one.type: one.count for one in report.walk.types}
        self.assertEqual(found["__main__.Node"], 77)
        without = os.path.join(self.folder, "without.json")
        report.walk = None
        with open(without, "w") as file:
            file.write(report.to_json())
        done = kaa_command("objects", without)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has no objects", done.stderr)

    def test_wrong_use(self) -> None:
        for arguments, said in (
            (("objects", "/nonexistent.json"), "/nonexistent.json: No such file"),
            (("objects", "999999999"), "999999999"),
            (("heap", "attach", "999999999"), "999999999"),
            (("heap", "dump", "999999999"), "999999999"),
            (("heap", "live", "999999999"), "999999999"),
            (("heap", "attach", "--duration", "soon", "1"), "no number of seconds"),
        ):
            done = kaa_command(*arguments)
            self.assertIn(done.returncode, (1, 2), arguments)
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        path = os.path.join(self.folder, "broken.json")
        with open(path, "w") as file:
            json.dump({"mode": "walk"}, file)
        done = kaa_command("objects", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("heap report lacks python", done.stderr)


if __name__ == "__main__":
    unittest.main()
