"""Reports from files that are wrong in any way: refused with a ValueError, or shown."""

from __future__ import annotations

import io
import json
import random
import unittest
from typing import Any, Iterator, List, Tuple

import check_samples
import heap_samples
import views_samples
from kaa import _views
from kaa._insight.check_data import CheckReport, RefsReport
from kaa._insight.gil_data import Recording
from kaa._insight.heap_data import HeapReport

VALUES: List[Any] = [
    0, -1, 1, 7, 2**63, -(2**70), 10**30, 1.5, float("nan"), float("inf"), "", "text",
    views_samples.HOSTILE, None, True, [], [1], [[]], {}, {"a": 1}, 100_000,
]  # fmt: skip
VIEWS = ("html", "chrome", "gecko", "speedscope", "svg", "prometheus", "collapsed", "pprof")


def places(data: Any, path: Tuple[Any, ...] = ()) -> Iterator[Tuple[Any, ...]]:
    """The way to every value."""
    entries: Any = ()
    if isinstance(data, dict):
        entries = data.items()
    elif isinstance(data, list):
        entries = enumerate(data)
    for key, value in entries:
        yield (*path, key)
        yield from places(value, (*path, key))


def at(data: Any, path: Tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def spoilt(source: Any, pick: random.Random) -> Any:
    """The data with one to five values replaced or taken away."""
    data = json.loads(source.to_json())
    every = list(places(data))
    for _ in range(pick.choice((1, 1, 2, 5))):
        *path, last = pick.choice(every)
        try:
            holder = at(data, tuple(path))
            if pick.random() < 0.1:
                del holder[last]
            else:
                holder[last] = pick.choice(VALUES)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
    return data


class Wrong(unittest.TestCase):
    def show(self, made: Any) -> None:
        _views.table(made, io.StringIO())
        for name in VIEWS:
            try:
                getattr(_views, name)(made)
            except TypeError as error:
                if not str(error).startswith(f"no {name} of a"):
                    raise

    def test_refused_or_shown(self) -> None:
        sources = [
            (Recording, views_samples.recording(3, 10 * views_samples.MS, 20)),
            (Recording, views_samples.free_threaded()),
            (HeapReport, heap_samples.report(8)),
            (CheckReport, check_samples.report()),
            (RefsReport, check_samples.refs()),
        ]
        refused = shown = 0
        for seed in range(400):
            pick = random.Random(seed)
            kind, source = pick.choice(sources)
            text = json.dumps(spoilt(source, pick))
            with self.subTest(seed=seed):
                try:
                    made = kind.from_json(text)
                except ValueError as error:
                    self.assertRegex(str(error), r"^(recording|\w+ report)[. ]")
                    refused += 1
                    continue
                self.show(made)
                shown += 1
        self.assertGreater(refused, 80)
        self.assertGreater(shown, 40)

    def test_nested_without_end(self) -> None:
        for text in ("[" * 200_000, '{"children":[' * 5_000 + "{}" + "]}" * 5_000):
            with self.assertRaises(ValueError):
                Recording.from_json(text)


if __name__ == "__main__":
    unittest.main()
