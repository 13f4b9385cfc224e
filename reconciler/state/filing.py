"""Recording in a local file: each event in the journal at once, the whole file now and then."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reconciler.state.atomic import write_atomically
from reconciler.state.document import dump
from reconciler.state.journal import Event, Journal
from reconciler.state.model import State

_WRITE_EVERY = 1.0
"""Seconds between two rewrites of the file while changes come in; the journal covers the rest."""


class Filing:
    """The recorder of a session on a state file; see `Recorder`.

    `written` is what the file holds. `check` raises StateLost once somebody else has the state; it
    is asked before anything is written.
    """

    def __init__(
        self, path: Path, journal: Journal, written: State, *, check: Callable[[], None]
    ) -> None:
        self.whole = written
        self._path = path
        self._journal = journal
        self._check = check
        self._written = time.monotonic()

    def take(self, event: Event, state: State) -> State:
        """Write the event down, and the file when that was some time ago."""
        self._journal.note(event)
        due = time.monotonic() - self._written >= _WRITE_EVERY
        return self.flush(state) if due else state

    def secure(self) -> None:
        """Nothing is left to do: the journal is on the disk."""

    def flush(self, state: State) -> State:
        """Rewrite the file with everything known, and empty the journal."""
        self._check()
        state = replace(state, serial=state.serial + 1)
        write_atomically(self._path, dump(state), follow=True)
        self.whole = state
        self._journal.restart(state)
        self._written = time.monotonic()
        return state
