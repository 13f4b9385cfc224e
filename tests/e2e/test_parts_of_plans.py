"""`--target` and `--exclude`: a part of everything, with what it needs, and what is left out."""

import pytest

from tests.e2e.world import Servers, Workspace, server, space
from tests.parts.cli import Project


@pytest.fixture
def wanted(project: Project, servers: Servers) -> Project:
    """Two spaces, and a server in one of them."""
    project.write("team.yaml", space("team", displayName="Team"))
    project.write("other.yaml", space("other", displayName="Other"))
    project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["team"]))
    return project


def made(document: dict[str, object]) -> list[str]:
    """The addresses that a plan changes."""
    changes = document["changes"]
    assert isinstance(changes, list)
    return sorted(change["address"] for change in changes)


def test_a_target_takes_along_what_it_needs(wanted: Project, workspace: Workspace) -> None:
    planned = wanted.plan("--target", "MCPServer/a").out
    assert "Partial plan" in planned
    assert "Space/team is taken along: MCPServer/a needs it" in planned
    assert "1 other change left out" in planned

    wanted.apply("--target", "MCPServer/a")

    assert workspace.places("A") == {"Team"}
    assert "Other" not in workspace.spaces()
    assert made(wanted.document()) == ["Space/other"]


def test_an_exclude_leaves_out_what_needs_it(wanted: Project, workspace: Workspace) -> None:
    planned = wanted.plan("--exclude", "Space/team").out
    assert "MCPServer/a is left out: it needs Space/team" in planned

    wanted.apply("--exclude", "Space/team")

    assert "Other" in workspace.spaces()
    assert "A" not in workspace.servers()


def test_a_part_is_told_as_data(wanted: Project) -> None:
    document = wanted.document("--target", "Space/other")
    assert made(document) == ["Space/other"]
    assert document["partial"]["targets"] == ["Space/other"]
    assert wanted.document()["partial"] is None


def test_a_saved_part_applies_that_part_only(wanted: Project, workspace: Workspace) -> None:
    wanted.plan("--target", "Space/other", "--out", "part.plan")
    wanted.run("apply", "part.plan")
    assert "Other" in workspace.spaces()
    assert "Team" not in workspace.spaces()


def test_destroy_leaves_what_is_excluded(wanted: Project, workspace: Workspace) -> None:
    wanted.apply()
    wanted.run("destroy", "-f", "manifests", "--yes", "--target", "MCPServer/a")
    assert "A" not in workspace.servers()
    assert {"Team", "Other"} <= set(workspace.spaces())


def test_an_address_that_nobody_knows_is_wrong_usage(wanted: Project) -> None:
    done = wanted.run("plan", "-f", "manifests", "--target", "Space/tema", code=64)
    assert "neither manifests nor state have `Space/tema`" in done.err
    assert "did you mean `Space/team`" in done.err


def test_one_address_is_not_wanted_and_unwanted(wanted: Project) -> None:
    both = ("--target", "Space/team", "--exclude", "Space/team")
    done = wanted.run("plan", "-f", "manifests", *both, code=64)
    assert "can't be a --target and an --exclude at once" in done.err
