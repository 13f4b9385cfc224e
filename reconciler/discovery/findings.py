"""What a probe finds: values only."""

from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much a specification demands it (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Verdict(StrEnum):
    """How a check came out."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule for clients: its name, how it came out, why, and where it is written."""

    name: str
    level: Level
    verdict: Verdict
    message: str
    source: str


class Mode(StrEnum):
    """The auth modes of manifests."""

    NONE = "none"
    BEARER = "bearer"
    AUTOMATIC = "automatic"
    STATIC_OAUTH = "static-oauth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """What an authorization server says about itself; empty where it says nothing.

    `registration` whether clients may register themselves (RFC 7591), `client_documents` whether
    a client may be named by a metadata document's URL, `refresh` whether refresh tokens are
    offered (as a grant, or as the scope `offline_access`).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    resource: str | None = None
    registration: bool = False
    client_documents: bool = False
    refresh: bool = False
    scopes: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    pkce: tuple[str, ...] = ()
    token_auth_methods: tuple[str, ...] = ()
    iss_in_answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the server lists, with the hints it gives (MCP: they aren't to be trusted)."""

    name: str
    description: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """All that a probe found.

    `status` is the HTTP status of a refusal; `reached` whether the server answered at all;
    `healthy` whether it listed its tools; `mode` the auth mode that fits, None when nobody can
    tell; `why` says why, or what went wrong.
    """

    url: str
    reached: bool
    healthy: bool
    status: int | None = None
    name: str | None = None
    version: str | None = None
    protocol: str | None = None
    tools: tuple[Tool, ...] = ()
    mode: Mode | None = None
    why: str = ""
    auth: Auth | None = None
    checks: tuple[Check, ...] = field(default=())

    @property
    def failed(self) -> tuple[Check, ...]:
        """The demands that aren't met."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAIL)
