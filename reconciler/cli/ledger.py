"""What of a run has begun, ended, and still waits, kept from what an execution tells."""

import time
from collections.abc import Callable, Iterable
from threading import Lock

from reconciler.cli.console import pause_text
from reconciler.execution import Outcome, Result
from reconciler.providers import Pause
from reconciler.resources import Address, Change, Operation
from reconciler.views import ProgressView, RunningView

_FAILED = (Outcome.FAILED, Outcome.UNKNOWN)


class Ledger:
    """Told from several threads; `view` is the run at this moment.

    Parameters: `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._waiting: dict[Address, tuple[Address, ...]] = {}
        self._running: dict[Address, tuple[float, str]] = {}
        self._ended: dict[Outcome, int] = {}
        self._pause: Pause | None = None
        self._until = 0.0

    def begun(self, changes: Iterable[Change]) -> None:
        """All changes that the run will try."""
        with self._lock:
            self._waiting.update((change.address, change.depends_on) for change in changes)

    def started(self, change: Change) -> None:
        """A change begins."""
        with self._lock:
            self._waiting.pop(change.address, None)
            self._running[change.address] = (self._clock(), "")

    def operation(self, change: Change, operation: Operation) -> None:
        """A call of it is about to be sent."""
        with self._lock:
            since, _ = self._running.get(change.address, (self._clock(), ""))
            self._running[change.address] = (since, operation.summary)

    def finished(self, result: Result) -> None:
        """A change has ended, or will never begin."""
        with self._lock:
            self._waiting.pop(result.change.address, None)
            self._running.pop(result.change.address, None)
            self._ended[result.outcome] = self._ended.get(result.outcome, 0) + 1

    def paused(self, pause: Pause) -> bool:
        """A call waits; whether that is news, rather than one more call in the same wait."""
        with self._lock:
            now = self._clock()
            news = now >= self._until
            if now + pause.seconds > self._until:
                self._pause, self._until = pause, now + pause.seconds
            return news

    def view(self) -> ProgressView:
        """The run now."""
        with self._lock:
            now = self._clock()
            open_ = self._waiting.keys() | self._running.keys()
            return ProgressView(
                running=tuple(
                    RunningView(address=str(address), operation=words, seconds=now - since)
                    for address, (since, words) in self._running.items()
                ),
                waiting=tuple(
                    (str(address), tuple(str(need) for need in needs if need in open_))
                    for address, needs in self._waiting.items()
                ),
                done=sum(n for outcome, n in self._ended.items() if outcome not in _FAILED),
                failed=sum(self._ended.get(outcome, 0) for outcome in _FAILED),
                pause=self._pause_text(now),
            )

    def _pause_text(self, now: float) -> str:
        if self._pause is None or now >= self._until:
            return ""
        return pause_text(self._pause, left=self._until - now)
