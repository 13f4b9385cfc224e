"""Servers in the sandbox, with real MCP servers behind them."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.providers import OutcomeUnknown, ProviderError, Rejected, Run
from reconciler.resources import Action, FieldChange, LiveResource
from tests.parts.mcp_servers import McpServer
from tests.parts.sandbox_process import SandboxProcess
from tests.providers.scenes import PROVIDER, Desk, change, shown

TOKEN = "mcp-token-0123456789"


@pytest.fixture(scope="module")
def remote() -> Iterator[McpServer]:
    """An open MCP server."""
    with McpServer(tools=("search", "delete_all", "a/b c%")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded() -> Iterator[McpServer]:
    """An MCP server that asks for a bearer token."""
    with McpServer(name="guarded", tools=("search", "read"), bearer=TOKEN) as running:
        yield running


def make_spaces(desk: Desk, *names: str) -> None:
    for name in names:
        desk.apply(change(f"Space/{name}", Action.CREATE, spec={"displayName": name.title()}))


def make(desk: Desk, spec: dict[str, Any]) -> str:
    return desk.apply(change("MCPServer/x", Action.CREATE, spec=spec))


def update(desk: Desk, spec: dict[str, Any], *fields: FieldChange) -> None:
    live = desk.live("MCPServer", desk.ids["x"])
    planned = change(
        "MCPServer/x", Action.UPDATE, spec=spec, live=live, fields=fields, links=links(desk)
    )
    desk.apply(planned)


def links(desk: Desk) -> dict[str, str]:
    (company,) = desk.snap().company
    return {**desk.ids, "company": company}


def move(desk: Desk, spec: dict[str, Any], before: set[str], after: set[str]) -> None:
    spec = {**spec, "spaces": sorted(after)}
    update(desk, spec, shown(("spaces",), frozenset(before), frozenset(after)))


def spaces(desk: Desk) -> set[str]:
    """The labels of the spaces that show the server."""
    labels = {remote_id: name for name, remote_id in links(desk).items()}
    shown_in: Any = desk.live("MCPServer", desk.ids["x"]).spec["spaces"]
    return {labels[space] for space in shown_in}


def test_a_server_is_made_with_everything_its_manifest_says(desk: Desk, guarded: McpServer) -> None:
    make_spaces(desk, "fin")
    desk.secrets = {"T": TOKEN, "K": "key-9876543210"}
    made = make(
        desk,
        {
            "url": guarded.url,
            "displayName": "Guarded",
            "description": "Behind a token",
            "icon": "ActionRobotIcon",
            "spaces": ["fin"],
            "auth": {"mode": "bearer", "token": {"env": "T"}},
            "headers": {"X-Team": {"literal": "platform"}, "X-Key": {"env": "K"}},
            "tools": {"default": {"stake": "low"}, "read": {"enabled": False}},
        },
    )
    assert desk.live("MCPServer", made).spec == {
        "url": guarded.url,
        "displayName": "Guarded",
        "description": "Behind a token",
        "icon": "ActionRobotIcon",
        "spaces": [desk.ids["fin"]],
        "auth": {"mode": "bearer", "token": True},
        "headers": {"X-Team": True, "X-Key": True},
        "tools": {
            "search": {"stake": "low", "enabled": True},
            "read": {"stake": "low", "enabled": False},
        },
    }
    sent = guarded.last_headers()
    assert (sent["x-team"], sent["x-key"]) == ("platform", "key-9876543210")


def test_a_server_with_a_url_only_takes_one_write_and_keeps_its_own_names(
    desk: Desk, remote: McpServer
) -> None:
    made = make(desk, {"url": remote.url})
    live = desk.live("MCPServer", made)
    assert desk.writes() == [("POST", "/mcp")]
    assert (live.spec["displayName"], live.facts["viewName"]) == ("demo", None)
    assert live.spec["spaces"] == []


def test_a_description_alone_leaves_the_name_to_the_server(desk: Desk, remote: McpServer) -> None:
    made = make(desk, {"url": remote.url, "description": "What it is for"})
    live = desk.live("MCPServer", made)
    assert live.spec["description"] == "What it is for"
    assert live.facts["viewName"] is None


def test_a_server_that_cannot_be_reached_is_refused(desk: Desk) -> None:
    with McpServer() as gone:
        url = gone.url
    with pytest.raises(Rejected, match="the platform refuses"):
        make(desk, {"url": url})
    assert desk.snap().resources["MCPServer"] == {}


def test_a_refusal_that_repeats_the_token_is_withheld(desk: Desk) -> None:
    desk.secrets = {"T": TOKEN}
    with (
        McpServer(bearer="another", sloppy="telltale") as remote,
        pytest.raises(Rejected) as caught,
    ):
        make(desk, {"url": remote.url, "auth": {"mode": "bearer", "token": {"env": "T"}}})
    assert TOKEN[:8] not in caught.value.message


@pytest.mark.parametrize(
    ("value", "words"),
    [("  ", "is empty"), ("a\nb", "line break"), ("•••••abcd", "mask")],
)
def test_a_secret_that_the_platform_would_mangle_is_refused_before_it_is_sent(
    desk: Desk, remote: McpServer, value: str, words: str
) -> None:
    desk.secrets = {"T": value}
    with pytest.raises(Rejected, match=words) as caught:
        make(desk, {"url": remote.url, "headers": {"X-A": {"env": "T"}}})
    assert "env:T" in caught.value.message
    assert desk.writes() == []


def test_rotating_the_token_leaves_the_headers_alone(desk: Desk, guarded: McpServer) -> None:
    desk.secrets = {"T": TOKEN}
    spec = {
        "url": guarded.url,
        "auth": {"mode": "bearer", "token": {"env": "T"}},
        "headers": {"X-Team": {"literal": "platform"}},
    }
    made = make(desk, spec)
    update(desk, spec, shown(("auth", "token"), True, True))
    assert desk.writes() == [("PATCH", f"/mcp/{made}")]
    assert desk.live("MCPServer", made).spec["headers"] == {"X-Team": True}


def test_a_header_change_sends_all_headers_and_leaves_the_token_alone(
    desk: Desk, guarded: McpServer
) -> None:
    desk.secrets = {"T": TOKEN}
    auth = {"mode": "bearer", "token": {"env": "T"}}
    both = {"X-A": {"literal": "a"}, "X-B": {"literal": "b"}}
    made = make(desk, {"url": guarded.url, "auth": auth, "headers": both})
    desk.secrets.clear()
    kept = {"X-B": {"literal": "b"}, "X-C": {"literal": "c"}}
    spec = {"url": guarded.url, "auth": auth, "headers": kept}
    update(desk, spec, shown(("headers", "X-A"), True, None), shown(("headers", "X-C"), None, "c"))
    live = desk.live("MCPServer", made)
    assert live.spec["headers"] == {"X-B": True, "X-C": True}
    assert live.spec["auth"] == {"mode": "bearer", "token": True}


def test_bearer_to_none_and_back_in_place(desk: Desk, remote: McpServer) -> None:
    desk.secrets = {"T": TOKEN}
    bearer = {"url": remote.url, "auth": {"mode": "bearer", "token": {"env": "T"}}}
    none = {"url": remote.url, "auth": {"mode": "none"}}
    made = make(desk, bearer)
    update(desk, none, shown(("auth", "mode"), "bearer", "none"))
    assert desk.live("MCPServer", made).spec["auth"] == {"mode": "none"}
    update(desk, bearer, shown(("auth", "mode"), "none", "bearer"))
    assert desk.live("MCPServer", made).spec["auth"] == {"mode": "bearer", "token": True}


def test_a_rename_resends_the_description_and_a_null_one_stays_null(
    desk: Desk, remote: McpServer
) -> None:
    made = make(desk, {"url": remote.url})
    spec = {"url": remote.url, "displayName": "New name"}
    update(desk, spec, shown(("displayName",), "demo", "New name"))
    facts = desk.live("MCPServer", made).facts
    assert (facts["viewName"], facts["viewDescription"]) == ("New name", None)
    spec = {"url": remote.url, "description": "Words"}
    update(desk, spec, shown(("description",), "A demo", "Words"))
    facts = desk.live("MCPServer", made).facts
    assert (facts["viewName"], facts["viewDescription"]) == ("New name", "Words")


def test_one_tools_stake_changes_and_nothing_else(desk: Desk, remote: McpServer) -> None:
    tools = {"default": {"stake": "low"}, "search": {"stake": "medium", "enabled": False}}
    made = make(desk, {"url": remote.url, "tools": tools})
    before: Any = desk.live("MCPServer", made).spec["tools"]
    spec = {"url": remote.url, "tools": {"search": {"stake": "never_ask"}}}
    update(desk, spec, shown(("tools", "search", "stake"), "medium", "never_ask"))
    after: Any = desk.live("MCPServer", made).spec["tools"]
    assert after == {**before, "search": {"stake": "never_ask", "enabled": False}}


def test_an_odd_tool_name_survives_the_single_tool_route(remote: McpServer) -> None:
    seed = {
        "workspaces": [
            {
                "name": "Acme",
                "legacy": {"noBatchTools": True},
                "members": [{"email": "ana@acme.example", "role": "admin"}],
            }
        ]
    }
    with SandboxProcess(seed=seed) as sandbox:
        desk = Desk(sandbox)
        made = make(desk, {"url": remote.url, "tools": {"a/b c%": {"stake": "low"}}})
        assert desk.writes() == [
            ("POST", "/mcp"),
            ("PATCH", f"/mcp/{made}/tools"),
            ("PATCH", f"/mcp/{made}/tools/a%2Fb%20c%25"),
        ]
        tools: Any = desk.live("MCPServer", made).spec["tools"]
        assert tools["a/b c%"] == {"stake": "low", "enabled": True}


def test_older_deployments_take_tools_one_by_one_and_reset_nothing(remote: McpServer) -> None:
    seed = {
        "workspaces": [
            {
                "name": "Acme",
                "legacy": {"noBatchTools": True, "olderMembersBody": True},
                "members": [{"email": "ana@acme.example", "role": "admin"}],
            }
        ]
    }
    with SandboxProcess(seed=seed) as sandbox:
        desk = Desk(sandbox)
        tools = {"default": {"stake": "low", "enabled": False}}
        made = make(desk, {"url": remote.url, "tools": tools})
        spec = {"url": remote.url, "tools": {"search": {"enabled": True}}}
        update(desk, spec, shown(("tools", "search", "enabled"), False, True))
        found: Any = desk.live("MCPServer", made).spec["tools"]
        assert found["search"] == {"stake": "low", "enabled": True}
        assert found["delete_all"] == {"stake": "low", "enabled": False}


def test_stakes_that_the_catalogue_presets_are_overruled(remote: McpServer) -> None:
    preset = {
        "id": 1,
        "name": "Preset",
        "description": "Known",
        "url": remote.url,
        "toolStakes": {"search": "never_ask", "delete_all": "low"},
    }
    seed = {
        "workspaces": [
            {"name": "Acme", "members": [{"email": "ana@acme.example", "role": "admin"}]}
        ],
        "catalogue": [preset],
    }
    with SandboxProcess(seed=seed) as sandbox:
        desk = Desk(sandbox)
        tools = {"default": {"stake": "high"}, "search": {"stake": "never_ask"}}
        made = make(desk, {"url": remote.url, "displayName": "Mine", "tools": tools})
        live = desk.live("MCPServer", made)
        found: Any = live.spec["tools"]
        assert {name: row["stake"] for name, row in found.items()} == {
            "search": "never_ask",
            "delete_all": "high",
            "a/b c%": "high",
        }
        assert live.spec["displayName"] == "Mine"


def test_tools_that_are_as_wished_take_no_call(desk: Desk, remote: McpServer) -> None:
    make(desk, {"url": remote.url, "tools": {"default": {"stake": "high", "enabled": True}}})
    assert desk.writes() == [("POST", "/mcp")]


def test_spaces_are_left_before_others_are_entered(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a", "b")
    spec = {"url": remote.url, "spaces": ["a"]}
    make(desk, spec)
    move(desk, spec, {"a"}, {"b"})
    assert [method for method, _ in desk.writes()] == ["DELETE", "POST"]
    assert spaces(desk) == {"b"}


def test_moving_to_the_company_is_one_call(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a", "b")
    spec = {"url": remote.url, "spaces": ["a", "b"]}
    make(desk, spec)
    move(desk, spec, {"a", "b"}, {"company"})
    assert [method for method, _ in desk.writes()] == ["POST"]
    assert spaces(desk) == {"company"}


def test_moving_from_the_company_enters_the_spaces_first(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a")
    spec = {"url": remote.url, "spaces": ["company"]}
    make(desk, spec)
    assert spaces(desk) == {"company"}
    move(desk, spec, {"company"}, {"a"})
    assert [method for method, _ in desk.writes()] == ["POST", "DELETE"]
    assert spaces(desk) == {"a"}


def test_leaving_every_space(desk: Desk, remote: McpServer) -> None:
    spec = {"url": remote.url, "spaces": ["company"]}
    make(desk, spec)
    move(desk, spec, {"company"}, set())
    assert spaces(desk) == set()


def test_entering_a_space_twice_is_no_failure(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a")
    spec = {"url": remote.url, "spaces": ["a"]}
    make(desk, spec)
    move(desk, spec, set(), {"a"})
    assert [call.status for call in desk.calls] == [400, 200]
    assert spaces(desk) == {"a"}


def test_leaving_a_space_that_was_left_already_is_no_failure(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a")
    spec = {"url": remote.url, "spaces": ["a"]}
    made = make(desk, spec)
    live = desk.live("MCPServer", made)
    leave = change(
        "MCPServer/x",
        Action.UPDATE,
        spec={**spec, "spaces": []},
        live=live,
        fields=(shown(("spaces",), frozenset({"a"}), frozenset()),),
        links=links(desk),
    )
    desk.apply(leave)
    desk.apply(leave)
    assert spaces(desk) == set()


def test_a_space_where_another_tool_has_the_name_is_refused(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a")
    make(desk, {"url": remote.url, "spaces": ["a"]})
    with pytest.raises(Rejected) as caught:
        desk.apply(change("MCPServer/y", Action.CREATE, spec={"url": remote.url, "spaces": ["a"]}))
    assert "displayName" in caught.value.help[0]


def test_a_deleted_server_is_gone_and_deleting_it_again_is_no_failure(
    desk: Desk, remote: McpServer
) -> None:
    made = make(desk, {"url": remote.url})
    delete = change("MCPServer/x", Action.DELETE, live=desk.live("MCPServer", made))
    desk.apply(delete)
    assert desk.snap().resources["MCPServer"] == {}
    desk.apply(delete)
    assert [call.status for call in desk.calls] == [404, 404, 404]  # and it says so twice


def replace(desk: Desk, spec: dict[str, Any], live: LiveResource, **more: Any) -> str:
    planned = change(
        "MCPServer/x",
        Action.REPLACE,
        spec=spec,
        live=live,
        fields=(shown(("url",), live.spec["url"], spec["url"]),),
        links=links(desk),
        **more,
    )
    return desk.apply(planned)


def test_a_replace_makes_the_new_server_under_another_name_and_deletes_the_old_one(
    desk: Desk, remote: McpServer, guarded: McpServer
) -> None:
    make_spaces(desk, "a")
    spec = {"url": remote.url, "displayName": "Search", "spaces": ["a"]}
    old = make(desk, spec)
    desk.secrets = {"T": TOKEN}
    auth = {"mode": "bearer", "token": {"env": "T"}}
    new = replace(desk, {**spec, "url": guarded.url, "auth": auth}, desk.live("MCPServer", old))
    found = desk.snap().resources["MCPServer"]
    assert set(found) == {new} != {old}
    assert (found[new].spec["displayName"], found[new].spec["url"]) == ("Search", guarded.url)
    assert spaces(desk) == {"a"}
    assert [method for method, _ in desk.writes()] == ["POST", "DELETE", "PATCH", "POST"]


def test_a_replace_whose_new_server_cannot_be_reached_leaves_the_old_one(
    desk: Desk, remote: McpServer
) -> None:
    spec = {"url": remote.url, "displayName": "Search"}
    old = make(desk, spec)
    with McpServer() as gone:
        url = gone.url
    with pytest.raises(Rejected):
        replace(desk, {**spec, "url": url}, desk.live("MCPServer", old))
    assert set(desk.snap().resources["MCPServer"]) == {old}


def test_a_replace_carries_over_what_the_manifest_does_not_manage(
    desk: Desk, remote: McpServer
) -> None:
    make_spaces(desk, "a")
    full = {
        "url": remote.url,
        "displayName": "Search",
        "description": "Words",
        "icon": "ActionRobotIcon",
        "spaces": ["a"],
        "tools": {"search": {"stake": "medium", "enabled": False}},
    }
    old = make(desk, full)
    before = desk.live("MCPServer", old)
    with McpServer(tools=("search", "fresh")) as other:
        new = replace(desk, {"url": other.url}, before)
        after = desk.live("MCPServer", new).spec
    assert after == {
        **before.spec,
        "url": other.url,
        "tools": {
            "search": {"stake": "medium", "enabled": False},
            "fresh": {"stake": "high", "enabled": True},
        },
    }


def test_an_ignored_field_is_carried_over_by_a_replace(desk: Desk, remote: McpServer) -> None:
    spec = {"url": remote.url, "icon": "ActionRobotIcon", "tools": {"search": {"stake": "low"}}}
    old = make(desk, spec)
    edited = {**spec, "icon": "ActionCarIcon", "tools": {"search": {"stake": "never_ask"}}}
    with McpServer(tools=("search",)) as other:
        new = replace(
            desk,
            {**edited, "url": other.url},
            desk.live("MCPServer", old),
            ignore=("icon", "tools.search.stake"),
        )
        after = desk.live("MCPServer", new).spec
    assert after["icon"] == "ActionRobotIcon"
    assert after["tools"] == {"search": {"stake": "low", "enabled": True}}


def test_an_interrupted_replace_is_finished_by_an_update(desk: Desk, remote: McpServer) -> None:
    make_spaces(desk, "a")
    spec = {"url": remote.url, "displayName": "Search", "spaces": ["a"]}
    old = make(desk, spec)
    planned = change("MCPServer/x", Action.REPLACE, spec=spec, live=desk.live("MCPServer", old))

    run = Run(remote_id=old, resolve=lambda a: desk.ids[a.name], secret=desk._secret)
    with PROVIDER.writer(desk.connection()) as writer:
        created = writer.perform(PROVIDER.operations(planned)[0], planned, run).remote_id
    assert created is not None
    live = desk.live("MCPServer", created)
    assert live.spec["displayName"] == "Search (replacing)"
    desk.apply(
        change(
            "MCPServer/x",
            Action.UPDATE,
            spec=spec,
            live=live,
            deposed=(old,),
            links=links(desk) | {"x": created},
            fields=(
                shown(("displayName",), "Search (replacing)", "Search"),
                shown(("spaces",), frozenset(), frozenset({"a"})),
            ),
        )
    )
    found = desk.snap().resources["MCPServer"]
    assert set(found) == {created}
    assert found[created].spec["displayName"] == "Search"
    assert spaces(desk) == {"a"}


def test_creating_without_being_an_administrator_is_blamed_on_the_role(
    desk: Desk, remote: McpServer
) -> None:
    desk.token = desk.sandbox.tokens["builder"]
    with pytest.raises(ProviderError, match="has the role builder") as caught:
        make(desk, {"url": remote.url})
    assert not isinstance(caught.value, OutcomeUnknown)
