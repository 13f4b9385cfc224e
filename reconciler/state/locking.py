"""The lock on a local state file: the operating system's, and a lease beside it.

On one machine the operating system's lock decides: nobody else gets it while the holder's process
lives, and it is free as soon as that is dead. Where a shared disk doesn't carry that lock to other
machines, the lease does: written beside the file, renewed in the background, and believed until it
was seen unchanged for its whole length. A holder that finds its lease gone or another's writes
nothing more.
"""

import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import RLock

from reconciler.state.atomic import mounted_alone, remove, sweep, write_atomically
from reconciler.state.failures import StateLocked, StateLost, StateUnwritable
from reconciler.state.heartbeat import LEASE, Heartbeat
from reconciler.state.lease import Lease, Owner, lease_json, parse_lease
from reconciler.state.vigil import Clock, Sighting, uptime

MOVED = ".moved"
"""What follows the name of a state file in that of the copy that stays of one that moved away."""
_NOTE_LIMIT = 64 * 1024


class Hold:
    """A lock that is held. `inherited` is the lease of a run that died holding it."""

    def __init__(self, path: Path, lease: Lease, *, inherited: Lease | None, clock: Clock) -> None:
        self.inherited = inherited
        self._path = path
        self._note = _note(path)
        self._lease = lease
        self._clock = clock
        self._renewed = clock()
        self._lock = RLock()
        self._heart = Heartbeat(self._beat, lease=lease.length)

    def begin(self) -> None:
        """Write the lease down, and go on renewing it. Raises StateUnwritable."""
        self._write()
        self._heart.begin()

    def check(self) -> None:
        """Raise StateLost when the lock is another's. Asked before anything is written."""
        with self._lock:
            self._look()
            # A process that slept missed its beats, and whoever watches may soon take it over.
            if self._clock() - self._renewed >= self._lease.length.total_seconds() / 2:
                self._renew()

    def end(self) -> None:
        """Give the lease up, if it is still ours."""
        self._heart.end()
        with self._lock:
            if _is(read_note(self._path), self._lease):
                remove(self._note)

    def _beat(self) -> None:
        with self._lock:
            self._renew()

    def _look(self) -> None:
        found = read_note(self._path)
        if not _is(found, self._lease) and (found or not self._note.exists()):
            raise StateLost(str(self._path), found)

    def _renew(self) -> None:
        self._look()
        began = self._clock()
        self._lease = self._lease.at(datetime.now(UTC))
        self._write()
        self._renewed = began

    def _write(self) -> None:
        write_atomically(self._note, json.dumps(lease_json(self._lease)) + "\n")


class Locking:
    """Takes the lock beside `path`, and remembers what it saw of another run's lease meanwhile.

    Parameters: `lease` is how long others believe in ours without a sign of life.
    """

    def __init__(self, path: Path, *, lease: timedelta = LEASE, clock: Clock = uptime) -> None:
        self._path = path
        self._lease = lease
        self._clock = clock
        self._sighting = Sighting(clock)

    @contextmanager
    def hold(self, owner: Owner) -> Iterator[Hold]:
        """Hold it, or raise StateLocked with what its holder wrote down. Raises StateUnwritable."""
        path = self._path
        with _alone(path):
            former = read_note(path)
            if former and former.machine != machine():
                self._sighting.insist_on_end(str(path), former)
            _refuse_unreplaceable(path)
            sweep(path, _note(path), path.with_name(path.name + MOVED))
            lease = new_lease(owner, self._lease)
            hold = Hold(path, lease, inherited=former, clock=self._clock)
            hold.begin()
            try:
                yield hold
            finally:
                hold.end()


def _refuse_unreplaceable(path: Path) -> None:
    """Raise StateUnwritable where a write would fail once there is something to remember."""
    if mounted_alone(path):
        raise StateUnwritable(
            str(path),
            "it is mounted by itself, so that no new file can take its place",
            ("mount the folder that it is in, not the file alone",),
        )
    if path.is_symlink() and not path.exists():
        raise StateUnwritable(
            str(path),
            "it is a link to a file that isn't there",
            ("say in `spec.state.path` where the state is, or remove the link",),
        )


def take_away(path: Path, name: str) -> Lease | None:
    """End the lease of the run that is called `name`; None when nobody has one.

    Raises StateLocked when another run has it, or when its process still lives.
    """
    if not path.parent.is_dir():
        return None
    with _alone(path):
        lease = read_note(path)
        if lease and lease.owner.name != name:
            raise StateLocked(str(path), lease, elsewhere=True, wanted=name)
        remove(_note(path))
        return lease


def read_note(path: Path) -> Lease | None:
    """The lease beside `path`; None when there is none, or none that can be read."""
    try:
        with _note(path).open("rb") as file:
            return parse_lease(file.read(_NOTE_LIMIT).decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def new_lease(owner: Owner, length: timedelta) -> Lease:
    """A lease that begins now, with an id of its own."""
    now = datetime.now(UTC)
    return Lease(
        id=uuid.uuid4().hex,
        owner=owner,
        machine=machine(),
        since=now,
        renewed=now,
        length=length,
    )


@cache
def machine() -> str:
    """Where processes and the operating system's locks are seen: this kernel, since its start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return f"{socket.gethostname()}-{uuid.getnode():x}"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """The operating system's lock; it frees it when the process dies, however it dies."""
    from filelock import FileLock, Timeout

    held = FileLock(path.with_name(path.name + ".lock"), timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except Timeout:
        lease = read_note(path)
        overdue = lease is not None and lease.ends < datetime.now(UTC)
        raise StateLocked(str(path), lease, overdue=overdue) from None
    except OSError as error:
        raise StateUnwritable(str(path), error.strerror or str(error)) from error
    except NotImplementedError as error:
        raise StateUnwritable(str(path), "its file system has no locks") from error
    try:
        yield
    finally:
        held.release()


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".lock-owner")


def _is(found: Lease | None, ours: Lease) -> bool:
    return found is not None and found.id == ours.id
