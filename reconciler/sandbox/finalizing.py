"""GET /api/oauth/{provider}/finalize: who comes back from the authorization server, and with what.

Dust API (newest): the session must be the person's who began, and the browser must carry the
nonce cookie that setup gave it; otherwise 403, and the code is left unused. Older deployments
check neither. Finalizing twice with the same code is fine, since people reload pages.
"""

import hmac

from starlette.requests import Request
from starlette.responses import Response

from reconciler.authorization import TokenEndpoint, TokenFailure
from reconciler.sandbox.auth import session_user
from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.envelope import ApiError, answer
from reconciler.sandbox.oauth import PROVIDERS, cookie_name
from reconciler.sandbox.oauth_rows import (
    app_of,
    find_consent,
    fingerprint,
    read_sealed,
    store_tokens,
)
from reconciler.sandbox.records import OAuthConnection, User
from reconciler.sandbox.sealing import SealError


async def finalize(sandbox: Sandbox, request: Request) -> Response:
    """Redeem the code for tokens, once everything else is in order."""
    provider = request.path_params["provider"]
    if provider not in PROVIDERS:
        raise ApiError(404, "invalid_oauth_token_error", "Unknown OAuth provider.")
    user = session_user(sandbox, request)
    if user is None:
        raise ApiError(
            401,
            "not_authenticated",
            "The user does not have an active session or is not authenticated.",
        )
    code = request.query_params.get("code")
    if not code:
        raise _failed(provider, "authorization code not found in query")
    consent = find_consent(sandbox.store, request.query_params.get("state", ""))
    if consent is None or consent.provider != provider:
        raise _failed(provider, "failed to retrieve connection metadata")
    _refuse_strangers(sandbox, request, user, consent)
    async with sandbox.locks[consent.sid]:
        await _redeem(sandbox, consent.sid, code)
    response = answer({"connection": _json(sandbox, consent.sid)})
    if cookie_name(consent.sid) in request.cookies:
        response.delete_cookie(cookie_name(consent.sid), httponly=True, samesite="lax")
    return response


def _failed(provider: str, why: str) -> ApiError:
    return ApiError(
        500, "internal_server_error", f"Failed to finalize {provider} connection: {why}"
    )


def _refuse_strangers(
    sandbox: Sandbox, request: Request, user: User, consent: OAuthConnection
) -> None:
    found = sandbox.store.values(
        "SELECT unbound_finalize, user_id FROM workspace LEFT JOIN membership"
        " ON workspace_id = workspace.id AND user_id = ? WHERE workspace.id = ?",
        user.id,
        consent.workspace_id,
    )
    is_unbound, member = found[0]
    if is_unbound:
        return
    if consent.user_id != user.id or member is None:
        raise ApiError(
            403, "workspace_auth_error", "This OAuth connection was begun by another session."
        )
    nonce = request.cookies.get(cookie_name(consent.sid), "")
    if not hmac.compare_digest(fingerprint(nonce), consent.nonce_digest or ""):
        raise ApiError(
            403, "workspace_auth_error", "This OAuth connection was begun by another browser."
        )


async def _redeem(sandbox: Sandbox, sid: str, code: str) -> None:
    consent = find_consent(sandbox.store, sid)
    assert consent is not None
    if consent.status == "finalized":
        if consent.code_digest == fingerprint(code):
            return
        raise _failed(consent.provider, "the connection is already finalized")
    try:
        app = app_of(sandbox.store, consent)
        verifier = read_sealed(sandbox.store, sid, "code_verifier")
        if app is None or verifier is None:
            raise TokenFailure("it was planted by a seed, without a client")
        endpoint = TokenEndpoint(app, sandbox.prober.lend())
        tokens = await endpoint.redeem(code, verifier=verifier, redirect_uri=consent.redirect_uri)
    except (TokenFailure, SealError) as error:
        raise _failed(consent.provider, str(error)) from error
    store_tokens(sandbox.store, sid, tokens, code=code)


def _json(sandbox: Sandbox, sid: str) -> dict[str, object]:
    consent = find_consent(sandbox.store, sid)
    assert consent is not None
    user_sid = sandbox.store.text("SELECT sid FROM user WHERE id = ?", consent.user_id)
    workspace_sid = sandbox.store.text(
        "SELECT sid FROM workspace WHERE id = ?", consent.workspace_id
    )
    return {
        "connection_id": consent.sid,
        "created": consent.created_at,
        "status": consent.status,
        "provider": consent.provider,
        "metadata": {
            "use_case": consent.use_case,
            "workspace_id": workspace_sid,
            "user_id": user_sid,
            **consent.metadata,
        },
        "redirect_uri": consent.redirect_uri,
    }
