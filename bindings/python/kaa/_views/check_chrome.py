"""The traced calls of a checked module in the Trace Event Format; see gil_chrome.py."""

from __future__ import annotations

from typing import Any, Dict, List

from kaa._insight.check_data import CheckReport
from kaa._views.text import json_text


def chrome(report: CheckReport) -> str:
    """An event a call: functions of the module, and within them slots of the table."""
    events: List[Dict[str, Any]] = [
        {
            "ph": "M",
            "name": "process_name",
            "pid": report.pid,
            "tid": 0,
            "ts": 0,
            "args": {"name": f"{report.module}, checked"},
        }
    ]
    # Of two that begin at the same time, the longer one is around the other.
    for one in sorted(report.trace, key=lambda call: (call.start_ns, -call.end_ns)):
        events.append(
            {
                "ph": "X",
                "name": one.slot or one.function,
                "cat": "slot" if one.slot else "function",
                "pid": report.pid,
                "tid": one.thread,
                "ts": one.start_ns / 1000,
                "dur": (one.end_ns - one.start_ns) / 1000,
                "args": {"function": one.function, "failed": bool(one.failed)},
            }
        )
    head = {"displayTimeUnit": "ns", "otherData": {"version": "kaa", "module": report.module}}
    return json_text({**head, "traceEvents": events})
