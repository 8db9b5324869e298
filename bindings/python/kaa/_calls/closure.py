"""From callables to C function pointers, and what becomes of their exceptions.

C calls a kaa_closure, that calls the one ctypes callback of this module with a
token, and the token finds the Closure and its callable. So no pointer that C
may still hold leads to freed Python memory: a token that is gone gives zero.

An exception in a callback cannot pass through C. It is kept in the frame of the
call of C that is going on in this thread, C gets zero, further callbacks of that
call are not run, and the call raises the exception when C returns.
"""

from __future__ import annotations

import atexit
import ctypes
import itertools
import sys
import threading
import types as python_types
import weakref
from collections import deque
from ctypes import _CFuncPtr  # type: ignore[attr-defined]

from kaa import _backend, _error, _native
from kaa._calls.function import Function, bound
from kaa._values.convert import Value, is_refusal, prefixed, value_of
from kaa._values.fault import SIGNATURE, TYPE, refusal
from kaa._values.locks import make_lock
from kaa._values.pointer import FIXED, POINTED, Found, fits

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

    from kaa._library import Library

    #: The exception, if any, of a call of C: at most one.
    Frame = List[BaseException]


class _Here(threading.local):
    """The innermost call of C that this thread is in; None outside of any."""

    frame: Optional[Frame] = None


here = _Here()

_making = make_lock()
_tokens = itertools.count(1)
_live: weakref.WeakValueDictionary[int, Closure] = weakref.WeakValueDictionary()
#: Closures that nobody else keeps: for ever, or until they have been called.
_held: Dict[int, Closure] = {}
#: Closures that were called once and must not be: freed when C is surely out.
_spent: Deque[Closure] = deque()
_SPENT_MAX = 64


def _dispatch(result: int, arguments: Any, token: int) -> None:
    closure = _live.get(token)
    if closure is not None:
        closure.run(result, arguments)


def _report(error: BaseException, function: Any) -> None:
    """Hands an exception that nobody can catch to sys.unraisablehook."""
    unraisable = python_types.SimpleNamespace(
        exc_type=type(error),
        exc_value=error,
        exc_traceback=error.__traceback__,
        err_msg="Exception ignored in a callback from C",
        object=function,
    )
    sys.unraisablehook(unraisable)


# Never freed: C may call it as long as the process lives.
_entry = _native.ClosureCallback(_dispatch)


def _retire(pointer: Any) -> None:
    _native.kaa_closure_retire(pointer)


def _destroy(pointer: Any) -> None:
    _native.kaa_closure_destroy(pointer)


@atexit.register
def _retire_all() -> None:
    """After this, C gets zero without Python's help, which will be gone."""
    for closure in list(_live.values()):
        closure.retire()


def _nothing(*arguments: Any) -> None:
    return None


class Closure:
    """A C function pointer that calls a Python callable."""

    __slots__ = (
        "callable",
        "address",
        "scope",
        "_token",
        "_pointer",
        "_finalizer",
        "_arguments",
        "_result",
        "_types",
        "_texts",
        "__weakref__",
    )

    def __init__(self, library: Library, function: int, value: Any, scope: int) -> None:
        self.callable: Callable[..., Any] = value
        self.scope = scope
        self._types = types = library._types
        count = _native.kaa_ctype_count(function)
        parameters = _native.kaa_ctype_parameters(function)
        self._arguments: Tuple[Value, ...] = tuple(
            value_of(types, parameters[i].type) for i in range(count)
        )
        self._result = value_of(
            types, _native.kaa_ctype_target(function), library=_Held(library)  # type: ignore[arg-type]
        )
        # Text that the callable returned must live on in C for a while.
        self._texts: Deque[List[Any]] = deque(maxlen=64)
        self._token = next(_tokens)
        self._pointer = _native.ClosureP()
        error = _native.Error()
        status = _native.kaa_closure_create(
            function, _entry, self._token, None, ctypes.byref(self._pointer), error
        )
        _error.check(status, error)
        self.address: int = _native.kaa_closure_pointer(self._pointer)
        # C may still hold a pointer whose library is gone, but not one that was
        # lent for a call: that alone is freed.
        free = _destroy if scope == _native.SCOPE_CALL else _retire
        self._finalizer = weakref.finalize(self, free, self._pointer)
        self._finalizer.atexit = False
        _live[self._token] = self

    def run(self, result: int, arguments: Any) -> None:
        """Calls the callable with C's arguments; writes its result."""
        frame = here.frame
        if frame:
            return
        function = self.callable
        if self.scope == _native.SCOPE_ASYNC and not self._spend():
            return
        try:
            given = [
                value.load(arguments[at]) for at, value in enumerate(self._arguments)
            ]
            answer = function(*given)
            kept: List[Any] = []
            try:
                self._result.store(result, answer, kept)
            except Exception as error:
                if not is_refusal(error):
                    raise
                name = getattr(function, "__name__", type(function).__name__)
                raise prefixed(f"callback {name}() result: ", error) from None
            if kept:
                self._texts.append(kept)
        except BaseException as error:
            if frame is not None:
                frame.append(error)
            elif sys.implementation.name == "cpython":
                raise  # ctypes hands it to sys.unraisablehook
            else:
                _report(error, function)
        finally:
            if self.scope == _native.SCOPE_ASYNC:
                # It is kept for a while, but what its types are of is not.
                del self._arguments, self._result, self._types

    def _spend(self) -> bool:
        """Ends a closure that may be called once; False if that has been."""
        if _held.pop(self._token, None) is None:
            return False
        self.retire()
        self.callable = _nothing
        _spent.append(self)
        return True

    def retire(self) -> None:
        """From now on C gets zero."""
        _native.kaa_closure_retire(self._pointer)

    def close(self) -> None:
        """Frees the pointer; C must not call it any more."""
        self._finalizer.detach()
        _live.pop(self._token, None)
        pointer, self._pointer = self._pointer, _native.ClosureP()
        _native.kaa_closure_destroy(pointer)


class _Held:
    """What a closure needs of its library, without keeping it alive: the
    library keeps the closure."""

    __slots__ = ("_types", "_closures")

    def __init__(self, library: Any) -> None:
        self._types = library._types
        self._closures = library._closures


def _track(library: Any) -> None:
    """The library keeps what may lead back to its data."""
    _backend.functions().track(library)


# From a value to a pointer. --------------------------------------------------


def _identity(value: Any) -> Any:
    """What makes two callables one: bound methods are made anew each time."""
    if isinstance(value, python_types.MethodType):
        return id(value.__self__), id(value.__func__)
    return id(value)


def _make(library: Any, function: int, value: Any, scope: int) -> Closure:
    while len(_spent) > _SPENT_MAX:
        try:
            _spent.popleft().close()
        except IndexError:
            break
    if scope == _native.SCOPE_LIBRARY:
        # One pointer for one callable: C may compare them, and passing the
        # same callable a million times must not make a million.
        key = _identity(value), function
        with _making:
            closure: Optional[Closure] = library._closures.get(key)
            if not isinstance(closure, Closure):
                made = Closure(library, function, value, scope)
                # A finaliser that ran meanwhile may have made it too.
                closure = library._closures.get(key)
                if not isinstance(closure, Closure):
                    library._closures[key] = closure = made
                    _track(library)
        return closure
    closure = Closure(library, function, value, scope)
    if scope not in (_native.SCOPE_CALL, _native.SCOPE_RECORD):
        _held[closure._token] = closure
    return closure


def _keep(library: Any, value: Any, scope: int) -> None:
    """Keeps a function of another's as long as C may call it."""
    if scope == _native.SCOPE_LIBRARY:
        library._closures[id(value)] = value
        _track(library)
    elif scope not in (_native.SCOPE_CALL, _native.SCOPE_RECORD):
        _forever[id(value)] = value


_forever: Dict[int, Any] = {}


def _same_signature(types: Any, function: int, value: Any) -> bool:
    """Whether a ctypes function's own prototype is the wanted one; one without
    a prototype is taken at its word."""
    wanted = value.argtypes
    if wanted is None:
        return True
    count = _native.kaa_ctype_count(function)
    parameters = _native.kaa_ctype_parameters(function)
    return (
        len(wanted) == count
        and all(fits(types, parameters[i].type, wanted[i]) for i in range(count))
        and _result_fits(types, _native.kaa_ctype_target(function), value.restype)
    )


def _result_fits(types: Any, result: int, restype: Any) -> bool:
    behind = _native.kaa_ctype_strip(result)
    if _native.kaa_ctype_kind_of(behind) == _native.VOID:
        return restype is None
    return fits(types, result, restype)


def function_address(types: Any, ctype: int, value: Any) -> Found:
    """The address of a function that is C already, and its owner."""
    value = bound(value)
    kind = type(value)  # isinstance() believes a __class__ that lies
    pointer = _native.kaa_ctype_strip(ctype)
    function = _native.kaa_ctype_strip(_native.kaa_ctype_target(pointer))
    if issubclass(kind, Function):
        own = _native.DeclItem.from_address(value._item).type
        if _native.kaa_ctype_same(_native.kaa_ctype_strip(own), function):
            return Found(FIXED, value.address, -1, value)
        refused = value.declaration
    elif issubclass(kind, _CFuncPtr):
        if _same_signature(types, function, value):
            return Found(POINTED, 0, -1, value)
        refused = kind.__name__
    elif issubclass(kind, ctypes.c_void_p):
        return Found(POINTED, 0, -1, value)
    else:
        raise refusal(TYPE, ctype, given=kind.__name__)
    raise refusal(SIGNATURE, ctype, given=refused)


def function_pointer(library: Any, ctype: int, value: Any, scope: int) -> Found:
    """The pointer for a parameter that is a pointer to function, and what must be
    kept alive during the call (longer lives are seen to here)."""
    if value is None:
        return Found(FIXED, 0, 0, None)
    value = bound(value)
    if issubclass(type(value), (Function, _CFuncPtr)) or not callable(value):
        found = function_address(library._types, ctype, value)
        _keep(library, value, scope)
        return found
    pointer = _native.kaa_ctype_strip(ctype)
    function = _native.kaa_ctype_strip(_native.kaa_ctype_target(pointer))
    bridge = _backend.bridge()
    if bridge:
        ends = scope == _native.SCOPE_RECORD
        made = bridge.callback(
            library, function, value, _native.SCOPE_CALL if ends else scope
        )
        return Found(FIXED, made.address, -1, made)
    closure = _make(library, function, value, scope)
    return Found(FIXED, closure.address, -1, closure)
