"""Section 5: tool settings."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.parts.mcp_servers import McpServer
from tests.sandbox.world import World, make_server, make_space, refused, system_view


def settings(world: World, server: str) -> dict[str, tuple[str, bool]]:
    """The settings of a server's tools, from its system view."""
    rows = system_view(world.admin, server)["toolsMetadata"]
    return {row["toolName"]: (row["permission"], row["enabled"]) for row in rows}


def setting(tool: str, stake: str = "low", *, enabled: bool = True) -> dict[str, Any]:
    """One entry of a batch."""
    return {"toolName": tool, "permission": stake, "enabled": enabled}


@pytest.fixture
def server(world: World, open_server: McpServer) -> str:
    """A fresh server."""
    return make_server(world.admin, open_server.url)


def test_a_batch_sets_many(world: World, server: str) -> None:
    batch = [
        setting("search", "never_ask"),
        setting("delete_all", "medium", enabled=False),
        setting("not listed", "high"),
    ]
    answer = world.admin.write("PATCH", f"/mcp/{server}/tools", {"tools": batch})
    assert answer == {"success": True}
    assert settings(world, server) == {
        "search": ("never_ask", True),
        "delete_all": ("medium", False),
        "not listed": ("high", True),
    }


def test_a_batch_leaves_other_tools_alone(world: World, server: str) -> None:
    path = f"/mcp/{server}/tools"
    world.admin.write("PATCH", path, {"tools": [setting("search")]})
    world.admin.write("PATCH", path, {"tools": [setting("delete_all")]})
    assert set(settings(world, server)) == {"search", "delete_all"}


@pytest.mark.parametrize(
    "batch",
    [
        [setting("a"), setting("a", "high")],
        [setting("a", "extreme")],
        [{"toolName": "a", "permission": "low"}],
        [{"toolName": "a", "enabled": True}],
        None,
    ],
)
def test_a_bad_batch_changes_nothing(world: World, server: str, batch: Any) -> None:
    response = world.admin.patch(f"/mcp/{server}/tools", json={"tools": batch})
    refused(response, 400, "invalid_request_error")
    assert settings(world, server) == {}


def test_a_single_write_resets_the_field_it_omits(world: World, server: str) -> None:
    path = f"/mcp/{server}/tools/search"
    api = world.admin
    assert api.write("PATCH", path, {"permission": "low", "enabled": False}) == {"success": True}
    assert settings(world, server)["search"] == ("low", False)
    api.write("PATCH", path, {"permission": "medium"})
    assert settings(world, server)["search"] == ("medium", True)
    api.write("PATCH", path, {"enabled": False})
    assert settings(world, server)["search"] == ("high", False)
    refused(api.patch(path, json={}), 400, "invalid_request_error")


@pytest.mark.parametrize("tool", ["with space", "a/b", "ünï", "100%"])
def test_tool_names_are_decoded_from_the_path(world: World, server: str, tool: str) -> None:
    path = f"/mcp/{server}/tools/{quote(tool, safe='')}"
    world.admin.write("PATCH", path, {"permission": "low", "enabled": True})
    assert settings(world, server) == {tool: ("low", True)}


def test_settings_are_the_same_on_every_view(world: World, server: str) -> None:
    space = make_space(world.admin, "Shares settings")
    world.admin.write("POST", f"/spaces/{space}/mcp_views", {"mcpServerId": server})
    world.admin.write("PATCH", f"/mcp/{server}/tools", {"tools": [setting("search")]})
    views = world.admin.read(f"/mcp/{server}")["server"]["views"]
    assert [each["toolsMetadata"] for each in views] == [[setting("search")]] * 2


def test_internal_servers_take_settings_too(world: World) -> None:
    servers = world.admin.read("/mcp")["servers"]
    jira = next(each["sId"] for each in servers if each["name"] == "jira")
    world.admin.write("PATCH", f"/mcp/{jira}/tools", {"tools": [setting("get_issue")]})
    assert settings(world, jira) == {"get_issue": ("low", True)}


def test_an_older_deployment_has_no_batch_but_single_writes(world: World) -> None:
    api = world.other
    server = next(each["sId"] for each in api.read("/mcp")["servers"] if each["name"] == "old")
    batch = {"tools": [setting("a")]}
    assert api.patch(f"/mcp/{server}/tools", json=batch).status_code == 404
    api.write("PATCH", f"/mcp/{server}/tools/a", {"permission": "low", "enabled": True})
