"""Registers an OAuth client at an authorization server, and takes it away again.

RFC 7591 (dynamic client registration) and RFC 7592 (its management). Requests go through the
client that is passed in, whose transport decides which addresses may be asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.authorization.answers import BadAnswer, json_object, read_bounded
from reconciler.authorization.guard import Refused, shown

if TYPE_CHECKING:
    import httpx2

# What the token requests know how to do, the best first.
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")
_UNSURE = "; a client may have been left there"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# RFC 7591, section 3.2.2: what may be repeated of an answer.
_KNOWN_ERRORS = frozenset(
    {
        "invalid_redirect_uri",
        "invalid_client_metadata",
        "invalid_software_statement",
        "unapproved_software_statement",
    }
)


class RegistrationFailure(Exception):
    """No client was registered, or one could not be removed; the message says why.

    `made` is a client that was registered and can't be used; it is still there.
    """

    def __init__(self, message: str, made: "Registered | None" = None) -> None:
        super().__init__(message)
        self.made = made


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """RFC 7591, section 3.2.1, as far as it is used.

    `auth_method` how the client has to identify itself at the token endpoint; `redirect_uris` as
    the server answered them, empty where it didn't; `management_uri` and `management_token` lead
    to the client itself (RFC 7592), where the server offers that.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    auth_method: str
    redirect_uris: tuple[str, ...] = ()
    management_uri: str | None = None
    management_token: str | None = field(default=None, repr=False)


async def register(
    http: "httpx2.AsyncClient",
    endpoint: str,
    *,
    name: str,
    redirect_uris: Sequence[str],
    scope: str | None = None,
    offered: Sequence[str] = ("client_secret_basic",),
) -> Registered:
    """A new client.

    Parameters: `endpoint` of the server's metadata; `name` as people see it when they consent;
    `scope` separated by spaces; `offered` the ways in which the token endpoint lets clients
    identify themselves.

    Raises:
        RegistrationFailure: it refused, answered nonsense, or may not be asked.
    """
    method = next((each for each in AUTH_METHODS if each in offered), None)
    if method is None:
        raise RegistrationFailure(
            "the authorization server identifies clients in ways that aren't supported"
        )
    asked = {
        "client_name": name,
        "redirect_uris": list(redirect_uris),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "application_type": _application_type(redirect_uris),
        **({"scope": scope} if scope else {}),
    }
    status, raw = await _send(http, "POST", endpoint, json=asked)
    if not 200 <= status < 300:
        raise RegistrationFailure(
            f"the registration endpoint refuses the client (HTTP {status}{_named(raw)})"
        )
    made = None
    try:
        answer = json_object(raw)
        made = _client(answer, method)
        _check_usable(answer, made)
    except BadAnswer as error:
        unsure = "" if made else _UNSURE
        raise RegistrationFailure(f"the registration endpoint {error}{unsure}", made) from None
    return made


async def unregister(http: "httpx2.AsyncClient", client: Registered) -> int:
    """Delete a client that was registered here; the HTTP status of the answer.

    Raises:
        RegistrationFailure: it is still there, or nobody can tell.
    """
    if client.management_uri is None or client.management_token is None:
        raise RegistrationFailure("the authorization server lets nobody delete a client")
    headers = {"Authorization": f"Bearer {client.management_token}"}
    status, _ = await _send(http, "DELETE", client.management_uri, headers=headers)
    # RFC 7592, section 2.3: 204; a client that is gone already isn't known any more: 401 or 404.
    if status not in (200, 204, 401, 404):
        raise RegistrationFailure(f"the client could not be deleted (HTTP {status})")
    return status


async def _send(http: "httpx2.AsyncClient", verb: str, url: str, **rest: Any) -> tuple[int, bytes]:
    import httpx2

    what = "registration endpoint" if verb == "POST" else "client configuration endpoint"
    unsure = _UNSURE if verb == "POST" else ""
    try:
        async with http.stream(verb, url, follow_redirects=False, **rest) as response:
            return response.status_code, await read_bounded(response)
    except Refused as error:
        raise RegistrationFailure(f"the {what} can't be used: {error}") from None
    except BadAnswer as error:
        raise RegistrationFailure(f"the {what} {error}{unsure}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.InvalidURL):
            unsure = ""  # nothing was sent
        raise RegistrationFailure(
            f"the {what} {shown(url)} can't be reached ({type(error).__name__}){unsure}"
        ) from None


def _application_type(redirect_uris: Sequence[str]) -> str:
    """MCP authorization 2026-07-28: to be sent; `native` for callbacks on loopback."""
    hosts = [urlsplit(uri).hostname for uri in redirect_uris]
    return "native" if any(host in _LOOPBACK for host in hosts) else "web"


def _client(answer: dict[str, Any], asked_method: str) -> Registered:
    client_id, secret = answer.get("client_id"), _text(answer.get("client_secret"))
    # Servers that say nothing of the method and give no secret mean a public client.
    method = answer.get("token_endpoint_auth_method", asked_method if secret else "none")
    uris = answer.get("redirect_uris", [])
    if not isinstance(client_id, str) or not client_id:
        raise BadAnswer("answers no client")
    token = _text(answer.get("registration_access_token"))
    return Registered(
        client_id=client_id,
        client_secret=secret,
        auth_method=str(method),
        redirect_uris=tuple(each for each in uris if isinstance(each, str))
        if isinstance(uris, list)
        else (),
        management_uri=_text(answer.get("registration_client_uri")),
        management_token=token if token and token.isascii() and token.isprintable() else None,
    )


def _check_usable(answer: dict[str, Any], made: Registered) -> None:
    if not isinstance(answer.get("client_secret", ""), str | None):
        raise BadAnswer("answers a client secret that is no text")
    if made.auth_method not in AUTH_METHODS:
        raise BadAnswer("answers a client that identifies itself in another way than was asked")
    if made.auth_method != "none" and made.client_secret is None:
        raise BadAnswer("answers a client without the secret that it needs")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _named(raw: bytes) -> str:
    """The error's code, where it is one that the specification names."""
    try:
        code = json_object(raw).get("error")
    except BadAnswer:
        return ""
    return f", {code}" if code in _KNOWN_ERRORS else ""
