"""Taking over a workspace of 200 servers that uses every feature, OAuth included."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gatekeeper import Gatekeeper
from tests.e2e.world import ADMIN
from tests.parts.cli import Project
from tests.parts.mcp_servers import McpServer
from tests.parts.sandbox_process import Api, SandboxProcess

_STAKES = ("high", "medium", "low", "never_ask")
_SPACES, _SERVERS = 40, 196
_ACCESS = "what-the-authorization-server-gave"
_ID = "large"


def seed() -> dict[str, Any]:
    """Spaces and servers of every sort, made by hand."""
    people = [f"p{number}@acme.example" for number in range(30)]
    return {
        "workspaces": [
            {
                "sId": _ID,
                "name": "Large",
                "members": [
                    {"email": "ana@acme.example", "role": "admin", "token": ADMIN},
                    *({"email": each} for each in people),
                ],
                "groups": [{"name": "Staff"}, {"name": "Night", "kind": "regular_manual"}],
                "spaces": [
                    {
                        "name": f"Team {number}",
                        "restricted": number % 3 > 0,
                        "members": people[number % 7 : number % 7 + number % 4],
                        "groups": [["Staff"], ["Night", "Staff"], []][number % 3],
                    }
                    for number in range(_SPACES)
                ],
                "servers": [_server(number) for number in range(_SERVERS)],
                "internalServers": ["jira"],
                "consents": [
                    {
                        "id": f"con_{kind}{use}",
                        "user": "ana@acme.example",
                        "provider": provider,
                        "accessToken": _ACCESS,
                        "scope": "read write",
                    }
                    for kind, provider in (("auto", "mcp"), ("static", "mcp_static"))
                    for use in ("platform", "personal")
                ],
            }
        ]
    }


def _server(number: int) -> dict[str, Any]:
    places = [[], ["company"], [f"Team {number % _SPACES}"], ["Team 1", "Team 2"]][number % 4]
    return {
        # A third of them share a URL: identity never rests on it.
        "url": f"https://s{number % 130}.example/mcp",
        "name": f"mcp-{number}",
        "viewName": f"Tool {number}: the {'best' if number % 2 else 'first'}",
        **({"viewDescription": f"What {number} is for"} if number % 5 else {}),
        **({"bearer": f"bearer-{number}"} if number % 3 == 0 else {}),
        "headers": {f"X-{n}": "hush" for n in range(number % 3)},
        "spaces": places,
        "tools": [
            {"name": f"tool_{n}", "enabled": (n + number) % 4 > 0}
            | ({"stake": _STAKES[(n + number) % 4]} if n % 2 else {})
            for n in range(number % 6)
        ],
    }


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox with that one workspace; four servers more are behind OAuth."""
    with (
        McpServer("behind-oauth", ("search",), bearer=_ACCESS) as remote,
        SandboxProcess(seed=seed()) as process,
        process.client_for(ADMIN, _ID) as admin,
    ):
        for kind in ("auto", "static"):
            for use in ("platform", "personal"):
                _sign_in(admin, remote.url, kind, use)
        yield process


def _sign_in(admin: Api, url: str, kind: str, use: str) -> None:
    body = {
        "serverType": "remote",
        "url": url,
        "includeGlobal": kind == "auto",
        "viewName": f"OAuth {kind} {use}",
        "connectionId": f"con_{kind}{use}",
        "useCase": f"{use}_actions",
    }
    admin.write("POST", "/mcp", body)


def test_200_servers_are_exported_and_adopted_and_the_plan_is_empty(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    project = Project(folder=tmp_path, environ={"DUST_ACCESS_TOKEN": ADMIN})
    with Gatekeeper(sandbox.url) as gate:
        done = project.run("export", "--workspace-id", _ID, "--url", gate.url, "--output", "json")
        assert len(done.json["resources"]) == _SERVERS + 4 + _SPACES
        assert done.json["leftOut"] == []
        project.run("validate", "-f", "manifests")
        adopted = project.run("adopt", "-f", "manifests", "--all", "--output", "json")
        assert adopted.json["planIsEmpty"], adopted.json["changes"][:3]
        assert len(adopted.json["adopted"]) == _SERVERS + 4 + _SPACES
        project.apply()
        project.settled()
        assert gate.calls(writes_only=True) == []
    folder = project.manifests / "servers"
    automatic = (folder / "oauth-auto-personal.yaml").read_text("utf-8")
    assert "mode: automatic" in automatic
    assert "credentials: personal" in automatic
    assert "its scopes, which the workspace says are read write" in automatic
    static = (folder / "oauth-static-platform.yaml").read_text("utf-8")
    assert "#   clientId: {env: OAUTH_STATIC_PLATFORM_MCP_CLIENT_ID}" in static
    assert "#   scopes: [read, write]" in static
    assert _ACCESS not in automatic + static + (tmp_path / "manifests").joinpath(
        ".reconciler/main.json"
    ).read_text("utf-8")
