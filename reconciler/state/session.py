"""One apply's hold on the state: leased, journalled, written atomically."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock

from reconciler.resources import Address
from reconciler.state.atomic import write_atomically
from reconciler.state.document import dump
from reconciler.state.journal import Journal
from reconciler.state.lease import Lease
from reconciler.state.model import Consent, Entry, Intent, State

_WRITE_EVERY = 1.0
"""Seconds between two rewrites of the file while changes come in; the journal covers the rest."""


class Session:
    """What an apply may do to the state. Safe to use from several threads.

    `written` is what the file holds of `state`, `quiet` how many seconds ago the run before this
    one wrote anything, `inherited` the lease that it left behind when it died. `check` raises
    StateLost once somebody else has the state; it is asked before anything is written.
    """

    def __init__(
        self,
        path: Path,
        journal: Journal,
        state: State,
        *,
        written: State,
        check: Callable[[], None],
        quiet: float = math.inf,
        inherited: Lease | None = None,
    ) -> None:
        self.quiet = quiet
        self.inherited = inherited
        self._check = check
        self._path = path
        self._journal = journal
        self._lock = RLock()
        self._written = time.monotonic()
        self._flushed = written
        self.state = state

    @property
    def changed(self) -> bool:
        """Whether the file lacks anything."""
        return self.state != self._flushed

    def intend(self, intent: Intent) -> None:
        """Write down that a call is about to be sent; returns when it is on the disk."""
        with self._lock:
            self._journal.intent(intent)
            others = tuple(i for i in self.state.unfinished if i.address != intent.address)
            self.state = replace(self.state, unfinished=(*others, intent))

    def settle(self, address: Address, operation: str, outcome: str, note: str = "") -> None:
        """Write down how a call ended; only `unknown` leaves its intent open."""
        with self._lock:
            self._journal.outcome(address, operation, outcome, note)
            if outcome != "unknown":
                self._close(address, operation)

    def put(self, address: Address, entry: Entry) -> None:
        """Own `entry` at `address`."""
        with self._lock:
            if self.state.entries.get(address) == entry:
                return
            self._journal.entry(address, entry)
            self.state = self.state.put(address, entry)
            self._write_now_and_then()

    def drop(self, address: Address) -> None:
        """Own nothing at `address`."""
        with self._lock:
            if address not in self.state.entries:
                return
            self._journal.entry(address, None)
            self.state = self.state.drop(address)
            self._write_now_and_then()

    def ask(self, address: Address, consent: Consent | None) -> None:
        """Wait for a sign-in at `address`, or for none any more."""
        with self._lock:
            if self.state.consents.get(address) == consent:
                return
            self._journal.consent(address, consent)
            self.state = self.state.ask(address, consent)
            self._write_now_and_then()

    def start_from(self, state: State) -> None:
        """Take over what planning found (renames, recovered creations) before the first call."""
        with self._lock:
            self._own(state.entries)
            for address in self.state.consents.keys() | state.consents.keys():
                self.ask(address, state.consents.get(address))
            for intent in self.state.unfinished:
                if intent not in state.unfinished:
                    self.settle(intent.address, intent.operation, "done", "looked up")
            for intent in state.unfinished:
                if intent not in self.state.unfinished:
                    self.intend(intent)

    def _own(self, entries: Mapping[Address, Entry]) -> None:
        """Own exactly `entries`, in one step: no object ever has two owners, nor none."""
        before = self.state.entries
        changed: dict[Address, Entry | None] = {
            address: entry for address, entry in entries.items() if before.get(address) != entry
        }
        changed |= dict.fromkeys(before.keys() - entries.keys())
        if changed:
            self._journal.entries(changed)
            self.state = replace(self.state, entries=dict(entries))
            self._write_now_and_then()

    def flush(self) -> None:
        """Rewrite the file with everything known, and empty the journal."""
        with self._lock:
            self._check()
            state = replace(self.state, serial=self.state.serial + 1)
            write_atomically(self._path, dump(state))
            self.state = state
            self._journal.restart(state)
            self._written = time.monotonic()
            self._flushed = self.state

    def _write_now_and_then(self) -> None:
        if time.monotonic() - self._written >= _WRITE_EVERY:
            self.flush()

    def _close(self, address: Address, operation: str) -> None:
        left = (
            i for i in self.state.unfinished if (i.address, i.operation) != (address, operation)
        )
        self.state = replace(self.state, unfinished=tuple(left))
