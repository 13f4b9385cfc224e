"""From desired, live and state to one change per resource, with the reason for it."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.planning.diff import creation_fields, field_changes
from reconciler.planning.inputs import Inputs, Labels, Observation
from reconciler.planning.ownership import Ownership
from reconciler.resources import (
    KINDS,
    Action,
    Address,
    Change,
    FieldChange,
    LiveResource,
    Path,
    Reason,
    Resource,
    Spec,
    show_path,
)
from reconciler.state import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Everything that one resource came to: a change, or none; and what it leaves alone."""

    change: Change | None = None
    ignored: tuple[FieldChange, ...] = ()
    forget: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deriver:
    """Derives changes on settled state; what a `suspicious` kind's list lacks isn't gone."""

    inputs: Inputs
    ownership: Ownership
    labels: Labels
    suspicious: Container[str]

    def desired(self, resource: Resource) -> Derived:
        """What it takes to make `resource` so."""
        entry = self.ownership.state.entries.get(resource.address)
        if entry is None:
            return Derived(change=self._create(resource, Reason.NEW))
        live = self.inputs.snapshot.find(resource.address.kind, entry.remote_id)
        if live is None:
            deposed = self._still_there(resource.address, entry)
            change = self._create(resource, Reason.GONE)
            return Derived(change=replace(change, deposed=deposed))
        return self._existing(resource, entry, live)

    def removed(self, address: Address, entry: Entry) -> Derived:
        """What becomes of an owned object that no manifest describes any more."""
        kind = address.kind
        live = self.inputs.snapshot.find(kind, entry.remote_id)
        deposed = self._still_there(address, entry)
        believed = kind in self.inputs.snapshot.complete and kind not in self.suspicious
        if live is None and not deposed and believed:
            return Derived(forget=True)
        change = Change(
            address=address,
            action=Action.DELETE,
            reason=Reason.REMOVED,
            title=live.title if live else address.name,
            live=live,
            remote_id=entry.remote_id if live else None,
            deposed=deposed,
            links=self._links_of(live.spec if live else {}, {}),
        )
        return Derived(change=change)

    def _create(self, resource: Resource, reason: Reason) -> Change:
        fields = creation_fields(resource.kind, resource.spec, reason)
        return Change(
            address=resource.address,
            action=Action.CREATE,
            reason=reason,
            title=resource.title,
            fields=self._placed(resource.address, fields),
            desired=resource,
            links=self._links_of({}, resource.spec),
            span=self.inputs.locator.span(resource.address),
        )

    def _existing(self, resource: Resource, entry: Entry, live: LiveResource) -> Derived:
        found = field_changes(
            resource.kind,
            desired=resource.spec,
            live=live.spec,
            applied=entry.applied,
            labels=self.labels,
            observe=lambda path: self.inputs.observations.get(
                (resource.address, path), Observation.NOT_COMPARED
            ),
        )
        found = self._placed(resource.address, found)
        ignored = tuple(f for f in found if _ignores(resource, f.path))
        fields = tuple(f for f in found if f not in ignored)
        deposed = self._still_there(resource.address, entry)
        if not fields and not deposed and not live.broken:
            return Derived(ignored=ignored)
        replaces = live.broken or any(_replaces(resource, field) for field in fields)
        change = Change(
            address=resource.address,
            action=Action.REPLACE if replaces else Action.UPDATE,
            reason=_why(fields, finished=bool(entry.applied) and not live.broken),
            title=resource.title,
            fields=fields,
            desired=resource,
            live=live,
            remote_id=entry.remote_id,
            deposed=deposed,
            links=self._links_of(live.spec, resource.spec),
            span=self.inputs.locator.span(resource.address),
        )
        return Derived(change=change, ignored=ignored)

    def _still_there(self, address: Address, entry: Entry) -> tuple[str, ...]:
        snapshot = self.inputs.snapshot
        return tuple(i for i in entry.deposed if snapshot.find(address.kind, i) is not None)

    def _links_of(self, live: Spec, desired: Spec) -> Mapping[str, str]:
        """Remote ids of the labels that either side mentions."""
        mentioned = {item for spec in (live, desired) for item in _listed(spec)}
        named = {self.labels.by_id.get(item, item) for item in mentioned}
        return {label: self.labels.ids[label] for label in sorted(named & self.labels.ids.keys())}

    def _placed(self, address: Address, fields: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
        span = self.inputs.locator.span
        return tuple(replace(field, span=span(address, field.path)) for field in fields)


def _listed(spec: Spec) -> Iterator[str]:
    for kind in KINDS.values():
        for path, policy in kind.fields.items():
            if policy.references and len(path) == 1:
                items = spec.get(path[0])
                if isinstance(items, (list, tuple)):
                    yield from (str(item) for item in items)


def _ignores(resource: Resource, path: Path) -> bool:
    folds = resource.kind.policy(path).casefold
    text = show_path(path)
    ignored = resource.ignore_changes
    if folds:
        text, ignored = text.casefold(), tuple(p.casefold() for p in ignored)
    return any(text == p or text.startswith(f"{p}.") for p in ignored)


def _replaces(resource: Resource, field: FieldChange) -> bool:
    policy = resource.kind.policy(field.path)
    return policy.replaces(field.before, field.after)  # type: ignore[arg-type]  # replacing fields are scalars


def _why(fields: tuple[FieldChange, ...], *, finished: bool) -> Reason:
    return _overall(fields) if finished and fields else Reason.UNFINISHED


def _overall(fields: tuple[FieldChange, ...]) -> Reason:
    reasons = {field.reason for field in fields}
    if len(reasons) == 1:
        return reasons.pop()
    if Reason.DRIFT in reasons or Reason.BOTH in reasons:
        return Reason.BOTH
    return Reason.EDITED
