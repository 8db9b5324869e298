"""A GIL recording as one picture: a lane a thread, for documents."""

from __future__ import annotations

import math
from typing import List, Tuple

from kaa._insight.gil_data import HELD, MIXED, WAITING, Recording, Span
from kaa._views import gil_tables, merge, text
from kaa._views.page import escaped

WIDTH, LABELS, LANE, GAP, TOP, FOOT = 1000, 170, 16, 4, 58, 30
_STYLE = """svg{background:#fff}text{font:11px system-ui,"DejaVu Sans",sans-serif;fill:#1b1f24}
.h{fill:#1668b8}.w{fill:#e0692a}.o{fill:#dfe4ea}.s{fill:#5c6670}.l{stroke:#d5dae0}
@media(prefers-color-scheme:dark){svg{background:#14181d}text{fill:#e7ebef}.h{fill:#58a6f0}
.w{fill:#f08a4b}.o{fill:#2b333c}.s{fill:#9aa5b1}.l{stroke:#333b45}}"""


def _ticks(wall_ns: int) -> List[int]:
    """About eight round times."""
    raw = max(wall_ns, 1) / 8
    power = 10 ** math.floor(math.log10(raw))
    step = max(1, int(next(n * power for n in (1, 2, 5, 10) if n * power >= raw)))
    return list(range(0, wall_ns + 1, step))


def _rects(span: Span, x: float, width: float, y: float) -> List[str]:
    """Held from below, waited from above."""
    length = max(span.end_ns - span.start_ns, 1)
    held, waited = (one / length * LANE for one in merge.shares(span))
    made: List[str] = []
    if held > 0:
        top = y + LANE - held
        made.append(_rect("h", x, top, width, held))
    if waited > 0:
        made.append(_rect("w", x, y, width, waited))
    return made


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.2f}" y="{y:.2f}" width="{width:.2f}"'
        f' height="{height:.2f}"/>'
    )


def _said(span: Span, recording: Recording) -> str:
    """What a pointer over a span is told."""
    said = {HELD: "held", WAITING: "waiting", MIXED: "short spells"}.get(
        span.state, f"off: {span.detail}" if span.detail else "off"
    )
    made = f"{said}, {text.duration(span.end_ns - span.start_ns)}"
    if span.site is not None and 0 <= span.site < len(recording.stacks):
        for frame in recording.stacks[span.site][:1]:
            made += f", {frame.function} at {frame.file}:{frame.line}"
    return made


def _lane(recording: Recording, index: int, scale: float) -> List[str]:
    thread = recording.threads[index]
    y = TOP + index * (LANE + GAP)
    name = text.printable(thread.name)
    name = name if len(name) <= 24 else name[:23] + "\u2026"
    left = LABELS + thread.start_ns * scale
    width = max((thread.end_ns - thread.start_ns) * scale, 1)
    made = [
        f'<text x="6" y="{y + LANE - 4}">{escaped(name)}</text>',
        _rect("o", left, y, width, LANE),
    ]
    # Half a unit of the picture: finer is not seen.
    for span in merge.merged(thread.timeline, int(0.5 / scale) if scale else 0):
        x = LABELS + span.start_ns * scale
        wide = max((span.end_ns - span.start_ns) * scale, 0.3)
        drawn = "".join(_rects(span, x, wide, y))
        if drawn and wide > 3:
            drawn = f"<g><title>{escaped(_said(span, recording))}</title>{drawn}</g>"
        made.append(drawn)
    return made


def _head(recording: Recording) -> Tuple[str, str]:
    head = gil_tables.headline(recording)
    return escaped(head.title), escaped("; ".join(head.lines))


def svg(recording: Recording) -> str:
    """The picture; it follows the reader's light or dark scheme."""
    count = len(recording.threads)
    bottom = TOP + count * (LANE + GAP)
    scale = (WIDTH - LABELS - 10) / max(recording.wall_ns, 1)
    title, about = _head(recording)
    made = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}"'
        f' width="{WIDTH}" height="{bottom + FOOT}" role="img">',
        f"<title>{title}</title><desc>{about}</desc><style>{_STYLE}</style>",
        f'<text x="6" y="16" font-weight="bold">{title}</text>',
        f'<text class="s" x="6" y="32">{about}</text>',
    ]
    for at in _ticks(recording.wall_ns):
        x = LABELS + at * scale
        made.append(f'<line class="l" x1="{x:.1f}" x2="{x:.1f}" y1="50" y2="{bottom}"/>')
        made.append(f'<text class="s" x="{x + 2:.1f}" y="52">{text.duration(at)}</text>')
    for index in range(count):
        made += _lane(recording, index, scale)
    x = LABELS
    for kind, name in (("h", "held"), ("w", "waiting for the GIL"), ("o", "off the GIL")):
        made.append(_rect(kind, x, bottom + 10, 11, 11))
        made.append(f'<text x="{x + 16}" y="{bottom + 20}">{name}</text>')
        x += 150
    joined = "\n".join(made) + "\n</svg>\n"
    return joined.encode("ascii", "xmlcharrefreplace").decode("ascii")
