"""Dangerous transitions at the command line: refused by name, and let through by name."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import Servers, Workspace, project_for, server, space, workspace_manifest
from tests.parts.cli import Project


@pytest.fixture
def guarded(workspace: Workspace, tmp_path: Path) -> Project:
    """A project whose workspace leaves no gate open."""
    project = Project(folder=tmp_path / "guarded")
    project.folder.mkdir()
    return project_for(workspace, project, guards={})


def test_a_space_is_not_opened_by_the_way(guarded: Project, workspace: Workspace) -> None:
    guarded.write("team.yaml", space("team", displayName="Team", access="restricted"))
    guarded.apply()
    guarded.write("team.yaml", space("team", displayName="Team", access="open"))
    guarded.write("more.yaml", space("more", displayName="More"))

    planned = guarded.plan(code=4)
    assert "gate open-space" in planned.out
    assert "error[open-space]: this opens Space/team to the whole workspace" in planned.out
    assert "--> manifests/team.yaml:7:3" in planned.out, str(planned)
    assert "--allow open-space" in planned.out

    done = guarded.apply(code=None)
    assert done.code in (3, 4), str(done)
    assert set(workspace.spaces()) == {"Board room", "Team", "More"}, "the rest went on"
    assert workspace.spaces()["Team"]["isRestricted"]

    guarded.apply(code=4)  # nothing else is left to do
    guarded.apply("--allow", "open-space")
    assert not workspace.spaces()["Team"]["isRestricted"]
    guarded.settled()


def test_what_somebody_tightened_by_hand_is_not_loosened_unasked(
    guarded: Project, workspace: Workspace, servers: Servers
) -> None:
    tools = {"search": {"stake": "low"}}
    guarded.write("a.yaml", server("a", servers.open.url, displayName="A", tools=tools))
    guarded.apply()
    workspace.set_tools("A", {"toolName": "search", "permission": "high", "enabled": False})

    refused = guarded.document(code=4)["changes"][0]["refusal"]
    assert refused["gate"] == "lower-stake"
    assert refused["overridable"] is True
    assert refused["diagnostic"]["code"] == "lower-stake"
    guarded.apply(code=4)
    assert workspace.tools("A")["search"] == ("high", False)


def test_a_saved_plan_carries_what_it_was_allowed(
    guarded: Project, workspace: Workspace, servers: Servers
) -> None:
    guarded.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=[]))
    guarded.apply()
    guarded.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["company"]))
    guarded.plan("--out", "refused.plan", code=4)
    guarded.run("apply", "refused.plan", code=4)
    guarded.plan("--allow", "company-wide", "--out", "agreed.plan")
    guarded.run("apply", "agreed.plan")
    assert workspace.places("A") == {"company"}


def test_the_one_who_applies_does_not_lock_themselves_out(
    guarded: Project, workspace: Workspace
) -> None:
    people: dict[str, Any] = {"displayName": "Team", "access": "restricted"}
    guarded.write("team.yaml", space("team", members=["ana@acme.example"], **people))
    guarded.apply()
    guarded.write("team.yaml", space("team", members=["ben@acme.example"], **people))
    assert "takes ana@acme.example, whose access token is used, out of" in guarded.plan(code=4).out
    guarded.apply(code=4)
    guarded.apply("--allow", "remove-self")
    guarded.settled()


def test_administrators_are_counted_as_the_workspace_has_them(
    guarded: Project, workspace: Workspace
) -> None:
    guards = {"minAdmins": 1, "allow": ["remove-self"]}
    guarded.write("workspace.yaml", workspace_manifest(workspace.id, workspace.url, guards=guards))
    people: dict[str, Any] = {"displayName": "Team", "access": "restricted"}
    both = ["ana@acme.example", "ben@acme.example"]
    guarded.write("team.yaml", space("team", members=both, **people))
    guarded.apply()
    guarded.write("team.yaml", space("team", members=["ben@acme.example"], **people))
    refused = guarded.plan(code=4)
    assert "error[min-admins]: this leaves Space/team 0 of the workspace's admin" in refused.out
    guarded.apply(code=4)
    guarded.write("team.yaml", space("team", members=["ana@acme.example"], **people))
    guarded.apply()


def test_an_unknown_gate_is_wrong_usage(guarded: Project) -> None:
    done = guarded.run("plan", "-f", "manifests", "--allow", "everything", code=64)
    assert "open-space" in done.err


def test_a_workspace_names_gates_that_exist(guarded: Project, workspace: Workspace) -> None:
    guards = {"allow": ["open-spaces"]}
    guarded.write("workspace.yaml", workspace_manifest(workspace.id, workspace.url, guards=guards))
    done = guarded.run("validate", "-f", "manifests", code=1)
    assert "open-space" in done.out + done.err
    assert "workspace.yaml:" in done.out + done.err
