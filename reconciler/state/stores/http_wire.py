"""The requests of Terraform's HTTP protocol, and what each answer means."""

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.bounds import ENCODINGS, Garbled, Lines, TooMuch, read_whole
from reconciler.network import network_fault
from reconciler.state.failures import (
    StateError,
    StateLocked,
    StateLost,
    StateUnreachable,
    StateUnreadable,
    StateUnwritable,
)
from reconciler.state.lease import Lease
from reconciler.state.shelf import LIMIT, Found, told
from reconciler.state.stores.http_lock import endless_lease, holder_of, lock_info
from reconciler.state.stores.tries import Opening, Tries, Trouble, retry_after

if TYPE_CHECKING:
    import httpx2

_TAKEN = frozenset({409, 423})
_NOT_OURS = frozenset({409, 412, 423})
_REFUSED = frozenset({401, 403})
_NOTHING = frozenset({204, 404})
_TOO_MANY = 429
_PASSING = frozenset({408, 425, _TOO_MANY, 500, 502, 503, 504})
_BODY_PATIENCE = 10  # times the timeout: how long an answer may keep trickling in
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|::1)\Z")
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    text: str
    headers: Mapping[str, str]


@contextmanager
def wire_to(url: str, *, methods: bool, opening: Opening) -> Iterator["Wire"]:
    """The protocol to a state's address; `methods` says that it is locked by LOCK and UNLOCK."""
    import httpx2

    given, auth = opening.credentials(), None
    if given.username is not None or given.password is not None:
        auth = httpx2.BasicAuth(told(given.username) or "", told(given.password) or "")
    # A server on this machine is never reached through a proxy.
    away = not _LOOPBACK.match(urlsplit(url).hostname or "")
    if away and (fault := network_fault()):
        raise StateUnreachable(url, fault.message, fault.help)
    with httpx2.Client(
        auth=auth,
        follow_redirects=False,
        trust_env=away,
        timeout=opening.tries.seconds,
        headers={"accept-encoding": ENCODINGS, "user-agent": "reconciler"},
    ) as client:
        yield Wire(client, url, methods, opening.tries)


class Wire:
    """The protocol, over one client. `url` is the state's address."""

    def __init__(self, client: "httpx2.Client", url: str, methods: bool, tries: Tries) -> None:
        self._client = client
        self.url = url
        self._tries = tries
        self._lines = Lines()
        address, question, query = url.partition("?")
        self._lock_url = url if methods else f"{address}/lock{question}{query}"
        self._lock, self._unlock = ("LOCK", "UNLOCK") if methods else ("POST", "DELETE")

    def read(self) -> Found:
        """The text, with when it was written if the server says."""
        return self._tries.reading(self.url, self._read)

    def write(self, text: str, lease: Lease) -> str:
        """Write under the lock; the version is a digest, for the protocol has none."""
        content = text.encode()
        version = _digest(text)
        headers = {
            "content-type": "application/json",
            "content-md5": base64.b64encode(_md5(content)).decode("ascii"),
        }

        def send() -> str:
            answer = self._ask("POST", self.url, content, headers, {"ID": lease.id})
            if answer.status in _NOT_OURS:
                found = holder_of(answer.text)
                raise StateLost(
                    self.url,
                    None if found is None or found.id == lease.id else found,
                )
            self._insist(answer, StateUnwritable)
            return version

        def seen() -> str | None:
            return version if self._read().version == version else None

        return self._tries.writing(self.url, send, seen)

    def lock(self, lease: Lease) -> None:
        """Take the lock, or nothing: a try that ends without an answer is undone. Raises
        StateLocked, StateUnreachable.
        """
        body = json.dumps(lock_info(lease, self.url)).encode()

        def send() -> bool:
            answer = self._ask(self._lock, self._lock_url, body, _JSON)
            if answer.status in _TAKEN:
                found = holder_of(answer.text)
                if found is None or found.id != lease.id:  # a lost answer may have locked for us
                    raise StateLocked(self.url, found, elsewhere=True, endless=True)
            else:
                self._insist(answer, StateUnreachable)
            return True

        try:
            self._tries.writing(self.url, send, lambda: None)
        except StateLocked:
            raise
        except BaseException as error:  # an interruption as well: it may be ours by now
            with suppress(StateError):
                self.unlock(lease, tries=replace(self._tries, attempts=1))
            if isinstance(error, StateUnwritable):
                raise StateUnreachable(self.url, error.why, error.help) from None
            raise

    def look(self, lease: Lease) -> None:
        """Raise StateLost unless `lease` has the lock, StateUnreachable when nobody can tell.

        The protocol has no question for it, so somebody else tries to lock. A server that doesn't
        say whose a taken lock is leaves it to the next write to be refused.
        """
        stranger = endless_lease(lease.owner)
        try:
            self.lock(stranger)
        except StateLocked as locked:
            if locked.lease is not None and locked.lease.id != lease.id:
                raise StateLost(self.url, locked.lease) from None
            return
        self.unlock(stranger)
        raise StateLost(self.url, None)

    def unlock(self, lease: Lease, *, tries: Tries | None = None) -> None:
        """Give the lock back; one that is another's by now stays."""
        body = json.dumps(lock_info(lease, self.url)).encode()
        way = f"everything is written; free it: `reconciler unlock {shlex.quote(lease.owner.name)}`"

        def send() -> bool:
            answer = self._ask(self._unlock, self._lock_url, body, _JSON)
            if answer.status not in _NOT_OURS | _NOTHING:
                self._insist(answer, StateUnreachable)
            return True

        try:
            (tries or self._tries).writing(self.url, send, lambda: None)
        except StateUnwritable as error:
            raise StateUnreachable(self.url, f"its lock stays: {error.why}", (way,)) from None

    def _read(self) -> Found:
        answer = self._ask("GET", self.url)
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
        seconds = _BODY_PATIENCE * self._tries.seconds
        try:
            with (
                self._lines.patience(seconds) as answered,
                self._client.stream(
                    method,
                    target,
                    content=content,
                    headers=headers,
                    extensions={"trace": self._lines.trace},
                ) as response,
            ):
                answered.set()
                encoding = response.headers.get("content-encoding", "")
                body = read_whole(response.iter_raw(), encoding, most=LIMIT, seconds=seconds)
        except TooMuch as error:
            raise StateUnreadable(self.url, f"the server {error}") from None
        except TimeoutError as error:
            raise Trouble(str(error), sent=True) from None
        except not_sent as error:
            raise Trouble(type(error).__name__, sent=False) from None
        except (httpx2.RequestError, httpx2.StreamError, Garbled) as error:
            raise Trouble(f"no answer ({type(error).__name__})", sent=True) from None
        if response.status_code in _PASSING:
            raise Trouble(
                f"the server answered {response.status_code}",
                sent=response.status_code != _TOO_MANY,
                after=retry_after(response.headers.get("retry-after")),
            )
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise StateUnreadable(self.url, "it is not UTF-8") from None
        return _Answer(response.status_code, text, response.headers)

    def _insist(self, answer: _Answer, failure: "type[StateUnreachable | StateUnwritable]") -> None:
        if 200 <= answer.status < 300:
            return
        if answer.status in _REFUSED:
            raise failure(
                self.url,
                f"the server refuses the credentials ({answer.status})",
                ("look at `spec.state.credentials`, and at what that account may do",),
            )
        raise failure(self.url, f"the server answered {answer.status}", ())


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
