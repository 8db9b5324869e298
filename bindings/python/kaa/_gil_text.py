"""A recording as plain text: what there is where no other view is."""

from __future__ import annotations

from typing import Any, Iterator, List, Sequence

from kaa._gil_advice import duration
from kaa._gil_data import Recording, Thread


def _share(ns: int, thread: Thread) -> str:
    life = max(thread.end_ns - thread.start_ns, 1)
    return f"{100 * ns / life:.1f} %"


def _rows(rows: List[Sequence[str]], left: int) -> Iterator[str]:
    """Columns; the first `left` are text, the others numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        yield "  " + "  ".join(cells).rstrip()


def _threads(recording: Recording) -> Iterator[str]:
    head = ("thread", "kind", "held", "waited", "off", "acquired", "contended",
            "forced", "longest hold", "longest wait")  # fmt: skip
    rows: List[Sequence[str]] = [head]
    for one in sorted(recording.threads, key=lambda one: -one.held_ns):
        rows.append(
            (
                *(one.name, one.kind),
                *(_share(ns, one) for ns in (one.held_ns, one.waited_ns, one.off_ns)),
                *(str(one.acquired), str(one.contended), str(one.forced)),
                *(duration(one.held_max_ns), duration(one.waited_max_ns)),
            )
        )
    yield from _rows(rows, 2)


def _where(one: Any) -> str:
    inside = f" [{one.c_function}]" if one.c_function else ""
    return f"{one.file}:{one.line} {one.function}{inside}"


def _lines(recording: Recording, limit: int) -> Iterator[str]:
    if recording.hogs:
        yield "hogs: where the GIL was held"
        rows: List[Sequence[str]] = [("place", "held", "longest", "times", "others waited")]
        for hog in recording.hogs[:limit]:
            rows.append(
                (
                    *(_where(hog), duration(hog.held_ns), duration(hog.held_max_ns)),
                    *(str(hog.count), duration(hog.waited_by_others_ns)),
                )
            )
        yield from _rows(rows, 1)
    if recording.victims:
        yield "victims: where it was waited for"
        rows = [("place", "waited", "longest", "times")]
        for victim in recording.victims[:limit]:
            rows.append(
                (
                    *(_where(victim), duration(victim.waited_ns)),
                    *(duration(victim.waited_max_ns), str(victim.count)),
                )
            )
        yield from _rows(rows, 1)


def lines(recording: Recording, limit: int = 10) -> Iterator[str]:
    """The report, line by line; the `limit` largest hogs and victims."""
    yield (
        f"GIL of {recording.program or 'process'} ({recording.mode}, Python"
        f" {recording.python}, pid {recording.pid}, {duration(recording.wall_ns)})"
    )
    if recording.threads:
        yield from _threads(recording)
    yield from _lines(recording, limit)
    if recording.causes:
        yield "contention by cause"
        for cause in recording.causes[:limit]:
            yield (
                f"  {cause.cause}: {duration(cause.waited_ns)} in {cause.count} waits,"
                f" longest {duration(cause.waited_max_ns)}, at {_where(cause)}"
            )
    for convoy in recording.convoys[:limit]:
        yield f"convoy: {convoy.text}"
    for report in recording.deadlocks:
        yield f"deadlock: {report}"
    for advice in recording.advice:
        yield f"advice: {advice.text}"
    for note in recording.notes:
        yield f"note: {note}"
    for child in recording.children:
        yield ""
        yield from lines(child, limit)


def write(recording: Recording, file: Any) -> None:
    """Writes the report to a text file."""
    file.write("\n".join(lines(recording)) + "\n")
