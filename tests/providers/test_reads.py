"""Reading over HTTP: what is repeated, what each answer means, what doesn't fit."""

from threading import Event, Timer

import pytest

from reconciler.providers import (
    Call,
    Conflict,
    Forbidden,
    Interrupted,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    SignedOut,
    Unexpected,
    Unreachable,
)
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.sessions import ReadClient
from reconciler.providers.dust.wire import SPACES as SPACE_LIST
from reconciler.providers.dust.wire import SpaceList
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import QUICK, ROOT, SPACES, TOKEN, connect, fault, reading, refused

PATH = f"{ROOT}/spaces"
GOOD = Reply(json={"spaces": SPACES, "new": {"in": "a later version"}})
CALL = f"GET {PATH}"


def read(web: ScriptedHttp, attempts: int = 5) -> SpaceList:
    with reading(web, attempts=attempts, timeout=0.5) as client:
        return client.get("/spaces", SPACE_LIST, [("role", "admin")])


def failure(web: ScriptedHttp, *replies: Reply, attempts: int = 2) -> ProviderError:
    web.on("GET", PATH, *replies)
    with pytest.raises(ProviderError) as caught:
        read(web, attempts)
    return caught.value


def test_the_token_goes_out_as_a_bearer_and_the_query_with_it(web: ScriptedHttp) -> None:
    web.on("GET", PATH, GOOD)
    assert [space.s_id for space in read(web).spaces] == [space["sId"] for space in SPACES]
    (request,) = web.log
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.query == (("role", "admin"),)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(fault="reset"),
        Reply(fault="hang-up"),
        Reply(fault="truncate", json={}),
        Reply(fault="silence"),
        Reply(status=429, json={}),
        Reply(status=502, body=b"<html>", headers={"content-type": "text/html"}),
        Reply(status=503, body=b""),
        Reply(status=504, body=b""),
        Reply(status=500, json=fault("internal_server_error")),
    ],
    ids=lambda reply: f"{reply.fault}-{reply.status}",
)
def test_a_read_is_repeated_after(web: ScriptedHttp, trouble: Reply) -> None:
    web.on("GET", PATH, trouble, GOOD)
    assert len(read(web).spaces) == 4
    assert web.calls() == [CALL, CALL]


def test_a_500_is_repeated_once_only(web: ScriptedHttp) -> None:
    error = failure(web, refused(500, "internal_server_error", "boom"), attempts=5)
    assert isinstance(error, Unexpected)
    assert "internal_server_error: boom" in error.message
    assert web.calls() == [CALL, CALL]


def test_the_attempts_are_bounded(web: ScriptedHttp) -> None:
    error = failure(web, Reply(status=503, body=b""), attempts=3)
    assert isinstance(error, Unreachable)
    assert web.calls() == [CALL] * 3


def test_waiting_as_told_without_end_is_given_up(web: ScriptedHttp) -> None:
    web.on("GET", PATH, Reply(status=429, json={}, headers={"retry-after": "9"}))
    client = ReadClient(connect(web.url, attempts=99), Backoff(told_most=0.01, total=0.05))
    with pytest.raises(RateLimited):
        client.get("/spaces", SPACE_LIST)
    client.close()
    assert len(web.log) == 6


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with ScriptedHttp() as gone:
        connection = connect(gone.url, attempts=2)
    client = ReadClient(connection, QUICK)
    with pytest.raises(Unreachable, match="could not be reached") as caught:
        client.get("/spaces", SPACE_LIST)
    client.close()
    assert caught.value.call == "GET /spaces"
    assert client.calls == 2


def test_an_interrupt_ends_the_waiting(web: ScriptedHttp) -> None:
    web.on("GET", PATH, Reply(status=429, json={}, headers={"retry-after": "3600"}))
    stop = Event()
    client = ReadClient(connect(web.url, stop=stop), Backoff(told_most=3600, total=7200))
    timer = Timer(0.1, stop.set)
    timer.start()
    with pytest.raises(Interrupted):
        client.get("/spaces", SPACE_LIST)
    timer.join()
    client.close()


def test_nothing_is_read_after_an_interrupt(web: ScriptedHttp) -> None:
    stop = Event()
    stop.set()
    with reading(web, stop=stop) as client, pytest.raises(Interrupted):
        client.get("/spaces", SPACE_LIST)
    assert web.log == []


def test_every_exchange_is_observed_without_its_query(web: ScriptedHttp) -> None:
    seen: list[Call] = []
    web.on("GET", PATH, Reply(status=503, body=b""), Reply(fault="reset"), GOOD)
    with reading(web, observe=seen.append) as client:
        client.get("/spaces", SPACE_LIST, [("role", "admin")])
    assert [(c.method, c.path, c.status, c.attempt) for c in seen] == [
        ("GET", PATH, 503, 1),
        ("GET", PATH, None, 2),
        ("GET", PATH, 200, 3),
    ]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refused(400, "invalid_request_error", "bad kind"), Rejected, "bad kind"),
        (refused(401, "not_authenticated"), SignedOut, "isn't accepted"),
        (refused(401, "expired_oauth_token_error"), SignedOut, "expired"),
        (refused(401, "user_not_found"), Forbidden, "no account"),
        (refused(401, "workspace_auth_error", "Not a member."), Forbidden, "Not a member."),
        (refused(401, "sso_enforced"), Forbidden, "single sign-on"),
        (refused(403, "workspace_auth_error", "Admins only."), Forbidden, "Admins only."),
        (refused(403, "workspace_can_use_product_required_error"), Forbidden, "plan"),
        (refused(403, "plan_limit_error", "Too many spaces."), Rejected, "Too many spaces."),
        (refused(404, "workspace_not_found"), Forbidden, "workspace was not found"),
        (refused(404, "user_not_found", "No such person."), NotFound, "No such person."),
        (refused(404, "space_not_found", "No such space."), NotFound, "No such space."),
        (refused(409, "invalid_request_error", "Taken."), Conflict, "Taken."),
        (refused(429, "rate_limit_error", "Slow down."), RateLimited, "Slow down."),
        (refused(503, "service_unavailable", "Maintenance."), Unreachable, "Maintenance."),
        (refused(413, "content_too_large", "Too large."), Rejected, "Too large."),
        (refused(405, "method_not_supported_error", "No."), Unexpected, "status 405"),
        (Reply(status=404, body=b"<html>", headers={"content-type": "text/html"}), Unexpected,
         "HTML page"),
        (Reply(status=418, json=["?"]), Unexpected, "status 418"),
    ],
)  # fmt: skip
def test_a_status_is_named_after_who_can_act(
    web: ScriptedHttp, reply: Reply, kind: type[ProviderError], words: str
) -> None:
    error = failure(web, reply)
    assert type(error) is kind
    assert words in error.message
    assert (error.call, error.status) == ("GET /spaces", reply.status)


@pytest.mark.parametrize(
    "reply",
    [
        refused(401, "expired_oauth_token_error"),
        refused(401, "not_authenticated"),
        refused(403, "workspace_auth_error"),
        refused(404, "workspace_not_found"),
        refused(401, "sso_enforced"),
    ],
)
def test_a_refused_credential_says_what_to_do(web: ScriptedHttp, reply: Reply) -> None:
    assert failure(web, reply).help


def test_a_workspace_of_another_region_is_said_to_be_there(web: ScriptedHttp) -> None:
    body = fault("workspace_in_different_region")
    body["error"]["redirect"] = {
        "region": "europe-west1",
        "url": "https://eu.dust.tt/w/1?secret=x",
    }
    error = failure(web, Reply(status=400, json=body))
    assert isinstance(error, Forbidden)
    assert error.message == "the workspace lives in region europe-west1, at https://eu.dust.tt"


def test_a_redirect_is_not_followed(web: ScriptedHttp) -> None:
    error = failure(
        web, Reply(status=302, headers={"location": f"{web.url}/elsewhere?key=private"})
    )
    assert isinstance(error, Forbidden)
    assert f"redirects GET /spaces to {web.url}; it isn't followed" in error.message
    assert any("region" in line for line in error.help)
    assert web.calls() == [CALL]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "expected JSON, got an empty body"),
        (b"{}", "expected the field `spaces`, which is missing"),
        (b"[]", "expected an object in `(the whole body)`, got a list of 0"),
        (b'{"spaces": null}', "expected a list in `spaces`, got null"),
        (b'{"spaces": {"a": 1}}', "expected a list in `spaces`, got an object with 1 fields"),
        (
            b'{"spaces": [{"sId": 7, "name": "x", "kind": "regular"}]}',
            "expected text in `spaces[0].sId`, got a number",
        ),
        (b'{"spaces": [{}, {}]}', "expected the field `spaces[0].kind`, which is missing"),
        (b'{"spaces": [', "expected JSON, got something else of 12 bytes"),
        (b"\xff\xfe", "expected JSON, got something else of 2 bytes"),
    ],
)
def test_an_answer_that_does_not_fit_says_which_call_which_field_and_what_came(
    web: ScriptedHttp, body: bytes, words: str
) -> None:
    error = failure(web, Reply(body=body))
    assert isinstance(error, Unexpected)
    assert error.message.startswith("GET /spaces was answered with what this version doesn't know")
    assert words in error.message
    assert web.calls() == [CALL]


def test_a_login_page_is_recognised(web: ScriptedHttp) -> None:
    page = Reply(body=b"<html>Sign in</html>", headers={"content-type": "text/html; charset=utf-8"})
    assert "expected JSON, got an HTML page of 20 bytes" in failure(web, page).message


def test_an_answer_that_does_not_fit_never_shows_its_values(web: ScriptedHttp) -> None:
    error = failure(web, Reply(json={"spaces": [{"sId": ["hunter2"], "name": "x"}]}))
    assert "hunter2" not in error.message
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_read_client_refuses_to_send_anything_but_get(web: ScriptedHttp) -> None:
    with reading(web) as client:
        assert not hasattr(client, "send")
        from reconciler.providers.dust.answers import Sent

        post = Sent(method="POST", path="/x", seconds=1)
        with pytest.raises(AssertionError, match="this is a bug"):
            client._transport.exchange(post, 1)
    assert web.log == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("sk-0123456789abcdef", "API keys can't manage MCP servers"),
        ("two words", "characters that no token has"),
        ("line\nbreak", "characters that no token has"),
        ("wörd", "characters that no token has"),
        ('"quoted"', "characters that no token has"),
    ],
)
def test_what_cannot_be_a_token_is_refused_before_any_call(
    web: ScriptedHttp, token: str, words: str
) -> None:
    with pytest.raises(Forbidden, match=words) as caught, reading(web, token=token):
        pass
    assert token not in str(caught.value)
    assert web.log == []


def test_cookies_are_not_kept(web: ScriptedHttp) -> None:
    web.on("GET", PATH, Reply(json={"spaces": []}, headers={"set-cookie": "session=1; Path=/"}))
    with reading(web) as client:
        client.get("/spaces", SPACE_LIST)
        client.get("/spaces", SPACE_LIST)
    assert "cookie" not in web.log[1].headers


def test_loopback_is_never_reached_through_a_proxy(
    web: ScriptedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    web.on("GET", PATH, GOOD)
    assert len(read(web).spaces) == 4


@pytest.mark.parametrize("where", ["type", "message", "name"])
def test_a_server_that_echoes_the_token_is_not_repeated(web: ScriptedHttp, where: str) -> None:
    body = {
        "error": {"type": "invalid_request_error", "message": "no"},
        "nameConflict": {"name": "x"},
    }
    body["error" if where != "name" else "nameConflict"][where] = f"{TOKEN}"
    error = failure(web, Reply(status=400, json=body))
    said = " ".join((error.message, *error.help))
    assert TOKEN not in said
    assert TOKEN[5:15] not in said
