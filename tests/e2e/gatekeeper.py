"""A door between the command line and the sandbox: it can hold a call, or answer in its stead.

It lets a test stop time at an exact place: before a call has reached the workspace, or after the
workspace has carried it out and before the answer is back.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

import httpx2

_PATIENCE = 60.0
_PASSED = ("content-type", "etag", "last-modified", "x-goog-generation")
When = Literal["before", "after"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that came to the door."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer; with `lost`, it promises so many bytes more than come."""

    status: int
    body: bytes
    lost: int = 0
    headers: dict[str, str] = field(default_factory=dict)


Answerer = Callable[[Asked], Told | None]


@dataclass(kw_only=True)
class Hold:
    """A place where the first call that matches is held until it is released."""

    pattern: re.Pattern[str]
    when: When
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Return when a call is held here."""
        assert self.reached.wait(_PATIENCE), f"no call matched {self.pattern.pattern}"

    def release(self) -> None:
        """Let it go on."""
        self.released.set()


class Gatekeeper:
    """The door as a context manager; `url` stands for the sandbox's.

    Calls are matched as `METHOD /path` with a regular expression.
    """

    url: str

    def __init__(self, target: str) -> None:
        self._target = target
        self._holds: list[Hold] = []
        self._kept: list[Hold] = []
        self._answers: list[tuple[re.Pattern[str], Answerer]] = []
        self._lock = threading.Lock()
        self.log: list[Asked] = []

    def hold(self, pattern: str, when: When = "before") -> Hold:
        """Hold the first call that matches, before it reaches the workspace or after."""
        hold = Hold(pattern=re.compile(pattern), when=when)
        with self._lock:
            self._holds.append(hold)
        return hold

    def answer(self, pattern: str, answerer: Answerer) -> None:
        """Ask `answerer` first; None lets the call through."""
        with self._lock:
            self._answers.append((re.compile(pattern), answerer))

    def open(self) -> None:
        """Hold nothing and answer nothing any more."""
        with self._lock:
            holds, self._holds, self._answers = [*self._holds, *self._kept], [], []
        for hold in holds:
            hold.release()

    def calls(self, *, writes_only: bool = False) -> list[str]:
        """The calls that came."""
        with self._lock:
            return [str(each) for each in self.log if not (writes_only and each.method == "GET")]

    def pass_on(self, asked: Asked) -> Told | None:
        """What becomes of a call; None cuts the connection."""
        with self._lock:
            self.log.append(asked)
            hold = next((h for h in self._holds if h.pattern.search(str(asked))), None)
            if hold is not None:
                self._holds.remove(hold)
                self._kept.append(hold)
            answers = [make for pattern, make in self._answers if pattern.search(str(asked))]
        if hold is not None and hold.when == "before":
            _keep(hold)
        told = next((t for make in answers if (t := make(asked)) is not None), None)
        told = told or self.forward(asked)
        if hold is not None and hold.when == "after":
            _keep(hold)
        return told

    def forward(self, asked: Asked) -> Told:
        """What the sandbox answers."""
        dropped = {"host", "connection", "content-length", "accept-encoding"}
        headers = {k: v.strip() for k, v in asked.headers.items() if k not in dropped}
        answer = self._http.request(
            asked.method, f"{self._target}{asked.path}", headers=headers, content=asked.body
        )
        return Told(
            status=answer.status_code,
            body=answer.content,
            headers={name: answer.headers[name] for name in _PASSED if name in answer.headers},
        )

    def __enter__(self) -> Self:
        door: Gatekeeper = self

        class Handler(_Handler):
            gate = door

        self._http = httpx2.Client(timeout=_PATIENCE, trust_env=False)
        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.close()


def _keep(hold: Hold) -> None:
    hold.reached.set()
    hold.released.wait(_PATIENCE)


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed hangs up; nobody needs to hear of it."""


class _Handler(BaseHTTPRequestHandler):
    gate: Gatekeeper
    protocol_version = "HTTP/1.1"
    timeout = 3

    def _answer(self) -> None:
        asked = Asked(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length") or 0)),
        )
        told = self.gate.pass_on(asked)
        if told is None:
            self.close_connection = True
            return
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(told.body) + told.lost))
        self.end_headers()
        self.wfile.write(told.body)
        self.close_connection = self.close_connection or told.lost > 0

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names
    do_LOCK = do_UNLOCK = _answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
