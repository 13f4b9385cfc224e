"""Registers clients at an authorization server (RFC 7591), and deletes them again (RFC 7592)."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.authorization.checks import Auth
from reconciler.authorization.guard import Policy, Refused, origin, shown

if TYPE_CHECKING:
    import httpx2

_SIZE_LIMIT = 256 * 1024
_WORDS_LIMIT = 200
_MADE, _GONE = (200, 201), (200, 204)
_UNSURE = "; a client may have been left there"


class NotRegistered(Exception):
    """No client could be registered; the message says why, and whether one may be there."""


class NotRemoved(Exception):
    """A client could not be deleted; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The client to register (RFC 7591, section 2)."""

    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str
    grant_types: tuple[str, ...] = ("authorization_code",)

    def to_json(self) -> dict[str, Any]:
        """The request's body; a client of the web, as MCP authorization wants it said."""
        return {
            "client_name": self.name,
            "application_type": "web",
            "redirect_uris": list(self.redirect_uris),
            "response_types": ["code"],
            "grant_types": list(self.grant_types),
            "token_endpoint_auth_method": self.auth_method,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A client that was registered: what the server made of the application.

    `redirect_uris` is None where the answer has none; `has_secret` whether a secret was given,
    which isn't kept; `place` and `token` are what deleting it takes.
    """

    client_id: str
    auth_method: str
    has_secret: bool
    redirect_uris: tuple[str, ...] | None
    place: str | None = None
    token: str | None = field(default=None, repr=False)


async def register(
    client: "httpx2.AsyncClient", policy: Policy, auth: Auth, application: Application
) -> Registered:
    """Register a client at `auth.registration_endpoint`. Raises NotRegistered."""
    import httpx2

    endpoint = auth.registration_endpoint
    if endpoint is None:
        raise NotRegistered("no registration is offered")
    try:
        policy.check_form(endpoint)
        async with client.stream(
            "POST", endpoint, json=application.to_json(), headers={"Accept": "application/json"}
        ) as response:
            raw = await _read(response)
            status = response.status_code
    except Refused as error:
        raise NotRegistered(f"not asked: {error}") from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.InvalidURL) as error:
        words = f"{shown(endpoint)} can't be reached ({type(error).__name__})"
        raise NotRegistered(words) from None
    except (httpx2.HTTPError, OSError) as error:
        words = f"{shown(endpoint)} gives no answer ({type(error).__name__}){_UNSURE}"
        raise NotRegistered(words) from None
    return _registered(shown(endpoint), status, raw)


async def remove(client: "httpx2.AsyncClient", policy: Policy, auth: Auth, made: Registered) -> str:
    """Delete a client (RFC 7592, section 2.3); what was done. Raises NotRemoved."""
    import httpx2

    if made.place is None or made.token is None:
        raise NotRemoved("the server doesn't say how to delete clients")
    try:
        policy.check_form(made.place)
        if origin(made.place) not in {
            origin(auth.issuer),
            origin(auth.registration_endpoint or ""),
        }:
            # The token for it goes nowhere else.
            raise NotRemoved(f"the place to delete it is on another host: {shown(made.place)}")
        sent = {"Authorization": f"Bearer {made.token}"}
        async with client.stream("DELETE", made.place, headers=sent) as response:
            status = response.status_code
    except (Refused, ValueError) as error:
        raise NotRemoved(f"not asked: {error}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise NotRemoved(f"the server gives no answer ({type(error).__name__})") from None
    if status not in _GONE:
        raise NotRemoved(f"the server refuses with HTTP {status}")
    return f"deleted again (HTTP {status})"


async def _read(response: "httpx2.Response") -> bytes:
    """The body, as far as it is of use; what is too long can't be read as JSON later."""
    raw = b""
    async for part in response.aiter_bytes():
        raw += part
        if len(raw) > _SIZE_LIMIT:
            return b""
    return raw


def _registered(where: str, status: int, raw: bytes) -> Registered:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    answer: dict[str, Any] = found if isinstance(found, dict) else {}
    if status not in _MADE:
        told = [answer.get(name) for name in ("error", "error_description")]
        words = ": ".join(text for text in told if isinstance(text, str))[:_WORDS_LIMIT]
        raise NotRegistered(f"{where} refuses with HTTP {status}" + (f": {words}" if words else ""))
    client_id = _text(answer, "client_id")
    if client_id is None:
        raise NotRegistered(f"{where} answers without a client id{_UNSURE}")
    uris = answer.get("redirect_uris")
    return Registered(
        client_id=client_id,
        # RFC 7591, section 2: what is left out means this.
        auth_method=_text(answer, "token_endpoint_auth_method") or "client_secret_basic",
        has_secret=_text(answer, "client_secret") is not None,
        redirect_uris=tuple(map(str, uris)) if isinstance(uris, list) else None,
        place=_text(answer, "registration_client_uri"),
        token=_header_text(answer, "registration_access_token"),
    )


def _text(answer: dict[str, Any], name: str) -> str | None:
    value = answer.get(name)
    return value if isinstance(value, str) and value else None


def _header_text(answer: dict[str, Any], name: str) -> str | None:
    value = _text(answer, name)
    return value if value is not None and value.isascii() and value.isprintable() else None
