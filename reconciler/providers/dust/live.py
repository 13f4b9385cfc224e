"""From the API's answers to live resources: specs in the shape of manifests, facts beside them."""

from collections.abc import Mapping
from typing import Any

from reconciler.providers.dust.goals import PROVIDERS
from reconciler.providers.dust.wire import SpaceDetail, SpaceOutline
from reconciler.providers.dust.wire_servers import Server, ToolRow, View
from reconciler.resources import FALLBACK_STAKE, LiveResource

ATTACHABLE = frozenset({"provisioned", "regular_manual"})
"""Kinds of groups that can be attached to a space (Dust API: others are refused)."""

USE_CASES: Mapping[str, str] = {
    "workspace": "platform_actions",
    "personal": "personal_actions",
}
"""`auth.credentials` in the API's words."""

_CREDENTIALS = {use_case: credentials for credentials, use_case in USE_CASES.items()}
_MODES = {provider: mode for mode, provider in PROVIDERS.items()}


def outlined_space(space: SpaceOutline, tools: int) -> LiveResource:
    """A space that nobody asked about: its name only."""
    return LiveResource(
        kind="Space",
        remote_id=space.s_id,
        title=space.name,
        spec={"displayName": space.name},
        facts={"kind": space.kind, "tools": tools},
        created=space.created_at,
        changed=space.updated_at,
    )


def full_space(space: SpaceDetail, listed: SpaceOutline, tools: int) -> LiveResource:
    """A space read by itself; when it was made and changed is what the list of spaces says.

    `members` are the people of its own group who aren't editors; `groups` those attached as
    members. Editors (who matter in projects only) are facts, kept at every write.
    """
    facts = membership(space)
    members = sorted(m.email.lower() for m in space.members if not m.is_editor)
    groups = sorted({g.name for g in attached(space) if g.role != "editor"})
    return LiveResource(
        kind="Space",
        remote_id=space.s_id,
        title=space.name,
        spec={
            "displayName": space.name,
            "access": "restricted" if space.is_restricted else "open",
            "members": members,
            "groups": groups,
        },
        facts={"kind": space.kind, "tools": tools, **facts},
        created=listed.created_at,
        changed=listed.updated_at,
    )


def attached(space: SpaceDetail) -> list[Any]:
    """The groups of people attached to a space, without those the platform keeps for itself."""
    return [group for group in space.groups or [] if group.kind in ATTACHABLE]


def membership(space: SpaceDetail) -> dict[str, Any]:
    """The whole state that a write of members must send back: ids by dimension."""
    people, groups = space.members, attached(space)
    by_role = {
        "memberIds": [m.s_id for m in people if not m.is_editor],
        "editorIds": [m.s_id for m in people if m.is_editor],
        "groupIds": [g.s_id for g in groups if g.role != "editor"],
        "editorGroupIds": [g.s_id for g in groups if g.role == "editor"],
    }
    mode = "group" if groups else "manual"
    return {name: sorted(filter(None, ids)) for name, ids in by_role.items()} | {
        "managementMode": mode
    }


def tool_settings(names: list[str], rows: list[ToolRow]) -> dict[str, dict[str, Any]]:
    """What each offered tool has: its row, or what the platform does without one.

    Dust API: a remote tool without a row is enabled with stake `high`.
    """
    known = {
        row["toolName"]: {"stake": row["permission"], "enabled": row["enabled"]} for row in rows
    }
    fallback = {"stake": FALLBACK_STAKE, "enabled": True}
    return {name: known.get(name) or dict(fallback) for name in names}


def live_server(
    server: Server, view: View | None, *, visible: frozenset[str], system: str, connected: bool
) -> LiveResource:
    """A server with its system view.

    Without one the server is half made (Dust API: a create isn't a transaction): it is shown
    with what the list says, offering no tools. A server has no time of creation, its views do; it
    was synchronised when it was made, so that it isn't younger than that.
    """
    name, description = server.name, server.description
    if view is not None:
        # Compared is what people see; a background sync overwrites the names beneath.
        name = view.name if view.name is not None else view.server.name
        description = view.description if view.description is not None else server.description
    views = {p.space_id: p.s_id for p in server.views if p.space_id != system}
    return LiveResource(
        kind="MCPServer",
        remote_id=server.s_id,
        title=name,
        spec={
            "url": server.url,
            "displayName": name,
            "description": description,
            "icon": server.icon,
            "spaces": sorted(space for space in views if space in visible),
            "auth": _auth(server, view, connected=connected),
            "headers": dict.fromkeys(sorted(server.custom_headers), True),
            "tools": _tools(view),
        },
        facts=_facts(server, view, views, connected=connected),
        broken=view is None,
        created=None if view is None else view.created_at,
        changed=server.last_sync_at,
    )


def _auth(server: Server, view: View | None, *, connected: bool) -> dict[str, Any]:
    auth: dict[str, Any] = {"mode": _mode(server)}
    if server.authorization is not None:
        auth["connected"] = connected
    if server.shared_secret:
        auth["token"] = True
    use_case = view.o_auth_use_case if view is not None else None
    if use_case is not None and server.authorization is not None:
        auth["credentials"] = _CREDENTIALS.get(use_case, use_case)
    return auth


def _mode(server: Server) -> str:
    if server.authorization is not None:
        return _MODES.get(server.authorization.provider, server.authorization.provider)
    return "bearer" if server.shared_secret else "none"


def _tools(view: View | None) -> dict[str, Any]:
    if view is None or view.server.tools is None:
        return {}
    return tool_settings([tool["name"] for tool in view.server.tools], view.tools_metadata or [])


def _facts(
    server: Server, view: View | None, views: dict[str, str], *, connected: bool
) -> dict[str, Any]:
    return {
        "systemViewId": None if view is None else view.s_id,
        "halfMade": view is None,
        "views": views,
        "viewName": None if view is None else view.name,
        "viewDescription": None if view is None else view.description,
        "serverName": server.name,
        "oAuthUseCase": None if view is None else view.o_auth_use_case,
        "provider": None if server.authorization is None else server.authorization.provider,
        "scope": None if server.authorization is None else server.authorization.scope,
        "workspaceConnection": connected,
        "restrictedToSkills": view is not None and view.is_restricted_to_skills,
        # Whether the last sync failed. Its text is the remote server's, and may repeat a secret.
        "lastError": server.last_error,
    }
