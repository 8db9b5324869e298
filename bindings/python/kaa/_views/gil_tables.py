"""A recording of a GIL as blocks: threads, hogs, victims, convoys, advice."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Optional, Sequence

from kaa._insight.gil_data import Lock, Recording, Thread
from kaa._views import text
from kaa._views.tables import (
    BAR,
    CODE,
    COUNT,
    NAME,
    SHARE,
    TIME,
    Block,
    Column,
    Paragraphs,
    Table,
    cut,
    ranked_advice,
)

_PROGRAM_MAX = 100  # characters of a command line
# Titles of deadlocks: those that are, and those that may come.
WARNINGS = ("DEADLOCK", "LOCK ORDER")
_MODES = {
    "trace": "every hold and wait traced",
    "sample": "sampled",
    "knock": "knocked at, so only how busy the GIL is",
    "free-threaded": "free-threaded: waits by cause",
}


def blocks(recording: Recording, limit: Optional[int] = None) -> List[Block]:
    """Everything that a recording says, tables cut to `limit` rows."""
    found: List[Block] = [headline(recording), *deadlocks(recording)]
    if recording.threads:
        found.append(threads(recording, limit))
    if recording.hogs:
        found.append(hogs(recording, limit))
    if recording.victims:
        found.append(victims(recording, limit))
    if recording.causes:
        found.append(causes(recording, limit))
    found += [own_lock(one, limit) for one in recording.locks if one.threads]
    found += words(recording)
    for child in recording.children:
        found += blocks(child, limit)
    return found


def deadlocks(recording: Recording) -> List[Block]:
    """Circles of threads that wait for each other, and orders of locks of kaa's own
    that may become such, if there are any."""
    orders = [one for one in recording.deadlocks if one.startswith("lock order: ")]
    circles = [one for one in recording.deadlocks if one not in orders]
    return [
        Paragraphs(title, [line for one in said for line in one.splitlines()], level=1)
        for title, said in zip(WARNINGS, (circles, orders))
        if said
    ]


def words(recording: Recording) -> List[Block]:
    """Convoys, advice and notes."""
    found: List[Block] = []
    if recording.convoys:
        found.append(convoys(recording))
    if recording.advice:
        found.append(ranked_advice(recording.advice))
    if recording.notes:
        found.append(Paragraphs("Notes", list(recording.notes)))
    return found


def headline(recording: Recording) -> Paragraphs:
    """What was recorded, for how long, and how busy the GIL was."""
    program = text.printable(recording.program)
    if len(program) > _PROGRAM_MAX:
        program = program[: _PROGRAM_MAX - 3] + "..."
    title = f"GIL of {program or 'this process'}"
    mode = _MODES.get(recording.mode, recording.mode)
    about = [f"Python {recording.python}", text.duration(recording.wall_ns), mode]
    if recording.pid:
        about.insert(0, f"process {recording.pid}")
    lines = [", ".join(about)]
    held = sum(thread.held_ns for thread in recording.threads)
    waited = sum(thread.waited_ns for thread in recording.threads)
    busy = recording.system.get("gil_busy_ns", held)
    if recording.mode != "free-threaded" and isinstance(busy, (int, float)):
        line = f"GIL held {text.share(busy, recording.wall_ns)} of the time"
        if recording.threads:
            line += f" by {text.plural(len(recording.threads), 'thread')}"
        if waited:
            line += f", which waited {text.duration(waited)} for it together"
        lines.append(line)
    elif waited:
        lines.append(f"threads waited {text.duration(waited)} for each other together")
    return Paragraphs(title, lines)


def _blocked(thread: Thread) -> str:
    """The calls that a thread was blocked in for most of the time."""
    largest = sorted(thread.off_by.items(), key=lambda one: -one[1])[:2]
    return ", ".join(f"{call} {text.duration(ns)}" for call, ns in largest if ns)


def threads(recording: Recording, limit: Optional[int] = None) -> Table:
    """A row a thread, those that waited and held most first."""
    return _threads(recording.threads, limit, "GIL", "the operating system's number")


def own_lock(lock: Lock, limit: Optional[int] = None) -> Table:
    """The threads of a lock of kaa's own. Their rows are no lanes of the page."""
    table = _threads(lock.threads, limit, "lock", "the number of the attachment")
    table.title = f'Lock "{text.printable(lock.name)}" of kaa\'s own'
    if lock.is_timed:
        held = sum(one.held_ns for one in lock.threads)
        table.title += f", held {text.share(held, lock.wall_ns)} of the time"
    table.keys, table.name = [], ""
    table.columns = table.columns[:-1]  # what they are off in is not looked at
    table.rows = [row[:-1] for row in table.rows]
    return table


def _threads(
    found: Sequence[Thread], limit: Optional[int], lock: str, number: str
) -> Table:
    ranked = sorted(
        enumerate(found), key=lambda one: -one[1].waited_ns - one[1].held_ns
    )
    rows: List[Sequence[object]] = []
    for _, one in ranked:
        life = max(one.end_ns - one.start_ns, 1)
        rows.append(
            [
                one.name,
                one.id,
                one.kind,
                (one.held_ns, one.waited_ns, one.off_ns),
                one.held_ns,
                one.held_ns / life,
                one.waited_ns,
                one.waited_ns / life,
                one.off_ns,
                one.acquired,
                one.contended,
                one.forced,
                one.voluntary,
                one.held_max_ns,
                one.waited_max_ns,
                _blocked(one),
            ]
        )
    columns = [
        Column("thread"),
        Column("id", NAME, f"{number} of the thread", 9),
        Column("kind", NAME, "what its releases and waits look like"),
        Column("held, waited, off", BAR, "shares of the thread's life", 1),
        Column("held", TIME, f"time with the {lock}"),
        Column("", SHARE, "of the thread's life"),
        Column("waited", TIME, f"time waiting for the {lock}"),
        Column("", SHARE, "of the thread's life"),
        Column("off", TIME, f"time without the {lock} and not waiting for it", 3),
        Column("acquired", COUNT, f"times it took the {lock}", 8),
        Column("contended", COUNT, "times it had to wait for it", 7),
        Column("forced", COUNT, "releases because another thread asked", 6),
        Column("voluntary", COUNT, "releases before a call that may block", 6),
        Column("longest hold", TIME, "", 4),
        Column("longest wait", TIME, "", 4),
        Column("off mostly in", CODE, "system calls or C functions", 5),
    ]
    note = cut(rows, limit, "thread")
    keys: List[Optional[int]] = [index for index, _ in ranked[: len(rows)]]
    return Table("Threads", columns, rows, note, keys, "threads")


def _sites(title: str, noun: str, columns: List[Column], found: Sequence[object],
           values: List[str], limit: Optional[int]) -> Table:
    rows: List[Sequence[object]] = [
        [
            text.place(one.file, one.line),  # type: ignore[attr-defined]
            one.function,  # type: ignore[attr-defined]
            one.c_function,  # type: ignore[attr-defined]
            *(getattr(one, name) for name in values),
            getattr(one, "source", "").strip(),
        ]
        for one in found
    ]
    keys = [one.site for one in found]  # type: ignore[attr-defined]
    where = [Column("line", CODE), Column("function", CODE, "", 3), Column("in C", CODE)]
    note = cut(rows, limit, noun)
    shown = [*where, *columns, Column("source", CODE, "", 6)]
    return Table(title, shown, rows, note, keys[: len(rows)], "sites")


def hogs(recording: Recording, limit: Optional[int] = None) -> Table:
    """Lines that held the GIL for long."""
    columns = [
        Column("held", TIME, "in all"),
        Column("longest", TIME, "the longest hold", 4),
        Column("holds", COUNT, "", 5),
        Column("others waited", TIME, "what other threads waited meanwhile"),
    ]
    values = ["held_ns", "held_max_ns", "count", "waited_by_others_ns"]
    title = "Hogs: lines that held the GIL"
    return _sites(title, "line", columns, recording.hogs, values, limit)


def victims(recording: Recording, limit: Optional[int] = None) -> Table:
    """Lines that waited for the GIL for long."""
    columns = [
        Column("waited", TIME, "in all"),
        Column("longest", TIME, "the longest wait", 4),
        Column("waits", COUNT, "", 5),
    ]
    values = ["waited_ns", "waited_max_ns", "count"]
    title = "Victims: lines that waited for the GIL"
    return _sites(title, "line", columns, recording.victims, values, limit)


def causes(recording: Recording, limit: Optional[int] = None) -> Table:
    """What threads of a free-threaded build waited for."""
    rows: List[Sequence[object]] = [
        [
            one.cause,
            text.place(one.file, one.line),
            one.function,
            one.c_function,
            one.waited_ns,
            one.waited_max_ns,
            one.count,
        ]
        for one in recording.causes
    ]
    columns = [
        Column("cause"),
        Column("line", CODE),
        Column("function", CODE, "", 3),
        Column("in C", CODE),
        Column("waited", TIME),
        Column("longest", TIME, "", 4),
        Column("waits", COUNT, "", 5),
    ]
    note = cut(rows, limit, "cause")
    keys = [one.site for one in recording.causes][: len(rows)]
    return Table("Contention by cause", columns, rows, note, keys, "sites")


def convoys(recording: Recording) -> Paragraphs:
    """Who follows whom through the GIL."""
    names = {thread.id: thread.name for thread in recording.threads}
    lines = []
    for one in recording.convoys:
        holder = names.get(one.holder, f"thread {one.holder}")
        waiter = names.get(one.waiter, f"thread {one.waiter}")
        plain = (
            f"{waiter} waited behind {holder} {text.plural(one.count, 'time')},"
            f" {text.duration(one.waited_ns)} in all"
        )
        lines.append(one.text or plain)
    return Paragraphs("Convoys", lines)


def since(recording: Recording, before: Recording) -> Recording:
    """What happened between two recordings of one process, the later minus the
    earlier; a thread's longest hold and wait are those since the start."""
    old = {(one.id, one.name): one for one in before.threads}
    names = ["held_ns", "waited_ns", "off_ns", "acquired", "contended", "forced", "voluntary"]
    threads = []
    for one in recording.threads:
        past = old.get((one.id, one.name))
        if past is None:
            threads.append(one)
            continue
        less = {name: max(0, getattr(one, name) - getattr(past, name)) for name in names}
        blocked = {call: ns - past.off_by.get(call, 0) for call, ns in one.off_by.items()}
        threads.append(replace(one, start_ns=past.end_ns, off_by=blocked, **less))
    wall = max(recording.wall_ns - before.wall_ns, 0)
    return replace(recording, wall_ns=wall, threads=threads)


def interval_blocks(
    recording: Recording, before: Optional[Recording], limit: int
) -> List[Block]:
    """For the live view: the threads in the last interval, lines since the start."""
    last = recording if before is None else since(recording, before)
    # A thread that has ended does nothing more, and would only push others out.
    alive = [one for one in last.threads if one.end_ns > one.start_ns]
    shown = threads(replace(last, threads=alive), limit)
    shown.title = f"Threads, last {text.duration(last.wall_ns)}"
    shown.note = shown.note.partition(";")[0]  # there is no page yet
    found: List[Block] = [headline(recording), *deadlocks(recording), shown]
    few = max(3, limit // 3)
    if recording.hogs:
        found.append(hogs(recording, few))
    if recording.victims:
        found.append(victims(recording, few))
    if recording.causes:
        found.append(causes(recording, few))
    return found
