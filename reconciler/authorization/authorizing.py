"""The authorization request, and the answer that comes back: plain functions.

MCP authorization (2026-07-28): PKCE with S256, `resource` always, `state`; of the answer first
`state`, then `iss` (RFC 9207), and only then the code or the error.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from reconciler.authorization.challenge import Challenge
from reconciler.authorization.checks import Auth

OFFLINE = "offline_access"
# RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6: what may be repeated.
_KNOWN_ERRORS = frozenset(
    {
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "invalid_target",
        "interaction_required",
        "login_required",
        "consent_required",
    }
)


class AnswerRefused(Exception):
    """An answer that must not be acted on, or one that says no; the message says which."""


def authorization_url(
    endpoint: str,
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    verifier: str,
    scope: str | None,
    resource: str | None,
    more: Iterable[tuple[str, str]] = (),
) -> str:
    """Where a person consents; what the endpoint's own query says is kept.

    Parameters: `verifier` PKCE's (RFC 7636, 43 to 128 characters), of which only the digest goes
    into the address; `more` parameters that one server needs.
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    pairs = [
        ("response_type", "code"),
        ("client_id", client_id),
        ("state", state),
        ("redirect_uri", redirect_uri),
        ("code_challenge", base64.urlsafe_b64encode(digest).rstrip(b"=").decode()),
        ("code_challenge_method", "S256"),
        *((key, value) for key, value in (("scope", scope), ("resource", resource)) if value),
        *more,
    ]
    parts = urlsplit(endpoint)
    query = urlencode([*parse_qsl(parts.query), *pairs])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def code_in(answer: str, *, state: str, auth: Auth) -> str:
    """The code in the address that a person came back with.

    Raises:
        AnswerRefused: it answers something else, comes from somebody else, or says no. What the
            server wrote freely isn't repeated.
    """
    given = dict(parse_qsl(urlsplit(answer).query))
    if not hmac.compare_digest(given.get("state", "").encode(), state.encode()):
        raise AnswerRefused("the answer belongs to another sign-in: its `state` differs")
    issuer = given.get("iss")
    if issuer is None and auth.iss_in_answers:
        raise AnswerRefused("the answer doesn't say who gave it, though its server always does")
    # RFC 9207, section 2.4: compared character by character, also where it isn't advertised.
    if issuer is not None and issuer != auth.issuer:
        raise AnswerRefused("the answer comes from another authorization server: its `iss` differs")
    if "error" in given:
        named = given["error"] if given["error"] in _KNOWN_ERRORS else "an unknown error"
        raise AnswerRefused(f"the authorization server said no ({named})")
    if not given.get("code"):
        raise AnswerRefused("the answer has neither a code nor an error")
    return given["code"]


def scopes_to_ask(
    auth: Auth, challenge: Challenge | None, *, before: Iterable[str] = ()
) -> tuple[str, ...]:
    """The scopes of the next request: challenge, else the resource's, else none.

    Parameters: `before` what was asked until now, which stays asked (scopes add up when a server
    asks for more). `offline_access` is added where the authorization server lists it.
    """
    named = challenge.scope.split() if challenge and challenge.scope else auth.resource_scopes
    wanted = [*before, *named]
    if OFFLINE in auth.server_scopes:
        wanted.append(OFFLINE)
    return tuple(dict.fromkeys(wanted))
