"""Magics for IPython and notebooks; `%load_ext kaa` brings them.

%%gil                      the cell's GIL: threads, hogs, victims, advice
%%gil --html gil.html      and a page
%%heap -n 20 -o report     the cell's memory by line; the data in a variable
%gil f(x)                  one line
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, Dict, Optional, Tuple

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class


def _module(name: str, attribute: str) -> Any:
    """The module of kaa's that does the work."""
    try:
        module = import_module(name)
        getattr(module, attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"this kaa has no {name}: {error}") from None
    if hasattr(module, "is_available"):
        is_available, reason = module.is_available()
        if not is_available:
            raise UsageError(reason)
    return module


@magics_class
class KaaMagics(Magics):
    """%gil and %heap, for a line or a cell."""

    @line_cell_magic
    def gil(self, line: str, cell: Optional[str] = None) -> None:
        """Runs code and tells who held the GIL and who waited for it.

        %gil [options] code, or %%gil [options] and a cell

        -n ROWS         rows of a table, 10 by default
        -o NAME         keep the recording in this variable
        --html FILE     write a page
        --threshold S   holds and waits longer than this many seconds are told
                        by line, 0.0001 by default
        """
        options, code = self._parsed("gil", line, cell)
        module = _module("kaa.gil", "monitor")
        try:
            monitor = module.monitor(threshold=float(options.get("threshold", 0.0001)))
        except ValueError as error:
            raise UsageError(f"--threshold: {error}") from None
        with monitor:
            self._run(code)
        self._show(options, monitor.recording())

    @line_cell_magic
    def heap(self, line: str, cell: Optional[str] = None) -> None:
        """Runs code and tells which lines allocated what.

        %heap [options] code, or %%heap [options] and a cell

        -n ROWS         rows of a table, 10 by default
        -o NAME         keep the report in this variable
        --html FILE     write a page
        """
        options, code = self._parsed("heap", line, cell)
        module = _module("kaa.heap", "profile")
        with module.profile() as profile:
            self._run(code)
        self._show(options, profile.report())

    def _run(self, code: str) -> None:
        """An error is shown as if there were no magic."""
        shell: Any = self.shell
        shell.run_cell(code)

    def _parsed(
        self, magic: str, line: str, cell: Optional[str]
    ) -> Tuple[Dict[str, str], str]:
        """The options, and the code: the cell, or what stands behind the options."""
        options, rest = self.parse_options(
            line, "n:o:", "html=", "threshold=", preserve_non_opts=True
        )
        if cell is not None and rest.strip():
            raise UsageError(f"%%{magic}: what is {rest.strip()!r}?")
        if cell is None and not rest.strip():
            raise UsageError(f"%{magic} needs code behind it, or %%{magic} a cell")
        if not options.get("n", "10").isdigit():
            raise UsageError(f"%{magic} -n: wanted a number of rows, not {options['n']!r}")
        return options, rest if cell is None else cell

    def _show(self, options: Dict[str, str], data: Any) -> None:
        from kaa import _views

        _views.table(data, sys.stdout, limit=int(options.get("n", "10")))
        if "o" in options:
            shell: Any = self.shell
            shell.user_ns[options["o"]] = data
        if "html" in options:
            try:
                with open(options["html"], "w", encoding="ascii") as file:
                    file.write(_views.html(data))
            except OSError as error:
                raise UsageError(f"{options['html']}: {error.strerror}") from None
            print(f"written to {options['html']}")


def load(shell: Any) -> None:
    """Registers the magics."""
    shell.register_magics(KaaMagics)
