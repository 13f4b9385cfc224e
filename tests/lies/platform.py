"""The sandbox in this process, without sockets: a call takes a millisecond, and time is told.

Its clock goes on by what the test lets go by and what the tool waits as well; ids come from a
seed, so that a round is the same every time.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar
from unittest.mock import patch
from urllib.parse import urlencode

from reconciler.authorization import Policy
from reconciler.providers import Connection
from reconciler.providers.dust.answers import Answer, Broken, Sent
from reconciler.providers.dust.calling import Caller
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.words import Words
from reconciler.sandbox.app import build_app
from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.planting import plant
from reconciler.sandbox.probe import Prober, ServerFacts
from reconciler.sandbox.seed import Seed
from reconciler.sandbox.settings import SandboxSettings
from reconciler.sandbox.store import Store

T = TypeVar("T")
WORKSPACE, TOKEN = "acme", "t.ana"
ROOT = f"/api/w/{WORKSPACE}"
_SEED = {
    "workspaces": [
        {
            "sId": WORKSPACE,
            "name": "Acme",
            "members": [
                {"email": "ana@acme.example", "name": "Ana", "role": "admin", "token": TOKEN},
                {"email": "ben@acme.example", "name": "Ben", "role": "user"},
            ],
        }
    ]
}


class _Willing(Prober):
    """Every server answers at once, with two tools."""

    def __init__(self) -> None:
        super().__init__(1.0, Policy(loopback=True))

    async def probe(self, url: str, headers: Mapping[str, str]) -> ServerFacts:
        """What the server says of itself."""
        tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("search", "drop")]
        return ServerFacts(name="mcp", version="1", description=None, tools=tools)


class Platform:
    """A workspace of its own; everything in it happens in one thread."""

    def __init__(self, seed: int) -> None:
        self._ahead = 1_790_000_000.0 - time.monotonic()
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._store, self._app = self._within(self._open())

    @property
    def milliseconds(self) -> int:
        """What its clock says, since 1970."""
        return int((time.monotonic() + self._ahead) * 1000)

    def let_go_by(self, seconds: float) -> None:
        """Let it be later."""
        self._ahead += seconds

    def call(self, sent: Sent) -> Answer:
        """What the sandbox answers."""
        return self._within(self._call(sent))

    def read(self, path: str, **query: str) -> Any:
        """What an administrator reads, unspoilt."""
        found = self.call(
            Sent(method="GET", path=ROOT + path, query=tuple(query.items()), seconds=1.0)
        )
        assert found.succeeded, (path, found)
        return json.loads(found.body)

    def write(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """What somebody does by hand."""
        done = self.call(Sent(method=method, path=ROOT + path, body=body, seconds=1.0))
        assert done.succeeded, (path, done)
        return json.loads(done.body)

    def close(self) -> None:
        """Let it go."""
        self._within(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _within(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def _now(self) -> int:
        return self.milliseconds * 1_000_000

    async def _open(self) -> tuple[Store, Any]:
        with self._ours():
            store = Store(None)
            plant(store, Seed.model_validate(_SEED))
            sandbox = Sandbox(settings=SandboxSettings(), store=store, prober=_Willing())
            return store, build_app(sandbox)

    async def _close(self) -> None:
        self._store.close()

    def _ours(self) -> Any:
        return patch.multiple(
            "reconciler.sandbox.store",
            time=SimpleNamespace(time_ns=self._now),
            secrets=SimpleNamespace(choice=self._random.choice),
        )

    async def _call(self, sent: Sent) -> Answer:
        body = b"" if sent.body is None else json.dumps(sent.body).encode()
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        with self._ours():
            await self._app(_scope(sent), receive, send)
        headers = {name.lower(): value.decode() for name, value in told[0]["headers"]}
        return Answer(
            status=told[0]["status"],
            body=b"".join(each.get("body", b"") for each in told[1:]),
            content_type=headers.get(b"content-type", ""),
            date=formatdate(self.milliseconds / 1000, usegmt=True),
        )


def _scope(sent: Sent) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": sent.path,
        "raw_path": sent.path.encode(),
        "query_string": urlencode(list(sent.query)).encode(),
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"authorization", f"Bearer {TOKEN}".encode()),
            (b"content-type", b"application/json"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


class Exchanging(Protocol):
    """What stands between the tool and the platform."""

    def __call__(self, sent: Sent) -> Answer | Broken:
        """What comes back."""
        ...


@dataclass(kw_only=True)
class Line:
    """In the place of the HTTP client: calls go to `exchange`."""

    connection: Connection
    answer: Exchanging
    calls: int = 0

    def caller(self, backoff: Backoff) -> Caller:
        """What sends through it."""
        return Caller(self.connection, backoff, Words(), self.exchange)

    def exchange(self, sent: Sent, attempt: int) -> Answer | Broken:
        """Send it once."""
        self.calls += 1
        came = self.answer(sent)
        if isinstance(came, Answer):
            self.connection.clock.heard(came.date)
        return came

    def close(self) -> None:
        """Nothing to let go."""


def lines(answer: Exchanging) -> Callable[..., Line]:
    """What makes a line in the place of an HTTP client."""
    return lambda connection, _words, _methods: Line(connection=connection, answer=answer)
