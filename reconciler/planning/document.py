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


class ChangeDocument(_Part):
    """All that is to happen to one resource."""

    address: str
    action: Action
    reason: Reason
    title: str
    remote_id: str | None
    deposed: list[str]
    fields: list[FieldDocument]
    operations: list[OperationDocument]
    consequences: list[str]
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


class BasisDocument(_Part):
    """What the plan was made from; an apply refuses when any of it has moved where it matters."""

    manifests: Annotated[str, Field(description="SHA-256 over the manifests' values.")]
    live: Annotated[str, Field(description="SHA-256 over the live objects that it touches.")]
    state_lineage: str
    state_serial: int
    workspace_id: str
    workspace_url: str
    tool_version: str


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
    warnings: list[DiagnosticDocument]
    allow: list[str]
    desired: dict[str, JsonValue]
    digest: str
