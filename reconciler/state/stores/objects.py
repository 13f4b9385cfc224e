"""State in a bucket: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

An object holds the text, `KEY.lock` beside it the lease of whoever has it, and the highest serial
that was written. Every write is on condition that the object is still the one that was read, so
that of two writers one is refused, whatever became of the lock.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from urllib.parse import unquote, urlsplit

from reconciler.state.failures import StateError, StateLocked, StateLost
from reconciler.state.heartbeat import beating
from reconciler.state.lease import Lease, Owner, lease_json, parse_lease
from reconciler.state.locking import new_lease
from reconciler.state.shelf import Found
from reconciler.state.stores.bucket import Bucket, Clash, StoredObject, client
from reconciler.state.stores.tries import Opening
from reconciler.state.vigil import Clock, Sighting, Vigil


class ObjectShelf:
    """An object in a bucket; see `Shelf`.

    Parameters: `url` is `s3://bucket/key?region=…&endpoint=…`, `gs://bucket/key` or
    `az://container/key?account=…&endpoint=…`; what it doesn't say, and `credentials` don't, is
    taken from the usual variables of each cloud (`AWS_…`, `GOOGLE_…`, `AZURE_STORAGE_…`) or from
    the machine's own role. `key` is the object's when the URL names none, or a folder.
    """

    def __init__(self, url: str, *, key: str, opening: Opening) -> None:
        parts = urlsplit(url)
        path = unquote(parts.path).lstrip("/")
        self._key = f"{path}{key}.json" if not path or path.endswith("/") else path
        self._bucket = parts._replace(path="", fragment="").geturl()
        self._opening = opening
        self._sighting = Sighting(opening.clock)
        self.name = f"{parts.scheme}://{parts.netloc}/{self._key}"

    @property
    def identity(self) -> str:
        """Its address with endpoint, region and account, which its name leaves out."""
        parts = urlsplit(self._bucket)
        return parts._replace(path=f"/{self._key}").geturl()

    def beside(self, suffix: str) -> "ObjectShelf":
        """Another object in the same folder."""
        parts = urlsplit(self._bucket)
        return ObjectShelf(
            parts._replace(path=f"/{self._key}.{suffix}").geturl(),
            key="",
            opening=self._opening,
        )

    def read(self) -> Found:
        """What is there; see `Shelf`."""
        bucket = self._open()
        noted = bucket.reading(_lock_of(self._key))
        return _found(bucket.reading(self._key), _note(noted), now=datetime.now(UTC))

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldObject"]:
        """Take the lease; see `Shelf`."""
        lease = new_lease(owner, self._opening.lease)
        held = _HeldObject(self.name, self._key, self._open(), lease, self._opening.clock)
        held.begin(self._sighting)
        try:
            with beating(held.vigil.renew, lease=lease.length):
                yield held
        finally:
            held.end()

    def take_away(self, name: str) -> Lease | None:
        """End the lease of the run called `name`; see `Shelf`."""
        bucket, lock = self._open(), _lock_of(self._key)
        found = bucket.reading(lock)
        note = _note(found)
        if note.lease is None:
            return None
        if note.lease.owner.name != name:
            raise StateLocked(self.name, note.lease, elsewhere=True, wanted=name)
        try:
            bucket.writing(lock, _Note(highest=note.highest).text, found)
        except Clash:  # it lives, or somebody else has it by now
            again = _note(bucket.reading(lock)).lease
            raise StateLocked(self.name, again, elsewhere=True, wanted=name) from None
        return note.lease

    def _open(self) -> Bucket:
        tries = self._opening.tries
        made = client(self.name, self._bucket, self._opening.credentials(), seconds=tries.seconds)
        return Bucket(self.name, made, tries)


class _HeldObject:
    """The object while its lease is ours; see `Held`."""

    def __init__(self, name: str, key: str, bucket: Bucket, lease: Lease, clock: Clock) -> None:
        self.inherited: Lease | None = None
        self.vigil = Vigil(
            name, look=self._check, renew=self._renew, lease=lease.length, clock=clock
        )
        self.check = self.vigil.check
        self._name = name
        self._key = key
        self._bucket = bucket
        self._lease = lease
        self._note: StoredObject | None = None
        self._highest = 0
        self._current: StoredObject | None = None
        self._begun = lease.since
        self._lock = RLock()

    def begin(self, sighting: Sighting) -> None:
        """Take the lease, if `sighting` finds that nobody has one. Raises StateLocked."""
        found = self._bucket.reading(_lock_of(self._key))
        note = _note(found)
        if note.lease is not None:
            sighting.insist_on_end(self._name, note.lease)
        self.inherited, self._highest, self._note = note.lease, note.highest, found
        with suppress(Clash):
            self._write_note(self._lease)
        try:
            self._check()
        except StateLost as lost:
            raise StateLocked(self._name, lost.lease, elsewhere=True) from None
        self._begun = (self._note and self._note.modified) or self._lease.since

    def read(self) -> Found:
        """What is there; how old it is counts by the store's clock, of when the lease was taken."""
        with self._lock:
            self._current = self._bucket.reading(self._key)
            return _found(self._current, _Note(highest=self._highest), now=self._begun)

    def write(self, text: str, *, serial: int, expected: str | None) -> str:
        """Put `text` in the place of the object that was read or written last."""
        with self.vigil.noticing(), self._lock:
            self._check()
            current = self._current
            if (current and _token(current)) != expected:
                raise StateLost(self._name, None, why="it isn't the state that was read")
            try:
                self._current = self._bucket.writing(self._key, text, current)
            except Clash:
                raise StateLost(self._name, None, why="another run wrote it meanwhile") from None
            self._highest = max(self._highest, serial)
            return _token(self._current)

    def end(self) -> None:
        """Give the lease up, unless it is another's by now; the highest serial stays."""
        # It ends by itself, or is another's by now.
        with self._lock, suppress(Clash, StateError):
            self._write_note(None)

    def _check(self) -> None:
        """Raise StateLost unless the lease is still ours."""
        with self._lock:
            found = self._bucket.reading(_lock_of(self._key))
            lease = _note(found).lease
            if lease is None or lease.id != self._lease.id:
                raise StateLost(self._name, lease)
            self._note = found

    def _renew(self) -> None:
        """Give a sign of life. Raises StateLost."""
        with self._lock:
            try:
                self._write_note(self._lease.at(datetime.now(UTC)))
            except Clash:
                self._check()

    def _write_note(self, lease: Lease | None) -> None:
        text = _Note(lease=lease, highest=self._highest).text
        self._note = self._bucket.writing(_lock_of(self._key), text, self._note)
        if lease is not None:
            self._lease = lease


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What the lock's object says."""

    lease: Lease | None = None
    highest: int = 0

    @property
    def text(self) -> str:
        lease = None if self.lease is None else lease_json(self.lease)
        return json.dumps({"lease": lease, "highest": self.highest}) + "\n"


def _note(found: StoredObject | None) -> _Note:
    """What a lock's object says; one that can't be read says nothing."""
    if found is None:
        return _Note()
    try:
        told = json.loads(found.text)
        highest = told["highest"]
        lease = parse_lease(json.dumps(told["lease"])) if told["lease"] else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return _Note()
    return _Note(lease=lease, highest=highest if isinstance(highest, int) else 0)


def _found(found: StoredObject | None, note: _Note, *, now: datetime) -> Found:
    if found is None:
        return Found(text=None, version=None, highest=note.highest)
    quiet = max(0.0, (now - (found.modified or now)).total_seconds())
    return Found(text=found.text, version=_token(found), quiet=quiet, highest=note.highest)


def _token(found: StoredObject) -> str:
    return json.dumps(dict(found.version), sort_keys=True)


def _lock_of(key: str) -> str:
    return f"{key}.lock"
