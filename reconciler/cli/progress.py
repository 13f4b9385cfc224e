"""Progress of an apply: plain lines in CI, a live display on a terminal."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.cli.console import Console, pause_text
from reconciler.cli.ledger import Ledger
from reconciler.diagnostics import Palette
from reconciler.execution import Listener, Result
from reconciler.providers import Pause
from reconciler.resources import Change, Operation
from reconciler.views import heartbeat_line, outcome_line, progress_lines

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

_SILENCE = 15.0
"""Seconds without a word after which a log is told that the run still lives."""
_WORTH_A_LINE = 3.0
"""Seconds of a wait that plain progress mentions."""


class PlainProgress(Listener):
    """A line when a change ends, and a sign of life when nothing was said for a while.

    Parameters: `clock` gives seconds. Entered, it gives signs of life by itself.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._said = clock()
        self._over = Event()
        self.ledger = Ledger(clock)

    def __enter__(self) -> Self:
        self._console.waiting = self.paused
        if not self._console.quiet:
            Thread(target=self._keep_beating, name="heartbeat", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._console.waiting = None

    def begun(self, changes: Sequence[Change]) -> None:
        self.ledger.begun(changes)

    def started(self, change: Change) -> None:
        self.ledger.started(change)

    def operation(self, change: Change, operation: Operation) -> None:
        self._console.traced(f"→ {change.address}: {operation.summary}")
        self.ledger.operation(change, operation)

    def finished(self, result: Result) -> None:
        self.ledger.finished(result)
        if not self._console.quiet:
            self.say(outcome_line(result, self._console.err))

    def paused(self, pause: Pause) -> None:
        """A call waits before it is tried again."""
        if self.ledger.paused(pause) and pause.seconds >= _WORTH_A_LINE:
            self._said = self._clock()
            self._console.step(pause_text(pause))

    def beat(self) -> None:
        """Give a sign of life, unless something was said just now or nothing runs."""
        view = self.ledger.view()
        if view.running and self._clock() - self._said >= _SILENCE:
            self._said = self._clock()
            self._console.step(heartbeat_line(view))

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._said = self._clock()
        self._console.talk(line)

    def _keep_beating(self) -> None:
        while not self._over.wait(1.0):
            self.beat()


class LiveProgress(PlainProgress):
    """What is running and waiting now, below the lines of what has ended."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._lock = Lock()
        self._display: Live | None = None

    def __enter__(self) -> Self:
        from rich.console import Console as Terminal
        from rich.live import Live

        self._console.waiting = self.paused
        self._display = Live(
            console=Terminal(stderr=True, highlight=False, no_color=not self._palette.enabled),
            get_renderable=self._shown,
            refresh_per_second=4,
            transient=True,
        )
        self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._display is not None:
            self._display.stop()

    def paused(self, pause: Pause) -> None:
        self.ledger.paused(pause)

    def say(self, line: str) -> None:
        from rich.text import Text

        if self._console.trace is not None:
            self._console.trace.keep(line)
        with self._lock:
            if self._display is not None:
                self._display.console.print(Text.from_ansi(line), soft_wrap=True)

    @property
    def _palette(self) -> Palette:
        return self._console.err

    def _shown(self) -> "Group":
        from rich.console import Group
        from rich.text import Text

        lines = progress_lines(self.ledger.view(), self._palette)
        # Cut rather than wrapped: a line that wraps makes the display jump.
        return Group(*(Text.from_ansi(line, no_wrap=True, overflow="ellipsis") for line in lines))


def progress(console: Console) -> PlainProgress:
    """The display that fits where stderr goes."""
    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    if live and not (console.debug or console.quiet):
        return LiveProgress(console)
    return PlainProgress(console)
