"""Single writes of servers against scripted answers: exact bodies, and what may go wrong."""

from typing import Any

import pytest

from reconciler.providers import (
    Conflict,
    Done,
    IncompleteRead,
    OutcomeUnknown,
    Rejected,
    Run,
    Unexpected,
)
from reconciler.resources import Action, Change, LiveResource
from reconciler.secrets import Secret
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import (
    PROVIDER,
    ROOT,
    change,
    connect,
    refused,
    script_workspace,
    shown,
    snap,
    tool_row,
    view,
)

URL = "https://mcp.acme.example/mcp"
SECRET = "mcp-token-0123456789"
OK = Reply(json={"success": True})
MADE = Reply(status=201, json={"success": True, "server": {"sId": "rms_1"}})
AUTH = {"mode": "bearer", "token": {"env": "T"}}


def perform(web: ScriptedHttp, planned: Change, name: str, remote_id: str | None = "rms_1") -> Done:
    """One operation of the change."""
    run = Run(
        remote_id=remote_id,
        resolve=lambda address: f"vlt_{address.name}",
        secret=lambda _reference: Secret(SECRET),
    )
    (operation,) = (each for each in PROVIDER.operations(planned) if each.name == name)
    with PROVIDER.writer(connect(web.url, attempts=2)) as writer:
        return writer.perform(operation, planned, run)


def make(**spec: Any) -> Change:
    return change("MCPServer/x", Action.CREATE, spec={"url": URL, **spec})


def live(web: ScriptedHttp) -> LiveResource:
    found = snap(web.url).find("MCPServer", "rms_1")
    assert found is not None
    web.log.clear()
    return found


def update(web: ScriptedHttp, spec: dict[str, Any], *fields: Any, **more: Any) -> Change:
    whole = {"url": URL, **spec}
    return change("MCPServer/x", Action.UPDATE, spec=whole, live=live(web), fields=fields, **more)


def alone(*views: dict[str, Any]) -> Reply:
    """The server read by itself."""
    tools = [{"name": "search"}, {"name": "drop"}]
    return Reply(json={"server": {"sId": "rms_1", "tools": tools, "views": list(views)}})


def test_a_create_says_all_it_can_and_never_shares_at_once(web: ScriptedHttp) -> None:
    web.on("POST", f"{ROOT}/mcp", MADE)
    spec = {"displayName": "Acme", "auth": AUTH, "headers": {"X-B": {"literal": "b"}}}
    assert perform(web, make(**spec), "create", None) == Done(remote_id="rms_1")
    assert web.bodies("POST", f"{ROOT}/mcp") == [
        {
            "serverType": "remote",
            "url": URL,
            "includeGlobal": False,
            "viewName": "Acme",
            "sharedSecret": SECRET,
            "customHeaders": [{"key": "X-B", "value": "b"}],
        }
    ]


def test_a_create_leaves_out_what_is_not_managed(web: ScriptedHttp) -> None:
    web.on("POST", f"{ROOT}/mcp", MADE)
    perform(web, make(), "create", None)
    assert web.bodies("POST", f"{ROOT}/mcp") == [
        {"serverType": "remote", "url": URL, "includeGlobal": False}
    ]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(fault="hang-up"),
        Reply(fault="truncate", json={}),
        Reply(status=502, body=b""),
        Reply(status=504, body=b""),
        Reply(status=201, json={"success": True}),
        Reply(status=201, body=b"<html>", headers={"content-type": "text/html"}),
        refused(500, "internal_server_error"),
    ],
    ids=lambda reply: f"{reply.fault}-{reply.status}",
)
def test_a_create_whose_outcome_is_not_known_is_sent_once(web: ScriptedHttp, reply: Reply) -> None:
    script_workspace(web)
    web.on("POST", f"{ROOT}/mcp", reply, MADE)
    with pytest.raises(OutcomeUnknown):
        perform(web, make(displayName="Acme"), "create", None)
    assert web.calls(writes_only=True) == [f"POST {ROOT}/mcp"]


def test_a_half_made_server_is_not_written_to(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("GET", f"{ROOT}/mcp/rms_1", alone())
    with pytest.raises(Conflict, match="half made"):
        perform(web, make(description="Words"), "describe")
    assert web.calls(writes_only=True) == []


def test_both_keys_go_out_and_an_unmanaged_one_as_it_is(web: ScriptedHttp) -> None:
    script_workspace(web, views=[view(name=None, description="Theirs")])
    web.on("PATCH", f"{ROOT}/mcp/views/mcpsv_s1", OK)
    edit = shown(("displayName",), "acme-mcp", "Acme")
    perform(web, update(web, {"displayName": "Acme"}, edit), "describe")
    assert web.bodies("PATCH", f"{ROOT}/mcp/views/mcpsv_s1") == [
        {"name": "Acme", "description": "Theirs"}
    ]


def test_a_null_name_stays_null(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/views/mcpsv_s1", OK)
    edit = shown(("description",), "An MCP server", "Ours")
    perform(web, update(web, {"description": "Ours"}, edit), "describe")
    assert web.bodies("PATCH", f"{ROOT}/mcp/views/mcpsv_s1") == [
        {"name": None, "description": "Ours"}
    ]


def test_a_taken_name_says_what_to_choose(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/views/mcpsv_s1", refused(400, "invalid_request_error", "Taken"))
    edit = shown(("displayName",), "acme-mcp", "Acme")
    with pytest.raises(Rejected) as caught:
        perform(web, update(web, {"displayName": "Acme"}, edit), "describe")
    assert "displayName" in caught.value.help[0]


def test_icon_and_credentials_never_share_a_body(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/rms_1", OK)
    spec = {"icon": "ActionCarIcon", "auth": AUTH, "headers": {"X-A": {"literal": "a"}}}
    planned = update(
        web,
        spec,
        shown(("icon",), "old", "ActionCarIcon"),
        shown(("auth", "token"), None, None),
    )
    perform(web, planned, "icon")
    perform(web, planned, "credentials")
    assert web.bodies("PATCH", f"{ROOT}/mcp/rms_1") == [
        {"icon": "ActionCarIcon"},
        {"sharedSecret": SECRET},
    ]


def test_headers_alone_leave_the_token_out_and_send_every_value(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/rms_1", OK)
    spec = {"auth": AUTH, "headers": {"X-A": {"env": "K"}, "X-B": {"literal": "b"}}}
    planned = update(web, spec, shown(("headers", "X-B"), None, "b"))
    perform(web, planned, "credentials")
    assert web.bodies("PATCH", f"{ROOT}/mcp/rms_1") == [
        {"customHeaders": [{"key": "X-A", "value": SECRET}, {"key": "X-B", "value": "b"}]}
    ]


def test_no_headers_is_an_empty_list(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/rms_1", OK)
    planned = update(web, {"headers": {}}, shown(("headers", "X-B"), True, None))
    perform(web, planned, "credentials")
    assert web.bodies("PATCH", f"{ROOT}/mcp/rms_1") == [{"customHeaders": []}]


def test_the_use_case_goes_out_alone(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/views/mcpsv_s1", OK)
    spec = {"auth": {"mode": "automatic", "credentials": "personal"}}
    edit = shown(("auth", "credentials"), "workspace", "personal")
    perform(web, update(web, spec, edit), "use-case")
    assert web.bodies("PATCH", f"{ROOT}/mcp/views/mcpsv_s1") == [
        {"oAuthUseCase": "personal_actions"}
    ]


def test_every_tool_row_has_both_fields(web: ScriptedHttp) -> None:
    script_workspace(web, views=[view(rows=[tool_row("drop", "low", enabled=False)])])
    web.on("PATCH", f"{ROOT}/mcp/rms_1/tools", OK)
    planned = update(
        web,
        {"tools": {"search": {"enabled": False}, "drop": {"stake": "medium"}}},
        shown(("tools", "search", "enabled"), True, False),
        shown(("tools", "drop", "stake"), "low", "medium"),
    )
    perform(web, planned, "tools")
    assert web.bodies("PATCH", f"{ROOT}/mcp/rms_1/tools") == [
        {
            "tools": [
                {"toolName": "drop", "permission": "medium", "enabled": False},
                {"toolName": "search", "permission": "high", "enabled": False},
            ]
        }
    ]


def test_a_refused_batch_of_tools_is_not_tried_one_by_one(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/rms_1/tools", refused(400, "invalid_request_error"))
    edit = shown(("tools", "drop", "stake"), "high", "low")
    with pytest.raises(Rejected):
        perform(web, update(web, {"tools": {"drop": {"stake": "low"}}}, edit), "tools")
    assert web.calls(writes_only=True) == [f"PATCH {ROOT}/mcp/rms_1/tools"]


@pytest.mark.parametrize(
    "reply",
    [
        refused(404, "not_found"),
        Reply(status=404, body=b"<html>", headers={"content-type": "text/html"}),
    ],
)
def test_a_missing_batch_route_means_one_by_one(web: ScriptedHttp, reply: Reply) -> None:
    script_workspace(web)
    web.on("PATCH", f"{ROOT}/mcp/rms_1/tools", reply)
    web.on("PATCH", f"{ROOT}/mcp/rms_1/tools/drop", OK)
    edit = shown(("tools", "drop", "stake"), "high", "low")
    perform(web, update(web, {"tools": {"drop": {"stake": "low"}}}, edit), "tools")
    assert web.bodies("PATCH", f"{ROOT}/mcp/rms_1/tools/drop") == [
        {"permission": "low", "enabled": True}
    ]


def enter(web: ScriptedHttp) -> Change:
    edit = shown(("spaces",), frozenset({"a"}), frozenset({"a", "b"}))
    return update(web, {"spaces": ["a", "b"]}, edit, links={"b": "vlt_b"})


@pytest.mark.parametrize(
    "reply",
    [refused(500, "internal_server_error"), refused(400, "invalid_request_error", "in use")],
)
def test_a_space_entered_by_somebody_else_at_the_same_time_is_entered(
    web: ScriptedHttp, reply: Reply
) -> None:
    script_workspace(web)
    web.on("POST", f"{ROOT}/spaces/vlt_b/mcp_views", reply)
    web.on("GET", f"{ROOT}/mcp/rms_1", alone(view("mcpsv_b", space="vlt_b")))
    assert perform(web, enter(web), "view-add:b") == Done()


def test_a_failure_to_enter_a_space_stays_one_when_the_server_is_not_there(
    web: ScriptedHttp,
) -> None:
    script_workspace(web)
    failure = refused(500, "internal_server_error", "boom")
    web.on("POST", f"{ROOT}/spaces/vlt_b/mcp_views", failure)
    web.on("GET", f"{ROOT}/mcp/rms_1", alone(view()))
    with pytest.raises(OutcomeUnknown, match="boom"):
        perform(web, enter(web), "view-add:b")


def leave(web: ScriptedHttp) -> Change:
    edit = shown(("spaces",), frozenset({"a"}), frozenset())
    return update(web, {"spaces": []}, edit, links={"a": "vlt_a"})


def test_a_view_made_anew_since_the_read_is_a_conflict(web: ScriptedHttp) -> None:
    script_workspace(web)
    path = f"{ROOT}/spaces/vlt_a/mcp_views/mcpsv_rms_1_vlt_a"
    web.on("DELETE", path, refused(404, "data_source_not_found"))
    web.on("GET", f"{ROOT}/mcp/rms_1", alone(view("mcpsv_new", space="vlt_a")))
    with pytest.raises(Conflict, match="put into the space anew"):
        perform(web, leave(web), "view-remove:a")


def test_a_404_that_is_not_the_apis_is_not_taken_for_gone(web: ScriptedHttp) -> None:
    script_workspace(web)
    page = Reply(status=404, body=b"<html>", headers={"content-type": "text/html"})
    web.on("DELETE", f"{ROOT}/mcp/rms_1", page)
    with pytest.raises(Unexpected):
        perform(web, change("MCPServer/x", Action.DELETE, live=live(web)), "delete")


def test_a_server_that_shows_after_the_404_of_its_delete_is_not_gone(web: ScriptedHttp) -> None:
    script_workspace(web)
    web.on("DELETE", f"{ROOT}/mcp/rms_1", refused(404, "data_source_not_found"))
    web.on("GET", f"{ROOT}/mcp/rms_1", alone(view()))
    with pytest.raises(IncompleteRead, match="DELETE /mcp/rms_1 doesn't know rms_1"):
        perform(web, change("MCPServer/x", Action.DELETE, live=live(web)), "delete")
