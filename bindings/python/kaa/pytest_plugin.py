"""The pytest plugin: tests that fail for what they do to the GIL, memory, references.

    @pytest.mark.gil_hold_max(0.05)        # no thread holds the GIL for over 50 ms
    @pytest.mark.kaa_memory_max("10 MB")   # the test's own allocations stay below
    @pytest.mark.kaa_leaks(loops=10)       # run so often, nothing grows

    pytest --kaa-gil                       # the longest holds of all tests
    pytest --kaa-check=MODULE,...          # these modules in the checked context

It is loaded by pytest in every environment that has kaa, so it imports nothing
but pytest until one of these is used. A mark that this kaa, this Python or
this system cannot check stops the run, as a wrong option does: a check that
silently checks nothing would be worse than none.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Generator, List, NoReturn, Optional, Tuple

import pytest

# What a mark or an option needs, and the name in it that is called.
_NEEDS = {
    "gil_hold_max": ("kaa.gil", "monitor"),
    "--kaa-gil": ("kaa.gil", "monitor"),
    "kaa_memory_max": ("kaa.heap", "profile"),
    "kaa_leaks": ("kaa.refs", "check"),
    "--kaa-check": ("kaa.check", "start"),
}
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?\s*", re.IGNORECASE)


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("kaa", "the GIL, memory and references")
    group.addoption(
        "--kaa-gil",
        nargs="?",
        const=10,
        default=0,
        type=int,
        metavar="N",
        help="trace the GIL in every test and list the N longest holds (default 10)",
    )
    group.addoption(
        "--kaa-check",
        default="",
        metavar="MODULE[,...]",
        help="run these modules of kaa in the checked context; their mistakes fail tests",
    )


def pytest_configure(config: Any) -> None:
    for line in (
        "gil_hold_max(seconds): fail if a thread holds the GIL for longer in one go",
        "kaa_memory_max(size): fail if what the test allocates, such as '10 MB', is"
        " more at its peak",
        "kaa_leaks(loops=10): run the test so often and fail if references, objects"
        " or blocks grow",
    ):
        config.addinivalue_line("markers", line)
    config.pluginmanager.register(_Plugin(config), "kaa-checks")


def _refuse(text: str) -> NoReturn:
    raise pytest.UsageError(text)


def _backing(wanted: str) -> Any:
    """The module that checks this; a usage error where it cannot."""
    name, attribute = _NEEDS[wanted]
    try:
        from importlib import import_module

        module = import_module(name)
        getattr(module, attribute)
    except (ImportError, AttributeError) as error:
        _refuse(f"{wanted} needs {name}, which this kaa does not have: {error}")
    if hasattr(module, "is_available"):
        is_available, reason = module.is_available()
        if not is_available:
            _refuse(f"{wanted} cannot be checked here: {reason}")
    return module


def _bytes(value: Any, where: str) -> int:
    """Bytes of "10 MB" (10**6), "10 MiB" (2**20) or a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return int(value)
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not match or float(match[1]) <= 0:
        _refuse(f"{where}: wanted a size such as '10 MB', not {value!r}")
    step = 1024 if match[3] else 1000
    return int(float(match[1]) * step ** _UNITS[(match[2] or "").lower()])


def _one(item: Any, mark: Any, name: str, default: Any = None) -> Any:
    """The one argument of a mark, by position or name."""
    values = list(mark.args) + [v for k, v in mark.kwargs.items() if k == name]
    if not values and default is not None and not mark.kwargs:
        return default
    if len(values) != 1 or set(mark.kwargs) - {name}:
        _refuse(f"{item.nodeid}: @pytest.mark.{mark.name} takes one argument, {name}")
    return values[0]


def _seconds(item: Any, mark: Any) -> float:
    value = _one(item, mark, "seconds")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not value > 0:
        _refuse(f"{item.nodeid}: gil_hold_max: wanted seconds above 0, not {value!r}")
    return float(value)


def _loops(item: Any, mark: Any) -> int:
    value = _one(item, mark, "loops", 10)
    if not isinstance(value, int) or isinstance(value, bool) or value < 6:
        _refuse(f"{item.nodeid}: kaa_leaks: wanted loops of 6 or more, not {value!r}")
    return value


class _Checks:
    """What one test is held to, and what was found of it."""

    def __init__(self, item: Any, config: Any) -> None:
        get = item.get_closest_marker
        hold, memory = get("gil_hold_max"), get("kaa_memory_max")
        leaks = get("kaa_leaks")
        self.hold = _seconds(item, hold) if hold else None
        self.memory = None
        if memory:
            where = f"{item.nodeid}: kaa_memory_max"
            self.memory = _bytes(_one(item, memory, "size"), where)
        self.loops = _loops(item, leaks) if leaks else None
        self.gil = bool(self.hold) or bool(config.getoption("--kaa-gil"))
        self.failures: List[str] = []
        self.sections: List[Tuple[str, str]] = []
        for name, used in (("gil_hold_max", hold), ("kaa_memory_max", memory),
                           ("kaa_leaks", leaks)):  # fmt: skip
            if used:
                _backing(name)
        if leaks and not hasattr(item, "funcargs"):
            _refuse(f"{item.nodeid}: kaa_leaks is for test functions and methods")

    def fail(self, text: str, data: Any) -> None:
        """Notes a failure, and the report to show below it."""
        import io

        from kaa import _views

        file = io.StringIO()
        _views.table(data, file, limit=10, rich=False)
        self.failures.append(text)
        self.sections.append(("kaa", file.getvalue()))


def _told_hold(recording: Any) -> Tuple[int, str]:
    """The longest hold in nanoseconds, and who it was and where."""
    from kaa._views import text

    threads = recording.threads
    longest = max(threads, key=lambda one: one.held_max_ns, default=None)
    if longest is None:
        return 0, ""
    hogs = [one for one in recording.hogs if longest.id in (one.threads or [longest.id])]
    hog = max(hogs, key=lambda one: one.held_max_ns, default=None)
    if hog is None:
        return longest.held_max_ns, longest.name
    within = f" in {hog.c_function}" if hog.c_function else ""
    place = text.place(hog.file, hog.line)
    return longest.held_max_ns, f"{longest.name}{within} at {place} ({hog.function})"


class _Plugin:
    """The hooks; registered once a session."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.checks: Dict[str, _Checks] = {}
        self.holds: List[Tuple[int, str, str]] = []  # ns, test, who and where
        self.check: Any = None
        modules = [one.strip() for one in config.getoption("--kaa-check").split(",")]
        self.modules = [one for one in modules if one]
        if config.getoption("--kaa-gil"):
            _backing("--kaa-gil")
        if self.modules:
            self.check = _backing("--kaa-check")
            self.check.start(self.modules)

    def pytest_collection_modifyitems(self, items: List[Any]) -> None:
        """Reads all marks before the first test runs, so a wrong one stops the run."""
        for item in items:
            self.checks[item.nodeid] = _Checks(item, self.config)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        checks = self.checks.get(item.nodeid)
        if checks is None or not (checks.gil or checks.memory or self.check):
            yield
            return
        monitor = profile = None
        if checks.memory:
            profile = _backing("kaa_memory_max").profile(exact=True)
            profile.__enter__()
        if checks.gil:
            monitor = _backing("--kaa-gil").monitor()
            monitor.__enter__()
        try:
            yield
        finally:
            if monitor is not None:
                monitor.__exit__(None, None, None)
            if profile is not None:
                profile.__exit__(None, None, None)
        if monitor is not None:
            self._judge_hold(item, checks, monitor.recording())
        if profile is not None:
            self._judge_memory(checks, profile.report())
        if self.check is not None:
            self._judge_mistakes(checks, self.check.take())

    def _judge_hold(self, item: Any, checks: _Checks, recording: Any) -> None:
        from kaa._views import text

        longest, who = _told_hold(recording)
        item.user_properties.append(("kaa_gil_hold_max_ns", longest))
        item.user_properties.append(("kaa_gil_holder", who))
        if checks.hold is not None and longest > checks.hold * 1e9:
            said = f"gil_hold_max: held for {text.duration(longest)}, allowed are"
            said += f" {text.duration(checks.hold * 1e9)}: {text.printable(who)}"
            checks.fail(said, recording)

    def _judge_memory(self, checks: _Checks, report: Any) -> None:
        from kaa._views import text

        if report.peak_bytes > (checks.memory or 0):
            said = f"kaa_memory_max: {text.size(report.peak_bytes)} at the peak,"
            said += f" allowed are {text.size(checks.memory or 0)}"
            checks.fail(said, report)

    def _judge_mistakes(self, checks: _Checks, report: Any) -> None:
        if report is not None and report.mistakes:
            first = report.mistakes[0]
            more = len(report.mistakes) - 1
            said = f"--kaa-check: {first.kind} in {first.function}(): {first.text}"
            checks.fail(said + (f" (and {more} more)" if more else ""), report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> Optional[bool]:
        """Runs a test of kaa_leaks in its loop; True: it was run."""
        checks = self.checks.get(pyfuncitem.nodeid)
        if checks is None or checks.loops is None:
            return None
        names = pyfuncitem._fixtureinfo.argnames
        arguments = {name: pyfuncitem.funcargs[name] for name in names}
        test: Callable[..., Any] = pyfuncitem.obj
        refs = _backing("kaa_leaks")
        report = refs.check(lambda: test(**arguments), rounds=checks.loops)
        leaks = [one for one in report.growth if one.verdict == "leak"]
        if leaks:
            first = leaks[0]
            where = f", made at {first.file}:{first.line}" if first.file else ""
            said = f"kaa_leaks: {first.per_round:+.4g} {first.kind} a round"
            checks.fail(f"{said} of {first.name}{where}", report)
        return True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(
        self, item: Any, call: Any
    ) -> Generator[None, Any, None]:
        """A test that passed but for what was found has failed."""
        outcome = yield
        checks = self.checks.get(item.nodeid)
        if call.when != "call" or checks is None or not checks.failures:
            return
        report = outcome.get_result()
        if report.passed and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = "\n".join(checks.failures)
        report.sections += checks.sections
        checks.failures, checks.sections = [], []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Here and not in the test's process, which may be a worker of xdist's."""
        told = dict(report.user_properties)
        if report.when == "call" and "kaa_gil_hold_max_ns" in told:
            longest, who = told["kaa_gil_hold_max_ns"], told.get("kaa_gil_holder", "")
            self.holds.append((int(longest), report.nodeid, str(who)))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        limit = self.config.getoption("--kaa-gil")
        if not limit or not self.holds:
            return
        from kaa._views import text

        terminalreporter.section(f"{limit} longest holds of the GIL")
        for longest, test, who in sorted(self.holds, reverse=True)[:limit]:
            said = f"{text.duration(longest):>8}  {test}  {text.printable(who)}"
            terminalreporter.write_line(said)


@pytest.fixture
def kaa_gil() -> Generator[Any, None, None]:
    """A running monitor of kaa.gil: what the test does is recorded."""
    with _backing("--kaa-gil").monitor() as monitor:
        yield monitor
