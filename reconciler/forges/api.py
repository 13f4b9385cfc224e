"""A forge's REST API: one token for one origin, bounded waits, answers as checked values.

The only module here that knows the HTTP library; its exceptions hold the request (and so the
token), and never leave it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import TypeAdapter, ValidationError

from reconciler.bounds import ENCODINGS, Garbled, Lines, TooMuch, read_whole, size_of
from reconciler.forges.failures import ForgeError, Refused, Unanswered, Uncertain
from reconciler.forges.manners import Answer, Manners, Patience
from reconciler.network import network_fault
from reconciler.resources import read_json
from reconciler.secrets import Secret

T = TypeVar("T")
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|::1)\Z")
_PAGE = 100  # the most that both forges give at once
_PAGES = 100
_SLOWEST = 10  # times the timeout: how long an answer may keep trickling in
_MOST_BYTES = 16 * 1024 * 1024  # of one JSON answer
_MOST_LISTED = 64 * 1024 * 1024  # bytes of all pages of one list
_TROUBLE = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _GONE = 200, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """One request; `call` names it in messages, `most` bounds the answer in bytes, `trusted` says
    that the token goes with it."""

    method: str
    url: str
    call: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    most: int = _MOST_BYTES
    trusted: bool = True


class Api:
    """Sends calls to the API at `url` with a token that goes nowhere else.

    Raises Refused when `url` isn't an https address (loopback may be http), or the environment
    names a proxy, or authorities, that can't be used.
    """

    def __init__(
        self, url: str, token: Secret, manners: Manners, patience: Patience | None = None
    ) -> None:
        if not _safe(url):
            raise Refused(f"the address of {manners.name}'s API isn't an https address")
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._token = token
        self._manners = manners
        self._patience = patience or Patience()
        # A server on this machine is never reached through a proxy.
        away = not _LOOPBACK.match(parts.hostname or "")
        if away and (fault := network_fault()):
            raise Refused(fault.message, help=fault.help)
        self._http = httpx2.Client(
            follow_redirects=False,
            trust_env=away,
            timeout=self._patience.timeout,
            headers={
                "accept": "application/json",
                "accept-encoding": ENCODINGS,
                "user-agent": "reconciler",
            },
        )
        self._lines = Lines()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def get(self, path: str, adapter: TypeAdapter[T], *, needs: str, **query: Any) -> T:
        """Read a value. Raises ForgeError."""
        return _fitted(adapter, self._called("GET", path, needs, query=query), path)

    def pages(
        self,
        path: str,
        adapter: TypeAdapter[list[T]],
        *,
        needs: str,
        within: str = "",
        **query: Any,
    ) -> Iterator[T]:
        """Each entry of a list, page after page; the list is in the key `within`, if one is given.

        Pages are counted here: no address that an answer names is ever called. Raises ForgeError.
        """
        room = _MOST_LISTED
        for page in range(1, _PAGES + 1):
            asked = {**query, "per_page": _PAGE, "page": page}
            answer = self._called("GET", path, needs, query=asked)
            room -= len(answer.body)
            if room < 0:
                raise Refused(f"{path} lists more than {size_of(_MOST_LISTED)}")
            yield from _fitted(adapter, answer, path, within)
            if not answer.more:
                return
        raise Refused(f"{path} lists more than {_PAGE * _PAGES:,} entries")

    def send(
        self, method: str, path: str, adapter: TypeAdapter[T], *, needs: str, body: Any = None
    ) -> T:
        """Write; the answer's value. A path from `/api/` on counts from the origin.

        Raises ForgeError: Uncertain when a POST may have been carried out.
        """
        return _fitted(adapter, self._called(method, path, needs, body=body), path)

    def remove(self, path: str, *, needs: str) -> None:
        """Delete; what is gone already is fine. Raises ForgeError."""
        self._called("DELETE", path, needs, gone=True)

    def download(self, path: str, *, needs: str, most: int) -> bytes | None:
        """The bytes at `path`, at most so many, or None when there are none; one redirect is
        followed, without the token.

        Forges answer with a signed address in their storage. Raises ForgeError.
        """
        answer = self._called("GET", path, needs, most=most, redirects=True, gone=True)
        if answer.status == _GONE:
            return None
        if answer.status not in _REDIRECTS:
            return answer.body
        target = answer.headers.get("location", "")
        if not _safe(target):
            raise Refused(f"{self._manners.name} keeps {path} at an address that isn't https")
        stored = self._persist(
            _Sent(method="GET", url=target, call="the download", most=most, trusted=False)
        )
        if stored.status != _OK:
            raise Unanswered(f"the download of {path} was answered with {stored.status}")
        return stored.body

    def _called(
        self,
        method: str,
        path: str,
        needs: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        most: int = _MOST_BYTES,
        redirects: bool = False,
        gone: bool = False,
    ) -> Answer:
        sent = _Sent(
            method=method,
            url=(self.origin if path.startswith("/api/") else self.url) + path,
            call=f"{method} {path}",
            query=query or {},
            body=body,
            most=most,
        )
        answer = self._persist(sent)
        fine = (redirects and answer.status in _REDIRECTS) or (gone and answer.status == _GONE)
        if answer.status < 300 or fine:
            return answer
        raise self._manners.refusal(answer, sent.call, needs)

    def _persist(self, sent: _Sent) -> Answer:
        """Send until there is an answer that waiting doesn't change. Raises ForgeError."""
        left, attempt = self._patience.total, 0
        while True:
            attempt += 1
            told: float | None = None
            try:
                answer = self._exchange(sent)
            except Unanswered as error:
                failure: ForgeError = error
            else:
                told = self._manners.wait(answer, self._patience.clock())
                if told is None and answer.status not in _TROUBLE:
                    return answer
                failure = self._gave_up(sent, answer, told)
            pause = self._patience.pause(attempt, told)
            if isinstance(failure, Uncertain) or attempt >= self._patience.attempts or pause > left:
                raise failure
            left -= pause
            self._patience.say(f"{failure.message}: trying again in {pause:.0f} s")
            self._patience.sleep(pause)

    def _gave_up(self, sent: _Sent, answer: Answer, told: float | None) -> ForgeError:
        name = self._manners.name
        if told is not None:
            return Unanswered(
                f"{name} takes no more calls for now ({sent.call})",
                help=(f"it asks to wait {told:.0f} s; run this again then",),
            )
        what = f"{sent.call} was answered with {answer.status}"
        if sent.method == "POST":
            return Uncertain(what, help=("look whether it happened, and run this again",))
        return Unanswered(what, help=(f"{name} has trouble; run this again later",))

    def _exchange(self, sent: _Sent) -> Answer:
        not_sent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
        seconds = _SLOWEST * self._patience.timeout
        try:
            with (
                self._lines.patience(seconds) as answered,
                self._http.stream(
                    sent.method,
                    sent.url,
                    params=dict(sent.query) or None,
                    json=sent.body,
                    headers=self._manners.headers(self._token.reveal()) if sent.trusted else None,
                    extensions={"trace": self._lines.trace},
                ) as response,
            ):
                answered.set()
                encoding = response.headers.get("content-encoding", "")
                content = read_whole(response.iter_raw(), encoding, most=sent.most, seconds=seconds)
                return _answer(response, content)
        except TooMuch as error:
            host = urlsplit(sent.url).hostname
            raise Refused(f"{host} {error} ({sent.call})") from None
        except not_sent as error:
            raise Unanswered(
                f"{urlsplit(sent.url).hostname} can't be reached ({type(error).__name__})",
                help=("look at the network and run this again",),
            ) from None
        except (httpx2.RequestError, httpx2.StreamError, Garbled, TimeoutError) as error:
            what = f"{sent.call} got no answer ({type(error).__name__})"
            if sent.method == "POST":
                raise Uncertain(
                    what, help=("look whether it happened, and run this again",)
                ) from None
            raise Unanswered(what, help=("run this again later",)) from None
        except httpx2.InvalidURL:
            raise Refused(f"{sent.call} is no address that can be called") from None


def _safe(url: str) -> bool:
    """Whether a token, or a plan, may travel there."""
    try:
        parts = urlsplit(url)
    except ValueError:  # it is no address at all
        return False
    local = _LOOPBACK.match(parts.hostname or "")
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and bool(local))
    )


def _answer(response: httpx2.Response, body: bytes) -> Answer:
    value = None
    if "json" in response.headers.get("content-type", ""):
        with suppress(ValueError):  # what isn't JSON doesn't fit what was asked for
            value = read_json(body.decode())
    return Answer(
        status=response.status_code,
        headers={name.lower(): text for name, text in response.headers.items()},
        body=body,
        value=value,
        more="next" in response.links,
    )


def _fitted(adapter: TypeAdapter[T], answer: Answer, path: str, within: str = "") -> T:
    """The answer as the value that it should be. Raises Unanswered."""
    value = answer.value
    if within:
        value = value.get(within) if isinstance(value, dict) else None
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole answer"
        raise Unanswered(
            f"{path} was answered with what this version doesn't know ({where})",
            help=("look whether the address is that of the API",),
        ) from None
