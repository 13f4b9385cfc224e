"""Section 1: credentials, roles, error envelopes."""

import pytest

from tests.parts.mcp_servers import McpServer
from tests.sandbox.world import (
    ADMIN,
    BUILDER,
    KEY,
    OTHER_ADMIN,
    USER,
    World,
    make_space,
    refused,
    space_body,
    space_named,
    system_view,
)


@pytest.mark.parametrize(
    "header", [None, "", "Basic abc", "Bearer", "Bearer a b", "Bearer nobody", f"Bearer {KEY}"]
)
def test_private_routes_know_no_session_without_a_user_token(
    world: World, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = world.raw("/api/w/acme/spaces", None, headers=headers)
    refused(response, 401, "not_authenticated")


def test_the_scheme_is_case_insensitive(world: World) -> None:
    headers = {"Authorization": f"bEARER {ADMIN}"}
    assert world.raw("/api/w/acme/spaces", None, headers=headers).status_code == 200


def test_an_expired_token_says_so(world: World) -> None:
    response = world.raw("/api/w/acme/spaces", "t.expired")
    refused(response, 401, "expired_oauth_token_error")


def test_a_token_of_nobody_is_an_unknown_user(world: World) -> None:
    refused(world.raw("/api/w/acme/spaces", "t.stranger"), 401, "user_not_found")


def test_an_unknown_workspace_is_not_found(world: World) -> None:
    refused(world.raw("/api/w/nowhere/spaces"), 404, "workspace_not_found")


def test_a_plan_without_the_product_is_forbidden(world: World) -> None:
    response = world.raw("/api/w/closed/spaces")
    refused(response, 403, "workspace_can_use_product_required_error")


def test_a_stranger_to_the_workspace_is_unauthorized(world: World) -> None:
    response = world.raw("/api/w/acme/spaces", OTHER_ADMIN)
    refused(response, 401, "workspace_auth_error")


def test_answers_are_not_to_be_stored(world: World) -> None:
    assert world.raw("/api/w/acme/spaces").headers["cache-control"] == "private, no-store"


def test_me_lists_workspaces_with_roles(world: World) -> None:
    user = world.raw("/api/v1/me").json()["user"]
    assert user["email"] == "ana@acme.example"
    assert user["workspaces"] == [
        {"sId": "acme", "name": "Acme", "role": "admin", "ssoEnforced": False},
        {"sId": "globex", "name": "Globex", "role": "user", "ssoEnforced": False},
        {"sId": "closed", "name": "Closed", "role": "admin", "ssoEnforced": False},
    ]


def test_me_refuses_api_keys(world: World) -> None:
    assert world.raw("/api/v1/me", KEY).status_code == 401


def test_public_routes_take_keys_and_users(world: World) -> None:
    for token in (KEY, USER):
        spaces = world.raw("/api/v1/w/acme/spaces", token).json()["spaces"]
        assert {each["name"] for each in spaces} == {"Company Data", "Lounge"}
        assert all("isRestricted" in each and "groupIds" in each for each in spaces)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, "missing_authorization_header_error"),
        ("Bearer nobody", "malformed_authorization_header_error"),
        ("nonsense", "malformed_authorization_header_error"),
        ("Bearer sk-unknown", "invalid_api_key_error"),
    ],
)
def test_public_routes_name_what_is_wrong(world: World, header: str | None, kind: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    refused(world.raw("/api/v1/w/acme/spaces", None, headers=headers), 401, kind)


def test_a_key_opens_its_own_workspace_only(world: World) -> None:
    refused(world.raw("/api/v1/w/globex/spaces", KEY), 404, "workspace_not_found")


def test_the_public_family_can_not_write(world: World) -> None:
    with world.process.client_for(KEY, family="api/v1") as api:
        assert api.post("/spaces", json={}).status_code == 405


def test_not_an_admin_is_said_in_many_ways(world: World, open_server: McpServer) -> None:
    space = space_named(world.admin, "Lounge")
    server = world.admin.read("/mcp")["servers"][-1]["sId"]
    view = system_view(world.admin, server)["sId"]
    api = world.builder
    new_space = space_body("x")
    setting = {"toolName": "a", "permission": "low", "enabled": True}
    remote = {"serverType": "remote", "url": open_server.url}
    expected = [
        ("POST", "/spaces", new_space, 403, "workspace_auth_error"),
        ("PATCH", f"/spaces/{space}", {"name": "y"}, 403, "workspace_auth_error"),
        ("DELETE", f"/spaces/{space}", None, 403, "workspace_auth_error"),
        ("PATCH", f"/spaces/{space}/members", {"isRestricted": True}, 403, "workspace_auth_error"),
        ("POST", "/mcp", remote, 500, "internal_server_error"),
        ("PATCH", f"/mcp/{server}", {"icon": "ActionRobotIcon"}, 401, "workspace_auth_error"),
        ("DELETE", f"/mcp/{server}", None, 401, "workspace_auth_error"),
        ("POST", f"/mcp/{server}/sync", None, 403, "workspace_auth_error"),
        ("PATCH", f"/mcp/{server}/tools", {"tools": [setting]}, 403, "workspace_auth_error"),
        (
            "PATCH",
            f"/mcp/views/{view}",
            {"isRestrictedToSkills": True},
            401,
            "workspace_auth_error",
        ),
        ("POST", f"/spaces/{space}/mcp_views", {"mcpServerId": server}, 403, "mcp_auth_error"),
        ("GET", "/members", None, 403, "workspace_auth_error"),
        ("POST", "/groups", {"name": "g", "memberIds": []}, 403, "workspace_auth_error"),
    ]
    for method, path, body, status, kind in expected:
        refused(api.request(method, path, json=body), status, kind)


def test_a_refused_create_leaves_no_server_behind(world: World, open_server: McpServer) -> None:
    before = len(world.admin.read("/mcp")["servers"])
    response = world.builder.post("/mcp", json={"serverType": "remote", "url": open_server.url})
    assert "not authorized to create" in refused(response, 500, "internal_server_error")
    assert len(world.admin.read("/mcp")["servers"]) == before


def test_a_restricted_space_does_not_exist_for_others(world: World) -> None:
    space = space_named(world.admin, "Vault")
    assert world.builder.get(f"/spaces/{space}").status_code == 200
    refused(world.user.get(f"/spaces/{space}"), 404, "space_not_found")


def test_managers_make_groups(world: World) -> None:
    response = world.manager.post("/groups", json={"name": "Made by Max", "memberIds": []})
    assert response.status_code == 201


def test_malformed_json_is_said(world: World) -> None:
    response = world.admin.post("/spaces", content="{")
    assert refused(response, 400, "invalid_request_error") == "Malformed JSON in request body"


def test_a_body_of_wrong_types_is_a_validation_error(world: World) -> None:
    body = {"name": 5, "isRestricted": "yes", "spaceKind": "regular"}
    message = refused(world.admin.post("/spaces", json=body), 400, "invalid_request_error")
    assert message.startswith("Invalid request body: Validation error: ")
    assert "'isRestricted'" in message


def test_a_validation_error_does_not_repeat_what_was_sent(world: World) -> None:
    body = {"serverType": "remote", "url": "https://x.example", "sharedSecret": ["hush-hush"]}
    response = world.admin.post("/mcp", json=body)
    refused(response, 400, "invalid_request_error")
    assert "hush-hush" not in response.text


def test_an_unknown_route_is_an_envelope(world: World) -> None:
    assert world.raw("/api/w/acme/nope").status_code == 404
    refused(world.raw("/nope"), 404, "not_found")


def test_a_wrong_method_names_the_right_ones(world: World) -> None:
    response = world.admin.put("/spaces")
    assert "GET, POST" in refused(response, 405, "method_not_supported_error")


def test_ids_of_servers_that_can_not_be_decoded_fail_differently(world: World) -> None:
    api = world.admin
    refused(api.get("/mcp/nonsense"), 500, "internal_server_error")
    refused(api.delete("/mcp/nonsense"), 500, "internal_server_error")
    assert api.post("/mcp/nonsense/sync").status_code == 404
    refused(api.patch("/mcp/nonsense/tools", json={"tools": []}), 400, "invalid_request_error")


def test_unknown_servers_have_unlike_types(world: World) -> None:
    api, path = world.admin, "/mcp/rms_unknown00000"
    refused(api.get(path), 404, "data_source_not_found")
    refused(api.delete(path), 404, "data_source_not_found")
    refused(api.post(f"{path}/sync"), 404, "data_source_not_found")
    refused(api.patch(path, json={"icon": "x"}), 404, "mcp_server_not_found")


def test_other_workspaces_are_out_of_reach(world: World) -> None:
    theirs = make_space(world.admin, "Not for Globex")
    refused(world.other.get(f"/spaces/{theirs}"), 404, "space_not_found")


def test_only_loopback_host_names_are_answered(world: World) -> None:
    response = world.raw("/", None, headers={"Host": "evil.example"})
    assert response.status_code == 421
    for host in ("localhost:1", "127.0.0.1", "[::1]:80"):
        assert world.raw("/", None, headers={"Host": host}).status_code == 200


def test_builders_token_is_not_shown_anywhere(world: World) -> None:
    world.builder.read("/spaces")
    for path in ("/", "/_sandbox/overview.json", "/_sandbox/fragments.json"):
        assert BUILDER not in world.raw(path, None).text
