"""What a change of a space takes: the calls in order, and what it does beyond its fields. Pure."""

from collections.abc import Iterable
from typing import Any

from reconciler.resources import Action, Change, FieldChange, Operation

CREATE, RENAME, MEMBERS, DELETE = "create", "rename", "members", "delete"
MEMBERSHIP = (("access",), ("members",), ("groups",))


def operations(change: Change) -> tuple[Operation, ...]:
    """The calls that the change of a space takes, in order."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            return tuple(_creation(change))
        case Action.UPDATE:
            return tuple(_update(change))
        case Action.DELETE:
            return (_deletion(change),)


def _creation(change: Change) -> Iterable[Operation]:
    spec: Any = change.desired.spec if change.desired else {}
    yield Operation(
        name=CREATE,
        method="POST",
        path="/spaces",
        summary=f"create the space `{change.title}`",
        idempotent=False,  # the second time is refused: the name is taken
        creates=True,
    )
    if spec.get("groups"):
        yield _membership("{space}", "attach groups: " + ", ".join(spec["groups"]))


def _update(change: Change) -> Iterable[Operation]:
    space = change.remote_id or "{space}"
    if change.changes(("displayName",)):
        yield Operation(
            name=RENAME,
            method="PATCH",
            path=f"/spaces/{space}",
            summary=f"rename the space to `{change.title}`",
        )
    if change.changes(*MEMBERSHIP):
        changed = [path[0] for path in MEMBERSHIP if change.changes(path)]
        yield _membership(space, "set " + ", ".join(changed))


def _membership(space: str, summary: str) -> Operation:
    return Operation(name=MEMBERS, method="PATCH", path=f"/spaces/{space}/members", summary=summary)


def _deletion(change: Change) -> Operation:
    return Operation(
        name=DELETE,
        method="DELETE",
        path=f"/spaces/{change.remote_id or '{space}'}",
        summary=f"delete the space `{change.title}`",
        deletes=True,
    )


def consequences(change: Change) -> tuple[str, ...]:
    """What the change of a space does beyond its fields."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            spec: Any = change.desired.spec if change.desired else {}
            if spec.get("access") == "open":
                return ("everyone in the workspace may use what is put into this space",)
            return ()
        case Action.UPDATE:
            return tuple(_of_update(change))
        case Action.DELETE:
            return tuple(_of_deletion(change))


def _of_update(change: Change) -> Iterable[str]:
    for field in change.fields:
        match field.path:
            case ("access",) if field.after == "open":
                yield f"opens the space: everyone in the workspace may use {_tools(change)}"
            case ("access",):
                yield "closes the space: only its members and groups keep access to it"
            case ("members",):
                yield from _losing(field, "person", "people")
            case ("groups",):
                yield from _losing(field, "group", "groups")


def _losing(field: FieldChange, one: str, many: str) -> Iterable[str]:
    before = set(field.before) if isinstance(field.before, frozenset | list | tuple) else set()
    after = set(field.after) if isinstance(field.after, frozenset | list | tuple) else set()
    lost = len(before - after)
    if lost:
        yield f"{lost} {one if lost == 1 else many} will lose access through this space"


def _of_deletion(change: Change) -> Iterable[str]:
    yield "deletes the space's data sources and apps with it"
    count = _count(change)
    if count:
        views = "the view of 1 tool" if count == 1 else f"the views of {count} tools"
        yield f"deletes {views} in it: agents and skills lose what they used there"


def _tools(change: Change) -> str:
    count = _count(change)
    return "what is in it" if not count else f"its {count} tool" + ("s" if count > 1 else "")


def _count(change: Change) -> int:
    count = change.live.facts.get("tools", 0) if change.live else 0
    return count if isinstance(count, int) else 0
