"""The access token of an OAuth connection when it is needed, refreshed when it has run out."""

import time

from reconciler.authorization import TokenEndpoint, TokenFailure
from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.oauth_rows import app_of, find_consent, read_sealed, store_tokens
from reconciler.sandbox.records import OAuthConnection
from reconciler.sandbox.sealing import SealError


async def access_token(sandbox: Sandbox, sid: str) -> str:
    """A token that hasn't run out, refreshing under a lock so that nobody else does at once.

    Raises:
        TokenFailure: the connection has none, or it can't be refreshed any more: somebody has to
            consent again.
    """
    try:
        if (token := _valid(sandbox, sid)) is not None:
            return token
        async with sandbox.locks[sid]:
            if (token := _valid(sandbox, sid)) is not None:
                return token
            return await _refreshed(sandbox, _known(sandbox, sid))
    except SealError as error:
        raise TokenFailure(str(error)) from error


def _known(sandbox: Sandbox, sid: str) -> OAuthConnection:
    consent = find_consent(sandbox.store, sid)
    if consent is None:
        raise TokenFailure("there is no such OAuth connection")
    return consent


def _valid(sandbox: Sandbox, sid: str) -> str | None:
    """The stored token; None when it has run out."""
    expiry = _known(sandbox, sid).expires_at
    token = read_sealed(sandbox.store, sid, "access_token")
    if token is None:
        raise TokenFailure("the OAuth connection isn't finalized")
    if expiry is not None and expiry <= time.time_ns() // 1_000_000:
        return None
    return token


async def _refreshed(sandbox: Sandbox, consent: OAuthConnection) -> str:
    refresh_token = read_sealed(sandbox.store, consent.sid, "refresh_token")
    app = app_of(sandbox.store, consent)
    if refresh_token is None or app is None:
        raise TokenFailure("the access token has expired and there is no refresh token: reconnect")
    endpoint = TokenEndpoint(app, sandbox.prober.lend())
    tokens = await endpoint.refresh(refresh_token)
    store_tokens(sandbox.store, consent.sid, tokens)
    return tokens.access_token
