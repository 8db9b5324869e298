"""Synthetic recordings for the tests of kaa._views: of any size, and hostile ones."""

from __future__ import annotations

import heapq
import random
from typing import Dict, List, Tuple

from kaa._insight.gil_data import (
    HELD,
    MIXED,
    OFF,
    WAITING,
    Advice,
    Cause,
    Convoy,
    Frame,
    Hog,
    Recording,
    Span,
    Thread,
    Victim,
)

MS = 1_000_000
CALLS = ["poll", "futex", "read", "clock_nanosleep", "recvfrom", None, "ZSTD_compress"]
# What a program under observation may call its threads, files and functions.
HOSTILE = (
    "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>"
    "\"'&<!--\x00\x1b[31m\u2028\ud800[red]\U0001f40d"
)


def stacks(functions: int = 12) -> List[List[Frame]]:
    made = []
    for i in range(functions):
        made.append(
            [
                Frame("app/work.py", 10 + i, f"step_{i}"),
                Frame("app/pool.py", 80, "run"),
                Frame("/usr/lib/python3/threading.py", 975, "_bootstrap"),
            ]
        )
    return made


def schedule(
    threads: int, wall_ns: int, spans: int, seed: int = 1, sites: int = 12
) -> List[List[Span]]:
    """What threads do that share one GIL, first come first served: the first of
    three computes, the second does input and output, the third some of both."""
    pick = random.Random(seed)
    made: List[List[Span]] = [[] for _ in range(threads)]
    # About `spans` spans a thread: a turn is a wait, a hold and perhaps a block.
    hold = max(1, 3 * wall_ns // (spans * max(threads // 2, 1)))
    wanting = [(i * hold // 4, i) for i in range(threads)]
    heapq.heapify(wanting)
    ends, free = [0] * threads, 0
    while wanting:
        at, i = heapq.heappop(wanting)
        if at >= wall_ns:
            continue
        start = min(max(at, free), wall_ns)
        end = min(start + int(hold * pick.choice((0.1, 0.5, 1, 1, 2))), wall_ns)
        end = max(end, min(start + 1, wall_ns))
        site = pick.randrange(sites)
        if at > ends[i]:
            detail = pick.choice(CALLS)
            made[i].append(Span(ends[i], at, OFF, detail, site if detail else None))
        if start > at:
            made[i].append(Span(at, start, WAITING, None, site))
        if end > start:
            made[i].append(Span(start, end, HELD, None, site))
        ends[i], free = end, end
        pause = (0, 6, 2)[i % 3] * hold * pick.randrange(4) * max(1, threads // 6)
        heapq.heappush(wanting, (end + pause, i))
    for i, one in enumerate(made):
        if ends[i] < wall_ns:
            one.append(Span(ends[i], wall_ns, OFF, "futex", 0))
        if i % 3 == 2:
            made[i] = mixed(one)
    return made


def mixed(spans: List[Span]) -> List[Span]:
    """Each third run of four spans as one MIXED span, as the core merges them."""
    made: List[Span] = []
    for i in range(0, len(spans), 4):
        run = spans[i : i + 4]
        if i % 12 or len(run) < 2:
            made += run
            continue
        held = sum(s.end_ns - s.start_ns for s in run if s.state == HELD)
        waited = sum(s.end_ns - s.start_ns for s in run if s.state == WAITING)
        start, end = run[0].start_ns, run[-1].end_ns
        made.append(Span(start, end, MIXED, None, run[0].site, held, waited))
    return made


def counted(name: str, number: int, spans: List[Span], wall_ns: int) -> Thread:
    """A thread whose sums and histograms are those of its spans."""
    held: Dict[int, int] = {}
    waited: Dict[int, int] = {}
    thread = Thread(name, number, "cpu-bound", end_ns=wall_ns)
    for span in spans:
        length = span.end_ns - span.start_ns
        mixed = span.state == MIXED
        own_held = span.held_ns if mixed else length * (span.state == HELD)
        own_waited = span.waited_ns if mixed else length * (span.state == WAITING)
        thread.held_ns += own_held
        thread.waited_ns += own_waited
        if span.state == HELD:
            thread.acquired += 1
            thread.forced += number % 2
            thread.voluntary += 1 - number % 2
            thread.held_max_ns = max(thread.held_max_ns, length)
            held[length.bit_length() - 1] = held.get(length.bit_length() - 1, 0) + 1
        if span.state == WAITING:
            thread.contended += 1
            thread.waited_max_ns = max(thread.waited_max_ns, length)
            waited[length.bit_length() - 1] = waited.get(length.bit_length() - 1, 0) + 1
        if span.state == OFF and span.detail:
            thread.off_by[span.detail] = thread.off_by.get(span.detail, 0) + length
    thread.off_ns = wall_ns - thread.held_ns - thread.waited_ns
    thread.held_histogram = [held.get(i, 0) for i in range(max(held, default=-1) + 1)]
    thread.waited_histogram = [
        waited.get(i, 0) for i in range(max(waited, default=-1) + 1)
    ]
    thread.timeline = spans
    return thread


def places(made: List[Thread]) -> Tuple[List[Hog], List[Victim]]:
    held: Dict[int, List[int]] = {}
    waited: Dict[int, List[int]] = {}
    for thread in made:
        for span in thread.timeline:
            length = span.end_ns - span.start_ns
            if span.site is not None and span.state == HELD:
                held.setdefault(span.site, []).append(length)
            if span.site is not None and span.state == WAITING:
                waited.setdefault(span.site, []).append(length)
    hogs = [
        Hog("app/work.py", 10 + site, f"step_{site}", "list.sort", sum(every), max(every),
            len(every), sum(every) // 2, site, source="values.sort()")
        for site, every in held.items()
    ]
    victims = [
        Victim("app/work.py", 10 + site, f"step_{site}", None, sum(every), max(every),
               len(every), site, source="values.sort()")
        for site, every in waited.items()
    ]
    hogs.sort(key=lambda one: -one.held_ns)
    victims.sort(key=lambda one: -one.waited_ns)
    return hogs, victims


def recording(threads: int = 4, wall_ns: int = 2000 * MS, spans: int = 400) -> Recording:
    """A program with threads of all kinds."""
    made = []
    for i, timeline in enumerate(schedule(threads, wall_ns, spans)):
        name = "MainThread" if i == 0 else f"worker-{i}"
        made.append(counted(name, 4000 + i, timeline, wall_ns))
        made[-1].kind = ("cpu-bound", "io-bound", "hog")[i % 3]
    hogs, victims = places(made)
    return Recording(
        wall_ns=wall_ns,
        python="3.12.1",
        mode="trace",
        pid=4000,
        started=1_780_000_000_000_000_000,
        program="app.py --serve",
        threads=made,
        hogs=hogs,
        victims=victims,
        convoys=[Convoy(4000, 4001, 31, 150 * MS)] if threads > 1 else [],
        advice=[
            Advice(
                "high",
                "worker-1 held the GIL for 324 ms in list.sort at app/work.py:13;"
                " 5 threads waited 1.2 s for it: release, split, or use a process",
                "app/work.py",
                13,
            )
        ],
        stacks=stacks(),
        notes=["2 threads ended before the recording did."],
    )


def free_threaded() -> Recording:
    made = recording(3)
    made.mode, made.python, made.hogs, made.victims = "free-threaded", "3.14.0t", [], []
    cause = "critical section"
    made.causes = [Cause(cause, "a.py", 3, "f", "list_append", 9 * MS, 2 * MS, 23, 1)]
    return made


def knock() -> Recording:
    return Recording(
        1000 * MS, "3.12.1", "knock", system={"gil_busy_ns": 420 * MS},
        notes=["Threads are not told apart in this mode."],
    )


def hostile() -> Recording:
    """Every text that the program under observation chooses is HOSTILE."""
    made = recording(2, 10 * MS, 40)
    made.program = made.notes[0] = made.convoys[0].text = made.advice[0].text = HOSTILE
    made.deadlocks = [HOSTILE]
    made.stacks = [[Frame(HOSTILE, 1, HOSTILE)] * 2 for _ in made.stacks]
    for thread in made.threads:
        thread.name = HOSTILE
        thread.timeline = [
            span._replace(detail=HOSTILE if span.state == OFF else None)
            for span in thread.timeline
        ]
        thread.off_by = {HOSTILE: thread.off_ns}
    for place in [*made.hogs, *made.victims]:
        place.file = place.function = place.c_function = place.source = HOSTILE
    made.children = [recording(2, 8 * MS, 30)]
    made.children[0].program = HOSTILE
    made.children[0].pid += 1
    return made
