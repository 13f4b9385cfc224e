"""Plans and states that somebody changed: refused, with a way out, and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import Workspace, space
from tests.parts.cli import Project

MINE = "Space/team"


@pytest.fixture
def applied(project: Project) -> Path:
    """The state of a project that owns a space."""
    project.write("s.yaml", space("team", displayName="Team"))
    project.apply()
    return project.folder / "state.json"


def edit(path: Path, old: str, new: str) -> bytes:
    """What somebody does by hand; what the file holds then."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path.read_bytes()


def test_an_edited_state_is_refused_by_every_command_until_it_is_accepted(
    project: Project, workspace: Workspace, applied: Path
) -> None:
    edited = edit(applied, '"displayName": "Team"', '"displayName": "Crew"')
    before = workspace.spaces()

    for command in (["plan"], ["apply", "--yes"]):
        done = project.run(*command, "-f", "manifests", code=1)
        assert "something else changed it after it was written" in done.err
        assert "run `reconciler state accept`" in done.err
    assert (workspace.spaces(), applied.read_bytes()) == (before, edited)

    accepted = project.run("state", "accept", "-f", "manifests", "--yes")
    assert MINE in accepted.out
    assert "accepted" in accepted.err
    project.settled()


def test_nothing_is_accepted_unasked_or_without_need(project: Project, applied: Path) -> None:
    before = applied.read_bytes()
    done = project.run("state", "accept", "-f", "manifests", "--yes")
    assert "nobody had changed it; nothing was written" in done.err
    assert applied.read_bytes() == before

    edited = edit(applied, '"displayName": "Team"', '"displayName": "Crew"')
    done = project.run("state", "accept", "-f", "manifests", code=64)
    assert "say --yes to accept it" in done.err
    assert applied.read_bytes() == edited


def test_a_state_that_is_none_is_not_accepted(project: Project, applied: Path) -> None:
    whole = applied.read_text()
    for old, new, said in (
        ('"remoteId"', '"remote"', "remoteId"),
        ('"displayName": "Team"', '"members": "all"', "`members` of what was applied"),
        ("{", "", "not JSON"),
    ):
        applied.write_text(whole)
        damaged = edit(applied, old, new)

        done = project.run("state", "accept", "-f", "manifests", "--yes", code=1)

        assert said in done.err
        assert "restore the file" in done.err
        assert applied.read_bytes() == damaged


def test_a_tampered_plan_is_refused_and_nothing_is_written(
    project: Project, workspace: Workspace, applied: Path
) -> None:
    project.write("s.yaml", space("team", displayName="Crew"))
    project.plan("--out", "saved.plan")
    before, state = workspace.spaces(), applied.read_bytes()
    whole = (project.folder / "saved.plan").read_text()
    document: dict[str, Any] = json.loads(whole)

    for tampered in (
        {**document, "mode": "destroy"},
        {**document, "allow": ["max-deletes"]},
    ):
        (project.folder / "saved.plan").write_text(json.dumps(tampered))
        done = project.run("apply", "saved.plan", code=1)
        assert "altered after it was made" in done.err
    assert (workspace.spaces(), applied.read_bytes()) == (before, state)

    (project.folder / "saved.plan").write_text(whole)
    project.run("apply", "saved.plan")
    assert "Crew" in workspace.spaces()
