"""The HTTP client of a workspace: a request goes out once, what comes back is a value.

The only place that knows the HTTP library; its exceptions hold the request (and so the token),
and never leave this module.
"""

import json
import re
import time
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.bounds import ENCODINGS, Body, Garbled, Lines, TooMuch
from reconciler.network import network_fault
from reconciler.providers.contract import Call, Connection
from reconciler.providers.dust.answers import Answer, Broken, Sent, Trouble
from reconciler.providers.dust.calling import Caller
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.words import Words
from reconciler.providers.failures import Forbidden, Interrupted, ProviderError
from reconciler.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*\Z")
READS = frozenset({"GET"})
"""The methods of a client that can't write."""
_BEGINS = re.compile(r"/oauth/[^/]+/(setup|finalize)\Z")
"""Paths at which even a GET begins or ends something (Dust API: OAuth set-up and finalize)."""
_UNAUTHORIZED = 401
_CONNECT_SECONDS = 10.0
_PATIENCE = 10  # times the timeout: how long an answer may keep trickling in
_MOST_BYTES = 64 * 1024 * 1024  # of an answer, decompressed
_NAMES = ("x-request-id", "request-id", "x-vercel-id", "cf-ray")
"""Headers in which servers say what they call an exchange; worth telling their support."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,80}\Z")
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|::1)\Z")


class Transport:
    """Sends requests of the allowed methods with the token of a connection.

    Raises Forbidden when the token can't be one: an API key, or not of a token's characters;
    ProviderError when the environment names a proxy, or authorities, that can't be used.
    """

    def __init__(self, connection: Connection, words: Words, methods: frozenset[str]) -> None:
        import httpx2

        self._library = httpx2
        self._connection = connection
        self._methods = methods
        self._words = words
        check_token(words.reveal(connection.token))
        self._revealed = [connection.token]
        host = urlsplit(connection.url).hostname or ""
        # A sandbox on this machine is never reached through a proxy.
        away = not _LOOPBACK.match(host)
        if away and (fault := network_fault()):
            raise ProviderError(fault.message, help=fault.help)
        self._http = httpx2.Client(
            base_url=connection.url,
            follow_redirects=False,
            trust_env=away,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=httpx2.Limits(max_connections=max(connection.parallelism, 1) + 2),
            headers={
                "accept": "application/json",
                "accept-encoding": ENCODINGS,
                "user-agent": "reconciler",
            },
        )
        self._lines = Lines()
        self._lock = Lock()
        self._active = 0
        self._closing = False
        self.calls = 0

    def caller(self, backoff: Backoff) -> Caller:
        """What sends through it, again where that may help."""
        return Caller(self._connection, backoff, self._words, self.exchange)

    def close(self) -> None:
        """Close every connection, as soon as no exchange is under way; refuse further ones."""
        with self._lock:
            self._closing = True
            idle = self._active == 0
        if idle:
            self._http.close()

    def exchange(self, sent: Sent, attempt: int) -> Answer | Broken:
        """Send and read the answer whole; once more with a new token when the old one expired.

        Raises Interrupted when a read is stopped, SignedOut when there is no new token, and what
        the connection's `permit` raises.
        """
        if sent.method not in self._methods or (_changes(sent) and self._methods == READS):
            raise AssertionError(f"this is a bug: {sent.method} through a client that only reads")
        renewal = self._connection.renewal
        token = self._connection.token if renewal is None else renewal.current()
        outcome = self._exchange(sent, attempt, token)
        if renewal is None or not _expired(outcome):
            return outcome
        # The call was refused before anything was done, so sending it again is safe for writes.
        return self._exchange(sent, attempt, renewal.instead_of(token))

    def _exchange(self, sent: Sent, attempt: int, token: Secret) -> Answer | Broken:
        if _changes(sent):
            # Here and nowhere earlier: a pause, or the renewal of a token, may take minutes.
            self._connection.permit()
        started = time.monotonic()
        with self._under_way(sent):
            outcome = self._try(sent, started, self._reveal(token))
        if isinstance(outcome, Answer):
            self._connection.clock.heard(outcome.date)
        self._connection.observe(
            Call(
                method=sent.method,
                path=sent.path,
                status=outcome.status if isinstance(outcome, Answer) else None,
                milliseconds=(time.monotonic() - started) * 1000,
                attempt=attempt,
                query=sent.shown_query,
                reason=self._words.safe(outcome.reason) if isinstance(outcome, Broken) else "",
                request_id=self._public(outcome.request_id) if isinstance(outcome, Answer) else "",
                date=outcome.date if isinstance(outcome, Answer) else "",
            )
        )
        if outcome is None:
            raise Interrupted("interrupted while reading", call=f"{sent.method} {sent.path}")
        return outcome

    def _public(self, name: str) -> str:
        """What the server calls an exchange, if it looks like a name and repeats no secret."""
        fits = _REQUEST_ID.match(name) and not self._words.repeats_a_secret(name)
        return name if fits else ""

    @contextmanager
    def _under_way(self, sent: Sent) -> "Iterator[None]":
        with self._lock:
            if self._closing:
                raise Interrupted("the session is over", call=f"{sent.method} {sent.path}")
            self._active += 1
            self.calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._active -= 1
                last = self._closing and self._active == 0
            if last:
                self._http.close()

    def _reveal(self, token: Secret) -> str:
        with self._lock:
            known = any(each is token for each in self._revealed)
            if not known:
                self._revealed.append(token)
        return token.reveal() if known else self._words.reveal(token)

    def _try(self, sent: Sent, started: float, token: str) -> Answer | Broken | None:
        library = self._library
        not_sent = (
            library.ConnectError,
            library.ConnectTimeout,
            library.PoolTimeout,
            library.ProxyError,
            library.UnsupportedProtocol,
            library.LocalProtocolError,
        )
        try:
            with (
                self._lines.patience(_PATIENCE * sent.seconds) as answered,
                self._http.stream(
                    sent.method,
                    sent.path,
                    params=list(sent.query) or None,
                    content=None if sent.body is None else json.dumps(sent.body).encode(),
                    headers=_headers(sent, token),
                    timeout=library.Timeout(
                        sent.seconds, connect=min(_CONNECT_SECONDS, sent.seconds)
                    ),
                    extensions={"trace": self._lines.trace},
                ) as response,
            ):
                answered.set()
                return self._read(response, sent, started)
        except not_sent as error:
            return Broken(trouble=Trouble.NOT_SENT, reason=_reason(error))
        except library.TimeoutException:
            return Broken(trouble=Trouble.NO_ANSWER, reason=f"no answer in {sent.seconds:g} s")
        except TooMuch as error:
            return Broken(trouble=Trouble.TOO_MUCH, reason=f"it {error}")
        except Garbled as error:
            return Broken(trouble=Trouble.NO_ANSWER, reason=str(error))
        except (library.RequestError, library.StreamError, library.InvalidURL) as error:
            return Broken(trouble=Trouble.NO_ANSWER, reason=_reason(error))

    def _read(
        self, response: "httpx2.Response", sent: Sent, started: float
    ) -> Answer | Broken | None:
        body = Body(response.headers.get("content-encoding", ""), _MOST_BYTES)
        content = bytearray()  # not a list of parts, which may be many and of a byte each
        for raw in response.iter_raw():
            content += body.take(raw)
            if sent.method == "GET" and self._connection.stop.is_set():
                return None
            if time.monotonic() - started > _PATIENCE * sent.seconds:
                return Broken(trouble=Trouble.NO_ANSWER, reason="the answer came too slowly")
        body.end()
        return Answer(
            status=response.status_code,
            body=bytes(content),
            content_type=response.headers.get("content-type", ""),
            retry_after=response.headers.get("retry-after"),
            location=response.headers.get("location"),
            date=response.headers.get("date", ""),
            request_id=next(
                (found for name in _NAMES if (found := response.headers.get(name))), ""
            ),
            cookies=tuple(response.headers.get_list("set-cookie")),
        )


def _changes(sent: Sent) -> bool:
    """Whether it begins, changes or ends anything on the platform."""
    return sent.method != "GET" or bool(_BEGINS.search(sent.path))


def _headers(sent: Sent, token: str) -> dict[str, str]:
    headers = {"authorization": f"Bearer {token}"}
    if sent.body is not None:
        headers["content-type"] = "application/json"
    if sent.cookie is not None:
        headers["cookie"] = sent.cookie
    return headers


def _expired(outcome: Answer | Broken) -> bool:
    """Dust API: an expired token of a person is a 401 of its own type."""
    if not isinstance(outcome, Answer) or outcome.status != _UNAUTHORIZED:
        return False
    fault = outcome.fault()
    return fault is not None and fault.type == "expired_oauth_token_error"


def check_token(token: str) -> None:
    """Refuse, before any call, what can't be a user's access token. Raises Forbidden.

    Dust API: private routes treat an `sk-` key as no session at all, so no API key can manage
    MCP servers.
    """
    if token.startswith("sk-"):
        raise Forbidden(
            "the access token is an API key (`sk-…`), and API keys can't manage MCP servers",
            help=("store the access token of a person who administers the workspace instead",),
        )
    if not _BEARER.match(token):
        raise Forbidden(
            "the access token has characters that no token has",
            help=("look for a line break, a space or quotes around the stored value",),
        )


def _reason(error: Exception) -> str:
    words = str(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
