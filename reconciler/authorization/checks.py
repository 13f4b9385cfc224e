"""What checking an authorization server comes to: values only."""

from dataclasses import dataclass
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
    SKIP = "skip"  # nothing that was asked could tell; the message says what could


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule for clients: its name, how it came out, why, and where it is written."""

    name: str
    level: Level
    verdict: Verdict
    message: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """What an authorization server says about itself; empty where it says nothing.

    `registration_endpoint` where clients may register themselves (RFC 7591), `client_documents`
    whether a client may be named by a metadata document's URL, `refresh` whether refresh tokens
    are offered (as a grant, or as the scope `offline_access`). `scopes` are those to ask for,
    `resource_scopes` and `server_scopes` those that the two metadata documents list.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    resource: str | None = None
    registration_endpoint: str | None = None
    client_documents: bool = False
    refresh: bool = False
    scopes: tuple[str, ...] = ()
    resource_scopes: tuple[str, ...] = ()
    server_scopes: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    pkce: tuple[str, ...] = ()
    token_auth_methods: tuple[str, ...] = ()
    iss_in_answers: bool = False

    @property
    def registration(self) -> bool:
        """Whether clients may register themselves."""
        return self.registration_endpoint is not None
