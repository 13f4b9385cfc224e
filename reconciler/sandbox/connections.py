"""Routes of connections: the credentials of a server, the workspace's or one's own."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from reconciler.sandbox.call import Body, Call
from reconciler.sandbox.envelope import ApiError, answer, bad_request, unhandled
from reconciler.sandbox.oauth_rows import add_connection, checked_consent
from reconciler.sandbox.records import Connection, Server, User
from reconciler.sandbox.server_rows import server_by_sid

_SELECT = (
    "SELECT * FROM connection WHERE workspace_id = ? AND kind = ?"
    " AND user_id = coalesce(?, user_id) AND"
)


class _New(Body):
    mcp_server_id: str
    connection_id: str = ""
    credential_id: str = ""


def _kind(call: Call) -> str:
    kind = call.path("kind")
    if kind not in ("workspace", "personal"):
        raise bad_request(
            "Invalid path parameters: Validation error: Invalid enum value at 'connectionType'"
        )
    return kind


async def list_connections(call: Call) -> Response:
    """GET /mcp/connections/{kind}: the latest of each server."""
    kind = _kind(call)
    latest: dict[int, Connection] = {}
    for connection in _rows(call, kind, "1"):
        latest[connection.server_id] = connection
    return answer({"connections": [_json(call, each) for each in latest.values()]})


def _rows(call: Call, kind: str, condition: str, *values: str | int | None) -> list[Connection]:
    owner = None if kind == "workspace" else call.person().id
    return call.store.rows(
        Connection,
        " ".join((_SELECT, condition, "ORDER BY created_at")),
        call.workspace.id,
        kind,
        owner,
        *values,
    )


def _json(call: Call, connection: Connection) -> dict[str, Any]:
    server = call.store.row(Server, "SELECT * FROM server WHERE id = ?", connection.server_id)
    user = call.store.row(User, "SELECT * FROM user WHERE id = ?", connection.user_id)
    assert server is not None
    assert user is not None
    return {
        "sId": connection.sid,
        "createdAt": _iso(connection.created_at),
        "updatedAt": _iso(connection.updated_at),
        "authType": connection.auth_type,
        "connectionType": connection.kind,
        "serverType": server.kind,
        "remoteMCPServerId": server.sid if server.is_remote else None,
        "internalMCPServerId": None if server.is_remote else server.sid,
        "user": {
            "fullName": user.full_name,
            "imageUrl": None,
            "email": user.email,
            "userId": user.sid,
        },
    }


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def get_connection(call: Call) -> Response:
    """GET /mcp/connections/{kind}/{sId}."""
    return answer({"connection": _json(call, _found(call, _kind(call)))})


def _found(call: Call, kind: str) -> Connection:
    rows = _rows(call, kind, "sid = ?", call.path("connection_id"))
    if not rows:
        raise ApiError(404, "mcp_server_connection_not_found", "Connection not found")
    return rows[0]


async def create_connection(call: Call) -> Response:
    """POST /mcp/connections/{kind}: one more row; the latest counts."""
    kind = _kind(call)
    body = await call.body(_New)
    server = server_by_sid(call, body.mcp_server_id)
    if server is None:
        raise ApiError(404, "mcp_server_not_found", "MCP Server not found")
    if body.credential_id:
        raise bad_request("Key pair credentials are for internal servers that take them.")
    consent = checked_consent(call, body.connection_id)
    if consent is None:
        raise bad_request("The OAuth connection isn't finalized, or belongs to someone else.")
    if kind == "workspace" and not call.is_admin:
        raise unhandled("Only the admin can create a workspace connection")
    row_id = add_connection(call, server.id, kind, consent.sid)
    connection = call.store.row(Connection, "SELECT * FROM connection WHERE id = ?", row_id)
    assert connection is not None
    return answer({"success": True, "connection": _json(call, connection)})


async def delete_connection(call: Call) -> Response:
    """DELETE /mcp/connections/{kind}/{sId}: the workspace's takes everybody's with it."""
    kind = _kind(call)
    connection = _found(call, kind)
    store = call.store
    if kind == "personal":
        store.write(
            "DELETE FROM connection WHERE server_id = ? AND kind = 'personal' AND user_id = ?",
            connection.server_id,
            call.person().id,
        )
        return answer({"success": True})
    if not call.is_admin:
        raise ApiError(500, "internal_server_error", "Failed to delete connection")
    with store.transaction():
        store.write("DELETE FROM connection WHERE server_id = ?", connection.server_id)
        store.write("UPDATE view SET oauth_scope = NULL WHERE server_id = ?", connection.server_id)
    return answer({"success": True})
