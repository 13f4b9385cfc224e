"""Plan and apply in this process, on a real workspace; and the workspace as its admin sees it."""

import json
from pathlib import Path
from typing import Any

from reconciler.execution import Listener, Report
from reconciler.planning import Plan
from reconciler.workflows import (
    Approval,
    Context,
    Options,
    apply,
    load_manifests,
    make,
    open_context,
)
from reconciler.workflows.trust import Trust
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
from tests.e2e.world import TOOLS as _TOOLS
from tests.parts.cli import Project

# What people may want and the guards hold back is no matter of these laws.
ALLOWED = frozenset({"max-deletes", "suspicious-read"})


class Course:
    """A project's life: manifests come and go, are planned and applied; others meddle.

    It starts from a workspace in which nothing is but the neighbours.
    """

    def __init__(
        self, workspace: Workspace, servers: Servers, folder: Path, *, url: str | None = None
    ) -> None:
        self.workspace = workspace
        self.declared = Declared()
        self._servers = servers
        self._project = Project(folder=folder)
        self._project.write("w.yaml", workspace_manifest(workspace.id, url or workspace.url))
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
        applied = apply(
            self._context(), approve=lambda _planned: Approval.UNASKED, listener=Listener()
        )
        assert applied.report is not None
        return applied.report

    def owned(self) -> dict[str, str]:
        """Remote ids by address."""
        path = self._project.folder / "state.json"
        if not path.exists():
            return {}
        resources = json.loads(path.read_text())["resources"]
        return {address: entry["remoteId"] for address, entry in resources.items()}

    def look(self) -> dict[str, Spec]:
        """What is owned, as an admin sees it in the workspace, by address; not what is gone."""
        looks = {"Space": self._space, "MCPServer": self._server}
        found = {
            address: looks[address.partition("/")[0]](sid) for address, sid in self.owned().items()
        }
        return {address: seen for address, seen in found.items() if seen is not None}

    def mismatches(self) -> set[str]:
        """Addresses of what isn't in the workspace as it is declared."""
        seen, specs = self.look(), self.declared.specs
        return {
            address
            for address, spec in specs.items()
            if address not in seen or seen[address] != seen[address] | self._wanted(address, spec)
        }

    def unmanaged(self) -> dict[str, Spec]:
        """What is owned, as it is in the fields that the manifests leave to the workspace.

        By remote id: an object that is made anew has none.
        """
        ids, specs = self.owned(), self.declared.specs
        return {
            ids[address]: {k: v for k, v in seen.items() if k not in self._wanted(address, spec)}
            for address, seen in self.look().items()
            if (spec := specs.get(address)) is not None
        }

    def strangers(self) -> dict[str, Any]:
        """Everything in the workspace that the state doesn't own, in every detail, by id."""
        admin, owned = self.workspace.admin, set(self.owned().values())
        spaces = admin.read("/spaces", role="admin")["spaces"]
        servers = admin.read("/mcp")["servers"]
        found: dict[str, Any] = {}
        for each in spaces:
            if each["kind"] == "regular" and each["sId"] not in owned:
                whole = admin.read(f"/spaces/{each['sId']}", includeAllMembers="true")["space"]
                del whole["categories"]  # how many tools: one of ours may have been shown there
                found[each["sId"]] = whole
        for each in servers:
            if each["sId"] not in owned:
                whole = admin.read(f"/mcp/{each['sId']}")["server"]
                views = whole.pop("views")
                found[each["sId"]] = whole
                found |= {v["sId"]: admin.read(f"/mcp/views/{v['sId']}") for v in views}
        return found

    @property
    def folder(self) -> Path:
        """Where the state is, and the manifests are under."""
        return self._project.folder

    @property
    def environ(self) -> dict[str, str]:
        """The variables that the manifests refer to."""
        again = "-rotated" if self.declared.rotated else ""
        return {
            "DUST_ACCESS_TOKEN": ADMIN,
            "TOKEN": GUARDED_TOKEN,
            "ANY_TOKEN": f"any-token{again}",
            "KEY": GATEWAY_KEY,
        }

    def _context(self) -> Context:
        loaded = load_manifests([self._project.manifests], None)
        assert loaded.desired is not None
        options = Options(environ=self.environ, allow=ALLOWED)
        return open_context(loaded.desired, loaded.locator, options, trust=Trust())

    def _document(self, address: str, spec: Spec) -> dict[str, Any]:
        kind, _, name = address.partition("/")
        if kind == "Space":
            return space(name, **spec)
        made = server(name, getattr(self._servers, spec["url"]).url)
        made["spec"] = {**spec, "url": made["spec"]["url"]}
        return made

    def _wanted(self, address: str, spec: Spec) -> Spec:
        """A declared spec in the words of `look`."""
        wanted: Spec = {}
        for name, value in spec.items():
            match name:
                case "url":
                    wanted[name] = getattr(self._servers, value).url
                case "auth":
                    wanted[name] = value["mode"]
                case "members" | "headers":
                    wanted[name] = {each.lower() for each in value}
                case "groups":
                    wanted[name] = set(value)
                case "spaces":
                    ids = self.owned()
                    company = self.workspace.space_id("company")
                    wanted[name] = {
                        company if each == "company" else ids.get(f"Space/{each}") for each in value
                    }
                case "tools":
                    for tool in _TOOLS:
                        row = {**value.get("default", {}), **value.get(tool, {})}
                        wanted |= {f"{tool}.{key}": setting for key, setting in row.items()}
                case _:
                    wanted[name] = value
        return wanted

    def _space(self, sid: str) -> Spec | None:
        answer = self.workspace.admin.get(f"/spaces/{sid}", params={"includeAllMembers": "true"})
        if answer.status_code == 404:
            return None
        live = answer.json()["space"]
        return {
            "displayName": live["name"],
            "access": "restricted" if live["isRestricted"] else "open",
            "members": {each["email"].lower() for each in live["members"]},
            "groups": {each["name"] for each in live["groups"]},
        }

    def _server(self, sid: str) -> Spec | None:
        answer = self.workspace.admin.get(f"/mcp/{sid}")
        if answer.status_code == 404:
            return None
        live = answer.json()["server"]
        system = self.workspace.space_id("system")
        sole = next(each["sId"] for each in live["views"] if each["spaceId"] == system)
        view = self.workspace.admin.read(f"/mcp/views/{sole}")["serverView"]
        rows = {each["toolName"]: each for each in view["toolsMetadata"]}
        seen = {
            "url": live["url"],
            "displayName": view["name"],
            "description": view["description"],
            "icon": live["icon"],
            "auth": "bearer" if live["sharedSecret"] else "none",
            "headers": {name.lower() for name in live["customHeaders"] or ()},
            "spaces": {each["spaceId"] for each in live["views"]} - {system},
        }
        for tool in _TOOLS:
            row = rows.get(tool, {"permission": "high", "enabled": True})
            seen |= {f"{tool}.stake": row["permission"], f"{tool}.enabled": row["enabled"]}
        return seen


def _sweep(workspace: Workspace) -> None:
    admin = workspace.admin
    for each in admin.read("/mcp")["servers"]:
        names = {view["name"] for view in each["views"]}
        if each.get("url") and NEIGHBOUR_SERVER not in names:
            admin.write("DELETE", f"/mcp/{each['sId']}")
    for each in admin.read("/spaces", role="admin")["spaces"]:
        if each["kind"] == "regular" and each["name"] != NEIGHBOUR_SPACE:
            admin.write("DELETE", f"/spaces/{each['sId']}")
