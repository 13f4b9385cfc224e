"""All JSON Schemas that the tool publishes: manifests, plan, state, reports."""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from reconciler.authorization import Level, Verdict
from reconciler.discovery import Mode, Transport
from reconciler.execution import Outcome
from reconciler.manifests import schemas as manifest_schemas
from reconciler.planning import ChangeDocument, DiagnosticDocument, PlanDocument
from reconciler.resources import Action
from reconciler.state import StateDocument


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class ConsentDocument(_Part):
    """Who has to sign in, where, and since when."""

    who: str
    url: str
    since: str


class ResultDocument(_Part):
    """One change and what became of it."""

    address: str
    action: Action
    outcome: Outcome
    operation: str | None
    call: str | None
    message: str | None
    help: list[str]
    consent: ConsentDocument | None


class StoppedDocument(_Part):
    """Why nothing more was tried: the credential counted no more."""

    message: str
    call: str | None
    help: list[str]


class ReportDocument(_Part):
    """What `apply --output json` prints."""

    format: Literal["reconciler.report/v1"]
    interrupted: bool
    stopped: StoppedDocument | None
    summary: dict[Outcome, int]
    results: list[ResultDocument]


class DiagnosticsDocument(_Part):
    """What `validate --output json` prints."""

    format: Literal["reconciler.diagnostics/v1"]
    diagnostics: list[DiagnosticDocument]


class DriftDocument(_Part):
    """What `drift --output json` prints."""

    format: Literal["reconciler.drift/v1"]
    changes: list[ChangeDocument]


class FailureDocument(_Part):
    """What any command prints with `--output json` when it ends without its own document."""

    format: Literal["reconciler.failure/v1"]
    exit_code: int
    message: str
    notes: list[str]
    help: list[str]
    diagnostics: list[DiagnosticDocument]


class WorkspaceDocument(_Part):
    """A workspace of a person; `manages` when the role allows to change spaces and servers."""

    id: str
    name: str
    role: str
    manages: bool


class ProblemDocument(_Part):
    """Why a sign-in can't be used."""

    message: str
    help: list[str]


class IdentityDocument(_Part):
    """One person at one address of the API."""

    url: str
    region: str | None
    email: str | None
    name: str | None
    source: str
    expires_at: str | None
    renewed: bool
    workspaces: list[WorkspaceDocument]
    problem: ProblemDocument | None


class IdentitiesDocument(_Part):
    """What `login --output json` and `whoami --output json` print."""

    format: Literal["reconciler.identities/v1"]
    identities: list[IdentityDocument]


class ProbedServerDocument(_Part):
    """What the server calls itself."""

    name: str | None
    version: str | None


class ProbedToolDocument(_Part):
    """A tool that the server lists, with the hints that it gives."""

    name: str
    description: str
    hints: list[str]


class AuthorizationServerDocument(_Part):
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


class CheckDocument(_Part):
    """A rule for careful clients; `skip`: only a sign-in can tell."""

    name: str
    level: Level
    verdict: Verdict
    message: str
    source: str


class TrialDocument(_Part):
    """A client that `--register` registered, and whether it was deleted again."""

    client_id: str
    removed: bool


class ProbeDocument(_Part):
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


class CallbacksOfWorkspaceDocument(_Part):
    """What the workspace itself reports; `documented` whether its address is in the tables."""

    name: str
    url: str
    redirect_uris: dict[Literal["automatic", "static-oauth"], str]
    documented: bool


class CallbacksDocument(_Part):
    """What `callbacks --output json` prints: by region and auth mode, or of one workspace."""

    format: Literal["reconciler.callbacks/v1"]
    regions: dict[Literal["us", "eu"], dict[Literal["automatic", "static-oauth"], list[str]]]
    workspace: CallbacksOfWorkspaceDocument | None


_DOCUMENTS: dict[str, tuple[type[BaseModel], str]] = {
    "plan": (PlanDocument, "A plan, as `plan --output json` and `plan --out` write it"),
    "state": (StateDocument, "The state file"),
    "report": (ReportDocument, "How an apply ended"),
    "diagnostics": (DiagnosticsDocument, "Located messages about manifests"),
    "failure": (FailureDocument, "Why a command ended early"),
    "identities": (IdentitiesDocument, "Who is signed in"),
    "probe": (ProbeDocument, "What a remote MCP server is and needs"),
    "callbacks": (CallbacksDocument, "The redirect URIs that an OAuth app must allow"),
    "drift": (DriftDocument, "What others changed in the workspace"),
}


def schema_texts() -> dict[str, str]:
    """The text of every schema by name; equal models give equal text."""
    found: dict[str, Any] = dict(manifest_schemas())
    for name, (model, title) in _DOCUMENTS.items():
        schema = model.model_json_schema(by_alias=True)
        found[name] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "title": title,
        }
    return {
        name.removesuffix(".schema.json"): json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in found.items()
    }
