"""Strategies for sets of manifests that the workspace and the MCP servers of `world` can have."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Spec = dict[str, Any]

SPACE_NAMES = ("x", "y", "z")
SERVER_NAMES = ("s", "t")
TITLES = ("One", "Two", "Three", "Four")
PEOPLE = ("ana@acme.example", "Ben@acme.example", "uma@ACME.example", "eve@acme.example")
GROUPS = ("Finance team", "Night shift")
ICONS = ("ActionCarIcon", "ActionCameraIcon")
TOOLS = ("default", "search", "create_ticket", "delete_ticket", "no_such_tool")

# What opens each of the doors of `world.Servers`, and what may be said beside it.
_TOKEN, _ANY_TOKEN = ({"mode": "bearer", "token": {"env": name}} for name in ("TOKEN", "ANY_TOKEN"))
_KEY = {"X-Api-Key": {"env": "KEY"}}
_AUTHS: Mapping[str, tuple[Spec | None, ...]] = {
    "open": ({"mode": "none"}, _ANY_TOKEN, None),
    "other": ({"mode": "none"}, _ANY_TOKEN, None),
    "guarded": (_TOKEN,),
    "gateway": ({"mode": "none"}, _ANY_TOKEN, None),
}
_NEEDED_HEADERS: Mapping[str, Spec] = {"gateway": _KEY}
_MORE_HEADERS: tuple[Spec | None, ...] = (
    None,
    {},
    {"X-Team": {"literal": "platform"}},
    {"X-Team": {"literal": "support"}, "X-Other": {"env": "KEY"}},
)


@dataclass(frozen=True)
class Declared:
    """Specs by address, where a server's `url` is the name of a door.

    With `rotated`, the secrets that no server checks have other values.
    """

    specs: dict[str, Spec] = field(default_factory=dict)
    rotated: bool = False


def some(mapping: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Spec]:
    """A spec with any of these fields."""
    return st.fixed_dictionaries({}, optional=dict(mapping))


def _any_of(items: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(items), unique=True)


_SPACES = some(
    {
        "access": st.sampled_from(["open", "restricted"]),
        "members": _any_of(PEOPLE),
        "groups": _any_of(GROUPS),
    }
)
_SETTINGS = some(
    {"stake": st.sampled_from(["high", "medium", "low", "never_ask"]), "enabled": st.booleans()}
)
_SERVERS = some(
    {
        "description": st.sampled_from(["What it is for", "Wozu es dient — ☂"]),
        "icon": st.sampled_from(ICONS),
        "tools": st.dictionaries(st.sampled_from(TOOLS), _SETTINGS, max_size=4),
    }
)


@st.composite
def declarations(draw: st.DrawFn) -> Declared:
    """A valid set: titles are unique, servers name spaces that are declared, or the company."""
    made: dict[str, Spec] = {}
    names = draw(_any_of(SPACE_NAMES))
    titles = draw(st.permutations(TITLES))
    for name, title in zip(names, titles, strict=False):
        made[f"Space/{name}"] = {"displayName": title, **draw(_SPACES)}
    titles = draw(st.permutations(TITLES))
    for name, title in zip(draw(_any_of(SERVER_NAMES)), titles, strict=False):
        made[f"MCPServer/{name}"] = {"displayName": title, **draw(_one_server(names))}
    return Declared(made, rotated=draw(st.booleans()))


@st.composite
def _one_server(draw: st.DrawFn, spaces: list[str]) -> Spec:
    door = draw(st.sampled_from(sorted(_AUTHS)))
    spec = {"url": door, **draw(_SERVERS)}
    auth = draw(st.sampled_from(_AUTHS[door]))
    if auth is not None:
        spec["auth"] = auth
    needed, more = _NEEDED_HEADERS.get(door), draw(st.sampled_from(_MORE_HEADERS))
    if needed is not None or more is not None:
        spec["headers"] = {**(needed or {}), **(more or {})}
    placed = [["company"], []] + [spaces[:count] for count in range(1, len(spaces) + 1)]
    if draw(st.booleans()):
        spec["spaces"] = draw(st.sampled_from(placed))
    return spec
