"""kaa._views on reports of checks: tables, the page, the trace; reading from files."""

from __future__ import annotations

import io
import json
import unittest
from typing import Any

import check_samples as samples
from kaa import _views
from kaa._insight.check_data import CheckReport, RefsReport
from test_views import Page


class Tables(unittest.TestCase):
    def printed(self, data: Any, **more: Any) -> str:
        file = io.StringIO()
        _views.table(data, file, **more)
        return file.getvalue()

    def test_what_is_in_it(self) -> None:
        shown = self.printed(samples.report())
        for wanted in (
            "Checked: parse", "3 mistakes of 3 kinds, seen 6 times.",
            "1. leaked reference", "2. released twice, 2 times",
            "where: parse_1() in list_append() at parse.c:42",
            "object: list [1, 2, 3]", "made at: parse.c:30",
            "C parse_1 (parse.c:42)", "Python main (app.py:12)",
            "Who holds what", "instance of Node",
        ):  # fmt: skip
            self.assertIn(wanted, shown)
        self.assertIn("No mistakes.", self.printed(samples.report(0)))
        many = self.printed(samples.report(200))
        self.assertIn("30. ", many)
        self.assertNotIn("31. ", many)
        self.assertIn("and 170 more mistakes; all are in the page", many)

    def test_calls_that_were_made_to_fail(self) -> None:
        """One a row, what is worst first."""
        shown = self.printed(samples.report())
        self.assertIn("Calls made to fail: 1 crashed, 1 mistakes, 1 raised", shown)
        rows = [line.split() for line in shown.splitlines()]
        outcomes = [row[3:] for row in rows if row[2:] and row[2].startswith("parse.c:5")]
        self.assertEqual(
            [outcome[0] for outcome in outcomes], ["crashed", "mistakes", "raised"]
        )
        self.assertEqual(outcomes[1][1:], ["MemoryError", "2"])
        self.assertNotIn("made to fail", self.printed(CheckReport("parse")))

    def test_references(self) -> None:
        shown = self.printed(samples.refs())
        rows = [line.split() for line in shown.splitlines()]
        verdicts = [row[0] for row in rows if row and row[0] in ("leak", "cache")]
        self.assertEqual(verdicts, ["leak", "cache"])  # what matters stands first
        self.assertIn("1 leak.", shown)
        self.assertIn("5,000 references nobody has", shown)
        self.assertIn("PyList_Append", shown)
        self.assertIn("No leaks.", self.printed(RefsReport("f", rounds=3)))

    def test_nothing_hostile_reaches_the_terminal(self) -> None:
        for line in self.printed(samples.hostile()).split("\n"):
            self.assertTrue(line.isprintable(), ascii(line))


class Pages(unittest.TestCase):
    def test_structure(self) -> None:
        for data in (samples.report(50), samples.report(0), samples.refs(),
                     samples.hostile()):  # fmt: skip
            source = _views.html(data)
            self.assertTrue(source.isascii())
            made = Page(source)
            self.assertEqual(made.open, [])
            tags = [tag for tag, _ in made.tags]
            self.assertEqual(tags.count("script"), 2)
            self.assertNotIn("img", tags)
        made = Page(_views.html(samples.report(50)))
        listed = [a for _, a in made.tags if a.get("class") == "mistake"]
        self.assertEqual(len(listed), 50)
        words = "".join(made.words)
        self.assertIn("parse_49() returned and kept a reference", words)
        self.assertIn("int_from_int64", words)
        held = made.data()
        total = sum(row[4] for row in held["holders"])
        self.assertEqual(total, sum(one.count for one in samples.report().holders))


class Formats(unittest.TestCase):
    def test_chrome(self) -> None:
        events = json.loads(_views.chrome(samples.report()))["traceEvents"]
        outer, inner = [one for one in events if one["ph"] == "X"]
        self.assertEqual((outer["name"], outer["ts"], outer["dur"]), ("parse_1", 0, 9))
        self.assertEqual((inner["name"], inner["cat"]), ("list_append", "slot"))
        self.assertTrue(inner["args"]["failed"])

    def test_round_trip(self) -> None:
        for report in (samples.report(), samples.hostile()):
            self.assertEqual(CheckReport.from_json(report.to_json()), report)
        refs = samples.refs()
        self.assertEqual(RefsReport.from_json(refs.to_json()), refs)

    def test_the_promised_keys(self) -> None:
        data = json.loads(samples.report().to_json())
        self.assertEqual(data["module"], "parse")
        for key in ("kind", "function", "slot", "type", "repr", "where", "text"):
            self.assertIn(key, data["mistakes"][0])

    def test_errors_say_where(self) -> None:
        data = json.loads(samples.report().to_json())
        data["mistakes"][1]["python"][0][1] = "12"
        wanted = r"check report\.mistakes\[1\]\.python\[0\]\.line must be int, not str"
        with self.assertRaisesRegex(ValueError, wanted):
            CheckReport.from_json(json.dumps(data))

    def test_ways_that_there_are(self) -> None:
        with self.assertRaisesRegex(TypeError, "no gecko of a CheckReport: it has chrome"):
            _views.gecko(samples.report())


if __name__ == "__main__":
    unittest.main()
