"""What commands print as JSON of plans and runs: reports, failures, drift."""

from typing import Literal

from reconciler.execution import Outcome
from reconciler.planning import (
    ChangeDocument,
    DiagnosticDocument,
    MovedDocument,
    PartialDocument,
)
from reconciler.resources import Action
from reconciler.workflows.document_parts import Part


class ConsentDocument(Part):
    """Who has to sign in, where, and since when."""

    who: str
    url: str
    since: str


class ResultDocument(Part):
    """One change and what became of it."""

    address: str
    action: Action
    outcome: Outcome
    operation: str | None
    call: str | None
    message: str | None
    help: list[str]
    consent: ConsentDocument | None


class StoppedDocument(Part):
    """Why nothing more was tried: the credential counted no more, or the state failed."""

    message: str
    call: str | None
    help: list[str]


class ReportDocument(Part):
    """What `apply --output json` prints."""

    format: Literal["reconciler.report/v1"]
    interrupted: bool
    stopped: StoppedDocument | None
    summary: dict[Outcome, int]
    results: list[ResultDocument]


class DiagnosticsDocument(Part):
    """What `validate --output json` prints."""

    format: Literal["reconciler.diagnostics/v1"]
    diagnostics: list[DiagnosticDocument]


class DriftDocument(Part):
    """What `drift --output json` prints."""

    format: Literal["reconciler.drift/v1"]
    changes: list[ChangeDocument]
    warnings: list[DiagnosticDocument]
    partial: PartialDocument | None


class HolderDocument(Part):
    """The run that has the state: its name for `unlock`, and times in ISO 8601, UTC.

    `renewed` is its last sign of life, `ends` when its lease does unless it gives another.
    """

    owner: str
    user: str
    host: str
    pid: int
    job: str | None
    since: str
    renewed: str
    ends: str


class UnlockedDocument(Part):
    """What `unlock --output json` prints; null when nobody had the state."""

    format: Literal["reconciler.unlocked/v1"]
    unlocked: HolderDocument | None


class FailureDocument(Part):
    """What any command prints with `--output json` when it ends without its own document."""

    format: Literal["reconciler.failure/v1"]
    exit_code: int
    message: str
    notes: list[str]
    help: list[str]
    diagnostics: list[DiagnosticDocument]
    moved: list[MovedDocument]
    holder: HolderDocument | None


class WorkspaceDocument(Part):
    """A workspace of a person; `manages` when the role allows to change spaces and servers."""

    id: str
    name: str
    role: str
    manages: bool


class ProblemDocument(Part):
    """Why a sign-in can't be used."""

    message: str
    help: list[str]


class IdentityDocument(Part):
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


class SignedOutDocument(Part):
    """A sign-in that was forgotten."""

    url: str
    email: str


class LogoutDocument(Part):
    """What `logout --output json` prints."""

    format: Literal["reconciler.logout/v1"]
    removed: list[SignedOutDocument]


class IdentitiesDocument(Part):
    """What `login --output json` and `whoami --output json` print."""

    format: Literal["reconciler.identities/v1"]
    identities: list[IdentityDocument]
