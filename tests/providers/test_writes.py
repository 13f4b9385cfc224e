"""Writing over HTTP: what may be sent twice, and when the outcome isn't known."""

import json
from collections.abc import Callable
from threading import Event, Timer

import pytest

from reconciler.providers import (
    Connection,
    Forbidden,
    Interrupted,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
)
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.sessions import WriteClient
from reconciler.providers.dust.wire_servers import SUCCESS
from reconciler.secrets import Secret
from reconciler.state import StateLost
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import ROOT, connect, fault, refused, writing

PATH = f"{ROOT}/mcp"
CALL = f"POST {PATH}"
GOOD = Reply(status=201, json={"success": True})
PAGE = {"content-type": "text/html"}


def write(web: ScriptedHttp, *, idempotent: bool = False) -> None:
    with writing(web, timeout=0.5, attempts=3) as client:
        client.send("POST", "/mcp", SUCCESS, body={"a": 1}, idempotent=idempotent)


def failure(web: ScriptedHttp, *replies: Reply, idempotent: bool = False) -> ProviderError:
    web.on("POST", PATH, *replies)
    with pytest.raises(ProviderError) as caught:
        write(web, idempotent=idempotent)
    return caught.value


@pytest.mark.parametrize(
    "trouble",
    [
        refused(429, "rate_limit_error"),
        Reply(status=429, body=b"slow down", headers=PAGE),
        refused(503, "service_unavailable"),
    ],
)
def test_a_write_that_certainly_did_not_happen_is_repeated(
    web: ScriptedHttp, trouble: Reply
) -> None:
    web.on("POST", PATH, trouble, trouble, GOOD)
    write(web)
    assert web.calls() == [CALL] * 3
    assert web.bodies("POST", PATH) == [{"a": 1}] * 3


UNCERTAIN = [
    Reply(fault="reset"),
    Reply(fault="hang-up"),
    Reply(fault="silence"),
    Reply(fault="truncate", json={"success": True}),
    Reply(status=502, body=b"", headers=PAGE),
    Reply(status=503, body=b"busy", headers=PAGE),
    Reply(status=504, body=b""),
    refused(504, "service_unavailable"),
]


@pytest.mark.parametrize("trouble", UNCERTAIN, ids=lambda r: f"{r.fault}-{r.status}")
def test_a_write_that_may_have_happened_is_not_repeated(web: ScriptedHttp, trouble: Reply) -> None:
    error = failure(web, trouble, GOOD)
    assert isinstance(error, OutcomeUnknown)
    assert "POST /mcp was sent, and whether it happened isn't known" in error.message
    assert web.calls() == [CALL]


@pytest.mark.parametrize("trouble", UNCERTAIN, ids=lambda r: f"{r.fault}-{r.status}")
def test_an_idempotent_write_is_repeated_although_it_may_have_happened(
    web: ScriptedHttp, trouble: Reply
) -> None:
    web.on("POST", PATH, trouble, GOOD)
    write(web, idempotent=True)
    assert web.calls() == [CALL] * 2


@pytest.mark.parametrize("idempotent", [False, True])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, json=fault("internal_server_error", "half-way")),
        Reply(status=200, body=b""),
        Reply(status=200, body=b"<html>Sign in</html>", headers=PAGE),
        Reply(status=200, body=b'{"success": tr'),
        Reply(status=200, json={}),
        Reply(status=200, json={"success": False}),
    ],
    ids=lambda reply: f"{reply.status}-{len(reply.content())}",
)
def test_an_unusable_answer_to_a_write_leaves_the_outcome_unknown(
    web: ScriptedHttp, reply: Reply, *, idempotent: bool
) -> None:
    error = failure(web, reply, idempotent=idempotent)
    assert isinstance(error, OutcomeUnknown)
    assert error.status == reply.status
    assert web.calls() == [CALL]


def test_a_write_that_could_not_connect_is_unreachable_and_safe() -> None:
    with ScriptedHttp() as gone:
        url = gone.url
    client = WriteClient(connect(url, attempts=1), Backoff())
    with pytest.raises(Unreachable):
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=False)
    client.close()


def test_a_redirected_write_is_not_followed(web: ScriptedHttp) -> None:
    error = failure(web, Reply(status=307, headers={"location": f"{web.url}/other"}))
    assert isinstance(error, Forbidden)
    assert web.calls() == [CALL]


def test_too_many_calls_after_all_attempts(web: ScriptedHttp) -> None:
    assert isinstance(failure(web, refused(429, "rate_limit_error")), RateLimited)
    assert web.calls() == [CALL] * 3


def test_an_interrupt_while_a_refused_write_waits_says_so(web: ScriptedHttp) -> None:
    assert isinstance(_interrupted(web, refused(429, "rate_limit_error")), Interrupted)


def test_an_interrupt_while_a_lost_write_waits_leaves_its_outcome_unknown(
    web: ScriptedHttp,
) -> None:
    assert isinstance(_interrupted(web, Reply(fault="reset")), OutcomeUnknown)


def _interrupted(web: ScriptedHttp, reply: Reply) -> ProviderError:
    web.on("POST", PATH, reply)
    stop = Event()
    waits = Backoff(first=3600, most=3600, total=7200, jitter=lambda limit: limit)
    client = WriteClient(connect(web.url, stop=stop), waits)
    timer = Timer(0.2, stop.set)
    timer.start()
    with pytest.raises(ProviderError) as caught:
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=True)
    timer.join()
    client.close()
    return caught.value


def test_a_write_underway_is_finished_after_an_interrupt(web: ScriptedHttp) -> None:
    stop = Event()
    stop.set()
    web.on("POST", PATH, GOOD)
    with writing(web, stop=stop) as client:
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=False)
    assert web.calls() == [CALL]


class Lock:
    """The lock of a state, which is lost after some questions."""

    def __init__(self, asked_until_lost: int) -> None:
        self._left = asked_until_lost

    def permit(self) -> None:
        """Say that it is ours."""
        if self._left == 0:
            raise StateLost("acme", None)
        self._left -= 1


def test_a_write_is_not_sent_without_the_lock(web: ScriptedHttp) -> None:
    web.on("POST", PATH, GOOD)
    with writing(web, permit=Lock(0).permit) as client, pytest.raises(StateLost):
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=False)
    assert web.calls() == []


def test_the_lock_is_asked_again_before_a_write_is_repeated(web: ScriptedHttp) -> None:
    web.on("POST", PATH, refused(429, "rate_limit_error"), GOOD)
    with writing(web, permit=Lock(1).permit) as client, pytest.raises(StateLost):
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=False)
    assert web.calls() == [CALL]


def test_a_write_that_may_have_happened_before_the_lock_was_lost_is_of_unknown_outcome(
    web: ScriptedHttp,
) -> None:
    web.on("POST", PATH, Reply(fault="reset"), GOOD)
    with writing(web, permit=Lock(1).permit) as client, pytest.raises(OutcomeUnknown):
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=True)
    assert web.calls() == [CALL]


def test_the_lock_is_asked_after_the_token_was_renewed_which_may_take_minutes(
    web: ScriptedHttp,
) -> None:
    expired = Reply(status=401, json=fault("expired_oauth_token_error", "Expired."))
    web.on("POST", PATH, expired, GOOD)
    lock = Lock(2)

    class Slow:
        def current(self) -> Secret:
            return Secret("first-token")

        def instead_of(self, refused: Secret) -> Secret:
            lock.permit()  # of its two times, none is left for the call
            return Secret("second-token")

    with writing(web, permit=lock.permit, renewal=Slow()) as client, pytest.raises(StateLost):
        client.send("POST", "/mcp", SUCCESS, body={}, idempotent=False)
    assert web.calls() == [CALL]


def test_reading_asks_for_no_lock(web: ScriptedHttp) -> None:
    web.on("GET", PATH, GOOD)
    with writing(web, permit=Lock(0).permit) as client:
        client.get("/mcp", SUCCESS)


def test_a_connection_that_was_given_no_lock_can_not_write(web: ScriptedHttp) -> None:
    connection = Connection(url=web.url, workspace_id="w1", token=Secret("user.token"))
    client = WriteClient(connection, Backoff())
    with pytest.raises(AssertionError, match="nobody asked the lock"):
        client.send("DELETE", "/mcp", SUCCESS, idempotent=True)
    client.close()
    assert web.calls() == []


@pytest.mark.parametrize(
    "begin",
    [
        lambda client: client.set_up("mcp", "platform_actions", {}),
        lambda client: client.finish_sign_in("mcp", "code", "con_1"),
    ],
    ids=["beginning", "finishing"],
)
def test_a_sign_in_is_a_write_although_the_platform_takes_it_by_get(
    web: ScriptedHttp, begin: Callable[[WriteClient], object]
) -> None:
    with writing(web, permit=Lock(0).permit) as client, pytest.raises(StateLost):
        begin(client)
    assert web.calls() == []


def test_a_name_conflict_is_told_in_full(web: ScriptedHttp) -> None:
    conflict = {
        "name": "Acme",
        "conflictDetails": {
            "conflictingServerName": "Acme 2",
            "conflictingToolName": "acme_2__search",
        },
    }
    body = fault("invalid_request_error", "Name taken.", nameConflict=conflict)
    error = failure(web, Reply(status=400, json={**body, "isRemoteServerError": True}))
    assert isinstance(error, Rejected)
    assert error.message == "the platform refuses: invalid_request_error: Name taken."
    assert error.help == (
        "the name in the way: Acme",
        "it belongs to the server Acme 2",
        "the tool that would clash: acme_2__search",
        "choose another `displayName`",
    )


def test_a_taken_space_name_says_that_hidden_spaces_count(web: ScriptedHttp) -> None:
    error = failure(web, refused(400, "space_already_exists", "Exists."))
    assert isinstance(error, Rejected)
    assert any("hidden" in line for line in error.help)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 502, 503])
def test_a_secret_in_a_body_never_comes_back_in_a_failure(web: ScriptedHttp, status: int) -> None:
    secret = "s3cr3t-value-of-the-remote"
    reply = Reply(status=status, json=fault("bad_request", f"refused: Bearer {secret[:12]}"))
    web.on("POST", PATH, reply)
    with writing(web, attempts=1) as client:
        body = {"sharedSecret": client.reveal(Secret(secret))}
        with pytest.raises(ProviderError) as caught:
            client.send("POST", "/mcp", SUCCESS, body=body, idempotent=False)
    told = json.dumps([str(caught.value), caught.value.message, caught.value.help])
    assert secret[:8] not in told
    assert caught.value.__context__ is None
    if status not in (401, 403, 404):
        assert "message withheld" in told
