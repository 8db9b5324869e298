"""Recordings of a GIL as data: what is written is read back, the rest refused."""

from __future__ import annotations

import json
import unittest

import support  # noqa: F401
from kaa._insight import gil_data as data


def sample() -> data.Recording:
    span = data.Span(0, 10, data.OFF, "read", 0)
    thread = data.Thread("MainThread", 7, held_ns=5, off_ns=5, timeline=[span])
    return data.Recording(
        wall_ns=10,
        python="3.12.1",
        mode="trace",
        threads=[thread],
        hogs=[data.Hog("a.py", 3, "f", None, 5, 5, 1)],
        victims=[data.Victim("a.py", 4, "g", "read", 5, 5, 1, site=0)],
        convoys=[data.Convoy(7, 8, 1, 5)],
        advice=[data.Advice("low", "Nothing.")],
        causes=[data.Cause("lock", "a.py", 1, "f", None, 1, 1, 1)],
        stacks=[[data.Frame("a.py", 3, "f")]],
        children=[data.Recording(wall_ns=1, python="3.9.18", mode="sample")],
    )


class RoundTrip(unittest.TestCase):
    def test_what_is_written_is_read_back(self) -> None:
        self.assertEqual(data.Recording.from_json(sample().to_json()), sample())

    def test_keys_of_a_newer_version_are_left_out(self) -> None:
        made = sample().to_data()
        made["later"] = made["threads"][0]["later"] = 1
        self.assertEqual(data.Recording.from_data(made), sample())

    def test_promised_keys(self) -> None:
        made = json.loads(sample().to_json())
        self.assertLessEqual(
            {"wall_ns", "python", "mode", "threads", "hogs", "victims"}, set(made)
        )
        self.assertLessEqual(
            {
                *("name", "id", "kind", "held_ns", "waited_ns", "off_ns", "acquired"),
                *("contended", "forced", "voluntary", "held_max_ns", "waited_max_ns"),
            },
            set(made["threads"][0]),
        )


class Refusals(unittest.TestCase):
    def refused(self, text: str, pattern: str) -> None:
        with self.assertRaisesRegex(ValueError, pattern):
            data.Recording.from_json(text)

    def test_not_json(self) -> None:
        self.refused("{", "not JSON")

    def test_not_an_object(self) -> None:
        self.refused("[]", "recording must be an object, not list")

    def test_missing(self) -> None:
        self.refused('{"wall_ns": 1, "python": "3"}', "recording lacks .*mode")

    def test_wrong_scalar(self) -> None:
        self.refused(
            '{"wall_ns": "1", "python": "3", "mode": "trace"}',
            "recording.wall_ns must be int, not str",
        )

    def test_wrong_part(self) -> None:
        made = sample().to_data()
        made["threads"][0]["held_ns"] = None
        self.refused(json.dumps(made), r"recording.threads\[0\].held_ns must be int")
        made = sample().to_data()
        made["threads"][0]["timeline"] = [[1]]
        self.refused(json.dumps(made), "must have 7 entries, not 1")
        made = sample().to_data()
        made["stacks"] = [[["a.py", "3", "f"]]]
        self.refused(json.dumps(made), r"stacks\[0\]\[0\].line must be int, not str")
        made = sample().to_data()
        made["children"] = [{}]
        self.refused(json.dumps(made), r"recording.children\[0\] lacks")


if __name__ == "__main__":
    unittest.main()
