"""What the page shows of OAuth: who connected a server, with which scopes, what still waits."""

from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox.records import OAuthConnection, Server, View, Workspace
from reconciler.sandbox.store import Store

WAITING_SHOWN = 5


def connections(store: Store, workspace: Workspace) -> dict[int, dict[str, Any]]:
    """By server: who connected it for the workspace, the scopes, how many did so for themselves."""
    found: dict[int, dict[str, Any]] = {}
    for server_id, email, sid in store.values(
        "SELECT server_id, email, oauth_sid FROM connection JOIN user ON user.id = user_id"
        " WHERE workspace_id = ? AND kind = 'workspace' ORDER BY connection.created_at",
        workspace.id,
    ):
        consent = store.row(OAuthConnection, "SELECT * FROM oauth_connection WHERE sid = ?", sid)
        scope = None if consent is None else consent.granted_scope or consent.scope
        found[server_id] = {"by": email, "scopes": (scope or "").split(), "personal": 0}
    for server_id, people in store.values(
        "SELECT server_id, count(DISTINCT user_id) FROM connection"
        " WHERE workspace_id = ? AND kind = 'personal' GROUP BY server_id",
        workspace.id,
    ):
        found.setdefault(server_id, {"by": None, "scopes": []})["personal"] = people
    return found


def connection_box(
    view: View, server: Server, found: dict[int, dict[str, Any]]
) -> dict[str, Any] | None:
    """The part of a tool's box about OAuth; None for servers without."""
    if server.provider is None:
        return None
    own = found.get(server.id, {"by": None, "scopes": [], "personal": 0})
    pinned = (view.oauth_scope or "").split()
    return {**own, "scopes": pinned or own["scopes"], "isWaiting": own["by"] is None}


def waiting(store: Store, workspace: Workspace) -> list[dict[str, Any]]:
    """Consents that were begun and not finished, newest first; those begun again count once."""
    pending = store.rows(
        OAuthConnection,
        "SELECT * FROM oauth_connection AS mine WHERE workspace_id = ? AND status = 'pending'"
        " AND NOT EXISTS (SELECT 1 FROM oauth_connection AS later WHERE"
        " later.workspace_id = mine.workspace_id AND later.user_id = mine.user_id"
        " AND later.provider = mine.provider AND later.use_case = mine.use_case"
        " AND later.details = mine.details AND later.created_at > mine.created_at)"
        " ORDER BY created_at DESC LIMIT ?",
        workspace.id,
        WAITING_SHOWN,
    )
    return [
        {
            "who": store.text("SELECT email FROM user WHERE id = ?", consent.user_id),
            "mode": "automatic OAuth" if consent.provider == "mcp" else "static OAuth",
            "isPersonal": consent.use_case == "personal_actions",
            "where": urlsplit(consent.metadata.get("authorization_endpoint", "")).netloc or None,
            "scopes": (consent.scope or "").split(),
            "begunAt": consent.created_at,
        }
        for consent in pending
    ]
