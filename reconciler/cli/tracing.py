"""What `--debug` and `--debug-file` tell: versions, every call, wait, secret, state and lock."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TextIO

from reconciler import __version__
from reconciler.cli.masking import Masks, home
from reconciler.diagnostics import printable

if TYPE_CHECKING:
    from reconciler.providers import Call, Pause


@dataclass(slots=True, kw_only=True)
class Trace:
    """Masked lines with the seconds since the start; told from several threads.

    `tell` takes each line; `file` gets them, and everything else that is said, too.
    """

    tell: Callable[[str], None]
    file: TextIO | None = None
    masks: Masks = field(default_factory=lambda: Masks(home()))
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def line(self, text: str) -> None:
        """Tell one line."""
        told = f"  {self.clock() - self._began:8.3f} {self.masks(printable(text))}"
        self.tell(told)
        self.keep(told)

    def keep(self, text: str) -> None:
        """Write what was said to the file, if there is one, masked and without colours."""
        if self.file is not None:
            with self._lock:
                self.file.write(self.masks(_plain(text)).rstrip("\n") + "\n")
                self.file.flush()

    def call(self, call: "Call") -> None:
        """Tell of one HTTP exchange."""
        status = call.reason or ("no answer" if call.status is None else str(call.status))
        again = f" (attempt {call.attempt})" if call.attempt > 1 else ""
        request = f", request {call.request_id}" if call.request_id else ""
        query = f"?{call.query}" if call.query else ""
        took = f"{call.milliseconds:.0f} ms"
        self.line(f"{call.method} {call.path}{query} → {status}, {took}{again}{request}")

    def pause(self, pause: "Pause") -> None:
        """Tell of a wait before a call is tried again."""
        self.line(
            f"{pause.method} {pause.path}: waiting {pause.seconds:.1f} s before attempt "
            f"{pause.attempt}: {pause.reason}"
        )


def begin(trace: Trace) -> None:
    """Tell what runs here."""
    import platform

    trace.line(
        f"reconciler {__version__}, Python {platform.python_version()} "
        f"({platform.python_implementation()}), {platform.system()} {platform.release()} "
        f"{platform.machine()}"
    )
    trace.line(
        f"stdout {_kind(sys.stdout)}, stderr {_kind(sys.stderr)}, "
        f"encoding {sys.stderr.encoding}, CI {'yes' if os.environ.get('CI') else 'no'}"
    )


def open_private(path: Path) -> TextIO:
    """A file for writing that only its owner can read; raises OSError."""
    from reconciler.workflows import outputs

    return os.fdopen(outputs.open_private(path), "w", encoding="utf-8")


def _kind(stream: TextIO) -> str:
    return "a terminal" if stream.isatty() else "no terminal"


def _plain(text: str) -> str:
    """Without the styles of `Palette`."""
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)
