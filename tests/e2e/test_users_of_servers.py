"""Who uses a server is asked before it is taken away, and its users are named in the plan."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gatekeeper import Gatekeeper, Told
from tests.e2e.world import ADMIN, Servers, Workspace, project_for, server, space
from tests.parts.cli import Project
from tests.parts.sandbox_process import SandboxProcess

AGENTS = [{"sId": "a1", "name": "Helper"}, {"sId": "a2", "name": "Night shift"}]


@pytest.fixture(scope="module")
def used(servers: Servers) -> Iterator[SandboxProcess]:
    """A sandbox in which agents use whatever is at the open server's address."""
    place = {
        "members": [{"email": "ana@acme.example", "name": "Ana", "role": "admin", "token": ADMIN}],
        "usage": [
            {
                "url": servers.open.url,
                "agents": AGENTS,
                "skills": [{"sId": "s1", "name": "Triage"}],
            }
        ],
    }
    later = [{**place, "members": [{"email": "ana@acme.example", "role": "admin"}]}] * 3
    spaces = [
        {"sId": f"u{number}", "name": f"u{number}", **each}
        for number, each in enumerate([place, *later])
    ]
    with SandboxProcess(seed={"workspaces": spaces}) as process:
        yield process


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Numbers of workspaces that nobody has used."""
    return iter(range(4))


@pytest.fixture
def there(used: SandboxProcess, numbers: Iterator[int]) -> Iterator[Workspace]:
    """A workspace of the test's own."""
    found = Workspace(used, f"u{next(numbers)}")
    yield found
    found.close()


@pytest.fixture
def owned(there: Workspace, servers: Servers, tmp_path: Path) -> Project:
    """A project whose server is in use."""
    project = project_for(there, Project(folder=tmp_path))
    project.write("team.yaml", space("team", displayName="Team"))
    project.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["team"]))
    project.apply()
    return project


def test_a_delete_names_the_agents_and_skills(owned: Project) -> None:
    owned.remove("a.yaml")
    told = owned.plan().out
    assert 'used by the agents "Helper", "Night shift" and the skill "Triage"' in told
    change = owned.document()["changes"][0]
    assert change["users"] == {"agents": ["Helper", "Night shift"], "skills": ["Triage"]}
    owned.plan("--out", "saved.plan")
    assert '"Night shift"' in owned.run("show", "saved.plan").out


def test_a_replace_and_a_move_to_the_company_name_them_too(
    owned: Project, servers: Servers
) -> None:
    owned.write("a.yaml", server("a", servers.other.url, displayName="A", spaces=["team"]))
    assert '"Helper"' in owned.plan().out
    owned.write("a.yaml", server("a", servers.open.url, displayName="A", spaces=["company"]))
    assert '"Helper"' in owned.plan().out


def test_other_changes_ask_nobody(owned: Project, servers: Servers) -> None:
    owned.write("a.yaml", server("a", servers.open.url, displayName="B", spaces=["team"]))
    called = owned.run("--debug", "plan", "-f", "manifests")
    assert "/mcp/usage" not in called.err
    assert "used by" not in called.out


def test_an_answer_that_fails_is_said_and_stops_nothing(owned: Project, there: Workspace) -> None:
    owned.remove("a.yaml")
    with Gatekeeper(there.url) as gate:
        gate.answer("GET .*/mcp/usage", lambda _: Told(status=403, body=b"{}"))
        manifest = (owned.manifests / "workspace.yaml").read_text()
        (owned.manifests / "workspace.yaml").write_text(manifest.replace(there.url, gate.url))
        told = owned.plan()
    assert "who uses MCPServer/a isn't known" in told.out + told.err
    assert "1 to delete" in told.out


def _json(value: Any, status: int = 200) -> Told:
    return Told(status=status, body=json.dumps(value).encode())


_ERROR = {"error": {"type": "workspace_auth_error", "message": "not for you"}}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (_json(_ERROR, 403), "the access token may not do this"),
        (_json(_ERROR, 404), "not found"),
        (_json(_ERROR, 500), "the platform failed at GET /mcp/usage"),
        (Told(status=200, body=b"<html>sign in</html>"), "expected JSON"),
        (_json([]), "what this version doesn't know"),
        (_json({"usage": []}), "what this version doesn't know"),
        (_json({"usage": {}}), "the workspace's answer doesn't name it"),
    ],
    ids=["403", "404", "500", "html", "list", "wrong", "unnamed"],
)
def test_whoever_is_not_known_to_use_it_is_never_said_to_be_nobody(
    project: Project, workspace: Workspace, servers: Servers, told: Told, why: str
) -> None:
    project.write("a.yaml", server("a", servers.open.url, displayName="A"))
    project.apply()
    project.remove("a.yaml")
    with Gatekeeper(workspace.url) as gate:
        gate.answer("GET .*/mcp/usage", lambda _: told)
        project_for(workspace, project, url=gate.url)
        planned = project.plan()
        document = project.document()
        assert gate.calls(writes_only=True) == []

    assert "warning[users-unknown]: who uses MCPServer/a isn't known" in planned.out, str(planned)
    assert why in planned.out, str(planned)
    assert "look in the workspace which agents and skills use it before you apply" in planned.out
    assert "no agent or skill uses it" not in planned.out
    (change,) = document["changes"]
    assert change["users"] is None
    assert [each["code"] for each in document["warnings"]] == ["users-unknown"]
