"""What has moved under a saved plan: what it saw, what is there now, what it wanted. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.planning.plan import Plan
from reconciler.planning.reading import SavedPlan
from reconciler.planning.saving import shown_json, substance
from reconciler.resources import (
    Action,
    Address,
    Change,
    FieldChange,
    Hidden,
    Path,
    Reason,
    Shown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One thing that is no longer as a saved plan saw it.

    With a `path`, `saw`, `now` and `wanted` are that field's values, hidden where they are secret;
    `doomed` says that the plan wanted no value, but an end of the object. Else, or when the values
    don't tell it, `what` is the explanation.
    """

    address: Address
    path: Path = ()
    saw: Shown = None
    now: Shown = None
    wanted: Shown = None
    doomed: Action | None = None
    what: str = ""


def moved(saved: SavedPlan, fresh: Plan, live: Mapping[str, str]) -> tuple[Moved, ...]:
    """Everything that a fresh plan finds otherwise than the saved one, where that acts.

    Parameters: `live` are the digests of the objects that the fresh plan touches. What lies
    outside the saved plan's changes, and what it held back, doesn't count.
    """
    now = {change.address: change for change in fresh.changes}
    return tuple(
        item
        for change in saved.changes
        if change.refusal is None
        for item in _of_change(change, now.get(change.address), saved, live)
    )


def moved_json(item: Moved) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "address": str(item.address),
        "path": list(item.path),
        "saw": shown_json(item.saw),
        "now": shown_json(item.now),
        "wanted": shown_json(item.wanted),
        "doomed": item.doomed,
        "what": item.what,
    }


def _of_change(
    then: Change, now: Change | None, saved: SavedPlan, live: Mapping[str, str]
) -> Iterator[Moved]:
    at = then.address
    if now is None:
        what = f"the plan says {then.action}, now nothing is to do"
        yield Moved(address=at, what=what)
        yield from _settled(then)
    elif now.refusal is not None:
        yield Moved(address=at, what=now.refusal.diagnostic.message)
        yield from _fields(then, now)
    elif now.action is not then.action:
        what = f"the plan says {then.action}, now it would be {now.action}"
        yield Moved(address=at, what=what)
        if Action.CREATE not in (then.action, now.action):
            yield from _fields(then, now)
    else:
        yield from _of_same(then, now, saved, live)


def _of_same(
    then: Change, now: Change, saved: SavedPlan, live: Mapping[str, str]
) -> Iterator[Moved]:
    found = [*_fields(then, now), *_destroyed(then, now)]
    before, after = substance(then), substance(now)
    told = {"fields", "operations", "reason"} if found else set()
    parts = [name for name in before if before[name] != after[name] and name not in told]
    yield from found
    if parts:
        yield Moved(address=then.address, what=_difference(parts, then, now))
    elif not found and then.action is not Action.UPDATE:
        text = str(then.address)
        if saved.basis.live.get(text) != live.get(text):
            yield Moved(address=then.address, what="the object isn't the one that the plan saw")
    yield from _users(then, now)


def _difference(parts: list[str], then: Change, now: Change) -> str:
    if parts == ["reason"]:
        return f"planned because it was {then.reason}, now because it is {now.reason}"
    return f"its {' and '.join(parts)} differ from the plan's"


def _settled(then: Change) -> Iterator[Moved]:
    if then.action is not Action.UPDATE:
        return
    for field in then.fields:
        if not isinstance(field.after, Hidden):
            yield _field(then, field, now=field.after)


def _fields(then: Change, now: Change) -> Iterator[Moved]:
    """Fields that have another value now than the plan saw; new objects have none to see."""
    if Action.CREATE in (then.action, now.action):
        return
    old, new = ({f.path: f for f in change.fields} for change in (then, now))
    for path, field in old.items():
        current = new.get(path)
        if current is None:
            yield _gone(then, field)
        elif current.before != field.before or current.reason is not field.reason:
            yield _field(then, field, now=current.before)
    if then.action is Action.DELETE:
        return
    for path, current in new.items():
        if path not in old:
            yield _come(then, current)


def _gone(then: Change, field: FieldChange) -> Moved:
    if isinstance(field.after, Hidden):
        what = "a secret was to be written, and now it is as written, or not available here"
        return Moved(address=then.address, path=field.path, what=what)
    return _field(then, field, now=field.after)


def _come(then: Change, current: FieldChange) -> Moved:
    if current.reason is Reason.ROTATED:
        what = "the secret was rotated after the plan was made"
        return Moved(address=then.address, path=current.path, what=what)
    return Moved(
        address=then.address,
        path=current.path,
        saw=current.after,
        now=current.before,
        wanted=current.after,
    )


def _field(then: Change, field: FieldChange, *, now: Shown) -> Moved:
    return Moved(
        address=then.address,
        path=field.path,
        saw=field.before,
        now=now,
        wanted=field.after,
        what=""
        if field.before != now
        else f"it has the value that the plan saw, but no longer because it was {field.reason}",
    )


def _destroyed(then: Change, now: Change) -> Iterator[Moved]:
    """What differs of an object that is to end, beside the fields that are told already."""
    if then.action not in (Action.DELETE, Action.REPLACE):
        return
    told = {field.path for field in (*then.fields, *now.fields)}
    saw, current = then.seen, now.seen
    for path in sorted((saw.keys() | current.keys()) - told):
        if saw.get(path) != current.get(path):
            yield Moved(
                address=then.address,
                path=path,
                saw=saw.get(path),
                now=current.get(path),
                doomed=then.action,
            )


def _users(then: Change, now: Change) -> Iterator[Moved]:
    """Who began to use an object since somebody agreed that its users lose it."""
    if then.users is None or now.users is None:
        return
    for noun, old, new in (
        ("agent", then.users.agents, now.users.agents),
        ("skill", then.users.skills, now.users.skills),
    ):
        for name in sorted(set(new) - set(old)):
            what = f'the {noun} "{name}" uses it now, and didn\'t when the plan was made'
            yield Moved(address=then.address, what=what)
