"""The page of a checked module: its mistakes, who holds what, its calls."""

from __future__ import annotations

from typing import Any, Dict, List, Union

from kaa._insight.check_data import CheckReport, Mistake, RefsReport
from kaa._views import check_tables, page
from kaa._views.names import Names

# All mistakes are on the page; of tables, so many rows.
ROWS = 1_000

_FILTER = """<section id=mistakes hidden>
<h2>Mistakes</h2>
<div class=tools><label>Kind <select id=kind></select></label>
<label>Find <input id=mistake-filter type=search placeholder="function, slot, type, file"></label>
<span class=buttons><button type=button id=open-all>Open all</button></span>
<span id=mistake-count class=legend></span></div>
</section>"""

_HOLDERS = """<section id=held hidden>
<h2>Who holds what</h2>
<div class=tools><label>By <select id=held-shape><option value=holder>holder, site, type<option
value=site>site, type, holder<option value=type>type, holder, site</select></label>
<span class=buttons><button type=button id=held-whole>Whole</button></span></div>
<div id=held-box class=scroll tabindex=0 role=application aria-label="Treemap of references. Arrow
keys: out, in and neighbours; Enter: zoom in; Escape: everything"><canvas id=held-map></canvas></div>
<div id=held-detail class=detail aria-live=polite></div>
</section>"""


def _mistake(number: int, one: Mistake) -> str:
    """A mistake that opens; the first sentences are always seen."""
    times = f" <b>{one.count:,} times</b>" if one.count > 1 else ""
    lines = check_tables.lines_of(one)
    first = page.escaped(lines[0]) if one.text else page.escaped(one.where)
    items = "".join(f"<li>{page.escaped(line)}</li>" for line in lines)
    return (
        f'<details class=mistake data-kind="{page.escaped(one.kind)}"><summary>{number}.'
        f" {page.escaped(one.kind)}: <code>{page.escaped(one.function)}()</code>{times}"
        f"<div class=said>{first}</div></summary><ul class=words>{items}</ul></details>"
    )


def _data(report: CheckReport) -> Dict[str, Any]:
    names = Names()
    rows = [
        [
            names.number(one.holder),
            names.number(f"{one.file}:{one.line}" if one.file else "no site known"),
            names.number(one.function),
            names.number(one.type),
            one.count,
        ]
        for one in report.holders
    ]
    return {"holders": rows, "names": names.texts}


def html(data: Union[CheckReport, RefsReport]) -> str:
    """The page. All of it is HTML; scripts find, sort and draw who holds what."""
    head, *found = check_tables.blocks(data, ROWS)
    body: List[str] = []
    held: Dict[str, Any] = {"holders": [], "names": []}
    if isinstance(data, CheckReport):
        held = _data(data)
        if data.mistakes:
            body.append(_FILTER)
            listed = (_mistake(i, one) for i, one in enumerate(data.mistakes, 1))
            body.append(f"<div id=list>{''.join(listed)}</div>")
        body.append(_HOLDERS)
    body += [page.block_html(one) for one in found if not getattr(one, "level", 0)]
    return page.page(head.title, head.lines, body, held, ["flame.js", "check.js"])
