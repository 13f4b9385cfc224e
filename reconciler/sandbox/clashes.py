"""Names that two servers must not share, in a space or for the model."""

from reconciler.sandbox.call import Call
from reconciler.sandbox.records import Server, Space
from reconciler.sandbox.server_rows import all_servers, views_where
from reconciler.sandbox.tool_names import shared_name


def name_clash(
    call: Call, space: Space, name: str, *, but_server: int | None = None
) -> Server | None:
    """The server in a space that shows exactly this name."""
    return call.store.row(
        Server,
        "SELECT server.* FROM view JOIN server ON server.id = server_id"
        " WHERE space_id = ? AND coalesce(view.name, server.name) = ? AND server_id IS NOT ?",
        space.id,
        name,
        but_server,
    )


def tool_clash(
    call: Call, space: Space, name: str, tools: list[str], *, but_server: int | None = None
) -> tuple[str, str] | None:
    """Another server of a space whose tools the model could not tell from these.

    Returns:
        The name that the other server shows, and the name of the tool; None when there is none.
    """
    servers = {server.id: server for server in all_servers(call)}
    for view in views_where(call, "space_id = ?", space.id):
        other = servers[view.server_id]
        shown = view.name or other.name
        shared = shared_name(name, tools, shown, other.tool_names())
        if shared is not None and other.id != but_server:
            return shown, shared
    return None
