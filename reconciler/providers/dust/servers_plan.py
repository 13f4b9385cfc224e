"""The calls that a change of a server takes, in order. Pure.

Order inside one server: shrink exposure, tighten tools, credentials, what people see, and last
the spaces it is added to (new views copy the system view's name).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.providers.dust.goals import PROVIDERS, SIGN_IN_MODES, Goal, goal, mode
from reconciler.resources import COMPANY, Action, Change, Operation

SIGN_IN, ATTACH, CREATE = "sign-in", "attach", "create"
DESCRIBE, ICON = "describe", "icon"
TOOLS, CREDENTIALS, USE_CASE, SKILLS_ONLY = "tools", "credentials", "use-case", "skills-only"
DELETE, DELETE_OLD, DELETE_DEPOSED = "delete", "delete-old", "delete-deposed"
VIEW_ADD, VIEW_REMOVE = "view-add", "view-remove"

SIGN_IN_FIELDS = tuple(
    ("auth", field)
    for field in (
        "scopes",
        "clientId",
        "clientSecret",
        "authorizationEndpoint",
        "tokenEndpoint",
        "tokenEndpointAuthMethod",
        "connected",
    )
)


def operations(change: Change) -> tuple[Operation, ...]:
    """The calls that the change of a server takes, in order."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            return tuple(_making(change, goal(change)))
        case Action.UPDATE:
            return tuple(_updating(change))
        case Action.DELETE:
            # What an interrupted replace left behind may be all that is there.
            own = _deletion(DELETE, change, change.remote_id) if change.remote_id else ()
            return (*own, *_deposed(change))


def _making(change: Change, wish: Goal) -> Iterator[Operation]:
    server, view = "/mcp/{server}", "/mcp/views/{systemView}"
    if mode(change) in SIGN_IN_MODES:
        yield _sign_in(change)
    yield Operation(
        name=CREATE,
        method="POST",
        path="/mcp",
        summary=f"create the server, as `{wish.created_as}`" if wish.created_as else "create it",
        arguments={"viewName": wish.created_as},
        idempotent=False,
        creates=True,
    )
    if wish.icon is not None:
        yield Operation(name=ICON, method="PATCH", path=server, summary=f"icon {wish.icon}")
    if wish.tools:
        yield Operation(
            name=TOOLS, method="PATCH", path=f"{server}/tools", summary="set what differs in tools"
        )
    if change.action is Action.REPLACE:
        yield from _deletion(DELETE_OLD, change, change.remote_id)
    yield from _deposed(change)
    if wish.describes:
        yield Operation(
            name=DESCRIBE, method="PATCH", path=view, summary="set name and description"
        )
    if wish.skills_only:
        yield Operation(name=SKILLS_ONLY, method="PATCH", path=view, summary="keep it to skills")
    for label in wish.spaces:
        yield _view_add(change, label)


def _updating(change: Change) -> Iterator[Operation]:
    before, after = spaces_of(change)
    late = {COMPANY} if COMPANY in before - after and after else set()
    # Adding the company deletes the views in all other spaces by itself.
    early = set() if COMPANY in after - before else before - after - late
    yield from (_view_remove(change, label) for label in sorted(early))
    yield from _settings(change)
    yield from (_view_add(change, label) for label in sorted(after - before))
    yield from (_view_remove(change, label) for label in late)
    # What takes a person comes last: everything else is done without waiting.
    if change.changes(*SIGN_IN_FIELDS):
        yield _sign_in(change)
        yield Operation(
            name=ATTACH,
            method="POST",
            path="/mcp/connections/workspace",
            summary="use the new sign-in from now on",
        )
        yield _use_case(change)


def _settings(change: Change) -> Iterator[Operation]:
    server = f"/mcp/{change.remote_id or '{server}'}"
    view = _view(change)
    if change.changes(("tools",)):
        names = sorted({f.path[1] for f in change.fields if f.path[0] == "tools"})
        yield Operation(
            name=TOOLS,
            method="PATCH",
            path=f"{server}/tools",
            summary=f"set {len(names)} tool{'s' * (len(names) != 1)}: {_few(names)}",
        )
    if sets_token(change) or change.changes(("headers",)):
        yield Operation(name=CREDENTIALS, method="PATCH", path=server, summary=_credentials(change))
    yield from _deposed(change)
    if change.changes(("displayName",), ("description",)):
        yield Operation(
            name=DESCRIBE, method="PATCH", path=view, summary="set name and description"
        )
    if change.changes(("icon",)):
        spec: Any = change.desired.spec if change.desired else {}
        yield Operation(name=ICON, method="PATCH", path=server, summary=f"icon {spec['icon']}")
    if change.changes(("auth", "credentials")) and not change.changes(*SIGN_IN_FIELDS):
        yield _use_case(change)


def _use_case(change: Change) -> Operation:
    return Operation(
        name=USE_CASE,
        method="PATCH",
        path=_view(change),
        summary="set whose credentials agents use, and the scopes",
    )


def _view(change: Change) -> str:
    facts = change.live.facts if change.live else {}
    return f"/mcp/views/{facts.get('systemViewId') or '{systemView}'}"


def spaces_of(change: Change) -> tuple[set[str], set[str]]:
    """The labels of the spaces before and after an update; the same ones if it changes none."""
    for field in change.fields:
        if field.path == ("spaces",):
            return _labels(field.before), _labels(field.after)
    return set(), set()


def _labels(value: Any) -> set[str]:
    return set(value) if isinstance(value, frozenset | set | list | tuple) else set()


def sets_token(change: Change) -> bool:
    """Whether an update sets or clears the bearer token."""
    return change.changes(("auth", "token"), ("auth", "mode"))


def _credentials(change: Change) -> str:
    parts = []
    if sets_token(change):
        kept = mode(change) == "bearer"
        parts.append("set the bearer token" if kept else "clear the bearer token")
    if change.changes(("headers",)):
        spec: Any = change.desired.spec if change.desired else {}
        names = sorted(spec.get("headers") or ())
        parts.append(f"set the headers {_few(names)}" if names else "clear the headers")
    return ", ".join(parts)


def _sign_in(change: Change) -> Operation:
    return Operation(
        name=SIGN_IN,
        method="GET",
        path=f"/oauth/{PROVIDERS[mode(change)]}/setup",
        summary=f"sign in to `{change.title}` as an administrator",
        idempotent=False,
        interactive=True,
    )


def _view_add(change: Change, label: str) -> Operation:
    space = change.links.get(label) or _live_space(change, label) or f"{{{label}}}"
    where = "the whole company" if label == COMPANY else f"`{label}`"
    return Operation(
        name=f"{VIEW_ADD}:{label}",
        method="POST",
        path=f"/spaces/{space}/mcp_views",
        summary=f"show it in {where}",
        arguments={"space": label},
    )


def _live_space(change: Change, label: str) -> str | None:
    """A space that a replace carries over is named by its id."""
    spaces: Any = change.live.spec.get("spaces") if change.live else None
    return label if label in (spaces or ()) else None


def _view_remove(change: Change, label: str) -> Operation:
    space = change.links.get(label) or f"{{{label}}}"
    views: Any = change.live.facts.get("views") if change.live else None
    view = (views or {}).get(space, "{view}")
    where = "the whole company" if label == COMPANY else f"`{label}`"
    return Operation(
        name=f"{VIEW_REMOVE}:{label}",
        method="DELETE",
        path=f"/spaces/{space}/mcp_views/{view}",
        summary=f"remove it from {where}",
        arguments={"space": label, "view": view},
    )


def _deposed(change: Change) -> Iterable[Operation]:
    for old in change.deposed:
        yield from _deletion(f"{DELETE_DEPOSED}:{old}", change, old)


def _deletion(name: str, change: Change, server: str | None) -> Iterable[Operation]:
    what = "server" if name == DELETE else "old server"
    yield Operation(
        name=name,
        method="DELETE",
        path=f"/mcp/{server or '{server}'}",
        summary=f"delete the {what} `{change.title}`",
        arguments={"id": server},
        deletes=True,
    )


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
