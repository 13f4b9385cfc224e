"""The workspaces and manifests that the end-to-end tests share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from reconciler.resources import Transition
from tests.parts.cli import Project
from tests.parts.mcp_servers import McpServer
from tests.parts.sandbox_process import Api, SandboxProcess

ADMIN, BUILDER, EXPIRED = "t.ana-the-admin", "t.ben-the-builder", "t.ana-long-ago"
KEY = "sk-acme-key"
WORKSPACES = 400
_PEOPLE = [
    {"email": "ana@acme.example", "name": "Ana Diaz", "role": "admin", "token": ADMIN},
    {"email": "ben@acme.example", "name": "Ben Okafor", "role": "builder", "token": BUILDER},
    {"email": "uma@acme.example", "name": "Uma Rao", "role": "user"},
    {"email": "eve@acme.example", "name": "Eve Martin", "role": "user"},
]
_STRANGER_TOOLS = [
    {"name": "search", "stake": "low"},
    {"name": "delete_all", "stake": "high", "enabled": False},
]
NEIGHBOUR_SPACE, NEIGHBOUR_SERVER = "Board room", "Old wiki"


def seed() -> dict[str, Any]:
    """Many equal workspaces, so that each test has one of its own; all have neighbours in them."""
    return {
        "workspaces": [_workspace(number) for number in range(WORKSPACES)],
        "tokens": [{"token": EXPIRED, "user": "ana@acme.example", "expired": True}],
    }


def _workspace(number: int) -> dict[str, Any]:
    sid = f"w{number}"
    people = [dict(person) for person in _PEOPLE]
    if number:
        # A token is given once; it counts in every workspace of its person.
        for person in people:
            person.pop("token", None)
    return {
        "sId": sid,
        "name": sid,
        "members": people,
        "groups": [
            {"name": "Finance team", "members": ["eve@acme.example"]},
            {"name": "Night shift", "kind": "regular_manual"},
        ],
        "spaces": [
            {
                "name": NEIGHBOUR_SPACE,
                "members": ["uma@acme.example"],
                "groups": ["Finance team"],
            }
        ],
        "servers": [
            {
                "url": "https://wiki.acme.example/mcp",
                "name": "wiki",
                "viewName": NEIGHBOUR_SERVER,
                "viewDescription": "Made by hand",
                "bearer": "the-wikis-own",
                "headers": {"X-Wiki": "yes"},
                "spaces": [NEIGHBOUR_SPACE, "company"],
                "tools": _STRANGER_TOOLS,
            }
        ],
        "internalServers": ["jira"],
        "keys": [{"key": f"{KEY}-{sid}", "name": "ci", "role": "admin"}],
    }


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The MCP servers that all tests share; don't change their tools."""

    open: McpServer
    other: McpServer
    guarded: McpServer
    gateway: McpServer


GUARDED_TOKEN = "guarded-by-this-very-token"
GATEWAY_KEY = "gateway-wants-this-key"
TOOLS = ("search", "create_ticket", "delete_ticket")


class Workspace:
    """One workspace of the sandbox, and an administrator's view of it."""

    def __init__(self, process: SandboxProcess, sid: str) -> None:
        self.sandbox = process
        self.id = sid
        self.admin = process.client_for(ADMIN, sid)

    @property
    def url(self) -> str:
        """Where it is."""
        return self.sandbox.url

    def spaces(self) -> dict[str, dict[str, Any]]:
        """All regular spaces by name, each read whole."""
        listed = self.admin.read("/spaces", role="admin")["spaces"]
        return {
            each["name"]: self.admin.read(f"/spaces/{each['sId']}", includeAllMembers="true")[
                "space"
            ]
            for each in listed
            if each["kind"] == "regular"
        }

    def space_id(self, name: str) -> str:
        """The id of a space; `company` and `system` are the special ones."""
        kind = {"company": "global", "system": "system"}.get(name)
        listed = self.admin.read("/spaces", role="admin")["spaces"]
        sid: str = next(
            s["sId"] for s in listed if (s["kind"] == kind if kind else s["name"] == name)
        )
        return sid

    def servers(self) -> dict[str, dict[str, Any]]:
        """All servers by the name that people see, each read whole."""
        listed = self.admin.read("/mcp")["servers"]
        whole = [self.admin.read(f"/mcp/{each['sId']}")["server"] for each in listed]
        return {self._title(each): each for each in whole}

    def server(self, title: str) -> dict[str, Any]:
        """One server, read whole."""
        return self.servers()[title]

    def system_view(self, title: str) -> dict[str, Any]:
        """The view of a server in the system space, read whole."""
        system = self.space_id("system")
        view = next(v for v in self.server(title)["views"] if v["spaceId"] == system)
        whole: dict[str, Any] = self.admin.read(f"/mcp/views/{view['sId']}")["serverView"]
        return whole

    def tools(self, title: str) -> dict[str, tuple[str, bool]]:
        """Stake and enabledness of every tool; without settings, a tool is `high` and enabled."""
        offered = {each["name"]: ("high", True) for each in self.server(title)["tools"]}
        return offered | {
            each["toolName"]: (each["permission"], each["enabled"])
            for each in self.system_view(title)["toolsMetadata"]
        }

    def places(self, title: str) -> set[str]:
        """The names of the spaces that a server shows in; `company` is the whole workspace."""
        spaces = {s["sId"]: s for s in self.admin.read("/spaces", role="admin")["spaces"]}
        found = {spaces[view["spaceId"]]["name"] for view in self.server(title)["views"]}
        company = next(s["name"] for s in spaces.values() if s["kind"] == "global")
        system = next(s["name"] for s in spaces.values() if s["kind"] == "system")
        return {"company" if name == company else name for name in found - {system}}

    def set_tools(self, title: str, *settings: Mapping[str, Any]) -> None:
        """What an administrator does by hand to a server's tools."""
        sid = self.server(title)["sId"]
        self.admin.write("PATCH", f"/mcp/{sid}/tools", {"tools": list(settings)})

    def rename_space(self, old: str, new: str) -> None:
        """What an administrator does by hand to a space."""
        self.admin.write("PATCH", f"/spaces/{self.space_id(old)}", {"name": new})

    def neighbours(self) -> dict[str, Any]:
        """Everything that was there before us, in every detail."""
        spaces, servers = self.spaces(), self.servers()
        return {
            "space": spaces[NEIGHBOUR_SPACE],
            "server": servers[NEIGHBOUR_SERVER],
            "views": [
                self.admin.read(f"/mcp/views/{view['sId']}")
                for view in servers[NEIGHBOUR_SERVER]["views"]
            ],
            "built-in": [each for each in servers.values() if each.get("url") is None],
            "groups": self.admin.read("/groups", kind=["provisioned", "regular_manual"]),
        }

    def close(self) -> None:
        """Close the client."""
        self.admin.close()

    @staticmethod
    def _title(server: Mapping[str, Any]) -> str:
        named = (view["name"] for view in server["views"] if view["name"])
        return next(named, str(server["name"]))


def api_of(workspace: Workspace, token: str) -> Api:
    """A client in somebody else's name."""
    return workspace.sandbox.client_for(token, workspace.id)


def workspace_manifest(workspace_id: str, url: str, **spec: Any) -> dict[str, Any]:
    """The Workspace of a project, which lets every transition through unless `guards` is given."""
    return {
        "apiVersion": "reconciler/v1",
        "kind": "Workspace",
        "metadata": {"name": "acme"},
        "spec": {
            "provider": "dust",
            "workspaceId": workspace_id,
            "url": url,
            "credentials": {"accessToken": {"env": "DUST_ACCESS_TOKEN"}},
            "state": {"path": "../state.json"},
            "guards": {"allow": list(get_args(Transition))},
            **spec,
        },
    }


def space(name: str, *, lifecycle: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """A Space manifest."""
    return _resource("Space", name, lifecycle, spec)


def server(
    name: str, url: str, *, lifecycle: Mapping[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    """An MCPServer manifest; open to everybody unless `auth` says otherwise."""
    return _resource("MCPServer", name, lifecycle, {"url": url, "auth": {"mode": "none"}} | spec)


def _resource(
    kind: str, name: str, lifecycle: Mapping[str, Any] | None, spec: Mapping[str, Any]
) -> dict[str, Any]:
    careful = {"lifecycle": dict(lifecycle)} if lifecycle else {}
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": name},
        **careful,
        "spec": dict(spec),
    }


def project_for(workspace: Workspace, project: Project, **spec: Any) -> Project:
    """Point a project at a workspace, with an administrator's token."""
    url = spec.pop("url", workspace.url)
    project.environ["DUST_ACCESS_TOKEN"] = ADMIN
    project.write("workspace.yaml", workspace_manifest(workspace.id, url, **spec))
    return project


def three_kinds(servers: Servers) -> Iterator[tuple[str, dict[str, Any]]]:
    """Two spaces and a server behind each kind of door, by file name."""
    yield "spaces/support.yaml", space("support", displayName="Support", access="open")
    yield (
        "spaces/finance.yaml",
        space(
            "finance",
            displayName="Finance",
            access="restricted",
            members=["ana@acme.example", "ben@acme.example"],
            groups=["Finance team"],
        ),
    )
    yield (
        "servers/handbook.yaml",
        server(
            "handbook",
            servers.open.url,
            displayName="Handbook",
            description="What the company expects",
            icon="ActionBookOpenIcon",
            spaces=["company"],
            tools={"default": {"stake": "never_ask"}},
        ),
    )
    yield (
        "servers/desk.yaml",
        server(
            "desk",
            servers.guarded.url,
            displayName="Desk",
            spaces=["support"],
            auth={"mode": "bearer", "token": {"env": "DESK_TOKEN"}},
            tools={
                "default": {"stake": "low"},
                "create_ticket": {"stake": "medium"},
                "delete_ticket": {"enabled": False},
            },
        ),
    )
    yield (
        "servers/warehouse.yaml",
        server(
            "warehouse",
            servers.gateway.url,
            displayName="Warehouse",
            spaces=["finance", "support"],
            headers={"X-Team": {"literal": "platform"}, "X-Api-Key": {"env": "GATEWAY_KEY"}},
            tools={"default": {"stake": "high"}, "search": {"stake": "never_ask"}},
        ),
    )


def write_three_kinds(project: Project, servers: Servers) -> None:
    """Write `three_kinds` and set the secrets they refer to."""
    for name, manifest in three_kinds(servers):
        project.write(name, manifest)
    project.environ.update(DESK_TOKEN=GUARDED_TOKEN, GATEWAY_KEY=GATEWAY_KEY)
