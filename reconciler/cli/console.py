"""Where words go: data to stdout, talk to stderr, colour only on a terminal that wants it."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from reconciler.cli.streams import OutputLost, fitting
from reconciler.diagnostics import (
    Diagnostics,
    Palette,
    json_for_terminals,
    printable,
    render_json,
    render_text,
)

if TYPE_CHECKING:
    from reconciler.cli.tracing import Trace
    from reconciler.providers import Pause

_COLUMNS = 80
_LONG = 3.0
"""Seconds of a wait that are worth a line."""


@dataclass(slots=True, kw_only=True)
class Console:
    """What the global options decided about output."""

    color: bool = True
    debug: bool = False
    quiet: bool = False
    json: bool = False
    trace: "Trace | None" = None
    unshown: tuple[str, ...] = ()
    """What was given on the command line and may be a secret: nothing that is said repeats it."""
    waiting: "Callable[[Pause], None] | None" = None
    """What shows a wait; while nothing does, long ones are said, once for all calls that wait."""
    lost: OutputLost | None = None
    """Why stdout took no more, where the command went on without it."""
    made: bool = False
    """Whether something was done that stays; what is printed from then on tells of it."""
    _ended: bool = field(default=False, init=False)
    _pause_ends: float = field(default=0.0, init=False)

    @property
    def out(self) -> Palette:
        """The palette of stdout."""
        return Palette(enabled=self.color and not self.json and wants_color(sys.stdout.isatty()))

    @property
    def err(self) -> Palette:
        """The palette of stderr."""
        return Palette(enabled=self.color and wants_color(sys.stderr.isatty()))

    @property
    def width(self) -> int:
        """Columns for text that is wrapped: those of the terminal, from 40 to 80."""
        if not sys.stdout.isatty():
            return _COLUMNS
        return max(40, min(_COLUMNS, shutil.get_terminal_size().columns))

    def withheld(self, text: str) -> str:
        """`text` without what isn't to be shown."""
        for word in self.unshown:
            text = text.replace(word, "(not shown)")
        return text

    def data(self, text: str) -> None:
        """Print what the command is for.

        Raises OutputLost while nothing was done yet; afterwards the text goes to stderr.
        """
        self.exactly(fitting(text, sys.stdout))

    def exactly(self, text: str) -> None:
        """The same for what programs read: no sign of it becomes another."""
        text = self.withheld(text)
        self._print(lambda: (text if text.endswith("\n") else text + "\n",))

    def value(self, value: Any) -> None:
        """Print a JSON value as data."""
        from reconciler.resources import indented

        def pieces() -> Iterator[str]:
            yield from (self.withheld(json_for_terminals(piece)) for piece in indented(value))
            yield "\n"

        self._print(pieces)

    def _print(self, pieces: Callable[[], Iterable[str]]) -> None:
        if self.lost is None:
            try:
                for piece in pieces():
                    click.echo(piece, file=sys.stdout, nl=False, color=True)
            except OutputLost as lost:
                if not (self.made or self._ended):
                    raise
                self.lost = lost
        if self.lost is not None and self.made:
            self._say("".join(pieces()))

    def talk(self, text: str) -> None:
        """Say something about the run; with `--debug`, without what tells who somebody is."""
        text = self.withheld(text)
        if self.trace is not None:
            self.trace.keep(text)
            text = self.trace.masks(text) if self.debug else text
        self._say(text)

    def show(self, text: str) -> None:
        """Show the person at the keyboard what they need, such as where to sign in: never masked,
        and in no file."""
        self._say(text)

    def traced(self, line: str) -> None:
        """Tell a line to those who asked for `--debug` or `--debug-file`."""
        if self.trace is not None:
            self.trace.line(self.withheld(line))

    def begin_tracing(self, file: TextIO | None) -> None:
        """Tell what happens from now on, on stderr with `--debug`, and to the file."""
        from reconciler.cli.tracing import Trace, begin

        self.trace = Trace(tell=self._say if self.debug else lambda _line: None, file=file)
        begin(self.trace)

    def paused(self, pause: "Pause") -> None:
        """Show that a call waits before it is tried again."""
        if self.trace is not None:
            self.trace.pause(pause)
        if self.waiting is not None:
            self.waiting(pause)
        elif pause.seconds >= _LONG and time.monotonic() >= self._pause_ends:
            self._pause_ends = time.monotonic() + pause.seconds
            self.step(pause_text(pause))

    @staticmethod
    def _say(text: str) -> None:
        text = fitting(text, sys.stderr)
        click.echo(text, file=sys.stderr, nl=not text.endswith("\n"), color=True)

    def step(self, line: str) -> None:
        """Say what is going on, unless asked to be quiet."""
        if not self.quiet:
            self.talk(self.err.dim(f"· {printable(line)}"))

    def diagnostics(self, found: Diagnostics) -> None:
        """Show located messages: as data when JSON is asked for, as talk else."""
        if self.json:
            self.value(diagnostics_document(found))
        elif found.items:
            self.talk(render_text(found, self.err))

    def more_about(self, found: Diagnostics) -> None:
        """On a terminal, say where more is told about what went wrong."""
        if found.errors and not self.quiet and sys.stderr.isatty():
            code = found.errors[0].code
            self.talk(self.err.dim(f"for more about a code: reconciler explain {code}"))

    def failure(
        self,
        code: int,
        message: str,
        *,
        notes: tuple[str, ...] = (),
        help_: tuple[str, ...] = (),
        diagnostics: Diagnostics | None = None,
        moved: Sequence[Mapping[str, Any]] = (),
        holder: Mapping[str, Any] | None = None,
    ) -> None:
        """Say why the command ends early; as data too when JSON is asked for.

        So a reader of stdout always gets one document (`schemas/failure.schema.json`).
        """
        found = diagnostics or Diagnostics()
        if found.items:
            self.talk(render_text(found, self.err))
        self.error(message, notes, help_)
        self.more_about(found)
        if self.json:
            self.failure_value(
                code,
                message,
                notes=notes,
                help_=help_,
                diagnostics=found,
                moved=moved,
                holder=holder,
            )

    def failure_value(
        self,
        code: int,
        message: str,
        *,
        notes: tuple[str, ...] = (),
        help_: tuple[str, ...] = (),
        diagnostics: Diagnostics | None = None,
        moved: Sequence[Mapping[str, object]] = (),
        holder: Mapping[str, Any] | None = None,
    ) -> None:
        """Print the failure as data."""
        self._ended = True
        self.value(
            failure_document(
                code,
                message,
                notes=notes,
                help_=help_,
                diagnostics=diagnostics,
                moved=moved,
                holder=holder,
            )
        )

    def error(self, message: str, notes: tuple[str, ...] = (), help_: tuple[str, ...] = ()) -> None:
        """Say why the command failed, and what to do."""
        self.talk(f"{self.err.error('error')}: {self.err.bold(printable(message))}")
        for note in notes:
            self.talk(f"  {self.err.dim('=')} note: {printable(note)}")
        for text in help_:
            self.talk(f"  {self.err.dim('=')} help: {printable(text)}")


def diagnostics_document(found: Diagnostics) -> dict[str, Any]:
    """Located messages as a JSON value (`schemas/diagnostics.schema.json`)."""
    return {"format": "reconciler.diagnostics/v1", "diagnostics": render_json(found)}


def failure_document(
    code: int,
    message: str,
    *,
    notes: tuple[str, ...] = (),
    help_: tuple[str, ...] = (),
    diagnostics: Diagnostics | None = None,
    moved: Sequence[Mapping[str, object]] = (),
    holder: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Why a command ended early, as a JSON value (`schemas/failure.schema.json`)."""
    return {
        "format": "reconciler.failure/v1",
        "exitCode": code,
        "message": message,
        "notes": list(notes),
        "help": list(help_),
        "diagnostics": render_json(diagnostics or Diagnostics()),
        "moved": list(moved),
        "holder": holder,
    }


def why_nothing_works(error: Exception) -> tuple[str, str] | None:
    """What stands behind an exception that nobody expected, with what to do, where it is the
    machine's and no bug: the folder that one stands in was removed."""
    if not isinstance(error, FileNotFoundError):
        return None
    try:
        Path.cwd()
    except FileNotFoundError:
        return "the current folder is gone", "change into a folder that is there"
    return None


def wants_color(terminal: bool, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to colour what goes to a terminal, or to something else.

    NO_COLOR, `CLICOLOR=0` and `FORCE_COLOR=0` say never, FORCE_COLOR and CLICOLOR_FORCE always;
    else on every terminal that isn't dumb.
    """
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if environ.get(name):
            return environ[name] != "0"
    return terminal and environ.get("TERM") != "dumb" and environ.get("CLICOLOR") != "0"


def pause_text(pause: "Pause", *, left: float | None = None) -> str:
    """A wait in words; `left` are the seconds of it that are to come, when it has begun."""
    why = "the workspace asks to slow down" if pause.asked else f"after {pause.reason}"
    return f"waiting {pause.seconds if left is None else left:.0f} s: {why}"
