"""One self-contained HTML page from blocks, data and the files in pages/.

What the program under observation calls its threads, files and types is text
that somebody else chose. It reaches a page in two ways only: escaped here, or
as JSON inside a <script> that no browser runs, in which "<" never stands; the
page's scripts put it into text nodes and canvases. A Content-Security-Policy
lets only the scripts and the style run that were written here, by their
hashes, and forbids every request. A page is ASCII, so it can be written to any
file.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import pkgutil
from functools import lru_cache
from typing import Any, List, Optional, Sequence

from kaa._views.tables import BAR, CODE, NAME, TEXT, Block, Table, cell, filled, parts


@lru_cache(maxsize=None)
def _source(name: str) -> str:
    """A file of pages/; ASCII, or it would not be the same in every page."""
    data = pkgutil.get_data("kaa._views", f"pages/{name}")  # in a zip file, too
    if data is None:
        raise FileNotFoundError(f"pages/{name}")
    return data.decode("ascii")


def escaped(text: str) -> str:
    """For HTML text and quoted attributes; control characters become U+FFFD."""
    safe = "".join(
        c if c >= " " and not "\x7f" <= c <= "\x9f" and not "\ud800" <= c <= "\udfff"
        else (" " if c in "\t\n" else "\ufffd")
        for c in text
    )
    return html.escape(safe, quote=True)


def embedded(data: Any) -> str:
    """JSON that may stand inside <script>: ASCII, and without "<", ">", "&"."""
    made = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        made = made.replace(mark, f"\\u{ord(mark):04x}")
    return made


def table_html(table: Table) -> str:
    """A table whose cells carry the raw numbers, for sorting by them."""
    made = [f"<h2>{escaped(table.title)}</h2>", '<div class="wide"><table class="sorts">']
    made.append("<thead><tr>")
    used = filled(table)
    for column in (table.columns[i] for i in used):
        hint = f' title="{escaped(column.hint)}"' if column.hint else ""
        kind = "t" if column.kind in (TEXT, CODE, NAME, BAR) else "n"
        name = escaped(column.name) or "&nbsp;"
        made.append(f'<th scope="col" class="{kind}"{hint}>{name}</th>')
    made.append("</tr></thead><tbody>")
    for i, row in enumerate(table.rows):
        key = table.keys[i] if i < len(table.keys) else None
        made.append("<tr>" if key is None else f'<tr data-key="{int(key)}">')
        made += [_cell_html(table.columns[i].kind, row[i]) for i in used]
        made.append("</tr>")
    made.append("</tbody></table></div>")
    if table.note:
        made.append(f"<p class=note>{escaped(table.note)}</p>")
    return "".join(made)


def _cell_html(kind: str, value: Any) -> str:
    if kind == BAR:
        widths = parts(100, value)
        said = " ".join(f"{one} %" for one in widths)
        inner = "".join(
            f'<rect class="b{i}" x="{sum(widths[:i])}" width="{one}" height="10"/>'
            for i, one in enumerate(widths)
        )
        return (
            f'<td data-v="{widths[0]}"><svg class="bar" viewBox="0 0 100 10"'
            f' preserveAspectRatio="none" role="img" aria-label="{said}">{inner}</svg></td>'
        )
    if kind == NAME:
        return f'<td class="i">{escaped(cell(kind, value))}</td>'
    if kind in (TEXT, CODE):
        tag = "code" if kind == CODE else "span"
        shown = cell(kind, value)
        return f'<td class="t"><{tag}>{escaped(shown)}</{tag}></td>'
    number = "" if value is None else f' data-v="{float(value):.17g}"'
    return f'<td class="n"{number}>{escaped(cell(kind, value))}</td>'


def block_html(block: Block) -> str:
    """A block as a section."""
    if isinstance(block, Table):
        name = f' data-name="{escaped(block.name)}"' if block.name else ""
        return f"<section{name}>{table_html(block)}</section>"
    level = " class=loud" if block.level else ""
    made = [f"<section{level}><h2>{escaped(block.title)}</h2><ul class=words>"]
    made += [f"<li>{escaped(line)}</li>" for line in block.lines]
    return "".join([*made, "</ul></section>"])


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def page(
    title: str,
    summary: Sequence[str],
    body: Sequence[str],
    data: Any,
    scripts: Sequence[str],
    foot: Optional[str] = None,
) -> str:
    """The whole page.

    `summary`: lines under the title. `body`: HTML made by this module, or fixed
    texts. `data`: what the scripts find, JSON. `scripts`: files of pages/, in
    order, after common.js.
    """
    style = _source("page.css")
    script = "".join(_source(name) for name in ("common.js", *scripts))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)};"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    made: List[str] = [
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n",
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name=viewport content="width=device-width, initial-scale=1">\n',
        '<meta name=color-scheme content="light dark">\n',
        '<link rel=icon href="data:,">\n',
        f"<title>{escaped(title)}</title>\n",
        f"<style>{style}</style>\n</head>\n<body>\n<header>\n",
        f"<h1>{escaped(title)}</h1>\n",
        *(f"<p>{escaped(line)}</p>\n" for line in summary),
        '<button id=theme type=button title="Light, dark, or as the system">Theme</button>\n',
        "</header>\n<main>\n<noscript><p class=note>Without JavaScript this page shows its"
        " tables, not its pictures.</p></noscript>\n",
        *(f"{part}\n" for part in body),
        "</main>\n",
        f"<footer>{escaped(foot or 'Written by kaa')}</footer>\n",
        f'<script type="application/json" id=data>{embedded(data)}</script>\n',
        f"<script>{script}</script>\n</body>\n</html>\n",
    ]
    return "".join(made).encode("ascii", "xmlcharrefreplace").decode("ascii")
