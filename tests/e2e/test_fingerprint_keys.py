"""`spec.state.fingerprintKey`: what is seen with the key, and not guessed without.

A key that isn't here keeps a plan from comparing, which it says, and an apply from writing
secrets; a key that is too short stops both at its line.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gatekeeper import Gatekeeper
from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Done, Project

KEY = "a-key-of-thirty-two-bytes-or-more"
OTHER_KEY = "quite-another-key-of-enough-bytes"
STATE = {"path": "../state.json", "fingerprintKey": {"env": "PRINT_KEY"}}
PLACE = "MCPServer/a headers.X-Key"


@pytest.fixture
def keyed(workspace: Workspace, servers: Servers, tmp_path: Path) -> Project:
    """An applied server with a secret header, in a workspace with a key for fingerprints."""
    project = project_for(workspace, Project(folder=tmp_path), state=STATE)
    project.environ.update(PRINT_KEY=KEY, TOKEN="first-secret-value")
    project.write("a.yaml", _server(servers))
    project.apply()
    return project


def _server(servers: Servers, **more: Any) -> dict[str, Any]:
    header = {"X-Key": {"env": "TOKEN"}}
    return server("a", servers.open.url, displayName="A", headers=header, **more)


def _nothing_shows(done: Done) -> None:
    for secret in (KEY, OTHER_KEY, "first-secret-value", "second-secret-value"):
        assert secret not in done.out + done.err


def _prints(project: Project) -> str:
    state = json.loads((project.folder / "state.json").read_text("utf-8"))
    return json.dumps(state["resources"]["MCPServer/a"]["fingerprints"])


def test_with_the_key_a_rotated_secret_is_seen_and_written_once(keyed: Project) -> None:
    assert "hmac" in _prints(keyed)
    keyed.settled()
    keyed.environ["TOKEN"] = "second-secret-value"

    planned = keyed.plan("--detailed-exitcode", code=2)

    assert "rotated" in planned.out
    keyed.apply()
    keyed.settled()
    _nothing_shows(planned)


def test_without_the_key_a_plan_says_that_it_did_not_compare(keyed: Project) -> None:
    del keyed.environ["PRINT_KEY"]
    keyed.environ["TOKEN"] = "second-secret-value"

    planned = keyed.plan("--detailed-exitcode")

    assert "not compared, because the secret, or the key for its fingerprint, isn't" in planned.out
    assert PLACE in planned.out
    assert "rotated" not in planned.out
    assert keyed.document()["notCompared"] == [["MCPServer/a", ["headers", "X-Key"]]]
    _nothing_shows(planned)


def test_without_the_key_no_secret_is_written(
    keyed: Project, workspace: Workspace, servers: Servers
) -> None:
    del keyed.environ["PRINT_KEY"]
    keyed.write("a.yaml", _server(servers, auth={"mode": "bearer", "token": {"env": "TOKEN"}}))
    before = _prints(keyed)
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, keyed, url=gate.url, state=STATE)
        refused = keyed.apply(code=1)
        assert gate.calls(writes_only=True) == []

    assert "PRINT_KEY" in refused.err
    assert "manifests/workspace.yaml:" in refused.err
    assert "nothing was written" in refused.err
    assert _prints(keyed) == before
    _nothing_shows(refused)


def test_without_the_key_what_sends_no_secret_is_applied(
    keyed: Project, workspace: Workspace, servers: Servers
) -> None:
    del keyed.environ["PRINT_KEY"]
    keyed.write("a.yaml", _server(servers, icon="ActionCarIcon"))
    keyed.write("t.yaml", space("t", displayName="T"))
    before = _prints(keyed)

    keyed.apply()

    assert workspace.server("A")["icon"] == "ActionCarIcon"
    assert _prints(keyed) == before


def test_under_another_key_every_secret_counts_as_rotated_and_is_written_again(
    keyed: Project,
) -> None:
    before = _prints(keyed)
    keyed.environ["PRINT_KEY"] = OTHER_KEY

    planned = keyed.plan("--detailed-exitcode", code=2)

    assert "rotated" in planned.out
    keyed.apply()
    assert _prints(keyed) != before
    keyed.settled()
    _nothing_shows(planned)


def test_a_key_that_begins_to_be_used_takes_over_from_what_was_there(
    workspace: Workspace, servers: Servers, tmp_path: Path
) -> None:
    project = project_for(workspace, Project(folder=tmp_path))
    project.environ.update(PRINT_KEY=KEY, TOKEN="first-secret-value")
    project.write("a.yaml", _server(servers))
    project.apply()
    assert "scrypt" in _prints(project)

    project_for(workspace, project, state=STATE)
    project.settled()
    project.environ["TOKEN"] = "second-secret-value"
    project.apply()

    assert "hmac" in _prints(project)
    project.settled()


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_a_key_that_is_too_short_stops_at_its_line(
    keyed: Project, workspace: Workspace, command: str
) -> None:
    keyed.environ["PRINT_KEY"] = "short-key"
    yes = ("--yes",) if command == "apply" else ()
    with Gatekeeper(workspace.url) as gate:
        project_for(workspace, keyed, url=gate.url, state=STATE)
        refused = keyed.run(command, "-f", "manifests", *yes, code=1)
        assert gate.calls(writes_only=True) == []

    assert "the key for fingerprints of secrets is too short" in refused.err
    assert "manifests/workspace.yaml:" in refused.err
    assert "openssl rand -base64 32" in refused.err
    assert "short-key" not in refused.err + refused.out


def test_a_saved_plan_whose_key_has_changed_since_is_stale(
    keyed: Project, workspace: Workspace, servers: Servers
) -> None:
    keyed.environ["TOKEN"] = "second-secret-value"
    keyed.plan("--out", "saved.plan")
    keyed.environ["PRINT_KEY"] = OTHER_KEY

    refused = keyed.run("apply", "saved.plan", code=5)

    assert "the secret from env:TOKEN isn't the one that was there" in refused.err
    _nothing_shows(refused)
