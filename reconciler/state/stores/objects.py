"""State in a bucket: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

An object holds the text, `KEY.lock` beside it the lease of whoever has it, and the highest serial
that was written. Every write is on condition that the object is still the one that was read, so
that of two writers one is refused, whatever became of the lock.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.state.failures import (
    StateError,
    StateLocked,
    StateLost,
    StateUnreachable,
    StateUnreadable,
)
from reconciler.state.heartbeat import LEASE, Heartbeat
from reconciler.state.lease import Lease, Owner, lease_json, parse_lease
from reconciler.state.locking import new_lease
from reconciler.state.shelf import LIMIT, Credentials, Found, told
from reconciler.state.stores.tries import Tries, Trouble

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "s3": {"region": "region", "endpoint": "endpoint"},
    "gs": {"endpoint": "base_url"},
    "az": {"account": "account_name", "endpoint": "endpoint"},
}
"""What a URL's query may say, and obstore's names for it."""
_ACCOUNT: Mapping[str, tuple[str, str]] = {
    "s3": ("access_key_id", "secret_access_key"),
    "gs": ("", "service_account_key"),
    "az": ("account_name", "account_key"),
}
"""obstore's names for `username` and `password`."""
_LOOPBACK = re.compile(r"http://(localhost|127\.[0-9.]+|\[::1\])[:/]?")


class Clash(Exception):
    """The object isn't the one that the write was for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """An object as it was read; `version` is obstore's, for the condition of the next write."""

    text: str = field(repr=False)
    version: Mapping[str, str]
    modified: datetime


class ObjectShelf:
    """An object in a bucket; see `Shelf`.

    Parameters: `url` is `s3://bucket/key?region=…&endpoint=…`, `gs://bucket/key` or
    `az://container/key?account=…&endpoint=…`; what it doesn't say, and `credentials` don't, is
    taken from the usual variables of each cloud (`AWS_…`, `GOOGLE_…`, `AZURE_STORAGE_…`) or from
    the machine's own role. `key` is the object's when the URL names none, or a folder.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        credentials: Callable[[], Credentials],
        tries: Tries,
        lease: timedelta = LEASE,
    ) -> None:
        parts = urlsplit(url)
        path = unquote(parts.path).lstrip("/")
        self._key = f"{path}{key}.json" if not path or path.endswith("/") else path
        self._bucket = parts._replace(path="", fragment="").geturl()
        self._credentials = credentials
        self._tries = tries
        self._lease = lease
        self.name = f"{parts.scheme}://{parts.netloc}/{self._key}"

    def beside(self, suffix: str) -> "ObjectShelf":
        """Another object in the same folder."""
        parts = urlsplit(self._bucket)
        return ObjectShelf(
            parts._replace(path=f"/{self._key}.{suffix}").geturl(),
            key="",
            credentials=self._credentials,
            tries=self._tries,
            lease=self._lease,
        )

    def read(self) -> Found:
        """What is there; see `Shelf`."""
        bucket = self._open()
        noted = bucket.reading(_lock_of(self._key))
        return _found(bucket.reading(self._key), _note(noted), now=datetime.now(UTC))

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldObject"]:
        """Take the lease; see `Shelf`."""
        bucket = self._open()
        held = _HeldObject(self.name, self._key, bucket, new_lease(owner, self._lease))
        held.begin()
        heart = Heartbeat(held.renew, lease=self._lease)
        heart.begin()
        try:
            yield held
        finally:
            heart.end()
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

    def _open(self) -> "_Bucket":
        return _Bucket(self.name, client(self.name, self._bucket, self._credentials()), self._tries)


class _HeldObject:
    """The object while its lease is ours; see `Held`."""

    def __init__(self, name: str, key: str, bucket: "_Bucket", lease: Lease) -> None:
        self.inherited: Lease | None = None
        self._name = name
        self._key = key
        self._bucket = bucket
        self._lease = lease
        self._note: _Object | None = None
        self._highest = 0
        self._current: _Object | None = None
        self._lock = RLock()

    def begin(self) -> None:
        """Take the lease. Raises StateLocked."""
        found = self._bucket.reading(_lock_of(self._key))
        note = _note(found)
        if note.lease is not None and datetime.now(UTC) < note.lease.ends:
            raise StateLocked(self._name, note.lease, elsewhere=True)
        self.inherited, self._highest, self._note = note.lease, note.highest, found
        try:
            self._write_note(self._lease)
        except Clash:
            other = _note(self._bucket.reading(_lock_of(self._key))).lease
            raise StateLocked(self._name, other, elsewhere=True) from None

    def read(self) -> Found:
        """What is there; how old it is counts by the store's clock, of when the lease was taken."""
        with self._lock:
            self._current = self._bucket.reading(self._key)
            assert self._note is not None
            note = _Note(highest=self._highest)
            return _found(self._current, note, now=self._note.modified)

    def write(self, text: str, *, serial: int, expected: str | None) -> str:
        """Put `text` in the place of the object that was read or written last."""
        with self._lock:
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

    def renew(self) -> None:
        """Give a sign of life. Raises StateLost."""
        with self._lock:
            try:
                self._write_note(self._lease.at(datetime.now(UTC)))
            except Clash:
                self._check()

    def end(self) -> None:
        """Give the lease up, unless it is another's by now; the highest serial stays."""
        # It ends by itself, or is another's by now.
        with self._lock, suppress(Clash, StateError):
            self._write_note(None)

    def _check(self) -> None:
        """Raise StateLost unless the lease is still ours."""
        found = self._bucket.reading(_lock_of(self._key))
        lease = _note(found).lease
        if lease is None or lease.id != self._lease.id:
            raise StateLost(self._name, lease)
        self._note = found

    def _write_note(self, lease: Lease | None) -> None:
        text = _Note(lease=lease, highest=self._highest).text
        self._note = self._bucket.writing(_lock_of(self._key), text, self._note)
        if lease is not None:
            self._lease = lease


class _Bucket:
    """Reads and conditional writes, asked again where that may help."""

    def __init__(self, name: str, client: "ObjectStore", tries: Tries) -> None:
        self._name = name
        self._client = client
        self._tries = tries

    def reading(self, key: str) -> _Object | None:
        """The object; None when there is none. Raises StateUnreachable, StateUnreadable."""
        return self._tries.reading(self._name, lambda: self._read(key))

    def writing(self, key: str, text: str, former: _Object | None) -> _Object:
        """Put `text` where `former` is, or where nothing is. Raises Clash, StateUnwritable."""

        def seen() -> _Object | None:
            found = self._read(key)
            return found if found is not None and found.text == text else None

        def send() -> _Object:
            try:
                self._put(key, text, former)
            except Clash:
                done = seen()  # the client of the store tries again by itself, and meets its own
                if done is None:
                    raise
                return done
            found = self._read(key)
            if found is None or found.text != text:
                raise Clash
            return found

        return self._tries.writing(self._name, send, seen)

    def _read(self, key: str) -> _Object | None:
        with self._in_words(sent=False):
            try:
                answer = self._client.get(key)
            except FileNotFoundError:
                return None
            meta = answer.meta
            if meta["size"] > LIMIT:
                raise StateUnreadable(self._name, f"it is larger than {LIMIT} bytes")
            content = bytes(answer.bytes())
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise StateUnreadable(self._name, "it is not UTF-8") from None
        return _Object(text=text, version=_version(meta), modified=meta["last_modified"])

    def _put(self, key: str, text: str, former: _Object | None) -> None:
        mode: Any = "create" if former is None else dict(former.version)
        with self._in_words(sent=True):
            self._client.put(key, text.encode(), mode=mode)

    @contextmanager
    def _in_words(self, *, sent: bool) -> Iterator[None]:
        from obstore import exceptions

        try:
            yield
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise Clash from None
        except FileNotFoundError as error:
            raise StateUnreachable(self._name, _why(error)) from None
        except (PermissionError, exceptions.UnauthenticatedError, exceptions.PermissionDeniedError):
            raise StateUnreachable(
                self._name,
                "the store refuses the credentials",
                ("look at `spec.state.credentials`, and at what that account may do",),
            ) from None
        except (exceptions.BaseError, OSError) as error:
            raise Trouble(_why(error), sent=sent) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What the lock's object says."""

    lease: Lease | None = None
    highest: int = 0

    @property
    def text(self) -> str:
        lease = None if self.lease is None else lease_json(self.lease)
        return json.dumps({"lease": lease, "highest": self.highest}) + "\n"


def _note(found: _Object | None) -> _Note:
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


def _found(found: _Object | None, note: _Note, *, now: datetime) -> Found:
    if found is None:
        return Found(text=None, version=None, highest=note.highest)
    quiet = max(0.0, (now - found.modified).total_seconds())
    return Found(text=found.text, version=_token(found), quiet=quiet, highest=note.highest)


def _token(found: _Object) -> str:
    return json.dumps(dict(found.version), sort_keys=True)


def _version(meta: Mapping[str, Any]) -> dict[str, str]:
    """Google goes by the version, the others by the e-tag."""
    return {name: meta[name] for name in ("e_tag", "version") if meta.get(name) is not None}


def _lock_of(key: str) -> str:
    return f"{key}.lock"


def client(name: str, url: str, given: Credentials) -> "ObjectStore":
    """obstore's client of a bucket. Raises StateUnreachable when it can't be made."""
    try:
        from obstore import exceptions
        from obstore.store import AzureStore, GCSStore, S3Store
    except ModuleNotFoundError:
        raise StateUnreachable(
            name, "obstore isn't installed", ("pip install 'reconciler[objects]'",)
        ) from None
    parts = urlsplit(url)
    config: Any = {
        _PARAMETERS[parts.scheme][key]: value
        for key, value in parse_qsl(parts.query)
        if key in _PARAMETERS[parts.scheme]
    }
    user, secret = _ACCOUNT[parts.scheme]
    if given.username is not None and user:
        config[user] = told(given.username)
    if given.password is not None:
        config[secret] = told(given.password)
    options: Any = {
        "timeout": "30s",
        "connect_timeout": "10s",
        "allow_http": any(_LOOPBACK.match(value) for _, value in parse_qsl(parts.query)),
    }
    # Tried again here, where what happened is looked at before.
    retry: Any = {"max_retries": 0}
    try:
        match parts.scheme:
            case "s3":
                return S3Store(
                    parts.netloc, config=config, client_options=options, retry_config=retry
                )
            case "gs":
                return GCSStore(
                    parts.netloc, config=config, client_options=options, retry_config=retry
                )
            case _:
                return AzureStore(
                    parts.netloc, config=config, client_options=options, retry_config=retry
                )
    except (exceptions.BaseError, ValueError) as error:
        raise StateUnreachable(name, _why(error)) from None


def _why(error: Exception) -> str:
    """The first line, without what stands after a `?`: a signed address is a credential."""
    line = str(error).strip().partition("\n")[0]
    return re.sub(r"\?\S*", "", line)[:300] or type(error).__name__
