"""Security-relevant items: what they are about, which way they go, and the change they are of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.diagnostics import Span
from reconciler.resources import (
    Action,
    Address,
    Change,
    FieldChange,
    Gate,
    Path,
    Reason,
    Shown,
    Spec,
)
from reconciler.views.words import users_text


class Concern(StrEnum):
    """What a security-relevant item is about, in the order in which it is shown."""

    EXPOSURE = "exposure"
    SCOPES = "scopes"
    CREDENTIALS = "credentials"
    STAKES = "stakes"
    DESTRUCTION = "destruction"


class Effect(StrEnum):
    """Which way an item goes, the worst first."""

    LOOSENS = "loosens"
    DESTROYS = "destroys"
    CHANGES = "changes"
    TIGHTENS = "tightens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One security-relevant item of a change.

    `message` is a sentence's rest after the address, `details` who and what is hit; `path` is
    empty when no single field tells it, `reason` why it happens; `gate` holds it back, if set.
    """

    concern: Concern
    effect: Effect
    address: Address
    message: str
    action: Action
    reason: Reason
    path: Path = ()
    before: Shown = None
    after: Shown = None
    details: tuple[str, ...] = ()
    gate: Gate | None = None
    span: Span | None = None

    @property
    def sort_key(self) -> tuple[bool, int, int, Address, Path]:
        """What tightens last; then by concern, effect and place."""
        return (
            self.effect is Effect.TIGHTENS,
            list(Concern).index(self.concern),
            list(Effect).index(self.effect),
            self.address,
            self.path,
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """A change, and the manifests around it."""

    change: Change
    desired: Mapping[Address, Spec]

    @property
    def creates(self) -> bool:
        """Whether it comes into being."""
        return self.change.action is Action.CREATE

    @property
    def spec(self) -> Any:
        """Its own manifest's spec; empty when no manifest describes it."""
        return self.desired.get(self.change.address, {})

    def matter(
        self,
        concern: Concern,
        effect: Effect,
        message: str,
        field: FieldChange,
        details: tuple[str, ...] = (),
    ) -> Matter:
        """An item about one of its fields."""
        change = self.change
        return Matter(
            concern=concern,
            effect=effect,
            address=change.address,
            message=message,
            action=change.action,
            reason=field.reason,
            path=field.path,
            before=field.before,
            after=field.after,
            details=details,
            gate=change.refusal.gate if change.refusal else None,
            span=field.span or change.span,
        )


def users_of(change: Change) -> tuple[str, ...]:
    """Who loses the object by the change, as a detail; nothing when that isn't known."""
    return (users_text(change.users),) if change.users is not None else ()


def sides(field: FieldChange) -> tuple[frozenset[str], frozenset[str]]:
    """What a set gains, and what it loses."""
    before, after = _set(field.before), _set(field.after)
    return after - before, before - after


def _set(value: Shown) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()
