"""Routes of tool settings: stake and enabled, per server and tool."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from reconciler.sandbox.call import Body, Call, is_server_sid
from reconciler.sandbox.envelope import ApiError, answer, bad_request, not_admin
from reconciler.sandbox.records import Server, Stake
from reconciler.sandbox.server_rows import server_by_sid

# Strict models take enums as members only; on the wire they are texts.
StakeText = Annotated[Stake, Field(strict=False)]


class _One(Body):
    permission: StakeText = Stake.HIGH
    enabled: bool = True


class _Setting(Body):
    tool_name: str
    permission: StakeText
    enabled: bool


class _Batch(Body):
    tools: list[_Setting]


async def patch_tool(call: Call) -> Response:
    """PATCH /mcp/{serverId}/tools/{name}: a field left out goes back to its default."""
    body = await call.body(_One)
    if not body.model_fields_set:
        raise bad_request(
            "Invalid request body: Validation error: permission or enabled is required"
        )
    server = _server(call)
    _refuse_others(call)
    _write(call, server, call.path("tool"), body.permission, enabled=body.enabled)
    return answer({"success": True})


async def patch_tools(call: Call) -> Response:
    """PATCH /mcp/{serverId}/tools: many at once, both fields always."""
    if call.workspace.no_batch_tools:
        raise ApiError(404, "not_found", "The requested path was not found.")
    body = await call.body(_Batch)
    names = [setting.tool_name for setting in body.tools]
    if len(set(names)) != len(names):
        raise bad_request("Invalid request body: Validation error: duplicate tool names")
    server = _server(call)
    _refuse_others(call)
    with call.store.transaction():
        for setting in body.tools:
            _write(call, server, setting.tool_name, setting.permission, enabled=setting.enabled)
    return answer({"success": True})


def _server(call: Call) -> Server:
    sid = call.path("server_id")
    if not is_server_sid(sid):
        raise bad_request("Invalid MCP server ID")
    server = server_by_sid(call, sid)
    if server is None:
        raise ApiError(404, "mcp_server_not_found", "MCP Server not found")
    return server


def _refuse_others(call: Call) -> None:
    if not call.is_admin:
        raise not_admin(403, "Only users that are `admins` can update tool settings.")


def _write(call: Call, server: Server, tool: str, stake: Stake, *, enabled: bool) -> None:
    """The tool need not exist on the server."""
    call.store.write(
        "INSERT OR REPLACE INTO tool_setting VALUES (?, ?, ?, ?)",
        server.id,
        tool,
        stake,
        int(enabled),
    )
