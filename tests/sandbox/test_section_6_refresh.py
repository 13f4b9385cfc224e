"""Section 6.9: access tokens that run out are refreshed, each refresh token is used once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.sandbox.consents import Stage, static_clients
from tests.sandbox.world import World, make_server, refused

# What is taken off a token's life in the sandbox is more: each token has run out at once.
SHORT = 9


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    """As elsewhere, but access tokens have hardly any life."""
    with (
        OidcProvider(static_clients(world), access_ttl=SHORT) as idp,
        McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp,
    ):
        yield Stage(world=world, idp=idp, mcp=mcp)


def connected(stage: Stage, **changes: str) -> str:
    """A server that was added with a consent."""
    consent = stage.connect(stage.static(**changes))
    server = make_server(stage.world.admin, stage.mcp.url, connectionId=consent)
    stage.idp.token_requests()
    return server


def test_a_token_that_ran_out_is_refreshed_with_its_resource(stage: Stage) -> None:
    server = connected(stage)
    before = stage.mcp.last_headers()["authorization"]
    stage.world.admin.write("POST", f"/mcp/{server}/sync")
    (request,) = stage.idp.token_requests()
    assert (request["grant"], request["resource"], request["scope"]) == (
        "refresh_token",
        stage.mcp.url,
        None,
    )
    assert stage.mcp.last_headers()["authorization"] != before


def test_the_rotated_refresh_token_is_the_one_used_next(stage: Stage) -> None:
    server = connected(stage)
    for _ in range(3):  # a refresh token that comes twice would revoke the whole grant
        stage.world.admin.write("POST", f"/mcp/{server}/sync")
    assert [each["status"] for each in stage.idp.token_requests()] == [200, 200, 200]


def test_whoever_needs_the_token_at_the_same_time_takes_turns(stage: Stage) -> None:
    server = connected(stage)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: stage.world.admin.post(f"/mcp/{server}/sync"), range(4)))
    assert [each.status_code for each in done] == [200] * 4
    assert {each["status"] for each in stage.idp.token_requests()} == {200}


def test_a_resource_that_refresh_does_not_take_is_left_out_the_second_time(world: World) -> None:
    with (
        OidcProvider(static_clients(world), access_ttl=SHORT) as idp,
        McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp,
    ):
        stage = Stage(world=world, idp=idp, mcp=mcp)
        server = connected(stage)
        idp.refuse_resource_on_refresh()
        world.admin.write("POST", f"/mcp/{server}/sync")
        requests = idp.token_requests()
    assert [(each["resource"], each["status"]) for each in requests] == [
        (mcp.url, 400),
        (None, 200),
    ]


def test_a_revoked_refresh_token_is_told_on_the_server_until_somebody_reconnects(
    stage: Stage,
) -> None:
    api, server = stage.world.admin, connected(stage)
    stage.idp.revoke_refresh_tokens()
    message = refused(api.post(f"/mcp/{server}/sync"), 400, "invalid_request_error")
    assert message == (
        "Error fetching remote server metadata: the authorization server refused (invalid_grant)"
    )
    sick = api.read(f"/mcp/{server}")["server"]
    assert sick["lastError"] == "the authorization server refused (invalid_grant)"
    assert sick["authorization"]["workspace_connection"]["satisfied"] is True
    body = {"connectionId": stage.connect(stage.static()), "mcpServerId": server}
    api.write("POST", "/mcp/connections/workspace", body)
    api.write("POST", f"/mcp/{server}/sync")
    assert api.read(f"/mcp/{server}")["server"]["lastError"] is None


def test_an_authorization_server_that_is_down_fails_the_sync_and_no_more(stage: Stage) -> None:
    api, server = stage.world.admin, connected(stage)
    stage.idp.stop()
    message = refused(api.post(f"/mcp/{server}/sync"), 400, "invalid_request_error")
    assert message.endswith("the token endpoint could not be reached")
    assert api.read(f"/mcp/{server}")["server"]["lastError"] is not None


def test_without_a_refresh_token_an_expired_consent_adds_no_server(world: World) -> None:
    with (
        OidcProvider(static_clients(world), access_ttl=SHORT, refresh=False) as idp,
        McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp,
    ):
        stage = Stage(world=world, idp=idp, mcp=mcp)
        consent = stage.connect(stage.static())
        body = {"serverType": "remote", "url": mcp.url, "connectionId": consent}
        message = refused(world.admin.post("/mcp", json=body), 400, "invalid_request_error")
    assert message.startswith("Error fetching OAuth connection access token")
    assert message.endswith("there is no refresh token: reconnect")
