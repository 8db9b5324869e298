"""The structures and prototypes of kaa/walk.h; a part of
kaa._native."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

NONE = 0xFFFFFFFF  # KAA_WALK_NONE
STEPS = 62  # KAA_WALK_STEPS
FIELDS = 16  # KAA_WALK_FIELDS
HOLDERS = 4  # KAA_WALK_HOLDERS


class WalkLink(Structure):
    """kaa_walk_link"""

    _fields_ = [("source", c_void_p), ("target", c_void_p)]


class WalkOptions(Structure):
    """kaa_walk_options"""

    _fields_ = [
        ("size", c_uint32),
        ("version", c_uint32),
        ("handle", c_void_p),
        ("objects", c_void_p),
        ("getsizeof", c_void_p),
        ("roots", POINTER(c_void_p)),
        ("roots_count", c_uint32),
        ("links_count", c_uint32),
        ("links", POINTER(WalkLink)),
        ("code_fields", POINTER(c_uint32)),
        ("code_fields_count", c_uint32),
        ("reserved", c_uint32),
        ("hidden", POINTER(c_void_p)),
        ("hidden_count", c_uint32),
        ("reserved_too", c_uint32),
        ("interned", c_void_p),
    ]


class WalkSums(Structure):
    """kaa_walk_sums"""

    _fields_ = [
        ("size", c_uint32),
        ("types", c_uint32),
        ("objects", c_uint64),
        ("bytes", c_uint64),
        ("references", c_uint64),
        ("roots", c_uint64),
        ("garbage_objects", c_uint64),
        ("garbage_bytes", c_uint64),
    ]


class WalkType(Structure):
    """kaa_walk_type"""

    _fields_ = [
        ("type", c_void_p),
        ("count", c_uint64),
        ("bytes", c_uint64),
        ("retained_bytes", c_uint64),
    ]


class WalkRetainer(Structure):
    """kaa_walk_retainer"""

    _fields_ = [
        ("object", c_void_p),
        ("dominator", c_void_p),
        ("bytes", c_uint64),
        ("retained_bytes", c_uint64),
        ("count", c_uint32),
        ("parent", c_uint32),
    ]


class WalkPath(Structure):
    """kaa_walk_path"""

    _fields_ = [("length", c_uint32), ("is_cut", c_uint32), ("objects", c_void_p * STEPS)]


class WalkCycle(Structure):
    """kaa_walk_cycle"""

    _fields_ = [
        ("count", c_uint64),
        ("objects", c_uint64),
        ("bytes", c_uint64),
        ("garbage", c_uint64),
    ]


class WalkWaste(Structure):
    """kaa_walk_waste"""

    _fields_ = [("object", c_void_p), ("count", c_uint64), ("bytes", c_uint64)]


class WalkSuspect(Structure):
    """kaa_walk_suspect"""

    _fields_ = [
        ("object", c_void_p),
        ("count", c_int64),
        ("references", c_int64),
        ("holders_count", c_uint32),
        ("reserved", c_uint32),
        ("holders", c_void_p * HOLDERS),
    ]


def prototypes(error: Any) -> Dict[str, Tuple[Any, Tuple[Any, ...], bool]]:
    """As in _native.PROTOTYPES; True: the interpreter's lock is kept."""
    walk, number, wide = c_void_p, c_uint32, POINTER(c_uint64)
    return {
        "kaa_walk_create": (
            c_int,
            (POINTER(WalkOptions), POINTER(c_void_p), error),
            True,
        ),
        "kaa_walk_audit": (
            c_int,
            (walk, POINTER(WalkSuspect), number, POINTER(number), error),
            True,
        ),
        "kaa_walk_destroy": (None, (walk,), True),
        "kaa_walk_read": (c_int, (walk, POINTER(WalkSums), error), True),
        "kaa_walk_types": (number, (walk, POINTER(WalkType), number), True),
        "kaa_walk_types_at": (
            None,
            (walk, c_void_p, c_size_t, POINTER(c_void_p), number),
            True,
        ),
        "kaa_walk_objects": (
            number,
            (walk, POINTER(wide), POINTER(POINTER(c_void_p))),
            True,
        ),
        "kaa_walk_referents": (
            number,
            (walk, c_void_p, POINTER(c_void_p), number),
            True,
        ),
        "kaa_walk_retain": (c_int, (walk, error), True),
        "kaa_walk_retainers": (
            number,
            (walk, POINTER(WalkRetainer), number),
            True,
        ),
        "kaa_walk_retained": (c_int, (walk, c_void_p, POINTER(WalkRetainer)), True),
        "kaa_walk_paths": (
            number,
            (walk, c_void_p, POINTER(WalkPath), number),
            True,
        ),
        "kaa_walk_cycles": (
            c_int,
            (walk, POINTER(WalkCycle), number, POINTER(number), error),
            True,
        ),
        "kaa_walk_cycle_path": (
            number,
            (walk, number, POINTER(c_void_p), number),
            True,
        ),
        "kaa_walk_cycle_members": (
            number,
            (walk, number, POINTER(c_void_p), number),
            True,
        ),
        "kaa_walk_duplicates": (
            number,
            (walk, POINTER(WalkWaste), number, wide),
            True,
        ),
        "kaa_walk_rooms": (
            number,
            (walk, c_int, POINTER(WalkWaste), number, POINTER(WalkWaste)),
            True,
        ),
    }
