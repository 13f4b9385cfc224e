"""State behind the HTTP protocol that Terraform speaks to GitLab, Gitea and others.

GET reads, POST writes, POST and DELETE at `ADDRESS/lock` lock and unlock (GitLab: "Terraform state
API"; Gitea the same); a fragment `#lock-methods` chooses LOCK and UNLOCK at the address itself
instead, Terraform's own default. A taken lock is answered with 423 or 409. The lock's id goes along
with each write, and the server refuses a write of any other. Locks don't end by themselves.
"""

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.state.failures import (
    StateError,
    StateLocked,
    StateLost,
    StateUnreachable,
    StateUnreadable,
    StateUnwritable,
)
from reconciler.state.lease import Lease, Owner, lease_json, parse_lease
from reconciler.state.locking import new_lease
from reconciler.state.shelf import LIMIT, Credentials, Found, told
from reconciler.state.stores.tries import Tries, Trouble, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

_ENDLESS = timedelta(days=36525)
_TAKEN = frozenset({409, 423})
_NOT_OURS = frozenset({409, 412, 423})
_REFUSED = frozenset({401, 403})
_NOTHING = frozenset({204, 404})
_BUSY = frozenset({429, 503})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_ID_LIMIT = 255  # GitLab's
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|::1)\Z")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    headers: Mapping[str, str]


class HttpShelf:
    """A text at an address of a state server; see `Shelf`.

    Parameters: `url` has no credentials in it; `credentials` are asked for when they are needed
    (basic authentication).
    """

    def __init__(self, url: str, *, credentials: "Callable[[], Credentials]", tries: Tries) -> None:
        self._url, _, fragment = url.partition("#")
        self._methods = fragment == "lock-methods"
        self._credentials = credentials
        self._tries = tries
        self.name = self._url

    def beside(self, suffix: str) -> "HttpShelf":
        """Another state of the same server."""
        address, question, query = self._url.partition("?")
        fragment = "#lock-methods" if self._methods else ""
        return HttpShelf(
            f"{address}-{suffix}{question}{query}{fragment}",
            credentials=self._credentials,
            tries=self._tries,
        )

    def read(self) -> Found:
        """What is there; see `Shelf`."""
        with self._wire() as wire:
            return wire.read()

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_HeldHttp"]:
        """Lock it; see `Shelf`."""
        lease = replace(_named(new_lease(owner, _ENDLESS)), length=_ENDLESS)
        with self._wire() as wire:
            wire.lock(lease)
            try:
                yield _HeldHttp(wire, lease)
            except BaseException:
                with suppress(StateError):  # what went wrong first is what is told
                    wire.unlock(lease)
                raise
            else:
                wire.unlock(lease)

    def take_away(self, name: str) -> Lease | None:
        """Unlock what `name` holds; see `Shelf`."""
        ours = _named(new_lease(Owner(user="unlock", host="reconciler", pid=0), _ENDLESS))
        with self._wire() as wire:
            try:
                wire.lock(ours)
            except StateLocked as error:
                lease = error.lease
                if lease is None or lease.owner.name != name:
                    raise StateLocked(
                        self.name, lease, elsewhere=True, endless=True, wanted=name
                    ) from None
                wire.unlock(lease)
                return lease
            wire.unlock(ours)
            return None

    @contextmanager
    def _wire(self) -> Iterator["_Wire"]:
        import httpx2

        given = self._credentials()
        auth = None
        if given.username is not None or given.password is not None:
            auth = httpx2.BasicAuth(told(given.username) or "", told(given.password) or "")
        host = urlsplit(self._url).hostname or ""
        with httpx2.Client(
            auth=auth,
            follow_redirects=False,
            trust_env=not _LOOPBACK.match(host),
            timeout=self._tries.seconds,
            headers={"user-agent": "reconciler"},
        ) as client:
            yield _Wire(client, self._url, self._methods, self._tries)


class _HeldHttp:
    """The address while its lock is ours; see `Held`."""

    inherited: Lease | None = None

    def __init__(self, wire: "_Wire", lease: Lease) -> None:
        self._wire = wire
        self._lease = lease

    def read(self) -> Found:
        """What is there."""
        return self._wire.read()

    def write(self, text: str, *, serial: int, expected: str | None) -> str:  # noqa: ARG002
        """Put `text` there; the lock stands for `expected`."""
        return self._wire.write(text, self._lease)


class _Wire:
    """The protocol, over one client."""

    def __init__(self, client: "httpx2.Client", url: str, methods: bool, tries: Tries) -> None:
        self._client = client
        self._url = url
        self._tries = tries
        address, question, query = url.partition("?")
        self._lock_url = url if methods else f"{address}/lock{question}{query}"
        self._lock, self._unlock = ("LOCK", "UNLOCK") if methods else ("POST", "DELETE")

    def read(self) -> Found:
        """The text, with when it was written if the server says."""
        return self._tries.reading(self._url, self._read)

    def write(self, text: str, lease: Lease) -> str:
        """Write under the lock; the version is a digest, for the protocol has none."""
        content = text.encode()
        version = _digest(text)
        headers = {
            "content-type": "application/json",
            "content-md5": base64.b64encode(_md5(content)).decode("ascii"),
        }

        def send() -> str:
            answer = self._ask("POST", self._url, content, headers, {"ID": lease.id})
            if answer.status in _NOT_OURS:
                found = _holder(answer.text)
                raise StateLost(
                    self._url,
                    None if found is None or found.id == lease.id else found,
                )
            self._insist(answer, StateUnwritable)
            return version

        def seen() -> str | None:
            return version if self._read().version == version else None

        return self._tries.writing(self._url, send, seen)

    def lock(self, lease: Lease) -> None:
        """Take the lock. Raises StateLocked."""
        body = json.dumps(_info(lease, self._url)).encode()

        def send() -> bool:
            answer = self._ask(self._lock, self._lock_url, body, _JSON)
            if answer.status in _TAKEN:
                found = _holder(answer.text)
                if found is None or found.id != lease.id:  # a lost answer may have locked for us
                    raise StateLocked(self._url, found, elsewhere=True, endless=True)
            else:
                self._insist(answer, StateUnreachable)
            return True

        self._tries.writing(self._url, send, lambda: None)

    def unlock(self, lease: Lease) -> None:
        """Give the lock back; one that is another's by now stays."""
        body = json.dumps(_info(lease, self._url)).encode()
        way = f"everything is written; free it: `reconciler unlock {shlex.quote(lease.owner.name)}`"

        def send() -> bool:
            answer = self._ask(self._unlock, self._lock_url, body, _JSON)
            if answer.status not in _NOT_OURS | _NOTHING:
                self._insist(answer, StateUnreachable)
            return True

        try:
            self._tries.writing(self._url, send, lambda: None)
        except StateUnwritable as error:
            raise StateUnreachable(self._url, f"its lock stays: {error.why}", (way,)) from None

    def _read(self) -> Found:
        answer = self._ask("GET", self._url)
        if answer.status in _NOTHING or (answer.status == 200 and not answer.text):
            return Found(text=None, version=None)
        self._insist(answer, StateUnreachable)
        return Found(text=answer.text, version=_digest(answer.text), quiet=_quiet(answer.headers))

    def _ask(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> _Answer:
        import httpx2

        not_sent = (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.ProxyError,
        )
        target = httpx2.URL(url)
        for name, value in (query or {}).items():
            target = target.copy_add_param(name, value)
        try:
            with self._client.stream(method, target, content=content, headers=headers) as response:
                parts, size = [], 0
                for part in response.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > LIMIT:
                        raise StateUnreadable(self._url, f"it is larger than {LIMIT} bytes")
        except not_sent as error:
            raise Trouble(type(error).__name__, sent=False) from None
        except (httpx2.RequestError, httpx2.StreamError) as error:
            raise Trouble(f"no answer ({type(error).__name__})", sent=True) from None
        if response.status_code in _PASSING:
            raise Trouble(
                f"the server answered {response.status_code}",
                sent=response.status_code not in _BUSY,
                after=retry_after(response.headers.get("retry-after")),
            )
        try:
            text = b"".join(parts).decode("utf-8")
        except UnicodeDecodeError:
            raise StateUnreadable(self._url, "it is not UTF-8") from None
        return _Answer(response.status_code, text, response.headers)

    def _insist(self, answer: _Answer, failure: "type[StateUnreachable | StateUnwritable]") -> None:
        if 200 <= answer.status < 300:
            return
        if answer.status in _REFUSED:
            raise failure(
                self._url,
                f"the server refuses the credentials ({answer.status})",
                ("look at `spec.state.credentials`, and at what that account may do",),
            )
        raise failure(self._url, f"the server answered {answer.status}", ())


_JSON = {"content-type": "application/json"}


def _named(lease: Lease) -> Lease:
    """A lease whose id names its owner, which is all that some servers tell of a lock."""
    return replace(lease, id=f"{lease.id}.{lease.owner.name}"[:_ID_LIMIT])


def _info(lease: Lease, url: str) -> dict[str, str]:
    """A lock as Terraform describes one."""
    return {
        "ID": lease.id,
        "Operation": "apply",
        "Info": json.dumps(lease_json(lease)),
        "Who": lease.owner.name,
        "Version": "reconciler",
        "Created": lease.since.isoformat(),
        "Path": urlsplit(url).path,
    }


def _holder(text: str) -> Lease | None:
    """Who has the lock, from what the server says of it; None when it says nothing.

    GitLab tells the holder's id with the `Info` of whoever asked, so `Info` counts only with the
    id that is in it; `Who` is a user of GitLab's.
    """
    try:
        told = json.loads(text)
        id_, who, created = str(told["ID"]), str(told.get("Who") or ""), told.get("Created")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    lease = parse_lease(str(told.get("Info") or ""))
    if lease is not None and lease.id == id_:
        return lease
    owner = _owner(id_.partition(".")[2]) or _owner(who) or Owner(user=who or "?", host="?", pid=0)
    since = _time(created)
    return Lease(id=id_, owner=owner, machine="", since=since, renewed=since, length=_ENDLESS)


def _owner(name: str) -> Owner | None:
    found = re.fullmatch(r"(.+)@([^@]+):([0-9]{1,10})", name)
    return found and Owner(user=found[1], host=found[2], pid=int(found[3]))


def _time(text: Any) -> datetime:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.now(UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _quiet(headers: Mapping[str, str]) -> float:
    """Seconds since the text was written, by the server's clock; 0 when it doesn't say."""
    try:
        then = parsedate_to_datetime(headers["last-modified"])
        return max(0.0, (parsedate_to_datetime(headers["date"]) - then).total_seconds())
    except (KeyError, ValueError, TypeError):
        return 0.0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
