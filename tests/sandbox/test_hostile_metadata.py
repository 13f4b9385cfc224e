"""MCP servers and authorization servers whose metadata must not be believed."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.sandbox.world import World, refused

RESOURCE = "/.well-known/oauth-protected-resource/mcp"
SERVER = "/.well-known/oauth-authorization-server"


@pytest.fixture
def hostile() -> Iterator[ScriptedHttp]:
    """A server that asks for a token and publishes metadata, all of it well-formed."""
    with ScriptedHttp() as http:
        challenge = {"WWW-Authenticate": f'Bearer resource_metadata="{http.url}{RESOURCE}"'}
        for verb in ("POST", "GET"):
            http.on(verb, "/mcp", Reply(status=401, headers=challenge))
        http.on("GET", RESOURCE, Reply(json=resource(http)))
        http.on("GET", SERVER, Reply(json=server(http)))
        http.on("GET", "/.well-known/openid-configuration", Reply(status=404))
        http.on("POST", "/register", Reply(status=201, json={"client_id": "made"}))
        yield http


def resource(http: ScriptedHttp, **changes: Any) -> dict[str, Any]:
    """Metadata of the resource."""
    return {"resource": f"{http.url}/mcp", "authorization_servers": [http.url], **changes}


def server(http: ScriptedHttp, **changes: Any) -> dict[str, Any]:
    """Metadata of the authorization server."""
    return {
        "issuer": http.url,
        "authorization_endpoint": f"{http.url}/authorize",
        "token_endpoint": f"{http.url}/token",
        "registration_endpoint": f"{http.url}/register",
        "code_challenge_methods_supported": ["S256"],
        **changes,
    }


def discover(world: World, http: ScriptedHttp) -> Any:
    """Ask the sandbox to discover it."""
    return world.admin.post("/mcp/discover_oauth_metadata", json={"url": f"{http.url}/mcp"})


def test_well_formed_metadata_is_believed(world: World, hostile: ScriptedHttp) -> None:
    answer = discover(world, hostile).json()
    assert answer["connectionMetadata"]["client_id"] == "made"
    (asked,) = hostile.bodies("POST", "/register")
    assert asked["application_type"] == "native"
    assert asked["redirect_uris"] == [f"{world.process.url}/oauth/mcp/finalize"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "https://other.example"}, "was looked up"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE with S256"),
        ({"code_challenge_methods_supported": []}, "PKCE with S256"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "an address without a host"),
        ({"token_endpoint": "http://169.254.169.254/token"}, "is not https"),
        ({"token_endpoint": "https://10.0.0.1/token"}, "private or reserved"),
        ({"registration_endpoint": "https://[::ffff:10.0.0.1]/r"}, "private or reserved"),
        (
            {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
            "that aren't supported",
        ),
    ],
)
def test_an_authorization_server_that_can_not_be_trusted_gets_no_registration(
    world: World, hostile: ScriptedHttp, changes: dict[str, Any], reason: str
) -> None:
    hostile.on("GET", SERVER, Reply(json=server(hostile, **changes)))
    assert reason in refused(discover(world, hostile), 500, "internal_server_error")
    assert hostile.bodies("POST", "/register") == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"resource": "https://other.example/mcp"}, "another resource"),
        ({"authorization_servers": ["http://10.0.0.1"]}, "is not https"),
        ({"authorization_servers": []}, "is no such metadata"),
    ],
)
def test_resource_metadata_that_leads_elsewhere_is_not_followed(
    world: World, hostile: ScriptedHttp, changes: dict[str, Any], reason: str
) -> None:
    hostile.on("GET", RESOURCE, Reply(json=resource(hostile, **changes)))
    assert reason in refused(discover(world, hostile), 500, "internal_server_error")
    assert hostile.bodies("POST", "/register") == []


def test_redirects_of_metadata_lead_nowhere(world: World, hostile: ScriptedHttp) -> None:
    away = Reply(status=302, headers={"Location": "http://10.0.0.1/"})
    hostile.on("GET", RESOURCE, away)
    message = refused(discover(world, hostile), 500, "internal_server_error")
    assert "redirects, which isn't followed" in message


def test_a_registration_that_is_refused_is_told_without_its_text(
    world: World, hostile: ScriptedHttp
) -> None:
    hostile.on("POST", "/register", Reply(status=400, json={"error": "told-by-the-server"}))
    message = refused(discover(world, hostile), 500, "internal_server_error")
    assert "refuses the client (HTTP 400)" in message
    assert "told-by-the-server" not in message
