"""What a change of a server does beyond its fields, in words. Pure."""

from collections.abc import Iterator
from typing import Any

from reconciler.providers.dust.goals import SIGN_IN_MODES, keeps, mode
from reconciler.providers.dust.servers_plan import SIGN_IN_FIELDS, spaces_of
from reconciler.resources import COMPANY, Action, Change, SecretRef

_SHARED = "everyone who may use it acts as the one account of its"


def consequences(change: Change) -> tuple[str, ...]:
    """What the change of a server does beyond its fields."""
    match change.action:
        case Action.CREATE:
            return tuple(_of_create(change))
        case Action.REPLACE:
            return tuple(_of_replace(change))
        case Action.UPDATE:
            return tuple(_of_update(change))
        case Action.DELETE:
            return tuple(_of_delete(change))


def breaks_users(change: Change) -> bool:
    """Whether agents and skills lose the tool: it is deleted, replaced, or becomes the company's.

    Dust API: a view in the global space deletes those in other spaces, with what agents and
    skills configured for them.
    """
    if change.live is None:
        return False
    before, after = spaces_of(change)
    to_company = bool(before) and COMPANY in after - before
    return change.action in (Action.DELETE, Action.REPLACE) or to_company


def _of_create(change: Change) -> Iterator[str]:
    spec: Any = change.desired.spec if change.desired else {}
    if mode(change) in SIGN_IN_MODES:
        yield "a person has to sign in to it before it exists"
    if spec.get("spaces"):
        yield from _shared(change)
    if COMPANY in (spec.get("spaces") or ()):
        yield "makes the tool visible to the whole company"


def _of_replace(change: Change) -> Iterator[str]:
    facts = change.live.facts if change.live else {}
    yield "recreates the server: every person's personal connection to it is lost"
    if facts.get("workspaceConnection"):
        yield "the workspace's connection to it is lost"
    yield from _agents_lose(change)
    yield "puts the new server into the spaces, but not back into agents and skills"
    if mode(change) in SIGN_IN_MODES:
        yield "a person has to sign in to the new server; until then the old one stays"
    old: Any = change.live.spec if change.live else {}
    if keeps(change, "headers") and old.get("headers"):
        names = ", ".join(sorted(old["headers"]))
        yield f"custom headers can't be read back, so the new server won't have: {names}"
    if keeps(change, "auth") and (old.get("auth") or {}).get("token"):
        yield "the bearer token can't be read back, so the new server won't have it"


def _of_delete(change: Change) -> Iterator[str]:
    facts = change.live.facts if change.live else {}
    yield "every person's personal connection to it is lost"
    if facts.get("workspaceConnection"):
        yield "the workspace's connection to it is lost"
    yield from _agents_lose(change)


def _agents_lose(change: Change) -> Iterator[str]:
    old: Any = change.live.spec if change.live else {}
    count = len(old.get("spaces") or ())
    views = f" ({count} space view{'s' * (count != 1)} deleted)" if count else ""
    yield f"agents and skills that use the tool lose it{views}"


def _of_update(change: Change) -> Iterator[str]:
    before, after = spaces_of(change)
    added, removed = after - before, before - after
    if COMPANY in added:
        yield from _to_company(len(before))
    elif removed:
        yield from _removed(removed)
    if added and COMPANY in removed:
        yield "agents outside its spaces lose the tool; former views in spaces don't come back"
    headed = any(f.path[0] == "headers" and f.before is None for f in change.fields)
    if added or headed or change.changes(("auth", "mode")):
        yield from _shared(change)
    yield from _of_sign_in(change)
    yield from _lost_headers(change)


def _shared(change: Change) -> Iterator[str]:
    """What everyone sends alike: a bearer token, and headers whose values are secrets."""
    if mode(change) == "bearer":
        yield f"{_SHARED} bearer token"
    declared: Any = (change.desired.spec if change.desired else {}).get("headers") or {}
    names = sorted(name for name, value in declared.items() if SecretRef.from_json(value))
    if names:
        yield f"{_SHARED} secret headers ({', '.join(names)})"


def _to_company(views: int) -> Iterator[str]:
    yield "makes the tool visible to the whole company"
    if views:
        which = "its 1 space view" if views == 1 else f"its {views} space views"
        yield f"deletes {which}: agents and skills that use the tool there lose it"


def _removed(labels: set[str]) -> Iterator[str]:
    for label in sorted(labels):
        where = "the company space" if label == COMPANY else f"`{label}`"
        yield f"agents and skills lose the tool as configured in {where}"


def _of_sign_in(change: Change) -> Iterator[str]:
    for field in change.fields:
        if field.path != ("auth", "credentials"):
            continue
        if field.after == "workspace":
            yield "agents act through the one workspace connection instead of each person's own"
        else:
            yield "each person has to connect before using the tool; the shared sign-in ends"
    yield from _of_scopes(change)
    if change.changes(("auth", "connected")):
        yield "its sign-in has vanished: an administrator has to sign in again"
    elif change.changes(*SIGN_IN_FIELDS):
        yield "an administrator has to sign in again; the old sign-in stays in use until then"
        yield "people who connected themselves keep what they granted until they connect again"


def _of_scopes(change: Change) -> Iterator[str]:
    for field in change.fields:
        if field.path != ("auth", "scopes"):
            continue
        before, after = _scopes(field.before), _scopes(field.after)
        if not before and after:
            yield f"asks for the scopes {', '.join(sorted(after))}"
            continue
        if after - before:
            yield f"widens what the sign-in may do, by {', '.join(sorted(after - before))}"
        if before - after:
            yield f"narrows what the sign-in may do, by {', '.join(sorted(before - after))}"


def _scopes(value: object) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _lost_headers(change: Change) -> Iterator[str]:
    """Headers are written all or none: one that no manifest holds can't be sent again."""
    if not change.changes(("headers",)):
        return
    spec: Any = change.desired.spec if change.desired else {}
    old: Any = change.live.spec if change.live else {}
    held = {name.casefold() for name in spec.get("headers") or ()}
    told = {f.path[1].casefold() for f in change.fields if f.path[0] == "headers"}
    lost = [name for name in old.get("headers") or () if name.casefold() not in held | told]
    if lost:
        yield f"drops headers whose values can't be read back: {', '.join(sorted(lost))}"
