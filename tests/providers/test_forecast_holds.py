"""The writes that are made are the writes that were forecast."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.resources import Action, Change
from tests.parts.mcp_servers import McpServer
from tests.providers.scenes import PROVIDER, Desk, change, shown


@pytest.fixture(scope="module")
def remotes() -> Iterator[tuple[str, str]]:
    """Two open MCP servers."""
    with McpServer() as one, McpServer(name="two") as two:
        yield one.url, two.url


def apply_as_forecast(desk: Desk, planned: Change) -> str:
    """Apply; the writes must match the forecast call by call, `{…}` standing for any id."""
    forecast = PROVIDER.operations(planned)
    made = desk.apply(planned)
    assert [method for method, _ in desk.writes()] == [op.method for op in forecast]
    for (_, path), operation in zip(desk.writes(), forecast, strict=True):
        assert re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(operation.path)), path)
    return made


def test_the_life_of_a_space(desk: Desk) -> None:
    spec: dict[str, Any] = {"displayName": "Finance", "groups": ["Finance team"]}
    made = apply_as_forecast(desk, change("Space/fin", Action.CREATE, spec=spec))
    after = {"displayName": "Money", "groups": [], "access": "open"}
    live = desk.live("Space", made)
    edits = tuple(shown((name,), live.spec[name], after[name]) for name in after)
    apply_as_forecast(desk, change("Space/fin", Action.UPDATE, spec=after, live=live, fields=edits))
    apply_as_forecast(desk, change("Space/fin", Action.DELETE, live=desk.live("Space", made)))


def test_the_life_of_a_server(desk: Desk, remotes: tuple[str, str]) -> None:
    for name in ("a", "b"):
        desk.apply(change(f"Space/{name}", Action.CREATE, spec={"displayName": name}))
    spec: dict[str, Any] = {
        "url": remotes[0],
        "displayName": "Search",
        "description": "Words",
        "icon": "ActionCarIcon",
        "spaces": ["a", "b"],
        "tools": {"default": {"stake": "low"}},
    }
    made = apply_as_forecast(desk, change("MCPServer/x", Action.CREATE, spec=spec))

    after = {
        **spec,
        "displayName": "Find",
        "icon": "ActionRobotIcon",
        "headers": {"X-A": {"literal": "a"}},
        "spaces": ["company"],
        "tools": {"search": {"enabled": False}},
    }
    edits = (
        shown(("displayName",), "Search", "Find"),
        shown(("icon",), "ActionCarIcon", "ActionRobotIcon"),
        shown(("headers", "X-A"), None, "a"),
        shown(("spaces",), frozenset({"a", "b"}), frozenset({"company"})),
        shown(("tools", "search", "enabled"), True, False),
    )
    live = desk.live("MCPServer", made)
    links = dict(desk.ids)
    apply_as_forecast(
        desk,
        change("MCPServer/x", Action.UPDATE, spec=after, live=live, fields=edits, links=links),
    )

    moved = {**after, "url": remotes[1], "headers": {}, "spaces": ["a"]}
    live = desk.live("MCPServer", made)
    new = apply_as_forecast(
        desk, change("MCPServer/x", Action.REPLACE, spec=moved, live=live, links=links)
    )
    apply_as_forecast(desk, change("MCPServer/x", Action.DELETE, live=desk.live("MCPServer", new)))
    assert desk.snap().resources["MCPServer"] == {}
