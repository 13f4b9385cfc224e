"""Changes: what is to happen to a resource, why, and by which operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.diagnostics import Diagnostic, Span
from reconciler.resources.gates import Gate
from reconciler.resources.resource import LiveResource, Resource
from reconciler.resources.values import Address, Json, Path


class Action(StrEnum):
    """What is done to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Reason(StrEnum):
    """Why: which of desired, live and last applied moved."""

    NEW = "new"
    EDITED = "edited"
    DRIFT = "drift"
    BOTH = "both-changed"
    GONE = "gone"
    REMOVED = "removed"
    ROTATED = "rotated"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that can't be read back: `source` says where it comes from, never what it is.

    On the live side `source` is None: there is a value, nobody can say which.
    """

    source: str | None = None


Shown = Json | frozenset[str] | Hidden
"""A comparable value: plain, a set, or hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field: before is the workspace's value (None: absent), after the manifest's."""

    path: Path
    before: Shown
    after: Shown
    reason: Reason
    span: Span | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a change is held back: the gate, and a located message for the manifest's author."""

    gate: Gate
    diagnostic: Diagnostic
    overridable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One provider call.

    Parameters: `name` is the provider's word for it and unique within a change; `method` and
    `path` are what is sent, with `{…}` for ids not known yet; `summary` is for people;
    `arguments` are what the provider needs beside the resource (no secrets); `idempotent` says
    that sending it twice does no harm; `creates` that its answer carries the new object's id;
    `deletes` that the object is gone afterwards; `interactive` that a person must sign in first.
    """

    name: str
    method: str
    path: str
    summary: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    idempotent: bool = True
    creates: bool = False
    deletes: bool = False
    interactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Who uses an object, by the names that the platform tells."""

    agents: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that is to happen to one resource.

    `remote_id` is the object that exists now, if one does; `deposed` are objects that an
    interrupted replace left behind. `links` gives the remote id of every referenced
    name, on either side, that exists now. `operations`, `consequences` and `depends_on` are
    filled in last. `seen` are all fields of an object that the change destroys. `users` are those
    who lose the object by it; None when nobody asked, or the platform didn't say.
    """

    address: Address
    action: Action
    reason: Reason
    title: str
    fields: tuple[FieldChange, ...] = ()
    desired: Resource | None = field(default=None, compare=False)
    live: LiveResource | None = field(default=None, compare=False)
    remote_id: str | None = None
    deposed: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict, compare=False)
    operations: tuple[Operation, ...] = ()
    consequences: tuple[str, ...] = ()
    seen: Mapping[Path, Shown] = field(default_factory=dict)
    users: Users | None = None
    depends_on: tuple[Address, ...] = ()
    refusal: Refusal | None = None
    span: Span | None = None

    @property
    def drifted(self) -> bool:
        """Whether it undoes, wholly or in part, what others did to the workspace."""
        moved = (Reason.DRIFT, Reason.BOTH, Reason.GONE)
        return self.reason in moved or any(f.reason in moved for f in self.fields)

    def changes(self, *paths: Path) -> bool:
        """Whether any field at or below one of `paths` changes."""
        return any(f.path[: len(path)] == path for f in self.fields for path in paths)
