"""An HTTP server on loopback that answers as scripted, faults of the wire included."""

import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

Fault = Literal["none", "reset", "hang-up", "truncate", "silence", "drip", "linger"]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer.

    Args:
        status: the HTTP status.
        json: the body as a JSON value; `body` is used when it is given.
        body: the body as bytes.
        headers: more headers; `content-type` is JSON unless given.
        fault: `reset` the connection, `hang-up` without an answer, `truncate` the body, keep
            `silence` until the server stops, or `drip` the body with white space before it, a byte
            at a time and without end, or `linger` after a body that isn't over.
        raw: the whole answer as it goes over the wire, piece by piece, HTTP or not; what is above
            doesn't count then.
        pace: seconds between two such pieces.
    """

    status: int = 200
    json: Any = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = "none"
    raw: Callable[[], Iterable[bytes]] | None = None
    pace: float = 0.0

    def content(self) -> bytes:
        """The body on the wire."""
        return json.dumps(self.json).encode() if self.body is None else self.body


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request that arrived."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class ScriptedHttp:
    """The server as a context manager; `url` says where it is, `log` what arrived, in order.

    What isn't scripted is answered with 501, which no client takes for anything else.
    """

    url: str

    def __init__(self) -> None:
        self.log: list[Request] = []
        self._script: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Answer this call with these in turn; the last one stays."""
        with self._lock:
            self._script[(method, path)] = list(replies)

    def calls(self, *, writes_only: bool = False) -> list[str]:
        """The calls that arrived, as `METHOD /path`."""
        return [str(r) for r in self.log if not (writes_only and r.method == "GET")]

    def bodies(self, method: str, path: str) -> list[Any]:
        """The bodies of one call, in order."""
        return [r.body for r in self.log if (r.method, r.path) == (method, path)]

    def take(self, request: Request) -> Reply:
        """Log a request; the reply that is its turn."""
        with self._lock:
            self.log.append(request)
            turns = self._script.get((request.method, request.path))
            if not turns:
                return Reply(status=501, body=b"not scripted", headers={"content-type": "text"})
            return turns.pop(0) if len(turns) > 1 else turns[0]

    def wait_until_over(self, seconds: float = 60) -> bool:
        """Return when the server stops, or after some seconds; whether it stopped."""
        return self._over.wait(seconds)

    def __enter__(self) -> Self:
        script: ScriptedHttp = self

        class Handler(_Handler):
            server_script = script

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
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _body(raw: bytes, kind: str) -> Any:
    """A form as a mapping, anything else as JSON."""
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode()))
    return json.loads(raw) if raw else None


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no fault here; anything else is reported."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server_script: ScriptedHttp
    protocol_version = "HTTP/1.1"
    timeout = 5
    disable_nagle_algorithm = True  # a body that follows its headers isn't to wait for anything

    def _answer(self) -> None:
        reply = self.server_script.take(self._request())
        if reply.raw is not None:
            self._write_raw(reply.raw(), reply.pace)
            return
        if reply.fault == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if reply.fault == "silence":
            self.server_script.wait_until_over()
        if reply.fault in ("reset", "hang-up", "silence"):
            self.close_connection = True
            return
        content = reply.content()
        self.send_response(reply.status)
        headers = {"content-type": "application/json", **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        extra = {"truncate": 100, "drip": 100_000, "linger": 100}.get(reply.fault, 0)
        self.send_header("content-length", str(len(content) + extra))
        self.end_headers()
        while reply.fault == "drip" and not self.server_script.wait_until_over(0.05):
            self.wfile.write(b" ")
        self.wfile.write(content)
        if reply.fault == "linger":
            self.server_script.wait_until_over()
        self.close_connection = bool(extra)

    def _write_raw(self, pieces: Iterable[bytes], pace: float) -> None:
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)
            if self.server_script.wait_until_over(pace):
                return

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library's names

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        return Request(
            method=self.command,
            path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=_body(raw, self.headers.get("content-type", "")),
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
