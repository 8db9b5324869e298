"""kaa._views on heap reports: tables, the page, other programs' formats; and the
reading of reports from files."""

from __future__ import annotations

import gzip
import io
import json
import unittest
import unittest.mock
from typing import Any, Dict, Iterator, List, Tuple

import heap_samples as samples
from kaa import _views
from kaa._insight.heap_data import HeapReport
from test_views import Page
from views_samples import HOSTILE, recording


def varint(data: bytes, at: int) -> Tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[Tuple[int, Any]]:
    """(number, value) of a protobuf message; only wire types 0 and 2 are expected."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            yield key >> 3, data[at : at + value]
            at += value
        else:
            assert key & 7 == 0, key
            yield key >> 3, value


def packed(data: bytes) -> List[int]:
    made, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        made.append(value)
    return made


class Pprof:
    """A profile.proto, read by the message's definition."""

    def __init__(self, data: bytes) -> None:
        self.parts: Dict[int, List[Any]] = {}
        for number, value in fields(gzip.decompress(data)):
            self.parts.setdefault(number, []).append(value)
        self.texts = [one.decode() for one in self.parts[6]]
        functions = [dict(fields(one)) for one in self.parts.get(5, [])]
        self.functions = {one[1]: one for one in functions}
        locations = [dict(fields(one)) for one in self.parts.get(4, [])]
        self.locations = {one[1]: dict(fields(one[4])) for one in locations}

    def kinds(self) -> List[Tuple[str, str]]:
        types = [dict(fields(one)) for one in self.parts[1]]
        return [(self.texts[one[1]], self.texts[one[2]]) for one in types]

    def samples(self) -> Iterator[Tuple[List[Tuple[str, str, int]], List[int]]]:
        """(stack, innermost first; values)."""
        for one in self.parts[2]:
            both = dict(fields(one))
            stack = []
            for number in packed(both[1]):
                line = self.locations[number]
                function = self.functions[line[1]]
                name, file = self.texts[function[2]], self.texts[function.get(4, 0)]
                stack.append((name, file, line.get(2, 0)))
            yield stack, packed(both[2])


class Formats(unittest.TestCase):
    def test_pprof(self) -> None:
        report = samples.report()
        made = Pprof(_views.pprof(report))
        self.assertEqual(made.texts[0], "")
        self.assertEqual(made.kinds()[3], ("inuse_space", "bytes"))
        self.assertEqual(made.texts[made.parts[14][0]], "inuse_space")
        self.assertEqual(made.parts[9][0], report.started)
        found = list(made.samples())
        self.assertEqual(len(found), len(report.uses))
        for (stack, values), use in zip(found, report.uses):
            frames = [(f.function, f.file, f.line) for f in report.stacks[use.site]]
            self.assertEqual(stack, frames)
            self.assertEqual(values[2:4], [use.live_blocks, use.live_bytes])
            self.assertEqual(values[1], use.allocated_bytes)
        self.assertEqual(_views.pprof(report), _views.pprof(samples.report()))
        lines = Pprof(_views.pprof(samples.exact()))
        live = sum(values[3] for _, values in lines.samples())
        self.assertEqual(live, report.live_bytes)
        self.assertIn(HOSTILE.replace("\ud800", "?"), Pprof(_views.pprof(samples.hostile())).texts)

    def test_pprof_of_a_gil(self) -> None:
        source = recording()
        made = Pprof(_views.pprof(source))
        self.assertEqual([name for name, _ in made.kinds()], ["held", "waited", "off"])
        held = sum(values[0] for _, values in made.samples())
        self.assertEqual(held, sum(one.held_ns for one in source.threads))

    def test_collapsed(self) -> None:
        report = samples.report()
        total = 0
        for line in _views.collapsed(report).splitlines():
            stack, _, value = line.rpartition(" ")
            self.assertTrue(stack.startswith("main (app/__main__.py:3)"), line)
            total += int(value)
        self.assertEqual(total, report.live_bytes)
        hostile = _views.collapsed(samples.hostile())
        self.assertTrue(hostile.isascii())
        for line in hostile.splitlines():
            self.assertGreater(int(line.rpartition(" ")[2]), 0)

    def test_speedscope(self) -> None:
        report = samples.report()
        made = json.loads(_views.speedscope(report))
        live, peak, allocated = made["profiles"]
        self.assertEqual(live["unit"], "bytes")
        self.assertEqual(sum(live["weights"]), report.live_bytes)
        self.assertEqual(live["endValue"], report.live_bytes)
        self.assertEqual(sum(allocated["weights"]), report.allocated_bytes)
        frames = made["shared"]["frames"]
        self.assertEqual(frames[live["samples"][0][0]]["name"], "main")

    def test_prometheus(self) -> None:
        report = samples.report()
        lines = _views.prometheus(report).splitlines()
        self.assertIn(f"kaa_heap_live_bytes {report.live_bytes}", lines)
        self.assertIn('kaa_gc_collections_total{generation="2"} 20', lines)
        self.assertIn('kaa_gc_pause_seconds_total{generation="1"} 0.04', lines)
        self.assertIn(f'kaa_heap_account_bytes{{part="code"}} {9 << 20}', lines)
        typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
        self.assertEqual(len(typed), len(set(typed)))
        named = {line.partition("{")[0].split()[0] for line in lines if line[0] != "#"}
        self.assertEqual(named, set(typed))


class Tables(unittest.TestCase):
    def printed(self, data: Any, **more: Any) -> str:
        file = io.StringIO()
        _views.table(data, file, **more)
        return file.getvalue()

    def test_what_is_in_it(self) -> None:
        shown = self.printed(samples.report())
        for wanted in (
            "Memory of app.py --serve", "a sample every 512 KiB, within 2.0 %",
            "Lines by live bytes", "PyList_New", "and 30 more lines", "Biggest retainers",
            "1,000,000 objects, 64.0 MiB; the program stood still for 31.0 ms",
            "module app.cache --.__dict__--> dict {...} --['last']--> Node <7>",
            "1,200 objects, 3.00 MiB: dict -> ['last'] Node -> .__dict__ back; break Node.parent", "duplicated str",
            "malloc_trim() would give back 5.00 MiB", "30 arenas, 30.0 MiB",
            "Garbage collector", "Garbage cycles by maker", "grows by 1.2 MiB a round",
        ):  # fmt: skip
            self.assertIn(wanted, shown)

    def test_a_difference(self) -> None:
        shown = self.printed(samples.diff(), limit=None)
        self.assertIn("two points", shown)
        grown = [row[1] for row in samples.diff().sites()]
        self.assertEqual(grown, sorted(grown, reverse=True))
        self.assertGreater(grown[0], 0)
        self.assertLess(grown[-1], 0)
        before, after = samples.diff().before, samples.diff().after
        self.assertEqual(
            sum(grown),
            sum(one.live_bytes for one in after.sites)
            - sum(one.live_bytes for one in before.sites),
        )

    def test_nothing_hostile_reaches_the_terminal(self) -> None:
        for line in self.printed(samples.hostile()).split("\n"):
            self.assertTrue(line.isprintable(), ascii(line))

    def test_little(self) -> None:
        shown = self.printed(HeapReport("account", "3.12.1"))
        self.assertIn("Memory of this process", shown)


class Pages(unittest.TestCase):
    def test_structure(self) -> None:
        for data in (samples.report(), samples.exact(), samples.diff(), samples.hostile(),
                     HeapReport("account", "3.12.1")):  # fmt: skip
            source = _views.html(data)
            self.assertTrue(source.isascii())
            made = Page(source)
            self.assertEqual(made.open, [])
            tags = [tag for tag, _ in made.tags]
            self.assertEqual(tags.count("script"), 2)
            self.assertNotIn("img", tags)
            self.assertFalse([a for _, a in made.tags if "src" in a])

    def test_the_tree_is_the_stacks(self) -> None:
        report = samples.report()
        data = Page(_views.html(report)).data()
        tree, names = data["tree"], data["names"]
        for i, parent in enumerate(tree["parent"]):
            self.assertLess(parent, i)
        self.assertEqual(sum(tree["values"][0]), report.live_bytes)
        self.assertEqual(sum(tree["values"][3]), report.allocated_bytes)
        found = set()
        for i, value in enumerate(tree["values"][0]):
            path, at = [], i
            while at > 0:
                file, line, function = tree["frames"][tree["frame"][at]]
                path.append((names[file], line, names[function]))
                at = tree["parent"][at]
            found.add((tuple(path), value))
        for use in report.uses:
            self.assertIn((tuple(report.stacks[use.site]), use.live_bytes), found)
        self.assertEqual(len(data["sites"]), len(report.sites))

    def test_many_stacks_keep_their_sums(self) -> None:
        report = samples.report(500)
        with unittest.mock.patch("kaa._views.heap_page.STACKS", 100):
            tree = Page(_views.html(report)).data()["tree"]
        self.assertEqual(sum(tree["values"][0]), report.live_bytes)
        self.assertLess(len(tree["parent"]), 1_500)

    def test_large_trees_are_cut_and_hang_together(self) -> None:
        report = samples.report()
        assert report.walk is not None
        nodes = report.walk.retainers
        with unittest.mock.patch("kaa._views.heap_page.RETAINERS", 50):
            data = Page(_views.html(report)).data()
        rows, names = data["walk"]["retainers"], data["names"]
        self.assertEqual(len(rows), 50)
        largest = sorted((one.retained_bytes for one in nodes), reverse=True)[:50]
        self.assertEqual(sorted((row[4] for row in rows), reverse=True), largest)
        by_text = {one.text: one for one in nodes}
        for i, row in enumerate(rows):
            self.assertLess(row[6], i)
            source = by_text[names[row[1]]]
            if source.parent is None:
                self.assertEqual(row[6], -1)
            else:  # here the parent is always larger, so it is there
                self.assertEqual(names[rows[row[6]][1]], nodes[source.parent].text)

    def test_parents_are_not_believed(self) -> None:
        report = samples.report()
        assert report.walk is not None
        for i, one in enumerate(report.walk.retainers):
            one.parent = (i, i + 1, -5, 10**9, None, 0)[i % 6]
        rows = Page(_views.html(report)).data()["walk"]["retainers"]
        for i, row in enumerate(rows):
            self.assertLess(row[6], max(i, 0))

    def test_long_timelines_keep_their_peak(self) -> None:
        report = samples.report()
        last = report.timeline[-1]
        report.timeline = [last._replace(at_ns=i, rss_bytes=5) for i in range(100_000)]
        report.timeline[31_337] = last._replace(at_ns=31_337, rss_bytes=1 << 40)
        points = Page(_views.html(report)).data()["timeline"]
        self.assertLessEqual(len(points), 4_000)
        self.assertEqual(max(points, key=lambda one: one[2])[0], 31_337)
        self.assertEqual([one[0] for one in points], sorted(one[0] for one in points))


class Files(unittest.TestCase):
    def test_round_trip(self) -> None:
        for report in (samples.report(), samples.exact(), samples.hostile()):
            self.assertEqual(HeapReport.from_json(report.to_json()), report)

    def test_the_promised_keys(self) -> None:
        data = json.loads(samples.report().to_json())
        for key in ("mode", "python", "live_bytes", "peak_bytes", "sites", "account"):
            self.assertIn(key, data)
        for key in ("file", "line", "function", "live_bytes", "live_blocks", "peak_bytes",
                    "allocated_bytes", "allocated_blocks"):  # fmt: skip
            self.assertIn(key, data["sites"][0])

    def test_errors_say_where(self) -> None:
        good = json.loads(samples.report(3).to_json())

        def wrong(change: Any) -> str:
            data = json.loads(json.dumps(good))
            change(data)
            with self.assertRaises(ValueError) as caught:
                HeapReport.from_json(json.dumps(data))
            return str(caught.exception)

        for change, said in (
            (lambda d: d["sites"][1].update(live_bytes="9"),
             "heap report.sites[1].live_bytes must be int, not str"),
            (lambda d: d["sites"][0].pop("file"), "heap report.sites[0] lacks file"),
            (lambda d: d["stacks"][0][0].pop(),
             "heap report.stacks[0][0] must have 3 entries, not 2"),
            (lambda d: d.update(stacks={}), "heap report.stacks must be a list, not dict"),
            (lambda d: d["sites"][0].update(line=True),
             "heap report.sites[0].line must be int, not bool"),
            (lambda d: d.update(format=9), "heap report.format is 9; this kaa reads 1"),
            (lambda d: d["account"].update(parts=3),
             "heap report.account.parts must be a list, not int"),
        ):  # fmt: skip
            self.assertEqual(wrong(change), said)
        for text in ("", "[1]", "nonsense", '"text"', "null"):
            with self.assertRaises(ValueError):
                HeapReport.from_json(text)
        good["unknown"] = 1  # a newer kaa's
        self.assertEqual(HeapReport.from_json(json.dumps(good)), samples.report(3))


if __name__ == "__main__":
    unittest.main()
