"""State in a local file: read by anyone, written by the one run that holds its lock."""

import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.resources import read_json
from reconciler.state.atomic import remove, write_atomically
from reconciler.state.document import dump, moved_text, parse
from reconciler.state.failures import StateForeign, StateMoved, StateUnreadable
from reconciler.state.filing import Filing
from reconciler.state.heartbeat import LEASE
from reconciler.state.journal import Journal, fold
from reconciler.state.lease import Lease, Owner
from reconciler.state.locking import MOVED, Locking, read_note, take_away
from reconciler.state.model import State
from reconciler.state.session import Session, ending
from reconciler.state.shelf import LIMIT
from reconciler.state.vigil import Clock, uptime

_JOURNAL_LIMIT = 8 * LIMIT
"""Of a journal: it holds every call of a run, and has to be read however large the run was."""


class FileStore:
    """The state file of one workspace, with its journal and lock beside it; see `Store`."""

    def __init__(
        self,
        path: Path,
        *,
        provider: str,
        workspace_id: str,
        lease: timedelta = LEASE,
        clock: Clock = uptime,
    ) -> None:
        self.path = path
        self._locking = Locking(path, lease=lease, clock=clock)
        self._journal = journal_of(path)
        self._provider = provider
        self._workspace_id = workspace_id

    @property
    def name(self) -> str:
        """How messages call it."""
        return str(self.path)

    @property
    def identity(self) -> str:
        """Its whole path."""
        return str(self.path.resolve())

    def _quiet(self) -> float:
        """Seconds since state or journal were last written; infinite when there are none."""
        found = [path.stat().st_mtime for path in (self.path, self._journal) if path.exists()]
        return max(0.0, time.time() - max(found)) if found else math.inf

    def load(self, *, sealed: bool = True) -> State:
        """The state with the journal of an interrupted run folded in; empty when there is none.

        Without `sealed` its checksum may be wrong. Raises StateUnreadable, StateForeign.
        """
        return self._load(sealed=sealed)[1]

    def _load(self, *, sealed: bool = True) -> tuple[State, State]:
        """What the file holds, and that with the journal folded in."""
        text, journal = self._read_both()
        if text is None:
            state = State(
                provider=self._provider,
                workspace_id=self._workspace_id,
                lineage=self._lineage(journal),
            )
        else:
            state = parse(text, name=str(self.path), sealed=sealed)
        found = f"{state.provider}/{state.workspace_id}"
        wanted = f"{self._provider}/{self._workspace_id}"
        if found != wanted:
            raise StateForeign(str(self.path), found, wanted)
        return state, fold(state, journal, name=str(self.path)) if journal else state

    @contextmanager
    def session(self, *, owner: Owner, tool: str) -> Iterator[Session]:
        """Lock, load, hand out, and write what is left at the end, however the run ends.

        Raises StateLocked, StateUnwritable, StateLost (when the lock was taken away meanwhile) and
        what `load` raises.
        """
        with self._locking.hold(owner) as hold:
            written, state = self._load()
            journal = Journal(self._journal, check=hold.check)
            session = Session(
                state,
                recorder=Filing(self.path, journal, written, check=hold.check),
                check=hold.check,
                quiet=self._quiet(),
                inherited=hold.inherited,
            )
            if self._journal.exists():
                # What an interrupted run left goes to the file first: its journal may end in half
                # a line, and nothing may follow that. A file that holds it already isn't written
                # again: however often runs die here, the journal is one serial behind at most.
                self._end(session, journal)
            try:
                with ending(lambda: self._end(session, journal)):
                    journal.begin(session.state, tool=tool, at=datetime.now(UTC).isoformat())
                    yield session
            finally:
                journal.close()

    def rewrite(
        self,
        change: Callable[[State], State | None],
        *,
        owner: Owner,
        sealed: bool = True,
        back: str | None = None,
    ) -> State | None:
        """Write what `change` makes of the state; see `Store`."""
        with self._locking.hold(owner) as hold:
            try:
                written, before = self._load(sealed=sealed)
            except StateMoved as moved:
                written = before = moved_away(moved, back, self._provider, self._workspace_id)
            state = change(before)
            if state is None:
                return None
            state = replace(state, serial=max(before.serial, state.serial) + 1)
            hold.check()
            if before != written:
                # First what the journal holds, so that a crash leaves it beside the serial after
                # its own; beside a file that holds that already it may be one behind by now.
                behind = replace(before, serial=before.serial + 1)
                write_atomically(self.path, dump(behind), follow=True)
                state = replace(state, serial=state.serial + 1)
            remove(self._journal)
            write_atomically(self.path, dump(state), follow=True)
            return state

    def move_out(self, to: str, receive: Callable[[State], None], *, owner: Owner) -> None:
        """Hand the state over, and leave a note; see `Store`. A copy stays as `NAME.moved`."""
        with self._locking.hold(owner) as hold:
            state = self.load()
            receive(state)
            hold.check()
            write_atomically(self.path.with_name(self.path.name + MOVED), dump(state))
            write_atomically(self.path, moved_text(state, to=to), follow=True)
            remove(self._journal)

    def unlock(self, name: str) -> Lease | None:
        """Take the lock away from a run that died elsewhere; see `take_away`."""
        return take_away(self.path, name)

    def holder(self) -> Lease | None:
        """Who wrote down that the state is theirs; None for nobody. Nothing is written."""
        return read_note(self.path)

    @staticmethod
    def _end(session: Session, journal: Journal) -> None:
        if session.changed:
            session.flush()
        else:
            journal.restart(session.state)

    def _read_both(self) -> tuple[str | None, str | None]:
        """File and journal as of one moment, also while another run rewrites them."""
        text = read_text(self.path)
        while True:
            journal = read_text(self._journal, torn=True)
            again = read_text(self.path)
            if again == text:
                return text, journal
            text = again

    def _lineage(self, journal: str | None) -> str:
        """A fresh lineage, unless a first apply crashed before it wrote the file."""
        first, whole, _ = (journal or "").partition("\n")
        if not whole:
            return str(uuid.uuid4())
        try:
            return str(read_json(first)["lineage"])
        except (ValueError, KeyError, TypeError) as error:
            raise StateUnreadable(str(self.path), f"line 1 of its journal: {error}") from None


def moved_away(moved: StateMoved, back: str | None, provider: str, workspace_id: str) -> State:
    """An empty state where one of lineage `back` moved away. Raises `moved` for any other."""
    if moved.lineage != back:
        raise moved
    return State(
        provider=provider,
        workspace_id=workspace_id,
        lineage=moved.lineage,
        serial=moved.serial,
    )


def journal_of(path: Path) -> Path:
    """Where the journal of the state file `path` is."""
    return path.with_name(path.name + ".journal")


def read_text(path: Path, *, torn: bool = False) -> str | None:
    """The text of a file, None if there is none; a `torn` one up to its last whole line.

    Raises StateUnreadable.
    """
    limit = _JOURNAL_LIMIT if torn else LIMIT
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnreadable(str(path), error.strerror or str(error)) from None
    if len(data) > limit:
        raise StateUnreadable(str(path), f"it is larger than {limit} bytes")
    if torn:  # a crash may have cut the last line anywhere, even inside a character
        data = data[: data.rfind(b"\n") + 1]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise StateUnreadable(str(path), "it is not UTF-8") from None
