"""What planning is given: values only, and two pure voices that it may ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from reconciler.planning.scope import Scope
from reconciler.policy import Policy
from reconciler.resources import (
    Address,
    Change,
    Desired,
    Guards,
    Locator,
    Operation,
    Path,
    Resource,
    Snapshot,
    Spec,
)
from reconciler.state import State


class Observation(StrEnum):
    """How a secret compares with the one last written."""

    SAME = "same"
    ROTATED = "rotated"
    NOT_COMPARED = "not-compared"


class Forecaster(Protocol):
    """The provider, as far as planning may know it: no way to send anything."""

    def operations(self, change: Change) -> tuple[Operation, ...]:
        """The calls that the change takes, in order."""
        ...

    def consequences(self, change: Change) -> tuple[str, ...]:
        """What the change does beyond its fields, in words."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that a plan depends on.

    `observations` holds a verdict per (address, path) of a secret; what is missing was not
    compared. `allow` names the gates that the caller overrides. `policy` are the rules of the
    Workspace named `workspace`; `scope` is the part that is wanted. While the state isn't `held`,
    what it has under way may be another run's, which lives.
    """

    resources: Mapping[Address, Resource]
    state: State
    snapshot: Snapshot
    locator: Locator
    forecaster: Forecaster
    guards: Guards = field(default_factory=Guards)
    observations: Mapping[tuple[Address, Path], Observation] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    policy: Policy = field(default_factory=Policy)
    workspace: str = ""
    scope: Scope = field(default_factory=Scope)
    held: bool = True

    @classmethod
    def of(
        cls,
        desired: Desired,
        *,
        state: State,
        snapshot: Snapshot,
        locator: Locator,
        forecaster: Forecaster,
        observations: Mapping[tuple[Address, Path], Observation] | None = None,
        allow: frozenset[str] = frozenset(),
        policy: Policy | None = None,
        scope: Scope | None = None,
        held: bool = True,
    ) -> "Inputs":
        """The inputs of an ordinary plan."""
        return cls(
            resources=desired.resources,
            state=state,
            snapshot=snapshot,
            locator=locator,
            forecaster=forecaster,
            guards=desired.workspace.spec.guards,
            observations=observations or {},
            allow=allow,
            policy=policy or Policy(),
            workspace=desired.workspace.name,
            scope=scope or Scope(),
            held=held,
        )


class Labels:
    """Names for remote ids that lists of references hold (`by_id`), and back (`ids`)."""

    def __init__(self, by_id: Mapping[str, str]) -> None:
        self.by_id = dict(by_id)
        self.ids = {label: remote_id for remote_id, label in by_id.items()}


def dig(spec: Spec | None, path: Path) -> object:
    """The raw value at `path`, or None."""
    value: object = spec
    for segment in path:
        if not isinstance(value, dict) or segment not in value:
            return None
        value = value[segment]
    return value
