"""What state learns from a plan besides what its operations do."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.planning import Plan
from reconciler.resources import Address, Gate, Path, Resource, Spec, secret_refs
from reconciler.state import Entry, Session


def refresh_unchanged(plan: Plan, session: Session, resources: Mapping[Address, Resource]) -> None:
    """Remember what the manifests say of resources that need no change."""
    kept = {}
    for address in plan.unchanged:
        entry, resource = session.state.entries.get(address), resources[address]
        if entry is not None:
            kept[address] = replace(
                entry,
                applied=completed(resource.spec, _learned(entry, resource)),
                protect=resource.protect,
                fingerprints=carried(entry.fingerprints, resource),
            )
    session.put_all(kept)


def completed(spec: Spec, learned: Mapping[Path, Any]) -> Spec:
    """`spec` with what the platform decided of fields that it leaves open."""
    whole = spec
    for (head, *rest), value in learned.items():
        inner: Any = whole.get(head) or {}
        if rest and rest[0] not in inner:
            whole = {**whole, head: {**inner, rest[0]: value}}
    return whole


def _learned(entry: Entry, resource: Resource) -> dict[Path, Any]:
    """Remembered values, not secret and not to be read back, that the manifest leaves open."""
    return {
        path: value
        for path, policy, value in resource.kind.leaves(entry.applied)
        if policy.write_only and not policy.secret and path[0] in resource.spec
    }


def lift_protection(plan: Plan, session: Session) -> None:
    """Remember that a manifest lifts the protection by which its own change is held back."""
    lifted = {}
    for change in plan.refused:
        entry = session.state.entries.get(change.address)
        held = change.refusal is not None and change.refusal.gate is Gate.PROTECTED
        lifts = change.desired is not None and not change.desired.protect
        if entry is not None and held and lifts:
            lifted[change.address] = replace(entry, protect=False)
    session.put_all(lifted)


def carried(fingerprints: Mapping[Path, str], resource: Resource) -> dict[Path, str]:
    """The fingerprints of secrets that the resource still has, under its spelling of the path."""
    folded = {_fold(path): text for path, text in fingerprints.items()}
    paths = secret_refs(resource.kind, resource.spec)
    return {path: folded[_fold(path)] for path in paths if _fold(path) in folded}


def _fold(path: Path) -> Path:
    return tuple(segment.casefold() for segment in path)
