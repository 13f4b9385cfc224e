"""Sign-ins against scripted answers: what is sent where, what is waited for, what never shows."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from reconciler.providers import (
    ConsentPending,
    Forbidden,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Run,
    Unexpected,
)
from reconciler.providers.dust.answers import Sent
from reconciler.providers.dust.client import READS, Transport
from reconciler.providers.dust.words import Words
from reconciler.providers.dust.writer import DustWriter
from reconciler.resources import Action, Change
from reconciler.secrets import Secret
from reconciler.state import Consent
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import PROVIDER, ROOT, WORKSPACE, change, connect, refused

URL = "https://mcp.acme.example/mcp"
SECRET, CODE, NONCE = "app-secret-0123456789", "code-0123456789abcdef", "nonce-0123456789"
STATIC = {
    "mode": "static-oauth",
    "clientId": "app",
    "clientSecret": {"env": "S"},
    "authorizationEndpoint": "https://as.example/authorize",
    "tokenEndpoint": "https://as.example/token",
    "tokenEndpointAuthMethod": "client_secret_basic",
    "scopes": ["repo", "user"],
}
FOUND = {
    "client_id": "dcr",
    "client_secret": SECRET,
    "authorization_endpoint": "https://as.example/authorize",
    "token_endpoint": "https://as.example/token",
    "scope": "read write",
    "resource": URL,
}
SET_UP = Reply(
    json={"redirectUrl": "https://as.example/authorize?client_id=app&state=con_1"},
    headers={"set-cookie": f"dust_oauth_finalize_0123456789abcdef={NONCE}; HttpOnly; Max-Age=600"},
)
MADE = Reply(status=201, json={"success": True, "server": {"sId": "rms_1"}})
ME = {
    "user": {
        "email": "ana@acme.example",
        "workspaces": [{"sId": WORKSPACE, "name": "Acme", "role": "admin"}],
    }
}
SETUP_PATH, STATIC_PATH = f"{ROOT}/oauth/mcp/setup", f"{ROOT}/oauth/mcp_static/setup"
DISCOVER = f"{ROOT}/mcp/discover_oauth_metadata"


@pytest.fixture
def workspace(web: ScriptedHttp) -> ScriptedHttp:
    """A platform that lets ana sign in."""
    web.on("GET", "/api/v1/me", Reply(json=ME))
    web.on("GET", SETUP_PATH, SET_UP)
    web.on("GET", STATIC_PATH, SET_UP)
    web.on("POST", DISCOVER, Reply(json={"oauthRequired": True, "connectionMetadata": FOUND}))
    web.on("POST", f"{ROOT}/mcp", MADE)
    return web


def making(auth: dict[str, Any], **spec: Any) -> Change:
    return change("MCPServer/x", Action.CREATE, spec={"url": URL, "auth": auth, **spec})


def run_with(consent: Consent | None = None) -> Run:
    return Run(
        remote_id=None,
        resolve=lambda address: f"vlt_{address.name}",
        secret=lambda _reference: Secret(SECRET),
        consent=consent,
    )


def step(writer: DustWriter, planned: Change, name: str, run: Run) -> None:
    (operation,) = (each for each in PROVIDER.operations(planned) if each.name == name)
    writer.perform(operation, planned, run)


def asked(web: ScriptedHttp, planned: Change) -> Consent:
    """The sign-in that a first try begins."""
    with PROVIDER.writer(connect(web.url)) as writer, pytest.raises(ConsentPending) as pending:
        step(writer, planned, "sign-in", run_with())
    return pending.value.consent


def extra_config(web: ScriptedHttp, path: str) -> Any:
    """What the set-up was told."""
    (request,) = (r for r in web.log if r.path == path)
    query = dict(request.query)
    assert query["useCase"] == "platform_actions"
    return json.loads(query["extraConfig"])


def test_an_own_app_is_set_up_as_the_manifest_says(workspace: ScriptedHttp) -> None:
    consent = asked(workspace, making(STATIC))
    assert extra_config(workspace, STATIC_PATH) == {
        "client_id": "app",
        "client_secret": SECRET,
        "authorization_endpoint": "https://as.example/authorize",
        "token_endpoint": "https://as.example/token",
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "repo user",
    }
    assert DISCOVER not in {request.path for request in workspace.log}
    assert (consent.connection, consent.provider) == ("con_1", "mcp_static")
    assert (consent.who, consent.scopes) == ("ana@acme.example", ("repo", "user"))
    assert SECRET not in repr(consent)


def test_a_public_client_has_no_secret(workspace: ScriptedHttp) -> None:
    auth = {k: v for k, v in STATIC.items() if k not in ("clientSecret", "tokenEndpointAuthMethod")}
    asked(workspace, making(auth))
    assert "client_secret" not in extra_config(workspace, STATIC_PATH)


@pytest.mark.parametrize(
    ("auth", "scope"),
    [({"mode": "automatic"}, "read write"), ({"mode": "automatic", "scopes": ["read"]}, "read")],
)
def test_what_was_discovered_is_set_up_and_the_manifests_scopes_win(
    workspace: ScriptedHttp, auth: dict[str, Any], scope: str
) -> None:
    headers = {"X-Team": {"literal": "platform"}}
    consent = asked(workspace, making(auth, headers=headers))
    assert workspace.bodies("POST", DISCOVER) == [
        {"url": URL, "customHeaders": [{"key": "X-Team", "value": "platform"}]}
    ]
    assert extra_config(workspace, SETUP_PATH) == {**FOUND, "scope": scope}
    assert consent.scopes == tuple(scope.split())


def test_a_sign_in_that_was_asked_for_is_not_asked_for_again(workspace: ScriptedHttp) -> None:
    planned = making({"mode": "automatic", "credentials": "personal"})
    consent = asked(workspace, planned)
    workspace.log.clear()
    run = run_with(consent)
    with PROVIDER.writer(connect(workspace.url)) as writer:
        step(writer, planned, "sign-in", run)
        step(writer, planned, "create", run)
    assert workspace.calls() == [f"POST {ROOT}/mcp"]
    (body,) = workspace.bodies("POST", f"{ROOT}/mcp")
    assert (body["connectionId"], body["useCase"]) == ("con_1", "personal_actions")
    assert run.learned == {("auth", "scopes"): ["read", "write"]}


def test_another_request_is_asked_for_anew(workspace: ScriptedHttp) -> None:
    consent = asked(workspace, making(STATIC))
    with PROVIDER.writer(connect(workspace.url)) as writer, pytest.raises(ConsentPending):
        step(writer, making({**STATIC, "scopes": ["repo"]}), "sign-in", run_with(consent))


def test_a_connection_that_is_not_finished_is_waited_for(workspace: ScriptedHttp) -> None:
    planned = making({"mode": "automatic"})
    run = run_with(asked(workspace, planned))
    workspace.on("POST", f"{ROOT}/mcp", refused(403, "workspace_auth_error", "not finalized"))
    with PROVIDER.writer(connect(workspace.url)) as writer:
        step(writer, planned, "sign-in", run)
        with pytest.raises(ConsentPending) as pending:
            step(writer, planned, "create", run)
    assert pending.value.consent == run.consent


def test_somebody_who_is_no_administrator_is_told_so_rather_than_to_wait(
    workspace: ScriptedHttp,
) -> None:
    planned = making({"mode": "automatic"})
    run = run_with(asked(workspace, planned))
    workspace.on("POST", f"{ROOT}/mcp", refused(403, "workspace_auth_error", "no"))
    fallen = {
        "user": {**ME["user"], "workspaces": [{"sId": WORKSPACE, "name": "A", "role": "user"}]}
    }
    workspace.on("GET", "/api/v1/me", Reply(json=fallen))
    with PROVIDER.writer(connect(workspace.url)) as writer:
        step(writer, planned, "sign-in", run)
        with pytest.raises(Forbidden, match="role user"):
            step(writer, planned, "create", run)


def test_a_server_that_answers_anybody_needs_no_sign_in(workspace: ScriptedHttp) -> None:
    workspace.on("POST", DISCOVER, Reply(json={"oauthRequired": False}))
    with (
        PROVIDER.writer(connect(workspace.url)) as writer,
        pytest.raises(Rejected, match="answers without any sign-in") as caught,
    ):
        step(writer, making({"mode": "automatic"}), "sign-in", run_with())
    assert "mode: none" in caught.value.help[0]


def finishing(web: ScriptedHttp, callback: str, *answers: Reply) -> None:
    """Begin a sign-in, and finish it with this address."""
    web.on("GET", "/api/oauth/mcp_static/finalize", *answers)
    with PROVIDER.writer(connect(web.url)) as writer:
        with pytest.raises(ConsentPending) as pending:
            step(writer, making(STATIC), "sign-in", run_with())
        writer.finish_sign_in(pending.value.consent, callback)


def landed(**query: str) -> str:
    return "https://dust.tt/oauth/mcp_static/finalize?" + urlencode(query)


FINISHED = Reply(json={"connection": {"connection_id": "con_1", "status": "finalized"}})


def test_a_pasted_address_is_finished_with_the_cookie_of_its_set_up(
    workspace: ScriptedHttp,
) -> None:
    finishing(workspace, landed(code=CODE, state="con_1"), FINISHED)
    request = workspace.log[-1]
    assert dict(request.query) == {"code": CODE, "state": "con_1"}
    assert request.headers["cookie"] == f"dust_oauth_finalize_0123456789abcdef={NONCE}"


LOST = {
    "no answer": Reply(fault="hang-up"),
    "half an answer": Reply(json={}, fault="truncate"),
    "a gateway": Reply(status=502, body=b"<html>"),
    "nonsense": Reply(body=b"<html>"),
}


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_a_code_whose_redeeming_was_not_answered_is_never_sent_again(
    workspace: ScriptedHttp, answer: Reply
) -> None:
    with pytest.raises(OutcomeUnknown):
        finishing(workspace, landed(code=CODE, state="con_1"), answer, FINISHED)
    assert workspace.calls().count("GET /api/oauth/mcp_static/finalize") == 1


def test_no_other_request_carries_a_cookie(workspace: ScriptedHttp) -> None:
    finishing(workspace, landed(code=CODE, state="con_1"), FINISHED)
    assert [r.path for r in workspace.log if "cookie" in {k.lower() for k in r.headers}] == [
        "/api/oauth/mcp_static/finalize"
    ]


@pytest.mark.parametrize(
    ("callback", "words"),
    [
        (landed(error="access_denied", state="con_1"), r"denied .*\(access_denied\)"),
        (landed(error="<b>evil</b>", state="con_1"), "denied at the server's side$"),
        (landed(code=CODE, state="con_2"), "doesn't belong to the sign-in"),
        (landed(code=CODE), "doesn't belong to the sign-in"),
        (landed(state="con_1"), "no `code` in it"),
        ("yes", "doesn't belong to the sign-in"),
    ],
)
def test_an_address_that_finishes_nothing_is_told_apart_and_not_sent(
    workspace: ScriptedHttp, callback: str, words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        finishing(workspace, callback, FINISHED)
    assert "/api/oauth/mcp_static/finalize" not in {r.path for r in workspace.log}


def test_another_persons_sign_in_says_whose_it_is(workspace: ScriptedHttp) -> None:
    no = refused(403, "workspace_auth_error", f"not yours {CODE}")
    with pytest.raises(Forbidden, match=r"for ana@acme\.example only") as caught:
        finishing(workspace, landed(code=CODE, state="con_1"), no)
    assert "that person's own access token" in caught.value.help[0]


@pytest.mark.parametrize("status", [400, 500])
def test_nothing_secret_is_repeated_when_the_platform_echoes_it(
    workspace: ScriptedHttp, status: int
) -> None:
    echo = refused(status, "internal_server_error", f"{CODE} {NONCE} {SECRET}")
    with pytest.raises(ProviderError) as caught:
        finishing(workspace, landed(code=CODE, state="con_1"), echo)
    told = repr(caught.value.__dict__)
    assert not [each for each in (CODE, NONCE, SECRET) if each in told]


def test_a_set_up_that_fails_repeats_no_secret(workspace: ScriptedHttp) -> None:
    workspace.on("GET", STATIC_PATH, refused(500, "internal_server_error", f"bad {SECRET}"))
    with (
        PROVIDER.writer(connect(workspace.url, attempts=1)) as writer,
        pytest.raises(ProviderError) as caught,
    ):
        step(writer, making(STATIC), "sign-in", run_with())
    assert SECRET not in repr(caught.value.__dict__)


@pytest.mark.parametrize("path", [SETUP_PATH, "/api/oauth/mcp/finalize"])
def test_a_client_that_only_reads_begins_no_sign_in(web: ScriptedHttp, path: str) -> None:
    transport = Transport(connect(web.url), Words(), READS)
    with pytest.raises(AssertionError, match="only reads"):
        transport.exchange(Sent(method="GET", path=path, seconds=1), 1)
    transport.close()
    assert web.log == []


def test_what_is_sent_shows_no_secret() -> None:
    sent = Sent(
        method="GET", path="/x", query=[("a", SECRET)], body={"b": SECRET}, cookie=SECRET, seconds=1
    )
    assert SECRET not in repr(sent)


def test_why_a_sign_in_is_not_finished_is_told_though_it_has_words_of_the_cookies_name(
    workspace: ScriptedHttp,
) -> None:
    why = "Failed to finalize mcp_static connection: the token endpoint answered HTTP 503"
    with pytest.raises(OutcomeUnknown) as caught:
        finishing(workspace, landed(code=CODE, state="con_1"), refused(500, "x", why))
    assert why in caught.value.message


def test_a_server_that_is_down_after_the_sign_in_is_not_waited_for(workspace: ScriptedHttp) -> None:
    planned = making({"mode": "automatic"})
    run = run_with(asked(workspace, planned))
    why = "Could not connect to the MCP server: connection failed."
    workspace.on("POST", f"{ROOT}/mcp", refused(400, "invalid_request_error", why))
    with PROVIDER.writer(connect(workspace.url)) as writer:
        step(writer, planned, "sign-in", run)
        with pytest.raises(Rejected, match="connection failed"):
            step(writer, planned, "create", run)


def test_a_sign_in_without_an_access_token_is_waited_for_and_the_reason_told(
    workspace: ScriptedHttp,
) -> None:
    planned = making({"mode": "automatic"})
    run = run_with(asked(workspace, planned))
    why = "Error fetching OAuth connection access token"
    workspace.on("POST", f"{ROOT}/mcp", refused(400, "invalid_request_error", why))
    with PROVIDER.writer(connect(workspace.url)) as writer:
        step(writer, planned, "sign-in", run)
        with pytest.raises(ConsentPending, match=why) as pending:
            step(writer, planned, "create", run)
    assert pending.value.consent == run.consent


def test_a_discovery_that_fails_is_no_uncertain_write(workspace: ScriptedHttp) -> None:
    why = "Failed to discover OAuth metadata: nobody is there"
    workspace.on("POST", DISCOVER, refused(500, "internal_server_error", why))
    with (
        PROVIDER.writer(connect(workspace.url)) as writer,
        pytest.raises(Unexpected, match=r"can't find out how to sign in to it: .*nobody is there"),
    ):
        step(writer, making({"mode": "automatic"}), "sign-in", run_with())
