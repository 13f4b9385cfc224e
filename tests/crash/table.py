"""The table of calls, faults and outcomes that a run of the tests prints at its end."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

PROPERTY = "crash-column"
"""The name under which a test tells its column; it reaches the end from any worker."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What came of one case.

    `row` is the call or write at which it struck. `untouched` says that the struck apply stopped
    with workspace and state as they were; else `applies` how many more applies it took: 0 when the
    one that was struck still did everything. `wrongs` say what was not as it should be.
    """

    row: str
    applies: int
    untouched: bool = False
    wrongs: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        """As the table shows it."""
        if self.wrongs:
            return "X"
        return "." if self.untouched else str(self.applies or "=")


def column_json(table: str, column: str, cells: Iterable[Cell]) -> str:
    """A column, to be handed to `record_property`."""
    told = [(cell.row, cell.letter) for cell in cells]
    return json.dumps({"table": table, "column": column, "cells": told})


def print_tables(reporter: pytest.TerminalReporter) -> None:
    """Print a table for all columns that the tests told of."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, ()):
            for name, text in getattr(report, "user_properties", ()):
                if name == PROPERTY:
                    told = json.loads(text)
                    tables.setdefault(told["table"], []).append(told)
    for title, columns in sorted(tables.items()):
        reporter.section(title)
        for line in lines(columns):
            reporter.write_line(line)


def lines(columns: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """The table as text."""
    ordered = sorted(columns, key=lambda each: str(each["column"]))
    rows = list(dict.fromkeys(row for each in ordered for row, _ in each["cells"]))
    rows.sort(key=lambda row: int(row.split()[0]))
    wide = max((len(row) for row in rows), default=0)
    cells = [dict(each["cells"]) for each in ordered]
    marks = "abcdefghijklmnopqrstuvwxyz"
    yield " " * wide + "  " + " ".join(marks[: len(cells)])
    for row in rows:
        yield f"{row:<{wide}}  {' '.join(each.get(row, ' ') for each in cells)}"
    yield ""
    for mark, each, found in zip(marks, ordered, cells, strict=False):
        told = list(found.values())
        counts = ", ".join(f"{told.count(x)} {_WORDS[x]}" for x in _WORDS if x in told)
        yield f"{mark}  {each['column']}: {counts}"
    yield "=  ends as without it   1 2 3  ends so after as many more applies   X  wrong"
    yield ".  stopped before anything was written"
    yield "(blank)  as in another column, or not tried (FAULTS=all)"


_WORDS = {
    "=": "by itself",
    ".": "stopped untouched",
    "1": "by the next apply",
    "2": "by the second next",
    "3": "by the third next",
    "X": "WRONG",
}
