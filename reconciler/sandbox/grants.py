"""What a small authorization server has given: clients, consents, codes and tokens, in memory.

The MCP SDK's handlers speak the protocol (RFC 6749, 7591, 7636, 7009) and compare client secrets;
this decides. Codes live a minute and work once, whoever presents them wrongly; refresh tokens
rotate (OAuth 2.1, section 4.3.1); a code or a refresh token that comes a second time ends all
that grew out of the consent. Only digests of codes and tokens are kept.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    RegistrationError,
    TokenError,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

# Marks that let anybody look for what leaked, as the large providers do it.
CODE_MARK, SECRET_MARK = "sandbox-code-", "sandbox-client-"
ACCESS_MARK, REFRESH_MARK = "sandbox-access-", "sandbox-refresh-"
AUTH_METHODS = ("client_secret_post", "none")
"""How clients identify themselves; the SDK wants more than RFC 6749 does for Basic."""

_CONSENT_SECONDS = 600
_CODE_SECONDS = 60
_ACCESS_SECONDS = 3600
_REFRESH_SECONDS = 30 * 24 * 3600


class _Code(AuthorizationCode):
    """A code; `family` is the consent that it comes from."""

    family: str


class _Refresh(RefreshToken):
    """A refresh token; `family` is the consent that it comes from."""

    family: str


class _Access(AccessToken):
    """An access token; `family` is the consent that it comes from."""

    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A consent that somebody is being asked for."""

    client: OAuthClientInformationFull
    params: AuthorizationParams
    expires_at: float

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the client wants to do."""
        return tuple(self.params.scopes or ())


class Grants(OAuthAuthorizationServerProvider[_Code, _Refresh, _Access]):
    """The decisions of one authorization server, which guards one resource.

    Args:
        issuer: its identifier (RFC 8414), also where its consent page is.
        resource: what its tokens are for (RFC 8707).
        scopes: those of a client that names none.
        clients: apps that are registered from the start.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        issuer: str,
        resource: str,
        scopes: Iterable[str],
        clients: Iterable[OAuthClientInformationFull] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._resource = resource
        self._scopes = list(scopes)
        self._clock = clock
        self._clients = {str(client.client_id): client for client in clients}
        self._asked: dict[str, Asked] = {}
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._spent: dict[str, str] = {}

    # The consent page's side.

    def asked(self, request: str) -> Asked | None:
        """The consent that a page was opened for; None when there is none, or it is too late."""
        asked = self._asked.get(request)
        return asked if asked is not None and asked.expires_at > self._clock() else None

    def decide(self, request: str, *, allowed: bool) -> str | None:
        """Where the browser goes with the answer (RFC 6749, 4.1.2; `iss` of RFC 9207)."""
        asked = self.asked(request)
        self._asked.pop(request, None)
        if asked is None:
            return None
        params = asked.params
        answer = (
            {"code": self._new_code(asked)}
            if allowed
            else {"error": "access_denied", "error_description": "the person said no"}
        )
        return construct_redirect_uri(
            str(params.redirect_uri), **answer, state=params.state, iss=self._issuer
        )

    # The SDK's side.

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """A client that is registered."""
        return self._clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Keep a client that registers itself (RFC 7591), with a secret of our own making.

        The SDK answers the client as it is afterwards.
        """
        if client_info.token_endpoint_auth_method not in AUTH_METHODS:
            raise RegistrationError(
                "invalid_client_metadata",
                f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}",
            )
        if client_info.client_secret is not None:
            client_info.client_secret = SECRET_MARK + secrets.token_urlsafe(32)
        self._clients[str(client_info.client_id)] = client_info

    async def authorize(
        self, client: OAuthClientInformationFull, params: AuthorizationParams
    ) -> str:
        """The consent page; a client asks for this resource or names none (RFC 8707)."""
        if params.resource not in (None, self._resource):
            raise AuthorizeError("invalid_target", "this server guards another resource")
        if params.scopes is None:
            params = params.model_copy(update={"scopes": self._scopes})
        request = secrets.token_urlsafe(32)
        self._asked[request] = Asked(
            client=client, params=params, expires_at=self._clock() + _CONSENT_SECONDS
        )
        return construct_redirect_uri(f"{self._issuer}/consent", request=request)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> _Code | None:
        """Take a code out: whatever comes of it, it is spent."""
        key = _digest(authorization_code)
        self._end_if_spent(key, client)
        code = self._codes.get(key)
        if code is None or code.client_id != client.client_id:
            return None
        del self._codes[key]
        self._spent[key] = code.family
        return code if code.expires_at > self._clock() else None

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: _Code
    ) -> OAuthToken:
        """The first tokens of a consent."""
        return self._tokens(client, authorization_code.family, authorization_code.scopes)

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> _Refresh | None:
        """A refresh token that still works."""
        key = _digest(refresh_token)
        self._end_if_spent(key, client)
        found = self._refresh.get(key)
        if found is None or found.client_id != client.client_id:
            return None
        return found if (found.expires_at or 0) > self._clock() else None

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: _Refresh, scopes: list[str]
    ) -> OAuthToken:
        """New tokens for old; the old refresh token works no more."""
        key = refresh_token.token
        if self._refresh.pop(key, None) is None:
            raise TokenError("invalid_grant", "refresh token does not exist")
        self._spent[key] = refresh_token.family
        return self._tokens(client, refresh_token.family, scopes)

    async def load_access_token(self, token: str) -> _Access | None:
        """An access token that still works."""
        found = self._access.get(_digest(token))
        return found if found and (found.expires_at or 0) > self._clock() else None

    async def verify_token(self, token: str) -> AccessToken | None:
        """The same for the MCP server, which only wants to know what the token is good for."""
        return await self.load_access_token(token)

    async def revoke_token(self, token: _Access | _Refresh) -> None:
        """End all that grew out of the same consent (RFC 7009, section 2.1)."""
        self._end(token.family)

    def _new_code(self, asked: Asked) -> str:
        code = CODE_MARK + secrets.token_urlsafe(32)
        params = asked.params
        key = _digest(code)
        self._codes[key] = _Code(
            code=key,
            scopes=list(asked.scopes),
            expires_at=self._clock() + _CODE_SECONDS,
            client_id=str(asked.client.client_id),
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=self._resource,
            family=secrets.token_hex(16),
        )
        return code

    def _tokens(
        self, client: OAuthClientInformationFull, family: str, scopes: list[str]
    ) -> OAuthToken:
        access = ACCESS_MARK + secrets.token_urlsafe(32)
        refresh = REFRESH_MARK + secrets.token_urlsafe(32)
        now, whose = int(self._clock()), str(client.client_id)
        self._access[_digest(access)] = _Access(
            token=_digest(access),
            client_id=whose,
            scopes=scopes,
            expires_at=now + _ACCESS_SECONDS,
            resource=self._resource,
            family=family,
        )
        self._refresh[_digest(refresh)] = _Refresh(
            token=_digest(refresh),
            client_id=whose,
            scopes=scopes,
            expires_at=now + _REFRESH_SECONDS,
            resource=self._resource,
            family=family,
        )
        return OAuthToken(
            access_token=access,
            expires_in=_ACCESS_SECONDS,
            scope=" ".join(scopes),
            refresh_token=refresh,
        )

    def _end_if_spent(self, key: str, client: OAuthClientInformationFull) -> None:
        """RFC 6749, 4.1.2 and OAuth 2.1, 4.3.1: what comes twice may have been stolen."""
        family = self._spent.get(key)
        if family is not None and self._belongs(family, client):
            self._end(family)

    def _belongs(self, family: str, client: OAuthClientInformationFull) -> bool:
        return any(
            each.family == family and each.client_id == client.client_id
            for each in self._refresh.values()
        )

    def _end(self, family: str) -> None:
        self._access = {k: each for k, each in self._access.items() if each.family != family}
        self._refresh = {k: each for k, each in self._refresh.items() if each.family != family}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
