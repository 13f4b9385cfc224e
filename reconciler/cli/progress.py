"""Progress of an apply: plain lines in CI, a live display on a terminal."""

import sys
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reconciler.cli.console import Console, wants_color
from reconciler.diagnostics import printable
from reconciler.execution import Listener, Result
from reconciler.resources import Change, Operation
from reconciler.views import outcome_line

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class PlainProgress(Listener):
    """A line when a change ends; with `--debug`, also one for each operation."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to tidy."""

    def operation(self, change: Change, operation: Operation) -> None:
        self._console.traced(f"→ {change.address}: {operation.summary}")

    def finished(self, result: Result) -> None:
        if not self._console.quiet:
            self._console.talk(outcome_line(result, self._console.err))


class LiveProgress(PlainProgress):
    """What is running now, below the lines of what has ended."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._lock = Lock()
        self._tasks: dict[Any, TaskID] = {}
        self._display: Progress | None = None

    def __enter__(self) -> Self:
        from rich.console import Console as Terminal
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._display = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=Terminal(stderr=True, highlight=False),
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
        if self._display is not None:
            self._display.stop()

    def started(self, change: Change) -> None:
        with self._lock:
            if self._display is not None:
                self._tasks[change.address] = self._display.add_task(str(change.address))

    def operation(self, change: Change, operation: Operation) -> None:
        with self._lock:
            task = self._tasks.get(change.address)
            if self._display is not None and task is not None:
                text = f"{change.address}: {printable(operation.summary)}"
                self._display.update(task, description=text)

    def finished(self, result: Result) -> None:
        from rich.text import Text

        with self._lock:
            task = self._tasks.pop(result.change.address, None)
            if self._display is None:
                return
            if task is not None:
                self._display.remove_task(task)
            line = outcome_line(result, self._console.err)
            self._display.console.print(Text.from_ansi(line), soft_wrap=True)


def progress(console: Console) -> PlainProgress:
    """The display that fits where stderr goes."""
    live = sys.stderr.isatty() and wants_color(terminal=True) and console.color
    return (
        LiveProgress(console)
        if live and not (console.debug or console.quiet)
        else (PlainProgress(console))
    )
