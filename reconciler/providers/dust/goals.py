"""What a server that is about to be made should be like. Pure.

A replace carries over what the manifest doesn't manage: a new server has none of it by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from reconciler.resources import COMPANY, MCP_SERVER, Action, Change, Path, Spec

_LONGEST_NAME = 255  # characters; Dust API: longer view names are refused
_USUAL_ICON = "ActionCommand1Icon"  # what the platform gives every new server
_SUFFIX = " (replacing)"
PROVIDERS: Mapping[str, str] = {"automatic": "mcp", "static-oauth": "mcp_static"}
"""Modes that take a person's sign-in, in the API's words for OAuth providers."""
SIGN_IN_MODES = frozenset(PROVIDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A new server, apart from its URL and credentials.

    `created_as` is the view name that it is made under: for the time of a replace another one
    than `name`, because the old server still has that. None: the platform's own name shows.
    """

    created_as: str | None
    name: str | None
    description: str | None
    icon: str | None
    spaces: tuple[str, ...]
    skills_only: bool
    tools: bool

    @property
    def describes(self) -> bool:
        """Whether name and description must be written after the create."""
        return self.name != self.created_as or self.description is not None


def goal(change: Change) -> Goal:
    """What the server that `change` makes should be like."""
    spec: Any = change.desired.spec if change.desired else {}
    facts: Mapping[str, Any] = change.live.facts if _carries(change) and change.live else {}
    old: Any = change.live.spec if _carries(change) and change.live else {}
    name_kept, text_kept = keeps(change, "displayName"), keeps(change, "description")
    name = facts.get("viewName") if name_kept else spec["displayName"]
    created_as = name
    if _in_the_way(change):
        created_as = None if name_kept else _temporary(str(name))
    return Goal(
        created_as=created_as,
        name=name,
        description=facts.get("viewDescription") if text_kept else spec["description"],
        icon=_unusual_icon(old) if keeps(change, "icon") else spec["icon"],
        spaces=_spaces(change, old if keeps(change, "spaces") else spec),
        skills_only=bool(facts.get("restrictedToSkills")),
        tools=bool(spec.get("tools")) or bool(unusual(old.get("tools") or {})),
    )


def keeps(change: Change, field: str) -> bool:
    """Whether the live value counts rather than the manifest's."""
    if change.desired is None or field not in change.desired.spec:
        return True
    return _carries(change) and ignored(change, (field,))


def ignored(change: Change, path: Path) -> bool:
    """Whether `lifecycle.ignoreChanges` names the field, or one above it."""
    names = change.desired.ignore_changes if change.desired else ()
    entries = (tuple(name.split(".")) for name in names)
    return any(path[: len(entry)] == entry for entry in entries)


def mode(change: Change) -> str:
    """How the new server signs in: as the manifest says, else as the replaced one does."""
    for spec in (change.desired and change.desired.spec, change.live and change.live.spec):
        auth: Any = (spec or {}).get("auth")
        if auth:
            return str(auth["mode"])
    return "none"


def wished_tools(change: Change, offered: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Stake and `enabled` of every offered tool: managed, else carried over, else as offered."""
    spec: Spec = change.desired.spec if change.desired else {}
    managed: Any = MCP_SERVER.expand(spec, {"tools": dict(offered)}).get("tools") or {}
    old: Any = (change.live.spec.get("tools") if _carries(change) and change.live else {}) or {}
    wished = {}
    for name, current in offered.items():
        carried = old.get(name, {})
        wanted = {
            field: value
            for field, value in managed.get(name, {}).items()
            if not (field in carried and ignored(change, ("tools", name, field)))
        }
        wished[name] = {**current, **carried, **wanted}
    return wished


def unusual(tools: Mapping[str, Any]) -> list[str]:
    """Tools whose settings aren't what the platform does without any."""
    return [name for name, row in tools.items() if row != {"stake": "high", "enabled": True}]


def _unusual_icon(old: Spec) -> str | None:
    icon = old.get("icon")
    return None if icon == _USUAL_ICON else cast("str | None", icon)


def _carries(change: Change) -> bool:
    return change.action is Action.REPLACE


def _in_the_way(change: Change) -> bool:
    return change.action is Action.REPLACE or bool(change.deposed)


def _temporary(name: str) -> str:
    return name[: _LONGEST_NAME - len(_SUFFIX)] + _SUFFIX


def _spaces(change: Change, spec: Any) -> tuple[str, ...]:
    company = {COMPANY, change.links.get(COMPANY)}
    # The company first: adding it deletes the views in all other spaces.
    return tuple(sorted(spec.get("spaces") or (), key=lambda label: (label not in company, label)))
