"""All JSON Schemas that the tool publishes: manifests, plan, state, reports."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

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


class ObjectDocument(_Part):
    """A live object and the address of its manifest."""

    address: str
    remote_id: str
    title: str


class NearDocument(_Part):
    """A manifest without an object, and remote ids of objects that come near."""

    address: str
    near: list[str]


class AdoptionDocument(_Part):
    """What `adopt --output json` prints."""

    format: Literal["reconciler.adoption/v1"]
    adopted: list[ObjectDocument]
    owned_before: list[str]
    unmatched: list[NearDocument]
    without_fingerprint: list[tuple[str, list[str]]]
    plan_is_empty: bool
    changes: list[ChangeDocument]


class LeftOutDocument(_Part):
    """A live object that no manifest can describe."""

    kind: str
    remote_id: str
    title: str
    why: str


class ExportDocument(_Part):
    """What `export --output json` prints."""

    format: Literal["reconciler.export/v1"]
    files: list[str]
    resources: list[ObjectDocument]
    secrets: list[str]
    left_out: list[LeftOutDocument]
    built_in: list[str]
    managed_already: int


class OwnedPart(_Part):
    """What is remembered of one owned resource."""

    address: str
    remote_id: str
    protect: bool
    leftovers: list[str]
    applied: dict[str, Any]
    fingerprinted: list[list[str]]


class RememberedDocument(OwnedPart):
    """What `state show --output json` prints."""

    format: Literal["reconciler.remembered/v1"]


class OwnedDocument(_Part):
    """What `state list --output json` prints."""

    format: Literal["reconciler.owned/v1"]
    workspace_id: str
    lineage: str
    serial: int
    resources: list[OwnedPart]


class MoveDocument(_Part):
    """An object that goes by another address."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    remote_id: str


class ForgottenDocument(_Part):
    """An address that owns nothing any more, and the objects that stay."""

    address: str
    remote_ids: list[str]


class OwnershipDocument(_Part):
    """What `state mv --output json` and `forget --output json` print."""

    format: Literal["reconciler.ownership/v1"]
    moved: list[MoveDocument]
    forgotten: list[ForgottenDocument]


_DOCUMENTS: dict[str, tuple[type[BaseModel], str]] = {
    "plan": (PlanDocument, "A plan, as `plan --output json` and `plan --out` write it"),
    "state": (StateDocument, "The state file"),
    "report": (ReportDocument, "How an apply ended"),
    "diagnostics": (DiagnosticsDocument, "Located messages about manifests"),
    "failure": (FailureDocument, "Why a command ended early"),
    "identities": (IdentitiesDocument, "Who is signed in"),
    "adoption": (AdoptionDocument, "What was adopted, and what differs then"),
    "export": (ExportDocument, "What was exported"),
    "owned": (OwnedDocument, "What the state owns"),
    "remembered": (RememberedDocument, "What the state remembers of one resource"),
    "ownership": (OwnershipDocument, "What was renamed in state, or given up"),
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
