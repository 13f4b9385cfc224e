"""What can happen to one call: the process is killed at it, or it is answered badly or not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

from tests.crash.wire import Deed, Exchange

TOLD_SECONDS = 7
"""What `Retry-After` says, as a number and as a date."""
_DRIP = 0.02


class Crash(StrEnum):
    """When the process is killed, as seen from the call."""

    BEFORE = "killed before the call"
    AFTER = "killed after the call"
    AMID = "killed in the middle of the answer"


class Fault(StrEnum):
    """What goes wrong with a call. Where it says `done`, the workspace did what was asked."""

    LIMIT_SECONDS = "429, Retry-After in seconds"
    LIMIT_DATE = "429, Retry-After as a date"
    FAILED = "500"
    FAILED_DONE = "500, done"
    GATEWAY = "502"
    GATEWAY_DONE = "502, done"
    GATEWAY_ALWAYS = "502 at every repeat"
    BUSY = "503 of the platform"
    BUSY_DONE = "503 of a proxy, done"
    TIMEOUT_DONE = "no answer in time, done"
    RESET = "reset"
    RESET_DONE = "reset, done"
    RESET_ALWAYS = "reset at every repeat, done"
    TRUNCATED = "truncated answer, done"
    NOT_JSON = "answer isn't JSON, done"
    DRIP = "answer drips too slowly, done"
    ERROR_INSIDE = "200 with an error inside"

    @property
    def stubborn(self) -> bool:
        """Whether a repeat of the call meets it too."""
        return self in (Fault.GATEWAY_ALWAYS, Fault.RESET_ALWAYS)

    @property
    def slow(self) -> bool:
        """Whether it takes the caller's whole timeout."""
        return self in (Fault.TIMEOUT_DONE, Fault.DRIP)

    @property
    def twin(self) -> "Fault | None":
        """The fault that is the same for a call that only reads, done or not."""
        return _TWINS.get(self)

    @property
    def harmless(self) -> bool:
        """Whether the platform said that nothing was done, so that any call may be repeated."""
        return self in (Fault.LIMIT_SECONDS, Fault.LIMIT_DATE, Fault.BUSY)


_TWINS = {
    Fault.FAILED_DONE: Fault.FAILED,
    Fault.GATEWAY_DONE: Fault.GATEWAY,
    Fault.BUSY_DONE: Fault.GATEWAY,
    Fault.RESET_DONE: Fault.RESET,
}


def crash(when: Crash, kill: Callable[[], None]) -> Deed:
    """Kill the process at a call."""

    def deed(exchange: Exchange) -> None:
        if when is not Crash.BEFORE:
            answer = exchange.forward()
            if when is Crash.AMID:
                exchange.answer(answer[: -max(1, len(answer) // 4)])
        kill()
        exchange.reset()

    return deed


def fault(kind: Fault) -> Deed:
    """Spoil a call."""

    def deed(exchange: Exchange) -> None:
        match kind:
            case Fault.LIMIT_SECONDS:
                exchange.answer(_error(429, "rate_limit_error", str(TOLD_SECONDS)))
            case Fault.LIMIT_DATE:
                then = datetime.now(UTC) + timedelta(seconds=TOLD_SECONDS)
                date = format_datetime(then, usegmt=True)
                exchange.answer(_error(429, "rate_limit_error", date))
            case Fault.BUSY:
                exchange.answer(_error(503, "service_unavailable"))
            case Fault.FAILED:
                exchange.answer(_error(500, "internal_server_error"))
            case Fault.GATEWAY | Fault.GATEWAY_ALWAYS:
                exchange.answer(_page(502))
            case Fault.ERROR_INSIDE:
                exchange.answer(_error(200, "internal_server_error"))
            case Fault.RESET:
                exchange.reset()
            case _:
                _after(kind, exchange, exchange.forward())

    return deed


def _after(kind: Fault, exchange: Exchange, answer: bytes) -> None:
    """Faults of calls that were carried out."""
    match kind:
        case Fault.FAILED_DONE:
            exchange.answer(_error(500, "internal_server_error"))
        case Fault.GATEWAY_DONE:
            exchange.answer(_page(502))
        case Fault.BUSY_DONE:
            exchange.answer(_page(503))
        case Fault.NOT_JSON:
            exchange.answer(_page(200))
        case Fault.TIMEOUT_DONE:
            exchange.wait_for_caller()
        case Fault.TRUNCATED:
            exchange.answer(answer[: -max(1, len(answer) // 4)])
            exchange.hang_up()
        case Fault.DRIP:
            _drip(exchange, answer)
        case _:
            exchange.reset()


def _drip(exchange: Exchange, answer: bytes) -> None:
    """A byte now and then: never silent for as long as the timeout, and never done."""
    head, mark, body = answer.partition(b"\r\n\r\n")
    exchange.answer(head + mark)
    while not exchange.wait_for_caller(_DRIP):
        first, body = body[:1], body[1:]
        if not body:  # the last byte never comes
            exchange.wait_for_caller()
            return
        exchange.answer(first)


def _error(status: int, kind: str, retry_after: str | None = None) -> bytes:
    """An error as the platform tells it."""
    body = json.dumps({"error": {"type": kind, "message": "This is the test's own fault."}})
    more = "" if retry_after is None else f"retry-after: {retry_after}\r\n"
    return _answer(status, "application/json", body, more)


def _page(status: int) -> bytes:
    """What a proxy answers in the platform's stead."""
    return _answer(status, "text/html", f"<html><h1>{status}</h1>a proxy's page</html>")


def _answer(status: int, kind: str, body: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Whatever\r\ncontent-type: {kind}\r\n{more}"
    return f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()
