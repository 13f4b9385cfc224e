"""Sessions with a workspace: one that knows GET alone, and one that writes."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

from reconciler.providers.contract import Connection
from reconciler.providers.dust.answers import Query, Sent
from reconciler.providers.dust.calling import get
from reconciler.providers.dust.client import READS, Transport
from reconciler.providers.dust.queries import state_of
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.wire_servers import FINISHED, SET_UP
from reconciler.providers.dust.words import Words
from reconciler.secrets import Secret

T = TypeVar("T")

_WRITES = frozenset({"GET", "POST", "PATCH", "DELETE"})
PATIENT_SECONDS = 60.0
"""Least read timeout of calls that make the platform ask the remote server (25 s, and more)."""


class ReadClient:
    """Knows GET alone: the session beneath refuses to send anything else."""

    def __init__(self, connection: Connection, backoff: Backoff) -> None:
        self._transport = Transport(connection, Words(), READS)
        self._caller = self._transport.caller(backoff)

    @property
    def connection(self) -> Connection:
        """Where it reads."""
        return self._caller.connection

    @property
    def calls(self) -> int:
        """How many requests went out."""
        return self._transport.calls

    def get(self, path: str, adapter: TypeAdapter[T], query: Query = ()) -> T:
        """Read `path` of the workspace's private API. Raises ProviderError."""
        return get(self._caller, self._caller.root + path, adapter, query)

    def get_public(self, path: str, adapter: TypeAdapter[T]) -> T:
        """Read a path from the origin on. Raises ProviderError."""
        return get(self._caller, path, adapter, ())

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()


class WriteClient:
    """Reads, and sends one write at a time per thread."""

    def __init__(self, connection: Connection, backoff: Backoff) -> None:
        self._words = Words()
        self._transport = Transport(connection, self._words, _WRITES)
        self._caller = self._transport.caller(backoff)
        self._nonces: dict[str, str] = {}

    @property
    def connection(self) -> Connection:
        """Where it writes."""
        return self._caller.connection

    @property
    def calls(self) -> int:
        """How many requests went out."""
        return self._transport.calls

    def get(self, path: str, adapter: TypeAdapter[T], query: Query = ()) -> T:
        """Read `path` of the workspace's private API. Raises ProviderError."""
        return get(self._caller, self._caller.root + path, adapter, query)

    def get_public(self, path: str, adapter: TypeAdapter[T]) -> T:
        """Read a path from the origin on. Raises ProviderError."""
        return get(self._caller, path, adapter, ())

    def send(
        self,
        method: str,
        path: str,
        adapter: TypeAdapter[T],
        *,
        body: Mapping[str, Any] | None = None,
        idempotent: bool,
        patient: bool = False,
    ) -> T:
        """Write to `path` of the workspace's private API.

        Parameters: `idempotent` says that sending it twice does no harm; `patient` that the
        platform asks the remote server before it answers.

        Raises ProviderError; OutcomeUnknown when it may have happened.
        """
        seconds = self.connection.timeout
        sent = Sent(
            method=method,
            path=self._caller.root + path,
            body=body,
            seconds=max(seconds, PATIENT_SECONDS) if patient else seconds,
        )
        return self._caller.call(sent, adapter, idempotent=idempotent, writes=True)

    def set_up(self, provider: str, use_case: str, details: Mapping[str, str]) -> str:
        """Begin a sign-in; the address to sign in at. Raises ProviderError.

        Dust API: the client's secret travels in the query. The newest platform answers with a
        cookie without which it won't finish the sign-in; it is kept for this session.
        """
        sent = Sent(
            method="GET",
            path=f"{self._caller.root}/oauth/{provider}/setup",
            query=[("useCase", use_case), ("extraConfig", json.dumps(dict(details)))],
            seconds=self.connection.timeout,
        )
        cookies: list[str] = []
        answer = self._caller.call(
            sent,
            SET_UP,
            idempotent=True,
            writes=True,
            seen=lambda whole: cookies.extend(whole.cookies),
        )
        self._nonces[state_of(answer.redirect_url)] = "; ".join(
            self._pair(cookie) for cookie in cookies
        )
        return answer.redirect_url

    def _pair(self, cookie: str) -> str:
        """What to send back of a cookie. Its name is no secret, and messages hold words of it."""
        name, sign, value = cookie.partition(";")[0].partition("=")
        return name + sign + self.reveal(Secret(value))

    def finish_sign_in(self, provider: str, code: str, state: str) -> str:
        """Redeem the code of a sign-in; what has become of it. Raises ProviderError."""
        self.reveal(Secret(code))
        sent = Sent(
            method="GET",
            path=f"/api/oauth/{provider}/finalize",
            query=[("code", code), ("state", state)],
            cookie=self._nonces.get(state) or None,
            seconds=max(self.connection.timeout, PATIENT_SECONDS),
        )
        done = self._caller.call(sent, FINISHED, idempotent=False, writes=True)
        return done.connection.status

    def safe(self, text: str) -> str:
        """Another's words as they may be shown."""
        return self._words.safe(text)

    def reveal(self, secret: Secret) -> str:
        """A secret's value for a body; from now on no message that repeats it is shown."""
        return self._words.reveal(secret)

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()
