"""The one model that every report of a plan is made of: what a reviewer has to know, in order.

It says first how it stands, then what touches security, then what the manifests introduce apart
from what was there before them. A command that ended before there was a plan gives one as well,
so that a pull request hears of its faults in the same place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.diagnostics import PLAIN, Diagnostic, Severity, Span, count
from reconciler.resources import Action, Address, Change, FieldChange, Path, Reason, Spec
from reconciler.views.concerns import matters_of
from reconciler.views.matters import Concern, Effect, Matter
from reconciler.views.notes import notes_of
from reconciler.views.plan_text import summary_line
from reconciler.views.plan_view import PlanView

__all__ = [
    "Concern",
    "Counts",
    "Effect",
    "Failure",
    "Item",
    "Matter",
    "Outcome",
    "Review",
    "review_of",
    "review_of_failure",
    "review_of_manifests",
]

_FIELD_REASONS = (Reason.BOTH, Reason.EDITED, Reason.DRIFT, Reason.ROTATED)
_STANDING = (Reason.DRIFT, Reason.GONE, Reason.ROTATED, Reason.UNFINISHED)


class Outcome(StrEnum):
    """How it stands."""

    NOTHING = "nothing-to-do"
    CHANGES = "changes"
    REFUSED = "refused"
    STOPPED = "stopped"
    VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Changes by action, without those that are refused; `drifted` counts both."""

    actions: Mapping[Action, int]
    refused: int = 0
    unchanged: int = 0
    drifted: int = 0
    calls: int = 0

    @property
    def changes(self) -> int:
        """All that is to happen."""
        return sum(self.actions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A change, or the part of it that has one origin: `fields` are those of that part.

    `whole` says that consequences and operations are to be told here; of a change in two parts
    it is the introduced one.
    """

    change: Change
    fields: tuple[FieldChange, ...]
    whole: bool = True

    @property
    def reason(self) -> Reason:
        """Why this part of the change happens."""
        moved = {field.reason for field in self.fields}
        return next((reason for reason in _FIELD_REASONS if reason in moved), self.change.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a command ended before there was a plan; `code` is its exit code."""

    code: int
    message: str
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A plan, a drift, or checked manifests, for a reviewer.

    `noun` is what it is called, `headline` its summary in one line of plain text. `changes` are all
    of them in the order of the plan, `matters` what of them is security-relevant. `introduced` is
    what the manifests ask for, `standing` what was there before them: drift, rotated secrets,
    unfinished applies. `refused` changes are in neither. `errors` stop the command; `failure` tells
    how it stopped. `desired` are the manifests' specs by address, for whoever draws more than the
    changes, `as_declared` those of them that a plan found to be so, `ignored` the fields that it
    leaves alone; `document` is the JSON of the same thing, empty when nobody asked for it.
    """

    workspace: str
    noun: str
    outcome: Outcome
    headline: str
    counts: Counts
    changes: tuple[Change, ...] = ()
    matters: tuple[Matter, ...] = ()
    introduced: tuple[Item, ...] = ()
    standing: tuple[Item, ...] = ()
    refused: tuple[Change, ...] = ()
    errors: tuple[Diagnostic, ...] = ()
    failure: Failure | None = None
    warnings: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()
    not_compared: tuple[tuple[Address, Path], ...] = ()
    allow: tuple[str, ...] = ()
    desired: Mapping[Address, Spec] = field(default_factory=dict)
    as_declared: frozenset[Address] = frozenset()
    ignored: Mapping[Address, Sequence[FieldChange]] = field(default_factory=dict)
    digest: str = ""
    made_at: str = ""
    expires_at: str = ""
    home: Span | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def untouched(self) -> tuple[Address, ...]:
        """The declared resources without a change."""
        changing = {change.address for change in self.changes}
        return tuple(sorted(self.desired.keys() - changing))


def review_of(view: PlanView, *, document: Mapping[str, Any] | None = None) -> Review:
    """The review of a plan."""
    refused = tuple(change for change in view.changes if change.refusal is not None)
    going = [change for change in view.changes if change.refusal is None]
    parts = [part for change in going for part in _parts(change)]
    matters = [found for change in view.changes for found in matters_of(change, view.desired)]
    done = Outcome.CHANGES if view.changes else Outcome.NOTHING
    return Review(
        workspace=view.workspace,
        noun=view.name,
        outcome=Outcome.REFUSED if refused else done,
        headline=summary_line(view.changes, view.unchanged, PLAIN, noun=view.name),
        counts=_counts(going, refused, view.unchanged),
        changes=tuple(view.changes),
        matters=tuple(sorted(matters, key=lambda matter: matter.sort_key)),
        introduced=tuple(item for item, standing in parts if not standing),
        standing=tuple(item for item, standing in parts if standing),
        refused=refused,
        warnings=tuple(view.warnings),
        notes=tuple(notes_of(view)),
        not_compared=tuple(view.not_compared),
        allow=tuple(sorted(view.allow)),
        desired=view.desired,
        as_declared=view.as_declared,
        ignored=view.ignored,
        digest=view.digest,
        made_at=view.made_at,
        expires_at=view.expires_at,
        home=view.home,
        document=document or {},
    )


def review_of_failure(
    noun: str,
    failure: Failure,
    diagnostics: Iterable[Diagnostic],
    *,
    document: Mapping[str, Any] | None = None,
) -> Review:
    """The review of what ended before there was a plan: `noun` is what there isn't."""
    found = tuple(diagnostics)
    return Review(
        workspace="",
        noun=noun,
        outcome=Outcome.STOPPED,
        headline=f"{noun}: {failure.message}.",
        counts=_counts((), (), 0),
        errors=tuple(item for item in found if item.severity is Severity.ERROR),
        failure=failure,
        warnings=tuple(item for item in found if item.severity is not Severity.ERROR),
        document=document or {},
    )


def review_of_manifests(
    workspace: str,
    diagnostics: Iterable[Diagnostic],
    *,
    desired: Mapping[Address, Spec],
    home: Span | None = None,
    document: Mapping[str, Any] | None = None,
) -> Review:
    """The review of manifests by themselves, which could be read."""
    found = tuple(diagnostics)
    errors = tuple(item for item in found if item.severity is Severity.ERROR)
    told = f"{count(len(errors), 'error')}" if errors else "valid"
    return Review(
        workspace=workspace,
        noun="Manifests",
        outcome=Outcome.REFUSED if errors else Outcome.VALID,
        headline=f"Manifests: {told}, {count(len(desired), 'resource')}.",
        counts=_counts((), (), len(desired)),
        errors=errors,
        warnings=tuple(item for item in found if item.severity is not Severity.ERROR),
        desired=desired,
        home=home,
        document=document or {},
    )


def _parts(change: Change) -> list[tuple[Item, bool]]:
    """The change by origin: what the manifests introduce, and what was there before (True)."""
    if change.reason in _STANDING:
        return [(Item(change=change, fields=change.fields), True)]
    before = tuple(item for item in change.fields if item.reason in _STANDING)
    if not before:
        return [(Item(change=change, fields=change.fields), False)]
    rest = tuple(item for item in change.fields if item.reason not in _STANDING)
    if not rest:
        return [(Item(change=change, fields=before), True)]
    return [
        (Item(change=change, fields=rest), False),
        (Item(change=change, fields=before, whole=False), True),
    ]


def _counts(going: Iterable[Change], refused: tuple[Change, ...], unchanged: int) -> Counts:
    listed = list(going)
    return Counts(
        actions={action: sum(c.action is action for c in listed) for action in Action},
        refused=len(refused),
        unchanged=unchanged,
        drifted=sum(change.drifted for change in (*listed, *refused)),
        calls=sum(len(change.operations) for change in listed),
    )
