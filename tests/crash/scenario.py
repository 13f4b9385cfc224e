"""One rich apply: a workspace as it was applied once, and manifests that were edited since.

The edit makes, changes, replaces (with another URL), renames and deletes; it moves servers between
spaces, sets tools, members, headers and a rotated secret, and one new server waits for a sign-in.
"""

from collections.abc import Mapping
from typing import Any

from tests.e2e.world import (
    ADMIN,
    GATEWAY_KEY,
    GUARDED_TOKEN,
    Servers,
    server,
    space,
    workspace_manifest,
)
from tests.parts.cli import Project

WORKSPACE = "acme"
ENVIRON = {
    "DUST_ACCESS_TOKEN": ADMIN,
    "DESK_TOKEN": GUARDED_TOKEN,
    "GATEWAY_KEY": GATEWAY_KEY,
    "APP_SECRET": "the-secret-of-our-app",
}
_SEARCH_ONLY = {"search": {"stake": "medium"}, "delete_ticket": {"enabled": False}}


def seed() -> dict[str, Any]:
    """A workspace with people, groups, and things in it that aren't ours."""
    mails = {"ana": "admin", "ben": "builder", "uma": "user", "eve": "user"}
    people: list[dict[str, Any]] = [
        {"email": f"{name}@acme.example", "name": name.title(), "role": role}
        for name, role in mails.items()
    ]
    people[0]["token"] = ADMIN
    return {
        "workspaces": [
            {
                "sId": WORKSPACE,
                "name": "Acme",
                "members": people,
                "groups": [{"name": "Finance team", "members": ["eve@acme.example"]}],
                "spaces": [{"name": "Board room", "members": ["uma@acme.example"]}],
                "servers": [
                    {
                        "url": "https://wiki.acme.example/mcp",
                        "name": "wiki",
                        "viewName": "Old wiki",
                        "viewDescription": "Made by hand",
                        "bearer": "the-wikis-own",
                        "spaces": ["Board room", "company"],
                        "tools": [{"name": "search", "stake": "low"}],
                    }
                ],
                "internalServers": ["jira"],
            }
        ]
    }


def write_before(project: Project, servers: Servers, url: str) -> None:
    """The manifests of the first apply, against a workspace at `url`."""
    guards = {
        "maxDeletes": 10,
        "maxDeleteFraction": 1.0,
        "allow": ["bearer-in-open-space"],  # the gateway's key shows in `support`, which is open
    }
    project.write("workspace.yaml", workspace_manifest(WORKSPACE, url, guards=guards))
    project.environ.update(ENVIRON, EXTRA="before-the-rotation")
    _write(project, _before(servers))


def write_after(project: Project, servers: Servers) -> None:
    """The edited manifests."""
    for name in _before(servers):
        project.remove(f"{name}.yaml")
    project.environ["EXTRA"] = "after-the-rotation"
    _write(project, _after(servers))


def _write(project: Project, documents: Mapping[str, Mapping[str, Any]]) -> None:
    for name, document in documents.items():
        project.write(f"{name}.yaml", document)


def _people(*names: str) -> list[str]:
    return [f"{name}@acme.example" for name in names]


def _before(servers: Servers) -> dict[str, dict[str, Any]]:
    return {
        "finance": space(
            "finance",
            displayName="Finance",
            members=_people("ana", "ben"),
            groups=["Finance team"],
        ),
        "support": space("support", displayName="Support", access="open"),
        "archive": space("archive", displayName="Archive", members=_people("ana")),
        "handbook": server(
            "handbook",
            servers.open.url,
            displayName="Handbook",
            description="What the company expects",
            icon="ActionBookOpenIcon",
            spaces=["company"],
            tools={"default": {"stake": "low"}},
        ),
        "desk": server(
            "desk",
            servers.guarded.url,
            displayName="Desk",
            spaces=["finance"],
            auth={"mode": "bearer", "token": {"env": "DESK_TOKEN"}},
            tools=_SEARCH_ONLY,
        ),
        "moving": server(
            "moving",
            servers.open.url,
            displayName="Moving",
            description="On its way to another address",
            icon="ActionRobotIcon",
            spaces=["finance", "support"],
            tools=_SEARCH_ONLY,
        ),
        "warehouse": _warehouse(servers, "warehouse", ["finance", "support"], "platform"),
        "legacy": server(
            "legacy", servers.other.url, displayName="Legacy", spaces=["archive", "support"]
        ),
    }


def _after(servers: Servers) -> dict[str, dict[str, Any]]:
    renamed = _warehouse(servers, "stock", ["support", "lab"], "logistics")
    renamed["metadata"]["previously"] = ["warehouse"]
    return {
        "finance": space("finance", displayName="Treasury", members=_people("ana", "uma")),
        "support": space("support", displayName="Support", access="open"),
        "lab": space(
            "lab", displayName="Lab", members=_people("ana", "eve"), groups=["Finance team"]
        ),
        "handbook": server(
            "handbook",
            servers.open.url,
            displayName="The handbook",
            description="What everybody expects",
            icon="ActionRobotIcon",
            spaces=["finance", "lab"],
            tools={"default": {"stake": "medium"}, "search": {"stake": "high"}},
        ),
        "desk": server(
            "desk",
            servers.guarded.url,
            displayName="Desk",
            spaces=["finance"],
            auth={"mode": "bearer", "token": {"env": "DESK_TOKEN"}},
            tools=_SEARCH_ONLY,
        ),
        "moving": server(
            "moving",
            servers.other.url,
            displayName="Moving",
            description="At its new address",
            icon="ActionRobotIcon",
            spaces=["finance", "support"],
            tools=_SEARCH_ONLY,
        ),
        "stock": renamed,
        "calendar": server(
            "calendar",
            servers.guarded.url,
            displayName="Calendar",
            description="Who is where",
            icon="ActionTimeIcon",
            spaces=["lab"],
            auth={"mode": "bearer", "token": {"env": "DESK_TOKEN"}},
            tools={"default": {"stake": "high"}, "delete_ticket": {"enabled": False}},
        ),
        "waiting": server(
            "waiting",
            servers.other.url,
            displayName="Waiting",
            spaces=["lab"],
            auth={
                "mode": "static-oauth",
                "clientId": "our-app",
                "clientSecret": {"env": "APP_SECRET"},
                "authorizationEndpoint": "https://login.acme.example/authorize",
                "tokenEndpoint": "https://login.acme.example/token",
                "scopes": ["read"],
            },
        ),
    }


def _warehouse(servers: Servers, name: str, spaces: list[str], team: str) -> dict[str, Any]:
    return server(
        name,
        servers.gateway.url,
        displayName="Warehouse",
        spaces=spaces,
        headers={
            "X-Team": {"literal": team},
            "X-Api-Key": {"env": "GATEWAY_KEY"},
            "X-Extra": {"env": "EXTRA"},
        },
        tools={"default": {"stake": "high"}},
    )
