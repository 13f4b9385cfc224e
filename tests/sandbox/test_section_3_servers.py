"""Section 3: servers: create, list, read, patch, delete, sync, catalogue."""

from collections.abc import Iterator

import pytest

from tests.parts.mcp_servers import McpServer, Sloppy, Tool
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.world import (
    ADMIN,
    SEED,
    World,
    make_server,
    make_space,
    refused,
    space_named,
    system_view,
)

MASK = "••••••••"


def remote(url: str, **more: object) -> dict[str, object]:
    """The body that creates a remote server."""
    return {"serverType": "remote", "url": url, **more}


@pytest.fixture
def changing() -> Iterator[McpServer]:
    """An MCP server whose tools the test may change."""
    with McpServer("changing", ["one", "two"]) as server:
        yield server


def test_create_lists_the_tools_of_the_real_server(world: World, open_server: McpServer) -> None:
    response = world.admin.post("/mcp", json=remote(open_server.url))
    assert response.status_code == 201
    body = response.json()
    assert body["success"] is True
    server = body["server"]
    assert server["sId"].startswith("rms_")
    assert [tool["name"] for tool in server["tools"]] == ["search", "delete_all"]
    assert server["tools"][0]["inputSchema"]["type"] == "object"
    expected = {
        "name": "demo",
        "version": "1.2.3",
        "description": "A demo",
        "icon": "ActionCommand1Icon",
        "authorization": None,
        "availability": "manual",
        "allowMultipleInstances": True,
        "url": open_server.url,
        "lastError": None,
        "sharedSecret": None,
        "customHeaders": None,
        "meta": None,
    }
    assert {key: server[key] for key in expected} == expected
    assert "views" not in server


def test_create_makes_the_system_view_and_nothing_else(
    world: World, open_server: McpServer
) -> None:
    server = make_server(world.admin, open_server.url, viewName=" Shown ", useCase=None)
    (view,) = world.admin.read(f"/mcp/{server}")["server"]["views"]
    assert view["spaceId"] == space_named(world.admin, "System")
    assert (view["name"], view["description"], view["oAuthUseCase"]) == ("Shown", None, None)
    assert view["toolsMetadata"] == []
    assert view["editedByUser"]["email"] == "ana@acme.example"


def test_urls_and_names_may_repeat(world: World, open_server: McpServer) -> None:
    first, second = (make_server(world.admin, open_server.url) for _ in range(2))
    assert first != second


def test_a_server_without_description_has_the_default_one(world: World) -> None:
    with McpServer("quiet", ["a"], description=None) as server:
        sid = make_server(world.admin, server.url)
    about = world.admin.read(f"/mcp/{sid}")["server"]["description"]
    assert about == "Call a tool to answer a question."


def test_the_token_is_sent_and_masked(world: World, bearer_server: McpServer) -> None:
    api = world.admin
    message = refused(
        api.post("/mcp", json=remote(bearer_server.url)), 400, "invalid_request_error"
    )
    assert message == "Unauthorized (401)"
    wrong = remote(bearer_server.url, sharedSecret="wrong-token")
    assert api.post("/mcp", json=wrong).status_code == 400
    response = api.post("/mcp", json=remote(bearer_server.url, sharedSecret="granted"))
    assert response.status_code == 201
    assert response.json()["server"]["sharedSecret"] == MASK


def test_long_secrets_show_their_last_four_characters(world: World, open_server: McpServer) -> None:
    body = remote(open_server.url, sharedSecret="a-rather-long-secret")
    server = world.admin.post("/mcp", json=body).json()["server"]
    assert server["sharedSecret"] == "•••••cret"


def test_custom_headers_are_sent_cleaned_and_masked(world: World) -> None:
    headers = [
        {"key": " X-Key ", "value": " first "},
        {"key": "X-Key", "value": "second"},
        {"key": "X-Lines", "value": "a\r\nb"},
        {"key": "X-Empty", "value": "  "},
        {"key": "", "value": "nameless"},
    ]
    with McpServer("headed", ["a"], header=("X-Key", "second")) as server:
        refused(world.admin.post("/mcp", json=remote(server.url)), 400, "invalid_request_error")
        response = world.admin.post("/mcp", json=remote(server.url, customHeaders=headers))
        assert response.status_code == 201
        assert server.last_headers()["x-lines"] == "a  b"
    assert response.json()["server"]["customHeaders"] == {"X-Key": MASK, "X-Lines": MASK}


def test_the_token_wins_over_a_custom_authorization(world: World, bearer_server: McpServer) -> None:
    headers = [{"key": "authorization", "value": "Basic abc"}]
    body = remote(bearer_server.url, sharedSecret="granted", customHeaders=headers)
    assert world.admin.post("/mcp", json=body).status_code == 201


def test_a_custom_authorization_counts_where_there_is_no_token(
    world: World, bearer_server: McpServer
) -> None:
    headers = [{"key": "Authorization", "value": "Bearer granted"}]
    body = remote(bearer_server.url, customHeaders=headers)
    assert world.admin.post("/mcp", json=body).status_code == 201


@pytest.mark.parametrize(
    ("sloppy", "message"),
    [
        ("web-page", "Unexpected content type"),
        ("bad-tools", "Error getting metadata from the remote MCP server."),
        ("crashing", "Internal Server Error (500)"),
        ("telltale", "refused"),
    ],
)
def test_a_sloppy_server_is_refused_not_fatal(world: World, sloppy: Sloppy, message: str) -> None:
    with McpServer(sloppy=sloppy) as server:
        response = world.admin.post("/mcp", json=remote(server.url))
    assert message in refused(response, 400, "invalid_request_error")


@pytest.mark.parametrize("path", ["/sse", "/events"])
def test_servers_of_the_old_transport_are_reached_too(world: World, path: str) -> None:
    with McpServer("old", ["a"], sse_path=path, bearer="granted") as server:
        found = make_server(world.admin, server.url, sharedSecret="granted")
        refusal = world.admin.post("/mcp", json=remote(server.url))
    assert world.admin.read(f"/mcp/{found}")["server"]["name"] == "old"
    assert refused(refusal, 400, "invalid_request_error") == "Unauthorized (401)"


def test_a_silent_server_times_out() -> None:
    with (
        McpServer(sloppy="silent") as server,
        SandboxProcess(seed=SEED, flags=("--probe-timeout", "0.5")) as process,
        process.client_for(ADMIN) as api,
    ):
        response = api.post("/mcp", json=remote(server.url))
        assert "Timed out" in refused(response, 400, "invalid_request_error")


def test_a_server_that_is_down_is_refused(world: World) -> None:
    with McpServer() as server:
        gone = server.url
    response = world.admin.post("/mcp", json=remote(gone))
    assert "Could not connect" in refused(response, 400, "invalid_request_error")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "URL is required"),
        ("nonsense", "Invalid MCP server URL"),
        ("http://[", "Invalid MCP server URL"),
        ("http://mcp.example/mcp", "Only HTTPS URLs are allowed."),
        ("https://name.invalid/mcp", "Could not resolve hostname."),
        ("https://10.0.0.1/mcp", "private or reserved"),
        ("https://169.254.169.254/mcp", "private or reserved"),
        ("https://[::ffff:10.0.0.1]/mcp", "private or reserved"),
        ("https://x.example/" + "a" * 2048, "2048"),
    ],
)
def test_urls_are_checked_before_anything_is_sent(world: World, url: str, message: str) -> None:
    response = world.admin.post("/mcp", json=remote(url))
    assert message in refused(response, 400, "invalid_request_error")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/mcp", "https://localhost:9/mcp"])
def test_a_strict_sandbox_refuses_loopback_too(url: str) -> None:
    with (
        SandboxProcess(seed=SEED, flags=("--strict-urls",)) as process,
        process.client_for(ADMIN) as api,
    ):
        message = refused(api.post("/mcp", json=remote(url)), 400, "invalid_request_error")
        assert "HTTPS" in message or "private or reserved" in message


@pytest.mark.parametrize("name", ["", "   ", "n" * 256])
def test_view_names_have_limits(world: World, open_server: McpServer, name: str) -> None:
    response = world.admin.post("/mcp", json=remote(open_server.url, viewName=name))
    assert "255" in refused(response, 400, "invalid_request_error")


def test_a_taken_view_name_leaves_half_a_server(world: World, open_server: McpServer) -> None:
    api = world.admin
    make_server(api, open_server.url, viewName="Only once")
    before = {each["sId"] for each in api.read("/mcp")["servers"]}
    response = api.post("/mcp", json=remote(open_server.url, viewName="Only once"))
    refused(response, 500, "internal_server_error")
    (half,) = (each for each in api.read("/mcp")["servers"] if each["sId"] not in before)
    assert half["views"] == []
    space = make_space(api, "For half a server")
    answer = api.post(f"/spaces/{space}/mcp_views", json={"mcpServerId": half["sId"]})
    assert "Missing system view" in refused(answer, 400, "invalid_request_error")


def test_create_for_everyone_checks_names_and_names_the_conflict(
    world: World, open_server: McpServer
) -> None:
    api = world.admin
    server = make_server(api, open_server.url, viewName="Company-wide", includeGlobal=True)
    views = api.read(f"/mcp/{server}")["server"]["views"]
    assert {each["spaceId"] for each in views} == {
        space_named(api, "System"),
        space_named(api, "Company Data"),
    }
    again = remote(open_server.url, viewName="Company-wide", includeGlobal=True)
    response = api.post("/mcp", json=again)
    refused(response, 400, "invalid_request_error")
    assert response.json()["nameConflict"] == {"name": "Company-wide"}
    cropped = remote(open_server.url, viewName="company wide", includeGlobal=True)
    response = api.post("/mcp", json=cropped)
    refused(response, 400, "invalid_request_error")
    assert response.json()["nameConflict"]["conflictDetails"] == {
        "conflictingServerName": "Company-wide",
        "conflictingToolName": "company_wide__delete_all",
    }


def test_the_list_is_sorted_and_its_views_are_light(world: World, open_server: McpServer) -> None:
    make_server(world.admin, open_server.url, sharedSecret="a-rather-long-secret")
    body = world.admin.read("/mcp")
    assert body["success"] is True
    names = [each["name"].casefold() for each in body["servers"]]
    assert names == sorted(names)
    server = next(each for each in body["servers"] if each["sharedSecret"] == "•••••cret")
    (view,) = server["views"]
    assert set(view) == {
        "sId",
        "spaceId",
        "name",
        "description",
        "oAuthUseCase",
        "editedByUser",
        "server",
    }
    assert view["server"]["tools"] == []
    assert not {"authorization", "sharedSecret", "customHeaders"} & set(view["server"])


def test_reading_the_list_brings_automatic_tools_in() -> None:
    with SandboxProcess(seed=SEED) as process, process.client_for(ADMIN) as api:
        company = space_named(api, "Company Data")
        found = api.read("/mcp")["servers"]
        automatic = [each for each in found if each["availability"] != "manual"]
        assert automatic
        assert all(len(each["views"]) == 2 for each in automatic)
        views = api.read(f"/spaces/{company}/mcp_views", availability="auto")["serverViews"]
        assert all(each["server"]["availability"] == "auto" for each in views)
        assert api.read("/mcp")["servers"] == found


def test_patch_takes_the_first_body_that_fits(world: World, open_server: McpServer) -> None:
    api = world.admin
    path = f"/mcp/{make_server(api, open_server.url)}"
    both = {"icon": "ActionRobotIcon", "sharedSecret": "a-rather-long-secret"}
    answer = api.write("PATCH", path, both)
    assert answer["success"] is True
    assert "views" not in answer["server"]
    assert answer["server"]["icon"] == "ActionRobotIcon"
    assert answer["server"]["sharedSecret"] is None
    mixed = {"sharedSecret": "a-rather-long-secret", "meta": {"a": "b"}}
    server = api.write("PATCH", path, mixed)["server"]
    assert (server["sharedSecret"], server["meta"]) == ("•••••cret", None)
    assert api.write("PATCH", path, {"meta": {"a": "b"}})["server"]["meta"] == {"a": "b"}
    assert api.write("PATCH", path, {"meta": None})["server"]["meta"] is None


@pytest.mark.parametrize(
    "body", [{}, {"url": "https://x.example"}, {"icon": 5}, {"meta": {"a": 1}}]
)
def test_a_patch_that_fits_nothing_is_refused(world: World, body: dict[str, object]) -> None:
    server = world.admin.read("/mcp")["servers"][0]["sId"]
    refused(world.admin.patch(f"/mcp/{server}", json=body), 400, "invalid_request_error")


def test_credentials_are_replaced_whole_and_cleared(world: World, open_server: McpServer) -> None:
    api = world.admin
    two = [{"key": "A", "value": "1"}, {"key": "B", "value": "2"}]
    created = {"sharedSecret": "a-rather-long-secret", "customHeaders": two}
    path = f"/mcp/{make_server(api, open_server.url, **created)}"

    def patch(body: dict[str, object]) -> tuple[object, object]:
        server = api.write("PATCH", path, body)["server"]
        return server["sharedSecret"], server["customHeaders"]

    assert patch({"customHeaders": two[:1]}) == ("•••••cret", {"A": MASK})
    assert patch({"sharedSecret": ""}) == (None, {"A": MASK})
    assert patch({"customHeaders": None}) == (None, None)
    assert patch({"customHeaders": two}) == (None, {"A": MASK, "B": MASK})
    assert patch({"customHeaders": []}) == (None, None)


def test_a_mask_never_comes_back_in(world: World, changing: McpServer) -> None:
    api = world.admin
    header = {"key": "X-Key", "value": "real"}
    server = make_server(api, changing.url, customHeaders=[header])
    body = {"sharedSecret": "new", "customHeaders": [{"key": "X-Key", "value": MASK}]}
    message = refused(api.patch(f"/mcp/{server}", json=body), 400, "invalid_request_error")
    assert "re-enter every header value" in message
    api.write("POST", f"/mcp/{server}/sync")
    sent = changing.last_headers()
    assert sent["x-key"] == "real"
    assert "authorization" not in sent


def test_patch_contacts_nobody(world: World) -> None:
    with McpServer() as server:
        sid = make_server(world.admin, server.url)
    before = world.admin.read(f"/mcp/{sid}")["server"]["lastSyncAt"]
    answer = world.admin.write("PATCH", f"/mcp/{sid}", {"icon": "ActionCarIcon"})
    assert answer["server"]["lastSyncAt"] > before


def test_internal_servers_are_patched_differently(world: World) -> None:
    api = world.admin
    jira = next(each for each in api.read("/mcp")["servers"] if each["name"] == "jira")
    assert jira["sId"].startswith("ims_")
    assert jira["availability"] == "manual"
    path = f"/mcp/{jira['sId']}"
    refused(api.patch(path, json={"icon": "ActionCarIcon"}), 400, "invalid_request_error")
    message = refused(api.patch(path, json={"sharedSecret": "x"}), 400, "invalid_request_error")
    assert "does not support bearer token" in message
    assert api.patch(path, json={"meta": {"a": "b"}}).status_code == 200
    assert api.post(f"{path}/sync").status_code == 404


def test_internal_servers_are_added_by_name(world: World) -> None:
    api = world.admin

    def add(name: str) -> tuple[int, dict[str, object]]:
        response = api.post("/mcp", json={"serverType": "internal", "name": name})
        return response.status_code, response.json()

    assert add("no such thing")[0] == 400
    status, body = add("jira")
    assert status == 400
    assert "only one instance" in str(body)
    assert [add("http_client")[0] for _ in range(2)] == [201, 201]


def test_delete_is_hard_and_use_does_not_block_it(world: World, open_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, open_server.url)
    space = make_space(api, "With a doomed tool")
    view = api.write("POST", f"/spaces/{space}/mcp_views", {"mcpServerId": server})["serverView"]
    assert api.write("DELETE", f"/mcp/{server}") == {"deleted": True}
    refused(api.get(f"/mcp/views/{view['sId']}"), 404, "mcp_server_view_not_found")
    assert api.delete(f"/mcp/{server}").status_code == 404


def test_usage_is_told_by_server(world: World) -> None:
    used = next(each for each in world.admin.read("/mcp")["servers"] if each["name"] == "used")
    usage = world.user.read("/mcp/usage")["usage"]
    assert usage[used["sId"]] == {"agents": [{"sId": "a1", "name": "Helper"}], "skills": []}


def test_sync_takes_over_names_and_tools_and_drops_settings(
    world: World, changing: McpServer
) -> None:
    api = world.admin
    server = make_server(api, changing.url, viewName="Kept")
    settings = [
        {"toolName": name, "permission": "low", "enabled": False} for name in ("one", "two")
    ]
    api.write("PATCH", f"/mcp/{server}/tools", {"tools": settings})
    changing.set_tools(["two", Tool(name="three", annotations={"read_only_hint": True})])
    answer = api.write("POST", f"/mcp/{server}/sync")
    assert answer["success"] is True
    assert [tool["name"] for tool in answer["server"]["tools"]] == ["two", "three"]
    view = system_view(api, server)
    assert view["name"] == "Kept"
    assert view["toolsMetadata"] == [{"toolName": "two", "permission": "low", "enabled": False}]


def test_a_failed_sync_is_remembered_and_a_good_one_forgets(world: World) -> None:
    api = world.admin
    with McpServer("fragile", ["a"]) as server:
        sid, port = make_server(api, server.url), server.port
    message = refused(api.post(f"/mcp/{sid}/sync"), 400, "invalid_request_error")
    assert message.startswith("Error fetching remote server metadata: ")
    sick = api.read(f"/mcp/{sid}")["server"]
    assert "Could not connect" in sick["lastError"]
    assert [tool["name"] for tool in sick["tools"]] == ["a"]
    with McpServer("recovered", ["b"], port=port):
        healthy = api.write("POST", f"/mcp/{sid}/sync")["server"]
    assert (healthy["lastError"], healthy["name"]) == (None, "recovered")


def test_sync_uses_the_stored_secret(world: World, bearer_server: McpServer) -> None:
    api = world.admin
    server = make_server(api, bearer_server.url, sharedSecret="granted")
    assert api.post(f"/mcp/{server}/sync").status_code == 200
    api.write("PATCH", f"/mcp/{server}", {"sharedSecret": "revoked"})
    message = refused(api.post(f"/mcp/{server}/sync"), 400, "invalid_request_error")
    assert message.endswith("Unauthorized (401)")


def test_the_catalogue_presets_names_icons_and_stakes(open_server: McpServer) -> None:
    preset = {
        "id": 1,
        "name": "Preset",
        "description": "From the catalogue",
        "url": open_server.url,
        "icon": "PresetLogo",
        "toolStakes": {"delete_*": "medium", "search": "never_ask", "retired": "low"},
    }
    with (
        SandboxProcess(seed={**SEED, "catalogue": [preset]}) as process,
        process.client_for(ADMIN) as api,
    ):
        server = make_server(api, open_server.url)
        found = api.read(f"/mcp/{server}")["server"]
        assert (found["name"], found["description"]) == ("Preset", "From the catalogue")
        assert found["icon"] == "PresetLogo"
        stakes = {row["toolName"]: row["permission"] for row in found["views"][0]["toolsMetadata"]}
        assert stakes == {"delete_all": "medium", "search": "never_ask", "retired": "low"}
        elsewhere = make_server(api, f"{open_server.url}?other=1")
        assert api.read(f"/mcp/{elsewhere}")["server"]["name"] == "demo"
        by_id = make_server(api, f"{open_server.url}?other=1", defaultServerId=1)
        assert api.read(f"/mcp/{by_id}")["server"]["name"] == "Preset"
        after_sync = api.write("POST", f"/mcp/{server}/sync")["server"]
        assert after_sync["name"] == "demo"


def test_available_servers_are_built_in_ones_then_the_catalogue(world: World) -> None:
    servers = world.user.read("/mcp/available")["servers"]
    names = [each["name"] for each in servers]
    assert "jira" not in names  # installed, single instance
    stripe = next(each for each in servers if each["name"] == "Stripe")
    assert (stripe["url"], stripe["authorization"]) == ("https://mcp.stripe.com", None)
    asana = next(each for each in servers if each["name"] == "Asana")
    assert asana["authorization"]["provider"] == "mcp_static"
    assert asana["authorization"]["scope"] == "default"
    assert all(each["availability"] == "manual" for each in servers)
