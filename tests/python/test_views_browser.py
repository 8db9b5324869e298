"""The pages of kaa._views in a real browser: drawn, silent, and without requests."""

from __future__ import annotations

import os
import tempfile
import unittest
from typing import Any, Set

import browser
import check_samples
import heap_samples
import views_samples as samples
from kaa import _views

# The colours in a canvas, as "r,g,b" with the number of pixels of each.
COLOURS = """(() => {
  const shown = document.getElementById(%r), seen = {};
  const c = new OffscreenCanvas(shown.width, shown.height);
  const copy = c.getContext("2d", { willReadFrequently: true });
  copy.drawImage(shown, 0, 0);
  const d = copy.getImageData(0, 0, c.width, c.height).data;
  for (let i = 0; i < d.length; i += 4)
    if (d[i + 3]) {
      const key = d[i] + "," + d[i + 1] + "," + d[i + 2];
      seen[key] = (seen[key] || 0) + 1;
    }
  return seen;
})()"""
HELD, WAITED = "22,104,184", "224,105,42"
HELD_DARK = "88,166,240"


@unittest.skipUnless(browser.PROGRAM, "needs chromium")
class InABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.browser = browser.Browser()
        cls.blank = len(cls.browser.picture())
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.browser.__exit__()
        cls.folder.cleanup()

    def show(self, data: Any) -> None:
        """Opens the page; it must be silent and ask for nothing but itself."""
        self.path = os.path.join(self.folder.name, "page.html")
        with open(self.path, "w", encoding="ascii") as file:
            file.write(_views.html(data))
        self.browser.scheme("light")
        self.browser.open(self.path)
        self.silent()

    def silent(self) -> None:
        self.assertEqual(self.browser.problems, [])
        self.assertEqual(self.browser.requests, [f"file://{self.path}"])

    def colours(self, canvas: str) -> Set[str]:
        seen = self.browser.run(COLOURS % canvas)
        return {colour for colour, count in seen.items() if count > 20}

    def view(self) -> float:
        length: float = self.browser.run("lanes.to - lanes.from")
        return length

    def key(self, *keys: str) -> None:
        for key in keys:
            self.browser.key(key, key if len(key) == 1 else "")

    def pick(self, element: str, value: str) -> None:
        """Writes into a field, or chooses in a list."""
        self.browser.run(
            f"(() => {{ const e = document.getElementById('{element}');"
            f" e.value = '{value}'; e.dispatchEvent(new Event('input'));"
            f" e.dispatchEvent(new Event('change')); }})()"
        )
        self.browser.settle()


class Gil(InABrowser):
    def test_sizes(self) -> None:
        for threads, wall, spans in (
            (2, 10 * samples.MS, 60),
            (2, 600_000 * samples.MS, 40_000),
            (200, 10 * samples.MS, 40),
            (200, 600_000 * samples.MS, 1_000),
        ):
            with self.subTest(threads=threads, wall=wall):
                self.show(samples.recording(threads, wall, spans))
                self.assertGreater(len(self.browser.picture()), 4 * self.blank)
                for canvas in ("canvas", "overview"):
                    missing = {HELD, WAITED} - self.colours(canvas)
                    self.assertEqual(missing, set(), canvas)
                lanes = self.browser.run("lanes.rows.length")
                self.assertEqual(lanes, threads)
                # A frame may take long on a busy machine, but not forever.
                frame = self.browser.run(
                    "(() => { const t = performance.now(); lanes.paint();"
                    " return performance.now() - t; })()"
                )
                self.assertLess(frame, 2_000)

    def test_dark_and_printed(self) -> None:
        self.show(samples.recording())
        light = self.browser.run("getComputedStyle(document.body).backgroundColor")
        self.browser.scheme("dark")
        dark = self.browser.run("getComputedStyle(document.body).backgroundColor")
        self.assertEqual((light, dark), ("rgb(255, 255, 255)", "rgb(20, 24, 29)"))
        self.assertIn(HELD_DARK, self.colours("canvas"))
        self.browser.run("document.getElementById('theme').click()")
        self.browser.settle()
        self.assertIn(HELD, self.colours("canvas"))
        # Paper is white, whatever the screen: also when the system is dark.
        self.browser.run("document.getElementById('theme').click()")
        self.browser.run("void dispatchEvent(new Event('beforeprint'))")
        self.assertIn(HELD, self.colours("canvas"))
        self.browser.run("void dispatchEvent(new Event('afterprint'))")
        self.assertIn(HELD_DARK, self.colours("canvas"))
        pdf = self.browser.printed()
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(len(pdf), 20_000)
        self.silent()

    def test_keys(self) -> None:
        self.show(samples.recording())
        whole = self.view()
        self.browser.run("document.getElementById('scroll').focus()")
        self.key("+", "+")
        self.assertAlmostEqual(self.view() / whole, 0.36, places=6)
        before = self.browser.run("lanes.from")
        self.key("ArrowRight")
        self.assertGreater(self.browser.run("lanes.from"), before)
        self.key("ArrowDown", "ArrowDown", "ArrowUp")
        self.assertEqual(self.browser.run("lanes.chosen"), 1)
        self.key(".", ".")
        said = self.browser.run("document.getElementById('detail').textContent")
        self.assertIn("worker-1", said)
        self.assertIn("the GIL", said)
        self.key("0")
        self.assertEqual(self.view(), whole)
        self.silent()

    def test_mouse(self) -> None:
        self.show(samples.recording())
        box = self.browser.run(
            "(() => { const b = document.getElementById('scroll')"
            ".getBoundingClientRect(); return [b.left, b.top, b.width]; })()"
        )
        x, y = box[0] + 600, box[1] + 22 + 13
        self.browser.mouse("mouseMoved", x, y)
        self.browser.settle()
        tip = self.browser.run("document.querySelector('.tip').textContent")
        self.assertIn("MainThread", tip)
        self.assertIn("app/work.py", tip)
        whole = self.view()
        self.browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-200, modifiers=2)
        self.browser.settle()
        self.assertLess(self.view(), whole * 0.9)
        start = self.browser.run("lanes.from")
        for kind, at in (("mousePressed", x), ("mouseMoved", x + 50),
                         ("mouseMoved", x + 100), ("mouseReleased", x + 100)):  # fmt: skip
            self.browser.mouse(kind, at, y, button="left", buttons=1, clickCount=1)
        self.browser.settle()
        self.assertLess(self.browser.run("lanes.from"), start)
        self.silent()

    def test_find_order_and_hogs(self) -> None:
        self.show(samples.recording(9))
        names = "lanes.rows.map(r => r.name).join()"
        self.pick("filter", "worker-4")
        self.assertEqual(self.browser.run(names), "worker-4")
        self.pick("filter", "")
        self.pick("order", "waited")
        waited = self.browser.run("lanes.rows.map(r => r.waited)")
        self.assertEqual(waited, sorted(waited, reverse=True))
        self.browser.run("document.querySelector('[data-name=sites] .hands').click()")
        self.browser.settle()
        self.assertGreater(self.browser.run("lanes.marked.size"), 0)
        self.assertIn("17,17,17", self.colours("canvas"))  # the marks
        self.browser.run(
            "document.querySelectorAll('[data-name=threads] th button')[0].click()"
        )
        first = "document.querySelector('[data-name=threads] tbody td').textContent"
        self.assertTrue(self.browser.run(first).startswith("MainThread"))
        self.silent()

    def test_hostile_names_stay_text(self) -> None:
        self.show(samples.hostile())
        self.browser.run("document.getElementById('scroll').focus()")
        self.key(".", "ArrowDown", ".")
        self.pick("process", "1")
        self.assertEqual(self.browser.run("lanes.rows.length"), 2)
        self.assertIsNone(self.browser.run("window.hit"))
        self.assertEqual(self.browser.run("document.querySelectorAll('img').length"), 0)
        self.assertEqual(self.browser.run("document.scripts.length"), 2)
        self.silent()

    def test_the_policy_stops_other_scripts(self) -> None:
        """The check of the check: a page that was tampered with does not run."""
        self.path = os.path.join(self.folder.name, "page.html")
        made = _views.html(samples.recording(2))
        made = made.replace("<main>", "<main><script>window.hit = 1</script>")
        with open(self.path, "w", encoding="ascii") as file:
            file.write(made)
        self.browser.open(self.path)
        self.assertIsNone(self.browser.run("window.hit"))
        self.assertIn("Content Security Policy", "".join(self.browser.problems))

    def test_other_modes(self) -> None:
        self.show(samples.knock())
        self.assertTrue(self.browser.run("document.getElementById('lanes').hidden"))
        self.show(samples.free_threaded())
        self.assertIn(WAITED, self.colours("canvas"))


class Heap(InABrowser):
    def test_every_picture(self) -> None:
        for sites in (60, 10_000):
            self.show(heap_samples.report(sites))
            self.assertGreater(len(self.browser.picture()), 4 * self.blank)
            for canvas in ("flame", "timeline", "account-bar", "arena-map"):
                self.assertGreater(len(self.colours(canvas)), 3, canvas)
            for value in "01234":
                for shape in ("flame", "leaf", "map"):
                    self.pick("value", value)
                    self.pick("shape", shape)
                    boxes = self.browser.run("flame.boxes.length")
                    self.assertGreater(boxes, 10, (value, shape))
                    whole, own = self.browser.run(
                        "[flame.tree.total[0], DATA.tree.values[+$('value').value]"
                        ".reduce((a, b) => a + b, 0)]"
                    )
                    self.assertEqual(whole, own)
        self.silent()

    def test_what_the_pointer_is_told(self) -> None:
        self.show(heap_samples.report())
        for canvas, wanted in (("timeline", "resident"), ("account-bar", "of 12.3 MiB"),
                               ("arena-map", "blocks of"), ("flame", "of all")):  # fmt: skip
            x, y = self.browser.run(
                f"(() => {{ const e = document.getElementById('{canvas}');"
                "e.scrollIntoView({ block: 'center' }); const b = e.getBoundingClientRect();"
                " return [b.left + b.width * 0.3, b.top + b.height / 2]; })()"
            )
            said = ""
            for step in range(12):  # the first cells may be free pools
                self.browser.mouse("mouseMoved", x + 14 * step, y)
                self.browser.settle()
                said = self.browser.run("document.querySelector('.tip').textContent")
                if wanted in said:
                    break
            self.assertIn(wanted, said)
        self.silent()

    def test_table_of_all_sites(self) -> None:
        self.show(heap_samples.report(10_000))
        count = "document.getElementById('site-count').textContent"
        self.assertEqual(self.browser.run(count), "200 of 10,000")
        self.pick("site-filter", "function_777")
        self.assertEqual(self.browser.run(count), "11 of 11")
        self.browser.run("document.querySelectorAll('#site-rows th button')[7].click()")
        sizes = self.browser.run(
            "[...document.querySelectorAll('#site-rows tbody tr')]"
            ".map(r => r.cells[1].textContent)"
        )
        self.assertEqual(len(sizes), 11)
        self.silent()

    def test_keys_search_and_tree(self) -> None:
        self.show(heap_samples.report())
        self.browser.run("document.getElementById('flame-box').focus()")
        self.key("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "Enter")
        self.assertGreater(self.browser.run("flame.root"), 0)
        said = self.browser.run("document.getElementById('flame-detail').textContent")
        self.assertIn("main", said)
        self.key("Escape")
        self.assertEqual(self.browser.run("flame.root"), 0)
        self.pick("search", "module_19")
        found = self.browser.run("document.getElementById('found').textContent")
        self.assertIn("under frames found", found)
        nodes = "document.querySelectorAll('#tree details, #tree .twig').length"
        closed = self.browser.run(nodes)
        self.browser.run("document.querySelector('#tree details summary').click()")
        self.browser.settle()
        self.assertGreater(self.browser.run(nodes), closed)
        self.silent()

    def test_dark_printed_difference_hostile(self) -> None:
        self.show(heap_samples.diff())
        self.browser.scheme("dark")
        rows = self.browser.run("document.querySelectorAll('#diff-rows tbody tr').length")
        self.assertGreater(rows, 20)
        self.assertTrue(self.browser.printed().startswith(b"%PDF"))
        self.silent()
        self.show(heap_samples.hostile())
        self.browser.run("document.querySelector('#tree details summary').click()")
        self.pick("shape", "map")
        self.assertIsNone(self.browser.run("window.hit"))
        self.assertEqual(self.browser.run("document.querySelectorAll('img').length"), 0)
        self.silent()


class Check(InABrowser):
    def test_mistakes_and_holders(self) -> None:
        self.show(check_samples.report(40))
        count = "document.getElementById('mistake-count').textContent"
        self.assertEqual(self.browser.run(count), "40 of 40")
        self.pick("kind", "released twice")
        self.assertEqual(self.browser.run(count), "13 of 40")
        self.pick("mistake-filter", "parse_31")
        self.assertEqual(self.browser.run(count), "1 of 40")
        self.browser.run("document.getElementById('open-all').click()")
        opened = self.browser.run("document.querySelectorAll('.mistake[open]').length")
        self.assertEqual(opened, 1)
        for shape in ("site", "type", "holder"):
            self.pick("held-shape", shape)
            self.assertGreater(len(self.colours("held-map")), 3)
        self.silent()

    def test_others(self) -> None:
        for data in (check_samples.refs(), check_samples.report(0)):
            self.show(data)
        self.show(check_samples.hostile())
        self.browser.run("document.getElementById('open-all').click()")
        self.assertIsNone(self.browser.run("window.hit"))
        self.assertEqual(self.browser.run("document.querySelectorAll('img').length"), 0)
        self.silent()


if __name__ == "__main__":
    unittest.main()
