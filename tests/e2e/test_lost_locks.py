"""Runs that were stopped while another had the state: not one call is sent after that.

At every write of an apply, in this process and by a clock of the test's own; and with processes
that really are stopped.
"""

import itertools
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reconciler.execution import Listener, Report
from reconciler.state import StateLost
from reconciler.workflows import (
    Applied,
    Approval,
    Exit,
    Options,
    Planned,
    apply,
    exit_code,
    load_manifests,
    open_context,
)
from reconciler.workflows.holding import owner
from reconciler.workflows.trust import Trust
from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.e2e.test_json_output import checked
from tests.e2e.test_shared_states import at, point
from tests.e2e.world import ADMIN, Servers, Workspace, project_for, server, space
from tests.parts.cli import Project
from tests.state.places import Place
from tests.state.stores import Clock

_WRITE = r"^(POST|PATCH|DELETE) "
_SLEEPS = (2.0, 60.0)
"""Seconds: for a moment, and for more than half a lease."""
_LEAST = 6  # writes that the edit takes


def edited(url: str, *, much: bool) -> list[dict[str, object]]:
    """One server and spaces for it; little of it or much."""
    spaces = [f"s{number}" for number in range(3)]
    made = server(
        "alpha",
        url,
        displayName="Beta" if much else "Alpha",
        description="two" if much else "one",
        icon="ActionRobotIcon" if much else "ActionBookOpenIcon",
        spaces=spaces if much else [],
        tools={"search": {"stake": "low" if much else "high"}},
    )
    extra = [space("extra")] if much else []
    return [*map(space, spaces), *extra, made]


def unasked(_planned: Planned) -> Approval:
    """As with `--yes`."""
    return Approval.UNASKED


def apply_here(
    project: Project,
    workspace: Workspace,
    place: Place,
    clock: Clock,
    *,
    approve: Callable[[Planned], Approval] = unasked,
) -> Applied:
    """Apply in this process, with the state at the place."""
    loaded = load_manifests([project.manifests], None)
    assert loaded.desired is not None
    options = Options(
        environ={"DUST_ACCESS_TOKEN": ADMIN}, allow=frozenset({"max-deletes"}), parallelism=1
    )
    context = open_context(loaded.desired, loaded.locator, options, trust=Trust())
    store = place.store(workspace=workspace.id, clock=clock)
    return apply(replace(context, store=store), approve=approve, listener=Listener())


def taker(workspace: Workspace, place: Place) -> Callable[[], None]:
    """Takes the lock from the run that has it, has it, and gives it back."""
    if place.path is not None:  # as on a disk that carries no locks of the operating system

        def overwrite() -> None:
            note = Path(f"{place.path}.lock-owner")
            lease = json.loads(note.read_text()) | {"id": "theirs", "machine": "another kernel"}
            note.write_text(json.dumps(lease))

        return overwrite

    def take() -> None:
        store = place.store(workspace=workspace.id)
        assert store.unlock(owner({}).name)
        with store.session(owner=owner({"BUILD_URL": "another"}), tool="1.0"):
            pass

    return take


@pytest.mark.parametrize("making", ["file", "postgres", "s3"], indirect=True, scope="module")
def test_a_run_that_slept_at_any_write_sends_none_after_it(
    project: Project, workspace: Workspace, servers: Servers, place: Place
) -> None:
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        clock, take = Clock(), taker(workspace, place)
        writes: list[str] = []
        struck = -1

        def strike(asked: Asked) -> Told | None:
            writes.append(str(asked))
            if len(writes) - 1 != struck:
                return None
            told = gate.forward(asked)
            take()
            clock.pass_(_SLEEPS[struck % 2])
            return told

        gate.answer(_WRITE, strike)

        def run(*, much: bool, at: int = -1) -> Report:
            nonlocal struck
            writes.clear()
            struck = at
            project.write("all.yaml", *edited(servers.open.url, much=much))
            applied = apply_here(project, workspace, place, clock)
            if place.path is not None:
                Path(f"{place.path}.lock-owner").unlink(missing_ok=True)
            assert applied.report is not None
            return applied.report

        report = run(much=False)
        assert exit_code(report) is Exit.DONE
        for number in itertools.count():
            report = run(much=True, at=number)
            if len(writes) <= number:
                break  # it was struck at each
            assert writes[number + 1 :] == [], "sent without the lock"
            assert report.stopped
            assert exit_code(report) is Exit.PARTLY
            run(much=False)
        assert exit_code(report) is Exit.DONE
        assert number >= _LEAST


Between = Callable[[], object]


def asked_and_answered(
    project: Project, workspace: Workspace, place: Place, *between: Between
) -> tuple[Applied, list[Planned], list[str]]:
    """Apply with a person who says yes to each plan, after what happens `between` question and
    answer; the plans that were shown, and the writes that were sent."""
    shown: list[Planned] = []
    happens, clock = list(between), Clock()

    def approve(planned: Planned) -> Approval:
        shown.append(planned)
        clock.pass_(60)
        if happens:
            happens.pop(0)()
        return Approval.YES

    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        applied = apply_here(project, workspace, place, clock, approve=approve)
        return applied, shown, gate.calls(writes_only=True)


@at("file")
def test_a_plan_that_is_the_same_after_the_question_is_applied(
    project: Project, workspace: Workspace, place: Place
) -> None:
    project.write("all.yaml", space("a"))
    applied, shown, writes = asked_and_answered(project, workspace, place)
    assert len(shown) == 1
    assert applied.planned is not shown[0], "made on newer lists"
    assert len(writes) == 1


@at("file")
def test_a_plan_that_is_another_after_the_question_is_shown_and_asked_about(
    project: Project, workspace: Workspace, place: Place
) -> None:
    project.write("all.yaml", space("a", access="open"))
    asked_and_answered(project, workspace, place)
    project.write("all.yaml", space("a", displayName="First", access="open"))

    def rename() -> None:
        workspace.rename_space("a", "Somebody's own")

    _, shown, writes = asked_and_answered(project, workspace, place, rename)
    before = [plan.plan.changes[0].fields[0].before for plan in shown]
    assert before == ["a", "Somebody's own"]
    assert len(writes) == 1


@at("file", "s3")
def test_a_lock_that_is_lost_at_the_question_keeps_everything_from_being_sent(
    project: Project, workspace: Workspace, place: Place
) -> None:
    project.write("all.yaml", space("a"))
    sent: list[str] = []

    def run() -> None:
        sent.extend(asked_and_answered(project, workspace, place, taker(workspace, place))[2])

    with pytest.raises(StateLost):
        run()
    assert sent == []
    assert "a" not in workspace.spaces()


@at("postgres", "s3", "gitlab")
def test_a_process_that_was_stopped_and_unlocked_says_what_it_made_and_sends_no_more(
    project: Project, workspace: Workspace, servers: Servers, place: Place
) -> None:
    with Gatekeeper(workspace.url) as gate:
        point(project, workspace, place, url=gate.url)
        project.write("all.yaml", *edited(servers.open.url, much=False))
        project.apply()
        project.write("all.yaml", *edited(servers.open.url, much=True))
        hold = gate.hold(r"PATCH ", "after")
        # One call at a time: another that is just being sent can't be called back.
        flags = ("--yes", "--parallelism", "1", "--output", "json")
        with project.start("apply", "-f", "manifests", *flags) as running:
            hold.wait()
            os.kill(running.pid, signal.SIGSTOP)
            locked = checked(project.apply("--output", "json", code=7), "failure")
            project.run("unlock", locked["holder"]["owner"], "-f", "manifests")
            project.apply()
            sent = len(gate.calls(writes_only=True))
            os.kill(running.pid, signal.SIGCONT)
            hold.release()
            lost = running.end()
        assert gate.calls(writes_only=True)[sent:] == []
        assert lost.code == 3, str(lost)
        report = checked(lost, "report")
        assert "the lock on the state" in report["stopped"]["message"]
        project.settled()


@at("gitlab")
def test_a_store_that_goes_away_in_the_middle_leaves_a_report_of_what_was_made(
    project: Project, workspace: Workspace, place: Place
) -> None:
    with Gatekeeper(workspace.url) as gate, Gatekeeper(origin_of(place)) as door:
        there = replace(place, url=(place.url or "").replace(origin_of(place), door.url))
        point(project, workspace, there, url=gate.url)
        project.write("all.yaml", space("a"), space("b"))
        hold = gate.hold(r"POST .*/spaces$", "after")
        flags = ("--yes", "--parallelism", "1", "--output", "json")
        with project.start("apply", "-f", "manifests", *flags) as running:
            hold.wait()
            door.answer(r"^POST [^?]*\?ID=", lambda _asked: Told(status=507, body=b"full"))
            hold.release()
            done = running.end()
        assert done.code == 3, str(done)
        report = checked(done, "report")
        assert "can't be written" in report["stopped"]["message"]
        assert [each["outcome"] for each in report["results"]] == ["failed", "skipped"]
        assert "could not be written down" in report["results"][0]["message"]
        assert len([each for each in gate.calls() if each.startswith("POST")]) == 1
        point(project, workspace, place)
        project.apply()
        project.settled()


def origin_of(place: Place) -> str:
    """The scheme, host and port of its URL."""
    parts = urlsplit(place.url or "")
    return f"{parts.scheme}://{parts.netloc}"
