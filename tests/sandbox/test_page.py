"""The page, its data and the log."""

from typing import Any

from tests.parts.mcp_servers import McpServer
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.world import ADMIN, KEY, World, make_server, make_space

SECRETS = ["planted-token-value", "planted-header-value", "planted-meta-value", "planted-in-url"]


def plant(world: World, server: McpServer) -> str:
    """Send secrets every way a client can; the server's id."""
    api = world.admin
    header = [{"key": "X-Key", "value": SECRETS[1]}]
    url = f"{server.url}?key={SECRETS[3]}"
    sid = make_server(api, url, sharedSecret=SECRETS[0], customHeaders=header)
    api.write("PATCH", f"/mcp/{sid}", {"sharedSecret": SECRETS[0]})
    api.write("PATCH", f"/mcp/{sid}", {"customHeaders": header})
    api.write("PATCH", f"/mcp/{sid}", {"meta": {"k": SECRETS[2]}})
    api.patch(f"/mcp/{sid}", json={"sharedsecret": SECRETS[0], "custom_headers": SECRETS[1]})
    api.get(f"/mcp?token={SECRETS[0]}")
    return sid


def test_no_secret_and_no_token_reaches_the_page_or_its_data(
    world: World, open_server: McpServer
) -> None:
    plant(world, open_server)
    tokens = [ADMIN, KEY, *world.process.tokens.values()]
    for path in ("/", "/_sandbox/overview.json", "/_sandbox/fragments.json"):
        text = world.raw(path, None).text
        assert [each for each in [*SECRETS, *tokens] if each in text] == []


def test_the_log_keeps_the_shape_of_a_call_and_hides_its_values(
    world: World, open_server: McpServer
) -> None:
    sid = plant(world, open_server)
    calls = world.raw("/_sandbox/overview.json", None).json()["calls"]
    created = next(each for each in calls if each["method"] == "POST")
    assert created["path"] == "/api/w/acme/mcp"
    assert created["body"] == {
        "serverType": "remote",
        "url": open_server.url,
        "sharedSecret": "(hidden)",
        "customHeaders": ["(hidden)"],
    }
    assert created["actor"] == "ana@acme.example"
    assert created["status"] == 201
    assert created["milliseconds"] > 0
    assert any(each["path"].endswith(sid) for each in calls)


def test_refused_calls_are_logged_too(world: World) -> None:
    world.raw("/api/w/acme/spaces", None)
    latest = world.raw("/_sandbox/overview.json", None).json()["calls"][0]
    assert (latest["status"], latest["actor"]) == (401, None)


def test_the_overview_tells_spaces_access_auth_and_stakes(
    world: World, open_server: McpServer
) -> None:
    api = world.admin
    space = make_space(api, "Overseen")
    server = make_server(api, open_server.url, sharedSecret="x", viewName="Seen")
    api.write("POST", f"/spaces/{space}/mcp_views", {"mcpServerId": server})
    batch = [
        {"toolName": "search", "permission": "low", "enabled": True},
        {"toolName": "gone", "permission": "medium", "enabled": False},
    ]
    api.write("PATCH", f"/mcp/{server}/tools", {"tools": batch})
    workspace = world.raw("/_sandbox/overview.json", None).json()["workspaces"][0]
    found = next(each for each in workspace["spaces"] if each["sId"] == space)
    assert (found["access"], found["members"]) == ("restricted", 0)
    (tool,) = found["tools"]
    assert (tool["name"], tool["auth"]) == ("Seen", "bearer token")
    stakes = {
        each["name"]: (each["stake"], each["enabled"], each["isSet"], each["isListed"])
        for each in tool["tools"]
    }
    assert stakes == {
        "search": ("low", True, True, True),
        "delete_all": ("high", True, False, True),
        "gone": ("medium", False, True, False),
    }


def test_markup_in_names_stays_text() -> None:
    seed: dict[str, Any] = {
        "workspaces": [
            {
                "name": "<b>Bold</b>",
                "members": [{"email": "a@x.example", "role": "admin", "token": "t.a"}],
                "spaces": [{"name": "<script>alert(1)</script>"}],
                "servers": [
                    {
                        "url": "https://x.example/<img>",
                        "name": '"><img src=x onerror=alert(1)>',
                        "description": "{{nonce}}{{calls}}<i>",
                        "spaces": ["<script>alert(1)</script>"],
                        "tools": [{"name": "<u>tool</u>", "stake": "low"}],
                    }
                ],
            }
        ]
    }
    with SandboxProcess(seed=seed) as process, process.client_for("t.a") as api:
        api.post("/spaces", json={"name": "<script>alert(2)</script>"})
        api.get("/mcp/<script>alert(3)</script>")
        html = api.get(f"{process.url}/").text
    for markup in ("<script>alert", "<img src=x", "<b>Bold", "<u>tool", "<i>\n", "<img>"):
        assert markup not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{nonce}}{{calls}}" in html


def test_the_page_allows_no_script_but_its_own(world: World) -> None:
    response = world.raw("/", None)
    policy = response.headers["content-security-policy"]
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert "default-src 'none'" in policy
    assert response.text.count(f'nonce="{nonce}"') == 2
    assert nonce not in world.raw("/", None).text


def test_fragments_come_only_when_something_happened(world: World) -> None:
    world.admin.read("/spaces")
    seen = world.raw("/_sandbox/fragments.json", None).json()["seen"]
    idle = world.raw(f"/_sandbox/fragments.json?seen={seen}", None).json()
    assert idle == {"seen": seen}
    world.admin.read("/spaces")
    news = world.raw(f"/_sandbox/fragments.json?seen={seen}", None).json()
    assert news["seen"] == seen + 1
    assert "Lounge" in news["workspaces"]
    assert "/spaces" in news["calls"]
