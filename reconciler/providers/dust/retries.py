"""When a call is tried again, and how long to wait before."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from reconciler.providers.dust.answers import Answer, Broken, Trouble

_RATE_LIMITED = 429
_FAILED = 500
_BUSY = 503
_GATEWAY = frozenset({502, 503, 504})
_uniform = random.SystemRandom().uniform


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait between tries.

    Parameters: `first` and `most` bound the exponential backoff in seconds, `told_most` one
    `Retry-After`, `total` all waits of one call together; `jitter` picks from 0 to a limit;
    `clock` is the time of day that an HTTP date is compared with.
    """

    first: float = 0.5
    most: float = 20.0
    told_most: float = 60.0
    total: float = 240.0
    jitter: Callable[[float], float] = lambda limit: _uniform(0.0, limit)
    clock: Callable[[], float] = time.time

    def pause(self, attempt: int, retry_after: str | None) -> float:
        """Seconds before the try after `attempt` (from 1): what was told, else full jitter."""
        told = self._told(retry_after)
        if told is not None:
            return min(max(told, 0.0), self.told_most)
        return self.jitter(min(self.first * 2.0 ** (attempt - 1), self.most))

    def _told(self, retry_after: str | None) -> float | None:
        if retry_after is None:
            return None
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return parsedate_to_datetime(text).timestamp() - self.clock()
        except (ValueError, TypeError, OverflowError):
            return None


def may_repeat(outcome: Answer | Broken, *, writes: bool, idempotent: bool, attempt: int) -> bool:
    """Whether sending the same call again can do no harm and may help.

    Reads: after anything transient; a 500 once. Writes: when certainly nothing happened (not
    connected, 429, the platform's own 503), or when repeating is harmless.
    """
    if isinstance(outcome, Broken):
        if outcome.trouble is Trouble.TOO_MUCH:
            return False
        return outcome.trouble is Trouble.NOT_SENT or not writes or idempotent
    if outcome.status == _RATE_LIMITED:
        return True
    if outcome.status in _GATEWAY:
        return not writes or idempotent or refused_as_busy(outcome)
    return outcome.status == _FAILED and not writes and attempt == 1


def may_have_happened(outcome: Answer | Broken) -> bool:
    """Whether a write with this outcome may have been carried out."""
    if isinstance(outcome, Broken):
        return outcome.trouble is not Trouble.NOT_SENT
    return outcome.status >= _FAILED and not refused_as_busy(outcome)


def refused_as_busy(answer: Answer) -> bool:
    """A 503 of the platform itself (maintenance), not of a proxy that may have passed it on."""
    fault = answer.fault()
    return answer.status == _BUSY and fault is not None and fault.type == "service_unavailable"
