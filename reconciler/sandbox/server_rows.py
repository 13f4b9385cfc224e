"""Servers and views in the database."""

from collections.abc import Mapping

from reconciler.sandbox.call import Call
from reconciler.sandbox.catalogue import InternalPreset, internal_presets
from reconciler.sandbox.records import Availability, Server, View
from reconciler.sandbox.space_rows import global_space, system_space, system_space_id
from reconciler.sandbox.store import Store, dump, new_sid

DEFAULT_ICON = "ActionCommand1Icon"


def add_view(
    store: Store,
    workspace_id: int,
    server_id: int,
    space_id: int,
    *,
    name: str | None = None,
    description: str | None = None,
    use_case: str | None = None,
    scope: str | None = None,
    editor_id: int | None = None,
) -> int:
    """Make a server present in a space; the view's row id.

    Raises:
        sqlite3.IntegrityError: it is there already, or the name is another view's.
    """
    now = store.now()
    return store.insert(
        "view",
        sid=new_sid("mcpsv"),
        workspace_id=workspace_id,
        server_id=server_id,
        space_id=space_id,
        name=name,
        description=description,
        oauth_use_case=use_case,
        oauth_scope=scope,
        is_restricted_to_skills=0,
        editor_id=editor_id,
        created_at=now,
        updated_at=now,
    )


def add_internal(
    store: Store, workspace_id: int, preset: InternalPreset, *, spaces: list[int]
) -> int:
    """Install a built-in tool with views in the system space and these; its row id."""
    now = store.now()
    server_id = store.insert(
        "server",
        sid=new_sid("ims"),
        workspace_id=workspace_id,
        kind="internal",
        registry_name=preset.name,
        name=preset.name,
        description=preset.description,
        version="1.0.0",
        icon=preset.icon,
        tools=dump(preset.tool_list()),
        availability=preset.availability,
        allow_multiple=int(preset.allow_multiple_instances),
        created_at=now,
        updated_at=now,
    )
    system = system_space_id(store, workspace_id)
    for space_id in (system, *spaces):
        add_view(store, workspace_id, server_id, space_id)
    return server_id


def sealed_credentials(
    store: Store, sid: str, token: str | None, headers: Mapping[str, str] | None
) -> dict[str, str | None]:
    """The columns of a server's token and headers, for the server of this id alone."""
    return {
        "shared_secret": store.closed(sid, "shared_secret", token),
        "custom_headers": store.closed(sid, "custom_headers", dump(headers)),
    }


def hydrate(call: Call) -> None:
    """Create the missing views of automatic tools: in Dust, too, reading a list does this."""
    store, workspace_id = call.store, call.workspace.id
    present = {
        row[0]
        for row in store.values(
            "SELECT registry_name FROM server WHERE workspace_id = ? AND availability != 'manual'",
            workspace_id,
        )
    }
    company = global_space(call)
    for preset in internal_presets():
        if preset.availability is not Availability.MANUAL and preset.name not in present:
            with store.transaction():
                add_internal(store, workspace_id, preset, spaces=[company.id])


def server_by_sid(call: Call, sid: str) -> Server | None:
    """The server of this id, in this workspace."""
    return call.store.row(
        Server,
        "SELECT * FROM server WHERE workspace_id = ? AND sid = ?",
        call.workspace.id,
        sid,
    )


def all_servers(call: Call) -> list[Server]:
    """Every server of the workspace, by name."""
    servers = call.store.rows(
        Server, "SELECT * FROM server WHERE workspace_id = ?", call.workspace.id
    )
    return sorted(servers, key=lambda server: (server.name.casefold(), server.name.swapcase()))


def views_where(call: Call, condition: str, *values: str | int | None) -> list[View]:
    """Views of the workspace, oldest first."""
    return call.store.rows(
        View,
        " ".join(("SELECT * FROM view WHERE workspace_id = ? AND", condition, "ORDER BY id")),
        call.workspace.id,
        *values,
    )


def system_view(call: Call, server_id: int) -> View | None:
    """The view that stands for the server itself; only a half-made server lacks it."""
    views = views_where(call, "server_id = ? AND space_id = ?", server_id, system_space(call).id)
    return views[0] if views else None
