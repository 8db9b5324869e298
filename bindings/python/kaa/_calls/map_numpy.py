"""map() over NumPy's arrays: broadcast together, with a result of their shape."""

from __future__ import annotations

import sys

from kaa import _native
from kaa._calls.operands import is_number
from kaa._values.types import type_text

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, List, Optional, Sequence, Tuple

    from kaa._backend.plain import Shape
    from kaa._values.convert import Value
    from kaa._values.types import TypeMap

_COMPLEX = {_native.CFLOAT: "F", _native.CDOUBLE: "D", _native.CLDOUBLE: "G"}


class Spread:
    """What is mapped: arrays of one dimension, and where results go."""

    __slots__ = ("arrays", "out", "_whole", "_target")

    def __init__(
        self, arrays: Sequence[Any], out: Any, whole: Any, target: Any = None
    ) -> None:
        self.arrays = arrays
        self.out = out
        self._whole = whole
        self._target = target

    def finish(self) -> Any:
        """The result, in its shape."""
        if self._target is None:
            return self._whole
        self._target[...] = self._whole
        return self._target


def spread(
    shape: Shape, types: TypeMap, arrays: Sequence[Any], out: Any
) -> Optional[Spread]:
    """How arguments are mapped where an array of NumPy's is among them; None where
    there is none."""
    numpy: Any = sys.modules["numpy"]
    mapped = [
        parameter.value.kind != _native.POINTER_ and _is_spread(numpy, given)
        for parameter, given in zip(shape.parameters, arrays)
    ]
    if not any(
        one and isinstance(given, numpy.ndarray) for one, given in zip(mapped, arrays)
    ):
        return None
    whole = _shape(numpy, shape, arrays, mapped)
    flat = [
        _flat(numpy, given, whole) if one else given
        for one, given in zip(mapped, arrays)
    ]
    if shape.result.storage is None:
        return Spread(flat, out, None)
    if out is None:
        made = numpy.empty(whole, _dtype(numpy, shape, types))
        return Spread(flat, made.reshape(-1), made)
    if not isinstance(out, numpy.ndarray):
        return Spread(flat, out, out)
    if out.shape != whole:
        raise ValueError(
            f"{shape.name}() out: shape {out.shape} for results of shape {whole}"
        )
    if out.flags.c_contiguous or out.ndim == 1:
        return Spread(flat, out.reshape(-1) if out.ndim != 1 else out, out)
    made = numpy.empty(whole, out.dtype)
    return Spread(flat, made.reshape(-1), made, out)


def _is_spread(numpy: Any, given: Any) -> bool:
    """Whether an argument has elements rather than one value for all."""
    if isinstance(given, numpy.ndarray):
        return True
    if isinstance(given, (int, float, complex, str, numpy.generic)) or given is None:
        return False
    return not is_number(given)


def _as_array(numpy: Any, given: Any) -> Any:
    from kaa._values.instance import is_data
    from kaa._values.record import as_exporter

    return numpy.asarray(as_exporter(given) if is_data(given) else given)


def _shape(
    numpy: Any, shape: Shape, arrays: Sequence[Any], mapped: List[bool]
) -> Tuple[int, ...]:
    """The shape of all together; ValueError names the first that does not fit."""
    whole: Tuple[int, ...] = ()
    for parameter, given, one in zip(shape.parameters, arrays, mapped):
        if not one:
            continue
        own = _as_array(numpy, given).shape
        try:
            whole = numpy.broadcast_shapes(whole, own)
        except ValueError:
            raise ValueError(
                f"{shape.name}() argument {parameter.label}: an array of shape {own}"
                f" cannot be broadcast with those of shape {whole}"
            ) from None
    return whole


def _flat(numpy: Any, given: Any, whole: Tuple[int, ...]) -> Any:
    """One dimension of all elements. Not copied where they stand one after the
    other, or in even steps."""
    made = _as_array(numpy, given)
    if made.shape != whole:
        made = numpy.broadcast_to(made, whole)
    if made.ndim == 1:
        # A stride of 0, of what is broadcast, is no buffer's to all who look.
        return made if made.strides != (0,) else numpy.ascontiguousarray(made)
    return numpy.ascontiguousarray(made).reshape(-1)


def _dtype(numpy: Any, shape: Shape, types: TypeMap) -> Any:
    """The dtype of results."""
    value: Value = shape.result
    if value.kind == _native.BOOL:
        return numpy.dtype(bool)
    if value.kind in _COMPLEX:
        return numpy.dtype(_COMPLEX[value.kind])
    if value.kind in (_native.STRUCT, _native.UNION):
        from kaa._values.record import as_exporter

        sample = types.array_class(_native.kaa_ctype_strip(value.ctype), 1)()
        return numpy.asarray(as_exporter(sample)).dtype
    try:
        if value.plain and value.kind != _native.POINTER_ or (
            value.kind == _native.LDOUBLE
        ):
            return numpy.dtype(value.storage)
    except TypeError:
        pass
    raise TypeError(
        f"{shape.name}() out: no array can hold {type_text(value.ctype)}; give out="
    )
