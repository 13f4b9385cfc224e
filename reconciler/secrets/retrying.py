"""Try again what failed in passing, in bounds; give up at once on what is down for good."""

from collections.abc import Callable, Iterator
from random import SystemRandom
from typing import TypeVar

from reconciler.secrets.backend import Surroundings
from reconciler.secrets.trouble import Trouble

Value = TypeVar("Value")
_random = SystemRandom()


class Retrying:
    """The calls to one keeper of secrets; shared between threads.

    Once a call found that it can't be used as a whole, later calls fail with the same trouble
    without trying again.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._down: Trouble | None = None

    def ask(self, exchange: Callable[[], Value], *, repeatable: bool = True) -> Value:
        """What `exchange` returns. Raises the Trouble that it raised when trying again is no use.

        Parameters: `repeatable` is False for what must not be done twice, such as a write: then
        it is only tried again when it certainly wasn't done.
        """
        pauses = self._pauses()
        while True:
            if self._down is not None:
                raise self._down
            try:
                return exchange()
            except Trouble as raised:
                trouble = raised
            again = trouble.passing and (repeatable or not trouble.unknown)
            pause = next(pauses, None) if again else None
            if pause is None or not self._wait(pause, trouble):
                self._down = trouble if trouble.everywhere else self._down
                raise trouble

    def try_again(self) -> None:
        """Ask the next time, even if it couldn't be used as a whole before."""
        self._down = None

    def _pauses(self) -> Iterator[float]:
        pacing = self._surroundings.pacing
        for attempt in range(pacing.attempts - 1):
            yield min(pacing.ceiling, pacing.first * 2**attempt) * _random.uniform(0.5, 1)

    def _wait(self, pause: float, trouble: Trouble) -> bool:
        """Wait before another try; False when there is to be none."""
        asked = trouble.retry_after
        if asked is not None and asked > self._surroundings.pacing.patience:
            return False
        # The server's number is a minimum, so jitter is added to it and not taken from it.
        return not self._surroundings.stop.wait(pause if asked is None else asked + pause)


def seconds(text: str | None) -> float | None:
    """Retry-After as seconds; a date is left to our own pacing."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 7):
        return None
    return float(text)
