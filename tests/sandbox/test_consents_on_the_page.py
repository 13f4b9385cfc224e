"""The page's OAuth part: who connected what, with which scopes, what waits."""

from typing import Any

from tests.sandbox.consents import SECRET, Stage
from tests.sandbox.world import make_server, system_view


def workspace(stage: Stage) -> dict[str, Any]:
    """The page's data about the first workspace."""
    data = stage.world.raw("/_sandbox/overview.json", None).json()
    first: dict[str, Any] = data["workspaces"][0]
    return first


def box(stage: Stage, server: str) -> dict[str, Any]:
    """What the page shows of a server that is in no space."""
    found: dict[str, Any] = next(
        each for each in workspace(stage)["inNoSpace"] if each["serverId"] == server
    )
    return found


def test_a_connected_server_tells_who_connected_it_and_its_scopes(stage: Stage) -> None:
    api = stage.world.admin
    server = make_server(api, stage.mcp.url, connectionId=stage.connect(stage.static()))
    assert box(stage, server)["connection"] == {
        "by": "ana@acme.example",
        "scopes": ["read"],
        "personal": 0,
        "isWaiting": False,
    }
    consent = stage.connect(
        {"mcp_server_id": server}, api=stage.world.builder, use_case="personal_actions"
    )
    body = {"connectionId": consent, "mcpServerId": server}
    stage.world.builder.write("POST", "/mcp/connections/personal", body)
    view = system_view(api, server)["sId"]
    pin = {"oAuthUseCase": "personal_actions", "oauthScope": "read write"}
    api.write("PATCH", f"/mcp/views/{view}", pin)
    shown = box(stage, server)
    assert (shown["auth"], shown["credentials"]) == ("static OAuth", "personal_actions")
    assert shown["connection"]["scopes"] == ["read", "write"]
    assert shown["connection"]["personal"] == 1
    html = stage.world.raw("/", None).text
    assert "connected by ana@acme.example, scopes <code>read write</code>" in html
    assert "1 personal connection<" in html


def test_a_server_whose_connection_is_gone_waits(stage: Stage) -> None:
    api = stage.world.admin
    server = make_server(api, stage.mcp.url, connectionId=stage.connect(stage.static()))
    listed = api.read("/mcp/connections/workspace")["connections"]
    sid = next(each["sId"] for each in listed if each["remoteMCPServerId"] == server)
    api.write("DELETE", f"/mcp/connections/workspace/{sid}")
    assert box(stage, server)["connection"]["isWaiting"] is True
    assert "waits for the workspace's consent" in stage.world.raw("/", None).text


def test_begun_consents_wait_until_they_are_finished_and_count_once(stage: Stage) -> None:
    extra = stage.static("post", scope="write")
    stage.begin(extra)
    begun = stage.begin(extra)

    def mine() -> list[dict[str, Any]]:
        return [each for each in workspace(stage)["waiting"] if each["scopes"] == ["write"]]

    (waiting,) = mine()
    assert waiting["who"] == "ana@acme.example"
    assert waiting["mode"] == "static OAuth"
    assert stage.idp.issuer.endswith(waiting["where"])
    html = stage.world.raw("/", None).text
    assert "Waiting for consent" in html
    assert SECRET not in html
    assert begun.finalize(begun.agree()).status_code == 200
    assert mine() == []
