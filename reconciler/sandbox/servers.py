"""Routes of one MCP server: read, patch, delete, sync."""

import json
from typing import Annotated

from pydantic import Field, model_validator
from starlette.responses import Response

from reconciler.authorization import TokenFailure
from reconciler.sandbox.call import Body, Call, first_fit, is_server_sid
from reconciler.sandbox.catalogue import internal_preset
from reconciler.sandbox.envelope import ApiError, answer, bad_request, not_admin, unhandled
from reconciler.sandbox.masks import is_mask
from reconciler.sandbox.oauth_rows import workspace_consent
from reconciler.sandbox.probe import ProbeError, ServerFacts
from reconciler.sandbox.records import Role, Server
from reconciler.sandbox.server_json import ServerWriter
from reconciler.sandbox.server_rows import server_by_sid, views_where
from reconciler.sandbox.store import dump
from reconciler.sandbox.token_use import access_token


class HeaderEntry(Body):
    """One custom header of a body."""

    key: str
    value: str


class _Icon(Body):
    icon: str


class _Credentials(Body):
    shared_secret: str = ""
    custom_headers: list[HeaderEntry] | None = None

    @model_validator(mode="after")
    def _something(self) -> "_Credentials":
        if not self.model_fields_set:
            raise ValueError("at least one of sharedSecret and customHeaders is required")
        return self


class _Meta(Body):
    meta: Annotated[dict[str, str] | None, Field()]


def clean_headers(entries: list[HeaderEntry] | None) -> dict[str, str] | None:
    """Headers as Dust keeps them: trimmed, one line, none empty, the last of a name."""
    kept: dict[str, str] = {}
    for entry in entries or []:
        name, value = (
            text.replace("\r", " ").replace("\n", " ").strip() for text in (entry.key, entry.value)
        )
        if name and value:
            kept[name] = value
    return kept or None


async def get_server(call: Call) -> Response:
    """GET /mcp/{serverId}: with its views in full."""
    server = _decoded(call, "data_source_not_found")
    writer = ServerWriter(call, server)
    views = [
        writer.view(view, server)
        for view in views_where(call, "server_id = ?", server.id)
        if writer.may_read(view)
    ]
    return answer({"server": {**writer.server(server, connections=True), "views": views}})


def _decoded(call: Call, kind: str) -> Server:
    """The server of the path; an id that can't be decoded crashes Dust's handler."""
    sid = call.path("server_id")
    if not is_server_sid(sid):
        raise unhandled("Invalid server ID")
    server = server_by_sid(call, sid)
    if server is None:
        raise ApiError(404, kind, "Remote MCP Server not found")
    return server


async def patch_server(call: Call) -> Response:
    """PATCH /mcp/{serverId}: icon, else credentials, else meta; the others are stripped."""
    raw = await call.json()
    body = first_fit(raw, _Icon, _Credentials, _Meta)
    server = _decoded(call, "mcp_server_not_found")
    if not call.is_admin:
        raise not_admin(401, "You are not authorized to update the MCP server.")
    match body:
        case _Icon():
            _patch_icon(call, server, body)
        case _Credentials():
            _patch_credentials(call, server, body)
        case _Meta():
            if server.is_remote:
                _touch(call, server, meta=dump(body.meta))
        case _:
            raise AssertionError(body)
    updated = server_by_sid(call, server.sid)
    assert updated is not None
    return answer({"success": True, "server": ServerWriter(call, updated).server(updated)})


def _patch_icon(call: Call, server: Server, body: _Icon) -> None:
    if not server.is_remote:
        raise bad_request("Only the icon of remote servers can be changed.")
    _touch(call, server, icon=body.icon)


def _patch_credentials(call: Call, server: Server, body: _Credentials) -> None:
    if not server.is_remote:
        preset = internal_preset(server.registry_name)
        if preset is None or not preset.takes_bearer:
            raise bad_request("This MCP server does not support bearer token credentials.")
    headers = body.custom_headers
    if any(is_mask(entry.value) for entry in headers or []):
        raise bad_request(
            "A custom header value is masked: re-enter every header value to change the headers."
        )
    changes: dict[str, str | None] = {}
    if "shared_secret" in body.model_fields_set:
        token = body.shared_secret or None
        changes["shared_secret"] = call.store.closed(server.sid, "shared_secret", token)
    if "custom_headers" in body.model_fields_set:
        cleaned = dump(clean_headers(headers))
        changes["custom_headers"] = call.store.closed(server.sid, "custom_headers", cleaned)
    _touch(call, server, **changes)


def _touch(call: Call, server: Server, **changes: str | None) -> None:
    """Change columns; Dust stamps the sync time although it contacts nobody."""
    now = call.store.now()
    call.store.update("server", server.id, last_sync_at=now, updated_at=now, **changes)


async def delete_server(call: Call) -> Response:
    """DELETE /mcp/{serverId}: connections, views, settings, then the server; use blocks nothing."""
    server = _decoded(call, "data_source_not_found")
    if not call.is_admin:
        raise not_admin(401, "You are not authorized to delete the MCP server.")
    with call.store.transaction():
        call.store.write("DELETE FROM server WHERE id = ?", server.id)
    return answer({"deleted": True})


async def sync_server(call: Call) -> Response:
    """POST /mcp/{serverId}/sync: ask the server again, with the stored credentials."""
    if call.role is not Role.ADMIN:
        raise not_admin(403, "Only admin users can perform this action.")
    server = server_by_sid(call, call.path("server_id"))
    if server is None or not server.is_remote:
        raise ApiError(404, "data_source_not_found", "Remote MCP Server not found")
    try:
        headers = await stored_headers(call, server)
        facts = await call.sandbox.prober.probe(server.url or "", headers)
    except (ProbeError, TokenFailure) as error:
        message = f"Error fetching remote server metadata: {error}"
        now = call.store.now()
        call.store.update("server", server.id, last_sync_at=now, last_error=str(error))
        raise bad_request(message) from error
    _store_facts(call, server, facts)
    updated = server_by_sid(call, server.sid)
    if updated is None:
        raise ApiError(404, "data_source_not_found", "Remote MCP Server not found")
    return answer({"success": True, "server": ServerWriter(call, updated).server(updated)})


async def stored_headers(call: Call, server: Server) -> dict[str, str]:
    """What Dust sends to a server it knows: custom headers, then the credential on top.

    A bearer token comes first; the workspace's connection counts only where the server was created
    with OAuth.

    Raises:
        TokenFailure: the connection's token has run out and can't be refreshed.
    """
    token = server.shared_secret
    if not token and server.provider is not None:
        consent = workspace_consent(call.store, server.id)
        token = None if consent is None else await access_token(call.sandbox, consent.sid)
    return request_headers(server.header_map(), token)


def request_headers(custom: dict[str, str] | None, token: str | None) -> dict[str, str]:
    """Custom headers and a credential, which wins over a custom Authorization."""
    headers = dict(custom or {})
    if token:
        headers = {
            name: value for name, value in headers.items() if name.lower() != "authorization"
        }
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _store_facts(call: Call, server: Server, facts: ServerFacts) -> None:
    store, now = call.store, call.store.now()
    with store.transaction():
        store.update(
            "server",
            server.id,
            name=facts.name,
            description=facts.description,
            tools=dump(facts.tools),
            last_error=None,
            last_sync_at=now,
            updated_at=now,
        )
        store.write(
            "DELETE FROM tool_setting WHERE server_id = ?"
            " AND tool_name NOT IN (SELECT value FROM json_each(?))",
            server.id,
            json.dumps([tool["name"] for tool in facts.tools]),
        )
