"""What servers and views look like on the wire."""

import json
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.masks import mask_headers, mask_secret
from reconciler.sandbox.records import Server, User, View
from reconciler.sandbox.server_rows import all_servers
from reconciler.sandbox.space_rows import readable_space_ids

DEFAULT_DESCRIPTION = "Call a tool to answer a question."
_NEEDS_ADMIN_CONNECTION = ("mcp", "mcp_static")


class ServerWriter:
    """Turns servers and views into JSON; reads what they share once for all of them.

    Args:
        call: whose workspace; views are limited to the spaces the caller may read.
        server: limits what is read to one server.
    """

    def __init__(self, call: Call, server: Server | None = None) -> None:
        self._call = call
        self._readable = readable_space_ids(call)
        store, workspace_id = call.store, call.workspace.id
        only = None if server is None else server.id
        self._spaces: dict[int, str] = dict(
            store.values("SELECT id, sid FROM space WHERE workspace_id = ?", workspace_id)
        )
        self._people = {user.id: user for user in store.rows(User, "SELECT * FROM user")}
        self._connected = {
            row[0]
            for row in store.values(
                "SELECT server_id FROM connection WHERE workspace_id = ? AND kind = 'workspace'",
                workspace_id,
            )
        }
        self._settings: dict[int, list[dict[str, Any]]] = {}
        for server_id, tool, permission, enabled in store.values(
            "SELECT server_id, tool_name, permission, enabled FROM tool_setting JOIN server"
            " ON server.id = server_id WHERE workspace_id = ?"
            " AND server.id = coalesce(?, server.id) ORDER BY tool_name",
            workspace_id,
            only,
        ):
            row = {"toolName": tool, "permission": permission, "enabled": bool(enabled)}
            self._settings.setdefault(server_id, []).append(row)

    def may_read(self, view: View) -> bool:
        """Whether the caller sees the view."""
        return self._readable is None or view.space_id in self._readable

    def server(
        self, server: Server, *, scope: str | None = None, connections: bool = False
    ) -> dict[str, Any]:
        """A server, without views.

        Args:
            server: the server.
            scope: a scope pinned on the view, which overrides the server's.
            connections: say whether the admin connection is there, as reads do.
        """
        result = {
            "sId": server.sid,
            "name": server.name,
            "version": server.version,
            "description": server.description or DEFAULT_DESCRIPTION,
            "icon": server.icon,
            "authorization": self._authorization(server, scope, connections=connections),
            "tools": server.tool_list(),
            "availability": server.availability,
            "allowMultipleInstances": server.allow_multiple,
            "documentationUrl": server.documentation_url,
        }
        secrets = {
            "sharedSecret": mask_secret(server.shared_secret),
            "customHeaders": mask_headers(server.header_map()),
        }
        if not server.is_remote:
            return {**result, **secrets, "developerSecretSelection": None}
        return {
            **result,
            "url": server.url,
            "lastSyncAt": server.last_sync_at,
            "lastError": server.last_error,
            **secrets,
            "meta": None if server.meta is None else json.loads(server.meta),
        }

    def _authorization(
        self, server: Server, scope: str | None, *, connections: bool
    ) -> dict[str, Any] | None:
        if server.provider is None:
            return None
        result: dict[str, Any] = {
            "provider": server.provider,
            "supported_use_cases": ["platform_actions", "personal_actions"],
        }
        if (effective := scope or server.scope) is not None:
            result["scope"] = effective
        if connections and server.provider in _NEEDS_ADMIN_CONNECTION:
            satisfied = server.id in self._connected
            result["workspace_connection"] = {"required": True, "satisfied": satisfied}
        return result

    def view(self, view: View, server: Server) -> dict[str, Any]:
        """A view in full."""
        return {
            "id": view.id,
            "sId": view.sid,
            "name": view.name,
            "description": view.description,
            "createdAt": view.created_at,
            "updatedAt": view.updated_at,
            "spaceId": self._spaces[view.space_id],
            "serverType": server.kind,
            "oAuthUseCase": view.oauth_use_case,
            "isRestrictedToSkills": view.is_restricted_to_skills,
            "editedByUser": self._editor(view, server),
            "server": self.server(server, scope=view.oauth_scope, connections=True),
            "toolsMetadata": self._settings.get(server.id, []),
        }

    def light_view(self, view: View, server_json: dict[str, Any], server: Server) -> dict[str, Any]:
        """A view as the list of servers embeds it: no tools, no settings, no secrets."""
        left_out = ("authorization", "sharedSecret", "customHeaders")
        light = {key: value for key, value in server_json.items() if key not in left_out}
        return {
            "sId": view.sid,
            "spaceId": self._spaces[view.space_id],
            "name": view.name,
            "description": view.description,
            "oAuthUseCase": view.oauth_use_case,
            "editedByUser": self._editor(view, server),
            "server": {**light, "tools": []},
        }

    def _editor(self, view: View, server: Server) -> dict[str, Any] | None:
        editor = None if view.editor_id is None else self._people.get(view.editor_id)
        if editor is None:
            return None
        return {
            "editedAt": server.updated_at if server.is_remote else view.updated_at,
            "fullName": editor.full_name,
            "imageUrl": None,
            "email": editor.email,
            "userId": editor.sid,
        }


def views_json(call: Call, views: list[View]) -> list[dict[str, Any]]:
    """Views in full, those the caller may read."""
    servers = {server.id: server for server in all_servers(call)}
    writer = ServerWriter(call)
    return [writer.view(view, servers[view.server_id]) for view in views if writer.may_read(view)]


def view_json(call: Call, view_id: int) -> dict[str, Any]:
    """One view in full, read again."""
    view = call.store.row(View, "SELECT * FROM view WHERE id = ?", view_id)
    assert view is not None
    server = call.store.row(Server, "SELECT * FROM server WHERE id = ?", view.server_id)
    assert server is not None
    return ServerWriter(call, server).view(view, server)
