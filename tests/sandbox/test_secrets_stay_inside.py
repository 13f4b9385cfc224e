"""Canaries: what OAuth hands around is in no output, log, page or answer, nor readable on disk."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.consents import SECRET, Stage, static_clients
from tests.sandbox.world import ADMIN, SEED, World, make_server

PLACES = ("/", "/_sandbox/overview.json", "/_sandbox/fragments.json", "/login")


def test_nothing_of_a_consent_is_shown_told_or_stored_in_clear(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with SandboxProcess(seed=SEED, data=data) as process:
        world = World(process)
        with (
            OidcProvider(static_clients(world), access_ttl=9) as idp,
            McpServer("guarded", ["read"], issuer=idp.issuer, scopes=["read"]) as mcp,
        ):
            stage = Stage(world=world, idp=idp, mcp=mcp)
            secrets, answers = _walk(stage)
        shown = [world.raw(place, None).text for place in PLACES]
        world.close()
        process_exit, talk = process.stop()
    assert (process_exit, talk) == (0, "")
    found = [name for name, secret in secrets.items() for text in shown if secret in text]
    assert found == []
    assert [name for name, secret in secrets.items() if secret in answers] == []
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("sandbox.db*"))
    assert [name for name, secret in secrets.items() if secret.encode() in stored] == []


def _walk(stage: Stage) -> tuple[dict[str, str], str]:
    """Consent, fail, refresh; the secrets that were about, and every answer."""
    api = stage.world.admin
    begun = stage.begin(stage.static())
    back = begun.agree()
    wrong = {**back, "code": "canary-wrong-code"}
    texts = [
        begun.finalize(wrong).text,
        begun.finalize(back, cookie=None).text,
        begun.finalize(back).text,
    ]
    sid = make_server(api, stage.mcp.url, connectionId=back["state"])
    first = stage.mcp.last_headers()["authorization"]
    texts.append(api.post(f"/mcp/{sid}/sync").text)
    second = stage.mcp.last_headers()["authorization"]
    assert first != second
    stage.idp.revoke_refresh_tokens()
    texts.append(api.post(f"/mcp/{sid}/sync").text)
    query = {"useCase": "platform_actions", "extraConfig": '{"client_secret": "canary-too"'}
    texts.append(api.get("/oauth/mcp/setup", params=query).text)
    texts.append(json.dumps(api.read("/mcp/connections/workspace")))
    texts.append(json.dumps(api.read(f"/mcp/{sid}")))
    secrets = {
        "client secret": SECRET,
        "code": back["code"],
        "wrong code": "canary-wrong-code",
        "malformed set-up": "canary-too",
        "nonce": begun.cookie.partition("=")[2],
        "first access token": first.removeprefix("Bearer "),
        "second access token": second.removeprefix("Bearer "),
        **{f"refresh token {at}": each for at, each in enumerate(stage.idp.refresh_tokens())},
        **{f"verifier {at}": each for at, each in enumerate(stage.idp.verifiers())},
    }
    assert len([name for name in secrets if name.startswith("refresh token")]) == 3
    assert len([name for name in secrets if name.startswith("verifier")]) == 2
    challenge = parse_qs(urlsplit(begun.url).query)["code_challenge"][0]
    assert challenge not in secrets.values()
    return secrets, "\n".join(texts)


def test_a_pending_consent_is_sealed_too(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with SandboxProcess(seed=SEED, data=data) as process, process.client_for(ADMIN) as api:
        extra = {
            "client_id": "canary-client",
            "client_secret": "canary-secret",
            "authorization_endpoint": "https://as.example/a",
            "token_endpoint": "https://as.example/t",
        }
        query = {"useCase": "platform_actions", "extraConfig": json.dumps(extra)}
        assert api.get("/oauth/mcp/setup", params=query).status_code == 200
    stored = data.read_bytes()
    assert b"canary" not in stored
    assert b"as.example" in stored
    key = tmp_path / "sandbox.db.key"
    assert key.stat().st_mode & 0o777 == 0o600


GIVEN = {
    "sharedSecret": "canary-token",
    "customHeaders": [{"key": "X-Api-Key", "value": "canary-header"}],
}


def test_tokens_and_headers_of_servers_are_sealed_and_still_sent(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with (
        McpServer("guarded", ["read"], bearer="canary-token") as mcp,
        McpServer("other", ["read"], bearer="canary-newer") as other,
    ):
        with SandboxProcess(seed=SEED, data=data) as process, process.client_for(ADMIN) as api:
            sid = make_server(api, mcp.url, **GIVEN)
            newer = make_server(api, other.url, sharedSecret="canary-newer")
            assert api.patch(f"/mcp/{newer}", json={"sharedSecret": "canary-newer"}).is_success
        assert b"canary" not in data.read_bytes()
        with SandboxProcess(data=data) as process, process.client_for(ADMIN) as api:
            assert api.post(f"/mcp/{sid}/sync").is_success
            assert api.post(f"/mcp/{newer}/sync").is_success
        assert mcp.last_headers()["x-api-key"] == "canary-header"


def test_a_data_file_of_before_is_sealed_when_it_is_opened(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with McpServer("guarded", ["read"], bearer="canary-token") as mcp:
        with SandboxProcess(seed=SEED, data=data) as process, process.client_for(ADMIN) as api:
            sid = make_server(api, mcp.url, **GIVEN)
        with closing(sqlite3.connect(data)) as before:
            clear = ("canary-token", '{"X-Api-Key": "canary-header"}', sid)
            before.execute(
                "UPDATE server SET shared_secret = ?, custom_headers = ? WHERE sid = ?", clear
            )
            before.execute("UPDATE server SET shared_secret = 'canary-gone' WHERE sid != ?", (sid,))
            before.execute("DELETE FROM server WHERE sid != ?", (sid,))
            before.execute("PRAGMA user_version = 2")
            before.commit()
        assert b"canary-token" in data.read_bytes()
        with SandboxProcess(data=data) as process, process.client_for(ADMIN) as api:
            assert api.post(f"/mcp/{sid}/sync").is_success
        assert mcp.last_headers()["x-api-key"] == "canary-header"
    assert b"canary" not in data.read_bytes()


def test_a_data_file_opens_with_its_own_key_only(tmp_path: Path) -> None:
    data, key = tmp_path / "sandbox.db", tmp_path / "sandbox.db.key"
    with SandboxProcess(data=data):
        pass
    own = key.read_bytes()
    key.unlink()
    with (
        pytest.raises(RuntimeError, match=r"sandbox\.db\.key is missing"),
        SandboxProcess(data=data),
    ):
        pass
    key.write_bytes(bytes(32))
    with pytest.raises(RuntimeError, match="not written with the key"), SandboxProcess(data=data):
        pass
    key.write_bytes(b"short")
    with pytest.raises(RuntimeError, match="not a key"), SandboxProcess(data=data):
        pass
    key.write_bytes(own)
    with SandboxProcess(data=data) as process:
        assert process.tokens
