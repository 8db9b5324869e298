"""kaa._views on recordings of a GIL: tables, the page, other programs' formats."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import unittest
import unittest.mock
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any, Dict, List, Tuple

import support
import views_samples as samples
from kaa import _views
from kaa._insight.gil_data import HELD, MIXED, OFF, WAITING, Recording, Span
from kaa._views import gil_tables, merge, page, tables, text

VOID = {"meta", "link", "input", "option", "br", "img"}


class Page(HTMLParser):
    """The elements of a page: tags, attributes, and the text of each script."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: List[Tuple[str, Dict[str, Any]]] = []
        self.open: List[str] = []
        self.scripts: List[str] = []
        self.words: List[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.words.append(data)

    def data(self) -> Any:
        return json.loads(self.scripts[0])


def spans_of(process: Dict[str, Any], index: int) -> List[Span]:
    """The spans of a page's data, decoded as its scripts do."""
    columns, names = process["threads"][index]["spans"], process["names"]
    made, at = [], 0
    mixed = iter(zip(columns["held"], columns["waited"]))
    for gap, length, state, detail, site in zip(
        *(columns[key] for key in ("gap", "length", "state", "detail", "site"))
    ):
        held, waited = next(mixed) if state == 3 else (0, 0)
        start, at = at + gap, at + gap + length
        made.append(
            Span(
                start,
                at,
                (OFF, HELD, WAITING, MIXED)[state],
                names[detail - 1] if detail else None,
                site - 1 if site else None,
                held,
                waited,
            )
        )
    return made


def sums(spans: List[Span]) -> Tuple[int, int, int]:
    both = [merge.shares(span) for span in spans]
    held, waited = sum(h for h, _ in both), sum(w for _, w in both)
    return held, waited, sum(s.end_ns - s.start_ns for s in spans) - held - waited


class Texts(unittest.TestCase):
    def test_numbers(self) -> None:
        for ns, wanted in (
            (0, "0"), (1, "1.00 ns"), (999, "999 ns"), (1000, "1.00 us"),
            (999_600, "1.00 ms"), (45_600_000, "45.6 ms"), (12_345_000_000, "12.3 s"),
            (-1_500, "-1.50 us"), (3_600 * 10**9, "3,600 s"),
        ):  # fmt: skip
            self.assertEqual(text.duration(ns), wanted)
        for count, wanted in (
            (0, "0 B"), (712, "712 B"), (1024, "1.00 KiB"), (1 << 20, "1.00 MiB"),
            ((1 << 30) - 1, "1.00 GiB"), (-2048, "-2.00 KiB"),
        ):  # fmt: skip
            self.assertEqual(text.size(count), wanted)

    def test_nothing_that_a_terminal_obeys(self) -> None:
        shown = text.printable(samples.HOSTILE)
        self.assertTrue(shown.isprintable())
        self.assertIn("\\x1b[31m", shown)
        self.assertEqual(text.printable("na\u00efve \U0001f40d"), "na\u00efve \U0001f40d")

    def test_places(self) -> None:
        here = __file__.rpartition("/")[0]
        for file, wanted in (
            ("/usr/lib/python3.12/threading.py", "python3.12/threading.py:3"),
            ("/opt/lib/python3.13t/site-packages/numpy/core.py", "numpy/core.py:3"),
            ("/usr/lib/python3/dist-packages/six.py", "six.py:3"),
            ("/srv/python3.12.py", "/srv/python3.12.py:3"),
            ("app/work.py", "app/work.py:3"),
            ("<frozen os>", "<frozen os>:3"),
            ("", ""),
        ):
            self.assertEqual(text.place(file, 3), wanted)
        import os

        self.assertEqual(text.place(os.path.abspath("x.py")), "x.py")
        self.assertTrue(text.place("/" + here.strip("/") + "\0x", 1))

    def test_parts_keep_their_sum(self) -> None:
        for shares in ((1, 1, 1), (0, 0, 5), (1e-9, 1, 1e9), (3, 0, 1)):
            self.assertEqual(sum(tables.parts(20, shares)), 20)
        self.assertEqual(tables.parts(20, (0, 0, 0)), [0, 0, 0])
        self.assertEqual(tables.parts(20, (1, 1, 2)), [5, 5, 10])


class Merging(unittest.TestCase):
    def test_time_is_kept_to_the_nanosecond(self) -> None:
        for seed, spans in enumerate(samples.schedule(6, 10**9, 3000)):
            before = sums(spans)
            for shortest in (0, 1, 10**4, 10**6, 10**8, 10**10):
                after = merge.merged(spans, shortest)
                self.assertEqual(sums(after), before, (seed, shortest))
                self.assertEqual(after[0].start_ns, spans[0].start_ns)
                self.assertEqual(after[-1].end_ns, spans[-1].end_ns)
                for one, other in zip(after, after[1:]):
                    self.assertLessEqual(one.end_ns, other.start_ns)

    def test_a_budget_is_kept(self) -> None:
        timelines = samples.schedule(20, 10**9, 2000)
        for budget in (30_000, 3_000, 300, 0):
            found = merge.within(timelines, budget)
            count = sum(map(len, found))
            self.assertLessEqual(count, max(budget, 20))
            self.assertGreater(count, min(budget, sum(map(len, timelines))) // 8)
            for one, other in zip(found, timelines):
                self.assertEqual(sums(one), sums(other))

    def test_long_spans_stay(self) -> None:
        long = Span(100, 10_100, HELD, None, 3)
        found = merge.merged([Span(0, 50, HELD), Span(50, 100, WAITING), long], 1_000)
        self.assertEqual(found, [Span(0, 100, MIXED, None, None, 50, 50), long])


class Tables(unittest.TestCase):
    def printed(self, recording: Recording, encoding: str = "utf-8", **more: Any) -> str:
        raw = io.BytesIO()
        file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
        _views.table(recording, file, **more)
        file.flush()
        return raw.getvalue().decode(encoding)

    def test_what_is_in_it(self) -> None:
        shown = self.printed(samples.recording())
        for wanted in (
            "GIL of app.py --serve", "process 4000, Python 3.12.1, 2.00 s",
            "MainThread", "worker-3", "cpu-bound", "app/work.py:1", "list.sort",
            "values.sort()", "[high] worker-1 held the GIL for 324 ms",
            "worker-1 waited behind MainThread 31 times, 150 ms in all",
            "2 threads ended before",
        ):  # fmt: skip
            self.assertIn(wanted, shown)

    def test_columns_are_aligned(self) -> None:
        lines = self.printed(samples.recording()).splitlines()
        at = lines.index("Threads")
        head, rows = lines[at + 1], lines[at + 2 : at + 6]
        for name in ("forced", "longest hold", "acquired"):
            end = head.index(name) + len(name)
            for row in rows:
                self.assertNotEqual(row[end - 1], " ", (name, row))

    def test_a_terminal_without_unicode(self) -> None:
        shown = self.printed(samples.hostile(), encoding="ascii")
        self.assertIn("###", shown)
        self.assertNotIn("\x1b", shown)

    def test_rows_are_limited_and_said(self) -> None:
        many = samples.recording(50, 10 * samples.MS, 12)
        shown = self.printed(many)
        self.assertIn("and 20 more threads; all are in the page", shown)
        self.assertEqual(len(re.findall(r"worker-\d+ +40\d\d ", shown)) + 1, 30)
        every = self.printed(many, limit=None)
        self.assertEqual(len(re.findall(r"worker-\d+ +40\d\d ", every)), 49)

    def test_other_modes(self) -> None:
        self.assertIn("GIL held 42.0 % of the time", self.printed(samples.knock()))
        free = self.printed(samples.free_threaded())
        self.assertIn("critical section", free)
        self.assertNotIn("GIL held", free)
        empty = Recording(0, "3.12.1", "trace")
        self.assertIn("GIL of this process", self.printed(empty))

    def test_nothing_hostile_reaches_the_terminal(self) -> None:
        shown = self.printed(samples.hostile())
        for line in shown.split("\n"):
            self.assertTrue(line.isprintable(), ascii(line))

    def test_narrow_terminals(self) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        with unittest.mock.patch.dict("os.environ", {"COLUMNS": "100"}):
            file = Terminal()
            tables.write(gil_tables.blocks(samples.hostile()), file, rich=False)
        rows = file.getvalue().split("\n")
        hogs = rows.index("Hogs: lines that held the GIL")
        self.assertLessEqual(max(map(len, rows[hogs + 1 : hogs + 6])), 100)

    @unittest.skipUnless(importlib.util.find_spec("rich"), "needs rich")
    def test_rich(self) -> None:
        shown = self.printed(samples.recording(), rich=True)
        for wanted in ("MainThread", "worker-3", "list.sort", "[high] worker-1"):
            self.assertIn(wanted, shown)
        # Markup of rich's in a name is text; control characters are escaped.
        self.assertIn("[red]", self.printed(samples.hostile(), rich=True).replace("\n", ""))
        self.assertNotIn("\x1b[31m", self.printed(samples.hostile(), rich=True))


class Pages(unittest.TestCase):
    def test_structure(self) -> None:
        recording = samples.recording()
        made = Page(_views.html(recording))
        self.assertEqual(made.open, [])
        self.assertEqual([tag for tag, _ in made.tags].count("script"), 2)
        self.assertEqual([tag for tag, _ in made.tags].count("main"), 1)
        (process,) = made.data()["processes"]
        self.assertEqual(process["wall"], recording.wall_ns)
        for index, thread in enumerate(recording.threads):
            self.assertEqual(process["threads"][index]["name"], thread.name)
            self.assertEqual(spans_of(process, index), thread.timeline)
        ids = [a["id"] for _, a in made.tags if "id" in a]
        self.assertEqual(len(ids), len(set(ids)))

    def test_it_asks_for_nothing(self) -> None:
        made = Page(_views.html(samples.recording()))
        for tag, attributes in made.tags:
            self.assertNotIn("src", attributes, tag)
            self.assertFalse([name for name in attributes if name.startswith("on")], tag)
            if "href" in attributes:
                self.assertEqual(attributes["href"], "data:,")
        policy = [a["content"] for t, a in made.tags if a.get("http-equiv")][0]
        self.assertTrue(policy.startswith("default-src 'none'; script-src 'sha256-"))
        self.assertNotIn("unsafe", policy)

    def test_hostile_names_are_text(self) -> None:
        plain, hostile = samples.recording(), samples.hostile()
        source = _views.html(hostile)
        self.assertTrue(source.isascii())
        made = Page(source)
        self.assertEqual(made.open, [])
        tags = [tag for tag, _ in made.tags]
        self.assertEqual(tags.count("script"), 2)
        self.assertNotIn("img", tags)
        known = {tag for tag, _ in Page(_views.html(plain)).tags}
        self.assertLessEqual(set(tags), known | {"details", "summary"})
        self.assertNotIn("<", made.scripts[0])
        process = made.data()["processes"][0]
        self.assertEqual(process["threads"][0]["name"], samples.HOSTILE)
        self.assertIn("window.hit=1", "".join(made.words))  # shown, as text

    def test_the_scripts_run_under_the_policy(self) -> None:
        source = _views.html(samples.recording())
        import base64
        import hashlib

        made = Page(source)
        digest = hashlib.sha256("".join(made.scripts[1:]).encode()).digest()
        self.assertIn(base64.b64encode(digest).decode(), source)

    def test_large_recordings_are_merged(self) -> None:
        recording = samples.recording(60, 600_000 * samples.MS, 1500)
        with unittest.mock.patch("kaa._views.gil_page.SPANS", 5_000):
            made = Page(_views.html(recording))
        (process,) = made.data()["processes"]
        found = [spans_of(process, i) for i in range(60)]
        self.assertLessEqual(sum(map(len, found)), 5_000)
        for spans, thread in zip(found, recording.threads):
            self.assertEqual(sums(spans), sums(thread.timeline))

    def test_other_modes(self) -> None:
        for recording in (samples.knock(), samples.free_threaded()):
            self.assertEqual(Page(_views.html(recording)).open, [])
        children = Page(_views.html(samples.hostile())).data()["processes"]
        self.assertEqual(len(children), 2)

    def test_escaping(self) -> None:
        self.assertEqual(page.escaped("<a b=\"c\" d='e'>&"),
                         "&lt;a b=&quot;c&quot; d=&#x27;e&#x27;&gt;&amp;")  # fmt: skip
        self.assertEqual(page.escaped("a\x00b\ud800c\x85"), "a\ufffdb\ufffdc\ufffd")
        for value in (samples.HOSTILE, "</ScRiPt", "<!--", "]]>", "\u2028\u2029"):
            made = page.embedded({"x": value})
            self.assertEqual(json.loads(made), {"x": value})
            self.assertFalse(set(made) & set("<>&\u2028\u2029"))


class Formats(unittest.TestCase):
    """Against the rules that the formats' own documents and types state."""

    def test_chrome(self) -> None:
        recording = samples.recording()
        made = json.loads(_views.chrome(recording))
        events = made["traceEvents"]
        self.assertEqual({one["ph"] for one in events}, {"M", "X", "C"})
        for one in events:
            self.assertIsInstance(one["pid"], int)
            self.assertIsInstance(one["tid"], int)
            self.assertGreaterEqual(one["ts"], 0)
        names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
        for thread in recording.threads:
            self.assertEqual(names[thread.id], thread.name)
            own = [e for e in events if e["ph"] == "X" and e["tid"] == thread.id]
            self.assertEqual(len(own), len(thread.timeline))
            told = sum(e["dur"] for e in own if e["name"] == "GIL held")
            held = [s for s in thread.timeline if s.state == HELD]
            self.assertAlmostEqual(
                told, sum(s.end_ns - s.start_ns for s in held) / 1000, places=1
            )
        counts = [e["args"]["waiting"] for e in events if e["ph"] == "C"]
        self.assertEqual(counts[-1], 0)
        self.assertEqual(min(counts), 0)
        self.assertLess(max(counts), len(recording.threads))

    def test_chrome_of_subprocesses(self) -> None:
        recording = samples.recording(2)
        recording.children = [samples.recording(2)]
        recording.children[0].pid = 5000
        recording.children[0].started += 7 * samples.MS
        events = json.loads(_views.chrome(recording))["traceEvents"]
        child = [e["ts"] for e in events if e["pid"] == 5000 and e["ph"] == "X"]
        self.assertEqual(min(child), 7000)

    def test_speedscope(self) -> None:
        recording = samples.recording()
        made = json.loads(_views.speedscope(recording))
        self.assertEqual(
            made["$schema"], "https://www.speedscope.app/file-format-schema.json"
        )
        frames = made["shared"]["frames"]
        self.assertEqual(len({json.dumps(one) for one in frames}), len(frames))
        for thread, profile in zip(recording.threads, made["profiles"]):
            self.assertEqual(profile["type"], "sampled")
            self.assertEqual(profile["unit"], "nanoseconds")
            self.assertEqual(len(profile["samples"]), len(profile["weights"]))
            length = profile["endValue"] - profile["startValue"]
            self.assertEqual(length, sum(profile["weights"]))
            held = waited = 0
            for stack, weight in zip(profile["samples"], profile["weights"]):
                label = frames[stack[-1]]["name"]
                held += weight * (label == "[GIL held]")
                waited += weight * (label == "[waiting for the GIL]")
            self.assertEqual((held, waited), (thread.held_ns, thread.waited_ns))
        deep = [s for p in made["profiles"] for s in p["samples"] if len(s) == 4]
        self.assertEqual(frames[deep[0][0]]["name"], "_bootstrap")  # outermost first

    def test_gecko(self) -> None:
        recording = samples.recording()
        made = json.loads(_views.gecko(recording))
        categories = made["meta"]["categories"]
        self.assertEqual(made["meta"]["version"], 27)
        self.assertEqual(len(made["threads"]), len(recording.threads))
        for thread, source in zip(made["threads"], recording.threads):
            strings = thread["stringTable"]
            for location, *_, category, _sub in thread["frameTable"]["data"]:
                self.assertIsInstance(strings[location], str)
                self.assertLess(category, len(categories))
            for i, (prefix, frame) in enumerate(thread["stackTable"]["data"]):
                self.assertLess(frame, len(thread["frameTable"]["data"]))
                self.assertTrue(prefix is None or prefix < i)
            times = [time for _, time, _ in thread["samples"]["data"]]
            self.assertEqual(times, sorted(times))
            self.assertLessEqual(abs(len(times) - 5_000), 2)
            self.assertLess(
                max(s for s, _, _ in thread["samples"]["data"]),
                len(thread["stackTable"]["data"]),
            )
            self.markers(thread, source)

    def markers(self, thread: Any, source: Any) -> None:
        held = 0.0
        for name, start, end, phase, category, data in thread["markers"]["data"]:
            self.assertEqual(phase, 1)
            self.assertLessEqual(start, end)
            self.assertEqual(data["type"], "GIL")
            if thread["stringTable"][name] == "GIL held":
                self.assertEqual(category, 1)
                held += end - start
            held += data.get("held", 0) / 1e6
        self.assertAlmostEqual(held, source.held_ns / 1e6, places=3)

    def test_svg(self) -> None:
        for recording in (samples.recording(), samples.hostile(), samples.knock()):
            source = _views.svg(recording)
            self.assertTrue(source.isascii())
            root = ElementTree.fromstring(source)
            tags = {one.tag.rpartition("}")[2] for one in root.iter()}
            self.assertLessEqual(
                tags, {"svg", "title", "desc", "style", "text", "line", "rect", "g"}
            )
        root = ElementTree.fromstring(_views.svg(samples.recording()))
        kinds = [one.get("class") for one in root.iter()]
        for kind in "hwo":
            self.assertIn(kind, kinds)

    def test_svg_stays_small(self) -> None:
        recording = samples.recording(4, 600_000 * samples.MS, 20_000)
        self.assertLess(len(_views.svg(recording)), 1_500_000)

    def test_prometheus(self) -> None:
        recording = samples.recording()
        made = _views.prometheus(recording)
        label = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
        line = re.compile(rf"^(\w+)(?:\{{({label}(?:,{label})*)\}})? (\S+)$")
        values: Dict[str, float] = {}
        for one in made.splitlines():
            if not one.startswith("# "):
                match = line.match(one)
                self.assertIsNotNone(match, one)
                values[f"{match[1]}{{{match[2]}}}"] = float(match[3])  # type: ignore
        thread = recording.threads[1]
        key = 'kaa_gil_held_seconds_total{thread="worker-1",thread_id="4001"}'
        self.assertAlmostEqual(values[key], thread.held_ns / 1e9, places=9)
        holds = sum(sum(one.held_histogram) for one in recording.threads)
        self.assertEqual(values["kaa_gil_hold_seconds_count{None}"], holds)
        self.assertEqual(values['kaa_gil_hold_seconds_bucket{le="+Inf"}'], holds)
        hostile = samples.hostile()
        for thread in hostile.threads:
            thread.name += "\n\\"
        for one in _views.prometheus(hostile).encode("utf-8").decode().split("\n"):
            self.assertTrue(one == "" or one.startswith("# ") or line.match(one), one)

    def test_other_programs_get_no_lone_surrogates(self) -> None:
        for name in ("chrome", "gecko", "speedscope"):
            made = getattr(_views, name)(samples.hostile())
            self.assertTrue(made.isascii())
            json.dumps(json.loads(made), ensure_ascii=False).encode("utf-8")
            self.assertIn("\\ufffd", made)
            self.assertIn("\\ud83d\\udc0d", made)  # a pair stays

    def test_no_module_hides_a_function(self) -> None:
        import os
        import types

        made = samples.recording(1)
        for name in ("html", "chrome", "gecko", "speedscope", "svg", "prometheus"):
            getattr(_views, name)(made)
            self.assertIsInstance(getattr(_views, name), types.FunctionType, name)
        functions = {
            name
            for name, value in vars(_views).items()
            if isinstance(value, types.FunctionType)
        }
        modules = {one[:-3] for one in os.listdir(os.path.dirname(_views.__file__))}
        self.assertEqual(functions & modules, set())

    def test_what_cannot_be_shown(self) -> None:
        with self.assertRaisesRegex(TypeError, r"html\(\) takes Recording.*, not dict"):
            _views.html({})
        with self.assertRaisesRegex(TypeError, r"table\(\) takes .*, not NoneType"):
            _views.table(None, io.StringIO())


def is_traceable() -> bool:
    try:
        from kaa import gil
    except ImportError:
        return False
    return support.BRIDGE and gil.is_available()[0]


@unittest.skipUnless(is_traceable(), "needs a GIL that can be traced")
class Real(unittest.TestCase):
    """What a real program gives, through every view."""

    def test_every_view(self) -> None:
        import threading

        from kaa import gil

        def hold() -> None:
            sorted([str(i) for i in range(600_000)])  # the line

        with gil.monitor() as monitor:
            made = [threading.Thread(target=hold, name=f"sorter-{i}") for i in range(3)]
            for thread in made:
                thread.start()
            for thread in made:
                thread.join()
        recording = monitor.recording()
        file = io.StringIO()
        _views.table(recording, file)
        self.assertIn("sorter-2", file.getvalue())
        self.assertIn("test_views.py:", file.getvalue())
        self.assertIn("# the line", file.getvalue())
        (process,) = Page(_views.html(recording)).data()["processes"]
        for index, thread in enumerate(recording.threads):
            self.assertEqual(spans_of(process, index), list(thread.timeline))
        events = json.loads(_views.chrome(recording))["traceEvents"]
        names = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
        self.assertLessEqual({"sorter-0", "sorter-1", "sorter-2"}, names)
        self.assertEqual(
            len(json.loads(_views.gecko(recording))["threads"]), len(recording.threads)
        )
        ElementTree.fromstring(_views.svg(recording))
        profiles = json.loads(_views.speedscope(recording))["profiles"]
        for profile, thread in zip(profiles, recording.threads):
            spans = sum(s.end_ns - s.start_ns for s in thread.timeline)
            self.assertEqual(sum(profile["weights"]), spans)
        self.assertIn('thread="sorter-1"', _views.prometheus(recording))


class Live(unittest.TestCase):
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    def test_the_last_interval(self) -> None:
        first, second = samples.recording(), samples.recording()
        second.wall_ns += 1_000 * samples.MS
        second.threads[0].held_ns += 600 * samples.MS
        second.threads[0].off_ns += 400 * samples.MS
        for thread in second.threads:
            thread.end_ns = second.wall_ns
        last = gil_tables.since(second, first)
        self.assertEqual(last.wall_ns, 1_000 * samples.MS)
        self.assertEqual(last.threads[0].held_ns, 600 * samples.MS)
        self.assertEqual(last.threads[1].held_ns, 0)

    def test_until_there_is_no_more(self) -> None:
        from kaa._views import refresh

        given = iter([samples.recording(), samples.recording(), None])
        waits: List[float] = []
        for file in (io.StringIO(), self.Terminal()):
            given = iter([samples.recording(), samples.recording(), None])
            with unittest.mock.patch.object(tables, "console_of", lambda *a, **k: None):
                refresh.live(lambda: next(given), 0.5, file, waits.append)
            self.assertIn("MainThread", file.getvalue())
        self.assertEqual(waits, [0.5] * 4)
        shown = file.getvalue()
        self.assertIn("\x1b[?25h", shown)  # the cursor is back
        self.assertGreater(shown.index("\x1b[?25h"), shown.index("\x1b[?25l"))

    def test_an_error_leaves_the_terminal_usable(self) -> None:
        from kaa._views import refresh

        def fails() -> Recording:
            raise OSError("gone")

        file = self.Terminal()
        with unittest.mock.patch.object(tables, "console_of", lambda *a, **k: None):
            with self.assertRaisesRegex(OSError, "gone"):
                refresh.live(fails, 0.5, file)
        self.assertIn("\x1b[?25h", file.getvalue())
        with self.assertRaisesRegex(ValueError, "interval must be more than 0"):
            refresh.live(fails, 0, file)


if __name__ == "__main__":
    unittest.main()
