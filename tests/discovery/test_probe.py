"""The command against real servers: open, guarded by a token, a header, OAuth; none at all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests import load
from tests.parts.cli import Done, run_anywhere, yaml_text
from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider

TOKEN, KEY = "a-token-that-nobody-may-see", "a-key-that-nobody-may-see"


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    """An authorization server that registers clients."""
    with OidcProvider() as server:
        yield server


@pytest.fixture(scope="module")
def closed_oidc() -> Iterator[OidcProvider]:
    """One that doesn't."""
    with OidcProvider(registration=False) as server:
        yield server


def run(folder: Path, url: str, *arguments: str, **environ: str) -> Done:
    return run_anywhere("probe", url, *arguments, folder=folder, environ=environ)


def found(folder: Path, url: str, *arguments: str, **environ: str) -> Any:
    return run(folder, url, *arguments, "--output", "json", **environ).json


def test_an_open_server_lists_its_tools(tmp_path: Path) -> None:
    with McpServer("handbook", ["search", "drop"]) as server:
        done = run(tmp_path, server.url)
        told = found(tmp_path, server.url)
    assert done.code == 0, str(done)
    assert "healthy: it answers anybody" in done.out
    assert [tool["name"] for tool in told["tools"]] == ["search", "drop"]
    assert (told["mode"], told["server"]["name"]) == ("none", "handbook")
    assert told["protocolVersion"] >= "2025-11-25"


def test_a_token_by_reference_opens_and_never_shows(tmp_path: Path) -> None:
    with McpServer("desk", ["search"], bearer=TOKEN) as server:
        without = found(tmp_path, server.url)
        done = run(tmp_path, server.url, "--bearer", "env:T", T=TOKEN)
        wrong = run(tmp_path, server.url, "--bearer", "env:T", T=TOKEN + "x")
    assert (without["mode"], without["status"]) == ("bearer", 401)
    assert done.code == 0, str(done)
    assert "auth mode bearer" in done.out
    assert wrong.code == 1
    assert "refuses what was sent" in wrong.out
    assert not [each for each in (done, wrong) if TOKEN in each.out + each.err]


def test_a_header_by_reference_opens(tmp_path: Path) -> None:
    with McpServer("gate", ["search"], header=("X-Api-Key", KEY)) as server:
        done = run(tmp_path, server.url, "--header", "X-Api-Key=env:K", K=KEY)
    assert done.code == 0, str(done)
    assert KEY not in done.out + done.err


def test_a_server_behind_oauth_fits_automatic(tmp_path: Path, oidc: OidcProvider) -> None:
    with McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]) as server:
        told = found(tmp_path, server.url)
        done = run(tmp_path, server.url)
    assert done.code == 0, str(done)
    assert told["mode"] == "automatic"
    assert told["authorizationServer"]["registration"] is True
    assert told["authorizationServer"]["issuer"] == oidc.issuer
    assert told["authorizationServer"]["pkce"] == ["S256"]
    assert told["authorizationServer"]["issInAnswers"] is True
    assert {check["verdict"] for check in told["checks"]} == {"pass"}
    assert oidc.registered() == []


def test_without_registration_an_app_of_ones_own_fits(
    tmp_path: Path, closed_oidc: OidcProvider
) -> None:
    with McpServer("crm", ["search"], issuer=closed_oidc.issuer, scopes=["read"]) as server:
        told = found(tmp_path, server.url)
    assert told["mode"] == "static-oauth"
    assert closed_oidc.endpoints()["token_endpoint"] in told["manifest"]


def test_the_manifest_is_one_that_loads(
    tmp_path: Path, oidc: OidcProvider, closed_oidc: OidcProvider
) -> None:
    workspace = {
        "apiVersion": "reconciler/v1",
        "kind": "Workspace",
        "metadata": {"name": "acme"},
        "spec": {"provider": "dust", "workspaceId": "w", "region": "us"},
    }
    servers = [
        McpServer("handbook", ["search", "a: b"]),
        McpServer("desk", ["search"], bearer=TOKEN),
        McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]),
        McpServer("erp", ["search"], issuer=closed_oidc.issuer, scopes=["read"]),
    ]
    for number, server in enumerate(servers):
        with server:
            text = found(tmp_path, server.url)["manifest"]
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "all.yaml").write_text(f"{yaml_text(workspace)}---\n{text}")
        loaded = load([folder])
        assert not loaded.diagnostics.errors, text


@pytest.mark.parametrize("sloppy", ["web-page", "bad-tools", "crashing"])
def test_what_is_no_mcp_server_is_said(tmp_path: Path, sloppy: Any) -> None:
    with McpServer("sloppy", ["a"], sloppy=sloppy) as server:
        done = run(tmp_path, server.url)
    assert done.code == 1, str(done)
    assert "unusable" in done.out


def test_nobody_there_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:9/mcp")
    assert done.code == 1
    assert "unreachable: it can't be reached" in done.out


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with McpServer("slow", ["a"], sloppy="silent") as server:
        done = run(tmp_path, server.url, "--timeout", "3")
    assert done.code == 1
    assert "no complete answer in 3 s" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mcp.example.com",), "no web address"),
        (("https://me:hush@mcp.example.com/mcp",), "credentials don't belong in an address"),
        (("https://mcp.example.com/mcp", "--bearer", "hush-hush"), "given by reference"),
        (("https://mcp.example.com/mcp", "--header", "X-Key"), "NAME=REFERENCE"),
        (("https://mcp.example.com/mcp", "--bearer", "env:NOT_THERE"), "NOT_THERE"),
    ],
)
def test_wrong_usage_is_told_without_repeating_secrets(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run_anywhere("probe", *arguments, folder=tmp_path)
    assert done.code in (1, 64), str(done)
    assert words in done.err
    assert "hush" not in done.err


def test_plain_http_to_others_is_not_asked(tmp_path: Path) -> None:
    done = run(tmp_path, "http://192.0.2.1/mcp")
    assert done.code == 1
    assert "not https" in done.out


def test_json_is_one_document(tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:9/mcp", "--output", "json")
    assert json.loads(done.out)["format"] == "reconciler.probe/v1"
