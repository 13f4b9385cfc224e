"""Routes of one view: the presence of a server in a space, and its shared name."""

import sqlite3
from typing import Literal

from starlette.responses import Response

from reconciler.sandbox.call import Body, Call, first_fit
from reconciler.sandbox.clashes import name_clash, tool_clash
from reconciler.sandbox.envelope import ApiError, answer, bad_request, not_admin, unhandled
from reconciler.sandbox.records import Server, SpaceKind, View
from reconciler.sandbox.server_json import ServerWriter, view_json
from reconciler.sandbox.server_rows import add_view, server_by_sid, system_view, views_where
from reconciler.sandbox.space_rows import readable_space, space_by_id, system_space

COLUMN_LIMIT = 255


class _Activate(Body):
    mcp_server_id: str


class _UseCase(Body):
    o_auth_use_case: Literal["platform_actions", "personal_actions"]
    oauth_scope: str = ""


class _Rename(Body):
    name: str | None
    description: str | None


class _Skills(Body):
    is_restricted_to_skills: bool


async def get_view(call: Call) -> Response:
    """GET /mcp/views/{viewId}."""
    view = _view(call, "mcp_server_view_not_found")
    if not ServerWriter(call).may_read(view):
        raise _missing("mcp_server_view_not_found")
    return answer({"success": True, "serverView": view_json(call, view.id)})


def _missing(kind: str) -> ApiError:
    return ApiError(404, kind, "MCP Server View not found")


def _view(call: Call, kind: str) -> View:
    views = views_where(call, "sid = ?", call.path("view_id"))
    if not views:
        raise _missing(kind)
    return views[0]


async def patch_view(call: Call) -> Response:
    """PATCH /mcp/views/{viewId}: the system view's, applied to all views of the server."""
    body = first_fit(await call.json(), _UseCase, _Rename, _Skills)
    view = _view(call, "mcp_server_view_not_found")
    if space_by_id(call.store, view.space_id).kind != SpaceKind.SYSTEM:
        raise bad_request("Updates can only be performed on system views.")
    if not call.is_admin:
        raise not_admin(401, "You are not authorized to update the MCP server view.")
    changes: dict[str, str | int | None] = {}
    match body:
        case _UseCase():
            changes["oauth_use_case"] = body.o_auth_use_case
            if "oauth_scope" in body.model_fields_set:
                changes["oauth_scope"] = body.oauth_scope
        case _Rename():
            changes = _renaming(call, view, body)
        case _Skills():
            changes["is_restricted_to_skills"] = int(body.is_restricted_to_skills)
        case _:
            raise AssertionError(body)
    # One after the other and not in one transaction, as Dust does.
    for each in views_where(call, "server_id = ?", view.server_id):
        call.store.update(
            "view", each.id, **changes, editor_id=call.user_id, updated_at=call.store.now()
        )
    return answer({"success": True, "serverView": view_json(call, view.id)})


def _renaming(call: Call, view: View, body: _Rename) -> dict[str, str | int | None]:
    """The columns a rename writes: null leaves what is stored, so nothing can be reset."""
    if body.name is not None:
        _refuse_clash(call, view, body.name)
    for text in (body.name, body.description):
        if text is not None and len(text) > COLUMN_LIMIT:
            raise unhandled(f"value too long for type character varying({COLUMN_LIMIT})")
    wanted = {"name": body.name, "description": body.description}
    return {key: value for key, value in wanted.items() if value is not None}


def _refuse_clash(call: Call, view: View, name: str) -> None:
    """Refuse a name that another server has anywhere, or that crops to its tool names."""
    system = system_space(call)
    if name_clash(call, system, name, but_server=view.server_id):
        raise bad_request(f"An existing Tool is already using the name {name!r}.")
    server = call.store.row(Server, "SELECT * FROM server WHERE id = ?", view.server_id)
    assert server is not None
    shared = tool_clash(call, system, name, server.tool_names(), but_server=server.id)
    if shared is not None:
        raise bad_request(
            f"The name {name!r} would give its tools the same names as those of {shared[0]!r}."
        )


async def create_space_view(call: Call) -> Response:
    """POST /spaces/{sId}/mcp_views; into the company space it deletes the others."""
    space = readable_space(call)
    body = await call.body(_Activate)
    if not call.is_admin:
        raise not_admin(403, "User is not authorized to add tools to a space.", "mcp_auth_error")
    if space.kind not in (SpaceKind.REGULAR, SpaceKind.GLOBAL):
        raise bad_request("Can only create MCP Server Views from regular or global spaces.")
    server = server_by_sid(call, body.mcp_server_id)
    origin = None if server is None else system_view(call, server.id)
    if server is None or origin is None:
        raise bad_request(
            "Missing system view for that MCP server,"
            " it should have been created when adding the MCP server."
        )
    name = origin.name or server.name
    if name_clash(call, space, name):
        raise bad_request(f"An existing Tool is already using the name {name!r} in this space.")
    try:
        with call.store.transaction():
            view_id = add_view(
                call.store,
                call.workspace.id,
                server.id,
                space.id,
                name=origin.name,
                description=origin.description,
                use_case=origin.oauth_use_case,
                scope=origin.oauth_scope,
                editor_id=call.user_id,
            )
            if space.kind == SpaceKind.GLOBAL:
                call.store.write(
                    "DELETE FROM view WHERE server_id = ? AND space_id IN"
                    " (SELECT id FROM space WHERE workspace_id = ? AND kind = 'regular')",
                    server.id,
                    call.workspace.id,
                )
    except sqlite3.IntegrityError as error:
        raise unhandled("Validation error: the view must be unique") from error
    return answer({"success": True, "serverView": view_json(call, view_id)})


async def delete_space_view(call: Call) -> Response:
    """DELETE /spaces/{sId}/mcp_views/{viewId}: hard; the system view goes with its server only."""
    space = readable_space(call)
    view = _view(call, "data_source_not_found")
    if view.space_id != space.id:
        raise _missing("data_source_not_found")
    if not call.is_admin:
        raise not_admin(403, "User is not authorized to remove tools from a space.")
    if space.kind not in (SpaceKind.REGULAR, SpaceKind.GLOBAL):
        raise bad_request("Can only delete MCP Server Views from regular or global spaces.")
    call.store.write("DELETE FROM view WHERE id = ?", view.id)
    return answer({"deleted": True})
