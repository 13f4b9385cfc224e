"""`--register`: a client is registered and deleted again, and what comes of it is told."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest

from reconciler.authorization import Verdict
from reconciler.discovery import Finding, probe
from reconciler.views import probe_json
from tests.discovery.scenes import (
    RESOURCE,
    SERVER,
    challenge,
    fits,
    named,
    resource,
    run,
    server,
    told,
)
from tests.parts.cli import Project
from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.parts.scripted_http import Fault, Reply, Request, ScriptedHttp

URIS = ("https://dust.example/oauth/mcp/finalize",)
SECRET, TOKEN = "a-secret-that-nobody-may-see", "a-token-that-nobody-may-see"
JSON = ("--output", "json")


def registered(web: ScriptedHttp, **changes: Any) -> dict[str, Any]:
    """What a good server answers."""
    return {
        "client_id": "c-1",
        "client_secret": SECRET,
        "client_secret_expires_at": 0,
        "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": list(URIS),
        "registration_client_uri": f"{web.url}/register/c-1",
        "registration_access_token": TOKEN,
        **changes,
    }


def attempt(web: ScriptedHttp, *, timeout: float = 30) -> Finding:
    found = probe(f"{web.url}/mcp", headers={}, redirect_uris=URIS, timeout=timeout)
    document = probe_json(found)
    fits(document)
    assert SECRET not in str(document)
    assert TOKEN not in str(document)
    return found


@pytest.fixture
def willing(hostile: ScriptedHttp) -> ScriptedHttp:
    """A server that registers clients, and deletes them."""
    hostile.on("POST", "/register", Reply(status=201, json=registered(hostile)))
    hostile.on("DELETE", "/register/c-1", Reply(status=204))
    return hostile


def test_a_real_client_is_registered_and_deleted_again(tmp_path: Path) -> None:
    with (
        OidcProvider(management=True) as oidc,
        McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]) as mcp,
    ):
        done = run(tmp_path, mcp.url, "--register", *JSON)
        (client,) = oidc.registered()
        assert oidc.deleted() == [client]
    facts = told(done)
    assert (done.code, facts["mode"]) == (0, "automatic")
    assert facts["trial"] == {"clientId": client, "removed": True}
    verdicts = {check["name"]: check["verdict"] for check in facts["checks"]}
    assert [verdicts[name] for name in verdicts if name.startswith("registration-")] == ["pass"] * 6


def test_a_real_client_that_stays_is_named(tmp_path: Path) -> None:
    with (
        OidcProvider() as oidc,
        McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]) as mcp,
    ):
        done = run(tmp_path, mcp.url, "--register")
        (client,) = oidc.registered()
    assert done.code == 0, str(done)
    assert f"client `{client}` is left" in done.err
    assert client in done.out
    assert "! registration-removed" in done.out


def test_where_nothing_can_be_registered_nothing_is_tried(
    tmp_path: Path, closed_oidc: OidcProvider
) -> None:
    with McpServer("crm", ["search"], issuer=closed_oidc.issuer, scopes=["read"]) as mcp:
        done = run(tmp_path, mcp.url, "--register", *JSON)
    facts = told(done)
    assert (done.code, facts["mode"], facts["trial"]) == (0, "static-oauth", None)
    assert "nothing was tried" in facts["checks"][-1]["message"]
    assert closed_oidc.registered() == []


def test_the_client_says_who_it_is_and_is_deleted_with_its_own_token(willing: ScriptedHttp) -> None:
    found = attempt(willing)
    assert (found.mode, found.failed) == ("automatic", ())
    (sent,) = willing.bodies("POST", "/register")
    assert sent["redirect_uris"] == list(URIS)
    assert sent["application_type"] == "web"
    assert sent["token_endpoint_auth_method"] == "client_secret_basic"
    (last,) = (request for request in willing.log if request.method == "DELETE")
    assert last.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=400, json={"error": "invalid_redirect_uri"}), "HTTP 400, invalid_redirect"),
        (Reply(status=401, body=b"no"), "HTTP 401"),
        (Reply(status=500, body=b"oops"), "HTTP 500"),
        (Reply(status=307, headers={"Location": "/elsewhere"}), "HTTP 307"),
        (Reply(status=201, json={}), "answers no client; a client may"),
        (Reply(status=201, json=[]), "answers no JSON object; a client may"),
        (Reply(status=201, body=b" " * 600_000), "answers too much; a client may"),
        (Reply(fault="hang-up"), "; a client may"),
        (Reply(status=201, json={}, fault="truncate"), "; a client may"),
    ],
)
def test_a_registration_that_fails_is_told(willing: ScriptedHttp, reply: Reply, words: str) -> None:
    willing.on("POST", "/register", reply)
    found = attempt(willing)
    (check,) = found.failed
    assert (check.name, found.mode, found.trial) == ("registration-accepted", "static-oauth", None)
    assert words in check.message
    assert "registration-accepted" in found.why


@pytest.mark.parametrize("fault", ["silence", "drip"])
def test_a_registration_that_never_ends_is_given_up(willing: ScriptedHttp, fault: Fault) -> None:
    willing.on("POST", "/register", Reply(status=201, json={}, fault=fault))
    check = named(attempt(willing, timeout=4), "registration-accepted")
    assert check.verdict is Verdict.FAIL
    assert "no complete answer in 4 s; a client may have been left" in check.message


def test_a_registration_endpoint_that_is_down_fails_the_command(
    hostile: ScriptedHttp, tmp_path: Path
) -> None:
    document = server(hostile, registration_endpoint="http://127.0.0.1:9/register")
    hostile.on("GET", SERVER, Reply(json=document))
    hostile.on("GET", RESOURCE, Reply(json=resource(hostile)))
    done = run(tmp_path, f"{hostile.url}/mcp", "--register", *JSON)
    facts = told(done)
    assert done.code == 1
    assert "registration-accepted" in facts["why"]
    assert "can't be reached" in facts["why"]
    assert "may have been left" not in facts["why"], "nothing was sent"


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"redirect_uris": ["https://other.example/x"]}, "registration-redirect-uris", "fail"),
        ({"redirect_uris": None}, "registration-redirect-uris", "warn"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "registration-auth-method", "fail"),
        ({"client_secret": None}, "registration-auth-method", "fail"),
        ({"registration_client_uri": None}, "registration-removed", "warn"),
        ({"registration_access_token": None}, "registration-removed", "warn"),
        ({"registration_access_token": "a\r\nb"}, "registration-removed", "warn"),
        ({"registration_client_uri": "http://10.0.0.1/r"}, "registration-removed", "warn"),
        ({"registration_client_uri": "http://["}, "registration-removed", "warn"),
    ],
)
def test_the_answer_is_compared_with_what_was_asked(
    willing: ScriptedHttp, changes: dict[str, Any], check: str, verdict: str
) -> None:
    willing.on("POST", "/register", Reply(status=201, json=registered(willing, **changes)))
    found = attempt(willing)
    assert named(found, check).verdict == verdict
    assert found.trial is not None
    assert found.trial.client_id == "c-1"
    assert found.trial.removed is (check != "registration-removed")
    assert [each.name for each in found.failed] == ([check] if verdict == "fail" else [])


@pytest.mark.parametrize("status", [302, 401, 403, 405, 500])
def test_a_client_that_cant_be_deleted_is_named(willing: ScriptedHttp, status: int) -> None:
    willing.on("DELETE", "/register/c-1", Reply(status=status))
    check = named(attempt(willing), "registration-removed")
    assert check.verdict is Verdict.WARN
    assert "the client c-1 is left there" in check.message
    assert str(status) in check.message


def test_the_token_for_deleting_goes_to_no_other_host(willing: ScriptedHttp) -> None:
    with ScriptedHttp() as other:
        place = {"registration_client_uri": f"{other.url}/register/c-1"}
        willing.on("POST", "/register", Reply(status=201, json=registered(willing, **place)))
        check = named(attempt(willing), "registration-removed")
        assert other.log == []
    assert "another host" in check.message


def test_without_being_asked_nothing_is_registered(willing: ScriptedHttp) -> None:
    probe(f"{willing.url}/mcp", headers={})
    assert "POST /register" not in willing.calls()


class HeldRegistration(ScriptedHttp):
    """Keeps a registration waiting until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.released = Event(), Event()

    def take(self, request: Request) -> Reply:
        if str(request) == "POST /register":
            self.arrived.set()
            assert self.released.wait(30)
        return super().take(request)


def test_an_interruption_leaves_no_client_behind(tmp_path: Path) -> None:
    with HeldRegistration() as web:
        challenge(web, f"{web.url}{RESOURCE}")
        web.on("GET", RESOURCE, Reply(json=resource(web)))
        web.on("GET", SERVER, Reply(json=server(web)))
        web.on("POST", "/register", Reply(status=201, json=registered(web)))
        web.on("DELETE", "/register/c-1", Reply(status=204))
        with Project(folder=tmp_path).start("probe", f"{web.url}/mcp", "--register") as running:
            assert web.arrived.wait(60)
            running.interrupt()
            web.released.set()
            done = running.end()
        assert web.calls()[-1] == "DELETE /register/c-1"
    assert done.code == 130, str(done)
