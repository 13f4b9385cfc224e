"""The identity provider's two endpoints (Dust API: RFC 8628 on WorkOS paths), through authlib.

The only module that knows authlib. Nothing of an answer is shown but its error code: descriptions
may repeat what was sent.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TypeVar

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from httpx2 import DecodingError, HTTPError, Request, Response, SyncByteStream, Timeout
from pydantic import BaseModel, Field, ValidationError

from reconciler.bounds import ENCODINGS, Body, Garbled, Lines, TooMuch
from reconciler.network import network_fault
from reconciler.providers.contract import Call
from reconciler.providers.dust.signin.endings import AGAIN, RefreshRefused
from reconciler.providers.dust.signin.provider_address import LoginProvider, is_loopback
from reconciler.providers.dust.signin.record import Tokens
from reconciler.providers.failures import Forbidden, ProviderError, Unexpected, Unreachable
from reconciler.secrets import Secret

T = TypeVar("T")
_DEVICE = "/user_management/authorize/device"
_TOKENS = "/user_management/authenticate"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPE = "openid profile email"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_SECONDS, _CONNECT_SECONDS = 30.0, 10.0
_WHOLE_SECONDS = 45.0  # of one exchange, however little of it comes at a time
_MOST_BYTES = 2**20  # of one answer
_LONGEST = 3600.0  # seconds that a device login may be waited for
_WAITING = {"authorization_pending", "slow_down"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A device login that was begun."""

    device_code: Secret
    user_code: str
    verification: str
    verification_complete: str | None
    seconds: float
    interval: float


class Wait(StrEnum):
    """Why there are no tokens yet (RFC 8628 section 3.5)."""

    PENDING = "authorization_pending"
    SLOWER = "slow_down"


class _GrantAnswer(BaseModel):
    device_code: str = Field(min_length=1)
    user_code: str = Field(min_length=1, max_length=64)
    verification_uri: str = Field(pattern=r"^https?://\S+$")
    verification_uri_complete: str | None = Field(default=None, pattern=r"^https?://\S+$")
    expires_in: float = Field(gt=0)
    interval: float = Field(default=5, ge=0)


class _TokenAnswer(BaseModel):
    access_token: str = Field(min_length=1)
    refresh_token: str | None = Field(default=None, min_length=1)


class _Refused(Exception):
    """An answer that says no; `code` is empty when it doesn't say why."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code if _CODE.match(code) else ""


class LoginClient:
    """Talks to an identity provider, as a public client; a context manager.

    Parameters: `observe` is told of each exchange, without codes and tokens; `seconds` bounds one
    exchange as a whole. Raises ProviderError when the environment names a proxy, or authorities,
    that can't be used.
    """

    def __init__(
        self,
        provider: LoginProvider,
        observe: Callable[[Call], None] = lambda _call: None,
        *,
        seconds: float = _WHOLE_SECONDS,
    ) -> None:
        self._observe = observe
        self._provider = provider
        away = not is_loopback(provider.origin)
        if away and (fault := network_fault()):
            raise ProviderError(fault.message, help=fault.help)
        self._oauth = OAuth2Client(
            client_id=provider.client_id,
            token_endpoint_auth_method="none",  # noqa: S106 - a public client has no secret
            timeout=Timeout(_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=away,
            headers={
                "accept": "application/json",
                "accept-encoding": ENCODINGS,
                "user-agent": "reconciler",
            },
            # authlib reads answers whole, and has no other place to bound that.
            event_hooks={"request": [self._watch], "response": [_bound]},
        )
        self._lines = Lines()
        self._seconds = seconds
        # authlib takes an error for tokens when the body has no `error` in it.
        for moment in ("access_token_response", "refresh_token_response"):
            self._oauth.register_compliance_hook(moment, _refuse)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._oauth.close()

    def begin(self) -> Grant:
        """Ask for a device login. Raises Forbidden, Unexpected, Unreachable."""
        form = {"client_id": self._provider.client_id, "scope": _SCOPE}

        def ask() -> _GrantAnswer:
            response = self._oauth.request(
                "POST", self._provider.origin + _DEVICE, data=form, withhold_token=True
            )
            return _GrantAnswer.model_validate(_refuse(response).json())

        try:
            answer = self._calling("POST " + _DEVICE, ask)
        except _Refused as error:
            raise Forbidden(
                f"{self._provider.origin} doesn't begin a device login: {_words(error)}",
                call="POST " + _DEVICE,
                status=error.status,
                help=("check the client id (--client-id) and the login domain (--domain)",),
            ) from None
        return Grant(
            device_code=Secret(answer.device_code),
            user_code=answer.user_code,
            verification=answer.verification_uri,
            verification_complete=answer.verification_uri_complete,
            seconds=min(answer.expires_in, _LONGEST),
            interval=answer.interval,
        )

    def poll(self, grant: Grant) -> Tokens | Wait:
        """Ask whether the person has decided. Raises Forbidden, Unexpected, Unreachable."""

        def ask() -> Any:
            return self._oauth.fetch_token(
                self._provider.origin + _TOKENS,
                grant_type=_DEVICE_GRANT,
                device_code=grant.device_code.reveal(),
            )

        try:
            return self._tokens(ask)
        except _Refused as error:
            if error.code in _WAITING:
                return Wait(error.code)
            raise _ended(error) from None

    def refresh(self, tokens: Tokens) -> Tokens:
        """Exchange a refresh token for a new pair; it is used up by this.

        Raises RefreshRefused, Unexpected, Unreachable.
        """
        assert tokens.refresh is not None
        old = tokens.refresh

        def ask() -> Any:
            return self._oauth.refresh_token(
                self._provider.origin + _TOKENS, refresh_token=old.reveal()
            )

        try:
            fresh = self._tokens(ask)
        except _Refused as error:
            refused = RefreshRefused(
                f"the sign-in has ended: {self._provider.origin} doesn't renew it "
                f"({_words(error)})",
                call="POST " + _TOKENS,
                status=error.status,
                help=AGAIN,
            )
            refused.final = error.code == "invalid_grant"
            raise refused from None
        # RFC 6749 section 6: without a new refresh token the old one goes on counting.
        return fresh if fresh.refresh is not None else replace(fresh, refresh=old)

    def _watch(self, request: Request) -> None:
        request.extensions = {**request.extensions, "trace": self._lines.trace}

    def _tokens(self, ask: Callable[[], Any]) -> Tokens:
        answer = self._calling("POST " + _TOKENS, lambda: _TokenAnswer.model_validate(ask()))
        return Tokens(
            access=Secret(answer.access_token),
            refresh=Secret(answer.refresh_token) if answer.refresh_token else None,
            obtained=time.time(),
        )

    def _calling(self, call: str, ask: Callable[[], T]) -> T:
        origin = self._provider.origin
        began, status, reason = time.monotonic(), None, ""
        try:
            with self._lines.patience(self._seconds):
                value = ask()
        except _Refused as error:
            status = error.status
            raise
        except TooMuch as error:
            raise Unexpected(
                f"{origin} {error}",
                call=call,
                help=("is this the identity provider's address? check the login domain",),
            ) from None
        except OAuthError as error:
            status = 400
            raise _Refused(400, str(error.error)) from None
        except HTTPError as error:
            reason = type(error).__name__
            raise Unreachable(
                f"{origin} could not be reached: {type(error).__name__}",
                call=call,
                help=("check the login domain, the network and the proxy",),
            ) from None
        except (ValidationError, ValueError, RecursionError):
            raise Unexpected(
                f"{origin} answered {call} with something this version doesn't know",
                call=call,
                help=("is this the identity provider's address? check the login domain",),
            ) from None
        else:
            status = 200
            return value
        finally:
            method, _, path = call.partition(" ")
            self._observe(
                Call(
                    method=method,
                    path=origin + path,
                    status=status,
                    milliseconds=(time.monotonic() - began) * 1000,
                    reason=reason,
                )
            )


class _Bounded(SyncByteStream):
    """A body that is decompressed within bounds while it is read."""

    def __init__(self, inner: SyncByteStream, encoding: str) -> None:
        self._inner = inner
        self._encoding = encoding

    def __iter__(self) -> Iterator[bytes]:
        try:
            body = Body(self._encoding, _MOST_BYTES)
            yield from map(body.take, self._inner)
            body.end()
        except Garbled as error:
            raise DecodingError(str(error)) from None

    def close(self) -> None:
        self._inner.close()


def _bound(response: Response) -> None:
    encoding = response.headers.pop("content-encoding", "")
    assert isinstance(response.stream, SyncByteStream)
    response.stream = _Bounded(response.stream, encoding)


def _refuse(response: Response) -> Response:
    """Raise for an answer that isn't a success; what is transient raises HTTPError."""
    status = response.status_code
    if response.is_success:
        return response
    if status == 429 or status >= 500:
        response.raise_for_status()
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    code = body.get("error", "") if isinstance(body, dict) else ""
    raise _Refused(status, code if isinstance(code, str) else "")


def _words(error: _Refused) -> str:
    return f"status {error.status}" + (f", {error.code}" if error.code else "")


def _ended(error: _Refused) -> Forbidden:
    again = ("start again: `reconciler login`",)
    match error.code:
        case "access_denied":
            return Forbidden("the sign-in was denied", status=error.status, help=again)
        case "expired_token":
            return Forbidden("nobody approved the sign-in in time", status=error.status, help=again)
        case _:
            return Forbidden(
                f"the sign-in was refused: {_words(error)}", status=error.status, help=again
            )
