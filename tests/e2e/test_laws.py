"""Laws of apply over the real parts: a sandbox over HTTP, MCP servers, state in files.

A plain run takes a few examples that are the same every time; for more, and new ones each time,
`pytest tests/e2e/test_laws.py --hypothesis-profile thorough --timeout 3600`.
"""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconciler.execution import Outcome
from tests.e2e.course import Course
from tests.e2e.declaring import Declared, declarations
from tests.e2e.meddling import Meddling, meddlings
from tests.e2e.world import Servers, Workspace
from tests.parts.sandbox_process import SandboxProcess

Start = Callable[[], Course]


def often(examples: int, *, steps: int = 1) -> settings:
    """So many examples in a plain run, and as many times more as the profile asks for.

    A failure is shown as it was found: to make it smaller takes hundreds of runs of real parts.
    """
    profile = settings.get_profile(settings.get_current_profile_name())
    times = max(1, profile.max_examples // 100)
    return settings(
        max_examples=examples * times,
        stateful_step_count=steps,
        deadline=None,
        derandomize=times == 1,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def start(
    sandbox: SandboxProcess,
    servers: Servers,
    fresh: Iterator[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Start]:
    """Begin anew in one workspace of these tests' own."""
    workspace = Workspace(sandbox, next(fresh))
    neighbours = workspace.neighbours()
    numbers = count()

    def begin() -> Course:
        folder = tmp_path_factory.mktemp(f"course-{next(numbers)}")
        return Course(workspace, servers, folder)

    yield begin
    begin()
    assert workspace.neighbours() == neighbours
    workspace.close()


def settle(course: Course) -> None:
    """Apply, and check that all laws hold afterwards."""
    before, left_alone = course.strangers(), course.unmanaged()
    report = course.apply()
    held = {str(result.change.address) for result in report.of(Outcome.REFUSED)}
    broken = {
        str(result.change.address): result.message
        for result in report.results
        if result.outcome not in (Outcome.APPLIED, Outcome.REFUSED)
    }
    assert broken == {}, "the platform refused what the plan promised"

    left = course.plan()
    assert left.runnable == (), "an apply left something to do"
    assert {str(change.address) for change in left.changes} <= held, "and nobody held it back"
    assert course.mismatches() <= held, "the workspace isn't as declared"
    assert course.owned().keys() - held == course.declared.specs.keys() - held

    there = {each["sId"] for each in course.workspace.spaces().values()}
    there.add(course.workspace.space_id("company"))
    for sid, seen in course.unmanaged().items():
        was = left_alone.get(sid, seen)
        if "spaces" in was:  # a view of a server goes with the space of ours that it was in
            was = {**was, "spaces": was["spaces"] & there}
        assert seen == was, "what the manifests leave to the workspace was touched"

    after = course.strangers()
    gone = before.keys() - after.keys()
    # A view of theirs goes with the space of ours that it was in.
    assert {sid for sid in gone if not sid.startswith("mcpsv_")} == set(), "theirs was deleted"
    kept = {sid: value for sid, value in before.items() if sid not in gone}
    assert {sid: after[sid] for sid in kept} == kept, "theirs was touched"


def meddle(course: Course, servers: Servers, acts: list[Meddling]) -> None:
    """Do all of these by hand."""
    for act in acts:
        act.do(course.workspace, servers, course.owned())


@often(8)
@given(declarations(), declarations())
def test_after_an_apply_nothing_is_left_to_do(
    start: Start, first: Declared, second: Declared
) -> None:
    course = start()
    for declared in (first, second):
        course.declare(declared)
        settle(course)


@often(6)
@given(declarations(), st.lists(meddlings("ours"), min_size=1, max_size=4))
def test_drift_is_reported_for_what_moved_and_for_nothing_else_and_then_repaired(
    start: Start, servers: Servers, declared: Declared, acts: list[Meddling]
) -> None:
    course = start()
    course.declare(declared)
    settle(course)
    meddle(course, servers, acts)
    assert _drifted(course) == course.mismatches()
    settle(course)
    assert _drifted(course) == set()


@often(5)
@given(
    st.lists(meddlings("theirs"), min_size=1, max_size=3),
    declarations(),
    st.lists(meddlings("theirs"), max_size=3),
    declarations(),
)
def test_what_we_do_not_own_is_never_touched(
    start: Start,
    servers: Servers,
    theirs: list[Meddling],
    first: Declared,
    more: list[Meddling],
    second: Declared,
) -> None:
    course = start()
    for acts, declared in ((theirs, first), (more, second)):
        meddle(course, servers, acts)
        course.declare(declared)
        settle(course)


def test_the_laws_hold_whatever_comes_after_what(start: Start, servers: Servers) -> None:
    class Life(RuleBasedStateMachine):
        """A project's life, in any order."""

        @initialize(declared=declarations())
        def begin(self, declared: Declared) -> None:
            self.course = start()
            self.course.declare(declared)
            self.is_edited = True

        @rule(declared=declarations())
        def edit(self, declared: Declared) -> None:
            self.course.declare(declared)
            self.is_edited = True

        @rule(act=meddlings("ours"))
        def meddle_with_ours(self, act: Meddling) -> None:
            meddle(self.course, servers, [act])

        @rule(act=meddlings("theirs"))
        def meddle_with_theirs(self, act: Meddling) -> None:
            meddle(self.course, servers, [act])

        @rule()
        def apply(self) -> None:
            settle(self.course)
            self.is_edited = False

        @precondition(lambda self: not self.is_edited)
        @rule()
        def look(self) -> None:
            course = self.course
            assert _drifted(course) >= course.mismatches() & course.owned().keys()

        def teardown(self) -> None:
            settle(self.course)

    run_state_machine_as_test(Life, settings=often(4, steps=10))


def _drifted(course: Course) -> set[str]:
    return {str(change.address) for change in course.plan().drifted}
