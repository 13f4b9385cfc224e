"""Routes that list servers: those installed, those available, who uses them."""

import json

from starlette.responses import Response

from reconciler.sandbox.call import Call
from reconciler.sandbox.catalogue import internal_presets, remote_presets
from reconciler.sandbox.envelope import answer
from reconciler.sandbox.records import Availability
from reconciler.sandbox.server_json import ServerWriter
from reconciler.sandbox.server_rows import all_servers, hydrate, views_where


async def list_servers(call: Call) -> Response:
    """GET /mcp: all servers with light views, by name, in one piece."""
    hydrate(call)
    writer = ServerWriter(call)
    views: dict[int, list[object]] = {}
    servers = {server.id: server for server in all_servers(call)}
    full = {server.id: writer.server(server, connections=True) for server in servers.values()}
    for view in views_where(call, "1"):
        if writer.may_read(view):
            light = writer.light_view(view, full[view.server_id], servers[view.server_id])
            views.setdefault(view.server_id, []).append(light)
    return answer(
        {
            "success": True,
            "servers": [
                {**json, "views": views.get(server_id, [])} for server_id, json in full.items()
            ],
        }
    )


async def available_servers(call: Call) -> Response:
    """GET /mcp/available: built-in tools that can still be added, then the catalogue."""
    installed = {server.registry_name for server in all_servers(call)}
    internal = [
        {
            "sId": None,
            "name": preset.name,
            "version": "1.0.0",
            "description": preset.description,
            "icon": preset.icon,
            "authorization": None,
            "tools": preset.tool_list(),
            "availability": preset.availability,
            "allowMultipleInstances": preset.allow_multiple_instances,
            "documentationUrl": None,
        }
        for preset in internal_presets()
        if preset.availability is Availability.MANUAL
        and (preset.allow_multiple_instances or preset.name not in installed)
    ]
    remote: list[dict[str, object]] = [
        {
            "sId": None,
            "id": preset.id,
            "name": preset.name,
            "version": "1.0.0",
            "description": preset.description,
            "icon": preset.icon,
            "authorization": {
                "provider": "mcp_static" if preset.auth_method == "oauth-static" else "mcp",
                "supported_use_cases": preset.supported_use_cases,
                **({"scope": preset.scope} if preset.scope else {}),
            }
            if preset.auth_method in ("oauth-dynamic", "oauth-static")
            else None,
            "tools": [],
            "availability": "manual",
            "allowMultipleInstances": True,
            "documentationUrl": None,
            "url": preset.url,
        }
        for preset in remote_presets(call.store)
    ]
    return answer({"success": True, "servers": [*internal, *remote]})


async def usage(call: Call) -> Response:
    """GET /mcp/usage: who uses which server, as the seed has it by URL."""
    known = {
        url: {"agents": json.loads(agents), "skills": json.loads(skills)}
        for url, agents, skills in call.store.values(
            "SELECT url, agents, skills FROM tool_usage WHERE workspace_id = ?", call.workspace.id
        )
    }
    nobody: dict[str, list[object]] = {"agents": [], "skills": []}
    return answer(
        {
            "usage": {
                server.sid: known.get(server.url or server.registry_name or "", nobody)
                for server in all_servers(call)
            }
        }
    )
