"""Runs the cases of a column in several lanes, and judges each."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from tests.crash.content import differences, owned_differences
from tests.crash.forge import Ran, Strike
from tests.crash.lane import Lane
from tests.crash.table import Cell
from tests.crash.wire import Call, Deed

MOST_APPLIES = 3
_KILLED = -signal.SIGKILL
# Done, failed, partly applied, refused by a guard, consents pending: each tells what it did.
_ENDS = (0, 1, 3, 4, 6)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What strikes an apply: a deed at a call, or a kill at a write to the state's files.

    `seconds` is the timeout that the struck apply is given, `workers` how many calls it makes at a
    time; `rewrites` is as for `Forge.run`, and `judge` looks at how it ended.
    """

    row: str
    call: int | None = None
    deed: Callable[[Lane], Deed] | None = None
    stubborn: bool = False
    strike: Strike | None = None
    kills: bool = True
    seconds: float | None = None
    workers: int = 1
    rewrites: bool = False
    judge: Callable[[Ran], list[str]] = lambda _ran: []


class Stage:
    """Some lanes, each used by one case at a time."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._free: SimpleQueue[Lane] = SimpleQueue()
        for lane in lanes:
            self._free.put(lane)
        self._lanes = len(lanes)
        self.reference = lanes[0].reference

    def play(self, cases: Sequence[Case]) -> list[Cell]:
        """Play all cases; what came of each."""
        with ThreadPoolExecutor(self._lanes) as pool:
            return list(pool.map(self._play, cases))

    def _play(self, case: Case) -> Cell:
        lane = self._free.get()
        try:
            return _Trial(lane, case).run()
        finally:
            self._free.put(lane)


class _Trial:
    """One case in one lane."""

    def __init__(self, lane: Lane, case: Case) -> None:
        self._lane = lane
        self._case = case
        self._wrongs: list[str] = []
        self._calls: list[Call] = []

    def run(self) -> Cell:
        self._lane.reset()
        ran = self._struck()
        self._wrongs += self._case.judge(ran)
        gone = self._lane.staying - set(self._lane.live())
        self._wrongs += [f"gone after the struck apply: {each}" for each in sorted(gone)]
        if not self._wrongs and ran.code != _KILLED and self._lane.is_as_before():
            return Cell(row=self._case.row, applies=0, untouched=True)
        applies = 0
        while applies < MOST_APPLIES and not self._is_whole(ran):
            applies += 1
            ran = self._again()
        self._conclude()
        if self._wrongs:
            self._wrongs.append(str(ran.done))
        return Cell(row=self._case.row, applies=applies, wrongs=tuple(self._wrongs))

    def _struck(self) -> Ran:
        case, lane = self._case, self._lane
        deed = case.deed(lane) if case.deed else None
        lane.wire.start(number=case.call, deed=deed, stubborn=case.stubborn)
        ran = lane.apply(
            strike=case.strike,
            seconds=case.seconds,
            workers=case.workers,
            rewrites=case.rewrites,
        )
        self._calls += lane.wire.drain()
        self._check_end(ran, (_KILLED,) if case.kills else _ENDS)
        return ran

    def _again(self) -> Ran:
        self._lane.wire.start()
        self._lane.later()
        ran = self._lane.apply()
        self._calls += self._lane.wire.drain()
        self._check_end(ran, _ENDS)
        return ran

    def _check_end(self, ran: Ran, codes: Sequence[int]) -> None:
        if ran.code not in codes:
            self._wrongs.append(f"it ended with code {ran.code}\n{ran.done}")
        for words in ("Traceback (most recent call last)", "this is a bug"):
            if words in ran.done.out + ran.done.err:
                self._wrongs.append(f"{words}: {ran.done}")

    def _is_whole(self, ran: Ran) -> bool:
        return ran.code == self._lane.reference.code and (
            self._lane.standing() == self._lane.reference.standing
        )

    def _conclude(self) -> None:
        lane, wanted = self._lane, self._lane.reference
        standing = lane.standing()
        self._wrongs += differences(standing.live, wanted.standing.live)
        self._wrongs += owned_differences(standing.owned, wanted.standing.owned)
        sent = [call for call in self._calls if call.method == "DELETE" and call.forwarded]
        for label in sorted(set(lane.labels(sent)) - wanted.deletes):
            self._wrongs.append(f"was never to be deleted: {label}")
        if lane.journal.exists():
            self._wrongs.append("a journal is left")
        if self._case.kills and (found := lane.plan()) != wanted.plan:
            self._wrongs.append(f"the plan differs: {found}")


def kill(lane: Lane) -> Callable[[], None]:
    """Kill the command that runs in the lane, and return when it is dead."""

    def strike() -> None:
        os.kill(lane.pid, signal.SIGKILL)

    return strike


def complaints(cells: Sequence[Cell]) -> str:
    """What went wrong where; empty when all is well."""
    return "\n\n".join(
        f"at {cell.row}:\n" + "\n".join(cell.wrongs) for cell in cells if cell.wrongs
    )
