"""Section 6.1: discovery and dynamic client registration, down to the connected server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.sandbox.consents import Stage
from tests.sandbox.world import World, make_server, refused

PATH = "/mcp/discover_oauth_metadata"


@pytest.fixture
def short_lived(world: World) -> Iterator[Stage]:
    """An authorization server whose access tokens have run out at once."""
    with (
        OidcProvider(access_ttl=9) as idp,
        McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp,
    ):
        yield Stage(world=world, idp=idp, mcp=mcp)


def failure(world: World, url: str) -> str:
    """Discover what can't be; the message."""
    return refused(world.user.post(PATH, json={"url": url}), 500, "internal_server_error")


def test_discovery_answers_what_setup_takes(stage: Stage) -> None:
    answer = stage.world.user.write("POST", PATH, {"url": stage.mcp.url})
    assert answer["oauthRequired"] is True
    metadata: dict[str, Any] = answer["connectionMetadata"]
    assert metadata.pop("client_id") in stage.idp.registered()
    assert len(metadata.pop("client_secret")) > 20
    assert metadata == {
        **stage.idp.endpoints(),
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "read offline_access",
        "resource": stage.mcp.url,
        "redirect_uri": stage.callback("mcp"),
    }


def test_every_discovery_registers_a_new_client(stage: Stage) -> None:
    before = len(stage.idp.registered())
    first, second = stage.registered(), stage.registered()
    assert first["client_id"] != second["client_id"]
    assert len(stage.idp.registered()) == before + 2


def test_a_registered_client_connects_and_is_refreshed(short_lived: Stage) -> None:
    stage = short_lived
    consent = stage.connect(stage.registered(), provider="mcp")
    server = make_server(stage.world.admin, stage.mcp.url, connectionId=consent)
    stage.idp.token_requests()
    stage.world.admin.write("POST", f"/mcp/{server}/sync")
    (request,) = stage.idp.token_requests()
    assert (request["grant"], request["auth"], request["status"]) == ("refresh_token", "basic", 200)
    again = stage.world.admin.write("POST", PATH, {"mcpServerId": server})
    assert again["connectionMetadata"]["resource"] == stage.mcp.url


def test_without_registration_it_is_a_case_for_static_oauth(world: World) -> None:
    with (
        OidcProvider(registration=False) as idp,
        McpServer(issuer=idp.issuer, scopes=["read"]) as mcp,
    ):
        assert "use static OAuth" in failure(world, mcp.url)


def test_an_authorization_server_that_is_down_is_named(world: World) -> None:
    with OidcProvider() as idp, McpServer(issuer=idp.issuer) as mcp:
        idp.stop()
        message = failure(world, mcp.url)
    assert "/.well-known/oauth-authorization-server can't be reached" in message


def test_a_server_that_is_down_can_not_be_discovered(world: World) -> None:
    assert "can't be reached" in failure(world, "http://127.0.0.1:9/mcp")
