"""OAuth connections and the connections of servers, in the database."""

import hashlib
import json
import secrets
from typing import Literal

from reconciler.authorization import OAuthApp, Tokens
from reconciler.sandbox.call import Call
from reconciler.sandbox.records import OAuthConnection, User
from reconciler.sandbox.seed import SeedConsent
from reconciler.sandbox.store import Store, dump, new_sid

Sealed = Literal["credential", "code_verifier", "access_token", "refresh_token"]


def fingerprint(text: str) -> str:
    """What is kept of a text that only has to be recognized."""
    return hashlib.sha256(text.encode()).hexdigest()


def add_consent(
    store: Store,
    workspace_id: int,
    user_id: int,
    *,
    provider: str,
    use_case: str,
    details: dict[str, str],
    credential: dict[str, str],
    redirect: str,
    nonce: str | None,
) -> OAuthConnection:
    """A pending connection, with its PKCE verifier; of the finalize nonce only a digest is kept."""
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
        credential=_close(store, sid, "credential", json.dumps(credential)),
        code_verifier=_close(store, sid, "code_verifier", secrets.token_urlsafe(48)),
        nonce_digest=None if nonce is None else fingerprint(nonce),
        redirect_uri=redirect,
        created_at=store.now(),
    )
    consent = find_consent(store, sid)
    assert consent is not None
    return consent


def find_consent(store: Store, sid: str) -> OAuthConnection | None:
    """The OAuth connection of this id."""
    return store.row(OAuthConnection, "SELECT * FROM oauth_connection WHERE sid = ?", sid)


def _close(store: Store, sid: str, column: Sealed, text: str) -> str:
    return store.seal.close(text, f"{sid}/{column}")


def read_sealed(store: Store, sid: str, column: Sealed) -> str | None:
    """A sealed column of an OAuth connection, opened; None when it is empty.

    Raises:
        SealError: it was sealed with another key.
    """
    sealed = store.text(
        " ".join(("SELECT", column, "FROM oauth_connection WHERE sid = ?")),
        sid,
    )
    return None if sealed is None else store.seal.open(sealed, f"{sid}/{column}")


def read_credential(store: Store, sid: str) -> dict[str, str]:
    """`client_id` and, unless the client is public, `client_secret`."""
    text = read_sealed(store, sid, "credential")
    credential: dict[str, str] = {} if text is None else json.loads(text)
    return credential


def app_of(store: Store, consent: OAuthConnection) -> OAuthApp | None:
    """The client that a consent was given to; None for a seed's, which has none."""
    credential, details = read_credential(store, consent.sid), consent.metadata
    if "client_id" not in credential or "token_endpoint" not in details:
        return None
    return OAuthApp(
        client_id=credential["client_id"],
        client_secret=credential.get("client_secret"),
        token_endpoint=details["token_endpoint"],
        auth_method=details.get("token_endpoint_auth_method"),
        resource=details.get("resource"),
        scope=details.get("scope"),
    )


def store_tokens(store: Store, sid: str, tokens: Tokens, *, code: str | None = None) -> None:
    """Keep what a token endpoint answered; with a code, this finalizes the connection."""
    refresh = tokens.refresh_token
    with store.transaction():
        store.write(
            "UPDATE oauth_connection SET access_token = ?, refresh_token = ?, expires_at = ?,"
            " granted_scope = coalesce(?, granted_scope) WHERE sid = ?",
            _close(store, sid, "access_token", tokens.access_token),
            None if refresh is None else _close(store, sid, "refresh_token", refresh),
            tokens.expires_at,
            tokens.scope,
            sid,
        )
        if code is not None:
            store.write(
                "UPDATE oauth_connection SET status = 'finalized', code_verifier = NULL,"
                " code_digest = ? WHERE sid = ?",
                fingerprint(code),
                sid,
            )


def plant_consent(store: Store, workspace_id: int, user: User, seed: SeedConsent) -> None:
    """A connection of a seed, as if somebody had consented."""
    sealed = _close(store, seed.id, "access_token", seed.access_token)
    store.insert(
        "oauth_connection",
        sid=seed.id,
        workspace_id=workspace_id,
        user_id=user.id,
        provider=seed.provider,
        use_case="platform_actions",
        status="finalized" if seed.finalized else "pending",
        details=dump({"scope": seed.scope} if seed.scope else {}),
        redirect_uri="",
        access_token=sealed if seed.finalized else None,
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


def workspace_consent(store: Store, server_id: int) -> OAuthConnection | None:
    """The OAuth connection behind a server's latest workspace connection."""
    return store.row(
        OAuthConnection,
        "SELECT oauth_connection.* FROM connection JOIN oauth_connection ON"
        " oauth_connection.sid = oauth_sid WHERE server_id = ? AND kind = 'workspace'"
        " ORDER BY connection.created_at DESC",
        server_id,
    )
