"""One apply's hold on the state: whatever it learns is durable before the next call is sent."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Protocol

from reconciler.resources import Address
from reconciler.state.failures import StateLost
from reconciler.state.journal import (
    Event,
    consent_event,
    entries_event,
    intent_event,
    outcome_event,
)
from reconciler.state.lease import Lease
from reconciler.state.model import Consent, Entry, Intent, State


class Recorder(Protocol):
    """What keeps a session's state where the next run finds it.

    `take` and `flush` are called one at a time, `secure` by many threads at once. Each raises
    StateUnwritable, and StateLost once somebody else has the state.
    """

    @property
    def whole(self) -> State:
        """The state as it was last written whole."""

    def take(self, event: Event, state: State) -> State:
        """Be told that `event` made the state `state`; what that is now, perhaps of a later serial.

        Not durable until `secure` returns.
        """

    def secure(self) -> None:
        """Return when all that was taken is durable."""

    def flush(self, state: State) -> State:
        """Write `state` whole."""


class Session:
    """What an apply may do to the state. Safe to use from several threads.

    `quiet` is how many seconds ago the run before this one wrote anything, `inherited` the lease
    that it left behind when it died, `check` asks whether the lock is still ours. What is called
    raises StateUnwritable, and StateLost once somebody else has the state.
    """

    def __init__(
        self,
        state: State,
        *,
        recorder: Recorder,
        check: Callable[[], None],
        quiet: float = math.inf,
        inherited: Lease | None = None,
    ) -> None:
        self.quiet = quiet
        self.inherited = inherited
        self._recorder = recorder
        self._check = check
        self._lock = RLock()
        self._state = state

    def check(self) -> None:
        """Raise StateLost unless the lock is still ours; asked before each write to the platform.

        Not every call is written down first, and a run may have slept since it wrote anything.
        Raises StateUnreachable when nobody can tell.
        """
        self._check()

    @property
    def state(self) -> State:
        """The state as it is by now, with the serial that was written last."""
        with self._lock:
            serial = self._recorder.whole.serial
            if self._state.serial < serial:
                self._state = replace(self._state, serial=serial)
            return self._state

    @property
    def changed(self) -> bool:
        """Whether what was last written whole lacks anything."""
        return self.state != self._recorder.whole

    def intend(self, intent: Intent) -> None:
        """Write down that a call is about to be sent; returns when that is durable."""
        with self._lock:
            self._open(intent)
        self._recorder.secure()

    def settle(self, address: Address, operation: str, outcome: str, note: str = "") -> None:
        """Write down how a call ended; only `unknown` leaves its intent open.

        It may be durable only with what is written next: an intent that stays open is looked up.
        """
        with self._lock:
            state = self.state
            if outcome != "unknown":
                left = (
                    i for i in state.unfinished if (i.address, i.operation) != (address, operation)
                )
                state = replace(state, unfinished=tuple(left))
            self._take(outcome_event(address, operation, outcome, note), state)

    def put(self, address: Address, entry: Entry) -> None:
        """Own `entry` at `address`; returns when that is durable."""
        self.put_all({address: entry})

    def put_all(self, entries: Mapping[Address, Entry]) -> None:
        """Own each of `entries`, all or none; returns when that is durable."""
        with self._lock:
            self._own(entries)
        self._recorder.secure()

    def drop(self, address: Address) -> None:
        """Own nothing at `address`; returns when that is durable."""
        with self._lock:
            self._own({address: None})
        self._recorder.secure()

    def ask(self, address: Address, consent: Consent | None) -> None:
        """Wait for a sign-in at `address`, or for none any more; returns when that is durable."""
        with self._lock:
            self._ask(address, consent)
        self._recorder.secure()

    def start_from(self, state: State) -> None:
        """Take over what planning found (renames, recovered creations) before the first call."""
        with self._lock:
            gone = self.state.entries.keys() - state.entries.keys()
            self._own({**state.entries, **dict.fromkeys(gone)})
            for address in self.state.consents.keys() | state.consents.keys():
                self._ask(address, state.consents.get(address))
            for intent in self.state.unfinished:
                if intent not in state.unfinished:
                    self.settle(intent.address, intent.operation, "done", "looked up")
            for intent in state.unfinished:
                if intent not in self.state.unfinished:
                    self._open(intent)
        self._recorder.secure()

    def flush(self) -> None:
        """Write everything known whole."""
        with self._lock:
            self._state = self._recorder.flush(self.state)

    def _open(self, intent: Intent) -> None:
        others = tuple(i for i in self.state.unfinished if i.address != intent.address)
        self._take(intent_event(intent), replace(self.state, unfinished=(*others, intent)))

    def _ask(self, address: Address, consent: Consent | None) -> None:
        if self.state.consents.get(address) != consent:
            self._take(consent_event(address, consent), self.state.ask(address, consent))

    def _own(self, entries: Mapping[Address, Entry | None]) -> None:
        """Own `entries` in one step, nothing where it is None: no object ever has two owners."""
        before = self.state.entries
        changed = {a: entry for a, entry in entries.items() if before.get(a) != entry}
        if changed:
            after = {a: entry for a, entry in {**before, **changed}.items() if entry is not None}
            self._take(entries_event(changed), replace(self.state, entries=after))

    def _take(self, event: Event, state: State) -> None:
        self._state = state  # also when it can't be recorded: the write at the end has it
        self._state = self._recorder.take(event, state)


@contextmanager
def ending(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` however the block ends, unless the state is another run's by then."""
    try:
        yield
    except StateLost:
        raise
    except BaseException:
        end()
        raise
    else:
        end()
