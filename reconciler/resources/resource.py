"""Desired and live: the two sides that planning compares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.diagnostics import Span
from reconciler.resources.kinds import KINDS
from reconciler.resources.policies import KindDefinition
from reconciler.resources.references import SecretRef
from reconciler.resources.values import Address, Path, Spec
from reconciler.resources.workspace import WorkspaceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One desired resource: a validated manifest with the defaults of its kind filled in."""

    address: Address
    spec: Spec
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    previously: tuple[str, ...] = ()

    @property
    def kind(self) -> KindDefinition:
        """The definition of its kind."""
        return KINDS[self.address.kind]

    @property
    def title(self) -> str:
        """What people call it: the display name, else the name."""
        return str(self.spec.get("displayName", self.address.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where the resources live; `root` is the folder that relative paths start from."""

    name: str
    spec: WorkspaceSpec
    root: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """All manifests of one run, valid together."""

    workspace: Workspace
    resources: Mapping[Address, Resource]
    digest: str
    """SHA-256 over the manifests' values; formatting, order and comments don't change it."""


class Locator(Protocol):
    """Tells where in the manifests something is said; None when it isn't."""

    def span(self, address: Address, path: Path = ()) -> Span | None:
        """The place of a field (its key), or of the nearest key above it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveResource:
    """One object of the workspace.

    `spec` has the shape of a manifest's spec with every readable field; references hold remote
    ids; a write-only field is `True` when the workspace says that it has a value. `facts` are
    what the platform adds (ids of views, health); only the provider reads them. A `broken` object
    is one that the platform never finished making: it can only be deleted. `created` and `changed`
    are what the platform says of it, in milliseconds since 1970 by the platform's clock; None where
    it says nothing.
    """

    kind: str
    remote_id: str
    title: str
    spec: Spec
    facts: Mapping[str, Any] = field(default_factory=dict)
    broken: bool = False
    created: int | None = None
    changed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """People and groups that spaces may name; None for a list that nobody asked for.

    `admins` are those of the `members` who administer the workspace.
    """

    members: frozenset[str] | None = None
    admins: frozenset[str] = frozenset()
    groups: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a workspace holds, read at one time.

    `resources[kind][remote_id]`. Kinds in `complete` were listed whole, so that an absence there
    is a fact; nothing is ever deleted or declared gone on an incomplete list. `company` are the
    remote ids that stand for the whole workspace. `built_in` are the names of the platform's own
    servers, which nobody manages. `calls` counts the HTTP requests it took. `caller` is the
    e-mail address of whoever read it, empty when nobody asked. `at` is when it was read, in
    milliseconds by the platform's clock (never later than it was); None when that tells no time.
    """

    workspace_id: str
    resources: Mapping[str, Mapping[str, LiveResource]]
    complete: frozenset[str]
    company: frozenset[str] = frozenset()
    built_in: tuple[str, ...] = ()
    directory: Directory = Directory()
    calls: int = 0
    caller: str = ""
    at: int | None = None

    def find(self, kind: str, remote_id: str) -> LiveResource | None:
        """The object with that id, or None."""
        return self.resources.get(kind, {}).get(remote_id)


def secret_refs(kind: KindDefinition, spec: Spec) -> dict[Path, SecretRef]:
    """Every secret reference in a spec, by path."""
    return {
        path: reference
        for path, _policy, value in kind.secret_leaves(spec)
        if (reference := SecretRef.from_json(value)) is not None
    }
