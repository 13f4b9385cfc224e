"""What every view of a plan is made of; a fresh plan and a saved one both give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.diagnostics import Diagnostic, Span
from reconciler.planning import Partial
from reconciler.resources import Address, Change, FieldChange, Path, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan for the eyes.

    `as_declared` are the `unchanged` resources; a declared one that is neither there nor among the
    changes is no part of the plan. `desired` are the specs of the manifests by address, as
    written; `allow` the gates and rules that the plan lets through, once or for good. `digest` is
    that of the plan's document, empty when none was made; `made_at` and `expires_at` are ISO 8601,
    UTC, or empty. `home` is where the Workspace is declared, for what has no place of its own.
    """

    workspace: str
    changes: Sequence[Change]
    unchanged: int
    moves: Sequence[tuple[Address, Address]] = ()
    recovered: Sequence[Address] = ()
    forgotten: Sequence[Address] = ()
    as_declared: frozenset[Address] = frozenset()
    ignored: Mapping[Address, Sequence[FieldChange]]
    not_compared: Sequence[tuple[Address, Path]] = ()
    warnings: Sequence[Diagnostic] = ()
    partial: Partial | None = None
    noun: str = "Plan"
    desired: Mapping[Address, Spec] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    digest: str = ""
    made_at: str = ""
    expires_at: str = ""
    home: Span | None = None

    @property
    def name(self) -> str:
        """What it is called: a part says so."""
        return f"Partial {self.noun.lower()}" if self.partial else self.noun
