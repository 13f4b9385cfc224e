"""The command against real servers: open, guarded by a token, a header, OAuth; none at all."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.discovery.scenes import found, run, told
from tests.parts.cli import run_anywhere, yaml_text
from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider

TOKEN, KEY = "a-token-that-nobody-may-see", "a-key-that-nobody-may-see"


def test_an_open_server_lists_its_tools(tmp_path: Path) -> None:
    with McpServer("handbook", ["search", "drop"]) as server:
        done = run(tmp_path, server.url)
        facts = found(tmp_path, server.url)
    assert done.code == 0, str(done)
    assert "healthy\n  it answers anybody" in done.out
    assert [tool["name"] for tool in facts["tools"]] == ["search", "drop"]
    assert (facts["mode"], facts["server"]["name"]) == ("none", "handbook")
    assert facts["transport"] == "streamable-http"
    assert facts["protocolVersion"] >= "2025-11-25"


def test_a_token_by_reference_opens_and_never_shows(tmp_path: Path) -> None:
    with McpServer("desk", ["search"], bearer=TOKEN) as server:
        without = found(tmp_path, server.url)
        done = run(tmp_path, server.url, "--bearer", "env:T", T=TOKEN)
        wrong = run(tmp_path, server.url, "--bearer", "env:T", T=TOKEN + "x")
    assert (without["mode"], without["status"]) == ("bearer", 401)
    assert done.code == 0, str(done)
    assert "auth mode     bearer" in done.out
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
        facts = found(tmp_path, server.url)
        done = run(tmp_path, server.url)
    assert done.code == 0, str(done)
    assert facts["mode"] == "automatic"
    assert facts["authorizationServer"]["registration"] is True
    assert facts["authorizationServer"]["issuer"] == oidc.issuer
    assert facts["authorizationServer"]["pkce"] == ["S256"]
    assert facts["authorizationServer"]["issInAnswers"] is True
    assert not [check for check in facts["checks"] if check["verdict"] == "fail"]
    assert "Not checked here" in done.out
    assert oidc.registered() == []


def test_without_registration_an_app_of_ones_own_fits(
    tmp_path: Path, closed_oidc: OidcProvider
) -> None:
    with McpServer("crm", ["search"], issuer=closed_oidc.issuer, scopes=["read"]) as server:
        facts = found(tmp_path, server.url)
    assert facts["mode"] == "static-oauth"
    assert closed_oidc.endpoints()["token_endpoint"] in facts["manifest"]


_WORKSPACE = {
    "apiVersion": "reconciler/v1",
    "kind": "Workspace",
    "metadata": {"name": "acme"},
    "spec": {"provider": "dust", "workspaceId": "w", "region": "us"},
}


def spec_of(folder: Path, text: str) -> Any:
    """The spec of a manifest, which `reconciler validate` takes without a word."""
    folder.mkdir()
    (folder / "all.yaml").write_text(f"{yaml_text(_WORKSPACE)}---\n{text}")
    done = run_anywhere("validate", "-f", str(folder), folder=folder)
    assert done.code == 0, f"{done}\n{text}"
    return yaml.safe_load(text)["spec"]


def test_the_manifest_of_each_mode_is_one_that_validates(
    tmp_path: Path, oidc: OidcProvider, closed_oidc: OidcProvider
) -> None:
    servers = [
        McpServer("handbook", ["search", "a: b", "x{y"]),
        McpServer("desk", ["search"], bearer=TOKEN),
        McpServer("gate", ["search"], header=("X-Api-Key", KEY)),
        McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]),
        McpServer("erp", ["search"], issuer=closed_oidc.issuer, scopes=["read"]),
        McpServer("old", ["search"], sse_path="/sse"),
    ]
    modes = []
    for number, server in enumerate(servers):
        with server:
            text = found(tmp_path, server.url)["manifest"]
        modes.append(spec_of(tmp_path / str(number), text)["auth"]["mode"])
    assert modes == ["none", "bearer", "bearer", "automatic", "static-oauth", "none"]


def test_the_manifest_says_where_what_was_sent_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a key").write_text(KEY)
    with McpServer("gate", ["search"], header=("X-Api-Key", KEY)) as server:
        header = ("--header", "X-Api-Key=file:a key")
        gate = found(tmp_path, server.url, *header)
    spec = spec_of(tmp_path / "gate", gate["manifest"])
    assert spec["headers"] == {"X-Api-Key": {"file": "a key"}}
    assert spec["auth"] == {"mode": "none"}

    with McpServer("desk", ["search"], bearer=TOKEN) as server:
        desk = found(tmp_path, server.url, "--bearer", "env:T", T=TOKEN)
    spec = spec_of(tmp_path / "desk", desk["manifest"])
    assert spec["auth"] == {"mode": "bearer", "token": {"env": "T"}}


def test_a_custom_header_beside_oauth_still_fits_automatic(
    tmp_path: Path, oidc: OidcProvider
) -> None:
    with McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]) as server:
        facts = found(tmp_path, server.url, "--header", "X-Team=env:T", T="platform")
    spec = spec_of(tmp_path / "crm", facts["manifest"])
    assert spec["auth"]["mode"] == "automatic"
    assert spec["headers"] == {"X-Team": {"env": "T"}}


@pytest.mark.parametrize("sloppy", ["web-page", "bad-tools", "crashing"])
def test_what_is_no_mcp_server_is_said(tmp_path: Path, sloppy: Any) -> None:
    with McpServer("sloppy", ["a"], sloppy=sloppy) as server:
        done = run(tmp_path, server.url)
    assert done.code == 1, str(done)
    assert "unusable" in done.out


def test_nobody_there_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:9/mcp")
    assert done.code == 1
    assert "unreachable\n  it can't be reached" in done.out


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
    assert told(done)["format"] == "reconciler.probe/v1"
    assert done.code == 1
