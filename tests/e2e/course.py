"""Plan and apply in this process, on a real workspace; and the workspace as its admin sees it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.execution import Listener, Report
from reconciler.planning import Plan
from reconciler.workflows import Context, Options, apply, load_manifests, make, open_context
from tests.e2e.declaring import Declared, Spec
from tests.e2e.world import (
    ADMIN,
    GATEWAY_KEY,
    GUARDED_TOKEN,
    NEIGHBOUR_SERVER,
    NEIGHBOUR_SPACE,
    Servers,
    Workspace,
    server,
    space,
    workspace_manifest,
)
from tests.parts.cli import Project

# What people may want and the guards hold back is no matter of these laws.
_ALLOWED = frozenset({"max-deletes", "suspicious-read"})


class Course:
    """A project's life: manifests come and go, are planned and applied; others meddle.

    It starts from a workspace in which nothing is but the neighbours.
    """

    def __init__(self, workspace: Workspace, servers: Servers, folder: Path) -> None:
        self.workspace = workspace
        self.declared = Declared()
        self._servers = servers
        self._project = Project(folder=folder)
        self._project.write("w.yaml", workspace_manifest(workspace.id, workspace.url))
        _sweep(workspace)

    def declare(self, declared: Declared) -> None:
        """Write these manifests, and no others."""
        self.declared = declared
        documents = [self._document(address, spec) for address, spec in declared.specs.items()]
        self._project.write("all.yaml", *documents)

    def plan(self) -> Plan:
        """What is to be done now."""
        context = self._context()
        return make(context, context.connection()).plan

    def apply(self) -> Report:
        """Plan and do it."""
        applied = apply(self._context(), approve=lambda _planned: True, listener=Listener())
        assert applied.report is not None
        return applied.report

    def owned(self) -> dict[str, str]:
        """Remote ids by address."""
        path = self._project.folder / "state.json"
        if not path.exists():
            return {}
        resources = json.loads(path.read_text())["resources"]
        return {address: entry["remoteId"] for address, entry in resources.items()}

    def mismatches(self) -> set[str]:
        """Addresses of what isn't in the workspace as it is declared, by an admin's own eyes."""
        ids = self.owned()
        places = {a.removeprefix("Space/"): sid for a, sid in ids.items() if "Space/" in a}
        places["company"] = self.workspace.space_id("company")
        looks = {"Space": self._space_is, "MCPServer": self._server_is}
        return {
            address
            for address, spec in self.declared.specs.items()
            if address not in ids
            or not looks[address.partition("/")[0]](ids[address], address, spec, places)
        }

    def strangers(self) -> dict[str, Any]:
        """Everything in the workspace that the state doesn't own, in every detail, by id."""
        admin, owned = self.workspace.admin, set(self.owned().values())
        spaces = admin.read("/spaces", role="admin")["spaces"]
        servers = admin.read("/mcp")["servers"]
        found: dict[str, Any] = {}
        for each in spaces:
            if each["kind"] == "regular" and each["sId"] not in owned:
                found[each["sId"]] = _plain_space(_read_space(self.workspace, each["sId"]))
        for each in servers:
            if each["sId"] not in owned:
                whole = admin.read(f"/mcp/{each['sId']}")["server"]
                views = whole.pop("views")
                found[each["sId"]] = whole
                found |= {v["sId"]: admin.read(f"/mcp/views/{v['sId']}") for v in views}
        return found

    def _context(self) -> Context:
        again = "-rotated" if self.declared.rotated else ""
        environ = {
            "DUST_ACCESS_TOKEN": ADMIN,
            "TOKEN": GUARDED_TOKEN,
            "ANY_TOKEN": f"any-token{again}",
            "KEY": GATEWAY_KEY,
        }
        loaded = load_manifests([self._project.manifests], None)
        assert loaded.desired is not None
        options = Options(environ=environ, allow=_ALLOWED)
        return open_context(loaded.desired, loaded.locator, options)

    def _document(self, address: str, spec: Spec) -> dict[str, Any]:
        kind, _, name = address.partition("/")
        if kind == "Space":
            return space(name, **spec)
        made = server(name, getattr(self._servers, spec["url"]).url)
        made["spec"] = {**spec, "url": made["spec"]["url"]}
        return made

    def _space_is(self, sid: str, address: str, spec: Spec, _places: Mapping[str, str]) -> bool:
        if sid not in {s["sId"] for s in self.workspace.spaces().values()}:
            return False
        live = _read_space(self.workspace, sid)
        seen = {
            "displayName": live["name"],
            "access": "restricted" if live["isRestricted"] else "open",
            "members": {each["email"].lower() for each in live["members"]},
            "groups": {each["name"] for each in live["groups"]},
        }
        wanted = dict(spec)
        if "members" in spec:
            wanted["members"] = {each.lower() for each in spec["members"]}
        if "groups" in spec:
            wanted["groups"] = set(spec["groups"])
        return seen == seen | wanted

    def _server_is(self, sid: str, address: str, spec: Spec, places: Mapping[str, str]) -> bool:
        answer = self.workspace.admin.get(f"/mcp/{sid}")
        if answer.status_code == 404:
            return False
        live = answer.json()["server"]
        system = self.workspace.space_id("system")
        title = next(v["sId"] for v in live["views"] if v["spaceId"] == system)
        view = self.workspace.admin.read(f"/mcp/views/{title}")["serverView"]
        seen = {
            "url": live["url"],
            "displayName": view["name"],
            "description": view["description"],
            "icon": live["icon"],
            "auth": "bearer" if live["sharedSecret"] else "none",
            "headers": {name.lower() for name in live["customHeaders"] or ()},
            "spaces": {each["spaceId"] for each in live["views"]} - {system},
        }
        wanted = {**spec, "url": getattr(self._servers, spec["url"]).url}
        tools = wanted.pop("tools", {})
        if "auth" in spec:
            wanted["auth"] = spec["auth"]["mode"]
        if "headers" in spec:
            wanted["headers"] = {name.lower() for name in spec["headers"]}
        if "spaces" in spec:
            wanted["spaces"] = {places.get(name) for name in spec["spaces"]}
        return seen == seen | wanted and _tools_are(live, view, tools)


def _tools_are(live: Mapping[str, Any], view: Mapping[str, Any], tools: Spec) -> bool:
    rows = {each["toolName"]: each for each in view["toolsMetadata"]}
    for each in live["tools"]:
        row = rows.get(each["name"], {"permission": "high", "enabled": True})
        seen = {"stake": row["permission"], "enabled": row["enabled"]}
        if seen != seen | tools.get("default", {}) | tools.get(each["name"], {}):
            return False
    return True


def _read_space(workspace: Workspace, sid: str) -> dict[str, Any]:
    live: dict[str, Any] = workspace.admin.read(f"/spaces/{sid}", includeAllMembers="true")["space"]
    return live


def _plain_space(space: Mapping[str, Any]) -> dict[str, Any]:
    """Without the number of tools in it: one of ours may have been shown there by hand."""
    return {key: value for key, value in space.items() if key != "categories"}


def _sweep(workspace: Workspace) -> None:
    for title, each in workspace.servers().items():
        if title != NEIGHBOUR_SERVER and each.get("url"):
            workspace.admin.write("DELETE", f"/mcp/{each['sId']}")
    for name, each in workspace.spaces().items():
        if name != NEIGHBOUR_SPACE:
            workspace.admin.write("DELETE", f"/spaces/{each['sId']}")
