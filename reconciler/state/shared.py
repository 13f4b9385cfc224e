"""State on a shelf: what a session on a file does, in a store that several machines share."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

from reconciler.state.committing import GroupCommit
from reconciler.state.document import dump, moved_text, parse, raw_json
from reconciler.state.failures import (
    StateForeign,
    StateMoved,
    StateRolledBack,
    StateUnreadable,
    StateUnsealed,
)
from reconciler.state.lease import Lease, Owner
from reconciler.state.model import State
from reconciler.state.sealing import Keys, Label, is_sealed, seal, unseal
from reconciler.state.sending import Sending
from reconciler.state.session import Session, ending
from reconciler.state.shelf import Found, Held, Shelf
from reconciler.state.store import moved_away
from reconciler.state.witness import Witness

_WHAT = "state"


class SharedStore:
    """The state of one workspace on a shelf; see `Store`.

    Parameters: `keys` gives what the state is encrypted with, None when it isn't; `witness`
    remembers serials on this machine.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        provider: str,
        workspace_id: str,
        keys: Callable[[], Keys | None] = lambda: None,
        witness: Witness | None = None,
    ) -> None:
        self._shelf = shelf
        self._provider = provider
        self._workspace_id = workspace_id
        self._keys = keys
        self._witness = witness or Witness()

    @property
    def name(self) -> str:
        """How messages call it."""
        return self._shelf.name

    @property
    def identity(self) -> str:
        """The shelf's."""
        return self._shelf.identity

    def load(self, *, sealed: bool = True) -> State:
        """The state as it is now; see `Store`."""
        state = self._state(self._shelf.read(), sealed=sealed)
        if sealed:  # nobody vouches for another's serial
            self._witness.saw(self._shelf.identity, state.serial)
        return state

    @contextmanager
    def session(self, *, owner: Owner, tool: str) -> Iterator[Session]:  # noqa: ARG002
        """Lock, load, hand out, and write what is left at the end; see `Store`."""
        with self._shelf.hold(owner) as held:
            found = held.read()
            state = self._state(found)
            writing = _Writing(held, found, self._text)
            session = Session(
                state,
                recorder=GroupCommit(state, writing.write),
                check=held.check,
                quiet=found.quiet,
                inherited=held.inherited,
            )
            if held.inherited and found.text is not None:
                # Whoever had it before may still live; its version is gone with this.
                session.flush()
            with ending(lambda: self._end(session, writing)):
                yield session

    def rewrite(
        self,
        change: Callable[[State], State | None],
        *,
        owner: Owner,
        sealed: bool = True,
        back: str | None = None,
    ) -> State | None:
        """Write what `change` makes of the state; see `Store`."""
        with self._shelf.hold(owner) as held:
            found = held.read()
            try:
                before = self._state(found, sealed=sealed)
            except StateMoved as moved:
                before = moved_away(moved, back, self._provider, self._workspace_id)
            state = change(before)
            if state is None:
                return None
            highest = max(before.serial, state.serial, self._highest(found))
            written = _Writing(held, found, self._text).write(replace(state, serial=highest))
        self._witness.saw(self._shelf.identity, written.serial)
        return written

    def move_out(self, to: str, receive: Callable[[State], None], *, owner: Owner) -> None:
        """Hand the state over, and leave a note; see `Store`."""
        with self._shelf.hold(owner) as held:
            found = held.read()
            state = self._state(found)
            receive(state)
            _Writing(held, found, lambda last: moved_text(last, to=to)).write(state)

    def unlock(self, name: str) -> Lease | None:
        """Take the lock away from a run that died; see `Store`."""
        return self._shelf.take_away(name)

    def _end(self, session: Session, writing: "_Writing") -> None:
        if session.changed:
            session.flush()
        self._witness.saw(self._shelf.identity, writing.serial)

    def _state(self, found: Found, *, sealed: bool = True) -> State:
        """The state that was found; an empty one when there is none."""
        keys = self._keys()  # also when there is nothing yet: a key that can't be had stops the run
        state = None if found.text is None else self._parsed(found.text, keys, sealed=sealed)
        highest = self._highest(found)
        if sealed and highest > (0 if state is None else state.serial):
            raise StateRolledBack(self.name, None if state is None else state.serial, highest)
        if state is not None:
            return state
        return State(
            provider=self._provider, workspace_id=self._workspace_id, lineage=str(uuid.uuid4())
        )

    def _parsed(self, text: str, keys: Keys | None, *, sealed: bool) -> State:
        label = None
        if is_sealed(raw_json(text, name=self.name)):
            text, label = unseal(text, keys or Keys(), name=self.name)
        elif sealed and keys is not None and keys.current is not None:
            raise StateUnsealed(self.name)
        state = parse(text, name=self.name, sealed=sealed)
        if label not in (None, self._label(state)):
            raise StateUnreadable(
                self.name, "what it says of itself in the open isn't what is in it"
            )
        found = f"{state.provider}/{state.workspace_id}"
        wanted = f"{self._provider}/{self._workspace_id}"
        if found != wanted:
            raise StateForeign(self.name, found, wanted)
        return state

    def _text(self, state: State) -> str:
        keys = self._keys()
        if keys is None or keys.current is None:
            return dump(state)
        return seal(dump(state), self._label(state), keys.current)

    @staticmethod
    def _label(state: State) -> Label:
        return Label(
            what=_WHAT,
            provider=state.provider,
            workspace_id=state.workspace_id,
            lineage=state.lineage,
            serial=state.serial,
        )

    def _highest(self, found: Found) -> int:
        return max(found.highest, self._witness.highest(self._shelf.identity))


class _Writing:
    """Writes states on a shelf that is held, each where the one before it is."""

    def __init__(self, held: Held, found: Found, text: Callable[[State], str]) -> None:
        self._sending = Sending(held, found)
        self._text = text
        self._lock = Lock()

    @property
    def serial(self) -> int:
        """The serial that was written last; 0 when none was."""
        return self._sending.serial

    def write(self, state: State) -> State:
        """Write it with the next serial; as what it was written."""
        with self._lock:
            self._sending.settle()
            state = replace(state, serial=max(state.serial, self.serial) + 1)
            self._sending.send(self._text(state), serial=state.serial)
            return state
