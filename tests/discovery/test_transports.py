"""Servers that speak SSE, the transport of old: real ones, and ones that misuse it."""

from pathlib import Path

import pytest

from reconciler.discovery import probe
from tests.discovery.scenes import found, named, run
from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.parts.scripted_http import Reply, ScriptedHttp

STREAM = {"content-type": "text/event-stream"}
TOKEN = "a-token-that-nobody-may-see"


def event(name: str, data: str) -> bytes:
    return f"event: {name}\r\ndata: {data}\r\n\r\n".encode()


@pytest.mark.parametrize("path", ["/sse", "/events"])
def test_an_sse_server_is_found_by_its_path_or_by_its_refusal_of_posts(
    tmp_path: Path, path: str
) -> None:
    with McpServer("old", ["search"], sse_path=path) as server:
        facts = found(tmp_path, server.url)
        done = run(tmp_path, server.url)
    assert (facts["transport"], facts["healthy"]) == ("sse", True)
    assert [tool["name"] for tool in facts["tools"]] == ["search"]
    assert done.code == 0, str(done)
    assert "SSE" in done.out


def test_an_sse_server_takes_a_token_too() -> None:
    with McpServer("old", ["search"], sse_path="/sse", bearer=TOKEN) as server:
        without = probe(server.url, headers={})
        having = probe(server.url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (without.mode, without.status) == ("bearer", 401)
    assert (having.mode, having.transport) == ("bearer", "sse")


def test_an_sse_server_behind_oauth_is_asked_about_its_sign_in(oidc: OidcProvider) -> None:
    with McpServer("old", ["a"], sse_path="/sse", issuer=oidc.issuer, scopes=["read"]) as server:
        finding = probe(server.url, headers={})
    assert (finding.mode, finding.failed) == ("automatic", ())
    assert "/sse" in named(finding, "resource-matches").message


@pytest.mark.parametrize("url", ["{other}/messages", "//{netloc}/messages", "http://[", "https:/x"])
def test_messages_go_to_no_other_host(web: ScriptedHttp, url: str) -> None:
    with ScriptedHttp() as other:
        place = url.format(other=other.url, netloc=other.url.removeprefix("http://"))
        web.on("GET", "/sse", Reply(headers=STREAM, body=event("endpoint", place)))
        finding = probe(f"{web.url}/sse", headers={"Authorization": f"Bearer {TOKEN}"})
        assert other.log == []
    assert not finding.healthy
    assert "message endpoint on another host" in finding.why
    assert web.calls() == ["GET /sse"]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_messages_that_are_refused_are_not_waited_for(web: ScriptedHttp, status: int) -> None:
    # The stream stays open, so nothing but the refusal tells that no answer will come.
    web.on("GET", "/sse", Reply(headers=STREAM, body=event("endpoint", "/m"), fault="linger"))
    web.on("POST", "/m", Reply(status=status))
    finding = probe(f"{web.url}/sse", headers={}, timeout=60)
    assert (finding.healthy, finding.status) == (False, status)


def test_messages_are_not_redirected_elsewhere(web: ScriptedHttp) -> None:
    with ScriptedHttp() as other:
        web.on("GET", "/sse", Reply(headers=STREAM, body=event("endpoint", "/m"), fault="linger"))
        web.on("POST", "/m", Reply(status=307, headers={"Location": f"{other.url}/m"}))
        finding = probe(f"{web.url}/sse", headers={}, timeout=60)
        assert other.log == []
    assert "redirects" in finding.why


@pytest.mark.parametrize("body", [b"", b"data: x\n\n", b"event: endpoint\n", event("message", "{")])
def test_a_stream_without_an_endpoint_is_no_mcp_server(web: ScriptedHttp, body: bytes) -> None:
    web.on("GET", "/sse", Reply(headers=STREAM, body=body))
    finding = probe(f"{web.url}/sse", headers={})
    assert (finding.reached, finding.healthy) == (True, False)
    assert "not as an MCP server does" in finding.why


def test_the_first_refusal_counts_when_there_is_no_sse_either(web: ScriptedHttp) -> None:
    web.on("POST", "/mcp", Reply(status=400))
    web.on("GET", "/mcp", Reply(status=405))
    assert "HTTP 400" in probe(f"{web.url}/mcp", headers={}).why


def test_a_get_that_never_ends_leaves_the_first_refusal(web: ScriptedHttp) -> None:
    web.on("POST", "/mcp", Reply(status=404))
    web.on("GET", "/mcp", Reply(fault="silence"))
    finding = probe(f"{web.url}/mcp", headers={}, timeout=3)
    assert "HTTP 404" in finding.why


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_or_broken_server_is_not_asked_for_sse(web: ScriptedHttp, status: int) -> None:
    web.on("POST", "/mcp", Reply(status=status))
    finding = probe(f"{web.url}/mcp", headers={})
    assert str(status) in finding.why
    assert {call.split()[0] for call in web.calls()} == {"POST"}
