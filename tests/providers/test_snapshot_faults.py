"""A read that may be partial fails: nothing is ever taken for absent that wasn't listed whole."""

from typing import Any

import pytest

from reconciler.providers import ProviderError, ReadRequest, Unexpected
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import (
    ROOT,
    SPACES,
    refused,
    script_workspace,
    server,
    snap,
    tool_row,
    view,
)

EVERYTHING = ReadRequest(
    owned={"Space": frozenset({"vlt_a"})}, titles={}, members=True, groups=True
)


def failure(web: ScriptedHttp) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        snap(web.url, EVERYTHING, attempts=1)
    return caught.value


@pytest.mark.parametrize(
    "path",
    [
        "/spaces",
        "/spaces/vlt_sys/mcp_views",
        "/mcp",
        "/mcp/connections/workspace",
        "/spaces/vlt_a",
        "/members",
        "/groups",
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        refused(500, "internal_server_error"),
        refused(403, "workspace_auth_error"),
        Reply(json={}),
        Reply(body=b""),
        Reply(fault="truncate", json={"spaces": []}),
    ],
    ids=["500", "403", "empty-object", "empty-body", "truncated"],
)
def test_no_list_may_fail(web: ScriptedHttp, path: str, reply: Reply) -> None:
    script_workspace(web)
    web.on("GET", ROOT + path, reply)
    assert failure(web).call.startswith("GET /")


@pytest.mark.parametrize("kind", ["system", "global"])
def test_a_list_without_a_special_space_is_not_believed(web: ScriptedHttp, kind: str) -> None:
    script_workspace(web)
    rest = [space for space in SPACES if space["kind"] != kind]
    web.on("GET", f"{ROOT}/spaces", Reply(json={"spaces": rest}))
    error = failure(web)
    assert isinstance(error, Unexpected)
    assert f"listed 0 spaces of kind {kind}" in error.message


def test_a_list_of_members_shorter_than_its_total_is_not_believed(web: ScriptedHttp) -> None:
    script_workspace(web)
    page = {
        "members": [{"sId": "usr_1", "email": "a@b.example"}],
        "total": 3,
        "nextPageUrl": None,
    }
    web.on("GET", f"{ROOT}/members", Reply(json=page))
    assert "1 people were listed of 3" in failure(web).message


def test_pages_of_members_that_never_end_are_noticed(web: ScriptedHttp) -> None:
    script_workspace(web)
    page = {
        "members": [{"sId": "usr_1", "email": "a@b.example"}],
        "total": 9,
        "nextPageUrl": "/api/w/w1/members?limit=150&lastValue=5",
    }
    web.on("GET", f"{ROOT}/members", Reply(json=page))
    assert "read already" in failure(web).message


def test_pages_of_members_that_bring_somebody_each_time_end_as_well(web: ScriptedHttp) -> None:
    script_workspace(web)
    pages = [
        Reply(
            json={
                "members": [{"sId": f"usr_{page}", "email": f"p{page}@b.example"}],
                "total": 1,
                "nextPageUrl": f"/api/w/w1/members?lastValue={page}",
            }
        )
        for page in range(1001)
    ]
    web.on("GET", f"{ROOT}/members", *pages)
    assert "it goes on after 1000 pages with 1000 people" in failure(web).message


@pytest.mark.parametrize("address", ["//[", "http://a:b@[", "?", "", "/members"])
def test_a_next_page_without_an_address_is_no_page(web: ScriptedHttp, address: str) -> None:
    script_workspace(web)
    page = {"members": [{"sId": "usr_1", "email": "a@b.example"}], "total": 1}
    web.on("GET", f"{ROOT}/members", Reply(json={**page, "nextPageUrl": address}))
    assert "read already" in failure(web).message


def test_a_view_without_its_server_is_read_again_and_then_a_fault(web: ScriptedHttp) -> None:
    script_workspace(web, servers=[])
    error = failure(web)
    assert isinstance(error, Unexpected)
    assert "GET /mcp doesn't list rms_1" in error.message
    assert web.calls().count(f"GET {ROOT}/mcp") == 2


def test_a_server_added_between_the_two_lists_is_read_again(web: ScriptedHttp) -> None:
    script_workspace(web)
    both = {"serverViews": [view(), view("mcpsv_s2", "rms_2")]}
    web.on("GET", f"{ROOT}/spaces/vlt_sys/mcp_views", Reply(json=both))
    lists = [{"servers": [server()]}, {"servers": [server(), server("rms_2")]}]
    web.on("GET", f"{ROOT}/mcp", *(Reply(json=each) for each in lists))
    assert set(snap(web.url).resources["MCPServer"]) == {"rms_1", "rms_2"}


def alone(*views: dict[str, Any]) -> Reply:
    """The server rms_2 read by itself."""
    tools = [{"name": "search"}, {"name": "drop"}]
    return Reply(json={"server": {"sId": "rms_2", "tools": tools, "views": list(views)}})


def test_a_server_without_a_view_in_the_list_is_read_by_itself(web: ScriptedHttp) -> None:
    script_workspace(web, servers=[server(), server("rms_2")])
    rows = [tool_row("drop", "low", enabled=False)]
    elsewhere = view("mcpsv_a2", "rms_2", "vlt_a")
    web.on(
        "GET",
        f"{ROOT}/mcp/rms_2",
        alone(elsewhere, view("mcpsv_s2", "rms_2", rows=rows, name="Mine")),
    )
    found = snap(web.url).find("MCPServer", "rms_2")
    assert found is not None
    assert (found.facts["systemViewId"], found.facts["halfMade"]) == ("mcpsv_s2", False)
    assert found.spec["displayName"] == "Mine"
    assert found.spec["tools"] == {
        "search": {"stake": "high", "enabled": True},
        "drop": {"stake": "low", "enabled": False},
    }


def test_a_half_made_server_stays_visible(web: ScriptedHttp) -> None:
    script_workspace(web, servers=[server(), server("rms_2", spaces=())])
    web.on("GET", f"{ROOT}/mcp/rms_2", alone())
    found = snap(web.url).find("MCPServer", "rms_2")
    assert found is not None
    assert found.facts["halfMade"] is True
    assert found.spec["url"] == "https://mcp.acme.example/mcp"
    assert found.spec["tools"] == {}


@pytest.mark.parametrize("field", ["toolsMetadata", "server.tools"])
def test_a_remote_servers_view_without_its_tools_is_not_guessed_at(
    web: ScriptedHttp, field: str
) -> None:
    shown = view()
    holder = shown["server"] if field.startswith("server.") else shown
    del holder[field.removeprefix("server.")]
    script_workspace(web, views=[shown])
    error = failure(web)
    assert isinstance(error, Unexpected)
    assert f"without `{field}`" in error.message
