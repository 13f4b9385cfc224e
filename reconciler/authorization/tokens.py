"""Talks to a token endpoint: a code for tokens, a refresh token for newer ones.

As Dust does it: `client_secret_basic` when asked for and there is a secret, else the client's id
and secret in the body; `resource` (RFC 8707) with both grants. A refresh that is answered 400 is
tried once more: without `resource` when there was one, else with the scope. A token without
`expires_in` but with a refresh token is taken to live one hour.
"""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.authorization.answers import BadAnswer, bounded
from reconciler.authorization.guard import Refused

if TYPE_CHECKING:
    import httpx2


TIMEOUT = 10.0  # seconds; also taken off what a token is said to live
_DEFAULT_LIFE = 3600
# RFC 6749 section 5.2, RFC 8707 section 2: what may be repeated of an answer.
_KNOWN_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
    }
)


class TokenFailure(Exception):
    """No tokens came; the message repeats nothing that the other side wrote freely.

    Args:
        message: what went wrong.
        status: the HTTP status of the answer, when there was one.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """A client at an authorization server, and what its tokens are for."""

    client_id: str
    client_secret: str | None = field(repr=False)
    token_endpoint: str
    auth_method: str | None
    resource: str | None
    scope: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token endpoint answered; `expires_at` in milliseconds, None: it doesn't say."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: int | None
    scope: str | None


class TokenEndpoint:
    """The token endpoint of one client.

    Args:
        app: the client.
        transport: what requests go through, which decides what may be asked; not closed.
    """

    def __init__(self, app: OAuthApp, transport: "httpx2.AsyncBaseTransport") -> None:
        self._app = app
        self._transport = transport

    async def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Tokens:
        """Tokens for an authorization code.

        Raises:
            TokenFailure: there are none.
        """
        form = {"code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        if self._app.resource is not None:
            form["resource"] = self._app.resource
        return await self._ask("authorization_code", form)

    async def refresh(self, refresh_token: str) -> Tokens:
        """Newer tokens; the refresh token stays the same when the answer has none.

        Raises:
            TokenFailure: there are none.
        """
        form = {"refresh_token": refresh_token}
        resource, scope = self._app.resource, self._app.scope
        try:
            first = form if resource is None else {**form, "resource": resource}
            return await self._ask("refresh_token", first)
        except TokenFailure as refused:
            if refused.status != 400 or (resource is None and scope is None):
                raise
        second = form if resource is not None or scope is None else {**form, "scope": scope}
        return await self._ask("refresh_token", second)

    async def _ask(self, grant: str, form: dict[str, str]) -> Tokens:
        import httpx2
        from authlib.integrations.base_client import OAuthError
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        app = self._app
        client_id, secret, method = _identity(app)
        status: list[int] = []

        def note(response: "httpx2.Response") -> "httpx2.Response":
            status.append(response.status_code)
            return response

        async with AsyncOAuth2Client(
            client_id,
            secret,
            token_endpoint_auth_method=method,
            transport=bounded(self._transport),
            timeout=TIMEOUT,
            trust_env=False,
        ) as client:
            for moment in ("access_token_response", "refresh_token_response"):
                client.register_compliance_hook(moment, note)
            try:
                if grant == "refresh_token":
                    answer = await client.refresh_token(app.token_endpoint, **form)
                else:
                    answer = await client.fetch_token(
                        app.token_endpoint, grant_type=grant, state=None, **form
                    )
            except OAuthError as error:
                named = error.error if error.error in _KNOWN_ERRORS else "an unknown error"
                raise TokenFailure(
                    f"the authorization server refused ({named})", status[-1]
                ) from None
            except httpx2.HTTPStatusError as error:
                code = error.response.status_code
                raise TokenFailure(f"the token endpoint answered HTTP {code}", code) from None
            except Refused as error:
                raise TokenFailure(f"the token endpoint can't be used: {error}") from None
            except BadAnswer as error:
                raise TokenFailure(f"the token endpoint {error}") from None
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
                raise TokenFailure("the token endpoint could not be reached") from None
            except (ValueError, RecursionError):
                raise TokenFailure("the token endpoint answered no JSON object") from None
        return _checked(dict(answer))


def _identity(app: OAuthApp) -> tuple[str, str | None, str]:
    """Client id, secret and method as authlib takes them, which encodes neither id nor secret.

    RFC 6749 section 2.3.1: both are form-encoded before they go into the Basic header.
    """
    if not app.client_secret:
        return app.client_id, None, "none"
    if app.auth_method == "client_secret_basic":
        return quote(app.client_id, safe=""), quote(app.client_secret, safe=""), app.auth_method
    return app.client_id, app.client_secret, "client_secret_post"


def _checked(answer: dict[str, object]) -> Tokens:
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    life, scope = answer.get("expires_in"), answer.get("scope")
    if not isinstance(access, str) or not access:
        raise TokenFailure("the token endpoint answered without an access token")
    if life is not None and (isinstance(life, bool) or not isinstance(life, int) or life < 0):
        raise TokenFailure("the token endpoint answered a lifetime that is no number of seconds")
    kept = refresh if isinstance(refresh, str) and refresh else None
    if life is None and kept is not None:
        life = _DEFAULT_LIFE
    return Tokens(
        access_token=access,
        refresh_token=kept,
        expires_at=None if life is None else _expiry(life),
        scope=scope if isinstance(scope, str) else None,
    )


def _expiry(life: int) -> int:
    """When to stop using a token that lives so many seconds, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000 + max(0, life - int(TIMEOUT)) * 1000
