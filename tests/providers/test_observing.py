"""What is told of calls and waits: enough to see what went on, and nothing that opens a door."""

from typing import Any

from pydantic import TypeAdapter

from reconciler.providers import Call, Pause
from reconciler.secrets import Secret
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import ROOT, reading, writing

_ANY: TypeAdapter[Any] = TypeAdapter(dict[str, Any])
_BUSY = Reply(status=429, json={}, headers={"retry-after": "0", "x-request-id": "req_7:a"})


def test_a_call_is_told_with_the_servers_name_for_it_and_its_clock() -> None:
    calls: list[Call] = []
    with ScriptedHttp() as web:
        web.on("GET", f"{ROOT}/spaces", Reply(json={}, headers={"x-request-id": "req_7:a"}))
        with reading(web, observe=calls.append) as client:
            client.get("/spaces", _ANY, [("role", "admin"), ("search", "ana@acme.example")])
    (call,) = calls
    assert (call.method, call.path, call.status) == ("GET", f"{ROOT}/spaces", 200)
    assert call.query == "role=admin&search=…"
    assert call.request_id == "req_7:a"
    assert call.date.endswith("GMT")


def test_a_wait_that_the_platform_asks_for_is_told_before_it_begins() -> None:
    calls: list[Call] = []
    pauses: list[Pause] = []
    with ScriptedHttp() as web:
        web.on("GET", f"{ROOT}/spaces", _BUSY, Reply(json={}))
        with reading(web, observe=calls.append, paused=pauses.append) as client:
            client.get("/spaces", _ANY)
    assert [call.attempt for call in calls] == [1, 2]
    assert pauses == [
        Pause(
            method="GET",
            path=f"{ROOT}/spaces",
            seconds=0.0,
            attempt=2,
            asked=True,
            reason="status 429",
        )
    ]


def test_a_call_without_an_answer_is_told_with_the_reason() -> None:
    calls: list[Call] = []
    pauses: list[Pause] = []
    with ScriptedHttp() as web:
        web.on("GET", f"{ROOT}/spaces", Reply(fault="hang-up"), Reply(json={}))
        with reading(web, observe=calls.append, paused=pauses.append) as client:
            client.get("/spaces", _ANY)
    assert calls[0].status is None
    assert calls[0].reason
    assert (pauses[0].asked, pauses[0].reason) == (False, calls[0].reason)


def test_a_name_that_repeats_a_secret_is_not_told() -> None:
    calls: list[Call] = []
    secret = "a-secret-that-was-sent"
    with ScriptedHttp() as web:
        told = Reply(json={}, headers={"x-request-id": secret})
        web.on("POST", f"{ROOT}/mcp", told)
        with writing(web, observe=calls.append) as client:
            body = {"sharedSecret": client.reveal(Secret(secret))}
            client.send("POST", "/mcp", _ANY, body=body, idempotent=False)
    assert calls[0].request_id == ""
    assert secret not in str(calls)
