"""State in a local file: read by anyone, written by the one run that holds its lock."""

import math
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.resources import read_json
from reconciler.state.document import parse
from reconciler.state.failures import StateForeign, StateLost, StateUnreadable
from reconciler.state.journal import Journal, fold
from reconciler.state.lease import Lease, Owner
from reconciler.state.locking import LEASE, lock, read_note, take_away
from reconciler.state.model import State
from reconciler.state.session import Session

_LIMIT = 64 * 1024 * 1024


class FileStore:
    """The state file of one workspace, with its journal and lock beside it."""

    def __init__(
        self, path: Path, *, provider: str, workspace_id: str, lease: timedelta = LEASE
    ) -> None:
        self.path = path
        self._lease = lease
        self._journal = path.with_name(path.name + ".journal")
        self._provider = provider
        self._workspace_id = workspace_id

    def _quiet(self) -> float:
        """Seconds since state or journal were last written; infinite when there are none."""
        found = [path.stat().st_mtime for path in (self.path, self._journal) if path.exists()]
        return max(0.0, time.time() - max(found)) if found else math.inf

    def load(self, *, sealed: bool = True) -> State:
        """The state with the journal of an interrupted run folded in; empty when there is none.

        Without `sealed` its checksum may be wrong. Raises StateUnreadable, StateForeign.
        """
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
        return fold(state, journal, name=str(self.path)) if journal else state

    @contextmanager
    def session(self, *, owner: Owner, tool: str) -> Iterator[Session]:
        """Lock, load, hand out, and write what is left at the end, however the run ends.

        Raises StateLocked, StateUnwritable, StateLost (when the lock was taken away meanwhile) and
        what `load` raises.
        """
        with lock(self.path, owner=owner, lease=self._lease) as hold:
            state = self.load()
            journal = Journal(self._journal, check=hold.check)
            session = Session(
                self.path,
                journal,
                state,
                check=hold.check,
                quiet=self._quiet(),
                inherited=hold.inherited,
            )
            if self._journal.exists():
                # What an interrupted run left goes to the file first: its journal may end in half
                # a line, and nothing may follow that.
                session.flush()
            try:
                journal.begin(session.state, tool=tool, at=datetime.now(UTC).isoformat())
                yield session
            except StateLost:
                raise  # the files are another run's now
            except BaseException:
                self._end(session, journal)
                raise
            else:
                self._end(session, journal)
            finally:
                journal.close()

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
        text = self._read(self.path)
        while True:
            journal = self._read(self._journal, torn=True)
            again = self._read(self.path)
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

    @staticmethod
    def _read(path: Path, *, torn: bool = False) -> str | None:
        """The text of a file, None if there is none; a `torn` one up to its last whole line."""
        try:
            with path.open("rb") as file:
                data = file.read(_LIMIT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateUnreadable(str(path), error.strerror or str(error)) from None
        if len(data) > _LIMIT:
            raise StateUnreadable(str(path), f"it is larger than {_LIMIT} bytes")
        if torn:  # a crash may have cut the last line anywhere, even inside a character
            data = data[: data.rfind(b"\n") + 1]
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise StateUnreadable(str(path), "it is not UTF-8") from None
