"""The three-way comparison of one resource, field by field."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.planning.inputs import Labels, Observation, dig
from reconciler.resources import (
    FieldChange,
    FieldPolicy,
    Hidden,
    KindDefinition,
    Path,
    Reason,
    SecretRef,
    Shown,
    Spec,
)

Observe = Callable[[Path], Observation]


def field_changes(
    kind: KindDefinition,
    *,
    desired: Spec,
    live: Spec,
    applied: Spec,
    labels: Labels,
    observe: Observe,
) -> tuple[FieldChange, ...]:
    """Every managed field in which the workspace differs from the manifest, and who moved.

    `desired` and `applied` are specs as written, `live` one as read. A field that the manifest
    leaves out is not compared. Write-only fields compare with what was last applied, by presence
    and by fingerprint.
    """
    wanted = kind.expand(desired, live)
    last = kind.expand(applied, live)
    have: dict[Path, Shown] = {}
    want: dict[Path, Shown] = {}
    hidden: list[FieldChange] = []
    for path, policy, value in kind.leaves(wanted):
        if policy.write_only:
            change = _write_only(path, policy, value, live=live, last=last, observe=observe)
            if change:
                hidden.append(change)
        else:
            want[path] = comparable(policy, value)
            have[path] = comparable(policy, dig(live, path), labels)
    found = [
        FieldChange(
            path=path,
            before=have[path],
            after=want[path],
            reason=_reason(comparable(kind.policy(path), dig(last, path)), have[path], want[path]),
        )
        for path in _differing(have, want)
    ]
    return (*found, *hidden, *_removed_keys(kind, wanted, live, last))


def creation_fields(kind: KindDefinition, desired: Spec, reason: Reason) -> tuple[FieldChange, ...]:
    """Every field of a spec as something that comes into being."""
    return tuple(
        FieldChange(path=path, before=None, after=shown(policy, value), reason=reason)
        for path, policy, value in kind.leaves(desired)
    )


def comparable(policy: FieldPolicy, value: object, labels: Labels | None = None) -> Shown:
    """A raw value in the form in which it compares: sets as sets, references by label."""
    if policy.unordered and isinstance(value, (list, tuple)):
        items = (str(item) for item in value)
        if policy.references and labels:
            items = (labels.by_id.get(item, item) for item in items)
        return frozenset(item.casefold() if policy.casefold else item for item in items)
    return value  # type: ignore[return-value]  # a leaf of a validated spec is a scalar


def shown(policy: FieldPolicy, value: object) -> Shown:
    """A raw desired value in the form in which it is shown: secrets as their reference."""
    if policy.secret:
        reference = SecretRef.from_json(value)
        if reference:
            return Hidden(str(reference))
        if isinstance(value, Mapping) and "literal" in value:
            return str(value["literal"])
    return comparable(policy, value)


def _differing(have: Mapping[Path, Shown], want: Mapping[Path, Shown]) -> list[Path]:
    if have == want:
        return []
    from deepdiff import DeepDiff  # the common plan, which finds nothing, never pays for it

    paths = list(want)
    delta = DeepDiff(
        {str(i): have[path] for i, path in enumerate(paths)},
        {str(i): want[path] for i, path in enumerate(paths)},
        ignore_type_in_groups=[],
    )
    return [paths[i] for i in sorted(int(key) for key in delta.affected_root_keys)]


def _reason(last: Shown, have: Shown, want: Shown) -> Reason:
    if last is None or last == have:
        return Reason.EDITED
    return Reason.DRIFT if last == want else Reason.BOTH


def _write_only(
    path: Path,
    policy: FieldPolicy,
    value: object,
    *,
    live: Spec,
    last: Spec,
    observe: Observe,
) -> FieldChange | None:
    previous = _fold_get(last, path, policy)
    after = shown(policy, value)
    if policy.presence and not _fold_get(live, path, policy):
        reason = Reason.DRIFT if _same(policy, previous, value) else Reason.EDITED
        return FieldChange(path=path, before=None, after=after, reason=reason)
    before: Shown = Hidden() if policy.presence else shown(policy, previous)
    if not _same(policy, previous, value):
        return FieldChange(path=path, before=before, after=after, reason=Reason.EDITED)
    if isinstance(after, Hidden) and observe(path) is Observation.ROTATED:
        note = "rotated; will be written"
        return FieldChange(path=path, before=before, after=after, reason=Reason.ROTATED, note=note)
    return None


def _same(policy: FieldPolicy, one: object, other: object) -> bool:
    return comparable(policy, one) == comparable(policy, other)


def _fold_get(spec: Spec, path: Path, policy: FieldPolicy) -> object:
    """The value at `path`; for maps whose keys have no case, under any spelling of its key."""
    value = dig(spec, path)
    if value is not None or not (policy.casefold and policy.owned_map):
        return value
    parent: Any = dig(spec, path[:-1])
    if not isinstance(parent, Mapping):
        return None
    wanted = path[-1].casefold()
    return next((item for key, item in parent.items() if key.casefold() == wanted), None)


def _removed_keys(
    kind: KindDefinition, wanted: Spec, live: Spec, last: Spec
) -> Iterator[FieldChange]:
    for pattern, policy in kind.fields.items():
        if not policy.owned_map:
            continue
        parent = pattern[:-1]
        keep, have = dig(wanted, parent), dig(live, parent)
        if not isinstance(keep, Mapping) or not isinstance(have, Mapping):
            continue
        kept = {key.casefold() if policy.casefold else key for key in keep}
        for key in sorted(have):
            if (key.casefold() if policy.casefold else key) not in kept:
                path = (*parent, key)
                ours = _fold_get(last, path, policy) is not None
                reason = Reason.EDITED if ours else Reason.DRIFT
                yield FieldChange(path=path, before=Hidden(), after=None, reason=reason)
