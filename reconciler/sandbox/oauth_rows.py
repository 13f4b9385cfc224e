"""OAuth connections and the connections of servers, in the database."""

import secrets

from reconciler.sandbox.call import Call
from reconciler.sandbox.records import OAuthConnection, User
from reconciler.sandbox.seed import SeedConsent
from reconciler.sandbox.store import Store, dump, new_sid

BASES = {"us-central1": "https://dust.tt", "europe-west1": "https://eu.dust.tt"}


def redirect_uri(region: str, provider: str) -> str:
    """The callback that an authorization server must allow."""
    return f"{BASES[region]}/oauth/{provider}/finalize"


def add_consent(
    store: Store,
    workspace_id: int,
    user_id: int,
    *,
    provider: str,
    use_case: str,
    details: dict[str, str],
    client_secret: str | None,
    redirect: str,
) -> OAuthConnection:
    """A pending connection, with its PKCE verifier and finalize nonce."""
    sid = new_sid("con")
    store.insert(
        "oauth_connection",
        sid=sid,
        workspace_id=workspace_id,
        user_id=user_id,
        provider=provider,
        use_case=use_case,
        status="pending",
        details=dump(details),
        client_secret=client_secret,
        code_verifier=secrets.token_urlsafe(48),
        finalize_nonce=secrets.token_urlsafe(24),
        redirect_uri=redirect,
        created_at=store.now(),
    )
    consent = find_consent(store, sid)
    assert consent is not None
    return consent


def find_consent(store: Store, sid: str) -> OAuthConnection | None:
    """The OAuth connection of this id."""
    return store.row(OAuthConnection, "SELECT * FROM oauth_connection WHERE sid = ?", sid)


def plant_consent(store: Store, workspace_id: int, user: User, seed: SeedConsent) -> None:
    """A connection of a seed, as if somebody had consented."""
    region = store.text("SELECT region FROM workspace WHERE id = ?", workspace_id)
    assert region is not None
    store.insert(
        "oauth_connection",
        sid=seed.id,
        workspace_id=workspace_id,
        user_id=user.id,
        provider=seed.provider,
        use_case="platform_actions",
        status="finalized" if seed.finalized else "pending",
        details=dump({"scope": seed.scope} if seed.scope else {}),
        code_verifier="",
        finalize_nonce="",
        redirect_uri=redirect_uri(region, seed.provider),
        access_token=seed.access_token if seed.finalized else None,
        created_at=store.now(),
    )


def checked_consent(call: Call, sid: str) -> OAuthConnection | None:
    """A finalized OAuth connection that the caller made in this workspace; else None."""
    consent = find_consent(call.store, sid)
    if (
        consent is None
        or consent.status != "finalized"
        or consent.user_id != call.user_id
        or consent.workspace_id != call.workspace.id
    ):
        return None
    return consent


def add_connection(call: Call, server_id: int, kind: str, oauth_sid: str) -> int:
    """One more connection row of a server; the latest counts."""
    now = call.store.now()
    return call.store.insert(
        "connection",
        sid=new_sid("msc"),
        workspace_id=call.workspace.id,
        server_id=server_id,
        kind=kind,
        auth_type="oauth",
        oauth_sid=oauth_sid,
        user_id=call.person().id,
        created_at=now,
        updated_at=now,
    )


def workspace_token(store: Store, server_id: int) -> str | None:
    """The access token of a server's latest workspace connection."""
    return store.text(
        "SELECT access_token FROM connection JOIN oauth_connection ON"
        " oauth_connection.sid = oauth_sid WHERE server_id = ? AND kind = 'workspace'"
        " ORDER BY connection.created_at DESC",
        server_id,
    )
