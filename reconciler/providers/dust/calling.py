"""One call through to its value: tries, waits, and failures named by who can act."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import TypeAdapter

from reconciler.providers.contract import Connection, Pause
from reconciler.providers.dust.answers import Answer, Broken, Query, Sent
from reconciler.providers.dust.decoding import Misfit, decode
from reconciler.providers.dust.refusals import Asked, lost, refusal
from reconciler.providers.dust.retries import Backoff, may_have_happened, may_repeat
from reconciler.providers.dust.words import Words
from reconciler.providers.failures import Interrupted, Unexpected
from reconciler.state import StateError

T = TypeVar("T")
Exchange = Callable[[Sent, int], Answer | Broken]


class Caller:
    """One session: sends, waits, tries again, and turns what comes back into values."""

    def __init__(
        self, connection: Connection, backoff: Backoff, words: Words, exchange: Exchange
    ) -> None:
        self.connection = connection
        self.root = f"/api/w/{connection.workspace_id}"
        self._words = words
        self._backoff = backoff
        self._exchange = exchange

    def call(
        self,
        sent: Sent,
        adapter: TypeAdapter[T],
        *,
        idempotent: bool,
        writes: bool,
        seen: Callable[[Answer], None] = lambda _answer: None,
    ) -> T:
        """Send it until it succeeds or can't; `seen` gets the answer that did. Raises
        ProviderError."""
        asked = Asked(
            call=f"{sent.method} {sent.path.removeprefix(self.root)}",
            origin=self.connection.url,
            writes=writes,
        )
        outcome = self._persist(sent, asked, idempotent=idempotent)
        if isinstance(outcome, Broken) or not outcome.succeeded:
            raise refusal(asked, outcome, self._words)
        seen(outcome)
        fitted = decode(adapter, outcome)
        if not isinstance(fitted, Misfit):
            return fitted
        if writes:
            raise lost(asked, f"the answer doesn't fit ({fitted})", outcome.status)
        raise Unexpected(
            f"{asked.call} was answered with what this version doesn't know: {fitted}",
            call=asked.call,
            status=outcome.status,
            help=("the API may have changed, or `url` isn't the API's address",),
        )

    def _persist(self, sent: Sent, asked: Asked, *, idempotent: bool) -> Answer | Broken:
        attempt, waited = 1, 0.0
        outcome: Answer | Broken | None = None
        while True:
            if not asked.writes and self.connection.stop.is_set():
                raise Interrupted(f"interrupted before {asked.call}", call=asked.call)
            try:
                outcome = self._exchange(sent, attempt)
            except StateError:
                # The lock was lost while this waited. What the tries before did is all there is.
                if outcome is None or not may_have_happened(outcome):
                    raise
                return outcome
            if isinstance(outcome, Answer) and outcome.succeeded:
                return outcome
            if attempt >= self.connection.attempts or not may_repeat(
                outcome, writes=asked.writes, idempotent=idempotent, attempt=attempt
            ):
                return outcome
            told = outcome.retry_after if isinstance(outcome, Answer) else None
            pause = self._backoff.pause(attempt, told)
            waited += pause
            if waited > self._backoff.total:
                return outcome
            self.connection.paused(
                Pause(
                    method=sent.method,
                    path=sent.path,
                    seconds=pause,
                    attempt=attempt + 1,
                    asked=isinstance(outcome, Answer) and (outcome.status == 429 or bool(told)),
                    reason=self._why(outcome),
                )
            )
            if self.connection.stop.wait(pause):
                if asked.writes and may_have_happened(outcome):
                    return outcome
                raise Interrupted(f"interrupted before {asked.call} was repeated", call=asked.call)
            attempt += 1

    def _why(self, outcome: Answer | Broken) -> str:
        if isinstance(outcome, Answer):
            return f"status {outcome.status}"
        return self._words.safe(outcome.reason)


def get(caller: Caller, path: str, adapter: TypeAdapter[T], query: Query) -> T:
    """Read `path`, from the origin on. Raises ProviderError."""
    sent = Sent(method="GET", path=path, query=query, seconds=caller.connection.timeout)
    return caller.call(sent, adapter, idempotent=True, writes=False)
