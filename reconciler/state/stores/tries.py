"""Asking a store again: bounded, with jitter, as long as the store asks for, interruptible."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from threading import Event
from time import time
from typing import TypeVar

from reconciler.state.failures import StateUnreachable, StateUnwritable
from reconciler.state.heartbeat import LEASE
from reconciler.state.shelf import Credentials
from reconciler.state.vigil import Clock, uptime

Answer = TypeVar("Answer")
_uniform = random.SystemRandom().uniform


class Trouble(Exception):
    """An exchange with a store that another try may clear.

    Parameters: `why` is for people and has no secret in it; `sent` says that what was asked for
    may have been done; `after` is how many seconds the store asks to wait.
    """

    def __init__(self, why: str, *, sent: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often, and with which pauses.

    Parameters: `first` and `most` bound the backoff in seconds, `told_most` what a store may ask
    for; `seconds` bounds one exchange; `stop` is set when the user wants to go, and ends the
    reads (what was done is still written down).
    """

    attempts: int = 6
    first: float = 0.3
    most: float = 5.0
    told_most: float = 30.0
    seconds: float = 30.0
    stop: Event = field(default_factory=Event)
    jitter: Callable[[float], float] = lambda limit: _uniform(limit / 2, limit)

    def reading(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """What `ask` gives, asked again after each Trouble. Raises StateUnreachable."""
        for attempt in range(1, self.attempts + 1):
            try:
                return ask()
            except Trouble as trouble:
                if attempt == self.attempts:
                    raise StateUnreachable(name, trouble.why) from None
                if self.stop.wait(self._pause(attempt, trouble)):
                    raise StateUnreachable(name, f"interrupted after: {trouble.why}") from None
        raise AssertionError("the last attempt returns or raises")

    def writing(
        self, name: str, send: Callable[[], Answer], seen: Callable[[], Answer | None]
    ) -> Answer:
        """What `send` gives; once a Trouble may hide a success, `seen` is asked before each try.

        `seen` looks at what is there: the answer when it is done, None when it isn't. Raises
        StateUnwritable.
        """
        maybe = False
        for attempt in range(1, self.attempts + 1):
            try:
                done = seen() if maybe else None
                return send() if done is None else done
            except Trouble as trouble:
                if attempt == self.attempts:
                    raise StateUnwritable(name, trouble.why, ()) from None
                maybe = maybe or trouble.sent
                # Not the user's stop: it lets what runs end, and that is to be remembered.
                Event().wait(self._pause(attempt, trouble))
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, attempt: int, trouble: Trouble) -> float:
        if trouble.after is not None:
            return min(max(trouble.after, 0.0), self.told_most)
        return self.jitter(min(self.first * 2.0 ** (attempt - 1), self.most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How to get in to a store: `credentials` are asked for when something is sent; `lease` is how
    long a lock is believed without a sign of life, where the store has leases, by `clock`."""

    credentials: Callable[[], Credentials]
    tries: Tries = field(default_factory=Tries)
    lease: timedelta = LEASE
    clock: Clock = uptime


def retry_after(text: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for; None for none, or one that says nothing."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - time()
    except (ValueError, TypeError, OverflowError):
        return None
