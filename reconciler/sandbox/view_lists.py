"""Routes that list views: by space, by availability, those that a space lacks."""

from starlette.responses import Response

from reconciler.sandbox.call import Call, query_error
from reconciler.sandbox.envelope import answer
from reconciler.sandbox.records import Availability, Server, Space, View
from reconciler.sandbox.server_json import ServerWriter, views_json
from reconciler.sandbox.server_rows import all_servers, hydrate, views_where
from reconciler.sandbox.space_rows import (
    global_space,
    member_space_ids,
    readable_space,
    system_space,
)

_BY_AVAILABILITY = "server_id IN (SELECT id FROM server WHERE availability = ?)"


async def list_views(call: Call) -> Response:
    """GET /mcp/views: by space and availability."""
    availabilities = _availabilities((call.param("availabilities") or "").split(","))
    wanted = call.param("spaceIds")
    hydrate(call)
    views = [
        view
        for availability in availabilities
        for view in views_where(call, _BY_AVAILABILITY, availability)
        if call.flag("includeRestrictedToSkills") or not view.is_restricted_to_skills
    ]
    if wanted is None:
        mine = member_space_ids(call)
        views = [view for view in views if view.space_id in mine]
    views.sort(key=lambda view: view.id)
    json = views_json(call, views)
    if wanted is not None:
        json = [view for view in json if view["spaceId"] in wanted.split(",")]
    return answer({"success": True, "serverViews": json})


def _availabilities(texts: list[str]) -> list[Availability]:
    if not texts or set(texts) - set(Availability):
        raise query_error("invalid availabilities")
    return [Availability(text) for text in dict.fromkeys(texts)]


async def list_space_views(call: Call) -> Response:
    """GET /spaces/{sId}/mcp_views: oldest first."""
    space = readable_space(call)
    wanted = call.param("availability") or "manual"
    availabilities = list(Availability) if wanted == "all" else _availabilities([wanted])
    hydrate(call)
    found = [
        view
        for availability in availabilities
        for view in views_where(
            call, f"space_id = ? AND {_BY_AVAILABILITY}", space.id, availability
        )
    ]
    found.sort(key=lambda view: view.id)
    return answer({"success": True, "serverViews": views_json(call, found)})


async def list_not_activated(call: Call) -> Response:
    """GET /spaces/{sId}/mcp_views/not_activated: the system views of the servers not here."""
    views = _not_activated(call, readable_space(call))
    servers = {server.id: server for server in all_servers(call)}
    writer = ServerWriter(call)
    return answer(
        {
            "success": True,
            "serverViews": [writer.view(view, servers[view.server_id]) for view in views],
        }
    )


def _not_activated(call: Call, space: Space) -> list[View]:
    return views_where(
        call,
        "space_id = ? AND server_id NOT IN (SELECT server_id FROM view WHERE space_id IN (?, ?))"
        " AND server_id IN (SELECT id FROM server WHERE availability = 'manual')",
        system_space(call).id,
        space.id,
        global_space(call).id,
    )


async def list_space_available(call: Call) -> Response:
    """GET /spaces/{sId}/mcp/available: the servers neither here nor in the company space."""
    ids = {view.server_id for view in _not_activated(call, readable_space(call))}
    return _servers_answer(call, ids)


async def list_space_servers(call: Call) -> Response:
    """GET /spaces/{sId}/mcp: the servers that are here."""
    space = readable_space(call)
    return _servers_answer(
        call, {view.server_id for view in views_where(call, "space_id = ?", space.id)}
    )


def _servers_answer(call: Call, ids: set[int]) -> Response:
    writer = ServerWriter(call)
    servers: list[Server] = [server for server in all_servers(call) if server.id in ids]
    return answer({"success": True, "servers": [writer.server(server) for server in servers]})


async def public_space_views(call: Call) -> Response:
    """GET /api/v1/…/mcp_server_views."""
    space = readable_space(call)
    wanted = ["manual", "auto"] if call.flag("includeAuto") else ["manual"]
    hydrate(call)
    found = [
        view
        for availability in wanted
        for view in views_where(
            call, f"space_id = ? AND {_BY_AVAILABILITY}", space.id, availability
        )
    ]
    found.sort(key=lambda view: view.id)
    return answer({"success": True, "serverViews": views_json(call, found)})
