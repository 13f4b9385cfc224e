"""Two runs and one state, as the command line tells it: waiting, unlocking, losing the lock."""

import json
import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.state import Lease, Owner, lease_json
from tests.e2e.gatekeeper import Gatekeeper
from tests.e2e.test_json_output import checked
from tests.e2e.world import Workspace, project_for, space
from tests.parts.cli import Project

_APPLY = ("apply", "-f", "manifests", "--yes")


def note(project: Project) -> Path:
    """Where the lease is written down."""
    return project.folder / "state.json.lock-owner"


def lease_elsewhere(
    project: Project, *, seen: timedelta = timedelta(), length: timedelta = timedelta(seconds=90)
) -> None:
    """Another machine has the state, or had it."""
    now = datetime.now(UTC)
    lease = Lease(
        id="theirs",
        owner=Owner(user="ci", host="runner-7", pid=99),
        machine="another kernel",
        since=now - timedelta(minutes=5),
        renewed=now - seen,
        length=length,
    )
    note(project).write_text(json.dumps(lease_json(lease)), "utf-8")


def test_the_state_of_a_run_elsewhere_is_unlocked_by_its_name(
    project: Project, workspace: Workspace
) -> None:
    project.write("a.yaml", space("a"))
    lease_elsewhere(project)

    locked = project.apply(code=7)
    said = re.search(r"reconciler (unlock \S+?)`", locked.err)
    assert said, str(locked)
    assert "a" not in workspace.spaces()
    wrong = project.run("unlock", "ci@runner-7:1", "-f", "manifests", code=7)
    assert "by ci@runner-7:99" in wrong.err

    done = project.run(*said[1].split(), "-f", "manifests")
    assert "unlocked: it was held by ci@runner-7:99 since" in done.out
    again = project.run(*said[1].split(), "-f", "manifests", "--output", "json")
    assert checked(again, "unlocked")["unlocked"] is None
    project.apply()
    project.settled()


def test_a_run_that_died_elsewhere_is_told_of_and_its_work_goes_on(
    project: Project, workspace: Workspace
) -> None:
    project.write("a.yaml", space("a"))
    lease_elsewhere(project, seen=timedelta(minutes=2), length=timedelta(seconds=1))
    done = project.apply()
    assert "looks left behind: watching it for a sign of life, for 1 s" in done.err
    assert "ci@runner-7:99 ended without letting go of the state" in done.err
    assert "a" in workspace.spaces()


def test_a_second_apply_waits_for_the_first_and_then_runs(
    project: Project, workspace: Workspace
) -> None:
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        project.write("a.yaml", space("a"))
        hold = gate.hold(r"POST .*/spaces$", "after")
        with project.start(*_APPLY) as first:
            hold.wait()
            with project.start(*_APPLY, "--lock-timeout", "1m") as second:
                second.wait_for("waiting for the state, which is locked by")
                hold.release()
                assert first.end().code == 0
                ended = second.end()
    assert ended.code == 0, str(ended)
    assert "Nothing to do" in ended.out, str(ended)


@pytest.mark.timeout(300)
def test_of_fifty_applies_at_once_one_runs_at_a_time(
    project: Project, workspace: Workspace
) -> None:
    """Half of them wait for their turn, the others say who holds the state."""
    with Gatekeeper(workspace.url) as gate, ExitStack() as stack:
        project_for(workspace, project, url=gate.url)
        project.write("a.yaml", *(space(f"s{number}") for number in range(4)))
        running = [
            stack.enter_context(
                project.start(*_APPLY, *(("--lock-timeout", "10m") if number % 2 else ()))
            )
            for number in range(50)
        ]
        ended = [each.end() for each in running]
        writes = [each for each in gate.log if each.method != "GET"]
    waited, hasty = ended[1::2], ended[::2]
    assert [str(done) for done in waited if done.code] == []
    assert {done.code for done in hasty} <= {0, 7}
    assert all("is locked by" in done.err for done in hasty if done.code == 7)
    told = [done for done in ended if done.code == 0 and "Nothing to do" not in done.out]
    assert len(told) == 1, "one of them did it all, whoever came first"
    assert len(writes) == 4, "and nothing was sent twice"
    assert {f"s{number}" for number in range(4)} <= workspace.spaces().keys()
    project_for(workspace, project).settled()


def test_waiting_ends(project: Project, workspace: Workspace) -> None:
    project.write("a.yaml", space("a"))
    lease_elsewhere(project)
    locked = project.apply("--lock-timeout", "1s", code=7)
    assert "waiting for the state" in locked.err
    wrong = project.apply("--lock-timeout", "soon", code=64)
    assert "such as 90m" in wrong.err


def test_waiting_can_be_interrupted(project: Project, workspace: Workspace) -> None:
    project.write("a.yaml", space("a"))
    lease_elsewhere(project)
    with project.start(*_APPLY, "--lock-timeout", "10m") as waiting:
        waiting.wait_for("waiting for the state")
        waiting.interrupt()
        done = waiting.end()
    assert done.code == 130, str(done)
    assert not workspace.spaces().get("a")


def test_an_apply_that_lost_its_lock_stops_and_the_next_makes_no_duplicate(
    project: Project, workspace: Workspace
) -> None:
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, project, url=gate.url)
        project.write("a.yaml", space("a"), space("b"))
        hold = gate.hold(r"POST .*/spaces$", "after")
        with project.start(*_APPLY, "--parallelism", "1", "--output", "json") as running:
            hold.wait()
            lease_elsewhere(project)
            hold.release()
            lost = running.end()
        assert lost.code == 3, str(lost)
        report = checked(lost, "report")
        assert "was lost: it is locked by ci@runner-7:99" in report["stopped"]["message"]
        told = {each["address"]: each for each in report["results"]}
        assert "this was done (vlt_" in told["Space/a"]["message"], "what was made is told"
        assert told["Space/b"]["outcome"] == "skipped"
        made = [each for each in gate.log if each.method == "POST" and "/spaces" in each.path]
        assert len(made) == 1, "nothing was begun after that"

        project.run("unlock", "ci@runner-7:99", "-f", "manifests")
        project.apply()
        project.settled()
    assert {"a", "b"} <= workspace.spaces().keys()
    named = [s["name"] for s in workspace.admin.read("/spaces", role="admin")["spaces"]]
    assert sorted(named) == sorted(set(named)), "something was made twice"
