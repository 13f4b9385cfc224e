"""What the page shows of a workspace, as plain data without any secret."""

from collections import Counter
from typing import Any

from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.consent_overview import connection_box, connections, waiting
from reconciler.sandbox.journal import recent
from reconciler.sandbox.masks import bare_url
from reconciler.sandbox.records import Server, Space, SpaceKind, Stake, View, Workspace
from reconciler.sandbox.store import Store

NO_AUTH = "no auth"
_ORDER = {SpaceKind.GLOBAL: 0, SpaceKind.REGULAR: 1, SpaceKind.PROJECT: 2}


def overview(sandbox: Sandbox) -> dict[str, Any]:
    """All workspaces with their spaces and tools, and the latest calls."""
    workspaces = sandbox.store.rows(Workspace, "SELECT * FROM workspace ORDER BY id")
    return {
        "workspaces": [_workspace(sandbox.store, workspace) for workspace in workspaces],
        "calls": [call.json() for call in recent(sandbox)],
    }


def latest_call(sandbox: Sandbox) -> int:
    """The id of the latest call; nothing changes without one."""
    return sandbox.store.number("SELECT coalesce(max(id), 0) FROM api_call") or 0


def _workspace(store: Store, workspace: Workspace) -> dict[str, Any]:
    spaces = store.rows(
        Space,
        "SELECT * FROM space WHERE workspace_id = ? AND kind != 'conversations'",
        workspace.id,
    )
    servers = {
        server.id: server
        for server in store.rows(
            Server, "SELECT * FROM server WHERE workspace_id = ?", workspace.id
        )
    }
    views = store.rows(View, "SELECT * FROM view WHERE workspace_id = ?", workspace.id)
    tools = _tools(store, workspace, servers)
    connected = connections(store, workspace)
    by_space: dict[int, list[dict[str, Any]]] = {space.id: [] for space in spaces}
    for view in views:
        if view.space_id in by_space:
            server = servers[view.server_id]
            box = _tool_box(view, server, tools)
            box["connection"] = connection_box(view, server, connected)
            by_space[view.space_id].append(box)
    shown = [space for space in spaces if space.kind != SpaceKind.SYSTEM]
    shown.sort(key=lambda space: (_ORDER[SpaceKind(space.kind)], space.name.casefold()))
    placed = {view.server_id for view in views if view.space_id in {space.id for space in shown}}
    nowhere = [
        box
        for space in spaces
        if space.kind == SpaceKind.SYSTEM
        for box in by_space[space.id]
        if box["serverRow"] not in placed
    ]
    people = dict(store.values("SELECT space_id, count(*) FROM space_member GROUP BY space_id"))
    groups: dict[int, list[str]] = {}
    for space_id, name in store.values(
        "SELECT space_id, name FROM space_group JOIN people_group ON group_id = people_group.id"
        " ORDER BY name"
    ):
        groups.setdefault(space_id, []).append(name)
    return {
        "sId": workspace.sid,
        "name": workspace.name,
        "members": store.number(
            "SELECT count(*) FROM membership WHERE workspace_id = ?", workspace.id
        ),
        "servers": sum(server.availability == "manual" for server in servers.values()),
        "spaces": [
            {
                "sId": space.sid,
                "name": space.name,
                "kind": space.kind,
                "access": "restricted"
                if space.is_restricted and space.kind != SpaceKind.GLOBAL
                else "open",
                "members": people.get(space.id, 0),
                "groups": groups.get(space.id, []),
                "tools": _by_name(by_space[space.id]),
            }
            for space in shown
        ],
        "inNoSpace": _by_name(nowhere),
        "waiting": waiting(store, workspace),
    }


def _by_name(boxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(boxes, key=lambda box: (str(box["name"]).casefold(), box["sId"]))


def _tools(
    store: Store, workspace: Workspace, servers: dict[int, Server]
) -> dict[int, list[dict[str, Any]]]:
    """The tools of each server with their settings; those without a row count as high."""
    rows: dict[int, dict[str, tuple[str, bool]]] = {}
    for server_id, name, permission, enabled in store.values(
        "SELECT server_id, tool_name, permission, enabled FROM tool_setting JOIN server"
        " ON server.id = server_id WHERE workspace_id = ?",
        workspace.id,
    ):
        rows.setdefault(server_id, {})[name] = (permission, bool(enabled))
    result = {}
    for server in servers.values():
        own = rows.get(server.id, {})
        listed = server.tool_names()
        names = [*listed, *sorted(set(own) - set(listed))]
        result[server.id] = [
            {
                "name": name,
                "stake": own.get(name, (Stake.HIGH, True))[0],
                "enabled": own.get(name, (Stake.HIGH, True))[1],
                "isSet": name in own,
                "isListed": name in listed,
            }
            for name in names
        ]
    return result


def _tool_box(view: View, server: Server, tools: dict[int, list[dict[str, Any]]]) -> dict[str, Any]:
    settings = tools[server.id]
    return {
        "sId": view.sid,
        "serverRow": server.id,
        "serverId": server.sid,
        "name": view.name or server.name,
        "description": view.description or server.description,
        "icon": server.icon,
        "url": None if server.url is None else bare_url(server.url),
        "availability": server.availability,
        "auth": _auth_mode(server),
        "credentials": view.oauth_use_case,
        "headers": list(server.header_map()),
        "isHealthy": server.last_error is None,
        "tools": settings,
        "stakes": dict(Counter(tool["stake"] for tool in settings if tool["enabled"])),
    }


def _auth_mode(server: Server) -> str:
    match server.provider, server.shared_secret:
        case "mcp", _:
            return "automatic OAuth"
        case "mcp_static", _:
            return "static OAuth"
        case _, str():
            return "bearer token"
        case _:
            return NO_AUTH if server.is_remote else "built in"
