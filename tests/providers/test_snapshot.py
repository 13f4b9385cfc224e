"""What planning reads of a workspace, and with how many calls."""

from threading import Event
from typing import Any

import pytest

from reconciler.providers import Interrupted, ReadRequest
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import (
    PROVIDER,
    ROOT,
    connect,
    script_workspace,
    server,
    snap,
    space,
    tool_row,
    view,
)

LISTS = [
    f"GET {ROOT}/mcp",
    f"GET {ROOT}/mcp/connections/workspace",
    f"GET {ROOT}/spaces",
    f"GET {ROOT}/spaces/vlt_sys/mcp_views",
]


def test_four_lists_are_read_however_many_servers_there_are(web: ScriptedHttp) -> None:
    ids = [f"rms_{n}" for n in range(300)]
    script_workspace(
        web,
        servers=[server(sid) for sid in ids],
        views=[view(f"mcpsv_{sid}", sid) for sid in ids],
    )
    snapshot = snap(web.url)
    assert sorted(web.calls()) == LISTS
    assert snapshot.calls == 4
    assert len(snapshot.resources["MCPServer"]) == 300


def test_the_lists_ask_for_what_they_would_hide(web: ScriptedHttp) -> None:
    script_workspace(web)
    snap(web.url, ReadRequest(owned={}, titles={}, members=True, groups=True))
    asked = {str(request): request.query for request in web.log}
    assert asked[f"GET {ROOT}/spaces"] == (("role", "admin"),)
    assert asked[f"GET {ROOT}/spaces/vlt_sys/mcp_views"] == (("availability", "manual"),)
    assert asked[f"GET {ROOT}/groups"] == (("kind", "provisioned"), ("kind", "regular_manual"))
    assert ("limit", "150") in asked[f"GET {ROOT}/members"]


def test_a_space_is_read_in_full_when_it_is_owned_or_named(web: ScriptedHttp) -> None:
    script_workspace(web)
    titles = {"Space": frozenset({"beta"})}
    snapshot = snap(web.url, ReadRequest(owned={"Space": frozenset({"vlt_a"})}, titles=titles))
    assert snapshot.calls == 6
    assert {f"GET {ROOT}/spaces/vlt_a", f"GET {ROOT}/spaces/vlt_b"} < set(web.calls())


def test_a_space_nobody_asked_for_is_known_by_name_only(web: ScriptedHttp) -> None:
    script_workspace(web)
    found = snap(web.url).find("Space", "vlt_b")
    assert found is not None
    assert found.spec == {"displayName": "Beta"}


def test_only_regular_spaces_are_resources_and_the_global_one_is_the_company(
    web: ScriptedHttp,
) -> None:
    script_workspace(web)
    snapshot = snap(web.url)
    assert set(snapshot.resources["Space"]) == {"vlt_a", "vlt_b"}
    assert snapshot.company == {"vlt_all"}
    assert snapshot.complete == {"Space", "MCPServer"}
    assert snapshot.workspace_id == "w1"


def test_a_space_in_full_has_the_shape_of_its_manifest(web: ScriptedHttp) -> None:
    script_workspace(web)
    members = [
        {"sId": "usr_2", "email": "Ben@Acme.example", "isEditor": False},
        {"sId": "usr_1", "email": "ana@acme.example", "isEditor": False},
        {"sId": "usr_3", "email": "eve@acme.example", "isEditor": True},
    ]
    groups = [
        {"sId": "grp_1", "name": "Finance team", "kind": "provisioned", "role": "member"},
        {"sId": "grp_2", "name": "Leads", "kind": "regular_manual", "role": "editor"},
        {"sId": "grp_9", "name": "Group for space Alpha", "kind": "regular_auto", "role": "member"},
    ]
    web.on("GET", f"{ROOT}/spaces/vlt_a", Reply(json=space(members=members, groups=groups)))
    found = snap(web.url, ReadRequest(owned={"Space": frozenset({"vlt_a"})}, titles={})).find(
        "Space", "vlt_a"
    )
    assert found is not None
    assert found.spec == {
        "displayName": "Alpha",
        "access": "restricted",
        "members": ["ana@acme.example", "ben@acme.example"],
        "groups": ["Finance team"],
    }
    assert found.facts == {
        "kind": "regular",
        "tools": 1,
        "memberIds": ["usr_1", "usr_2"],
        "editorIds": ["usr_3"],
        "groupIds": ["grp_1"],
        "editorGroupIds": ["grp_2"],
        "managementMode": "group",
    }


def test_groups_of_a_space_come_from_the_list_where_the_space_has_none(web: ScriptedHttp) -> None:
    script_workspace(web)
    older = space()
    del older["space"]["groups"]
    web.on("GET", f"{ROOT}/spaces/vlt_a", Reply(json=older))
    group = {"sId": "grp_1", "name": "Finance team", "kind": "provisioned"}
    web.on("GET", f"{ROOT}/groups", Reply(json={"groups": [group]}))
    found = snap(web.url, ReadRequest(owned={"Space": frozenset({"vlt_a"})}, titles={})).find(
        "Space", "vlt_a"
    )
    assert found is not None
    assert found.spec["groups"] == ["Finance team"]
    assert any(("spaceId", "vlt_a") in request.query for request in web.log)


def test_a_server_has_the_shape_of_its_manifest(web: ScriptedHttp) -> None:
    shown = view(
        name="Acme",
        description="Everything",
        oAuthUseCase="personal_actions",
        rows=[tool_row("drop", "never_ask", enabled=False), tool_row("left", "low")],
    )
    listed = server(
        spaces=("vlt_sys", "vlt_b", "vlt_a", "vlt_project"),
        authorization={"provider": "mcp", "scope": "a b"},
        customHeaders={"X-B": "••••••••", "X-A": "in the clear"},
    )
    script_workspace(web, servers=[listed], views=[shown])
    connections = [{"remoteMCPServerId": "rms_1"}, {"remoteMCPServerId": None}]
    web.on("GET", f"{ROOT}/mcp/connections/workspace", Reply(json={"connections": connections}))
    found = snap(web.url).find("MCPServer", "rms_1")
    assert found is not None
    assert found.title == "Acme"
    assert found.spec == {
        "url": "https://mcp.acme.example/mcp",
        "displayName": "Acme",
        "description": "Everything",
        "icon": "ActionCarIcon",
        "spaces": ["vlt_a", "vlt_b"],
        "auth": {"mode": "automatic", "connected": True, "credentials": "personal"},
        "headers": {"X-A": True, "X-B": True},
        "tools": {
            "search": {"stake": "high", "enabled": True},
            "drop": {"stake": "never_ask", "enabled": False},
        },
    }
    assert found.facts["systemViewId"] == "mcpsv_s1"
    assert found.facts["workspaceConnection"] is True
    assert found.facts["views"]["vlt_b"] == "mcpsv_rms_1_vlt_b"
    assert "in the clear" not in repr(found)


def test_names_fall_back_to_the_servers_own_and_stay_null_in_the_facts(web: ScriptedHttp) -> None:
    script_workspace(web)
    found = snap(web.url).find("MCPServer", "rms_1")
    assert found is not None
    assert (found.spec["displayName"], found.spec["description"]) == ("acme-mcp", "An MCP server")
    assert (found.facts["viewName"], found.facts["viewDescription"]) == (None, None)


@pytest.mark.parametrize(
    ("wire", "auth"),
    [
        ({}, {"mode": "none"}),
        ({"sharedSecret": ""}, {"mode": "none"}),
        ({"sharedSecret": "•••••abcd"}, {"mode": "bearer", "token": True}),
        ({"sharedSecret": "clear"}, {"mode": "bearer", "token": True}),
        (
            {"authorization": {"provider": "mcp_static"}},
            {"mode": "static-oauth", "connected": False},
        ),
        ({"authorization": {"provider": "newer"}}, {"mode": "newer", "connected": False}),
        (
            {"authorization": {"provider": "mcp"}, "sharedSecret": "•"},
            {"mode": "automatic", "connected": False, "token": True},
        ),
    ],
)
def test_how_a_server_signs_in(web: ScriptedHttp, wire: dict[str, Any], auth: object) -> None:
    script_workspace(web, servers=[server(**wire)])
    found = snap(web.url).find("MCPServer", "rms_1")
    assert found is not None
    assert found.spec["auth"] == auth


def test_the_company_space_is_among_a_servers_spaces(web: ScriptedHttp) -> None:
    script_workspace(web, servers=[server(spaces=("vlt_sys", "vlt_all"))])
    found = snap(web.url).find("MCPServer", "rms_1")
    assert found is not None
    assert found.spec["spaces"] == ["vlt_all"]


def test_the_words_of_a_failed_sync_are_not_kept(web: ScriptedHttp) -> None:
    script_workspace(web, servers=[server(lastError="401 for Bearer hunter2hunter2")])
    found = snap(web.url).find("MCPServer", "rms_1")
    assert found is not None
    assert found.facts["lastError"] is True
    assert "hunter2" not in repr(found)


def test_built_in_servers_are_left_alone(web: ScriptedHttp) -> None:
    jira = {
        "sId": "ims_1",
        "name": "jira",
        "availability": "manual",
        "views": [{"sId": "mcpsv_j", "spaceId": "vlt_sys"}],
    }
    auto = {**jira, "sId": "ims_2", "availability": "auto"}
    shown = view("mcpsv_j", "ims_1", serverType="internal", toolsMetadata=None)
    script_workspace(web, servers=[server(), jira, auto], views=[view(), shown])
    assert set(snap(web.url).resources["MCPServer"]) == {"rms_1"}


def test_the_directory_is_read_page_by_page(web: ScriptedHttp) -> None:
    script_workspace(web)
    pages = [
        {
            "members": [{"sId": f"usr_{n}", "email": f"P{n}@Acme.example"}],
            "total": 2,
            # A page on another host: only its query counts.
            "nextPageUrl": "https://evil.example/x?limit=150&lastValue=17" if n == 1 else None,
        }
        for n in (1, 2)
    ]
    web.on("GET", f"{ROOT}/members", *(Reply(json=page) for page in pages))
    group = {"sId": "grp_1", "name": "Finance team", "kind": "provisioned"}
    web.on("GET", f"{ROOT}/groups", Reply(json={"groups": [group]}))
    directory = snap(web.url, ReadRequest(owned={}, titles={}, members=True, groups=True)).directory
    assert directory.members == frozenset({"p1@acme.example", "p2@acme.example"})
    assert directory.groups == frozenset({"Finance team"})
    second = [r for r in web.log if r.path.endswith("/members")][1]
    assert dict(second.query) == {"limit": "150", "lastValue": "17"}


def test_a_directory_nobody_asked_for_is_unknown_rather_than_empty(web: ScriptedHttp) -> None:
    script_workspace(web)
    directory = snap(web.url).directory
    assert (directory.members, directory.groups) == (None, None)


def test_an_interrupt_stops_the_reading(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("GET", f"{ROOT}/mcp", Reply(fault="silence"))
    stop = Event()
    connection = connect(web.url, stop=stop, observe=lambda _call: stop.set(), timeout=5)
    with PROVIDER.reader(connection) as reader, pytest.raises(Interrupted):
        reader.snapshot(ReadRequest(owned={}, titles={}))
