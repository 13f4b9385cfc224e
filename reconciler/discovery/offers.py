"""What an authorization server offers, beyond what makes it safe: each rule a check. Pure."""

from collections.abc import Iterator

from reconciler.authorization import AUTH_METHODS, Auth, Challenge, Check, Level, Verdict

_MCP = "MCP authorization"
_LATER = (
    (
        "state-matches",
        "the answer of a sign-in must carry the state that was sent",
        "RFC 6749, section 10.12",
    ),
    (
        "iss-matches",
        "an issuer in the answer of a sign-in must be this one, to the character",
        "RFC 9207, section 2.4",
    ),
    (
        "resource-parameter",
        "tokens must be asked for, and given, for this resource alone",
        "RFC 8707, section 2",
    ),
    (
        "redirect-uri-exact",
        "codes must go to registered redirect URIs only",
        f"{_MCP}: open redirection",
    ),
)
"""Rules that only a sign-in can decide."""


def offers(auth: Auth, challenge: Challenge | None) -> tuple[Check, ...]:
    """What a client should know before it relies on `auth`."""
    return tuple(_offers(auth, challenge))


def _offers(auth: Auth, challenge: Challenge | None) -> Iterator[Check]:
    usable = [method for method in auth.token_auth_methods if method in AUTH_METHODS]
    told = ", ".join(auth.token_auth_methods) or "none"
    yield Check(
        name="token-endpoint-auth-methods",
        level=Level.MUST,
        verdict=Verdict.PASS if usable else Verdict.FAIL,
        message=f"clients authenticate with: {told}"
        if usable
        else f"clients must authenticate with one of {', '.join(AUTH_METHODS)}; on offer: {told}",
        source="RFC 8414, section 2; Dust API",
    )
    yield _should(
        "iss-in-answers",
        holds=auth.iss_in_answers,
        good="answers of a sign-in name their issuer",
        bad="answers of a sign-in don't name their issuer: clients can't tell mix-ups",
        source="RFC 9207, section 3",
    )
    yield _client_ids(auth)
    yield _should(
        "refresh-offered",
        holds=auth.refresh,
        good="refresh tokens are offered",
        bad="no refresh tokens are offered: people sign in again whenever a token runs out",
        source=f"{_MCP}: refresh tokens",
    )
    yield _scopes(auth, challenge)
    for name, message, source in _LATER:
        yield Check(
            name=name, level=Level.MUST, verdict=Verdict.SKIP, message=message, source=source
        )


def _client_ids(auth: Auth) -> Check:
    bad = (
        "not offered; clients register themselves instead, which is deprecated since 2026-07-28"
        if auth.registration
        else "not offered, nor is registration: clients are made by hand"
    )
    return _should(
        "client-id-metadata-documents",
        holds=auth.client_documents,
        good="clients may be named by the address of a metadata document",
        bad=bad,
        source=f"{_MCP}: client registration",
    )


def _scopes(auth: Auth, challenge: Challenge | None) -> Check:
    asked = challenge.scope.split() if challenge and challenge.scope else []
    known = {*auth.resource_scopes, *auth.server_scopes}
    unknown = [scope for scope in asked if scope not in known]
    if not asked:
        bad = "the server's refusal doesn't name the scopes that it wants"
    else:
        bad = f"the server wants {' '.join(unknown)}, which no metadata lists"
    return _should(
        "scopes-challenge",
        holds=bool(asked) and not (unknown and known),
        good=f"the server wants {' '.join(asked)}",
        bad=bad,
        source=f"{_MCP}: scope selection",
    )


def _should(name: str, *, holds: bool, good: str, bad: str, source: str) -> Check:
    verdict, message = (Verdict.PASS, good) if holds else (Verdict.WARN, bad)
    return Check(name=name, level=Level.SHOULD, verdict=verdict, message=message, source=source)
