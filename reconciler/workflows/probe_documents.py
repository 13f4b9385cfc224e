"""What `probe` and `callbacks` print as JSON."""

from typing import Literal

from reconciler.authorization import Level, Verdict
from reconciler.discovery import Mode, Transport
from reconciler.workflows.document_parts import Part


class ProbedServerDocument(Part):
    """What the server calls itself."""

    name: str | None
    version: str | None


class ProbedToolDocument(Part):
    """A tool that the server lists, with the hints that it gives."""

    name: str
    description: str
    hints: list[str]


class AuthorizationServerDocument(Part):
    """What the authorization server says about itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str | None
    resource: str | None
    registration: bool
    client_documents: bool
    refresh: bool
    scopes: list[str]
    grant_types: list[str]
    pkce: list[str]
    token_endpoint_auth_methods: list[str]
    iss_in_answers: bool


class CheckDocument(Part):
    """A rule for careful clients; `skip`: only a sign-in can tell."""

    name: str
    level: Level
    verdict: Verdict
    message: str
    source: str


class TrialDocument(Part):
    """A client that `--register` registered, and whether it was deleted again."""

    client_id: str
    removed: bool


class ProbeDocument(Part):
    """What `probe --output json` prints."""

    format: Literal["reconciler.probe/v1"]
    url: str
    reached: bool
    healthy: bool
    status: int | None
    transport: Transport | None
    protocol_version: str | None
    server: ProbedServerDocument
    tools: list[ProbedToolDocument]
    mode: Mode | None
    why: str
    authorization_server: AuthorizationServerDocument | None
    checks: list[CheckDocument]
    trial: TrialDocument | None
    manifest: str | None


class CallbacksOfWorkspaceDocument(Part):
    """What the workspace itself reports; `documented` whether its address is in the tables."""

    name: str
    url: str
    redirect_uris: dict[Literal["automatic", "static-oauth"], str]
    documented: bool


class CallbacksDocument(Part):
    """What `callbacks --output json` prints: by region and auth mode, or of one workspace."""

    format: Literal["reconciler.callbacks/v1"]
    regions: dict[Literal["us", "eu"], dict[Literal["automatic", "static-oauth"], list[str]]]
    workspace: CallbacksOfWorkspaceDocument | None
