"""Section 6: what OAuth routes refuse, connections; consents of seeds stand in for real ones."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.parts.mcp_servers import McpServer
from tests.sandbox.world import World, make_server, refused, system_view

CLIENT = {
    "client_id": "app",
    "client_secret": "never-shown",
    "authorization_endpoint": "https://as.example/authorize?tenant=1",
    "token_endpoint": "https://as.example/token",
    "scope": "read",
}


def setup(world: World, provider: str = "mcp", **query: Any) -> Any:
    """Begin a consent as the admin."""
    return world.admin.get(f"/oauth/{provider}/setup", params=query)


@pytest.fixture
def connected(world: World, bearer_server: McpServer) -> Iterator[str]:
    """A server created with a consent, so with a workspace connection."""
    server = make_server(
        world.admin, bearer_server.url, connectionId="con_ana", useCase="platform_actions"
    )
    yield server
    world.admin.delete(f"/mcp/{server}")


def connection_of(world: World, server: str) -> dict[str, Any]:
    """The workspace connection listed for a server."""
    found = world.admin.read("/mcp/connections/workspace")["connections"]
    connection: dict[str, Any] = next(each for each in found if each["remoteMCPServerId"] == server)
    return connection


def test_discovery_says_when_no_oauth_is_needed(world: World, open_server: McpServer) -> None:
    body = {"url": open_server.url}
    answer = world.user.write("POST", "/mcp/discover_oauth_metadata", body)
    assert answer == {"oauthRequired": False}


def test_discovery_checks_urls_and_ids(world: World) -> None:
    path = "/mcp/discover_oauth_metadata"

    def post(body: dict[str, Any]) -> Any:
        return world.admin.post(path, json=body)

    message = refused(post({"url": "nonsense"}), 400, "invalid_request_error")
    assert message == "Invalid URL format."
    message = refused(post({"url": "http://x.example"}), 400, "invalid_request_error")
    assert message == "Only HTTPS URLs are allowed."
    refused(post({"mcpServerId": "rms_unknown00000"}), 404, "mcp_server_not_found")
    refused(post({}), 400, "invalid_request_error")


def test_discovery_of_a_known_server_uses_its_headers(world: World) -> None:
    with McpServer("headed", ["a"], header=("X-Key", "v")) as server:
        header = [{"key": "X-Key", "value": "v"}]
        sid = make_server(world.admin, server.url, customHeaders=header)
        body = {"mcpServerId": sid, "url": "http://127.0.0.1:9/ignored"}
        answer = world.admin.write("POST", "/mcp/discover_oauth_metadata", body)
    assert answer == {"oauthRequired": False}


def test_discovery_guesses_nothing_when_a_server_publishes_nothing(
    world: World, bearer_server: McpServer
) -> None:
    body = {"url": bearer_server.url}
    response = world.admin.post("/mcp/discover_oauth_metadata", json=body)
    message = refused(response, 500, "internal_server_error")
    assert "the authorization server publishes no metadata" in message


def test_setup_answers_an_authorization_url_whose_state_is_the_connection(world: World) -> None:
    response = setup(world, useCase="platform_actions", extraConfig=json.dumps(CLIENT))
    assert response.status_code == 200
    url = urlsplit(response.json()["redirectUrl"])
    assert (url.scheme, url.netloc, url.path) == ("https", "as.example", "/authorize")
    query = {key: values[0] for key, values in parse_qs(url.query).items()}
    assert query.pop("state").startswith("con_")
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": f"{world.process.url}/oauth/mcp/finalize",
        "code_challenge_method": "S256",
        "scope": "read",
    }
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("dust_oauth_finalize_")
    assert "HttpOnly" in cookie
    assert "Max-Age=600" in cookie


@pytest.mark.parametrize(
    ("provider", "query"),
    [
        ("mcp", {}),
        ("mcp", {"useCase": "holidays"}),
        ("github", {"useCase": "platform_actions", "extraConfig": json.dumps(CLIENT)}),
        ("mcp", {"useCase": "platform_actions", "extraConfig": "{"}),
        ("mcp", {"useCase": "platform_actions", "extraConfig": "[]"}),
        ("mcp", {"useCase": "platform_actions", "extraConfig": '{"client_id": 5}'}),
        ("mcp", {"useCase": "platform_actions", "extraConfig": '{"client_id": "a"}'}),
        (
            "mcp_static",
            {
                "useCase": "platform_actions",
                "extraConfig": json.dumps({**CLIENT, "token_endpoint": "nonsense"}),
            },
        ),
    ],
)
def test_setup_refuses_bad_input(world: World, provider: str, query: dict[str, str]) -> None:
    refused(setup(world, provider, **query), 400, "invalid_request_error")


def test_a_personal_consent_needs_a_workspace_connection(world: World) -> None:
    extra = json.dumps({"mcp_server_id": "rms_unknown00000"})
    response = setup(world, useCase="personal_actions", extraConfig=extra)
    refused(response, 404, "mcp_server_connection_not_found")


def test_the_callback_is_a_page_of_the_sandbox(world: World) -> None:
    for provider in ("mcp", "mcp_static"):
        callback = f"{world.process.url}/oauth/{provider}/finalize"
        assert world.user.read(f"/oauth/{provider}/redirect_uri") == {"redirectUri": callback}
        assert world.raw(f"/oauth/{provider}/finalize", None).status_code == 200
    assert world.raw("/oauth/github/finalize", None).status_code == 404
    refused(world.user.get("/oauth/github/redirect_uri"), 400, "invalid_request_error")


def test_finalize_wants_the_session_and_the_browser_that_began(world: World) -> None:
    started = setup(world, useCase="platform_actions", extraConfig=json.dumps(CLIENT))
    state = parse_qs(urlsplit(started.json()["redirectUrl"]).query)["state"][0]
    path = f"/api/oauth/mcp/finalize?code=abc&state={state}"
    refused(world.raw(path, None), 401, "not_authenticated")
    refused(world.raw(path), 403, "workspace_auth_error")
    cookie = started.headers["set-cookie"].partition(";")[0]
    theirs = world.raw(path, "t.ben", headers={"Cookie": cookie})
    refused(theirs, 403, "workspace_auth_error")
    assert world.raw("/api/oauth/github/finalize?code=a").status_code == 404
    missing = world.raw(f"/api/oauth/mcp/finalize?state={state}")
    refused(missing, 500, "internal_server_error")


def test_until_it_is_finalized_a_connection_can_not_be_used(
    world: World, bearer_server: McpServer, open_server: McpServer
) -> None:
    api = world.admin
    for consent in ("con_pending", "con_ben", "con_unknown"):
        body = {"serverType": "remote", "url": bearer_server.url, "connectionId": consent}
        refused(api.post("/mcp", json=body), 403, "data_source_auth_error")
        server = make_server(api, open_server.url)
        attach = {"connectionId": consent, "mcpServerId": server}
        response = api.post("/mcp/connections/workspace", json=attach)
        refused(response, 400, "invalid_request_error")


def test_an_id_of_another_sort_has_no_access_token(world: World, bearer_server: McpServer) -> None:
    body = {"serverType": "remote", "url": bearer_server.url, "connectionId": "other"}
    message = refused(world.admin.post("/mcp", json=body), 400, "invalid_request_error")
    assert message == "Error fetching OAuth connection access token"


def test_a_server_created_with_a_consent_is_authorized_by_it(world: World, connected: str) -> None:
    server = world.admin.read(f"/mcp/{connected}")["server"]
    assert server["authorization"] == {
        "provider": "mcp",
        "supported_use_cases": ["platform_actions", "personal_actions"],
        "scope": "read write",
        "workspace_connection": {"required": True, "satisfied": True},
    }
    assert server["sharedSecret"] is None
    assert world.admin.post(f"/mcp/{connected}/sync").status_code == 200


def test_connections_show_who_and_when_and_nothing_secret(world: World, connected: str) -> None:
    connection = connection_of(world, connected)
    assert set(connection) == {
        "sId",
        "createdAt",
        "updatedAt",
        "authType",
        "connectionType",
        "serverType",
        "remoteMCPServerId",
        "internalMCPServerId",
        "user",
    }
    assert connection["createdAt"].endswith("Z")
    assert connection["user"]["email"] == "ana@acme.example"
    one = world.user.read(f"/mcp/connections/workspace/{connection['sId']}")
    assert one == {"connection": connection}


def test_every_post_adds_a_row_and_the_latest_is_listed(world: World, connected: str) -> None:
    before = connection_of(world, connected)
    body = {"connectionId": "con_ana", "mcpServerId": connected}
    answer = world.admin.write("POST", "/mcp/connections/workspace", body)
    assert answer["success"] is True
    after = connection_of(world, connected)
    assert after == answer["connection"]
    assert after["sId"] != before["sId"]


def test_attaching_does_not_convert_a_server(world: World) -> None:
    with McpServer("plain", ["a"]) as plain:
        server = make_server(world.admin, plain.url)
        body = {"connectionId": "con_ana", "mcpServerId": server}
        world.admin.write("POST", "/mcp/connections/workspace", body)
        assert world.admin.read(f"/mcp/{server}")["server"]["authorization"] is None
        world.admin.write("POST", f"/mcp/{server}/sync")
        assert "authorization" not in plain.last_headers()


def test_only_admins_connect_the_workspace_and_it_crashes_for_others(
    world: World, connected: str
) -> None:
    body = {"connectionId": "con_ben", "mcpServerId": connected}
    refused(
        world.builder.post("/mcp/connections/workspace", json=body),
        500,
        "internal_server_error",
    )
    connection = connection_of(world, connected)
    path = f"/mcp/connections/workspace/{connection['sId']}"
    message = refused(world.builder.delete(path), 500, "internal_server_error")
    assert message == "Failed to delete connection"


def test_deleting_the_workspace_connection_takes_everybodys(world: World, connected: str) -> None:
    api = world.admin
    view = system_view(api, connected)["sId"]
    pin = {"oAuthUseCase": "platform_actions", "oauthScope": "read"}
    api.write("PATCH", f"/mcp/views/{view}", pin)
    body = {"connectionId": "con_ben", "mcpServerId": connected}
    world.builder.write("POST", "/mcp/connections/personal", body)
    assert len(world.builder.read("/mcp/connections/personal")["connections"]) == 1
    connection = connection_of(world, connected)
    path = f"/mcp/connections/workspace/{connection['sId']}"
    assert api.write("DELETE", path) == {"success": True}
    assert world.builder.read("/mcp/connections/personal")["connections"] == []
    refused(api.get(path), 404, "mcp_server_connection_not_found")
    authorization = api.read(f"/mcp/{connected}")["server"]["authorization"]
    assert authorization["workspace_connection"] == {"required": True, "satisfied": False}
    assert system_view(api, connected)["server"]["authorization"]["scope"] == "read write"


def test_personal_connections_are_ones_own(world: World, connected: str) -> None:
    body = {"connectionId": "con_ben", "mcpServerId": connected}
    mine = world.builder.write("POST", "/mcp/connections/personal", body)["connection"]
    path = f"/mcp/connections/personal/{mine['sId']}"
    refused(world.user.get(path), 404, "mcp_server_connection_not_found")
    assert world.admin.read("/mcp/connections/personal")["connections"] == []
    world.builder.write("DELETE", path)
    assert connection_of(world, connected)["connectionType"] == "workspace"


def test_connections_of_other_kinds_and_workspaces_are_out_of_reach(
    world: World, connected: str
) -> None:
    connection = connection_of(world, connected)
    refused(world.admin.get("/mcp/connections/holiday"), 400, "invalid_request_error")
    for client, kind in ((world.admin, "personal"), (world.other, "workspace")):
        response = client.get(f"/mcp/connections/{kind}/{connection['sId']}")
        refused(response, 404, "mcp_server_connection_not_found")


def test_the_log_keeps_no_part_of_a_consent(world: World) -> None:
    setup(world, useCase="platform_actions", extraConfig=json.dumps(CLIENT))
    log = world.raw("/_sandbox/overview.json", None).text
    assert "/oauth/mcp/setup" in log
    assert "never-shown" not in log
    assert "abc" not in log.partition("finalize?")[2]
