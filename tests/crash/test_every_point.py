"""An apply that is struck at any call or any write of its state: the next ones put it right.

The scenario is that of `scenario.py`. Every case starts from the same workspace and state, is
struck at one place, and must end as an apply does that nothing happens to: the same spaces,
servers, views, tools, members and connections, nothing twice, nothing left over, everything owned
that is to be owned; a plan then has nothing more to do. At no time is anything deleted that the
undisturbed apply doesn't delete.

Kills are tried at every call and every write, and faults at one call of each shape, or at every
call with `FAULTS=all`. Only what can't differ is left out: whether a read that
failed was carried out; and, since files hold what was written whether it was synced or not, a kill
right before a sync, which is as the one right after. A kill before a write to the journal is the
one after the write or call before it.
"""

import os
import re
import sys
from collections.abc import Callable

import pytest

from tests.crash.deeds import TOLD_SECONDS, Crash, Fault, crash, fault
from tests.crash.forge import How, Ran, Strike
from tests.crash.lane import TIMEOUT, Lane
from tests.crash.stage import Case, Stage, complaints, kill
from tests.crash.table import PROPERTY, Cell, column_json
from tests.crash.wire import Deed

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
    pytest.mark.timeout(900),  # a column is dozens of applies
]
_SAMPLE = os.environ.get("FAULTS") != "all"
"""Whether to be content with each fault at one call of each shape; kills are always everywhere.

`FAULTS=all` strikes every call with every fault, which takes about twice as long.
"""
_CALLS, _WRITES = "calls and what strikes them", "state writes and kills at them"
Record = Callable[[str, object], None]


@pytest.mark.parametrize("when", Crash)
def test_an_apply_killed_at_any_call_is_finished_by_the_next(
    stage: Stage, record_property: Record, when: Crash
) -> None:
    def deed(lane: Lane) -> Deed:
        return crash(when, kill(lane))

    cells = stage.play(
        [
            Case(row=row, call=at, deed=deed)
            for at, row in _rows(stage.reference.calls)
            if when is Crash.BEFORE or not _only_reads(row)
        ]
    )

    _tell(record_property, _CALLS, when, cells)


_LEASED = (
    "sync state.json.lock-owner (new)",
    "replace state.json.lock-owner",
    "remove state.json.lock-owner (new)",
    "sync folder",
)
_BEGUN = ("sync state.json.journal", "sync folder")
_NOTED = ("sync state.json.journal",)
_REWRITTEN = (
    "sync state.json (new)",
    "replace state.json",
    "remove state.json (new)",
    "sync folder",
    "remove state.json.journal",
)
_LET_GO = ("remove state.json.lock-owner",)


def test_an_apply_writes_its_state_in_the_steps_that_make_it_durable(stage: Stage) -> None:
    """Rows to be struck are those of the undisturbed apply: one that is missing is struck nowhere.

    What is written is synced before it takes the place of another or is gone on from, and so is the
    name of a new file; a sync that is left out costs a state or an intent when the power fails.
    """
    writes, rewrites = stage.reference.writes, stage.reference.rewrites
    noted = writes.count(*_NOTED) - 1
    assert noted > _STEP
    assert writes == (*_LEASED, *_BEGUN, *_NOTED * noted, *_REWRITTEN, *_LET_GO)
    inside = rewrites[len(_LEASED) : -len(_LET_GO)]
    assert inside == (
        *_BEGUN,  # of the run
        *_NOTED,
        *_REWRITTEN,
        *(_BEGUN + _REWRITTEN) * (inside.count("replace state.json") - 1),
        "remove state.json.journal",  # there is none, and whoever ends makes sure of that
    )


@pytest.mark.parametrize("how", ["before", "torn", "after"])
def test_an_apply_killed_at_any_write_of_its_state_is_finished_by_the_next(
    stage: Stage, record_property: Record, how: How
) -> None:
    cells = stage.play(
        [
            Case(row=row, strike=Strike(at=at, how=how))
            for at, row in _rows(stage.reference.writes)
            if how == "after" or (how == "torn") == _can_tear(row)
        ]
    )

    _tell(record_property, _WRITES, f"killed, {_TORN if how == 'torn' else how}", cells)


def test_an_apply_killed_while_it_rewrites_its_state_is_finished_by_the_next(stage: Stage) -> None:
    """A long apply rewrites the file now and then; here it does so after every change."""
    rows = _rows(stage.reference.rewrites)
    assert sum("replace state.json" in row for _, row in rows) > _STEP

    cells = stage.play(
        [
            Case(row=row, strike=Strike(at=at, how=_how(at, row)), rewrites=True)
            for at, row in rows[::_STEP]
        ]
    )

    assert not complaints(cells), complaints(cells)


@pytest.mark.parametrize("step", [5, 7])
def test_an_apply_with_four_workers_killed_at_some_calls_and_writes_is_finished_by_the_next(
    stage: Stage, step: int
) -> None:
    """The calls come in another order each time, so that no table is made of them."""

    def deed(lane: Lane) -> Deed:
        return crash(Crash.BEFORE if step == 5 else Crash.AFTER, kill(lane))

    calls, writes = len(stage.reference.calls), len(stage.reference.writes)
    cells = stage.play(
        [
            *(
                Case(row=f"call {at}", call=at, deed=deed, workers=4)
                for at in range(step, calls - 2, step)
            ),
            *(
                Case(row=f"write {at}", strike=Strike(at=at, how="after"), workers=4)
                for at in range(step, writes - 2, step)
            ),
        ]
    )

    assert not complaints(cells), complaints(cells)


@pytest.mark.parametrize("kind", Fault)
def test_a_fault_at_any_call_is_ridden_out_or_made_good_by_the_next_apply(
    stage: Stage, record_property: Record, kind: Fault
) -> None:
    cells = stage.play(
        [
            Case(
                row=row,
                call=at,
                deed=lambda _lane: fault(kind),
                stubborn=kind.stubborn,
                kills=False,
                seconds=TIMEOUT if kind.slow else None,
                judge=_waited if kind in _TOLD else lambda _ran: [],
            )
            for at, row in _chosen(kind, _rows(stage.reference.calls))
            if not (kind.twin and _only_reads(row))
        ]
    )

    _tell(record_property, _CALLS, kind, cells)
    if kind.harmless:
        assert {cell.applies for cell in cells} == {0}, "any call may be repeated after this"


_STEP = 7
"""Every seventh write is struck, where the same ones come again and again."""
_TORN = "the end of what was written lost"
_TOLD = (Fault.LIMIT_SECONDS, Fault.LIMIT_DATE)


def _rows(labels: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(number, f"{number + 1:3} {label}") for number, label in enumerate(labels)]


def _chosen(kind: Fault, rows: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """All rows; for a sample one of each shape of call, by turns from fault to fault."""
    if not _SAMPLE:
        return rows
    shapes: dict[str, list[tuple[int, str]]] = {}
    for at, row in rows:
        shapes.setdefault(re.sub(r"\{[^}]*\}", "{}", row.split(None, 1)[1]), []).append((at, row))
    turn = list(Fault).index(kind)
    return [alike[turn % len(alike)] for alike in shapes.values()]


def _only_reads(row: str) -> bool:
    """Whether a call does nothing, so that it is all one whether it was carried out."""
    return " GET " in row and "/oauth/" not in row


def _how(at: int, row: str) -> How:
    """One way after the other."""
    early: How = "torn" if _can_tear(row) else "before"
    return "after" if at % 2 else early


def _can_tear(row: str) -> bool:
    """Whether it syncs what was written to a file. A process killed just before that has written
    it all the same: what is to be tried there is that it was lost with the power."""
    return " sync " in row and "folder" not in row


def _waited(ran: Ran) -> list[str]:
    """It must wait as long as it was told; a date has whole seconds, and some have gone by."""
    if any(TOLD_SECONDS - 2 <= seconds <= TOLD_SECONDS for seconds in ran.waits):
        return []
    return [f"it was told to wait {TOLD_SECONDS} s, and waited {ran.waits}"]


def _tell(record: Record, table: str, column: str, cells: list[Cell]) -> None:
    record(PROPERTY, column_json(table, column, cells))
    assert cells
    assert not complaints(cells), complaints(cells)
