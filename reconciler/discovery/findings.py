"""What a probe finds: values only."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.authorization import Auth, Check, Verdict
from reconciler.resources import SecretRef


class Mode(StrEnum):
    """The auth modes of manifests."""

    NONE = "none"
    BEARER = "bearer"
    AUTOMATIC = "automatic"
    STATIC_OAUTH = "static-oauth"


class Transport(StrEnum):
    """How a server speaks MCP."""

    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the server lists, with the hints it gives (MCP: they aren't to be trusted)."""

    name: str
    description: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A client that was registered to try it; `removed` whether it was deleted again."""

    client_id: str
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """All that a probe found.

    `status` is the HTTP status of a refusal; `reached` whether the server answered at all;
    `healthy` whether it listed its tools; `transport` how it did so; `mode` the auth mode that
    fits, None when nobody can tell; `why` says why, or what went wrong; `sent` the headers it was
    asked with, and where their values are kept.
    """

    url: str
    reached: bool
    healthy: bool
    status: int | None = None
    name: str | None = None
    version: str | None = None
    transport: Transport | None = None
    protocol: str | None = None
    tools: tuple[Tool, ...] = ()
    mode: Mode | None = None
    why: str = ""
    auth: Auth | None = None
    checks: tuple[Check, ...] = ()
    trial: Trial | None = None
    sent: tuple[tuple[str, SecretRef], ...] = ()

    @property
    def failed(self) -> tuple[Check, ...]:
        """The demands that aren't met."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAIL)
