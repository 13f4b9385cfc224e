"""Two repositories, each with a state of its own, that manage one workspace."""

from pathlib import Path

import pytest

from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Project


@pytest.fixture
def second(workspace: Workspace, tmp_path: Path) -> Project:
    """Another repository with the same workspace."""
    folder = tmp_path / "second"
    folder.mkdir()
    return project_for(workspace, Project(folder=folder))


def _handed(project: Project, second: Project, workspace: Workspace, servers: Servers) -> str:
    """A server that the first repository made and the second one adopted as well."""
    project.write("a.yaml", server("a", servers.open.url, displayName="A", icon="ActionCarIcon"))
    project.apply()
    second.write("b.yaml", server("b", servers.open.url, displayName="A", icon="ActionBeerIcon"))
    sid: str = workspace.server("A")["sId"]
    second.run("adopt", "-f", "manifests", f"MCPServer/b={sid}")
    return sid


def test_neither_takes_a_name_that_the_other_one_has(
    project: Project, second: Project, workspace: Workspace, servers: Servers
) -> None:
    project.write("s.yaml", space("s", displayName="Sales"))
    project.write("a.yaml", server("a", servers.open.url, displayName="A"))
    project.apply()
    second.write("s.yaml", space("mine", displayName="sales"))
    second.write("a.yaml", server("b", servers.other.url, displayName="A"))
    before = workspace.spaces()["Sales"], workspace.server("A")

    refused = second.apply(code=4)

    assert "gate name-taken" in refused.out
    assert "which this state doesn't own" in refused.out
    assert "or another repository manages it: the workspace keeps no owner" in refused.out
    assert "if another repository hands it over: adopt it here, and there run" in refused.out
    assert (workspace.spaces()["Sales"], workspace.server("A")) == before

    second.write("a.yaml", server("b", servers.other.url, displayName="B"))
    second.remove("s.yaml")
    second.apply()
    project.write("a.yaml", server("a", servers.open.url, displayName="B"))
    assert "gate name-taken" in project.apply(code=4).out
    second.run("destroy", "-f", "manifests", "--yes")
    assert workspace.server("A")["sId"] == before[1]["sId"], "each deletes its own"


def test_two_that_own_one_server_call_each_others_writes_drift(
    project: Project, second: Project, workspace: Workspace, servers: Servers
) -> None:
    _handed(project, second, workspace, servers)
    second.apply()
    for one in (project, second, project):
        drift = one.run("drift", "-f", "manifests", "--detailed-exitcode", code=2)
        assert "drift: somebody changed the workspace" in drift.out
        assert "because of drift" in one.apply().out

    second.run("forget", "-f", "manifests", "MCPServer/b")
    second.remove("b.yaml")
    second.settled()
    project.settled()


def test_what_the_other_one_deleted_is_told_as_deleted_before_it_is_made_again(
    project: Project, second: Project, workspace: Workspace, servers: Servers
) -> None:
    sid = _handed(project, second, workspace, servers)
    second.apply()
    project.remove("a.yaml")
    assert "delete MCPServer/a" in project.plan().out
    project.apply()

    planned = second.plan()

    assert "drift: somebody deleted it in the workspace" in planned.out
    second.apply()
    assert workspace.server("A")["sId"] != sid
    project.settled()
