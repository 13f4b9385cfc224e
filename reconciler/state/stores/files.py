"""An encrypted state in a local file: written whole each time, for a journal would be open."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from reconciler.state.atomic import write_atomically
from reconciler.state.failures import StateLost, StateUnreadable
from reconciler.state.heartbeat import LEASE
from reconciler.state.lease import Lease, Owner
from reconciler.state.locking import Hold, Locking, take_away
from reconciler.state.shelf import Found
from reconciler.state.store import journal_of, read_text
from reconciler.state.vigil import Clock, uptime


class FileShelf:
    """A file; see `Shelf`. Its lock is the one that `FileStore` takes."""

    def __init__(self, path: Path, *, lease: timedelta = LEASE, clock: Clock = uptime) -> None:
        self._path = path
        self._lease = lease
        self._clock = clock
        self._locking = Locking(path, lease=lease, clock=clock)
        self.name = str(path)

    @property
    def identity(self) -> str:
        """Its whole path: a relative one means another file elsewhere."""
        return str(self._path.resolve())

    def beside(self, suffix: str) -> "FileShelf":
        """Another file in the same folder."""
        path = self._path.with_name(f"{self._path.name}.{suffix}")
        return FileShelf(path, lease=self._lease, clock=self._clock)

    def read(self) -> Found:
        """What is there; see `Shelf`."""
        if journal_of(self._path).exists():
            raise StateUnreadable(
                self.name,
                "an interrupted run left a journal beside it, from before it was encrypted: "
                "apply once without `spec.state.encryption`",
            )
        text = read_text(self._path)
        if text is None:
            return Found(text=None, version=None)
        quiet = max(0.0, time.time() - self._path.stat().st_mtime)
        return Found(text=text, version=_digest(text), quiet=quiet)

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldFile"]:
        """Lock it; see `Shelf`."""
        with self._locking.hold(owner) as hold:
            yield _HeldFile(self, self._path, hold)

    def take_away(self, name: str) -> Lease | None:
        """End the lease of the run called `name`; see `Shelf`."""
        return take_away(self._path, name)


class _HeldFile:
    """The file while its lock is ours; see `Held`."""

    def __init__(self, shelf: FileShelf, path: Path, hold: Hold) -> None:
        self.inherited = hold.inherited
        self._shelf = shelf
        self._path = path
        self._hold = hold
        self.check = hold.check

    def read(self) -> Found:
        """What is there."""
        return self._shelf.read()

    def write(self, text: str, *, serial: int, expected: str | None) -> str:  # noqa: ARG002
        """Replace the file, if it is the one that was read."""
        self._hold.check()
        if self._shelf.read().version != expected:
            raise StateLost(self._shelf.name, None, why="something else wrote it meanwhile")
        write_atomically(self._path, text, follow=True)
        return _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
