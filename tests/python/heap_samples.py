"""Synthetic heap reports for the tests of kaa._views: of any size, and hostile."""

from __future__ import annotations

import random
from typing import List

from kaa._insight.gil_data import Advice, Frame
from kaa._insight.heap_data import (
    Account,
    AccountPart,
    Arena,
    Collection,
    CycleGroup,
    Footprint,
    GarbageSite,
    HeapDiff,
    HeapPoint,
    HeapReport,
    HeapSite,
    HeapUse,
    Pool,
    Retainer,
    Step,
    TypeUse,
    Walk,
    Waste,
)
from views_samples import HOSTILE, MS

MB = 1 << 20
TYPES = ["dict", "list", "str", "bytes", "Node", "ndarray", None]


def stacks(pick: random.Random, count: int) -> List[List[Frame]]:
    """Call chains of a program of modules that call each other; innermost first."""
    frames = [
        Frame(f"app/module_{i % 40}.py", 10 + i, f"function_{i}") for i in range(count)
    ]
    made = []
    for i in range(count):
        chain, at = [frames[i]], i
        while at and len(chain) < 30:
            at = pick.randrange(max(1, at // 2))
            chain.append(frames[at])
        made.append([*chain, Frame("app/__main__.py", 3, "main")])
    return made


def walk(pick: random.Random) -> Walk:
    retainers = [Retainer("module", "app.cache", 80, 60 * MB, edge="app.cache")]
    for i in range(1, 300):
        parent = pick.randrange(i)
        retained = max(100, retainers[parent].retained_bytes // pick.randrange(2, 6))
        edge = f"[{i!r}]" if i % 2 else ".items"
        node = Retainer("dict" if i % 2 else "Node", f"<{i}>", 64, retained, i % 3 + 1, edge, parent)
        retainers.append(node)
    path = [Step("module", "app.cache"), Step("dict", "{...}", ".__dict__"),
            Step("Node", "<7>", "['last']")]  # fmt: skip
    return Walk(
        1_000_000,
        64 * MB,
        31 * MS,
        types=[TypeUse("dict", 200_000, 30 * MB, 60 * MB), TypeUse("str", 500_000, 20 * MB)],
        retainers=retainers,
        paths=[path, path[::-1]],
        cycles=[CycleGroup(path[1:], 1200, 3 * MB, "break Node.parent")],
        wastes=[Waste("duplicated str", "'GET /index.html'", 5300, 400_000)],
        modules=[Footprint("app.cache", 400_000, 60 * MB), Footprint("app", 900, MB)],
        references=2_500_000,
        garbage_objects=1200,
        garbage_bytes=3 * MB,
    )


def report(sites: int = 60, seed: int = 1) -> HeapReport:
    """Every part is there; stacks and lines have the same sums."""
    pick = random.Random(seed)
    chains = stacks(pick, sites)
    uses, lines = [], []
    for i, chain in enumerate(chains):
        live = int(pick.paretovariate(0.8) * 2_000) if i % 5 else 0
        live = min(live, 40 * MB)
        blocks = live // 100
        allocated = live * pick.randrange(1, 9) + 100
        use = HeapUse(i, live, blocks, live // 2, blocks // 2, allocated, allocated // 100)
        uses.append(use)
        leaf = chain[0]
        kind = TYPES[i % len(TYPES)]
        lines.append(
            HeapSite(leaf.file, leaf.line, leaf.function, live, blocks, live // 2,
                     blocks // 2, allocated, allocated // 100, kind,
                     None if i % 4 else "PyList_New", "native" if i % 9 == 0 else "python",
                     "values.append(x)")
        )  # fmt: skip
    lines.sort(key=lambda one: -one.live_bytes)
    live = sum(one.live_bytes for one in lines)
    wall = 60_000 * MS
    points = [
        HeapPoint(wall * i // 200, int(live * min(1.4, i / 120)), int(live * 1.6 + i * 1e5))
        for i in range(201)
    ]
    parts = [
        AccountPart("live objects", live, "objects", "what the lines above allocated"),
        AccountPart("free in arenas", live // 3, "python free", "kept by full pools"),
        AccountPart("malloc free", live // 6, "malloc"),
        AccountPart("code", 9 * MB, "code"),
    ]
    rss = sum(part.bytes for part in parts) + 2 * MB
    arenas = [
        Arena(0x7F0000000000 + i * MB, MB, [
            Pool(0, 0, 0) if pick.random() < 0.3
            else Pool(16 * (1 + j % 32), pick.randrange(100), 100)
            for j in range(64)
        ])
        for i in range(30)
    ]  # fmt: skip
    return HeapReport(
        "sampled",
        "3.12.1",
        live,
        sum(one.live_blocks for one in lines),
        int(live * 1.4),
        48_000 * MS,
        sum(one.allocated_bytes for one in lines),
        sum(one.allocated_blocks for one in lines),
        wall,
        4321,
        1_780_000_000_000_000_000,
        "app.py --serve",
        512 << 10,
        0.02,
        True,
        lines,
        uses,
        chains,
        points,
        Account(rss, parts, 2 * MB, 5 * MB),
        arenas,
        [Collection(i * 100 * MS, i % 3, (i % 3 + 1) * MS, i % 7) for i in range(60)],
        [GarbageSite("Node", "app/tree.py", 12, "grow", 5200, 3 * MB, "break Node.parent")],
        walk(pick),
        [Advice("high", "app/tree.py:12 grows by 1.2 MiB a round", "app/tree.py", 12)],
        ["Blocks below 512 B are estimated."],
    )


def exact() -> HeapReport:
    """Lines only, no stacks: what `--exact` gives."""
    made = report()
    made.mode, made.every_bytes, made.error = "exact", 0, 0.0
    made.uses, made.stacks, made.walk, made.arenas = [], [], None, []
    made.timeline, made.account = [], None
    return made


def diff() -> HeapDiff:
    before, after = report(), report()
    for i, one in enumerate(after.sites):
        one.live_bytes += (i % 3 - 1) * min(one.live_bytes, 50_000)
    after.live_bytes = sum(one.live_bytes for one in after.sites)
    del after.sites[5]
    return HeapDiff(before, after)


def hostile() -> HeapReport:
    """Every text that the program under observation chooses is HOSTILE."""
    made = report(30)
    made.program = made.notes[0] = made.advice[0].text = HOSTILE
    for site in made.sites:
        site.file = site.function = site.type = site.c_function = site.source = HOSTILE
    made.stacks = [[Frame(HOSTILE, 1, HOSTILE) for _ in one] for one in made.stacks]
    assert made.walk is not None and made.account is not None
    for node in made.walk.retainers:
        node.type = node.text = node.edge = HOSTILE
    made.walk.paths = [[Step(HOSTILE, HOSTILE, HOSTILE)] * 3]
    made.walk.cycles[0].members = [Step(HOSTILE, HOSTILE, HOSTILE)] * 2
    made.walk.cycles[0].text = made.walk.wastes[0].text = HOSTILE
    made.walk.types[0].type = HOSTILE
    made.garbage[0].type = made.garbage[0].file = made.garbage[0].text = HOSTILE
    for part in made.account.parts:
        part.name = part.group = part.text = HOSTILE
    return made
