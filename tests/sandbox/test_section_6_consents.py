"""Section 6: consents, from setup to a connected server, with a real authorization server."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.consents import Stage, static_clients
from tests.sandbox.world import ADMIN, SEED, World, make_server, refused, system_view

BUILDER = "t.ben"


def attach(stage: Stage, consent: str) -> httpx2.Response:
    """Try to add the guarded server with a consent."""
    body = {
        "serverType": "remote",
        "url": stage.mcp.url,
        "connectionId": consent,
        "useCase": "platform_actions",
    }
    return stage.world.admin.post("/mcp", json=body)


@pytest.mark.parametrize(
    ("client", "sent"), [("basic", "basic"), ("post", "post"), ("public", "none")]
)
def test_a_static_app_connects_in_its_way_and_its_server_is_reached(
    stage: Stage, client: str, sent: str
) -> None:
    stage.idp.token_requests()
    consent = stage.connect(stage.static(client))
    (request,) = stage.idp.token_requests()
    assert (request["auth"], request["resource"]) == (sent, stage.mcp.url)
    response = attach(stage, consent)
    assert response.status_code == 201, response.text
    server = response.json()["server"]
    assert server["authorization"]["provider"] == "mcp_static"
    assert server["authorization"]["scope"] == "read"
    assert [each["name"] for each in server["tools"]] == ["read"]
    assert stage.mcp.last_headers()["authorization"].startswith("Bearer ey")


def test_finalize_answers_the_connection_without_client_code_or_tokens(stage: Stage) -> None:
    begun = stage.begin(stage.static())
    back = begun.agree()
    done = begun.finalize(back)
    connection = done.json()["connection"]
    assert connection["connection_id"] == back["state"]
    assert connection["status"] == "finalized"
    assert connection["provider"] == "mcp_static"
    assert connection["redirect_uri"] == stage.callback()
    metadata = connection["metadata"]
    assert metadata["use_case"] == "platform_actions"
    assert metadata["workspace_id"] == "acme"
    assert metadata["user_id"].startswith("usr_")
    assert not {"client_secret", "code_verifier", "access_token"} & set(metadata)
    assert "ey" not in [part[:2] for part in done.text.split('"')]
    assert done.headers["set-cookie"].startswith(begun.cookie.partition("=")[0])
    assert "Max-Age=0" in done.headers["set-cookie"]


def test_a_code_that_comes_twice_is_fine_and_another_code_is_not(stage: Stage) -> None:
    begun = stage.begin(stage.static())
    back = begun.agree()
    stage.idp.token_requests()
    assert begun.finalize(back).status_code == 200
    assert begun.finalize(back).status_code == 200
    assert len(stage.idp.token_requests()) == 1
    other = begun.finalize({**back, "code": "another"})
    assert "already finalized" in refused(other, 500, "internal_server_error")


def test_somebody_else_can_not_finalize_and_the_code_stays_unused(stage: Stage) -> None:
    begun = stage.begin(stage.static())
    back = begun.agree()
    stage.idp.token_requests()
    refused(begun.finalize(back, token=BUILDER), 403, "workspace_auth_error")
    refused(begun.finalize(back, token=None), 401, "not_authenticated")
    assert stage.idp.token_requests() == []
    refused(attach(stage, back["state"]), 403, "data_source_auth_error")
    assert begun.finalize(back).status_code == 200


def test_without_the_cookie_of_setup_nothing_is_finalized(stage: Stage) -> None:
    begun, other = stage.begin(stage.static()), stage.begin(stage.static())
    back = begun.agree()
    name = begun.cookie.partition("=")[0]
    stage.idp.token_requests()
    for cookie in (None, other.cookie, f"{name}=", f"{name}=guess"):
        refused(begun.finalize(back, cookie=cookie), 403, "workspace_auth_error")
    assert stage.idp.token_requests() == []
    assert begun.finalize(back).status_code == 200


def test_older_deployments_bind_nothing() -> None:
    acme = {**SEED["workspaces"][0], "legacy": {"unboundFinalize": True}}
    seed = {"workspaces": [acme]}
    with SandboxProcess(seed=seed) as process:
        world = World(process)
        with (
            OidcProvider(static_clients(world)) as idp,
            McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp,
        ):
            stage = Stage(world=world, idp=idp, mcp=mcp)
            begun = stage.begin(stage.static())
            assert begun.cookie == ""
            back = begun.agree()
            assert begun.finalize(back, token=BUILDER).status_code == 200
            assert attach(stage, back["state"]).status_code == 201
        world.close()


def test_a_denied_consent_comes_back_without_a_code(stage: Stage) -> None:
    begun = stage.begin(stage.static())
    stage.idp.consent("deny")
    back = begun.agree()
    stage.idp.consent("auto")
    assert back["error"] == "access_denied"
    message = refused(begun.finalize(back), 500, "internal_server_error")
    assert message == (
        "Failed to finalize mcp_static connection: authorization code not found in query"
    )
    refused(attach(stage, back["state"]), 403, "data_source_auth_error")


def test_a_scope_that_the_app_may_not_have_is_refused_on_the_way_back(stage: Stage) -> None:
    begun = stage.begin(stage.static("narrow", scope="read write"))
    back = begun.agree()
    assert back["error"] == "invalid_scope"
    refused(begun.finalize(back), 500, "internal_server_error")
    refused(attach(stage, back["state"]), 403, "data_source_auth_error")


def test_a_redirect_uri_that_is_not_registered_never_comes_back(stage: Stage) -> None:
    begun = stage.begin(stage.static(), provider="mcp")
    page = httpx2.get(begun.url, trust_env=False)
    assert (page.status_code, "invalid_redirect_uri" in page.text) == (400, True)
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    refused(attach(stage, state), 403, "data_source_auth_error")


def test_a_code_that_expired_is_refused_and_a_new_consent_heals_it(stage: Stage) -> None:
    begun = stage.begin(stage.static())
    back = begun.agree()
    stage.idp.set_ahead(3600)
    done = begun.finalize(back)
    stage.idp.set_ahead(0)
    assert "(invalid_grant)" in refused(done, 500, "internal_server_error")
    refused(attach(stage, back["state"]), 403, "data_source_auth_error")
    assert attach(stage, stage.connect(stage.static())).status_code == 201


def test_a_wrong_client_secret_shows_when_the_code_is_redeemed(stage: Stage) -> None:
    begun = stage.begin(stage.static(client_secret="wrong-secret"))
    message = refused(begun.finalize(begun.agree()), 500, "internal_server_error")
    assert "(invalid_client)" in message
    assert "wrong-secret" not in message


def test_an_authorization_server_that_is_down_leaves_the_code_for_later(world: World) -> None:
    with OidcProvider(static_clients(world)) as idp:
        mcp = McpServer("guarded", ["read"], issuer=idp.issuer)
        mcp.url = "http://127.0.0.1:9/mcp"
        stage = Stage(world=world, idp=idp, mcp=mcp)
        begun = stage.begin(stage.static())
        back = begun.agree()
        idp.stop()
        message = refused(begun.finalize(back), 500, "internal_server_error")
        assert message.endswith("the token endpoint could not be reached")
        refused(attach(stage, back["state"]), 403, "data_source_auth_error")


def test_a_token_endpoint_must_be_one_that_may_be_asked(stage: Stage) -> None:
    extra = stage.static(token_endpoint="http://as.example/token")
    begun = stage.begin(extra)
    message = refused(begun.finalize(begun.agree()), 500, "internal_server_error")
    assert message.endswith("is not https")


def test_a_page_where_tokens_should_be_is_no_crash(stage: Stage) -> None:
    with McpServer(sloppy="web-page") as page:
        begun = stage.begin(stage.static(token_endpoint=page.url))
        message = refused(begun.finalize(begun.agree()), 500, "internal_server_error")
    assert message.endswith("the token endpoint answered no JSON object")


def test_a_consent_belongs_to_the_one_who_gave_it(stage: Stage) -> None:
    consent = stage.connect(stage.static(), api=stage.world.builder)
    refused(attach(stage, consent), 403, "data_source_auth_error")
    server = attach(stage, stage.connect(stage.static())).json()["server"]["sId"]
    body = {"connectionId": consent, "mcpServerId": server}
    response = stage.world.admin.post("/mcp/connections/workspace", json=body)
    refused(response, 400, "invalid_request_error")
    stage.world.builder.write("POST", "/mcp/connections/personal", body)


def test_a_server_that_wants_more_scope_refuses_the_token(stage: Stage) -> None:
    with McpServer("strict", issuer=stage.idp.issuer, scopes=["write"]) as strict:
        consent = stage.connect(stage.static(resource=strict.url))
        body = {"serverType": "remote", "url": strict.url, "connectionId": consent}
        response = stage.world.admin.post("/mcp", json=body)
    assert refused(response, 400, "invalid_request_error") == "Forbidden (403)"


def test_a_personal_consent_clones_the_workspaces_client_and_callback(stage: Stage) -> None:
    api = stage.world.builder
    server = make_server(
        stage.world.admin,
        stage.mcp.url,
        connectionId=stage.connect(stage.static()),
        useCase="personal_actions",
    )
    begun = stage.begin({"mcp_server_id": server}, api=api, use_case="personal_actions")
    query = parse_qs(urlsplit(begun.url).query)
    assert query["client_id"] == ["basic"]
    assert query["scope"] == ["read"]
    assert query["resource"] == [stage.mcp.url]
    assert query["redirect_uri"] == [stage.callback()]
    done = begun.finalize(begun.agree())
    assert done.json()["connection"]["metadata"]["use_case"] == "personal_actions"
    body = {"connectionId": query["state"][0], "mcpServerId": server}
    mine = api.write("POST", "/mcp/connections/personal", body)["connection"]
    assert mine["user"]["email"] == "ben@acme.example"
    assert system_view(stage.world.admin, server)["oAuthUseCase"] == "personal_actions"
    stage.world.admin.write("DELETE", f"/mcp/{server}")
    left = api.read("/mcp/connections/personal")["connections"]
    assert mine["sId"] not in [each["sId"] for each in left]


def test_reconnecting_adds_a_connection_and_the_latest_token_is_used(stage: Stage) -> None:
    server = make_server(
        stage.world.admin, stage.mcp.url, connectionId=stage.connect(stage.static())
    )
    before = stage.mcp.last_headers()["authorization"]
    body = {"connectionId": stage.connect(stage.static("post")), "mcpServerId": server}
    stage.world.admin.write("POST", "/mcp/connections/workspace", body)
    view = system_view(stage.world.admin, server)["sId"]
    pin = {"oAuthUseCase": "platform_actions", "oauthScope": "read"}
    stage.world.admin.write("PATCH", f"/mcp/views/{view}", pin)
    stage.world.admin.write("POST", f"/mcp/{server}/sync")
    after = stage.mcp.last_headers()["authorization"]
    assert after.startswith("Bearer ey")
    assert after != before


def test_setup_binds_the_browser_for_ten_minutes(stage: Stage) -> None:
    response = httpx2.get(
        f"{stage.world.process.url}/api/w/acme/oauth/mcp_static/setup",
        params={
            "useCase": "platform_actions",
            "extraConfig": '{"client_id":"a","authorization_endpoint":"https://a.example/a",'
            '"token_endpoint":"https://a.example/t"}',
            "openerOrigin": "https://opener.example/page",
        },
        headers={"Authorization": f"Bearer {ADMIN}"},
        trust_env=False,
    )
    cookie = response.headers["set-cookie"]
    name, _, value = cookie.partition(";")[0].partition("=")
    assert len(name.removeprefix("dust_oauth_finalize_")) == 16
    assert len(value) >= 32
    for attribute in ("HttpOnly", "Max-Age=600", "SameSite=lax", "Path=/"):
        assert attribute in cookie
