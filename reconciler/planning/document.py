"""The shape of a plan file: versioned JSON (`schemas/plan.schema.json`)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from reconciler.diagnostics import Code, Severity, Span
from reconciler.resources import Action, Gate, Reason

FORMAT: Literal["reconciler.plan/v1"] = "reconciler.plan/v1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class PlaceDocument(_Part):
    """Where something is said: lines and columns from 1, columns in characters."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def span(self) -> Span:
        """The place as a span, without the text of its line."""
        return Span(**self.model_dump())


class DiagnosticDocument(_Part):
    """A located message."""

    code: Code
    severity: Severity
    message: str
    label: str | None
    place: PlaceDocument | None
    address: str | None
    notes: list[str]
    help: list[str]


class SetValue(_Part):
    """A value without order."""

    set: list[str]


class HiddenValue(_Part):
    """A value that can't be read back: `hidden` names its source, or null when unknown."""

    hidden: str | None


# In this order: as JSON, a set and a hidden value are objects too.
_Shown = Annotated[SetValue | HiddenValue | JsonValue, Field(union_mode="left_to_right")]


class FieldDocument(_Part):
    """One field: what the workspace has, what the manifest wants, and who moved."""

    path: list[str]
    before: _Shown
    after: _Shown
    reason: Reason
    note: str
    place: PlaceDocument | None


class OperationDocument(_Part):
    """One call; `path` holds `{…}` for ids that don't exist yet."""

    name: str
    method: str
    path: str
    summary: str
    arguments: dict[str, JsonValue]
    idempotent: bool
    creates: bool
    deletes: bool
    interactive: bool


class RefusalDocument(_Part):
    """Why a change is held back."""

    gate: Gate
    overridable: bool
    diagnostic: DiagnosticDocument


class UsersDocument(_Part):
    """Who loses the object by the change, by name."""

    agents: list[str]
    skills: list[str]


class SeenDocument(_Part):
    """One field of an object that the change destroys, as the workspace had it."""

    path: list[str]
    value: _Shown


class ChangeDocument(_Part):
    """All that is to happen to one resource.

    `seen` is what a delete or replace destroys; `users` is null when it isn't known.
    """

    address: str
    action: Action
    reason: Reason
    title: str
    remote_id: str | None
    deposed: list[str]
    fields: list[FieldDocument]
    operations: list[OperationDocument]
    consequences: list[str]
    seen: list[SeenDocument]
    users: UsersDocument | None
    depends_on: list[str]
    refusal: RefusalDocument | None
    place: PlaceDocument | None


class SummaryDocument(_Part):
    """Counts; refused changes are in `refused` alone."""

    create: int
    update: int
    replace: int
    delete: int
    unchanged: int
    refused: int
    drifted: int
    calls: int


class SecretDocument(_Part):
    """A secret that the plan writes: where it is named and kept, and its fingerprint.

    The fingerprint is null when the secret wasn't available where the plan was made.
    """

    address: str
    path: list[str]
    source: str
    fingerprint: str | None


class ReachedDocument(_Part):
    """An address that came along, or is left out, because of another."""

    address: str
    because: str


class PartialDocument(_Part):
    """Which part of everything the plan is; `others` counts changes that nobody asked for."""

    targets: list[str]
    excludes: list[str]
    along: list[ReachedDocument]
    left_out: list[ReachedDocument]
    others: int


class MovedDocument(_Part):
    """What a saved plan no longer fits: what it saw, what is there now, what it wanted.

    `path` is empty when no single field tells it; `doomed` is set when the plan wanted an end of
    the object; `what` explains what the values don't.
    """

    address: str
    path: list[str]
    saw: _Shown
    now: _Shown
    wanted: _Shown
    doomed: Action | None
    what: str


_Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class BasisDocument(_Part):
    """What the plan was made from; an apply refuses when any of it has moved where it matters."""

    manifests: Annotated[str, Field(description="SHA-256 over the manifests' values.")]
    live: Annotated[
        dict[str, str], Field(description="SHA-256 over each live object that it touches.")
    ]
    secrets: list[SecretDocument]
    state_lineage: str
    state_serial: int
    workspace_id: str
    workspace_url: str
    tool_version: str
    made_at: _Moment
    expires_at: _Moment


class PlanDocument(_Part):
    """The file that `plan --out` writes and `apply` takes (`schemas/plan.schema.json`)."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, populate_by_name=True, title="Plan"
    )

    format: Literal["reconciler.plan/v1"]
    mode: Literal["apply", "destroy"]
    basis: BasisDocument
    summary: SummaryDocument
    changes: list[ChangeDocument]
    unchanged: list[str]
    moves: list[tuple[str, str]]
    recovered: list[str]
    forgotten: list[str]
    ignored: dict[str, list[FieldDocument]]
    not_compared: list[tuple[str, list[str]]]
    partial: PartialDocument | None
    warnings: list[DiagnosticDocument]
    allow: list[str]
    desired: dict[str, JsonValue]
    digest: str
