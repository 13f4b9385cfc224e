"""POST /mcp: adds a server, in Dust's order of steps, which is not one transaction."""

import sqlite3
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from starlette.responses import Response

from reconciler.authorization import TokenFailure
from reconciler.sandbox.call import Body, Call
from reconciler.sandbox.catalogue import RemotePreset, internal_preset, matching_preset
from reconciler.sandbox.clashes import name_clash, tool_clash
from reconciler.sandbox.envelope import ApiError, answer, bad_request, unhandled, validation_message
from reconciler.sandbox.oauth_rows import add_connection, checked_consent
from reconciler.sandbox.probe import ProbeError, ServerFacts
from reconciler.sandbox.records import OAuthConnection, Server
from reconciler.sandbox.server_json import ServerWriter
from reconciler.sandbox.server_rows import (
    DEFAULT_ICON,
    add_internal,
    add_view,
    sealed_credentials,
    server_by_sid,
)
from reconciler.sandbox.servers import HeaderEntry, clean_headers, request_headers
from reconciler.sandbox.space_rows import global_space, system_space_id
from reconciler.sandbox.store import dump, new_sid
from reconciler.sandbox.token_use import access_token
from reconciler.sandbox.urls import INVALID, refuse_unsafe

URL_LIMIT = 2048
VIEW_NAME_LIMIT = 255
UseCase = Literal["platform_actions", "personal_actions"]


class _New(Body):
    include_global: bool = False
    shared_secret: str = ""
    use_case: UseCase | None = None
    connection_id: str = ""
    custom_headers: list[HeaderEntry] = Field(default_factory=list)
    view_name: str = ""


class _NewRemote(_New):
    server_type: Literal["remote"]
    url: str
    default_server_id: int | None = None


class _NewInternal(_New):
    server_type: Literal["internal"]
    name: str
    oauth_scope: str = ""


_Either: TypeAdapter[_NewRemote | _NewInternal] = TypeAdapter(
    Annotated[_NewRemote | _NewInternal, Field(discriminator="server_type")]
)


async def create_server(call: Call) -> Response:
    """Add a remote or an internal server: 201, without views."""
    raw = await call.json()
    try:
        body = _Either.validate_python(raw)
    except ValidationError as error:
        raise bad_request(f"Invalid request body: {validation_message(error)}") from error
    consent = None
    if body.connection_id:
        consent = _own_consent(call, body.connection_id)
    if isinstance(body, _NewInternal):
        return _create_internal(call, body)
    return await _create_remote(call, body, consent)


def _own_consent(call: Call, sid: str) -> OAuthConnection | None:
    if not sid.startswith("con_"):
        return None
    consent = checked_consent(call, sid)
    if consent is None:
        raise ApiError(
            403,
            "data_source_auth_error",
            "The OAuth connection isn't finalized, or belongs to someone else.",
        )
    return consent


def _view_name(body: _New) -> str | None:
    if "view_name" not in body.model_fields_set:
        return None
    name = body.view_name.strip()
    if not 1 <= len(name) <= VIEW_NAME_LIMIT:
        raise bad_request(f"The name must be between 1 and {VIEW_NAME_LIMIT} characters.")
    return name


async def _create_remote(call: Call, body: _NewRemote, consent: OAuthConnection | None) -> Response:
    if not body.url:
        raise bad_request("URL is required")
    if len(body.url) > URL_LIMIT:
        raise bad_request(f"URL exceeds the maximum length of {URL_LIMIT} characters.")
    view_name = _view_name(body)
    token: str | None = body.shared_secret
    if body.connection_id:
        token = await _consent_token(call, consent)
    headers = request_headers(clean_headers(body.custom_headers), token)
    facts = await _probe(call, body.url, headers)
    preset = matching_preset(call.store, body.url, body.default_server_id)
    name = preset.name if preset else facts.name
    if len(name) > URL_LIMIT:
        raise bad_request("The name of the server is too long.")
    if body.include_global:
        _refuse_clash(call, view_name or name, [tool["name"] for tool in facts.tools])
    if not call.is_admin:
        raise unhandled("The user is not authorized to create a remote MCP server")
    server = _insert(call, body, facts, preset, consent)
    _add_system_view(call, server, view_name, body.use_case)
    if consent is not None:
        add_connection(call, server.id, "workspace", consent.sid)
    if preset:
        _seed_stakes(call, server, preset)
    if body.include_global:
        add_view(
            call.store,
            call.workspace.id,
            server.id,
            global_space(call).id,
            name=view_name,
            use_case=body.use_case,
            editor_id=call.user_id,
        )
    return answer({"success": True, "server": ServerWriter(call, server).server(server)}, 201)


async def _consent_token(call: Call, consent: OAuthConnection | None) -> str:
    message = "Error fetching OAuth connection access token"
    if consent is None:
        raise bad_request(message)
    try:
        return await access_token(call.sandbox, consent.sid)
    except TokenFailure as error:
        raise bad_request(f"{message}: {error}") from error


async def _probe(call: Call, url: str, headers: dict[str, str]) -> ServerFacts:
    try:
        await refuse_unsafe(url, strict=call.sandbox.settings.strict_urls)
    except ApiError as error:
        if error.message == INVALID:
            raise bad_request(
                "Invalid MCP server URL."
                " Please provide a valid URL starting with http:// or https://"
            ) from error
        raise
    try:
        return await call.sandbox.prober.probe(url, headers)
    except ProbeError as error:
        raise bad_request(str(error)) from error


def _refuse_clash(call: Call, name: str, tools: list[str]) -> None:
    """Refuse a name, or a model-facing tool name, that the company space has already."""
    space = global_space(call)
    details: dict[str, Any] = {}
    if name_clash(call, space, name) is None:
        shared = tool_clash(call, space, name, tools)
        if shared is None:
            return
        server_name, tool_name = shared
        details["conflictDetails"] = {
            "conflictingServerName": server_name,
            "conflictingToolName": tool_name,
        }
    raise ApiError(
        400,
        "invalid_request_error",
        f"An existing Tool is already using the name {name!r} in this space.",
        beside={"nameConflict": {"name": name, **details}},
    )


def _insert(
    call: Call,
    body: _NewRemote,
    facts: ServerFacts,
    preset: RemotePreset | None,
    consent: OAuthConnection | None,
) -> Server:
    now = call.store.now()
    sid = new_sid("rms")
    call.store.insert(
        "server",
        sid=sid,
        workspace_id=call.workspace.id,
        kind="remote",
        url=body.url,
        name=preset.name if preset else facts.name,
        description=preset.description if preset else facts.description,
        version=facts.version,
        icon=preset.icon if preset else DEFAULT_ICON,
        tools=dump(facts.tools),
        provider=consent.provider if consent else None,
        scope=consent.scope if consent else None,
        **sealed_credentials(
            call.store, sid, body.shared_secret or None, clean_headers(body.custom_headers)
        ),
        availability="manual",
        allow_multiple=1,
        last_sync_at=now,
        created_at=now,
        updated_at=now,
    )
    server = server_by_sid(call, sid)
    assert server is not None
    return server


def _add_system_view(
    call: Call, server: Server, view_name: str | None, use_case: str | None
) -> None:
    """Add the system view; a name that is taken leaves the server behind without one."""
    system = system_space_id(call.store, call.workspace.id)
    try:
        add_view(
            call.store,
            call.workspace.id,
            server.id,
            system,
            name=view_name,
            use_case=use_case,
            editor_id=call.user_id,
        )
    except sqlite3.IntegrityError as error:
        raise unhandled("Validation error: the view name must be unique") from error


def _seed_stakes(call: Call, server: Server, preset: RemotePreset) -> None:
    for tool, stake in preset.stakes(server.tool_names()).items():
        call.store.insert(
            "tool_setting", server_id=server.id, tool_name=tool, permission=stake, enabled=1
        )


def _create_internal(call: Call, body: _NewInternal) -> Response:
    preset = internal_preset(body.name)
    if preset is None:
        raise bad_request("Unknown internal MCP server name.")
    view_name = _view_name(body)
    installed = call.store.exists(
        "SELECT 1 FROM server WHERE workspace_id = ? AND registry_name = ?",
        call.workspace.id,
        preset.name,
    )
    if installed and not preset.allow_multiple_instances:
        raise bad_request(
            "This internal tool has already been added and only one instance is allowed."
        )
    if body.include_global:
        _refuse_clash(call, view_name or preset.name, preset.tools)
    if not call.is_admin:
        raise unhandled("The user is not authorized to create an internal MCP server")
    spaces = [global_space(call).id] if body.include_global else []
    try:
        with call.store.transaction():
            server_id = add_internal(call.store, call.workspace.id, preset, spaces=spaces)
            sid = call.store.text("SELECT sid FROM server WHERE id = ?", server_id)
            assert sid is not None
            headers = clean_headers(body.custom_headers)
            sealed = sealed_credentials(call.store, sid, body.shared_secret or None, headers)
            call.store.update("server", server_id, **sealed)
            call.store.write(
                "UPDATE view SET name = ?, oauth_use_case = ?, oauth_scope = ?, editor_id = ?"
                " WHERE server_id = ?",
                view_name,
                body.use_case,
                body.oauth_scope or None,
                call.user_id,
                server_id,
            )
    except sqlite3.IntegrityError as error:
        raise unhandled("Validation error: the view name must be unique") from error
    server = call.store.row(Server, "SELECT * FROM server WHERE id = ?", server_id)
    assert server is not None
    return answer({"success": True, "server": ServerWriter(call, server).server(server)}, 201)
