"""Any history: manifests are edited, others meddle, applies are killed or meet a spoilt call.

Whatever came before it, a clean apply leaves what we own as it is declared, nothing twice, nothing
left over, and what isn't ours as others left it.

A plain run takes a few histories that are the same every time; for more, and new ones each time,
`pytest tests/crash/test_any_history.py --hypothesis-profile thorough --timeout 3600`.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.execution import Outcome
from reconciler.state import FileStore
from tests.crash.deeds import Crash, Fault, crash, fault
from tests.crash.forge import Forge, Ran, Strike
from tests.crash.forge_program import HOUR
from tests.crash.lane import TIMEOUT
from tests.crash.wire import Wire
from tests.e2e.conftest import fresh, sandbox, servers
from tests.e2e.course import ALLOWED, Course
from tests.e2e.declaring import Declared, declarations
from tests.e2e.meddling import Meddling, meddlings
from tests.e2e.test_laws import often
from tests.e2e.world import Servers, Workspace
from tests.parts.cli import let_an_hour_pass
from tests.parts.sandbox_process import SandboxProcess

__all__ = ["fresh", "sandbox", "servers"]  # fixtures
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
    pytest.mark.timeout(900),
]
_VIEW = "mcpsv_"  # a view of theirs goes with the space of ours that it was in
_KILLED = -signal.SIGKILL
_ENDS = (0, 1, 3, 4, 6)
_MOST_CALLS, _MOST_WRITES = 45, 25
"""A strike that comes later than the apply ends leaves it clean."""
_MAYBE = st.one_of(declarations(), declarations(), st.none())
_STRIKES = st.builds(
    Strike, at=st.integers(0, _MOST_WRITES), how=st.sampled_from(["before", "torn", "after"])
)


@dataclass(frozen=True)
class Deal:
    """What happens to an apply at one of its calls."""

    at: int
    what: Crash | Fault


_DEALS = st.builds(
    Deal,
    st.integers(0, _MOST_CALLS),
    st.sampled_from([*Crash, *Crash, *(each for each in Fault if not each.slow)]),
)


class History:
    """One project's life, with the wire and the forge that its struck applies go through."""

    def __init__(self, course: Course, servers: Servers, wire: Wire, forge: Forge) -> None:
        self.course = course
        self._servers = servers
        self._wire = wire
        self._forge = forge
        self._pid = 0
        self.theirs = set(course.strangers())

    def meddle(self, act: Meddling) -> None:
        """What somebody does by hand: to what the state owns, or to what is known as others'.

        Not to what a killed apply made and nobody has looked up yet: whose that is, and what is
        to become of it when somebody changes its name, no law can tell.
        """
        course = self.course
        owned = self._owned()
        before = set(course.strangers())
        unknown = before - self.theirs
        act.do(course.workspace, self._servers, owned, spared=unknown)
        self.theirs |= set(course.strangers()) - before - set(owned.values())

    def struck(self, *, deal: Deal | None = None, strike: Strike | None = None) -> Ran:
        """An apply in a process of its own to which something happens."""
        course = self.course
        left_alone = self._others()
        if deal is None:
            self._wire.start()
        elif isinstance(deal.what, Crash):
            self._wire.start(number=deal.at, deed=crash(deal.what, self._kill))
        else:
            deed = fault(deal.what)
            self._wire.start(number=deal.at, deed=deed, stubborn=deal.what.stubborn)
        self.later()
        ran = self._forge.run(
            *("apply", "-f", "manifests", "--yes", "--parallelism", "1"),
            *("--timeout", str(TIMEOUT if deal and deal.what is Fault.TIMEOUT_DONE else 30)),
            *(word for gate in sorted(ALLOWED) for word in ("--allow", gate)),
            folder=course.folder,
            environ=course.environ,
            strike=strike,
            started=self._started,
        )
        self._wire.drain()
        self._wire.start()
        assert ran.code in (_KILLED, *_ENDS), str(ran.done)
        for words in ("Traceback (most recent call last)", "this is a bug"):
            assert words not in ran.done.out + ran.done.err, str(ran.done)
        self._check_untouched(left_alone, str(ran.done))
        return ran

    def settle(self) -> None:
        """A clean apply, after which all laws hold, whatever happened before."""
        course = self.course
        self.later()
        left_alone = self._others()
        report = course.apply()
        held = {str(result.change.address) for result in report.of(Outcome.REFUSED)}
        told = {str(r.change.address): (r.outcome.value, r.message) for r in report.results}
        done = {Outcome.APPLIED, Outcome.REFUSED, Outcome.SKIPPED}
        assert {result.outcome for result in report.results} <= done, told
        wrong = course.mismatches()
        unasked = {str(r.change.address) for r in report.results if r.outcome is Outcome.SKIPPED}
        assert wrong <= held | unasked, (wrong, told)
        if not held:
            assert {str(change.address) for change in course.plan().changes} == set()
            assert set(course.owned()) == set(course.declared.specs)
        self._check_untouched(left_alone, str(told))
        assert set(course.strangers()) - self.theirs == set(), "something is left over"
        state = self._store().load()
        assert state.unfinished == ()
        assert all(not entry.deposed for entry in state.entries.values()) or held
        files = {path.name for path in course.folder.iterdir() if path.is_file()}
        assert files <= {"state.json", "state.json.lock"}, files
        self._check_no_twins()

    def later(self) -> None:
        """Let it be an hour later for the next run, which so waits for nothing under way."""
        let_an_hour_pass(self.course.folder)

    def _others(self) -> dict[str, Any]:
        return {sid: it for sid, it in self.course.strangers().items() if sid in self.theirs}

    def _check_untouched(self, before: dict[str, Any], told: str) -> None:
        after = self._others()
        gone = {sid for sid in before.keys() - after.keys() if not sid.startswith(_VIEW)}
        assert gone == set(), f"others' things were deleted\n{told}"
        kept = {sid: it for sid, it in before.items() if sid in after}
        assert after == kept, f"others' things were touched\n{told}"

    def _check_no_twins(self) -> None:
        ids = list(self.course.owned().values())
        assert len(ids) == len(set(ids)), "two addresses own one object"

    def _owned(self) -> dict[str, str]:
        """Remote ids by address, of an interrupted run as well."""
        entries = self._store().load().entries
        return {str(address): entry.remote_id for address, entry in entries.items()}

    def _store(self) -> FileStore:
        path = self.course.folder / "state.json"
        return FileStore(path, provider="dust", workspace_id=self.course.workspace.id)

    def _started(self, pid: int) -> None:
        self._pid = pid

    def _kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)


Begin = Callable[[], History]


@pytest.fixture(scope="module")
def begin(
    sandbox: SandboxProcess,
    servers: Servers,
    fresh: Iterator[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Begin]:
    """Begin anew in one workspace of these tests' own."""
    workspace = Workspace(sandbox, next(fresh))
    numbers = count()
    talk = tmp_path_factory.mktemp("talk")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("reconciler.planning.ownership.LAGS", -HOUR)  # as the forge has it
        wire = stack.enter_context(Wire(sandbox.url))
        forge = stack.enter_context(Forge(talk))

        def start() -> History:
            folder = tmp_path_factory.mktemp(f"history-{next(numbers)}")
            course = Course(workspace, servers, folder, url=wire.url)
            return History(course, servers, wire, forge)

        yield start
    workspace.close()


def test_after_any_history_a_clean_apply_makes_it_good(begin: Begin) -> None:
    codes: Counter[int] = Counter()

    class Life(RuleBasedStateMachine):
        """A project's life, in any order."""

        @initialize(declared=declarations())
        def start(self, declared: Declared) -> None:
            self.history = begin()
            self.history.course.declare(declared)

        @rule(declared=declarations())
        def edit(self, declared: Declared) -> None:
            self.history.course.declare(declared)

        @rule(act=meddlings("ours"))
        def meddle_with_ours(self, act: Meddling) -> None:
            self.history.meddle(act)

        @rule(act=meddlings("theirs"))
        def meddle_with_theirs(self, act: Meddling) -> None:
            self.history.meddle(act)

        @rule(declared=_MAYBE, deal=_DEALS)
        def apply_with_a_spoilt_call(self, declared: Declared | None, deal: Deal) -> None:
            self.history.course.declare(declared or self.history.course.declared)
            codes[self.history.struck(deal=deal).code] += 1

        @rule(declared=_MAYBE, strike=_STRIKES)
        def apply_killed_at_a_write(self, declared: Declared | None, strike: Strike) -> None:
            self.history.course.declare(declared or self.history.course.declared)
            codes[self.history.struck(strike=strike).code] += 1

        @rule()
        @precondition(lambda self: self.history.course.declared.specs)
        def apply(self) -> None:
            self.history.settle()

        def teardown(self) -> None:
            if hasattr(self, "history"):
                self.history.settle()

    run_state_machine_as_test(Life, settings=often(8, steps=12))
    assert codes[_KILLED] >= 5, codes
    assert codes.total() - codes[_KILLED] >= 5, codes
