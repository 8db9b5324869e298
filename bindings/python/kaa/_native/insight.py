"""The structures and prototypes of kaa/insight.h; a part of kaa._native."""

from __future__ import annotations

from ctypes import (
    POINTER,
    Structure,
    c_char,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple


class InsightOptions(Structure):
    """kaa_insight_options"""

    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("handle", c_void_p),
        ("version", c_uint32),
        ("reserved", c_uint32),
        ("threshold_ns", c_uint64),
        ("interval_ns", c_uint64),
        ("alarm_ns", c_uint64),
    ]


class InsightTrace(Structure):
    """kaa_insight_trace"""

    _fields_ = [
        ("size", c_uint32),
        ("users", c_uint32),
        ("started_ns", c_uint64),
        ("now_ns", c_uint64),
        ("has_lines", c_uint32),
        ("has_forced", c_uint32),
        ("is_foreign", c_uint32),
        ("is_left", c_uint32),
        ("gils", c_uint32),
        ("threads", c_uint32),
        ("threads_lost", c_uint64),
        ("stacks_lost", c_uint64),
        ("stacks", c_uint32),
        ("reserved", c_uint32),
        ("gil", c_uint64),
    ]


class InsightConvoy(Structure):
    """kaa_insight_convoy"""

    _fields_ = [
        ("holder", c_uint32),
        ("holder_stack", c_uint32),
        ("waiter_stack", c_uint32),
        ("reserved", c_uint32),
        ("count", c_uint64),
        ("waited_ns", c_uint64),
    ]


class InsightCall(Structure):
    """kaa_insight_call"""

    _fields_ = [("call", c_uint32), ("reserved", c_uint32), ("ns", c_uint64)]


class InsightThread(Structure):
    """kaa_insight_thread"""

    _fields_ = [
        ("id", c_uint32),
        ("state", c_uint32),
        ("gil", c_uint32),
        ("is_ended", c_uint32),
        ("start_ns", c_uint64),
        ("end_ns", c_uint64),
        ("ns", c_uint64 * 3),
        ("acquired", c_uint64),
        ("contended", c_uint64),
        ("forced", c_uint64),
        ("voluntary", c_uint64),
        ("ns_max", c_uint64 * 2),
        ("cpu_ns", c_uint64),
        ("name", c_char * 16),
        ("spans", c_uint32),
        ("serial", c_uint32),
        ("histograms", c_uint32 * 40 * 2),
        ("convoys", InsightConvoy * 4),
        ("calls", InsightCall * 6),
    ]


class InsightSpan(Structure):
    """kaa_insight_span"""

    _fields_ = [
        ("start_ns", c_uint64),
        ("end_ns", c_uint64),
        ("held_ns", c_uint64),
        ("waited_ns", c_uint64),
        ("state", c_uint32),
        ("stack", c_uint32),
        ("call", c_uint32),
        ("reserved", c_uint32),
    ]


class InsightTally(Structure):
    """kaa_insight_tally"""

    _fields_ = [
        ("count", c_uint64),
        ("ns", c_uint64),
        ("ns_max", c_uint64),
        ("others_ns", c_uint64),
        ("address", c_uint64),
        ("call", c_uint32),
        ("reserved", c_uint32),
        ("threads", c_uint32 * 6),
    ]


class InsightStack(Structure):
    """kaa_insight_stack"""

    _fields_ = [
        ("number", c_uint32),
        ("frames", c_uint32),
        ("tallies", InsightTally * 3),
    ]


class InsightFrame(Structure):
    """kaa_insight_frame"""

    _fields_ = [("code", c_void_p), ("instruction", c_int32), ("line", c_int32)]


class InsightAlarm(Structure):
    """kaa_insight_alarm"""

    _fields_ = [
        ("thread", c_uint32),
        ("stack", c_uint32),
        ("held_ns", c_uint64),
        ("others_ns", c_uint64),
        ("at_ns", c_uint64),
    ]


class HeapOptions(Structure):
    """kaa_insight_heap_options"""

    _fields_ = [
        ("size", c_uint32),
        ("mode", c_uint32),
        ("handle", c_void_p),
        ("version", c_uint32),
        ("frames", c_uint32),
        ("every_bytes", c_uint64),
        ("seed", c_uint64),
        ("flags", c_uint32),
        ("reserved", c_uint32),
    ]


class Heap(Structure):
    """kaa_insight_heap"""

    _fields_ = [
        ("size", c_uint32),
        ("mode", c_uint32),
        ("live_bytes", c_uint64),
        ("live_blocks", c_uint64),
        ("peak_bytes", c_uint64),
        ("peak_blocks", c_uint64),
        ("every_bytes", c_uint64),
        ("error_bytes", c_uint64),
        ("lost", c_uint64),
        ("samples", c_uint32),
        ("sites", c_uint32),
        ("frames", c_uint32),
        ("is_left", c_uint32),
        ("is_foreign", c_uint32),
        ("is_unlinked", c_uint32),
        ("peak_at_ns", c_uint64),
        ("points", c_uint32),
        ("has_native", c_uint32),
        ("native_foreign", c_uint32),
        ("reserved", c_uint32),
    ]


class HeapBlock(Structure):
    """kaa_insight_heap_block"""

    _fields_ = [("block", c_void_p), ("bytes", c_uint64), ("blocks", c_uint32), ("site", c_uint32)]


class HeapCollected(Structure):
    """kaa_insight_heap_collected"""

    _fields_ = [
        ("site", c_uint32),
        ("reserved", c_uint32),
        ("bytes", c_uint64),
        ("blocks", c_uint64),
        ("type", c_char * 64),
    ]


class HeapPoint(Structure):
    """kaa_insight_heap_point"""

    _fields_ = [("at_ns", c_uint64), ("live_bytes", c_uint64), ("resident_bytes", c_uint64)]


class HeapSite(Structure):
    """kaa_insight_heap_site"""

    _fields_ = [
        ("number", c_uint32),
        ("frames", c_uint32),
        ("live_bytes", c_uint64),
        ("live_blocks", c_uint64),
        ("peak_bytes", c_uint64),
        ("peak_blocks", c_uint64),
        ("allocated_bytes", c_uint64),
        ("allocated_blocks", c_uint64),
    ]


class RefcountOptions(Structure):
    """kaa_insight_refcount_options"""

    _fields_ = [
        ("size", c_uint32),
        ("version", c_uint32),
        ("handle", c_void_p),
        ("object", c_void_p),
        ("capacity", c_uint32),
        ("flags", c_uint32),
    ]


class Refcount(Structure):
    """kaa_insight_refcount"""

    _fields_ = [
        ("size", c_uint32),
        ("is_on", c_uint32),
        ("first", c_int64),
        ("last", c_int64),
        ("changes", c_uint64),
        ("late", c_uint64),
        ("sites_lost", c_uint64),
        ("kept", c_uint32),
        ("sites", c_uint32),
        ("has_lines", c_uint32),
        ("reserved", c_uint32),
    ]


class RefcountChange(Structure):
    """kaa_insight_change"""

    _fields_ = [
        ("at_ns", c_uint64),
        ("count", c_int64),
        ("by", c_int32),
        ("site", c_uint32),
        ("thread", c_uint32),
        ("flags", c_uint32),
    ]


class RefcountSite(Structure):
    """kaa_insight_refcount_site"""

    _fields_ = [("number", c_uint32), ("frames", c_uint32), ("up", c_uint64), ("down", c_uint64)]


REFCOUNT_SPLIT = 1
CHANGE_LATE, CHANGE_UNHELD = 1, 2

# kaa_insight_heap_mode
HEAP_OFF, HEAP_SAMPLED, HEAP_EXACT = range(3)
HEAP_NATIVE = 1
FRAME_C = -2


class InsightKnock(Structure):
    """kaa_insight_knock"""

    _fields_ = [
        ("count", c_uint64),
        ("waited_ns", c_uint64),
        ("waited_ns_max", c_uint64),
        ("wall_ns", c_uint64),
    ]


class InsightPark(Structure):
    """kaa_insight_park"""

    _fields_ = [
        ("count", c_uint64),
        ("ns", c_uint64),
        ("ns_max", c_uint64),
        ("addresses", c_uint64 * 10),
        ("thread", c_uint32),
        ("stack", c_uint32),
    ]


def _refcounts(error: Any) -> Dict[str, Tuple[Any, Tuple[Any, ...], bool]]:
    return {
        "kaa_insight_refcount_start": (
            c_int,
            (POINTER(RefcountOptions), POINTER(c_uint32), error),
            True,
        ),
        "kaa_insight_refcount_stop": (None, (c_uint32,), True),
        "kaa_insight_refcount_free": (None, (c_uint32,), True),
        "kaa_insight_refcount_read": (c_int, (c_uint32, POINTER(Refcount), error), True),
        "kaa_insight_refcount_changes": (
            c_uint32,
            (c_uint32, POINTER(RefcountChange), c_uint32),
            True,
        ),
        "kaa_insight_refcount_sites": (
            c_uint32,
            (c_uint32, POINTER(RefcountSite), c_uint32),
            True,
        ),
        "kaa_insight_refcount_frames": (
            c_uint32,
            (c_uint32, c_uint32, POINTER(InsightFrame), c_uint32),
            True,
        ),
    }


def prototypes(error: Any) -> Dict[str, Tuple[Any, Tuple[Any, ...], bool]]:
    """As in _native.PROTOTYPES; True: the interpreter's lock is kept."""
    return {
        "kaa_insight_trace_start": (c_int, (POINTER(InsightOptions), error), True),
        "kaa_insight_trace_stop": (c_int, (), True),
        "kaa_insight_trace_watch": (None, (c_int,), True),
        "kaa_insight_trace_read": (c_int, (POINTER(InsightTrace), error), True),
        "kaa_insight_trace_threads": (
            c_uint32,
            (POINTER(InsightThread), c_uint32, c_int),
            True,
        ),
        "kaa_insight_trace_spans": (
            c_uint32,
            (c_uint32, POINTER(InsightSpan), c_uint32),
            True,
        ),
        "kaa_insight_trace_stacks": (
            c_uint32,
            (POINTER(InsightStack), c_uint32, c_int),
            True,
        ),
        "kaa_insight_trace_frames": (
            c_uint32,
            (c_uint32, POINTER(InsightFrame), c_uint32),
            True,
        ),
        "kaa_insight_trace_alarm": (c_int, (c_uint64, POINTER(InsightAlarm)), False),
        "kaa_insight_heap_start": (c_int, (POINTER(HeapOptions), error), True),
        "kaa_insight_heap_stop": (c_uint32, (), True),
        "kaa_insight_heap_mute": (None, (c_int,), True),
        "kaa_insight_heap_read": (c_int, (POINTER(Heap), error), True),
        "kaa_insight_heap_blocks": (c_uint32, (POINTER(HeapBlock), c_uint32), True),
        "kaa_insight_heap_points": (c_uint32, (POINTER(HeapPoint), c_uint32), True),
        "kaa_insight_heap_sites": (c_uint32, (POINTER(HeapSite), c_uint32), True),
        "kaa_insight_heap_collecting": (c_uint64, (c_int,), True),
        "kaa_insight_heap_freed_by_collector": (
            c_uint32,
            (POINTER(HeapCollected), c_uint32),
            True,
        ),
        "kaa_insight_heap_frames": (
            c_uint32,
            (c_uint32, POINTER(InsightFrame), c_uint32),
            True,
        ),
        "kaa_insight_knock_start": (c_int, (POINTER(InsightOptions), error), True),
        "kaa_insight_knock_read": (None, (POINTER(InsightKnock),), True),
        "kaa_insight_knock_stop": (None, (), False),
        "kaa_insight_parks_start": (c_int, (POINTER(InsightOptions), error), True),
        "kaa_insight_parks_read": (c_uint32, (POINTER(InsightPark), c_uint32), True),
        "kaa_insight_parks_stop": (c_int, (), True),
        "kaa_insight_peek": (c_int, (c_uint32, c_uint64, c_void_p, c_size_t), True),
        "kaa_insight_peek_frames": (
            c_uint32,
            (c_uint32, c_uint64, c_uint32, POINTER(InsightFrame), c_uint32),
            True,
        ),
        "kaa_insight_gil_json": (c_size_t, (c_void_p, c_void_p, c_size_t), False),
        "kaa_insight_gils_json": (c_size_t, (c_void_p, c_size_t), False),
        "kaa_insight_heap_json": (c_size_t, (c_void_p, c_void_p, c_size_t), False),
        **_refcounts(error),
        "kaa_insight_symbol": (c_size_t, (c_uint64, c_void_p, c_size_t), True),
    }
