"""A heap report as metrics: Prometheus's text format 0.0.4, sizes in bytes."""

from __future__ import annotations

from typing import Dict, List, Tuple

from kaa._insight.heap_data import HeapReport
from kaa._views.gil_metrics import number, quoted

_SITES = 20  # a series each; more would cost the server more than they tell


def _one(name: str, kind: str, hint: str, value: float) -> List[str]:
    return [f"# HELP {name} {hint}", f"# TYPE {name} {kind}", f"{name} {number(value)}"]


def _collections(report: HeapReport) -> List[str]:
    made: List[str] = []
    sums: Dict[int, Tuple[int, int, int]] = {}
    for one in report.collections:
        count, pause, freed = sums.get(one.generation, (0, 0, 0))
        sums[one.generation] = (count + 1, pause + one.pause_ns, freed + one.collected)
    for i, (name, hint, unit) in enumerate(
        (
            ("kaa_gc_collections_total", "Runs of the collector.", 1.0),
            ("kaa_gc_pause_seconds_total", "Time in them.", 1e9),
            ("kaa_gc_collected_objects_total", "Objects that they freed.", 1.0),
        )
    ):
        if sums:
            made += [f"# HELP {name} {hint}", f"# TYPE {name} counter"]
        for generation, values in sorted(sums.items()):
            made.append(f'{name}{{generation="{generation}"}} {number(values[i] / unit)}')
    return made


def prometheus(report: HeapReport) -> str:
    """Sums, the account, the largest sites, and collections by generation."""
    made = _one("kaa_heap_live_bytes", "gauge", "Bytes alive.", report.live_bytes)
    made += _one("kaa_heap_live_blocks", "gauge", "Blocks alive.", report.live_blocks)
    made += _one("kaa_heap_peak_bytes", "gauge", "Most bytes alive.", report.peak_bytes)
    made += _one(
        "kaa_heap_allocated_bytes_total",
        "counter",
        "Bytes asked for.",
        report.allocated_bytes,
    )
    if report.account:
        account = report.account
        made += _one("kaa_heap_rss_bytes", "gauge", "Resident memory.", account.rss_bytes)
        name = "kaa_heap_account_bytes"
        made += [f"# HELP {name} Parts of the resident memory.", f"# TYPE {name} gauge"]
        sums: Dict[str, int] = {}
        for part in account.parts:
            sums[part.name] = sums.get(part.name, 0) + part.bytes
        for part_name, value in sums.items():
            made.append(f"{name}{{part={quoted(part_name)}}} {value}")
    if report.sites:
        name = "kaa_heap_site_live_bytes"
        made += [f"# HELP {name} Bytes alive by line.", f"# TYPE {name} gauge"]
        places: Dict[Tuple[str, int], int] = {}
        for site in report.sites:
            key = (site.file, site.line)
            places[key] = places.get(key, 0) + site.live_bytes
        largest = sorted(places.items(), key=lambda one: -one[1])[:_SITES]
        for (file, line), value in largest:
            made.append(f'{name}{{file={quoted(file)},line="{line}"}} {value}')
    return "\n".join([*made, *_collections(report)]) + "\n"
