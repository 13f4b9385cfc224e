"""Each resource before and after: what the plan tells of it, undone and done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.resources import (
    Action,
    Address,
    Change,
    FieldChange,
    Gate,
    Hidden,
    Path,
    Shown,
    Spec,
    without,
)
from reconciler.views.topology.model import Mark

# What a new object is like where its manifest says nothing.
_NEW: Mapping[str, Spec] = {
    "Space": {"access": "restricted"},
    "MCPServer": {"spaces": (), "auth": {"mode": "none"}},
}

_MARKS = {
    Action.CREATE: Mark.ADDED,
    Action.UPDATE: Mark.CHANGED,
    Action.REPLACE: Mark.CHANGED,
    Action.DELETE: Mark.REMOVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a plan found: its changes, what is as declared, and the fields that it leaves alone.

    A resource in none of them is no part of the plan: nobody has compared it.
    """

    changes: Sequence[Change]
    as_declared: frozenset[Address]
    ignored: Mapping[Address, Sequence[FieldChange]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """One resource, its change, its spec as it was and as it is to be; None where it isn't there.

    Of what nobody compared there is no before: it is as declared, for all that is known.

    Only the fields that manifests manage are in them, and for an object that the plan destroys
    everything that could be read.
    """

    address: Address
    title: str
    mark: Mark
    change: Change | None
    before: Spec | None
    after: Spec | None

    @property
    def gate(self) -> Gate | None:
        """What holds the change back."""
        return self.change.refusal.gate if self.change and self.change.refusal else None


def sides_of(desired: Mapping[Address, Spec], compared: Compared | None) -> Iterator[Sides]:
    """Every resource that is declared, or that the plan deletes, by address."""
    changes = {change.address: change for change in compared.changes} if compared else {}
    for address in sorted({*desired, *changes}):
        spec, change = desired.get(address), changes.get(address)
        ignored = compared.ignored.get(address, ()) if compared else ()
        if change is not None:
            yield _changed(change, spec or {}, ignored)
        elif spec is not None:
            known = compared is not None and address in compared.as_declared
            spec = _with_values(spec, ((f.path, f.before) for f in ignored))
            yield Sides(
                address=address,
                title=str(spec.get("displayName", address.name)),
                mark=Mark.SAME if known else Mark.UNCOMPARED,
                change=None,
                before=spec if known else None,
                after=spec,
            )


def _changed(change: Change, declared: Spec, ignored: Iterable[FieldChange]) -> Sides:
    left_alone = [(field.path, field.before) for field in ignored]
    undone = [(field.path, field.before) for field in change.fields]
    done = [(field.path, field.after) for field in change.fields]
    seen = list(change.seen.items())
    before: Spec | None = _with_values(declared, [*undone, *left_alone, *seen])
    after: Spec | None = _with_values(declared, [*done, *left_alone])
    match change.action:
        case Action.CREATE:
            before, after = None, {**_NEW[change.address.kind], **declared}
        case Action.DELETE:
            before, after = _with_values({}, seen), None
        case Action.REPLACE:  # a new object takes over what the manifest doesn't manage
            after = {**_with_values({}, seen), **(after or {})}
        case Action.UPDATE:
            pass
    return Sides(
        address=change.address,
        title=change.title,
        mark=_MARKS[change.action],
        change=change,
        before=before,
        after=after,
    )


def _with_values(spec: Spec, values: Iterable[tuple[Path, Shown]]) -> Spec:
    """`spec` with those leaves; None takes one away, and what can't be read back says nothing."""
    for path, value in values:
        if value is None:
            spec = without(spec, path) if _has(spec, path) else spec
        elif not isinstance(value, Hidden):
            spec = _with(spec, path, value)
    return spec


def _has(spec: Spec, path: Path) -> bool:
    value: Any = spec
    for segment in path:
        if not isinstance(value, Mapping) or segment not in value:
            return False
        value = value[segment]
    return True


def _with(spec: Spec, path: Path, value: Any) -> Spec:
    head, *rest = path
    if not rest:
        return {**spec, head: value}
    inner = spec.get(head)
    return {**spec, head: _with(inner if isinstance(inner, Mapping) else {}, tuple(rest), value)}
